//! What can be said about a scenario file: a finding with a stable code, a place and advice.
//!
//! A policy inside a scenario has findings of its own kind; they are taken over as they are.

use std::fmt;

use iamsim_policy::{Diagnostic, PolicyError, Position, Severity, Source, Span};

/// One finding about a scenario or a policy it refers to. [`Display`](fmt::Display) is one line,
/// `file:line:column: error[code]: message`; [`render`](crate::render) draws it with its source lines.
///
/// ```
/// use iamsim_scenario::{Scenario, Source};
///
/// let text = Source::new("story.json", r#"{"scenario": "A story", "stops": []}"#);
/// let findings = Scenario::parse(&text, &mut iamsim_scenario::no_files).unwrap_err();
/// assert_eq!(
///     findings[0].to_string(),
///     "story.json:1:25: error[unknown-field]: a scenario has no field `stops`",
/// );
/// assert_eq!(findings[0].help(), Some("did you mean `steps`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    code: &'static str,
    severity: Severity,
    message: String,
    help: Option<String>,
    source: Source,
    span: Span,
    related: Vec<(Span, String)>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The closed list of what a scenario itself can get wrong. The string form is stable.
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
    /// A field that the format does not have in this place.
    UnknownField = "unknown-field",
    /// A value of another JSON type than the field takes.
    WrongType = "wrong-type",
    /// A key that occurs twice in one object.
    DuplicateKey = "duplicate-key",
    /// A field that has to be there and is not.
    MissingField = "missing-field",
    /// Fields that exclude each other, or one that needs another.
    ConflictingFields = "conflicting-fields",
    /// A step that says none of the things a step can say.
    UnknownStep = "unknown-step",
    /// A text that is not one of the words or forms the field takes.
    InvalidValue = "invalid-value",
    /// An account that is not twelve digits.
    InvalidAccount = "invalid-account",
    /// Something else where an ARN has to be.
    InvalidArn = "invalid-arn",
    /// Something else where an action has to be.
    InvalidAction = "invalid-action",
    /// An action that the catalog does not know: probably a slip. It is asked all the same.
    UnknownAction = "unknown-action",
    /// A context key of a service that the catalog knows without it: probably a slip.
    UnknownKey = "unknown-key",
    /// A date or a length of time that can't be read, or a clock that would run backwards.
    InvalidTime = "invalid-time",
    /// A name that nothing in the file bears.
    UnknownName = "unknown-name",
    /// A name that several things bear.
    AmbiguousName = "ambiguous-name",
    /// A thing of the world that two files describe.
    DescribedTwice = "described-twice",
    /// A file that can't be read.
    UnreadableFile = "unreadable-file",
    /// A file that, through others, includes itself.
    CyclicInclude = "cyclic-include",
    /// A world that AWS would refuse.
    Refused = "refused",
    /// An expectation that what came can't be written into. No file is refused for it.
    NotBlessed = "not-blessed",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Finding {
    /// A finding that makes the file unusable.
    pub(crate) fn error(source: &Source, code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str(),
            severity: Severity::Error,
            message: message.into(),
            help: None,
            source: source.clone(),
            span,
            related: Vec::new(),
        }
    }

    /// A finding that leaves the file usable.
    pub(crate) fn warning(source: &Source, code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(source, code, span, message) }
    }

    /// A file that could not be read at all: it has a name, and no text to show.
    ///
    /// ```
    /// let finding = iamsim_scenario::Finding::unreadable("story.json", "no such file");
    /// assert_eq!(finding.to_string(), "story.json: error[unreadable-file]: no such file");
    /// ```
    pub fn unreadable(name: &str, reason: impl Into<String>) -> Self {
        Self::error(&Source::new(name, ""), Code::UnreadableFile, Span::default(), reason)
    }

    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub(crate) fn with_related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push((span, message.into()));
        self
    }

    /// The stable code: one of [`Code`], or of the policy language's own list.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether it stops the file or only warns.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong: lower case, no full stop, the author's text in backticks.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, if there is something to say.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The text it is about.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The range it is about.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Further places it speaks of, each with what is to be seen there.
    pub fn related(&self) -> impl Iterator<Item = (Span, &str)> {
        self.related.iter().map(|(span, message)| (*span, message.as_str()))
    }

    /// Line and column; none for a file that could not be read.
    pub fn position(&self) -> Option<Position> {
        let has_text = !self.source.text().is_empty() || self.code != Code::UnreadableFile.as_str();
        has_text.then(|| self.source.position(self.span.start))
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.name())?;
        if let Some(Position { line, column }) = self.position() {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}[{}]: {}", self.severity, self.code, self.message)
    }
}

impl std::error::Error for Finding {}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let related = diagnostic.related().iter();
        Self {
            code: diagnostic.code().as_str(),
            severity: diagnostic.severity(),
            message: diagnostic.message().to_owned(),
            help: diagnostic.help().map(str::to_owned),
            source: diagnostic.source().clone(),
            span: diagnostic.span(),
            related: related.map(|place| (place.span(), place.message().to_owned())).collect(),
        }
    }
}

impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::from(&diagnostic)
    }
}

pub(crate) fn of_policy(error: &PolicyError) -> impl Iterator<Item = Finding> {
    error.diagnostics().iter().map(Finding::from)
}
