//! Walks the layers and calls [`combine`]: the one evaluator behind every door.

use iamsim_policy::{Effect, PolicyKind};

use crate::combine::{Effects, Grants, Logic, Outcome, Relation, Verdicts, combine, combine_here};
use crate::fixed::FixedRule;
use crate::index::{Candidate, Joined, first_bits};
use crate::layers::{Attached, Layer, Layers, Level, Present, ResourcePolicy};
use crate::plan::{Plan, Sort, Traits};
use crate::principal::Grades;
use crate::program::Program;
use crate::request::Request;
use crate::services;
use crate::statement::{ActionIs, Subject, has_principals, holds, index_of, matches};
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl<T: Copy> Verdicts<T> {
    /// Whether a layer denies.
    #[inline]
    pub(crate) fn deny_of(&self, layer: Layer) -> T {
        match layer {
            Layer::ResourceControl => self.rcp.deny,
            Layer::ServiceControl => self.scp.deny,
            Layer::VpcEndpoint => self.endpoint.deny,
            Layer::Resource => self.resource_deny,
            Layer::Identity => self.identity.deny,
            Layer::PermissionsBoundary => self.boundary.deny,
            Layer::Session => self.session.deny,
        }
    }
}

impl<T: Logic> Inputs<T> {
    /// The decision. `combine` is the formula; this adds what is rarely unknown.
    pub(crate) fn outcome(&self, stand: Stand) -> Outcome<T> {
        self.outcome_here(stand)
    }

    /// The same, compiled where it is called.
    #[expect(clippy::inline_always, reason = "see `combine_here`")]
    #[inline(always)]
    fn outcome_here(&self, stand: Stand) -> Outcome<T> {
        let Facts { refused, free, linked, foreign } = self.facts;
        let mut verdicts = self.verdicts;
        for limits in [&mut verdicts.scp, &mut verdicts.rcp] {
            limits.allow = limits.allow | linked;
            limits.deny = limits.deny & !linked;
        }
        let abroad = combine_here(&verdicts, stand.relation);
        let mut allow = abroad.allow;
        if let Some(relation) = stand.if_own {
            let own = combine(&verdicts, relation).allow;
            allow = (own & !foreign) | (abroad.allow & foreign) | (own & abroad.allow);
        }
        Outcome { allow: (allow | free) & !refused, explicit_deny: abroad.explicit_deny & !free & !refused }
    }
}

impl Outcome<Truth> {
    /// Neither allowed nor denied.
    const NOTHING: Self = Self { allow: Truth::False, explicit_deny: Truth::False };
}

impl<T: Logic> Verdicts<T> {
    /// What no policies at all come to.
    const NOTHING: Self = Self {
        scp: Effects::UNLIMITED,
        rcp: Effects::UNLIMITED,
        endpoint: Effects::UNLIMITED,
        identity: Effects::SILENT,
        boundary: Effects::UNLIMITED,
        session: Effects::UNLIMITED,
        resource_deny: T::FALSE,
        grants: Grants::NONE,
        needs_own_side: T::FALSE,
    };
}

#[inline]
pub(crate) fn evaluate<T: Tracer>(layers: &Layers, request: &Request, tracer: &mut T) -> Evaluation {
    let plan = &request.plan;
    if let Some(rule) = plan.fixed {
        let decision = if rule.allows() { Decision::Allow } else { Decision::ImplicitDeny };
        let outcome = Outcome { allow: rule.allows().into(), explicit_deny: Truth::False };
        let inputs = Inputs { verdicts: Verdicts::NOTHING, facts: plan.facts };
        let stand = stand(layers, request);
        return Evaluation { decision, fixed: Some(rule), outcome, inputs, stand };
    }
    if !T::EXHAUSTIVE && rests_on_identity(layers, request) {
        return on_identity(layers, request, tracer);
    }
    let stand = stand(layers, request);
    let mut reader = One { request, has_boundary: layers.boundary.is_some(), tracer };
    if T::EXHAUSTIVE || !plan.is_plain || !layers.present.are_among(Present::PLAIN) {
        return Evaluation::of(reader.walk(layers).inputs(stand), stand);
    }
    let (grants, resource_deny) = reader.walk(layers).resource(stand);
    let mut verdicts = Verdicts { resource_deny, grants, ..Verdicts::NOTHING };
    if !(T::STOPS && resource_deny.is_true()) {
        verdicts.identity = reader.plain_identity(layers);
    }
    Evaluation::here(Inputs { verdicts, facts: plan.plain_facts() }, stand)
}

/// Whether only identity policies have a say, and nothing else is out of the ordinary.
#[inline]
pub(crate) fn rests_on_identity(layers: &Layers, request: &Request) -> bool {
    request.plan.is_plain && layers.present.are_among(Present::of(Layer::Identity))
}

/// What a walk comes to where only identity policies have a say. Most questions are so. The formula is the same:
/// the compiler shortens it for what is constant here.
#[expect(clippy::inline_always, reason = "see `combine_here`")]
#[inline(always)]
pub(crate) fn on_identity<T: Tracer>(layers: &Layers, request: &Request, tracer: &mut T) -> Evaluation {
    let identity = One { request, has_boundary: false, tracer }.plain_identity(layers);
    let verdicts = Verdicts { identity, ..Verdicts::NOTHING };
    let (inputs, stand) = (Inputs { verdicts, facts: request.plan.plain_facts() }, request.plan.stand);
    if identity == Effects::SILENT {
        // So it is with most questions of all. That the formula says so too is tested.
        return Evaluation {
            decision: Decision::ImplicitDeny,
            fixed: None,
            outcome: Outcome::NOTHING,
            inputs,
            stand,
        };
    }
    Evaluation::here(inputs, stand)
}

impl Plan {
    /// The facts, when nothing is out of the ordinary.
    fn plain_facts(&self) -> Facts<Truth> {
        Facts { foreign: self.facts.foreign, ..Facts::PLAIN }
    }
}

impl Evaluation {
    fn of(inputs: Inputs<Truth>, stand: Stand) -> Self {
        Self::here(inputs, stand)
    }

    /// The same, compiled where it is called.
    #[expect(clippy::inline_always, reason = "see `combine_here`")]
    #[inline(always)]
    fn here(inputs: Inputs<Truth>, stand: Stand) -> Self {
        let outcome = inputs.outcome_here(stand);
        Self { decision: Decision::of(outcome), fixed: None, outcome, inputs, stand }
    }
}

impl Facts<Truth> {
    /// Nothing is out of the ordinary.
    pub(crate) const PLAIN: Self =
        Self { refused: Truth::False, free: Truth::False, linked: Truth::False, foreign: Truth::False };
}

/// Whether a KMS grant across accounts spares the grantee the Allow of its own account. Low confidence
/// (PE-KMS-07).
const KEY_GRANT_IS_ENOUGH_ABROAD: bool = true;

/// Where the caller stands to the resource.
fn stand(layers: &Layers, request: &Request) -> Stand {
    let mut stand = request.plan.stand;
    if KEY_GRANT_IS_ENOUGH_ABROAD
        && has_key_grant(layers, request)
        && let Relation::CrossAccount { own_side_granted } = &mut stand.relation
    {
        *own_side_granted = true;
    }
    stand
}

/// Whether a KMS grant covers the request (PE-KMS-07).
fn has_key_grant(layers: &Layers, request: &Request) -> bool {
    layers.grants.iter().any(|grant| grant.covers(request.action()))
}

/// Finds out what policies come to, for one question or for many at once.
pub(crate) trait Reader {
    /// What it is said in.
    type Logic: Logic;

    /// Whether layers in which there is nothing are of interest too.
    const SEES_EMPTY: bool;

    /// Says a truth that holds of all questions.
    fn all(truth: Truth) -> Self::Logic;

    /// Whether a denial is certain and nothing else need be looked at.
    fn has_enough(deny: Self::Logic) -> bool;

    /// One thing seen.
    fn event(&mut self, event: Event);

    /// What policies whose statements are one set come to.
    fn policies(&mut self, policies: &[Attached], joined: Option<&Joined>) -> Effects<Self::Logic>;

    /// What the policy on the resource comes to: its grants, and whether it denies.
    fn resource_policy(&mut self, policy: &Attached) -> (Grants<Self::Logic>, Self::Logic);

    /// Whether a KMS grant covers the questions.
    fn has_key_grant(&self, layers: &Layers) -> Self::Logic;
}

/// The walk over the layers: which have a say, and how their policies unite or intersect.
pub(crate) struct Walk<'a, R> {
    pub(crate) layers: &'a Layers,
    pub(crate) plan: &'a Plan,
    pub(crate) reader: &'a mut R,
}

impl<R: Reader> Walk<'_, R> {
    /// What all layers come to, in the order of [`Layer::ALL`]; what lies behind a certain denial need not be
    /// looked at.
    pub(crate) fn inputs(&mut self, stand: Stand) -> Inputs<R::Logic> {
        let Facts { refused, free, linked, foreign } = self.plan.facts;
        let mut inputs = Inputs {
            verdicts: Verdicts { needs_own_side: R::all(self.plan.needs_own_side), ..Verdicts::NOTHING },
            facts: Facts {
                refused: R::all(refused),
                free: R::all(free),
                linked: R::all(linked),
                foreign: R::all(foreign),
            },
        };
        let seen = self.seen();
        for layer in Layer::ALL {
            if !seen.has(layer) {
                continue;
            }
            let verdicts = &mut inputs.verdicts;
            match layer {
                Layer::ResourceControl => verdicts.rcp = self.resource_control(),
                Layer::ServiceControl => verdicts.scp = self.service_control(),
                Layer::VpcEndpoint => verdicts.endpoint = self.endpoint(),
                Layer::Resource => (verdicts.grants, verdicts.resource_deny) = self.resource(stand),
                Layer::Identity => verdicts.identity = self.identity(),
                Layer::PermissionsBoundary => verdicts.boundary = self.boundary(),
                Layer::Session => verdicts.session = self.session(),
            }
            let denies = R::has_enough(inputs.verdicts.deny_of(layer));
            if denies && R::has_enough(inputs.outcome(stand).explicit_deny) {
                break;
            }
        }
        inputs
    }

    /// The layers that are looked at: where nothing is attached, nothing is found, unless that alone says
    /// something.
    fn seen(&self) -> Present {
        if R::SEES_EMPTY {
            Present::ALL
        } else if self.plan.caller == Sort::FederatedUser {
            self.layers.present.with(Layer::Session)
        } else {
            self.layers.present
        }
    }

    fn resource_control(&mut self) -> Effects<R::Logic> {
        let standing = if self.layers.rcps.is_empty() {
            Standing::None
        } else if self.plan.service_linked.is_true() {
            Standing::ServiceLinkedRole
        } else if !self.plan.traits.has(Traits::RESOURCE_CONTROL) {
            Standing::ServiceNotSupported
        } else {
            self.limited_by_organization()
        };
        // `RCPFullAWSAccess` is attached at every level and can't be detached (PE-RCP-04).
        let implied = Effects::UNLIMITED;
        self.levels(Layer::ResourceControl, standing, implied)
    }

    fn service_control(&mut self) -> Effects<R::Logic> {
        let plan = self.plan;
        let standing = if self.layers.scps.is_empty() {
            Standing::None
        } else if !plan.caller.has_account() {
            Standing::CallerWithoutAccount
        } else if plan.service_linked.is_true() {
            Standing::ServiceLinkedRole
        } else {
            self.limited_by_organization()
        };
        self.levels(Layer::ServiceControl, standing, Effects::SILENT)
    }

    fn limited_by_organization(&self) -> Standing {
        if self.plan.service_linked.is_unknown() {
            Standing::PerhapsServiceLinkedRole
        } else {
            Standing::Applies
        }
    }

    /// Levels intersect, policies of one level unite (PE-SCP-02). `at_least` holds at every level.
    fn levels(&mut self, layer: Layer, standing: Standing, at_least: Effects<R::Logic>) -> Effects<R::Logic> {
        self.reader.event(Event::Layer(layer, standing));
        if !matches!(standing, Standing::Applies | Standing::PerhapsServiceLinkedRole) {
            return Effects::UNLIMITED;
        }
        let levels: &[Level] = match layer {
            Layer::ResourceControl => &self.layers.rcps,
            _ => &self.layers.scps,
        };
        let mut effects: Effects<R::Logic> = Effects::UNLIMITED;
        for (index, level) in levels.iter().enumerate() {
            self.reader.event(Event::Level(index_of(index)));
            let here = self.reader.policies(level.policies(), None);
            effects.allow = effects.allow & (here.allow | at_least.allow);
            effects.deny = effects.deny | here.deny;
            if R::has_enough(effects.deny) {
                break;
            }
        }
        effects
    }

    fn endpoint(&mut self) -> Effects<R::Logic> {
        let standing = match &self.layers.endpoint {
            None => Standing::None,
            Some(_) if self.plan.caller == Sort::Service => Standing::ServicePrincipal,
            Some(_) => Standing::Applies,
        };
        self.limiting(Layer::VpcEndpoint, standing)
    }

    fn identity(&mut self) -> Effects<R::Logic> {
        let standing = match self.plan.caller {
            Sort::Service | Sort::WithoutAccount => Standing::CallerWithoutAccount,
            Sort::Root => Standing::RootUser,
            _ if self.layers.identity.is_empty() => Standing::None,
            _ => Standing::Applies,
        };
        self.reader.event(Event::Layer(Layer::Identity, standing));
        if standing != Standing::Applies {
            return Effects::SILENT;
        }
        self.reader.policies(&self.layers.identity, self.layers.joined.as_deref())
    }

    fn boundary(&mut self) -> Effects<R::Logic> {
        let standing = match (&self.layers.boundary, self.plan.caller) {
            (None, _) => Standing::None,
            (Some(_), Sort::Root) => Standing::RootUser,
            (Some(_), Sort::Service | Sort::WithoutAccount) => Standing::CallerWithoutAccount,
            (Some(_), Sort::FederatedUser | Sort::Ordinary) => Standing::Applies,
        };
        self.limiting(Layer::PermissionsBoundary, standing)
    }

    fn session(&mut self) -> Effects<R::Logic> {
        let sort = self.plan.caller;
        let standing = match &self.layers.session {
            None if sort == Sort::FederatedUser => Standing::FederatedWithoutSessionPolicy,
            None => Standing::None,
            Some(_) if !sort.has_account() => Standing::CallerWithoutAccount,
            Some(_) => Standing::Applies,
        };
        self.limiting(Layer::Session, standing)
    }

    /// A layer that limits and never grants.
    fn limiting(&mut self, layer: Layer, standing: Standing) -> Effects<R::Logic> {
        self.reader.event(Event::Layer(layer, standing));
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
        self.reader.policies(policies, None)
    }

    fn resource(&mut self, stand: Stand) -> (Grants<R::Logic>, R::Logic) {
        let layers = self.layers;
        let standing = match &layers.resource {
            ResourcePolicy::None => Standing::None,
            ResourcePolicy::Attached(policy)
                if takes_resource_policy(self.plan.traits, Some(policy.program().policy().kind())) =>
            {
                Standing::Applies
            }
            ResourcePolicy::Unknown if takes_resource_policy(self.plan.traits, None) => Standing::Unknown,
            ResourcePolicy::Attached(_) | ResourcePolicy::Unknown => Standing::NotForAction,
        };
        self.reader.event(Event::Layer(Layer::Resource, standing));
        let (mut grants, mut deny) = match (standing, &layers.resource) {
            (Standing::Unknown, _) => {
                let unknown = R::all(Truth::Unknown);
                (Grants { delegating: unknown, limited: unknown, strong: unknown, session: unknown }, unknown)
            }
            (Standing::Applies, ResourcePolicy::Attached(policy)) => self.resource_policy(policy),
            _ => (Grants::NONE, R::all(Truth::False)),
        };
        if services::may_repair_bucket_policy(self.plan.caller, self.plan.traits)
            && stand.relation != Relation::WithoutAccount
        {
            deny = deny & R::all(self.plan.facts.foreign); // PE-ROOT-02
        }
        // PE-KMS-07: as if the grantee itself were named
        grants.session = grants.session | self.reader.has_key_grant(layers);
        (grants, deny)
    }

    fn resource_policy(&mut self, policy: &Attached) -> (Grants<R::Logic>, R::Logic) {
        let (mut grants, deny) = self.reader.resource_policy(policy);
        if services::restricts_public_access(
            self.layers,
            self.plan.caller,
            self.plan.traits,
            policy.program(),
        ) {
            let open = R::all(!self.plan.facts.foreign); // PE-S3-03
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

/// Reads policies for one question.
struct One<'a, T> {
    request: &'a Request,
    has_boundary: bool,
    tracer: &'a mut T,
}

impl<T: Tracer> Reader for One<'_, T> {
    type Logic = Truth;

    const SEES_EMPTY: bool = T::EXHAUSTIVE;

    #[inline]
    fn all(truth: Truth) -> Truth {
        truth
    }

    #[inline]
    fn has_enough(deny: Truth) -> bool {
        T::STOPS && deny.is_true()
    }

    #[inline]
    fn event(&mut self, event: Event) {
        self.tracer.event(event);
    }

    fn policies(&mut self, policies: &[Attached], joined: Option<&Joined>) -> Effects<Truth> {
        if let Some(joined) = joined
            && T::SEES_JOINED
        {
            return self.joined(policies, joined);
        }
        let service = first_bits(self.request.plan.sought.service);
        let mut tally = Tally::EMPTY;
        for (index, policy) in policies.iter().enumerate() {
            self.tracer.event(Event::Policy(index_of(index)));
            if policy.is_silent_on(service) && !self.tracer.looks_at_all() {
                continue;
            }
            self.policy(policy, &mut tally);
            if T::STOPS && tally.deny.is_true() {
                break;
            }
        }
        Effects { allow: tally.grants.any(), deny: tally.deny }
    }

    fn resource_policy(&mut self, policy: &Attached) -> (Grants<Truth>, Truth) {
        let mut tally = Tally::EMPTY;
        self.tracer.event(Event::Policy(0));
        self.policy(policy, &mut tally);
        (tally.grants.grants(), tally.deny)
    }

    fn has_key_grant(&self, layers: &Layers) -> Truth {
        has_key_grant(layers, self.request).into()
    }
}

impl<T: Tracer> One<'_, T> {
    fn walk<'w>(&'w mut self, layers: &'w Layers) -> Walk<'w, Self> {
        Walk { layers, plan: &self.request.plan, reader: self }
    }

    /// What identity policies come to for a caller of whom nothing is out of the ordinary.
    #[inline]
    fn plain_identity(&mut self, layers: &Layers) -> Effects<Truth> {
        match &layers.joined {
            Some(joined) if T::SEES_JOINED => {
                self.tracer.event(Event::Layer(Layer::Identity, Standing::Applies));
                self.joined(&layers.identity, joined)
            }
            _ => self.walk(layers).identity(),
        }
    }

    /// What policies come to whose statements are found in one index.
    #[inline]
    fn joined(&mut self, policies: &[Attached], joined: &Joined) -> Effects<Truth> {
        let mut tally = Tally::EMPTY;
        let request = self.request;
        joined.each(&request.plan.sought, request.asked(), |candidate| {
            let Some(policy) = policies.get(candidate.policy() as usize) else { return false };
            self.tracer.event(Event::Policy(candidate.policy()));
            self.judge(policy.program(), candidate, &mut tally)
        });
        Effects { allow: tally.grants.any(), deny: tally.deny }
    }

    /// Adds what a statement of a policy without principals comes to; answers whether nothing else need be
    /// looked at.
    #[inline(never)]
    fn judge(&mut self, program: &Program, candidate: Candidate, tally: &mut Tally) -> bool {
        let denies = candidate.denies();
        if T::STOPS && !denies && !Grades::EVERYONE.adds_to(tally.grants) {
            return false;
        }
        let Some(statement) = program.statement(candidate.statement() as usize) else { return false };
        if candidate.is_about_other_actions(statement.written, self.request.action()) {
            return false;
        }
        self.tracer.event(Event::Statement(candidate.statement()));
        tally.add(denies, Grades::EVERYONE.and(holds(statement, self.request, self.tracer)));
        T::STOPS && tally.deny.is_true()
    }

    /// Adds what the statements of a policy come to.
    fn policy(&mut self, policy: &Attached, tally: &mut Tally) {
        let subject = Subject { request: self.request, has_boundary: self.has_boundary };
        let tracer = &mut *self.tracer;
        let program = policy.program();
        let kind = program.policy().kind();
        if tracer.looks_at_all() {
            for index in 0..program.policy().statements().len() {
                let Some(statement) = program.statement(index) else { continue };
                tracer.event(Event::Statement(index_of(index)));
                let matched = matches(statement, kind, subject, ActionIs::NotLookedAt, tally, tracer);
                tally.add(statement.written.effect() == Effect::Deny, matched);
            }
            return;
        }
        let request = self.request;
        let (sought, asked) = (&request.plan.sought, request.asked());
        if has_principals(kind) {
            let named_by = request.asking().named_by();
            program
                .index()
                .each(sought, asked, named_by, |candidate| self.judge_graded(program, candidate, tally));
        } else {
            program.index().each(sought, asked, None, |candidate| self.judge(program, candidate, tally));
        }
    }

    /// Adds what a statement of a policy with principals comes to; answers whether nothing else need be looked
    /// at.
    #[inline(never)]
    fn judge_graded(&mut self, program: &Program, candidate: Candidate, tally: &mut Tally) -> bool {
        let Some(statement) = program.statement(candidate.statement() as usize) else { return false };
        if candidate.is_about_other_actions(statement.written, self.request.action()) {
            return false;
        }
        self.tracer.event(Event::Statement(candidate.statement()));
        let subject = Subject { request: self.request, has_boundary: self.has_boundary };
        let kind = program.policy().kind();
        let matched = matches(statement, kind, subject, ActionIs::Covered, tally, self.tracer);
        tally.add(candidate.denies(), matched);
        T::STOPS && tally.deny.is_true()
    }
}

/// What the statements of a layer come to so far.
pub(crate) struct Tally {
    pub(crate) grants: Grades,
    deny: Truth,
}

impl Tally {
    const EMPTY: Self = Self { grants: Grades::NONE, deny: Truth::False };

    #[inline]
    fn add(&mut self, denies: bool, matched: Grades) {
        if denies {
            self.deny = self.deny | matched.any();
        } else {
            self.grants = self.grants | matched;
        }
    }
}

/// Whether the policy on the resource takes part in an action at all: a role's trust policy speaks of being
/// assumed, not of `iam:*` actions on the role (PE-APP-04). The kind of a policy nobody knows is none.
fn takes_resource_policy(traits: Traits, kind: Option<PolicyKind>) -> bool {
    !traits.has(Traits::IAM) && (traits.has(Traits::STS) || kind != Some(PolicyKind::RoleTrust))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::combine::SameAccount;
    use crate::principal::Grade;

    const TRUTHS: [Truth; 3] = [Truth::False, Truth::Unknown, Truth::True];
    const GRADES: [Grade; 4] = [Grade::Delegating, Grade::Limited, Grade::Strong, Grade::Session];

    fn relations() -> Vec<Relation> {
        let both = [false, true];
        let mut relations = vec![Relation::WithoutAccount];
        relations.extend(both.map(|own_side_granted| Relation::CrossAccount { own_side_granted }));
        for (root, demands_delegation) in [(false, false), (false, true), (true, false), (true, true)] {
            relations.extend(both.map(|assumes_role| {
                Relation::SameAccount(SameAccount { root, demands_delegation, assumes_role })
            }));
        }
        relations
    }

    #[test]
    fn a_grade_grants_all_that_lower_grades_do_whatever_the_other_layers_say() {
        let mut checked = 0;
        let limits = |allow| Effects { allow, deny: Truth::False };
        for relation in relations() {
            for [identity, boundary, session, needs_own_side] in every_four() {
                for (beside, (added, truth)) in
                    GRADES.iter().flat_map(|one| every_added().into_iter().map(move |other| (*one, other)))
                {
                    let certain = Grades::of(beside, Truth::True);
                    let more = Grades::of(added, truth);
                    if more.adds_to(certain) {
                        continue;
                    }
                    // What stands in the way of public access cuts every grade alike.
                    for (foreign, open) in TRUTHS.iter().flat_map(|one| TRUTHS.map(|other| (*one, other))) {
                        let outcome = |grades: Grades| {
                            let verdicts = Verdicts {
                                identity: limits(identity),
                                boundary: limits(boundary),
                                session: limits(session),
                                grants: grades.and(open).grants(),
                                needs_own_side,
                                ..Verdicts::NOTHING
                            };
                            let facts = Facts { foreign, ..Facts::PLAIN };
                            let if_own = Some(Relation::SameAccount(SameAccount::default()));
                            [None, if_own]
                                .map(|if_own| Inputs { verdicts, facts }.outcome(Stand { relation, if_own }))
                        };
                        assert_eq!(
                            outcome(certain | more),
                            outcome(certain),
                            "{added:?} {truth:?} beside {beside:?} in {relation:?}: {identity:?} {boundary:?} \
                             {session:?} {needs_own_side:?} {open:?}"
                        );
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 100_000, "{checked}");
    }

    #[test]
    fn where_identity_policies_alone_have_a_say_and_say_nothing_nothing_is_granted() {
        let is_root = |relation: &Relation| matches!(relation, Relation::SameAccount(same) if same.root);
        for relation in relations().into_iter().filter(|relation| !is_root(relation)) {
            for foreign in TRUTHS {
                for if_own in [None, Some(Relation::SameAccount(SameAccount::default()))] {
                    let facts = Facts { foreign, ..Facts::PLAIN };
                    let outcome =
                        Inputs { verdicts: Verdicts::NOTHING, facts }.outcome(Stand { relation, if_own });
                    assert_eq!(outcome, Outcome::NOTHING, "{relation:?} {foreign:?} {if_own:?}");
                }
            }
        }
    }

    fn every_four() -> Vec<[Truth; 4]> {
        let digits = |n: usize| [1, 3, 9, 27].map(|place| TRUTHS[n / place % 3]);
        (0..81).map(digits).collect()
    }

    fn every_added() -> Vec<(Grade, Truth)> {
        GRADES.iter().flat_map(|grade| TRUTHS.map(|truth| (*grade, truth))).collect()
    }
}
