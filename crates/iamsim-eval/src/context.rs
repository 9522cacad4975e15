//! The request context: what is known of each key.

use std::collections::BTreeMap;

use iamsim_policy::ContextKey;

/// What is known of one context key in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a key is there with one or many values, is not there, or nobody knows"
)]
pub enum ContextValue {
    /// The request does not carry the key.
    Absent,
    /// Whether the request carries the key, and with what value, is not known.
    Unknown,
    /// A single-valued key.
    One(Box<str>),
    /// A multivalued key, possibly without values. What makes a key multivalued is its type, not how many
    /// values it has (PE-SET-01).
    Many(Box<[Box<str>]>),
}

/// The context of a request: a value for each key that is spoken of, and what to assume of the others.
///
/// ```
/// use iamsim_eval::{Context, ContextValue};
///
/// let context = Context::complete()
///     .with("aws:username", "alice")
///     .with_many("aws:TagKeys", ["team", "stage"])
///     .with_unknown("aws:SourceIp");
/// assert_eq!(context.get(&"AWS:UserName".into()), &ContextValue::One("alice".into()));
/// assert_eq!(context.get(&"aws:SourceVpc".into()), &ContextValue::Absent);
/// assert_eq!(context.get(&"aws:sourceip".into()), &ContextValue::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// By folded name.
    entries: BTreeMap<Box<str>, ContextValue>,
    /// Folded prefixes, such as `aws:principaltag/`, whose keys are absent unless they have an entry.
    absent_prefixes: Vec<Box<str>>,
    otherwise: ContextValue,
}

impl Context {
    /// A context in which a key that is not spoken of is absent.
    pub fn complete() -> Self {
        Self { entries: BTreeMap::new(), absent_prefixes: Vec::new(), otherwise: ContextValue::Absent }
    }

    /// A context in which a key that is not spoken of is unknown.
    pub fn partial() -> Self {
        Self { entries: BTreeMap::new(), absent_prefixes: Vec::new(), otherwise: ContextValue::Unknown }
    }

    /// Sets a single-valued key.
    #[must_use]
    pub fn with(mut self, key: impl Into<ContextKey>, value: impl Into<Box<str>>) -> Self {
        self.set(key, ContextValue::One(value.into()));
        self
    }

    /// Sets a multivalued key.
    #[must_use]
    pub fn with_many<V: Into<Box<str>>>(
        mut self,
        key: impl Into<ContextKey>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.set(key, ContextValue::Many(values.into_iter().map(Into::into).collect()));
        self
    }

    /// Declares that a key is not in the request.
    #[must_use]
    pub fn with_absent(mut self, key: impl Into<ContextKey>) -> Self {
        self.set(key, ContextValue::Absent);
        self
    }

    /// Declares that nothing is known of a key.
    #[must_use]
    pub fn with_unknown(mut self, key: impl Into<ContextKey>) -> Self {
        self.set(key, ContextValue::Unknown);
        self
    }

    /// Sets what is known of a key, in place of what was said of it before.
    pub fn set(&mut self, key: impl Into<ContextKey>, value: ContextValue) {
        self.entries.insert(key.into().folded().into(), value);
    }

    /// Declares that keys that begin with `prefix`, such as `aws:PrincipalTag/`, are absent unless they are
    /// set.
    pub fn set_absent_prefix(&mut self, prefix: &str) {
        self.absent_prefixes.push(prefix.to_lowercase().into());
    }

    /// What is known of a key.
    pub fn get(&self, key: &ContextKey) -> &ContextValue {
        if let Some(value) = self.entries.get(key.folded()) {
            return value;
        }
        if self.otherwise == ContextValue::Unknown
            && self.absent_prefixes.iter().any(|prefix| key.folded().starts_with(&**prefix))
        {
            return &ContextValue::Absent;
        }
        &self.otherwise
    }

    /// The keys that are spoken of, in lower case and sorted, with what is known of them.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// Whether keys that are not spoken of are unknown.
    pub fn is_partial(&self) -> bool {
        self.otherwise == ContextValue::Unknown
    }
}

impl ContextValue {
    /// The value of a single-valued key.
    pub fn as_one(&self) -> Option<&str> {
        match self {
            Self::One(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the `Null` operator takes it as not there: absent, no values, or a lone empty text
    /// (PE-MIS-10, low confidence). None when that is not known.
    pub fn is_null(&self) -> Option<bool> {
        match self {
            Self::Absent => Some(true),
            Self::Unknown => None,
            Self::One(value) => Some(value.is_empty()),
            Self::Many(values) => {
                Some(matches!(&**values, [] | [_]) && values.iter().all(|value| value.is_empty()))
            }
        }
    }
}
