//! A trust policy that lets everybody in.

use iamsim_policy::{PolicyKind, PrincipalPattern};

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "trust-everyone",
    level: Level::Error,
    summary: "a role that every principal of AWS may assume",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if facts.kind() != PolicyKind::RoleTrust {
        return;
    }
    for statement in facts.allowing() {
        let Some(clause) = statement.statement.principal().filter(|clause| !clause.is_negated()) else { continue };
        let everyone = clause.entries().iter().find(|entry| entry.value == PrincipalPattern::Everyone);
        let Some(entry) = everyone else { continue };
        if presence::keeps_strangers_out(statement.statement) {
            continue;
        }
        let secret = presence::demanded(statement.statement, |key| key == "sts:externalid");
        let message = if secret {
            "everybody who knows the external id may assume this role, from every account of AWS"
        } else {
            "every principal of every account of AWS may assume this role"
        };
        sink.report(statement, entry.span, message).help_with(if secret {
            "an external id is no secret: name the accounts or roles that are trusted"
        } else {
            "name the accounts or roles that are trusted, or add a condition on `aws:PrincipalOrgID`"
        });
    }
}
