//! An operator that compares another type than the key holds.

use iamsim_catalog::BaseType;
use iamsim_policy::{Condition, Family};

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "operator-type",
    level: Level::Warning,
    summary: "an operator that compares another type than the key holds",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for condition in statement.statement.conditions() {
            let Some(found) = misfit(facts, condition) else { continue };
            if is_about_arns(found, condition.operator().comparison.family()) {
                continue;
            }
            sink.report(
                statement,
                condition.operator_span(),
                format!(
                    "`{}` holds values of type {}, and `{}` compares another",
                    condition.key(),
                    found.as_str(),
                    condition.operator()
                ),
            )
            .related_to(condition.key_span(), format!("of type {}", found.as_str()))
            .help_with(format!("use {}", operators_for(found)));
        }
    }
}

/// The type of the key, when it is known and the operator is for another.
pub(super) fn misfit(facts: &Facts<'_>, condition: &Condition) -> Option<BaseType> {
    let family = condition.operator().comparison.family();
    let keys = facts.catalog.keys_named(condition.key().as_str());
    let types: Vec<BaseType> = keys.iter().map(|key| key.value_type().base()).collect();
    if types.iter().any(|base| fits(*base, family)) {
        return None;
    }
    types.first().copied()
}

fn fits(base: BaseType, family: Family) -> bool {
    match family {
        Family::Null => true,
        Family::String => base == BaseType::String,
        Family::Arn => base == BaseType::Arn,
        Family::Bool => base == BaseType::Bool,
        // `aws:EpochTime` is a date in seconds.
        Family::Numeric => matches!(base, BaseType::Numeric | BaseType::Date),
        Family::Date => base == BaseType::Date,
        Family::Ip => base == BaseType::IpAddress,
        Family::Binary => base == BaseType::Binary,
    }
}

/// Text operators on ARNs, and the reverse: a rule of its own, because both can be meant.
pub(super) fn is_about_arns(base: BaseType, family: Family) -> bool {
    matches!((base, family), (BaseType::Arn, Family::String) | (BaseType::String, Family::Arn))
}

fn operators_for(base: BaseType) -> &'static str {
    match base {
        BaseType::String => "an operator for text, such as `StringEquals`",
        BaseType::Arn => "an operator for ARNs, such as `ArnLike`",
        BaseType::Bool => "`Bool`",
        BaseType::Numeric => "an operator for numbers, such as `NumericLessThan`",
        BaseType::Date => "an operator for dates, such as `DateLessThan`",
        BaseType::IpAddress => "`IpAddress` or `NotIpAddress`",
        _ => "`BinaryEquals`",
    }
}
