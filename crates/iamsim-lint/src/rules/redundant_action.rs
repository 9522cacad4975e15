//! An entry of `Action` that another entry of the list contains.

use std::collections::BTreeMap;

use crate::covers;
use crate::facts::{ActionFacts, Facts};
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "redundant-action",
    level: Level::Note,
    summary: "an action that another entry of the same list contains",
    check,
};

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    for statement in &facts.statements {
        // A list has a thousand names and few patterns: only patterns contain others.
        let wide: Vec<&ActionFacts<'_>> =
            statement.actions.iter().filter(|action| action.pattern.exact().is_none()).collect();
        if !facts.affords(wide.len(), statement.actions.len()) {
            continue;
        }
        let mut seen: BTreeMap<String, iamsim_policy::Span> = BTreeMap::new();
        for action in &statement.actions {
            let folded = action.pattern.as_str().to_ascii_lowercase();
            if let Some(first) = seen.get(&folded) {
                sink.report(
                    statement,
                    action.span,
                    format!("`{}` is listed twice", action.pattern.as_str()),
                )
                .related_to(*first, "the first")
                .help_with("remove one of them");
                continue;
            }
            seen.insert(folded.clone(), action.span);
            let contains = |other: &&&ActionFacts<'_>| {
                other.pattern.as_str().to_ascii_lowercase() != folded
                    && covers::action(other.pattern, action.pattern)
            };
            if let Some(other) = wide.iter().find(contains) {
                sink.report(
                    statement,
                    action.span,
                    format!("`{}` contains `{}`", other.pattern.as_str(), action.pattern.as_str()),
                )
                .related_to(other.span, "contains it")
                .help_with("remove the narrower entry");
            }
        }
    }
}
