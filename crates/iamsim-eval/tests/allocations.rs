//! A prepared decision allocates nothing: counted by an allocator, over every case of the corpus.

use std::fs;
use std::path::Path;

use iamsim_case::Case;
use iamsim_eval::{Layers, Request, authorize};

fn allocations(layers: &Layers, request: &Request) -> u64 {
    allocation_counter::measure(|| {
        let _ = authorize(layers, request);
    })
    .count_total
}

#[test]
fn no_decision_of_the_corpus_allocates() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus");
    let mut decided = 0;
    let mut allocating = Vec::new();
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "jsonl") || name.starts_with("inexpressible")
        {
            continue;
        }
        let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Ok(case) = Case::parse(line) else { continue };
            decided += 1;
            let count = allocations(case.layers(), case.request());
            if count > 0 {
                allocating.push(format!("{name}: {count} allocations: {line}"));
            }
        }
    }
    assert!(decided > 3_000, "{decided} cases");
    assert!(allocating.is_empty(), "{}", allocating.join("\n"));
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(Box::new(7))).count_total, 1);
}
