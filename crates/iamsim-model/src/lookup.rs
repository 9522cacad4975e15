//! Finding users, groups and roles: by name without regard to case (VAL-32), by unique id, by ARN exactly.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use iamsim_policy::{AccountId, Arn};

use crate::account::Account;
use crate::caller::Caller;
use crate::error::ModelError;
use crate::id::{GroupId, RoleId, UserId};
use crate::identity::{Group, Identity, IdentityId, Role, User};
use crate::tag::Tags;
use crate::world::{State, World};

impl World {
    /// The id of a user, by name.
    pub fn user_id(&self, account: AccountId, name: &str) -> Result<UserId, ModelError> {
        let user = self.account_ref(account)?.users.by_name(name);
        user.map(|user| user.id.clone()).ok_or_else(|| ModelError::no_such("user", name))
    }

    /// The id of a group, by name.
    pub fn group_id(&self, account: AccountId, name: &str) -> Result<GroupId, ModelError> {
        let group = self.account_ref(account)?.groups.by_name(name);
        group.map(|group| group.id.clone()).ok_or_else(|| ModelError::no_such("group", name))
    }

    /// The id of a role, by name.
    pub fn role_id(&self, account: AccountId, name: &str) -> Result<RoleId, ModelError> {
        let role = self.account_ref(account)?.roles.by_name(name);
        role.map(|role| role.id.clone()).ok_or_else(|| ModelError::no_such("role", name))
    }

    /// The role with exactly this ARN: path and case count (TRAP-31, TRAP-32).
    pub fn role_by_arn(&self, arn: &Arn) -> Option<(AccountId, RoleId)> {
        let (account, role) = self.state().role_by_arn(arn)?;
        Some((account.id, role.id.clone()))
    }

    /// A user as a caller with long-term credentials.
    pub fn user_caller(&self, account: AccountId, user: &UserId) -> Result<Caller, ModelError> {
        let arn = self.identity_arn(account, &IdentityId::User(user.clone()))?;
        Ok(Caller::user(account, user.clone(), &arn))
    }

    /// The name of an identity.
    pub fn identity_name(&self, account: AccountId, identity: &IdentityId) -> Result<Arc<str>, ModelError> {
        Ok(self.identity(account, identity)?.name.clone())
    }

    /// The ARN of an identity (ID-04 to ID-06).
    pub fn identity_arn(&self, account: AccountId, identity: &IdentityId) -> Result<String, ModelError> {
        let own = self.identity(account, identity)?;
        let (kind, path, name) = (identity.kind(), &own.path, &own.name);
        Ok(format!("arn:{}:iam::{account}:{kind}{path}{name}", self.partition()))
    }

    /// When an identity was made.
    pub fn identity_created(
        &self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<DateTime<Utc>, ModelError> {
        Ok(self.identity(account, identity)?.created)
    }

    /// The tags of a user or role.
    pub fn identity_tags(&self, account: AccountId, identity: &IdentityId) -> Result<&Tags, ModelError> {
        Ok(match identity {
            IdentityId::User(id) => &self.user_ref(account, id)?.tags,
            IdentityId::Role(id) => &self.role_ref(account, id)?.tags,
            IdentityId::Group(id) => return Err(not_taggable(id.as_str())),
        })
    }

    /// The text of a role's trust policy as `GetRole` shows it: with dead ids where deleted principals were
    /// named (TRU-31).
    pub fn trust_text(&self, account: AccountId, role: &RoleId) -> Result<&str, ModelError> {
        Ok(self.role_ref(account, role)?.trust.text())
    }

    /// The longest session a role allows.
    pub fn max_session(&self, account: AccountId, role: &RoleId) -> Result<TimeDelta, ModelError> {
        Ok(self.role_ref(account, role)?.max_session)
    }

    /// A role's description.
    pub fn description(&self, account: AccountId, role: &RoleId) -> Result<Option<&str>, ModelError> {
        Ok(self.role_ref(account, role)?.description.as_deref())
    }

    /// When a session of the role made its last call.
    pub fn role_last_used(
        &self,
        account: AccountId,
        role: &RoleId,
    ) -> Result<Option<DateTime<Utc>>, ModelError> {
        Ok(self.role_ref(account, role)?.last_used)
    }

    /// The names of an identity's inline policies, in order.
    pub fn inline_policies(
        &self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<Vec<&str>, ModelError> {
        Ok(self.identity(account, identity)?.inline.keys().map(|name| &**name).collect())
    }

    /// The ARNs of the managed policies attached to an identity, in order.
    pub fn attached_policies(
        &self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<Vec<&str>, ModelError> {
        Ok(self.identity(account, identity)?.attached.iter().map(|arn| &**arn).collect())
    }

    /// The ARN of the managed policy that bounds a user or role.
    pub fn boundary(&self, account: AccountId, identity: &IdentityId) -> Result<Option<&str>, ModelError> {
        Ok(match identity {
            IdentityId::User(id) => self.user_ref(account, id)?.boundary.as_deref(),
            IdentityId::Role(id) => self.role_ref(account, id)?.boundary.as_deref(),
            IdentityId::Group(_) => None,
        })
    }

    pub(crate) fn identity(
        &self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<&Identity, ModelError> {
        Ok(match identity {
            IdentityId::User(id) => &self.user_ref(account, id)?.identity,
            IdentityId::Role(id) => &self.role_ref(account, id)?.identity,
            IdentityId::Group(id) => &self.group_ref(account, id)?.identity,
        })
    }

    pub(crate) fn identity_mut(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<&mut Identity, ModelError> {
        Ok(match identity {
            IdentityId::User(id) => &mut self.user_mut(account, id)?.identity,
            IdentityId::Role(id) => &mut self.role_mut(account, id)?.identity,
            IdentityId::Group(id) => {
                let group = self.account_mut(account)?.groups.by_id_mut(id);
                &mut group.ok_or_else(|| ModelError::no_such("group", id.as_str()))?.identity
            }
        })
    }

    pub(crate) fn user_ref(&self, account: AccountId, id: &UserId) -> Result<&User, ModelError> {
        let user = self.account_ref(account)?.users.by_id(id);
        user.ok_or_else(|| ModelError::no_such("user", id.as_str()))
    }

    pub(crate) fn user_mut(&mut self, account: AccountId, id: &UserId) -> Result<&mut User, ModelError> {
        let user = self.account_mut(account)?.users.by_id_mut(id);
        user.ok_or_else(|| ModelError::no_such("user", id.as_str()))
    }

    pub(crate) fn group_ref(&self, account: AccountId, id: &GroupId) -> Result<&Group, ModelError> {
        let group = self.account_ref(account)?.groups.by_id(id);
        group.ok_or_else(|| ModelError::no_such("group", id.as_str()))
    }

    pub(crate) fn role_ref(&self, account: AccountId, id: &RoleId) -> Result<&Role, ModelError> {
        let role = self.account_ref(account)?.roles.by_id(id);
        role.ok_or_else(|| ModelError::no_such("role", id.as_str()))
    }

    pub(crate) fn role_mut(&mut self, account: AccountId, id: &RoleId) -> Result<&mut Role, ModelError> {
        let role = self.account_mut(account)?.roles.by_id_mut(id);
        role.ok_or_else(|| ModelError::no_such("role", id.as_str()))
    }
}

pub(crate) fn not_taggable(name: &str) -> ModelError {
    ModelError::invalid(format!("{name} can't have tags: users, roles, policies and resources can."))
}

impl State {
    pub(crate) fn role_by_arn(&self, arn: &Arn) -> Option<(&Account, &Role)> {
        let (account, path_and_name) = self.of_account(arn, "role")?;
        let role = account.roles.by_name(path_and_name.rsplit('/').next()?)?;
        matches(&role.identity, path_and_name).then_some((account, role))
    }

    pub(crate) fn user_by_arn(&self, arn: &Arn) -> Option<(&Account, &User)> {
        let (account, path_and_name) = self.of_account(arn, "user")?;
        let user = account.users.by_name(path_and_name.rsplit('/').next()?)?;
        matches(&user.identity, path_and_name).then_some((account, user))
    }

    /// The account of an IAM ARN of this world, and the path and name in it: `/ci/deployer`.
    fn of_account<'a>(&self, arn: &'a Arn, kind: &str) -> Option<(&Account, &'a str)> {
        if arn.service() != "iam" || arn.partition() != &*self.partition || !arn.region().is_empty() {
            return None;
        }
        let path_and_name = arn.resource().strip_prefix(kind).filter(|rest| rest.starts_with('/'))?;
        Some((self.accounts.get(&arn.account()?)?, path_and_name))
    }
}

/// Whether a path and name are the identity's, letter for letter.
fn matches(identity: &Identity, path_and_name: &str) -> bool {
    path_and_name.strip_prefix(&*identity.path) == Some(&*identity.name)
}
