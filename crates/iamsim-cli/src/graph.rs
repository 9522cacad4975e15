//! `iamsim graph`: who may assume which role.

use std::path::PathBuf;

use clap::Args;
use iamsim_report::{Graph as Drawn, GraphFormat, GraphOptions};

use crate::Global;
use crate::atomic;
use crate::disk::{shown, told};
use crate::exit::Exit;
use crate::failure::{self, Failure, print};
use crate::world::WorldFile;

/// Draw who may assume which role, with the conditions on the edges.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim graph --world world.json
  iamsim graph -w world.json --format dot | dot -Tpng > trust.png
  iamsim graph -w world.json --format svg --output trust.svg

Exit status: 0 drawn, 2 the world can't be read.")]
pub(crate) struct Graph {
    #[command(flatten)]
    world: WorldFile,
    /// Which language.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only the roles of this account, by id; may be given again.
    #[arg(long, value_name = "ACCOUNT")]
    account: Vec<String>,
    /// Write there instead of to standard output: whole, or not at all.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Mermaid, which many pages draw.
    #[default]
    Mermaid,
    /// DOT, for Graphviz.
    Dot,
    /// A picture.
    Svg,
}

impl Graph {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let world = self.world.read()?;
        let mut options = GraphOptions::new();
        for account in &self.account {
            let id = world.cloud().account_id(account).map_err(|error| Failure::new(error.message()))?;
            options = options.account(id);
        }
        let graph = Drawn::with(world.cloud(), &options);
        if !global.quiet {
            for note in graph.notes() {
                failure::line(&format!("note: {note}"));
            }
        }
        let text = graph.render(match self.format {
            Format::Mermaid => GraphFormat::Mermaid,
            Format::Dot => GraphFormat::Dot,
            Format::Svg => GraphFormat::Svg,
        });
        match &self.output {
            None => print(&text)?,
            Some(path) => atomic::replace(path, &text)
                .map_err(|error| Failure::new(format!("can't write `{}`: {}", shown(path), told(&error))))?,
        }
        Ok(Exit::Yes)
    }
}
