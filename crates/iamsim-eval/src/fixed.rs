//! Rules that no policy can change: what AWS allows or refuses before any policy is read.

use std::fmt;

use crate::plan::Question;
use crate::request::{CallerKind, Credentials, Resource};
use crate::services;
use crate::truth::Truth;

/// A rule that decides before any policy is read. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FixedRule {
    /// `sts:GetCallerIdentity` succeeds for every signed caller (PE-SES-09).
    CallerIdentityIsFree,
    /// `sts:GetSessionToken` needs no permission (PE-SES-07).
    SessionTokenIsFree,
    /// Root users can't assume roles (PE-STS-07).
    RootCannotAssumeRole,
    /// Federated sessions can't call IAM, nor STS but `GetCallerIdentity` (PE-SES-06).
    FederatedSessionBarred,
    /// Credentials from `GetSessionToken` without MFA can't call IAM (PE-SES-07).
    SessionTokenNeedsMfa,
    /// Credentials from `GetSessionToken` can call only `AssumeRole` and `GetCallerIdentity` of STS
    /// (PE-SES-07).
    SessionTokenBarredFromSts,
    /// Role sessions can't call `GetFederationToken` or `GetSessionToken` (PE-SES-08).
    RoleSessionBarredFromTokens,
    /// The action does not work on another account's resource, whatever the policies say (PE-KMS-09,
    /// PE-SQS-03).
    StaysInAccount,
    /// AWS-managed policies and roles under `/aws-reserved/` can't be changed by customers (PE-IAM-01), nor
    /// the policies and the trust of service-linked roles (PE-SLR-01).
    ManagedByAws,
    /// Aliases under `alias/aws/` belong to AWS (PE-KMS-06).
    AliasOfAws,
}

impl FixedRule {
    /// Whether the rule allows the request; else it refuses it.
    pub const fn allows(self) -> bool {
        matches!(self, Self::CallerIdentityIsFree | Self::SessionTokenIsFree)
    }

    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallerIdentityIsFree => "caller-identity-is-free",
            Self::SessionTokenIsFree => "session-token-is-free",
            Self::RootCannotAssumeRole => "root-cannot-assume-role",
            Self::FederatedSessionBarred => "federated-session-barred",
            Self::SessionTokenNeedsMfa => "session-token-needs-mfa",
            Self::SessionTokenBarredFromSts => "session-token-barred-from-sts",
            Self::RoleSessionBarredFromTokens => "role-session-barred-from-tokens",
            Self::StaysInAccount => "stays-in-account",
            Self::ManagedByAws => "managed-by-aws",
            Self::AliasOfAws => "alias-of-aws",
        }
    }
}

impl fmt::Display for FixedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CallerIdentityIsFree => "every signed caller may ask who it is",
            Self::SessionTokenIsFree => "a session token needs no permission",
            Self::RootCannotAssumeRole => "roles may not be assumed by root users",
            Self::FederatedSessionBarred => {
                "a session from GetFederationToken can't call IAM, nor STS but GetCallerIdentity"
            }
            Self::SessionTokenNeedsMfa => "credentials from GetSessionToken made without MFA can't call IAM",
            Self::SessionTokenBarredFromSts => {
                "credentials from GetSessionToken can call only AssumeRole and GetCallerIdentity of STS"
            }
            Self::RoleSessionBarredFromTokens => {
                "a role session can't call GetFederationToken or GetSessionToken"
            }
            Self::StaysInAccount => "this action does not work on another account's resource",
            Self::ManagedByAws => "what AWS manages can't be changed by a customer",
            Self::AliasOfAws => "aliases that begin with `alias/aws/` belong to AWS",
        })
    }
}

/// The rule that decides a request before any policy is read. Only actions with
/// [`FIXED_RULES`](crate::plan::Traits::FIXED_RULES) have one.
pub(crate) fn rule(question: Question<'_>) -> Option<FixedRule> {
    let action = question.action;
    let name = action.name();
    let caller = question.caller;
    let signed = caller.account().is_some();
    match action.service() {
        "sts" if name == "getcalleridentity" && signed => return Some(FixedRule::CallerIdentityIsFree),
        "sts" => {
            if let Some(rule) = sts(question) {
                return Some(rule);
            }
        }
        "iam" => {
            if let Some(rule) = iam(question) {
                return Some(rule);
            }
        }
        "kms" if is_alias_of_aws(question) => return Some(FixedRule::AliasOfAws),
        _ => {}
    }
    let foreign = matches!((caller.account(), question.owner), (Some(own), Some(owner)) if own != owner);
    (foreign && services::stays_in_account(question.action)).then_some(FixedRule::StaysInAccount)
}

fn sts(question: Question<'_>) -> Option<FixedRule> {
    let name = question.action.name();
    match question.caller.kind() {
        CallerKind::Root { .. }
            if services::assumes_role(question.action, question.resource) || name == "assumerole" =>
        {
            Some(FixedRule::RootCannotAssumeRole)
        }
        CallerKind::FederatedUser { .. } => Some(FixedRule::FederatedSessionBarred),
        CallerKind::RoleSession { .. } if matches!(name, "getfederationtoken" | "getsessiontoken") => {
            Some(FixedRule::RoleSessionBarredFromTokens)
        }
        CallerKind::User { credentials: Credentials::SessionToken { .. }, .. }
        | CallerKind::Root { credentials: Credentials::SessionToken { .. }, .. }
            if !is_open_to_session_tokens(name) =>
        {
            Some(FixedRule::SessionTokenBarredFromSts)
        }
        CallerKind::User { credentials: Credentials::LongTerm, .. }
        | CallerKind::Root { credentials: Credentials::LongTerm, .. }
            if name == "getsessiontoken" =>
        {
            Some(FixedRule::SessionTokenIsFree)
        }
        _ => None,
    }
}

/// The STS actions open to credentials from `GetSessionToken`; those authorized beside `AssumeRole` are no
/// calls of their own.
fn is_open_to_session_tokens(name: &str) -> bool {
    matches!(name, "assumerole" | "tagsession" | "setsourceidentity" | "setcontext")
}

fn iam(question: Question<'_>) -> Option<FixedRule> {
    match question.caller.kind() {
        CallerKind::FederatedUser { .. } => return Some(FixedRule::FederatedSessionBarred),
        CallerKind::User { credentials: Credentials::SessionToken { mfa: Truth::False }, .. }
        | CallerKind::Root { credentials: Credentials::SessionToken { mfa: Truth::False }, .. } => {
            return Some(FixedRule::SessionTokenNeedsMfa);
        }
        _ => {}
    }
    let Resource::Arn(arn) = question.resource else { return None };
    let name = question.action.name();
    let changes_policy = matches!(
        name,
        "createpolicyversion"
            | "deletepolicy"
            | "deletepolicyversion"
            | "setdefaultpolicyversion"
            | "tagpolicy"
            | "untagpolicy"
    );
    // PE-SLR-01
    let changes_linked_role = matches!(
        name,
        "attachrolepolicy"
            | "deleterolepermissionsboundary"
            | "deleterolepolicy"
            | "detachrolepolicy"
            | "putrolepermissionsboundary"
            | "putrolepolicy"
            | "updateassumerolepolicy"
    );
    let linked_role = arn.service() == "iam" && arn.resource().starts_with("role/aws-service-role/");
    let aws_policy = arn.service() == "iam" && arn.part(4) == "aws" && arn.resource().starts_with("policy/");
    let reads = ["get", "list", "simulate", "generate"].iter().any(|verb| name.starts_with(verb));
    let reserved_role = arn.service() == "iam" && arn.resource().starts_with("role/aws-reserved/");
    let managed =
        (aws_policy && changes_policy) || (reserved_role && !reads) || (linked_role && changes_linked_role);
    managed.then_some(FixedRule::ManagedByAws)
}

fn is_alias_of_aws(question: Question<'_>) -> bool {
    let Resource::Arn(arn) = question.resource else { return false };
    matches!(question.action.name(), "createalias" | "updatealias" | "deletealias")
        && arn.service() == "kms"
        && arn.resource().starts_with("alias/aws/")
}

/// What a fixed rule would do if the credentials or the owner of the resource turned out to be of a certain
/// kind, which is not known.
pub(crate) struct Perhaps {
    pub(crate) refused: Truth,
    pub(crate) free: Truth,
}

/// Whether a fixed rule may decide, and it is not known whether it does (PE-SES-07, PE-KMS-09).
pub(crate) fn perhaps(question: Question<'_>) -> Perhaps {
    let name = question.action.name();
    let service = question.action.service();
    let credentials = match question.caller.kind() {
        CallerKind::User { credentials, .. } | CallerKind::Root { credentials, .. } => *credentials,
        _ => Credentials::LongTerm,
    };
    let mut perhaps = Perhaps { refused: Truth::False, free: Truth::False };
    match credentials {
        Credentials::SessionToken { mfa: Truth::Unknown } if service == "iam" => {
            perhaps.refused = Truth::Unknown;
        }
        Credentials::Unknown { mfa } if service == "iam" && !mfa.is_true() => {
            perhaps.refused = Truth::Unknown;
        }
        Credentials::Unknown { .. } if service == "sts" && !is_open_to_session_tokens(name) => {
            perhaps.refused = Truth::Unknown;
            // Where it is not refused it is free.
            perhaps.free = (name == "getsessiontoken").into();
        }
        _ => {}
    }
    let foreign_unknown = question.caller.account().is_some() && question.owner.is_none();
    if foreign_unknown && services::stays_in_account(question.action) {
        perhaps.refused = Truth::Unknown;
    }
    perhaps
}
