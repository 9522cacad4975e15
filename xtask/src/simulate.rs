//! Runs scenario files: finds them, reads them, prints what came, and says so in the exit status.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iamsim_scenario::{
    Colour, Detail, Finding, Loaded, MAX_SOURCE_BYTES, Outcome, Scenario, Source, Totals, render, report,
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
}

/// Where the scenarios of the repository are.
const OWN_SCENARIOS: &str = "testdata/scenarios";

/// Folders inside folders; more is a loop of links.
const DEEPEST: usize = 32;

/// The repository this program was built from.
pub(crate) fn repository() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let (base, paths) = if arguments.paths.is_empty() {
        (repository().to_owned(), vec![PathBuf::from(OWN_SCENARIOS)])
    } else {
        (PathBuf::new(), arguments.paths.clone())
    };
    let mut run = Run {
        base,
        detail: if arguments.explain { Detail::Explanation } else { Detail::Reason },
        printer: Printer::new(arguments.format),
        totals: Totals::default(),
        unusable: 0,
        matched: false,
    };
    let files = run.find(&paths);
    for file in files {
        run.file(&file, arguments.filter.as_deref());
    }
    if let Some(text) = &arguments.filter
        && !run.matched
    {
        run.refuse(&[Finding::unreadable("--filter", format!("no scenario and no step speaks of `{text}`"))]);
    }
    run.finish()
}

struct Run {
    /// What paths are relative to; empty for the current folder.
    base: PathBuf,
    detail: Detail,
    printer: Printer,
    totals: Totals,
    unusable: usize,
    matched: bool,
}

impl Run {
    /// The scenario files that paths stand for: a folder's in the order of their names.
    fn find(&mut self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for path in paths {
            if self.base.join(path).is_dir() {
                let before = files.len();
                self.walk(path, 0, &mut files);
                if files.len() == before {
                    let reason = "the folder has no scenarios: no file in it ends in `.json`";
                    self.refuse(&[Finding::unreadable(&shown(path), reason)]);
                }
            } else {
                files.push(path.clone());
            }
        }
        files
    }

    fn walk(&mut self, folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(self.base.join(folder))
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>());
        let mut names = match entries {
            Ok(_) if depth > DEEPEST => {
                let reason = format!("folders are nested more than {DEEPEST} deep; is a link a loop?");
                return self.refuse(&[Finding::unreadable(&shown(folder), reason)]);
            }
            Ok(names) => names,
            Err(error) => return self.refuse(&[Finding::unreadable(&shown(folder), told(&error))]),
        };
        names.sort();
        for name in names {
            let path = folder.join(&name);
            if self.base.join(&path).is_dir() {
                if name != "policies" {
                    self.walk(&path, depth + 1, files);
                }
            } else if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }

    fn file(&mut self, path: &Path, filter: Option<&str>) {
        match self.scenario(path) {
            Err(findings) => self.refuse(&findings),
            Ok((outcome, warnings)) => {
                let outcome = match filter {
                    Some(text) => outcome.filtered(text),
                    None => Some(outcome),
                };
                let Some(outcome) = outcome else { return };
                self.matched = true;
                self.totals += outcome.totals();
                self.printer.findings(&warnings);
                self.printer.outcome(outcome, self.detail);
            }
        }
    }

    fn scenario(&self, path: &Path) -> Result<(Outcome, Vec<Finding>), Vec<Finding>> {
        let name = shown(path);
        let bytes = read(&self.base.join(path)).map_err(|why| vec![Finding::unreadable(&name, why)])?;
        let source = Source::from_bytes(name, bytes).map_err(|finding| vec![finding.into()])?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut load = |file: &str| {
            let path = tidied(&folder.join(file));
            Ok(Loaded { name: shown(&path), bytes: read(&self.base.join(&path))? })
        };
        let scenario = Scenario::parse(&source, &mut load)?;
        let outcome = scenario.run()?;
        Ok((outcome, scenario.warnings().to_vec()))
    }

    /// Tells why an input can't be used.
    fn refuse(&mut self, findings: &[Finding]) {
        self.unusable += 1;
        self.printer.findings(findings);
    }

    fn finish(mut self) -> ExitCode {
        let Totals { failed, undetermined, .. } = self.totals;
        self.printer.finish(self.totals, self.unusable, self.detail);
        ExitCode::from(match (self.unusable, failed, undetermined) {
            (0, 0, 0) => 0,
            (0, 0, _) => 4,
            (0, _, _) => 1,
            _ => 2,
        })
    }
}

/// Writes to the terminal, and stops in peace when nobody reads any more.
struct Printer {
    format: Format,
    out: Option<io::BufWriter<io::Stdout>>,
    colour: Colour,
    is_first: bool,
    /// For JSON, which is written at the end.
    outcomes: Vec<Outcome>,
    findings: Vec<Finding>,
}

impl Printer {
    fn new(format: Format) -> Self {
        let in_colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            format,
            out: Some(io::BufWriter::new(io::stdout())),
            colour: if in_colour { Colour::On } else { Colour::Off },
            is_first: true,
            outcomes: Vec::new(),
            findings: Vec::new(),
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

    fn outcome(&mut self, outcome: Outcome, detail: Detail) {
        match self.format {
            Format::Json => self.outcomes.push(outcome),
            Format::Text => {
                let gap = if std::mem::take(&mut self.is_first) { "" } else { "\n" };
                self.write(&format!("{gap}{}", outcome.to_text(detail)));
            }
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        match self.format {
            Format::Json => self.findings.extend_from_slice(findings),
            Format::Text => {
                let mut err = io::stderr().lock();
                for finding in findings {
                    // Nobody to tell is no reason to fail.
                    let _ = writeln!(err, "{}\n", render(finding, self.colour));
                }
            }
        }
    }

    fn finish(&mut self, totals: Totals, unusable: usize, detail: Detail) {
        match self.format {
            Format::Json => {
                let text = report(&self.outcomes, &self.findings, detail);
                self.write(&text);
            }
            Format::Text => {
                let gap = if self.is_first { "" } else { "\n" };
                let refused = match unusable {
                    0 => String::new(),
                    1 => ", 1 input can't be used".to_owned(),
                    count => format!(", {count} inputs can't be used"),
                };
                self.write(&format!("{gap}{totals}{refused}\n"));
            }
        }
    }
}

/// A path as it was given, with `/` on every platform.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A path without `.` and, where it is clear what they mean, without `..`.
fn tidied(path: &Path) -> PathBuf {
    use std::path::Component;

    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
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
