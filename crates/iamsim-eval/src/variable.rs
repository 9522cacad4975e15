//! Policy variables filled in from the request (PE-VAR).

use iamsim_policy::wildcard::Token;
use iamsim_policy::{ContextKey, Piece};

use crate::context::{Context, ContextValue};

/// What became of a text with variables.
pub(crate) enum Filled<'a> {
    /// Every variable has a value or a default. Values are plain text: their `*` and `?` are no wildcards
    /// (PE-VAR-10, low confidence).
    Tokens(Vec<Token<'a>>),
    /// A variable has neither value nor default (PE-VAR-07): the text matches nothing.
    NoValue,
    /// A variable's key is unknown. The tokens have a `*` in its place: what they don't match, no value
    /// could make match.
    Unknown(Vec<Token<'a>>),
}

/// A piece of a text without variables; a variable, if there were one, matches anything.
pub(crate) fn plain(piece: &Piece) -> Token<'_> {
    match piece {
        Piece::Text(text) => Token::Text(text),
        Piece::One => Token::One,
        Piece::Run | Piece::Variable { .. } => Token::Run,
    }
}

/// Fills in the variables.
pub(crate) fn fill<'a>(pieces: &'a [Piece], context: &'a Context) -> Filled<'a> {
    let mut unknown = false;
    let mut tokens = Vec::with_capacity(pieces.len());
    for piece in pieces {
        tokens.push(match piece {
            Piece::Text(text) => Token::Text(text),
            Piece::One => Token::One,
            Piece::Run => Token::Run,
            Piece::Variable { key, default } => match value(key, context) {
                VariableValue::Text(text) => Token::Text(text),
                VariableValue::None => match default {
                    Some(default) => Token::Text(default),
                    None => return Filled::NoValue,
                },
                VariableValue::Unknown => {
                    unknown = true;
                    Token::Run
                }
            },
        });
    }
    if unknown { Filled::Unknown(tokens) } else { Filled::Tokens(tokens) }
}

enum VariableValue<'a> {
    Text(&'a str),
    None,
    Unknown,
}

/// Whether an empty text counts as no value, so that the default is used. Low confidence (PE-VAR-09).
const EMPTY_IS_NO_VALUE: bool = true;

/// A variable's value. A multivalued key has none (PE-VAR-06).
fn value<'a>(key: &ContextKey, context: &'a Context) -> VariableValue<'a> {
    match context.get(key) {
        ContextValue::One(text) if EMPTY_IS_NO_VALUE && text.is_empty() => VariableValue::None,
        ContextValue::One(text) => VariableValue::Text(text),
        ContextValue::Absent | ContextValue::Many(_) => VariableValue::None,
        ContextValue::Unknown => VariableValue::Unknown,
    }
}

/// The keys of variables that are unknown in this request.
pub(crate) fn unknown_keys<'p>(
    pieces: &'p [Piece],
    context: &'p Context,
) -> impl Iterator<Item = &'p ContextKey> {
    pieces.iter().filter_map(move |piece| match piece {
        Piece::Variable { key, .. } if *context.get(key) == ContextValue::Unknown => Some(key),
        _ => None,
    })
}
