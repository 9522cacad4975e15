//! A deliberately naive evaluator of authorization cases, against which the real engine is held.
//!
//! It is written from the rules alone and shares no code with the engine: one pass over every
//! statement of every policy, nothing compiled, nothing indexed, nothing explained. Where clear
//! and fast pull apart, it is clear. Rule ids (`PE-…`, `POL-…`, `TRU-…`) name the rule that a line follows.
//!
//! What it does not know: spans, diagnostics and near misses; accounts and identities beyond what
//! one case says; KMS grants and S3 access control lists, which no case can express; and repeated
//! names inside one JSON object, because [`serde_json::Value`] keeps the last one in silence
//! (PE-DOC-05). [`has_repeated_names`] finds such text, so that a comparison can leave it out.
//!
//! ```
//! let case = serde_json::json!({
//!     "id": "no-policy-no-access",
//!     "principal": "arn:aws:iam::111111111111:user/alice", "principal_kind": "user",
//!     "action": "s3:GetObject", "resource": "arn:aws:s3:::bucket/key",
//!     "resource_account": "111111111111", "context": {}, "identity_policies": [],
//!     "permissions_boundary": null, "session_policy": null, "resource_policy": null,
//!     "scps": [], "rcps": [], "vpc_endpoint_policies": []
//! });
//! assert_eq!(iamsim_oracle::decide(&case).decision, iamsim_oracle::Word::ImplicitlyDenied);
//! ```

mod case;
pub mod compare;
mod condition;
mod decide;
mod document;
pub mod generate;
mod json;
mod matching;
mod principal;
mod truth;
mod variable;

use std::fmt;

use serde_json::Value;

pub use json::has_repeated_names;

/// One of the five words that answer a case.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Word {
    /// The request is allowed.
    Allowed,
    /// A matching Deny statement ends the question (PE-DEC-01).
    ExplicitlyDenied,
    /// No policy that may grant does, or a policy that limits has no matching Allow (PE-DEC-02).
    ImplicitlyDenied,
    /// The answer depends on context keys whose value is not known.
    Undetermined,
    /// The case, or a document in it, cannot be read.
    InvalidInput,
}

impl Word {
    /// Returns the word as the case format spells it.
    ///
    /// ```
    /// assert_eq!(iamsim_oracle::Word::InvalidInput.as_str(), "InvalidInput");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::ExplicitlyDenied => "ExplicitlyDenied",
            Self::ImplicitlyDenied => "ImplicitlyDenied",
            Self::Undetermined => "Undetermined",
            Self::InvalidInput => "InvalidInput",
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the oracle answers to one case.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The decision.
    pub decision: Word,
    /// For [`Word::Undetermined`] the unknown keys it depends on, in lower case and sorted;
    /// empty when only the session name of a bare role is missing. Otherwise empty.
    pub keys: Vec<String>,
    /// Why, in a few words: the deciding layer, or what cannot be read.
    pub reason: String,
}

/// Decides one case of the case format.
///
/// A case that cannot be read is answered by [`Word::InvalidInput`]; nothing panics and nothing
/// fails. `expected`, `rule` and `why` are not looked at.
///
/// ```
/// let answer = iamsim_oracle::decide(&serde_json::json!({"id": "not-a-case"}));
/// assert_eq!(answer.decision, iamsim_oracle::Word::InvalidInput);
/// ```
#[must_use]
pub fn decide(case: &Value) -> Answer {
    match case::Case::read(case) {
        Ok(case) => decide::decide(&case),
        Err(reason) => invalid(reason),
    }
}

/// Decides one line of JSON. Repeated names in an object are not noticed, see [`has_repeated_names`].
///
/// ```
/// assert_eq!(iamsim_oracle::decide_line("{").decision, iamsim_oracle::Word::InvalidInput);
/// ```
#[must_use]
pub fn decide_line(line: &str) -> Answer {
    match serde_json::from_str(line) {
        Ok(case) => decide(&case),
        Err(error) => invalid(format!("the line is not JSON: {error}")),
    }
}

fn invalid(reason: String) -> Answer {
    Answer { decision: Word::InvalidInput, keys: Vec::new(), reason }
}
