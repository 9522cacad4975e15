//! What does the world add: to one decision, and when it is built or edited?
//!
//! *assembled*: caller, action and ARN come as strings, and the world finds the policies and fills in the
//! context. *edited*: one policy of a world that is being asked gets a text that is new to it; the rest has to stay
//! as it was, so it must not take longer in a large world.
#![expect(clippy::expect_used, reason = "its inputs are committed with it")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iamsim::Cloud;
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::{workload, world};
use iamsim_generate::{Corpus, Organization, Settings, Tier};

fn assembled(criterion: &mut Criterion<Cpu>) {
    let workload = workload("W2");
    let (cloud, caller) = world(&workload);
    let snapshot = cloud.snapshot();
    let mut group = criterion.benchmark_group("world/W2 assembled");
    group.throughput(Throughput::Elements(workload.asked.len() as u64));
    group.bench_function("iamsim", |bencher| {
        bencher.iter(|| {
            for asked in &workload.asked {
                let _ = black_box(asked.ask(&snapshot, &caller).authorize());
            }
        });
    });
    group.finish();
}

fn organizations(criterion: &mut Criterion<Cpu>) {
    let corpus = Corpus::new();
    for tier in [Tier::M, Tier::L] {
        let organization = Organization::generate(&corpus, &Settings::new(tier, 1));
        let mut cloud = organization.build().expect("the generator makes nothing that is refused");
        let requests: Vec<_> = organization
            .requests(&corpus, 200)
            .into_iter()
            .map(|request| (organization.caller(&mut cloud, &request).expect("the world has it"), request))
            .collect();
        let mut group = criterion.benchmark_group(format!("world/{tier}"));
        group.sample_size(10);
        group.throughput(Throughput::Elements(requests.len() as u64));
        group.bench_function("decided", |bencher| {
            let snapshot = cloud.snapshot();
            bencher.iter(|| {
                for (caller, request) in &requests {
                    let _ = black_box(request.ask(&snapshot, caller).authorize());
                }
            });
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function("one policy edited", |bencher| {
            let mut number = 0_u64;
            bencher.iter(|| {
                number += 1;
                let before = cloud.snapshot();
                edit(&mut cloud, &organization, &edited(number));
                black_box((before, cloud.snapshot()))
            });
        });
        group.bench_function("built", |bencher| bencher.iter(|| black_box(organization.build())));
        group.finish();
    }
}

/// A text that no world has seen: it has to be read and compiled.
fn edited(number: u64) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sqs:Get{number}*","Resource":"*"}}}}"#
    )
}

fn edit(cloud: &mut Cloud, organization: &Organization, text: &str) {
    let account = organization.accounts.first().expect("every tier has an account");
    let role = account.roles.first().expect("every account has a role");
    let name = role.name.rsplit('/').next().unwrap_or_default();
    let mut account = cloud.account(&account.id).expect("the world has it");
    let role = account.role(name).expect("the account has it");
    role.attach("edited", text).expect("the policy is valid");
}

criterion_group! { name = benches; config = criterion(); targets = assembled, organizations }
criterion_main!(benches);
