//! JSON with places.
//!
//! Syntax is judged by serde_json; a borrowed [`RawValue`] is a slice of the text, so its place is the
//! difference of two addresses. Order and duplicate keys are kept, because a policy with two `Action` keys
//! is an error and not its last one (PE-DOC-05). Depth is bounded here: serde_json would read 100,000 nested
//! brackets as a raw value without complaint.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
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
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax_error(source, &error))?;
    Reader { source, base: text.as_ptr().addr() }.node(raw, 0)
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

struct Reader<'s> {
    source: &'s Source,
    base: usize,
}

impl<'s> Reader<'s> {
    fn node(&self, raw: &'s RawValue, depth: usize) -> Result<Node<'s>, Diagnostic> {
        let text = raw.get();
        let span = self.span(text);
        let value = match text.as_bytes().first() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                return Err(Diagnostic::error(
                    self.source,
                    Code::TooDeep,
                    Span::new(span.start, span.start + 1),
                    format!("arrays and objects are nested more than {MAX_DEPTH} deep"),
                )
                .with_help("no policy or scenario needs that; check that this is the file you meant"));
            }
            Some(b'{') => {
                let members: Vec<(&RawValue, &RawValue)> = serde_json::Deserializer::from_str(text)
                    .deserialize_map(Pairs)
                    .map_err(|_| self.unreadable(span))?;
                let mut object = Vec::with_capacity(members.len());
                for (key, value) in members {
                    let key_span = self.span(key.get());
                    let key = self.string(key.get(), key_span)?;
                    object.push(Member { key, key_span, value: self.node(value, depth + 1)? });
                }
                Value::Object(object)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::Deserializer::from_str(text)
                    .deserialize_seq(Items)
                    .map_err(|_| self.unreadable(span))?;
                let nodes = items.into_iter().map(|item| self.node(item, depth + 1));
                Value::Array(nodes.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Value::String(self.string(text, span)?),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') => Value::Null,
            _ => Value::Number(text),
        };
        Ok(Node { span, value })
    }

    fn string(&self, quoted: &'s str, span: Span) -> Result<Cow<'s, str>, Diagnostic> {
        if !quoted.contains('\\') {
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            return inner.map(Cow::Borrowed).ok_or_else(|| self.unreadable(span));
        }
        // The whole text was read once, so the only thing left to fail is half of a surrogate pair.
        serde_json::from_str::<String>(quoted).map(Cow::Owned).map_err(|_| {
            Diagnostic::error(
                self.source,
                Code::LoneSurrogate,
                span,
                "a `\\u` escape in this string is half of a surrogate pair",
            )
            .with_help("write the character itself, or both halves of the pair")
        })
    }

    fn span(&self, slice: &str) -> Span {
        let start = slice.as_ptr().addr().saturating_sub(self.base);
        Span::new(saturating(start), saturating(start + slice.len()))
    }

    fn unreadable(&self, span: Span) -> Diagnostic {
        Diagnostic::error(self.source, Code::InvalidJson, span, "this is not valid JSON")
    }
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

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
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
