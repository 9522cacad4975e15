//! What came of a step, held against what was expected of it, and told in words.

use chrono::{DateTime, Utc};
use iamsim::{Decision, Error, Explanation, Layer, StatementRef};

use crate::file::{Expectation, Expected, StatementName};
use crate::format::UNDETERMINED_ERROR;
use crate::outcome::{Actual, Difference, Judged, Verdict};
use crate::time;

/// What came of a step.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    Decision(Box<Explanation>),
    /// A session: its name in the file, its ARN and its end.
    Session {
        name: String,
        arn: String,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        link: Option<String>,
        /// What the call rested on.
        decisions: Vec<Explanation>,
    },
    Done,
    Refused(Error),
    /// The step could not be taken at all.
    Impossible(String),
}

impl From<Error> for Came {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Holds what came against what was expected.
pub(crate) fn judge(came: Came, expect: Option<&Expectation>) -> Judged {
    let mut judge = Judge { differences: Vec::new(), is_undetermined: false };
    if let Came::Impossible(_) = &came {
        judge.differ("step", "to be taken", "it could not be");
    } else {
        judge.outcome(&came, expect.and_then(|expect| expect.outcome.as_ref()));
        if let Some(expect) = expect {
            judge.details(&came, expect);
        }
    }
    let verdict = if !judge.differences.is_empty() {
        Verdict::Failed
    } else if judge.is_undetermined {
        Verdict::Undetermined
    } else if expect.is_some() {
        Verdict::Passed
    } else {
        Verdict::Done
    };
    let expected = match expect {
        Some(Expectation { outcome: Some(outcome), .. }) => Some(outcome.as_str().to_owned()),
        Some(_) | None if judge.is_undetermined => Some("a decision".to_owned()),
        _ => None,
    };
    Judged {
        came: short(&came),
        because: because(&came),
        message: match &came {
            Came::Refused(error) => Some(error.message().to_owned()),
            _ => None,
        },
        expected,
        verdict,
        differences: judge.differences,
        actual: actual(&came),
        explanations: match came {
            Came::Decision(explanation) => vec![*explanation],
            Came::Refused(error) => error.explanation().cloned().into_iter().collect(),
            Came::Session { decisions, .. } => decisions,
            Came::Done | Came::Impossible(_) => Vec::new(),
        },
    }
}

impl Came {
    /// The explanations of the decisions that were made.
    pub(crate) fn explanations(&self) -> Vec<&Explanation> {
        match self {
            Self::Decision(explanation) => vec![&**explanation],
            Self::Refused(error) => error.explanation().into_iter().collect(),
            Self::Session { decisions, .. } => decisions.iter().collect(),
            Self::Done | Self::Impossible(_) => Vec::new(),
        }
    }
}

/// What came, in the words of an expectation.
fn actual(came: &Came) -> Option<Actual> {
    let explanation = explanation_of(came);
    let mut actual = Actual {
        layer: explanation.and_then(Explanation::deciding_layer).map(|layer| layer.as_str().to_owned()),
        reason: because(came),
        ..Actual::default()
    };
    match came {
        Came::Impossible(_) => return None,
        Came::Refused(error) if error.code() == UNDETERMINED_ERROR => {
            actual.outcome = Some(Expected::Undetermined);
        }
        Came::Refused(error) => {
            actual.outcome = Some(Expected::Error(error.code()));
            actual.message = Some(error.message().to_owned());
        }
        Came::Decision(explanation) => {
            actual.outcome = Some(match explanation.decision() {
                Decision::Allow => Expected::Allow,
                Decision::ExplicitDeny => Expected::ExplicitDeny,
                Decision::ImplicitDeny => Expected::ImplicitDeny,
                Decision::Undetermined => Expected::Undetermined,
            });
            actual.message = Some(explanation.message());
        }
        Came::Session { arn, from, until, link, .. } => {
            actual.outcome = Some(Expected::Allow);
            actual.arn = Some(arn.clone());
            actual.lasts = Some(time::written(*until - *from));
            actual.link.clone_from(link);
        }
        Came::Done => actual.outcome = Some(Expected::Allow),
    }
    if actual.outcome == Some(Expected::Undetermined) {
        actual.unknown = Some(unknown(explanation));
    }
    let deciding = explanation.map(telling).unwrap_or_default();
    if let Some(statement) = deciding.first() {
        actual.policy = Some(bare(statement).to_owned());
        actual.statement = Some(match statement.sid() {
            Some(sid) => StatementName::Sid(sid.to_owned()),
            None => StatementName::Number(u32::try_from(statement.index + 1).unwrap_or(u32::MAX)),
        });
    }
    Some(actual)
}

/// The statements that decided, but for what only limits: it goes without saying where it lets a request
/// through.
pub(crate) fn telling(explanation: &Explanation) -> Vec<StatementRef<'_>> {
    let limits = |statement: &StatementRef<'_>| {
        matches!(statement.layer, Layer::ServiceControl | Layer::ResourceControl)
    };
    let mut statements = explanation.deciding();
    if explanation.decision() == Decision::Allow {
        statements.retain(|statement| !limits(statement));
    }
    statements
}

/// A group's policy is called `name of group …` where it bears on a user.
fn bare<'s>(statement: &StatementRef<'s>) -> &'s str {
    statement.policy_name.split(" of group ").next().unwrap_or(statement.policy_name)
}

/// What an undetermined answer depends on: keys, and facts.
fn unknown(explanation: Option<&Explanation>) -> Vec<String> {
    let mut unknown = explanation.map(Explanation::unknown_keys).unwrap_or_default();
    let facts = explanation.map(Explanation::unknown_facts).unwrap_or_default();
    unknown.extend(facts.iter().map(|fact| fact.as_str().to_owned()));
    unknown.sort();
    unknown
}

fn explanation_of(came: &Came) -> Option<&Explanation> {
    match came {
        Came::Decision(explanation) => Some(explanation),
        Came::Refused(error) => error.explanation(),
        _ => None,
    }
}

/// What came, in a word or two.
fn short(came: &Came) -> String {
    match came {
        Came::Decision(explanation) => explanation.decision().to_string(),
        Came::Session { name, .. } if name.is_empty() => "a session".to_owned(),
        Came::Session { name, .. } => name.clone(),
        Came::Done => "done".to_owned(),
        Came::Refused(error) if error.code() == UNDETERMINED_ERROR => "undetermined".to_owned(),
        Came::Refused(error) => error.code().to_owned(),
        Came::Impossible(_) => "not taken".to_owned(),
    }
}

/// Why, in one line.
fn because(came: &Came) -> Option<String> {
    match came {
        Came::Decision(explanation) => Some(why(explanation)),
        Came::Session { arn, until, .. } => Some(format!("until {} as {arn}", time::stamp(*until))),
        Came::Done => None,
        Came::Refused(error) => Some(match (error.reason(), error.explanation()) {
            (Some(reason), _) => reason.to_owned(),
            (None, Some(explanation)) => why(explanation),
            (None, None) => error.message().trim_end().to_owned(),
        }),
        Came::Impossible(why) => Some(why.clone()),
    }
}

/// AWS's reason, and the statements that decided with their places.
fn why(explanation: &Explanation) -> String {
    let message = explanation.message();
    let reason = ["because ", "with an explicit deny "]
        .into_iter()
        .filter_map(|words| message.find(&format!(" {words}")))
        .min()
        .and_then(|start| message.get(start + 1..))
        .unwrap_or(&message)
        .to_owned();
    let mut text = reason;
    let mut deciding: Vec<String> = Vec::new();
    for statement in telling(explanation) {
        let named = match statement.sid() {
            Some(sid) => format!("{sid} ({})", statement.place()),
            None => statement.place(),
        };
        if !deciding.contains(&named) {
            deciding.push(named);
        }
    }
    if !deciding.is_empty() {
        text.push_str(": ");
        text.push_str(&deciding.join(", "));
    }
    if explanation.decision() == Decision::ImplicitDeny
        && let Some(near_miss) = explanation.near_misses().iter().find(|near| near.place().is_some())
    {
        // Without its last part, which says what would remain: the whole explanation has it.
        let near_miss = near_miss.to_string();
        text.push_str("; ");
        text.push_str(near_miss.rsplit_once("; ").map_or(near_miss.as_str(), |(first, _)| first));
    }
    let mut unknown = explanation.unknown_keys();
    unknown.extend(explanation.unknown_facts().iter().map(ToString::to_string));
    if !unknown.is_empty() {
        text.push_str(": ");
        text.push_str(&unknown.join(", "));
    }
    text
}

struct Judge {
    differences: Vec<Difference>,
    is_undetermined: bool,
}

impl Judge {
    fn differ(&mut self, what: &'static str, expected: impl Into<String>, came: impl Into<String>) {
        self.differences.push(Difference { what, expected: expected.into(), came: came.into() });
    }

    fn outcome(&mut self, came: &Came, expected: Option<&Expected>) {
        let what = match expected {
            Some(Expected::Error(_)) => "error",
            _ => "decision",
        };
        match (came, expected) {
            (Came::Refused(error), expected) if error.code() == UNDETERMINED_ERROR => {
                self.is_undetermined = expected != Some(&Expected::Undetermined);
            }
            (Came::Refused(error), Some(Expected::Error(code))) if error.code() == *code => {}
            (Came::Refused(error), Some(expected)) => self.differ(what, expected.as_str(), error.code()),
            (Came::Refused(error), None) => self.differ("step", "to succeed", error.code()),
            (Came::Session { .. } | Came::Done, None | Some(Expected::Allow)) | (Came::Impossible(_), _) => {}
            (Came::Session { .. } | Came::Done, Some(expected)) => {
                self.differ(what, expected.as_str(), "it succeeded");
            }
            (Came::Decision(explanation), expected) => self.decision(explanation, expected),
        }
    }

    fn decision(&mut self, explanation: &Explanation, expected: Option<&Expected>) {
        let decision = explanation.decision();
        let holds = match expected {
            None => decision != Decision::Undetermined,
            Some(Expected::Allow) => decision == Decision::Allow,
            // Which kind of denial it is may be unknown when that it is one is certain.
            Some(Expected::Deny) => explanation.is_denied(),
            Some(Expected::ImplicitDeny) => decision == Decision::ImplicitDeny,
            Some(Expected::ExplicitDeny) => decision == Decision::ExplicitDeny,
            Some(Expected::Undetermined) => decision == Decision::Undetermined,
            Some(Expected::Error(_)) => false,
        };
        if holds {
            return;
        }
        let may_hold = match expected {
            Some(Expected::Allow) => !explanation.is_denied(),
            Some(Expected::Undetermined | Expected::Error(_)) => false,
            _ => true,
        };
        if decision == Decision::Undetermined && may_hold {
            self.is_undetermined = true;
        } else {
            self.differ("decision", expected.map_or("a decision", Expected::as_str), decision.as_str());
        }
    }

    fn details(&mut self, came: &Came, expect: &Expectation) {
        let explanation = explanation_of(came);
        if let Some(layer) = &expect.layer {
            let came = explanation.and_then(Explanation::deciding_layer);
            let came = came.map_or("none", |layer| layer.as_str());
            if came != layer {
                self.differ("layer", layer, came);
            }
        }
        if expect.policy.is_some() || expect.statement.is_some() {
            self.statement(explanation, expect);
        }
        self.texts(came, explanation, expect);
        if let Some(keys) = &expect.unknown {
            let mut wanted: Vec<String> = keys.iter().map(|key| key.to_ascii_lowercase()).collect();
            wanted.sort();
            wanted.dedup();
            let came = unknown(explanation);
            if came != wanted {
                self.differ("unknown", listed(&wanted), listed(&came));
            }
        }
        self.session(came, expect);
    }

    fn statement(&mut self, explanation: Option<&Explanation>, expect: &Expectation) {
        let deciding = explanation.map(Explanation::deciding).unwrap_or_default();
        let named = |statement: &StatementRef<'_>| match &expect.statement {
            None => true,
            Some(StatementName::Sid(sid)) => statement.sid() == Some(sid),
            Some(StatementName::Number(number)) => statement.index + 1 == *number as usize,
        };
        let in_policy = |statement: &StatementRef<'_>| {
            let wanted = expect.policy.as_deref();
            wanted.is_none_or(|policy| policy == statement.policy_name || policy == bare(statement))
        };
        if deciding.iter().any(|statement| named(statement) && in_policy(statement)) {
            return;
        }
        let came: Vec<String> = deciding
            .iter()
            .map(|statement| match statement.sid() {
                Some(sid) => format!("{} {sid}", statement.policy_name),
                None => format!("{} {}", statement.policy_name, statement.index + 1),
            })
            .collect();
        let policy = expect.policy.as_deref().unwrap_or("any policy");
        let wanted = match &expect.statement {
            Some(StatementName::Sid(sid)) => format!("{policy} {sid}"),
            Some(StatementName::Number(number)) => format!("{policy} {number}"),
            None => policy.to_owned(),
        };
        self.differ("statement", wanted, listed(&came));
    }

    fn texts(&mut self, came: &Came, explanation: Option<&Explanation>, expect: &Expectation) {
        if let Some(words) = &expect.reason {
            let mut reasons: Vec<String> = because(came).into_iter().collect();
            if let Some(explanation) = explanation {
                reasons.push(explanation.message());
                reasons.extend(explanation.near_misses().iter().map(ToString::to_string));
            }
            if !reasons.iter().any(|reason| reason.contains(words.as_str())) {
                self.differ("reason", words, reasons.first().map_or("none", String::as_str));
            }
        }
        if let Some(words) = &expect.message {
            let message = match came {
                Came::Refused(error) => error.message().to_owned(),
                _ => explanation.map(Explanation::message).unwrap_or_default(),
            };
            if !message.contains(words.as_str()) {
                self.differ("message", words, message);
            }
        }
    }

    fn session(&mut self, came: &Came, expect: &Expectation) {
        let (arn, lasts, link) = match came {
            Came::Session { arn, from, until, link, .. } => {
                (arn.as_str(), Some(*until - *from), link.as_deref().unwrap_or("none"))
            }
            _ => ("no session", None, "none"),
        };
        if let Some(wanted) = &expect.arn
            && wanted != arn
        {
            self.differ("arn", wanted, arn);
        }
        if let Some(wanted) = expect.lasts
            && lasts != Some(wanted)
        {
            let came = lasts.map_or_else(|| "no session".to_owned(), time::spoken);
            self.differ("lasts", time::spoken(wanted), came);
        }
        if let Some(wanted) = &expect.link
            && wanted != link
        {
            self.differ("link", wanted, link);
        }
    }
}

fn listed(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
