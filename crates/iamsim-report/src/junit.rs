//! JUnit XML: a suite for each scenario, a case for each step, in the dialect that Jenkins' schema describes.
//!
//! No times are given: a simulation takes as long as it takes, and two reports of one run are alike.

use std::fmt::Write as _;

use iamsim_scenario::{Outcome, StepOutcome, Verdict};

use crate::Report;
use crate::escape::xml;
use crate::step;

pub(crate) fn render(report: &Report) -> String {
    let totals = report.totals();
    let unusable = report.errors().count();
    let cases: usize = report.outcomes.iter().map(|outcome| cases(outcome).count()).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"iamsim\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        cases + left_out(report) + unusable,
        totals.failed,
        totals.undetermined + unusable
    );
    for outcome in &report.outcomes {
        suite(&mut text, outcome);
    }
    if unusable > 0 {
        let _ = writeln!(
            text,
            "  <testsuite name=\"inputs\" tests=\"{unusable}\" failures=\"0\" errors=\"{unusable}\" skipped=\"0\">"
        );
        for finding in report.errors() {
            let (name, file) = (xml(&finding.to_string()), xml(finding.source().name()));
            let _ = writeln!(text, "    <testcase name=\"{name}\" classname=\"{file}\">");
            let help = finding.help().unwrap_or_default();
            let (message, kind) = (xml(finding.message()), xml(finding.code()));
            let _ =
                writeln!(text, "      <error message=\"{message}\" type=\"{kind}\">{}</error>", xml(help));
            text.push_str("    </testcase>\n");
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Steps that something can be said of: not those in which only time passes.
fn cases(outcome: &Outcome) -> impl Iterator<Item = &StepOutcome> {
    outcome.steps().iter().filter(|step| !step::is_note(step))
}

/// Scenarios that were left out as a whole: a case of their own stands for them.
fn left_out(report: &Report) -> usize {
    report.outcomes.iter().filter(|outcome| outcome.skipped().is_some()).count()
}

fn suite(text: &mut String, outcome: &Outcome) {
    let totals = outcome.totals();
    let tests = cases(outcome).count() + usize::from(outcome.skipped().is_some());
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" file=\"{}\">",
        xml(outcome.title()),
        totals.failed,
        totals.undetermined,
        totals.skipped,
        xml(outcome.file())
    );
    if let Some(reason) = outcome.skipped() {
        let (name, class) = (xml(outcome.title()), xml(&class(outcome)));
        let _ = writeln!(text, "    <testcase name=\"{name}\" classname=\"{class}\">");
        let _ = writeln!(text, "      <skipped message=\"{}\"/>\n    </testcase>", xml(reason));
    }
    for step in cases(outcome) {
        case(text, outcome, step);
    }
    text.push_str("  </testsuite>\n");
}

/// A file's name as dashboards like it: they make folders of what stands before a dot.
fn class(outcome: &Outcome) -> String {
    outcome.file().trim_end_matches(".json").replace('.', "_").replace('/', ".")
}

fn case(text: &mut String, outcome: &Outcome, step: &StepOutcome) {
    let mut name = format!("{}: {}", step::number(step), step::title(step));
    if let Some(own) = step.name() {
        name = format!("{name}: {own}");
    }
    let _ = write!(text, "    <testcase name=\"{}\" classname=\"{}\"", xml(&name), xml(&class(outcome)));
    let element = match step.verdict() {
        Verdict::Failed => "failure",
        Verdict::Undetermined => "error",
        Verdict::Skipped => {
            let reason = xml(step.because().unwrap_or_default());
            let _ = writeln!(text, ">\n      <skipped message=\"{reason}\"/>\n    </testcase>");
            return;
        }
        Verdict::Passed | Verdict::Done => return text.push_str("/>\n"),
    };
    let kind = step.differences().first().map_or("undetermined", |difference| difference.what);
    let mut body = String::new();
    let _ = writeln!(body, "{}", step.place());
    for line in [step.because(), step.message()].into_iter().flatten() {
        let _ = writeln!(body, "{line}");
    }
    for telling in step::telling(step) {
        let _ = writeln!(body, "{}", telling.what);
    }
    if let Some(explanation) = step.explanation() {
        let _ = write!(body, "\n{explanation}");
    }
    // In content line breaks are kept as they are, and are easier to read.
    let body = xml(&body).replace("&#10;", "\n").replace("&#9;", "\t");
    let message = xml(&step::verdict_text(step));
    let _ = writeln!(
        text,
        ">\n      <{element} message=\"{message}\" type=\"{kind}\">{body}</{element}>\n    </testcase>"
    );
}
