//! A users account with a developer, a consultant, a DevOps engineer and a finance analyst, and a production
//! account they are let into, each as far as the role goes.

use iamsim::{AssumeRole, Caller, Cloud, Decision, Result, RoleArn, Session, TimeDelta, trust};

use crate::support::{AWAY, HOME, allow, assert_reason, assert_refused, statement};

const USERS: &str = AWAY;
const PRODUCTION: &str = HOME;
const CHECKOUT: &str = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";

/// What the Lambda developer may do: deployments included.
const DEVELOPER: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DeveloperLambdaFunction",
      "Effect": "Allow",
      "Action": [
        "lambda:ListFunctions",
        "lambda:ListTags",
        "lambda:GetFunction*",
        "lambda:InvokeFunction",
        "lambda:UpdateFunctionCode"
      ],
      "Resource": "*"
    }
  ]
}"#;

/// The story's two accounts, with the developer's role.
fn cloud() -> (Cloud, Caller, RoleArn) {
    let mut cloud = Cloud::new();
    let mut users = cloud.account(USERS).unwrap();
    users.alias("example-users").unwrap();
    let assume = allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/*");
    let developer = users.add_user("developer").unwrap().attach("assume", assume).unwrap().caller();
    let mut production = cloud.account(PRODUCTION).unwrap();
    production.alias("example-prod").unwrap();
    let role = production
        .add_role("lambda-developer", trust::account(USERS))
        .unwrap()
        .attach("developer", DEVELOPER)
        .unwrap()
        .arn();
    (cloud, developer, role)
}

fn assume(cloud: &mut Cloud, who: &Caller, role: &RoleArn) -> Result<Session> {
    cloud.sts().assume_role(who, AssumeRole::new(role, "work"))
}

#[test]
fn a_lambda_developer_invokes_and_deploys_but_neither_creates_nor_deletes() {
    let (mut cloud, developer, role) = cloud();
    let session = assume(&mut cloud, &developer, &role).unwrap();
    for action in ["lambda:InvokeFunction", "lambda:UpdateFunctionCode", "lambda:GetFunctionConfiguration"] {
        cloud.assert_allows(session.caller(), action, CHECKOUT);
    }
    cloud.assert_allows(session.caller(), "lambda:ListFunctions", "*");
    for action in ["lambda:CreateFunction", "lambda:DeleteFunction"] {
        cloud.assert_denies(session.caller(), action, CHECKOUT);
    }
    cloud.assert_denies(&developer, "lambda:InvokeFunction", CHECKOUT);
}

#[test]
fn once_deployments_belong_to_ci_a_developer_no_longer_updates_code() {
    let (mut cloud, developer, role) = cloud();
    let mut production = cloud.account(PRODUCTION).unwrap();
    let policy = production.add_policy("lambda-developer", DEVELOPER).unwrap().arn();
    let managed = production.role("lambda-developer").unwrap().detach("developer").unwrap();
    managed.attach_policy(&policy).unwrap();
    let session = assume(&mut cloud, &developer, &role).unwrap();
    cloud.assert_allows(session.caller(), "lambda:UpdateFunctionCode", CHECKOUT);

    let second = DEVELOPER.replace(",\n        \"lambda:UpdateFunctionCode\"", "");
    cloud.account(PRODUCTION).unwrap().policy(&policy).unwrap().add_version(second.as_str()).unwrap();
    cloud.assert_denies(session.caller(), "lambda:UpdateFunctionCode", CHECKOUT); // SES-05
    cloud.assert_allows(session.caller(), "lambda:InvokeFunction", CHECKOUT);
}

#[test]
fn each_way_in_which_a_role_can_t_be_assumed_has_its_own_reason() {
    let (mut cloud, developer, role) = cloud();
    let call = || AssumeRole::new(&role, "work");
    let answer = "User: arn:aws:iam::444455556666:user/developer is not authorized to perform: sts:AssumeRole on \
                  resource: arn:aws:iam::111122223333:role/lambda-developer";

    // The trust policy names another account.
    cloud.account("777788889999").unwrap();
    let mut production = cloud.account(PRODUCTION).unwrap();
    production.role("lambda-developer").unwrap().trust(trust::account("777788889999")).unwrap();
    assert_refused(cloud.sts().assume_role(&developer, call()), "AccessDenied", 403, answer); // TRU-40
    assert_reason(
        cloud.sts().assume_role(&developer, call()),
        "the role's trust policy trusts neither arn:aws:iam::444455556666:user/developer nor its account \
         444455556666",
    );

    // The trust policy is right, and the own account does not allow it.
    let mut production = cloud.account(PRODUCTION).unwrap();
    production.role("lambda-developer").unwrap().trust(trust::account(USERS)).unwrap();
    let stranger = cloud.account(USERS).unwrap().add_user("stranger").unwrap().caller();
    assert_reason(
        cloud.sts().assume_role(&stranger, call()),
        "no identity-based policy of the caller allows sts:AssumeRole on the role",
    );

    // ExternalId: missing, wrong, and wrong in case.
    let mut production = cloud.account(PRODUCTION).unwrap();
    let wizard = trust::account(USERS).require_external_id("Unique-7");
    production.role("lambda-developer").unwrap().trust(wizard).unwrap();
    assert_reason(
        cloud.sts().assume_role(&developer, call()),
        "the role's trust policy asks for an ExternalId, and none was given",
    );
    for wrong in ["Unique-8", "unique-7"] {
        assert_refused(
            cloud.sts().assume_role(&developer, call().external_id(wrong)),
            "AccessDenied",
            403,
            answer,
        );
        assert_reason(
            cloud.sts().assume_role(&developer, call().external_id(wrong)),
            "the ExternalId is not the one the role's trust policy asks for; its case counts",
        );
    }
    cloud.sts().assume_role(&developer, call().external_id("Unique-7")).unwrap();

    // MFA.
    let mut production = cloud.account(PRODUCTION).unwrap();
    production.role("lambda-developer").unwrap().trust(trust::account(USERS).require_mfa()).unwrap();
    assert_reason(
        cloud.sts().assume_role(&developer, call()),
        "the role's trust policy asks for MFA, and the call came without",
    );
    cloud.account(USERS).unwrap().user("developer").unwrap().mfa_device("phone").unwrap();
    let phone = "arn:aws:iam::444455556666:mfa/phone";
    let code = cloud.mfa_code(phone).unwrap();
    cloud.sts().assume_role(&developer, call().mfa(phone, &code)).unwrap();

    // Root.
    let root = cloud.account(USERS).unwrap().root();
    assert_refused(
        cloud.sts().assume_role(&root, call()),
        "AccessDenied",
        403,
        "Roles may not be assumed by root accounts.",
    );
}

#[test]
fn an_alias_is_as_good_as_its_account_s_id() {
    let (mut cloud, developer, _) = cloud();
    let users = cloud.account_id("example-users").unwrap().to_string();
    let mut production = cloud.account("example-prod").unwrap();
    assert_eq!(production.id().to_string(), PRODUCTION);
    let role = production.add_role("by-alias", trust::account(&users)).unwrap().arn();
    assume(&mut cloud, &developer, &role).unwrap();
    assert_eq!(cloud.account("no-such-alias").unwrap_err().code(), "NoSuchEntity");
}

#[test]
fn a_service_takes_the_role_that_trusts_it() {
    let mut cloud = Cloud::new();
    let mut production = cloud.account(PRODUCTION).unwrap();
    for service in ["lambda.amazonaws.com", "ec2.amazonaws.com"] {
        let name = service.split('.').next().unwrap();
        let role = production.add_role(name, trust::service(service)).unwrap();
        role.attach("read", allow("s3:GetObject", "arn:aws:s3:::reports/*")).unwrap();
    }
    production.add_resource("arn:aws:s3:::reports").unwrap();
    let role = cloud.account(PRODUCTION).unwrap().role("lambda").unwrap().arn();
    let function = cloud.sts().assume_as_service("lambda.amazonaws.com", AssumeRole::new(&role, "checkout"));
    let function = function.unwrap();
    assert_eq!(function.arn(), "arn:aws:sts::111122223333:assumed-role/lambda/checkout"); // ID-38
    cloud.assert_allows(function.caller(), "s3:GetObject", "arn:aws:s3:::reports/a");
    cloud.assert_denies(function.caller(), "s3:PutObject", "arn:aws:s3:::reports/a");

    // TRU-13: another service, or a user, does not match.
    let other = cloud.sts().assume_as_service("ec2.amazonaws.com", AssumeRole::new(&role, "i-0abc"));
    assert_reason(other, "the role's trust policy does not trust ec2.amazonaws.com");
    let mut production = cloud.account(PRODUCTION).unwrap();
    let user = production.add_user("admin").unwrap().attach("all", allow("*", "*")).unwrap().caller();
    assert_eq!(assume(&mut cloud, &user, &role).unwrap_err().code(), "AccessDenied");

    let role = cloud.account(PRODUCTION).unwrap().role("ec2").unwrap().arn();
    let instance =
        cloud.sts().assume_as_service("ec2.amazonaws.com", AssumeRole::new(&role, "i-0abc")).unwrap();
    cloud.assert_allows(instance.caller(), "s3:GetObject", "arn:aws:s3:::reports/a");
}

#[test]
fn consultant_devops_and_finance_are_limited_to_their_roles() {
    let mut cloud = Cloud::new();
    let roles = [
        ("consultant", r#"["s3:GetObject", "cloudwatch:GetMetricData"]"#),
        ("devops", r#"["ec2:*", "lambda:*", "cloudwatch:*"]"#),
        ("finance", r#"["ce:GetCostAndUsage", "budgets:ViewBudget"]"#),
    ];
    let mut sessions = Vec::new();
    cloud.account(PRODUCTION).unwrap().add_resource("arn:aws:s3:::reports").unwrap();
    for (name, actions) in roles {
        let role_arn = format!("arn:aws:iam::{PRODUCTION}:role/{name}");
        let own = allow("sts:AssumeRole", &role_arn);
        let who =
            cloud.account(USERS).unwrap().add_user(name).unwrap().attach("own-role", own).unwrap().caller();
        let trusted = format!("arn:aws:iam::{USERS}:user/{name}");
        let policy = statement(&format!(r#""Effect": "Allow", "Action": {actions}, "Resource": "*""#));
        let mut production = cloud.account(PRODUCTION).unwrap();
        let role =
            production.add_role(name, trust::account(&trusted)).unwrap().attach("own", policy).unwrap();
        let role = role.arn();
        sessions.push((name, who.clone(), assume(&mut cloud, &who, &role).unwrap(), role));
    }
    let answers = |session: &Session| {
        ["s3:GetObject", "ec2:RunInstances", "cloudwatch:GetMetricData", "ce:GetCostAndUsage"].map(|action| {
            let resource = if action == "s3:GetObject" { "arn:aws:s3:::reports/a" } else { "*" };
            cloud.authorize(session.caller(), action, resource).unwrap() == Decision::Allow
        })
    };
    let found: Vec<_> = sessions.iter().map(|(name, _, session, _)| (*name, answers(session))).collect();
    assert_eq!(
        found,
        [
            ("consultant", [true, false, true, false]),
            ("devops", [false, true, true, false]),
            ("finance", [false, false, false, true]),
        ]
    );
    // Nobody takes another's role.
    for (name, who, _, _) in &sessions {
        for (other, _, _, role) in &sessions {
            let taken = cloud.clone().sts().assume_role(who, AssumeRole::new(role, "work")).is_ok();
            assert_eq!(taken, name == other, "{name} takes {other}");
        }
    }
}

#[test]
fn s3_is_opened_by_identity_policy_by_bucket_policy_and_across_accounts_by_both() {
    let mut cloud = Cloud::new();
    let object = "arn:aws:s3:::reports/2029.csv";
    let mut production = cloud.account(PRODUCTION).unwrap();
    production.add_resource("arn:aws:s3:::reports").unwrap();
    let by_identity = production
        .add_user("by-identity")
        .unwrap()
        .attach("read", allow("s3:GetObject", "*"))
        .unwrap()
        .caller();
    let by_bucket = production.add_user("by-bucket").unwrap().caller();
    let mut users = cloud.account(USERS).unwrap();
    let foreign = users.add_user("foreign").unwrap().caller();
    let foreign_allowed =
        users.add_user("allowed").unwrap().attach("read", allow("s3:GetObject", "*")).unwrap().caller();

    let ask = |cloud: &Cloud| {
        [&by_identity, &by_bucket, &foreign, &foreign_allowed]
            .map(|who| cloud.authorize(who, "s3:GetObject", object).unwrap() == Decision::Allow)
    };
    assert_eq!(ask(&cloud), [true, false, false, false]);
    let open = statement(
        r#""Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*",
           "Principal": {"AWS": ["arn:aws:iam::111122223333:user/by-bucket", "444455556666"]}"#,
    );
    cloud.account(PRODUCTION).unwrap().resource("arn:aws:s3:::reports").unwrap().policy(open).unwrap();
    // PE-S3-01: either side in the same account, both across accounts.
    assert_eq!(ask(&cloud), [true, true, false, true]);
}

#[test]
fn tags_of_users_roles_and_sessions_decide() {
    let mut cloud = Cloud::new();
    let own_team = statement(
        r#""Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*",
           "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}"#,
    );
    let instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc";
    let mut account = cloud.account(PRODUCTION).unwrap();
    account.add_resource(instance).unwrap().tag("team", "payments").unwrap();
    let payments = account.add_user("paula").unwrap().tag("team", "payments").unwrap();
    let payments = payments.attach("own-team", own_team.as_str()).unwrap().caller();
    let search = account.add_user("sam").unwrap().tag("team", "search").unwrap();
    let search = search.attach("own-team", own_team.as_str()).unwrap().caller();
    let role = account.add_role("team", trust::account(PRODUCTION).with_action("sts:TagSession")).unwrap();
    let role = role.tag("Team", "search").unwrap().attach("own-team", own_team.as_str()).unwrap().arn();
    let admin = account.add_user("admin").unwrap().attach("all", allow("*", "*")).unwrap().caller();

    cloud.assert_allows(&payments, "ec2:StopInstances", instance);
    cloud.assert_denies(&search, "ec2:StopInstances", instance);
    // PE-TAG-01: a session tag overlays the role's tag, and the case of keys does not count.
    let plain = cloud.sts().assume_role(&admin, AssumeRole::new(&role, "plain")).unwrap();
    let tagged =
        cloud.sts().assume_role(&admin, AssumeRole::new(&role, "tagged").tag("team", "payments")).unwrap();
    cloud.assert_denies(plain.caller(), "ec2:StopInstances", instance);
    cloud.assert_allows(tagged.caller(), "ec2:StopInstances", instance);
}

#[test]
fn a_session_ends_when_its_time_is_over() {
    let (mut cloud, developer, role) = cloud();
    let call = AssumeRole::new(&role, "build-42").duration(TimeDelta::minutes(30));
    let session = cloud.sts().assume_role(&developer, call).unwrap();
    cloud.clock().advance(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    cloud.assert_allows(session.caller(), "lambda:InvokeFunction", CHECKOUT);
    cloud.clock().advance(TimeDelta::seconds(1));
    let late = cloud.authorize(session.caller(), "lambda:InvokeFunction", CHECKOUT);
    // SES-30, TRAP-66
    assert_refused(late, "ExpiredToken", 403, "The security token included in the request is expired");
}

#[test]
fn two_runs_are_alike_to_the_byte() {
    let run = || {
        let (mut cloud, developer, role) = cloud();
        let session = assume(&mut cloud, &developer, &role).unwrap();
        let explanation = cloud.explain(session.caller(), "lambda:DeleteFunction", CHECKOUT).unwrap();
        format!("{session:?}\n{explanation}")
    };
    assert_eq!(run(), run());
}

#[test]
fn a_failed_assertion_says_why() {
    let (mut cloud, developer, role) = cloud();
    let session = assume(&mut cloud, &developer, &role).unwrap();
    let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        cloud.assert_allows(session.caller(), "lambda:DeleteFunction", CHECKOUT);
    }));
    let message = failure.unwrap_err().downcast::<String>().unwrap();
    insta::assert_snapshot!(message);
}
