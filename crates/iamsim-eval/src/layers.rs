//! The policies that bear on one request, by the part they play.
//!
//! Knows no accounts or roles: whoever assembles the layers has already found out which policies apply
//! (PE-APP).

use std::fmt;
use std::sync::Arc;

use iamsim_policy::Action;

use crate::index::Joined;
use crate::program::Program;

/// The parts that policies play in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// Resource control policies of the resource owner's organization.
    ResourceControl,
    /// Service control policies of the caller's organization.
    ServiceControl,
    /// The policy of the VPC endpoint the request came through.
    VpcEndpoint,
    /// The policy on the resource; a role's trust policy when the role is assumed, a key's policy for KMS.
    Resource,
    /// The caller's own policies, its groups' and the managed ones.
    Identity,
    /// The caller's permissions boundary.
    PermissionsBoundary,
    /// The policies passed when the session was made.
    Session,
}

impl Layer {
    /// Every layer, in the order in which a decision is explained (PE-MSG-08).
    pub const ALL: [Self; 7] = [
        Self::ResourceControl,
        Self::ServiceControl,
        Self::VpcEndpoint,
        Self::Resource,
        Self::Identity,
        Self::PermissionsBoundary,
        Self::Session,
    ];

    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResourceControl => "resource-control",
            Self::ServiceControl => "service-control",
            Self::VpcEndpoint => "vpc-endpoint",
            Self::Resource => "resource",
            Self::Identity => "identity",
            Self::PermissionsBoundary => "permissions-boundary",
            Self::Session => "session",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present(u8);

impl Present {
    /// All layers.
    pub(crate) const ALL: Self = Self(u8::MAX);
    /// The caller's own policies and the resource's, which most questions are about.
    pub(crate) const PLAIN: Self = Self(Self::of(Layer::Identity).0 | Self::of(Layer::Resource).0);

    /// One layer.
    pub(crate) const fn of(layer: Layer) -> Self {
        Self(1 << layer as u8)
    }

    /// These layers and one more.
    #[inline]
    pub(crate) const fn with(self, layer: Layer) -> Self {
        Self(self.0 | Self::of(layer).0)
    }

    /// Whether a layer is among them.
    #[inline]
    pub(crate) const fn has(self, layer: Layer) -> bool {
        self.0 & Self::of(layer).0 != 0
    }

    /// Whether all are among others.
    #[inline]
    pub(crate) const fn are_among(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }
}

/// A compiled policy and the name under which it is attached. Cloning is two reference counts.
#[derive(Clone, Debug)]
pub struct Attached {
    name: Arc<str>,
    program: Arc<Program>,
    /// The program's own, at hand: most policies are passed over for it.
    services: u64,
}

impl Attached {
    /// Attaches a program under a name.
    pub fn new(name: impl Into<Arc<str>>, program: impl Into<Arc<Program>>) -> Self {
        let program = program.into();
        let services = program.index().services();
        Self { name: name.into(), program, services }
    }

    /// The policy's name, as the account knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The compiled policy.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The compiled policy, as it is shared.
    pub(crate) fn shared_program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Whether no statement of it speaks of the service with this bit.
    #[inline]
    pub(crate) fn is_silent_on(&self, service_bit: u64) -> bool {
        self.services & service_bit == 0
    }
}

/// The control policies attached at one level: the root, an organizational unit, or the account.
#[derive(Clone, Debug, Default)]
pub struct Level {
    pub(crate) name: Arc<str>,
    pub(crate) policies: Vec<Attached>,
}

impl Level {
    /// A level and what is attached there; nothing attached allows nothing (PE-SCP-03).
    pub fn new(name: impl Into<Arc<str>>, policies: Vec<Attached>) -> Self {
        Self { name: name.into(), policies }
    }

    /// The level's name: the root's, unit's or account's id or name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is attached.
    pub fn policies(&self) -> &[Attached] {
        &self.policies
    }
}

/// What is known of the policy on the resource.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_enums, reason = "there is a policy, there is none, or nobody knows")]
pub enum ResourcePolicy {
    /// The resource has no policy.
    #[default]
    None,
    /// The resource has this policy.
    Attached(Attached),
    /// Whether the resource has a policy, and what it says, is not known: it belongs to an account nobody
    /// has described.
    Unknown,
}

/// A list that is shared by all who hold it, until somebody adds to it. An empty one takes no memory.
#[derive(Clone, Debug)]
pub struct Shared<T>(Option<Arc<Vec<T>>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Self {
        Self((!items.is_empty()).then(|| Arc::new(items)))
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |items| items.as_slice())
    }
}

impl<T: Clone> Shared<T> {
    fn push(&mut self, item: T) {
        Arc::make_mut(self.0.get_or_insert_default()).push(item);
    }
}

/// The policies that bear on a request. Cloning is a few reference counts.
///
/// What is left out is not there: no identity policies allow nothing, no boundary limits nothing.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    pub(crate) identity: Shared<Attached>,
    pub(crate) boundary: Option<Attached>,
    pub(crate) session: Option<Vec<Attached>>,
    pub(crate) resource: ResourcePolicy,
    pub(crate) scps: Shared<Level>,
    pub(crate) rcps: Shared<Level>,
    pub(crate) endpoint: Option<Vec<Attached>>,
    pub(crate) restrict_public_buckets: bool,
    pub(crate) grants: Vec<KeyGrant>,
    /// Which layers have something to say.
    pub(crate) present: Present,
    /// One index of all identity policies.
    pub(crate) joined: Option<Arc<Joined>>,
}

/// A KMS grant to the caller on the requested key (PE-KMS-07).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGrant {
    pub(crate) name: Arc<str>,
    /// Operations in lower case, without the `kms:` prefix.
    pub(crate) operations: Box<[Box<str>]>,
}

impl KeyGrant {
    /// A grant that names the caller as grantee, with the operations it covers, such as `Decrypt`.
    pub fn new<'a>(name: impl Into<Arc<str>>, operations: impl IntoIterator<Item = &'a str>) -> Self {
        let operations = operations.into_iter().map(|name| name.to_ascii_lowercase().into()).collect();
        Self { name: name.into(), operations }
    }

    /// The grant's id or name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it covers an action.
    pub(crate) fn covers(&self, action: &Action) -> bool {
        action.service() == "kms" && self.operations.iter().any(|operation| **operation == *action.name())
    }
}

impl Layers {
    /// No policies at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every compiled policy, in whatever layer it is.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        self.shared_programs().map(|program| &**program)
    }

    /// The same, as they are shared.
    pub(crate) fn shared_programs(&self) -> impl Iterator<Item = &Arc<Program>> {
        let resource = match &self.resource {
            ResourcePolicy::Attached(policy) => Some(policy),
            ResourcePolicy::None | ResourcePolicy::Unknown => None,
        };
        let levels = self.scps.iter().chain(&*self.rcps).flat_map(Level::policies);
        let attached = self.identity.iter().chain(&self.boundary).chain(resource).chain(levels);
        let optional = self.session.iter().chain(&self.endpoint).flatten();
        attached.chain(optional).map(Attached::shared_program)
    }

    /// Adds one of the caller's identity policies.
    #[must_use]
    pub fn with_identity(mut self, policy: Attached) -> Self {
        self.identity.push(policy);
        self.present = self.present.with(Layer::Identity);
        self.joined = None;
        self
    }

    /// Joins the indexes of the identity policies into one, so that many policies are searched as fast as
    /// one. It changes no answer; it costs about as much as a hundred decisions, and so is worth it for layers
    /// that are asked more often than that.
    #[must_use]
    pub fn prepared(mut self) -> Self {
        if !self.identity.is_empty() {
            self.joined = Some(Arc::new(Joined::new(&self.identity)));
        }
        self
    }

    /// Sets the caller's permissions boundary.
    #[must_use]
    pub fn with_boundary(mut self, policy: Attached) -> Self {
        self.present = self.present.with(Layer::PermissionsBoundary);
        self.boundary = Some(policy);
        self
    }

    /// Sets the policies passed when the session was made: their statements are one set (PE-APP-03).
    #[must_use]
    pub fn with_session(mut self, policies: Vec<Attached>) -> Self {
        self.present = self.present.with(Layer::Session);
        self.session = Some(policies);
        self
    }

    /// Sets what is known of the policy on the resource.
    #[must_use]
    pub fn with_resource(mut self, policy: ResourcePolicy) -> Self {
        if !matches!(policy, ResourcePolicy::None) {
            self.present = self.present.with(Layer::Resource);
        }
        self.resource = policy;
        self
    }

    /// Sets the service control policies, from the root down to the account. No levels: no organization, or
    /// its management account, so nothing limits (PE-SCP-07).
    #[must_use]
    pub fn with_scps(mut self, levels: impl Into<Shared<Level>>) -> Self {
        self.present = self.present.with(Layer::ServiceControl);
        self.scps = levels.into();
        self
    }

    /// Sets the resource control policies of the owner, from the root down to the account.
    #[must_use]
    pub fn with_rcps(mut self, levels: impl Into<Shared<Level>>) -> Self {
        self.present = self.present.with(Layer::ResourceControl);
        self.rcps = levels.into();
        self
    }

    /// Sets the policies of the VPC endpoint that the request came through.
    #[must_use]
    pub fn with_endpoint(mut self, policies: Vec<Attached>) -> Self {
        self.present = self.present.with(Layer::VpcEndpoint);
        self.endpoint = Some(policies);
        self
    }

    /// Says that `RestrictPublicBuckets` of S3 Block Public Access is on (PE-S3-03).
    #[must_use]
    pub fn with_restrict_public_buckets(mut self) -> Self {
        self.present = self.present.with(Layer::Resource);
        self.restrict_public_buckets = true;
        self
    }

    /// Adds a KMS grant whose grantee is the caller.
    #[must_use]
    pub fn with_grant(mut self, grant: KeyGrant) -> Self {
        self.present = self.present.with(Layer::Resource);
        self.grants.push(grant);
        self
    }
}
