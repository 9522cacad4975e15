//! One run of one scenario, over files of which some have another text.

use iamsim_policy::Source;
use iamsim_scenario::{Files, Finding, Outcome, Overlay, Scenario, loader};

/// Runs a scenario over files of which some have another text.
pub(crate) fn run(files: &dyn Files, texts: &[(&str, &str)], file: &str) -> Result<Outcome, Vec<Finding>> {
    match texts {
        [] => {
            let bytes = files.read(file).map_err(|why| vec![Finding::unreadable(file, why)])?;
            let source = Source::from_bytes(file, bytes).map_err(|finding| vec![finding.into()])?;
            Scenario::parse(&source, &mut loader(files, file))?.run()
        }
        [(path, text), rest @ ..] => run(&Overlay::new(files, *path, *text), rest, file),
    }
}
