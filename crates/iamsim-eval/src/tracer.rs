//! What is seen on the way to a decision. The decision and its explanation are one walk: a silent tracer
//! costs nothing, a recorder keeps numbers and no text.

use crate::condition::ConditionReason;
use crate::layers::Layer;
use crate::principal::{Grades, PrincipalReason};
use crate::resource::Covered;
use crate::truth::Truth;

/// Whether a layer has a say in a request, and why not. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// Its policies are read.
    Applies,
    /// There are no such policies.
    None,
    /// Its policies are not known.
    Unknown,
    /// The caller has no account, so the layer does not concern it.
    CallerWithoutAccount,
    /// A service that acts for itself is not seen by this layer (PE-SVC-01).
    ServicePrincipal,
    /// Service-linked roles are not limited by organizations (PE-SLR-01).
    ServiceLinkedRole,
    /// Its policies are read, and count unless the caller's role turns out to be service-linked.
    PerhapsServiceLinkedRole,
    /// The service has no resource control policies (PE-RCP-02).
    ServiceNotSupported,
    /// A root user has no identity policies and needs none in its own account (PE-ROOT-01).
    RootUser,
    /// A session from `GetFederationToken` without session policy has no permissions of its own (PE-SES-05).
    FederatedWithoutSessionPolicy,
    /// No resource policy takes part in this action (PE-PASS-01, PE-APP-04).
    NotForAction,
}

impl Standing {
    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::CallerWithoutAccount => "caller-without-account",
            Self::ServicePrincipal => "service-principal",
            Self::ServiceLinkedRole => "service-linked-role",
            Self::PerhapsServiceLinkedRole => "perhaps-service-linked-role",
            Self::ServiceNotSupported => "service-not-supported",
            Self::RootUser => "root-user",
            Self::FederatedWithoutSessionPolicy => "federated-without-session-policy",
            Self::NotForAction => "not-for-action",
        }
    }
}

/// One thing seen: ids and outcomes, no text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Layer(Layer, Standing),
    Level(u32),
    Policy(u32),
    Statement(u32),
    Action(bool, Option<u32>),
    Principal(Truth, PrincipalReason, Option<u32>),
    Resource(Covered),
    Condition(u32, Truth, ConditionReason),
    /// The statement is done: whether it matches, by grade.
    Matched(Grades),
}

/// A clause of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    Action,
    Principal,
    Resource,
    /// One key under one operator, by its place in the statement.
    Condition(u32),
}

/// Sees a decision being made.
pub(crate) trait Tracer {
    /// Whether to go on looking when the outcome of a statement, a layer or the whole is certain.
    const EXHAUSTIVE: bool;
    /// Whether nothing is looked at that could not change the decision. Otherwise every statement that can
    /// match is.
    const STOPS: bool;
    /// Whether it tells statements of several policies apart by what it sees right before each.
    const SEES_JOINED: bool = false;

    /// One thing seen.
    fn event(&mut self, event: Event);

    /// Whether every statement of the policy at hand is looked at, and not only those that can match.
    fn looks_at_all(&self) -> bool {
        Self::EXHAUSTIVE
    }

    /// What a clause of the statement at hand is to come to, in place of what it does come to.
    fn supposed(&self, _: Clause) -> Option<bool> {
        None
    }
}

/// Sees nothing.
pub(crate) struct Silent;

impl Tracer for Silent {
    const EXHAUSTIVE: bool = false;
    const STOPS: bool = true;
    const SEES_JOINED: bool = true;

    fn event(&mut self, _: Event) {}
}

/// Sees nothing, and waits until every layer has said all it has to say.
pub(crate) struct Patient;

impl Tracer for Patient {
    const EXHAUSTIVE: bool = false;
    const STOPS: bool = false;
    const SEES_JOINED: bool = true;

    fn event(&mut self, _: Event) {}
}

/// Keeps which statements match, and nothing else.
pub(crate) struct Naming {
    here: Named,
    /// The first few, which most often are all.
    few: [Named; 3],
    count: usize,
    more: Vec<Named>,
}

/// A statement that matches: where it is attached, and by which grades. Sixteen bytes, as many as are moved at
/// once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    layer: Layer,
    level: u32,
    policy: u32,
    statement: u32,
    grades: Grades,
}

impl Named {
    const NOWHERE: Self =
        Self { layer: Layer::ResourceControl, level: 0, policy: 0, statement: 0, grades: Grades::NONE };

    /// Where it is attached.
    #[inline]
    pub(crate) fn place(self) -> Place {
        let Self { layer, level, policy, statement, .. } = self;
        Place { layer, level, policy, statement }
    }

    /// By which grades it matches.
    pub(crate) fn grades(self) -> Grades {
        self.grades
    }
}

impl Naming {
    pub(crate) const fn new() -> Self {
        Self { here: Named::NOWHERE, few: [Named::NOWHERE; 3], count: 0, more: Vec::new() }
    }

    #[inline]
    fn add(&mut self, grades: Grades) {
        let named = Named { grades, ..self.here };
        match self.few.get_mut(self.count) {
            Some(slot) => {
                *slot = named;
                self.count += 1;
            }
            None => self.more.push(named),
        }
    }

    /// The statements that match, each once, in the order of layers, levels, policies and statements.
    #[inline]
    pub(crate) fn sorted(&mut self) -> &[Named] {
        if self.count > 1 {
            self.sort();
        }
        if self.more.is_empty() { self.few.get(..self.count).unwrap_or_default() } else { &self.more }
    }

    fn sort(&mut self) {
        if !self.more.is_empty() {
            self.more.extend(self.few);
            self.more.sort_unstable();
            self.more.dedup_by_key(|named| named.place());
            self.count = 0;
            return;
        }
        let few = self.few.get_mut(..self.count).unwrap_or_default();
        few.sort_unstable();
        let place = |few: &[Named], at: usize| few.get(at).map(|named| named.place());
        let mut kept = 0;
        for index in 0..few.len() {
            let repeats = kept > 0 && place(few, kept - 1) == place(few, index);
            if !repeats {
                few.swap(kept, index);
                kept += 1;
            }
        }
        self.count = kept;
    }
}

impl Tracer for Naming {
    const EXHAUSTIVE: bool = false;
    const STOPS: bool = false;
    const SEES_JOINED: bool = true;

    #[inline]
    fn event(&mut self, event: Event) {
        match event {
            Event::Layer(layer, _) => self.here = Named { layer, ..Named::NOWHERE },
            Event::Level(level) => self.here.level = level,
            Event::Policy(policy) => self.here.policy = policy,
            Event::Statement(statement) => self.here.statement = statement,
            Event::Matched(grants) if grants.any().is_true() => self.add(grants),
            _ => {}
        }
    }
}

/// Where a statement is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) layer: Layer,
    pub(crate) level: u32,
    pub(crate) policy: u32,
    pub(crate) statement: u32,
}

/// Decides as if clauses of one statement came to something else.
pub(crate) struct Supposing<'a> {
    target: Place,
    clauses: &'a [(Clause, bool)],
    here: Place,
}

impl<'a> Supposing<'a> {
    pub(crate) fn new(target: Place, clauses: &'a [(Clause, bool)]) -> Self {
        let here = Place { layer: target.layer, level: u32::MAX, policy: u32::MAX, statement: u32::MAX };
        Self { target, clauses, here }
    }
}

impl Tracer for Supposing<'_> {
    const EXHAUSTIVE: bool = false;
    const STOPS: bool = true;

    fn event(&mut self, event: Event) {
        match event {
            Event::Layer(layer, _) => self.here = Place { layer, level: 0, ..self.here },
            Event::Level(level) => self.here.level = level,
            Event::Policy(policy) => self.here.policy = policy,
            Event::Statement(statement) => self.here.statement = statement,
            _ => {}
        }
    }

    fn looks_at_all(&self) -> bool {
        // A statement that is supposed to match need not be one that can.
        Place { statement: self.target.statement, ..self.here } == self.target
    }

    fn supposed(&self, clause: Clause) -> Option<bool> {
        if self.here != self.target {
            return None;
        }
        self.clauses.iter().find_map(|(supposed, outcome)| (*supposed == clause).then_some(*outcome))
    }
}

/// Keeps everything.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) events: Vec<Event>,
}

impl Tracer for Recorder {
    const EXHAUSTIVE: bool = true;
    const STOPS: bool = false;

    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
}
