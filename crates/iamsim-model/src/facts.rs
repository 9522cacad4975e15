//! What the world knows of one request before any policy is read: who asks, as whom, on what, when.

use chrono::{DateTime, Utc};
use iamsim_eval::{Caller as EvalCaller, Credentials, InvalidCaller};
use iamsim_policy::{AccountId, Action, Arn};

use crate::account::Account;
use crate::caller::{Caller, CallerKind};
use crate::context;
use crate::endpoint::VpcEndpoint;
use crate::error::{ErrorCode, ModelError};
use crate::identity::{Identity, Role, User};
use crate::organization::Organization;
use crate::resource::{StoredResource, is_awss_own};
use crate::session::{Session, SessionOrigin, SessionPrincipal};
use crate::tag::{TagCase, Tags};
use crate::world::State;

/// The kinds of callers that context keys tell apart (PE-KIND).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    User,
    RoleSession,
    FederatedUser,
    Root,
    Service,
    Federated,
    Anonymous,
}

/// What is known of the tags of the resource.
#[derive(Debug)]
pub(crate) enum ResourceFacts {
    Tags(Tags),
    Unknown,
}

/// Everything the context table asks for.
#[derive(Debug)]
pub(crate) struct Facts<'w> {
    pub(crate) state: &'w State,
    pub(crate) now: DateTime<Utc>,
    pub(crate) action: &'w Action,
    pub(crate) arn: Option<&'w Arn>,
    pub(crate) owner: Option<AccountId>,
    pub(crate) resource: ResourceFacts,
    pub(crate) endpoint: Option<(&'w str, &'w VpcEndpoint)>,
    pub(crate) who: Who,
    pub(crate) account: Option<AccountId>,
    pub(crate) principal_arn: Option<String>,
    pub(crate) principal_tags: Tags,
    pub(crate) user_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) session: Option<&'w Session>,
    pub(crate) assumed_root: bool,
    pub(crate) service: &'w str,
    pub(crate) source_arn: Option<&'w Arn>,
    pub(crate) source_account: Option<AccountId>,
}

impl Facts<'_> {
    pub(crate) fn caller_organization(&self) -> Option<&Organization> {
        self.state.organization_of(self.account?)
    }

    pub(crate) fn caller_org_path(&self) -> Option<String> {
        self.org_path(self.account?)
    }

    pub(crate) fn org_path(&self, account: AccountId) -> Option<String> {
        self.state.organization_of(account)?.org_path(account)
    }

    pub(crate) fn is_excepted(&self) -> bool {
        context::is_excepted(self.action)
    }
}

/// A caller found in the world: whose policies count, and how the evaluator sees it.
pub(crate) struct Found<'w> {
    pub(crate) eval: EvalCaller,
    pub(crate) who: Who,
    pub(crate) account: Option<&'w Account>,
    pub(crate) user: Option<&'w User>,
    pub(crate) role: Option<&'w Role>,
    pub(crate) session: Option<&'w Session>,
    pub(crate) principal_arn: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) tags: Tags,
    /// What `GetCallerIdentity` answers: the ARN.
    pub(crate) identity_arn: String,
}

impl State {
    /// Finds a caller. One that was deleted, or whose key is inactive, has credentials that are not known any
    /// more; one whose session is over is told so (ERR-24, SES-06, SES-08, SES-30).
    pub(crate) fn find<'w>(
        &'w self,
        caller: &'w Caller,
        now: DateTime<Utc>,
    ) -> Result<Found<'w>, ModelError> {
        match &caller.0 {
            CallerKind::User { account, id, access_key, .. } => {
                let account = self.accounts.get(account).ok_or_else(unknown_credentials)?;
                let user = account.users.by_id(id).ok_or_else(unknown_credentials)?;
                let usable = access_key.as_ref().is_none_or(|key| {
                    account.access_keys.get(key).is_some_and(|key| key.active && key.user == *id)
                });
                if !usable {
                    return Err(unknown_credentials());
                }
                self.found_user(account, user, None)
            }
            CallerKind::Root { account, .. } => {
                let account = self.accounts.get(account).ok_or_else(unknown_credentials)?;
                self.found_root(account, None)
            }
            CallerKind::Session { session, .. } => {
                if now >= session.expires {
                    return Err(ModelError::new(
                        ErrorCode::ExpiredToken,
                        "The security token included in the request is expired",
                    ));
                }
                let account = self.accounts.get(&session.account()).ok_or_else(unknown_credentials)?;
                self.found_session(account, session)
            }
            CallerKind::Service { name, .. } => {
                Ok(without_account(EvalCaller::service(name), Who::Service, name, None))
            }
            CallerKind::Federated { provider } => {
                Ok(without_account(EvalCaller::federated(provider), Who::Federated, provider, None))
            }
            CallerKind::Anonymous => Ok(without_account(
                EvalCaller::anonymous(),
                Who::Anonymous,
                "anonymous",
                Some("anonymous".into()),
            )),
        }
    }

    fn found_session<'w>(
        &'w self,
        account: &'w Account,
        session: &'w Session,
    ) -> Result<Found<'w>, ModelError> {
        match &session.principal {
            SessionPrincipal::User { user, .. } => {
                let user = account.users.by_id(user).ok_or_else(unknown_credentials)?;
                self.found_user(account, user, Some(session))
            }
            SessionPrincipal::Root { .. } | SessionPrincipal::AssumedRoot { .. } => {
                self.found_root(account, Some(session))
            }
            SessionPrincipal::Role { role, name, .. } => {
                let role = account.roles.by_id(role).ok_or_else(unknown_credentials)?;
                let role_arn = self.arn_of(account, "role", &role.identity);
                let (partition, id) = (&self.partition, account.id);
                let session_arn =
                    format!("arn:{partition}:sts::{id}:assumed-role/{}/{name}", role.identity.name);
                let eval = EvalCaller::role_session(arn(&session_arn)?, arn(&role_arn)?)
                    .map_err(|error| invalid(&error))?;
                let mut tags = role.tags.clone();
                for (key, value) in session.tags.iter() {
                    tags.set(TagCase::Insensitive, key, value); // PE-TAG-01
                }
                Ok(Found {
                    eval: eval.with_unique_id(role.id.as_str()),
                    who: Who::RoleSession,
                    account: Some(account),
                    user: None,
                    role: Some(role),
                    session: Some(session),
                    principal_arn: Some(role_arn),
                    user_id: Some(format!("{}:{name}", role.id)),
                    tags,
                    identity_arn: session_arn,
                })
            }
            SessionPrincipal::FederatedUser { user, name, .. } => {
                let user = match user {
                    Some(id) => Some(account.users.by_id(id).ok_or_else(unknown_credentials)?),
                    None => None,
                };
                let (partition, id) = (&self.partition, account.id);
                let session_arn = format!("arn:{partition}:sts::{id}:federated-user/{name}");
                let user_arn =
                    user.map(|user| arn(&self.arn_of(account, "user", &user.identity))).transpose()?;
                let eval = EvalCaller::federated_user(arn(&session_arn)?, user_arn)
                    .map_err(|error| invalid(&error))?;
                let eval = match user {
                    Some(user) => eval.with_unique_id(user.id.as_str()),
                    None => eval,
                };
                let mut tags = user.map(|user| user.tags.clone()).unwrap_or_default();
                for (key, value) in session.tags.iter() {
                    tags.set(TagCase::Insensitive, key, value); // FED-08
                }
                Ok(Found {
                    eval,
                    who: Who::FederatedUser,
                    account: Some(account),
                    user,
                    role: None,
                    session: Some(session),
                    principal_arn: Some(session_arn.clone()),
                    user_id: Some(format!("{id}:{name}")),
                    tags,
                    identity_arn: session_arn,
                })
            }
        }
    }

    fn found_user<'w>(
        &'w self,
        account: &'w Account,
        user: &'w User,
        session: Option<&'w Session>,
    ) -> Result<Found<'w>, ModelError> {
        let text = self.arn_of(account, "user", &user.identity);
        let eval = EvalCaller::user(arn(&text)?).map_err(|error| invalid(&error))?;
        Ok(Found {
            eval: eval.with_unique_id(user.id.as_str()).with_credentials(credentials(session)),
            who: Who::User,
            account: Some(account),
            user: Some(user),
            role: None,
            session,
            principal_arn: Some(text.clone()),
            user_id: Some(user.id.to_string()),
            tags: user.tags.clone(),
            identity_arn: text,
        })
    }

    fn found_root<'w>(
        &'w self,
        account: &'w Account,
        session: Option<&'w Session>,
    ) -> Result<Found<'w>, ModelError> {
        let text = format!("arn:{}:iam::{}:root", self.partition, account.id);
        let eval = EvalCaller::root(arn(&text)?).map_err(|error| invalid(&error))?;
        let assumed =
            session.is_some_and(|session| matches!(session.principal, SessionPrincipal::AssumedRoot { .. }));
        let identity_arn = if assumed {
            format!("arn:{}:sts::{}:assumed-root", self.partition, account.id)
        } else {
            text.clone()
        };
        // A session of AssumeRoot is no session token: its task policy limits it instead (SES-23).
        let eval = if assumed { eval } else { eval.with_credentials(credentials(session)) };
        Ok(Found {
            eval,
            who: Who::Root,
            account: Some(account),
            user: None,
            role: None,
            session,
            principal_arn: Some(text),
            user_id: Some(account.id.to_string()),
            tags: Tags::new(),
            identity_arn,
        })
    }

    pub(crate) fn arn_of(&self, account: &Account, kind: &str, identity: &Identity) -> String {
        format!("arn:{}:iam::{}:{kind}{}{}", self.partition, account.id, identity.path, identity.name)
    }

    /// The tags of what a request is about.
    pub(crate) fn resource_facts(&self, target: Option<&Arn>, owner: Option<AccountId>) -> ResourceFacts {
        let Some(target) = target else { return ResourceFacts::Tags(Tags::new()) };
        let Some(account) = owner.and_then(|owner| self.accounts.get(&owner)) else {
            // What is AWS's own has no tags of anybody.
            return if is_awss_own(target) {
                ResourceFacts::Tags(Tags::new())
            } else {
                ResourceFacts::Unknown
            };
        };
        let tags = if let Some((_, role)) = self.role_by_arn(target) {
            role.tags.clone()
        } else if let Some((_, user)) = self.user_by_arn(target) {
            user.tags.clone()
        } else if target.service() == "iam" {
            let policy = self.managed_policy(account.id, target.as_str());
            policy.map(|policy| policy.tags().clone()).unwrap_or_default()
        } else {
            let stored = self.resource(account.id, target);
            let counts =
                |stored: &&StoredResource| target.service() != "s3" || stored.attribute_based_control;
            stored.filter(counts).map(|stored| stored.tags.clone()).unwrap_or_default()
        };
        ResourceFacts::Tags(tags)
    }
}

/// What a user signs with. A console session is as good as long-term keys for IAM and STS (PE-SES-07 speaks of
/// API credentials).
fn credentials(session: Option<&Session>) -> Credentials {
    match session {
        Some(session) if session.origin != SessionOrigin::Console => {
            Credentials::SessionToken { mfa: session.mfa.is_some().into() }
        }
        _ => Credentials::LongTerm,
    }
}

fn without_account<'w>(eval: EvalCaller, who: Who, name: &str, user_id: Option<String>) -> Found<'w> {
    Found {
        eval,
        who,
        account: None,
        user: None,
        role: None,
        session: None,
        principal_arn: None,
        user_id,
        tags: Tags::new(),
        identity_arn: name.to_owned(),
    }
}

/// ERR-24.
fn unknown_credentials() -> ModelError {
    ModelError::new(ErrorCode::InvalidClientTokenId, "The security token included in the request is invalid.")
}

fn arn(text: &str) -> Result<Arn, ModelError> {
    text.parse().map_err(|_| ModelError::arn_not_valid(text))
}

fn invalid(error: &InvalidCaller) -> ModelError {
    ModelError::new(ErrorCode::ValidationError, error.to_string())
}
