//! What an explanation says, read as its reader would: the canonical text and the JSON of realistic cases.

#![expect(clippy::unwrap_used, reason = "a test")]

use iamsim_eval::{
    Attached, Caller, Context, Credentials, KeyGrant, Layers, Level, Program, Request, Resource,
    ResourcePolicy, Truth, authorize, explain,
};
use iamsim_policy::{Policy, PolicyKind, ResourceService, Source};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const ACCOUNT: &str = "111122223333";

/// A policy as it stands in a file of its name.
fn policy(kind: PolicyKind, name: &str, text: &str) -> Attached {
    let source = Source::new(format!("{name}.json"), text);
    Attached::new(name, Program::compile(&Policy::parse(kind, source).unwrap()))
}

fn identity(name: &str, text: &str) -> Attached {
    policy(PolicyKind::Identity, name, text)
}

fn bucket(name: &str, text: &str) -> ResourcePolicy {
    ResourcePolicy::Attached(policy(PolicyKind::Resource(ResourceService::S3), name, text))
}

fn trust(name: &str, text: &str) -> ResourcePolicy {
    ResourcePolicy::Attached(policy(PolicyKind::RoleTrust, name, text))
}

fn user(arn: &str) -> Caller {
    Caller::user(arn.parse().unwrap()).unwrap()
}

fn session(role: &str, name: &str) -> Caller {
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{}/{name}", role.rsplit('/').next().unwrap());
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
    Caller::role_session(session.parse().unwrap(), role.parse().unwrap()).unwrap()
}

fn request(caller: Caller, action: &str, resource: &str, context: Context) -> Request {
    let resource = if resource == "*" { Resource::None } else { Resource::Arn(resource.parse().unwrap()) };
    let action: iamsim_policy::Action = action.parse().unwrap();
    let request = Request::new(caller, action, resource, context);
    match request.owner() {
        Some(_) => request,
        None => request.with_owner(ACCOUNT.parse().unwrap()),
    }
}

/// The canonical text; the decision in it is the one without explanation, and the text is ASCII.
fn text(layers: &Layers, request: &Request) -> String {
    let explanation = explain(layers, request);
    assert_eq!(explanation.decision(), authorize(layers, request));
    let text = explanation.to_string();
    assert!(text.is_ascii(), "{text}");
    format!("{text}\n{}\n", explanation.message())
}

#[test]
fn an_identity_policy_that_allows_another_bucket_is_a_near_miss() {
    let layers = Layers::new()
        .with_identity(identity(
            "developer",
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadDevReports",
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:ListBucket"],
      "Resource": "arn:aws:s3:::dev-reports/*"
    },
    {"Sid": "Queues", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
    {"Sid": "Topics", "Effect": "Allow", "Action": "sns:*", "Resource": "*"},
    {"Sid": "Logs", "Effect": "Allow", "Action": "logs:*", "Resource": "*"},
    {"Sid": "NoDelete", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}
  ]
}"#,
        ))
        .with_identity(identity(
            "basics",
            r#"{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"}
}"#,
        ));
    let request =
        request(user(ALICE), "s3:GetObject", "arn:aws:s3:::reports/2026/q1.csv", Context::complete());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_deny_in_a_service_control_policy_names_its_place_and_its_way_out() {
    let full = || {
        policy(
            PolicyKind::ServiceControl,
            "FullAWSAccess",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
        )
    };
    let guard = policy(
        PolicyKind::ServiceControl,
        "guard-rails",
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "OnlyFrankfurt",
      "Effect": "Deny",
      "NotAction": ["iam:*", "organizations:*"],
      "Resource": "*",
      "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-central-2"]}}
    }
  ]
}"#,
    );
    let layers = Layers::new()
        .with_identity(identity(
            "admin",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
        ))
        .with_scps(vec![
            Level::new("r-root", vec![full(), guard]),
            Level::new("ou-workloads", vec![full()]),
            Level::new(ACCOUNT, vec![full()]),
        ]);
    let context = Context::complete().with("aws:RequestedRegion", "us-east-1");
    let request =
        request(user(ALICE), "ec2:RunInstances", "arn:aws:ec2:us-east-1:111122223333:instance/*", context);
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_level_without_allow_is_named() {
    let scp = |name: &str, action: &str| {
        policy(
            PolicyKind::ServiceControl,
            name,
            &format!(
                r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
            ),
        )
    };
    let layers = Layers::new()
        .with_identity(identity(
            "admin",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
        ))
        .with_scps(vec![
            Level::new("r-root", vec![scp("FullAWSAccess", "*")]),
            Level::new("ou-data", vec![scp("OnlyS3", "s3:*")]),
            Level::new(ACCOUNT, vec![]),
        ]);
    let request = request(user(ALICE), "ec2:DescribeInstances", "*", Context::complete());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_boundary_cuts_what_a_bucket_grants_to_a_role_by_its_arn() {
    let layers = Layers::new()
        .with_boundary(policy(
            PolicyKind::PermissionsBoundary,
            "compute-only",
            r#"{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": ["ec2:*", "lambda:*"], "Resource": "*"}
}"#,
        ))
        .with_resource(bucket(
            "reports-bucket",
            r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "Deployers",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci/deployer"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::reports/*"
  }
}"#,
        ));
    let request = request(
        session("ci/deployer", "build-42"),
        "s3:GetObject",
        "arn:aws:s3:::reports/q1.csv",
        Context::complete(),
    );
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_session_policy_cuts_and_a_role_policy_counts() {
    let layers = Layers::new()
        .with_identity(identity(
            "deployer",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
        ))
        .with_session(vec![policy(
            PolicyKind::Session,
            "session-policy",
            r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::builds/*"}}"#,
        )]);
    let request = request(
        session("deployer", "build-42"),
        "s3:PutObject",
        "arn:aws:s3:::builds/42.zip",
        Context::complete(),
    );
    insta::assert_snapshot!(text(&layers, &request));
}

const PARTNER_BUCKET: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Partner",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::partner-data/*"
    }
  ]
}"#;

#[test]
fn across_accounts_the_callers_side_may_be_missing() {
    let layers = Layers::new().with_resource(bucket("partner-data", PARTNER_BUCKET));
    let request =
        request(user(ALICE), "s3:GetObject", "arn:aws:s3:::partner-data/a.csv", Context::complete())
            .with_owner("444455556666".parse().unwrap());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn across_accounts_the_resources_side_may_be_missing() {
    let layers = Layers::new()
        .with_identity(identity(
            "reader",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#,
        ))
        .with_resource(bucket("partner-data", &PARTNER_BUCKET.replace("111122223333", "777788889999")));
    let request =
        request(user(ALICE), "s3:GetObject", "arn:aws:s3:::partner-data/a.csv", Context::complete())
            .with_owner("444455556666".parse().unwrap());
    insta::assert_snapshot!(text(&layers, &request));
}

const VENDOR_TRUST: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "Vendor",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": "acme-7"}}
  }
}"#;

fn vendor(context: Context) -> (Layers, Request) {
    let layers = Layers::new().with_resource(trust("vendor-access", VENDOR_TRUST)).with_identity(identity(
        "assume",
        r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/vendor*"}}"#,
    ));
    let caller = user("arn:aws:iam::999988887777:user/collector");
    (layers, request(caller, "sts:AssumeRole", "arn:aws:iam::111122223333:role/vendor-access", context))
}

#[test]
fn a_wrong_external_id_is_told_with_the_right_one() {
    let (layers, request) = vendor(Context::complete().with("sts:ExternalId", "acme-8"));
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_missing_external_id_is_told_as_missing() {
    let (layers, request) = vendor(Context::complete());
    insta::assert_snapshot!(text(&layers, &request));
    insta::assert_snapshot!(
        "a_missing_external_id_as_json",
        serde_json::to_string_pretty(&explain(&layers, &request).to_json()).unwrap()
    );
}

#[test]
fn missing_mfa_is_told_with_what_would_do() {
    let layers = Layers::new().with_identity(identity(
        "admin-with-mfa",
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
    {
      "Sid": "DenyWithoutMfa",
      "Effect": "Deny",
      "NotAction": ["iam:ListMFADevices", "sts:GetSessionToken"],
      "Resource": "*",
      "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    }
  ]
}"#,
    ));
    let request = request(
        user(ALICE),
        "ec2:StopInstances",
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc",
        Context::complete(),
    );
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn an_undetermined_answer_names_keys_and_residual_conditions() {
    let layers = Layers::new().with_identity(identity(
        "team-folders",
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "OwnFolder",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::home/${aws:PrincipalTag/team}/*",
      "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}
    },
    {
      "Sid": "NotFromOutside",
      "Effect": "Deny",
      "Action": "s3:*",
      "Resource": "*",
      "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}
    },
    {
      "Sid": "OtherService",
      "Effect": "Allow",
      "Action": "sqs:*",
      "Resource": "*",
      "Condition": {"StringEquals": {"aws:PrincipalTag/unused": "x"}}
    }
  ]
}"#,
    ));
    let context = Context::partial().with("aws:SourceIp", "203.0.113.9");
    let request = request(user(ALICE), "s3:GetObject", "arn:aws:s3:::home/red/plan.txt", context);
    insta::assert_snapshot!(text(&layers, &request));
    insta::assert_snapshot!(
        "an_undetermined_answer_as_json",
        serde_json::to_string_pretty(&explain(&layers, &request).to_json()).unwrap()
    );
}

#[test]
fn what_is_denied_in_any_case_says_so() {
    let layers = Layers::new().with_identity(identity(
        "no-public-network",
        r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Action": "*", "Resource": "*",
  "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#,
    ));
    let request = request(user(ALICE), "iam:ListUsers", "*", Context::partial());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn an_unknown_resource_policy_is_told() {
    let layers = Layers::new()
        .with_identity(identity(
            "reader",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#,
        ))
        .with_resource(ResourcePolicy::Unknown);
    let request = request(user(ALICE), "s3:GetObject", "arn:aws:s3:::elsewhere/a", Context::complete())
        .with_owner("444455556666".parse().unwrap());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_key_policy_that_delegates_nothing_voids_identity_policies() {
    let layers = Layers::new()
        .with_identity(identity(
            "crypto",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}"#,
        ))
        .with_resource(ResourcePolicy::Attached(policy(
            PolicyKind::Resource(ResourceService::Kms),
            "key-policy",
            r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "OnlyBob",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:user/bob"},
    "Action": "kms:*",
    "Resource": "*"
  }
}"#,
        )))
        .with_grant(KeyGrant::new("grant-5c1d", ["Encrypt"]));
    let request = request(
        user(ALICE),
        "kms:Decrypt",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
        Context::complete(),
    );
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn not_principal_needs_the_whole_chain() {
    let layers = Layers::new()
        .with_identity(identity(
            "reader",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#,
        ))
        .with_resource(bucket(
            "vault",
            r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "OnlyDeployer",
    "Effect": "Deny",
    "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:role/deployer", "111122223333"]},
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::vault/*"
  }
}"#,
        ));
    let request = request(
        session("deployer", "build-42"),
        "s3:GetObject",
        "arn:aws:s3:::vault/secret",
        Context::complete(),
    );
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn not_principal_says_who_is_missing_and_who_is_exempt() {
    let check = |listed: &str, expected: &str| {
        let vault = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "NotPrincipal": {{"AWS": [{listed}]}},
            "Action": "s3:*", "Resource": "arn:aws:s3:::vault/*"}}}}"#
        );
        let layers = Layers::new().with_resource(bucket("vault", &vault));
        let caller = session("deployer", "build-42");
        let request = request(caller, "s3:GetObject", "arn:aws:s3:::vault/secret", Context::complete());
        let told = text(&layers, &request);
        assert!(told.contains(expected), "{told}");
    };
    let (role, session) = (
        "arn:aws:iam::111122223333:role/deployer",
        "arn:aws:sts::111122223333:assumed-role/deployer/build-42",
    );
    check(
        r#""111122223333""#,
        &format!("yes NotPrincipal: `{role}`, `{session}` are not among `111122223333`\n"),
    );
    check(
        &format!(r#""111122223333", "{role}""#),
        &format!("yes NotPrincipal: `{session}` is not among `111122223333`, `{role}`\n"),
    );
    check(
        &format!(r#""111122223333", "{role}", "{session}""#),
        &format!("no  NotPrincipal: the caller is exempt by `111122223333`, `{role}`, `{session}`\n"),
    );
}

#[test]
fn the_root_user_gets_past_its_own_bucket_policy() {
    let layers = Layers::new().with_resource(bucket(
        "locked",
        r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::locked"}}"#,
    ));
    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    let request = request(root, "s3:DeleteBucketPolicy", "arn:aws:s3:::locked", Context::complete());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn a_fixed_rule_decides_before_any_policy() {
    let layers = Layers::new().with_identity(identity(
        "admin",
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
    ));
    let caller = user(ALICE).with_credentials(Credentials::SessionToken { mfa: Truth::False });
    let request = request(caller, "iam:ListUsers", "*", Context::complete());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn an_allowed_request_names_what_it_rests_on() {
    let layers = Layers::new()
        .with_identity(identity(
            "home",
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:*Object",
      "Resource": ["arn:aws:s3:::shared/*", "arn:aws:s3:::home/${aws:username}/*"],
      "Condition": {
        "Bool": {"aws:SecureTransport": "true"},
        "StringLike": {"aws:PrincipalTag/cost-center": ["cc-1*", "cc-2*", "cc-3*"]},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
        "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}
      }
    }
  ]
}"#,
        ))
        .with_boundary(policy(
            PolicyKind::PermissionsBoundary,
            "storage",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
        ))
        .with_resource(bucket(
            "home-bucket",
            r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "arn:aws:s3:::home/*"}}"#,
        ));
    let context = Context::complete()
        .with("aws:username", "alice")
        .with("aws:SecureTransport", "true")
        .with("aws:PrincipalTag/cost-center", "cc-2104")
        .with("aws:MultiFactorAuthAge", "120")
        .with("aws:CurrentTime", "2026-03-01T12:00:00Z")
        .with_many("aws:TagKeys", ["team"]);
    let request = request(user(ALICE), "s3:GetObject", "arn:aws:s3:::home/alice/notes.txt", context);
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn conditions_say_what_was_compared_with_what() {
    let layers = Layers::new().with_identity(identity(
        "conditions",
        r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": "ec2:CreateTags",
    "Resource": "arn:aws:ec2:*:*:instance/*",
    "Condition": {
      "ForAnyValue:StringEquals": {"aws:TagKeys": ["cost-center"]},
      "ForAllValues:StringLike": {"aws:TagKeys": ["team*", "stage"]},
      "StringEquals": {"aws:TagKeys": "team", "aws:RequestTag/team": "${aws:PrincipalTag/team}"},
      "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci-*"},
      "NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]},
      "Null": {"aws:TokenIssueTime": "false"},
      "NumericEquals": {"aws:MultiFactorAuthAge": "ten"}
    }
  }
}"#,
    ));
    let context = Context::complete()
        .with_many("aws:TagKeys", ["team", "owner"])
        .with("aws:RequestTag/team", "blue")
        .with("aws:PrincipalTag/team", "red")
        .with("aws:PrincipalArn", ALICE)
        .with("aws:SourceIp", "203.0.113.9")
        .with("aws:MultiFactorAuthAge", "10");
    let request =
        request(user(ALICE), "ec2:CreateTags", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc", context);
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn block_public_access_says_why_a_matching_statement_grants_nothing() {
    let layers = Layers::new()
        .with_resource(bucket(
            "website",
            r#"{"Version": "2012-10-17", "Statement": {
  "Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::website/*"}}"#,
        ))
        .with_restrict_public_buckets();
    let request =
        request(Caller::anonymous(), "s3:GetObject", "arn:aws:s3:::website/index.html", Context::complete());
    insta::assert_snapshot!(text(&layers, &request));
}

#[test]
fn the_users_own_text_can_forge_no_line() {
    let layers = Layers::new().with_identity(identity(
        "odd\nallow: *",
        "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\",
  \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"aws:PrincipalTag/a`b\": \"x\\n  decided by\"}}}}",
    ));
    let context = Context::complete()
        .with("aws:PrincipalTag/a`b", "\u{202e}\u{1b}[2J".to_owned() + &"y".repeat(1_000_000));
    let request = request(user(ALICE), "s3:GetObject", "arn:aws:s3:::b/k", context);
    insta::assert_snapshot!(text(&layers, &request));
}
