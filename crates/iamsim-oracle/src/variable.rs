//! Policy variables: their syntax, and what they become for one request.
//!
//! It does not know where variables may stand (section 3.9 of the rules); callers do.

use std::collections::BTreeSet;

use crate::case::{Context, Held};
use crate::matching::Glyph;

/// One piece of policy text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    /// A character as written; `*` and `?` may be wildcards.
    Char(char),
    /// A character that is never a wildcard: the escapes `${*}`, `${?}`, `${$}` (PE-VAR-05).
    Escaped(char),
    /// `${key}` or `${key, 'default'}`.
    Variable { key: String, default: Option<String> },
}

/// Reads text in which nothing is a variable (PE-VAR-04).
pub(crate) fn plain(text: &str) -> Vec<Piece> {
    text.chars().map(Piece::Char).collect()
}

/// Reads text with variables.
///
/// # Errors
///
/// What is wrong with a `${` that does not begin a variable (PE-VAR-01).
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut result = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        result.extend(plain(before));
        let (piece, remainder) = variable(after).ok_or_else(|| format!("bad policy variable in `{text}`"))?;
        result.push(piece);
        rest = remainder;
    }
    result.extend(plain(rest));
    Ok(result)
}

/// Reads one variable after its `${`, and what follows it.
fn variable(text: &str) -> Option<(Piece, &str)> {
    for escaped in ['*', '?', '$'] {
        if let Some(rest) = text.strip_prefix(escaped).and_then(|t| t.strip_prefix('}')) {
            return Some((Piece::Escaped(escaped), rest));
        }
    }
    let key: String = text.chars().take_while(|c| !matches!(c, '}' | ',')).collect();
    let rest = text.strip_prefix(key.as_str())?;
    let bad = |c: char| c.is_whitespace() || matches!(c, '$' | '{' | '\'' | '"');
    if key.is_empty() || key.contains(bad) {
        return None;
    }
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((Piece::Variable { key, default: None }, rest));
    }
    let (default, rest) = rest.strip_prefix(", '")?.split_once('\'')?;
    let default = Some(default.to_owned());
    Some((Piece::Variable { key, default }, rest.strip_prefix('}')?))
}

/// What a text becomes for one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Resolved {
    /// A pattern in which substituted characters are literal (PE-VAR-10).
    Text(Vec<Glyph>),
    /// Some variable has neither value nor default (PE-VAR-07).
    NoValue,
    /// Some variable's value is not known: the keys, and the widest pattern it could become.
    Unknown(BTreeSet<String>, Vec<Glyph>),
}

/// Replaces the variables, in one pass (PE-VAR-11).
pub(crate) fn resolve(pieces: &[Piece], context: &Context) -> Resolved {
    let mut glyphs = Vec::new();
    let mut unknown = BTreeSet::new();
    let mut missing = false;
    for piece in pieces {
        match piece {
            Piece::Char('*') => glyphs.push(Glyph::Run),
            Piece::Char('?') => glyphs.push(Glyph::One),
            Piece::Char(c) | Piece::Escaped(c) => glyphs.push(Glyph::Char(*c)),
            Piece::Variable { key, default } => {
                let value = match context.get(key) {
                    Held::Unknown => {
                        unknown.insert(key.to_lowercase());
                        glyphs.push(Glyph::Run);
                        continue;
                    }
                    // An empty value is no value (PE-VAR-09), and so is a list (PE-VAR-06).
                    Held::One(value) if !value.is_empty() => Some(value),
                    _ => default.clone(),
                };
                match value {
                    Some(value) => glyphs.extend(value.chars().map(Glyph::Char)),
                    None => missing = true,
                }
            }
        }
    }
    // One variable that certainly has no value settles the entry, whatever the others are.
    if missing {
        Resolved::NoValue
    } else if unknown.is_empty() {
        Resolved::Text(glyphs)
    } else {
        Resolved::Unknown(unknown, glyphs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into()));
        Context::read(&serde_json::Value::Object(pairs.collect()), None).unwrap()
    }

    #[track_caller]
    fn check(text: &str, context: &Context, expected: Option<&str>) {
        let expected = expected
            .map_or(Resolved::NoValue, |text| Resolved::Text(text.chars().map(Glyph::Char).collect()));
        assert_eq!(resolve(&pieces(text).unwrap(), context), expected, "{text}");
    }

    #[test]
    fn a_variable_takes_the_value_of_its_key_without_regard_to_case() {
        let context = context(&[("aws:PrincipalTag/team", "r*d")]);
        check("${AWS:principaltag/TEAM}", &context, Some("r*d")); // PE-VAR-01, PE-VAR-10
    }

    #[test]
    fn a_default_stands_in_for_a_missing_or_empty_value() {
        let context = context(&[("a", "")]);
        check("x${b, 'no one'}", &context, Some("xno one")); // PE-VAR-01
        check("x${a, 'n'}", &context, Some("xn")); // PE-VAR-09
        check("x${a}", &context, None); // PE-VAR-07, PE-VAR-09
    }

    #[test]
    fn escapes_are_plain_characters_and_values_are_not_expanded_again() {
        let context = context(&[("a", "${b}"), ("b", "no")]);
        check("${*}${?}${$}", &context, Some("*?$")); // PE-VAR-05
        check("${a}", &context, Some("${b}")); // PE-VAR-11
    }

    #[test]
    fn malformed_variables_are_errors() {
        for text in ["${}", "${a", "${a b}", "${a,'d'}", "${a, d}", "${a, 'd}", "${a, 'd' }"] {
            assert!(pieces(text).is_err(), "{text}"); // PE-VAR-01
        }
        assert!(pieces("$a $ {b}").is_ok());
    }
}
