//! The parts of an explanation one by one: what an undetermined answer waits for, what decided, and the lines of
//! the canonical text that say why a clause came out as it did.

#![expect(clippy::unwrap_used, reason = "a test")]

use iamsim_eval::{
    Attached, Caller, Context, Credentials, Decision, Explanation, Layer, Layers, Level, Program, Reason,
    Request, Resource, ResourcePolicy, StatementRef, Truth, UnknownFact, authorize, deciding, explain,
};
use iamsim_policy::{Policy, PolicyKind, ResourceService};

const ACCOUNT: &str = "111122223333";
const ABROAD: &str = "999988887777";
const OBJECT: &str = "arn:aws:s3:::reports/q1.csv";
const ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

fn policy(kind: PolicyKind, statements: &str) -> Attached {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Attached::new("policy", Program::compile(&Policy::parse(kind, text.as_str()).unwrap()))
}

fn identity(statements: &str) -> Layers {
    Layers::new().with_identity(policy(PolicyKind::Identity, statements))
}

fn bucket(statements: &str) -> ResourcePolicy {
    ResourcePolicy::Attached(policy(PolicyKind::Resource(ResourceService::S3), statements))
}

fn user() -> Caller {
    Caller::user("arn:aws:iam::111122223333:user/alice".parse().unwrap()).unwrap()
}

fn session() -> Caller {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1".parse().unwrap();
    Caller::role_session(session, "arn:aws:iam::111122223333:role/app".parse().unwrap()).unwrap()
}

/// A request on something of an owner, or of one that nobody knows.
fn request(caller: Caller, action: &str, resource: &str, owner: Option<&str>, context: Context) -> Request {
    let resource = if resource == "*" { Resource::None } else { Resource::Arn(resource.parse().unwrap()) };
    let request = Request::new(caller, action.parse().unwrap(), resource, context);
    match owner {
        Some(owner) => request.with_owner(owner.parse().unwrap()),
        None => request,
    }
}

fn explained(layers: &Layers, request: &Request) -> Explanation {
    let explanation = explain(layers, request);
    assert_eq!(explanation.decision(), authorize(layers, request));
    explanation
}

/// A statement that waits for a tag of the caller.
fn waits(effect: &str, principal: &str, tag: &str) -> String {
    let principal =
        if principal.is_empty() { String::new() } else { format!(r#""Principal": {principal},"#) };
    format!(
        r#"{{"Effect": "{effect}", {principal} "Action": "*", "Resource": "*",
            "Condition": {{"StringEquals": {{"aws:PrincipalTag/{tag}": "x"}}}}}}"#
    )
}

fn unknown_tags(tags: &[&str]) -> Context {
    tags.iter().fold(Context::complete(), |context, tag| {
        context.with_unknown(format!("aws:PrincipalTag/{tag}").as_str())
    })
}

/// The tags an undetermined answer depends on.
fn awaited_tags(explanation: &Explanation) -> Vec<String> {
    assert_eq!(explanation.decision(), Decision::Undetermined, "{explanation}");
    let keys = explanation.unknown_keys();
    keys.iter().map(|key| key.trim_start_matches("aws:principaltag/").to_owned()).collect()
}

#[test]
fn an_answer_waits_for_every_layer_that_could_change_it() {
    const TAGS: &[&str] =
        &["scpa", "scpd", "rcpd", "vpca", "vpcd", "ida", "idd", "bda", "bdd", "sesa", "sesd", "resd"];
    let both = |kind, allow: &str, deny: &str| {
        let principal = if kind == PolicyKind::VpcEndpoint { r#""*""# } else { "" };
        policy(kind, &format!("{}, {}", waits("Allow", principal, allow), waits("Deny", principal, deny)))
    };
    let layers = || {
        Layers::new()
            .with_scps(vec![Level::new("root", vec![both(PolicyKind::ServiceControl, "scpa", "scpd")])])
            .with_rcps(vec![Level::new(
                "root",
                vec![policy(PolicyKind::ResourceControl, &waits("Deny", r#""*""#, "rcpd"))],
            )])
            .with_endpoint(vec![both(PolicyKind::VpcEndpoint, "vpca", "vpcd")])
            .with_identity(both(PolicyKind::Identity, "ida", "idd"))
            .with_boundary(both(PolicyKind::PermissionsBoundary, "bda", "bdd"))
            .with_session(vec![both(PolicyKind::Session, "sesa", "sesd")])
    };
    let named = |tag: &str| {
        format!("{}, {}", waits("Deny", r#""*""#, "resd"), waits("Allow", r#"{"AWS": "111122223333"}"#, tag))
    };
    let sorted = |tags: &[&str]| {
        let mut tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        tags.sort();
        tags
    };
    let asked = |owner: &str| {
        let context = unknown_tags(TAGS);
        let context = ["del", "free"]
            .iter()
            .fold(context, |context, tag| context.with_unknown(format!("aws:PrincipalTag/{tag}").as_str()));
        request(session(), "s3:GetObject", OBJECT, Some(owner), context)
    };
    // At home, what the bucket allows to the account adds nothing (PE-RBP-06); abroad it is needed.
    let with = layers().with_resource(bucket(&named("del")));
    assert_eq!(awaited_tags(&explained(&with, &asked(ACCOUNT))), sorted(TAGS));
    let abroad: Vec<&str> = TAGS.iter().copied().chain(["del"]).collect();
    assert_eq!(awaited_tags(&explained(&with, &asked(ABROAD))), sorted(&abroad));
    // As many statements are told as there are tags.
    assert_eq!(explained(&with, &asked(ABROAD)).residuals().len(), abroad.len());
    assert_eq!(explained(&with, &asked(ABROAD)).undecided().len(), abroad.len());
    // Of a level that certainly allows nothing more is asked.
    let with = with.with_scps(vec![
        Level::new(
            "root",
            vec![policy(PolicyKind::ServiceControl, ALL), both(PolicyKind::ServiceControl, "scpa", "scpd")],
        ),
        Level::new("unit", vec![policy(PolicyKind::ServiceControl, &waits("Allow", "", "free"))]),
    ]);
    let others: Vec<&str> = abroad.iter().copied().filter(|tag| *tag != "scpa").chain(["free"]).collect();
    assert_eq!(awaited_tags(&explained(&with, &asked(ABROAD))), sorted(&others));
}

#[test]
fn an_answer_waits_for_no_statement_that_changes_nothing() {
    let context = || unknown_tags(&["a", "b"]);
    let ask = |layers: &Layers| {
        awaited_tags(&explained(layers, &request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), context())))
    };
    // The identity policy allows; what the bucket allows besides does not matter.
    let layers = identity(&format!("{ALL}, {}", waits("Deny", "", "a"))).with_resource(bucket(&waits(
        "Allow",
        r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#,
        "b",
    )));
    assert_eq!(ask(&layers), ["a"]);
    // One of the two is enough.
    let layers = identity(&waits("Allow", "", "a")).with_resource(bucket(&waits(
        "Allow",
        r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#,
        "b",
    )));
    assert_eq!(ask(&layers), ["a", "b"]);
    // A resource control policy's Allow is implied (PE-RCP-04).
    let layers = identity(&waits("Allow", "", "a")).with_rcps(vec![Level::new(
        "root",
        vec![policy(PolicyKind::ResourceControl, &waits("Deny", r#""*""#, "b"))],
    )]);
    assert_eq!(ask(&layers), ["a", "b"]);
}

#[test]
fn an_owner_that_nobody_knows_is_asked_for_by_name() {
    let ask = |resource: &str, action: &str| {
        let explanation =
            explained(&identity(ALL), &request(user(), action, resource, None, Context::complete()));
        assert_eq!(explanation.unknown_facts(), [UnknownFact::Owner]);
        explanation.to_string()
    };
    let contains = |text: &str, wanted: &str| assert!(text.contains(wanted), "{text}");
    let text = ask(OBJECT, "s3:GetObject");
    contains(&text, "\n  of an account that is not known\n");
    contains(&text, ": add the bucket `reports` to the account that owns it\n");
    let text = ask("arn:aws:apigateway:us-east-1::/restapis/a1", "apigateway:GET");
    contains(&text, ": add `arn:aws:apigateway:us-east-1::/restapis/a1` to the account that owns it\n");
}

#[test]
fn each_clause_says_why_it_came_out_as_it_did() {
    let who = || Context::complete().with("aws:username", "alice");
    for (statement, resource, context, expected) in [
        (
            r#""Resource": "arn:aws:s3:::reports/${aws:PrincipalTag/team}/*""#,
            OBJECT,
            Context::complete(),
            "Resource: a variable in `arn:aws:s3:::reports/${aws:PrincipalTag/team}/*` has no value",
        ),
        (
            r#""Resource": "arn:aws:s3:::reports/${aws:username}/*""#,
            OBJECT,
            who(),
            "is not among `arn:aws:s3:::reports/${aws:username}/*` (here `reports/alice/*`)",
        ),
        (
            r#""Resource": "arn:aws:s3:::reports/${aws:username}?/*""#,
            OBJECT,
            who(),
            "(here `reports/alice?/*`)",
        ),
        (
            r#""Resource": "arn:aws:s3:::reports/q1.csv""#,
            "*",
            Context::complete(),
            "Resource: the request names no resource, and `*` is not among `arn:aws:s3:::reports/q1.csv`",
        ),
        // So says an entry whose text before the variable rules the resource out as well.
        (
            r#""Resource": "arn:aws:s3:::other/${aws:PrincipalTag/team}/*""#,
            OBJECT,
            Context::complete(),
            "Resource: a variable in `arn:aws:s3:::other/${aws:PrincipalTag/team}/*` has no value",
        ),
        // The first reason is the one that is told.
        (
            r#""Resource": ["arn:aws:s3:::reports/${aws:PrincipalTag/team}/*", "arn:aws:s3:::other"]"#,
            OBJECT,
            Context::complete(),
            "Resource: a variable in",
        ),
        (
            r#""Resource": "*", "Condition": {"Null": {"aws:TagKeys": "false"}}"#,
            OBJECT,
            Context::complete().with_many("aws:TagKeys", Vec::<&str>::new()),
            "Null aws:TagKeys `false`: the request carries the key without a value",
        ),
        (
            r#""Resource": "*", "Condition": {"Null": {"aws:TagKeys": "false"}}"#,
            OBJECT,
            Context::complete(),
            "Null aws:TagKeys `false`: the request does not carry the key",
        ),
        (
            r#""Resource": "*", "Condition": {"StringEquals": {"aws:TagKeys": "x"}}"#,
            OBJECT,
            Context::complete().with_many("aws:TagKeys", Vec::<&str>::new()),
            "StringEquals aws:TagKeys `x`: the key is multivalued, [nothing], and needs ForAllValues or ForAnyValue",
        ),
        (
            r#""Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}"#,
            OBJECT,
            Context::complete(),
            "StringEquals aws:PrincipalTag/team `x`: the request does not carry the key",
        ),
    ] {
        let layers = identity(&format!(r#"{{"Effect": "Allow", "Action": "*", {statement}}}"#));
        let explanation =
            explained(&layers, &request(user(), "s3:GetObject", resource, Some(ACCOUNT), context));
        let text = explanation.to_string();
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn the_pieces_of_the_text_are_the_text() {
    let layers = identity(&waits("Allow", "", "team"))
        .with_boundary(policy(PolicyKind::PermissionsBoundary, ALL))
        .with_resource(bucket(
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"},
                "Action": "s3:PutObject", "Resource": "*"}"#,
        ));
    let context = Context::complete().with("aws:PrincipalTag/team", "y");
    let explanation = explained(&layers, &request(session(), "s3:GetObject", OBJECT, Some(ACCOUNT), context));
    let text = explanation.to_string();
    let found: Vec<(&str, &str)> = explanation
        .layers()
        .iter()
        .map(|layer| (explanation.layer_name(layer.layer), explanation.layer_text(layer)))
        .collect();
    assert_eq!(
        found,
        [
            ("resource control policy", "none"),
            ("service control policy", "none"),
            ("VPC endpoint policy", "none"),
            ("resource-based policy", "does not allow"),
            ("identity-based policy", "does not allow"),
            ("permissions boundary", "allows"),
            ("session policy", "none"),
        ]
    );
    let mut lines = Vec::new();
    for layer in explanation.layers() {
        for policy in layer.levels.iter().flat_map(|level| &level.policies) {
            for statement in &policy.statements {
                for clause in &statement.clauses {
                    lines.push(explanation.clause_text(policy, statement, clause));
                }
            }
        }
    }
    assert!(
        lines.contains(&"StringEquals aws:PrincipalTag/team `x`: the request has `y`".to_owned()),
        "{lines:#?}"
    );
    assert!(lines.iter().any(|line| line.ends_with("names this session")), "{lines:#?}");
    assert!(text.contains("the request has `y`"), "{text}");
}

#[test]
fn what_decided_is_told_with_its_place() {
    let deny = r#"{"Sid": "Never", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}"#;
    let layers = identity(&format!("{ALL}, {deny}"));
    let explanation =
        explained(&layers, &request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete()));
    let deciding = explanation.deciding();
    assert_eq!(deciding.len(), 1);
    assert_eq!(deciding[0].sid(), Some("Never"));
    let text = deciding[0].policy.source().text();
    let span = deciding[0].span();
    assert_eq!(text.get(span.start as usize..span.end as usize), Some(deny));
    assert_eq!(deciding[0].layer.to_string(), "identity");
    assert_eq!(explanation.fixed_rule(), None);

    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    let role = "arn:aws:iam::111122223333:role/app";
    let explanation =
        explained(&Layers::new(), &request(root, "sts:AssumeRole", role, Some(ACCOUNT), Context::complete()));
    assert_eq!(explanation.fixed_rule().unwrap().as_str(), "root-cannot-assume-role");

    let explanation =
        explained(&identity(ALL), &request(user(), "s3:ListAllMyBuckets", "*", None, Context::complete()));
    assert_eq!(explanation.effective_resource().unwrap().as_str(), "arn:aws:s3:::*");
    let explanation =
        explained(&identity(ALL), &request(user(), "ec2:DescribeInstances", "*", None, Context::complete()));
    assert_eq!(explanation.effective_resource(), None);
}

/// How many statements of the bucket and of the identity policy the allowed request rests on.
#[track_caller]
fn rests_on(identities: &str, buckets: &str, owner: &str, expected: &[&str]) {
    let layers = identity(identities).with_resource(bucket(buckets));
    let explanation =
        explained(&layers, &request(session(), "s3:GetObject", OBJECT, Some(owner), Context::complete()));
    assert_eq!(explanation.decision(), Decision::Allow, "{explanation}");
    let found: Vec<&str> = explanation.deciding().iter().map(|statement| statement.sid().unwrap()).collect();
    assert_eq!(found, expected, "{explanation}");
}

#[test]
fn an_allowed_request_rests_on_the_side_that_is_enough() {
    let allow = |sid: &str, principal: &str| {
        let principal =
            if principal.is_empty() { String::new() } else { format!(r#""Principal": {principal},"#) };
        format!(r#"{{"Sid": "{sid}", "Effect": "Allow", {principal} "Action": "s3:*", "Resource": "*"}}"#)
    };
    let own = allow("Own", "");
    let account = allow("Account", r#"{"AWS": "111122223333"}"#);
    let role = allow("Role", r#"{"AWS": "arn:aws:iam::111122223333:role/app"}"#);
    let session = allow("Session", r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#);
    let everyone = allow("Everyone", r#""*""#);
    let none = r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#;
    // At home the bucket's word for the account needs an identity policy, which is enough alone.
    rests_on(&own, &account, ACCOUNT, &["Own"]);
    rests_on(none, &format!("{account}, {role}"), ACCOUNT, &["Role"]);
    rests_on(none, &format!("{account}, {session}"), ACCOUNT, &["Session"]);
    rests_on(none, &format!("{account}, {everyone}"), ACCOUNT, &["Everyone"]);
    rests_on(&own, &role, ACCOUNT, &["Role"]);
    // Abroad both are needed, and each word of the bucket is enough.
    rests_on(&own, &format!("{account}, {role}"), ABROAD, &["Account", "Role", "Own"]);
    rests_on(&own, &session, ABROAD, &["Session", "Own"]);
}

#[test]
fn each_statement_that_decides_is_told_once_and_in_order() {
    // A whole name is found before names with wildcards, and a statement by each of its names.
    let named = [&["s3:Get*"][..], &["s3:GetObject"], &["s3:*Object", "s3:Get*", "s3:GetObject"]];
    let statement = |number: usize| {
        let actions = named[number % 3];
        format!(r#"{{"Sid": "N{number}", "Effect": "Allow", "Action": {actions:?}, "Resource": "*"}}"#)
    };
    for count in 1..8 {
        let statements: Vec<String> = (0..count).map(statement).collect();
        let layers = identity(&statements.join(", "));
        let request = request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
        let expected: Vec<String> = (0..count).map(|number| format!("N{number}")).collect();
        for layers in [layers.clone(), layers.prepared()] {
            let (decision, statements) = deciding(&layers, &request);
            let found: Vec<&str> = statements.iter().filter_map(StatementRef::sid).collect();
            assert_eq!((decision, found), (Decision::Allow, expected.iter().map(String::as_str).collect()));
        }
    }
}

#[test]
fn every_policy_that_denies_is_told() {
    let deny = |sid: &str| {
        let text = format!(r#"{{"Sid": "{sid}", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#);
        policy(PolicyKind::Identity, &text)
    };
    let layers = Layers::new().with_identity(deny("First")).with_identity(deny("Second"));
    let explanation =
        explained(&layers, &request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete()));
    let found: Vec<_> = explanation.deciding().iter().map(StatementRef::sid).collect();
    assert_eq!(found, [Some("First"), Some("Second")]);
}

#[test]
fn only_variables_that_may_decide_are_asked_for() {
    let ask = |statement: &str, context: Context| {
        let layers = identity(&format!(r#"{{"Effect": "Allow", "Action": "*", {statement}}}"#));
        awaited_tags(&explained(&layers, &request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), context)))
    };
    // A value that can't fit is not asked for, nor a variable that is known.
    let condition = r#""Resource": "*", "Condition": {"StringLike": {"s3:prefix": [
        "a-${aws:PrincipalTag/a}", "b-${aws:PrincipalTag/b}"]}}"#;
    assert_eq!(ask(condition, unknown_tags(&["a", "b"]).with("s3:prefix", "a-1")), ["a"]);
    let resource = r#""Resource": "arn:aws:s3:::${aws:PrincipalTag/a}/${aws:PrincipalTag/b}*""#;
    assert_eq!(ask(resource, unknown_tags(&["b"]).with("aws:PrincipalTag/a", "reports")), ["b"]);
}

#[test]
fn whose_a_resource_is_is_only_asked_where_it_matters() {
    // Who has no account is at home nowhere.
    let layers = Layers::new().with_resource(bucket(&waits("Allow", r#""*""#, "a")));
    let asked = request(Caller::anonymous(), "s3:GetObject", OBJECT, None, unknown_tags(&["a"]));
    let explanation = explained(&layers, &asked);
    assert_eq!(awaited_tags(&explanation), ["a"]);
    assert_eq!(explanation.unknown_facts(), []);
    // A user at home or abroad is denied alike.
    let layers = identity(&format!("{ALL}, {}", waits("Deny", "", "a"))).with_resource(bucket(
        r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}"#,
    ));
    let explanation =
        explained(&layers, &request(user(), "s3:GetObject", OBJECT, None, unknown_tags(&["a"])));
    assert_eq!(awaited_tags(&explanation), ["a"]);
    assert_eq!(explanation.unknown_facts(), []);
}

#[test]
fn credentials_that_nobody_knows_are_asked_for_by_the_keys_that_tell_them() {
    const ISSUED: &str = "aws:tokenissuetime";
    const MFA: &str = "aws:multifactorauthpresent";
    let check = |action: &str, mfa: Truth, unknown: &[&str], keys: &[&str], facts: &[UnknownFact]| {
        let context = unknown.iter().fold(Context::complete(), |context, key| context.with_unknown(*key));
        let caller = user().with_credentials(Credentials::Unknown { mfa });
        let resource = "arn:aws:iam::111122223333:user/bob";
        let explanation =
            explained(&identity(ALL), &request(caller, action, resource, Some(ACCOUNT), context));
        assert_eq!(explanation.decision(), Decision::Undetermined, "{explanation}");
        assert_eq!(explanation.unknown_keys(), keys, "{explanation}");
        assert_eq!(explanation.unknown_facts(), facts, "{explanation}");
    };
    check("iam:GetUser", Truth::Unknown, &[], &[], &[UnknownFact::Credentials]);
    check("iam:GetUser", Truth::Unknown, &[ISSUED], &[ISSUED], &[]);
    check("iam:GetUser", Truth::Unknown, &[MFA], &[MFA], &[]);
    check("iam:GetUser", Truth::Unknown, &[ISSUED, MFA], &[MFA, ISSUED], &[]);
    // Without MFA for certain, only the kind of the credentials is left.
    check("iam:GetUser", Truth::False, &[ISSUED, MFA], &[ISSUED], &[]);
    check("sts:GetFederationToken", Truth::Unknown, &[ISSUED, MFA], &[ISSUED], &[]);
}

#[test]
fn mfa_that_nobody_knows_of_matters_to_iam_only() {
    let caller = user().with_credentials(Credentials::SessionToken { mfa: Truth::Unknown });
    let asked = request(caller, "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
    assert_eq!(explained(&identity(ALL), &asked).decision(), Decision::Allow);
}

#[test]
fn a_canonical_user_may_be_the_callers_account() {
    let layers = identity(ALL).with_resource(bucket(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {
            "AWS": "arn:aws:iam::444455556666:user/x",
            "CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}}"#,
    ));
    let asked = request(user(), "s3:GetObject", OBJECT, Some(ABROAD), Context::complete());
    let explanation = explained(&layers, &asked);
    assert_eq!(explanation.decision(), Decision::Undetermined, "{explanation}");
    assert_eq!(explanation.unknown_facts(), [UnknownFact::CanonicalUser]);
}

#[test]
fn not_principal_asks_for_a_user_or_a_session_only_where_it_may_be_meant() {
    let federated = {
        let session = "arn:aws:sts::111122223333:federated-user/bob".parse().unwrap();
        Caller::federated_user(session, None).unwrap()
    };
    let any = Caller::any_session_of("arn:aws:iam::111122223333:role/app".parse().unwrap()).unwrap();
    let check = |caller: &Caller, entries: &str, expected: Decision| {
        let layers = identity(ALL).with_session(vec![policy(PolicyKind::Session, ALL)]).with_resource(bucket(
            &format!(
                r#"{{"Effect": "Deny", "NotPrincipal": {{"AWS": [{entries}]}}, "Action": "*", "Resource": "*"}}"#
            ),
        ));
        let asked = request(caller.clone(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
        assert_eq!(explained(&layers, &asked).decision(), expected, "{entries}");
    };
    let bob = r#""111122223333", "arn:aws:sts::111122223333:federated-user/bob""#;
    check(&federated, &format!(r#"{bob}, "arn:aws:iam::111122223333:user/u""#), Decision::Undetermined);
    check(&federated, &format!(r#"{bob}, "arn:aws:iam::444455556666:user/u""#), Decision::ExplicitDeny);
    let app = r#""111122223333", "arn:aws:iam::111122223333:role/app""#;
    let of = |role: &str| format!(r#"{app}, "arn:aws:sts::111122223333:assumed-role/{role}/s""#);
    check(&any, &of("app"), Decision::Undetermined);
    check(&any, &of("other"), Decision::ExplicitDeny);
}

#[test]
fn who_is_not_exempt_is_named_as_far_as_it_is_known() {
    let layers = identity(ALL).with_resource(bucket(
        r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}"#,
    ));
    let text = |caller| {
        let asked = request(caller, "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
        explained(&layers, &asked).to_string()
    };
    let role = "arn:aws:iam::111122223333:role/app";
    assert!(text(session()).contains(role));
    let unknown = session().with_unknown_role_path();
    let found = text(unknown);
    let not_principal = found.lines().find(|line| line.contains("NotPrincipal:")).unwrap();
    assert!(!not_principal.contains(role), "{found}");
    assert!(not_principal.contains("arn:aws:sts::111122223333:assumed-role/app/s1"), "{found}");
}

#[test]
fn reasons_are_those_that_were_needed() {
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    let root = || Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    let key = |effect: &str| {
        let text = format!(
            r#"{{"Sid": "Key", "Effect": "{effect}", "Principal": {{"AWS": "111122223333"}},
                "Action": "kms:*", "Resource": "*"}}"#
        );
        ResourcePolicy::Attached(policy(PolicyKind::Resource(ResourceService::Kms), &text))
    };
    let own = r#"{"Sid": "Own", "Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let ask = |layers: &Layers, caller: Caller, resource: &str, action: &str| {
        explained(layers, &request(caller, action, resource, Some(ACCOUNT), Context::complete()))
    };
    let sids = |explanation: &Explanation| -> Vec<String> {
        explanation.deciding().iter().map(|statement| statement.sid().unwrap().to_owned()).collect()
    };
    // A key's policy delegates, the identity policy allows: both are needed (PE-KMS-01).
    let both = ask(&identity(own).with_resource(key("Allow")), user(), KEY, "kms:Decrypt");
    assert_eq!(both.reason(), Reason::AllowedByBoth);
    assert_eq!(sids(&both), ["Key", "Own"]);
    // A root user needs no identity policy.
    let by_root = ask(&identity(own).with_resource(key("Allow")), root(), KEY, "kms:Decrypt");
    assert_eq!(sids(&by_root), ["Key"], "{by_root}");
    // An alias is no key: nobody needs to delegate its use.
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/app";
    assert_eq!(ask(&identity(own), user(), alias, "kms:CreateAlias").decision(), Decision::Allow);
    // Nor is another service's action that names a key a use of it.
    assert_eq!(ask(&identity(own), user(), KEY, "kinesis:StopStreamEncryption").decision(), Decision::Allow);
    // Of its own side a root user needs the session policy only.
    let layers = Layers::new().with_session(vec![policy(
        PolicyKind::Session,
        r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#,
    )]);
    assert_eq!(ask(&layers, root(), OBJECT, "s3:GetObject").reason(), Reason::ImplicitDeny(Layer::Session));
}

#[test]
fn messages_name_whoever_asks_and_whatever_denies() {
    let asked = request(Caller::anonymous(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
    let message = explained(&Layers::new(), &asked).message();
    assert!(message.starts_with("User: anonymous is not authorized to perform: s3:GetObject"), "{message}");

    let deny = r#"{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}"#;
    let trust = ResourcePolicy::Attached(policy(PolicyKind::RoleTrust, deny));
    let role = "arn:aws:iam::111122223333:role/app";
    let asked = request(user(), "sts:AssumeRole", role, Some(ACCOUNT), Context::complete());
    let message = explained(&identity(ALL).with_resource(trust), &asked).message();
    assert!(message.ends_with("with an explicit deny in the role trust policy"), "{message}");
}

#[test]
fn notes_are_made_where_they_are_true() {
    let role = "arn:aws:iam::111122223333:role/app";
    let trust = |principal: &str| {
        let text = format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "sts:AssumeRole"}}"#
        );
        ResourcePolicy::Attached(policy(PolicyKind::RoleTrust, &text))
    };
    let alice = "arn:aws:iam::111122223333:user/alice";
    let rcp =
        || vec![Level::new("root", vec![policy(PolicyKind::ResourceControl, &waits("Deny", r#""*""#, "a"))])];
    let bounded = |layers: Layers| layers.with_boundary(policy(PolicyKind::PermissionsBoundary, ALL));
    let check = |layers: &Layers, action: &str, resource: &str, note: &str, expected: bool| {
        let asked = request(user(), action, resource, Some(ACCOUNT), Context::complete());
        let explanation = explained(layers, &asked);
        let layers = explanation.layers();
        let found: Vec<&str> =
            layers.iter().flat_map(|layer| &layer.notes).map(|note| note.as_str()).collect();
        assert_eq!(found.contains(&note), expected, "{found:?}");
    };
    check(&identity(ALL).with_rcps(rcp()), "s3:GetObject", OBJECT, "implied-full-access", true);
    check(&identity(ALL), "s3:GetObject", OBJECT, "implied-full-access", false);
    let named = || identity(ALL).with_resource(trust(alice));
    check(&bounded(named()), "sts:AssumeRole", role, "boundary-counts", true);
    check(&named(), "sts:AssumeRole", role, "boundary-counts", false);
    let delegated = bounded(identity(ALL).with_resource(trust(ACCOUNT)));
    check(&delegated, "sts:AssumeRole", role, "boundary-counts", false);
    let to_all = bounded(identity(ALL))
        .with_resource(bucket(r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#));
    check(&to_all, "s3:GetObject", OBJECT, "boundary-counts", false);
}

#[test]
fn of_many_long_values_the_json_has_the_size() {
    let layers = identity(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}}"#,
    );
    let long = vec!["x".repeat(800), "y".repeat(800)];
    let context = Context::complete().with_many("aws:TagKeys", long);
    let explanation = explained(&layers, &request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), context));
    let json = explanation.to_json().to_string();
    assert!(json.contains(r#"{"characters":1600,"cut":true,"values":2}"#), "{json}");
}

#[test]
fn whether_a_root_user_repairs_its_own_bucket_depends_on_whose_it_is() {
    // Allowed at home and abroad but for the Deny, which a root user gets past at home (PE-ROOT-02).
    let layers = identity(ALL).with_resource(bucket(
        r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"},
           {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}"#,
    ));
    let root = Caller::root("arn:aws:iam::111122223333:root".parse().unwrap()).unwrap();
    let asked = request(root, "s3:PutBucketPolicy", "arn:aws:s3:::reports", None, Context::complete());
    let explanation = explained(&layers, &asked);
    assert_eq!(explanation.decision(), Decision::Undetermined, "{explanation}");
    assert_eq!(explanation.unknown_facts(), [UnknownFact::Owner]);
}

#[test]
fn a_statement_on_a_resource_that_names_nobody_says_so() {
    let layers =
        Layers::new().with_resource(bucket(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#));
    let asked = request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
    let text = explained(&layers, &asked).to_string();
    assert!(text.contains("Principal: missing, so the statement names nobody"), "{text}");
}

#[test]
fn an_entry_that_is_no_whole_arn_makes_a_resource_control_policy_inert() {
    let deny = r#"{"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": ["arn:aws:s3", "arn:aws:s3:::x"]}"#;
    let layers =
        identity(ALL).with_rcps(vec![Level::new("root", vec![policy(PolicyKind::ResourceControl, deny)])]);
    let asked = request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
    let text = explained(&layers, &asked).to_string();
    assert!(text.contains("names no whole ARN, so the statement is inert"), "{text}");
}

#[test]
fn of_entries_that_name_alike_the_first_is_told() {
    let layers = Layers::new().with_resource(bucket(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": [
            "arn:aws:iam::111122223333:user/alice", "AIDACKCEVSQ6C2EXAMPLE"]}}"#,
    ));
    let caller = user().with_unique_id("AIDACKCEVSQ6C2EXAMPLE");
    let asked = request(caller, "s3:GetObject", OBJECT, Some(ACCOUNT), Context::complete());
    let text = explained(&layers, &asked).to_string();
    assert!(text.contains("Principal: `arn:aws:iam::111122223333:user/alice` names the caller"), "{text}");
}

#[test]
fn an_offset_may_be_written_without_a_colon() {
    let layers = identity(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00+0100"}}}"#,
    );
    let at = |time: &str| {
        let context = Context::complete().with("aws:CurrentTime", time);
        explained(&layers, &request(user(), "s3:GetObject", OBJECT, Some(ACCOUNT), context)).decision()
    };
    assert_eq!(at("2025-12-31T22:59:59Z"), Decision::Allow);
    assert_eq!(at("2025-12-31T23:00:00Z"), Decision::ImplicitDeny);
}
