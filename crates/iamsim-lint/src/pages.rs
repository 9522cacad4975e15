//! The pages of the rules: their examples, and the parts of them that are made from the code.

use std::fmt::Write as _;

use iamsim_policy::{PolicyKind, Source};

use crate::finding::Finding;
use crate::format::{self, Colour};
use crate::kind::kind_named;
use crate::linter::Linter;
use crate::rule::Rule;

/// Between these lines of the index stands the table of the rules.
const MARKS: [&str; 2] = [
    "<!-- begin: written by `cargo xtask codegen` -->\n",
    "<!-- end: written by `cargo xtask codegen` -->\n",
];

/// An example on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a fence's words and what it encloses")]
pub struct Example {
    /// Whether the rule finds nothing in it.
    pub good: bool,
    /// What it is used as.
    pub kind: PolicyKind,
    /// The policy.
    pub text: String,
}

impl Example {
    /// What the linter finds in it.
    pub fn findings(&self) -> Vec<Finding> {
        let source = Source::new("policy.json", self.text.as_str());
        Linter::new().check(&source, Some(self.kind)).findings().to_vec()
    }
}

/// The examples of a page: fences of the form `json bad KIND` and `json good KIND`.
pub fn examples(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("```json ") {
        let Some((words, body)) = after.split_once('\n') else { break };
        let Some((text, after)) = body.split_once("\n```") else { break };
        rest = after;
        let mut words = words.split(' ');
        let good = match words.next() {
            Some("bad") => false,
            Some("good") => true,
            _ => continue,
        };
        let Some(kind) = words.next().and_then(kind_named) else { continue };
        found.push(Example { good, kind, text: text.to_owned() });
    }
    found
}

/// A rule's page with what the command prints of its bad example filled in; none when it has no place for that.
pub fn with_output(code: &str, page: &str) -> Option<String> {
    let bad = examples(page).into_iter().find(|example| !example.good)?;
    let (before, rest) = page.split_once("```text\n")?;
    let after = match rest.strip_prefix("```\n") {
        Some(after) => after,
        None => rest.split_once("\n```\n")?.1,
    };
    let mut output = String::new();
    for finding in bad.findings().iter().filter(|finding| finding.code() == code) {
        let _ = writeln!(output, "{}", format::finding(finding, Colour::Off));
    }
    Some(format!("{before}```text\n{output}```\n{after}"))
}

/// The index with the table of the rules filled in; none when it has no place for that.
pub fn index(readme: &str) -> Option<String> {
    let [begin, end] = MARKS;
    let (before, rest) = readme.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    let mut table = String::from("\n| rule | level | finds |\n|---|---|---|\n");
    for rule in Rule::all() {
        let code = rule.code();
        let _ = writeln!(table, "| [{code}]({code}.md) | {} | {} |", rule.level(), rule.summary());
    }
    Some(format!("{before}{begin}{table}\n{end}{after}"))
}
