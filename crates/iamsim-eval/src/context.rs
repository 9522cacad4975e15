//! The request context: what is known of each key.
//!
//! A key is found by its hash, and a value is read as a number, an instant or an address at most once a
//! request, when an operator first asks for it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use iamsim_policy::ContextKey;

use crate::hash::hash;
use crate::value::{self, Instant, Number, NumberShape};

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
#[derive(Clone, Debug)]
pub struct Context {
    keys: Keys,
    /// Folded prefixes, such as `aws:principaltag/`, whose keys are absent unless they have an entry.
    absent_prefixes: Vec<Box<str>>,
    otherwise: ContextValue,
}

impl Context {
    /// A context in which a key that is not spoken of is absent.
    pub fn complete() -> Self {
        Self { keys: Keys::default(), absent_prefixes: Vec::new(), otherwise: ContextValue::Absent }
    }

    /// A context in which a key that is not spoken of is unknown.
    pub fn partial() -> Self {
        Self { keys: Keys::default(), absent_prefixes: Vec::new(), otherwise: ContextValue::Unknown }
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
        self.keys.set(key.into(), value);
    }

    /// Declares that keys that begin with `prefix`, such as `aws:PrincipalTag/`, are absent unless they are
    /// set.
    pub fn set_absent_prefix(&mut self, prefix: &str) {
        self.absent_prefixes.push(prefix.to_lowercase().into());
    }

    /// What is known of a key.
    pub fn get(&self, key: &ContextKey) -> &ContextValue {
        self.find(hash(key.folded()), key.folded()).value
    }

    /// What is known of the key with this folded name and its hash.
    #[inline]
    pub(crate) fn find(&self, hash: u64, folded: &str) -> Found<'_> {
        match self.keys.slot(hash, folded) {
            Some(slot) => Found { value: &slot.value, read: &slot.read },
            None => Found { value: self.not_spoken_of(folded), read: &[] },
        }
    }

    fn not_spoken_of(&self, folded: &str) -> &ContextValue {
        if self.otherwise == ContextValue::Unknown
            && self.absent_prefixes.iter().any(|prefix| folded.starts_with(&**prefix))
        {
            return &ContextValue::Absent;
        }
        &self.otherwise
    }

    /// The keys that are spoken of, in lower case and sorted, with what is known of them.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        let mut slots: Vec<&Slot> = self.keys.slots.iter().collect();
        slots.sort_by_key(|slot| slot.key.folded());
        slots.into_iter().map(|slot| (slot.key.folded(), &slot.value))
    }

    /// Whether keys that are not spoken of are unknown.
    pub fn is_partial(&self) -> bool {
        self.otherwise == ContextValue::Unknown
    }
}

/// Two contexts are equal when they say the same of every key, in whatever order it was said.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.otherwise == other.otherwise
            && self.absent_prefixes == other.absent_prefixes
            && self.entries().eq(other.entries())
    }
}

impl Eq for Context {}

/// What is known of a key, and what its values have been read as.
#[derive(Clone, Copy)]
pub(crate) struct Found<'c> {
    pub(crate) value: &'c ContextValue,
    /// One for each value; none for values that stand in no context.
    read: &'c [OnceLock<Readings>],
}

impl<'c> Found<'c> {
    /// A value that stands in no context.
    pub(crate) fn alone(value: &'c ContextValue) -> Self {
        Self { value, read: &[] }
    }

    /// The value of a single-valued key.
    #[inline]
    pub(crate) fn one(self, text: &'c str) -> Value<'c> {
        Value { text, read: self.read.first() }
    }

    /// The values, none for a key that is absent or unknown.
    #[inline]
    pub(crate) fn values(self) -> impl Iterator<Item = Value<'c>> {
        let (one, many) = match self.value {
            ContextValue::One(value) => (Some(&**value), &[][..]),
            ContextValue::Many(values) => (None, &**values),
            ContextValue::Absent | ContextValue::Unknown => (None, &[][..]),
        };
        let texts = one.into_iter().chain(many.iter().map(|value| &**value));
        texts.enumerate().map(move |(index, text)| Value { text, read: self.read.get(index) })
    }
}

/// One value of a key.
#[derive(Clone, Copy)]
pub(crate) struct Value<'c> {
    pub(crate) text: &'c str,
    read: Option<&'c OnceLock<Readings>>,
}

impl<'c> Value<'c> {
    /// A value that stands in no context.
    pub(crate) fn alone(text: &'c str) -> Self {
        Self { text, read: None }
    }

    /// The value as a number.
    pub(crate) fn number(self) -> Option<Number<'c>> {
        let shape = match self.read {
            Some(read) => read.get_or_init(|| Readings::of(self.text)).number,
            None => NumberShape::of(self.text),
        };
        shape.map(|shape| shape.of_text(self.text))
    }

    /// The value as an instant.
    pub(crate) fn instant(self) -> Option<Instant> {
        match self.read {
            Some(read) => read.get_or_init(|| Readings::of(self.text)).instant,
            None => value::instant(self.text),
        }
    }

    /// The value as an address.
    pub(crate) fn address(self) -> Option<IpAddr> {
        match self.read {
            Some(read) => read.get_or_init(|| Readings::of(self.text)).address,
            None => value::address(self.text),
        }
    }
}

/// What a value reads as, in the types that take a while to read. All are read at once: what is of one type
/// is seen at a glance not to be of the others.
#[derive(Clone, Copy, Debug)]
struct Readings {
    number: Option<NumberShape>,
    instant: Option<Instant>,
    address: Option<IpAddr>,
}

impl Readings {
    fn of(text: &str) -> Self {
        Self { number: NumberShape::of(text), instant: value::instant(text), address: value::address(text) }
    }
}

/// The keys that are spoken of, found by hash.
#[derive(Clone, Debug, Default)]
struct Keys {
    slots: Vec<Slot>,
    /// Where the slot of a key is, counted from one, at the first free place behind the one its hash points
    /// to; zero is free. Its length is a power of two and at least twice that of the slots.
    places: Vec<u32>,
    /// Keys that found no free place near theirs. Only names made to collide come here.
    crowded: BTreeMap<Box<str>, usize>,
}

#[derive(Clone, Debug)]
struct Slot {
    hash: u64,
    key: ContextKey,
    value: ContextValue,
    /// One for each value.
    read: Readers,
}

/// Where the readings of a slot's values are kept.
#[derive(Clone, Debug)]
enum Readers {
    One([OnceLock<Readings>; 1]),
    Many(Box<[OnceLock<Readings>]>),
}

impl std::ops::Deref for Readers {
    type Target = [OnceLock<Readings>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }
}

impl Readers {
    fn of(value: &ContextValue) -> Self {
        match value {
            ContextValue::Many(values) => Self::Many(values.iter().map(|_| OnceLock::new()).collect()),
            _ => Self::One([OnceLock::new()]),
        }
    }
}

/// How many keys a request has, most often.
const USUALLY: usize = 16;
/// How many places are looked at before a key counts as crowded.
const NEAR: usize = 16;

impl Keys {
    #[inline]
    fn slot(&self, hash: u64, folded: &str) -> Option<&Slot> {
        self.index(hash, folded).and_then(|index| self.slots.get(index))
    }

    #[inline]
    fn index(&self, hash: u64, folded: &str) -> Option<usize> {
        for place in places_of(hash, self.places.len()) {
            let index = (*self.places.get(place)? as usize).checked_sub(1)?;
            if self.slots.get(index).is_some_and(|slot| slot.hash == hash && slot.key.folded() == folded) {
                return Some(index);
            }
        }
        self.crowded.get(folded).copied()
    }

    fn set(&mut self, key: ContextKey, value: ContextValue) {
        let hash = hash(key.folded());
        let read = Readers::of(&value);
        if let Some(slot) = self.index(hash, key.folded()).and_then(|index| self.slots.get_mut(index)) {
            slot.value = value;
            slot.read = read;
            return;
        }
        if self.slots.is_empty() {
            self.slots.reserve(USUALLY);
        }
        self.slots.push(Slot { hash, key, value, read });
        if self.slots.len() * 2 > self.places.len() {
            let length = (self.slots.len() * 4).next_power_of_two().max(USUALLY * 2);
            self.places = vec![0; length];
            self.crowded.clear();
            for index in 0..self.slots.len() {
                self.place(index);
            }
        } else {
            self.place(self.slots.len() - 1);
        }
    }

    /// Gives a slot its place.
    fn place(&mut self, index: usize) {
        let Some(slot) = self.slots.get(index) else { return };
        for place in places_of(slot.hash, self.places.len()) {
            if let Some(free @ 0) = self.places.get_mut(place) {
                *free = u32::try_from(index + 1).unwrap_or(u32::MAX);
                return;
            }
        }
        self.crowded.insert(slot.key.folded().into(), index);
    }
}

/// The places where a key of this hash may be, in order.
#[inline]
fn places_of(hash: u64, length: usize) -> impl Iterator<Item = usize> {
    #[expect(clippy::cast_possible_truncation, reason = "the low bits say the place")]
    let hash = hash as usize;
    (0..NEAR.min(length)).map(move |step| hash.wrapping_add(step) & (length - 1))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_is_said_of_a_key_holds() {
        let names: Vec<String> = (0..2_000).map(|n| format!("aws:PrincipalTag/{n}")).collect();
        let mut context = Context::complete();
        for (n, name) in names.iter().enumerate() {
            context.set(name.as_str(), ContextValue::One(n.to_string().into()));
            context.set(name.to_uppercase().as_str(), ContextValue::One((n + 1).to_string().into()));
        }
        for (n, name) in names.iter().enumerate() {
            let expected = ContextValue::One((n + 1).to_string().into());
            assert_eq!(context.get(&name.as_str().into()), &expected);
        }
        assert_eq!(context.get(&"aws:PrincipalTag/2000".into()), &ContextValue::Absent);
        assert_eq!(context.entries().count(), 2_000);
        assert!(context.entries().is_sorted_by_key(|(key, _)| key));
    }

    #[test]
    fn names_that_collide_are_still_told_apart() {
        let mut keys = Keys::default();
        let names: Vec<String> = (0..100).map(|n| format!("key{n}")).collect();
        for name in &names {
            let read = Readers::of(&ContextValue::Absent);
            keys.slots.push(Slot { hash: 7, key: name.as_str().into(), value: ContextValue::Absent, read });
        }
        keys.places = vec![0; 256];
        for index in 0..100 {
            keys.place(index);
        }
        assert_eq!(keys.crowded.len(), 100 - NEAR);
        for (index, name) in names.iter().enumerate() {
            assert_eq!(keys.index(7, name), Some(index));
        }
        assert_eq!(keys.index(7, "key100"), None);
        assert_eq!(Keys::default().index(7, "key"), None);
    }

    #[test]
    fn equal_contexts_need_not_be_made_in_one_order() {
        let one = Context::complete().with("aws:a", "1").with("aws:b", "2");
        let other = Context::complete().with("AWS:B", "2").with("aws:a", "1");
        assert_eq!(one, other);
        assert_ne!(one, Context::partial().with("aws:a", "1").with("aws:b", "2"));
        assert_ne!(one, Context::complete().with("aws:a", "1"));
    }
}
