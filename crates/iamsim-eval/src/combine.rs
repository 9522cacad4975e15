//! THE formula: how the layers of policies become one decision (PE-DEC, section 5.2 of the rules).
//!
//! Written over any logic, so that one request (three-valued), sixty-four requests (a machine word) or a
//! column of them are decided by the same lines. An auditor reads this file first.

use std::ops::{BitAnd, BitOr, Not};

use crate::truth::Truth;

/// A logic in which the formula can be computed.
pub trait Logic: Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {
    /// What is always true.
    const TRUE: Self;
    /// What is never true.
    const FALSE: Self;
}

impl Logic for Truth {
    const TRUE: Self = Self::True;
    const FALSE: Self = Self::False;
}

impl Logic for bool {
    const TRUE: Self = true;
    const FALSE: Self = false;
}

impl Logic for u64 {
    const TRUE: Self = Self::MAX;
    const FALSE: Self = 0;
}

/// What the matching statements of one layer come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a statement allows or denies")]
pub struct Effects<T> {
    /// Some Allow matches. For a layer of levels: at every level (PE-SCP-01).
    pub allow: T,
    /// Some Deny matches.
    pub deny: T,
}

impl<T: Logic> Effects<T> {
    /// A layer that is not there and so limits nothing.
    pub const UNLIMITED: Self = Self { allow: T::TRUE, deny: T::FALSE };
    /// A layer that is not there and so grants nothing.
    pub const SILENT: Self = Self { allow: T::FALSE, deny: T::FALSE };
}

/// The Allow statements of the resource's policy that match, by the grade of the principal entry (PE-RBP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the grades of PE-RBP")]
pub struct Grants<T> {
    /// Only the caller's account is named.
    pub delegating: T,
    /// The caller's role, or the user behind a federated session, is named.
    pub limited: T,
    /// The caller itself, or everyone, is named.
    pub strong: T,
    /// The very session is named.
    pub session: T,
}

impl<T: Logic> Grants<T> {
    /// No grant at all.
    pub const NONE: Self =
        Self { delegating: T::FALSE, limited: T::FALSE, strong: T::FALSE, session: T::FALSE };

    /// Whether there is a grant of any grade.
    pub fn any(self) -> T {
        self.delegating | self.limited | self.strong | self.session
    }
}

/// Where the caller stands to the resource. It is known before any policy is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the cases of section 5.2")]
pub enum Relation {
    /// Anonymous, a service, or an identity of a provider: only the resource's policy counts.
    WithoutAccount,
    /// Caller and owner are one account.
    SameAccount(SameAccount),
    /// The resource belongs to another account.
    CrossAccount {
        /// The caller's own side counts as allowed: its account's root user (PE-ROOT-04), or the grantee of
        /// a KMS grant (PE-KMS-07, low confidence).
        own_side_granted: bool,
    },
}

/// What else decides within one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "three independent facts of section 5.2")]
pub struct SameAccount {
    /// The caller is the account's root user: allowed without any policy (PE-ROOT-01).
    pub root: bool,
    /// The resource's policy must name the account before identity policies count: KMS keys and role trust
    /// (PE-KMS-01, PE-STS-01).
    pub demands_delegation: bool,
    /// A role is being assumed: the boundary counts for every grade but the session's (PE-STS-05).
    pub assumes_role: bool,
}

/// Everything the formula looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the layers of section 5.1")]
pub struct Verdicts<T> {
    /// Service control policies.
    pub scp: Effects<T>,
    /// Resource control policies; their Allow is implied at every level (PE-RCP-04).
    pub rcp: Effects<T>,
    /// The VPC endpoint's policy.
    pub endpoint: Effects<T>,
    /// The caller's identity policies.
    pub identity: Effects<T>,
    /// The caller's permissions boundary.
    pub boundary: Effects<T>,
    /// The session's policies.
    pub session: Effects<T>,
    /// The Deny statements of the resource's policy that match.
    pub resource_deny: T,
    /// Its Allow statements that match.
    pub grants: Grants<T>,
    /// `sts:SetSourceIdentity` for a session that carries a source identity: the caller's own side must
    /// allow whatever the grade (PE-TRU-07).
    pub needs_own_side: T,
}

/// The decision in a logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "allowed, explicitly denied, and neither is the third answer")]
pub struct Outcome<T> {
    /// The request is allowed.
    pub allow: T,
    /// Some Deny matches.
    pub explicit_deny: T,
}

/// Combines the layers.
///
/// ```
/// use iamsim_eval::combine::{combine, Effects, Grants, Relation, SameAccount, Verdicts};
///
/// let allowed = Verdicts {
///     scp: Effects::UNLIMITED,
///     rcp: Effects::UNLIMITED,
///     endpoint: Effects::UNLIMITED,
///     identity: Effects { allow: true, deny: false },
///     boundary: Effects::UNLIMITED,
///     session: Effects::UNLIMITED,
///     resource_deny: false,
///     grants: Grants::NONE,
///     needs_own_side: false,
/// };
/// let same = Relation::SameAccount(SameAccount::default());
/// assert!(combine(&allowed, same).allow);
/// assert!(!combine(&allowed, Relation::CrossAccount { own_side_granted: false }).allow);
/// ```
pub fn combine<T: Logic>(verdicts: &Verdicts<T>, relation: Relation) -> Outcome<T> {
    combine_here(verdicts, relation)
}

/// The same, compiled where it is called: what is constant there shortens it.
#[expect(
    clippy::inline_always,
    reason = "most decisions are those of one layer, and cost less than this would"
)]
#[inline(always)]
pub(crate) fn combine_here<T: Logic>(verdicts: &Verdicts<T>, relation: Relation) -> Outcome<T> {
    let explicit_deny = verdicts.resource_deny
        | verdicts.identity.deny
        | verdicts.boundary.deny
        | verdicts.session.deny
        | verdicts.scp.deny
        | verdicts.rcp.deny
        | verdicts.endpoint.deny;
    let within_guardrails = verdicts.rcp.allow & verdicts.scp.allow & verdicts.endpoint.allow;
    let allow = granted(verdicts, relation) & within_guardrails & !explicit_deny;
    Outcome { allow, explicit_deny }
}

/// Whether the caller's side and the resource's side grant the request, guardrails aside.
#[inline]
pub fn granted<T: Logic>(verdicts: &Verdicts<T>, relation: Relation) -> T {
    let grants = verdicts.grants;
    let capped = verdicts.boundary.allow & verdicts.session.allow;
    let own_side = verdicts.identity.allow & capped;
    match relation {
        Relation::WithoutAccount => grants.strong | grants.session,
        // A session of `AssumeRoot` has its task policy as session policy, abroad as at home (SES-23).
        Relation::CrossAccount { own_side_granted: true } => grants.any() & verdicts.session.allow,
        Relation::CrossAccount { own_side_granted: false } => grants.any() & own_side,
        Relation::SameAccount(same) => {
            if same.root {
                // A session of `AssumeRoot` has its task policy as session policy.
                let named = if same.demands_delegation { grants.any() } else { T::TRUE };
                return named & verdicts.session.allow;
            }
            let strong = if same.assumes_role {
                grants.session | (grants.strong & verdicts.boundary.allow)
            } else {
                grants.session | grants.strong
            };
            let limited = grants.limited & capped;
            let delegated = if same.demands_delegation { own_side & grants.delegating } else { own_side };
            (strong | limited | delegated) & (own_side | !verdicts.needs_own_side)
        }
    }
}
