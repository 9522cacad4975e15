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

mod bless;
mod build;
mod excerpt;
mod file;
mod files;
mod finding;
mod format;
mod include;
mod json;
mod judge;
mod names;
mod outcome;
mod policies;
mod read;
mod reader;
mod reference;
mod render;
mod report;
mod run;
mod schema;
mod steps;
mod suite;
mod text;
mod time;
mod world;

pub use bless::{Blessed, bless};
pub use excerpt::excerpt;
pub use files::{Files, Found, MemoryFiles, Overlay, find, loader};
pub use finding::{Code, Finding};
pub use iamsim::Explanation;
pub use iamsim_policy::{MAX_SOURCE_BYTES, Position, Severity, Source, Span};
pub use outcome::{Difference, Outcome, Place, StepKind, StepOutcome, Totals, Verdict};
pub use policies::{PolicyText, splice};
pub use reader::{Loaded, Loader, no_files};
pub use reference::reference;
pub use render::{Colour, render};
pub use report::{REPORT_VERSION, report};
pub use schema::schema;
pub use suite::{FileOutcome, Options, run_files};
pub use text::Detail;
pub use world::World;

/// A scenario, read: what could be found wrong without running it has been found.
#[derive(Clone, Debug)]
pub struct Scenario(file::File);

impl Scenario {
    /// Reads a scenario; `load` finds the files that it includes and refers to.
    ///
    /// # Errors
    ///
    /// Every finding of the scenario and of the policies in it, in the order of the text; at least one of
    /// them is an error.
    pub fn parse(source: &Source, load: &mut Loader<'_>) -> Result<Self, Vec<Finding>> {
        match read::read(source, load)? {
            (read::FileKind::Scenario, file) => Ok(Self(file)),
            (read::FileKind::World, _) => Err(vec![read::no_story(source)]),
        }
    }

    /// Builds the world and takes the steps.
    ///
    /// # Errors
    ///
    /// What AWS would refuse of the world, each with its place.
    pub fn run(&self) -> Result<Outcome, Vec<Finding>> {
        self.run_observed(&|_| ())
    }

    /// The same, and `observer` sees the explanation of every question that is asked: of every combination of a
    /// matrix, and of the invariants at every moment.
    ///
    /// # Errors
    ///
    /// What AWS would refuse of the world, each with its place.
    pub fn run_observed(&self, observer: &dyn Fn(&Explanation)) -> Result<Outcome, Vec<Finding>> {
        run::run(&self.0, observer)
    }

    /// The world as the story begins.
    ///
    /// # Errors
    ///
    /// What AWS would refuse of the world, each with its place.
    pub fn world(&self) -> Result<World, Vec<Finding>> {
        World::before(self.0.clone())
    }

    /// The world when all steps have been taken; its callers are also the sessions they opened.
    ///
    /// # Errors
    ///
    /// What AWS would refuse of the world, each with its place.
    pub fn world_after(&self) -> Result<World, Vec<Finding>> {
        World::after(self.0.clone())
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

    /// Words by which runs choose scenarios.
    pub fn tags(&self) -> &[String] {
        &self.0.tags
    }

    /// Every text that was read for it, its own first.
    pub fn sources(&self) -> &[Source] {
        &self.0.sources
    }

    /// Every policy that stands in those texts.
    pub fn policies(&self) -> &[PolicyText] {
        &self.0.policies
    }

    /// Findings that leave the scenario usable, such as a policy that trusts everyone.
    pub fn warnings(&self) -> &[Finding] {
        &self.0.warnings
    }
}
