//! What has to hold at every step: asked at the beginning, and whenever something may have changed.

use std::collections::BTreeMap;

use iamsim::Decision;

use super::Runner;
use super::ask::{Moment, is_of_credentials};
use crate::file::{Ask, Invariant};
use crate::judge::{Came, judge};
use crate::outcome::{Asked, Difference, Judged, StepKind, Verdict};

/// An invariant, and what has come of it so far.
pub(super) struct Watch<'f> {
    invariant: &'f Invariant,
    questions: usize,
    moments: usize,
    /// The first time each combination did not hold, by its number.
    broken: BTreeMap<usize, (Asked, Judged)>,
}

impl<'f> Watch<'f> {
    pub(super) fn new(invariant: &'f Invariant) -> Self {
        Self { invariant, questions: 0, moments: 0, broken: BTreeMap::new() }
    }

    pub(super) fn invariant(&self) -> &'f Invariant {
        self.invariant
    }

    /// A line for each combination that did not hold, or one that says that all did.
    pub(super) fn outcome(self) -> Vec<(Asked, Judged)> {
        if !self.broken.is_empty() {
            return self.broken.into_values().collect();
        }
        let asked = summary(&self.invariant.ask);
        let times = |count: usize, word: &str| match count {
            1 => format!("1 {word}"),
            _ => format!("{count} {word}s"),
        };
        let judged = if self.questions == 0 {
            // What is never asked can't fail, and so proves nothing.
            Judged {
                came: "never asked".to_owned(),
                because: Some("none of the callers was there at any moment".to_owned()),
                verdict: Verdict::Failed,
                differences: vec![Difference {
                    what: "questions",
                    expected: "to be asked".to_owned(),
                    came: "nobody was there to ask".to_owned(),
                }],
                ..Judged::default()
            }
        } else {
            let (questions, moments) = (times(self.questions, "question"), times(self.moments, "moment"));
            Judged {
                came: "holds".to_owned(),
                because: Some(format!("{questions} at {moments}")),
                verdict: Verdict::Passed,
                ..Judged::default()
            }
        };
        vec![(asked, judged)]
    }
}

impl Runner<'_> {
    /// Asks what has to hold, after the step of a number; 0 is the beginning.
    pub(super) fn watch(&mut self, watches: &mut [Watch<'_>], step: usize) {
        for watch in watches {
            let ask = &watch.invariant.ask;
            let moment = Moment::of(&mut self.cloud, &mut self.cast, ask);
            let before = watch.questions;
            for (number, combination) in ask.combinations().enumerate() {
                // Who is not there yet, or not any more, asks nothing.
                if moment.caller(&combination.caller.who).is_err() || watch.broken.contains_key(&number) {
                    continue;
                }
                let came = moment.question(combination, ask, &self.file.defaults);
                self.observe(&came);
                watch.questions += 1;
                if let Some(judged) = broken(watch.invariant.kind, came, step) {
                    watch.broken.insert(number, (combination.asked(), judged));
                }
            }
            watch.moments += usize::from(watch.questions > before);
        }
    }
}

/// What is wrong with an answer; none where it is as it has to be.
fn broken(kind: StepKind, came: Came, step: usize) -> Option<Judged> {
    let wanted = if kind == StepKind::Never { "never allow" } else { "always allow" };
    let holds = match (&came, kind) {
        (Came::Decision(explanation), StepKind::Never) => explanation.is_denied(),
        (Came::Decision(explanation), _) => explanation.decision() == Decision::Allow,
        (Came::Refused(error), StepKind::Never) => is_of_credentials(error),
        _ => false,
    };
    if holds {
        return None;
    }
    let is_open = match &came {
        Came::Decision(explanation) => {
            explanation.decision() == Decision::Undetermined && !explanation.is_denied()
        }
        _ => false,
    };
    let when = match step {
        0 => "at the beginning".to_owned(),
        step => format!("after step {step}"),
    };
    let judged = judge(came, None);
    let because = match &judged.because {
        Some(because) => format!("{when}: {because}"),
        None => when,
    };
    Some(Judged {
        because: Some(because),
        expected: Some(wanted.to_owned()),
        verdict: if is_open { Verdict::Undetermined } else { Verdict::Failed },
        differences: if is_open {
            Vec::new()
        } else {
            vec![Difference { what: "decision", expected: wanted.to_owned(), came: judged.came.clone() }]
        },
        actual: None,
        ..judged
    })
}

/// A matrix in one line.
pub(super) fn summary(ask: &Ask) -> Asked {
    let callers: Vec<&str> = ask.callers.iter().map(|caller| caller.written.as_str()).collect();
    let mut actions: Vec<&str> = Vec::new();
    for action in ask.targets.iter().flat_map(|target| target.actions.iter()) {
        if !actions.contains(&action.as_str()) && actions.len() < SHOWN + 1 {
            actions.push(action);
        }
    }
    let resources: Vec<&str> =
        ask.targets.iter().filter(|target| target.arn != "*").map(|target| target.written.as_str()).collect();
    Asked {
        who: Some(few(&callers)),
        what: few(&actions),
        on: (!resources.is_empty()).then(|| few(&resources)),
        context: None,
    }
}

/// So many names are told of a list.
const SHOWN: usize = 3;

fn few(names: &[&str]) -> String {
    match names.get(SHOWN) {
        None => names.join(", "),
        Some(_) => format!("{}, …", names.get(..SHOWN).unwrap_or_default().join(", ")),
    }
}
