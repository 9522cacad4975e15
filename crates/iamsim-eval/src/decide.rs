//! Walks the layers and calls [`combine`]: the one evaluator behind every door.

use iamsim_policy::{Effect, PolicyKind};

use crate::combine::{Effects, Grants, Logic, Outcome, Relation, SameAccount, Verdicts, combine};
use crate::context::ContextValue;
use crate::fixed::{self, FixedRule};
use crate::layers::{Attached, Layer, Layers, Level, ResourcePolicy};
use crate::principal::Reach;
use crate::program::Candidates;
use crate::request::{CallerKind, Request, Resource};
use crate::resource::effective;
use crate::services;
use crate::statement::{Subject, index_of, matches};
use crate::tracer::{Event, Silent, Standing, Tracer};
use crate::truth::Truth;

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "AWS has three answers, and not knowing is the fourth")]
#[must_use]
pub enum Decision {
    /// The request is allowed.
    Allow,
    /// No policy that would have to allows it.
    ImplicitDeny,
    /// A policy denies it.
    ExplicitDeny,
    /// The answer depends on something that is not known.
    Undetermined,
}

impl Decision {
    pub(crate) fn of(outcome: Outcome<Truth>) -> Self {
        match (outcome.explicit_deny, outcome.allow) {
            (Truth::True, _) => Self::ExplicitDeny,
            (_, Truth::True) => Self::Allow,
            (Truth::False, Truth::False) => Self::ImplicitDeny,
            _ => Self::Undetermined,
        }
    }

    /// `allow`, `implicit deny`, `explicit deny` or `undetermined`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ImplicitDeny => "implicit deny",
            Self::ExplicitDeny => "explicit deny",
            Self::Undetermined => "undetermined",
        }
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Decides a request.
///
/// It does not fail: whatever can't be judged makes the answer [`Decision::Undetermined`] unless the rest
/// decides it.
///
/// ```
/// use iamsim_eval::{authorize, Attached, Caller, Context, Decision, Layers, Program, Request, Resource};
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*"}}"#,
/// )?;
/// let layers = Layers::new().with_identity(Attached::new("developer", Program::compile(&policy)));
/// let dev = Caller::user("arn:aws:iam::111122223333:user/dev".parse()?)?;
/// let function = Resource::Arn("arn:aws:lambda:eu-west-1:111122223333:function:checkout".parse()?);
///
/// let ask = |action: &str| {
///     let action = action.parse().unwrap();
///     authorize(&layers, &Request::new(dev.clone(), action, function.clone(), Context::complete()))
/// };
/// assert_eq!(ask("lambda:InvokeFunction"), Decision::Allow);
/// assert_eq!(ask("lambda:DeleteFunction"), Decision::ImplicitDeny);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn authorize(layers: &Layers, request: &Request) -> Decision {
    evaluate(layers, request, &mut Silent).decision
}

/// What a walk comes to.
#[derive(Clone, Debug)]
pub(crate) struct Evaluation {
    pub(crate) decision: Decision,
    /// The rule that decided before any policy was read.
    pub(crate) fixed: Option<FixedRule>,
    pub(crate) outcome: Outcome<Truth>,
    pub(crate) inputs: Inputs<Truth>,
    pub(crate) stand: Stand,
}

/// Everything a decision is computed from, in any logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inputs<T> {
    pub(crate) verdicts: Verdicts<T>,
    pub(crate) facts: Facts<T>,
}

/// What is nearly always known of caller and resource before any policy is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts<T> {
    /// A fixed rule refuses the request.
    pub(crate) refused: T,
    /// A fixed rule allows it, unless one refuses it.
    pub(crate) free: T,
    /// The caller's role is service-linked, so organizations do not limit it (PE-SLR-01).
    pub(crate) linked: T,
    /// The resource belongs to another account than the caller's.
    pub(crate) foreign: T,
}

/// Where the caller stands to the resource: one relation, or two when the owner is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    /// The relation; across accounts when the owner is not known.
    pub(crate) relation: Relation,
    /// The relation if the unknown owner is the caller's own account.
    pub(crate) if_own: Option<Relation>,
}

impl<T: Logic> Inputs<T> {
    /// The decision. `combine` is the formula; this adds what is rarely unknown.
    pub(crate) fn outcome(&self, stand: Stand) -> Outcome<T> {
        let Facts { refused, free, linked, foreign } = self.facts;
        let mut verdicts = self.verdicts;
        for limits in [&mut verdicts.scp, &mut verdicts.rcp] {
            limits.allow = limits.allow | linked;
            limits.deny = limits.deny & !linked;
        }
        let abroad = combine(&verdicts, stand.relation);
        let mut allow = abroad.allow;
        if let Some(relation) = stand.if_own {
            let own = combine(&verdicts, relation).allow;
            allow = (own & !foreign) | (abroad.allow & foreign) | (own & abroad.allow);
        }
        Outcome { allow: (allow | free) & !refused, explicit_deny: abroad.explicit_deny & !free & !refused }
    }
}

const NOTHING: Verdicts<Truth> = Verdicts {
    scp: Effects::UNLIMITED,
    rcp: Effects::UNLIMITED,
    endpoint: Effects::UNLIMITED,
    identity: Effects::SILENT,
    boundary: Effects::UNLIMITED,
    session: Effects::UNLIMITED,
    resource_deny: Truth::False,
    grants: Grants::NONE,
    needs_own_side: Truth::False,
};

pub(crate) fn evaluate<T: Tracer>(layers: &Layers, request: &Request, tracer: &mut T) -> Evaluation {
    let stand = stand(layers, request);
    let facts = facts(request);
    if let Some(rule) = fixed::rule(request) {
        let decision = if rule.allows() { Decision::Allow } else { Decision::ImplicitDeny };
        let outcome = Outcome { allow: rule.allows().into(), explicit_deny: Truth::False };
        let inputs = Inputs { verdicts: NOTHING, facts };
        return Evaluation { decision, fixed: Some(rule), outcome, inputs, stand };
    }
    let effective_resource = match request.resource() {
        Resource::None => effective(request),
        Resource::Arn(_) => None,
    };
    let subject = Subject {
        request,
        effective_resource: effective_resource.as_ref(),
        has_boundary: layers.boundary.is_some(),
    };
    let mut walk = Walk { layers, subject, tracer };
    let mut inputs = Inputs { verdicts: NOTHING, facts };
    inputs.verdicts.needs_own_side = needs_own_side(request);
    let mut denied = false;
    for layer in Layer::ALL {
        let verdicts = &mut inputs.verdicts;
        match layer {
            Layer::ResourceControl => verdicts.rcp = walk.resource_control(),
            Layer::ServiceControl => verdicts.scp = walk.service_control(),
            Layer::VpcEndpoint => verdicts.endpoint = walk.endpoint(),
            Layer::Resource => (verdicts.grants, verdicts.resource_deny) = walk.resource(stand, facts),
            Layer::Identity => verdicts.identity = walk.identity(),
            Layer::PermissionsBoundary => verdicts.boundary = walk.boundary(),
            Layer::Session => verdicts.session = walk.session(),
        }
        if !T::EXHAUSTIVE {
            denied = inputs.outcome(stand).explicit_deny.is_true();
        }
        if denied {
            break;
        }
    }
    let outcome = inputs.outcome(stand);
    let decision = Decision::of(outcome);
    Evaluation { decision, fixed: None, outcome, inputs, stand }
}

/// Whether a KMS grant across accounts spares the grantee the Allow of its own account. Low confidence
/// (PE-KMS-07).
const KEY_GRANT_IS_ENOUGH_ABROAD: bool = true;
/// Whether the boundary must allow a role to be assumed even by a user that the trust policy names. Low
/// confidence (PE-STS-05).
const BOUNDARY_COUNTS_WHEN_ASSUMING_ROLES: bool = true;
/// Whether `sts:SetSourceIdentity` with an inherited source identity needs the caller's own permission within
/// one account too. Low confidence (PE-TRU-07).
const INHERITED_SOURCE_IDENTITY_NEEDS_OWN_SIDE: bool = true;

/// Where the caller stands to the resource.
fn stand(layers: &Layers, request: &Request) -> Stand {
    let caller = request.caller();
    let Some(account) = caller.account() else {
        return Stand { relation: Relation::WithoutAccount, if_own: None };
    };
    let root = matches!(caller.kind(), CallerKind::Root { .. });
    let granted = KEY_GRANT_IS_ENOUGH_ABROAD && has_key_grant(layers, request);
    let abroad = Relation::CrossAccount { own_side_granted: root || granted };
    let assumes_role = services::is_role_assumption(request);
    let own = Relation::SameAccount(SameAccount {
        root,
        demands_delegation: assumes_role || services::is_key(request),
        assumes_role: assumes_role && BOUNDARY_COUNTS_WHEN_ASSUMING_ROLES,
    });
    match request.owner() {
        None => Stand { relation: abroad, if_own: Some(own) },
        Some(owner) if owner == account => Stand { relation: own, if_own: None },
        Some(_) => Stand { relation: abroad, if_own: None },
    }
}

fn facts(request: &Request) -> Facts<Truth> {
    let foreign = match (request.caller().account(), request.owner()) {
        (Some(_), None) => Truth::Unknown,
        (None, _) => Truth::True,
        (own, owner) => (own != owner).into(),
    };
    let perhaps = fixed::perhaps(request);
    let linked = match request.caller().service_linked() {
        // What is certain is told by the standing of the layers.
        Truth::True => Truth::False,
        other => other,
    };
    Facts { refused: perhaps.refused, free: perhaps.free, linked, foreign }
}

/// Whether this is `sts:SetSourceIdentity` of a session that carries a source identity already (PE-TRU-07).
fn needs_own_side(request: &Request) -> Truth {
    if request.action().folded() != "sts:setsourceidentity" || !INHERITED_SOURCE_IDENTITY_NEEDS_OWN_SIDE {
        return Truth::False;
    }
    match request.context().get(&"aws:SourceIdentity".into()) {
        ContextValue::Absent => Truth::False,
        ContextValue::Unknown => Truth::Unknown,
        ContextValue::One(_) | ContextValue::Many(_) => Truth::True,
    }
}

/// Whether a KMS grant covers the request (PE-KMS-07).
fn has_key_grant(layers: &Layers, request: &Request) -> bool {
    layers.grants.iter().any(|grant| grant.covers(request.action()))
}

/// The statements of a policy that are looked at.
enum LookedAt<'p> {
    All(std::ops::Range<u32>),
    Candidates(Candidates<'p>),
}

impl Iterator for LookedAt<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::All(range) => range.next(),
            Self::Candidates(candidates) => candidates.next(),
        }
    }
}

struct Walk<'a, T> {
    layers: &'a Layers,
    subject: Subject<'a>,
    tracer: &'a mut T,
}

impl<T: Tracer> Walk<'_, T> {
    fn resource_control(&mut self) -> Effects<Truth> {
        let standing = if self.layers.rcps.is_empty() {
            Standing::None
        } else if self.subject.request.caller().is_service_linked() {
            Standing::ServiceLinkedRole
        } else if !services::has_resource_control(self.subject.request) {
            Standing::ServiceNotSupported
        } else {
            self.limited_by_organization()
        };
        // `RCPFullAWSAccess` is attached at every level and can't be detached (PE-RCP-04).
        let implied = Effects { allow: Truth::True, deny: Truth::False };
        self.levels(Layer::ResourceControl, standing, implied)
    }

    fn service_control(&mut self) -> Effects<Truth> {
        let caller = self.subject.request.caller();
        let standing = if self.layers.scps.is_empty() {
            Standing::None
        } else if caller.account().is_none() {
            Standing::CallerWithoutAccount
        } else if caller.is_service_linked() {
            Standing::ServiceLinkedRole
        } else {
            self.limited_by_organization()
        };
        self.levels(Layer::ServiceControl, standing, Effects::SILENT)
    }

    fn limited_by_organization(&self) -> Standing {
        if self.subject.request.caller().service_linked().is_unknown() {
            Standing::PerhapsServiceLinkedRole
        } else {
            Standing::Applies
        }
    }

    /// Levels intersect, policies of one level unite (PE-SCP-02). `at_least` holds at every level.
    fn levels(&mut self, layer: Layer, standing: Standing, at_least: Effects<Truth>) -> Effects<Truth> {
        self.tracer.event(Event::Layer(layer, standing));
        if !matches!(standing, Standing::Applies | Standing::PerhapsServiceLinkedRole) {
            return Effects::UNLIMITED;
        }
        let levels: &[Level] = match layer {
            Layer::ResourceControl => &self.layers.rcps,
            _ => &self.layers.scps,
        };
        let mut effects: Effects<Truth> = Effects::UNLIMITED;
        for (index, level) in levels.iter().enumerate() {
            self.tracer.event(Event::Level(index_of(index)));
            let here = self.policies(level.policies());
            effects.allow = effects.allow & (here.allow | at_least.allow);
            effects.deny = effects.deny | here.deny;
            if effects.deny.is_true() && !T::EXHAUSTIVE {
                break;
            }
        }
        effects
    }

    fn endpoint(&mut self) -> Effects<Truth> {
        let service = matches!(self.subject.request.caller().kind(), CallerKind::Service { .. });
        let standing = match &self.layers.endpoint {
            None => Standing::None,
            Some(_) if service => Standing::ServicePrincipal,
            Some(_) => Standing::Applies,
        };
        self.limiting(Layer::VpcEndpoint, standing)
    }

    fn identity(&mut self) -> Effects<Truth> {
        let caller = self.subject.request.caller();
        let standing = match caller.kind() {
            _ if caller.account().is_none() => Standing::CallerWithoutAccount,
            CallerKind::Root { .. } => Standing::RootUser,
            _ if self.layers.identity.is_empty() => Standing::None,
            _ => Standing::Applies,
        };
        self.tracer.event(Event::Layer(Layer::Identity, standing));
        if standing == Standing::Applies { self.policies(&self.layers.identity) } else { Effects::SILENT }
    }

    fn boundary(&mut self) -> Effects<Truth> {
        let caller = self.subject.request.caller();
        let standing = match (&self.layers.boundary, caller.kind()) {
            (None, _) => Standing::None,
            (Some(_), CallerKind::Root { .. }) => Standing::RootUser,
            (Some(_), _) if caller.account().is_none() => Standing::CallerWithoutAccount,
            (Some(_), _) => Standing::Applies,
        };
        self.limiting(Layer::PermissionsBoundary, standing)
    }

    fn session(&mut self) -> Effects<Truth> {
        let caller = self.subject.request.caller();
        let federated = matches!(caller.kind(), CallerKind::FederatedUser { .. });
        let standing = match &self.layers.session {
            None if federated => Standing::FederatedWithoutSessionPolicy,
            None => Standing::None,
            Some(_) if caller.account().is_none() => Standing::CallerWithoutAccount,
            Some(_) => Standing::Applies,
        };
        self.limiting(Layer::Session, standing)
    }

    /// A layer that limits and never grants.
    fn limiting(&mut self, layer: Layer, standing: Standing) -> Effects<Truth> {
        self.tracer.event(Event::Layer(layer, standing));
        match standing {
            Standing::Applies => {}
            Standing::FederatedWithoutSessionPolicy => return Effects::SILENT,
            _ => return Effects::UNLIMITED,
        }
        let layers = self.layers;
        let policies = match layer {
            Layer::VpcEndpoint => layers.endpoint.as_deref().unwrap_or_default(),
            Layer::PermissionsBoundary => layers.boundary.as_slice(),
            _ => layers.session.as_deref().unwrap_or_default(),
        };
        self.policies(policies)
    }

    fn policies(&mut self, policies: &[Attached]) -> Effects<Truth> {
        let mut effects = Effects::SILENT;
        for (index, policy) in policies.iter().enumerate() {
            self.tracer.event(Event::Policy(index_of(index)));
            self.policy(policy, |effect, reach| {
                let slot = match effect {
                    Effect::Allow => &mut effects.allow,
                    Effect::Deny => &mut effects.deny,
                };
                *slot = *slot | reach.any();
                effects.deny
            });
            if effects.deny.is_true() && !T::EXHAUSTIVE {
                break;
            }
        }
        effects
    }

    /// Shows every statement's outcome to `see`, which answers whether the request is denied by now.
    fn policy(&mut self, policy: &Attached, mut see: impl FnMut(Effect, Reach) -> Truth) {
        let program = policy.program();
        let all = 0..index_of(program.policy().statements().len());
        // An explanation shows every statement, a decision looks at those that could match.
        let looked_at = if T::EXHAUSTIVE {
            LookedAt::All(all)
        } else {
            LookedAt::Candidates(program.candidates(self.subject.request.action().service()))
        };
        for index in looked_at {
            let Some((statement, compiled)) = program.statement(index as usize) else { continue };
            self.tracer.event(Event::Statement(index));
            let kind = program.policy().kind();
            let reach = matches(statement, compiled, kind, self.subject, self.tracer);
            if see(statement.effect(), reach).is_true() && !T::EXHAUSTIVE {
                break;
            }
        }
    }

    fn resource(&mut self, stand: Stand, facts: Facts<Truth>) -> (Grants<Truth>, Truth) {
        let request = self.subject.request;
        let layers = self.layers;
        let standing = match &layers.resource {
            ResourcePolicy::None => Standing::None,
            ResourcePolicy::Attached(policy)
                if takes_resource_policy(request, Some(policy.program().policy().kind())) =>
            {
                Standing::Applies
            }
            ResourcePolicy::Unknown if takes_resource_policy(request, None) => Standing::Unknown,
            ResourcePolicy::Attached(_) | ResourcePolicy::Unknown => Standing::NotForAction,
        };
        self.tracer.event(Event::Layer(Layer::Resource, standing));
        let (mut grants, mut deny) = match (standing, &layers.resource) {
            (Standing::Unknown, _) => {
                let unknown = Truth::Unknown;
                (Grants { delegating: unknown, limited: unknown, strong: unknown, session: unknown }, unknown)
            }
            (Standing::Applies, ResourcePolicy::Attached(policy)) => self.resource_policy(policy, facts),
            _ => (Grants::NONE, Truth::False),
        };
        if services::may_repair_bucket_policy(request) && stand.relation != Relation::WithoutAccount {
            deny = deny & facts.foreign; // PE-ROOT-02
        }
        if has_key_grant(layers, request) {
            grants.session = Truth::True; // PE-KMS-07: as if the grantee itself were named
        }
        (grants, deny)
    }

    fn resource_policy(&mut self, policy: &Attached, facts: Facts<Truth>) -> (Grants<Truth>, Truth) {
        let mut grants = Grants::NONE;
        let mut deny = Truth::False;
        self.tracer.event(Event::Policy(0));
        self.policy(policy, |effect, reach| {
            match effect {
                Effect::Deny => deny = deny | reach.any(),
                Effect::Allow => {
                    grants.delegating = grants.delegating | reach.delegating;
                    grants.limited = grants.limited | reach.limited;
                    grants.strong = grants.strong | reach.strong;
                    grants.session = grants.session | reach.session;
                }
            }
            deny
        });
        if services::restricts_public_access(self.layers, self.subject.request, policy.program()) {
            let open = !facts.foreign; // PE-S3-03
            grants = Grants {
                delegating: grants.delegating & open,
                limited: grants.limited & open,
                strong: grants.strong & open,
                session: grants.session & open,
            };
        }
        (grants, deny)
    }
}

/// Whether the policy on the resource takes part in an action at all: a role's trust policy speaks of being
/// assumed, not of `iam:*` actions on the role (PE-APP-04). The kind of a policy nobody knows is none.
fn takes_resource_policy(request: &Request, kind: Option<PolicyKind>) -> bool {
    match request.action().service() {
        "iam" => false,
        "sts" => true,
        _ => kind != Some(PolicyKind::RoleTrust),
    }
}
