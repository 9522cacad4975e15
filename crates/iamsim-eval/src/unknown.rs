//! What can be unknown of a request besides the values of context keys.

use std::fmt;

/// Something an undetermined answer depends on that is no context key. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnknownFact {
    /// What the policy on the resource says: it belongs to an account nobody has described.
    ResourcePolicy,
    /// Which session of the role asks.
    SessionName,
    /// Which user is behind a session from `GetFederationToken`.
    FederatedUser,
    /// Which account a canonical user id stands for (PE-PRN-15).
    CanonicalUser,
    /// The unique id of the caller's user or role (PE-PRN-09).
    UniqueId,
    /// The path in the ARN of the caller's role (PE-KIND-08).
    RolePath,
    /// What the caller signs with: access keys, or credentials from `GetSessionToken`, with MFA or without
    /// (PE-SES-07).
    Credentials,
    /// Whose the resource is (PE-RES-19).
    Owner,
}

impl UnknownFact {
    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResourcePolicy => "resource-policy",
            Self::SessionName => "session-name",
            Self::FederatedUser => "federated-user",
            Self::CanonicalUser => "canonical-user",
            Self::UniqueId => "unique-id",
            Self::RolePath => "role-path",
            Self::Credentials => "credentials",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for UnknownFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ResourcePolicy => "what the policy on the resource says",
            Self::SessionName => "which session of the role asks",
            Self::FederatedUser => "which user is behind the federated session",
            Self::CanonicalUser => "which account a canonical user id stands for",
            Self::UniqueId => "the unique id of the caller's user or role",
            Self::RolePath => "the path in the ARN of the caller's role",
            Self::Credentials => "what kind of credentials the caller signs with",
            Self::Owner => "whose the resource is",
        })
    }
}
