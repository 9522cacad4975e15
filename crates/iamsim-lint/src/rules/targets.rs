//! Which actions of a statement can meet which of its resources: shared by the rules about the two.

use std::collections::HashMap;

use iamsim_catalog::{ActionEntry, ResourceType};
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
    let mut known: HashMap<(usize, usize), bool> = HashMap::new();
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

fn is_asked_on<'p>(
    entry: ActionEntry<'p>,
    index: usize,
    arn: &ArnPattern,
    known: &mut HashMap<(usize, usize), bool>,
) -> bool {
    if !entry.has_resource_types() {
        return entry.is_asked_on(arn);
    }
    let mut overlaps = |kind: ResourceType<'p>| {
        let of_type = known.entry((index, kind.index()));
        *of_type.or_insert_with(|| kind.overlaps(arn))
    };
    entry.resources().any(|on| overlaps(on.resource_type())) || is_left_open(entry, arn, &mut overlaps)
}

/// Whether the ARN may be of a type for which the reference does not say whether the action is asked on it.
fn is_left_open<'p>(
    entry: ActionEntry<'p>,
    arn: &ArnPattern,
    overlaps: &mut impl FnMut(ResourceType<'p>) -> bool,
) -> bool {
    let service = entry.service();
    // A page that speaks of another service's resources, as `sagemaker-mlflow` does, does not list them all.
    let borrows = |format: &str| {
        let of = format.split(':').nth(2).unwrap_or_default();
        of == arn.part(2) && of != service.prefix()
    };
    if entry.resources().any(|on| borrows(on.resource_type().arn_format())) {
        return true;
    }
    service
        .resource_types()
        .any(|kind| overlaps(kind) && (service.has_several_pages() || !kind.has_actions()))
}
