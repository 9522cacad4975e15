//! Which files a scenario is made of: what it includes, and what that includes.

use iamsim_policy::json::{self, Member, Value};
use iamsim_policy::{Source, Span};

use crate::finding::{Code, Finding};
use crate::reader::{Loader, read_loaded};

/// Files inside files; more is a mistake.
const DEEPEST: usize = 32;

/// A text, and the folder that its own references start from.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) source: Source,
    /// Relative to the scenario; empty for the scenario's own.
    pub(crate) folder: String,
}

/// The scenario and everything it includes, each text once: what is included comes before what includes it.
pub(crate) fn gather(source: &Source, load: &mut Loader<'_>, findings: &mut Vec<Finding>) -> Vec<Input> {
    let own = source.name().rsplit('/').next().unwrap_or_default().to_owned();
    let mut gathering = Gathering { load, findings, inputs: Vec::new(), done: Vec::new(), chain: Vec::new() };
    gathering.visit(source, own);
    gathering.inputs
}

struct Gathering<'g, 'l> {
    load: &'g mut Loader<'l>,
    findings: &'g mut Vec<Finding>,
    inputs: Vec<Input>,
    /// The paths of files that were read.
    done: Vec<String>,
    /// The files that led here: the path of each, and the name messages use.
    chain: Vec<(String, String)>,
}

impl Gathering<'_, '_> {
    fn visit(&mut self, source: &Source, path: String) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        self.chain.push((path.clone(), source.name().to_owned()));
        for (written, span) in includes(source) {
            self.include(source, &folder, &written, span);
        }
        self.chain.pop();
        self.done.push(path);
        self.inputs.push(Input { source: source.clone(), folder });
    }

    fn include(&mut self, source: &Source, folder: &str, written: &str, span: Span) {
        let error = |code, message: String| Finding::error(source, code, span, message);
        if let Some(message) = not_a_path(written) {
            let finding = error(Code::InvalidValue, message)
                .with_help("write it from this file's own folder, with `/` between the names");
            return self.findings.push(finding);
        }
        let path = joined(folder, written);
        if self.chain.iter().any(|(above, _)| *above == path) {
            let finding = error(Code::CyclicInclude, format!("`{written}` includes itself"));
            let finding = finding.with_help(format!("the circle is {}", self.circle(&path)));
            return self.findings.push(finding);
        }
        if self.done.contains(&path) {
            return;
        }
        if self.chain.len() > DEEPEST {
            let finding = error(Code::CyclicInclude, format!("files include files more than {DEEPEST} deep"))
                .with_help("is a folder a link to itself?");
            return self.findings.push(finding);
        }
        match read_loaded(source, span, &path, self.load) {
            Ok(included) => self.visit(&included, path),
            Err(finding) => self.findings.push(finding),
        }
    }

    /// `a.json` includes `b.json` includes `a.json`.
    fn circle(&self, path: &str) -> String {
        let from = self.chain.iter().position(|(above, _)| above == path).unwrap_or_default();
        let mut names: Vec<String> =
            self.chain.iter().skip(from).map(|(_, name)| format!("`{name}`")).collect();
        names.extend(names.first().cloned());
        names.join(" includes ")
    }
}

/// The paths that a text includes; whatever else is wrong with it is found when it is read in earnest.
fn includes(source: &Source) -> Vec<(String, Span)> {
    // Most files include nothing, and need not be read twice for it.
    if !source.text().contains("\"include\"") {
        return Vec::new();
    }
    let Ok(node) = json::parse(source) else { return Vec::new() };
    let Value::Object(members) = &node.value else { return Vec::new() };
    let paths =
        members.iter().filter(|member| member.key == "include").filter_map(
            |member: &Member<'_>| match &member.value.value {
                Value::Array(items) => Some(items),
                _ => None,
            },
        );
    let texts = paths.flatten().filter_map(|item| match &item.value {
        Value::String(text) if !text.is_empty() => Some((text.clone().into_owned(), item.span)),
        _ => None,
    });
    texts.collect()
}

/// Why a text can't be the path of a file beside this one.
pub(crate) fn not_a_path(written: &str) -> Option<String> {
    let is_none = written.contains('\\') || written.starts_with('/') || written.contains(':');
    is_none.then(|| format!("`{written}` is not a path relative to this file"))
}

/// A path from a folder on, without `.` and, where it is clear what they mean, without `..`.
pub(crate) fn joined(folder: &str, written: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(written.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_joined_to_its_folder() {
        let check = |folder: &str, written: &str, path: &str| assert_eq!(joined(folder, written), path);
        check("", "a.json", "a.json");
        check("worlds", "policies/p.json", "worlds/policies/p.json");
        check("worlds/inner", "../a.json", "worlds/a.json");
        check("worlds", "../../a.json", "../a.json");
        check("", "./a//b.json", "a/b.json");
        check("..", "../a.json", "../../a.json");
    }
}
