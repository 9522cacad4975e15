//! What AWS refuses, in AWS's words: codes, HTTP statuses and the fixed texts of the error catalogue (ERR).
//!
//! All fixed texts stand here, so that a wording that AWS changes is changed in one place (CONF-10).

use std::fmt;

use iamsim_policy::{Diagnostic, WriteRefusal};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $status:literal;)+) => {
        /// AWS's error codes, as IAM, STS and Organizations send them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as AWS sends it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The HTTP status AWS sends with it.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)+
                }
            }
        }
    };
}

codes! {
    /// The caller may not do this.
    AccessDenied = "AccessDenied", 403;
    /// Something still refers to what is to be deleted.
    DeleteConflict = "DeleteConflict", 409;
    /// The name is taken.
    EntityAlreadyExists = "EntityAlreadyExists", 409;
    /// The caller's session is over (SES-30).
    ExpiredToken = "ExpiredToken", 403;
    /// A web identity token or SAML assertion is over.
    ExpiredTokenException = "ExpiredTokenException", 400;
    /// Two codes of an MFA device are not consecutive.
    InvalidAuthenticationCode = "InvalidAuthenticationCode", 403;
    /// The caller's credentials are not known, or not good for this call.
    InvalidClientTokenId = "InvalidClientTokenId", 403;
    /// A web identity token or SAML assertion is not accepted.
    InvalidIdentityToken = "InvalidIdentityToken", 400;
    /// An argument of an IAM call makes no sense.
    InvalidInput = "InvalidInput", 400;
    /// An argument of an STS call makes no sense.
    InvalidParameterValue = "InvalidParameterValue", 400;
    /// A quota is used up.
    LimitExceeded = "LimitExceeded", 409;
    /// SQS: an attribute, such as the queue's policy, has an impossible value.
    InvalidAttributeValue = "InvalidAttributeValue", 400;
    /// SNS: an argument, such as the topic's policy, has an impossible value.
    InvalidParameter = "InvalidParameter", 400;
    /// Lambda: an argument has an impossible value.
    InvalidParameterValueException = "InvalidParameterValueException", 400;
    /// S3: a bucket policy is not one.
    MalformedPolicy = "MalformedPolicy", 400;
    /// A policy is not one.
    MalformedPolicyDocument = "MalformedPolicyDocument", 400;
    /// The request is not signed, and would have to be.
    MissingAuthenticationToken = "MissingAuthenticationToken", 403;
    /// There is no such thing.
    NoSuchEntity = "NoSuchEntity", 404;
    /// Session policies and tags together take too much space.
    PackedPolicyTooLarge = "PackedPolicyTooLarge", 400;
    /// The managed policy is for other identities.
    PolicyNotAttachable = "PolicyNotAttachable", 400;
    /// What only AWS may change.
    UnmodifiableEntity = "UnmodifiableEntity", 400;
    /// An argument has the wrong form.
    ValidationError = "ValidationError", 400;
    /// Organizations: the account is not a member.
    AccountNotFoundException = "AccountNotFoundException", 400;
    /// Organizations: a rule of the organization is broken.
    ConstraintViolationException = "ConstraintViolationException", 400;
    /// Organizations: a policy of that name and type is there already.
    DuplicatePolicyException = "DuplicatePolicyException", 400;
    /// Organizations: a unit of that name is there already.
    DuplicateOrganizationalUnitException = "DuplicateOrganizationalUnitException", 400;
    /// Organizations: the account is in an organization already.
    AlreadyInOrganizationException = "AlreadyInOrganizationException", 400;
    /// Organizations: the policy is not attached to the target.
    PolicyNotAttachedException = "PolicyNotAttachedException", 400;
    /// Organizations: an argument has the wrong form.
    InvalidInputException = "InvalidInputException", 400;
    /// Organizations and KMS: a policy is not one.
    MalformedPolicyDocumentException = "MalformedPolicyDocumentException", 400;
    /// S3: the bucket name belongs to somebody.
    BucketAlreadyExists = "BucketAlreadyExists", 409;
    /// Not AWS's: whether AWS would do it depends on something nobody has said; the explanation names it.
    Undetermined = "Undetermined", 0;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused edit: AWS's code and message, and the findings in the text when it was about a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ModelError {
    code: ErrorCode,
    message: Box<str>,
    reason: Option<Box<str>>,
    diagnostics: Box<[Diagnostic]>,
}

impl ModelError {
    /// AWS's answer to a document that it does not take.
    pub(crate) fn refused(refusal: &WriteRefusal) -> Self {
        let known = ErrorCode::ALL.iter().find(|code| code.as_str() == refusal.code());
        let error =
            Self::new(known.copied().unwrap_or(ErrorCode::MalformedPolicyDocument), refusal.message());
        let error = match refusal.findings() {
            [] => error,
            [first, ..] => error.with_reason(first.to_string()),
        };
        error.with_diagnostics(refusal.findings())
    }

    /// An error with AWS's code and message.
    pub fn new(code: ErrorCode, message: impl Into<Box<str>>) -> Self {
        Self { code, message: message.into(), reason: None, diagnostics: [].into() }
    }

    /// Adds, in plain words and for the library's user only, why.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Box<str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds what was found in a text.
    #[must_use]
    pub fn with_diagnostics(mut self, diagnostics: impl Into<Box<[Diagnostic]>>) -> Self {
        self.diagnostics = diagnostics.into();
        self
    }

    /// AWS's code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// AWS's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Why, in plain words.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What was found in a text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// One or several broken constraints of arguments, as AWS lists them (VAL-38).
    pub fn constraints(violations: &[String]) -> Self {
        let count = violations.len();
        let errors = if count == 1 { "error" } else { "errors" };
        Self::new(
            ErrorCode::ValidationError,
            format!("{count} validation {errors} detected: {}", violations.join("; ")),
        )
    }

    /// The quota's text with its name and value (QUO-29).
    pub fn quota(quota: crate::Quota, limit: u32) -> Self {
        Self::new(ErrorCode::LimitExceeded, format!("Cannot exceed quota for {quota}: {limit}"))
    }

    pub(crate) fn invalid(message: impl Into<Box<str>>) -> Self {
        Self::new(ErrorCode::ValidationError, message)
    }

    pub(crate) fn missing(message: impl Into<Box<str>>) -> Self {
        Self::new(ErrorCode::NoSuchEntity, message)
    }

    pub(crate) fn taken(message: impl Into<Box<str>>) -> Self {
        Self::new(ErrorCode::EntityAlreadyExists, message)
    }

    pub(crate) fn conflict(message: impl Into<Box<str>>) -> Self {
        Self::new(ErrorCode::DeleteConflict, message)
    }

    /// ERR-01.
    pub(crate) fn no_such(kind: &str, name: &str) -> Self {
        Self::missing(format!("The {kind} with name {name} cannot be found."))
    }

    /// ERR-03.
    pub(crate) fn no_such_inline(kind: &str, name: &str) -> Self {
        Self::missing(format!("The {kind} policy with name {name} cannot be found."))
    }

    /// ERR-04.
    pub(crate) fn policy_not_found(arn: &str) -> Self {
        Self::missing(format!("Policy {arn} was not found."))
    }

    /// ERR-05.
    pub(crate) fn policy_not_attachable(arn: &str) -> Self {
        Self::missing(format!("Policy {arn} does not exist or is not attachable."))
    }

    /// ERR-06.
    pub(crate) fn version_not_attachable(arn: &str, version: &str) -> Self {
        Self::missing(format!("Policy {arn} version {version} does not exist or is not attachable."))
    }

    /// ERR-07.
    pub(crate) fn scope_not_attachable(arn: &str) -> Self {
        Self::missing(format!("Scope ARN: {arn} does not exist or is not attachable."))
    }

    /// ERR-12; `kind` is `User`, `Role` or `Group`.
    pub(crate) fn name_taken(kind: &str, name: &str) -> Self {
        Self::taken(format!("{kind} with name {name} already exists."))
    }

    /// VAL-43.
    pub(crate) fn arn_not_valid(arn: &str) -> Self {
        Self::invalid(format!("ARN {arn} is not valid."))
    }

    /// ERR-19.
    pub(crate) fn protected_role(name: &str) -> Self {
        Self::new(
            ErrorCode::UnmodifiableEntity,
            format!(
                "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
            ),
        )
    }

    /// TRU-25; `place` points to the principal in the text.
    pub(crate) fn invalid_principal(key: &str, value: &str) -> Self {
        Self::new(
            ErrorCode::MalformedPolicyDocument,
            format!("Invalid principal in policy: \"{key}\":\"{value}\""),
        )
    }
}
