//! The frozen world, and what is asked of it. Cloning is a reference count; many threads may ask at once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_catalog::Catalog;
use iamsim_eval::{Asking, KeyGrant, Layers, Request, Resource, ResourcePolicy};
use iamsim_policy::{AccountId, Action, Arn};

use crate::asks::Asked;
use crate::caller::{Caller, CallerKind};
use crate::context::{self, Overrides};
use crate::error::ModelError;
use crate::facts::{Facts, Found};
use crate::resource::{Grant, is_access_point, is_awss_own, is_key, is_nobody_elses};
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
        let membership = owner.and_then(|owner| state.membership(owner));
        if let Some(membership) = &membership {
            asked.add(membership.rcps_ask.rows, &membership.rcps_ask.keys);
            layers = layers.with_rcps(membership.rcps.clone());
        }
        if let Some((id, endpoint)) = endpoint
            && let Some(policy) = &endpoint.policy
        {
            asked.add_document(policy);
            layers = layers.with_endpoint(vec![policy.attached(id)]);
        }
        layers = state.resource_side(layers, &mut asked, &action, arn, owner, &found);
        let (service, source_arn, source_account) = match &caller.0 {
            CallerKind::Service { name, source_arn, source_account } => {
                (&**name, source_arn.as_ref(), *source_account)
            }
            _ => ("", None, None),
        };
        let facts = Facts {
            state,
            found: &found,
            now,
            action: &action,
            arn,
            // Of what is AWS's own, no account of anybody is the owner that `aws:ResourceAccount` names.
            owner: owner.filter(|_| !arn.is_some_and(is_awss_own)),
            endpoint,
            service,
            source_arn,
            source_account,
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

impl State {
    /// Whose a resource is: the account in its ARN; for an ARN without account whoever has added it (PE-RES-19),
    /// and nobody knows when nobody has.
    fn owner_of(&self, arn: Option<&Arn>, found: &Found<'_>) -> Option<AccountId> {
        let callers = found.account.map(|account| account.id);
        let Some(arn) = arn else { return callers };
        match arn.account() {
            Some(account) => Some(account),
            None if is_nobody_elses(arn) => callers,
            None => self.owner(arn),
        }
    }

    /// The policy on the resource, and what else its service adds (PE-APP-04).
    fn resource_side<'w>(
        &'w self,
        layers: Layers,
        asked: &mut Asked<'w>,
        action: &Action,
        arn: Option<&Arn>,
        owner: Option<AccountId>,
        found: &Found<'_>,
    ) -> Layers {
        let Some(arn) = arn else { return layers };
        if arn.service() == "iam" {
            return layers.with_resource(self.trust_policy(asked, action, arn, owner));
        }
        let Some(account) = owner.filter(|owner| self.accounts.contains_key(owner)) else {
            return layers.with_resource(ResourcePolicy::Unknown);
        };
        let Some(resource) = self.resource(account, arn) else {
            // A key that nobody has described still has a policy (PE-KMS-01), and behind an access point there is
            // a bucket, which may have one; other resources have none.
            let unknown = is_key(arn) || is_access_point(arn);
            let policy = if unknown { ResourcePolicy::Unknown } else { ResourcePolicy::None };
            return layers.with_resource(policy);
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

    /// The trust policy counts when a role is assumed, never for IAM's own actions on it (PE-APP-04).
    fn trust_policy<'w>(
        &'w self,
        asked: &mut Asked<'w>,
        action: &Action,
        arn: &Arn,
        owner: Option<AccountId>,
    ) -> ResourcePolicy {
        if action.service() != "sts" {
            return ResourcePolicy::None;
        }
        match self.role_by_arn(arn) {
            Some((_, role)) => {
                asked.add_document(&role.trust);
                ResourcePolicy::Attached(role.trust.attached("trust"))
            }
            None if owner.is_some_and(|owner| self.accounts.contains_key(&owner)) => ResourcePolicy::None,
            None => ResourcePolicy::Unknown,
        }
    }
}

impl Grant {
    /// Whether the caller is the grantee, or a session of it.
    fn is_for(&self, found: &Found<'_>) -> bool {
        let grantee = &*self.grantee;
        found.principal_arn() == Some(grantee) || found.identity_arn() == *grantee
    }
}
