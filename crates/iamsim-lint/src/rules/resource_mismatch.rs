//! An action that none of the statement's resources fits.

use super::targets::targets;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "resource-mismatch",
    level: Level::Warning,
    summary: "an action that is asked on none of the resources listed with it",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for targets in targets(facts) {
        // Where no resource fits any action, the resources are what is wrong.
        if targets.resources.iter().all(|(_, _, used)| !used) {
            continue;
        }
        let verb = if targets.statement.allows() { "allow" } else { "deny" };
        for target in targets.actions.iter().filter(|target| !target.meets && !target.wildcard_only) {
            let written = target.action.pattern.as_str();
            let mut formats: Vec<&str> = Vec::new();
            for on in target.action.entries.iter().flat_map(|entry| entry.resources()) {
                let format = on.resource_type().arn_format();
                if !formats.contains(&format) {
                    formats.push(format);
                }
            }
            let finding = sink.report(
                targets.statement,
                target.action.span,
                format!(
                    "`{written}` is asked on none of the resources listed, so this statement can never {verb} it"
                ),
            );
            if let Some(clause) = targets.statement.statement.resource() {
                finding.related_to(clause.span(), "the resources");
            }
            finding.help_with(format!("it is asked on {}", listed(formats)));
        }
    }
}
