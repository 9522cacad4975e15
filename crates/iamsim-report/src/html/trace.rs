//! The traces as data for the page's script: each policy's text once, and for each decision which of its
//! statements count and why. The form is between the page and its script and promises nothing to others.

use std::collections::BTreeMap;

use iamsim_eval::{
    ContextValue, Explanation, LayerTrace, NearMiss, PolicyTrace, Standing, StatementTrace, Truth,
};
use iamsim_policy::Effect;
use serde_json::{Map, Value, json};

use super::text::Lines;
use crate::step;

/// How many statements and near misses are named above the layers.
const NAMED: usize = 8;
/// How many characters of a context key's values are shown.
const SHOWN: usize = 400;

#[derive(Debug, Default)]
pub(super) struct Traces {
    texts: Vec<Lines>,
    /// Where a text is, by the name of its source, its first line and itself.
    places: BTreeMap<(String, u32, String), usize>,
    decisions: Map<String, Value>,
}

impl Traces {
    pub(super) fn add(&mut self, id: &str, explanation: &Explanation) {
        let trace = self.trace(explanation);
        self.decisions.insert(id.to_owned(), trace);
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.decisions.contains_key(id)
    }

    pub(super) fn to_json(&self) -> String {
        let texts: Vec<Value> = self
            .texts
            .iter()
            .map(|lines| json!({ "name": lines.source().name(), "line": lines.first, "text": lines.text }))
            .collect();
        json!({ "texts": texts, "traces": self.decisions }).to_string()
    }

    fn trace(&mut self, explanation: &Explanation) -> Value {
        let request = explanation.request();
        let deciding = explanation.deciding();
        let near = explanation.near_misses();
        let mut unknown = explanation.unknown_keys();
        unknown.extend(explanation.unknown_facts().iter().map(ToString::to_string));
        let context: Vec<(String, String)> = request
            .context()
            .entries()
            .filter(|(_, value)| !matches!(value, ContextValue::Absent))
            .map(|(key, value)| (key.to_owned(), context_text(value)))
            .collect();
        let places: Vec<String> = deciding.iter().map(iamsim_eval::StatementRef::place).collect();
        let layers: Vec<Value> = explanation
            .layers()
            .iter()
            .filter(|layer| layer.standing != Standing::None || !layer.notes.is_empty())
            .map(|layer| self.layer(explanation, layer, &places, &near))
            .collect();
        let message = explanation.message();
        let because = ["because ", "with an explicit deny "]
            .into_iter()
            .filter_map(|words| message.find(&format!(" {words}")))
            .min()
            .and_then(|start| message.get(start + 1..))
            .unwrap_or(&message);
        let on = match explanation.effective_resource() {
            Some(arn) => format!("{}, authorized as {arn}", request.resource()),
            None => request.resource().to_string(),
        };
        json!({
            "by": request.caller().to_string(),
            "action": request.action().to_string(),
            "on": on,
            "decision": explanation.decision().as_str(),
            "because": because,
            "deciding": named(&deciding),
            "near": named(&near),
            "unknown": unknown,
            "context": context,
            "layers": layers,
        })
    }

    fn layer(
        &mut self,
        explanation: &Explanation,
        layer: &LayerTrace<'_>,
        deciding: &[String],
        near: &[NearMiss],
    ) -> Value {
        let is_read = matches!(layer.standing, Standing::Applies | Standing::PerhapsServiceLinkedRole);
        let state = match (is_read, layer.deny, layer.allow) {
            (false, ..) if layer.standing == Standing::Unknown => "maybe",
            (false, ..) => "off",
            (true, Truth::True, _) => "deny",
            (true, Truth::Unknown, _) | (true, Truth::False, Truth::Unknown) => "maybe",
            (true, Truth::False, Truth::True) => "allow",
            (true, Truth::False, Truth::False) => "none",
        };
        let tells = explanation.deciding_layer() == Some(layer.layer);
        let near: Vec<&NearMiss> = near.iter().filter(|near| near.layer() == layer.layer).collect();
        let levels: Vec<Value> = layer
            .levels
            .iter()
            .map(|level| {
                let policies: Vec<Value> = level
                    .policies
                    .iter()
                    .map(|policy| self.policy(explanation, policy, deciding, (tells, &near)))
                    .collect();
                json!({ "name": level.name, "policies": policies })
            })
            .collect();
        json!({
            "name": explanation.layer_name(layer.layer),
            "says": explanation.layer_text(layer),
            "state": state,
            "notes": layer.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "levels": levels,
        })
    }

    fn policy(
        &mut self,
        explanation: &Explanation,
        policy: &PolicyTrace<'_>,
        deciding: &[String],
        (tells, near): (bool, &[&NearMiss]),
    ) -> Value {
        let place = self.text(policy);
        let source = policy.policy.source();
        let place_of = |trace: &StatementTrace<'_>| source.place(trace.statement.span()).to_string();
        let is_decisive = |trace: &StatementTrace<'_>| deciding.contains(&place_of(trace));
        let is_near = |trace: &StatementTrace<'_>| {
            near.iter().any(|near| {
                near.policy_name() == Some(policy.name) && near.place() == Some(place_of(trace).as_str())
            })
        };
        let (relevant, others): (Vec<_>, Vec<_>) =
            policy.statements.iter().partition(|trace| !trace.is_about_other_actions() || is_near(trace));
        let best = relevant.iter().map(|trace| trace.matches).max();
        let says = match (relevant.iter().any(|trace| is_decisive(trace)), best) {
            (true, _) => "decides",
            (false, None) => "is about other actions",
            (false, Some(Truth::True)) => "matches",
            (false, Some(Truth::Unknown)) => "may match",
            (false, Some(Truth::False)) => "does not match",
        };
        let counts = relevant.iter().any(|trace| is_decisive(trace) || is_near(trace));
        let statements: Vec<Value> = relevant
            .iter()
            .map(|trace| {
                self.statement(explanation, policy, trace, place, (is_decisive(trace), is_near(trace)))
            })
            .collect();
        json!({
            "name": policy.name,
            "text": place,
            "says": says,
            "open": counts || (tells && best == Some(Truth::Unknown)),
            "others": others.len(),
            "statements": statements,
        })
    }

    fn statement(
        &self,
        explanation: &Explanation,
        policy: &PolicyTrace<'_>,
        trace: &StatementTrace<'_>,
        text: usize,
        (is_decisive, is_near): (bool, bool),
    ) -> Value {
        let at = |offset| self.texts.get(text).map_or(0, |lines| lines.utf16(offset));
        let clauses: Vec<Value> = trace
            .clauses
            .iter()
            .map(|clause| {
                let span = step::clause_span(trace.statement, clause);
                json!({
                    "outcome": truth(clause.outcome()),
                    "says": explanation.clause_text(policy, trace, clause),
                    "from": if span.is_empty() { 0 } else { at(span.start) },
                    "to": if span.is_empty() { 0 } else { at(span.end) },
                })
            })
            .collect();
        json!({
            "number": trace.index + 1,
            "sid": trace.statement.sid(),
            "effect": match trace.statement.effect() {
                Effect::Allow => "allow",
                Effect::Deny => "deny",
            },
            "says": trace.text(),
            "matches": truth(trace.matches),
            "decisive": is_decisive,
            "near": is_near,
            "from": at(trace.statement.span().start),
            "to": at(trace.statement.span().end),
            "clauses": clauses,
        })
    }

    /// The place of a policy's text in the list.
    fn text(&mut self, policy: &PolicyTrace<'_>) -> usize {
        let lines = Lines::of(policy.policy.source(), policy.policy.span());
        let texts = &mut self.texts;
        let key = (lines.source().name().to_owned(), lines.first, lines.text.clone());
        *self.places.entry(key).or_insert_with(|| {
            texts.push(lines);
            texts.len() - 1
        })
    }
}

fn named<T: ToString>(all: &[T]) -> Vec<String> {
    let mut texts: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    if all.len() > NAMED {
        texts.push(format!("and {} more", all.len() - NAMED));
    }
    texts
}

const fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "t",
        Truth::False => "f",
        Truth::Unknown => "u",
    }
}

fn context_text(value: &ContextValue) -> String {
    let text = match value {
        ContextValue::Absent => "absent".to_owned(),
        ContextValue::Unknown => "unknown".to_owned(),
        ContextValue::One(value) => value.to_string(),
        ContextValue::Many(values) => format!("[{}]", values.join(", ")),
    };
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((at, _)) => {
            format!("{}… ({} characters)", text.get(..at).unwrap_or_default(), text.chars().count())
        }
    }
}
