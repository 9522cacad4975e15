//! A matrix gives the answers that one question at a time gets: every caller of the corpus, with its policies
//! and context, asks what a sample of the other cases ask.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fs;
use std::path::Path;

use iamsim_case::Case;
use iamsim_eval::{Asked, Asking, Decision, Layers, Matrix, Request, authorize};

fn corpus() -> Vec<(String, Case)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus");
    let mut paths: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")) {
        let text = String::from_utf8(fs::read(path).unwrap()).unwrap();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        cases.extend(lines.filter_map(|line| Some((line.to_owned(), Case::parse(line).ok()?))));
    }
    cases
}

fn asked(request: &Request) -> Asked {
    let asked = Asked::new(request.action().clone(), request.resource().clone());
    match request.owner() {
        Some(owner) => asked.with_owner(owner),
        None => asked,
    }
}

fn check(matrix: &Matrix, layers: &Layers, asking: &Asking, what: &str) -> [usize; 4] {
    let row = matrix.row(layers, asking);
    assert_eq!(row.len(), matrix.columns().len());
    let mut counts = [0; 4];
    for (place, (column, found)) in matrix.columns().iter().zip(row.decisions()).enumerate() {
        let expected = authorize(layers, &Request::of(asking.clone(), column.clone()));
        assert_eq!(found, expected, "{} on {}, {what}", column.action(), column.resource());
        assert_eq!(row.decision(place), Some(expected));
        counts[expected as usize] += 1;
    }
    assert_eq!(row.decision(row.len()), None);
    // Every third column, from the last to the first, and one that is not there.
    let some: Vec<usize> = (0..=row.len()).rev().step_by(3).collect();
    let found = matrix.some(layers, asking, &some);
    let expected = some.iter().map(|column| row.decision(*column).unwrap_or(Decision::Undetermined));
    assert!(found.iter().copied().eq(expected), "{what}");
    assert_eq!(row.allowed(), counts[Decision::Allow as usize]);
    counts
}

#[test]
fn a_matrix_answers_as_one_question_at_a_time_does() {
    const STEP: usize = 29;
    let cases = corpus();
    let mut counts = [0; 4];
    for (index, (line, case)) in cases.iter().enumerate() {
        let others = cases.iter().skip(index % STEP).step_by(STEP).map(|(_, case)| case);
        let columns = others.chain([case]).map(|case| asked(case.request()));
        let asking = Asking::new(case.request().caller().clone(), case.request().context().clone());
        let mut matrix = Matrix::new(columns);
        if index.is_multiple_of(2) {
            matrix.prepare(case.layers());
        }
        let found = check(&matrix, case.layers(), &asking, line);
        for (count, found) in counts.iter_mut().zip(found) {
            *count += found;
        }
    }
    assert!(cases.len() > 3_000, "{}", cases.len());
    assert!(counts.iter().all(|count| *count > 1_000), "{counts:?}");
}

#[test]
fn a_matrix_without_columns_has_empty_rows() {
    let asking = Asking::new(iamsim_eval::Caller::anonymous(), iamsim_eval::Context::complete());
    let row = Matrix::new([]).row(&Layers::new(), &asking);
    assert!(row.is_empty());
    assert_eq!(row.decisions().count(), 0);
}
