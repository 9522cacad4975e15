//! An organization, for editing.

use iamsim_model::{ControlType, ErrorCode, OrganizationId, PolicyDocument, Target, UnitId};

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;

/// An organization with all features: a root, units, accounts, and control policies on each.
///
/// Everything begins with `FullAWSAccess` and `RCPFullAWSAccess` (PE-SCP-03, PE-RCP-04). Control policies
/// never bear on the management account (PE-SCP-04, PE-RCP-03).
///
/// ```
/// use iamsim::{Cloud, Layer};
///
/// let mut cloud = Cloud::new();
/// let admin = cloud.account("111122223333")?.add_user("admin")?
///     .attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?
///     .caller();
/// cloud.organization("999999999999")?.unit("workloads/prod")?
///     .add_account("111122223333")?
///     .attach_scp("no-iam-users", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}}"#)?;
///
/// let user = "arn:aws:iam::111122223333:user/new";
/// cloud.assert_denied_by(&admin, "iam:CreateUser", user, Layer::ServiceControl);
/// cloud.assert_allows(&admin, "iam:GetUser", user);
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Debug)]
pub struct OrganizationMut<'c> {
    cloud: &'c mut Cloud,
    id: OrganizationId,
}

impl<'c> OrganizationMut<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud, id: OrganizationId) -> Self {
        Self { cloud, id }
    }

    /// `o-…`.
    pub fn id(&self) -> String {
        self.cloud.world.organization_id(self.id).unwrap_or_default().to_owned()
    }

    /// The root.
    pub fn root(&mut self) -> TargetMut<'_> {
        TargetMut { cloud: self.cloud, organization: self.id, target: Target::Unit(UnitId::ROOT) }
    }

    /// A unit, by the names from the root down: `workloads/prod`. Units that are missing are made.
    pub fn unit(&mut self, path: &str) -> Result<TargetMut<'_>> {
        let mut unit = UnitId::ROOT;
        for name in path.split('/') {
            unit = if let Some(found) = self.cloud.world.find_unit(self.id, unit, name) {
                found
            } else {
                let parent = self.cloud.world.unit_id(self.id, unit).unwrap_or_default().to_owned();
                let root = self.cloud.world.unit_id(self.id, UnitId::ROOT).unwrap_or_default();
                let root = root.trim_start_matches("r-").to_owned();
                let letters = self.cloud.mint.lower(&format!("unit/{parent}/{name}"), 8);
                self.cloud.world.add_unit(self.id, unit, name, &format!("ou-{root}-{letters}"))?
            };
        }
        Ok(TargetMut { cloud: self.cloud, organization: self.id, target: Target::Unit(unit) })
    }

    /// A member account, to hang policies on.
    pub fn account(&mut self, id_or_alias: &str) -> Result<TargetMut<'_>> {
        let account = self.cloud.world.account_id(id_or_alias)?;
        if self.cloud.world.organization_of(account) != Some(self.id) {
            return Err(Error::new(
                ErrorCode::AccountNotFoundException,
                format!("The account {account} is not a member of the organization."),
            ));
        }
        Ok(TargetMut { cloud: self.cloud, organization: self.id, target: Target::Account(account) })
    }

    /// Lets a member leave.
    pub fn remove_account(&mut self, id_or_alias: &str) -> Result<&mut Self> {
        let account = self.cloud.world.account_id(id_or_alias)?;
        self.cloud.world.remove_account(self.id, account)?;
        Ok(self)
    }

    /// Switches service control policies off: what is attached does not count (PE-SCP-07).
    pub fn disable_service_control(&mut self) -> Result<&mut Self> {
        self.switch(ControlType::Service, false)
    }

    /// Switches service control policies on again.
    pub fn enable_service_control(&mut self) -> Result<&mut Self> {
        self.switch(ControlType::Service, true)
    }

    /// Switches resource control policies off: what is attached does not count.
    pub fn disable_resource_control(&mut self) -> Result<&mut Self> {
        self.switch(ControlType::Resource, false)
    }

    /// Switches resource control policies on again.
    pub fn enable_resource_control(&mut self) -> Result<&mut Self> {
        self.switch(ControlType::Resource, true)
    }

    /// Lets a member administer IAM for the organization.
    pub fn delegate_administration(&mut self, id_or_alias: &str) -> Result<&mut Self> {
        let account = self.cloud.world.account_id(id_or_alias)?;
        self.cloud.world.delegate_administration(self.id, account)?;
        Ok(self)
    }

    /// `EnableOrganizationsRootSessions`: opens AssumeRoot (FED-09).
    pub fn enable_root_sessions(&mut self) -> Result<&mut Self> {
        self.cloud.world.enable_root_sessions(self.id, true)?;
        Ok(self)
    }

    /// `DisableOrganizationsRootSessions`.
    pub fn disable_root_sessions(&mut self) -> Result<&mut Self> {
        self.cloud.world.enable_root_sessions(self.id, false)?;
        Ok(self)
    }

    fn switch(&mut self, control: ControlType, enabled: bool) -> Result<&mut Self> {
        self.cloud.world.enable_control_type(self.id, control, enabled)?;
        Ok(self)
    }
}

/// The root, a unit or an account of an organization: what control policies hang on.
#[derive(Debug)]
pub struct TargetMut<'c> {
    cloud: &'c mut Cloud,
    organization: OrganizationId,
    target: Target,
}

impl TargetMut<'_> {
    /// `r-…`, `ou-…`, or the account's id.
    pub fn id(&self) -> String {
        match self.target {
            Target::Unit(unit) => {
                self.cloud.world.unit_id(self.organization, unit).unwrap_or_default().to_owned()
            }
            Target::Account(account) => account.to_string(),
        }
    }

    /// Lets an account join here, or moves a member here. An id that was not seen before opens the account.
    pub fn add_account(self, id_or_alias: &str) -> Result<Self> {
        let Target::Unit(unit) = self.target else {
            return Err(Error::new(
                ErrorCode::InvalidInputException,
                "An account can't contain another account: add it to the root or to a unit.",
            ));
        };
        let account = self.cloud.account(id_or_alias)?.id();
        self.cloud.world.place_account(self.organization, account, unit)?;
        Ok(self)
    }

    /// Attaches a service control policy; it is made on first use of its name.
    pub fn attach_scp(self, name: &str, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.attach(ControlType::Service, name, &document.into())
    }

    /// Attaches a resource control policy; it is made on first use of its name.
    pub fn attach_rcp(self, name: &str, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.attach(ControlType::Resource, name, &document.into())
    }

    /// Detaches a service control policy, `FullAWSAccess` included, but never the last one (PE-QUO-17).
    pub fn detach_scp(self, name: &str) -> Result<Self> {
        self.detach(ControlType::Service, name)
    }

    /// Detaches a resource control policy; `RCPFullAWSAccess` stays (PE-RCP-04).
    pub fn detach_rcp(self, name: &str) -> Result<Self> {
        self.detach(ControlType::Resource, name)
    }

    fn attach(self, control: ControlType, name: &str, document: &PolicyDocument) -> Result<Self> {
        let world = &mut self.cloud.world;
        world.attach_control_policy(self.organization, self.target, control, name, document)?;
        Ok(self)
    }

    fn detach(self, control: ControlType, name: &str) -> Result<Self> {
        self.cloud.world.detach_control_policy(self.organization, self.target, control, name)?;
        Ok(self)
    }
}
