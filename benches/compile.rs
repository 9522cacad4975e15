//! How long does it take to make policies ready to run?

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::lower_bound::{Actions, Index};
use iamsim_benches::workload;
use iamsim_eval::Program;
use iamsim_policy::Policy;

fn compile(criterion: &mut Criterion<Cpu>) {
    let actions = Actions::of_catalog();
    for name in ["W1", "W2", "W3"] {
        let texts = workload(name).texts;
        let policies: Vec<Policy> =
            texts.iter().filter_map(|(kind, text)| Policy::parse(*kind, text.as_str()).ok()).collect();
        assert_eq!(policies.len(), texts.len());
        let mut group = criterion.benchmark_group(format!("compile/{name}"));
        group.bench_function("iamsim, from policies", |bencher| {
            bencher.iter(|| policies.iter().map(Program::compile).collect::<Vec<_>>());
        });
        group.bench_function("iamsim, from text", |bencher| {
            bencher.iter(|| black_box(iamsim_benches::layers(&texts)));
        });
        group.bench_function("lower bound, from text", |bencher| {
            let texts = || texts.iter().map(|(_, text)| text.as_str());
            bencher.iter(|| black_box(Index::compile(&actions, texts())));
        });
        group.finish();
    }
}

criterion_group! { name = benches; config = criterion(); targets = compile }
criterion_main!(benches);
