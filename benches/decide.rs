//! How long does one decision take, and how many times the lower bound is that?
//!
//! *prepared*: policies compiled, request made ready. *from text*: caller, action, ARN and context come as
//! strings, and nothing was seen before.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::lower_bound::{Actions, Index};
use iamsim_benches::{Roles, workload};
use iamsim_eval::authorize;

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

fn roles(criterion: &mut Criterion<Cpu>) {
    let input = Roles::read();
    let mut group = criterion.benchmark_group("decide/W4 prepared");
    group.sample_size(10);
    let roles = input.prepared();
    group.throughput(Throughput::Elements((roles.len() * input.columns.len()) as u64));
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
    let roles = input.prepared_for_lower_bound(&Actions::of_catalog());
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
