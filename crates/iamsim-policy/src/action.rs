//! Actions and action patterns: `service:Name`, compared without case (PE-ACT-02).

use std::fmt;
use std::str::FromStr;

use crate::source::saturating;
use crate::wildcard;

/// The action a request asks for: `service:Name`. Compared without case.
///
/// Any service and name are legal: an action that no service defines can simply not be wrong in AWS.
///
/// ```
/// use iamsim_policy::Action;
///
/// let action: Action = "lambda:InvokeFunction".parse()?;
/// assert_eq!(action.service(), "lambda");
/// assert_eq!(action, "Lambda:invokefunction".parse()?);
/// # Ok::<(), iamsim_policy::InvalidAction>(())
/// ```
#[derive(Clone)]
pub struct Action {
    /// The action as written, and after it the action in lower case if that is another text.
    text: Box<str>,
    /// Where the action in lower case begins.
    folded: u32,
    /// Where its colon stands.
    colon: u32,
}

/// What was given as an action is not `service:Name`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an action: an action is written `service:Name`, without wildcards")]
pub struct InvalidAction(Box<str>);

impl FromStr for Action {
    type Err = InvalidAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAction(text.into());
        let (mut colons, mut colon, mut odd, mut upper) = (0, 0, false, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'a'..=b'z' => {}
                b'A'..=b'Z' => upper = true,
                b':' => (colons, colon) = (colons + 1, at),
                b'*' | b'?' | b',' | b'\x0b' => odd = true,
                _ => odd |= byte.is_ascii_whitespace(),
            }
        }
        odd |= !text.is_ascii() && text.contains(char::is_whitespace);
        if odd || colons != 1 || colon == 0 || colon + 1 == text.len() {
            return Err(invalid());
        }
        let mut both = String::with_capacity(text.len() << u8::from(upper));
        both.push_str(text);
        if upper {
            both.push_str(text);
        }
        if let Some(second) = both.get_mut(text.len()..) {
            second.make_ascii_lowercase();
        }
        let folded = if upper { text.len() } else { 0 };
        let (Ok(folded), Ok(colon)) = (u32::try_from(folded), u32::try_from(folded + colon)) else {
            return Err(invalid());
        };
        Ok(Self { text: both.into(), colon, folded })
    }
}

impl Action {
    /// The service prefix in lower case.
    #[inline]
    pub fn service(&self) -> &str {
        self.text.get(self.folded as usize..self.colon as usize).unwrap_or_default()
    }

    /// The name after the colon, in lower case.
    #[inline]
    pub fn name(&self) -> &str {
        self.text.get(self.colon as usize + 1..).unwrap_or_default()
    }

    /// The whole in lower case: what comparisons look at.
    #[inline]
    pub fn folded(&self) -> &str {
        self.text.get(self.folded as usize..).unwrap_or_default()
    }

    /// The whole as it was written.
    #[inline]
    pub fn as_str(&self) -> &str {
        let end = if self.folded == 0 { self.text.len() } else { self.folded as usize };
        self.text.get(..end).unwrap_or_default()
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for Action {}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl std::hash::Hash for Action {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Action({:?})", self.as_str())
    }
}

/// An entry of `Action` or `NotAction`: `*`, `service:Name`, or a name with `*` and `?`.
///
/// Variables are not filled in here (PE-ACT-07); `${` is plain text, which no action has.
///
/// ```
/// use iamsim_policy::ActionPattern;
///
/// let pattern = ActionPattern::new("S3:Get*");
/// assert!(pattern.matches(&"s3:GetObject".parse()?));
/// assert!(!pattern.matches(&"s3:PutObject".parse()?));
/// # Ok::<(), iamsim_policy::InvalidAction>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ActionPattern {
    /// The entry as written, and after it the entry in lower case if that is another text: policies hold tens
    /// of entries a statement, so they are kept small.
    text: Box<str>,
    /// Where the first colon stands.
    colon: u32,
    shape: Shape,
    /// Whether the entry in lower case follows.
    folded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `*`, or `*:*` (PE-ACT-04).
    Any,
    /// `service:name`, no wildcard.
    Exact,
    /// A service and a name with wildcards.
    Pattern,
    /// A form that no action matches (PE-ACT-05, PE-ACT-06).
    Nothing,
}

/// Whether a wildcard in the service prefix (`s*:Get*`) reaches any action. Low confidence (PE-ACT-05):
/// AWS is believed to refuse such an entry; one stored all the same matches nothing.
const PREFIX_WILDCARDS_MATCH: bool = false;

impl ActionPattern {
    /// Reads an entry. Every text is an entry; one without a vendor, with two colons, with white space or
    /// commas in the name matches no action (PE-ACT-06).
    pub fn new(text: &str) -> Self {
        let Form { shape, colon, upper } = Form::of(text);
        let folded = upper && matches!(shape, Shape::Exact | Shape::Pattern);
        let mut both = String::with_capacity(text.len() << u8::from(folded));
        both.push_str(text);
        if folded {
            both.push_str(text);
        }
        if let Some(second) = both.get_mut(text.len()..) {
            second.make_ascii_lowercase();
        }
        Self { text: both.into(), colon: saturating(colon), shape, folded }
    }

    /// The entry in lower case: what comparisons look at.
    #[inline]
    pub fn folded(&self) -> &str {
        let start = if self.folded { self.text.len() / 2 } else { 0 };
        self.text.get(start..).unwrap_or_default()
    }

    /// Whether the entry names this action.
    pub fn matches(&self, action: &Action) -> bool {
        match self.shape {
            Shape::Any => true,
            Shape::Exact => self.folded() == action.folded(),
            Shape::Pattern => {
                let Some((service, name)) = self.folded().split_at_checked(self.colon as usize) else {
                    return false;
                };
                let same_service = service == action.service()
                    || (PREFIX_WILDCARDS_MATCH && wildcard::matches(service, action.service()));
                same_service && wildcard::matches(name.get(1..).unwrap_or_default(), action.name())
            }
            Shape::Nothing => false,
        }
    }

    /// Whether no action at all can match.
    pub fn is_inert(&self) -> bool {
        self.shape == Shape::Nothing
    }

    /// Whether every action matches.
    #[inline]
    pub fn is_any(&self) -> bool {
        self.shape == Shape::Any
    }

    /// The exact action in lower case, when there is no wildcard.
    #[inline]
    pub fn exact(&self) -> Option<&str> {
        (self.shape == Shape::Exact).then(|| self.folded())
    }

    /// The service prefix in lower case; none for `*` and for entries that match nothing.
    #[inline]
    pub fn service(&self) -> Option<&str> {
        match self.shape {
            Shape::Exact | Shape::Pattern => self.folded().get(..self.colon as usize),
            Shape::Any | Shape::Nothing => None,
        }
    }

    /// The entry as it was written.
    #[inline]
    pub fn as_str(&self) -> &str {
        let end = if self.folded { self.text.len() / 2 } else { self.text.len() };
        self.text.get(..end).unwrap_or_default()
    }
}

impl fmt::Debug for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActionPattern({:?})", self.as_str())
    }
}

/// What one look at an entry tells.
struct Form {
    shape: Shape,
    colon: usize,
    upper: bool,
}

impl Form {
    fn of(text: &str) -> Self {
        // One pass: a policy holds more actions than anything else.
        let (mut colon, mut colons, mut odd, mut upper, mut ascii) = (text.len(), 0, false, false, true);
        let (mut wild_service, mut wild_name) = (false, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b':' => {
                    colons += 1;
                    colon = colon.min(at);
                }
                b'*' | b'?' if colons == 0 => wild_service = true,
                b'*' | b'?' => wild_name = true,
                b',' => odd = true,
                _ => {
                    odd |= byte.is_ascii_whitespace() || byte == b'\x0b';
                    upper |= byte.is_ascii_uppercase();
                    ascii &= byte.is_ascii();
                }
            }
        }
        odd |= !ascii && text.contains(char::is_whitespace);
        let shape = if text == "*" || text == "*:*" {
            Shape::Any
        } else if colons != 1
            || odd
            || colon == 0
            || colon + 1 == text.len()
            || (wild_service && !PREFIX_WILDCARDS_MATCH)
        {
            Shape::Nothing
        } else if wild_service || wild_name {
            Shape::Pattern
        } else {
            Shape::Exact
        };
        Self { shape, colon, upper }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_reach_the_actions_the_rules_say() {
        let check = |pattern: &str, action: &str, expected: bool| {
            let found = ActionPattern::new(pattern).matches(&action.parse().unwrap());
            assert_eq!(found, expected, "{pattern} against {action}");
        };
        check("IAM:listusers", "iam:ListUsers", true); // PE-ACT-02
        check("iam:*AccessKey*", "iam:ListAccessKeys", true); // PE-ACT-03
        check("s3:Get?bject", "s3:GetObject", true);
        check("s3:Get?bject", "s3:GetObjectTagging", false);
        check("*", "s3:GetObject", true); // PE-ACT-04
        check("*:*", "s3:GetObject", true);
        check("s*:GetObject", "s3:GetObject", false); // PE-ACT-05
        check("*:GetObject", "s3:GetObject", false); // PE-ACT-05
        check("s3", "s3:GetObject", false); // PE-ACT-06
        check("s3:Get Object", "s3:GetObject", false);
        check("s3:", "s3:GetObject", false);
        check("s3:Get:Object", "s3:GetObject", false);
        check("s3:${aws:username}", "s3:alice", false); // PE-ACT-07
    }

    #[test]
    fn entries_keep_their_letters_and_are_compared_without() {
        let check = |text: &str, service: Option<&str>, exact: Option<&str>| {
            let pattern = ActionPattern::new(text);
            assert_eq!((pattern.as_str(), pattern.service(), pattern.exact()), (text, service, exact));
        };
        check("*", None, None);
        check("S3", None, None);
        check("s3:x", Some("s3"), Some("s3:x"));
        check("s3:GetObject", Some("s3"), Some("s3:getobject"));
        check("S3:GetObject", Some("s3"), Some("s3:getobject"));
        check("s3:get*", Some("s3"), None);
        check("s3:Get*", Some("s3"), None);
        check("S3:Get*É", Some("s3"), None);
        check("S3:a:B", None, None);
    }

    #[test]
    fn a_request_names_one_action_without_wildcards() {
        for text in ["s3", "s3:", ":Get", "s3:Get*", "s3:a:b", "s3:Get Object", ""] {
            assert!(text.parse::<Action>().is_err(), "{text}");
        }
    }
}
