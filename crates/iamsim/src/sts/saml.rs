//! AssumeRoleWithSAML (TRU-90 to TRU-98).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use iamsim_eval::ContextValue;
use iamsim_model::{Caller, ErrorCode, Overrides, PolicyDocument, SessionOrigin};
use iamsim_policy::AccountId;
use sha1::{Digest, Sha1};

use super::Sts;
use super::arguments::Arguments;
use super::assume_role::NewSession;
use super::federation::value_of;
use super::session::Session;
use super::web_identity::{check_duration, check_token_tags, fill_session, role_arn, unauthorized};
use crate::Result;
use crate::error::Error;
use crate::identity::RoleArn;

/// A SAML assertion, as the double understands it: attributes, believed when the provider is known.
///
/// ```
/// use iamsim::{AssumeRoleWithSaml, Cloud, SamlAssertion, trust};
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let provider = account.add_saml_provider("corporate")?;
/// let role = account.add_role("analyst", trust::saml(&provider))?.arn();
///
/// let assertion = SamlAssertion::new(&provider, "alice@example.com", "alice");
/// let session = cloud.sts().assume_role_with_saml(AssumeRoleWithSaml::new(&role, &assertion))?;
/// assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/analyst/alice");
///
/// let elsewhere = assertion.recipient("https://example.com/saml");
/// assert!(cloud.sts().assume_role_with_saml(AssumeRoleWithSaml::new(&role, &elsewhere)).is_err());
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamlAssertion {
    provider: String,
    subject: String,
    session_name: Option<String>,
    issuer: String,
    recipient: String,
    subject_type: String,
    /// None: the role that is asked for.
    roles: Option<Vec<String>>,
    attributes: Vec<(String, Vec<String>)>,
    tags: Vec<(String, String, bool)>,
    source_identity: Option<String>,
    issued: Option<DateTime<Utc>>,
    session_not_on_or_after: Option<DateTime<Utc>>,
}

impl SamlAssertion {
    /// An assertion about a subject, just issued, for the sign-in page of the console as recipient.
    pub fn new(provider_arn: &str, subject: &str, session_name: &str) -> Self {
        Self {
            provider: provider_arn.into(),
            subject: subject.into(),
            session_name: Some(session_name.into()),
            issuer: "https://idp.example.com".into(),
            recipient: "https://signin.aws.amazon.com/saml".into(),
            subject_type: "persistent".into(),
            roles: None,
            attributes: Vec::new(),
            tags: Vec::new(),
            source_identity: None,
            issued: None,
            session_not_on_or_after: None,
        }
    }

    /// The `Role` attribute lists this role, and only those given so. Without it the assertion is for the role
    /// that is asked for.
    #[must_use]
    pub fn role(mut self, role_arn: &str) -> Self {
        self.roles.get_or_insert_default().push(role_arn.into());
        self
    }

    /// Leaves the `RoleSessionName` attribute out, which AWS refuses (TRU-92).
    #[must_use]
    pub fn without_session_name(mut self) -> Self {
        self.session_name = None;
        self
    }

    /// An attribute that becomes the context key `saml:{name}`, such as `eduPersonAffiliation`.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        match self.attributes.iter_mut().find(|(own, _)| own == name) {
            Some((_, values)) => values.push(value.into()),
            None => self.attributes.push((name.into(), vec![value.into()])),
        }
        self
    }

    /// The issuer, `saml:iss`.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// The recipient, which is what `saml:aud` holds (TRU-95).
    #[must_use]
    pub fn recipient(mut self, url: &str) -> Self {
        self.recipient = url.into();
        self
    }

    /// `persistent`, `transient`, or a whole format URI: `saml:sub_type`.
    #[must_use]
    pub fn subject_type(mut self, kind: &str) -> Self {
        self.subject_type = kind.into();
        self
    }

    /// A session tag, from a `PrincipalTag:` attribute (TRU-91).
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.into(), value.into(), false));
        self
    }

    /// A session tag that `TransitiveTagKeys` lists too.
    #[must_use]
    pub fn transitive_tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.into(), value.into(), true));
        self
    }

    /// The source identity.
    #[must_use]
    pub fn source_identity(mut self, identity: &str) -> Self {
        self.source_identity = Some(identity.into());
        self
    }

    /// When it was issued; it can be used for five minutes (TRU-93).
    #[must_use]
    pub fn issued_at(mut self, at: DateTime<Utc>) -> Self {
        self.issued = Some(at);
        self
    }

    /// The end of the session at the identity provider, which ends the role's session too (TRU-94).
    #[must_use]
    pub fn session_not_on_or_after(mut self, at: DateTime<Utc>) -> Self {
        self.session_not_on_or_after = Some(at);
        self
    }
}

/// A call of AssumeRoleWithSAML; [`SamlAssertion`] shows one.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until `Sts::assume_role_with_saml` makes it"]
pub struct AssumeRoleWithSaml {
    role: RoleArn,
    assertion: SamlAssertion,
    policy: Option<PolicyDocument>,
    policy_arns: Vec<String>,
    duration: Option<TimeDelta>,
}

impl AssumeRoleWithSaml {
    /// Assumes a role with an assertion.
    pub fn new(role: &RoleArn, assertion: &SamlAssertion) -> Self {
        Self {
            role: role.clone(),
            assertion: assertion.clone(),
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

/// How long an assertion can be used (TRU-93).
const ASSERTION: TimeDelta = TimeDelta::minutes(5);

#[expect(clippy::needless_pass_by_value, reason = "a call is built, made, and gone")]
impl Sts<'_> {
    /// `AssumeRoleWithSAML`: unsigned; the assertion says who it is, and only the trust policy decides.
    pub fn assume_role_with_saml(self, call: AssumeRoleWithSaml) -> Result<Session> {
        const ACTION: &str = "sts:AssumeRoleWithSAML";
        let assertion = &call.assertion;
        let mut arguments = Arguments::default();
        arguments.length("roleArn", call.role.as_str(), 20, 2048);
        arguments.length("principalArn", &assertion.provider, 20, 2048);
        arguments.session_policies(call.policy.as_ref().map(PolicyDocument::text), &call.policy_arns);
        check_duration(&mut arguments, call.duration);
        arguments.finish()?;
        let arn = role_arn(&call.role)?;
        let Some(account) = arn.account() else { return Err(unauthorized(ACTION)) };
        self.known(account)?;
        let name = self.check_assertion(account, assertion)?;
        if assertion.roles.as_ref().is_some_and(|roles| !roles.iter().any(|role| *role == call.role.as_str()))
        {
            return Err(unauthorized(ACTION)
                .with_reason("the assertion's `Role` attribute does not list this role and provider"));
        }
        check_token_tags(&assertion.tags)?;
        let policy = self.read_session_policy(call.policy.as_ref())?;

        let keys = keys(assertion, account);
        let mut overrides = Overrides::new();
        overrides.set_absent_prefix("saml:");
        for (key, value) in &keys {
            overrides.set(key, value.clone());
        }
        fill_session(&mut overrides, name, &assertion.tags, assertion.source_identity.as_deref());
        overrides.set("aws:FederatedProvider", ContextValue::One(assertion.provider.as_str().into()));
        let who = Caller::federated(&assertion.provider);
        let identity = assertion.source_identity.is_some();
        self.authorize_federated(&who, ACTION, &arn, &overrides, &assertion.tags, identity)?;

        let Some((account, role)) = self.cloud.world.role_by_arn(&arn) else {
            return Err(unauthorized(ACTION));
        };
        let mut duration = self.federated_duration(account, &role, call.duration)?;
        if let Some(end) = assertion.session_not_on_or_after {
            duration = duration.min(end - self.now()); // TRU-94
        }
        let lasting = ["saml:namequalifier", "saml:sub", "saml:sub_type"]; // TRU-97
        self.make_session(
            NewSession {
                account,
                role,
                name,
                duration,
                tags: assertion.tags.clone(),
                source_identity: assertion.source_identity.clone(),
                policy: call.policy.as_ref(),
                policy_arns: &call.policy_arns,
                provider: Some(assertion.provider.clone()),
                claims: keys.into_iter().filter(|(key, _)| lasting.contains(&&**key)).collect(),
                origin: SessionOrigin::Sts,
            },
            policy,
        )
    }

    /// TRU-92 and TRU-93; the answer is the session's name.
    fn check_assertion<'a>(&self, account: AccountId, assertion: &'a SamlAssertion) -> Result<&'a str> {
        let invalid = |message: &str| Err(Error::new(ErrorCode::InvalidIdentityToken, message));
        if !self.cloud.world.has_saml_provider(account, &assertion.provider) {
            return invalid("Specified provider doesn't exist.");
        }
        let now = self.now();
        let issued = assertion.issued.unwrap_or(now);
        let over = assertion.session_not_on_or_after.is_some_and(|end| now >= end);
        if now >= issued + ASSERTION || over {
            return Err(Error::new(
                ErrorCode::ExpiredTokenException,
                "Token must be redeemed within 5 minutes of issuance",
            ));
        }
        let legal = |text: &str| {
            (2..=64).contains(&text.chars().count())
                && text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(char))
        };
        if assertion.source_identity.as_ref().is_some_and(|identity| !legal(identity)) {
            return invalid(
                "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with \"aws:\"",
            );
        }
        match &assertion.session_name {
            None => invalid("RoleSessionName is required in AuthnResponse"),
            Some(name) if !legal(name) => {
                invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
            }
            Some(name) => Ok(name),
        }
    }
}

/// Context keys of an assertion (TRU-95, TRU-96).
fn keys(assertion: &SamlAssertion, account: AccountId) -> Vec<(Box<str>, ContextValue)> {
    let provider = assertion.provider.rsplit('/').next().unwrap_or_default();
    let digest = Sha1::digest(format!("{}{account}/{provider}", assertion.issuer));
    let one = |value: &str| ContextValue::One(value.into());
    let mut keys: Vec<(Box<str>, ContextValue)> = vec![
        ("saml:aud".into(), one(&assertion.recipient)),
        ("saml:iss".into(), one(&assertion.issuer)),
        ("saml:sub".into(), one(&assertion.subject)),
        ("saml:sub_type".into(), one(&assertion.subject_type)),
        ("saml:doc".into(), one(&format!("{account}/{provider}"))),
        ("saml:namequalifier".into(), one(&BASE64_STANDARD.encode(digest))),
    ];
    for (name, values) in &assertion.attributes {
        // The eduPerson and eduOrg attributes are lists, whatever they hold (TRU-95).
        let value = if name.to_lowercase().starts_with("edu") {
            ContextValue::Many(values.iter().map(|value| value.as_str().into()).collect())
        } else {
            value_of(values)
        };
        keys.push((format!("saml:{name}").into(), value));
    }
    keys
}
