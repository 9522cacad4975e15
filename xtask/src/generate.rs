//! `cargo xtask generate`: a synthetic organization as files.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use iamsim_generate::{Corpus, DUPLICATES, Organization, Settings, Tier, adversarial, to_lines};

/// Write a synthetic organization: its world, and the requests asked of it.
///
/// The same tier and seed make the same bytes. With a folder there come `organization.json` (a world file that
/// includes one for each account; scenarios include it, and whatever reads a world reads it), `requests.jsonl`
/// (one request a line) and `adversarial/` (files that are large, odd or broken on purpose). Without one the
/// world goes to standard output as one file.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// S, M, L, XL or XXL: 10, 100, 1,000, 10,000 or 100,000 roles.
    #[arg(long)]
    tier: Tier,

    /// What chance is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many in a hundred customer policies have a document that others have too.
    #[arg(long, value_name = "PERCENT", default_value_t = DUPLICATES, value_parser = percent)]
    duplicates: usize,

    /// How many requests.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    requests: usize,

    /// The folder to write into; it is made if it is not there.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

fn percent(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(percent @ 0..=100) => Ok(percent),
        _ => Err("a share is a number from 0 to 100".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    let corpus = Corpus::new();
    let settings = Settings::new(arguments.tier, arguments.seed).with_duplicates(arguments.duplicates);
    let organization = Organization::generate(&corpus, &settings);
    let Some(folder) = &arguments.folder else {
        return match io::stdout().write_all(organization.to_world().as_bytes()) {
            // Whoever reads may have seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| format!("can't write to standard output: {error}")),
        };
    };
    for (name, text) in organization.to_files() {
        write(folder, &name, text.as_bytes())?;
    }
    let requests = organization.requests(&corpus, arguments.requests);
    write(folder, "requests.jsonl", to_lines(&requests).as_bytes())?;
    let odd = adversarial(&corpus);
    for file in &odd {
        write(folder, &format!("adversarial/{}", file.name), &file.bytes)?;
    }
    say(&format!(
        "{} roles in {} accounts, {} different documents, {} bytes of policies; {} requests; {} odd files: {}",
        organization.roles(),
        organization.accounts.len(),
        organization.distinct_documents(),
        organization.document_bytes(),
        requests.len(),
        odd.len(),
        folder.display(),
    ));
    Ok(())
}

/// Writes beside the file and moves over it, so that no half file stays.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let path = folder.join(name);
    let failed = |error: io::Error| format!("can't write {}: {error}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
    let beside = path.with_extension("part");
    fs::write(&beside, bytes).map_err(failed)?;
    fs::rename(&beside, &path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use iamsim_generate::Verdict;
    use iamsim_scenario::{MemoryFiles, Scenario, Source, World, loader, no_files};

    use super::*;

    #[test]
    fn a_generated_organization_is_a_world_in_one_file_or_in_many() {
        let corpus = Corpus::new();
        for tier in [Tier::S, Tier::M] {
            let organization = Organization::generate(&corpus, &Settings::new(tier, 7));
            let one = Source::new("organization.json", organization.to_world());
            let one = World::read(&one, &mut no_files).unwrap();
            let files = organization.to_files();
            let first = Source::new("organization.json", files.first().unwrap().1.as_str());
            let files = MemoryFiles::new(files);
            let many = World::read(&first, &mut loader(&files, "organization.json")).unwrap();
            assert_eq!(one.cloud().account_ids(), many.cloud().account_ids());
            assert_eq!(one.cloud().account_ids().len(), tier.size().accounts + 1);
            assert_eq!(one.cloud().roles().len(), tier.size().roles);
            assert_eq!(many.cloud().roles().len(), tier.size().roles);
        }
    }

    #[test]
    fn the_odd_scenarios_run_as_they_say() {
        for file in adversarial(&Corpus::new()) {
            if file.verdict == Verdict::Scenario {
                let source = Source::from_bytes(file.name, file.bytes).unwrap();
                let scenario = Scenario::parse(&source, &mut no_files).unwrap();
                let totals = scenario.run().unwrap().totals().to_string();
                assert!(totals.ends_with("0 failed") && !totals.starts_with('0'), "{}: {totals}", file.name);
            }
        }
    }
}
