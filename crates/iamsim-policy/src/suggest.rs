//! The nearest name: what the author of a misspelt word most likely meant.

/// The candidate nearest to a word that is none of them, or none when nothing is near.
///
/// A difference of case only is nearest of all; then the fewest edits decide (a letter added, dropped,
/// changed, or swapped with its neighbour), then the longer common beginning, then the order of the
/// candidates. At most a third of the letters and at most three may differ, so that no far-fetched word is
/// offered.
///
/// ```
/// use iamsim_policy::suggest::nearest;
///
/// assert_eq!(nearest("Stringlike", ["StringEquals", "StringLike"]), Some("StringLike"));
/// assert_eq!(nearest("Acton", ["Action", "NotAction"]), Some("Action"));
/// assert_eq!(nearest("Colour", ["Action", "NotAction"]), None);
/// ```
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let folded: Vec<char> = word.to_lowercase().chars().collect();
    let allowed = (folded.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.to_lowercase().chars().collect();
        if folded.len().abs_diff(other.len()) > allowed {
            continue;
        }
        let edits = distance(&folded, &other);
        let differ = folded.len() - folded.iter().zip(&other).take_while(|(one, other)| one == other).count();
        if edits <= allowed && best.is_none_or(|(fewest, latest, _)| (edits, differ) < (fewest, latest)) {
            best = Some((edits, differ, candidate));
        }
    }
    best.map(|(_, _, candidate)| candidate)
}

/// Longer words are nobody's misspelling of a name in the grammar.
const LONGEST: usize = 128;

/// The number of edits between two words, a swap of neighbours counted as one.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut earlier_left = None;
    for (row, a) in left.iter().enumerate() {
        let mut this = Vec::with_capacity(last.len());
        this.push(row + 1);
        let mut earlier_right = None;
        for (column, b) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut edits = (at(&last, column) + usize::from(a != b))
                .min(at(&last, column + 1) + 1)
                .min(at(&this, column) + 1);
            if column > 0 && earlier_left == Some(b) && earlier_right == Some(a) {
                edits = edits.min(at(&before_last, column - 1) + 1);
            }
            this.push(edits);
            earlier_right = Some(b);
        }
        before_last = std::mem::replace(&mut last, this);
        earlier_left = Some(a);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_and_swaps_are_one() {
        let check = |left: &str, right: &str, expected| {
            let letters = |word: &str| word.chars().collect::<Vec<_>>();
            assert_eq!(distance(&letters(left), &letters(right)), expected, "{left} {right}");
            assert_eq!(distance(&letters(right), &letters(left)), expected, "{right} {left}");
        };
        check("", "", 0);
        check("", "abc", 3);
        check("action", "action", 0);
        check("acton", "action", 1);
        check("aciton", "action", 1);
        check("kitten", "sitting", 3);
    }

    #[test]
    fn the_longer_common_beginning_decides_among_equals() {
        let keys = ["aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];
        assert_eq!(nearest("aws:PrincipalOrg", keys), Some("aws:PrincipalOrgID"));
        assert_eq!(nearest("sts:GetCallerIdentity", ["sts:SetSourceIdentity"]), None);
    }

    #[test]
    fn a_word_too_long_to_be_a_slip_has_no_neighbour() {
        assert_eq!(nearest(&"a".repeat(LONGEST + 1), ["a"]), None);
    }
}
