//! Whether one entry, or one statement, says everything another says, by their text alone.
//!
//! The answer *yes* is certain; *no* means only that the texts don't show it.

use std::collections::BTreeSet;

use iamsim_policy::{ActionPattern, ArnPattern, Condition, PrincipalPattern, ResourcePattern, Statement};

/// Whether every text that `narrow` matches is matched by `wide`; both have `*` and `?`.
pub(crate) fn pattern(wide: &str, narrow: &str) -> bool {
    // Longer entries are nobody's, and comparing them would take for ever.
    const LONGEST: usize = 4_096;
    if wide.len() > LONGEST || narrow.len() > LONGEST {
        return wide == narrow;
    }
    // Most pairs differ before the first wildcard.
    let head = wide.find(['*', '?']).unwrap_or(wide.len());
    if head == wide.len() || wide.get(..head) != narrow.get(..head) {
        return wide == narrow;
    }
    let narrow: Vec<char> = narrow.chars().collect();
    // Which ends of `narrow` the rest of `wide` covers, from the end of `wide` to its beginning.
    let mut row = vec![false; narrow.len() + 1];
    if let Some(last) = row.last_mut() {
        *last = true;
    }
    for wanted in wide.chars().rev() {
        let mut next = vec![false; narrow.len() + 1];
        for at in (0..=narrow.len()).rev() {
            let here = |cells: &[bool], at: usize| cells.get(at).copied().unwrap_or_default();
            let found = narrow.get(at);
            let covered = match wanted {
                '*' => here(&row, at) || found.is_some() && here(&next, at + 1),
                '?' => found.is_some_and(|found| *found != '*') && here(&row, at + 1),
                literal => found == Some(&literal) && here(&row, at + 1),
            };
            if let Some(cell) = next.get_mut(at) {
                *cell = covered;
            }
        }
        row = next;
    }
    row.first().copied().unwrap_or_default()
}

/// Whether every action that `narrow` names is named by `wide`.
pub(crate) fn action(wide: &ActionPattern, narrow: &ActionPattern) -> bool {
    if wide.is_any() || wide.is_inert() || narrow.is_any() || narrow.is_inert() {
        return wide.is_any();
    }
    let folded = |entry: &ActionPattern| entry.as_str().to_ascii_lowercase();
    wide.service() == narrow.service() && pattern(&folded(wide), &folded(narrow))
}

/// Whether every resource that `narrow` names is named by `wide`.
pub(crate) fn resource(wide: &ResourcePattern, narrow: &ResourcePattern) -> bool {
    match (wide, narrow) {
        (ResourcePattern::Any, _) => true,
        (ResourcePattern::Arn(wide), ResourcePattern::Arn(narrow)) => arn(wide, narrow),
        _ => false,
    }
}

fn arn(wide: &ArnPattern, narrow: &ArnPattern) -> bool {
    if wide.as_str() == narrow.as_str() {
        return true;
    }
    let last = |arn: &ArnPattern| -> String {
        if arn.written_parts() < 6 {
            return "*".to_owned();
        }
        arn.as_str().splitn(6, ':').nth(5).unwrap_or_default().to_owned()
    };
    let (wide_last, narrow_last) = (last(wide), last(narrow));
    // A variable is text of unknown length, which no `?` covers; an escaped wildcard is plain text.
    let odd = wide_last.contains("${") || narrow_last.contains("${") && wide_last.contains('?');
    !odd && (0..5).all(|index| pattern(wide.part(index), narrow.part(index)))
        && pattern(&wide_last, &narrow_last)
}

/// Whether every request that `narrow` matches is matched by `wide`, whatever their effects.
pub(crate) fn statement(wide: &Statement, narrow: &Statement) -> bool {
    let plain = !wide.action().is_negated()
        && !narrow.action().is_negated()
        && !narrow.action().patterns().is_empty();
    plain
        && conditions(wide.conditions(), narrow.conditions())
        && principals(wide, narrow)
        && resources(wide, narrow)
        && narrow
            .action()
            .patterns()
            .iter()
            .all(|narrow| wide.action().patterns().iter().any(|wide| action(&wide.value, &narrow.value)))
}

/// All conditions must hold, so fewer of them cover more.
fn conditions(wide: &[Condition], narrow: &[Condition]) -> bool {
    let values = |condition: &Condition| -> BTreeSet<String> {
        condition.values().iter().map(|value| value.value.as_str().to_owned()).collect()
    };
    wide.iter().all(|wanted| {
        narrow.iter().any(|found| {
            wanted.operator() == found.operator()
                && wanted.key() == found.key()
                && values(wanted) == values(found)
        })
    })
}

fn principals(wide: &Statement, narrow: &Statement) -> bool {
    match (wide.principal(), narrow.principal()) {
        (None, None) => true,
        (Some(wide), Some(narrow)) if !wide.is_negated() && !narrow.is_negated() => {
            let everyone = wide.entries().iter().any(|entry| entry.value == PrincipalPattern::Everyone);
            everyone
                || narrow
                    .entries()
                    .iter()
                    .all(|narrow| wide.entries().iter().any(|wide| wide.value == narrow.value))
        }
        _ => false,
    }
}

fn resources(wide: &Statement, narrow: &Statement) -> bool {
    match (wide.resource(), narrow.resource()) {
        (None, None) => true,
        (Some(wide), Some(narrow)) if !wide.is_negated() && !narrow.is_negated() => {
            let covered =
                |narrow: &ResourcePattern| wide.patterns().iter().any(|wide| resource(&wide.value, narrow));
            !narrow.patterns().is_empty() && narrow.patterns().iter().all(|narrow| covered(&narrow.value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iamsim_policy::wildcard::matches;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_covered_is_matched(wide in "[ab*?]{0,6}", narrow in "[ab*?]{0,6}", text in "[ab]{0,6}") {
            if pattern(&wide, &narrow) && matches(&narrow, &text) {
                prop_assert!(matches(&wide, &text), "{} {} {}", wide, narrow, text);
            }
        }
    }

    #[test]
    fn patterns_cover_what_their_texts_show() {
        let check = |wide: &str, narrow: &str, expected: bool| {
            assert_eq!(pattern(wide, narrow), expected, "{wide} {narrow}");
        };
        check("get*", "getobject", true);
        check("get*", "get*", true);
        check("get*", "get*acl", true);
        check("get*acl", "get*", false);
        check("get?", "get*", false);
        check("get*", "get?", true);
        check("*", "", true);
        check("", "*", false);
    }

    #[test]
    fn arns_cover_part_by_part() {
        let check = |wide: &str, narrow: &str, expected: bool| {
            let read = |text: &str| ArnPattern::parse(text, true).unwrap();
            assert_eq!(arn(&read(wide), &read(narrow)), expected, "{wide} {narrow}");
        };
        check("arn:aws:s3:::b*", "arn:aws:s3:::b/x", true);
        check("arn:aws:s3:::b*", "arn:aws:s3:::b/${aws:username}/*", true);
        check("arn:aws:s3:::b/????????????????", "arn:aws:s3:::b/${aws:username}", false);
        check("arn:aws:s3:::${aws:username}*", "arn:aws:s3:::x", false);
        check("arn:aws:sqs:*:*:*", "arn:aws:sqs:eu-west-1:111122223333:q", true);
        check("arn:aws:sqs:eu-west-1:*:*", "arn:aws:sqs:*:111122223333:q", false);
        check("arn:aws:sqs", "arn:aws:sqs:eu-west-1:111122223333:q", true);
    }
}
