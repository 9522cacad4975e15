//! What is checked of a trust policy when it is written, beyond its grammar (TRU-27, TRU-35).

use iamsim_policy::{Arn, Comparison, Condition, Effect, PrincipalPattern, Statement};

use crate::document::Document;
use crate::error::{ErrorCode, ModelError};
use crate::world::World;

/// Issuers that many customers share, and the claim a trust policy must narrow (TRU-35, TRU-36). Others are
/// guarded by AWS too, but for which claims is not recorded.
const GUARDED_ISSUERS: &[(&str, &str)] = &[("token.actions.githubusercontent.com", "sub")];

/// Checks a trust policy that is written; those that are stored already keep working.
pub(crate) fn check(document: &Document) -> Result<(), ModelError> {
    for statement in document.policy().statements() {
        let clause = statement.principal();
        for entry in clause.map(iamsim_policy::PrincipalClause::entries).unwrap_or_default() {
            match &entry.value {
                PrincipalPattern::Everyone if is_bare(document, entry.span) => {
                    return Err(ModelError::new(
                        ErrorCode::MalformedPolicyDocument,
                        "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".",
                    )
                    .with_reason(
                        "a trust policy can't have the bare principal `*`; write `{\"AWS\": \"*\"}` (TRU-27)",
                    ));
                }
                PrincipalPattern::Federated(provider) if statement.effect() == Effect::Allow => {
                    check_issuer(statement, provider)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

impl World {
    /// The issuers whose claims a role's trust policy asks for, by their host and path.
    pub fn trusted_issuers(&self, role: &Arn) -> Vec<String> {
        let Some((_, role)) = self.state().role_by_arn(role) else { return Vec::new() };
        let conditions = role.trust.policy().statements().iter().flat_map(Statement::conditions);
        let prefixes = conditions.filter_map(|condition| condition.key().folded().rsplit_once(':'));
        // No prefix of AWS's own has a dot.
        prefixes.map(|(issuer, _)| issuer.to_owned()).filter(|issuer| issuer.contains('.')).collect()
    }
}

/// Whether `*` stands as the whole `Principal` and not under `AWS`.
fn is_bare(document: &Document, entry: iamsim_policy::Span) -> bool {
    let clauses = document.policy().statements().iter().filter_map(Statement::principal);
    clauses.into_iter().any(|clause| clause.span() == entry)
}

/// TRU-35.
fn check_issuer(statement: &Statement, provider: &str) -> Result<(), ModelError> {
    let Some((_, host)) = provider.split_once(":oidc-provider/") else { return Ok(()) };
    let guarded = GUARDED_ISSUERS.iter().find(|(issuer, _)| {
        host == *issuer || host.strip_prefix(issuer).is_some_and(|rest| rest.starts_with('/'))
    });
    let Some((_, claim)) = guarded else { return Ok(()) };
    let key = format!("{host}:{claim}");
    if statement.conditions().iter().any(|condition| narrows(condition, &key)) {
        return Ok(());
    }
    Err(ModelError::new(
        ErrorCode::MalformedPolicyDocument,
        format!(
            "Trust policy with trusted principal {provider} must evaluate, using StringEquals, StringLike or \
             StringEqualsIgnoreCase, {key} which is not scoped to all."
        ),
    ))
}

fn narrows(condition: &Condition, key: &str) -> bool {
    let operator = condition.operator();
    matches!(
        operator.comparison,
        Comparison::StringEquals | Comparison::StringLike | Comparison::StringEqualsIgnoreCase
    ) && condition.key().folded() == key.to_lowercase()
        && !condition.values().is_empty()
        && condition
            .values()
            .iter()
            .all(|value| !value.value.as_str().chars().all(|char| matches!(char, '*' | '?')))
}
