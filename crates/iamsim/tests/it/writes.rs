//! The control plane: what AWS refuses, in its words (TRAP-71 to TRAP-97).

use iamsim::{Cloud, TimeDelta};

use crate::support::{ADMINISTRATOR, HOME, allow, assert_refused, error, statement, trusting};

fn cloud() -> Cloud {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_user("alice").unwrap();
    account.add_role("role", trusting(HOME)).unwrap();
    account.add_group("group").unwrap();
    cloud
}

/// TRAP-71
#[test]
fn names_are_unique_without_regard_to_case_and_path() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    account.add_role("a/Admin", trusting(HOME)).unwrap();
    let taken = account.add_role("b/admin", trusting(HOME));
    assert_refused(taken, "EntityAlreadyExists", 409, "Role with name admin already exists."); // VAL-31, ERR-12
    let taken = account.add_user("Alice");
    assert_refused(taken, "EntityAlreadyExists", 409, "User with name Alice already exists.");
    let taken = account.add_group("GROUP");
    assert_refused(taken, "EntityAlreadyExists", 409, "Group with name GROUP already exists.");
    account.add_user("Admin").unwrap(); // VAL-33
    account.add_policy("x/p", allow("s3:*", "*")).unwrap();
    assert_refused(
        account.add_policy("y/P", allow("s3:*", "*")),
        "EntityAlreadyExists",
        409,
        "A policy called P already exists. Duplicate names are not allowed.", // ERR-13
    );
    account.add_instance_profile("i").unwrap();
    let taken = account.add_instance_profile("I");
    assert_refused(taken, "EntityAlreadyExists", 409, "Instance Profile I already exists.");
}

#[test]
fn what_does_not_exist_can_t_be_found() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let check = |message: &str, error: iamsim::Error| {
        assert_eq!((error.code(), error.status(), error.message()), ("NoSuchEntity", 404, message));
    };
    check("The user with name none cannot be found.", error(account.user("none"))); // ERR-01
    check("The role with name none cannot be found.", error(account.role("none")));
    check("The group with name none cannot be found.", error(account.group("none")));
    check("Instance Profile none cannot be found.", error(account.instance_profile("none"))); // ERR-02
    check(
        "The role policy with name none cannot be found.",
        error(account.role("role").unwrap().detach("none")),
    ); // ERR-03
    check(
        "The user policy with name none cannot be found.",
        error(account.user("alice").unwrap().detach("none")),
    );
    check(
        "The group policy with name none cannot be found.",
        error(account.group("group").unwrap().detach("none")),
    );
    check(
        "The Access Key with id AKIANONE cannot be found.",
        error(account.user("alice").unwrap().delete_access_key("AKIANONE")),
    ); // ERR-08
    check(
        "MFA Device with serial number none does not exist.",
        error(account.user("alice").unwrap().delete_mfa_device("none")),
    );
}

/// TRAP-75, TRAP-88 (ERR-15, ERR-16)
#[test]
fn what_something_hangs_on_can_t_be_deleted() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let conflict = |what: &str| format!("Cannot delete entity, must {what} first.");
    let role = account.role("role").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let role = role.attach("inline", allow("s3:*", "*")).unwrap();
    assert_refused(role.delete(), "DeleteConflict", 409, &conflict("detach all policies"));
    let role = account.role("role").unwrap().detach_policy(ADMINISTRATOR).unwrap();
    assert_refused(role.delete(), "DeleteConflict", 409, &conflict("delete policies"));
    account.role("role").unwrap().detach("inline").unwrap();
    account.add_instance_profile("profile").unwrap().add_role("role").unwrap();
    let refused = account.role("role").unwrap().delete();
    assert_refused(refused, "DeleteConflict", 409, &conflict("remove roles from instance profile"));
    let refused = account.instance_profile("profile").unwrap().delete();
    assert_refused(refused, "DeleteConflict", 409, &conflict("remove roles from instance profile"));
    account.instance_profile("profile").unwrap().remove_role("role").unwrap().delete().unwrap();
    account.role("role").unwrap().delete().unwrap();

    let mut user = account.user("alice").unwrap().join("group").unwrap().mfa_device("phone").unwrap();
    let key = user.access_key().unwrap();
    let group = account.group("group").unwrap().delete();
    assert_refused(group, "DeleteConflict", 409, &conflict("remove users from group"));
    let refused = account.user("alice").unwrap().delete();
    assert_refused(refused, "DeleteConflict", 409, &conflict("delete access keys"));
    let user = account.user("alice").unwrap().delete_access_key(key.id()).unwrap();
    assert_refused(user.delete(), "DeleteConflict", 409, &conflict("delete MFA device"));
    let user =
        account.user("alice").unwrap().delete_mfa_device("arn:aws:iam::111122223333:mfa/phone").unwrap();
    assert_refused(user.delete(), "DeleteConflict", 409, &conflict("remove users from group"));
    // IAM-12: leaving a group one is not in is no error.
    let user = account.user("alice").unwrap().leave("group").unwrap().leave("group").unwrap();
    user.delete().unwrap();
    account.group("group").unwrap().delete().unwrap();
}

/// TRAP-76, TRAP-77, TRAP-88
#[test]
fn managed_policies_are_attached_by_an_arn_that_exists() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let none = "arn:aws:iam::111122223333:policy/none";
    assert_refused(
        account.role("role").unwrap().attach_policy(none),
        "NoSuchEntity",
        404,
        "Policy arn:aws:iam::111122223333:policy/none does not exist or is not attachable.", // ERR-05
    );
    for arn in [none, ADMINISTRATOR] {
        let message = format!("Policy {arn} was not found."); // ERR-04, IAM-13
        assert_refused(account.role("role").unwrap().detach_policy(arn), "NoSuchEntity", 404, &message);
    }
    assert_refused(
        account.role("role").unwrap().attach_policy("longpolicynamebutnoarn"),
        "ValidationError",
        400,
        "ARN longpolicynamebutnoarn is not valid.", // VAL-43
    );
    let mut other = cloud.account("444455556666").unwrap();
    let foreign = other.add_policy("theirs", allow("s3:*", "*")).unwrap().arn();
    let refused = cloud.account(HOME).unwrap().role("role").unwrap().attach_policy(&foreign).unwrap_err();
    assert_eq!(refused.code(), "NoSuchEntity"); // IAM-38
}

/// TRAP-78
#[test]
fn a_boundary_is_a_managed_policy_that_exists() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let user_arn = "arn:aws:iam::111122223333:user/alice";
    let refused = account.role("role").unwrap().boundary_policy(user_arn);
    assert_refused(refused, "InvalidInput", 400, &format!("ARN {user_arn} is not valid.")); // VAL-44
    let none = "arn:aws:iam::111122223333:policy/none";
    let refused = account.role("role").unwrap().boundary_policy(none);
    let message = format!("Scope ARN: {none} does not exist or is not attachable."); // ERR-07
    assert_refused(refused, "NoSuchEntity", 404, &message);
    account.role("role").unwrap().boundary_policy(ADMINISTRATOR).unwrap().without_boundary().unwrap();
}

/// TRAP-80, TRAP-81
#[test]
fn versions_and_policies_are_deleted_in_order() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let policy = account.add_policy("p", allow("s3:*", "*")).unwrap();
    let arn = policy.arn();
    let policy = policy.add_version(allow("ec2:*", "*")).unwrap();
    assert_refused(
        policy.delete_version("v2"),
        "DeleteConflict",
        409,
        "Cannot delete the default version of a policy.", // ERR-17
    );
    let missing = account.policy("p").unwrap().version_text("v9");
    let message = format!("Policy {arn} version v9 does not exist or is not attachable."); // ERR-06
    assert_refused(missing, "NoSuchEntity", 404, &message);
    let odd = error(account.policy("p").unwrap().delete_version("invalid_version_id"));
    assert_eq!(odd.code(), "ValidationError"); // IAM-35
    let several = error(account.policy("p").unwrap().delete());
    assert_eq!(several.code(), "DeleteConflict");
    assert!(several.message().starts_with("This policy has more than one version."));
    account.user("alice").unwrap().attach_policy(&arn).unwrap();
    let policy = account.policy("p").unwrap().delete_version("v1").unwrap();
    assert_refused(policy.delete(), "DeleteConflict", 409, "Cannot delete a policy attached to entities.");
    account.user("alice").unwrap().detach_policy(&arn).unwrap();
    account.policy("p").unwrap().delete().unwrap();
    assert_eq!(error(account.policy("p")).code(), "NoSuchEntity");
}

/// TRAP-89, TRAP-90
#[test]
fn tags_of_roles_ignore_case_and_those_of_policies_do_not() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let both = [("Department", "1"), ("department", "2")];
    assert_refused(
        account.role("role").unwrap().tags(&both),
        "InvalidInput",
        400,
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.", // VAL-53
    );
    account.add_policy("p", allow("s3:*", "*")).unwrap().tags(&both).unwrap();
    let same = [("a", "1"), ("a", "2")];
    let refused = account.policy("p").unwrap().tags(&same);
    assert_refused(refused, "InvalidInput", 400, "Duplicate tag keys found.");

    let keys: Vec<String> = (0..51).map(|index| format!("k{index}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let too_many = |list: &str| {
        format!(
            "1 validation error detected: Value at '{list}' failed to satisfy constraint: Member must have length \
             less than or equal to 50"
        )
    };
    let refused = account.role("role").unwrap().untag_all(&keys);
    assert_refused(refused, "ValidationError", 400, &too_many("tagKeys")); // VAL-54
    let tags: Vec<(&str, &str)> = keys.iter().map(|key| (*key, "v")).collect();
    assert_refused(account.role("role").unwrap().tags(&tags), "ValidationError", 400, &too_many("tags"));
    account.role("role").unwrap().untag("absent").unwrap(); // VAL-56
}

/// TRAP-91, TRAP-92, TRAP-93, and the recorded texts of 2.5
#[test]
fn a_policy_is_refused_in_aws_s_words() {
    let check = |document: &str, message: &str| {
        let mut cloud = Cloud::new();
        let mut account = cloud.account(HOME).unwrap();
        assert_refused(account.add_policy("p", document), "MalformedPolicyDocument", 400, message);
        let inline = account.add_user("u").unwrap().attach("p", document);
        assert_eq!(error(inline).message(), message, "{document}");
    };
    let with = |members: &str| statement(members);
    let syntax = "Syntax errors in policy.";
    check("no json", syntax); // POL-10
    check(r#"{"Version": "2012-10-17", "Statement": []}"#, syntax);
    check(&with(r#""Effect": "invalid", "Action": "s3:*", "Resource": "*""#), syntax);
    check(
        &with(r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"bogus": {"a": "1"}}"#),
        syntax,
    );
    check(
        &allow("s3:*", "*").replace(r#""Version": "2012-10-17", "#, ""),
        "Policy document must be version 2012-10-17 or greater.", // POL-11
    );
    check(
        &allow("s3:*", "*").replace("2012-10-17", "2008-10-17"),
        "Policy document must be version 2012-10-17 or greater.",
    );
    check(
        &with(r#""Effect": "allow", "Action": "s3:*", "Resource": "*""#),
        "The policy failed legacy parsing",
    ); // POL-12
    check(
        &with(
            r#""Sid": "a", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Sid": "a", "Effect": "Allow", "Action": "s3:*", "Resource": "*""#,
        ),
        "Statement IDs (SID) in a single policy must be unique.", // POL-13
    );
    check(&with(r#""Effect": "Allow", "Resource": "*""#), "Policy statement must contain actions."); // POL-14
    check(
        &with(r#""Effect": "Allow", "Action": [], "Resource": "*""#),
        "Policy statement must contain actions.",
    );
    check(&with(r#""Effect": "Allow", "Action": "s3:*""#), "Policy statement must contain resources."); // POL-15
    check(
        &with(r#""Effect": "Allow", "Action": "s3:*", "Resource": []"#),
        "Policy statement must contain resources.",
    );
    check(
        &with(r#""Effect": "Allow", "Action": "invalid", "Resource": "*""#),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", // POL-16
    );
    check(
        &with(r#""Effect": "Allow", "Action": "a:b:c", "Resource": "*""#),
        "Actions/Condition can contain only one colon.", // POL-17
    );
    check(
        &with(r#""Effect": "Allow", "Action": "a b:c", "Resource": "*""#),
        "Vendor a b is not valid", // POL-18
    );
    check(
        &with(r#""Effect": "Allow", "Action": "s3:*", "Resource": "bucket""#),
        "Resource bucket must be in ARN format or \"*\".", // POL-19
    );
    check(
        &with(r#""Effect": "Allow", "Action": "s3:*", "Resource": "a:b:cadfsdf""#),
        "Partition \"b\" is not valid for resource \"arn:b:cadfsdf:*:*:*\".", // POL-20
    );
    check(
        &with(r#""Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws""#),
        "Resource vendor must be fully qualified and cannot contain regexes.", // POL-21
    );
    check(
        &with(r#""Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::111122223333:dragon/x""#),
        "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
         instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, \
         access-report/.", // POL-35
    );
    check(
        &with(r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*""#),
        "Policy document should not specify a principal.", // POL-36
    );
    // POL-01: the first stage that fails is the one spoken of.
    check(&with(r#""Effect": "Allow", "Action": "invalid""#), "Policy statement must contain resources.");
    // POL-40
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let odd = with(
        r#""Effect": "Allow", "Action": "s33:*", "Resource": "arn:aws:fdsasf", "Condition": {"bogus": {}}"#,
    );
    account.add_policy("odd", odd).unwrap();
}

/// IAM-85, ERR-27
#[test]
fn a_service_policy_is_for_service_linked_roles_and_no_others() {
    let service = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let message = "Cannot attach a Service Role Policy to a Customer Role.";
    let plain = account.add_role("plain", trusting(HOME)).unwrap();
    assert_refused(plain.attach_policy(service), "PolicyNotAttachable", 400, message);
    let linked = "autoscaling.amazonaws.com";
    let refused = error(account.add_service_linked_role_with(linked, ADMINISTRATOR));
    assert_eq!(refused.code(), "ValidationError");
    let unknown = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolic";
    assert_eq!(error(account.add_service_linked_role_with(linked, unknown)).code(), "NoSuchEntity");
    // What was refused left no role behind.
    let role = account.add_service_linked_role_with(linked, service).unwrap();
    assert_eq!(role.attached_policies(), [service]);
    let session = role.session("s1").unwrap();
    cloud.assert_allows(&session, "ec2:DescribeInstances", "*");
    cloud.assert_denies(&session, "iam:CreateUser", "*");
}

/// TRAP-94, TRAP-95
#[test]
fn service_linked_roles_belong_to_aws() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_service_linked_role("elasticbeanstalk.amazonaws.com").unwrap();
    let name = role.name();
    assert_eq!(
        role.arn_text(),
        format!("arn:aws:iam::111122223333:role/aws-service-role/elasticbeanstalk.amazonaws.com/{name}") // ID-19
    );
    assert_refused(
        account.add_service_linked_role("elasticbeanstalk.amazonaws.com"),
        "InvalidInput",
        400,
        &format!("Service role name {name} has been taken in this account, please try a different suffix."), // ERR-21
    );
    let message = format!(
        "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS" // ERR-19
    );
    let check = |result: iamsim::Result<()>| assert_refused(result, "UnmodifiableEntity", 400, &message);
    check(account.role(&name).unwrap().delete());
    check(account.role(&name).unwrap().attach_policy(ADMINISTRATOR).map(drop));
    check(account.role(&name).unwrap().attach("p", allow("s3:*", "*")).map(drop));
    check(account.role(&name).unwrap().trust(trusting(HOME)).map(drop));
    check(account.role(&name).unwrap().tag("a", "b").map(drop));
    check(account.role(&name).unwrap().boundary_policy(ADMINISTRATOR).map(drop));
    check(account.role(&name).unwrap().max_session_duration(TimeDelta::hours(2)).map(drop));
}

/// TRAP-96
#[test]
fn providers_are_made_once_and_deleted_once() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let url = "https://id.example.com/tenant/";
    let arn = account.add_oidc_provider(url, &["app"]).unwrap();
    assert_eq!(arn, "arn:aws:iam::111122223333:oidc-provider/id.example.com/tenant"); // ID-15, IAM-84
    let taken = account.add_oidc_provider(url, &["app"]);
    assert_refused(taken, "EntityAlreadyExists", 409, &format!("Provider with url {url} already exists.")); // ERR-14
    let http = account.add_oidc_provider("http://id.example.com", &[]);
    assert_refused(http, "ValidationError", 400, "Invalid Open ID Connect Provider URL");
    account.delete_oidc_provider(&arn).unwrap();
    let message = format!("OpenId connect Provider {arn} cannot be found."); // ERR-09
    assert_refused(account.delete_oidc_provider(&arn), "NoSuchEntity", 404, &message);
    let many: Vec<String> = (0..101).map(|index| format!("app-{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_refused(
        account.add_oidc_provider("https://many.example.com", &many),
        "LimitExceeded",
        409,
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", // QUO-16
    );
    let saml = account.add_saml_provider("corporate").unwrap();
    account.delete_saml_provider(&saml).unwrap();
    let message = format!("Manifest not found for arn {saml}");
    assert_refused(account.delete_saml_provider(&saml), "NoSuchEntity", 404, &message);
}

/// TRAP-97
#[test]
fn a_renamed_user_keeps_keys_groups_and_permissions() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    account.group("group").unwrap().attach("read", allow("s3:ListAllMyBuckets", "*")).unwrap();
    let key = account.user("alice").unwrap().join("group").unwrap().access_key().unwrap();
    account.user("alice").unwrap().rename("alicia").unwrap();
    assert_eq!(error(account.user("alice")).code(), "NoSuchEntity"); // IAM-51
    cloud.assert_allows(key.caller(), "s3:ListAllMyBuckets", "*");
    let mut account = cloud.account(HOME).unwrap();
    account.add_user("bob").unwrap();
    let taken = account.user("alicia").unwrap().rename("BOB");
    assert_refused(taken, "EntityAlreadyExists", 409, "User with name BOB already exists.");
    account.user("alicia").unwrap().rename("Alicia").unwrap();
}

#[test]
fn an_alias_is_one_per_account_and_unique() {
    let mut cloud = cloud();
    cloud.account(HOME).unwrap().alias("first").unwrap().alias("second").unwrap(); // SIG-02
    assert_eq!(error(cloud.account_id("first")).code(), "NoSuchEntity");
    let taken = error(cloud.account("444455556666").unwrap().alias("second"));
    assert_eq!((taken.code(), taken.status()), ("EntityAlreadyExists", 409)); // SIG-03
    cloud.account("444455556666").unwrap().alias("first").unwrap();
}

#[test]
fn shapes_are_checked_first() {
    let mut cloud = cloud();
    let mut account = cloud.account(HOME).unwrap();
    let at = |param: &str, phrase: &str| {
        format!(
            "1 validation error detected: Value at '{param}' failed to satisfy constraint: Member must {phrase}"
        )
    };
    let long = account.add_role(&"r".repeat(65), trusting(HOME));
    assert_refused(long, "ValidationError", 400, &at("roleName", "have length less than or equal to 64")); // VAL-36
    let duration = |seconds: i64| TimeDelta::seconds(seconds);
    let short = account.role("role").unwrap().max_session_duration(duration(3599));
    let message = at("maxSessionDuration", "have value greater than or equal to 3600");
    assert_refused(short, "ValidationError", 400, &message); // VAL-22
    let long = account.role("role").unwrap().max_session_duration(duration(43201));
    assert_eq!(error(long).code(), "ValidationError");
    let description = account.role("role").unwrap().description(&"d".repeat(1001));
    assert_refused(
        description,
        "ValidationError",
        400,
        &at("description", "have length less than or equal to 1000"),
    );
    account.role("role").unwrap().description("caf\u{e9}").unwrap(); // VAL-09
    assert_eq!(error(cloud.account("12345")).code(), "NoSuchEntity");
    assert!(
        error(cloud.request(&iamsim::Caller::anonymous(), "s3", "*").explain()).message().contains("`s3`")
    );
}
