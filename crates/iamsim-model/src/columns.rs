//! Many questions at once: those of one caller share what is found for it, and those of all callers share what
//! their policies say of an action on a resource, in a [`Matrix`].
//!
//! First everything is asked with a context of which nothing is known. What is decided then is so whatever the
//! context holds, and most is: no policy speaks of most actions. The others are asked again with the contexts
//! they have, each context with all questions that share it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{mem, ptr};

use iamsim_eval::{
    Asked as Column, Asking, Context, ContextValue, Decision, Layers, Matrix, Request, Resource, authorize,
};
use iamsim_policy::{AccountId, Arn};

use crate::asks::Asked;
use crate::caller::{Caller, CallerKind};
use crate::context::{Filled, Held, KeyRule, Said};
use crate::endpoint::VpcEndpoint;
use crate::error::ModelError;
use crate::facts::{Facts, Found};
use crate::snapshot::{Question, ResourceSide, Snapshot, callers_side, named_owner, with_rcps};
use crate::world::State;

impl Snapshot {
    /// Decides many questions: the answers that [`assemble`](Self::assemble) leads to for each, in their order.
    ///
    /// Questions of one caller with the same words on the context should follow each other: what is found for the
    /// caller serves all of them.
    ///
    /// ```
    /// use iamsim_eval::{Decision, Resource};
    /// use iamsim_model::{Overrides, Question, World};
    ///
    /// let mut world = World::new("aws");
    /// let account = "111122223333".parse()?;
    /// world.open_account(account);
    /// let root = world.root(account);
    /// let ask = |action: &str| Question {
    ///     caller: &root,
    ///     action: action.parse().unwrap(),
    ///     resource: Resource::None,
    ///     now: chrono::DateTime::UNIX_EPOCH,
    ///     overrides: Overrides::new(),
    ///     owner: None,
    ///     endpoint: None,
    /// };
    /// let decisions = world.freeze().decide_all(vec![ask("s3:ListAllMyBuckets"), ask("sqs:ListQueues")]);
    /// assert!(decisions.into_iter().all(|decision| decision.unwrap() == Decision::Allow));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide_all(&self, mut questions: Vec<Question<'_>>) -> Vec<Result<Decision, ModelError>> {
        let state = self.state();
        let mut decisions = vec![Ok(Decision::Undetermined); questions.len()];
        let mut first = 0;
        let mut many = Vec::new();
        for asked in questions.chunk_by_mut(|one, other| asks_alike(one, other)) {
            let range = first..first + asked.len();
            first = range.end;
            if asked.len() < FEW {
                let answers = decisions.get_mut(range).into_iter().flatten();
                answers.zip(asked).for_each(|(answer, question)| *answer = self.decide(taken(question)));
            } else {
                many.push(range);
            }
        }
        let mut callers = Vec::with_capacity(many.len());
        for range in many {
            let asked = questions.get(range.clone()).unwrap_or_default();
            match Came::find(state, asked) {
                Ok(came) => callers.push((came, asked, range)),
                Err(error) => {
                    let answers = decisions.get_mut(range).into_iter().flatten();
                    answers.for_each(|answer| *answer = Err(error.clone()));
                }
            }
        }
        // What one caller asks twice may be answered twice.
        let mut groups = Groups { may_repeat: callers.len() > 1, ..Groups::default() };
        let mut all = Vec::with_capacity(callers.len());
        for (came, asked, range) in &callers {
            let who = Asker::new(state, came);
            let placed =
                range.clone().zip(*asked).map(|(place, question)| groups.place(&who, question, place));
            let placed: Vec<Placed> = placed.collect();
            all.push((who, placed));
        }
        let mut groups = groups.finish();
        for (who, mut placed) in all {
            placed.sort_by_key(|placed| placed.group);
            for placed in placed.chunk_by(|one, other| one.group == other.group) {
                let group = placed.first().and_then(|first| groups.get_mut(first.group));
                let decided = group.into_iter().flat_map(|group| group.decide(&who, &questions, placed));
                for (place, decision) in decided {
                    if let Some(answer) = decisions.get_mut(place) {
                        *answer = Ok(decision);
                    }
                }
            }
        }
        decisions
    }

    fn decide(&self, question: Question<'_>) -> Result<Decision, ModelError> {
        let (layers, request) = self.assemble_to_decide(question)?;
        Ok(authorize(&layers, &request))
    }
}

/// So few questions are asked one at a time: what is shared, and what a row of a matrix begins with, costs more.
const FEW: usize = 4;

/// Takes a question that is looked at no more.
fn taken<'q>(question: &mut Question<'q>) -> Question<'q> {
    Question {
        action: question.action.clone(),
        resource: mem::replace(&mut question.resource, Resource::None),
        overrides: mem::take(&mut question.overrides),
        ..*question
    }
}

/// Whether two questions differ in nothing but the action, the resource and its owner.
fn asks_alike(one: &Question<'_>, other: &Question<'_>) -> bool {
    one.now == other.now
        && one.endpoint == other.endpoint
        && is_same(one.caller, other.caller)
        && one.overrides == other.overrides
}

/// Whether two callers are certainly the same.
fn is_same(one: &Caller, other: &Caller) -> bool {
    use CallerKind::{Root, Session, User};
    match (&one.0, &other.0) {
        (Session { session: one, .. }, Session { session: other, .. }) => Arc::ptr_eq(one, other),
        (
            User { account, id, access_key, .. },
            User { account: other_account, id: other_id, access_key: other_key, .. },
        ) => account == other_account && id == other_id && access_key == other_key,
        (Root { account, .. }, Root { account: other, .. }) => account == other,
        _ => ptr::eq(one, other),
    }
}

/// A caller that was found in the world, and the way it came.
struct Came<'w> {
    caller: &'w Caller,
    found: Found<'w>,
    endpoint: Option<(&'w str, &'w VpcEndpoint)>,
}

impl<'w> Came<'w> {
    fn find(state: &'w State, questions: &'w [Question<'_>]) -> Result<Self, ModelError> {
        let first = questions.first().ok_or_else(|| ModelError::missing("Nothing is asked.".to_owned()))?;
        let found = state.find(first.caller, first.now)?;
        let endpoint = first.endpoint.map(|id| state.endpoint(id)).transpose()?;
        Ok(Self { caller: first.caller, found, endpoint })
    }
}

/// A caller with what bears on all its questions.
struct Asker<'c, 'w> {
    state: &'w State,
    came: &'c Came<'w>,
    found: &'c Found<'w>,
    layers: Layers,
    /// What those ask of the context.
    asked: Asked<'c>,
}

impl<'c, 'w> Asker<'c, 'w> {
    fn new(state: &'w State, came: &'c Came<'w>) -> Self {
        let mut asked = Asked::default();
        let layers = callers_side(&mut asked, &came.found, came.endpoint);
        Self { state, came, found: &came.found, layers, asked }
    }

    /// What is known of a question.
    fn facts<'q>(&self, question: &'q Question<'_>, owner: Option<AccountId>) -> Facts<'q>
    where
        'c: 'q,
    {
        let arn = arn_of(question);
        Facts {
            state: self.state,
            found: self.found,
            now: question.now,
            action: &question.action,
            arn,
            owner: named_owner(owner, arn),
            endpoint: self.came.endpoint,
            caller: self.came.caller,
        }
    }
}

fn arn_of<'q>(question: &'q Question<'_>) -> Option<&'q Arn> {
    match &question.resource {
        Resource::Arn(arn) => Some(arn),
        Resource::None => None,
    }
}

/// Columns that lie behind the same layers, but for the caller's own.
struct Group<'w> {
    side: ResourceSide<'w>,
    /// Whose the resources are; none for requests without resource, whose owner is the caller.
    owner: Option<AccountId>,
    columns: Vec<Column>,
    matrix: Matrix,
}

/// The groups of columns, while they are collected.
#[derive(Default)]
struct Groups<'w> {
    all: Vec<Group<'w>>,
    by_layers: BTreeMap<(Option<AccountId>, SideId), usize>,
    /// Columns by what is asked, looked up where questions may repeat.
    known: BTreeMap<Asks, (usize, usize)>,
    may_repeat: bool,
}

/// What is asked: action, resource and owner.
type Asks = (Box<str>, Box<str>, Option<AccountId>);

/// Tells sides apart: the kind, and where what is known lies in memory.
type SideId = (u8, usize);

fn id_of(side: ResourceSide<'_>) -> SideId {
    match side {
        ResourceSide::NoResource => (0, 0),
        ResourceSide::NoPolicy => (1, 0),
        ResourceSide::Unknown => (2, 0),
        ResourceSide::Trust(trust) => (3, ptr::from_ref(trust).addr()),
        ResourceSide::Resource(resource) => (4, ptr::from_ref(resource).addr()),
    }
}

/// Where a question stands: its place among all, its group, and its column there.
#[derive(Clone, Copy)]
struct Placed {
    place: usize,
    group: usize,
    column: usize,
}

impl<'w> Groups<'w> {
    fn place(&mut self, who: &Asker<'_, 'w>, question: &Question<'_>, place: usize) -> Placed {
        let (state, arn) = (who.state, arn_of(question));
        let owner = question.owner.or_else(|| arn.and_then(|arn| state.owner_of(Some(arn), who.found)));
        let name = || (question.action.folded().into(), question.resource.to_string().into(), owner);
        let name = self.may_repeat.then(name);
        if let Some((group, column)) = name.as_ref().and_then(|name| self.known.get(name)) {
            return Placed { place, group: *group, column: *column };
        }
        let side = state.resource_side(&question.action, arn, owner);
        let group = *self.by_layers.entry((owner, id_of(side))).or_insert_with(|| {
            self.all.push(Group { side, owner, columns: Vec::new(), matrix: Matrix::new([]) });
            self.all.len() - 1
        });
        let asked = Column::new(question.action.clone(), question.resource.clone());
        let asked = match owner {
            Some(owner) => asked.with_owner(owner),
            None => asked,
        };
        let mut column = 0;
        if let Some(group) = self.all.get_mut(group) {
            column = group.columns.len();
            group.columns.push(asked);
        }
        if let Some(name) = name {
            self.known.insert(name, (group, column));
        }
        Placed { place, group, column }
    }

    /// The groups with all their columns.
    fn finish(mut self) -> Vec<Group<'w>> {
        for group in &mut self.all {
            group.matrix = Matrix::new(mem::take(&mut group.columns));
        }
        self.all
    }
}

impl Group<'_> {
    /// The answers to questions of one caller, by their places.
    fn decide(
        &mut self,
        who: &Asker<'_, '_>,
        questions: &[Question<'_>],
        placed: &[Placed],
    ) -> Vec<(usize, Decision)> {
        let caller = who.found;
        let owner = match self.side {
            ResourceSide::NoResource => self.owner.or(caller.account.map(|account| account.id)),
            _ => self.owner,
        };
        let membership = owner.and_then(|owner| who.state.membership(owner));
        let mut asked = who.asked.clone();
        let layers = with_rcps(who.layers.clone(), &mut asked, membership.as_deref());
        let layers = self.side.add_to(layers, &mut asked, caller);
        let nothing_known = Asking::new(caller.eval.clone(), Context::partial());
        let mut decided = Vec::with_capacity(placed.len());
        let mut contexts = None;
        for (placed, decision) in placed.iter().zip(self.ask(&layers, &nothing_known, placed)) {
            match questions.get(placed.place) {
                Some(question) if decision == Decision::Undetermined => {
                    let contexts = contexts.get_or_insert_with(|| Contexts::new(&asked));
                    contexts.add(&who.facts(question, owner), question, *placed);
                }
                _ => decided.push((placed.place, decision)),
            }
        }
        for (context, placed) in contexts.into_iter().flat_map(|contexts| contexts.all.into_values()) {
            let asking = Asking::new(caller.eval.clone(), context);
            let found = self.ask(&layers, &asking, &placed);
            decided.extend(placed.iter().map(|placed| placed.place).zip(found));
        }
        decided
    }

    fn ask(&mut self, layers: &Layers, asking: &Asking, placed: &[Placed]) -> Vec<Decision> {
        if placed.len() < FEW {
            let columns = self.matrix.columns();
            let asked = placed.iter().map(|placed| columns.get(placed.column).cloned());
            let request = |asked| Request::of(asking.clone(), asked);
            let decide = |asked| authorize(layers, &request(asked));
            return asked.map(|asked| asked.map_or(Decision::Undetermined, decide)).collect();
        }
        self.matrix.prepare(layers);
        let columns: Vec<usize> = placed.iter().map(|placed| placed.column).collect();
        self.matrix.some(layers, asking, &columns)
    }
}

/// The contexts of one caller's questions behind the same layers.
struct Contexts<'a> {
    asked: &'a Asked<'a>,
    /// The rows of the table that may say another thing to another question.
    rows: Vec<&'static KeyRule>,
    /// What the table makes of the questions, by what its rows say to them.
    filled: BTreeMap<Vec<Said>, Open<'a>>,
    /// Each context with its questions.
    all: BTreeMap<ContextId<'a>, (Context, Vec<Placed>)>,
}

/// Tells contexts apart: what one was filled with, and which keys the catalog settled.
type ContextId<'a> = (usize, Vec<&'a str>);

/// A context before the catalog has settled what no request of an action holds.
struct Open<'a> {
    number: usize,
    context: Context,
    /// The keys that are left to settle, each once.
    keys: Vec<&'a str>,
}

impl<'a> Contexts<'a> {
    fn new(asked: &'a Asked<'a>) -> Self {
        let rows = asked.rows_to_decide().by_question().collect();
        Self { asked, rows, filled: BTreeMap::new(), all: BTreeMap::new() }
    }

    /// Finds or makes the context of a question.
    fn add(&mut self, facts: &Facts<'_>, question: &Question<'_>, placed: Placed) {
        let said = self.rows.iter().filter_map(|row| row.say(facts)).collect();
        let number = self.filled.len();
        let open = self.filled.entry(said).or_insert_with(|| {
            let filled = Filled::new(facts, question.overrides.clone(), self.asked.rows_to_decide());
            let mut keys: Vec<&str> =
                filled.to_settle(self.asked).filter(|key| filled.is_open(key)).collect();
            keys.sort_unstable();
            keys.dedup();
            Open { number, context: filled.context, keys }
        });
        let held = Held::new(facts);
        let settled: Vec<&str> = open.keys.iter().copied().filter(|key| held.never(key)).collect();
        let context = self.all.entry((open.number, settled));
        let (_, placed_here) = context.or_insert_with_key(|(_, settled)| {
            let mut context = open.context.clone();
            for key in settled {
                context.set(key, ContextValue::Absent);
            }
            (context, Vec::new())
        });
        placed_here.push(placed);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use iamsim_eval::ContextValue;

    use super::*;
    use crate::context::{GLOBAL_KEYS, Overrides, fill};
    use crate::facts::Who;
    use crate::id::RoleId;
    use crate::identity::IdentityId;
    use crate::session::{Session, SessionOrigin, SessionPrincipal};
    use crate::world::World;

    /// Questions that differ in all that a question can differ in.
    const QUESTIONS: &[(&str, Option<&str>, Option<&str>)] = &[
        ("s3:ListAllMyBuckets", None, Some("111122223333")),
        ("s3:GetObject", Some("arn:aws:s3:::reports/q1.csv"), Some("444455556666")),
        ("s3:GetObject", Some("arn:aws:s3:::reports/q1.csv"), None),
        ("sqs:SendMessage", Some("arn:aws:sqs:eu-west-1:111122223333:orders"), Some("111122223333")),
        ("sqs:SendMessage", Some("arn:aws:sqs:us-east-1:000011112222:orders"), Some("000011112222")),
        ("iam:GetRole", Some("arn:aws:iam::111122223333:role/r"), Some("111122223333")),
        ("sts:AssumeRole", Some("arn:aws:iam::111122223333:role/r"), Some("111122223333")),
        ("ec2:CopyImage", Some("arn:aws:ec2:us-east-1::image/ami-0abc"), Some("111122223333")),
        ("unheard:Of", Some("arn:aws:unheard:eu-west-1:111122223333:of"), Some("111122223333")),
    ];

    const KINDS: [Who; 7] = [
        Who::User,
        Who::RoleSession,
        Who::FederatedUser,
        Who::Root,
        Who::Service,
        Who::Federated,
        Who::Anonymous,
    ];

    /// Of the resources, these have tags, each others.
    const TAGGED: &[&str] = &[
        "arn:aws:sqs:eu-west-1:111122223333:orders",
        "arn:aws:unheard:eu-west-1:111122223333:of",
        "arn:aws:iam::111122223333:role/r",
    ];

    fn world() -> World {
        let mut world = World::new("aws");
        let (home, away) = ("111122223333".parse().unwrap(), "444455556666".parse().unwrap());
        for account in [home, away] {
            world.open_account(account);
        }
        world.found_organization(home, "o-exampleorg", "r-ab12").unwrap();
        let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "111122223333"}}}"#;
        world.add_role(home, "r", &trust.into(), RoleId::new("AROA1"), DateTime::UNIX_EPOCH).unwrap();
        for arn in TAGGED {
            if arn.starts_with("arn:aws:iam:") {
                let role = IdentityId::Role(RoleId::new("AROA1"));
                world.tag_identity(home, &role, &[("team", arn)]).unwrap();
            } else {
                world.add_resource(home, arn).unwrap();
                world.tag_resource(home, arn, "team", arn).unwrap();
            }
        }
        world
    }

    /// What each row comes to, for each question of one caller: under a member of the family where it is one.
    fn rows(kind: Who, session: Option<&Session>) -> Vec<(&'static KeyRule, Vec<ContextValue>)> {
        let world = world();
        let snapshot = world.freeze();
        let root = world.root("111122223333".parse().unwrap());
        let asked: Vec<Question<'_>> = QUESTIONS
            .iter()
            .map(|(action, arn, owner)| Question {
                caller: &root,
                action: action.parse().unwrap(),
                resource: arn.map_or(Resource::None, |arn| Resource::Arn(arn.parse().unwrap())),
                now: DateTime::UNIX_EPOCH,
                overrides: Overrides::new(),
                owner: owner.map(|owner| owner.parse().unwrap()),
                endpoint: None,
            })
            .collect();
        let mut came = Came::find(snapshot.state(), &asked).unwrap();
        (came.found.who, came.found.session) = (kind, session);
        let who = Asker::new(snapshot.state(), &came);
        let mut rows: Vec<(&KeyRule, Vec<ContextValue>)> =
            GLOBAL_KEYS.iter().map(|rule| (rule, Vec::new())).collect();
        for question in &asked {
            let facts = who.facts(question, question.owner);
            let context = fill(&facts, Overrides::new(), &Asked::default(), false);
            for (rule, values) in &mut rows {
                let key = rule.key.replace("{issuer}:", "accounts.google.com:");
                let member = if key.ends_with(['/', ':']) { format!("{key}team") } else { key };
                values.push(context.get(&member.as_str().into()).clone());
            }
        }
        rows
    }

    #[test]
    fn rows_that_are_not_marked_say_the_same_to_every_question_of_a_caller() {
        let account = "111122223333".parse().unwrap();
        let session = |origin| {
            let mut session =
                Session::new(SessionPrincipal::Root { account }, DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH)
                    .with_claims(vec![("accounts.google.com:team".into(), ContextValue::One("a".into()))]);
            session.origin = origin;
            session
        };
        let sessions = [session(SessionOrigin::Sts), session(SessionOrigin::Ec2)];
        let mut differing = Vec::new();
        for kind in KINDS {
            for session in [None, sessions.first(), sessions.last()] {
                for (rule, values) in rows(kind, session) {
                    let same = values.iter().all(|value| Some(value) == values.first());
                    assert!(same || rule.by_question, "{} of {kind:?}: {values:?}", rule.key);
                    if !same {
                        differing.push(rule.key);
                    }
                }
            }
        }
        // And no row is marked for nothing.
        let marked = GLOBAL_KEYS.iter().filter(|rule| rule.by_question).map(|rule| rule.key);
        assert!(marked.clone().all(|key| differing.contains(&key)), "{differing:?}");
        assert_eq!(marked.count(), 7);
    }
}
