//! One binary for all integration tests of the reports.

// Helpers are test code as well: clippy shall know.
#![cfg(test)]

mod formats;
mod graph;
mod html;
mod stories;
