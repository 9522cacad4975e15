//! AWS's own words for a policy it refuses: one sentence, of the first stage that fails (POL-01 to POL-36,
//! TRU-20 to TRU-23). Our findings, with places, travel beside it.

use iamsim_policy::{Code, Comparison, Diagnostic, Family, PolicyKind, Severity, Version};

use crate::document::Document;
use crate::error::{ErrorCode, ModelError};

/// AWS's code and message for findings in a document of a kind.
pub(crate) fn message(kind: PolicyKind, findings: &[Diagnostic]) -> (ErrorCode, String) {
    let errors = || findings.iter().filter(|finding| finding.severity() == Severity::Error);
    match kind {
        PolicyKind::RoleTrust => (ErrorCode::MalformedPolicyDocument, trust(errors())),
        PolicyKind::ServiceControl | PolicyKind::ResourceControl => (
            ErrorCode::MalformedPolicyDocumentException,
            "The provided policy document does not meet the requirements of the specified policy type."
                .into(),
        ),
        _ => {
            let first = errors().map(stage).min();
            let message = first.map_or_else(|| SYNTAX.into(), |(_, message)| message);
            (ErrorCode::MalformedPolicyDocument, message)
        }
    }
}

const SYNTAX: &str = "Syntax errors in policy.";
const NO_ACTIONS: &str = "Policy statement must contain actions.";
const NO_RESOURCES: &str = "Policy statement must contain resources.";
const LEGACY: &str = "The policy failed legacy parsing";

/// The order in which IAM looks (POL-01): the first stage that fails is the one it speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Syntax,
    Legacy,
    Sid,
    Actions,
    Resources,
    ActionPrefix,
}

fn stage(finding: &Diagnostic) -> (Stage, String) {
    let text = finding.source().text_of(finding.span());
    let text = text.trim_matches('"');
    match finding.code() {
        Code::InvalidEffect if ["allow", "deny"].iter().any(|effect| effect.eq_ignore_ascii_case(text)) => {
            (Stage::Legacy, LEGACY.into()) // POL-12
        }
        Code::DuplicateSid => {
            (Stage::Sid, "Statement IDs (SID) in a single policy must be unique.".into()) // POL-13
        }
        Code::InvalidSid => (
            Stage::Sid,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*"
                .into(), // POL-23
        ),
        Code::Missing | Code::EmptyList if names(finding, "Action") => (Stage::Actions, NO_ACTIONS.into()), // POL-14
        Code::Missing | Code::EmptyList if names(finding, "Resource") => {
            (Stage::Resources, NO_RESOURCES.into()) // POL-15
        }
        Code::InvalidResource => resource(text),
        Code::InvalidAction => (Stage::ActionPrefix, action(text)),
        Code::ForbiddenElement if finding.message().contains("Principal") => {
            (Stage::Syntax, "Policy document should not specify a principal.".into()) // POL-36
        }
        _ => (Stage::Syntax, SYNTAX.into()), // POL-10
    }
}

/// Whether a finding is about an element or its opposite.
fn names(finding: &Diagnostic, element: &str) -> bool {
    let message = finding.message();
    message.contains(&format!("`{element}`")) || message.contains(&format!("`Not{element}`"))
}

/// POL-16 to POL-18.
fn action(text: &str) -> String {
    match text.split_once(':') {
        None => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into(),
        Some((_, name)) if name.contains(':') => "Actions/Condition can contain only one colon.".into(),
        Some((vendor, _)) => format!("Vendor {vendor} is not valid"),
    }
}

/// POL-12, POL-19 to POL-22, POL-35.
fn resource(text: &str) -> (Stage, String) {
    if !text.contains(':') {
        return (Stage::Resources, format!("Resource {text} must be in ARN format or \"*\"."));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or("*");
    let partition = part(1);
    let known = partition == "*" || partition == "aws" || partition.starts_with("aws-");
    if known
        && parts.len() > 2
        && (part(2).is_empty() || parts.len() < 6 && parts.iter().any(|part| part.is_empty()))
    {
        return (Stage::Legacy, LEGACY.into());
    }
    let message = if !known {
        let rest = [part(2), part(3), part(4), part(5)].join(":");
        format!("Partition \"{partition}\" is not valid for resource \"arn:{partition}:{rest}\".")
    } else if parts.len() < 3 {
        "Resource vendor must be fully qualified and cannot contain regexes.".into()
    } else if part(2) == "iam" && !part(3).is_empty() && part(3) != "*" {
        format!("IAM resource {text} cannot contain region information.")
    } else if part(2) == "s3" && !part(3).is_empty() && part(3) != "*" {
        format!("Resource {text} can not contain region information.")
    } else if part(2) == "iam" {
        "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
         instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, \
         access-report/."
            .into()
    } else {
        "Resource vendor must be fully qualified and cannot contain regexes.".into()
    };
    (Stage::Resources, message)
}

fn trust<'d>(mut errors: impl Iterator<Item = &'d Diagnostic> + Clone) -> String {
    let json = [
        Code::InvalidJson,
        Code::TooDeep,
        Code::TooLarge,
        Code::NotUtf8,
        Code::ByteOrderMark,
        Code::LoneSurrogate,
    ];
    if errors.clone().any(|finding| json.contains(&finding.code())) {
        return "This policy contains invalid Json".into(); // TRU-20
    }
    if errors.clone().any(|finding| finding.code() == Code::TrustAction) {
        return "AssumeRole policy may only specify STS AssumeRole actions.".into(); // TRU-21
    }
    let first = errors.next();
    match first.map(|finding| (finding.code(), finding)) {
        Some((Code::ForbiddenElement, finding)) => {
            let element = ["NotResource", "Resource", "NotPrincipal"]
                .into_iter()
                .find(|element| finding.source().text_of(finding.span()).contains(element));
            format!("Has prohibited field {}", element.unwrap_or("Resource")) // TRU-22
        }
        Some((Code::InvalidPrincipal, finding)) => {
            let text = finding.source().text_of(finding.span()).trim_matches('"');
            if text == "*" {
                return "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".".into(); // TRU-27
            }
            format!("Invalid principal in policy: \"AWS\":\"{text}\"") // TRU-25, TRU-28, TRU-29
        }
        Some((Code::Missing, finding)) => {
            // TRU-23: the text is not recorded.
            let missing = ["Principal", "Action", "Effect", "Statement"]
                .into_iter()
                .find(|element| finding.message().contains(&format!("`{element}`")));
            format!("Missing required field {}", missing.unwrap_or("Principal"))
        }
        _ => SYNTAX.into(),
    }
}

/// What IAM refuses of an identity policy that is written, though older ones are stored so (POL-11, POL-12,
/// POL-14, POL-15).
pub(crate) fn check_written(document: &Document) -> Result<(), ModelError> {
    let policy = document.policy();
    let refuse = |message: &str, reason: &str| {
        Err(ModelError::new(ErrorCode::MalformedPolicyDocument, message)
            .with_reason(format!("{}: {reason}", policy.source().place(policy.span()))))
    };
    if policy.written_version() != Some(Version::V2012) {
        return refuse(
            "Policy document must be version 2012-10-17 or greater.",
            "a new policy needs `\"Version\": \"2012-10-17\"` (POL-11)",
        );
    }
    let unreadable = policy.warnings().iter().any(|finding| {
        finding.code() == Code::UnreadableValue
            && policy.statements().iter().flat_map(iamsim_policy::Statement::conditions).any(|condition| {
                is_date(condition.operator().comparison)
                    && condition.values().iter().any(|value| value.span == finding.span())
            })
    });
    if unreadable {
        return refuse(LEGACY, "a date can't be read (POL-12)");
    }
    if policy.statements().iter().any(|statement| statement.action().patterns().is_empty()) {
        return refuse(NO_ACTIONS, "a statement has an empty list of actions (POL-14)");
    }
    let empty = |statement: &iamsim_policy::Statement| {
        statement.resource().is_none_or(|clause| clause.patterns().is_empty())
    };
    if policy.statements().iter().any(empty) {
        return refuse(NO_RESOURCES, "a statement has an empty list of resources (POL-15)");
    }
    Ok(())
}

fn is_date(comparison: Comparison) -> bool {
    comparison.family() == Family::Date
}
