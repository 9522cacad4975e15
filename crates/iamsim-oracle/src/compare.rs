//! Holds the answers of another evaluator against the oracle's.
//!
//! It does not know that evaluator: answers come as the words of the case format.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Word, decide};

/// How another evaluator's answer to a case stands to the oracle's.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Comparison {
    /// The same answer; if undetermined, depending on no key that the oracle's does not depend on.
    Agrees,
    /// The other knows the answer where the oracle does not, and the oracle's answer is the same for all
    /// values of the unknown keys that were tried.
    Refines,
    /// One of the two is wrong.
    Disagrees {
        /// What the oracle answers.
        oracle: Word,
        /// What stands against the other's answer.
        why: String,
    },
}

/// Compares the other evaluator's answer, a word of the case format and the keys of an undetermined one, with
/// the oracle's.
///
/// ```
/// use iamsim_oracle::compare::{Comparison, compare};
///
/// let case = iamsim_oracle::generate::case(7, 1);
/// let answer = iamsim_oracle::decide(&case);
/// assert_eq!(compare(&case, answer.decision.as_str(), &answer.keys), Comparison::Agrees);
/// ```
#[must_use]
pub fn compare(case: &Value, decision: &str, keys: &[String]) -> Comparison {
    let oracle = decide(case);
    let disagrees = |why: String| Comparison::Disagrees { oracle: oracle.decision, why };
    if oracle.decision.as_str() != decision {
        if oracle.decision != Word::Undetermined {
            return disagrees(format!("the oracle says {} ({})", oracle.decision, oracle.reason));
        }
        return match other_answer(case, decision) {
            None => Comparison::Refines,
            Some(why) => disagrees(why),
        };
    }
    let known: BTreeSet<&String> = oracle.keys.iter().collect();
    match keys.iter().find(|key| !known.contains(key)) {
        None => Comparison::Agrees,
        Some(key) => disagrees(format!("it does not depend on {key} but on {:?}", oracle.keys)),
    }
}

/// Values of the unknown keys for which the oracle does not answer `decision`, if some are found.
fn other_answer(case: &Value, decision: &str) -> Option<String> {
    let unknown: Vec<&str> = case
        .get("unknown_context")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut words: BTreeSet<&str> = BTreeSet::new();
    texts(case, &mut words);
    // Nothing, the empty text and list, what the policies compare with, and what they do not.
    let mut values: Vec<Option<Value>> = vec![None, Some("".into()), Some(Value::Array(Vec::new()))];
    for word in words.into_iter().chain(["something else", "0", "true", "203.0.113.7"]) {
        values.push(Some(word.into()));
        values.push(Some(Value::from(vec![word])));
    }
    // All keys alike, and each alone against the others.
    let mut assignments: Vec<Vec<&Option<Value>>> = Vec::new();
    for value in &values {
        assignments.push(vec![value; unknown.len()]);
        for alone in 0..unknown.len() {
            let mut assigned = vec![&None; unknown.len()];
            if let Some(slot) = assigned.get_mut(alone) {
                *slot = value;
            }
            assignments.push(assigned);
        }
    }
    for assigned in assignments {
        let mut known = case.clone();
        let fields = known.as_object_mut()?;
        fields.remove("unknown_context");
        let context = fields.get_mut("context").and_then(Value::as_object_mut)?;
        for (key, value) in unknown.iter().zip(&assigned) {
            context.retain(|name, _| !name.eq_ignore_ascii_case(key));
            if let Some(value) = value {
                context.insert((*key).to_owned(), value.clone());
            }
        }
        let answer = decide(&known);
        if answer.decision.as_str() != decision && answer.decision != Word::Undetermined {
            return Some(format!("with {assigned:?} for {unknown:?} the oracle says {}", answer.decision));
        }
    }
    None
}

/// Every text in the conditions of a case's policies, and the parts of its ARNs.
fn texts<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => {
            found.insert(text);
            found.extend(text.split(['/', ':']).filter(|part| !part.is_empty()));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case() -> Value {
        json!({
            "id": "a-tag-decides", "principal": "arn:aws:iam::111111111111:user/alice",
            "principal_kind": "user", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
            "resource_account": "111111111111", "context": {}, "unknown_context": ["aws:Tag"],
            "identity_policies": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:Tag": "red"}}}}}],
            "permissions_boundary": null, "session_policy": null, "resource_policy": null,
            "scps": [], "rcps": [], "vpc_endpoint_policies": []
        })
    }

    #[test]
    fn a_known_answer_where_some_value_gives_another_is_wrong() {
        let keys = ["aws:tag".to_owned()];
        assert_eq!(compare(&case(), "Undetermined", &keys), Comparison::Agrees);
        for wrong in ["Allowed", "ImplicitlyDenied"] {
            assert!(matches!(compare(&case(), wrong, &[]), Comparison::Disagrees { .. }), "{wrong}");
        }
        let more = ["aws:other".to_owned()];
        assert!(matches!(compare(&case(), "Undetermined", &more), Comparison::Disagrees { .. }));
    }

    #[test]
    fn a_known_answer_that_no_value_contradicts_refines() {
        let mut case = case();
        case["identity_policies"][0]["document"]["Statement"]["Condition"] =
            json!({"StringEquals": {"aws:Tag": "red"}, "Null": {"aws:Tag": "true"}});
        assert_eq!(compare(&case, "ImplicitlyDenied", &[]), Comparison::Refines);
        assert!(matches!(compare(&case, "Allowed", &[]), Comparison::Disagrees { .. }));
    }
}
