//! A policy made ready to run: values of conditions are read once, text is kept where it is.
//!
//! Compiling cannot fail: a [`Policy`] is valid, and a listed value that is not of its operator's type is
//! kept as such.

use std::collections::BTreeSet;

use iamsim_policy::wildcard::Token;
use iamsim_policy::{
    Comparison, Condition, Family, Piece, Policy, Statement, Template, fixed_tokens, split_tokens,
};
use ipnet::IpNet;

use crate::condition::begins_with_arn;
use crate::statement::index_of;
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
    statements: Box<[CompiledStatement]>,
    /// Which statements can reach the actions of a service: sorted by service prefix.
    by_service: Box<[Reached]>,
    /// Which statements can reach the actions of every other service.
    elsewhere: Box<[u32]>,
}

/// A service prefix and the statements that can reach its actions.
#[derive(Clone, Debug)]
struct Reached {
    service: Box<str>,
    statements: Box<[u32]>,
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
        let statements = policy.statements();
        let services: BTreeSet<&str> = statements.iter().flat_map(services_of).collect();
        let reaching = |service: Option<&str>| {
            let reached = statements.iter().enumerate().filter(|(_, statement)| reaches(statement, service));
            reached.map(|(index, _)| index_of(index)).collect()
        };
        Self {
            policy: policy.clone(),
            statements: statements.iter().map(statement).collect(),
            by_service: services
                .iter()
                .map(|service| Reached { service: (*service).into(), statements: reaching(Some(service)) })
                .collect(),
            elsewhere: reaching(None),
        }
    }

    /// The policy it was made of.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The listed values of one condition of a statement.
    pub(crate) fn operands(&self, statement: usize, condition: usize) -> &[Operand] {
        let conditions = self.statements.get(statement).map(|statement| &*statement.conditions);
        conditions
            .and_then(|conditions| conditions.get(condition))
            .map(|operands| &**operands)
            .unwrap_or_default()
    }

    /// A statement with its compiled parts.
    pub(crate) fn statement(&self, index: usize) -> Option<(&Statement, &CompiledStatement)> {
        self.policy.statements().get(index).zip(self.statements.get(index))
    }

    /// The statements that can reach an action of a service, in the order written. A statement that is left
    /// out could not match whatever the request.
    pub(crate) fn candidates(&self, service: &str) -> &[u32] {
        let found = self.by_service.binary_search_by(|reached| (*reached.service).cmp(service));
        found
            .ok()
            .and_then(|at| self.by_service.get(at))
            .map_or(&self.elsewhere, |reached| &reached.statements)
    }
}

/// The service prefixes that a statement's `Action` names.
fn services_of(statement: &Statement) -> impl Iterator<Item = &str> {
    statement.action().patterns().iter().filter_map(|pattern| pattern.value.service())
}

/// Whether a statement could match some action of a service; none stands for services it does not name.
fn reaches(statement: &Statement, service: Option<&str>) -> bool {
    let clause = statement.action();
    clause.is_negated()
        || clause.patterns().iter().any(|pattern| {
            let named = |named: &str| Some(named) == service || named.contains(['*', '?']);
            pattern.value.is_any() || pattern.value.service().is_some_and(named)
        })
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
