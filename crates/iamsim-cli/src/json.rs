//! JSON for programs, its members in the order they are put.

use std::fmt;

use serde_json::Value;

/// An object under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object(Vec<(&'static str, Value)>);

impl Object {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn value(mut self, key: &'static str, value: Value) -> Self {
        self.0.push((key, value));
        self
    }

    pub(crate) fn text(self, key: &'static str, text: impl Into<String>) -> Self {
        self.value(key, Value::String(text.into()))
    }

    /// Leaves the member out when there is none.
    pub(crate) fn maybe(self, key: &'static str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    pub(crate) fn number(self, key: &'static str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.value(key, Value::from(number)),
            None => self,
        }
    }

    pub(crate) fn texts(self, key: &'static str, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.value(key, Value::Array(texts.into_iter().map(|text| Value::String(text.into())).collect()))
    }
}

/// On one line.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (key, value)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}:{value}", Value::from(*key))?;
        }
        f.write_str("}")
    }
}

/// A document: `{"version":1,` and a list of objects, one a line, then further members.
pub(crate) fn document(list: &'static str, objects: &[Object], rest: &Object) -> String {
    let mut text = format!("{{\"version\":1,\"{list}\":[");
    for (index, object) in objects.iter().enumerate() {
        text.push_str(if index > 0 { ",\n  " } else { "\n  " });
        text.push_str(&object.to_string());
    }
    text.push_str(if objects.is_empty() { "]" } else { "\n]" });
    let rest = rest.to_string();
    let rest = rest.trim_start_matches('{');
    text.push_str(if rest == "}" { "" } else { "," });
    text.push_str(rest);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_json_whatever_is_in_them() {
        let check = |objects: &[Object], rest: &Object| {
            let text = document("answers", objects, rest);
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        };
        let one = Object::new().text("a", "\"\n").number("n", Some(3)).maybe("none", None::<String>);
        let read = check(&[one.clone(), one], &Object::new().texts("t", ["x"]));
        assert_eq!(read["answers"][1]["a"], "\"\n");
        assert_eq!(read["t"][0], "x");
        assert_eq!(check(&[], &Object::new())["version"], 1);
    }
}
