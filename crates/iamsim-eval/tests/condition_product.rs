//! `testdata/corpus/condition-product.tsv`: every operator, with and without `IfExists`, with each set operator,
//! on a key that is absent, unknown, empty, single-valued and multivalued; one row each.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use iamsim_case::{Case, Word};
use iamsim_eval::{Decision, explain};
use serde_json::{Value, json};

const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

struct Row {
    operator: String,
    listed: Value,
    found: String,
    holds: String,
    rule: String,
}

impl Row {
    /// The request's value; none when the key is absent or unknown.
    fn value(&self) -> Option<Value> {
        serde_json::from_str(&self.found).ok()
    }

    fn state(&self) -> &'static str {
        match (self.found.as_str(), self.value()) {
            ("absent", _) => "absent",
            ("unknown", _) => "unknown",
            (_, Some(Value::String(text))) if text.is_empty() => "empty text",
            (_, Some(Value::String(_))) => "single",
            (_, Some(Value::Array(values))) if values.is_empty() => "no values",
            (_, Some(Value::Array(values))) if values.len() == 1 => "list of one",
            (_, Some(Value::Array(_))) => "multivalued",
            (found, _) => panic!("{found} is no value"),
        }
    }

    /// A case in which statements decide that hold the row's condition.
    fn case(&self, statements: &Value) -> Value {
        let mut context = json!({});
        if let Some(value) = self.value() {
            context["example:Key"] = value;
        }
        let unknown: &[&str] = if self.found == "unknown" { &["example:Key"] } else { &[] };
        json!({
            "id": "row", "principal": "arn:aws:iam::111122223333:user/alice", "principal_kind": "user",
            "action": "ec2:StopInstances", "resource": "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
            "resource_account": "111122223333", "context": context, "unknown_context": unknown,
            "identity_policies": [{"name": "own", "document": {
                "Version": "2012-10-17", "Statement": statements}}],
            "permissions_boundary": null, "session_policy": null, "resource_policy": null,
            "scps": [], "rcps": [], "vpc_endpoint_policies": [],
        })
    }
}

fn rows() -> Vec<Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus/condition-product.tsv");
    let text = String::from_utf8(fs::read(file).unwrap()).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t').map(str::to_owned);
            let mut next = || columns.next().unwrap();
            let (operator, listed) = (next(), serde_json::from_str(&next()).unwrap());
            Row { operator, listed, found: next(), holds: next(), rule: next() }
        })
        .collect()
}

#[test]
fn every_row_holds_as_the_rules_say_under_both_effects() {
    let mut wrong = Vec::new();
    for row in rows() {
        let mut condition = json!({});
        condition[&row.operator] = json!({"example:Key": row.listed});
        let mut check = |statements: Value, holds: [Word; 3]| {
            let case = Case::parse(row.case(&statements).to_string()).unwrap();
            let explanation = explain(case.layers(), case.request());
            let [yes, no, open] = holds;
            let expected = match row.holds.as_str() {
                "true" => yes,
                "false" => no,
                "unknown" => open,
                other => panic!("{other} is no outcome"),
            };
            let found = case.decide();
            let keys = explanation.unknown_keys();
            let named = (explanation.decision() == Decision::Undetermined) == (keys == ["example:key"]);
            if found != expected || found != explanation.decision().into() || !named {
                wrong.push(format!(
                    "{} {} on {}: expected {expected} ({}), got {found}, depends on {keys:?}",
                    row.operator, row.listed, row.found, row.rule
                ));
            }
        };
        let statement = |effect: &str| json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition.clone()});
        check(statement("Allow"), [Word::Allowed, Word::ImplicitlyDenied, Word::Undetermined]);
        // PE-CND-02: the effect does not change how a condition computes.
        let always = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let statements = json!([always, statement("Deny")]);
        check(statements, [Word::ExplicitlyDenied, Word::Allowed, Word::Undetermined]);
    }
    assert!(wrong.is_empty(), "{} rows\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_product_is_complete() {
    let states = BTreeSet::from([
        "absent",
        "unknown",
        "empty text",
        "single",
        "no values",
        "list of one",
        "multivalued",
    ]);
    let mut forms = BTreeMap::new();
    for operator in OPERATORS {
        for set in ["", "ForAllValues:", "ForAnyValue:"] {
            for suffix in ["", "IfExists"] {
                // `NullIfExists` is no operator (PE-CND-06).
                if (*operator, suffix) != ("Null", "IfExists") {
                    forms.insert(format!("{set}{operator}{suffix}"), BTreeSet::new());
                }
            }
        }
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus/rules.txt");
    let rules = String::from_utf8(fs::read(rules).unwrap()).unwrap();
    let rules: BTreeSet<&str> = rules.lines().collect();
    let mut seen = BTreeSet::new();
    for row in rows() {
        assert!(rules.contains(row.rule.as_str()), "{} is no rule", row.rule);
        assert!(
            seen.insert((row.operator.clone(), row.listed.to_string(), row.found.clone())),
            "{} {} on {} stands twice",
            row.operator,
            row.listed,
            row.found
        );
        let form = forms.get_mut(&row.operator).unwrap();
        form.insert(row.state());
    }
    for (form, found) in forms {
        assert_eq!(found, states, "{form}");
    }
}
