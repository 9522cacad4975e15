//! `Condition`: operators, keys and values (PE-CND).

use std::collections::BTreeMap;

use crate::condition::{Condition, ConditionValue};
use crate::date;
use crate::diagnostic::{Code, quote};
use crate::json::{Member, Node, Value, all_differ, duplicates_by};
use crate::key::ContextKey;
use crate::keys::misspelt_global_key;
use crate::operator::{Comparison, Family, Operator, SetQualifier};
use crate::source::{Span, Spanned};
use crate::suggest::nearest;
use crate::template::{Syntax, Template};
use crate::value;

use super::{Lowering, one_or_many};

impl Lowering<'_> {
    pub(super) fn conditions(&mut self, node: &Node<'_>) -> Vec<Condition> {
        let Value::Object(blocks) = &node.value else {
            self.wrong_type("`Condition`", "an object", node);
            return Vec::new();
        };
        let mut conditions = Vec::new();
        let mut first = BTreeMap::new();
        self.duplicates(blocks, "a condition");
        for block in blocks {
            let Value::Object(members) = &block.value.value else {
                self.wrong_type(&format!("the block of {}", quote(&block.key)), "an object", &block.value);
                continue;
            };
            let Some(operator) = self.operator(block, members.is_empty()) else { continue };
            // Two spellings of one operator are one operator written twice.
            if let Some((earlier, spelling)) = first.insert(operator, (block.key_span, &block.key))
                && *spelling != block.key
            {
                let message = format!("{} occurs twice in a condition", quote(&block.key));
                let finding = self
                    .error(Code::DuplicateKey, block.key_span, message)
                    .with_related(earlier, "first here, in other letters")
                    .with_help("merge the two");
                self.report(finding);
            }
            self.block(Spanned::new(operator, block.key_span), members, &mut conditions);
        }
        conditions
    }

    /// PE-CND-05, PE-CND-06; an empty block under any name is legal and says nothing (POL-40).
    fn operator(&mut self, block: &Member<'_>, empty: bool) -> Option<Operator> {
        let name = &*block.key;
        if let Some(operator) = Operator::parse(name) {
            return Some(operator);
        }
        if empty {
            let message = format!("{} is no operator; its empty block says nothing", quote(name));
            let finding = self
                .warning(Code::EmptyList, block.key_span, message)
                .with_help("remove it, or write the condition you meant");
            self.report(finding);
            return None;
        }
        if let Some(operator) = Operator::parse_any_case(name) {
            let finding = self
                .warning(
                    Code::OperatorCase,
                    block.key_span,
                    format!("{} is written `{operator}`", quote(name)),
                )
                .with_help("AWS refuses other spellings in a new document");
            self.report(finding);
            return Some(operator);
        }
        let finding =
            self.error(Code::UnknownOperator, block.key_span, format!("{} is no operator", quote(name)));
        let finding = if name.to_ascii_lowercase().ends_with("nullifexists") {
            finding.with_help("`Null` has no `IfExists`: it asks itself whether the key is there")
        } else {
            match nearest_operator(name) {
                Some(meant) => finding.with_help(format!("did you mean `{meant}`?")),
                None => finding.with_help(
                    "an operator is a comparison such as `StringEquals`, with `ForAllValues:` or \
                     `ForAnyValue:` before it and `IfExists` after it where needed",
                ),
            }
        };
        self.report(finding);
        None
    }

    fn block(
        &mut self,
        operator: Spanned<Operator>,
        members: &[Member<'_>],
        conditions: &mut Vec<Condition>,
    ) {
        // PE-DOC-06
        let differ = all_differ(members, ContextKey::same);
        for (member, first) in duplicates_by(members, |key| key.to_lowercase().into()).filter(|_| !differ) {
            let message = format!("the key {} occurs twice under `{}`", quote(&member.key), operator.value);
            let finding = self
                .error(Code::DuplicateKey, member.key_span, message)
                .with_related(first, "first here; condition keys compare without case")
                .with_help("put the values into one list");
            self.report(finding);
        }
        for member in members {
            if let Some(near) = misspelt_global_key(&member.key) {
                // PE-CND-07
                let message =
                    format!("{} is no global condition key, and so never present", quote(&member.key));
                let finding = self.warning(Code::UnknownConditionKey, member.key_span, message);
                self.report(match near {
                    Some(meant) => finding.with_help(format!("did you mean `{meant}`?")),
                    None => finding,
                });
            }
            let values = self.values(operator.value, member);
            let key = Spanned::new(ContextKey::new(&member.key), member.key_span);
            conditions.push(Condition { operator, key, values });
        }
    }

    fn values(&mut self, operator: Operator, member: &Member<'_>) -> Box<[Spanned<ConditionValue>]> {
        let nodes = one_or_many(&member.value);
        if nodes.is_empty() {
            // PE-CND-14
            let message = format!("the list of values for {} is empty", quote(&member.key));
            let finding = self
                .warning(Code::EmptyList, member.value.span, message)
                .with_help("list at least one value");
            self.report(finding);
        }
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            // PE-DOC-08
            let text: &str = match &node.value {
                Value::String(text) => text,
                Value::Number(text) => text,
                Value::Bool(true) => "true",
                Value::Bool(false) => "false",
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    let what = format!("a value of {}", quote(&member.key));
                    self.wrong_type(&what, "a string, a number or a boolean", node);
                    continue;
                }
            };
            let value = self.value(operator, text, node.span);
            values.push(Spanned::new(value, node.span));
        }
        values.into()
    }

    fn value(&mut self, operator: Operator, text: &str, span: Span) -> ConditionValue {
        let comparison = operator.comparison;
        let written = text.contains("${");
        if !comparison.has_variables() {
            if written && comparison.family() != Family::Date {
                // PE-VAR-02
                let message = format!("the variable in {} stays plain text under `{operator}`", quote(text));
                let finding = self
                    .warning(Code::PlainVariable, span, message)
                    .with_help("variables are filled in under string and ARN operators only");
                self.report(finding);
            } else {
                self.readable(operator, text, span);
            }
            return ConditionValue::new(text, None);
        }
        if written && !self.variables {
            self.plain_variable(text, span);
        }
        let syntax = Syntax { wildcards: comparison.has_wildcards(), variables: self.variables };
        let template = match Template::parse(text, syntax) {
            Ok(template) => Some(template),
            Err(error) => {
                self.invalid_variable(error, text, span);
                None
            }
        };
        self.readable(operator, text, span);
        ConditionValue::new(text, template)
    }

    /// Reports a value that the operator can't read, and that therefore never compares (PE-TYP-20).
    fn readable(&mut self, operator: Operator, text: &str, span: Span) {
        if let Err(wanted) = value::readable(operator.comparison.family(), text) {
            let message = format!("`{operator}` can't read {}", quote(text));
            // POL-12, PE-DAT-06: IAM reads dates when it stores a document, and nothing else.
            let refused = self.rules.stored_by_iam
                && operator.comparison.family() == Family::Date
                && !date::is_storable(text);
            let finding = if refused {
                self.error(Code::UnreadableValue, span, message)
            } else {
                self.warning(Code::UnreadableValue, span, message)
            };
            self.report(finding.with_help(format!("write {wanted}")));
        }
    }
}

/// The nearest full name; qualifier and comparison are compared apart.
fn nearest_operator(name: &str) -> Option<String> {
    let (prefix, rest) = match name.rsplit_once(':') {
        Some((prefix, rest)) => {
            let qualifiers = [SetQualifier::ForAllValues, SetQualifier::ForAnyValue];
            let meant = nearest(prefix.trim_end_matches(':'), qualifiers.map(SetQualifier::as_str))?;
            (format!("{meant}:"), rest)
        }
        None => (String::new(), name),
    };
    let names = Comparison::ALL.iter().map(|comparison| comparison.as_str());
    let suffixed = names.clone().filter(|name| *name != "Null").map(|name| format!("{name}IfExists"));
    let all: Vec<String> = names.map(str::to_owned).chain(suffixed).collect();
    let meant = nearest(rest, all.iter().map(String::as_str))?;
    Some(format!("{prefix}{meant}"))
}
