//! AssumeRoot (FED-09, STS-04).

use iamsim::{AssumeRole, AssumeRoot, Caller, Cloud, GetSessionToken, Layer, TimeDelta, trust};

use crate::support::{AWAY, HOME, MANAGEMENT, administrator, allow, assert_refused, error, statement};

fn cloud() -> (Cloud, Caller) {
    let mut cloud = Cloud::new();
    let operator = administrator(&mut cloud, MANAGEMENT, "operator");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.enable_root_sessions().unwrap().root().add_account(HOME).unwrap().add_account(AWAY).unwrap();
    (cloud, operator)
}

fn take(cloud: &mut Cloud, who: &Caller, target: &str, task: &str) -> iamsim::Result<iamsim::Session> {
    cloud.sts().assume_root(who, AssumeRoot::new(target, task))
}

#[test]
fn a_root_session_does_its_task_and_nothing_else() {
    let (mut cloud, operator) = cloud();
    let bucket = "arn:aws:s3:::locked";
    let locked = statement(
        r#""Effect": "Deny", "Principal": "*", "Action": "s3:*",
           "Resource": ["arn:aws:s3:::locked", "arn:aws:s3:::locked/*"]"#,
    );
    cloud.account(HOME).unwrap().add_resource(bucket).unwrap().policy(locked).unwrap();
    let root = take(&mut cloud, &operator, HOME, "S3UnlockBucketPolicy").unwrap();
    assert_eq!(root.arn(), "arn:aws:sts::111122223333:assumed-root"); // ID-18
    cloud.assert_allows(root.caller(), "s3:DeleteBucketPolicy", bucket); // PE-ROOT-02
    cloud.assert_denies(root.caller(), "s3:GetObject", "arn:aws:s3:::locked/key");
    cloud.assert_denies(root.caller(), "ec2:DescribeInstances", "*");
    let explanation = cloud.explain(root.caller(), "s3:ListAllMyBuckets", "*").unwrap();
    let key = |name: &str| explanation.request().context().get(&name.into()).as_one().map(str::to_owned);
    assert_eq!(key("aws:AssumedRoot").as_deref(), Some("true")); // PE-KEY-37
    assert_eq!(key("aws:PrincipalArn").as_deref(), Some("arn:aws:iam::111122223333:root"));
    assert_eq!(root.expires_at() - cloud.clock().now(), TimeDelta::minutes(15));

    let root_user = "arn:aws:iam::111122223333:root";
    let audit = take(&mut cloud, &operator, root_user, "IAMAuditRootUserCredentials").unwrap();
    cloud.assert_allows(audit.caller(), "iam:ListAccessKeys", root_user);
    cloud.assert_denies(audit.caller(), "iam:ListAccessKeys", "arn:aws:iam::111122223333:user/alice");
    cloud.assert_denies(audit.caller(), "iam:DeleteAccessKey", root_user);
}

#[test]
fn a_root_session_does_no_more_abroad_than_at_home() {
    let (mut cloud, operator) = cloud();
    let shared = "arn:aws:s3:::shared";
    let open = statement(
        r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*",
           "Resource": ["arn:aws:s3:::shared", "arn:aws:s3:::shared/*"]"#,
    );
    cloud.account(AWAY).unwrap().add_resource(shared).unwrap().policy(open).unwrap();
    let root = take(&mut cloud, &operator, HOME, "S3UnlockBucketPolicy").unwrap();
    let denied_by_its_task = |action: &str, resource: &str| {
        cloud.request(root.caller(), action, resource).assert_denied_by(Layer::Session);
    };
    denied_by_its_task("s3:GetObject", "arn:aws:s3:::shared/key"); // SES-23
    denied_by_its_task("ec2:DescribeInstances", "*");
    let long_term = cloud.account(HOME).unwrap().root();
    cloud.assert_allows(&long_term, "s3:GetObject", "arn:aws:s3:::shared/key"); // PE-ROOT-04
}

#[test]
fn only_the_management_account_and_its_delegates_take_root() {
    let (mut cloud, operator) = cloud();
    let task = "SQSUnlockQueuePolicy";
    let member = administrator(&mut cloud, HOME, "member");
    let delegate = administrator(&mut cloud, AWAY, "delegate");
    let plain = cloud.account(MANAGEMENT).unwrap().add_user("plain").unwrap().caller();
    let manager_root = cloud.account(MANAGEMENT).unwrap().root();
    let refused = |cloud: &mut Cloud, who: &Caller, target: &str| {
        let error = error(take(cloud, who, target, task));
        (error.code(), error.reason().unwrap_or_default().to_owned())
    };
    for who in [&member, &delegate, &plain, &manager_root] {
        assert_eq!(refused(&mut cloud, who, HOME).0, "AccessDenied", "{who}");
    }
    assert!(
        refused(&mut cloud, &plain, HOME)
            .1
            .contains("no identity-based policy allows the sts:AssumeRoot action")
    );
    assert_eq!(refused(&mut cloud, &operator, MANAGEMENT).0, "AccessDenied");
    assert_eq!(refused(&mut cloud, &operator, "777788889999").0, "AccessDenied");
    cloud.organization(MANAGEMENT).unwrap().delegate_administration(AWAY).unwrap();
    take(&mut cloud, &delegate, HOME, task).unwrap();
    cloud.organization(MANAGEMENT).unwrap().disable_root_sessions().unwrap();
    assert!(refused(&mut cloud, &operator, HOME).1.contains("with root sessions enabled"));
}

#[test]
fn the_arguments_of_assume_root_are_checked() {
    let (mut cloud, operator) = cloud();
    let long = AssumeRoot::new(HOME, "S3UnlockBucketPolicy").duration(TimeDelta::seconds(901));
    assert_refused(
        cloud.sts().assume_root(&operator, long),
        "ValidationError",
        400,
        "1 validation error detected: Value '901' at 'durationSeconds' failed to satisfy constraint: Member must \
         have value less than or equal to 900",
    );
    let odd = take(&mut cloud, &operator, HOME, "MakeCoffee");
    assert_refused(odd, "ValidationError", 400, "MakeCoffee is invalid");
    let odd = take(&mut cloud, &operator, "not-an-account", "S3UnlockBucketPolicy");
    assert_refused(odd, "ValidationError", 400, "not-an-account is invalid");
}

/// SES-23
#[test]
fn a_root_session_calls_no_sts() {
    let (mut cloud, operator) = cloud();
    let root = take(&mut cloud, &operator, HOME, "S3UnlockBucketPolicy").unwrap();
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("any", trust::account(HOME)).unwrap();
    let role = role.attach("all", allow("*", "*")).unwrap().arn();
    let call = AssumeRole::new(&role, "work");
    assert_eq!(error(cloud.sts().assume_role(root.caller(), call)).code(), "AccessDenied");
    let token = cloud.sts().get_session_token(root.caller(), GetSessionToken::new());
    assert_eq!(error(token).code(), "AccessDenied");
    let identity = cloud.sts().get_caller_identity(root.caller()).unwrap();
    assert_eq!(identity.arn(), "arn:aws:sts::111122223333:assumed-root");
}
