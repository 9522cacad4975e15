//! Actions that are asked with `*` only, in a statement that names ARNs: the statement never speaks of them.

use super::targets::targets;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "wildcard-only-action",
    level: Level::Warning,
    summary: "an action that is asked with `*` only, on resources that are not `*`",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for targets in targets(facts) {
        let verb = if targets.statement.allows() { "allow" } else { "deny" };
        let found: Vec<_> =
            targets.actions.iter().filter(|target| target.wildcard_only && !target.meets).collect();
        let Some(first) = found.first() else { continue };
        let names = found.iter().map(|target| target.action.pattern.as_str());
        let (is, are) = if found.len() == 1 { ("has", "it") } else { ("have", "them") };
        let finding = sink.report(
            targets.statement,
            first.action.span,
            format!(
                "{} {is} no resource but `*`, so this statement can never {verb} {are}",
                listed(names)
            ),
        );
        for other in found.iter().skip(1).take(8) {
            finding.related_to(other.action.span, "asked with `*` only");
        }
        if let Some(clause) = targets.statement.statement.resource() {
            finding.related_to(clause.span(), "no entry here is `*`");
        }
        finding.help_with(if found.len() == targets.actions.len() {
            "write `\"Resource\": \"*\"`"
        } else if found.len() == 1 {
            "move it into a statement of its own with `\"Resource\": \"*\"`"
        } else {
            "move them into a statement of their own with `\"Resource\": \"*\"`"
        });
    }
}
