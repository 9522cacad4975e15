//! How long does a look-up in the catalog take, and how long the expansion of a pattern?
//!
//! One action by service and name: at most 300 ns. `s3:*`: at most 20 µs.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_catalog::Catalog;
use iamsim_policy::ActionPattern;

fn catalog(criterion: &mut Criterion<Cpu>) {
    let catalog = Catalog::embedded();
    let mut group = criterion.benchmark_group("catalog");
    for action in ["s3:GetObject", "EC2:runinstances", "lambda:Nonsense"] {
        group.bench_function(format!("look up {action}"), |bencher| {
            bencher.iter(|| catalog.action(black_box(action)));
        });
    }
    for pattern in ["s3:*", "s3:Get*", "ec2:*", "ec2:*Instances", "*"] {
        let pattern = ActionPattern::new(pattern);
        group.bench_function(format!("expand {}", pattern.as_str()), |bencher| {
            bencher.iter(|| {
                catalog.expand(black_box(&pattern)).map(|action| action.name().len()).sum::<usize>()
            });
        });
    }
    let every = ActionPattern::new("s3:*");
    group.bench_function("expand s3:* and read the names", |bencher| {
        bencher.iter(|| catalog.expand(black_box(&every)).map(|action| action.name().len()).sum::<usize>());
    });
    group.bench_function("the key of a tag", |bencher| {
        bencher.iter(|| catalog.key(black_box("aws:RequestTag/team")));
    });
    let object = "arn:aws:s3:::reports/2026/q1.csv".parse().ok();
    group.bench_function("the types of an ARN", |bencher| {
        bencher.iter(|| black_box(&object).as_ref().map(|arn| catalog.resource_types(arn).len()));
    });
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = catalog }
criterion_main!(benches);
