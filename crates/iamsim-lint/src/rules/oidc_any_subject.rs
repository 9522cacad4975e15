//! A trust policy that takes any token of an identity provider.

use iamsim_policy::{Action, Condition, PolicyKind, PrincipalPattern, Statement};

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "oidc-any-subject",
    level: Level::Error,
    summary: "a role that every subject of an OIDC provider may assume",
    check,
};

/// Providers whose tokens are told apart by the application they are for: each of its users is meant.
const BY_AUDIENCE: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// Claims that name the application a token is for; everybody can get one for the usual value, `sts.amazonaws.com`.
const AUDIENCES: &[&str] = &["app_id", "aud", "azp", "oaud"];

const GITHUB: &str = "token.actions.githubusercontent.com";

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if facts.kind() != PolicyKind::RoleTrust {
        return;
    }
    let Ok(web_identity) = "sts:AssumeRoleWithWebIdentity".parse::<Action>() else { return };
    for statement in facts.allowing().filter(|found| found.statement.action().matches(&web_identity)) {
        let Some(clause) = statement.statement.principal().filter(|clause| !clause.is_negated()) else { continue };
        for entry in clause.entries() {
            let PrincipalPattern::Federated(name) = &entry.value else { continue };
            let provider = name.split_once(":oidc-provider/").map_or(&**name, |(_, provider)| provider);
            if provider.contains(":saml-provider/") || provider.contains(['*', '?']) {
                continue;
            }
            if !is_narrowed(statement.statement, provider) {
                let claim = if BY_AUDIENCE.contains(&provider) { "aud" } else { "sub" };
                sink.report(
                    statement,
                    entry.span,
                    format!("every token that `{provider}` issues, to whomever, may assume this role"),
                )
                .help_with(format!("add a condition on `{provider}:{claim}` that names who is meant"));
            }
        }
    }
}

fn is_narrowed(statement: &Statement, provider: &str) -> bool {
    let by_audience = BY_AUDIENCE.iter().any(|known| known.eq_ignore_ascii_case(provider));
    statement.conditions().iter().any(|condition| {
        let key = condition.key().folded();
        let claim = key
            .split_at_checked(provider.len())
            .filter(|(host, _)| host.eq_ignore_ascii_case(provider))
            .and_then(|(_, rest)| rest.strip_prefix(':'));
        claim.is_some_and(|claim| {
            (by_audience || !AUDIENCES.contains(&claim))
                && presence::is_selective(condition)
                && !(claim == "sub" && provider.starts_with(GITHUB) && leaves_the_owner_open(condition))
        })
    })
}

/// A subject of GitHub's begins with `repo:OWNER/`: an owner with a wildcard can be anybody's.
fn leaves_the_owner_open(condition: &Condition) -> bool {
    let wildcards = condition.operator().comparison.has_wildcards();
    wildcards
        && condition.values().iter().any(|value| {
            let text = value.value.as_str();
            let owner = text.split('/').next().unwrap_or_default();
            owner.contains(['*', '?'])
        })
}
