//! The inputs of the benches: four workloads, each with the answers an engine must give.
//!
//! | workload | policies | requests |
//! |---|---|---|
//! | W1 | one policy with one statement: the Lambda developer | 3 |
//! | W2 | ten policies, 81 statements, 307 action entries, 39 conditions, 13 Denies | 200 |
//! | W3 | one bucket policy of 200 statements with principals, 107 of them with conditions | 200 |
//! | W4 | 200 roles, each with 10 of a pool of 200 policies | 1,000 actions: 200,000 decisions |
//!
//! Every function panics on a workload that does not have its form: the files are committed beside it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "inputs are committed with it"
)]

use iamsim_eval::{Attached, Caller, Context, Decision, Layers, Program, Request, Resource, ResourcePolicy};
use iamsim_policy::{Policy, PolicyKind, ResourceService};
use serde_json::Value;

/// One set of policies and the requests asked of it.
#[derive(Debug)]
pub struct Workload {
    /// The texts of the policies, identity policies first.
    pub texts: Vec<(PolicyKind, String)>,
    /// The compiled layers.
    pub layers: Layers,
    /// The requests.
    pub requests: Vec<Request>,
    /// The answer to each request.
    pub expected: Vec<Decision>,
}

/// The workload that is called `W1`, `W2` or `W3`.
pub fn workload(name: &str) -> Workload {
    let json = read(name);
    let mut texts = Vec::new();
    for policy in json["policies"]["identity"].as_array().unwrap() {
        texts.push((PolicyKind::Identity, policy.to_string()));
    }
    if json["policies"]["resource"].is_object() {
        let kind = PolicyKind::Resource(ResourceService::S3);
        texts.push((kind, json["policies"]["resource"].to_string()));
    }
    let layers = layers(&texts);
    let requests = json["requests"].as_array().unwrap().iter().map(request).collect();
    let expected = json["expected"].as_array().unwrap();
    let expected = expected.iter().map(|letter| decision(letter.as_str().unwrap())).collect();
    Workload { texts, layers, requests, expected }
}

/// The 200 roles of `W4`, each a workload of its own over the same 1,000 actions.
pub fn roles() -> Vec<Workload> {
    let json = read("W4");
    let pool: Vec<String> = json["pool"].as_array().unwrap().iter().map(Value::to_string).collect();
    let expected = json["expected"].as_array().unwrap();
    let roles = json["roles"].as_array().unwrap();
    roles
        .iter()
        .zip(expected)
        .map(|(role, answers)| {
            let texts: Vec<_> = role["policies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|index| {
                    let index = usize::try_from(index.as_u64().unwrap()).unwrap();
                    (PolicyKind::Identity, pool.get(index).unwrap().clone())
                })
                .collect();
            let requests = json["requests"]
                .as_array()
                .unwrap()
                .iter()
                .map(|asked| {
                    let mut asked = asked.clone();
                    let mut context = json["context"].clone();
                    let own = role["context"].as_object().unwrap().clone();
                    context.as_object_mut().unwrap().extend(own);
                    asked["context"] = context;
                    asked["principal"] = role["arn"].clone();
                    request(&asked)
                })
                .collect();
            let expected = answers.as_str().unwrap();
            let expected = expected
                .char_indices()
                .map(|(at, letter)| decision(expected.get(at..at + letter.len_utf8()).unwrap()));
            let layers = layers(&texts);
            Workload { texts, layers, requests, expected: expected.collect() }
        })
        .collect()
}

fn read(name: &str) -> Value {
    serde_json::from_str(match name {
        "W1" => include_str!("workloads/W1.json"),
        "W2" => include_str!("workloads/W2.json"),
        "W3" => include_str!("workloads/W3.json"),
        "W4" => include_str!("workloads/W4.json"),
        other => panic!("there is no workload {other}"),
    })
    .unwrap()
}

/// The layers that a list of texts makes; identity policies are called `policy 1` and so on.
pub fn layers(texts: &[(PolicyKind, String)]) -> Layers {
    let mut layers = Layers::new();
    for (index, (kind, text)) in texts.iter().enumerate() {
        let program = Program::compile(&Policy::parse(*kind, text.as_str()).unwrap());
        let policy = Attached::new(format!("policy {}", index + 1), program);
        layers = match kind {
            PolicyKind::Identity => layers.with_identity(policy),
            _ => layers.with_resource(ResourcePolicy::Attached(policy)),
        };
    }
    layers
}

fn request(asked: &Value) -> Request {
    let principal = asked["principal"].as_str().unwrap().parse().unwrap();
    let caller = Caller::user(principal).or_else(|_| {
        let role = asked["principal"].as_str().unwrap().parse().unwrap();
        Caller::any_session_of(role)
    });
    let resource = match asked["resource"].as_str().unwrap() {
        "*" => Resource::None,
        arn => Resource::Arn(arn.parse().unwrap()),
    };
    let mut context = Context::complete();
    for (key, value) in asked["context"].as_object().unwrap() {
        context = match value {
            Value::String(value) => context.with(key.as_str(), value.as_str()),
            Value::Array(values) => {
                context.with_many(key.as_str(), values.iter().map(|value| value.as_str().unwrap()))
            }
            other => panic!("a context value is text or a list of texts, not {other}"),
        };
    }
    let action = asked["action"].as_str().unwrap().parse().unwrap();
    Request::new(caller.unwrap(), action, resource, context)
        .with_owner(asked["resourceAccount"].as_str().unwrap().parse().unwrap())
}

fn decision(letter: &str) -> Decision {
    match letter {
        "A" => Decision::Allow,
        "D" => Decision::ExplicitDeny,
        "I" => Decision::ImplicitDeny,
        other => panic!("there is no answer {other}"),
    }
}
