//! Conditions and principals of a trust policy in few words.

use iamsim_policy::{Comparison, Condition, Effect, PrincipalClause, SetQualifier, Statement};

/// What a statement asks for, one text for each condition: `sts:ExternalId = Unique-7`.
pub(crate) fn conditions(statement: &Statement) -> Vec<String> {
    statement.conditions().iter().map(condition).collect()
}

/// What a Deny of a trust policy forbids, as one more condition of all its edges.
pub(crate) fn denial(statement: &Statement) -> Option<String> {
    if statement.effect() != Effect::Deny {
        return None;
    }
    let mut parts = conditions(statement);
    if let Some(clause) = statement.principal() {
        parts.extend(whom(clause));
    }
    Some(if parts.is_empty() { "never: denied".to_owned() } else { format!("not ({})", parts.join(" and ")) })
}

/// Whom a clause is about, unless it is everyone.
fn whom(clause: &PrincipalClause) -> Option<String> {
    let names: Vec<String> = clause.entries().iter().map(|entry| entry.value.to_string()).collect();
    match (clause.is_negated(), names.iter().any(|name| name == "*")) {
        (false, true) => None,
        (false, false) => Some(format!("caller is {}", names.join(" or "))),
        (true, _) => Some(format!("caller is not {}", names.join(" nor "))),
    }
}

/// Whom a negated clause leaves out.
pub(crate) fn all_but(clause: &PrincipalClause) -> String {
    let names: Vec<String> = clause.entries().iter().map(|entry| entry.value.to_string()).collect();
    format!("everyone but {}", names.join(", "))
}

fn condition(condition: &Condition) -> String {
    let operator = condition.operator();
    let key = condition.key().as_str();
    let values: Vec<&str> = condition.values().iter().map(|listed| listed.value.as_str()).collect();
    if operator.comparison == Comparison::Null {
        let wants_absence = values.iter().any(|value| value.eq_ignore_ascii_case("true"));
        return if wants_absence { format!("no {key}") } else { format!("has {key}") };
    }
    let is_negated = operator.comparison.is_negated();
    let verb = verb(operator.comparison);
    let listed = match values.as_slice() {
        [] => "nothing".to_owned(),
        values => values.join(if is_negated { " nor " } else { " or " }),
    };
    let which = match operator.qualifier {
        Some(SetQualifier::ForAllValues) => "every ",
        Some(SetQualifier::ForAnyValue) => "some ",
        None => "",
    };
    let if_exists = if operator.if_exists { " if present" } else { "" };
    format!("{which}{key} {verb} {listed}{if_exists}")
}

fn verb(comparison: Comparison) -> &'static str {
    use Comparison as C;
    match comparison {
        C::StringEquals | C::NumericEquals | C::DateEquals | C::Bool | C::BinaryEquals => "=",
        C::StringNotEquals | C::NumericNotEquals | C::DateNotEquals => "≠",
        C::StringEqualsIgnoreCase => "= (any case)",
        C::StringNotEqualsIgnoreCase => "≠ (any case)",
        C::StringLike | C::ArnLike | C::ArnEquals => "like",
        C::StringNotLike | C::ArnNotLike | C::ArnNotEquals => "not like",
        C::NumericLessThan | C::DateLessThan => "<",
        C::NumericLessThanEquals | C::DateLessThanEquals => "≤",
        C::NumericGreaterThan | C::DateGreaterThan => ">",
        C::NumericGreaterThanEquals | C::DateGreaterThanEquals => "≥",
        C::IpAddress => "in",
        C::NotIpAddress => "not in",
        C::Null => "is absent:",
    }
}
