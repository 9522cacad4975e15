//! Everything that is told of scenario files, held against the files in `testdata`.

// Helpers are test code as well: clippy shall know.
#![cfg(test)]

mod bless;
mod documentation;
mod files;
mod include;
mod matrix;
mod reject;
mod report;
mod scenarios;
mod stories;
