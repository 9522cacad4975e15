//! What reports say in each format, and what a configuration does to them.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says why by panicking")]

use iamsim_lint::{Config, Finding, Level, Linter, Report, Rule, format};
use iamsim_policy::Source;
use serde_json::Value;

const BUCKET: &str = r#"{
  "Version": "2012-10-17",
  "Id": "iamsim:allow public-resource@Site: the pages of our website",
  "Statement": [
    {"Sid": "Site", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
    {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
      "Action": ["s3:PutObject", "s3:PutObjct"], "Resource": "arn:aws:s3:::b/é/*"}
  ]
}
"#;

fn config(text: &str) -> Config {
    Config::parse(&Source::new("iamsim-lint.json", text)).unwrap()
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings().iter().map(Finding::code).collect()
}

fn report(configuration: &str) -> Report {
    Linter::new().with_config(config(configuration)).check(&Source::new("my policies/b.json", BUCKET), None)
}

#[test]
fn a_waiver_in_the_id_or_in_the_configuration_takes_a_finding_out() {
    let plain = report("{}");
    assert_eq!(codes(&plain), ["confused-deputy", "unknown-action"]);
    assert_eq!(plain.waived().len(), 1);
    assert!(plain.waived()[0].inline);
    assert_eq!(plain.waived()[0].reason, "the pages of our website");
    let waived = report(
        r#"{"waivers": [
            {"rule": "unknown-action", "policy": "b.json", "statement": "Logs", "reason": "spelt so since 2019"},
            {"rule": "confused-deputy", "policy": "b.json", "statement": "2", "reason": "one bucket logs here"}]}"#,
    );
    assert_eq!(codes(&waived), [""; 0]);
    assert_eq!(waived.waived().len(), 3);
    let elsewhere =
        report(r#"{"waivers": [{"rule": "unknown-action", "statement": "Site", "reason": "x"}]}"#);
    assert_eq!(codes(&elsewhere), ["confused-deputy", "unknown-action"]);
}

#[test]
fn a_waiver_that_waives_nothing_is_reported_when_its_policy_was_checked() {
    let check = |waiver: &str, expected: usize| {
        let linter = Linter::new().with_config(config(&format!(r#"{{"waivers": [{waiver}]}}"#)));
        let report = linter.check(&Source::new("my policies/b.json", BUCKET), None);
        let unused = linter.unused_waivers(&[report]);
        assert_eq!(unused.len(), expected, "{waiver}");
        assert!(unused.iter().all(|finding| finding.code() == "unused-waiver"));
    };
    check(r#"{"rule": "unknown-action", "policy": "b.json", "reason": "x"}"#, 0);
    check(r#"{"rule": "admin-access", "policy": "b.json", "reason": "x"}"#, 1);
    check(r#"{"rule": "admin-access", "policy": "other.json", "reason": "x"}"#, 0);
}

#[test]
fn levels_are_set_and_rules_turned_off() {
    let quiet = report(r#"{"rules": {"unknown-action": "off", "confused-deputy": "error"}}"#);
    assert_eq!(codes(&quiet), ["confused-deputy"]);
    assert_eq!(quiet.worst(), Some(Level::Error));
    let warning = r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:*", "s3"], "Resource": "*"}]}"#;
    let linter = |text: &str| Linter::new().with_config(config(text));
    let codes_of = |linter: Linter, text: &str| codes(&linter.check(&Source::from(text), None));
    // What stops a document stays an error.
    assert_eq!(codes_of(linter(r#"{"rules": {"invalid-action": "off"}}"#), warning), ["invalid-action"]);
    let with_id = r#"{"Version": "2012-10-17", "Id": "x", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    assert_eq!(codes_of(linter("{}"), with_id), ["ignored-id"]);
    assert_eq!(codes_of(linter(r#"{"rules": {"ignored-id": "off"}}"#), with_id), [""; 0]);
}

#[test]
fn a_configuration_that_is_wrong_is_explained_with_its_place() {
    let check = |text: &str, expected: &[&str]| {
        let found = Config::parse(&Source::new("c.json", text)).unwrap_err();
        let found: Vec<String> = found
            .iter()
            .map(|finding| format!("{finding}; {}", finding.help().unwrap_or_default()))
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    check(
        "[]",
        &[
            "c.json:1:1: error[invalid-config]: the configuration is an object, not an array; see `docs/rules/README.md`",
        ],
    );
    check(
        r#"{"rule": {}}"#,
        &["c.json:1:2: error[invalid-config]: the configuration has no field `rule`; did you mean `rules`?"],
    );
    check(
        r#"{"rules": {"unknown-acton": "off", "admin-access": "loud"}}"#,
        &[
            "c.json:1:12: error[invalid-config]: there is no rule `unknown-acton`; did you mean `unknown-action`?",
            "c.json:1:52: error[invalid-config]: `loud` is no level; write `off`, `note`, `warning` or `error`",
        ],
    );
    check(
        r#"{"accounts": ["12", 3]}"#,
        &[
            "c.json:1:15: error[invalid-config]: `12` is no account id; write its twelve digits, as a string",
            "c.json:1:21: error[invalid-config]: an account is a string, not a number; write it in quotes",
        ],
    );
    check(
        r#"{"waivers": [{"rule": "admin-access"}, 1]}"#,
        &[
            "c.json:1:14: error[invalid-config]: the waiver gives no reason; add `\"reason\"`: whoever reads the report wants to know why this is meant so",
            "c.json:1:40: error[invalid-config]: a waiver is an object, not a number; see `docs/rules/README.md`",
        ],
    );
    check(
        r#"{"waivers": [{"reason": "x"}]}"#,
        &["c.json:1:14: error[invalid-config]: the waiver names no rule; add `\"rule\": \"CODE\"`"],
    );
    check(
        "{",
        &[
            "c.json:1:1: error[invalid-json]: not valid JSON: EOF while parsing an object; the text ends too early; close the open string, array or object",
        ],
    );
}

#[test]
fn text_is_drawn_and_counted() {
    insta::assert_snapshot!(format::text(&[report("{}")], format::Colour::Off));
}

#[test]
fn of_a_policy_on_one_line_only_what_stands_around_is_drawn() {
    let actions = vec!["\"s3:PutObject\""; 400].join(", ");
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": [{actions}, "s3:GetObjct"], "Resource": "*"}}}}"#
    );
    let quiet = Linter::new().with_config(config(r#"{"rules": {"redundant-action": "off"}}"#));
    let report = quiet.check(&Source::new("long.json", text), None);
    let drawn = format::text(&[report], format::Colour::Off);
    let (_, warning) = drawn.split_once("\n\n").unwrap();
    assert_eq!(
        warning,
        r#"warning[unknown-action]: `s3` has no action `GetObjct`
 --> long.json:1:6471
  |
1 | PutObject", "s3:PutObject", "s3:PutObject", "s3:PutObject", "s3:GetObjct"], "Resource": "*"}}
  |                                                             ^^^^^^^^^^^^^
  |
  = help: did you mean `s3:GetObject`?

1 warning, 1 note in 1 policy
"#
    );
}

#[test]
fn json_has_everything() {
    insta::assert_snapshot!(format!("{:#}", format::json(&[report("{}")])));
}

#[test]
fn sarif_has_rules_exact_regions_and_suppressions() {
    let log = format::sarif(&[report("{}")]);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.len() >= Rule::all().len());
    assert!(rules.iter().all(|rule| !rule["shortDescription"]["text"].as_str().unwrap().is_empty()));
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20policies/b.json");
        // The region, read back by lines and columns, is the region by bytes.
        let region = &place["region"];
        let number = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
        let line = BUCKET.lines().nth(number("startLine") - 1).unwrap();
        let by_columns: String = line
            .chars()
            .skip(number("startColumn") - 1)
            .take(number("endColumn") - number("startColumn"))
            .collect();
        let start = number("byteOffset");
        assert_eq!(Some(&*by_columns), BUCKET.get(start..start + number("byteLength")));
    }
    insta::assert_snapshot!(format!("{:#}", Value::from(results.clone())));
}

/// The parts of the standard that consumers reject a log for.
#[test]
fn sarif_keeps_to_the_schema() {
    let schema = serde_json::json!({
        "type": "object", "required": ["version", "runs"],
        "properties": {
            "version": {"const": "2.1.0"},
            "runs": {"type": "array", "items": {
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {"required": ["driver"], "properties": {"driver": {"required": ["name"], "properties": {
                        "rules": {"type": "array", "uniqueItems": true, "items": {"required": ["id"]}}}}}},
                    "results": {"type": "array", "items": {
                        "required": ["message", "ruleId", "locations"],
                        "properties": {
                            "level": {"enum": ["none", "note", "warning", "error"]},
                            "message": {"required": ["text"]},
                            "suppressions": {"items": {"required": ["kind"], "properties": {"kind": {"enum": ["inSource", "external"]}}}},
                            "locations": {"items": {"properties": {"physicalLocation": {"properties": {"region": {
                                "properties": {
                                    "startLine": {"type": "integer", "minimum": 1},
                                    "startColumn": {"type": "integer", "minimum": 1},
                                    "endLine": {"type": "integer", "minimum": 1},
                                    "endColumn": {"type": "integer", "minimum": 1},
                                    "byteOffset": {"type": "integer", "minimum": 0},
                                    "byteLength": {"type": "integer", "minimum": 0}}}}}}}}}
                    }}}}}}
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let unreadable = Report::unreadable("x.json", "no such file");
    let log = format::sarif(&[report("{}"), unreadable]);
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
