//! Which statements can match a request, found by its action and its caller.
//!
//! What is left out could not match whatever the resource and the context, so that a decision looks only at
//! what is found here; an explanation looks at every statement. The tests hold the two to each other.

use iamsim_policy::{Action, Effect, Policy, Statement};

use crate::hash::{Table, both, hash, head};
use crate::layers::Attached;
use crate::principal::{NamedBy, found_by};
use crate::request::Asked;
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
    policy: u32,
}

/// Statements by the actions they name.
#[derive(Clone, Debug, Default)]
struct Actions {
    /// By whole actions.
    exact: Table<Exact>,
    /// Names with wildcards, by service.
    wild: Table<Wild>,
    /// The statements of each name, Denies first.
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

/// An action and the statements that name it.
#[derive(Clone, Copy, Debug)]
struct Exact {
    name: Range,
    candidates: Range,
}

/// A name with wildcards and the statements that hold it.
#[derive(Clone, Copy, Debug)]
struct Wild {
    /// Compares what stands before the first wildcard, up to eight bytes.
    mask: u64,
    begins: u64,
    /// The whole pattern.
    name: Range,
    service: Range,
    /// What stands before the only star, empty when `mask` tells, and behind it.
    head: Range,
    tail: Range,
    candidates: Range,
    /// The pattern by its place in its statement, when it has more than one wildcard.
    pattern: Option<(Candidate, u32)>,
}

/// How many names a statement may be listed under for each way to find its callers; the index is never much
/// larger than the policy.
const LISTED_AT_MOST: usize = 64;

impl Candidate {
    const ALLOW: u32 = 1 << 31;

    fn new(index: usize, effect: Effect) -> Self {
        let index = index_of(index) & !Self::ALLOW;
        Self { policy: 0, statement: if effect == Effect::Allow { index | Self::ALLOW } else { index } }
    }

    /// The place of its policy.
    #[inline]
    pub(crate) fn policy(self) -> u32 {
        self.policy
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
    #[inline]
    pub(crate) fn each(
        &self,
        policy: &Policy,
        asked: &Asked,
        named_by: Option<&NamedBy>,
        mut see: impl FnMut(Candidate) -> bool,
    ) {
        let statement_of = |candidate: Candidate| statement_of(policy, candidate);
        let covers = |candidate: Candidate| {
            statement_of(candidate).is_some_and(|statement| statement.action().matches(asked.action()))
        };
        let keys = match named_by {
            _ if !self.names_principals => &[],
            Some(named_by) => named_by.keys(),
            None => {
                // Who it is that asks can't be looked up.
                let _ = self.all.iter().any(|candidate| covers(*candidate) && see(*candidate));
                return;
            }
        };
        if self.actions.each(statement_of, asked, &mut see) {
            return;
        }
        for key in keys {
            if self.actions.listed(*key, statement_of, asked, &mut see) {
                return;
            }
            for (hash, candidate) in self.named.near(*key) {
                if hash == key && covers(*candidate) && see(*candidate) {
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
    pub(crate) fn each(&self, policies: &[Attached], asked: &Asked, mut see: impl FnMut(Candidate) -> bool) {
        let statement_of = |candidate: Candidate| {
            let policy = policies.get(candidate.policy as usize)?;
            statement_of(policy.program().policy(), candidate)
        };
        self.0.each(statement_of, asked, &mut see);
    }
}

fn statement_of(policy: &Policy, candidate: Candidate) -> Option<&Statement> {
    policy.statements().get(candidate.statement() as usize)
}

/// The bit of a service.
#[inline]
pub(crate) fn service_bit(hash: u64) -> u64 {
    1 << (hash >> 58)
}

/// One bit for each service a statement may speak of.
fn services_of(statement: &Statement) -> u64 {
    if reaches_everywhere(statement) {
        return u64::MAX;
    }
    let patterns = statement.action().patterns().iter();
    let services = patterns.filter_map(|pattern| pattern.value.service());
    services.fold(0, |bits, service| bits | service_bit(hash(service)))
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
    fn each<'p>(
        &self,
        statement_of: impl Fn(Candidate) -> Option<&'p Statement> + Copy,
        asked: &Asked,
        see: &mut impl FnMut(Candidate) -> bool,
    ) -> bool {
        if self.listed(ANYONE, statement_of, asked, see) {
            return true;
        }
        if self.always.iter().any(|candidate| see(*candidate)) {
            return true;
        }
        self.everywhere.iter().any(|candidate| {
            let statement = statement_of(*candidate);
            statement.is_some_and(|statement| statement.action().matches(asked.action())) && see(*candidate)
        })
    }

    /// Whether `see` has seen enough of the statements that are listed for callers found by something.
    #[inline]
    fn listed<'p>(
        &self,
        callers: u64,
        statement_of: impl Fn(Candidate) -> Option<&'p Statement> + Copy,
        asked: &Asked,
        see: &mut impl FnMut(Candidate) -> bool,
    ) -> bool {
        let sought = asked.sought();
        let action = of(callers, sought.action);
        for (hash, exact) in self.exact.near(action) {
            let is_named = *hash == action && self.text(exact.name) == asked.action().folded();
            if is_named && self.candidates_of(exact.candidates).iter().any(|candidate| see(*candidate)) {
                return true;
            }
        }
        let service = of(callers, sought.service);
        for (hash, wild) in self.wild.near(service) {
            if sought.name & wild.mask != wild.begins || *hash != service {
                continue;
            }
            let is_named = self.matches(wild, statement_of, asked.action());
            if is_named && self.candidates_of(wild.candidates).iter().any(|candidate| see(*candidate)) {
                return true;
            }
        }
        false
    }

    /// Whether a name whose first bytes fit matches an action.
    #[inline]
    fn matches<'p>(
        &self,
        wild: &Wild,
        statement_of: impl Fn(Candidate) -> Option<&'p Statement>,
        action: &Action,
    ) -> bool {
        if let Some((candidate, pattern)) = wild.pattern {
            let patterns = statement_of(candidate).map(|statement| statement.action().patterns());
            let pattern = patterns.and_then(|patterns| patterns.get(pattern as usize));
            return pattern.is_some_and(|pattern| pattern.value.matches(action));
        }
        if self.text(wild.service) != action.service() {
            return false;
        }
        let name = action.name();
        let (head, tail) = (self.text(wild.head), self.text(wild.tail));
        let after = if head.is_empty() { name.get(wild.told()..) } else { name.strip_prefix(head) };
        after.is_some_and(|after| after.ends_with(tail))
    }

    #[inline]
    fn text(&self, range: Range) -> &str {
        self.names.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    #[inline]
    fn candidates_of(&self, range: Range) -> &[Candidate] {
        self.candidates.get(range.start as usize..range.end as usize).unwrap_or_default()
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
    hash: u64,
    /// The whole action or pattern, in lower case.
    name: Range,
    candidate: Candidate,
    /// The place of a pattern in its statement.
    pattern: u32,
}

impl Builder {
    /// Adds a statement that may reach any caller.
    fn add(&mut self, statement: &Statement, candidate: Candidate) {
        if speaks_of_all(statement) {
            self.always.push(candidate);
        } else if reaches_everywhere(statement) {
            self.everywhere.push(candidate);
        } else {
            self.list(ANYONE, statement, candidate);
        }
    }

    /// Lists a statement under its names for some callers.
    fn list(&mut self, callers: u64, statement: &Statement, candidate: Candidate) {
        for (index, pattern) in statement.action().patterns().iter().enumerate() {
            let pattern = &pattern.value;
            let Some(service) = pattern.service() else { continue };
            let (list, name, hash) = match pattern.exact() {
                Some(exact) => (&mut self.exact, exact, hash(exact)),
                None => (&mut self.wild, pattern.folded(), hash(service)),
            };
            let name = push(&mut self.names, name);
            list.push(Listed { hash: of(callers, hash), name, candidate, pattern: index_of(index) });
        }
    }

    /// Adds the statements of a policy at a place.
    fn join(&mut self, policy: u32, other: &Actions) {
        let moved = |candidate: &Candidate| Candidate { policy, ..*candidate };
        for (hash, exact) in other.exact.items() {
            let name = push(&mut self.names, other.text(exact.name));
            let candidates = other.candidates_of(exact.candidates).iter();
            let listed = |candidate| Listed { hash: *hash, name, candidate: moved(candidate), pattern: 0 };
            self.exact.extend(candidates.map(listed));
        }
        for (hash, wild) in other.wild.items() {
            let name = push(&mut self.names, other.text(wild.name));
            let candidates = other.candidates_of(wild.candidates).iter();
            let pattern = wild.pattern.map_or(0, |(_, pattern)| pattern);
            let listed = |candidate| Listed { hash: *hash, name, candidate: moved(candidate), pattern };
            self.wild.extend(candidates.map(listed));
        }
        self.always.extend(other.always.iter().map(moved));
        self.everywhere.extend(other.everywhere.iter().map(moved));
    }

    fn done(mut self) -> Actions {
        let mut actions = Actions { names: self.names.into(), ..Actions::default() };
        let mut candidates = Vec::with_capacity(self.exact.len() + self.wild.len());
        let mut exact = Vec::new();
        for (listed, candidates) in grouped(&mut self.exact, &actions, &mut candidates) {
            exact.push((listed.hash, Exact { name: listed.name, candidates }));
        }
        let mut wild = Vec::new();
        for (listed, candidates) in grouped(&mut self.wild, &actions, &mut candidates) {
            wild.push((listed.hash, Wild::new(&actions, &listed, candidates)));
        }
        self.always.sort_unstable();
        self.everywhere.sort_unstable();
        actions.exact = Table::new(exact);
        actions.wild = Table::new(wild);
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

/// One of each name, with its candidates, which are added to a list of all.
fn grouped(listed: &mut [Listed], actions: &Actions, all: &mut Vec<Candidate>) -> Vec<(Listed, Range)> {
    let key = |listed: &Listed| (listed.hash, actions.text(listed.name), listed.candidate);
    listed.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
    let same = |one: &Listed, other: &Listed| {
        one.hash == other.hash && actions.text(one.name) == actions.text(other.name)
    };
    let mut groups = Vec::new();
    for group in listed.chunk_by(same) {
        let start = index_of(all.len());
        all.extend(group.iter().map(|listed| listed.candidate));
        if let Some(first) = group.first() {
            groups.push((*first, Range { start, end: index_of(all.len()) }));
        }
    }
    groups
}

impl Wild {
    fn new(actions: &Actions, listed: &Listed, candidates: Range) -> Self {
        let text = actions.text(listed.name);
        let within = |part: &str, from: usize| {
            let start = listed.name.start.saturating_add(index_of(from));
            Range { start, end: start.saturating_add(index_of(part.len())) }
        };
        let (service, name) = text.split_once(':').unwrap_or((text, ""));
        let name_at = service.len() + 1;
        let literal = name.split(['*', '?']).next().unwrap_or_default();
        // A zero byte looks like the end of a short name.
        let compared = literal.bytes().take(8).position(|byte| byte == 0).unwrap_or(literal.len().min(8));
        let bits = u32::try_from(compared * 8).unwrap_or(0);
        let mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
        let begins = head(literal.as_bytes()) & mask;
        let tail = name.get(literal.len()..).and_then(|rest| rest.strip_prefix('*'));
        let tail = tail.filter(|tail| !tail.contains(['*', '?']));
        let is_told = compared == literal.len();
        Self {
            mask,
            begins,
            name: listed.name,
            service: within(service, 0),
            head: if is_told { Range::default() } else { within(literal, name_at) },
            tail: tail.map_or(Range::default(), |tail| within(tail, name_at + literal.len() + 1)),
            candidates,
            pattern: if tail.is_some() { None } else { Some((listed.candidate, listed.pattern)) },
        }
    }

    /// How many bytes the mask compares.
    #[inline]
    fn told(&self) -> usize {
        (u64::BITS - self.mask.leading_zeros()) as usize / 8
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
        "s*:Get*",
    ];
    const ACTIONS: &[&str] = &[
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectTaggin",
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

    fn covering(program: &Program, action: &Action) -> BTreeSet<u32> {
        let statements = program.policy().statements().iter().enumerate();
        statements
            .filter(|(_, statement)| statement.action().matches(action))
            .map(|(index, _)| index_of(index))
            .collect()
    }

    #[test]
    fn the_statements_that_are_found_are_those_that_cover_the_action() {
        let mut statements = Vec::new();
        for (index, pattern) in PATTERNS.iter().enumerate() {
            let effect = if index % 3 == 0 { "Deny" } else { "Allow" };
            statements.push(statement("Action", &[pattern], effect, ""));
            statements.push(statement("NotAction", &[pattern], effect, ""));
            let more = PATTERNS.get(index + 3..index + 6).unwrap_or_default();
            statements.push(statement("Action", &[&[*pattern], more].concat(), effect, ""));
        }
        let one = program(PolicyKind::Identity, &statements);
        let other = program(PolicyKind::Identity, &statements.iter().rev().cloned().collect::<Vec<_>>());
        let policies = [Attached::new("one", one), Attached::new("other", other)];
        let joined = Joined::new(&policies);
        for action in ACTIONS {
            let action: Action = action.parse().unwrap();
            let asked = Asked::new(action.clone(), Resource::None);
            let mut found = [BTreeSet::new(), BTreeSet::new()];
            joined.each(&policies, &asked, |candidate| {
                assert!(found[candidate.policy() as usize].len() < 1_000);
                found[candidate.policy() as usize].insert(candidate.statement());
                false
            });
            for (policy, found_joined) in policies.iter().zip(&found) {
                let program = policy.program();
                let mut found = BTreeSet::new();
                program.index().each(program.policy(), &asked, None, |candidate| {
                    found.insert(candidate.statement());
                    false
                });
                let expected = covering(program, &action);
                assert_eq!(found, expected, "{action}");
                assert_eq!(*found_joined, expected, "{action}, joined");
            }
        }
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
        let program = program(kind, &statements);
        let check = |caller: Caller, expected: &[u32]| {
            for (action, any_action_only) in
                [("s3:GetObject", false), ("s3:PutObject", false), ("s3:PutObjectAcl", true)]
            {
                let asked = Asked::new(action.parse().unwrap(), Resource::None);
                let mut found = BTreeSet::new();
                let named_by = NamedBy::of(&caller);
                program.index().each(program.policy(), &asked, named_by.as_ref(), |candidate| {
                    found.insert(candidate.statement());
                    false
                });
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
