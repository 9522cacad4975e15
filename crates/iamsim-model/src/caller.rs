//! Who can ask: users, root users, sessions, services, and nobody. A role can't: its sessions do.

use std::fmt;
use std::sync::Arc;

use iamsim_policy::{AccountId, Arn};

use crate::error::ModelError;
use crate::id::UserId;
use crate::session::{Session, SessionPrincipal};

/// Someone who makes requests.
///
/// Users are held by their unique id: a rename does not change who asks, and a user that was deleted and made
/// again under the same name is somebody else (ID-33, ID-34).
#[derive(Clone, Debug)]
pub struct Caller(pub(crate) CallerKind);

/// The kinds of callers.
#[derive(Clone, Debug)]
pub(crate) enum CallerKind {
    User { account: AccountId, id: UserId, arn: Arc<str>, access_key: Option<Box<str>> },
    Root { account: AccountId, arn: Arc<str> },
    Session { session: Arc<Session>, arn: Arc<str> },
    Service { name: Box<str>, source_arn: Option<Arn>, source_account: Option<AccountId> },
    Federated { provider: Box<str> },
    Anonymous,
}

impl Caller {
    /// An AWS service that acts for itself, by the name it calls by.
    ///
    /// ```
    /// use iamsim_model::Caller;
    ///
    /// assert_eq!(Caller::service("sns.amazonaws.com").to_string(), "sns.amazonaws.com");
    /// ```
    pub fn service(name: &str) -> Self {
        Self(CallerKind::Service { name: name.into(), source_arn: None, source_account: None })
    }

    /// Nobody: an unsigned request.
    pub fn anonymous() -> Self {
        Self(CallerKind::Anonymous)
    }

    /// Somebody a provider vouches for, in AssumeRoleWithWebIdentity and AssumeRoleWithSAML.
    pub fn federated(provider: &str) -> Self {
        Self(CallerKind::Federated { provider: provider.into() })
    }

    /// A session; the ARN is what `GetCallerIdentity` answers for it.
    pub fn session(session: Arc<Session>, arn: &str) -> Self {
        Self(CallerKind::Session { session, arn: arn.into() })
    }

    /// A user, with long-term credentials.
    pub fn user(account: AccountId, id: UserId, arn: &str) -> Self {
        Self(CallerKind::User { account, id, arn: arn.into(), access_key: None })
    }

    /// An account's root user, with long-term credentials.
    pub fn root(account: AccountId, arn: &str) -> Self {
        Self(CallerKind::Root { account, arn: arn.into() })
    }

    /// The user signs with this access key, which may be made inactive or deleted.
    #[must_use]
    pub fn with_access_key(mut self, key: &str) -> Self {
        if let CallerKind::User { access_key, .. } = &mut self.0 {
            *access_key = Some(key.into());
        }
        self
    }

    /// A service acts for this resource: `aws:SourceArn`, and its account as `aws:SourceAccount` (PE-KEY-12).
    /// Other callers are left as they are.
    ///
    /// ```
    /// use iamsim_model::Caller;
    ///
    /// Caller::service("sns.amazonaws.com").on_behalf_of("arn:aws:sns:eu-west-1:111122223333:orders")?;
    /// assert!(Caller::service("sns.amazonaws.com").on_behalf_of("orders").is_err());
    /// # Ok::<(), iamsim_model::ModelError>(())
    /// ```
    pub fn on_behalf_of(mut self, source_arn: &str) -> Result<Self, ModelError> {
        let arn: Arn = source_arn.parse().map_err(|_| ModelError::arn_not_valid(source_arn))?;
        if let CallerKind::Service { source_arn, source_account, .. } = &mut self.0 {
            *source_account = arn.account().or(*source_account);
            *source_arn = Some(arn);
        }
        Ok(self)
    }

    /// A service acts for this account: `aws:SourceAccount`. Other callers are left as they are.
    pub fn source_account(mut self, account: &str) -> Result<Self, ModelError> {
        let id = account.parse::<AccountId>().map_err(|error| ModelError::invalid(error.to_string()))?;
        if let CallerKind::Service { source_account, .. } = &mut self.0 {
            *source_account = Some(id);
        }
        Ok(self)
    }

    /// The account the caller acts in.
    pub fn account(&self) -> Option<AccountId> {
        match &self.0 {
            CallerKind::User { account, .. } | CallerKind::Root { account, .. } => Some(*account),
            CallerKind::Session { session, .. } => Some(session.account()),
            CallerKind::Service { .. } | CallerKind::Federated { .. } | CallerKind::Anonymous => None,
        }
    }

    /// The user's id, when it is a user with long-term credentials.
    pub fn user_id(&self) -> Option<&UserId> {
        match &self.0 {
            CallerKind::User { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The id of the access key that a user signs with, when one was named.
    pub fn access_key(&self) -> Option<&str> {
        match &self.0 {
            CallerKind::User { access_key, .. } => access_key.as_deref(),
            _ => None,
        }
    }

    /// The session, when the caller is one.
    pub fn as_session(&self) -> Option<&Session> {
        match &self.0 {
            CallerKind::Session { session, .. } => Some(session),
            _ => None,
        }
    }

    /// Whether it is a root user, with or without a session token.
    pub fn is_root(&self) -> bool {
        match &self.0 {
            CallerKind::Root { .. } => true,
            CallerKind::Session { session, .. } => matches!(session.principal, SessionPrincipal::Root { .. }),
            _ => false,
        }
    }

    /// Whether it is an AWS service that acts for itself.
    pub fn is_service(&self) -> bool {
        matches!(self.0, CallerKind::Service { .. })
    }
}

/// The ARN as it was when the caller was made; a service by its name.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            CallerKind::User { arn, .. } | CallerKind::Root { arn, .. } | CallerKind::Session { arn, .. } => {
                arn
            }
            CallerKind::Service { name, .. } => name,
            CallerKind::Federated { provider } => provider,
            CallerKind::Anonymous => "anonymous",
        })
    }
}
