//! Conditions on MFA that a user's long-term access keys pass.
//!
//! A request signed with long-term keys holds none of the MFA keys (PE-KEY-22, PE-KEY-23), so what is compared
//! with a missing key decides.

use iamsim_policy::{Comparison, Condition, Family, Statement};

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "mfa-long-term-keys",
    level: Level::Warning,
    summary: "a condition on MFA that long-term access keys pass",
    check,
};

const PRESENT: &str = "aws:multifactorauthpresent";
const AGE: &str = "aws:multifactorauthage";

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for condition in statement.statement.conditions() {
            let key = condition.key().folded();
            if key != PRESENT && key != AGE || condition.operator().comparison == Comparison::Null {
                continue;
            }
            if statement.allows() {
                if asks_for_mfa(condition)
                    && !presence::demands(condition)
                    && !presence::demanded(statement.statement, is_of_temporary_credentials)
                {
                    sink.report(
                        statement,
                        condition.operator_span(),
                        format!("long-term access keys hold no `{}`, so this holds for them", condition.key()),
                    )
                    .help_with("use the operator without `IfExists`: it fails when the key is missing");
                }
            } else if refuses_without_mfa(condition)
                && presence::demands(condition)
                && !presence::demanded(statement.statement, is_of_temporary_credentials_only)
                && !facts.statements.iter().any(|other| !other.allows() && catches_the_missing(other.statement))
            {
                sink.report(
                    statement,
                    condition.operator_span(),
                    format!(
                        "long-term access keys hold no `{}`, so they are not denied here",
                        condition.key()
                    ),
                )
                .help_with(if key == PRESENT {
                    "use `BoolIfExists`: it denies when the key is missing"
                } else {
                    "use the operator with `IfExists`: it denies when the key is missing"
                });
            }
        }
    }
}

/// Keys that long-term credentials never hold.
fn is_of_temporary_credentials(key: &str) -> bool {
    key == PRESENT || key == AGE || is_of_temporary_credentials_only(key)
}

fn is_of_temporary_credentials_only(key: &str) -> bool {
    key == "aws:tokenissuetime" || key == "aws:sourceidentity"
}

/// `true` for the presence, a recent age.
fn asks_for_mfa(condition: &Condition) -> bool {
    match condition.operator().comparison {
        Comparison::NumericLessThan | Comparison::NumericLessThanEquals => true,
        _ => has_value(condition, "true"),
    }
}

/// `false` for the presence, an old age.
fn refuses_without_mfa(condition: &Condition) -> bool {
    match condition.operator().comparison {
        Comparison::NumericGreaterThan | Comparison::NumericGreaterThanEquals => true,
        _ => has_value(condition, "false"),
    }
}

fn has_value(condition: &Condition, wanted: &str) -> bool {
    matches!(condition.operator().comparison.family(), Family::Bool | Family::String)
        && condition.values().iter().any(|value| value.value.as_str().eq_ignore_ascii_case(wanted))
}

/// Whether a statement that denies has a condition that a missing MFA key meets.
fn catches_the_missing(statement: &Statement) -> bool {
    statement.conditions().iter().any(|condition| {
        let key = condition.key().folded();
        let operator = condition.operator();
        let of_null = operator.comparison == Comparison::Null
            && condition.values().iter().any(|value| value.value.as_str().eq_ignore_ascii_case("true"));
        let if_exists = operator.if_exists && refuses_without_mfa(condition);
        (key == PRESENT || key == AGE) && (of_null || if_exists)
    })
}
