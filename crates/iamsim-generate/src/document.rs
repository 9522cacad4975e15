//! The documents of an organization, as text.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::corpus::{Corpus, Place, Statement};
use crate::draw::Draw;
use crate::shape::{INLINE_ACTIONS, INLINE_SERVICES, INLINE_STATEMENTS, STATEMENTS, TEAMS};

/// A customer policy may have 6,144 characters.
const LONGEST_POLICY: usize = 6_000;

/// Statements as a document; most have a Sid.
fn document(statements: &[Statement], draw: &mut Draw) -> String {
    let mut text = String::from("{\"Version\":\"2012-10-17\",\"Statement\":[");
    let named = draw.percent(60);
    for (index, statement) in statements.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let sid = named.then(|| format!("Statement{}", index + 1));
        statement.write(sid.as_deref(), &mut text);
    }
    text.push_str("]}");
    text
}

/// A customer managed policy: statements that somebody copied together.
pub(crate) fn customer(corpus: &Corpus, draw: &mut Draw, place: Option<Place<'_>>) -> String {
    let mut statements = Vec::new();
    let mut length = 0;
    for _ in 0..draw.among(&STATEMENTS) {
        let Some(statement) = corpus.statement(draw, place) else { continue };
        let mut text = String::new();
        statement.write(Some("Statement00"), &mut text);
        length += text.len() + 1;
        if length > LONGEST_POLICY && !statements.is_empty() {
            break;
        }
        statements.push(statement);
    }
    document(&statements, draw)
}

/// What a template writes into a role: few actions of one service, on one thing.
pub(crate) fn inline(corpus: &Corpus, draw: &mut Draw, place: Place<'_>) -> String {
    let mut statements = Vec::new();
    for _ in 0..draw.among(&INLINE_STATEMENTS) {
        let service = draw.weighted(INLINE_SERVICES).copied().unwrap_or("s3");
        let mut actions: Vec<String> = Vec::new();
        let mut resource = "*".to_owned();
        for index in 0..draw.among(&INLINE_ACTIONS) {
            let Some(action) = corpus.action_of(service, draw) else { continue };
            let exact = format!("{service}:{}", action.name());
            if index == 0 && draw.percent(80) {
                resource = corpus.resource_of(&exact, draw, place);
            }
            let written = match draw.below(1000) {
                0..7 => "*".to_owned(),
                7..13 => format!("{service}:*"),
                13..24 => format!("{service}:{}*", first_word(action.name())),
                _ => exact,
            };
            if !actions.contains(&written) {
                actions.push(written);
            }
        }
        statements.push(Statement {
            denies: draw.below(1000) < 9,
            not_action: false,
            actions,
            not_resource: false,
            resources: vec![resource],
            condition: if draw.percent(1) {
                json!({"Bool": {"aws:SecureTransport": "true"}})
            } else {
                Value::Null
            },
        });
    }
    document(&statements, draw)
}

/// `Describe` of `DescribeInstances`.
fn first_word(name: &str) -> &str {
    let second = name.char_indices().skip(1).find(|(_, letter)| letter.is_ascii_uppercase());
    second.and_then(|(at, _)| name.get(..at)).unwrap_or(name)
}

/// Whole services on everything, as nobody would write today.
pub(crate) fn legacy(draw: &mut Draw) -> String {
    let allow = |actions: Vec<String>, condition: Value| Statement {
        denies: false,
        not_action: false,
        actions,
        not_resource: false,
        resources: vec!["*".to_owned()],
        condition,
    };
    let mut services: Vec<String> = Vec::new();
    for _ in 0..=draw.below(4) {
        let service = draw.weighted(INLINE_SERVICES).copied().unwrap_or("s3");
        services.push(format!("{service}:*"));
    }
    services.dedup();
    let mut statements = vec![allow(services, Value::Null)];
    if draw.percent(40) {
        statements.push(allow(vec!["ec2:Describe*".to_owned(), "s3:Get*".to_owned()], Value::Null));
    }
    if draw.percent(20) {
        statements.push(Statement {
            not_action: true,
            ..allow(vec!["iam:*".to_owned(), "organizations:*".to_owned()], Value::Null)
        });
    }
    if draw.percent(20) {
        let hours = json!({"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}});
        statements.push(allow(vec!["cloudwatch:*".to_owned()], hours));
    }
    document(&statements, draw)
}

/// The boundary of an account: everything but identities and the organization.
pub(crate) const BOUNDARY: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Work\",\
    \"Effect\":\"Allow\",\"NotAction\":[\"iam:*\",\"organizations:*\",\"account:*\"],\"Resource\":\"*\"},\
    {\"Sid\":\"NoIdentities\",\"Effect\":\"Deny\",\"Action\":[\"iam:Create*\",\"iam:Delete*\",\"iam:Put*\",\
    \"iam:Attach*\"],\"Resource\":\"*\"}]}";

fn trust(principal: &str, action: &str, condition: &str) -> String {
    let mut text = format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{principal},\
         \"Action\":\"{action}\""
    );
    if !condition.is_empty() {
        let _ = write!(text, ",\"Condition\":{condition}");
    }
    text.push_str("}]}");
    text
}

/// Trusts a service.
pub(crate) fn service_trust(service: &str) -> String {
    trust(&format!("{{\"Service\":\"{service}\"}}"), "sts:AssumeRole", "")
}

/// Where pipelines come from.
pub(crate) const OIDC_HOST: &str = "token.actions.githubusercontent.com";
/// What people sign in with.
pub(crate) const SAML_PROVIDER: &str = "workforce";

/// Trusts the pipelines of one repository.
pub(crate) fn pipeline_trust(account: &str, repository: &str) -> String {
    trust(
        &format!("{{\"Federated\":\"arn:aws:iam::{account}:oidc-provider/{OIDC_HOST}\"}}"),
        "sts:AssumeRoleWithWebIdentity",
        &format!(
            "{{\"StringEquals\":{{\"{OIDC_HOST}:aud\":\"sts.amazonaws.com\"}},\
             \"StringLike\":{{\"{OIDC_HOST}:sub\":\"repo:example/{repository}:*\"}}}}"
        ),
    )
}

/// Trusts the workforce's sign-in.
pub(crate) fn person_trust(account: &str) -> String {
    trust(
        &format!("{{\"Federated\":\"arn:aws:iam::{account}:saml-provider/{SAML_PROVIDER}\"}}"),
        "sts:AssumeRoleWithSAML",
        "{\"StringEquals\":{\"SAML:aud\":\"https://signin.aws.amazon.com/saml\"}}",
    )
}

/// Trusts an account, half of the time with an external id.
pub(crate) fn account_trust(account: &str, draw: &mut Draw) -> String {
    let condition = if draw.percent(50) {
        let id = draw.next();
        format!("{{\"StringEquals\":{{\"sts:ExternalId\":\"{id:016x}\"}}}}")
    } else {
        String::new()
    };
    trust(&format!("{{\"AWS\":\"arn:aws:iam::{account}:root\"}}"), "sts:AssumeRole", &condition)
}

/// A service control policy, and an action it denies to everybody.
pub(crate) struct Guardrail {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) denies: &'static str,
}

/// Deny lists with one way out by the caller's ARN, in the two spellings that people write the key in.
pub(crate) fn service_control(level: usize, draw: &mut Draw) -> Vec<Guardrail> {
    let all: [(&'static str, &'static str, &[&str], &str); 5] = [
        (
            "no-trail-changes",
            "cloudtrail:StopLogging",
            &["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail"],
            "{\"ArnNotLike\":{\"aws:PrincipalARN\":\"arn:aws:iam::*:role/platform/audit\"}}",
        ),
        (
            "stay-in-the-organization",
            "organizations:LeaveOrganization",
            &["organizations:LeaveOrganization"],
            "",
        ),
        (
            "no-long-term-keys",
            "iam:CreateAccessKey",
            &["iam:CreateAccessKey", "iam:CreateLoginProfile"],
            "{\"ArnNotLike\":{\"aws:PrincipalArn\":[\"arn:aws:iam::*:role/platform/*\"]}}",
        ),
        (
            "no-detector-changes",
            "guardduty:DeleteDetector",
            &["guardduty:Delete*", "guardduty:Disassociate*", "securityhub:Disable*"],
            "{\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/platform/security\"}}",
        ),
        (
            "no-public-images",
            "ec2:EnableSerialConsoleAccess",
            &["ec2:EnableSerialConsoleAccess", "ec2:DisableEbsEncryptionByDefault"],
            "{\"StringNotLike\":{\"aws:PrincipalTag/team\":\"ops\"}}",
        ),
    ];
    let mut guardrails = Vec::new();
    for (index, (name, denies, actions, condition)) in all.into_iter().enumerate() {
        // Each level has its own, so that an account deep down meets most of them once.
        if index % 3 != level % 3 && !draw.percent(15) {
            continue;
        }
        let actions: Vec<String> = actions.iter().map(|action| (*action).to_owned()).collect();
        let statement = Statement {
            denies: true,
            not_action: false,
            actions,
            not_resource: false,
            resources: vec!["*".to_owned()],
            condition: serde_json::from_str(condition).unwrap_or_default(),
        };
        guardrails.push(Guardrail { name, text: document(&[statement], draw), denies });
    }
    guardrails
}

/// A resource control policy: only the organization and AWS's services come near data.
pub(crate) const PERIMETER: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Perimeter\",\
    \"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"s3:*\",\"sqs:*\",\"kms:*\",\"secretsmanager:*\"],\
    \"Resource\":\"*\",\"Condition\":{\"StringNotEqualsIfExists\":{\"aws:PrincipalOrgID\":\"${aws:ResourceOrgID}\"},\
    \"BoolIfExists\":{\"aws:PrincipalIsAWSService\":\"false\"}}}]}";

/// The policy on a resource of a service.
pub(crate) fn resource_policy(service: &str, arn: &str, account: &str, draw: &mut Draw) -> String {
    let root = format!("{{\"AWS\":\"arn:aws:iam::{account}:root\"}}");
    let statements = match service {
        "s3" => format!(
            "{{\"Sid\":\"OnlyTls\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\
             \"Resource\":[\"{arn}\",\"{arn}/*\"],\"Condition\":{{\"Bool\":{{\"aws:SecureTransport\":\"false\"}}}}}},\
             {{\"Sid\":\"Read\",\"Effect\":\"Allow\",\"Principal\":{root},\"Action\":[\"s3:GetObject\",\
             \"s3:ListBucket\"],\"Resource\":[\"{arn}\",\"{arn}/*\"],\"Condition\":{{\"StringEquals\":\
             {{\"aws:PrincipalTag/team\":\"{}\"}}}}}}",
            draw.word(TEAMS)
        ),
        "sqs" => format!(
            "{{\"Sid\":\"FromTopics\",\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"sns.amazonaws.com\"}},\
             \"Action\":\"sqs:SendMessage\",\"Resource\":\"{arn}\",\"Condition\":{{\"StringEquals\":\
             {{\"aws:SourceAccount\":\"{account}\"}}}}}}"
        ),
        "kms" => format!(
            "{{\"Sid\":\"Delegate\",\"Effect\":\"Allow\",\"Principal\":{root},\"Action\":\"kms:*\",\
             \"Resource\":\"*\"}}"
        ),
        "secretsmanager" => format!(
            "{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"secretsmanager:DeleteSecret\",\
             \"Resource\":\"*\",\"Condition\":{{\"StringNotEquals\":{{\"aws:PrincipalAccount\":\"{account}\"}}}}}}"
        ),
        _ => format!(
            "{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"events.amazonaws.com\"}},\
             \"Action\":\"lambda:InvokeFunction\",\"Resource\":\"{arn}\",\"Condition\":{{\"StringEquals\":\
             {{\"aws:SourceAccount\":\"{account}\"}}}}}}"
        ),
    };
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statements}]}}")
}
