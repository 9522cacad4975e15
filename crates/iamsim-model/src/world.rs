//! The world: accounts and what is in them, edited through doors that refuse what AWS refuses.
//!
//! A world is shared until it is edited: cloning it, or taking a [`Snapshot`](crate::Snapshot) of it, is a
//! reference count, and an edit copies only what it changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_catalog::{Catalog, ManagedPolicies};
use iamsim_policy::{AccountId, Arn};

use crate::account::Account;
use crate::caller::Caller;
use crate::derived::Derived;
use crate::document::{Document, Documents, PolicyDocument};
use crate::error::{ErrorCode, ModelError};
use crate::managed::{ManagedPolicy, built_in};
use crate::name::check_alias;
use crate::organization::{Organization, OrganizationId};
use crate::quota::Quota;
use crate::snapshot::Snapshot;

/// Accounts, organizations, identities and resources.
///
/// ```
/// use iamsim_model::World;
///
/// let mut world = World::new("aws");
/// let account = "111122223333".parse()?;
/// world.open_account(account);
/// world.set_alias(account, "users")?;
/// assert_eq!(world.account_id("users")?, account);
/// assert_eq!(world.set_alias(account, "Users").unwrap_err().code().as_str(), "ValidationError");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct World {
    state: Arc<State>,
    pub(crate) documents: Documents,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) partition: Arc<str>,
    pub(crate) accounts: BTreeMap<AccountId, Arc<Account>>,
    pub(crate) aliases: BTreeMap<Box<str>, AccountId>,
    pub(crate) organizations: Vec<Arc<Organization>>,
    /// What services define: which context keys a request of an action can hold.
    pub(crate) catalog: Catalog,
    /// What AWS's managed policies say; one that is used goes to `aws_policies`.
    pub(crate) managed: ManagedPolicies,
    /// AWS managed policies that were used or added, by ARN.
    pub(crate) aws_policies: BTreeMap<Box<str>, Arc<ManagedPolicy>>,
    /// Owners of resources whose ARN names no account, such as buckets, by ARN.
    pub(crate) owners: Arc<BTreeMap<Box<str>, AccountId>>,
    /// The accounts of VPC endpoints, by the endpoint's id: a request names no more than that.
    pub(crate) endpoints: BTreeMap<Box<str>, AccountId>,
    /// Documents whose principals are still to be checked; none: they are checked when they are written.
    pub(crate) unchecked: Option<Vec<Document>>,
    /// What follows from all the rest.
    pub(crate) derived: Derived,
}

impl World {
    /// An empty world of a partition: `aws`, `aws-cn`, `aws-us-gov` …
    pub fn new(partition: &str) -> Self {
        let mut world = Self {
            state: Arc::new(State {
                partition: partition.into(),
                accounts: BTreeMap::new(),
                aliases: BTreeMap::new(),
                organizations: Vec::new(),
                catalog: Catalog::embedded().clone(),
                managed: ManagedPolicies::embedded().clone(),
                aws_policies: BTreeMap::new(),
                owners: Arc::default(),
                endpoints: BTreeMap::new(),
                unchecked: None,
                derived: Derived::default(),
            }),
            documents: Documents::default(),
        };
        for (path_and_name, text) in built_in() {
            let arn = format!("arn:{partition}:iam::aws:policy/{path_and_name}");
            // The texts are ours and valid; a policy that could not be read would simply not exist.
            if let Ok(policy) = world.aws_policy(&arn, &text.into(), 1, DateTime::UNIX_EPOCH) {
                world.edit().aws_policies.insert(arn.into(), Arc::new(policy));
            }
        }
        world
    }

    /// The partition all ARNs of this world are in.
    pub fn partition(&self) -> &str {
        &self.state.partition
    }

    /// What the world is at this moment, for questions.
    pub fn freeze(&self) -> Snapshot {
        Snapshot::new(self.state.clone())
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn edit(&mut self) -> &mut State {
        let state = Arc::make_mut(&mut self.state);
        state.derived.clear();
        state
    }

    /// Opens an account; one that is open stays as it is.
    pub fn open_account(&mut self, id: AccountId) {
        if !self.state.accounts.contains_key(&id) {
            self.edit().accounts.insert(id, Arc::new(Account::new(id)));
        }
    }

    /// The accounts, in order of their ids.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.state.accounts.keys().copied()
    }

    /// The account with this id or alias.
    pub fn account_id(&self, id_or_alias: &str) -> Result<AccountId, ModelError> {
        let known = match id_or_alias.parse::<AccountId>() {
            Ok(id) => self.state.accounts.contains_key(&id).then_some(id),
            Err(_) => self.state.aliases.get(id_or_alias).copied(),
        };
        known.ok_or_else(|| {
            ModelError::missing(format!("The account with id or alias {id_or_alias} cannot be found."))
        })
    }

    /// The account's alias.
    pub fn alias(&self, account: AccountId) -> Option<&str> {
        self.state.accounts.get(&account)?.alias.as_deref()
    }

    /// `CreateAccountAlias`: an account has one alias, and it is unique in the world (SIG-02, SIG-03).
    pub fn set_alias(&mut self, account: AccountId, alias: &str) -> Result<(), ModelError> {
        check_alias(alias)?;
        if self.state.aliases.get(alias).is_some_and(|owner| *owner != account) {
            return Err(ModelError::taken(format!("The account alias {alias} already exists.")));
        }
        let before = self.account_mut(account)?.alias.replace(alias.into());
        let state = self.edit();
        if let Some(before) = before {
            state.aliases.remove(&before);
        }
        state.aliases.insert(alias.into(), account);
        Ok(())
    }

    /// `DeleteAccountAlias`.
    pub fn delete_alias(&mut self, account: AccountId, alias: &str) -> Result<(), ModelError> {
        if self.state.aliases.get(alias) != Some(&account) {
            return Err(ModelError::missing(format!("The Account Alias with name {alias} cannot be found.")));
        }
        self.account_mut(account)?.alias = None;
        self.edit().aliases.remove(alias);
        Ok(())
    }

    /// Sets a quota of an account, as AWS does on request.
    pub fn set_quota(&mut self, account: AccountId, quota: Quota, limit: u32) -> Result<(), ModelError> {
        self.account_mut(account)?.quotas.set(quota, limit);
        Ok(())
    }

    /// Switches all quotas of an account off, for load tests (QUO-34).
    pub fn switch_quotas_off(&mut self, account: AccountId) -> Result<(), ModelError> {
        self.account_mut(account)?.quotas.switch_off();
        Ok(())
    }

    /// The account's root user as a caller.
    pub fn root(&self, account: AccountId) -> Caller {
        Caller::root(account, &format!("arn:{}:iam::{account}:root", self.partition()))
    }

    /// Adds or replaces an AWS managed policy, `arn:aws:iam::aws:policy/…`.
    pub fn add_aws_policy(&mut self, arn: &str, document: &PolicyDocument) -> Result<(), ModelError> {
        let policy = self.aws_policy(arn, document, 1, DateTime::UNIX_EPOCH)?;
        self.edit().aws_policies.insert(arn.into(), Arc::new(policy));
        Ok(())
    }

    /// Makes an AWS managed policy that the catalog knows one of this world; whoever attaches one need not ask
    /// for it. An ARN that is none of AWS's, or is there already, changes nothing.
    ///
    /// ```
    /// use iamsim_model::World;
    ///
    /// let mut world = World::new("aws");
    /// let account = "111122223333".parse()?;
    /// world.open_account(account);
    /// let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    /// world.open_aws_policy(arn)?;
    /// assert!(!world.policy_versions(account, arn)?.is_empty());
    /// let unknown = world.open_aws_policy("arn:aws:iam::aws:policy/ReadOnlyAcces").unwrap_err();
    /// assert!(unknown.reason().unwrap().ends_with("did you mean `arn:aws:iam::aws:policy/ReadOnlyAccess`?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_aws_policy(&mut self, arn: &str) -> Result<(), ModelError> {
        if !arn.contains(":iam::aws:policy/") || self.state.aws_policies.contains_key(arn) {
            return Ok(());
        }
        let policy = self.aws_policy_of_catalog(arn)?;
        self.edit().aws_policies.insert(arn.into(), Arc::new(policy));
        Ok(())
    }

    /// An AWS managed policy as the catalog has it.
    pub(crate) fn aws_policy_of_catalog(&self, arn: &str) -> Result<ManagedPolicy, ModelError> {
        let managed = &self.state.managed;
        let Some(policy) = managed.get(arn) else {
            let name = arn.rsplit('/').next().unwrap_or_default();
            let meant = managed.by_name(name).or_else(|| managed.nearest(name));
            let reason = match meant {
                Some(meant) if &*self.state.partition == "aws" => {
                    format!("the catalog has no AWS managed policy `{arn}`: did you mean `{meant}`?")
                }
                _ => format!(
                    "the catalog has no AWS managed policy `{arn}`: add its document to the world first"
                ),
            };
            return Err(ModelError::policy_not_attachable(arn).with_reason(reason));
        };
        let created = DateTime::from_timestamp(policy.created().into(), 0).unwrap_or_default();
        self.aws_policy(arn, &policy.document().into(), policy.version().into(), created)
    }

    /// What services define, as this world takes it.
    pub fn catalog(&self) -> &Catalog {
        &self.state.catalog
    }

    /// Takes another catalog, such as a newer one, for what services define.
    pub fn set_catalog(&mut self, catalog: Catalog) {
        self.edit().catalog = catalog;
    }

    /// Takes other documents for AWS's managed policies; those that were used already stay.
    pub fn set_managed_policies(&mut self, managed: ManagedPolicies) {
        self.edit().managed = managed;
    }

    fn aws_policy(
        &self,
        arn: &str,
        document: &PolicyDocument,
        version: u32,
        created: DateTime<Utc>,
    ) -> Result<ManagedPolicy, ModelError> {
        let parsed: Arn = arn.parse().map_err(|_| ModelError::arn_not_valid(arn))?;
        let is_aws = parsed.service() == "iam"
            && parsed.part(4) == "aws"
            && parsed.partition() == self.partition()
            && parsed.resource().starts_with("policy/");
        if !is_aws {
            return Err(ModelError::arn_not_valid(arn));
        }
        let name = parsed.resource().rsplit('/').next().unwrap_or_default();
        let document = self.documents.read(iamsim_policy::PolicyKind::Identity, name, document)?;
        Ok(ManagedPolicy::of_aws(name, arn, document, version, created))
    }

    pub(crate) fn account_ref(&self, id: AccountId) -> Result<&Account, ModelError> {
        self.state.account(id)
    }

    pub(crate) fn account_mut(&mut self, id: AccountId) -> Result<&mut Account, ModelError> {
        match self.edit().accounts.get_mut(&id) {
            Some(account) => Ok(Arc::make_mut(account)),
            None => Err(no_account(id)),
        }
    }

    pub(crate) fn organization_mut(&mut self, id: OrganizationId) -> Result<&mut Organization, ModelError> {
        match self.edit().organizations.get_mut(id.index()) {
            Some(organization) => Ok(Arc::make_mut(organization)),
            None => Err(ModelError::new(
                ErrorCode::ConstraintViolationException,
                "The organization does not exist in this world.",
            )),
        }
    }

    /// From now on policies may name principals that do not exist yet; [`check_principals`] looks for them
    /// later. For worlds that are described in an order of their own.
    ///
    /// [`check_principals`]: Self::check_principals
    pub fn defer_principal_checks(&mut self) {
        self.edit().unchecked.get_or_insert_default();
    }

    /// Checks what was written since [`defer_principal_checks`](Self::defer_principal_checks), and checks at
    /// once from now on.
    pub fn check_principals(&mut self) -> Result<(), ModelError> {
        for document in self.edit().unchecked.take().unwrap_or_default() {
            crate::principal::check(self.state(), &document)?;
        }
        Ok(())
    }
}

impl State {
    pub(crate) fn account(&self, id: AccountId) -> Result<&Account, ModelError> {
        self.accounts.get(&id).map(|account| &**account).ok_or_else(|| no_account(id))
    }

    /// The organization an account is in.
    pub(crate) fn organization_of(&self, account: AccountId) -> Option<&Organization> {
        let id = self.accounts.get(&account)?.organization?;
        self.organizations.get(id.index()).map(|organization| &**organization)
    }

    /// The managed policy with this ARN: the account's own, or AWS's.
    pub(crate) fn managed_policy(&self, account: AccountId, arn: &str) -> Option<&ManagedPolicy> {
        if let Some(policy) = self.aws_policies.get(arn) {
            return Some(policy);
        }
        let name = arn.rsplit('/').next()?;
        let policy = self.accounts.get(&account)?.policies.by_name(name)?;
        (policy.arn() == arn).then_some(policy)
    }
}

fn no_account(id: AccountId) -> ModelError {
    ModelError::missing(format!("The account with id or alias {id} cannot be found."))
}
