//! What came of a scenario: step by step, what was asked, what was expected, what came, and why.

use std::fmt;
use std::ops::AddAssign;

use iamsim::Explanation;

/// What came of one scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub(crate) title: String,
    pub(crate) file: String,
    pub(crate) steps: Vec<StepOutcome>,
}

/// What came of one step, or of one combination where a step asks several.
#[derive(Clone, Debug, Default)]
pub struct StepOutcome {
    pub(crate) number: usize,
    pub(crate) name: Option<String>,
    pub(crate) who: Option<String>,
    pub(crate) what: String,
    pub(crate) on: Option<String>,
    pub(crate) came: String,
    pub(crate) because: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) expected: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) differences: Vec<Difference>,
    pub(crate) explanation: Option<Explanation>,
}

/// How a step came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a step holds, fails, can't be told, or had nothing to hold")]
pub enum Verdict {
    /// Nothing was expected, and it went through.
    #[default]
    Done,
    /// Everything that was expected holds.
    Passed,
    /// Something that was expected does not hold, or a step without expectation was refused.
    Failed,
    /// A yes or no was needed, and what is known does not give one.
    Undetermined,
}

impl Verdict {
    /// A stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that was expected and came otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What it is about: the field of the expectation, such as `layer`, or `decision`.
    pub what: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub came: String,
}

/// How many steps passed, failed, or could not be told.
///
/// ```
/// use iamsim_scenario::Totals;
///
/// let mut totals = Totals::default();
/// totals.passed = 42;
/// assert_eq!(totals.to_string(), "42 passed, 0 failed");
/// totals.undetermined = 1;
/// assert_eq!(totals.to_string(), "42 passed, 0 failed, 1 undetermined");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "three counts, one for each verdict that counts")]
pub struct Totals {
    /// Steps whose expectations hold.
    pub passed: usize,
    /// Steps that failed.
    pub failed: usize,
    /// Steps that needed a yes or no and got none.
    pub undetermined: usize,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.undetermined += other.undetermined;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.undetermined {
            0 => Ok(()),
            count => write!(f, ", {count} undetermined"),
        }
    }
}

impl Outcome {
    /// The scenario's title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The steps in order; a step that asks several things is several here.
    pub fn steps(&self) -> &[StepOutcome] {
        &self.steps
    }

    /// How many passed, failed, or could not be told.
    pub fn totals(&self) -> Totals {
        let count = |verdict| self.steps.iter().filter(|step| step.verdict == verdict).count();
        Totals {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            undetermined: count(Verdict::Undetermined),
        }
    }

    /// Only the steps that speak of a text, in their name or in what they ask, whatever its case; all of
    /// them when the title does. None when nothing does.
    #[must_use]
    pub fn filtered(mut self, text: &str) -> Option<Self> {
        let wanted = text.to_lowercase();
        if !self.title.to_lowercase().contains(&wanted) {
            self.steps.retain(|step| step.speaks_of(&wanted));
        }
        (!self.steps.is_empty()).then_some(self)
    }
}

impl StepOutcome {
    /// The step's number in the file, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The step's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Who acts, as the file names it.
    pub fn who(&self) -> Option<&str> {
        self.who.as_deref()
    }

    /// What is done: an action, an operation, or a word for it.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// On what it is done, as the file names it.
    pub fn on(&self) -> Option<&str> {
        self.on.as_deref()
    }

    /// What came: a decision, an AWS error code, the name of a session, or `done`.
    pub fn came(&self) -> &str {
        &self.came
    }

    /// Why, in one line.
    pub fn because(&self) -> Option<&str> {
        self.because.as_deref()
    }

    /// AWS's own message, of a step that was refused.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What was expected, in short.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// How it came out.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What was expected and came otherwise.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// The explanation of the decision, where there was one.
    pub fn explanation(&self) -> Option<&Explanation> {
        self.explanation.as_ref()
    }

    fn speaks_of(&self, wanted: &str) -> bool {
        let parts = [self.name.as_deref(), self.who.as_deref(), Some(&self.what), self.on.as_deref()];
        parts.into_iter().flatten().any(|part| part.to_lowercase().contains(wanted))
    }
}
