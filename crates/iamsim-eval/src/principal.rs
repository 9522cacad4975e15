//! Whom a `Principal` or `NotPrincipal` element reaches, and with which grade (PE-PRN, PE-RBP, PE-NP).

use iamsim_policy::{Effect, PolicyKind, PrincipalClause, PrincipalPattern};

use crate::request::{Caller, CallerKind, Request};
use crate::truth::Truth;

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

/// How a principal element reaches the caller: one truth a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) delegating: Truth,
    pub(crate) limited: Truth,
    pub(crate) strong: Truth,
    pub(crate) session: Truth,
    /// The entry that matched best, for the trace.
    pub(crate) entry: Option<u32>,
    pub(crate) reason: PrincipalReason,
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

impl Reach {
    const NOBODY: Self = Self {
        delegating: Truth::False,
        limited: Truth::False,
        strong: Truth::False,
        session: Truth::False,
        entry: None,
        reason: PrincipalReason::NotNamed,
    };

    fn all(truth: Truth, reason: PrincipalReason) -> Self {
        Self { strong: truth, reason, ..Self::NOBODY }
    }

    /// Everyone is reached: for the layers whose policies have no principal element.
    pub(crate) const EVERYONE: Self =
        Self { strong: Truth::True, reason: PrincipalReason::Named, ..Self::NOBODY };

    /// Whether the caller is reached at all.
    pub(crate) fn any(self) -> Truth {
        self.delegating | self.limited | self.strong | self.session
    }

    /// The best grade that certainly holds.
    pub(crate) fn grade(self) -> Option<Grade> {
        [
            (self.session, Grade::Session),
            (self.strong, Grade::Strong),
            (self.limited, Grade::Limited),
            (self.delegating, Grade::Delegating),
        ]
        .into_iter()
        .find_map(|(truth, grade)| truth.is_true().then_some(grade))
    }

    /// Each grade only where `rest` holds as well.
    pub(crate) fn and(self, rest: Truth) -> Self {
        Self {
            delegating: self.delegating & rest,
            limited: self.limited & rest,
            strong: self.strong & rest,
            session: self.session & rest,
            ..self
        }
    }
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
pub(crate) fn reach(clause: Option<&PrincipalClause>, request: &Request, setting: Setting) -> Reach {
    let Some(clause) = clause else { return Reach { reason: PrincipalReason::NoElement, ..Reach::NOBODY } };
    if clause.is_negated() {
        return not_principal(clause, request, setting);
    }
    let mut reach = Reach::NOBODY;
    let mut best = None;
    for (index, entry) in clause.entries().iter().enumerate() {
        let Some((truth, grade)) = names(&entry.value, request, setting) else { continue };
        let slot = match grade {
            Grade::Delegating => &mut reach.delegating,
            Grade::Limited => &mut reach.limited,
            Grade::Strong => &mut reach.strong,
            Grade::Session => &mut reach.session,
        };
        *slot = *slot | truth;
        if best < Some((truth, grade)) {
            best = Some((truth, grade));
            reach.entry = u32::try_from(index).ok();
        }
    }
    reach.reason = match reach.any() {
        Truth::True => PrincipalReason::Named,
        Truth::False => PrincipalReason::NotNamed,
        Truth::Unknown => PrincipalReason::CallerNotKnown,
    };
    reach
}

/// Whether an entry of `Principal` names the caller, and with which grade; none when it does not.
fn names(entry: &PrincipalPattern, request: &Request, setting: Setting) -> Option<(Truth, Grade)> {
    let caller = request.caller();
    let yes = |grade| Some((Truth::True, grade));
    match entry {
        PrincipalPattern::Everyone => {
            let left_out = !EVERYONE_INCLUDES_FEDERATED
                && setting.kind == PolicyKind::RoleTrust
                && setting.effect == Effect::Allow
                && matches!(caller.kind(), CallerKind::Federated { .. });
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
            CallerKind::FederatedUser { user: None, .. } if caller.account() == arn.account() => {
                Some((Truth::Unknown, Grade::Limited))
            }
            _ => None,
        },
        PrincipalPattern::Role(arn) => (caller.role() == Some(arn)).then_some((Truth::True, Grade::Limited)),
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
            if caller.unique_id() != Some(id) {
                return None;
            }
            match caller.kind() {
                CallerKind::User { .. } => yes(Grade::Strong),
                _ => yes(Grade::Limited),
            }
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

fn in_account(caller: &Caller, id: iamsim_policy::AccountId, partition: Option<&str>) -> bool {
    // PE-PRN-16: partitions are compared literally.
    caller.account() == Some(id) && partition.is_none_or(|partition| *partition == *caller.partition)
}

/// Whether a session's ARN is of some session of a role: sessions have no path (PE-KIND-08).
fn is_session_of(session: &iamsim_policy::Arn, role: &iamsim_policy::Arn) -> bool {
    let name = role.resource().rsplit('/').next();
    let of = session.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next());
    session.account() == role.account() && session.partition() == role.partition() && name == of
}

/// Whether a provider can vouch for callers of a role: an IAM provider only within its own account
/// (PE-STS-10, TRU-84).
fn is_usable(provider: &str, request: &Request) -> bool {
    let arn: Result<iamsim_policy::Arn, _> = provider.parse();
    arn.map_or(true, |arn| request.owner().is_none() || arn.account() == request.owner())
}

/// S3 and DynamoDB have gateway endpoints, in whose policies an account means its root user only.
fn is_gateway_endpoint(request: &Request, setting: Setting) -> bool {
    setting.kind == PolicyKind::VpcEndpoint && matches!(request.action().service(), "s3" | "dynamodb")
}

/// `NotPrincipal` reaches everyone but those it lists, judged over the caller's whole chain (PE-NP).
fn not_principal(clause: &PrincipalClause, request: &Request, setting: Setting) -> Reach {
    let listed = |matches: &dyn Fn(&PrincipalPattern) -> Truth| {
        Truth::any(clause.entries().iter().map(|entry| matches(&entry.value)))
    };
    let caller = request.caller();
    if listed(&|entry| (*entry == PrincipalPattern::Everyone).into()).is_true() {
        return Reach::all(Truth::False, PrincipalReason::Exempt); // PE-NP-07
    }
    if setting.effect == Effect::Deny && setting.has_boundary && caller.account().is_some() {
        return Reach::all(Truth::True, PrincipalReason::BoundaryVoidsExemption); // PE-NP-05
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
    Reach::all(!exempt, reason)
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
    let unique = |id: &str| caller.unique_id() == Some(id);
    match (element, entry) {
        (Element::Account, PrincipalPattern::Account { id, partition }) => {
            in_account(caller, *id, partition.as_deref()).into()
        }
        (Element::Account, PrincipalPattern::CanonicalUser(_)) => Truth::Unknown,
        (Element::User, PrincipalPattern::User(arn)) => match caller.kind() {
            CallerKind::User { arn: own, .. } => (own == arn).into(),
            CallerKind::FederatedUser { user: Some(user), .. } => (user == arn).into(),
            CallerKind::FederatedUser { user: None, .. } if caller.account() == arn.account() => {
                Truth::Unknown
            }
            _ => Truth::False,
        },
        (Element::User | Element::Role, PrincipalPattern::UniqueId(id)) => unique(id).into(),
        (Element::Role, PrincipalPattern::Role(arn)) => (caller.role() == Some(arn)).into(),
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
