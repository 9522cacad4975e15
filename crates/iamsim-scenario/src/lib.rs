//! Scenario files: a world, the steps taken in it and what is expected of each, as JSON; run against the
//! simulator [`iamsim`].
//!
//! This crate reads text and asks a loader for the files that a scenario refers to. It knows no disk, no
//! terminal and no exit codes, and it judges nothing itself: every decision is the simulator's, asked for
//! through both of its doors. The format is told in the repository's `testdata/README.md`; [`schema`] is its
//! JSON Schema.
//!
//! ```
//! use iamsim_scenario::{no_files, Detail, Scenario, Source};
//!
//! let text = Source::new(
//!     "story.json",
//!     r#"{
//!       "scenario": "A developer invokes and does not delete",
//!       "accounts": {
//!         "111122223333": {
//!           "users": {
//!             "dev": {
//!               "policies": {
//!                 "developer": {
//!                   "Version": "2012-10-17",
//!                   "Statement": { "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*" }
//!                 }
//!               }
//!             }
//!           }
//!         }
//!       },
//!       "names": { "checkout": "arn:aws:lambda:eu-west-1:111122223333:function:checkout" },
//!       "steps": [
//!         { "as": "dev", "do": "lambda:InvokeFunction", "on": "checkout", "expect": "allow" },
//!         { "as": "dev", "do": "lambda:DeleteFunction", "on": "checkout", "expect": "implicit deny" }
//!       ]
//!     }"#,
//! );
//! let outcome = Scenario::parse(&text, &mut no_files)
//!     .and_then(|scenario| scenario.run())
//!     .unwrap();
//! assert_eq!(outcome.totals().to_string(), "2 passed, 0 failed");
//! assert!(outcome.to_text(Detail::Reason).contains("lambda:DeleteFunction  checkout  implicit deny  as expected"));
//! ```

mod file;
mod finding;
mod format;
mod json;
mod judge;
mod names;
mod outcome;
mod read;
mod reader;
mod reference;
mod render;
mod report;
mod run;
mod schema;
mod steps;
mod text;
mod time;
mod world;

pub use finding::{Code, Finding};
pub use iamsim::Explanation;
pub use iamsim_policy::{MAX_SOURCE_BYTES, Position, Severity, Source, Span};
pub use outcome::{Difference, Outcome, StepOutcome, Totals, Verdict};
pub use reader::{Loaded, Loader, no_files};
pub use reference::reference;
pub use render::{Colour, render};
pub use report::{REPORT_VERSION, report};
pub use schema::schema;
pub use text::Detail;

/// A scenario, read: what could be found wrong without running it has been found.
#[derive(Clone, Debug)]
pub struct Scenario(file::File);

impl Scenario {
    /// Reads a scenario; `load` finds the files that it refers to.
    ///
    /// # Errors
    ///
    /// Every finding of the scenario and of the policies in it, in the order of the text; at least one of
    /// them is an error.
    pub fn parse(source: &Source, load: &mut Loader<'_>) -> Result<Self, Vec<Finding>> {
        read::read(source, load).map(Self)
    }

    /// Builds the world and takes the steps.
    ///
    /// # Errors
    ///
    /// What AWS would refuse of the world, each with its place.
    pub fn run(&self) -> Result<Outcome, Vec<Finding>> {
        run::run(&self.0)
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// What the file tells its reader, by paragraph.
    pub fn about(&self) -> &[String] {
        &self.0.about
    }

    /// The rules of AWS that the scenario shows, by id.
    pub fn rules(&self) -> &[String] {
        &self.0.rules
    }

    /// Findings that leave the scenario usable, such as a policy that trusts everyone.
    pub fn warnings(&self) -> &[Finding] {
        &self.0.warnings
    }
}
