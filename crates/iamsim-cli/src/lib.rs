//! The `iamsim` command: its grammar, one file per command, and what all commands share.
//!
//! What the commands do is in the libraries; only here the disk, the terminal and the environment are read.
//! `cargo xtask simulate` is a door to [`run`] as well.

mod arguments;
mod atomic;
mod can;
mod catalog;
mod check;
mod completions;
mod decide;
mod diff;
mod disk;
mod exit;
mod failure;
mod graph;
mod init;
mod json;
mod man;
mod mutate;
mod progress;
pub mod run;
mod schema;
mod watch;
mod what_can;
mod who_can;
mod world;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

pub use exit::Exit;
pub use failure::Failure;

use failure::ErrorFormat;

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "iamsim",
    bin_name = "iamsim",
    version,
    about = "An offline AWS IAM simulator: may this caller do this, and exactly why",
    propagate_version = true,
    after_help = exit::HELP,
)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Global {
    /// How errors are written to standard error: `json` is one object a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ErrorFormat::Text, global = true)]
    errors: ErrorFormat,
    /// Say nothing when all is well.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Can(can::Can),
    Why(can::Why),
    WhoCan(who_can::WhoCan),
    WhatCan(what_can::WhatCan),
    Diff(diff::Diff),
    Graph(graph::Graph),
    Mutate(mutate::Mutate),
    /// Answer authorization cases, one JSON object a line.
    Decide(decide::Decide),
    /// Say what is most likely not meant in policies.
    Check(check::Check),
    /// Look up what AWS's services define, and where that is known from.
    Catalog(catalog::Lookup),
    Init(init::Init),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Reads the command line, does what it says, and says how it went.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return failure::usage(&error),
    };
    let Arguments { global, command } = arguments;
    failure::set_format(global.errors);
    let result = match command {
        Command::Run(run) => run.execute(global),
        Command::Can(can) => can.execute(global),
        Command::Why(why) => why.execute(global),
        Command::WhoCan(who_can) => who_can.execute(global),
        Command::WhatCan(what_can) => what_can.execute(global),
        Command::Diff(diff) => diff.execute(global),
        Command::Graph(graph) => graph.execute(global),
        Command::Mutate(mutate) => mutate.execute(global),
        Command::Decide(decide) => return of_anyhow(decide.run()),
        Command::Check(check) => return of_anyhow(check.run()),
        Command::Catalog(catalog) => return of_anyhow(catalog.run()),
        Command::Init(init) => init.execute(global),
        Command::Schema(schema) => schema.execute(),
        Command::Completions(completions) => completions.execute(&mut Arguments::command()),
        Command::Man(man) => man.execute(&Arguments::command()),
    };
    ended(result)
}

fn ended(result: Result<Exit, Failure>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}

fn of_anyhow(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => Failure::from(error).report().into(),
    }
}

/// Tells of a failure that does not end the command.
fn report(error: &anyhow::Error) {
    Failure::told(&format!("{error:#}"));
}
