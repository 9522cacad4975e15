//! What happens to the process: a reader that has read enough, and an end in the middle of the work.

// Helpers are test code as well: clippy shall know.
#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const STALE: &str = r#"{
  "scenario": "Stale",
  "accounts": { "111122223333": { "users": { "dev": {} } } },
  "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "allow" }]
}
"#;

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn iamsim(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamsim"));
    command
        .current_dir(folder)
        .args(arguments)
        .env_remove("CI")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let folder = folder("enough");
    fs::write(folder.join("world.json"), r#"{ "world": "One", "accounts": { "111122223333": {} } }"#)
        .unwrap();
    for arguments in [
        ["what-can", "-w", "world.json", "111122223333:root"].as_slice(),
        &["schema"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ] {
        let mut child = iamsim(&folder, arguments).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        // The pipe is closed here, whatever else is still to come.
        let output = child.wait_with_output().unwrap();
        assert!(!first.is_empty(), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert!(output.status.success(), "{arguments:?}: {:?}", output.status);
    }
}

#[test]
fn an_end_in_the_middle_of_blessing_leaves_every_file_whole() {
    for (round, pause) in [0, 3, 10, 30, 80].into_iter().enumerate() {
        let folder = folder(&format!("ended-{round}"));
        for number in 0..200 {
            fs::write(folder.join(format!("s{number:03}.json")), STALE).unwrap();
        }
        let mut child = iamsim(&folder, &["run", ".", "--bless", "--jobs", "1"]).spawn().unwrap();
        thread::sleep(Duration::from_millis(pause));
        // As an interrupt does, but that nothing at all can be done against it.
        child.kill().unwrap();
        child.wait().unwrap();
        let blessed = STALE.replace("\"expect\": \"allow\"", "\"expect\": \"implicit deny\"");
        for number in 0..200 {
            let text = fs::read(folder.join(format!("s{number:03}.json"))).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(text == STALE || text == blessed, "after {pause} ms: {text}");
        }
    }
}

#[test]
fn output_is_written_whole_or_not_at_all() {
    let folder = folder("output");
    fs::write(folder.join("s.json"), STALE).unwrap();
    fs::write(folder.join("report.json"), "what was there").unwrap();
    let run = |arguments: &[&str]| iamsim(&folder, arguments).output().unwrap().status.code();
    assert_eq!(run(&["run", "missing.json", "--format", "pdf", "--output", "report.json"]), Some(2));
    assert_eq!(fs::read(folder.join("report.json")).unwrap(), b"what was there");
    assert_eq!(run(&["run", "s.json", "--format", "json", "--output", "report.json"]), Some(1));
    let text = String::from_utf8(fs::read(folder.join("report.json")).unwrap()).unwrap();
    assert!(text.starts_with("{\n") && text.ends_with("}\n"), "{text}");
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}
