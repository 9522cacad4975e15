//! Draws condition blocks: all operators, in all forms, on keys that requests often have.
//!
//! It does not know which values a request has, only which are likely to meet one.

use serde_json::{Map, Value, json};

use super::Used;
use super::draw::Draw;

/// Draws a `Condition` element of one to three keys.
pub(crate) fn block(draw: &mut Draw, used: &mut Used, service: &str) -> Value {
    let mut block: Map<String, Value> = Map::new();
    let count = if draw.chance(70) { 1 } else { 2 };
    for _ in 0..count {
        let clause = clause(draw, service);
        let spelled = match draw.below(20) {
            0 => clause.key.to_lowercase(),
            1 => clause.key.to_uppercase(),
            _ => clause.key.to_owned(),
        };
        let keys = block.entry(clause.operator).or_insert_with(|| json!({}));
        let Some(keys) = keys.as_object_mut() else { continue };
        // The same key in another spelling would make the document an invalid one (PE-DOC-06).
        if keys.keys().any(|key| key.eq_ignore_ascii_case(&spelled)) {
            continue;
        }
        used.keys.insert(clause.key.to_lowercase());
        used.keys.extend(variables_of(&clause.value));
        keys.insert(spelled, clause.value);
    }
    Value::Object(block)
}

/// The keys of the variables in a value, in lower case.
fn variables_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => keys_in(text),
        Value::Array(items) => items.iter().flat_map(variables_of).collect(),
        _ => Vec::new(),
    }
}

/// The keys of the variables in a text, in lower case.
pub(crate) fn keys_in(text: &str) -> Vec<String> {
    text.split("${")
        .skip(1)
        .filter_map(|after| after.split(['}', ',']).next())
        .filter(|key| key.contains(':'))
        .map(str::to_lowercase)
        .collect()
}

struct Clause {
    operator: String,
    key: &'static str,
    value: Value,
}

fn clause(draw: &mut Draw, service: &str) -> Clause {
    match draw.below(100) {
        0..36 => string(draw, service),
        36..50 => multivalued(draw),
        50..58 => numeric(draw),
        58..66 => date(draw),
        66..74 => boolean(draw),
        74..81 => address(draw),
        81..89 => arn(draw),
        89..97 => null(draw),
        _ => binary(draw),
    }
}

const TEXT_OPERATORS: [&str; 6] = [
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
];

fn string(draw: &mut Draw, service: &str) -> Clause {
    let (key, words): (_, &[&'static str]) = match draw.below(14) {
        0..3 => ("aws:PrincipalTag/team", &["red", "blue", "RED", "", "r*d"]),
        3 | 4 => ("aws:ResourceTag/team", &["red", "blue", "", "${aws:PrincipalTag/team}"]),
        5 => ("aws:RequestTag/env", &["prod", "dev", "p*"]),
        6 => ("aws:PrincipalOrgID", &["o-1", "o-1", "o-*"]),
        7 => ("aws:username", &["alice", "bob", "ali?e"]),
        8 => ("aws:PrincipalAccount", &["111111111111", "222222222222"]),
        9 => ("aws:SourceVpce", &["vpce-1", "vpce-?"]),
        10 => ("aws:RequestedRegion", &["us-east-1", "us-*", "eu-west-1"]),
        11 if service == "sts" => ("sts:ExternalId", &["x", "a${*}b", "?"]),
        11 => ("s3:prefix", &["", "home/*", "home/${aws:username}/*", "*"]),
        12 if service == "sts" => ("sts:RoleSessionName", &["${aws:username}", "build", "*"]),
        12 => ("aws:SourceIdentity", &["alice", "${aws:username, 'alice'}"]),
        _ => ("example:Nothing", &["x", "*"]),
    };
    let variables = [
        "${aws:PrincipalTag/team}",
        "${aws:PrincipalTag/team, 'red'}",
        "${aws:username}",
        "${AWS:USERNAME, 'alice'}",
        "${aws:TagKeys}",
        "r${?}d",
        "r${*}d",
        "${$}",
        "*${aws:ResourceTag/team}*",
    ];
    let value = |draw: &mut Draw| if draw.chance(15) { draw.word(&variables) } else { draw.word(words) };
    let operator = draw.word(&TEXT_OPERATORS);
    let operator = dressed(operator, false, draw);
    let values = listed(draw, value);
    Clause { operator, key, value: values }
}

/// Adds a set operator and `IfExists` to a base operator.
fn dressed(base: &str, multivalued: bool, draw: &mut Draw) -> String {
    let set = draw.chance(if multivalued { 82 } else { 16 });
    let prefix = if set { draw.word(&["ForAllValues:", "ForAnyValue:"]) } else { "" };
    let suffix = if draw.chance(18) { "IfExists" } else { "" };
    format!("{prefix}{base}{suffix}")
}

/// One value, bare or in a list, or several, or none (PE-CND-14).
fn listed(draw: &mut Draw, mut value: impl FnMut(&mut Draw) -> &'static str) -> Value {
    match draw.below(100) {
        0..3 => json!([]),
        3..60 => json!(value(draw)),
        60..75 => json!([value(draw)]),
        _ => json!([value(draw), value(draw)]),
    }
}

fn multivalued(draw: &mut Draw) -> Clause {
    let (key, words): (_, &[&'static str]) = match draw.below(4) {
        0 | 1 => ("aws:TagKeys", &["env", "team", "e*"]),
        2 => ("aws:PrincipalOrgPaths", &["o-1/r-1/", "o-1/r-1/*", "o-1/r-1/ou-*"]),
        _ => ("aws:CalledVia", &["athena.amazonaws.com", "*.amazonaws.com"]),
    };
    let base = draw.word(&TEXT_OPERATORS);
    let operator = dressed(base, true, draw);
    let first = draw.word(words);
    let value = if draw.chance(50) { json!(first) } else { json!([first, draw.word(words)]) };
    Clause { operator, key, value }
}

fn numeric(draw: &mut Draw) -> Clause {
    let key = draw.word(&["s3:max-keys", "s3:max-keys", "aws:MultiFactorAuthAge", "aws:EpochTime"]);
    let base = draw.word(&[
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ]);
    let operator = dressed(base, false, draw);
    let value = match draw.below(8) {
        0 => json!("abc"),
        1 => json!(10),
        2 => json!(["9", "3600"]),
        3 => json!("1"),
        4 => json!("-1.50"),
        5 => json!("1714564800"),
        6 => json!("${aws:PrincipalTag/team}"),
        _ => json!([3600, 10.5]),
    };
    Clause { operator, key, value }
}

fn date(draw: &mut Draw) -> Clause {
    let key = draw.word(&["aws:CurrentTime", "aws:CurrentTime", "aws:TokenIssueTime", "aws:EpochTime"]);
    let base = draw.word(&[
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
    ]);
    let operator = dressed(base, false, draw);
    let dates = [
        "2024-05-01T12:00:00Z",
        "2024-05-01T13:00+01:00",
        "2024-05",
        "2024-01-01",
        "1704067200",
        "1714564800",
        "2024-05-01T10:00:00.25Z",
        "2030",
    ];
    let value = if draw.chance(10) {
        json!(1_714_557_600)
    } else if draw.chance(75) {
        json!(draw.word(&dates))
    } else {
        json!([draw.word(&dates), draw.word(&dates)])
    };
    Clause { operator, key, value }
}

fn boolean(draw: &mut Draw) -> Clause {
    let keys = [
        "aws:SecureTransport",
        "aws:MultiFactorAuthPresent",
        "aws:MultiFactorAuthPresent",
        "aws:ViaAWSService",
        "aws:PrincipalIsAWSService",
    ];
    let key = draw.word(&keys);
    let operator = dressed("Bool", false, draw);
    let value = match draw.below(8) {
        0 => json!(true),
        1 => json!(false),
        2 | 3 => json!("false"),
        4 => json!("True"),
        5 => json!(["true", "false"]),
        _ => json!("true"),
    };
    Clause { operator, key, value }
}

fn address(draw: &mut Draw) -> Clause {
    let base = draw.word(&["IpAddress", "NotIpAddress"]);
    let operator = dressed(base, false, draw);
    let ranges =
        ["203.0.113.7/24", "203.0.113.7", "0.0.0.0/0", "198.51.100.0/28", "2001:db8::/32", "2001:DB8::1"];
    let value = if draw.chance(70) {
        json!(draw.word(&ranges))
    } else {
        json!([draw.word(&ranges), draw.word(&ranges)])
    };
    Clause { operator, key: "aws:SourceIp", value }
}

fn arn(draw: &mut Draw) -> Clause {
    let base = draw.word(&["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"]);
    let operator = dressed(base, false, draw);
    let (key, words): (_, &[&'static str]) = if draw.chance(70) {
        (
            "aws:PrincipalArn",
            &[
                "arn:aws:iam::111111111111:role/app",
                "arn:aws:iam::*:role/*",
                "arn:aws:iam::${aws:PrincipalAccount}:*",
                "arn:aws:iam::111111111111:user/${aws:username}",
                "arn:aws:iam::111111111111:user/*",
                "arn:aws:iam::*:root",
                "arn:aws:sts::111111111111:assumed-role/app/s1",
                "arn:*:*:*:*:*",
                "*",
                "arn:aws:iam::${aws:PrincipalTag/none, '111111111111'}:role/?pp",
            ],
        )
    } else {
        (
            "aws:SourceArn",
            &[
                "arn:aws:sns:*:111111111111:topic",
                "arn:aws:x:*:111111111111:t",
                "arn:aws:x:*:*:s/*",
                "arn:aws:sns:us-????-1:111111111111:*",
            ],
        )
    };
    let value =
        if draw.chance(70) { json!(draw.word(words)) } else { json!([draw.word(words), draw.word(words)]) };
    Clause { operator, key, value }
}

fn null(draw: &mut Draw) -> Clause {
    let prefix = if draw.chance(15) { draw.word(&["ForAllValues:", "ForAnyValue:"]) } else { "" };
    let keys = [
        "aws:TagKeys",
        "aws:PrincipalTag/team",
        "aws:TokenIssueTime",
        "aws:SourceVpce",
        "aws:RequestTag/env",
        "s3:prefix",
        "aws:MultiFactorAuthAge",
        "example:Nothing",
    ];
    let key = draw.word(&keys);
    let value = match draw.below(12) {
        0 => json!(true),
        1 => json!(false),
        2 => json!(["true", "false"]),
        3..7 => json!("true"),
        _ => json!("false"),
    };
    Clause { operator: format!("{prefix}Null"), key, value }
}

fn binary(draw: &mut Draw) -> Clause {
    let operator = dressed("BinaryEquals", false, draw);
    let value = json!(draw.word(&["QUJD", "QQ==", "QUI="]));
    Clause { operator, key: "example:Digest", value }
}
