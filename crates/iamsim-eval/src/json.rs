//! The JSON form of an explanation, for programs. Its shape is documented in the repository's
//! `docs/explanation.md` and carries a version.

use serde_json::{Map, Value, json};

use crate::context::ContextValue;
use crate::request::Request;
use crate::trace::{ClauseTrace, Explanation, PolicyTrace, StatementTrace};
use crate::tracer::Standing;
use crate::truth::Truth;

/// The version of the JSON form; it is raised when a field changes its meaning or goes.
pub const EXPLANATION_VERSION: u32 = 1;

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
        let layers: Vec<Value> = self
            .layers()
            .iter()
            .map(|layer| {
                let levels: Vec<Value> = layer
                    .levels
                    .iter()
                    .map(|level| {
                        let policies: Vec<Value> =
                            level.policies.iter().map(|policy| policy_json(policy, request)).collect();
                        json!({ "name": level.name, "policies": policies })
                    })
                    .collect();
                let applies = matches!(layer.standing, Standing::Applies);
                json!({
                    "layer": layer.layer.as_str(),
                    "standing": layer.standing.as_str(),
                    "allow": if applies { truth(layer.allow) } else { Value::Null },
                    "deny": if applies { truth(layer.deny) } else { Value::Null },
                    "levels": levels,
                })
            })
            .collect();
        let deciding: Vec<Value> = self
            .deciding()
            .iter()
            .map(|statement| {
                json!({
                    "layer": statement.layer.as_str(),
                    "policy": statement.policy_name,
                    "statement": statement.index + 1,
                    "sid": statement.sid(),
                    "place": statement.place(),
                })
            })
            .collect();
        let near_misses: Vec<Value> = self
            .near_misses()
            .iter()
            .map(|near| {
                json!({
                    "layer": near.layer().as_str(),
                    "place": near.place(),
                    "text": near.to_string(),
                    "enough": near.is_enough(),
                })
            })
            .collect();
        json!({
            "version": EXPLANATION_VERSION,
            "decision": self.decision().as_str(),
            "denied": self.is_denied(),
            "reason": { "code": self.reason().as_str(), "layer": self.deciding_layer().map(crate::Layer::as_str) },
            "message": self.message(),
            "request": request_json(request),
            "deciding": deciding,
            "unknownKeys": self.unknown_keys(),
            "nearMisses": near_misses,
            "layers": layers,
        })
    }
}

fn request_json(request: &Request) -> Value {
    let context: Map<String, Value> =
        request.context().entries().map(|(key, value)| (key.to_owned(), context_json(value))).collect();
    json!({
        "principal": request.caller().to_string(),
        "action": request.action().as_str(),
        "resource": request.resource().to_string(),
        "resourceAccount": request.owner().map(|owner| owner.to_string()),
        "context": context,
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

fn policy_json(policy: &PolicyTrace<'_>, request: &Request) -> Value {
    let statements: Vec<Value> =
        policy.statements.iter().map(|statement| statement_json(policy, statement, request)).collect();
    json!({ "name": policy.name, "source": policy.policy.source().name(), "statements": statements })
}

fn statement_json(policy: &PolicyTrace<'_>, trace: &StatementTrace<'_>, request: &Request) -> Value {
    let source = policy.policy.source();
    let span = trace.statement.span();
    let (start, end) = (source.position(span.start), source.position(span.end));
    let clauses: Vec<Value> = trace.clauses.iter().map(|clause| clause_json(clause, request)).collect();
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
            "entry": entry.map(iamsim_policy::ResourcePattern::as_str),
        }),
        ClauseTrace::Condition { condition, holds, reason } => json!({
            "clause": "condition",
            "outcome": truth(*holds),
            "reason": reason.as_str(),
            "operator": condition.operator().to_string(),
            "key": condition.key().as_str(),
            "listed": condition.values().iter().map(|listed| listed.value.as_str()).collect::<Vec<_>>(),
            "found": context_json(request.context().get(condition.key())),
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
