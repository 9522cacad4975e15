//! How long does one decision take, and how many times the lower bound is that?
//!
//! *prepared*: policies compiled, request made ready. *from text*: caller, action, ARN and context come as
//! strings, and nothing was seen before.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::lower_bound::{Actions, Index};
use iamsim_benches::{Asked, Roles, workload};
use iamsim_eval::{Request, authorize};

fn prepared(criterion: &mut Criterion<Cpu>) {
    let actions = Actions::of_catalog();
    for name in ["W1", "W2", "W3"] {
        let workload = workload(name);
        let mut group = criterion.benchmark_group(format!("decide/{name} prepared"));
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        group.bench_function("iamsim", |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let _ = black_box(authorize(&workload.layers, request));
                }
            });
        });
        let index = Index::compile(&actions, workload.texts.iter().map(|(_, text)| text.as_str()));
        let requests: Vec<_> = workload.asked.iter().map(|asked| asked.prepare(&actions, &index)).collect();
        group.bench_function("lower bound", |bencher| {
            bencher.iter(|| {
                for request in &requests {
                    let _ = black_box(index.decide(request));
                }
            });
        });
        group.finish();
    }
}

fn from_text(criterion: &mut Criterion<Cpu>) {
    let actions = Actions::of_catalog();
    let workload = workload("W2");
    let mut group = criterion.benchmark_group("decide/W2 from text");
    group.throughput(Throughput::Elements(workload.requests.len() as u64));
    group.bench_function("iamsim", |bencher| {
        bencher.iter(|| {
            for asked in &workload.asked {
                let _ = black_box(authorize(&workload.layers, &asked.request()));
            }
        });
    });
    let index = Index::compile(&actions, workload.texts.iter().map(|(_, text)| text.as_str()));
    group.bench_function("lower bound", |bencher| {
        bencher.iter(|| {
            for asked in &workload.asked {
                let _ = black_box(index.decide(&asked.prepare(&actions, &index)));
            }
        });
    });
    group.finish();
}

/// One role in ten: the whole takes as long as ten of these, and says no more.
fn roles(criterion: &mut Criterion<Cpu>) {
    let actions = Actions::of_catalog();
    let input = Roles::read();
    let pool = input.compile();
    let asked: Vec<_> = input.roles.iter().step_by(10).collect();
    let mut group = criterion.benchmark_group("decide/W4 prepared");
    group.throughput(Throughput::Elements((asked.len() * input.columns.len()) as u64));
    group.sample_size(10);
    let columns: Vec<_> = input.columns.iter().map(Asked::column).collect();
    let roles: Vec<_> = asked
        .iter()
        .map(|role| {
            let asking = role.asking(&input.shared);
            let requests: Vec<_> =
                columns.iter().map(|column| Request::of(asking.clone(), column.clone())).collect();
            (role.layers(&pool).prepared(), requests)
        })
        .collect();
    group.bench_function("iamsim", |bencher| {
        bencher.iter(|| {
            for (layers, requests) in &roles {
                for request in requests {
                    let _ = black_box(authorize(layers, request));
                }
            }
        });
    });
    drop(roles);
    let roles: Vec<_> = asked
        .iter()
        .map(|role| {
            let index = Index::compile(&actions, role.texts(&input.pool));
            let requests: Vec<_> =
                role.asked(&input.columns).map(|asked| asked.prepare(&actions, &index)).collect();
            (index, requests)
        })
        .collect();
    group.bench_function("lower bound", |bencher| {
        bencher.iter(|| {
            for (index, requests) in &roles {
                for request in requests {
                    let _ = black_box(index.decide(request));
                }
            }
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = prepared, from_text, roles }
criterion_main!(benches);
