//! One piece of advice: plain data, drawn elsewhere.

use std::fmt;

use iamsim_policy::{Diagnostic, Position, Related, Severity, Source, Span, Statement};

/// How much a finding matters.
///
/// ```
/// use iamsim_lint::Level;
///
/// assert!(Level::Error > Level::Warning && Level::Warning > Level::Note);
/// assert_eq!(Level::parse("warning"), Some(Level::Warning));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the three levels that every report format has")]
pub enum Level {
    /// Worth knowing; often intended.
    Note,
    /// Most likely not what was meant.
    Warning,
    /// The document can't be used, or opens a door to strangers.
    Error,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// The level's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level with a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which statement a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a statement has a number, and perhaps a name")]
pub struct StatementName {
    /// Its number in the document, counted from 1.
    pub number: usize,
    /// Its `Sid`.
    pub sid: Option<Box<str>>,
}

impl StatementName {
    pub(crate) fn new(number: usize, statement: &Statement) -> Self {
        Self { number, sid: statement.sid().map(Into::into) }
    }
}

impl fmt::Display for StatementName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => f.write_str(sid),
            None => write!(f, "{}", self.number),
        }
    }
}

/// One finding. Displays as one line: `file:line:column: warning[code]: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    code: &'static str,
    level: Level,
    message: String,
    help: Option<String>,
    source: Source,
    span: Span,
    related: Vec<(Span, String)>,
    statement: Option<StatementName>,
}

impl Finding {
    pub(crate) fn new(
        code: &'static str,
        level: Level,
        source: &Source,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            level,
            message: message.into(),
            help: None,
            source: source.clone(),
            span,
            related: Vec::new(),
            statement: None,
        }
    }

    pub(crate) fn help_with(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn related_to(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.related.push((span, message.into()));
        self
    }

    /// Something in the document takes the edge off.
    pub(crate) fn lowered_to_note(&mut self) -> &mut Self {
        self.level = Level::Note;
        self
    }

    pub(crate) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    pub(crate) fn set_statement(&mut self, statement: Option<StatementName>) {
        self.statement = statement;
    }

    /// The stable code: that of a [`Rule`](crate::Rule), or of the policy language's own list.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        self.level
    }

    /// What is odd: lower case, no full stop, the author's text in backticks.
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
    pub fn related(&self) -> impl ExactSizeIterator<Item = (Span, &str)> {
        self.related.iter().map(|(span, message)| (*span, message.as_str()))
    }

    /// The statement it is about; none when it is about the whole document.
    pub fn statement(&self) -> Option<&StatementName> {
        self.statement.as_ref()
    }

    /// Where it begins, for people.
    pub fn position(&self) -> Position {
        self.source.position(self.span.start)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.source.place(self.span);
        write!(f, "{place}: {}[{}]: {}", self.level, self.code, self.message)
    }
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let level = match diagnostic.severity() {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        };
        let related = |place: &Related| (place.span(), place.message().to_owned());
        let code = diagnostic.code().as_str();
        let mut finding =
            Self::new(code, level, diagnostic.source(), diagnostic.span(), diagnostic.message());
        finding.help = diagnostic.help().map(str::to_owned);
        finding.related = diagnostic.related().iter().map(related).collect();
        finding
    }
}
