//! GetSessionToken and GetFederationToken: a user's own temporary credentials (FED-03 to FED-08).

use std::sync::Arc;

use chrono::TimeDelta;
use iamsim_eval::{ContextValue, Decision};
use iamsim_model::{Caller, ErrorCode, Overrides, PolicyDocument, SessionPrincipal};
use iamsim_policy::{AccountId, Arn};

use super::arguments::Arguments;
use super::assume_role::{denied, fill_tags, has_duplicates, packed_size};
use super::session::Session;
use super::{Sts, undetermined};
use crate::Result;
use crate::error::Error;

/// A call of GetSessionToken.
///
/// ```
/// use iamsim::{Cloud, GetSessionToken};
///
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?
///     .attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?
///     .mfa_device("phone")?
///     .caller();
/// let phone = "arn:aws:iam::111122223333:mfa/phone";
/// let code = cloud.mfa_code(phone)?;
/// let session = cloud.sts().get_session_token(&dev, GetSessionToken::new().mfa(phone, &code))?;
/// cloud.assert_allows(session.caller(), "iam:ListUsers", "*");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a call does nothing until `Sts::get_session_token` makes it"]
pub struct GetSessionToken {
    duration: Option<TimeDelta>,
    serial: Option<String>,
    code: Option<String>,
}

impl GetSessionToken {
    /// A session without MFA, twelve hours long.
    pub fn new() -> Self {
        Self::default()
    }

    /// SerialNumber and TokenCode of an MFA device of the caller.
    pub fn mfa(mut self, serial: &str, code: &str) -> Self {
        self.serial = Some(serial.into());
        self.code = Some(code.into());
        self
    }

    /// How long the session lasts: 15 minutes to 36 hours, for root at most one hour (FED-05).
    pub fn duration(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }
}

/// A call of GetFederationToken.
///
/// Without a session policy the session has no permissions but those of resource policies that name it
/// (FED-07).
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until `Sts::get_federation_token` makes it"]
pub struct GetFederationToken {
    name: String,
    duration: Option<TimeDelta>,
    policy: Option<PolicyDocument>,
    policy_arns: Vec<String>,
    tags: Vec<(String, String)>,
}

impl GetFederationToken {
    /// A session under a name, twelve hours long.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), duration: None, policy: None, policy_arns: Vec::new(), tags: Vec::new() }
    }

    /// The session policy.
    pub fn policy(mut self, policy: impl Into<PolicyDocument>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// A managed policy as session policy.
    pub fn policy_arn(mut self, arn: &str) -> Self {
        self.policy_arns.push(arn.into());
        self
    }

    /// A session tag; the call needs `sts:TagSession` then.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// How long the session lasts: 15 minutes to 36 hours, for root at most one hour.
    pub fn duration(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a call is built, made, and gone")]
impl Sts<'_> {
    /// `GetSessionToken`: needs no permission, and no policy can deny it (FED-06).
    pub fn get_session_token(mut self, who: &Caller, call: GetSessionToken) -> Result<Session> {
        let account = self.long_term(who, "GetSessionToken")?;
        let mut arguments = Arguments::default();
        check_duration(&mut arguments, call.duration);
        arguments.mfa(call.serial.as_deref(), call.code.as_deref());
        arguments.finish()?;
        let mut mfa = None;
        if let (Some(serial), Some(code)) = (&call.serial, &call.code) {
            self = self.check_mfa(who, serial, code)?;
            mfa = Some(self.now());
        }
        let principal = match who.user_id() {
            Some(user) => SessionPrincipal::User { account, user: user.clone() },
            None => SessionPrincipal::Root { account },
        };
        let now = self.now();
        let credentials = self.cloud.credentials(account, &format!("session-token/{who}"));
        let session = iamsim_model::Session::new(principal, now, now + length(who, call.duration))
            .with_access_key(credentials.access_key_id());
        let session = Arc::new(match mfa {
            Some(at) => session.with_mfa(at),
            None => session,
        });
        let arn = self.cloud.world.freeze().caller_identity(who, now)?.arn().to_owned();
        Ok(self.cloud.keep(Session {
            caller: Caller::session(session.clone(), &arn),
            inner: session,
            assumed_role_id: None,
            credentials,
            packed_policy_size: None,
            decisions: self.decisions.take().into(),
        }))
    }

    /// `GetFederationToken`: needs `sts:GetFederationToken` on the federated user's ARN (STS-06).
    pub fn get_federation_token(mut self, who: &Caller, call: GetFederationToken) -> Result<Session> {
        let account = self.long_term(who, "GetFederationToken")?;
        let mut arguments = Arguments::default();
        arguments.length("name", &call.name, 2, 32);
        arguments.letters("name", &call.name, "+=,.@-", r"[\w+=,.@-]*");
        arguments.session_policies(call.policy.as_ref().map(PolicyDocument::text), &call.policy_arns);
        check_duration(&mut arguments, call.duration);
        arguments.tags(call.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        arguments.finish()?;
        let keys: Vec<String> = call.tags.iter().map(|(key, _)| key.to_lowercase()).collect();
        if has_duplicates(&keys) {
            return Err(Error::new(
                ErrorCode::InvalidParameterValue,
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        let inline = self.read_session_policy(call.policy.as_ref())?;
        let arn = format!("arn:{}:sts::{account}:federated-user/{}", self.cloud.world.partition(), call.name);
        let resource: Arn = arn.parse()?;
        let tags: Vec<(&str, &str)> =
            call.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let mut overrides = Overrides::new();
        overrides.set_absent_prefix("sts:");
        fill_tags(&mut overrides, &tags);
        let mut actions = vec!["sts:GetFederationToken"];
        if !tags.is_empty() {
            actions.push("sts:TagSession");
        }
        for action in actions {
            let explanation = self.ask(who, action, &resource, &overrides)?;
            match explanation.decision() {
                Decision::Allow => {}
                Decision::Undetermined if !explanation.is_denied() => return Err(undetermined(explanation)),
                _ => {
                    let reason = explanation.message();
                    return Err(denied(who, action, &arn).with_reason(reason).with_explanation(explanation));
                }
            }
        }
        let policies = self.session_policies(account, inline, &call.policy_arns)?;
        let text = call.policy.as_ref().map(PolicyDocument::text);
        let packed = packed_size(text, &call.policy_arns, tags.iter().copied())?;
        let now = self.now();
        let user = who.user_id().cloned();
        let principal = SessionPrincipal::FederatedUser { account, user, name: call.name.as_str().into() };
        let credentials = self.cloud.credentials(account, &format!("federated-user/{}", call.name));
        // FED-07: no session policy, no permission of the user's.
        let mut session = iamsim_model::Session::new(principal, now, now + length(who, call.duration))
            .with_policies(policies.unwrap_or_default())
            .with_access_key(credentials.access_key_id());
        for (key, value) in tags {
            session = session.with_tag(key, value, false);
        }
        let session = Arc::new(session);
        Ok(self.cloud.keep(Session {
            caller: Caller::session(session.clone(), &arn),
            inner: session,
            assumed_role_id: Some(format!("{account}:{}", call.name)), // ID-36
            credentials,
            packed_policy_size: Some(packed.unwrap_or_default()), // STS-37
            decisions: self.decisions.take().into(),
        }))
    }

    /// The caller signs with long-term credentials (FED-03, FED-04).
    fn long_term(&mut self, who: &Caller, operation: &str) -> Result<AccountId> {
        self.signed(who)?;
        match who.account() {
            Some(account) if who.as_session().is_none() => Ok(account),
            Some(_) => Err(Error::new(
                ErrorCode::AccessDenied,
                format!("Cannot call {operation} with session credentials"),
            )),
            None => Err(Error::new(
                ErrorCode::AccessDenied,
                format!("User: {who} is not authorized to perform: sts:{operation}"),
            )),
        }
    }
}

/// STS-05, STS-06.
fn check_duration(arguments: &mut Arguments, duration: Option<TimeDelta>) {
    if let Some(duration) = duration {
        arguments.range("durationSeconds", duration.num_seconds(), 900, 129_600);
    }
}

/// Twelve hours when nothing is said; for root never more than one (FED-05).
fn length(who: &Caller, asked: Option<TimeDelta>) -> TimeDelta {
    let asked = asked.unwrap_or(TimeDelta::hours(12));
    if who.is_root() { asked.min(TimeDelta::hours(1)) } else { asked }
}

/// A claim or attribute as a context value.
pub(super) fn value_of(values: &[String]) -> ContextValue {
    match values {
        [one] => ContextValue::One(one.as_str().into()),
        many => ContextValue::Many(many.iter().map(|value| value.as_str().into()).collect()),
    }
}
