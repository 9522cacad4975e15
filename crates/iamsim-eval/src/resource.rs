//! Whether a `Resource` or `NotResource` element covers the requested resource (PE-RES).

use iamsim_policy::wildcard::{self, matches_by};
use iamsim_policy::{ARN_PARTS, Action, Arn, ArnPattern, Piece, PolicyKind, ResourceClause, ResourcePattern};

use crate::context::Context;
use crate::request::{Caller, Request};
use crate::statement::index_of;
use crate::truth::Truth;
use crate::variable::{self, Filling, Hashed, filled};

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

/// An element, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) enum CompiledResource {
    /// The policy sits on the resource and has no resource element.
    OwnResource,
    /// The element covers nothing whatever the request, and why.
    Never(ResourceReason),
    /// One of these, or with `NotResource` none of them.
    Listed {
        negated: bool,
        /// Whether one of them is `*`.
        everything: bool,
        entries: Box<[Entry]>,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Any,
    Arn(ArnTest),
    Nothing,
}

/// An ARN pattern: the literal text it begins with, then what is wild of its first five parts, then its sixth.
#[derive(Clone, Debug)]
pub(crate) struct ArnTest {
    /// How the whole ARN begins: up to the first part that holds a wildcard, or if none of the first five
    /// does, up to the first wildcard or variable.
    lead: Lead,
    /// What of the first five parts `lead` does not hold; none when it holds them all.
    head: Option<Box<WildHead>>,
    rest: Rest,
}

/// A literal beginning. Many patterns differ only where it ends, so its last eight bytes are at hand.
#[derive(Clone, Debug)]
struct Lead {
    text: Box<str>,
    /// Its last eight bytes, if it has so many.
    end: Option<[u8; END]>,
}

const END: usize = 8;

/// What is compared of an ARN's first five parts, and how the sixth begins.
#[derive(Clone, Debug)]
struct WildHead {
    /// The parts that are compared, by their place.
    parts: Box<[(u8, Part)]>,
    begins: Box<str>,
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
    /// Text and wildcards.
    Pieces(Box<[Piece]>),
    /// The whole sixth part, with variables.
    Variables(Hashed),
}

const LISTED: (Truth, ResourceReason) = (Truth::True, ResourceReason::Listed);
const NOT_LISTED: (Truth, ResourceReason) = (Truth::False, ResourceReason::NotListed);

impl CompiledResource {
    /// Compiles the element of a statement in a policy of a kind.
    pub(crate) fn new(clause: Option<&ResourceClause>, kind: PolicyKind) -> Self {
        let Some(clause) = clause else { return Self::OwnResource };
        if clause.patterns().is_empty() {
            return Self::Never(ResourceReason::EmptyList);
        }
        if INERT_ENTRY_VOIDS_NOT_RESOURCE_OF_RCP
            && kind == PolicyKind::ResourceControl
            && clause.is_negated()
            && clause.patterns().iter().any(|entry| matches!(entry.value, ResourcePattern::Nothing(_)))
        {
            return Self::Never(ResourceReason::InertEntry);
        }
        let entry = |pattern: &ResourcePattern| match pattern {
            ResourcePattern::Any => Entry::Any,
            ResourcePattern::Arn(pattern) => Entry::Arn(ArnTest::new(pattern)),
            _ => Entry::Nothing,
        };
        let entries: Box<[Entry]> = clause.patterns().iter().map(|pattern| entry(&pattern.value)).collect();
        let everything = entries.iter().any(|entry| matches!(entry, Entry::Any));
        Self::Listed { negated: clause.is_negated(), everything, entries }
    }

    /// Whether the element covers the request's resource.
    #[inline]
    pub(crate) fn covers(&self, target: Option<&Arn>, context: &Context) -> Truth {
        match self {
            Self::OwnResource => Truth::True,
            Self::Never(_) => Truth::False,
            Self::Listed { negated, everything: true, .. } => (!*negated).into(),
            Self::Listed { negated, entries, .. } => {
                let listed = lists(entries, target, context);
                if *negated { !listed } else { listed }
            }
        }
    }

    /// Whether the element covers the request's resource, and why.
    pub(crate) fn covers_and_why(&self, target: Option<&Arn>, context: &Context) -> Covered {
        let (negated, entries) = match self {
            Self::OwnResource => {
                return Covered { truth: Truth::True, reason: ResourceReason::OwnResource, entry: None };
            }
            Self::Never(reason) => return Covered { truth: Truth::False, reason: *reason, entry: None },
            Self::Listed { negated, entries, .. } => (*negated, entries),
        };
        let reason = if target.is_some() { ResourceReason::NotListed } else { ResourceReason::NoResource };
        let mut listed = Covered { truth: Truth::False, reason, entry: None };
        for (index, entry) in entries.iter().enumerate() {
            let (truth, reason) = entry.matches(target, context, true);
            if truth > listed.truth {
                listed = Covered { truth, reason, entry: Some(index_of(index)) };
            } else if reason == ResourceReason::VariableWithoutValue && listed.truth.is_false() {
                listed.reason = reason;
            }
            if truth.is_true() {
                break;
            }
        }
        if negated { Covered { truth: !listed.truth, ..listed } } else { listed }
    }

    /// Whether the element covers a resource whatever the context; none when that depends on variables.
    pub(crate) fn covers_whoever_asks(&self, target: Option<&Arn>) -> Option<bool> {
        let (negated, entries) = match self {
            Self::OwnResource => return Some(true),
            Self::Never(_) => return Some(false),
            Self::Listed { negated, entries, .. } => (*negated, entries),
        };
        let nothing = Context::complete();
        let mut depends = false;
        for entry in entries {
            if matches!(entry, Entry::Arn(ArnTest { rest: Rest::Variables(_), .. })) {
                depends = true;
            } else if entry.matches(target, &nothing, false).0.is_true() {
                return Some(!negated);
            }
        }
        if depends { None } else { Some(negated) }
    }
}

/// Whether one of several entries covers a resource.
fn lists(entries: &[Entry], target: Option<&Arn>, context: &Context) -> Truth {
    Truth::any(entries.iter().map(|entry| entry.matches(target, context, false).0))
}

/// Whether it is not known if an entry covers the request's resource.
pub(crate) fn is_open(pattern: &ArnPattern, request: &Request) -> bool {
    let compiled = ArnTest::new(pattern);
    request.target().is_some_and(|arn| compiled.matches(arn, request.context(), false).0.is_unknown())
}

impl Entry {
    #[inline]
    fn matches(&self, target: Option<&Arn>, context: &Context, why: bool) -> (Truth, ResourceReason) {
        match (self, target) {
            (Self::Any, _) => LISTED,
            (Self::Arn(compiled), Some(arn)) => compiled.matches(arn, context, why),
            (Self::Nothing, Some(_)) => NOT_LISTED,
            (Self::Arn(_) | Self::Nothing, None) => (Truth::False, ResourceReason::NoResource),
        }
    }
}

/// How many parts stand before the resource.
const HEAD: usize = ARN_PARTS - 1;

impl Lead {
    fn new(text: String) -> Self {
        let end = text.as_bytes().last_chunk().copied();
        Self { text: text.into(), end }
    }

    /// What follows it in a text that begins so.
    #[inline]
    fn strip_from<'t>(&self, text: &'t str) -> Option<&'t str> {
        if let Some(end) = &self.end {
            let here = text.as_bytes().get(..self.text.len())?;
            if here.last_chunk() != Some(end) {
                return None;
            }
        }
        text.strip_prefix(&*self.text)
    }
}

impl ArnTest {
    fn new(pattern: &ArnPattern) -> Self {
        let is_wild = |part: &str| part.contains(['*', '?']);
        let wild = (0..HEAD).position(|index| is_wild(pattern.part(index))).unwrap_or(HEAD);
        let mut lead = String::new();
        for index in 0..wild {
            lead.push_str(pattern.part(index));
            lead.push(':');
        }
        let pieces = pattern.resource().pieces();
        let (begins, rest) = if pattern.resource().has_variables() {
            // With a variable without value the entry matches nothing, and the explanation says so whatever
            // the rest: nothing is compared before the variables are looked at.
            ("", Rest::Variables(Hashed::new(pieces)))
        } else {
            match pieces {
                [] => ("", Rest::Nothing),
                [Piece::Text(text)] => (&**text, Rest::Nothing),
                [Piece::Run] => ("", Rest::Anything),
                [Piece::Text(text), Piece::Run] => (&**text, Rest::Anything),
                [Piece::Run, Piece::Text(end)] => ("", Rest::Ends(end.clone())),
                [Piece::Text(text), Piece::Run, Piece::Text(end)] => (&**text, Rest::Ends(end.clone())),
                [Piece::Text(text), more @ ..] => (&**text, Rest::Pieces(more.into())),
                all => ("", Rest::Pieces(all.into())),
            }
        };
        let head = if wild == HEAD {
            lead.push_str(begins);
            None
        } else {
            let parts = (wild..HEAD)
                .filter(|index| pattern.part(*index) != "*")
                .filter_map(|index| {
                    let part = pattern.part(index);
                    let compared =
                        if is_wild(part) { Part::Wild(part.into()) } else { Part::Exact(part.into()) };
                    Some((u8::try_from(index).ok()?, compared))
                })
                .collect();
            Some(Box::new(WildHead { parts, begins: begins.into() }))
        };
        Self { lead: Lead::new(lead), head, rest }
    }

    /// Whether the pattern this was made of matches an ARN, part by part (PE-RES-04, PE-RES-05). The reason is
    /// the best there is only if it is asked for.
    #[inline]
    fn matches(&self, arn: &Arn, context: &Context, why: bool) -> (Truth, ResourceReason) {
        let Some(mut rest) = self.lead.strip_from(arn.as_str()) else { return NOT_LISTED };
        if let Some(head) = &self.head {
            match head.strip_from(arn) {
                Some(after) => rest = after,
                None => return NOT_LISTED,
            }
        }
        let matched = match &self.rest {
            Rest::Nothing => rest.is_empty(),
            Rest::Anything => true,
            Rest::Ends(end) => rest.ends_with(&**end),
            Rest::Pieces(pieces) => matches_by(pieces, |piece| filled(piece, context), rest),
            Rest::Variables(pieces) => return with_variables(pieces, rest, context, why),
        };
        if matched { LISTED } else { NOT_LISTED }
    }
}

impl WildHead {
    /// What follows in an ARN whose first parts match and whose sixth begins as it should.
    fn strip_from<'a>(&self, arn: &'a Arn) -> Option<&'a str> {
        let equal = |(index, part): &(u8, Part)| match part {
            Part::Exact(text) => **text == *arn.part(usize::from(*index)),
            Part::Wild(text) => wildcard::matches(text, arn.part(usize::from(*index))),
        };
        if self.parts.iter().all(equal) { arn.resource().strip_prefix(&*self.begins) } else { None }
    }
}

/// Whether a sixth part with variables matches what stands there.
fn with_variables(hashed: &Hashed, text: &str, context: &Context, why: bool) -> (Truth, ResourceReason) {
    if let Some(matched) = hashed.plainly_match(text, context)
        && (matched || !why)
    {
        return if matched { LISTED } else { NOT_LISTED };
    }
    let pieces = &hashed.pieces;
    match variable::filling(pieces, context) {
        Filling::NoValue => (Truth::False, ResourceReason::VariableWithoutValue),
        _ if !matches_by(pieces, |piece| filled(piece, context), text) => NOT_LISTED,
        Filling::Known => LISTED,
        Filling::Unknown => (Truth::Unknown, ResourceReason::VariableUnknown),
    }
}
