//! Coverage in the format of lcov, which editors and code review read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::coverage::PolicyCoverage;

/// One record for each file.
pub(crate) fn write(files: &[(&str, Vec<&PolicyCoverage>)]) -> String {
    let mut text = String::new();
    for (name, policies) in files {
        record(&mut text, name, policies);
    }
    text
}

fn record(text: &mut String, name: &str, policies: &[&PolicyCoverage]) {
    let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
    let mut branches: Vec<(u32, usize, usize, Option<u64>)> = Vec::new();
    let mut block = 0;
    for policy in policies {
        for statement in &policy.statements {
            let first = policy.source.position(statement.span.start).line;
            let last = policy.source.position(statement.span.end.saturating_sub(1)).line;
            for line in first..=last {
                // Of two statements on one line, the one that was exercised more.
                let hits = lines.entry(line).or_default();
                *hits = (*hits).max(statement.matched);
            }
            for condition in &statement.conditions {
                let line = policy.source.position(condition.span.start).line;
                let was_judged = condition.held + condition.failed > 0;
                branches.push((line, block, 0, was_judged.then_some(condition.held)));
                branches.push((line, block, 1, was_judged.then_some(condition.failed)));
                block += 1;
            }
        }
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, "TN:\nSF:{name}");
    for (line, block, branch, taken) in &branches {
        let taken = taken.map_or_else(|| "-".to_owned(), |taken| taken.to_string());
        let _ = writeln!(text, "BRDA:{line},{block},{branch},{taken}");
    }
    let hit = branches.iter().filter(|(.., taken)| taken.is_some_and(|taken| taken > 0)).count();
    let _ = writeln!(text, "BRF:{}\nBRH:{hit}", branches.len());
    for (line, hits) in &lines {
        let _ = writeln!(text, "DA:{line},{hits}");
    }
    let hit = lines.values().filter(|hits| **hits > 0).count();
    let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
}
