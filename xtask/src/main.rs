//! The tasks of this repository: `cargo xtask --help` lists them, one module for each.
//!
//! This is a program: it alone reads the disk, knows the terminal, and ends with an exit status.

mod bench;
mod catalog;
mod codegen;
mod fuzz_decide;
mod generate;
mod simulate;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Simulate(simulate::Arguments),
    Codegen(codegen::Arguments),
    FuzzDecide(fuzz_decide::Arguments),
    /// Import, build or check the data of iamsim-catalog.
    #[command(subcommand)]
    Catalog(catalog::Task),
    Bench(bench::Arguments),
    Generate(generate::Arguments),
    /// Check what the house forbids and no compiler checks.
    Tidy,
}

fn main() -> ExitCode {
    match Arguments::parse().task {
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Codegen(arguments) => codegen::run(&arguments),
        Task::FuzzDecide(arguments) => fuzz_decide::run(&arguments),
        Task::Catalog(task) => ended(catalog::run(&task, &tidy::root(), &mut say)),
        Task::Bench(arguments) => ended(bench::run(&arguments, &tidy::root(), &mut say)),
        Task::Generate(arguments) => ended(generate::run(&arguments, &mut say)),
        Task::Tidy => ended(tidy::run()),
    }
}

#[expect(clippy::print_stdout, reason = "a task speaks to whoever started it")]
fn say(line: &str) {
    println!("{line}");
}

/// A task's outcome as an exit status, its failure as a line.
#[expect(clippy::print_stderr, reason = "a task speaks to whoever started it")]
fn ended(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_the_tasks_fit_together() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
