//! For a denial: the smallest change of the request or of one policy that would flip it.
//!
//! Nothing is promised that was not tried: every change is made and the request decided again, by the one
//! evaluator.

use std::fmt;

use iamsim_policy::{Effect, PolicyKind, PrincipalClause, ResourcePattern, ResourceService};

use crate::context::ContextValue;
use crate::decide::{Decision, Evaluation, evaluate};
use crate::layers::{Layer, ResourcePolicy};
use crate::note::Note;
use crate::principal::{self, Grades, PrincipalReason};
use crate::reason::{self, Reason, policy_type};
use crate::request::{CallerKind, Request};
use crate::services;
use crate::text::{Plain, Quoted, listed};
use crate::trace::{
    ClauseTrace, Explanation, LayerTrace, LevelTrace, PolicyTrace, StatementRef, StatementTrace,
};
use crate::tracer::{Clause, Place, Standing, Supposing};
use crate::truth::Truth;
use crate::witness;

/// How many statements are tried: each costs a decision.
const TRIED: usize = 8;
/// In how many clauses a statement may fail and still be near.
const CLAUSES: usize = 2;

/// One thing that stands between a denied request and being allowed.
///
/// [`Display`](fmt::Display) is one sentence without full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    layer: Layer,
    policy: Option<String>,
    statement: Option<usize>,
    place: Option<String>,
    changes: Vec<Change>,
    text: String,
    after: Decision,
    remains: String,
}

/// One change that a near miss speaks of. The closed list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The request carries a key with this value.
    Context {
        /// The key, as the policy writes it.
        key: String,
        /// A value with which the answer was tried.
        value: ContextValue,
    },
    /// The statement's condition on a key is met in some way the explanation can't name.
    Condition {
        /// The key, as the policy writes it.
        key: String,
    },
    /// The statement covers the requested resource.
    Resource,
    /// The statement names the caller.
    Principal,
    /// The statement covers the action.
    Action,
    /// The statement no longer denies.
    Lift,
    /// Some policy of the layer allows the request.
    Allow,
}

impl Change {
    /// A stable name, in kebab case.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Context { .. } => "context",
            Self::Condition { .. } => "condition",
            Self::Resource => "resource",
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Lift => "lift",
            Self::Allow => "allow",
        }
    }
}

impl NearMiss {
    /// The layer it speaks of.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The name of the policy it speaks of; none when any policy of the layer would do.
    pub fn policy_name(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// The statement it speaks of, by its place in the policy, from 0.
    pub fn statement(&self) -> Option<usize> {
        self.statement
    }

    /// `file:line:column` of the statement it speaks of.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// What would change.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The decision after the change.
    pub fn after(&self) -> Decision {
        self.after
    }

    /// Whether the request would be allowed with this change alone: no other layer would still deny.
    pub fn is_enough(&self) -> bool {
        self.after == Decision::Allow
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.text, self.remains)
    }
}

impl Explanation {
    /// What stands between a denied request and being allowed: for a missing Allow the statements that fail
    /// in one or two clauses, for an explicit denial what would keep the statement from denying. Those that
    /// are enough come first. Empty for other decisions.
    pub fn near_misses(&self) -> Vec<NearMiss> {
        self.near_misses_among(&self.layers())
    }

    pub(crate) fn near_misses_among(&self, layers: &[LayerTrace<'_>]) -> Vec<NearMiss> {
        let mut found = match self.reason() {
            Reason::ImplicitDeny(layer) => self.missing(layers, layer),
            Reason::DeniedInAnyCase => self.missing(layers, reason::missing_layer(self.evaluation())),
            Reason::ExplicitDeny(layer) => self.denying(layers, layer),
            _ => return Vec::new(),
        };
        found.sort_by_key(|near| !near.is_enough());
        found
    }

    /// What the layer that would have to allow lacks.
    fn missing(&self, layers: &[LayerTrace<'_>], layer: Layer) -> Vec<NearMiss> {
        let mut candidates = Vec::new();
        for (place, policy, level, statement) in candidates_of(layers, layer, Effect::Allow) {
            let failing: Vec<&ClauseTrace<'_>> =
                statement.clauses.iter().filter(|clause| !clause.outcome().is_true()).collect();
            let near = match failing.as_slice() {
                [] => false,
                [ClauseTrace::Action { .. }] => is_misspelt(self.request(), statement),
                clauses => {
                    clauses.len() <= CLAUSES
                        && !clauses.iter().any(|clause| matches!(clause, ClauseTrace::Action { .. }))
                }
            };
            if near {
                candidates.push((failing.len(), place, policy, level, statement));
            }
        }
        // Of equally near statements the first in the text is tried first.
        candidates.sort_by_key(|(failing, ..)| *failing);
        let mut found: Vec<NearMiss> = candidates
            .into_iter()
            .take(TRIED)
            .filter_map(|(_, place, policy, level, statement)| self.met(place, policy, level, statement))
            .collect();
        found.extend(self.added(layers, layer));
        found
    }

    /// What becomes of the request when the clauses of an Allow that fail are met.
    fn met(
        &self,
        place: Place,
        policy: &PolicyTrace<'_>,
        level: &LevelTrace<'_>,
        statement: &StatementTrace<'_>,
    ) -> Option<NearMiss> {
        let mut request = None;
        let mut supposed = Vec::new();
        let mut changes = Vec::new();
        let mut asked = Vec::new();
        let mut differing = Vec::new();
        for clause in statement.clauses.iter().filter(|clause| !clause.outcome().is_true()) {
            match clause {
                ClauseTrace::Action { .. } => {
                    supposed.push((Clause::Action, true));
                    changes.push(Change::Action);
                    let entries = statement.statement.action().patterns().iter();
                    let entries = listed(entries.map(|entry| entry.value.as_str()));
                    let action = Quoted(self.request().action().as_str()).to_string();
                    differing.push(format!("allows {entries}, and the request is for {action}"));
                }
                ClauseTrace::Principal { .. } => {
                    supposed.push((Clause::Principal, true));
                    changes.push(Change::Principal);
                    let written = statement.statement.principal();
                    let entries = written.map(PrincipalClause::entries).unwrap_or_default();
                    let entries: Vec<String> = entries.iter().map(|entry| entry.value.to_string()).collect();
                    let entries = listed(entries.iter().map(String::as_str));
                    let negated = written.is_some_and(PrincipalClause::is_negated);
                    let verb = if negated { "leaves out" } else { "names" };
                    let caller = self.request().caller().to_string();
                    differing.push(format!("{verb} {entries}, and the caller is {}", Quoted(&caller)));
                }
                ClauseTrace::Resource { .. } => {
                    let written = statement.statement.resource()?;
                    supposed.push((Clause::Resource, true));
                    changes.push(Change::Resource);
                    let entries =
                        written.patterns().iter().map(|entry| ResourcePattern::as_str(&entry.value));
                    let verb = if written.is_negated() { "leaves out" } else { "allows" };
                    let on = self.request().resource().to_string();
                    differing.push(format!(
                        "{verb} {}, and the request names {}",
                        listed(entries),
                        Quoted(&on)
                    ));
                }
                ClauseTrace::Condition { condition, index, .. } => {
                    let context = request.as_ref().unwrap_or(self.request()).context();
                    let operands = policy.program.operands(statement.index, *index);
                    let key = condition.key().as_str().to_owned();
                    if let Some(witness) = witness::find(condition, operands, context, Truth::True) {
                        asked.push(format!("{}{}", witness.ask(condition), found(self, condition)));
                        let asked = request.as_ref().unwrap_or(self.request());
                        request = Some(asked.with_context(&key, witness.value.clone()));
                        changes.push(Change::Context { key, value: witness.value });
                    } else {
                        supposed.push((Clause::Condition(crate::statement::index_of(*index)), true));
                        changes.push(Change::Condition { key: key.clone() });
                        let values = listed(condition.values().iter().map(|listed| listed.value.as_str()));
                        differing.push(format!(
                            "asks for {} {} {values}{}",
                            condition.operator(),
                            Plain(&key),
                            found(self, condition)
                        ));
                    }
                }
            }
        }
        let who = StatementRef::of(place.layer, level, policy, statement);
        let text = match (asked.as_slice(), differing.as_slice()) {
            (asked, []) => format!("{}, as {who} asks", asked.join(", and ")),
            ([], differing) => format!("{who} {}", differing.join(", and ")),
            (asked, differing) => format!("{who} {}, and {}", differing.join(", and "), asked.join(", and ")),
        };
        let request = request.as_ref().unwrap_or(self.request());
        let after = evaluate(self.policies(), request, &mut Supposing::new(place, &supposed));
        Some(self.near_miss(place.layer, Some((policy, statement)), changes, text, &after))
    }

    /// What becomes of the request when some policy of the layer allows it.
    fn added(&self, layers: &[LayerTrace<'_>], layer: Layer) -> Option<NearMiss> {
        let mut after = self.evaluation().clone();
        let verdicts = &mut after.inputs.verdicts;
        let kind = match (&self.policies().resource, services::is_role_assumption(self.request())) {
            (ResourcePolicy::Attached(policy), _) => policy.program().policy().kind(),
            (_, true) => PolicyKind::RoleTrust,
            (_, false) => PolicyKind::Resource(ResourceService::Other),
        };
        match layer {
            Layer::ResourceControl => return None,
            Layer::ServiceControl => verdicts.scp.allow = Truth::True,
            Layer::VpcEndpoint => verdicts.endpoint.allow = Truth::True,
            Layer::Identity => verdicts.identity.allow = Truth::True,
            Layer::PermissionsBoundary => verdicts.boundary.allow = Truth::True,
            Layer::Session => verdicts.session.allow = Truth::True,
            Layer::Resource => verdicts.grants = Grades::as_if_named(self.request(), kind).grants(),
        }
        after.outcome = after.inputs.outcome(after.stand);
        after.decision = Decision::of(after.outcome);
        let notes = layers.iter().filter(|trace| trace.layer == layer).flat_map(|trace| &trace.notes);
        let restricted = notes.into_iter().any(|note| *note == Note::PublicAccessRestricted);
        // One more statement would not make a public policy less public.
        if restricted || reason::of(&after) == Reason::ImplicitDeny(layer) {
            return None;
        }
        let kind = policy_type(layer, self.request());
        let request = self.request();
        let action = Quoted(request.action().as_str());
        let standing = layers.iter().find(|trace| trace.layer == layer).map(|trace| trace.standing);
        let text = match layer {
            Layer::Resource if *request.caller().kind() == CallerKind::Anonymous => {
                format!("let the {kind} allow {action} to everyone")
            }
            Layer::Resource => {
                format!("let the {kind} allow {action} to {}", Quoted(&request.caller().to_string()))
            }
            Layer::Session if standing == Some(Standing::FederatedWithoutSessionPolicy) => {
                format!("make the session with a session policy that allows {action}")
            }
            Layer::ServiceControl => format!("let a {kind} at every level allow {action}"),
            Layer::PermissionsBoundary | Layer::Session | Layer::VpcEndpoint => {
                format!("let the {kind} allow {action}")
            }
            Layer::Identity | Layer::ResourceControl => {
                format!("let an {kind} allow {action} on {}", Quoted(&request.resource().to_string()))
            }
        };
        Some(self.near_miss(layer, None, vec![Change::Allow], text, &after))
    }

    /// What would keep the statements of a layer from denying.
    fn denying(&self, layers: &[LayerTrace<'_>], layer: Layer) -> Vec<NearMiss> {
        let mut found: Vec<NearMiss> = Vec::new();
        for (place, policy, level, statement) in candidates_of(layers, layer, Effect::Deny)
            .filter(|(.., statement)| statement.matches.is_true())
            .take(TRIED)
        {
            let who = StatementRef::of(layer, level, policy, statement);
            for clause in &statement.clauses {
                let ClauseTrace::Condition { condition, index, .. } = clause else { continue };
                let operands = policy.program.operands(statement.index, *index);
                let context = self.request().context();
                let Some(witness) = witness::find(condition, operands, context, Truth::False) else {
                    continue;
                };
                let key = condition.key().as_str();
                let request = self.request().with_context(key, witness.value.clone());
                let after = evaluate(self.policies(), &request, &mut crate::tracer::Silent);
                if after.decision == Decision::ExplicitDeny {
                    continue;
                }
                let text = format!(
                    "{}{}, and {who} does not deny it",
                    witness.ask(condition),
                    self::found(self, condition)
                );
                let key = condition.key().as_str().to_owned();
                let change = Change::Context { key, value: witness.value };
                found.push(self.near_miss(layer, Some((policy, statement)), vec![change], text, &after));
            }
            if let Some(near_miss) = self.exempted(place, policy, &who, statement) {
                found.push(near_miss);
            }
            let lifted = [(Clause::Action, false)];
            let after = evaluate(self.policies(), self.request(), &mut Supposing::new(place, &lifted));
            let text = format!("lift or narrow {who}");
            found.push(self.near_miss(layer, Some((policy, statement)), vec![Change::Lift], text, &after));
        }
        found
    }

    /// What becomes of the request when a `NotPrincipal` lists the caller and everyone behind it.
    fn exempted(
        &self,
        place: Place,
        policy: &PolicyTrace<'_>,
        who: &StatementRef<'_>,
        statement: &StatementTrace<'_>,
    ) -> Option<NearMiss> {
        let is_exemptible = |clause: &ClauseTrace<'_>| {
            matches!(clause, ClauseTrace::Principal { reason: PrincipalReason::NotExempt, .. })
        };
        if !statement.clauses.iter().any(is_exemptible) {
            return None;
        }
        let unlisted = principal::unlisted(statement.statement.principal()?, self.request().caller());
        if unlisted.is_empty() {
            return None;
        }
        let supposed = [(Clause::Principal, false)];
        let after = evaluate(self.policies(), self.request(), &mut Supposing::new(place, &supposed));
        let names = listed(unlisted.iter().map(String::as_str));
        let text = format!("list {names} under NotPrincipal of {who}");
        let changes = vec![Change::Principal];
        Some(self.near_miss(place.layer, Some((policy, statement)), changes, text, &after))
    }

    fn near_miss(
        &self,
        layer: Layer,
        of: Option<(&PolicyTrace<'_>, &StatementTrace<'_>)>,
        changes: Vec<Change>,
        text: String,
        after: &Evaluation,
    ) -> NearMiss {
        NearMiss {
            layer,
            policy: of.map(|(policy, _)| policy.name.to_owned()),
            statement: of.map(|(_, statement)| statement.index),
            place: of.map(|(policy, statement)| {
                policy.policy.source().place(statement.statement.span()).to_string()
            }),
            changes,
            text,
            after: after.decision,
            remains: remains(after, self.request()),
        }
    }
}

/// What is left of a denial after a change.
fn remains(after: &Evaluation, request: &Request) -> String {
    let kind = |layer| policy_type(layer, request);
    match reason::of(after) {
        _ if after.decision == Decision::Allow => "nothing else would still deny".to_owned(),
        Reason::ImplicitDeny(layer) => format!("but no {} would allow it", kind(layer)),
        Reason::ExplicitDeny(layer) => {
            format!("but {} {} would still deny it", reason::article(layer, request), kind(layer))
        }
        Reason::DeniedInAnyCase => {
            format!("but no {} would allow it", kind(reason::missing_layer(after)))
        }
        _ => "but the answer would depend on what is not known".to_owned(),
    }
}

/// What the request has, where that is worth saying.
fn found(explanation: &Explanation, condition: &iamsim_policy::Condition) -> String {
    match explanation.request().context().get(condition.key()) {
        ContextValue::One(value) => format!(" (the request has {})", Quoted(value)),
        ContextValue::Many(values) => {
            format!(" (the request has {})", listed(values.iter().map(|value| &**value)))
        }
        ContextValue::Absent => String::new(),
        ContextValue::Unknown => " (what the request has is not known)".to_owned(),
    }
}

/// The statements of a layer with an effect; of control policies those at levels that do not allow.
fn candidates_of<'t, 'e>(
    layers: &'t [LayerTrace<'e>],
    layer: Layer,
    wanted: Effect,
) -> impl Iterator<Item = (Place, &'t PolicyTrace<'e>, &'t LevelTrace<'e>, &'t StatementTrace<'e>)> {
    let trace = layers.iter().find(move |trace| trace.layer == layer);
    let levels = trace.map(|trace| trace.levels.as_slice()).unwrap_or_default();
    levels.iter().enumerate().flat_map(move |(level_index, level)| {
        let allows = |policy: &PolicyTrace<'_>| {
            policy
                .statements
                .iter()
                .any(|trace| trace.statement.effect() == Effect::Allow && trace.matches.is_true())
        };
        let lacking = wanted == Effect::Deny || !level.policies.iter().any(allows);
        level.policies.iter().filter(move |_| lacking).flat_map(move |policy| {
            let statements = policy.statements.iter();
            statements.filter(move |trace| trace.statement.effect() == wanted).map(move |statement| {
                let place = Place {
                    layer,
                    level: crate::statement::index_of(level_index),
                    policy: policy.index,
                    statement: crate::statement::index_of(statement.index),
                };
                (place, policy, level, statement)
            })
        })
    })
}

/// Whether a statement names an action of the same service that differs from the requested one by a slip of
/// the pen.
fn is_misspelt(request: &Request, statement: &StatementTrace<'_>) -> bool {
    let clause = statement.statement.action();
    let exact = clause.patterns().iter().filter_map(|pattern| pattern.value.exact());
    let same_service = exact.filter(|entry| {
        entry.split_once(':').is_some_and(|(service, _)| service == request.action().service())
    });
    let asked = request.action().folded();
    // A third of the letters would make `GetObject` a slip for `PutObject`.
    !clause.is_negated() && same_service.into_iter().any(|entry| is_one_slip(asked, entry))
}

/// Whether two words differ by one letter added, dropped, or swapped with its neighbour.
fn is_one_slip(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (shorter, longer) = (left.len().min(right.len()), left.len().max(right.len()));
    if longer == shorter + 1 {
        return start + end >= shorter;
    }
    let swapped = left.get(start..start + 2).zip(right.get(start..start + 2));
    longer == shorter
        && start + end + 2 == longer
        && swapped.is_some_and(|(a, b)| a.iter().eq(b.iter().rev()))
}
