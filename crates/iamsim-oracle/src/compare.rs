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
    /// The same answer; if undetermined, depending on the same keys, but for those that make no difference.
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
        return match Trial::of(case).other_than(decision) {
            None => Comparison::Refines,
            Some(why) => disagrees(why),
        };
    }
    // The oracle gathers keys as it meets them; some of them make no difference in the end.
    if let Some(key) = keys.iter().find(|key| !oracle.keys.contains(key)) {
        return disagrees(format!("it does not depend on {key} but on {:?}", oracle.keys));
    }
    let trial = Trial::of(case);
    match oracle.keys.iter().find(|key| !keys.contains(key) && trial.depends_on(key)) {
        None => Comparison::Agrees,
        Some(key) => disagrees(format!("it depends on {key} too")),
    }
}

/// A case whose unknown keys are given values.
struct Trial<'c> {
    case: &'c Value,
    unknown: Vec<&'c str>,
    /// Nothing, the empty text and list, what the policies compare with, and what they do not.
    values: Vec<Option<Value>>,
}

impl<'c> Trial<'c> {
    fn of(case: &'c Value) -> Self {
        let unknown = case.get("unknown_context").and_then(Value::as_array);
        let mut words: BTreeSet<&str> = BTreeSet::new();
        texts(case, &mut words);
        let mut values: Vec<Option<Value>> = vec![None, Some("".into()), Some(Value::Array(Vec::new()))];
        for word in words.into_iter().chain(["something else", "0", "true", "203.0.113.7"]) {
            values.push(Some(word.into()));
            values.push(Some(Value::from(vec![word])));
        }
        Self { case, unknown: unknown.into_iter().flatten().filter_map(Value::as_str).collect(), values }
    }

    /// The oracle's answer when every unknown key has the one value and `alone` the other.
    fn answer(&self, all: Option<&Value>, alone: Option<(&str, Option<&Value>)>) -> Word {
        let mut known = self.case.clone();
        if let Some(fields) = known.as_object_mut() {
            fields.remove("unknown_context");
            if let Some(context) = fields.get_mut("context").and_then(Value::as_object_mut) {
                for key in &self.unknown {
                    context.retain(|name, _| !name.eq_ignore_ascii_case(key));
                    let value = match alone {
                        Some((name, value)) if name.eq_ignore_ascii_case(key) => value,
                        _ => all,
                    };
                    if let Some(value) = value {
                        context.insert((*key).to_owned(), value.clone());
                    }
                }
            }
        }
        decide(&known).decision
    }

    /// An answer other than `decision` that some values lead to, if one is found.
    fn other_than(&self, decision: &str) -> Option<String> {
        let differs = |word: Word| word.as_str() != decision && word != Word::Undetermined;
        for value in &self.values {
            let value = value.as_ref();
            let all = self.answer(value, None);
            if differs(all) {
                return Some(format!("with {value:?} for {:?} the oracle says {all}", self.unknown));
            }
            for key in &self.unknown {
                let alone = self.answer(None, Some((key, value)));
                if differs(alone) {
                    return Some(format!("with {value:?} for {key} alone the oracle says {alone}"));
                }
            }
        }
        None
    }

    /// Whether some values are found for which this key makes a difference.
    fn depends_on(&self, key: &str) -> bool {
        const OTHERS: usize = 12;
        self.values.iter().take(OTHERS).any(|others| {
            let answer = |value: Option<&Value>| self.answer(others.as_ref(), Some((key, value)));
            let first = answer(None);
            self.values.iter().any(|value| answer(value.as_ref()) != first)
        })
    }
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
