//! Files, as far as scenarios need them: the door to the disk, which programs hold, and what is behind it.

use std::collections::BTreeMap;

use iamsim_policy::Source;

use crate::finding::Finding;
use crate::include::joined;
use crate::reader::Loaded;

/// Folders inside folders; more is a loop of links.
const DEEPEST: usize = 32;

/// Where scenarios and what they refer to are read. Paths have `/` between their parts on every platform.
pub trait Files: Sync {
    /// The bytes of a file, or why it can't be read: in lower case, without full stop.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The names in a folder, none if it is no folder, or why it can't be read.
    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String>;
}

/// Files in memory.
///
/// ```
/// use iamsim_scenario::{Files, MemoryFiles};
///
/// let files = MemoryFiles::new([("stories/a.json", "{}"), ("stories/policies/p.json", "{}")]);
/// assert_eq!(files.list("stories"), Ok(Some(vec!["a.json".to_owned(), "policies".to_owned()])));
/// assert_eq!(files.list("stories/a.json"), Ok(None));
/// assert!(files.read("stories/b.json").is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(BTreeMap<String, Vec<u8>>);

impl MemoryFiles {
    /// Files by path.
    pub fn new<P: Into<String>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self(files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect())
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(&joined("", path)).cloned().ok_or_else(|| "there is no such file or folder".to_owned())
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let path = joined("", path);
        let folder = if path.is_empty() { path } else { format!("{path}/") };
        let inside = self.0.keys().filter_map(|file| file.strip_prefix(&folder));
        let mut names: Vec<String> =
            inside.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
        names.dedup();
        Ok((!names.is_empty()).then_some(names))
    }
}

/// Files of which one has another text: what a changed policy comes to.
///
/// ```
/// use iamsim_scenario::{Files, MemoryFiles, Overlay};
///
/// let files = MemoryFiles::new([("p.json", "old"), ("q.json", "other")]);
/// let changed = Overlay::new(&files, "p.json", "new");
/// assert_eq!(changed.read("p.json"), Ok(b"new".to_vec()));
/// assert_eq!(changed.read("q.json"), Ok(b"other".to_vec()));
/// ```
#[expect(missing_debug_implementations, reason = "files that are not ours can't be shown")]
pub struct Overlay<'f> {
    files: &'f dyn Files,
    path: String,
    text: String,
}

impl<'f> Overlay<'f> {
    /// `files`, but that the file at `path`, which is the name of its [`Source`], has this text.
    pub fn new(files: &'f dyn Files, path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { files, path: path.into(), text: text.into() }
    }
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == self.path { Ok(self.text.clone().into_bytes()) } else { self.files.read(path) }
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        self.files.list(path)
    }
}

/// The files that paths stand for, and what is wrong with paths that stand for none.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// The files: a path's own place kept, a folder's in the order of their names.
    pub files: Vec<String>,
    /// One finding for each path that can't be used.
    pub findings: Vec<Finding>,
}

/// Finds scenario files: every path itself, and of folders the files in them that end in `.json`, but for
/// those in folders named `policies`.
///
/// ```
/// use iamsim_scenario::{MemoryFiles, find};
///
/// let files = MemoryFiles::new([("s/b.json", ""), ("s/a/c.json", ""), ("s/policies/p.json", "")]);
/// assert_eq!(find(&files, &["s".to_owned()]).files, ["s/a/c.json", "s/b.json"]);
/// ```
pub fn find(files: &dyn Files, paths: &[String]) -> Found {
    let mut found = Found::default();
    for path in paths {
        let before = (found.files.len(), found.findings.len());
        if !found.walk(files, path, 0) {
            found.files.push(path.clone());
        } else if before == (found.files.len(), found.findings.len()) {
            let reason = "the folder has no scenarios: no file in it ends in `.json`";
            found.findings.push(Finding::unreadable(path, reason));
        }
    }
    found
}

impl Found {
    /// Looks into a folder; false if it is none.
    fn walk(&mut self, files: &dyn Files, folder: &str, depth: usize) -> bool {
        let mut names = match files.list(folder) {
            Ok(None) => return false,
            Ok(Some(_)) if depth > DEEPEST => {
                let reason = format!("folders are nested more than {DEEPEST} deep; is a link a loop?");
                self.findings.push(Finding::unreadable(folder, reason));
                return true;
            }
            Ok(Some(names)) => names,
            Err(reason) => {
                self.findings.push(Finding::unreadable(folder, reason));
                return true;
            }
        };
        names.sort();
        for name in names {
            let path =
                if folder.ends_with('/') { format!("{folder}{name}") } else { format!("{folder}/{name}") };
            if name == "policies" {
                continue;
            }
            if !self.walk(files, &path, depth + 1) && is_json(&name) {
                self.files.push(path);
            }
        }
        true
    }
}

fn is_json(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && extension == "json")
}

/// A file as a source, or the finding that it can't be one.
pub(crate) fn source(files: &dyn Files, path: &str) -> Result<Source, Vec<Finding>> {
    let bytes = files.read(path).map_err(|reason| vec![Finding::unreadable(path, reason)])?;
    Source::from_bytes(path, bytes).map_err(|finding| vec![finding.into()])
}

/// The loader of a file: what it refers to is looked for in its own folder.
pub fn loader<'f>(files: &'f dyn Files, path: &str) -> impl FnMut(&str) -> Result<Loaded, String> + use<'f> {
    let (root, folder) = match path.rsplit_once('/') {
        Some(("", _)) => ("/", String::new()),
        Some((folder, _)) if folder.starts_with('/') => ("/", folder.to_owned()),
        Some((folder, _)) => ("", folder.to_owned()),
        None => ("", String::new()),
    };
    move |file| {
        let name = format!("{root}{}", joined(&folder, file));
        Ok(Loaded { bytes: files.read(&name)?, name })
    }
}
