//! Which statements of a policy can match a request, found by its action and its caller.
//!
//! What is left out could not match whatever the resource and the context, so that a decision looks only at
//! what is found here; an explanation looks at every statement. The tests hold the two to each other.

use iamsim_policy::{ActionPattern, Effect, Policy, Statement};

use crate::hash::{Table, hash, head};
use crate::principal::{NamedBy, found_by};
use crate::request::{Asked, Sought};
use crate::statement::{has_principals, index_of};

/// The index of a policy's statements.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Statements that may reach any caller: all, in policies without principals.
    anyone: Actions,
    /// Statements that name callers one by one, by what those are found by.
    named: Table<Numbered>,
    /// All statements; none in policies without principals.
    all: Box<[Numbered]>,
    /// One bit for each service that some statement speaks of, by the first bits of its hash.
    services: u64,
}

/// A statement by its place in the policy, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbered(u32);

/// Statements by the actions they name.
#[derive(Clone, Debug, Default)]
struct Actions {
    /// By whole actions.
    exact: Table<Named>,
    /// Names with wildcards, by service.
    wild: Table<Wild>,
    /// Statements that may speak of any service: their clause is asked itself.
    everywhere: Box<[Numbered]>,
    /// The text of exact actions and of services.
    names: Box<str>,
}

/// A statement that names something, and where in the text of names that stands.
#[derive(Clone, Copy, Debug)]
struct Named {
    statement: Numbered,
    start: u32,
    length: u32,
}

/// A name with wildcards.
#[derive(Clone, Copy, Debug)]
struct Wild {
    /// Compares what stands before the first wildcard, up to eight bytes.
    mask: u64,
    begins: u64,
    /// The service.
    named: Named,
    /// Its place in the statement, when comparing the first bytes does not tell.
    pattern: Option<u32>,
}

impl Numbered {
    const DENY: u32 = 1 << 31;

    fn new(index: usize, effect: Effect) -> Self {
        let index = index_of(index) & !Self::DENY;
        Self(if effect == Effect::Deny { index | Self::DENY } else { index })
    }

    /// Its place in the policy.
    #[inline]
    pub(crate) fn index(self) -> u32 {
        self.0 & !Self::DENY
    }

    #[inline]
    pub(crate) fn denies(self) -> bool {
        self.0 & Self::DENY != 0
    }
}

impl Index {
    pub(crate) fn new(policy: &Policy) -> Self {
        let names_principals = has_principals(policy.kind());
        let mut anyone = Builder::default();
        let mut named = Vec::new();
        let mut all = Vec::new();
        let mut services = 0;
        for (index, statement) in policy.statements().iter().enumerate() {
            let numbered = Numbered::new(index, statement.effect());
            services |= services_of(statement);
            let found_by = match statement.principal() {
                _ if !names_principals => None,
                // Without the element it names nobody (PE-TYP-11).
                None => Some(Vec::new()),
                Some(clause) => found_by(clause),
            };
            match found_by {
                None => anyone.add(statement, numbered),
                Some(hashes) => named.extend(hashes.into_iter().map(|hash| (hash, numbered))),
            }
            if names_principals {
                all.push(numbered);
            }
        }
        Self { anyone: anyone.done(), named: Table::new(named), all: all.into(), services }
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
        mut see: impl FnMut(Numbered) -> bool,
    ) {
        let covers = |numbered: Numbered| {
            let statement = policy.statements().get(numbered.index() as usize);
            statement.is_some_and(|statement| statement.action().matches(asked.action()))
        };
        if self.all.is_empty() {
            self.anyone.each(policy, asked, &mut see);
            return;
        }
        let Some(named_by) = named_by else {
            // Who it is that asks can't be looked up.
            let _ = self.all.iter().any(|numbered| covers(*numbered) && see(*numbered));
            return;
        };
        if self.anyone.each(policy, asked, &mut see) {
            return;
        }
        for key in named_by.keys() {
            if self.named.get(*key).any(|numbered| covers(*numbered) && see(*numbered)) {
                return;
            }
        }
    }
}

/// The bit of a service.
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

impl Actions {
    /// Whether `see` has seen enough.
    #[inline]
    fn each(&self, policy: &Policy, asked: &Asked, see: &mut impl FnMut(Numbered) -> bool) -> bool {
        let Sought { action, service, name } = *asked.sought();
        for named in self.exact.get(action) {
            if self.text(*named) == asked.action().folded() && see(named.statement) {
                return true;
            }
        }
        let mut last = None;
        for wild in self.wild.get(service) {
            if name & wild.mask != wild.begins || last == Some(wild.named.statement) {
                continue;
            }
            let matches = match wild.pattern {
                None => self.text(wild.named) == asked.action().service(),
                Some(pattern) => {
                    let statement = policy.statements().get(wild.named.statement.index() as usize);
                    let patterns = statement.map(|statement| statement.action().patterns());
                    let pattern = patterns.and_then(|patterns| patterns.get(pattern as usize));
                    pattern.is_some_and(|pattern| pattern.value.matches(asked.action()))
                }
            };
            if matches {
                last = Some(wild.named.statement);
                if see(wild.named.statement) {
                    return true;
                }
            }
        }
        self.everywhere.iter().any(|numbered| {
            let statement = policy.statements().get(numbered.index() as usize);
            statement.is_some_and(|statement| statement.action().matches(asked.action())) && see(*numbered)
        })
    }

    #[inline]
    fn text(&self, named: Named) -> &str {
        let start = named.start as usize;
        self.names.get(start..start + named.length as usize).unwrap_or_default()
    }
}

/// Collects what becomes [`Actions`].
#[derive(Default)]
struct Builder {
    exact: Vec<(u64, Named)>,
    wild: Vec<(u64, Wild)>,
    everywhere: Vec<Numbered>,
    names: String,
}

impl Builder {
    fn add(&mut self, statement: &Statement, numbered: Numbered) {
        if reaches_everywhere(statement) {
            self.everywhere.push(numbered);
            return;
        }
        let mut last: Option<(&str, u64, Named)> = None;
        for (index, pattern) in statement.action().patterns().iter().enumerate() {
            let pattern = &pattern.value;
            if let Some(exact) = pattern.exact() {
                let named = self.named(numbered, exact);
                self.exact.push((hash(exact), named));
                continue;
            }
            let Some(service) = pattern.service() else { continue };
            let (hash, named) = match last {
                Some((same, hash, named)) if same == service => (hash, named),
                _ => (hash(service), self.named(numbered, service)),
            };
            last = Some((service, hash, named));
            self.wild.push((hash, Wild::new(pattern, index, named)));
        }
    }

    fn named(&mut self, statement: Numbered, name: &str) -> Named {
        let (start, length) = (index_of(self.names.len()), index_of(name.len()));
        self.names.push_str(name);
        Named { statement, start, length }
    }

    fn done(self) -> Actions {
        Actions {
            exact: Table::new(self.exact),
            wild: Table::new(self.wild),
            everywhere: self.everywhere.into(),
            names: self.names.into(),
        }
    }
}

impl Wild {
    fn new(pattern: &ActionPattern, index: usize, named: Named) -> Self {
        let folded = pattern.as_str().to_ascii_lowercase();
        let name = folded.split_once(':').map_or("", |(_, name)| name);
        let literal = name.split(['*', '?']).next().unwrap_or_default();
        // A zero byte looks like the end of a short name.
        let compared = literal.bytes().take(8).position(|byte| byte == 0).unwrap_or(literal.len().min(8));
        let bits = u32::try_from(compared * 8).unwrap_or(0);
        let mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
        let begins = head(literal.as_bytes()) & mask;
        let is_told = compared == literal.len() && name.strip_prefix(literal) == Some("*");
        Self { mask, begins, named, pattern: if is_told { None } else { Some(index_of(index)) } }
    }
}
