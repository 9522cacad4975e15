//! What AWS answers to a document that is written, row by row.
//!
//! `invalid-7` and `valid-7` name recordings of AWS's answers to `CreatePolicy` (POL-01, POL-41). Where
//! `IAMSIM_CORPORA` names the recordings, each row is held against them as well.

mod recorded;

use iamsim_policy::{PolicyKind, Source, check_write};
use recorded::{answer, as_recorded, check, malformed};

const ARN: &str = "arn:aws:s3:::example_bucket";

/// An identity policy of one statement in today's version.
fn identity(row: &str, members: &str, expected: &str) {
    whole(row, &format!(r#"{{"Version":"2012-10-17","Statement":{{{members}}}}}"#), expected);
}

fn whole(row: &str, document: &str, expected: &str) {
    let expected = malformed(expected);
    assert_eq!(answer(PolicyKind::Identity, document), expected, "{row}: {document}");
    if row.starts_with("invalid-") || row.starts_with("valid-") {
        as_recorded("iam__test_iam_policies", &format!("[{row}]"), None, &expected);
    }
}

#[test]
fn every_recording_of_create_policy_has_its_row() {
    let rows = include_str!("write_identity.rs");
    for row in (0..=77).map(|row| format!("invalid-{row}")).chain((0..=50).map(|row| format!("valid-{row}")))
    {
        assert!(rows.contains(&format!("\"{row}\"")), "{row}");
    }
}

const SYNTAX: &str = "Syntax errors in policy.";
const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
const LEGACY: &str = "The policy failed legacy parsing";
const UNIQUE: &str = "Statement IDs (SID) in a single policy must be unique.";
const ACTIONS: &str = "Policy statement must contain actions.";
const RESOURCES: &str = "Policy statement must contain resources.";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const COLON: &str = "Actions/Condition can contain only one colon.";
const OK: &str = "accepted";

#[test]
fn documents_outside_the_grammar_are_syntax_errors() {
    // POL-10
    let list = format!(r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"{ARN}""#);
    whole("invalid-0", "This is not a json document", SYNTAX);
    whole("invalid-3", &format!(r#"{{"Version":"2013-10-17","Statement":{{{list}}}}}"#), SYNTAX);
    whole("invalid-4", r#"{"Version":"2012-10-17"}"#, SYNTAX);
    whole("invalid-5", r#"{"Version":"2012-10-17","Statement":["afd"]}"#, SYNTAX);
    whole("invalid-6", &format!(r#"{{"Version":"2012-10-17","Statement":{{{list}}},"Extra":"x"}}"#), SYNTAX);
    identity("invalid-7", &format!(r#"{list},"Extra":"x""#), SYNTAX);
    whole("invalid-8", &format!(r#"{{"Version":"2012-10-17","Id":["a"],"Statement":{{{list}}}}}"#), SYNTAX);
    whole("invalid-9", &format!(r#"{{"Version":"2012-10-17","Id":{{}},"Statement":{{{list}}}}}"#), SYNTAX);
    identity("invalid-10", &list.replace("Allow", "invalid"), SYNTAX);
    whole("invalid-26", r#"{"Version":"2012-10-17","Statement":[]}"#, SYNTAX);
    identity("invalid-31", &format!(r#""Action":"s3:ListBucket","Resource":"{ARN}""#), SYNTAX);
    let resource = |value: &str| format!(r#""Effect":"Allow","Action":"s3:ListBucket","Resource":{value}"#);
    identity("invalid-39", &resource(r#"{"a":"b"}"#), SYNTAX);
    identity("invalid-40", &resource(r#"["adfdf",{}]"#), SYNTAX);
    identity("invalid-41", &format!(r#"{list},"NotResource":[]"#), SYNTAX);
    let action = |value: &str| format!(r#""Effect":"Allow","Action":{value},"Resource":"{ARN}""#);
    identity("invalid-42", &action("[[]]"), SYNTAX);
    identity("invalid-43", &format!(r#"{},"NotAction":"s3s:ListBucket""#, action("[]")), SYNTAX);
    identity("invalid-44", &action("{}"), SYNTAX);
    let condition = |value: &str| format!(r#"{list},"Condition":{value}"#);
    identity("invalid-45", &condition("[]"), SYNTAX);
    identity("invalid-46", &condition(r#""a""#), SYNTAX);
    identity("invalid-47", &condition(r#"{"a":"b"}"#), SYNTAX);
    identity("invalid-48", &condition(r#"{"DateGreaterThan":"b"}"#), SYNTAX);
    identity("invalid-49", &condition(r#"{"DateGreaterThan":[]}"#), SYNTAX);
    identity("invalid-50", &condition(r#"{"DateGreaterThan":{"a":{}}}"#), SYNTAX);
    identity(
        "invalid-51",
        &format!(r#""Effect":"Allow","Resource":"{ARN}","Condition":{{"DateGreaterThan":{{"a":{{}}}}}}"#),
        SYNTAX,
    );
    identity("invalid-52", &condition(r#"{"x":{"a":"1"}}"#), SYNTAX);
    identity("invalid-53", &condition(r#"{"ForAnyValue::StringEqualsIfExists":{"a":"asf"}}"#), SYNTAX);
    identity("invalid-54", &condition(r#"[{"ForAllValues:StringEquals":{"aws:TagKeys":"D"}}]"#), SYNTAX);
    identity("invalid-57", &format!(r#"{list},"Sid":{{}}"#), SYNTAX);
    identity("invalid-58", &format!(r#"{list},"Sid":[]"#), SYNTAX);
    identity("invalid-61", &format!(r#"{list},"NotAction":"iam:dsf""#), SYNTAX);
    identity("invalid-62", &format!(r#"{list},"NotResource":"*""#), SYNTAX);
    // PE-DOC-05, PE-DOC-06, PE-CND-05: the same stage, by inference
    identity("duplicate element", &format!(r#"{list},"Effect":"Allow""#), SYNTAX);
    identity("duplicate key", &condition(r#"{"Null":{"a:b":"true","A:B":"true"}}"#), SYNTAX);
    identity("operator in other letters", &condition(r#"{"stringequals":{"a":"b"}}"#), SYNTAX);
    identity("null value", &condition(r#"{"StringEquals":{"a":null}}"#), SYNTAX);
    identity("broken variable", &resource(r#""arn:aws:s3:::b/${aws:username""#), SYNTAX); // PE-VAR-01
}

#[test]
fn versions_come_after_the_grammar() {
    // POL-11
    let list = format!(r#"{{"Effect":"Allow","Action":"s3:ListBucket","Resource":"{ARN}"}}"#);
    whole("invalid-1", &format!(r#"{{"Statement":{list}}}"#), VERSION);
    whole("invalid-2", &format!(r#"{{"Version":"2008-10-17","Statement":{list}}}"#), VERSION);
    let twice = r#"{"Statement":[{"Sid":"sdf","Effect":"Allow"},{"Sid":"sdf","Effect":"Allow"}]}"#;
    whole("invalid-60", twice, VERSION);
    let dated = list.replace('}', r#","Condition":{"DateGreaterThan":{"a":"sdfdsf"}}}"#);
    whole("invalid-65", &format!(r#"{{"Statement":{dated}}}"#), VERSION);
    whole("invalid-66", &format!(r#"{{"Statement":{}}}"#, list.replace("Allow", "denY")), VERSION);
}

#[test]
fn legacy_parsing_comes_next() {
    // POL-12
    let list = format!(r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"{ARN}""#);
    let resource = |value: &str| list.replace(ARN, value);
    identity("invalid-36", &resource("arn:aws:s3::example_bucket"), LEGACY);
    identity("invalid-37", r#""Effect":"Allow","Resource":"arn:aws:s3::example_bucket""#, LEGACY);
    identity("invalid-63", &list.replace("Allow", "denY"), LEGACY);
    let dated =
        |operator: &str, value: &str| format!(r#"{list},"Condition":{{"{operator}":{{"a":"{value}"}}}}"#);
    identity("invalid-64", &dated("DateGreaterThan", "sdfdsf"), LEGACY);
    identity("invalid-67", r#""Effect":"Allow","Condition":{"DateGreaterThan":{"a":"sdfdsf"}}"#, LEGACY);
    identity("invalid-68", &resource("arn:aws::::example_bucket"), LEGACY);
    identity("invalid-69", r#""Effect":"allow","Resource":"arn:aws:s3:us-east-1::example_bucket""#, LEGACY);
    whole(
        "invalid-70",
        &format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"sdf",{}}},{{"Sid":"sdf","Effect":"Allow"}}]}}"#,
            list.replace("Allow", "aLLow")
        ),
        LEGACY,
    );
    identity(
        "invalid-71",
        &resource("arn:aws:s3::example_bucket").replace("Resource", "NotResource"),
        LEGACY,
    );
    identity("invalid-72", &dated("DateLessThanEquals", "234-13"), LEGACY);
    identity("invalid-73", &dated("DateLessThanEquals", "2016-12-13t2:00:00.593194+1"), LEGACY);
    identity("invalid-74", &dated("DateLessThanEquals", "2016-12-13t2:00:00.1999999999+10:59"), LEGACY);
    identity("invalid-75", &dated("DateLessThan", "9223372036854775808"), LEGACY);
    identity("invalid-76", &dated("DateGreaterThan", "sdfdsf").replace("arn:aws", "arn:error"), LEGACY);
    identity("invalid-77", &resource("arn:aws::fdsasf"), LEGACY);
    identity("with suffix and qualifier", &dated("ForAnyValue:DateEqualsIfExists", "x"), LEGACY);
    identity("no date operator", &dated("StringEquals", "sdfdsf"), OK);
}

#[test]
fn sids_are_unique_before_anything_is_missing() {
    // POL-13
    let list = format!(r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"{ARN}""#);
    let two =
        |one: &str, two: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{{one}}},{{{two}}}]}}"#);
    let named = |sid: &str| format!(r#""Sid":"{sid}",{list}"#);
    whole("invalid-59", &two(&named("sdf"), r#""Sid":"sdf","Effect":"Allow""#), UNIQUE);
    let characters = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
                      expression [0-9A-Za-z]*";
    identity("POL-23", &named("my-sid"), characters);
    // POL-36
    let principal = "Policy document should not specify a principal.";
    identity("POL-36", &format!(r#"{list},"Principal":"*""#), principal);
    identity("POL-36", &format!(r#"{list},"NotPrincipal":{{"AWS":"*"}}"#), principal);
}

#[test]
fn actions_and_resources_must_be_there() {
    // POL-14, POL-15
    identity("invalid-27", r#""Effect":"Allow","Action":"s3:ListBucket""#, RESOURCES);
    identity("invalid-28", r#""Effect":"Allow","Action":"s3:ListBucket","Resource":[]"#, RESOURCES);
    identity("invalid-29", r#""Effect":"Allow","Action":"invalid""#, RESOURCES);
    identity("invalid-30", &format!(r#""Effect":"Allow","Resource":"{ARN}""#), ACTIONS);
    identity("invalid-32", r#""Effect":"Allow""#, ACTIONS);
    identity("invalid-33", &format!(r#""Effect":"Allow","Action":[],"Resource":"{ARN}""#), ACTIONS);
    whole(
        "invalid-34",
        &format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny"}},
                {{"Effect":"Allow","Action":"s3:ListBucket","Resource":"{ARN}"}}]}}"#
        ),
        ACTIONS,
    );
}

#[test]
fn resources_are_read_by_position() {
    // POL-19 to POL-22, POL-35
    let row = |row: &str, resource: &str, expected: &str| {
        identity(
            row,
            &format!(r#""Effect":"Allow","NotAction":"s3s:ListBucket","Resource":{resource}"#),
            expected,
        );
    };
    row("invalid-16", r#""invalid resource""#, "Resource invalid resource must be in ARN format or \"*\".");
    row("invalid-17", r#""""#, "Resource  must be in ARN format or \"*\".");
    identity(
        "invalid-18",
        r#""Effect":"Allow","Action":"s:3:ListBucket","Resource":"sdfsadf""#,
        "Resource sdfsadf must be in ARN format or \"*\".",
    );
    row("invalid-19", r#"["adf"]"#, "Resource adf must be in ARN format or \"*\".");
    row("invalid-20", r#""""#, "Resource  must be in ARN format or \"*\".");
    row(
        "invalid-21",
        r#""a:bsdfdsafsad""#,
        "Partition \"bsdfdsafsad\" is not valid for resource \"arn:bsdfdsafsad:*:*:*:*\".",
    );
    row(
        "invalid-22",
        r#""a:b:cadfsdf""#,
        "Partition \"b\" is not valid for resource \"arn:b:cadfsdf:*:*:*\".",
    );
    row(
        "invalid-23",
        r#""a:b:c:d:e:f:g:h""#,
        "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\".",
    );
    row(
        "invalid-24",
        r#""aws:s3:::example_bucket""#,
        "Partition \"s3\" is not valid for resource \"arn:s3:::example_bucket:*\".",
    );
    row(
        "invalid-25",
        r#"["arn:error:s3:::example_bucket","arn:error:s3::example_bucket"]"#,
        "Partition \"error\" is not valid for resource \"arn:error:s3:::example_bucket\".",
    );
    let kinds = "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
                 instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                 report/, access-report/.";
    row("invalid-35", r#""arn:aws:iam:::example_bucket""#, kinds);
    let regexes = "Resource vendor must be fully qualified and cannot contain regexes.";
    row("invalid-38", r#""arn:aws""#, regexes);
    row("a written wildcard, by its words", r#""arn:aws:s*:::b""#, regexes);
    row(
        "invalid-55",
        r#""arn:aws:iam:us-east-1::example_bucket""#,
        "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information.",
    );
    row(
        "invalid-56",
        r#""arn:aws:s3:us-east-1::example_bucket""#,
        "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.",
    );
}

#[test]
fn actions_are_read_last() {
    // POL-16 to POL-18
    let row = |row: &str, action: &str, expected: &str| {
        identity(row, &format!(r#""Effect":"Allow","Action":{action},"Resource":"{ARN}""#), expected);
    };
    row("invalid-11", r#""invalid""#, VENDOR);
    identity("invalid-12", &format!(r#""Effect":"Allow","NotAction":"","Resource":"{ARN}""#), VENDOR);
    row("invalid-13", r#""a a:ListBucket""#, "Vendor a a is not valid");
    row("invalid-14", r#""s3:List:Bucket""#, COLON);
    whole(
        "invalid-15",
        &format!(
            r#"{{"Version":"2012-10-17","Statement":[
                {{"Effect":"Allow","Action":"s3s:ListBucket","Resource":"{ARN}"}},
                {{"Effect":"Allow","Action":"s:3s:ListBucket","Resource":"{ARN}"}}]}}"#
        ),
        COLON,
    );
    row("PE-ACT-05", r#""s*:Get*""#, "Vendor s* is not valid");
    row("PE-ACT-04", r#""*:*""#, OK);
}

#[test]
fn what_aws_takes_on_purpose_or_by_accident_is_taken() {
    // POL-40, PE-VAL-10
    let list = format!(r#""Effect":"Allow","Action":"s3:ListBucket","Resource":"{ARN}""#);
    let action = |value: &str| list.replace("s3:ListBucket", value);
    let resource = |value: &str| list.replace(ARN, value);
    let condition = |value: &str| format!(r#"{list},"Condition":{value}"#);
    let date = |value: &str| condition(&format!(r#"{{"DateLessThanEquals":{{"a":"{value}"}}}}"#));
    for (row, members) in [
        ("valid-0", list.replace(&format!("\"{ARN}\""), &format!("[\"{ARN}\"]"))),
        ("valid-1", action("iam: asdf safdsf af ")),
        ("valid-2", list.replace(&format!("\"{ARN}\""), &format!("[\"{ARN}\",\"*\"]"))),
        ("valid-3", action("*")),
        ("valid-5", condition(r#"{"DateGreaterThan":{"aws:CurrentTime":"2017-07-01T00:00:00Z"}}"#)),
        ("valid-6", action("fsx:ListBucket")),
        ("valid-7", resource("arn:aws:iam:::user/example_bucket")),
        ("valid-8", resource("arn:aws:s33:::example_bucket")),
        ("valid-9", resource("arn:aws:fdsasf")),
        ("valid-10", condition("{}")),
        ("valid-11", condition(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"Department"}}"#)),
        ("valid-12", resource("arn:aws:cloudwatch:us-east-1::example_bucket")),
        ("valid-13", resource("arn:aws:ec2:us-east-1::example_bucket")),
        ("valid-14", resource("arn:aws:invalid-service:::example_bucket")),
        ("valid-15", resource("arn:aws:invalid-service:us-east-1::example_bucket")),
        (
            "valid-16",
            condition(
                r#"{"DateGreaterThan":{"aws:CurrentTime":"2017-07-01T00:00:00Z"},
                    "DateLessThan":{"aws:CurrentTime":"2017-12-31T23:59:59Z"}}"#,
            ),
        ),
        ("valid-17", condition(r#"{"DateGreaterThan":{}}"#)),
        ("valid-18", condition(r#"{"DateGreaterThan":{"a":[]}}"#)),
        ("valid-19", condition(r#"{"a":{}}"#)),
        ("valid-20", format!(r#""Sid":"dsfsdfsdfsdfsdfsadfsd",{list}"#)),
        ("valid-22", list.replace("Action", "NotAction")),
        ("valid-23", list.replace("Resource", "NotResource").replace("Allow", "Deny")),
        ("valid-25", action("aaaaaadsfdsafsadfsadfaaaaa:ListBucket")),
        ("valid-26", action("s3-s:ListBucket")),
        ("valid-27", action("s3.s:ListBucket")),
        ("valid-28", r#""Effect":"Allow","NotAction":"s3:ListBucket","NotResource":"*""#.to_owned()),
        ("valid-30", date("01T")),
        ("valid-31", condition(r#"{"x":{},"y":{}}"#)),
        ("valid-32", condition(r#"{"StringEqualsIfExists":{"a":"asf"}}"#)),
        ("valid-33", condition(r#"{"ForAnyValue:StringEqualsIfExists":{"a":"asf"}}"#)),
        ("valid-34", date("2019-07-01T13:20:15Z")),
        ("valid-35", date("2016-12-13T21:20:37.593194+00:00")),
        ("valid-36", date("2016-12-13t2:00:00.593194+23")),
        ("valid-37", date("-292275054")),
        ("valid-38", resource("arn:aws:iam::*:user/${aws:username}")),
        ("valid-40", condition(r#"{"ArnEquals":{"ec2:SourceInstanceARN":"arn:aws:ec2:*:*:instance/i"}}"#)),
        ("valid-43", resource("arn:aws:s3:::b/${cognito-identity.amazonaws.com:sub}/*")),
        ("valid-39", action("dynamodb:BatchGet*").replace(ARN, "arn:aws:dynamodb:*:*:table/MyTable")),
        ("valid-41", condition(r#"{"StringEquals":{"ec2:ResourceTag/VolumeUser":"${aws:username}"}}"#)),
        (
            "valid-42",
            condition(
                r#"{"StringEquals":{"ec2:ResourceTag/Project":"D","aws:PrincipalTag/Department":"D"}}"#,
            )
            .replace(ARN, "arn:aws:ec2:region:account-id:instance/*"),
        ),
        ("valid-44", condition(r#"{"StringLike":{"s3:prefix":["","home/","home/${aws:userid}/*"]}}"#)),
        ("valid-45", action("s3:*Object")),
        ("valid-46", resource("arn:aws:iam::*:user/${aws:username}").replace("s3:ListBucket", "iam:GetUser")),
        ("valid-47", action("ec2:*").replace(ARN, "*")),
        ("valid-48", resource("arn:aws:rds:region:*:*")),
        ("valid-50", resource("arn:aws:s3:us-west-2:123456789012:accesspoint/my-access-point")),
        ("PE-RES-07", resource("arn:aws:sns:*")),
    ] {
        identity(row, &members, OK);
    }
    let two = |one: &str, two: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":[{{{one}{list}}},{{{two}{list}}}]}}"#)
    };
    whole("valid-4", &format!(r#"{{"Version":"2012-10-17","Statement":[{{{list}}}]}}"#), OK);
    whole("valid-21", &two(r#""Sid":"ConsoleDisplay","#, r#""Sid":"AddTag","#), OK);
    whole("valid-24", &format!(r#"{{"Version":"2012-10-17","Id":"sdf","Statement":{{{list}}}}}"#), OK);
    whole("valid-29", &two(r#""Sid":"sdf","#, ""), OK);
    whole("valid-49", &two(r#""Sid":"","#, r#""Sid":"","#), OK);
}

#[test]
fn iam_takes_its_own_characters_only() {
    // PE-DOC-09
    let list = format!(
        r#"{{"Version":"2012-10-17","Id":"é","Statement":{{"Effect":"Allow","Action":"*","Resource":"{ARN}"}}}}"#
    );
    whole("U+00E9", &list, OK);
    let refusal = check_write(PolicyKind::Identity, &Source::from(list.replace('é', "€"))).unwrap_err();
    assert_eq!(refusal.code(), "ValidationError");
}

#[test]
fn refusals_carry_the_findings_of_the_document() {
    let source = Source::from(r#"{"Version":"2012-10-17","Statement":{"Effect":"allow","Action":"x"}}"#);
    let refusal = check_write(PolicyKind::Identity, &source).unwrap_err();
    assert_eq!(refusal.message(), LEGACY);
    assert_eq!(refusal.findings().len(), 3);
    let old = Source::from(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
    assert!(check_write(PolicyKind::Identity, &old).unwrap_err().findings().is_empty());
}

#[test]
fn session_policies_are_read_by_the_identity_grammar() {
    let session = |document: &str, expected: &str| check(PolicyKind::Session, document, &malformed(expected));
    session(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, OK); // PE-VAL-09
    session(r#"{"Statement":{"Effect":"Allow","Action":"s3","Resource":"*"}}"#, VENDOR); // STS-35
    session(
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
        "Policy document should not specify a principal.",
    );
}
