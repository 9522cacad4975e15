//! Organizations: service and resource control policies, and who is bound by them.

use iamsim::{AssumeRole, AssumeRoleWithWebIdentity, Cloud, Layer, WebIdentityToken, trust};

use crate::support::{
    AWAY, HOME, MANAGEMENT, administrator, allow, assert_reason, assert_refused, deny, statement, user,
};

const BUCKETS: &str = "s3:ListAllMyBuckets";

/// An RCP that denies an action to everyone.
fn deny_everyone(action: &str) -> String {
    statement(&format!(r#""Effect": "Deny", "Principal": "*", "Action": "{action}", "Resource": "*""#))
}

/// PE-SCP-01 to PE-SCP-04
#[test]
fn every_level_must_allow_and_none_may_deny() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.unit("workloads/prod").unwrap().add_account(HOME).unwrap();
    cloud.assert_allows(&admin, BUCKETS, "*");
    cloud.assert_allows(&admin, "ec2:DescribeInstances", "*");

    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let unit = organization.unit("workloads").unwrap();
    unit.attach_scp("only-s3", allow("s3:*", "*")).unwrap().detach_scp("FullAWSAccess").unwrap();
    cloud.assert_allows(&admin, BUCKETS, "*");
    cloud.assert_denied_by(&admin, "ec2:DescribeInstances", "*", Layer::ServiceControl);

    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.account(HOME).unwrap().attach_scp("no-list", deny(BUCKETS, "*")).unwrap();
    cloud.assert_denied_by(&admin, BUCKETS, "*", Layer::ServiceControl);
    let root = cloud.account(HOME).unwrap().root();
    cloud.assert_denied_by(&root, BUCKETS, "*", Layer::ServiceControl);
}

/// PE-SCP-04, PE-SCP-07
#[test]
fn the_management_account_and_accounts_outside_are_not_bound() {
    let mut cloud = Cloud::new();
    let manager = administrator(&mut cloud, MANAGEMENT, "manager");
    let member = administrator(&mut cloud, HOME, "member");
    let outsider = administrator(&mut cloud, AWAY, "outsider");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_scp("deny-s3", deny("s3:*", "*")).unwrap();
    cloud.assert_allows(&manager, BUCKETS, "*");
    cloud.assert_denies(&member, BUCKETS, "*");
    cloud.assert_allows(&outsider, BUCKETS, "*");

    cloud.organization(MANAGEMENT).unwrap().disable_service_control().unwrap();
    cloud.assert_allows(&member, BUCKETS, "*");
    cloud.organization(MANAGEMENT).unwrap().enable_service_control().unwrap();
    cloud.assert_denies(&member, BUCKETS, "*");
    cloud.organization(MANAGEMENT).unwrap().remove_account(HOME).unwrap();
    cloud.assert_allows(&member, BUCKETS, "*");
}

/// TRAP-34
#[test]
fn service_control_policies_of_the_caller_bind_the_assumption_of_roles() {
    let mut cloud = Cloud::new();
    let member = administrator(&mut cloud, HOME, "member");
    let manager = administrator(&mut cloud, MANAGEMENT, "manager");
    let both = statement(&format!(
        r#""Effect": "Allow", "Principal": {{"AWS": ["{HOME}", "{MANAGEMENT}"]}}, "Action": "sts:AssumeRole""#
    ));
    let role = cloud.account(AWAY).unwrap().add_role("open", both).unwrap().arn();
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_scp("deny", deny("sts:AssumeRole", "*")).unwrap();
    let call = || AssumeRole::new(&role, "work");
    let refused = cloud.sts().assume_role(&member, call()).unwrap_err();
    assert_eq!(refused.code(), "AccessDenied");
    assert!(refused.reason().unwrap().starts_with("a service control policy of the caller's account denies"));
    cloud.sts().assume_role(&manager, call()).unwrap();
}

/// TRAP-35, TRU-09: also a caller without credentials is bound.
#[test]
fn resource_control_policies_of_the_role_s_account_bind_web_identities() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let provider = account.add_oidc_provider("https://id.example.com", &["app"]).unwrap();
    let role = account.add_role("web", trust::web_identity(&provider, "app")).unwrap().arn();
    let token = WebIdentityToken::new("https://id.example.com", "alice", "app");
    let call = || AssumeRoleWithWebIdentity::new(&role, "alice", &token);
    cloud.sts().assume_role_with_web_identity(call()).unwrap();
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let rcp = deny_everyone("sts:AssumeRoleWithWebIdentity");
    organization.root().add_account(HOME).unwrap().attach_rcp("no-web", rcp).unwrap();
    assert_refused(
        cloud.sts().assume_role_with_web_identity(call()),
        "AccessDenied",
        403,
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    );
}

/// PE-RCP-01, PE-RCP-02, PE-SCP-05
#[test]
fn resource_control_policies_bind_the_resource_whoever_asks() {
    let mut cloud = Cloud::new();
    let outsider = administrator(&mut cloud, AWAY, "outsider");
    let mut account = cloud.account(HOME).unwrap();
    let open = statement(
        r#""Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*""#,
    );
    account.add_resource("arn:aws:s3:::open").unwrap().policy(open).unwrap();
    let topic = "arn:aws:sns:eu-west-1:111122223333:news";
    let member = administrator(&mut cloud, HOME, "member");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap();
    cloud.assert_allows(&outsider, "s3:GetObject", "arn:aws:s3:::open/a");

    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let target = organization.account(HOME).unwrap().attach_rcp("no-s3", deny_everyone("s3:*")).unwrap();
    target.attach_rcp("no-sns", deny_everyone("sns:*")).unwrap();
    cloud.assert_denied_by(&outsider, "s3:GetObject", "arn:aws:s3:::open/a", Layer::ResourceControl);
    cloud.assert_denied_by(&member, "s3:GetObject", "arn:aws:s3:::open/a", Layer::ResourceControl);
    cloud.assert_denies(&iamsim::Caller::anonymous(), "s3:GetObject", "arn:aws:s3:::open/a");
    // PE-RCP-02: SNS is not among the services that have them.
    cloud.assert_allows(&member, "sns:Publish", topic);
}

#[test]
fn the_organization_s_own_rules_hold() {
    let mut cloud = Cloud::new();
    cloud.account(AWAY).unwrap();
    cloud.organization(MANAGEMENT).unwrap().root().add_account(HOME).unwrap();
    let organization = cloud.organization(MANAGEMENT).unwrap();
    assert_eq!(organization.id(), cloud.clone().organization(MANAGEMENT).unwrap().id());

    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let stranger = organization.account(AWAY).unwrap_err();
    assert_eq!(stranger.code(), "AccountNotFoundException");
    let last = organization.account(HOME).unwrap().detach_scp("FullAWSAccess");
    assert_eq!(last.unwrap_err().code(), "ConstraintViolationException"); // PE-QUO-17
    let default = organization.account(HOME).unwrap().detach_rcp("RCPFullAWSAccess");
    assert_eq!(default.unwrap_err().code(), "ConstraintViolationException"); // PE-RCP-04
    let manager = organization.remove_account(MANAGEMENT);
    assert_eq!(manager.unwrap_err().code(), "ConstraintViolationException");

    let mut target = organization.account(HOME).unwrap();
    for name in ["a", "b", "c", "d"] {
        target = target.attach_scp(name, deny("ec2:*", "*")).unwrap();
    }
    let sixth = target.attach_scp("e", deny("ec2:*", "*"));
    assert_eq!(sixth.unwrap_err().code(), "ConstraintViolationException"); // PE-QUO-17
    let target = organization.root();
    let other_text = target.attach_scp("a", deny("s3:*", "*"));
    assert_eq!(other_text.unwrap_err().code(), "DuplicatePolicyException");
    let long = deny(&format!("s3:{}", "x".repeat(5120)), "*");
    let long = organization.root().attach_scp("long", long);
    assert_eq!(long.unwrap_err().code(), "ConstraintViolationException"); // PE-QUO-16
    let granting = organization.root().attach_rcp(
        "grant",
        statement(r#""Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*""#),
    );
    assert_eq!(granting.unwrap_err().code(), "MalformedPolicyDocumentException"); // PE-TYP-09

    let second = cloud.organization(HOME).unwrap_err();
    assert_eq!(second.code(), "AlreadyInOrganizationException");
}

/// PE-SCP-09, TRU-09
#[test]
fn service_linked_roles_are_exempt() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let linked = account.add_service_linked_role("elasticloadbalancing.amazonaws.com").unwrap().arn();
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let target = organization.root().add_account(HOME).unwrap();
    target.attach_scp("deny", deny("*", "*")).unwrap().attach_rcp("deny", deny_everyone("s3:*")).unwrap();
    let call = AssumeRole::new(&linked, "elb");
    let session = cloud.sts().assume_as_service("elasticloadbalancing.amazonaws.com", call).unwrap();
    let explanation = cloud.explain(session.caller(), BUCKETS, "*").unwrap();
    assert_eq!(explanation.deciding_layer(), Some(Layer::Identity), "{explanation}");
}

#[test]
fn paths_and_ids_of_the_organization_are_context_keys() {
    let mut cloud = Cloud::new();
    let dev = user(&mut cloud, HOME, "dev");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let id = organization.id();
    let (root, unit) = {
        let root = organization.root().id();
        (root, organization.unit("workloads").unwrap().add_account(HOME).unwrap().id())
    };
    let explanation = cloud.explain(&dev, BUCKETS, "*").unwrap();
    let context = explanation.request().context();
    assert_eq!(context.get(&"aws:PrincipalOrgID".into()).as_one(), Some(id.as_str()));
    let path = format!("{id}/{root}/{unit}/"); // PE-KEY-41
    let expected = iamsim::ContextValue::Many([path.as_str().into()].into());
    assert_eq!(*context.get(&"aws:PrincipalOrgPaths".into()), expected);
    assert_eq!(*context.get(&"aws:ResourceOrgPaths".into()), expected);
}

#[test]
fn an_account_of_the_organization_is_let_in_by_its_organization_s_id() {
    let mut cloud = Cloud::new();
    let member = administrator(&mut cloud, HOME, "member");
    let outsider = administrator(&mut cloud, "777788889999", "outsider");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().add_account(AWAY).unwrap();
    let id = organization.id();
    let org_only = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "*"}},
            "Action": "sts:AssumeRole", "Condition": {{"StringEquals": {{"aws:PrincipalOrgID": "{id}"}}}}}}]}}"#
    );
    let role = cloud.account(AWAY).unwrap().add_role("shared", org_only).unwrap().arn();
    let call = || AssumeRole::new(&role, "work");
    cloud.sts().assume_role(&member, call()).unwrap();
    assert_reason(
        cloud.sts().assume_role(&outsider, call()),
        "the role's trust policy has a condition on `aws:PrincipalOrgID`, which the call does not carry",
    );
}
