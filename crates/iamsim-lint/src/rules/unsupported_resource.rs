//! A resource that no action of the statement is asked on.

use super::targets::targets;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "unsupported-resource",
    level: Level::Warning,
    summary: "a resource of a type that no listed action supports",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for targets in targets(facts) {
        // Where no action has resources at all, that is what must be said.
        if targets.actions.iter().all(|target| target.wildcard_only) {
            continue;
        }
        for (written, span, used) in &targets.resources {
            if *used {
                continue;
            }
            let finding = sink.report(
                targets.statement,
                *span,
                format!("no action of this statement is asked on a resource like `{written}`"),
            );
            let mut types: Vec<String> = Vec::new();
            for on in targets.statement.entries().flat_map(iamsim_catalog::ActionEntry::resources) {
                let format = on.resource_type().arn_format().to_owned();
                if !types.contains(&format) {
                    types.push(format);
                }
            }
            finding.help_with(format!("its actions are asked on {}", listed(types.iter().map(String::as_str))));
        }
    }
}
