//! What there is: the identities and providers of an account, in order of their names.

use iamsim_policy::{AccountId, Policy};

use crate::error::ModelError;
use crate::id::{GroupId, RoleId, UserId};
use crate::world::World;

impl World {
    /// The users of an account, in order of their names; none of an account that is not there.
    ///
    /// ```
    /// use iamsim_model::{UserId, World};
    ///
    /// let mut world = World::new("aws");
    /// let account = "111122223333".parse()?;
    /// world.open_account(account);
    /// let now = chrono::DateTime::UNIX_EPOCH;
    /// world.add_user(account, "zoe", UserId::new("AIDAZ"), now)?;
    /// world.add_user(account, "amy", UserId::new("AIDAA"), now)?;
    /// assert_eq!(world.users(account), [UserId::new("AIDAA"), UserId::new("AIDAZ")]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn users(&self, account: AccountId) -> Vec<UserId> {
        let account = self.account_ref(account).ok();
        account.into_iter().flat_map(|account| account.users.iter()).map(|user| user.id.clone()).collect()
    }

    /// The groups of an account, in order of their names; none of an account that is not there.
    pub fn groups(&self, account: AccountId) -> Vec<GroupId> {
        let account = self.account_ref(account).ok();
        account.into_iter().flat_map(|account| account.groups.iter()).map(|group| group.id.clone()).collect()
    }

    /// The roles of an account, in order of their names; none of an account that is not there.
    pub fn roles(&self, account: AccountId) -> Vec<RoleId> {
        let account = self.account_ref(account).ok();
        account.into_iter().flat_map(|account| account.roles.iter()).map(|role| role.id.clone()).collect()
    }

    /// A role's trust policy.
    pub fn trust_policy(&self, account: AccountId, role: &RoleId) -> Result<&Policy, ModelError> {
        Ok(self.role_ref(account, role)?.trust.policy())
    }

    /// The ARNs of the OIDC providers of an account, in order.
    pub fn oidc_providers(&self, account: AccountId) -> Vec<&str> {
        let account = self.account_ref(account).ok();
        account.into_iter().flat_map(|account| account.oidc_providers.keys()).map(|arn| &**arn).collect()
    }

    /// The ARNs of the SAML providers of an account, in order.
    pub fn saml_providers(&self, account: AccountId) -> Vec<&str> {
        let account = self.account_ref(account).ok();
        account.into_iter().flat_map(|account| account.saml_providers.iter()).map(|arn| &**arn).collect()
    }
}
