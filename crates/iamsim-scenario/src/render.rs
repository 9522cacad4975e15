//! A finding with its source lines, as rustc draws its own.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use iamsim_policy::{MAX_SOURCE_BYTES, Severity, Source, Span};

use crate::finding::Finding;

/// Whether a rendered finding carries terminal colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a text has colours or has none")]
pub enum Colour {
    /// Plain text.
    #[default]
    Off,
    /// ANSI escape sequences.
    On,
}

/// Draws a finding: severity, code, message, the source lines with the place marked, and the help. The text
/// has no final line break.
///
/// ```
/// use iamsim_scenario::{render, Colour, Scenario, Source};
///
/// let text = Source::new("story.json", "{\n  \"scenario\": \"A story\",\n  \"stops\": []\n}");
/// let findings = Scenario::parse(&text, &mut iamsim_scenario::no_files).unwrap_err();
/// assert_eq!(render(&findings[0], Colour::Off), "\
/// error[unknown-field]: a scenario has no field `stops`
///  --> story.json:3:3
///   |
/// 3 |   \"stops\": []
///   |   ^^^^^^^
///   |
///   = help: did you mean `steps`?");
/// ```
pub fn render(finding: &Finding, colour: Colour) -> String {
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(finding.message()).id(finding.code());
    let mut group = Group::with_title(title);
    let source = finding.source();
    let places = std::iter::once((finding.span(), None))
        .chain(finding.related().map(|(span, message)| (span, Some(message))));
    let marks = places.enumerate().map(|(index, (span, label))| Mark {
        range: first_line(span, source.text()),
        kind: if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context },
        label,
    });
    let marks: Vec<Mark<'_>> = marks.collect();
    group = if let Some(snippet) = snippet(source, &marks) {
        group.element(snippet)
    } else {
        let origin = Origin::path(source.name());
        group.element(match finding.position() {
            Some(place) => origin.line(place.line as usize).char_column(place.column as usize),
            None => origin,
        })
    };
    if let Some(help) = finding.help() {
        group = group.element(Level::HELP.message(help));
    }
    drawn(group, colour)
}

/// A place that is marked, and what is said of it.
pub(crate) struct Mark<'m> {
    pub(crate) range: Range<usize>,
    pub(crate) kind: AnnotationKind,
    pub(crate) label: Option<&'m str>,
}

/// The lines of a text with places marked in them; none where there is nothing to show, or nothing that
/// anybody wants to see.
pub(crate) fn snippet<'s>(source: &'s Source, marks: &[Mark<'s>]) -> Option<Snippet<'s, Annotation<'s>>> {
    if source.text().is_empty() || source.text().len() > MAX_SOURCE_BYTES {
        return None;
    }
    let window = window(source.text(), marks.iter().map(|mark| &mark.range));
    let first_line = source.position(u32::try_from(window.start).unwrap_or(u32::MAX)).line;
    let shown = source.text().get(window.clone()).unwrap_or_default();
    let mut snippet = Snippet::source(shown).path(source.name()).line_start(first_line as usize);
    for Mark { range, kind, label } in marks {
        let annotation = kind.span(range.start - window.start..range.end - window.start);
        snippet = snippet.annotation(match label {
            None => annotation,
            Some(label) => annotation.label(*label),
        });
    }
    Some(snippet)
}

pub(crate) fn drawn(group: Group<'_>, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Off => Renderer::plain(),
        Colour::On => Renderer::styled(),
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// The whole lines that some ranges lie in: what is drawn does not depend on how long the rest of the text is.
fn window<'r>(text: &str, ranges: impl Iterator<Item = &'r Range<usize>> + Clone) -> Range<usize> {
    let start = ranges.clone().map(|range| range.start).min().unwrap_or_default();
    let end = ranges.map(|range| range.end).max().unwrap_or_default();
    let before = text.get(..start).and_then(|before| before.rfind('\n'));
    let after = text.get(end..).and_then(|after| after.find('\n'));
    before.map_or(0, |line| line + 1)..after.map_or(text.len(), |line| end + line)
}

/// A range as it lies in a text.
pub(crate) fn range(span: Span, text: &str) -> Range<usize> {
    let start = (span.start as usize).min(text.len());
    start..(span.end as usize).clamp(start, text.len())
}

/// The first line of a range: an excerpt shows where a thing begins, not all of a long policy.
pub(crate) fn first_line(span: Span, text: &str) -> Range<usize> {
    let Range { start, end } = range(span, text);
    let first_line = text.get(start..end).and_then(|covered| covered.find('\n'));
    start..first_line.map_or(end, |length| start + length)
}
