//! `NotPrincipal` with `Allow`: the whole world but a list.

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "allow-not-principal",
    level: Level::Error,
    summary: "`NotPrincipal` with `Allow`: everybody but the list is granted, strangers included",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in facts.allowing() {
        let Some(clause) = statement.statement.principal().filter(|clause| clause.is_negated()) else { continue };
        sink.report(
            statement,
            clause.span(),
            "this allows everybody who is not listed, in every account of AWS, without signing in",
        )
        .help_with("name who is allowed under `Principal`; to keep somebody out, deny them");
    }
}
