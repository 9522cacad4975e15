//! Whatever a policy says, it is judged: no fall, places that lie in the text, the same findings every time.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says why by panicking")]

use iamsim_lint::{Config, KIND_NAMES, Linter, Report, format};
use iamsim_policy::Source;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn one_or_many(items: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    prop_oneof![items.clone(), prop::collection::vec(items, 0..4).prop_map(Value::from)]
}

fn text(known: &'static [&'static str]) -> impl Strategy<Value = Value> + Clone {
    prop_oneof![8 => select(known).prop_map(Value::from), 1 => "[a-z:*?${}/éß ]{0,12}".prop_map(Value::from)]
}

const ACTIONS: &[&str] = &[
    "*",
    "s3:GetObject",
    "S3:getobject",
    "s3:Get*",
    "s3:*",
    "s3:ListBucket",
    "ec2:DescribeInstances",
    "iam:*",
    "iam:PassRole",
    "iam:CreatePolicyVersion",
    "kms:Decrypt",
    "sts:AssumeRole",
    "sts:AssumeRoleWithWebIdentity",
    "lambda:Invok*",
    "nosuch:Thing",
    "s3:Nothing",
    "apigateway:GET",
    "sqs:SendMessage",
    "*:*",
    "s*:Get*",
    "s3",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:*",
    "arn:aws:s3",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::111122223333:role/x",
    "arn:aws:sqs:eu-west-1:111122223333:q",
    "arn:aws:ec2:*:*:instance/?",
    "arn:aws:s3:::${*}",
    "arn:${Partition}:s3:::b",
];
const KEYS: &[&str] = &[
    "aws:SourceIp",
    "aws:PrincipalOrgID",
    "AWS:principaltag/é",
    "aws:TagKeys",
    "aws:RequestTag/x",
    "s3:prefix",
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "sts:ExternalId",
    "iam:PassedToService",
    "aws:Nothing",
    "token.actions.githubusercontent.com:sub",
    "kms:EncryptionContext:a",
    "nocolon",
    "dynamodb:LeadingKeys",
];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLikeIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringEquals",
    "Null",
    "Bool",
    "BoolIfExists",
    "NumericLessThan",
    "NotIpAddress",
    "ArnLike",
    "ForAllValues:Null",
    "DateLessThan",
];
const VALUES: &[&str] = &[
    "true",
    "false",
    "*",
    "a",
    "10",
    "203.0.113.0/24",
    "0.0.0.0/0",
    "arn:aws:s3:::b",
    "repo:*",
    "repo:o/r:*",
    "${aws:username}",
    "${aws:PrincipalTag/x, 'y'}",
    "lamda.amazonaws.com",
    "",
    "2026-01-01",
];
const PRINCIPALS: &[&str] = &[
    "*",
    "111122223333",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::444455556666:role/x",
    "lamda.amazonaws.com",
    "s3.amazonaws.com",
    "token.actions.githubusercontent.com",
    "cognito-identity.amazonaws.com",
    "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
];

fn statement() -> impl Strategy<Value = Value> {
    let condition = prop::collection::btree_map(
        select(OPERATORS).prop_map(str::to_owned),
        prop::collection::btree_map(select(KEYS).prop_map(str::to_owned), one_or_many(text(VALUES)), 0..3),
        0..3,
    );
    let principal = prop_oneof![
        Just(json!("*")),
        (select(&["AWS", "Service", "Federated", "CanonicalUser"][..]), one_or_many(text(PRINCIPALS)))
            .prop_map(|(kind, who)| json!({kind: who})),
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (
        flags,
        one_or_many(text(ACTIONS)),
        prop::option::of(one_or_many(text(RESOURCES))),
        prop::option::of(condition),
        prop::option::of(principal),
    )
        .prop_map(
            |((allows, not_action, not_resource, not_principal), action, resource, condition, principal)| {
                let name =
                    |negated: bool, name: &str| if negated { format!("Not{name}") } else { name.to_owned() };
                let mut statement = json!({"Effect": if allows { "Allow" } else { "Deny" }});
                let members = statement.as_object_mut().unwrap();
                members.insert(name(not_action, "Action"), action);
                if let Some(resource) = resource {
                    members.insert(name(not_resource, "Resource"), resource);
                }
                if let Some(condition) = condition {
                    members.insert("Condition".to_owned(), json!(condition));
                }
                if let Some(principal) = principal {
                    members.insert(name(not_principal, "Principal"), principal);
                }
                statement
            },
        )
}

fn document() -> impl Strategy<Value = Value> {
    let id = prop::option::of(select(
        &[
            "iamsim:allow public-resource: meant",
            "iamsim:allow",
            "iamsim:allow x@y",
            "plain",
            "iamsim:allow admin-access@1: é;",
        ][..],
    ));
    (prop::collection::vec(statement(), 1..4), any::<bool>(), id).prop_map(|(statements, new, id)| {
        let mut document = json!({"Statement": statements});
        if new {
            put(&mut document, "Version", "2012-10-17");
        }
        if let Some(id) = id {
            put(&mut document, "Id", id);
        }
        document
    })
}

fn put(document: &mut Value, name: &str, text: &str) {
    document.as_object_mut().unwrap().insert(name.to_owned(), text.into());
}

/// Judged as one kind, and as the one it is guessed to be.
fn judge(text: &str, kind: usize) {
    let kind = KIND_NAMES.get(kind % KIND_NAMES.len()).map(|(_, kind)| *kind);
    let config = r#"{"accounts": ["111122223333"], "rules": {"redundant-action": "error"},
        "waivers": [{"rule": "unknown-action", "statement": "1", "reason": "so"}]}"#;
    let config = Config::parse(&Source::from(config)).unwrap();
    let linters = [Linter::new(), Linter::new().with_config(config)];
    let source = Source::new("p.json", text);
    for linter in &linters {
        for kind in [kind, None] {
            let reports = [linter.check(&source, kind)];
            for finding in reports.iter().flat_map(Report::findings) {
                let (start, end) = (finding.span().start as usize, finding.span().end as usize);
                assert!(text.get(start..end).is_some(), "{finding} {start}..{end}");
            }
            let drawn = format::text(&reports, format::Colour::Off);
            assert_eq!(drawn, format::text(&[linter.check(&source, kind)], format::Colour::Off));
            format::json(&reports);
            format::sarif(&reports);
            format::github(&reports);
            linter.unused_waivers(&reports);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_policy_is_judged(document in document(), pretty in any::<bool>(), kind in any::<usize>()) {
        judge(&if pretty { format!("{document:#}") } else { document.to_string() }, kind);
    }

    #[test]
    fn every_text_is_judged(text in ".{0,80}", kind in any::<usize>()) {
        judge(&text, kind);
    }
}

/// Lists as long as they can be, each kind of entry that a rule compares with others or looks up.
#[test]
fn a_policy_made_to_take_long_does_not() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(|at| format!("\"{}\"", one(at))).collect::<Vec<_>>().join(",")
    };
    let statement = |actions: &str, resources: &str, condition: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": [{actions}],
                "Resource": [{resources}]{condition}}}]}}"#
        )
    };
    let one = "\"s3:GetObject\"";
    let short = "{\"Effect\": \"Allow\", \"Action\": \"s3:G*\", \"Resource\": \"*\"}";
    let texts = [
        statement(&many(8_000, &|at| format!("s3:Gt{at}")), "\"*\"", ""),
        statement(&many(6_000, &|at| format!("ec2:*{at}*")), "\"*\"", ""),
        statement(one, &many(4_000, &|at| format!("arn:aws:s3:::*{at}*")), ""),
        statement(
            &many(2_000, &|_| "ec2:*".to_owned()),
            &many(2_000, &|at| format!("arn:aws:s3:::{at}*")),
            "",
        ),
        statement(one, &format!("\"arn:aws:s3:::{}\"", "a*".repeat(40_000)), ""),
        statement(
            "\"ec2:*\"",
            "\"*\"",
            &format!(
                r#", "Condition": {{"StringEquals": {{{}}}}}"#,
                (0..2_000).map(|at| format!("\"ec2:Key{at}\": \"x\"")).collect::<Vec<_>>().join(",")
            ),
        ),
        format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, vec![short; 3_000].join(",")),
    ];
    for text in texts {
        assert!(text.len() < 512 * 1024);
        let report = Linter::new().check(&Source::new("p.json", &*text), None);
        assert_eq!(report.policies().len(), 1);
    }
    let endless = statement(&many(60_000, &|at| format!("s3:Get{at}")), "\"*\"", "");
    let report = Linter::new().check(&Source::new("p.json", endless), None);
    assert_eq!(report.findings()[0].code(), "policy-size");
    assert_eq!(report.findings().len(), 1);
}

#[test]
fn what_is_odd_is_judged() {
    let deep = "[".repeat(60) + &"]".repeat(60);
    let long = format!(
        r#"{{"Statement": [{{"Effect": "Allow", "Action": [{}], "Resource": "*"}}]}}"#,
        vec!["\"s3:GetObject\""; 500].join(",")
    );
    for text in
        ["", "{}", "[]", "null", "7", "[{}]", r#"{"Statement": 1}"#, r#"{"Statement": []}"#, &deep, &long]
    {
        for kind in [0, 3, 8] {
            judge(text, kind);
        }
    }
}
