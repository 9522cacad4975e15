//! Finds objects that repeat a name, in the raw text of a case.
//!
//! It reads only as much JSON as that question needs and knows nothing of cases or policies.

use std::collections::BTreeSet;

/// Tells whether some object in this JSON text holds the same name twice (PE-DOC-05).
///
/// Names are compared after their escapes are resolved. Text that is not JSON gives an answer of
/// no meaning; it is refused elsewhere.
///
/// ```
/// assert!(iamsim_oracle::has_repeated_names(r#"{"a":1,"b":{"c":1,"\u0063":2}}"#));
/// assert!(!iamsim_oracle::has_repeated_names(r#"{"a":{"a":["a","a"]},"b":"a"}"#));
/// ```
#[must_use]
pub fn has_repeated_names(text: &str) -> bool {
    // One entry per open bracket: the names seen so far for an object, nothing for an array.
    let mut open: Vec<Option<BTreeSet<String>>> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' => open.push(Some(BTreeSet::new())),
            '[' => open.push(None),
            '}' | ']' => {
                open.pop();
            }
            '"' => {
                let mut literal = String::from('"');
                while let Some(c) = chars.next() {
                    literal.push(c);
                    match c {
                        '\\' => literal.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                while chars.peek().is_some_and(char::is_ascii_whitespace) {
                    chars.next();
                }
                // Only a name is followed by a colon; a string inside a list or after a name is not.
                if chars.peek() == Some(&':')
                    && let Some(Some(names)) = open.last_mut()
                    && let Ok(name) = serde_json::from_str::<String>(&literal)
                    && !names.insert(name)
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_repeated_names;

    #[test]
    fn a_quote_inside_a_string_does_not_end_it() {
        assert!(!has_repeated_names(r#"{"a":"x\",\"a\":1","b":1}"#));
        assert!(has_repeated_names(r#"[{"a\"":1, "a\"" : 2}]"#));
    }

    #[test]
    fn objects_side_by_side_may_use_the_same_names() {
        assert!(!has_repeated_names(r#"[{"a":1},{"a":2}]"#));
    }
}
