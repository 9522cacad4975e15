//! A trust policy that lets a service in, whoever the service acts for.

use iamsim_policy::PolicyKind;

use super::confused_deputy::unguarded_services;
use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "service-trust",
    level: Level::Note,
    summary: "a role that a service may assume on behalf of any account",
    check,
};

/// Services that take up a role only where a principal of the role's own account passed it to one of their
/// resources, and that send no source (PE-STS-11).
const WITHOUT_A_SOURCE: &[&str] = &["ec2.amazonaws.com", "lambda.amazonaws.com"];

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if facts.kind() != PolicyKind::RoleTrust {
        return;
    }
    for statement in facts.allowing() {
        for (name, span) in unguarded_services(statement) {
            if WITHOUT_A_SOURCE.contains(&name) {
                continue;
            }
            sink.report(
                statement,
                span,
                format!("`{name}` may assume this role without saying on whose behalf"),
            )
            .help_with("if the service sends it, add a condition on `aws:SourceAccount` or `aws:SourceArn`");
        }
    }
}
