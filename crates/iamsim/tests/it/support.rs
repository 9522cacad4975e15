//! Short words for what tests say often.

use iamsim::{AssumeRole, Caller, Cloud, Error, Result, RoleArn, Session, TimeDelta};

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
/// A trust policy for an AWS principal and `sts:AssumeRole`.
pub(crate) fn trusting(principal: &str) -> String {
    statement(&format!(
        r#""Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "sts:AssumeRole""#
    ))
}

/// A cloud with an administrator and a role that trusts the account for everything.
pub(crate) struct Setup {
    pub(crate) cloud: Cloud,
    pub(crate) admin: Caller,
    pub(crate) role: RoleArn,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self::trusting(&trusting_when(HOME, r#""sts:*""#, "{}"))
    }

    pub(crate) fn trusting(trust: &str) -> Self {
        let mut cloud = Cloud::new();
        let admin = administrator(&mut cloud, HOME, "admin");
        let mut account = cloud.account(HOME).unwrap();
        account.user("admin").unwrap().mfa_device("phone").unwrap();
        let role = account.add_role("target", trust).unwrap();
        let role = role.max_session_duration(TimeDelta::hours(12)).unwrap().arn();
        Self { cloud, admin, role }
    }

    pub(crate) fn call(&self) -> AssumeRole {
        AssumeRole::new(&self.role, "work")
    }

    pub(crate) fn assume(&mut self, call: AssumeRole) -> Result<Session> {
        self.cloud.sts().assume_role(&self.admin, call)
    }

    pub(crate) fn assume_as(&mut self, who: &Caller, call: AssumeRole) -> Result<Session> {
        self.cloud.sts().assume_role(who, call)
    }

    pub(crate) fn code(&self) -> String {
        self.cloud.mfa_code(PHONE).unwrap()
    }
}

pub(crate) const PHONE: &str = "arn:aws:iam::111122223333:mfa/phone";
