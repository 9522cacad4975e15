//! The language of AWS IAM policies: text in, a valid policy of a kind out, with every finding explained.
//!
//! This crate reads. It does not decide requests, knows no accounts or roles, and reads neither disk nor
//! clock; a file's name is a label on a [`Source`].
//!
//! There are two strictnesses. [`Policy::parse`] reads a document *as stored*: what AWS could hold, in whatever
//! year it was written. [`check_write`] judges it as AWS does when it is *written*, and answers with AWS's own
//! code and message. What may be written may be stored.
//!
//! ```
//! use iamsim_policy::{Policy, PolicyKind};
//!
//! let refused = Policy::parse(
//!     PolicyKind::Identity,
//!     r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3", "Resource": "*"}]}"#,
//! )
//! .unwrap_err();
//! assert_eq!(refused.diagnostics().len(), 1);
//! ```

pub mod json;
pub mod keys;
pub mod suggest;
pub mod wildcard;

mod account;
mod action;
mod arn;
mod classic;
mod condition;
mod date;
mod diagnostic;
mod key;
mod lower;
mod operator;
mod policy;
mod principal;
mod print;
mod quota;
mod source;
mod template;
mod value;
mod write;

pub use account::{AccountId, InvalidAccountId};
pub use action::{Action, ActionPattern, InvalidAction};
pub use arn::{ARN_PARTS, Arn, ArnPattern, InvalidArn, KNOWN_PARTITIONS, fixed_tokens, split_tokens};
pub use classic::classic_service_control;
pub use condition::{Condition, ConditionValue};
pub use diagnostic::{Code, Diagnostic, Related, Severity, quote};
pub use key::ContextKey;
pub use operator::{Comparison, Family, Operator, SetQualifier};
pub use policy::{
    ActionClause, Effect, Policy, PolicyError, PolicyKind, PolicySize, ResourceClause, ResourcePattern,
    ResourceService, Statement, Version,
};
pub use principal::{PrincipalClause, PrincipalPattern};
pub use quota::{PolicyQuota, Quotas};
pub use source::{MAX_SOURCE_BYTES, Place, Position, Source, Span, Spanned};
pub use template::{Piece, Syntax, Template, TemplateError};
pub use write::{GuardedIssuer, WriteChecks, WriteRefusal, check_write};
