//! Writes the files that are made from the code, or checks that they are what the code makes.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// Write the files that are made from the code: the JSON Schema of the scenario format, and the
/// fields in testdata/README.md.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing, and fail when a file is not what the code makes.
    #[arg(long)]
    check: bool,
}

/// The README of the test data, part of which is generated.
const README: &str = "testdata/README.md";

/// Between these lines of the README stands what is generated.
const MARKS: [&str; 2] = [
    "<!-- begin: written by `cargo xtask codegen` -->\n",
    "<!-- end: written by `cargo xtask codegen` -->\n",
];

/// Every generated file, relative to the repository.
fn generated(root: &Path) -> io::Result<Vec<(&'static str, String)>> {
    let bytes = fs::read(root.join(README))?;
    let readme = String::from_utf8_lossy(&bytes).replace('\r', "");
    let [begin, end] = MARKS;
    let whole = readme.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{begin}\n{}{end}{after}", iamsim_scenario::reference()))
    });
    let readme = whole.ok_or_else(|| io::Error::other(format!("`{README}` has lost its generated part")))?;
    Ok(vec![("testdata/scenario.schema.json", iamsim_scenario::schema()), (README, readme)])
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match generate(arguments.check) {
        Ok(status) => status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn generate(only_check: bool) -> io::Result<ExitCode> {
    let root = crate::simulate::repository();
    let mut status = ExitCode::SUCCESS;
    for (name, text) in generated(root)? {
        let path = root.join(name);
        if is_current(&path, &text) {
            continue;
        }
        if only_check {
            writeln!(io::stderr(), "`{name}` is not what the code makes: run `cargo xtask codegen`")?;
            status = ExitCode::FAILURE;
        } else {
            fs::write(&path, &text)?;
            writeln!(io::stdout(), "wrote {name}")?;
        }
    }
    Ok(status)
}

/// A checkout may have turned line breaks into the platform's.
fn is_current(path: &Path, text: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| {
        let unix: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'\r').collect();
        unix == text.as_bytes()
    })
}
