//! How long the command line takes before it does anything.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::table::time;
use super::{Outcome, aligned, executable};

/// How long the command line takes to start, with and without its catalog.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often each command is started.
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    runs: usize,
}

/// What is started: nothing but the program, and what reads the catalog.
const COMMANDS: &[(&str, &[&str])] = &[
    ("iamsim --version", &["--version"]),
    ("iamsim catalog", &["catalog"]),
    ("iamsim decide, no cases", &["decide"]),
];

/// A command, and the fastest and the median of its runs.
pub(crate) struct Started {
    name: &'static str,
    fastest: Duration,
    median: Duration,
}

pub(crate) fn run(options: &Options, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    let measured = measure(options.runs, root, say)?;
    say(aligned(&rows(&measured)).trim_end());
    Ok(())
}

/// Starts everything so many times.
pub(crate) fn measure(runs: usize, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome<Vec<Started>> {
    let program = executable(root, &["build", "--release", "--quiet", "--package", "iamsim-cli"], "iamsim")?;
    let mut measured = Vec::new();
    for (name, arguments) in COMMANDS {
        let mut times = Vec::new();
        for _ in 0..runs.max(1) {
            let (succeeded, took) = timed(&program, arguments)?;
            if !succeeded {
                break;
            }
            times.push(took);
        }
        times.sort_unstable();
        match (times.first(), times.get(times.len() / 2)) {
            (Some(fastest), Some(median)) => {
                measured.push(Started { name, fastest: *fastest, median: *median });
            }
            _ => say(&format!("{name}: skipped, it fails here")),
        }
    }
    Ok(measured)
}

#[expect(clippy::disallowed_methods, reason = "this measures time")]
fn timed(program: &Path, arguments: &[&str]) -> Outcome<(bool, Duration)> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().map_err(|error| format!("can't run {}: {error}", program.display()))?;
    Ok((status.success(), start.elapsed()))
}

/// One line for each command.
pub(crate) fn rows(measured: &[Started]) -> Vec<Vec<String>> {
    let mut rows = vec![["", "fastest", "median", "goal"].map(str::to_owned).to_vec()];
    for Started { name, fastest, median } in measured {
        let goal = if *name == "iamsim catalog" {
            format!("≤ 5 ms: {}", if fastest.as_millis() < 5 { "held" } else { "missed" })
        } else {
            String::new()
        };
        let shown = |took: &Duration| time(took.as_secs_f64() * 1e9);
        rows.push(vec![(*name).to_owned(), shown(fastest), shown(median), goal]);
    }
    rows
}
