//! The world that a question is asked of.

use clap::Args;
use iamsim_scenario::{Files as _, Finding, Scenario, Source, loader};

use crate::disk::Disk;
use crate::failure::{self, Failure};

pub(crate) use iamsim_scenario::World;

/// The file that describes a world.
#[derive(Args)]
pub(crate) struct WorldFile {
    /// The world: a world file, or a scenario.
    #[arg(long, short, value_name = "FILE")]
    world: String,
    /// Take the scenario's steps first, so that its sessions are there to ask.
    #[arg(long)]
    after_steps: bool,
}

impl WorldFile {
    /// Reads the file and builds its world.
    pub(crate) fn read(&self) -> Result<World, Failure> {
        if !self.after_steps {
            return open(&self.world);
        }
        let source = source(&self.world)?;
        let scenario = Scenario::parse(&source, &mut loader(&Disk::here(), &self.world))?;
        let world = scenario.world_after()?;
        failure::findings(world.warnings());
        Ok(world)
    }
}

/// The world of a file, before any step is taken.
pub(crate) fn open(path: &str) -> Result<World, Failure> {
    let world = World::read(&source(path)?, &mut loader(&Disk::here(), path))?;
    failure::findings(world.warnings());
    Ok(world)
}

fn source(path: &str) -> Result<Source, Failure> {
    let bytes = Disk::here().read(path).map_err(|why| Finding::unreadable(path, why))?;
    Source::from_bytes(path, bytes).map_err(|diagnostic| Finding::from(diagnostic).into())
}
