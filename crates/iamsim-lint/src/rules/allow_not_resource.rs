//! `NotResource` with `Allow`: every resource but a list.

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "allow-not-resource",
    level: Level::Warning,
    summary: "`NotResource` with `Allow`: every resource but the list is granted",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.allowing() {
        let Some(clause) = statement.statement.resource().filter(|clause| clause.is_negated()) else { continue };
        sink.report(
            statement,
            clause.span(),
            "this allows the actions on every resource that is not listed, those without an ARN included",
        )
        .help_with("list the resources under `Resource`; to take some away, deny them");
    }
}
