//! What AWS answers to trust policies, policies on resources and control policies that are written.
//!
//! Where `IAMSIM_CORPORA` names the recordings, the recorded rows are held against them as well.

mod recorded;

use iamsim_policy::ResourceService::{Kms, Lambda, Sns, Sqs};
use iamsim_policy::{GuardedIssuer, PolicyKind, PrincipalPattern, ResourceService, Source, WriteChecks};
use recorded::{answer, as_recorded, check, malformed};

const SYNTAX: &str = "Syntax errors in policy.";
const OK: &str = "accepted";

fn trust(members: &str, expected: &str) {
    let document = format!(r#"{{"Statement":{{"Effect":"Allow",{members}}}}}"#);
    check(PolicyKind::RoleTrust, &document, &malformed(expected));
}

#[test]
fn trust_policies_have_their_own_answers() {
    let assume = r#""Action":"sts:AssumeRole""#;
    let account = r#""Principal":{"AWS":"111122223333"}"#;
    check(PolicyKind::RoleTrust, "x", &malformed("This policy contains invalid Json")); // TRU-20
    let family = "AssumeRole policy may only specify STS AssumeRole actions.";
    trust(&format!(r#"{account},"Action":"s3:GetObject""#), family); // TRU-21
    trust(&format!(r#"{account},"Action":["sts:AssumeRole","sts:GetCallerIdentity"]"#), family);
    trust(&format!(r#"{account},"Action":"*""#), family);
    trust(&format!(r#"{account},{assume},"Resource":"*""#), "Has prohibited field Resource"); // TRU-22
    trust(&format!(r#"{account},{assume},"NotResource":"*""#), "Has prohibited field Resource");
    trust(&format!(r#"{account},"Action":"s3:x","Resource":"*""#), "Has prohibited field Resource"); // TRAP-52
    trust(assume, "Missing required field Principal"); // TRU-23
    trust(&format!("{account},{assume}"), OK); // TRU-24: no version
    trust(&format!(r#"{account},{assume},"Condition":{{}}"#), OK); // TRU-102
    let star = "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".";
    trust(&format!(r#""Principal":"*",{assume}"#), star); // TRU-27
    trust(&format!(r#""Principal":{{"AWS":"*"}},{assume}"#), OK);
    for bad in [
        "arn:aws:iam::111122223333:role/app-*",   // TRU-28
        "arn:aws:iam::111122223333:group/admins", // TRU-29
        "bob",
    ] {
        let expected = format!("Invalid principal in policy: \"AWS\":\"{bad}\"");
        trust(&format!(r#""Principal":{{"AWS":"{bad}"}},{assume}"#), &expected);
    }
    let service = |name: &str, expected: &str| {
        trust(&format!(r#""Principal":{{"Service":"{name}"}},{assume}"#), expected);
    };
    service("ec2.amazonaws.com", OK);
    service("ec2.amazonaws.com.cn", OK);
    service("ec2", "Invalid principal in policy: \"SERVICE\":\"ec2\""); // TRU-30
    trust(&format!(r#"{account},{assume},"effect":"x""#), SYNTAX);
    trust(
        &format!(r#""Sid":"a b",{account},{assume}"#),
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
         [0-9A-Za-z]*",
    );
}

#[test]
fn other_recorded_answers_are_ours_too() {
    let check = |file, test: &str, step: &str, kind, document: &str| {
        as_recorded(file, test, Some(step), &answer(kind, document));
    };
    // TRU-20 to TRU-22
    let test = "::test_create_role_with_malformed_assume_role_policy_document";
    check("iam__test_iam", test, "invalid-json", PolicyKind::RoleTrust, "not json");
    let test = "::test_update_assume_role_policy_errors";
    let trust = |rest: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{{"Service":"ec2.amazonaws.com"}},{rest}}}}}"#
        )
    };
    for (step, document) in [
        ("invalid-json-error", "not json".to_owned()),
        ("invalid-action-error", trust(r#""Action":"s3:GetObject""#)),
        ("resource-field-error", trust(r#""Action":"sts:AssumeRole","Resource":"*""#)),
    ] {
        check("iam__test_iam_roles", test, step, PolicyKind::RoleTrust, &document);
    }
    // PE-VAL-04
    let s3 = PolicyKind::Resource(ResourceService::S3);
    for (step, document) in [
        ("put-empty-bucket-policy", ""),
        ("put-bucket-policy-randomstring", "random"),
        ("put-bucket-policy-empty-json", "{}"),
    ] {
        check("s3__test_s3_api", "::test_bucket_policy_exc", step, s3, document);
    }
    // PE-VAL-06
    let document =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}"#;
    let sns = PolicyKind::Resource(Sns);
    check("sns__test_sns", "::test_add_permission_errors", "invalid-action", sns, document);
}

#[test]
fn principals_are_looked_up_where_they_are_stored_by_id() {
    let document = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/known",
        "arn:aws:iam::111122223333:role/gone"]},"Action":"sts:AssumeRole"}}"#;
    let checks = WriteChecks::default();
    let known = |principal: &PrincipalPattern| principal.to_string().ends_with("known");
    let source = Source::from(document);
    let refusal = checks.check_principals(PolicyKind::RoleTrust, &source, known).unwrap_err();
    // TRU-25
    assert_eq!(
        refusal.message(),
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111122223333:role/gone\""
    );
    assert!(checks.check(PolicyKind::RoleTrust, &source).is_ok());
}

#[test]
fn shared_issuers_must_be_narrowed_down() {
    // TRU-35
    let github = |path: &str, condition: &str, expected: &str| {
        let provider =
            format!("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com{path}");
        let condition = condition.replace("SUB", &format!("token.actions.githubusercontent.com{path}:sub"));
        trust(
            &format!(
                r#""Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity",
                    "Condition":{{{condition}}}"#
            ),
            expected,
        );
    };
    let refused = |path: &str| {
        format!(
            "Trust policy with trusted principal arn:aws:iam::111122223333:oidc-provider/\
             token.actions.githubusercontent.com{path} must evaluate, using StringEquals, StringLike or \
             StringEqualsIgnoreCase, token.actions.githubusercontent.com{path}:sub which is not scoped to all."
        )
    };
    github("", r#""StringLike":{"SUB":"repo:org/*"}"#, OK); // TRU-107
    github("", r#""ForAnyValue:StringEquals":{"SUB":["repo:o/a:x","repo:o/b:x"]}"#, OK);
    github("", "", &refused("")); // TRAP-54
    github("", r#""StringLike":{"SUB":"*"}"#, &refused(""));
    github("", r#""StringLike":{"SUB":["repo:org/*","**"]}"#, &refused(""));
    github("", r#""StringNotLike":{"SUB":"x"}"#, &refused(""));
    github("", r#""StringEqualsIfExists":{"SUB":"x"}"#, &refused(""));
    github("", r#""ForAllValues:StringEquals":{"SUB":"x"}"#, &refused(""));
    github("", r#""StringEquals":{"SUB":[]}"#, &refused(""));
    github("/enterprise", r#""StringEquals":{"SUB":"repo:o/r"}"#, OK);
    github(
        "/enterprise",
        r#""StringEquals":{"token.actions.githubusercontent.com:sub":"x"}"#,
        &refused("/enterprise"),
    );
    github(".evil.example", "", OK);
    // TRU-36: others by choice
    let gitlab = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
        "Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/gitlab.com"}}}"#;
    check(PolicyKind::RoleTrust, gitlab, OK);
    let checks = WriteChecks::default()
        .with_guarded_issuers([GuardedIssuer::github(), GuardedIssuer::new("gitlab.com", "sub")]);
    assert!(checks.check(PolicyKind::RoleTrust, &Source::from(gitlab)).is_err());
}

#[test]
fn buckets_have_their_own_answers() {
    let s3 = PolicyKind::Resource(ResourceService::S3);
    let says = |document: &str, expected: &str| {
        let expected = if expected == OK { OK.to_owned() } else { format!("MalformedPolicy: {expected}") };
        check(s3, document, &expected);
    };
    let not_json = "Policies must be valid JSON and the first byte must be '{'";
    says("", not_json); // PE-VAL-04
    says("random", not_json);
    says(" {}", not_json);
    says("{}", "Missing required field Statement");
    let statement = |members: &str, expected: &str| {
        says(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#), expected);
    };
    let allow = r#""Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*""#;
    statement(allow, OK);
    statement(&allow.replace(r#""Principal":"*","#, ""), "Missing required field Principal");
    statement(&allow.replace("Principal", "Principle"), "Unknown field Principle");
    statement(&allow.replace(r#""*","Action""#, r#"{"AWS":"bob"},"Action""#), "Invalid principal in policy");
    statement(
        &allow.replace(r#""*","Action""#, r#"{"AWS":"arn:aws:iam::111122223333:user/*"},"Action""#),
        "Invalid principal in policy", // PE-PRN-05
    );
    statement(&allow.replace("s3:GetObject", "ec2:Run"), "Policy has invalid action");
    statement(&allow.replace("arn:aws:s3:::b/*", "*"), "Policy has invalid resource");
    statement(&allow.replace("arn:aws:s3:::b/*", "b"), "Policy has invalid resource");
    statement(&allow.replace("Principal", "NotPrincipal"), "Allow with NotPrincipal is not allowed."); // PE-TYP-10
    statement(&allow.replace("Allow", "Deny").replace("Principal", "NotPrincipal"), OK);
    says(
        &format!(r#"{{"Version":"2020","Statement":{{{allow}}}}}"#),
        "The policy must contain a valid version string",
    );
    says(&format!(r#"{{"Statement":{{{allow}}}}}"#), OK); // PE-VAL-09
    says(r#"{"Statement":[]}"#, "Could not parse the policy: Statement is empty!");
    // PE-RES-17
    let checks = WriteChecks::default().with_target("arn:aws:s3:::b".parse().unwrap());
    let other = format!(r#"{{"Statement":{{{}}}}}"#, allow.replace(":::b/", ":::c/"));
    assert_eq!(checks.check(s3, &Source::from(other)).unwrap_err().message(), "Policy has invalid resource");
    assert!(checks.check(s3, &Source::from(format!(r#"{{"Statement":{{{allow}}}}}"#))).is_ok());
}

#[test]
fn other_services_have_their_codes() {
    let says =
        |service, document: &str, expected: &str| check(PolicyKind::Resource(service), document, expected);
    let topic = |action: &str, principal: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"arn:aws:sns:eu-west-1:111122223333:t"}}}}"#
        )
    };
    says(Sns, &topic("SNS:Publish", r#""*""#), OK);
    says(
        Sns,
        &topic("s3:GetObject", r#""*""#),
        "InvalidParameter: Invalid parameter: Policy statement action out of service scope!", // PE-VAL-06
    );
    says(Sns, "x", "InvalidParameter: Invalid parameter: Policy Error: null");
    says(Sqs, "x", "InvalidAttributeValue: Invalid value for the parameter Policy.");
    says(
        Lambda,
        &topic("lambda:InvokeFunction", r#"{"AWS":"bob"}"#),
        "InvalidParameterValueException: The provided principal was invalid. Please check the principal and try \
         again.", // PE-VAL-05
    );
    says(
        Kms,
        &topic("kms:Decrypt", r#"{"AWS":"arn:aws:iam::111122223333:user/*"}"#),
        "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.",
    );
    check(
        PolicyKind::VpcEndpoint,
        "{\n  'a'}",
        "InvalidPolicyDocument: The Policy Document is not valid. Syntax error at position (2,3)",
    );
    check(PolicyKind::VpcEndpoint, &topic("sns:Publish", r#""*""#), OK);
}

#[test]
fn control_policies_have_one_answer() {
    let refused = "MalformedPolicyDocumentException: The provided policy document does not meet the requirements \
                   of the specified policy type.";
    let scp = |document: &str, expected: &str| check(PolicyKind::ServiceControl, document, expected);
    scp(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, OK);
    // PE-TYP-08: the language of today
    scp(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iam:*Key*","NotResource":"arn:aws:s3:::b",
            "Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}}"#,
        OK,
    );
    scp(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, refused); // PE-TYP-07
    scp(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#, refused);
    scp(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#,
        refused,
    );
    let rcp = |effect: &str, expected: &str| {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Principal":"*","Action":"s3:*","Resource":"*"}}}}"#
        );
        check(PolicyKind::ResourceControl, &document, expected);
    };
    rcp("Deny", OK);
    rcp("Allow", refused); // PE-TYP-09
}
