//! Advice on IAM policies: what is legal, and most likely not what its author meant.
//!
//! This crate reads policies with `iamsim-policy`, looks things up in `iamsim-catalog`, and says what it
//! finds: a code, a level, a place and help. It decides no request and knows no accounts but those it is told;
//! what needs a decision is a question for the simulator. It reads neither disk nor clock.
//!
//! Every rule is one file under `rules/` and one page under `docs/rules`, whose examples are tests.
//!
//! ```
//! use iamsim_lint::Linter;
//! use iamsim_policy::Source;
//!
//! let linter = Linter::new();
//! let source = Source::new("team.json", r#"{
//!   "Version": "2012-10-17",
//!   "Statement": {"Effect": "Allow", "Action": "s3:GetObjct", "Resource": "*"}
//! }"#);
//! let report = linter.check(&source, None);
//! assert_eq!(
//!     report.findings()[0].to_string(),
//!     "team.json:3:46: warning[unknown-action]: `s3` has no action `GetObjct`",
//! );
//! assert_eq!(report.findings()[0].help(), Some("did you mean `s3:GetObject`?"));
//! ```

mod config;
mod covers;
mod document;
mod facts;
mod finding;
pub mod format;
mod kind;
mod linter;
pub mod pages;
mod presence;
mod rule;
mod rules;
mod waiver;

pub use config::Config;
pub use finding::{Finding, Level, StatementName};
pub use kind::{KIND_NAMES, kind_name, kind_named};
pub use linter::{CheckedPolicy, Linter, Report, WaivedFinding};
pub use rule::Rule;
