//! What the world knows of one request before any policy is read: who asks, as whom, on what, when.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_eval::{Caller as EvalCaller, CallerKind as EvalCallerKind, Credentials, InvalidCaller};
use iamsim_policy::{AccountId, Action, Arn};

use crate::account::Account;
use crate::caller::{Caller, CallerKind};
use crate::context;
use crate::derived::{Principal, Side};
use crate::endpoint::VpcEndpoint;
use crate::error::{ErrorCode, ModelError};
use crate::identity::{Identity, Role, User};
use crate::managed::ManagedPolicy;
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
pub(crate) enum ResourceFacts<'w> {
    Tags(&'w Tags),
    NoTags,
    Unknown,
}

/// Everything the context table asks for.
pub(crate) struct Facts<'w> {
    pub(crate) state: &'w State,
    pub(crate) found: &'w Found<'w>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) action: &'w Action,
    pub(crate) arn: Option<&'w Arn>,
    pub(crate) owner: Option<AccountId>,
    pub(crate) endpoint: Option<(&'w str, &'w VpcEndpoint)>,
    pub(crate) caller: &'w Caller,
}

impl<'w> Facts<'w> {
    pub(crate) fn who(&self) -> Who {
        self.found.who
    }

    /// The name of the service that calls; empty for other callers.
    pub(crate) fn service(&self) -> &'w str {
        match &self.caller.0 {
            CallerKind::Service { name, .. } => name,
            _ => "",
        }
    }

    /// What a service acts for.
    pub(crate) fn source_arn(&self) -> Option<&'w Arn> {
        match &self.caller.0 {
            CallerKind::Service { source_arn, .. } => source_arn.as_ref(),
            _ => None,
        }
    }

    /// The account a service acts for.
    pub(crate) fn source_account(&self) -> Option<AccountId> {
        match &self.caller.0 {
            CallerKind::Service { source_account, .. } => *source_account,
            _ => None,
        }
    }

    /// The caller's account.
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.found.account.map(|account| account.id)
    }

    pub(crate) fn session(&self) -> Option<&'w Session> {
        self.found.session
    }

    pub(crate) fn caller_organization(&self) -> Option<&Organization> {
        self.state.organization_of(self.account()?)
    }

    pub(crate) fn org_path(&self, account: AccountId) -> Option<Box<str>> {
        Some(self.state.membership(account)?.path.clone())
    }

    pub(crate) fn is_excepted(&self) -> bool {
        context::is_excepted(self.action)
    }

    /// The tags of what the request is about.
    pub(crate) fn resource(&self) -> ResourceFacts<'w> {
        self.state.resource_facts(self.arn, self.owner)
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
    /// None for callers without account.
    pub(crate) side: Option<Arc<Side>>,
}

impl<'w> Found<'w> {
    /// What `aws:PrincipalArn` holds.
    pub(crate) fn principal_arn(&self) -> Option<&str> {
        match self.eval.kind() {
            EvalCallerKind::FederatedUser { session, .. } => Some(session.as_str()),
            _ => self.side.as_deref().map(|side| side.arn.as_str()),
        }
    }

    /// What `aws:userid` holds.
    pub(crate) fn user_id(&self) -> Option<String> {
        match (self.account, self.session.map(|session| &session.principal)) {
            (_, Some(SessionPrincipal::Role { role, name, .. })) => Some(format!("{role}:{name}")),
            (Some(account), Some(SessionPrincipal::FederatedUser { name, .. })) => {
                Some(format!("{}:{name}", account.id))
            }
            (Some(account), _) => {
                Some(self.user.map_or_else(|| account.id.to_string(), |user| user.id.to_string()))
            }
            (None, _) => (self.who == Who::Anonymous).then(|| "anonymous".to_owned()),
        }
    }

    /// The user's or role's tags, overlaid by session tags (PE-TAG-01, FED-08).
    pub(crate) fn tags(&self) -> Cow<'w, Tags> {
        let own = self.role.map(|role| &role.tags).or(self.user.map(|user| &user.tags));
        let own = own.map_or_else(Cow::default, Cow::Borrowed);
        match self.session {
            Some(session) if matches!(self.who, Who::RoleSession | Who::FederatedUser) => {
                let mut tags = own;
                for (key, value) in session.tags.iter() {
                    tags.to_mut().set(TagCase::Insensitive, key, value);
                }
                tags
            }
            _ => own,
        }
    }

    pub(crate) fn is_assumed_root(&self) -> bool {
        self.session.is_some_and(|session| matches!(session.principal, SessionPrincipal::AssumedRoot { .. }))
    }

    /// What `GetCallerIdentity` answers: the ARN.
    pub(crate) fn identity_arn(&self) -> String {
        match self.account {
            Some(account) if self.is_assumed_root() => {
                let arn = self.side.as_deref().map(|side| side.arn.partition()).unwrap_or_default();
                format!("arn:{arn}:sts::{}:assumed-root", account.id)
            }
            _ => self.eval.to_string(),
        }
    }
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
            CallerKind::Service { name, .. } => Ok(without_account(EvalCaller::service(name), Who::Service)),
            CallerKind::Federated { provider } => {
                Ok(without_account(EvalCaller::federated(provider), Who::Federated))
            }
            CallerKind::Anonymous => Ok(without_account(EvalCaller::anonymous(), Who::Anonymous)),
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
            SessionPrincipal::Role { role: id, name, .. } => {
                let slot = account.roles.slot_of(id).ok_or_else(unknown_credentials)?;
                let role = account.roles.at(slot).ok_or_else(unknown_credentials)?;
                let side = self.side(account, Principal::Role(slot))?;
                let session_arn = arn(&[&*side.sessions, name].concat())?;
                let eval = EvalCaller::role_session(session_arn, side.arn.clone())
                    .map_err(|error| invalid(&error))?;
                Ok(Found {
                    eval: eval.with_unique_id(&role.id),
                    who: Who::RoleSession,
                    account: Some(account),
                    user: None,
                    role: Some(role),
                    session: Some(session),
                    side: Some(side),
                })
            }
            SessionPrincipal::FederatedUser { user, name, .. } => {
                let (partition, id) = (&self.partition, account.id);
                let session_arn = arn(&format!("arn:{partition}:sts::{id}:federated-user/{name}"))?;
                let (user, side) = match user {
                    Some(id) => {
                        let slot = account.users.slot_of(id).ok_or_else(unknown_credentials)?;
                        (account.users.at(slot), self.side(account, Principal::User(slot))?)
                    }
                    None => (None, self.side(account, Principal::Root)?),
                };
                let eval = EvalCaller::federated_user(session_arn, user.map(|_| side.arn.clone()))
                    .map_err(|error| invalid(&error))?;
                let eval = match user {
                    Some(user) => eval.with_unique_id(&user.id),
                    None => eval,
                };
                Ok(Found {
                    eval,
                    who: Who::FederatedUser,
                    account: Some(account),
                    user,
                    role: None,
                    session: Some(session),
                    side: Some(side),
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
        let slot = account.users.slot_of(&user.id).ok_or_else(unknown_credentials)?;
        let side = self.side(account, Principal::User(slot))?;
        let eval = EvalCaller::user(side.arn.clone()).map_err(|error| invalid(&error))?;
        Ok(Found {
            eval: eval.with_unique_id(&user.id).with_credentials(credentials(session)),
            who: Who::User,
            account: Some(account),
            user: Some(user),
            role: None,
            session,
            side: Some(side),
        })
    }

    fn found_root<'w>(
        &'w self,
        account: &'w Account,
        session: Option<&'w Session>,
    ) -> Result<Found<'w>, ModelError> {
        let side = self.side(account, Principal::Root)?;
        let eval = EvalCaller::root(side.arn.clone()).map_err(|error| invalid(&error))?;
        let mut found = Found {
            eval,
            who: Who::Root,
            account: Some(account),
            user: None,
            role: None,
            session,
            side: Some(side),
        };
        // A session of AssumeRoot is no session token: its task policy limits it instead (SES-23).
        if !found.is_assumed_root() {
            found.eval = found.eval.with_credentials(credentials(session));
        }
        Ok(found)
    }

    pub(crate) fn arn_of(&self, account: &Account, kind: &str, identity: &Identity) -> String {
        format!("arn:{}:iam::{}:{kind}{}{}", self.partition, account.id, identity.path, identity.name)
    }

    /// The tags of what a request is about.
    fn resource_facts(&self, target: Option<&Arn>, owner: Option<AccountId>) -> ResourceFacts<'_> {
        let Some(target) = target else { return ResourceFacts::NoTags };
        let Some(account) = owner.and_then(|owner| self.accounts.get(&owner)) else {
            // What is AWS's own has no tags of anybody.
            return if is_awss_own(target) { ResourceFacts::NoTags } else { ResourceFacts::Unknown };
        };
        let tags = if let Some((_, role)) = self.role_by_arn(target) {
            Some(&role.tags)
        } else if let Some((_, user)) = self.user_by_arn(target) {
            Some(&user.tags)
        } else if target.service() == "iam" {
            self.managed_policy(account.id, target.as_str()).map(ManagedPolicy::tags)
        } else {
            let stored = self.resource(account.id, target);
            let counts =
                |stored: &&StoredResource| target.service() != "s3" || stored.attribute_based_control;
            stored.filter(counts).map(|stored| &stored.tags)
        };
        tags.map_or(ResourceFacts::NoTags, ResourceFacts::Tags)
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

fn without_account<'w>(eval: EvalCaller, who: Who) -> Found<'w> {
    Found { eval, who, account: None, user: None, role: None, session: None, side: None }
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
