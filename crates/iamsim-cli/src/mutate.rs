//! `iamsim mutate`: which changes of the policies would the scenarios not notice?

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clap::Args;
use iamsim_coverage::{Fate, Mutant, Mutants, MutateError, MutateOptions, mutate};
use iamsim_scenario::{Colour, find};

use crate::Global;
use crate::arguments::{Format, Jobs, percent};
use crate::disk::Disk;
use crate::exit::Exit;
use crate::failure::{self, Failure, print};
use crate::json::{Object, document};
use crate::progress::Progress;

/// Change the scenarios' policies one small step at a time, and find the changes that no scenario notices.
///
/// A mutant is a policy with one change: an effect flipped, an action or resource widened or narrowed, a condition,
/// an `IfExists` or a principal dropped or changed, a statement removed. A scenario notices it when an expectation
/// fails. For each mutant that nobody notices, a step is searched for that would, ready to be pasted.
///
/// The score is the share of mutants that are noticed, among all but those proved to be the same policy in other
/// words.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim mutate scenarios/
  iamsim mutate scenarios/ --min-score 90 --jobs 4
  iamsim mutate scenarios/first.json --format json | jq -r '.mutants[].step'

Exit status: 0 the score is reached, 1 it is not or a scenario fails as it is, 2 an input can't be used.")]
pub(crate) struct Mutate {
    /// Scenario files, or folders of them.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<String>,
    /// The least share of mutants that must be noticed, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_score: Option<u32>,
    /// Don't search for steps that tell survivors apart.
    #[arg(long)]
    no_search: bool,
    /// Show every mutant, noticed ones too.
    #[arg(long)]
    all: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    jobs: Jobs,
}

impl Mutate {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let disk = Disk::here();
        let found = find(&disk, &self.paths);
        if !found.findings.is_empty() {
            return Err(found.findings.into());
        }
        let mut options = MutateOptions::default();
        options.jobs = self.jobs.get();
        options.search = !self.no_search;
        let progress = Progress::new("mutants", global.quiet);
        let mutants = mutate(&disk, &found.files, options, &|done, all| progress.at(done, all));
        drop(progress);
        let mutants = match mutants {
            Ok(mutants) => mutants,
            Err(MutateError::Findings(findings)) => return Err(findings.into()),
            Err(MutateError::Failing(files)) => {
                let names = files.join("`, `");
                let failure = Failure::new(format!("`{names}` does not pass with the policies as they are"));
                failure.with_help("`iamsim run` shows what fails; mend it first").report();
                return Ok(Exit::No);
            }
            Err(_) => return Err(Failure::new("mutants can't be tested")),
        };
        let score = mutants.score();
        let exit = match self.min_score {
            Some(least) if score.permille() < least => Exit::No,
            _ => Exit::Yes,
        };
        if !(global.quiet && exit == Exit::Yes) {
            print(&match self.format {
                Format::Json => self.json(&mutants),
                Format::Text => self.text(&mutants),
            })?;
        }
        if let (Some(least), Exit::No) = (self.min_score, exit) {
            failure::line(&format!(
                "the score is {}, and at least {}.{} % is asked for",
                score.share(),
                least / 10,
                least % 10
            ));
        }
        Ok(exit)
    }

    fn shown<'m>(&self, mutants: &'m Mutants) -> Vec<&'m Mutant> {
        let is_shown =
            |mutant: &&Mutant| self.all || matches!(mutant.fate, Fate::Survived(_) | Fate::Unknown);
        mutants.mutants.iter().filter(is_shown).collect()
    }

    fn text(&self, mutants: &Mutants) -> String {
        let colour = failure::colour(&std::io::stdout());
        let mut text = String::new();
        for mutant in self.shown(mutants) {
            text.push_str(&excerpt(mutant, colour));
            text.push_str("\n\n");
        }
        let score = mutants.score();
        let _ = write!(
            text,
            "{} mutants: {} noticed, {} survived",
            mutants.mutants.len(),
            score.killed,
            score.survived
        );
        if score.unknown > 0 {
            let _ = write!(text, ", {} without a known difference", score.unknown);
        }
        if score.equivalent > 0 {
            let _ = write!(text, ", {} the same in other words", score.equivalent);
        }
        let _ = writeln!(text, "\nscore: {}", score.share());
        text
    }

    fn json(&self, mutants: &Mutants) -> String {
        let objects: Vec<Object> = self.shown(mutants).into_iter().map(object).collect();
        let score = mutants.score();
        let rest = Object::new()
            .number("noticed", Some(score.killed as u64))
            .number("survived", Some(score.survived as u64))
            .number("unknown", Some(score.unknown as u64))
            .number("equivalent", Some(score.equivalent as u64))
            .number("scorePermille", Some(score.permille().into()));
        document("mutants", &objects, &rest)
    }
}

/// A mutant as rustc draws a finding: the place, the change, and the step that would notice it.
fn excerpt(mutant: &Mutant, colour: Colour) -> String {
    let mutation = &mutant.mutation;
    let source = mutation.source();
    let (start, end) = (mutation.span().start as usize, mutation.span().end as usize);
    // The lines it stands in, so that what is drawn does not depend on the rest of the text.
    let text = source.text();
    let first = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1);
    let head = text.get(start..end).and_then(|own| own.find('\n')).map_or(end, |length| start + length);
    let last = text.get(head..).and_then(|after| after.find('\n')).map_or(text.len(), |line| head + line);
    let line = source.position(mutation.span().start).line as usize;
    let snippet = Snippet::source(text.get(first..last).unwrap_or_default())
        .path(source.name())
        .line_start(line)
        .annotation(AnnotationKind::Primary.span(start - first..head - first).label(mutation.what()));
    let (level, title) = match &mutant.fate {
        Fate::Killed { file, step } => (Level::INFO, format!("noticed by step {step} of {file}")),
        Fate::Survived(_) => (Level::WARNING, "no scenario notices this change".to_owned()),
        Fate::Equivalent { why } => (Level::INFO, format!("the same in other words: {why}")),
        _ => (
            Level::WARNING,
            "no scenario notices this change, and no request was found that would".to_owned(),
        ),
    };
    let mut group =
        Group::with_title(level.primary_title(&title).id(mutation.kind().as_str())).element(snippet);
    let (told, step);
    if let Fate::Survived(telling) = &mutant.fate {
        told = format!("{} as it is, {} with the change", telling.original, telling.mutant);
        let place = match telling.after {
            Some(0) => "as the first step".to_owned(),
            Some(number) => format!("after step {number}"),
            None => "as the last step".to_owned(),
        };
        step = format!("paste into {} {place}:\n{}", telling.file, telling.step);
        group = group.element(Level::NOTE.message(&told)).element(Level::HELP.message(&step));
    }
    let renderer = match colour {
        Colour::Off => Renderer::plain(),
        Colour::On => Renderer::styled(),
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

fn object(mutant: &Mutant) -> Object {
    let mutation = &mutant.mutation;
    let place = mutation.source().position(mutation.span().start);
    let fate = match &mutant.fate {
        Fate::Killed { .. } => "noticed",
        Fate::Survived(_) => "survived",
        Fate::Equivalent { .. } => "equivalent",
        _ => "unknown",
    };
    let mut object = Object::new()
        .text("fate", fate)
        .text("kind", mutation.kind().as_str())
        .text("file", mutation.source().name())
        .number("line", Some(place.line.into()))
        .number("column", Some(place.column.into()))
        .number("statement", Some(mutation.statement() as u64 + 1))
        .maybe("sid", mutation.sid())
        .text("what", mutation.what())
        .texts("scenarios", mutant.scenarios.iter().map(String::as_str));
    match &mutant.fate {
        Fate::Killed { file, step } => {
            object = object.text("noticedBy", &**file).number("noticedByStep", Some(*step as u64));
        }
        Fate::Survived(telling) => {
            object = object
                .text("stepFor", &*telling.file)
                .number("after", telling.after.map(|number| number as u64))
                .text("step", &*telling.step)
                .text("original", &*telling.original)
                .text("mutant", &*telling.mutant);
        }
        Fate::Equivalent { why } => object = object.text("why", &**why),
        _ => {}
    }
    object
}
