//! `iamsim man`: the manual page, from the same grammar as the help.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man as Page;

use crate::exit::Exit;
use crate::failure::{Failure, print};
use crate::{atomic, disk};

/// Print the manual page, or write the pages of all commands into a folder.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim man | man -l -
  iamsim man run | man -l -
  iamsim man --folder ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// The page of one command.
    command: Option<String>,
    /// Write all pages into this folder, `iamsim.1` and `iamsim-COMMAND.1`.
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    folder: Option<PathBuf>,
}

impl Man {
    pub(crate) fn execute(&self, grammar: &Command) -> Result<Exit, Failure> {
        let mut grammar = grammar.clone();
        // What every command takes is known of each only then.
        grammar.build();
        if let Some(folder) = &self.folder {
            for (name, page) in pages(&grammar)? {
                let path = folder.join(format!("{name}.1"));
                atomic::replace(&path, &page).map_err(|error| {
                    Failure::new(format!("can't write `{}`: {}", disk::shown(&path), disk::told(&error)))
                })?;
            }
            return Ok(Exit::Yes);
        }
        let page = match &self.command {
            None => page(&grammar, "iamsim")?,
            Some(name) => {
                let command = grammar.find_subcommand(name).ok_or_else(|| {
                    Failure::new(format!("there is no command `{name}`"))
                        .with_help("`iamsim help` lists them")
                })?;
                page(command, &format!("iamsim-{name}"))?
            }
        };
        print(&page)?;
        Ok(Exit::Yes)
    }
}

fn pages(grammar: &Command) -> Result<Vec<(String, String)>, Failure> {
    let mut pages = vec![("iamsim".to_owned(), page(grammar, "iamsim")?)];
    for command in grammar.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("iamsim-{}", command.get_name());
        let text = page(command, &name)?;
        pages.push((name, text));
    }
    Ok(pages)
}

fn page(command: &Command, name: &str) -> Result<String, Failure> {
    let mut text = Vec::new();
    // The date of a page is none: two builds are alike.
    Page::new(command.clone()).title(name).date("").render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
