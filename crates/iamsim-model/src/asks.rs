//! Which context keys policies ask for: worked out once for each policy, so that a request is given those and
//! no others.

use iamsim_policy::ContextKey;

use crate::context::Rows;
use crate::document::Document;

/// What some policies ask of the context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asks {
    /// The rows of the table that fill the keys.
    pub(crate) rows: Rows,
    /// The keys, each once.
    pub(crate) keys: Box<[ContextKey]>,
}

impl Asks {
    /// What is asked by all of some policies.
    pub(crate) fn of<'k>(keys: impl Iterator<Item = &'k ContextKey>) -> Self {
        let mut keys: Vec<&ContextKey> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        let rows = Rows::of(keys.iter().copied());
        Self { rows, keys: keys.into_iter().cloned().collect() }
    }
}

/// What all the policies that bear on a request ask of its context.
#[derive(Clone, Default)]
pub(crate) struct Asked<'w> {
    pub(crate) rows: Rows,
    keys: Vec<&'w [ContextKey]>,
}

impl<'w> Asked<'w> {
    pub(crate) fn add(&mut self, rows: Rows, keys: &'w [ContextKey]) {
        self.rows = self.rows | rows;
        if !keys.is_empty() {
            self.keys.push(keys);
        }
    }

    pub(crate) fn add_document(&mut self, document: &'w Document) {
        let (rows, keys) = document.asks();
        self.add(rows, keys);
    }

    /// The rows that a decision alone takes.
    pub(crate) fn rows_to_decide(&self) -> Rows {
        self.rows | Rows::evaluators_own()
    }

    /// The keys; one that several policies ask for may come several times.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'w ContextKey> {
        self.keys.iter().copied().flatten()
    }
}
