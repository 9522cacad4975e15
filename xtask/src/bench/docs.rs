//! Writes what was measured into the documents, all at once, from one run: nobody copies a number.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::table::{self, Measured};
use super::{Outcome, gate, growth, output_of, peers, start};

/// Measure everything and write it into docs/performance.md, docs/growth.svg and README.md.
///
/// For a quiet machine: it takes about ten minutes once everything is built, and a neighbour shows in every
/// number.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Short measurements: for a look at the documents, not for publishing them.
    #[arg(long)]
    quick: bool,

    /// Leave the other engines out; what the documents say of them stays.
    #[arg(long)]
    without_peers: bool,
}

const DOCUMENT: &str = "docs/performance.md";
const README: &str = "README.md";

pub(crate) fn run(options: &Options, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    let quick = options.quick;
    let mut parts = vec![("machine", machine(root, quick)?)];
    let measured = table::measure(&table::Options::of(None, quick), root, say)?;
    parts.push(("table", markdown(&table::rows(&measured, None))));
    let mut short = short(&measured);
    if gate::has_valgrind() {
        say("counting instructions …");
        let counts = gate::count(root, |_| true)?;
        parts.push(("instructions", markdown(&gate::rows_of(&counts))));
    }
    say("building organizations …");
    let tiers: &[&str] = if quick { &["S", "M", "L"] } else { &["S", "M", "L", "XL", "XXL"] };
    parts.push(("organizations", markdown(&organizations(tiers, root)?)));
    say("starting the command line …");
    parts.push(("start", markdown(&start::rows(&start::measure(if quick { 50 } else { 500 }, root, say)?))));
    let panels = growth::measure(quick, root, say)?;
    parts.push(("growth", markdown(&growth::rows(&panels))));
    if !options.without_peers {
        say("measuring other engines …");
        let peers = peers::measure(quick, root)?;
        parts.push(("peers", markdown(&peers::rows(&peers))));
        let _ = write!(short, "\n{}", markdown(&peers::rows(&peers)));
    }
    super::write(root, growth::PLOT, &growth::plot(&panels))?;
    for (name, text) in &parts {
        replace(root, DOCUMENT, name, text)?;
    }
    replace(root, README, "performance", &short)?;
    say(&format!("wrote {DOCUMENT}, {} and {README}", growth::PLOT));
    Ok(())
}

/// What the README shows: decisions, and no more.
fn short(measured: &[Measured]) -> String {
    let rows = table::rows(measured, None);
    let decisions = rows.into_iter().enumerate().filter(|(index, row)| {
        let name = row.first().map(String::as_str).unwrap_or_default();
        *index == 0 || ["decide/", "matrix/", "world/W2"].iter().any(|start| name.starts_with(start))
    });
    markdown(&decisions.map(|(_, row)| row).collect::<Vec<_>>())
}

/// The processor, the compiler, and what was measured.
fn machine(root: &Path, quick: bool) -> Outcome<String> {
    let compiler = output_of(Command::new("rustc").arg("--version").current_dir(root))?;
    let commit = output_of(Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root));
    let processor = fs::read("/proc/cpuinfo").ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let processor = processor.as_deref().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        line.split_once(':').map(|(_, name)| name.trim())
    });
    let commit = commit.map_or_else(|_| "an unknown commit".to_owned(), |commit| commit.trim().to_owned());
    let note = if quick { " **Short measurements: not for claims.**" } else { "" };
    Ok(format!(
        "Measured at {commit} on {}, {}.{note}\n",
        processor.unwrap_or("an unknown processor"),
        compiler.trim()
    ))
}

fn organizations(tiers: &[&str], root: &Path) -> Outcome<Vec<Vec<String>>> {
    let head = [
        "tier",
        "roles",
        "documents",
        "policy text",
        "built in",
        "held",
        "at most",
        "bytes a role",
        "p50",
        "p99",
        "goal",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let build = ["bench", "--package", "iamsim-benches", "--bench", "organization", "--no-run", "--quiet"];
    let program = super::executable(root, &build, "organization")?;
    for tier in tiers {
        let printed = output_of(Command::new(&program).arg(tier))?;
        let value = |key: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'));
            line.and_then(|value| value.parse::<f64>().ok()).unwrap_or(f64::NAN)
        };
        let megabytes = |key: &str| format!("{:.1} MB", value(key) / 1e6);
        let goal = match *tier {
            "XL" => goal(value("build_ms"), value("most_bytes")),
            _ => String::new(),
        };
        rows.push(vec![
            (*tier).to_owned(),
            format!("{:.0}", value("roles")),
            format!("{:.0}", value("documents")),
            megabytes("bytes"),
            table::time(value("build_ms") * 1e6),
            megabytes("held_bytes"),
            megabytes("most_bytes"),
            format!("{:.0}", value("held_bytes") / value("roles")),
            table::time(value("p50_ns")),
            table::time(value("p99_ns")),
            goal,
        ]);
    }
    Ok(rows)
}

/// What is asked of the organization of 10,000 roles.
fn goal(milliseconds: f64, bytes: f64) -> String {
    let held = milliseconds <= 5_000.0 && bytes <= 300e6;
    format!("≤ 5 s, ≤ 300 MB: {}", if held { "held" } else { "missed" })
}

/// Rows as a Markdown table; the first is its head.
fn markdown(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {} |", row.join(" | "));
        if index == 0 {
            text.push_str("|---|");
            text.push_str(&"---:|".repeat(row.len().saturating_sub(1)));
            text.push('\n');
        }
    }
    text
}

/// Puts a text between its marks.
fn replace(root: &Path, file: &str, name: &str, text: &str) -> Outcome {
    let bytes = fs::read(root.join(file)).map_err(|error| format!("{file} can't be read: {error}"))?;
    let whole = String::from_utf8(bytes).map_err(|_| format!("{file} is not text"))?.replace('\r', "");
    super::write(
        root,
        file,
        &replaced(&whole, name, text).ok_or_else(|| format!("{file} has lost its part `{name}`"))?,
    )
}

fn replaced(whole: &str, name: &str, text: &str) -> Option<String> {
    let begin = format!("<!-- begin {name}: written by `cargo xtask bench docs` -->\n");
    let end = format!("<!-- end {name} -->\n");
    let (before, rest) = whole.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let whole = "a\n<!-- begin x: written by `cargo xtask bench docs` -->\nold\n<!-- end x -->\nb\n";
        let once = replaced(whole, "x", "new\n").unwrap();
        assert!(
            once.starts_with("a\n")
                && once.ends_with("\nb\n")
                && once.contains("\nnew\n")
                && !once.contains("old")
        );
        assert_eq!(replaced(&once, "x", "new\n").unwrap(), once);
        assert_eq!(replaced(whole, "y", "new\n"), None);
    }

    #[test]
    fn the_documents_have_all_their_parts() {
        let root = crate::tidy::root();
        let of =
            |file: &str| String::from_utf8(fs::read(root.join(file)).unwrap()).unwrap().replace('\r', "");
        for part in ["machine", "table", "instructions", "organizations", "start", "growth", "peers"] {
            assert!(replaced(&of(DOCUMENT), part, "").is_some(), "{DOCUMENT}: {part}");
        }
        assert!(replaced(&of(README), "performance", "").is_some(), "{README}");
    }

    #[test]
    fn an_organization_has_to_be_built_in_time_and_in_memory() {
        let check = |milliseconds: f64, megabytes: f64, expected: &str| {
            assert_eq!(goal(milliseconds, megabytes * 1e6), format!("≤ 5 s, ≤ 300 MB: {expected}"));
        };
        check(400.0, 96.0, "held");
        check(5_100.0, 96.0, "missed");
        check(400.0, 301.0, "missed");
        check(f64::NAN, 96.0, "missed");
    }

    #[test]
    fn a_table_has_a_line_under_its_head() {
        let rows = [["", "time"], ["W1", "5 ns"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(markdown(&rows), "|  | time |\n|---|---:|\n| W1 | 5 ns |\n");
    }
}
