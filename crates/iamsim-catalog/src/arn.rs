//! ARN formats of the reference, such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`: which ARNs, and
//! which `Resource` entries, may mean a resource of the type.
//!
//! A format is documentation, not grammar. It does not say what a placeholder may hold, so there are two
//! readings; see [`Reach`].

use iamsim_policy::{ARN_PARTS, Arn, ArnPattern, Piece};

/// What a placeholder of a format stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One segment: no `/`, no `:`. The last placeholder crosses `/` where something other than a
    /// placeholder stands before it, because names with paths (`role/${RoleNameWithPath}`) and object keys
    /// are written so; `${BucketName}` alone does not reach into objects.
    Segment,
    /// Any text that is not empty.
    Anything,
}

/// Services whose formats ask for an account, and of which AWS owns resources whose ARNs have none: the documents,
/// automations and public parameters of Systems Manager, such as `arn:aws:ssm:eu-west-1::document/AWS-RunShellScript`.
const AWS_OWNS_SOME: &[&str] = &["ssm"];

/// The part of an ARN that names the account.
const ACCOUNT: usize = 4;

/// A format, cut at its first five colons.
pub(crate) struct Format<'f> {
    parts: [&'f str; ARN_PARTS],
}

#[derive(Clone, Copy)]
enum Token<'f> {
    Text(&'f str),
    Placeholder,
}

impl<'f> Format<'f> {
    pub(crate) fn new(format: &'f str) -> Self {
        let mut parts = [""; ARN_PARTS];
        for (part, text) in parts.iter_mut().zip(format.splitn(ARN_PARTS, ':')) {
            *part = text;
        }
        Self { parts }
    }

    fn service(&self) -> &'f str {
        let [_, _, service, ..] = self.parts;
        service
    }

    pub(crate) fn matches(&self, arn: &Arn, reach: Reach) -> bool {
        let [.., resource] = self.parts;
        let middle = self.parts.iter().take(ARN_PARTS - 1).enumerate();
        let of_aws =
            |index| index == ACCOUNT && arn.part(index).is_empty() && AWS_OWNS_SOME.contains(&self.service());
        middle
            .into_iter()
            .all(|(index, part)| of_aws(index) || text_matches(part, arn.part(index), Reach::Anything))
            && text_matches(resource, arn.resource(), reach)
    }

    pub(crate) fn overlaps(&self, pattern: &ArnPattern) -> bool {
        let [.., resource] = self.parts;
        let middle = self.parts.iter().take(ARN_PARTS - 1).enumerate();
        middle.into_iter().all(|(index, part)| {
            let other = pattern.part(index);
            // What AWS itself owns has no account.
            let of_aws = index == ACCOUNT && other.is_empty() && AWS_OWNS_SOME.contains(&self.service());
            **part == *other
                || other == "*"
                || of_aws
                || units_overlap(&format_units(part), &pattern_units(other))
        }) && units_overlap(&format_units(resource), &template_units(pattern))
    }
}

/// The tokens of one part of a format. A `*` in a format is a placeholder without a name.
fn tokens(part: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = part;
    std::iter::from_fn(move || {
        let at = rest.find(['$', '*']).unwrap_or(rest.len());
        if at > 0 {
            let (text, after) = rest.split_at_checked(at)?;
            rest = after;
            return Some(Token::Text(text));
        }
        rest = match rest.strip_prefix('*') {
            Some(after) => after,
            None => rest.split_once('}')?.1,
        };
        Some(Token::Placeholder)
    })
}

/// Keeps the set of places in `text` that the tokens so far can end at: linear in both, whatever the text.
fn text_matches(part: &str, text: &str, reach: Reach) -> bool {
    let text = text.as_bytes();
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    let mut tokens = tokens(part).peekable();
    let mut literal_before = false;
    while let Some(token) = tokens.next() {
        let mut next = vec![false; text.len() + 1];
        match token {
            Token::Text(literal) => {
                literal_before = true;
                for (at, _) in reached.iter().enumerate().filter(|(_, here)| **here) {
                    if text.get(at..).is_some_and(|rest| rest.starts_with(literal.as_bytes()))
                        && let Some(end) = next.get_mut(at + literal.len())
                    {
                        *end = true;
                    }
                }
            }
            Token::Placeholder => {
                let last = tokens.peek().is_none();
                let stops = |byte: u8| match reach {
                    Reach::Anything => false,
                    Reach::Segment => byte == b':' || byte == b'/' && !(last && literal_before),
                };
                let mut open = false;
                for ((here, byte), end) in reached.iter().zip(text).zip(next.iter_mut().skip(1)) {
                    open = (open || *here) && !stops(*byte);
                    *end = open;
                }
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Byte(u8),
    One,
    Run,
    /// One that is no `/`, and a run without any.
    OneOfName,
    RunOfName,
}

impl Unit {
    fn is_run(self) -> bool {
        matches!(self, Self::Run | Self::RunOfName)
    }

    /// Whether one character can be both.
    fn meets(self, other: Self) -> bool {
        let in_name = |unit| matches!(unit, Self::OneOfName | Self::RunOfName);
        match (self, other) {
            (Self::Byte(one), Self::Byte(other)) => one == other,
            (Self::Byte(b'/'), name) | (name, Self::Byte(b'/')) => !in_name(name),
            _ => true,
        }
    }
}

fn format_units(part: &str) -> Vec<Unit> {
    let tokens: Vec<Token<'_>> = tokens(part).collect();
    // A name that stands alone, as `${BucketName}`, does not reach into what is behind a `/`. Others may: log
    // groups and roles have paths in their names.
    if let [Token::Placeholder] = tokens.as_slice() {
        return vec![Unit::OneOfName, Unit::RunOfName];
    }
    let mut units = Vec::with_capacity(part.len());
    for token in tokens {
        match token {
            Token::Text(text) => units.extend(text.bytes().map(Unit::Byte)),
            Token::Placeholder => units.extend([Unit::One, Unit::Run]),
        }
    }
    units
}

fn pattern_units(part: &str) -> Vec<Unit> {
    let unit = |byte| match byte {
        b'*' => Unit::Run,
        b'?' => Unit::One,
        byte => Unit::Byte(byte),
    };
    part.bytes().map(unit).collect()
}

fn template_units(pattern: &ArnPattern) -> Vec<Unit> {
    let mut units = Vec::new();
    for piece in pattern.resource().pieces() {
        match piece {
            Piece::Text(text) => units.extend(text.bytes().map(Unit::Byte)),
            Piece::One => units.push(Unit::One),
            // A variable may hold any text, also none.
            Piece::Run | Piece::Variable { .. } => units.push(Unit::Run),
        }
    }
    units
}

/// Whether the plain beginnings of both agree, as far as both are plain.
fn begin_alike(left: &[Unit], right: &[Unit]) -> bool {
    left.iter()
        .zip(right)
        .map_while(|pair| match pair {
            (Unit::Byte(one), Unit::Byte(other)) => Some(one == other),
            _ => None,
        })
        .all(|alike| alike)
}

/// Whether some text matches both patterns. Walks the pairs of places that can be reached together.
fn units_overlap(left: &[Unit], right: &[Unit]) -> bool {
    if !begin_alike(left, right) {
        return false;
    }
    let width = right.len() + 1;
    let mut row = vec![false; width];
    if let Some(start) = row.first_mut() {
        *start = true;
    }
    for left_unit in left.iter().map(Some).chain([None]) {
        let mut next = vec![false; width];
        for at in 0..width {
            if !row.get(at).copied().unwrap_or_default() {
                continue;
            }
            let right_unit = right.get(at);
            // Both sides at once, one character each; a run stays where it is, so only the other moves on.
            let (down, across) = match (left_unit, right_unit) {
                (Some(run), None) => (run.is_run(), false),
                (None, Some(run)) => (false, run.is_run()),
                // A run may end here, or swallow what the other asks for.
                (Some(run), Some(other)) if run.is_run() || other.is_run() => {
                    let meet = run.meets(*other);
                    (run.is_run() || meet, other.is_run() || meet)
                }
                (Some(one), Some(other)) => {
                    if one.meets(*other) {
                        set(&mut next, at + 1);
                    }
                    (false, false)
                }
                (None, None) => return true,
            };
            if down {
                set(&mut next, at);
            }
            if across {
                set(&mut row, at + 1);
            }
        }
        row = next;
    }
    false
}

fn set(row: &mut [bool], at: usize) {
    if let Some(cell) = row.get_mut(at) {
        *cell = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";
    const BUCKET: &str = "arn:${Partition}:s3:::${BucketName}";
    const ROLE: &str = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";
    const LOG: &str = "arn:${Partition}:logs:${Region}:${Account}:log-group:${Group}:log-stream:${Stream}";
    const DOCUMENT: &str = "arn:${Partition}:ssm:${Region}:${Account}:document/${DocumentName}";
    const TASK: &str = "arn:${Partition}:dms:${Region}:${Account}:task:*";

    #[test]
    fn an_arn_is_read_by_segments() {
        let check = |format: &str, arn: &str, segment: bool, anything: bool| {
            let arn = arn.parse().unwrap();
            assert_eq!(Format::new(format).matches(&arn, Reach::Segment), segment, "{format} {arn}");
            assert_eq!(Format::new(format).matches(&arn, Reach::Anything), anything, "{format} {arn}");
        };
        check(BUCKET, "arn:aws:s3:::b", true, true);
        check(BUCKET, "arn:aws:s3:::b/k", false, true);
        check(OBJECT, "arn:aws:s3:::b/k/2", true, true);
        check(OBJECT, "arn:aws:s3:::b", false, false);
        check(OBJECT, "arn:aws:s3:eu-west-1:111122223333:b/k", false, false);
        check(ROLE, "arn:aws:iam::111122223333:role/a/b/R", true, true);
        check(ROLE, "arn:aws:iam::111122223333:user/R", false, false);
        check(DOCUMENT, "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript", true, true);
        check(DOCUMENT, "arn:aws:ssm:eu-west-1:111122223333:document/Mine", true, true);
        check(ROLE, "arn:aws:iam:::role/R", false, false);
        check(TASK, "arn:aws:dms:eu-west-1:111122223333:task:X", true, true);
        check(TASK, "arn:aws:dms:eu-west-1:111122223333:task:", false, false);
        check(BUCKET, "arn:aws:sqs:::b", false, false);
    }

    #[test]
    fn a_resource_entry_overlaps_a_format_when_some_arn_is_both() {
        let check = |format: &str, entry: &str, expected: bool| {
            let pattern = ArnPattern::parse(entry, true).unwrap();
            assert_eq!(Format::new(format).overlaps(&pattern), expected, "{format} {entry}");
        };
        check(OBJECT, "arn:aws:s3:::b", false);
        check(OBJECT, "arn:aws:s3:::b*", true);
        check(OBJECT, "arn:aws:s3:::b/", false);
        check(OBJECT, "arn:aws:s3:::b/*", true);
        check(OBJECT, "arn:aws:s3:::b/?", true);
        check(OBJECT, "arn:aws:s3:::${aws:username}", true);
        check(BUCKET, "arn:aws:s3:*:*:b", true);
        check(BUCKET, "arn:aws:s3:::b*", true);
        check(BUCKET, "arn:aws:s3:::b/*", false);
        check(BUCKET, "arn:aws:s3:::*/*", false);
        check(BUCKET, "arn:aws:s3:::${aws:username}", true);
        check(LOG, "arn:aws:logs:*:*:log-group:/aws/lambda/*:log-stream:*", true);
        check(ROLE, "arn:aws:iam::*:*", true);
        check(ROLE, "arn:aws:iam::*:ro*e/*", true);
        check(ROLE, "arn:aws:iam::*:*er/*", true);
        check(ROLE, "arn:aws:iam::*:user/*", false);
        check(ROLE, "arn:*", true);
        check(ROLE, "arn:aws:iam:::role/x", false);
        check(DOCUMENT, "arn:aws:ssm:*::document/AWS-*", true);
        check(TASK, "arn:aws:dms:*:*:task:abc", true);
        check(TASK, "arn:aws:dms:*:*:rep:abc", false);
    }
}
