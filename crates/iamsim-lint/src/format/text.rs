//! Findings with their source lines, as rustc draws its own.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Grade, Origin, Renderer, Snippet};
use iamsim_policy::{MAX_SOURCE_BYTES, Span};

use crate::finding::{Finding, Level};
use crate::linter::Report;

/// Whether a text carries terminal colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a text has colours or has none")]
pub enum Colour {
    /// Plain text.
    #[default]
    Off,
    /// ANSI escape sequences.
    On,
}

/// All findings, each with its source lines, and a last line that counts them.
pub fn text(reports: &[Report], colour: Colour) -> String {
    let mut text = String::new();
    for found in reports.iter().flat_map(Report::findings) {
        let _ = writeln!(text, "{}\n", finding(found, colour));
    }
    let _ = writeln!(text, "{}", summary(reports));
    text
}

/// How many findings there are, of which levels, in how many policies.
///
/// ```
/// use iamsim_lint::{Linter, format};
/// use iamsim_policy::Source;
///
/// let fine = r#"{"Version": "2012-10-17", "Statement":
///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#;
/// let report = Linter::new().check(&Source::from(fine), None);
/// assert_eq!(format::summary(&[report]), "no findings in 1 policy");
/// ```
pub fn summary(reports: &[Report]) -> String {
    let counted = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    };
    let of = |level: Level| {
        reports.iter().flat_map(Report::findings).filter(|finding| finding.level() == level).count()
    };
    let policies = reports.iter().map(|report| report.policies().len()).sum();
    let waived: usize = reports.iter().map(|report| report.waived().len()).sum();
    let levels = [
        (Level::Error, "error", "errors"),
        (Level::Warning, "warning", "warnings"),
        (Level::Note, "note", "notes"),
    ];
    let found: Vec<String> = levels
        .into_iter()
        .map(|(level, one, many)| (of(level), one, many))
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| counted(number, one, many))
        .collect();
    let found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
    let waived = if waived == 0 { String::new() } else { format!(", {waived} waived") };
    format!("{found} in {}{waived}", counted(policies, "policy", "policies"))
}

/// One finding: level, code, message, the source lines with the place marked, and the help. No final line break.
pub fn finding(finding: &Finding, colour: Colour) -> String {
    let level = match finding.level() {
        Level::Error => Grade::ERROR,
        Level::Warning => Grade::WARNING,
        Level::Note => Grade::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(finding.message()).id(finding.code()));
    let source = finding.source();
    let mut is_cut = false;
    let places = std::iter::once((finding.span(), None))
        .chain(finding.related().map(|(span, message)| (span, Some(message))));
    let mut places: Vec<_> = places.map(|(span, label)| (range(span, source.text()), label)).collect();
    if source.text().is_empty() || source.text().len() > MAX_SOURCE_BYTES {
        // Nothing to show, or nothing that anybody wants to see.
        group = group.element(Origin::path(source.name()));
    } else {
        let mut window = window(source.text(), places.iter().map(|(range, _)| range));
        is_cut = window.len() > LONGEST_EXCERPT;
        if is_cut {
            // A policy on one line, most likely: what stands around the place is enough, and the place is told apart.
            let position = finding.position();
            let origin = Origin::path(source.name());
            group = group.element(origin.line(position.line as usize).char_column(position.column as usize));
            places.truncate(1);
            window = excerpt(source.text(), places.iter().map(|(range, _)| range));
            for (range, _) in &mut places {
                range.end = range.end.min(window.end);
            }
        }
        let first_line = source.position(u32::try_from(window.start).unwrap_or(u32::MAX)).line;
        let shown = source.text().get(window.clone()).unwrap_or_default();
        let mut snippet = Snippet::source(shown).line_start(first_line as usize);
        if !is_cut {
            snippet = snippet.path(source.name());
        }
        for (range, label) in places {
            let inside = range.start - window.start..range.end - window.start;
            snippet = snippet.annotation(match label {
                None => AnnotationKind::Primary.span(inside),
                Some(label) => AnnotationKind::Context.span(inside).label(label),
            });
        }
        group = group.element(snippet);
    }
    if let Some(help) = finding.help() {
        group = group.element(Grade::HELP.message(help));
    }
    let renderer = match colour {
        Colour::Off => Renderer::plain(),
        Colour::On => Renderer::styled(),
    };
    let drawn = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    if is_cut {
        // The place was told apart, and the excerpt has no second one.
        let lines: Vec<&str> =
            drawn.lines().filter(|line| line.contains('|') || !line.contains(" ::: ")).collect();
        return lines.join("\n");
    }
    drawn
}

/// The longest text that is drawn whole, in bytes.
const LONGEST_EXCERPT: usize = 2_000;

/// A little of the text around a place, within its line.
fn excerpt<'r>(text: &str, mut ranges: impl Iterator<Item = &'r Range<usize>>) -> Range<usize> {
    const AROUND: usize = 60;
    let place = ranges.next().cloned().unwrap_or_default();
    let mut start = place.start.saturating_sub(AROUND);
    let mut end = (place.end.min(place.start + AROUND) + AROUND).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let before = text.get(start..place.start).and_then(|before| before.rfind('\n'));
    let after = text.get(place.start..end).and_then(|after| after.find('\n'));
    before.map_or(start, |line| start + line + 1)..after.map_or(end, |line| place.start + line)
}

/// The whole lines that some ranges lie in: what is drawn does not depend on how long the rest of the text is.
fn window<'r>(text: &str, ranges: impl Iterator<Item = &'r Range<usize>> + Clone) -> Range<usize> {
    let start = ranges.clone().map(|range| range.start).min().unwrap_or_default();
    let end = ranges.map(|range| range.end).max().unwrap_or_default();
    let before = text.get(..start).and_then(|before| before.rfind('\n'));
    let after = text.get(end..).and_then(|after| after.find('\n'));
    before.map_or(0, |line| line + 1)..after.map_or(text.len(), |line| end + line)
}

/// The first line of a range: an excerpt shows where a thing begins, not all of a long policy.
fn range(span: Span, text: &str) -> Range<usize> {
    let start = (span.start as usize).min(text.len());
    let end = (span.end as usize).clamp(start, text.len());
    let first_line = text.get(start..end).and_then(|covered| covered.find('\n'));
    start..first_line.map_or(end, |length| start + length)
}
