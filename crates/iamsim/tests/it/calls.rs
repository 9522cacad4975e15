//! Calls that carry something of their own: provided contexts, hardware devices, access keys.

use iamsim::{AssumeRole, Cloud, GetSessionToken, Layer, ProvidedContext, TimeDelta, trust};

use crate::support::{
    AWAY, HOME, MANAGEMENT, Setup, allow, assert_reason, assert_refused, error, statement, trusting_when,
    user,
};

const CONTEXTS: &str = r#"["sts:AssumeRole", "sts:SetContext"]"#;

fn context(user: &str) -> ProvidedContext {
    ProvidedContext::identity_center().with("identitystore:UserId", user)
}

/// STS-46, TRU-52, TRU-74
#[test]
fn a_provided_context_needs_set_context_on_both_sides() {
    let condition = r#"{"StringEquals": {"sts:RequestContext/identitystore:UserId": "u-7"}}"#;
    let mut cloud = Cloud::new();
    let only_assume = user(&mut cloud, AWAY, "only-assume");
    let both = user(&mut cloud, AWAY, "both");
    let mut away = cloud.account(AWAY).unwrap();
    away.user("only-assume").unwrap().attach("enter", allow("sts:AssumeRole", "*")).unwrap();
    away.user("both").unwrap().attach("enter", allow("sts:*", "*")).unwrap();
    let mut home = cloud.account(HOME).unwrap();
    let role = home.add_role("open", trusting_when(AWAY, CONTEXTS, condition)).unwrap().arn();
    let deaf = home.add_role("deaf", trusting_when(AWAY, r#""sts:AssumeRole""#, "{}")).unwrap().arn();
    let call = |user: &str| AssumeRole::new(&role, "query").provided_context(context(user));

    cloud.sts().assume_role(&both, call("u-7")).unwrap();
    assert_reason(
        cloud.sts().assume_role(&only_assume, call("u-7")),
        "no identity-based policy of the caller allows sts:SetContext on the role",
    );
    assert_reason(
        cloud.sts().assume_role(&both, AssumeRole::new(&deaf, "query").provided_context(context("u-7"))),
        "the role's trust policy does not list sts:SetContext",
    );
    // TRU-08 of the reference on evaluation: AssumeRole sees the context too.
    assert_reason(
        cloud.sts().assume_role(&both, call("u-8")),
        "the role's trust policy has a condition on `sts:RequestContext/identitystore:UserId`, and `u-8` does not \
         meet it",
    );
    let without = cloud.sts().assume_role(&both, AssumeRole::new(&role, "query"));
    assert_reason(
        without,
        "the role's trust policy has a condition on `sts:RequestContext/identitystore:UserId`, which the call does \
         not carry",
    );
}

/// STS-46
#[test]
fn provided_contexts_have_a_shape_and_one_provider() {
    let mut setup = Setup::new();
    let call = setup.call();
    let six = (0..6).fold(call.clone(), |call, _| call.provided_context(context("u-7")));
    assert_refused(
        setup.assume(six),
        "ValidationError",
        400,
        "1 validation error detected: Value at 'providedContexts' failed to satisfy constraint: Member must have \
         length less than or equal to 5",
    );
    let empty = setup.assume(call.clone().provided_context(ProvidedContext::identity_center()));
    assert!(error(empty).message().contains("providedContexts.1.member.contextAssertion"));
    let other = ProvidedContext::new("arn:aws:iam::aws:contextProvider/Elsewhere").with("a", "b-c");
    assert_reason(
        setup.assume(call.provided_context(other)),
        "the one context provider there is is Identity Center's",
    );
}

/// ID-11
#[test]
fn a_hardware_device_is_known_by_its_serial_number_and_belongs_to_one_user() {
    let serial = "GAHT12345678";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let dev = account.add_user("dev").unwrap().hardware_mfa_device(serial).unwrap().caller();
    let other = account.add_user("other").unwrap().caller();
    assert_eq!(account.user("dev").unwrap().mfa_serials(), [serial]);
    let taken = account.user("other").unwrap().hardware_mfa_device(serial);
    assert_refused(taken, "EntityAlreadyExists", 409, "MFA Device is already in use.");
    assert_eq!(error(account.user("other").unwrap().hardware_mfa_device("GAHT1")).code(), "ValidationError");
    let arn = "arn:aws:iam::111122223333:mfa/phone";
    assert_eq!(error(account.user("other").unwrap().hardware_mfa_device(arn)).code(), "ValidationError");

    let code = cloud.mfa_code(serial).unwrap();
    let with_code = || GetSessionToken::new().mfa(serial, &code);
    assert_eq!(error(cloud.sts().get_session_token(&other, with_code())).code(), "AccessDenied"); // STS-30
    cloud.sts().get_session_token(&dev, with_code()).unwrap();
    assert_eq!(error(cloud.sts().get_session_token(&dev, with_code())).code(), "AccessDenied"); // STS-31
    cloud.clock().advance(TimeDelta::seconds(30));
    let next = cloud.mfa_code(serial).unwrap();
    assert_ne!(next, code);
    cloud.sts().get_session_token(&dev, GetSessionToken::new().mfa(serial, &next)).unwrap();

    let mut account = cloud.account(HOME).unwrap();
    let kept = error(account.user("dev").unwrap().delete());
    assert_eq!(kept.message(), "Cannot delete entity, must delete MFA device first.");
    account.user("dev").unwrap().delete_mfa_device(serial).unwrap().delete().unwrap();
}

/// QUO-10, PE-MFA-01, PE-SCP-05
#[test]
fn a_root_user_has_devices_of_its_own_and_can_be_held_to_them() {
    let phone = "arn:aws:iam::111122223333:mfa/root-phone";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let dev = account.add_user("dev").unwrap().mfa_device("phone").unwrap().caller();
    account.root_mfa_device("root-phone").unwrap();
    let root = account.root();
    assert_eq!(error(account.root_mfa_device("root-phone").map(drop)).code(), "EntityAlreadyExists");
    let without_mfa = statement(
        r#""Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
               "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"},
               "BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#,
    );
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_scp("root-needs-mfa", without_mfa).unwrap();

    let plain = cloud.console().sign_in(&root).unwrap();
    let code = cloud.mfa_code(phone).unwrap();
    // The device is root's, and another's is not.
    assert!(cloud.console().sign_in_with_mfa(&dev, phone, &code).is_err());
    let users = "arn:aws:iam::111122223333:mfa/phone";
    let users_code = cloud.mfa_code(users).unwrap();
    assert!(cloud.console().sign_in_with_mfa(&root, users, &users_code).is_err());
    let signed_in = cloud.console().sign_in_with_mfa(&root, phone, &code).unwrap();
    cloud.assert_denied_by(plain.caller(), "s3:ListAllMyBuckets", "*", Layer::ServiceControl);
    cloud.assert_allows(signed_in.caller(), "s3:ListAllMyBuckets", "*");
    cloud.clock().advance(TimeDelta::seconds(30));
    let code = cloud.mfa_code(phone).unwrap();
    let token = cloud.sts().get_session_token(&root, GetSessionToken::new().mfa(phone, &code)).unwrap();
    cloud.assert_allows(token.caller(), "s3:ListAllMyBuckets", "*");

    let mut account = cloud.account(HOME).unwrap();
    assert_eq!(error(account.delete_root_mfa_device(users).map(drop)).code(), "NoSuchEntity");
    account.delete_root_mfa_device(phone).unwrap();
    assert_eq!(error(cloud.mfa_code(phone)).code(), "NoSuchEntity");
}

/// TRAP-67
#[test]
fn keys_without_their_token_are_nobody_s() {
    let mut setup = Setup::new();
    let session = setup.assume(setup.call()).unwrap();
    let keys = session.credentials();
    let message = "The security token included in the request is invalid.";
    let find = |token: Option<&str>| setup.cloud.caller(keys.access_key_id(), token);
    assert_eq!(find(Some(keys.session_token())).unwrap().to_string(), session.arn());
    assert_refused(find(None), "InvalidClientTokenId", 403, message);
    assert_refused(find(Some("another")), "InvalidClientTokenId", 403, message);
    assert_refused(setup.cloud.caller("ASIAQQQQQQQQQQQQQQQQ", None), "InvalidClientTokenId", 403, message);
}

/// TRAP-85, IAM-56
#[test]
fn the_last_use_of_a_key_is_told_and_an_unknown_key_is_denied() {
    let mut cloud = Cloud::new();
    let admin = user(&mut cloud, HOME, "admin");
    let foreign = user(&mut cloud, AWAY, "foreign");
    let mut account = cloud.account(HOME).unwrap();
    let key = account.user("admin").unwrap().access_key().unwrap();
    assert_eq!(cloud.access_key_last_used(&admin, key.id()).unwrap(), None);
    cloud.clock().advance(TimeDelta::hours(1));
    cloud.sts().get_caller_identity(key.caller()).unwrap();
    let used = cloud.clock().now();
    cloud.clock().advance(TimeDelta::hours(1));
    assert_eq!(cloud.access_key_last_used(&admin, key.id()).unwrap(), Some(used));
    for (who, id) in [(&foreign, key.id()), (&admin, "AKIAQQQQQQQQQQQQQQQQ")] {
        let message = format!(
            "User: {who} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}"
        );
        assert_refused(cloud.access_key_last_used(who, id), "AccessDenied", 403, &message);
    }
}

/// TRAP-74
#[test]
fn what_an_update_of_a_role_does_not_name_stays() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("r", trust::service("lambda.amazonaws.com")).unwrap();
    let role = role.description("of old").unwrap().max_session_duration(TimeDelta::hours(4)).unwrap();
    assert_eq!(
        (role.description_text().as_deref(), role.max_session()),
        (Some("of old"), TimeDelta::hours(4))
    );
    let role = role.max_session_duration(TimeDelta::hours(2)).unwrap();
    assert_eq!(role.description_text().as_deref(), Some("of old"));
    let role = role.description("new").unwrap();
    assert_eq!((role.description_text().as_deref(), role.max_session()), (Some("new"), TimeDelta::hours(2)));
}
