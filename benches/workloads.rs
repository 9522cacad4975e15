//! No workload is measured whose answers are wrong.

use iamsim_benches::lower_bound::{Actions, Index, Matrix};
use iamsim_benches::{Roles, UNITS, Workload, letter, organization, text, workload, world};
use iamsim_eval::{Decision, authorize, explain};
use iamsim_generate::{Corpus, Organization, Settings, Tier};

fn check(workload: &Workload) -> usize {
    assert_eq!(workload.requests.len(), workload.expected.len());
    for (request, expected) in workload.requests.iter().zip(&workload.expected) {
        let found = authorize(&workload.layers, request);
        assert_eq!(found, *expected, "{}", explain(&workload.layers, request));
    }
    workload.requests.len()
}

#[test]
fn the_small_workloads_are_answered_without_a_mistake() {
    assert_eq!(check(&workload("W1")), 3);
    assert_eq!(check(&workload("W2")), 200);
    assert_eq!(check(&workload("W3")), 200);
}

#[test]
fn a_world_assembles_the_same_answers() {
    let workload = workload("W2");
    let (cloud, caller) = world(&workload);
    let snapshot = cloud.snapshot();
    for (asked, expected) in workload.asked.iter().zip(&workload.expected) {
        assert_eq!(asked.ask(&snapshot, &caller).authorize().unwrap(), *expected, "{asked:?}");
    }
}

/// Otherwise growth would be of the questions, not of the world. Times say nothing on a busy machine; how often
/// memory is asked for does.
#[test]
fn worlds_that_differ_in_roles_alone_answer_the_same_requests_alike() {
    let corpus = Corpus::new();
    let answers = |tier: Tier| {
        let (snapshot, requests) = organization(&corpus, tier, UNITS);
        let mut answers = Vec::new();
        let asked = allocation_counter::measure(|| {
            for (caller, request) in &requests {
                answers.push(request.ask(&snapshot, caller).authorize().unwrap());
            }
        });
        let requests: Vec<_> = requests.into_iter().map(|(_, request)| request).collect();
        (requests, answers, asked.count_total)
    };
    let (requests, smallest, allocations) = answers(Tier::S);
    for decision in [Decision::Allow, Decision::ExplicitDeny, Decision::ImplicitDeny] {
        assert!(smallest.contains(&decision), "{decision}");
    }
    for tier in [Tier::M, Tier::L] {
        let (same, found, again) = answers(tier);
        assert_eq!(same, requests, "{tier}");
        assert_eq!(found, smallest, "{tier}");
        assert!(again.abs_diff(allocations) * 100 < allocations, "{tier}: {again}, not {allocations}");
    }
}

/// Times say nothing on a busy machine; what an edit allocates does. The world is being asked meanwhile.
#[test]
fn an_edit_compiles_the_edited_policy_alone() {
    let corpus = Corpus::new();
    let text =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:Get*","Resource":"*"}}"#;
    let allocated = |tier: Tier| {
        let organization = Organization::generate(&corpus, &Settings::new(tier, 1));
        let mut cloud = organization.build().unwrap();
        let account = organization.accounts.first().unwrap();
        let role = account.roles.first().unwrap().name.rsplit('/').next().unwrap().to_owned();
        let asked = cloud.snapshot();
        let edited = allocation_counter::measure(|| {
            let mut account = cloud.account(&account.id).unwrap();
            account.role(&role).unwrap().attach("edited", text).unwrap();
        });
        drop(asked);
        edited.count_total
    };
    let (small, large) = (allocated(Tier::S), allocated(Tier::L));
    assert!(large < small * 2, "{small} allocations in a world of 10 roles, {large} in one of 1,000");
}

#[test]
fn two_hundred_roles_and_a_thousand_actions_are_answered_without_a_mistake() {
    let input = Roles::read();
    let pool = input.compile();
    let mut decided = 0;
    for role in &input.roles {
        let layers = role.layers(&pool);
        let asked: Vec<_> = role.asked(&input).map(|asked| asked.request()).collect();
        let found: String = asked.iter().map(|request| letter(authorize(&layers, request))).collect();
        assert_eq!(found, role.expected, "{}", role.arn);
        decided += found.len();
    }
    assert_eq!(decided, 200_000);
}

#[test]
fn columns_are_answered_without_a_mistake_and_in_little_memory() {
    let input = Roles::read();
    let expected: Vec<&str> = input.roles.iter().map(|role| role.expected.as_str()).collect();
    let mut found = Vec::new();
    // From the text of the workload to the last answer: what the questions are read into counts as well.
    let memory = allocation_counter::measure(|| found = Roles::read().matrix(1));
    assert_eq!(found, expected);
    assert_eq!(input.matrix(2), expected);
    assert!(memory.bytes_max <= 5 * 1024 * 1024, "{} bytes above the input", memory.bytes_max);
}

#[test]
fn the_lower_bound_makes_no_mistake_on_the_small_workloads() {
    let actions = Actions::of_catalog();
    for name in ["W1", "W2", "W3"] {
        let workload = workload(name);
        let index = Index::compile(&actions, workload.texts.iter().map(|(_, text)| text.as_str()));
        for (asked, expected) in workload.asked.iter().zip(&workload.expected) {
            assert_eq!(index.decide(&asked.prepare(&actions, &index)), *expected, "{name}: {asked:?}");
        }
    }
}

#[test]
fn the_lower_bound_makes_no_mistake_on_the_matrix_one_at_a_time_or_in_rows() {
    let actions = Actions::of_catalog();
    let input = Roles::read();
    let matrix = Matrix::decide(text("W4"));
    assert_eq!(matrix.roles(), 200);
    for (row, role) in input.roles.iter().enumerate() {
        let index = Index::compile(&actions, role.texts(&input.pool));
        let answer = |asked: iamsim_benches::Asked| letter(index.decide(&asked.prepare(&actions, &index)));
        let found: String = role.asked(&input).map(answer).collect();
        assert_eq!(found, role.expected, "{}, one at a time", role.arn);
        assert_eq!(matrix.letters(row), role.expected, "{}, in rows", role.arn);
    }
}
