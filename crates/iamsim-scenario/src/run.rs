//! Takes the steps of a scenario. Every question is asked through both doors of the simulator, and a
//! difference between them fails the step.

mod ask;
mod cast;
mod invariant;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;

use iamsim::{Cloud, Error, Explanation};
use iamsim_policy::AccountId;

pub(crate) use ask::with_circumstances;
pub(crate) use cast::Cast;

use crate::build;
use crate::file::{Act, Deletable, Expectation, File, Step};
use crate::finding::Finding;
use crate::judge::{Came, judge};
use crate::outcome::{Asked, Judged, Outcome, Place, StepKind, StepOutcome, StepText, Verdict};
use crate::time;
use invariant::Watch;

/// Sees the explanation of every question that is asked.
pub(crate) type Observer<'o> = dyn Fn(&Explanation) + 'o;

/// Runs a scenario. The error holds what AWS would refuse of its world.
pub(crate) fn run(file: &File, observer: &Observer<'_>) -> Result<Outcome, Vec<Finding>> {
    let cloud = build::build(file)?;
    let mut outcome = Outcome {
        title: file.title.clone(),
        tags: file.tags.clone(),
        source: file.source.clone(),
        sources: file.sources.clone(),
        policies: file.policies.clone(),
        cloud: cloud.clone(),
        skipped: file.skip.clone(),
        steps: Vec::new(),
    };
    if file.skip.is_none() {
        let mut runner = Runner::new(file, cloud, observer);
        outcome.steps = runner.story();
    }
    Ok(outcome)
}

/// The world when all steps have been taken, and who can call then.
pub(crate) fn after(file: &File) -> Result<(Cloud, Cast), Vec<Finding>> {
    let mut runner = Runner::new(file, build::build(file)?, &|_| ());
    for step in file.steps.iter().filter(|step| step.skip.is_none() && !is_question(&step.act)) {
        runner.take(step);
    }
    Ok((runner.cloud, runner.cast))
}

struct Runner<'f> {
    cloud: Cloud,
    file: &'f File,
    management: Option<AccountId>,
    cast: Cast,
    remembered: BTreeMap<String, Cloud>,
    observer: &'f Observer<'f>,
}

impl<'f> Runner<'f> {
    fn new(file: &'f File, cloud: Cloud, observer: &'f Observer<'f>) -> Self {
        Self {
            cloud,
            file,
            management: build::management(file),
            cast: Cast::default(),
            remembered: BTreeMap::new(),
            observer,
        }
    }

    fn story(&mut self) -> Vec<StepOutcome> {
        let file = self.file;
        // Where one question is singled out, the others are left out; what changes the world is not.
        let is_focused = file.steps.iter().any(|step| step.only);
        let invariants = if is_focused { &[] } else { file.invariants.as_slice() };
        let mut watches: Vec<Watch<'f>> =
            invariants.iter().filter(|invariant| invariant.skip.is_none()).map(Watch::new).collect();
        self.watch(&mut watches, 0);
        let mut outcomes = Vec::new();
        for (index, step) in file.steps.iter().enumerate() {
            let text = Arc::new(self.text_of(step, index + 1));
            let left_out = match &step.skip {
                Some(reason) => Some(reason.clone()),
                None if is_focused && !step.only && is_question(&step.act) => {
                    Some("another step says `only`".to_owned())
                }
                None => None,
            };
            if let Some(reason) = left_out {
                outcomes.push(StepOutcome::new(&text, described(&step.act), skipped(reason)));
                continue;
            }
            let came = self.take(step);
            outcomes.extend(came.into_iter().map(|(asked, judged)| StepOutcome::new(&text, asked, judged)));
            if !is_question(&step.act) && !matches!(step.act, Act::Remember(_)) {
                self.watch(&mut watches, index + 1);
            }
        }
        for invariant in &file.invariants {
            let place = Place { source: file.source.clone(), span: invariant.span };
            let text = Arc::new(StepText {
                number: None,
                kind: invariant.kind,
                name: invariant.name.clone(),
                labels: invariant.labels.clone(),
                expect: Some(place.clone()),
                place,
            });
            let watch = watches.iter().position(|watch| std::ptr::eq(watch.invariant(), invariant));
            let told = match (watch, &invariant.skip) {
                (Some(at), _) => watches.swap_remove(at).outcome(),
                (None, skip) => {
                    let reason = skip.clone().unwrap_or_else(|| "a step says `only`".to_owned());
                    vec![(invariant::summary(&invariant.ask), skipped(reason))]
                }
            };
            outcomes.extend(told.into_iter().map(|(asked, judged)| StepOutcome::new(&text, asked, judged)));
        }
        outcomes
    }

    fn text_of(&self, step: &Step, number: usize) -> StepText {
        let place = |span| Place { source: self.file.source.clone(), span };
        StepText {
            number: Some(number),
            kind: kind_of(&step.act),
            name: step.name.clone(),
            labels: step.labels.clone(),
            place: place(step.span),
            expect: step.expect_span.map(place),
        }
    }

    fn observe(&self, came: &Came) {
        came.explanations().into_iter().for_each(self.observer);
    }

    fn take(&mut self, step: &Step) -> Vec<(Asked, Judged)> {
        let expect = step.expect.as_ref();
        match &step.act {
            Act::Ask(ask) => return self.ask(ask, expect),
            Act::Compare(compare) => return self.compare(compare),
            Act::Wait(length) => self.cloud.clock().advance(*length),
            Act::At(instant) => self.cloud.clock().set(*instant),
            Act::Remember(name) => {
                self.remembered.insert(name.clone(), self.cloud.clone());
            }
            act => return vec![self.operation(act, expect)],
        }
        // A step in which nothing can fail.
        vec![(described(&step.act), Judged::default())]
    }

    fn operation(&mut self, act: &Act, expect: Option<&Expectation>) -> (Asked, Judged) {
        let mut asked = described(act);
        let came = match act {
            Act::Assume(assume) => self.assume(assume),
            Act::SignIn { user, mfa, becomes } => self.sign_in(user, mfa.as_ref(), becomes.as_deref()),
            Act::SwitchRole { from, link, becomes } => {
                let (role, came) = self.switch_role(from, link, becomes.as_deref());
                asked.on = role;
                came
            }
            Act::SessionToken { caller, mfa, duration, becomes } => {
                self.session_token(caller, mfa.as_ref(), *duration, becomes)
            }
            Act::FederationToken(token) => self.federation_token(token),
            Act::AssumeRoot(root) => self.assume_root(root),
            act => {
                if let Act::Delete(doomed) = act
                    && let Deletable::Entity(entity) = &doomed.what
                {
                    self.cast.remember(&mut self.cloud, entity);
                }
                match edit(&mut self.cloud, self.management, act) {
                    Ok(()) => Came::Done,
                    Err(error) => Came::Refused(error),
                }
            }
        };
        self.observe(&came);
        (asked, judge(came, expect))
    }
}

/// Changes a world.
fn edit(cloud: &mut Cloud, management: Option<AccountId>, act: &Act) -> Result<(), Error> {
    match act {
        Act::Change(change) => build::change(cloud, management, &change.body),
        Act::Delete(doomed) => build::delete(cloud, &doomed.what),
        Act::Rename { entity, to, .. } => build::rename(cloud, entity, to),
        _ => Ok(()),
    }
}

/// Whether a step only asks, and leaves the world as it is.
fn is_question(act: &Act) -> bool {
    matches!(act, Act::Ask(_) | Act::Compare(_))
}

fn kind_of(act: &Act) -> StepKind {
    match act {
        Act::Ask(_) => StepKind::Question,
        Act::Assume(_) | Act::SessionToken { .. } | Act::FederationToken(_) | Act::AssumeRoot(_) => {
            StepKind::Session
        }
        Act::SignIn { .. } | Act::SwitchRole { .. } => StepKind::Console,
        Act::Wait(_) | Act::At(_) => StepKind::Clock,
        Act::Change(_) | Act::Delete(_) | Act::Rename { .. } => StepKind::Change,
        Act::Remember(_) | Act::Compare(_) => StepKind::Comparison,
    }
}

/// What a step does, before it is known what comes of it.
fn described(act: &Act) -> Asked {
    let of = |who: Option<&String>, what: &str, on: Option<String>| Asked {
        who: who.cloned(),
        what: what.to_owned(),
        on,
        context: None,
    };
    match act {
        Act::Ask(ask) => invariant::summary(ask),
        Act::Compare(compare) => invariant::summary(&compare.ask),
        Act::Assume(assume) => {
            let on = Some(assume.written.clone());
            let (who, what) = assume.operation();
            of(Some(who), what, on)
        }
        Act::SignIn { user, .. } => of(Some(&user.written), "console sign-in", None),
        Act::SwitchRole { from, .. } => of(Some(&from.written), "switch role", None),
        Act::SessionToken { caller, .. } => of(Some(&caller.written), "sts:GetSessionToken", None),
        Act::FederationToken(token) => of(Some(&token.caller.written), "sts:GetFederationToken", None),
        Act::AssumeRoot(root) => {
            let on = Some(format!("{} for {}", root.written, root.task));
            of(Some(&root.caller.written), "sts:AssumeRoot", on)
        }
        Act::Wait(length) => {
            let verb = if is_one(*length) { "passes" } else { "pass" };
            of(None, &format!("{} {verb}", time::spoken(*length)), None)
        }
        Act::At(instant) => of(None, &format!("it is {}", time::stamp(*instant)), None),
        Act::Change(change) => of(None, "change", Some(change.written.clone())),
        Act::Delete(doomed) => of(None, "delete", Some(doomed.written.clone())),
        Act::Rename { written, to, .. } => of(None, "rename", Some(format!("{written} to {to}"))),
        Act::Remember(name) => of(None, &format!("the world is remembered as {name}"), None),
    }
}

fn skipped(reason: String) -> Judged {
    Judged {
        came: "skipped".to_owned(),
        because: Some(reason),
        verdict: Verdict::Skipped,
        ..Judged::default()
    }
}

/// Whether a length of time is one of its units: `1 hour passes`, `2 hours pass`.
fn is_one(length: chrono::TimeDelta) -> bool {
    [1, 60, 3_600, 86_400].contains(&length.num_seconds())
}
