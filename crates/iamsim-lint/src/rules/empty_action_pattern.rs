//! A pattern of actions that matches none of those AWS's reference knows.

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "empty-action-pattern",
    level: Level::Warning,
    summary: "a pattern that matches no action AWS's reference knows",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for action in &statement.actions {
            let pattern = action.pattern;
            if pattern.exact().is_some() || pattern.is_any() || pattern.is_inert() || !action.entries.is_empty() {
                continue;
            }
            let written = pattern.as_str();
            let long = sink.is_long();
            let prefix = pattern.service().unwrap_or_default();
            let finding = if facts.catalog.service(prefix).is_some() {
                sink.report(statement, action.span, format!("`{written}` matches no action of `{prefix}`"))
            } else {
                sink.report(statement, action.span, format!("no service has the prefix `{prefix}`"))
            };
            match (!long).then(|| facts.catalog.nearest_service(prefix)).flatten().filter(|near| near.prefix() != prefix) {
                Some(near) => finding.help_with(format!("did you mean `{near}`?")),
                None => finding.help_with(
                    "check the spelling; AWS's reference leaves out actions that are retired or not documented",
                ),
            };
        }
    }
}
