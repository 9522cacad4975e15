//! A condition key that requests of some of the statement's actions never hold.

use iamsim_catalog::Applicability;

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "partly-inapplicable-key",
    level: Level::Note,
    summary: "a condition key that never goes with some of the actions of its statement",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.statements.iter().filter(|statement| statement.is_closed()) {
        // Each is a look-up, a hundred times a comparison.
        if !facts.affords(statement.entries().count(), 100 * statement.statement.conditions().len()) {
            continue;
        }
        for condition in statement.statement.conditions() {
            let key = condition.key().as_str();
            if !presence::demands(condition) || facts.catalog.key(key).is_none() {
                continue;
            }
            let never = |action: &&crate::facts::ActionFacts<'_>| {
                let mut entries = action.entries.iter();
                entries.all(|entry| facts.catalog.applicability(*entry, None, key) == Applicability::Never)
            };
            let found: Vec<_> = statement.actions.iter().filter(never).collect();
            if found.is_empty() || found.len() == statement.actions.len() {
                continue;
            }
            let verb = if statement.allows() { "allow" } else { "deny" };
            let names = found.iter().map(|action| action.pattern.as_str());
            let them = if found.len() == 1 { "it" } else { "them" };
            let finding = sink.report(
                statement,
                condition.key_span(),
                format!(
                    "requests of {} never hold `{key}`, so this statement can never {verb} {them}",
                    listed(names),
                ),
            );
            for action in found.iter().take(8) {
                finding.related_to(action.span, "never holds the key");
            }
            finding.help_with("move these actions into a statement without the condition, or leave them out");
        }
    }
}
