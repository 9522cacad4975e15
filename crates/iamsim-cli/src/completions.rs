//! `iamsim completions`: what a shell needs to complete the command line.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::exit::Exit;
use crate::failure::{Failure, print};

/// Print the completions of a shell.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim completions bash > ~/.local/share/bash-completion/completions/iamsim
  iamsim completions zsh > ~/.zfunc/_iamsim
  iamsim completions fish > ~/.config/fish/completions/iamsim.fish")]
pub(crate) struct Completions {
    /// Which shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn execute(&self, command: &mut Command) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        generate(self.shell, command, "iamsim", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Yes)
    }
}
