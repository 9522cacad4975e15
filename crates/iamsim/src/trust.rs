//! Trust policies as the console's role wizard writes them (TRU-100 to TRU-110).
//!
//! Each function is one choice of the wizard's *trusted entity type*. A custom trust policy needs no function:
//! give its text.
//!
//! The wizard writes neither `sts:TagSession` nor `sts:SetSourceIdentity`: a caller that sends tags or a
//! source identity is refused until they are added (TRU-110), here by [`TrustPolicy::with_action`].

use std::fmt;

use iamsim_model::PolicyDocument;

/// A trust policy of one statement, as the console writes it.
///
/// [`Display`](fmt::Display) is the policy's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    principal: (&'static str, String),
    actions: Vec<String>,
    /// Operator, key, values; in the order added.
    conditions: Vec<(&'static str, String, Vec<String>)>,
    /// Whether the wizard leaves `"Condition": {}` when there is none (TRU-102).
    keeps_empty_condition: bool,
}

/// *AWS service*: the service itself assumes the role (TRU-101).
///
/// ```
/// use iamsim::{AssumeRole, Cloud, trust};
///
/// let mut cloud = Cloud::new();
/// let role = cloud.account("111122223333")?
///     .add_role("checkout", trust::service("lambda.amazonaws.com"))?.arn();
/// let function = cloud.sts().assume_as_service("lambda.amazonaws.com", AssumeRole::new(&role, "checkout"))?;
/// assert_eq!(function.arn(), "arn:aws:sts::111122223333:assumed-role/checkout/checkout");
/// assert!(cloud.sts().assume_as_service("ec2.amazonaws.com", AssumeRole::new(&role, "i-1")).is_err());
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn service(service: &str) -> TrustPolicy {
    TrustPolicy::new(("Service", service.into()), "sts:AssumeRole")
}

/// *AWS account*: this account or another, by its id (TRU-102). What the console asks beside it is added by
/// [`TrustPolicy::require_external_id`] and [`TrustPolicy::require_mfa`].
///
/// ```
/// use iamsim::{Cloud, trust};
///
/// let mut cloud = Cloud::new();
/// cloud.account("444455556666")?.alias("partner")?;
/// let partner = cloud.account_id("partner")?.to_string();
/// let policy = trust::account(&partner).require_external_id("Unique-7").require_mfa();
/// cloud.account("111122223333")?.add_role("auditor", policy)?;
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn account(account: &str) -> TrustPolicy {
    let mut policy = TrustPolicy::new(("AWS", account.into()), "sts:AssumeRole");
    policy.keeps_empty_condition = true;
    policy
}

/// *Web identity* with an OIDC provider of the account, by its ARN (TRU-106).
pub fn web_identity(provider_arn: &str, audience: &str) -> TrustPolicy {
    let host = host(provider_arn);
    federated(provider_arn, "sts:AssumeRoleWithWebIdentity").when(
        "StringEquals",
        &format!("{host}:aud"),
        &[audience],
    )
}

/// *Web identity* with GitHub Actions, by the provider's ARN (TRU-107): an organization, and with
/// [`GithubTrust::repository`] and [`GithubTrust::branch`] less of it.
///
/// ```
/// use iamsim::{Cloud, trust};
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let github = account.add_oidc_provider("https://token.actions.githubusercontent.com", &["sts.amazonaws.com"])?;
/// account.add_role("ci", trust::github(&github, "octo-org").repository("shop").branch("main"))?;
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn github(provider_arn: &str, organization: &str) -> GithubTrust {
    GithubTrust {
        provider_arn: provider_arn.into(),
        organization: organization.into(),
        repository: None,
        branch: None,
    }
}

/// *Web identity* with Google (TRU-105).
pub fn google(audience: &str) -> TrustPolicy {
    built_in("accounts.google.com", "aud", audience)
}

/// *Web identity* with Login with Amazon (TRU-105).
pub fn amazon(application: &str) -> TrustPolicy {
    built_in("www.amazon.com", "app_id", application)
}

/// *Web identity* with Facebook (TRU-105).
pub fn facebook(application: &str) -> TrustPolicy {
    built_in("graph.facebook.com", "app_id", application)
}

/// *Web identity* with Cognito: an identity pool, and whether its users have signed in (TRU-105).
pub fn cognito(identity_pool: &str, users: CognitoUsers) -> TrustPolicy {
    let amr = match users {
        CognitoUsers::Authenticated => "authenticated",
        CognitoUsers::Unauthenticated => "unauthenticated",
    };
    built_in("cognito-identity.amazonaws.com", "aud", identity_pool).when(
        "ForAnyValue:StringLike",
        "cognito-identity.amazonaws.com:amr",
        &[amr],
    )
}

/// Which users of a Cognito identity pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "Cognito has these two kinds of users")]
pub enum CognitoUsers {
    /// Those that have signed in.
    Authenticated,
    /// Guests.
    Unauthenticated,
}

/// *SAML 2.0 federation* for programmatic and console access, by the provider's ARN (TRU-108).
pub fn saml(provider_arn: &str) -> TrustPolicy {
    federated(provider_arn, "sts:AssumeRoleWithSAML").when(
        "StringEquals",
        "SAML:aud",
        &["https://signin.aws.amazon.com/saml"],
    )
}

/// *SAML 2.0 federation* for programmatic access only: one attribute and its value (TRU-108).
pub fn saml_programmatic(provider_arn: &str, attribute: &str, value: &str) -> TrustPolicy {
    federated(provider_arn, "sts:AssumeRoleWithSAML").when("StringEquals", attribute, &[value])
}

fn built_in(provider: &str, key: &str, value: &str) -> TrustPolicy {
    federated(provider, "sts:AssumeRoleWithWebIdentity").when(
        "StringEquals",
        &format!("{provider}:{key}"),
        &[value],
    )
}

fn federated(provider: &str, action: &str) -> TrustPolicy {
    TrustPolicy::new(("Federated", provider.into()), action)
}

/// The host and path behind `oidc-provider/`.
fn host(provider_arn: &str) -> &str {
    provider_arn.split_once(":oidc-provider/").map_or(provider_arn, |(_, host)| host)
}

impl TrustPolicy {
    fn new(principal: (&'static str, String), action: &str) -> Self {
        Self { principal, actions: vec![action.into()], conditions: Vec::new(), keeps_empty_condition: false }
    }

    /// *Require external ID* (TRU-103). The role can't be reached from the console then (SIG-08).
    #[must_use]
    pub fn require_external_id(self, id: &str) -> Self {
        self.when("StringEquals", "sts:ExternalId", &[id])
    }

    /// *Require MFA* (TRU-104).
    #[must_use]
    pub fn require_mfa(self) -> Self {
        self.when("Bool", "aws:MultiFactorAuthPresent", &["true"])
    }

    /// A further row of the wizard's condition table, or what a hand adds later.
    #[must_use]
    pub fn when(mut self, operator: &'static str, key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).into()).collect();
        self.conditions.push((operator, key.into(), values));
        self
    }

    /// Another action beside the one that assumes, such as `sts:TagSession` (TRU-110).
    #[must_use]
    pub fn with_action(mut self, action: &str) -> Self {
        self.actions.push(action.into());
        self
    }
}

/// A GitHub trust policy in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubTrust {
    provider_arn: String,
    organization: String,
    repository: Option<String>,
    branch: Option<String>,
}

impl GithubTrust {
    /// Only this repository.
    #[must_use]
    pub fn repository(mut self, name: &str) -> Self {
        self.repository = Some(name.into());
        self
    }

    /// Only this branch.
    #[must_use]
    pub fn branch(mut self, name: &str) -> Self {
        self.branch = Some(name.into());
        self
    }

    /// The trust policy.
    pub fn build(&self) -> TrustPolicy {
        let organization = &self.organization;
        let subject = match (&self.repository, &self.branch) {
            (None, None) => format!("repo:{organization}/*"),
            (None, Some(branch)) => format!("repo:{organization}/*:ref:refs/heads/{branch}"),
            (Some(repository), None) => format!("repo:{organization}/{repository}:*"),
            (Some(repository), Some(branch)) => {
                format!("repo:{organization}/{repository}:ref:refs/heads/{branch}")
            }
        };
        let key = format!("{}:sub", host(&self.provider_arn));
        web_identity(&self.provider_arn, "sts.amazonaws.com").when("StringLike", &key, &[&subject])
    }
}

impl fmt::Display for TrustPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = &self.principal;
        f.write_str(
            "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n",
        )?;
        writeln!(f, "      \"Principal\": {{{}: {}}},", Json(key), Json(value))?;
        write!(f, "      \"Action\": {}", OneOrMany(&self.actions))?;
        if !self.conditions.is_empty() || self.keeps_empty_condition {
            f.write_str(",\n      \"Condition\": {")?;
            let mut operators: Vec<&str> = Vec::new();
            for (operator, _, _) in &self.conditions {
                if !operators.contains(operator) {
                    operators.push(operator);
                }
            }
            for (index, operator) in operators.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                write!(f, "{comma}{}: {{", Json(operator))?;
                let keys = self.conditions.iter().filter(|(own, _, _)| own == operator);
                for (index, (_, key, values)) in keys.enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}: {}", Json(key), OneOrMany(values))?;
                }
                f.write_str("}")?;
            }
            f.write_str("}")?;
        }
        f.write_str("\n    }\n  ]\n}\n")
    }
}

impl fmt::Display for GithubTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.build().fmt(f)
    }
}

macro_rules! into_document {
    ($($type:ty),+) => {
        $(impl From<$type> for PolicyDocument {
            fn from(policy: $type) -> Self {
                policy.to_string().into()
            }
        })+
    };
}

into_document!(TrustPolicy, &TrustPolicy, GithubTrust, &GithubTrust);

struct OneOrMany<'v>(&'v [String]);

impl fmt::Display for OneOrMany<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [one] => Json(one).fmt(f),
            many => {
                f.write_str("[")?;
                for (index, value) in many.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", Json(value))?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A JSON string.
struct Json<'t>(&'t str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.0.chars() {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
                plain => write!(f, "{plain}")?,
            }
        }
        f.write_str("\"")
    }
}
