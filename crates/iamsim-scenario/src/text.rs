//! Outcomes as text for people.

use crate::outcome::{Outcome, StepOutcome, Verdict};

/// What a text shows beside the steps and their reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a trace is shown or it is not")]
pub enum Detail {
    /// What was asked, what came, and one line why.
    #[default]
    Reason,
    /// The canonical text of each explanation as well.
    Explanation,
}

/// A column is not made wider than this for the sake of one long entry.
const WIDEST: usize = 64;

impl Outcome {
    /// The outcome as text: a title, then for each step what was asked, what came, whether it was as
    /// expected, and why.
    ///
    /// The text is the same on every run and platform, and ends with a line break.
    pub fn to_text(&self, detail: Detail) -> String {
        let mut text = format!("{}\n{}\n", self.title(), self.file());
        if let Some(reason) = self.skipped() {
            push_line(&mut text, &format!("      skipped: {reason}"));
        }
        let widths = Widths::of(self.steps());
        for lines in self.steps().chunk_by(|one, next| one.place() == next.place()) {
            let mut folded = 0;
            for (index, step) in lines.iter().enumerate() {
                // Of a large matrix what is as expected is told by its number; whatever is not is told.
                let is_told = detail == Detail::Explanation
                    || lines.len() <= MANY
                    || index < SHOWN
                    || step.verdict() != Verdict::Passed;
                if is_told {
                    write_step(&mut text, step, &widths, index == 0, detail);
                } else {
                    folded += 1;
                }
            }
            if folded > 0 {
                push_line(&mut text, &format!("      … and {folded} more as expected"));
            }
        }
        text
    }
}

/// A matrix of more questions is folded, to this many.
const MANY: usize = 12;
const SHOWN: usize = 6;

#[derive(Clone, Copy, Default)]
struct Widths {
    who: usize,
    what: usize,
    on: usize,
    context: usize,
    came: usize,
}

impl Widths {
    fn of(steps: &[StepOutcome]) -> Self {
        let widest = |part: &dyn Fn(&StepOutcome) -> &str| {
            let lengths = steps
                .iter()
                .filter(|step| !is_note(step) && !is_summary(step))
                .map(|step| part(step).chars().count());
            lengths.filter(|length| *length <= WIDEST).max().unwrap_or_default()
        };
        Self {
            who: widest(&|step| step.who().unwrap_or_default()),
            what: widest(&|step| step.what()),
            on: widest(&|step| step.on().unwrap_or_default()),
            context: widest(&|step| step.context().unwrap_or_default()),
            came: widest(&|step| step.came()),
        }
    }
}

/// A step in which only time passes has no columns.
fn is_note(step: &StepOutcome) -> bool {
    step.came().is_empty()
}

/// A line that speaks of a whole matrix is as long as it is, and makes no column wider.
fn is_summary(step: &StepOutcome) -> bool {
    step.verdict() == Verdict::Skipped || step.number() == 0 && step.verdict() == Verdict::Passed
}

fn write_step(text: &mut String, step: &StepOutcome, widths: &Widths, is_first: bool, detail: Detail) {
    // What holds at every step has no number, and a word in its place.
    let number = match step.number() {
        0 => step.kind().as_str().to_owned(),
        number => number.to_string(),
    };
    let mut number = if is_first { format!("{number:>4}") } else { " ".repeat(4) };
    if let (true, Some(name)) = (is_first, step.name()) {
        push_line(text, &format!("{number}  {name}"));
        number = " ".repeat(4);
    }
    if is_note(step) {
        return push_line(text, &format!("{number}  {}", step.what()));
    }
    let verdict = match (step.verdict(), step.expected()) {
        // Why a step was skipped stands below it.
        (Verdict::Done | Verdict::Skipped, _) => String::new(),
        (Verdict::Passed, _) => "as expected".to_owned(),
        (Verdict::Failed, _) => "FAILED".to_owned(),
        (Verdict::Undetermined, expected) => {
            format!("UNDETERMINED, expected {}", expected.unwrap_or("a decision"))
        }
    };
    let Widths { who, what, on, context, came } = if is_summary(step) { Widths::default() } else { *widths };
    let columns = [
        pad(step.who().unwrap_or_default(), who),
        pad(step.what(), what),
        pad(step.on().unwrap_or_default(), on),
        pad(step.context().unwrap_or_default(), context),
        pad(step.came(), came),
        verdict,
    ];
    // A column that nobody fills takes no room.
    let widths = if is_summary(step) {
        columns.each_ref().map(|column| column.trim_end().len())
    } else {
        [who, what, on, context, came, 1]
    };
    let shown = columns.iter().zip(widths).filter(|(_, width)| *width > 0).map(|(column, _)| column.as_str());
    push_line(text, &format!("{number}  {}", shown.collect::<Vec<_>>().join("  ")));
    for difference in step.differences() {
        let line = format!(
            "        {}: expected {}, came {}",
            difference.what, difference.expected, difference.came
        );
        push_line(text, &line);
    }
    if let Some(because) = step.because() {
        push_line(text, &format!("        {because}"));
    }
    if let (Verdict::Failed, Some(explanation)) = (step.verdict(), step.explanation()) {
        // The first near miss of a missing Allow is in the reason already.
        let told = step.because().unwrap_or_default();
        for near_miss in explanation
            .near_misses()
            .iter()
            .filter(|near| near.place().is_none_or(|place| !told.contains(place)))
        {
            push_line(text, &format!("        near miss: {near_miss}"));
        }
    }
    if let (Detail::Explanation, Some(explanation)) = (detail, step.explanation()) {
        text.push('\n');
        for line in explanation.to_string().lines() {
            push_line(text, &format!("        | {line}"));
        }
        text.push('\n');
    }
}

fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}
