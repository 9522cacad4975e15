//! Three-valued truth: a context key may be unknown, and then so may be what depends on it.
//!
//! Kleene's logic: an unknown part leaves the whole unknown unless the other parts decide it.

use std::ops::{BitAnd, BitOr, Not};

/// True, false, or not known.
///
/// ```
/// use iamsim_eval::Truth;
///
/// assert_eq!(Truth::Unknown & Truth::False, Truth::False);
/// assert_eq!(Truth::Unknown | Truth::True, Truth::True);
/// assert_eq!(!Truth::Unknown, Truth::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Kleene's logic has three values")]
pub enum Truth {
    /// It holds for no value of the unknown keys.
    False,
    /// It depends on an unknown key.
    Unknown,
    /// It holds for all values of the unknown keys.
    True,
}

impl Truth {
    /// Whether it certainly holds.
    #[inline]
    pub fn is_true(self) -> bool {
        self == Self::True
    }

    /// Whether it certainly does not hold.
    #[inline]
    pub fn is_false(self) -> bool {
        self == Self::False
    }

    /// Whether it is not known.
    #[inline]
    pub fn is_unknown(self) -> bool {
        self == Self::Unknown
    }

    /// Whether any of them holds; stops at the first that certainly does.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::False;
        for truth in truths {
            result = result | truth;
            if result.is_true() {
                break;
            }
        }
        result
    }

    /// Whether all of them hold; stops at the first that certainly does not.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::True;
        for truth in truths {
            result = result & truth;
            if result.is_false() {
                break;
            }
        }
        result
    }
}

impl From<bool> for Truth {
    #[inline]
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

impl BitAnd for Truth {
    type Output = Self;

    #[inline]
    fn bitand(self, other: Self) -> Self {
        // Not `min`: two comparisons of bytes instead of an ordering to be matched.
        if (self as u8) < other as u8 { self } else { other }
    }
}

impl BitOr for Truth {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        if self as u8 > other as u8 { self } else { other }
    }
}

impl Not for Truth {
    type Output = Self;

    #[inline]
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}
