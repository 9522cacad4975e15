//! A statement whose every request another statement denies.

use crate::covers;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "dead-statement",
    level: Level::Warning,
    summary: "a statement that allows only what another statement denies",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if facts.statements.iter().all(crate::facts::StatementFacts::allows) || !facts.affords_statements() {
        return;
    }
    for statement in facts.allowing() {
        let mut denying = facts.statements.iter().filter(|other| !other.allows());
        if let Some(other) = denying.find(|other| covers::statement(other.statement, statement.statement)) {
            sink.report(
                statement,
                statement.statement.action().span(),
                format!("everything this allows is denied by statement {}", other.number),
            )
            .related_to(other.statement.action().span(), "denied here")
            .help_with("an explicit deny always wins: remove one of the two, or narrow the deny");
        }
    }
}
