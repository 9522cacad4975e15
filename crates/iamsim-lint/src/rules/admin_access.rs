//! Everything on everything.

use iamsim_policy::Span;

use crate::facts::{Facts, StatementFacts};
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "admin-access",
    level: Level::Note,
    summary: "every action on every resource, without a condition",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if !facts.is_identity() {
        return;
    }
    for statement in facts.allowing() {
        if let Some(span) = grants_everything(statement) {
            sink.report(statement, span, "this allows every action on every resource")
                .help_with("say what the holder needs; for administrators, attach AWS's `AdministratorAccess`");
        }
    }
}

/// Whether the holder of the policy can do anything already, whatever else it says.
pub(super) fn is_admin(facts: &Facts<'_>) -> bool {
    facts.allowing().any(|statement| grants_everything(statement).is_some())
}

fn grants_everything(statement: &StatementFacts<'_>) -> Option<Span> {
    let open = !statement.is_not_action()
        && statement.statement.conditions().is_empty()
        && statement.statement.resource().is_some()
        && statement.names_any_resource();
    statement.actions.iter().find(|action| open && action.pattern.is_any()).map(|action| action.span)
}
