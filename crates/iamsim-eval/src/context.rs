//! The request context: what is known of each key.
//!
//! A key is found by its hash, and a value is read as a number, an instant or an address at most once a
//! request, when an operator first asks for it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use iamsim_policy::ContextKey;

use crate::hash::{self, hash};
use crate::value::{self, Instant, Number, NumberShape};

/// What is known of one context key in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Whether a key that is not spoken of is unknown, and not absent.
    is_partial: bool,
}

impl Context {
    /// A context in which a key that is not spoken of is absent.
    pub fn complete() -> Self {
        Self { keys: Keys::default(), absent_prefixes: Vec::new(), is_partial: false }
    }

    /// A context in which a key that is not spoken of is unknown.
    pub fn partial() -> Self {
        Self { is_partial: true, ..Self::complete() }
    }

    /// Sets a single-valued key.
    #[must_use]
    pub fn with(mut self, key: impl AsRef<str>, value: impl Into<Box<str>>) -> Self {
        self.set(key, ContextValue::One(value.into()));
        self
    }

    /// Sets a multivalued key.
    #[must_use]
    pub fn with_many<V: Into<Box<str>>>(
        mut self,
        key: impl AsRef<str>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.set(key, ContextValue::Many(values.into_iter().map(Into::into).collect()));
        self
    }

    /// Declares that a key is not in the request.
    #[must_use]
    pub fn with_absent(mut self, key: impl AsRef<str>) -> Self {
        self.set(key, ContextValue::Absent);
        self
    }

    /// Declares that nothing is known of a key.
    #[must_use]
    pub fn with_unknown(mut self, key: impl AsRef<str>) -> Self {
        self.set(key, ContextValue::Unknown);
        self
    }

    /// Sets what is known of a key, in place of what was said of it before.
    pub fn set(&mut self, key: impl AsRef<str>, value: ContextValue) {
        self.keys.set(key.as_ref(), value);
    }

    /// Sets what is known of a key that is not spoken of yet; of others it changes nothing and answers false.
    ///
    /// ```
    /// use iamsim_eval::{Context, ContextValue};
    ///
    /// let mut context = Context::complete().with("aws:username", "alice");
    /// assert!(!context.set_if_new("AWS:username", || ContextValue::Unknown));
    /// assert_eq!(context.get(&"aws:username".into()), &ContextValue::One("alice".into()));
    /// ```
    pub fn set_if_new(&mut self, key: impl AsRef<str>, value: impl FnOnce() -> ContextValue) -> bool {
        self.keys.set_if_new(key.as_ref(), value)
    }

    /// As [`set_if_new`](Self::set_if_new), for a key that was made ready.
    pub fn set_ready_if_new(&mut self, key: &ReadyKey, value: impl FnOnce() -> ContextValue) -> bool {
        self.keys.set_ready_if_new(key, value)
    }

    /// From now on a key that is not spoken of is absent.
    pub fn set_complete(&mut self) {
        self.is_partial = false;
        self.absent_prefixes.clear();
    }

    /// Declares that keys that begin with `prefix`, such as `aws:PrincipalTag/`, are absent unless they are
    /// set.
    pub fn set_absent_prefix(&mut self, prefix: &str) {
        if self.is_partial {
            self.absent_prefixes.push(prefix.to_lowercase().into());
        }
    }

    /// What is known of a key.
    pub fn get(&self, key: &ContextKey) -> &ContextValue {
        self.find(hash(key.folded()), key.folded()).value
    }

    /// What was said of a key; none for one that is not spoken of.
    pub fn said(&self, key: &str) -> Option<&ContextValue> {
        let folded;
        let key = if key.is_ascii() {
            key
        } else {
            folded = key.to_lowercase();
            &folded
        };
        let is_it = |slot: &&Slot| self.keys.name(slot).eq_ignore_ascii_case(key.as_bytes());
        self.keys.slots.iter().find(is_it).map(|slot| &slot.value)
    }

    /// Whether a key is unknown, and not one of the first `said` keys that were spoken of.
    pub fn is_open(&self, key: &str, said: usize) -> bool {
        let folded: Cow<'_, str> = if key.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            key.into()
        } else {
            key.to_lowercase().into()
        };
        match self.keys.index(hash(&folded), folded.as_bytes()) {
            Some(index) => {
                index >= said
                    && self.keys.slots.get(index).is_some_and(|slot| slot.value == ContextValue::Unknown)
            }
            None => *self.not_spoken_of(&folded) == ContextValue::Unknown,
        }
    }

    /// What was said of keys, in the order in which they were first spoken of.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &ContextValue> {
        self.keys.slots.iter().map(|slot| &slot.value)
    }

    /// What is known of the key with this folded name and its hash.
    #[inline]
    pub(crate) fn find(&self, hash: u64, folded: &str) -> Found<'_> {
        match self.keys.slot(hash, folded.as_bytes()) {
            Some(slot) => Found { value: &slot.value, read: self.keys.readings(slot) },
            None => Found { value: self.not_spoken_of(folded), read: &[] },
        }
    }

    fn not_spoken_of(&self, folded: &str) -> &ContextValue {
        let is_unknown =
            self.is_partial && !self.absent_prefixes.iter().any(|prefix| folded.starts_with(&**prefix));
        if is_unknown { &ContextValue::Unknown } else { &ContextValue::Absent }
    }

    /// The keys that are spoken of, in lower case and sorted, with what is known of them.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        let name = |slot| str::from_utf8(self.keys.name(slot)).unwrap_or_default();
        let mut entries: Vec<_> = self.keys.slots.iter().map(|slot| (name(slot), &slot.value)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries.into_iter()
    }

    /// Whether keys that are not spoken of are unknown.
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }
}

/// The name of a key, made ready for whoever speaks of it in many contexts.
///
/// ```
/// use iamsim_eval::{Context, ContextValue, ReadyKey};
///
/// let name = ReadyKey::new("aws:username");
/// let mut context = Context::complete();
/// assert!(context.set_ready_if_new(&name, || ContextValue::One("alice".into())));
/// assert!(!context.set_ready_if_new(&name, || ContextValue::Absent));
/// assert_eq!(context.get(&"aws:username".into()).as_one(), Some("alice"));
/// ```
#[derive(Clone, Debug)]
pub struct ReadyKey {
    folded: Box<str>,
    hash: u64,
}

impl ReadyKey {
    /// The key with this name.
    pub fn new(name: &str) -> Self {
        let folded: Box<str> = name.to_lowercase().into();
        Self { hash: hash(&folded), folded }
    }
}

/// Two contexts are equal when they say the same of every key, in whatever order it was said.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.is_partial == other.is_partial
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

/// Whether a text may be a number, an instant or an address, at a glance: only what may be one is worth a place
/// where its reading is kept.
fn may_be_read(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b':') => true,
        // Hexadecimal digits and a colon: an address.
        Some(b'a'..=b'f' | b'A'..=b'F') => {
            let group = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            bytes.get(group) == Some(&b':')
        }
        Some(first) => first.is_ascii_whitespace() || !first.is_ascii(),
        None => false,
    }
}

/// The keys that are spoken of, found by hash.
#[derive(Clone, Debug, Default)]
struct Keys {
    /// All names in lower case, one behind the other.
    names: Vec<u8>,
    slots: Vec<Slot>,
    /// A byte of the hash of each of the first slots, by which they are told apart at once.
    marks: [u64; 2],
    /// What values have been read as.
    readings: Vec<OnceLock<Readings>>,
    /// Where the slots are, once there are too many to look at each.
    places: Option<Box<Places>>,
}

#[derive(Clone, Debug)]
struct Slot {
    hash: u64,
    /// Where in `names` the key stands.
    name: (usize, usize),
    value: ContextValue,
    /// Where in `readings` those of its values begin: one for each value, or none at all.
    first_reading: u32,
    readings: u32,
}

/// How many keys a request has, most often.
const USUALLY: usize = 16;
const _: () = assert!(USUALLY == size_of::<[u64; 2]>(), "each has its mark");
/// How many letters the names of so many keys have, most often.
const USUAL_LETTERS: usize = 20 * USUALLY;

impl Keys {
    #[inline]
    fn slot(&self, hash: u64, folded: &[u8]) -> Option<&Slot> {
        self.index(hash, folded).and_then(|index| self.slots.get(index))
    }

    #[inline]
    fn name(&self, slot: &Slot) -> &[u8] {
        self.names.get(slot.name.0..slot.name.1).unwrap_or_default()
    }

    #[inline]
    fn readings(&self, slot: &Slot) -> &[OnceLock<Readings>] {
        let first = slot.first_reading as usize;
        self.readings.get(first..first + slot.readings as usize).unwrap_or_default()
    }

    #[inline]
    fn index(&self, hash: u64, folded: &[u8]) -> Option<usize> {
        if let Some(places) = &self.places {
            return self.placed(places, hash, folded);
        }
        marked(self.marks, mark(hash)).find(|index| self.is_slot(*index, hash, folded))
    }

    #[cold]
    fn placed(&self, places: &Places, hash: u64, folded: &[u8]) -> Option<usize> {
        places.find(hash, folded, |index| self.is_slot(index, hash, folded))
    }

    #[inline]
    fn is_slot(&self, index: usize, hash: u64, folded: &[u8]) -> bool {
        self.slots.get(index).is_some_and(|slot| slot.hash == hash && self.name(slot) == folded)
    }

    fn set(&mut self, key: &str, value: ContextValue) {
        let (start, hash, known) = self.look_up(key);
        match known {
            Some(index) => {
                self.names.truncate(start);
                let readings = self.make_room_to_read(&value);
                if let Some(slot) = self.slots.get_mut(index) {
                    slot.value = value;
                    (slot.first_reading, slot.readings) = readings;
                }
            }
            None => self.add(start, hash, value),
        }
    }

    fn set_if_new(&mut self, key: &str, value: impl FnOnce() -> ContextValue) -> bool {
        let (start, hash, known) = self.look_up(key);
        match known {
            Some(_) => self.names.truncate(start),
            None => self.add(start, hash, value()),
        }
        known.is_none()
    }

    fn set_ready_if_new(&mut self, key: &ReadyKey, value: impl FnOnce() -> ContextValue) -> bool {
        let name = key.folded.as_bytes();
        let is_new = self.index(key.hash, name).is_none();
        if is_new {
            self.make_room();
            let start = self.names.len();
            self.names.extend_from_slice(name);
            self.add(start, key.hash, value());
        }
        is_new
    }

    #[inline]
    fn make_room(&mut self) {
        if self.slots.is_empty() {
            self.slots.reserve(USUALLY);
            self.names.reserve(USUAL_LETTERS);
        }
    }

    /// Writes a name behind the others, and looks for it among them: where it begins, its hash, and its slot.
    #[inline]
    fn look_up(&mut self, key: &str) -> (usize, u64, Option<usize>) {
        self.make_room();
        let start = self.names.len();
        let hash = push_folded(&mut self.names, key);
        let folded = self.names.get(start..).unwrap_or_default();
        (start, hash, self.index(hash, folded))
    }

    /// Adds a slot for the last name.
    #[inline]
    fn add(&mut self, start: usize, hash: u64, value: ContextValue) {
        let (first_reading, readings) = self.make_room_to_read(&value);
        let name = (start, self.names.len());
        let index = self.slots.len();
        self.slots.push(Slot { hash, name, value, first_reading, readings });
        match self.marks.get_mut(index / 8) {
            Some(marks) => *marks |= u64::from(mark(hash)) << (index % 8 * 8),
            None => self.place_last(),
        }
    }

    /// Adds places for the readings of a value: where they begin, and how many there are. What has no place is
    /// read each time.
    #[inline]
    fn make_room_to_read(&mut self, value: &ContextValue) -> (u32, u32) {
        let values = match value {
            ContextValue::One(value) if may_be_read(value) => 1,
            ContextValue::Many(values) if values.iter().any(|value| may_be_read(value)) => values.len(),
            _ => return (0, 0),
        };
        let first = self.readings.len();
        let (Ok(start), Ok(count)) = (u32::try_from(first), u32::try_from(values)) else { return (0, 0) };
        self.readings.resize_with(first + values, OnceLock::new);
        (start, count)
    }

    /// Gives the last slot its place, and all of them another where the places are too few.
    #[cold]
    fn place_last(&mut self) {
        let last = self.slots.len() - 1;
        if let Some(places) = self.places.as_mut().filter(|places| self.slots.len() * 2 <= places.table.len())
        {
            if let Some(slot) = self.slots.get(last) {
                places.add(slot.hash, self.names.get(slot.name.0..slot.name.1).unwrap_or_default(), last);
            }
            return;
        }
        let mut places = Places::of_length((self.slots.len() * 4).next_power_of_two());
        for (index, slot) in self.slots.iter().enumerate() {
            places.add(slot.hash, self.name(slot), index);
        }
        self.places = Some(Box::new(places));
    }
}

/// Adds a name in lower case, and answers its hash. It is read where it was, not where it was written to: a text
/// that was written a moment ago is not at hand yet.
fn push_folded(names: &mut Vec<u8>, name: &str) -> u64 {
    let bytes = name.as_bytes();
    let start = names.len();
    names.extend_from_slice(bytes);
    let added = names.get_mut(start..).unwrap_or_default();
    let (words, rest) = bytes.as_chunks::<8>();
    let (mut all, mut hash) = (0, hash::begun(bytes.len()));
    for (word, to) in words.iter().zip(added.as_chunks_mut::<8>().0) {
        let word = u64::from_le_bytes(*word);
        all |= word;
        let lowered = lowered(word);
        hash = hash::with(hash, lowered);
        *to = lowered.to_le_bytes();
    }
    if !rest.is_empty() {
        let word = bytes.last_chunk::<8>().map_or_else(|| hash::head(rest), |word| u64::from_le_bytes(*word));
        all |= word;
        let lowered = lowered(word);
        let last = if let Some(to) = added.last_chunk_mut::<8>() {
            // Some of them for the second time, which changes nothing.
            *to = lowered.to_le_bytes();
            lowered >> (8 * (8 - rest.len()))
        } else {
            added.iter_mut().zip(lowered.to_le_bytes()).for_each(|(to, byte)| *to = byte);
            lowered
        };
        hash = hash::with(hash, last);
    }
    if all & HIGH_BITS != 0 {
        let lower = name.to_lowercase();
        names.truncate(start);
        names.extend_from_slice(lower.as_bytes());
        return hash::hash(&lower);
    }
    hash
}

/// The bits that no byte of ASCII has, in each of eight bytes.
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Eight bytes of ASCII in lower case, all at once.
const fn lowered(word: u64) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let low = word & !HIGH_BITS;
    // The high bit of each byte that is at least `A`, and of each that is more than `Z`.
    let from_a = low + each(0x80 - b'A');
    let beyond_z = low + each(0x80 - b'Z' - 1);
    word | (((from_a ^ beyond_z) & !word & HIGH_BITS) >> 2)
}

/// What a slot is marked by.
#[inline]
fn mark(hash: u64) -> u8 {
    hash.to_be_bytes()[0]
}

/// Which of the bytes of two words are a mark, in order, and perhaps some others.
#[inline]
fn marked(marks: [u64; 2], mark: u8) -> impl Iterator<Item = usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS;
    let [mut low, mut high] = marks.map(|marks| zeros(marks ^ u64::from_ne_bytes([mark; 8])));
    std::iter::from_fn(move || {
        let (word, first) = if low != 0 { (&mut low, 0) } else { (&mut high, 8) };
        let bit = word.trailing_zeros();
        *word &= word.checked_sub(1)?;
        Some(first + bit as usize / 8)
    })
}

/// Where slots are, by hash.
#[derive(Clone, Debug)]
struct Places {
    /// The slot of a key, counted from one, at the first free place behind the one its hash points to; zero is
    /// free. The length is a power of two and at least twice the number of slots.
    table: Box<[u32]>,
    /// Keys that found no free place near theirs. Only names made to collide come here.
    crowded: BTreeMap<Box<[u8]>, usize>,
}

/// How many places are looked at before a key counts as crowded.
const NEAR: usize = 16;

impl Places {
    fn of_length(length: usize) -> Self {
        Self { table: vec![0; length].into(), crowded: BTreeMap::new() }
    }

    #[inline]
    fn find(&self, hash: u64, name: &[u8], is_it: impl Fn(usize) -> bool) -> Option<usize> {
        for place in self.near(hash) {
            let index = (*self.table.get(place)? as usize).checked_sub(1)?;
            if is_it(index) {
                return Some(index);
            }
        }
        self.crowded.get(name).copied()
    }

    fn add(&mut self, hash: u64, name: &[u8], index: usize) {
        for place in self.near(hash) {
            if let Some(free @ 0) = self.table.get_mut(place) {
                *free = u32::try_from(index + 1).unwrap_or(u32::MAX);
                return;
            }
        }
        self.crowded.insert(name.into(), index);
    }

    /// The places where a key of this hash may be, in order.
    #[inline]
    fn near(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let length = self.table.len();
        #[expect(clippy::cast_possible_truncation, reason = "the low bits say the place")]
        let hash = hash as usize;
        (0..NEAR.min(length)).map(move |step| hash.wrapping_add(step) & (length - 1))
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
        let names: Vec<String> = (0..100).map(|n| format!("key{n}")).collect();
        let mut places = Places::of_length(256);
        for (index, name) in names.iter().enumerate() {
            places.add(7, name.as_bytes(), index);
        }
        assert_eq!(places.crowded.len(), 100 - NEAR);
        let find = |name: &str| places.find(7, name.as_bytes(), |index| names[index] == name);
        for (index, name) in names.iter().enumerate() {
            assert_eq!(find(name), Some(index));
        }
        assert_eq!(find("key100"), None);
    }

    #[test]
    fn names_are_folded_eight_letters_at_once() {
        let check = |name: &str| {
            let mut folded = b"before".to_vec();
            assert_eq!(push_folded(&mut folded, name), hash(&name.to_lowercase()), "{name}");
            assert_eq!(folded, format!("before{}", name.to_lowercase()).as_bytes(), "{name}");
        };
        for start in 0..16_u8 {
            check(&(start..128).map(char::from).collect::<String>());
            check(&(b'?'..b'?' + start).map(char::from).collect::<String>());
        }
        for name in ["", "A", "aws:PrincipalTag/Ä", "ÄBCDEFGHIJ", "\u{130}stanbul", "ABCDEFGH\u{212a}"] {
            check(name);
        }
    }

    #[test]
    fn marks_are_found_in_order() {
        let marks = [0x0007_0100_ff07_0780, 0x0700_0000_0000_0100];
        let check = |mark: u8, expected: &[usize]| {
            let found = marked(marks, mark);
            let bytes = marks.map(u64::to_le_bytes).concat();
            let found: Vec<usize> = found.filter(|index| bytes[*index] == mark).collect();
            assert_eq!(found, expected, "{mark:x}");
        };
        check(0x07, &[1, 2, 6, 15]);
        check(0xff, &[3]);
        check(0x80, &[0]);
        check(0x01, &[5, 9]);
        check(0x02, &[]);
        check(0x00, &[4, 7, 8, 10, 11, 12, 13, 14]);
    }

    #[test]
    fn what_can_be_read_is_given_a_place() {
        for text in
            ["3", "-1.5", "+2", ".5", " 7 ", "2026-06-15T12:00:00Z", "2026", "192.0.2.1", "::1", "fe80::1"]
        {
            assert!(may_be_read(text), "{text}");
        }
        for text in ["", "true", "alice", "us-east-1", "arn:aws:iam::1:user/u", "o-abc", "eu:", "beef", "/"] {
            assert!(!may_be_read(text), "{text}");
        }
        for text in ["3", "x", "2026-06-15", "::1"] {
            let context = Context::complete().with("a:b", text).with_many("a:c", ["x", text]);
            let found = context.find(hash("a:b"), "a:b");
            assert_eq!(found.one(text).number(), Value::alone(text).number());
            assert_eq!(found.one(text).instant(), Value::alone(text).instant());
            assert_eq!(found.one(text).address(), Value::alone(text).address());
            let many: Vec<_> = context.find(hash("a:c"), "a:c").values().map(Value::instant).collect();
            assert_eq!(many, [None, Value::alone(text).instant()]);
        }
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
