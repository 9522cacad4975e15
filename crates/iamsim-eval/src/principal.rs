//! Whom a `Principal` or `NotPrincipal` element reaches, and with which grade (PE-PRN, PE-RBP, PE-NP).

use std::cmp::Reverse;
use std::ops::BitOr;

use iamsim_policy::{ARN_PARTS, AccountId, Arn, Effect, PolicyKind, PrincipalClause, PrincipalPattern};

use crate::combine::Grants;
use crate::hash::{both, hash};
use crate::plan::Traits;
use crate::request::{Caller, CallerKind, Request, UniqueId};
use crate::statement::index_of;
use crate::truth::Truth;
use crate::unknown::UnknownFact;

/// Whether `*` in a role trust policy admits callers of `AssumeRoleWithSAML` and `…WithWebIdentity`. Low
/// confidence (PE-STS-10).
const EVERYONE_INCLUDES_FEDERATED: bool = false;

/// How directly a resource-based policy names the caller: it decides what an implicit deny of a boundary or
/// session policy can still cut (PE-RBP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the grades of PE-RBP and the rows of their table")]
pub enum Grade {
    /// Only the caller's account is named: the account's own policies must allow too (PE-RBP-06).
    Delegating,
    /// The caller's role or user is named: boundary and session policies still limit (PE-RBP-02, -03).
    Limited,
    /// The caller itself, or everyone, is named: nothing in the caller's account is needed (PE-RBP-01, -08).
    Strong,
    /// The very session is named (PE-RBP-04, -05): even `sts:AssumeRole` needs no boundary (PE-STS-05).
    Session,
}

/// How a principal element reaches the caller, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) grades: Grades,
    /// The entry that matched best, for the trace.
    pub(crate) entry: Option<u32>,
    pub(crate) reason: PrincipalReason,
}

/// One truth a grade, a bit each: where it certainly holds, and where it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grades {
    sure: u8,
    may: u8,
}

/// Why a principal element reaches the caller or not. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PrincipalReason {
    /// An entry names the caller.
    Named,
    /// No entry names the caller.
    NotNamed,
    /// The statement has no principal element, and so names nobody (PE-TYP-11).
    NoElement,
    /// `NotPrincipal` lists the caller and everyone behind it (PE-NP-03).
    Exempt,
    /// `NotPrincipal` does not list the caller, or not everyone behind it (PE-NP-02).
    NotExempt,
    /// The caller has a permissions boundary, so no `NotPrincipal` of a Deny exempts it (PE-NP-05).
    BoundaryVoidsExemption,
    /// Whether an entry names the caller depends on something about the caller that is not known.
    CallerNotKnown,
}

impl PrincipalReason {
    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::NotNamed => "not-named",
            Self::NoElement => "no-principal-element",
            Self::Exempt => "exempt",
            Self::NotExempt => "not-exempt",
            Self::BoundaryVoidsExemption => "boundary-voids-exemption",
            Self::CallerNotKnown => "caller-not-known",
        }
    }
}

impl Grade {
    /// The best grade that certainly holds.
    pub(crate) fn best(grants: Grants<Truth>) -> Option<Self> {
        [
            (grants.session, Self::Session),
            (grants.strong, Self::Strong),
            (grants.limited, Self::Limited),
            (grants.delegating, Self::Delegating),
        ]
        .into_iter()
        .find_map(|(truth, grade)| truth.is_true().then_some(grade))
    }

    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delegating => "delegating",
            Self::Limited => "limited",
            Self::Strong => "strong",
            Self::Session => "session",
        }
    }
}

impl Grades {
    /// Nobody is reached.
    pub(crate) const NONE: Self = Self { sure: 0, may: 0 };

    /// Everyone is reached: for the layers whose policies have no principal element.
    pub(crate) const EVERYONE: Self = Self::of(Grade::Strong, Truth::True);

    /// A truth of one grade, false of the others.
    #[inline]
    pub(crate) const fn of(grade: Grade, truth: Truth) -> Self {
        let bit = 1 << grade as u8;
        match truth {
            Truth::True => Self { sure: bit, may: bit },
            Truth::Unknown => Self { sure: 0, may: bit },
            Truth::False => Self::NONE,
        }
    }

    /// Whether the caller is reached at all.
    #[inline]
    pub(crate) fn any(self) -> Truth {
        match self {
            Self { may: 0, .. } => Truth::False,
            Self { sure: 0, .. } => Truth::Unknown,
            _ => Truth::True,
        }
    }

    /// Each grade only where `rest` holds as well.
    #[inline]
    pub(crate) fn and(self, rest: Truth) -> Self {
        match rest {
            Truth::True => self,
            Truth::Unknown => Self { sure: 0, ..self },
            Truth::False => Self::NONE,
        }
    }

    /// As if the element of an Allow named the caller in the way one would write it: a user or federated
    /// session by its ARN, a session by its role's. Some callers can't be named so that it helps.
    pub(crate) fn as_if_named(request: &Request, kind: PolicyKind) -> Self {
        let grade = match request.caller().kind() {
            CallerKind::RoleSession { .. } => Grade::Limited,
            CallerKind::FederatedUser { .. } => Grade::Session,
            CallerKind::Root { .. } => Grade::Delegating,
            CallerKind::Anonymous if kind == PolicyKind::RoleTrust => return Self::NONE,
            CallerKind::Federated { provider } if !is_usable(provider, request) => return Self::NONE,
            _ => Grade::Strong,
        };
        Self::of(grade, Truth::True)
    }

    /// The truth of one grade.
    #[inline]
    fn at(self, grade: Grade) -> Truth {
        let bit = 1 << grade as u8;
        Self { sure: self.sure & bit, may: self.may & bit }.any()
    }

    /// As the formula takes them.
    #[inline]
    pub(crate) fn grants(self) -> Grants<Truth> {
        Grants {
            delegating: self.at(Grade::Delegating),
            limited: self.at(Grade::Limited),
            strong: self.at(Grade::Strong),
            session: self.at(Grade::Session),
        }
    }

    /// Whether an Allow that reaches so could still change a decision beside one that certainly reaches like
    /// `other`: each grade grants all that the grades below it do, whatever the other layers say.
    #[inline]
    pub(crate) fn adds_to(self, other: Self) -> bool {
        self.may > other.sure
    }
}

impl BitOr for Grades {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self { sure: self.sure | other.sure, may: self.may | other.may }
    }
}

impl Reach {
    const NOBODY: Self = Self { grades: Grades::NONE, entry: None, reason: PrincipalReason::NotNamed };
}

/// What the element is judged with, besides the request.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) kind: PolicyKind,
    pub(crate) effect: Effect,
    /// Whether the caller's user or role has a permissions boundary (PE-NP-05).
    pub(crate) has_boundary: bool,
}

/// How an element reaches the caller of a request.
#[inline]
pub(crate) fn grades(clause: Option<&PrincipalClause>, request: &Request, setting: Setting) -> Grades {
    let Some(clause) = clause else { return Grades::NONE };
    if clause.is_negated() {
        return not_principal(clause, request, setting).grades;
    }
    let mut grades = Grades::NONE;
    for entry in clause.entries() {
        if let Some((truth, grade)) = names(&entry.value, request, setting) {
            grades = grades | Grades::of(grade, truth);
        }
    }
    grades
}

/// How an element reaches the caller of a request, and why.
pub(crate) fn reach(clause: Option<&PrincipalClause>, request: &Request, setting: Setting) -> Reach {
    let Some(clause) = clause else { return Reach { reason: PrincipalReason::NoElement, ..Reach::NOBODY } };
    if clause.is_negated() {
        return not_principal(clause, request, setting);
    }
    let grades = grades(Some(clause), request, setting);
    let named = clause.entries().iter().enumerate().filter_map(|(index, entry)| {
        let (truth, grade) = names(&entry.value, request, setting)?;
        (!truth.is_false()).then_some((truth, grade, Reverse(index)))
    });
    let reason = match grades.any() {
        Truth::True => PrincipalReason::Named,
        Truth::False => PrincipalReason::NotNamed,
        Truth::Unknown => PrincipalReason::CallerNotKnown,
    };
    Reach { grades, entry: named.max().map(|(_, _, Reverse(index))| index_of(index)), reason }
}

/// Whether an entry of `Principal` names the caller, and with which grade; none when it does not.
#[inline]
fn names(entry: &PrincipalPattern, request: &Request, setting: Setting) -> Option<(Truth, Grade)> {
    let caller = request.caller();
    let yes = |grade| Some((Truth::True, grade));
    match entry {
        PrincipalPattern::Everyone => {
            let admits = setting.kind == PolicyKind::RoleTrust && setting.effect == Effect::Allow;
            let left_out = match caller.kind() {
                CallerKind::Federated { .. } => admits && !EVERYONE_INCLUDES_FEDERATED,
                // `*` there means any principal of AWS, and roles are not assumed unsigned (TRU-06).
                CallerKind::Anonymous => admits,
                _ => false,
            };
            (!left_out).then_some((Truth::True, Grade::Strong))
        }
        PrincipalPattern::Account { id, partition } => {
            if !in_account(caller, *id, partition.as_deref()) {
                return None;
            }
            let is_root = matches!(caller.kind(), CallerKind::Root { .. });
            if is_gateway_endpoint(request, setting) && !is_root {
                return None; // PE-VPCE-03
            }
            yes(Grade::Delegating)
        }
        PrincipalPattern::User(arn) => match caller.kind() {
            CallerKind::User { arn: own, .. } if own == arn => yes(Grade::Strong),
            CallerKind::FederatedUser { user: Some(user), .. } if user == arn => yes(Grade::Limited),
            CallerKind::FederatedUser { user: None, .. } if is_of_account_of(caller, arn) => {
                Some((Truth::Unknown, Grade::Limited))
            }
            _ => None,
        },
        PrincipalPattern::Role(arn) => Some((caller.is_session_of(arn), Grade::Limited)),
        PrincipalPattern::RoleSession(arn) => match caller.kind() {
            CallerKind::RoleSession { session: Some(own), .. } if own == arn => yes(Grade::Session),
            CallerKind::RoleSession { session: None, role } if is_session_of(arn, role) => {
                Some((Truth::Unknown, Grade::Session))
            }
            _ => None,
        },
        PrincipalPattern::FederatedSession(arn) => match caller.kind() {
            CallerKind::FederatedUser { session, .. } if session == arn => yes(Grade::Session),
            _ => None,
        },
        PrincipalPattern::UniqueId(id) => {
            let grade = match caller.kind() {
                CallerKind::User { .. } => Grade::Strong,
                _ => Grade::Limited,
            };
            Some((has_unique_id(caller, id), grade))
        }
        PrincipalPattern::Service(name) => match caller.kind() {
            CallerKind::Service { names } if names.contains(name) => yes(Grade::Strong),
            _ => None,
        },
        PrincipalPattern::Federated(name) => match caller.kind() {
            CallerKind::Federated { provider } if provider == name && is_usable(name, request) => {
                yes(Grade::Strong)
            }
            _ => None,
        },
        // Which account a canonical id stands for is not in the request (PE-PRN-15, PE-RBP-12).
        PrincipalPattern::CanonicalUser(_) => caller.account().map(|_| (Truth::Unknown, Grade::Delegating)),
        _ => None,
    }
}

/// Whether a unique id in a policy is that of the caller's user or role (PE-PRN-09).
fn has_unique_id(caller: &Caller, id: &str) -> Truth {
    let prefix = match caller.kind() {
        CallerKind::User { .. } | CallerKind::FederatedUser { .. } => USER_ID_PREFIX,
        CallerKind::RoleSession { .. } => ROLE_ID_PREFIX,
        _ => return Truth::False,
    };
    match &caller.unique_id {
        UniqueId::Known(own) => (**own == *id).into(),
        UniqueId::Unknown if id.starts_with(prefix) => Truth::Unknown,
        UniqueId::Unknown | UniqueId::None => Truth::False,
    }
}

/// How unique ids of users begin.
const USER_ID_PREFIX: &str = "AIDA";
/// How unique ids of roles begin.
const ROLE_ID_PREFIX: &str = "AROA";

/// What is not known of the caller when an entry of `Principal` or `NotPrincipal` may mean it.
pub(crate) fn unknown_fact(entry: &PrincipalPattern) -> UnknownFact {
    match entry {
        PrincipalPattern::User(_) => UnknownFact::FederatedUser,
        PrincipalPattern::Role(_) => UnknownFact::RolePath,
        PrincipalPattern::UniqueId(_) => UnknownFact::UniqueId,
        PrincipalPattern::CanonicalUser(_) => UnknownFact::CanonicalUser,
        _ => UnknownFact::SessionName,
    }
}

/// Whether an entry of `Principal` or `NotPrincipal` may mean the caller, and that is not known.
pub(crate) fn is_unknown(
    entry: &PrincipalPattern,
    negated: bool,
    request: &Request,
    setting: Setting,
) -> bool {
    if negated {
        let mut elements = chain(request.caller()).into_iter().flatten();
        elements.any(|element| lists(entry, element, request.caller()).is_unknown())
    } else {
        names(entry, request, setting).is_some_and(|(truth, _)| truth.is_unknown())
    }
}

/// What entries of `Principal` that name a caller are found by: a few hashes, of which no other caller needs
/// to be free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedBy {
    hashes: [u64; NAMED_BY_AT_MOST],
    count: usize,
}

/// How many names a caller is looked up by; a caller of more is not looked up.
const NAMED_BY_AT_MOST: usize = 4;

impl NamedBy {
    /// What a caller is found by; none when any entry may mean it. It is [`names`] read backwards.
    pub(crate) fn of(caller: &Caller) -> Option<Self> {
        let mut found = Self { hashes: [0; NAMED_BY_AT_MOST], count: 0 };
        match caller.kind() {
            CallerKind::User { arn, .. } => found.add(by_arn(arn))?,
            CallerKind::RoleSession { role, .. } => {
                found.add(by_role_name(role.resource().rsplit('/').next()?))?;
            }
            CallerKind::FederatedUser { session, user } => {
                // Any user of the account may be behind the session.
                found.add(by_arn(user.as_ref()?))?;
                found.add(by_arn(session))?;
            }
            CallerKind::Root { .. } | CallerKind::Anonymous => {}
            CallerKind::Service { names } => {
                for name in names {
                    found.add(by_name(name))?;
                }
            }
            CallerKind::Federated { provider } => found.add(by_name(provider))?,
        }
        if let Some(account) = caller.account() {
            found.add(by_account(account))?;
        }
        Some(found)
    }

    fn add(&mut self, hash: u64) -> Option<()> {
        *self.hashes.get_mut(self.count)? = hash;
        self.count += 1;
        Some(())
    }

    /// The hashes.
    #[inline]
    pub(crate) fn keys(&self) -> &[u64] {
        self.hashes.get(..self.count).unwrap_or_default()
    }
}

/// What the callers that a clause can reach are found by; none when it may reach any.
pub(crate) fn found_by(clause: &PrincipalClause) -> Option<Vec<u64>> {
    if clause.is_negated() {
        return None;
    }
    let mut found = Vec::with_capacity(clause.entries().len());
    for entry in clause.entries() {
        found.push(match &entry.value {
            PrincipalPattern::Account { id, .. } => by_account(*id),
            PrincipalPattern::User(arn) | PrincipalPattern::FederatedSession(arn) => by_arn(arn),
            PrincipalPattern::Role(arn) => {
                by_role_name(arn.resource().rsplit('/').next().unwrap_or_default())
            }
            PrincipalPattern::RoleSession(arn) => by_role_name(role_of_session(arn).unwrap_or_default()),
            PrincipalPattern::Service(name) | PrincipalPattern::Federated(name) => by_name(name),
            PrincipalPattern::Nobody(_) => continue,
            // What these stand for may be unknown of any caller.
            PrincipalPattern::Everyone
            | PrincipalPattern::UniqueId(_)
            | PrincipalPattern::CanonicalUser(_) => {
                return None;
            }
            _ => return None,
        });
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn by_arn(arn: &Arn) -> u64 {
    hash(arn.as_str())
}

/// A role and its sessions are found by the role's name: a session's ARN has no path (PE-KIND-08).
fn by_role_name(name: &str) -> u64 {
    both(hash("role"), hash(name))
}

fn by_name(name: &str) -> u64 {
    both(hash("name"), hash(name))
}

fn by_account(id: AccountId) -> u64 {
    both(hash("account"), id.number())
}

/// The name of the role in a session's ARN.
fn role_of_session(session: &Arn) -> Option<&str> {
    session.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next())
}

fn in_account(caller: &Caller, id: AccountId, partition: Option<&str>) -> bool {
    // PE-PRN-16: partitions are compared literally.
    caller.account() == Some(id) && partition.is_none_or(|partition| *partition == *caller.partition)
}

/// Whether a session's ARN is of some session of a role: sessions have no path (PE-KIND-08).
fn is_session_of(session: &Arn, role: &Arn) -> bool {
    let name = role.resource().rsplit('/').next();
    session.account() == role.account()
        && session.partition() == role.partition()
        && name == role_of_session(session)
}

/// Whether a provider can vouch for callers of a role: only in the call of its own kind (PE-PRN-14), and an
/// IAM provider only within its own account (PE-STS-10, TRU-84).
fn is_usable(provider: &str, request: &Request) -> bool {
    let arn = provider_of_account(provider);
    let is_saml = arn.is_some_and(|(_, resource)| resource.starts_with("saml-provider/"));
    let call = if is_saml { "sts:assumerolewithsaml" } else { "sts:assumerolewithwebidentity" };
    let action = request.action().folded();
    // What is authorized beside the call is no call of its own (PE-TRU-03).
    let beside = matches!(action, "sts:tagsession" | "sts:setsourceidentity" | "sts:setcontext");
    let at_home = |account: &str| request.owner().is_none() || AccountId::read(account) == request.owner();
    (action == call || beside) && arn.is_none_or(|(account, _)| at_home(account))
}

/// The account and the resource in a provider's ARN; none for a well-known name. An [`Arn`] would be made for
/// every decision.
fn provider_of_account(provider: &str) -> Option<(&str, &str)> {
    let mut parts = provider.splitn(ARN_PARTS, ':');
    let [arn, partition, service, _, account, resource] = std::array::from_fn(|_| parts.next());
    let is_arn = arn? == "arn" && !partition?.is_empty() && !service?.is_empty() && !resource?.is_empty();
    is_arn.then_some((account?, resource?))
}

fn is_of_account_of(caller: &Caller, arn: &Arn) -> bool {
    caller.account() == arn.account() && *caller.partition == *arn.partition()
}

/// S3 and DynamoDB have gateway endpoints, in whose policies an account means its root user only.
fn is_gateway_endpoint(request: &Request, setting: Setting) -> bool {
    setting.kind == PolicyKind::VpcEndpoint && request.plan.traits.has(Traits::GATEWAY)
}

/// `NotPrincipal` reaches everyone but those it lists, judged over the caller's whole chain (PE-NP).
fn not_principal(clause: &PrincipalClause, request: &Request, setting: Setting) -> Reach {
    let listed = |matches: &dyn Fn(&PrincipalPattern) -> Truth| {
        Truth::any(clause.entries().iter().map(|entry| matches(&entry.value)))
    };
    let caller = request.caller();
    if listed(&|entry| (*entry == PrincipalPattern::Everyone).into()).is_true() {
        return by_exemption(Truth::False, PrincipalReason::Exempt); // PE-NP-07
    }
    if setting.effect == Effect::Deny && setting.has_boundary && caller.account().is_some() {
        return by_exemption(Truth::True, PrincipalReason::BoundaryVoidsExemption); // PE-NP-05
    }
    let elements =
        chain(caller).into_iter().flatten().map(|element| listed(&|entry| lists(entry, element, caller)));
    let exempt = match setting.effect {
        // PE-NP-03, low confidence: every element of the chain must be listed.
        Effect::Deny => {
            let mut elements = elements.peekable();
            if elements.peek().is_none() { Truth::False } else { Truth::all(elements) }
        }
        // PE-NP-06: a legacy grant to everyone not listed; listed in any way means not granted.
        Effect::Allow => Truth::any(elements),
    };
    let reason = match exempt {
        Truth::True => PrincipalReason::Exempt,
        Truth::False => PrincipalReason::NotExempt,
        Truth::Unknown => PrincipalReason::CallerNotKnown,
    };
    by_exemption(!exempt, reason)
}

/// Who is not exempt is reached as if named.
fn by_exemption(reached: Truth, reason: PrincipalReason) -> Reach {
    Reach { grades: Grades::of(Grade::Strong, reached), entry: None, reason }
}

/// The identities behind a caller that a `NotPrincipal` would have to list and does not, as one would write
/// them (PE-NP-02).
pub(crate) fn unlisted(clause: &PrincipalClause, caller: &Caller) -> Vec<String> {
    chain(caller)
        .into_iter()
        .flatten()
        .filter(|element| {
            let entries = clause.entries().iter();
            !Truth::any(entries.map(|entry| lists(&entry.value, *element, caller))).is_true()
        })
        .filter_map(|element| name_of(element, caller))
        .collect()
}

/// How one writes an identity of a caller's chain; none when it is not known.
fn name_of(element: Element, caller: &Caller) -> Option<String> {
    match (element, caller.kind()) {
        (Element::Account, _) => caller.account().map(|account| account.to_string()),
        (Element::User, CallerKind::FederatedUser { user, .. }) => user.as_ref().map(Arn::to_string),
        (Element::Role, _) if caller.role_path_known => caller.role().map(Arn::to_string),
        (Element::Role, _) => None,
        (Element::Session, CallerKind::RoleSession { session, .. }) => session.as_ref().map(Arn::to_string),
        (Element::User | Element::Session | Element::Service | Element::Provider, _) => {
            Some(caller.to_string())
        }
    }
}

/// The identities that stand behind a caller, outermost first.
#[derive(Clone, Copy)]
enum Element {
    Account,
    User,
    Role,
    Session,
    Service,
    Provider,
}

fn chain(caller: &Caller) -> [Option<Element>; 3] {
    match caller.kind() {
        CallerKind::User { .. } => [Some(Element::Account), Some(Element::User), None],
        CallerKind::RoleSession { .. } => {
            [Some(Element::Account), Some(Element::Role), Some(Element::Session)]
        }
        CallerKind::FederatedUser { .. } => {
            [Some(Element::Account), Some(Element::User), Some(Element::Session)]
        }
        CallerKind::Root { .. } => [Some(Element::Account), None, None],
        CallerKind::Service { .. } => [Some(Element::Service), None, None],
        CallerKind::Federated { .. } => [Some(Element::Provider), None, None],
        CallerKind::Anonymous => [None, None, None],
    }
}

/// Whether an entry of `NotPrincipal` lists an element of the chain.
fn lists(entry: &PrincipalPattern, element: Element, caller: &Caller) -> Truth {
    match (element, entry) {
        (Element::Account, PrincipalPattern::Account { id, partition }) => {
            in_account(caller, *id, partition.as_deref()).into()
        }
        (Element::Account, PrincipalPattern::CanonicalUser(_)) => Truth::Unknown,
        (Element::User, PrincipalPattern::User(arn)) => match caller.kind() {
            CallerKind::User { arn: own, .. } => (own == arn).into(),
            CallerKind::FederatedUser { user: Some(user), .. } => (user == arn).into(),
            CallerKind::FederatedUser { user: None, .. } if is_of_account_of(caller, arn) => Truth::Unknown,
            _ => Truth::False,
        },
        (Element::User | Element::Role, PrincipalPattern::UniqueId(id)) => has_unique_id(caller, id),
        (Element::Role, PrincipalPattern::Role(arn)) => caller.is_session_of(arn),
        (Element::Session, PrincipalPattern::RoleSession(arn) | PrincipalPattern::FederatedSession(arn)) => {
            match caller.kind() {
                CallerKind::RoleSession { session: Some(own), .. }
                | CallerKind::FederatedUser { session: own, .. } => (own == arn).into(),
                CallerKind::RoleSession { session: None, role } if is_session_of(arn, role) => Truth::Unknown,
                _ => Truth::False,
            }
        }
        (Element::Service, PrincipalPattern::Service(name)) => match caller.kind() {
            CallerKind::Service { names } => names.contains(name).into(),
            _ => Truth::False,
        },
        (Element::Provider, PrincipalPattern::Federated(name)) => match caller.kind() {
            CallerKind::Federated { provider } => (provider == name).into(),
            _ => Truth::False,
        },
        _ => Truth::False,
    }
}
