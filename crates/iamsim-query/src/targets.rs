//! On what the actions of a service are asked.

use std::collections::BTreeMap;

use iamsim_catalog::{ActionEntry, ResourceType};
use iamsim_policy::Arn;

use crate::On;
use crate::resources::sample;

/// What an action is asked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) on: On,
    /// The ARN, or `*`.
    pub(crate) resource: String,
}

impl Target {
    fn any(resource: String) -> Self {
        Self { on: On::Any, resource }
    }

    fn named(arn: &str) -> Self {
        Self { on: On::Arn(arn.to_owned()), resource: arn.to_owned() }
    }
}

/// Everything that the actions of one service are asked on, and which of it goes with which type: the actions of a
/// service share a few types.
pub(crate) struct Targets<'c, 'a> {
    scope: &'a Scope,
    /// `*`, then what has a name, then an example of each type.
    all: Vec<Target>,
    by_type: BTreeMap<&'c str, OfType>,
}

/// On what every action is asked.
pub(crate) struct Scope {
    pub(crate) partition: String,
    pub(crate) account: String,
    /// Resources that have a name.
    pub(crate) named: Vec<Arn>,
    /// Whether one that nothing names is asked about too.
    pub(crate) with_any: bool,
}

/// The targets of one type of resources, by their places.
#[derive(Clone, Default)]
struct OfType {
    any: Option<usize>,
    named: Vec<usize>,
}

impl<'c, 'a> Targets<'c, 'a> {
    pub(crate) fn new(scope: &'a Scope) -> Self {
        let nothing = Target::any("*".to_owned());
        let named = scope.named.iter().map(|arn| Target::named(arn.as_str()));
        Self { scope, all: [nothing].into_iter().chain(named).collect(), by_type: BTreeMap::new() }
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Target> {
        self.all.get(place)
    }

    /// The places of what an action is asked on.
    pub(crate) fn of(&mut self, action: ActionEntry<'c>) -> Vec<usize> {
        if !action.has_resource_types() {
            return vec![0];
        }
        // Of every type that the action can be asked on: an object behind an access point is one thing, an
        // object in its bucket another.
        let (mut any, mut named): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for on in action.resources() {
            let of_type = self.of_type(on.resource_type());
            any.extend(of_type.any);
            named.extend(of_type.named);
        }
        any.sort_by_key(|place| self.all.get(*place).map(|target| &target.resource));
        any.dedup();
        named.sort_unstable();
        named.dedup();
        any.extend(named);
        any
    }

    fn of_type(&mut self, resource_type: ResourceType<'c>) -> OfType {
        if let Some(known) = self.by_type.get(resource_type.name()) {
            return known.clone();
        }
        let scope = self.scope;
        let named = scope.named.iter().enumerate().filter(|(_, arn)| resource_type.matches(arn));
        // They stand behind `*`.
        let named = named.map(|(index, _)| index + 1).collect();
        let any = if scope.with_any { self.any_of(resource_type) } else { None };
        let of_type = OfType { any, named };
        self.by_type.insert(resource_type.name(), of_type.clone());
        of_type
    }

    /// The example of a type; types may share it.
    fn any_of(&mut self, resource_type: ResourceType<'c>) -> Option<usize> {
        let example = sample(resource_type, &self.scope.partition, &self.scope.account)?;
        let example = Target::any(example.to_string());
        if let Some(place) = self.all.iter().position(|target| *target == example) {
            return Some(place);
        }
        self.all.push(example);
        Some(self.all.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use iamsim_catalog::{ActionResource, Catalog};

    use super::*;

    #[test]
    fn an_action_is_asked_on_what_fits_one_of_its_types_and_on_an_example_of_each() {
        let named = [
            "arn:aws:s3:::reports/q1.csv",
            "arn:aws:s3:::reports",
            "arn:aws:iam::111122223333:role/worker",
            "arn:aws:s3:::reports",
            "arn:aws:sqs:eu-west-1:111122223333:orders",
        ];
        let named: Vec<Arn> = named.iter().map(|arn| arn.parse().unwrap()).collect();
        for with_any in [true, false] {
            let scope = Scope {
                partition: "aws".to_owned(),
                account: "111122223333".to_owned(),
                named: named.clone(),
                with_any,
            };
            let mut asked = 0;
            for service in Catalog::embedded().services() {
                let mut targets = Targets::new(&scope);
                for action in service.actions() {
                    let places = targets.of(action);
                    let found: Vec<&Target> =
                        places.iter().map(|place| targets.get(*place).unwrap()).collect();
                    let mut expected: Vec<Target> = Vec::new();
                    if action.has_resource_types() {
                        let types = || action.resources().map(ActionResource::resource_type);
                        let examples = types().filter_map(|of| sample(of, "aws", "111122223333"));
                        let examples: BTreeSet<String> = examples.map(|arn| arn.to_string()).collect();
                        expected.extend(examples.into_iter().filter(|_| with_any).map(Target::any));
                        let fits = |arn: &&Arn| types().any(|of| of.matches(arn));
                        expected.extend(named.iter().filter(fits).map(|arn| Target::named(arn.as_str())));
                    } else {
                        expected.push(Target::any("*".to_owned()));
                    }
                    assert_eq!(found, expected.iter().collect::<Vec<_>>(), "{action}");
                    asked += found.len();
                }
            }
            assert!(asked > 5_000, "{asked}");
        }
    }
}
