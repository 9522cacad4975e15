//! Questions, one or a matrix of them, and comparisons of two worlds by them.

use iamsim::{Caller, Cloud, Decision, Error, RequestBuilder, Snapshot};
use iamsim_policy::{Action, ActionPattern};

use super::Runner;
use super::cast::Cast;
use crate::file::{Ask, Cell, Changes, Circumstances, Compare, ContextEntry, Expectation, Target, With};
use crate::format::NO_CHANGE;
use crate::judge::{Came, judge};
use crate::names::Who;
use crate::outcome::{Asked, Difference, Judged, Verdict};

/// One combination of a matrix.
#[derive(Clone, Copy)]
pub(super) struct Combination<'a> {
    pub(super) caller: &'a crate::file::Caller,
    pub(super) target: &'a Target,
    pub(super) action: &'a str,
    /// A context and its name.
    pub(super) context: Option<&'a (String, Vec<(String, ContextEntry)>)>,
}

impl Ask {
    /// Every combination, callers first.
    pub(super) fn combinations(&self) -> impl Iterator<Item = Combination<'_>> {
        self.callers.iter().flat_map(move |caller| {
            self.targets.iter().flat_map(move |target| {
                target.actions.iter().flat_map(move |action| {
                    let unnamed = self.contexts.is_empty().then_some(None);
                    let contexts = unnamed.into_iter().chain(self.contexts.iter().map(Some));
                    contexts.map(move |context| Combination { caller, target, action, context })
                })
            })
        })
    }
}

impl Combination<'_> {
    pub(super) fn asked(&self) -> Asked {
        Asked {
            who: Some(self.caller.written.clone()),
            what: self.action.to_owned(),
            on: (self.target.arn != "*").then(|| self.target.written.clone()),
            context: self.context.map(|(name, _)| name.clone()),
        }
    }
}

/// A world at a moment, and who can call in it.
pub(super) struct Moment {
    snapshot: Snapshot,
    callers: Vec<(Who, Result<Caller, Came>)>,
}

impl Moment {
    pub(super) fn of(cloud: &mut Cloud, cast: &mut Cast, ask: &Ask) -> Self {
        let callers = ask.callers.iter().map(|caller| {
            let found = cast.caller(cloud, &caller.who, &ask.behalf);
            (caller.who.clone(), found)
        });
        let callers = callers.collect();
        Self { snapshot: cloud.snapshot(), callers }
    }

    /// The same callers in another world, where they are to be found in this one only.
    fn with_callers_of(mut self, other: &Self) -> Self {
        for ((_, own), (_, others)) in self.callers.iter_mut().zip(&other.callers) {
            if own.is_err() && others.is_ok() {
                own.clone_from(others);
            }
        }
        self
    }

    pub(super) fn caller(&self, who: &Who) -> Result<&Caller, Came> {
        match self.callers.iter().find(|(known, _)| known == who) {
            Some((_, Ok(caller))) => Ok(caller),
            Some((_, Err(came))) => Err(came.clone()),
            None => Err(Came::Impossible("nobody asks".to_owned())),
        }
    }

    /// Asks through both doors.
    pub(super) fn question(&self, combination: Combination<'_>, ask: &Ask, defaults: &Circumstances) -> Came {
        let caller = match self.caller(&combination.caller.who) {
            Ok(caller) => caller,
            Err(came) => return came,
        };
        let request = self.request(caller, combination, ask, defaults);
        let decided = request.clone().authorize();
        match (decided, request.explain()) {
            (Ok(decision), Ok(explanation)) if decision == explanation.decision() => {
                Came::Decision(Box::new(explanation))
            }
            (Err(error), Err(other)) if error.code() == other.code() => Came::Refused(error),
            (decided, explained) => {
                let decided = decided.map_or_else(|error| error.code(), Decision::as_str);
                let explained = explained
                    .map_or_else(|error| error.code(), |explanation| explanation.decision().as_str());
                Came::Impossible(format!(
                    "the simulator contradicts itself: authorize says {decided}, explain says {explained}"
                ))
            }
        }
    }

    fn request(
        &self,
        caller: &Caller,
        combination: Combination<'_>,
        ask: &Ask,
        defaults: &Circumstances,
    ) -> RequestBuilder {
        let request = self.snapshot.request(caller, combination.action, &combination.target.arn);
        let request = with_circumstances(request, defaults, &ask.circumstances);
        let request = match combination.context {
            Some((_, entries)) => with_context(request, entries),
            None => request,
        };
        with_details(request, ask)
    }
}

impl Runner<'_> {
    pub(super) fn ask(&mut self, ask: &Ask, expect: Option<&Expectation>) -> Vec<(Asked, Judged)> {
        let moment = Moment::of(&mut self.cloud, &mut self.cast, ask);
        let mut outcomes = Vec::new();
        for combination in ask.combinations() {
            let came = moment.question(combination, ask, &self.file.defaults);
            self.observe(&came);
            outcomes.push((combination.asked(), judge(came, expect)));
        }
        outcomes
    }

    pub(super) fn compare(&mut self, compare: &Compare) -> Vec<(Asked, Judged)> {
        let ask = &compare.ask;
        let now = Moment::of(&mut self.cloud, &mut self.cast, ask);
        let (mut other, name) = match &compare.with {
            With::Remembered(name) => {
                let Some(cloud) = self.remembered.get(name) else {
                    let why = format!("no step has remembered the world as `{name}`");
                    return vec![comparison(judge(Came::Impossible(why), None))];
                };
                (cloud.clone(), format!("`{name}`"))
            }
            With::Changed(acts) => {
                let mut changed = self.cloud.clone();
                for act in acts {
                    if let Err(error) = super::edit(&mut changed, self.management, act) {
                        return vec![comparison(judge(Came::Refused(error), None))];
                    }
                }
                (changed, "as it is".to_owned())
            }
        };
        let other = Moment::of(&mut other, &mut self.cast.clone(), ask);
        let (before, after) = match compare.with {
            With::Remembered(_) => (other.with_callers_of(&now), now),
            With::Changed(_) => {
                let other = other.with_callers_of(&now);
                (now, other)
            }
        };
        let mut outcomes = Vec::new();
        for combination in ask.combinations() {
            let came = before.question(combination, ask, &self.file.defaults);
            self.observe(&came);
            let was = Kind::of(&came);
            let came = after.question(combination, ask, &self.file.defaults);
            self.observe(&came);
            let is = Kind::of(&came);
            let change = if was == is { Wanted::Same } else { Wanted::Change(is) };
            let wanted = Wanted::of(compare.expect.as_ref(), combination);
            outcomes.extend(changed(change, wanted, came).map(|judged| (combination.asked(), judged)));
        }
        if outcomes.is_empty() {
            outcomes.push(comparison(Judged {
                came: NO_CHANGE.to_owned(),
                because: Some(format!("compared with the world {name}")),
                expected: compare.expect.is_some().then(|| NO_CHANGE.to_owned()),
                verdict: if compare.expect.is_some() { Verdict::Passed } else { Verdict::Done },
                ..Judged::default()
            }));
        }
        outcomes
    }
}

/// The line of a comparison that speaks of no single question.
fn comparison(judged: Judged) -> (Asked, Judged) {
    (Asked { what: "comparison".to_owned(), ..Asked::default() }, judged)
}

/// What counts as a change of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Allowed,
    Denied,
    Open,
    /// Nobody was there to ask, or the question could not be asked.
    Unasked,
}

impl Kind {
    fn of(came: &Came) -> Self {
        match came {
            Came::Decision(explanation) if explanation.decision() == Decision::Allow => Self::Allowed,
            Came::Decision(explanation) if !explanation.is_denied() => Self::Open,
            Came::Decision(_) => Self::Denied,
            // Credentials that are not good any more, or not yet, can do nothing.
            Came::Refused(error) if is_of_credentials(error) => Self::Denied,
            _ => Self::Unasked,
        }
    }

    const fn newly(self) -> &'static str {
        match self {
            Self::Allowed => "newly allowed",
            Self::Denied => "newly denied",
            Self::Open => "newly undetermined",
            Self::Unasked => "can't be asked",
        }
    }
}

/// Whether a question was refused because the caller is not there, or not any more.
pub(super) fn is_of_credentials(error: &Error) -> bool {
    matches!(error.code(), "InvalidClientTokenId" | "ExpiredToken" | "NoSuchEntity")
}

/// What is expected of the answer to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Nothing is expected of the whole comparison.
    Anything,
    Same,
    Change(Kind),
}

impl Wanted {
    fn of(changes: Option<&Changes>, combination: Combination<'_>) -> Self {
        let Some(changes) = changes else { return Self::Anything };
        let is_in = |cells: &[Cell]| cells.iter().any(|cell| cell.holds(combination));
        let kinds = [
            (&changes.allowed, Kind::Allowed),
            (&changes.denied, Kind::Denied),
            (&changes.undetermined, Kind::Open),
        ];
        let kind = kinds.into_iter().find_map(|(cells, kind)| is_in(cells).then_some(kind));
        kind.map_or(Self::Same, Self::Change)
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Anything | Self::Same => NO_CHANGE,
            Self::Change(kind) => kind.newly(),
        }
    }
}

impl Cell {
    fn holds(&self, combination: Combination<'_>) -> bool {
        let is_among = |texts: &[String], text: &str| texts.is_empty() || texts.iter().any(|own| own == text);
        let context = combination.context.map_or("", |(name, _)| name);
        is_among(&self.callers, &combination.caller.written)
            && is_among(&self.resources, &combination.target.written)
            && is_among(&self.contexts, context)
            && combination.action.parse::<Action>().is_ok_and(|action| {
                self.actions.iter().any(|pattern| ActionPattern::new(pattern).matches(&action))
            })
    }
}

/// What a change comes to; none for a question whose answer neither changes nor has to.
fn changed(change: Wanted, wanted: Wanted, came: Came) -> Option<Judged> {
    let verdict = match (wanted, change) {
        (Wanted::Anything | Wanted::Same, Wanted::Same) => return None,
        (Wanted::Anything, _) => Verdict::Done,
        _ if wanted == change => Verdict::Passed,
        _ => Verdict::Failed,
    };
    let difference =
        Difference { what: "change", expected: wanted.told().to_owned(), came: change.told().to_owned() };
    Some(Judged {
        came: change.told().to_owned(),
        expected: (wanted != Wanted::Anything).then(|| wanted.told().to_owned()),
        verdict,
        differences: if verdict == Verdict::Failed { vec![difference] } else { Vec::new() },
        actual: None,
        ..judge(came, None)
    })
}

/// The context: the defaults first, so that the step's own word counts.
pub(crate) fn with_circumstances(
    mut request: RequestBuilder,
    defaults: &Circumstances,
    own: &Circumstances,
) -> RequestBuilder {
    if let Some(region) = own.region.as_ref().or(defaults.region.as_ref()) {
        request = request.region(region);
    }
    if own.complete.or(defaults.complete).unwrap_or_default() {
        request = request.complete();
    }
    for circumstances in [defaults, own] {
        for key in &circumstances.absent {
            request = if key.ends_with('/') { request.absent_prefix(key) } else { request.absent(key) };
        }
        request = with_context(request, &circumstances.context);
        for key in &circumstances.unknown {
            request = request.unknown(key);
        }
    }
    request
}

fn with_context(mut request: RequestBuilder, entries: &[(String, ContextEntry)]) -> RequestBuilder {
    for (key, entry) in entries {
        request = match entry {
            ContextEntry::Absent => request.absent(key),
            ContextEntry::One(value) => request.context(key, value),
            ContextEntry::Many(values) => request.context_many(key, values.iter().map(String::as_str)),
        };
    }
    request
}

fn with_details(mut request: RequestBuilder, ask: &Ask) -> RequestBuilder {
    match &ask.tags {
        Some(tags) if tags.is_empty() => request = request.no_tags(),
        Some(tags) => {
            for (key, value) in tags {
                request = request.tag(&key.value, &value.value);
            }
        }
        None => {}
    }
    if let Some(service) = &ask.via {
        request = request.via_service(service);
    }
    if let Some(id) = &ask.through {
        request = request.through_endpoint(id);
    }
    if let Some(account) = &ask.owner {
        request = request.owner(account);
    }
    request
}
