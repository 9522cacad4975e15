//! Many questions at once are answered as one at a time: over whole organizations, every sampled caller asks what
//! all sampled callers ask, so across accounts, behind boundaries, control policies, session policies and policies
//! of resources, with contexts that are complete and such that are not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use iamsim::{Caller, RequestBuilder, Snapshot};
use iamsim_generate::{Corpus, Organization, Request, Settings, Tier};

/// What is said of the context of a request.
type Words = fn(RequestBuilder) -> RequestBuilder;

const WORDS: [Words; 4] = [
    |request| request,
    |request| request.complete().source_ip("203.0.113.7").region("eu-west-1"),
    |request| request.no_tags().absent("aws:SourceIp").context("aws:UserAgent", "aws-cli/2"),
    |request| request.via_service("cloudformation.amazonaws.com").unknown("aws:PrincipalArn"),
];

fn ask(snapshot: &Snapshot, who: &Caller, asked: &Request, words: usize) -> RequestBuilder {
    let request = snapshot.request(who, &asked.action, &asked.resource);
    let request = match &asked.owner {
        Some(owner) if words.is_multiple_of(2) => request.owner(owner),
        _ => request,
    };
    WORDS[words](request)
}

/// Returns how often each decision came.
fn check(requests: &[RequestBuilder], snapshot: &Snapshot) -> [usize; 4] {
    let mut counts = [0; 4];
    let found = snapshot.authorize_all(requests.iter().cloned());
    assert_eq!(found.len(), requests.len());
    for (request, found) in requests.iter().zip(found) {
        let (found, expected) = (found.unwrap(), request.clone().authorize().unwrap());
        assert_eq!(found, expected, "{request:?}");
        counts[expected as usize] += 1;
    }
    counts
}

fn organization(tier: Tier, seed: u64, callers: usize, questions: usize) -> [usize; 4] {
    let corpus = Corpus::new();
    let organization = Organization::generate(&corpus, &Settings::new(tier, seed));
    let mut cloud = organization.build().unwrap();
    let asked = organization.requests(&corpus, questions);
    let mut who: Vec<Caller> = asked
        .iter()
        .filter(|request| request.session_policy.is_some())
        .chain(&asked)
        .take(callers)
        .map(|request| organization.caller(&mut cloud, request).unwrap())
        .collect();
    for account in organization.accounts.iter().take(3) {
        let mut inside = cloud.account(&account.id).unwrap();
        who.push(inside.root());
        who.extend(account.users.iter().take(2).map(|user| inside.user(&user.name).unwrap().caller()));
    }
    who.extend([Caller::anonymous(), Caller::service("sns.amazonaws.com")]);
    let resources = organization.accounts.iter().flat_map(|account| &account.resources).take(40);
    let of_resources = resources.flat_map(|resource| {
        ["s3:GetObject", "s3:PutBucketPolicy", "sqs:SendMessage", "kms:Decrypt"].map(|action| {
            let mut request = asked[0].clone();
            (request.action, request.resource, request.owner) =
                (action.to_owned(), resource.arn.clone(), None);
            request
        })
    });
    let asked: Vec<Request> = asked.iter().cloned().chain(of_resources).collect();
    let snapshot = cloud.snapshot();
    let mut counts = [0; 4];
    let mut add = |found: [usize; 4]| counts.iter_mut().zip(found).for_each(|(count, found)| *count += found);
    for words in 0..WORDS.len() {
        // One caller after the other, each with all its questions; and each question by all callers.
        let by_caller = who.iter().flat_map(|who| asked.iter().map(move |asked| (who, asked)));
        let by_question = asked.iter().step_by(23).flat_map(|asked| who.iter().map(move |who| (who, asked)));
        let requests: Vec<_> =
            by_caller.chain(by_question).map(|(who, asked)| ask(&snapshot, who, asked, words)).collect();
        add(check(&requests, &snapshot));
    }
    counts
}

#[test]
fn a_small_organization_answers_many_questions_as_one_at_a_time() {
    let counts = organization(Tier::S, 7, 8, 100);
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

#[test]
fn a_middling_organization_answers_many_questions_as_one_at_a_time() {
    let counts = organization(Tier::M, 1, 16, 160);
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}
