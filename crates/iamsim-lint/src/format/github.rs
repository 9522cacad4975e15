//! Findings as GitHub's workflow commands: each becomes an annotation of the line it is about.

use std::fmt::Write as _;

use crate::finding::{Finding, Level};
use crate::linter::Report;

/// One line a finding, `::warning file=…,line=…::message`.
pub fn github(reports: &[Report]) -> String {
    reports.iter().flat_map(Report::findings).fold(String::new(), |mut text, finding| {
        let _ = writeln!(text, "{}", one(finding));
        text
    })
}

fn one(finding: &Finding) -> String {
    let command = match finding.level() {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let (start, end) = (finding.position(), finding.source().position(finding.span().end));
    let message = match finding.help() {
        Some(help) => format!("{}\nhelp: {help}", finding.message()),
        None => finding.message().to_owned(),
    };
    format!(
        "::{command} file={},line={},endLine={},col={},endColumn={},title={}::{}",
        property(finding.source().name()),
        start.line,
        end.line,
        start.column,
        end.column,
        property(finding.code()),
        data(&message)
    )
}

/// The text of a command ends with its line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property ends with a colon or a comma.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Linter;
    use iamsim_policy::Source;

    #[test]
    fn a_finding_is_one_line_whatever_it_holds() {
        let text =
            "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:GetObjct\", \"Resource\": \"*\"}}";
        let report = Linter::new().check(&Source::new("a,b:c%\n.json", text), None);
        let line = github(&[report]);
        assert_eq!(
            line,
            "::warning file=a%2Cb%3Ac%25%0A.json,line=1,endLine=1,col=45,endColumn=58,title=unknown-action::\
             `s3` has no action `GetObjct`%0Ahelp: did you mean `s3:GetObject`?\n"
        );
    }
}
