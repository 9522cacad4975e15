//! For a denial: the smallest change of the request or of one policy that would flip it, as far as it can be
//! read from the explanation.

use std::fmt;

use iamsim_policy::{Effect, ResourcePattern};

use crate::combine::{Effects, Grants, Verdicts, combine};
use crate::context::ContextValue;
use crate::decide::Decision;
use crate::layers::Layer;
use crate::reason::Reason;
use crate::trace::{ClauseTrace, Explanation, PolicyTrace, StatementTrace};
use crate::truth::Truth;

/// One thing that stands between a denied request and being allowed.
///
/// [`Display`](fmt::Display) is one sentence without full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    layer: Layer,
    place: String,
    text: String,
    enough: bool,
}

impl NearMiss {
    /// The layer of the statement it speaks of.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// `file:line:column` of the statement it speaks of.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the request would be allowed with this change alone: no other layer would still deny.
    pub fn is_enough(&self) -> bool {
        self.enough
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.place)?;
        f.write_str(if self.enough {
            "; nothing else would still deny"
        } else {
            "; another layer would still deny"
        })
    }
}

impl Explanation {
    /// What stands between a denied request and being allowed: for a missing Allow the statements that fail
    /// in one clause only, for an explicit denial the statement that denies and what it asks for. Empty for
    /// other decisions.
    pub fn near_misses(&self) -> Vec<NearMiss> {
        let (layer, wanted) = match self.reason() {
            Reason::ImplicitDeny(layer) => (layer, Effect::Allow),
            Reason::ExplicitDeny(layer) => (layer, Effect::Deny),
            _ => return Vec::new(),
        };
        let enough = self.would_be_allowed(layer);
        let mut found = Vec::new();
        for trace in self.layers().iter().filter(|trace| trace.layer == layer) {
            for policy in trace.levels.iter().flat_map(|level| &level.policies) {
                for statement in &policy.statements {
                    if statement.statement.effect() != wanted {
                        continue;
                    }
                    let text = match wanted {
                        Effect::Allow => self.missing_clause(policy, statement),
                        Effect::Deny => denying(policy, statement),
                    };
                    if let Some(text) = text {
                        let place = policy.policy.source().place(statement.statement.span()).to_string();
                        found.push(NearMiss { layer, place, text, enough });
                    }
                }
            }
        }
        found
    }

    /// Whether the request would be allowed if this layer alone came out well.
    fn would_be_allowed(&self, layer: Layer) -> bool {
        let evaluation = self.evaluation();
        let mut verdicts: Verdicts<Truth> = evaluation.verdicts;
        match layer {
            Layer::ResourceControl => verdicts.rcp = Effects::UNLIMITED,
            Layer::ServiceControl => verdicts.scp = Effects::UNLIMITED,
            Layer::VpcEndpoint => verdicts.endpoint = Effects::UNLIMITED,
            Layer::Identity => {
                verdicts.identity = Effects { allow: identity_allow(self), deny: Truth::False }
            }
            Layer::PermissionsBoundary => verdicts.boundary = Effects::UNLIMITED,
            Layer::Session => verdicts.session = Effects::UNLIMITED,
            Layer::Resource => {
                verdicts.resource_deny = Truth::False;
                if self.decision() == Decision::ImplicitDeny {
                    verdicts.grants = Grants { delegating: Truth::True, ..verdicts.grants };
                    if evaluation.relation == crate::combine::Relation::WithoutAccount {
                        verdicts.grants.strong = Truth::True;
                    }
                }
            }
        }
        combine(&verdicts, evaluation.relation).allow.is_true()
    }

    /// What one clause of an Allow misses, when all others match.
    fn missing_clause(&self, policy: &PolicyTrace<'_>, statement: &StatementTrace<'_>) -> Option<String> {
        let mut missing = statement.clauses.iter().filter(|clause| !clause.outcome().is_true());
        let (clause, None) = (missing.next()?, missing.next()) else { return None };
        let who = described(policy, statement);
        let request = self.request();
        match clause {
            // Every policy allows other actions; that is no near miss.
            ClauseTrace::Action { .. } => None,
            ClauseTrace::Principal { .. } => {
                Some(format!("{who} would allow another caller than {}", request.caller()))
            }
            ClauseTrace::Resource { .. } => {
                let written = statement.statement.resource()?;
                let entries: Vec<&str> =
                    written.patterns().iter().map(|entry| ResourcePattern::as_str(&entry.value)).collect();
                let verb = if written.is_negated() { "excludes" } else { "allows" };
                Some(format!("{who} {verb} {}, the request names {}", entries.join(", "), request.resource()))
            }
            ClauseTrace::Condition { condition, .. } => {
                let values: Vec<String> =
                    condition.values().iter().map(|listed| format!("`{}`", listed.value.as_str())).collect();
                let found = match request.context().get(condition.key()) {
                    ContextValue::One(value) => format!("the request has `{value}`"),
                    ContextValue::Many(_) => "the request has other values".to_owned(),
                    ContextValue::Absent => "the request does not carry the key".to_owned(),
                    ContextValue::Unknown => "its value is not known".to_owned(),
                };
                let asked = format!("{} {} {}", condition.operator(), condition.key(), values.join(" or "));
                Some(format!("{who} would allow with {asked}; {found}"))
            }
        }
    }
}

fn identity_allow(explanation: &Explanation) -> Truth {
    match explanation.decision() {
        Decision::ImplicitDeny => Truth::True,
        _ => explanation.evaluation().verdicts.identity.allow,
    }
}

fn denying(policy: &PolicyTrace<'_>, statement: &StatementTrace<'_>) -> Option<String> {
    if !statement.matches.is_true() {
        return None;
    }
    let who = described(policy, statement);
    let conditions: Vec<String> = statement
        .statement
        .conditions()
        .iter()
        .map(|condition| format!("{} {}", condition.operator(), condition.key()))
        .collect();
    Some(if conditions.is_empty() {
        format!("{who} denies whatever the context")
    } else {
        format!("{who} denies, and would not if {} did not hold", conditions.join(" or "))
    })
}

fn described(policy: &PolicyTrace<'_>, statement: &StatementTrace<'_>) -> String {
    match statement.statement.sid() {
        Some(sid) => format!("statement {} {sid} of {}", statement.index + 1, policy.name),
        None => format!("statement {} of {}", statement.index + 1, policy.name),
    }
}
