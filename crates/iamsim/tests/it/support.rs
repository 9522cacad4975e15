//! Short words for what tests say often.

use iamsim::{Caller, Cloud, Error, Result};

/// The account most tests live in.
pub(crate) const HOME: &str = "111122223333";
/// Another one.
pub(crate) const AWAY: &str = "444455556666";
/// A management account.
pub(crate) const MANAGEMENT: &str = "999999999999";

pub(crate) const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// An identity policy of one statement.
pub(crate) fn allow(action: &str, resource: &str) -> String {
    statement(&format!(r#""Effect": "Allow", "Action": "{action}", "Resource": "{resource}""#))
}

pub(crate) fn deny(action: &str, resource: &str) -> String {
    statement(&format!(r#""Effect": "Deny", "Action": "{action}", "Resource": "{resource}""#))
}

/// A policy of one statement, by its members.
pub(crate) fn statement(members: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{{{members}}}]}}"#)
}

/// A trust policy with further members, such as a condition.
pub(crate) fn trusting_when(principal: &str, actions: &str, condition: &str) -> String {
    statement(&format!(
        r#""Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": {actions}, "Condition": {condition}"#
    ))
}

/// A user without policies.
pub(crate) fn user(cloud: &mut Cloud, account: &str, name: &str) -> Caller {
    cloud.account(account).unwrap().add_user(name).unwrap().caller()
}

/// A user that may do everything.
pub(crate) fn administrator(cloud: &mut Cloud, account: &str, name: &str) -> Caller {
    let mut account = cloud.account(account).unwrap();
    account.add_user(name).unwrap().attach_policy(ADMINISTRATOR).unwrap().caller()
}

/// What was refused.
#[track_caller]
pub(crate) fn error<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("this was to be refused"),
        Err(error) => error,
    }
}

/// Asserts code, status and message at once.
#[track_caller]
pub(crate) fn assert_refused<T>(result: Result<T>, code: &str, status: u16, message: &str) {
    let error = error(result);
    assert_eq!((error.code(), error.status(), error.message()), (code, status, message), "{error:?}");
}

/// Asserts the plain-words reason of what was refused.
#[track_caller]
pub(crate) fn assert_reason<T>(result: Result<T>, reason: &str) {
    let error = error(result);
    assert_eq!(error.reason(), Some(reason), "{error:?}");
}
