//! The JSON Schema of the format, made from the tables that the reader reads by.

use crate::format::{Field, Object, SCENARIO, Shape, WORLD, errors};
use crate::json::Json;

/// The JSON Schema (draft 2020-12) of scenario files, as published in `testdata/scenario.schema.json`.
///
/// It knows every field the reader knows, and no other. What a schema can't say, the reader still finds:
/// names that nothing bears, policies with findings, clocks that run backwards.
///
/// ```
/// let schema = iamsim_scenario::schema();
/// assert!(schema.contains("\"https://json-schema.org/draft/2020-12/schema\""));
/// ```
pub fn schema() -> String {
    let mut definitions: Vec<(String, Json)> =
        objects().iter().map(|object| (object.id.to_owned(), of_object(object))).collect();
    definitions.push(("policyDocument".to_owned(), document()));
    let is = |object: &Object| Json::object([("$ref", Json::from(format!("#/$defs/{}", object.id)))]);
    // A world says so with its title; what is neither is told what a scenario needs.
    let is_world = Json::object([
        ("required", Json::list(["world"])),
        (
            "not",
            Json::object([(
                "anyOf",
                Json::List(vec![
                    Json::object([("required", Json::list(["scenario"]))]),
                    Json::object([("required", Json::list(["steps"]))]),
                ]),
            )]),
        ),
    ]);
    let json = Json::object([
        ("$schema", Json::from("https://json-schema.org/draft/2020-12/schema")),
        ("title", Json::from("iamsim scenario")),
        ("type", Json::from("object")),
        ("if", is_world),
        ("then", is(&WORLD)),
        ("else", is(&SCENARIO)),
        ("$defs", Json::Object(definitions)),
    ]);
    format!("{json}\n")
}

/// Every object of the format, each once, in the order met.
pub(crate) fn objects() -> Vec<&'static Object> {
    let mut met = Vec::new();
    for root in [&SCENARIO, &WORLD] {
        collect(root, &mut met);
    }
    met
}

fn collect(object: &'static Object, met: &mut Vec<&'static Object>) {
    if met.iter().any(|known| known.id == object.id) {
        return;
    }
    met.push(object);
    for Field { shape, .. } in object.fields {
        collect_shape(shape, met);
    }
}

fn collect_shape(shape: &'static Shape, met: &mut Vec<&'static Object>) {
    match shape {
        Shape::Object(object) => collect(object, met),
        Shape::Map { value, .. } | Shape::List(value) => collect_shape(value, met),
        Shape::Any(shapes) => shapes.iter().for_each(|shape| collect_shape(shape, met)),
        _ => {}
    }
}

fn of_object(object: &Object) -> Json {
    let properties = object.fields.iter().map(|field| {
        let mut schema = of_shape(&field.shape);
        if let Json::Object(members) = &mut schema {
            members.insert(0, ("description".to_owned(), Json::from(field.doc)));
        }
        (field.name.to_owned(), schema)
    });
    let required = object.fields.iter().filter(|field| field.required).map(|field| field.name);
    let required: Vec<&str> = required.collect();
    let mut members = vec![
        ("description".to_owned(), Json::from(object.doc)),
        ("type".to_owned(), Json::from("object")),
        ("properties".to_owned(), Json::Object(properties.collect())),
    ];
    if !required.is_empty() {
        members.push(("required".to_owned(), Json::list(required)));
    }
    members.push(("additionalProperties".to_owned(), Json::from(false)));
    Json::Object(members)
}

fn of_shape(shape: &Shape) -> Json {
    let typed = |name: &str| Json::object([("type", Json::from(name))]);
    match shape {
        Shape::Text => typed("string"),
        Shape::Pattern(pattern) => {
            Json::object([("type", Json::from("string")), ("pattern", Json::from(*pattern))])
        }
        Shape::Word(words) => Json::object([("enum", Json::list(words.iter().copied()))]),
        Shape::ErrorCode => Json::object([("enum", Json::list(errors()))]),
        Shape::One => Json::object([("const", Json::Number(1))]),
        Shape::Count => Json::object([("type", Json::from("integer")), ("minimum", Json::Number(0))]),
        Shape::Flag => typed("boolean"),
        Shape::Null => typed("null"),
        Shape::Scalar => Json::object([("type", Json::list(["string", "number", "boolean"]))]),
        Shape::Object(object) => Json::object([("$ref", Json::from(format!("#/$defs/{}", object.id)))]),
        Shape::Map { key, value } => {
            let mut members = vec![("type", Json::from("object"))];
            if !key.is_empty() {
                members.push(("propertyNames", Json::object([("pattern", Json::from(*key))])));
            }
            members.push(("additionalProperties", of_shape(value)));
            Json::object(members)
        }
        Shape::List(item) => Json::object([("type", Json::from("array")), ("items", of_shape(item))]),
        Shape::Any(shapes) => Json::object([("anyOf", Json::List(shapes.iter().map(of_shape).collect()))]),
        Shape::Document => Json::object([("$ref", Json::from("#/$defs/policyDocument"))]),
    }
}

/// What editors can be told of a policy; the policy language itself is judged by the reader.
fn document() -> Json {
    let text = || Json::object([("type", Json::from("string"))]);
    let one_or_many = |item: Json| {
        Json::object([(
            "anyOf",
            Json::List(vec![item.clone(), Json::object([("type", Json::from("array")), ("items", item)])]),
        )])
    };
    let open = || Json::object([("type", Json::from("object"))]);
    let principal = Json::object([("type", Json::list(["string", "object"]))]);
    let statement = Json::object([
        ("type", Json::from("object")),
        (
            "properties",
            Json::object([
                ("Sid", text()),
                ("Effect", Json::object([("enum", Json::list(["Allow", "Deny"]))])),
                ("Principal", principal.clone()),
                ("NotPrincipal", principal),
                ("Action", one_or_many(text())),
                ("NotAction", one_or_many(text())),
                ("Resource", one_or_many(text())),
                ("NotResource", one_or_many(text())),
                ("Condition", open()),
            ]),
        ),
        ("required", Json::list(["Effect"])),
        ("additionalProperties", Json::from(false)),
    ]);
    Json::object([
        ("description", Json::from("A policy as it stands in AWS.")),
        ("type", Json::from("object")),
        (
            "properties",
            Json::object([
                ("Version", Json::object([("enum", Json::list(["2012-10-17", "2008-10-17"]))])),
                ("Id", text()),
                ("Statement", one_or_many(statement)),
            ]),
        ),
        ("required", Json::list(["Statement"])),
        ("additionalProperties", Json::from(false)),
    ])
}
