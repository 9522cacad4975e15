//! What came of a scenario: step by step, what was asked, what was expected, what came, and why.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;

use iamsim::{Cloud, Decision, Explanation};
use iamsim_policy::{Position, Source, Span};

use crate::file::{Expected, StatementName};
use crate::policies::PolicyText;

/// What came of one scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub(crate) title: String,
    pub(crate) tags: Vec<String>,
    pub(crate) source: Source,
    pub(crate) sources: Arc<[Source]>,
    pub(crate) policies: Arc<[PolicyText]>,
    /// The world as the story begins.
    pub(crate) cloud: Cloud,
    pub(crate) skipped: Option<String>,
    pub(crate) steps: Vec<StepOutcome>,
}

/// What came of one step, or of one combination where a step asks several.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    pub(crate) step: Arc<StepText>,
    pub(crate) asked: Asked,
    pub(crate) judged: Judged,
}

/// What the file says of a step.
#[derive(Debug)]
pub(crate) struct StepText {
    pub(crate) number: Option<usize>,
    pub(crate) kind: StepKind,
    pub(crate) name: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) place: Place,
    pub(crate) expect: Option<Place>,
}

/// What one line of a step asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) who: Option<String>,
    pub(crate) what: String,
    pub(crate) on: Option<String>,
    pub(crate) context: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    pub(crate) came: String,
    pub(crate) because: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) expected: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) differences: Vec<Difference>,
    /// The decision that tells, first.
    pub(crate) explanations: Vec<Explanation>,
    pub(crate) actual: Option<Actual>,
}

/// What came, as an expectation would say it: what a bless writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Actual {
    pub(crate) outcome: Option<Expected>,
    pub(crate) layer: Option<String>,
    /// Policy and statement of the first statement that decided.
    pub(crate) policy: Option<String>,
    pub(crate) statement: Option<StatementName>,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) unknown: Option<Vec<String>>,
    pub(crate) arn: Option<String>,
    pub(crate) lasts: Option<String>,
    pub(crate) link: Option<String>,
}

/// A range of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a text and a range of it, nothing else")]
pub struct Place {
    /// The text.
    pub source: Source,
    /// The range.
    pub span: Span,
}

impl Place {
    /// Line and column of its beginning.
    pub fn position(&self) -> Position {
        self.source.position(self.span.start)
    }
}

/// `file:line:column`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source.place(self.span), f)
    }
}

/// What kind of step it is. A kind of step may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// May this caller do this?
    Question,
    /// An operation of STS that opens a session.
    Session,
    /// A sign-in to the console, or a switch of roles there.
    Console,
    /// Time passes.
    Clock,
    /// The world is changed.
    Change,
    /// The world is remembered, or compared with what was remembered.
    Comparison,
    /// Something that may never be allowed.
    Never,
    /// Something that has to be allowed always.
    Always,
}

impl StepKind {
    /// A stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Session => "session",
            Self::Console => "console",
            Self::Clock => "clock",
            Self::Change => "change",
            Self::Comparison => "comparison",
            Self::Never => "never",
            Self::Always => "always",
        }
    }
}

/// How a step came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a step holds, fails, can't be told, was left out, or had nothing to hold"
)]
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
    /// It was left out: it says `skip`, or another one says `only`.
    Skipped,
}

impl Verdict {
    /// A stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Undetermined => "undetermined",
            Self::Skipped => "skipped",
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

/// How many steps passed, failed, could not be told, or were left out.
///
/// ```
/// use iamsim_scenario::Totals;
///
/// let mut totals = Totals::default();
/// totals.passed = 42;
/// assert_eq!(totals.to_string(), "42 passed, 0 failed");
/// totals.undetermined = 1;
/// totals.skipped = 2;
/// assert_eq!(totals.to_string(), "42 passed, 0 failed, 1 undetermined, 2 skipped");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "four counts, one for each verdict that counts")]
pub struct Totals {
    /// Steps whose expectations hold.
    pub passed: usize,
    /// Steps that failed.
    pub failed: usize,
    /// Steps that needed a yes or no and got none.
    pub undetermined: usize,
    /// Steps that were left out, and whole scenarios that were.
    pub skipped: usize,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.undetermined += other.undetermined;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        for (count, word) in [(self.undetermined, "undetermined"), (self.skipped, "skipped")] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}

impl Outcome {
    /// The scenario's title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// The scenario's tags.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The scenario's own text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Every text that was read for it: the scenario, the worlds it includes, the policies it refers to.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Every policy that stands in those texts.
    pub fn policies(&self) -> &[PolicyText] {
        &self.policies
    }

    /// The world as the story begins.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Why no step was taken, when the scenario was left out.
    pub fn skipped(&self) -> Option<&str> {
        self.skipped.as_deref()
    }

    /// The steps in order; a step that asks several things is several here.
    pub fn steps(&self) -> &[StepOutcome] {
        &self.steps
    }

    /// How many passed, failed, could not be told, or were left out.
    pub fn totals(&self) -> Totals {
        let count = |verdict| self.steps.iter().filter(|step| step.judged.verdict == verdict).count();
        Totals {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            undetermined: count(Verdict::Undetermined),
            skipped: count(Verdict::Skipped) + usize::from(self.skipped.is_some()),
        }
    }

    /// Only the steps that speak of a text, in their name or in what they ask, whatever its case; all of
    /// them when the title does. None when nothing does.
    #[must_use]
    pub fn filtered(mut self, text: &str) -> Option<Self> {
        let wanted = text.to_lowercase();
        if self.title.to_lowercase().contains(&wanted) {
            return Some(self);
        }
        self.steps.retain(|step| step.speaks_of(&wanted));
        (!self.steps.is_empty()).then_some(self)
    }

    /// Only the steps that bear one of these labels; all of them when the scenario has it as a tag. None when
    /// nothing has.
    #[must_use]
    pub fn tagged(mut self, tags: &[String]) -> Option<Self> {
        let has = |own: &[String]| own.iter().any(|own| tags.contains(own));
        if tags.is_empty() || has(&self.tags) {
            return Some(self);
        }
        self.steps.retain(|step| has(&step.step.labels));
        (!self.steps.is_empty()).then_some(self)
    }
}

impl StepOutcome {
    pub(crate) fn new(step: &Arc<StepText>, asked: Asked, judged: Judged) -> Self {
        Self { step: step.clone(), asked, judged }
    }

    /// The step's number in the file, from 1; 0 for what the scenario expects at every step.
    pub fn number(&self) -> usize {
        self.step.number.unwrap_or_default()
    }

    /// The step's name.
    pub fn name(&self) -> Option<&str> {
        self.step.name.as_deref()
    }

    /// The step's labels.
    pub fn labels(&self) -> &[String] {
        &self.step.labels
    }

    /// What kind of step it is.
    pub fn kind(&self) -> StepKind {
        self.step.kind
    }

    /// Where the step stands.
    pub fn place(&self) -> &Place {
        &self.step.place
    }

    /// Where the step says what it expects.
    pub fn expect_place(&self) -> Option<&Place> {
        self.step.expect.as_ref()
    }

    /// Who acts, as the file names it.
    pub fn who(&self) -> Option<&str> {
        self.asked.who.as_deref()
    }

    /// What is done: an action, an operation, or a word for it.
    pub fn what(&self) -> &str {
        &self.asked.what
    }

    /// On what it is done, as the file names it.
    pub fn on(&self) -> Option<&str> {
        self.asked.on.as_deref()
    }

    /// The name of the context, where a step asks in several.
    pub fn context(&self) -> Option<&str> {
        self.asked.context.as_deref()
    }

    /// What came: a decision, an AWS error code, the name of a session, or `done`.
    pub fn came(&self) -> &str {
        &self.judged.came
    }

    /// The decision, where a question was decided.
    pub fn decision(&self) -> Option<Decision> {
        match self.step.kind {
            StepKind::Question | StepKind::Never | StepKind::Always => {
                self.explanation().map(Explanation::decision)
            }
            _ => None,
        }
    }

    /// Why, in one line.
    pub fn because(&self) -> Option<&str> {
        self.judged.because.as_deref()
    }

    /// AWS's own message, of a step that was refused.
    pub fn message(&self) -> Option<&str> {
        self.judged.message.as_deref()
    }

    /// What was expected, in short.
    pub fn expected(&self) -> Option<&str> {
        self.judged.expected.as_deref()
    }

    /// How it came out.
    pub fn verdict(&self) -> Verdict {
        self.judged.verdict
    }

    /// What was expected and came otherwise.
    pub fn differences(&self) -> &[Difference] {
        &self.judged.differences
    }

    /// The explanation of the decision, where there was one: the one that tells when there were several.
    pub fn explanation(&self) -> Option<&Explanation> {
        self.judged.explanations.first()
    }

    /// The explanations of all decisions that the step rests on: a session may need several.
    pub fn explanations(&self) -> &[Explanation] {
        &self.judged.explanations
    }

    fn speaks_of(&self, wanted: &str) -> bool {
        let parts = [self.name(), self.who(), Some(self.what()), self.on(), self.context()];
        parts.into_iter().flatten().any(|part| part.to_lowercase().contains(wanted))
    }
}
