//! A resource policy that lets everybody in.

use iamsim_policy::{PolicyKind, PrincipalPattern};

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "public-resource",
    level: Level::Warning,
    summary: "a resource that everybody may reach",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if !matches!(facts.kind(), PolicyKind::Resource(_)) {
        return;
    }
    for statement in facts.allowing() {
        let Some(clause) = statement.statement.principal().filter(|clause| !clause.is_negated()) else { continue };
        let everyone = clause.entries().iter().find(|entry| entry.value == PrincipalPattern::Everyone);
        let Some(entry) = everyone else { continue };
        if presence::keeps_strangers_out(statement.statement) {
            continue;
        }
        sink.report(statement, entry.span, "everybody may do this, in every account and without signing in")
            .help_with(
                "name who is allowed, or add a condition on `aws:PrincipalOrgID`, `aws:SourceAccount`, \
                 `aws:SourceArn` or the network",
            );
    }
}
