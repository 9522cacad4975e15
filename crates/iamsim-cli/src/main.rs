//! The `iamsim` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    iamsim_cli::main()
}
