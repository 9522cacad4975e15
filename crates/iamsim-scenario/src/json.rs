//! JSON text whose members stay in the order in which they were put.
//!
//! `serde_json::Map` sorts its members or not, depending on a feature that any crate in a build may switch
//! on; what is published and what snapshots hold must not depend on that.

use std::fmt::{self, Write as _};

/// A JSON value that remembers the order of its members.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn object<'k>(members: impl IntoIterator<Item = (&'k str, Json)>) -> Self {
        Self::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    pub(crate) fn list(items: impl IntoIterator<Item = impl Into<Json>>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// Leaves out members that are null.
    #[must_use]
    pub(crate) fn without_nulls(self) -> Self {
        match self {
            Self::Object(members) => {
                Self::Object(members.into_iter().filter(|(_, value)| *value != Self::Null).collect())
            }
            other => other,
        }
    }

    /// As it stands on one line, with room around braces: `{ "do": "s3:GetObject" }`.
    pub(crate) fn on_one_line(&self) -> String {
        let joined = |items: Vec<String>| items.join(", ");
        match self {
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::on_one_line).collect())),
            Self::Object(members) if !members.is_empty() => {
                let member = |(key, value): &(String, Self)| {
                    format!("{}: {}", Self::Text(key.clone()), value.on_one_line())
                };
                format!("{{ {} }}", joined(members.iter().map(member).collect()))
            }
            other => other.to_string(),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write_text(f, text),
            Self::List(items) if items.is_empty() => f.write_str("[]"),
            // A list of short things stands on one line.
            Self::List(items) if items.iter().all(Self::is_short) && items.len() <= 12 => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    item.write(f, indent)?;
                }
                f.write_char(']')
            }
            Self::List(items) => {
                let lines = items.iter().map(|item| (None, item));
                write_lines(f, indent, ('[', ']'), lines)
            }
            Self::Object(members) if members.is_empty() => f.write_str("{}"),
            Self::Object(members) => {
                let lines = members.iter().map(|(key, value)| (Some(key.as_str()), value));
                write_lines(f, indent, ('{', '}'), lines)
            }
        }
    }

    fn is_short(&self) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => true,
            Self::Text(text) => text.len() <= 24,
            Self::List(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
        }
    }
}

fn write_lines<'j>(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    (open, close): (char, char),
    lines: impl Iterator<Item = (Option<&'j str>, &'j Json)>,
) -> fmt::Result {
    f.write_char(open)?;
    for (index, (key, value)) in lines.enumerate() {
        f.write_str(if index > 0 { ",\n" } else { "\n" })?;
        write!(f, "{:width$}", "", width = (indent + 1) * 2)?;
        if let Some(key) = key {
            write_text(f, key)?;
            f.write_str(": ")?;
        }
        value.write(f, indent + 1)?;
    }
    write!(f, "\n{:width$}{close}", "", width = indent * 2)
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl From<bool> for Json {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Json {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Members come sorted by key, which both kinds of `serde_json::Map` can be brought to.
impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(*flag),
            serde_json::Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Text(number.to_string()), Self::Number)
            }
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(members) => {
                let mut sorted: Vec<_> =
                    members.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect();
                sorted.sort_by(|left, right| left.0.cmp(&right.0));
                Self::Object(sorted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json_in_the_order_given() {
        let json = Json::object([
            ("z", Json::list(["a\"\\\n\u{1}é", "b"])),
            ("a", Json::object([])),
            ("n", Json::list([Json::object([("k", Json::Null)])])),
        ]);
        let text = json.to_string();
        assert_eq!(
            text,
            "{\n  \"z\": [\"a\\\"\\\\\\n\\u0001é\", \"b\"],\n  \"a\": {},\n  \"n\": [\n    {\n      \"k\": null\n    }\n  ]\n}"
        );
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["z"][0], "a\"\\\n\u{1}é");
    }
}
