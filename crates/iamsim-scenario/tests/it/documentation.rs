//! What is told of the format: the schema and `testdata/README.md`.

use iamsim_scenario::{Detail, Source, no_files, reference, schema};

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
    for name in files::stories() {
        let file = value(&files::text(&name));
        let errors: Vec<String> =
            validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

/// What a schema can't say: that a name means something, that a file is there, what AWS would refuse, what a
/// policy says, and that a clock runs forward.
const BEYOND_THE_SCHEMA: [&str; 10] = [
    "ambiguous-name",
    "cyclic-include",
    "cyclic-include-of-itself",
    "described-twice",
    "duplicate-key",
    "policy-findings-principal",
    "refused",
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

/// The fenced blocks of the README in a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = files::text(README);
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in readme.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(tag)) if tag == language => block = Some(String::new()),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (Some(_), Some(_)) => blocks.extend(block.take()),
            _ => {}
        }
    }
    assert!(!blocks.is_empty(), "{README} has no {language}");
    blocks
}

#[test]
fn every_example_of_the_readme_runs_and_holds() {
    let validator = validator();
    for text in blocks("json") {
        assert!(validator.is_valid(&value(&text)), "{text}");
        let source = Source::new("example.json", text.as_str());
        let outcome = iamsim_scenario::Scenario::parse(&source, &mut no_files)
            .and_then(|scenario| scenario.run())
            .unwrap_or_else(|findings| panic!("{findings:#?}\n{text}"));
        let totals = outcome.totals();
        let shown = outcome.to_text(Detail::Reason);
        assert!(totals.passed > 0 && totals.failed == 0 && totals.undetermined == 0, "{shown}");
    }
}

#[test]
fn what_the_readme_prints_is_what_comes() {
    let source = Source::new("first.json", blocks("json").swap_remove(0));
    let scenario = iamsim_scenario::Scenario::parse(&source, &mut no_files).unwrap();
    let printed = scenario.run().unwrap().to_text(Detail::Reason);
    assert!(blocks("text").contains(&printed), "the README prints something else than\n{printed}");
}
