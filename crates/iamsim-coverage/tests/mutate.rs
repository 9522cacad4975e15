//! Mutation testing as a whole: what is told of a mutant holds when somebody else tries it.

// Helpers are test code as well: clippy shall know.
#![cfg(test)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use iamsim_coverage::{
    Fate, Mutants, MutateError, MutateOptions, MutationKind, Telling, mutate, mutations, written,
};
use iamsim_policy::{Policy, PolicyKind};
use iamsim_scenario::{
    Files, MemoryFiles, Outcome, Overlay, Scenario, Source, Span, Verdict, loader, splice,
};

const STORY: &str = r#"{
  "scenario": "A partner reads what is published",
  "names": { "report": "arn:aws:s3:::reports/public/q1.csv" },
  "accounts": {
    "111122223333": {
      "users": {
        "dev": { "policies": { "reader": { "file": "policies/reader.json" } } }
      },
      "roles": {
        "partner": {
          "trust": {
            "Version": "2012-10-17",
            "Statement": {
              "Effect": "Allow",
              "Principal": { "AWS": "444455556666" },
              "Action": "sts:AssumeRole",
              "Condition": { "StringEquals": { "sts:ExternalId": "abc-123" } }
            }
          }
        }
      },
      "resources": { "arn:aws:s3:::reports": {} }
    },
    "444455556666": {
      "users": {
        "pat": {
          "policies": {
            "assume": {
              "Version": "2012-10-17",
              "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" }
            }
          }
        }
      }
    }
  },
  "steps": [
    { "as": "dev", "do": "s3:GetObject", "on": "report", "expect": "allow" },
    { "as": "pat", "assume": "partner", "session": "pat-reads", "externalId": "abc-123" }
  ]
}"#;

const READER: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObject"], "Resource": "arn:aws:s3:::reports/public/*" },
    { "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::reports/public/*" },
    {
      "Effect": "Deny",
      "Action": "s3:*",
      "Resource": "*",
      "Condition": { "Bool": { "aws:SecureTransport": "false" } }
    }
  ]
}"#;

fn files() -> MemoryFiles {
    MemoryFiles::new([("stories/a.json", STORY), ("stories/policies/reader.json", READER)])
}

fn mutants(files: &dyn Files, jobs: usize) -> Mutants {
    let mut options = MutateOptions::default();
    options.jobs = NonZeroUsize::new(jobs).unwrap();
    mutate(files, &["stories/a.json".to_owned()], options, &|_, _| ()).unwrap()
}

fn run(files: &dyn Files, file: &str) -> Outcome {
    let source = Source::from_bytes(file, files.read(file).unwrap()).unwrap();
    Scenario::parse(&source, &mut loader(files, file)).unwrap().run().unwrap()
}

/// The scenario with a step pasted where it belongs.
fn pasted(files: &dyn Files, telling: &Telling) -> String {
    let text = String::from_utf8(files.read(&telling.file).unwrap()).unwrap();
    let outcome = run(files, &telling.file);
    let source = Source::new(telling.file.as_str(), text.as_str());
    let last = telling.after.unwrap_or(outcome.steps().len());
    let place = outcome.steps().iter().rfind(|step| step.number() <= last);
    match place {
        Some(step) => {
            let end = step.place().span.end;
            splice(&source, Span::new(end, end), &format!(",\n{}", telling.step)).text().to_owned()
        }
        None => text.replace("\"steps\": [", &format!("\"steps\": [\n{},", telling.step)),
    }
}

#[test]
fn the_step_told_of_a_survivor_passes_as_it_is_and_fails_with_the_change() {
    let files = files();
    let found = mutants(&files, 1);
    let mut told = 0;
    for mutant in &found.mutants {
        let Fate::Survived(telling) = &mutant.fate else { continue };
        told += 1;
        let what = mutant.mutation.what();
        let with_step = Overlay::new(&files, &telling.file, pasted(&files, telling));
        let fails = |files: &dyn Files| {
            run(files, &telling.file)
                .steps()
                .iter()
                .any(|step| step.verdict() != Verdict::Done && step.verdict() != Verdict::Passed)
        };
        assert!(!fails(&with_step), "{what}: {}", telling.step);
        // The change, made in the text that has the step already.
        let name = mutant.mutation.source().name();
        let text = String::from_utf8(with_step.read(name).unwrap()).unwrap();
        let span = mutant.mutation.source().text_of(mutant.mutation.original().span());
        let changed = text.replace(span, mutant.mutation.mutant().source().text());
        assert_ne!(text, changed, "{what}");
        assert!(fails(&Overlay::new(&with_step, name, changed)), "{what}: {}", telling.step);
    }
    assert!(told >= 8, "{told} of {}", found.mutants.len());
    let by_external_id = found.mutants.iter().any(|mutant| {
        mutant.mutation.kind() == MutationKind::ConditionRemoved
            && matches!(&mutant.fate, Fate::Survived(telling) if telling.step.contains("\"assume\""))
    });
    assert!(by_external_id, "{:#?}", found.score());
}

#[test]
fn what_is_found_does_not_depend_on_the_number_of_threads() {
    let told = |jobs| -> Vec<String> {
        let found = mutants(&files(), jobs);
        found.mutants.iter().map(|mutant| format!("{} {:?}", mutant.mutation.what(), mutant.fate)).collect()
    };
    assert_eq!(told(1), told(3));
}

#[test]
fn what_another_statement_covers_is_the_same_and_does_not_count() {
    let found = mutants(&files(), 1);
    let same = found.mutants.iter().filter(|mutant| matches!(mutant.fate, Fate::Equivalent { .. }));
    let kinds: BTreeSet<MutationKind> = same.map(|mutant| mutant.mutation.kind()).collect();
    assert!(kinds.contains(&MutationKind::StatementRemoved), "{kinds:?}");
    let score = found.score();
    assert_eq!(
        score.killed + score.survived + score.unknown + score.equivalent,
        found.mutants.len(),
        "every mutant has one fate"
    );
    assert_eq!(
        score.permille(),
        u32::try_from(score.killed * 1000 / (found.mutants.len() - score.equivalent)).unwrap()
    );
}

#[test]
fn scenarios_that_fail_as_they_are_are_not_mutated_and_worlds_are_left_out() {
    let failing = STORY.replacen("\"expect\": \"allow\"", "\"expect\": \"deny\"", 1);
    let policies = [("stories/policies/reader.json", READER), ("stories/a.json", &failing)];
    let all = ["stories/a.json".to_owned()];
    let error = mutate(&MemoryFiles::new(policies), &all, MutateOptions::default(), &|_, _| ()).unwrap_err();
    assert!(matches!(error, MutateError::Failing(files) if files == all));

    let files = MemoryFiles::new([("w.json", r#"{ "world": "Empty", "accounts": {} }"#)]);
    let found = mutate(&files, &["w.json".to_owned()], MutateOptions::default(), &|_, _| ()).unwrap();
    assert!(found.mutants.is_empty());

    let error = mutate(&files, &["none.json".to_owned()], MutateOptions::default(), &|_, _| ()).unwrap_err();
    assert!(matches!(error, MutateError::Findings(findings) if findings.len() == 1));
}

#[test]
fn every_kind_of_mutation_is_made() {
    let identity = r#"{
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": ["s3:Get*", "s3:PutObject"],
          "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b"],
          "Condition": {
            "NumericLessThan": { "s3:max-keys": "10" },
            "StringEqualsIfExists": { "aws:PrincipalTag/team": ["a", "b"] },
            "ForAllValues:StringLike": { "aws:TagKeys": "x*" }
          }
        },
        { "Effect": "Deny", "Action": "sqs:*", "Resource": "*" }
      ]
    }"#;
    let trust = r#"{
      "Version": "2012-10-17",
      "Statement": {
        "Effect": "Allow",
        "Principal": { "AWS": ["arn:aws:iam::111122223333:role/a", "444455556666"], "Service": "ec2.amazonaws.com" },
        "Action": "sts:AssumeRole"
      }
    }"#;
    let mut made = BTreeSet::new();
    for (kind, text) in [(PolicyKind::Identity, identity), (PolicyKind::RoleTrust, trust)] {
        let policy = Policy::parse(kind, text).unwrap();
        made.extend(mutations(&policy).iter().map(iamsim_coverage::Mutation::kind));
    }
    let missing: Vec<_> = MutationKind::ALL.iter().filter(|kind| !made.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_policy_that_aws_refused_is_not_counted() {
    let text = STORY.replacen(
        r#"{ "as": "pat", "assume""#,
        r#"{
      "change": "partner",
      "trust": { "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:user/nobody" }, "Action": "sts:AssumeRole" } },
      "expect": "MalformedPolicyDocument"
    },
    { "as": "pat", "assume""#,
        1,
    );
    let files =
        MemoryFiles::new([("stories/a.json", text.as_str()), ("stories/policies/reader.json", READER)]);
    let outcome = run(&files, "stories/a.json");
    assert_eq!(outcome.totals().failed, 0);
    assert_eq!((outcome.policies().len(), written(&outcome).len()), (4, 3));
}
