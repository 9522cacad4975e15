//! Other engines on the same workloads, in one run: a workspace of its own, `benches/peers`.

use std::path::Path;

use super::table::time;
use super::{Outcome, aligned, cargo, output_of};

/// Measure other engines on the same workloads, in one run, and check their answers.
///
/// The first time it builds them, which takes minutes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure less of the same: within two minutes, once everything is built.
    #[arg(long)]
    quick: bool,
}

/// What one engine did on one workload.
pub(crate) struct Peer {
    workload: String,
    engine: String,
    load: f64,
    decision: f64,
    wrong: usize,
    answers: usize,
}

/// What the others are compared with.
const OURS: &str = "iamsim";

/// What must hold: a workload, how an engine's name begins, and how many times our decision it takes at least.
const GOALS: &[(&str, &str, f64)] = &[("W2", "iam-rs", 500.0), ("W2", "cedar-policy", 1_500.0)];

pub(crate) fn run(options: &Options, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    let peers = measure(options.quick, root)?;
    say(aligned(&rows(&peers)).trim_end());
    let wrong: usize = peers.iter().filter(|peer| peer.engine == OURS).map(|peer| peer.wrong).sum();
    if wrong > 0 { Err(format!("{wrong} of our own answers are wrong")) } else { Ok(()) }
}

/// Builds and runs them.
pub(crate) fn measure(quick: bool, root: &Path) -> Outcome<Vec<Peer>> {
    let manifest = root.join("benches/peers/Cargo.toml");
    let folder = root.join("target/peers");
    let mut command = cargo(root, &["run", "--quiet", "--release"]);
    command.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(folder).arg("--");
    if quick {
        command.arg("--quick");
    }
    output_of(&mut command)?.lines().map(read).collect()
}

fn read(line: &str) -> Outcome<Peer> {
    let unreadable = || format!("the peers said `{line}`, which is no measurement");
    let fields: Vec<&str> = line.split('\t').collect();
    let [workload, engine, load, decision, wrong, answers] = fields.as_slice() else {
        return Err(unreadable());
    };
    Ok(Peer {
        workload: (*workload).to_owned(),
        engine: (*engine).to_owned(),
        load: load.parse().map_err(|_| unreadable())?,
        decision: decision.parse().map_err(|_| unreadable())?,
        wrong: wrong.parse().map_err(|_| unreadable())?,
        answers: answers.parse().map_err(|_| unreadable())?,
    })
}

/// One line for each engine and workload.
pub(crate) fn rows(peers: &[Peer]) -> Vec<Vec<String>> {
    let head = ["", "decision", "× iamsim", "goal", "wrong", "of", "load"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for peer in peers {
        let ours = peers.iter().find(|ours| ours.workload == peer.workload && ours.engine == OURS);
        let times = ours.map(|ours| peer.decision / ours.decision);
        rows.push(vec![
            format!("{} {}", peer.workload, peer.engine),
            time(peer.decision),
            times.map_or_else(String::new, several),
            times.map_or_else(String::new, |times| goal(peer, times)),
            peer.wrong.to_string(),
            peer.answers.to_string(),
            time(peer.load),
        ]);
    }
    rows
}

/// How many times as long as ours an engine is asked to take, and whether it does.
fn goal(peer: &Peer, times: f64) -> String {
    let is_it = |(workload, engine, _): &&(&str, &str, f64)| {
        peer.workload == *workload && peer.engine.starts_with(engine)
    };
    GOALS.iter().find(is_it).map_or_else(String::new, |(_, _, least)| {
        format!("≥ {least} ×: {}", if times >= *least { "held" } else { "missed" })
    })
}

/// How many times as long, with two digits that mean something.
fn several(times: f64) -> String {
    match times {
        ..10.0 => format!("{times:.2}"),
        ..100.0 => format!("{times:.0}"),
        _ => format!("{:.0}", (times / 10.0).round() * 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_compared_with_ours_on_the_same_workload() {
        let lines = ["W1\tiamsim\t100\t10\t0\t3", "W1\tother\t100\t2500\t1\t3", "W2\tother\t1\t5\t0\t3"];
        let peers: Vec<Peer> = lines.into_iter().map(|line| read(line).unwrap()).collect();
        let rows = rows(&peers);
        assert_eq!(rows[2], ["W1 other", "2.50 µs", "250", "", "1", "3", "100 ns"]);
        assert_eq!(rows[3][2], "");
        assert!(read("error").is_err());
    }

    #[test]
    fn a_goal_is_held_by_the_ratio_of_one_run() {
        let goal_of = |line: &str| {
            let lines = ["W2\tiamsim\t1\t100\t0\t3", "W1\tiamsim\t1\t100\t0\t3", line];
            let peers: Vec<Peer> = lines.into_iter().map(|line| read(line).unwrap()).collect();
            rows(&peers)[3][3].clone()
        };
        assert_eq!(goal_of("W2\tiam-rs 0.8\t1\t50000\t0\t3"), "≥ 500 ×: held");
        assert_eq!(goal_of("W2\tiam-rs 0.8\t1\t49000\t0\t3"), "≥ 500 ×: missed");
        assert_eq!(goal_of("W2\tcedar-policy 4.14, translated\t1\t150000\t0\t3"), "≥ 1500 ×: held");
        assert_eq!(goal_of("W1\tiam-rs 0.8\t1\t50000\t0\t3"), "");
    }
}
