//! Which statements can match a request, found by its action and its caller.
//!
//! What is left out could not match whatever the resource and the context, so that a decision looks only at
//! what is found here; an explanation looks at every statement. The tests hold the two to each other.

use iamsim_policy::{Action, Effect, Policy, Statement, wildcard};

use crate::hash::{Table, both, hash, head};
use crate::layers::Attached;
use crate::principal::{NamedBy, found_by};
use crate::request::{Asked, Sought};
use crate::statement::{has_principals, index_of};

/// The index of one policy's statements.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Whether the policy's kind has principals.
    names_principals: bool,
    /// Statements by their actions: those that may reach any caller, and under what a caller is found by those
    /// that name callers one by one.
    actions: Actions,
    /// Further statements that name callers one by one: of these the clause is asked itself.
    named: Table<Candidate>,
    /// All statements; none in policies without principals.
    all: Box<[Candidate]>,
    /// One bit for each service that some statement speaks of, by the first bits of its hash.
    services: u64,
}

/// The index of all statements of several policies without principals.
#[derive(Clone, Debug)]
pub(crate) struct Joined(Actions);

/// A statement by the place of its policy and by its own, and what it does. Denies are less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// The place in the policy; the first bit says that it allows.
    statement: u32,
    /// The place of the policy; the first bit says that whether the statement covers the action is still to be
    /// asked.
    policy: u32,
}

/// Statements by the actions they name.
#[derive(Clone, Debug, Default)]
struct Actions {
    /// By whole actions.
    exact: Table<Exact>,
    /// The services of all names.
    services: Table<Service>,
    /// Names with wildcards, those of a service side by side.
    wild: Box<[Wild]>,
    /// Their texts, in the same order.
    patterns: Box<[Range]>,
    /// The further statements of each name.
    candidates: Box<[Candidate]>,
    /// Statements that speak of every action.
    always: Box<[Candidate]>,
    /// Statements that may speak of any service: their clause is asked itself.
    everywhere: Box<[Candidate]>,
    /// The text of all names.
    names: Box<str>,
}

/// A place in the text of names, or in the list of candidates.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    start: u32,
    end: u32,
}

impl Range {
    #[inline]
    fn length(self) -> u32 {
        self.end.saturating_sub(self.start)
    }
}

/// The statements that hold a name, Denies first. Most often it is one, which is at hand.
#[derive(Clone, Copy, Debug)]
struct Holders {
    first: Candidate,
    /// The others, in the list of candidates.
    others: Range,
}

/// An action and the statements that name it.
#[derive(Clone, Copy, Debug)]
struct Exact {
    name: Range,
    holders: Holders,
}

/// A service, and the names that begin with it.
#[derive(Clone, Copy, Debug, Default)]
struct Service {
    prefix: Range,
    /// The first bytes of the prefix: all of a short one.
    head: u64,
    /// Its names with wildcards.
    wild: Range,
    /// One bit for each of its whole actions, by the first bits of their hash.
    exact: u64,
    /// Whether it is several services of one hash: somebody has looked for such names.
    is_several: bool,
}

/// A name with wildcards and the statements that hold it. What stands before its first wildcard, up to eight
/// bytes, rules most names out.
#[derive(Clone, Copy, Debug)]
struct Wild {
    mask: u64,
    begins: u64,
    holders: Holders,
    form: Form,
}

/// What is compared of an action's name besides how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Nothing: a star follows what was compared.
    Begins,
    /// The text before the only star, which stands here in the name, and the text behind it.
    Ends(u32),
    /// More than one wildcard.
    Pattern,
}

/// How many names a statement may be listed under for each way to find its callers; the index is never much
/// larger than the policy.
const LISTED_AT_MOST: usize = 64;

impl Candidate {
    const ALLOW: u32 = 1 << 31;
    const TO_BE_ASKED: u32 = 1 << 31;

    fn new(index: usize, effect: Effect) -> Self {
        let index = index_of(index) & !Self::ALLOW;
        Self { policy: 0, statement: if effect == Effect::Allow { index | Self::ALLOW } else { index } }
    }

    /// The same of a policy at a place.
    fn of_policy(self, place: u32) -> Self {
        Self { policy: place & !Self::TO_BE_ASKED, ..self }
    }

    /// The same, whose action is still to be compared.
    fn to_be_asked(self) -> Self {
        Self { policy: self.policy | Self::TO_BE_ASKED, ..self }
    }

    /// The place of its policy.
    #[inline]
    pub(crate) fn policy(self) -> u32 {
        self.policy & !Self::TO_BE_ASKED
    }

    /// Its place in the policy.
    #[inline]
    pub(crate) fn statement(self) -> u32 {
        self.statement & !Self::ALLOW
    }

    #[inline]
    pub(crate) fn denies(self) -> bool {
        self.statement & Self::ALLOW == 0
    }

    /// Whether it does not speak of an action after all.
    #[inline]
    pub(crate) fn is_about_other_actions(self, statement: &Statement, action: &Action) -> bool {
        self.policy & Self::TO_BE_ASKED != 0 && !statement.action().matches(action)
    }
}

impl Index {
    pub(crate) fn new(policy: &Policy) -> Self {
        let names_principals = has_principals(policy.kind());
        let mut builder = Builder::default();
        let mut named = Vec::new();
        let mut all = Vec::new();
        let mut services = 0;
        for (index, statement) in policy.statements().iter().enumerate() {
            let candidate = Candidate::new(index, statement.effect());
            services |= services_of(statement);
            if !names_principals {
                builder.add(statement, candidate);
                continue;
            }
            all.push(candidate);
            match statement.principal().map(found_by) {
                // Without the element it names nobody (PE-TYP-11).
                None => {}
                Some(None) => builder.add(statement, candidate),
                Some(Some(hashes)) => {
                    let listed = hashes.len().saturating_mul(statement.action().patterns().len());
                    if reaches_everywhere(statement) || listed > LISTED_AT_MOST {
                        named.extend(hashes.into_iter().map(|hash| (hash, candidate)));
                    } else {
                        for hash in hashes {
                            builder.list(hash, statement, candidate);
                        }
                    }
                }
            }
        }
        let actions = builder.done();
        Self { names_principals, actions, named: Table::new(named), all: all.into(), services }
    }

    /// One bit for each service that some statement speaks of.
    pub(crate) fn services(&self) -> u64 {
        self.services
    }

    /// Shows the statements that can match, some perhaps twice, until `see` answers that it has seen enough.
    pub(crate) fn each(
        &self,
        sought: &Sought,
        asked: &Asked,
        named_by: Option<&NamedBy>,
        mut see: impl FnMut(Candidate) -> bool,
    ) {
        let keys = match named_by {
            _ if !self.names_principals => &[],
            Some(named_by) => named_by.keys(),
            None => {
                // Who it is that asks can't be looked up.
                let _ = self.all.iter().any(|candidate| see(candidate.to_be_asked()));
                return;
            }
        };
        if self.actions.each(sought, asked, &mut see) {
            return;
        }
        for key in keys {
            if self.actions.named(*key, sought, asked, &mut see) {
                return;
            }
            for (hash, candidate) in self.named.near(*key) {
                if hash == key && see(candidate.to_be_asked()) {
                    return;
                }
            }
        }
    }
}

impl Joined {
    /// Joins the indexes of policies without principals.
    pub(crate) fn new(policies: &[Attached]) -> Self {
        let mut joined = Builder::default();
        for (place, policy) in policies.iter().enumerate() {
            joined.join(index_of(place), &policy.program().index().actions);
        }
        Self(joined.done())
    }

    /// Shows the statements that can match, some perhaps twice, until `see` answers that it has seen enough.
    #[inline]
    pub(crate) fn each(&self, sought: &Sought, asked: &Asked, mut see: impl FnMut(Candidate) -> bool) {
        self.0.each(sought, asked, &mut see);
    }
}

/// One bit, by the first bits of a hash.
#[inline]
pub(crate) fn first_bits(hash: u64) -> u64 {
    1 << (hash >> 58)
}

/// One bit for each service a statement may speak of.
fn services_of(statement: &Statement) -> u64 {
    if reaches_everywhere(statement) {
        return u64::MAX;
    }
    let patterns = statement.action().patterns().iter();
    let services = patterns.filter_map(|pattern| pattern.value.service());
    services.fold(0, |bits, service| bits | first_bits(hash(service)))
}

/// Whether a statement could match actions of services it does not name.
fn reaches_everywhere(statement: &Statement) -> bool {
    let clause = statement.action();
    let is_wild = |service: &str| service.contains(['*', '?']);
    clause.is_negated()
        || clause
            .patterns()
            .iter()
            .any(|pattern| pattern.value.is_any() || pattern.value.service().is_some_and(is_wild))
}

/// Whether a statement speaks of every action.
fn speaks_of_all(statement: &Statement) -> bool {
    let clause = statement.action();
    !clause.is_negated() && clause.patterns().iter().any(|pattern| pattern.value.is_any())
}

impl Actions {
    /// Whether `see` has seen enough of the statements that may reach any caller.
    #[inline]
    fn each(&self, sought: &Sought, asked: &Asked, see: &mut impl FnMut(Candidate) -> bool) -> bool {
        self.named(ANYONE, sought, asked, see)
            || self.always.iter().chain(&self.everywhere).any(|candidate| see(*candidate))
    }

    /// Whether `see` has seen enough of the statements that are listed for callers found by something.
    #[inline]
    fn named(
        &self,
        callers: u64,
        sought: &Sought,
        asked: &Asked,
        see: &mut impl FnMut(Candidate) -> bool,
    ) -> bool {
        let Some((_, found)) = self.services.near(of(callers, sought.service)).first() else { return false };
        if found.exact & first_bits(sought.action) != 0
            && self.exactly(of(callers, sought.action), asked, see)
        {
            return true;
        }
        let range = found.wild.start as usize..found.wild.end as usize;
        for (wild, place) in self.wild.get(range).unwrap_or_default().iter().zip(found.wild.start..) {
            if sought.name & wild.mask == wild.begins
                && self.is_of(found, place, sought, asked)
                && (wild.form == Form::Begins || self.matches(wild.form, place, sought, asked.action()))
                && self.show(wild.holders, see)
            {
                return true;
            }
        }
        false
    }

    /// Whether a name with wildcards is of the service of the action; the hash of the service is the same.
    #[inline]
    fn is_of(&self, service: &Service, place: u32, sought: &Sought, asked: &Asked) -> bool {
        if service.is_several {
            return cut(self.pattern(place)).0 == asked.action().service();
        }
        service.head == sought.prefix
            && service.prefix.length() == sought.prefix_length
            && (sought.prefix_length <= 8
                || self.bytes(service.prefix) == asked.action().service().as_bytes())
    }

    /// The text of the name with wildcards at a place.
    fn pattern(&self, place: u32) -> &str {
        self.patterns.get(place as usize).map(|range| self.text(*range)).unwrap_or_default()
    }

    /// Whether `see` has seen enough of the statements that hold the whole action.
    #[inline]
    fn exactly(&self, action: u64, asked: &Asked, see: &mut impl FnMut(Candidate) -> bool) -> bool {
        for (hash, exact) in self.exact.near(action) {
            if *hash == action
                && self.bytes(exact.name) == asked.action().folded().as_bytes()
                && self.show(exact.holders, see)
            {
                return true;
            }
        }
        false
    }

    /// Whether `see` has seen enough of the statements that hold a name.
    #[inline]
    fn show(&self, holders: Holders, see: &mut impl FnMut(Candidate) -> bool) -> bool {
        see(holders.first)
            || (holders.others.start != holders.others.end
                && self.others(holders).iter().any(|candidate| see(*candidate)))
    }

    /// Whether the name with wildcards at a place matches an action of its service.
    fn matches(&self, form: Form, place: u32, sought: &Sought, action: &Action) -> bool {
        let name = self.pattern(place).get(sought.prefix_length as usize + 1..).unwrap_or_default();
        let Form::Ends(star) = form else { return wildcard::matches(name, action.name()) };
        let (head, tail) = (name.get(..star as usize), name.get(star as usize + 1..));
        let after = head.and_then(|head| action.name().strip_prefix(head));
        after.zip(tail).is_some_and(|(after, tail)| after.ends_with(tail))
    }

    #[inline]
    fn bytes(&self, range: Range) -> &[u8] {
        self.names.as_bytes().get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn text(&self, range: Range) -> &str {
        self.names.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The statements that hold a name besides the first.
    fn others(&self, holders: Holders) -> &[Candidate] {
        let others = holders.others.start as usize..holders.others.end as usize;
        self.candidates.get(others).unwrap_or_default()
    }

    /// All statements that hold a name.
    fn all(&self, holders: Holders) -> impl Iterator<Item = Candidate> {
        std::iter::once(holders.first).chain(self.others(holders).iter().copied())
    }
}

/// What statements that may reach any caller are listed under.
const ANYONE: u64 = 0;

/// What a name is found by in the list for some callers.
#[inline]
fn of(callers: u64, name: u64) -> u64 {
    if callers == ANYONE { name } else { both(callers, name) }
}

/// Collects what becomes [`Actions`].
#[derive(Default)]
struct Builder {
    exact: Vec<Listed>,
    wild: Vec<Listed>,
    always: Vec<Candidate>,
    everywhere: Vec<Candidate>,
    names: String,
}

/// A statement under one of its names.
#[derive(Clone, Copy)]
struct Listed {
    /// Whom it is listed for.
    callers: u64,
    /// What it is found by: the hash of the action, or of a pattern's service, for these callers.
    hash: u64,
    /// The whole action or pattern, in lower case.
    name: Range,
    candidate: Candidate,
}

impl Builder {
    /// Adds a statement that may reach any caller.
    fn add(&mut self, statement: &Statement, candidate: Candidate) {
        if speaks_of_all(statement) {
            self.always.push(candidate);
        } else if reaches_everywhere(statement) {
            self.everywhere.push(candidate.to_be_asked());
        } else {
            self.list(ANYONE, statement, candidate);
        }
    }

    /// Lists a statement under its names for some callers.
    fn list(&mut self, callers: u64, statement: &Statement, candidate: Candidate) {
        for pattern in statement.action().patterns() {
            let pattern = &pattern.value;
            let Some(service) = pattern.service() else { continue };
            let (list, name, hash) = match pattern.exact() {
                Some(exact) => (&mut self.exact, exact, hash(exact)),
                None => (&mut self.wild, pattern.folded(), hash(service)),
            };
            let name = push(&mut self.names, name);
            let hash = of(callers, hash);
            list.push(Listed { callers, hash, name, candidate });
        }
    }

    /// Adds the statements of a policy at a place.
    fn join(&mut self, policy: u32, other: &Actions) {
        for (hash, exact) in other.exact.items() {
            let name = push(&mut self.names, other.text(exact.name));
            self.exact.extend(other.all(exact.holders).map(|candidate| Listed {
                callers: ANYONE,
                hash: *hash,
                name,
                candidate: candidate.of_policy(policy),
            }));
        }
        for (wild, text) in other.wild.iter().zip(&other.patterns) {
            let text = other.text(*text);
            let (hash, name) = (hash(cut(text).0), push(&mut self.names, text));
            self.wild.extend(other.all(wild.holders).map(|candidate| Listed {
                callers: ANYONE,
                hash,
                name,
                candidate: candidate.of_policy(policy),
            }));
        }
        self.always.extend(other.always.iter().map(|candidate| candidate.of_policy(policy)));
        let everywhere = other.everywhere.iter();
        self.everywhere.extend(everywhere.map(|candidate| candidate.of_policy(policy).to_be_asked()));
    }

    fn done(mut self) -> Actions {
        let mut actions = Actions { names: self.names.into(), ..Actions::default() };
        let mut candidates = Vec::new();
        let (mut exact, mut services) = (Vec::new(), Vec::new());
        for (listed, holders) in grouped(&mut self.exact, &actions, &mut candidates) {
            exact.push((listed.hash, Exact { name: listed.name, holders }));
            services.push(Service::of_action(&actions, &listed));
        }
        let (mut wild, mut patterns) = (Vec::new(), Vec::new());
        for (listed, holders) in grouped(&mut self.wild, &actions, &mut candidates) {
            services.push(Service::of_pattern(&actions, &listed, index_of(wild.len())));
            wild.push(Wild::new(actions.text(listed.name), holders));
            patterns.push(listed.name);
        }
        actions.services = Table::sparse(Service::united(services, &actions));
        self.always.sort_unstable();
        self.everywhere.sort_unstable();
        actions.exact = Table::new(exact);
        actions.wild = wild.into();
        actions.patterns = patterns.into();
        actions.candidates = candidates.into();
        actions.always = self.always.into();
        actions.everywhere = self.everywhere.into();
        actions
    }
}

fn push(names: &mut String, name: &str) -> Range {
    let start = index_of(names.len());
    names.push_str(name);
    Range { start, end: index_of(names.len()) }
}

/// One of each name, with the statements that hold it: all but the first are added to a list.
fn grouped(listed: &mut [Listed], actions: &Actions, all: &mut Vec<Candidate>) -> Vec<(Listed, Holders)> {
    let key = |listed: &Listed| (listed.hash, actions.bytes(listed.name), listed.candidate);
    listed.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
    let same = |one: &Listed, other: &Listed| {
        one.hash == other.hash && actions.bytes(one.name) == actions.bytes(other.name)
    };
    let mut groups = Vec::new();
    for group in listed.chunk_by(same) {
        if let [first, others @ ..] = group {
            let start = index_of(all.len());
            all.extend(others.iter().map(|listed| listed.candidate));
            let others = Range { start, end: index_of(all.len()) };
            groups.push((*first, Holders { first: first.candidate, others }));
        }
    }
    groups
}

impl Service {
    /// The service of a whole action, with its hash.
    fn of_action(actions: &Actions, listed: &Listed) -> (u64, Self) {
        let exact = first_bits(hash(actions.text(listed.name)));
        Self::of(actions, listed, Self { exact, ..Self::default() })
    }

    /// The service of the pattern at a place in the list of patterns, with its hash.
    fn of_pattern(actions: &Actions, listed: &Listed, place: u32) -> (u64, Self) {
        let wild = Range { start: place, end: place.saturating_add(1) };
        Self::of(actions, listed, Self { wild, ..Self::default() })
    }

    fn of(actions: &Actions, listed: &Listed, service: Self) -> (u64, Self) {
        let (prefix, _) = cut(actions.text(listed.name));
        let end = listed.name.start.saturating_add(index_of(prefix.len()));
        let prefix_at = Range { start: listed.name.start, end };
        let head = head(prefix.as_bytes());
        (of(listed.callers, hash(prefix)), Self { prefix: prefix_at, head, ..service })
    }

    /// One of each hash. Patterns of one hash stand side by side.
    fn united(mut services: Vec<(u64, Self)>, actions: &Actions) -> Vec<(u64, Self)> {
        services.sort_unstable_by_key(|(hash, service)| (*hash, service.wild.start));
        services.dedup_by(|(hash, next), (other, one)| {
            if hash != other {
                return false;
            }
            one.is_several |= actions.bytes(next.prefix) != actions.bytes(one.prefix);
            one.exact |= next.exact;
            match one.wild {
                Range { start, end } if start == end => one.wild = next.wild,
                _ => one.wild.end = next.wild.end.max(one.wild.end),
            }
            true
        });
        services
    }
}

/// The service and the name of an action or a pattern.
fn cut(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((text, ""))
}

impl Wild {
    /// The pattern with this text.
    fn new(text: &str, holders: Holders) -> Self {
        let (_, name) = cut(text);
        let literal = name.split(['*', '?']).next().unwrap_or_default();
        // A zero byte looks like the end of a short name.
        let compared = literal.bytes().take(8).position(|byte| byte == 0).unwrap_or(literal.len().min(8));
        let bits = u32::try_from(compared * 8).unwrap_or(0);
        let mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
        let begins = head(literal.as_bytes()) & mask;
        let tail = name.get(literal.len()..).and_then(|rest| rest.strip_prefix('*'));
        let form = match tail {
            Some("") if compared == literal.len() => Form::Begins,
            Some(tail) if !tail.contains(['*', '?']) => Form::Ends(index_of(literal.len())),
            _ => Form::Pattern,
        };
        Self { mask, begins, holders, form }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::slice;

    use iamsim_policy::PolicyKind;

    use super::*;
    use crate::program::Program;
    use crate::request::{Caller, Resource};

    const PATTERNS: &[&str] = &[
        "*",
        "*:*",
        "s3:*",
        "S3:Get*",
        "s3:GetObject",
        "s3:getobject",
        "s3:Get?bject",
        "s3:*Tagging",
        "s3:Get*Tagging",
        "s3:G*Obj*",
        "s3:GetObjectTagging",
        "s3:GetObjectT*",
        "s3:GetObjectTa*g",
        "s3:GetObjec*",
        "s3:Get**",
        "s3:Get\\u0000*",
        "sts:AssumeRole*",
        "sts:AssumeRole",
        "sts:AssumeRoleW*SAML",
        "sts:AssumeRole*Role",
        "s*:Get*",
    ];
    const ACTIONS: &[&str] = &[
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectTaggin",
        "s3:GetObjects",
        "s3:GetObjekt",
        "s3:GemObject",
        "s3:PutObjectTagging",
        "s3:Get",
        "s3:G",
        "s3:Get\0",
        "S3:GETOBJECT",
        "sts:AssumeRole",
        "sts:AssumeRoot",
        "sts:AssumeRoleWithSAML",
        "sts:GetObject",
        "ec2:GetObject",
    ];

    fn statement(kind: &str, patterns: &[&str], effect: &str, principal: &str) -> String {
        let patterns: Vec<String> = patterns.iter().map(|pattern| format!("\"{pattern}\"")).collect();
        let patterns = patterns.join(",");
        format!(r#"{{"Effect": "{effect}", {principal} "{kind}": [{patterns}], "Resource": "*"}}"#)
    }

    fn program(kind: PolicyKind, statements: &[String]) -> Program {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
        Program::compile(&Policy::parse(kind, text).unwrap())
    }

    /// The statements that are found and speak of the action, by the place of their policy.
    fn found(
        policies: &[Attached],
        asked: &Asked,
        each: impl FnOnce(&mut dyn FnMut(Candidate) -> bool),
    ) -> BTreeSet<(u32, u32)> {
        let mut found = BTreeSet::new();
        each(&mut |candidate| {
            let program = policies[candidate.policy() as usize].program();
            let statement = program.statement(candidate.statement() as usize).unwrap().written;
            assert_eq!(candidate.denies(), statement.effect() == Effect::Deny);
            if !candidate.is_about_other_actions(statement, asked.action()) {
                found.insert((candidate.policy(), candidate.statement()));
            }
            false
        });
        found
    }

    fn covering(program: &Program, action: &Action) -> BTreeSet<u32> {
        let statements = program.policy().statements().iter().enumerate();
        statements
            .filter(|(_, statement)| statement.action().matches(action))
            .map(|(index, _)| index_of(index))
            .collect()
    }

    /// Services that are made to have the hash of another one, and begin like it.
    const SERVICES_THAT_COLLIDE: [[&str; 2]; 2] =
        [["igezvthj", "igezvthjqayndznr"], ["collidinxofpmudwioqtrcin", "collidinxuvznuznlpjodwjv"]];
    /// Actions that are made so.
    const ACTIONS_THAT_COLLIDE: [&str; 2] = ["lambda:gwhsnsdxumleetepb", "lambda:gimdpgfvhyctrqytm"];

    fn check_those_that_cover_are_found(patterns: &[&str], actions: &[&str]) {
        let mut statements = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let effect = if index % 3 == 0 { "Deny" } else { "Allow" };
            statements.push(statement("Action", &[pattern], effect, ""));
            statements.push(statement("NotAction", &[pattern], effect, ""));
            let more = patterns.get(index + 3..index + 6).unwrap_or_default();
            statements.push(statement("Action", &[&[*pattern], more].concat(), effect, ""));
        }
        let one = program(PolicyKind::Identity, &statements);
        let other = program(PolicyKind::Identity, &statements.iter().rev().cloned().collect::<Vec<_>>());
        let policies = [Attached::new("one", one), Attached::new("other", other)];
        let joined = Joined::new(&policies);
        for action in actions {
            let action: Action = action.parse().unwrap();
            let asked = Asked::new(action.clone(), Resource::None);
            let found_joined = found(&policies, &asked, |see| joined.each(asked.sought(), &asked, see));
            for (place, policy) in policies.iter().enumerate() {
                let program = policy.program();
                let found = found(slice::from_ref(policy), &asked, |see| {
                    program.index().each(asked.sought(), &asked, None, see);
                });
                let expected = covering(program, &action);
                let of_policy = |found: &BTreeSet<(u32, u32)>, place| -> BTreeSet<u32> {
                    found
                        .iter()
                        .filter(|(policy, _)| *policy == place)
                        .map(|(_, statement)| *statement)
                        .collect()
                };
                assert_eq!(of_policy(&found, 0), expected, "{action}");
                assert_eq!(of_policy(&found_joined, index_of(place)), expected, "{action}, joined");
            }
        }
    }

    #[test]
    fn the_statements_that_are_found_are_those_that_cover_the_action() {
        check_those_that_cover_are_found(PATTERNS, ACTIONS);
    }

    #[test]
    fn names_that_are_made_to_collide_are_told_apart() {
        for names in SERVICES_THAT_COLLIDE {
            assert_eq!(hash(names[0]), hash(names[1]));
            let patterns = names.map(|name| [format!("{name}:Get*"), format!("{name}:GetObject")]);
            let [one, other] = patterns.each_ref().map(|of| of.each_ref().map(String::as_str));
            let actions = [one[1], other[1]];
            check_those_that_cover_are_found(&one, &actions);
            check_those_that_cover_are_found(&other, &actions);
            check_those_that_cover_are_found(&[one, other].concat(), &actions);
        }
        let [one, other] = ACTIONS_THAT_COLLIDE;
        assert_eq!(hash(one), hash(other));
        check_those_that_cover_are_found(&[one], &[one, other]);
        check_those_that_cover_are_found(&[other], &[one, other]);
        check_those_that_cover_are_found(&[one, other], &[one, other]);
    }

    #[test]
    fn a_statement_that_names_callers_is_found_for_them() {
        let role = "arn:aws:iam::111122223333:role/ci/deployer";
        let user = "arn:aws:iam::111122223333:user/dev";
        let many: Vec<String> =
            (0..100).map(|n| format!("\"arn:aws:iam::111122223333:user/u{n}\"")).collect();
        let principals = [
            format!(r#""Principal": {{"AWS": "{user}"}},"#),
            format!(r#""Principal": {{"AWS": ["{role}", "444455556666"]}},"#),
            r#""Principal": "*","#.to_owned(),
            r#""Principal": {"Service": "sns.amazonaws.com"},"#.to_owned(),
            format!(r#""NotPrincipal": {{"AWS": "{user}"}},"#),
            r#""Principal": {"AWS": "111122223333"},"#.to_owned(),
            format!(r#""Principal": {{"AWS": [{}, "{user}"]}},"#, many.join(",")),
            r#""Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/deployer/s1"},"#.to_owned(),
        ];
        let statements: Vec<String> = principals
            .iter()
            .flat_map(|principal| {
                [&["s3:Get*", "s3:PutObject"][..], &["*"]]
                    .map(|actions| statement("Action", actions, "Allow", principal))
            })
            .collect();
        let kind = PolicyKind::Resource(iamsim_policy::ResourceService::S3);
        let policy = Attached::new("bucket", program(kind, &statements));
        let check = |caller: Caller, expected: &[u32]| {
            for (action, any_action_only) in
                [("s3:GetObject", false), ("s3:PutObject", false), ("s3:PutObjectAcl", true)]
            {
                let asked = Asked::new(action.parse().unwrap(), Resource::None);
                let named_by = NamedBy::of(&caller);
                let found = found(slice::from_ref(&policy), &asked, |see| {
                    policy.program().index().each(asked.sought(), &asked, named_by.as_ref(), see);
                });
                let found: BTreeSet<u32> = found.into_iter().map(|(_, statement)| statement).collect();
                let both = expected.iter().flat_map(|place| [place * 2, place * 2 + 1]);
                let expected: BTreeSet<u32> =
                    both.filter(|place| !any_action_only || place % 2 == 1).collect();
                assert_eq!(found, expected, "{caller} {action}");
            }
        };
        check(Caller::user(user.parse().unwrap()).unwrap(), &[0, 2, 4, 5, 6]);
        check(Caller::any_session_of(role.parse().unwrap()).unwrap(), &[1, 2, 4, 5, 7]);
        check(Caller::service("sns.amazonaws.com"), &[2, 3, 4]);
        check(Caller::anonymous(), &[2, 4]);
        let federated = "arn:aws:sts::111122223333:federated-user/bob".parse().unwrap();
        check(Caller::federated_user(federated, None).unwrap(), &[0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
