//! What every format says of a step: a title, what came in one word, where the statements stand that tell.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use iamsim_eval::{ClauseTrace, Decision, Explanation, Layer, NearMiss, PolicyTrace, StatementTrace};
use iamsim_policy::{Condition, Effect, Source, Span, Statement};
use iamsim_scenario::{Outcome, StepKind, StepOutcome, Verdict};

/// What came, as far as a picture tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Allow,
    ImplicitDeny,
    ExplicitDeny,
    Undetermined,
    /// A call was refused with an error.
    Refused,
    /// Something else went through.
    Done,
    Skipped,
}

impl Came {
    pub(crate) fn of(step: &StepOutcome) -> Self {
        if step.verdict() == Verdict::Skipped {
            return Self::Skipped;
        }
        let compared = step.explanation().filter(|_| step.kind() == StepKind::Comparison);
        match step.decision().or_else(|| compared.map(Explanation::decision)) {
            Some(decision) => decision.into(),
            None if step.came() == "undetermined" => Self::Undetermined,
            // Only what was refused has a message of AWS's.
            None if step.message().is_some() => Self::Refused,
            None if matches!(step.verdict(), Verdict::Failed) && step.came() == "not taken" => Self::Refused,
            None => Self::Done,
        }
    }

    /// A letter, so that nobody needs to tell colours apart.
    pub(crate) const fn letter(self) -> &'static str {
        match self {
            Self::Allow => "A",
            Self::ImplicitDeny => "I",
            Self::ExplicitDeny => "D",
            Self::Undetermined => "?",
            Self::Refused => "E",
            Self::Done => "✓",
            Self::Skipped => "–",
        }
    }

    /// A name for style sheets.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ImplicitDeny => "implicit-deny",
            Self::ExplicitDeny => "explicit-deny",
            Self::Undetermined => "undetermined",
            Self::Refused => "refused",
            Self::Done => "done",
            Self::Skipped => "skipped",
        }
    }
}

impl From<Decision> for Came {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allow,
            Decision::ImplicitDeny => Self::ImplicitDeny,
            Decision::ExplicitDeny => Self::ExplicitDeny,
            Decision::Undetermined => Self::Undetermined,
        }
    }
}

/// `dev lambda:InvokeFunction on checkout (from home)`.
pub(crate) fn title(step: &StepOutcome) -> String {
    let mut text = match step.who() {
        Some(who) => format!("{who} {}", step.what()),
        None => step.what().to_owned(),
    };
    if let Some(on) = step.on() {
        // Only a question has a resource; other steps have what they are about.
        text.push_str(if step.decision().is_some() || step.what().contains(':') { " on " } else { " " });
        text.push_str(on);
    }
    if let Some(context) = step.context() {
        let _ = write!(text, " ({context})");
    }
    text
}

/// A step's number; `expectation` for what a scenario expects at every step.
pub(crate) fn number(step: &StepOutcome) -> String {
    match step.number() {
        0 => "at every step".to_owned(),
        number => format!("step {number}"),
    }
}

/// Whether it only says that time passes.
pub(crate) fn is_note(step: &StepOutcome) -> bool {
    step.came().is_empty() && step.verdict() == Verdict::Done
}

/// A step among all, by its scenario and its place in it.
pub(crate) type Found<'r> = (usize, &'r Outcome, usize, &'r StepOutcome);

/// Puts together what one step of a file asks several times and what comes out alike, for the same reason.
pub(crate) fn alike<'r>(steps: &[Found<'r>]) -> Vec<Vec<Found<'r>>> {
    let mut groups: Vec<Vec<Found<'r>>> = Vec::new();
    let mut places: BTreeMap<Likeness<'r>, usize> = BTreeMap::new();
    for found in steps {
        let next = groups.len();
        let place = *places.entry(likeness(found)).or_insert(next);
        match groups.get_mut(place) {
            Some(group) => group.push(*found),
            None => groups.push(vec![*found]),
        }
    }
    groups
}

/// What makes two answers alike: the step, what differs, why, and which statements tell.
type Likeness<'r> = (usize, usize, Vec<[&'r str; 3]>, Option<String>, Vec<(Box<str>, Span)>);

fn likeness<'r>((story, _, _, step): &Found<'r>) -> Likeness<'r> {
    let differences = step
        .differences()
        .iter()
        .map(|difference| [difference.what, difference.expected.as_str(), difference.came.as_str()]);
    let why = match step.explanation() {
        Some(explanation) => Some(format!("{:?}", explanation.reason())),
        None => step.because().map(str::to_owned),
    };
    let tells = telling(step).into_iter().map(|telling| (telling.source.name().into(), telling.span));
    (*story, step.number(), differences.collect(), why, tells.collect())
}

/// Steps that need a person's eye, in order, each with its outcome and its place among the steps.
pub(crate) fn with_verdict(outcomes: &[Outcome], verdict: Verdict) -> impl Iterator<Item = Found<'_>> {
    outcomes.iter().enumerate().flat_map(move |(story, outcome)| {
        let steps = outcome.steps().iter().enumerate();
        steps
            .filter(move |(_, step)| step.verdict() == verdict)
            .map(move |(place, step)| (story, outcome, place, step))
    })
}

/// In one sentence: what was expected and what came.
pub(crate) fn verdict_text(step: &StepOutcome) -> String {
    let differences: Vec<String> = step
        .differences()
        .iter()
        .map(|difference| {
            format!("{}: expected {}, got {}", difference.what, difference.expected, difference.came)
        })
        .collect();
    match (differences.as_slice(), step.verdict()) {
        ([], Verdict::Undetermined) => {
            format!("expected {}, and it can't be told", step.expected().unwrap_or("a decision"))
        }
        ([], _) => format!("got {}", step.came()),
        (differences, _) => differences.join("; "),
    }
}

/// A statement that tells why, and what it is to the decision.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// `deciding statement`, or what a near miss says.
    pub(crate) what: String,
    pub(crate) source: Source,
    pub(crate) span: Span,
    /// None where the statement only nearly decided.
    pub(crate) effect: Option<Effect>,
    /// Places inside it that did not fit.
    pub(crate) misfits: Vec<Span>,
}

/// The statements that decided; of an implicit denial the nearest one that might have allowed; of an open
/// question those that could still decide.
pub(crate) fn telling(step: &StepOutcome) -> Vec<Telling> {
    let Some(explanation) = step.explanation() else { return Vec::new() };
    let lets_through = |layer| {
        explanation.decision() == Decision::Allow
            && matches!(layer, Layer::ServiceControl | Layer::ResourceControl)
    };
    let mut found: Vec<Telling> = Vec::new();
    for statement in explanation.deciding() {
        // What only limits goes without saying where it lets the request through.
        if !lets_through(statement.layer) {
            found.push(Telling {
                what: format!("{statement}, {}", explanation.layer_name(statement.layer)),
                source: statement.policy.source().clone(),
                span: statement.span(),
                effect: Some(statement.statement.effect()),
                misfits: Vec::new(),
            });
        }
    }
    for residual in explanation.residuals() {
        let statement = residual.statement;
        let verb = match statement.statement.effect() {
            Effect::Allow => "allows",
            Effect::Deny => "denies",
        };
        found.push(Telling {
            what: format!("{statement} {verb} if what is marked holds"),
            source: statement.policy.source().clone(),
            span: statement.span(),
            effect: None,
            misfits: residual.clauses.iter().map(|clause| clause_span(statement.statement, clause)).collect(),
        });
    }
    if found.is_empty() {
        let near = explanation.near_misses();
        let nearest = near.iter().find_map(|near| Some((near, near_statement(explanation, near)?)));
        if let Some((near, (source, statement, misfits))) = nearest {
            found.push(Telling {
                what: format!("near miss: {}", named(explanation, near, &statement)),
                source,
                span: statement.span(),
                effect: None,
                misfits,
            });
        }
    }
    found
}

/// The statement that a near miss speaks of, and its clauses that did not fit.
fn near_statement(explanation: &Explanation, near: &NearMiss) -> Option<(Source, Statement, Vec<Span>)> {
    let layers = explanation.layers();
    let layer = layers.iter().find(|layer| layer.layer == near.layer())?;
    let policies = layer.levels.iter().flat_map(|level| &level.policies);
    let named = policies.filter(|policy| Some(policy.name) == near.policy_name());
    let mut statements = named.flat_map(|policy| policy.statements.iter().map(move |trace| (policy, trace)));
    let (policy, trace) = statements.find(|(policy, trace)| {
        let place = policy.policy.source().place(trace.statement.span()).to_string();
        Some(trace.index) == near.statement() && Some(place.as_str()) == near.place()
    })?;
    Some((policy.policy.source().clone(), trace.statement.clone(), misfits(trace)))
}

/// A statement as deciding ones are named, with its place.
fn named(explanation: &Explanation, near: &NearMiss, statement: &Statement) -> String {
    let number = near.statement().map_or(0, |index| index + 1);
    let sid = statement.sid().map(|sid| format!(" `{sid}`")).unwrap_or_default();
    let (policy, place) = (near.policy_name().unwrap_or_default(), near.place().unwrap_or_default());
    format!("statement {number}{sid} of {policy} ({place}), {}", explanation.layer_name(near.layer()))
}

fn misfits(trace: &StatementTrace<'_>) -> Vec<Span> {
    let wrong = trace.clauses.iter().filter(|clause| !clause.outcome().is_true());
    wrong.map(|clause| clause_span(trace.statement, clause)).filter(|span| !span.is_empty()).collect()
}

/// Where a clause stands; empty where it stands nowhere.
pub(crate) fn clause_span(statement: &Statement, clause: &ClauseTrace<'_>) -> Span {
    let found = match clause {
        ClauseTrace::Action { .. } => Some(statement.action().span()),
        ClauseTrace::Principal { .. } => statement.principal().map(iamsim_policy::PrincipalClause::span),
        ClauseTrace::Resource { .. } => statement.resource().map(iamsim_policy::ResourceClause::span),
        ClauseTrace::Condition { condition, .. } => Some(condition_span(condition)),
        _ => None,
    };
    found.unwrap_or_default()
}

/// A condition from its key to its last value.
fn condition_span(condition: &Condition) -> Span {
    let key = condition.key_span();
    let end = condition.values().last().map_or(key.end, |value| value.span.end);
    Span::new(key.start, end.max(key.end))
}

/// Every statement of a policy that speaks of the action asked for.
pub(crate) fn relevant<'t, 'e>(policy: &'t PolicyTrace<'e>) -> impl Iterator<Item = &'t StatementTrace<'e>> {
    policy.statements.iter().filter(|trace| !trace.is_about_other_actions())
}
