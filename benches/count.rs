//! How many instructions does it take? Run under a profiler that counts them: `cargo xtask bench gate`.
//!
//! `count WHAT ROUNDS` does one thing so many times over all requests of a workload, and nothing else that
//! differs from one number of rounds to another: the difference of two runs is the work itself. Without
//! arguments it lists what can be counted, each with the number of its requests.

use std::hint::black_box;

use iamsim_benches::lower_bound::{Actions, Index};
use iamsim_benches::{Roles, workload};
use iamsim_eval::{StatementRef, authorize, each_deciding, explain};
use iamsim_generate::{Corpus, Tier};

/// What can be counted: its name, and the workload it is done on.
const COUNTED: &[(&str, &str, Work)] = &[
    ("W1", "W1", Work::Decide),
    ("W2", "W2", Work::Decide),
    ("W3", "W3", Work::Decide),
    ("W1 lower bound", "W1", Work::LowerBound),
    ("W2 lower bound", "W2", Work::LowerBound),
    ("W3 lower bound", "W3", Work::LowerBound),
    ("W2 from text", "W2", Work::FromText),
    ("W2 from the world", "W2", Work::World),
    ("in a world of 10 roles", "S", Work::Organization),
    ("in a world of 1,000 roles", "L", Work::Organization),
    ("W2 with its statements named", "W2", Work::Deciding),
    ("W2 explained", "W2", Work::Explain),
    ("W2 explained as text", "W2", Work::ExplainAsText),
    ("W2 compiled", "W2", Work::Compile),
    ("W4 one at a time", "W4", Work::Roles),
    ("W4 one at a time lower bound", "W4", Work::RolesLowerBound),
    ("W4 from text to answers, each", "W4", Work::Matrix),
    ("what-can of one of 1,000 roles", "L", Work::WhatCan),
    ("who-can of 1,000 roles, each", "L", Work::WhoCan),
];

#[derive(Clone, Copy)]
enum Work {
    Decide,
    LowerBound,
    FromText,
    World,
    /// The same requests in organizations of several sizes, under as many units.
    Organization,
    Deciding,
    Explain,
    ExplainAsText,
    Compile,
    /// Every role asks every question, one decision at a time.
    Roles,
    RolesLowerBound,
    Matrix,
    WhatCan,
    WhoCan,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to whoever started it")]
fn main() -> std::process::ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [what, rounds] = arguments.as_slice() else {
        for (name, on, work) in COUNTED {
            println!("{name}\t{}", per_round(on, *work));
        }
        return std::process::ExitCode::SUCCESS;
    };
    let counted = COUNTED.iter().find(|(name, ..)| name == what);
    let (Some((_, on, work)), Ok(rounds)) = (counted, rounds.parse()) else {
        eprintln!(
            "error: there is no `{what}` to do `{rounds}` times; run it without arguments for the list"
        );
        return std::process::ExitCode::FAILURE;
    };
    run(on, *work, rounds);
    std::process::ExitCode::SUCCESS
}

/// How often a round does the work.
fn per_round(on: &str, work: Work) -> usize {
    match work {
        Work::Compile | Work::WhatCan => 1,
        Work::WhoCan => 1_000,
        Work::Matrix => 200_000,
        Work::Roles | Work::RolesLowerBound => 20_000,
        Work::Organization => iamsim_benches::ORGANIZATION_REQUESTS,
        _ => workload(on).requests.len(),
    }
}

fn run(on: &str, work: Work, rounds: u32) {
    if matches!(work, Work::Organization) {
        let tier = on.parse().unwrap_or(Tier::S);
        let (snapshot, requests) = iamsim_benches::organization(&Corpus::new(), tier, iamsim_benches::UNITS);
        for _ in 0..rounds {
            for (caller, request) in &requests {
                let _ = black_box(request.ask(&snapshot, caller).authorize());
            }
        }
        return;
    }
    if matches!(work, Work::WhatCan | Work::WhoCan) {
        let queries = iamsim_benches::Queries::of(&Corpus::new(), on.parse().unwrap_or(Tier::L));
        for _ in 0..rounds {
            match work {
                Work::WhatCan => drop(black_box(queries.what_can(|_| ()))),
                _ => drop(black_box(queries.who_can())),
            }
        }
        return;
    }
    if matches!(work, Work::Matrix) {
        for _ in 0..rounds {
            black_box(Roles::read().matrix(1));
        }
        return;
    }
    if matches!(work, Work::Roles) {
        let roles = Roles::read().prepared();
        for _ in 0..rounds {
            for (layers, requests) in &roles {
                for request in requests {
                    let _ = black_box(authorize(layers, request));
                }
            }
        }
        return;
    }
    if matches!(work, Work::RolesLowerBound) {
        let roles = Roles::read().prepared_for_lower_bound(&Actions::of_catalog());
        for _ in 0..rounds {
            for (index, requests) in &roles {
                for request in requests {
                    let _ = black_box(index.decide(request));
                }
            }
        }
        return;
    }
    let workload = workload(on);
    if matches!(work, Work::LowerBound) {
        let actions = Actions::of_catalog();
        let index = Index::compile(&actions, workload.texts.iter().map(|(_, text)| text.as_str()));
        let requests: Vec<_> = workload.asked.iter().map(|asked| asked.prepare(&actions, &index)).collect();
        for _ in 0..rounds {
            for request in &requests {
                let _ = black_box(index.decide(request));
            }
        }
        return;
    }
    if matches!(work, Work::World) {
        let (cloud, caller) = iamsim_benches::world(&workload);
        let snapshot = cloud.snapshot();
        for _ in 0..rounds {
            for asked in &workload.asked {
                let _ = black_box(asked.ask(&snapshot, &caller).authorize());
            }
        }
        return;
    }
    for _ in 0..rounds {
        if matches!(work, Work::Compile) {
            black_box(iamsim_benches::layers(&workload.texts));
            continue;
        }
        for (asked, request) in workload.asked.iter().zip(&workload.requests) {
            match work {
                Work::FromText => drop(black_box(authorize(&workload.layers, &asked.request()))),
                Work::Deciding => {
                    let see = |statement: StatementRef<'_>| {
                        black_box(&statement);
                    };
                    let _ = black_box(each_deciding(&workload.layers, request, see));
                }
                Work::Explain => drop(black_box(explain(&workload.layers, request))),
                Work::ExplainAsText => drop(black_box(explain(&workload.layers, request).to_string())),
                _ => {
                    let _ = black_box(authorize(&workload.layers, request));
                }
            }
        }
    }
}
