//! No workload is measured whose answers are wrong.

use iamsim_benches::{Workload, roles, workload};
use iamsim_eval::{authorize, explain};

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
fn two_hundred_roles_and_a_thousand_actions_are_answered_without_a_mistake() {
    let decided: usize = roles().iter().map(check).sum();
    assert_eq!(decided, 200_000);
}
