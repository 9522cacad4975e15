//! Whether a `Resource` or `NotResource` element covers the requested resource (PE-RES).

use iamsim_policy::wildcard::{self, matches_by};
use iamsim_policy::{ARN_PARTS, Action, Arn, ArnPattern, Piece, PolicyKind, ResourceClause, ResourcePattern};

use crate::context::Context;
use crate::request::{Caller, Request};
use crate::truth::Truth;
use crate::variable::{self, Filling, filled};

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

/// Whether an action is authorized against an ARN even when a request names no resource.
pub(crate) fn has_effective_resource(action: &Action) -> bool {
    EFFECTIVE_RESOURCES.iter().any(|(listed, ..)| *listed == action.folded())
}

/// What an action is authorized against when a request names no resource.
pub(crate) fn effective(caller: &Caller, action: &Action) -> Option<Arn> {
    let folded = action.folded();
    let (_, service, with_account, resource) =
        EFFECTIVE_RESOURCES.iter().find(|(listed, ..)| *listed == folded)?;
    let account = caller.account()?;
    let account = if *with_account { account.to_string() } else { String::new() };
    format!("arn:{}:{service}::{account}:{resource}", caller.partition).parse().ok()
}

/// Whether a resource control policy with a `NotResource` entry that matches nothing applies to no request
/// at all. Low confidence (PE-RES-07): another simulator reads it so.
const INERT_ENTRY_VOIDS_NOT_RESOURCE_OF_RCP: bool = true;

/// The entries of an element, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) struct CompiledResource {
    entries: Box<[Entry]>,
    /// The element covers nothing whatever the request, and why.
    never: Option<ResourceReason>,
}

#[derive(Clone, Debug)]
enum Entry {
    Any,
    Arn(ArnTest),
    Nothing,
}

/// An ARN pattern: the literal text it begins with, then what is wild of its first five parts, then its sixth.
#[derive(Clone, Debug)]
struct ArnTest {
    /// How the whole ARN begins: up to the first part that holds a wildcard, or if none of the first five
    /// does, up to the first wildcard or variable.
    lead: Box<str>,
    /// Whether `lead` holds all of the first five parts.
    leads_to_resource: bool,
    /// The parts behind `lead` that are compared, by their place.
    parts: Box<[(u8, Part)]>,
    /// How the sixth part begins, where `lead` does not hold that.
    begins: Box<str>,
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Part {
    Exact(Box<str>),
    Wild(Box<str>),
}

/// What follows the literal beginning of the sixth part.
#[derive(Clone, Debug)]
enum Rest {
    Nothing,
    Anything,
    /// Anything that ends so.
    Ends(Box<str>),
    /// The pieces of the pattern from this one on, without variables.
    Pieces(u8),
    /// All pieces of the pattern, with variables.
    Variables,
}

impl CompiledResource {
    /// Compiles the element of a statement in a policy of a kind.
    pub(crate) fn new(clause: Option<&ResourceClause>, kind: PolicyKind) -> Self {
        let Some(clause) = clause else { return Self { entries: Box::new([]), never: None } };
        let never = if clause.patterns().is_empty() {
            Some(ResourceReason::EmptyList)
        } else if INERT_ENTRY_VOIDS_NOT_RESOURCE_OF_RCP
            && kind == PolicyKind::ResourceControl
            && clause.is_negated()
            && clause.patterns().iter().any(|entry| matches!(entry.value, ResourcePattern::Nothing(_)))
        {
            Some(ResourceReason::InertEntry)
        } else {
            None
        };
        let entry = |pattern: &ResourcePattern| match pattern {
            ResourcePattern::Any => Entry::Any,
            ResourcePattern::Arn(pattern) => Entry::Arn(ArnTest::new(pattern)),
            _ => Entry::Nothing,
        };
        let entries = clause.patterns().iter().map(|pattern| entry(&pattern.value)).collect();
        Self { entries, never }
    }
}

impl CompiledResource {
    /// Whether the element covers a resource whatever the context; none when that depends on variables.
    pub(crate) fn covers_whoever_asks(
        &self,
        clause: Option<&ResourceClause>,
        target: Option<&Arn>,
    ) -> Option<bool> {
        let Some(clause) = clause else { return Some(true) };
        if self.never.is_some() {
            return Some(false);
        }
        let nothing = Context::complete();
        let mut depends = false;
        for (pattern, compiled) in clause.patterns().iter().zip(&self.entries) {
            if matches!(compiled, Entry::Arn(ArnTest { rest: Rest::Variables, .. })) {
                depends = true;
            } else if entry(&pattern.value, compiled, target, &nothing, false).0.is_true() {
                return Some(!clause.is_negated());
            }
        }
        if depends { None } else { Some(clause.is_negated()) }
    }
}

/// Whether the element covers the request's resource. The reason of what is not covered is the best there is
/// only if it is asked for.
#[inline]
pub(crate) fn covers(
    clause: Option<&ResourceClause>,
    compiled: &CompiledResource,
    target: Option<&Arn>,
    context: &Context,
    why: bool,
) -> Covered {
    let Some(clause) = clause else {
        return Covered { truth: Truth::True, reason: ResourceReason::OwnResource, entry: None };
    };
    if let Some(reason) = compiled.never {
        return Covered { truth: Truth::False, reason, entry: None };
    }
    let mut listed = Covered {
        truth: Truth::False,
        reason: if target.is_some() { ResourceReason::NotListed } else { ResourceReason::NoResource },
        entry: None,
    };
    for (index, (pattern, compiled)) in clause.patterns().iter().zip(&compiled.entries).enumerate() {
        let (truth, reason) = entry(&pattern.value, compiled, target, context, why);
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
pub(crate) fn is_open(pattern: &ArnPattern, request: &Request) -> bool {
    let compiled = ArnTest::new(pattern);
    request
        .target()
        .is_some_and(|arn| compiled.matches(pattern, arn, request.context(), false).0.is_unknown())
}

#[inline]
fn entry(
    pattern: &ResourcePattern,
    compiled: &Entry,
    target: Option<&Arn>,
    context: &Context,
    why: bool,
) -> (Truth, ResourceReason) {
    match (compiled, pattern, target) {
        (Entry::Any, ..) => (Truth::True, ResourceReason::Listed),
        (Entry::Arn(compiled), ResourcePattern::Arn(pattern), Some(arn)) => {
            compiled.matches(pattern, arn, context, why)
        }
        (_, _, Some(_)) => (Truth::False, ResourceReason::NotListed),
        (_, _, None) => (Truth::False, ResourceReason::NoResource),
    }
}

/// How many parts stand before the resource.
const HEAD: usize = ARN_PARTS - 1;

impl ArnTest {
    fn new(pattern: &ArnPattern) -> Self {
        let is_wild = |part: &str| part.contains(['*', '?']);
        let wild = (0..HEAD).position(|index| is_wild(pattern.part(index))).unwrap_or(HEAD);
        let mut lead = String::new();
        for index in 0..wild {
            lead.push_str(pattern.part(index));
            lead.push(':');
        }
        let parts = (wild..HEAD)
            .filter(|index| pattern.part(*index) != "*")
            .filter_map(|index| {
                let part = pattern.part(index);
                let compared = if is_wild(part) { Part::Wild(part.into()) } else { Part::Exact(part.into()) };
                Some((u8::try_from(index).ok()?, compared))
            })
            .collect();
        let (mut begins, rest) = if pattern.resource().has_variables() {
            // With a variable without value the entry matches nothing, and the explanation says so whatever
            // the rest: nothing is compared before the variables are looked at.
            ("", Rest::Variables)
        } else {
            match pattern.resource().pieces() {
                [] => ("", Rest::Nothing),
                [Piece::Text(text)] => (&**text, Rest::Nothing),
                [Piece::Run] => ("", Rest::Anything),
                [Piece::Text(text), Piece::Run] => (&**text, Rest::Anything),
                [Piece::Run, Piece::Text(end)] => ("", Rest::Ends(end.clone())),
                [Piece::Text(text), Piece::Run, Piece::Text(end)] => (&**text, Rest::Ends(end.clone())),
                [Piece::Text(text), ..] => (&**text, Rest::Pieces(1)),
                _ => ("", Rest::Pieces(0)),
            }
        };
        if wild == HEAD {
            lead.push_str(begins);
            begins = "";
        }
        Self { lead: lead.into(), leads_to_resource: wild == HEAD, parts, begins: begins.into(), rest }
    }

    /// Whether the pattern this was made of matches an ARN, part by part (PE-RES-04, PE-RES-05). The reason is
    /// the best there is only if it is asked for.
    #[inline]
    fn matches(
        &self,
        pattern: &ArnPattern,
        arn: &Arn,
        context: &Context,
        why: bool,
    ) -> (Truth, ResourceReason) {
        const LISTED: (Truth, ResourceReason) = (Truth::True, ResourceReason::Listed);
        const NOT_LISTED: (Truth, ResourceReason) = (Truth::False, ResourceReason::NotListed);
        let Some(mut rest) = arn.as_str().strip_prefix(&*self.lead) else { return NOT_LISTED };
        if !self.leads_to_resource {
            let equal = |(index, part): &(u8, Part)| match part {
                Part::Exact(text) => **text == *arn.part(usize::from(*index)),
                Part::Wild(text) => wildcard::matches(text, arn.part(usize::from(*index))),
            };
            if !self.parts.iter().all(equal) {
                return NOT_LISTED;
            }
            match arn.resource().strip_prefix(&*self.begins) {
                Some(after) => rest = after,
                None => return NOT_LISTED,
            }
        }
        let matched = match &self.rest {
            Rest::Nothing => rest.is_empty(),
            Rest::Anything => true,
            Rest::Ends(end) => rest.ends_with(&**end),
            Rest::Pieces(from) => {
                let pieces = pattern.resource().pieces().get(usize::from(*from)..).unwrap_or_default();
                matches_by(pieces, |piece| filled(piece, context), rest)
            }
            Rest::Variables => {
                let pieces = pattern.resource().pieces();
                if let Some(matched) = variable::plainly_matches(pieces, rest, context)
                    && (matched || !why)
                {
                    return if matched { LISTED } else { NOT_LISTED };
                }
                return match variable::filling(pieces, context) {
                    Filling::NoValue => (Truth::False, ResourceReason::VariableWithoutValue),
                    _ if !matches_by(pieces, |piece| filled(piece, context), rest) => NOT_LISTED,
                    Filling::Known => (Truth::True, ResourceReason::Listed),
                    Filling::Unknown => (Truth::Unknown, ResourceReason::VariableUnknown),
                };
            }
        };
        if matched { LISTED } else { NOT_LISTED }
    }
}
