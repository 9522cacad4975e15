//! Outcomes as text and JSON: one small story in which steps pass, fail, and stay undetermined.

use iamsim_scenario::{
    Colour, Detail, Finding, Outcome, Scenario, Source, StepOutcome, Totals, Verdict, excerpt, no_files,
    report,
};

const STORY: &str = r#"{
  "scenario": "Some of this is expected wrongly",
  "names": { "draft": "arn:aws:s3:::acme-drafts/plan.md" },
  "accounts": {
    "111122223333": {
      "resources": { "arn:aws:s3:::acme-drafts": {} },
      "users": {
        "dev": {
          "policies": {
            "developer": {
              "Version": "2012-10-17",
              "Statement": [
                { "Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
                {
                  "Sid": "WriteFromTheOffice", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
                  "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }
                }
              ]
            }
          }
        }
      },
      "roles": { "operator": { "trust": { "account": "111122223333", "requireExternalId": "Acme-2030" } } }
    }
  },
  "steps": [
    { "name": "reading is allowed", "as": "dev", "do": "s3:GetObject", "on": "draft", "expect": "allow" },
    { "name": "which is expected wrongly here", "as": "dev", "do": "s3:GetObject", "on": "draft", "expect": "deny" },
    {
      "name": "it is allowed, and by another statement",
      "as": "dev", "do": "s3:GetObject", "on": "draft",
      "expect": { "decision": "allow", "policy": "developer", "statement": "Write", "reason": "because" }
    },
    { "name": "from where?", "as": "dev", "do": "s3:PutObject", "on": "draft", "expect": "allow" },
    {
      "as": "dev", "do": ["s3:PutObject", "s3:DeleteObject"], "on": "draft",
      "context": { "aws:SourceIp": "198.51.100.7" }, "expect": "allow"
    },
    { "wait": "90m" },
    { "name": "nobody expects this to be refused", "as": "dev", "assume": "operator", "session": "one" },
    { "name": "so nobody is there to ask", "as": "one", "do": "s3:GetObject", "on": "draft", "expect": "allow" },
    { "change": "operator", "tags": { "team": "checkout" } },
    { "delete": "operator", "expect": "DeleteConflict" },
    { "as": "dev", "do": "s3:PutObject", "on": "draft", "expect": { "decision": "undetermined", "unknown": ["aws:SourceVpc"] } }
  ]
}"#;

fn outcome() -> Outcome {
    let source = Source::new("story.json", STORY);
    Scenario::parse(&source, &mut no_files).unwrap().run().unwrap()
}

#[test]
fn the_text_tells_what_was_asked_what_came_and_why() {
    insta::assert_snapshot!(outcome().to_text(Detail::Reason));
}

#[test]
fn every_failure_is_drawn_with_its_expectation_and_the_statement_that_decided() {
    let outcome = outcome();
    let drawn: Vec<String> = outcome.steps().iter().filter_map(|step| excerpt(step, Colour::Off)).collect();
    let Totals { failed, undetermined, .. } = outcome.totals();
    assert_eq!(drawn.len(), failed + undetermined);
    insta::assert_snapshot!(drawn.join("\n\n"));
}

#[test]
fn the_text_with_explanations_has_their_canonical_text() {
    let outcome = outcome().filtered("from where?").unwrap();
    let explanation = outcome.steps()[0].explanation().unwrap().to_string();
    let indented: Vec<String> =
        explanation.lines().map(|line| format!("        | {line}").trim_end().to_owned()).collect();
    let text = outcome.to_text(Detail::Explanation);
    assert!(text.ends_with(&format!("\n\n{}\n\n", indented.join("\n"))), "{text}");
}

#[test]
fn the_json_says_the_same_to_programs() {
    let findings = [Finding::unreadable("missing.json", "there is no such file or folder")];
    let text = report(&[outcome()], &findings, Detail::Reason);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["version"], 1);
    insta::assert_snapshot!(text);
}

#[test]
fn the_json_with_explanations_holds_their_json() {
    let outcome = outcome().filtered("from where?").unwrap();
    let text = report(&[outcome], &[], Detail::Explanation);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let explanation = &read["scenarios"][0]["steps"][0]["explanation"];
    assert_eq!(explanation["decision"], "undetermined");
    assert_eq!(explanation["version"], 1);
}

#[test]
fn each_step_counts_once_and_steps_without_expectation_only_when_they_fail() {
    let outcome = outcome();
    let count = |verdict| outcome.steps().iter().filter(|step| step.verdict() == verdict).count();
    let Totals { passed, failed, undetermined, .. } = outcome.totals();
    assert_eq!(passed + failed + undetermined + count(Verdict::Done), outcome.steps().len());
    assert_eq!((passed, undetermined), (1, 1));
}

#[test]
fn a_filter_looks_at_titles_names_and_what_is_asked_whatever_the_case() {
    let check = |text: &str, steps: Option<&[usize]>| {
        let filtered = outcome().filtered(text);
        let numbers =
            filtered.map(|outcome| outcome.steps().iter().map(StepOutcome::number).collect::<Vec<_>>());
        assert_eq!(numbers.as_deref(), steps, "{text}");
    };
    check("FROM WHERE", Some(&[4]));
    check("deleteobject", Some(&[5]));
    check("operator", Some(&[7, 9, 10]));
    check("expected wrongly", Some(&[1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]));
    check("nothing speaks of this", None);
}
