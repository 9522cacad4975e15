//! Writes the files that are made from the code, or checks that they are what the code makes.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// Write the files that are made from the code: the JSON Schema of the scenario format, the fields in
/// testdata/README.md, and on the pages of the rules what the linter prints.
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
fn generated(root: &Path) -> io::Result<Vec<(String, String)>> {
    let bytes = fs::read(root.join(README))?;
    let readme = String::from_utf8_lossy(&bytes).replace('\r', "");
    let [begin, end] = MARKS;
    let whole = readme.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{begin}\n{}{end}{after}", iamsim_scenario::reference()))
    });
    let readme = whole.ok_or_else(|| io::Error::other(format!("`{README}` has lost its generated part")))?;
    let mut files = vec![
        ("testdata/scenario.schema.json".to_owned(), iamsim_scenario::schema()),
        (README.to_owned(), readme),
    ];
    files.append(&mut rule_pages(root)?);
    Ok(files)
}

/// The index of the rules, and the page of each.
fn rule_pages(root: &Path) -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let names = iamsim_lint::Rule::all().iter().map(|rule| (rule.page(), rule.code()));
    for (name, code) in names.chain([("docs/rules/README.md".to_owned(), "")]) {
        let bytes =
            fs::read(root.join(&name)).map_err(|error| io::Error::other(format!("`{name}`: {error}")))?;
        let page = String::from_utf8_lossy(&bytes).replace('\r', "");
        let made = match code {
            "" => iamsim_lint::pages::index(&page),
            code => iamsim_lint::pages::with_output(code, &page),
        };
        let lost = || io::Error::other(format!("`{name}` has lost its generated part"));
        files.push((name.clone(), made.ok_or_else(lost)?));
    }
    Ok(files)
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
        let path = root.join(&name);
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
