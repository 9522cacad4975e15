//! Names of condition keys with a part that the user chooses, such as `aws:RequestTag/${TagKey}`.

/// Whether a key in a policy is the one named, without case (PE-CND-03); a placeholder in the name stands
/// for any text that is not empty.
pub(crate) fn matches(name: &str, key: &str) -> bool {
    let (name, mut rest) = (name.as_bytes(), key.as_bytes());
    let mut literals = Literals { name };
    let Some((head, mut more)) = literals.next() else { return rest.is_empty() };
    let Some(after) = strip_prefix(rest, head) else { return false };
    rest = after;
    while more {
        // The placeholder takes at least one character.
        let Some((_, after)) = rest.split_first() else { return false };
        let Some((literal, further)) = literals.next() else { return false };
        if !further {
            return after.len() >= literal.len()
                && after
                    .get(after.len() - literal.len()..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(literal));
        }
        let Some(at) = (0..=after.len())
            .find(|at| after.get(*at..).and_then(|tail| strip_prefix(tail, literal)).is_some())
        else {
            return false;
        };
        rest = after.get(at + literal.len()..).unwrap_or_default();
        more = further;
    }
    rest.is_empty()
}

/// What stands before the first placeholder of a name.
pub(crate) fn head(name: &[u8]) -> &[u8] {
    let at = name.iter().position(|byte| *byte == b'$').unwrap_or(name.len());
    name.get(..at).unwrap_or_default()
}

pub(crate) fn strip_prefix<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The texts between the placeholders, each with whether a placeholder follows.
struct Literals<'n> {
    name: &'n [u8],
}

impl<'n> Iterator for Literals<'n> {
    type Item = (&'n [u8], bool);

    fn next(&mut self) -> Option<Self::Item> {
        let literal = head(self.name);
        let rest = self.name.get(literal.len()..).unwrap_or_default();
        let close = rest.iter().position(|byte| *byte == b'}');
        self.name = close.and_then(|close| rest.get(close + 1..)).unwrap_or_default();
        Some((literal, close.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stands_for_any_text_that_is_not_empty() {
        let check = |name: &str, key: &str, expected: bool| {
            assert_eq!(matches(name, key), expected, "{name} {key}");
        };
        check("s3:prefix", "S3:PREFIX", true);
        check("s3:prefix", "s3:prefixes", false);
        check("aws:RequestTag/${TagKey}", "aws:requesttag/Cost Centre/é", true);
        check("aws:RequestTag/${TagKey}", "aws:RequestTag/", false);
        check("aws:RequestTag/${TagKey}", "aws:RequestTag", false);
        check("events:Metadata/${MetadataKey}/Matcher", "events:metadata/a/matcher", true);
        check("events:Metadata/${MetadataKey}/Matcher", "events:metadata//matcher", false);
        check("a:${X}.b.${Y}.c", "a:1.b.2.b.3.c", true);
        check("a:${X}.b.${Y}.c", "a:1.b.c", false);
        check("", "", true);
    }
}
