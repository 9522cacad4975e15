//! Text of the user's inside other languages. Everything a report shows goes through here.

use std::fmt::Write as _;

/// Text inside HTML, in content or in a quoted attribute. What no document may hold becomes U+FFFD.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char if is_text(char) => escaped.push(char),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// Text inside XML 1.0. As [`html`], and line breaks are kept in attributes too, where they would else become
/// spaces.
pub(crate) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            char if is_text(char) => escaped.push(char),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// What XML 1.0 and HTML may hold as text.
fn is_text(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r') || !(char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}'))
}

/// JSON inside a `<script>`: nothing in it ends the element, or is markup in any way of reading.
pub(crate) fn json_in_html(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(char));
            }
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// The message of a workflow command of GitHub's.
pub(crate) fn github_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command of GitHub's.
pub(crate) fn github_property(text: &str) -> String {
    github_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Plain text inside a line or a table cell of Markdown.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '|' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(char);
            }
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // Nobody is to be notified because a policy names them.
            '@' => escaped.push_str("&#64;"),
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// Text inside an element of HTML inside Markdown, where nothing else of Markdown is read.
pub(crate) fn markdown_html(text: &str) -> String {
    html(text).replace('@', "&#64;").replace(['\n', '\r'], " ")
}

/// Text in a span of code inside a line or a table cell of Markdown.
pub(crate) fn markdown_code(text: &str) -> String {
    let text: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.trim().is_empty() {
        return String::new();
    }
    // A bar ends a cell even inside a span, and a backslash there is a backslash: HTML has neither trouble.
    if text.contains(['`', '|']) {
        return format!("<code>{}</code>", markdown(&text));
    }
    format!("`{text}`")
}

/// Lines in a fenced block of Markdown, with a fence that is longer than any in them.
pub(crate) fn markdown_block(language: &str, text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</script><script>alert(1)</script>\"'&\u{0}\u{2028}";

    #[test]
    fn no_markup_survives() {
        assert_eq!(
            html(HOSTILE),
            "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u{fffd}\u{2028}"
        );
        assert!(!xml(HOSTILE).contains(['<', '>', '"', '\u{0}']));
        assert_eq!(xml("a\nb"), "a&#10;b");
        assert!(!json_in_html(HOSTILE).contains(['<', '>', '&', '\u{2028}']));
        assert!(!markdown(HOSTILE).contains(['<', '>']));
    }

    #[test]
    fn json_stays_json() {
        let json = serde_json::to_string(HOSTILE).unwrap();
        assert_eq!(serde_json::from_str::<String>(&json_in_html(&json)).unwrap(), HOSTILE);
    }

    #[test]
    fn a_line_stays_a_line_for_github() {
        assert_eq!(github_message("50%\na"), "50%25%0Aa");
        assert_eq!(github_property("a:b,c"), "a%3Ab%2Cc");
    }

    #[test]
    fn cells_and_fences_hold_what_is_in_them() {
        assert_eq!(markdown("a|b @x *y*"), "a\\|b &#64;x \\*y\\*");
        assert_eq!(markdown_code("a|b"), "<code>a\\|b</code>");
        assert_eq!(markdown_code("s3:*"), "`s3:*`");
        assert_eq!(markdown_block("json", "```\nx\n"), "````json\n```\nx\n````\n");
    }
}
