//! A session as a value: who it is, until when, and what travels with it (SES).
//!
//! Whoever makes sessions has checked what AWS checks; here they only are.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_eval::ContextValue;
use iamsim_policy::AccountId;

use crate::document::Document;
use crate::id::{RoleId, UserId};
use crate::tag::{TagCase, Tags};

/// Temporary credentials, as far as authorization is concerned.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) principal: SessionPrincipal,
    pub(crate) issued: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) mfa: Option<DateTime<Utc>>,
    pub(crate) tags: Tags,
    pub(crate) transitive: BTreeSet<Box<str>>,
    pub(crate) source_identity: Option<Box<str>>,
    pub(crate) policies: Option<Vec<(Arc<str>, Document)>>,
    pub(crate) provider: Option<Box<str>>,
    pub(crate) claims: Vec<(Box<str>, ContextValue)>,
    pub(crate) origin: SessionOrigin,
    pub(crate) access_key: Option<Box<str>>,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionPrincipal {
    /// A role's, from any of the AssumeRole calls.
    Role {
        /// The role's account.
        account: AccountId,
        /// The role.
        role: RoleId,
        /// The role's name, without path (ID-16).
        role_name: Arc<str>,
        /// The session's name.
        name: Box<str>,
    },
    /// A user's own, from GetSessionToken or a sign-in at the console.
    User {
        /// The user's account.
        account: AccountId,
        /// The user.
        user: UserId,
    },
    /// A root user's own, from GetSessionToken or a sign-in at the console.
    Root {
        /// The account.
        account: AccountId,
    },
    /// From GetFederationToken; no user when root asked for it.
    FederatedUser {
        /// The account.
        account: AccountId,
        /// The user that called GetFederationToken.
        user: Option<UserId>,
        /// The name given in the call.
        name: Box<str>,
    },
    /// From AssumeRoot: a member account's root user, for one task.
    AssumedRoot {
        /// The member account.
        account: AccountId,
    },
}

/// Where a session comes from, as far as later requests show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionOrigin {
    /// A call of STS.
    #[default]
    Sts,
    /// The console.
    Console,
    /// Delivered to an EC2 instance.
    Ec2,
}

impl Session {
    /// A session without tags, policies or MFA.
    pub fn new(principal: SessionPrincipal, issued: DateTime<Utc>, expires: DateTime<Utc>) -> Self {
        Self {
            principal,
            issued,
            expires,
            mfa: None,
            tags: Tags::new(),
            transitive: BTreeSet::new(),
            source_identity: None,
            policies: None,
            provider: None,
            claims: Vec::new(),
            origin: SessionOrigin::Sts,
            access_key: None,
        }
    }

    /// Says when MFA was given. Role sessions never carry it (SES-10).
    #[must_use]
    pub fn with_mfa(mut self, at: DateTime<Utc>) -> Self {
        self.mfa = Some(at);
        self
    }

    /// Adds a session tag, in place of one with the same key in any case.
    #[must_use]
    pub fn with_tag(mut self, key: &str, value: &str, transitive: bool) -> Self {
        self.tags.set(TagCase::Insensitive, key, value);
        if transitive {
            self.transitive.insert(key.to_lowercase().into());
        }
        self
    }

    /// Sets the source identity.
    #[must_use]
    pub fn with_source_identity(mut self, identity: impl Into<Box<str>>) -> Self {
        self.source_identity = Some(identity.into());
        self
    }

    /// Sets the session policies, with their names.
    #[must_use]
    pub fn with_policies(mut self, policies: Vec<(Arc<str>, Document)>) -> Self {
        self.policies = Some(policies);
        self
    }

    /// Says which provider vouched, as `aws:FederatedProvider` shows it.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<Box<str>>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Sets the claims that later requests still carry (TRU-97).
    #[must_use]
    pub fn with_claims(mut self, claims: Vec<(Box<str>, ContextValue)>) -> Self {
        self.claims = claims;
        self
    }

    /// Says where the session comes from.
    #[must_use]
    pub fn with_origin(mut self, origin: SessionOrigin) -> Self {
        self.origin = origin;
        self
    }

    /// Sets the id of the access key that signs for the session.
    #[must_use]
    pub fn with_access_key(mut self, id: impl Into<Box<str>>) -> Self {
        self.access_key = Some(id.into());
        self
    }

    /// Whose session it is.
    pub fn principal(&self) -> &SessionPrincipal {
        &self.principal
    }

    /// The account it acts in.
    pub fn account(&self) -> AccountId {
        match &self.principal {
            SessionPrincipal::Role { account, .. }
            | SessionPrincipal::User { account, .. }
            | SessionPrincipal::Root { account }
            | SessionPrincipal::FederatedUser { account, .. }
            | SessionPrincipal::AssumedRoot { account } => *account,
        }
    }

    /// When it was made.
    pub fn issued_at(&self) -> DateTime<Utc> {
        self.issued
    }

    /// When it ends; at this instant it is over (SES-31).
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires
    }

    /// When MFA was given, if it was.
    pub fn mfa_at(&self) -> Option<DateTime<Utc>> {
        self.mfa
    }

    /// The session tags, inherited ones included.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The session tags that go on to the next session (SES-03).
    pub fn transitive_tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().filter(|(key, _)| self.transitive.contains(&*key.to_lowercase()))
    }

    /// The source identity.
    pub fn source_identity(&self) -> Option<&str> {
        self.source_identity.as_deref()
    }

    /// Where it comes from.
    pub fn origin(&self) -> SessionOrigin {
        self.origin
    }

    /// The id of the access key that signs for it.
    pub fn access_key(&self) -> Option<&str> {
        self.access_key.as_deref()
    }
}
