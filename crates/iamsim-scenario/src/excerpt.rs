//! A failure with its source lines, as rustc draws its own errors: what was expected, the statement that
//! decided, and what is missing.

use annotate_snippets::{AnnotationKind, Group, Level};
use iamsim::{Decision, Explanation, StatementRef};
use iamsim_policy::{Effect, Source, Span};

use crate::judge::telling;
use crate::outcome::{StepKind, StepOutcome, Verdict};
use crate::render::{Colour, Mark, drawn, first_line, range, snippet};

/// So many statements are shown of a decision, and so many near misses told.
const SHOWN: usize = 3;

/// A statement of more lines is shown by its first.
const MANY_LINES: usize = 12;

/// Draws a step that failed or could not be told: what was expected where, the statements that decided as they
/// stand in their policies, and the near misses. None for a step that did not fail. The text has no final line
/// break.
///
/// ```
/// use iamsim_scenario::{Colour, Scenario, Source, excerpt, no_files};
///
/// let text = r#"{
///   "scenario": "Expected wrongly",
///   "accounts": { "111122223333": { "users": { "dev": { "policies": { "list": {
///     "Version": "2012-10-17",
///     "Statement": { "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*" }
///   } } } } } },
///   "steps": [
///     { "as": "dev", "do": "iam:ListUsers", "expect": "deny" }
///   ]
/// }"#;
/// let scenario = Scenario::parse(&Source::new("story.json", text), &mut no_files).unwrap();
/// let outcome = scenario.run().unwrap();
/// assert_eq!(excerpt(&outcome.steps()[0], Colour::Off).unwrap(), "\
/// error: step 1 failed: dev iam:ListUsers
///  --> story.json:8:53
///   |
/// 8 |     { \"as\": \"dev\", \"do\": \"iam:ListUsers\", \"expect\": \"deny\" }
///   |                                                     ^^^^^^ expected deny, came allow
///   |
///  ::: story.json:5:18
///   |
/// 5 |     \"Statement\": { \"Effect\": \"Allow\", \"Action\": \"iam:ListUsers\", \"Resource\": \"*\" }
///   |                  ----------------------------------------------------------------- this statement of list allows it
///   |
///   = note: because an identity-based policy allows the iam:ListUsers action: story.json:5:18");
/// ```
pub fn excerpt(step: &StepOutcome, colour: Colour) -> Option<String> {
    if !matches!(step.verdict(), Verdict::Failed | Verdict::Undetermined) {
        return None;
    }
    let title = title(step);
    let level = if step.verdict() == Verdict::Failed { Level::ERROR } else { Level::WARNING };
    let place = step.expect_place().unwrap_or(step.place());
    let came = came(step);
    let expectation = Mark {
        range: first_line(place.span, place.source.text()),
        kind: AnnotationKind::Primary,
        label: Some(&came),
    };
    let mut group = Group::with_title(level.primary_title(&title));
    group = group.elements(snippet(&place.source, &[expectation]));
    let statements = statements(step);
    for statement in statements.iter().take(SHOWN) {
        let (source, span) = (&statement.source, statement.span);
        let lines = source.text_of(span).lines().count();
        let range = if lines > MANY_LINES { first_line } else { range };
        let mark = Mark {
            range: range(span, source.text()),
            kind: AnnotationKind::Context,
            label: Some(&statement.label),
        };
        group = group.elements(snippet(source, &[mark]));
    }
    let notes = notes(step, statements.len());
    for note in &notes {
        group = group.element(Level::NOTE.message(note));
    }
    let near_misses = near_misses(step);
    for near_miss in &near_misses {
        group = group.element(Level::HELP.message(near_miss));
    }
    Some(drawn(group, colour))
}

/// A statement, and what it has to do with the failure.
struct Shown {
    source: Source,
    span: Span,
    label: String,
}

fn title(step: &StepOutcome) -> String {
    let verdict = match step.verdict() {
        Verdict::Failed => "failed",
        _ => "can't be told",
    };
    let which = match (step.kind(), step.number()) {
        (kind @ (StepKind::Never | StepKind::Always), _) => format!("`{}`", kind.as_str()),
        (_, number) => format!("step {number}"),
    };
    let mut text = format!("{which} {verdict}:");
    for part in [step.who(), Some(step.what())].into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    for (before, part) in [(" on ", step.on()), (" in the context ", step.context())] {
        if let Some(part) = part {
            text.push_str(before);
            text.push_str(part);
        }
    }
    if let Some(name) = step.name() {
        text.push_str(" (");
        text.push_str(name);
        text.push(')');
    }
    text
}

/// What was expected and what came, in one line.
fn came(step: &StepOutcome) -> String {
    let differences = step.differences().iter().map(|difference| {
        let what = match difference.what {
            "decision" | "error" | "change" => String::new(),
            what => format!("{what}: "),
        };
        format!("{what}expected {}, came {}", difference.expected, difference.came)
    });
    let differences: Vec<String> = differences.collect();
    if differences.is_empty() {
        let expected = step.expected().unwrap_or("a decision");
        return format!("expected {expected}, came {}", step.came());
    }
    differences.join("; ")
}

/// The statements that decided, or could still decide, and those that nearly did.
fn statements(step: &StepOutcome) -> Vec<Shown> {
    let Some(explanation) = step.explanation() else { return Vec::new() };
    let shown = |statement: &StatementRef<'_>, what: &str| Shown {
        source: statement.policy.source().clone(),
        span: statement.span(),
        label: format!("this statement of {} {what}", statement.policy_name),
    };
    let statements: Vec<Shown> = match explanation.decision() {
        Decision::Allow => {
            telling(explanation).iter().map(|statement| shown(statement, "allows it")).collect()
        }
        Decision::ExplicitDeny => {
            telling(explanation).iter().map(|statement| shown(statement, "denies it")).collect()
        }
        Decision::Undetermined => {
            let residuals = explanation.residuals();
            let waits = |effect| if effect == Effect::Allow { "might allow it" } else { "might deny it" };
            let mut shown = residuals.iter().map(|residual| {
                let effect = residual.statement.statement.effect();
                shown(&residual.statement, waits(effect))
            });
            shown.by_ref().collect()
        }
        Decision::ImplicitDeny => nearly(explanation),
    };
    // One policy may count in several places.
    let mut shown: Vec<Shown> = Vec::new();
    for statement in statements {
        if !shown.iter().any(|known| known.span == statement.span && known.source == statement.source) {
            shown.push(statement);
        }
    }
    shown
}

/// The statements that would allow, but for a clause or two.
fn nearly(explanation: &Explanation) -> Vec<Shown> {
    let layers = explanation.layers();
    let mut statements = Vec::new();
    for near in explanation.near_misses() {
        let (Some(index), Some(name)) = (near.statement(), near.policy_name()) else { continue };
        let policies = layers
            .iter()
            .filter(|layer| layer.layer == near.layer())
            .flat_map(|layer| layer.levels.iter().flat_map(|level| &level.policies));
        let found = policies
            .filter(|policy| policy.name == name)
            .find_map(|policy| policy.policy.statements().get(index).map(|found| (policy.policy, found)));
        if let Some((policy, statement)) = found {
            statements.push(Shown {
                source: policy.source().clone(),
                span: statement.span(),
                label: format!("this statement of {name} would nearly allow it"),
            });
        }
    }
    statements
}

fn notes(step: &StepOutcome, statements: usize) -> Vec<String> {
    let mut notes: Vec<String> = step.because().map(str::to_owned).into_iter().collect();
    if statements > SHOWN {
        notes.push(format!("and {} more statements", statements - SHOWN));
    }
    notes
}

/// What would have made it come out otherwise, but for what the reason says already.
fn near_misses(step: &StepOutcome) -> Vec<String> {
    let Some(explanation) = step.explanation() else { return Vec::new() };
    let told = step.because().unwrap_or_default();
    let near_misses = explanation.near_misses();
    let new = near_misses.iter().filter(|near| near.place().is_none_or(|place| !told.contains(place)));
    new.take(SHOWN).map(|near| format!("near miss: {near}")).collect()
}
