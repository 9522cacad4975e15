//! Policies on resources: `PutBucketPolicy`, and the same for queues, topics, functions, keys and endpoints.
//!
//! Recorded from AWS: S3's answers to what is no JSON object and to a missing `Statement` (PE-VAL-04), and
//! SNS's to an action of another service (PE-VAL-06). The other texts are reported publicly.

use crate::action::ActionPattern;
use crate::arn::Arn;
use crate::diagnostic::{Code, Diagnostic};
use crate::json::{self, Node, Value};
use crate::policy::{
    Effect, Policy, PolicyKind, ResourceClause, ResourcePattern, ResourceService, Statement,
};
use crate::principal::{PrincipalClause, PrincipalPattern};
use crate::source::Source;
use crate::wildcard;

use super::{WriteRefusal, entries, is_service, member, parsed, statements, unknown_principals, value};

pub(super) fn check(
    service: ResourceService,
    source: &Source,
    target: Option<&Arn>,
    exists: &dyn Fn(&PrincipalPattern) -> bool,
) -> Result<Policy, WriteRefusal> {
    if service == ResourceService::S3 {
        return bucket(source, target, exists);
    }
    let kind = PolicyKind::Resource(service);
    let (code, malformed, principal, action) = match service {
        ResourceService::Sqs => {
            let text = "Invalid value for the parameter Policy.";
            ("InvalidAttributeValue", text, text, text)
        }
        ResourceService::Sns => {
            let text = "Invalid parameter: Policy Error: null";
            let scope = "Invalid parameter: Policy statement action out of service scope!";
            ("InvalidParameter", text, text, scope)
        }
        ResourceService::Lambda => {
            let text = "The provided principal was invalid. Please check the principal and try again.";
            ("InvalidParameterValueException", text, text, text)
        }
        ResourceService::Kms => (
            "MalformedPolicyDocumentException",
            "The specified policy is not syntactically or semantically correct.",
            "Policy contains a statement with one or more invalid principals.",
            "The specified policy is not syntactically or semantically correct.",
        ),
        ResourceService::S3 | ResourceService::Other => {
            let text = "Syntax errors in policy.";
            ("MalformedPolicyDocument", text, "Invalid principal in policy", text)
        }
    };
    let refuse = |message: &str| WriteRefusal::new(code, 400, message);
    let document = parsed(source, || refuse(malformed))?;
    let actions =
        statements(&document).iter().flat_map(|statement| entries(statement, ["Action", "NotAction"]));
    if actions.into_iter().any(|action| !is_service(service, action)) {
        return Err(refuse(action));
    }
    let policy = Policy::from_node(kind, source, &document).map_err(|error| {
        let named = error.diagnostics().iter().any(|finding| finding.code() == Code::InvalidPrincipal);
        refuse(if named { principal } else { malformed })
    })?;
    if names_nobody(&policy) || unknown_principals(&policy, exists).is_some() {
        return Err(refuse(principal));
    }
    if policy
        .statements()
        .iter()
        .any(|statement| lets_everyone_else_in(statement) || lacks_entries(statement))
    {
        return Err(refuse(malformed));
    }
    Ok(policy)
}

/// PE-TYP-10: new documents pair `NotPrincipal` with `Deny`.
fn lets_everyone_else_in(statement: &Statement) -> bool {
    statement.effect() == Effect::Allow && statement.principal().is_some_and(PrincipalClause::is_negated)
}

/// PE-TYP-05, PE-TYP-12
fn lacks_entries(statement: &Statement) -> bool {
    statement.principal().is_none_or(|clause| clause.entries().is_empty())
        || statement.action().patterns().is_empty()
        || statement.resource().is_some_and(|clause| clause.patterns().is_empty())
}

/// PE-PRN-05, PE-PRN-09, PE-PRN-12
fn names_nobody(policy: &Policy) -> bool {
    let mut clauses = policy.statements().iter().filter_map(Statement::principal);
    clauses
        .any(|clause| clause.entries().iter().any(|entry| matches!(entry.value, PrincipalPattern::Nobody(_))))
}

fn bucket(
    source: &Source,
    target: Option<&Arn>,
    exists: &dyn Fn(&PrincipalPattern) -> bool,
) -> Result<Policy, WriteRefusal> {
    let refuse = |message: &str| WriteRefusal::new("MalformedPolicy", 400, message);
    let not_json = || refuse("Policies must be valid JSON and the first byte must be '{'");
    if !source.text().starts_with('{') {
        return Err(not_json());
    }
    let document = parsed(source, not_json)?;
    if let Some(message) = missing_or_unknown(&document) {
        return Err(refuse(&message));
    }
    if value(&document, "Version").is_some_and(|node| !is_version(node)) {
        return Err(refuse("The policy must contain a valid version string"));
    }
    let s3 = ResourceService::S3;
    let policy = Policy::from_node(PolicyKind::Resource(s3), source, &document).map_err(|error| {
        let first = error.diagnostics().iter().find(|finding| finding.severity() == crate::Severity::Error);
        refuse(match first.map(Diagnostic::code) {
            Some(Code::InvalidPrincipal) => "Invalid principal in policy",
            Some(Code::InvalidAction) => "Policy has invalid action",
            Some(Code::InvalidResource) => "Policy has invalid resource",
            Some(Code::NoStatements) => "Could not parse the policy: Statement is empty!",
            _ => "Policy has invalid syntax",
        })
    })?;
    if names_nobody(&policy) || unknown_principals(&policy, exists).is_some() {
        return Err(refuse("Invalid principal in policy"));
    }
    for statement in policy.statements() {
        if lets_everyone_else_in(statement) {
            return Err(refuse("Allow with NotPrincipal is not allowed."));
        }
        let actions = statement.action().patterns();
        let bad = |pattern: &ActionPattern| pattern.is_inert() || !is_service(s3, pattern.as_str());
        if actions.is_empty() || actions.iter().any(|pattern| bad(&pattern.value)) {
            return Err(refuse("Policy has invalid action"));
        }
        let resources = statement.resource().map(ResourceClause::patterns).unwrap_or_default();
        if resources.is_empty() || !resources.iter().all(|pattern| is_of(&pattern.value, target)) {
            return Err(refuse("Policy has invalid resource"));
        }
        if lacks_entries(statement) {
            return Err(refuse("Invalid principal in policy"));
        }
    }
    Ok(policy)
}

fn is_version(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::String(text) if text == "2012-10-17" || text == "2008-10-17")
}

fn missing_or_unknown(document: &Node<'_>) -> Option<String> {
    let missing = |name: &str| Some(format!("Missing required field {name}"));
    let unknown = |node: &Node<'_>, known: &[&str]| match &node.value {
        Value::Object(members) => members
            .iter()
            .find(|member| !known.contains(&&*member.key))
            .map(|member| format!("Unknown field {}", member.key)),
        _ => None,
    };
    if member(document, "Statement").is_none() {
        return missing("Statement");
    }
    unknown(document, &["Version", "Id", "Statement"]).or_else(|| {
        statements(document).iter().find_map(|statement| {
            unknown(statement, crate::lower::STATEMENT).or_else(|| {
                let has = |names: &[&str]| names.iter().any(|name| member(statement, name).is_some());
                [
                    &["Effect"][..],
                    &["Principal", "NotPrincipal"],
                    &["Action", "NotAction"],
                    &["Resource", "NotResource"],
                ]
                .into_iter()
                .find(|names| !has(names))
                .and_then(|names| names.first().and_then(|name| missing(name)))
            })
        })
    })
}

/// Whether an entry speaks of the bucket the policy is put on, or of what is in it (PE-RES-17). `*` does not.
fn is_of(pattern: &ResourcePattern, target: Option<&Arn>) -> bool {
    let ResourcePattern::Arn(pattern) = pattern else { return false };
    let Some(target) = target else { return true };
    let text = pattern.as_str().splitn(crate::arn::ARN_PARTS, ':').last().unwrap_or_default();
    let name = text.split('/').next().unwrap_or_default();
    pattern.matches_head(target) && wildcard::matches(name, target.resource())
}

/// An endpoint's policy, by EC2: the answer names the place of the first error.
pub(super) fn endpoint(source: &Source) -> Result<Policy, WriteRefusal> {
    let refuse = |finding: Option<&Diagnostic>| {
        let place = finding.map(Diagnostic::position);
        let (line, column) = place.map_or((1, 1), |place| (place.line, place.column));
        WriteRefusal::new(
            "InvalidPolicyDocument",
            400,
            format!("The Policy Document is not valid. Syntax error at position ({line},{column})"),
        )
    };
    let document = json::parse(source).map_err(|finding| refuse(Some(&finding)))?;
    let policy = Policy::from_node(PolicyKind::VpcEndpoint, source, &document).map_err(|error| {
        refuse(error.diagnostics().iter().find(|finding| finding.severity() == crate::Severity::Error))
    })?;
    if policy.statements().iter().any(lacks_entries) { Err(refuse(None)) } else { Ok(policy) }
}
