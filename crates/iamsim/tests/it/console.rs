//! Signing in, the switch-role link, and switching roles.

use iamsim::{AssumeRole, Caller, Cloud, ConsoleSession, SwitchRoleLink, TimeDelta, trust};

use crate::support::{AWAY, HOME, allow, assert_reason, assert_refused, trusting_when};

/// A user that may assume any role, and a production account with an alias.
fn cloud() -> (Cloud, Caller) {
    let mut cloud = Cloud::new();
    let mut users = cloud.account(AWAY).unwrap();
    let dev = users.add_user("dev").unwrap().attach("assume", allow("sts:*", "*")).unwrap();
    let dev = dev.mfa_device("phone").unwrap().caller();
    cloud.account(HOME).unwrap().alias("example-prod").unwrap();
    (cloud, dev)
}

fn sign_in(cloud: &mut Cloud, user: &Caller) -> ConsoleSession {
    cloud.console().sign_in(user).unwrap()
}

fn link(role: &str) -> SwitchRoleLink {
    SwitchRoleLink::new("example-prod", role).unwrap()
}

#[test]
fn a_switch_goes_by_id_or_alias_and_bears_the_user_s_name() {
    let (mut cloud, dev) = cloud();
    cloud.account(HOME).unwrap().add_role("ops/devops", trust::account(AWAY)).unwrap();
    let signed_in = sign_in(&mut cloud, &dev);
    for account in ["example-prod", HOME] {
        let link = SwitchRoleLink::new(account, "ops/devops").unwrap();
        let session = cloud.console().switch_role(&signed_in, &link).unwrap();
        assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/devops/dev"); // SES-40
    }
    // SIG-07: the bare name is not enough for a role with a path.
    let bare = cloud.console().switch_role(&signed_in, &link("devops"));
    assert_reason(bare, "the role does not exist: its path and the case of its name count");
}

#[test]
fn a_link_is_written_and_read_as_the_console_does() {
    let check = |url: &str, account: &str, role: &str, display: Option<&str>, color: Option<&str>| {
        let link = SwitchRoleLink::parse(url).unwrap();
        assert_eq!((link.account(), link.role_name()), (account, role));
        assert_eq!((link.display_name_text(), link.color_text()), (display, color));
        assert_eq!(SwitchRoleLink::parse(&link.to_string()).unwrap(), link);
    };
    // SIG-05, SIG-06
    let page = "https://signin.aws.amazon.com/switchrole";
    check(&format!("{page}?account=111122223333&roleName=devops"), HOME, "devops", None, None);
    check(
        &format!(
            "{page}?roleName=ops%2Fdevops&account=example-prod&displayName=Dev+Ops%20%26%20more&color=F2B0A9"
        ),
        "example-prod",
        "ops/devops",
        Some("Dev Ops & more"),
        Some("F2B0A9"),
    );
    let refused = |url: &str| SwitchRoleLink::parse(url).unwrap_err().message().to_owned();
    assert_eq!(refused(&format!("{page}?account=example-prod")), "the switch-role link has no `roleName`");
    assert!(refused("https://example.com/?account=a&roleName=b").contains("is no switch-role link"));
    assert!(refused(&format!("{page}?account=a&roleName=%ZZ")).contains("is not encoded"));
    assert!(refused(&format!("{page}?account=a&roleName=b&color=red")).contains("six hexadecimal digits"));
}

#[test]
fn a_link_to_a_role_with_a_long_path_does_not_work() {
    let role = format!("{}/name", "p".repeat(60)); // SIG-07: 65 characters together
    let refused = SwitchRoleLink::new("example-prod", &role).unwrap_err();
    assert!(refused.message().contains("together may have 64 characters"));
}

/// TRAP-41, SIG-08
#[test]
fn a_role_that_asks_for_what_the_console_can_t_supply_can_t_be_reached() {
    let check = |trust: &str, what: &str| {
        let (mut cloud, dev) = cloud();
        cloud.account(HOME).unwrap().add_role("devops", trust).unwrap();
        let signed_in = sign_in(&mut cloud, &dev);
        let refused = cloud.console().switch_role(&signed_in, &link("devops")).unwrap_err();
        assert_eq!(refused.code(), "AccessDenied");
        assert_eq!(
            refused.reason().unwrap(),
            format!(
                "the role's trust policy asks for {what}, which a switch in the console can't supply: the role \
                 can't be reached from the console"
            )
        );
    };
    let external_id = trust::account(AWAY).require_external_id("Unique-7").to_string();
    check(&external_id, "an ExternalId (`sts:ExternalId`)");
    check(
        &trusting_when(
            AWAY,
            r#"["sts:AssumeRole", "sts:TagSession"]"#,
            r#"{"StringLike": {"aws:RequestTag/project": "*"}}"#,
        ),
        "session tags (`aws:RequestTag/project`)",
    );
    check(
        &trusting_when(
            AWAY,
            r#"["sts:AssumeRole", "sts:SetSourceIdentity"]"#,
            r#"{"StringLike": {"sts:SourceIdentity": "*"}}"#,
        ),
        "a source identity (`sts:SourceIdentity`)",
    );
    let deny = format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Principal": {{"AWS": "{AWAY}"}}, "Action": "sts:AssumeRole"}},
            {{"Effect": "Deny", "Principal": {{"AWS": "*"}}, "Action": "sts:AssumeRole",
              "Condition": {{"StringNotEquals": {{"sts:ExternalId": "Unique-7"}}}}}}]}}"#
    );
    check(&deny, "an ExternalId (`sts:ExternalId`)");
}

/// SIG-11
#[test]
fn mfa_comes_from_the_sign_in() {
    let (mut cloud, dev) = cloud();
    cloud.account(HOME).unwrap().add_role("devops", trust::account(AWAY).require_mfa()).unwrap();
    let without = sign_in(&mut cloud, &dev);
    assert_reason(
        cloud.console().switch_role(&without, &link("devops")),
        "the role's trust policy asks for MFA: sign in with MFA, a switch can't add it",
    );
    let phone = "arn:aws:iam::444455556666:mfa/phone";
    let wrong = cloud.console().sign_in_with_mfa(&dev, phone, "000000");
    assert_eq!(wrong.unwrap_err().code(), "AccessDenied");
    let code = cloud.mfa_code(phone).unwrap();
    let with = cloud.console().sign_in_with_mfa(&dev, phone, &code).unwrap();
    let session = cloud.console().switch_role(&with, &link("devops")).unwrap();
    // SES-10: the role's session says false.
    let role = cloud.request(session.caller(), "s3:ListAllMyBuckets", "*").explain().unwrap();
    let present = role.request().context().get(&"aws:MultiFactorAuthPresent".into()).clone();
    assert_eq!(present.as_one(), Some("false"));
}

/// SIG-09, SIG-10: no role chaining, and never longer than the sign-in.
#[test]
fn a_switch_lasts_as_long_as_the_role_allows_and_the_sign_in_has_left() {
    let (mut cloud, dev) = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("devops", trust::account(AWAY)).unwrap();
    role.max_session_duration(TimeDelta::hours(8)).unwrap();
    let signed_in = sign_in(&mut cloud, &dev);
    let now = cloud.clock().now();
    let early = cloud.console().switch_role(&signed_in, &link("devops")).unwrap();
    assert_eq!(early.expires_at() - now, TimeDelta::hours(8));
    cloud.clock().advance(TimeDelta::hours(11));
    let late = cloud.console().switch_role(&signed_in, &link("devops")).unwrap();
    assert_eq!(late.expires_at(), signed_in.expires_at());
    cloud.clock().advance(TimeDelta::hours(1));
    let over = cloud.console().switch_role(&signed_in, &link("devops"));
    assert_eq!(over.unwrap_err().code(), "ExpiredToken");
}

/// SIG-08
#[test]
fn a_root_user_can_t_switch_roles() {
    let (mut cloud, _) = cloud();
    cloud.account(HOME).unwrap().add_role("devops", trust::account(AWAY)).unwrap();
    let root = cloud.account(AWAY).unwrap().root();
    let signed_in = sign_in(&mut cloud, &root);
    assert_refused(
        cloud.console().switch_role(&signed_in, &link("devops")),
        "AccessDenied",
        403,
        "Roles may not be assumed by root accounts.",
    );
}

#[test]
fn only_users_and_root_users_sign_in() {
    let (mut cloud, dev) = cloud();
    let role = cloud.account(HOME).unwrap().add_role("devops", trust::account(AWAY)).unwrap().arn();
    let session = cloud.sts().assume_role(&dev, AssumeRole::new(&role, "x1")).unwrap();
    let refused = cloud.console().sign_in(session.caller()).unwrap_err();
    assert_eq!(refused.code(), "ValidationError");
}

#[test]
fn a_signed_in_user_may_use_iam_without_mfa() {
    let (mut cloud, dev) = cloud();
    let mut users = cloud.account(AWAY).unwrap();
    users.user("dev").unwrap().attach("iam", allow("iam:*", "*")).unwrap();
    let signed_in = sign_in(&mut cloud, &dev);
    cloud.assert_allows(signed_in.caller(), "iam:ListUsers", "*");
}
