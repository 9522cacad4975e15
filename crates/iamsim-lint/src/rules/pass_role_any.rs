//! `iam:PassRole` on every role.

use iamsim_policy::Action;

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "pass-role-any",
    level: Level::Warning,
    summary: "`iam:PassRole` on every role",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    let Ok(pass_role) = "iam:PassRole".parse::<Action>() else { return };
    if !facts.is_identity() || facts.always_denies(&pass_role) {
        return;
    }
    for statement in facts.allowing() {
        // `*` and `iam:*` grant much more; the rules on administrators and escalation say so.
        let named = statement.actions.iter().find(|action| {
            action.pattern.matches(&pass_role) && !action.pattern.as_str().ends_with(":*") && !action.pattern.is_any()
        });
        let Some(named) = named.filter(|_| !statement.is_not_action()) else { continue };
        let Some(resource) = statement.names_every_resource_of("iam", "role") else { continue };
        let to_service = |key: &str| key == "iam:passedtoservice";
        let services: Vec<&str> = statement
            .statement
            .conditions()
            .iter()
            .filter(|condition| to_service(condition.key().folded()) && presence::is_selective(condition))
            .flat_map(iamsim_policy::Condition::values)
            .map(|value| value.value.as_str())
            .collect();
        let (message, help) = if services.is_empty() {
            (
                "every role may be passed to every service, those of administrators included".to_owned(),
                "name the roles under `Resource`, and the service in a condition on `iam:PassedToService`",
            )
        } else {
            (
                format!("every role that trusts {} may be passed to it", listed(services.iter().copied())),
                "name the roles under `Resource`",
            )
        };
        let finding = sink.report(statement, named.span, message);
        finding.related_to(resource, "every role").help_with(help);
        if !services.is_empty() || presence::demanded(statement.statement, |key| key.starts_with("iam:")) {
            finding.lowered_to_note();
        }
    }
}
