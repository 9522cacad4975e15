//! Other engines on the same workloads, in one run, each held to the answers.
//!
//! Prints a line for each engine and workload, fields between tabs: workload, engine, nanoseconds to read the
//! policies, nanoseconds for one decision, wrong answers, answers. Policies are loaded and requests prepared
//! before a decision is timed, whatever that means for the engine. `--quick` measures less of the same.
//!
//! Reading: an engine's answer is right when it tells allowed, denied and not allowed apart as the workload
//! says. One that fails or panics has given a wrong answer.

mod awsim;
mod cedar;
mod iam_rs;
mod ours;
mod scratchstack;

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use criterion::measurement::Measurement as _;
use iamsim_benches::cpu::Cpu;
use iamsim_benches::{Asked, Roles, letter, workload};
use iamsim_policy::PolicyKind;

/// An engine with policies loaded.
trait Engine: Sized {
    /// What it is called, with the version that was measured.
    const NAME: &'static str;
    /// A request made ready.
    type Request;

    /// Loads policies from their texts. `asked` is for engines that have to know beforehand what will be asked.
    fn load(texts: &[(PolicyKind, String)], asked: &[Asked]) -> Result<Self, String>;
    /// Makes a request ready.
    fn prepare(&self, asked: &Asked) -> Result<Self::Request, String>;
    /// `A`, `D`, `I`, or anything else when it does not know.
    fn decide(&self, request: &Self::Request) -> char;
}

/// A caller's policies, its requests and the answers.
struct Case {
    texts: Vec<(PolicyKind, String)>,
    asked: Vec<Asked>,
    expected: Vec<char>,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    // What an engine panics with is no news: it counts as a wrong answer.
    std::panic::set_hook(Box::new(|_| {}));
    ours::read_actions();
    for name in ["W1", "W2", "W3"] {
        let workload = workload(name);
        let expected = workload.expected.iter().map(|decision| letter(*decision)).collect();
        measure(name, &[Case { texts: workload.texts, asked: workload.asked, expected }], quick);
    }
    // Every role is the same kind of work.
    let input = Roles::read();
    let step = if quick { 100 } else { 20 };
    let cases: Vec<Case> = input
        .roles
        .iter()
        .step_by(step)
        .map(|role| Case {
            texts: role.texts(&input.pool).map(|text| (PolicyKind::Identity, text.to_owned())).collect(),
            asked: role.asked(&input).collect(),
            expected: role.expected.chars().collect(),
        })
        .collect();
    measure("W4", &cases, quick);
}

fn measure(workload: &str, cases: &[Case], quick: bool) {
    let budget = Duration::from_millis(if quick { 700 } else { 3_000 });
    engine::<ours::Iamsim>(workload, cases, budget);
    engine::<ours::LowerBound>(workload, cases, budget);
    engine::<iam_rs::IamRs>(workload, cases, budget);
    engine::<awsim::Awsim>(workload, cases, budget);
    engine::<cedar::Cedar>(workload, cases, budget);
    engine::<scratchstack::Aspen>(workload, cases, budget);
}

fn engine<E: Engine>(workload: &str, cases: &[Case], budget: Duration) {
    let (mut wrong, mut answers) = (0, 0);
    let (mut loading, mut deciding) = (Vec::new(), Vec::new());
    for case in cases {
        let start = Cpu.start();
        let loaded = catch_unwind(|| E::load(&case.texts, &case.asked));
        loading.push(Cpu.end(start));
        answers += case.asked.len();
        let Ok(Ok(engine)) = loaded else {
            wrong += case.asked.len();
            continue;
        };
        let mut requests = Vec::new();
        for (asked, expected) in case.asked.iter().zip(&case.expected) {
            let request = catch_unwind(AssertUnwindSafe(|| engine.prepare(asked)));
            let Ok(Ok(request)) = request else {
                wrong += 1;
                continue;
            };
            let found = catch_unwind(AssertUnwindSafe(|| engine.decide(&request)));
            if found.is_ok_and(|found| found == *expected) {
                requests.push(request);
            } else {
                wrong += 1;
                // What panics can't be timed; a wrong answer takes as long as a right one.
                if catch_unwind(AssertUnwindSafe(|| engine.decide(&request))).is_ok() {
                    requests.push(request);
                }
            }
        }
        deciding.extend(timed(&engine, &requests, budget / u32::try_from(cases.len()).unwrap_or(1)));
    }
    println!(
        "{workload}\t{}\t{:.0}\t{:.2}\t{wrong}\t{answers}",
        E::NAME,
        median(loading.iter().map(|time| time.as_secs_f64() * 1e9).collect()),
        median(deciding),
    );
}

/// Nanoseconds of a decision, as often as the budget allows, and once at least.
fn timed<E: Engine>(engine: &E, requests: &[E::Request], budget: Duration) -> Vec<f64> {
    if requests.is_empty() {
        return Vec::new();
    }
    // A clock costs more than a fast decision: a batch is long beside it.
    let mut rounds = 1;
    let mut measured = Vec::new();
    let mut spent = Duration::ZERO;
    loop {
        let start = Cpu.start();
        for _ in 0..rounds {
            for request in requests {
                black_box(engine.decide(black_box(request)));
            }
        }
        let took = Cpu.end(start);
        spent += took;
        if took < Duration::from_millis(2) && spent < budget {
            rounds *= 4;
            continue;
        }
        measured.push(took.as_secs_f64() * 1e9 / (f64::from(rounds) * requests.len() as f64));
        if spent >= budget {
            return measured;
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
