//! Walks the layers and calls [`combine`]: the one evaluator behind every door.

use iamsim_policy::{Effect, PolicyKind};

use crate::combine::{Effects, Grants, Outcome, Relation, SameAccount, Verdicts, combine};
use crate::context::ContextValue;
use crate::fixed::{self, FixedRule};
use crate::layers::{Attached, Layer, Layers, Level, ResourcePolicy};
use crate::principal::Reach;
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
    pub(crate) verdicts: Verdicts<Truth>,
    pub(crate) relation: Relation,
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
    let relation = relation(layers, request);
    if let Some(rule) = fixed::rule(request) {
        let decision = if rule.allows() { Decision::Allow } else { Decision::ImplicitDeny };
        let outcome = Outcome { allow: rule.allows().into(), explicit_deny: Truth::False };
        return Evaluation { decision, fixed: Some(rule), outcome, verdicts: NOTHING, relation };
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
    let mut verdicts = NOTHING;
    verdicts.needs_own_side = is_chained_source_identity(request);
    let mut denied = false;
    for layer in Layer::ALL {
        match layer {
            Layer::ResourceControl => verdicts.rcp = walk.resource_control(),
            Layer::ServiceControl => verdicts.scp = walk.service_control(),
            Layer::VpcEndpoint => verdicts.endpoint = walk.endpoint(),
            Layer::Resource => (verdicts.grants, verdicts.resource_deny) = walk.resource(relation),
            Layer::Identity => verdicts.identity = walk.identity(),
            Layer::PermissionsBoundary => verdicts.boundary = walk.boundary(),
            Layer::Session => verdicts.session = walk.session(),
        }
        if !T::EXHAUSTIVE {
            denied = combine(&verdicts, relation).explicit_deny.is_true();
        }
        if denied {
            break;
        }
    }
    let mut outcome = combine(&verdicts, relation);
    if fixed::may_be_barred(request) {
        outcome.allow = outcome.allow & Truth::Unknown;
        outcome.explicit_deny = outcome.explicit_deny & Truth::Unknown;
    }
    let decision = match (outcome.explicit_deny, outcome.allow) {
        (Truth::True, _) => Decision::ExplicitDeny,
        (_, Truth::True) => Decision::Allow,
        (Truth::False, Truth::False) => Decision::ImplicitDeny,
        _ => Decision::Undetermined,
    };
    Evaluation { decision, fixed: None, outcome, verdicts, relation }
}

/// Where the caller stands to the resource.
fn relation(layers: &Layers, request: &Request) -> Relation {
    let caller = request.caller();
    let Some(account) = caller.account() else { return Relation::WithoutAccount };
    let root = matches!(caller.kind(), CallerKind::Root { .. });
    if request.owner() != Some(account) {
        return Relation::CrossAccount { own_side_granted: root || has_key_grant(layers, request) };
    }
    let assumes_role = services::is_role_assumption(request);
    Relation::SameAccount(SameAccount {
        root,
        demands_delegation: assumes_role || services::is_key(request),
        assumes_role,
    })
}

/// Whether this is `sts:SetSourceIdentity` of a session that carries a source identity already (PE-TRU-07,
/// low confidence within one account).
fn is_chained_source_identity(request: &Request) -> Truth {
    if request.action().folded() != "sts:setsourceidentity" {
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
    let action = request.action();
    let covers = |grant: &crate::layers::KeyGrant| {
        grant.operations.iter().any(|operation| **operation == *action.name())
    };
    action.service() == "kms" && layers.grants.iter().any(covers)
}

/// The statements of a policy that are looked at.
enum Either<'a> {
    All(std::ops::Range<u32>),
    Some(std::slice::Iter<'a, u32>),
}

impl Iterator for Either<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::All(range) => range.next(),
            Self::Some(indices) => indices.next().copied(),
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
            Standing::Applies
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
            Standing::Applies
        };
        self.levels(Layer::ServiceControl, standing, Effects::SILENT)
    }

    /// Levels intersect, policies of one level unite (PE-SCP-02). `at_least` holds at every level.
    fn levels(&mut self, layer: Layer, standing: Standing, at_least: Effects<Truth>) -> Effects<Truth> {
        self.tracer.event(Event::Layer(layer, standing));
        if standing != Standing::Applies {
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
        let candidates = program.candidates(self.subject.request.action().service());
        let looked_at = if T::EXHAUSTIVE { Either::All(all) } else { Either::Some(candidates.iter()) };
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

    fn resource(&mut self, relation: Relation) -> (Grants<Truth>, Truth) {
        let request = self.subject.request;
        let layers = self.layers;
        let standing = match &layers.resource {
            ResourcePolicy::None => Standing::None,
            ResourcePolicy::Unknown if request.action().service() == "iam" => Standing::NotForAction,
            ResourcePolicy::Unknown => Standing::Unknown,
            ResourcePolicy::Attached(policy) => {
                if takes_resource_policy(request, policy.program().policy().kind()) {
                    Standing::Applies
                } else {
                    Standing::NotForAction
                }
            }
        };
        self.tracer.event(Event::Layer(Layer::Resource, standing));
        let (mut grants, mut deny) = match (standing, &layers.resource) {
            (Standing::Unknown, _) => {
                let unknown = Truth::Unknown;
                (Grants { delegating: unknown, limited: unknown, strong: unknown, session: unknown }, unknown)
            }
            (Standing::Applies, ResourcePolicy::Attached(policy)) => self.resource_policy(policy, relation),
            _ => (Grants::NONE, Truth::False),
        };
        if may_repair_bucket_policy(request, relation) {
            deny = Truth::False;
        }
        if has_key_grant(layers, request) {
            grants.session = Truth::True; // PE-KMS-07: as if the grantee itself were named
        }
        (grants, deny)
    }

    fn resource_policy(&mut self, policy: &Attached, relation: Relation) -> (Grants<Truth>, Truth) {
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
        let service = matches!(self.subject.request.caller().kind(), CallerKind::Service { .. });
        let restricted = self.layers.restrict_public_buckets
            && self.subject.request.action().service() == "s3"
            && !matches!(relation, Relation::SameAccount(_))
            && !service
            && services::is_public(policy.program());
        if restricted {
            grants = Grants::NONE; // PE-S3-03
        }
        (grants, deny)
    }
}

/// Whether the policy on the resource takes part in an action at all: a role's trust policy speaks of being
/// assumed, not of `iam:*` actions on the role (PE-APP-04).
fn takes_resource_policy(request: &Request, kind: PolicyKind) -> bool {
    if request.action().service() == "iam" {
        return false;
    }
    kind != PolicyKind::RoleTrust || request.action().service() == "sts"
}

/// The bucket owner's root user may always read and replace the bucket's policy (PE-ROOT-02).
fn may_repair_bucket_policy(request: &Request, relation: Relation) -> bool {
    matches!(relation, Relation::SameAccount(SameAccount { root: true, .. }))
        && matches!(
            request.action().folded(),
            "s3:getbucketpolicy" | "s3:putbucketpolicy" | "s3:deletebucketpolicy"
        )
}
