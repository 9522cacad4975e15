//! Names of context keys: compared without case, the tag part included (PE-CND-03).

use std::fmt;

/// The name of a context key, such as `aws:PrincipalTag/team`. Compared without case (PE-CND-03).
///
/// ```
/// use iamsim_policy::ContextKey;
///
/// assert_eq!(ContextKey::new("AWS:principaltag/TEAM"), ContextKey::new("aws:PrincipalTag/team"));
/// ```
#[derive(Clone)]
pub struct ContextKey {
    written: Box<str>,
    folded: Box<str>,
}

impl ContextKey {
    /// Reads a key name. Any text is one: unknown keys are legal and never present (PE-CND-07).
    pub fn new(name: &str) -> Self {
        Self { written: name.into(), folded: name.to_lowercase().into() }
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The name in lower case: what comparisons look at.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl From<&str> for ContextKey {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl PartialEq for ContextKey {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
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
        self.folded.cmp(&other.folded)
    }
}

impl std::hash::Hash for ContextKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContextKey({:?})", self.written)
    }
}
