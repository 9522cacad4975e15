//! A web identity token: what a provider says of somebody.

use chrono::{DateTime, Utc};

/// A token of an OIDC provider, as the double understands it: claims, believed when the provider is known.
///
/// The issuer is a URL, `https://token.actions.githubusercontent.com`, or one of the names AWS knows:
/// `accounts.google.com`, `www.amazon.com`, `graph.facebook.com`, `cognito-identity.amazonaws.com`.
///
/// ```
/// use iamsim::{AssumeRoleWithWebIdentity, Cloud, WebIdentityToken, trust};
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let github = account.add_oidc_provider("https://token.actions.githubusercontent.com", &["sts.amazonaws.com"])?;
/// let role = account.add_role("ci", trust::github(&github, "octo-org").repository("shop").branch("main"))?.arn();
///
/// let token = |subject: &str| {
///     WebIdentityToken::new("https://token.actions.githubusercontent.com", subject, "sts.amazonaws.com")
/// };
/// let main = token("repo:octo-org/shop:ref:refs/heads/main");
/// let session = cloud.sts()
///     .assume_role_with_web_identity(AssumeRoleWithWebIdentity::new(&role, "run-7", &main))?;
/// assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/ci/run-7");
///
/// let fork = token("repo:somebody/shop:ref:refs/heads/main");
/// let refused = cloud.sts()
///     .assume_role_with_web_identity(AssumeRoleWithWebIdentity::new(&role, "run-8", &fork)).unwrap_err();
/// assert_eq!(refused.message(), "Not authorized to perform sts:AssumeRoleWithWebIdentity");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentityToken {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) authorized_party: Option<String>,
    pub(crate) claims: Vec<(String, Vec<String>)>,
    pub(crate) tags: Vec<(String, String, bool)>,
    pub(crate) source_identity: Option<String>,
    pub(crate) issued: Option<DateTime<Utc>>,
    pub(crate) expires: Option<DateTime<Utc>>,
}

impl WebIdentityToken {
    /// A token that was issued just now, and is good for an hour.
    pub fn new(issuer: &str, subject: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.into(),
            subject: subject.into(),
            audience: audience.into(),
            authorized_party: None,
            claims: Vec::new(),
            tags: Vec::new(),
            source_identity: None,
            issued: None,
            expires: None,
        }
    }

    /// A further claim. Only some of some providers become context keys (TRU-88).
    #[must_use]
    pub fn claim(self, name: &str, value: &str) -> Self {
        self.claim_many(name, &[value])
    }

    /// A further claim with several values, such as `amr`.
    #[must_use]
    pub fn claim_many(mut self, name: &str, values: &[&str]) -> Self {
        self.claims.push((name.into(), values.iter().map(|value| (*value).into()).collect()));
        self
    }

    /// The `azp` claim, which counts as audience where it is there (TRU-87).
    #[must_use]
    pub fn authorized_party(mut self, party: &str) -> Self {
        self.authorized_party = Some(party.into());
        self
    }

    /// A session tag, from the claim `https://aws.amazon.com/tags` (TRU-8A).
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.into(), value.into(), false));
        self
    }

    /// A transitive session tag, from the claim `https://aws.amazon.com/tags`.
    #[must_use]
    pub fn transitive_tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.into(), value.into(), true));
        self
    }

    /// The source identity, from the claim `https://aws.amazon.com/source_identity`.
    #[must_use]
    pub fn source_identity(mut self, identity: &str) -> Self {
        self.source_identity = Some(identity.into());
        self
    }

    /// When it was issued.
    #[must_use]
    pub fn issued_at(mut self, at: DateTime<Utc>) -> Self {
        self.issued = Some(at);
        self
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(mut self, at: DateTime<Utc>) -> Self {
        self.expires = Some(at);
        self
    }
}
