//! AWS's recorded answers, where `IAMSIM_CORPORA` names them.

#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test fails by falling over")]
#![expect(clippy::indexing_slicing, reason = "a missing member of a recording is `null`")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use iamsim_policy::{Policy, PolicyKind, Source, check_write};
use serde_json::Value;

/// The recordings of a file, by the test that made them.
fn recordings(file: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "the recordings are outside the project")]
    let corpora = std::env::var("IAMSIM_CORPORA").ok()?;
    let path = Path::new(&corpora).join("localstack-aws-snapshots").join(format!("{file}.snapshot.json"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// Holds our answer against the recorded one. The recordings hide partition and region.
pub(crate) fn as_recorded(file: &'static str, test: &str, step: Option<&str>, expected: &str) {
    static FILES: OnceLock<BTreeMap<&str, Option<Value>>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        ["iam__test_iam", "iam__test_iam_policies", "iam__test_iam_roles", "s3__test_s3_api", "sns__test_sns"]
            .map(|file| (file, recordings(file)))
            .into()
    });
    let Some(recordings) = &files[file] else {
        println!("skipped: IAMSIM_CORPORA is not set, so {test} was not held against its recording");
        return;
    };
    let recordings = recordings.as_object().unwrap();
    let mut found = recordings.iter().filter(|(name, _)| name.ends_with(test));
    let (name, recording) = found.next().unwrap_or_else(|| panic!("no recording {test}"));
    assert!(found.next().is_none(), "two recordings {test}");
    let content = &recording["recorded-content"];
    let error = match step {
        Some(step) => &content[step]["Error"],
        None => &content["error"]["Error"],
    };
    let hidden = expected.replace("arn:aws:", "arn:<partition>:").replace("us-east-1", "<region>");
    let recorded = if let Some(code) = error["Code"].as_str() {
        format!("{code}: {}", error["Message"].as_str().unwrap())
    } else {
        assert_eq!(content["response"]["ResponseMetadata"]["HTTPStatusCode"], 200, "{name}");
        "accepted".to_owned()
    };
    assert_eq!(hidden, recorded, "{name}");
}

/// What AWS says to a document, or `accepted`. Everything accepted is a valid policy as stored.
pub(crate) fn answer(kind: PolicyKind, document: &str) -> String {
    let source = Source::from(document);
    match check_write(kind, &source) {
        Ok(policy) => {
            assert_eq!(Policy::parse(kind, &source), Ok(policy), "{document}");
            "accepted".to_owned()
        }
        Err(refusal) => refusal.to_string(),
    }
}

pub(crate) fn check(kind: PolicyKind, document: &str, expected: &str) {
    assert_eq!(answer(kind, document), expected, "{kind}: {document}");
}

/// IAM's answer with this message.
pub(crate) fn malformed(message: &str) -> String {
    if message == "accepted" { message.to_owned() } else { format!("MalformedPolicyDocument: {message}") }
}
