//! Actions and action patterns: `service:Name`, compared without case (PE-ACT-02).

use std::fmt;
use std::str::FromStr;

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
#[derive(Clone, Debug)]
pub struct Action {
    written: Box<str>,
    /// `service:name` in lower case.
    folded: Box<str>,
    colon: usize,
}

/// What was given as an action is not `service:Name`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an action: an action is written `service:Name`, without wildcards")]
pub struct InvalidAction(Box<str>);

impl FromStr for Action {
    type Err = InvalidAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAction(text.into());
        let (service, name) = text.split_once(':').ok_or_else(invalid)?;
        let odd = |c: char| c.is_whitespace() || matches!(c, '*' | '?' | ':' | ',');
        if service.is_empty() || name.is_empty() || service.contains(odd) || name.contains(odd) {
            return Err(invalid());
        }
        Ok(Self { written: text.into(), folded: text.to_ascii_lowercase().into(), colon: service.len() })
    }
}

impl Action {
    /// The service prefix in lower case.
    pub fn service(&self) -> &str {
        self.folded.get(..self.colon).unwrap_or_default()
    }

    /// The name after the colon, in lower case.
    pub fn name(&self) -> &str {
        self.folded.get(self.colon + 1..).unwrap_or_default()
    }

    /// The whole in lower case: what comparisons look at.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The whole as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
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
        self.folded.cmp(&other.folded)
    }
}

impl std::hash::Hash for Action {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionPattern {
    written: Box<str>,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// `*`, or `*:*` (PE-ACT-04).
    Any,
    /// `service:name`, in lower case, no wildcard.
    Exact(Box<str>),
    /// `service` and a name pattern, in lower case.
    Pattern { service: Box<str>, name: Box<str> },
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
        Self { written: text.into(), shape: Shape::of(text) }
    }

    /// Whether the entry names this action.
    pub fn matches(&self, action: &Action) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Exact(folded) => **folded == *action.folded,
            Shape::Pattern { service, name } => {
                let same_service = **service == *action.service()
                    || (PREFIX_WILDCARDS_MATCH && wildcard::matches(service, action.service()));
                same_service && wildcard::matches(name, action.name())
            }
            Shape::Nothing => false,
        }
    }

    /// Whether no action at all can match.
    pub fn is_inert(&self) -> bool {
        self.shape == Shape::Nothing
    }

    /// Whether every action matches.
    pub fn is_any(&self) -> bool {
        self.shape == Shape::Any
    }

    /// The exact action in lower case, when there is no wildcard.
    pub fn exact(&self) -> Option<&str> {
        match &self.shape {
            Shape::Exact(folded) => Some(folded),
            _ => None,
        }
    }

    /// The service prefix in lower case; none for `*` and for entries that match nothing.
    pub fn service(&self) -> Option<&str> {
        match &self.shape {
            Shape::Exact(folded) => folded.split_once(':').map(|(service, _)| service),
            Shape::Pattern { service, .. } => Some(service),
            Shape::Any | Shape::Nothing => None,
        }
    }

    /// The entry as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl Shape {
    fn of(text: &str) -> Self {
        if text == "*" || text == "*:*" {
            return Self::Any;
        }
        let Some((service, name)) = text.split_once(':') else { return Self::Nothing };
        let odd = |c: char| c.is_whitespace() || c == ',' || c == ':';
        let wild = |part: &str| part.contains(['*', '?']);
        if service.is_empty() || name.is_empty() || name.contains(odd) || service.contains(odd) {
            return Self::Nothing;
        }
        if wild(service) && !PREFIX_WILDCARDS_MATCH {
            return Self::Nothing;
        }
        if wild(service) || wild(name) {
            Self::Pattern {
                service: service.to_ascii_lowercase().into(),
                name: name.to_ascii_lowercase().into(),
            }
        } else {
            Self::Exact(text.to_ascii_lowercase().into())
        }
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
    fn a_request_names_one_action_without_wildcards() {
        for text in ["s3", "s3:", ":Get", "s3:Get*", "s3:a:b", "s3:Get Object", ""] {
            assert!(text.parse::<Action>().is_err(), "{text}");
        }
    }
}
