//! Trust policies as they are stored (TRAP-48 to TRAP-55): who they name, and what becomes of the named.

use iamsim::{AssumeRole, Cloud, trust};

use crate::support::{AWAY, HOME, assert_refused, deny, error, statement, trusting, trusting_when, user};

fn refused_trust(document: &str) -> (String, u16, String) {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_user("alice").unwrap();
    let refused = error(account.add_role("role", document));
    (refused.code().into(), refused.status(), refused.message().into())
}

fn malformed(message: &str) -> (String, u16, String) {
    ("MalformedPolicyDocument".into(), 400, message.into())
}

/// TRAP-48, TRU-25, TRU-28, TRU-29
#[test]
fn whom_a_trust_policy_names_must_exist() {
    for missing in [
        "arn:aws:iam::111122223333:role/none",
        "arn:aws:iam::111122223333:user/none",
        "arn:aws:iam::111122223333:user/Alice",
        "arn:aws:iam::111122223333:user/path/alice",
        "arn:aws:sts::111122223333:assumed-role/none/session",
        "AIDAAAAAAAAAAAAAAAAAA",
        "arn:aws:iam::111122223333:role/app-*",
        "arn:aws:iam::111122223333:group/developers",
    ] {
        let message = format!("Invalid principal in policy: \"AWS\":\"{missing}\"");
        assert_eq!(refused_trust(&trusting(missing)), malformed(&message), "{missing}");
    }
    // Of an account that nobody has described, anybody may exist.
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_role("open", trusting("arn:aws:iam::444455556666:role/somebody")).unwrap();
}

/// TRAP-52, TRU-27
#[test]
fn a_trust_policy_is_refused_in_aws_s_words() {
    assert_eq!(refused_trust("this is no json"), malformed("This policy contains invalid Json"));
    let with = |member: &str| {
        statement(&format!(
            r#""Effect": "Allow", "Principal": {{"AWS": "{HOME}"}}, "Action": "sts:AssumeRole", {member}"#
        ))
    };
    assert_eq!(refused_trust(&with(r#""Resource": "*""#)), malformed("Has prohibited field Resource"));
    let s3 = trusting(HOME).replace("sts:AssumeRole", "s3:GetObject");
    assert_eq!(refused_trust(&s3), malformed("AssumeRole policy may only specify STS AssumeRole actions."));
    let bare = trusting(HOME).replace(&format!(r#"{{"AWS": "{HOME}"}}"#), r#""*""#);
    assert_eq!(
        refused_trust(&bare),
        malformed("AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".")
    );
    assert_eq!(refused_trust(r#"{"Version": "2012-10-17"}"#).0, "MalformedPolicyDocument");
    let nobody = statement(r#""Effect": "Allow", "Action": "sts:AssumeRole""#);
    assert_eq!(refused_trust(&nobody).0, "MalformedPolicyDocument"); // TRU-23
    let service = trusting(HOME).replace(&format!(r#""AWS": "{HOME}""#), r#""Service": "nonsense""#);
    assert_eq!(refused_trust(&service), malformed("Invalid principal in policy: \"SERVICE\":\"nonsense\"")); // TRU-30
}

/// TRAP-49, TRAP-50
#[test]
fn a_deleted_principal_leaves_its_dead_id_behind() {
    let mut cloud = Cloud::new();
    let alice = user(&mut cloud, HOME, "alice");
    let mut account = cloud.account(HOME).unwrap();
    let named = trusting("arn:aws:iam::111122223333:user/alice");
    let role = account.add_role("target", named.as_str()).unwrap().arn();
    let call = || AssumeRole::new(&role, "work");
    cloud.sts().assume_role(&alice, call()).unwrap();

    let mut account = cloud.account(HOME).unwrap();
    let old = account.user("alice").unwrap();
    let id = old.unique_id();
    old.delete().unwrap();
    let shown = account.role("target").unwrap().trust_text();
    assert_eq!(shown, named.replace("arn:aws:iam::111122223333:user/alice", &id)); // TRU-31 (b)

    let again = user(&mut cloud, HOME, "alice");
    assert_eq!(error(cloud.sts().assume_role(&again, call())).code(), "AccessDenied"); // TRU-31 (c)
    let mut account = cloud.account(HOME).unwrap();
    let refused = account.role("target").unwrap().trust(shown);
    let message = format!("Invalid principal in policy: \"AWS\":\"{id}\"");
    assert_refused(refused, "MalformedPolicyDocument", 400, &message); // TRU-31 (d)
    account.role("target").unwrap().trust(named).unwrap();
    cloud.sts().assume_role(&again, call()).unwrap();
}

/// TRAP-51
#[test]
fn a_renamed_principal_is_still_trusted() {
    let mut cloud = Cloud::new();
    let alice = user(&mut cloud, HOME, "alice");
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("target", trusting("arn:aws:iam::111122223333:user/alice")).unwrap().arn();
    account.user("alice").unwrap().rename("alicia").unwrap().path("/team/").unwrap();
    let shown = account.role("target").unwrap().trust_text();
    assert!(shown.contains("arn:aws:iam::111122223333:user/team/alicia"), "{shown}"); // TRU-31 (a)
    cloud.sts().assume_role(&alice, AssumeRole::new(&role, "work")).unwrap();
    let identity = cloud.sts().get_caller_identity(&alice).unwrap();
    assert_eq!(identity.arn(), "arn:aws:iam::111122223333:user/team/alicia"); // FED-02, TRAP-97
}

/// TRAP-53
#[test]
fn a_condition_on_the_principal_s_arn_survives_deletion() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let condition = r#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/caller"}}"#;
    let target =
        account.add_role("target", trusting_when("*", r#""sts:AssumeRole""#, condition)).unwrap().arn();
    for _ in 0..2 {
        let mut account = cloud.account(HOME).unwrap();
        let caller = account.add_role("caller", trusting(HOME)).unwrap().session("x1").unwrap();
        cloud.sts().assume_role(&caller, AssumeRole::new(&target, "work")).unwrap(); // TRU-32
        cloud.account(HOME).unwrap().role("caller").unwrap().delete().unwrap();
    }
}

/// TRAP-54
#[test]
fn a_github_trust_policy_must_narrow_the_subject() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let url = "https://token.actions.githubusercontent.com";
    let provider = account.add_oidc_provider(url, &["sts.amazonaws.com"]).unwrap();
    let message = format!(
        "Trust policy with trusted principal {provider} must evaluate, using StringEquals, StringLike or \
         StringEqualsIgnoreCase, token.actions.githubusercontent.com:sub which is not scoped to all."
    );
    let audience_only = trust::web_identity(&provider, "sts.amazonaws.com");
    let all = audience_only.clone().when("StringLike", "token.actions.githubusercontent.com:sub", &["*"]);
    for policy in [audience_only, all] {
        assert_refused(account.add_role("ci", policy), "MalformedPolicyDocument", 400, &message);
    }
    account.add_role("ci", trust::github(&provider, "octo-org")).unwrap();
}

/// TRAP-55
#[test]
fn white_space_does_not_count_in_a_trust_policy() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let of_size = |size: usize| {
        let empty =
            trusting_when(HOME, r#""sts:AssumeRole""#, r#"{"StringEquals": {"sts:ExternalId": "PAD"}}"#);
        let used = empty.chars().filter(|char| !char.is_whitespace()).count() - 3;
        empty.replace("PAD", &"x".repeat(size - used))
    };
    let refused = account.add_role("long", of_size(2049));
    assert_refused(refused, "LimitExceeded", 409, "Cannot exceed quota for ACLSizePerRole: 2048");
    account.add_role("long", format!("{}{}", of_size(2048), " ".repeat(3000))).unwrap();
}

#[test]
fn resource_policies_follow_their_principals_too() {
    let mut cloud = Cloud::new();
    let alice = user(&mut cloud, HOME, "alice");
    let mut account = cloud.account(HOME).unwrap();
    let open = |name: &str| {
        statement(&format!(
            r#""Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::111122223333:user/{name}"}},
               "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#
        ))
    };
    let bucket = account.add_resource("arn:aws:s3:::b").unwrap();
    let unknown = error(bucket.policy(open("none")));
    assert_eq!((unknown.code(), unknown.message()), ("MalformedPolicy", "Invalid principal in policy")); // PE-PRN-09
    assert_eq!(unknown.diagnostics().len(), 1, "{unknown:?}");
    account.resource("arn:aws:s3:::b").unwrap().policy(open("alice")).unwrap();
    cloud.assert_allows(&alice, "s3:GetObject", "arn:aws:s3:::b/k");
    cloud.account(HOME).unwrap().user("alice").unwrap().delete().unwrap();
    let again = user(&mut cloud, HOME, "alice");
    cloud.assert_denies(&again, "s3:GetObject", "arn:aws:s3:::b/k"); // PE-PRN-09
}

#[test]
fn a_described_world_may_name_principals_in_any_order() {
    let mut cloud = Cloud::new();
    cloud.defer_principal_checks();
    let mut account = cloud.account(HOME).unwrap();
    account.add_role("first", trusting("arn:aws:iam::111122223333:role/second")).unwrap();
    account.add_role("second", trusting("arn:aws:iam::111122223333:role/first")).unwrap();
    cloud.check_principals().unwrap();

    cloud.defer_principal_checks();
    let mut account = cloud.account(HOME).unwrap();
    account.add_role("third", trusting("arn:aws:iam::111122223333:role/none")).unwrap();
    let refused = error(cloud.check_principals());
    assert_eq!(refused.code(), "MalformedPolicyDocument");
    let reason = refused.reason().unwrap();
    assert!(reason.starts_with("trust:1:") && reason.ends_with("does not exist"), "{reason}");
}

#[test]
fn a_trust_policy_may_be_old_and_have_no_version() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let without = trusting(HOME).replace(r#""Version": "2012-10-17", "#, "");
    account.add_role("none", without).unwrap(); // TRU-24, TRAP-92
    account.add_role("old", trusting(HOME).replace("2012-10-17", "2008-10-17")).unwrap();
    let refused = error(
        account
            .add_user("u")
            .unwrap()
            .attach("none", deny("s3:*", "*").replace(r#""Version": "2012-10-17", "#, "")),
    );
    assert_eq!(refused.message(), "Policy document must be version 2012-10-17 or greater."); // POL-11
    assert!(cloud.account(AWAY).is_ok());
}
