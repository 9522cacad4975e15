//! The stories of `testdata/scenarios`.

use iamsim_scenario::{Detail, Scenario, Source, StepOutcome, Totals, Verdict, no_files};

use crate::files;

#[test]
fn every_expectation_of_every_story_holds() {
    for name in files::stories() {
        let outcome = files::run(&name).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let text = outcome.to_text(Detail::Reason);
        let Totals { passed, failed, undetermined, .. } = outcome.totals();
        assert!(passed > 0 && failed == 0 && undetermined == 0, "{text}");
    }
}

#[test]
fn no_policy_of_a_story_probably_says_something_else_than_it_means() {
    for name in files::stories() {
        let scenario = files::parse(&files::source(&name).unwrap()).unwrap();
        assert_eq!(scenario.warnings(), [], "{name}");
        assert!(
            !scenario.about().is_empty() && !scenario.rules().is_empty(),
            "{name} tells its reader nothing"
        );
    }
}

#[test]
fn two_runs_of_a_story_are_alike_to_the_byte() {
    for name in files::stories() {
        let text = || files::run(&name).unwrap().to_text(Detail::Explanation);
        let first = text();
        assert_eq!(first, text());
        assert!(first.ends_with('\n') && !first.contains('\r'), "{name}");
        let root = files::root().canonicalize().unwrap();
        assert!(!first.contains(&*root.to_string_lossy()), "{name} names a folder of this machine");
    }
}

/// A story whose expectations can't fail would prove nothing: they are turned round, and have to fail.
#[test]
fn every_expectation_of_every_story_can_fail() {
    for name in files::stories() {
        let mut file: serde_json::Value = serde_json::from_str(&files::text(&name)).unwrap();
        let mut turned = Vec::new();
        for (index, step) in file["steps"].as_array_mut().unwrap().iter_mut().enumerate() {
            // Without a session the steps that follow would make no sense: those that open one are left.
            let opens =
                ["assume", "signIn", "switchRole", "getSessionToken", "getFederationToken", "assumeRoot"];
            let opens_session = opens.iter().any(|kind| step.get(kind).is_some());
            let compares = step.get("compare").or(step.get("whatIf")).is_some();
            if step.get("expect").is_some() && compares {
                step["expect"] = if step["expect"] == "no change" {
                    serde_json::json!({ "newlyAllowed": [{ "do": step["do"] }] })
                } else {
                    "no change".into()
                };
                turned.push(index + 1);
            } else if step.get("expect").is_some() && !opens_session {
                turn_round(&mut step["expect"]);
                turned.push(index + 1);
            }
        }
        let source = Source::new(name.as_str(), file.to_string());
        let outcome = files::parse(&source).and_then(|scenario| scenario.run());
        let outcome = outcome.unwrap_or_else(|findings| panic!("{findings:#?}"));
        for step in outcome.steps().iter().filter(|step| turned.contains(&step.number())) {
            assert_ne!(step.verdict(), Verdict::Passed, "{name} step {} holds either way", step.number());
        }
    }
}

/// Makes an expectation one that the step does not come to.
fn turn_round(expect: &mut serde_json::Value) {
    let word = match &*expect {
        serde_json::Value::Object(detailed) => {
            let word = detailed.get("error").or_else(|| detailed.get("decision"));
            word.and_then(|word| word.as_str()).unwrap_or("allow").to_owned()
        }
        word => word.as_str().unwrap().to_owned(),
    };
    *expect = match word.as_str() {
        "allow" => "NoSuchEntity".into(),
        _ => "allow".into(),
    };
}

/// TRU-52, TRU-74: what Identity Center vouches for is a context key of `sts:SetContext`.
#[test]
fn a_role_is_assumed_for_the_user_that_identity_center_vouches_for() {
    const STORY: &str = r#"{
      "scenario": "Analysts query on behalf of a user of Identity Center",
      "accounts": { "111122223333": {
        "users": { "portal": { "policies": { "enter": { "Version": "2012-10-17", "Statement": {
          "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetContext"], "Resource": "*" } } } } },
        "roles": { "analyst": { "trust": { "Version": "2012-10-17", "Statement": [
          { "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "sts:AssumeRole" },
          { "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "sts:SetContext",
            "Condition": { "StringEquals": { "sts:RequestContext/identitystore:UserId": "u-7" } } }
        ] } } }
      } },
      "steps": [
        { "as": "portal", "assume": "analyst", "session": "for-7",
          "providedContext": { "identitystore:UserId": "u-7" } },
        { "as": "portal", "assume": "analyst", "session": "for-8",
          "providedContext": { "identitystore:UserId": "u-8" }, "expect": "AccessDenied" },
        { "as": "portal", "assume": "analyst", "session": "for-nobody" }
      ]
    }"#;
    let source = Source::new("identity-center.json", STORY);
    let outcome = Scenario::parse(&source, &mut no_files).unwrap().run().unwrap();
    let text = outcome.to_text(Detail::Reason);
    let verdicts: Vec<Verdict> = outcome.steps().iter().map(StepOutcome::verdict).collect();
    assert_eq!(verdicts, [Verdict::Done, Verdict::Passed, Verdict::Done], "{text}");
    let because = "a condition on `sts:RequestContext/identitystore:UserId`, and `u-8` does not meet it";
    assert!(text.contains(because), "{text}");
}
