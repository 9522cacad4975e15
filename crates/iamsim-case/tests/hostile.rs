//! Cases made to hurt, through reading, deciding and explaining.
//!
//! Nothing here looks at a clock. The sizes are such that work in proportion to them is done at once, and work
//! in proportion to the square of the larger ones would take days: that test would not end.

#![expect(clippy::indexing_slicing, reason = "a test")]

use iamsim_case::answer;
use serde_json::{Value, json};

/// A case of user alice reading an object, with more fields, and one identity policy.
fn case(statements: &Value, fields: &Value) -> Value {
    let mut case = json!({
        "id": "hostile", "principal": "arn:aws:iam::111122223333:user/alice", "principal_kind": "user",
        "action": "s3:GetObject", "resource": "arn:aws:s3:::bucket/key", "resource_account": "111122223333",
        "context": {}, "permissions_boundary": null, "session_policy": null, "resource_policy": null,
        "identity_policies": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": statements}}],
        "scps": [], "rcps": [], "vpc_endpoint_policies": [],
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        case[name] = value.clone();
    }
    case
}

fn allow(more: &Value) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    for (name, value) in more.as_object().into_iter().flatten() {
        statement[name] = value.clone();
    }
    statement
}

/// The answer's word, and the whole answer; explaining says the same as deciding.
fn check(text: &str, expected: &str) -> Value {
    let decided = answer("hostile", 1, text, false);
    let explained = answer("hostile", 1, text, true);
    assert_eq!(decided.word(), explained.word());
    assert_eq!(decided.word().as_str(), expected);
    explained.to_json().clone()
}

fn check_case(statements: &Value, fields: &Value, expected: &str) -> Value {
    check(&case(statements, fields).to_string(), expected)
}

const MILLION: usize = 1_000_000;

#[test]
fn a_value_of_a_million_characters() {
    let long = "a".repeat(MILLION);
    let tagged = json!({"context": {"aws:PrincipalTag/t": long}});
    let tests = |operator: &str, value: &str| {
        let mut condition = json!({});
        condition[operator] = json!({"aws:PrincipalTag/t": value});
        allow(&json!({"Condition": condition}))
    };
    check_case(&tests("StringEquals", &long), &tagged, "Allowed");
    check_case(&tests("StringEqualsIgnoreCase", &long.to_uppercase()), &tagged, "Allowed");
    check_case(&tests("StringLike", &("a".repeat(MILLION / 2) + "*")), &tagged, "Allowed");
    check_case(&tests("StringLike", &"?".repeat(MILLION)), &tagged, "Allowed");
    check_case(&tests("NumericEquals", &"9".repeat(MILLION)), &tagged, "ImplicitlyDenied");
    check_case(&tests("DateEquals", "2024"), &tagged, "ImplicitlyDenied");
    check_case(&tests("BinaryEquals", &long), &tagged, "Allowed");
    check_case(&tests("IpAddress", "0.0.0.0/0"), &tagged, "ImplicitlyDenied");
    check_case(&tests("ArnLike", "arn:*:*:*:*:*"), &tagged, "ImplicitlyDenied");
    // In a variable, and as a resource.
    let resource =
        json!({"resource": format!("arn:aws:s3:::bucket/{long}"), "context": {"aws:PrincipalTag/t": long}});
    let own = allow(&json!({"Resource": "arn:aws:s3:::bucket/${aws:PrincipalTag/t}"}));
    check_case(&own, &resource, "Allowed");
    let digits = json!({"context": {"s3:max-keys": "9".repeat(MILLION)}});
    let more = allow(&json!({"Condition": {"NumericGreaterThan": {"s3:max-keys": "9".repeat(MILLION - 1)}}}));
    check_case(&more, &digits, "Allowed");
}

#[test]
fn patterns_made_to_backtrack() {
    let long = "a".repeat(100_000);
    let resource =
        json!({"resource": format!("arn:aws:s3:::bucket/{long}"), "context": {"aws:PrincipalTag/t": long}});
    let long_runs = "a?".repeat(30_000);
    for pattern in [
        "*a".repeat(50_000) + "b",
        "*a".repeat(50_000) + "b*",
        "a*a?".repeat(30_000) + "b*",
        format!("*{long_runs}b*"),
        format!("*{long_runs}*{}b*", "?a".repeat(5_000)),
        "*".repeat(100_000) + "b",
    ] {
        let condition = json!({"StringLike": {"aws:PrincipalTag/t": pattern}});
        check_case(&allow(&json!({"Condition": condition})), &resource, "ImplicitlyDenied");
        let named = format!("arn:aws:s3:::bucket/{pattern}");
        check_case(&allow(&json!({"Resource": named})), &resource, "ImplicitlyDenied");
        let others = json!({"Effect": "Allow", "Action": "s3:*", "NotResource": named});
        check_case(&others, &resource, "Allowed");
    }
    let matching = format!("*{long_runs}*");
    let condition = json!({"StringLike": {"aws:PrincipalTag/t": matching}});
    check_case(&allow(&json!({"Condition": condition})), &resource, "Allowed");
    let action = "s3:".to_owned() + &"*e".repeat(20_000);
    check_case(&allow(&json!({"Action": action})), &json!({}), "ImplicitlyDenied");
}

#[test]
fn variables_without_end() {
    let tag = "a".repeat(1_000);
    let resource = json!({"resource": format!("arn:aws:s3:::{}", "a".repeat(MILLION)),
        "context": {"aws:PrincipalTag/t": tag}});
    let many = "${aws:PrincipalTag/t}".repeat(1_000);
    check_case(&allow(&json!({"Resource": format!("arn:aws:s3:::{many}")})), &resource, "Allowed");
    check_case(&allow(&json!({"Resource": format!("arn:aws:s3:::{many}a")})), &resource, "ImplicitlyDenied");
    // Unknown values stand for anything: `*a*a*a…` against a long run of them.
    let mut open = resource;
    open["context"] = json!({});
    open["unknown_context"] = json!(["aws:PrincipalTag/t"]);
    let many = "${aws:PrincipalTag/t}a".repeat(20_000);
    check_case(&allow(&json!({"Resource": format!("arn:aws:s3:::{many}")})), &open, "Undetermined");
    check_case(&allow(&json!({"Resource": format!("arn:aws:s3:::{many}b")})), &open, "ImplicitlyDenied");
}

#[test]
fn five_thousand_statements() {
    let many = |make: &dyn Fn(usize) -> Value| (0..5_000).map(make).collect::<Value>();
    let apart =
        many(&|n| allow(&json!({"Sid": format!("S{n}"), "Resource": format!("arn:aws:s3:::b{n}/*")})));
    let answer = check_case(&apart, &json!({}), "ImplicitlyDenied");
    // What could be changed is tried for the nearest statements only.
    assert!(answer["explanation"]["nearMisses"].as_array().is_some_and(|found| found.len() <= 10));
    let allowing = many(&|n| allow(&json!({"Sid": format!("S{n}")})));
    check_case(&allowing, &json!({}), "Allowed");
    let denying = many(&|n| allow(&json!({"Sid": format!("S{n}"), "Effect": "Deny"})));
    let answer = check_case(&denying, &json!({}), "ExplicitlyDenied");
    assert_eq!(answer["explanation"]["deciding"].as_array().map(Vec::len), Some(5_000));
    let tested = many(&|n| {
        let mut condition = json!({});
        condition["StringNotEquals"] = json!({format!("example:Key{n}"): "x"});
        allow(&json!({"Effect": "Deny", "Condition": condition}))
    });
    check_case(&tested, &json!({}), "ExplicitlyDenied");
    // As many policies, and as many levels.
    let policies: Value = (0..5_000)
        .map(|n| json!({"name": format!("p{n}"), "document": {"Version": "2012-10-17", "Statement": apart[n]}}))
        .collect();
    check_case(&json!([]), &json!({"identity_policies": policies}), "ImplicitlyDenied");
    let levels: Value = policies.as_array().into_iter().flatten().map(|policy| json!([policy])).collect();
    check_case(&allowing, &json!({"scps": levels}), "ImplicitlyDenied");
}

#[test]
fn a_thousand_unknown_keys() {
    let keys: Vec<String> = (0..1_000).map(|n| format!("example:Key{n}")).collect();
    let unknown = json!({"unknown_context": keys});
    let each = |effect: &str| -> Vec<Value> {
        keys.iter()
            .map(|key| {
                let mut condition = json!({});
                condition["StringEquals"] = json!({key: "x"});
                allow(&json!({"Effect": effect, "Condition": condition}))
            })
            .collect()
    };
    let depends_on = |answer: &Value| answer["keys"].as_array().map_or(0, Vec::len);
    // One statement for each key, that allows or denies.
    assert_eq!(depends_on(&check_case(&json!(each("Allow")), &unknown, "Undetermined")), 1_000);
    let mut denied = each("Deny");
    denied.push(allow(&json!({})));
    assert_eq!(depends_on(&check_case(&json!(denied), &unknown, "Undetermined")), 1_000);
    // One statement with all of them, and one listed value with all of them.
    let all: Value =
        keys.iter().map(|key| (key.clone(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let together = allow(&json!({"Condition": {"StringEquals": all}}));
    assert_eq!(depends_on(&check_case(&together, &unknown, "Undetermined")), 1_000);
    let mut tagged = unknown;
    tagged["context"] = json!({"aws:PrincipalTag/t": "x".repeat(1_000)});
    let variables: String = format!("${{{}}}", keys.join("}${"));
    let value = allow(&json!({"Condition": {"StringLike": {"aws:PrincipalTag/t": variables}}}));
    assert_eq!(depends_on(&check_case(&value, &tagged, "Undetermined")), 1_000);
}

#[test]
fn lists_without_end() {
    let names =
        |name: &str, count: usize| -> Vec<String> { (0..count).map(|n| format!("{name}{n}")).collect() };
    let actions = allow(&json!({"Action": names("glue:Get", 20_000)}));
    check_case(&actions, &json!({}), "ImplicitlyDenied");
    let resources = allow(&json!({"Resource": names("arn:aws:s3:::b", 20_000)}));
    check_case(&resources, &json!({}), "ImplicitlyDenied");
    let principals = json!({"resource_policy": {"name": "bucket", "document": {"Version": "2012-10-17",
        "Statement": allow(&json!({"Principal": {"AWS": names("arn:aws:iam::111122223333:user/u", 20_000)}}))}}});
    check_case(&json!([]), &principals, "InvalidInput");
    let some = allow(&json!({"Action": "glue:*"}));
    check_case(&some, &principals, "ImplicitlyDenied");
    let keys = |operator: &str| {
        let block: serde_json::Map<_, _> =
            names("example:K", 20_000).into_iter().map(|key| (key, json!("x"))).collect();
        let mut condition = json!({});
        condition[operator] = json!(block);
        allow(&json!({"Condition": condition}))
    };
    check_case(&keys("StringEquals"), &json!({}), "ImplicitlyDenied");
    check_case(&keys("StringNotEquals"), &json!({}), "Allowed");
    let listed = allow(&json!({"Condition": {"StringEquals": {"aws:PrincipalTag/t": names("v", 20_000)}}}));
    check_case(&listed, &json!({"context": {"aws:PrincipalTag/t": "v19999"}}), "Allowed");
    let several = allow(&json!({"Condition": {"ForAnyValue:StringLike": {"aws:TagKeys": "w*"}}}));
    check_case(&several, &json!({"context": {"aws:TagKeys": names("v", 20_000)}}), "ImplicitlyDenied");
}

#[test]
fn nesting_without_end() {
    let deep = |open: &str, close: &str| open.repeat(1_000_000) + &close.repeat(1_000_000);
    check(&deep("[", "]"), "InvalidInput");
    check(&deep("{\"a\":", "}"), "InvalidInput");
    check(&"{\"a\":".repeat(1_000_000), "InvalidInput");
    let mut case = case(&json!([allow(&json!({}))]), &json!({})).to_string();
    case = case.replacen("\"s3:*\"", &deep("[", "]"), 1);
    check(&case, "InvalidInput");
}

#[test]
fn findings_without_end() {
    let wrong = |make: &dyn Fn(usize) -> Value| {
        let answer = check_case(&(0..5_000).map(make).collect::<Value>(), &json!({}), "InvalidInput");
        let findings = answer["error"]["diagnostics"].as_array().map_or(0, Vec::len);
        assert!((1..=5_000).contains(&findings), "{findings}");
    };
    wrong(&|_| allow(&json!({"Sid": "no-dashes"})));
    wrong(&|_| allow(&json!({"Sid": "Twice"})));
    wrong(&|_| allow(&json!({"Condition": {"StringEqual": {"aws:username": "x"}}})));
    wrong(&|n| allow(&json!({"Action": format!("no-vendor-{n}")})));
    wrong(&|n| json!({"Effect": "Allow", format!("Unknown{n}"): 1, "Action": "*", "Resource": "*"}));
}
