//! Runs criterion's benches and prints what they measured as one table.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Outcome, aligned, cargo};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only benches whose name holds TEXT, such as `decide` or `W2`.
    #[arg(value_name = "TEXT")]
    filter: Option<String>,

    /// Short measurements: for a look, not for a claim.
    #[arg(long)]
    quick: bool,

    /// Keep what is measured as a baseline of this name; what it held of these benches is replaced.
    #[arg(long, value_name = "NAME", conflicts_with = "against", value_parser = baseline)]
    save: Option<String>,

    /// Show how many times the baseline of this name each bench takes.
    ///
    /// A bench that the baseline does not have shows nothing there. What the bounds take (`lower bound`,
    /// `serde_json`) is the same before and after: it shows what the machine did meanwhile.
    #[arg(long, value_name = "NAME", value_parser = baseline)]
    against: Option<String>,
}

/// The benches, in the order of a policy's way.
const BENCHES: &[&str] = &["parse", "compile", "decide", "explain", "matrix", "world", "queries"];

/// What the others of its group are compared with, by the beginning of its name.
const BASES: &[&str] = &["lower bound", "serde_json", "decision only", "one thread", "one at a time"];

/// What must hold: the bench, and at most so many nanoseconds or so many times its base, whichever is more.
const GOALS: &[(&str, Option<f64>, Option<f64>)] = &[
    ("parse/W2/policy", None, Some(3.0)),
    ("parse/W3/policy", None, Some(3.0)),
    ("parse/W4/policy", None, Some(3.0)),
    ("parse/the managed policies of AWS/policy", None, Some(3.0)),
    ("compile/W2/iamsim, from text", Some(400_000.0), None),
    ("decide/W1 prepared/iamsim", Some(15.0), Some(2.0)),
    ("decide/W2 prepared/iamsim", Some(100.0), Some(2.0)),
    ("decide/W3 prepared/iamsim", Some(300.0), Some(1.0)),
    ("decide/W4 prepared/iamsim", Some(30.0), None),
    ("decide/W2 from text/iamsim", Some(1_000.0), None),
    ("world/W2 assembled/iamsim", Some(3_000.0), None),
    ("matrix/W4 from text to answers/iamsim", Some(20e6), None),
    ("matrix/W4 one at a time, wall clock/two threads", None, Some(0.56)),
    ("explain/W2/deciding statements named", None, Some(1.3)),
    ("explain/W2/explanation", None, Some(10.0)),
    ("explain/W2/explanation and its text", Some(50_000.0), None),
];

/// How long criterion takes for each bench. It is the median that is shown, of a hundred samples unless a bench is
/// slow and says otherwise: longer ones take the weather in more often than they even it out.
const FULL: &[&str] = &["--warm-up-time", "1", "--measurement-time", "3", "--nresamples", "10000"];
pub(crate) const QUICK: &[&str] =
    &["--warm-up-time", "0.2", "--measurement-time", "0.5", "--sample-size", "10", "--nresamples", "1001"];

/// What one bench measured.
pub(crate) struct Measured {
    /// `decide/W2 prepared`.
    pub(crate) group: String,
    /// `iamsim`.
    pub(crate) function: String,
    /// The number a bench was run with, where it was run with several.
    pub(crate) value: Option<f64>,
    /// Nanoseconds for one decision where the bench counts decisions, for the whole elsewhere.
    pub(crate) nanoseconds: f64,
    /// The same of the baseline.
    before: Option<f64>,
    /// How much text is read in that time.
    bytes: Option<f64>,
}

impl Measured {
    fn name(&self) -> String {
        format!("{}/{}", self.group, self.function)
    }

    fn is_base(&self) -> bool {
        BASES.iter().any(|base| self.function.starts_with(base))
    }
}

/// The name of a baseline: a folder's name beside those in which criterion keeps its own.
fn baseline(name: &str) -> Result<String, String> {
    if matches!(name, "new" | "base" | "change" | "report") {
        return Err("criterion keeps something of its own under that name".to_owned());
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err("a baseline's name has letters, digits, `-` and `_`".to_owned());
    }
    Ok(name.to_owned())
}

pub(crate) fn run(arguments: &Options, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    let against = arguments.against.as_deref();
    // Said at once, not when everything has been measured.
    if let Some(name) = against
        && !has_baseline(&home(root), name).map_err(|error| error.to_string())?
    {
        return Err(format!(
            "there is no baseline `{name}`: make one with `cargo xtask bench --save {name}`"
        ));
    }
    let measured = measure(arguments, root, say)?;
    if measured.is_empty() {
        let filter = arguments.filter.as_deref().unwrap_or_default();
        return Err(format!(
            "no bench has `{filter}` in its name; names begin with {}",
            BENCHES.join("/, ") + "/"
        ));
    }
    if let Some(name) = against
        && measured.iter().all(|measured| measured.before.is_none())
    {
        return Err(format!("the baseline `{name}` has none of these benches: it was saved of others"));
    }
    say(aligned(&rows(&measured, against)).trim_end());
    if arguments.quick {
        say("(quick: good for a look, not for a claim)");
    }
    if let Some(name) = &arguments.save {
        say(&format!("saved as `{name}`; compare with it by `cargo xtask bench --against {name}`"));
    }
    Ok(())
}

/// Where criterion keeps what it measured.
fn home(root: &Path) -> PathBuf {
    root.join("target/criterion")
}

/// Whether any bench was saved under a name.
fn has_baseline(folder: &Path, name: &str) -> std::io::Result<bool> {
    for path in folders(folder)? {
        if path.ends_with(name) && path.join("estimates.json").is_file() || has_baseline(&path, name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Options {
    /// A run that keeps and compares nothing.
    pub(crate) fn of(filter: Option<String>, quick: bool) -> Self {
        Self { filter, quick, save: None, against: None }
    }
}

/// Runs all benches and reads what criterion wrote.
pub(crate) fn measure(options: &Options, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome<Vec<Measured>> {
    measure_all(BENCHES, if options.quick { QUICK } else { FULL }, options, root, say)
}

/// Runs some benches, each for so long, and reads what criterion wrote.
pub(crate) fn measure_all(
    benches: &[&str],
    effort: &[&str],
    arguments: &Options,
    root: &Path,
    say: &mut dyn FnMut(&str),
) -> Outcome<Vec<Measured>> {
    let home = home(root);
    forget_new(&home).map_err(|error| format!("can't clear {}: {error}", home.display()))?;
    for bench in benches {
        say(&format!("measuring {bench} …"));
        let mut command =
            cargo(root, &["bench", "--quiet", "--package", "iamsim-benches", "--bench", bench, "--"]);
        command.env("CRITERION_HOME", &home).arg("--noplot");
        if let Some(filter) = &arguments.filter {
            command.arg(filter);
        }
        command.args(effort);
        if let Some(name) = &arguments.save {
            command.args(["--save-baseline", name]);
        }
        // What criterion says of its progress is worth reading only when it fails.
        let output = command.output().map_err(|error| format!("can't run cargo: {error}"))?;
        if !output.status.success() {
            return Err(format!("the bench `{bench}` failed:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    let mut measured = Vec::new();
    read(&home, arguments.against.as_deref(), &mut measured)?;
    let place = |measured: &Measured| {
        let first = measured.group.split('/').next().unwrap_or_default();
        benches.iter().position(|bench| *bench == first)
    };
    measured.sort_by_key(|measured| (place(measured), measured.group.clone(), measured.is_base()));
    Ok(measured)
}

/// Removes what earlier runs measured, but no baseline.
fn forget_new(folder: &Path) -> std::io::Result<()> {
    for path in folders(folder)? {
        if path.ends_with("new") {
            fs::remove_dir_all(path)?;
        } else {
            forget_new(&path)?;
        }
    }
    Ok(())
}

fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn read(folder: &Path, against: Option<&str>, measured: &mut Vec<Measured>) -> Outcome {
    for path in folders(folder).map_err(|error| format!("can't read {}: {error}", folder.display()))? {
        if !path.ends_with("new") {
            read(&path, against, measured)?;
            continue;
        }
        let about = json(&path.join("benchmark.json"))?;
        let text = |key: &str| about.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let pieces = about.pointer("/throughput/Elements").and_then(Value::as_f64).unwrap_or(1.0);
        let before =
            against.map(|name| folder.join(name).join("estimates.json")).filter(|path| path.is_file());
        measured.push(Measured {
            group: text("group_id"),
            function: text("function_id"),
            value: about.get("value_str").and_then(Value::as_str).and_then(|value| value.parse().ok()),
            nanoseconds: median(&path.join("estimates.json"))? / pieces,
            before: before.map(|path| median(&path)).transpose()?.map(|before| before / pieces),
            bytes: about.pointer("/throughput/Bytes").and_then(Value::as_f64),
        });
    }
    Ok(())
}

fn median(path: &Path) -> Outcome<f64> {
    let estimate = json(path)?.pointer("/median/point_estimate").and_then(Value::as_f64);
    estimate.ok_or_else(|| format!("{} has no median", path.display()))
}

fn json(path: &Path) -> Outcome<Value> {
    let bytes = fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// The table: a bench, its time, how many times its base that is, and what was asked of it.
pub(crate) fn rows(measured: &[Measured], against: Option<&str>) -> Vec<Vec<String>> {
    let mut head: Vec<String> = ["", "time", "× base", "base", "goal"].map(str::to_owned).to_vec();
    if let Some(name) = against {
        head.push(format!("× {name}"));
    }
    let mut rows = vec![head];
    for this in measured {
        let base = measured.iter().find(|other| other.group == this.group && other.is_base());
        let base = base.filter(|_| !this.is_base());
        let times = base.map(|base| this.nanoseconds / base.nanoseconds);
        let mut row = vec![
            this.name(),
            match this.bytes {
                Some(bytes) => {
                    format!("{} ({:.0} MB/s)", time(this.nanoseconds), bytes * 1e3 / this.nanoseconds)
                }
                None => time(this.nanoseconds),
            },
            times.map_or_else(String::new, |times| format!("{times:.2}")),
            base.map_or_else(String::new, |base| base.function.clone()),
            goal(&this.name(), this.nanoseconds, times),
        ];
        if against.is_some() {
            row.push(
                this.before.map_or_else(String::new, |before| format!("{:.2}", this.nanoseconds / before)),
            );
        }
        rows.push(row);
    }
    rows
}

/// What is asked of a bench, and whether it holds.
fn goal(name: &str, nanoseconds: f64, times: Option<f64>) -> String {
    let Some((_, most, most_times)) = GOALS.iter().find(|(of, ..)| *of == name) else {
        return String::new();
    };
    let holds = most.is_some_and(|most| nanoseconds <= most)
        || times.zip(*most_times).is_some_and(|(times, most)| times <= most);
    let asked: Vec<String> =
        [most.map(|most| format!("≤ {}", time(most))), most_times.map(|most| format!("≤ {most} ×"))]
            .into_iter()
            .flatten()
            .collect();
    format!("{}: {}", asked.join(" or "), if holds { "held" } else { "missed" })
}

/// A time with three digits and its unit.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..1e3 => (nanoseconds, "ns"),
        ..1e6 => (nanoseconds / 1e3, "µs"),
        ..1e9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    let decimals = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits() {
        let check = |nanoseconds: f64, expected: &str| assert_eq!(time(nanoseconds), expected);
        check(5.8, "5.80 ns");
        check(44.04, "44.0 ns");
        check(12_345.0, "12.3 µs");
        check(999_000_000.0, "999 ms");
        check(2_500_000_000.0, "2.50 s");
    }

    #[test]
    fn a_goal_holds_by_time_or_by_ratio() {
        let check = |nanoseconds: f64, times: f64, expected: &str| {
            assert_eq!(goal("decide/W2 prepared/iamsim", nanoseconds, Some(times)), expected);
        };
        check(90.0, 3.0, "≤ 100 ns or ≤ 2 ×: held");
        check(200.0, 1.9, "≤ 100 ns or ≤ 2 ×: held");
        check(200.0, 2.1, "≤ 100 ns or ≤ 2 ×: missed");
        assert_eq!(goal("decide/W2 prepared/lower bound", 1.0, None), "");
    }

    #[test]
    fn a_row_is_compared_with_the_base_of_its_group() {
        let measured = |group: &str, function: &str, nanoseconds: f64| Measured {
            group: group.to_owned(),
            function: function.to_owned(),
            value: None,
            nanoseconds,
            before: None,
            bytes: None,
        };
        let all = [
            measured("decide/W1 prepared", "iamsim", 30.0),
            measured("decide/W1 prepared", "lower bound", 10.0),
            measured("decide/W2 prepared", "iamsim", 80.0),
        ];
        let rows = rows(&all, None);
        assert_eq!(rows[1][2..4], ["3.00", "lower bound"]);
        assert_eq!(rows[2][2..4], ["", ""]);
        assert_eq!(rows[3][2..4], ["", ""]);
    }

    #[test]
    fn a_baseline_has_a_name_that_is_nothing_else() {
        let check = |name: &str, is_name: bool| assert_eq!(baseline(name).is_ok(), is_name, "{name}");
        check("before", true);
        check("v0-4_1", true);
        check("new", false);
        check("base", false);
        check("a/b", false);
        check("..", false);
        check("", false);
    }

    #[test]
    fn a_bench_is_read_with_what_its_baseline_took() {
        let home = std::env::temp_dir().join(format!("iamsim-bench-table-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = home.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let about = |function: &str| {
            format!(
                r#"{{"group_id": "decide/W2", "function_id": "{function}", "value_str": null, "throughput": {{"Elements": 200}}}}"#
            )
        };
        let took = |nanoseconds: u32| format!(r#"{{"median": {{"point_estimate": {nanoseconds}}}}}"#);
        for (function, now, before) in [("iamsim", 16_000, Some(20_000)), ("other", 400, None)] {
            write(&format!("decide_W2/{function}/new/benchmark.json"), &about(function));
            write(&format!("decide_W2/{function}/new/estimates.json"), &took(now));
            if let Some(before) = before {
                write(&format!("decide_W2/{function}/mine/estimates.json"), &took(before));
            }
        }
        let mut measured = Vec::new();
        read(&home, Some("mine"), &mut measured).unwrap();
        let rows = rows(&measured, Some("mine"));
        assert_eq!(rows[0].last().unwrap(), "× mine");
        assert_eq!((&*rows[1][1], &*rows[1][5]), ("80.0 ns", "0.80"));
        assert_eq!((&*rows[2][1], &*rows[2][5]), ("2.00 ns", ""));
        assert!(has_baseline(&home, "mine").unwrap() && !has_baseline(&home, "other").unwrap());
        forget_new(&home).unwrap();
        let mut nothing = Vec::new();
        read(&home, Some("mine"), &mut nothing).unwrap();
        assert!(nothing.is_empty() && has_baseline(&home, "mine").unwrap(), "baselines stay");
        fs::remove_dir_all(&home).unwrap();
    }
}
