//! An entry of `Resource` that another entry of the list contains.

use crate::covers;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "redundant-resource",
    level: Level::Note,
    summary: "a resource that another entry of the same list contains",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        let Some(clause) = statement.statement.resource() else { continue };
        if !facts.affords(clause.patterns().len(), clause.patterns().len()) {
            continue;
        }
        for (index, entry) in clause.patterns().iter().enumerate() {
            let contains = |at: usize, other: &iamsim_policy::ResourcePattern| {
                at != index
                    && covers::resource(other, &entry.value)
                    // Of two that say the same, the later is superfluous.
                    && (at < index || !covers::resource(&entry.value, other))
            };
            let found = clause.patterns().iter().enumerate().find(|(at, other)| contains(*at, &other.value));
            let Some((_, other)) = found else { continue };
            let (wide, narrow) = (other.value.as_str(), entry.value.as_str());
            let message = if wide == narrow {
                format!("`{narrow}` is listed twice")
            } else {
                format!("`{wide}` contains `{narrow}`")
            };
            sink.report(statement, entry.span, message)
                .related_to(other.span, if wide == narrow { "the first" } else { "contains it" })
                .help_with(if wide == narrow { "remove one of them" } else { "remove the narrower entry" });
        }
    }
}
