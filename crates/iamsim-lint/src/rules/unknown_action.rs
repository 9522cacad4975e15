//! An action that AWS's reference does not know: it can't be wrong in AWS, and names nothing.

use iamsim_catalog::Catalog;

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "unknown-action",
    level: Level::Warning,
    summary: "an action that AWS's reference does not know",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for action in &statement.actions {
            if action.pattern.exact().is_none() || !action.entries.is_empty() {
                continue;
            }
            let written = action.pattern.as_str();
            let Some((prefix, name)) = written.split_once(':') else { continue };
            let known = facts.catalog.service(prefix).is_some();
            let message = if known {
                format!("`{prefix}` has no action `{name}`")
            } else {
                format!("no service has the prefix `{prefix}`")
            };
            let near = if sink.is_long() { None } else { nearest(facts.catalog, prefix, name) };
            let help = near.map_or_else(
                || {
                    "check the spelling; AWS's reference leaves out actions that are retired or not documented"
                        .to_owned()
                },
                |meant| format!("did you mean `{meant}`?"),
            );
            sink.report(statement, action.span, message).help_with(help);
        }
    }
}

/// What was most likely meant; of a misspelt prefix only a service that has the action.
fn nearest(catalog: &Catalog, prefix: &str, name: &str) -> Option<String> {
    if catalog.service(prefix).is_some() {
        return catalog.nearest_action(&format!("{prefix}:{name}")).map(|action| action.to_string());
    }
    let service = catalog.nearest_service(prefix)?;
    let meant = catalog.action(&format!("{}:{name}", service.prefix()));
    Some(meant.map_or_else(|| format!("{}:…", service.prefix()), |action| action.to_string()))
}
