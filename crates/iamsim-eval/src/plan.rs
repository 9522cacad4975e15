//! What follows from a question alone, before any policy is read: worked out once for each request.

use std::ops::BitOr;

use iamsim_policy::{AccountId, Action};

use crate::combine::{Relation, SameAccount};
use crate::context::ContextValue;
use crate::decide::{Facts, Stand};
use crate::fixed::{self, FixedRule};
use crate::request::{Asked, Asking, Caller, CallerKind, Resource, Sought};
use crate::resource::has_effective_resource;
use crate::services;
use crate::truth::Truth;

/// A question without its context.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) caller: &'q Caller,
    pub(crate) action: &'q Action,
    pub(crate) resource: &'q Resource,
    pub(crate) owner: Option<AccountId>,
}

/// What follows from a question alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What statements that speak of the action are found by: at hand, because most questions need nothing else
    /// of the action.
    pub(crate) sought: Sought,
    pub(crate) traits: Traits,
    /// Whose the resource is; none when that is not known.
    pub(crate) owner: Option<AccountId>,
    /// The rule that decides before any policy is read.
    pub(crate) fixed: Option<FixedRule>,
    pub(crate) facts: Facts<Truth>,
    /// Where the caller stands to the resource, KMS grants aside.
    pub(crate) stand: Stand,
    pub(crate) needs_own_side: Truth,
    pub(crate) caller: Sort,
    /// Whether the caller's role is service-linked.
    pub(crate) service_linked: Truth,
    /// Nothing of the above is out of the ordinary: no fixed rule, no fact unknown, and identity policies
    /// count.
    pub(crate) is_plain: bool,
}

/// The sorts of callers that layers are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A service that acts for itself.
    Service,
    /// Anyone else without account.
    WithoutAccount,
    /// An account's root user.
    Root,
    /// A session from `GetFederationToken`.
    FederatedUser,
    /// A user or role session.
    Ordinary,
}

impl Sort {
    fn of(caller: &Caller) -> Self {
        match caller.kind() {
            CallerKind::Service { .. } => Self::Service,
            _ if caller.account().is_none() => Self::WithoutAccount,
            CallerKind::Root { .. } => Self::Root,
            CallerKind::FederatedUser { .. } => Self::FederatedUser,
            _ => Self::Ordinary,
        }
    }

    /// Whether the caller belongs to an account.
    #[inline]
    pub(crate) fn has_account(self) -> bool {
        !matches!(self, Self::Service | Self::WithoutAccount)
    }
}

/// Whether the boundary must allow a role to be assumed even by a user that the trust policy names. Low
/// confidence (PE-STS-05).
const BOUNDARY_COUNTS_WHEN_ASSUMING_ROLES: bool = true;
/// Whether `sts:SetSourceIdentity` with an inherited source identity needs the caller's own permission within
/// one account too. Low confidence (PE-TRU-07).
const INHERITED_SOURCE_IDENTITY_NEEDS_OWN_SIDE: bool = true;

impl Plan {
    pub(crate) fn new(asking: &Asking, asked: &Asked) -> Self {
        let caller = asking.caller();
        let traits = asked.traits();
        let owner = match asked.resource() {
            Resource::None => asked.owner().or(caller.account()),
            Resource::Arn(_) => asked.owner(),
        };
        let question = Question { caller, action: asked.action(), resource: asked.resource(), owner };
        let has_fixed_rules = traits.has(Traits::FIXED_RULES);
        let fixed = if has_fixed_rules { fixed::rule(question) } else { None };
        let facts = facts(question, has_fixed_rules);
        let needs_own_side =
            if traits.has(Traits::SETS_SOURCE_IDENTITY) { needs_own_side(asking) } else { Truth::False };
        let sort = Sort::of(caller);
        let is_plain = fixed.is_none()
            && facts == Facts { foreign: facts.foreign, ..Facts::PLAIN }
            && needs_own_side.is_false()
            && sort == Sort::Ordinary;
        Self {
            sought: *asked.sought(),
            traits,
            owner,
            fixed,
            facts,
            stand: stand(question, traits),
            needs_own_side,
            caller: sort,
            service_linked: caller.service_linked(),
            is_plain,
        }
    }
}

/// Where the caller stands to the resource.
fn stand(question: Question<'_>, traits: Traits) -> Stand {
    let caller = question.caller;
    let Some(account) = caller.account() else {
        return Stand { relation: Relation::WithoutAccount, if_own: None };
    };
    let root = matches!(caller.kind(), CallerKind::Root { .. });
    let abroad = Relation::CrossAccount { own_side_granted: root };
    let assumes_role = traits.has(Traits::ASSUMES_ROLE);
    let own = Relation::SameAccount(SameAccount {
        root,
        demands_delegation: assumes_role || traits.has(Traits::USES_KEY),
        assumes_role: assumes_role && BOUNDARY_COUNTS_WHEN_ASSUMING_ROLES,
    });
    match question.owner {
        None => Stand { relation: abroad, if_own: Some(own) },
        Some(owner) if owner == account => Stand { relation: own, if_own: None },
        Some(_) => Stand { relation: abroad, if_own: None },
    }
}

fn facts(question: Question<'_>, has_fixed_rules: bool) -> Facts<Truth> {
    let foreign = match (question.caller.account(), question.owner) {
        (Some(_), None) => Truth::Unknown,
        (None, _) => Truth::True,
        (own, owner) => (own != owner).into(),
    };
    let (refused, free) = if has_fixed_rules {
        let perhaps = fixed::perhaps(question);
        (perhaps.refused, perhaps.free)
    } else {
        (Truth::False, Truth::False)
    };
    let linked = match question.caller.service_linked() {
        // What is certain is told by the standing of the layers.
        Truth::True => Truth::False,
        other => other,
    };
    Facts { refused, free, linked, foreign }
}

/// Whether a session carries a source identity already, of which `sts:SetSourceIdentity` speaks (PE-TRU-07).
fn needs_own_side(asking: &Asking) -> Truth {
    if !INHERITED_SOURCE_IDENTITY_NEEDS_OWN_SIDE {
        return Truth::False;
    }
    match asking.context().get(&"aws:SourceIdentity".into()) {
        ContextValue::Absent => Truth::False,
        ContextValue::Unknown => Truth::Unknown,
        ContextValue::One(_) | ContextValue::Many(_) => Truth::True,
    }
}

/// What is special about an action on a resource: a set of marks, most often empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits(u16);

impl Traits {
    /// A fixed rule may decide.
    pub(crate) const FIXED_RULES: Self = Self(1);
    /// A role is being assumed, or something is authorized beside that.
    pub(crate) const ASSUMES_ROLE: Self = Self(1 << 1);
    /// A KMS operation on a key.
    pub(crate) const USES_KEY: Self = Self(1 << 2);
    /// The action works on the own account's resources only.
    pub(crate) const STAYS_IN_ACCOUNT: Self = Self(1 << 3);
    /// Resource control policies bind the resource.
    pub(crate) const RESOURCE_CONTROL: Self = Self(1 << 4);
    /// The bucket's policy itself is read or replaced.
    pub(crate) const REPAIRS_BUCKET_POLICY: Self = Self(1 << 5);
    /// `sts:SetSourceIdentity`.
    pub(crate) const SETS_SOURCE_IDENTITY: Self = Self(1 << 6);
    /// The action is authorized against an ARN even without resource.
    pub(crate) const EFFECTIVE_RESOURCE: Self = Self(1 << 7);
    /// An action of S3.
    pub(crate) const S3: Self = Self(1 << 8);
    /// An action of IAM, in which no policy on the resource takes part (PE-APP-04).
    pub(crate) const IAM: Self = Self(1 << 9);
    /// An action of STS, in which trust policies take part.
    pub(crate) const STS: Self = Self(1 << 10);
    /// An action of a service with gateway endpoints, in whose policies an account means its root user only.
    pub(crate) const GATEWAY: Self = Self(1 << 11);
    /// What questions may have that are answered many at once: all else is told by the action's name.
    pub(crate) const IN_COLUMNS: Self = Self(Self::S3.0 | Self::RESOURCE_CONTROL.0 | Self::GATEWAY.0);
    const NONE: Self = Self(0);

    pub(crate) fn of(action: &Action, resource: &Resource) -> Self {
        let mark = |is_so: bool, mark: Self| if is_so { mark } else { Self::NONE };
        let mut traits = match action.service() {
            "iam" => Self::IAM | Self::FIXED_RULES,
            "s3" => {
                Self::S3
                    | Self::GATEWAY
                    | mark(services::repairs_bucket_policy(action), Self::REPAIRS_BUCKET_POLICY)
            }
            "dynamodb" => Self::GATEWAY,
            "sts" => {
                Self::STS
                    | Self::FIXED_RULES
                    | mark(services::assumes_role(action, resource), Self::ASSUMES_ROLE)
                    | mark(action.name() == "setsourceidentity", Self::SETS_SOURCE_IDENTITY)
            }
            "kms" => Self::FIXED_RULES | mark(services::uses_key(action, resource), Self::USES_KEY),
            _ => Self::NONE,
        };
        if services::stays_in_account(action) {
            traits = traits | Self::FIXED_RULES | Self::STAYS_IN_ACCOUNT;
        }
        if *resource == Resource::None {
            traits = traits | mark(has_effective_resource(action), Self::EFFECTIVE_RESOURCE);
        }
        traits | mark(services::has_resource_control(action), Self::RESOURCE_CONTROL)
    }

    /// Whether all these marks are set.
    #[inline]
    pub(crate) const fn has(self, marks: Self) -> bool {
        self.0 & marks.0 == marks.0
    }
}

impl BitOr for Traits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
