//! A key that holds several values, compared without `ForAllValues` or `ForAnyValue`.

use iamsim_policy::Comparison;

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "missing-set-operator",
    level: Level::Warning,
    summary: "a key that holds several values, compared without a set operator",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for condition in statement.statement.conditions() {
            let operator = condition.operator();
            let keys = facts.catalog.keys_named(condition.key().as_str());
            let several = !keys.is_empty() && keys.iter().all(|key| key.value_type().is_multivalued());
            if !several || operator.qualifier.is_some() || operator.comparison == Comparison::Null {
                continue;
            }
            // PE-SET-06
            sink.report(
                statement,
                condition.operator_span(),
                format!("`{}` holds several values, and `{operator}` compares one", condition.key()),
            )
            .related_to(condition.key_span(), "holds several values")
            .help_with(format!(
                "write `ForAnyValue:{operator}` if one value is enough, `ForAllValues:{operator}` if all must comply"
            ));
        }
    }
}
