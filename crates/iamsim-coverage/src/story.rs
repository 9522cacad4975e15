//! A scenario's text and its steps, so that steps can be put into it.

use iamsim_policy::json::{self, Node, Value};
use iamsim_policy::{Source, Span};

use crate::edit::{Edit, quoted};
use crate::mutation::{member, members, text};

/// The text of a scenario, and its steps.
pub(crate) struct Story {
    pub(crate) source: Source,
    pub(crate) steps: Vec<Step>,
    /// Where a step can be added when there is none: after the bracket that opens the list.
    opened: u32,
}

/// One step of the text, as members in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) span: Span,
    pub(crate) body: Body,
}

/// The members of a step: keys, and values as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Body(pub(crate) Vec<(String, String)>);

impl Body {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    /// Sets a member to a JSON text.
    pub(crate) fn set(&mut self, key: &str, json: impl Into<String>) {
        let json = json.into();
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some((_, value)) => *value = json,
            None => self.0.push((key.to_owned(), json)),
        }
    }

    pub(crate) fn with(&self, key: &str, json: impl Into<String>) -> Self {
        let mut body = self.clone();
        body.set(key, json);
        body
    }

    pub(crate) fn without(&self, keys: &[&str]) -> Self {
        Self(self.0.iter().filter(|(key, _)| !keys.contains(&key.as_str())).cloned().collect())
    }

    /// The values of a member that is a string or a list of strings.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.get(key).map(texts).unwrap_or_default()
    }

    /// The step on one line.
    pub(crate) fn to_json(&self) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let members: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect();
        format!("{{ {} }}", members.join(", "))
    }
}

impl Story {
    /// Reads the steps of a scenario; none when the text has no list of steps.
    pub(crate) fn read(source: &Source) -> Option<Self> {
        let node = json::parse(source).ok()?;
        let list = &member(&node, "steps")?.value;
        let Value::Array(items) = &list.value else { return None };
        let steps = items.iter().map(|item| Step { span: item.span, body: body(source, item) }).collect();
        Some(Self { source: source.clone(), steps, opened: list.span.start.saturating_add(1) })
    }

    /// The edit that puts steps after the first `after` ones.
    pub(crate) fn insertion(&self, after: usize, bodies: &[Body]) -> Edit {
        let joined = bodies.iter().map(Body::to_json).collect::<Vec<_>>().join(",\n    ");
        if let Some(step) = after.checked_sub(1).and_then(|last| self.steps.get(last)) {
            return Edit::replace(Span::new(step.span.end, step.span.end), format!(",\n    {joined}"));
        }
        let comma = if self.steps.is_empty() { "" } else { "," };
        Edit::replace(Span::new(self.opened, self.opened), format!("\n    {joined}{comma}"))
    }

    /// After how many steps the world is about to change, and the end: where a question can have another answer
    /// than elsewhere.
    pub(crate) fn turns(&self) -> Vec<usize> {
        const TURNS: [&str; 5] = ["change", "delete", "rename", "wait", "at"];
        let mut turns = vec![self.steps.len()];
        let changes = self.steps.iter().enumerate().rev();
        turns.extend(
            changes
                .filter(|(_, step)| step.body.0.iter().any(|(key, _)| TURNS.contains(&key.as_str())))
                .map(|(index, _)| index),
        );
        turns.dedup();
        turns
    }
}

fn body(source: &Source, item: &Node<'_>) -> Body {
    let members = members(item).iter();
    Body(
        members
            .map(|member| {
                let text = source.text_of(member.value.span);
                (member.key.clone().into_owned(), on_one_line(text))
            })
            .collect(),
    )
}

/// A JSON text without line breaks and the white space around them.
fn on_one_line(json: &str) -> String {
    let lines: Vec<&str> = json.lines().map(str::trim).collect();
    lines.join(" ")
}

/// The strings of a JSON text that is a string or a list of them.
pub(crate) fn texts(json: &str) -> Vec<String> {
    let source = Source::new("", json);
    let Ok(node) = json::parse(&source) else { return Vec::new() };
    crate::mutation::items(&node).iter().filter_map(text).map(str::to_owned).collect()
}

/// A list of strings as JSON; one alone stands without brackets.
pub(crate) fn list(texts: &[String]) -> String {
    match texts {
        [one] => quoted(one),
        several => {
            format!("[{}]", several.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply;

    const TEXT: &str = r#"{
  "scenario": "x",
  "steps": [
    { "as": "dev", "do": ["a:B",
        "a:C"], "expect": "allow" },
    { "wait": "1h" }
  ]
}"#;

    #[test]
    fn steps_are_put_where_they_belong() {
        let story = Story::read(&Source::new("x.json", TEXT)).unwrap();
        assert_eq!(story.steps[0].body.texts("do"), ["a:B", "a:C"]);
        assert_eq!(story.turns(), [2, 1]);
        let probe = [Body(vec![("wait".to_owned(), "\"2h\"".to_owned())])];
        for after in 0..=2 {
            let text = apply(TEXT, [&story.insertion(after, &probe)]);
            let again = Story::read(&Source::new("x.json", text)).unwrap();
            assert_eq!(again.steps.len(), 3);
            assert_eq!(again.steps[after].body.to_json(), r#"{ "wait": "2h" }"#);
        }
        let empty = Story::read(&Source::new("x.json", r#"{"steps": []}"#)).unwrap();
        let text = apply(r#"{"steps": []}"#, [&empty.insertion(0, &probe)]);
        assert_eq!(Story::read(&Source::new("x.json", text)).unwrap().steps.len(), 1);
    }
}
