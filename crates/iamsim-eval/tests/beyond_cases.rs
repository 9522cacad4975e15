//! What the case format can't say: an owner, a user or a policy that nobody knows, KMS grants, and callers that
//! are no callers.

#![expect(clippy::unwrap_used, reason = "a test")]

use iamsim_eval::{
    Attached, Caller, Context, ContextValue, Credentials, Decision, KeyGrant, Layers, Level, Program,
    Request, Resource, ResourcePolicy, Truth, UnknownFact, authorize, explain,
};
use iamsim_policy::{Policy, PolicyKind, ResourceService};

const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:q";
const ALL: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const NONE: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
const OTHER: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}"#;

fn policy(kind: PolicyKind, text: &str) -> Attached {
    Attached::new("policy", Program::compile(&Policy::parse(kind, text).unwrap()))
}

fn resource(service: ResourceService, principal: &str) -> ResourcePolicy {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{
            "Effect": "Allow", "Principal": {principal}, "Action": "*", "Resource": "*"}}}}"#
    );
    ResourcePolicy::Attached(policy(PolicyKind::Resource(service), &text))
}

fn user() -> Caller {
    Caller::user("arn:aws:iam::111122223333:user/alice".parse().unwrap()).unwrap()
}

fn session() -> Caller {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1".parse().unwrap();
    Caller::role_session(session, "arn:aws:iam::111122223333:role/app".parse().unwrap()).unwrap()
}

/// Decides, and checks that explaining says the same.
fn decide(layers: &Layers, caller: &Caller, action: &str, resource: &str) -> Decision {
    let resource = if resource == "*" { Resource::None } else { Resource::Arn(resource.parse().unwrap()) };
    let request = Request::new(caller.clone(), action.parse().unwrap(), resource, Context::complete());
    let decision = authorize(layers, &request);
    let explanation = explain(layers, &request);
    assert_eq!(decision, explanation.decision(), "{explanation}");
    let open = decision == Decision::Undetermined;
    assert_eq!(open, !explanation.unknown_facts().is_empty(), "{explanation}");
    decision
}

#[test]
fn an_owner_that_nobody_knows_leaves_open_what_differs_at_home_and_abroad() {
    const OBJECT: &str = "arn:aws:s3:::bucket/key";
    let own = policy(PolicyKind::Identity, ALL);
    let named = || resource(ResourceService::S3, r#"{"AWS": "111122223333"}"#);
    let check = |layers: Layers, expected: Decision| {
        assert_eq!(decide(&layers, &user(), "s3:GetObject", OBJECT), expected);
    };
    // At home the identity policy is enough, abroad the bucket must allow as well.
    check(Layers::new().with_identity(own.clone()), Decision::Undetermined);
    check(Layers::new().with_identity(own.clone()).with_resource(named()), Decision::Allow);
    // Neither here nor there.
    check(Layers::new(), Decision::ImplicitDeny);
    check(Layers::new().with_resource(named()), Decision::ImplicitDeny);
    // The user itself is named: at home that is enough.
    let alice = resource(ResourceService::S3, r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#);
    check(Layers::new().with_resource(alice), Decision::Undetermined);
    check(
        Layers::new().with_identity(own.clone()).with_boundary(policy(PolicyKind::PermissionsBoundary, NONE)),
        Decision::ExplicitDeny,
    );
    // A root user abroad has its own side granted, at home everything.
    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    assert_eq!(decide(&Layers::new(), &root, "s3:GetObject", OBJECT), Decision::Undetermined);
    let layers = Layers::new().with_resource(named());
    assert_eq!(decide(&layers, &root, "s3:GetObject", OBJECT), Decision::Allow);
    // Who has no account is at home nowhere.
    let layers = Layers::new().with_resource(resource(ResourceService::S3, r#""*""#));
    assert_eq!(decide(&layers, &Caller::anonymous(), "s3:GetObject", OBJECT), Decision::Allow);
    assert_eq!(decide(&Layers::new(), &Caller::anonymous(), "s3:GetObject", OBJECT), Decision::ImplicitDeny);
}

#[test]
fn an_owner_that_nobody_knows_decides_what_holds_for_foreigners_only() {
    // Block Public Access shuts foreigners out (PE-S3-03).
    let public = resource(ResourceService::S3, r#""*""#);
    let layers = Layers::new().with_resource(public.clone()).with_restrict_public_buckets();
    assert_eq!(decide(&layers, &user(), "s3:GetObject", "arn:aws:s3:::bucket/key"), Decision::Undetermined);
    assert_eq!(
        decide(&layers, &Caller::anonymous(), "s3:GetObject", "arn:aws:s3:::bucket/key"),
        Decision::ImplicitDeny
    );
    // The owner's root user gets past the bucket's policy, and another account's does not (PE-ROOT-02).
    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    let text = r#"{"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}}"#;
    let shut = policy(PolicyKind::Resource(ResourceService::S3), text);
    let layers = Layers::new().with_resource(ResourcePolicy::Attached(shut));
    assert_eq!(
        decide(&layers, &root, "s3:DeleteBucketPolicy", "arn:aws:s3:::bucket"),
        Decision::Undetermined
    );
    assert_eq!(decide(&layers, &root, "s3:GetObject", "arn:aws:s3:::bucket/key"), Decision::ExplicitDeny);
}

#[test]
fn a_grant_on_a_key_stands_for_key_policy_and_identity_policy() {
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/k";
    const ABROAD: &str = "arn:aws:kms:us-east-1:444455556666:key/k";
    let granted = || Layers::new().with_grant(KeyGrant::new("grant-1", ["Encrypt", "Decrypt"]));
    for key in [KEY, ABROAD] {
        for caller in [user(), session()] {
            let check = |layers: &Layers, action: &str, expected: Decision| {
                assert_eq!(decide(layers, &caller, action, key), expected, "{action} on {key}");
            };
            check(&granted(), "kms:Decrypt", Decision::Allow);
            check(&granted(), "KMS:decrypt", Decision::Allow);
            check(&granted(), "kms:Sign", Decision::ImplicitDeny);
            check(
                &granted().with_identity(policy(PolicyKind::Identity, NONE)),
                "kms:Decrypt",
                Decision::ExplicitDeny,
            );
            // What the session itself is named for is not cut (PE-KMS-07, PE-RBP-04).
            let cut = granted().with_boundary(policy(PolicyKind::PermissionsBoundary, OTHER));
            check(&cut, "kms:Decrypt", Decision::Allow);
            let organization = vec![Level::new("root", vec![policy(PolicyKind::ServiceControl, OTHER)])];
            check(&granted().with_scps(organization), "kms:Decrypt", Decision::ImplicitDeny);
        }
    }
    // Other services' actions of that name are no operations of KMS.
    assert_eq!(decide(&granted(), &user(), "payment-cryptography:Decrypt", KEY), Decision::ImplicitDeny);
}

#[test]
fn a_user_behind_a_federated_session_is_named_by_its_own_arn_only() {
    let federated = |user: Option<&str>| {
        let session = "arn:aws:sts::111122223333:federated-user/bob".parse().unwrap();
        Caller::federated_user(session, user.map(|user| user.parse().unwrap())).unwrap()
    };
    let check = |caller: &Caller, principal: &str, session: &str, expected: Decision| {
        let layers = Layers::new()
            .with_session(vec![policy(PolicyKind::Session, session)])
            .with_resource(resource(ResourceService::Sqs, principal));
        let found = decide(&layers, caller, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q");
        assert_eq!(found, expected, "{principal}");
    };
    let alice = r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#;
    let known = federated(Some("arn:aws:iam::111122223333:user/alice"));
    check(&known, alice, ALL, Decision::Allow);
    check(&known, alice, OTHER, Decision::ImplicitDeny); // PE-RBP-02
    check(&known, r#"{"AWS": "arn:aws:iam::111122223333:user/carol"}"#, ALL, Decision::ImplicitDeny);
    check(&known, r#"{"AWS": "arn:aws:sts::111122223333:federated-user/bob"}"#, OTHER, Decision::Allow);
    check(&known, r#"{"AWS": "arn:aws:sts::111122223333:federated-user/eve"}"#, ALL, Decision::ImplicitDeny);
    // Which user it was is not known: it may be one of its account, and none of another.
    let unknown = federated(None);
    check(&unknown, alice, ALL, Decision::Undetermined);
    check(&unknown, r#"{"AWS": "arn:aws:iam::444455556666:user/alice"}"#, ALL, Decision::ImplicitDeny);
    check(&unknown, r#"{"AWS": "arn:aws-cn:iam::111122223333:user/alice"}"#, ALL, Decision::ImplicitDeny);
    // Unique ids are those of the user (PE-PRN-09).
    let by_id = known.clone().with_unique_id("AIDAQEXAMPLEALICE1111");
    check(&by_id, r#"{"AWS": "AIDAQEXAMPLEALICE1111"}"#, ALL, Decision::Allow);
    check(&by_id, r#"{"AWS": "AIDAQEXAMPLEALICE1111"}"#, OTHER, Decision::ImplicitDeny);
    check(&by_id, r#"{"AWS": "AIDAQEXAMPLECAROL1111"}"#, ALL, Decision::ImplicitDeny);
    check(&known, r#"{"AWS": "AIDAQEXAMPLEALICE1111"}"#, ALL, Decision::Undetermined);
    check(&known, r#"{"AWS": "AROAQEXAMPLEALICE1111"}"#, ALL, Decision::ImplicitDeny);
    check(&known.without_unique_id(), r#"{"AWS": "AIDAQEXAMPLEALICE1111"}"#, ALL, Decision::ImplicitDeny);
}

#[test]
fn not_principal_lists_the_whole_chain_of_a_federated_session() {
    let caller = Caller::federated_user(
        "arn:aws:sts::111122223333:federated-user/bob".parse().unwrap(),
        Some("arn:aws:iam::111122223333:user/alice".parse().unwrap()),
    )
    .unwrap()
    .with_unique_id("AIDAQEXAMPLEALICE1111");
    let check = |listed: &[&str], expected: Decision| {
        let listed = listed.join("\", \"");
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{
                "Effect": "Deny", "NotPrincipal": {{"AWS": ["{listed}"]}}, "Action": "*", "Resource": "*"}}}}"#
        );
        let queue = policy(PolicyKind::Resource(ResourceService::Sqs), &text);
        let layers = Layers::new()
            .with_identity(policy(PolicyKind::Identity, ALL))
            .with_session(vec![policy(PolicyKind::Session, ALL)])
            .with_resource(ResourcePolicy::Attached(queue));
        let found = decide(&layers, &caller, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q");
        assert_eq!(found, expected, "{listed}");
    };
    let (account, user, session) = (
        "111122223333",
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:sts::111122223333:federated-user/bob",
    );
    check(&[account, user, session], Decision::Allow);
    check(&[account, "AIDAQEXAMPLEALICE1111", session], Decision::Allow);
    check(&[account, user], Decision::ExplicitDeny);
    check(&[account, session], Decision::ExplicitDeny);
    check(&[user, session], Decision::ExplicitDeny);
    check(&[account, "arn:aws:iam::111122223333:user/carol", session], Decision::ExplicitDeny);
    check(&[account, user, "arn:aws:sts::111122223333:federated-user/eve"], Decision::ExplicitDeny);
}

#[test]
fn credentials_that_nobody_knows_leave_open_what_they_would_bar() {
    let all = || Layers::new().with_identity(policy(PolicyKind::Identity, ALL));
    let check = |credentials: Credentials, action: &str, expected: Decision| {
        let caller = user().with_credentials(credentials);
        assert_eq!(decide(&all(), &caller, action, "*"), expected, "{credentials:?} {action}");
    };
    let token = |mfa| Credentials::SessionToken { mfa };
    let unknown = |mfa| Credentials::Unknown { mfa };
    check(Credentials::LongTerm, "iam:ListUsers", Decision::Allow);
    check(token(Truth::True), "iam:ListUsers", Decision::Allow);
    check(token(Truth::Unknown), "iam:ListUsers", Decision::Undetermined);
    check(token(Truth::False), "iam:ListUsers", Decision::ImplicitDeny);
    check(unknown(Truth::True), "iam:ListUsers", Decision::Allow);
    check(unknown(Truth::Unknown), "iam:ListUsers", Decision::Undetermined);
    check(unknown(Truth::False), "iam:ListUsers", Decision::Undetermined);
    check(Credentials::LongTerm, "sts:GetSessionToken", Decision::Allow);
    check(token(Truth::True), "sts:GetSessionToken", Decision::ImplicitDeny);
    check(unknown(Truth::True), "sts:GetSessionToken", Decision::Undetermined);
    check(token(Truth::True), "sts:GetFederationToken", Decision::ImplicitDeny);
    check(unknown(Truth::False), "sts:GetFederationToken", Decision::Undetermined);
    check(unknown(Truth::False), "ec2:DescribeInstances", Decision::Allow);
    check(token(Truth::False), "ec2:DescribeInstances", Decision::Allow);
    check(token(Truth::Unknown), "ec2:DescribeInstances", Decision::Allow);
    check(token(Truth::Unknown), "kms:ListKeys", Decision::Allow);
    check(unknown(Truth::Unknown), "kms:ListKeys", Decision::Allow);
    check(token(Truth::Unknown), "sts:GetFederationToken", Decision::ImplicitDeny);
    for free in ["sts:GetCallerIdentity", "STS:getcalleridentity"] {
        check(unknown(Truth::False), free, Decision::Allow);
        check(token(Truth::False), free, Decision::Allow);
    }
    // A free call stays free under a Deny as far as it is known to be free.
    let denied = Layers::new().with_identity(policy(PolicyKind::Identity, NONE));
    let open = user().with_credentials(unknown(Truth::Unknown));
    assert_eq!(decide(&denied, &user(), "sts:GetSessionToken", "*"), Decision::Allow);
    assert_eq!(decide(&denied, &open, "sts:GetSessionToken", "*"), Decision::Undetermined);
    // Barred or denied by a policy: which of the two is open.
    assert_eq!(decide(&denied, &open, "sts:GetFederationToken", "*"), Decision::Undetermined);
}

#[test]
fn a_session_whose_roles_path_nobody_knows_may_be_any_of_that_name() {
    let caller = session().with_unknown_role_path();
    let named = |role: &str| {
        let layers =
            Layers::new().with_resource(resource(ResourceService::Sqs, &format!(r#"{{"AWS": "{role}"}}"#)));
        decide(&layers, &caller, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q")
    };
    assert_eq!(named("arn:aws:iam::111122223333:role/app"), Decision::Undetermined);
    assert_eq!(named("arn:aws:iam::111122223333:role/some/path/app"), Decision::Undetermined);
    assert_eq!(named("arn:aws:iam::111122223333:role/app/other"), Decision::ImplicitDeny);
    assert_eq!(named("arn:aws:iam::444455556666:role/app"), Decision::ImplicitDeny);
    assert_eq!(named("arn:aws-cn:iam::111122223333:role/app"), Decision::ImplicitDeny);
    assert_eq!(named("arn:aws:sts::111122223333:assumed-role/app/s1"), Decision::Allow);
    // It may be service-linked, and then organizations do not limit it (PE-SLR-01).
    let limited = |scp: &str, own: &str| {
        let organization = vec![Level::new("root", vec![policy(PolicyKind::ServiceControl, scp)])];
        let layers = Layers::new().with_identity(policy(PolicyKind::Identity, own)).with_scps(organization);
        decide(&layers, &caller, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q")
    };
    assert_eq!(limited(ALL, ALL), Decision::Allow);
    assert_eq!(limited(OTHER, ALL), Decision::Undetermined);
    assert_eq!(limited(NONE, ALL), Decision::Undetermined);
    // What its own policies deny, they deny it in either case.
    assert_eq!(limited(NONE, NONE), Decision::ExplicitDeny);
}

#[test]
fn an_open_answer_names_the_facts_that_are_missing() {
    let check = |layers: &Layers, caller: Caller, action: &str, resource: &str, expected: UnknownFact| {
        let resource = Resource::Arn(resource.parse().unwrap());
        let request = Request::new(caller, action.parse().unwrap(), resource, Context::complete());
        assert_eq!(explain(layers, &request).unknown_facts(), [expected]);
    };
    let named = |principal: &str| Layers::new().with_resource(resource(ResourceService::Sqs, principal));
    let all = Layers::new().with_identity(policy(PolicyKind::Identity, ALL));
    let unknown = Layers::new().with_resource(ResourcePolicy::Unknown);
    check(&unknown, user(), "sqs:SendMessage", QUEUE, UnknownFact::ResourcePolicy);
    let any = Caller::any_session_of("arn:aws:iam::111122223333:role/app".parse().unwrap()).unwrap();
    let one = named(r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#);
    check(&one, any, "sqs:SendMessage", QUEUE, UnknownFact::SessionName);
    let federated = "arn:aws:sts::111122223333:federated-user/bob".parse().unwrap();
    let federated = Caller::federated_user(federated, None).unwrap();
    let alice = named(r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#)
        .with_session(vec![policy(PolicyKind::Session, ALL)]);
    check(&alice, federated, "sqs:SendMessage", QUEUE, UnknownFact::FederatedUser);
    check(
        &named(r#"{"AWS": "AIDAQEXAMPLEALICE1111"}"#),
        user(),
        "sqs:SendMessage",
        QUEUE,
        UnknownFact::UniqueId,
    );
    let role = named(r#"{"AWS": "arn:aws:iam::111122223333:role/path/app"}"#);
    check(&role, session().with_unknown_role_path(), "sqs:SendMessage", QUEUE, UnknownFact::RolePath);
    let token = Credentials::SessionToken { mfa: Truth::Unknown };
    let arn = "arn:aws:iam::111122223333:user/alice";
    check(&all, user().with_credentials(token), "iam:GetUser", arn, UnknownFact::Credentials);
    check(&all, user(), "s3:GetObject", "arn:aws:s3:::bucket/key", UnknownFact::Owner);
}

#[test]
fn only_callers_arns_make_callers() {
    let arn = |text: &str| text.parse::<iamsim_policy::Arn>().unwrap();
    let (alice, role, session, federated, root) = (
        "arn:aws:iam::111122223333:user/path/alice",
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:sts::111122223333:assumed-role/app/s1",
        "arn:aws:sts::111122223333:federated-user/bob",
        "arn:aws:iam::111122223333:root",
    );
    for text in [
        alice,
        role,
        session,
        federated,
        root,
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam:eu-west-1:111122223333:user/alice",
        "arn:aws:iam:::user/alice",
        "arn:aws:sts::111122223333:user/alice",
    ] {
        assert_eq!(Caller::user(arn(text)).is_ok(), text == alice, "{text}");
        assert_eq!(Caller::any_session_of(arn(text)).is_ok(), text == role, "{text}");
        assert_eq!(Caller::role_session(arn(text), arn(role)).is_ok(), text == session, "{text}");
        assert_eq!(Caller::role_session(arn(session), arn(text)).is_ok(), text == role, "{text}");
        assert_eq!(Caller::federated_user(arn(text), None).is_ok(), text == federated, "{text}");
        assert_eq!(Caller::root(arn(text)).is_ok(), text == root, "{text}");
    }
    let told = Caller::user(arn(role)).unwrap_err().to_string();
    assert_eq!(told, format!("`{role}` is not a user's ARN, `arn:aws:iam::111122223333:user/name`"));
    let shown = |caller: Caller, expected: &str| assert_eq!(caller.to_string(), expected);
    shown(Caller::user(arn(alice)).unwrap(), alice);
    shown(Caller::any_session_of(arn(role)).unwrap(), role);
    shown(Caller::role_session(arn(session), arn(role)).unwrap(), session);
    shown(Caller::federated_user(arn(federated), None).unwrap(), federated);
    shown(Caller::root(arn(root)).unwrap(), root);
    shown(Caller::service("sns.amazonaws.com"), "sns.amazonaws.com");
    shown(Caller::federated("accounts.google.com"), "accounts.google.com");
    shown(Caller::anonymous(), "anonymous");
    let caller = Caller::user(arn(alice)).unwrap();
    assert_eq!(caller.unique_id(), None);
    assert_eq!(
        caller.clone().with_unique_id("AIDAQEXAMPLEALICE1111").unique_id(),
        Some("AIDAQEXAMPLEALICE1111")
    );
    assert_eq!(caller.clone().without_unique_id().unique_id(), None);
    assert_eq!(caller.role(), None);
    let caller = Caller::role_session(arn(session), arn(role)).unwrap();
    assert_eq!(caller.role(), Some(&arn(role)));
    assert!(!caller.is_service_linked());
    let linked = arn("arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/app");
    assert!(Caller::role_session(arn(session), linked.clone()).unwrap().is_service_linked());
    assert!(
        !Caller::role_session(arn(session), linked).unwrap().with_unknown_role_path().is_service_linked()
    );
}

#[test]
fn a_request_knows_whose_its_resource_is_or_that_nobody_knows() {
    let request = |caller: Caller, resource: Resource| {
        Request::new(caller, "s3:GetObject".parse().unwrap(), resource, Context::complete())
    };
    let owner = |request: Request| request.owner().map(|owner| owner.to_string());
    let queue = Resource::Arn("arn:aws:sqs:us-east-1:444455556666:q".parse().unwrap());
    let object = Resource::Arn("arn:aws:s3:::bucket/key".parse().unwrap());
    assert_eq!(owner(request(user(), queue)).as_deref(), Some("444455556666"));
    assert_eq!(owner(request(user(), object.clone())), None);
    assert_eq!(owner(request(user(), Resource::None)).as_deref(), Some("111122223333"));
    assert_eq!(owner(request(Caller::anonymous(), Resource::None)), None);
    let said = request(user(), object).with_owner("444455556666".parse().unwrap());
    assert_eq!(owner(said).as_deref(), Some("444455556666"));
}

#[test]
fn a_partial_context_knows_what_it_was_told_and_no_more() {
    let mut context = Context::partial().with("aws:username", "alice").with_absent("aws:SourceVpc");
    context.set_absent_prefix("aws:PrincipalTag/");
    context.set("aws:PrincipalTag/team", ContextValue::One("red".into()));
    let check = |key: &str, expected: &ContextValue| assert_eq!(context.get(&key.into()), expected, "{key}");
    check("AWS:UserName", &ContextValue::One("alice".into()));
    check("aws:SourceVpc", &ContextValue::Absent);
    check("aws:principaltag/TEAM", &ContextValue::One("red".into()));
    check("aws:PrincipalTag/stage", &ContextValue::Absent);
    check("aws:PrincipalTagX", &ContextValue::Unknown);
    check("aws:SourceIp", &ContextValue::Unknown);
    assert!(context.is_partial());
    assert!(!Context::complete().is_partial());
    let keys: Vec<&str> = context.entries().map(|(key, _)| key).collect();
    assert_eq!(keys, ["aws:principaltag/team", "aws:sourcevpc", "aws:username"]);
    // Two contexts are one when they say the same.
    let (a, b) = (Context::complete().with("a:b", "c"), Context::complete().with("A:B", "c"));
    assert_eq!(a, b);
    assert_ne!(a, Context::complete().with("a:b", "d"));
    assert_ne!(a, Context::complete().with("a:x", "c"));
    assert_ne!(a, Context::partial().with("a:b", "c"));
    assert_ne!(a, Context::complete());
    let mut prefixed = Context::partial().with("a:b", "c");
    prefixed.set_absent_prefix("x:");
    assert_ne!(prefixed, Context::partial().with("a:b", "c"));
}

#[test]
fn of_many_unknown_keys_those_are_named_that_make_a_difference() {
    // One statement for each key allows, so each makes a difference where nothing else allows or denies.
    let named = |keys: usize, also: &str| {
        let statements: Vec<String> = (0..keys)
            .map(|key| {
                format!(
                    r#"{{"Effect": "Allow", "Action": "*", "Resource": "*",
                        "Condition": {{"StringEquals": {{"example:K{key:03}": "x"}}}}}}"#
                )
            })
            .chain((!also.is_empty()).then(|| also.to_owned()))
            .collect();
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
        let layers = Layers::new().with_identity(policy(PolicyKind::Identity, &text));
        let queue = Resource::Arn("arn:aws:sqs:us-east-1:111122223333:q".parse().unwrap());
        let context = (0..keys).fold(Context::complete(), |context, key| {
            context.with_unknown(format!("example:K{key:03}").as_str())
        });
        let request = Request::new(user(), "sqs:SendMessage".parse().unwrap(), queue, context);
        let explanation = explain(&layers, &request);
        assert_eq!(explanation.decision(), authorize(&layers, &request));
        (explanation.decision(), explanation.unknown_keys())
    };
    for keys in [1, 2, 63, 64, 65, 66, 127, 128, 129, 200] {
        let all: Vec<String> = (0..keys).map(|key| format!("example:k{key:03}")).collect();
        assert_eq!(named(keys, ""), (Decision::Undetermined, all), "{keys} keys");
        let allowing = r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#;
        assert_eq!(named(keys, allowing), (Decision::Allow, Vec::new()), "{keys} keys");
        let denying = r#"{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}"#;
        assert_eq!(named(keys, denying), (Decision::ExplicitDeny, Vec::new()), "{keys} keys");
    }
}

#[test]
fn not_principal_lists_a_provider_or_nobody_knows_whose_a_canonical_id_is() {
    let shut = |listed: &str| {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [
                {{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
                {{"Effect": "Deny", "NotPrincipal": {listed}, "Action": "*", "Resource": "*"}}]}}"#
        );
        let kind = PolicyKind::Resource(ResourceService::S3);
        Layers::new().with_resource(ResourcePolicy::Attached(policy(kind, &text)))
    };
    let google = Caller::federated("accounts.google.com");
    let get = |layers: &Layers, caller: &Caller| decide(layers, caller, "s3:GetObject", "arn:aws:s3:::b/k");
    assert_eq!(get(&shut(r#"{"Federated": "accounts.google.com"}"#), &google), Decision::Allow);
    assert_eq!(get(&shut(r#"{"Federated": "www.amazon.com"}"#), &google), Decision::ExplicitDeny);
    let id = r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#;
    // A root user has only its account to be listed.
    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    assert_eq!(get(&shut(id), &root), Decision::Undetermined);
    assert_eq!(get(&shut(id), &user()), Decision::ExplicitDeny);
    assert_eq!(get(&shut(id), &google), Decision::ExplicitDeny);
}

#[test]
fn not_principal_leaves_open_who_is_behind_a_session_that_nobody_knows() {
    let check = |caller: &Caller, listed: [&str; 3], expected: Decision| {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{
                "Effect": "Deny", "NotPrincipal": {{"AWS": {listed:?}}}, "Action": "*", "Resource": "*"}}}}"#
        );
        let queue = policy(PolicyKind::Resource(ResourceService::Sqs), &text);
        let layers = Layers::new()
            .with_identity(policy(PolicyKind::Identity, ALL))
            .with_session(vec![policy(PolicyKind::Session, ALL)])
            .with_resource(ResourcePolicy::Attached(queue));
        assert_eq!(decide(&layers, caller, "sqs:SendMessage", QUEUE), expected, "{listed:?}");
    };
    let federated = "arn:aws:sts::111122223333:federated-user/bob";
    let caller = Caller::federated_user(federated.parse().unwrap(), None).unwrap();
    let user = |account: &str| format!("arn:aws:iam::{account}:user/alice");
    check(&caller, ["111122223333", &user("111122223333"), federated], Decision::Undetermined);
    check(&caller, ["111122223333", &user("444455556666"), federated], Decision::ExplicitDeny);
    let role = "arn:aws:iam::111122223333:role/app";
    let caller = Caller::any_session_of(role.parse().unwrap()).unwrap();
    let session = |name: &str| format!("arn:aws:sts::111122223333:assumed-role/{name}");
    check(&caller, ["111122223333", role, &session("app/s1")], Decision::Undetermined);
    check(&caller, ["111122223333", role, &session("other/s1")], Decision::ExplicitDeny);
}

#[test]
fn a_program_knows_the_keys_it_asks_for() {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",
        "Resource": "arn:aws:s3:::${aws:username}", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}}"#;
    let program = Program::compile(&Policy::parse(PolicyKind::Identity, text).unwrap());
    let mut keys: Vec<&str> = program.keys().iter().map(iamsim_policy::ContextKey::folded).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["aws:sourcevpc", "aws:username"]);
}

#[test]
fn a_statement_is_found_among_many_that_speak_of_the_same() {
    const OBJECT: &str = "arn:aws:s3:::bucket/key";
    let statement = |effect: &str, action: &str| {
        format!(r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}"#)
    };
    // Many statements of one action or service, and one of another: that one and the last of the many count.
    for (many, is_wild) in [("s3:GetObject", false), ("s3:Get*", true)] {
        for number in 0..200 {
            let (other, asked) = if is_wild {
                (format!("x{number}:Do*"), format!("x{number}:Do"))
            } else {
                (format!("s3:Do{number}"), format!("s3:Do{number}"))
            };
            let mut statements = vec![statement("Allow", many); 12];
            statements.push(statement("Allow", &other));
            statements.push(statement("Deny", many));
            let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "));
            let layers = Layers::new().with_identity(policy(PolicyKind::Identity, &text));
            let check = |action: &str, resource: &str, expected: Decision| {
                let resource = Resource::Arn(resource.parse().unwrap());
                let request = Request::new(user(), action.parse().unwrap(), resource, Context::complete())
                    .with_owner("111122223333".parse().unwrap());
                assert_eq!(authorize(&layers, &request), expected, "{action} by {text}");
            };
            check("s3:GetObject", OBJECT, Decision::ExplicitDeny);
            check(&asked, OBJECT, Decision::Allow);
        }
    }
}

#[test]
fn an_account_of_another_partition_is_another_account() {
    let check = |principal: &str, expected: Decision| {
        let named = resource(ResourceService::Sqs, &format!(r#"{{"AWS": "{principal}"}}"#));
        let layers = Layers::new().with_identity(policy(PolicyKind::Identity, ALL)).with_resource(named);
        let queue = "arn:aws:sqs:us-east-1:444455556666:q";
        assert_eq!(decide(&layers, &user(), "sqs:SendMessage", queue), expected, "{principal}");
    };
    check("111122223333", Decision::Allow);
    check("arn:aws:iam::111122223333:root", Decision::Allow);
    check("arn:aws-cn:iam::111122223333:root", Decision::ImplicitDeny);
}

#[test]
fn what_a_pattern_began_with_is_not_its_end_as_well() {
    let check = |pattern: &str, key: &str, expected: Decision| {
        let statement = format!(r#"{{"Effect": "Allow", "Action": "sqs:*", "Resource": "{pattern}"}}"#);
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
        let layers = Layers::new().with_identity(policy(PolicyKind::Identity, &text));
        let queue = format!("arn:aws:sqs:us-east-1:111122223333:{key}");
        assert_eq!(decide(&layers, &user(), "sqs:SendMessage", &queue), expected, "{pattern} {key}");
    };
    for head in ["arn:aws:sqs:us-east-1:111122223333:", "arn:aws:sqs:*:111122223333:"] {
        let pattern = format!("{head}logs*logs");
        check(&pattern, "logs", Decision::ImplicitDeny);
        check(&pattern, "logslog", Decision::ImplicitDeny);
        check(&pattern, "logslogs", Decision::Allow);
    }
}

#[test]
fn a_condition_that_lists_plain_text_and_patterns_looks_at_both() {
    let check = |operator: &str, name: &str, expected: Decision| {
        let condition =
            format!(r#"{{"{operator}": {{"aws:username": ["root", "al*", "${{aws:userid}}"]}}}}"#);
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{
                "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}}}"#
        );
        let layers = Layers::new().with_identity(policy(PolicyKind::Identity, &text));
        let context = Context::complete().with("aws:username", name).with("aws:userid", "AIDA");
        let request = Request::new(user(), "ec2:DescribeHosts".parse().unwrap(), Resource::None, context);
        assert_eq!(authorize(&layers, &request), expected, "{operator} {name}");
    };
    for (name, like, equals) in
        [("root", true, true), ("alice", true, false), ("AIDA", true, true), ("bob", false, false)]
    {
        let decision = |holds| if holds { Decision::Allow } else { Decision::ImplicitDeny };
        check("StringLike", name, decision(like));
        check("StringNotLike", name, decision(!like));
        check("StringEquals", name, decision(equals));
        check("StringNotEquals", name, decision(!equals));
    }
}

#[test]
fn a_policy_that_is_added_to_prepared_layers_counts() {
    let prepared = Layers::new().with_identity(policy(PolicyKind::Identity, ALL)).prepared();
    assert_eq!(decide(&prepared, &user(), "ec2:DescribeHosts", "*"), Decision::Allow);
    let denied = prepared.with_identity(policy(PolicyKind::Identity, NONE));
    assert_eq!(decide(&denied, &user(), "ec2:DescribeHosts", "*"), Decision::ExplicitDeny);
    assert_eq!(decide(&denied.prepared(), &user(), "ec2:DescribeHosts", "*"), Decision::ExplicitDeny);
}
