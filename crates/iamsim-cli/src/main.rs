//! The `iamsim` command. One file per command; what they do is in the libraries.
//!
//! Exit codes: 0 done (or allowed), 1 an expectation failed (or denied), 2 an input can't be read, 4 the
//! answer is undetermined.

mod decide;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "iamsim", version, about = "An offline AWS IAM simulator", propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer authorization cases, one JSON object a line.
    Decide(decide::Decide),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Decide(decide) => decide.run(),
    };
    match result {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

/// Whoever reads the output has seen enough: `iamsim decide … | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[expect(clippy::print_stderr, reason = "the one place where the program speaks of its own failure")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
