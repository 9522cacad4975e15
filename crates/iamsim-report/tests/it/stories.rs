//! Runs to report on.

use iamsim_report::{Coverage, CoveredCondition, CoveredPolicy, CoveredStatement, Report};
use iamsim_scenario::{Outcome, Scenario, Source, no_files};

/// A story with a failure of every kind, in a world with roles to assume.
pub(crate) const MIXED: &str = include_str!("mixed.json");

/// Names and texts that would be markup, commands or the end of something, were they not text.
pub(crate) const HOSTILE: &str = include_str!("hostile.json");

/// A story that holds.
pub(crate) const HOLDS: &str = r#"{
  "scenario": "Nobody may anything",
  "accounts": { "111122223333": { "users": { "dev": {} } } },
  "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "implicit deny" }]
}"#;

pub(crate) fn run(name: &str, text: &str) -> Outcome {
    let source = Source::new(name, text);
    Scenario::parse(&source, &mut no_files).and_then(|scenario| scenario.run()).unwrap()
}

/// The findings of a story that can't be read.
pub(crate) fn refused(name: &str, text: &str) -> Vec<iamsim_scenario::Finding> {
    let source = Source::new(name, text);
    Scenario::parse(&source, &mut no_files).and_then(|scenario| scenario.run()).unwrap_err()
}

/// A report with one of everything.
pub(crate) fn everything() -> Report {
    let mut report = Report::new();
    report.add(&run("stories/holds.json", HOLDS));
    let mixed = run("stories/mixed.json", MIXED);
    report.add(&mixed);
    report.add(&run("stories/hostile <b>.json", HOSTILE));
    report.add_findings(&refused(
        "stories/wrong.json",
        "{\n  \"scenario\": \"A story\",\n  \"stops\": []\n}\n",
    ));
    let policies = mixed.policies().iter().map(|text| {
        let statements = text.policy().statements().iter().enumerate().map(|(index, statement)| {
            let conditions = statement.conditions().iter().map(|condition| {
                let (key, operator) = (condition.key().as_str(), condition.operator().to_string());
                CoveredCondition::new(key, operator, condition.key_span(), (1, 0))
            });
            let sid = statement.sid().map(str::to_owned);
            let seen = (u64::from(index == 0), 3);
            CoveredStatement::new(statement.span(), sid, statement.effect(), seen, conditions.collect())
        });
        CoveredPolicy::new(text.name(), text.source().clone(), text.span(), statements.collect())
    });
    report.set_coverage(Coverage { policies: policies.collect() });
    report
}
