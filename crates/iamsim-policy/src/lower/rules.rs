//! What each kind of policy must and must not contain, in one table (PE-TYP-01 to PE-TYP-14).

use crate::policy::{PolicyKind, ResourceService};

/// How an element stands in a kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// A document without it could not be stored.
    Required,
    /// A document without it is legal, and its author most likely forgot it.
    Expected,
    /// Either way.
    Optional,
    /// A document with it could not be stored.
    Forbidden,
}

/// What becomes of an ARN with fewer than six parts (PE-RES-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShortArns {
    /// Completed with `*` on the right; IAM's own rules for its documents hold (POL-12, POL-20 to POL-22).
    Completed,
    /// Completed when it holds a `*`; otherwise it matches nothing.
    CompletedWithWildcard,
    /// Completed when it ends in `*`; otherwise it matches nothing.
    CompletedWithFinalWildcard,
    /// Matches nothing.
    NeverCompleted,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) principal: Presence,
    pub(crate) not_principal: Presence,
    pub(crate) resource: Presence,
    pub(crate) id: Presence,
    /// `Sid` is letters and digits, and unique (PE-DOC-13); elsewhere neither is an error (PE-DOC-14).
    pub(crate) strict_sids: bool,
    pub(crate) short_arns: ShortArns,
    /// IAM itself stores it: what IAM was recorded to refuse is an error (characters PE-DOC-09, colons
    /// POL-17, dates POL-12, empty lists POL-14 and POL-15).
    pub(crate) stored_by_iam: bool,
}

/// The row of a kind.
pub(crate) fn rules(kind: PolicyKind) -> Rules {
    use Presence::{Expected, Forbidden, Optional, Required};
    let identity = Rules {
        principal: Forbidden,
        not_principal: Forbidden,
        resource: Required,
        id: Expected,
        strict_sids: true,
        short_arns: ShortArns::Completed,
        stored_by_iam: true,
    };
    let organization = Rules { id: Forbidden, strict_sids: false, stored_by_iam: false, ..identity };
    let resource = Rules {
        principal: Expected,
        not_principal: Optional,
        resource: Required,
        id: Optional,
        strict_sids: false,
        short_arns: ShortArns::CompletedWithWildcard,
        stored_by_iam: false,
    };
    match kind {
        PolicyKind::Identity | PolicyKind::PermissionsBoundary => identity,
        PolicyKind::Session => Rules { id: Forbidden, ..identity },
        PolicyKind::RoleTrust => Rules {
            principal: Required,
            not_principal: Forbidden,
            resource: Forbidden,
            id: Optional,
            ..identity
        },
        // Some services' policies have no `Resource` at all: the statement speaks of what it is attached to.
        PolicyKind::Resource(ResourceService::Other) => Rules { resource: Optional, ..resource },
        PolicyKind::Resource(_) | PolicyKind::VpcEndpoint => resource,
        PolicyKind::ServiceControl => {
            Rules { short_arns: ShortArns::CompletedWithFinalWildcard, ..organization }
        }
        PolicyKind::ResourceControl => {
            Rules { principal: Required, short_arns: ShortArns::NeverCompleted, ..organization }
        }
    }
}
