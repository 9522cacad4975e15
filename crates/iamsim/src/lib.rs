//! A test double for AWS IAM and STS: build a world of accounts, ask who may do what, and why.
//!
//! ```
//! use iamsim::Cloud;
//!
//! const CHECKOUT: &str = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";
//!
//! # fn a_developer_can_invoke_but_not_delete_lambdas() -> iamsim::Result {
//! let mut cloud = Cloud::new();
//! let dev = cloud.account("111122223333")?.add_user("dev")?
//!     .attach("developer", r#"{"Version": "2012-10-17", "Statement": {
//!         "Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*"}}"#)?
//!     .caller();
//!
//! cloud.assert_allows(&dev, "lambda:InvokeFunction", CHECKOUT);
//! cloud.assert_denies(&dev, "lambda:DeleteFunction", CHECKOUT);
//! # Ok(())
//! # }
//! # a_developer_can_invoke_but_not_delete_lambdas().unwrap();
//! ```
//!
//! The message of a failed assertion is the explanation: layer by layer, policy by policy, statement by
//! statement, with the place of each in its text.
//!
//! - [`Cloud`] holds accounts, organizations, users, groups, roles, policies and resources, and refuses what
//!   AWS refuses, with AWS's codes and messages ([`Error`]).
//! - [`Cloud::sts`] assumes roles and makes sessions; [`Cloud::console`] signs users in and switches roles.
//! - [`Cloud::request`] says more of a request: what only a real network call would know is *unknown* until a
//!   test says it, and then the answer may be [`Decision::Undetermined`]. [`global_keys`] lists every key.
//! - [`Cloud::for_actions`] asks for all actions that match a pattern, and
//!   [`RequestBuilder::warnings`] says which names of a question nobody knows.
//! - [`Cloud::clock`] stands still until it is moved. Nothing here reads the wall clock, the disk or the
//!   network, and two runs are alike to the byte.
//!
//! A role is not a [`Caller`]: it is assumed first. A user is its unique id: deleted and made again, it is
//! somebody else.

pub mod trust;

mod account;
mod assert;
mod clock;
mod cloud;
mod console;
mod difference;
mod error;
mod identity;
mod inventory;
mod keyring;
mod link;
mod matrix;
mod mfa;
mod mint;
mod organization;
mod request;
mod resource;
mod snapshot;
mod sts;
mod warning;

pub use chrono::{DateTime, TimeDelta, Utc};
pub use iamsim_catalog::{Catalog, ManagedPolicies};
pub use iamsim_eval::{ContextValue, Decision, Explanation, Layer, StatementRef};
pub use iamsim_model::{Caller, CallerIdentity, ErrorCode, KeyRule, PolicyDocument, Quota};
pub use iamsim_policy::{AccountId, Arn, Diagnostic, Policy, PolicyKind, Source};

pub use account::AccountMut;
pub use clock::ManualClock;
pub use cloud::Cloud;
pub use console::{Console, ConsoleSession};
pub use difference::{Answer, Change, Difference};
pub use error::Error;
pub use identity::{AccessKey, Group, IdentityMut, Role, RoleArn, User};
pub use inventory::{RoleEntry, UserEntry};
pub use link::SwitchRoleLink;
pub use matrix::{Cell, Matrix};
pub use organization::{OrganizationMut, TargetMut};
pub use request::RequestBuilder;
pub use resource::{InstanceProfileMut, PolicyMut, ResourceMut, VpcEndpointMut};
pub use snapshot::Snapshot;
pub use sts::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, Credentials, GetFederationToken,
    GetSessionToken, ProvidedContext, SamlAssertion, Session, Sts, WebIdentityToken,
};
pub use warning::{Warning, WarningKind};

/// What every fallible function here answers.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Every context key that is known of, one by one: when AWS sets it, when it is absent, and when it is unknown
/// until a test says it.
///
/// ```
/// let key = |name: &str| iamsim::global_keys().iter().find(|rule| rule.key == name).unwrap();
/// assert_eq!(key("aws:username").rule, "PE-KEY-08");
/// assert!(key("aws:SourceIp").when.starts_with("unknown"));
/// ```
///
#[doc = include_str!("../context-keys.md")]
pub fn global_keys() -> &'static [KeyRule] {
    iamsim_model::GLOBAL_KEYS
}
