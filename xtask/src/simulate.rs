//! Runs scenario files: finds them, reads them, prints what came, and says so in the exit status.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iamsim_report::Report;
use iamsim_scenario::{
    Blessed, Colour, Detail, Files, Finding, MAX_SOURCE_BYTES, Options, Outcome, Scenario, Source, Totals,
    bless, excerpt, find, loader, render, run_files,
};

/// Run scenario files and print what was asked, what came and why.
///
/// Exit status: 0 when every expectation holds, 1 when one fails, 2 when an input can't be read or understood
/// (the others still run), 4 when a step that needs a decision stays undetermined.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders of them; folders named `policies` are left out.
    ///
    /// Without any, the repository's own scenarios are run, those in testdata/scenarios.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Print the whole explanation under each step.
    #[arg(long)]
    explain: bool,

    /// Show only the scenarios and steps that speak of TEXT. All steps are taken all the same.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Show only the scenarios with this tag and the steps with this label. May be given more than once.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// How many scenarios are run at a time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: usize,

    /// Write what came into the expectations that do not hold; the rest of each file stays as it is.
    ///
    /// Refused where the environment variable CI is set: a pipeline that blesses proves nothing.
    #[arg(long, conflicts_with_all = ["filter", "tags"])]
    bless: bool,

    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; testdata/README.md tells the fields.
    Json,
    /// JUnit XML, for test dashboards.
    Junit,
    /// SARIF 2.1.0, for code scanning: what failed, with the way to each decision.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// A summary for a pull request.
    Markdown,
    /// One page that holds all it needs: `--format html > report.html`.
    Html,
}

impl Format {
    /// The format of a report, which is written when all has run; a text is written as it comes.
    fn of_report(self) -> Option<iamsim_report::Format> {
        Some(match self {
            Self::Text => return None,
            Self::Json => iamsim_report::Format::Json,
            Self::Junit => iamsim_report::Format::Junit,
            Self::Sarif => iamsim_report::Format::Sarif,
            Self::Github => iamsim_report::Format::Github,
            Self::Markdown => iamsim_report::Format::Markdown,
            Self::Html => iamsim_report::Format::Html,
        })
    }
}

/// Where the scenarios of the repository are.
const OWN_SCENARIOS: &str = "testdata/scenarios";

/// The repository this program was built from.
pub(crate) fn repository() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let (base, paths) = if arguments.paths.is_empty() {
        (repository().to_owned(), vec![OWN_SCENARIOS.to_owned()])
    } else {
        (PathBuf::new(), arguments.paths.iter().map(|path| shown(path)).collect())
    };
    let disk = Disk { base };
    let mut printer = Printer::new(arguments);
    if arguments.bless && std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        let reason = "nothing is blessed where the environment variable `CI` is set";
        printer.findings(&[Finding::unreadable("--bless", reason)]);
        return ExitCode::from(2);
    }
    let found = find(&disk, &paths);
    let mut unusable = 0;
    for finding in &found.findings {
        unusable += 1;
        printer.findings(std::slice::from_ref(finding));
    }
    let mut options = Options::new().jobs(arguments.jobs);
    if let Some(text) = &arguments.filter {
        options = options.filter(text);
    }
    for tag in &arguments.tags {
        options = options.tag(tag);
    }
    let mut totals = Totals::default();
    let mut matched = false;
    run_files(&disk, &found.files, &options, &mut |file| {
        let warnings = file.warnings().to_vec();
        let file_name = &file.file().to_owned();
        match file.into_result() {
            Err(findings) => {
                unusable += 1;
                printer.findings(&findings);
            }
            Ok(outcome) => {
                matched = true;
                totals += outcome.totals();
                printer.findings(&warnings);
                let blessed = arguments.bless.then(|| disk.bless(&outcome));
                printer.outcome(&outcome);
                match blessed {
                    Some(Ok((steps, left))) => printer.blessed(file_name, steps, &left),
                    Some(Err(finding)) => {
                        unusable += 1;
                        printer.findings(&[finding]);
                    }
                    None => {}
                }
            }
        }
        ControlFlow::Continue(())
    });
    if !matched {
        for (flag, words) in [("--filter", arguments.filter.as_slice()), ("--tag", arguments.tags.as_slice())]
        {
            for word in words {
                unusable += 1;
                let reason = format!("no scenario and no step speaks of `{word}`");
                printer.findings(&[Finding::unreadable(flag, reason)]);
            }
        }
    }
    printer.finish(totals, unusable);
    ExitCode::from(match (unusable, totals.failed, totals.undetermined) {
        (0, 0, 0) => 0,
        (0, 0, _) => 4,
        (0, _, _) => 1,
        _ => 2,
    })
}

/// Writes to the terminal, and stops in peace when nobody reads any more.
struct Printer {
    /// What is written at the end; none when text is written as it comes.
    report: Option<(iamsim_report::Format, Report)>,
    detail: Detail,
    out: Option<io::BufWriter<io::Stdout>>,
    colour: Colour,
    /// Findings go to the other stream.
    colour_of_findings: Colour,
    is_first: bool,
}

impl Printer {
    fn new(arguments: &Arguments) -> Self {
        let in_colour = |is_terminal: bool| {
            if is_terminal && std::env::var_os("NO_COLOR").is_none() { Colour::On } else { Colour::Off }
        };
        Self {
            report: arguments.format.of_report().map(|format| (format, Report::new())),
            detail: if arguments.explain { Detail::Explanation } else { Detail::Reason },
            out: Some(io::BufWriter::new(io::stdout())),
            colour: in_colour(io::stdout().is_terminal()),
            colour_of_findings: in_colour(io::stderr().is_terminal()),
            is_first: true,
        }
    }

    fn write(&mut self, text: &str) {
        if let Some(out) = &mut self.out
            && out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err()
        {
            // A closed pipe: whoever read has read enough.
            if let Some(out) = self.out.take() {
                drop(out.into_parts());
            }
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        if let Some((_, report)) = &mut self.report {
            return report.add(outcome);
        }
        let gap = if std::mem::take(&mut self.is_first) { "" } else { "\n" };
        let mut text = format!("{gap}{}", outcome.to_text(self.detail));
        for drawn in outcome.steps().iter().filter_map(|step| excerpt(step, self.colour)) {
            text.push('\n');
            text.push_str(&drawn);
            text.push('\n');
        }
        self.write(&text);
    }

    fn blessed(&mut self, file: &str, steps: usize, left: &[Finding]) {
        self.findings(left);
        if steps > 0 && self.report.is_none() {
            let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
            self.write(&format!("      {steps} of {file} blessed\n"));
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        if let Some((_, report)) = &mut self.report {
            return report.add_findings(findings);
        }
        let mut err = io::stderr().lock();
        for finding in findings {
            // Nobody to tell is no reason to fail.
            let _ = writeln!(err, "{}\n", render(finding, self.colour_of_findings));
        }
    }

    fn finish(&mut self, totals: Totals, unusable: usize) {
        if let Some((format, report)) = self.report.take() {
            return self.write(&report.render(format, self.detail));
        }
        let gap = if self.is_first { "" } else { "\n" };
        let refused = match unusable {
            0 => String::new(),
            1 => ", 1 input can't be used".to_owned(),
            count => format!(", {count} inputs can't be used"),
        };
        self.write(&format!("{gap}{totals}{refused}\n"));
    }
}

/// A path as it was given, with `/` on every platform.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// The disk, seen from a folder.
struct Disk {
    /// What paths are relative to; empty for the current folder.
    base: PathBuf,
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
        let path = self.base.join(name);
        if read(&path).as_deref() != Ok(outcome.source().text().as_bytes()) {
            return Err(unusable("it has changed while it was run, and is not blessed".to_owned()));
        }
        write_whole(&path, &text)
            .map_err(|error| unusable(format!("it can't be written: {}", told(&error))))?;
        Ok((steps, left))
    }
}

/// Writes a file so that at every moment either the old text is there or the new one.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one: what it leads to is written.
    let path = fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // The one that counts is untouched.
        let _ = fs::remove_file(&beside);
    }
    written
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        read(&self.base.join(path))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let path = self.base.join(path);
        if !path.is_dir() {
            return Ok(None);
        }
        let names = fs::read_dir(path).and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        });
        names.map(Some).map_err(|error| told(&error))
    }
}

/// The bytes of a file, or why it can't be read: in lower case, without full stop.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|error| told(&error))?;
    let about = file.metadata().map_err(|error| told(&error))?;
    if about.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if about.len() > MAX_SOURCE_BYTES as u64 {
        let bytes = about.len();
        return Err(format!("the file has {bytes} bytes, and at most {MAX_SOURCE_BYTES} are read"));
    }
    // What is no ordinary file has no length: the bound is one byte past what is taken.
    let mut bytes = Vec::new();
    let bound = MAX_SOURCE_BYTES as u64 + 1;
    file.take(bound).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    Ok(bytes)
}

/// What went wrong, in words that are the same on every platform where there are such.
fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}
