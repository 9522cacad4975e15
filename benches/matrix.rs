//! How long do 200 roles × 1,000 actions take, from JSON text to the last answer?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::{Roles, lower_bound, text};
use iamsim_eval::authorize;

fn matrix(criterion: &mut Criterion<Cpu>) {
    let input = Roles::read();
    let mut group = criterion.benchmark_group("matrix/W4 from text to answers");
    group.throughput(Throughput::Elements((input.roles.len() * input.columns.len()) as u64));
    group.sample_size(10);
    group.bench_function("iamsim, one at a time", |bencher| {
        bencher.iter(|| {
            let input = Roles::read();
            let pool = input.compile();
            for role in &input.roles {
                let layers = role.layers(&pool);
                for asked in role.asked(&input.columns) {
                    let _ = black_box(authorize(&layers, &asked.request()));
                }
            }
        });
    });
    group.bench_function("lower bound", |bencher| {
        bencher.iter(|| black_box(lower_bound::Matrix::decide(text("W4"))));
    });
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = matrix }
criterion_main!(benches);
