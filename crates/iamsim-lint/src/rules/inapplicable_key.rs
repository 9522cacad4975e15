//! A condition key that requests of the statement's actions never hold.

use iamsim_catalog::{ActionEntry, Applicability};
use iamsim_policy::Condition;

use crate::facts::{Facts, StatementFacts};
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "inapplicable-key",
    level: Level::Warning,
    summary: "a condition key that never goes with the actions of its statement",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.statements.iter().filter(|statement| statement.is_closed()) {
        // Each is a look-up, a hundred times a comparison.
        if !facts.affords(statement.entries().count(), 100 * statement.statement.conditions().len()) {
            continue;
        }
        for condition in statement.statement.conditions() {
            judge(facts, statement, condition, sink);
        }
    }
}

fn judge(facts: &Facts<'_>, statement: &StatementFacts<'_>, condition: &Condition, sink: &mut Sink<'_>) {
    let key = condition.key().as_str();
    if facts.catalog.key(key).is_none() {
        return;
    }
    let goes = |entry: ActionEntry<'_>| {
        facts.catalog.applicability(entry, None, key) != Applicability::Never
    };
    if statement.entries().any(goes) {
        return;
    }
    let effect = if presence::demands(condition) {
        let verb = if statement.allows() { "allow" } else { "deny" };
        format!("so the statement can never {verb} anything")
    } else {
        "so the condition says nothing".to_owned()
    };
    let actions = statement.actions.iter().map(|action| action.pattern.as_str());
    sink.report(
        statement,
        condition.key_span(),
        format!("no request of {} holds `{key}`, {effect}", listed(actions)),
    )
    .related_to(statement.statement.action().span(), "the actions")
    .help_with("look up the keys of the action with `iamsim catalog`, or move the condition to actions that have it");
}
