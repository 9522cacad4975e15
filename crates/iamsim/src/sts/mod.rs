//! STS as AWS's behaves (STS-01 to STS-63, TRU-01 to TRU-98).

mod arguments;
mod assume_role;
mod assume_root;
mod federation;
mod refusal;
mod saml;
mod session;
mod token;
mod web_identity;

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use iamsim_eval::{Decision, Explanation, Resource};
use iamsim_model::{Caller, CallerIdentity, ErrorCode, Overrides, Question, SessionOrigin, SessionPrincipal};
use iamsim_policy::{AccountId, Action, Arn};

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::{mfa, mint};

pub(crate) use arguments::check_session_name;
pub use assume_role::{AssumeRole, ProvidedContext};
pub use assume_root::AssumeRoot;
pub use federation::{GetFederationToken, GetSessionToken};
pub use saml::{AssumeRoleWithSaml, SamlAssertion};
pub use session::{Credentials, Session};
pub use token::WebIdentityToken;
pub use web_identity::AssumeRoleWithWebIdentity;

/// STS, from [`Cloud::sts`].
#[derive(Debug)]
pub struct Sts<'c> {
    cloud: &'c mut Cloud,
    /// What was asked for the call so far.
    decisions: RefCell<Vec<Explanation>>,
}

impl<'c> Sts<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud) -> Self {
        Self { cloud, decisions: RefCell::default() }
    }

    /// `GetCallerIdentity`: needs no permission, and no policy can deny it (STS-07).
    ///
    /// ```
    /// let mut cloud = iamsim::Cloud::new();
    /// let dev = cloud.account("111122223333")?.add_user("dev")?.caller();
    /// let identity = cloud.sts().get_caller_identity(&dev)?;
    /// assert_eq!(identity.arn(), "arn:aws:iam::111122223333:user/dev");
    /// assert!(identity.user_id().starts_with("AIDA"));
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn get_caller_identity(mut self, who: &Caller) -> Result<CallerIdentity> {
        self.signed(who)?;
        Ok(self.cloud.world.freeze().caller_identity(who, self.now())?)
    }

    /// `GetAccessKeyInfo`: the account of an access key, which its id holds (FED-10, ID-32).
    pub fn get_access_key_info(mut self, who: &Caller, key_id: &str) -> Result<AccountId> {
        self.signed(who)?;
        not_barred(who, "GetAccessKeyInfo")?;
        let request = self.cloud.request(who, "sts:GetAccessKeyInfo", "*");
        let explanation = request.explain()?;
        match explanation.decision() {
            Decision::Allow => {}
            Decision::Undetermined if !explanation.is_denied() => return Err(undetermined(explanation)),
            _ => {
                return Err(
                    Error::new(ErrorCode::AccessDenied, explanation.message()).with_explanation(explanation)
                );
            }
        }
        mint::account_of(key_id)
            .filter(|_| key_id.starts_with("AKIA") || key_id.starts_with("ASIA"))
            .ok_or_else(|| {
                Error::new(
                    ErrorCode::ValidationError,
                    format!("Access key id {key_id} has not the format of an access key id"),
                )
            })
    }

    fn now(&self) -> DateTime<Utc> {
        self.cloud.now()
    }

    /// The caller has credentials that are still good; a role is used by its session's call (IAM-29).
    fn signed(&mut self, who: &Caller) -> Result {
        if who.account().is_none() && !who.is_service() {
            return Err(Error::new(
                ErrorCode::MissingAuthenticationToken,
                "Request is missing Authentication Token",
            ));
        }
        if who.account().is_some() {
            let now = self.now();
            self.cloud.world.freeze().caller_identity(who, now)?;
            if let Some(SessionPrincipal::Role { account, role, .. }) =
                who.as_session().map(iamsim_model::Session::principal)
            {
                self.cloud.world.touch_role(*account, role, now)?;
            }
            if let (Some(account), Some(key)) = (who.account(), who.access_key()) {
                self.cloud.world.touch_access_key(account, key, now)?;
            }
        }
        Ok(())
    }

    /// One authorization, with everything that is known of the call.
    fn ask(&self, who: &Caller, action: &str, resource: &Arn, overrides: &Overrides) -> Result<Explanation> {
        let action: Action = action.parse()?;
        let question = Question {
            caller: who,
            action,
            resource: Resource::Arn(resource.clone()),
            now: self.now(),
            overrides: overrides.clone(),
            owner: None,
            endpoint: None,
        };
        let (layers, request) = self.cloud.world.freeze().assemble(&question)?;
        let explanation = iamsim_eval::explain(&layers, &request);
        self.decisions.borrow_mut().push(explanation.clone());
        Ok(explanation)
    }

    /// Checks a code of an MFA device of the caller, and uses it up (STS-30 to STS-32).
    pub(crate) fn verify_mfa(self, who: &Caller, serial: &str, code: &str) -> Result {
        self.check_mfa(who, serial, code).map(|_| ())
    }
}

impl Sts<'_> {
    fn check_mfa(self, who: &Caller, serial: &str, code: &str) -> Result<Self> {
        // Who can have a device: a user, or a root user, who is none of them.
        let user = match who.as_session().map(iamsim_model::Session::principal) {
            Some(SessionPrincipal::User { user, .. }) => Some(Some(user)),
            Some(SessionPrincipal::Root { .. }) => Some(None),
            Some(_) => None,
            None if who.is_root() => Some(None),
            None => who.user_id().map(Some),
        };
        let unable = || {
            Error::new(
                ErrorCode::AccessDenied,
                "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                 number is valid and associated with this user.",
            )
        };
        let (Some(user), Some(account)) = (user, who.account()) else {
            return Err(unable().with_reason("only users have MFA devices (STS-32)"));
        };
        let Ok((secret, home, owner)) = self.cloud.world.mfa_device(serial) else {
            return Err(unable().with_reason(format!("there is no MFA device `{serial}`")));
        };
        if (home, owner) != (account, user) {
            return Err(unable().with_reason(format!("the MFA device `{serial}` is another user's")));
        }
        let wrong = || {
            Error::new(
                ErrorCode::AccessDenied,
                "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            )
        };
        match mfa::check(secret, self.now(), code) {
            mfa::Check::Wrong => Err(wrong().with_reason("the device does not show this code now")),
            mfa::Check::Fixed => Ok(self),
            mfa::Check::Step(step) => {
                if self.cloud.world.use_mfa_step(account, serial, step)? {
                    Ok(self)
                } else {
                    Err(wrong().with_reason("the code was used before: wait for the next one (STS-31)"))
                }
            }
        }
    }
}

/// Sessions that may call nothing of STS but `GetCallerIdentity` (SES-21 to SES-25).
fn not_barred(who: &Caller, operation: &str) -> Result {
    let Some(session) = who.as_session() else { return Ok(()) };
    let barred = match session.principal() {
        SessionPrincipal::FederatedUser { .. } | SessionPrincipal::AssumedRoot { .. } => true,
        SessionPrincipal::User { .. } | SessionPrincipal::Root { .. } => {
            operation != "AssumeRole" && session.origin() == SessionOrigin::Sts
        }
        _ => false,
    };
    if barred {
        return Err(Error::new(
            ErrorCode::AccessDenied,
            format!("Cannot call {operation} with session credentials"),
        ));
    }
    Ok(())
}

/// STS can say neither yes nor no.
fn undetermined(explanation: Explanation) -> Error {
    let keys = explanation.unknown_keys().join("`, `");
    let error = Error::new(ErrorCode::Undetermined, explanation.message());
    let error = match keys.as_str() {
        "" => error.with_reason("it depends on a policy of an account that this cloud does not know"),
        keys => error.with_reason(format!("it depends on `{keys}`, of which nothing is known")),
    };
    error.with_explanation(explanation)
}
