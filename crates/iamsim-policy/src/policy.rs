//! A valid policy of a kind. Nothing that could not be stored as that kind can be held, so everything that
//! works on a [`Policy`] is total.

use std::fmt;
use std::sync::Arc;

use crate::action::{Action, ActionPattern};
use crate::arn::ArnPattern;
use crate::condition::Condition;
use crate::diagnostic::{Diagnostic, Severity};
use crate::json::Node;
use crate::principal::PrincipalClause;
use crate::source::{Source, Span, Spanned};

/// What a document is used as; each kind has its own rules (PE-TYP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// Managed or inline, on a user, group or role (PE-TYP-01).
    Identity,
    /// A permissions boundary (PE-TYP-02).
    PermissionsBoundary,
    /// Passed when a session is made (PE-TYP-03).
    Session,
    /// A role's trust policy (PE-TYP-04).
    RoleTrust,
    /// On a resource (PE-TYP-05, PE-TYP-06).
    Resource(ResourceService),
    /// A service control policy (PE-TYP-07, PE-TYP-08).
    ServiceControl,
    /// A resource control policy (PE-TYP-13, PE-TYP-09).
    ResourceControl,
    /// On a VPC endpoint (PE-TYP-14).
    VpcEndpoint,
}

/// Whose resource a resource-based policy sits on, where the rules differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ResourceService {
    /// Any service without rules of its own.
    #[default]
    Other,
    /// An S3 bucket.
    S3,
    /// An SQS queue.
    Sqs,
    /// An SNS topic.
    Sns,
    /// A Lambda function.
    Lambda,
    /// A KMS key: `*` as resource means this key (PE-TYP-06).
    Kms,
}

/// `Version`: which of the two languages a document is in (PE-DOC-10, PE-DOC-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "AWS has published these two")]
pub enum Version {
    /// `2008-10-17`, also when the element is absent: variables are plain text.
    V2008,
    /// `2012-10-17`
    V2012,
}

/// What a statement does to the requests it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a statement allows or denies")]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

/// A valid policy. Cloning is two reference counts.
///
/// ```
/// use iamsim_policy::{Effect, Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{
///         "Version": "2012-10-17",
///         "Statement": {"Sid": "Invoke", "Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*"}
///     }"#,
/// )?;
/// let statement = &policy.statements()[0];
/// assert_eq!(statement.sid(), Some("Invoke"));
/// assert_eq!(statement.effect(), Effect::Allow);
/// # Ok::<(), iamsim_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    source: Source,
    parts: Arc<Parts>,
    /// Most policies have none.
    warnings: Option<Arc<[Diagnostic]>>,
}

/// What a text says, whatever its name: policies that differ in nothing else share it.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) kind: PolicyKind,
    pub(crate) span: Span,
    /// As written; absent is `None`.
    pub(crate) version: Option<Version>,
    pub(crate) id: Option<Box<str>>,
    pub(crate) statements: Box<[Statement]>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub(crate) span: Span,
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    /// Boxed: most statements have none.
    pub(crate) principal: Option<Box<PrincipalClause>>,
    pub(crate) action: ActionClause,
    pub(crate) resource: Option<ResourceClause>,
    pub(crate) conditions: Box<[Condition]>,
}

/// The `Action` or `NotAction` element of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionClause {
    pub(crate) negated: bool,
    pub(crate) span: Span,
    pub(crate) patterns: Box<[Spanned<ActionPattern>]>,
}

/// The `Resource` or `NotResource` element of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceClause {
    pub(crate) negated: bool,
    pub(crate) span: Span,
    pub(crate) patterns: Box<[Spanned<ResourcePattern>]>,
}

/// One entry of `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourcePattern {
    /// `*`: every resource, and requests without one (PE-RES-03).
    Any,
    /// An ARN with wildcards and variables.
    Arn(ArnPattern),
    /// An entry that no resource matches in this kind of policy, for example a short ARN in a resource
    /// policy (PE-RES-07).
    Nothing(Box<str>),
}

/// A document that can't be used as a policy of the kind asked for: all findings, at least one an error.
///
/// [`Display`](fmt::Display) is the first error, and how many more there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(Box<[Diagnostic]>);

impl Policy {
    /// Reads a document *as stored*: older forms are legal and keep their meaning, what no service would
    /// hold is refused.
    ///
    /// # Errors
    ///
    /// All findings of the document, errors and warnings, in the order of the text. After a thousand, the
    /// others are counted.
    pub fn parse(kind: PolicyKind, source: impl Into<Source>) -> Result<Self, PolicyError> {
        let source = source.into();
        let node = crate::json::parse(&source).map_err(|error| PolicyError::from(vec![error]))?;
        Self::from_node(kind, &source, &node)
    }

    /// Reads a policy that stands inside a larger document, such as a scenario; places are those of the
    /// larger document.
    pub fn from_node(kind: PolicyKind, source: &Source, node: &Node<'_>) -> Result<Self, PolicyError> {
        let (parts, warnings) = crate::lower::lower(kind, source, node)?;
        let warnings = (!warnings.is_empty()).then(|| warnings.into());
        Ok(Self { source: source.clone(), parts: Arc::new(parts), warnings })
    }

    /// The same policy under another name of its text. Text and statements lie in memory once.
    ///
    /// ```
    /// use iamsim_policy::{Policy, PolicyKind, Source};
    ///
    /// let text = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    /// let reader = Policy::parse(PolicyKind::Identity, Source::new("reader", text))?;
    /// let writer = reader.named("writer");
    /// let place = |policy: &Policy| policy.source().place(policy.statements()[0].span()).to_string();
    /// assert_eq!((place(&reader), place(&writer)), ("reader:1:15".into(), "writer:1:15".into()));
    /// assert!(std::ptr::eq(reader.statements(), writer.statements()));
    /// # Ok::<(), iamsim_policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn named(&self, name: impl Into<Box<str>>) -> Self {
        let source = self.source.named(name);
        let warnings = self.warnings.as_ref();
        let warnings = warnings.map(|found| found.iter().map(|finding| finding.of_source(&source)).collect());
        Self { source, parts: self.parts.clone(), warnings }
    }

    /// What it is used as.
    #[inline]
    pub fn kind(&self) -> PolicyKind {
        self.parts.kind
    }

    /// The text it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Where in the text it stands.
    pub fn span(&self) -> Span {
        self.parts.span
    }

    /// The language; an absent `Version` is 2008's (PE-DOC-10).
    pub fn version(&self) -> Version {
        self.parts.version.unwrap_or(Version::V2008)
    }

    /// `Version` as written, none when absent.
    pub fn written_version(&self) -> Option<Version> {
        self.parts.version
    }

    /// `Id`, which AWS stores and never looks at (PE-DOC-12).
    pub fn id(&self) -> Option<&str> {
        self.parts.id.as_deref()
    }

    /// The statements, in the order written.
    #[inline]
    pub fn statements(&self) -> &[Statement] {
        &self.parts.statements
    }

    /// One JSON text for all documents that say the same: whatever the order of elements, lists and
    /// statements, the case of actions and condition keys, and whether one value stands alone or in a list.
    /// An absent `Version` is written as 2008's.
    ///
    /// ```
    /// use iamsim_policy::{Policy, PolicyKind};
    ///
    /// let policy = Policy::parse(
    ///     PolicyKind::Identity,
    ///     r#"{"Statement": {"Resource": "*", "Action": ["SQS:*", "sqs:*"], "Effect": "Deny"}}"#,
    /// )?;
    /// let canonical = policy.to_canonical_json();
    /// assert_eq!(
    ///     canonical,
    ///     r#"{"Version":"2008-10-17","Statement":[{"Effect":"Deny","Action":["sqs:*"],"Resource":["*"]}]}"#,
    /// );
    /// assert_eq!(Policy::parse(PolicyKind::Identity, canonical)?, policy);
    /// # Ok::<(), iamsim_policy::PolicyError>(())
    /// ```
    pub fn to_canonical_json(&self) -> String {
        crate::print::canonical(self)
    }

    /// The document as it was written: members in their order, one value alone or in a list as found, only
    /// the white space between them gone.
    pub fn to_compact_json(&self) -> String {
        crate::print::compact(self.source().text_of(self.span()))
    }

    /// How long the document is, as AWS's quotas count.
    pub fn size(&self) -> PolicySize {
        PolicySize::of(self.source().text_of(self.span()))
    }

    /// Findings that leave it usable.
    pub fn warnings(&self) -> &[Diagnostic] {
        self.warnings.as_deref().unwrap_or_default()
    }
}

/// The length of a document in characters.
///
/// Which of the two a quota counts depends on the kind of policy (PE-QUO-01, PE-QUO-16).
///
/// ```
/// use iamsim_policy::PolicySize;
///
/// let size = PolicySize::of("{ \"Id\": \"a b\" }\n");
/// assert_eq!((size.characters(), size.without_white_space()), (16, 11));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicySize {
    characters: usize,
    white_space: usize,
}

impl PolicySize {
    /// Measures a document. White space is space, tab, carriage return and line feed, also inside strings
    /// (QUO-29).
    pub fn of(document: &str) -> Self {
        let white = |character: &char| matches!(character, ' ' | '\t' | '\r' | '\n');
        Self { characters: document.chars().count(), white_space: document.chars().filter(white).count() }
    }

    /// All characters: what control policies and endpoint policies are measured by.
    pub fn characters(self) -> usize {
        self.characters
    }

    /// Characters that are no white space: what IAM measures by.
    pub fn without_white_space(self) -> usize {
        self.characters - self.white_space
    }
}

/// Two policies are equal when they are of one kind and say the same: their canonical JSON is the same.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && crate::print::canonical(self) == crate::print::canonical(other)
    }
}

impl Eq for Policy {}

impl Statement {
    /// Where it stands, braces included.
    pub fn span(&self) -> Span {
        self.span
    }

    /// `Sid`; an empty one counts as none (PE-DOC-13).
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref().filter(|sid| !sid.is_empty())
    }

    /// `Effect`.
    #[inline]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// `Principal` or `NotPrincipal`.
    #[inline]
    pub fn principal(&self) -> Option<&PrincipalClause> {
        self.principal.as_deref()
    }

    /// `Action` or `NotAction`.
    #[inline]
    pub fn action(&self) -> &ActionClause {
        &self.action
    }

    /// `Resource` or `NotResource`; none in a role trust policy (PE-TRU-01) and in those services' policies
    /// that have none: the statement then speaks of the resource it is attached to.
    #[inline]
    pub fn resource(&self) -> Option<&ResourceClause> {
        self.resource.as_ref()
    }

    /// The conditions, in the order written.
    #[inline]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

impl ActionClause {
    /// Whether it is `NotAction`.
    #[inline]
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Where the element's value stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The entries, in the order written.
    #[inline]
    pub fn patterns(&self) -> &[Spanned<ActionPattern>] {
        &self.patterns
    }

    /// Whether the clause covers an action: any entry for `Action`, none for `NotAction` (PE-ACT-01). An
    /// empty `NotAction` covers nothing, because an empty list makes the statement inert (PE-TYP-12).
    pub fn matches(&self, action: &Action) -> bool {
        !self.patterns.is_empty()
            && self.negated != self.patterns.iter().any(|pattern| pattern.value.matches(action))
    }
}

impl ResourceClause {
    /// Whether it is `NotResource`.
    #[inline]
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Where the element's value stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The entries, in the order written.
    #[inline]
    pub fn patterns(&self) -> &[Spanned<ResourcePattern>] {
        &self.patterns
    }
}

impl ResourcePattern {
    /// The entry as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Arn(pattern) => pattern.as_str(),
            Self::Nothing(text) => text,
        }
    }
}

impl PolicyError {
    /// All findings, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl From<Vec<Diagnostic>> for PolicyError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics.into())
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.0.iter().filter(|finding| finding.severity() == Severity::Error);
        if let Some(first) = errors.next() {
            write!(f, "{first}")?;
        }
        match errors.count() {
            0 => Ok(()),
            1 => f.write_str(" (and 1 more error)"),
            more => write!(f, " (and {more} more errors)"),
        }
    }
}

impl std::error::Error for PolicyError {}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::Session => "session policy",
            Self::RoleTrust => "role trust policy",
            Self::Resource(_) => "resource-based policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::VpcEndpoint => "VPC endpoint policy",
        })
    }
}

impl Version {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2008 => "2008-10-17",
            Self::V2012 => "2012-10-17",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}
