//! Policy variables filled in from the request (PE-VAR).

use iamsim_policy::wildcard::{Token, matches_by};
use iamsim_policy::{ContextKey, Piece};

use crate::context::{Context, ContextValue};
use crate::hash::hash;
use crate::truth::Truth;

/// Whether the variables of a text can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// Every variable has a value or a default. Values are plain text: their `*` and `?` are no wildcards
    /// (PE-VAR-10, low confidence).
    Known,
    /// A variable has neither value nor default (PE-VAR-07): the text matches nothing.
    NoValue,
    /// A variable's key is unknown. Its token is a `*`: what that does not match, no value could make match.
    Unknown,
}

/// Whether the variables among the pieces can be filled in.
pub(crate) fn filling(pieces: &[Piece], context: &Context) -> Filling {
    let mut filling = Filling::Known;
    for piece in pieces {
        if let Piece::Variable { key, default } = piece {
            match value(key, context) {
                VariableValue::Text(_) => {}
                VariableValue::None if default.is_some() => {}
                VariableValue::None => return Filling::NoValue,
                VariableValue::Unknown => filling = Filling::Unknown,
            }
        }
    }
    filling
}

/// A piece with its variable filled in.
pub(crate) fn filled<'a>(piece: &'a Piece, context: &'a Context) -> Token<'a> {
    match piece {
        Piece::Text(text) => Token::Text(text),
        Piece::One => Token::One,
        Piece::Run => Token::Run,
        Piece::Variable { key, default } => match value(key, context) {
            VariableValue::Text(text) => Token::Text(text),
            // Without a default there is no value, and nobody asks for the token.
            VariableValue::None => Token::Text(default.as_deref().unwrap_or_default()),
            VariableValue::Unknown => Token::Run,
        },
    }
}

/// Pieces, with the hashes of their variables' keys.
#[derive(Clone, Debug)]
pub(crate) struct Hashed {
    pub(crate) pieces: Box<[Piece]>,
    /// One for each piece; of text and wildcards it says nothing.
    hashes: Box<[u64]>,
}

impl Hashed {
    pub(crate) fn new(pieces: &[Piece]) -> Self {
        let hash_of = |piece: &Piece| match piece {
            Piece::Variable { key, .. } => hash(key.folded()),
            Piece::Text(_) | Piece::One | Piece::Run => 0,
        };
        Self { pieces: pieces.into(), hashes: pieces.iter().map(hash_of).collect() }
    }

    /// Whether they match a whole text, when a look at each is enough to tell: literal text and variables with
    /// values, and perhaps a last `*`. None when it is not.
    #[inline]
    pub(crate) fn plainly_match(&self, text: &str, context: &Context) -> Option<bool> {
        plainly_matches(&self.pieces, text, |at, key| {
            let hash = self.hashes.get(at).copied().unwrap_or_default();
            read(context.find(hash, key.folded()).value)
        })
    }
}

#[inline]
fn plainly_matches<'c>(
    pieces: &[Piece],
    text: &str,
    value: impl Fn(usize, &ContextKey) -> VariableValue<'c>,
) -> Option<bool> {
    let mut rest = text;
    for (index, piece) in pieces.iter().enumerate() {
        let literal = match piece {
            Piece::Text(text) => &**text,
            Piece::Run if index + 1 == pieces.len() => return Some(true),
            Piece::Run | Piece::One => return None,
            Piece::Variable { key, default } => match value(index, key) {
                VariableValue::Text(text) => text,
                VariableValue::None => default.as_deref()?,
                VariableValue::Unknown => return None,
            },
        };
        match rest.strip_prefix(literal) {
            Some(after) => rest = after,
            None => return Some(false),
        }
    }
    Some(rest.is_empty())
}

/// Whether pieces match a whole text.
pub(crate) fn matches(pieces: &[Piece], text: &str, context: &Context) -> Truth {
    if let Some(matches) = plainly_matches(pieces, text, |_, key| value(key, context)) {
        return matches.into();
    }
    match filling(pieces, context) {
        Filling::NoValue => Truth::False,
        Filling::Known => matches_by(pieces, |piece| filled(piece, context), text).into(),
        Filling::Unknown => unknown_if(matches_by(pieces, |piece| filled(piece, context), text)),
    }
}

/// Not known where there could be a match, and else none.
pub(crate) fn unknown_if(could_match: bool) -> Truth {
    if could_match { Truth::Unknown } else { Truth::False }
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
    read(context.get(key))
}

#[inline]
fn read(value: &ContextValue) -> VariableValue<'_> {
    match value {
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
