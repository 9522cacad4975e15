//! The documents of `testdata/policies`: what is accepted prints back, what is refused or warned of says why.
//!
//! Snapshots are reviewed, then accepted with `INSTA_UPDATE=always`.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by falling over")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use iamsim_policy::{
    Code, Diagnostic, MAX_SOURCE_BYTES, Policy, PolicyKind, ResourceService, Severity, Source,
    classic_service_control,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/policies")
}

/// One document, by the folder it stands in.
struct File {
    /// `identity/duplicate-key-action`
    name: String,
    kind: PolicyKind,
    bytes: Vec<u8>,
}

fn files(folder: &str) -> Vec<File> {
    let mut files = Vec::new();
    for kind in fs::read_dir(root().join(folder)).unwrap() {
        let kind = kind.unwrap().path();
        let kind_name = kind.file_name().unwrap().to_str().unwrap().to_owned();
        for path in fs::read_dir(&kind).unwrap() {
            let path = path.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let name = format!("{kind_name}/{stem}");
            files.push(File { name, kind: kind_named(&kind_name), bytes: fs::read(&path).unwrap() });
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!files.is_empty(), "no files in {folder}");
    files
}

fn kind_named(name: &str) -> PolicyKind {
    match name {
        "identity" => PolicyKind::Identity,
        "permissions-boundary" => PolicyKind::PermissionsBoundary,
        "session" => PolicyKind::Session,
        "role-trust" => PolicyKind::RoleTrust,
        "service-control" => PolicyKind::ServiceControl,
        "resource-control" => PolicyKind::ResourceControl,
        "vpc-endpoint" => PolicyKind::VpcEndpoint,
        "resource-other" => PolicyKind::Resource(ResourceService::Other),
        "resource-s3" => PolicyKind::Resource(ResourceService::S3),
        "resource-sqs" => PolicyKind::Resource(ResourceService::Sqs),
        "resource-sns" => PolicyKind::Resource(ResourceService::Sns),
        "resource-lambda" => PolicyKind::Resource(ResourceService::Lambda),
        "resource-kms" => PolicyKind::Resource(ResourceService::Kms),
        _ => panic!("{name} is no kind"),
    }
}

/// The code a file is there for: the longest that its name begins with.
fn code_of(file: &File) -> Code {
    let stem = file.name.split('/').next_back().unwrap();
    let codes = Code::ALL.iter().copied().filter(|code| stem.starts_with(code.as_str()));
    codes.max_by_key(|code| code.as_str().len()).unwrap_or_else(|| panic!("{} names no code", file.name))
}

fn read(file: &File) -> Result<Policy, Vec<Diagnostic>> {
    let source =
        Source::from_bytes(file.name.as_str(), file.bytes.clone()).map_err(|finding| vec![finding])?;
    Policy::parse(file.kind, source).map_err(|error| error.diagnostics().to_vec())
}

#[test]
fn accepted_documents_print_back() {
    for file in files("accept") {
        let name = &file.name;
        let policy = read(&file).unwrap_or_else(|findings| panic!("{name}: {}", described(&findings)));
        assert!(policy.warnings().is_empty(), "{name}: {}", described(policy.warnings()));
        let canonical = policy.to_canonical_json();
        let again = Policy::parse(file.kind, canonical.as_str()).unwrap();
        assert_eq!(again.to_canonical_json(), canonical, "{name}");
        assert_eq!(again, policy, "{name}");
        let compact = policy.to_compact_json();
        let again = Policy::parse(file.kind, compact.as_str()).unwrap();
        assert_eq!(again.to_compact_json(), compact, "{name}");
        assert_eq!(again, policy, "{name}");
    }
}

#[test]
fn refused_documents_say_why() {
    for file in files("reject") {
        let name = &file.name;
        let Err(findings) = read(&file) else { panic!("{name} is accepted") };
        let code = code_of(&file);
        let is_there = |finding: &Diagnostic| finding.code() == code && finding.severity() == Severity::Error;
        assert!(findings.iter().any(is_there), "{name}: {}", described(&findings));
        snapshot("reject", name, &findings);
    }
}

#[test]
fn doubtful_documents_are_warned_of() {
    for file in files("warn") {
        let name = &file.name;
        let policy = read(&file).unwrap_or_else(|findings| panic!("{name}: {}", described(&findings)));
        let code = code_of(&file);
        let findings = match code {
            Code::ClassicServiceControl => classic_service_control(&policy),
            _ => policy.warnings().to_vec(),
        };
        assert!(findings.iter().any(|finding| finding.code() == code), "{name}: {}", described(&findings));
        snapshot("warn", name, &findings);
    }
}

#[test]
fn a_text_that_is_too_large_is_refused() {
    let text = " ".repeat(MAX_SOURCE_BYTES + 1);
    let refused = Policy::parse(PolicyKind::Identity, text.as_str()).unwrap_err();
    assert_eq!(refused.diagnostics().first().unwrap().code(), Code::TooLarge);
    let refused = Source::from_bytes("dump", text.into_bytes()).unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge);
}

#[test]
fn a_document_that_is_wrong_everywhere_is_cut_short() {
    let statement = r#"{"Effect": "Allow", "Action": "none", "Resource": "*"}"#;
    let document = |count: usize| format!("{{\"Statement\": [{}]}}", vec![statement; count].join(", "));
    let count = |count| {
        let error = Policy::parse(PolicyKind::Identity, document(count)).unwrap_err();
        let last = error.diagnostics().last().unwrap();
        (error.diagnostics().len(), last.code(), last.message().to_owned())
    };
    assert_eq!((count(1_000).0, count(1_000).1), (1_000, Code::InvalidAction));
    assert_eq!(count(1_003), (1_001, Code::TooManyFindings, "3 more findings are not listed".to_owned()));
}

#[test]
fn every_code_has_its_document() {
    let mut codes: BTreeSet<Code> = files("reject").iter().chain(&files("warn")).map(code_of).collect();
    // Sixteen megabytes and a thousand mistakes are made by the tests above, not kept.
    codes.extend([Code::TooLarge, Code::TooManyFindings]);
    let without: Vec<_> = Code::ALL.iter().filter(|code| !codes.contains(code)).collect();
    assert!(without.is_empty(), "codes without a document: {without:?}");
}

#[test]
fn every_snapshot_has_its_document() {
    let named = |folder: &'static str| {
        files(folder).into_iter().map(move |file| format!("{}.snap", snapshot_name(folder, &file.name)))
    };
    let expected: BTreeSet<String> = named("reject").chain(named("warn")).collect();
    let found: BTreeSet<String> = fs::read_dir(root().join("snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, expected);
}

fn snapshot_name(folder: &str, name: &str) -> String {
    format!("{folder}__{}", name.replace('/', "__"))
}

fn snapshot(folder: &str, name: &str, findings: &[Diagnostic]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(snapshot_name(folder, name), described(findings)));
}

/// Everything a finding holds, with the text it points at.
fn described(findings: &[Diagnostic]) -> String {
    let mut text = String::new();
    for finding in findings {
        let source = finding.source();
        let spot = |span: iamsim_policy::Span| {
            let (start, end) = (source.position(span.start), source.position(span.end));
            assert!(span.start <= span.end && span.end as usize <= source.text().len(), "{finding}");
            let shown: String = source.text_of(span).chars().take(40).collect();
            format!("{}:{}-{}:{} {shown:?}", start.line, start.column, end.line, end.column)
        };
        let _ = writeln!(text, "{}[{}] {}", finding.severity(), finding.code(), finding.message());
        let _ = writeln!(text, "  at {}", spot(finding.span()));
        for related in finding.related() {
            let _ = writeln!(text, "  and {}: {}", spot(related.span()), related.message());
        }
        if let Some(help) = finding.help() {
            let _ = writeln!(text, "  help: {help}");
        }
    }
    text
}
