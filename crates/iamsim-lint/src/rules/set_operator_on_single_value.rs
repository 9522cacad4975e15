//! `ForAllValues` or `ForAnyValue` on a key that holds one value.

use iamsim_policy::{Comparison, SetQualifier};

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "set-operator-on-single-value",
    level: Level::Warning,
    summary: "`ForAllValues` or `ForAnyValue` on a key that holds one value",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for condition in statement.statement.conditions() {
            let operator = condition.operator();
            let Some(qualifier) = operator.qualifier else { continue };
            let keys = facts.catalog.keys_named(condition.key().as_str());
            let single = !keys.is_empty() && keys.iter().all(|key| !key.value_type().is_multivalued());
            if !single || operator.comparison == Comparison::Null {
                continue;
            }
            let name = qualifier.as_str();
            let without = iamsim_policy::Operator { qualifier: None, ..operator };
            // PE-SET-05
            let consequence = match qualifier {
                SetQualifier::ForAllValues => "which holds when the key is missing",
                SetQualifier::ForAnyValue => "which adds nothing",
            };
            sink.report(
                statement,
                condition.operator_span(),
                format!("`{}` holds one value, and is compared with `{name}`, {consequence}", condition.key()),
            )
            .related_to(condition.key_span(), "holds one value")
            .help_with(format!("write `{without}`"));
        }
    }
}
