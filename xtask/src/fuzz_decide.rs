//! `cargo xtask fuzz-decide`: the engine's answers to generated cases, held against the second evaluator's.
//!
//! It makes no cases and judges none: the generator and the oracle are in `iamsim-oracle`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::process::ExitCode;
use std::thread;

use iamsim_case::{Case, Word};
use iamsim_eval::explain;
use iamsim_oracle::compare::{Comparison, compare};
use iamsim_oracle::generate;

/// Decide generated cases with the engine and with the second evaluator, and print those they disagree on.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask fuzz-decide
  cargo run --release -p xtask -- fuzz-decide --seed 7 --cases 1000000 --jobs 2

The same seed makes the same cases on every machine. A disagreement is printed as what each of the two says,
and the case as one line of JSON: `iamsim decide --explain` reads it. Settle it by the rules, put the case into
testdata/corpus with the answer the rules give, then mend the one that is wrong.

An answer \"refines\" the oracle's when the oracle does not know it and no value of the unknown keys that was
tried contradicts it.

Exit status: 0 when the two agree on every case, 1 when not, 2 when the output can't be written.")]
pub(crate) struct Arguments {
    /// Which series of cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cases of it.
    #[arg(long, default_value_t = 20_000)]
    cases: u64,
    /// How many threads.
    #[arg(long, default_value = "1")]
    jobs: NonZeroU64,
    /// How many disagreements are printed in full.
    #[arg(long, default_value_t = 20)]
    show: usize,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match report(&count(arguments), arguments, &mut io::stdout().lock()) {
        Ok(agreed) => ExitCode::from(u8::from(!agreed)),
        Err(_) => ExitCode::from(2),
    }
}

/// What came of some cases.
#[derive(Default)]
struct Tally {
    words: BTreeMap<Word, u64>,
    refined: u64,
    wrong: Vec<(u64, String)>,
}

fn count(arguments: &Arguments) -> Tally {
    let jobs = arguments.jobs.get();
    let parts: Vec<Tally> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..jobs).map(|part| scope.spawn(move || part_of(arguments, part, jobs))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut whole = Tally::default();
    for part in parts {
        for (word, count) in part.words {
            *whole.words.entry(word).or_default() += count;
        }
        whole.refined += part.refined;
        whole.wrong.extend(part.wrong);
    }
    whole.wrong.sort();
    whole
}

/// Every case whose number leaves `part` when divided by `jobs`.
fn part_of(arguments: &Arguments, part: u64, jobs: u64) -> Tally {
    let mut tally = Tally::default();
    let mut index = part;
    while index < arguments.cases {
        let case = generate::case(arguments.seed, index);
        let (word, keys, split) = answer(&case.to_string());
        *tally.words.entry(word).or_default() += 1;
        let mut say = |why: &str| tally.wrong.push((index, format!("{why}\n{case}")));
        if let Some(split) = split {
            say(&split);
        }
        match compare(&case, word.as_str(), &keys) {
            Comparison::Agrees => {}
            Comparison::Refines => tally.refined += 1,
            Comparison::Disagrees { why, .. } => say(&format!("the engine says {word}, {why}")),
            other => say(&format!("{other:?}")),
        }
        index += jobs;
    }
    tally
}

/// The engine's answer, the keys it depends on, and what is wrong if deciding and explaining are not one.
fn answer(case: &str) -> (Word, Vec<String>, Option<String>) {
    let Ok(case) = Case::parse(case) else { return (Word::InvalidInput, Vec::new(), None) };
    let word = case.decide();
    let explanation = explain(case.layers(), case.request());
    let explained = Word::from(explanation.decision());
    let split = (word != explained).then(|| format!("authorize says {word}, explain {explained}"));
    (word, explanation.unknown_keys(), split)
}

/// Writes what came; whether the two agree.
fn report(tally: &Tally, arguments: &Arguments, out: &mut impl Write) -> io::Result<bool> {
    for (index, what) in tally.wrong.iter().take(arguments.show) {
        writeln!(out, "case {index}: {what}\n")?;
    }
    writeln!(out, "{} cases of seed {}", arguments.cases, arguments.seed)?;
    for word in Word::ALL {
        let count = tally.words.get(&word).copied().unwrap_or_default();
        writeln!(out, "{count:>10} {word}")?;
    }
    writeln!(out, "{:>10} known to the engine and not to the oracle, and not contradicted", tally.refined)?;
    writeln!(out, "{:>10} disagreements", tally.wrong.len())?;
    out.flush()?;
    Ok(tally.wrong.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGUMENTS: Arguments = Arguments { seed: 2, cases: 1_500, jobs: NonZeroU64::MIN, show: 1 };

    #[test]
    fn the_two_agree_whatever_the_number_of_threads() {
        let alone = count(&ARGUMENTS);
        let together = count(&Arguments { jobs: NonZeroU64::new(3).unwrap(), ..ARGUMENTS });
        assert_eq!(alone.wrong, []);
        assert_eq!(together.wrong, []);
        assert_eq!(alone.words, together.words);
        assert_eq!(alone.words.values().sum::<u64>(), ARGUMENTS.cases);
    }

    #[test]
    fn a_disagreement_is_told_with_its_case_and_its_number() {
        let wrong = vec![(7, "the engine says Allowed\n{}".to_owned()), (9, "another".to_owned())];
        let mut out = Vec::new();
        let agreed = report(&Tally { wrong, ..Tally::default() }, &ARGUMENTS, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!agreed);
        assert!(text.starts_with("case 7: the engine says Allowed\n{}\n\n1500 cases of seed 2\n"), "{text}");
        assert!(text.ends_with("         2 disagreements\n"), "{text}");
    }
}
