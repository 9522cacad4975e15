//! A negated operator in a statement that allows: it holds when the key is missing.

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "allow-negated-condition",
    level: Level::Warning,
    summary: "a negated operator in an `Allow`: it holds when the key is missing",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.allowing() {
        for condition in statement.statement.conditions() {
            let operator = condition.operator();
            let key = condition.key();
            if !operator.comparison.is_negated()
                || operator.qualifier.is_some()
                || presence::is_always_present(key.folded())
                || presence::is_guarded(statement.statement, key.folded())
            {
                continue;
            }
            // PE-MIS-08
            sink.report(
                statement,
                condition.operator_span(),
                format!("this holds for every request without `{key}`, and the statement then allows it"),
            )
            .related_to(condition.key_span(), "may be missing")
            .help_with(format!(
                "add `\"Null\": {{\"{key}\": \"false\"}}`, or allow broadly and deny what is listed"
            ));
        }
    }
}
