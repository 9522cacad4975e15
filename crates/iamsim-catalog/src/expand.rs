//! From an action pattern to the actions it names.

use iamsim_policy::{ActionPattern, wildcard};

use crate::entry::{ActionEntry, Service};
use crate::format::{Bytes, Section, partition_point};
use crate::key::strip_prefix;

/// The actions an entry of `Action` names, in the catalog's order; made by
/// [`Catalog::expand`](crate::Catalog::expand).
#[derive(Clone)]
pub struct Expand<'c> {
    bytes: Bytes<'c>,
    at: usize,
    to: usize,
    /// The name's pattern in lower case, where the range alone does not decide.
    pattern: Option<Box<str>>,
    /// The name in lower case, kept from action to action.
    folded: String,
}

impl<'c> Expand<'c> {
    pub(crate) fn new(bytes: Bytes<'c>, service: Option<Service<'c>>, pattern: &ActionPattern) -> Self {
        let (from, to) = match service {
            Some(service) => service.range(),
            None if pattern.is_any() => (0, bytes.count(Section::Actions)),
            None => (0, 0),
        };
        let mut expand = Self { bytes, at: from, to, pattern: None, folded: String::new() };
        if pattern.is_any() {
            return expand;
        }
        let name = pattern.as_str().split_once(':').map_or("", |(_, name)| name);
        let wild = name.find(['*', '?']).unwrap_or(name.len());
        let (head, tail) = name.split_at_checked(wild).unwrap_or((name, ""));
        (expand.at, expand.to) = prefix_range(bytes, from, to, head);
        if tail.is_empty() {
            // The shortest name with this prefix is the name itself, if it is there.
            let exact =
                expand.at < to && bytes.string_bytes(Section::Actions, expand.at, 0).len() == head.len();
            expand.to = expand.to.min(expand.at + usize::from(exact));
        } else if tail != "*" {
            expand.pattern = Some(name.to_ascii_lowercase().into());
        }
        expand
    }
}

/// The actions among `from..to`, which are of one service, whose names begin with a text.
fn prefix_range(bytes: Bytes<'_>, from: usize, to: usize, head: &str) -> (usize, usize) {
    let names = bytes.names(Section::Actions);
    let start = names.lower_bound(from, to, head.as_bytes());
    let end = partition_point(start, to, |id| strip_prefix(names.get(id), head.as_bytes()).is_some());
    (start, end)
}

impl<'c> Iterator for Expand<'c> {
    type Item = ActionEntry<'c>;

    fn next(&mut self) -> Option<ActionEntry<'c>> {
        while self.at < self.to {
            let entry = ActionEntry { bytes: self.bytes, id: self.at };
            self.at += 1;
            let Some(pattern) = &self.pattern else { return Some(entry) };
            self.folded.clear();
            self.folded.push_str(entry.name());
            self.folded.make_ascii_lowercase();
            if wildcard::matches(pattern, &self.folded) {
                return Some(entry);
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let most = self.to - self.at;
        (if self.pattern.is_none() { most } else { 0 }, Some(most))
    }
}

impl std::fmt::Debug for Expand<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
