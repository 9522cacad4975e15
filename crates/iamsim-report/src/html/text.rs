//! Policy texts as the page shows them: whole lines, without the indentation that all have, with places in
//! the units that scripts count in.

use iamsim_policy::{Source, Span};

/// Some lines of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// The number of the first, from 1.
    pub(super) first: u32,
    /// The lines, without common indentation.
    pub(super) text: String,
    /// For each line: where it begins in the source, how much was cut off, and where it begins in `text`.
    starts: Vec<(usize, usize, usize)>,
    source: Source,
}

impl Lines {
    /// The whole lines that a range lies in.
    pub(super) fn of(source: &Source, span: Span) -> Self {
        let text = source.text();
        let (start, end) = (span.start as usize, (span.end as usize).max(span.start as usize));
        let before = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let after = text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| end + at);
        let whole = text.get(before..after).unwrap_or_default();
        let indent = whole
            .split('\n')
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count())
            .min()
            .unwrap_or_default();
        let mut lines = Self {
            first: source.position(u32::try_from(before).unwrap_or(u32::MAX)).line,
            text: String::new(),
            starts: Vec::new(),
            source: source.clone(),
        };
        let mut at = before;
        for (index, line) in whole.split('\n').enumerate() {
            if index > 0 {
                lines.text.push('\n');
            }
            let cut = indent.min(line.len());
            lines.starts.push((at, cut, lines.text.len()));
            // A carriage return is half of a line break, and a browser would show it as one more.
            lines.text.push_str(line.get(cut..).unwrap_or_default().trim_end_matches('\r'));
            at += line.len() + 1;
        }
        lines
    }

    /// An offset in the source as an offset in the text, in UTF-16 units.
    pub(super) fn utf16(&self, offset: u32) -> usize {
        let byte = self.byte(offset);
        self.text.get(..byte).map_or(0, |before| before.encode_utf16().count())
    }

    fn byte(&self, offset: u32) -> usize {
        let offset = offset as usize;
        let line = self.starts.partition_point(|(start, _, _)| *start <= offset).saturating_sub(1);
        let Some((start, cut, own)) = self.starts.get(line).copied() else { return 0 };
        let next = self.starts.get(line + 1).map_or(self.text.len(), |(_, _, next)| next - 1);
        let inside = offset.saturating_sub(start).saturating_sub(cut);
        let mut byte = (own + inside).min(next);
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    /// The lines with their numbers, each with the pieces of it that lie in one of the ranges or in none.
    pub(super) fn rows(&self, marked: &[Span]) -> Vec<(u32, Vec<(String, bool)>)> {
        let marks: Vec<(usize, usize)> =
            marked.iter().map(|span| (self.byte(span.start), self.byte(span.end))).collect();
        let mut rows = Vec::new();
        let mut at = 0;
        for (index, line) in self.text.split('\n').enumerate() {
            let end = at + line.len();
            let mut cuts = vec![at, end];
            for (from, to) in &marks {
                cuts.extend([*from, *to].into_iter().filter(|cut| (at..end).contains(cut)));
            }
            cuts.sort_unstable();
            cuts.dedup();
            let pieces = cuts.windows(2).filter_map(|pair| {
                let (from, to) = (*pair.first()?, *pair.last()?);
                let is_marked = marks.iter().any(|(start, stop)| *start <= from && to <= *stop);
                Some((self.text.get(from..to)?.to_owned(), is_marked))
            });
            let number = self.first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
            rows.push((number, pieces.collect()));
            at = end + 1;
        }
        rows
    }

    /// The text that the lines are of.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_with_what_is_cut_off() {
        let source = Source::new("p", "{\n    \"é\": [\r\n      \"😀x\"\n    ]\n}");
        let from = source.text().find("\"é\"").unwrap();
        let to = source.text().find(']').unwrap() + 1;
        let lines = Lines::of(&source, Span::new(u32::try_from(from).unwrap(), u32::try_from(to).unwrap()));
        assert_eq!((lines.first, lines.text.as_str()), (2, "\"é\": [\n  \"😀x\"\n]"));
        let place = |text: &str| lines.utf16(u32::try_from(source.text().find(text).unwrap()).unwrap());
        assert_eq!((place("\"é\""), place("\"😀"), place("x\""), place("]")), (0, 9, 12, 15));
    }

    #[test]
    fn rows_are_cut_where_marks_begin_and_end() {
        let source = Source::new("p", "ab\ncd\nef");
        let lines = Lines::of(&source, Span::new(0, 8));
        let rows = lines.rows(&[Span::new(1, 4)]);
        let piece = |text: &str, is_marked| (text.to_owned(), is_marked);
        assert_eq!(
            rows,
            [
                (1, vec![piece("a", false), piece("b", true)]),
                (2, vec![piece("c", true), piece("d", false)]),
                (3, vec![piece("ef", false)]),
            ]
        );
    }

    #[test]
    fn any_range_of_any_text_is_taken() {
        for text in ["", "\n", "é", "\r\n\r\n", "  a\n\n b"] {
            let source = Source::new("p", text);
            for start in 0..=9 {
                for end in 0..=9 {
                    let lines = Lines::of(&source, Span::new(start, end));
                    for offset in 0..12 {
                        assert!(lines.utf16(offset) <= lines.text.len());
                    }
                    lines.rows(&[Span::new(start, end)]);
                }
            }
        }
    }
}
