//! Cedar, with the policies translated by us: there is no translation that says all of it.
//!
//! | IAM | here |
//! |---|---|
//! | a statement | one policy for each principal it names, one where it names none |
//! | an action pattern | an action group, whose members are found when the entities are made |
//! | a resource pattern | `resource.arn like "…"` |
//! | `?` in a pattern | can't be said: widened to `*`, so it may match too much |
//! | `${aws:username}` in a pattern | `like` takes a literal: filled in beforehand where all requests have the same value, else the pattern matches nothing |
//! | a missing key | `context has key &&`, negated operators the other way round |
//! | no resource (`*`) | an entity whose ARN is `*`, which only the pattern `*` matches |
//!
//! Across accounts IAM asks several policies and joins the answers, which would be several calls; the workloads
//! stay in one account.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use iamsim_benches::Asked;
use iamsim_policy::PolicyKind;
use iamsim_policy::wildcard;
use serde_json::Value;

use crate::Engine;

pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

impl Engine for Cedar {
    const NAME: &'static str = "cedar-policy 4.14, translated";
    type Request = Request;

    fn load(texts: &[(PolicyKind, String)], asked: &[Asked]) -> Result<Self, String> {
        let constants = constants(asked);
        let mut source = String::new();
        let mut patterns: HashSet<String> = HashSet::new();
        for (_, text) in texts {
            let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
            for statement in json["Statement"].as_array().into_iter().flatten() {
                translate(statement, &constants, &mut source, &mut patterns);
            }
        }
        let policies: PolicySet = source.parse().map_err(|error| format!("{error}"))?;
        let entities = entities(asked, &patterns)?;
        Ok(Self { authorizer: Authorizer::new(), policies, entities })
    }

    fn prepare(&self, asked: &Asked) -> Result<Request, String> {
        let mut pairs = Vec::new();
        for (key, value) in &asked.context {
            let value = match key.as_str() {
                "aws:SecureTransport" | "aws:MultiFactorAuthPresent" => {
                    RestrictedExpression::new_bool(value == "true")
                }
                "aws:CurrentTime" => RestrictedExpression::new_datetime(value.clone()),
                "aws:SourceIp" => RestrictedExpression::new_ip(value.clone()),
                _ => RestrictedExpression::new_string(value.clone()),
            };
            pairs.push((key.to_ascii_lowercase(), value));
        }
        let context = Context::from_pairs(pairs).map_err(|error| error.to_string())?;
        Request::new(
            uid("User", &asked.principal)?,
            uid("Action", &asked.action.to_ascii_lowercase())?,
            uid("Resource", &asked.resource)?,
            context,
            None,
        )
        .map_err(|error| error.to_string())
    }

    fn decide(&self, request: &Request) -> char {
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        match response.decision() {
            Decision::Allow => 'A',
            // Policies that decided are the forbidding ones.
            Decision::Deny if response.diagnostics().reason().next().is_some() => 'D',
            Decision::Deny => 'I',
        }
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    format!("{kind}::{}", quoted(id)).parse().map_err(|error| format!("{error}"))
}

/// A Cedar string; the workloads need no more than this escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The keys that have the same one value in all requests.
fn constants(asked: &[Asked]) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, HashSet<Option<&str>>> = BTreeMap::new();
    for (key, _) in asked.iter().flat_map(|asked| &asked.context) {
        values.entry(key.to_ascii_lowercase()).or_default();
    }
    for asked in asked {
        for (key, values) in &mut values {
            let found = asked.context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            values.insert(found.map(|(_, value)| value.as_str()));
        }
    }
    let one = |values: HashSet<Option<&str>>| match values.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(value)] => Some((*value).to_owned()),
        _ => None,
    };
    values.into_iter().filter_map(|(key, values)| Some((key, one(values)?))).collect()
}

fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        Value::String(value) => vec![value],
        _ => Vec::new(),
    }
}

/// An IAM pattern as a Cedar one; none where it can't be said.
fn like(pattern: &str, constants: &BTreeMap<String, String>) -> Option<String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let (name, after) = after.split_once('}')?;
        text.push_str(constants.get(&name.to_ascii_lowercase())?);
        rest = after;
    }
    text.push_str(rest);
    Some(text.replace('?', "*"))
}

fn translate(
    statement: &Value,
    constants: &BTreeMap<String, String>,
    source: &mut String,
    patterns: &mut HashSet<String>,
) {
    let effect = if statement["Effect"] == "Deny" { "forbid" } else { "permit" };
    let actions: Vec<String> =
        list(&statement["Action"]).iter().map(|action| action.to_ascii_lowercase()).collect();
    patterns.extend(actions.iter().filter(|action| action.contains(['*', '?'])).cloned());
    let actions: Vec<String> = actions.iter().map(|action| format!("Action::{}", quoted(action))).collect();
    let resources: Vec<String> = list(&statement["Resource"])
        .into_iter()
        .filter_map(|pattern| like(pattern, constants))
        .map(|pattern| match pattern.as_str() {
            "*" => "true".to_owned(),
            pattern => format!("resource.arn like {}", quoted(pattern)),
        })
        .collect();
    if resources.is_empty() {
        return;
    }
    let mut tests = vec![format!("({})", resources.join(" || "))];
    for (operator, block) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in block.as_object().into_iter().flatten() {
            tests.push(test(operator, &key.to_ascii_lowercase(), &list(values), constants));
        }
    }
    let principals: Vec<String> = match &statement["Principal"] {
        Value::Object(named) => {
            list(&named["AWS"]).into_iter().map(|arn| format!("principal == User::{}", quoted(arn))).collect()
        }
        _ => vec!["principal".to_owned()],
    };
    for principal in principals {
        let _ = writeln!(
            source,
            "{effect} ({principal}, action in [{}], resource) when {{ {} }};",
            actions.join(", "),
            tests.join(" && ")
        );
    }
}

fn test(operator: &str, key: &str, values: &[&str], constants: &BTreeMap<String, String>) -> String {
    let quoted_key = quoted(key);
    let has = format!("context has {quoted_key}");
    let found = format!("context[{quoted_key}]");
    let any = |tests: Vec<String>| tests.join(" || ");
    let set = || values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
    let holds = match operator {
        "StringEquals" => format!("[{}].contains({found})", set()),
        "StringNotEquals" => return format!("(!({has}) || !([{}].contains({found})))", set()),
        "StringLike" => any(values
            .iter()
            .map(|value| {
                if value.eq_ignore_ascii_case(&format!("${{{key}}}")) {
                    return "true".to_owned();
                }
                like(value, constants).map_or_else(
                    || "false".to_owned(),
                    |pattern| format!("{found} like {}", quoted(&pattern)),
                )
            })
            .collect()),
        "Bool" => format!("{found} == {}", values.first().copied().unwrap_or_default()),
        "DateLessThan" => {
            format!("{found} < datetime({})", quoted(values.first().copied().unwrap_or_default()))
        }
        "IpAddress" => {
            any(values.iter().map(|value| format!("{found}.isInRange(ip({}))", quoted(value))).collect())
        }
        // Nothing else is in the workloads; what is not translated must not decide.
        _ => "false".to_owned(),
    };
    format!("({has} && ({holds}))")
}

fn entities(asked: &[Asked], patterns: &HashSet<String>) -> Result<Entities, String> {
    let mut entities = HashMap::new();
    for asked in asked {
        let action = asked.action.to_ascii_lowercase();
        let action_uid = uid("Action", &action)?;
        if !entities.contains_key(&action_uid) {
            let mut groups = HashSet::new();
            for pattern in patterns.iter().filter(|pattern| wildcard::matches(pattern, &action)) {
                groups.insert(uid("Action", pattern)?);
            }
            let entity = Entity::new_no_attrs(action_uid.clone(), groups);
            entities.insert(action_uid, entity);
        }
        let resource_uid = uid("Resource", &asked.resource)?;
        if !entities.contains_key(&resource_uid) {
            let arn = RestrictedExpression::new_string(asked.resource.clone());
            let entity =
                Entity::new(resource_uid.clone(), HashMap::from([("arn".to_owned(), arn)]), HashSet::new());
            entities.insert(resource_uid, entity.map_err(|error| error.to_string())?);
        }
        let principal_uid = uid("User", &asked.principal)?;
        entities
            .entry(principal_uid.clone())
            .or_insert_with(|| Entity::new_no_attrs(principal_uid, HashSet::new()));
    }
    Entities::from_entities(entities.into_values(), None).map_err(|error| error.to_string())
}
