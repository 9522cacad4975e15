//! What AWS answers when a document is *written*: stricter than what may be stored, in AWS's order of
//! checks, with AWS's own code and message.
//!
//! The texts that were recorded from AWS are marked in each module; the others come from public reports and
//! may drift (CONF-10). Whatever these checks let pass is a valid policy *as stored* too: where they miss
//! something, the findings of [`Policy::parse`] refuse it.

mod identity;
mod organization;
mod resource;
mod trust;

use std::fmt;

use crate::arn::Arn;
use crate::diagnostic::Diagnostic;
use crate::json::{self, Member, Node, Value};
use crate::policy::{Policy, PolicyKind, ResourceService};
use crate::principal::{PrincipalClause, PrincipalPattern};
use crate::source::Source;

/// A document that AWS does not take: its error code and message, and what we have to say about it.
///
/// ```
/// use iamsim_policy::{PolicyKind, Source, check_write};
///
/// let document = Source::new("reader", r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#);
/// let refusal = check_write(PolicyKind::Identity, &document).unwrap_err();
/// assert_eq!(refusal.code(), "MalformedPolicyDocument");
/// assert_eq!(refusal.message(), "Policy document must be version 2012-10-17 or greater.");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRefusal {
    code: &'static str,
    status: u16,
    message: Box<str>,
    findings: Box<[Diagnostic]>,
}

impl WriteRefusal {
    pub(crate) fn new(code: &'static str, status: u16, message: impl Into<Box<str>>) -> Self {
        Self { code, status, message: message.into(), findings: Box::default() }
    }

    /// AWS's error code, as it stands in the answer.
    pub fn code(&self) -> &str {
        self.code
    }

    /// The HTTP status of the answer.
    pub fn http_status(&self) -> u16 {
        self.status
    }

    /// AWS's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is wrong with the document as a stored policy, with places and advice; empty when only the write
    /// is refused.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }
}

impl fmt::Display for WriteRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for WriteRefusal {}

/// Judges a document as the write operation of its kind does, with the defaults of [`WriteChecks`].
///
/// `CreatePolicy`, `CreatePolicyVersion` and `Put…Policy` judge alike (POL-01); so do `CreateRole` and
/// `UpdateAssumeRolePolicy` (TRU-20 and following).
///
/// # Errors
///
/// AWS's answer to the first check that fails.
pub fn check_write(kind: PolicyKind, source: &Source) -> Result<Policy, WriteRefusal> {
    WriteChecks::default().check(kind, source)
}

/// An identity provider that many tenants share, and the claim a trust policy must test (TRU-35, TRU-36).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedIssuer {
    host: Box<str>,
    claim: Box<str>,
}

impl GuardedIssuer {
    /// The issuer's host, such as `token.actions.githubusercontent.com`, and its claim, such as `sub`.
    pub fn new(host: impl Into<Box<str>>, claim: impl Into<Box<str>>) -> Self {
        Self { host: host.into(), claim: claim.into() }
    }

    /// GitHub Actions: the one issuer that is guarded unless said otherwise (TRU-36).
    pub fn github() -> Self {
        Self::new("token.actions.githubusercontent.com", "sub")
    }
}

/// What a write is judged by, where the caller has a say.
///
/// ```
/// use iamsim_policy::{GuardedIssuer, PolicyKind, Source, WriteChecks};
///
/// let trust = Source::new("deployer", r#"{
///     "Version": "2012-10-17",
///     "Statement": {
///         "Effect": "Allow",
///         "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
///         "Action": "sts:AssumeRoleWithWebIdentity"
///     }
/// }"#);
/// assert!(WriteChecks::default().check(PolicyKind::RoleTrust, &trust).is_err());
/// assert!(WriteChecks::default().with_guarded_issuers([]).check(PolicyKind::RoleTrust, &trust).is_ok());
/// # let _ = GuardedIssuer::github();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteChecks {
    issuers: Box<[GuardedIssuer]>,
    target: Option<Arn>,
}

impl Default for WriteChecks {
    /// GitHub is guarded, and the resource that the policy is put on is not known.
    fn default() -> Self {
        Self { issuers: [GuardedIssuer::github()].into(), target: None }
    }
}

impl WriteChecks {
    /// Guards these issuers, and no others (TRU-36).
    #[must_use]
    pub fn with_guarded_issuers(mut self, issuers: impl IntoIterator<Item = GuardedIssuer>) -> Self {
        self.issuers = issuers.into_iter().collect();
        self
    }

    /// Names the resource that a resource-based policy is put on: a bucket policy must speak of its bucket
    /// (PE-RES-17).
    #[must_use]
    pub fn with_target(mut self, target: Arn) -> Self {
        self.target = Some(target);
        self
    }

    /// Judges a document without looking its principals up.
    ///
    /// # Errors
    ///
    /// AWS's answer to the first check that fails.
    pub fn check(&self, kind: PolicyKind, source: &Source) -> Result<Policy, WriteRefusal> {
        self.check_principals(kind, source, |_| true)
    }

    /// Judges a document; `exists` says whether a principal it names is there, which AWS looks up in trust
    /// policies (TRU-25, TRU-31) and in the policies of several services (PE-PRN-09). It is asked for every
    /// entry, `*` and services included.
    ///
    /// # Errors
    ///
    /// AWS's answer to the first check that fails.
    pub fn check_principals(
        &self,
        kind: PolicyKind,
        source: &Source,
        exists: impl Fn(&PrincipalPattern) -> bool,
    ) -> Result<Policy, WriteRefusal> {
        self.judge(kind, source, &exists).map_err(|mut refusal| {
            if let Err(error) = Policy::parse(kind, source) {
                refusal.findings = error.diagnostics().into();
            }
            refusal
        })
    }

    fn judge(
        &self,
        kind: PolicyKind,
        source: &Source,
        exists: &dyn Fn(&PrincipalPattern) -> bool,
    ) -> Result<Policy, WriteRefusal> {
        match kind {
            PolicyKind::Identity | PolicyKind::PermissionsBoundary | PolicyKind::Session => {
                identity::check(kind, source)
            }
            PolicyKind::RoleTrust => trust::check(source, &self.issuers, exists),
            PolicyKind::Resource(service) => resource::check(service, source, self.target.as_ref(), exists),
            PolicyKind::VpcEndpoint => resource::endpoint(source),
            PolicyKind::ServiceControl | PolicyKind::ResourceControl => organization::check(kind, source),
        }
    }
}

/// Every statement's principals that are not there, in the order of the text.
fn unknown_principals<'p>(
    policy: &'p Policy,
    exists: &dyn Fn(&PrincipalPattern) -> bool,
) -> Option<&'p PrincipalPattern> {
    let mut entries = policy
        .statements()
        .iter()
        .filter_map(|statement| statement.principal())
        .flat_map(PrincipalClause::entries);
    entries.find(|entry| !exists(&entry.value)).map(|entry| &entry.value)
}

/// IAM takes these characters only (PE-DOC-09). That the answer is the one of other parameters is inferred.
fn iam_characters(source: &Source, parameter: &str) -> Result<(), WriteRefusal> {
    let legal = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    if source.text().chars().all(legal) {
        return Ok(());
    }
    let message = format!(
        "1 validation error detected: Value at '{parameter}' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
    );
    Err(WriteRefusal::new("ValidationError", 400, message))
}

/// The first member of this name.
fn member<'n, 's>(node: &'n Node<'s>, name: &str) -> Option<&'n Member<'s>> {
    match &node.value {
        Value::Object(members) => members.iter().find(|member| member.key == name),
        _ => None,
    }
}

fn value<'n, 's>(node: &'n Node<'s>, name: &str) -> Option<&'n Node<'s>> {
    member(node, name).map(|member| &member.value)
}

/// The statements, whether one stands alone or several in a list.
fn statements<'n, 's>(document: &'n Node<'s>) -> &'n [Node<'s>] {
    match value(document, "Statement") {
        Some(Node { value: Value::Array(items), .. }) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// The texts of an element that is one or a list of them; what is no text is left out.
fn texts<'n>(node: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let items = match &node.value {
        Value::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    items.iter().filter_map(|item| match &item.value {
        Value::String(text) => Some(&**text),
        _ => None,
    })
}

/// The texts of an element and of its negation.
fn entries<'n>(statement: &'n Node<'_>, names: [&str; 2]) -> impl Iterator<Item = &'n str> {
    names.into_iter().filter_map(|name| value(statement, name)).flat_map(texts)
}

fn is_service(service: ResourceService, action: &str) -> bool {
    let prefix = match service {
        ResourceService::S3 => "s3",
        ResourceService::Sqs => "sqs",
        ResourceService::Sns => "sns",
        ResourceService::Lambda => "lambda",
        ResourceService::Kms => "kms",
        ResourceService::Other => return true,
    };
    action == "*" || action.split_once(':').is_some_and(|(vendor, _)| vendor.eq_ignore_ascii_case(prefix))
}

fn parsed(source: &Source, refusal: impl Fn() -> WriteRefusal) -> Result<Node<'_>, WriteRefusal> {
    json::parse(source).map_err(|_| refusal())
}
