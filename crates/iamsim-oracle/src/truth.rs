//! Three-valued logic after Kleene, where *unknown* remembers the context keys it comes from.
//!
//! It does not know what the keys mean, nor that two unknowns may be the same question.

use std::collections::BTreeSet;

/// True, false, or not to be told from what the case says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown(BTreeSet<String>),
}

impl Truth {
    pub(crate) fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }

    /// Unknown because of one context key.
    pub(crate) fn unknown(key: &str) -> Self {
        Self::Unknown(BTreeSet::from([key.to_lowercase()]))
    }

    /// Unknown for a reason that is no context key.
    pub(crate) fn unknowable() -> Self {
        Self::Unknown(BTreeSet::new())
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::True
    }

    pub(crate) fn is_false(&self) -> bool {
        *self == Self::False
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            unknown @ Self::Unknown(_) => unknown,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self::all([self, other])
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// False if one is false, else unknown if one is unknown, else true.
    pub(crate) fn all(items: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::True;
        for item in items {
            result = match (result, item) {
                (Self::False, _) | (_, Self::False) => Self::False,
                (Self::True, other) | (other, Self::True) => other,
                (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(a.union(&b).cloned().collect()),
            };
        }
        result
    }

    /// True if one is true, else unknown if one is unknown, else false.
    pub(crate) fn any(items: impl IntoIterator<Item = Self>) -> Self {
        Self::all(items.into_iter().map(Self::not)).not()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_yields_only_to_the_deciding_value() {
        let unknown = || Truth::unknown("k");
        assert!(unknown().and(Truth::False).is_false());
        assert!(unknown().or(Truth::True).is_true());
        assert_eq!(unknown().and(Truth::True), unknown());
        assert_eq!(unknown().or(Truth::False), unknown());
        assert_eq!(unknown().not(), unknown());
    }

    #[test]
    fn unknown_gathers_the_keys_of_both_sides() {
        let both = Truth::unknown("B").and(Truth::unknown("a"));
        assert_eq!(both, Truth::Unknown(BTreeSet::from(["a".to_owned(), "b".to_owned()])));
    }

    #[test]
    fn nothing_at_all_is_true_for_all_and_false_for_any() {
        assert!(Truth::all([]).is_true());
        assert!(Truth::any([]).is_false());
    }
}
