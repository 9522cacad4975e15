//! A scenario file, read: every name resolved as far as the file can tell, every policy valid of its kind.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use iamsim_policy::{AccountId, Source, Span, Spanned};

use crate::finding::Finding;
use crate::names::{Entity, Names, Who};
use crate::outcome::StepKind;
use crate::policies::PolicyText;
use crate::reader::{Document, Text};

/// A scenario, or a world without a story.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) source: Source,
    pub(crate) title: String,
    pub(crate) about: Vec<String>,
    pub(crate) rules: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) only: bool,
    pub(crate) skip: Option<String>,
    pub(crate) now: Option<DateTime<Utc>>,
    pub(crate) names: Names,
    /// The world, in as many parts as there are files: what is included first.
    pub(crate) parts: Vec<Part>,
    pub(crate) defaults: Circumstances,
    pub(crate) invariants: Vec<Invariant>,
    pub(crate) steps: Vec<Step>,
    pub(crate) warnings: Vec<Finding>,
    /// Every text that was read, the file's own first.
    pub(crate) sources: Arc<[Source]>,
    pub(crate) policies: Arc<[PolicyText]>,
}

/// What one file says of the world.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) source: Source,
    pub(crate) managed: Vec<(Text, Document)>,
    pub(crate) organization: Option<Organization>,
    pub(crate) accounts: Vec<Account>,
}

/// Something that holds at every step.
#[derive(Clone, Debug)]
pub(crate) struct Invariant {
    pub(crate) span: Span,
    pub(crate) name: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) skip: Option<String>,
    pub(crate) kind: StepKind,
    pub(crate) ask: Ask,
}

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) span: Span,
    pub(crate) management: Option<Spanned<AccountId>>,
    pub(crate) root: Option<Unit>,
    pub(crate) root_sessions: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) guardrails: Guardrails,
    pub(crate) accounts: Vec<Spanned<AccountId>>,
    pub(crate) units: Vec<(Text, Unit)>,
}

/// Control policies by name; none detaches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guardrails {
    pub(crate) scps: Vec<(Text, Option<Document>)>,
    pub(crate) rcps: Vec<(Text, Option<Document>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) span: Span,
    pub(crate) alias: Option<Text>,
    pub(crate) quotas: Quotas,
    pub(crate) users: Vec<Identity>,
    pub(crate) groups: Vec<Identity>,
    pub(crate) roles: Vec<Identity>,
    pub(crate) policies: Vec<(Text, Option<Document>)>,
    pub(crate) resources: Vec<(Text, Resource)>,
    pub(crate) oidc_providers: Vec<(Text, Vec<Text>)>,
    pub(crate) saml_providers: Vec<Text>,
    pub(crate) vpc_endpoints: Vec<VpcEndpoint>,
    pub(crate) service_linked_roles: Vec<Text>,
    pub(crate) guardrails: Guardrails,
}

#[derive(Clone, Debug)]
pub(crate) enum Quotas {
    Off,
    Set(Vec<(Text, u32)>),
}

/// A user, group or role, or what changes of one.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) entity: Entity,
    pub(crate) span: Span,
    pub(crate) trust: Option<Trust>,
    pub(crate) policies: Vec<(Text, Option<Document>)>,
    /// ARNs.
    pub(crate) attached: Vec<Text>,
    pub(crate) detached: Vec<Text>,
    pub(crate) boundary: Option<Boundary>,
    pub(crate) tags: Vec<(Text, Option<Text>)>,
    pub(crate) groups: Vec<Text>,
    pub(crate) leaves: Vec<Text>,
    pub(crate) mfa_devices: Vec<Text>,
    pub(crate) max_session: Option<Spanned<TimeDelta>>,
    pub(crate) description: Option<Text>,
}

#[derive(Clone, Debug)]
pub(crate) enum Boundary {
    None,
    Document(Document),
    Arn(Text),
}

#[derive(Clone, Debug)]
pub(crate) enum Trust {
    Document(Document),
    Service { service: String, actions: Vec<Text> },
    Account { account: String, external_id: Option<String>, mfa: bool, actions: Vec<Text> },
    WebIdentity { provider: WebProvider, actions: Vec<Text> },
    Saml { provider: String, attribute: Option<(String, String)>, actions: Vec<Text> },
}

#[derive(Clone, Debug)]
pub(crate) enum WebProvider {
    Google { audience: String },
    Amazon { audience: String },
    Facebook { audience: String },
    Cognito { audience: String, authenticated: bool },
    GitHub { arn: String, organization: String, repository: Option<String>, branch: Option<String> },
    Other { arn: String, audience: String },
}

#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) policy: ResourcePolicy,
    pub(crate) tags: Vec<(Text, Option<Text>)>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) restrict_public_buckets: bool,
    pub(crate) attribute_based_control: bool,
}

/// What is said of the policy on a resource.
#[derive(Clone, Debug)]
pub(crate) enum ResourcePolicy {
    Unsaid,
    Removed,
    Set(Document),
}

#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) name: Text,
    pub(crate) grantee: String,
    pub(crate) operations: Vec<Text>,
}

#[derive(Clone, Debug)]
pub(crate) struct VpcEndpoint {
    pub(crate) id: Text,
    pub(crate) vpc: String,
    pub(crate) policy: Option<Document>,
}

/// What requests are asked with: the context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    pub(crate) region: Option<String>,
    pub(crate) context: Vec<(String, ContextEntry)>,
    pub(crate) unknown: Vec<String>,
    pub(crate) absent: Vec<String>,
    pub(crate) complete: Option<bool>,
}

impl Circumstances {
    /// These, and of the others what these don't speak of.
    pub(crate) fn over(self, others: Self) -> Self {
        let speaks = |key: &str| {
            let is = |own: &String| own.eq_ignore_ascii_case(key);
            self.context.iter().any(|(own, _)| is(own))
                || self.absent.iter().any(is)
                || self.unknown.iter().any(is)
        };
        let kept = |keys: Vec<String>| keys.into_iter().filter(|key| !speaks(key)).collect::<Vec<_>>();
        let context: Vec<_> = others.context.into_iter().filter(|(key, _)| !speaks(key)).collect();
        let (absent, unknown) = (kept(others.absent), kept(others.unknown));
        Self {
            region: self.region.or(others.region),
            context: context.into_iter().chain(self.context).collect(),
            unknown: unknown.into_iter().chain(self.unknown).collect(),
            absent: absent.into_iter().chain(self.absent).collect(),
            complete: self.complete.or(others.complete),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum ContextEntry {
    Absent,
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) span: Span,
    /// Where the value of `expect` stands.
    pub(crate) expect_span: Option<Span>,
    pub(crate) name: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) only: bool,
    pub(crate) skip: Option<String>,
    pub(crate) act: Act,
    pub(crate) expect: Option<Expectation>,
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Ask(Box<Ask>),
    Assume(Box<Assume>),
    SignIn { user: Caller, mfa: Option<Mfa>, becomes: Option<String> },
    SwitchRole { from: Caller, link: Link, becomes: Option<String> },
    SessionToken { caller: Caller, mfa: Option<Mfa>, duration: Option<TimeDelta>, becomes: String },
    FederationToken(Box<FederationToken>),
    AssumeRoot(Box<AssumeRoot>),
    Wait(TimeDelta),
    At(DateTime<Utc>),
    Change(Box<Change>),
    Delete(Doomed),
    Rename { entity: Entity, written: String, to: String },
    Remember(String),
    Compare(Box<Compare>),
}

/// A caller, and how the file names it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) who: Who,
    pub(crate) written: String,
}

/// For which resource or account a service acts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behalf {
    pub(crate) source_arn: Option<String>,
    pub(crate) source_account: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) callers: Vec<Caller>,
    pub(crate) targets: Vec<Target>,
    /// Contexts that each combination is asked in, by name; none is one without a name.
    pub(crate) contexts: Vec<(String, Vec<(String, ContextEntry)>)>,
    pub(crate) circumstances: Circumstances,
    pub(crate) tags: Option<Vec<(Text, Text)>>,
    pub(crate) via: Option<String>,
    pub(crate) through: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) behalf: Behalf,
}

/// A resource and what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) arn: String,
    /// How the file names it.
    pub(crate) written: String,
    /// Patterns are expanded: for another resource they may stand for other actions.
    pub(crate) actions: Arc<[String]>,
}

/// Two worlds, and what they are asked.
#[derive(Clone, Debug)]
pub(crate) struct Compare {
    pub(crate) with: With,
    pub(crate) ask: Ask,
    pub(crate) expect: Option<Changes>,
}

#[derive(Clone, Debug)]
pub(crate) enum With {
    /// The world as it was, by the name under which it was remembered.
    Remembered(String),
    /// The world as it would be.
    Changed(Vec<Act>),
}

/// What is expected to be decided otherwise, all of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) allowed: Vec<Cell>,
    pub(crate) denied: Vec<Cell>,
    pub(crate) undetermined: Vec<Cell>,
}

/// Some questions of a matrix, as the file names them; what is empty is any.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) callers: Vec<String>,
    pub(crate) actions: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) contexts: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Assume {
    pub(crate) door: Door,
    /// The role's ARN, and how the file names it.
    pub(crate) role: String,
    pub(crate) written: String,
    pub(crate) session: String,
    pub(crate) becomes: String,
    pub(crate) duration: Option<TimeDelta>,
    pub(crate) policy: Option<Document>,
    pub(crate) policy_arns: Vec<Text>,
}

/// Which of the three operations assumes a role.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    Role(Box<AssumeRole>),
    WebIdentity(Box<WebIdentity>),
    Saml(Box<Saml>),
}

#[derive(Clone, Debug)]
pub(crate) struct AssumeRole {
    pub(crate) caller: Caller,
    pub(crate) external_id: Option<String>,
    pub(crate) mfa: Option<Mfa>,
    pub(crate) tags: SessionTags,
    /// What Identity Center vouches for, by key.
    pub(crate) provided: Vec<(Text, Text)>,
    pub(crate) context: Vec<(String, ContextEntry)>,
    pub(crate) absent: Vec<String>,
    pub(crate) behalf: Behalf,
}

/// Tags and source identity that a session begins with.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionTags {
    pub(crate) tags: Vec<(Text, Text)>,
    pub(crate) transitive: Vec<Text>,
    pub(crate) source_identity: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct WebIdentity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) authorized_party: Option<String>,
    pub(crate) claims: Vec<(String, ContextEntry)>,
    pub(crate) tags: SessionTags,
    pub(crate) issued_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Saml {
    pub(crate) provider: String,
    pub(crate) subject: String,
    pub(crate) role: Option<String>,
    pub(crate) attributes: Vec<(Text, Text)>,
    pub(crate) recipient: Option<String>,
    pub(crate) subject_type: Option<String>,
    pub(crate) tags: SessionTags,
    pub(crate) issued_at: Option<DateTime<Utc>>,
    pub(crate) session_not_on_or_after: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub(crate) struct FederationToken {
    pub(crate) caller: Caller,
    pub(crate) name: String,
    pub(crate) becomes: String,
    pub(crate) duration: Option<TimeDelta>,
    pub(crate) policy: Option<Document>,
    pub(crate) policy_arns: Vec<Text>,
    pub(crate) tags: Vec<(Text, Text)>,
}

#[derive(Clone, Debug)]
pub(crate) struct AssumeRoot {
    pub(crate) caller: Caller,
    pub(crate) member: AccountId,
    pub(crate) written: String,
    pub(crate) task: String,
    pub(crate) duration: Option<TimeDelta>,
    pub(crate) becomes: String,
}

/// An MFA device and a code. Null in the file is a parameter that is not sent.
#[derive(Clone, Debug)]
pub(crate) struct Mfa {
    pub(crate) device: Option<String>,
    pub(crate) code: Code,
}

#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// What the device shows.
    Shown,
    Given(String),
    NotSent,
}

#[derive(Clone, Debug)]
pub(crate) enum Link {
    Url(String),
    Parts { account: String, role: String, display_name: Option<String>, color: Option<String> },
}

#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) written: String,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Identity(Identity),
    Resource(AccountId, String, Resource),
    Account(Account),
    Organization(Organization),
}

#[derive(Clone, Debug)]
pub(crate) struct Doomed {
    pub(crate) written: String,
    pub(crate) what: Deletable,
}

#[derive(Clone, Debug)]
pub(crate) enum Deletable {
    Entity(Entity),
    Resource(AccountId, String),
}

/// What has to come. What is not said is not checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expectation {
    pub(crate) outcome: Option<Expected>,
    pub(crate) layer: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) statement: Option<StatementName>,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) unknown: Option<Vec<String>>,
    pub(crate) arn: Option<String>,
    pub(crate) lasts: Option<TimeDelta>,
    pub(crate) link: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Allow,
    /// Either denial.
    Deny,
    ImplicitDeny,
    ExplicitDeny,
    Undetermined,
    /// An AWS error code.
    Error(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StatementName {
    Sid(String),
    /// From 1.
    Number(u32),
}

impl Expected {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::ImplicitDeny => "implicit deny",
            Self::ExplicitDeny => "explicit deny",
            Self::Undetermined => "undetermined",
            Self::Error(code) => code,
        }
    }
}

impl Expectation {
    pub(crate) fn error(&self) -> Option<&'static str> {
        match self.outcome {
            Some(Expected::Error(code)) => Some(code),
            _ => None,
        }
    }
}
