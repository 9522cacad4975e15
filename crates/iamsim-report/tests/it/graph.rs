//! The trust graph: which edges there are, what is said of each, and what the pictures hold.

use iamsim::{Cloud, trust};
use iamsim_report::{Graph, GraphFormat, GraphOptions, NodeKind, Sides};

const HOME: &str = "111122223333";
const OTHER: &str = "444455556666";

/// An identity policy that lets its holder assume roles.
fn may_assume(resource: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": {{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "{resource}"}}}}"#
    )
}

/// A trust policy for one principal of AWS's own, with a condition block.
fn trusts(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": {{
            "Sid": "Trust", "Effect": "Allow", "Principal": {{"AWS": {principal}}}, "Action": "sts:AssumeRole",
            "Condition": {{{condition}}}}}}}"#
    )
}

fn sentences(cloud: &Cloud) -> Vec<String> {
    let graph = Graph::of(cloud);
    graph.edges().iter().map(|edge| graph.sentence(edge)).collect()
}

/// Every edge of a cloud with one role, `target` in the account HOME, as sentences.
#[track_caller]
fn check(set_up: impl FnOnce(&mut Cloud) -> iamsim::Result, expected: &[&str]) {
    let mut cloud = Cloud::new();
    cloud.account(HOME).unwrap();
    set_up(&mut cloud).unwrap();
    assert_eq!(sentences(&cloud), expected);
}

#[test]
fn a_user_named_in_its_own_account_needs_nothing_more() {
    // TRU-03
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            cloud.account(HOME)?.add_role("target", trusts(r#""arn:aws:iam::111122223333:user/dev""#, ""))?;
            Ok(())
        },
        &["user dev of 111122223333 may assume role target of 111122223333"],
    );
}

#[test]
fn a_user_of_another_account_needs_a_policy_of_its_own() {
    // TRU-02
    check(
        |cloud| {
            cloud.account(OTHER)?.add_user("dev")?;
            let trust = trusts(r#""arn:aws:iam::444455556666:user/dev""#, "");
            cloud.account(HOME)?.add_role("target", trust)?;
            Ok(())
        },
        &["user dev of 444455556666 is trusted by, and may not assume, role target of 111122223333; \
           no identity-based policy of the caller allows sts:AssumeRole on the role"],
    );
}

#[test]
fn an_account_is_those_of_its_identities_that_may() {
    // TRU-04
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?.attach("assume", may_assume("*"))?;
            cloud.account(HOME)?.add_user("guest")?;
            cloud.account(HOME)?.add_role("target", trust::account(HOME))?;
            Ok(())
        },
        &[
            "account 111122223333 may assume role target of 111122223333",
            "user dev of 111122223333 may assume role target of 111122223333",
        ],
    );
}

#[test]
fn an_account_whose_identities_have_no_policies_is_only_trusted() {
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("guest")?;
            cloud.account(HOME)?.add_role("target", trust::account(HOME))?;
            Ok(())
        },
        &["account 111122223333 is trusted by, and may not assume, role target of 111122223333; \
           no user and no role of the account has a policy that lets it"],
    );
}

#[test]
fn of_an_account_that_nobody_described_nothing_is_claimed() {
    check(
        |cloud| {
            cloud.account(HOME)?.add_role("target", trust::account("999900001111"))?;
            Ok(())
        },
        &["account 999900001111 is trusted by, and perhaps may assume, role target of 111122223333; \
           account 999900001111 is not described here"],
    );
}

#[test]
fn mfa_can_be_given_by_a_user_and_never_by_a_role_session() {
    // TRU-66, TRU-78
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            cloud.account(HOME)?.add_role("robot", trust::service("lambda.amazonaws.com"))?;
            let both = r#"["arn:aws:iam::111122223333:user/dev", "arn:aws:iam::111122223333:role/robot"]"#;
            let mfa = r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#;
            cloud.account(HOME)?.add_role("target", trusts(both, mfa))?;
            Ok(())
        },
        &[
            "service lambda.amazonaws.com may assume role robot of 111122223333",
            "user dev of 111122223333 may assume role target of 111122223333 if aws:MultiFactorAuthPresent = true",
            "role robot of 111122223333 is trusted by, and may not assume, role target of 111122223333 \
             if aws:MultiFactorAuthPresent = true; \
             the role's trust policy asks for MFA, which a role session never carries",
        ],
    );
}

#[test]
fn a_condition_on_who_calls_is_not_met_by_wishing() {
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            let org = r#""StringEquals": {"aws:PrincipalOrgID": "o-example1"}"#;
            let dev = r#""arn:aws:iam::111122223333:user/dev""#;
            cloud.account(HOME)?.add_role("target", trusts(dev, org))?;
            Ok(())
        },
        &["user dev of 111122223333 is trusted by, and may not assume, role target of 111122223333 \
           if aws:PrincipalOrgID = o-example1; the role's trust policy has a condition on `aws:PrincipalOrgID`, \
           which the call does not carry"],
    );
}

#[test]
fn what_the_caller_chooses_is_chosen_so_that_it_fits() {
    check(
        |cloud| {
            cloud.account(OTHER)?.add_user("dev")?.attach("assume", may_assume("*"))?;
            let asks = r#""StringEquals": {"sts:ExternalId": ["Unique-7", "Unique-8"]},
                          "StringLike": {"sts:RoleSessionName": "dev-*"},
                          "NumericLessThan": {"aws:MultiFactorAuthAge": "900"},
                          "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#;
            let dev = r#""arn:aws:iam::444455556666:user/dev""#;
            cloud.account(HOME)?.add_role("target", trusts(dev, asks))?;
            Ok(())
        },
        &["user dev of 444455556666 may assume role target of 111122223333 \
           if sts:ExternalId = Unique-7 or Unique-8 and sts:RoleSessionName like dev-* \
           and aws:MultiFactorAuthAge < 900 and aws:SourceIp in 203.0.113.0/24"],
    );
}

#[test]
fn conditions_that_no_example_meets_are_undetermined_and_not_refused() {
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            let asks =
                r#""StringLike": {"sts:ExternalId": "*-7"}, "StringNotLike": {"sts:ExternalId": "ex*"}"#;
            let dev = r#""arn:aws:iam::111122223333:user/dev""#;
            cloud.account(HOME)?.add_role("target", trusts(dev, asks))?;
            Ok(())
        },
        &["user dev of 111122223333 is trusted by, and perhaps may assume, role target of 111122223333 \
           if sts:ExternalId like *-7 and sts:ExternalId not like ex*; \
           it depends on `sts:externalid`"],
    );
}

#[test]
fn a_guardrail_of_the_callers_account_is_seen() {
    // TRU-09
    check(
        |cloud| {
            cloud.account(OTHER)?.add_user("dev")?.attach("assume", may_assume("*"))?;
            cloud.account(HOME)?.add_role("target", trusts(r#""arn:aws:iam::444455556666:user/dev""#, ""))?;
            cloud.organization(HOME)?.root().add_account(OTHER)?.attach_scp(
                "no-roles",
                r#"{"Version": "2012-10-17", "Statement": {
                    "Sid": "No", "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}}"#,
            )?;
            Ok(())
        },
        &["user dev of 444455556666 is trusted by, and may not assume, role target of 111122223333; \
           a service control policy of the caller's account denies sts:AssumeRole at no-roles:1:40"],
    );
}

#[test]
fn what_the_callers_own_policy_asks_for_is_no_refusal() {
    check(
        |cloud| {
            let with_mfa = r#"{"Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}"#;
            cloud.account(OTHER)?.add_user("dev")?.attach("assume", with_mfa)?;
            cloud.account(HOME)?.add_role("target", trusts(r#""arn:aws:iam::444455556666:user/dev""#, ""))?;
            Ok(())
        },
        &["user dev of 444455556666 is trusted by, and perhaps may assume, role target of 111122223333; \
           it depends on `aws:multifactorauthpresent`"],
    );
}

#[test]
fn tags_of_a_session_may_be_others_than_its_roles() {
    // PE-TAG-01: a user's tags are known, those of a role's sessions are not.
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            cloud.account(HOME)?.add_role("robot", trust::service("lambda.amazonaws.com"))?;
            let both = r#"["arn:aws:iam::111122223333:user/dev", "arn:aws:iam::111122223333:role/robot"]"#;
            let tag = r#""StringEquals": {"aws:PrincipalTag/project": "apollo"}"#;
            cloud.account(HOME)?.add_role("target", trusts(both, tag))?;
            Ok(())
        },
        &[
            "service lambda.amazonaws.com may assume role robot of 111122223333",
            "user dev of 111122223333 is trusted by, and may not assume, role target of 111122223333 \
             if aws:PrincipalTag/project = apollo; the role's trust policy has a condition on \
             `aws:PrincipalTag/project`, which the call does not carry",
            "role robot of 111122223333 is trusted by, and perhaps may assume, role target of 111122223333 \
             if aws:PrincipalTag/project = apollo; it depends on `aws:principaltag/project`",
        ],
    );
}

#[test]
fn a_variable_of_the_callers_policy_may_have_another_value() {
    check(
        |cloud| {
            let own_team = may_assume("arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}");
            cloud
                .account(OTHER)?
                .add_role("hub", trust::service("ec2.amazonaws.com"))?
                .attach("own", own_team)?;
            let hub = r#""arn:aws:iam::444455556666:role/hub""#;
            cloud.account(HOME)?.add_role("target", trusts(hub, ""))?;
            Ok(())
        },
        &[
            "role hub of 444455556666 is trusted by, and perhaps may assume, role target of 111122223333; \
             it depends on `aws:principaltag/team`",
            "service ec2.amazonaws.com may assume role hub of 444455556666",
        ],
    );
}

#[test]
fn what_the_trust_policy_denies_stands_on_every_edge() {
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            let trust = r#"{"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/dev"},
                 "Action": "sts:AssumeRole"},
                {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
                 "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]}"#;
            cloud.account(HOME)?.add_role("target", trust)?;
            Ok(())
        },
        &["user dev of 111122223333 may assume role target of 111122223333 \
           if not (aws:MultiFactorAuthPresent = false if present)"],
    );
}

#[test]
fn a_subject_of_an_identity_provider_stands_on_its_edge() {
    // TRU-82: the provider has to be in the role's account.
    check(
        |cloud| {
            let mut account = cloud.account(HOME)?;
            let arn = account
                .add_oidc_provider("https://token.actions.githubusercontent.com", &["sts.amazonaws.com"])?;
            account
                .add_role("target", trust::github(&arn, "acme").repository("shop").branch("main").build())?;
            let gone = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";
            account.add_role("orphan", trust::web_identity(gone, "app"))?;
            Ok(())
        },
        &[
            "provider oidc.example.com of 111122223333 is trusted by, and may not assume, role orphan of \
             111122223333 if oidc.example.com:aud = app; \
             No OpenIDConnect provider found in your account for https://oidc.example.com",
            "provider token.actions.githubusercontent.com of 111122223333 may assume role target of 111122223333 \
             if token.actions.githubusercontent.com:aud = sts.amazonaws.com and \
             token.actions.githubusercontent.com:sub like repo:acme/shop:ref:refs/heads/main",
        ],
    );
}

#[test]
fn a_saml_provider_and_a_service_are_callers_of_their_own() {
    check(
        |cloud| {
            let mut account = cloud.account(HOME)?;
            let arn = account.add_saml_provider("Corp")?;
            account.add_role("console", trust::saml(&arn))?;
            account.add_role("worker", trust::service("ec2.amazonaws.com"))?;
            Ok(())
        },
        &[
            "provider Corp of 111122223333 may assume role console of 111122223333 \
             if SAML:aud = https://signin.aws.amazon.com/saml",
            "service ec2.amazonaws.com may assume role worker of 111122223333",
        ],
    );
}

#[test]
fn whom_a_policy_named_and_who_was_deleted_is_nobody() {
    // TRU-31
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            cloud.account(HOME)?.add_role("target", trusts(r#""arn:aws:iam::111122223333:user/dev""#, ""))?;
            cloud.account(HOME)?.user("dev")?.delete()?;
            cloud.account(HOME)?.add_user("dev")?;
            let graph = Graph::of(cloud);
            assert_eq!(graph.nodes()[1].kind, NodeKind::Unknown);
            assert!(graph.nodes()[1].name.starts_with("AIDA"), "{:?}", graph.nodes());
            assert_eq!(graph.edges()[0].sides, Sides::TrustOnly);
            cloud.account(HOME)?.role("target")?.trust(trust::service("ec2.amazonaws.com"))?;
            Ok(())
        },
        &["service ec2.amazonaws.com may assume role target of 111122223333"],
    );
}

#[test]
fn everyone_is_everyone_here_and_an_open_question_elsewhere() {
    // TRU-06
    check(
        |cloud| {
            cloud.account(HOME)?.add_user("dev")?;
            cloud.account(OTHER)?.add_user("guest")?;
            cloud.account(HOME)?.add_role("target", trusts(r#""*""#, ""))?;
            Ok(())
        },
        &[
            "everyone is trusted by, and perhaps may assume, role target of 111122223333; \
             in the role's own account nothing more is needed; from elsewhere a policy of the caller's that allows \
             it",
            "user dev of 111122223333 may assume role target of 111122223333",
            "role target of 111122223333 may assume role target of 111122223333",
        ],
    );
}

/// A story with every kind of node and of edge.
fn story() -> Cloud {
    let mut cloud = Cloud::new();
    let mut home = cloud.account(HOME).unwrap();
    home.alias("acme-people").unwrap();
    home.add_user("dana").unwrap().attach("assume", may_assume("*")).unwrap();
    home.add_user("omar").unwrap();
    let github = home
        .add_oidc_provider("https://token.actions.githubusercontent.com", &["sts.amazonaws.com"])
        .unwrap();
    home.add_role("hub", trust::account(HOME).require_mfa())
        .unwrap()
        .attach("assume", may_assume("*"))
        .unwrap();
    home.add_role("ci", trust::github(&github, "acme").repository("shop").build())
        .unwrap()
        .attach("assume", may_assume("*"))
        .unwrap();
    let mut other = cloud.account(OTHER).unwrap();
    other.alias("acme-production").unwrap();
    let both = r#"["arn:aws:iam::111122223333:role/hub", "arn:aws:iam::111122223333:role/ci"]"#;
    other.add_role("deployer", trusts(both, r#""StringLike": {"sts:RoleSessionName": "deploy-*"}"#)).unwrap();
    other.add_role("worker", trust::service("lambda.amazonaws.com")).unwrap();
    other.add_role("auditor", trust::account("999900001111").require_external_id("Unique-7")).unwrap();
    other
        .add_role(
            "break-glass",
            trusts(
                r#""arn:aws:iam::111122223333:user/omar""#,
                r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#,
            ),
        )
        .unwrap();
    cloud
        .account(HOME)
        .unwrap()
        .role("hub")
        .unwrap()
        .trust(
            r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole",
             "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/deployer"},
             "Action": "sts:AssumeRole"}]}"#,
        )
        .unwrap();
    cloud
}

#[test]
fn the_pictures_of_a_story_are_as_they_were_read() {
    let graph = Graph::of(&story());
    insta::assert_snapshot!("story.mermaid", graph.to_mermaid());
    insta::assert_snapshot!("story.dot", graph.to_dot());
    insta::assert_snapshot!("story.svg", graph.to_svg());
}

/// Hundreds of roles in a few accounts, most of them alike.
fn estate(roles: usize) -> Cloud {
    let mut cloud = Cloud::new();
    for number in 0..5 {
        let id = format!("{number}11122223333");
        let mut account = cloud.account(&id).unwrap();
        account.without_quotas().unwrap();
        account.add_user("admin").unwrap().attach("assume", may_assume("*")).unwrap();
        for role in 0..roles / 5 {
            let trust = match role % 10 {
                0 => trust::account("011122223333"),
                1 => trust::account("999900001111"),
                _ => trust::service("lambda.amazonaws.com"),
            };
            account.add_role(&format!("role-{role}"), trust).unwrap();
        }
    }
    cloud
}

#[test]
fn hundreds_of_roles_are_folded_and_it_is_said() {
    let graph = Graph::of(&estate(500));
    assert_eq!(graph.notes(), ["500 users and roles that have the same neighbours are drawn as 15"]);
    assert!(graph.nodes().len() < 30, "{}", graph.nodes().len());
    let members: usize = graph.nodes().iter().map(|node| node.members.len()).sum();
    assert_eq!(members, 500 + 1 + 1 + 1 + 1);
    for text in [graph.to_mermaid(), graph.to_dot()] {
        assert!(text.contains("500 users and roles that have the same neighbours"), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_it_is_said() {
    let options = GraphOptions::new().fold_above(10_000).most_nodes(50).most_questions(30);
    let graph = Graph::with(&estate(200), &options);
    assert_eq!(graph.nodes().len(), 50);
    assert_eq!(
        graph.notes(),
        [
            "820 pairs of an identity and a role that trusts its account were not asked about, after 0 that were",
            "153 roles that only AWS services assume are left out",
        ]
    );
    assert!(graph.edges().iter().all(|edge| edge.from < 50 && edge.to < 50));
}

#[test]
fn one_account_can_be_asked_for() {
    let options = GraphOptions::new().account("311122223333".parse().unwrap());
    let graph = Graph::with(&estate(50), &options);
    let roles = graph.nodes().iter().filter(|node| node.kind == NodeKind::Role);
    assert_eq!(roles.map(|node| node.account.unwrap().to_string()).collect::<Vec<_>>(), ["311122223333"; 10]);
}

#[test]
fn names_are_text_and_nothing_else_in_every_format() {
    let mut cloud = Cloud::new();
    let trust = r#"{"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": "999900001111"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:PrincipalTag/<script>alert(1)</script>": "\"]; click n0 \"javascript:x\" %%{init}%%\n`|"}}}}"#;
    cloud.account(HOME).unwrap().add_role("r", trust).unwrap();
    let graph = Graph::of(&cloud);
    let svg = graph.to_svg();
    assert!(!svg.contains("<script"), "{svg}");
    assert!(svg.contains("&lt;script&gt;"), "{svg}");
    let mermaid = graph.to_mermaid();
    let edge = mermaid.lines().find(|line| line.contains("-.->")).unwrap();
    // Two quotes around the label and its own line breaks are all the markup there is.
    let label = edge.split('"').collect::<Vec<_>>();
    assert_eq!(label.len(), 3, "{edge}");
    assert!(!label[1].replace("<br>", "").contains(['<', '>', '`', '{', '[', '|', '"']), "{edge}");
    let dot = graph.to_dot();
    let edge = dot.lines().find(|line| line.contains("->")).unwrap();
    assert!(edge.contains(r#"= \"]; click"#), "{edge}");
}

#[test]
fn every_format_is_known_by_its_name() {
    let graph = Graph::of(&story());
    for format in GraphFormat::ALL {
        assert_eq!(format.to_string().parse::<GraphFormat>(), Ok(*format));
        assert!(!graph.render(*format).is_empty());
    }
    assert_eq!(
        "png".parse::<GraphFormat>().unwrap_err(),
        "`png` is not a format of a graph: these are mermaid, dot and svg"
    );
}
