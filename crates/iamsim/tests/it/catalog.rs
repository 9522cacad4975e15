//! What the catalog adds to questions: managed policies, keys that can't apply, resources, warnings, matrices.

use std::panic::{AssertUnwindSafe, catch_unwind};

use iamsim::{AssumeRole, Caller, Catalog, Cloud, Decision, Layer, ManagedPolicies, WarningKind, trust};

use crate::support::{
    ADMINISTRATOR, AWAY, HOME, MANAGEMENT, administrator, allow, assert_refused, error, statement, user,
};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";

/// IAM-37, ID-08
#[test]
fn a_managed_policy_of_aws_is_attached_by_its_arn_with_no_further_step() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::b").unwrap();
    let dev = account.add_user("dev").unwrap().attach_policy(READ_ONLY).unwrap().caller();
    let basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    let role = account.add_role("f", trust::service("lambda.amazonaws.com")).unwrap();
    let session = role.attach_policy(basic).unwrap().session("f1").unwrap();
    cloud.assert_allows(&dev, "s3:GetObject", "arn:aws:s3:::b/k");
    cloud.assert_denies(&dev, "s3:PutObject", "arn:aws:s3:::b/k");
    let stream = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:log-stream:s";
    cloud.assert_allows(&session, "logs:PutLogEvents", stream);
    // The trace speaks of it by its name.
    let why = cloud.explain(&dev, "s3:GetObject", "arn:aws:s3:::b/k").unwrap();
    assert_eq!(why.deciding()[0].policy_name, "ReadOnlyAccess", "{why}");
}

#[test]
fn it_bounds_users_and_limits_sessions_too() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let bounded = account.add_user("bounded").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let bounded = bounded.boundary_policy(READ_ONLY).unwrap().caller();
    let role = account.add_role("r", trust::account(HOME)).unwrap();
    let role = role.attach_policy(ADMINISTRATOR).unwrap().arn();
    let admin = administrator(&mut cloud, HOME, "admin");
    let session =
        cloud.sts().assume_role(&admin, AssumeRole::new(&role, "s1").policy_arn(READ_ONLY)).unwrap();
    for who in [&bounded, session.caller()] {
        cloud.assert_allows(who, "ec2:DescribeInstances", "*");
    }
    cloud.assert_denied_by(&bounded, "iam:CreateUser", "*", Layer::PermissionsBoundary);
    cloud.assert_denied_by(session.caller(), "iam:CreateUser", "*", Layer::Session);
}

/// ERR-05, ERR-07
#[test]
fn a_managed_policy_that_nobody_knows_is_refused_with_the_nearest_name() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let slip = "arn:aws:iam::aws:policy/ReadOnlyAcess";
    let refused = error(account.add_user("dev").unwrap().attach_policy(slip));
    assert_eq!(refused.message(), format!("Policy {slip} does not exist or is not attachable."));
    assert!(refused.reason().unwrap().ends_with(&format!("did you mean `{READ_ONLY}`?")), "{refused}");
    // A path that was forgotten.
    let refused = error(
        account.user("dev").unwrap().attach_policy("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"),
    );
    assert!(
        refused.reason().unwrap().contains("policy/service-role/AWSLambdaBasicExecutionRole"),
        "{refused}"
    );
    let refused = error(account.user("dev").unwrap().boundary_policy(slip));
    assert_eq!(refused.message(), format!("Scope ARN: {slip} does not exist or is not attachable."));
    assert!(refused.reason().unwrap().contains("did you mean"), "{refused}");
    let policies = ManagedPolicies::from_text(
        "policy\t/ReadOnlyAcess\tv1\t2026-01-31T09:00:00Z\t2026-02-01T00:00:00Z\n\
         {\"Version\":\"2012-10-17\",\"Statement\":[\n{\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"*\"}\n]}\n",
    );
    cloud.set_managed_policies(policies.unwrap());
    cloud.account(HOME).unwrap().user("dev").unwrap().attach_policy(slip).unwrap();
}

#[test]
fn the_documents_of_other_partitions_are_added_first() {
    let mut cloud = Cloud::in_partition("aws-cn");
    let arn = "arn:aws-cn:iam::aws:policy/ReadOnlyAccess";
    let mut account = cloud.account(HOME).unwrap();
    account.add_user("dev").unwrap().attach_policy("arn:aws-cn:iam::aws:policy/AdministratorAccess").unwrap();
    let refused = error(account.user("dev").unwrap().attach_policy(arn));
    assert!(refused.reason().unwrap().contains("add its document to the world first"), "{refused}");
    cloud.add_managed_policy(arn, allow("s3:Get*", "*")).unwrap();
    cloud.account(HOME).unwrap().user("dev").unwrap().attach_policy(arn).unwrap();
}

/// PE-KEY-40
#[test]
fn a_key_that_never_goes_with_the_action_is_absent_and_one_that_may_is_unknown() {
    let mut cloud = Cloud::new();
    let condition = |key: &str| {
        statement(&format!(
            r#""Effect": "Allow", "Action": "*", "Resource": "*",
               "Condition": {{"StringEquals": {{"{key}": "x"}}}}"#
        ))
    };
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::b").unwrap();
    let bucket = "arn:aws:s3:::b";
    let object = "arn:aws:s3:::b/k";
    let role = "arn:aws:iam::111122223333:role/r";
    let (unknown, deny) = (Decision::Undetermined, Decision::ImplicitDeny);
    for (index, (key, action, resource, expected)) in [
        ("s3:prefix", "s3:ListBucket", bucket, unknown),
        ("S3:Prefix", "s3:GetObject", object, deny),
        ("s3:prefix", "ec2:DescribeInstances", "*", deny),
        ("ec2:InstanceType", "s3:GetObject", object, deny),
        ("iam:PassedToService", "iam:PassRole", role, unknown),
        ("iam:PassedToService", "iam:GetRole", role, deny),
        ("iam:PermissionsBoundary", "iam:CreateRole", role, unknown),
        // Tags are arguments of calls that take tags.
        ("aws:RequestTag/team", "iam:CreateRole", role, unknown),
        ("aws:RequestTag/team", "iam:GetRole", role, deny),
        ("aws:TagKeys", "iam:GetRole", role, deny),
        // What AWS sets for every service stays open, and so does what the catalog does not know.
        ("aws:SourceIp", "s3:GetObject", object, unknown),
        ("s3:NewlyInvented", "s3:GetObject", object, unknown),
        ("s3:prefix", "s3:NewlyInvented", object, unknown),
    ]
    .into_iter()
    .enumerate()
    {
        let mut account = cloud.account(HOME).unwrap();
        let name = format!("u{index}");
        let who = account.add_user(&name).unwrap().attach("if", condition(key)).unwrap().caller();
        let found = cloud.explain(&who, action, resource).unwrap();
        assert_eq!(found.decision(), expected, "{key} {action}\n{found}");
        // A test has the last word, `unknown` included.
        let told = cloud.request(&who, action, resource).unknown(key).authorize().unwrap();
        assert_eq!(told, unknown, "{key} {action}");
        let given = cloud.request(&who, action, resource).context(key, "x").authorize().unwrap();
        assert_eq!(given, Decision::Allow, "{key} {action}");
    }
}

/// A policy variable asks for its key as a condition does.
#[test]
fn a_key_that_never_applies_is_absent_in_a_variable_too() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::b").unwrap();
    let who = account.add_user("dev").unwrap();
    let who = who.attach("own", allow("s3:*", "arn:aws:s3:::b/${ec2:InstanceType}/*")).unwrap().caller();
    cloud.assert_denies(&who, "s3:GetObject", "arn:aws:s3:::b/x/k");
}

/// PE-RES-13, PE-RES-14
#[test]
fn an_action_without_resource_types_is_asked_with_a_star() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::b").unwrap();
    let narrow = account.add_user("narrow").unwrap();
    let narrow = narrow.attach("list", allow("*", FUNCTION)).unwrap().caller();
    let wide = account.add_user("wide").unwrap().attach("list", allow("lambda:*", "*")).unwrap().caller();
    let pattern = account.add_user("pattern").unwrap();
    let pattern = pattern.attach("list", allow("s3:*", "arn:aws:s3:::*")).unwrap().caller();
    // An entry that names the function does not let list: no request would name it.
    cloud.assert_denies(&narrow, "lambda:ListFunctions", FUNCTION);
    cloud.assert_allows(&narrow, "lambda:InvokeFunction", FUNCTION);
    cloud.assert_allows(&wide, "lambda:ListFunctions", FUNCTION);
    cloud.assert_allows(&pattern, "s3:ListAllMyBuckets", "arn:aws:s3:::*");
    cloud.assert_allows(&pattern, "s3:ListAllMyBuckets", "arn:aws:s3:::b");
    // An action that nobody knows is asked as it was said.
    cloud.assert_allows(&narrow, "lambda:NewlyInvented", FUNCTION);
}

/// The reference keeps one page's links of an action that two pages describe: the ARN that was given stays.
#[test]
fn an_action_of_a_service_with_several_pages_is_asked_on_what_was_said() {
    const BALANCER: &str =
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/front/50dc6c495c0c9188";
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource(BALANCER).unwrap();
    let barred = account.add_user("barred").unwrap();
    let barred = barred.attach("all", allow("*", "*")).unwrap();
    let barred =
        barred.attach("bar", allow("elasticloadbalancing:SetWebACL", BALANCER).replace("Allow", "Deny"));
    let barred = barred.unwrap().caller();
    cloud.assert_denies(&barred, "elasticloadbalancing:SetWebACL", BALANCER);
}

#[test]
fn unknown_names_are_warnings_with_the_nearest_name_and_never_errors() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let check = |action: &str, resource: &str, key: &str, expected: &[(WarningKind, Option<&str>)]| {
        let request = cloud.request(&admin, action, resource);
        let request = if key.is_empty() { request } else { request.context(key, "x") };
        let warnings = request.warnings();
        let found: Vec<_> = warnings.iter().map(|warning| (warning.kind(), warning.nearest())).collect();
        assert_eq!(found, expected, "{warnings:?}");
        assert!(request.authorize().is_ok());
    };
    check("lambda:InvokeFunction", FUNCTION, "", &[]);
    check("lamda:InvokeFunction", FUNCTION, "", &[(WarningKind::UnknownService, Some("lambda"))]);
    check("zzzzzzzzz:InvokeFunction", FUNCTION, "", &[(WarningKind::UnknownService, None)]);
    let meant = Some("lambda:InvokeFunction");
    check("lambda:InvokeFuncton", FUNCTION, "", &[(WarningKind::UnknownAction, meant)]);
    check("lambda:ListFunctions", FUNCTION, "", &[(WarningKind::NoResourceTypes, None)]);
    check("lambda:InvokeFunction", "*", "", &[(WarningKind::ResourceRequired, None)]);
    check("lambda:InvokeFunction", "arn:aws:s3:::b", "", &[(WarningKind::OtherResourceType, None)]);
    let key = Some("lambda:FunctionUrlAuthType");
    check("lambda:InvokeFunction", FUNCTION, "lambda:FunctionUrlAuthTyp", &[(WarningKind::UnknownKey, key)]);
    check("lambda:InvokeFunction", FUNCTION, "s3:prefix", &[(WarningKind::KeyNeverHeld, None)]);
    check("lambda:InvokeFunction", FUNCTION, "aws:SourceIp", &[]);
    check("sts:AssumeRole", "arn:aws:iam::111122223333:role/r", "oidc.example.com/id/7:sub", &[]);
}

#[test]
fn a_service_that_nobody_knows_is_a_warning_too() {
    let mut cloud = Cloud::new();
    cloud.account(HOME).unwrap();
    let warnings = |name: &str| {
        let request = cloud.request(&Caller::service(name), "lambda:InvokeFunction", FUNCTION);
        request.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(warnings("events.amazonaws.com").is_empty());
    assert_eq!(
        warnings("event.amazonaws.com"),
        [
            "the catalog knows no service that calls as `event.amazonaws.com`: did you mean `events.amazonaws.com`?"
        ]
    );
}

#[test]
fn a_failed_assertion_shows_the_warnings() {
    let mut cloud = Cloud::new();
    let plain = user(&mut cloud, HOME, "plain");
    let text = panic_of(|| cloud.assert_allows(&plain, "lambda:InvokeFuncton", FUNCTION));
    let warning = "warning: the catalog knows no action `lambda:InvokeFuncton`: did you mean `lambda:InvokeFunction`?\n";
    assert!(text.ends_with(warning), "{text}");
}

fn panic_of(run: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_matrix_asserts_over_all_actions_that_match() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let dev = account.add_user("dev").unwrap();
    let dev = dev.attach("invoke", allow("lambda:Invoke*", "*")).unwrap().caller();
    let all = Catalog::embedded().expand(&iamsim_policy::ActionPattern::new("lambda:Invoke*")).count();
    assert!(all > 1);
    let cells = cloud.for_actions(["lambda:Invoke*"]).by(&dev).on(FUNCTION).explain().unwrap();
    assert_eq!(cells.len(), all);
    cloud.for_actions(["lambda:Invoke*"]).by(&dev).on(FUNCTION).assert_allows();
    cloud.for_actions(["lambda:Delete*", "iam:*"]).by(&dev).on(FUNCTION).assert_denies();
    let denied_by =
        |layer| cloud.for_actions(["lambda:Delete*"]).by(&dev).on(FUNCTION).assert_denied_by(layer);
    denied_by(Layer::Identity);

    let text = panic_of(|| cloud.for_actions(["lambda:*Function"]).by(&dev).on(FUNCTION).assert_allows());
    assert!(text.starts_with("expected allow, got something else for "), "{text}");
    assert!(text.contains("\n  implicit deny: lambda:DeleteFunction on arn:aws:lambda"), "{text}");
    assert!(!text.contains("lambda:InvokeFunction on"), "{text}");
    assert!(text.contains("the first of them\nimplicit deny: lambda:"), "{text}");
}

#[test]
fn a_matrix_asks_only_what_can_be_asked_and_each_once() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let asked = |patterns: &[&str], resources: &[&str]| -> Vec<String> {
        let matrix = cloud.for_actions(patterns.iter().copied()).by(&admin);
        let matrix = resources.iter().fold(matrix, |matrix, resource| matrix.on(resource));
        let cells = matrix.explain().unwrap();
        cells.iter().map(|cell| format!("{} {}", cell.action(), cell.resource())).collect()
    };
    let bucket = "arn:aws:s3:::b";
    let object = "arn:aws:s3:::b/k";
    let found = asked(&["s3:*Object"], &[bucket, object]);
    assert!(found.contains(&format!("s3:GetObject {object}")), "{found:?}");
    assert!(!found.contains(&format!("s3:GetObject {bucket}")), "{found:?}");
    // What was named is asked as it was said, unless it has no resources.
    assert_eq!(
        asked(&["s3:getobject"], &[bucket, object]),
        [format!("s3:GetObject {bucket}"), format!("s3:GetObject {object}")]
    );
    assert_eq!(
        asked(&["s3:ListAllMyBuckets", "s3:ListAllMy*"], &[bucket, object]),
        ["s3:ListAllMyBuckets *"]
    );
    assert_eq!(asked(&["shop:Buy"], &[object]), [format!("shop:Buy {object}")]);
}

#[test]
fn a_matrix_without_questions_fails() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let check = |matrix: iamsim::Matrix, message: &str| {
        assert_refused(matrix.clone().explain(), "ValidationError", 400, message);
        let text = panic_of(|| matrix.assert_denies());
        assert!(text.starts_with("expected deny, but the requests can't be asked\n"), "{text}");
    };
    let ask = |pattern: &str| cloud.for_actions([pattern]).by(&admin);
    check(cloud.for_actions(["s3:*"]), "nobody asks: say who with `by`");
    check(
        cloud.for_actions([""; 0]).by(&admin),
        "nothing is asked for: give actions, such as `lambda:Invoke*`",
    );
    check(ask("lambda:Invok3*"), "no action of the catalog matches `lambda:Invok3*`");
    check(ask("lamda:*"), "no action of the catalog matches `lamda:*`: did you mean the service `lambda`?");
    check(
        ask("lambda:Invoke*").on("arn:aws:s3:::b"),
        "no action of `lambda:Invoke*` is ever asked on `arn:aws:s3:::b`",
    );
    check(ask("lambda"), "`lambda` is not an action: an action is written `service:Name`, without wildcards");
}

#[test]
fn every_request_of_a_matrix_can_be_told_more() {
    let mut cloud = Cloud::new();
    let office = statement(
        r#""Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*",
           "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
    );
    let mut account = cloud.account(HOME).unwrap();
    let dev = account.add_user("dev").unwrap().attach("office", office).unwrap().caller();
    let ask = || cloud.for_actions(["ec2:DescribeI*"]).by(&dev);
    ask().assert_undetermined();
    ask().with(|request| request.source_ip("203.0.113.7")).assert_allows();
    ask().with(|request| request.source_ip("198.51.100.7")).assert_denies();
}

/// PE-RCP-02: the evaluator's list of services is the catalog's list of those AWS announced.
#[test]
fn resource_control_policies_bind_the_services_that_aws_announced() {
    let mut cloud = Cloud::new();
    let member = administrator(&mut cloud, HOME, "member");
    cloud.account(AWAY).unwrap();
    let everything = statement(r#""Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*""#);
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_rcp("nothing", everything).unwrap();
    for service in Catalog::embedded().services() {
        let Some(action) = service.actions().next() else { continue };
        let announced = service.resource_control() == iamsim_catalog::ResourceControl::Announced;
        let decision = cloud.authorize(&member, &action.to_string(), "*").unwrap();
        let bound = decision == Decision::ExplicitDeny;
        assert_eq!(bound, announced, "{service}: {decision}");
    }
}

#[test]
fn a_newer_catalog_is_taken_at_run_time() {
    let newer = "service\tshop\tShop\nkey\tshop:Amount\tNumeric\nkey\tshop:Colour\tString\n\
                 action\tBrowse\tRead\tshop:Colour\naction\tBuy\tWrite\tshop:Amount\n";
    let mut cloud = Cloud::new();
    let condition = statement(
        r#""Effect": "Allow", "Action": "shop:*", "Resource": "*",
           "Condition": {"StringEquals": {"shop:Colour": "red"}}"#,
    );
    let mut account = cloud.account(HOME).unwrap();
    let who = account.add_user("dev").unwrap().attach("red", condition).unwrap().caller();
    cloud.assert_undetermined(&who, "shop:Buy", "*");
    cloud.set_catalog(Catalog::from_text(newer).unwrap());
    cloud.assert_denies(&who, "shop:Buy", "*");
    assert_eq!(cloud.for_actions(["shop:*"]).by(&who).explain().unwrap().len(), 2);
    assert_eq!(cloud.request(&Caller::anonymous(), "shop:Buy", "*").warnings(), []);
}

/// What was found out of an action is forgotten with the catalog that said it.
#[test]
fn another_catalog_gives_an_action_a_resource() {
    const ITEM: &str = "arn:aws:shop:eu-west-1:111122223333:item/1";
    let catalog = |types: &str, on: &str| {
        let text = format!("service\tshop\tShop\n{types}action\tBuy\tWrite\n{on}");
        Catalog::from_text(&text).unwrap()
    };
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let who = account.add_user("dev").unwrap().attach("buys", allow("shop:Buy", ITEM)).unwrap().caller();
    account.add_resource(ITEM).unwrap();
    for _ in 0..2 {
        cloud.set_catalog(catalog("", ""));
        cloud.assert_denies(&who, "shop:Buy", ITEM);
        let item = "type\titem\tarn:${Partition}:shop:${Region}:${Account}:item/${ItemId}\n";
        cloud.set_catalog(catalog(item, "on\titem\trequired\n"));
        cloud.assert_allows(&who, "shop:Buy", ITEM);
    }
}
