//! The catalog as bytes: flat, sorted sections that are searched in place, so that nothing is decoded when a
//! program starts. Numbers are little-endian.
//!
//! | section | records |
//! |---|---|
//! | `Strings` | length in one or two bytes, then UTF-8; other sections point here by offset (3 bytes) |
//! | `Sources` | nine strings |
//! | `Principals` | string, sorted |
//! | `Keys` | name, type, whether global; sorted by name without case |
//! | `Patterns` | key (2): those whose name holds a placeholder |
//! | `Lists` | runs of 2-byte numbers, each with its length before it; other sections point at the length |
//! | `Types` | name, ARN format, keys (list), service (2) |
//! | `Actions` | name, access levels (1), keys (list), dependent actions (list), links (list); by service, then by name without case |
//! | `Asks` | action (2), ARN format: sorted |
//! | `Services` | prefix, name, first action (2), first type (2), keys (list), flags (1); sorted by prefix |
//! | `ArnServices` | the service part of an ARN, types (list); sorted |

/// What every catalog begins with: a name, and the version of this layout.
pub(crate) const MAGIC: [u8; 16] = *b"iamsim-catalog\0\x01";

/// A link that is required has this bit; the other bits are the resource type, counted within its service.
pub(crate) const REQUIRED: u16 = 0x8000;

/// The flag of a key that every request may hold.
pub(crate) const GLOBAL: u8 = 0x80;

macro_rules! sections {
    ($($name:ident $width:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Section {
            $($name,)+
        }

        impl Section {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Bytes of one record.
            pub(crate) const fn width(self) -> usize {
                match self {
                    $(Self::$name => $width,)+
                }
            }
        }
    };
}

sections! {
    Strings 1,
    Sources 27,
    Principals 3,
    Keys 4,
    Patterns 2,
    Lists 2,
    Types 10,
    Actions 10,
    Asks 5,
    Services 13,
    ArnServices 5,
}

/// Where the sections begin: after the magic, one offset for each and one for the end.
pub(crate) const TABLE: usize = MAGIC.len();

/// The length of magic and table.
pub(crate) const HEADER: usize = TABLE + 4 * (Section::ALL.len() + 1);

/// A catalog's bytes. Every read is total: what lies outside is zero or empty, which
/// [`validate`](crate::validate) rules out for bytes from elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'c>(pub(crate) &'c [u8]);

impl<'c> Bytes<'c> {
    fn number<const N: usize>(self, at: usize) -> usize {
        let Some(bytes) = self.0.get(at..).and_then(|rest| rest.first_chunk::<N>()) else { return 0 };
        bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    /// Where a section begins.
    pub(crate) fn start(self, section: Section) -> usize {
        self.number::<4>(TABLE + 4 * section as usize)
    }

    /// Where a section ends.
    pub(crate) fn end(self, section: Section) -> usize {
        self.number::<4>(TABLE + 4 * (section as usize + 1))
    }

    /// How many records a section has.
    pub(crate) fn count(self, section: Section) -> usize {
        self.end(section).saturating_sub(self.start(section)) / section.width()
    }

    fn at(self, section: Section, record: usize, field: usize) -> usize {
        self.start(section) + record * section.width() + field
    }

    /// One byte of a record.
    pub(crate) fn byte(self, section: Section, record: usize, field: usize) -> u8 {
        self.0.get(self.at(section, record, field)).copied().unwrap_or_default()
    }

    /// Two bytes of a record.
    pub(crate) fn short(self, section: Section, record: usize, field: usize) -> usize {
        self.number::<2>(self.at(section, record, field))
    }

    /// The offset, in the pool, of the string a record points at.
    pub(crate) fn pointer(self, section: Section, record: usize, field: usize) -> usize {
        self.number::<3>(self.at(section, record, field))
    }

    /// The string a record points at.
    pub(crate) fn string(self, section: Section, record: usize, field: usize) -> &'c str {
        std::str::from_utf8(self.string_bytes(section, record, field)).unwrap_or_default()
    }

    /// The bytes of the string a record points at: comparisons need no UTF-8.
    pub(crate) fn string_bytes(self, section: Section, record: usize, field: usize) -> &'c [u8] {
        let pool = self.0.get(self.start(Section::Strings)..).unwrap_or_default();
        pooled(pool, self.pointer(section, record, field))
    }

    /// The names of a section whose records begin with one.
    pub(crate) fn names(self, section: Section) -> Names<'c> {
        let part = |section| self.0.get(self.start(section)..self.end(section)).unwrap_or_default();
        Names { records: part(section), width: section.width(), pool: part(Section::Strings) }
    }

    /// The numbers of the list a record points at.
    pub(crate) fn list(self, section: Section, record: usize, field: usize) -> List<'c> {
        self.list_at(self.short(section, record, field))
    }

    /// The numbers of the list whose length stands at `at`.
    pub(crate) fn list_at(self, at: usize) -> List<'c> {
        List { bytes: self, at: at + 1, left: self.short(Section::Lists, at, 0) }
    }
}

/// A string of the pool.
fn pooled(pool: &[u8], at: usize) -> &[u8] {
    let rest = pool.get(at..).unwrap_or_default();
    let (length, start) = match rest {
        [short @ ..0x80, ..] => (usize::from(*short), 1),
        [long, low, ..] => (usize::from(long & 0x7f) << 8 | usize::from(*low), 2),
        _ => return &[],
    };
    rest.get(start..start + length).unwrap_or_default()
}

/// The names of a section's records, for look-ups: where things begin is read once and not at each step.
#[derive(Clone, Copy)]
pub(crate) struct Names<'c> {
    records: &'c [u8],
    width: usize,
    pool: &'c [u8],
}

impl<'c> Names<'c> {
    pub(crate) fn len(self) -> usize {
        self.records.len() / self.width
    }

    pub(crate) fn get(self, record: usize) -> &'c [u8] {
        match self.records.get(record * self.width..) {
            Some([low, middle, high, ..]) => {
                pooled(self.pool, usize::from(*low) | usize::from(*middle) << 8 | usize::from(*high) << 16)
            }
            _ => &[],
        }
    }

    /// The first of the records `from..to` whose name is not before a text, without regard to case.
    pub(crate) fn lower_bound(self, from: usize, to: usize, name: &[u8]) -> usize {
        partition_point(from, to, |record| compare(self.get(record), name).is_lt())
    }

    /// The one of the records `from..to` that has a name, whatever its case.
    pub(crate) fn find(self, from: usize, to: usize, name: &[u8]) -> Option<usize> {
        let at = self.lower_bound(from, to, name);
        (at < to && self.get(at).eq_ignore_ascii_case(name)).then_some(at)
    }
}

/// The numbers of a list.
#[derive(Clone)]
pub(crate) struct List<'c> {
    bytes: Bytes<'c>,
    at: usize,
    left: usize,
}

impl Iterator for List<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let number = self.bytes.short(Section::Lists, self.at, 0);
        self.at += 1;
        Some(number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// The first of `count` records that is not before what is looked for, where `before` says which are.
pub(crate) fn partition_point(from: usize, to: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (from, to.max(from));
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// Compares two texts without regard to ASCII case.
pub(crate) fn compare(left: &[u8], right: &[u8]) -> std::cmp::Ordering {
    for (one, other) in left.iter().zip(right) {
        if one != other {
            let order = one.to_ascii_lowercase().cmp(&other.to_ascii_lowercase());
            if order.is_ne() {
                return order;
            }
        }
    }
    left.len().cmp(&right.len())
}
