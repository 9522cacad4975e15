//! Instance profiles: how EC2 is handed a role (IAM-65 to IAM-67).

use std::collections::BTreeSet;
use std::sync::Arc;

use iamsim_policy::AccountId;

use crate::error::{ErrorCode, ModelError};
use crate::id::{ProfileId, RoleId};
use crate::name::{PROFILE_NAME, check_name, check_path, split_path};
use crate::quota::Quota;
use crate::table::Entity;
use crate::world::World;

#[derive(Clone, Debug)]
pub(crate) struct InstanceProfile {
    id: ProfileId,
    name: Arc<str>,
    path: Arc<str>,
    pub(crate) roles: BTreeSet<RoleId>,
}

impl Entity for InstanceProfile {
    type Id = ProfileId;

    fn id(&self) -> &ProfileId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl World {
    /// `CreateInstanceProfile`; the name may carry a path.
    pub fn add_instance_profile(
        &mut self,
        account: AccountId,
        path_and_name: &str,
        id: ProfileId,
    ) -> Result<(), ModelError> {
        let (path, name) = split_path(path_and_name);
        check_name(PROFILE_NAME, name)?;
        check_path(&path, false)?;
        let account = self.account_mut(account)?;
        if account.profiles.by_name(name).is_some() {
            return Err(ModelError::taken(format!("Instance Profile {name} already exists."))); // ERR-12
        }
        let quota = Quota::InstanceProfilesPerAccount;
        if let Some(limit) = account.quotas.exceeded(quota, account.profiles.len() + 1) {
            return Err(ModelError::quota(quota, limit));
        }
        let (name, path) = (name.into(), path.into());
        account.profiles.insert(InstanceProfile { id, name, path, roles: BTreeSet::new() });
        Ok(())
    }

    /// `AddRoleToInstanceProfile`: one role, and the same again is one too many (QUO-07, IAM-66).
    pub fn add_role_to_profile(
        &mut self,
        account: AccountId,
        profile: &str,
        role: &str,
    ) -> Result<(), ModelError> {
        let role = self.role_id(account, role)?;
        self.unprotected(account, &role)?;
        let limit = self.account_ref(account)?.quotas.limit(Quota::InstanceSessionsPerInstanceProfile);
        let profile = self.profile_mut(account, profile)?;
        if profile.roles.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(ModelError::quota(Quota::InstanceSessionsPerInstanceProfile, limit));
        }
        profile.roles.insert(role);
        Ok(())
    }

    /// `RemoveRoleFromInstanceProfile` (ERR-10).
    pub fn remove_role_from_profile(
        &mut self,
        account: AccountId,
        profile: &str,
        role: &str,
    ) -> Result<(), ModelError> {
        let id = self.role_id(account, role)?;
        let profile = self.profile_mut(account, profile)?;
        if profile.roles.remove(&id) {
            return Ok(());
        }
        let name = &profile.name;
        Err(ModelError::missing(format!("Role {role} in Instance Profile {name} cannot be found.")))
    }

    /// `DeleteInstanceProfile` (ERR-15).
    pub fn delete_instance_profile(&mut self, account: AccountId, profile: &str) -> Result<(), ModelError> {
        let found = self.profile_mut(account, profile)?;
        if !found.roles.is_empty() {
            return Err(ModelError::new(
                ErrorCode::DeleteConflict,
                "Cannot delete entity, must remove roles from instance profile first.",
            ));
        }
        let id = found.id.clone();
        self.account_mut(account)?.profiles.remove(&id);
        Ok(())
    }

    /// The roles in an instance profile.
    pub fn profile_roles(&self, account: AccountId, profile: &str) -> Result<Vec<RoleId>, ModelError> {
        let found = self.account_ref(account)?.profiles.by_name(profile);
        found.map(|found| found.roles.iter().cloned().collect()).ok_or_else(|| no_profile(profile))
    }

    /// The ARN of an instance profile (ID-09).
    pub fn profile_arn(&self, account: AccountId, profile: &str) -> Result<String, ModelError> {
        let found = self.account_ref(account)?.profiles.by_name(profile);
        let found = found.ok_or_else(|| no_profile(profile))?;
        let (path, name) = (&found.path, &found.name);
        Ok(format!("arn:{}:iam::{account}:instance-profile{path}{name}", self.partition()))
    }

    fn profile_mut(&mut self, account: AccountId, name: &str) -> Result<&mut InstanceProfile, ModelError> {
        let profiles = &mut self.account_mut(account)?.profiles;
        let id = profiles.by_name(name).map(|profile| profile.id.clone());
        id.and_then(|id| profiles.by_id_mut(&id)).ok_or_else(|| no_profile(name))
    }
}

/// ERR-02.
fn no_profile(name: &str) -> ModelError {
    ModelError::missing(format!("Instance Profile {name} cannot be found."))
}
