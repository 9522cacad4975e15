//! Principals that policies name: they must exist when a policy is written (TRU-25), and what was deleted or
//! renamed since is rewritten (TRU-31).
//!
//! AWS stores the unique id behind an ARN and shows the ARN again when the policy is read. Here the text keeps
//! the ARN while its owner lives, and is rewritten when the owner goes or moves: both read and decide the same.

use std::sync::Arc;

use iamsim_policy::{Code, Diagnostic, PrincipalPattern, Source, Spanned};

use crate::document::{Document, Documents};
use crate::error::ModelError;
use crate::id::{RoleId, UserId};
use crate::world::{State, World};

/// Checks that what a document names exists. Accounts that the world does not know may have anybody.
pub(crate) fn check(state: &State, document: &Document) -> Result<(), ModelError> {
    match entries(document).find(|entry| !exists(state, &entry.value)) {
        None => Ok(()),
        Some(entry) => Err(refused(document, entry)),
    }
}

fn entries(document: &Document) -> impl Iterator<Item = &Spanned<PrincipalPattern>> {
    let clauses = document.policy().statements().iter().filter_map(|statement| statement.principal());
    clauses.flat_map(iamsim_policy::PrincipalClause::entries)
}

pub(crate) fn exists(state: &State, principal: &PrincipalPattern) -> bool {
    match principal {
        PrincipalPattern::User(arn) => {
            arn.account().is_none_or(|account| !state.accounts.contains_key(&account))
                || state.user_by_arn(arn).is_some()
        }
        PrincipalPattern::Role(arn) => {
            arn.account().is_none_or(|account| !state.accounts.contains_key(&account))
                || state.role_by_arn(arn).is_some()
        }
        PrincipalPattern::RoleSession(arn) => {
            let account = arn.account().and_then(|account| state.accounts.get(&account));
            let role = arn.resource().split('/').nth(1).unwrap_or_default();
            account.is_none_or(|account| {
                account.roles.by_name(role).is_some_and(|found| &*found.identity.name == role)
            })
        }
        PrincipalPattern::UniqueId(id) => {
            let (user, role) = (UserId::new(&**id), RoleId::new(&**id));
            state
                .accounts
                .values()
                .any(|account| account.users.by_id(&user).is_some() || account.roles.by_id(&role).is_some())
        }
        // TRU-30: any name in the style of a service's.
        PrincipalPattern::Service(name) => name.contains('.') && !name.contains(['*', '?', ' ']),
        PrincipalPattern::Nobody(_) => false, // TRU-28, TRU-29
        _ => true,
    }
}

fn refused(document: &Document, entry: &Spanned<PrincipalPattern>) -> ModelError {
    let (key, what) = match entry.value {
        PrincipalPattern::Service(_) => ("SERVICE", "is not the name of a service"),
        PrincipalPattern::Nobody(_) => ("AWS", "names nobody"),
        _ => ("AWS", "does not exist"),
    };
    let source = document.policy().source();
    let message = format!("the principal `{}` {what}", entry.value);
    let reason = format!("{}: {message}", source.place(entry.span));
    let finding = Diagnostic::error(source, Code::InvalidPrincipal, entry.span, message);
    ModelError::invalid_principal(key, &entry.value.to_string())
        .with_reason(reason)
        .with_diagnostics([finding])
}

/// Replaces one principal by another text, where it is named; none when it is not.
fn rewritten(document: &Document, from: &str, to: &str) -> Option<Source> {
    let policy = document.policy();
    let named = |entry: &&Spanned<PrincipalPattern>| match &entry.value {
        PrincipalPattern::User(arn) | PrincipalPattern::Role(arn) => arn.as_str() == from,
        _ => false,
    };
    let mut text = String::new();
    let mut end = policy.span().start;
    let source = policy.source();
    let whole = |start: u32, end: u32| source.text_of(iamsim_policy::Span::new(start, end));
    for entry in entries(document).filter(named) {
        text.push_str(whole(end, entry.span.start));
        text.extend(["\"", to, "\""]);
        end = entry.span.end;
    }
    if end == policy.span().start {
        return None;
    }
    text.push_str(whole(end, policy.span().end));
    Some(Source::new(source.name(), text))
}

fn reread(documents: &Documents, document: &Document, source: Source) -> Result<Document, ModelError> {
    documents.read(document.policy().kind(), "", &source.into())
}

fn names(document: &Document, arn: &str) -> bool {
    entries(document).any(|entry| match &entry.value {
        PrincipalPattern::User(named) | PrincipalPattern::Role(named) => named.as_str() == arn,
        _ => false,
    })
}

impl World {
    /// Replaces a principal in every stored trust policy, resource policy and grant: by its new ARN when it was
    /// renamed, by its dead unique id when it was deleted. Session ARNs and conditions stay (TRU-32).
    pub(crate) fn rewrite_principal(&mut self, from: &str, to: &str) -> Result<(), ModelError> {
        if from == to {
            return Ok(());
        }
        let documents = self.documents.clone();
        let concerned: Vec<_> = self
            .state()
            .accounts
            .iter()
            .filter(|(_, account)| {
                account.roles.iter().any(|role| names(&role.trust, from))
                    || account.resources.values().any(|resource| {
                        resource.policy.as_ref().is_some_and(|policy| names(policy, from))
                            || resource.grants.iter().any(|grant| *grant.grantee == *from)
                    })
            })
            .map(|(id, _)| *id)
            .collect();
        for id in concerned {
            let account = self.account_mut(id)?;
            for role in account.roles.select_mut(|role| names(&role.trust, from)) {
                if let Some(source) = rewritten(&role.trust, from, to) {
                    role.trust = reread(&documents, &role.trust, source)?;
                }
            }
            for resource in Arc::make_mut(&mut account.resources).values_mut() {
                if resource.grants.iter().any(|grant| *grant.grantee == *from) {
                    let grants = Arc::make_mut(resource).grants.iter_mut();
                    grants
                        .filter(|grant| *grant.grantee == *from)
                        .for_each(|grant| grant.grantee = to.into());
                }
                let Some(policy) = &resource.policy else { continue };
                if let Some(source) = rewritten(policy, from, to) {
                    let policy = reread(&documents, policy, source)?;
                    Arc::make_mut(resource).policy = Some(policy);
                }
            }
        }
        if let Some(unchecked) = &mut self.edit().unchecked {
            // What is still to be checked follows, so that it is judged as it stands now.
            for document in unchecked {
                if let Some(source) = rewritten(document, from, to) {
                    *document = reread(&documents, document, source)?;
                }
            }
        }
        Ok(())
    }
}
