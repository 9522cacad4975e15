//! SARIF 2.1.0 (OASIS): a result for each failure, with the way to the decision as a code flow through the
//! layers. Columns are counted in characters, as everywhere else here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use iamsim_eval::{ClauseTrace, Explanation, LayerTrace, PolicyTrace, Standing, StatementTrace, Truth};
use iamsim_policy::{Severity, Source, Span};
use iamsim_scenario::{Finding, Outcome, StepOutcome, Verdict};
use serde_json::{Map, Value, json};

use crate::Report;
use crate::step;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a rule is about, by its id.
const RULES: &[(&str, &str, &str)] = &[
    ("expectation", "error", "Something that a scenario expects does not hold."),
    ("undetermined", "warning", "A scenario needs a yes or no, and what is known does not give one."),
];

pub(crate) fn render(report: &Report) -> String {
    let mut run = Run { rules: Vec::new(), files: files(report), artifacts: BTreeMap::new() };
    for (id, level, text) in RULES {
        run.rule(id, level, text);
    }
    let mut results: Vec<Value> = Vec::new();
    for (verdict, id, level) in
        [(Verdict::Failed, "expectation", "error"), (Verdict::Undetermined, "undetermined", "warning")]
    {
        for (_, outcome, _, step) in step::with_verdict(&report.outcomes, verdict) {
            results.push(run.of_step(outcome, step, id, level));
        }
    }
    for finding in &report.findings {
        results.push(run.of_finding(finding));
    }
    let mut artifacts: Vec<(usize, &Value)> =
        run.artifacts.values().map(|(index, json)| (*index, json)).collect();
    artifacts.sort_by_key(|(index, _)| *index);
    let json = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "iamsim",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": run.rules,
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": report.errors().next().is_none() }],
            "artifacts": artifacts.into_iter().map(|(_, json)| json).collect::<Vec<_>>(),
            "results": results,
        }],
    });
    format!("{json:#}\n")
}

/// The names of all texts that are files: what else policies stand in has a name and no place on a disk.
fn files(report: &Report) -> BTreeSet<String> {
    let outcomes = report.outcomes.iter().flat_map(Outcome::sources).map(Source::name);
    let findings = report.findings.iter().map(|finding| finding.source().name());
    outcomes.chain(findings).map(str::to_owned).collect()
}

struct Run {
    rules: Vec<Value>,
    files: BTreeSet<String>,
    /// By file name, with their places in the list.
    artifacts: BTreeMap<String, (usize, Value)>,
}

impl Run {
    /// The place of a rule in the list; it is added when it is new.
    fn rule(&mut self, id: &str, level: &str, text: &str) -> usize {
        let known = self.rules.iter().position(|rule| rule.get("id").and_then(Value::as_str) == Some(id));
        known.unwrap_or_else(|| {
            self.rules.push(json!({
                "id": id,
                "shortDescription": { "text": text },
                "defaultConfiguration": { "level": level },
            }));
            self.rules.len() - 1
        })
    }

    fn of_step(&mut self, outcome: &Outcome, step: &StepOutcome, id: &str, level: &str) -> Value {
        let rule = self.rule(id, level, "");
        let place = step.expect_place().unwrap_or_else(|| step.place());
        let mut message = format!("{}: {}", step::title(step), step::verdict_text(step));
        if let Some(because) = step.because() {
            message.push_str("; ");
            message.push_str(because);
        }
        let mut related = vec![self.location(&step.place().source, step.place().span, &step::number(step))];
        for telling in step::telling(step) {
            related.push(self.location(&telling.source, telling.span, &telling.what));
        }
        let mut json = json!({
            "ruleId": id,
            "ruleIndex": rule,
            "level": level,
            "message": { "text": message },
            "locations": [self.place(&place.source, place.span)],
            "relatedLocations": numbered(related),
            "partialFingerprints": { "iamsimStep/v1": fingerprint(outcome, step) },
            "properties": {
                "scenario": outcome.title(),
                "step": step.number(),
                "expected": step.expected(),
                "came": step.came(),
            },
        });
        if let (Some(explanation), Value::Object(fields)) = (step.explanation(), &mut json) {
            fields.insert("codeFlows".to_owned(), json!([self.flow(step, explanation)]));
        }
        json
    }

    fn of_finding(&mut self, finding: &Finding) -> Value {
        let level = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let rule = self.rule(
            finding.code(),
            level,
            &format!("What a scenario or policy gets wrong: {}.", finding.code()),
        );
        let mut message = finding.message().to_owned();
        if let Some(help) = finding.help() {
            message.push_str("; ");
            message.push_str(help);
        }
        let location = match finding.position() {
            Some(_) => self.place(finding.source(), finding.span()),
            None => json!({ "physicalLocation": { "artifactLocation": self.artifact(finding.source()) } }),
        };
        let related: Vec<Value> =
            finding.related().map(|(span, text)| self.location(finding.source(), span, text)).collect();
        json!({
            "ruleId": finding.code(),
            "ruleIndex": rule,
            "level": level,
            "message": { "text": message },
            "locations": [location],
            "relatedLocations": numbered(related),
        })
    }

    /// The way to a decision: the question, each layer, its statements and their clauses, the answer.
    fn flow(&mut self, step: &StepOutcome, explanation: &Explanation) -> Value {
        let asked = step.place();
        let request = explanation.request();
        let question =
            format!("{} asks for {} on {}", request.caller(), request.action(), request.resource());
        let mut flow = vec![(self.location(&asked.source, asked.span, &question), 0, "essential")];
        let deciding: Vec<String> =
            explanation.deciding().iter().map(iamsim_eval::StatementRef::place).collect();
        for layer in explanation.layers() {
            self.layer(&mut flow, explanation, &layer, &deciding);
        }
        let answer = format!("{}: {}", explanation.decision(), explanation.message());
        flow.push((self.location(&asked.source, asked.span, &answer), 0, "essential"));
        let locations: Vec<Value> = flow
            .into_iter()
            .enumerate()
            .map(|(order, (location, nesting, importance))| {
                json!({
                    "location": location,
                    "nestingLevel": nesting,
                    "executionOrder": order + 1,
                    "importance": importance,
                })
            })
            .collect();
        json!({ "message": { "text": "how it was decided, layer by layer" }, "threadFlows": [{ "locations": locations }] })
    }

    fn layer(
        &mut self,
        flow: &mut Vec<(Value, usize, &'static str)>,
        explanation: &Explanation,
        layer: &LayerTrace<'_>,
        deciding: &[String],
    ) {
        if layer.standing == Standing::None && layer.notes.is_empty() {
            return;
        }
        let name = explanation.layer_name(layer.layer);
        let mut text = format!("{name}: {}", explanation.layer_text(layer));
        for note in &layer.notes {
            text.push_str("; ");
            text.push_str(&note.to_string());
        }
        let logical = json!({
            "logicalLocations": [{ "name": layer.layer.as_str(), "kind": "policy layer" }],
            "message": { "text": text },
        });
        let tells = explanation.deciding_layer() == Some(layer.layer);
        flow.push((logical, 1, if tells { "essential" } else { "important" }));
        for policy in layer.levels.iter().flat_map(|level| &level.policies) {
            for trace in step::relevant(policy) {
                let place = policy.policy.source().place(trace.statement.span()).to_string();
                self.statement(flow, explanation, policy, trace, deciding.contains(&place));
            }
        }
    }

    fn statement(
        &mut self,
        flow: &mut Vec<(Value, usize, &'static str)>,
        explanation: &Explanation,
        policy: &PolicyTrace<'_>,
        trace: &StatementTrace<'_>,
        decides: bool,
    ) {
        let source = policy.policy.source();
        let sid = trace.statement.sid().map(|sid| format!(" `{sid}`")).unwrap_or_default();
        let text = format!("statement {}{sid} of {}: {}", trace.index + 1, policy.name, trace.text());
        let importance = match (decides, trace.matches) {
            (true, _) => "essential",
            (false, Truth::False) => "unimportant",
            _ => "important",
        };
        flow.push((self.location(source, trace.statement.span(), &text), 2, importance));
        for clause in &trace.clauses {
            let mark = match clause.outcome() {
                Truth::True => "met",
                Truth::False => "not met",
                Truth::Unknown => "not known",
            };
            let text = format!("{mark}: {}", explanation.clause_text(policy, trace, clause));
            let span = match step::clause_span(trace.statement, clause) {
                span if span.is_empty() => trace.statement.span(),
                span => span,
            };
            let importance = if decides || is_misfit(clause) { "important" } else { "unimportant" };
            flow.push((self.location(source, span, &text), 3, importance));
        }
    }

    /// A place with a message.
    fn location(&mut self, source: &Source, span: Span, message: &str) -> Value {
        let mut json = self.place(source, span);
        if let Value::Object(fields) = &mut json {
            fields.insert("message".to_owned(), json!({ "text": message }));
        }
        json
    }

    fn place(&mut self, source: &Source, span: Span) -> Value {
        if !self.files.contains(source.name()) {
            let name = source.place(span).to_string();
            return json!({ "logicalLocations": [{ "fullyQualifiedName": name, "kind": "policy" }] });
        }
        let (start, end) = (source.position(span.start), source.position(span.end));
        let mut region = Map::new();
        for (key, value) in [
            ("startLine", start.line),
            ("startColumn", start.column),
            ("endLine", end.line),
            ("endColumn", end.column),
        ] {
            region.insert(key.to_owned(), json!(value));
        }
        json!({ "physicalLocation": { "artifactLocation": self.artifact(source), "region": region } })
    }

    fn artifact(&mut self, source: &Source) -> Value {
        let next = self.artifacts.len();
        let name = source.name();
        let (uri, is_relative) = uri(name);
        let mut location = json!({ "uri": uri });
        if let (true, Value::Object(fields)) = (is_relative, &mut location) {
            fields.insert("uriBaseId".to_owned(), json!("%SRCROOT%"));
        }
        let (index, _) = self
            .artifacts
            .entry(name.to_owned())
            .or_insert_with(|| (next, json!({ "location": location.clone() })));
        if let Value::Object(fields) = &mut location {
            fields.insert("index".to_owned(), json!(index));
        }
        location
    }
}

fn is_misfit(clause: &ClauseTrace<'_>) -> bool {
    !clause.outcome().is_true()
}

fn numbered(mut locations: Vec<Value>) -> Vec<Value> {
    for (id, location) in locations.iter_mut().enumerate() {
        if let Value::Object(fields) = location {
            fields.insert("id".to_owned(), json!(id));
        }
    }
    locations
}

/// What stays the same of a step when lines move.
fn fingerprint(outcome: &Outcome, step: &StepOutcome) -> String {
    let parts = [
        Some(outcome.file()),
        Some(outcome.title()),
        step.name(),
        step.who(),
        Some(step.what()),
        step.on(),
        step.context(),
    ];
    parts.map(Option::unwrap_or_default).join("|")
}

/// A file's name as a URI reference, and whether it is relative.
fn uri(name: &str) -> (String, bool) {
    let mut uri = String::new();
    for byte in name.bytes() {
        // A colon would make what stands before it a scheme.
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    if uri.starts_with('/') { (format!("file://{uri}"), false) } else { (uri, true) }
}
