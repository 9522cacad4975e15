//! A policy as text again: one canonical text per meaning, and the document in the order it was written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::policy::{ActionClause, Policy, ResourceClause, Statement};
use crate::principal::{PrincipalClause, PrincipalPattern};

/// One text for all documents that say the same: elements in the grammar's order, every list an array,
/// sorted and without repetition; actions, operators' keys and statements likewise.
pub(crate) fn canonical(policy: &Policy) -> String {
    let mut json = String::from("{\"Version\":");
    string(&mut json, policy.version().as_str());
    if let Some(id) = policy.id() {
        json.push_str(",\"Id\":");
        string(&mut json, id);
    }
    json.push_str(",\"Statement\":[");
    let mut statements: Vec<String> = policy.statements().iter().map(statement).collect();
    statements.sort_unstable();
    join(&mut json, statements.iter().map(String::as_str));
    json.push_str("]}");
    json
}

fn statement(statement: &Statement) -> String {
    let mut json = String::from("{");
    if let Some(sid) = statement.sid() {
        json.push_str("\"Sid\":");
        string(&mut json, sid);
        json.push(',');
    }
    // Writing to a string does not fail.
    let _ = write!(json, "\"Effect\":\"{}\"", statement.effect());
    if let Some(clause) = statement.principal() {
        principal(&mut json, clause);
    }
    actions(&mut json, statement.action());
    if let Some(clause) = statement.resource() {
        resources(&mut json, clause);
    }
    conditions(&mut json, statement);
    json.push('}');
    json
}

fn principal(json: &mut String, clause: &PrincipalClause) {
    json.push_str(if clause.is_negated() { ",\"NotPrincipal\":" } else { ",\"Principal\":" });
    let mut keys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for entry in clause.entries() {
        let key = match entry.value {
            PrincipalPattern::Service(_) => "Service",
            PrincipalPattern::Federated(_) => "Federated",
            PrincipalPattern::CanonicalUser(_) => "CanonicalUser",
            _ => "AWS",
        };
        keys.entry(key).or_default().push(entry.value.to_string());
    }
    let everyone =
        keys.len() == 1 && clause.entries().iter().all(|entry| entry.value == PrincipalPattern::Everyone);
    if everyone {
        json.push_str("\"*\"");
        return;
    }
    json.push('{');
    for (index, (key, entries)) in keys.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        string(json, key);
        json.push(':');
        list(json, entries);
    }
    json.push('}');
}

fn actions(json: &mut String, clause: &ActionClause) {
    json.push_str(if clause.is_negated() { ",\"NotAction\":" } else { ",\"Action\":" });
    // PE-ACT-02: actions compare without case.
    list(json, clause.patterns().iter().map(|pattern| pattern.value.as_str().to_ascii_lowercase()).collect());
}

fn resources(json: &mut String, clause: &ResourceClause) {
    json.push_str(if clause.is_negated() { ",\"NotResource\":" } else { ",\"Resource\":" });
    list(json, clause.patterns().iter().map(|pattern| pattern.value.as_str().to_owned()).collect());
}

fn conditions(json: &mut String, statement: &Statement) {
    if statement.conditions().is_empty() {
        return;
    }
    let mut operators: BTreeMap<String, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for condition in statement.conditions() {
        let values = condition.values().iter().map(|value| value.value.as_str().to_owned()).collect();
        // PE-CND-03: keys compare without case.
        operators
            .entry(condition.operator().to_string())
            .or_default()
            .insert(condition.key().folded(), values);
    }
    json.push_str(",\"Condition\":{");
    for (index, (operator, keys)) in operators.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        string(json, &operator);
        json.push_str(":{");
        for (index, (key, values)) in keys.into_iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            string(json, key);
            json.push(':');
            list(json, values);
        }
        json.push('}');
    }
    json.push('}');
}

fn list(json: &mut String, mut entries: Vec<String>) {
    entries.sort_unstable();
    entries.dedup();
    json.push('[');
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        string(json, entry);
    }
    json.push(']');
}

fn join<'a>(json: &mut String, parts: impl Iterator<Item = &'a str>) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(part);
    }
}

/// A JSON text without the white space between its tokens.
pub(crate) fn compact(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut quoted = false;
    let mut escaped = false;
    for character in text.chars() {
        if quoted || !character.is_ascii_whitespace() {
            json.push(character);
        }
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    json
}

/// Appends a text as a JSON string.
pub(crate) fn string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // Control characters must be escaped in JSON; what lies beyond U+00FF, in IAM (PE-DOC-09).
            '\u{0}'..='\u{1f}' | '\u{100}'.. => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}
