//! Bytes from elsewhere are checked once, whole, so that every look-up after it can trust them.

use crate::entry::KeyType;
use crate::format::{Bytes, GLOBAL, HEADER, MAGIC, REQUIRED, Section, compare};

/// Bytes that are not a catalog this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCatalog {
    /// Something else altogether.
    #[error("this is not a catalog file")]
    NotACatalog,
    /// The layout is another version's.
    #[error("this catalog file has layout {0}, and layout {expected} is read", expected = MAGIC[15])]
    OtherLayout(u8),
    /// Cut off, or changed.
    #[error("this catalog file is damaged: {0}")]
    Damaged(&'static str),
}

use InvalidCatalog::Damaged;

/// What a field of a record holds.
#[derive(Clone, Copy)]
enum Field {
    String,
    List,
    /// Records of a section, or their end.
    Upto(Section),
    One(Section),
}

/// The fields of each section, by offset in the record.
const FIELDS: &[(Section, &[(usize, Field)])] = &[
    (
        Section::Sources,
        &[
            (0, Field::String),
            (3, Field::String),
            (6, Field::String),
            (9, Field::String),
            (12, Field::String),
            (15, Field::String),
            (18, Field::String),
            (21, Field::String),
            (24, Field::String),
        ],
    ),
    (Section::Principals, &[(0, Field::String)]),
    (Section::Keys, &[(0, Field::String)]),
    (Section::Patterns, &[(0, Field::One(Section::Keys))]),
    (
        Section::Types,
        &[(0, Field::String), (3, Field::String), (6, Field::List), (8, Field::One(Section::Services))],
    ),
    (Section::Actions, &[(0, Field::String), (4, Field::List), (6, Field::List), (8, Field::List)]),
    (Section::Asks, &[(0, Field::One(Section::Actions)), (2, Field::String)]),
    (
        Section::Services,
        &[
            (0, Field::String),
            (3, Field::String),
            (6, Field::Upto(Section::Actions)),
            (8, Field::Upto(Section::Types)),
            (10, Field::List),
        ],
    ),
    (Section::ArnServices, &[(0, Field::String), (3, Field::List)]),
];

pub(crate) fn validate(data: &[u8]) -> Result<(), InvalidCatalog> {
    let bytes = Bytes(data);
    table(bytes)?;
    let strings = strings(bytes)?;
    let lists = lists(bytes)?;
    for (section, fields) in FIELDS {
        for record in 0..bytes.count(*section) {
            for (offset, field) in *fields {
                let known = match field {
                    Field::String => strings.binary_search(&bytes.pointer(*section, record, *offset)).is_ok(),
                    Field::List => lists.binary_search(&bytes.short(*section, record, *offset)).is_ok(),
                    Field::Upto(other) => bytes.short(*section, record, *offset) <= bytes.count(*other),
                    Field::One(other) => bytes.short(*section, record, *offset) < bytes.count(*other),
                };
                if !known {
                    return Err(Damaged("a reference leads nowhere"));
                }
            }
        }
    }
    items(bytes, &lists)?;
    order(bytes)
}

fn table(bytes: Bytes<'_>) -> Result<(), InvalidCatalog> {
    let (name, version) = MAGIC.split_at(MAGIC.len() - 1);
    let found = bytes.0.strip_prefix(name).ok_or(InvalidCatalog::NotACatalog)?;
    match (found.first(), version.first()) {
        (Some(found), Some(version)) if found == version => {}
        (found, _) => return Err(InvalidCatalog::OtherLayout(found.copied().unwrap_or_default())),
    }
    let cut = Err(Damaged("it has another length than it says"));
    if bytes.0.len() < HEADER || bytes.start(Section::Strings) != HEADER {
        return cut;
    }
    for section in Section::ALL {
        let (start, end) = (bytes.start(*section), bytes.end(*section));
        if start > end || (end - start) % section.width() != 0 {
            return cut;
        }
    }
    if bytes.end(Section::ArnServices) == bytes.0.len() { Ok(()) } else { cut }
}

/// Where the strings of the pool begin.
fn strings(bytes: Bytes<'_>) -> Result<Vec<usize>, InvalidCatalog> {
    let pool = bytes.0.get(bytes.start(Section::Strings)..bytes.end(Section::Strings)).unwrap_or_default();
    let mut starts = Vec::new();
    let mut rest = pool;
    while let Some((first, after)) = rest.split_first() {
        starts.push(pool.len() - rest.len());
        let (length, after) = match (*first, after.split_first()) {
            (short @ ..0x80, _) => (usize::from(short), after),
            (long, Some((low, after))) => (usize::from(long & 0x7f) << 8 | usize::from(*low), after),
            (_, None) => return Err(Damaged("a name is cut off")),
        };
        let (name, after) = after.split_at_checked(length).ok_or(Damaged("a name is cut off"))?;
        std::str::from_utf8(name).map_err(|_| Damaged("a name is not UTF-8"))?;
        rest = after;
    }
    Ok(starts)
}

/// Where the lists begin.
fn lists(bytes: Bytes<'_>) -> Result<Vec<usize>, InvalidCatalog> {
    let count = bytes.count(Section::Lists);
    let (mut starts, mut at) = (Vec::new(), 0);
    while at < count {
        starts.push(at);
        at += 1 + bytes.short(Section::Lists, at, 0);
    }
    if at == count { Ok(starts) } else { Err(Damaged("a list is cut off")) }
}

/// What stands in the lists, and in the single bytes.
fn items(bytes: Bytes<'_>, lists: &[usize]) -> Result<(), InvalidCatalog> {
    let wrong = Damaged("a list holds what does not exist");
    let all = |section, field, other| {
        let count = bytes.count(other);
        (0..bytes.count(section)).all(|record| bytes.list(section, record, field).all(|item| item < count))
    };
    let keys = all(Section::Types, 6, Section::Keys)
        && all(Section::Actions, 4, Section::Keys)
        && all(Section::Services, 10, Section::Keys);
    if !keys || !all(Section::Actions, 6, Section::Actions) || !all(Section::ArnServices, 3, Section::Types) {
        return Err(wrong);
    }
    for service in 0..bytes.count(Section::Services) {
        let service = crate::Service { bytes, id: service };
        let types = service.resource_types().len();
        for action in service.actions() {
            let links: Vec<usize> = bytes.list(Section::Actions, action.id, 8).collect();
            for link in links.chunks(2) {
                let [index, keys] = link else { return Err(wrong) };
                if index & !usize::from(REQUIRED) >= types || lists.binary_search(keys).is_err() {
                    return Err(wrong);
                }
                if bytes.list_at(*keys).any(|key| key >= bytes.count(Section::Keys)) {
                    return Err(wrong);
                }
            }
            if action.levels().next().is_none() {
                return Err(Damaged("an action has no access level"));
            }
        }
    }
    let typed = |key| KeyType::from_byte(bytes.byte(Section::Keys, key, 3) & !GLOBAL).is_some();
    if (0..bytes.count(Section::Keys)).all(typed) { Ok(()) } else { Err(Damaged("a key has no type")) }
}

/// What look-ups by halving rely on.
fn order(bytes: Bytes<'_>) -> Result<(), InvalidCatalog> {
    let unsorted = Err(Damaged("its records are out of order"));
    let name = |section, record| bytes.string_bytes(section, record, 0);
    for section in [Section::Services, Section::Principals, Section::ArnServices] {
        if !(1..bytes.count(section)).all(|record| name(section, record - 1) < name(section, record)) {
            return unsorted;
        }
    }
    let keys = (1..bytes.count(Section::Keys))
        .all(|key| compare(name(Section::Keys, key - 1), name(Section::Keys, key)).is_le());
    let asks = (1..bytes.count(Section::Asks))
        .all(|ask| bytes.short(Section::Asks, ask - 1, 0) < bytes.short(Section::Asks, ask, 0));
    let services = bytes.count(Section::Services);
    let starts = |field| {
        bytes.short(Section::Services, 0, field) == 0
            && (1..services).all(|service| {
                bytes.short(Section::Services, service - 1, field)
                    <= bytes.short(Section::Services, service, field)
            })
    };
    if services == 0 || !keys || !asks || !starts(6) || !starts(8) {
        return unsorted;
    }
    for service in 0..services {
        let (from, to) = crate::Service { bytes, id: service }.range();
        let sorted = |id| compare(name(Section::Actions, id - 1), name(Section::Actions, id)).is_lt();
        if !(from + 1..to).all(sorted) {
            return unsorted;
        }
    }
    Ok(())
}
