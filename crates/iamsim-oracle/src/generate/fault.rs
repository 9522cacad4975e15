//! Breaks a good case in one place, so that it becomes `InvalidInput`.
//!
//! It breaks only what no reading of the rules would let pass.

use serde_json::{Value, json};

use super::draw::Draw;
use super::put;

/// Breaks the case.
pub(crate) fn inject(case: &mut Value, draw: &mut Draw) {
    if draw.chance(15) {
        break_case(case, draw);
        return;
    }
    // A policy of a kind whose rules are certain: a drawn identity policy, or one put there.
    let drawn = case.get("identity_policies").and_then(|policies| policies.get(0));
    let policy = drawn.cloned().unwrap_or_else(|| {
        json!({"name": "identity0", "document": {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        }})
    });
    put(case, "identity_policies", json!([policy]));
    let Some(document) = case.pointer_mut("/identity_policies/0/document") else { return };
    if draw.chance(25) {
        match draw.below(5) {
            0 => put(document, "Version", json!("2020-01-01")),
            1 => put(document, "version", json!("2012-10-17")),
            2 => put(document, "Statement", json!([])),
            3 => put(document, "Id", json!(["id"])),
            _ => *document = json!("{}"),
        }
        return;
    }
    let statement = match document.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.first_mut(),
        statement => statement,
    };
    if let Some(statement) = statement {
        break_statement(statement, draw);
    }
}

fn break_case(case: &mut Value, draw: &mut Draw) {
    match draw.below(6) {
        0 => put(case, "resource_account", json!("1")),
        1 => put(case, "context", json!({"aws:SecureTransport": true})),
        2 => put(case, "principal_kind", json!("group")),
        3 => put(case, "action", json!("GetObject")),
        4 => put(case, "identity_policies", json!({})),
        _ => put(case, "resource", json!("bucket")),
    }
}

fn break_statement(statement: &mut Value, draw: &mut Draw) {
    match draw.below(20) {
        0 => put(statement, "effect", json!("Allow")),
        1 => put(statement, "Effect", json!("allow")),
        2 => clear(statement, &["Effect"]),
        3 => clear(statement, &["Action", "NotAction"]),
        4 => clear(statement, &["Resource", "NotResource"]),
        5 => {
            clear(statement, &["Action", "NotAction"]);
            put(statement, "Action", json!("GetObject"));
        }
        6 => {
            clear(statement, &["Action", "NotAction"]);
            put(statement, "NotAction", json!(["s3:Get:Object"]));
        }
        7 => {
            clear(statement, &["Resource", "NotResource"]);
            put(statement, "Resource", json!("bucket/*"));
        }
        8 => {
            put(statement, "Resource", json!("*"));
            put(statement, "NotResource", json!("*"));
        }
        9 => {
            put(statement, "Action", json!("*"));
            put(statement, "NotAction", json!("*"));
        }
        10 => put(statement, "Principal", json!("*")), // PE-TYP-01
        11 => put(statement, "Sid", json!("my-sid")),
        12 => put(statement, "Sid", json!(["a"])),
        13 => put(statement, "Condition", json!([])),
        14 => put(statement, "Condition", json!({"NullIfExists": {"aws:username": "true"}})),
        15 => put(statement, "Condition", json!({"StringMatches": {"aws:username": "a"}})),
        16 => {
            put(statement, "Condition", json!({"StringEquals": {"aws:username": "a", "AWS:UserName": "b"}}));
        }
        17 => put(statement, "Condition", json!({"StringEquals": {"aws:username": [["a"]]}})),
        18 => put(statement, "Condition", json!({"DateLessThan": {"aws:CurrentTime": "yesterday"}})), // PE-DAT-06
        _ => {
            clear(statement, &["Resource", "NotResource"]);
            put(statement, "Resource", json!("arn:nowhere:s3:::bucket")); // POL-20
        }
    }
}

fn clear(statement: &mut Value, names: &[&str]) {
    if let Some(fields) = statement.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
}
