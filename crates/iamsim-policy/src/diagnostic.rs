//! What can be said about a text: a finding with a stable code, a place, and advice.
//!
//! Plain data. How a finding is drawn with its source lines is decided where there is a terminal.

use std::fmt;

use crate::source::{Position, Source, Span};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a finding either stops the document or it does not")]
pub enum Severity {
    /// The document is legal, but probably does not say what its author meant.
    Warning,
    /// The document can't be used.
    Error,
}

/// One finding about a text: code, severity, message, place and advice.
///
/// [`Display`](fmt::Display) is one line: `name:line:column: error[code]: message`.
///
/// ```
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let refused = Policy::parse(PolicyKind::Identity, r#"{"Statement": []"#).unwrap_err();
/// let finding = &refused.diagnostics()[0];
/// assert_eq!(finding.code().as_str(), "invalid-json");
/// assert_eq!(finding.position().line, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    code: Code,
    severity: Severity,
    message: Box<str>,
    source: Source,
    span: Span,
    help: Option<Box<str>>,
    related: Vec<Related>,
}

/// A second place that a finding speaks of: the first of two equal keys, for example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    span: Span,
    message: Box<str>,
}

impl Diagnostic {
    /// A finding that stops the document.
    pub fn error(source: &Source, code: Code, span: Span, message: impl Into<Box<str>>) -> Self {
        Self::new(Severity::Error, source, code, span, message)
    }

    /// A finding that leaves the document usable.
    pub fn warning(source: &Source, code: Code, span: Span, message: impl Into<Box<str>>) -> Self {
        Self::new(Severity::Warning, source, code, span, message)
    }

    fn new(
        severity: Severity,
        source: &Source,
        code: Code,
        span: Span,
        message: impl Into<Box<str>>,
    ) -> Self {
        Self(Box::new(Parts {
            code,
            severity,
            message: message.into(),
            source: source.clone(),
            span,
            help: None,
            related: Vec::new(),
        }))
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Box<str>>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Adds a second place in the same text.
    #[must_use]
    pub fn with_related(mut self, span: Span, message: impl Into<Box<str>>) -> Self {
        self.0.related.push(Related { span, message: message.into() });
        self
    }

    /// The same finding about another source of the same text.
    pub(crate) fn of_source(&self, source: &Source) -> Self {
        Self(Box::new(Parts { source: source.clone(), ..(*self.0).clone() }))
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// How grave it is.
    pub fn severity(&self) -> Severity {
        self.0.severity
    }

    /// What is wrong: lower case, no full stop, the author's text in backticks.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do, if there is something to say.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The text it is about.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// The range it is about.
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// Further places it speaks of.
    pub fn related(&self) -> &[Related] {
        &self.0.related
    }

    /// Where the range begins, for people.
    pub fn position(&self) -> Position {
        self.0.source.position(self.0.span.start)
    }
}

impl Related {
    /// The range.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What is to be seen there.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.0;
        write!(f, "{}: {}[{}]: {}", parts.source.place(parts.span), parts.severity, parts.code, parts.message)
    }
}

impl std::error::Error for Diagnostic {}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The closed list of everything that can be found in a text. The string form is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

codes! {
    /// The text is larger than [`MAX_SOURCE_BYTES`](crate::MAX_SOURCE_BYTES).
    TooLarge = "too-large",
    /// The bytes are not UTF-8.
    NotUtf8 = "not-utf8",
    /// The text begins with a byte order mark.
    ByteOrderMark = "byte-order-mark",
    /// The text is not JSON.
    InvalidJson = "invalid-json",
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`](crate::json::MAX_DEPTH).
    TooDeep = "too-deep",
    /// A `\u` escape is half of a surrogate pair.
    LoneSurrogate = "lone-surrogate",
    /// A key occurs twice in one object (PE-DOC-05).
    DuplicateKey = "duplicate-key",
    /// A value has another JSON type than the element takes.
    WrongType = "wrong-type",
    /// A required element or field is missing.
    Missing = "missing",
    /// An element or field that does not exist.
    UnknownElement = "unknown-element",
    /// `Version` is neither of AWS's two dates, or not the one the kind needs (PE-DOC-10, PE-TYP-13).
    InvalidVersion = "invalid-version",
    /// `Effect` is neither `Allow` nor `Deny` (PE-DOC-04).
    InvalidEffect = "invalid-effect",
    /// Both elements of a pair, such as `Action` and `NotAction`, stand in one statement (PE-DOC-03).
    ConflictingElements = "conflicting-elements",
    /// An element or effect that policies of this kind may not have (PE-TYP).
    ForbiddenElement = "forbidden-element",
    /// A document without a single statement (POL-10).
    NoStatements = "no-statements",
    /// A `Sid` with characters IAM refuses (PE-DOC-13).
    InvalidSid = "invalid-sid",
    /// Two statements with one `Sid` (PE-DOC-13).
    DuplicateSid = "duplicate-sid",
    /// An action without a service prefix, with two colons, or with an impossible prefix (POL-16 to POL-18).
    InvalidAction = "invalid-action",
    /// A role trust policy speaks of an action that no role session begins with (TRU-21).
    TrustAction = "trust-action",
    /// An action that is legal and matches nothing (PE-ACT-05, PE-ACT-06).
    InertAction = "inert-action",
    /// A resource that is neither `*` nor an ARN its kind of policy takes (POL-12, POL-19 to POL-22, POL-35).
    InvalidResource = "invalid-resource",
    /// A resource that is legal and matches nothing in this kind of policy (PE-RES-07).
    InertResource = "inert-resource",
    /// A wildcard where an ARN names its service (PE-RES-09).
    WildcardService = "wildcard-service",
    /// An entry of `Principal` that names nobody a policy of this kind could name (PE-PRN).
    InvalidPrincipal = "invalid-principal",
    /// An entry of `Principal` that is legal and names nobody (PE-PRN-05, PE-PRN-12).
    NamesNobody = "names-nobody",
    /// A trust policy that trusts everyone (PE-TRU-02).
    TrustsEveryone = "trusts-everyone",
    /// `NotPrincipal` in a statement that allows: everyone but those listed (PE-TYP-10).
    NotPrincipalAllow = "not-principal-allow",
    /// An operator that does not exist (PE-CND-05, PE-CND-06).
    UnknownOperator = "unknown-operator",
    /// An operator whose letters have another case than AWS writes them in (PE-CND-05).
    OperatorCase = "operator-case",
    /// A key in AWS's own namespace that AWS does not document: it is never present (PE-CND-07).
    UnknownConditionKey = "unknown-condition-key",
    /// A value that its operator can't read and that therefore never compares (PE-TYP-20).
    UnreadableValue = "unreadable-value",
    /// A `${` that begins no policy variable (PE-VAR-01).
    InvalidVariable = "invalid-variable",
    /// A policy variable where none is filled in: it stays plain text (PE-VAR-02, PE-VAR-04).
    PlainVariable = "plain-variable",
    /// An empty list, which makes its statement or condition inert (PE-TYP-12, PE-CND-14).
    EmptyList = "empty-list",
    /// An `Id` where AWS keeps it and its guide bars it (PE-DOC-12).
    IgnoredId = "ignored-id",
    /// A character that IAM does not take in a document (PE-DOC-09).
    ForeignCharacter = "foreign-character",
    /// A document with so many findings that the last ones are only counted.
    TooManyFindings = "too-many-findings",
    /// What service control policies could not say before September 2025 (PE-TYP-08).
    ClassicServiceControl = "classic-service-control",
}

/// A word of the author's for a message: in backticks, on one line, and cut when it is long.
///
/// ```
/// use iamsim_policy::quote;
///
/// assert_eq!(quote("s3:Get\tObject"), "`s3:Get\\tObject`");
/// assert!(quote(&"x".repeat(1_000)).chars().count() < 100);
/// ```
pub fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
