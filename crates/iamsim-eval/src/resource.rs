//! Whether a `Resource` or `NotResource` element covers the requested resource (PE-RES).

use iamsim_policy::wildcard::{matches_by, matches_tokens};
use iamsim_policy::{Arn, ArnPattern, PolicyKind, ResourceClause, ResourcePattern};

use crate::context::Context;
use crate::request::{Request, Resource};
use crate::truth::Truth;
use crate::variable::{Filled, fill, plain};

/// Why a resource element covers the request's resource or not. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ResourceReason {
    /// An entry matches.
    Listed,
    /// No entry matches.
    NotListed,
    /// The request has no resource: only the entry `*` covers it (PE-RES-13).
    NoResource,
    /// An entry holds a policy variable without a value, and so matches nothing (PE-RES-16).
    VariableWithoutValue,
    /// The value of a policy variable is not known.
    VariableUnknown,
    /// The policy sits on the resource and has no resource element (PE-TRU-01).
    OwnResource,
    /// An entry that matches nothing in this kind of policy makes the statement inert (PE-RES-07).
    InertEntry,
    /// The list is empty, so the statement is inert (PE-TYP-12).
    EmptyList,
}

impl ResourceReason {
    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::NotListed => "not-listed",
            Self::NoResource => "no-resource",
            Self::VariableWithoutValue => "variable-without-value",
            Self::VariableUnknown => "variable-unknown",
            Self::OwnResource => "own-resource",
            Self::InertEntry => "inert-entry",
            Self::EmptyList => "empty-list",
        }
    }
}

/// The outcome of a resource element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) truth: Truth,
    pub(crate) reason: ResourceReason,
    /// The entry that matched, or might.
    pub(crate) entry: Option<u32>,
}

/// Actions that have no resource types and are authorized against a pattern ARN all the same (PE-RES-14,
/// PE-RES-20, low confidence for the list as a whole).
///
/// Folded action, service, whether the ARN names the account, and the resource part.
const EFFECTIVE_RESOURCES: &[(&str, &str, bool, &str)] =
    &[("s3:listallmybuckets", "s3", false, "*"), ("iam:listroles", "iam", true, "role/*")];

/// What the action is authorized against when the request names no resource.
pub(crate) fn effective(request: &Request) -> Option<Arn> {
    let caller = request.caller();
    let folded = request.action().folded();
    let (_, service, with_account, resource) =
        EFFECTIVE_RESOURCES.iter().find(|(listed, ..)| *listed == folded)?;
    let account = caller.account()?;
    let account = if *with_account { account.to_string() } else { String::new() };
    format!("arn:{}:{service}::{account}:{resource}", caller.partition).parse().ok()
}

/// Whether a resource control policy with a `NotResource` entry that matches nothing applies to no request
/// at all. Low confidence (PE-RES-07): another simulator reads it so.
const INERT_ENTRY_VOIDS_NOT_RESOURCE_OF_RCP: bool = true;

/// Whether the element covers the request's resource.
pub(crate) fn covers(
    clause: Option<&ResourceClause>,
    kind: PolicyKind,
    request: &Request,
    effective: Option<&Arn>,
) -> Covered {
    let Some(clause) = clause else {
        return Covered { truth: Truth::True, reason: ResourceReason::OwnResource, entry: None };
    };
    if clause.patterns().is_empty() {
        return Covered { truth: Truth::False, reason: ResourceReason::EmptyList, entry: None };
    }
    let inert = |pattern: &ResourcePattern| matches!(pattern, ResourcePattern::Nothing(_));
    if INERT_ENTRY_VOIDS_NOT_RESOURCE_OF_RCP
        && kind == PolicyKind::ResourceControl
        && clause.is_negated()
        && clause.patterns().iter().any(|pattern| inert(&pattern.value))
    {
        return Covered { truth: Truth::False, reason: ResourceReason::InertEntry, entry: None };
    }
    let target = match request.resource() {
        Resource::Arn(arn) => Some(arn),
        Resource::None => effective,
    };
    let mut listed = Covered {
        truth: Truth::False,
        reason: if target.is_some() { ResourceReason::NotListed } else { ResourceReason::NoResource },
        entry: None,
    };
    for (index, pattern) in clause.patterns().iter().enumerate() {
        let (truth, reason) = entry(&pattern.value, target, request.context());
        if truth > listed.truth {
            listed = Covered { truth, reason, entry: u32::try_from(index).ok() };
        } else if reason == ResourceReason::VariableWithoutValue && listed.truth.is_false() {
            listed.reason = reason;
        }
        if truth.is_true() {
            break;
        }
    }
    if clause.is_negated() { Covered { truth: !listed.truth, ..listed } } else { listed }
}

/// Whether it is not known if an entry covers the request's resource.
pub(crate) fn is_open(pattern: &ResourcePattern, request: &Request, effective: Option<&Arn>) -> bool {
    let target = match request.resource() {
        Resource::Arn(arn) => Some(arn),
        Resource::None => effective,
    };
    entry(pattern, target, request.context()).0.is_unknown()
}

fn entry(pattern: &ResourcePattern, target: Option<&Arn>, context: &Context) -> (Truth, ResourceReason) {
    match (pattern, target) {
        (ResourcePattern::Any, _) => (Truth::True, ResourceReason::Listed),
        (ResourcePattern::Arn(pattern), Some(arn)) => arn_entry(pattern, arn, context),
        (_, Some(_)) => (Truth::False, ResourceReason::NotListed),
        (_, None) => (Truth::False, ResourceReason::NoResource),
    }
}

fn arn_entry(pattern: &ArnPattern, arn: &Arn, context: &Context) -> (Truth, ResourceReason) {
    if !pattern.matches_head(arn) {
        return (Truth::False, ResourceReason::NotListed);
    }
    let pieces = pattern.resource().pieces();
    if !pattern.resource().has_variables() {
        return if matches_by(pieces, plain, arn.resource()) {
            (Truth::True, ResourceReason::Listed)
        } else {
            (Truth::False, ResourceReason::NotListed)
        };
    }
    match fill(pieces, context) {
        Filled::NoValue => (Truth::False, ResourceReason::VariableWithoutValue),
        Filled::Tokens(tokens) if matches_tokens(&tokens, arn.resource()) => {
            (Truth::True, ResourceReason::Listed)
        }
        Filled::Unknown(tokens) if matches_tokens(&tokens, arn.resource()) => {
            (Truth::Unknown, ResourceReason::VariableUnknown)
        }
        Filled::Tokens(_) | Filled::Unknown(_) => (Truth::False, ResourceReason::NotListed),
    }
}
