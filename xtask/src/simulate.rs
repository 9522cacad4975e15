//! Runs scenario files: a door to `iamsim run`, with the repository's own scenarios where none are named.

use std::path::Path;
use std::process::ExitCode;

use iamsim_cli::run::Run;

/// Run scenario files and print what was asked, what came and why.
///
/// Without paths, the repository's own scenarios are run, those in testdata/scenarios.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: Run,
}

/// The repository this program was built from.
pub(crate) fn repository() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    arguments.run.execute_in(repository(), &["testdata/scenarios"]).into()
}
