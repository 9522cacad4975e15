//! Reports as one JSON object: everything that is known of each finding.

use serde_json::{Value, json};

use crate::finding::{Finding, Level};
use crate::kind::kind_name;
use crate::linter::Report;

/// The version of the form; a field that is added does not change it.
const VERSION: u32 = 1;

/// All reports as one JSON object with `version`, `policies`, `findings`, `waived` and `summary`. Lines and
/// columns count from 1, columns in characters; `start` and `end` are bytes.
pub fn json(reports: &[Report]) -> Value {
    let policies: Vec<Value> = reports
        .iter()
        .flat_map(Report::policies)
        .map(|policy| json!({"name": policy.name, "kind": kind_name(policy.kind), "guessed": policy.guessed}))
        .collect();
    let findings: Vec<Value> = reports.iter().flat_map(Report::findings).map(one).collect();
    let waived = reports.iter().flat_map(Report::waived).map(|waived| {
        let mut value = one(&waived.finding);
        if let Some(members) = value.as_object_mut() {
            members.insert("reason".to_owned(), waived.reason.clone().into());
            members.insert("inline".to_owned(), waived.inline.into());
        }
        value
    });
    let waived: Vec<Value> = waived.collect();
    let count = |level: Level| {
        reports.iter().flat_map(Report::findings).filter(|finding| finding.level() == level).count()
    };
    let summary = json!({
        "errors": count(Level::Error),
        "warnings": count(Level::Warning),
        "notes": count(Level::Note),
        "waived": waived.len(),
        "policies": policies.len(),
    });
    json!({"version": VERSION, "policies": policies, "findings": findings, "waived": waived, "summary": summary})
}

fn one(finding: &Finding) -> Value {
    let place = |span: iamsim_policy::Span| {
        let (start, end) = (finding.source().position(span.start), finding.source().position(span.end));
        json!({
            "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column,
            "start": span.start, "end": span.end,
        })
    };
    let related: Vec<Value> =
        finding.related().map(|(span, message)| json!({"message": message, "place": place(span)})).collect();
    let statement =
        finding.statement().map(|statement| json!({"number": statement.number, "sid": statement.sid}));
    json!({
        "code": finding.code(),
        "level": finding.level().as_str(),
        "message": finding.message(),
        "help": finding.help(),
        "file": finding.source().name(),
        "place": place(finding.span()),
        "statement": statement,
        "related": related,
    })
}
