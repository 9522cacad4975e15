//! How long does one decision take, with policies compiled and the request prepared?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::{roles, workload};
use iamsim_eval::authorize;

fn decide(criterion: &mut Criterion) {
    for name in ["W1", "W2", "W3"] {
        let workload = workload(name);
        let mut group = criterion.benchmark_group("authorize");
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let _ = black_box(authorize(&workload.layers, request));
                }
            });
        });
        group.finish();
    }
    // One role in ten: the whole takes as long as ten of these, and says no more.
    let roles: Vec<_> = roles().into_iter().step_by(10).collect();
    let mut group = criterion.benchmark_group("authorize");
    group.throughput(Throughput::Elements(roles.iter().map(|role| role.requests.len() as u64).sum()));
    group.sample_size(10);
    group.bench_function("W4", |bencher| {
        bencher.iter(|| {
            for role in &roles {
                for request in &role.requests {
                    let _ = black_box(authorize(&role.layers, request));
                }
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
