//! The format as tables: every object, its fields, what they take and what they mean.
//!
//! The reader refuses fields that are not here, the JSON Schema is generated from here, and a test holds
//! `testdata/README.md` against it; so the three can't part.

mod steps;
mod world;

use iamsim::ErrorCode;

pub(crate) use steps::*;
pub(crate) use world::*;

/// One kind of object in a scenario file.
#[derive(Debug)]
pub(crate) struct Object {
    /// With its article, as messages name it: `a role`.
    pub(crate) name: &'static str,
    /// Its name in the schema.
    pub(crate) id: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [Field],
}

/// One field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) doc: &'static str,
}

/// What a field takes.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    /// Text that an editor can check by a pattern.
    Pattern(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// The code of an AWS error.
    ErrorCode,
    /// The number 1: the format's version.
    One,
    Count,
    Flag,
    Null,
    /// A context value: text, number or boolean.
    Scalar,
    Object(&'static Object),
    Map {
        key: &'static str,
        value: &'static Shape,
    },
    List(&'static Shape),
    Any(&'static [Shape]),
    /// A policy as it stands in AWS.
    Document,
}

const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: false, doc }
}

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: true, doc }
}

const TEXT: &Shape = &Shape::Text;
const NOT_EMPTY: Shape = Shape::Pattern(".");
const ACCOUNT_ID: &str = "^[0-9]{12}$";
const ARN: Shape = Shape::Pattern("^arn:");
const ACTION: Shape = Shape::Pattern("^([^:]+:[^:]+|\\*)$");
const DURATION: Shape = Shape::Pattern("^([0-9]+[dhms])+$");
const INSTANT: Shape = Shape::Pattern(
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$",
);
const POLICY: Shape = Shape::Any(&[Shape::Object(&FILE), Shape::Document]);
const RESOURCE_POLICY: Shape = Shape::Any(&[Shape::Object(&FILE), Shape::Document, Shape::Null]);
const POLICY_OR_NULL: &Shape = &RESOURCE_POLICY;
const POLICIES: Shape = Shape::Map { key: "", value: POLICY_OR_NULL };
const TAGS: Shape = Shape::Map { key: "", value: TEXT };
const TAGS_OR_NULL: Shape = Shape::Map { key: "", value: &Shape::Any(&[Shape::Text, Shape::Null]) };
const TEXTS: Shape = Shape::List(TEXT);
const ONE_OR_MANY: Shape = Shape::Any(&[Shape::Text, Shape::List(TEXT)]);
const ACTIONS: Shape = Shape::Any(&[ACTION, Shape::List(&ACTION)]);
const CONTEXT: Shape =
    Shape::Map { key: "", value: &Shape::Any(&[Shape::Scalar, Shape::List(&Shape::Scalar), Shape::Null]) };
const BOUNDARY: Shape = Shape::Any(&[Shape::Text, Shape::Object(&FILE), Shape::Document, Shape::Null]);
const TRUST: Shape = Shape::Any(&[
    Shape::Object(&FILE),
    Shape::Document,
    Shape::Object(&TRUST_SERVICE),
    Shape::Object(&TRUST_ACCOUNT),
    Shape::Object(&TRUST_WEB_IDENTITY),
    Shape::Object(&TRUST_SAML),
]);
const EXPECT: Shape = Shape::Any(&[NOT_EMPTY, Shape::Object(&EXPECTATION)]);
const MFA: Shape = Shape::Any(&[Shape::Text, Shape::Object(&MFA_CODE)]);

/// The words for a decision.
pub(crate) const DECISIONS: &[&str] = &["allow", "deny", "implicit deny", "explicit deny", "undetermined"];

/// The layers, in AWS's order of explaining.
pub(crate) const LAYERS: &[&str] = &[
    "resource-control",
    "service-control",
    "vpc-endpoint",
    "resource",
    "identity",
    "permissions-boundary",
    "session",
];

/// The code with which the simulator says that it can't tell whether AWS would open a session.
pub(crate) const UNDETERMINED_ERROR: &str = "Undetermined";

/// The AWS error codes a step may expect: all that the simulator answers with, sorted.
pub(crate) fn errors() -> Vec<&'static str> {
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    // What can't be told is no error of AWS's: it is expected as the decision `undetermined`.
    let mut codes: Vec<&'static str> = codes.filter(|code| *code != UNDETERMINED_ERROR).collect();
    codes.sort_unstable();
    codes
}

pub(crate) const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"];

impl Object {
    /// The field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_known_by_its_first_field() {
        let objects: Vec<&Object> = STEPS
            .iter()
            .map(|shape| match shape {
                Shape::Object(object) => *object,
                other => panic!("{other:?}"),
            })
            .collect();
        for object in &objects {
            let first = &object.fields[0];
            assert!(first.required && first.name == object.id, "{}", object.id);
            let others = objects.iter().filter(|other| other.id != object.id);
            for other in others {
                let both = other.field(first.name).is_some() && object.field(other.id).is_some();
                assert!(!both, "{} is known by {}", object.id, first.name);
                // Only what a comparison asks may look like another step.
                let asks = first.name == "do" && ["compare", "whatIf"].contains(&other.id);
                assert!(asks || other.field(first.name).is_none(), "{} has {}", other.id, first.name);
            }
        }
    }
}
