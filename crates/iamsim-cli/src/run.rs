//! `iamsim run`: scenario files are found, read and run, and what came is printed.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Args;
use iamsim_coverage::{Coverage, PolicyCoverage, written};
use iamsim_report::{CoveredCondition, CoveredPolicy, CoveredStatement, Report};
use iamsim_scenario::{
    Blessed, Colour, Detail, Explanation, FileOutcome, Files as _, Finding, Options, Outcome, Scenario,
    Severity, Source, Totals, bless, excerpt, find, loader, run_files,
};

use crate::Global;
use crate::arguments::{Jobs, percent};
use crate::atomic;
use crate::disk::{Disk, shown, told};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::progress::Progress;
use crate::watch::Seen;

/// Run scenario files and print what was asked, what came and why.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  iamsim run scenarios/
  iamsim run scenarios/first.json --explain
  iamsim run scenarios/ --filter bucket --watch
  iamsim run scenarios/ --coverage --min-coverage 100 --lcov target/policies.lcov
  iamsim run scenarios/ --format html --output report.html
  iamsim run scenarios/ --format sarif --output iam.sarif
  iamsim run scenarios/ --bless

In a folder every file that ends in `.json` is a scenario, in folders inside it too; folders named `policies` are
left out.

Exit status: 0 every expectation holds, 1 one fails or too little is covered, 2 an input can't be used (the others
still run), 4 a step that needs a decision stays undetermined.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct Run {
    /// Scenario files, or folders of them.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print the whole explanation under each step.
    #[arg(long)]
    explain: bool,
    /// Show only the scenarios and steps that speak of TEXT. All steps are taken all the same.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Show only the scenarios with this tag and the steps with this label; may be given again.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Write what came into the expectations that do not hold; the rest of each file stays as it is.
    ///
    /// Refused where the environment variable CI is set: a pipeline that blesses proves nothing.
    #[arg(long, conflicts_with_all = ["filter", "tags", "watch"])]
    bless: bool,
    /// How to print: `text`, `json`, `junit`, `sarif`, `github`, `markdown` or `html`.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write there instead of to standard output: whole, or not at all.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print which statements, and which outcomes of conditions, the scenarios exercise.
    #[arg(long)]
    coverage: bool,
    /// Write the coverage of the policy files in lcov's format.
    #[arg(long, value_name = "FILE")]
    lcov: Option<PathBuf>,
    /// The least share of statements that must be exercised, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_coverage: Option<u32>,
    /// The same of the outcomes of conditions.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_condition_coverage: Option<u32>,
    /// Run again whenever a file changes, until interrupted.
    #[arg(long, conflicts_with_all = ["output"])]
    watch: bool,
    #[command(flatten)]
    jobs: Jobs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people, as it comes.
    Text,
    /// One document at the end.
    Report(iamsim_report::Format),
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "text" { Ok(Self::Text) } else { name.parse().map(Self::Report) }
    }
}

/// Where scenarios are looked for, and which when nothing is said.
#[derive(Clone, Debug)]
struct Place {
    base: PathBuf,
    paths: Vec<String>,
}

impl Run {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        if self.paths.is_empty() {
            return Err(Failure::new("no scenarios are named").with_help(
                "name files or folders: `iamsim run scenarios/`; `iamsim init` makes a first one",
            ));
        }
        let paths = self.paths.iter().map(|path| shown(path)).collect();
        self.again_and_again(global.quiet, &Place { base: PathBuf::new(), paths })
    }

    /// Runs as a task of a repository: without paths, the scenarios in `paths` below `base`.
    pub fn execute_in(&self, base: &Path, paths: &[&str]) -> Exit {
        let place = if self.paths.is_empty() {
            Place { base: base.to_owned(), paths: paths.iter().map(|path| (*path).to_owned()).collect() }
        } else {
            Place { base: PathBuf::new(), paths: self.paths.iter().map(|path| shown(path)).collect() }
        };
        self.again_and_again(false, &place).unwrap_or_else(|failure| failure.report())
    }

    fn again_and_again(&self, is_quiet: bool, place: &Place) -> Result<Exit, Failure> {
        if !self.watch {
            return self.once(is_quiet, place);
        }
        let watched: Vec<PathBuf> = place.paths.iter().map(|path| place.base.join(path)).collect();
        // Policies stand beside scenarios: the folders they are in are looked at whole.
        let folders: Vec<PathBuf> = watched
            .iter()
            .map(|path| match (path.is_dir(), path.parent()) {
                (false, Some(folder)) if folder.as_os_str().is_empty() => PathBuf::from("."),
                (false, Some(folder)) => folder.to_path_buf(),
                _ => path.clone(),
            })
            .collect();
        loop {
            let seen = Seen::now(&folders);
            match self.once(is_quiet, place) {
                Err(Failure::ClosedPipe) => return Ok(Exit::Yes),
                Err(failure) => drop(failure.report()),
                Ok(_) => {}
            }
            failure::line("\nwaiting for a change; Ctrl-C ends");
            seen.wait_for_change(&folders);
        }
    }

    fn once(&self, is_quiet: bool, place: &Place) -> Result<Exit, Failure> {
        if self.bless && std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
            return Err(Failure::new("nothing is blessed where the environment variable `CI` is set"));
        }
        let disk = Disk { base: place.base.clone() };
        let found = find(&disk, &place.paths);
        let mut printer = Printer::new(self, &disk, is_quiet);
        for finding in &found.findings {
            printer.refused(std::slice::from_ref(finding));
        }
        let coverage = Mutex::new(Coverage::new());
        let observer = |_: &str, explanation: &Explanation| lock(&coverage).observe(explanation);
        let mut options = Options::new().jobs(self.jobs.get().get());
        if let Some(text) = &self.filter {
            options = options.filter(text);
        }
        for tag in &self.tags {
            options = options.tag(tag);
        }
        if self.wants_coverage() {
            options = options.observer(&observer);
        }
        let progress = Progress::new("scenarios", is_quiet);
        let mut done = 0;
        run_files(&disk, &found.files, &options, &mut |file| {
            done += 1;
            progress.at(done, found.files.len());
            if self.wants_coverage()
                && let Ok(outcome) = file.result()
            {
                let mut coverage = lock(&coverage);
                for policy in written(outcome) {
                    coverage.declare(policy);
                }
            }
            printer.file(file)
        });
        drop(progress);
        let coverage = coverage.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !printer.matched && printer.unusable == 0 {
            for (flag, words) in [("--filter", self.filter.as_slice()), ("--tag", self.tags.as_slice())] {
                for word in words {
                    let reason = format!("no scenario and no step speaks of `{word}`");
                    printer.refused(&[Finding::unreadable(flag, reason)]);
                }
            }
        }
        let exit = printer.finish(self.wants_coverage().then_some(&coverage))?;
        Ok(exit.and(self.covered(&coverage)?))
    }

    fn wants_coverage(&self) -> bool {
        self.coverage
            || self.lcov.is_some()
            || self.min_coverage.is_some()
            || self.min_condition_coverage.is_some()
    }

    /// Tells of the coverage, and whether it is enough.
    fn covered(&self, coverage: &Coverage) -> Result<Exit, Failure> {
        if self.coverage {
            // A document on standard output would be spoilt by the table.
            match self.format {
                Format::Text if self.output.is_none() => {
                    failure::print(&format!("\n{}", coverage.to_text()))?;
                }
                _ => failure::line(coverage.to_text().trim_end()),
            }
        }
        if let Some(path) = &self.lcov {
            write(path, &coverage.to_lcov())?;
        }
        let totals = coverage.totals();
        let mut exit = Exit::Yes;
        for (least, count, what) in [
            (self.min_coverage, totals.statements, "statements"),
            (self.min_condition_coverage, totals.outcomes, "outcomes of conditions"),
        ] {
            if let Some(least) = least
                && count.permille() < least
            {
                failure::line(&format!(
                    "{} of the {what} are exercised, and at least {}.{} % are asked for",
                    count.share(),
                    least / 10,
                    least % 10
                ));
                exit = Exit::No;
            }
        }
        Ok(exit)
    }
}

/// A thread that failed leaves counts that are still counts.
fn lock(coverage: &Mutex<Coverage>) -> MutexGuard<'_, Coverage> {
    coverage.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    atomic::replace(path, text)
        .map_err(|error| Failure::new(format!("can't write `{}`: {}", shown(path), told(&error))))
}

/// What the HTML shows of the coverage.
fn covered(coverage: &Coverage) -> iamsim_report::Coverage {
    let policy = |policy: &PolicyCoverage| {
        let statements = policy.statements.iter().map(|statement| {
            let conditions = statement.conditions.iter().map(|condition| {
                let counts = (condition.held, condition.failed);
                CoveredCondition::new(&condition.key, &condition.operator, condition.span, counts)
            });
            let counts = (statement.matched, statement.judged);
            let (sid, effect) = (statement.sid.clone(), statement.effect);
            CoveredStatement::new(statement.span, sid, effect, counts, conditions.collect())
        });
        let place = policy.source.place(policy.span).to_string();
        CoveredPolicy::new(place, policy.source.clone(), policy.span, statements.collect())
    };
    iamsim_report::Coverage { policies: coverage.policies().map(policy).collect() }
}

impl Disk {
    /// Writes what came into a scenario: how many steps it changed, and what could not be written.
    fn bless(&self, outcome: &Outcome) -> Result<(usize, Vec<Finding>), Finding> {
        let Blessed { text, steps, left, .. } = bless(outcome);
        let Some(text) = text else { return Ok((0, left)) };
        let name = outcome.file();
        let unusable = |reason: String| Finding::unreadable(name, reason);
        // What is written has to be a scenario still, and of the file that was run.
        let source = Source::new(name, text.as_str());
        if let Err(findings) = Scenario::parse(&source, &mut loader(self, name)) {
            let why = findings.first().map_or_else(String::new, ToString::to_string);
            return Err(unusable(format!("it would not be a scenario any more when it is blessed: {why}")));
        }
        if self.read(name).as_deref() != Ok(outcome.source().text().as_bytes()) {
            return Err(unusable("it has changed while it was run, and is not blessed".to_owned()));
        }
        atomic::replace(&self.base.join(name), &text)
            .map_err(|error| unusable(format!("it can't be written: {}", told(&error))))?;
        Ok((steps, left))
    }
}

/// Prints outcomes as they come, or all of them at the end.
struct Printer<'r> {
    run: &'r Run,
    disk: &'r Disk,
    is_quiet: bool,
    detail: Detail,
    colour: Colour,
    is_first: bool,
    matched: bool,
    unusable: usize,
    totals: Totals,
    /// What could not be written, and ended the run.
    failed: Option<Failure>,
    /// What is written to a file.
    text: String,
    report: Report,
}

impl<'r> Printer<'r> {
    fn new(run: &'r Run, disk: &'r Disk, is_quiet: bool) -> Self {
        let colour = if run.output.is_some() { Colour::Off } else { failure::colour(&io::stdout()) };
        Self {
            run,
            disk,
            is_quiet,
            detail: if run.explain { Detail::Explanation } else { Detail::Reason },
            colour,
            is_first: true,
            matched: false,
            unusable: 0,
            totals: Totals::default(),
            failed: None,
            text: String::new(),
            report: Report::new(),
        }
    }

    fn file(&mut self, file: FileOutcome) -> ControlFlow<()> {
        let warnings = file.warnings().to_vec();
        match file.into_result() {
            Err(findings) => self.refused(&findings),
            Ok(outcome) => {
                self.matched = true;
                self.told(&warnings);
                self.outcome(&outcome);
                if self.run.bless {
                    match self.disk.bless(&outcome) {
                        Ok((steps, left)) => self.blessed(outcome.file(), steps, &left),
                        Err(finding) => self.refused(&[finding]),
                    }
                }
            }
        }
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// An input that can't be used.
    fn refused(&mut self, findings: &[Finding]) {
        self.unusable += 1;
        self.told(findings);
    }

    /// A document holds its findings; where it goes into a file, what is an error is told as well.
    fn told(&mut self, findings: &[Finding]) {
        if self.run.format == Format::Text {
            return failure::findings(findings);
        }
        self.report.add_findings(findings);
        if self.run.output.is_some() {
            let errors: Vec<Finding> =
                findings.iter().filter(|finding| finding.severity() == Severity::Error).cloned().collect();
            failure::findings(&errors);
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let totals = outcome.totals();
        self.totals += totals;
        match self.run.format {
            Format::Report(_) => self.report.add(outcome),
            Format::Text if self.is_quiet && totals.failed + totals.undetermined == 0 => {}
            Format::Text => {
                let gap = if std::mem::take(&mut self.is_first) { "" } else { "\n" };
                let mut text = format!("{gap}{}", outcome.to_text(self.detail));
                for drawn in outcome.steps().iter().filter_map(|step| excerpt(step, self.colour)) {
                    text.push('\n');
                    text.push_str(&drawn);
                    text.push('\n');
                }
                self.write(&text);
            }
        }
    }

    fn blessed(&mut self, file: &str, steps: usize, left: &[Finding]) {
        self.told(left);
        if steps > 0 && self.run.format == Format::Text {
            let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
            self.write(&format!("      {steps} of {file} blessed\n"));
        }
    }

    fn write(&mut self, text: &str) {
        if self.run.output.is_some() {
            self.text.push_str(text);
        } else if self.failed.is_none() {
            let mut out = io::stdout().lock();
            if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                self.failed = Some(error.into());
            }
        }
    }

    fn finish(mut self, coverage: Option<&Coverage>) -> Result<Exit, Failure> {
        let exit = match (self.unusable, self.totals.failed, self.totals.undetermined) {
            (0, 0, 0) => Exit::Yes,
            (0, 0, _) => Exit::Undetermined,
            (0, _, _) => Exit::No,
            _ => Exit::Unusable,
        };
        match self.run.format {
            Format::Report(format) => {
                if let Some(coverage) = coverage {
                    self.report.set_coverage(covered(coverage));
                }
                let text = self.report.render(format, self.detail);
                self.write(&text);
            }
            Format::Text if self.is_quiet && exit == Exit::Yes => {}
            Format::Text => {
                let gap = if self.is_first { "" } else { "\n" };
                let refused = match self.unusable {
                    0 => String::new(),
                    1 => ", 1 input can't be used".to_owned(),
                    count => format!(", {count} inputs can't be used"),
                };
                let line = format!("{gap}{}{refused}\n", self.totals);
                self.write(&line);
            }
        }
        if let Some(path) = &self.run.output {
            write(path, &self.text)?;
        }
        match self.failed {
            // Whoever read has read enough; what failed until then has failed.
            Some(Failure::ClosedPipe) | None => Ok(exit),
            Some(failure) => Err(failure),
        }
    }
}
