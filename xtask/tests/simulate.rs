//! `cargo xtask simulate` as a person or a pipeline meets it: what it prints, and how it ends.

// Helpers are test code as well: clippy shall know.
#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const HOLDS: &str = r#"{
  "scenario": "Holds",
  "accounts": { "111122223333": { "users": { "dev": {} } } },
  "steps": [
    { "name": "nothing is allowed", "as": "dev", "do": "iam:ListUsers", "expect": "implicit deny" },
    { "name": "not even this", "as": "dev", "do": "iam:ListRoles", "expect": "deny" }
  ]
}"#;

const FAILS: &str = r#"{
  "scenario": "Fails",
  "accounts": { "111122223333": { "users": { "dev": {} } } },
  "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "allow" }]
}"#;

const UNDETERMINED: &str = r#"{
  "scenario": "Can't be told",
  "accounts": { "111122223333": { "users": { "dev": { "policies": { "from-the-office": {
    "Version": "2012-10-17",
    "Statement": {
      "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
      "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }
    }
  } } } } } },
  "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "allow" }]
}"#;

/// A fresh folder with files in it.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // These tests run in pipelines too, and ask about others only where they say so.
    command.current_dir(folder).arg("simulate").args(arguments).env_remove("CI");
    command
}

fn simulate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command(folder, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert!(!stderr.contains("panicked"), "{stderr}");
    (status.code().unwrap(), stdout, stderr)
}

#[test]
fn the_repositorys_own_scenarios_hold_wherever_one_stands() {
    let elsewhere = folder("elsewhere", &[]);
    let (status, text, errors) = simulate(&elsewhere, &[]);
    assert_eq!((status, errors.as_str()), (0, ""), "{text}");
    let last = text.lines().last().unwrap();
    assert!(last.ends_with(" passed, 0 failed") && !last.starts_with("0 "), "{last}");
    assert!(text.contains("\ntestdata/scenarios/lambda-developer.json\n"), "{text}");
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "{text}");
    assert_eq!(simulate(Path::new(env!("CARGO_MANIFEST_DIR")), &[]).1, text);
}

#[test]
fn the_exit_status_says_what_came_of_all_files() {
    let files = [("holds.json", HOLDS), ("fails.json", FAILS), ("undetermined.json", UNDETERMINED)];
    let folder = folder("status", &[&files[..], &[("broken.json", "{")]].concat());
    let check = |names: &[&str], status: i32, totals: &str| {
        let (ended, text, _) = simulate(&folder, names);
        assert_eq!((ended, text.lines().last().unwrap()), (status, totals), "{names:?}");
    };
    check(&["holds.json"], 0, "2 passed, 0 failed");
    check(&["holds.json", "undetermined.json"], 4, "2 passed, 0 failed, 1 undetermined");
    check(&["undetermined.json", "fails.json"], 1, "0 passed, 1 failed, 1 undetermined");
    check(&["broken.json", "fails.json", "holds.json"], 2, "2 passed, 1 failed, 1 input can't be used");
    check(&["."], 2, "2 passed, 1 failed, 1 undetermined, 1 input can't be used");
}

#[test]
fn bad_input_is_one_finding_each_and_the_other_files_still_run() {
    let folder = folder("bad", &[("holds.json", HOLDS), ("empty/readme.md", "nothing here")]);
    fs::write(folder.join("bom.json"), [b"\xEF\xBB\xBF", HOLDS.as_bytes()].concat()).unwrap();
    let latin: Vec<u8> =
        HOLDS.replace("Holds", "H#lt").bytes().map(|byte| if byte == b'#' { 0xE4 } else { byte }).collect();
    fs::write(folder.join("latin.json"), latin).unwrap();
    let deep = format!("{{ \"scenario\": {}1{} }}", "[".repeat(100_000), "]".repeat(100_000));
    fs::write(folder.join("deep.json"), deep).unwrap();
    fs::File::create(folder.join("large.json")).unwrap().set_len(100 * 1024 * 1024).unwrap();
    let check = |path: &str, code: &str, words: &str| {
        let (status, text, errors) = simulate(&folder, &[path, "holds.json"]);
        assert_eq!(status, 2, "{path}");
        assert!(text.contains("\n2 passed, 0 failed, 1 input can't be used\n"), "{path}: {text}");
        assert_eq!(errors.matches("error[").count(), 1, "{path}: {errors}");
        assert!(
            errors.starts_with(&format!("error[{code}]: ")) && errors.contains(words),
            "{path}: {errors}"
        );
        assert!(errors.len() < 1_000, "{path}: {} bytes", errors.len());
    };
    check("missing.json", "unreadable-file", "there is no such file or folder");
    check("empty", "unreadable-file", "the folder has no scenarios");
    check("bom.json", "byte-order-mark", "--> bom.json:1:1");
    check("latin.json", "not-utf8", "--> latin.json:2:17");
    check("deep.json", "too-deep", "--> deep.json:1:78");
    check("large.json", "unreadable-file", "the file has 104857600 bytes, and at most 16777216 are read");
}

#[test]
fn a_folder_is_searched_in_order_and_policies_are_left_alone() {
    let file = r#"{ "scenario": "With a file", "accounts": { "111122223333": { "users": { "dev": { "policies": {
      "p": { "file": "../policies/p.json" } } } } } },
      "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "allow" }] }"#;
    let policy =
        r#"{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } }"#;
    let folder = folder(
        "search",
        &[
            ("stories/b.json", HOLDS),
            ("stories/a/with-file.json", file),
            ("stories/policies/p.json", policy),
            ("stories/notes.txt", "not a scenario"),
        ],
    );
    let (status, text, errors) = simulate(&folder, &["stories"]);
    assert_eq!((status, errors.as_str()), (0, ""), "{text}");
    let files: Vec<&str> = text.lines().filter(|line| line.starts_with("stories/")).collect();
    assert_eq!(files, ["stories/a/with-file.json", "stories/b.json"]);
    // The way back out of a folder is not shown.
    assert!(text.contains(": stories/policies/p.json:1:41\n"), "{text}");
}

#[test]
fn json_is_all_that_is_printed_when_it_is_asked_for() {
    let folder = folder("json", &[("holds.json", HOLDS), ("broken.json", "{\n  \"scenario\": 1 }")]);
    let (status, text, errors) = simulate(&folder, &["--format", "json", "--explain", "."]);
    assert_eq!((status, errors.as_str()), (2, ""));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["totals"]["passed"], 2);
    assert_eq!(json["scenarios"][0]["file"], "./holds.json");
    assert_eq!(json["scenarios"][0]["steps"][0]["explanation"]["decision"], "implicit deny");
    let findings: Vec<_> =
        json["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert_eq!(findings, ["missing-field", "wrong-type"]);
    assert_eq!(json["findings"][1]["line"], 2);
}

#[test]
fn explanations_stand_under_their_steps() {
    let folder = folder("explain", &[("holds.json", HOLDS)]);
    let (_, short, _) = simulate(&folder, &["holds.json"]);
    let (_, long, _) = simulate(&folder, &["holds.json", "--explain"]);
    assert!(!short.contains("        | "), "{short}");
    assert!(long.contains("        | implicit deny: iam:ListUsers\n"), "{long}");
}

#[test]
fn a_filter_shows_what_speaks_of_a_text_and_refuses_to_show_nothing() {
    let folder = folder("filter", &[("holds.json", HOLDS), ("fails.json", FAILS)]);
    let (status, text, _) = simulate(&folder, &[".", "--filter", "not even"]);
    assert_eq!((status, text.lines().last().unwrap()), (0, "1 passed, 0 failed"));
    assert!(!text.contains("nothing is allowed") && text.contains("   2  not even this\n"), "{text}");
    let (status, _, errors) = simulate(&folder, &[".", "--filter", "unicorn"]);
    assert_eq!(status, 2);
    assert!(errors.contains("no scenario and no step speaks of `unicorn`"), "{errors}");
}

#[test]
fn a_reader_that_has_read_enough_ends_nothing_badly() {
    let folder = folder("pipe", &[("holds.json", HOLDS)]);
    let mut child = command(&folder, &vec!["holds.json"; 2_000])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "Holds\n");
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), String::from_utf8(stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn what_came_is_blessed_and_then_holds() {
    let folder = folder("bless", &[("holds.json", HOLDS), ("fails.json", FAILS)]);
    let (status, text, errors) = simulate(&folder, &[".", "--bless"]);
    assert_eq!((status, errors.as_str()), (1, ""));
    assert!(text.contains("\n      1 step of ./fails.json blessed\n"), "{text}");
    let blessed = FAILS.replace("\"allow\"", "\"implicit deny\"");
    assert_eq!(fs::read(folder.join("fails.json")).unwrap(), blessed.as_bytes());
    assert_eq!(fs::read(folder.join("holds.json")).unwrap(), HOLDS.as_bytes());
    assert_eq!(simulate(&folder, &["."]).0, 0);
    // Nothing is left beside the files.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn what_can_not_be_blessed_is_told_and_nothing_is_written() {
    let steps = r#"{ "as": "dev", "assume": "operator", "session": "one" },
        { "as": "one", "do": "iam:ListUsers", "expect": "allow" }"#;
    let text = format!(
        r#"{{ "scenario": "x", "accounts": {{ "111122223333": {{ "users": {{ "dev": {{}} }},
            "roles": {{ "operator": {{ "trust": {{ "account": "111122223333" }} }} }} }} }}, "steps": [{steps}] }}"#
    );
    let folder = folder("unblessed", &[("a.json", &text)]);
    let (status, _, errors) = simulate(&folder, &["a.json", "--bless"]);
    assert_eq!(status, 1);
    assert!(errors.contains("error[not-blessed]: it was refused, and later steps act as `one`"), "{errors}");
    assert_eq!(fs::read(folder.join("a.json")).unwrap(), text.as_bytes());
}

#[test]
fn a_pipeline_does_not_bless() {
    let folder = folder("bless-ci", &[("fails.json", FAILS)]);
    let output = command(&folder, &["fails.json", "--bless"]).env("CI", "true").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("nothing is blessed where the environment variable `CI` is set"), "{errors}");
    assert_eq!(fs::read(folder.join("fails.json")).unwrap(), FAILS.as_bytes());
}

#[test]
fn ten_thousand_scenarios_are_told_in_their_order_whatever_the_number_of_jobs() {
    let name = |number: usize| format!("{:02}/{number:05}.json", number % 100);
    let text = |number: usize| if number == 7 { FAILS } else { HOLDS };
    let many: Vec<(String, &str)> = (0..10_000).map(|number| (name(number), text(number))).collect();
    let borrowed: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let folder = folder("many", &borrowed);
    let (status, text, errors) = simulate(&folder, &[".", "--jobs", "4"]);
    assert_eq!((status, errors.as_str()), (1, ""));
    assert_eq!(text.lines().last().unwrap(), "19998 passed, 1 failed");
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("./")).collect();
    assert_eq!(told.len(), 10_000);
    assert!(told.is_sorted());
    assert_eq!(simulate(&folder, &["07", "--jobs", "4"]).1, simulate(&folder, &["07"]).1);
}

#[test]
fn a_failure_is_drawn_without_colours_into_a_pipe() {
    let folder = folder("drawn", &[("fails.json", FAILS)]);
    let (_, text, _) = simulate(&folder, &["fails.json"]);
    assert!(text.contains("\nerror: step 1 failed: dev iam:ListUsers\n --> fails.json:4:61\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn scenarios_and_steps_are_chosen_by_tag_and_left_out_with_a_reason() {
    let tagged = HOLDS.replace("\"accounts\"", "\"tags\": [\"nightly\"], \"accounts\"");
    let labelled = FAILS.replace("\"as\"", "\"labels\": [\"slow\"], \"skip\": \"see issue 7\", \"as\"");
    let folder =
        folder("tags", &[("tagged.json", &tagged), ("labelled.json", &labelled), ("plain.json", FAILS)]);
    let check = |arguments: &[&str], status: i32, totals: &str| {
        let (ended, text, _) = simulate(&folder, &[&["."], arguments].concat());
        assert_eq!((ended, text.lines().last().unwrap()), (status, totals), "{arguments:?}");
        text
    };
    check(&["--tag", "nightly"], 0, "2 passed, 0 failed");
    let text = check(&["--tag", "slow"], 0, "0 passed, 0 failed, 1 skipped");
    assert!(text.contains("skipped\n        see issue 7\n"), "{text}");
    check(&["--tag", "slow", "--tag", "nightly"], 0, "2 passed, 0 failed, 1 skipped");
    check(&[], 1, "2 passed, 1 failed, 1 skipped");
    assert_eq!(simulate(&folder, &[".", "--tag", "unicorn"]).0, 2);
}

#[test]
fn a_scenario_that_says_only_is_run_alone_and_worlds_are_not_run() {
    let only = HOLDS.replace("\"accounts\"", "\"only\": true, \"accounts\"");
    let world = "{ \"world\": \"Shared\" }";
    let folder = folder("only", &[("a.json", FAILS), ("b.json", &only), ("worlds/w.json", world)]);
    let (status, text, errors) = simulate(&folder, &["."]);
    assert_eq!((status, errors.as_str()), (0, ""), "{text}");
    assert_eq!(text.lines().last().unwrap(), "2 passed, 0 failed, 1 skipped");
    assert!(text.contains("Fails\n./a.json\n      skipped: another scenario says `only`\n"), "{text}");
}

#[test]
fn a_mistake_on_the_command_line_is_an_input_that_is_not_understood() {
    let folder = folder("usage", &[]);
    assert_eq!(simulate(&folder, &["--format", "yaml"]).0, 2);
}

#[test]
fn generated_files_are_what_the_code_makes() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["codegen", "--check"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_format_is_written_whole_and_changes_no_exit_status() {
    let folder = folder("formats", &[("holds.json", HOLDS), ("fails.json", FAILS), ("broken.json", "{")]);
    let check = |format: &str, begins: &str, holds: &str| {
        let (status, text, errors) = simulate(&folder, &["holds.json", "fails.json", "--format", format]);
        assert_eq!((status, errors.as_str()), (1, ""), "{format}: {text}");
        assert!(text.starts_with(begins) && text.contains(holds) && text.ends_with('\n'), "{format}: {text}");
        let (status, text, errors) = simulate(&folder, &["holds.json", "broken.json", "--format", format]);
        assert_eq!((status, errors.as_str()), (2, ""), "{format}");
        assert!(text.contains("broken.json"), "{format}: {text}");
    };
    check("json", "{\n", "\"failed\": 1");
    check(
        "junit",
        "<?xml version=\"1.0\"",
        "<testsuites name=\"iamsim\" tests=\"3\" failures=\"1\" errors=\"0\">",
    );
    check("sarif", "{\n", "\"ruleId\": \"expectation\"");
    check("github", "::error file=fails.json,line=4,", "::notice title=iamsim::2 passed, 1 failed");
    check("markdown", "## ", "expected `allow`, got `implicit deny`");
    check("html", "<!DOCTYPE html>\n", "1 of 3 expectations fails");
}
