//! What stops a command, told to people or to programs.
//!
//! On standard error, a failure is text as rustc draws it, or with `--errors json` one JSON object a line:
//! `severity`, `code`, `message`, and where there are such `help`, `file`, `line` and `column`.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use iamsim_scenario::{Colour, Finding, Severity, render};

use crate::exit::Exit;
use crate::json::Object;

/// How failures are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ErrorFormat {
    /// For people.
    #[default]
    Text,
    /// For programs, one object a line.
    Json,
}

/// Set once, before anything can fail.
static AS_JSON: AtomicBool = AtomicBool::new(false);

pub(crate) fn set_format(format: ErrorFormat) {
    AS_JSON.store(format == ErrorFormat::Json, Ordering::Relaxed);
}

/// What stops a command.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Findings about an input, each with its place.
    Findings(Vec<Finding>),
    /// Anything else, in one line, and what to do about it.
    Other {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Whoever reads the output has seen enough: no failure at all.
    ClosedPipe,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Other { message: message.into(), help: None }
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        match self {
            Self::Other { message, .. } => Self::Other { message, help: Some(help.into()) },
            other => other,
        }
    }

    /// Tells of it, and how the command ends because of it.
    pub(crate) fn report(&self) -> Exit {
        match self {
            Self::ClosedPipe => return Exit::Yes,
            Self::Findings(found) => findings(found),
            Self::Other { message, help } => other(message, help.as_deref(), "failed"),
        }
        Exit::Unusable
    }

    /// Tells of a failure that does not end the command.
    pub(crate) fn told(message: &str) {
        other(message, None, "failed");
    }
}

impl From<Vec<Finding>> for Failure {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Findings(findings)
    }
}

impl From<Finding> for Failure {
    fn from(finding: Finding) -> Self {
        if finding.source().name().is_empty() {
            // About a word of the command line: there is no text to show.
            let failure = Self::new(finding.message());
            return match finding.help() {
                Some(help) => failure.with_help(help),
                None => failure,
            };
        }
        Self::Findings(vec![finding])
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::new(format!("can't write: {}", crate::disk::told(&error))),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let is_closed_pipe = error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
        if is_closed_pipe { Self::ClosedPipe } else { Self::new(format!("{error:#}")) }
    }
}

/// Tells of findings, errors and warnings.
pub(crate) fn findings(found: &[Finding]) {
    let colour = colour(&io::stderr());
    for finding in found {
        if AS_JSON.load(Ordering::Relaxed) {
            let position = finding.position();
            let severity = match finding.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let object = Object::new()
                .text("severity", severity)
                .text("code", finding.code())
                .text("message", finding.message())
                .maybe("help", finding.help())
                .text("file", finding.source().name())
                .number("line", position.map(|position| position.line.into()))
                .number("column", position.map(|position| position.column.into()));
            line(&object.to_string());
        } else {
            line(&format!("{}\n", render(finding, colour)));
        }
    }
}

fn other(message: &str, help: Option<&str>, code: &str) {
    if AS_JSON.load(Ordering::Relaxed) {
        let object = Object::new()
            .text("severity", "error")
            .text("code", code)
            .text("message", message)
            .maybe("help", help);
        line(&object.to_string());
        return;
    }
    line(&format!("error: {message}"));
    if let Some(help) = help {
        line(&format!("  help: {help}"));
    }
}

/// A command line that can't be understood, or that asks for help.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help and version are what was asked for; nobody to read them is no failure.
        let _ = error.print();
        return Exit::Yes.into();
    }
    // The flag itself may stand behind what is wrong.
    let arguments: Vec<String> = std::env::args().collect();
    let wants_json = arguments
        .windows(2)
        .any(|pair| matches!(pair, [flag, value] if flag == "--errors" && value == "json"))
        || arguments.iter().any(|argument| argument == "--errors=json");
    if wants_json {
        set_format(ErrorFormat::Json);
        let text = error.to_string();
        let mut parts = text.split("\n\n").map(str::trim);
        let message = parts.next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let help = parts.next().map(|usage| usage.replace('\n', " "));
        other(&message.replace('\n', " "), help.as_deref(), "usage");
    } else {
        let _ = error.print();
    }
    Exit::Unusable.into()
}

/// Whether what is written there is in colour.
pub(crate) fn colour(stream: &impl io::IsTerminal) -> Colour {
    if stream.is_terminal() && std::env::var_os("NO_COLOR").is_none() { Colour::On } else { Colour::Off }
}

/// A line on standard error. Nobody to tell is no reason to fail.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a text to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Whether long work may draw on the terminal.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}
