//! The files of `testdata`, under the names they have from the repository.

use std::fs;
use std::path::{Path, PathBuf};

use iamsim_scenario::{Finding, Loaded, Outcome, Scenario, Source};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A text with the line breaks it has in the repository, whatever the checkout made of them.
pub(crate) fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

/// Bytes, likewise.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let mut bytes = fs::read(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    bytes.retain(|byte| *byte != b'\r');
    bytes
}

/// The names of the JSON files directly in a folder, sorted.
pub(crate) fn in_folder(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "json"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} is empty");
    names
}

/// Every story of the repository.
pub(crate) fn stories() -> Vec<String> {
    let mut names = in_folder("testdata/scenarios");
    names.extend(in_folder("testdata/scenarios/stories"));
    names
}

/// A file as a source, or the finding that it can't be one.
pub(crate) fn source(name: &str) -> Result<Source, Vec<Finding>> {
    Source::from_bytes(name, bytes(name)).map_err(|finding| vec![finding.into()])
}

/// Reads a scenario; the files it refers to are looked for in the folder its name says.
pub(crate) fn parse(source: &Source) -> Result<Scenario, Vec<Finding>> {
    let folder = source.name().rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut load = |file: &str| {
        let name = tidied(&format!("{folder}/{file}"));
        match fs::exists(root().join(&name)) {
            Ok(true) => Ok(Loaded { bytes: bytes(&name), name }),
            _ => Err("there is no such file".to_owned()),
        }
    };
    Scenario::parse(source, &mut load)
}

/// Reads and runs a file.
pub(crate) fn run(name: &str) -> Result<Outcome, Vec<Finding>> {
    parse(&source(name)?)?.run()
}

/// A path without `..`.
fn tidied(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
