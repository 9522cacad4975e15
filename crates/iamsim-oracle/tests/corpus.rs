//! Runs the project's corpus of cases through the oracle.
#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read fails the test")]

use std::path::{Path, PathBuf};

use iamsim_oracle::{decide_line, has_repeated_names};

/// The files of the corpus whose cases one case can express.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".jsonl") && !name.starts_with("inexpressible-")
    });
    files.sort();
    files
}

/// The keys that an undetermined case says it depends on, as the oracle spells and sorts them.
fn expected_keys(case: &serde_json::Value) -> Option<Vec<String>> {
    let keys = case.get("expected_detail")?.get("keys")?.as_array()?;
    let mut keys: Vec<String> =
        keys.iter().map(|key| key.as_str().unwrap_or_default().to_lowercase()).collect();
    keys.sort();
    Some(keys)
}

#[test]
fn every_case_of_the_corpus_is_decided_as_it_expects() {
    let mut decided = 0;
    let mut wrong = Vec::new();
    for file in files() {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = String::from_utf8(std::fs::read(&file).unwrap()).unwrap();
        for (number, line) in text.lines().enumerate() {
            // A repeated name is lost before the oracle sees it (PE-DOC-05).
            if line.trim().is_empty() || has_repeated_names(line) {
                continue;
            }
            let case: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            let expected = case.get("expected").and_then(|word| word.as_str()).unwrap_or("InvalidInput");
            let answer = decide_line(line);
            decided += 1;
            let keys_differ = expected_keys(&case).is_some_and(|keys| keys != answer.keys);
            if answer.decision.as_str() != expected || keys_differ {
                let id = case.get("id").and_then(|id| id.as_str()).unwrap_or("(no id)");
                let rule = case.get("rule").map(ToString::to_string).unwrap_or_default();
                wrong.push(format!(
                    "{name}:{} {id} {rule}: expected {expected}, got {} ({}) {:?}",
                    number + 1,
                    answer.decision,
                    answer.reason,
                    answer.keys
                ));
            }
        }
    }
    assert!(decided > 0, "the corpus is empty");
    assert!(wrong.is_empty(), "{} of {decided} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_row_of_the_product_of_conditions_holds_as_it_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus/condition-product.tsv");
    let text = String::from_utf8(std::fs::read(file).unwrap()).unwrap();
    let mut decided = 0;
    let mut wrong = Vec::new();
    for row in text.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [operator, listed, found, holds, _] = columns.as_slice() else { panic!("{row}") };
        let listed: serde_json::Value = serde_json::from_str(listed).unwrap();
        let mut condition = serde_json::json!({});
        condition[*operator] = serde_json::json!({"example:Key": listed});
        let mut case = serde_json::json!({
            "id": "row", "principal": "arn:aws:iam::111122223333:user/alice", "principal_kind": "user",
            "action": "ec2:StopInstances", "resource": "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
            "resource_account": "111122223333", "context": {}, "unknown_context": [],
            "identity_policies": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}}}],
            "permissions_boundary": null, "session_policy": null, "resource_policy": null,
            "scps": [], "rcps": [], "vpc_endpoint_policies": [],
        });
        match *found {
            "absent" => {}
            "unknown" => case["unknown_context"] = serde_json::json!(["example:Key"]),
            value => case["context"]["example:Key"] = serde_json::from_str(value).unwrap(),
        }
        let expected = match *holds {
            "true" => "Allowed",
            "false" => "ImplicitlyDenied",
            _ => "Undetermined",
        };
        let answer = iamsim_oracle::decide(&case);
        decided += 1;
        if answer.decision.as_str() != expected {
            wrong.push(format!("{row}: got {} ({})", answer.decision, answer.reason));
        }
    }
    assert!(decided > 1_000, "{decided}");
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
