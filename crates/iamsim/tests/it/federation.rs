//! Web identity and SAML (TRAP-56 to TRAP-61).

use iamsim::{
    AssumeRoleWithSaml, AssumeRoleWithWebIdentity, Cloud, Result, RoleArn, SamlAssertion, Session, TimeDelta,
    WebIdentityToken, trust,
};

use crate::support::{HOME, allow, assert_reason, assert_refused, error, statement};

const ISSUER: &str = "https://id.example.com";

fn web(trust_policy: impl Fn(&str) -> String) -> (Cloud, RoleArn) {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let provider = account.add_oidc_provider(ISSUER, &["app-1", "app-2"]).unwrap();
    let role = account.add_role("web", trust_policy(&provider)).unwrap().arn();
    (cloud, role)
}

fn token() -> WebIdentityToken {
    WebIdentityToken::new(ISSUER, "alice", "app-1")
}

fn assume(cloud: &mut Cloud, role: &RoleArn, token: &WebIdentityToken) -> Result<Session> {
    cloud.sts().assume_role_with_web_identity(AssumeRoleWithWebIdentity::new(role, "alice", token))
}

/// A trust policy for a provider, without conditions.
fn open(provider: &str) -> String {
    statement(&format!(
        r#""Effect": "Allow", "Principal": {{"Federated": "{provider}"}}, "Action": "sts:AssumeRoleWithWebIdentity""#
    ))
}

/// TRAP-56, TRAP-57, TRAP-58
#[test]
fn a_token_is_checked_before_the_trust_policy() {
    let (mut cloud, role) = web(open);
    let other = WebIdentityToken::new("https://other.example.com", "alice", "app-1");
    assert_refused(
        assume(&mut cloud, &role, &other),
        "InvalidIdentityToken",
        400,
        "No OpenIDConnect provider found in your account for https://other.example.com",
    );
    let audience = WebIdentityToken::new(ISSUER, "alice", "app-3");
    assert_refused(
        assume(&mut cloud, &role, &audience),
        "InvalidIdentityToken",
        400,
        "Incorrect token audience",
    );
    assume(&mut cloud, &role, &audience.authorized_party("app-2")).unwrap(); // TRU-87
    let now = cloud.clock().now();
    let old = token().issued_at(now - TimeDelta::hours(2)).expires_at(now);
    assert_refused(
        assume(&mut cloud, &role, &old),
        "ExpiredTokenException",
        400,
        "Token expired: current date/time 1893488400 must be before the expiration date/time1893488400",
    );
    assume(&mut cloud, &role, &token()).unwrap();
}

/// TRAP-59
#[test]
fn a_refused_web_identity_has_no_arn_to_name() {
    let (mut cloud, role) = web(|provider| trust::web_identity(provider, "app-2").to_string());
    let answer = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    assert_refused(assume(&mut cloud, &role, &token()), "AccessDenied", 403, answer);
    let missing: RoleArn = "arn:aws:iam::111122223333:role/none".parse().unwrap();
    assert_refused(assume(&mut cloud, &missing, &token()), "AccessDenied", 403, answer);
}

/// TRAP-60
#[test]
fn the_issuer_s_path_is_part_of_its_keys() {
    let issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ABC";
    let check = |key: &str, expected: bool| {
        let mut cloud = Cloud::new();
        let mut account = cloud.account(HOME).unwrap();
        let provider =
            account.add_oidc_provider(&format!("https://{issuer}"), &["sts.amazonaws.com"]).unwrap();
        let trust = statement(&format!(
            r#""Effect": "Allow", "Principal": {{"Federated": "{provider}"}},
               "Action": "sts:AssumeRoleWithWebIdentity",
               "Condition": {{"StringEquals": {{"{key}": "system:serviceaccount:shop:cart"}}}}"#
        ));
        let role = account.add_role("pod", trust).unwrap().arn();
        let subject = "system:serviceaccount:shop:cart";
        let token = WebIdentityToken::new(&format!("https://{issuer}"), subject, "sts.amazonaws.com");
        let found = assume(&mut cloud, &role, &token);
        assert_eq!(found.is_ok(), expected, "{key}: {found:?}");
    };
    check(&format!("{issuer}:sub"), true); // TRU-86
    check(&format!("{}:SUB", issuer.to_uppercase()), true); // TRU-77
}

#[test]
fn a_key_without_the_issuer_s_path_is_not_met() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let url = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC";
    let provider = account.add_oidc_provider(url, &["sts.amazonaws.com"]).unwrap();
    let trust = statement(&format!(
        r#""Effect": "Allow", "Principal": {{"Federated": "{provider}"}}, "Action": "sts:AssumeRoleWithWebIdentity",
           "Condition": {{"StringEquals": {{"oidc.eks.eu-west-1.amazonaws.com:sub": "x"}}}}"#
    ));
    let role = account.add_role("pod", trust).unwrap().arn();
    let refused = error(assume(&mut cloud, &role, &WebIdentityToken::new(url, "x", "sts.amazonaws.com")));
    assert_eq!(refused.code(), "AccessDenied", "{refused:?}");
}

/// TRU-105
#[test]
fn the_providers_that_aws_knows_by_name_need_no_provider_of_the_account() {
    let check = |policy: trust::TrustPolicy, token: WebIdentityToken, expected: bool| {
        let mut cloud = Cloud::new();
        let role = cloud.account(HOME).unwrap().add_role("app", policy).unwrap().arn();
        let found = assume(&mut cloud, &role, &token);
        assert_eq!(found.is_ok(), expected, "{found:?}");
    };
    let google = |audience: &str| WebIdentityToken::new("https://accounts.google.com", "1", audience);
    check(trust::google("app-1"), google("app-1"), true);
    check(trust::google("app-1"), google("app-2"), false);
    let amazon = WebIdentityToken::new("www.amazon.com", "1", "app-1").claim("app_id", "app-1");
    check(trust::amazon("app-1"), amazon.clone(), true);
    check(trust::amazon("app-2"), amazon, false);
    let facebook = WebIdentityToken::new("graph.facebook.com", "1", "app-1").claim("app_id", "app-1");
    check(trust::facebook("app-1"), facebook, true);
    let cognito = |amr: &str| {
        let token =
            WebIdentityToken::new("https://cognito-identity.amazonaws.com", "eu-west-1:1", "eu-west-1:pool");
        token.claim_many("amr", &[amr, "provider"])
    };
    let policy = || trust::cognito("eu-west-1:pool", trust::CognitoUsers::Authenticated);
    check(policy(), cognito("authenticated"), true);
    check(policy(), cognito("unauthenticated"), false);
}

#[test]
fn a_token_s_tags_and_source_identity_go_into_the_session() {
    let tagged = || token().transitive_tag("project", "x").source_identity("alice@corp");
    let (mut cloud, role) = web(open);
    let refused = error(assume(&mut cloud, &role, &tagged()));
    assert_eq!(refused.message(), "Not authorized to perform sts:TagSession"); // TRU-54
    let (mut cloud, role) = web(|provider| {
        trust::web_identity(provider, "app-1")
            .with_action("sts:TagSession")
            .with_action("sts:SetSourceIdentity")
            .to_string()
    });
    let session = assume(&mut cloud, &role, &tagged()).unwrap();
    assert_eq!(session.tags(), [("project".to_owned(), "x".to_owned())]); // TRU-8A
    assert_eq!(session.source_identity(), Some("alice@corp"));
}

/// TRU-73, TRU-97
#[test]
fn a_session_remembers_who_vouched() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let role = account.add_role("app", trust::google("app-1")).unwrap();
    let own_folder = statement(
        r#""Effect": "Allow", "Action": "s3:GetObject",
           "Resource": "arn:aws:s3:::home/${accounts.google.com:sub}/*",
           "Condition": {"StringEquals": {"aws:FederatedProvider": "accounts.google.com"}}"#,
    );
    let role = role.attach("own-folder", own_folder).unwrap().arn();
    account.add_resource("arn:aws:s3:::home").unwrap();
    let token = WebIdentityToken::new("https://accounts.google.com", "117", "app-1");
    let session = assume(&mut cloud, &role, &token).unwrap();
    cloud.assert_allows(session.caller(), "s3:GetObject", "arn:aws:s3:::home/117/a");
    cloud.assert_denies(session.caller(), "s3:GetObject", "arn:aws:s3:::home/118/a");
}

fn saml() -> (Cloud, RoleArn, String) {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let provider = account.add_saml_provider("corporate").unwrap();
    let role = account.add_role("analyst", trust::saml(&provider)).unwrap();
    let role = role.max_session_duration(TimeDelta::hours(8)).unwrap();
    let role = role.attach("all", allow("s3:*", "*")).unwrap().arn();
    (cloud, role, provider)
}

fn with_saml(cloud: &mut Cloud, role: &RoleArn, assertion: &SamlAssertion) -> Result<Session> {
    cloud.sts().assume_role_with_saml(AssumeRoleWithSaml::new(role, assertion))
}

/// TRAP-61
#[test]
fn the_saml_audience_is_the_recipient() {
    let (mut cloud, role, provider) = saml();
    let assertion = SamlAssertion::new(&provider, "alice", "alice");
    let session = with_saml(&mut cloud, &role, &assertion).unwrap();
    assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/analyst/alice");
    let refused = with_saml(&mut cloud, &role, &assertion.recipient("https://elsewhere.example.com"));
    let refused = error(refused);
    assert_eq!(refused.message(), "Not authorized to perform sts:AssumeRoleWithSAML"); // TRU-44
    let why = "the role's trust policy has a condition on `SAML:aud`, and `https://elsewhere.example.com` does not \
               meet it";
    assert_eq!(refused.reason(), Some(why));
}

/// TRU-91, TRU-92, TRU-93
#[test]
fn an_assertion_is_checked_before_the_trust_policy() {
    let (mut cloud, role, provider) = saml();
    let assertion = || SamlAssertion::new(&provider, "alice", "alice");
    let mut check = |assertion: SamlAssertion, code: &str, message: &str| {
        let refused = error(with_saml(&mut cloud, &role, &assertion));
        assert_eq!((refused.code(), refused.message()), (code, message));
    };
    let nobody = SamlAssertion::new("arn:aws:iam::111122223333:saml-provider/none", "alice", "alice");
    check(nobody, "InvalidIdentityToken", "Specified provider doesn't exist.");
    check(
        assertion().without_session_name(),
        "InvalidIdentityToken",
        "RoleSessionName is required in AuthnResponse",
    );
    check(
        SamlAssertion::new(&provider, "alice", "alice b"),
        "InvalidIdentityToken",
        "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
    );
    check(
        assertion().source_identity("aws:me"),
        "InvalidIdentityToken",
        "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with \"aws:\"",
    );
    check(
        assertion().role("arn:aws:iam::111122223333:role/other"),
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithSAML",
    );
    let now = Cloud::new().clock().now();
    let old = error(with_saml(&mut cloud, &role, &assertion().issued_at(now - TimeDelta::minutes(5))));
    assert_eq!((old.code(), old.status()), ("ExpiredTokenException", 400));
}

/// TRU-94
#[test]
fn the_session_ends_with_the_one_at_the_identity_provider() {
    let (mut cloud, role, provider) = saml();
    let now = cloud.clock().now();
    let end = now + TimeDelta::minutes(20);
    let assertion = SamlAssertion::new(&provider, "alice", "alice").session_not_on_or_after(end);
    let session = with_saml(&mut cloud, &role, &assertion).unwrap();
    assert_eq!(session.expires_at(), end);
    let long = AssumeRoleWithSaml::new(&role, &SamlAssertion::new(&provider, "alice", "alice"));
    let long = cloud.sts().assume_role_with_saml(long.duration(TimeDelta::hours(9)));
    assert_eq!(
        error(long).message(),
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role." // STS-23
    );
}

/// TRU-95: attributes are keys of the call, and eduPerson attributes are lists.
#[test]
fn attributes_of_an_assertion_decide() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let provider = account.add_saml_provider("university").unwrap();
    let staff = trust::saml_programmatic(&provider, "saml:sub_type", "persistent").when(
        "ForAnyValue:StringEquals",
        "saml:edupersonaffiliation",
        &["staff"],
    );
    let role = account.add_role("staff", staff).unwrap().arn();
    let alice = SamlAssertion::new(&provider, "alice", "alice");
    let student = alice.clone().attribute("eduPersonAffiliation", "student");
    assert_reason(
        with_saml(&mut cloud, &role, &student),
        "the role's trust policy has a condition on `saml:edupersonaffiliation` that is not met",
    );
    with_saml(&mut cloud, &role, &student.attribute("eduPersonAffiliation", "staff")).unwrap();
}
