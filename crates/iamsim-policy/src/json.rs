//! JSON with places.
//!
//! One pass over the text makes a tree of borrowed values, each with its span. Order and duplicate keys are
//! kept, because a policy with two `Action` keys is an error and not its last one (PE-DOC-05). Depth is bounded
//! here. What is wrong with a text that is not JSON is said by serde_json, and tests hold both readers to each
//! other.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::value::RawValue;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{MAX_SOURCE_BYTES, Source, Span, saturating, too_large};

/// How deep arrays and objects may be nested. A policy needs six levels, a scenario around twelve.
pub const MAX_DEPTH: usize = 64;

/// A JSON value and where it stands.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a value and its place, nothing else")]
pub struct Node<'s> {
    /// Where it stands, from its first to its last character.
    pub span: Span,
    /// What it is.
    pub value: Value<'s>,
}

/// A JSON value. Numbers are kept as written.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON has these six")]
pub enum Value<'s> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(&'s str),
    /// A string, escapes resolved.
    String(Cow<'s, str>),
    /// An array.
    Array(Vec<Node<'s>>),
    /// An object's members in the order written, duplicates included.
    Object(Vec<Member<'s>>),
}

/// One `key: value` of an object.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a key, its place, and a value")]
pub struct Member<'s> {
    /// The key, escapes resolved.
    pub key: Cow<'s, str>,
    /// Where the key stands, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Node<'s>,
}

impl Value<'_> {
    /// What to call the type in a message: `a string`, `an object` …
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads the one JSON value of a text.
///
/// Duplicate keys are not an error here; [`duplicates`] finds them.
///
/// # Errors
///
/// One diagnostic: `too-large`, `invalid-json`, `too-deep` or `lone-surrogate`.
///
/// ```
/// use iamsim_policy::{json, Source};
///
/// let source = Source::from(r#"{"a": [1, true]}"#);
/// let node = json::parse(&source)?;
/// let json::Value::Object(members) = &node.value else { unreachable!() };
/// assert_eq!(source.text_of(members[0].value.span), "[1, true]");
/// # Ok::<(), iamsim_policy::Diagnostic>(())
/// ```
pub fn parse(source: &Source) -> Result<Node<'_>, Diagnostic> {
    let text = source.text();
    if text.len() > MAX_SOURCE_BYTES {
        return Err(too_large(source, text.len()));
    }
    let mut reader = Reader { source, text, at: 0 };
    reader.document().map_err(|stop| match (serde_json::from_str::<&RawValue>(text), stop) {
        // The first thing to say of a text is that it is not JSON.
        (Err(error), _) => syntax_error(source, &error),
        (Ok(_), Stop::Finding(finding)) => finding,
        (Ok(_), Stop::NotJson) => {
            let at = saturating(reader.at);
            Diagnostic::error(source, Code::InvalidJson, Span::new(at, at), "this is not valid JSON")
        }
    })
}

/// The second and later occurrences of each key of an object, each with the place of the first.
pub fn duplicates<'n, 's>(members: &'n [Member<'s>]) -> impl Iterator<Item = (&'n Member<'s>, Span)> {
    duplicates_by(members, Cow::Borrowed)
}

/// As [`duplicates`], with keys compared as `fold` gives them back.
pub(crate) fn duplicates_by<'n, 's>(
    members: &'n [Member<'s>],
    fold: impl Fn(&'n str) -> Cow<'n, str>,
) -> impl Iterator<Item = (&'n Member<'s>, Span)> {
    let mut first: BTreeMap<Cow<'n, str>, Span> = BTreeMap::new();
    members.iter().filter_map(move |member| match first.entry(fold(&member.key)) {
        Entry::Occupied(earlier) => Some((member, *earlier.get())),
        Entry::Vacant(free) => {
            free.insert(member.key_span);
            None
        }
    })
}

/// Whether no key occurs twice, without an allocation for the objects that policies are made of.
pub(crate) fn all_differ(members: &[Member<'_>], same: impl Fn(&str, &str) -> bool) -> bool {
    const FEW: usize = 12;
    members.len() <= FEW
        && members
            .iter()
            .enumerate()
            .all(|(index, member)| !members.iter().take(index).any(|earlier| same(&earlier.key, &member.key)))
}

/// Why the reader stopped.
enum Stop {
    /// A byte that JSON does not have there.
    NotJson,
    /// JSON that is refused.
    Finding(Diagnostic),
}

struct Reader<'s> {
    source: &'s Source,
    text: &'s str,
    /// The next byte.
    at: usize,
}

impl<'s> Reader<'s> {
    fn document(&mut self) -> Result<Node<'s>, Stop> {
        let node = self.node(0)?;
        self.space();
        if self.at == self.text.len() { Ok(node) } else { Err(Stop::NotJson) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Skips white space, and takes the next byte if it is this one.
    fn take(&mut self, wanted: u8) -> bool {
        self.space();
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.take(wanted) { Ok(()) } else { Err(Stop::NotJson) }
    }

    fn node(&mut self, depth: usize) -> Result<Node<'s>, Stop> {
        self.space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                return Err(Stop::Finding(
                    Diagnostic::error(
                        self.source,
                        Code::TooDeep,
                        span(start, start + 1),
                        format!("arrays and objects are nested more than {MAX_DEPTH} deep"),
                    )
                    .with_help("no policy or scenario needs that; check that this is the file you meant"),
                ));
            }
            Some(b'{') => Value::Object(self.object(depth)?),
            Some(b'[') => Value::Array(self.array(depth)?),
            Some(b'"') => Value::String(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => Value::Number(self.number()?),
        };
        Ok(Node { span: span(start, self.at), value })
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member<'s>>, Stop> {
        let mut members = Vec::new();
        self.at += 1;
        if self.take(b'}') {
            return Ok(members);
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(Stop::NotJson);
            }
            let key = self.string()?;
            let key_span = span(start, self.at);
            self.expect(b':')?;
            members.push(Member { key, key_span, value: self.node(depth + 1)? });
            if !self.take(b',') {
                self.expect(b'}')?;
                return Ok(members);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node<'s>>, Stop> {
        let mut items = Vec::new();
        self.at += 1;
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.node(depth + 1)?);
            if !self.take(b',') {
                self.expect(b']')?;
                return Ok(items);
            }
        }
    }

    /// Reads a string from its opening quote.
    fn string(&mut self) -> Result<Cow<'s, str>, Stop> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let length = rest.iter().position(special).ok_or(Stop::NotJson)?;
            self.at += length + 1;
            match rest.get(length) {
                Some(b'"') => break,
                Some(b'\\') => {
                    // Whatever is escaped, it is not the end; the escape itself is judged below.
                    escaped = true;
                    self.at += 1;
                }
                _ => return Err(Stop::NotJson),
            }
        }
        let quoted = self.text.get(start..self.at).ok_or(Stop::NotJson)?;
        if !escaped {
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            return inner.map(Cow::Borrowed).ok_or(Stop::NotJson);
        }
        // In a text that is JSON, the only thing left to fail is half of a surrogate pair.
        serde_json::from_str::<String>(quoted).map(Cow::Owned).map_err(|_| {
            Stop::Finding(
                Diagnostic::error(
                    self.source,
                    Code::LoneSurrogate,
                    span(start, self.at),
                    "a `\\u` escape in this string is half of a surrogate pair",
                )
                .with_help("write the character itself, or both halves of the pair"),
            )
        })
    }

    fn word(&mut self, word: &str, value: Value<'s>) -> Result<Value<'s>, Stop> {
        let there = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += word.len();
        if there { Ok(value) } else { Err(Stop::NotJson) }
    }

    fn number(&mut self) -> Result<&'s str, Stop> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            // A zero stands alone before the point.
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        self.text.get(start..self.at).ok_or(Stop::NotJson)
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Stop::NotJson) }
    }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(saturating(start), saturating(end))
}

fn syntax_error(source: &Source, error: &serde_json::Error) -> Diagnostic {
    let text = source.text();
    let line_start = match error.line() {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(offset, _)| offset + 1),
    };
    // serde_json counts columns in bytes, from 1; 0 means the line's very beginning.
    let mut start = (line_start + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let end = text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |c| start + c.len_utf8());
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    let help = if text.trim().is_empty() {
        "the text is empty; a document is one JSON object"
    } else if what.starts_with("trailing characters") {
        "a document is one JSON value; remove what follows it"
    } else if what.starts_with("EOF") {
        "the text ends too early; close the open string, array or object"
    } else {
        "JSON has no comments, no trailing commas and only double quotes"
    };
    Diagnostic::error(
        source,
        Code::InvalidJson,
        Span::new(saturating(start), saturating(end)),
        format!("not valid JSON: {what}"),
    )
    .with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place_even_behind_escaped_keys() {
        let source = Source::from("{ \"\\u0041\" : [1.50, {\"b\":null}], \"é\": \"x\\n\" }");
        let node = parse(&source).unwrap();
        let Value::Object(members) = &node.value else { panic!("an object") };
        assert_eq!(members[0].key, "A");
        assert_eq!(source.text_of(members[0].key_span), "\"\\u0041\"");
        assert_eq!(source.text_of(members[0].value.span), "[1.50, {\"b\":null}]");
        assert_eq!(members[1].value.value, Value::String("x\n".into()));
        assert_eq!(source.text_of(node.span), source.text());
    }

    #[test]
    fn duplicate_keys_are_kept_and_found() {
        let source = Source::from(r#"{"a":1,"b":2,"a":3,"\u0061":4}"#);
        let node = parse(&source).unwrap();
        let Value::Object(members) = &node.value else { panic!("an object") };
        let found: Vec<_> =
            duplicates(members).map(|(member, first)| (member.key_span.start, first.start)).collect();
        assert_eq!(found, [(13, 1), (19, 1)]);
    }

    #[test]
    fn a_hundred_thousand_keys_are_compared_in_no_time() {
        let members: Vec<_> = (0..100_000).map(|key| format!("\"{}\":1", key % 99_999)).collect();
        let source = Source::from(format!("{{{}}}", members.join(",")));
        let node = parse(&source).unwrap();
        let Value::Object(members) = &node.value else { panic!("an object") };
        assert_eq!(duplicates(members).count(), 1);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let check = |text: &str, expected: &str| {
            let refused = parse(&Source::from(text)).unwrap_err();
            assert_eq!(refused.to_string(), expected, "{text}");
        };
        check("", "policy:1:1: error[invalid-json]: not valid JSON: EOF while parsing a value");
        check("{\n  'a': 1}", "policy:2:3: error[invalid-json]: not valid JSON: key must be a string");
        check("{} {}", "policy:1:4: error[invalid-json]: not valid JSON: trailing characters");
        check(
            "[\"a\", \"\\ud800\"]",
            "policy:1:7: error[lone-surrogate]: a `\\u` escape in this string is half of a surrogate pair",
        );
    }

    #[test]
    fn a_hundred_thousand_brackets_are_refused_without_recursion() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(parse(&Source::from(deep)).unwrap_err().code(), Code::TooDeep);
        let objects = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        assert_eq!(parse(&Source::from(objects)).unwrap_err().code(), Code::TooDeep);
        let deepest = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(parse(&Source::from(deepest)).is_ok());
    }
}
