//! Tags of users, roles, policies and resources (VAL-50 to VAL-57).

use std::collections::BTreeMap;

use crate::error::{ErrorCode, ModelError};

/// Whether keys that differ in case are one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "keys are compared one way or the other (VAL-52)")]
pub enum TagCase {
    /// Users, roles and sessions.
    Insensitive,
    /// Everything else.
    Sensitive,
}

/// A set of tags, sorted by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<Box<str>, (Box<str>, Box<str>)>);

impl Tags {
    /// No tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag, in place of one with the same key; the key takes the new spelling (VAL-52).
    pub fn set(&mut self, case: TagCase, key: &str, value: &str) {
        self.0.insert(folded(case, key), (key.into(), value.into()));
    }

    /// Removes a tag; a key that is not there is no error (VAL-56).
    pub fn remove(&mut self, case: TagCase, key: &str) {
        self.0.remove(&folded(case, key));
    }

    /// The value of a tag, its key compared without case.
    pub fn get(&self, key: &str) -> Option<&str> {
        let key = key.to_lowercase();
        self.iter().find(|(own, _)| own.to_lowercase() == key).map(|(_, value)| value)
    }

    /// Keys and values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.0.values().map(|(key, value)| (&**key, &**value))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn folded(case: TagCase, key: &str) -> Box<str> {
    match case {
        TagCase::Insensitive => key.to_lowercase().into(),
        TagCase::Sensitive => key.into(),
    }
}

/// Checks the shape of a tag (VAL-50); `n` counts from 1 (VAL-40).
pub fn check_tag(n: usize, key: &str, value: &str) -> Result<(), ModelError> {
    let mut violations = Vec::new();
    let mut report = |member: &str, phrase: String| {
        violations
            .push(format!("Value at 'tags.{n}.member.{member}' failed to satisfy constraint: {phrase}"));
    };
    let pattern = |plus: char| {
        format!("Member must satisfy regular expression pattern: [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]{plus}")
    };
    match key.chars().count() {
        0 => report("key", "Member must have length greater than or equal to 1".into()),
        129.. => report("key", "Member must have length less than or equal to 128".into()),
        _ => {}
    }
    if !key.chars().all(is_tag_char) {
        report("key", pattern('+'));
    }
    if value.chars().count() > 256 {
        report("value", "Member must have length less than or equal to 256".into());
    }
    if !value.chars().all(is_tag_char) {
        report("value", pattern('*'));
    }
    if !violations.is_empty() {
        return Err(ModelError::constraints(&violations));
    }
    let reserved = |text: &str| text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if reserved(key) || reserved(value) {
        // VAL-50: the prefix is reserved in any case; the wording is ours.
        return Err(ModelError::new(
            ErrorCode::InvalidInput,
            "Caller is not allowed to add or update system tag keys. Tag keys and values can't begin with aws:",
        ));
    }
    Ok(())
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn is_tag_char(char: char) -> bool {
    let separator = matches!(
        char,
        ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    );
    char.is_alphanumeric() || separator || "_.:/=+-@".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_users_and_roles_ignore_case_and_take_the_new_spelling() {
        let mut tags = Tags::new();
        tags.set(TagCase::Insensitive, "somekey", "1");
        tags.set(TagCase::Insensitive, "Somekey", "2");
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("Somekey", "2")]); // VAL-52
        tags.remove(TagCase::Insensitive, "absent");
        tags.remove(TagCase::Insensitive, "SOMEKEY");
        assert!(tags.is_empty()); // VAL-56

        tags.set(TagCase::Sensitive, "a", "1");
        tags.set(TagCase::Sensitive, "A", "2");
        assert_eq!(tags.len(), 2); // VAL-52
    }

    #[test]
    fn the_letters_and_lengths_of_tags_are_checked() {
        for (key, value) in
            [("k", ""), ("Kostenstelle \u{e4}", "a b_.:/=+-@1"), (&"k".repeat(128), &"v".repeat(256))]
        {
            assert!(check_tag(1, key, value).is_ok(), "{key}");
        }
        for (key, value) in
            [("", "v"), (&*"k".repeat(129), "v"), ("k*", "v"), ("k", "v!"), ("AWS:x", "v"), ("k", "aws:v")]
        {
            assert!(check_tag(1, key, value).is_err(), "{key}"); // VAL-50
        }
    }
}
