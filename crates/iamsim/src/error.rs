//! One error for everything: AWS's code and message, and for the library's user also why.

use std::fmt;

use iamsim_eval::Explanation;
use iamsim_model::{ErrorCode, ModelError};
use iamsim_policy::{AccountId, Diagnostic, InvalidAction, InvalidArn};

/// What AWS, or the world, refused.
///
/// [`Display`](fmt::Display) is AWS's code and message; when there is more to say in plain words, that
/// follows.
///
/// ```
/// let mut cloud = iamsim::Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// account.add_user("alice")?;
/// let refused = account.add_user("Alice").unwrap_err();
/// assert_eq!((refused.code(), refused.status()), ("EntityAlreadyExists", 409));
/// assert_eq!(refused.message(), "User with name Alice already exists.");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone)]
pub struct Error(Box<Parts>);

#[derive(Clone)]
struct Parts {
    code: ErrorCode,
    message: Box<str>,
    reason: Option<Box<str>>,
    explanation: Option<Explanation>,
    diagnostics: Box<[Diagnostic]>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<Box<str>>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            reason: None,
            explanation: None,
            diagnostics: [].into(),
        }))
    }

    pub(crate) fn with_reason(mut self, reason: impl Into<Box<str>>) -> Self {
        self.0.reason = Some(reason.into());
        self
    }

    pub(crate) fn with_explanation(mut self, explanation: Explanation) -> Self {
        self.0.explanation = Some(explanation);
        self
    }

    /// AWS's code, such as `AccessDenied`.
    ///
    /// `Undetermined` is the one code that is not AWS's: whether AWS would do it depends on something nobody
    /// has said, and [`explanation`](Self::explanation) names it.
    pub fn code(&self) -> &'static str {
        self.0.code.as_str()
    }

    /// The HTTP status AWS sends with the code; 0 for `Undetermined`.
    pub fn status(&self) -> u16 {
        self.0.code.status()
    }

    /// AWS's message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Why, in plain words, where the message does not say it: AWS gives one answer for every way in which a
    /// role can't be assumed (TRU-40). Never on the wire.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The trace of the decision, when a request was denied or undetermined.
    pub fn explanation(&self) -> Option<&Explanation> {
        self.0.explanation.as_ref()
    }

    /// What was found in a policy's text, each with its place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())?;
        match self.reason() {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// Errors of a failed test are printed with `{:?}`: this is the text with the explanation.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for finding in self.diagnostics() {
            write!(f, "\n{finding}")?;
            if let Some(help) = finding.help() {
                write!(f, "\n  help: {help}")?;
            }
        }
        match self.explanation() {
            Some(explanation) => write!(f, "\n{explanation}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        Self(Box::new(Parts {
            code: error.code(),
            message: error.message().into(),
            reason: error.reason().map(Into::into),
            explanation: None,
            diagnostics: error.diagnostics().into(),
        }))
    }
}

impl From<InvalidAction> for Error {
    fn from(error: InvalidAction) -> Self {
        Self::new(ErrorCode::ValidationError, error.to_string())
    }
}

impl From<InvalidArn> for Error {
    fn from(error: InvalidArn) -> Self {
        Self::new(ErrorCode::ValidationError, error.to_string())
    }
}

/// Reads an account id.
pub(crate) fn account_id(text: &str) -> Result<AccountId, Error> {
    text.parse::<AccountId>().map_err(|error| Error::new(ErrorCode::ValidationError, error.to_string()))
}
