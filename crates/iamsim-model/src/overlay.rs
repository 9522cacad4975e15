//! Taking a policy out of the world wherever it hangs, for a test that asks what if.

use std::sync::Arc;

use crate::error::ModelError;
use crate::world::World;

impl World {
    /// Removes a policy from everyone: a managed policy by its ARN, attached or as boundary; a control policy
    /// by its name. Unlike detaching, this asks no quota and no rule: it is not a call that AWS knows.
    pub fn remove_policy_everywhere(&mut self, policy: &str) -> Result<(), ModelError> {
        let mut found = false;
        if policy.contains(":policy/") {
            let accounts: Vec<_> = self.accounts().collect();
            for account in accounts {
                let account = self.account_mut(account)?;
                for user in account.users.select_mut(|user| {
                    user.identity.attached.contains(policy) || user.boundary.as_deref() == Some(policy)
                }) {
                    found = true;
                    user.identity.attached.remove(policy);
                    user.boundary.take_if(|own| **own == *policy);
                }
                for role in account.roles.select_mut(|role| {
                    role.identity.attached.contains(policy) || role.boundary.as_deref() == Some(policy)
                }) {
                    found = true;
                    role.identity.attached.remove(policy);
                    role.boundary.take_if(|own| **own == *policy);
                }
                for group in account.groups.select_mut(|group| group.identity.attached.contains(policy)) {
                    found = true;
                    group.identity.attached.remove(policy);
                }
            }
        } else {
            for organization in &mut self.edit().organizations {
                if organization.has_policy(policy) {
                    found = true;
                    Arc::make_mut(organization).drop_policy(policy);
                }
            }
        }
        if found { Ok(()) } else { Err(ModelError::policy_not_found(policy)) }
    }
}
