//! A trust policy that lets another account in without an external id.

use iamsim_policy::{PolicyKind, PrincipalPattern};

use crate::facts::Facts;
use crate::finding::Level;
use crate::presence;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "third-party-trust",
    level: Level::Warning,
    summary: "a role that a third party's account may assume without an external id",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if facts.kind() != PolicyKind::RoleTrust {
        return;
    }
    for statement in facts.allowing() {
        let Some(clause) = statement.statement.principal().filter(|clause| !clause.is_negated()) else { continue };
        let guarded = presence::keeps_strangers_out(statement.statement)
            || presence::demanded(statement.statement, |key| {
                matches!(key, "sts:externalid" | "sts:sourceidentity" | "aws:multifactorauthpresent")
            });
        if guarded {
            continue;
        }
        for entry in clause.entries() {
            let account = match &entry.value {
                PrincipalPattern::Account { id, .. } => Some(*id),
                // A single role or user is often the author's own; only a list of accounts tells.
                PrincipalPattern::Role(arn) | PrincipalPattern::User(arn) if !facts.accounts.is_empty() => {
                    arn.account()
                }
                _ => None,
            };
            let Some(account) = account.filter(|account| !facts.accounts.contains(account)) else { continue };
            let finding = sink.report(
                statement,
                entry.span,
                format!("account {account} may assume this role for whomever it serves, without an external id"),
            );
            if facts.accounts.is_empty() {
                finding.lowered_to_note().help_with(
                    "if the account is your own, list it under `accounts` in the configuration; if it is a third \
                     party's, demand its `sts:ExternalId`",
                );
            } else {
                finding.help_with("demand the `sts:ExternalId` that the third party gave you");
            }
        }
    }
}
