//! Which actions of a statement can meet which of its resources: shared by the rules about the two.

use std::collections::HashMap;

use iamsim_catalog::{ActionEntry, ResourceType, Service};
use iamsim_policy::{ArnPattern, PolicyKind, Span};

use crate::facts::{ActionFacts, Facts, StatementFacts};

/// A statement that names known actions and ARNs only.
pub(super) struct Targets<'t, 'p> {
    pub(super) statement: &'t StatementFacts<'p>,
    /// Each entry of `Action`.
    pub(super) actions: Vec<ActionTarget<'t, 'p>>,
    /// Each entry of `Resource`: its text, its place, and whether some action is asked on it.
    pub(super) resources: Vec<(&'p str, Span, bool)>,
}

pub(super) struct ActionTarget<'t, 'p> {
    pub(super) action: &'t ActionFacts<'p>,
    /// Whether some ARN of the statement may be a resource of one of its actions.
    pub(super) meets: bool,
    /// Whether all its actions are asked with `*` only.
    pub(super) wildcard_only: bool,
}

/// Every statement of which can be said what its actions and resources have to do with each other.
pub(super) fn targets<'t, 'p>(facts: &'t Facts<'p>) -> impl Iterator<Item = Targets<'t, 'p>> {
    // A trust policy names no resource.
    let kind_names_resources = facts.kind() != PolicyKind::RoleTrust;
    let statements = facts.statements.iter().filter(move |_| kind_names_resources);
    statements.filter(|statement| statement.is_closed()).filter_map(|statement| {
        let arns = statement.only_arns()?;
        facts.affords(statement.entries().count(), arns.len()).then(|| meet(statement, &arns))
    })
}

fn meet<'t, 'p>(statement: &'t StatementFacts<'p>, arns: &[(&'p ArnPattern, Span)]) -> Targets<'t, 'p> {
    // Formats are asked once for each ARN: a statement can name a thousand actions on one type.
    let mut known = Known::default();
    let open =
        statement.entries().any(|entry| !entry.has_resource_types() && entry.service().has_several_pages());
    let mut used = vec![open; arns.len()];
    let mut actions = Vec::with_capacity(statement.actions.len());
    for action in &statement.actions {
        // What several pages say of an action is known of one of them.
        let mut meets = action
            .entries
            .iter()
            .any(|entry| !entry.has_resource_types() && entry.service().has_several_pages());
        for entry in &action.entries {
            for ((index, (arn, _)), used) in arns.iter().enumerate().zip(&mut used) {
                // Once both are known to meet something, the pair has nothing more to say.
                if (meets && *used) || !is_asked_on(*entry, index, arn, &mut known) {
                    continue;
                }
                meets = true;
                *used = true;
            }
        }
        let wildcard_only = action.entries.iter().all(|entry| !entry.has_resource_types());
        actions.push(ActionTarget { action, meets, wildcard_only });
    }
    let resources = arns.iter().zip(used).map(|((arn, span), used)| (arn.as_str(), *span, used)).collect();
    Targets { statement, actions, resources }
}

/// What was found out of the ARNs of a statement, each by its number.
#[derive(Default)]
struct Known<'p> {
    /// Whether one may be of a resource type.
    overlaps: HashMap<(usize, usize), bool>,
    /// Whether the reference leaves open for a service which actions are asked on it.
    open: HashMap<(usize, &'p str), bool>,
}

fn is_asked_on<'p>(entry: ActionEntry<'p>, index: usize, arn: &ArnPattern, known: &mut Known<'p>) -> bool {
    if !entry.has_resource_types() {
        return entry.is_asked_on(arn);
    }
    let mut overlaps = |kind: ResourceType<'p>| {
        *known.overlaps.entry((index, kind.index())).or_insert_with(|| kind.overlaps(arn))
    };
    if entry.resources().any(|on| overlaps(on.resource_type())) {
        return true;
    }
    let open = known.open.entry((index, entry.service().prefix()));
    *open.or_insert_with(|| is_left_open(entry.service(), &mut overlaps)) || borrows(entry, arn)
}

/// A page that speaks of another service's resources, as `sagemaker-mlflow` does, does not list them all.
fn borrows(entry: ActionEntry<'_>, arn: &ArnPattern) -> bool {
    let of = arn.part(2);
    of != entry.service().prefix()
        && entry.resources().any(|on| on.resource_type().arn_format().split(':').nth(2) == Some(of))
}

/// Whether the ARN may be of a type for which the reference does not say which actions of the service are asked on
/// it.
fn is_left_open<'p>(service: Service<'p>, overlaps: &mut impl FnMut(ResourceType<'p>) -> bool) -> bool {
    service
        .resource_types()
        .any(|kind| overlaps(kind) && (service.has_several_pages() || !kind.has_actions()))
}
