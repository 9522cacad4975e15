//! Files that are written whole or not at all: an interrupt in the middle leaves what was there.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Replaces a file, or makes it. A link stays one: what it leads to is written. What may be done with the file
/// stays as it is. What is no ordinary file, such as `/dev/stdout`, is written to as it is.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let about = match fs::metadata(path) {
        Ok(about) => Some(about),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if about.as_ref().is_some_and(|about| !about.is_file() && !about.is_dir()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let path = if about.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let beside = beside(&path);
    let keep_permissions = || about.map_or(Ok(()), |about| fs::set_permissions(&beside, about.permissions()));
    write_all(&beside, text)
        .and_then(|()| keep_permissions())
        .and_then(|()| fs::rename(&beside, &path))
        .inspect_err(|_| discard(&beside))
}

/// Makes a file that is not there yet; one that is there stays, and is an error.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    write_all(&beside, text).inspect_err(|_| discard(&beside))?;
    // A link to a name that is taken fails, which a renaming would not.
    let made = match fs::hard_link(&beside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // Not every file system has links.
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .and_then(|_| fs::rename(&beside, path))
        }
        made => made,
    };
    discard(&beside);
    made
}

fn write_all(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn discard(path: &Path) {
    // What is left is a file nobody asked for; that it can't be removed is not what went wrong.
    let _ = fs::remove_file(path);
}

/// A name in the same folder, so that a renaming stays on one file system.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_or_made_and_nothing_stays_beside_it() {
        let folder = std::env::temp_dir().join(format!("iamsim-atomic-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.json");
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, "three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert!(replace(&folder.join("none/b.json"), "x").is_err());
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a.json"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
