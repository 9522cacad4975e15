//! What is expected of a step.

use iamsim_policy::json::{Node, Value};
use iamsim_policy::suggest::nearest;

use crate::file::{Expectation, Expected, StatementName};
use crate::finding::Code;
use crate::format::{DECISIONS, EXPECTATION, LAYERS, Object, errors};
use crate::read::{value, values};
use crate::reader::{Fields, Reader, Text, listed};

impl Reader<'_, '_> {
    pub(super) fn expectation(&mut self, node: &Node<'_>, object: &Object) -> Option<Expectation> {
        if let Value::String(_) = &node.value {
            let text = self.text(Some(node), "`expect`")?;
            let outcome = self.expected(&text, object)?;
            return Some(Expectation { outcome: Some(outcome), ..Expectation::default() });
        }
        if !matches!(node.value, Value::Object(_)) {
            self.wrong_type(node, "`expect`", "a decision, an AWS error code, or an object");
            return None;
        }
        let fields = self.object(node, &EXPECTATION)?;
        self.check_expectable(&fields, object);
        let decision = self.text(fields.get("decision"), "`decision`");
        let decision = decision.and_then(|text| {
            self.word(&text, DECISIONS, "a decision")?;
            self.expected(&text, object)
        });
        let error = self.text(fields.get("error"), "`error`");
        let error =
            error.and_then(|text| self.word(&text, &errors(), "an AWS error code")).map(Expected::Error);
        if let (Some(_), Some(_)) = (&decision, &error) {
            self.error_with_help(
                Code::ConflictingFields,
                fields.key_span("error"),
                "`decision` and `error` exclude each other",
                "a refused call has an error, a question that was answered has a decision",
            );
        }
        let layer = self.text(fields.get("layer"), "`layer`");
        if let Some(layer) = &layer {
            self.word(layer, LAYERS, "a layer");
        }
        let statement = match fields.get("statement") {
            Some(node @ Node { value: Value::Number(_), .. }) => {
                self.count(node, "`statement`").map(StatementName::Number)
            }
            node => self.text(node, "`statement`").map(|sid| StatementName::Sid(sid.value)),
        };
        let unknown = fields.get("unknown").map(|node| values(self.texts(Some(node), "`unknown`")));
        Some(Expectation {
            outcome: error.or(decision),
            layer: layer.map(value),
            policy: self.text(fields.get("policy"), "`policy`").map(value),
            statement,
            reason: self.text(fields.get("reason"), "`reason`").map(value),
            message: self.text(fields.get("message"), "`message`").map(value),
            unknown,
            arn: self.text(fields.get("arn"), "`arn`").map(value),
            lasts: self.duration(fields.get("lasts"), "`lasts`"),
            link: self.text(fields.get("link"), "`link`").map(value),
        })
    }

    /// What can be expected depends on what a step comes to: a decision, a session, or nothing.
    fn check_expectable(&mut self, fields: &Fields<'_, '_>, object: &Object) {
        let never: &[&str] = match object.id {
            "do" => &["arn", "lasts", "link"],
            "switchRole" => &["policy", "statement", "unknown"],
            "change" | "delete" | "rename" => {
                &["arn", "lasts", "link", "layer", "policy", "statement", "unknown"]
            }
            _ => &["policy", "statement", "link"],
        };
        for name in never {
            if fields.get(name).is_some() {
                let message = format!("{} has no `{name}` to expect", object.name);
                let help = match object.id {
                    "do" => "it is asked of a step that opens a session",
                    _ => "it is asked of a question, or of a step that opens a session",
                };
                self.error_with_help(Code::ConflictingFields, fields.key_span(name), message, help);
            }
        }
    }

    /// A decision, for a question; for other steps only `allow`; or an AWS error code.
    fn expected(&mut self, text: &Text, object: &Object) -> Option<Expected> {
        let decision = match text.value.as_str() {
            "allow" => Some(Expected::Allow),
            "deny" => Some(Expected::Deny),
            "implicit deny" => Some(Expected::ImplicitDeny),
            "explicit deny" => Some(Expected::ExplicitDeny),
            "undetermined" => Some(Expected::Undetermined),
            _ => None,
        };
        match decision {
            Some(Expected::Allow | Expected::Undetermined) => decision,
            Some(_) if object.id != "do" => {
                self.error_with_help(
                    Code::InvalidValue,
                    text.span,
                    format!("{} does not come to `{}`: it succeeds or has an error", object.name, text.value),
                    "expect an AWS error code, such as `AccessDenied`",
                );
                None
            }
            Some(_) => decision,
            None => {
                let decisions = match object.id {
                    "do" => DECISIONS,
                    _ => &["allow", "undetermined"],
                };
                let errors = errors();
                if let Some(code) = errors.iter().find(|code| **code == text.value) {
                    return Some(Expected::Error(code));
                }
                let help = match nearest(&text.value, decisions.iter().chain(&errors).copied()) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => format!(
                        "it is one of {}, or an AWS error code such as `AccessDenied`",
                        listed(decisions.iter().copied())
                    ),
                };
                let message = format!("`{}` is neither a decision nor an AWS error code", text.value);
                self.error_with_help(Code::InvalidValue, text.span, message, help);
                None
            }
        }
    }
}
