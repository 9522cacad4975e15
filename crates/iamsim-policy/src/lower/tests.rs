//! Each rule of the grammar as one line: kind, statement, and the codes it must bring.

use crate::{Policy, PolicyKind, ResourceService};

const S3: PolicyKind = PolicyKind::Resource(ResourceService::S3);
const OTHER: PolicyKind = PolicyKind::Resource(ResourceService::Other);
use PolicyKind::{
    Identity, PermissionsBoundary, ResourceControl, RoleTrust, ServiceControl, Session, VpcEndpoint,
};

/// `error:code` and `warning:code` of every finding, in the order of the text.
fn findings(kind: PolicyKind, document: &str) -> String {
    let parsed = Policy::parse(kind, document);
    let findings = match &parsed {
        Ok(policy) => policy.warnings(),
        Err(error) => error.diagnostics(),
    };
    let names: Vec<_> =
        findings.iter().map(|finding| format!("{}:{}", finding.severity(), finding.code())).collect();
    names.join(" ")
}

fn document(kind: PolicyKind, document: &str, expected: &str) {
    assert_eq!(findings(kind, document), expected, "{kind}: {document}");
}

fn statement(kind: PolicyKind, members: &str, expected: &str) {
    document(kind, &format!(r#"{{"Version": "2012-10-17", "Statement": {{{members}}}}}"#), expected);
}

/// A statement of an identity policy that is right but for its action or resource.
fn action(entry: &str, expected: &str) {
    statement(Identity, &format!(r#""Effect": "Allow", "Action": {entry}, "Resource": "*""#), expected);
}

fn resource(kind: PolicyKind, entry: &str, expected: &str) {
    let principal = match kind {
        Identity | Session | PermissionsBoundary | ServiceControl => "",
        _ => r#""Principal": "*","#,
    };
    let members = format!(r#"{principal} "Effect": "Deny", "Action": "s3:*", "Resource": {entry}"#);
    statement(kind, &members, expected);
}

fn principal(kind: PolicyKind, value: &str, expected: &str) {
    let rest = if kind == RoleTrust {
        r#""Action": "sts:AssumeRole""#
    } else {
        r#""Action": "s3:*", "Resource": "*""#
    };
    statement(kind, &format!(r#""Effect": "Allow", "Principal": {value}, {rest}"#), expected);
}

fn condition(block: &str, expected: &str) {
    let members = format!(r#""Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {block}"#);
    statement(Identity, &members, expected);
}

const FULL: &str = r#""Effect": "Allow", "Action": "*", "Resource": "*""#;

#[test]
fn documents_have_the_shape_of_the_grammar() {
    // PE-DOC-01, PE-DOC-02
    document(Identity, "[]", "error:wrong-type");
    document(Identity, "{}", "error:missing");
    document(Identity, r#"{"Statement": []}"#, "error:no-statements");
    document(Identity, r#"{"Statement": "x"}"#, "error:wrong-type");
    document(Identity, r#"{"Statement": ["x"]}"#, "error:wrong-type");
    document(Identity, &format!(r#"{{"Statement": {{{FULL}}}}}"#), "");
    document(Identity, &format!(r#"{{"Statement": [{{{FULL}}}, {{{FULL}}}]}}"#), "");
    document(Identity, &format!(r#"{{"Statement": {{{FULL}}}, "x": 1}}"#), "error:unknown-element");
    document(Identity, &format!(r#"{{"Statement": {{{FULL}}}, "Statement": []}}"#), "error:duplicate-key");
    document(Identity, &format!(r#"{{"Statement": {{{FULL}}}}} {{}}"#), "error:invalid-json");
    // PE-DOC-04: judged as if it were spelled right, and not missed as well
    document(Identity, &format!(r#"{{"statement": {{{FULL}}}}}"#), "error:unknown-element");
    statement(
        Identity,
        r#""effect": "allow", "action": "x", "resource": "y""#,
        "error:unknown-element error:invalid-effect error:unknown-element error:invalid-action \
         error:unknown-element error:invalid-resource",
    );
    statement(Identity, "", "error:missing error:missing error:missing");
    // PE-DOC-03
    statement(
        Identity,
        r#""Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*", "NotResource": "*""#,
        "error:conflicting-elements error:conflicting-elements",
    );
    statement(Identity, r#""Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::b""#, "");
    // PE-DOC-05
    statement(
        Identity,
        &format!(r#"{FULL}, "Action": "s3:*", "Effect": "Deny""#),
        "error:duplicate-key error:duplicate-key",
    );
}

#[test]
fn versions_are_two_dates_and_may_be_absent() {
    let check = |kind, version: &str, principal: &str, expected: &str| {
        document(
            kind,
            &format!(r#"{{{version} "Statement": {{{principal} {}}}}}"#, FULL.replace("Allow", "Deny")),
            expected,
        );
    };
    check(Identity, "", "", "");
    check(Identity, r#""Version": "2008-10-17","#, "", "");
    check(Identity, r#""Version": "2012-10-18","#, "", "error:invalid-version");
    check(Identity, r#""Version": 2012,"#, "", "error:wrong-type");
    check(ServiceControl, "", "", "");
    // PE-TYP-13
    check(ResourceControl, "", r#""Principal": "*","#, "error:missing");
    check(ResourceControl, r#""Version": "2008-10-17","#, r#""Principal": "*","#, "error:invalid-version");
}

#[test]
fn each_kind_has_its_elements() {
    let id = |kind, principal: &str, expected: &str| {
        document(
            kind,
            &format!(
                r#"{{"Version": "2012-10-17", "Id": "x", "Statement": {{{principal} {}}}}}"#,
                FULL.replace("Allow", "Deny")
            ),
            expected,
        );
    };
    // PE-TYP-01 to PE-TYP-14, PE-DOC-12
    id(Identity, "", "warning:ignored-id");
    id(PermissionsBoundary, "", "warning:ignored-id");
    id(Session, "", "error:forbidden-element");
    id(ServiceControl, "", "error:forbidden-element");
    id(ResourceControl, r#""Principal": "*","#, "error:forbidden-element");
    id(S3, r#""Principal": "*","#, "");
    id(VpcEndpoint, r#""Principal": "*","#, "");
    for kind in [Identity, PermissionsBoundary, Session, ServiceControl] {
        statement(kind, &format!(r#"{FULL}, "Principal": "*""#), "error:forbidden-element");
        statement(kind, &format!(r#"{FULL}, "NotPrincipal": "*""#), "error:forbidden-element");
        statement(kind, r#""Effect": "Allow", "Action": "*""#, "error:missing");
    }
    // PE-TYP-04
    let assume = r#""Effect": "Allow", "Action": "sts:AssumeRole""#;
    statement(RoleTrust, assume, "error:missing");
    statement(RoleTrust, &format!(r#"{assume}, "NotPrincipal": "*""#), "error:forbidden-element");
    let trust = format!(r#"{assume}, "Principal": {{"AWS": "111122223333"}}"#);
    statement(RoleTrust, &trust, "");
    statement(RoleTrust, &format!(r#"{trust}, "Resource": "*""#), "error:forbidden-element");
    statement(RoleTrust, &format!(r#"{trust}, "NotResource": "*""#), "error:forbidden-element");
    // PE-TYP-05, PE-TYP-06, PE-TYP-14
    let all = r#""Effect": "Allow", "Principal": "*", "Action": "*""#;
    statement(S3, all, "error:missing");
    statement(PolicyKind::Resource(ResourceService::Kms), all, "error:missing");
    statement(VpcEndpoint, all, "error:missing");
    statement(OTHER, all, "");
    // PE-TYP-11
    for kind in [S3, OTHER, VpcEndpoint] {
        statement(kind, FULL, "warning:names-nobody");
    }
    // PE-TYP-10
    statement(S3, &format!(r#"{FULL}, "NotPrincipal": "*""#), "warning:not-principal-allow");
}

#[test]
fn resource_control_policies_deny_and_speak_of_everyone() {
    // PE-TYP-09, PE-TYP-13
    let deny = r#""Effect": "Deny", "Action": "s3:*", "Resource": "*""#;
    statement(ResourceControl, &format!(r#"{deny}, "Principal": "*""#), "");
    statement(ResourceControl, &format!(r#"{deny}, "Principal": {{"AWS": "*"}}"#), "error:invalid-principal");
    statement(ResourceControl, deny, "error:missing");
    statement(ResourceControl, &format!(r#"{deny}, "NotPrincipal": "*""#), "error:forbidden-element");
    statement(
        ResourceControl,
        r#""Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*""#,
        "error:forbidden-element",
    );
    statement(
        ResourceControl,
        r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": "*""#,
        "",
    );
    statement(ResourceControl, &format!(r#"{FULL}, "Principal": "*""#), ""); // `RCPFullAWSAccess`
    statement(
        ResourceControl,
        r#""Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*""#,
        "error:forbidden-element",
    );
}

#[test]
fn sids_are_strict_where_iam_reads_them() {
    let check = |kind, sids: [&str; 2], expected: &str| {
        let principal = if kind == S3 { r#""Principal": "*","# } else { "" };
        let [one, two] = sids;
        document(
            kind,
            &format!(
                r#"{{"Version": "2012-10-17", "Statement": [
                    {{{principal} "Sid": {one}, {FULL}}}, {{{principal} "Sid": {two}, {FULL}}}
                ]}}"#
            ),
            expected,
        );
    };
    // PE-DOC-13
    check(Identity, [r#""A""#, r#""B""#], "");
    check(Identity, [r#""""#, r#""""#], "");
    check(Identity, [r#""A""#, r#""A""#], "error:duplicate-sid");
    check(Identity, [r#""my-sid""#, r#""é""#], "error:invalid-sid error:invalid-sid");
    check(Identity, ["1", r#""B""#], "error:wrong-type");
    // PE-DOC-14
    check(S3, [r#""my sid""#, r#""my sid""#], "warning:duplicate-sid");
    check(ServiceControl, [r#""my-sid""#, r#""B""#], "");
}

#[test]
fn actions_have_one_colon_and_a_vendor() {
    for entry in [r#""*""#, r#""s3:Get*""#, r#"["s3:Get?bject", "*:*"]"#, r#""execute-api:Invoke""#] {
        action(entry, "");
    }
    action(r#""s3""#, "error:invalid-action"); // POL-16
    action(r#""""#, "error:invalid-action");
    action(r#""s3:Get:Object""#, "error:invalid-action"); // POL-17
    action(r#""s 3:GetObject""#, "error:invalid-action"); // POL-18
    action(r#"":GetObject""#, "error:invalid-action");
    action(r#"[["s3:*"]]"#, "error:wrong-type"); // PE-DOC-07
    action("{}", "error:wrong-type");
    action("[]", "error:empty-list"); // POL-14
    action(r#""s*:Get*""#, "warning:inert-action"); // PE-ACT-05
    action(r#""s3:Get Object""#, "warning:inert-action"); // PE-ACT-06, POL-40
    action(r#""s3:Get,Put""#, "warning:inert-action");
    action(r#""s3:""#, "warning:inert-action");
    action(r#""s3:${aws:username}""#, "error:invalid-action"); // PE-ACT-07, POL-17
    action(r#""s3:${username}""#, "warning:plain-variable");
    action(r#"["s3:*", "a", 1, "b"]"#, "error:invalid-action error:wrong-type error:invalid-action");
}

#[test]
fn trust_policies_speak_of_the_assume_role_family() {
    let check = |entry: &str, expected: &str| {
        let members =
            format!(r#""Effect": "Allow", "Principal": {{"AWS": "111122223333"}}, "Action": {entry}"#);
        statement(RoleTrust, &members, expected);
    };
    // TRU-21, PE-TRU-03
    check(
        r#"["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession",
            "sts:SetSourceIdentity", "sts:SetContext", "STS:assumerole"]"#,
        "",
    );
    check(r#""sts:Assume*""#, "");
    check(r#""s3:GetObject""#, "error:trust-action");
    check(r#""sts:GetCallerIdentity""#, "error:trust-action");
    check(r#""sts:AsumeRole""#, "error:trust-action");
}

#[test]
fn resources_are_arns_or_a_star() {
    for entry in [
        r#""arn:aws:s3:::b/*""#,
        r#""arn:*:s3:::b""#, // PE-RES-11
        r#""arn:aws-cn:s3:::b""#,
        r#""arn:aws:iam::111122223333:role/app/*""#,
        r#""arn:aws:iam:::user/x""#, // POL-40
        r#""arn:aws:iam::1:root""#,
        r#""arn:aws:sqs""#,    // PE-RES-07
        r#""arn:aws:fdsasf""#, // POL-40
        r#""arn:aws:sns:*""#,
        r#""arn:*""#,                                           // PE-RES-13
        r#""arn:aws:s3:us-west-2:123456789012:accesspoint/x""#, // POL-22
        r#""arn:aws:s3:*:*:b""#,                                // PE-RES-18
    ] {
        resource(Identity, entry, "");
    }
    for entry in [
        r#""b""#, // POL-19
        r#""""#,
        r#""a:b:cadfsdf""#, // POL-20
        r#""aws:s3:::example_bucket""#,
        r#""arn:amz:s3:::b""#,
        r#""arn::s3:::b""#,
        r#""arn:aws""#,    // POL-21
        r#""arn:aws::x""#, // POL-12
        r#""arn:aws:s3::b""#,
        r#""arn:aws::::b""#,
        r#""arn:aws:iam:us-east-1::role/x""#, // POL-22
        r#""arn:aws:s3:us-east-1::b""#,
        r#""arn:aws:iam::111122223333:u*""#, // POL-35, PE-RES-10
    ] {
        resource(Identity, entry, "error:invalid-resource");
    }
    resource(Identity, r#""arn:aws:*:::x""#, "warning:wildcard-service"); // PE-RES-09
    resource(Identity, "[]", "error:empty-list"); // POL-15
    resource(S3, "[]", "warning:empty-list"); // PE-TYP-12
    // PE-RES-07 by kind
    for (kind, short, starred) in [
        (Session, "", ""),
        (PermissionsBoundary, "", ""),
        (S3, "warning:inert-resource", ""),
        (VpcEndpoint, "warning:inert-resource", ""),
        (ServiceControl, "warning:inert-resource", ""),
        (ResourceControl, "warning:inert-resource", "warning:inert-resource"),
    ] {
        resource(kind, r#""arn:aws:sqs""#, short);
        resource(kind, r#""arn:aws:sqs:*""#, starred);
        resource(kind, r#""x""#, "error:invalid-resource");
        resource(kind, r#""aws:s3:::b""#, "error:invalid-resource");
    }
}

#[test]
fn variables_are_read_in_the_new_language_and_in_their_places() {
    // PE-VAR-01
    resource(Identity, r#""arn:aws:s3:::b/${aws:username}/*""#, "");
    resource(Identity, r#""arn:aws:s3:::b/${aws:PrincipalTag/t, 'x'}""#, "");
    resource(Identity, r#""arn:aws:s3:::b/${aws:username""#, "error:invalid-variable");
    resource(Identity, r#""arn:aws:s3:::b/${}""#, "error:invalid-variable");
    condition(r#"{"StringLike": {"s3:prefix": "${aws:username"}}"#, "error:invalid-variable");
    // PE-RES-15
    resource(Identity, r#""arn:aws:sqs:${aws:RequestedRegion}:1:q""#, "warning:plain-variable");
    // PE-VAR-02
    condition(r#"{"NumericEquals": {"s3:max-keys": "${aws:PrincipalTag/n}"}}"#, "warning:plain-variable");
    condition(r#"{"Bool": {"aws:SecureTransport": "${aws:x}"}}"#, "warning:plain-variable");
    // PE-VAR-04
    for version in ["", r#""Version": "2008-10-17","#] {
        document(
            Identity,
            &format!(
                r#"{{{version} "Statement": {{"Effect": "Allow", "Action": "s3:*",
                    "Resource": "arn:aws:s3:::b/${{aws:username",
                    "Condition": {{"StringLike": {{"s3:prefix": "${{"}}}}}}}}"#
            ),
            "warning:plain-variable warning:plain-variable",
        );
    }
}

#[test]
fn principals_have_the_forms_aws_reads() {
    for value in [
        r#""*""#, // PE-PRN-01
        r#"{"AWS": "*"}"#,
        r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:root"]}"#, // PE-PRN-03
        r#"{"AWS": "arn:aws:iam::111122223333:user/dev/bob"}"#,           // PE-PRN-05
        r#"{"AWS": "arn:aws:iam::111122223333:role/r"}"#,                 // PE-PRN-06
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}"#,       // PE-PRN-07
        r#"{"AWS": "arn:aws:sts::111122223333:federated-user/f"}"#,       // PE-PRN-08
        r#"{"AWS": "AIDAABCDEFGHIJKLMNOPQ"}"#,                            // PE-PRN-09
        r#"{"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}"#,  // PE-PRN-13
        r#"{"Federated": "accounts.google.com"}"#,                        // PE-PRN-14
        r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/a.b/c"}"#,
        r#"{"AWS": "111122223333", "Service": "sns.amazonaws.com"}"#, // PE-PRN-02
        r#"{"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}"#,
    ] {
        principal(S3, value, "");
    }
    principal(S3, r#""111122223333""#, "error:invalid-principal"); // PE-PRN-02
    principal(S3, r#"["*"]"#, "error:wrong-type");
    principal(S3, r#"{"aws": "*"}"#, "error:unknown-element");
    principal(S3, r#"{"Group": "g"}"#, "error:unknown-element");
    principal(S3, r#"{"AWS": "bob"}"#, "error:invalid-principal");
    principal(S3, r#"{"AWS": 111122223333}"#, "error:wrong-type");
    principal(S3, "{}", "warning:empty-list"); // PE-TYP-12
    principal(S3, r#"{"AWS": []}"#, "warning:empty-list");
    for nobody in [
        r#"{"AWS": "arn:aws:iam::111122223333:role/app-*"}"#, // PE-PRN-05
        r#"{"AWS": "arn:aws:iam::111122223333:group/g"}"#,    // PE-PRN-12
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/r/*"}"#, // PE-PRN-07
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/path/r/s"}"#,
    ] {
        principal(S3, nobody, "warning:names-nobody");
        principal(RoleTrust, nobody, "error:invalid-principal"); // TRU-28, TRU-29
    }
    principal(S3, r#"{"Service": "*"}"#, "warning:names-nobody"); // PE-PRN-13
    principal(S3, r#"{"CanonicalUser": "79a5"}"#, "warning:names-nobody"); // PE-PRN-15
    principal(S3, r#"{"Federated": "x"}"#, "warning:names-nobody");
    principal(RoleTrust, r#""*""#, "error:invalid-principal"); // TRU-27
    principal(RoleTrust, r#"{"AWS": "*"}"#, "warning:trusts-everyone"); // PE-TRU-02
}

#[test]
fn conditions_are_operators_over_keys_over_values() {
    condition("{}", "");
    condition(r#"{"StringEquals": {"aws:username": ["a", 1, true]}}"#, ""); // PE-DOC-08
    condition(r#"{"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}"#, ""); // POL-40
    condition("[]", "error:wrong-type"); // POL-10
    condition(r#""x""#, "error:wrong-type");
    condition(r#"{"StringEquals": []}"#, "error:wrong-type");
    condition(r#"{"StringEquals": {"aws:username": null}}"#, "error:wrong-type");
    condition(r#"{"StringEquals": {"aws:username": [["a"]]}}"#, "error:wrong-type"); // PE-DOC-07
    condition(r#"{"StringEqual": {"aws:username": "a"}}"#, "error:unknown-operator"); // PE-CND-05
    condition(r#"{"NullIfExists": {"aws:username": "true"}}"#, "error:unknown-operator"); // PE-CND-06
    condition(r#"{"ForAnyValue::StringLike": {"aws:TagKeys": "a"}}"#, "error:unknown-operator"); // POL-10
    condition(r#"{"a": {}}"#, "warning:empty-list"); // POL-40
    condition(r#"{"DateGreaterThan": {"a": []}}"#, "warning:empty-list"); // POL-40, PE-CND-14
    condition(r#"{"stringequals": {"aws:username": "a"}}"#, "warning:operator-case");
    condition(
        r#"{"stringequals": {"aws:username": "a"}, "StringEquals": {"aws:username": "a"}}"#,
        "warning:operator-case error:duplicate-key",
    );
    // PE-DOC-05, PE-DOC-06
    condition(r#"{"Null": {"a:b": "true", "A:B": "true"}}"#, "error:duplicate-key");
    condition(r#"{"Null": {"a:b": "true"}, "Null": {"a:c": "true"}}"#, "error:duplicate-key");
    condition(r#"{"StringLike": {"aws:SourcIp": "*"}}"#, "warning:unknown-condition-key"); // PE-CND-07
    condition(r#"{"StringLike": {"x:y": "*"}}"#, "");
    // PE-TYP-20, PE-ARN-03, PE-DAT-03
    condition(r#"{"ArnLike": {"aws:SourceArn": "*"}}"#, "warning:unreadable-value");
    condition(r#"{"DateLessThan": {"aws:CurrentTime": "2024"}}"#, "warning:unreadable-value");
    // POL-40, POL-12
    for stored in ["01T", "2016-12-13t2:00:00.593194+23", "-292275054"] {
        condition(&format!(r#"{{"DateLessThan": {{"a": "{stored}"}}}}"#), "warning:unreadable-value");
    }
    for refused in [
        "234-13",
        "2016-12-13t2:00:00.593194+1",
        "2016-12-13t2:00:00.1999999999+10:59",
        "9223372036854775808",
        "soon",
    ] {
        condition(&format!(r#"{{"DateLessThan": {{"a": "{refused}"}}}}"#), "error:unreadable-value");
    }
    condition(r#"{"NumericLessThan": {"s3:max-keys": "ten"}}"#, "warning:unreadable-value");
}

#[test]
fn an_empty_operator_block_says_nothing() {
    let policy = Policy::parse(
        Identity,
        format!(r#"{{"Statement": {{{FULL}, "Condition": {{"a": {{}}, "Null": {{}}}}}}}}"#),
    )
    .unwrap();
    assert!(policy.statements()[0].conditions().is_empty());
}

#[test]
fn a_hostile_document_takes_linear_time() {
    let entries = vec!["\"s3:*\""; 200_000].join(",");
    action(&format!("[{entries}]"), "");
    let keys: Vec<_> = (0..100_000).map(|key| format!("\"x:{key}\": \"v\"")).collect();
    condition(&format!("{{\"StringLike\": {{{}}}}}", keys.join(",")), "");
}

#[test]
fn spelling_is_advised_on() {
    let check = |block: &str, expected: &str| {
        let members = format!(r#""Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {block}"#);
        let error = Policy::parse(Identity, format!(r#"{{"Statement": {{{members}}}}}"#)).unwrap_err();
        assert_eq!(error.diagnostics()[0].help(), Some(expected), "{block}");
    };
    check(r#"{"StringEqual": {"a": "b"}}"#, "did you mean `StringEquals`?");
    check(
        r#"{"ForAnyValues:StringLikeIfExist": {"a": "b"}}"#,
        "did you mean `ForAnyValue:StringLikeIfExists`?",
    );
    check(r#"{"ForAnyValue::StringLike": {"a": "b"}}"#, "did you mean `ForAnyValue:StringLike`?");
    check(
        r#"{"NullIfExists": {"a": "b"}}"#,
        "`Null` has no `IfExists`: it asks itself whether the key is there",
    );
}
