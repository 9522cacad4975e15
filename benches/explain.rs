//! How much more than a decision do its reasons cost: the statements that decided, the explanation, its text?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::workload;
use iamsim_eval::{StatementRef, authorize, each_deciding, explain};

fn explanation(criterion: &mut Criterion<Cpu>) {
    for name in ["W1", "W2", "W3"] {
        let workload = workload(name);
        let mut group = criterion.benchmark_group(format!("explain/{name}"));
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        group.bench_function("decision only", |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let _ = black_box(authorize(&workload.layers, request));
                }
            });
        });
        group.bench_function("deciding statements named", |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let see = |statement: StatementRef<'_>| {
                        black_box(&statement);
                    };
                    let _ = black_box(each_deciding(&workload.layers, request, see));
                }
            });
        });
        group.bench_function("explanation", |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let _ = black_box(explain(&workload.layers, request));
                }
            });
        });
        group.bench_function("explanation, all of it read", |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    black_box(explain(&workload.layers, request).layers().len());
                }
            });
        });
        group.bench_function("explanation and its text", |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    black_box(explain(&workload.layers, request).to_string());
                }
            });
        });
        group.finish();
    }
}

criterion_group! { name = benches; config = criterion(); targets = explanation }
criterion_main!(benches);
