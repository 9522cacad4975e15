//! Real documents: each parses and prints back, or is refused for the reasons that the set's table of
//! exceptions states, document by document (`testdata/policies/exceptions`).
//!
//! The sets may not be committed. Their folder is named by `IAMSIM_CORPORA`; without it each test prints one
//! line and passes.

#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test fails by falling over")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use iamsim_policy::json::{self, Node, Value};
use iamsim_policy::{Policy, PolicyKind, ResourceService, Severity, Source};

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
        println!("skipped: IAMSIM_CORPORA is not set, so the documents of {set} were not read");
        None
    }
}

fn text(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// One set under judgement.
struct Judge {
    set: &'static str,
    read: usize,
    /// One accepted document in so many is printed and read again.
    printed: usize,
    refused: BTreeMap<String, String>,
}

impl Judge {
    fn new(set: &'static str) -> Self {
        Self { set, read: 0, printed: 1, refused: BTreeMap::new() }
    }

    fn document(&mut self, name: &str, kind: PolicyKind, text: impl Into<String>) {
        let source = Source::new(name, text.into());
        self.parsed(name, Policy::parse(kind, &source));
    }

    fn node(&mut self, name: &str, kind: PolicyKind, source: &Source, node: &Node<'_>) {
        self.parsed(name, Policy::from_node(kind, source, node));
    }

    fn parsed(&mut self, name: &str, parsed: Result<Policy, iamsim_policy::PolicyError>) {
        self.read += 1;
        match parsed {
            Ok(_) if !self.read.is_multiple_of(self.printed) => {}
            Ok(policy) => {
                let canonical = policy.to_canonical_json();
                let again = Policy::parse(policy.kind(), &*canonical)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(again.to_canonical_json(), canonical, "{name}");
                assert_eq!(Policy::parse(policy.kind(), policy.to_compact_json()).unwrap(), policy, "{name}");
            }
            Err(error) => {
                let mut codes: Vec<_> = error
                    .diagnostics()
                    .iter()
                    .filter(|finding| finding.severity() == Severity::Error)
                    .map(|finding| finding.code().as_str())
                    .collect();
                codes.sort_unstable();
                codes.dedup();
                let earlier = self.refused.insert(name.to_owned(), codes.join(" "));
                assert!(earlier.is_none(), "two documents are called {name}");
            }
        }
    }

    /// Holds what was refused against the committed table.
    fn done(self, count: usize) {
        let set = self.set;
        assert_eq!(self.read, count, "documents read of {set}");
        let mut found = String::new();
        for (name, codes) in &self.refused {
            let _ = writeln!(found, "{name}\t{codes}");
        }
        let table = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../testdata/policies/exceptions")
            .join(format!("{set}.tsv"));
        let expected = if table.exists() { text(&table) } else { String::new() };
        if found != expected {
            println!("{found}");
        }
        assert!(found == expected, "{set}: the refused documents are not those of {}", table.display());
    }
}

/// The member of an object.
fn member<'n, 's>(node: &'n Node<'s>, name: &str) -> Option<&'n Node<'s>> {
    match &node.value {
        Value::Object(members) => {
            members.iter().find(|member| member.key == name).map(|member| &member.value)
        }
        _ => None,
    }
}

fn string<'n>(node: &'n Node<'_>, name: &str) -> &'n str {
    match member(node, name).map(|node| &node.value) {
        Some(Value::String(text)) => text,
        other => panic!("{name}: {other:?}"),
    }
}

fn items<'n, 's>(node: &'n Node<'s>, name: &str) -> &'n [Node<'s>] {
    match member(node, name).map(|node| &node.value) {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

/// What a document of a mixed set is used as, by the elements of its first statement.
fn kind_of(document: &Node<'_>) -> PolicyKind {
    let statements = member(document, "Statement");
    let statement = match statements.map(|node| &node.value) {
        Some(Value::Array(items)) => items.first(),
        _ => statements,
    };
    let has = |name| statement.is_some_and(|statement| member(statement, name).is_some());
    let assumes = statement.and_then(|statement| member(statement, "Action")).is_some_and(|action| {
        let first = match &action.value {
            Value::Array(items) => items.first().map(|node| &node.value),
            value => Some(value),
        };
        matches!(first, Some(Value::String(text)) if text.starts_with("sts:"))
    });
    if !has("Principal") && !has("NotPrincipal") {
        PolicyKind::Identity
    } else if assumes && !has("Resource") {
        PolicyKind::RoleTrust
    } else {
        PolicyKind::Resource(ResourceService::Other)
    }
}

#[test]
fn aws_managed_policies_of_today() {
    let Some(folder) = folder("managed-policies") else { return };
    let mut judge = Judge::new("managed-policies");
    for line in text(&folder.join("latest.jsonl")).lines() {
        let source = Source::from(line);
        let node = json::parse(&source).unwrap();
        let name = string(&node, "name").to_owned();
        judge.node(&name, PolicyKind::Identity, &source, member(&node, "document").unwrap());
    }
    judge.done(1_582);
}

#[test]
fn aws_managed_policies_of_all_times() {
    let Some(folder) = folder("managed-policies") else { return };
    let packed = fs::read(folder.join("history.jsonl.zst")).unwrap();
    let mut history = String::new();
    ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&*packed, 1 << 27)
        .unwrap()
        .read_to_string(&mut history)
        .unwrap();
    // Most versions differ from the one before by a line.
    let mut judge = Judge { printed: 10, ..Judge::new("managed-policies-history") };
    for line in history.lines() {
        let source = Source::from(line);
        let node = json::parse(&source).unwrap();
        let name = format!("{}/{}", string(&node, "name"), string(&node, "v"));
        judge.node(&name, PolicyKind::Identity, &source, member(&node, "document").unwrap());
    }
    judge.done(6_194);
}

/// The `.json` files below a folder, by their path inside it, in order.
fn json_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

fn files(set: &'static str, kind: impl Fn(&str) -> PolicyKind, count: usize) {
    let Some(folder) = folder(set) else { return };
    let mut judge = Judge::new(set);
    for (name, path) in json_files(&folder) {
        judge.document(&name, kind(&name), text(&path));
    }
    judge.done(count);
}

#[test]
fn service_control_policies_of_aws() {
    files("scp-examples", |_| PolicyKind::ServiceControl, 57);
}

#[test]
fn resource_control_policies_of_aws() {
    files("rcp-examples", |_| PolicyKind::ResourceControl, 23);
}

#[test]
fn data_perimeter_policies_of_aws() {
    let kind = |name: &str| match name.split('/').next() {
        Some("service_control_policies") => PolicyKind::ServiceControl,
        Some("resource_control_policies") => PolicyKind::ResourceControl,
        Some("vpc_endpoint_policies") => PolicyKind::VpcEndpoint,
        other => panic!("{other:?}"),
    };
    files("data-perimeter-examples", kind, 29);
}

#[test]
fn policies_of_the_user_guide() {
    let Some(folder) = folder("iam-user-guide-json") else { return };
    let mut judge = Judge::new("iam-user-guide-json");
    for (index, line) in text(&folder.join("json-blocks.jsonl")).lines().enumerate() {
        let source = Source::from(line);
        let node = json::parse(&source).unwrap();
        let name = format!("{}#{index}", string(&node, "file"));
        match string(&node, "kind") {
            "policy" => {
                let document = member(&node, "json").unwrap();
                judge.node(&name, kind_of(document), &source, document);
            }
            "broken" => judge.document(&name, PolicyKind::Identity, string(&node, "raw")),
            _ => {}
        }
    }
    judge.done(275 + 13);
}

#[test]
fn policies_of_a_published_benchmark() {
    let Some(folder) = folder("quacky-policies") else { return };
    let mut judge = Judge::new("quacky-policies");
    for line in text(&folder.join("samples.jsonl")).lines() {
        let source = Source::from(line);
        let node = json::parse(&source).unwrap();
        let document = member(&node, "policy").unwrap();
        judge.node(string(&node, "file"), kind_of(document), &source, document);
    }
    judge.done(765);
}

#[test]
fn policies_of_account_dumps() {
    let Some(folder) = folder("authz-details-cloudsplaining") else { return };
    let mut judge = Judge::new("authz-details-cloudsplaining");
    for (file, path) in json_files(&folder) {
        let source = Source::new(file.as_str(), text(&path));
        let dump = json::parse(&source).unwrap();
        let identity = PolicyKind::Identity;
        let mut judged = |owner: &str, kind, document: Option<&Node<'_>>| {
            let document = document.unwrap();
            // One name may stand twice in a dump: the place makes it unique.
            let place = source.position(document.span.start);
            judge.node(&format!("{file}:{} {owner}", place.line), kind, &source, document);
        };
        for (list, inline) in [
            ("UserDetailList", "UserPolicyList"),
            ("GroupDetailList", "GroupPolicyList"),
            ("RoleDetailList", "RolePolicyList"),
        ] {
            for entity in items(&dump, list) {
                for policy in items(entity, inline) {
                    judged(string(policy, "PolicyName"), identity, member(policy, "PolicyDocument"));
                }
                if list == "RoleDetailList" {
                    let trust = member(entity, "AssumeRolePolicyDocument");
                    judged(string(entity, "RoleName"), PolicyKind::RoleTrust, trust);
                }
            }
        }
        for policy in items(&dump, "Policies") {
            for version in items(policy, "PolicyVersionList") {
                judged(string(policy, "PolicyName"), identity, member(version, "Document"));
            }
        }
    }
    judge.done(259);
}

#[test]
fn policies_of_a_linters_tests() {
    let Some(folder) = folder("parliament-tests") else { return };
    let mut judge = Judge::new("parliament-tests");
    let mut paths: Vec<_> =
        fs::read_dir(folder.join("unit")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        for (index, block) in text(&path).split("\"\"\"").enumerate().skip(1).step_by(2) {
            let block = block.trim();
            if !block.starts_with('{') {
                continue;
            }
            let source = Source::from(block);
            let kind = json::parse(&source).map_or(PolicyKind::Identity, |node| kind_of(&node));
            judge.document(&format!("{file}#{}", index / 2), kind, block);
        }
    }
    judge.done(54);
}
