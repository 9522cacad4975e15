//! How long does it take to make policies ready to run?

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use iamsim_benches::workload;
use iamsim_eval::Program;
use iamsim_policy::Policy;

fn compile(criterion: &mut Criterion) {
    for name in ["W1", "W2", "W3"] {
        let texts = workload(name).texts;
        let policies: Vec<Policy> =
            texts.iter().filter_map(|(kind, text)| Policy::parse(*kind, text.as_str()).ok()).collect();
        assert_eq!(policies.len(), texts.len());
        criterion.bench_function(&format!("compile/{name}/from policies"), |bencher| {
            bencher.iter(|| policies.iter().map(Program::compile).collect::<Vec<_>>());
        });
        criterion.bench_function(&format!("compile/{name}/from text"), |bencher| {
            bencher.iter(|| black_box(iamsim_benches::layers(&texts)));
        });
    }
}

criterion_group!(benches, compile);
criterion_main!(benches);
