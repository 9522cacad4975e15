//! One authorization question: who asks, for which action, on which resource, in which context.

use std::fmt;
use std::sync::Arc;

use iamsim_policy::{AccountId, Action, Arn, KNOWN_PARTITIONS};

use crate::context::{Context, ContextValue};
use crate::hash::{hash, head};
use crate::plan::{Plan, Traits};
use crate::principal::NamedBy;
use crate::resource::effective;
use crate::statement::index_of;
use crate::truth::Truth;

/// Who makes a request, as AWS has authenticated it (PE-KIND).
///
/// Made by the constructors, which take AWS's own forms of ARNs.
///
/// ```
/// use iamsim_eval::Caller;
///
/// let session = "arn:aws:sts::111122223333:assumed-role/deployer/build-42".parse()?;
/// let role = "arn:aws:iam::111122223333:role/ci/deployer".parse()?;
/// let caller = Caller::role_session(session, role)?;
/// assert_eq!(caller.account().unwrap().to_string(), "111122223333");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub(crate) kind: CallerKind,
    /// None for callers without an account: services, anonymous, identities of a provider.
    pub(crate) account: Option<AccountId>,
    /// The partition; empty where there is no account.
    pub(crate) partition: Partition,
    pub(crate) unique_id: UniqueId,
    /// Whether the path in the ARN of a session's role is known: the session's own ARN has none (PE-KIND-08).
    pub(crate) role_path_known: bool,
}

/// A partition: one that AWS has takes no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Partition {
    Known(&'static str),
    Other(Box<str>),
}

impl Partition {
    fn of(arn: &Arn) -> Self {
        let name = arn.partition();
        match KNOWN_PARTITIONS.iter().find(|known| **known == name) {
            Some(known) => Self::Known(known),
            None => Self::Other(name.into()),
        }
    }
}

impl std::ops::Deref for Partition {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// What is known of the unique id that policies may name in place of an ARN (PE-PRN-09).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UniqueId {
    /// The caller has none, or it plays no part.
    None,
    /// There is one, and it was not said which.
    Unknown,
    /// `AIDA…` of a user or of the user behind a federated session, `AROA…` of a session's role.
    Known(Arc<str>),
}

/// The kinds of callers and what each is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallerKind {
    /// An IAM user.
    User {
        /// The user's ARN, path included.
        arn: Arn,
        /// What it signs with.
        credentials: Credentials,
    },
    /// A role session.
    RoleSession {
        /// `…:assumed-role/Role/Session`; none for "some session of the role".
        session: Option<Arn>,
        /// The role's ARN, path included.
        role: Arn,
    },
    /// A session from `GetFederationToken`.
    FederatedUser {
        /// `…:federated-user/Name`.
        session: Arn,
        /// The user that called `GetFederationToken`; none when that is not known.
        user: Option<Arn>,
    },
    /// An account's root user.
    Root {
        /// `arn:aws:iam::111122223333:root`.
        arn: Arn,
        /// What it signs with.
        credentials: Credentials,
    },
    /// An AWS service that acts for itself.
    Service {
        /// All names of the service, such as `cloudtrail.amazonaws.com`; the first is the one it calls by.
        names: Box<[Box<str>]>,
    },
    /// Somebody that a web identity or SAML provider vouches for, before a role is assumed.
    Federated {
        /// The provider's ARN or well-known name, as `Federated` names it (PE-PRN-14).
        provider: Box<str>,
    },
    /// Nobody: the request is not signed.
    Anonymous,
}

/// What a user or root user signs with: it decides which IAM and STS calls are open at all (PE-SES-07).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Access keys, or the console: no restriction.
    #[default]
    LongTerm,
    /// Temporary credentials from `GetSessionToken`.
    SessionToken {
        /// Whether MFA was given when they were made.
        mfa: Truth,
    },
    /// One of the two, and it is not known which.
    Unknown {
        /// Whether MFA was given, if they are credentials from `GetSessionToken`.
        mfa: Truth,
    },
}

/// An ARN does not have the form that the kind of caller needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{arn}` is not {expected}")]
pub struct InvalidCaller {
    arn: Box<str>,
    expected: &'static str,
}

impl Caller {
    /// An IAM user with long-term credentials: `arn:aws:iam::111122223333:user/path/name`.
    pub fn user(arn: Arn) -> Result<Self, InvalidCaller> {
        let account =
            account_of(&arn, "iam", "user/", "a user's ARN, `arn:aws:iam::111122223333:user/name`")?;
        let partition = Partition::of(&arn);
        Ok(Self::of(account, partition, CallerKind::User { arn, credentials: Credentials::LongTerm }))
    }

    /// A role session: `arn:aws:sts::111122223333:assumed-role/Role/Session` of the role with this ARN.
    pub fn role_session(session: Arn, role: Arn) -> Result<Self, InvalidCaller> {
        let account = account_of(
            &session,
            "sts",
            "assumed-role/",
            "a role session's ARN, `arn:aws:sts::111122223333:assumed-role/Role/Session`",
        )?;
        account_of(&role, "iam", "role/", ROLE_FORM)?;
        let partition = Partition::of(&session);
        Ok(Self::of(account, partition, CallerKind::RoleSession { session: Some(session), role }))
    }

    /// Some session of a role whose name is not known.
    pub fn any_session_of(role: Arn) -> Result<Self, InvalidCaller> {
        let account = account_of(&role, "iam", "role/", ROLE_FORM)?;
        let partition = Partition::of(&role);
        Ok(Self::of(account, partition, CallerKind::RoleSession { session: None, role }))
    }

    /// A session from `GetFederationToken`: `arn:aws:sts::111122223333:federated-user/Name`.
    pub fn federated_user(session: Arn, user: Option<Arn>) -> Result<Self, InvalidCaller> {
        let account = account_of(
            &session,
            "sts",
            "federated-user/",
            "a federated session's ARN, `arn:aws:sts::111122223333:federated-user/Name`",
        )?;
        let partition = Partition::of(&session);
        Ok(Self::of(account, partition, CallerKind::FederatedUser { session, user }))
    }

    /// An account's root user: `arn:aws:iam::111122223333:root`.
    pub fn root(arn: Arn) -> Result<Self, InvalidCaller> {
        let account = account_of(&arn, "iam", "root", "a root user's ARN, `arn:aws:iam::111122223333:root`")?;
        let partition = Partition::of(&arn);
        Ok(Self::of(account, partition, CallerKind::Root { arn, credentials: Credentials::LongTerm }))
    }

    /// An AWS service, by the name it calls by, such as `sns.amazonaws.com`.
    pub fn service(name: &str) -> Self {
        Self::without_account(CallerKind::Service { names: [name.into()].into() })
    }

    /// Somebody a provider vouches for, in a call of `AssumeRoleWithWebIdentity` or `AssumeRoleWithSAML`.
    pub fn federated(provider: &str) -> Self {
        Self::without_account(CallerKind::Federated { provider: provider.into() })
    }

    /// An unsigned request.
    pub fn anonymous() -> Self {
        Self::without_account(CallerKind::Anonymous)
    }

    /// Adds the unique id that policies may name in place of the ARN: `AIDA…` of a user or of the user behind
    /// a federated session, `AROA…` of a session's role (PE-PRN-09). As long as it is not said, whether a
    /// policy that names such an id means the caller is not known.
    #[must_use]
    pub fn with_unique_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.unique_id = UniqueId::Known(id.into());
        self
    }

    /// Says that no unique id in a policy is the caller's.
    #[must_use]
    pub fn without_unique_id(mut self) -> Self {
        self.unique_id = UniqueId::None;
        self
    }

    /// Says that the path in the ARN of the session's role is not known: a policy that names a role of the
    /// same account and name may mean it, and it may be service-linked (PE-KIND-08, PE-SCP-09).
    #[must_use]
    pub fn with_unknown_role_path(mut self) -> Self {
        self.role_path_known = false;
        self
    }

    /// Says what a user or root user signs with; other callers are left as they are.
    #[must_use]
    pub fn with_credentials(mut self, signed_with: Credentials) -> Self {
        if let CallerKind::User { credentials, .. } | CallerKind::Root { credentials, .. } = &mut self.kind {
            *credentials = signed_with;
        }
        self
    }

    /// What kind of caller it is.
    pub fn kind(&self) -> &CallerKind {
        &self.kind
    }

    /// The caller's account; for a role session the role's.
    pub fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// `AIDA…` of a user, `AROA…` of a session's role.
    pub fn unique_id(&self) -> Option<&str> {
        match &self.unique_id {
            UniqueId::Known(id) => Some(id),
            UniqueId::None | UniqueId::Unknown => None,
        }
    }

    /// The role behind a role session.
    pub fn role(&self) -> Option<&Arn> {
        match &self.kind {
            CallerKind::RoleSession { role, .. } => Some(role),
            _ => None,
        }
    }

    /// Whether it is a session of a service-linked role, known by the path (PE-SCP-09).
    pub fn is_service_linked(&self) -> bool {
        self.service_linked().is_true()
    }

    /// Whether it is a session of a service-linked role; not known when the role's path is not.
    pub(crate) fn service_linked(&self) -> Truth {
        match self.role() {
            Some(_) if !self.role_path_known => Truth::Unknown,
            Some(role) => role.resource().starts_with("role/aws-service-role/").into(),
            None => Truth::False,
        }
    }

    /// Whether this is the ARN of the role behind the session.
    pub(crate) fn is_session_of(&self, arn: &Arn) -> Truth {
        let Some(role) = self.role() else { return Truth::False };
        if self.role_path_known {
            return (role == arn).into();
        }
        let same_but_for_path = role.partition() == arn.partition()
            && role.account() == arn.account()
            && role.resource().rsplit('/').next() == arn.resource().rsplit('/').next();
        if same_but_for_path { Truth::Unknown } else { Truth::False }
    }

    fn of(account: AccountId, partition: Partition, kind: CallerKind) -> Self {
        let unique_id = match kind {
            CallerKind::User { .. } | CallerKind::RoleSession { .. } | CallerKind::FederatedUser { .. } => {
                UniqueId::Unknown
            }
            _ => UniqueId::None,
        };
        Self { kind, account: Some(account), partition, unique_id, role_path_known: true }
    }

    fn without_account(kind: CallerKind) -> Self {
        Self {
            kind,
            account: None,
            partition: Partition::Known(""),
            unique_id: UniqueId::None,
            role_path_known: true,
        }
    }
}

const ROLE_FORM: &str = "a role's ARN, `arn:aws:iam::111122223333:role/name`";

fn account_of(
    arn: &Arn,
    service: &str,
    prefix: &str,
    expected: &'static str,
) -> Result<AccountId, InvalidCaller> {
    let invalid = || InvalidCaller { arn: arn.as_str().into(), expected };
    let named = match prefix {
        "root" => arn.resource() == "root",
        _ => arn.resource().strip_prefix(prefix).is_some_and(|name| !name.is_empty()),
    };
    if arn.service() == service && arn.region().is_empty() && named {
        arn.account().ok_or_else(invalid)
    } else {
        Err(invalid())
    }
}

/// As AWS writes the caller in a message: the session's ARN for a session.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            CallerKind::User { arn, .. }
            | CallerKind::Root { arn, .. }
            | CallerKind::RoleSession { session: Some(arn), .. }
            | CallerKind::RoleSession { session: None, role: arn }
            | CallerKind::FederatedUser { session: arn, .. } => write!(f, "{arn}"),
            CallerKind::Service { names } => f.write_str(names.first().map_or("", |name| name)),
            CallerKind::Federated { provider } => f.write_str(provider),
            CallerKind::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a request has one resource or none (PE-RES-01)")]
pub enum Resource {
    /// One resource.
    Arn(Arn),
    /// `*`: the action has no resource types.
    None,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => write!(f, "{arn}"),
            Self::None => f.write_str("*"),
        }
    }
}

/// Who asks, in which context: the side of a question that stays when one caller asks many things. Cloning is
/// a reference count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking(Arc<AskingParts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct AskingParts {
    caller: Caller,
    context: Context,
    named_by: Option<NamedBy>,
}

impl Asking {
    /// A caller in a context.
    pub fn new(caller: Caller, context: Context) -> Self {
        let named_by = NamedBy::of(&caller);
        Self(Arc::new(AskingParts { caller, context, named_by }))
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// In which context.
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// What entries of `Principal` that name the caller are found by; none when that can't be told.
    pub(crate) fn named_by(&self) -> Option<&NamedBy> {
        self.0.named_by.as_ref()
    }
}

/// What is asked for, on what: the side of a question that stays when many callers ask one thing. Cloning is a
/// reference count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked(Arc<AskedParts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct AskedParts {
    action: Action,
    resource: Resource,
    /// None for a request without resource, whose owner is the caller's account, and when it is not known.
    owner: Option<AccountId>,
    sought: Sought,
    traits: Traits,
}

/// What statements that speak of an action are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sought {
    /// The hash of the whole action in lower case.
    pub(crate) action: u64,
    /// The hash of its service prefix.
    pub(crate) service: u64,
    /// The first eight bytes of its service prefix.
    pub(crate) prefix: u64,
    /// How many bytes the prefix has.
    pub(crate) prefix_length: u32,
    /// The first eight bytes of its name.
    pub(crate) name: u64,
}

impl Asked {
    /// An action on a resource. The owner of the resource is the account in its ARN;
    /// [`with_owner`](Self::with_owner) says it for ARNs without account (PE-RES-19).
    pub fn new(action: Action, resource: Resource) -> Self {
        let owner = match &resource {
            Resource::Arn(arn) => arn.account(),
            Resource::None => None,
        };
        let sought = Sought {
            action: hash(action.folded()),
            service: hash(action.service()),
            prefix: head(action.service().as_bytes()),
            prefix_length: index_of(action.service().len()),
            name: head(action.name().as_bytes()),
        };
        let traits = Traits::of(&action, &resource);
        Self(Arc::new(AskedParts { action, resource, owner, sought, traits }))
    }

    /// Says whose the resource is.
    #[must_use]
    pub fn with_owner(mut self, owner: AccountId) -> Self {
        Arc::make_mut(&mut self.0).owner = Some(owner);
        self
    }

    /// What for.
    pub fn action(&self) -> &Action {
        &self.0.action
    }

    /// On what.
    pub fn resource(&self) -> &Resource {
        &self.0.resource
    }

    /// The ARN asked about, if there is a resource.
    pub(crate) fn arn(&self) -> Option<&Arn> {
        match &self.0.resource {
            Resource::Arn(arn) => Some(arn),
            Resource::None => None,
        }
    }

    /// Whether two questions differ in nothing that is known before a policy is read.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let (one, other) = (&*self.0, &*other.0);
        one.traits == other.traits
            && one.owner == other.owner
            && (one.resource == Resource::None) == (other.resource == Resource::None)
    }

    pub(crate) fn sought(&self) -> &Sought {
        &self.0.sought
    }

    pub(crate) fn traits(&self) -> Traits {
        self.0.traits
    }

    pub(crate) fn owner(&self) -> Option<AccountId> {
        self.0.owner
    }
}

/// One authorization question, complete: the evaluator adds nothing to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    asking: Asking,
    asked: Asked,
    pub(crate) plan: Plan,
    /// What an action without resource types is authorized against, if not `*` (PE-RES-14).
    effective: Option<Box<Arn>>,
}

impl Request {
    /// A request. The owner of the resource is the account in its ARN, or the caller's account for a request
    /// without resource; [`with_owner`](Self::with_owner) says it for ARNs without account (PE-RES-19).
    pub fn new(caller: Caller, action: Action, resource: Resource, context: Context) -> Self {
        Self::of(Asking::new(caller, context), Asked::new(action, resource))
    }

    /// A request of two sides that other requests may share.
    ///
    /// ```
    /// use iamsim_eval::{Asked, Asking, Caller, Context, Request, Resource};
    ///
    /// let alice = Caller::user("arn:aws:iam::111122223333:user/alice".parse()?)?;
    /// let alice = Asking::new(alice, Context::complete().with("aws:username", "alice"));
    /// let list = Asked::new("s3:ListAllMyBuckets".parse()?, Resource::None);
    /// let request = Request::of(alice.clone(), list);
    /// assert_eq!(request.owner(), alice.caller().account());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(asking: Asking, asked: Asked) -> Self {
        let plan = Plan::new(&asking, &asked);
        let effective = match asked.resource() {
            Resource::None if asked.traits().has(Traits::EFFECTIVE_RESOURCE) => {
                effective(asking.caller(), asked.action()).map(Box::new)
            }
            _ => None,
        };
        Self { asking, asked, plan, effective }
    }

    /// Says whose the resource is.
    #[must_use]
    pub fn with_owner(self, owner: AccountId) -> Self {
        let Self { asking, asked, effective, .. } = self;
        let asked = asked.with_owner(owner);
        let plan = Plan::new(&asking, &asked);
        Self { asking, asked, plan, effective }
    }

    /// The request with another value under a context key.
    pub(crate) fn with_context(&self, key: &str, value: ContextValue) -> Self {
        let mut context = self.context().clone();
        context.set(key, value);
        Self::of(Asking::new(self.caller().clone(), context), self.asked.clone())
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        self.asking.caller()
    }

    /// What for.
    pub fn action(&self) -> &Action {
        self.asked.action()
    }

    /// On what.
    pub fn resource(&self) -> &Resource {
        self.asked.resource()
    }

    /// Whose the resource is; none when that is not known.
    pub fn owner(&self) -> Option<AccountId> {
        self.plan.owner
    }

    /// In which context.
    pub fn context(&self) -> &Context {
        self.asking.context()
    }

    pub(crate) fn asking(&self) -> &Asking {
        &self.asking
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What patterns of resources are compared with.
    #[inline]
    pub(crate) fn target(&self) -> Option<&Arn> {
        match self.resource() {
            Resource::Arn(arn) => Some(arn),
            Resource::None => self.effective.as_deref(),
        }
    }
}
