//! Real documents: the advice on each is given without a fall, and found in all formats.
//!
//! The sets may not be committed. Their folder is named by `IAMSIM_CORPORA`; without it each test prints one line
//! and passes.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test fails by falling over")]

use std::fs;
use std::path::{Path, PathBuf};

use iamsim_lint::{KIND_NAMES, Linter, Report, format};
use iamsim_policy::{PolicyKind, Source};

#[expect(
    clippy::disallowed_methods,
    reason = "the sets are outside the project, and only the caller knows where"
)]
fn folder(set: &str) -> Option<PathBuf> {
    if let Ok(corpora) = std::env::var("IAMSIM_CORPORA") {
        let folder = Path::new(&corpora).join(set);
        assert!(folder.is_dir(), "{} is no folder: IAMSIM_CORPORA names the data", folder.display());
        Some(folder)
    } else {
        println!("skipped: IAMSIM_CORPORA is not set, so the documents of {set} were not checked");
        None
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Source {
    Source::from_bytes(path.to_string_lossy().into_owned(), fs::read(path).unwrap()).unwrap()
}

/// Each format of each report: what is drawn must lie in the text.
fn write_all(reports: &[Report]) -> usize {
    format::text(reports, format::Colour::Off);
    format::json(reports);
    format::sarif(reports);
    format::github(reports);
    reports.iter().map(|report| report.findings().len()).sum()
}

/// How many documents of a set are policies of the kind, and that those are checked.
fn check(set: &str, below: &str, kind: Option<PolicyKind>, policies: usize) {
    let Some(folder) = folder(set) else { return };
    let linter = Linter::new();
    let reports: Vec<Report> =
        files(&folder.join(below), ".json").iter().map(|path| linter.check(&read(path), kind)).collect();
    write_all(&reports);
    assert_eq!(
        reports.iter().map(|report| report.policies().len()).sum::<usize>(),
        policies,
        "{set}/{below}"
    );
}

#[test]
fn control_policies_and_endpoint_policies_are_checked_and_guessed() {
    check("scp-examples", "", Some(PolicyKind::ServiceControl), 56);
    check("rcp-examples", "", Some(PolicyKind::ResourceControl), 23);
    check("data-perimeter-examples", "service_control_policies", Some(PolicyKind::ServiceControl), 13);
    // Without being told: the folders' names and the documents tell.
    for (set, below, wanted) in [
        ("rcp-examples", "", PolicyKind::ResourceControl),
        ("data-perimeter-examples", "service_control_policies", PolicyKind::ServiceControl),
        ("data-perimeter-examples", "resource_control_policies", PolicyKind::ResourceControl),
        ("data-perimeter-examples", "vpc_endpoint_policies", PolicyKind::VpcEndpoint),
    ] {
        let Some(folder) = folder(set) else { continue };
        for path in files(&folder.join(below), ".json") {
            let report = Linter::new().check(&read(&path), None);
            for policy in report.policies() {
                assert_eq!(policy.kind, wanted, "{}", policy.name);
            }
        }
    }
}

#[test]
fn documents_in_lines_are_checked_as_what_they_are_and_as_something_else() {
    for (set, file, least) in [
        ("quacky-policies", "samples.jsonl", 700),
        ("iam-user-guide-json", "json-blocks.jsonl", 200),
        ("sam-iam-resources", "iam-resources.jsonl", 300),
        ("cfn-templates-iam", "iam-resources.jsonl", 50),
    ] {
        let Some(folder) = folder(set) else { continue };
        let bytes = fs::read(folder.join(file)).unwrap();
        let linter = Linter::new();
        let mut read = 0;
        for line in String::from_utf8(bytes).unwrap().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let document = ["policy", "json", "properties"].iter().find_map(|key| value.get(*key));
            let Some(document) = document else { continue };
            read += 1;
            let source = Source::new(format!("{set}-{read}.json"), document.to_string());
            // As the kind it is guessed to be, and as each other kind in turn.
            let other = KIND_NAMES.get(read % KIND_NAMES.len()).map(|(_, kind)| *kind);
            let reports: Vec<Report> = [None, other].map(|kind| linter.check(&source, kind)).into();
            write_all(&reports);
        }
        assert!(read > least, "{set} has {read}");
    }
}

#[test]
fn dumps_of_accounts_are_checked_policy_by_policy() {
    let Some(folder) = folder("authz-details-cloudsplaining") else { return };
    let linter = Linter::new();
    for path in files(&folder, ".json") {
        let report = linter.check(&read(&path), None);
        let (trust, identity): (Vec<_>, Vec<_>) =
            report.policies().iter().partition(|policy| policy.kind == PolicyKind::RoleTrust);
        let findings = write_all(std::slice::from_ref(&report));
        println!(
            "{}: {} trust, {} identity, {findings} findings",
            path.display(),
            trust.len(),
            identity.len()
        );
        assert!(report.policies().iter().all(|policy| !policy.guessed));
    }
}
