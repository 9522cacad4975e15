//! Outcomes and findings as JSON for programs.

use iamsim_policy::Position;

use crate::finding::Finding;
use crate::json::Json;
use crate::outcome::{Outcome, StepOutcome, Totals};
use crate::text::Detail;

/// The version of the JSON form; it is raised when a field changes its meaning or goes.
pub const REPORT_VERSION: u32 = 1;

/// A whole run as JSON: `version`, `scenarios`, `findings` and `totals`.
///
/// The text is the same on every run and platform, and ends with a line break. `testdata/README.md` tells
/// its fields.
///
/// ```
/// use iamsim_scenario::{report, Detail};
///
/// let json = report(&[], &[], Detail::Reason);
/// assert!(json.contains("\"version\": 1"));
/// ```
pub fn report(outcomes: &[Outcome], findings: &[Finding], detail: Detail) -> String {
    let mut totals = Totals::default();
    for outcome in outcomes {
        totals += outcome.totals();
    }
    let json = Json::object([
        ("version", Json::from(REPORT_VERSION)),
        ("scenarios", Json::List(outcomes.iter().map(|outcome| scenario(outcome, detail)).collect())),
        ("findings", Json::List(findings.iter().map(of_finding).collect())),
        (
            "totals",
            Json::object([
                ("passed", Json::from(totals.passed)),
                ("failed", Json::from(totals.failed)),
                ("undetermined", Json::from(totals.undetermined)),
                ("skipped", Json::from(totals.skipped)),
            ]),
        ),
    ]);
    format!("{json}\n")
}

fn scenario(outcome: &Outcome, detail: Detail) -> Json {
    Json::object([
        ("scenario", Json::from(outcome.title())),
        ("file", Json::from(outcome.file())),
        ("skipped", Json::from(outcome.skipped())),
        ("steps", Json::List(outcome.steps().iter().map(|outcome| step(outcome, detail)).collect())),
    ])
    .without_nulls()
}

fn step(outcome: &StepOutcome, detail: Detail) -> Json {
    let differences = outcome.differences().iter().map(|difference| {
        Json::object([
            ("what", Json::from(difference.what)),
            ("expected", Json::from(&difference.expected)),
            ("came", Json::from(&difference.came)),
        ])
    });
    let explanation = match (detail, outcome.explanation()) {
        (Detail::Explanation, Some(explanation)) => Json::from(&explanation.to_json()),
        _ => Json::Null,
    };
    let Position { line, column } = outcome.place().position();
    Json::object([
        ("step", Json::from(outcome.number())),
        ("kind", Json::from(outcome.kind().as_str())),
        ("line", Json::from(line)),
        ("column", Json::from(column)),
        ("name", Json::from(outcome.name())),
        ("labels", if outcome.labels().is_empty() { Json::Null } else { Json::list(outcome.labels()) }),
        ("as", Json::from(outcome.who())),
        ("do", Json::from(outcome.what())),
        ("on", Json::from(outcome.on())),
        ("context", Json::from(outcome.context())),
        ("expected", Json::from(outcome.expected())),
        ("came", Json::from(Some(outcome.came()).filter(|came| !came.is_empty()))),
        ("because", Json::from(outcome.because())),
        ("message", Json::from(outcome.message())),
        ("verdict", Json::from(outcome.verdict().as_str())),
        (
            "differences",
            if outcome.differences().is_empty() { Json::Null } else { Json::List(differences.collect()) },
        ),
        ("explanation", explanation),
    ])
    .without_nulls()
}

fn of_finding(finding: &Finding) -> Json {
    let position = finding.position();
    Json::object([
        ("file", Json::from(finding.source().name())),
        ("line", Json::from(position.map(|Position { line, .. }| line))),
        ("column", Json::from(position.map(|Position { column, .. }| column))),
        ("severity", Json::from(finding.severity().to_string())),
        ("code", Json::from(finding.code())),
        ("message", Json::from(finding.message())),
        ("help", Json::from(finding.help())),
    ])
    .without_nulls()
}
