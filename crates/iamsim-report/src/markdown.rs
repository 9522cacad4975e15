//! A summary in Markdown, for a pull request or the page of a workflow's run.

use std::fmt::Write as _;

use iamsim_policy::Source;
use iamsim_scenario::{Outcome, Verdict};

use crate::Report;
use crate::escape::{markdown, markdown_block, markdown_code, markdown_html};
use crate::step;

/// A comment on GitHub holds 65,536 characters; what is longer is cut, and it is said.
const MOST: usize = 60_000;
/// Questions that are named where others come out alike.
const NAMED: usize = 8;
/// Lines of a statement that are shown.
const LINES: usize = 24;

pub(crate) fn render(report: &Report) -> String {
    let totals = report.totals();
    let unusable = report.errors().count();
    let mut text = String::new();
    let headline = match (totals.failed + unusable, totals.undetermined) {
        (0, 0) => "✅ iamsim: every expectation holds",
        (0, _) => "❔ iamsim: some answers can't be told",
        _ => "❌ iamsim: not every expectation holds",
    };
    let _ = writeln!(
        text,
        "## {headline}\n\n{totals}{}\n",
        match unusable {
            0 => String::new(),
            1 => ", 1 input can't be used".to_owned(),
            count => format!(", {count} inputs can't be used"),
        }
    );
    let mut left = 0;
    let mut push = |text: &mut String, part: String| {
        if text.len() + part.len() <= MOST {
            text.push_str(&part);
        } else {
            left += 1;
        }
    };
    for finding in report.errors() {
        let mut part = format!(
            "- **{}** {}",
            markdown_code(&place(finding.source(), finding.span())),
            markdown(finding.message())
        );
        if let Some(help) = finding.help() {
            let _ = write!(part, ": {}", markdown(help));
        }
        part.push('\n');
        push(&mut text, part);
    }
    if unusable > 0 {
        text.push('\n');
    }
    for (verdict, heading) in [(Verdict::Failed, "Failed"), (Verdict::Undetermined, "Undetermined")] {
        let steps: Vec<_> = step::with_verdict(&report.outcomes, verdict).collect();
        if !steps.is_empty() {
            let _ = writeln!(text, "### {heading}\n");
        }
        for group in step::alike(&steps) {
            push(&mut text, of_steps(&group));
        }
    }
    push(&mut text, table(&report.outcomes));
    if let Some(coverage) = &report.coverage {
        let ((matched, statements), (both, conditions)) = (coverage.statements(), coverage.conditions());
        push(
            &mut text,
            format!(
                "\nCoverage: {matched} of {statements} statements matched, {both} of {conditions} conditions seen both ways.\n"
            ),
        );
    }
    if left > 0 {
        let _ = writeln!(text, "\n… and {left} more that do not fit here: see the whole report.");
    }
    text
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = String::from("<details><summary>All scenarios</summary>\n\n");
    text.push_str("| | scenario | passed | failed | undetermined | skipped |\n|---|---|--:|--:|--:|--:|\n");
    for outcome in outcomes {
        let totals = outcome.totals();
        let sign = match (totals.failed, totals.undetermined) {
            _ if outcome.skipped().is_some() => "➖",
            (0, 0) => "✅",
            (0, _) => "❔",
            _ => "❌",
        };
        let (title, file) = (markdown(outcome.title()), markdown_code(outcome.file()));
        let _ = writeln!(
            text,
            "| {sign} | {title}<br>{file} | {} | {} | {} | {} |",
            totals.passed, totals.failed, totals.undetermined, totals.skipped
        );
    }
    text.push_str("\n</details>\n");
    text
}

/// What comes out alike, told once.
fn of_steps(group: &[step::Found<'_>]) -> String {
    let Some((_, outcome, _, step)) = group.first() else { return String::new() };
    let place = &step.place();
    let mut text = format!(
        "**{}**, {} · {} · {}\n\n",
        markdown(outcome.title()),
        step.name().map_or_else(|| step::number(step), markdown),
        markdown(&step::title(step)),
        markdown_code(&self::place(&place.source, place.span))
    );
    match step.differences() {
        [] => {
            let _ = writeln!(text, "- {}", markdown(&step::verdict_text(step)));
        }
        differences => {
            for difference in differences {
                let _ = writeln!(
                    text,
                    "- {}: expected {}, got {}",
                    markdown(difference.what),
                    markdown_code(&difference.expected),
                    markdown_code(&difference.came)
                );
            }
        }
    }
    if let Some(because) = step.because() {
        let _ = writeln!(text, "- {}", markdown(because));
    }
    let others = group.get(1..).unwrap_or_default();
    if !others.is_empty() {
        let mut names: Vec<String> =
            others.iter().take(NAMED).map(|(_, _, _, step)| markdown(&step::title(step))).collect();
        if others.len() > NAMED {
            names.push(format!("{} more", others.len() - NAMED));
        }
        let _ = writeln!(text, "- for the same reason: {}", names.join(", "));
    }
    text.push('\n');
    for telling in step::telling(step) {
        let _ = writeln!(text, "<details><summary>{}</summary>\n", markdown_html(&telling.what));
        let lines = dedented(telling.source.text_of(telling.span), LINES);
        text.push_str(&markdown_block("json", &lines));
        text.push_str("\n</details>\n\n");
    }
    text
}

fn place(source: &Source, span: iamsim_policy::Span) -> String {
    source.place(span).to_string()
}

/// A text without what all its lines but the first begin with, cut after so many lines.
fn dedented(text: &str, most: usize) -> String {
    let indent = text
        .lines()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or_default();
    let mut lines: Vec<&str> = text.lines().collect();
    let cut = lines.len() > most;
    lines.truncate(most);
    let mut shown: Vec<&str> = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        shown.push(if index == 0 { line } else { line.get(indent..).unwrap_or(line.trim_start()) });
    }
    if cut {
        shown.push("…");
    }
    shown.join("\n")
}
