//! AWS's managed policies: that they are what the text says, and the facts about them that were counted when
//! the data was chosen.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says why by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use iamsim_catalog::{Catalog, InvalidManagedPolicies, ManagedPolicies};
use iamsim_policy::{ActionPattern, Policy, PolicyKind, Source, json};

const TEXT: &str = include_str!("../data/managed-policies.txt");

fn policies() -> &'static ManagedPolicies {
    ManagedPolicies::embedded()
}

fn parsed() -> Vec<Policy> {
    let read = |(policy, document): (iamsim_catalog::ManagedPolicy<'_>, String)| {
        Policy::parse(PolicyKind::Identity, Source::new(policy.name(), document)).unwrap()
    };
    policies().documents().map(read).collect()
}

#[test]
fn the_embedded_policies_are_what_the_text_makes() {
    let built = ManagedPolicies::from_text(TEXT).unwrap();
    assert!(built.as_bytes() == policies().as_bytes(), "run `cargo xtask catalog build` and commit");
    ManagedPolicies::from_bytes(policies().as_bytes()).unwrap();
}

#[test]
fn every_policy_is_found_by_its_arn_and_has_its_document() {
    let mut text = String::new();
    for (policy, document) in policies().documents() {
        assert_eq!(
            policies().get(&policy.to_string()).map(|found| found.to_string()),
            Some(policy.to_string())
        );
        assert!(policy.created() <= policy.updated() && policy.version() > 0, "{policy}");
        text.push_str(&document);
    }
    let without_heads: String = TEXT.lines().filter(|line| !line.starts_with("policy\t")).collect();
    assert!(text == without_heads);
    // Opened alone, and opened one after another, a document is the same.
    for (policy, document) in policies().documents().step_by(97) {
        assert_eq!(policy.document(), document, "{policy}");
    }
}

#[test]
fn the_paths_are_those_that_were_counted() {
    let mut paths = BTreeMap::new();
    policies().iter().for_each(|policy| *paths.entry(policy.path()).or_insert(0) += 1);
    let expected = [
        ("/", 975),
        ("/aws-service-role/", 361),
        ("/job-function/", 15),
        ("/root-task/", 5),
        ("/service-role/", 226),
    ];
    assert_eq!(paths, BTreeMap::from(expected));
    assert_eq!(policies().len(), 1_582);
}

#[test]
fn every_document_is_a_policy() {
    let all = parsed();
    assert_eq!(all.iter().map(|policy| policy.statements().len()).sum::<usize>(), 8_850);
    let single = |policy: &&Policy| {
        let node = json::parse(policy.source()).unwrap();
        let json::Value::Object(members) = &node.value else { panic!("a policy is an object") };
        members
            .iter()
            .any(|member| member.key == "Statement" && matches!(member.value.value, json::Value::Object(_)))
    };
    assert_eq!(all.iter().filter(single).count(), 20);
}

/// The services AWS's own policies speak of and its reference does not, or no longer: they are retired, or
/// not documented.
#[test]
fn aws_names_117_times_an_action_its_reference_does_not_know() {
    let catalog = Catalog::embedded();
    let (mut references, mut unknown, mut distinct) = (0, 0, BTreeSet::new());
    for policy in parsed() {
        for statement in policy.statements() {
            for pattern in statement.action().patterns() {
                references += 1;
                let Some(action) = pattern.value.exact() else { continue };
                if catalog.action(action).is_none() {
                    unknown += 1;
                    distinct.insert(action.to_owned());
                }
            }
        }
    }
    assert_eq!((references, unknown, distinct.len()), (63_740, 117, 108));
}

#[test]
fn twenty_one_patterns_match_nothing() {
    let catalog = Catalog::embedded();
    let mut patterns = BTreeMap::new();
    for policy in parsed() {
        for statement in policy.statements() {
            for pattern in statement.action().patterns() {
                if pattern.value.exact().is_none() {
                    patterns.insert(pattern.value.as_str().to_ascii_lowercase(), pattern.value.clone());
                }
            }
        }
    }
    let nothing = |pattern: &&ActionPattern| catalog.expand(pattern).next().is_none();
    assert_eq!(patterns.len(), 1_275);
    assert_eq!(patterns.values().filter(nothing).count(), 21);
}

#[test]
fn a_name_that_does_not_exist_has_a_nearest_one() {
    assert_eq!(policies().nearest("AdministratorAcces").unwrap().name(), "AdministratorAccess");
    let absent = [
        "arn:aws:iam::aws:policy/service-role/AdministratorAccess",
        "arn:aws-cn:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/",
        "AdministratorAccess",
    ];
    for arn in absent {
        assert!(policies().get(arn).is_none(), "{arn}");
    }
}

#[test]
fn damaged_bytes_and_texts_are_refused() {
    let whole = policies().as_bytes();
    assert_eq!(
        ManagedPolicies::from_bytes(&b"{}"[..]).unwrap_err(),
        InvalidManagedPolicies::NotManagedPolicies
    );
    for length in [16, 24, 60, whole.len() / 2, whole.len() - 1] {
        assert!(ManagedPolicies::from_bytes(&whole[..length]).is_err(), "{length}");
    }
    let head = "policy\t/A\tv1\t2026-01-31T09:00:00Z\t2026-01-31T09:00:00Z\n";
    let small = ManagedPolicies::from_text(&format!("{head}{{\"Statement\":[]}}\n")).unwrap();
    for at in 0..small.as_bytes().len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = small.as_bytes().to_vec();
            bytes[at] ^= change;
            let Ok(read) = ManagedPolicies::from_bytes(bytes) else { continue };
            let _ = read.documents().map(|(policy, document)| format!("{policy}{document}")).count();
        }
    }
    let check = |text: &str, expected: &str| {
        assert_eq!(ManagedPolicies::from_text(text).unwrap_err().to_string(), expected, "{text}");
    };
    check("{}\n", "line 1: a line stands before the first `policy`");
    check("policy\tA\tv1\n", "line 1: no path and name in `A\tv1`");
    check("policy\t/A\t1\n", "line 1: no version in `/A\t1`");
    check("policy\t/A\tv1\ttoday\n", "line 1: no instant in `/A\tv1\ttoday`");
    check(&format!("{head}{{}}\n{head}{{}}\n"), "line 3: `A` is out of order");
    check(&format!("{head}{{\n"), "line 1: the document of `A`: not valid JSON: EOF while parsing an object");
}
