//! The engine and the oracle agree on generated cases. A long run: `cargo xtask fuzz-decide`.

use iamsim_case::Case;
use iamsim_eval::explain;
use iamsim_oracle::compare::{Comparison, compare};
use iamsim_oracle::generate;

#[test]
fn the_engine_and_the_oracle_agree_on_generated_cases() {
    let mut wrong = Vec::new();
    for index in 0..4_000 {
        let case = generate::case(1, index);
        let (word, keys) = match Case::parse(case.to_string()) {
            Ok(case) => (case.decide().as_str(), explain(case.layers(), case.request()).unknown_keys()),
            Err(_) => ("InvalidInput", Vec::new()),
        };
        if let Comparison::Disagrees { why, .. } = compare(&case, word, &keys) {
            wrong.push(format!("{}: the engine says {word}, {why}\n{case}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}
