//! A resource whose policy nobody knows leaves the answer open wherever that policy could change it.

#![expect(clippy::unwrap_used, reason = "a test")]

use iamsim_eval::{
    Attached, Caller, Context, Decision, Layers, Program, Request, Resource, ResourcePolicy, explain,
};
use iamsim_policy::{Policy, PolicyKind};

const ALLOW_ALL: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const DENY_ALL: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;

fn check(identity: &[&str], action: &str, resource: &str, expected: Decision, denied: bool) {
    let mut layers = Layers::new().with_resource(ResourcePolicy::Unknown);
    for text in identity {
        let policy = Policy::parse(PolicyKind::Identity, *text).unwrap();
        layers = layers.with_identity(Attached::new("own", Program::compile(&policy)));
    }
    let caller = Caller::user("arn:aws:iam::111122223333:user/dev".parse().unwrap()).unwrap();
    let resource = Resource::Arn(resource.parse().unwrap());
    let request = Request::new(caller, action.parse().unwrap(), resource, Context::complete());
    let explanation = explain(&layers, &request);
    assert_eq!(explanation.decision(), expected, "{action} {explanation}");
    assert_eq!(explanation.is_denied(), denied, "{action} {explanation}");
}

#[test]
fn a_policy_that_nobody_knows_leaves_the_answer_open() {
    const OWN: &str = "arn:aws:sqs:us-east-1:111122223333:q";
    const FOREIGN: &str = "arn:aws:sqs:us-east-1:444455556666:q";
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/k";
    const ROLE: &str = "arn:aws:iam::444455556666:role/r";
    // It could deny what the own side allows, and allow what it does not.
    check(&[ALLOW_ALL], "sqs:SendMessage", OWN, Decision::Undetermined, false);
    check(&[], "sqs:SendMessage", OWN, Decision::Undetermined, false);
    check(&[ALLOW_ALL], "sqs:SendMessage", FOREIGN, Decision::Undetermined, false);
    check(&[ALLOW_ALL], "kms:Decrypt", KEY, Decision::Undetermined, false);
    check(&[ALLOW_ALL], "sts:AssumeRole", ROLE, Decision::Undetermined, false);
    // Across accounts it can't allow alone, and only the kind of denial is open.
    check(&[], "sqs:SendMessage", FOREIGN, Decision::Undetermined, true);
    // A Deny of the own side is final.
    check(&[DENY_ALL], "sqs:SendMessage", OWN, Decision::ExplicitDeny, true);
    // No resource policy takes part in actions of IAM (PE-APP-04).
    check(&[ALLOW_ALL], "iam:GetRole", "arn:aws:iam::111122223333:role/r", Decision::Allow, false);
}
