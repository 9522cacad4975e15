//! The console: signing in, and switching roles (SIG-04 to SIG-12).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use iamsim_model::{Caller, ErrorCode, SessionOrigin, SessionPrincipal};

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::identity::RoleArn;
use crate::link::SwitchRoleLink;
use crate::sts::{AssumeRole, Session, Sts};

/// The console, from [`Cloud::console`].
///
/// ```
/// use iamsim::{Cloud, SwitchRoleLink, trust};
///
/// let mut cloud = Cloud::new();
/// let mut users = cloud.account("444455556666")?;
/// let dev = users.add_user("dev")?
///     .attach("switch", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}"#)?
///     .mfa_device("phone")?
///     .caller();
/// cloud.account("111122223333")?.alias("example-prod")?
///     .add_role("devops", trust::account("444455556666").require_mfa())?;
///
/// let link = SwitchRoleLink::new("example-prod", "devops")?;
/// let without = cloud.console().sign_in(&dev)?;
/// let refused = cloud.console().switch_role(&without, &link).unwrap_err();
/// assert!(refused.reason().unwrap().contains("sign in with MFA"));
///
/// let phone = "arn:aws:iam::444455556666:mfa/phone";
/// let code = cloud.mfa_code(phone)?;
/// let with = cloud.console().sign_in_with_mfa(&dev, phone, &code)?;
/// let session = cloud.console().switch_role(&with, &link)?;
/// assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/devops/dev");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Debug)]
pub struct Console<'c> {
    cloud: &'c mut Cloud,
}

/// How long a sign-in of a user lasts (SIG-10).
const SIGN_IN: TimeDelta = TimeDelta::hours(12);

/// Somebody who is signed in at the console.
#[derive(Clone, Debug)]
pub struct ConsoleSession {
    caller: Caller,
    name: Option<Box<str>>,
    expires: DateTime<Utc>,
}

impl ConsoleSession {
    /// Who acts in the console: the user, not a role that was switched to.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// When the sign-in ends.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires
    }
}

impl<'c> Console<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud) -> Self {
        Self { cloud }
    }

    /// Signs a user or root user in, without MFA.
    pub fn sign_in(self, user: &Caller) -> Result<ConsoleSession> {
        self.sign_in_as(user, None)
    }

    /// Signs a user or root user in, with a code of one of its MFA devices. Switching roles carries it on (SIG-11).
    pub fn sign_in_with_mfa(self, user: &Caller, serial: &str, code: &str) -> Result<ConsoleSession> {
        let sts = Sts::new(&mut *self.cloud);
        sts.verify_mfa(user, serial, code)?;
        let now = self.cloud.now();
        self.sign_in_as(user, Some(now))
    }

    fn sign_in_as(self, user: &Caller, mfa: Option<DateTime<Utc>>) -> Result<ConsoleSession> {
        let now = self.cloud.now();
        let identity = self.cloud.world.freeze().caller_identity(user, now)?;
        let account = identity.account();
        let (principal, name) = match user.user_id() {
            Some(id) => {
                let name = identity.arn().rsplit('/').next().map(Box::from);
                (SessionPrincipal::User { account, user: id.clone() }, name)
            }
            None if user.is_root() && user.as_session().is_none() => {
                (SessionPrincipal::Root { account }, None)
            }
            None => {
                return Err(Error::new(
                    ErrorCode::ValidationError,
                    format!("`{user}` can't sign in at the console: users and root users can"),
                ));
            }
        };
        let expires = now + SIGN_IN;
        let session = iamsim_model::Session::new(principal, now, expires).with_origin(SessionOrigin::Console);
        let session = match mfa {
            Some(at) => session.with_mfa(at),
            None => session,
        };
        Ok(ConsoleSession { caller: Caller::session(Arc::new(session), identity.arn()), name, expires })
    }

    /// Switches to a role: AssumeRole with the identity that signed in, with its name as session name, and
    /// without an ExternalId, tags, source identity or session policy, which the console can't supply (SIG-08,
    /// SIG-09, SES-40).
    ///
    /// A role that asks for one of them can't be reached, and the error's
    /// [`reason`](Error::reason) says so. The session ends with the sign-in at the latest (SIG-10).
    pub fn switch_role(self, from: &ConsoleSession, link: &SwitchRoleLink) -> Result<Session> {
        let account = self.cloud.account_id(link.account())?;
        let role = format!("arn:{}:iam::{account}:role/{}", self.cloud.world.partition(), link.role_name());
        let role = RoleArn::new_unchecked(&role);
        let Some(name) = &from.name else {
            return Err(Error::new(ErrorCode::AccessDenied, "Roles may not be assumed by root accounts.")
                .with_reason("a root user can't switch roles: sign in as a user"));
        };
        let left = from.expires - self.cloud.now();
        Sts::new(self.cloud).assume_from_console(from.caller(), &AssumeRole::new(&role, name), left)
    }
}
