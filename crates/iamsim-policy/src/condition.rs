//! One condition of a statement: an operator, a context key, and the listed values (PE-CND).

use crate::key::ContextKey;
use crate::operator::Operator;
use crate::source::{Span, Spanned};
use crate::template::Template;

/// `"operator": { "key": values }`: one key under one operator. All conditions of a statement must hold
/// (PE-CND-01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(crate) operator: Spanned<Operator>,
    pub(crate) key: Spanned<ContextKey>,
    pub(crate) values: Box<[Spanned<ConditionValue>]>,
}

/// One listed value. Numbers and booleans are kept as their text (PE-DOC-08).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionValue {
    pub(crate) text: Box<str>,
    /// The pieces, for string and ARN operators.
    pub(crate) template: Option<Template>,
}

impl Condition {
    /// The operator.
    pub fn operator(&self) -> Operator {
        self.operator.value
    }

    /// Where the operator's name stands.
    pub fn operator_span(&self) -> Span {
        self.operator.span
    }

    /// The context key.
    pub fn key(&self) -> &ContextKey {
        &self.key.value
    }

    /// Where the key's name stands.
    pub fn key_span(&self) -> Span {
        self.key.span
    }

    /// The listed values, in the order written; an empty list is legal (PE-CND-14).
    pub fn values(&self) -> &[Spanned<ConditionValue>] {
        &self.values
    }
}

impl ConditionValue {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value cut into pieces, for the operators that have wildcards or variables.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }
}
