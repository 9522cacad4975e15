//! Assertions: the message of a failed one is the explanation's canonical text.

use std::fmt::Write as _;

use iamsim_eval::{Decision, Explanation, Layer};

use crate::{Result, Warning};

#[track_caller]
pub(crate) fn allows(asked: &Asked) {
    check("allow", asked, is_allowed);
}

#[track_caller]
pub(crate) fn denies(asked: &Asked) {
    check("deny", asked, Explanation::is_denied);
}

#[track_caller]
pub(crate) fn denied_by(asked: &Asked, layer: Layer) {
    check(&format!("deny by {layer}"), asked, |explanation| is_denied_by(explanation, layer));
}

#[track_caller]
pub(crate) fn undetermined(asked: &Asked) {
    check("undetermined", asked, is_undetermined);
}

pub(crate) fn is_allowed(explanation: &Explanation) -> bool {
    explanation.decision() == Decision::Allow
}

pub(crate) fn is_denied_by(explanation: &Explanation, layer: Layer) -> bool {
    explanation.is_denied() && explanation.deciding_layer() == Some(layer)
}

pub(crate) fn is_undetermined(explanation: &Explanation) -> bool {
    explanation.decision() == Decision::Undetermined && !explanation.is_denied()
}

/// An answer, and what is odd about its question.
pub(crate) struct Asked {
    pub(crate) answer: Result<Explanation>,
    pub(crate) warnings: Vec<Warning>,
}

#[track_caller]
#[expect(clippy::panic, reason = "an assertion fails by panicking")]
fn check(expected: &str, asked: &Asked, holds: impl Fn(&Explanation) -> bool) {
    match &asked.answer {
        Ok(explanation) if holds(explanation) => {}
        Ok(explanation) => {
            let mut warnings = String::new();
            for warning in &asked.warnings {
                let _ = writeln!(warnings, "warning: {warning}");
            }
            panic!("expected {expected}, got\n{explanation}{warnings}")
        }
        Err(error) => panic!("expected {expected}, but the request can't be asked\n{error:?}"),
    }
}
