//! Reports of scenario runs, for people and for pipelines: JSON, JUnit XML, SARIF, annotations of a GitHub
//! workflow, Markdown for a pull request, and one HTML file that holds all it needs; and the graph of who may
//! assume which role.
//!
//! Outcomes come in and a `String` goes out. Nothing here decides, reads a file, or knows a terminal; and what
//! users wrote is never anything but text, in any format.
//!
//! ```
//! use iamsim_report::{Format, Report};
//! use iamsim_scenario::{Detail, Scenario, Source, no_files};
//!
//! let story = Source::new("story.json", r#"{
//!   "scenario": "Nobody may anything",
//!   "accounts": { "111122223333": { "users": { "dev": {} } } },
//!   "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "allow" }]
//! }"#);
//! let outcome = Scenario::parse(&story, &mut no_files).and_then(|story| story.run()).unwrap();
//! let mut report = Report::new();
//! report.add(&outcome);
//! let text = report.render(Format::Github, Detail::Reason);
//! assert!(text.starts_with("::error file=story.json,line=4,"), "{text}");
//! ```

mod coverage;
mod escape;
mod github;
mod graph;
mod html;
mod junit;
mod markdown;
mod sarif;
mod step;

use std::fmt;
use std::str::FromStr;

use iamsim_scenario::{Detail, Finding, Outcome, Severity, Totals};

pub use coverage::{Coverage, CoveredCondition, CoveredPolicy, CoveredStatement};
pub use graph::{Edge, Graph, GraphFormat, GraphOptions, Node, NodeKind, Sides};

/// What came of a run, to be told in any format.
#[derive(Clone, Debug, Default)]
pub struct Report {
    outcomes: Vec<Outcome>,
    findings: Vec<Finding>,
    coverage: Option<Coverage>,
}

/// A form a report is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For programs: every step with its reason, on demand with its whole explanation.
    Json,
    /// JUnit XML, which test dashboards read.
    Junit,
    /// SARIF 2.1.0, which code scanning reads: what failed, with the way to each decision.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// A summary for a pull request.
    Markdown,
    /// One file with everything in it.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] =
        &[Self::Json, Self::Junit, Self::Sarif, Self::Github, Self::Markdown, Self::Html];

    /// The name on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// What a file of this format ends in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "xml",
            Self::Sarif => "sarif",
            Self::Github => "txt",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|format| format.as_str() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|format| format.as_str()).collect();
            format!("`{name}` is not a format of a report: these are {}", names.join(", "))
        })
    }
}

impl Report {
    /// A report of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what came of a scenario; they are told in the order in which they are added.
    pub fn add(&mut self, outcome: &Outcome) {
        self.outcomes.push(outcome.clone());
    }

    /// Adds what was found about inputs: why one can't be used, or warnings.
    pub fn add_findings(&mut self, findings: &[Finding]) {
        self.findings.extend_from_slice(findings);
    }

    /// Says what the scenarios exercised of the policies; the HTML shows it.
    pub fn set_coverage(&mut self, coverage: Coverage) {
        self.coverage = Some(coverage);
    }

    /// How many steps passed, failed, could not be told, or were left out.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for outcome in &self.outcomes {
            totals += outcome.totals();
        }
        totals
    }

    /// The report in a format, ending in a line break. `detail` is for [`Format::Json`]: whether it holds whole
    /// explanations.
    pub fn render(&self, format: Format, detail: Detail) -> String {
        match format {
            Format::Json => iamsim_scenario::report(&self.outcomes, &self.findings, detail),
            Format::Junit => junit::render(self),
            Format::Sarif => sarif::render(self),
            Format::Github => github::render(self),
            Format::Markdown => markdown::render(self),
            Format::Html => html::render(self),
        }
    }

    /// Findings that make an input unusable.
    fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity() == Severity::Error)
    }
}
