//! A policy made ready to run: values of conditions are read once, text is kept where it is.
//!
//! Compiling cannot fail: a [`Policy`] is valid, and a listed value that is not of its operator's type is
//! kept as such.

use iamsim_policy::wildcard::Token;
use iamsim_policy::{
    Comparison, Condition, Family, Piece, Policy, Statement, Template, fixed_tokens, split_tokens,
};
use ipnet::IpNet;

use crate::condition::begins_with_arn;
use crate::value::{self, Instant, Number};

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
#[derive(Clone, Debug)]
pub struct Program {
    policy: Policy,
    pub(crate) statements: Box<[CompiledStatement]>,
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledStatement {
    /// One list of operands a condition, in the order of the statement's conditions.
    pub(crate) conditions: Box<[Box<[Operand]>]>,
}

/// A listed value, read as its operator's type.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// Plain text, for string operators.
    Text(Box<str>),
    /// Text with wildcards or variables, for string operators.
    Pieces(Box<[Piece]>),
    /// An ARN pattern without variables, cut into its six parts.
    ArnParts(Box<[Box<[Piece]>]>),
    /// An ARN pattern with variables: cut when they are filled in.
    ArnPieces(Box<[Piece]>),
    Number(Number),
    Instant(Instant),
    Truth(bool),
    Bytes(Box<[u8]>),
    Range(IpNet),
    /// Not a value of the operator's type: matches nothing.
    Unreadable,
}

impl Program {
    /// Compiles a policy.
    pub fn compile(policy: &Policy) -> Self {
        Self { policy: policy.clone(), statements: policy.statements().iter().map(statement).collect() }
    }

    /// The policy it was made of.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Statements with their compiled parts.
    pub(crate) fn statements(&self) -> impl Iterator<Item = (&Statement, &CompiledStatement)> {
        self.policy.statements().iter().zip(&self.statements)
    }
}

fn statement(statement: &Statement) -> CompiledStatement {
    CompiledStatement { conditions: statement.conditions().iter().map(operands).collect() }
}

fn operands(condition: &Condition) -> Box<[Operand]> {
    let comparison = condition.operator().comparison;
    condition
        .values()
        .iter()
        .map(|listed| operand(comparison, listed.value.as_str(), listed.value.template()))
        .collect()
}

fn operand(comparison: Comparison, text: &str, template: Option<&Template>) -> Operand {
    let read = match comparison.family() {
        Family::String => return string_operand(text, template),
        Family::Arn => return arn_operand(text, template),
        Family::Numeric => Number::parse(text).map(Operand::Number),
        Family::Date => value::instant(text).map(Operand::Instant),
        Family::Bool | Family::Null => value::truth_value(text).map(Operand::Truth),
        Family::Binary => value::bytes(text).map(|bytes| Operand::Bytes(bytes.into())),
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

fn arn_operand(text: &str, template: Option<&Template>) -> Operand {
    let plain = Template::plain(text);
    let template = template.unwrap_or(&plain);
    let Some(tokens) = fixed_tokens(template) else {
        return Operand::ArnPieces(template.pieces().into());
    };
    match split_tokens(&tokens).filter(begins_with_arn) {
        None => Operand::Unreadable,
        Some(parts) => Operand::ArnParts(
            parts.iter().map(|part| part.iter().map(|token| piece(*token)).collect()).collect(),
        ),
    }
}

fn piece(token: Token<'_>) -> Piece {
    match token {
        Token::Text(text) => Piece::Text(text.into()),
        Token::One => Piece::One,
        Token::Run => Piece::Run,
    }
}
