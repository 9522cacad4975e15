//! Every rule on thin evidence is one named place: the table in `docs/low-confidence.md` is true.

use std::fs;
use std::path::Path;

/// The rules that the reference itself would not bet on (section 9), but for the policy simulator's.
const LISTED: &[&str] = &[
    "PE-ACT-05",
    "PE-RES-05",
    "PE-RES-07",
    "PE-TRU-07",
    "PE-MIS-09",
    "PE-MIS-10",
    "PE-NUM-03",
    "PE-ARN-04",
    "PE-ARN-03",
    "PE-DAT-03",
    "PE-BOO-03",
    "PE-VAR-09",
    "PE-VAR-10",
    "PE-CND-14",
    "PE-NP-03",
    "PE-NP-04",
    "PE-STS-05",
    "PE-STS-10",
    "PE-RES-20",
    "PE-TRU-06",
    "PE-KMS-07",
    "PE-RCP-06",
    "PE-QUO-03",
    "PE-QUO-04",
    "PE-RBP-12",
];

#[test]
fn every_rule_on_thin_evidence_stands_where_the_table_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| String::from_utf8(fs::read(root.join(name)).unwrap()).unwrap();
    let table = read("docs/low-confidence.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| PE-"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for rule in LISTED {
        assert!(rows.iter().any(|row| row.first() == Some(rule)), "{rule} has no row");
    }
    for row in rows {
        let [rule, _, name, file] = row.try_into().unwrap();
        let text = read(file.trim_matches('`'));
        assert!(text.contains(name.trim_matches('`')), "{rule}: {file} does not hold {name}");
    }
}
