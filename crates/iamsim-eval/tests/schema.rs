//! The JSON of an explanation is what `docs/explanation.schema.json` says, for every case of the corpus.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use iamsim_case::Case;
use iamsim_eval::explain;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn schema() -> Value {
    serde_json::from_slice(&fs::read(root().join("docs/explanation.schema.json")).unwrap()).unwrap()
}

/// The words of JSON Schema that the file uses, and no others: a word it doesn't know is an error.
struct Schema<'s> {
    whole: &'s Value,
    /// Values of `enum` that some explanation had.
    seen: BTreeSet<String>,
}

impl Schema<'_> {
    /// What is wrong with a value, by its path.
    fn check(&mut self, value: &Value, schema: &Value, path: &str) -> Result<(), String> {
        for (word, wanted) in schema.as_object().unwrap() {
            match word.as_str() {
                "$schema" | "title" | "$defs" | "required" | "additionalProperties" => {}
                "$ref" => {
                    let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                    let referred = self.whole.pointer(pointer).unwrap();
                    self.check(value, referred, path)?;
                }
                "type" => {
                    let types = wanted.as_array().map_or(std::slice::from_ref(wanted), Vec::as_slice);
                    if !types.iter().any(|wanted| is_of(value, wanted.as_str().unwrap())) {
                        return Err(format!("{path}: {value} is not of {wanted}"));
                    }
                }
                "enum" => {
                    if !wanted.as_array().unwrap().contains(value) {
                        return Err(format!("{path}: {value} is not among {wanted}"));
                    }
                    if let Some(word) = value.as_str()
                        && !self.seen.contains(word)
                    {
                        self.seen.insert(word.to_owned());
                    }
                }
                "anyOf" => {
                    let mut errors = Vec::new();
                    for alternative in wanted.as_array().unwrap() {
                        errors.extend(self.check(value, alternative, path).err());
                    }
                    if errors.len() == wanted.as_array().unwrap().len() {
                        return Err(errors.join("; "));
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(item, wanted, &format!("{path}/{index}"))?;
                    }
                }
                "properties" => self.members(value, schema, wanted, path)?,
                other => return Err(format!("this test does not know the word {other}")),
            }
        }
        if let (Some(object), None) = (value.as_object(), schema.get("properties"))
            && let Some(others) = schema.get("additionalProperties")
        {
            for (name, member) in object {
                self.check(member, others, &format!("{path}/{name}"))?;
            }
        }
        Ok(())
    }

    fn members(&mut self, value: &Value, schema: &Value, known: &Value, path: &str) -> Result<(), String> {
        let empty = Map::new();
        let object = value.as_object().unwrap_or(&empty);
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                return Err(format!("{path}: {name} is missing"));
            }
        }
        for (name, member) in object {
            match known.get(name) {
                Some(schema) => self.check(member, schema, &format!("{path}/{name}"))?,
                None => return Err(format!("{path}: {name} is not in the schema")),
            }
        }
        Ok(())
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[test]
fn every_explanation_of_the_corpus_is_as_its_schema_says() {
    let whole = schema();
    let mut schema = Schema { whole: &whole, seen: BTreeSet::new() };
    let mut checked = 0;
    let folder = fs::read_dir(root().join("testdata/corpus")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        let text = String::from_utf8(fs::read(file).unwrap()).unwrap();
        for line in text.lines() {
            let Ok(case) = Case::parse(line) else { continue };
            let explanation = explain(case.layers(), case.request());
            let json = explanation.to_json();
            if let Err(error) = schema.check(&json, &whole, "") {
                panic!("{}: {error}", case.id());
            }
            checked += 1;
        }
    }
    assert!(checked >= 1_000, "{checked}");
    // A schema that nothing is held against would refuse nothing.
    let words = ["undetermined", "limited", "key-unknown", "variable-unknown", "inert-entry", "lift"];
    for word in words {
        assert!(schema.seen.contains(word), "{word} never happened");
    }
}

#[test]
fn the_schema_refuses_what_it_should() {
    let whole = schema();
    let mut schema = Schema { whole: &whole, seen: BTreeSet::new() };
    let case = r#"{"id": "x", "principal": "*", "principal_kind": "anonymous", "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k", "resource_account": "111122223333", "context": {},
        "identity_policies": [], "permissions_boundary": null, "session_policy": null,
        "resource_policy": null, "scps": [], "rcps": [], "vpc_endpoint_policies": []}"#;
    let case = Case::parse(case).unwrap();
    let good = explain(case.layers(), case.request()).to_json();
    assert_eq!(schema.check(&good, &whole, ""), Ok(()));
    let mut refused = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut bad = good.clone();
        change(bad.as_object_mut().unwrap());
        assert!(schema.check(&bad, &whole, "").is_err(), "{bad}");
    };
    refused(&|json| {
        json.remove("deciding");
    });
    refused(&|json| {
        json.insert("more".to_owned(), json!(1));
    });
    refused(&|json| {
        json.insert("decision".to_owned(), json!("allowed"));
    });
    refused(&|json| {
        json.insert("layers".to_owned(), json!([{}]));
    });
}
