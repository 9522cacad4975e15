//! What the console's wizard writes, compared as policies and never as text (TRU-100 to TRU-110, CONF-13).

use iamsim::trust::{self, CognitoUsers};
use iamsim::{Policy, PolicyKind};

#[track_caller]
fn check(written: impl std::fmt::Display, expected: &str) {
    let read = |text: &str| Policy::parse(PolicyKind::RoleTrust, text).unwrap();
    assert_eq!(read(&format!("{written}")), read(expected));
}

fn document(members: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {members}}}]}}"#)
}

#[test]
fn each_kind_of_trusted_entity_is_written_as_the_console_writes_it() {
    // TRU-101
    check(
        trust::service("ec2.amazonaws.com"),
        &document(r#""Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole""#),
    );
    // TRU-102
    check(
        trust::account("111122223333"),
        &document(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {}"#),
    );
    // TRU-103
    check(
        trust::account("111122223333").require_external_id("Unique-7"),
        &document(
            r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole",
               "Condition": {"StringEquals": {"sts:ExternalId": "Unique-7"}}"#,
        ),
    );
    // TRU-104
    check(
        trust::account("111122223333").require_mfa(),
        &document(
            r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole",
               "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#,
        ),
    );
    check(
        trust::account("111122223333").require_external_id("Unique-7").require_mfa(),
        &document(
            r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole",
               "Condition": {"StringEquals": {"sts:ExternalId": "Unique-7"},
                             "Bool": {"aws:MultiFactorAuthPresent": "true"}}"#,
        ),
    );
    // TRU-105
    let web = r#""Action": "sts:AssumeRoleWithWebIdentity""#;
    check(
        trust::google("app-1"),
        &document(&format!(
            r#""Principal": {{"Federated": "accounts.google.com"}}, {web},
               "Condition": {{"StringEquals": {{"accounts.google.com:aud": "app-1"}}}}"#
        )),
    );
    check(
        trust::amazon("app-1"),
        &document(&format!(
            r#""Principal": {{"Federated": "www.amazon.com"}}, {web},
               "Condition": {{"StringEquals": {{"www.amazon.com:app_id": "app-1"}}}}"#
        )),
    );
    check(
        trust::facebook("app-1"),
        &document(&format!(
            r#""Principal": {{"Federated": "graph.facebook.com"}}, {web},
               "Condition": {{"StringEquals": {{"graph.facebook.com:app_id": "app-1"}}}}"#
        )),
    );
    check(
        trust::cognito("eu-west-1:pool", CognitoUsers::Unauthenticated),
        &document(&format!(
            r#""Principal": {{"Federated": "cognito-identity.amazonaws.com"}}, {web},
               "Condition": {{"StringEquals": {{"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"}},
                             "ForAnyValue:StringLike": {{"cognito-identity.amazonaws.com:amr": "unauthenticated"}}}}"#
        )),
    );
    // TRU-106
    let provider = "arn:aws:iam::111122223333:oidc-provider/id.example.com/tenant";
    check(
        trust::web_identity(provider, "app-1").when("StringEquals", "id.example.com/tenant:sub", &["a", "b"]),
        &document(&format!(
            r#""Principal": {{"Federated": "{provider}"}}, {web},
               "Condition": {{"StringEquals": {{"id.example.com/tenant:aud": "app-1",
                                               "id.example.com/tenant:sub": ["a", "b"]}}}}"#
        )),
    );
    // TRU-108
    let provider = "arn:aws:iam::111122223333:saml-provider/corporate";
    check(
        trust::saml(provider),
        &document(&format!(
            r#""Principal": {{"Federated": "{provider}"}}, "Action": "sts:AssumeRoleWithSAML",
               "Condition": {{"StringEquals": {{"SAML:aud": "https://signin.aws.amazon.com/saml"}}}}"#
        )),
    );
    check(
        trust::saml_programmatic(provider, "saml:iss", "https://idp.example.com"),
        &document(&format!(
            r#""Principal": {{"Federated": "{provider}"}}, "Action": "sts:AssumeRoleWithSAML",
               "Condition": {{"StringEquals": {{"saml:iss": "https://idp.example.com"}}}}"#
        )),
    );
}

/// TRU-107
#[test]
fn github_is_narrowed_to_an_organization_a_repository_or_a_branch() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let expected = |subject: &str| {
        document(&format!(
            r#""Principal": {{"Federated": "{provider}"}}, "Action": "sts:AssumeRoleWithWebIdentity",
               "Condition": {{"StringEquals": {{"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
                             "StringLike": {{"token.actions.githubusercontent.com:sub": "{subject}"}}}}"#
        ))
    };
    let organization = trust::github(provider, "octo-org");
    check(&organization, &expected("repo:octo-org/*"));
    check(organization.clone().repository("shop"), &expected("repo:octo-org/shop:*"));
    check(
        organization.repository("shop").branch("main"),
        &expected("repo:octo-org/shop:ref:refs/heads/main"),
    );
}

#[test]
fn values_are_written_as_json_strings() {
    let odd = "a\"b\\c\u{7}";
    let policy = trust::account("111122223333").require_external_id(odd);
    let read = Policy::parse(PolicyKind::RoleTrust, policy.to_string()).unwrap();
    let condition = read.statements().first().unwrap().conditions().first().unwrap();
    assert_eq!(condition.values().first().unwrap().value.as_str(), odd);
}
