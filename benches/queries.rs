//! What does it cost to ask what one role may do, over the whole catalog, and who of a thousand roles may do one
//! thing? And what would it cost to ask one question after another?
//!
//! *One at a time* asks the very questions that the query asks, each by itself, and *all at once* the same in one
//! call. The query also makes the questions, explains what is open or allowed and folds what is granted.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use criterion::{Criterion, criterion_group, criterion_main};
use iamsim::RequestBuilder;
use iamsim_benches::Queries;
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_generate::{Corpus, Tier};

fn one_at_a_time(requests: &[RequestBuilder]) {
    for request in requests {
        let _ = black_box(request.clone().authorize());
    }
}

fn all_at_once(requests: &[RequestBuilder]) {
    if let Some(first) = requests.first() {
        black_box(first.snapshot().authorize_all(requests.iter().cloned()));
    }
}

fn bench(criterion: &mut Criterion<Cpu>) {
    let queries = Queries::of(&Corpus::new(), Tier::L);
    let asked: Mutex<Vec<RequestBuilder>> = Mutex::default();
    let keep = |request: &RequestBuilder| {
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    };
    black_box(queries.what_can(keep));
    let asked = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut group = criterion.benchmark_group("queries/what-can of one role");
    group.sample_size(10);
    group.bench_function("iamsim", |bencher| bencher.iter(|| black_box(queries.what_can(|_| ()))));
    group.bench_function("all at once", |bencher| bencher.iter(|| all_at_once(&asked)));
    group.bench_function("one at a time", |bencher| bencher.iter(|| one_at_a_time(&asked)));
    group.finish();

    let asked: Vec<RequestBuilder> = queries.reads().collect();
    let mut group = criterion.benchmark_group("queries/who-can of 1,000 roles");
    group.sample_size(10);
    group.bench_function("iamsim", |bencher| bencher.iter(|| black_box(queries.who_can())));
    group.bench_function("all at once", |bencher| bencher.iter(|| all_at_once(&asked)));
    group.bench_function("one at a time", |bencher| bencher.iter(|| one_at_a_time(&asked)));
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = bench }
criterion_main!(benches);
