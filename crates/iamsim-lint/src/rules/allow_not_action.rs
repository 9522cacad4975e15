//! `NotAction` with `Allow`: everything but a list, including what AWS invents tomorrow.

use iamsim_policy::PolicyKind;

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "allow-not-action",
    level: Level::Warning,
    summary: "`NotAction` with `Allow`: everything but the list is granted",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.allowing().filter(|statement| statement.is_not_action()) {
        let finding = sink.report(
            statement,
            statement.statement.action().span(),
            "this allows every action of every service that is not listed, future ones included",
        );
        finding.help_with("list what is allowed under `Action`; to take something away, deny it");
        // A ceiling grants nothing by itself.
        let ceiling = matches!(
            facts.kind(),
            PolicyKind::PermissionsBoundary
                | PolicyKind::Session
                | PolicyKind::ServiceControl
                | PolicyKind::VpcEndpoint
        );
        if ceiling {
            finding.lowered_to_note();
        }
    }
}
