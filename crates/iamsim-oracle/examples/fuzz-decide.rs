//! `fuzz-decide --seed 1 --cases 1000000`: the engine's answers to generated cases against the oracle's. Ends
//! with 1 when they disagree, and prints each case that they disagree on.

#![expect(clippy::print_stdout, reason = "a program's output")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::thread;

use iamsim_case::Case;
use iamsim_eval::explain;
use iamsim_oracle::compare::{Comparison, compare};
use iamsim_oracle::generate;

const THREADS: u64 = 2;
const SHOWN: usize = 1_000;

fn main() -> ExitCode {
    let (mut seed, mut cases) = (1, 100_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--seed", Some(value)) => seed = value,
            ("--cases", Some(value)) => cases = value,
            _ => {
                println!("usage: fuzz-decide [--seed N] [--cases N]");
                return ExitCode::from(2);
            }
        }
    }
    let parts: Vec<Tally> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|part| scope.spawn(move || run(seed, cases, part))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut words: BTreeMap<String, u64> = BTreeMap::new();
    let (mut refined, mut wrong) = (0, Vec::new());
    for part in parts {
        for (word, count) in part.words {
            *words.entry(word).or_default() += count;
        }
        refined += part.refined;
        wrong.extend(part.wrong);
    }
    println!("{cases} cases of seed {seed}: {words:?}, refined {refined}, disagreements {}", wrong.len());
    for line in wrong.iter().take(SHOWN) {
        println!("{line}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Tally {
    words: BTreeMap<String, u64>,
    refined: u64,
    wrong: Vec<String>,
}

fn run(seed: u64, cases: u64, part: u64) -> Tally {
    let mut tally = Tally::default();
    for index in (part..cases).step_by(usize::try_from(THREADS).unwrap_or(1)) {
        let case = generate::case(seed, index);
        let (word, keys) = match Case::parse(case.to_string()) {
            Ok(case) => (case.decide().as_str(), explain(case.layers(), case.request()).unknown_keys()),
            Err(_) => ("InvalidInput", Vec::new()),
        };
        *tally.words.entry(word.to_owned()).or_default() += 1;
        match compare(&case, word, &keys) {
            Comparison::Agrees => {}
            Comparison::Refines => tally.refined += 1,
            Comparison::Disagrees { why, .. } => {
                tally.wrong.push(format!("the engine says {word}, {why}\n  {case}"));
            }
            other => tally.wrong.push(format!("{other:?}")),
        }
    }
    tally
}
