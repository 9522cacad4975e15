//! A resource policy that lets a service in, whoever the service acts for.

use iamsim_policy::{PolicyKind, PrincipalPattern};

use crate::facts::{Facts, StatementFacts};
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "confused-deputy",
    level: Level::Warning,
    summary: "a resource that a service may reach on behalf of any account",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if !matches!(facts.kind(), PolicyKind::Resource(_)) {
        return;
    }
    for statement in facts.allowing() {
        for (name, span) in unguarded_services(statement) {
            sink.report(
                statement,
                span,
                format!("`{name}` may do this on behalf of every customer it has, not only on yours"),
            )
            .help_with("add a condition on `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID`");
        }
    }
}

/// The service principals of a statement that no condition holds to one customer.
pub(super) fn unguarded_services<'p>(
    statement: &StatementFacts<'p>,
) -> impl Iterator<Item = (&'p str, iamsim_policy::Span)> + use<'p> {
    let clause = statement.statement.principal().filter(|clause| !clause.is_negated());
    let guarded = presence::keeps_strangers_out(statement.statement);
    let entries = clause.filter(|_| !guarded).into_iter().flat_map(iamsim_policy::PrincipalClause::entries);
    entries.filter_map(|entry| match &entry.value {
        PrincipalPattern::Service(name) => Some((&**name, entry.span)),
        _ => None,
    })
}
