//! How does a decision grow with the policies of a caller, the statements of a policy, the roles of a world, the
//! organizational units above the caller?
//!
//! It should be flat in the number of roles, and in policies and statements that are not about the action asked
//! for. `cargo xtask bench growth` plots it.
#![expect(clippy::expect_used, reason = "its inputs are committed with it")]

use std::cell::OnceCell;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::lower_bound::{Actions, Index};
use iamsim_benches::{Asked, ORGANIZATION_REQUESTS, Roles, UNITS, organization};
use iamsim_eval::{Attached, Layers, Program, authorize};
use iamsim_generate::{Corpus, Tier};
use iamsim_policy::{Policy, PolicyKind};

/// The pool of W4, more and more of it attached to one caller.
fn policies(criterion: &mut Criterion<Cpu>) {
    let input = Roles::read();
    let pool = input.compile();
    let actions = Actions::of_catalog();
    let role = input.roles.first().expect("W4 has roles");
    let asked: Vec<Asked> = role.asked(&input).collect();
    let requests: Vec<_> = asked.iter().map(Asked::request).collect();
    let mut group = criterion.benchmark_group("growth/policies of the caller");
    group.throughput(Throughput::Elements(requests.len() as u64));
    for count in [1, 2, 5, 10, 20, 50, 100] {
        let layers = pool.iter().take(count).cloned().fold(Layers::new(), Layers::with_identity);
        group.bench_function(BenchmarkId::new("iamsim", count), |bencher| {
            bencher.iter(|| {
                for request in &requests {
                    let _ = black_box(authorize(&layers, request));
                }
            });
        });
        let index = Index::compile(&actions, input.pool.iter().take(count).copied());
        let prepared: Vec<_> = asked.iter().map(|asked| asked.prepare(&actions, &index)).collect();
        group.bench_function(BenchmarkId::new("lower bound", count), |bencher| {
            bencher.iter(|| {
                for request in &prepared {
                    let _ = black_box(index.decide(request));
                }
            });
        });
    }
    group.finish();
}

/// One policy with more and more statements: about the action asked for, or about other actions of its service.
fn statements(criterion: &mut Criterion<Cpu>) {
    let actions = Actions::of_catalog();
    let mut group = criterion.benchmark_group("growth/statements of the policy");
    for (about, action) in [("other actions", "s3:PutObject"), ("this action", "s3:GetObject")] {
        for count in [1, 10, 100, 1_000, 5_000] {
            let text = many_statements(count, action);
            let policy = Policy::parse(PolicyKind::Identity, text.as_str()).expect("it is a policy");
            let layers = Layers::new().with_identity(Attached::new("policy", Program::compile(&policy)));
            let asked = Asked {
                principal: "arn:aws:iam::111122223333:user/dev".to_owned(),
                action: "s3:GetObject".to_owned(),
                resource: "arn:aws:s3:::central/none/of/them.gz".to_owned(),
                owner: "111122223333".to_owned(),
                context: Vec::new(),
            };
            let request = asked.request();
            group.bench_function(BenchmarkId::new(format!("iamsim, about {about}"), count), |bencher| {
                bencher.iter(|| black_box(authorize(&layers, &request)));
            });
            let index = Index::compile(&actions, [text.as_str()]);
            let prepared = asked.prepare(&actions, &index);
            group.bench_function(BenchmarkId::new(format!("lower bound, about {about}"), count), |bencher| {
                bencher.iter(|| black_box(index.decide(&prepared)));
            });
        }
    }
    group.finish();
}

fn many_statements(count: usize, action: &str) -> String {
    let statement = |number: usize| {
        format!(
            r#"{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:s3:::central/area-{number}/*"}}"#
        )
    };
    let statements: Vec<String> = (0..count).map(statement).collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// The same requests of the same ten roles, in worlds ten times as large as the one before.
fn roles(criterion: &mut Criterion<Cpu>) {
    let worlds = Tier::ALL.map(|tier| (tier.size().roles, tier, UNITS));
    organizations(criterion, "growth/roles in the world", &worlds);
}

/// The same requests of the same ten roles, alone in their world, further and further below its root.
fn units(criterion: &mut Criterion<Cpu>) {
    let worlds = [1, 2, 3, 4, 5].map(|units| (units, Tier::S, units));
    organizations(criterion, "growth/units above the account", &worlds);
}

/// A world is made when it is asked for, so that a filter leaves the large ones out.
fn organizations(criterion: &mut Criterion<Cpu>, name: &str, worlds: &[(usize, Tier, usize)]) {
    let corpus = Corpus::new();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.throughput(Throughput::Elements(ORGANIZATION_REQUESTS as u64));
    for (number, tier, units) in worlds {
        let world = OnceCell::new();
        group.bench_function(BenchmarkId::new("iamsim, assembled", number), |bencher| {
            let (snapshot, requests) = world.get_or_init(|| organization(&corpus, *tier, *units));
            bencher.iter(|| {
                for (caller, request) in requests {
                    let _ = black_box(request.ask(snapshot, caller).authorize());
                }
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = policies, statements, roles, units }
criterion_main!(benches);
