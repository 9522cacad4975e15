//! The gate that noise doesn't touch: instructions of a decision, counted by valgrind.
//!
//! The counts that hold are committed with the compiler they were taken with. Another compiler makes other
//! instructions, so there the gate says that it skipped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::{Outcome, aligned, executable, output_of};

/// Count the instructions of a decision with valgrind, and fail when they grew.
///
/// Compares with the committed counts, where valgrind is installed and the compiler is the one the counts were
/// taken with; elsewhere it says in one line that it skipped.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the counts instead of comparing with them.
    #[arg(long)]
    write: bool,

    /// Count everything there is, not only what the gate holds.
    #[arg(long)]
    all: bool,
}

/// The committed counts.
const COUNTS: &str = "benches/instructions.json";
/// What may not grow.
const HELD: &[&str] = &["W1", "W2", "W3"];
/// By how much it may, in percent.
const SLACK: f64 = 5.0;

pub(crate) fn run(arguments: &Arguments, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    if !has_valgrind() {
        say("instructions: skipped, there is no valgrind here");
        return Ok(());
    }
    let compiler = output_of(Command::new("rustc").arg("-vV").current_dir(root))?;
    let path = root.join(COUNTS);
    let committed: Value = match fs::read(&path) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| format!("{COUNTS} can't be read: {error}"))?
        }
        Err(_) if arguments.write => Value::Null,
        Err(error) => return Err(format!("{COUNTS} can't be read: {error}")),
    };
    let taken_with = lines(&committed, "rustc");
    if !arguments.write && taken_with != compiler.lines().collect::<Vec<_>>() {
        let other = taken_with.first().copied().unwrap_or("no compiler");
        say(&format!("instructions: skipped, the counts were taken with {other}"));
        return Ok(());
    }
    let counts = count(root, |name| arguments.all || arguments.write || HELD.contains(&name))?;
    let mut rows = vec![["", "instructions", "committed", "change"].map(str::to_owned).to_vec()];
    let mut grown = Vec::new();
    for (name, count) in &counts {
        let before = committed.pointer("/instructions").and_then(|counts| counts.get(name)?.as_f64());
        let change = before.map(|before| (count / before - 1.0) * 100.0);
        if HELD.contains(&name.as_str()) && change.is_none_or(|change| change > SLACK) {
            grown.push(name.as_str());
        }
        rows.push(vec![
            name.clone(),
            format!("{count:.0}"),
            before.map_or_else(String::new, |before| format!("{before:.0}")),
            change.map_or_else(String::new, |change| format!("{change:+.1} %")),
        ]);
    }
    say(aligned(&rows).trim_end());
    if arguments.write {
        let counts: Map<String, Value> =
            counts.iter().map(|(name, count)| (name.clone(), json!(count.round()))).collect();
        let written = json!({
            "about": "Instructions of one decision (one compilation for `compiled`), by `cargo xtask bench gate --write`.",
            "rustc": compiler.lines().collect::<Vec<_>>(),
            "instructions": counts,
        });
        let text = format!("{written:#}\n");
        return fs::write(&path, text).map_err(|error| format!("{COUNTS} can't be written: {error}"));
    }
    if grown.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} takes more than {SLACK} % more instructions than committed; make it cheaper, or say in the commit \
         why it has to cost that and run `cargo xtask bench gate --write`",
        grown.join(", ")
    ))
}

/// Counts as rows: a work's instructions, and how many times its lower bound they are.
pub(crate) fn rows_of(counts: &[(String, f64)]) -> Vec<Vec<String>> {
    let mut rows = vec![["", "instructions", "× lower bound"].map(str::to_owned).to_vec()];
    for (name, count) in counts {
        let bound = counts.iter().find(|(other, _)| *other == format!("{name} lower bound"));
        let times = bound.map_or_else(String::new, |(_, bound)| format!("{:.1}", count / bound));
        rows.push(vec![name.clone(), format!("{count:.0}"), times]);
    }
    rows
}

fn lines<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    let lines = value.get(key).and_then(Value::as_array);
    lines.map(|lines| lines.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Whether there is a valgrind to count with.
pub(crate) fn has_valgrind() -> bool {
    let asked =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// So many instructions take a profiler that counts them half a minute.
const LARGE: f64 = 1e9;

/// The instructions of one piece of each work that is wanted.
pub(crate) fn count(root: &Path, is_wanted: impl Fn(&str) -> bool) -> Outcome<Vec<(String, f64)>> {
    let build = ["bench", "--package", "iamsim-benches", "--bench", "count", "--no-run", "--quiet"];
    let program = executable(root, &build, "count")?;
    let mut counts = Vec::new();
    for line in output_of(&mut Command::new(&program))?.lines() {
        let (name, pieces) = line.split_once('\t').ok_or_else(|| format!("`{line}` is no work to count"))?;
        let pieces: f64 = pieces.parse().map_err(|_| format!("`{line}` is no work to count"))?;
        if !is_wanted(name) {
            continue;
        }
        // The first rounds make what is made once; a small piece needs more rounds to be seen, a large one is
        // seen in two.
        let few = instructions(&program, name, 2)?;
        let rounds = if few > LARGE {
            2
        } else if pieces < 10.0 {
            200
        } else {
            10
        };
        let many = instructions(&program, name, 2 + rounds)?;
        counts.push((name.to_owned(), (many - few) / (f64::from(rounds) * pieces)));
    }
    Ok(counts)
}

/// All instructions of a run.
fn instructions(program: &Path, what: &str, rounds: u32) -> Outcome<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([what, &rounds.to_string()])
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("can't run valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("valgrind did not count `{what}`:\n{said}")),
    }
}
