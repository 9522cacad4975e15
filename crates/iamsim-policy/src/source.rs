//! Text with a name, and places in it.
//!
//! Knows nothing of JSON or policies. A [`Source`] never reads the disk: whoever has the bytes names them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Code, Diagnostic};

/// The largest text that is read, in bytes (16 MiB).
///
/// AWS's own largest document is far smaller; the bound keeps a file that was named by mistake from being
/// parsed for minutes.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// A named text: a policy, a scenario file, or a line of a case file. Cloning is a reference count.
///
/// ```
/// use iamsim_policy::{Source, Span};
///
/// let source = Source::new("developer.json", "{\n  \"Version\": 1\n}");
/// let place = source.position(4);
/// assert_eq!((place.line, place.column), (2, 3));
/// assert_eq!(source.text_of(Span::new(4, 13)), "\"Version\"");
/// ```
#[derive(Clone)]
pub struct Source(Arc<Named>);

/// Texts that many have under names of their own lie in memory once.
struct Named {
    name: Box<str>,
    text: Arc<Text>,
}

struct Text {
    text: Box<str>,
    marks: OnceLock<Box<[Mark]>>,
}

/// A half-open range of bytes in a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a range is its two ends")]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

/// A place for people: line and column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a place is its line and column")]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A value together with the place it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a value and its place, nothing else")]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl Source {
    /// Names a text. Text longer than [`MAX_SOURCE_BYTES`] is refused when it is parsed, not here.
    pub fn new(name: impl Into<Box<str>>, text: impl Into<Box<str>>) -> Self {
        let text = Arc::new(Text { text: text.into(), marks: OnceLock::new() });
        Self(Arc::new(Named { name: name.into(), text }))
    }

    /// The same text under another name; it lies in memory once.
    ///
    /// ```
    /// use iamsim_policy::{Source, Span};
    ///
    /// let reader = Source::new("reader", "{}");
    /// let writer = reader.named("writer");
    /// assert_eq!(writer.place(Span::new(1, 2)).to_string(), "writer:1:2");
    /// assert!(std::ptr::eq(reader.text(), writer.text()));
    /// ```
    #[must_use]
    pub fn named(&self, name: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Named { name: name.into(), text: self.0.text.clone() }))
    }

    /// Names bytes that come from outside. Refuses what is too large, is not UTF-8, or begins with a byte
    /// order mark.
    ///
    /// ```
    /// use iamsim_policy::{Code, Source};
    ///
    /// let refused = Source::from_bytes("dump.json", b"\xEF\xBB\xBF{}".to_vec()).unwrap_err();
    /// assert_eq!(refused.code(), Code::ByteOrderMark);
    /// ```
    pub fn from_bytes(name: impl Into<Box<str>>, bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        let name = name.into();
        if bytes.len() > MAX_SOURCE_BYTES {
            return Err(too_large(&Self::new(name, ""), bytes.len()));
        }
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            let source = Self::new(name, "");
            return Err(Diagnostic::error(
                &source,
                Code::ByteOrderMark,
                Span::default(),
                "the text begins with a byte order mark",
            )
            .with_help("save the file as UTF-8 without BOM; AWS refuses the first character too"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let readable = error.as_bytes().get(..valid).unwrap_or_default();
                let source = Self::new(name, String::from_utf8_lossy(readable).into_owned());
                let end = source.end();
                Err(Diagnostic::error(
                    &source,
                    Code::NotUtf8,
                    Span { start: end, end },
                    format!("byte {valid} is not UTF-8"),
                )
                .with_help("save the file as UTF-8; a UTF-16 or Latin-1 file must be converted"))
            }
        }
    }

    /// The name the text was given: a file's path as the user wrote it, or a policy's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.text.text
    }

    /// The text of a range; empty when the range lies outside.
    pub fn text_of(&self, span: Span) -> &str {
        self.text().get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Line and column of a byte offset; an offset past the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let marks = self.marks();
        let after = marks.partition_point(|mark| mark.offset <= offset).max(1);
        let mark = marks.get(after - 1).copied().unwrap_or(Mark::FIRST);
        let mut end = (offset as usize).min(self.text().len());
        while !self.text().is_char_boundary(end) {
            end -= 1;
        }
        let more = self.text().get(mark.offset as usize..end).map_or(0, |before| before.chars().count());
        Position { line: mark.line, column: mark.column.saturating_add(saturating(more)) }
    }

    /// `name:line:column` of where a range begins: the form in which traces and errors name a place.
    pub fn place(&self, span: Span) -> Place<'_> {
        Place { source: self, span }
    }

    pub(crate) fn end(&self) -> u32 {
        saturating(self.text().len())
    }

    /// Places whose line and column are known: where each line begins, and where a long line goes on. So a
    /// place is found in the same time wherever it is, also in a text of one line.
    fn marks(&self) -> &[Mark] {
        self.0.text.marks.get_or_init(|| {
            let mut marks = vec![Mark::FIRST];
            let (mut here, mut last) = (Mark::FIRST, 0);
            for (offset, character) in self.text().char_indices() {
                if offset - last >= STRIDE {
                    here.offset = saturating(offset);
                    last = offset;
                    marks.push(here);
                }
                if character == '\n' {
                    last = offset + 1;
                    here = Mark { offset: saturating(last), line: here.line.saturating_add(1), column: 1 };
                    marks.push(here);
                } else {
                    here.column = here.column.saturating_add(1);
                }
            }
            marks.into()
        })
    }
}

/// How many bytes of a line are counted through to find a column.
const STRIDE: usize = 1024;

/// A place in a text whose line and column are known.
#[derive(Clone, Copy, Debug)]
struct Mark {
    offset: u32,
    line: u32,
    column: u32,
}

impl Mark {
    const FIRST: Self = Self { offset: 0, line: 1, column: 1 };
}

pub(crate) fn too_large(source: &Source, bytes: usize) -> Diagnostic {
    Diagnostic::error(
        source,
        Code::TooLarge,
        Span::default(),
        format!("the text has {bytes} bytes, and at most {MAX_SOURCE_BYTES} are read"),
    )
    .with_help("check that this is the file you meant; split it if it is")
}

pub(crate) fn saturating(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name(), self.text().len())
    }
}

/// Two sources are equal when name and text are.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.name() == other.name()
                && (Arc::ptr_eq(&self.0.text, &other.0.text) || self.text() == other.text()))
    }
}

impl Eq for Source {}

impl From<&str> for Source {
    /// A text without a file: it is called `policy` in messages.
    fn from(text: &str) -> Self {
        Self::new("policy", text)
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        Self::new("policy", text)
    }
}

impl From<&Source> for Source {
    fn from(source: &Source) -> Self {
        source.clone()
    }
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Whether no byte lies in the range.
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

impl<T> Spanned<T> {
    /// Puts a value and its place together.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// Displays as `name:line:column`; made by [`Source::place`].
#[derive(Clone, Copy, Debug)]
pub struct Place<'s> {
    source: &'s Source,
    span: Span,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.source.position(self.span.start);
        write!(f, "{}:{line}:{column}", self.source.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let source = Source::new("p", "é{\n  ü: 1\n");
        let check = |offset, line, column| {
            assert_eq!(source.position(offset), Position { line, column }, "offset {offset}");
        };
        check(0, 1, 1);
        check(2, 1, 2); // after the two bytes of é
        check(3, 1, 3);
        check(4, 2, 1);
        check(6, 2, 3);
        check(7, 2, 3); // inside ü: the character it belongs to
        check(8, 2, 4);
        check(1_000, 3, 1);
    }

    #[test]
    fn columns_of_long_lines_are_those_one_would_count() {
        let text =
            format!("{}\n{}ü\n\n{}", "é".repeat(1_500), "x".repeat(STRIDE - 1), "ab\u{10ffff}".repeat(900));
        let source = Source::new("p", &*text);
        let (mut line, mut column) = (1, 1);
        for (offset, character) in text.char_indices() {
            assert_eq!(source.position(saturating(offset)), Position { line, column }, "offset {offset}");
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        assert_eq!(source.position(source.end()), Position { line, column });
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_their_place() {
        let refused = Source::from_bytes("p.json", b"{\n \xff}".to_vec()).unwrap_err();
        assert_eq!(refused.code(), Code::NotUtf8);
        assert_eq!(refused.to_string(), "p.json:2:2: error[not-utf8]: byte 3 is not UTF-8");
    }
}
