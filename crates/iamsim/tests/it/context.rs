//! Which context keys a request carries: set, absent, or unknown (PE-KEY-01 to PE-KEY-44).

use std::fmt::Write as _;

use iamsim::{
    AssumeRole, Caller, Cloud, ContextValue, Decision, GetFederationToken, GetSessionToken, RequestBuilder,
    global_keys, trust,
};

use crate::support::{ADMINISTRATOR, AWAY, HOME, MANAGEMENT, administrator, error, statement};

/// The key in a question about buckets: its value, `(absent)` or `(unknown)`.
fn key(cloud: &Cloud, who: &Caller, name: &str) -> String {
    value(&cloud.explain(who, "s3:ListAllMyBuckets", "*").unwrap(), name)
}

fn value(explanation: &iamsim::Explanation, name: &str) -> String {
    match explanation.request().context().get(&name.into()) {
        ContextValue::Absent => "(absent)".into(),
        ContextValue::Unknown => "(unknown)".into(),
        ContextValue::One(value) => value.to_string(),
        ContextValue::Many(values) => values.join("|"),
    }
}

/// Every kind of caller, by name.
fn callers() -> (Cloud, Vec<(&'static str, Caller)>) {
    let mut cloud = Cloud::new();
    let user = administrator(&mut cloud, HOME, "alice");
    let mut account = cloud.account(HOME).unwrap();
    account.user("alice").unwrap().mfa_device("phone").unwrap().tag("team", "a").unwrap();
    let role =
        account.add_role("ci/worker", trust::account(HOME)).unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let role = role.tag("team", "b").unwrap().arn();
    let root = account.root();
    let session = cloud.sts().assume_role(&user, AssumeRole::new(&role, "job")).unwrap();
    let token = cloud.sts().get_session_token(&user, GetSessionToken::new()).unwrap();
    let phone = "arn:aws:iam::111122223333:mfa/phone";
    let code = cloud.mfa_code(phone).unwrap();
    let mfa = cloud.sts().get_session_token(&user, GetSessionToken::new().mfa(phone, &code)).unwrap();
    let call = GetFederationToken::new("Bob").policy_arn(ADMINISTRATOR);
    let federated = cloud.sts().get_federation_token(&user, call).unwrap();
    cloud.clock().advance(iamsim::TimeDelta::seconds(90));
    let callers = vec![
        ("user", user),
        ("token", token.caller().clone()),
        ("mfa", mfa.caller().clone()),
        ("session", session.caller().clone()),
        ("federated", federated.caller().clone()),
        ("root", root),
        ("service", Caller::service("sns.amazonaws.com")),
        ("anonymous", Caller::anonymous()),
    ];
    (cloud, callers)
}

/// One line a key, one word a kind of caller: the whole table as AWS would fill it.
#[test]
fn each_caller_carries_the_keys_of_its_kind() {
    let (cloud, callers) = callers();
    let mut table = String::new();
    for rule in global_keys().iter().filter(|rule| !rule.key.ends_with(['/', ':'])) {
        writeln!(table, "{} ({})", rule.key, rule.rule).unwrap();
        let mut same: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, who) in &callers {
            let found = key(&cloud, who, rule.key);
            match same.iter_mut().find(|(value, _)| *value == found) {
                Some((_, names)) => names.push(name),
                None => same.push((found, vec![name])),
            }
        }
        for (value, names) in same {
            writeln!(table, "  {value:40} {}", names.join(" ")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_row_says_where_it_comes_from_and_why() {
    let mut seen = std::collections::BTreeSet::new();
    for rule in global_keys() {
        assert!(rule.rule.starts_with("PE-"), "{}", rule.key);
        assert!(rule.when.len() > 10, "{}", rule.key);
        assert!(seen.insert(rule.key.to_lowercase()), "{} stands twice", rule.key);
    }
}

/// A decision looks at no more of the context than the policies ask for; its explanation has all of it.
#[test]
fn a_decision_and_its_explanation_agree_on_every_key_and_caller() {
    let (mut cloud, callers) = callers();
    cloud.organization(MANAGEMENT).unwrap().root().add_account(HOME).unwrap();
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource("arn:aws:s3:::b").unwrap();
    let families =
        ["aws:PrincipalTag/team", "aws:RequestTag/a", "aws:ResourceTag/a", "sts:ExternalId", "saml:sub"];
    let keys = global_keys().iter().map(|rule| rule.key).filter(|key| !key.ends_with(['/', ':']));
    for key in keys.chain(families).chain(["accounts.google.com:aud", "s3:prefix", "made:up"]) {
        let deny = |operator: &str, value: &str| {
            format!(
                r#"{{"Effect": "Deny", "Principal": "*", "Action": "s3:{value}*", "Resource": "arn:aws:s3:::b*",
                    "Condition": {{"{operator}": {{"{key}": "true"}}}}}}"#
            )
        };
        let bucket = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{}, {},
                {{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
                  "Resource": "arn:aws:s3:::b/${{{key}, 'k'}}*"}}]}}"#,
            deny("Null", "Get"),
            deny("StringNotEquals", "Put")
        );
        cloud.account(HOME).unwrap().resource("arn:aws:s3:::b").unwrap().policy(bucket).unwrap();
        for (name, who) in &callers {
            for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] {
                for complete in [false, true] {
                    let ask = || {
                        let request = cloud.request(who, action, "arn:aws:s3:::b/k");
                        if complete { request.complete() } else { request }
                    };
                    let explained = ask().explain().unwrap();
                    assert_eq!(ask().authorize().unwrap(), explained.decision(), "{key} {name}\n{explained}");
                }
            }
        }
    }
}

/// The catalog's list of keys that are not bound to a service is AWS's: none of them may be without a row.
#[test]
fn every_global_key_of_the_catalog_has_its_row() {
    let rows = global_keys();
    for key in iamsim::Catalog::embedded().keys().filter(|key| key.is_global()) {
        let name = key.name().split("${").next().unwrap_or_default();
        assert!(rows.iter().any(|rule| rule.key.eq_ignore_ascii_case(name)), "{key} has no row");
    }
}

#[test]
fn the_documented_table_is_the_one_that_runs() {
    let mut table =
        String::from("| key | rule | when it is set, absent, or unknown |\n| --- | --- | --- |\n");
    for rule in global_keys() {
        let family = if rule.key.ends_with(['/', ':']) { "…" } else { "" };
        writeln!(table, "| `{}{family}` | {} | {} |", rule.key, rule.rule, rule.when).unwrap();
    }
    table.push_str(
        "\nEvery other key, a service's own above all, is absent where the catalog knows it and does not list it for \
         the action, and unknown otherwise (PE-KEY-40).\n",
    );
    let documented = include_str!("../../context-keys.md").replace("\r\n", "\n");
    assert_eq!(documented, table, "write this into crates/iamsim/context-keys.md");
}

#[test]
fn tags_of_the_caller_are_known_and_others_absent() {
    let (cloud, callers) = callers();
    let found: Vec<(&str, String, String)> = callers
        .iter()
        .map(|(name, who)| {
            (*name, key(&cloud, who, "aws:principaltag/TEAM"), key(&cloud, who, "aws:PrincipalTag/x"))
        })
        .collect();
    for (name, team, other) in found {
        let expected = match name {
            "session" => "b",
            "user" | "token" | "mfa" | "federated" => "a",
            _ => "(absent)",
        };
        assert_eq!((team.as_str(), other.as_str()), (expected, "(absent)"), "{name}"); // PE-KEY-05
    }
}

/// PE-KEY-26
#[test]
fn the_region_is_that_of_the_arn_or_of_the_service() {
    let (cloud, callers) = callers();
    let who = &callers[0].1;
    let check = |action: &str, resource: &str, expected: &str| {
        let explanation = cloud.explain(who, action, resource).unwrap();
        assert_eq!(value(&explanation, "aws:RequestedRegion"), expected, "{action} on {resource}");
    };
    check("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q", "eu-west-1");
    check("iam:ListUsers", "*", "us-east-1");
    check("ec2:DescribeInstances", "*", "(unknown)");
    check("s3:GetObject", "arn:aws:s3:::b/k", "(unknown)");
    let ask = cloud.request(who, "ec2:DescribeInstances", "*").region("eu-west-1");
    assert_eq!(value(&ask.explain().unwrap(), "aws:RequestedRegion"), "eu-west-1");
    let mut china = Cloud::in_partition("aws-cn");
    let root = china.account(HOME).unwrap().root();
    let explanation = china.explain(&root, "iam:ListUsers", "*").unwrap();
    assert_eq!(value(&explanation, "aws:RequestedRegion"), "cn-north-1");
    assert_eq!(root.to_string(), "arn:aws-cn:iam::111122223333:root");
}

/// PE-KEY-32 to PE-KEY-34, PE-KEY-44, PE-S3-05
#[test]
fn the_resource_s_keys_are_those_of_its_owner() {
    let (mut cloud, callers) = callers();
    let who = &callers[0].1;
    cloud.organization(MANAGEMENT).unwrap().root().add_account(AWAY).unwrap();
    let id = cloud.organization(MANAGEMENT).unwrap().id();
    let bucket = "arn:aws:s3:::theirs";
    let queue = "arn:aws:sqs:eu-west-1:444455556666:q";
    let mut away = cloud.account(AWAY).unwrap();
    away.add_resource(bucket).unwrap().tag("team", "x").unwrap();
    away.add_resource(queue).unwrap().tag("team", "x").unwrap();
    let ask = |cloud: &Cloud, action: &str, resource: &str, name: &str| {
        value(&cloud.explain(who, action, resource).unwrap(), name)
    };
    assert_eq!(ask(&cloud, "sqs:SendMessage", queue, "aws:ResourceAccount"), AWAY);
    assert_eq!(ask(&cloud, "s3:GetObject", "arn:aws:s3:::theirs/k", "aws:ResourceAccount"), AWAY);
    assert_eq!(ask(&cloud, "sqs:SendMessage", queue, "aws:ResourceOrgID"), id);
    assert_eq!(ask(&cloud, "ec2:DescribeInstances", "*", "aws:ResourceAccount"), HOME); // PE-KEY-44
    assert_eq!(ask(&cloud, "ec2:DescribeInstances", "*", "aws:ResourceOrgID"), "(absent)");
    let unknown = "arn:aws:sqs:eu-west-1:777788889999:q";
    assert_eq!(ask(&cloud, "sqs:SendMessage", unknown, "aws:ResourceOrgID"), "(unknown)");
    assert_eq!(ask(&cloud, "sqs:SendMessage", unknown, "aws:ResourceTag/team"), "(unknown)");
    assert_eq!(ask(&cloud, "sqs:SendMessage", queue, "aws:ResourceTag/team"), "x");
    assert_eq!(ask(&cloud, "sqs:SendMessage", queue, "aws:ResourceTag/other"), "(absent)");
    assert_eq!(ask(&cloud, "s3:GetObject", "arn:aws:s3:::theirs/k", "aws:ResourceTag/team"), "(absent)");
    cloud.account(AWAY).unwrap().resource(bucket).unwrap().attribute_based_control().unwrap();
    assert_eq!(ask(&cloud, "s3:GetObject", "arn:aws:s3:::theirs/k", "aws:ResourceTag/team"), "x");
    assert_eq!(ask(&cloud, "ebs:GetSnapshotBlock", unknown, "aws:ResourceAccount"), "(unknown)"); // PE-KEY-33
    // PE-IAK-03
    let role = "arn:aws:iam::111122223333:role/ci/worker";
    assert_eq!(ask(&cloud, "iam:GetRole", role, "iam:ResourceTag/team"), "b");
    assert_eq!(ask(&cloud, "sqs:SendMessage", queue, "iam:ResourceTag/team"), "(absent)");
}

#[test]
fn a_test_s_word_counts_over_the_table() {
    let (cloud, callers) = callers();
    let who = &callers[0].1;
    let ask = || cloud.request(who, "ec2:CreateTags", "*");
    let of = |request: RequestBuilder, name: &str| value(&request.explain().unwrap(), name);
    assert_eq!(of(ask(), "aws:RequestTag/team"), "(unknown)");
    assert_eq!(of(ask().tag("team", "a"), "aws:RequestTag/team"), "a");
    assert_eq!(of(ask().tag("team", "a"), "aws:RequestTag/other"), "(absent)");
    assert_eq!(of(ask().tag("team", "a").tag("stage", "b"), "aws:TagKeys"), "team|stage");
    assert_eq!(of(ask().no_tags(), "aws:TagKeys"), "(absent)"); // PE-KEY-31
    assert_eq!(of(ask().no_tags(), "aws:RequestTag/team"), "(absent)");
    assert_eq!(of(ask(), "ec2:InstanceType"), "(unknown)");
    assert_eq!(of(ask().context("EC2:instancetype", "t3.micro"), "ec2:InstanceType"), "t3.micro");
    assert_eq!(of(ask().absent_prefix("ec2:"), "ec2:InstanceType"), "(absent)");
    assert_eq!(of(ask().complete(), "ec2:InstanceType"), "(absent)");
    assert_eq!(of(ask().complete(), "aws:SourceVpce"), "(absent)");
    assert_eq!(of(ask().complete(), "aws:SourceIp"), "(unknown)"); // every request has one
    assert_eq!(of(ask().complete().source_ip("203.0.113.9"), "aws:SourceIp"), "203.0.113.9");
    assert_eq!(of(ask().complete(), "aws:username"), "alice");
    assert_eq!(of(ask().context("aws:username", "x").unknown("aws:username"), "aws:username"), "(unknown)");
    assert_eq!(of(ask().context_many("aws:CalledVia", ["a", "b"]), "aws:CalledVia"), "a|b");
}

/// PE-KEY-14 to PE-KEY-16, PE-MFA-04
#[test]
fn a_forwarded_call_says_by_whom() {
    let (cloud, callers) = callers();
    let who = &callers[0].1;
    let ask = || {
        let request = cloud.request(who, "s3:GetObject", "arn:aws:s3:::b/k");
        request.via_service("athena.amazonaws.com").via_service("glue.amazonaws.com").explain().unwrap()
    };
    let found = ask();
    for (name, expected) in [
        ("aws:ViaAWSService", "true"),
        ("aws:CalledVia", "athena.amazonaws.com|glue.amazonaws.com"),
        ("aws:CalledViaFirst", "athena.amazonaws.com"),
        ("aws:CalledViaLast", "glue.amazonaws.com"),
        ("aws:MultiFactorAuthPresent", "false"),
    ] {
        assert_eq!(value(&found, name), expected, "{name}");
    }
}

/// PE-KEY-12, PE-KEY-13
#[test]
fn a_service_says_for_whom_it_acts() {
    let (mut cloud, _) = callers();
    cloud.organization(MANAGEMENT).unwrap().root().add_account(HOME).unwrap();
    let id = cloud.organization(MANAGEMENT).unwrap().id();
    let sns = Caller::service("sns.amazonaws.com");
    assert_eq!(key(&cloud, &sns, "aws:SourceAccount"), "(unknown)");
    let topic = "arn:aws:sns:eu-west-1:111122223333:t";
    let for_topic = sns.clone().on_behalf_of(topic).unwrap();
    assert_eq!(key(&cloud, &for_topic, "aws:SourceArn"), topic);
    assert_eq!(key(&cloud, &for_topic, "aws:SourceAccount"), HOME);
    assert_eq!(key(&cloud, &for_topic, "aws:SourceOrgID"), id);
    let for_bucket = sns.on_behalf_of("arn:aws:s3:::b").unwrap().source_account(AWAY).unwrap();
    assert_eq!(key(&cloud, &for_bucket, "aws:SourceAccount"), AWAY);
    assert_eq!(key(&cloud, &for_bucket, "aws:SourceOrgID"), "(unknown)");
}

#[test]
fn plain_policies_are_decided_without_a_word_on_the_context() {
    let (mut cloud, callers) = callers();
    let who = &callers[0].1;
    cloud.account(HOME).unwrap().add_resource("arn:aws:s3:::b").unwrap();
    for (action, resource) in [
        ("s3:GetObject", "arn:aws:s3:::b/k"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:f"),
        ("ec2:DescribeInstances", "*"),
        ("iam:ListUsers", "*"),
    ] {
        cloud.assert_allows(who, action, resource);
    }
}

#[test]
fn an_mfa_condition_sees_each_kind_of_credentials() {
    // PE-MFA-05
    let (mut cloud, callers) = callers();
    let deny = statement(
        r#""Effect": "Deny", "Action": "s3:*", "Resource": "*",
           "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#,
    );
    let mut account = cloud.account(HOME).unwrap();
    account.user("alice").unwrap().attach("mfa", deny.as_str()).unwrap();
    account.role("worker").unwrap().attach("mfa", deny.as_str()).unwrap();
    for (name, who) in callers.iter().filter(|(name, _)| ["user", "token", "mfa", "session"].contains(name)) {
        let allowed = cloud.authorize(who, "s3:ListAllMyBuckets", "*").unwrap() == Decision::Allow;
        assert_eq!(allowed, *name == "mfa", "{name}");
    }
    assert!(error(cloud.authorize(&callers[0].1, "s3", "*")).reason().is_none());
}

/// Each kind of policy alone asks for a key that no other one does.
#[test]
fn a_decision_holds_the_key_that_a_single_layer_asks_for() {
    const BUCKET: &str = "arn:aws:s3:::b";
    let when = |effect: &str, members: &str| {
        format!(
            r#"{{"Effect": "{effect}", {members},
                "Condition": {{"StringEquals": {{"aws:PrincipalAccount": "{HOME}"}}}}}}"#
        )
    };
    let resource = when("Deny", r#""Principal": "*", "Action": "s3:*", "Resource": "*""#);
    let denies = format!(r#"{{"Version": "2012-10-17", "Statement": [{resource}]}}"#);
    let everyone = r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#;
    let endpoint = format!(r#"{{"Version": "2012-10-17", "Statement": [{everyone}, {resource}]}}"#);
    let own = when("Deny", r#""Action": "s3:*", "Resource": "*""#);
    let all = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let own = format!(r#"{{"Version": "2012-10-17", "Statement": [{all}, {own}]}}"#);
    let trusts = when("Allow", r#""Principal": {"AWS": "*"}, "Action": "sts:AssumeRole""#);
    let trusts = format!(r#"{{"Version": "2012-10-17", "Statement": [{trusts}]}}"#);

    let mut cloud = Cloud::new();
    let user = administrator(&mut cloud, HOME, "alice");
    let mut account = cloud.account(HOME).unwrap();
    account.add_resource(BUCKET).unwrap();
    account.add_vpc_endpoint("vpce-0abc", "vpc-0def").unwrap().policy(endpoint).unwrap();
    let role = account.add_role("worker", trust::account(HOME)).unwrap();
    let role = role.attach_policy(ADMINISTRATOR).unwrap().arn();
    let trusting = account.add_role("trusting", trusts).unwrap().arn();
    let session = cloud.sts().assume_role(&user, AssumeRole::new(&role, "job").policy(own)).unwrap();
    let check = |request: RequestBuilder, expected: Decision| {
        let explained = request.clone().explain().unwrap();
        assert_eq!(explained.decision(), expected, "{explained}");
        assert_eq!(request.authorize().unwrap(), expected, "{explained}");
    };
    let read = |cloud: &Cloud, who: &Caller| cloud.request(who, "s3:ListBucket", BUCKET);
    check(read(&cloud, &user), Decision::Allow);
    check(read(&cloud, session.caller()), Decision::ExplicitDeny);
    check(read(&cloud, &user).through_endpoint("vpce-0abc"), Decision::ExplicitDeny);
    check(cloud.request(&user, "sts:AssumeRole", trusting.as_str()), Decision::Allow);
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_rcp("none", denies).unwrap();
    check(read(&cloud, &user), Decision::ExplicitDeny);
}

/// PE-TRU-07: the evaluator itself asks for one key.
#[test]
fn a_decision_knows_that_a_session_has_a_source_identity() {
    let mut cloud = Cloud::new();
    let user = administrator(&mut cloud, HOME, "alice");
    let both = r#"["sts:AssumeRole", "sts:SetSourceIdentity"]"#;
    let trusts = |principal: &str| {
        let principal = format!(r#""Principal": {{"AWS": "{principal}"}}"#);
        statement(&format!(r#""Effect": "Allow", {principal}, "Action": {both}"#))
    };
    let mut account = cloud.account(HOME).unwrap();
    let first = account.add_role("first", trusts(HOME)).unwrap().arn();
    let next = account.add_role("next", trusts(first.as_str())).unwrap().arn();
    for (call, expected) in [
        (AssumeRole::new(&first, "job"), Decision::Allow),
        (AssumeRole::new(&first, "job").source_identity("alice"), Decision::ImplicitDeny),
    ] {
        let session = cloud.sts().assume_role(&user, call).unwrap();
        let ask = || cloud.request(session.caller(), "sts:SetSourceIdentity", next.as_str());
        let explained = ask().explain().unwrap();
        assert_eq!(explained.decision(), expected, "{explained}");
        assert_eq!(ask().authorize().unwrap(), expected, "{explained}");
    }
}

/// Of an issuer that the catalog does not know, the account's own providers tell that its claims are absent.
#[test]
fn a_decision_knows_that_a_user_holds_no_claims_of_the_account_s_issuers() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    account.add_oidc_provider("https://id.example.com", &["app"]).unwrap();
    for (issuer, expected) in
        [("id.example.com", Decision::Allow), ("id.elsewhere.example", Decision::Undetermined)]
    {
        let policy = statement(&format!(
            r#""Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {{"Null": {{"{issuer}:sub": "true"}}}}"#
        ));
        let who =
            cloud.account(HOME).unwrap().add_user(issuer).unwrap().attach("p", policy).unwrap().caller();
        let ask = || cloud.request(&who, "sqs:ListQueues", "*");
        assert_eq!(ask().explain().unwrap().decision(), expected, "{issuer}");
        assert_eq!(ask().authorize().unwrap(), expected, "{issuer}");
    }
}
