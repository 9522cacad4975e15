//! The disk, as the libraries see it through a door.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use iamsim_scenario::{Files, MAX_SOURCE_BYTES};

/// The disk, seen from a folder.
pub(crate) struct Disk {
    /// What paths are relative to; empty for the current folder.
    pub(crate) base: PathBuf,
}

impl Disk {
    /// Seen from the current folder.
    pub(crate) fn here() -> Self {
        Self { base: PathBuf::new() }
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        read(&self.base.join(path))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let path = self.base.join(path);
        if !path.is_dir() {
            return Ok(None);
        }
        let names = fs::read_dir(path).and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        });
        names.map(Some).map_err(|error| told(&error))
    }
}

/// The bytes of a file, or why it can't be read: in lower case, without full stop.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|error| told(&error))?;
    let about = file.metadata().map_err(|error| told(&error))?;
    if about.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if about.len() > MAX_SOURCE_BYTES as u64 {
        let bytes = about.len();
        return Err(format!("the file has {bytes} bytes, and at most {MAX_SOURCE_BYTES} are read"));
    }
    // What is no ordinary file has no length: the bound is one byte past what is taken.
    let mut bytes = Vec::new();
    let bound = MAX_SOURCE_BYTES as u64 + 1;
    file.take(bound).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    Ok(bytes)
}

/// What went wrong, in words that are the same on every platform where there are such.
pub(crate) fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "it is not permitted".to_owned(),
        io::ErrorKind::AlreadyExists => "it is there already".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

/// A path as it was given, with `/` on every platform.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
