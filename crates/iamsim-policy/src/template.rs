//! Text with `${variables}`, their defaults, the escapes `${*}` `${?}` `${$}`, and wildcards, cut into pieces
//! once (PE-VAR).
//!
//! Knows where the pieces are, not what the variables hold.

use crate::key::ContextKey;

/// What is special in a text besides plain characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a text has wildcards or not, and variables or not")]
pub struct Syntax {
    /// Whether `*` and `?` are wildcards.
    pub wildcards: bool,
    /// Whether `${…}` is a variable: only under `Version` `2012-10-17` (PE-VAR-04).
    pub variables: bool,
}

/// One piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "plain text, two wildcards and variables: the grammar has no more"
)]
pub enum Piece {
    /// Plain characters.
    Text(Box<str>),
    /// `?`
    One,
    /// `*`
    Run,
    /// `${key}` or `${key, 'default'}`
    Variable {
        /// The key whose value is filled in.
        key: ContextKey,
        /// What is filled in when the key has no value.
        default: Option<Box<str>>,
    },
}

/// A text cut into pieces.
///
/// ```
/// use iamsim_policy::{Piece, Syntax, Template};
///
/// let syntax = Syntax { wildcards: true, variables: true };
/// let template = Template::parse("home/${aws:username, 'nobody'}/*", syntax)?;
/// assert_eq!(template.pieces().len(), 4);
/// assert_eq!(template.pieces()[3], Piece::Run);
/// # Ok::<(), iamsim_policy::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Box<[Piece]>,
}

/// A `${` that begins no variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The closing brace is missing.
    #[error("a policy variable has no closing brace")]
    Unclosed,
    /// Nothing between the braces.
    #[error("a policy variable names no context key")]
    Empty,
    /// White space in the key's name.
    #[error("the name of a policy variable holds white space")]
    SpaceInName,
    /// The default is not `, 'text'`.
    #[error("the default of a policy variable is written `, 'text'` with single quotes")]
    BadDefault,
}

impl Template {
    /// Cuts a text into pieces.
    pub fn parse(text: &str, syntax: Syntax) -> Result<Self, TemplateError> {
        let special = |byte: u8| match byte {
            b'*' | b'?' => syntax.wildcards,
            b'$' => syntax.variables,
            _ => false,
        };
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        // All that is special is ASCII, so the text can be cut before and after it.
        while let Some(at) = rest.bytes().position(special) {
            let (before, found) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            if let Some(after) = found.strip_prefix("${") {
                let (piece, after) = variable(after)?;
                match piece {
                    Piece::Text(escaped) => plain.push_str(&escaped),
                    piece => {
                        flush(&mut plain, &mut pieces);
                        pieces.push(piece);
                    }
                }
                rest = after;
                continue;
            }
            match found.as_bytes().first() {
                Some(b'*') => {
                    flush(&mut plain, &mut pieces);
                    pieces.push(Piece::Run);
                }
                Some(b'?') => {
                    flush(&mut plain, &mut pieces);
                    pieces.push(Piece::One);
                }
                _ => plain.push('$'),
            }
            rest = found.get(1..).unwrap_or_default();
        }
        if pieces.is_empty() && plain.is_empty() {
            return Ok(Self::plain(rest));
        }
        plain.push_str(rest);
        flush(&mut plain, &mut pieces);
        Ok(Self { pieces: pieces.into() })
    }

    /// A template that is this plain text.
    pub fn plain(text: &str) -> Self {
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece::Text(text.into())] };
        Self { pieces: pieces.into() }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &ContextKey> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key),
            _ => None,
        })
    }

    /// Whether a variable must be filled in before the text can be compared.
    pub fn has_variables(&self) -> bool {
        self.variables().next().is_some()
    }

    /// The text, when it holds neither wildcards nor variables.
    pub fn as_plain(&self) -> Option<&str> {
        match &*self.pieces {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain).into()));
    }
}

/// Reads what follows `${`: the piece, and the text after the closing brace.
fn variable(text: &str) -> Result<(Piece, &str), TemplateError> {
    for escaped in ["*", "?", "$"] {
        if let Some(after) = text.strip_prefix(escaped).and_then(|rest| rest.strip_prefix('}')) {
            return Ok((Piece::Text(escaped.into()), after));
        }
    }
    // A default may hold a brace, so the comma is looked for first.
    let end = text.find(['}', ',']).ok_or(TemplateError::Unclosed)?;
    let (name, rest) = text.split_at_checked(end).ok_or(TemplateError::Unclosed)?;
    if name.trim().is_empty() {
        return Err(TemplateError::Empty);
    }
    if name.contains(char::is_whitespace) {
        return Err(TemplateError::SpaceInName);
    }
    let key = ContextKey::new(name);
    if let Some(after) = rest.strip_prefix('}') {
        return Ok((Piece::Variable { key, default: None }, after));
    }
    let quoted = rest.strip_prefix(',').map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
    let quoted = quoted.and_then(|rest| rest.strip_prefix('\'')).ok_or(TemplateError::BadDefault)?;
    let (default, after) = quoted.split_once('\'').ok_or(TemplateError::BadDefault)?;
    let after = after.strip_prefix('}').ok_or(TemplateError::BadDefault)?;
    Ok((Piece::Variable { key, default: Some(default.into()) }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Syntax = Syntax { wildcards: true, variables: true };

    #[test]
    fn escapes_are_plain_characters_and_old_versions_have_no_variables() {
        // PE-VAR-05
        assert_eq!(Template::parse("a${*}b${$}{x}", ALL).unwrap().as_plain(), Some("a*b${x}"));
        // PE-VAR-04
        let old = Syntax { variables: false, ..ALL };
        assert_eq!(Template::parse("${aws:username}", old).unwrap().as_plain(), Some("${aws:username}"));
        let plain = Syntax { wildcards: false, ..ALL };
        assert_eq!(Template::parse("a*b?", plain).unwrap().as_plain(), Some("a*b?"));
        assert_eq!(Template::parse("$5 {x} $", ALL).unwrap().as_plain(), Some("$5 {x} $"));
    }

    #[test]
    fn defaults_are_quoted_and_may_hold_braces() {
        let template = Template::parse("${aws:PrincipalTag/team, 'a}b'}x", ALL).unwrap();
        let default = Some("a}b".into());
        let key = ContextKey::new("aws:principaltag/team");
        assert_eq!(template.pieces(), [Piece::Variable { key, default }, Piece::Text("x".into())]);
    }

    #[test]
    fn broken_variables_are_refused() {
        let check = |text: &str, expected| assert_eq!(Template::parse(text, ALL), Err(expected), "{text}");
        check("${aws:username", TemplateError::Unclosed);
        check("${}", TemplateError::Empty);
        check("${ aws:username}", TemplateError::SpaceInName);
        check("${aws:username, none}", TemplateError::BadDefault);
        check("${aws:username, 'none}", TemplateError::BadDefault);
    }
}
