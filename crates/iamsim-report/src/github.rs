//! Annotations of a GitHub workflow: one line each, at the step's place in its file.

use std::fmt::Write as _;

use iamsim_policy::{Severity, Source, Span};
use iamsim_scenario::{Finding, Verdict};

use crate::Report;
use crate::escape::{github_message, github_property};
use crate::step;

/// Questions that are named where others come out alike.
const NAMED: usize = 8;

pub(crate) fn render(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        of_finding(&mut text, finding);
    }
    for (verdict, command) in [(Verdict::Failed, "error"), (Verdict::Undetermined, "warning")] {
        let steps: Vec<_> = step::with_verdict(&report.outcomes, verdict).collect();
        // GitHub shows ten annotations of a kind: what comes out alike is one.
        for group in step::alike(&steps) {
            of_steps(&mut text, command, &group);
        }
    }
    let _ = writeln!(text, "::notice title=iamsim::{}", github_message(&report.totals().to_string()));
    text
}

fn of_steps(text: &mut String, command: &str, group: &[step::Found<'_>]) {
    let Some((_, outcome, _, step)) = group.first() else { return };
    let place = step.expect_place().unwrap_or_else(|| step.place());
    let mut message = format!("{}: {}", step::title(step), step::verdict_text(step));
    if let Some(because) = step.because() {
        let _ = write!(message, "\n{because}");
    }
    for telling in step::telling(step) {
        let _ = write!(message, "\n{}", telling.what);
    }
    let others = group.get(1..).unwrap_or_default();
    for (_, _, _, other) in others.iter().take(NAMED) {
        let _ = write!(message, "\nfor the same reason: {}", step::title(other));
    }
    if others.len() > NAMED {
        let _ = write!(message, "\nand {} more", others.len() - NAMED);
    }
    let title =
        format!("{}, {}", outcome.title(), step.name().map_or_else(|| step::number(step), str::to_owned));
    annotation(text, command, (&place.source, Some(place.span)), &title, &message);
}

fn of_finding(text: &mut String, finding: &Finding) {
    let command = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut message = finding.message().to_owned();
    if let Some(help) = finding.help() {
        let _ = write!(message, "\nhelp: {help}");
    }
    let span = finding.position().map(|_| finding.span());
    annotation(text, command, (finding.source(), span), finding.code(), &message);
}

fn annotation(
    text: &mut String,
    command: &str,
    (source, span): (&Source, Option<Span>),
    title: &str,
    message: &str,
) {
    let _ = write!(text, "::{command} file={}", github_property(source.name()));
    if let Some(Span { start, end }) = span {
        let (start, end) = (source.position(start), source.position(end));
        let _ = write!(text, ",line={},endLine={}", start.line, end.line);
        // GitHub takes columns only where there is one line.
        if start.line == end.line {
            let _ = write!(text, ",col={},endColumn={}", start.column, end.column);
        }
    }
    let _ = writeln!(text, ",title={}::{}", github_property(title), github_message(message));
}
