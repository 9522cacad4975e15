//! `iamsim decide` as a user runs it: bytes in, lines and an exit code out.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

fn iamsim(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iamsim"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The command may answer before it has read everything, and may stop reading.
    let writer = thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn answers(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        path.extension().is_some_and(|extension| extension == "jsonl") && !name.starts_with("inexpressible")
    });
    files.sort();
    files
}

#[test]
fn the_whole_corpus_streams_through_in_order_whatever_the_number_of_jobs() {
    let text: Vec<u8> = corpus().iter().flat_map(|file| fs::read(file).unwrap()).collect();
    let cases: Vec<Value> = String::from_utf8(text.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let alone = iamsim(&["decide"], &text);
    assert!(alone.status.success());
    let found = answers(&alone);
    assert_eq!(found.len(), cases.len());
    for (case, answer) in cases.iter().zip(&found) {
        assert_eq!(answer["id"], case["id"]);
        assert_eq!(answer["decision"], case["expected"], "{}", case["id"]);
    }
    assert_eq!(iamsim(&["decide", "--jobs", "3"], &text).stdout, alone.stdout);
}

#[test]
fn a_line_that_cannot_be_read_is_answered_and_the_run_goes_on() {
    let good = first_line(&corpus()[0]);
    let check = |bad: &[u8], code: &str, line: u64| {
        let input = [&good[..], b"\n", bad, b"\n", &good[..], b"\n"].concat();
        let output = iamsim(&["decide"], &input);
        assert!(output.status.success());
        let found = answers(&output);
        assert_eq!(found.len(), 3);
        assert_ne!(found[2]["decision"], "InvalidInput");
        assert_eq!(found[1]["decision"], "InvalidInput");
        let finding = &found[1]["error"]["diagnostics"][0];
        assert_eq!(finding["code"], code);
        assert_eq!(finding["line"], line);
    };
    check(b"{", "invalid-json", 2);
    check(b"\xff", "not-utf8", 2);
    check(b"{\"id\": \"x\", \"id\": \"y\"}", "duplicate-key", 2);
    check(b"{\"id\": \"x\", \"pricipal\": \"y\"}", "unknown-element", 2);
    check(b"{\"id\": 7}", "wrong-type", 2);
    check(b"{\"id\": \"x\"}", "missing", 2);
    check("[".repeat(100_000).as_bytes(), "invalid-json", 2);
    check(("[".repeat(100_000) + &"]".repeat(100_000)).as_bytes(), "too-deep", 2);
    check(&vec![b'x'; 17 * 1024 * 1024], "too-large", 2);
}

/// The first case of a file.
fn first_line(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap().split(|byte| *byte == b'\n').next().unwrap().to_vec()
}

#[test]
fn what_never_influences_the_decision_may_be_odd() {
    let mut case: Value = serde_json::from_slice(&first_line(&corpus()[0])).unwrap();
    let expected = case["expected"].clone();
    case["why"] = Value::from(7);
    case["expected"] = Value::from("Perhaps");
    case["notebook"] = Value::from("a tool's own remark");
    let output = iamsim(&["decide"], case.to_string().as_bytes());
    let found = answers(&output);
    assert_eq!(found[0]["decision"], expected);
    assert_eq!(found[0]["warnings"].as_array().unwrap().len(), 3);
}

#[test]
fn a_file_may_hold_one_array_of_cases() {
    let lines = fs::read(&corpus()[0]).unwrap();
    let cases: Vec<Value> = String::from_utf8(lines.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // Places differ, answers don't.
    let decisions = |output: &Output| -> Vec<(Value, Value)> {
        answers(output).into_iter().map(|answer| (answer["id"].clone(), answer["decision"].clone())).collect()
    };
    let as_array = iamsim(&["decide"], serde_json::to_string_pretty(&cases).unwrap().as_bytes());
    assert_eq!(decisions(&as_array), decisions(&iamsim(&["decide"], &lines)));
}

#[test]
fn a_first_line_that_is_an_array_does_not_cost_the_lines_behind_it() {
    let good = first_line(&corpus()[0]);
    let check = |first: &[u8], expected: &[(bool, u64)]| {
        let input = [first, b"\n", &good[..], b"\n{\n"].concat();
        let output = iamsim(&["decide"], &input);
        assert!(output.status.success());
        let found: Vec<(bool, u64)> = answers(&output)
            .iter()
            .map(|answer| {
                let refused = answer["decision"] == "InvalidInput";
                (refused, answer["error"]["diagnostics"][0]["line"].as_u64().unwrap_or_default())
            })
            .collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(first));
    };
    check(b"[]", &[(false, 0), (true, 3)]);
    check(b"\n[7]", &[(true, 2), (false, 0), (true, 4)]);
    // One array that does not end on its line is the whole file.
    check(b"[", &[(true, 3)]);
}

#[test]
fn whoever_writes_a_case_and_waits_is_answered_before_the_next() {
    let case = first_line(&corpus()[0]);
    for jobs in ["1", "3"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_iamsim"))
            .args(["decide", "--jobs", jobs])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..3 {
            stdin.write_all(&case).unwrap();
            stdin.write_all(b"\n").unwrap();
            // A command that waits for more lines would never answer here.
            let mut answer = String::new();
            stdout.read_line(&mut answer).unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert!(answer["decision"].is_string(), "{answer}");
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn lines_of_many_sizes_come_out_in_order_whatever_the_number_of_jobs() {
    let case: Value = serde_json::from_slice(&first_line(&corpus()[0])).unwrap();
    let input: Vec<u8> = (0..600)
        .flat_map(|number: usize| {
            let mut case = case.clone();
            case["id"] = Value::from(format!("n{number}"));
            case["why"] = Value::from("x".repeat(if number.is_multiple_of(97) { 1_500_000 } else { number }));
            let blank = if number.is_multiple_of(5) { "\r\n" } else { "" };
            format!("{case}\n{blank}").into_bytes()
        })
        .collect();
    let expected: Vec<String> = (0..600).map(|number| format!("n{number}")).collect();
    for jobs in ["1", "2", "7"] {
        let output = iamsim(&["decide", "--jobs", jobs], &input);
        let found: Vec<String> =
            answers(&output).iter().map(|answer| answer["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, expected, "{jobs} jobs");
    }
}

#[test]
fn an_explanation_is_added_on_demand_and_says_the_same() {
    let output = iamsim(&["decide", "--explain"], &first_line(&corpus()[0]));
    let answer = &answers(&output)[0];
    assert_eq!(answer["explanation"]["version"], 1);
    assert_eq!(answer["explanation"]["reason"]["code"], answer["reason"]);
}

#[test]
fn a_missing_file_is_named_and_the_other_files_are_answered() {
    let file = corpus()[0].display().to_string();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).display().to_string();
    let alone = iamsim(&["decide", &file], b"");
    assert!(alone.status.success() && !alone.stdout.is_empty());
    for missing in ["no-such-file.jsonl", &folder] {
        let output = iamsim(&["decide", missing, &file], b"");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(said.contains(&format!("can't read `{missing}`")), "{said}");
        assert_eq!(output.stdout, alone.stdout);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let text: Vec<u8> = corpus().iter().flat_map(|file| fs::read(file).unwrap()).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_iamsim"))
        .arg("decide")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(&text).is_ok());
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // The pipe is closed here, after sixteen bytes.
    let status = child.wait().unwrap();
    writer.join().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(status.success(), "{said}");
    assert_eq!(said, "");
}
