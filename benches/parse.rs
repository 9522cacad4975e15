//! How long does it take to read and validate a policy, and how much longer than reading its JSON?
//!
//! Compare `policy` with `serde_json` in one run: the ratio carries over to other machines, the times don't.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::{Roles, workload};
use iamsim_catalog::ManagedPolicies;
use iamsim_policy::{Policy, PolicyKind};

fn parse(criterion: &mut Criterion<Cpu>) {
    let pool = Roles::read().pool.into_iter().map(|text| (PolicyKind::Identity, text.to_owned())).collect();
    let managed = ManagedPolicies::embedded();
    let managed = managed.iter().map(|policy| (PolicyKind::Identity, policy.document())).collect();
    let inputs = [
        ("W2", workload("W2").texts),
        ("W3", workload("W3").texts),
        ("W4", pool),
        ("the managed policies of AWS", managed),
    ];
    for (name, texts) in inputs {
        let texts: Vec<(PolicyKind, String)> = texts;
        let mut group = criterion.benchmark_group(format!("parse/{name}"));
        let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("policy", |bencher| {
            bencher.iter(|| {
                for (kind, text) in &texts {
                    let _ = black_box(Policy::parse(*kind, text.as_str()));
                }
            });
        });
        group.bench_function("serde_json", |bencher| {
            bencher.iter(|| {
                for (_, text) in &texts {
                    let _ = black_box(serde_json::from_str::<serde_json::Value>(text));
                }
            });
        });
        group.finish();
    }
}

criterion_group! { name = benches; config = criterion(); targets = parse }
criterion_main!(benches);
