//! The fields of the format as Markdown tables, made from the tables the reader reads by.

use std::fmt::Write as _;

use crate::format::{Object, Shape};
use crate::schema::objects;

/// The fields of every object of the format as Markdown: the reference part of `testdata/README.md`.
///
/// ```
/// let reference = iamsim_scenario::reference();
/// assert!(reference.contains("| `steps` | yes | array | What happens, in order. |"));
/// ```
pub fn reference() -> String {
    let mut text = String::new();
    for object in objects() {
        text.push_str(&section(object));
    }
    text
}

fn section(object: &Object) -> String {
    let mut text = format!("#### {}\n\n{}\n\n", object.name, object.doc);
    text.push_str("| field | required | takes | meaning |\n|---|---|---|---|\n");
    for field in object.fields {
        let required = if field.required { "yes" } else { "" };
        let takes = takes(&field.shape).join(", ");
        let doc = field.doc.replace('|', "\\|");
        // Writing to a string does not fail.
        let _ = writeln!(text, "| `{}` | {required} | {takes} | {doc} |", field.name);
    }
    text.push('\n');
    text
}

/// What a field takes, in a few words.
fn takes(shape: &Shape) -> Vec<String> {
    let one = |word: &str| vec![word.to_owned()];
    match shape {
        Shape::Text | Shape::Pattern(_) | Shape::ErrorCode => one("string"),
        Shape::Word(words) if words.len() <= 2 => words.iter().map(|word| format!("`{word}`")).collect(),
        Shape::Word(_) => one("one of several words"),
        Shape::One => one("`1`"),
        Shape::Count => one("number"),
        Shape::Flag => one("boolean"),
        Shape::Null => one("null"),
        Shape::Scalar => one("string, number, boolean"),
        Shape::Object(object) => vec![object.name.to_owned()],
        Shape::Map { value, .. } => match value {
            Shape::Object(object) => vec![format!("object of {}s", plain(object))],
            _ => one("object"),
        },
        Shape::List(_) => one("array"),
        Shape::Any(shapes) => {
            let mut words: Vec<String> = Vec::new();
            for word in shapes.iter().flat_map(takes) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            words
        }
        Shape::Document => one("policy"),
    }
}

/// An object's name without its article.
fn plain(object: &Object) -> &'static str {
    object.name.split_once(' ').map_or(object.name, |(_, name)| name)
}
