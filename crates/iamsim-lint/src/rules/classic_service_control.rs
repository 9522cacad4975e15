//! What service control policies could not say before September 2025.

use iamsim_policy::{Severity, classic_service_control};

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "classic-service-control",
    level: Level::Note,
    summary: "a service control policy that older tools and older organizations refuse",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for found in classic_service_control(facts.policy) {
        debug_assert_eq!(found.severity(), Severity::Warning, "today's language takes it");
        let at = found.span();
        let inside = |span: iamsim_policy::Span| span.start <= at.start && at.end <= span.end;
        let statement = facts.statements.iter().find(|statement| inside(statement.statement.span()));
        let finding = match statement {
            Some(statement) => sink.report(statement, at, found.message()),
            None => sink.report_document(at, found.message()),
        };
        if let Some(help) = found.help() {
            finding.help_with(help);
        }
    }
}
