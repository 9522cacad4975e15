//! Many questions at once: callers as rows, actions on resources as columns, answered sixty-four columns at a
//! time by the same walk and the same formula as one question.
//!
//! A statement's action and resource are compared with each column once, whoever asks; its principal and its
//! conditions once for each caller, whatever the column. What remains is to unite and subtract rows of bits.
//! The few columns for which more than that would differ, such as actions with fixed rules, are asked one at a
//! time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

use iamsim_policy::{ActionClause, Effect};

use crate::combine::{Effects, Grants, Logic, Outcome};
use crate::decide::{Decision, Reader, Walk, authorize};
use crate::index::Joined;
use crate::layers::{Attached, Layers};
use crate::plan::{Plan, Traits};
use crate::principal::{Grades, Setting, grades};
use crate::program::{Program, Ready};
use crate::request::{Asked, Asking, Request};
use crate::statement::{conditions, has_principals, index_of};
use crate::tracer::{Event, Silent};
use crate::truth::Truth;

/// Questions that many callers ask: the columns of a matrix.
///
/// Every row has one caller in one context, and layers that bear on all columns alike: a policy on the resource
/// speaks for each column, so a matrix has columns of one resource where there is such a policy.
///
/// ```
/// use iamsim_eval::{Asked, Asking, Attached, Caller, Context, Decision, Layers, Matrix, Program, Resource};
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": [
///         {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
///         {"Effect": "Deny", "Action": "sqs:Purge*", "Resource": "*"}]}"#,
/// )?;
/// let layers = Layers::new().with_identity(Attached::new("queues", Program::compile(&policy)));
/// let dev = Asking::new(Caller::user("arn:aws:iam::111122223333:user/dev".parse()?)?, Context::complete());
/// let queue: Resource = Resource::Arn("arn:aws:sqs:eu-west-1:111122223333:orders".parse()?);
/// let columns = ["sqs:SendMessage", "sqs:PurgeQueue", "sns:Publish"];
/// let columns = columns.map(|action| Asked::new(action.parse().unwrap(), queue.clone()));
///
/// let mut matrix = Matrix::new(columns);
/// matrix.prepare(&layers);
/// let row: Vec<Decision> = matrix.row(&layers, &dev).decisions().collect();
/// assert_eq!(row, [Decision::Allow, Decision::ExplicitDeny, Decision::ImplicitDeny]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matrix {
    columns: Box<[Asked]>,
    /// Columns by service, by the names of their actions: where the actions of a policy are looked for.
    by_service: BTreeMap<Box<str>, Vec<u32>>,
    /// Columns whose questions differ in nothing but action and resource.
    classes: Vec<Class>,
    /// Columns that are asked one at a time.
    alone: Vec<u32>,
    /// What is known of a program's statements, by where the program lies in memory: it is kept alive here.
    sheets: BTreeMap<usize, (Arc<Program>, Sheet)>,
}

/// Columns that are alike in everything that is known before a policy is read.
#[derive(Clone, Debug)]
struct Class {
    /// One of them.
    like: Asked,
    /// A bit for each of them, sixty-four columns a word.
    words: Box<[u64]>,
}

/// Which columns each statement of a program covers, whoever asks.
#[derive(Clone, Debug)]
struct Sheet {
    /// The statements that cover columns of the first word, then those of the second, and so on.
    coverings: Box<[Covering]>,
    /// Where those of each word end.
    ends: Box<[u32]>,
}

impl Sheet {
    fn is_empty(&self) -> bool {
        self.coverings.is_empty()
    }

    /// The statements that cover columns of a word.
    fn word(&self, word: usize) -> &[Covering] {
        let end = |word: usize| self.ends.get(word).map_or(0, |end| *end as usize);
        let start = word.checked_sub(1).map_or(0, end);
        self.coverings.get(start..end(word)).unwrap_or_default()
    }
}

/// The columns of one word that a statement covers.
#[derive(Clone, Copy, Debug)]
struct Covering {
    statement: u32,
    /// Columns whose action and resource it covers.
    sure: u64,
    /// Columns whose action it covers, and whose resource is compared with the caller's variables.
    asked: u64,
}

/// The answers for one caller, in the order of the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    count: usize,
    words: Box<[Outcome<Planes>]>,
}

/// Sixty-four truths: where they certainly hold, and where they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Planes {
    sure: u64,
    may: u64,
}

const WORD: usize = u64::BITS as usize;

impl Matrix {
    /// A matrix of these columns, without rows.
    pub fn new(columns: impl IntoIterator<Item = Asked>) -> Self {
        let columns: Box<[Asked]> = columns.into_iter().collect();
        let mut by_service: BTreeMap<Box<str>, Vec<u32>> = BTreeMap::new();
        let mut classes: Vec<Class> = Vec::new();
        let mut alone = Vec::new();
        let words = columns.len().div_ceil(WORD);
        for (place, column) in columns.iter().enumerate() {
            let index = index_of(place);
            if !Traits::IN_COLUMNS.has(column.traits()) {
                alone.push(index);
                continue;
            }
            match by_service.get_mut(column.action().service()) {
                Some(columns) => columns.push(index),
                None => drop(by_service.insert(column.action().service().into(), vec![index])),
            }
            let class = classes.iter().position(|class| class.like.is_like(column)).unwrap_or(classes.len());
            if class == classes.len() {
                classes.push(Class { like: column.clone(), words: vec![0; words].into() });
            }
            let words = classes.get_mut(class).map(|class| &mut class.words);
            if let Some(word) = words.and_then(|words| words.get_mut(place / WORD)) {
                *word |= 1 << (place % WORD);
            }
        }
        for of_service in by_service.values_mut() {
            of_service.sort_by(|one, other| name_in(&columns, *one).cmp(name_in(&columns, *other)));
        }
        Self { columns, by_service, classes, alone, sheets: BTreeMap::new() }
    }

    /// The columns.
    pub fn columns(&self) -> &[Asked] {
        &self.columns
    }

    /// Compares the statements of all policies among these layers with the columns, each policy once however
    /// many layers it is part of. It changes no answer; a policy that was not prepared is compared again for
    /// every row.
    pub fn prepare(&mut self, layers: &Layers) {
        for program in layers.shared_programs() {
            let place = program.address();
            if !self.sheets.contains_key(&place) {
                let sheet = self.sheet(program);
                self.sheets.insert(place, (program.clone(), sheet));
            }
        }
    }

    /// The answers for one caller in one context: those that [`authorize`] gives for each column.
    pub fn row(&self, layers: &Layers, asking: &Asking) -> Row {
        self.answer(layers, asking, None)
    }

    /// The answers in some columns alone, in the order in which they are named; a column that is not there is
    /// [`Decision::Undetermined`].
    ///
    /// A caller whose context differs from column to column asks once for each context, in the columns that
    /// share it.
    pub fn some(&self, layers: &Layers, asking: &Asking, columns: &[usize]) -> Vec<Decision> {
        let mut wanted = vec![0; self.columns.len().div_ceil(WORD)];
        for column in columns {
            if let Some(word) = wanted.get_mut(column / WORD) {
                *word |= 1_u64 << (column % WORD);
            }
        }
        let row = self.answer(layers, asking, Some(&wanted));
        columns.iter().map(|column| row.decision(*column).unwrap_or(Decision::Undetermined)).collect()
    }

    /// A row; of the columns outside of `wanted`, which has a bit for each, it says nothing.
    fn answer(&self, layers: &Layers, asking: &Asking, wanted: Option<&[u64]>) -> Row {
        let none = Outcome { allow: Planes::FALSE, explicit_deny: Planes::FALSE };
        let mut words = vec![none; self.columns.len().div_ceil(WORD)];
        let among = |word: usize| match wanted {
            None => u64::MAX,
            Some(wanted) => wanted.get(word).copied().unwrap_or_default(),
        };
        let mut reader = Columns::new(self, layers, asking);
        for class in &self.classes {
            let request = Request::of(asking.clone(), class.like.clone());
            let plan: Plan = request.plan;
            reader.begin(request);
            for (index, (mask, word)) in class.words.iter().zip(&mut words).enumerate() {
                let mask = *mask & among(index);
                if mask == 0 {
                    continue;
                }
                (reader.word, reader.mask) = (index, mask);
                let mut walk = Walk { layers, plan: &plan, reader: &mut reader };
                let outcome = walk.inputs(plan.stand).outcome(plan.stand);
                let here = Planes { sure: mask, may: mask };
                word.allow = word.allow | (outcome.allow & here);
                word.explicit_deny = word.explicit_deny | (outcome.explicit_deny & here);
            }
        }
        for index in &self.alone {
            let place = *index as usize;
            let (Some(column), Some(word)) = (self.columns.get(place), words.get_mut(place / WORD)) else {
                continue;
            };
            if among(place / WORD) >> (place % WORD) & 1 == 0 {
                continue;
            }
            let decision = authorize(layers, &Request::of(asking.clone(), column.clone()));
            set(word, place % WORD, decision);
        }
        Row { count: self.columns.len(), words: words.into() }
    }

    /// Which columns each statement of a program covers.
    fn sheet(&self, program: &Program) -> Sheet {
        let mut words = vec![Vec::new(); self.columns.len().div_ceil(WORD)];
        for (index, statement) in program.policy().statements().iter().enumerate() {
            let Some(Ready { parts, .. }) = program.statement(index) else { continue };
            for (number, named) in self.named(statement.action()).into_iter().enumerate() {
                let mut covering = Covering { statement: index_of(index), sure: 0, asked: 0 };
                for bit in bits(named) {
                    let Some(column) = self.columns.get(number * WORD + bit) else { continue };
                    match parts.resource.covers_whoever_asks(column.arn()) {
                        Some(false) => {}
                        Some(true) => covering.sure |= 1 << bit,
                        None => covering.asked |= 1 << bit,
                    }
                }
                if covering.sure | covering.asked != 0
                    && let Some(word) = words.get_mut(number)
                {
                    word.push(covering);
                }
            }
        }
        let mut coverings = Vec::with_capacity(words.iter().map(Vec::len).sum());
        let mut ends = Vec::with_capacity(words.len());
        for word in words {
            coverings.extend(word);
            ends.push(index_of(coverings.len()));
        }
        Sheet { coverings: coverings.into(), ends: ends.into() }
    }

    /// The columns whose action a clause covers, a bit for each. An entry is compared with the actions of its
    /// service alone that begin as it does: some policies have hundreds of entries, and a whole catalog is tens of
    /// thousands of columns.
    fn named(&self, clause: &ActionClause) -> Vec<u64> {
        let mut named = vec![0; self.columns.len().div_ceil(WORD)];
        for pattern in clause.patterns() {
            let pattern = &pattern.value;
            let mut compare = |column: &u32| {
                let place = *column as usize;
                if let (Some(asked), Some(word)) = (self.columns.get(place), named.get_mut(place / WORD))
                    && pattern.matches(asked.action())
                {
                    *word |= 1_u64 << (place % WORD);
                }
            };
            match pattern.service() {
                Some(service) => {
                    let of_service = self.by_service.get(service).map(Vec::as_slice).unwrap_or_default();
                    let name = pattern.folded().get(service.len() + 1..).unwrap_or_default();
                    let head = name.split(['*', '?']).next().unwrap_or_default();
                    let first = of_service.partition_point(|column| name_in(&self.columns, *column) < head);
                    let behind = of_service.get(first..).into_iter().flatten();
                    let alike =
                        behind.take_while(|column| name_in(&self.columns, **column).starts_with(head));
                    alike.for_each(&mut compare);
                }
                None => self.by_service.values().flatten().for_each(&mut compare),
            }
        }
        if clause.is_negated() && !clause.patterns().is_empty() {
            for class in &self.classes {
                // What is outside of the class is in another, or is asked alone.
                named.iter_mut().zip(&class.words).for_each(|(word, mask)| *word ^= mask);
            }
        }
        named
    }
}

/// The name of a column's action.
fn name_in(columns: &[Asked], column: u32) -> &str {
    columns.get(column as usize).map_or("", |asked| asked.action().name())
}

/// Sets the answer of one column.
fn set(word: &mut Outcome<Planes>, bit: usize, decision: Decision) {
    let bit = 1_u64 << bit;
    let unknown = Planes { sure: 0, may: bit };
    let certain = Planes { sure: bit, may: bit };
    match decision {
        Decision::Allow => word.allow = word.allow | certain,
        Decision::ExplicitDeny => word.explicit_deny = word.explicit_deny | certain,
        Decision::ImplicitDeny => {}
        Decision::Undetermined => {
            word.allow = word.allow | unknown;
            word.explicit_deny = word.explicit_deny | unknown;
        }
    }
}

impl Row {
    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no columns.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The answer in one column; none beyond the last.
    pub fn decision(&self, column: usize) -> Option<Decision> {
        let word = self.words.get(column / WORD).filter(|_| column < self.count)?;
        let bit = column % WORD;
        let truth = |planes: Planes| match (planes.sure >> bit & 1, planes.may >> bit & 1) {
            (1, _) => Truth::True,
            (_, 0) => Truth::False,
            _ => Truth::Unknown,
        };
        let (allow, explicit_deny) = (truth(word.allow), truth(word.explicit_deny));
        Some(Decision::of(Outcome { allow, explicit_deny }))
    }

    /// The answers in the order of the columns.
    pub fn decisions(&self) -> impl Iterator<Item = Decision> {
        (0..self.count).filter_map(|column| self.decision(column))
    }

    /// How many columns are certainly allowed.
    pub fn allowed(&self) -> usize {
        self.words.iter().map(|word| word.allow.sure.count_ones() as usize).sum()
    }
}

impl BitAnd for Planes {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self { sure: self.sure & other.sure, may: self.may & other.may }
    }
}

impl BitOr for Planes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { sure: self.sure | other.sure, may: self.may | other.may }
    }
}

impl Not for Planes {
    type Output = Self;

    /// What may hold certainly does not where it certainly holds.
    fn not(self) -> Self {
        Self { sure: !self.may, may: !self.sure }
    }
}

impl Logic for Planes {
    const TRUE: Self = Self { sure: u64::MAX, may: u64::MAX };
    const FALSE: Self = Self { sure: 0, may: 0 };
}

impl Planes {
    /// A truth in some columns, false in the others.
    fn of(truth: Truth, columns: u64) -> Self {
        match truth {
            Truth::True => Self { sure: columns, may: columns },
            Truth::Unknown => Self { sure: 0, may: columns },
            Truth::False => Self::FALSE,
        }
    }
}

/// Reads policies for one caller and the columns of one word.
struct Columns<'m> {
    matrix: &'m Matrix,
    asking: &'m Asking,
    has_boundary: bool,
    /// The programs of the layers, by where they lie in memory, sorted.
    held: Vec<Held<'m>>,
    /// A question of the class of columns at hand.
    like: Option<Request>,
    word: usize,
    mask: u64,
}

/// A program that covers some column, and what is known by now of its statements for this caller. In a matrix of
/// few columns a statement is looked at once, so nothing is kept.
struct Held<'m> {
    place: usize,
    program: &'m Program,
    sheet: Cow<'m, Sheet>,
    conditions: Box<[Option<Truth>]>,
    reached: Box<[Option<Grades>]>,
}

impl<'m> Columns<'m> {
    fn new(matrix: &'m Matrix, layers: &'m Layers, asking: &'m Asking) -> Self {
        let is_narrow = matrix.columns.len() <= WORD && matrix.classes.len() <= 1;
        let mut held: Vec<Held<'m>> = Vec::new();
        for program in layers.shared_programs() {
            let sheet = match matrix.sheets.get(&program.address()) {
                Some((_, sheet)) => Cow::Borrowed(sheet),
                None => Cow::Owned(matrix.sheet(program)),
            };
            if sheet.is_empty() {
                continue;
            }
            let kept = if is_narrow { 0 } else { program.policy().statements().len() };
            held.push(Held {
                place: program.address(),
                program,
                sheet,
                conditions: vec![None; kept].into(),
                reached: vec![None; if has_principals(program.policy().kind()) { kept } else { 0 }].into(),
            });
        }
        held.sort_by_key(|held| held.place);
        held.dedup_by_key(|held| held.place);
        let has_boundary = layers.boundary.is_some();
        Self { matrix, asking, has_boundary, held, like: None, word: 0, mask: 0 }
    }

    /// Turns to another class of columns.
    fn begin(&mut self, like: Request) {
        self.like = Some(like);
        for held in &mut self.held {
            held.reached.fill(None);
        }
    }

    /// Shows what each statement of a policy comes to in the columns at hand.
    fn each(&mut self, policy: &Attached, mut see: impl FnMut(Effect, Grades, Planes)) {
        let place = policy.program().address();
        let Some(held) = self.held.binary_search_by_key(&place, |held| held.place).ok() else { return };
        let (Some(held), Some(like)) = (self.held.get_mut(held), &self.like) else { return };
        let kind = held.program.policy().kind();
        for covering in held.sheet.word(self.word) {
            let (sure, asked) = (covering.sure & self.mask, covering.asked & self.mask);
            if sure | asked == 0 {
                continue;
            }
            let index = covering.statement as usize;
            let Some(statement) = held.program.statement(index) else { continue };
            let written = statement.written;
            let reached = || {
                let setting = Setting { kind, effect: written.effect(), has_boundary: self.has_boundary };
                grades(written.principal(), like, setting)
            };
            let reached = match held.reached.get_mut(index) {
                Some(known) => *known.get_or_insert_with(reached),
                None if has_principals(kind) => reached(),
                None => Grades::EVERYONE,
            };
            if reached.any().is_false() {
                continue;
            }
            let holds = || conditions(statement, like, Truth::True, &mut Silent);
            let holds = match held.conditions.get_mut(index) {
                Some(known) => *known.get_or_insert_with(holds),
                None => holds(),
            };
            if holds.is_false() {
                continue;
            }
            let mut planes = Planes::of(holds, sure);
            for bit in bits(asked) {
                let Some(column) = self.matrix.columns.get(self.word * WORD + bit) else { continue };
                let target = column.arn();
                let context = self.asking.context();
                let covered = statement.parts.resource.covers(target, context);
                planes = planes | Planes::of(covered & holds, 1 << bit);
            }
            see(written.effect(), reached, planes);
        }
    }
}

/// The places of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.checked_sub(1)?;
        Some(bit as usize)
    })
}

impl Reader for Columns<'_> {
    type Logic = Planes;

    const SEES_EMPTY: bool = false;

    fn all(truth: Truth) -> Planes {
        Planes::of(truth, u64::MAX)
    }

    fn has_enough(_: Planes) -> bool {
        // Some column nearly always has not.
        false
    }

    fn event(&mut self, _: Event) {}

    fn policies(&mut self, policies: &[Attached], _: Option<&Joined>) -> Effects<Planes> {
        let mut effects: Effects<Planes> = Effects::SILENT;
        for policy in policies {
            self.each(policy, |effect, reached, planes| {
                let planes = planes & Planes::of(reached.any(), u64::MAX);
                match effect {
                    Effect::Allow => effects.allow = effects.allow | planes,
                    Effect::Deny => effects.deny = effects.deny | planes,
                }
            });
        }
        effects
    }

    fn resource_policy(&mut self, policy: &Attached) -> (Grants<Planes>, Planes) {
        let mut grants: Grants<Planes> = Grants::NONE;
        let mut deny = Planes::FALSE;
        self.each(policy, |effect, reached, planes| {
            let graded = |truth: Truth| planes & Planes::of(truth, u64::MAX);
            let by_grade = reached.grants();
            match effect {
                Effect::Deny => deny = deny | graded(reached.any()),
                Effect::Allow => {
                    grants.delegating = grants.delegating | graded(by_grade.delegating);
                    grants.limited = grants.limited | graded(by_grade.limited);
                    grants.strong = grants.strong | graded(by_grade.strong);
                    grants.session = grants.session | graded(by_grade.session);
                }
            }
        });
        (grants, deny)
    }

    fn has_key_grant(&self, _: &Layers) -> Planes {
        // KMS has fixed rules, so its columns are asked one at a time.
        Planes::FALSE
    }
}
