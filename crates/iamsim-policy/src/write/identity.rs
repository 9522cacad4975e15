//! Identity policies: `CreatePolicy`, `CreatePolicyVersion`, `Put…Policy`, and session policies by the same
//! grammar (STS-35).
//!
//! Codes, messages and order are recorded from AWS (POL-01, POL-10 to POL-22, POL-35, PE-VAL-02), except
//! where a line says otherwise.

use crate::arn::{ARN_PARTS, KNOWN_PARTITIONS};
use crate::date;
use crate::json::{Member, Node, Value, duplicates, duplicates_by};
use crate::lower::IAM_RESOURCES;
use crate::operator::{Family, Operator};
use crate::policy::{Policy, PolicyKind, Version};
use crate::source::Source;
use crate::template::{Syntax, Template};

use super::{WriteRefusal, entries, iam_characters, member, parsed, statements, texts, value};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";

pub(super) fn malformed(message: impl Into<Box<str>>) -> WriteRefusal {
    WriteRefusal::new("MalformedPolicyDocument", 400, message)
}

pub(super) fn check(kind: PolicyKind, source: &Source) -> Result<Policy, WriteRefusal> {
    let parameter = if kind == PolicyKind::Session { "policy" } else { "policyDocument" };
    iam_characters(source, parameter)?;
    let document = parsed(source, || malformed(SYNTAX))?;
    if !is_grammatical(&document) {
        return Err(malformed(SYNTAX));
    }
    // Whether session policies are bound by this is not recorded (PE-VAL-09); what the reference
    // recommends there is no reason to refuse (PE-TYP-03).
    let new = value(&document, "Version").is_some_and(|node| is_text(node, Version::V2012.as_str()));
    if !new && kind != PolicyKind::Session {
        return Err(malformed("Policy document must be version 2012-10-17 or greater."));
    }
    let statements = statements(&document);
    if statements.iter().any(fails_legacy_parsing) {
        return Err(malformed(LEGACY));
    }
    // POL-36 is reported, not recorded; its place in the order is inferred.
    let names_principal = |statement: &Node<'_>| {
        ["Principal", "NotPrincipal"].iter().any(|name| member(statement, name).is_some())
    };
    if statements.iter().any(names_principal) {
        return Err(malformed("Policy document should not specify a principal."));
    }
    sids(statements)?;
    if !statements.iter().all(|statement| has_entries(statement, ["Action", "NotAction"])) {
        return Err(malformed("Policy statement must contain actions."));
    }
    for statement in statements {
        if let Some(message) = entries(statement, ["Resource", "NotResource"]).find_map(bad_resource) {
            return Err(malformed(message));
        }
        if !has_entries(statement, ["Resource", "NotResource"]) {
            return Err(malformed("Policy statement must contain resources."));
        }
    }
    for statement in statements {
        if let Some(message) = entries(statement, ["Action", "NotAction"]).find_map(bad_action) {
            return Err(malformed(message));
        }
    }
    Policy::from_node(kind, source, &document).map_err(|_| malformed(SYNTAX))
}

fn is_text(node: &Node<'_>, text: &str) -> bool {
    matches!(&node.value, Value::String(found) if found == text)
}

/// POL-10. An effect in wrong letters is left to the next stage.
fn is_grammatical(document: &Node<'_>) -> bool {
    let Value::Object(members) = &document.value else { return false };
    let known = |member: &Member<'_>| match &*member.key {
        "Version" => {
            [Version::V2008, Version::V2012].iter().any(|version| is_text(&member.value, version.as_str()))
        }
        "Id" => matches!(member.value.value, Value::String(_)),
        "Statement" => match &member.value.value {
            Value::Object(_) => is_statement(&member.value),
            Value::Array(items) => !items.is_empty() && items.iter().all(is_statement),
            _ => false,
        },
        _ => false,
    };
    member(document, "Statement").is_some()
        && duplicates(members).next().is_none()
        && members.iter().all(known)
}

fn is_statement(statement: &Node<'_>) -> bool {
    let Value::Object(members) = &statement.value else { return false };
    let variables = |text: &str| Template::parse(text, Syntax { wildcards: true, variables: true }).is_ok();
    let known = |member: &Member<'_>| match &*member.key {
        "Sid" => matches!(member.value.value, Value::String(_)),
        "Effect" => ["Allow", "Deny"].iter().any(
            |effect| matches!(&member.value.value, Value::String(text) if text.eq_ignore_ascii_case(effect)),
        ),
        "Action" | "NotAction" => is_texts(&member.value),
        // That a broken variable is an error of this stage is inferred (PE-VAR-01).
        "Resource" | "NotResource" => is_texts(&member.value) && texts(&member.value).all(variables),
        "Condition" => is_condition(&member.value),
        "Principal" | "NotPrincipal" => true,
        _ => false,
    };
    let both = |one, other| member(statement, one).is_some() && member(statement, other).is_some();
    member(statement, "Effect").is_some()
        && duplicates(members).next().is_none()
        && members.iter().all(known)
        && !both("Action", "NotAction")
        && !both("Resource", "NotResource")
}

fn is_texts(node: &Node<'_>) -> bool {
    match &node.value {
        Value::String(_) => true,
        Value::Array(items) => items.iter().all(|item| matches!(item.value, Value::String(_))),
        _ => false,
    }
}

fn is_condition(node: &Node<'_>) -> bool {
    let Value::Object(blocks) = &node.value else { return false };
    let scalar = |node: &Node<'_>| matches!(node.value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    let values = |member: &Member<'_>| match &member.value.value {
        Value::Array(items) => items.iter().all(scalar),
        _ => scalar(&member.value),
    };
    duplicates(blocks).next().is_none()
        && blocks.iter().all(|block| {
            // An unknown operator is legal over an empty block (POL-40).
            let Value::Object(members) = &block.value.value else { return false };
            (members.is_empty() || Operator::parse(&block.key).is_some())
                && duplicates_by(members, |key| key.to_lowercase().into()).next().is_none()
                && members.iter().all(values)
        })
}

/// POL-12
fn fails_legacy_parsing(statement: &Node<'_>) -> bool {
    let effect =
        value(statement, "Effect").is_some_and(|node| is_text(node, "Allow") || is_text(node, "Deny"));
    let dates = match value(statement, "Condition").map(|node| &node.value) {
        Some(Value::Object(blocks)) => blocks.iter().all(has_dates),
        _ => true,
    };
    !effect || !dates || entries(statement, ["Resource", "NotResource"]).any(lacks_colons)
}

fn has_dates(block: &Member<'_>) -> bool {
    let dated =
        Operator::parse(&block.key).is_some_and(|operator| operator.comparison.family() == Family::Date);
    let Value::Object(members) = &block.value.value else { return true };
    let value = |node: &Node<'_>| match &node.value {
        Value::String(text) => date::is_storable(text),
        Value::Number(text) => date::is_storable(text),
        _ => false,
    };
    !dated
        || members.iter().all(|member| match &member.value.value {
            Value::Array(items) => items.iter().all(value),
            _ => value(&member.value),
        })
}

/// An entry of a known partition with an empty service, or with fewer than six parts of which one is empty.
fn lacks_colons(resource: &str) -> bool {
    let parts: Vec<&str> = resource.splitn(ARN_PARTS, ':').collect();
    let (Some(partition), Some(service)) = (parts.get(1), parts.get(2)) else { return false };
    let known = partition.contains(['*', '?']) || KNOWN_PARTITIONS.contains(partition);
    known
        && (service.is_empty()
            || (parts.len() < ARN_PARTS && parts.iter().skip(1).any(|part| part.is_empty())))
}

/// POL-13; POL-23 is reported, and that it belongs to this stage is inferred.
pub(super) fn sids(statements: &[Node<'_>]) -> Result<(), WriteRefusal> {
    let sids = || statements.iter().filter_map(|statement| value(statement, "Sid")).flat_map(texts);
    let mut sorted: Vec<&str> = sids().filter(|sid| !sid.is_empty()).collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
    }
    if !sids().all(|sid| sid.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ));
    }
    Ok(())
}

fn has_entries(statement: &Node<'_>, names: [&str; 2]) -> bool {
    entries(statement, names).next().is_some()
}

/// POL-19 to POL-22 and POL-35: the answer to an entry of `Resource`, if there is one.
fn bad_resource(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    if !resource.contains(':') {
        return Some(format!("Resource {resource} must be in ARN format or \"*\"."));
    }
    let wild = |part: &str| part.contains(['*', '?']);
    let parts: Vec<&str> = resource.splitn(ARN_PARTS, ':').collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or("*");
    let partition = part(1);
    if !wild(partition) && !KNOWN_PARTITIONS.contains(&partition) {
        // Read by position: the first part is `arn` whatever it says (PE-VAL-11).
        let whole: Vec<&str> = (1..ARN_PARTS).map(part).collect();
        return Some(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{}\".",
            whole.join(":")
        ));
    }
    let service = part(2);
    if wild(service) {
        // Recorded for `arn:aws`, whose service is completed with a star; for a written one, the text says so.
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    }
    let region = part(3);
    let literal_region = !region.is_empty() && !wild(region);
    match service {
        "iam" if literal_region => {
            Some(format!("IAM resource {resource} cannot contain region information."))
        }
        // With an account it is an access point, which has a region.
        "s3" if literal_region && part(4).is_empty() => {
            Some(format!("Resource {resource} can not contain region information."))
        }
        "iam" if !is_iam_resource(part(5)) => Some(format!(
            "IAM resource path must either be \"*\", root, or start with {}.",
            IAM_RESOURCES.join(", ")
        )),
        _ => None,
    }
}

fn is_iam_resource(resource: &str) -> bool {
    resource == "*" || resource == "root" || IAM_RESOURCES.iter().any(|kind| resource.starts_with(kind))
}

/// POL-16 to POL-18: the answer to an entry of `Action`, if there is one.
fn bad_action(action: &str) -> Option<String> {
    if action == "*" {
        return None;
    }
    let Some((vendor, name)) = action.split_once(':') else {
        return Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
    };
    if name.contains(':') {
        return Some("Actions/Condition can contain only one colon.".to_owned());
    }
    // A star alone may stand for the vendor (PE-ACT-04), but not a part of one (PE-ACT-05).
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let valid = vendor == "*" || (!vendor.is_empty() && vendor.bytes().all(legal));
    (!valid).then(|| format!("Vendor {vendor} is not valid"))
}
