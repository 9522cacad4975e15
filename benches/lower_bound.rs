//! The lower bound: what deciding costs when nothing but the workloads has to be decided.
//!
//! It is no second evaluator and promises nothing: it knows identity policies and one resource policy, the
//! eight condition keys and six operators that the workloads use, and text that is ASCII. It has no other
//! layer, no unknown value, no explanation. It exists so that a bench can say *twice the lower bound* instead
//! of a number of nanoseconds that only one machine understands.
//!
//! Statements are indexed by the action's id, which a hash of the folded name gives; the id gives the few
//! statements that can apply, Denies first. Context values are read as their type once for each request, and
//! resources are compared at the head and the tail of the pattern, with a search for what stands between. A
//! matrix is one bit row of columns for each statement, united and subtracted for each role.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::Range;

use iamsim_catalog::Catalog;
use iamsim_eval::Decision;
use serde_json::Value;

/// The condition keys of the workloads; a key's place here is its place in a request's context.
const KEYS: [&str; 8] = [
    "aws:username",
    "aws:principaltag/team",
    "aws:requestedregion",
    "aws:principalorgid",
    "aws:securetransport",
    "aws:multifactorauthpresent",
    "aws:currenttime",
    "aws:sourceip",
];

/// The names of all actions, folded, with their ids.
#[derive(Debug)]
pub struct Actions {
    /// In order, so that a pattern is a range.
    names: Vec<Box<str>>,
    ids: Ids,
}

type Ids = HashMap<Box<str>, u32, std::hash::BuildHasherDefault<rustc_hash::FxHasher>>;

impl Actions {
    /// The actions of the embedded catalog, and one id more for every action that is not in it.
    pub fn of_catalog() -> Self {
        let full = |action: iamsim_catalog::ActionEntry<'_>| {
            format!("{}:{}", action.service().prefix(), action.name()).to_ascii_lowercase().into()
        };
        let mut names: Vec<Box<str>> = Catalog::embedded().actions().map(full).collect();
        names.sort_unstable();
        let ids = (0..).zip(&names).map(|(id, name)| (name.clone(), id)).collect();
        Self { names, ids }
    }

    /// The id of an action, in any case.
    pub fn id(&self, action: &str) -> u32 {
        let mut buffer = [0_u8; 128];
        let folded = fold(action, &mut buffer);
        let unknown = u32::try_from(self.names.len()).unwrap();
        self.ids.get(folded).copied().unwrap_or(unknown)
    }

    /// The ids that a pattern names.
    fn matching(&self, pattern: &str) -> impl Iterator<Item = u32> {
        let pattern = pattern.to_ascii_lowercase();
        let (head, rest) = pattern.split_at(pattern.find(['*', '?']).unwrap_or(pattern.len()));
        let from = self.names.partition_point(|name| **name < *head);
        let to = from + self.names[from..].partition_point(|name| name.starts_with(head));
        let glob = Glob::read(&pattern);
        let is_decided = rest == "*";
        let ids = Range { start: u32::try_from(from).unwrap(), end: u32::try_from(to).unwrap() };
        ids.filter(move |id| is_decided || glob.matches(&self.names[*id as usize], &Slots::default()))
    }
}

/// Folds a name on the stack.
fn fold<'b>(name: &str, buffer: &'b mut [u8; 128]) -> &'b str {
    let folded = &mut buffer[..name.len()];
    folded.copy_from_slice(name.as_bytes());
    folded.make_ascii_lowercase();
    std::str::from_utf8(folded).unwrap()
}

/// A request made ready: every text is read as what it is compared as.
#[derive(Debug)]
pub struct Prepared {
    action: u32,
    /// The principal's id in the resource policy, the number of its principals if it is not named.
    principal_id: u32,
    resource: Box<str>,
    slots: Slots,
}

/// The context, in the order of [`KEYS`].
#[derive(Debug, Default)]
struct Slots {
    values: [Option<Slot>; KEYS.len()],
}

#[derive(Debug)]
struct Slot {
    text: Box<str>,
    typed: Typed,
}

#[derive(Clone, Copy, Debug)]
enum Typed {
    Text,
    Bool(bool),
    Seconds(i64),
    Address(u32),
}

impl Slots {
    fn set(&mut self, key: &str, value: &str) {
        let mut buffer = [0_u8; 128];
        let folded = fold(key, &mut buffer);
        let place = KEYS.iter().position(|known| *known == folded);
        let Some(place) = place else { panic!("no workload has the key {key}") };
        let typed = match place {
            4 | 5 => Typed::Bool(value == "true"),
            6 => Typed::Seconds(seconds(value)),
            7 => Typed::Address(value.parse::<Ipv4Addr>().unwrap().into()),
            _ => Typed::Text,
        };
        self.values[place] = Some(Slot { text: value.into(), typed });
    }
}

/// Seconds from the year 0 of a time `2026-06-15T12:00:00Z`, counted by an old rule: March is the first month.
fn seconds(time: &str) -> i64 {
    let part = |range: Range<usize>| time[range].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    ((days * 24 + part(11..13)) * 60 + part(14..16)) * 60 + part(17..19)
}

/// A pattern of a resource or a text, classified once.
#[derive(Debug)]
enum Glob {
    Any,
    Exact(Box<str>),
    /// One star, and what stands before and after it.
    HeadTail(Box<str>, Box<str>),
    /// Several stars: the head, the tail, and what has to be found between them in this order.
    Between(Box<str>, Box<str>, Vec<memchr::memmem::Finder<'static>>),
    /// With question marks or variables: slower, and seldom.
    Tokens(Vec<Token>),
}

#[derive(Debug)]
enum Token {
    Text(Box<str>),
    One,
    Run,
    Variable(usize),
}

impl Glob {
    fn read(pattern: &str) -> Self {
        if pattern.contains('?') || pattern.contains("${") {
            return Self::Tokens(tokens(pattern));
        }
        let parts: Vec<&str> = pattern.split('*').collect();
        match parts.as_slice() {
            [exact] => Self::Exact((*exact).into()),
            parts if parts.len() > 1 && parts.iter().all(|part| part.is_empty()) => Self::Any,
            [head, tail] => Self::HeadTail((*head).into(), (*tail).into()),
            [head, between @ .., tail] => {
                let between = between.iter().filter(|part| !part.is_empty());
                let finders = between.map(|part| memchr::memmem::Finder::new(part).into_owned());
                Self::Between((*head).into(), (*tail).into(), finders.collect())
            }
            [] => Self::Exact("".into()),
        }
    }

    fn matches(&self, text: &str, slots: &Slots) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *text,
            Self::HeadTail(head, tail) => {
                text.len() >= head.len() + tail.len() && text.starts_with(&**head) && text.ends_with(&**tail)
            }
            Self::Between(head, tail, between) => {
                if text.len() < head.len() + tail.len()
                    || !text.starts_with(&**head)
                    || !text.ends_with(&**tail)
                {
                    return false;
                }
                let mut rest = &text.as_bytes()[head.len()..text.len() - tail.len()];
                for finder in between {
                    let Some(at) = finder.find(rest) else { return false };
                    rest = &rest[at + finder.needle().len()..];
                }
                true
            }
            Self::Tokens(tokens) => tokens_match(tokens, text, slots),
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let plain = rest.find(['*', '?', '$']).unwrap_or(rest.len());
        if plain > 0 {
            tokens.push(Token::Text(rest[..plain].into()));
        }
        rest = &rest[plain..];
        if let Some(after) = rest.strip_prefix("${") {
            let (name, after) = after.split_once('}').unwrap();
            let name = name.to_ascii_lowercase();
            tokens.push(Token::Variable(KEYS.iter().position(|key| *key == name).unwrap()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('*') {
            tokens.push(Token::Run);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('?') {
            tokens.push(Token::One);
            rest = after;
        } else {
            assert!(rest.is_empty(), "no workload has a plain dollar sign");
        }
    }
    tokens
}

/// Goes back to the last star only: what stood before it can't match better.
fn tokens_match(tokens: &[Token], text: &str, slots: &Slots) -> bool {
    let (mut token, mut rest) = (0, text);
    let mut last_run: Option<(usize, &str)> = None;
    loop {
        let after = match tokens.get(token) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Token::Run) => {
                token += 1;
                last_run = Some((token, rest));
                continue;
            }
            Some(Token::One) => rest.get(1..),
            Some(Token::Text(plain)) => rest.strip_prefix(&**plain),
            Some(Token::Variable(place)) => {
                let Some(slot) = &slots.values[*place] else { return false };
                rest.strip_prefix(&*slot.text)
            }
        };
        if let Some(after) = after {
            rest = after;
            token += 1;
            continue;
        }
        let Some((next, from)) = &mut last_run else { return false };
        let Some(shorter) = from.get(1..) else { return false };
        *from = shorter;
        (token, rest) = (*next, shorter);
    }
}

#[derive(Debug)]
struct Test {
    place: usize,
    operands: Operands,
}

#[derive(Debug)]
enum Operands {
    Equal(Vec<Box<str>>),
    NotEqual(Vec<Box<str>>),
    Like(Vec<Glob>),
    Bool(bool),
    Before(i64),
    /// Network and mask.
    Within(Vec<(u32, u32)>),
}

impl Test {
    fn read(operator: &str, key: &str, values: &[&str]) -> Self {
        let key = key.to_ascii_lowercase();
        let place = KEYS.iter().position(|known| **known == key).unwrap();
        let texts = || values.iter().map(|value| (*value).into()).collect();
        let operands = match (operator, values) {
            ("StringEquals", _) => Operands::Equal(texts()),
            ("StringNotEquals", _) => Operands::NotEqual(texts()),
            ("StringLike", _) => Operands::Like(values.iter().map(|value| Glob::read(value)).collect()),
            ("Bool", [value]) => Operands::Bool(*value == "true"),
            ("DateLessThan", [value]) => Operands::Before(seconds(value)),
            ("IpAddress", _) => Operands::Within(values.iter().map(|value| network(value)).collect()),
            (other, _) => panic!("no workload has the operator {other}"),
        };
        Self { place, operands }
    }

    fn holds(&self, slots: &Slots) -> bool {
        let Some(slot) = &slots.values[self.place] else {
            return matches!(self.operands, Operands::NotEqual(_));
        };
        match (&self.operands, slot.typed) {
            (Operands::Equal(texts), _) => texts.iter().any(|text| **text == *slot.text),
            (Operands::NotEqual(texts), _) => texts.iter().all(|text| **text != *slot.text),
            (Operands::Like(globs), _) => globs.iter().any(|glob| glob.matches(&slot.text, slots)),
            (Operands::Bool(expected), Typed::Bool(found)) => *expected == found,
            (Operands::Before(limit), Typed::Seconds(found)) => found < *limit,
            (Operands::Within(networks), Typed::Address(found)) => {
                networks.iter().any(|(network, mask)| found & mask == *network)
            }
            _ => false,
        }
    }
}

fn network(range: &str) -> (u32, u32) {
    let (address, bits) = range.split_once('/').unwrap();
    let mask = u32::MAX.checked_shl(32 - bits.parse::<u32>().unwrap()).unwrap_or(0);
    (u32::from(address.parse::<Ipv4Addr>().unwrap()) & mask, mask)
}

#[derive(Debug)]
struct Statement {
    denies: bool,
    actions: Vec<Box<str>>,
    /// Ids of the principals, in order; nobody is asked for in an identity policy.
    principals: Option<Vec<u32>>,
    resources: Vec<Glob>,
    tests: Vec<Test>,
}

impl Statement {
    fn read(json: &Value, principals: &mut Principals) -> Self {
        let mut tests = Vec::new();
        for (operator, block) in json["Condition"].as_object().into_iter().flatten() {
            for (key, values) in block.as_object().unwrap() {
                tests.push(Test::read(operator, key, &list(values)));
            }
        }
        let named = match &json["Principal"] {
            Value::Object(by_kind) => {
                let mut ids: Vec<u32> =
                    list(&by_kind["AWS"]).into_iter().map(|name| principals.id_of(name)).collect();
                ids.sort_unstable();
                Some(ids)
            }
            _ => None,
        };
        Self {
            denies: json["Effect"] == "Deny",
            actions: list(&json["Action"]).into_iter().map(Into::into).collect(),
            principals: named,
            resources: list(&json["Resource"]).into_iter().map(Glob::read).collect(),
            tests,
        }
    }

    fn applies(&self, principal: u32, resource: &str, slots: &Slots) -> bool {
        self.principals.as_ref().is_none_or(|named| named.contains(&principal))
            && self.tests.iter().all(|test| test.holds(slots))
            && self.resources.iter().any(|glob| glob.matches(resource, slots))
    }
}

fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap()).collect(),
        Value::String(value) => vec![value],
        other => panic!("a list of texts, not {other}"),
    }
}

fn statements(policy: &Value) -> &[Value] {
    policy["Statement"].as_array().unwrap()
}

#[derive(Debug, Default)]
struct Principals {
    ids: HashMap<Box<str>, u32>,
}

impl Principals {
    fn id_of(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.ids.len()).unwrap();
        *self.ids.entry(name.into()).or_insert(next)
    }
}

/// The policies of one caller and one resource, indexed by action.
#[derive(Debug)]
pub struct Index {
    statements: Vec<Statement>,
    /// Where each action's statements begin in `lists`, and one more.
    offsets: Vec<u32>,
    /// Statements for each action, Denies first.
    lists: Vec<u16>,
    principals: Principals,
}

impl Index {
    /// Reads and indexes policies from their JSON text.
    pub fn compile<'t>(actions: &Actions, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut principals = Principals::default();
        let mut compiled = Vec::new();
        for text in texts {
            let json: Value = serde_json::from_str(text).unwrap();
            compiled.extend(statements(&json).iter().map(|json| Statement::read(json, &mut principals)));
        }
        compiled.sort_by_key(|statement| !statement.denies);
        let mut named: Vec<(u32, u16)> = Vec::new();
        for (index, statement) in (0_u16..).zip(&compiled) {
            for pattern in &statement.actions {
                named.extend(actions.matching(pattern).map(|id| (id, index)));
            }
        }
        named.sort_unstable();
        named.dedup();
        let mut offsets = vec![0_u32; actions.names.len() + 2];
        for (id, _) in &named {
            offsets[*id as usize + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let lists = named.into_iter().map(|(_, index)| index).collect();
        Self { statements: compiled, offsets, lists, principals }
    }

    /// Makes a request ready for [`decide`](Self::decide).
    pub fn prepare<'t>(
        &self,
        actions: &Actions,
        principal: &str,
        action: &str,
        resource: &str,
        context: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Prepared {
        let mut slots = Slots::default();
        for (key, value) in context {
            slots.set(key, value);
        }
        let nobody = u32::try_from(self.principals.ids.len()).unwrap();
        Prepared {
            action: actions.id(action),
            principal_id: self.principals.ids.get(principal).copied().unwrap_or(nobody),
            resource: resource.into(),
            slots,
        }
    }

    /// The answer to a prepared request.
    pub fn decide(&self, request: &Prepared) -> Decision {
        let at = request.action as usize;
        let list = &self.lists[self.offsets[at] as usize..self.offsets[at + 1] as usize];
        for index in list {
            let statement = &self.statements[usize::from(*index)];
            if statement.applies(request.principal_id, &request.resource, &request.slots) {
                return if statement.denies { Decision::ExplicitDeny } else { Decision::Allow };
            }
        }
        Decision::ImplicitDeny
    }
}

/// Every role of a matrix against every column, two bits a cell.
#[derive(Debug)]
pub struct Matrix {
    columns: usize,
    /// For each role its row of allowed columns, and its row of denied ones.
    rows: Vec<(Vec<u64>, Vec<u64>)>,
}

/// The columns of a matrix, in order of their actions, so that a pattern is a range.
struct Columns<'v> {
    sorted: Vec<(Box<str>, usize)>,
    resources: Vec<&'v str>,
}

impl Matrix {
    /// From the JSON text of a workload with a pool, roles and columns, to all its answers.
    ///
    /// The context must be that of the whole matrix but for what differs from role to role, which is the
    /// team's tag: a statement that asks for it is kept apart and judged for each role.
    pub fn decide(text: &str) -> Self {
        let json: Value = serde_json::from_str(text).unwrap();
        let asked = json["requests"].as_array().unwrap();
        let mut sorted: Vec<(Box<str>, usize)> = asked
            .iter()
            .enumerate()
            .map(|(at, request)| (request["action"].as_str().unwrap().to_ascii_lowercase().into(), at))
            .collect();
        sorted.sort_unstable();
        let resources = asked.iter().map(|request| request["resource"].as_str().unwrap()).collect();
        let columns = Columns { sorted, resources };
        let words = asked.len().div_ceil(64);
        let mut principals = Principals::default();
        let pool: Vec<Vec<Statement>> = json["pool"]
            .as_array()
            .unwrap()
            .iter()
            .map(|policy| {
                statements(policy).iter().map(|json| Statement::read(json, &mut principals)).collect()
            })
            .collect();
        let mut slots = Slots::default();
        for (key, value) in json["context"].as_object().unwrap() {
            slots.set(key, value.as_str().unwrap());
        }
        // Policies by the values that differ from role to role: few, since teams are few.
        let mut known: HashMap<(String, usize), (Vec<u64>, Vec<u64>)> = HashMap::new();
        let mut rows = Vec::new();
        for role in json["roles"].as_array().unwrap() {
            let own = &role["context"];
            let own_text = own.to_string();
            for (key, value) in own.as_object().unwrap() {
                slots.set(key, value.as_str().unwrap());
            }
            let mut row = (vec![0_u64; words], vec![0_u64; words]);
            for index in role["policies"].as_array().unwrap() {
                let index = usize::try_from(index.as_u64().unwrap()).unwrap();
                let (allows, denies) = known
                    .entry((own_text.clone(), index))
                    .or_insert_with(|| columns.rows_of(&pool[index], &slots, words));
                unite(&mut row.0, allows);
                unite(&mut row.1, denies);
            }
            rows.push(row);
        }
        Self { columns: asked.len(), rows }
    }

    /// One letter a column, as the workload's file has them: `A`, `D` or `I`.
    pub fn letters(&self, role: usize) -> String {
        let (allowed, denied) = &self.rows[role];
        let has = |row: &[u64], column: usize| row[column / 64] >> (column % 64) & 1 == 1;
        (0..self.columns)
            .map(|column| match (has(denied, column), has(allowed, column)) {
                (true, _) => 'D',
                (false, true) => 'A',
                (false, false) => 'I',
            })
            .collect()
    }

    /// How many roles it has.
    pub fn roles(&self) -> usize {
        self.rows.len()
    }
}

impl Columns<'_> {
    /// What a policy allows and denies, as two bit rows.
    fn rows_of(&self, policy: &[Statement], slots: &Slots, words: usize) -> (Vec<u64>, Vec<u64>) {
        let (mut allows, mut denies) = (vec![0_u64; words], vec![0_u64; words]);
        for statement in
            policy.iter().filter(|statement| statement.tests.iter().all(|test| test.holds(slots)))
        {
            let row = if statement.denies { &mut denies } else { &mut allows };
            for pattern in &statement.actions {
                self.mark(pattern, &statement.resources, slots, row);
            }
        }
        (allows, denies)
    }

    fn mark(&self, pattern: &str, resources: &[Glob], slots: &Slots, row: &mut [u64]) {
        let pattern = pattern.to_ascii_lowercase();
        let head = &pattern[..pattern.find(['*', '?']).unwrap_or(pattern.len())];
        let glob = Glob::read(&pattern);
        let from = self.sorted.partition_point(|(name, _)| **name < *head);
        for (name, column) in self.sorted[from..].iter().take_while(|(name, _)| name.starts_with(head)) {
            let resource = self.resources[*column];
            if glob.matches(name, slots) && resources.iter().any(|glob| glob.matches(resource, slots)) {
                row[column / 64] |= 1 << (column % 64);
            }
        }
    }
}

fn unite(row: &mut [u64], with: &[u64]) {
    for (word, more) in row.iter_mut().zip(with) {
        *word |= more;
    }
}
