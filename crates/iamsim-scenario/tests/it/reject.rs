//! The mistakes of `testdata/scenarios-reject`: what is said of each, as a person sees it.

use iamsim_scenario::{Code, Colour, Finding, Severity, Source, no_files, render};

use crate::files;

const FOLDER: &str = "testdata/scenarios-reject";

fn findings(name: &str) -> Vec<Finding> {
    files::run(name).map(|_| ()).expect_err(&format!("{name} is accepted"))
}

#[test]
fn what_is_said_of_every_mistake() {
    for name in files::in_folder(FOLDER) {
        let findings = findings(&name);
        assert!(findings.iter().any(|finding| finding.severity() == Severity::Error), "{name}");
        let text: Vec<String> = findings.iter().map(|finding| render(finding, Colour::Off)).collect();
        let stem = name.rsplit('/').next().and_then(|file| file.strip_suffix(".json")).unwrap();
        insta::with_settings!({ snapshot_suffix => stem, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("reject", text.join("\n\n"));
        });
    }
}

#[test]
fn every_code_has_a_file_named_after_it() {
    let names = files::in_folder(FOLDER);
    // What can't be blessed is no reason to refuse a file.
    for code in Code::ALL.iter().filter(|code| **code != Code::NotBlessed) {
        let with_code = names.iter().filter(|name| {
            name.strip_prefix(&format!("{FOLDER}/{code}")).is_some_and(|rest| rest.starts_with(['.', '-']))
        });
        let mut found = false;
        for name in with_code {
            let has_code = findings(name).iter().any(|finding| finding.code() == code.as_str());
            assert!(has_code, "{name} has no finding `{code}`");
            found = true;
        }
        assert!(found, "no file in {FOLDER} is named after `{code}`");
    }
}

#[test]
fn messages_are_worded_alike() {
    for name in files::in_folder(FOLDER) {
        for finding in findings(&name) {
            let check = |text: &str| {
                let first = text.trim_start_matches("AWS").chars().next().unwrap();
                assert!(
                    !first.is_uppercase() || text.starts_with("AWS") || text.starts_with("JSON"),
                    "{text}"
                );
                assert!(!text.ends_with('.'), "{text}");
            };
            if finding.code() != "refused" {
                check(finding.message());
            }
            finding.help().into_iter().for_each(check);
        }
    }
}

/// Refused with this code at this line and column, and never with a panic.
fn check(text: impl Into<Box<str>>, code: &str, place: (u32, u32)) {
    let source = Source::new("story.json", text);
    let findings = iamsim_scenario::Scenario::parse(&source, &mut no_files).unwrap_err();
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let position = finding.position().unwrap();
    assert_eq!((finding.code(), (position.line, position.column)), (code, place));
    let text = render(finding, Colour::Off);
    assert!(text.len() < 2_000, "{} bytes for one finding", text.len());
}

#[test]
fn nesting_a_hundred_thousand_deep_is_one_finding() {
    let brackets = "[".repeat(100_000) + &"]".repeat(100_000);
    check(format!("{{ \"scenario\": \"deep\", \"steps\": {brackets} }}"), "too-deep", (1, 95));
    let objects = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
    check(objects, "too-deep", (1, 321));
    check("[".repeat(100_000), "invalid-json", (1, 100_000));
}

#[test]
fn a_text_of_a_hundred_megabytes_is_one_finding() {
    let text = format!("{{ \"scenario\": \"{}\", \"steps\": [] }}", "a".repeat(100_000_000));
    check(text, "too-large", (1, 1));
}

#[test]
fn a_file_that_a_scenario_refers_to_may_be_anything() {
    let scenario = r#"{ "scenario": "x", "steps": [], "accounts": { "111122223333": { "users": { "dev": {
        "policies": { "p": { "file": "p.json" } } } } } } }"#;
    let source = Source::new("story.json", scenario);
    let check = |bytes: Vec<u8>, code: &str| {
        let mut load =
            |_: &str| Ok(iamsim_scenario::Loaded { name: "p.json".to_owned(), bytes: bytes.clone() });
        let findings = iamsim_scenario::Scenario::parse(&source, &mut load).unwrap_err();
        assert_eq!(findings.iter().map(Finding::code).collect::<Vec<_>>(), [code]);
        assert_eq!(findings[0].source().name(), "p.json");
    };
    check(b"\xEF\xBB\xBF{}".to_vec(), "byte-order-mark");
    check(b"{\"Version\": \"gr\xFC\xDFe\"}".to_vec(), "not-utf8");
    check(b"".to_vec(), "invalid-json");
    check(vec![b'['; 1_000], "invalid-json");
    check(vec![b' '; 20_000_000], "too-large");
}
