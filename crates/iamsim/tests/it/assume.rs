//! Who may assume a role (TRAP-23 to TRAP-47).

use iamsim::{AssumeRole, Caller, Cloud, GetSessionToken, RoleArn, TimeDelta, trust};

use crate::support::{
    ADMINISTRATOR, AWAY, HOME, PHONE, Setup, administrator, allow, assert_reason, assert_refused, deny,
    error, statement, trusting, trusting_when, user,
};

/// A user or administrator of an account, against a trust policy of a role in [`HOME`].
fn may_assume(cloud: &mut Cloud, who: &Caller, trust: &str, call: impl Fn(AssumeRole) -> AssumeRole) -> bool {
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("under-test", trust).unwrap().arn();
    let result = cloud.sts().assume_role(who, call(AssumeRole::new(&role, "work")));
    if let Err(refused) = &result {
        assert_eq!((refused.code(), refused.status()), ("AccessDenied", 403), "{refused:?}");
    }
    cloud.account(HOME).unwrap().role("under-test").unwrap().delete().unwrap();
    result.is_ok()
}

/// TRAP-23, TRAP-24, TRAP-25, TRAP-26, TRAP-27
#[test]
fn the_account_delegates_and_a_name_grants() {
    let mut cloud = Cloud::new();
    let plain = user(&mut cloud, HOME, "plain");
    let admin = administrator(&mut cloud, HOME, "admin");
    let foreign = user(&mut cloud, AWAY, "foreign");
    let foreign_admin = administrator(&mut cloud, AWAY, "foreign-admin");
    let mut check = |who: &Caller, trust: &str, expected: bool| {
        assert_eq!(may_assume(&mut cloud, who, trust, |call| call), expected, "{who} under {trust}");
    };
    let account = trusting("arn:aws:iam::111122223333:root");
    check(&plain, &account, false); // TRU-04
    check(&admin, &account, true);
    check(&plain, &trusting("arn:aws:iam::111122223333:user/plain"), true); // TRU-03
    check(&foreign, &trusting("arn:aws:iam::444455556666:user/foreign"), false); // TRU-02
    check(&foreign_admin, &trusting("arn:aws:iam::444455556666:user/foreign-admin"), true);
    check(&admin, &trusting(AWAY), false); // TRU-05
    let everyone =
        trusting_when("*", r#""sts:AssumeRole""#, r#"{"StringEquals": {"sts:ExternalId": "id-1"}}"#);
    check(&plain, &everyone, false);
    let mut with_id = |who: &Caller, expected: bool| {
        assert_eq!(
            may_assume(&mut cloud, who, &everyone, |call| call.external_id("id-1")),
            expected,
            "{who}"
        );
    };
    with_id(&plain, true); // TRU-06
    with_id(&foreign, false);
    with_id(&foreign_admin, true);
}

/// TRAP-28
#[test]
fn root_users_assume_no_roles() {
    let mut setup = Setup::new();
    let root = setup.cloud.account(HOME).unwrap().root();
    let token = setup.cloud.sts().get_session_token(&root, GetSessionToken::new()).unwrap();
    for who in [&root, token.caller()] {
        assert_refused(
            setup.assume_as(who, setup.call()),
            "AccessDenied",
            403,
            "Roles may not be assumed by root accounts.",
        );
    }
}

/// TRAP-29
#[test]
fn a_role_does_not_trust_itself() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_user("other").unwrap();
    let role = account.add_role("loop", trusting("arn:aws:iam::111122223333:user/other")).unwrap();
    let role = role.attach("sts", allow("sts:*", "*")).unwrap();
    let (arn, session) = (role.arn(), role.session("x1").unwrap());
    let call = || AssumeRole::new(&arn, "x2");
    assert_eq!(error(cloud.sts().assume_role(&session, call())).code(), "AccessDenied"); // TRU-10
    // TRU-26: only once the role exists can its trust policy name it.
    cloud.account(HOME).unwrap().role("loop").unwrap().trust(trusting(arn.as_str())).unwrap();
    cloud.sts().assume_role(&session, call()).unwrap();
}

/// TRAP-30, TRAP-31, TRAP-32
#[test]
fn a_role_that_does_not_exist_is_denied_like_one_that_does_not_trust() {
    let mut setup = Setup::new();
    setup.cloud.account(AWAY).unwrap();
    let mut account = setup.cloud.account(HOME).unwrap();
    account.add_role("untrusting", trusting(AWAY)).unwrap();
    account.add_role("app/with-path", trusting_when(HOME, r#""sts:*""#, "{}")).unwrap();
    let mut answer = |name: &str| {
        let arn = format!("arn:aws:iam::111122223333:role/{name}");
        let call = AssumeRole::new(&RoleArn::new_unchecked(&arn), "work");
        let refused = error(setup.assume(call));
        (refused.code(), refused.status(), refused.message().replace(name, "NAME"))
    };
    let untrusting = answer("untrusting");
    assert_eq!(untrusting, answer("missing"));
    assert_eq!(untrusting, answer("Target")); // VAL-32
    assert_eq!(untrusting, answer("with-path")); // ID-02
    let arn: RoleArn = "arn:aws:iam::111122223333:role/app/with-path".parse().unwrap();
    let session = setup.assume(AssumeRole::new(&arn, "work")).unwrap();
    assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/with-path/work"); // ID-16
    assert!(session.assumed_role_id().unwrap().ends_with(":work")); // ID-35
}

/// TRAP-33
#[test]
fn an_identity_policy_s_deny_beats_a_trust_policy_that_names_the_user() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let denied =
        account.add_user("denied").unwrap().attach("no-sts", deny("sts:AssumeRole", "*")).unwrap().caller();
    assert!(!may_assume(&mut cloud, &denied, &trusting("arn:aws:iam::111122223333:user/denied"), |call| {
        call
    }));
}

/// TRAP-36 (TRU-08, low confidence)
#[test]
fn the_caller_s_boundary_must_allow_the_assumption() {
    let trust = "arn:aws:iam::111122223333:user/bounded";
    let check = |boundary: &str, trust: &str, expected: bool| {
        let mut cloud = Cloud::new();
        let mut account = cloud.account(HOME).unwrap();
        let bounded = account.add_user("bounded").unwrap().attach("sts", allow("sts:*", "*")).unwrap();
        let bounded = bounded.boundary(allow(boundary, "*")).unwrap().caller();
        assert_eq!(
            may_assume(&mut cloud, &bounded, &trusting(trust), |call| call),
            expected,
            "{boundary}, {trust}"
        );
    };
    check("s3:*", trust, false);
    check("s3:*", HOME, false);
    check("sts:AssumeRole", trust, true);
    check("sts:AssumeRole", HOME, true);
}

const BOOL_MFA: &str = r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#;

/// TRAP-37, TRAP-38, TRAP-40
#[test]
fn mfa_is_seen_where_it_was_given_and_nowhere_else() {
    let mut setup = Setup::trusting(&trusting_when(HOME, r#""sts:AssumeRole""#, BOOL_MFA));
    assert_eq!(error(setup.assume(setup.call())).code(), "AccessDenied"); // TRU-66
    let code = setup.code();
    let session = setup.assume(setup.call().mfa(PHONE, &code)).unwrap(); // TRU-78
    let mut account = setup.cloud.account(HOME).unwrap();
    account.role("target").unwrap().attach("sts", allow("sts:*", "*")).unwrap();
    assert_reason(
        setup.assume_as(session.caller(), setup.call()),
        "the role's trust policy asks for MFA, which a role session never carries", // SES-10
    );
    let if_exists = r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}"#;
    let mut lax = Setup::trusting(&trusting_when(HOME, r#""sts:AssumeRole""#, if_exists));
    lax.assume(lax.call()).unwrap(); // TRU-79
}

/// TRAP-39
#[test]
fn the_age_of_mfa_counts_in_seconds() {
    let condition = r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"},
                        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}"#;
    let mut setup = Setup::trusting(&trusting_when(HOME, r#""sts:AssumeRole""#, condition));
    let code = setup.code();
    let token = GetSessionToken::new().mfa(PHONE, &code);
    let token = setup.cloud.sts().get_session_token(&setup.admin, token).unwrap();
    setup.cloud.clock().advance(TimeDelta::seconds(3599));
    setup.assume_as(token.caller(), setup.call()).unwrap();
    setup.cloud.clock().advance(TimeDelta::seconds(2));
    assert_reason(
        setup.assume_as(token.caller(), setup.call()),
        "MFA was given 3601 seconds ago, and the role's trust policy asks for another age",
    );
}

/// TRAP-42
#[test]
fn a_negated_condition_on_the_external_id_holds_without_one() {
    let trust =
        trusting_when(HOME, r#""sts:AssumeRole""#, r#"{"StringNotEquals": {"sts:ExternalId": "x1"}}"#);
    let mut setup = Setup::trusting(&trust);
    setup.assume(setup.call()).unwrap(); // TRU-60
    assert!(setup.assume(setup.call().external_id("x1")).is_err());
}

/// TRAP-43
#[test]
fn tags_need_tag_session_in_the_trust_policy() {
    let mut setup = Setup::trusting(&trust::account(HOME).to_string());
    let refused = error(setup.assume(setup.call().tag("project", "x")));
    assert_eq!(
        refused.message(),
        "User: arn:aws:iam::111122223333:user/admin is not authorized to perform: sts:TagSession on resource: \
         arn:aws:iam::111122223333:role/target"
    );
    assert_eq!(refused.reason(), Some("the role's trust policy does not list sts:TagSession")); // TRU-110
    let mut account = setup.cloud.account(HOME).unwrap();
    account.role("target").unwrap().trust(trust::account(HOME).with_action("sts:TagSession")).unwrap();
    setup.assume(setup.call().tag("project", "x")).unwrap();
}

/// TRAP-44
#[test]
fn inherited_tags_need_tag_session_too() {
    let mut setup = Setup::new();
    let mut account = setup.cloud.account(HOME).unwrap();
    let next = account.add_role("next", trusting("arn:aws:iam::111122223333:role/target")).unwrap().arn();
    let first = setup.assume(setup.call().transitive_tag("project", "x")).unwrap();
    let refused = error(setup.assume_as(first.caller(), AssumeRole::new(&next, "work")));
    assert_eq!(
        refused.message(),
        "User: arn:aws:sts::111122223333:assumed-role/target/work is not authorized to perform: sts:TagSession on \
         resource: arn:aws:iam::111122223333:role/next"
    );
}

/// TRAP-45
#[test]
fn a_source_identity_needs_its_permission_on_both_sides() {
    let mut cloud = Cloud::new();
    let mut away = cloud.account(AWAY).unwrap();
    let who = away.add_user("who").unwrap().attach("assume", allow("sts:AssumeRole", "*")).unwrap().caller();
    let trust = trust::account(AWAY).with_action("sts:SetSourceIdentity");
    let role = cloud.account(HOME).unwrap().add_role("target", trust).unwrap().arn();
    let call = || AssumeRole::new(&role, "work").source_identity("alice");
    let refused = error(cloud.sts().assume_role(&who, call()));
    assert!(refused.message().contains("perform: sts:SetSourceIdentity on resource"), "{refused:?}"); // TRU-51
    let mut away = cloud.account(AWAY).unwrap();
    away.user("who").unwrap().attach("identity", allow("sts:SetSourceIdentity", "*")).unwrap();
    cloud.sts().assume_role(&who, call()).unwrap();
}

/// TRAP-46
#[test]
fn an_inherited_tag_takes_the_place_of_the_role_s_tag_in_its_trust_policy() {
    let mut setup = Setup::new();
    let condition = r#"{"StringEquals": {"aws:ResourceTag/Star": "1"}}"#;
    let mut account = setup.cloud.account(HOME).unwrap();
    let trust = trusting_when("arn:aws:iam::111122223333:role/target", r#""sts:*""#, condition);
    let next = account.add_role("next", trust).unwrap().tag("Star", "3").unwrap().arn();
    let plain = setup.assume(setup.call()).unwrap();
    let tagged = setup.assume(setup.call().transitive_tag("star", "1")).unwrap();
    let call = || AssumeRole::new(&next, "work");
    assert!(setup.assume_as(plain.caller(), call()).is_err());
    setup.assume_as(tagged.caller(), call()).unwrap(); // TRU-69
}

/// TRAP-47
#[test]
fn a_trust_policy_can_ask_for_the_user_s_name_as_session_name() {
    let condition = r#"{"StringLike": {"sts:RoleSessionName": "${aws:username}"}}"#;
    let mut setup = Setup::trusting(&trusting_when(HOME, r#""sts:AssumeRole""#, condition));
    setup.assume(AssumeRole::new(&setup.role, "admin")).unwrap(); // TRU-61
    assert!(setup.assume(AssumeRole::new(&setup.role, "bob")).is_err());
    let mut account = setup.cloud.account(HOME).unwrap();
    let other = account.add_role("other", trusting(HOME)).unwrap();
    let session = other.attach("sts", allow("sts:*", "*")).unwrap().session("admin").unwrap();
    let call = AssumeRole::new(&setup.role, "admin");
    assert!(setup.assume_as(&session, call).is_err()); // TRU-68
}

#[test]
fn each_side_action_is_authorized_for_itself() {
    // TRU-53, PE-TRU-08
    let trust = format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Principal": {{"AWS": "{HOME}"}}, "Action": "sts:AssumeRole",
              "Condition": {{"StringLike": {{"aws:RequestTag/project": "*"}}}}}},
            {{"Effect": "Allow", "Principal": {{"AWS": "{HOME}"}}, "Action": "sts:TagSession"}}]}}"#
    );
    let mut setup = Setup::trusting(&trust);
    assert_reason(
        setup.assume(setup.call()),
        "the role's trust policy has a condition on `aws:RequestTag/project`, which the call does not carry",
    );
    setup.assume(setup.call().tag("project", "x")).unwrap();
}

#[test]
fn what_only_the_network_knows_leaves_a_call_undetermined() {
    let condition = r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#;
    let mut setup = Setup::trusting(&trusting_when(HOME, r#""sts:AssumeRole""#, condition));
    let unknown = error(setup.assume(setup.call()));
    assert_eq!((unknown.code(), unknown.status()), ("Undetermined", 0));
    assert_eq!(unknown.reason(), Some("it depends on `aws:sourceip`, of which nothing is known"));
    assert_eq!(unknown.explanation().unwrap().unknown_keys(), ["aws:sourceip"]);
    setup.assume(setup.call().context("aws:SourceIp", "203.0.113.9")).unwrap();
    assert!(setup.assume(setup.call().context("aws:SourceIp", "198.51.100.9")).is_err());
    assert!(setup.assume(setup.call().absent("aws:SourceIp")).is_err());
}

#[test]
fn a_role_of_an_account_that_nobody_described_is_undetermined_unless_the_own_side_denies() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let plain = user(&mut cloud, HOME, "plain");
    let role: RoleArn = "arn:aws:iam::777788889999:role/elsewhere".parse().unwrap();
    let call = || AssumeRole::new(&role, "work");
    assert_eq!(error(cloud.sts().assume_role(&admin, call())).code(), "Undetermined");
    assert_eq!(error(cloud.sts().assume_role(&plain, call())).code(), "AccessDenied");
}

#[test]
fn a_confused_deputy_condition_sees_for_whom_the_service_acts() {
    let trust = statement(
        r#""Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole",
           "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}"#,
    );
    let mut setup = Setup::trusting(&trust);
    let service = Caller::service("events.amazonaws.com");
    let rule = |account: &str| format!("arn:aws:events:eu-west-1:{account}:rule/nightly");
    let mut take = |who: &Caller| setup.assume_as(who, AssumeRole::new(&setup.role, "nightly"));
    take(&service.clone().on_behalf_of(&rule(HOME)).unwrap()).unwrap(); // TRU-75
    assert_eq!(error(take(&service.clone().on_behalf_of(&rule(AWAY)).unwrap())).code(), "AccessDenied");
    assert_eq!(error(take(&service)).code(), "Undetermined");
}

#[test]
fn an_unsigned_call_is_told_to_sign() {
    let mut setup = Setup::new();
    assert_refused(
        setup.assume_as(&Caller::anonymous(), setup.call()),
        "MissingAuthenticationToken",
        403,
        "Request is missing Authentication Token",
    );
}

#[test]
fn credentials_are_visibly_fake_and_hold_the_account() {
    let mut setup = Setup::new();
    let session = setup.assume(setup.call()).unwrap();
    let credentials = session.credentials();
    assert!(credentials.access_key_id().starts_with("ASIA") && credentials.access_key_id().len() == 20); // ID-31
    assert!(
        credentials.secret_access_key().starts_with("FAKE") && credentials.secret_access_key().len() == 40
    );
    assert!(credentials.session_token().starts_with("FakeSessionToken"));
    let info = setup.cloud.sts().get_access_key_info(&setup.admin, credentials.access_key_id()).unwrap();
    assert_eq!(info.to_string(), HOME); // FED-10
    let odd = setup.cloud.sts().get_access_key_info(&setup.admin, "no-such-key-at-all");
    assert_eq!(error(odd).code(), "ValidationError");
}

#[test]
fn a_session_policy_limits_the_role_and_is_not_inherited() {
    let mut setup = Setup::new();
    let mut account = setup.cloud.account(HOME).unwrap();
    account.role("target").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let read = account.add_policy("read", allow("s3:ListAllMyBuckets", "*")).unwrap().arn();
    let limited = setup.assume(setup.call().policy(allow("ec2:*", "*")).policy_arn(&read)).unwrap();
    // PE-APP-03: the policies of one session unite.
    setup.cloud.assert_allows(limited.caller(), "s3:ListAllMyBuckets", "*");
    setup.cloud.assert_allows(limited.caller(), "ec2:DescribeInstances", "*");
    setup.cloud.assert_denied_by(limited.caller(), "iam:ListUsers", "*", iamsim::Layer::Session);
    // PE-SES-11: the session policy limits the next assumption too, and the next session has only its own.
    assert!(setup.assume_as(limited.caller(), setup.call()).is_err());
    let chaining = setup.assume(setup.call().policy(allow("sts:*", "*"))).unwrap();
    let next = setup.assume_as(chaining.caller(), setup.call()).unwrap();
    setup.cloud.assert_allows(next.caller(), "iam:ListUsers", "*"); // SES-11
    let unknown = setup.call().policy_arn("arn:aws:iam::111122223333:policy/none");
    assert_eq!(error(setup.assume(unknown)).code(), "ValidationError");
}
