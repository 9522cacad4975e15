//! What a rule is, and how it speaks.

use std::fmt;

use iamsim_policy::{Source, Span};

use crate::facts::{Facts, StatementFacts};
use crate::finding::{Finding, Level, StatementName};
use crate::rules;

/// One rule: a code, how much its findings matter, and what it looks for.
///
/// ```
/// use iamsim_lint::{Level, Rule};
///
/// let rule = Rule::find("unknown-action").unwrap();
/// assert_eq!(rule.level(), Level::Warning);
/// assert_eq!(rule.page(), "docs/rules/unknown-action.md");
/// assert!(Rule::all().len() > 20);
/// ```
pub struct Rule {
    pub(crate) code: &'static str,
    pub(crate) level: Level,
    pub(crate) summary: &'static str,
    pub(crate) check: fn(&Facts<'_>, &mut Sink<'_>),
}

impl Rule {
    /// Every rule, by code.
    pub fn all() -> &'static [&'static Self] {
        rules::ALL
    }

    /// The rule with a code.
    pub fn find(code: &str) -> Option<&'static Self> {
        rules::ALL.iter().copied().find(|rule| rule.code == code)
    }

    /// The stable code, in kebab case.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// How much its findings matter unless the configuration says otherwise; single findings may matter less.
    pub fn level(&self) -> Level {
        self.level
    }

    /// What it finds, in one line.
    pub fn summary(&self) -> &'static str {
        self.summary
    }

    /// Its page in the repository.
    pub fn page(&self) -> String {
        format!("docs/rules/{}.md", self.code)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({})", self.code)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

/// Where a rule puts what it finds.
pub(crate) struct Sink<'f> {
    pub(crate) rule: &'static Rule,
    pub(crate) source: &'f Source,
    pub(crate) findings: &'f mut Vec<Finding>,
}

impl Sink<'_> {
    /// Whether there is so much that the nearest name to each is no longer worth the search.
    pub(crate) fn is_long(&self) -> bool {
        self.findings.len() > 200
    }

    /// Adds a finding about a statement.
    pub(crate) fn report(
        &mut self,
        statement: &StatementFacts<'_>,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Finding {
        let name = StatementName::new(statement.number, statement.statement);
        let finding = self.report_document(span, message);
        finding.set_statement(Some(name));
        finding
    }

    /// Adds a finding about the whole document.
    pub(crate) fn report_document(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let at = self.findings.len();
        self.findings.push(Finding::new(self.rule.code, self.rule.level, self.source, span, message));
        #[expect(clippy::indexing_slicing, reason = "the finding was pushed there one line above")]
        &mut self.findings[at]
    }
}

/// Up to four names, and how many more there are: "`a`, `b` and 7 more".
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<&str> = names.into_iter().collect();
    let more = names.len().saturating_sub(SHOWN);
    // "and 1 more" is longer than the one.
    if more > 1 {
        names.truncate(SHOWN);
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        _ if more > 1 => format!("{} and {more} more", quoted.join(", ")),
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}
