//! Every case of `testdata/corpus`, and every rule of the reference named by a case or on the list of those
//! that no case can express.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use iamsim_case::{Case, InvalidCase, Word};
use iamsim_eval::{Change, Decision, Request, StatementRef, authorize, explain};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus")
}

/// File name and lines of every corpus file, sorted.
fn files() -> Vec<(String, Vec<String>)> {
    let mut files: Vec<_> = fs::read_dir(corpus())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with("inexpressible"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
        })
        .collect()
}

/// What differs between a case's expectation and its answer.
fn differences(line: &str) -> Vec<String> {
    let case = match Case::parse(line) {
        Ok(case) => case,
        Err(invalid) => return refused(&invalid),
    };
    let mut differences = Vec::new();
    let expected = case.expected().expect("a corpus case says what it expects");
    let explanation = explain(case.layers(), case.request());
    if case.decide() != explanation.decision().into() {
        differences.push(format!("authorize says {}, explain {}", case.decide(), explanation.decision()));
    }
    if case.decide() != expected {
        differences.push(format!("expected {expected}, got {}\n{explanation}", case.decide()));
    }
    let detail = case.detail();
    if let Some(layer) = &detail.layer {
        let found = explanation.deciding_layer().map(iamsim_eval::Layer::as_str);
        if found != Some(layer) {
            differences.push(format!("expected the layer {layer} to decide, got {found:?}"));
        }
    }
    let deciding = explanation.deciding();
    let named = |statements: &[StatementRef<'_>]| -> Vec<String> {
        statements.iter().map(|named| format!("{:?} {named}", named.layer)).collect()
    };
    for (way, layers) in [("apart", case.layers().clone()), ("joined", case.layers().clone().prepared())] {
        let (decision, statements) = iamsim_eval::deciding(&layers, case.request());
        if decision != explanation.decision() || named(&statements) != named(&deciding) {
            differences.push(format!("{way}: {decision} by {statements:?}, explain says {deciding:?}"));
        }
        if authorize(&layers, case.request()) != decision {
            differences.push(format!("{way}: authorize does not say {decision}"));
        }
    }
    if let Some(policy) = &detail.policy
        && !deciding.iter().any(|statement| statement.policy_name == &**policy)
    {
        differences.push(format!("expected the policy {policy} to decide"));
    }
    if let Some(sid) = &detail.statement
        && !deciding.iter().any(|statement| statement.sid() == Some(sid))
    {
        differences.push(format!("expected the statement {sid} to decide"));
    }
    if let Some(keys) = &detail.keys {
        let expected: BTreeSet<String> = keys.iter().map(|key| key.to_lowercase()).collect();
        let found: BTreeSet<String> = explanation.unknown_keys().into_iter().collect();
        if explanation.decision() == Decision::Undetermined && expected != found {
            differences.push(format!("expected it to depend on {expected:?}, got {found:?}"));
        }
    }
    differences
}

fn refused(invalid: &InvalidCase) -> Vec<String> {
    if invalid.expected() == Some(Word::InvalidInput) {
        return Vec::new();
    }
    let findings: Vec<String> = invalid.diagnostics().iter().map(ToString::to_string).collect();
    vec![format!("expected {:?}, could not be read: {}", invalid.expected(), findings.join("; "))]
}

#[test]
fn every_case_of_the_corpus_is_decided_as_it_expects() {
    let mut total = 0;
    let mut failed = Vec::new();
    for (name, lines) in files() {
        for (number, line) in lines.iter().enumerate() {
            total += 1;
            for difference in differences(line) {
                let id = serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string();
                failed.push(format!("{name}:{} {id}: {difference}", number + 1));
            }
        }
    }
    assert!(total >= 1_000, "the corpus holds {total} cases");
    assert!(failed.is_empty(), "{} of {total} cases differ\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn a_change_of_the_request_that_is_called_enough_is_enough() {
    let mut tried = 0;
    for (name, lines) in files() {
        for case in lines.iter().filter_map(|line| Case::parse(&**line).ok()) {
            let asked = case.request();
            for near_miss in explain(case.layers(), asked).near_misses() {
                let mut context = asked.context().clone();
                let only_context = near_miss.changes().iter().all(|change| match change {
                    Change::Context { key, value } => {
                        context.set(key.as_str(), value.clone());
                        true
                    }
                    _ => false,
                });
                if !only_context {
                    continue;
                }
                let (caller, action) = (asked.caller().clone(), asked.action().clone());
                let changed = Request::new(caller, action, asked.resource().clone(), context);
                let changed = changed.with_owner(asked.owner().unwrap());
                let after = authorize(case.layers(), &changed);
                assert_eq!(after, near_miss.after(), "{name} {}: {near_miss}", case.id());
                assert_eq!(near_miss.is_enough(), after == Decision::Allow);
                tried += 1;
            }
        }
    }
    assert!(tried >= 100, "{tried}");
}

#[test]
fn every_id_of_the_corpus_is_unique() {
    let mut seen = BTreeMap::new();
    for (name, lines) in files() {
        for line in lines {
            let case: serde_json::Value = serde_json::from_str(&line).unwrap();
            let id = case["id"].as_str().unwrap().to_owned();
            if let Some(earlier) = seen.insert(id.clone(), name.clone()) {
                panic!("{id} stands in {earlier} and in {name}");
            }
        }
    }
}

/// The rule ids of the reference, the ids that stand on the list of rules no case can express, and the traps
/// among them.
fn rules() -> (BTreeSet<String>, BTreeSet<String>) {
    let read = |name: &str| String::from_utf8(fs::read(corpus().join(name)).unwrap()).unwrap();
    let known = read("rules.txt").lines().map(str::to_owned).collect();
    let inexpressible = read("inexpressible.jsonl")
        .lines()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(!entry["why"].as_str().unwrap().is_empty(), "{line}");
            entry["rule"].as_str().unwrap().to_owned()
        })
        .collect();
    (known, inexpressible)
}

#[test]
fn every_rule_is_named_by_a_case_or_listed_as_inexpressible_and_never_both() {
    let (known, inexpressible) = rules();
    let mut named = BTreeSet::new();
    for (name, lines) in files() {
        for line in lines {
            match Case::parse(&*line) {
                Ok(case) => named.extend(case.rules().map(str::to_owned)),
                Err(invalid) => named.extend(invalid.rules().map(str::to_owned)),
            }
            assert!(!named.is_empty(), "{name}: a case names the rules it proves");
        }
    }
    let traps: BTreeSet<String> = (1..=160).map(|number| format!("trap-{number}")).collect();
    let wanted: BTreeSet<String> = known.union(&traps).cloned().collect();
    let missing: Vec<_> = wanted.difference(&named).filter(|rule| !inexpressible.contains(*rule)).collect();
    assert!(missing.is_empty(), "no case names {missing:?}");
    let both: Vec<_> = named.intersection(&inexpressible).collect();
    assert!(both.is_empty(), "listed as inexpressible and named by a case: {both:?}");
    let unknown: Vec<_> = named
        .union(&inexpressible)
        .filter(|rule| rule.starts_with("PE-") || rule.starts_with("trap-"))
        .filter(|rule| !wanted.contains(*rule))
        .collect();
    assert!(unknown.is_empty(), "no such rules: {unknown:?}");
}
