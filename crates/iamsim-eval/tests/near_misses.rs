//! What stands between a denial and being allowed, in the words of the near misses.

#![expect(clippy::unwrap_used, reason = "a test")]

use iamsim_eval::{
    Attached, Caller, Context, Decision, Layers, Level, Program, Request, Resource, ResourcePolicy,
    authorize, explain,
};
use iamsim_policy::{Policy, PolicyKind, ResourceService};

const ACCOUNT: &str = "111122223333";
const OBJECT: &str = "arn:aws:s3:::reports/q1.csv";

/// A policy of the statements, which are written without brackets.
fn policy(kind: PolicyKind, statements: &str) -> Attached {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Attached::new("policy", Program::compile(&Policy::parse(kind, text.as_str()).unwrap()))
}

fn identity(statements: &str) -> Layers {
    Layers::new().with_identity(policy(PolicyKind::Identity, statements))
}

fn allow(actions: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}"#)
}

fn bucket(principal: &str) -> ResourcePolicy {
    let text =
        format!(r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "s3:*", "Resource": "*"}}"#);
    ResourcePolicy::Attached(policy(PolicyKind::Resource(ResourceService::S3), &text))
}

fn user() -> Caller {
    Caller::user("arn:aws:iam::111122223333:user/alice".parse().unwrap()).unwrap()
}

fn session() -> Caller {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1".parse().unwrap();
    Caller::role_session(session, "arn:aws:iam::111122223333:role/app".parse().unwrap()).unwrap()
}

fn federated_user() -> Caller {
    let session = "arn:aws:sts::111122223333:federated-user/bob".parse().unwrap();
    let user = "arn:aws:iam::111122223333:user/broker".parse().unwrap();
    Caller::federated_user(session, Some(user)).unwrap()
}

fn request(caller: Caller, action: &str, resource: &str, context: Context) -> Request {
    let resource = Resource::Arn(resource.parse().unwrap());
    let request = Request::new(caller, action.parse().unwrap(), resource, context);
    request.with_owner(ACCOUNT.parse().unwrap())
}

fn near_misses(layers: &Layers, request: &Request) -> Vec<String> {
    let explanation = explain(layers, request);
    assert_eq!(explanation.decision(), authorize(layers, request));
    explanation.near_misses().iter().map(ToString::to_string).collect()
}

#[test]
fn an_action_one_slip_of_the_pen_away_is_told() {
    for (written, is_near) in [
        (r#""s3:GetObjct""#, true),
        (r#""s3:GetObjec""#, true),
        (r#""s3:GetObjectt""#, true),
        (r#""s3:GettObject""#, true),
        (r#""s3:etObject""#, true),
        (r#""s3:GteObject""#, true),
        (r#""s3:GetObjetc""#, true),
        (r#"["s3:PutObject", "s3:GetOjbect"]"#, true),
        // One letter for another is more often another action.
        (r#""s3:GetObjecx""#, false),
        (r#""s3:PutObject""#, false),
        (r#""s3:GetObjexy""#, false),
        (r#""s3:GteObjecx""#, false),
        // As many letters, or one less, and little in common.
        (r#""s3:GetXXject""#, false),
        (r#""s3:GeXXject""#, false),
        (r#""s3:GetObj""#, false),
        (r#""s3:GetObjectTag""#, false),
        // A pattern is no slip.
        (r#""s3:GetObjct*""#, false),
        // Another service is meant.
        (r#""sqs:GetObject""#, false),
        (r#""s3x:GetObject""#, false),
    ] {
        let layers = identity(&allow(written));
        let found = near_misses(&layers, &request(user(), "s3:GetObject", OBJECT, Context::complete()));
        let told = found.iter().any(|near| near.contains("and the request is for `s3:GetObject`"));
        assert_eq!(told, is_near, "{written}: {found:#?}");
    }
    // Who leaves an action out means it.
    let layers =
        identity(r#"{"Effect": "Allow", "NotAction": ["s3:GetObject", "s3:GetObjct"], "Resource": "*"}"#);
    let found = near_misses(&layers, &request(user(), "s3:GetObject", OBJECT, Context::complete()));
    assert_eq!(found.len(), 1, "{found:#?}");
}

/// With a condition on the only Allow and with what the request carries, what one has to ask with.
#[track_caller]
fn asks(condition: &str, context: Context, expected: &str) {
    let layers = identity(&format!(
        r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {{{condition}}}}}"#
    ));
    let found = near_misses(&layers, &request(user(), "s3:GetObject", OBJECT, context));
    let first = found.first().unwrap();
    assert!(first.starts_with(expected), "{condition}: expected {expected}, found {found:#?}");
}

#[test]
fn one_is_told_what_to_ask_with_in_the_words_of_the_call() {
    for (condition, expected) in [
        (r#""StringEquals": {"sts:ExternalId": "v"}"#, "send ExternalId `v`, as"),
        (r#""StringEquals": {"sts:RoleSessionName": "v"}"#, "use the role session name `v`, as"),
        (r#""StringEquals": {"sts:SourceIdentity": "v"}"#, "send SourceIdentity `v`, as"),
        (r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#, "ask with credentials made with MFA, as"),
        (
            r#""Bool": {"aws:MultiFactorAuthPresent": "false"}"#,
            "ask with aws:MultiFactorAuthPresent `false`, as",
        ),
        (r#""Bool": {"aws:SecureTransport": "true"}"#, "ask over TLS, as"),
        (r#""Bool": {"aws:SecureTransport": "false"}"#, "ask with aws:SecureTransport `false`, as"),
        (r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#, "ask from `203.0.113.0/24`, as"),
        (r#""IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}"#, "ask from `10.0.0.0/8`, as"),
        (r#""StringEquals": {"aws:SourceVpc": "vpc-1"}"#, "ask from the VPC `vpc-1`, as"),
        (r#""StringEquals": {"aws:SourceVpce": "vpce-1"}"#, "ask through the VPC endpoint `vpce-1`, as"),
        (
            r#""StringEquals": {"aws:RequestedRegion": "eu-central-1"}"#,
            "ask in the region `eu-central-1`, as",
        ),
        (r#""StringEquals": {"aws:RequestTag/team": "red"}"#, "send the tag `team` with `red`, as"),
        (r#""StringEquals": {"aws:PrincipalTag/team": "red"}"#, "tag the caller `team` with `red`, as"),
        (r#""StringEquals": {"aws:ResourceTag/team": "red"}"#, "tag the resource `team` with `red`, as"),
        (r#""StringEquals": {"aws:PrincipalOrgID": "o-1"}"#, "ask with aws:PrincipalOrgID `o-1`, as"),
        (
            r#""StringLike": {"aws:PrincipalTag/team": "red-*"}"#,
            "tag the caller `team` with a value like `red-*`, as",
        ),
        (r#""StringLike": {"s3:prefix": "*"}"#, "ask with s3:prefix a value like `*`, as"),
        (r#""Null": {"aws:TokenIssueTime": "false"}"#, "ask with aws:TokenIssueTime, as"),
        (r#""ForAnyValue:StringEquals": {"aws:TagKeys": "team"}"#, "add `team` to aws:TagKeys, as"),
    ] {
        asks(condition, Context::complete(), expected);
    }
}

#[test]
fn what_the_request_has_shapes_what_to_ask_with() {
    let with = |key: &str, value: &str| Context::complete().with(key, value);
    let tags = |values: &[&'static str]| Context::complete().with_many("aws:TagKeys", values.to_vec());
    asks(
        r#""NumericLessThan": {"s3:max-keys": "10"}"#,
        with("s3:max-keys", "20"),
        "ask with s3:max-keys below `10` (the request has `20`), as",
    );
    asks(
        r#""NumericGreaterThan": {"s3:max-keys": "10"}"#,
        with("s3:max-keys", "5"),
        "ask with s3:max-keys above `10` (the request has `5`), as",
    );
    asks(
        r#""DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}"#,
        with("aws:CurrentTime", "2026-06-01T00:00:00Z"),
        "ask with aws:CurrentTime before `2026-01-01T00:00:00Z` (the request has",
    );
    asks(
        r#""DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}"#,
        with("aws:CurrentTime", "2025-06-01T00:00:00Z"),
        "ask with aws:CurrentTime after `2026-01-01T00:00:00Z` (the request has",
    );
    asks(
        r#""StringNotEquals": {"aws:RequestedRegion": "us-east-1"}"#,
        with("aws:RequestedRegion", "us-east-1"),
        "ask with another aws:RequestedRegion than `us-east-1`",
    );
    asks(
        r#""Null": {"aws:TokenIssueTime": "true"}"#,
        with("aws:TokenIssueTime", "2026-01-01T00:00:00Z"),
        "ask without aws:TokenIssueTime",
    );
    asks(
        r#""ForAnyValue:StringEquals": {"aws:TagKeys": "team"}"#,
        tags(&["cost"]),
        "add `team` to aws:TagKeys (the request has `cost`), as",
    );
    asks(
        r#""ForAnyValue:StringLike": {"aws:TagKeys": "team-*"}"#,
        tags(&["cost"]),
        "add `team-*` to aws:TagKeys (the request has `cost`), as",
    );
    // A single value is replaced, not added to.
    asks(
        r#""ForAnyValue:StringEquals": {"aws:TagKeys": "team"}"#,
        with("aws:TagKeys", "cost"),
        "ask with aws:TagKeys `team` (the request has `cost`), as",
    );
    asks(
        r#""ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}"#,
        tags(&["team", "cost"]),
        "ask with no aws:TagKeys but `team` (the request has `team`, `cost`), as",
    );
    asks(
        r#""ForAllValues:StringEquals": {"aws:TagKeys": "team"}"#,
        tags(&["cost"]),
        "ask with no values of aws:TagKeys (the request has `cost`), as",
    );
    // Without a set qualifier no values do: the statement itself would have to change.
    asks(
        r#""StringEquals": {"aws:TagKeys": "team"}"#,
        tags(&["cost"]),
        "statement 1 of policy (policy:1:41) asks for StringEquals aws:TagKeys `team` (the request has `cost`)",
    );
}

#[test]
fn what_is_enough_comes_first_and_what_remains_is_told() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
        "StringEquals": {"aws:RequestedRegion": "us-east-1"}}}"#;
    let context = || Context::complete().with("aws:RequestedRegion", "us-east-1");
    let asked = |context| request(user(), "s3:GetObject", OBJECT, context);

    let layers = identity(&format!("{}, {deny}, {deny}", allow(r#""*""#)));
    let explanation = explain(&layers, &asked(context()));
    let near = explanation.near_misses();
    let enough: Vec<bool> = near.iter().map(iamsim_eval::NearMiss::is_enough).collect();
    assert_eq!(enough, [true, true, false, false]);
    let ends = |near: &str, end: &str| assert!(near.ends_with(end), "{near}");
    ends(&near[0].to_string(), "; nothing else would still deny");
    ends(&near[3].to_string(), "; but an identity-based policy would still deny it");

    // Nothing else denies, but nothing allows.
    let found = near_misses(&identity(deny), &asked(context()));
    ends(&found[0], "; but no identity-based policy would allow it");

    // Nothing allows, and whether something denies is not known.
    let unknown = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
        "StringEquals": {"aws:PrincipalTag/team": "red"}}}"#;
    let found = near_misses(
        &identity(&format!("{deny}, {unknown}")),
        &asked(context().with_unknown("aws:PrincipalTag/team")),
    );
    ends(&found[0], "; but no identity-based policy would allow it");

    // Something allows, and whether something denies is not known.
    let found = near_misses(
        &identity(&format!("{}, {deny}, {unknown}", allow(r#""*""#))),
        &asked(context().with_unknown("aws:PrincipalTag/team")),
    );
    ends(&found[0], "; but the answer would depend on what is not known");
}

#[test]
fn only_levels_that_lack_an_allow_are_searched() {
    let scp = |statements: &str| policy(PolicyKind::ServiceControl, statements);
    let other =
        r#"{"Sid": "Other", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}"#;
    let layers = identity(&allow(r#""*""#)).with_scps(vec![
        Level::new("root", vec![scp(&allow(r#""*""#)), scp(other)]),
        Level::new("unit", vec![scp(other)]),
    ]);
    let found = near_misses(&layers, &request(user(), "s3:GetObject", OBJECT, Context::complete()));
    let of_statements: Vec<&String> = found.iter().filter(|near| near.contains("Other")).collect();
    assert_eq!(of_statements.len(), 1, "{found:#?}");
    assert!(of_statements[0].contains("unit"), "{found:#?}");
    assert!(of_statements[0].ends_with("; nothing else would still deny"), "{found:#?}");
}

#[test]
fn one_more_statement_is_asked_for_in_the_words_of_its_layer() {
    let all = || identity(&allow(r#""*""#));
    let none = |kind| policy(kind, &allow(r#""sqs:*""#));
    for (layers, caller, expected) in [
        (
            Layers::new(),
            Caller::anonymous(),
            "let the resource-based policy allow `s3:GetObject` to everyone; nothing else would still deny",
        ),
        (
            Layers::new(),
            Caller::service("logs.amazonaws.com"),
            "let the resource-based policy allow `s3:GetObject` to `logs.amazonaws.com`; nothing else",
        ),
        (
            Layers::new(),
            user(),
            "let an identity-based policy allow `s3:GetObject` on `arn:aws:s3:::reports/q1.csv`; nothing else",
        ),
        (
            all(),
            federated_user(),
            "make the session with a session policy that allows `s3:GetObject`; nothing else",
        ),
        (
            all().with_session(vec![none(PolicyKind::Session)]),
            session(),
            "let the session policy allow `s3:GetObject`; nothing else",
        ),
        (
            all().with_session(vec![none(PolicyKind::Session)]),
            federated_user(),
            "let the session policy allow `s3:GetObject`; nothing else",
        ),
        (
            all().with_boundary(none(PolicyKind::PermissionsBoundary)),
            user(),
            "let the permissions boundary allow `s3:GetObject`; nothing else",
        ),
        (
            all().with_endpoint(vec![policy(
                PolicyKind::VpcEndpoint,
                r#"{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}"#,
            )]),
            user(),
            "let the VPC endpoint policy allow `s3:GetObject`; nothing else",
        ),
        (
            all().with_scps(vec![Level::new("root", vec![none(PolicyKind::ServiceControl)])]),
            user(),
            "let a service control policy at every level allow `s3:GetObject`; nothing else",
        ),
    ] {
        let found = near_misses(&layers, &request(caller, "s3:GetObject", OBJECT, Context::complete()));
        let last = found.last().unwrap();
        assert!(last.starts_with(expected), "expected {expected}, found {found:#?}");
    }
}

/// What would remain if the bucket's policy, which names somebody else, named the caller.
#[track_caller]
fn named_instead(layers: Layers, caller: Caller, owner: &str, expected: &str) {
    let layers = layers.with_resource(bucket(r#"{"AWS": "arn:aws:iam::444455556666:user/x"}"#));
    let resource = Resource::Arn(OBJECT.parse().unwrap());
    let request = Request::new(caller, "s3:GetObject".parse().unwrap(), resource, Context::complete())
        .with_owner(owner.parse().unwrap());
    assert_eq!(authorize(&layers, &request), Decision::ImplicitDeny);
    let found = near_misses(&layers, &request);
    let names = found.iter().find(|near| near.contains(" names ")).unwrap();
    assert!(names.ends_with(expected), "expected {expected}, found {found:#?}");
}

#[test]
fn a_caller_is_supposed_to_be_named_in_the_way_one_would_write_it() {
    const ABROAD: &str = "999988887777";
    const ENOUGH: &str = "; nothing else would still deny";
    let all = || identity(&allow(r#""*""#));
    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    named_instead(all(), user(), ABROAD, ENOUGH);
    named_instead(all(), session(), ABROAD, ENOUGH);
    named_instead(Layers::new(), root, ABROAD, ENOUGH);
    named_instead(Layers::new(), user(), ABROAD, "; but no identity-based policy would allow it");
}

/// What would remain if the key's policy, which names somebody else, named the caller: at home, where how it is
/// named matters.
#[track_caller]
fn named_by_key(layers: Layers, caller: Caller, expected: &str) {
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    let text = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:user/x"},
        "Action": "kms:*", "Resource": "*"}"#;
    let key = policy(PolicyKind::Resource(ResourceService::Kms), text);
    let layers = layers.with_resource(ResourcePolicy::Attached(key));
    let found = near_misses(&layers, &request(caller, "kms:Decrypt", KEY, Context::complete()));
    let names = found.iter().find(|near| near.contains(" names ")).unwrap();
    assert!(names.ends_with(expected), "expected {expected}, found {found:#?}");
}

#[test]
fn how_a_caller_would_be_named_decides_what_still_limits_it() {
    const ENOUGH: &str = "; nothing else would still deny";
    let queues = |kind| policy(kind, &allow(r#""sqs:*""#));
    let boundary = || Layers::new().with_boundary(queues(PolicyKind::PermissionsBoundary));
    // A user's name is beyond the boundary, a role's is not (PE-RBP-01, PE-RBP-03).
    named_by_key(boundary(), user(), ENOUGH);
    named_by_key(boundary(), session(), "; but no permissions boundary would allow it");
    named_by_key(Layers::new(), session(), ENOUGH);
    // A federated session is named itself, beyond its session policy (PE-RBP-05).
    named_by_key(Layers::new().with_session(vec![queues(PolicyKind::Session)]), federated_user(), ENOUGH);
}

/// What would remain if the role's trust policy, which names somebody else, named the caller.
#[track_caller]
fn named_by_role(caller: Caller, action: &str, principal: &str, expected: &str) {
    let text = format!(r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "sts:*"}}"#);
    let trust = ResourcePolicy::Attached(policy(PolicyKind::RoleTrust, &text));
    let layers = Layers::new().with_resource(trust);
    let role = "arn:aws:iam::111122223333:role/app";
    let found = near_misses(&layers, &request(caller, action, role, Context::complete()));
    let names = found.iter().find(|near| near.contains(" names ")).unwrap();
    assert!(names.ends_with(expected), "expected {expected}, found {found:#?}");
}

#[test]
fn who_can_not_be_trusted_is_not_helped_by_being_named() {
    const ENOUGH: &str = "; nothing else would still deny";
    const STILL: &str = "; but no role trust policy would allow it";
    let other = r#"{"AWS": "arn:aws:iam::444455556666:user/x"}"#;
    let provider = r#"{"Federated": "accounts.google.com"}"#;
    let web = || Caller::federated("cognito-identity.amazonaws.com");
    named_by_role(user(), "sts:AssumeRole", other, ENOUGH);
    named_by_role(web(), "sts:AssumeRoleWithWebIdentity", provider, ENOUGH);
    named_by_role(web(), "sts:AssumeRole", provider, STILL);
    named_by_role(Caller::anonymous(), "sts:AssumeRole", other, STILL);
    named_by_role(Caller::service("ec2.amazonaws.com"), "sts:AssumeRole", other, ENOUGH);
}
