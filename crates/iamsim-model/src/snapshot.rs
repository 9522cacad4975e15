//! The frozen world, and what is asked of it. Cloning is a reference count; many threads may ask at once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_catalog::Catalog;
use iamsim_eval::{Asking, KeyGrant, Layers, Request, Resource, ResourcePolicy};
use iamsim_policy::{AccountId, Action, Arn};

use crate::asks::Asked;
use crate::caller::Caller;
use crate::context::{self, Overrides};
use crate::derived::Membership;
use crate::document::Document;
use crate::endpoint::VpcEndpoint;
use crate::error::ModelError;
use crate::facts::{Facts, Found};
use crate::resource::{Grant, StoredResource, is_access_point, is_awss_own, is_key, is_nobody_elses};
use crate::world::State;

/// What the world was at one moment.
///
/// ```
/// use iamsim_model::{Overrides, Question, World};
///
/// let mut world = World::new("aws");
/// let account = "111122223333".parse()?;
/// world.open_account(account);
/// let root = world.root(account);
/// let snapshot = world.freeze();
/// let question = Question {
///     caller: &root,
///     action: "s3:ListAllMyBuckets".parse()?,
///     resource: iamsim_eval::Resource::None,
///     now: chrono::DateTime::UNIX_EPOCH,
///     overrides: Overrides::new(),
///     owner: None,
///     endpoint: None,
/// };
/// let (layers, request) = snapshot.assemble(&question)?;
/// assert_eq!(iamsim_eval::authorize(&layers, &request), iamsim_eval::Decision::Allow);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    state: Arc<State>,
}

/// One question: who, what, on what, when, and what the test says of the context.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a question has all of these, and says so when it has none")]
pub struct Question<'q> {
    /// Who asks.
    pub caller: &'q Caller,
    /// For which action.
    pub action: Action,
    /// On which resource.
    pub resource: Resource,
    /// At which instant.
    pub now: DateTime<Utc>,
    /// What is said of the context.
    pub overrides: Overrides,
    /// Whose the resource is, for ARNs that name no account.
    pub owner: Option<AccountId>,
    /// The VPC endpoint the request comes through.
    pub endpoint: Option<&'q str>,
}

/// What `GetCallerIdentity` answers (FED-01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    account: AccountId,
    arn: String,
    user_id: String,
}

impl CallerIdentity {
    /// The account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The ARN: a user's, or a session's.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The id: `AIDA…`, `AROA…:session`, `account:name`, or the account's.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }
}

impl Snapshot {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Whether both are of one world at one moment: without an edit in between.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    /// What services define, as this world takes it.
    pub fn catalog(&self) -> &Catalog {
        &self.state.catalog
    }

    /// Whether the catalog knows the action and gives it no resource types, and no other page of AWS's may: what is
    /// asked on an ARN that the catalog does not know of must still meet a statement that denies it.
    pub fn is_asked_without_resource(&self, action: &Action) -> bool {
        self.state.is_asked_without_resource(action)
    }

    /// Who a caller is at an instant.
    pub fn caller_identity(&self, caller: &Caller, now: DateTime<Utc>) -> Result<CallerIdentity, ModelError> {
        let found = self.state.find(caller, now)?;
        let account = found.account.map(|account| account.id);
        match (account, found.user_id()) {
            (Some(account), Some(user_id)) => {
                Ok(CallerIdentity { account, arn: found.identity_arn(), user_id })
            }
            _ => Err(ModelError::new(
                crate::ErrorCode::AccessDenied,
                format!("{caller} has no credentials that GetCallerIdentity could look at."),
            )),
        }
    }

    /// Gathers the policies that bear on a question (PE-APP), and its context.
    pub fn assemble(&self, question: &Question<'_>) -> Result<(Layers, Request), ModelError> {
        self.gather(question.clone(), false)
    }

    /// As [`assemble`](Self::assemble), for a decision alone: of the context, only what the policies ask for is
    /// there, so that nobody should look at it. The decision is the same, and quicker had.
    pub fn assemble_to_decide(&self, question: Question<'_>) -> Result<(Layers, Request), ModelError> {
        self.gather(question, true)
    }

    fn gather(&self, question: Question<'_>, to_decide: bool) -> Result<(Layers, Request), ModelError> {
        let state = &*self.state;
        let Question { caller, action, resource, now, overrides, owner, endpoint } = question;
        let found = state.find(caller, now)?;
        let arn = match &resource {
            Resource::Arn(arn) => Some(arn),
            Resource::None => None,
        };
        let owner = owner.or_else(|| state.owner_of(arn, &found));
        let endpoint = endpoint.map(|id| state.endpoint(id)).transpose()?;
        let mut asked = Asked::default();
        let mut layers = callers_side(&mut asked, &found, endpoint);
        let membership = owner.and_then(|owner| state.membership(owner));
        layers = with_rcps(layers, &mut asked, membership.as_deref());
        layers = state.resource_side(&action, arn, owner).add_to(layers, &mut asked, &found);
        let facts = Facts {
            state,
            found: &found,
            now,
            action: &action,
            arn,
            owner: named_owner(owner, arn),
            endpoint,
            caller,
        };
        let context = context::fill(&facts, overrides, &asked, to_decide);
        let asked = iamsim_eval::Asked::new(action, resource);
        let asked = match owner {
            Some(owner) => asked.with_owner(owner),
            None => asked,
        };
        Ok((layers, Request::of(Asking::new(found.eval, context), asked)))
    }
}

/// Of what is AWS's own, no account of anybody is the owner that `aws:ResourceAccount` names.
pub(crate) fn named_owner(owner: Option<AccountId>, arn: Option<&Arn>) -> Option<AccountId> {
    owner.filter(|_| !arn.is_some_and(is_awss_own))
}

/// What bears on every question of a caller that comes one way: its own policies (PE-APP-01 to 03), those of
/// its organization and of the endpoint.
pub(crate) fn callers_side<'w>(
    asked: &mut Asked<'w>,
    found: &'w Found<'_>,
    endpoint: Option<(&'w str, &'w VpcEndpoint)>,
) -> Layers {
    let mut layers = match &found.side {
        Some(side) => {
            asked.add(side.asks.rows, &side.asks.keys);
            side.layers.clone()
        }
        None => Layers::new(),
    };
    if let Some(policies) = found.session.and_then(|session| session.policies.as_ref()) {
        let attached = policies.iter().map(|(name, document)| document.attached(name.clone()));
        layers = layers.with_session(attached.collect());
        for (_, document) in policies {
            asked.add_document(document);
        }
    }
    if let Some((id, endpoint)) = endpoint
        && let Some(policy) = &endpoint.policy
    {
        asked.add_document(policy);
        layers = layers.with_endpoint(vec![policy.attached(id)]);
    }
    layers
}

/// Adds what the organization of a resource's owner says.
pub(crate) fn with_rcps<'w>(layers: Layers, asked: &mut Asked<'w>, owner: Option<&'w Membership>) -> Layers {
    let Some(owner) = owner else { return layers };
    asked.add(owner.rcps_ask.rows, &owner.rcps_ask.keys);
    layers.with_rcps(owner.rcps.clone())
}

impl State {
    /// Whose a resource is: the account in its ARN; for an ARN without account whoever has added it (PE-RES-19),
    /// and nobody knows when nobody has.
    pub(crate) fn owner_of(&self, arn: Option<&Arn>, found: &Found<'_>) -> Option<AccountId> {
        let callers = found.account.map(|account| account.id);
        let Some(arn) = arn else { return callers };
        match arn.account() {
            Some(account) => Some(account),
            None if is_nobody_elses(arn) => callers,
            None => self.owner(arn),
        }
    }

    /// What is known on the side of a resource: its policy, and what else its service adds (PE-APP-04).
    pub(crate) fn resource_side(
        &self,
        action: &Action,
        arn: Option<&Arn>,
        owner: Option<AccountId>,
    ) -> ResourceSide<'_> {
        let Some(arn) = arn else { return ResourceSide::NoResource };
        let known = owner.filter(|owner| self.accounts.contains_key(owner));
        if arn.service() == "iam" {
            // The trust policy counts when a role is assumed, never for IAM's own actions on it (PE-APP-04).
            if action.service() != "sts" {
                return ResourceSide::NoPolicy;
            }
            return match self.role_by_arn(arn) {
                Some((_, role)) => ResourceSide::Trust(&role.trust),
                None if known.is_some() => ResourceSide::NoPolicy,
                None => ResourceSide::Unknown,
            };
        }
        let Some(account) = known else { return ResourceSide::Unknown };
        match self.resource(account, arn) {
            Some(resource) => ResourceSide::Resource(resource),
            // A key that nobody has described still has a policy (PE-KMS-01), and behind an access point there is
            // a bucket, which may have one; other resources have none.
            None if is_key(arn) || is_access_point(arn) => ResourceSide::Unknown,
            None => ResourceSide::NoPolicy,
        }
    }
}

/// What is known on the side of a resource.
#[derive(Clone, Copy)]
pub(crate) enum ResourceSide<'w> {
    /// The request has no resource.
    NoResource,
    NoPolicy,
    Unknown,
    Trust(&'w Document),
    Resource(&'w StoredResource),
}

impl<'w> ResourceSide<'w> {
    /// Adds it to the layers of a caller.
    pub(crate) fn add_to(self, layers: Layers, asked: &mut Asked<'w>, found: &Found<'_>) -> Layers {
        let resource = match self {
            Self::NoResource => return layers,
            Self::NoPolicy => return layers.with_resource(ResourcePolicy::None),
            Self::Unknown => return layers.with_resource(ResourcePolicy::Unknown),
            Self::Trust(trust) => {
                asked.add_document(trust);
                return layers.with_resource(ResourcePolicy::Attached(trust.attached("trust")));
            }
            Self::Resource(resource) => resource,
        };
        let mut layers = match &resource.policy {
            Some(policy) => {
                asked.add_document(policy);
                layers.with_resource(ResourcePolicy::Attached(policy.attached_as_named()))
            }
            None => layers.with_resource(ResourcePolicy::None),
        };
        if resource.restrict_public_buckets {
            layers = layers.with_restrict_public_buckets();
        }
        for grant in resource.grants.iter().filter(|grant| grant.is_for(found)) {
            let operations = grant.operations.iter().map(|operation| &**operation);
            layers = layers.with_grant(KeyGrant::new(grant.name.clone(), operations));
        }
        layers
    }
}

impl Grant {
    /// Whether the caller is the grantee, or a session of it.
    fn is_for(&self, found: &Found<'_>) -> bool {
        let grantee = &*self.grantee;
        found.principal_arn() == Some(grantee) || found.identity_arn() == *grantee
    }
}
