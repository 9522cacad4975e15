//! Reports as SARIF 2.1.0, which code-scanning services read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::finding::{Finding, Level};
use crate::linter::{self, Report, WaivedFinding};
use crate::rule::Rule;

/// All reports as one SARIF log. Every rule is described, whether it found something or not; waived findings are
/// there as suppressed ones, with their reasons.
pub fn sarif(reports: &[Report]) -> Value {
    let mut codes: Vec<&'static str> = Rule::all().iter().map(|rule| rule.code()).collect();
    let findings = || {
        let waived = reports.iter().flat_map(Report::waived);
        let plain = reports.iter().flat_map(Report::findings).map(|finding| (finding, None));
        plain.chain(waived.map(|waived| (&waived.finding, Some(waived))))
    };
    for (finding, _) in findings() {
        if !codes.contains(&finding.code()) {
            codes.push(finding.code());
        }
    }
    let results: Vec<Value> = findings().map(|(finding, waived)| result(finding, waived, &codes)).collect();
    let rules: Vec<Value> = codes.iter().map(|code| descriptor(code)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "iamsim",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(code: &str) -> Value {
    let mut descriptor = json!({
        "id": code,
        "shortDescription": {"text": linter::summary(code)},
    });
    if let (Some(rule), Some(members)) = (Rule::find(code), descriptor.as_object_mut()) {
        members.insert("defaultConfiguration".to_owned(), json!({"level": rule.level().as_str()}));
        members.insert("help".to_owned(), json!({"text": format!("see {}", rule.page())}));
    }
    descriptor
}

fn result(finding: &Finding, waived: Option<&WaivedFinding>, codes: &[&str]) -> Value {
    let message = match finding.help() {
        Some(help) => format!("{}; {help}", finding.message()),
        None => finding.message().to_owned(),
    };
    let index = codes.iter().position(|code| *code == finding.code());
    let mut result = json!({
        "ruleId": finding.code(),
        "ruleIndex": index,
        "level": match finding.level() { Level::Error => "error", Level::Warning => "warning", Level::Note => "note" },
        "message": {"text": message},
        "locations": [location(finding, finding.span())],
    });
    let Some(members) = result.as_object_mut() else { return result };
    if finding.related().len() > 0 {
        let related: Vec<Value> = finding
            .related()
            .map(|(span, message)| {
                let mut place = location(finding, span);
                if let Some(members) = place.as_object_mut() {
                    members.insert("message".to_owned(), json!({"text": message}));
                }
                place
            })
            .collect();
        members.insert("relatedLocations".to_owned(), related.into());
    }
    if let Some(waived) = waived {
        let kind = if waived.inline { "inSource" } else { "external" };
        members.insert(
            "suppressions".to_owned(),
            json!([{"kind": kind, "status": "accepted", "justification": waived.reason}]),
        );
    }
    result
}

fn location(finding: &Finding, span: iamsim_policy::Span) -> Value {
    let (start, end) = (finding.source().position(span.start), finding.source().position(span.end));
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(finding.source().name())},
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
            "byteOffset": span.start,
            "byteLength": span.end.saturating_sub(span.start),
        },
    }})
}

/// A path as a reference: forward slashes, and percent signs for what a URI may not hold.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("policies\\my team.json"), "policies/my%20team.json");
        assert_eq!(uri("é.json"), "%C3%A9.json");
    }
}
