//! A policy made ready to run: values of conditions are read once, text is kept where it is.
//!
//! Compiling cannot fail: a [`Policy`] is valid, and a listed value that is not of its operator's type is
//! kept as such.

use std::collections::BTreeMap;

use iamsim_policy::{
    ARN_PARTS, Comparison, Condition, ContextKey, Family, Piece, Policy, ResourceClause, ResourcePattern,
    Statement, Template,
};
use ipnet::IpNet;

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
    /// Which statements name the actions of a service, by service prefix.
    by_service: BTreeMap<Box<str>, Vec<u32>>,
    /// Which statements can reach the actions of any service.
    everywhere: Vec<u32>,
    /// Every context key that a condition or a policy variable asks for, each once.
    keys: Box<[ContextKey]>,
}

/// The statements that can reach an action of a service, in the order written.
pub(crate) struct Candidates<'p> {
    named: &'p [u32],
    everywhere: &'p [u32],
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let from = match (self.named.first(), self.everywhere.first()) {
            (Some(named), Some(everywhere)) if named < everywhere => &mut self.named,
            (_, Some(_)) => &mut self.everywhere,
            (_, None) => &mut self.named,
        };
        let (first, rest) = from.split_first()?;
        *from = rest;
        Some(*first)
    }
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
    /// An ARN pattern cut into its six parts. What is filled in for a variable stays within its part.
    ArnParts(Box<[Box<[Piece]>]>),
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
        let mut by_service: BTreeMap<Box<str>, Vec<u32>> = BTreeMap::new();
        let mut everywhere = Vec::new();
        for (index, statement) in policy.statements().iter().enumerate() {
            let index = index_of(index);
            if reaches_everywhere(statement) {
                everywhere.push(index);
                continue;
            }
            for service in services_of(statement) {
                let named = by_service.entry(service.into()).or_default();
                if named.last() != Some(&index) {
                    named.push(index);
                }
            }
        }
        let statements = policy.statements().iter().map(statement).collect();
        let keys = keys_of(policy);
        Self { policy: policy.clone(), statements, by_service, everywhere, keys }
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
        &self.keys
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
    pub(crate) fn candidates(&self, service: &str) -> Candidates<'_> {
        let named = self.by_service.get(service).map(Vec::as_slice).unwrap_or_default();
        Candidates { named, everywhere: &self.everywhere }
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

/// The service prefixes that a statement's `Action` names.
fn services_of(statement: &Statement) -> impl Iterator<Item = &str> {
    statement.action().patterns().iter().filter_map(|pattern| pattern.value.service())
}

/// Whether a statement could match actions of services it does not name.
fn reaches_everywhere(statement: &Statement) -> bool {
    let clause = statement.action();
    let is_wild = |service: &str| service.contains(['*', '?']);
    clause.is_negated()
        || clause
            .patterns()
            .iter()
            .any(|pattern| pattern.value.is_any() || pattern.value.service().is_some_and(is_wild))
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

#[cfg(test)]
mod tests {
    use iamsim_policy::PolicyKind;

    use super::*;

    #[test]
    fn candidates_are_all_that_could_match_in_the_order_written() {
        let statement = |action: &str| format!(r#"{{"Effect": "Allow", {action}, "Resource": "*"}}"#);
        let statements = [
            statement(r#""Action": "s3:*""#),
            statement(r#""Action": "*""#),
            statement(r#""Action": ["sqs:SendMessage", "S3:Get*", "s3:Put*"]"#),
            statement(r#""NotAction": "s3:*""#),
            statement(r#""Action": "sns:*""#),
        ];
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
        let program = Program::compile(&Policy::parse(PolicyKind::Identity, text).unwrap());
        let check = |service: &str, expected: &[u32]| {
            assert_eq!(program.candidates(service).collect::<Vec<_>>(), expected, "{service}");
        };
        check("s3", &[0, 1, 2, 3]);
        check("sqs", &[1, 2, 3]);
        check("sns", &[1, 3, 4]);
        check("ec2", &[1, 3]);
    }

    #[test]
    fn an_index_of_services_is_as_large_as_the_policy() {
        let statement = |n: usize| {
            let action = if usize::is_multiple_of(n, 2) { format!("service{n}:*") } else { "*".to_owned() };
            format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#)
        };
        let statements: Vec<String> = (0..5_000).map(statement).collect();
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
        let program = Program::compile(&Policy::parse(PolicyKind::Identity, text).unwrap());
        let indexed: usize = program.by_service.values().map(Vec::len).sum();
        assert_eq!(indexed + program.everywhere.len(), 5_000);
        assert_eq!(program.candidates("service7000").count(), 2_500);
        assert_eq!(program.candidates("service400").count(), 2_501);
    }
}
