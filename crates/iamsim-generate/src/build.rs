//! An organization as a world that can be asked.

use iamsim::{Cloud, Result};

use crate::organization::{Account, Organization};

impl Organization {
    /// Builds the world through the doors everybody uses.
    ///
    /// # Errors
    ///
    /// What AWS would refuse; the generator makes nothing that is.
    pub fn build(&self) -> Result<Cloud> {
        let mut cloud = Cloud::new().with_seed(self.seed);
        cloud.defer_principal_checks();
        cloud.account(&self.management)?;
        for account in &self.accounts {
            fill(&mut cloud, account)?;
        }
        self.found(&mut cloud)?;
        cloud.check_principals()?;
        Ok(cloud)
    }

    fn found(&self, cloud: &mut Cloud) -> Result {
        let mut organization = cloud.organization(&self.management)?;
        let mut paths: Vec<String> = Vec::new();
        for unit in &self.units {
            let above = unit.parent.and_then(|above| paths.get(above));
            let path = above.map_or_else(|| unit.name.clone(), |above| format!("{above}/{}", unit.name));
            let mut target = organization.unit(&path)?;
            for policy in &unit.scps {
                target = target.attach_scp(&policy.name, &*policy.text)?;
            }
            for policy in &unit.rcps {
                target = target.attach_rcp(&policy.name, &*policy.text)?;
            }
            paths.push(path);
        }
        for account in &self.accounts {
            let path = paths.get(account.unit).map(String::as_str).unwrap_or_default();
            organization.unit(path)?.add_account(&account.id)?;
        }
        Ok(())
    }
}

fn fill(cloud: &mut Cloud, account: &Account) -> Result {
    use crate::document::{OIDC_HOST, SAML_PROVIDER};
    let mut made = cloud.account(&account.id)?;
    made.add_oidc_provider(&format!("https://{OIDC_HOST}"), &["sts.amazonaws.com"])?;
    made.add_saml_provider(SAML_PROVIDER)?;
    for policy in &account.policies {
        made.add_policy(&policy.name, &*policy.text)?;
    }
    for (name, attached) in &account.groups {
        let mut group = made.add_group(name)?;
        for arn in attached {
            group = group.attach_policy(arn)?;
        }
    }
    for user in &account.users {
        let mut identity = made.add_user(&user.name)?;
        for arn in &user.attached {
            identity = identity.attach_policy(arn)?;
        }
        for group in &user.groups {
            identity = identity.join(group)?;
        }
    }
    for role in &account.roles {
        let mut identity = made.add_role(&role.name, &*role.trust)?;
        for policy in &role.inline {
            identity = identity.attach(&policy.name, &*policy.text)?;
        }
        for arn in &role.attached {
            identity = identity.attach_policy(arn)?;
        }
        if let Some(boundary) = &role.boundary {
            identity = identity.boundary_policy(boundary)?;
        }
        for (key, value) in &role.tags {
            identity = identity.tag(key, value)?;
        }
    }
    for service in &account.linked {
        made.add_service_linked_role(service)?;
    }
    for resource in &account.resources {
        let mut added = made.add_resource(&resource.arn)?.tag("team", resource.team)?;
        if let Some(policy) = &resource.policy {
            added = added.policy(&**policy)?;
        }
        drop(added);
    }
    Ok(())
}
