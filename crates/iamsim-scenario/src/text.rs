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
        let mut last = None;
        for step in self.steps() {
            let place = Some(step.place());
            write_step(&mut text, step, &widths, place != last, detail);
            last = place;
        }
        text
    }
}

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
            let lengths = steps.iter().filter(|step| !is_note(step)).map(|step| part(step).chars().count());
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
    let Widths { who, what, on, context, came } = *widths;
    let verdict = match (step.verdict(), step.expected()) {
        // Why a step was skipped stands below it.
        (Verdict::Done | Verdict::Skipped, _) => String::new(),
        (Verdict::Passed, _) => "as expected".to_owned(),
        (Verdict::Failed, _) => "FAILED".to_owned(),
        (Verdict::Undetermined, expected) => {
            format!("UNDETERMINED, expected {}", expected.unwrap_or("a decision"))
        }
    };
    let columns = [
        pad(step.who().unwrap_or_default(), who),
        pad(step.what(), what),
        pad(step.on().unwrap_or_default(), on),
        pad(step.context().unwrap_or_default(), context),
        pad(step.came(), came),
        verdict,
    ];
    // A column that nobody fills takes no room.
    let widths = [who, what, on, context, came, 1];
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
