//! Short names of policy kinds: what `--kind` takes, and what reports say.

use iamsim_policy::{PolicyKind, ResourceService};

/// Every kind with its short name.
pub const KIND_NAMES: &[(&str, PolicyKind)] = &[
    ("identity", PolicyKind::Identity),
    ("boundary", PolicyKind::PermissionsBoundary),
    ("session", PolicyKind::Session),
    ("trust", PolicyKind::RoleTrust),
    ("scp", PolicyKind::ServiceControl),
    ("rcp", PolicyKind::ResourceControl),
    ("vpc-endpoint", PolicyKind::VpcEndpoint),
    ("resource", PolicyKind::Resource(ResourceService::Other)),
    ("s3", PolicyKind::Resource(ResourceService::S3)),
    ("sqs", PolicyKind::Resource(ResourceService::Sqs)),
    ("sns", PolicyKind::Resource(ResourceService::Sns)),
    ("lambda", PolicyKind::Resource(ResourceService::Lambda)),
    ("kms", PolicyKind::Resource(ResourceService::Kms)),
];

/// The kind with a short name.
///
/// ```
/// use iamsim_lint::{kind_name, kind_named};
/// use iamsim_policy::PolicyKind;
///
/// assert_eq!(kind_named("trust"), Some(PolicyKind::RoleTrust));
/// assert_eq!(kind_name(PolicyKind::ServiceControl), "scp");
/// ```
pub fn kind_named(name: &str) -> Option<PolicyKind> {
    KIND_NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The short name of a kind.
pub fn kind_name(kind: PolicyKind) -> &'static str {
    KIND_NAMES.iter().find(|(_, known)| *known == kind).map_or("resource", |(name, _)| name)
}
