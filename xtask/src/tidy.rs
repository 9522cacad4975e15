//! `cargo xtask tidy`: what the house forbids and no compiler checks. It is an ordinary test as well.
//!
//! Every finding names the file and the rule; nothing is repaired here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

/// Which crate of the workspace may depend on which. Development dependencies may look upwards and are not
/// in the table; `ARCHITECTURE.md` draws the floors.
const EDGES: &[(&str, &[&str])] = &[
    ("iamsim-policy", &[]),
    ("iamsim-catalog", &["iamsim-policy"]),
    ("iamsim-lint", &["iamsim-catalog", "iamsim-policy"]),
    ("iamsim-eval", &["iamsim-policy"]),
    ("iamsim-oracle", &[]),
    ("iamsim-case", &["iamsim-eval", "iamsim-policy"]),
    ("iamsim-model", &["iamsim-catalog", "iamsim-eval", "iamsim-policy"]),
    ("iamsim", &["iamsim-catalog", "iamsim-eval", "iamsim-model", "iamsim-policy"]),
    ("iamsim-scenario", &["iamsim", "iamsim-catalog", "iamsim-eval", "iamsim-model", "iamsim-policy"]),
    ("iamsim-generate", &["iamsim", "iamsim-catalog", "iamsim-policy"]),
    ("iamsim-report", &["iamsim", "iamsim-eval", "iamsim-policy", "iamsim-scenario"]),
    ("iamsim-query", &["iamsim", "iamsim-catalog", "iamsim-eval", "iamsim-policy"]),
    ("iamsim-coverage", &["iamsim", "iamsim-catalog", "iamsim-eval", "iamsim-policy", "iamsim-scenario"]),
    (
        "iamsim-cli",
        &[
            "iamsim",
            "iamsim-case",
            "iamsim-catalog",
            "iamsim-coverage",
            "iamsim-eval",
            "iamsim-lint",
            "iamsim-policy",
            "iamsim-query",
            "iamsim-report",
            "iamsim-scenario",
        ],
    ),
    (
        "iamsim-benches",
        &[
            "iamsim",
            "iamsim-catalog",
            "iamsim-eval",
            "iamsim-generate",
            "iamsim-model",
            "iamsim-policy",
            "iamsim-query",
            "iamsim-scenario",
        ],
    ),
    (
        "xtask",
        &[
            "iamsim-case",
            "iamsim-catalog",
            "iamsim-cli",
            "iamsim-eval",
            "iamsim-generate",
            "iamsim-lint",
            "iamsim-oracle",
            "iamsim-policy",
            "iamsim-scenario",
        ],
    ),
];

/// The programs: they alone may depend on what speaks to a terminal, a socket or a clock.
const PROGRAMS: &[&str] = &["iamsim-cli", "iamsim-benches", "xtask"];

/// Libraries that only programs may depend on.
const FOR_PROGRAMS: &[&str] = &["anyhow", "arrow", "clap", "hyper", "indicatif", "miette", "tokio"];

/// Texts that no committed source file may hold, each with the reason. Written in two halves, so that this
/// file does not hold them.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("todo", "!(", "build the real thing"),
    ("unimplemented", "!(", "build the real thing"),
    ("#[igno", "re", "assert the behaviour as it is, and say why"),
    ("FIX", "ME", "mend it or file it"),
    ("/tm", "p/", "no path of a machine; tests make their own folders"),
];

/// Fails with all findings.
pub(crate) fn run() -> Result<(), String> {
    let findings = findings(&root()).map_err(|error| format!("{error:#}"))?;
    if findings.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} findings", findings.len());
    for finding in &findings {
        let _ = write!(text, "\n  {finding}");
    }
    Err(text)
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.parent().unwrap_or(folder).to_path_buf()
}

fn findings(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut findings = edges(root)?;
    for file in files(root)? {
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string().replace('\\', "/");
        let bytes = fs::read(&file).with_context(|| format!("can't read {name}"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        findings.extend(of_file(&name, &text));
    }
    Ok(findings)
}

/// Dependencies that the table does not allow, and libraries where only programs may have them.
fn edges(root: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("can't run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata did not answer")?;
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut findings = Vec::new();
    for package in array(&metadata, "packages") {
        let name = text(package, "name");
        let Some(allowed) = allowed.get(name) else {
            findings.push(format!("{name}: the crate is not in the table of edges"));
            continue;
        };
        for dependency in array(package, "dependencies") {
            let on = text(dependency, "name");
            if dependency.get("kind").and_then(Value::as_str) == Some("dev") {
                continue;
            }
            if (on.starts_with("iamsim") || on == "xtask") && !allowed.contains(&on) {
                findings.push(format!("{name}: may not depend on {on}"));
            }
            if FOR_PROGRAMS.contains(&on) && !PROGRAMS.contains(&name) {
                findings.push(format!("{name}: {on} is for programs"));
            }
            let wall_clock = |feature: &Value| matches!(feature.as_str(), Some("clock" | "now" | "std"));
            let reads_clock = on == "chrono"
                && (dependency.get("uses_default_features") == Some(&Value::Bool(true))
                    || array(dependency, "features").iter().any(wall_clock));
            if reads_clock && !PROGRAMS.contains(&name) {
                findings.push(format!("{name}: chrono without its clock, so that there is none to read"));
            }
        }
    }
    Ok(findings)
}

fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Every committed file, as git knows them; without git, every file outside the build folders.
fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    if let Ok(output) = output
        && output.status.success()
    {
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let paths = listed.split('\0').filter(|name| !name.is_empty()).map(|name| root.join(name));
        return Ok(paths.filter(|path| path.is_file()).collect());
    }
    let mut found = Vec::new();
    walk(root, &mut found)?;
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                walk(&path, found)?;
            }
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn of_file(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let path = Path::new(name);
    let is = |extension: &str| path.extension().is_some_and(|found| found == extension);
    if is("rs") {
        for (first, second, reason) in FORBIDDEN {
            let forbidden = format!("{first}{second}");
            if text.contains(&forbidden) {
                findings.push(format!("{name}: `{forbidden}`: {reason}"));
            }
        }
        let opens = text.starts_with("//!") || text.starts_with("#!");
        if !opens && !name.contains("/fuzz/") {
            findings.push(format!("{name}: a file opens with what it is for (`//!`)"));
        }
    }
    if is("snap") {
        if !text.starts_with("---\n") || !text.ends_with('\n') || text.contains('\r') {
            findings.push(format!("{name}: a snapshot has a header, line feeds and a last one"));
        }
        if text.contains("assertion_line:") {
            findings.push(format!("{name}: a snapshot holds no line numbers of its test"));
        }
    }
    let is_text = ["rs", "toml", "md", "json", "yml"].into_iter().any(is);
    if is_text && !text.is_empty() && !text.ends_with('\n') {
        findings.push(format!("{name}: the last line has no line feed"));
    }
    if name.ends_with(".snap.new") {
        findings.push(format!("{name}: a snapshot that nobody has read"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let findings = findings(&root()).unwrap();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    #[test]
    fn what_is_untidy_is_found() {
        let check = |name: &str, text: &str, expected: &str| {
            let found = of_file(name, text);
            assert!(found.iter().any(|finding| finding.contains(expected)), "{name}: {found:?}");
        };
        let stub = format!("//! x\nfn f() {{ {}) }}\n", concat!("todo", "!("));
        check("a.rs", &stub, "build the real thing");
        check("a.rs", "fn f() {}\n", "opens with what it is for");
        check("a.snap", "no header\n", "a snapshot has a header");
        check("a.json", "{}", "no line feed");
        assert!(of_file("a.rs", "//! x\n").is_empty());
    }
}
