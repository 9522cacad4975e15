//! Making, changing and deleting users, groups and roles (IAM-20 to IAM-54).
//!
//! Order of checks: shape, existence, quota (VAL-45).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use iamsim_policy::{AccountId, PolicyKind};

use crate::document::{Document, PolicyDocument};
use crate::error::{ErrorCode, ModelError};
use crate::id::{GroupId, RoleId, UserId};
use crate::identity::{DEFAULT_MAX_SESSION, Group, Identity, IdentityId, Role, User};
use crate::name::{GROUP_NAME, ROLE_NAME, USER_NAME, check_description, check_name, check_path, split_path};
use crate::principal;
use crate::quota::Quota;
use crate::table::Entity;
use crate::tag::Tags;
use crate::world::World;

impl World {
    /// `CreateUser`; the name may carry a path, `team/dev`.
    pub fn add_user(
        &mut self,
        account: AccountId,
        path_and_name: &str,
        id: UserId,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        let (path, name) = split_path(path_and_name);
        check_name(USER_NAME, name)?;
        check_path(&path, false)?;
        let account = self.account_mut(account)?;
        if account.users.by_name(name).is_some() {
            return Err(ModelError::name_taken("User", name));
        }
        if let Some(limit) = account.quotas.exceeded(Quota::UsersPerAccount, account.users.len() + 1) {
            return Err(ModelError::quota(Quota::UsersPerAccount, limit));
        }
        account.users.insert(User {
            id,
            identity: Identity::new(&path, name, at),
            tags: Tags::new(),
            boundary: None,
            groups: BTreeSet::new(),
            has_login_profile: false,
        });
        Ok(())
    }

    /// `CreateGroup`; the name may carry a path.
    pub fn add_group(
        &mut self,
        account: AccountId,
        path_and_name: &str,
        id: GroupId,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        let (path, name) = split_path(path_and_name);
        check_name(GROUP_NAME, name)?;
        check_path(&path, false)?;
        let account = self.account_mut(account)?;
        if account.groups.by_name(name).is_some() {
            return Err(ModelError::name_taken("Group", name));
        }
        if let Some(limit) = account.quotas.exceeded(Quota::GroupsPerAccount, account.groups.len() + 1) {
            return Err(ModelError::quota(Quota::GroupsPerAccount, limit));
        }
        account.groups.insert(Group { id, identity: Identity::new(&path, name, at) });
        Ok(())
    }

    /// `CreateRole`; the name may carry a path.
    pub fn add_role(
        &mut self,
        account: AccountId,
        path_and_name: &str,
        trust: &PolicyDocument,
        id: RoleId,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        let (path, name) = split_path(path_and_name);
        check_name(ROLE_NAME, name)?;
        check_path(&path, false)?;
        let trust = self.trust_document(account, trust)?;
        let account = self.account_mut(account)?;
        if account.roles.by_name(name).is_some() {
            return Err(ModelError::name_taken("Role", name));
        }
        if let Some(limit) = account.quotas.exceeded(Quota::RolesPerAccount, account.roles.len() + 1) {
            return Err(ModelError::quota(Quota::RolesPerAccount, limit));
        }
        account.roles.insert(Role {
            id,
            identity: Identity::new(&path, name, at),
            tags: Tags::new(),
            boundary: None,
            trust,
            description: None,
            max_session: DEFAULT_MAX_SESSION,
            last_used: None,
        });
        Ok(())
    }

    /// `CreateServiceLinkedRole`: under `/aws-service-role/{service}/`, trusted by the service alone (IAM-85).
    /// A second one of the same name is refused with a text of its own (ERR-21).
    pub fn add_service_linked_role(
        &mut self,
        account: AccountId,
        service: &str,
        name: &str,
        id: RoleId,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        if !service.ends_with(".amazonaws.com") || service.contains(['"', '\\', '/', ' ']) {
            return Err(ModelError::new(
                ErrorCode::InvalidInput,
                format!("Service principal {service} is not valid."),
            ));
        }
        if self.account_ref(account)?.roles.by_name(name).is_some() {
            return Err(ModelError::new(
                ErrorCode::InvalidInput,
                format!(
                    "Service role name {name} has been taken in this account, please try a different suffix."
                ),
            ));
        }
        let trust = format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"{service}\"}},\
             \"Action\":\"sts:AssumeRole\"}}]}}"
        );
        self.add_role(account, &format!("/aws-service-role/{service}/{name}"), &trust.into(), id, at)
    }

    /// `UpdateAssumeRolePolicy`.
    pub fn set_trust(
        &mut self,
        account: AccountId,
        role: &RoleId,
        trust: &PolicyDocument,
    ) -> Result<(), ModelError> {
        self.unprotected(account, role)?;
        let trust = self.trust_document(account, trust)?;
        self.role_mut(account, role)?.trust = trust;
        Ok(())
    }

    /// `UpdateRole`: the longest session that may be asked for (VAL-22).
    pub fn set_max_session(
        &mut self,
        account: AccountId,
        role: &RoleId,
        duration: TimeDelta,
    ) -> Result<(), ModelError> {
        let seconds = duration.num_seconds();
        let phrase = match seconds {
            ..3600 => "Member must have value greater than or equal to 3600",
            3600..=43200 => {
                self.unprotected(account, role)?;
                self.role_mut(account, role)?.max_session = TimeDelta::seconds(seconds);
                return Ok(());
            }
            _ => "Member must have value less than or equal to 43200",
        };
        Err(ModelError::constraints(&[format!(
            "Value at 'maxSessionDuration' failed to satisfy constraint: {phrase}"
        )]))
    }

    /// `UpdateRole`: the description (VAL-09).
    pub fn set_description(
        &mut self,
        account: AccountId,
        role: &RoleId,
        text: &str,
    ) -> Result<(), ModelError> {
        check_description(text)?;
        self.unprotected(account, role)?;
        self.role_mut(account, role)?.description = Some(text.into());
        Ok(())
    }

    /// Remembers when a session of the role made its last call (IAM-29).
    pub fn touch_role(
        &mut self,
        account: AccountId,
        role: &RoleId,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        self.role_mut(account, role)?.last_used = Some(at);
        Ok(())
    }

    /// `UpdateUser` or `UpdateGroup`: another name, another path, or both; the id stays, and so does the trust
    /// others put in it (ID-34, TRU-31). Roles can't be renamed or moved (IAM-28).
    pub fn rename(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        name: Option<&str>,
        path: Option<&str>,
    ) -> Result<(), ModelError> {
        let current = self.identity(account, identity)?;
        let name = name.unwrap_or(&current.name).to_owned();
        let path = path.unwrap_or(&current.path).to_owned();
        let before = self.identity_arn(account, identity)?;
        let unchanged = name.eq_ignore_ascii_case(&current.name);
        check_path(&path, false)?;
        match identity {
            IdentityId::User(id) => {
                check_name(USER_NAME, &name)?;
                let users = &mut self.account_mut(account)?.users;
                if !unchanged && users.by_name(&name).is_some() {
                    return Err(ModelError::name_taken("User", &name));
                }
                users.rename(id, |user| moved(&mut user.identity, &name, &path));
            }
            IdentityId::Group(id) => {
                check_name(GROUP_NAME, &name)?;
                let groups = &mut self.account_mut(account)?.groups;
                if !unchanged && groups.by_name(&name).is_some() {
                    return Err(ModelError::name_taken("Group", &name));
                }
                groups.rename(id, |group| moved(&mut group.identity, &name, &path));
            }
            IdentityId::Role(_) => {
                return Err(ModelError::invalid("A role can't be renamed or moved to another path."));
            }
        }
        let after = self.identity_arn(account, identity)?;
        self.rewrite_principal(&before, &after)
    }

    /// `AddUserToGroup`; twice is once (IAM-12).
    pub fn join_group(&mut self, account: AccountId, user: &UserId, group: &str) -> Result<(), ModelError> {
        let group = self.group_id(account, group)?;
        let limit = self.account_ref(account)?.quotas.limit(Quota::GroupsPerUser);
        let user = self.user_mut(account, user)?;
        if !user.groups.contains(&group) && user.groups.len() >= usize::try_from(limit).unwrap_or(usize::MAX)
        {
            return Err(ModelError::quota(Quota::GroupsPerUser, limit));
        }
        user.groups.insert(group);
        Ok(())
    }

    /// `RemoveUserFromGroup`; a user that is not in the group is no error (IAM-12).
    pub fn leave_group(&mut self, account: AccountId, user: &UserId, group: &str) -> Result<(), ModelError> {
        let group = self.group_id(account, group)?;
        self.user_mut(account, user)?.groups.remove(&group);
        Ok(())
    }

    /// `CreateLoginProfile` and `DeleteLoginProfile`: whether the user has a password for the console.
    pub fn set_login_profile(
        &mut self,
        account: AccountId,
        user: &UserId,
        has: bool,
    ) -> Result<(), ModelError> {
        let user = self.user_mut(account, user)?;
        if has && user.has_login_profile {
            let name = &user.identity.name;
            return Err(ModelError::taken(format!("Login Profile for user {name} already exists."))); // ERR-14
        }
        if !has && !user.has_login_profile {
            let name = &user.identity.name;
            return Err(ModelError::missing(format!("Login Profile for User {name} cannot be found."))); // ERR-08
        }
        user.has_login_profile = has;
        Ok(())
    }

    /// `DeleteUser`, `DeleteGroup`, `DeleteRole`: refused while something hangs on it (ERR-15, ERR-16); policies
    /// that name it keep its dead id (TRU-31).
    pub fn delete_identity(&mut self, account: AccountId, identity: &IdentityId) -> Result<(), ModelError> {
        if let IdentityId::Role(role) = identity {
            self.unprotected(account, role)?;
        }
        if let Some(obstacle) = self.obstacle(account, identity)? {
            return Err(ModelError::conflict(format!("Cannot delete entity, must {obstacle} first.")));
        }
        let arn = self.identity_arn(account, identity)?;
        if !matches!(identity, IdentityId::Group(_)) {
            self.rewrite_principal(&arn, identity.as_str())?;
        }
        let account = self.account_mut(account)?;
        match identity {
            IdentityId::User(id) => drop(account.users.remove(id)),
            IdentityId::Group(id) => drop(account.groups.remove(id)),
            IdentityId::Role(id) => drop(account.roles.remove(id)),
        }
        Ok(())
    }

    /// What has to go before the identity can: ERR-15 and ERR-16, in the order of IAM-27, IAM-52 and IAM-53.
    fn obstacle(
        &self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<Option<&'static str>, ModelError> {
        let own = self.identity(account, identity)?;
        let account = self.account_ref(account)?;
        let policies = || {
            if !own.attached.is_empty() {
                Some("detach all policies")
            } else if own.inline.is_empty() {
                None
            } else {
                Some("delete policies")
            }
        };
        Ok(match identity {
            IdentityId::User(id) => {
                let user = account.users.by_id(id);
                if user.is_some_and(|user| user.has_login_profile) {
                    Some("delete login profile")
                } else if account.access_keys.values().any(|key| key.user == *id) {
                    Some("delete access keys")
                } else if account.mfa_devices.values().any(|device| device.user.as_ref() == Some(id)) {
                    Some("delete MFA device")
                } else if own.has_policies() {
                    policies()
                } else if user.is_some_and(|user| !user.groups.is_empty()) {
                    Some("remove users from group")
                } else {
                    None
                }
            }
            IdentityId::Group(id) if account.users.iter().any(|user| user.groups.contains(id)) => {
                Some("remove users from group")
            }
            IdentityId::Group(_) => policies(),
            IdentityId::Role(id) => policies().or_else(|| {
                let in_profile = account.profiles.iter().any(|profile| profile.roles.contains(id));
                in_profile.then_some("remove roles from instance profile")
            }),
        })
    }

    /// Reads a trust policy and checks what is checked when it is written (TRU-20 to TRU-36).
    fn trust_document(&mut self, account: AccountId, trust: &PolicyDocument) -> Result<Document, ModelError> {
        let document = self.documents.write(PolicyKind::RoleTrust, "trust", trust)?;
        let quotas = &self.account_ref(account)?.quotas;
        if let Some(limit) = quotas.exceeded(Quota::AclSizePerRole, document.counted_size()) {
            return Err(ModelError::quota(Quota::AclSizePerRole, limit));
        }
        self.check_or_defer(&document)?;
        Ok(document)
    }

    /// Reads a session policy (STS-35). Unlike a stored policy it may have no version (PE-VAL-09).
    pub fn session_policy(&self, policy: &PolicyDocument) -> Result<Document, ModelError> {
        self.documents.read(PolicyKind::Session, "session policy", policy)
    }

    pub(crate) fn check_or_defer(&mut self, document: &Document) -> Result<(), ModelError> {
        if self.state().unchecked.is_none() {
            return principal::check(self.state(), document);
        }
        if let Some(unchecked) = &mut self.edit().unchecked {
            unchecked.push(document.clone());
        }
        Ok(())
    }

    pub(crate) fn unprotected(&self, account: AccountId, role: &RoleId) -> Result<(), ModelError> {
        let role = self.role_ref(account, role)?;
        if role.is_protected() { Err(ModelError::protected_role(role.name())) } else { Ok(()) }
    }
}

fn moved(identity: &mut Identity, name: &str, path: &str) {
    identity.name = Arc::from(name);
    identity.path = Arc::from(path);
}
