//! How well scenarios test policies: which statements and conditions they exercise ([`Coverage`]), and which
//! small changes of a policy they would not notice ([`mutate`]).
//!
//! This crate decides nothing and knows no evaluation: it watches explanations, changes texts, and has the
//! scenarios run again. It reads no disk and knows no terminal.

mod coverage;
mod door;
mod edit;
mod equivalent;
mod lcov;
mod mutate;
mod mutation;
mod probe;
mod story;
mod written;

pub use coverage::{ConditionCoverage, Count, Coverage, CoverageTotals, PolicyCoverage, StatementCoverage};
pub use mutate::{Fate, Mutant, Mutants, MutateError, MutateOptions, Score, Telling, mutate};
pub use mutation::{Mutation, MutationKind, mutations};
pub use written::written;
