//! Credentials that this cloud has given out, by the id of their access key.

use std::collections::BTreeMap;
use std::sync::Arc;

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
