//! What follows from the state of a world alone: worked out when a question first needs it, and forgotten with
//! the next edit. Questions about the same principal then gather its policies once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use iamsim_eval::{Attached, Layers, Level, Program, Shared};
use iamsim_policy::{AccountId, Action, Arn};

use crate::account::Account;
use crate::asks::Asks;
use crate::error::ModelError;
use crate::identity::Identity;
use crate::organization::ControlType;
use crate::world::State;

/// Whose policies count: a user's, a role's, or nobody's in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// The user in this slot of the account's table.
    User(usize),
    /// The role in this slot.
    Role(usize),
    /// The root user, and who has no policies of its own.
    Root,
}

/// A principal with all that bears on each of its requests.
#[derive(Debug)]
pub(crate) struct Side {
    /// The user's, role's or root user's ARN.
    pub(crate) arn: Arn,
    /// Its policies and boundary, and the service control policies of its account.
    pub(crate) layers: Layers,
    /// What those ask of the context.
    pub(crate) asks: Asks,
    /// What the ARNs of a role's sessions begin with.
    pub(crate) sessions: Box<str>,
    /// How many questions it was asked for.
    questions: AtomicU32,
}

/// How many questions of a principal are worth that its policies are joined: as many as that takes.
const WORTH_JOINING: u32 = 100;
/// How many principals have their policies joined at most: an index of ten policies takes tens of kilobytes.
const MOST_JOINED: u32 = 1_000;

/// An account as a member of its organization.
#[derive(Debug)]
pub(crate) struct Membership {
    /// What `aws:PrincipalOrgPaths` and its kin hold.
    pub(crate) path: Box<str>,
    scps: Shared<Level>,
    /// The resource control policies that bear on what the account owns.
    pub(crate) rcps: Shared<Level>,
    /// What those ask of the context.
    pub(crate) rcps_ask: Asks,
}

impl Side {
    /// The same with the indexes of its identity policies joined.
    fn joined(&self) -> Self {
        Self {
            arn: self.arn.clone(),
            layers: self.layers.clone().prepared(),
            asks: self.asks.clone(),
            sessions: self.sessions.clone(),
            questions: AtomicU32::new(WORTH_JOINING + 1),
        }
    }
}

/// How many parts the principals are kept in, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// What was worked out so far.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    sides: [Kept<(AccountId, Principal), Side>; SHARDS],
    /// How many of them have their policies joined.
    joined: AtomicU32,
    members: Kept<AccountId, Membership>,
    /// Whether actions are asked without resource, by their names in lower case.
    without_resource: RwLock<BTreeMap<Box<str>, bool>>,
}

/// A state that is about to be another one keeps nothing.
impl Clone for Derived {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Derived {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        for side in &mut self.sides {
            side.clear();
        }
        *self.joined.get_mut() = 0;
        self.members.clear();
        self.without_resource.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Derived {
    /// Counts a question of a principal: whether from now on its policies are better joined.
    fn is_worth_joining(&self, side: &Side) -> bool {
        side.questions.fetch_add(1, Ordering::Relaxed) == WORTH_JOINING
            && self.joined.fetch_add(1, Ordering::Relaxed) < MOST_JOINED
    }
}

/// Values that are made when they are first asked for.
#[derive(Debug)]
struct Kept<K, V>(RwLock<BTreeMap<K, Arc<V>>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }
}

impl<K: Ord, V> Kept<K, V> {
    fn get(&self, key: &K) -> Option<Arc<V>> {
        // What is kept is whole after any panic: values are put in complete.
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps a value in place of another one.
    fn replace(&self, key: K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, value.clone());
        value
    }

    fn keep(&self, key: K, value: V) -> Arc<V> {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.entry(key).or_insert_with(|| Arc::new(value)).clone()
    }

    fn clear(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl State {
    /// A principal of an account with what bears on its requests.
    pub(crate) fn side(&self, account: &Account, principal: Principal) -> Result<Arc<Side>, ModelError> {
        let slot = match principal {
            Principal::User(slot) | Principal::Role(slot) => slot,
            Principal::Root => 0,
        };
        let key = (account.id, principal);
        let Some(kept) = self.derived.sides.get(slot % SHARDS) else {
            return self.new_side(account, principal).map(Arc::new);
        };
        match kept.get(&key) {
            Some(side) if self.derived.is_worth_joining(&side) => Ok(kept.replace(key, side.joined())),
            Some(side) => Ok(side),
            None => Ok(kept.keep(key, self.new_side(account, principal)?)),
        }
    }

    /// What being in an organization means for an account; none for one that is in none.
    pub(crate) fn membership(&self, account: AccountId) -> Option<Arc<Membership>> {
        let members = &self.derived.members;
        if let Some(known) = members.get(&account) {
            return Some(known);
        }
        let organization = self.organization_of(account)?;
        let levels = |control| Shared::from(organization.levels(account, control));
        let rcps = levels(ControlType::Resource);
        let programs = rcps.iter().flat_map(Level::policies).map(Attached::program);
        let membership = Membership {
            path: organization.org_path(account).unwrap_or_default().into(),
            rcps_ask: Asks::of(programs.flat_map(Program::keys)),
            scps: levels(ControlType::Service),
            rcps,
        };
        Some(members.keep(account, membership))
    }

    /// Whether the catalog knows the action and gives it no resource types, and no other page of AWS's may.
    pub(crate) fn is_asked_without_resource(&self, action: &Action) -> bool {
        let kept = &self.derived.without_resource;
        if let Some(known) = kept.read().unwrap_or_else(PoisonError::into_inner).get(action.folded()) {
            return *known;
        }
        // What nobody knows is not kept: there is no end of it.
        let Some(entry) = self.catalog.action(action.folded()) else { return false };
        let without = entry.is_asked_without_resource() || entry.asked_with().is_some();
        kept.write().unwrap_or_else(PoisonError::into_inner).insert(action.folded().into(), without);
        without
    }

    fn new_side(&self, account: &Account, principal: Principal) -> Result<Side, ModelError> {
        let mut layers = Layers::new();
        let mut boundary = None;
        let mut sessions = "".into();
        let text = match principal {
            Principal::User(slot) => {
                let Some(user) = account.users.at(slot) else { return Err(ModelError::no_such("user", "")) };
                layers = self.policies_of(layers, account, &user.identity, None);
                for group in account.groups.iter().filter(|group| user.groups.contains(&group.id)) {
                    layers = self.policies_of(layers, account, &group.identity, Some(&group.identity.name));
                }
                boundary = user.boundary.as_deref();
                self.arn_of(account, "user", &user.identity)
            }
            Principal::Role(slot) => {
                let Some(role) = account.roles.at(slot) else { return Err(ModelError::no_such("role", "")) };
                layers = self.policies_of(layers, account, &role.identity, None);
                boundary = role.boundary.as_deref();
                let (partition, name) = (&self.partition, &role.identity.name);
                sessions = format!("arn:{partition}:sts::{}:assumed-role/{name}/", account.id).into();
                self.arn_of(account, "role", &role.identity)
            }
            Principal::Root => format!("arn:{}:iam::{}:root", self.partition, account.id),
        };
        if let Some(arn) = boundary
            && let Some(policy) = self.managed_policy(account.id, arn)
            && let Some(document) = policy.document()
        {
            layers = layers.with_boundary(document.attached(policy.shared_name()));
        }
        if let Some(membership) = self.membership(account.id) {
            layers = layers.with_scps(membership.scps.clone());
        }
        let arn = text.parse().map_err(|_| ModelError::arn_not_valid(&text))?;
        let asks = Asks::of(layers.programs().flat_map(Program::keys));
        Ok(Side { arn, layers, asks, sessions, questions: AtomicU32::new(0) })
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
}
