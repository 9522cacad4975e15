//! `iamsim check`: policies in, advice out.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use iamsim_lint::{Config, Finding, KIND_NAMES, Level, Linter, Report, Rule, format, kind_named};
use iamsim_policy::{AccountId, PolicyKind, Source};

/// The configuration that is read when none is named.
const CONFIG: &str = "iamsim-lint.json";

#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim check policies/
  iamsim check --kind trust role.json
  iamsim check --format sarif --fail-on error policies/ > advice.sarif
  aws iam get-account-authorization-details | iamsim check -

A file is a policy, a list of policies, or an answer of AWS's that holds some. Its kind is guessed from what it
says and what it is called, unless --kind says it. `iamsim-lint.json` in the working folder configures rules and
waivers; docs/rules/README.md describes it.

Exit status: 0 when nothing was found at the level of --fail-on or above; 1 when something was; 2 when a file or
the configuration can't be read.")]
pub(crate) struct Check {
    /// Files, or folders whose .json files are meant; `-` for standard input.
    #[arg(required_unless_present = "list_rules")]
    files: Vec<PathBuf>,
    /// What the policies are used as.
    #[arg(long, value_parser = kind)]
    kind: Option<PolicyKind>,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The least level that makes the command fail.
    #[arg(long, value_enum, default_value_t)]
    fail_on: FailOn,
    /// The configuration; `iamsim-lint.json` if that exists.
    #[arg(long, conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Read no configuration.
    #[arg(long)]
    no_config: bool,
    /// An account of one's own: trust in it is no trust in a third party. May be given several times.
    #[arg(long)]
    account: Vec<AccountId>,
    /// A catalog to judge by, instead of the embedded one.
    #[arg(long)]
    catalog: Option<PathBuf>,
    /// List the rules, each with its level.
    #[arg(long)]
    list_rules: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// With source lines, for people.
    #[default]
    Text,
    /// One object with everything.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FailOn {
    /// Any finding.
    Note,
    /// Warnings and errors.
    #[default]
    Warning,
    /// Errors only.
    Error,
    /// No finding.
    Never,
}

impl FailOn {
    fn level(self) -> Option<Level> {
        match self {
            Self::Note => Some(Level::Note),
            Self::Warning => Some(Level::Warning),
            Self::Error => Some(Level::Error),
            Self::Never => None,
        }
    }
}

fn kind(name: &str) -> Result<PolicyKind, String> {
    kind_named(name).ok_or_else(|| {
        let names: Vec<&str> = KIND_NAMES.iter().map(|(name, _)| *name).collect();
        format!("the kinds are {}", names.join(", "))
    })
}

impl Check {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut out = io::stdout().lock();
        if self.list_rules {
            for rule in Rule::all() {
                writeln!(out, "{:<8} {:<30} {}", rule.level().as_str(), rule.code(), rule.summary())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let (mut reports, mut unreadable) = (Vec::new(), false);
        match self.linter()? {
            Ok(linter) => {
                for file in self.expanded() {
                    match read(&file) {
                        Ok(source) => reports.push(linter.check(&source, self.kind)),
                        Err(report) => {
                            unreadable = true;
                            reports.push(report);
                        }
                    }
                }
                let unused = linter.unused_waivers(&reports);
                reports.push(Report::from(unused));
            }
            Err(findings) => {
                unreadable = true;
                reports.push(Report::from(findings));
            }
        }
        self.write(&mut out, &reports)?;
        let worst = reports.iter().filter_map(Report::worst).max();
        let fails = self.fail_on.level().is_some_and(|least| worst.is_some_and(|worst| worst >= least));
        Ok(ExitCode::from(if unreadable { 2 } else { u8::from(fails) }))
    }

    fn write(&self, out: &mut impl io::Write, reports: &[Report]) -> anyhow::Result<()> {
        match self.format {
            Format::Text => {
                let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                let colour = if colours { format::Colour::On } else { format::Colour::Off };
                out.write_all(format::text(reports, colour).as_bytes())?;
            }
            Format::Json => writeln!(out, "{:#}", format::json(reports))?,
            Format::Sarif => writeln!(out, "{:#}", format::sarif(reports))?,
            Format::Github => out.write_all(format::github(reports).as_bytes())?,
        }
        Ok(())
    }

    /// The linter, or what is wrong with the configuration.
    fn linter(&self) -> anyhow::Result<Result<Linter, Vec<Finding>>> {
        let mut linter = Linter::new();
        if let Some(file) = &self.catalog {
            linter = linter.with_catalog(crate::catalog::load(file)?);
        }
        let found = self.config.clone().or_else(|| {
            let usual = Path::new(CONFIG);
            (!self.no_config && usual.is_file()).then(|| usual.to_path_buf())
        });
        let mut config = Config::default();
        if let Some(file) = found {
            let name = file.display().to_string();
            let bytes = std::fs::read(&file).with_context(|| format!("can't read `{name}`"))?;
            let read = Source::from_bytes(name, bytes).map_err(|diagnostic| vec![Finding::from(&diagnostic)]);
            config = match read.and_then(|source| Config::parse(&source)) {
                Ok(config) => config,
                Err(findings) => return Ok(Err(findings)),
            };
        }
        for account in &self.account {
            config = config.with_account(*account);
        }
        Ok(Ok(linter.with_config(config)))
    }

    /// The files, with those of the folders, in a steady order.
    fn expanded(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for file in &self.files {
            if file.is_dir() {
                let mut below = Vec::new();
                json_files(file, &mut below);
                below.sort();
                files.append(&mut below);
            } else {
                files.push(file.clone());
            }
        }
        files
    }
}

/// Every .json file below a folder. What can't be listed is skipped by name when it is read.
fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        found.push(folder.to_path_buf());
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        // A link may lead back to where one came from.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            json_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
            && path.file_name().is_none_or(|name| name != CONFIG)
        {
            found.push(path);
        }
    }
}

fn read(file: &Path) -> Result<Source, Report> {
    let name = file.display().to_string();
    let (name, bytes) = if name == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes);
        ("standard input".to_owned(), read)
    } else {
        let read = std::fs::read(file);
        (name, read)
    };
    let bytes =
        bytes.map_err(|error| Report::unreadable(&name, format!("this file can't be read: {error}")))?;
    Source::from_bytes(&*name, bytes).map_err(|diagnostic| Report::from(vec![Finding::from(&diagnostic)]))
}
