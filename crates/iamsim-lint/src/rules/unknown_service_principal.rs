//! A service principal that looks like a slip of the pen.

use iamsim_policy::{PrincipalPattern, suggest};

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "unknown-service-principal",
    level: Level::Warning,
    summary: "a service principal that is not known and nearly spelt like one that is",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        let entries = statement.statement.principal().into_iter().flat_map(iamsim_policy::PrincipalClause::entries);
        let principals = entries.filter_map(|entry| match &entry.value {
            PrincipalPattern::Service(name) => Some((&**name, entry.span)),
            _ => None,
        });
        // What `iam:PassRole` may pass a role to is written in the same names.
        let passed = statement
            .statement
            .conditions()
            .iter()
            .filter(|condition| condition.key().folded() == "iam:passedtoservice")
            .flat_map(iamsim_policy::Condition::values)
            .map(|value| (value.value.as_str(), value.span));
        for (name, span) in principals.chain(passed) {
            if name.contains(['*', '?', '$']) || facts.catalog.has_service_principal(name) {
                continue;
            }
            // The list is not complete: only what is nearly a known name is worth a word.
            let first = name.split('.').next().unwrap_or_default();
            let known = facts.catalog.service_principals().filter(|known| known.ends_with(".amazonaws.com"));
            let Some(near) = suggest::nearest(name, known) else { continue };
            let near_first = near.split('.').next().unwrap_or_default();
            if suggest::nearest(first, [near_first]).is_none() || first == near_first {
                continue;
            }
            sink.report(statement, span, format!("no service principal is known as `{name}`"))
                .help_with(format!("did you mean `{near}`?"));
        }
    }
}
