//! A policy made ready to run: values of conditions are read once, text is kept where it is.
//!
//! Compiling cannot fail: a [`Policy`] is valid, and a listed value that is not of its operator's type is
//! kept as such.

use std::sync::Arc;

use iamsim_policy::{
    ARN_PARTS, Comparison, Condition, ContextKey, Family, Piece, Policy, ResourceClause, ResourcePattern,
    Statement, Template,
};
use ipnet::IpNet;

use crate::hash::hash;
use crate::index::Index;
use crate::resource::CompiledResource;
use crate::services;
use crate::value::{self, Instant, NumberShape};

/// A compiled policy. It keeps the policy it was made of, so that a decision can name its statements.
///
/// ```
/// use iamsim_eval::Program;
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
/// )?;
/// assert_eq!(Program::compile(&policy).policy().statements().len(), 1);
/// # Ok::<(), iamsim_policy::PolicyError>(())
/// ```
///
/// Cloning is a few reference counts. Policies of the same kind and text share what was compiled, whatever
/// they are called and wherever they stand: see [`share`](Self::share).
#[derive(Clone, Debug)]
pub struct Program {
    policy: Policy,
    compiled: Arc<Compiled>,
}

/// What follows from a policy's kind and text. It has no names and no places, so those may differ.
#[derive(Debug)]
struct Compiled {
    statements: Box<[CompiledStatement]>,
    index: Index,
    /// Whether it counts as public on a bucket (PE-S3-03).
    is_public: bool,
    /// Every context key that a condition or a policy variable asks for, each once.
    keys: Box<[ContextKey]>,
}

/// A statement as it is written, with its compiled parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready<'p> {
    pub(crate) written: &'p Statement,
    pub(crate) parts: &'p CompiledStatement,
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledStatement {
    pub(crate) resource: CompiledResource,
    /// In the order of the statement's conditions.
    pub(crate) conditions: Box<[CompiledCondition]>,
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledCondition {
    /// The hash of the key in lower case.
    pub(crate) key_hash: u64,
    /// Whether a single value satisfies it when it is the same text as a listed one, or with a negated operator
    /// when it is not: most conditions are so.
    pub(crate) compares_text: bool,
    pub(crate) operands: Box<[Operand]>,
}

/// A listed value, read as its operator's type.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// Plain text, for string operators.
    Text(Box<str>),
    /// Text with wildcards or variables, for string operators.
    Pieces(Box<[Piece]>),
    /// An ARN pattern cut into its six parts. What is filled in for a variable stays within its part.
    ArnParts(Box<[Box<[Piece]>]>),
    /// The text, and where its digits stand.
    Number(Box<str>, NumberShape),
    Instant(Instant),
    Truth(bool),
    /// Base64, which writes bytes in one way only.
    Bytes(Box<str>),
    Range(IpNet),
    /// Not a value of the operator's type: matches nothing.
    Unreadable,
}

impl Program {
    /// Compiles a policy.
    pub fn compile(policy: &Policy) -> Self {
        let compiled = |statement: &Statement| CompiledStatement {
            resource: CompiledResource::new(statement.resource(), policy.kind()),
            conditions: statement.conditions().iter().map(condition).collect(),
        };
        let compiled = Compiled {
            statements: policy.statements().iter().map(compiled).collect(),
            index: Index::new(policy),
            is_public: services::is_public(policy),
            keys: keys_of(policy),
        };
        Self { policy: policy.clone(), compiled: Arc::new(compiled) }
    }

    /// The program of another policy, when that is of the same kind and text: nothing is compiled, and what it
    /// decides is told with the other policy's name and places.
    ///
    /// ```
    /// use iamsim_eval::Program;
    /// use iamsim_policy::{Policy, PolicyKind, Source};
    ///
    /// let text = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    /// let reader = Policy::parse(PolicyKind::Identity, Source::new("reader", text))?;
    /// let compiled = Program::compile(&reader);
    /// let writer = compiled.share(&reader.named("writer")).unwrap();
    /// assert_eq!(writer.policy().source().name(), "writer");
    /// assert!(writer.is_shared_with(&compiled));
    /// let session = Policy::parse(PolicyKind::Session, text)?;
    /// assert!(compiled.share(&session).is_none(), "a session policy is read otherwise");
    /// # Ok::<(), iamsim_policy::PolicyError>(())
    /// ```
    pub fn share(&self, policy: &Policy) -> Option<Self> {
        let own = self.policy.source().text_of(self.policy.span());
        let other = policy.source().text_of(policy.span());
        let is_same = self.policy.kind() == policy.kind() && (std::ptr::eq(own, other) || own == other);
        is_same.then(|| Self { policy: policy.clone(), compiled: self.compiled.clone() })
    }

    /// Whether both are one compiled policy, under whatever names.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.compiled, &other.compiled)
    }

    /// What tells compiled policies apart, as long as they live.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.compiled).addr()
    }

    /// Every context key that its conditions and policy variables ask for, each once, in order.
    ///
    /// ```
    /// use iamsim_eval::Program;
    /// use iamsim_policy::{Policy, PolicyKind};
    ///
    /// let policy = Policy::parse(
    ///     PolicyKind::Identity,
    ///     r#"{"Version": "2012-10-17", "Statement": {
    ///         "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*",
    ///         "Condition": {"StringEquals": {"s3:prefix": "${aws:PrincipalTag/team}/"}}}}"#,
    /// )?;
    /// let program = Program::compile(&policy);
    /// let keys: Vec<_> = program.keys().iter().map(|key| key.folded()).collect();
    /// assert_eq!(keys, ["aws:principaltag/team", "aws:username", "s3:prefix"]);
    /// # Ok::<(), iamsim_policy::PolicyError>(())
    /// ```
    pub fn keys(&self) -> &[ContextKey] {
        &self.compiled.keys
    }

    /// The policy it was made of.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The listed values of one condition of a statement.
    pub(crate) fn operands(&self, statement: usize, condition: usize) -> &[Operand] {
        let conditions = self.compiled.statements.get(statement).map(|statement| &*statement.conditions);
        conditions
            .and_then(|conditions| conditions.get(condition))
            .map(|condition| &*condition.operands)
            .unwrap_or_default()
    }

    /// A statement with its compiled parts.
    #[inline]
    pub(crate) fn statement(&self, index: usize) -> Option<Ready<'_>> {
        let written = self.policy.statements().get(index)?;
        Some(Ready { written, parts: self.compiled.statements.get(index)? })
    }

    /// What its statements are found by.
    pub(crate) fn index(&self) -> &Index {
        &self.compiled.index
    }

    /// Whether it counts as public on a bucket (PE-S3-03).
    pub(crate) fn is_public(&self) -> bool {
        self.compiled.is_public
    }
}

fn keys_of(policy: &Policy) -> Box<[ContextKey]> {
    let mut keys = Vec::new();
    for statement in policy.statements() {
        for pattern in statement.resource().map(ResourceClause::patterns).unwrap_or_default() {
            if let ResourcePattern::Arn(arn) = &pattern.value {
                keys.extend(arn.resource().variables().cloned());
            }
        }
        for condition in statement.conditions() {
            keys.push(condition.key().clone());
            let templates = condition.values().iter().filter_map(|listed| listed.value.template());
            keys.extend(templates.flat_map(Template::variables).cloned());
        }
    }
    keys.sort();
    keys.dedup();
    keys.into()
}

fn condition(condition: &Condition) -> CompiledCondition {
    let comparison = condition.operator().comparison;
    let operands: Box<[Operand]> = condition
        .values()
        .iter()
        .map(|listed| operand(comparison, listed.value.as_str(), listed.value.template()))
        .collect();
    let respects_case =
        !matches!(comparison, Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase);
    let compares_text = comparison.family() == Family::String
        && respects_case
        && condition.operator().qualifier.is_none()
        && !operands.is_empty()
        && operands.iter().all(|operand| matches!(operand, Operand::Text(_)));
    CompiledCondition { key_hash: hash(condition.key().folded()), compares_text, operands }
}

fn operand(comparison: Comparison, text: &str, template: Option<&Template>) -> Operand {
    let read = match comparison.family() {
        Family::String => return string_operand(text, template),
        Family::Arn => return arn_operand(text, template),
        Family::Numeric => NumberShape::of(text).map(|shape| Operand::Number(text.into(), shape)),
        Family::Date => value::instant(text).map(Operand::Instant),
        Family::Bool | Family::Null => value::truth_value(text).map(Operand::Truth),
        Family::Binary => value::is_bytes(text).then(|| Operand::Bytes(text.into())),
        Family::Ip => value::range(text).map(Operand::Range),
    };
    read.unwrap_or(Operand::Unreadable)
}

fn string_operand(text: &str, template: Option<&Template>) -> Operand {
    match template {
        None => Operand::Text(text.into()),
        Some(template) => match template.as_plain() {
            Some(plain) => Operand::Text(plain.into()),
            None => Operand::Pieces(template.pieces().into()),
        },
    }
}

/// Whether an ARN pattern must begin with `arn` and have six parts to match anything, so that `*` is not any
/// ARN. Low confidence (PE-ARN-03): otherwise the first part is not looked at and missing parts are `*`, as
/// IAM completes a short ARN.
const ONLY_WHOLE_ARNS_MATCH: bool = true;

fn arn_operand(text: &str, template: Option<&Template>) -> Operand {
    let plain = Template::plain(text);
    let mut parts = arn_parts(template.unwrap_or(&plain).pieces());
    if ONLY_WHOLE_ARNS_MATCH {
        let begins_with_arn = match parts.first().map(Vec::as_slice) {
            Some([Piece::Text(first)]) => **first == *"arn",
            _ => false,
        };
        if !begins_with_arn || parts.len() < ARN_PARTS {
            return Operand::Unreadable;
        }
    } else {
        parts.resize_with(ARN_PARTS, || vec![Piece::Run]);
    }
    Operand::ArnParts(parts.into_iter().map(Into::into).collect())
}

/// Cuts pieces at their first five colons; a colon in the name of a variable is none.
fn arn_parts(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let mut rest = match piece {
            Piece::Text(text) => &**text,
            other => {
                if let Some(part) = parts.last_mut() {
                    part.push(other.clone());
                }
                continue;
            }
        };
        while parts.len() < ARN_PARTS
            && let Some((before, after)) = rest.split_once(':')
        {
            push_text(&mut parts, before);
            parts.push(Vec::new());
            rest = after;
        }
        push_text(&mut parts, rest);
    }
    parts
}

fn push_text(parts: &mut [Vec<Piece>], text: &str) {
    if let Some(part) = parts.last_mut()
        && !text.is_empty()
    {
        part.push(Piece::Text(text.into()));
    }
}
