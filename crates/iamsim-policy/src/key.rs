//! Names of context keys: compared without case, the tag part included (PE-CND-03).

use std::fmt;

use crate::source::saturating;

/// The name of a context key, such as `aws:PrincipalTag/team`. Compared without case (PE-CND-03).
///
/// ```
/// use iamsim_policy::ContextKey;
///
/// assert_eq!(ContextKey::new("AWS:principaltag/TEAM"), ContextKey::new("aws:PrincipalTag/team"));
/// ```
#[derive(Clone)]
pub struct ContextKey {
    /// The name as written, and after it the name in lower case if that is another text.
    text: Box<str>,
    /// Where the name as written ends.
    end: u32,
    /// Whether the name in lower case follows.
    folded: bool,
}

impl ContextKey {
    /// Reads a key name. Any text is one: unknown keys are legal and never present (PE-CND-07).
    pub fn new(name: &str) -> Self {
        if !name.is_ascii() {
            let lower = name.to_lowercase();
            let folded = lower != name;
            let text = if folded { [name, &lower].concat() } else { lower };
            return Self { text: text.into(), end: saturating(name.len()), folded };
        }
        // Not `any`: without an early end the loop looks at many bytes at once.
        let folded = name.bytes().fold(false, |found, byte| found | byte.is_ascii_uppercase());
        let mut text = String::with_capacity(name.len() << u8::from(folded));
        text.push_str(name);
        if folded {
            text.push_str(name);
        }
        if let Some(second) = text.get_mut(name.len()..) {
            second.make_ascii_lowercase();
        }
        Self { text: text.into(), end: saturating(name.len()), folded }
    }

    /// The name as it was written.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.text.get(..self.end as usize).unwrap_or_default()
    }

    /// The name in lower case: what comparisons look at.
    #[inline]
    pub fn folded(&self) -> &str {
        let start = if self.folded { self.end as usize } else { 0 };
        self.text.get(start..).unwrap_or_default()
    }

    /// Whether two names are one key.
    pub(crate) fn same(one: &str, other: &str) -> bool {
        if one.is_ascii() && other.is_ascii() {
            return one.eq_ignore_ascii_case(other);
        }
        one.to_lowercase() == other.to_lowercase()
    }
}

/// The name in lower case.
impl AsRef<str> for ContextKey {
    fn as_ref(&self) -> &str {
        self.folded()
    }
}

impl From<&str> for ContextKey {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl PartialEq for ContextKey {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for ContextKey {}

impl PartialOrd for ContextKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ContextKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl std::hash::Hash for ContextKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl fmt::Display for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContextKey({:?})", self.as_str())
    }
}
