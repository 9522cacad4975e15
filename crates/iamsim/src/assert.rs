//! Assertions: the message of a failed one is the explanation's canonical text.

use iamsim_eval::{Decision, Explanation, Layer};

use crate::Result;

#[track_caller]
pub(crate) fn allows(asked: &Result<Explanation>) {
    check("allow", asked, |explanation| explanation.decision() == Decision::Allow);
}

#[track_caller]
pub(crate) fn denies(asked: &Result<Explanation>) {
    check("deny", asked, Explanation::is_denied);
}

#[track_caller]
pub(crate) fn denied_by(asked: &Result<Explanation>, layer: Layer) {
    check(&format!("deny by {layer}"), asked, |explanation| {
        explanation.is_denied() && explanation.deciding_layer() == Some(layer)
    });
}

#[track_caller]
pub(crate) fn undetermined(asked: &Result<Explanation>) {
    check("undetermined", asked, |explanation| {
        explanation.decision() == Decision::Undetermined && !explanation.is_denied()
    });
}

#[track_caller]
#[expect(clippy::panic, reason = "an assertion fails by panicking")]
fn check(expected: &str, asked: &Result<Explanation>, holds: impl Fn(&Explanation) -> bool) {
    match asked {
        Ok(explanation) if holds(explanation) => {}
        Ok(explanation) => panic!("expected {expected}, got\n{explanation}"),
        Err(error) => panic!("expected {expected}, but the request can't be asked\n{error:?}"),
    }
}
