//! Packages as what they are: compressed archives. Their hash is checked before anything is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Outcome;

/// The files of an archive that are wanted, by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Opens the archive of a package: `.tgz`, `.tar.gz`, `.whl` or `.zip`.
pub(super) fn open(folder: &Path, file: &str, sha256: &str, wanted: impl Fn(&str) -> bool) -> Outcome<Files> {
    let failed = |error: &dyn std::fmt::Display| format!("{file}: {error}");
    // `npm pack` writes the scope into the name of the file.
    let found = std::fs::read_dir(folder)
        .map_err(|error| failed(&error))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name == file || name.ends_with(&format!("-{file}")));
    let found = found.ok_or_else(|| failed(&format!("not in {}", folder.display())))?;
    let bytes = std::fs::read(folder.join(found)).map_err(|error| failed(&error))?;
    let hash = Sha256::digest(&bytes).iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    if hash != sha256 {
        return Err(failed(&format!("its SHA-256 is {hash}, and the manifest says {sha256}")));
    }
    let mut files = Files::new();
    if file.ends_with("gz") {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        for entry in archive.entries().map_err(|error| failed(&error))? {
            let mut entry = entry.map_err(|error| failed(&error))?;
            let name = entry.path().map_err(|error| failed(&error))?.to_string_lossy().into_owned();
            if wanted(&name) {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(|error| failed(&error))?;
                files.insert(name, content);
            }
        }
    } else {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| failed(&error))?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(|error| failed(&error))?;
            let name = entry.name().map_err(|error| failed(&error))?.into_owned();
            if wanted(&name) {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(|error| failed(&error))?;
                files.insert(name, content);
            }
        }
    }
    Ok(files)
}
