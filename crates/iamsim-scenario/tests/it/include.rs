//! Scenarios made of several files, worlds without a story, and files that are found and run.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Mutex;

use iamsim_scenario::{
    Files, MemoryFiles, Options, Outcome, Overlay, Scenario, Source, World, find, loader, run_files, splice,
};

const SHARED: &str = r#"{
  "world": "An account that several stories share",
  "names": { "plan": "arn:aws:s3:::acme-drafts/plan.md" },
  "accounts": { "111122223333": {
    "alias": "acme",
    "resources": { "arn:aws:s3:::acme-drafts": {} },
    "users": { "dev": { "policies": { "developer": { "file": "policies/developer.json" } } } },
    "roles": { "deployer": { "trust": { "account": "111122223333" } } }
  } },
  "defaults": { "region": "eu-west-1", "context": { "aws:SourceIp": "203.0.113.7" }, "complete": true }
}"#;

const DEVELOPER: &str = r#"{ "Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
  "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } } } }"#;

const STORY: &str = r#"{
  "scenario": "A story in a shared world",
  "include": ["../worlds/shared.json", "../worlds/more.json"],
  "accounts": { "111122223333": { "users": { "ops": {} }, "groups": {} } },
  "steps": [
    { "as": "dev", "do": "s3:GetObject", "on": "plan", "expect": "allow" },
    { "as": "dev", "do": "s3:GetObject", "on": "plan", "context": { "aws:SourceIp": null }, "expect": "deny" },
    { "as": ["acme:ops", "guest"], "do": "s3:GetObject", "on": "plan", "expect": "implicit deny" }
  ]
}"#;

fn files() -> MemoryFiles {
    let more = r#"{ "world": "More of it", "include": ["shared.json"],
        "accounts": { "111122223333": { "users": { "guest": {} } } } }"#;
    MemoryFiles::new([
        ("all/stories/story.json", STORY),
        ("all/worlds/shared.json", SHARED),
        ("all/worlds/more.json", more),
        ("all/worlds/policies/developer.json", DEVELOPER),
    ])
}

fn scenario(files: &dyn Files) -> Scenario {
    let path = "all/stories/story.json";
    let source = Source::from_bytes(path, files.read(path).unwrap()).unwrap();
    Scenario::parse(&source, &mut loader(files, path)).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn run(files: &dyn Files, options: &Options<'_>) -> Vec<Outcome> {
    let found = find(files, &["all".to_owned()]);
    assert_eq!(found.findings, []);
    let mut outcomes = Vec::new();
    run_files(files, &found.files, options, &mut |outcome| {
        outcomes.push(outcome.into_result().unwrap_or_else(|findings| panic!("{findings:#?}")));
        ControlFlow::Continue(())
    });
    outcomes
}

#[test]
fn a_story_is_told_in_worlds_that_others_share() {
    let [outcome] = run(&files(), &Options::new()).try_into().unwrap();
    assert_eq!(outcome.totals().to_string(), "4 passed, 0 failed", "{outcome:?}");
    let sources: Vec<&str> = outcome.sources().iter().map(Source::name).collect();
    assert_eq!(
        sources,
        [
            "all/stories/story.json",
            "all/worlds/more.json",
            "all/worlds/shared.json",
            "all/worlds/policies/developer.json"
        ]
    );
}

#[test]
fn every_policy_of_every_file_is_listed_and_can_be_changed() {
    let files = files();
    let scenario = scenario(&files);
    let [policy] = scenario.policies() else { panic!("{:?}", scenario.policies()) };
    assert_eq!((policy.name(), policy.uses()), ("developer", &["user/dev of 111122223333".to_owned()][..]));
    assert_eq!(policy.text(), DEVELOPER);
    let changed = splice(
        policy.source(),
        policy.policy().statements()[0].span(),
        r#"{
        "Effect": "Deny", "Action": "*", "Resource": "*" }"#,
    );
    let overlay = Overlay::new(&files, policy.source().name(), changed.text());
    let [outcome] = run(&overlay, &Options::new()).try_into().unwrap();
    assert_eq!(outcome.totals().to_string(), "3 passed, 1 failed", "the change is not seen");
}

#[test]
fn an_observer_sees_the_file_and_every_explanation() {
    for jobs in [1, 3] {
        let seen = Mutex::new(BTreeSet::new());
        let observer = |file: &str, explanation: &iamsim_scenario::Explanation| {
            let action = explanation.request().action().as_str().to_owned();
            seen.lock().unwrap().insert((file.to_owned(), action));
        };
        run(&files(), &Options::new().observer(&observer).jobs(jobs));
        let expected = ("all/stories/story.json".to_owned(), "s3:GetObject".to_owned());
        assert_eq!(seen.into_inner().unwrap(), BTreeSet::from([expected]));
    }
}

#[test]
fn who_has_heard_enough_stops_the_run() {
    for jobs in [1, 4] {
        let many = (0..200).map(|number| {
            (format!("{number:03}.json"), format!(r#"{{ "scenario": "{number}", "steps": [] }}"#))
        });
        let files = MemoryFiles::new(many);
        let paths = find(&files, &[String::new()]).files;
        assert_eq!(paths.len(), 200);
        let mut told = Vec::new();
        run_files(&files, &paths, &Options::new().jobs(jobs), &mut |outcome| {
            told.push(outcome.result().unwrap().title().to_owned());
            if told.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(told, ["0", "1", "2"], "{jobs} jobs");
    }
}

#[test]
fn a_world_is_asked_without_a_story() {
    let files = files();
    let path = "all/worlds/more.json";
    let source = Source::from_bytes(path, files.read(path).unwrap()).unwrap();
    let world = World::read(&source, &mut loader(&files, path)).unwrap();
    assert_eq!(world.title(), "More of it");
    let names: Vec<String> = world.callers().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["dev", "deployer/session", "guest", "acme:root"]);
    for (name, caller) in world.callers() {
        assert_eq!(world.caller(&name).unwrap().to_string(), caller.to_string());
    }
    let plan = world.resource("plan").unwrap();
    assert_eq!(world.resources(), ["arn:aws:s3:::acme-drafts", "arn:aws:s3:::acme-drafts/plan.md"]);
    let dev = world.caller("acme:dev").unwrap();
    // With the file's defaults, which say from where the request comes.
    world.request(&dev, "s3:GetObject", &plan).assert_allows();
    assert_eq!(world.actions("s3:GetObjectTagging").unwrap(), ["s3:GetObjectTagging"]);
    assert!(world.actions("s3:Get*").unwrap().contains(&"s3:GetObject".to_owned()));
    let wrong = |finding: iamsim_scenario::Finding| (finding.code(), finding.help().unwrap().to_owned());
    assert_eq!(wrong(world.caller("div").unwrap_err()), ("unknown-name", "did you mean `dev`?".to_owned()));
    assert_eq!(
        wrong(world.resource("plane").unwrap_err()),
        ("invalid-arn", "did you mean `plan`?".to_owned())
    );
    assert_eq!(world.actions("s3").unwrap_err().code(), "invalid-action");
    assert_eq!(world.actions("s3:Gett*").unwrap_err().code(), "invalid-action");
}

#[test]
fn a_scenarios_world_is_asked_before_its_steps_or_after_them() {
    let text = SHARED
        .replace("world\"", "scenario\"")
        .replace(r#"{ "file": "policies/developer.json" }"#, DEVELOPER);
    let text = text.replace(
        "\"defaults\"",
        r#""steps": [
            { "change": "dev", "policies": { "developer": { "Version": "2012-10-17", "Statement": {
              "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } } } },
            { "as": "dev", "do": "s3:GetObject", "on": "plan", "expect": "allow" },
            { "as": "dev", "assume": "deployer", "session": "morning" }
        ], "defaults""#,
    );
    let source = Source::new("story.json", text);
    let scenario = Scenario::parse(&source, &mut iamsim_scenario::no_files).unwrap();
    let (before, after) = (scenario.world().unwrap(), scenario.world_after().unwrap());
    let plan = before.resource("plan").unwrap();
    let dev = before.caller("dev").unwrap();
    before.request(&dev, "s3:GetObject", &plan).assert_allows();
    assert_eq!(before.caller("morning").unwrap_err().code(), "unknown-name");
    let dev = after.caller("dev").unwrap();
    after.request(&dev, "s3:GetObject", &plan).assert_denies();
    let morning = after.caller("morning").unwrap();
    assert_eq!(morning.to_string(), "arn:aws:sts::111122223333:assumed-role/deployer/morning");
    assert!(after.callers().iter().any(|(name, _)| name == "morning"));
}

#[test]
fn a_world_has_no_steps_to_take() {
    let source = Source::new("world.json", SHARED);
    let mut load = |_: &str| {
        Ok(iamsim_scenario::Loaded { name: "p.json".to_owned(), bytes: DEVELOPER.as_bytes().to_vec() })
    };
    let findings = Scenario::parse(&source, &mut load).unwrap_err();
    assert_eq!(findings[0].message(), "this is a world, and no step is taken in it");
}

#[test]
fn worlds_that_include_each_other_without_end_are_one_finding() {
    // Each is another file, as a folder that is a link to itself would make them.
    let mut load = |path: &str| {
        let bytes =
            format!(r#"{{ "world": "x", "include": ["in/{}"] }}"#, path.replace('/', "-")).into_bytes();
        Ok(iamsim_scenario::Loaded { name: path.to_owned(), bytes })
    };
    let source = Source::new("s.json", r#"{ "scenario": "x", "include": ["a.json"], "steps": [] }"#);
    let findings = Scenario::parse(&source, &mut load).unwrap_err();
    let [finding] = findings.as_slice() else { panic!("{} findings", findings.len()) };
    assert_eq!(finding.code(), "cyclic-include");
    assert_eq!(finding.message(), "files include files more than 32 deep");
}

#[test]
fn an_observer_that_panics_ends_the_run_and_does_not_hang_it() {
    let many = (0..100).map(|number| (format!("all/stories/{number}.json"), STORY.to_owned()));
    let world = ["shared.json", "more.json", "policies/developer.json"]
        .map(|name| (format!("all/worlds/{name}"), files().read(&format!("all/worlds/{name}")).unwrap()));
    let files = MemoryFiles::new(many.map(|(path, text)| (path, text.into_bytes())).chain(world));
    let paths = find(&files, &["all/stories".to_owned()]).files;
    let observer =
        |file: &str, _: &iamsim_scenario::Explanation| assert!(!file.ends_with("/7.json"), "as meant");
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let options = Options::new().jobs(3).observer(&observer);
        run_files(&files, &paths, &options, &mut |_| ControlFlow::Continue(()));
    }));
    assert!(run.is_err());
}
