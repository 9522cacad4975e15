//! A value of a context key with which a condition holds, or does not: what a request would have to carry.
//!
//! Values are guessed from the condition and tried on it, so that what is found is a witness and no opinion.

use iamsim_policy::{Condition, Family, SetQualifier, Template};

use crate::condition;
use crate::context::{Context, ContextValue};
use crate::program::Operand;
use crate::text::{Plain, Quoted, listed};
use crate::truth::Truth;
use crate::value;
use crate::variable::{self, Filling, filled};
use iamsim_policy::wildcard::Token;

/// How many of the listed values are tried.
const TRIED: usize = 3;

/// A value, and how to ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    pub(crate) value: ContextValue,
    said: Said,
}

/// How a value stands to those the policy lists.
#[derive(Clone, Debug)]
enum Said {
    /// This value.
    Value(String),
    /// A value that this pattern matches.
    Like(String),
    /// A value below or above this one.
    Below(String),
    Above(String),
    /// A value that is not listed.
    Other,
    /// Any value.
    Any,
    /// No value.
    Without,
    /// One more value.
    Plus(String),
    /// No other values than these.
    Only(Vec<String>),
}

/// A value with which the condition comes to `wanted`; none when no guess does.
pub(crate) fn find(
    condition: &Condition,
    operands: &[Operand],
    context: &Context,
    wanted: Truth,
) -> Option<Witness> {
    let single = singles(condition, operands, context);
    let found = context.get(condition.key());
    let multivalued = matches!(found, ContextValue::Many(_))
        || (condition.operator().qualifier.is_some() && !matches!(found, ContextValue::One(_)));
    let guesses = if multivalued { several(single, condition, operands, context) } else { single };
    let without = Witness { value: ContextValue::Absent, said: Said::Without };
    guesses.into_iter().chain([without]).find(|witness| {
        witness.value != *found && condition::judge(condition, operands, &witness.value, context).0 == wanted
    })
}

/// Guesses for a single-valued key, the most natural first.
fn singles(condition: &Condition, operands: &[Operand], context: &Context) -> Vec<Witness> {
    let comparison = condition.operator().comparison;
    let one = |text: &str, said: Said| Witness { value: ContextValue::One(text.into()), said };
    let exactly = |text: &str| one(text, Said::Value(text.to_owned()));
    let mut guesses = Vec::new();
    for (written, operand) in condition.values().iter().zip(operands).take(TRIED) {
        let text = written.value.as_str();
        match comparison.family() {
            Family::String | Family::Arn => {
                let plain = Template::plain(text);
                if let Some((example, is_pattern)) =
                    example(written.value.template().unwrap_or(&plain), context)
                {
                    let said =
                        if is_pattern { Said::Like(text.to_owned()) } else { Said::Value(example.clone()) };
                    guesses.push(one(&example, said));
                }
            }
            Family::Numeric | Family::Date => {
                guesses.push(exactly(text));
                let number = match operand {
                    Operand::Instant(instant) => Some(*instant),
                    _ => text.parse::<i64>().ok(),
                };
                let near = |by: i64| number.and_then(|number| number.checked_add(by));
                if let (Some(below), Some(above)) = (near(-1), near(1)) {
                    guesses.push(one(&below.to_string(), Said::Below(text.to_owned())));
                    guesses.push(one(&above.to_string(), Said::Above(text.to_owned())));
                }
            }
            Family::Ip => {
                if let Some(range) = value::range(text) {
                    guesses.push(one(&range.network().to_string(), Said::Value(text.to_owned())));
                }
            }
            Family::Bool | Family::Binary => guesses.push(exactly(text)),
            Family::Null => guesses.push(one("x", Said::Any)),
        }
    }
    match comparison.family() {
        Family::Bool => guesses.extend([exactly("true"), exactly("false")]),
        // Addresses reserved for examples, which no policy lists in earnest.
        Family::Ip => guesses.extend(["192.0.2.1", "2001:db8::1"].map(|text| one(text, Said::Other))),
        Family::Numeric | Family::Date | Family::Null => {}
        Family::Arn => guesses.push(one("arn:aws:another:::value", Said::Other)),
        Family::String | Family::Binary => guesses.push(one("another-value", Said::Other)),
    }
    guesses
}

/// Guesses for a multivalued key, made of those for a single value.
fn several(
    single: Vec<Witness>,
    condition: &Condition,
    operands: &[Operand],
    context: &Context,
) -> Vec<Witness> {
    let had: Vec<Box<str>> = match context.get(condition.key()) {
        ContextValue::Many(values) => values.to_vec(),
        _ => Vec::new(),
    };
    let many = |values: Vec<Box<str>>, said: Said| Witness { value: ContextValue::Many(values.into()), said };
    let mut guesses = Vec::new();
    if condition.operator().qualifier == Some(SetQualifier::ForAllValues) {
        let passes = |value: &str| {
            let alone = ContextValue::Many([value.into()].into());
            condition::judge(condition, operands, &alone, context).0.is_true()
        };
        let kept: Vec<Box<str>> = had.iter().filter(|value| passes(value)).cloned().collect();
        let said = kept.iter().map(ToString::to_string).collect();
        guesses.push(many(kept, Said::Only(said)));
    }
    for Witness { value, said } in single {
        let ContextValue::One(text) = value else { continue };
        let shown = match &said {
            Said::Value(text) | Said::Like(text) => text.clone(),
            _ => text.to_string(),
        };
        let more = had.iter().cloned().chain([text.clone()]).collect();
        guesses.push(many(more, Said::Plus(shown)));
        guesses.push(many(vec![text], said));
    }
    guesses
}

/// A text that the template matches, and whether it is only one of many; none when a variable has no value.
fn example(template: &Template, context: &Context) -> Option<(String, bool)> {
    if variable::filling(template.pieces(), context) != Filling::Known {
        return None;
    }
    let tokens: Vec<Token<'_>> = template.pieces().iter().map(|piece| filled(piece, context)).collect();
    let text: String = tokens
        .iter()
        .map(|token| match token {
            Token::Text(text) => text,
            Token::One => "x",
            Token::Run => "",
        })
        .collect();
    let is_pattern = tokens.iter().any(|token| !matches!(token, Token::Text(_)));
    Some((if text.is_empty() && is_pattern { "x".to_owned() } else { text }, is_pattern))
}

impl Witness {
    /// What to do, in the imperative: `send ExternalId \`acme-7\``.
    pub(crate) fn ask(&self, condition: &Condition) -> String {
        let key = condition.key();
        let name = Plain(key.as_str());
        match &self.said {
            Said::Value(value) => phrase(key.as_str(), key.folded(), value, &Quoted(value).to_string()),
            Said::Like(pattern) => {
                let what = format!("a value like {}", Quoted(pattern));
                phrase(key.as_str(), key.folded(), "", &what)
            }
            Said::Below(value) | Said::Above(value) => {
                let below = matches!(self.said, Said::Below(_));
                let is_date = matches!(condition.operator().comparison.family(), Family::Date);
                let order = match (is_date, below) {
                    (true, true) => "before",
                    (true, false) => "after",
                    (false, true) => "below",
                    (false, false) => "above",
                };
                format!("ask with {name} {order} {}", Quoted(value))
            }
            Said::Other => {
                let values = listed(condition.values().iter().map(|listed| listed.value.as_str()));
                format!("ask with another {name} than {values}")
            }
            Said::Any => format!("ask with {name}"),
            Said::Without => format!("ask without {name}"),
            Said::Plus(value) => format!("add {} to {name}", Quoted(value)),
            Said::Only(values) if values.is_empty() => format!("ask with no values of {name}"),
            Said::Only(values) => {
                format!("ask with no {name} but {}", listed(values.iter().map(String::as_str)))
            }
        }
    }
}

/// How one asks for a value of a key, in the words of whoever makes the request.
fn phrase(written: &str, folded: &str, value: &str, what: &str) -> String {
    let tag = written.split_once('/').map(|(_, tag)| Quoted(tag).to_string()).unwrap_or_default();
    match folded {
        "sts:externalid" => format!("send ExternalId {what}"),
        "sts:rolesessionname" => format!("use the role session name {what}"),
        "sts:sourceidentity" => format!("send SourceIdentity {what}"),
        "aws:multifactorauthpresent" if value.eq_ignore_ascii_case("true") => {
            "ask with credentials made with MFA".to_owned()
        }
        "aws:securetransport" if value.eq_ignore_ascii_case("true") => "ask over TLS".to_owned(),
        "aws:sourceip" | "aws:vpcsourceip" => format!("ask from {what}"),
        "aws:sourcevpc" => format!("ask from the VPC {what}"),
        "aws:sourcevpce" => format!("ask through the VPC endpoint {what}"),
        "aws:requestedregion" => format!("ask in the region {what}"),
        _ if folded.starts_with("aws:requesttag/") => format!("send the tag {tag} with {what}"),
        _ if folded.starts_with("aws:principaltag/") => format!("tag the caller {tag} with {what}"),
        _ if folded.starts_with("aws:resourcetag/") => format!("tag the resource {tag} with {what}"),
        _ => format!("ask with {} {what}", Plain(written)),
    }
}
