//! The managed policies AWS writes: an index that is searched in place, and documents that are unpacked when
//! one is asked for.
//!
//! The text, one statement a line so that a refresh can be reviewed:
//!
//! ```text
//! policy<TAB>/path/Name<TAB>version<TAB>created<TAB>updated
//! {"Version":"2012-10-17","Statement":[
//! {"Effect":"Allow",…}
//! ]}
//! ```
//!
//! The bytes: magic; number of policies and of blocks (4 bytes each); the end of each block (4); the records
//! of the policies, sorted by name; blocks of documents, each compressed on its own; names and paths.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use iamsim_policy::{Source, json, suggest};

use crate::text::TextError;

const MAGIC: [u8; 16] = *b"iamsim-managed\0\x01";
const HEADER: usize = MAGIC.len() + 8;
/// name (3, length 1), path (3, length 1), version (2), created (4), updated (4), block (2), start (3),
/// length (3)
const RECORD: usize = 26;
/// A block is closed when its documents have this many bytes: small enough to be unpacked for one document,
/// large enough to be packed well.
const BLOCK: usize = 96 * 1024;

/// AWS's managed policies. Cloning is cheap.
///
/// ```
/// use iamsim_catalog::ManagedPolicies;
///
/// let policies = ManagedPolicies::embedded();
/// let basic = policies.get("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").unwrap();
/// assert_eq!(basic.path(), "/service-role/");
/// assert!(basic.document().contains("logs:CreateLogStream"));
/// ```
#[derive(Clone)]
pub struct ManagedPolicies(Data);

#[derive(Clone)]
enum Data {
    Embedded(&'static [u8]),
    Loaded(Arc<[u8]>),
}

static EMBEDDED: ManagedPolicies =
    ManagedPolicies(Data::Embedded(include_bytes!("../data/managed-policies.bin")));

/// Bytes that are not managed policies this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidManagedPolicies {
    /// Something else altogether, or another version's layout.
    #[error("this is not a file of managed policies that this version can read")]
    NotManagedPolicies,
    /// Cut off, or changed.
    #[error("this file of managed policies is damaged")]
    Damaged,
}

impl ManagedPolicies {
    /// The policies this crate was released with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Reads a file of managed policies, and checks all of it.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self, InvalidManagedPolicies> {
        let policies = Self(Data::Loaded(bytes.into()));
        policies.validate()?;
        Ok(policies)
    }

    /// Reads policies from their text: a line `policy`, path and name, version, the instants of its creation
    /// and last change, separated by tabs; then the lines of the document, and so on, sorted by name.
    ///
    /// ```
    /// use iamsim_catalog::ManagedPolicies;
    ///
    /// let text = "policy\t/ReadAll\tv2\t2026-01-31T09:00:00Z\t2026-02-01T00:00:00Z\n\
    ///     {\"Version\":\"2012-10-17\",\"Statement\":[\n\
    ///     {\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"*\"}\n]}\n";
    /// let policies = ManagedPolicies::from_text(text)?;
    /// let policy = policies.get("arn:aws:iam::aws:policy/ReadAll").unwrap();
    /// assert_eq!((policy.version(), policy.created()), (2, 1_769_850_000));
    /// # Ok::<(), iamsim_catalog::TextError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        Ok(Self(Data::Loaded(encode(text)?.into())))
    }

    /// The bytes of a file, which [`from_bytes`](Self::from_bytes) reads.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Data::Embedded(bytes) => bytes,
            Data::Loaded(bytes) => bytes,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        number(self.as_bytes(), MAGIC.len(), 4)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All policies, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ManagedPolicy<'_>> {
        (0..self.len()).map(|id| ManagedPolicy { policies: self, id })
    }

    /// The policy with an ARN. AWS's documents of other partitions differ, so only `arn:aws:…` is known.
    pub fn get(&self, arn: &str) -> Option<ManagedPolicy<'_>> {
        let path_and_name = arn.strip_prefix("arn:aws:iam::aws:policy")?;
        let (_, name) = path_and_name.rsplit_once('/')?;
        let path = path_and_name.strip_suffix(name)?;
        self.by_name(name).filter(|policy| policy.path() == path)
    }

    /// The policy with a name. AWS gives no name twice, whatever the path.
    pub fn by_name(&self, name: &str) -> Option<ManagedPolicy<'_>> {
        let policy = |id| ManagedPolicy { policies: self, id };
        let at = crate::format::partition_point(0, self.len(), |id| policy(id).name() < name);
        (at < self.len()).then(|| policy(at)).filter(|policy| policy.name() == name)
    }

    /// The policy whose name is nearest to one that does not exist.
    pub fn nearest(&self, name: &str) -> Option<ManagedPolicy<'_>> {
        self.by_name(suggest::nearest(name, self.iter().map(ManagedPolicy::name))?)
    }

    /// All policies with their documents, by name; each block is unpacked once.
    pub fn documents(&self) -> impl Iterator<Item = (ManagedPolicy<'_>, String)> {
        let mut open = (usize::MAX, String::new());
        self.iter().map(move |policy| {
            if open.0 != policy.block() {
                open = (policy.block(), self.unpack(policy.block()));
            }
            (policy, policy.cut(&open.1))
        })
    }

    fn blocks(&self) -> usize {
        number(self.as_bytes(), MAGIC.len() + 4, 4)
    }

    /// Where the records begin; the blocks begin behind them.
    fn records(&self) -> usize {
        HEADER + 4 * self.blocks()
    }

    /// The end of a block, counted from where the blocks begin; 0 for what is before the first.
    fn block_end(&self, block: Option<usize>) -> usize {
        block.map_or(0, |block| number(self.as_bytes(), HEADER + 4 * block, 4))
    }

    /// The documents of a block, one after another.
    fn unpack(&self, block: usize) -> String {
        let blocks = self.records() + RECORD * self.len();
        let (from, to) = (self.block_end(block.checked_sub(1)), self.block_end(Some(block)));
        let packed = self.as_bytes().get(blocks + from..blocks + to).unwrap_or_default();
        let mut text = String::new();
        match DeflateDecoder::new(packed).read_to_string(&mut text) {
            Ok(_) => text,
            // Bytes from elsewhere were unpacked once when they were loaded; these are as released.
            Err(_) => String::new(),
        }
    }

    fn names(&self) -> usize {
        self.records() + RECORD * self.len() + self.block_end(self.blocks().checked_sub(1))
    }

    fn validate(&self) -> Result<(), InvalidManagedPolicies> {
        use InvalidManagedPolicies::{Damaged, NotManagedPolicies};
        if !self.as_bytes().starts_with(&MAGIC) {
            return Err(NotManagedPolicies);
        }
        let bytes = self.as_bytes().len();
        if self.len() > bytes || self.blocks() > bytes || self.names() > bytes {
            return Err(Damaged);
        }
        let mut texts = Vec::new();
        for block in 0..self.blocks() {
            if self.block_end(block.checked_sub(1)) > self.block_end(Some(block)) {
                return Err(Damaged);
            }
            texts.push(self.unpack(block));
        }
        let mut last = "";
        for policy in self.iter() {
            let document = texts.get(policy.block()).map(|text| policy.cut(text)).unwrap_or_default();
            if policy.name() <= last || !policy.path().starts_with('/') || document.is_empty() {
                return Err(Damaged);
            }
            last = policy.name();
        }
        Ok(())
    }
}

impl fmt::Debug for ManagedPolicies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagedPolicies({})", self.len())
    }
}

/// One of AWS's managed policies. Displays as its ARN.
#[derive(Clone, Copy)]
pub struct ManagedPolicy<'c> {
    policies: &'c ManagedPolicies,
    id: usize,
}

impl<'c> ManagedPolicy<'c> {
    fn field(self, at: usize, width: usize) -> usize {
        number(self.policies.as_bytes(), self.policies.records() + RECORD * self.id + at, width)
    }

    fn text(self, at: usize) -> &'c str {
        let start = self.policies.names() + self.field(at, 3);
        let bytes = self.policies.as_bytes().get(start..start + self.field(at + 3, 1));
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Its name.
    pub fn name(self) -> &'c str {
        self.text(0)
    }

    /// Its path, such as `/` or `/service-role/`.
    pub fn path(self) -> &'c str {
        self.text(4)
    }

    /// The number of its default version.
    pub fn version(self) -> u16 {
        u16::try_from(self.field(8, 2)).unwrap_or_default()
    }

    /// When it was created, in seconds since 1970.
    pub fn created(self) -> u32 {
        u32::try_from(self.field(10, 4)).unwrap_or_default()
    }

    /// When its default version was made, in seconds since 1970.
    pub fn updated(self) -> u32 {
        u32::try_from(self.field(14, 4)).unwrap_or_default()
    }

    /// The document of its default version: compact JSON. AWS's own order of members is not known; `Version`
    /// and `Sid` come first here.
    pub fn document(self) -> String {
        self.cut(&self.policies.unpack(self.block()))
    }

    fn block(self) -> usize {
        self.field(18, 2)
    }

    fn cut(self, block: &str) -> String {
        let start = self.field(20, 3);
        block.get(start..start + self.field(23, 3)).unwrap_or_default().to_owned()
    }
}

impl fmt::Display for ManagedPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:aws:iam::aws:policy{}{}", self.path(), self.name())
    }
}

impl fmt::Debug for ManagedPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagedPolicy({self})")
    }
}

fn number(bytes: &[u8], at: usize, width: usize) -> usize {
    let bytes = bytes.get(at..at + width).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// What a record is made of.
struct Entry<'t> {
    line: usize,
    path: &'t str,
    name: &'t str,
    version: u16,
    created: u32,
    updated: u32,
    document: String,
}

fn encode(text: &str) -> Result<Vec<u8>, TextError> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(head) = line.strip_prefix("policy\t") {
            let entry = entry(index + 1, head)?;
            if entries.last().is_some_and(|last| last.name >= entry.name) {
                return Err(TextError::new(index + 1, format!("`{}` is out of order", entry.name)));
            }
            entries.push(entry);
        } else if let Some(entry) = entries.last_mut() {
            entry.document.push_str(line);
        } else {
            return Err(TextError::new(index + 1, "a line stands before the first `policy`"));
        }
    }
    for entry in &entries {
        json::parse(&Source::new(entry.name, entry.document.as_str())).map_err(|error| {
            TextError::new(entry.line, format!("the document of `{}`: {}", entry.name, error.message()))
        })?;
    }
    pack(&entries)
}

fn entry(line: usize, head: &str) -> Result<Entry<'_>, TextError> {
    let wrong = |what: &str| TextError::new(line, format!("{what} in `{head}`"));
    let mut fields = head.split('\t');
    let (path, name) = fields
        .next()
        .and_then(|full| Some(full.split_at(full.rfind('/')? + 1)))
        .filter(|(path, name)| path.starts_with('/') && !name.is_empty())
        .ok_or_else(|| wrong("no path and name"))?;
    let version = fields
        .next()
        .and_then(|version| version.strip_prefix('v')?.parse().ok())
        .ok_or_else(|| wrong("no version"))?;
    let mut instant = || fields.next().and_then(seconds).ok_or_else(|| wrong("no instant"));
    let (created, updated) = (instant()?, instant()?);
    if fields.next().is_some() {
        return Err(wrong("too many fields"));
    }
    Ok(Entry { line, path, name, version, created, updated, document: String::new() })
}

/// Seconds since 1970 of `2026-01-31T09:00:00Z`.
fn seconds(text: &str) -> Option<u32> {
    let digits = |from: usize, to: usize| -> Option<u32> {
        let part = text.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let shape = text.len() == 20
        && [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z")]
            .into_iter()
            .all(|(at, mark)| text.get(at..=at) == Some(mark));
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !shape || year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year is taken to begin in March, so that the day that comes and goes is its last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1;
    let before_1970 = 719_468;
    (days - before_1970).checked_mul(86_400)?.checked_add(hour * 3_600 + minute * 60 + second)
}

fn pack(entries: &[Entry<'_>]) -> Result<Vec<u8>, TextError> {
    let full = |entry: &Entry<'_>| TextError::new(entry.line, "the layout has no room for this policy");
    let (mut records, mut names) = (Vec::new(), Vec::<u8>::new());
    let (mut blocks, mut ends, mut open) = (Vec::new(), Vec::new(), String::new());
    let mut left = entries.len();
    for entry in entries {
        left -= 1;
        let start = open.len();
        open.push_str(&entry.document);
        for text in [entry.name, entry.path] {
            let at = u32::try_from(names.len()).map_err(|_| full(entry))?;
            records.extend(at.to_le_bytes().iter().take(3));
            records.push(u8::try_from(text.len()).map_err(|_| full(entry))?);
            names.extend(text.as_bytes());
        }
        records.extend(entry.version.to_le_bytes());
        records.extend(entry.created.to_le_bytes());
        records.extend(entry.updated.to_le_bytes());
        records.extend(u16::try_from(ends.len() / 4).map_err(|_| full(entry))?.to_le_bytes());
        for number in [start, entry.document.len()] {
            if number > 0xff_ffff {
                return Err(full(entry));
            }
            records.extend(number.to_le_bytes().iter().take(3));
        }
        if open.len() >= BLOCK || left == 0 {
            let mut packer = DeflateEncoder::new(&mut blocks, Compression::best());
            packer
                .write_all(open.as_bytes())
                .and_then(|()| packer.finish().map(drop))
                .map_err(|_| full(entry))?;
            ends.extend(u32::try_from(blocks.len()).map_err(|_| full(entry))?.to_le_bytes());
            open.clear();
        }
    }
    let mut bytes = MAGIC.to_vec();
    for count in [entries.len(), ends.len() / 4] {
        bytes.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }
    bytes.extend(ends);
    bytes.extend(records);
    bytes.extend(blocks);
    bytes.extend(names);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_seconds() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T12:30:15Z"), Some(951_827_415));
        assert_eq!(seconds("2026-09-30T17:00:00Z"), Some(1_790_787_600));
        for text in ["2026-09-30", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-09-30T17:00:00+", ""]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
