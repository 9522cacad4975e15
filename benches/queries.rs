//! What does it cost to ask what one role may do, over the whole catalog, and who of a thousand roles may do one
//! thing? And what would it cost to ask one question after another?
//!
//! *One at a time* asks the very questions that the query asks, each by itself. The query also explains what is
//! open and folds what is granted, which its base does not.
#![expect(clippy::expect_used, reason = "its inputs are committed with it")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use criterion::{Criterion, criterion_group, criterion_main};
use iamsim::{Caller, RequestBuilder, Snapshot};
use iamsim_benches::cpu::{Cpu, criterion};
use iamsim_benches::every_role;
use iamsim_catalog::Catalog;
use iamsim_generate::{Corpus, Tier};
use iamsim_query::{Explained, Named, what_can, who_can};

fn queries(criterion: &mut Criterion<Cpu>) {
    let (snapshot, organization, callers) = every_role(&Corpus::new(), Tier::L);
    what(criterion, &snapshot, &callers);
    let bucket = organization
        .accounts
        .iter()
        .flat_map(|account| &account.resources)
        .find(|resource| resource.policy.is_some() && resource.arn.starts_with("arn:aws:s3:::"))
        .expect("there are buckets with a policy");
    who(criterion, &snapshot, &callers, &format!("{}/report.csv", bucket.arn));
}

fn what(criterion: &mut Criterion<Cpu>, snapshot: &Snapshot, callers: &[Named]) {
    let (_, caller) = callers.first().expect("there are roles");
    let recorded = Mutex::new(Vec::new());
    let what = |record: bool| {
        let ask = |who: &Caller, action: &str, on: &str| {
            let request = snapshot.request(who, action, on).complete();
            if record {
                recorded.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            }
            request
        };
        what_can(&ask, caller, Catalog::embedded(), &[], &[], NonZeroUsize::MIN)
    };
    black_box(what(true));
    let requests: Vec<RequestBuilder> = recorded.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut group = criterion.benchmark_group("queries/what-can of one role");
    group.sample_size(10);
    group.bench_function("iamsim", |bencher| bencher.iter(|| black_box(what(false))));
    group.bench_function("one at a time", |bencher| {
        bencher.iter(|| {
            for request in &requests {
                let _ = black_box(request.clone().authorize());
            }
        });
    });
    group.finish();
}

fn who(criterion: &mut Criterion<Cpu>, snapshot: &Snapshot, callers: &[Named], object: &str) {
    let ask = |who: &Caller, action: &str, on: &str| snapshot.request(who, action, on).complete();
    let mut group = criterion.benchmark_group("queries/who-can of 1,000 roles");
    group.sample_size(10);
    group.bench_function("iamsim", |bencher| {
        let question = ("s3:GetObject", object);
        bencher.iter(|| black_box(who_can(&ask, callers, question, Explained::WhoMay, NonZeroUsize::MIN)));
    });
    group.bench_function("one at a time", |bencher| {
        bencher.iter(|| {
            for (_, caller) in callers {
                let _ = black_box(ask(caller, "s3:GetObject", object).authorize());
            }
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = queries }
criterion_main!(benches);
