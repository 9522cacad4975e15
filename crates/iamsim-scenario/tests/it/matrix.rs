//! Matrices of questions: patterns of actions, named contexts, invariants, and comparisons of two worlds.

use iamsim_scenario::{Outcome, Scenario, Source, StepKind, StepOutcome, Verdict, no_files};

const WORLD: &str = r#"
  "names": { "drafts": "arn:aws:s3:::acme-drafts", "plan": "arn:aws:s3:::acme-drafts/plan.md" },
  "accounts": {
    "111122223333": {
      "resources": { "arn:aws:s3:::acme-drafts": {} },
      "users": {
        "dev": { "policies": { "developer": { "Version": "2012-10-17", "Statement": [
          { "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListAllMyBuckets"], "Resource": "*" },
          { "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
            "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } } }
        ] } } },
        "ops": { "policies": { "become": { "Version": "2012-10-17", "Statement": {
          "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } } } }
      },
      "roles": {
        "operator": {
          "trust": { "account": "111122223333" },
          "policies": { "all": { "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:*", "Resource": "*" } } }
        }
      }
    }
  },"#;

const ALLOW_DELETE: &str = r#"{ "Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "*" } }"#;

fn run_with(fields: &str, steps: &str) -> Outcome {
    let text = format!("{{ \"scenario\": \"x\",{WORLD} {fields} \"steps\": [{steps}] }}");
    let source = Source::new("story.json", text);
    let scenario = Scenario::parse(&source, &mut no_files).unwrap_or_else(|findings| panic!("{findings:#?}"));
    scenario.run().unwrap()
}

fn run(steps: &str) -> Outcome {
    run_with("", steps)
}

/// A line in short: who, what, on what, in which context, what came, and the verdict.
fn line(step: &StepOutcome) -> String {
    let parts = [step.who(), Some(step.what()), step.on(), step.context(), Some(step.came())];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    format!("{}: {}", parts.join(" "), step.verdict())
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome.steps().iter().map(line).collect()
}

#[test]
fn a_pattern_is_every_action_that_applies_to_the_resource() {
    let asked = |on: &str, action: &str| -> Vec<String> {
        let outcome = run(&format!(r#"{{ "as": "dev", "do": "{action}", {on} "expect": "deny" }}"#));
        outcome.steps().iter().map(|step| step.what().to_owned()).collect()
    };
    let check = |on: &str, action: &str, has: &[&str], has_not: &[&str]| {
        let asked = asked(on, action);
        let missing: Vec<_> = has.iter().filter(|action| !asked.contains(&(**action).to_owned())).collect();
        let wrong: Vec<_> = has_not.iter().filter(|action| asked.contains(&(**action).to_owned())).collect();
        assert!(missing.is_empty() && wrong.is_empty(), "{missing:?} {wrong:?} {asked:?}");
        let mut once = asked.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), asked.len(), "asked twice");
    };
    let (objects, buckets) = (&["s3:GetObject"][..], &["s3:GetBucketPolicy"][..]);
    check(r#""on": "plan","#, "s3:Get*", objects, buckets);
    check(r#""on": "drafts","#, "s3:get*", buckets, objects);
    check("", "s3:List*", &["s3:ListAllMyBuckets"], &["s3:ListBucket"]);
    check(r#""on": "arn:aws:sqs:eu-west-1:111122223333:orders","#, "*", &["sqs:SendMessage"], objects);
    assert!(asked("", "ec2:*").len() > 100);
    // An action that is named is asked, whether the catalog knows it or not, and no more than once.
    let outcome = run(r#"{ "as": "dev", "do": ["s3:GetObject", "s3:GetObject", "s3:GetObj*", "s3:Unheard"],
        "on": "plan", "expect": "deny" }"#);
    let actions: Vec<&str> = outcome.steps().iter().map(StepOutcome::what).collect();
    assert_eq!(
        (actions[0], actions.iter().filter(|action| **action == "s3:GetObject").count()),
        ("s3:GetObject", 1)
    );
    assert!(actions.contains(&"s3:Unheard") && actions.contains(&"s3:GetObjectTagging"), "{actions:?}");
}

#[test]
fn every_combination_is_asked_in_every_context() {
    let outcome =
        run(r#"{ "as": ["dev", "ops"], "do": "s3:PutObject", "on": "plan", "absent": ["aws:SourceVpc"],
        "contexts": { "office": { "aws:SourceIp": "203.0.113.7" }, "home": { "aws:SourceIp": "198.51.100.7" },
          "nowhere": { "aws:SourceIp": null } } }"#);
    assert_eq!(
        lines(&outcome),
        [
            "dev s3:PutObject plan office allow: done",
            "dev s3:PutObject plan home implicit deny: done",
            "dev s3:PutObject plan nowhere implicit deny: done",
            "ops s3:PutObject plan office implicit deny: done",
            "ops s3:PutObject plan home implicit deny: done",
            "ops s3:PutObject plan nowhere implicit deny: done",
        ]
    );
    let text = outcome.to_text(iamsim_scenario::Detail::Reason);
    assert!(text.contains("dev  s3:PutObject  plan  nowhere  implicit deny\n"), "{text}");
}

#[test]
fn null_makes_a_key_absent_where_a_default_gives_it_a_value() {
    let defaults = r#""defaults": { "context": { "aws:SourceIp": "203.0.113.7" } },"#;
    let outcome = run_with(
        defaults,
        r#"{ "as": "dev", "do": "s3:PutObject", "on": "plan" },
           { "as": "dev", "do": "s3:PutObject", "on": "plan", "context": { "aws:SourceIp": null } }"#,
    );
    assert_eq!(
        lines(&outcome),
        ["dev s3:PutObject plan allow: done", "dev s3:PutObject plan implicit deny: done"]
    );
}

/// What comes of invariants.
#[track_caller]
fn invariants(fields: &str, steps: &str, expected: &[&str]) -> Outcome {
    let outcome = run_with(fields, steps);
    let told: Vec<String> = outcome.steps().iter().filter(|step| step.number() == 0).map(line).collect();
    assert_eq!(told, expected);
    outcome
}

#[test]
fn an_invariant_holds_at_the_beginning_and_after_every_step_that_changes_anything() {
    let never = r#""never": [{ "as": "dev", "do": "s3:Delete*", "on": "plan" }],"#;
    let change = format!(r#"{{ "change": "dev", "policies": {{ "p": {ALLOW_DELETE} }} }}"#);
    let outcome = invariants(
        never,
        r#"{ "wait": "5m" }"#,
        &["dev s3:DeleteObject, s3:DeleteObjectAnnotation, s3:DeleteObjectTagging, … plan holds: passed"],
    );
    let told = outcome.steps().last().unwrap();
    assert_eq!(told.kind(), StepKind::Never);
    assert!(told.because().unwrap().ends_with("questions at 2 moments"), "{:?}", told.because());
    // Where a step makes it possible that is told, once, with the step; that a later one takes it back is no help.
    let steps =
        format!(r#"{change}, {{ "wait": "5m" }}, {{ "change": "dev", "policies": {{ "p": null }} }}"#);
    let outcome = invariants(never, &steps, &["dev s3:DeleteObject plan allow: failed"]);
    let told = outcome.steps().last().unwrap();
    assert!(
        told.because().unwrap().starts_with("after step 1: because an identity-based policy"),
        "{told:?}"
    );
    assert_eq!(told.expected(), Some("never allow"));
    assert!(told.explanation().is_some());
    // A question alone changes nothing, and is no moment.
    let question = r#"{ "as": "dev", "do": "s3:GetObject", "on": "plan" }"#;
    let outcome = invariants(
        r#""always": [{ "as": "dev", "do": "s3:GetObject", "on": "plan" }],"#,
        question,
        &["dev s3:GetObject plan holds: passed"],
    );
    assert_eq!(outcome.steps().last().unwrap().because(), Some("1 question at 1 moment"));
    invariants(
        r#""always": [{ "as": "dev", "do": ["s3:GetObject", "s3:DeleteObject"], "on": "plan" }],"#,
        r#"{ "delete": "dev", "expect": "DeleteConflict" }"#,
        &["dev s3:DeleteObject plan implicit deny: failed"],
    );
}

#[test]
fn an_invariant_that_can_not_be_told_is_undetermined_and_one_never_asked_fails() {
    invariants(
        r#""never": [{ "as": "dev", "do": "s3:PutObject", "on": "plan" }],"#,
        "",
        &["dev s3:PutObject plan undetermined: undetermined"],
    );
    let opens = r#"{ "as": "ops", "assume": "operator", "session": "one" }"#;
    let of_session = r#""always": [{ "as": "one", "do": "s3:GetObject", "on": "plan" }],"#;
    // A session counts from when it is opened.
    invariants(of_session, opens, &["one s3:GetObject plan holds: passed"]);
    let refused = r#"{ "as": "dev", "assume": "operator", "session": "one" }"#;
    invariants(of_session, refused, &["one s3:GetObject plan never asked: failed"]);
    // And until it is over: who can do nothing any more can't always do it.
    let over = format!(r#"{opens}, {{ "wait": "2h" }}"#);
    invariants(of_session, &over, &["one s3:GetObject plan ExpiredToken: failed"]);
    invariants(&of_session.replace("always", "never"), &over, &["one s3:GetObject plan allow: failed"]);
}

#[test]
fn an_invariant_may_be_skipped_with_a_reason() {
    let skipped = r#""never": [{ "as": "dev", "do": "s3:GetObject", "on": "plan", "skip": "see issue 7" }],"#;
    let outcome = invariants(skipped, "", &["dev s3:GetObject plan skipped: skipped"]);
    assert_eq!(outcome.steps().last().unwrap().because(), Some("see issue 7"));
    assert_eq!(outcome.totals().to_string(), "0 passed, 0 failed, 1 skipped");
}

const BEFORE: &str = r#"{ "remember": "before" }"#;

fn compared(change: &str, expect: &str) -> Vec<String> {
    let outcome = run(&format!(
        r#"{BEFORE}, {change} {{ "compare": "before", "as": ["dev", "ops"], "do": "s3:*Object", "on": ["plan"]{expect} }}"#
    ));
    outcome.steps().iter().filter(|step| step.kind() == StepKind::Comparison).skip(1).map(line).collect()
}

#[test]
fn a_comparison_tells_what_is_decided_otherwise_and_fails_where_that_is_not_expected() {
    let change = format!(
        r#"{{ "change": "ops", "policies": {{ "p": {ALLOW_DELETE} }} }}, {{ "change": "dev", "policies": {{ "developer": null }} }},"#
    );
    let change = change.as_str();
    let deleting = "ops s3:DeleteObject plan newly allowed";
    let (getting, putting) = ("dev s3:GetObject plan newly denied", "dev s3:PutObject plan newly denied");
    assert_eq!(
        compared(change, ""),
        [format!("{getting}: done"), format!("{putting}: done"), format!("{deleting}: done")]
    );
    let all = r#", "expect": { "newlyAllowed": [{ "do": "s3:DeleteObject", "as": "ops" }],
        "newlyDenied": [{ "do": ["s3:GetObject", "s3:PutObject"], "as": "dev", "on": "plan" }] }"#;
    assert_eq!(
        compared(change, all),
        [format!("{getting}: passed"), format!("{putting}: passed"), format!("{deleting}: passed")]
    );
    // A kind that is not named has to be empty, and what is named has to come.
    let some = r#", "expect": { "newlyAllowed": [{ "do": "s3:DeleteObject" }] }"#;
    assert_eq!(
        compared(change, some),
        [
            "dev s3:DeleteObject plan no change: failed".to_owned(),
            format!("{getting}: failed"),
            format!("{putting}: failed"),
            format!("{deleting}: passed")
        ]
    );
    assert_eq!(compared("", ""), ["comparison no change: done"]);
    assert_eq!(compared("", r#", "expect": "no change""#), ["comparison no change: passed"]);
    assert_eq!(compared("", all).iter().filter(|line| line.ends_with("no change: failed")).count(), 3);
}

#[test]
fn a_comparison_looks_back_at_the_world_as_it_was() {
    // The session was good when the world was remembered, and is over now.
    let outcome = run(r#"{ "as": "ops", "assume": "operator", "session": "one" }, { "remember": "then" },
        { "wait": "2h" },
        { "compare": "then", "as": "one", "do": "s3:GetObject", "on": "plan",
          "expect": { "newlyDenied": [{ "do": "s3:GetObject" }] } }"#);
    assert_eq!(lines(&outcome)[3], "one s3:GetObject plan newly denied: passed");
    // Who was deleted since could do it then.
    let outcome = run(
        r#"{ "remember": "then" }, { "change": "ops", "policies": { "become": null } }, { "delete": "ops" },
        { "compare": "then", "as": "ops", "do": "sts:AssumeRole", "on": "role/operator" }"#,
    );
    assert_eq!(lines(&outcome)[3], "ops sts:AssumeRole role/operator newly denied: done");
}

#[test]
fn what_if_changes_nothing() {
    let outcome = run(&format!(
        r#"{{ "whatIf": [{{ "change": "dev", "policies": {{ "p": {ALLOW_DELETE} }} }}], "as": "dev", "do": "s3:*Object", "on": "plan",
             "expect": {{ "newlyAllowed": [{{ "do": "s3:Delete*" }}] }} }},
           {{ "as": "dev", "do": "s3:DeleteObject", "on": "plan", "expect": "implicit deny" }},
           {{ "whatIf": [{{ "delete": "dev" }}], "as": "dev", "do": "s3:GetObject", "on": "plan", "expect": "no change" }}"#
    ));
    assert_eq!(
        lines(&outcome),
        [
            "dev s3:DeleteObject plan newly allowed: passed",
            "dev s3:DeleteObject plan implicit deny: passed",
            "comparison DeleteConflict: failed",
        ]
    );
}

#[test]
fn a_step_may_be_left_out_with_a_reason_and_one_may_be_singled_out() {
    let outcome = run(
        r#"{ "as": "dev", "do": "s3:GetObject", "on": "plan", "expect": "deny", "skip": "see issue 7" },
        { "wait": "2h", "skip": "takes too long" }, { "as": "dev", "do": "s3:GetObject", "on": "plan", "expect": "allow" }"#,
    );
    assert_eq!(outcome.totals().to_string(), "1 passed, 0 failed, 2 skipped");
    assert_eq!(outcome.steps()[0].verdict(), Verdict::Skipped);
    assert_eq!(outcome.steps()[0].because(), Some("see issue 7"));
    // What opens sessions is taken all the same, or there would be nobody to ask.
    let outcome = run_with(
        r#""never": [{ "as": "dev", "do": "s3:GetObject", "on": "plan" }],"#,
        r#"{ "as": "dev", "do": "s3:GetObject", "on": "plan", "expect": "deny" },
           { "as": "ops", "assume": "operator", "session": "one", "expect": "allow" },
           { "as": "one", "do": "s3:GetObject", "on": "plan", "expect": "allow", "only": true }"#,
    );
    assert_eq!(
        lines(&outcome),
        [
            "dev s3:GetObject plan skipped: skipped",
            "ops sts:AssumeRole operator one: passed",
            "one s3:GetObject plan allow: passed",
            "dev s3:GetObject plan skipped: skipped",
        ]
    );
}

#[test]
fn every_question_is_seen_by_an_observer() {
    let seen = |fields: &str, steps: &str| {
        let text = format!("{{ \"scenario\": \"x\",{WORLD} {fields} \"steps\": [{steps}] }}");
        let scenario = Scenario::parse(&Source::new("story.json", text), &mut no_files).unwrap();
        let count = std::cell::Cell::new(0);
        scenario.run_observed(&|_| count.set(count.get() + 1)).unwrap();
        count.get()
    };
    assert_eq!(
        seen("", r#"{ "as": ["dev", "ops"], "do": ["s3:GetObject", "s3:PutObject"], "on": "plan" }"#),
        4
    );
    assert_eq!(seen("", r#"{ "as": "dev", "assume": "operator", "session": "one" }"#), 1, "refused");
    // A session rests on what allowed it.
    let tagged = r#"{ "as": "ops", "assume": "operator", "session": "one", "sourceIdentity": "ops" }"#;
    assert_eq!(seen("", tagged), 1, "refused: nothing lets ops set a source identity");
    assert_eq!(seen("", &tagged.replace(r#", "sourceIdentity": "ops""#, "")), 1, "opened");
    let never = r#""never": [{ "as": "dev", "do": "s3:DeleteObject", "on": "plan" }],"#;
    assert_eq!(seen(never, r#"{ "wait": "5m" }"#), 2);
    let compare =
        format!(r#"{BEFORE}, {{ "compare": "before", "as": "dev", "do": "s3:GetObject", "on": "plan" }}"#);
    assert_eq!(seen("", &compare), 2);
}

#[test]
fn an_opened_session_tells_the_decisions_it_rests_on() {
    let outcome = run(r#"{ "as": "ops", "assume": "operator", "session": "one" }"#);
    let [decision] = outcome.steps()[0].explanations() else { panic!("{outcome:?}") };
    assert_eq!(decision.request().action().as_str(), "sts:AssumeRole");
    assert!(decision.deciding().iter().any(|statement| statement.policy_name == "become"));
}
