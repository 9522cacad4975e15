//! Service and resource control policies: `CreatePolicy` and `UpdatePolicy` of Organizations.
//!
//! One code and one message, as reported from AWS for whatever is wrong.

use crate::policy::{Policy, PolicyKind};
use crate::source::Source;

use super::WriteRefusal;

pub(super) fn check(kind: PolicyKind, source: &Source) -> Result<Policy, WriteRefusal> {
    let refusal = || {
        WriteRefusal::new(
            "MalformedPolicyDocumentException",
            400,
            "The provided policy document does not meet the requirements of the specified policy type.",
        )
    };
    let policy = Policy::parse(kind, source).map_err(|_| refusal())?;
    // PE-TYP-07, PE-TYP-13: `Version` is needed. An empty list is legal in nothing that is written anew.
    let written = policy.written_version().is_some();
    let says_something = policy.statements().iter().all(|statement| {
        let resources = statement.resource().is_none_or(|resource| !resource.patterns().is_empty());
        resources && !statement.action().patterns().is_empty()
    });
    if written && says_something { Ok(policy) } else { Err(refusal()) }
}
