//! How long do 200 roles × 1,000 actions take, from JSON text to the last answer, and how much do two threads help?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::{Asked, Roles, lower_bound, text};
use iamsim_eval::{Request, authorize};

fn matrix(criterion: &mut Criterion<Cpu>) {
    let mut group = criterion.benchmark_group("matrix/W4 from text to answers");
    group.sample_size(10);
    group.bench_function("iamsim", |bencher| bencher.iter(|| black_box(Roles::read().matrix(1))));
    group.bench_function("iamsim, one at a time", |bencher| {
        bencher.iter(|| {
            let input = Roles::read();
            let pool = input.compile();
            let columns: Vec<_> = input.columns.iter().map(Asked::column).collect();
            for role in &input.roles {
                let layers = role.layers(&pool).prepared();
                let asking = role.asking(&input.shared);
                for column in &columns {
                    let request = Request::of(asking.clone(), column.clone());
                    let _ = black_box(authorize(&layers, &request));
                }
            }
        });
    });
    group.bench_function("lower bound", |bencher| {
        bencher.iter(|| black_box(lower_bound::Matrix::decide(text("W4"))));
    });
    group.finish();
}

/// Two threads are a matter of the clock on the wall.
fn threads(criterion: &mut Criterion) {
    let input = Roles::read();
    let pool = input.compile();
    let columns: Vec<_> = input.columns.iter().map(Asked::column).collect();
    let roles: Vec<_> = input
        .roles
        .iter()
        .map(|role| {
            let asking = role.asking(&input.shared);
            let requests: Vec<_> =
                columns.iter().map(|column| Request::of(asking.clone(), column.clone())).collect();
            (role.layers(&pool).prepared(), requests)
        })
        .collect();
    let mut group = criterion.benchmark_group("matrix/W4 one at a time, wall clock");
    group.throughput(Throughput::Elements((input.roles.len() * columns.len()) as u64));
    group.sample_size(10);
    for (name, threads) in [("two threads", 2), ("one thread", 1)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                std::thread::scope(|scope| {
                    for part in roles.chunks(roles.len().div_ceil(threads)) {
                        scope.spawn(move || {
                            for (layers, requests) in part {
                                for request in requests {
                                    let _ = black_box(authorize(layers, request));
                                }
                            }
                        });
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = matrix }
criterion_group!(on_the_wall, threads);
criterion_main!(benches, on_the_wall);
