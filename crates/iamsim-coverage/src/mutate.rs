//! Mutation testing: every mutation of the scenarios' policies, and whether a scenario notices.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use iamsim_policy::{Policy, Source, Span};
use iamsim_scenario::{Files, Finding, Options, Outcome, StepOutcome, Verdict, run_files};

use crate::door::run;
use crate::edit::apply;
use crate::equivalent;
use crate::mutation::{Mutation, mutations};
use crate::probe::probes;
use crate::story::{Body, Story};
use crate::written::written;

/// How mutation testing is done.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MutateOptions {
    /// How many mutants are tested at once.
    pub jobs: NonZeroUsize,
    /// Whether a request is searched for that tells a survivor from the policy.
    pub search: bool,
}

impl Default for MutateOptions {
    fn default() -> Self {
        Self { jobs: NonZeroUsize::MIN, search: true }
    }
}

/// What came of mutation testing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Mutants {
    /// Every mutant, by file and place of its policy, then in the order made.
    pub mutants: Vec<Mutant>,
}

/// One mutant and its fate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mutant {
    /// The change.
    pub mutation: Mutation,
    /// The scenario files whose worlds hold the policy.
    pub scenarios: Vec<String>,
    /// Whether a scenario notices.
    pub fate: Fate,
}

/// Whether the scenarios notice a mutant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fate {
    /// An expectation fails with it.
    Killed {
        /// The scenario file.
        file: String,
        /// The step's number.
        step: usize,
    },
    /// Nothing fails, and a request was found that the policy and the mutant answer differently.
    Survived(Box<Telling>),
    /// Nothing fails, and no request was found that tells the two apart, nor a proof that there is none.
    Unknown,
    /// No request can tell the two apart.
    Equivalent {
        /// Why.
        why: String,
    },
    /// AWS would not hold a world with it, or the scenario can't be run with it: it is no mutant.
    Refused,
}

/// A step that tells a policy from a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Telling {
    /// The scenario file it belongs into.
    pub file: String,
    /// After which step, from 1; none for the end.
    pub after: Option<usize>,
    /// The step as JSON, with the expectation that holds of the policy as it is.
    pub step: String,
    /// What comes with the policy as it is.
    pub original: String,
    /// What comes with the mutant.
    pub mutant: String,
}

/// How the mutants fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Score {
    /// Noticed.
    pub killed: usize,
    /// Not noticed, and different.
    pub survived: usize,
    /// Not noticed, and not known to be different.
    pub unknown: usize,
    /// The same policy in other words; they don't count.
    pub equivalent: usize,
}

impl Score {
    /// The share of mutants that were noticed, among all that are not proved to be equivalent, in tenths of a
    /// percent and rounded down.
    ///
    /// ```
    /// let mut score = iamsim_coverage::Score::default();
    /// assert_eq!(score.permille(), 1000);
    /// (score.killed, score.survived, score.unknown, score.equivalent) = (9, 1, 2, 5);
    /// assert_eq!(score.permille(), 750);
    /// ```
    pub fn permille(self) -> u32 {
        self.count().permille()
    }

    /// As people write it: `75.0 %`.
    pub fn share(self) -> String {
        self.count().share()
    }

    fn count(self) -> crate::Count {
        crate::Count { covered: self.killed, all: self.killed + self.survived + self.unknown }
    }
}

impl Mutants {
    /// How the mutants fared.
    pub fn score(&self) -> Score {
        let mut score = Score::default();
        for mutant in &self.mutants {
            match mutant.fate {
                Fate::Killed { .. } => score.killed += 1,
                Fate::Survived(_) => score.survived += 1,
                Fate::Unknown => score.unknown += 1,
                Fate::Equivalent { .. } => score.equivalent += 1,
                Fate::Refused => {}
            }
        }
        score
    }
}

/// Why mutants can't be tested.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MutateError {
    /// Inputs that can't be used.
    Findings(Vec<Finding>),
    /// Scenarios that fail, or stay undetermined, with the policies as they are: what would a failure tell?
    Failing(Vec<String>),
}

/// Changes every policy that stands in scenarios or in files they refer to, one small step at a time, and runs the
/// scenarios whose worlds hold it; for what they don't notice, searches for a step that would. Policies of AWS and
/// those that the trust wizard writes are left alone.
///
/// `progress` is told how many of all mutants are done.
pub fn mutate(
    files: &dyn Files,
    scenarios: &[String],
    options: MutateOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Mutants, MutateError> {
    let stories = baseline(files, scenarios)?;
    let tasks = tasks(&stories);
    let done = AtomicUsize::new(0);
    let fates = each(&tasks, options.jobs, |task| {
        let fate = fate(files, &stories, task, options.search);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, tasks.len());
        fate
    });
    let mutants = tasks.into_iter().zip(fates).map(|(task, fate)| Mutant {
        scenarios: task
            .stories
            .iter()
            .filter_map(|index| stories.get(*index))
            .map(|ran| ran.file.clone())
            .collect(),
        mutation: task.mutation,
        fate,
    });
    Ok(Mutants { mutants: mutants.filter(|mutant| !matches!(mutant.fate, Fate::Refused)).collect() })
}

/// A scenario as it runs with the policies as they are.
struct Ran {
    file: String,
    outcome: Outcome,
}

/// A mutation, and the scenarios that may notice it.
struct Task {
    mutation: Mutation,
    stories: Vec<usize>,
}

fn baseline(files: &dyn Files, scenarios: &[String]) -> Result<Vec<Ran>, MutateError> {
    let mut stories = Vec::new();
    let mut findings = Vec::new();
    let mut failing = Vec::new();
    run_files(files, scenarios, &Options::new(), &mut |ran| {
        let file = ran.file().to_owned();
        match ran.into_result() {
            Err(found) => findings.extend(found),
            Ok(outcome) => {
                let totals = outcome.totals();
                if totals.failed + totals.undetermined > 0 {
                    failing.push(file.clone());
                }
                stories.push(Ran { file, outcome });
            }
        }
        ControlFlow::Continue(())
    });
    if !findings.is_empty() {
        return Err(MutateError::Findings(findings));
    }
    if !failing.is_empty() {
        return Err(MutateError::Failing(failing));
    }
    Ok(stories)
}

fn tasks(stories: &[Ran]) -> Vec<Task> {
    let mut policies: BTreeMap<(String, Span), (Policy, Vec<usize>)> = BTreeMap::new();
    for (index, ran) in stories.iter().enumerate() {
        for policy in written(&ran.outcome) {
            let key = (policy.source().name().to_owned(), policy.span());
            let (_, users) = policies.entry(key).or_insert_with(|| (policy.clone(), Vec::new()));
            if users.last() != Some(&index) {
                users.push(index);
            }
        }
    }
    let tasks = policies.into_values().flat_map(|(policy, stories)| {
        let made = mutations(&policy).into_iter();
        made.map(move |mutation| Task { mutation, stories: stories.clone() })
    });
    tasks.collect()
}

fn fate(files: &dyn Files, stories: &[Ran], task: &Task, search: bool) -> Fate {
    let mutation = &task.mutation;
    let mutated = mutation.mutated_text();
    let texts = [(mutation.source().name(), mutated.as_str())];
    let users: Vec<&Ran> = task.stories.iter().filter_map(|index| stories.get(*index)).collect();
    let mut refused = 0;
    for ran in &users {
        match run(files, &texts, &ran.file) {
            Err(_) => refused += 1,
            Ok(outcome) => {
                if let Some(step) = outcome.steps().iter().find(|step| is_noticed(step)) {
                    return Fate::Killed { file: ran.file.clone(), step: step.number() };
                }
            }
        }
    }
    if refused == users.len() {
        return Fate::Refused;
    }
    if let Some(why) = equivalent::proof(mutation) {
        return Fate::Equivalent { why };
    }
    if search && let Some(telling) = users.iter().find_map(|ran| telling(files, ran, mutation)) {
        return Fate::Survived(Box::new(telling));
    }
    Fate::Unknown
}

fn is_noticed(step: &StepOutcome) -> bool {
    matches!(step.verdict(), Verdict::Failed | Verdict::Undetermined)
}

/// Searches for a step that tells a policy from its mutant.
fn telling(files: &dyn Files, ran: &Ran, mutation: &Mutation) -> Option<Telling> {
    let bytes = files.read(&ran.file).ok()?;
    let source = Source::from_bytes(ran.file.as_str(), bytes).ok()?;
    let story = Story::read(&source)?;
    let lab = Lab { files, ran, story: &story, mutation };
    probes(mutation, &story, ran.outcome.sources())
        .into_iter()
        .find_map(|probe| lab.tell(probe.after, probe.bodies))
}

/// Where steps are tried with the policy and with its mutant.
struct Lab<'l> {
    files: &'l dyn Files,
    ran: &'l Ran,
    story: &'l Story,
    mutation: &'l Mutation,
}

impl Lab<'_> {
    /// The first of some steps that tells the two apart.
    fn tell(&self, after: usize, bodies: Vec<Body>) -> Option<Telling> {
        let (bodies, original) = self.usable(after, bodies)?;
        let mutant = self.run(after, &bodies, true).ok()?;
        let mut differing: Vec<(usize, &StepOutcome, &StepOutcome)> = Vec::new();
        for (index, _) in bodies.iter().enumerate() {
            let number = after + index + 1;
            let of = |outcome: &'_ Outcome| -> Vec<usize> {
                let steps = outcome.steps().iter().enumerate();
                steps.filter(|(_, step)| step.number() == number).map(|(at, _)| at).collect()
            };
            for (one, other) in of(&original).into_iter().zip(of(&mutant)) {
                if let (Some(one), Some(other)) = (original.steps().get(one), mutant.steps().get(other))
                    && came(one) != came(other)
                {
                    differing.push((index, one, other));
                }
            }
        }
        // What is decided both ways tells more than what is not.
        differing.sort_by_key(|(_, one, other)| {
            ["undetermined", "not taken"].iter().any(|open| one.came() == *open || other.came() == *open)
        });
        differing.into_iter().take(8).find_map(|(index, one, other)| {
            let body = self.single(bodies.get(index)?, one);
            let expected = expectation(one)?;
            let body = body.with("expect", crate::edit::quoted(&expected));
            let body = self.shortest(after, body)?;
            Some(Telling {
                file: self.ran.file.clone(),
                after: (after < self.story.steps.len()).then_some(after),
                step: body.to_json(),
                original: came(one),
                mutant: came(other),
            })
        })
    }

    /// One step with one caller, one action and one resource.
    fn single(&self, body: &Body, outcome: &StepOutcome) -> Body {
        if body.get("do").is_none() {
            return body.clone();
        }
        let mut single = body.with("do", crate::edit::quoted(outcome.what()));
        if let Some(who) = outcome.who() {
            single.set("as", crate::edit::quoted(who));
        }
        match outcome.on() {
            Some(on) => single.set("on", crate::edit::quoted(on)),
            None => single = single.without(&["on"]),
        }
        // What is said twice is said once.
        if single.get("complete").is_some() && self.tells_without(&single) {
            return single.without(&["complete"]);
        }
        single
    }

    /// Whether a step says the same without `complete`.
    fn tells_without(&self, body: &Body) -> bool {
        let with_end = self.story.steps.len();
        let pair = [body.clone(), body.without(&["complete"])];
        let Ok(outcome) = self.run(with_end, &pair, false) else { return false };
        let Ok(mutant) = self.run(with_end, &pair, true) else { return false };
        let came_of = |outcome: &Outcome| -> Vec<String> {
            outcome.steps().iter().filter(|step| step.number() > with_end).map(came).collect()
        };
        let (one, other) = (came_of(&outcome), came_of(&mutant));
        one.first() == one.last() && other.first() == other.last()
    }

    /// The step without the name that only the trial needed, where that does as well; none if it does not hold.
    fn shortest(&self, after: usize, body: Body) -> Option<Body> {
        let plain = body.without(&["becomes"]);
        if plain != body && self.holds(after, &plain) {
            return Some(plain);
        }
        self.holds(after, &body).then_some(body)
    }

    /// Whether a step with its expectation passes with the policy and not with the mutant.
    fn holds(&self, after: usize, body: &Body) -> bool {
        let bodies = [body.clone()];
        let verdict = |is_mutant| -> Option<bool> {
            let outcome = self.run(after, &bodies, is_mutant).ok()?;
            let step = outcome.steps().iter().find(|step| step.number() == after + 1)?;
            Some(!is_noticed(step))
        };
        verdict(false) == Some(true) && verdict(true) == Some(false)
    }

    /// The steps that the scenario can be read with, and what comes of them: a reference to nobody spoils all.
    fn usable(&self, after: usize, bodies: Vec<Body>) -> Option<(Vec<Body>, Outcome)> {
        let mut known = BTreeSet::new();
        let mut bodies: Vec<Body> = bodies
            .into_iter()
            .enumerate()
            .map(|(index, body)| match body.get("assume") {
                // Each session under a name of its own, so that none takes another's place.
                Some(_) => body.with("becomes", crate::edit::quoted(&format!("probe-{index}"))),
                None => body,
            })
            .filter(|body| known.insert(body.without(&["becomes"])))
            .collect();
        loop {
            let findings = match self.run(after, &bodies, false) {
                Ok(outcome) => return Some((bodies, outcome)),
                Err(findings) => findings,
            };
            let source = self.text(after, &bodies, false).1;
            let story = Story::read(&Source::new(self.ran.file.as_str(), source))?;
            let places: Vec<Span> =
                story.steps.iter().skip(after).take(bodies.len()).map(|step| step.span).collect();
            let spoilt: BTreeSet<usize> = findings
                .iter()
                .filter(|finding| finding.source().name() == self.ran.file)
                .filter_map(|finding| {
                    let span = finding.span();
                    places.iter().position(|place| place.start <= span.start && span.end <= place.end)
                })
                .collect();
            if spoilt.is_empty() {
                return None;
            }
            let all = std::mem::take(&mut bodies).into_iter().enumerate();
            bodies = all.filter_map(|(index, body)| (!spoilt.contains(&index)).then_some(body)).collect();
        }
    }

    /// Names and texts of the files that differ from what is on disk.
    fn text(&self, after: usize, bodies: &[Body], is_mutant: bool) -> (Vec<(String, String)>, String) {
        let insertion = self.story.insertion(after, bodies);
        let mut edits = vec![&insertion];
        let inline = self.mutation.source().name() == self.ran.file;
        let mut texts = Vec::new();
        if is_mutant && inline {
            edits.push(self.mutation.edit());
        } else if is_mutant {
            texts.push((self.mutation.source().name().to_owned(), self.mutation.mutated_text()));
        }
        let story = apply(self.story.source.text(), edits);
        texts.push((self.ran.file.clone(), story.clone()));
        (texts, story)
    }

    fn run(&self, after: usize, bodies: &[Body], is_mutant: bool) -> Result<Outcome, Vec<Finding>> {
        if bodies.is_empty() {
            return Err(Vec::new());
        }
        let (texts, _) = self.text(after, bodies, is_mutant);
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        run(self.files, &texts, &self.ran.file)
    }
}

/// What came of a step, without the name that a session was given.
fn came(step: &StepOutcome) -> String {
    if step.came().starts_with("probe-") { "allow".to_owned() } else { step.came().to_owned() }
}

/// What came, as an expectation; none where the step could not be taken.
fn expectation(step: &StepOutcome) -> Option<String> {
    Some(came(step)).filter(|came| came != "not taken" && came != "done")
}

/// What `work` makes of each item, in the order of the items whatever the number of threads.
fn each<T: Sync, R: Send>(items: &[T], jobs: NonZeroUsize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut done: Vec<(usize, R)> = if jobs.get() == 1 {
        worker()
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.get()).map(|_| scope.spawn(worker)).collect();
            let shares = workers.into_iter().map(|worker| match worker.join() {
                Ok(share) => share,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            shares.flatten().collect()
        })
    };
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
