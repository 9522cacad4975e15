//! The case format: one authorization question with everything needed to answer it, as one JSON object.
//!
//! The corpus of this project, the `decide` command and any second engine speak it, so that a test written
//! once runs on every engine. A case is complete: nothing is derived from the principal, and a context key
//! that is not there is absent. Documents are read *as stored*.
//!
//! This crate reads cases and turns them into [`Layers`](iamsim_eval::Layers) and a
//! [`Request`](iamsim_eval::Request); it decides nothing and touches no file.
//!
//! ```
//! use iamsim_case::{Case, Word};
//!
//! let line = r#"{"id": "a-user-may-list", "principal": "arn:aws:iam::111122223333:user/alice",
//!     "principal_kind": "user", "action": "iam:ListUsers", "resource": "*",
//!     "resource_account": "111122223333", "context": {}, "identity_policies": [{"name": "list",
//!     "document": {"Version": "2012-10-17", "Statement": {
//!         "Effect": "Allow", "Action": "iam:List*", "Resource": "*"}}}],
//!     "permissions_boundary": null, "session_policy": null, "resource_policy": null,
//!     "scps": [], "rcps": [], "vpc_endpoint_policies": []}"#;
//! assert_eq!(Case::parse(line)?.decide(), Word::Allowed);
//! # Ok::<(), iamsim_case::InvalidCase>(())
//! ```

mod answer;
mod fields;
mod read;

pub use answer::{Answer, Word, answer, answer_array, answer_bytes};
pub use read::{Case, Detail, InvalidCase};
