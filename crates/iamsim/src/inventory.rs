//! What is in the cloud: every user and role, with what it takes to ask about each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_model::{Caller, IdentityId, RoleId};
use iamsim_policy::{AccountId, Policy};

use crate::Result;
use crate::cloud::Cloud;
use crate::identity::{RoleArn, SessionOf};

/// A user of the cloud, from [`Cloud::users`].
#[derive(Clone, Debug)]
pub struct UserEntry {
    account: AccountId,
    name: String,
    caller: Caller,
}

/// A role of the cloud, from [`Cloud::roles`].
#[derive(Clone, Debug)]
pub struct RoleEntry {
    account: AccountId,
    id: RoleId,
    name: String,
    arn: RoleArn,
    trust: Policy,
    partition: Arc<str>,
    now: DateTime<Utc>,
}

impl Cloud {
    /// Every user, by account and name.
    ///
    /// ```
    /// let mut cloud = iamsim::Cloud::new();
    /// cloud.account("111122223333")?.add_user("dev")?;
    /// cloud.account("444455556666")?.add_user("ci/deployer")?;
    /// let users = cloud.users();
    /// let arns: Vec<_> = users.iter().map(|user| user.caller().to_string()).collect();
    /// assert_eq!(arns, ["arn:aws:iam::111122223333:user/dev", "arn:aws:iam::444455556666:user/ci/deployer"]);
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn users(&self) -> Vec<UserEntry> {
        let world = &self.world;
        let entry = |account, id| {
            let caller = world.user_caller(account, &id).ok()?;
            let name = world.identity_name(account, &IdentityId::User(id)).ok()?.to_string();
            Some(UserEntry { account, name, caller })
        };
        let of = |account| world.users(account).into_iter().filter_map(move |id| entry(account, id));
        world.accounts().flat_map(of).collect()
    }

    /// Every role, by account and name.
    ///
    /// ```
    /// use iamsim::{Cloud, trust};
    ///
    /// let mut cloud = Cloud::new();
    /// cloud.account("111122223333")?.add_role("worker", trust::service("lambda.amazonaws.com"))?;
    /// let role = &cloud.roles()[0];
    /// assert_eq!(role.arn().as_str(), "arn:aws:iam::111122223333:role/worker");
    /// assert_eq!(role.session("now")?.to_string(), "arn:aws:sts::111122223333:assumed-role/worker/now");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn roles(&self) -> Vec<RoleEntry> {
        let world = &self.world;
        let (partition, now): (Arc<str>, _) = (world.partition().into(), self.now());
        let entry = |account, id: RoleId| {
            let identity = IdentityId::Role(id.clone());
            Some(RoleEntry {
                account,
                name: world.identity_name(account, &identity).ok()?.to_string(),
                arn: RoleArn::new_unchecked(&world.identity_arn(account, &identity).ok()?),
                trust: world.trust_policy(account, &id).ok()?.clone(),
                id,
                partition: partition.clone(),
                now,
            })
        };
        let entry = &entry;
        let of = |account| world.roles(account).into_iter().filter_map(move |id| entry(account, id));
        world.accounts().flat_map(of).collect()
    }

    /// The alias of an account.
    pub fn alias(&self, account: AccountId) -> Option<&str> {
        self.world.alias(account)
    }

    /// The ARNs of the OIDC providers of an account.
    pub fn oidc_providers(&self, account: AccountId) -> Vec<String> {
        self.world.oidc_providers(account).into_iter().map(Into::into).collect()
    }

    /// The client ids of an account's OIDC provider, by its ARN or by its host and path; none when the account
    /// has no such provider.
    pub fn client_ids(&self, account: AccountId, provider: &str) -> Option<Vec<String>> {
        let issuer = provider.split_once(":oidc-provider/").map_or(provider, |(_, issuer)| issuer);
        let (_, clients) = self.world.oidc_provider(account, issuer)?;
        Some(clients.into_iter().map(Into::into).collect())
    }

    /// The ARNs of the SAML providers of an account.
    pub fn saml_providers(&self, account: AccountId) -> Vec<String> {
        self.world.saml_providers(account).into_iter().map(Into::into).collect()
    }
}

impl UserEntry {
    /// The account it is in.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The name, without path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The user as a caller with long-term credentials; its text is the ARN.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl RoleEntry {
    /// The account it is in.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The name, without path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ARN.
    pub fn arn(&self) -> &RoleArn {
        &self.arn
    }

    /// The trust policy.
    pub fn trust(&self) -> &Policy {
        &self.trust
    }

    /// A session of the role that nobody had to open; it lasts an hour from the moment the role was listed.
    pub fn session(&self, name: &str) -> Result<Caller> {
        let role = SessionOf {
            partition: &self.partition,
            account: self.account,
            id: self.id.clone(),
            name: &self.name,
        };
        role.session(name, self.now)
    }
}
