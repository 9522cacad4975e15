//! The JSON form of an explanation, for programs. `docs/explanation.md` and its schema describe it.

use iamsim_policy::{PrincipalClause, ResourceClause, ResourcePattern, Source, Span};
use serde_json::{Map, Value, json};

use crate::combine::Relation;
use crate::context::ContextValue;
use crate::near_miss::{Change, NearMiss};
use crate::request::Request;
use crate::trace::{
    ClauseTrace, Explanation, LayerTrace, LevelTrace, PolicyTrace, Residual, StatementRef, StatementTrace,
};
use crate::tracer::Standing;
use crate::truth::Truth;

/// The version of the JSON form; it is raised when a field changes its meaning or goes.
pub const EXPLANATION_VERSION: u32 = 1;

/// How many characters of a key's values are repeated with each condition. The whole stands once, under the
/// request's context.
const REPEATED: usize = 1_000;

impl Explanation {
    /// The explanation as JSON.
    ///
    /// ```
    /// # use iamsim_eval::{explain, Caller, Context, Layers, Request, Resource};
    /// # let request = Request::new(
    /// #     Caller::anonymous(), "s3:GetObject".parse()?, Resource::None, Context::complete());
    /// let json = explain(&Layers::new(), &request).to_json();
    /// assert_eq!(json["version"], 1);
    /// assert_eq!(json["decision"], "implicit deny");
    /// assert_eq!(json["reason"]["layer"], "resource");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> Value {
        let request = self.request();
        let layers = self.layers();
        let (keys, facts) = self.dependence_among(&layers);
        let residuals = self.residuals_among(&layers);
        let all =
            |statements: &[StatementRef<'_>]| statements.iter().map(statement_ref_json).collect::<Vec<_>>();
        json!({
            "version": EXPLANATION_VERSION,
            "decision": self.decision().as_str(),
            "denied": self.is_denied(),
            "reason": { "code": self.reason().as_str(), "layer": self.deciding_layer().map(crate::Layer::as_str) },
            "message": self.message(),
            "request": request_json(self),
            "deciding": all(&self.deciding_among(&layers)),
            "nearMisses": self.near_misses_among(&layers).iter().map(near_miss_json).collect::<Vec<_>>(),
            "unknownKeys": keys,
            "unknownFacts": facts.iter().map(|fact| fact.as_str()).collect::<Vec<_>>(),
            "residuals": residuals.iter().map(|residual| residual_json(residual, request)).collect::<Vec<_>>(),
            "layers": layers.iter().map(|layer| layer_json(layer, request)).collect::<Vec<_>>(),
        })
    }
}

fn request_json(explanation: &Explanation) -> Value {
    let request = explanation.request();
    let context: Map<String, Value> =
        request.context().entries().map(|(key, value)| (key.to_owned(), context_json(value))).collect();
    json!({
        "principal": request.caller().to_string(),
        "action": request.action().as_str(),
        "resource": request.resource().to_string(),
        "effectiveResource": explanation.effective_resource().map(|arn| arn.as_str().to_owned()),
        "resourceAccount": request.owner().map(|owner| owner.to_string()),
        "relation": match (explanation.relation(), request.owner()) {
            (Relation::WithoutAccount, _) => "without-account",
            (Relation::SameAccount(_), _) => "same-account",
            (Relation::CrossAccount { .. }, Some(_)) => "cross-account",
            (Relation::CrossAccount { .. }, None) => "unknown",
        },
        "context": context,
        "otherKeys": if request.context().is_partial() { "unknown" } else { "absent" },
    })
}

/// A text or a list of texts; `null` for absent, `{"unknown": true}` for unknown.
fn context_json(value: &ContextValue) -> Value {
    match value {
        ContextValue::Absent => Value::Null,
        ContextValue::Unknown => json!({ "unknown": true }),
        ContextValue::One(value) => json!(value),
        ContextValue::Many(values) => json!(values.iter().map(|value| &**value).collect::<Vec<_>>()),
    }
}

/// As [`context_json`], but for what would be long: `{"cut": true, "values": …, "characters": …}`.
fn found_json(value: &ContextValue) -> Value {
    let (count, characters) = match value {
        ContextValue::One(value) => (1, value.len()),
        ContextValue::Many(values) => (values.len(), values.iter().map(|value| value.len()).sum()),
        ContextValue::Absent | ContextValue::Unknown => (0, 0),
    };
    if count.max(characters) <= REPEATED {
        return context_json(value);
    }
    let characters: usize = match value {
        ContextValue::Many(values) => values.iter().map(|value| value.chars().count()).sum(),
        _ => value.as_one().map_or(0, |value| value.chars().count()),
    };
    json!({ "cut": true, "values": count, "characters": characters })
}

fn statement_ref_json(statement: &StatementRef<'_>) -> Value {
    json!({
        "layer": statement.layer.as_str(),
        "level": statement.level,
        "policy": statement.policy_name,
        "statement": statement.index + 1,
        "sid": statement.sid(),
        "effect": statement.statement.effect().to_string(),
        "place": statement.place(),
    })
}

fn near_miss_json(near: &NearMiss) -> Value {
    json!({
        "layer": near.layer().as_str(),
        "policy": near.policy_name(),
        "statement": near.statement().map(|index| index + 1),
        "place": near.place(),
        "changes": near.changes().iter().map(change_json).collect::<Vec<_>>(),
        "text": near.to_string(),
        "after": near.after().as_str(),
        "enough": near.is_enough(),
    })
}

fn change_json(change: &Change) -> Value {
    match change {
        Change::Context { key, value } => {
            json!({ "change": change.as_str(), "key": key, "value": found_json(value) })
        }
        Change::Condition { key } => json!({ "change": change.as_str(), "key": key }),
        _ => json!({ "change": change.as_str() }),
    }
}

fn residual_json(residual: &Residual<'_>, request: &Request) -> Value {
    let statement = residual.statement.statement;
    let mut json = statement_ref_json(&residual.statement);
    let clauses: Vec<Value> = residual
        .clauses
        .iter()
        .map(|clause| {
            let mut json = clause_json(clause, request);
            // The entries that are compared with what is not known.
            let listed = match clause {
                ClauseTrace::Resource { .. } => {
                    let patterns = statement.resource().map(ResourceClause::patterns).unwrap_or_default();
                    patterns.iter().map(|entry| ResourcePattern::as_str(&entry.value).to_owned()).collect()
                }
                ClauseTrace::Principal { .. } => {
                    let entries = statement.principal().map(PrincipalClause::entries).unwrap_or_default();
                    entries.iter().map(|entry| entry.value.to_string()).collect()
                }
                ClauseTrace::Action { .. } | ClauseTrace::Condition { .. } => Vec::new(),
            };
            if let Value::Object(fields) = &mut json
                && !listed.is_empty()
            {
                fields.insert("listed".to_owned(), json!(listed));
            }
            json
        })
        .collect();
    if let Value::Object(fields) = &mut json {
        fields.insert("clauses".to_owned(), Value::Array(clauses));
    }
    json
}

fn layer_json(layer: &LayerTrace<'_>, request: &Request) -> Value {
    let is_read = matches!(layer.standing, Standing::Applies | Standing::PerhapsServiceLinkedRole);
    let notes: Vec<Value> =
        layer.notes.iter().map(|note| json!({ "note": note.as_str(), "text": note.to_string() })).collect();
    json!({
        "layer": layer.layer.as_str(),
        "standing": layer.standing.as_str(),
        "allow": if is_read { truth(layer.allow) } else { Value::Null },
        "deny": if is_read { truth(layer.deny) } else { Value::Null },
        "notes": notes,
        "levels": layer.levels.iter().map(|level| level_json(level, request)).collect::<Vec<_>>(),
    })
}

fn level_json(level: &LevelTrace<'_>, request: &Request) -> Value {
    let policies: Vec<Value> = level.policies.iter().map(|policy| policy_json(policy, request)).collect();
    json!({ "name": level.name, "policies": policies })
}

fn policy_json(policy: &PolicyTrace<'_>, request: &Request) -> Value {
    let source = policy.policy.source();
    let statements: Vec<Value> =
        policy.statements.iter().map(|statement| statement_json(source, statement, request)).collect();
    json!({ "name": policy.name, "source": source.name(), "statements": statements })
}

fn statement_json(source: &Source, trace: &StatementTrace<'_>, request: &Request) -> Value {
    let clauses: Vec<Value> = trace.clauses.iter().map(|clause| clause_json(clause, request)).collect();
    let Span { start, end } = trace.statement.span();
    let (start, end) = (source.position(start), source.position(end));
    json!({
        "statement": trace.index + 1,
        "sid": trace.statement.sid(),
        "effect": trace.statement.effect().to_string(),
        "matches": truth(trace.matches),
        "grade": trace.grade.map(crate::Grade::as_str),
        "start": { "line": start.line, "column": start.column },
        "end": { "line": end.line, "column": end.column },
        "clauses": clauses,
    })
}

fn clause_json(clause: &ClauseTrace<'_>, request: &Request) -> Value {
    match clause {
        ClauseTrace::Action { matches, entry } => json!({
            "clause": "action",
            "outcome": matches,
            "reason": if entry.is_some() { "listed" } else { "not-listed" },
            "entry": entry.map(iamsim_policy::ActionPattern::as_str),
        }),
        ClauseTrace::Principal { matches, reason, entry } => json!({
            "clause": "principal",
            "outcome": truth(*matches),
            "reason": reason.as_str(),
            "entry": entry.map(ToString::to_string),
        }),
        ClauseTrace::Resource { matches, reason, entry } => json!({
            "clause": "resource",
            "outcome": truth(*matches),
            "reason": reason.as_str(),
            "entry": entry.map(ResourcePattern::as_str),
        }),
        ClauseTrace::Condition { condition, holds, reason, .. } => json!({
            "clause": "condition",
            "outcome": truth(*holds),
            "reason": reason.as_str(),
            "operator": condition.operator().to_string(),
            "key": condition.key().as_str(),
            "listed": condition.values().iter().map(|listed| listed.value.as_str()).collect::<Vec<_>>(),
            "found": found_json(request.context().get(condition.key())),
        }),
    }
}

/// `true`, `false`, or `"unknown"`.
fn truth(truth: Truth) -> Value {
    match truth {
        Truth::True => json!(true),
        Truth::False => json!(false),
        Truth::Unknown => json!("unknown"),
    }
}
