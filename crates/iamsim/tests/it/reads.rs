//! Questions on resources: owners, qualifiers, keys and grants, endpoints, groups, versions.

use iamsim::{Caller, Cloud, Decision, Layer};

use crate::support::{
    ADMINISTRATOR, AWAY, HOME, administrator, allow, deny, error, statement, trusting, user,
};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn a_resource_that_nobody_added_has_no_policy_where_its_account_is_known() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    cloud.account(AWAY).unwrap();
    let queue = |account: &str| format!("arn:aws:sqs:eu-west-1:{account}:orders");
    cloud.assert_allows(&admin, "sqs:SendMessage", &queue(HOME));
    cloud.assert_denies(&admin, "sqs:SendMessage", &queue(AWAY));
    cloud.assert_undetermined(&admin, "sqs:SendMessage", &queue("777788889999"));
    // Without an own permission the foreign policy does not matter.
    let plain = user(&mut cloud, HOME, "plain");
    cloud.assert_denies(&plain, "sqs:SendMessage", &queue("777788889999"));
}

#[test]
fn a_bucket_belongs_to_whoever_added_it_and_else_nobody_knows_whose_it_is() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let plain = user(&mut cloud, HOME, "plain");
    let barred = user(&mut cloud, HOME, "barred");
    cloud.account(HOME).unwrap().user("barred").unwrap().attach("no", deny("s3:*", "*")).unwrap();
    // PE-RES-19: what the owner can't change is decided all the same.
    cloud.assert_undetermined(&admin, "s3:GetObject", "arn:aws:s3:::reports/a");
    cloud.assert_undetermined(&plain, "s3:GetObject", "arn:aws:s3:::reports/a");
    cloud.assert_denied_by(&barred, "s3:GetObject", "arn:aws:s3:::reports/a", Layer::Identity);
    cloud.assert_undetermined(&Caller::anonymous(), "s3:GetObject", "arn:aws:s3:::reports/a");
    let open = cloud.explain(&admin, "s3:GetObject", "arn:aws:s3:::reports/a").unwrap();
    let help = "whose the resource is: add the bucket `reports` to the account that owns it\n";
    assert!(open.to_string().contains(help), "{open}");
    let ask = cloud.request(&admin, "s3:GetObject", "arn:aws:s3:::reports/a");
    assert_eq!(ask.owner("777788889999").authorize().unwrap(), Decision::Undetermined);
    cloud.account(AWAY).unwrap().add_resource("arn:aws:s3:::reports").unwrap();
    cloud.assert_denies(&admin, "s3:GetObject", "arn:aws:s3:::reports/a");
    let taken = error(cloud.account(HOME).unwrap().add_resource("arn:aws:s3:::reports"));
    assert_eq!((taken.code(), taken.status()), ("BucketAlreadyExists", 409));
    let foreign = error(cloud.account(HOME).unwrap().add_resource("arn:aws:sqs:eu-west-1:444455556666:q"));
    assert_eq!(foreign.code(), "ValidationError");
    cloud.account(AWAY).unwrap().resource("arn:aws:s3:::reports").unwrap().delete().unwrap();
    cloud.account(HOME).unwrap().add_resource("arn:aws:s3:::reports").unwrap();
    cloud.assert_allows(&admin, "s3:GetObject", "arn:aws:s3:::reports/a");
    cloud.assert_denies(&plain, "s3:GetObject", "arn:aws:s3:::reports/a");
}

/// PE-RES-19
#[test]
fn an_arn_without_account_is_somebody_s_nobody_knows_unless_it_can_be_nobody_else_s() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let check = |cloud: &Cloud, action: &str, resource: &str, expected: Decision| {
        let found = cloud.explain(&admin, action, resource).unwrap();
        assert_eq!(found.decision(), expected, "{found}");
    };
    let (unknown, allow) = (Decision::Undetermined, Decision::Allow);
    let zone = "arn:aws:route53:::hostedzone/Z0123456789";
    check(&cloud, "route53:ChangeResourceRecordSets", zone, unknown);
    check(&cloud, "ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-1", unknown);
    // An access point's ARN names its account, and the bucket behind it may have a policy.
    let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/a";
    check(&cloud, "s3:GetObject", &format!("{point}/object/k"), unknown);
    cloud.account(HOME).unwrap().add_resource(point).unwrap();
    check(&cloud, "s3:GetObject", &format!("{point}/object/k"), allow);
    // API Gateway finds its APIs in the caller's account; these others are AWS's own.
    check(&cloud, "apigateway:GET", "arn:aws:apigateway:eu-west-1::/restapis/a1b2", allow);
    check(&cloud, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", allow);
    check(&cloud, "bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/m", allow);
    cloud.account(HOME).unwrap().add_resource(zone).unwrap();
    check(&cloud, "route53:ChangeResourceRecordSets", zone, allow);
    // Whose `aws:ResourceAccount` is does not follow from who may use what is AWS's.
    let perimeter = statement(&format!(
        r#""Effect": "Deny", "Action": "bedrock:*", "Resource": "*",
           "Condition": {{"StringNotEquals": {{"aws:ResourceAccount": "{HOME}"}}}}"#
    ));
    cloud.account(HOME).unwrap().user("admin").unwrap().attach("perimeter", perimeter).unwrap();
    check(&cloud, "bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/m", unknown);
}

/// PE-KMS-01, PE-KMS-02, PE-KMS-07, PE-KMS-08
#[test]
fn a_key_s_policy_must_delegate_and_a_grant_replaces_it() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let plain = user(&mut cloud, HOME, "plain");
    cloud.assert_undetermined(&admin, "kms:Decrypt", KEY); // nobody described the key
    cloud.account(HOME).unwrap().add_resource(KEY).unwrap();
    cloud.assert_allows(&admin, "kms:Decrypt", KEY);
    cloud.assert_denies(&plain, "kms:Decrypt", KEY);

    let only_bob = statement(
        r#""Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/bob"}, "Action": "kms:*",
           "Resource": "*""#,
    );
    let bob = user(&mut cloud, HOME, "bob");
    cloud.account(HOME).unwrap().resource(KEY).unwrap().policy(only_bob).unwrap();
    cloud.assert_allows(&bob, "kms:Decrypt", KEY);
    cloud.assert_denied_by(&admin, "kms:Decrypt", KEY, Layer::Resource);

    let mut account = cloud.account(HOME).unwrap();
    let plain_arn = "arn:aws:iam::111122223333:user/plain";
    account.resource(KEY).unwrap().grant("app", plain_arn, &["Decrypt", "DescribeKey"]).unwrap();
    cloud.assert_allows(&plain, "kms:Decrypt", KEY);
    cloud.assert_denies(&plain, "kms:Encrypt", KEY);
    cloud.account(HOME).unwrap().resource(KEY).unwrap().retire_grant("app").unwrap();
    cloud.assert_denies(&plain, "kms:Decrypt", KEY);
    // A grant is to who was meant, and not to who bears the name later.
    let mut account = cloud.account(HOME).unwrap();
    account.resource(KEY).unwrap().grant("app", plain_arn, &["Decrypt"]).unwrap();
    account.user("plain").unwrap().delete().unwrap();
    let again = user(&mut cloud, HOME, "plain");
    cloud.assert_denies(&again, "kms:Decrypt", KEY);
    let mut account = cloud.account(HOME).unwrap();
    assert_eq!(error(account.resource(KEY).unwrap().without_policy()).code(), "ValidationError");
    account.add_resource("arn:aws:s3:::b").unwrap();
    assert!(account.resource("arn:aws:s3:::b").unwrap().grant("x", plain_arn, &["Decrypt"]).is_err());
}

/// PE-LAM-01
#[test]
fn a_function_s_policy_belongs_to_one_qualifier() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";
    let mut cloud = Cloud::new();
    let partner = administrator(&mut cloud, AWAY, "partner");
    let mut account = cloud.account(HOME).unwrap();
    let open = statement(&format!(
        r#""Effect": "Allow", "Principal": {{"AWS": "{AWAY}"}}, "Action": "lambda:InvokeFunction",
           "Resource": "{function}""#
    ));
    account.add_resource(function).unwrap().policy(open).unwrap();
    cloud.assert_allows(&partner, "lambda:InvokeFunction", function);
    cloud.assert_denies(&partner, "lambda:InvokeFunction", &format!("{function}:7"));
}

/// PE-VPCE-01
#[test]
fn an_endpoint_s_policy_limits_what_comes_through_it() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::b").unwrap();
    account.add_resource("arn:aws:s3:::c").unwrap();
    let only_c = statement(
        r#""Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::c", "arn:aws:s3:::c/*"]"#,
    );
    account.add_vpc_endpoint("vpce-0abc", "vpc-0def").unwrap().policy(only_c).unwrap();
    account.add_vpc_endpoint("vpce-open", "vpc-0def").unwrap();
    let ask = |object: &str| cloud.request(&admin, "s3:GetObject", object);
    ask("arn:aws:s3:::b/k").assert_allows();
    ask("arn:aws:s3:::b/k").through_endpoint("vpce-open").assert_allows();
    ask("arn:aws:s3:::b/k").through_endpoint("vpce-0abc").assert_denied_by(Layer::VpcEndpoint);
    ask("arn:aws:s3:::c/k").through_endpoint("vpce-0abc").assert_allows();
    assert_eq!(error(ask("arn:aws:s3:::c/k").through_endpoint("vpce-none").explain()).code(), "NoSuchEntity");

    let only_here = statement(
        r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
           "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-open"}}"#,
    );
    cloud.account(HOME).unwrap().resource("arn:aws:s3:::b").unwrap().policy(only_here).unwrap();
    let ask = || cloud.request(&admin, "s3:GetObject", "arn:aws:s3:::b/k");
    ask().assert_undetermined();
    ask().through_endpoint("vpce-open").assert_allows();
    ask().source_ip("203.0.113.9").assert_denies(); // PE-KEY-17: an address of its own is no endpoint
}

/// PE-APP-01, PE-APP-07
#[test]
fn groups_and_default_versions_count_and_others_do_not() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_group("readers").unwrap().attach("read", allow("s3:ListAllMyBuckets", "*")).unwrap();
    let policy = account.add_policy("p", allow("ec2:DescribeInstances", "*")).unwrap();
    let policy = policy.add_version_without_default(allow("ec2:RunInstances", "*")).unwrap().arn();
    let dev = account.add_user("dev").unwrap().attach_policy(&policy).unwrap().caller();
    cloud.assert_denies(&dev, "s3:ListAllMyBuckets", "*");
    cloud.account(HOME).unwrap().user("dev").unwrap().join("readers").unwrap();
    cloud.assert_allows(&dev, "s3:ListAllMyBuckets", "*");
    cloud.assert_allows(&dev, "ec2:DescribeInstances", "*");
    cloud.assert_denies(&dev, "ec2:RunInstances", "*");
    cloud.account(HOME).unwrap().policy("p").unwrap().set_default_version("v2").unwrap();
    cloud.assert_denies(&dev, "ec2:DescribeInstances", "*");
    cloud.assert_allows(&dev, "ec2:RunInstances", "*");
    cloud.account(HOME).unwrap().user("dev").unwrap().leave("readers").unwrap();
    cloud.assert_denies(&dev, "s3:ListAllMyBuckets", "*");
}

/// PE-APP-04
#[test]
fn the_trust_policy_plays_no_part_for_iam_s_own_actions() {
    let mut cloud = Cloud::new();
    let dev = user(&mut cloud, HOME, "dev");
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("role", trusting("arn:aws:iam::111122223333:user/dev")).unwrap().arn();
    cloud.assert_denied_by(&dev, "iam:GetRole", role.as_str(), Layer::Identity);
    // The companion question through the front door knows nothing of the call's arguments.
    cloud.assert_allows(&dev, "sts:AssumeRole", role.as_str());
}

#[test]
fn a_service_reaches_what_names_it_for_whom_it_acts() {
    let queue = "arn:aws:sqs:eu-west-1:111122223333:orders";
    let topic = "arn:aws:sns:eu-west-1:111122223333:orders";
    let mut cloud = Cloud::new();
    let deliver = statement(&format!(
        r#""Effect": "Allow", "Principal": {{"Service": "sns.amazonaws.com"}}, "Action": "sqs:SendMessage",
           "Resource": "{queue}", "Condition": {{"ArnEquals": {{"aws:SourceArn": "{topic}"}}}}"#
    ));
    cloud.account(HOME).unwrap().add_resource(queue).unwrap().policy(deliver).unwrap();
    let sns = Caller::service("sns.amazonaws.com");
    cloud.assert_undetermined(&sns, "sqs:SendMessage", queue);
    cloud.assert_allows(&sns.clone().on_behalf_of(topic).unwrap(), "sqs:SendMessage", queue);
    let other = "arn:aws:sns:eu-west-1:444455556666:orders";
    cloud.assert_denies(&sns.on_behalf_of(other).unwrap(), "sqs:SendMessage", queue);
}

#[test]
fn anonymous_callers_reach_what_is_open_to_everyone() {
    let mut cloud = Cloud::new();
    let open = statement(
        r#""Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*""#,
    );
    cloud.account(HOME).unwrap().add_resource("arn:aws:s3:::site").unwrap().policy(open).unwrap();
    let nobody = Caller::anonymous();
    cloud.assert_allows(&nobody, "s3:GetObject", "arn:aws:s3:::site/index.html");
    cloud.assert_denies(&nobody, "s3:PutObject", "arn:aws:s3:::site/index.html");
    let partner = administrator(&mut cloud, AWAY, "partner");
    cloud.assert_allows(&partner, "s3:GetObject", "arn:aws:s3:::site/index.html");
    let mut account = cloud.account(HOME).unwrap();
    account.resource("arn:aws:s3:::site").unwrap().restrict_public_buckets().unwrap(); // PE-S3-03
    cloud.assert_denies(&nobody, "s3:GetObject", "arn:aws:s3:::site/index.html");
    cloud.assert_denies(&partner, "s3:GetObject", "arn:aws:s3:::site/index.html");
}

#[test]
fn a_boundary_limits_and_grants_nothing() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let dev = account.add_user("dev").unwrap().boundary(allow("s3:*", "*")).unwrap();
    let dev = dev.attach("ec2", allow("ec2:*", "*")).unwrap().caller();
    cloud.assert_denied_by(&dev, "ec2:RunInstances", "*", Layer::PermissionsBoundary);
    cloud.assert_denied_by(&dev, "s3:ListAllMyBuckets", "*", Layer::Identity);
    // Another boundary takes the place of the first.
    cloud.account(HOME).unwrap().user("dev").unwrap().boundary(allow("ec2:*", "*")).unwrap();
    cloud.assert_allows(&dev, "ec2:RunInstances", "*");
    cloud.account(HOME).unwrap().user("dev").unwrap().without_boundary().unwrap();
    cloud.assert_allows(&dev, "ec2:RunInstances", "*");
    let mut account = cloud.account(HOME).unwrap();
    account.user("dev").unwrap().boundary_policy(ADMINISTRATOR).unwrap();
    let bounded = account.policy("dev-boundary").unwrap().delete();
    assert!(bounded.is_ok());
}

/// PE-ROOT-01
#[test]
fn a_root_user_needs_no_policy_at_home() {
    let mut cloud = Cloud::new();
    let root = cloud.account(HOME).unwrap().root();
    cloud.assert_allows(&root, "s3:ListAllMyBuckets", "*");
    cloud.account(AWAY).unwrap().add_resource("arn:aws:s3:::theirs").unwrap();
    cloud.assert_denies(&root, "s3:GetObject", "arn:aws:s3:::theirs/k");
}

#[test]
fn a_question_that_is_none_is_an_error() {
    let mut cloud = Cloud::new();
    let dev = user(&mut cloud, HOME, "dev");
    for (action, resource) in [("s3", "*"), ("s3:Get*", "*"), ("s3:GetObject", "bucket"), ("", "")] {
        let refused = error(cloud.authorize(&dev, action, resource));
        assert_eq!((refused.code(), refused.status()), ("ValidationError", 400), "{action} on {resource}");
    }
    assert_eq!(
        error(cloud.request(&dev, "s3:GetObject", "*").owner("1").explain()).code(),
        "ValidationError"
    );
}
