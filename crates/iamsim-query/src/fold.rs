//! Many actions as few patterns.

use iamsim_catalog::{ActionEntry, Service};

/// The fewest patterns of the forms `service:*`, `service:Words*` and `service:Name` that name exactly some
/// actions of a service, as far as the catalog knows them: no pattern names an action that is not among them.
///
/// ```
/// use iamsim_catalog::Catalog;
/// use iamsim_query::fold;
///
/// let sqs = Catalog::embedded().service("sqs").unwrap();
/// assert_eq!(fold(sqs, |_| true), ["sqs:*"]);
/// let lists = fold(sqs, |action| action.name().starts_with("List") || action.name() == "GetQueueUrl");
/// assert_eq!(lists, ["sqs:GetQueueUrl", "sqs:List*"]);
/// ```
pub fn fold(service: Service<'_>, mut is_among: impl FnMut(ActionEntry<'_>) -> bool) -> Vec<String> {
    let mut names: Vec<(&str, bool)> =
        service.actions().map(|action| (action.name(), is_among(action))).collect();
    // Actions compare without case (PE-ACT-02), so those that differ in it belong together.
    names.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    let mut patterns = Vec::new();
    folded((service.prefix(), &names), &names, 0, &mut patterns);
    patterns
}

/// The patterns of the actions whose first `length` bytes agree; they are sorted.
///
/// `service` comes with all its names: `Group*` names `Grouping…` too, which stands in another group.
fn folded(
    service: (&str, &[(&str, bool)]),
    names: &[(&str, bool)],
    length: usize,
    patterns: &mut Vec<String>,
) {
    let (prefix, all) = service;
    let wanted = names.iter().filter(|(_, wanted)| *wanted).count();
    let Some((first, _)) = names.first() else { return };
    if wanted == 0 {
        return;
    }
    let head = first.get(..length).unwrap_or_default();
    if wanted == names.len()
        && (names.len() > 1 || length == 0)
        && all.iter().all(|(name, wanted)| *wanted || !begins_with(name, head))
    {
        patterns.push(format!("{prefix}:{head}*"));
        return;
    }
    // Below this head the actions part by their next word.
    let mut rest = names;
    while let Some((name, is_wanted)) = rest.first() {
        let end = word_end(name, length);
        if end <= length {
            // The head itself is an action: no pattern with it names it alone.
            if *is_wanted {
                patterns.push(format!("{prefix}:{name}"));
            }
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let head = name.get(..end).unwrap_or(name);
        // `Get` is a head of `GetObject` and of `Getaway`: the pattern names both, so they go together.
        let count = rest.iter().take_while(|(other, _)| begins_with(other, head)).count();
        let (group, after) = rest.split_at_checked(count.max(1)).unwrap_or((rest, &[]));
        match group {
            [(only, true)] => patterns.push(format!("{prefix}:{only}")),
            [_] => {}
            group => folded(service, group, end, patterns),
        }
        rest = after;
    }
}

fn begins_with(name: &str, head: &str) -> bool {
    name.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
}

/// Where the word that begins at an offset ends: before the next capital that follows a small letter.
fn word_end(name: &str, from: usize) -> usize {
    let bytes = name.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if at > from && byte.is_ascii_uppercase() && before.is_some_and(|before| !before.is_ascii_uppercase())
        {
            return at;
        }
        at += 1;
    }
    name.len()
}

#[cfg(test)]
mod tests {
    use iamsim_catalog::Catalog;
    use iamsim_policy::ActionPattern;

    use super::*;

    #[test]
    fn patterns_name_exactly_the_actions_they_are_folded_from() {
        // A fixed walk over the catalog's services with sets of every density.
        let mut seed: u32 = 7;
        for service in Catalog::embedded().services() {
            let mut draw = |_: ActionEntry<'_>| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed >> 30 != 0
            };
            let chosen: Vec<(&str, bool)> =
                service.actions().map(|action| (action.name(), draw(action))).collect();
            let wanted = |name: &str| chosen.iter().any(|(other, wanted)| *other == name && *wanted);
            let patterns = fold(service, |action| wanted(action.name()));
            let parsed: Vec<_> = patterns.iter().map(|pattern| ActionPattern::new(pattern)).collect();
            for action in service.actions() {
                let asked = action.to_string().parse().unwrap();
                let named = parsed.iter().any(|pattern| pattern.matches(&asked));
                assert_eq!(named, wanted(action.name()), "{action} and {patterns:?}");
            }
            assert!(patterns.len() <= chosen.iter().filter(|(_, wanted)| *wanted).count());
        }
    }

    #[test]
    fn words_end_before_capitals() {
        let check = |name: &str, from: usize, end: usize| assert_eq!(word_end(name, from), end, "{name}");
        check("GetObject", 0, 3);
        check("GetObject", 3, 9);
        check("GetSAMLProvider", 3, 15);
        check("*", 0, 1);
        check("", 0, 0);
    }
}
