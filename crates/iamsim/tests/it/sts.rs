//! Arguments of AssumeRole (TRAP-01 to TRAP-22).

use iamsim::{AssumeRole, GetFederationToken, GetSessionToken, RoleArn, TimeDelta};

use crate::support::{ADMINISTRATOR, HOME, PHONE, Setup, allow, assert_refused, error, statement, trusting};

fn constraint(value: &str, param: &str, phrase: &str) -> String {
    format!(
        "1 validation error detected: Value '{value}' at '{param}' failed to satisfy constraint: Member must {phrase}"
    )
}

/// TRAP-01, TRAP-02, TRAP-03
#[test]
fn a_role_s_arn_must_be_an_arn() {
    let check = |arn: &str, message: &str| {
        let mut setup = Setup::new();
        let call = AssumeRole::new(&RoleArn::new_unchecked(arn), "work");
        assert_refused(setup.assume(call), "ValidationError", 400, message);
    };
    for arn in [
        "nothing-valid-in-here",
        "arn:a:a::aaaaaaaaaa:",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
    ] {
        check(arn, &format!("{arn} is invalid")); // STS-20
    }
    check("0123456789", &constraint("0123456789", "roleArn", "have length greater than or equal to 20"));
}

/// STS-21: a well-formed ARN of something else is denied like a role that does not exist.
#[test]
fn an_arn_of_something_else_is_denied() {
    for arn in ["arn:aws:iam::111122223333:user/admin", "arn:aws:sts::111122223333:assumed-role/target/x"] {
        let mut setup = Setup::new();
        let call = AssumeRole::new(&RoleArn::new_unchecked(arn), "work");
        let message = format!(
            "User: arn:aws:iam::111122223333:user/admin is not authorized to perform: sts:AssumeRole on resource: {arn}"
        );
        assert_refused(setup.assume(call), "AccessDenied", 403, &message);
    }
}

/// TRAP-04, TRAP-05, TRAP-06, TRAP-11
#[test]
fn arguments_have_the_shape_of_the_model() {
    let check = |call: AssumeRole, message: String| {
        assert_refused(Setup::new().assume(call), "ValidationError", 400, &message);
    };
    let setup = Setup::new();
    let named = |name: &str| AssumeRole::new(&setup.role, name);
    let seconds = |seconds: i64| setup.call().duration(TimeDelta::seconds(seconds));
    check(
        named("Session1:2"),
        constraint("Session1:2", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
    );
    let long = "s".repeat(65);
    check(named(&long), constraint(&long, "roleSessionName", "have length less than or equal to 64"));
    check(named("s"), constraint("s", "roleSessionName", "have length greater than or equal to 2"));
    check(seconds(899), constraint("899", "durationSeconds", "have value greater than or equal to 900"));
    check(seconds(43201), constraint("43201", "durationSeconds", "have value less than or equal to 43200"));
    Setup::new().assume(seconds(900)).unwrap();
    check(
        setup.call().external_id("x"),
        constraint("x", "externalId", "have length greater than or equal to 2"),
    );
    let long = "x".repeat(1225);
    check(
        setup.call().external_id(&long),
        constraint(&long, "externalId", "have length less than or equal to 1224"),
    );
    check(
        setup.call().external_id("abc def"),
        constraint("abc def", "externalId", r"satisfy regular expression pattern: [\w+=,.@:\/-]*"),
    );
    check(
        setup.call().mfa(PHONE, "12345a"),
        constraint("12345a", "tokenCode", r"satisfy regular expression pattern: [\d]*"),
    );
    // VAL-38: all of them in one error.
    check(
        named("s").external_id("x"),
        "2 validation errors detected: Value 's' at 'roleSessionName' failed to satisfy constraint: Member must \
         have length greater than or equal to 2; Value 'x' at 'externalId' failed to satisfy constraint: Member \
         must have length greater than or equal to 2"
            .into(),
    );
}

/// TRAP-07, TRAP-08
#[test]
fn the_role_limits_the_session_and_the_default_is_one_hour() {
    let mut setup = Setup::new();
    let now = setup.cloud.clock().now();
    let session = setup.assume(setup.call()).unwrap();
    assert_eq!(session.expires_at() - now, TimeDelta::hours(1)); // STS-24
    let mut account = setup.cloud.account(HOME).unwrap();
    account.role("target").unwrap().max_session_duration(TimeDelta::hours(1)).unwrap();
    let long = setup.call().duration(TimeDelta::seconds(3601));
    assert_refused(
        setup.assume(long),
        "ValidationError",
        400,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
}

const CHAINED: &str =
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";

/// TRAP-09, TRAP-10
#[test]
fn chained_sessions_last_one_hour_at_most() {
    let mut setup = Setup::new();
    let mut account = setup.cloud.account(HOME).unwrap();
    let first = account.add_role("first", trusting(HOME)).unwrap().attach_policy(ADMINISTRATOR);
    let first = first.unwrap().arn();
    let session = setup.assume(AssumeRole::new(&first, "x1")).unwrap();
    let code = setup.code();
    let token = GetSessionToken::new().mfa(PHONE, &code);
    let token = setup.cloud.sts().get_session_token(&setup.admin, token).unwrap();
    for who in [session.caller(), token.caller()] {
        let call = setup.call().duration(TimeDelta::seconds(3601));
        assert_refused(setup.assume_as(who, call), "ValidationError", 400, CHAINED);
        let call = setup.call().duration(TimeDelta::hours(1));
        setup.assume_as(who, call).unwrap();
    }
    // Long-term keys with MFA in the call are not capped (STS-26).
    setup.cloud.clock().advance(TimeDelta::minutes(1));
    let code = setup.code();
    setup.assume(setup.call().mfa(PHONE, &code).duration(TimeDelta::hours(2))).unwrap();
}

/// TRAP-12, TRAP-13, TRAP-14
#[test]
fn mfa_is_verified_whenever_it_is_given() {
    let mut setup = Setup::new();
    let both =
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.";
    let code = setup.code();
    assert_refused(setup.assume(setup.call().mfa_code(&code)), "AccessDenied", 403, both);
    assert_refused(setup.assume(setup.call().mfa_serial(PHONE)), "AccessDenied", 403, both);

    setup.assume(setup.call().mfa(PHONE, &code)).unwrap();
    let again = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    assert_refused(setup.assume(setup.call().mfa(PHONE, &code)), "AccessDenied", 403, again); // STS-31
    setup.cloud.clock().advance(TimeDelta::seconds(30));
    let next = setup.code();
    setup.assume(setup.call().mfa(PHONE, &next)).unwrap();

    let unable = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                  number is valid and associated with this user.";
    let mut account = setup.cloud.account(HOME).unwrap();
    account.add_user("bob").unwrap().mfa_device("bob").unwrap();
    for serial in [
        "arn:aws:iam::111122223333:user/bob",
        "arn:aws:iam::111122223333:mfa/none",
        "arn:aws:iam::111122223333:mfa/bob",
    ] {
        assert_refused(setup.assume(setup.call().mfa(serial, "123456")), "AccessDenied", 403, unable);
    }
    // STS-32
    let role = setup.cloud.account(HOME).unwrap().role("target").unwrap().session("x1").unwrap();
    let call = setup.call().mfa(PHONE, "123456");
    assert_refused(setup.assume_as(&role, call), "AccessDenied", 403, unable);
}

#[test]
fn a_test_s_own_device_shows_one_code_for_ever() {
    let mut setup = Setup::new();
    let mut account = setup.cloud.account(HOME).unwrap();
    account.user("admin").unwrap().mfa_device_with_code("test", "123456").unwrap();
    for _ in 0..2 {
        setup.assume(setup.call().mfa("arn:aws:iam::111122223333:mfa/test", "123456")).unwrap();
    }
    let mut account = setup.cloud.account(HOME).unwrap();
    assert!(account.user("admin").unwrap().mfa_device_with_code("odd", "12345").is_err());
}

/// TRAP-15, TRAP-16, TRAP-17, TRAP-18
#[test]
fn session_tags_are_unique_and_transitive_keys_name_them() {
    let check = |call: AssumeRole, message: &str| {
        assert_refused(Setup::new().assume(call), "InvalidParameterValue", 400, message); // STS-42
    };
    let setup = Setup::new();
    let tagged = || setup.call().tag("SessionTag1", "1");
    check(
        tagged().tag("sessiontag1", "2"),
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    );
    check(
        tagged().transitive_key("InvalidKey"),
        "The specified transitive tag key must be included in the requested tags.",
    );
    let mut setup = Setup::new();
    let first = setup.assume(setup.call().tag("SessionTag1", "1").transitive_key("sessiontag1")).unwrap();
    let mut account = setup.cloud.account(HOME).unwrap();
    account.role("target").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let again = setup.call().tag("sessiontag1", "1");
    assert_refused(
        setup.assume_as(first.caller(), again),
        "InvalidParameterValue",
        400,
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
         the calling session.",
    );
    let second = setup.assume_as(first.caller(), setup.call()).unwrap();
    assert_eq!(second.tags(), [("SessionTag1".to_owned(), "1".to_owned())]); // SES-03
}

/// TRAP-19, TRAP-20, TRAP-21
#[test]
fn session_policies_are_policies_of_at_most_2048_characters() {
    let mut setup = Setup::new();
    let with_principal =
        statement(r#""Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*""#);
    let refused = error(setup.assume(setup.call().policy(with_principal)));
    assert_eq!((refused.code(), refused.status()), ("MalformedPolicyDocument", 400));

    let long = format!("{:2049}", allow("s3:*", "*"));
    let call = GetFederationToken::new("Bob").policy(long.as_str());
    assert_refused(
        setup.cloud.sts().get_federation_token(&setup.admin, call),
        "ValidationError",
        400,
        &constraint(&long, "policy", "have length less than or equal to 2048"),
    );
    assert_eq!(setup.assume(setup.call()).unwrap().packed_policy_size(), None); // STS-37
    let federated =
        setup.cloud.sts().get_federation_token(&setup.admin, GetFederationToken::new("Bob")).unwrap();
    assert_eq!(federated.packed_policy_size(), Some(0));
    let limited = setup.assume(setup.call().policy(allow("s3:*", "*"))).unwrap();
    assert!(limited.packed_policy_size().is_some_and(|size| size > 0));
}

#[test]
fn tags_that_fill_the_packed_space_are_refused() {
    let mut setup = Setup::new();
    let mut call = setup.call();
    for index in 0..50 {
        call = call.tag(&format!("key-{index}"), &"v".repeat(256));
    }
    let refused = error(setup.assume(call));
    assert_eq!((refused.code(), refused.status()), ("PackedPolicyTooLarge", 400)); // STS-36
    assert!(refused.message().starts_with("Packed size of session tags consumes "));
}

/// TRAP-22
#[test]
fn a_source_identity_is_set_once_and_stays() {
    let mut setup = Setup::new();
    let mut account = setup.cloud.account(HOME).unwrap();
    account.role("target").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let odd = error(setup.assume(setup.call().source_identity("aws:me")));
    assert_eq!(odd.code(), "ValidationError"); // STS-44: the colon is outside the pattern
    let first = setup.assume(setup.call().source_identity("alice")).unwrap();
    let again = |call: AssumeRole, setup: &mut Setup| setup.assume_as(first.caller(), call);
    for call in [setup.call(), setup.call().source_identity("alice")] {
        assert_eq!(again(call, &mut setup).unwrap().source_identity(), Some("alice")); // SES-09
    }
    let call = setup.call().source_identity("bob");
    let refused = error(again(call, &mut setup));
    assert_eq!(refused.code(), "AccessDenied"); // STS-45
    assert!(refused.message().contains("sts:SetSourceIdentity"));
}
