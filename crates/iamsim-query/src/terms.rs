//! On which terms a request is allowed: the conditions that were met, and those it waits for.

use std::fmt;

use iamsim::{Decision, Explanation};
use iamsim_eval::ClauseTrace;
use iamsim_policy::{Condition, Effect};

/// A condition of a statement that an answer rests on or waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Term {
    /// Whether the statement allows or denies.
    pub effect: Effect,
    /// The operator's full name.
    pub operator: String,
    /// The key, as written.
    pub key: String,
    /// The listed values.
    pub values: Vec<String>,
    /// `file:line:column` of the statement.
    pub place: String,
    /// Whether the condition is known to hold; else the answer waits for it.
    pub is_met: bool,
}

impl Term {
    fn new(effect: Effect, condition: &Condition, place: String, is_met: bool) -> Self {
        Self {
            effect,
            operator: condition.operator().to_string(),
            key: condition.key().to_string(),
            values: condition.values().iter().map(|value| value.value.as_str().to_owned()).collect(),
            place,
            is_met,
        }
    }
}

/// `Bool aws:MultiFactorAuthPresent true`, with `not denied by` before a Deny's.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.effect == Effect::Deny {
            f.write_str("not denied by ")?;
        }
        write!(f, "{} {} {}", self.operator, self.key, self.values.join(" | "))
    }
}

/// The conditions on which an answer is *allowed* or may be: of an allowed request those of the Allows it rests
/// on, of an undetermined one those it waits for. A denied request has no terms.
pub fn terms(explanation: &Explanation) -> Vec<Term> {
    let mut terms = Vec::new();
    match explanation.decision() {
        Decision::Allow => {
            for statement in explanation.deciding() {
                for condition in statement.statement.conditions() {
                    let place = statement.place();
                    terms.push(Term::new(statement.statement.effect(), condition, place, true));
                }
            }
        }
        Decision::Undetermined => {
            for residual in explanation.residuals() {
                let statement = &residual.statement;
                for clause in &residual.clauses {
                    if let ClauseTrace::Condition { condition, .. } = clause {
                        let place = statement.place();
                        terms.push(Term::new(statement.statement.effect(), condition, place, false));
                    }
                }
            }
        }
        _ => {}
    }
    terms.sort();
    terms.dedup();
    terms
}
