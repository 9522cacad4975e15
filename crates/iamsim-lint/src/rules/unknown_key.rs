//! A condition key, in a condition or as a policy variable, that AWS's reference does not know.

use iamsim_policy::{ContextKey, Span};

use crate::facts::{Facts, StatementFacts};
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "unknown-key",
    level: Level::Warning,
    summary: "a condition key or policy variable that AWS's reference does not know",
    check,
};

/// Claims that tokens of every OIDC provider hold, and that AWS makes keys of without listing them for each.
const EVERY_PROVIDERS: &[&str] = &["amr", "aud", "azp", "email", "iss", "oaud", "sub"];

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        for condition in statement.statement.conditions() {
            judge(facts, statement, condition.key(), condition.key_span(), sink);
            for value in condition.values() {
                for variable in value.value.template().into_iter().flat_map(iamsim_policy::Template::variables) {
                    judge(facts, statement, variable, value.span, sink);
                }
            }
        }
        for (pattern, span) in statement.only_arns().unwrap_or_default() {
            for variable in pattern.resource().variables() {
                judge(facts, statement, variable, span, sink);
            }
        }
    }
}

fn judge(
    facts: &Facts<'_>,
    statement: &StatementFacts<'_>,
    key: &ContextKey,
    span: Span,
    sink: &mut Sink<'_>,
) {
    let written = key.as_str();
    // A template's own placeholder, which something fills in before AWS sees the document.
    if written.contains("${") || facts.catalog.key(written).is_some() {
        return;
    }
    let prefix = written.split_once(':').map_or("", |(prefix, _)| prefix);
    let near = (!sink.is_long()).then(|| facts.catalog.nearest_key(written)).flatten().map(iamsim_catalog::KeyEntry::name);
    // The claims of an identity provider are the provider's, under its own host name.
    let of_the_same = |near: &str| {
        near.split_once(':').is_some_and(|(other, _)| other.eq_ignore_ascii_case(prefix))
    };
    let is_claim = |claim: &&str| written.get(prefix.len() + 1..).is_some_and(|name| name.eq_ignore_ascii_case(claim));
    if prefix.contains('.') && (!near.is_some_and(of_the_same) || EVERY_PROVIDERS.iter().any(is_claim)) {
        return;
    }
    // A variable without a vendor is the placeholder of some template.
    let is_variable = !statement.statement.conditions().iter().any(|found| found.key_span() == span);
    if prefix.is_empty() && near.is_none() && is_variable {
        return;
    }
    let finding = sink.report(
        statement,
        span,
        format!("AWS's reference knows no condition key `{written}`, so no request is known to hold it"),
    );
    match near {
        Some(near) => finding.help_with(format!("did you mean `{near}`?")),
        None => finding.help_with("check the spelling; a condition on a missing key holds or fails for everybody"),
    };
}
