//! The policies of a scenario that a request can meet.

use iamsim_policy::Policy;
use iamsim_scenario::{Outcome, PolicyText, StepKind, StepOutcome, Verdict};

/// The policies that stand in a scenario or in files it refers to, but for those in steps that AWS refused: they
/// were never attached to anything, and no request can meet them.
///
/// ```
/// use iamsim_coverage::written;
/// use iamsim_scenario::{Scenario, Source, no_files};
///
/// let text = r#"{
///   "scenario": "A user without permissions",
///   "accounts": { "111122223333": { "users": { "dev": { "policies": { "none": {
///     "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Action": "*", "Resource": "*" } } } } } } },
///   "steps": []
/// }"#;
/// let scenario = Scenario::parse(&Source::new("story.json", text), &mut no_files).unwrap();
/// assert_eq!(written(&scenario.run().unwrap()).len(), 1);
/// ```
pub fn written(outcome: &Outcome) -> Vec<&Policy> {
    let refused = outcome.steps().iter().filter(|step| {
        step.kind() == StepKind::Change && step.verdict() == Verdict::Passed && step.came() != "done"
    });
    let places: Vec<_> = refused.map(StepOutcome::place).collect();
    let is_refused = |policy: &Policy| {
        places.iter().any(|place| {
            place.source.name() == policy.source().name()
                && place.span.start <= policy.span().start
                && policy.span().end <= place.span.end
        })
    };
    outcome.policies().iter().map(PolicyText::policy).filter(|policy| !is_refused(policy)).collect()
}
