//! `cargo xtask bench`: what everything costs, always beside something it can be compared with.
//!
//! Times are weather on a shared machine; what is printed first is therefore a ratio, to a lower bound or
//! another way of doing the same, measured in the same run. Instructions don't depend on the weather, and the
//! gate counts them.

mod docs;
mod gate;
mod growth;
mod peers;
mod start;
mod table;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What goes wrong is said in one sentence.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// Run the benches and print one table, with ratios to what was measured beside them in the same run.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,

    #[command(flatten)]
    table: table::Options,
}

#[derive(clap::Subcommand)]
enum Task {
    Gate(gate::Arguments),
    Peers(peers::Options),
    Growth(growth::Options),
    Start(start::Options),
    Docs(docs::Options),
}

/// Runs a task in the repository at `root`; what it has to say goes to `say`.
pub(crate) fn run(arguments: &Arguments, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    match &arguments.task {
        None => table::run(&arguments.table, root, say),
        Some(Task::Gate(arguments)) => gate::run(arguments, root, say),
        Some(Task::Peers(options)) => peers::run(options, root, say),
        Some(Task::Growth(options)) => growth::run(options, root, say),
        Some(Task::Start(options)) => start::run(options, root, say),
        Some(Task::Docs(options)) => docs::run(options, root, say),
    }
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root);
    command
}

/// Runs a program and gives what it prints; its errors go to the terminal.
fn output_of(command: &mut Command) -> Outcome<String> {
    let shown = format!("{command:?}");
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("can't run {shown}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{shown} failed ({})", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{shown} did not print text"))
}

/// Builds a target and gives where its program is.
fn executable(root: &Path, build: &[&str], name: &str) -> Outcome<PathBuf> {
    let printed = output_of(cargo(root, build).arg("--message-format=json-render-diagnostics"))?;
    let is_it = |message: &Value| message.pointer("/target/name").and_then(Value::as_str) == Some(name);
    let messages = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let path = messages.filter(is_it).find_map(|message| Some(message.get("executable")?.as_str()?.into()));
    path.ok_or_else(|| format!("cargo did not say where the program `{name}` is"))
}

/// Columns as wide as their widest cell; all but the first stand right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                let _ = write!(line, "{cell:<width$}");
            } else {
                let _ = write!(line, "  {cell:>width$}");
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Writes beside the file and moves over it, so that no half file stays.
fn write(root: &Path, name: &str, text: &str) -> Outcome {
    let path = root.join(name);
    let beside = path.with_extension("part");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|error| format!("{name} can't be written: {error}"))
}
