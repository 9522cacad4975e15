//! The answer to a case: one of five words, and what `decide` writes.

use std::fmt;

use iamsim_eval::{Decision, explain};
use iamsim_policy::json::{self, Node};
use iamsim_policy::{Diagnostic, Severity, Source};
use serde_json::{Map, Value, json};

use crate::read::{Case, InvalidCase};

/// The words of the case format for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the case format has these five words")]
pub enum Word {
    /// The request is allowed.
    Allowed,
    /// A policy denies it.
    ExplicitlyDenied,
    /// Nothing allows it.
    ImplicitlyDenied,
    /// It depends on a key of `unknown_context`, or on something the case can't say.
    Undetermined,
    /// The case, or a document in it, can't be read.
    InvalidInput,
}

impl Word {
    /// Every word.
    pub const ALL: [Self; 5] = [
        Self::Allowed,
        Self::ExplicitlyDenied,
        Self::ImplicitlyDenied,
        Self::Undetermined,
        Self::InvalidInput,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::ExplicitlyDenied => "ExplicitlyDenied",
            Self::ImplicitlyDenied => "ImplicitlyDenied",
            Self::Undetermined => "Undetermined",
            Self::InvalidInput => "InvalidInput",
        }
    }

    /// Reads a word, spelled exactly.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }
}

impl From<Decision> for Word {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allowed,
            Decision::ExplicitDeny => Self::ExplicitlyDenied,
            Decision::ImplicitDeny => Self::ImplicitlyDenied,
            Decision::Undetermined => Self::Undetermined,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What `decide` writes for one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    word: Word,
    json: Value,
}

impl Answer {
    /// The word.
    pub fn word(&self) -> Word {
        self.word
    }

    /// The line: `id`, `decision`, and `reason`, `layer`, `keys` or `error` as it fits.
    pub fn to_json(&self) -> &Value {
        &self.json
    }
}

/// The line as `decide` writes it: `id` and `decision` first, for whoever looks at a long column of them.
///
/// ```
/// let line = iamsim_case::answer("cases.jsonl", 1, "{\"id\": \"x\"}", false).to_string();
/// assert!(line.starts_with(r#"{"id":"x","decision":"InvalidInput","error":{"#));
/// assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["decision"], "InvalidInput");
/// ```
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FIRST: [&str; 2] = ["id", "decision"];
        let fields = self.json.as_object();
        let first = FIRST.iter().filter_map(|name| fields?.get_key_value(*name));
        let rest = fields.into_iter().flatten().filter(|(name, _)| !FIRST.contains(&name.as_str()));
        let mut before = '{';
        for (name, value) in first.chain(rest) {
            write!(f, "{before}{}:{value}", Value::from(name.as_str()))?;
            before = ',';
        }
        f.write_str("}")
    }
}

/// Answers the case on one line of a file; `line` is its number, from 1, for messages. `explained` adds the
/// whole explanation.
///
/// A line that can't be read is answered `InvalidInput` with all findings under `error`.
///
/// ```
/// let answer = iamsim_case::answer("cases.jsonl", 7, "{\"id\": \"x\"}", false);
/// assert_eq!(answer.to_json()["id"], "x");
/// assert_eq!(answer.to_json()["decision"], "InvalidInput");
/// assert_eq!(answer.to_json()["error"]["diagnostics"][0]["line"], 7);
/// ```
pub fn answer(name: &str, line: u32, text: &str, explained: bool) -> Answer {
    answered(Case::parse(Source::new(name, text)), line, explained)
}

/// Answers the case on one line of a file whose bytes come from outside; see [`answer`].
pub fn answer_bytes(name: &str, line: u32, bytes: Vec<u8>, explained: bool) -> Answer {
    match Source::from_bytes(name, bytes) {
        Ok(source) => answered(Case::parse(source), line, explained),
        Err(finding) => refused(&InvalidCase::unreadable(finding), line),
    }
}

/// Answers a file that is one JSON array of cases, in order; a file that is no such array is one answer.
pub fn answer_array(name: &str, bytes: Vec<u8>, explained: bool) -> Vec<Answer> {
    let unreadable = |finding| vec![refused(&InvalidCase::unreadable(finding), 1)];
    let source = match Source::from_bytes(name, bytes) {
        Ok(source) => source,
        Err(finding) => return unreadable(finding),
    };
    match json::parse(&source) {
        Ok(Node { value: json::Value::Array(cases), .. }) => {
            cases.iter().map(|case| answered(Case::from_node(&source, case), 1, explained)).collect()
        }
        Ok(node) => vec![answered(Case::from_node(&source, &node), 1, explained)],
        Err(finding) => unreadable(finding),
    }
}

fn answered(read: Result<Case, InvalidCase>, line: u32, explained: bool) -> Answer {
    match read {
        Ok(case) => decided(&case, line, explained),
        Err(invalid) => refused(&invalid, line),
    }
}

fn decided(case: &Case, line: u32, explained: bool) -> Answer {
    // Naming the reason needs the explanation; nothing of it is rendered here.
    let explanation = explain(case.layers(), case.request());
    let word = Word::from(explanation.decision());
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(case.id()));
    fields.insert("decision".to_owned(), json!(word.as_str()));
    fields.insert("reason".to_owned(), json!(explanation.reason().as_str()));
    if let Some(layer) = explanation.deciding_layer() {
        fields.insert("layer".to_owned(), json!(layer.as_str()));
    }
    if word == Word::Undetermined {
        fields.insert("keys".to_owned(), json!(explanation.unknown_keys()));
    }
    if !case.warnings().is_empty() {
        let warnings = case.warnings().iter().map(|finding| diagnostic_json(finding, line)).collect();
        fields.insert("warnings".to_owned(), Value::Array(warnings));
    }
    if explained {
        fields.insert("explanation".to_owned(), explanation.to_json());
    }
    Answer { word, json: Value::Object(fields) }
}

fn refused(invalid: &InvalidCase, line: u32) -> Answer {
    let diagnostics: Vec<Value> =
        invalid.diagnostics().iter().map(|finding| diagnostic_json(finding, line)).collect();
    let message = invalid
        .diagnostics()
        .iter()
        .find(|finding| finding.severity() == Severity::Error)
        .map(Diagnostic::message);
    let json = json!({
        "id": invalid.id(),
        "decision": Word::InvalidInput.as_str(),
        "error": { "message": message, "diagnostics": diagnostics },
    });
    Answer { word: Word::InvalidInput, json }
}

fn diagnostic_json(finding: &Diagnostic, line: u32) -> Value {
    let position = finding.position();
    json!({
        "code": finding.code().as_str(),
        "severity": finding.severity().to_string(),
        "message": finding.message(),
        "file": finding.source().name(),
        "line": line.saturating_add(position.line).saturating_sub(1),
        "column": position.column,
        "help": finding.help(),
    })
}
