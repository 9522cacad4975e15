//! `Principal` and `NotPrincipal`: who a statement of a resource-based policy speaks of (PE-PRN).

use std::fmt;

use crate::account::AccountId;
use crate::arn::Arn;
use crate::source::{Span, Spanned};

/// One entry of a `Principal` or `NotPrincipal` element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PrincipalPattern {
    /// `"*"` or `{"AWS": "*"}`: everyone (PE-PRN-01).
    Everyone,
    /// `{"AWS": "111122223333"}` or `{"AWS": "arn:aws:iam::111122223333:root"}`: every principal of the
    /// account, by delegation (PE-PRN-03).
    Account {
        /// The account.
        id: AccountId,
        /// The partition, when an ARN was written (PE-PRN-16).
        partition: Option<Box<str>>,
    },
    /// A user's ARN, path included (PE-PRN-05).
    User(Arn),
    /// A role's ARN, path included: every session of the role (PE-PRN-06).
    Role(Arn),
    /// One role session, `…:assumed-role/Role/Session` (PE-PRN-07).
    RoleSession(Arn),
    /// One federated session, `…:federated-user/Name` (PE-PRN-08).
    FederatedSession(Arn),
    /// The unique id of a user or role (PE-PRN-09).
    UniqueId(Box<str>),
    /// `{"Service": "ec2.amazonaws.com"}` (PE-PRN-13).
    Service(Box<str>),
    /// `{"Federated": …}`: a provider's ARN or a well-known name (PE-PRN-14).
    Federated(Box<str>),
    /// `{"CanonicalUser": …}`: the 64 hex digits of an account, S3 only (PE-PRN-15).
    CanonicalUser(Box<str>),
    /// A form that is stored somewhere but names nobody: a wildcard inside an ARN, a group (PE-PRN-05,
    /// PE-PRN-12).
    Nobody(Box<str>),
}

/// The `Principal` or `NotPrincipal` element of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalClause {
    pub(crate) negated: bool,
    pub(crate) span: Span,
    pub(crate) entries: Box<[Spanned<PrincipalPattern>]>,
}

impl PrincipalClause {
    /// Whether it is `NotPrincipal`.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Where the element's value stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The entries in the order written; they are alternatives (PE-PRN-02).
    pub fn entries(&self) -> &[Spanned<PrincipalPattern>] {
        &self.entries
    }
}

impl fmt::Display for PrincipalPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::Account { id, partition: None } => write!(f, "{id}"),
            Self::Account { id, partition: Some(partition) } => write!(f, "arn:{partition}:iam::{id}:root"),
            Self::User(arn) | Self::Role(arn) | Self::RoleSession(arn) | Self::FederatedSession(arn) => {
                write!(f, "{arn}")
            }
            Self::UniqueId(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text)
            | Self::Nobody(text) => f.write_str(text),
        }
    }
}
