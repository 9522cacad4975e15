//! Waiting for files to change.
//!
//! By looking, not by being told: a few files looked at four times a second cost nothing, and it works on network
//! mounts and in containers, where the system does not tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(250);

/// What files were like at one moment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen(BTreeMap<PathBuf, Option<(SystemTime, u64)>>);

impl Seen {
    /// Looks at files, and at everything in folders.
    pub(crate) fn now(paths: &[PathBuf]) -> Self {
        let mut seen = BTreeMap::new();
        for path in paths {
            look(path, 0, &mut seen);
        }
        Self(seen)
    }

    /// Waits until something is otherwise, and then until it stays as it is: an editor may write in pieces.
    pub(crate) fn wait_for_change(&self, paths: &[PathBuf]) {
        let mut last = Self::now(paths);
        while last == *self {
            thread::sleep(PAUSE);
            last = Self::now(paths);
        }
        loop {
            thread::sleep(PAUSE);
            let next = Self::now(paths);
            if next == last {
                return;
            }
            last = next;
        }
    }
}

fn look(path: &Path, depth: usize, seen: &mut BTreeMap<PathBuf, Option<(SystemTime, u64)>>) {
    let about = fs::metadata(path).ok();
    if about.as_ref().is_some_and(fs::Metadata::is_dir) && depth < 32 {
        let inside = fs::read_dir(path).into_iter().flatten().flatten();
        for entry in inside {
            let name = entry.file_name();
            // Hidden folders hold what tools keep, such as a repository's own files.
            if !name.to_string_lossy().starts_with('.') {
                look(&entry.path(), depth + 1, seen);
            }
        }
    }
    let state = about.and_then(|about| Some((about.modified().ok()?, about.len())));
    seen.insert(path.to_path_buf(), state);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_file_in_a_folder_is_seen() {
        let folder = std::env::temp_dir().join(format!("iamsim-watch-{}", std::process::id()));
        fs::create_dir_all(folder.join("policies")).unwrap();
        fs::write(folder.join("policies/p.json"), "{}").unwrap();
        let paths = [folder.clone()];
        let before = Seen::now(&paths);
        assert_eq!(before, Seen::now(&paths));
        fs::write(folder.join("policies/p.json"), "{ }").unwrap();
        assert_ne!(before, Seen::now(&paths));
        before.wait_for_change(&paths);
        let after = Seen::now(&paths);
        fs::write(folder.join("new.json"), "{}").unwrap();
        assert_ne!(after, Seen::now(&paths));
        fs::remove_dir_all(&folder).unwrap();
    }
}
