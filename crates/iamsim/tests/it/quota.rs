//! Quotas (TRAP-79, TRAP-82 to TRAP-84, TRAP-87): refused as AWS refuses, and raised per account.

use iamsim::{Cloud, Quota, trust};

use crate::support::{HOME, allow, assert_refused, deny, error};

fn limit(name: &str, limit: u32) -> String {
    format!("Cannot exceed quota for {name}: {limit}")
}

/// TRAP-82
#[test]
fn an_eleventh_managed_policy_is_refused_until_the_quota_is_raised() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let arns: Vec<String> = (0..12)
        .map(|index| account.add_policy(&format!("p-{index}"), allow("s3:*", "*")).unwrap().arn())
        .collect();
    account.add_role("role", trust::account(HOME)).unwrap();
    account.add_user("user").unwrap();
    account.add_group("group").unwrap();
    for arn in &arns[..10] {
        account.role("role").unwrap().attach_policy(arn).unwrap();
        account.user("user").unwrap().attach_policy(arn).unwrap();
        account.group("group").unwrap().attach_policy(arn).unwrap();
    }
    account.role("role").unwrap().attach_policy(&arns[0]).unwrap(); // IAM-12: twice is once
    let eleventh = &arns[10];
    let refused = account.role("role").unwrap().attach_policy(eleventh);
    assert_refused(refused, "LimitExceeded", 409, &limit("PoliciesPerRole", 10)); // QUO-06
    let refused = account.user("user").unwrap().attach_policy(eleventh);
    assert_refused(refused, "LimitExceeded", 409, &limit("PoliciesPerUser", 10));
    let refused = account.group("group").unwrap().attach_policy(eleventh);
    assert_refused(refused, "LimitExceeded", 409, &limit("PoliciesPerGroup", 10));

    account.quota(Quota::PoliciesPerRole, 11).unwrap();
    account.role("role").unwrap().attach_policy(eleventh).unwrap();
    let refused = account.role("role").unwrap().attach_policy(&arns[11]);
    assert_refused(refused, "LimitExceeded", 409, &limit("PoliciesPerRole", 11));
    // Another account has its own.
    let mut other = cloud.account("444455556666").unwrap();
    assert_eq!(error(other.user("user")).code(), "NoSuchEntity");
    cloud
        .account(HOME)
        .unwrap()
        .without_quotas()
        .unwrap()
        .user("user")
        .unwrap()
        .attach_policy(eleventh)
        .unwrap();
}

/// TRAP-83
#[test]
fn inline_policies_count_together_without_white_space() {
    let of_size = |size: usize| {
        let empty = deny("s3:PAD", "*");
        let used = empty.chars().filter(|char| !char.is_whitespace()).count() - 3;
        format!("{}{}", empty.replace("PAD", &"x".repeat(size - used)), " ".repeat(5000))
    };
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("role", trust::account(HOME)).unwrap();
    let role = role.attach("a", of_size(5000)).unwrap().attach("b", of_size(5240)).unwrap();
    let refused = role.attach("c", of_size(100));
    assert_refused(
        refused,
        "LimitExceeded",
        409,
        "Maximum policy size of 10240 bytes exceeded for role role", // QUO-31
    );
    // A replacement counts with its new size.
    account.role("role").unwrap().attach("b", of_size(5000)).unwrap();
    let user = account.add_user("user").unwrap().attach("a", of_size(2049));
    assert_eq!(error(user).message(), "Maximum policy size of 2048 bytes exceeded for user user");
    let group = account.add_group("group").unwrap().attach("a", of_size(5121));
    assert_eq!(error(group).message(), "Maximum policy size of 5120 bytes exceeded for group group");
    let managed = account.add_policy("long", of_size(6145));
    assert_refused(managed, "LimitExceeded", 409, &limit("PolicySize", 6144)); // QUO-20
}

/// TRAP-84
#[test]
fn a_third_access_key_is_refused_even_if_one_is_inactive() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let mut user = account.add_user("user").unwrap();
    let first = user.access_key().unwrap();
    user.access_key().unwrap();
    let mut user = user.deactivate_access_key(first.id()).unwrap();
    assert_refused(user.access_key(), "LimitExceeded", 409, &limit("AccessKeysPerUser", 2)); // QUO-08
}

/// TRAP-87
#[test]
fn an_instance_profile_holds_one_role() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    for name in ["first", "second"] {
        account.add_role(name, trust::service("ec2.amazonaws.com")).unwrap();
    }
    let profile = account.add_instance_profile("profile").unwrap().add_role("first").unwrap();
    let message = limit("InstanceSessionsPerInstanceProfile", 1);
    assert_refused(profile.add_role("second"), "LimitExceeded", 409, &message); // QUO-07
    let again = account.instance_profile("profile").unwrap().add_role("first");
    assert_refused(again, "LimitExceeded", 409, &message); // IAM-66
}

/// TRAP-79
#[test]
fn a_sixth_version_is_refused_and_numbers_never_come_back() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let mut policy = account.add_policy("p", allow("s3:*", "*")).unwrap();
    for _ in 2..=5 {
        policy = policy.add_version_without_default(allow("ec2:*", "*")).unwrap();
    }
    assert_refused(
        policy.add_version(allow("ec2:*", "*")),
        "LimitExceeded",
        409,
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing \
         version.", // QUO-30
    );
    let policy = account.policy("p").unwrap().delete_version("v5").unwrap();
    let versions = policy.add_version(allow("ec2:*", "*")).unwrap().versions();
    let names: Vec<(&str, bool)> = versions.iter().map(|(name, default)| (name.as_str(), *default)).collect();
    assert_eq!(names, [("v6", true), ("v4", false), ("v3", false), ("v2", false), ("v1", false)]); // ID-39
}

#[test]
fn each_count_has_its_quota() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    for quota in [
        Quota::UsersPerAccount,
        Quota::GroupsPerAccount,
        Quota::RolesPerAccount,
        Quota::PoliciesPerAccount,
        Quota::InstanceProfilesPerAccount,
        Quota::GroupsPerUser,
        Quota::MfaDevicesPerUser,
        Quota::TagsPerEntity,
    ] {
        account.quota(quota, 1).unwrap();
    }
    account.add_user("u").unwrap();
    account.add_group("g").unwrap();
    account.add_role("r", trust::account(HOME)).unwrap();
    account.add_policy("p", allow("s3:*", "*")).unwrap();
    account.add_instance_profile("i").unwrap();
    assert_eq!(error(account.add_user("v")).message(), limit("UsersPerAccount", 1)); // QUO-02
    assert_eq!(error(account.add_group("h")).message(), limit("GroupsPerAccount", 1)); // QUO-03
    assert_eq!(error(account.add_role("s", trust::account(HOME))).message(), limit("RolesPerAccount", 1)); // QUO-01
    let second = account.add_policy("q", allow("s3:*", "*"));
    assert_eq!(error(second).message(), limit("PoliciesPerAccount", 1)); // QUO-04
    let second = account.add_instance_profile("j");
    assert_eq!(error(second).message(), limit("InstanceProfilesPerAccount", 1)); // QUO-05

    let user = account.user("u").unwrap().join("g").unwrap().join("g").unwrap().mfa_device("one").unwrap();
    let user = user.tag("a", "1").unwrap();
    assert_eq!(error(user.mfa_device("two")).message(), limit("MFADevicesPerUser", 1)); // QUO-10
    let second = account.user("u").unwrap().tag("b", "1");
    // VAL-55
    assert_refused(second, "LimitExceeded", 409, "The number of tags has reached the maximum limit.");
    account.quota(Quota::GroupsPerAccount, 2).unwrap().add_group("h").unwrap();
    assert_eq!(error(account.user("u").unwrap().join("h")).message(), limit("GroupsPerUser", 1)); // QUO-09
}

#[test]
fn quotas_are_known_by_aws_s_names() {
    for quota in Quota::ALL {
        assert_eq!(quota.to_string().parse::<Quota>().unwrap(), *quota);
    }
    assert!("PoliciesPerDragon".parse::<Quota>().is_err());
}
