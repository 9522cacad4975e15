//! What bears on a layer besides its statements, said so that an explanation leaves nothing out.

use std::fmt;

use crate::combine::Relation;
use crate::layers::{Layer, ResourcePolicy};
use crate::services;
use crate::text::Plain;
use crate::trace::Explanation;
use crate::truth::Truth;

/// Something that bears on a layer besides its statements. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note<'e> {
    /// `RCPFullAWSAccess` allows everything at every level (PE-RCP-04).
    ImpliedFullAccess,
    /// The bucket's policy is public, and `RestrictPublicBuckets` shuts it to this caller (PE-S3-03).
    PublicAccessRestricted,
    /// The bucket owner's root user gets past the Denies of the bucket's policy (PE-ROOT-02).
    RootMayRepair,
    /// A KMS grant covers the operation (PE-KMS-07).
    KeyGrant(&'e str),
    /// A KMS grant to the caller covers other operations only.
    KeyGrantForOtherOperations(&'e str),
    /// Identity policies count only where the key's policy or the role's trust policy names the caller's
    /// account (PE-KMS-01, PE-STS-01).
    NeedsDelegation,
    /// The session carries a source identity, so the caller's own side must allow as well (PE-TRU-07).
    NeedsOwnSide,
    /// A role is being assumed, so the boundary counts even for a caller that the trust policy names
    /// (PE-STS-05).
    BoundaryCounts,
}

impl<'e> Note<'e> {
    pub(crate) fn of(explanation: &'e Explanation, layer: Layer) -> Vec<Self> {
        let evaluation = explanation.evaluation();
        let request = explanation.request();
        let layers = explanation.policies();
        let verdicts = &evaluation.inputs.verdicts;
        let same = match evaluation.stand.relation {
            Relation::SameAccount(same) => Some(same),
            Relation::WithoutAccount | Relation::CrossAccount { .. } => None,
        };
        let mut notes = Vec::new();
        match layer {
            Layer::ResourceControl if !layers.rcps.is_empty() => notes.push(Note::ImpliedFullAccess),
            Layer::Resource => {
                if let ResourcePolicy::Attached(policy) = &layers.resource
                    && !evaluation.inputs.facts.foreign.is_false()
                    && services::restricts_public_access(
                        layers,
                        request.plan.caller,
                        request.plan.traits,
                        policy.program(),
                    )
                {
                    notes.push(Note::PublicAccessRestricted);
                }
                if services::may_repair_bucket_policy(request.plan.caller, request.plan.traits)
                    && same.is_some()
                {
                    notes.push(Note::RootMayRepair);
                }
                if request.action().service() == "kms" {
                    notes.extend(layers.grants.iter().map(|grant| {
                        if grant.covers(request.action()) {
                            Note::KeyGrant(grant.name())
                        } else {
                            Note::KeyGrantForOtherOperations(grant.name())
                        }
                    }));
                }
            }
            Layer::Identity => {
                if same.is_some_and(|same| same.demands_delegation && !same.root) {
                    notes.push(Note::NeedsDelegation);
                }
                if same.is_some() && verdicts.needs_own_side == Truth::True {
                    notes.push(Note::NeedsOwnSide);
                }
            }
            Layer::PermissionsBoundary
                if layers.boundary.is_some()
                    && same.is_some_and(|same| same.assumes_role)
                    && verdicts.grants.strong.is_true() =>
            {
                notes.push(Note::BoundaryCounts);
            }
            _ => {}
        }
        notes
    }

    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImpliedFullAccess => "implied-full-access",
            Self::PublicAccessRestricted => "public-access-restricted",
            Self::RootMayRepair => "root-may-repair",
            Self::KeyGrant(_) => "key-grant",
            Self::KeyGrantForOtherOperations(_) => "key-grant-for-other-operations",
            Self::NeedsDelegation => "needs-delegation",
            Self::NeedsOwnSide => "needs-own-side",
            Self::BoundaryCounts => "boundary-counts",
        }
    }
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImpliedFullAccess => {
                f.write_str("RCPFullAWSAccess allows everything at every level, so only a Deny counts")
            }
            Self::PublicAccessRestricted => f.write_str(
                "the policy is public, so Block Public Access shuts it to anonymous callers and other accounts",
            ),
            Self::RootMayRepair => {
                f.write_str("a Deny does not keep the bucket owner's root user from the bucket policy itself")
            }
            Self::KeyGrant(name) => write!(f, "the grant {} covers the operation", Plain(name)),
            Self::KeyGrantForOtherOperations(name) => {
                write!(f, "the grant {} covers other operations", Plain(name))
            }
            Self::NeedsDelegation => {
                f.write_str("counts only where the policy on the resource names the caller's account")
            }
            Self::NeedsOwnSide => f.write_str(
                "the session carries a source identity, so the caller's own policies must allow this action",
            ),
            Self::BoundaryCounts => f.write_str(
                "a role is being assumed, so the boundary counts even for a caller the trust policy names",
            ),
        }
    }
}
