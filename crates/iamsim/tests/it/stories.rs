//! Designs that people build from these parts, each walked through once.

use iamsim::{
    AssumeRole, AssumeRoleWithWebIdentity, Caller, Cloud, Layer, TimeDelta, WebIdentityToken, trust,
};

use crate::support::{
    AWAY, HOME, MANAGEMENT, administrator, allow, assert_reason, error, statement, trusting_when, user,
};

const THIRD: &str = "777788889999";

/// Third-party access: the ExternalId keeps the vendor from being talked into another customer's role.
#[test]
fn a_confused_deputy_lacks_the_customer_s_external_id() {
    let mut cloud = Cloud::new();
    let vendor = administrator(&mut cloud, AWAY, "vendor");
    let mut customer = cloud.account(HOME).unwrap();
    let wizard = trust::account(AWAY).require_external_id("customer-1");
    let role = customer.add_role("vendor-access", wizard).unwrap();
    let role = role.attach("read", allow("s3:ListAllMyBuckets", "*")).unwrap().arn();
    let call = |id: &str| AssumeRole::new(&role, "audit").external_id(id);
    let session = cloud.sts().assume_role(&vendor, call("customer-1")).unwrap();
    cloud.assert_allows(session.caller(), "s3:ListAllMyBuckets", "*");
    // Another customer of the vendor has given the vendor this role's ARN as its own.
    assert_reason(
        cloud.sts().assume_role(&vendor, call("customer-2")),
        "the ExternalId is not the one the role's trust policy asks for; its case counts",
    );
}

/// CI by OIDC: GitHub's token opens the role from one branch of one repository.
#[test]
fn a_pipeline_deploys_from_the_main_branch_only() {
    let url = "https://token.actions.githubusercontent.com";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let provider = account.add_oidc_provider(url, &["sts.amazonaws.com"]).unwrap();
    let policy = trust::github(&provider, "octo-org").repository("shop").branch("main");
    let role = account.add_role("deploy", policy).unwrap();
    let role = role.attach("deploy", allow("lambda:UpdateFunctionCode", "*")).unwrap().arn();
    let mut run = |subject: &str, audience: &str| {
        let token = WebIdentityToken::new(url, subject, audience).claim("repository", "octo-org/shop");
        cloud.sts().assume_role_with_web_identity(AssumeRoleWithWebIdentity::new(&role, "run-1", &token))
    };
    let session = run("repo:octo-org/shop:ref:refs/heads/main", "sts.amazonaws.com").unwrap();
    assert_eq!(
        error(run("repo:octo-org/shop:ref:refs/heads/dev", "sts.amazonaws.com")).code(),
        "AccessDenied"
    );
    // TRU-89: a subject with ids does not match a pattern of names.
    assert_eq!(
        error(run("repo:octo-org@1/shop@2:ref:refs/heads/main", "sts.amazonaws.com")).code(),
        "AccessDenied"
    );
    assert_eq!(
        error(run("repo:octo-org/shop:ref:refs/heads/main", "elsewhere")).code(),
        "InvalidIdentityToken"
    );
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";
    cloud.assert_allows(session.caller(), "lambda:UpdateFunctionCode", function);
    cloud.assert_denies(session.caller(), "lambda:DeleteFunction", function);
}

/// Delegated administration: who makes roles must bound them, and can't lift the bound.
#[test]
fn a_delegated_administrator_makes_bounded_roles_only() {
    let bound = "arn:aws:iam::111122223333:policy/developer-bound";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_policy("developer-bound", allow("s3:*", "*")).unwrap();
    let delegate = format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Action": ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"],
              "Resource": "arn:aws:iam::{HOME}:role/team/*",
              "Condition": {{"StringEquals": {{"iam:PermissionsBoundary": "{bound}"}}}}}},
            {{"Effect": "Deny", "Action": ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"],
              "Resource": "*"}},
            {{"Effect": "Deny", "Action": ["iam:CreatePolicyVersion", "iam:DeletePolicy"], "Resource": "{bound}"}}]}}"#
    );
    let lead = account.add_user("lead").unwrap().attach("delegate", delegate).unwrap().caller();
    let role = "arn:aws:iam::111122223333:role/team/worker";
    let create = || cloud.request(&lead, "iam:CreateRole", role);
    create().assert_undetermined(); // whether the call names a boundary is an argument of the call
    create().context("iam:PermissionsBoundary", bound).assert_allows();
    create().absent("iam:PermissionsBoundary").assert_denies();
    create().context("iam:PermissionsBoundary", "arn:aws:iam::111122223333:policy/other").assert_denies();
    cloud.assert_denies(&lead, "iam:DeleteRolePermissionsBoundary", role);
    cloud.assert_denies(&lead, "iam:CreatePolicyVersion", bound);

    // What the role may do is inside the bound, whatever is attached to it.
    let mut account = cloud.account(HOME).unwrap();
    let worker = account.add_role("team/worker", trust::account(HOME)).unwrap();
    let worker = worker.boundary_policy(bound).unwrap().attach("all", allow("*", "*")).unwrap();
    let session = worker.session("x1").unwrap();
    cloud.assert_allows(&session, "s3:ListAllMyBuckets", "*");
    cloud.assert_denied_by(&session, "iam:CreateUser", "*", Layer::PermissionsBoundary);
}

/// A data perimeter: own identities (RCP), own resources (SCP), own network (endpoint policy).
#[test]
fn a_data_perimeter_keeps_strangers_out_and_data_in() {
    let mut cloud = Cloud::new();
    let member = administrator(&mut cloud, HOME, "member");
    let stranger = administrator(&mut cloud, THIRD, "stranger");
    let open = |bucket: &str| {
        statement(&format!(
            r#""Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "s3:*",
               "Resource": ["arn:aws:s3:::{bucket}", "arn:aws:s3:::{bucket}/*"]"#
        ))
    };
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::ours").unwrap().policy(open("ours")).unwrap();
    account.add_vpc_endpoint("vpce-0abc", "vpc-0def").unwrap();
    cloud
        .account(THIRD)
        .unwrap()
        .add_resource("arn:aws:s3:::theirs")
        .unwrap()
        .policy(open("theirs"))
        .unwrap();
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let id = organization.id();
    organization.root().add_account(HOME).unwrap();
    cloud.assert_allows(&stranger, "s3:GetObject", "arn:aws:s3:::ours/k");
    cloud.assert_allows(&member, "s3:PutObject", "arn:aws:s3:::theirs/k");

    let identities = statement(&format!(
        r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
           "Condition": {{"StringNotEqualsIfExists": {{"aws:PrincipalOrgID": "{id}"}},
                         "BoolIfExists": {{"aws:PrincipalIsAWSService": "false"}}}}"#
    ));
    let resources = statement(&format!(
        r#""Effect": "Deny", "Action": "s3:*", "Resource": "*",
           "Condition": {{"StringNotEqualsIfExists": {{"aws:ResourceOrgID": "{id}"}}}}"#
    ));
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let root = organization.root().attach_rcp("own-identities", identities).unwrap();
    root.attach_scp("own-resources", resources).unwrap();
    cloud.assert_denied_by(&stranger, "s3:GetObject", "arn:aws:s3:::ours/k", Layer::ResourceControl);
    cloud.assert_denied_by(&member, "s3:PutObject", "arn:aws:s3:::theirs/k", Layer::ServiceControl);
    cloud.assert_allows(&member, "s3:GetObject", "arn:aws:s3:::ours/k");
    // PE-KEY-44: what has no resource is the caller's own.
    cloud.assert_allows(&member, "s3:ListAllMyBuckets", "*");
    // PE-RCP-07: services are let through by the carve-out.
    let logs = Caller::service("logging.s3.amazonaws.com");
    cloud.assert_allows(&logs, "s3:PutObject", "arn:aws:s3:::ours/log");

    let network = statement(&format!(
        r#""Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
           "Condition": {{"StringEquals": {{"aws:PrincipalOrgID": "{id}", "aws:ResourceOrgID": "{id}"}}}}"#
    ));
    let mut account = cloud.account(HOME).unwrap();
    account.add_vpc_endpoint("vpce-narrow", "vpc-0def").unwrap().policy(network).unwrap();
    let through = |who: &Caller, object: &str| {
        cloud.request(who, "s3:GetObject", object).through_endpoint("vpce-narrow")
    };
    through(&member, "arn:aws:s3:::ours/k").assert_allows();
    through(&stranger, "arn:aws:s3:::theirs/k").assert_denied_by(Layer::VpcEndpoint);
}

/// Role chaining across three accounts: transitive tags arrive, others do not, and MFA never does.
#[test]
fn transitive_tags_travel_a_chain_of_three_accounts() {
    let mut cloud = Cloud::new();
    let start = user(&mut cloud, HOME, "start");
    let assume =
        || statement(r#""Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*""#);
    let mut home = cloud.account(HOME).unwrap();
    home.user("start").unwrap().attach("assume", assume()).unwrap();
    let actions = r#"["sts:AssumeRole", "sts:TagSession"]"#;
    let mut second = cloud.account(AWAY).unwrap();
    let hub = second.add_role("hub", trusting_when(HOME, actions, "{}")).unwrap();
    let hub = hub.attach("assume", assume()).unwrap().arn();
    let condition = r#"{"StringEquals": {"aws:PrincipalTag/project": "moon"}}"#;
    let mut third = cloud.account(THIRD).unwrap();
    let spoke = third.add_role("spoke", trusting_when(AWAY, actions, condition)).unwrap();
    let own_project = statement(
        r#""Effect": "Allow", "Action": "s3:GetObject",
           "Resource": "arn:aws:s3:::projects/${aws:PrincipalTag/project}/*""#,
    );
    let by_team = statement(
        r#""Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
           "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}"#,
    );
    let spoke = spoke.attach("own-project", own_project).unwrap().attach("by-team", by_team).unwrap().arn();
    third.add_resource("arn:aws:s3:::projects").unwrap();

    let first = AssumeRole::new(&hub, "hop-1").transitive_tag("project", "moon").tag("team", "a");
    let first = cloud.sts().assume_role(&start, first).unwrap();
    let second = cloud.sts().assume_role(first.caller(), AssumeRole::new(&spoke, "hop-2")).unwrap();
    assert_eq!(second.tags(), [("project".to_owned(), "moon".to_owned())]); // PE-TAG-04
    cloud.assert_allows(second.caller(), "s3:GetObject", "arn:aws:s3:::projects/moon/a");
    cloud.assert_denies(second.caller(), "s3:GetObject", "arn:aws:s3:::projects/mars/a");
    cloud.assert_denies(second.caller(), "s3:ListAllMyBuckets", "*");

    let untagged = cloud.sts().assume_role(&start, AssumeRole::new(&hub, "hop-1")).unwrap();
    assert_reason(
        cloud.sts().assume_role(untagged.caller(), AssumeRole::new(&spoke, "hop-2")),
        "the role's trust policy has a condition on `aws:PrincipalTag/project`, which the call does not carry",
    );
    let long = AssumeRole::new(&spoke, "hop-2").duration(TimeDelta::hours(2));
    assert_eq!(error(cloud.sts().assume_role(first.caller(), long)).code(), "ValidationError"); // STS-25
}

/// An encrypted object of another account needs four yeses: bucket, key, and the reader's account for both.
#[test]
fn a_foreign_encrypted_object_needs_bucket_and_key() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let object = "arn:aws:s3:::sealed/report";
    let mut cloud = Cloud::new();
    let reader = user(&mut cloud, AWAY, "reader");
    let mut home = cloud.account(HOME).unwrap();
    home.add_resource("arn:aws:s3:::sealed").unwrap();
    home.add_resource(key).unwrap();
    let can_read = |cloud: &Cloud| {
        let ask = |action: &str, resource: &str| {
            cloud.authorize(&reader, action, resource).unwrap() == iamsim::Decision::Allow
        };
        (ask("s3:GetObject", object), ask("kms:Decrypt", key))
    };
    assert_eq!(can_read(&cloud), (false, false));
    let own_side = format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "{object}"}},
            {{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "{key}"}}]}}"#
    );
    cloud.account(AWAY).unwrap().user("reader").unwrap().attach("read", own_side).unwrap();
    assert_eq!(can_read(&cloud), (false, false));
    let bucket = statement(&format!(
        r#""Effect": "Allow", "Principal": {{"AWS": "{AWAY}"}}, "Action": "s3:GetObject",
           "Resource": "arn:aws:s3:::sealed/*""#
    ));
    cloud.account(HOME).unwrap().resource("arn:aws:s3:::sealed").unwrap().policy(bucket).unwrap();
    assert_eq!(can_read(&cloud), (true, false));
    let key_policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Principal": {{"AWS": "{HOME}"}}, "Action": "kms:*", "Resource": "*"}},
            {{"Effect": "Allow", "Principal": {{"AWS": "{AWAY}"}}, "Action": "kms:Decrypt", "Resource": "*"}}]}}"#
    );
    cloud.account(HOME).unwrap().resource(key).unwrap().policy(key_policy).unwrap();
    assert_eq!(can_read(&cloud), (true, true));
    // PE-KMS-09: some operations never cross accounts.
    let mut away = cloud.account(AWAY).unwrap();
    away.user("reader").unwrap().attach("delete", allow("kms:ScheduleKeyDeletion", "*")).unwrap();
    cloud.assert_denies(&reader, "kms:ScheduleKeyDeletion", key);
}

/// Handing a role to a service: PassRole says to which, the trust policy says whose.
#[test]
fn a_role_is_passed_to_one_service_and_taken_for_one_account() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let guarded = trust::service("lambda.amazonaws.com").when("StringEquals", "aws:SourceAccount", &[HOME]);
    let role = account.add_role("function", guarded).unwrap().arn();
    let pass = statement(&format!(
        r#""Effect": "Allow", "Action": "iam:PassRole", "Resource": "{role}",
           "Condition": {{"StringEquals": {{"iam:PassedToService": "lambda.amazonaws.com"}}}}"#
    ));
    let dev = account.add_user("dev").unwrap().attach("pass", pass).unwrap().caller();
    let ask = || cloud.request(&dev, "iam:PassRole", role.as_str());
    ask().context("iam:PassedToService", "lambda.amazonaws.com").assert_allows();
    ask().context("iam:PassedToService", "ec2.amazonaws.com").assert_denies(); // PE-PASS-01
    ask().assert_undetermined();
    let lambda = Caller::service("lambda.amazonaws.com");
    let function = |account: &str| format!("arn:aws:lambda:eu-west-1:{account}:function:f");
    let call = || AssumeRole::new(&role, "f1");
    let ours = lambda.clone().on_behalf_of(&function(HOME)).unwrap();
    cloud.sts().assume_role(&ours, call()).unwrap();
    let theirs = lambda.on_behalf_of(&function(AWAY)).unwrap();
    assert_eq!(error(cloud.sts().assume_role(&theirs, call())).code(), "AccessDenied");
}

/// Break glass: a role that opens only for a fresh MFA.
#[test]
fn a_break_glass_role_opens_for_fresh_mfa() {
    let condition = r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"},
                        "NumericLessThan": {"aws:MultiFactorAuthAge": "600"}}"#;
    let phone = "arn:aws:iam::111122223333:mfa/phone";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let role =
        account.add_role("break-glass", trusting_when(HOME, r#""sts:AssumeRole""#, condition)).unwrap().arn();
    let on_call =
        account.add_user("on-call").unwrap().attach("assume", allow("sts:AssumeRole", "*")).unwrap();
    let on_call = on_call.mfa_device("phone").unwrap().caller();
    let code = cloud.mfa_code(phone).unwrap();
    let signed_in = cloud.console().sign_in_with_mfa(&on_call, phone, &code).unwrap();
    let link = iamsim::SwitchRoleLink::new(HOME, "break-glass").unwrap();
    cloud.console().switch_role(&signed_in, &link).unwrap();
    cloud.clock().advance(TimeDelta::minutes(10));
    // The sign-in is too old; a code in the call itself is not.
    assert!(cloud.console().switch_role(&signed_in, &link).is_err());
    let code = cloud.mfa_code(phone).unwrap();
    cloud.sts().assume_role(&on_call, AssumeRole::new(&role, "fire").mfa(phone, &code)).unwrap();
}
