//! Statements: `Sid`, `Effect`, and the pairs of elements that exclude each other.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, quote};
use crate::json::{Member, Node, Value};
use crate::policy::{Effect, PolicyKind, Statement};
use crate::source::Span;
use crate::suggest::nearest;

use super::{Elements, Lowering, with_article};

/// The elements of a statement (PE-DOC-03).
pub(crate) const STATEMENT: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl Lowering<'_> {
    pub(super) fn statements(&mut self, node: &Node<'_>) -> Vec<Statement> {
        let nodes: &[Node<'_>] = match &node.value {
            Value::Object(_) => std::slice::from_ref(node),
            Value::Array(nodes) => nodes,
            _ => {
                self.wrong_type("`Statement`", "an object or an array of objects", node);
                return Vec::new();
            }
        };
        if nodes.is_empty() {
            let finding = self
                .error(Code::NoStatements, node.span, "a policy has at least one statement")
                .with_help("add a statement, or detach the policy that is to say nothing");
            self.report(finding);
        }
        let mut sids = BTreeMap::new();
        let statements = nodes.iter().filter_map(|node| self.statement(node, &mut sids)).collect();
        if self.kind == PolicyKind::ResourceControl {
            self.resource_control_effects(&statements);
        }
        statements
    }

    fn statement<'n>(&mut self, node: &'n Node<'_>, sids: &mut BTreeMap<&'n str, Span>) -> Option<Statement> {
        let Value::Object(members) = &node.value else {
            self.wrong_type("a statement", "an object", node);
            return None;
        };
        let elements = self.elements(members, STATEMENT, "a statement");
        let sid = elements.get("Sid").and_then(|member| self.sid(member, sids));
        let effect = self.effect(node, elements.get("Effect"));
        let principal = self.principal_element(node, &elements, effect);
        let action = self.pair(&elements, "Action", "NotAction");
        if action.is_none() {
            self.missing("Action", "a statement", node);
        }
        let action = action.and_then(|(member, negated)| self.actions(member, negated));
        let resource = self.resource_element(node, &elements);
        let conditions = elements.get("Condition").map(|member| self.conditions(&member.value));
        Some(Statement {
            span: node.span,
            sid,
            effect: effect?,
            principal: principal.map(Box::new),
            action: action?,
            resource,
            conditions: conditions.unwrap_or_default().into(),
        })
    }

    /// The member of a pair that is there, and whether it is the negated one. Both together are an error,
    /// and the first is read on.
    pub(super) fn pair<'n, 's>(
        &mut self,
        elements: &Elements<'n, 's>,
        plain: &str,
        negated: &str,
    ) -> Option<(&'n Member<'s>, bool)> {
        match (elements.get(plain), elements.get(negated)) {
            (Some(first), Some(second)) => {
                let message = format!("a statement has `{plain}` or `{negated}`, not both");
                let (earlier, later) =
                    if first.key_span <= second.key_span { (first, second) } else { (second, first) };
                let finding = self
                    .error(Code::ConflictingElements, later.key_span, message)
                    .with_related(earlier.key_span, "the other one is here")
                    .with_help("make two statements of it");
                self.report(finding);
                Some((first, false))
            }
            (Some(member), None) => Some((member, false)),
            (None, Some(member)) => Some((member, true)),
            (None, None) => None,
        }
    }

    /// PE-DOC-13, PE-DOC-14
    fn sid<'n>(&mut self, member: &'n Member<'_>, sids: &mut BTreeMap<&'n str, Span>) -> Option<Box<str>> {
        let Value::String(text) = &member.value.value else {
            self.wrong_type("`Sid`", "a string", &member.value);
            return None;
        };
        let span = member.value.span;
        let strict = self.rules.strict_sids;
        if strict && !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("the Sid {} holds more than letters and digits", quote(text));
            let finding = self
                .error(Code::InvalidSid, span, message)
                .with_help("IAM takes `A` to `Z`, `a` to `z` and `0` to `9` only");
            self.report(finding);
        }
        if !text.is_empty() {
            if let Some(first) = sids.get(&**text) {
                let message = format!("two statements have the Sid {}", quote(text));
                let finding = if strict {
                    self.error(Code::DuplicateSid, span, message)
                } else {
                    self.warning(Code::DuplicateSid, span, message)
                };
                let finding = finding
                    .with_related(*first, "first here")
                    .with_help("give each statement its own, or none");
                self.report(finding);
            } else {
                sids.insert(text, span);
            }
        }
        Some(text.as_ref().into())
    }

    fn effect(&mut self, statement: &Node<'_>, member: Option<&Member<'_>>) -> Option<Effect> {
        let Some(member) = member else {
            self.missing("Effect", "a statement", statement);
            return None;
        };
        let Value::String(text) = &member.value.value else {
            self.wrong_type("`Effect`", "a string", &member.value);
            return None;
        };
        match &**text {
            "Allow" => Some(Effect::Allow),
            "Deny" => Some(Effect::Deny),
            _ => {
                let message = format!("`Effect` is `Allow` or `Deny`, not {}", quote(text));
                let finding = self.error(Code::InvalidEffect, member.value.span, message);
                self.report(match nearest(text, ["Allow", "Deny"]) {
                    Some(meant) if meant.eq_ignore_ascii_case(text) => {
                        finding.with_help(format!("write `{meant}`: the case counts"))
                    }
                    Some(meant) => finding.with_help(format!("did you mean `{meant}`?")),
                    None => finding,
                });
                None
            }
        }
    }

    /// Customer policies deny; the one that allows is AWS's own `RCPFullAWSAccess` (PE-TYP-09).
    fn resource_control_effects(&mut self, statements: &Vec<Statement>) {
        let full_access = |statement: &Statement| {
            let any_action = statement.action.patterns.iter().any(|pattern| pattern.value.is_any());
            let any_resource = statement.resource.as_ref().is_some_and(|resource| {
                !resource.negated && resource.patterns.iter().any(|pattern| pattern.value.as_str() == "*")
            });
            any_action && !statement.action.negated && any_resource && statement.conditions.is_empty()
        };
        for statement in statements {
            if statement.effect == Effect::Allow && !(statements.len() == 1 && full_access(statement)) {
                let brace = Span::new(statement.span.start, statement.span.start + 1);
                let finding = self
                    .error(Code::ForbiddenElement, brace, "a resource control policy can't allow")
                    .with_help(
                        "write a `Deny`; everything is allowed by `RCPFullAWSAccess`, which is AWS's own",
                    );
                self.report(finding);
            }
        }
    }

    /// An element that the kind forbids is there.
    pub(super) fn forbidden(&mut self, member: &Member<'_>, help: &'static str) {
        let message = format!("{} has no {}", with_article(self.kind), quote(&member.key));
        let finding = self.error(Code::ForbiddenElement, member.key_span, message).with_help(help);
        self.report(finding);
    }
}
