//! `ForAllValues` in a statement that allows, with nothing that demands the key: it holds when the key is missing.

use iamsim_catalog::Applicability;
use iamsim_policy::{Comparison, SetQualifier};

use crate::facts::{Facts, StatementFacts};
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "for-all-values-allow",
    level: Level::Warning,
    summary: "`ForAllValues` in an `Allow` without a `Null` condition: it holds when the key is missing",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.allowing() {
        for condition in statement.statement.conditions() {
            let operator = condition.operator();
            let key = condition.key();
            let compares = operator.qualifier == Some(SetQualifier::ForAllValues)
                && operator.comparison != Comparison::Null;
            if !compares
                || presence::is_guarded(statement.statement, key.folded())
                || is_a_required_parameter(facts, statement, key.as_str())
            {
                continue;
            }
            let keys = facts.catalog.keys_named(key.as_str());
            if !keys.is_empty() && keys.iter().all(|key| !key.value_type().is_multivalued()) {
                // Said by the rule on set operators and single values.
                continue;
            }
            // PE-SET-09
            let finding = sink.report(
                statement,
                condition.operator_span(),
                format!("this holds for every request without `{key}`"),
            );
            finding.related_to(condition.key_span(), "may be missing").help_with(format!(
                "add `\"Null\": {{\"{key}\": \"false\"}}` if a request without it should not be allowed"
            ));
            if key.folded() == "aws:tagkeys" {
                // A request without tags can't break a rule about tags.
                finding.lowered_to_note();
            }
        }
    }
}

/// Keys that hold a parameter without which the request is none: every request of the actions they are listed for
/// has them.
const REQUIRED_PARAMETERS: &[&str] = &[
    "kms:GrantOperations",
    "route53:ChangeResourceRecordSetsActions",
    "route53:ChangeResourceRecordSetsNormalizedRecordNames",
    "route53:ChangeResourceRecordSetsRecordTypes",
];

fn is_a_required_parameter(facts: &Facts<'_>, statement: &StatementFacts<'_>, key: &str) -> bool {
    REQUIRED_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(key))
        && statement.is_closed()
        && statement
            .entries()
            .all(|entry| facts.catalog.applicability(entry, None, key) == Applicability::Listed)
}
