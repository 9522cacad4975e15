//! `iamsim schema`: the JSON Schema of scenario files, for editors and other programs.

use clap::Args;

use crate::exit::Exit;
use crate::failure::{Failure, print};

/// Print the JSON Schema of scenario files.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim schema > scenario.schema.json

A scenario names it in its first line, and editors complete and check what is written:
  { \"$schema\": \"./scenario.schema.json\", \"scenario\": \"…\" }")]
pub(crate) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "every command is called alike")]
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        print(&iamsim_scenario::schema())?;
        Ok(Exit::Yes)
    }
}
