//! Text operators on keys that hold ARNs, and ARN operators on keys that hold text.

use iamsim_catalog::BaseType;
use iamsim_policy::Condition;

use super::operator_type::{is_about_arns, misfit};
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "arn-operator",
    level: Level::Note,
    summary: "a text operator on a key that holds an ARN, or an ARN operator on a key that holds text",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for condition in statement.statement.conditions() {
            let operator = condition.operator();
            let Some(found) = misfit(facts, condition) else { continue };
            if !is_about_arns(found, operator.comparison.family()) {
                continue;
            }
            let key = condition.key();
            if found == BaseType::String && holds_arns(facts, condition) {
                continue;
            }
            // PE-ARN-02, PE-ARN-03
            let (message, help) = if found == BaseType::Arn {
                let wildcards = operator.comparison.has_wildcards();
                let crosses = if wildcards { "so a `*` runs across its parts" } else { "letter by letter" };
                (
                    format!("`{key}` holds an ARN, and `{operator}` compares it as text, {crosses}"),
                    "an ARN operator such as `ArnLike` compares part by part",
                )
            } else {
                (
                    format!("`{key}` is documented as text, and `{operator}` matches only what is an ARN of six parts"),
                    "use a text operator such as `StringLike`, unless the key is known to hold ARNs",
                )
            };
            sink.report(statement, condition.operator_span(), message)
                .related_to(condition.key_span(), format!("of type {}", found.as_str()))
                .help_with(help);
        }
    }
}

/// Whether a key whose name its user chooses, such as a tag or an entry of an encryption context, is compared with
/// ARNs only: what it holds is the user's business, and then it holds ARNs.
fn holds_arns(facts: &Facts<'_>, condition: &Condition) -> bool {
    facts.catalog.key(condition.key().as_str()).is_some_and(iamsim_catalog::KeyEntry::is_pattern)
        && condition.values().iter().all(|value| value.value.as_str().starts_with("arn:"))
}
