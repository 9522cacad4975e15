//! The explanation of a decision: a tree layer → policy → statement → clause, read from what the recorder
//! saw. Text and JSON are made from it elsewhere.

use iamsim_policy::{
    ActionPattern, Condition, Effect, Policy, PrincipalPattern, ResourcePattern, Span, Spanned, Statement,
};

use crate::combine::Relation;
use crate::condition::ConditionReason;
use crate::decide::{Decision, Evaluation, evaluate};
use crate::fixed::FixedRule;
use crate::layers::{Attached, Layer, Layers, Level, ResourcePolicy};
use crate::principal::{Grade, PrincipalReason};
use crate::reason::{self, Reason};
use crate::request::Request;
use crate::resource::ResourceReason;
use crate::tracer::{Event, Recorder, Standing};
use crate::truth::Truth;

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
    let mut recorder = Recorder::default();
    let evaluation = evaluate(layers, request, &mut recorder);
    Explanation {
        layers: layers.clone(),
        request: request.clone(),
        evaluation,
        events: recorder.events.into(),
    }
}

/// A decision and exactly why. [`Display`](std::fmt::Display) is its canonical text: the same on every run
/// and platform.
#[derive(Clone, Debug)]
#[must_use]
pub struct Explanation {
    layers: Layers,
    request: Request,
    evaluation: Evaluation,
    events: Box<[Event]>,
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

/// A statement that decided, by where it is attached and where it stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatementRef<'e> {
    /// The layer.
    pub layer: Layer,
    /// The policy's name.
    pub policy_name: &'e str,
    /// The policy.
    pub policy: &'e Policy,
    /// Its place in the policy, from 0.
    pub index: usize,
    /// The statement.
    pub statement: &'e Statement,
}

impl StatementRef<'_> {
    /// `file:line:column` of the statement.
    pub fn place(&self) -> String {
        self.policy.source().place(self.statement.span()).to_string()
    }

    /// The range of the statement in the policy's text.
    pub fn span(&self) -> Span {
        self.statement.span()
    }

    /// The statement's id.
    pub fn sid(&self) -> Option<&str> {
        self.statement.sid()
    }
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

    /// Where the caller stands to the resource.
    pub fn relation(&self) -> Relation {
        self.evaluation.relation
    }

    /// The statements that decided: the Denies of an explicit denial, the Allows that a granted request
    /// rests on; none for an implicit denial.
    pub fn deciding(&self) -> Vec<StatementRef<'_>> {
        let wanted = match self.decision() {
            Decision::ExplicitDeny => Effect::Deny,
            Decision::Allow => Effect::Allow,
            Decision::ImplicitDeny | Decision::Undetermined => return Vec::new(),
        };
        self.statements()
            .filter(|(_, _, trace)| trace.matches.is_true() && trace.statement.effect() == wanted)
            .map(|(layer, policy, trace)| StatementRef {
                layer,
                policy_name: policy.name,
                policy: policy.policy,
                index: trace.index,
                statement: trace.statement,
            })
            .collect()
    }

    /// The statements that could still decide an undetermined request.
    pub fn undecided(&self) -> Vec<(Layer, StatementTrace<'_>)> {
        if self.decision() != Decision::Undetermined {
            return Vec::new();
        }
        self.statements()
            .filter(|(layer, _, trace)| {
                trace.matches.is_unknown() && reason::matters(&self.evaluation, *layer)
            })
            .map(|(layer, _, trace)| (layer, trace))
            .collect()
    }

    /// The context keys that an undetermined answer depends on, in lower case and sorted.
    pub fn unknown_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for (_, trace) in self.undecided() {
            for clause in &trace.clauses {
                self.unknown_keys_of(clause, &mut keys);
            }
        }
        if self.decision() == Decision::Undetermined && self.evaluation.verdicts.needs_own_side.is_unknown() {
            keys.push("aws:sourceidentity".to_owned());
        }
        if crate::fixed::may_be_barred(&self.request) && self.decision() == Decision::Undetermined {
            keys.push("aws:multifactorauthpresent".to_owned());
        }
        keys.sort();
        keys.dedup();
        keys
    }

    fn unknown_keys_of(&self, clause: &ClauseTrace<'_>, keys: &mut Vec<String>) {
        if !clause.outcome().is_unknown() {
            return;
        }
        let context = self.request.context();
        match clause {
            ClauseTrace::Condition { condition, .. } => {
                if *context.get(condition.key()) == crate::context::ContextValue::Unknown {
                    keys.push(condition.key().folded().to_owned());
                }
                for listed in condition.values() {
                    let pieces = listed.value.template().map(iamsim_policy::Template::pieces);
                    for key in crate::variable::unknown_keys(pieces.unwrap_or_default(), context) {
                        keys.push(key.folded().to_owned());
                    }
                }
            }
            ClauseTrace::Resource { entry: Some(ResourcePattern::Arn(pattern)), .. } => {
                for key in crate::variable::unknown_keys(pattern.resource().pieces(), context) {
                    keys.push(key.folded().to_owned());
                }
            }
            _ => {}
        }
    }

    fn statements(&self) -> impl Iterator<Item = (Layer, PolicyTrace<'_>, StatementTrace<'_>)> {
        self.layers().into_iter().flat_map(|layer| {
            layer.levels.into_iter().flat_map(move |level| {
                level.policies.into_iter().flat_map(move |policy| {
                    let traces = policy.statements.clone();
                    traces.into_iter().map(move |trace| (layer.layer, policy.clone(), trace))
                })
            })
        })
    }

    /// What each layer contributed, in the order of [`Layer::ALL`]; empty when a fixed rule decided.
    pub fn layers(&self) -> Vec<LayerTrace<'_>> {
        let mut layers: Vec<LayerTrace<'_>> = Vec::new();
        let mut here = Here { policies: &[], levels: &[] };
        for event in &self.events {
            match *event {
                Event::Layer(layer, standing) => {
                    here = Here::of(&self.layers, layer);
                    let (allow, deny) = self.verdict(layer);
                    let levels = match layer {
                        Layer::ResourceControl | Layer::ServiceControl => Vec::new(),
                        _ => vec![LevelTrace { name: None, policies: Vec::new() }],
                    };
                    layers.push(LayerTrace { layer, standing, allow, deny, levels });
                }
                Event::Level(index) => {
                    let level = here.levels.get(index as usize);
                    here.policies = level.map(Level::policies).unwrap_or_default();
                    let trace = LevelTrace { name: level.map(Level::name), policies: Vec::new() };
                    if let Some(layer) = layers.last_mut() {
                        layer.levels.push(trace);
                    }
                }
                Event::Policy(index) => {
                    let level = layers.last_mut().and_then(|layer| layer.levels.last_mut());
                    if let (Some(level), Some(policy)) = (level, here.policies.get(index as usize)) {
                        level.policies.push(PolicyTrace {
                            name: policy.name(),
                            policy: policy.program().policy(),
                            statements: Vec::new(),
                        });
                    }
                }
                Event::Statement(index) => {
                    if let Some(policy) = last_policy(&mut layers) {
                        let index = index as usize;
                        if let Some(statement) = policy.policy.statements().get(index) {
                            let clauses = Vec::new();
                            let matches = Truth::False;
                            let trace = StatementTrace { index, statement, matches, grade: None, clauses };
                            policy.statements.push(trace);
                        }
                    }
                }
                Event::Matched(matches, grade) => {
                    if let Some(statement) = last_statement(&mut layers) {
                        statement.matches = matches;
                        statement.grade = grade;
                    }
                }
                clause => {
                    if let Some(statement) = last_statement(&mut layers)
                        && let Some(clause) = clause_trace(statement.statement, clause)
                    {
                        statement.clauses.push(clause);
                    }
                }
            }
        }
        layers
    }

    fn verdict(&self, layer: Layer) -> (Truth, Truth) {
        let verdicts = &self.evaluation.verdicts;
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

/// The policies that the events of a layer speak of.
struct Here<'e> {
    policies: &'e [Attached],
    levels: &'e [Level],
}

impl<'e> Here<'e> {
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

fn last_statement<'t, 'e>(layers: &'t mut [LayerTrace<'e>]) -> Option<&'t mut StatementTrace<'e>> {
    last_policy(layers)?.statements.last_mut()
}

fn clause_trace(statement: &Statement, event: Event) -> Option<ClauseTrace<'_>> {
    let at = |index: Option<u32>| index.map(|index| index as usize);
    match event {
        Event::Action(matches, entry) => {
            let entry = at(entry).and_then(|index| statement.action().patterns().get(index));
            Some(ClauseTrace::Action { matches, entry: entry.map(value) })
        }
        Event::Principal(matches, reason, entry) => {
            let entries = statement.principal().map(iamsim_policy::PrincipalClause::entries);
            let entry = at(entry).and_then(|index| entries?.get(index));
            Some(ClauseTrace::Principal { matches, reason, entry: entry.map(value) })
        }
        Event::Resource(covered) => {
            let patterns = statement.resource().map(iamsim_policy::ResourceClause::patterns);
            let entry = at(covered.entry).and_then(|index| patterns?.get(index));
            let (matches, reason) = (covered.truth, covered.reason);
            Some(ClauseTrace::Resource { matches, reason, entry: entry.map(value) })
        }
        Event::Condition(index, holds, reason) => {
            let condition = statement.conditions().get(index as usize)?;
            Some(ClauseTrace::Condition { condition, holds, reason })
        }
        Event::Layer(..) | Event::Level(_) | Event::Policy(_) | Event::Statement(_) | Event::Matched(..) => {
            None
        }
    }
}

fn value<T>(spanned: &Spanned<T>) -> &T {
    &spanned.value
}
