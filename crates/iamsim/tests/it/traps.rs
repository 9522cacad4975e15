//! Every numbered trap of our reference on STS and IAM is named by a test here, or stands in `traps.txt` with the
//! reason why it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The last number.
const LAST: u32 = 112;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

fn read(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap()).unwrap()
}

/// The numbers named in the comments of tests; what a module says of itself at its top does not count.
fn named() -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        if file.file_name().is_some_and(|name| name == "traps.rs") {
            continue;
        }
        let text = read(&file);
        for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//!")) {
            let comment = line.find("//").and_then(|at| line.get(at..)).unwrap_or_default();
            for part in comment.split("TRAP-").skip(1) {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                found.insert(digits.parse().unwrap());
            }
        }
    }
    found
}

/// The numbers that are not covered, with the reason.
fn listed() -> BTreeMap<u32, String> {
    let text = read(&folder().join("traps.txt"));
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|row| {
        let (number, reason) = row.split_once('\t').unwrap_or_else(|| panic!("`{row}` has no reason"));
        (number.strip_prefix("TRAP-").unwrap().parse().unwrap(), reason.to_owned())
    })
    .collect()
}

#[test]
fn every_trap_is_named_by_a_test_or_listed_with_its_reason() {
    let (named, listed) = (named(), listed());
    for number in 1..=LAST {
        let (is_named, reason) = (named.contains(&number), listed.get(&number));
        assert!(is_named || reason.is_some(), "TRAP-{number:02} is neither named by a test nor in traps.txt");
        assert!(
            !(is_named && reason.is_some()),
            "TRAP-{number:02} is named by a test: take it off traps.txt"
        );
        assert!(reason.is_none_or(|reason| reason.len() > 20), "TRAP-{number:02} has no reason in traps.txt");
    }
    assert!(named.iter().chain(listed.keys()).all(|number| (1..=LAST).contains(number)));
}
