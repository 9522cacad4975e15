//! What programs read: each format is well formed, says what came, and lets nobody's text become its own.

use iamsim_report::{Format, Report};
use iamsim_scenario::Detail;
use serde_json::Value;

use crate::stories;

fn render(report: &Report, format: Format) -> String {
    report.render(format, Detail::Reason)
}

/// A report of one story.
fn of(name: &str, text: &str) -> Report {
    let mut report = Report::new();
    report.add(&stories::run(name, text));
    report
}

#[test]
fn every_format_is_known_by_its_name_and_ends_its_last_line() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse::<Format>(), Ok(*format));
        for report in [Report::new(), stories::everything()] {
            let text = render(&report, *format);
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{format}");
            assert_eq!(text, render(&report, *format), "{format}: two runs are alike");
        }
    }
    assert_eq!(
        "pdf".parse::<Format>().unwrap_err(),
        "`pdf` is not a format of a report: these are json, junit, sarif, github, markdown, html"
    );
}

#[test]
fn the_formats_of_a_story_are_as_they_were_read() {
    let report = of("stories/mixed.json", stories::MIXED);
    for format in [Format::Junit, Format::Github, Format::Markdown] {
        insta::assert_snapshot!(format!("mixed.{format}"), render(&report, format));
    }
}

/// A story small enough that its SARIF can be read.
const SMALL: &str = r#"{
  "scenario": "A guest lists users",
  "accounts": { "111122223333": { "users": { "guest": { "policies": { "look": {
    "Version": "2012-10-17",
    "Statement": { "Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*" }
  } } } } } },
  "steps": [{ "as": "guest", "do": "iam:ListUsers", "expect": "allow" }]
}"#;

#[test]
fn the_sarif_of_a_small_story_is_as_it_was_read() {
    insta::assert_snapshot!("small.sarif", render(&of("stories/small.json", SMALL), Format::Sarif));
}

#[test]
fn json_is_the_scenarios_own() {
    let report = stories::everything();
    let json: Value = serde_json::from_str(&render(&report, Format::Json)).unwrap();
    assert_eq!(json["version"], iamsim_scenario::REPORT_VERSION);
    assert_eq!(json["scenarios"].as_array().unwrap().len(), 3);
    assert_eq!(json["findings"][0]["code"], "unknown-field");
    let whole: Value = serde_json::from_str(&report.render(Format::Json, Detail::Explanation)).unwrap();
    assert_eq!(whole["scenarios"][0]["steps"][0]["explanation"]["decision"], "implicit deny");
}

// ── JUnit ───────────────────────────────────────────────────────────────────────────────────────────────────

/// An element, its attributes, those of them that have to be there, and the elements inside it.
type Element = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// What Jenkins' schema for JUnit's XML allows, as far as reports use it.
const JUNIT: &[Element] = &[
    ("testsuites", &["name", "tests", "failures", "errors", "time"], &[], &["testsuite"]),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "skipped",
            "file",
            "time",
            "timestamp",
            "hostname",
            "package",
        ],
        &["name", "tests", "failures", "errors"],
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name", "classname", "time", "group"],
        &["name"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("skipped", &["message", "type"], &[], &[]),
    ("error", &["message", "type"], &[], &[]),
    ("failure", &["message", "type"], &[], &[]),
];

fn check_junit(node: roxmltree::Node<'_, '_>) {
    let name = node.tag_name().name();
    let (_, allowed, required, inside) =
        JUNIT.iter().find(|(own, ..)| *own == name).unwrap_or_else(|| panic!("{name}: no such element"));
    for attribute in node.attributes() {
        assert!(allowed.contains(&attribute.name()), "{name}: {}", attribute.name());
    }
    for attribute in *required {
        assert!(node.has_attribute(*attribute), "{name}: {attribute}");
    }
    for child in node.children() {
        if child.is_element() {
            assert!(inside.contains(&child.tag_name().name()), "{name}: {:?}", child.tag_name());
            check_junit(child);
        } else {
            let is_mixed = matches!(name, "error" | "failure" | "skipped");
            assert!(is_mixed || child.text().is_none_or(|text| text.trim().is_empty()), "{name}: text");
        }
    }
}

#[test]
fn junit_is_what_jenkins_reads_and_its_counts_are_true() {
    for report in [Report::new(), of("holds.json", stories::HOLDS), stories::everything()] {
        let text = render(&report, Format::Junit);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "testsuites");
        check_junit(root);
        let count = |node: roxmltree::Node<'_, '_>, name: &str| {
            node.descendants().filter(|node| node.has_tag_name(name)).count().to_string()
        };
        for node in root.children().filter(roxmltree::Node::is_element).chain([root]) {
            for (attribute, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]
            {
                assert_eq!(
                    node.attribute(attribute),
                    Some(count(node, element).as_str()),
                    "{attribute}\n{text}"
                );
            }
        }
        for suite in root.children().filter(roxmltree::Node::is_element) {
            assert_eq!(suite.attribute("skipped"), Some(count(suite, "skipped").as_str()), "{text}");
        }
    }
}

#[test]
fn junit_keeps_what_users_wrote_as_it_is() {
    let text = render(&of("hostile.json", stories::HOSTILE), Format::Junit);
    let document = roxmltree::Document::parse(&text).unwrap();
    let suite = document.root_element().first_element_child().unwrap();
    assert!(
        suite.attribute("name").unwrap().starts_with("</script><script>document.title='broken'</script>")
    );
    let case = suite.first_element_child().unwrap();
    assert!(case.attribute("name").unwrap().ends_with("bold</b>\n::warning::no"), "{text}");
    let failure = case.first_element_child().unwrap();
    assert!(failure.text().unwrap().contains("]]>-->"), "{text}");
}

#[test]
fn a_scenario_that_is_left_out_is_a_skipped_case() {
    let text = r#"{ "scenario": "Later", "skip": "not yet", "accounts": {}, "steps": [] }"#;
    let text = render(&of("later.json", text), Format::Junit);
    assert!(text.contains("<testsuites name=\"iamsim\" tests=\"1\" failures=\"0\" errors=\"0\">"), "{text}");
    assert!(text.contains("<skipped message=\"not yet\"/>"), "{text}");
}

// ── SARIF ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn sarif_is_what_the_standard_says() {
    let schema: Value = serde_json::from_str(include_str!("sarif.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for report in [Report::new(), of("holds.json", stories::HOLDS), stories::everything()] {
        let json: Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
        let errors: Vec<String> =
            schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        let run = &json["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        }
    }
}

/// Every physical location anywhere in a SARIF document.
fn places<'v>(json: &'v Value, found: &mut Vec<&'v Value>) {
    match json {
        Value::Object(fields) => {
            found.extend(fields.get("physicalLocation"));
            fields.values().for_each(|value| places(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| places(value, found)),
        _ => {}
    }
}

#[test]
fn sarif_regions_are_exact() {
    let report = of("stories/mixed.json", stories::MIXED);
    let json: Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
    let mut found = Vec::new();
    places(&json, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    let lines: Vec<&str> = stories::MIXED.lines().collect();
    for place in found {
        let location = &place["artifactLocation"];
        assert_eq!(
            (&location["uri"], &location["uriBaseId"]),
            (&"stories/mixed.json".into(), &"%SRCROOT%".into())
        );
        let number = |key: &str| usize::try_from(place["region"][key].as_u64().unwrap()).unwrap();
        let begins: String = lines[number("startLine") - 1].chars().skip(number("startColumn") - 1).collect();
        let ends: String = lines[number("endLine") - 1].chars().take(number("endColumn") - 1).collect();
        // Values and keys of JSON, and nothing around them.
        assert!(begins.starts_with(['{', '[', '"']), "{place}: {begins}");
        assert!(ends.ends_with(['}', ']', '"']), "{place}: {ends}");
    }
}

#[test]
fn sarif_steps_through_the_layers_to_the_statement_that_decided() {
    let report = of("stories/mixed.json", stories::MIXED);
    let json: Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
    let results = json["runs"][0]["results"].as_array().unwrap();
    let denied = results.iter().find(|result| {
        result["message"]["text"]
            .as_str()
            .unwrap()
            .starts_with("dana-develops lambda:DeleteFunction on checkout")
    });
    let flow = &denied.unwrap()["codeFlows"][0]["threadFlows"][0]["locations"];
    let steps: Vec<String> = flow
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let level = usize::try_from(step["nestingLevel"].as_u64().unwrap()).unwrap();
            let mark = if step["importance"] == "essential" { "*" } else { " " };
            format!("{mark}{}{}", "  ".repeat(level), step["location"]["message"]["text"].as_str().unwrap())
        })
        .collect();
    insta::assert_snapshot!("flow", steps.join("\n"));
    let order: Vec<u64> =
        flow.as_array().unwrap().iter().map(|step| step["executionOrder"].as_u64().unwrap()).collect();
    assert!(order.windows(2).all(|pair| pair[0] + 1 == pair[1]));
}

#[test]
fn a_file_name_is_a_reference_and_no_scheme() {
    for (name, uri, base) in [
        ("a b/ä:1.json", "a%20b/%C3%A4%3A1.json", Some("%SRCROOT%")),
        ("/abs/story.json", "file:///abs/story.json", None),
    ] {
        let mut report = Report::new();
        report.add_findings(&stories::refused(name, "{}"));
        let json: Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
        let location = &json["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(location["uri"], uri);
        assert_eq!(location.get("uriBaseId").and_then(Value::as_str), base);
    }
}

// ── GitHub and Markdown ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn annotations_are_one_command_a_line_whatever_users_write() {
    let text = render(&stories::everything(), Format::Github);
    for line in text.lines() {
        assert!(
            ["::error file=", "::warning file=", "::notice title=iamsim::"]
                .iter()
                .any(|command| line.starts_with(command)),
            "{line}"
        );
    }
    let hostile = text.lines().find(|line| line.contains("hostile")).unwrap();
    assert!(hostile.contains("%0A%3A%3Awarning%3A%3Ano::"), "{hostile}");
}

#[test]
fn markdown_holds_no_markup_of_users_and_fits_a_comment() {
    let text = render(&stories::everything(), Format::Markdown);
    // Outside of code, which is never read as markup, no element is there but the report's own.
    let mut plain = String::new();
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 0 {
            plain.extend(part.split('`').step_by(2));
        }
    }
    for own in ["<details>", "</details>", "<summary>", "</summary>", "<br>", "<code>", "</code>"] {
        plain = plain.replace(own, "");
    }
    assert!(!plain.contains('<'), "{plain}");
    assert!(text.contains("&lt;script&gt;"), "{text}");

    let one = stories::run("stories/mixed.json", stories::MIXED);
    let mut report = Report::new();
    for _ in 0..40 {
        report.add(&one);
    }
    let text = render(&report, Format::Markdown);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.lines().last().unwrap().contains(" more that do not fit here"), "{text}");
}
