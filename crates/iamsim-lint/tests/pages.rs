//! The pages of the rules: one for each, and what they say is so.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that can't go on says why by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use iamsim_lint::{Level, Rule, pages};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

fn page(name: &str) -> String {
    let bytes = fs::read(folder().join(name)).unwrap_or_else(|error| panic!("docs/rules/{name}: {error}"));
    String::from_utf8(bytes).unwrap().replace('\r', "")
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let wanted: BTreeSet<String> = Rule::all()
        .iter()
        .map(|rule| format!("{}.md", rule.code()))
        .chain(["README.md".to_owned()])
        .collect();
    let found: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn the_bad_example_is_found_and_the_good_one_is_not() {
    for rule in Rule::all() {
        let page = page(&format!("{}.md", rule.code()));
        assert!(page.starts_with(&format!("# {}\n", rule.code())), "{rule:?}");
        let examples = pages::examples(&page);
        assert_eq!(examples.iter().filter(|example| example.good).count(), 1, "{rule:?}");
        assert_eq!(examples.iter().filter(|example| !example.good).count(), 1, "{rule:?}");
        for example in examples {
            let findings = example.findings();
            let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
            // No example is broken; a good one gives no cause for any warning.
            let unusable = findings
                .iter()
                .any(|finding| finding.level() == Level::Error && Rule::find(finding.code()).is_none());
            assert!(!unusable, "{rule:?}: {all:?}");
            let found = findings.iter().any(|finding| finding.code() == rule.code());
            assert_eq!(found, !example.good, "{rule:?} good: {}: {all:?}", example.good);
            if example.good {
                assert!(findings.iter().all(|finding| finding.level() == Level::Note), "{rule:?}: {all:?}");
            }
        }
    }
}

#[test]
fn a_page_shows_what_the_command_prints() {
    for rule in Rule::all() {
        let page = page(&format!("{}.md", rule.code()));
        let made = pages::with_output(rule.code(), &page)
            .unwrap_or_else(|| panic!("{rule:?} has no place for output"));
        assert!(made == page, "{rule:?}: run `cargo xtask codegen` and read what changes:\n{made}");
    }
}

#[test]
fn the_index_lists_the_rules() {
    let readme = page("README.md");
    assert!(pages::index(&readme).unwrap() == readme, "run `cargo xtask codegen`");
}

#[test]
fn the_index_shows_a_configuration_and_a_waiver_that_work() {
    let readme = page("README.md");
    let fences: Vec<&str> =
        readme.split("```json\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0).collect();
    let [config, waived] = fences.as_slice() else { panic!("the index has two examples") };
    let config = iamsim_lint::Config::parse(&iamsim_policy::Source::from(*config)).unwrap();
    assert_eq!(config.level("redundant-action"), Some(None));
    let source = iamsim_policy::Source::new("pages.json", *waived);
    let report = iamsim_lint::Linter::new().check(&source, None);
    assert_eq!(report.waived().len(), 1);
    assert!(report.findings().is_empty(), "{:?}", report.findings());
}
