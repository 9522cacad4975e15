//! What is told of the format: the schema and `testdata/README.md`.

use iamsim_scenario::{Detail, MemoryFiles, Scenario, Source, loader, no_files, reference, schema};

use crate::files;

const README: &str = "testdata/README.md";

fn validator() -> jsonschema::Validator {
    let schema = serde_json::from_str(&schema()).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_published_schema_is_the_one_the_code_makes() {
    assert_eq!(files::text("testdata/scenario.schema.json"), schema(), "run `cargo xtask codegen`");
}

#[test]
fn the_schema_is_valid_itself() {
    jsonschema::meta::validate(&value(&schema())).unwrap();
}

#[test]
fn the_readme_lists_the_fields_the_code_knows() {
    assert!(files::text(README).contains(&reference()), "run `cargo xtask codegen`");
}

#[test]
fn the_schema_takes_every_story() {
    let validator = validator();
    let worlds = files::in_folder("testdata/scenarios/worlds");
    for name in files::stories().into_iter().chain(worlds) {
        let file = value(&files::text(&name));
        let errors: Vec<String> =
            validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

/// What a schema can't say: that a name means something, that a file is there, what AWS would refuse, what a
/// policy says, and that a clock runs forward.
const BEYOND_THE_SCHEMA: [&str; 12] = [
    "ambiguous-name",
    "cyclic-include",
    "cyclic-include-of-itself",
    "described-twice",
    "duplicate-key",
    "missing-field-of-an-invariant",
    "policy-findings-principal",
    "refused",
    "unknown-key",
    "unknown-name",
    "unknown-name-comparison",
    "unreadable-file",
];

#[test]
fn the_schema_refuses_every_mistake_that_a_schema_can_see() {
    let validator = validator();
    for name in files::in_folder("testdata/scenarios-reject") {
        let stem = name.rsplit('/').next().and_then(|file| file.strip_suffix(".json")).unwrap();
        let Ok(text) = String::from_utf8(files::bytes(&name)) else { continue };
        let Ok(file) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
        let beyond = BEYOND_THE_SCHEMA.contains(&stem);
        assert_eq!(validator.is_valid(&file), beyond, "{name}");
    }
}

/// The fenced blocks of the README in a language, each with the name of the file that it is.
fn blocks(language: &str) -> Vec<(String, String)> {
    let readme = files::text(README);
    let mut blocks = Vec::new();
    // What is open, and the lines in it; none of them in a block of another language.
    let mut open: Option<(Option<String>, String)> = None;
    for line in readme.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(tag)) => {
                let (tag, name) = tag.split_once(' ').unwrap_or((tag, ""));
                open = Some(((tag == language).then(|| name.to_owned()), String::new()));
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (Some(_), Some(_)) => {
                if let Some((Some(name), text)) = open.take() {
                    blocks.push((name, text));
                }
            }
            (None, None) => {}
        }
    }
    assert!(!blocks.is_empty(), "{README} has no {language}");
    blocks
}

#[test]
fn every_example_of_the_readme_runs_and_holds() {
    let validator = validator();
    let (worlds, stories): (Vec<_>, Vec<_>) =
        blocks("json").into_iter().partition(|(name, _)| !name.is_empty());
    for (_, text) in worlds.iter().chain(&stories) {
        let errors: Vec<String> = validator
            .iter_errors(&value(text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{text}");
    }
    assert!(stories.len() >= 6 && !worlds.is_empty());
    let files = MemoryFiles::new(worlds);
    for (_, text) in stories {
        let source = Source::new("example.json", text.as_str());
        let outcome = Scenario::parse(&source, &mut loader(&files, "example.json"))
            .and_then(|scenario| scenario.run())
            .unwrap_or_else(|findings| panic!("{findings:#?}\n{text}"));
        let totals = outcome.totals();
        let shown = outcome.to_text(Detail::Reason);
        assert!(totals.passed > 0 && totals.failed == 0 && totals.undetermined == 0, "{shown}");
    }
}

#[test]
fn what_the_readme_prints_is_what_comes() {
    let (_, first) = blocks("json").swap_remove(0);
    let source = Source::new("first.json", first);
    let scenario = Scenario::parse(&source, &mut no_files).unwrap();
    let printed = scenario.run().unwrap().to_text(Detail::Reason);
    assert!(
        blocks("text").iter().any(|(_, text)| *text == printed),
        "the README prints something else than\n{printed}"
    );
}

/// What the reader says of shapes that are right or wrong by what other fields mean, which no schema sees.
const BY_MEANING: [&str; 8] = [
    "this step needs",
    "needs the field `session`",
    "needs the field `as`",
    "needs the field `trust`",
    "this change changes nothing",
    "to change",
    "an MFA code needs",
    // Of a user they are names, of an account objects.
    "`groups` is",
];

/// Whatever is put in the place of a value: the schema refuses nothing that the reader takes, and the reader finds
/// nothing wrong with a shape that the schema takes.
#[test]
fn schema_and_reader_agree_on_every_value_in_every_place() {
    let validator = validator();
    for name in ["testdata/scenarios/review-of-a-change.json", "testdata/scenarios/sessions.json"] {
        let story = value(&files::text(name));
        let mut places = Vec::new();
        collect(&story, "", &mut places);
        for place in places.iter().filter(|place| !is_in_a_policy(&story, place)) {
            for other in [serde_json::json!(null), 7.into(), serde_json::json!({})] {
                let mut changed = story.clone();
                *changed.pointer_mut(place).unwrap() = other.clone();
                let source = Source::new(name, changed.to_string());
                let found = files::parse(&source).err().unwrap_or_default();
                let is_valid = validator.is_valid(&changed);
                assert!(
                    is_valid || !found.is_empty(),
                    "only the schema refuses {other} at {place} of {name}"
                );
                let shape = found.iter().find(|finding| {
                    ["wrong-type", "unknown-field", "missing-field"].contains(&finding.code())
                        && !BY_MEANING.iter().any(|words| finding.message().contains(words))
                });
                assert!(
                    !is_valid || shape.is_none(),
                    "only the reader refuses {other} at {place}: {shape:?}"
                );
            }
        }
    }
}

fn collect(value: &serde_json::Value, at: &str, places: &mut Vec<String>) {
    let mut visit = |key: &str, value: &serde_json::Value| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        places.push(place.clone());
        collect(value, &place, places);
    };
    match value {
        serde_json::Value::Object(members) => members.iter().for_each(|(key, value)| visit(key, value)),
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| visit(&index.to_string(), value));
        }
        _ => {}
    }
}

/// The policy language is judged by its own reader, in far more detail than a schema can.
fn is_in_a_policy(story: &serde_json::Value, place: &str) -> bool {
    let mut above = Some(place);
    while let Some(at) = above {
        if story.pointer(at).is_some_and(|value| value.get("Statement").is_some()) {
            return true;
        }
        above = at.rsplit_once('/').map(|(above, _)| above);
    }
    false
}
