//! What STS answers: a session and its credentials.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_eval::Explanation;
use iamsim_model::{Caller, SessionPrincipal};

/// A session that STS made (STS-60 to STS-62).
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) caller: Caller,
    pub(crate) inner: Arc<iamsim_model::Session>,
    pub(crate) assumed_role_id: Option<String>,
    pub(crate) credentials: Credentials,
    pub(crate) packed_policy_size: Option<u32>,
    pub(crate) decisions: Arc<[Explanation]>,
}

impl Session {
    /// Who calls with these credentials.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The session's ARN: `arn:aws:sts::111122223333:assumed-role/Role/Session`, the path left out (ID-16).
    pub fn arn(&self) -> String {
        self.caller.to_string()
    }

    /// `AROA…:session` of a role's session (ID-35), `account:name` of a federated user's (ID-36).
    pub fn assumed_role_id(&self) -> Option<String> {
        self.assumed_role_id.clone()
    }

    /// The credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// When it was made.
    pub fn issued_at(&self) -> DateTime<Utc> {
        self.inner.issued_at()
    }

    /// When it ends; at this instant it is over (SES-31).
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.inner.expires_at()
    }

    /// How much of its space the session's policies and tags take, in percent: an estimate (STS-37, STS-38).
    /// None when the answer of AWS has no such element.
    pub fn packed_policy_size(&self) -> Option<u32> {
        self.packed_policy_size
    }

    /// The decisions that the call rested on, in the order made: `sts:AssumeRole`, and what it needs besides, such
    /// as `sts:TagSession`. None where a call needs no permission.
    ///
    /// ```
    /// use iamsim::{AssumeRole, Cloud, trust};
    ///
    /// let mut cloud = Cloud::new();
    /// let mut account = cloud.account("111122223333")?;
    /// let role = account.add_role("ops", trust::account("111122223333"))?.arn();
    /// let dev = account.add_user("dev")?.attach("assume", r#"{"Version": "2012-10-17", "Statement": {
    ///     "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}"#)?.caller();
    /// let session = cloud.sts().assume_role(&dev, AssumeRole::new(&role, "dev"))?;
    /// let [decision] = session.decisions() else { panic!() };
    /// assert!(decision.deciding().iter().any(|statement| statement.policy_name == "trust"));
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn decisions(&self) -> &[Explanation] {
        &self.decisions
    }

    /// The source identity, set here or inherited.
    pub fn source_identity(&self) -> Option<&str> {
        self.inner.source_identity()
    }

    /// The session tags, inherited ones included.
    pub fn tags(&self) -> Vec<(String, String)> {
        self.inner.tags().iter().map(|(key, value)| (key.into(), value.into())).collect()
    }

    /// Whether it is a session of a role.
    pub fn is_role_session(&self) -> bool {
        matches!(self.inner.principal(), SessionPrincipal::Role { .. })
    }
}

/// Temporary credentials (SES-01). They are visibly fake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
}

impl Credentials {
    /// `ASIA…`, twenty characters, the account inside (ID-32).
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// Forty characters.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }

    /// An opaque token.
    pub fn session_token(&self) -> &str {
        &self.session_token
    }
}
