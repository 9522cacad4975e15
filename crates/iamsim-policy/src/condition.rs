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
pub struct ConditionValue(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// For operators without wildcards and variables.
    Text(Box<str>),
    /// The text is the one piece of the template.
    Plain(Template),
    /// A text that was cut.
    Cut(Box<(Box<str>, Template)>),
}

impl Condition {
    /// The operator.
    #[inline]
    pub fn operator(&self) -> Operator {
        self.operator.value
    }

    /// Where the operator's name stands.
    pub fn operator_span(&self) -> Span {
        self.operator.span
    }

    /// The context key.
    #[inline]
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
    pub(crate) fn new(text: &str, template: Option<Template>) -> Self {
        Self(match template {
            None => Form::Text(text.into()),
            Some(template) if template.as_plain() == Some(text) => Form::Plain(template),
            Some(template) => Form::Cut(Box::new((text.into(), template))),
        })
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Text(text) => text,
            Form::Plain(template) => template.as_plain().unwrap_or_default(),
            Form::Cut(cut) => &cut.0,
        }
    }

    /// The value cut into pieces, for the operators that have wildcards or variables.
    pub fn template(&self) -> Option<&Template> {
        match &self.0 {
            Form::Text(_) => None,
            Form::Plain(template) => Some(template),
            Form::Cut(cut) => Some(&cut.1),
        }
    }
}
