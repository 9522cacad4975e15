//! AssumeRoleWithWebIdentity (TRU-80 to TRU-8C).

use chrono::TimeDelta;
use iamsim_eval::{ContextValue, Decision, Explanation};
use iamsim_model::{BUILT_IN_ISSUERS, Caller, ErrorCode, Overrides, PolicyDocument, SessionOrigin};
use iamsim_policy::{AccountId, Arn};

use super::arguments::Arguments;
use super::assume_role::{NewSession, fill_tags, has_duplicates};
use super::federation::value_of;
use super::refusal::{Door, why};
use super::session::Session;
use super::token::WebIdentityToken;
use super::{Sts, undetermined};
use crate::Result;
use crate::error::Error;
use crate::identity::RoleArn;

/// A call of AssumeRoleWithWebIdentity; [`WebIdentityToken`] shows one.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until `Sts::assume_role_with_web_identity` makes it"]
pub struct AssumeRoleWithWebIdentity {
    role: RoleArn,
    session_name: String,
    token: WebIdentityToken,
    policy: Option<PolicyDocument>,
    policy_arns: Vec<String>,
    duration: Option<TimeDelta>,
}

impl AssumeRoleWithWebIdentity {
    /// Assumes a role with a token.
    pub fn new(role: &RoleArn, session_name: &str, token: &WebIdentityToken) -> Self {
        Self {
            role: role.clone(),
            session_name: session_name.into(),
            token: token.clone(),
            policy: None,
            policy_arns: Vec::new(),
            duration: None,
        }
    }

    /// A session policy.
    pub fn policy(mut self, policy: impl Into<PolicyDocument>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// A managed policy as session policy.
    pub fn policy_arn(mut self, arn: &str) -> Self {
        self.policy_arns.push(arn.into());
        self
    }

    /// How long the session lasts; one hour when nothing is said.
    pub fn duration(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }
}

/// Claims that become context keys beside `aud`, `sub` and `amr`, by issuer (TRU-87, TRU-88).
const CLAIMS: &[(&str, &[&str])] = &[
    (
        "token.actions.githubusercontent.com",
        &[
            "actor",
            "actor_id",
            "enterprise_id",
            "environment",
            "job_workflow_ref",
            "ref",
            "repository",
            "repository_id",
            "repository_owner_id",
            "runner_environment",
            "workflow",
        ],
    ),
    ("graph.facebook.com", &["app_id", "id"]),
    ("www.amazon.com", &["app_id", "user_id"]),
];

/// How long a token is good when it does not say.
const TOKEN: TimeDelta = TimeDelta::hours(1);

#[expect(clippy::needless_pass_by_value, reason = "a call is built, made, and gone")]
impl Sts<'_> {
    /// `AssumeRoleWithWebIdentity`: unsigned; the token says who it is, and only the trust policy decides.
    ///
    /// The double believes any token of a provider that the role's account knows: it never fetches keys.
    pub fn assume_role_with_web_identity(self, call: AssumeRoleWithWebIdentity) -> Result<Session> {
        const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
        let token = &call.token;
        let mut arguments = Arguments::default();
        arguments.length("roleArn", call.role.as_str(), 20, 2048);
        arguments.session_name("roleSessionName", &call.session_name);
        arguments.session_policies(call.policy.as_ref().map(PolicyDocument::text), &call.policy_arns);
        check_duration(&mut arguments, call.duration);
        arguments.finish()?;
        let arn = role_arn(&call.role)?;
        let Some(account) = arn.account() else { return Err(unauthorized(ACTION)) };
        self.known(account)?;
        let (provider, host) = self.check_token(account, token)?;
        check_token_tags(&token.tags)?;
        let policy = self.read_session_policy(call.policy.as_ref())?;

        let claims = claims(token, &host);
        let mut overrides = Overrides::new();
        // The token's issuer speaks for itself, and no other issuer speaks at all.
        for issuer in self.cloud.world.trusted_issuers(&arn).into_iter().chain([host.clone()]) {
            overrides.set_absent_prefix(&format!("{issuer}:"));
        }
        for (key, value) in &claims {
            overrides.set(key, value.clone());
        }
        fill_session(&mut overrides, &call.session_name, &token.tags, token.source_identity.as_deref());
        overrides.set("aws:FederatedProvider", ContextValue::One(provider.as_str().into()));
        let who = Caller::federated(&provider);
        self.authorize_federated(
            &who,
            ACTION,
            &arn,
            &overrides,
            &token.tags,
            token.source_identity.is_some(),
        )?;

        let Some((account, role)) = self.cloud.world.role_by_arn(&arn) else {
            return Err(unauthorized(ACTION));
        };
        let duration = self.federated_duration(account, &role, call.duration)?;
        self.make_session(
            NewSession {
                account,
                role,
                name: &call.session_name,
                duration,
                tags: token.tags.clone(),
                source_identity: token.source_identity.clone(),
                policy: call.policy.as_ref(),
                policy_arns: &call.policy_arns,
                provider: Some(provider),
                claims: lasting_claims(&host, claims),
                origin: SessionOrigin::Sts,
            },
            policy,
        )
    }

    /// Providers are the role account's: of an account that nobody described nothing can be said.
    pub(super) fn known(&self, account: AccountId) -> Result {
        if self.cloud.world.account_id(&account.to_string()).is_ok() {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Undetermined, format!("Account {account} is not known here"))
            .with_reason(format!("what the account {account} trusts is not known: nobody described it")))
    }

    /// The provider as policies name it, and its host and path; in the order of TRU-82.
    fn check_token(&self, account: AccountId, token: &WebIdentityToken) -> Result<(String, String)> {
        let invalid = |message: String| Err(Error::new(ErrorCode::InvalidIdentityToken, message));
        let host = token.issuer.strip_prefix("https://").unwrap_or(&token.issuer).trim_end_matches('/');
        let (provider, clients) = if BUILT_IN_ISSUERS.contains(&host) {
            (host.to_owned(), None)
        } else {
            let Some((arn, clients)) = self.cloud.world.oidc_provider(account, host) else {
                let issuer = &token.issuer;
                return invalid(format!("No OpenIDConnect provider found in your account for {issuer}"));
            };
            (arn.to_owned(), Some(clients))
        };
        let now = self.now();
        let issued = token.issued.unwrap_or(now);
        let expires = token.expires.unwrap_or(issued + TOKEN);
        if now >= expires {
            let (now, end) = (now.timestamp(), expires.timestamp());
            return Err(Error::new(
                ErrorCode::ExpiredTokenException,
                format!(
                    "Token expired: current date/time {now} must be before the expiration date/time{end}"
                ),
            ));
        }
        let audience = token.authorized_party.as_ref().unwrap_or(&token.audience);
        if clients.is_some_and(|clients| !clients.contains(&audience.as_str())) {
            return invalid("Incorrect token audience".into());
        }
        Ok((provider, host.to_owned()))
    }

    /// The action and its companions, of which only the trust policy decides (TRU-44, TRU-54).
    pub(super) fn authorize_federated(
        &self,
        who: &Caller,
        action: &'static str,
        arn: &Arn,
        overrides: &Overrides,
        tags: &[(String, String, bool)],
        sets_source_identity: bool,
    ) -> Result {
        let companions =
            [(!tags.is_empty(), "sts:TagSession"), (sets_source_identity, "sts:SetSourceIdentity")];
        let companions = companions.into_iter().filter_map(|(needed, action)| needed.then_some(action));
        for asked in std::iter::once(action).chain(companions) {
            let explanation: Explanation = self.ask(who, asked, arn, overrides)?;
            match explanation.decision() {
                Decision::Allow => {}
                Decision::Undetermined if !explanation.is_denied() => return Err(undetermined(explanation)),
                _ => {
                    let reason = why(&explanation, asked, Door::Api);
                    return Err(unauthorized(asked).with_reason(reason).with_explanation(explanation));
                }
            }
        }
        Ok(())
    }

    /// STS-23 for callers without credentials.
    pub(super) fn federated_duration(
        &self,
        account: AccountId,
        role: &iamsim_model::RoleId,
        asked: Option<TimeDelta>,
    ) -> Result<TimeDelta> {
        let longest = self.cloud.world.max_session(account, role)?;
        match asked {
            Some(asked) if asked > longest => Err(Error::new(
                ErrorCode::ValidationError,
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            )),
            Some(asked) => Ok(asked),
            None => Ok(TimeDelta::hours(1)),
        }
    }
}

/// Context keys of the claims (TRU-86 to TRU-88).
fn claims(token: &WebIdentityToken, host: &str) -> Vec<(Box<str>, ContextValue)> {
    let one = |value: &str| ContextValue::One(value.into());
    let mut claims: Vec<(Box<str>, ContextValue)> = Vec::new();
    let mut set = |name: &str, value: ContextValue| claims.push((format!("{host}:{name}").into(), value));
    set("aud", one(token.authorized_party.as_ref().unwrap_or(&token.audience)));
    set("sub", one(&token.subject));
    if host == "accounts.google.com" {
        set("oaud", one(&token.audience));
    }
    let issuer = CLAIMS.iter().find(|(issuer, _)| {
        host == *issuer || host.strip_prefix(issuer).is_some_and(|rest| rest.starts_with('/'))
    });
    let known = issuer.map(|(_, claims)| *claims).unwrap_or_default();
    for (name, values) in &token.claims {
        if name == "amr" {
            set(name, ContextValue::Many(values.iter().map(|value| value.as_str().into()).collect()));
        } else if known.contains(&name.as_str()) {
            set(name, value_of(values));
        }
    }
    claims
}

/// What later requests of the session still carry: the claims of the providers AWS knows by name; GitHub's are
/// gone (TRU-88), and of other providers AWS does not say (TRU-97).
fn lasting_claims(host: &str, claims: Vec<(Box<str>, ContextValue)>) -> Vec<(Box<str>, ContextValue)> {
    let known = BUILT_IN_ISSUERS.contains(&host);
    let gone = host.starts_with("token.actions.githubusercontent.com");
    claims
        .into_iter()
        .map(|(key, value)| match (known, gone) {
            (true, _) => (key, value),
            (_, true) => (key, ContextValue::Absent),
            _ => (key, ContextValue::Unknown),
        })
        .collect()
}

/// The keys of a session that is made without a caller (TRU-61 to TRU-65).
pub(super) fn fill_session(
    overrides: &mut Overrides,
    name: &str,
    tags: &[(String, String, bool)],
    source_identity: Option<&str>,
) {
    overrides.set_absent_prefix("sts:");
    overrides.set("sts:RoleSessionName", ContextValue::One(name.into()));
    if let Some(identity) = source_identity {
        overrides.set("sts:SourceIdentity", ContextValue::One(identity.into()));
    }
    let transitive: Vec<Box<str>> =
        tags.iter().filter(|(_, _, transitive)| *transitive).map(|(key, _, _)| key.as_str().into()).collect();
    if !transitive.is_empty() {
        overrides.set("sts:TransitiveTagKeys", ContextValue::Many(transitive.into()));
    }
    let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value, _)| (key.as_str(), value.as_str())).collect();
    fill_tags(overrides, &tags);
}

/// The tags that a token or assertion carries (STS-39, STS-42).
pub(super) fn check_token_tags(tags: &[(String, String, bool)]) -> Result {
    let mut arguments = Arguments::default();
    arguments.tags(tags.iter().map(|(key, value, _)| (key.as_str(), value.as_str())));
    arguments.finish()?;
    let keys: Vec<String> = tags.iter().map(|(key, _, _)| key.to_lowercase()).collect();
    if has_duplicates(&keys) {
        return Err(Error::new(
            ErrorCode::InvalidParameterValue,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    Ok(())
}

/// STS-23.
pub(super) fn check_duration(arguments: &mut Arguments, duration: Option<TimeDelta>) {
    if let Some(duration) = duration {
        arguments.range("durationSeconds", duration.num_seconds(), 900, 43200);
    }
}

/// STS-20.
pub(super) fn role_arn(role: &RoleArn) -> Result<Arn> {
    let text = role.as_str();
    text.parse().map_err(|_| Error::new(ErrorCode::ValidationError, format!("{text} is invalid")))
}

/// The one answer to callers without an ARN (TRU-44).
pub(super) fn unauthorized(action: &str) -> Error {
    Error::new(ErrorCode::AccessDenied, format!("Not authorized to perform {action}"))
}
