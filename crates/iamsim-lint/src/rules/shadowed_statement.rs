//! A statement that says nothing another does not say.

use crate::covers;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "shadowed-statement",
    level: Level::Note,
    summary: "a statement that another with the same effect makes superfluous",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if !facts.affords_statements() {
        return;
    }
    for statement in &facts.statements {
        let shadows = |other: &&crate::facts::StatementFacts<'_>| {
            other.number != statement.number
                && other.allows() == statement.allows()
                && covers::statement(other.statement, statement.statement)
                // Of two that say the same, the later is superfluous.
                && (other.number < statement.number
                    || !covers::statement(statement.statement, other.statement))
        };
        if let Some(other) = facts.statements.iter().find(shadows) {
            let effect = if statement.allows() { "allows" } else { "denies" };
            sink.report(
                statement,
                statement.statement.action().span(),
                format!("statement {} already {effect} everything this {effect}", other.number),
            )
            .related_to(other.statement.action().span(), format!("{effect} it all"))
            .help_with("remove this statement");
        }
    }
}
