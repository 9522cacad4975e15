//! `iamsim init`: a small project to begin with, which passes as it is.

use std::fmt::Write as _;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::Global;
use crate::atomic;
use crate::disk::{shown, told};
use crate::exit::Exit;
use crate::failure::{Failure, print};

/// Write an example project: a policy, a scenario that tests it, and what a pipeline needs to run it.
///
/// No file is overwritten: when one of them is there already, nothing is written at all.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim init
  iamsim init --ci github infrastructure/
  iamsim init && iamsim run iam/scenarios

Exit status: 0 written, 2 a file is there already or can't be written.")]
pub(crate) struct Init {
    /// The folder the project is made in.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// For which pipeline.
    #[arg(long, value_enum, default_value_t)]
    ci: Ci,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Ci {
    /// Both of the following.
    #[default]
    All,
    /// GitHub Actions: `.github/workflows/iam.yml`.
    Github,
    /// GitLab CI: `iam/gitlab-ci.yml`, to be included.
    Gitlab,
    /// None.
    None,
}

/// The files: where each goes, and for which pipeline it is.
const FILES: &[(&str, Option<Ci>, &str)] = &[
    ("iam/README.md", None, include_str!("init/README.md")),
    ("iam/policies/developer.json", None, include_str!("init/developer.json")),
    ("iam/scenarios/developer.json", None, include_str!("init/scenario.json")),
    (".github/workflows/iam.yml", Some(Ci::Github), include_str!("init/github.yml")),
    ("iam/gitlab-ci.yml", Some(Ci::Gitlab), include_str!("init/gitlab-ci.yml")),
];

impl Init {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let wanted = |ci: &Option<Ci>| match (ci, self.ci) {
            (None, _) | (_, Ci::All) => true,
            (Some(ci), wanted) => *ci == wanted,
        };
        let files: Vec<(PathBuf, &str)> = FILES
            .iter()
            .filter(|(_, ci, _)| wanted(ci))
            .map(|(path, _, text)| (self.inside(path), *text))
            .collect();
        let there: Vec<String> = files
            .iter()
            .filter(|(path, _)| fs::symlink_metadata(path).is_ok())
            .map(|(path, _)| shown(path))
            .collect();
        if !there.is_empty() {
            let failure = Failure::new(format!(
                "nothing was written, because this is there already: `{}`",
                there.join("`, `")
            ));
            return Err(failure.with_help("name another folder: `iamsim init FOLDER`"));
        }
        for (path, text) in &files {
            let failed = |error| Failure::new(format!("can't write `{}`: {}", shown(path), told(&error)));
            fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
            atomic::create(path, text).map_err(failed)?;
        }
        if !global.quiet {
            let mut text = String::new();
            for (path, _) in &files {
                // Writing to a string does not fail.
                let _ = writeln!(text, "wrote {}", shown(path));
            }
            let _ = writeln!(text, "\nnext: iamsim run {}", shown(&self.inside("iam/scenarios")));
            print(&text)?;
        }
        Ok(Exit::Yes)
    }

    /// A path in the project's folder; the current folder need not be named.
    fn inside(&self, path: &str) -> PathBuf {
        if self.folder == Path::new(".") { PathBuf::from(path) } else { self.folder.join(path) }
    }
}
