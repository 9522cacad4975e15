//! Role trust policies: `CreateRole` and `UpdateAssumeRolePolicy`.
//!
//! Recorded from AWS: the answers to what is not JSON (TRU-20), to an action outside the family (TRU-21) and
//! to `Resource` (TRU-22). The rest is reported (TRU-25, TRU-27, TRU-35) or inferred (CONF-03), and so is the
//! order.

use crate::action::Action;
use crate::diagnostic::Code;
use crate::json::{Node, Value};
use crate::operator::{Comparison, SetQualifier};
use crate::policy::{Effect, Policy, PolicyKind, Statement};
use crate::principal::PrincipalPattern;
use crate::source::Source;

use super::identity::{malformed, sids};
use super::{
    GuardedIssuer, WriteRefusal, entries, iam_characters, member, parsed, statements, unknown_principals,
    value,
};

pub(super) fn check(
    source: &Source,
    issuers: &[GuardedIssuer],
    exists: &dyn Fn(&PrincipalPattern) -> bool,
) -> Result<Policy, WriteRefusal> {
    iam_characters(source, "assumeRolePolicyDocument")?;
    let document = parsed(source, || malformed("This policy contains invalid Json"))?;
    let statements = statements(&document);
    for statement in statements {
        if member(statement, "Resource").or_else(|| member(statement, "NotResource")).is_some() {
            return Err(malformed("Has prohibited field Resource"));
        }
        if member(statement, "NotPrincipal").is_some() {
            return Err(malformed("Has prohibited field NotPrincipal"));
        }
        if matches!(statement.value, Value::Object(_)) && member(statement, "Principal").is_none() {
            return Err(malformed("Missing required field Principal")); // TRU-23
        }
    }
    sids(statements)?;
    if statements.iter().flat_map(|statement| entries(statement, ["Action", "NotAction"])).any(not_assuming) {
        return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
    }
    for statement in statements {
        principal_forms(statement)?;
    }
    let policy = Policy::from_node(PolicyKind::RoleTrust, source, &document).map_err(|error| {
        let of_action = |code| matches!(code, Code::TrustAction | Code::InvalidAction);
        malformed(if error.diagnostics().iter().any(|finding| of_action(finding.code())) {
            "AssumeRole policy may only specify STS AssumeRole actions."
        } else {
            "Syntax errors in policy."
        })
    })?;
    if let Some(unknown) = unknown_principals(&policy, exists) {
        return Err(invalid_principal(unknown_key(unknown), &unknown.to_string())); // TRU-25
    }
    for statement in policy.statements() {
        guard(statement, issuers)?;
    }
    Ok(policy)
}

/// `*` is no STS action; whether IAM takes `sts:*` is not recorded, and the double takes it.
fn not_assuming(action: &str) -> bool {
    !action.split_once(':').is_some_and(|(vendor, _)| vendor.eq_ignore_ascii_case("sts"))
}

fn invalid_principal(key: &str, value: &str) -> WriteRefusal {
    malformed(format!("Invalid principal in policy: \"{key}\":\"{value}\""))
}

fn unknown_key(principal: &PrincipalPattern) -> &'static str {
    match principal {
        PrincipalPattern::Service(_) => "SERVICE",
        PrincipalPattern::Federated(_) => "FEDERATED",
        _ => "AWS",
    }
}

/// TRU-27 to TRU-30
fn principal_forms(statement: &Node<'_>) -> Result<(), WriteRefusal> {
    let Some(principal) = value(statement, "Principal") else { return Ok(()) };
    if matches!(&principal.value, Value::String(text) if text == "*") {
        return Err(malformed("AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\"."));
    }
    let named_by_arn =
        |text: &str| text.starts_with("arn:") && !text.contains(['*', '?']) && !text.contains(":group/");
    let aws = |text: &str| {
        let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        text == "*" || digits || text.starts_with("AIDA") || text.starts_with("AROA") || named_by_arn(text)
    };
    if let Some(bad) = value(principal, "AWS").and_then(|node| super::texts(node).find(|text| !aws(text))) {
        return Err(invalid_principal("AWS", bad));
    }
    let service = |text: &str| {
        // TRU-30: by form only; `amazonaws.com.cn` and its like belong to other partitions.
        text.split_once(".amazonaws.com").is_some_and(|(name, rest)| {
            !name.is_empty() && (rest.is_empty() || rest.starts_with('.')) && !text.contains(['*', '?', ' '])
        })
    };
    if let Some(bad) =
        value(principal, "Service").and_then(|node| super::texts(node).find(|text| !service(text)))
    {
        return Err(invalid_principal("SERVICE", bad));
    }
    Ok(())
}

/// TRU-35: a provider that many tenants share must be narrowed down by a claim.
fn guard(statement: &Statement, issuers: &[GuardedIssuer]) -> Result<(), WriteRefusal> {
    let web_identity = "sts:AssumeRoleWithWebIdentity".parse::<Action>();
    let allows = statement.effect() == Effect::Allow
        && web_identity.is_ok_and(|action| statement.action().matches(&action));
    let Some(clause) = statement.principal().filter(|_| allows) else { return Ok(()) };
    for entry in clause.entries() {
        let PrincipalPattern::Federated(provider) = &entry.value else { continue };
        let Some((_, url)) = provider.split_once(":oidc-provider/") else { continue };
        for issuer in issuers {
            let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
            if url.strip_prefix(&*issuer.host).is_some_and(below)
                && !is_narrowed(statement, &format!("{url}:{}", issuer.claim))
            {
                return Err(malformed(format!(
                    "Trust policy with trusted principal {provider} must evaluate, using StringEquals, StringLike \
                     or StringEqualsIgnoreCase, {url}:{} which is not scoped to all.",
                    issuer.claim
                )));
            }
        }
    }
    Ok(())
}

fn is_narrowed(statement: &Statement, key: &str) -> bool {
    statement.conditions().iter().any(|condition| {
        let operator = condition.operator();
        let compares = matches!(
            operator.comparison,
            Comparison::StringEquals | Comparison::StringLike | Comparison::StringEqualsIgnoreCase
        );
        // `…IfExists` and `ForAllValues:` hold without the claim.
        let demands = !operator.if_exists && operator.qualifier != Some(SetQualifier::ForAllValues);
        let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'*');
        compares
            && demands
            && condition.key().as_str().eq_ignore_ascii_case(key)
            && !condition.values().is_empty()
            && !condition.values().iter().any(|value| all(value.value.as_str()))
    })
}
