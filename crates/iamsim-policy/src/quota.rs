//! How large a document may be, counted as AWS counts for its kind, and AWS's answer when it is larger.

use crate::policy::PolicySize;
use crate::write::WriteRefusal;

/// A quota on the size of policy documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PolicyQuota {
    /// One managed policy (PE-QUO-01, QUO-20).
    ManagedPolicy,
    /// A user's inline policies together (PE-QUO-02, QUO-22).
    UserInline,
    /// A group's inline policies together (PE-QUO-02, QUO-22).
    GroupInline,
    /// A role's inline policies together (PE-QUO-02, QUO-22).
    RoleInline,
    /// A role's trust policy (PE-QUO-03, QUO-21).
    RoleTrust,
    /// A session policy, with the ARNs passed beside it (PE-QUO-09).
    Session,
    /// One service control policy (PE-QUO-16).
    ServiceControl,
    /// One resource control policy (PE-QUO-16).
    ResourceControl,
    /// A VPC endpoint's policy (PE-QUO-18).
    VpcEndpoint,
    /// A bucket policy, in bytes (PE-QUO-19).
    Bucket,
    /// A key policy, in bytes (PE-QUO-19).
    Key,
    /// A Lambda function's policy, in bytes (PE-QUO-19).
    Function,
}

impl PolicyQuota {
    /// Every quota, in the order of the list.
    pub const ALL: &'static [Self] = &[
        Self::ManagedPolicy,
        Self::UserInline,
        Self::GroupInline,
        Self::RoleInline,
        Self::RoleTrust,
        Self::Session,
        Self::ServiceControl,
        Self::ResourceControl,
        Self::VpcEndpoint,
        Self::Bucket,
        Self::Key,
        Self::Function,
    ];

    /// What an account has unless AWS raised it.
    pub const fn default_limit(self) -> usize {
        match self {
            Self::ManagedPolicy => 6_144,
            Self::UserInline | Self::RoleTrust | Self::Session => 2_048,
            // Organizations announced 10,240 for service control policies in May 2026; the reference's
            // number stands until it is recorded.
            Self::GroupInline | Self::ServiceControl | Self::ResourceControl => 5_120,
            Self::RoleInline => 10_240,
            Self::VpcEndpoint | Self::Bucket | Self::Function => 20_480,
            Self::Key => 32_768,
        }
    }

    /// How much of the quota a document takes up: characters without white space where IAM counts, all
    /// characters for sessions, organizations and endpoints, bytes for the services.
    pub fn measure(self, document: &str) -> usize {
        match self {
            Self::ManagedPolicy
            | Self::UserInline
            | Self::GroupInline
            | Self::RoleInline
            | Self::RoleTrust => PolicySize::of(document).without_white_space(),
            Self::Session | Self::ServiceControl | Self::ResourceControl | Self::VpcEndpoint => {
                PolicySize::of(document).characters()
            }
            Self::Bucket | Self::Key | Self::Function => document.len(),
        }
    }
}

/// The quotas of an account: AWS's defaults, unless some were raised (QUO-34).
///
/// ```
/// use iamsim_policy::{PolicyQuota, Quotas};
///
/// let quotas = Quotas::default();
/// let long = format!("{{\"Id\": \"{}\"}}", "x".repeat(6_144));
/// let refusal = quotas.check(PolicyQuota::ManagedPolicy, &long).unwrap_err();
/// assert_eq!((refusal.code(), refusal.http_status()), ("LimitExceeded", 409));
/// assert_eq!(refusal.message(), "Cannot exceed quota for PolicySize: 6144");
/// assert!(quotas.with_limit(PolicyQuota::ManagedPolicy, 10_000).check(PolicyQuota::ManagedPolicy, &long).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas(Vec<(PolicyQuota, Option<usize>)>);

impl Default for Quotas {
    /// What a new account has.
    fn default() -> Self {
        Self(PolicyQuota::ALL.iter().map(|quota| (*quota, Some(quota.default_limit()))).collect())
    }
}

impl Quotas {
    /// No limits at all.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(PolicyQuota::ALL.iter().map(|quota| (*quota, None)).collect())
    }

    /// Sets one limit.
    #[must_use]
    pub fn with_limit(mut self, quota: PolicyQuota, limit: usize) -> Self {
        for entry in &mut self.0 {
            if entry.0 == quota {
                entry.1 = Some(limit);
            }
        }
        self
    }

    /// The limit, none when there is no limit.
    pub fn limit(&self, quota: PolicyQuota) -> Option<usize> {
        self.0.iter().find(|(known, _)| *known == quota).and_then(|(_, limit)| *limit)
    }

    /// Holds one document against its quota.
    ///
    /// # Errors
    ///
    /// AWS's answer. For the three inline quotas use [`check_inline`](Self::check_inline), for sessions
    /// [`check_session`](Self::check_session).
    pub fn check(&self, quota: PolicyQuota, document: &str) -> Result<(), WriteRefusal> {
        self.hold(quota, quota.measure(document), "")
    }

    /// Holds an inline policy against the quota of its owner. `others` is what the owner's other inline
    /// policies measure; the one that is replaced does not count (QUO-31).
    ///
    /// # Errors
    ///
    /// `LimitExceeded`, naming the owner.
    pub fn check_inline(
        &self,
        quota: PolicyQuota,
        owner: &str,
        others: usize,
        document: &str,
    ) -> Result<(), WriteRefusal> {
        self.hold(quota, others.saturating_add(quota.measure(document)), owner)
    }

    /// Holds a session policy and the ARNs of managed policies against the plain-text quota (PE-QUO-09,
    /// STS-34).
    ///
    /// # Errors
    ///
    /// `ValidationError` when the text alone is too long (STS-33), `PackedPolicyTooLarge` when it is the ARNs
    /// that exceed.
    pub fn check_session(&self, document: Option<&str>, arns: &[&str]) -> Result<(), WriteRefusal> {
        let text = document.map_or(0, |document| PolicyQuota::Session.measure(document));
        self.hold(PolicyQuota::Session, text, document.unwrap_or_default())?;
        let Some(limit) = self.limit(PolicyQuota::Session) else { return Ok(()) };
        let whole = text + arns.iter().map(|arn| arn.chars().count()).sum::<usize>();
        if whole <= limit {
            return Ok(());
        }
        let percent = whole.saturating_mul(100).div_ceil(limit.max(1));
        Err(WriteRefusal::new(
            "PackedPolicyTooLarge",
            400,
            format!("Packed policy consumes {percent}% of allotted space, please use smaller policy."),
        ))
    }

    /// `subject` is the owner of inline policies, and the text of a session policy.
    fn hold(&self, quota: PolicyQuota, measured: usize, subject: &str) -> Result<(), WriteRefusal> {
        let Some(limit) = self.limit(quota).filter(|limit| measured > *limit) else { return Ok(()) };
        let inline =
            |kind: &str| format!("Maximum policy size of {limit} bytes exceeded for {kind} {subject}");
        let (code, status, message) = match quota {
            PolicyQuota::ManagedPolicy => {
                ("LimitExceeded", 409, format!("Cannot exceed quota for PolicySize: {limit}"))
            }
            PolicyQuota::RoleTrust => {
                ("LimitExceeded", 409, format!("Cannot exceed quota for ACLSizePerRole: {limit}"))
            }
            PolicyQuota::UserInline => ("LimitExceeded", 409, inline("user")),
            PolicyQuota::GroupInline => ("LimitExceeded", 409, inline("group")),
            PolicyQuota::RoleInline => ("LimitExceeded", 409, inline("role")),
            PolicyQuota::Session => (
                "ValidationError",
                400,
                format!(
                    "1 validation error detected: Value '{subject}' at 'policy' failed to satisfy constraint: Member \
                     must have length less than or equal to {limit}"
                ),
            ),
            // From here on the codes are the services' documented ones; the texts are reported or our own.
            PolicyQuota::ServiceControl | PolicyQuota::ResourceControl => (
                "ConstraintViolationException",
                400,
                format!("The policy document has {measured} characters, and the quota is {limit}."),
            ),
            PolicyQuota::VpcEndpoint => (
                "InvalidPolicyDocument",
                400,
                format!("The policy document has {measured} characters, and the quota is {limit}."),
            ),
            PolicyQuota::Bucket => (
                "PolicyTooLarge",
                400,
                format!("Normalized policy document exceeds the maximum allowed size of {limit} bytes."),
            ),
            PolicyQuota::Key => (
                "LimitExceededException",
                400,
                format!("The key policy has {measured} bytes, and the quota is {limit}."),
            ),
            PolicyQuota::Function => (
                "PolicyLengthExceededException",
                400,
                format!("The final policy size ({measured}) is bigger than the limit ({limit})."),
            ),
        };
        Err(WriteRefusal::new(code, status, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(characters: usize) -> String {
        "x".repeat(characters) + &" \t\r\n".repeat(1_000)
    }

    #[test]
    fn documents_are_measured_as_their_kind_is() {
        let check = |quota: PolicyQuota, fits: usize, message: &str| {
            let quotas = Quotas::default();
            assert!(quotas.check_inline(quota, "Owner", 0, &document(fits)).is_ok(), "{quota:?}");
            let refusal = quotas.check_inline(quota, "Owner", 0, &document(fits + 1)).unwrap_err();
            assert_eq!(refusal.message(), message);
            assert_eq!((refusal.code(), refusal.http_status()), ("LimitExceeded", 409));
        };
        check(PolicyQuota::ManagedPolicy, 6_144, "Cannot exceed quota for PolicySize: 6144"); // QUO-20
        check(PolicyQuota::RoleTrust, 2_048, "Cannot exceed quota for ACLSizePerRole: 2048"); // QUO-21, TRAP-55
        check(PolicyQuota::RoleInline, 10_240, "Maximum policy size of 10240 bytes exceeded for role Owner"); // QUO-31
        check(PolicyQuota::UserInline, 2_048, "Maximum policy size of 2048 bytes exceeded for user Owner");
        check(PolicyQuota::GroupInline, 5_120, "Maximum policy size of 5120 bytes exceeded for group Owner");
    }

    #[test]
    fn white_space_counts_outside_iam() {
        // PE-QUO-16, PE-QUO-18, PE-QUO-19
        for (quota, limit) in [
            (PolicyQuota::ServiceControl, 5_120),
            (PolicyQuota::ResourceControl, 5_120),
            (PolicyQuota::VpcEndpoint, 20_480),
            (PolicyQuota::Bucket, 20_480),
            (PolicyQuota::Function, 20_480),
            (PolicyQuota::Key, 32_768),
        ] {
            let quotas = Quotas::default();
            assert!(quotas.check(quota, &" ".repeat(limit)).is_ok(), "{quota:?}");
            assert!(quotas.check(quota, &" ".repeat(limit + 1)).is_err(), "{quota:?}");
        }
    }

    #[test]
    fn other_inline_policies_count_too() {
        let quotas = Quotas::default();
        let check =
            |others| quotas.check_inline(PolicyQuota::UserInline, "bob", others, &document(1_000)).is_ok();
        assert!(check(1_048));
        assert!(!check(1_049));
        assert!(!check(usize::MAX));
    }

    #[test]
    fn sessions_share_their_space_with_arns() {
        let quotas = Quotas::default();
        let text = "x".repeat(2_000);
        let arn = "a".repeat(48);
        assert!(quotas.check_session(Some(&text), &[&arn]).is_ok());
        let refusal = quotas.check_session(Some(&text), &[&arn, "b"]).unwrap_err();
        assert_eq!(refusal.code(), "PackedPolicyTooLarge"); // PE-QUO-09
        let long = " ".repeat(2_049);
        let refusal = quotas.check_session(Some(&long), &[]).unwrap_err();
        assert_eq!(refusal.code(), "ValidationError"); // STS-33
        assert!(Quotas::unlimited().check_session(Some(&long), &[&arn]).is_ok()); // QUO-34
    }
}
