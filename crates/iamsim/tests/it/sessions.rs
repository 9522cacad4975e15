//! Live sessions: what they may call, and what ends them (TRAP-62 to TRAP-70).

use iamsim::{AssumeRole, Caller, Cloud, GetFederationToken, GetSessionToken, Session, TimeDelta};

use crate::support::{
    ADMINISTRATOR, HOME, administrator, allow, assert_refused, deny, error, statement, trusting,
};

const INVALID: &str = "The security token included in the request is invalid.";
const BUCKETS: &str = "s3:ListAllMyBuckets";

fn cloud() -> (Cloud, Caller) {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let mut account = cloud.account(HOME).unwrap();
    account.user("admin").unwrap().mfa_device("phone").unwrap();
    account.add_role("worker", trusting(HOME)).unwrap().attach_policy(ADMINISTRATOR).unwrap();
    (cloud, admin)
}

fn worker(cloud: &mut Cloud, admin: &Caller, name: &str) -> Session {
    let role = cloud.account(HOME).unwrap().role("worker").unwrap().arn();
    cloud.sts().assume_role(admin, AssumeRole::new(&role, name)).unwrap()
}

/// TRAP-62 (the wire's answer is SES-24; the decision is a denial by a fixed rule)
#[test]
fn a_session_token_without_mfa_can_t_call_iam() {
    let (mut cloud, admin) = cloud();
    let without = cloud.sts().get_session_token(&admin, GetSessionToken::new()).unwrap();
    cloud.assert_denies(without.caller(), "iam:ListUsers", "*");
    cloud.assert_allows(without.caller(), BUCKETS, "*");
    let phone = "arn:aws:iam::111122223333:mfa/phone";
    let code = cloud.mfa_code(phone).unwrap();
    let with = cloud.sts().get_session_token(&admin, GetSessionToken::new().mfa(phone, &code)).unwrap();
    cloud.assert_allows(with.caller(), "iam:ListUsers", "*");
}

/// TRAP-63, FED-04
#[test]
fn sessions_can_t_make_tokens() {
    let (mut cloud, admin) = cloud();
    let role = worker(&mut cloud, &admin, "x1");
    let token = cloud.sts().get_session_token(&admin, GetSessionToken::new()).unwrap();
    for who in [role.caller(), token.caller()] {
        assert_refused(
            cloud.sts().get_session_token(who, GetSessionToken::new()),
            "AccessDenied",
            403,
            "Cannot call GetSessionToken with session credentials",
        );
        assert_refused(
            cloud.sts().get_federation_token(who, GetFederationToken::new("Bob")),
            "AccessDenied",
            403,
            "Cannot call GetFederationToken with session credentials",
        );
    }
}

/// TRAP-64
#[test]
fn a_federated_session_may_ask_who_it_is_and_nothing_else_of_sts_and_iam() {
    let (mut cloud, admin) = cloud();
    let call = GetFederationToken::new("Bob").policy_arn(ADMINISTRATOR);
    let federated = cloud.sts().get_federation_token(&admin, call).unwrap();
    let role = cloud.account(HOME).unwrap().role("worker").unwrap().arn();
    assert_refused(
        cloud.sts().assume_role(federated.caller(), AssumeRole::new(&role, "x1")),
        "AccessDenied",
        403,
        "Cannot call AssumeRole with session credentials",
    );
    cloud.assert_denies(federated.caller(), "iam:ListUsers", "*");
    cloud.assert_allows(federated.caller(), BUCKETS, "*");
    let identity = cloud.sts().get_caller_identity(federated.caller()).unwrap();
    assert_eq!(identity.arn(), "arn:aws:sts::111122223333:federated-user/Bob"); // ID-17
    assert_eq!(identity.user_id(), "111122223333:Bob"); // ID-36
}

/// TRAP-65
#[test]
fn who_one_is_can_be_asked_against_every_deny() {
    let (mut cloud, admin) = cloud();
    cloud.account(HOME).unwrap().user("admin").unwrap().attach("deny", deny("*", "*")).unwrap();
    let identity = cloud.sts().get_caller_identity(&admin).unwrap();
    assert_eq!(identity.arn(), "arn:aws:iam::111122223333:user/admin");
    assert_eq!(identity.account().to_string(), HOME);
    cloud.assert_allows(&admin, "sts:GetCallerIdentity", "*");
}

/// FED-01
#[test]
fn everyone_is_who_aws_says_they_are() {
    let (mut cloud, admin) = cloud();
    let root = cloud.account(HOME).unwrap().root();
    let role = worker(&mut cloud, &admin, "x1");
    let token = cloud.sts().get_session_token(&admin, GetSessionToken::new()).unwrap();
    let mut arn = |who: &Caller| {
        let identity = cloud.sts().get_caller_identity(who).unwrap();
        (identity.arn().to_owned(), identity.user_id().chars().take(4).collect::<String>())
    };
    assert_eq!(arn(&admin), ("arn:aws:iam::111122223333:user/admin".into(), "AIDA".into()));
    assert_eq!(arn(token.caller()), ("arn:aws:iam::111122223333:user/admin".into(), "AIDA".into()));
    assert_eq!(
        arn(role.caller()),
        ("arn:aws:sts::111122223333:assumed-role/worker/x1".into(), "AROA".into())
    );
    assert_eq!(arn(&root), ("arn:aws:iam::111122223333:root".into(), "1111".into()));
}

/// TRAP-66
#[test]
fn an_expired_session_never_acts() {
    let (mut cloud, admin) = cloud();
    let session = worker(&mut cloud, &admin, "x1");
    cloud.clock().set(session.expires_at());
    let expired = "The security token included in the request is expired";
    assert_refused(cloud.authorize(session.caller(), BUCKETS, "*"), "ExpiredToken", 403, expired);
    assert_refused(cloud.sts().get_caller_identity(session.caller()), "ExpiredToken", 403, expired);
    let role = cloud.account(HOME).unwrap().role("worker").unwrap().arn();
    let call = AssumeRole::new(&role, "x2");
    assert_refused(cloud.sts().assume_role(session.caller(), call), "ExpiredToken", 403, expired);
}

/// TRAP-68
#[test]
fn revoking_ends_old_sessions_and_lets_new_ones_be() {
    let (mut cloud, admin) = cloud();
    let old = worker(&mut cloud, &admin, "old");
    cloud.clock().advance(TimeDelta::minutes(5));
    let now = cloud.clock().now().to_rfc3339();
    let revoke = statement(&format!(
        r#""Effect": "Deny", "Action": "*", "Resource": "*",
           "Condition": {{"DateLessThan": {{"aws:TokenIssueTime": "{now}"}}}}"#
    ));
    let mut account = cloud.account(HOME).unwrap();
    account.role("worker").unwrap().attach("AWSRevokeOlderSessions", revoke.as_str()).unwrap(); // SES-07
    account.user("admin").unwrap().attach("AWSRevokeOlderSessions", revoke.as_str()).unwrap();
    let new = worker(&mut cloud, &admin, "new");
    cloud.assert_denies(old.caller(), BUCKETS, "*");
    cloud.assert_allows(new.caller(), BUCKETS, "*");
    cloud.assert_allows(&admin, BUCKETS, "*");
}

/// TRAP-69
#[test]
fn a_role_s_permissions_are_those_it_has_now() {
    let (mut cloud, admin) = cloud();
    let session = worker(&mut cloud, &admin, "x1");
    cloud.assert_allows(session.caller(), BUCKETS, "*");
    cloud.account(HOME).unwrap().role("worker").unwrap().detach_policy(ADMINISTRATOR).unwrap();
    cloud.assert_denies(session.caller(), BUCKETS, "*"); // SES-05
}

/// TRAP-70
#[test]
fn a_federated_session_without_policy_has_no_permission() {
    let (mut cloud, admin) = cloud();
    let bare = cloud.sts().get_federation_token(&admin, GetFederationToken::new("Bob")).unwrap();
    for action in [BUCKETS, "ec2:DescribeInstances"] {
        cloud.assert_denies(bare.caller(), action, "*"); // FED-07
    }
    let call = GetFederationToken::new("Bob").policy(allow(BUCKETS, "*"));
    let some = cloud.sts().get_federation_token(&admin, call).unwrap();
    cloud.assert_allows(some.caller(), BUCKETS, "*");
    cloud.assert_denies(some.caller(), "ec2:DescribeInstances", "*");
}

#[test]
fn who_was_deleted_under_a_session_is_not_known_any_more() {
    let (mut cloud, admin) = cloud();
    let session = worker(&mut cloud, &admin, "x1");
    let token = cloud.sts().get_session_token(&admin, GetSessionToken::new()).unwrap();
    let mut account = cloud.account(HOME).unwrap();
    account.role("worker").unwrap().detach_policy(ADMINISTRATOR).unwrap().delete().unwrap();
    let admin_user = account.user("admin").unwrap().detach_policy(ADMINISTRATOR).unwrap();
    admin_user.delete_mfa_device("arn:aws:iam::111122223333:mfa/phone").unwrap().delete().unwrap();
    for who in [session.caller(), token.caller(), &admin] {
        // SES-06, SES-08
        assert_refused(cloud.authorize(who, BUCKETS, "*"), "InvalidClientTokenId", 403, INVALID);
        assert_refused(cloud.sts().get_caller_identity(who), "InvalidClientTokenId", 403, INVALID);
    }
    // ID-33: made again under the same name, it is somebody else.
    let mut account = cloud.account(HOME).unwrap();
    account.add_user("admin").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    assert_eq!(error(cloud.authorize(&admin, BUCKETS, "*")).code(), "InvalidClientTokenId");
}

#[test]
fn an_access_key_can_be_switched_off_and_sessions_made_with_it_stay() {
    let (mut cloud, _) = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let key = account.user("admin").unwrap().access_key().unwrap();
    assert!(key.id().starts_with("AKIA") && key.secret().starts_with("FAKE"));
    cloud.assert_allows(key.caller(), BUCKETS, "*");
    let token = cloud.sts().get_session_token(key.caller(), GetSessionToken::new()).unwrap();
    let mut account = cloud.account(HOME).unwrap();
    account.user("admin").unwrap().deactivate_access_key(key.id()).unwrap();
    assert_refused(cloud.authorize(key.caller(), BUCKETS, "*"), "InvalidClientTokenId", 403, INVALID); // IAM-55
    cloud.assert_allows(token.caller(), BUCKETS, "*"); // SES-08
    let mut account = cloud.account(HOME).unwrap();
    let user = account.user("admin").unwrap().activate_access_key(key.id()).unwrap();
    user.delete_access_key(key.id()).unwrap();
    assert_eq!(error(cloud.authorize(key.caller(), BUCKETS, "*")).code(), "InvalidClientTokenId");
}

#[test]
fn root_s_session_token_lasts_an_hour_at_most() {
    let (mut cloud, admin) = cloud();
    let root = cloud.account(HOME).unwrap().root();
    let now = cloud.clock().now();
    let long = || GetSessionToken::new().duration(TimeDelta::hours(36));
    let of_root = cloud.sts().get_session_token(&root, long()).unwrap();
    assert_eq!(of_root.expires_at() - now, TimeDelta::hours(1)); // FED-05
    let of_user = cloud.sts().get_session_token(&admin, long()).unwrap();
    assert_eq!(of_user.expires_at() - now, TimeDelta::hours(36));
    let too_long = GetSessionToken::new().duration(TimeDelta::seconds(129_601));
    assert_eq!(error(cloud.sts().get_session_token(&admin, too_long)).code(), "ValidationError");
}

/// FED-08
#[test]
fn a_federated_user_s_tags_are_the_user_s_and_its_own() {
    let (mut cloud, _) = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let by_team = statement(&format!(
        r#""Effect": "Allow", "Action": "{BUCKETS}", "Resource": "*",
           "Condition": {{"StringEquals": {{"aws:PrincipalTag/team": "a", "aws:PrincipalTag/cost": "1"}}}}"#
    ));
    let user = account.add_user("broker").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let broker = user.tag("cost", "1").unwrap().tag("Team", "b").unwrap().caller();
    let call = |team: &str| GetFederationToken::new("Bob").policy(by_team.as_str()).tag("team", team);
    let session = cloud.sts().get_federation_token(&broker, call("a")).unwrap();
    cloud.assert_allows(session.caller(), BUCKETS, "*");
    let session = cloud.sts().get_federation_token(&broker, call("b")).unwrap();
    cloud.assert_denies(session.caller(), BUCKETS, "*");
}
