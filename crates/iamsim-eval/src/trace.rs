//! The explanation of a decision: a tree layer → policy → statement → clause, read from what the recorder
//! saw. Text and JSON are made from it elsewhere.

use std::fmt;
use std::sync::OnceLock;

use iamsim_policy::{
    ActionPattern, Arn, Condition, Effect, Policy, PrincipalPattern, ResourcePattern, Span, Spanned,
    Statement,
};

use crate::combine::{Grants, Relation};
use crate::condition::ConditionReason;
use crate::decide::{Decision, Evaluation, evaluate, on_identity, rests_on_identity};
use crate::dependence::{Awaited, awaited};
use crate::fixed::FixedRule;
use crate::layers::{Attached, Layer, Layers, Level, ResourcePolicy};
use crate::note::Note;
use crate::principal::{Grade, PrincipalReason};
use crate::program::Program;
use crate::reason::{self, Reason, Support};
use crate::request::{Request, Resource};
use crate::resource::ResourceReason;
use crate::text::{Plain, Quoted};
use crate::tracer::{Event, Naming, Patient, Place, Recorder, Standing};
use crate::truth::Truth;
use crate::undetermined;
use crate::unknown::UnknownFact;

/// Decides a request and keeps every step.
///
/// The decision is the same as [`authorize`](crate::authorize)'s: both are one walk.
///
/// ```
/// use iamsim_eval::{explain, Attached, Caller, Context, Decision, Layers, Program, Request, Resource};
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*"}}"#,
/// )?;
/// let layers = Layers::new().with_identity(Attached::new("developer", Program::compile(&policy)));
/// let dev = Caller::user("arn:aws:iam::111122223333:user/dev".parse()?)?;
/// let request = Request::new(dev, "iam:ListUsers".parse()?, Resource::None, Context::complete());
///
/// let explanation = explain(&layers, &request);
/// assert_eq!(explanation.decision(), Decision::ImplicitDeny);
/// assert!(explanation.to_string().contains("because no identity-based policy allows the iam:ListUsers action"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(layers: &Layers, request: &Request) -> Explanation {
    Explanation {
        evaluation: evaluate(layers, request, &mut Patient),
        layers: layers.clone(),
        request: request.clone(),
        events: OnceLock::new(),
    }
}

/// Decides a request and names the statements that decided, as [`Explanation::deciding`] does, without the
/// rest of an explanation.
///
/// ```
/// use iamsim_eval::{deciding, Attached, Caller, Context, Decision, Layers, Program, Request, Resource};
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": [
///         {"Sid": "All", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
///         {"Sid": "Keep", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}"#,
/// )?;
/// let layers = Layers::new().with_identity(Attached::new("storage", Program::compile(&policy)));
/// let dev = Caller::user("arn:aws:iam::111122223333:user/dev".parse()?)?;
/// let bucket = Resource::Arn("arn:aws:s3:::reports".parse()?);
/// let request = Request::new(dev, "s3:DeleteBucket".parse()?, bucket, Context::complete());
/// let request = request.with_owner("111122223333".parse()?);
///
/// let (decision, statements) = deciding(&layers, &request);
/// assert_eq!(decision, Decision::ExplicitDeny);
/// assert_eq!(statements[0].sid(), Some("Keep"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn deciding<'l>(layers: &'l Layers, request: &Request) -> (Decision, Vec<StatementRef<'l>>) {
    let mut statements = Vec::new();
    let decision = each_deciding(layers, request, |statement| statements.push(statement));
    (decision, statements)
}

/// Decides a request and shows the statements that decided, in the order of layers, policies and statements. It
/// is [`deciding`] for whoever asks very often: it makes no list of them.
///
/// ```
/// use iamsim_eval::{each_deciding, Attached, Caller, Context, Layers, Program, Request, Resource};
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": {
///         "Sid": "Read", "Effect": "Allow", "Action": "sqs:Get*", "Resource": "*"}}"#,
/// )?;
/// let layers = Layers::new().with_identity(Attached::new("queues", Program::compile(&policy)));
/// let dev = Caller::user("arn:aws:iam::111122223333:user/dev".parse()?)?;
/// let queue = Resource::Arn("arn:aws:sqs:eu-west-1:111122223333:orders".parse()?);
/// let request = Request::new(dev, "sqs:GetQueueUrl".parse()?, queue, Context::complete());
///
/// let mut uses = 0;
/// let _ = each_deciding(&layers, &request, |statement| {
///     assert_eq!(statement.sid(), Some("Read"));
///     uses += 1;
/// });
/// assert_eq!(uses, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn each_deciding<'l>(
    layers: &'l Layers,
    request: &Request,
    mut see: impl FnMut(StatementRef<'l>),
) -> Decision {
    let mut named = Naming::new();
    let (decision, rests) = if rests_on_identity(layers, request) {
        (on_identity(layers, request, &mut named).decision, None)
    } else {
        let evaluation = evaluate(layers, request, &mut named);
        let allows = evaluation.decision == Decision::Allow;
        (evaluation.decision, allows.then(|| Support::of(&evaluation)))
    };
    let wanted = match decision {
        Decision::ExplicitDeny => Effect::Deny,
        Decision::Allow => Effect::Allow,
        Decision::ImplicitDeny | Decision::Undetermined => return decision,
    };
    for named in named.sorted() {
        let Some(statement) = StatementRef::at(layers, named.place()) else { continue };
        if statement.statement.effect() == wanted
            && rests.as_ref().is_none_or(|rests| rests.on(statement.layer, named.grades().grants()))
        {
            see(statement);
        }
    }
    decision
}

/// A decision and exactly why. [`Display`](std::fmt::Display) is its canonical text: the same on every run
/// and platform.
///
/// The decision is made at once; the tree of layers, policies, statements and clauses when it is first asked
/// for.
#[derive(Clone, Debug)]
#[must_use]
pub struct Explanation {
    layers: Layers,
    request: Request,
    evaluation: Evaluation,
    events: OnceLock<Box<[Event]>>,
}

/// What one layer contributed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LayerTrace<'e> {
    /// Which layer.
    pub layer: Layer,
    /// Whether it has a say, and why not.
    pub standing: Standing,
    /// Whether it allows: for control policies at every level.
    pub allow: Truth,
    /// Whether it denies.
    pub deny: Truth,
    /// What bears on the layer besides its statements.
    pub notes: Vec<Note<'e>>,
    /// Its levels; a layer without levels has one, without a name.
    pub levels: Vec<LevelTrace<'e>>,
}

/// One level of control policies, or all policies of another layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LevelTrace<'e> {
    /// The root, unit or account; none in a layer without levels.
    pub name: Option<&'e str>,
    /// The policies in the order attached.
    pub policies: Vec<PolicyTrace<'e>>,
}

/// One policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyTrace<'e> {
    /// The name it is attached under.
    pub name: &'e str,
    /// The policy.
    pub policy: &'e Policy,
    /// Its statements in the order written.
    pub statements: Vec<StatementTrace<'e>>,
    pub(crate) program: &'e Program,
    /// Its place among the policies of its level.
    pub(crate) index: u32,
}

/// One statement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatementTrace<'e> {
    /// Its place in the policy, from 0.
    pub index: usize,
    /// The statement.
    pub statement: &'e Statement,
    /// Whether it matches the request.
    pub matches: Truth,
    /// How directly it names the caller, for an Allow of a resource-based policy that matches.
    pub grade: Option<Grade>,
    /// Its clauses in the order judged.
    pub clauses: Vec<ClauseTrace<'e>>,
    /// Whether it matches, by grade.
    pub(crate) grants: Grants<Truth>,
}

/// One clause of a statement, its outcome and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClauseTrace<'e> {
    /// `Action` or `NotAction`.
    #[non_exhaustive]
    Action {
        /// Whether it covers the action.
        matches: bool,
        /// The entry that names the action.
        entry: Option<&'e ActionPattern>,
    },
    /// `Principal` or `NotPrincipal`.
    #[non_exhaustive]
    Principal {
        /// Whether it reaches the caller.
        matches: Truth,
        /// Why.
        reason: PrincipalReason,
        /// The entry that names the caller best.
        entry: Option<&'e PrincipalPattern>,
    },
    /// `Resource` or `NotResource`.
    #[non_exhaustive]
    Resource {
        /// Whether it covers the resource.
        matches: Truth,
        /// Why.
        reason: ResourceReason,
        /// The entry that matches, or might.
        entry: Option<&'e ResourcePattern>,
    },
    /// One key under one operator.
    #[non_exhaustive]
    Condition {
        /// The condition.
        condition: &'e Condition,
        /// Whether it holds.
        holds: Truth,
        /// Why.
        reason: ConditionReason,
        /// Its place in the statement, from 0.
        index: usize,
    },
}

impl ClauseTrace<'_> {
    /// Whether the clause lets the statement match.
    pub fn outcome(&self) -> Truth {
        match self {
            Self::Action { matches, .. } => (*matches).into(),
            Self::Principal { matches, .. } | Self::Resource { matches, .. } => *matches,
            Self::Condition { holds, .. } => *holds,
        }
    }
}

impl StatementTrace<'_> {
    /// Whether the statement speaks of other actions than the one asked for.
    pub fn is_about_other_actions(&self) -> bool {
        self.clauses.iter().any(|clause| matches!(clause, ClauseTrace::Action { matches: false, .. }))
    }
}

/// A statement, by where it is attached and where it stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatementRef<'e> {
    /// The layer.
    pub layer: Layer,
    /// The root, unit or account that a control policy is attached to.
    pub level: Option<&'e str>,
    /// The policy's name.
    pub policy_name: &'e str,
    /// The policy.
    pub policy: &'e Policy,
    /// Its place in the policy, from 0.
    pub index: usize,
    /// The statement.
    pub statement: &'e Statement,
}

impl<'e> StatementRef<'e> {
    #[inline]
    fn at(layers: &'e Layers, place: Place) -> Option<Self> {
        let here = Here::of(layers, place.layer);
        let level = at(here.levels, place.level);
        let policies = level.map_or(here.policies, Level::policies);
        let attached = at(policies, place.policy)?;
        let policy = attached.program().policy();
        Some(Self {
            layer: place.layer,
            level: level.map(Level::name),
            policy_name: attached.name(),
            policy,
            index: place.statement as usize,
            statement: at(policy.statements(), place.statement)?,
        })
    }

    pub(crate) fn of(
        layer: Layer,
        level: &LevelTrace<'e>,
        policy: &PolicyTrace<'e>,
        trace: &StatementTrace<'e>,
    ) -> Self {
        Self {
            layer,
            level: level.name,
            policy_name: policy.name,
            policy: policy.policy,
            index: trace.index,
            statement: trace.statement,
        }
    }

    /// `file:line:column` of the statement.
    pub fn place(&self) -> String {
        self.policy.source().place(self.statement.span()).to_string()
    }

    /// The range of the statement in the policy's text.
    pub fn span(&self) -> Span {
        self.statement.span()
    }

    /// The statement's id.
    pub fn sid(&self) -> Option<&'e str> {
        self.statement.sid()
    }
}

/// `statement 2 \`DevOnly\` of developer (developer.json:9:5)`.
impl fmt::Display for StatementRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.index + 1)?;
        if let Some(sid) = self.sid() {
            write!(f, " {}", Quoted(sid))?;
        }
        write!(f, " of {}", Plain(self.policy_name))?;
        if let Some(level) = self.level {
            write!(f, " at {}", Plain(level))?;
        }
        write!(f, " ({})", Plain(&self.place()))
    }
}

/// A statement that could still decide an undetermined request, and what it waits for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Residual<'e> {
    /// The statement.
    pub statement: StatementRef<'e>,
    /// Its clauses that are not known to match; all others match. The statement matches when these do.
    pub clauses: Vec<ClauseTrace<'e>>,
}

impl Explanation {
    /// The answer.
    pub fn decision(&self) -> Decision {
        self.evaluation.decision
    }

    /// Whether the request is certainly not allowed: also when only the kind of denial is unknown.
    pub fn is_denied(&self) -> bool {
        self.evaluation.outcome.allow.is_false()
    }

    /// The request that was asked.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The rule that decided before any policy was read.
    pub fn fixed_rule(&self) -> Option<FixedRule> {
        self.evaluation.fixed
    }

    /// Why, as one of a closed list.
    pub fn reason(&self) -> Reason {
        reason::of(&self.evaluation)
    }

    /// The layer that decided, where one did.
    pub fn deciding_layer(&self) -> Option<Layer> {
        self.reason().layer()
    }

    /// AWS's sentence for a denial (PE-MSG-01 to PE-MSG-04), or one that says the request is allowed or
    /// undetermined.
    pub fn message(&self) -> String {
        reason::message(self)
    }

    pub(crate) fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    pub(crate) fn policies(&self) -> &Layers {
        &self.layers
    }

    /// Where the caller stands to the resource; across accounts when the owner is not known.
    pub fn relation(&self) -> Relation {
        self.evaluation.stand.relation
    }

    /// What a request without resource is authorized against, if not `*` (PE-RES-14).
    pub fn effective_resource(&self) -> Option<Arn> {
        match self.request.resource() {
            Resource::None => self.request.target().cloned(),
            Resource::Arn(_) => None,
        }
    }

    /// The statements that decided: the Denies of an explicit denial, the Allows that a granted request
    /// rests on; none for an implicit denial.
    pub fn deciding(&self) -> Vec<StatementRef<'_>> {
        self.deciding_among(&self.layers())
    }

    pub(crate) fn deciding_among<'e>(&'e self, layers: &[LayerTrace<'e>]) -> Vec<StatementRef<'e>> {
        let wanted = match self.decision() {
            Decision::ExplicitDeny => Effect::Deny,
            Decision::Allow => Effect::Allow,
            Decision::ImplicitDeny | Decision::Undetermined => return Vec::new(),
        };
        let rests = Support::of(&self.evaluation);
        statements(layers)
            .filter(|(layer, _, _, trace)| {
                trace.statement.effect() == wanted
                    && trace.matches.is_true()
                    && (wanted == Effect::Deny || rests.on(*layer, trace.grants))
            })
            .map(|(layer, level, policy, trace)| StatementRef::of(layer, level, policy, trace))
            .collect()
    }

    /// The statements that could still decide an undetermined request.
    pub fn undecided(&self) -> Vec<(Layer, StatementTrace<'_>)> {
        let layers = self.layers();
        let Some(awaited) = self.awaited() else { return Vec::new() };
        undetermined::statements(&layers, &awaited)
            .map(|(layer, _, _, trace)| (layer, trace.clone()))
            .collect()
    }

    /// The statements that could still decide an undetermined request, each with the clauses it waits for.
    pub fn residuals(&self) -> Vec<Residual<'_>> {
        self.residuals_among(&self.layers())
    }

    pub(crate) fn residuals_among<'e>(&'e self, layers: &[LayerTrace<'e>]) -> Vec<Residual<'e>> {
        let Some(awaited) = self.awaited() else { return Vec::new() };
        undetermined::statements(layers, &awaited)
            .map(|(layer, level, policy, trace)| Residual {
                statement: StatementRef::of(layer, level, policy, trace),
                clauses: trace
                    .clauses
                    .iter()
                    .filter(|clause| clause.outcome().is_unknown())
                    .cloned()
                    .collect(),
            })
            .collect()
    }

    /// The context keys that an undetermined answer depends on, in lower case and sorted.
    pub fn unknown_keys(&self) -> Vec<String> {
        self.dependence_among(&self.layers()).0
    }

    /// What else an undetermined answer depends on, sorted.
    pub fn unknown_facts(&self) -> Vec<UnknownFact> {
        self.dependence_among(&self.layers()).1
    }

    pub(crate) fn dependence_among(&self, layers: &[LayerTrace<'_>]) -> (Vec<String>, Vec<UnknownFact>) {
        match self.awaited() {
            Some(awaited) => undetermined::dependence(self, layers, &awaited),
            None => (Vec::new(), Vec::new()),
        }
    }

    /// What the answer waits for; none unless it is undetermined.
    fn awaited(&self) -> Option<Awaited> {
        (self.decision() == Decision::Undetermined)
            .then(|| awaited(&self.evaluation.inputs, self.evaluation.stand))
    }

    /// What each layer contributed, in the order of [`Layer::ALL`]; empty when a fixed rule decided.
    pub fn layers(&self) -> Vec<LayerTrace<'_>> {
        let mut layers: Vec<LayerTrace<'_>> = Vec::new();
        let mut here = Here { policies: &[], levels: &[] };
        for event in self.events() {
            match *event {
                Event::Layer(layer, standing) => {
                    here = Here::of(&self.layers, layer);
                    let (allow, deny) = self.verdict(layer);
                    let levels = match layer {
                        Layer::ResourceControl | Layer::ServiceControl => Vec::new(),
                        _ => vec![LevelTrace { name: None, policies: Vec::new() }],
                    };
                    let notes = Note::of(self, layer);
                    layers.push(LayerTrace { layer, standing, allow, deny, notes, levels });
                }
                Event::Level(index) => {
                    let level = at(here.levels, index);
                    here.policies = level.map(Level::policies).unwrap_or_default();
                    let trace = LevelTrace { name: level.map(Level::name), policies: Vec::new() };
                    if let Some(layer) = layers.last_mut() {
                        layer.levels.push(trace);
                    }
                }
                Event::Policy(index) => {
                    let level = layers.last_mut().and_then(|layer| layer.levels.last_mut());
                    if let (Some(level), Some(policy)) = (level, at(here.policies, index)) {
                        level.policies.push(PolicyTrace {
                            name: policy.name(),
                            policy: policy.program().policy(),
                            statements: Vec::new(),
                            program: policy.program(),
                            index,
                        });
                    }
                }
                Event::Statement(index) => {
                    if let Some(policy) = last_policy(&mut layers)
                        && let Some(statement) = at(policy.policy.statements(), index)
                    {
                        policy.statements.push(StatementTrace {
                            index: index as usize,
                            statement,
                            matches: Truth::False,
                            grade: None,
                            clauses: Vec::new(),
                            grants: Grants::NONE,
                        });
                    }
                }
                Event::Matched(matched) => {
                    let grants = matched.grants();
                    if let Some(policy) = last_policy(&mut layers) {
                        let has_grades = crate::statement::has_principals(policy.policy.kind());
                        if let Some(statement) = policy.statements.last_mut() {
                            statement.matches = grants.any();
                            statement.grants = grants;
                            statement.grade = (has_grades && statement.statement.effect() == Effect::Allow)
                                .then(|| Grade::best(grants))
                                .flatten();
                        }
                    }
                }
                clause => {
                    if let Some(policy) = last_policy(&mut layers)
                        && let Some(statement) = policy.statements.last_mut()
                        && let Some(clause) = clause_trace(statement.statement, clause)
                    {
                        statement.clauses.push(clause);
                    }
                }
            }
        }
        layers
    }

    /// What the walk over every statement saw.
    fn events(&self) -> &[Event] {
        self.events.get_or_init(|| {
            let mut recorder = Recorder::default();
            let evaluation = evaluate(&self.layers, &self.request, &mut recorder);
            debug_assert_eq!(evaluation, self.evaluation, "both are one walk");
            recorder.events.into()
        })
    }

    fn verdict(&self, layer: Layer) -> (Truth, Truth) {
        let verdicts = &self.evaluation.inputs.verdicts;
        let effects = match layer {
            Layer::ResourceControl => verdicts.rcp,
            Layer::ServiceControl => verdicts.scp,
            Layer::VpcEndpoint => verdicts.endpoint,
            Layer::Identity => verdicts.identity,
            Layer::PermissionsBoundary => verdicts.boundary,
            Layer::Session => verdicts.session,
            Layer::Resource => return (verdicts.grants.any(), verdicts.resource_deny),
        };
        (effects.allow, effects.deny)
    }
}

/// Every statement with where it is attached.
pub(crate) fn statements<'t, 'e>(
    layers: &'t [LayerTrace<'e>],
) -> impl Iterator<Item = (Layer, &'t LevelTrace<'e>, &'t PolicyTrace<'e>, &'t StatementTrace<'e>)> {
    layers.iter().flat_map(|layer| {
        layer.levels.iter().flat_map(move |level| {
            level.policies.iter().flat_map(move |policy| {
                policy.statements.iter().map(move |trace| (layer.layer, level, policy, trace))
            })
        })
    })
}

/// The policies that the events of a layer speak of.
struct Here<'e> {
    policies: &'e [Attached],
    levels: &'e [Level],
}

impl<'e> Here<'e> {
    #[inline]
    fn of(layers: &'e Layers, layer: Layer) -> Self {
        let policies: &[Attached] = match layer {
            Layer::ResourceControl => return Self { policies: &[], levels: &layers.rcps },
            Layer::ServiceControl => return Self { policies: &[], levels: &layers.scps },
            Layer::VpcEndpoint => layers.endpoint.as_deref().unwrap_or_default(),
            Layer::Resource => match &layers.resource {
                ResourcePolicy::Attached(policy) => std::slice::from_ref(policy),
                ResourcePolicy::None | ResourcePolicy::Unknown => &[],
            },
            Layer::Identity => &layers.identity,
            Layer::PermissionsBoundary => layers.boundary.as_slice(),
            Layer::Session => layers.session.as_deref().unwrap_or_default(),
        };
        Self { policies, levels: &[] }
    }
}

fn last_policy<'t, 'e>(layers: &'t mut [LayerTrace<'e>]) -> Option<&'t mut PolicyTrace<'e>> {
    layers.last_mut()?.levels.last_mut()?.policies.last_mut()
}

fn at<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(index as usize)
}

fn clause_trace(statement: &Statement, event: Event) -> Option<ClauseTrace<'_>> {
    match event {
        Event::Action(matches, entry) => {
            let entry = entry.and_then(|index| at(statement.action().patterns(), index));
            Some(ClauseTrace::Action { matches, entry: entry.map(value) })
        }
        Event::Principal(matches, reason, entry) => {
            let entries = statement.principal().map(iamsim_policy::PrincipalClause::entries);
            let entry = entry.and_then(|index| at(entries?, index));
            Some(ClauseTrace::Principal { matches, reason, entry: entry.map(value) })
        }
        Event::Resource(covered) => {
            let patterns = statement.resource().map(iamsim_policy::ResourceClause::patterns);
            let entry = covered.entry.and_then(|index| at(patterns?, index));
            let (matches, reason) = (covered.truth, covered.reason);
            Some(ClauseTrace::Resource { matches, reason, entry: entry.map(value) })
        }
        Event::Condition(index, holds, reason) => {
            let condition = at(statement.conditions(), index)?;
            Some(ClauseTrace::Condition { condition, holds, reason, index: index as usize })
        }
        Event::Layer(..) | Event::Level(_) | Event::Policy(_) | Event::Statement(_) | Event::Matched(_) => {
            None
        }
    }
}

fn value<T>(spanned: &Spanned<T>) -> &T {
    &spanned.value
}
