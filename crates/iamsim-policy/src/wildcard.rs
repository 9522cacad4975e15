//! `*` and `?` over characters: the one matcher for action names, ARN parts, principals and `…Like` values.
//!
//! `*` is any run of characters, also none; `?` is exactly one (PE-ACT-03, PE-STR-03). Nothing is special
//! about `/`, `:`, `.` or brackets. What a `*` may cross in an ARN is decided above, in `arn.rs`.

mod spread;

/// A piece of a pattern whose variables have been filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "IAM has two wildcards")]
pub enum Token<'p> {
    /// These characters, as they are.
    Text(&'p str),
    /// `?`: exactly one character.
    One,
    /// `*`: any run of characters, also none.
    Run,
}

impl Token<'_> {
    fn shortened(&self) -> Token<'_> {
        *self
    }
}

/// Whether a pattern with `*` and `?` matches the whole text.
///
/// Time grows with the length of the text, and but for a logarithm not with the pattern's: what stands between
/// two stars is found by substring search, or with question marks in it by comparing at every place, as long
/// as it is short.
///
/// ```
/// use iamsim_policy::wildcard::matches;
///
/// assert!(matches("s3:Get?bject*", "s3:GetObjectTagging"));
/// assert!(!matches("s3:Get?bject", "s3:Getbject"));
/// assert!(matches("a?c", "aéc"));
/// ```
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return after_segment(pattern, text).is_some_and(str::is_empty);
    };
    let Some(mut text) = after_segment(head, text) else { return false };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for segment in middle.split('*').filter(|segment| !segment.is_empty()) {
        let Some(after) = find_segment(segment, text) else { return false };
        text = after;
    }
    ends_with_segment(tail, text)
}

/// Whether the pieces match the whole text, one after another.
///
/// ```
/// use iamsim_policy::wildcard::{matches_tokens, Token};
///
/// // `${aws:PrincipalTag/team}-*` where the tag is `a*b`: the star of the value is a plain character.
/// let pattern = [Token::Text("a*b"), Token::Text("-"), Token::Run];
/// assert!(matches_tokens(&pattern, "a*b-7"));
/// assert!(!matches_tokens(&pattern, "axb-7"));
/// ```
pub fn matches_tokens(pattern: &[Token<'_>], text: &str) -> bool {
    matches_by(pattern, Token::shortened, text)
}

/// [`matches_tokens`] over pieces of any kind, each seen as a token when it is needed: nothing is copied.
pub fn matches_by<'p, P>(pattern: &'p [P], token: impl Fn(&'p P) -> Token<'p> + Copy, text: &str) -> bool {
    let cut = |pieces: &'p [P]| {
        let at = pieces.iter().position(|piece| token(piece) == Token::Run)?;
        pieces.get(..at).zip(pieces.get(at + 1..))
    };
    let Some((head, mut later)) = cut(pattern) else {
        return match_segment(pattern.iter().map(token), text).is_some_and(str::is_empty);
    };
    let Some(mut rest) = match_segment(head.iter().map(token), text) else { return false };
    while let Some((segment, after)) = cut(later) {
        let Some(found) = find_tokens(segment, token, rest) else { return false };
        (rest, later) = (found, after);
    }
    ends_with_tokens(later, token, rest)
}

/// What is left of `text` after a segment without `*`, matched at its beginning.
fn after_segment<'t>(segment: &str, text: &'t str) -> Option<&'t str> {
    if segment.contains('?') {
        return match_segment(head_tokens(segment), text);
    }
    text.strip_prefix(segment)
}

/// Cuts `pattern`, which holds no `*`, at its question marks.
fn head_tokens(pattern: &str) -> impl Iterator<Item = Token<'_>> + Clone {
    pattern.split_inclusive('?').flat_map(|piece| match piece.strip_suffix('?') {
        Some(text) => [Token::Text(text), Token::One],
        None => [Token::Text(piece), Token::Text("")],
    })
}

/// What is left of `text` after a segment without `*`, matched at its beginning.
fn match_segment<'p, 't>(segment: impl Iterator<Item = Token<'p>>, text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for token in segment {
        rest = match token {
            Token::Text(literal) => rest.strip_prefix(literal)?,
            Token::One | Token::Run => {
                let mut characters = rest.chars();
                characters.next()?;
                characters.as_str()
            }
        };
    }
    Some(rest)
}

fn find_segment<'t>(segment: &str, text: &'t str) -> Option<&'t str> {
    if segment.contains('?') {
        return find_spread(&head_tokens(segment), text);
    }
    text.find(segment).and_then(|at| text.get(at + segment.len()..))
}

fn find_tokens<'p, 't, P>(
    segment: &'p [P],
    token: impl Fn(&'p P) -> Token<'p> + Copy,
    text: &'t str,
) -> Option<&'t str> {
    if let [only] = segment
        && let Token::Text(literal) = token(only)
    {
        return text.find(literal).and_then(|at| text.get(at + literal.len()..));
    }
    find_spread(&segment.iter().map(token), text)
}

/// How many characters between two stars are compared at every place of the text, if there is a `?` among them.
const SHORT: usize = 256;

/// What is left of `text` after the first place where a segment matches.
fn find_spread<'p, 't>(
    segment: &(impl Iterator<Item = Token<'p>> + Clone),
    text: &'t str,
) -> Option<&'t str> {
    let characters = || {
        segment.clone().flat_map(|token| {
            let (text, one) = match token {
                Token::Text(text) => (text, None),
                Token::One | Token::Run => ("", Some(None)),
            };
            text.chars().map(Some).chain(one)
        })
    };
    if characters().nth(SHORT).is_none() {
        return find_by(text, |rest| match_segment(segment.clone(), rest));
    }
    spread::find(&characters().collect::<Vec<_>>(), text)
}

fn find_by<'t>(text: &'t str, matched: impl Fn(&'t str) -> Option<&'t str>) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(after) = matched(rest) {
            return Some(after);
        }
        let mut characters = rest.chars();
        characters.next()?;
        rest = characters.as_str();
    }
}

fn ends_with_segment(segment: &str, text: &str) -> bool {
    if segment.contains('?') {
        let wanted = segment.chars().count();
        return last_characters(text, wanted)
            .is_some_and(|tail| match_segment(head_tokens(segment), tail).is_some_and(str::is_empty));
    }
    text.ends_with(segment)
}

fn ends_with_tokens<'p, P>(segment: &'p [P], token: impl Fn(&'p P) -> Token<'p> + Copy, text: &str) -> bool {
    if let [only] = segment
        && let Token::Text(literal) = token(only)
    {
        return text.ends_with(literal);
    }
    let characters = |piece: &'p P| match token(piece) {
        Token::Text(literal) => literal.chars().count(),
        Token::One | Token::Run => 1,
    };
    let wanted = segment.iter().map(characters).sum();
    last_characters(text, wanted)
        .is_some_and(|tail| match_segment(segment.iter().map(token), tail).is_some_and(str::is_empty))
}

/// The last `count` characters of `text`, if it has that many.
fn last_characters(text: &str, count: usize) -> Option<&str> {
    if count == 0 {
        return Some("");
    }
    text.char_indices().rev().nth(count - 1).and_then(|(start, _)| text.get(start..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, without a thought for time.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], rest) => rest.is_empty(),
            (['*', later @ ..], _) => {
                naive(later, text) || text.split_first().is_some_and(|(_, rest)| naive(pattern, rest))
            }
            (['?', later @ ..], [_, rest @ ..]) => naive(later, rest),
            ([wanted, later @ ..], [found, rest @ ..]) => wanted == found && naive(later, rest),
            (_, []) => false,
        }
    }

    fn tokens(pattern: &str) -> Vec<Token<'_>> {
        pattern
            .split_inclusive(['*', '?'])
            .flat_map(|piece| {
                let text = piece.trim_end_matches(['*', '?']);
                let last = match piece.chars().last() {
                    Some('*') => Token::Run,
                    Some('?') => Token::One,
                    _ => Token::Text(""),
                };
                [Token::Text(text), last]
            })
            .filter(|token| *token != Token::Text(""))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn both_matchers_agree_with_the_definition(pattern in "[ab:é*?]{0,9}", text in "[ab:é]{0,9}") {
            let pattern_chars: Vec<char> = pattern.chars().collect();
            let text_chars: Vec<char> = text.chars().collect();
            let expected = naive(&pattern_chars, &text_chars);
            prop_assert_eq!(matches(&pattern, &text), expected);
            prop_assert_eq!(matches_tokens(&tokens(&pattern), &text), expected);
        }
    }

    #[test]
    fn hostile_patterns_do_not_blow_up() {
        let text = "a".repeat(100_000);
        assert!(!matches(&("a*".repeat(1_000) + "b"), &text));
        assert!(!matches(&("*a?".repeat(200) + "b"), &text));
        assert!(matches(&"a*".repeat(1_000), &text));
    }

    #[test]
    fn long_runs_with_question_marks_are_found_without_comparing_them_at_every_place() {
        let text = "a".repeat(60_000) + "b-end";
        let long = "a?".repeat(15_000) + "b";
        assert!(matches(&format!("*{long}*"), &text));
        assert!(matches(&format!("*{long}*{}", "?".repeat(4)), &text));
        assert!(!matches(&format!("*{long}*{}", "?".repeat(5)), &text));
        assert!(!matches(&format!("*{long}x*"), &text));
        assert!(matches_tokens(&tokens(&format!("?*{long}*-*d")), &text));
        assert!(!matches_tokens(&tokens(&format!("?*{long}*+*d")), &text));
    }
}
