//! How a command ends. The one place where exit codes are told.

use std::process::ExitCode;

/// The exit codes, for the help of every command that has several.
pub(crate) const HELP: &str = "\
Exit status:
  0  done; of a question: allowed; of scenarios: every expectation holds
  1  of a question: denied; an expectation fails, worlds differ, or too little is covered or noticed
  2  an input can't be read or understood, or the command line can't
  4  undetermined: a yes or no is wanted, and what is known gives none

When several apply, 2 goes before 1, and 1 before 4.";

/// How a command ends: its exit code.
///
/// ```
/// use iamsim_cli::Exit;
///
/// assert_eq!(Exit::Undetermined.and(Exit::No), Exit::No);
/// assert_eq!(Exit::Unusable.code(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the four codes that are documented")]
pub enum Exit {
    /// Done, allowed, as expected.
    #[default]
    Yes,
    /// Denied, or not as expected.
    No,
    /// An input can't be used.
    Unusable,
    /// Neither yes nor no.
    Undetermined,
}

impl Exit {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Unusable => 2,
            Self::Undetermined => 4,
        }
    }

    /// What is told of two things at once: the worse.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Yes => 0,
            Self::Undetermined => 1,
            Self::No => 2,
            Self::Unusable => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
