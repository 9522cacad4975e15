//! The user's own text inside ours: made safe to print on one line, and cut when it is long.
//!
//! A value may hold line breaks, terminal escapes or a million characters, and none of these may forge a line
//! of an explanation or drown it.

use std::fmt;

/// How many characters of the user's text are printed before it is cut.
const LONGEST: usize = 300;

/// The user's text between backticks.
pub(crate) struct Quoted<'t>(pub(crate) &'t str);

/// The user's text as it is.
pub(crate) struct Plain<'t>(pub(crate) &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_text(f, self.0, true)
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_text(f, self.0, false)
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str, quoted: bool) -> fmt::Result {
    use fmt::Write as _;
    if quoted {
        f.write_char('`')?;
    }
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST) {
        if is_unsafe(character) || (quoted && character == '`') {
            write!(f, "{}", character.escape_unicode())?;
        } else {
            f.write_char(character)?;
        }
    }
    let left = characters.count();
    if left > 0 {
        f.write_str("...")?;
    }
    if quoted {
        f.write_char('`')?;
    }
    if left > 0 {
        write!(f, " ({} characters)", LONGEST + left)?;
    }
    Ok(())
}

/// Characters that would break the line, move the cursor, turn the direction of writing, or not be seen.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Quoted values: `a`, `b`, `c` and 4 more; `nothing` for an empty list.
pub(crate) fn listed<'t>(values: impl ExactSizeIterator<Item = &'t str>) -> String {
    const SHOWN: usize = 5;
    let count = values.len();
    if count == 0 {
        return "nothing".to_owned();
    }
    let shown: Vec<String> = values.take(SHOWN).map(|value| Quoted(value).to_string()).collect();
    match count.saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_neither_forge_a_line_nor_drown_one() {
        let check = |text: &str, expected: &str| assert_eq!(Quoted(text).to_string(), expected);
        check("team-a", "`team-a`");
        check("Gr\u{fc}n", "`Gr\u{fc}n`");
        check("a\nallow: s3:*", "`a\\u{a}allow: s3:*`");
        check("a`b", "`a\\u{60}b`");
        check("\u{1b}[2J\u{202e}", "`\\u{1b}[2J\\u{202e}`");
        let long = Quoted(&"x".repeat(1_000_000)).to_string();
        assert_eq!(long.len(), 300 + "`...` (1000000 characters)".len());
        assert!(long.ends_with("...` (1000000 characters)"));
        assert_eq!(Plain("a`b\n").to_string(), "a`b\\u{a}");
        assert_eq!(Quoted(&"x".repeat(300)).to_string().len(), 302);
    }

    #[test]
    fn long_lists_say_how_long_they_are() {
        assert_eq!(listed(["a", "b"].into_iter()), "`a`, `b`");
        assert_eq!(listed(std::iter::empty::<&str>().collect::<Vec<_>>().into_iter()), "nothing");
        let many = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(listed(many.into_iter()), "`a`, `b`, `c`, `d`, `e` and 2 more");
    }
}
