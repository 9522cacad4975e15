//! The frozen world, and what is asked of it. Cloning is a reference count; many threads may ask at once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_catalog::Catalog;
use iamsim_eval::{KeyGrant, Layers, Program, Request, Resource, ResourcePolicy};
use iamsim_policy::{AccountId, Action, Arn, ContextKey};

use crate::account::Account;
use crate::caller::{Caller, CallerKind};
use crate::context::{self, Overrides, Wanted};
use crate::endpoint::VpcEndpoint;
use crate::error::ModelError;
use crate::facts::{Facts, Found};
use crate::identity::Identity;
use crate::organization::ControlType;
use crate::resource::{Grant, is_access_point, is_awss_own, is_key, is_nobody_elses};
use crate::session::SessionPrincipal;
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
///     overrides: &Overrides::new(),
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
    pub overrides: &'q Overrides,
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

    /// Who a caller is at an instant.
    pub fn caller_identity(&self, caller: &Caller, now: DateTime<Utc>) -> Result<CallerIdentity, ModelError> {
        let found = self.state.find(caller, now)?;
        let account = found.account.map(|account| account.id);
        match (account, found.user_id) {
            (Some(account), Some(user_id)) => {
                Ok(CallerIdentity { account, arn: found.identity_arn, user_id })
            }
            _ => Err(ModelError::new(
                crate::ErrorCode::AccessDenied,
                format!("{caller} has no credentials that GetCallerIdentity could look at."),
            )),
        }
    }

    /// Gathers the policies that bear on a question (PE-APP), and its context.
    pub fn assemble(&self, question: &Question<'_>) -> Result<(Layers, Request), ModelError> {
        self.gather(question, false)
    }

    /// As [`assemble`](Self::assemble), for a decision alone: of the context, only what the policies ask for is
    /// there, so that nobody should look at it. The decision is the same, and quicker had.
    pub fn assemble_to_decide(&self, question: &Question<'_>) -> Result<(Layers, Request), ModelError> {
        self.gather(question, true)
    }

    fn gather(&self, question: &Question<'_>, to_decide: bool) -> Result<(Layers, Request), ModelError> {
        let state = &*self.state;
        let found = state.find(question.caller, question.now)?;
        let arn = match &question.resource {
            Resource::Arn(arn) => Some(arn),
            Resource::None => None,
        };
        let owner = question.owner.or_else(|| state.owner_of(arn, &found));
        let endpoint = question.endpoint.map(|id| state.endpoint(id)).transpose()?;
        // Of what is AWS's own, no account of anybody is the owner that `aws:ResourceAccount` names.
        let named_owner = owner.filter(|_| !arn.is_some_and(is_awss_own));
        let facts = facts(state, question, &found, arn, named_owner, endpoint);
        let mut layers = Layers::new();
        layers = state.own_side(layers, &found);
        if let (Some(account), Some(organization)) =
            (found.account, found.account.and_then(|account| state.organization_of(account.id)))
        {
            layers = layers.with_scps(organization.levels(account.id, ControlType::Service));
        }
        if let Some(owner) = owner
            && let Some(organization) = state.organization_of(owner)
        {
            layers = layers.with_rcps(organization.levels(owner, ControlType::Resource));
        }
        if let Some((id, endpoint)) = endpoint {
            layers = match &endpoint.policy {
                Some(policy) => layers.with_endpoint(vec![policy.attached(id)]),
                None => layers,
            };
        }
        layers = state.resource_side(layers, &question.action, arn, owner, &found);
        let asked: Vec<&ContextKey> = layers.programs().flat_map(Program::keys).collect();
        let wanted = if to_decide { Wanted::Only(&asked) } else { Wanted::All };
        let mut context = context::fill(&facts, question.overrides, wanted);
        context::narrow(&mut context, asked.iter().copied(), &facts, question.overrides);
        let request = Request::new(found.eval, question.action.clone(), question.resource.clone(), context);
        let request = match owner {
            Some(owner) => request.with_owner(owner),
            None => request,
        };
        Ok((layers, request))
    }
}

fn facts<'f>(
    state: &'f State,
    question: &'f Question<'_>,
    found: &Found<'f>,
    arn: Option<&'f Arn>,
    owner: Option<AccountId>,
    endpoint: Option<(&'f str, &'f VpcEndpoint)>,
) -> Facts<'f> {
    let (service, source_arn, source_account) = match &question.caller.0 {
        CallerKind::Service { name, source_arn, source_account } => {
            (&**name, source_arn.as_ref(), *source_account)
        }
        _ => ("", None, None),
    };
    Facts {
        state,
        now: question.now,
        action: &question.action,
        arn,
        owner,
        resource: state.resource_facts(arn, owner),
        endpoint,
        who: found.who,
        account: found.account.map(|account| account.id),
        principal_arn: found.principal_arn.clone(),
        principal_tags: found.tags.clone(),
        user_id: found.user_id.clone(),
        username: match found.who {
            crate::facts::Who::User => found.user.map(|user| user.identity.name.to_string()),
            _ => None,
        },
        session: found.session,
        assumed_root: found
            .session
            .is_some_and(|session| matches!(session.principal, SessionPrincipal::AssumedRoot { .. })),
        service,
        source_arn,
        source_account,
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

    fn endpoint<'w>(&'w self, id: &str) -> Result<(&'w str, &'w VpcEndpoint), ModelError> {
        let mut endpoints = self.accounts.values().filter_map(|account| account.endpoints.get_key_value(id));
        let (id, endpoint) = endpoints
            .next()
            .ok_or_else(|| ModelError::missing(format!("The endpoint {id} does not exist.")))?;
        Ok((id, endpoint))
    }

    /// The caller's own policies, boundary and session policies (PE-APP-01 to 03).
    fn own_side(&self, mut layers: Layers, found: &Found<'_>) -> Layers {
        let Some(account) = found.account else { return layers };
        let mut boundary = None;
        if let Some(user) = found.user {
            layers = self.policies_of(layers, account, &user.identity, None);
            for group in account.groups.iter().filter(|group| user.groups.contains(&group.id)) {
                layers = self.policies_of(layers, account, &group.identity, Some(&group.identity.name));
            }
            boundary = user.boundary.as_deref();
        }
        if let Some(role) = found.role {
            layers = self.policies_of(layers, account, &role.identity, None);
            boundary = role.boundary.as_deref();
        }
        if let Some(arn) = boundary
            && let Some(policy) = self.managed_policy(account.id, arn)
            && let Some(document) = policy.document()
        {
            layers = layers.with_boundary(document.attached(policy.shared_name()));
        }
        if let Some(policies) = found.session.and_then(|session| session.policies.as_ref()) {
            let attached = policies.iter().map(|(name, document)| document.attached(name.clone()));
            layers = layers.with_session(attached.collect());
        }
        layers
    }

    fn policies_of(
        &self,
        mut layers: Layers,
        account: &Account,
        identity: &Identity,
        group: Option<&str>,
    ) -> Layers {
        let named = |name: &Arc<str>| match group {
            None => name.clone(),
            Some(group) => format!("{name} of group {group}").into(),
        };
        for (name, document) in &identity.inline {
            layers = layers.with_identity(document.attached(named(name)));
        }
        for arn in &identity.attached {
            if let Some(policy) = self.managed_policy(account.id, arn)
                && let Some(document) = policy.document()
            {
                layers = layers.with_identity(document.attached(named(&policy.shared_name())));
            }
        }
        layers
    }

    /// The policy on the resource, and what else its service adds (PE-APP-04).
    fn resource_side(
        &self,
        layers: Layers,
        action: &Action,
        arn: Option<&Arn>,
        owner: Option<AccountId>,
        found: &Found<'_>,
    ) -> Layers {
        let Some(arn) = arn else { return layers };
        if arn.service() == "iam" {
            return layers.with_resource(self.trust_policy(action, arn, owner));
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
                let name = policy.policy().source().name();
                layers.with_resource(ResourcePolicy::Attached(policy.attached(name)))
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
    fn trust_policy(&self, action: &Action, arn: &Arn, owner: Option<AccountId>) -> ResourcePolicy {
        if action.service() != "sts" {
            return ResourcePolicy::None;
        }
        match self.role_by_arn(arn) {
            Some((_, role)) => ResourcePolicy::Attached(role.trust.attached("trust")),
            None if owner.is_some_and(|owner| self.accounts.contains_key(&owner)) => ResourcePolicy::None,
            None => ResourcePolicy::Unknown,
        }
    }
}

impl Grant {
    /// Whether the caller is the grantee, or a session of it.
    fn is_for(&self, found: &Found<'_>) -> bool {
        let grantee = &*self.grantee;
        found.principal_arn.as_deref() == Some(grantee) || found.identity_arn == grantee
    }
}
