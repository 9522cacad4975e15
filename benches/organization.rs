//! How long does a whole organization take to compile, and how much memory does it hold?
//!
//! `organization TIER` makes one, builds its world once, asks it, edits it, and prints what that took, a line
//! each. One run is one measurement: this is about seconds and megabytes. Memory is what the world
//! holds, and the most that was held while it was built; the texts it is built from are there before. Without a
//! tier it does nothing.

use std::time::Duration;

use iamsim_generate::{Corpus, Organization, Settings, Tier};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to whoever started it")]
fn main() -> std::process::ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(tier) = arguments.first() else { return std::process::ExitCode::SUCCESS };
    let tier: Tier = match tier.parse() {
        Ok(tier) => tier,
        Err(message) => {
            eprintln!("error: {message}");
            return std::process::ExitCode::FAILURE;
        }
    };
    let corpus = Corpus::new();
    let organization = Organization::generate(&corpus, &Settings::new(tier, 1));
    println!("tier\t{tier}");
    println!("roles\t{}", organization.roles());
    println!("documents\t{}", organization.distinct_documents());
    println!("bytes\t{}", organization.document_bytes());
    let (mut built, mut took) = (None, Duration::ZERO);
    let memory = allocation_counter::measure(|| {
        let (cloud, time) = timed(|| organization.build());
        (built, took) = (Some(cloud), time);
    });
    let Some(built) = built else { return std::process::ExitCode::FAILURE };
    let mut cloud = match built {
        Ok(cloud) => cloud,
        Err(error) => {
            eprintln!("error: {error}");
            return std::process::ExitCode::FAILURE;
        }
    };
    println!("build_ms\t{}", took.as_millis());
    println!("held_bytes\t{}", memory.bytes_current);
    println!("most_bytes\t{}", memory.bytes_max);
    let requests = organization.requests(&corpus, 2_000);
    let callers: Vec<_> =
        requests.iter().filter_map(|request| organization.caller(&mut cloud, request).ok()).collect();
    let snapshot = cloud.snapshot();
    let mut nanoseconds: Vec<u128> = Vec::new();
    for (request, caller) in requests.iter().zip(&callers) {
        let (decision, took) = timed(|| request.ask(&snapshot, caller).authorize());
        if decision.is_ok() {
            nanoseconds.push(took.as_nanos());
        }
    }
    nanoseconds.sort_unstable();
    println!("requests\t{}", nanoseconds.len());
    for (name, percent) in [("p50_ns", 50), ("p99_ns", 99)] {
        println!(
            "{name}\t{}",
            nanoseconds.get(nanoseconds.len() * percent / 100).copied().unwrap_or_default()
        );
    }
    std::process::ExitCode::SUCCESS
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let done = work();
    (done, start.elapsed())
}
