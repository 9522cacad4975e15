//! ARNs and patterns of ARNs: `arn:partition:service:region:account:resource`, compared part by part
//! (PE-RES-04, PE-ARN-02). The sixth part is the rest, colons included.

use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;
use crate::template::{Piece, Syntax, Template, TemplateError};
use crate::wildcard::{self, Token};

/// How many parts an ARN has.
pub const ARN_PARTS: usize = 6;

/// The partitions AWS has (ID-01).
pub const KNOWN_PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// An ARN of six parts, without wildcards.
///
/// ```
/// use iamsim_policy::Arn;
///
/// let arn: Arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders:7".parse()?;
/// assert_eq!(arn.service(), "lambda");
/// assert_eq!(arn.resource(), "function:orders:7");
/// assert_eq!(arn.account().unwrap().to_string(), "111122223333");
/// # Ok::<(), iamsim_policy::InvalidArn>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: Box<str>,
    /// Offsets of the five colons.
    colons: [u32; 5],
}

/// What was given as an ARN is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARN: an ARN is written `arn:partition:service:region:account:resource`")]
pub struct InvalidArn(Box<str>);

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidArn(text.into());
        let mut colons = [0; 5];
        let (mut bytes, mut offset) = (text.as_bytes(), 0);
        for colon in &mut colons {
            let part = bytes.iter().position(|byte| *byte == b':').ok_or_else(invalid)?;
            offset += part;
            *colon = u32::try_from(offset).map_err(|_| invalid())?;
            bytes = bytes.get(part + 1..).unwrap_or_default();
            offset += 1;
        }
        let [scheme, partition, service, ..] = colons;
        let is_complete = partition > scheme + 1 && service > partition + 1 && !bytes.is_empty();
        if !text.starts_with("arn:") || !is_complete {
            return Err(invalid());
        }
        Ok(Self { text: text.into(), colons })
    }
}

impl Arn {
    /// One of the six parts, counted from 0 (`arn`) to 5 (the resource); empty beyond.
    #[inline]
    pub fn part(&self, index: usize) -> &str {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => match self.colons.get(before) {
                Some(colon) => *colon as usize + 1,
                None => return "",
            },
        };
        let end = self.colons.get(index).map_or(self.text.len(), |colon| *colon as usize);
        self.text.get(start..end).unwrap_or_default()
    }

    /// `aws`, `aws-cn`, `aws-us-gov` …
    #[inline]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service, such as `s3`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The region; empty for global services.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account, if the fourth colon is followed by an account id.
    #[inline]
    pub fn account(&self) -> Option<AccountId> {
        AccountId::read(self.part(4))
    }

    /// Everything after the fifth colon.
    #[inline]
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// The whole.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arn({:?})", self.text)
    }
}

/// An ARN pattern of a `Resource` entry: wildcards in every part, variables in the sixth only (PE-RES-15).
///
/// An entry with fewer than six parts is completed with `*` on the right (PE-RES-07, PE-VAL-11).
///
/// ```
/// use iamsim_policy::{Arn, ArnPattern};
///
/// let pattern = ArnPattern::parse("arn:aws:s3:::reports/*", true)?;
/// let object: Arn = "arn:aws:s3:::reports/2026/q1.csv".parse()?;
/// assert!(pattern.matches_fixed(&object));
/// assert!(!pattern.resource().has_variables());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern {
    written: Box<str>,
    /// Where the first five parts end in `written`; [`FAR`] stands for a place beyond it, which is looked up.
    ends: [u8; 5],
    written_parts: Parts,
    resource: Template,
}

/// The heads of ARNs are short, and policies hold many.
const FAR: u8 = u8::MAX;

/// How many parts were written. An enum leaves the compiler values to tell other forms of a resource by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Parts {
    One = 1,
    Two,
    Three,
    Four,
    Five,
    Six,
}

impl ArnPattern {
    /// Reads a pattern; `variables` says whether `${…}` in the sixth part is a variable.
    pub fn parse(text: &str, variables: bool) -> Result<Self, TemplateError> {
        let mut ends = [near(text.len()); 5];
        let mut written_parts = Parts::One;
        let mut resource = "*";
        let counts = [Parts::Two, Parts::Three, Parts::Four, Parts::Five, Parts::Six];
        for ((end, count), (colon, _)) in ends.iter_mut().zip(counts).zip(text.match_indices(':')) {
            *end = near(colon);
            written_parts = count;
            if count == Parts::Six {
                resource = text.get(colon + 1..).unwrap_or_default();
            }
        }
        let syntax = Syntax { wildcards: true, variables };
        Ok(Self { written: text.into(), ends, written_parts, resource: Template::parse(resource, syntax)? })
    }

    /// One of the first five parts, counted from 0; `*` when it was not written.
    #[inline]
    pub fn part(&self, index: usize) -> &str {
        if index >= self.written_parts() {
            return "*";
        }
        let start = index.checked_sub(1).map_or(0, |before| self.end(before) + 1);
        self.written.get(start..self.end(index)).unwrap_or_default()
    }

    /// Where one of the first five parts ends.
    fn end(&self, index: usize) -> usize {
        match self.ends.get(index) {
            Some(end) if *end != FAR => usize::from(*end),
            _ => self.written.match_indices(':').nth(index).map_or(self.written.len(), |(colon, _)| colon),
        }
    }

    /// The sixth part.
    #[inline]
    pub fn resource(&self) -> &Template {
        &self.resource
    }

    /// How many parts were written: fewer than six for a short ARN.
    pub fn written_parts(&self) -> usize {
        self.written_parts as usize
    }

    /// Whether the first five parts match, part by part: a `*` that ends a middle part does not run past the
    /// colon. Low confidence (PE-RES-05): the newer user guide can be read otherwise.
    pub fn matches_head(&self, arn: &Arn) -> bool {
        (0..5).all(|index| wildcard::matches(self.part(index), arn.part(index)))
    }

    /// Whether the pattern matches when its variables are taken as matching nothing.
    pub fn matches_fixed(&self, arn: &Arn) -> bool {
        let Some(tokens) = fixed_tokens(&self.resource) else { return false };
        self.matches_head(arn) && wildcard::matches_tokens(&tokens, arn.resource())
    }

    /// The pattern as it was written.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

fn near(offset: usize) -> u8 {
    u8::try_from(offset).unwrap_or(FAR)
}

/// The tokens of a template without variables; none if it has any.
pub fn fixed_tokens(template: &Template) -> Option<Vec<Token<'_>>> {
    template
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(Token::Text(text)),
            Piece::One => Some(Token::One),
            Piece::Run => Some(Token::Run),
            Piece::Variable { .. } => None,
        })
        .collect()
}

/// Splits pieces at their first five colons; none when there are fewer, which `Arn…` operators never match
/// (PE-ARN-03).
pub fn split_tokens<'t>(tokens: &[Token<'t>]) -> Option<[Vec<Token<'t>>; ARN_PARTS]> {
    let mut parts: [Vec<Token<'t>>; ARN_PARTS] = Default::default();
    let mut index = 0;
    for token in tokens {
        let Token::Text(mut text) = *token else {
            parts.get_mut(index)?.push(*token);
            continue;
        };
        while index + 1 < ARN_PARTS
            && let Some((before, after)) = text.split_once(':')
        {
            parts.get_mut(index)?.push(Token::Text(before));
            index += 1;
            text = after;
        }
        parts.get_mut(index)?.push(Token::Text(text));
    }
    (index + 1 == ARN_PARTS).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_reach_the_resources_the_rules_say() {
        let check = |pattern: &str, arn: &str, expected: bool| {
            let pattern = ArnPattern::parse(pattern, true).unwrap();
            assert_eq!(pattern.matches_fixed(&arn.parse().unwrap()), expected, "{pattern:?} against {arn}");
        };
        // PE-RES-04
        check("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/test/3/x", true);
        check("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b//test/x", true);
        check("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/test/x", false);
        check("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1-test/x", false);
        check("arn:aws:s3:::b", "arn:aws:s3:::b/key", false);
        check("arn:aws:s3:::b/*", "arn:aws:s3:::b", false);
        check("arn:aws:s3:::b*", "arn:aws:s3:::b2/k", true);
        // PE-RES-05
        check("arn:aws:lambda:us-east-1:1:function:*", "arn:aws:lambda:us-east-1:1:function:f:7", true);
        check("arn:aws:sns:*:111122223333:t", "arn:aws:sns:eu-west-1:444455556666:a:111122223333:t", false);
        // PE-RES-06
        check("arn:aws:sqs:us-west-?:1:q", "arn:aws:sqs:us-west-2:1:q", true);
        // PE-RES-07
        check("arn:aws:sqs", "arn:aws:sqs:us-east-1:1:q", true);
        check("arn:aws:sqs:us-east-1", "arn:aws:sqs:eu-west-1:1:q", false);
        // PE-RES-08
        check("arn:aws:iam::1:user/Bob", "arn:aws:iam::1:user/bob", false);
        // PE-RES-12
        check("arn:aws:s3:::b", "arn:aws-us-gov:s3:::b", false);
        // PE-RES-18
        check("arn:aws:s3:*:*:b", "arn:aws:s3:::b", true);
    }

    #[test]
    fn parts_of_any_length_are_found() {
        for length in [0, 1, 240, 248, 249, 250, 255, 300] {
            let region = "r".repeat(length);
            let pattern = ArnPattern::parse(&format!("arn:aws:s3:{region}:1:x:y"), false).unwrap();
            let parts: Vec<_> = (0..5).map(|index| pattern.part(index)).collect();
            assert_eq!(parts, ["arn", "aws", "s3", &region, "1"]);
            assert_eq!(pattern.resource().as_plain(), Some("x:y"));
            let short = ArnPattern::parse(&format!("arn:aws:{region}"), false).unwrap();
            assert_eq!((short.part(2), short.part(3), short.written_parts()), (&*region, "*", 3));
        }
    }

    #[test]
    fn an_arn_has_six_parts() {
        for text in ["", "arn", "arn:aws:s3::b", "arn:aws:s3:::", "arn::s3:::b", "urn:aws:s3:::b"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
        let arn: Arn = "arn:aws:s3:::b/a:b".parse().unwrap();
        assert_eq!((arn.part(0), arn.part(3), arn.resource()), ("arn", "", "b/a:b"));
        assert_eq!(arn.account(), None);
    }
}
