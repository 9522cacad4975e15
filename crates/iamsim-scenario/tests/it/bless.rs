//! What came, written into the expectations: what is written holds, and nothing else is touched.

use iamsim_scenario::{Outcome, Scenario, Source, Verdict, bless, no_files};

use crate::files;

const WORLD: &str = r#"
  "names": { "draft": "arn:aws:s3:::acme-drafts/plan.md", "drafts": "arn:aws:s3:::acme-drafts" },
  "accounts": {
    "111122223333": {
      "resources": { "arn:aws:s3:::acme-drafts": {} },
      "users": {
        "dev": { "policies": { "developer": { "Version": "2012-10-17", "Statement": [
          { "Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "sts:AssumeRole"], "Resource": "*" },
          { "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*" },
          { "Sid": "FromTheOffice", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
            "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } } }
        ] } } },
        "ops": {}
      },
      "roles": { "operator": { "trust": { "account": "111122223333" } } }
    }
  },"#;

fn run(steps: &str) -> Outcome {
    let text = format!("{{\n  \"scenario\": \"x\",{WORLD}\n  \"steps\": [\n{steps}\n  ]\n}}\n");
    let source = Source::new("story.json", text);
    let scenario = Scenario::parse(&source, &mut no_files).unwrap_or_else(|findings| panic!("{findings:#?}"));
    scenario.run().unwrap()
}

/// The steps of a file.
fn steps(text: &str) -> &str {
    let (_, steps) = text.split_once("\"steps\": [\n").unwrap();
    steps.strip_suffix("\n  ]\n}\n").unwrap()
}

/// Some steps, and what they are when they are blessed: then all of them hold, and the rest of the file is as it
/// was.
#[track_caller]
fn check(before: &str, after: &str) {
    let outcome = run(before);
    let blessed = bless(&outcome);
    assert_eq!(blessed.left, []);
    let text = blessed.text.expect("nothing is blessed");
    assert_eq!(steps(&text), after);
    assert_eq!(text.replace(after, ""), outcome.source().text().replace(before, ""));
    let totals = run(steps(&text)).totals();
    assert_eq!((totals.failed, totals.undetermined), (0, 0), "{text}");
}

#[test]
fn a_word_becomes_another_word() {
    check(
        r#"    { "as": "dev", "do": "s3:GetObject", "on": "draft", "expect": "deny" }"#,
        r#"    { "as": "dev", "do": "s3:GetObject", "on": "draft", "expect": "allow" }"#,
    );
    check(
        r#"    { "as": "dev", "do": "s3:PutObject", "on": "draft", "expect" : "allow", "name": "é" }"#,
        r#"    { "as": "dev", "do": "s3:PutObject", "on": "draft", "expect" : "undetermined", "name": "é" }"#,
    );
    // Several denials of two kinds have one word.
    check(
        r#"    { "as": "dev", "do": ["s3:DeleteObject", "s3:ListBucket"], "on": "draft", "expect": "allow" }"#,
        r#"    { "as": "dev", "do": ["s3:DeleteObject", "s3:ListBucket"], "on": "draft", "expect": "deny" }"#,
    );
}

#[test]
fn only_the_fields_that_do_not_hold_are_written() {
    check(
        r#"    {
      "as": "dev", "do": "s3:GetObject", "on": "draft",
      "expect": {
        "statement":   "Write",
        "decision": "allow",
        "policy": "developer"
      }
    }"#,
        r#"    {
      "as": "dev", "do": "s3:GetObject", "on": "draft",
      "expect": {
        "statement":   "Read",
        "decision": "allow",
        "policy": "developer"
      }
    }"#,
    );
    check(
        r#"    { "as": "dev", "do": "s3:DeleteObject", "on": "draft", "expect": { "decision": "allow", "statement": "Read" } }"#,
        r#"    { "as": "dev", "do": "s3:DeleteObject", "on": "draft", "expect": { "decision": "explicit deny", "statement": 2 } }"#,
    );
    check(
        r#"    { "as": "dev", "do": "s3:PutObject", "on": "draft", "expect": { "decision": "undetermined", "unknown": [ ] } }"#,
        r#"    { "as": "dev", "do": "s3:PutObject", "on": "draft", "expect": { "decision": "undetermined", "unknown": ["aws:sourceip"] } }"#,
    );
    check(
        r#"    { "as": "dev", "assume": "operator", "session": "one", "expect": { "arn": "arn:x", "lasts": "2h" } }"#,
        r#"    { "as": "dev", "assume": "operator", "session": "one", "expect": { "arn": "arn:aws:sts::111122223333:assumed-role/operator/one", "lasts": "1h" } }"#,
    );
}

#[test]
fn a_field_that_has_nothing_to_say_any_more_goes() {
    check(
        r#"    { "as": "dev", "assume": "operator", "session": "one", "expect": { "error": "AccessDenied", "layer": "identity", "reason": "no" } }"#,
        r#"    { "as": "dev", "assume": "operator", "session": "one", "expect": { "decision": "allow", "reason": "until 2030-01-01T10:00:00Z as arn:aws:sts::111122223333:assumed-role/operator/one" } }"#,
    );
    check(
        r#"    { "as": "dev", "do": "s3:ListBucket", "on": "drafts", "expect": { "decision": "allow", "policy": "p", "statement": "Q" } }"#,
        r#"    { "as": "dev", "do": "s3:ListBucket", "on": "drafts", "expect": { "decision": "implicit deny" } }"#,
    );
    check(
        r#"    { "as": "dev", "do": "s3:ListBucket", "on": "drafts", "expect": { "policy": "p", "decision": "deny", "statement": "Q" } }"#,
        r#"    { "as": "dev", "do": "s3:ListBucket", "on": "drafts", "expect": { "decision": "deny" } }"#,
    );
    check(
        r#"    { "as": "ops", "assume": "operator", "session": "one", "expect": { "arn": "arn:x", "lasts": "1h" } }"#,
        r#"    { "as": "ops", "assume": "operator", "session": "one", "expect": "AccessDenied" }"#,
    );
    check(
        r#"    { "as": "ops", "assume": "operator", "session": "one", "expect": { "lasts": "1h", "reason": "?" } }"#,
        r#"    { "as": "ops", "assume": "operator", "session": "one", "expect": { "error": "AccessDenied", "reason": "?" } }"#
            .replace("\"?\"", "\"no identity-based policy of the caller allows sts:AssumeRole on the role\"")
            .as_str(),
    );
}

#[test]
fn a_step_that_expected_nothing_and_was_refused_gets_an_expectation_in_its_own_shape() {
    check(r#"    { "delete": "dev" }"#, r#"    { "delete": "dev", "expect": "DeleteConflict" }"#);
    check(
        "    {\n      \"delete\": \"dev\"\n    }",
        "    {\n      \"delete\": \"dev\",\n      \"expect\": \"DeleteConflict\"\n    }",
    );
}

#[test]
fn a_comparison_gets_what_changed() {
    let world = r#"    { "remember": "before" },
    { "change": "ops", "policies": { "p": { "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*" } } } },
"#;
    check(
        &format!(
            "{world}{}",
            r#"    { "compare": "before", "as": ["dev", "ops"], "do": ["s3:GetObject", "s3:ListBucket"], "on": "drafts",
      "expect": "no change" }"#
        ),
        &format!(
            "{world}{}",
            r#"    { "compare": "before", "as": ["dev", "ops"], "do": ["s3:GetObject", "s3:ListBucket"], "on": "drafts",
      "expect": { "newlyAllowed": [{ "do": ["s3:GetObject", "s3:ListBucket"], "as": "ops" }] } }"#
        ),
    );
    check(
        r#"    { "whatIf": [{ "delete": "operator" }], "as": "dev", "do": "s3:ListBucket", "on": "drafts",
      "expect": { "newlyDenied": [{ "do": "s3:ListBucket" }] } }"#,
        r#"    { "whatIf": [{ "delete": "operator" }], "as": "dev", "do": "s3:ListBucket", "on": "drafts",
      "expect": "no change" }"#,
    );
}

/// What can't be written stays as it is, and is told of.
#[track_caller]
fn left(steps: &str, words: &str) {
    let blessed = bless(&run(steps));
    assert_eq!((blessed.text, blessed.steps), (None, 0));
    assert!(blessed.left[0].message().contains(words), "{}", blessed.left[0]);
    assert!(blessed.left.iter().all(|finding| finding.code() == "not-blessed"));
}

#[test]
fn what_one_expectation_can_not_say_is_left_and_told() {
    left(
        r#"{ "as": "dev", "do": ["s3:GetObject", "s3:ListBucket"], "on": "draft", "expect": "deny" }"#,
        "come out differently: allow, implicit deny",
    );
    left(
        r#"{ "as": ["dev", "ops"], "do": "s3:DeleteObject", "on": "draft",
             "expect": { "decision": "deny", "statement": "Nothing" } }, { "wait": "0s" }"#,
        "come out alike, and not for the same reason",
    );
    left(
        r#"{ "as": "ops", "assume": "operator", "session": "one" },
           { "as": "one", "do": "s3:GetObject", "on": "draft" }"#,
        "later steps act as `one`",
    );
    left(r#"{ "signIn": "dev", "expect": "AccessDenied" }"#, "opens a session, which has no name");
}

#[test]
fn never_and_always_are_not_blessed() {
    let text = format!(
        "{{ \"scenario\": \"x\",{WORLD} \"never\": [{{ \"as\": \"dev\", \"do\": \"s3:Get*\", \"on\": \"draft\" }}], \"steps\": [] }}"
    );
    let scenario = Scenario::parse(&Source::new("story.json", text), &mut no_files).unwrap();
    let outcome = scenario.run().unwrap();
    assert!(outcome.totals().failed > 0);
    let blessed = bless(&outcome);
    assert_eq!(blessed.text, None);
    assert_eq!(blessed.left.len(), 1, "{:?}", blessed.left);
}

#[test]
fn what_holds_is_not_touched() {
    for name in files::stories() {
        let blessed = bless(&files::run(&name).unwrap());
        assert_eq!((blessed.text, blessed.steps, blessed.left), (None, 0, Vec::new()), "{name}");
    }
}

/// Every expectation of every story turned round and blessed: the decisions are those that stood there.
#[test]
fn a_story_whose_decisions_are_turned_round_is_blessed_back() {
    for name in files::stories() {
        let text = files::text(&name);
        let turned = text
            .replace("\"expect\": \"explicit deny\"", "\"expect\": \"NoSuchEntity\"")
            .replace("\"expect\": \"implicit deny\"", "\"expect\": \"undetermined\"");
        let source = Source::new(name.as_str(), turned.as_str());
        let outcome = files::parse(&source).unwrap().run().unwrap();
        let changed = turned != text;
        assert_eq!(outcome.steps().iter().any(|step| step.verdict() == Verdict::Failed), changed, "{name}");
        if changed {
            assert_eq!(bless(&outcome).text.unwrap(), text, "{name}");
        }
    }
}
