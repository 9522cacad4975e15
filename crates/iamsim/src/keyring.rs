//! Credentials that this cloud has given out, by the id of their access key.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_model::{Caller, ErrorCode};

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::sts::Session;

/// What signs, with what, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) secret: Box<str>,
    pub(crate) token: Option<Box<str>>,
    pub(crate) caller: Caller,
}

/// By the id of the access key.
pub(crate) type Keyring = Arc<BTreeMap<Box<str>, Key>>;

impl Cloud {
    /// Who signs with an access key: a user's long-term key, or a session's with its token (WIRE-34).
    ///
    /// Whether the key is still active and the session still lasts is seen when the caller asks.
    ///
    /// ```
    /// use iamsim::{AssumeRole, Cloud, trust};
    ///
    /// let mut cloud = Cloud::new();
    /// let role = cloud.account("111122223333")?
    ///     .add_role("checkout", trust::service("lambda.amazonaws.com"))?.arn();
    /// let session = cloud.sts().assume_as_service("lambda.amazonaws.com", AssumeRole::new(&role, "checkout"))?;
    /// let keys = session.credentials();
    ///
    /// let caller = cloud.caller(keys.access_key_id(), Some(keys.session_token()))?;
    /// assert_eq!(caller.to_string(), session.arn());
    /// let without = cloud.caller(keys.access_key_id(), None).unwrap_err();
    /// assert_eq!((without.code(), without.status()), ("InvalidClientTokenId", 403));
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn caller(&self, access_key_id: &str, session_token: Option<&str>) -> Result<Caller> {
        let key = self.keyring.get(access_key_id).filter(|key| key.token.as_deref() == session_token);
        key.map(|key| key.caller.clone()).ok_or_else(|| {
            Error::new(
                ErrorCode::InvalidClientTokenId,
                "The security token included in the request is invalid.",
            )
        })
    }

    /// `GetAccessKeyLastUsed`: when a user's key last signed a call of STS, which are the calls that are made here;
    /// questions that are only asked do not count (IAM-56).
    ///
    /// AWS authorizes the call on the key's user; that is a question of its own here. A key that no account has is
    /// refused as AWS refuses it, with the caller's name (ERR-22).
    ///
    /// ```
    /// let mut cloud = iamsim::Cloud::new();
    /// let mut account = cloud.account("111122223333")?;
    /// let key = account.add_user("dev")?.access_key()?;
    /// let admin = account.root();
    /// assert_eq!(cloud.access_key_last_used(&admin, key.id())?, None);
    /// cloud.sts().get_caller_identity(key.caller())?;
    /// assert_eq!(cloud.access_key_last_used(&admin, key.id())?, Some(cloud.clock().now()));
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn access_key_last_used(&self, who: &Caller, access_key_id: &str) -> Result<Option<DateTime<Utc>>> {
        let identity = self.world.freeze().caller_identity(who, self.now())?;
        let found = self.world.access_key_last_used(access_key_id);
        // A key of another account is as unknown as none.
        let found = found.filter(|(account, ..)| *account == identity.account());
        found.map(|(_, _, last_used)| last_used).ok_or_else(|| {
            Error::new(
                ErrorCode::AccessDenied,
                format!(
                    "User: {} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key \
                     {access_key_id}",
                    identity.arn()
                ),
            )
            .with_reason("no user of the caller's account has this access key")
        })
    }

    /// The secret of an access key that this cloud has given out.
    pub fn secret_access_key(&self, access_key_id: &str) -> Option<&str> {
        self.keyring.get(access_key_id).map(|key| &*key.secret)
    }

    /// Keeps a session's credentials, so that [`caller`](Self::caller) finds them.
    pub(crate) fn keep(&mut self, session: Session) -> Session {
        let credentials = session.credentials();
        let key = Key {
            secret: credentials.secret_access_key().into(),
            token: Some(credentials.session_token().into()),
            caller: session.caller().clone(),
        };
        Arc::make_mut(&mut self.keyring).insert(credentials.access_key_id().into(), key);
        session
    }
}
