//! Organizations: the root, units, accounts, and where service and resource control policies hang.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use iamsim_eval::Level;
use iamsim_policy::{AccountId, PolicyKind};

use crate::document::{Document, PolicyDocument};
use crate::error::{ErrorCode, ModelError};
use crate::world::World;

/// An organization of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(u32);

/// The root or an organizational unit of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(u32);

impl OrganizationId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl UnitId {
    /// The root of an organization.
    pub const ROOT: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// The two types of control policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "these two types decide requests")]
pub enum ControlType {
    /// Service control policies.
    Service,
    /// Resource control policies.
    Resource,
}

impl ControlType {
    /// The policy that AWS attaches everywhere.
    pub const fn default_name(self) -> &'static str {
        match self {
            Self::Service => "FullAWSAccess",
            Self::Resource => "RCPFullAWSAccess",
        }
    }

    fn kind(self) -> PolicyKind {
        match self {
            Self::Service => PolicyKind::ServiceControl,
            Self::Resource => PolicyKind::ResourceControl,
        }
    }

    fn default_text(self) -> &'static str {
        match self {
            Self::Service => {
                "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \
                 \"Resource\": \"*\"}]}"
            }
            Self::Resource => {
                "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \
                 \"Action\": \"*\", \"Resource\": \"*\"}]}"
            }
        }
    }
}

/// Where a control policy can hang.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "policies hang on the root, units and accounts")]
pub enum Target {
    /// The root or a unit.
    Unit(UnitId),
    /// A member account.
    Account(AccountId),
}

/// Policies of one type on a target (PE-QUO-17).
const MOST_ATTACHED: usize = 5;
/// Characters of a control policy, white space included (PE-QUO-16).
const LONGEST_POLICY: usize = 5120;

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    id: Box<str>,
    management: AccountId,
    units: Vec<Unit>,
    /// Every member, the management account included, and the unit it is in.
    members: BTreeMap<AccountId, UnitId>,
    policies: BTreeMap<(ControlType, Arc<str>), Document>,
    attached: BTreeMap<(Target, ControlType), BTreeSet<Arc<str>>>,
    disabled: BTreeSet<ControlType>,
    /// Members that administer IAM for the organization.
    delegated: BTreeSet<AccountId>,
    /// Whether AssumeRoot is open (FED-09).
    root_sessions: bool,
}

#[derive(Clone, Debug)]
struct Unit {
    id: Box<str>,
    name: Box<str>,
    parent: Option<UnitId>,
}

impl Organization {
    /// The units from the root down to this one.
    fn path(&self, unit: UnitId) -> Vec<UnitId> {
        let mut path = Vec::new();
        let mut next = Some(unit);
        while let Some(current) = next {
            path.push(current);
            next = self.units.get(current.index()).and_then(|unit| unit.parent);
        }
        path.reverse();
        path
    }

    /// What `aws:PrincipalOrgID` holds.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What `aws:PrincipalOrgPaths` holds for a member: `o-x/r-y/ou-a/`, with a slash at the end (PE-KEY-41).
    pub(crate) fn org_path(&self, account: AccountId) -> Option<String> {
        let mut text = format!("{}/", self.id);
        for unit in self.path(*self.members.get(&account)?) {
            text.push_str(&self.units.get(unit.index())?.id);
            text.push('/');
        }
        Some(text)
    }

    /// The control policies that bear on a member, from the root down; none for the management account
    /// (PE-SCP-04, PE-RCP-03) and for a type that is switched off (PE-SCP-07).
    pub(crate) fn levels(&self, account: AccountId, control: ControlType) -> Vec<Level> {
        let Some(unit) = self.members.get(&account) else { return Vec::new() };
        if account == self.management || self.disabled.contains(&control) {
            return Vec::new();
        }
        let path = self.path(*unit);
        let units = path.iter().map(|unit| (Target::Unit(*unit), self.unit_name(*unit)));
        units
            .chain([(Target::Account(account), account.to_string())])
            .map(|(target, name)| {
                let names = self.attached.get(&(target, control)).into_iter().flatten();
                let policies = names.filter_map(|name| {
                    let document = self.policies.get(&(control, name.clone()))?;
                    Some(document.attached(name.clone()))
                });
                Level::new(name, policies.collect())
            })
            .collect()
    }

    /// `root`, or the names of the units below it: `workloads/prod`.
    fn unit_name(&self, unit: UnitId) -> String {
        let path = self.path(unit);
        let names: Vec<&str> =
            path.iter().skip(1).filter_map(|unit| Some(&*self.units.get(unit.index())?.name)).collect();
        if names.is_empty() { "root".into() } else { names.join("/") }
    }

    pub(crate) fn has_policy(&self, name: &str) -> bool {
        self.attached.values().any(|attached| attached.contains(name))
    }

    /// Takes a policy, of either type, off every target.
    pub(crate) fn drop_policy(&mut self, name: &str) {
        for attached in self.attached.values_mut() {
            attached.remove(name);
        }
    }

    fn attach_defaults(&mut self, target: Target) {
        for control in [ControlType::Service, ControlType::Resource] {
            self.attached.entry((target, control)).or_default().insert(control.default_name().into());
        }
    }
}

impl World {
    /// Founds an organization; the account is its management account and lies directly under the root.
    pub fn found_organization(
        &mut self,
        management: AccountId,
        id: &str,
        root_id: &str,
    ) -> Result<OrganizationId, ModelError> {
        if self.account_ref(management)?.organization.is_some() {
            return Err(in_organization(management));
        }
        let mut policies = BTreeMap::new();
        for control in [ControlType::Service, ControlType::Resource] {
            let name = control.default_name();
            let document = self.documents.read(control.kind(), name, &control.default_text().into())?;
            policies.insert((control, name.into()), document);
        }
        let mut organization = Organization {
            id: id.into(),
            management,
            units: vec![Unit { id: root_id.into(), name: "root".into(), parent: None }],
            members: BTreeMap::new(),
            policies,
            attached: BTreeMap::new(),
            disabled: BTreeSet::new(),
            delegated: BTreeSet::new(),
            root_sessions: false,
        };
        organization.attach_defaults(Target::Unit(UnitId::ROOT));
        let organizations = &mut self.edit().organizations;
        let handle = OrganizationId(u32::try_from(organizations.len()).unwrap_or(u32::MAX));
        organizations.push(Arc::new(organization));
        self.place_account(handle, management, UnitId::ROOT)?;
        Ok(handle)
    }

    /// The organization that an account manages or is a member of.
    pub fn organization_of(&self, account: AccountId) -> Option<OrganizationId> {
        self.account_ref(account).ok()?.organization
    }

    /// The management account of an organization.
    pub fn management_account(&self, organization: OrganizationId) -> Option<AccountId> {
        Some(self.state().organizations.get(organization.index())?.management)
    }

    /// The id of an organization: `o-…`.
    pub fn organization_id(&self, organization: OrganizationId) -> Option<&str> {
        Some(&self.state().organizations.get(organization.index())?.id)
    }

    /// The unit an account of the organization is in.
    pub fn unit_of(&self, organization: OrganizationId, account: AccountId) -> Option<UnitId> {
        self.state().organizations.get(organization.index())?.members.get(&account).copied()
    }

    /// The id of the root or a unit: `r-…` or `ou-…`.
    pub fn unit_id(&self, organization: OrganizationId, unit: UnitId) -> Option<&str> {
        let units = &self.state().organizations.get(organization.index())?.units;
        units.get(unit.index()).map(|unit| &*unit.id)
    }

    /// The unit below a parent with this name.
    pub fn find_unit(&self, organization: OrganizationId, parent: UnitId, name: &str) -> Option<UnitId> {
        let units = &self.state().organizations.get(organization.index())?.units;
        let index = units.iter().position(|unit| unit.parent == Some(parent) && &*unit.name == name)?;
        u32::try_from(index).ok().map(UnitId)
    }

    /// `CreateOrganizationalUnit`.
    pub fn add_unit(
        &mut self,
        organization: OrganizationId,
        parent: UnitId,
        name: &str,
        id: &str,
    ) -> Result<UnitId, ModelError> {
        if name.is_empty() || name.chars().count() > 128 || name.contains('/') {
            return Err(ModelError::new(
                ErrorCode::InvalidInputException,
                format!("The name {name:?} of a unit must have 1 to 128 characters and no slash."),
            ));
        }
        if self.find_unit(organization, parent, name).is_some() {
            return Err(ModelError::new(
                ErrorCode::DuplicateOrganizationalUnitException,
                "An organizational unit with the same name exists in this parent.",
            ));
        }
        let organization = self.organization_mut(organization)?;
        let unit = UnitId(u32::try_from(organization.units.len()).unwrap_or(u32::MAX));
        organization.units.push(Unit { id: id.into(), name: name.into(), parent: Some(parent) });
        organization.attach_defaults(Target::Unit(unit));
        Ok(unit)
    }

    /// Lets an account join the organization in a unit, or moves a member there.
    pub fn place_account(
        &mut self,
        organization: OrganizationId,
        account: AccountId,
        unit: UnitId,
    ) -> Result<(), ModelError> {
        match self.account_ref(account)?.organization {
            Some(other) if other != organization => return Err(in_organization(account)),
            Some(_) => {}
            None => {
                self.account_mut(account)?.organization = Some(organization);
                self.organization_mut(organization)?.attach_defaults(Target::Account(account));
            }
        }
        self.organization_mut(organization)?.members.insert(account, unit);
        Ok(())
    }

    /// Lets an account leave its organization; the management account stays.
    pub fn remove_account(
        &mut self,
        organization: OrganizationId,
        account: AccountId,
    ) -> Result<(), ModelError> {
        let found = self.organization_mut(organization)?;
        if found.management == account {
            return Err(ModelError::new(
                ErrorCode::ConstraintViolationException,
                "The management account can't leave its organization.",
            ));
        }
        if found.members.remove(&account).is_none() {
            return Err(no_member(account));
        }
        found.delegated.remove(&account);
        found.attached.retain(|(target, _), _| *target != Target::Account(account));
        self.account_mut(account)?.organization = None;
        Ok(())
    }

    /// `CreatePolicy` and `AttachPolicy` of Organizations: attaches a control policy of this name, which is made
    /// on first use.
    pub fn attach_control_policy(
        &mut self,
        organization: OrganizationId,
        target: Target,
        control: ControlType,
        name: &str,
        document: &PolicyDocument,
    ) -> Result<(), ModelError> {
        if document.text().chars().count() > LONGEST_POLICY {
            return Err(ModelError::new(
                ErrorCode::ConstraintViolationException,
                format!("The policy {name} is longer than {LONGEST_POLICY} characters."), // PE-QUO-16
            ));
        }
        let document = self.documents.write(control.kind(), name, document)?;
        self.check_target(organization, target)?;
        let organization = self.organization_mut(organization)?;
        let key = (control, Arc::from(name));
        match organization.policies.get(&key) {
            Some(known) if known.text() != document.text() => {
                return Err(ModelError::new(
                    ErrorCode::DuplicatePolicyException,
                    format!("A policy with the name {name} and another text exists already."),
                ));
            }
            Some(_) => {}
            None => {
                organization.policies.insert(key.clone(), document);
            }
        }
        let attached = organization.attached.entry((target, control)).or_default();
        if !attached.contains(name) && attached.len() >= MOST_ATTACHED {
            return Err(ModelError::new(
                ErrorCode::ConstraintViolationException,
                format!("You have attached the maximum number of {MOST_ATTACHED} policies of this type."), // PE-QUO-17
            ));
        }
        attached.insert(key.1);
        Ok(())
    }

    /// `DetachPolicy` of Organizations: the default resource control policy stays (PE-RCP-04), and so does the
    /// last service control policy of a target (PE-QUO-17).
    pub fn detach_control_policy(
        &mut self,
        organization: OrganizationId,
        target: Target,
        control: ControlType,
        name: &str,
    ) -> Result<(), ModelError> {
        self.check_target(organization, target)?;
        let attached = self.organization_mut(organization)?.attached.entry((target, control)).or_default();
        if !attached.contains(name) {
            return Err(ModelError::new(
                ErrorCode::PolicyNotAttachedException,
                format!("The policy {name} is not attached to the target."),
            ));
        }
        let stays = match control {
            ControlType::Resource => name == control.default_name(),
            ControlType::Service => attached.len() == 1,
        };
        if stays {
            return Err(ModelError::new(
                ErrorCode::ConstraintViolationException,
                match control {
                    ControlType::Resource => "RCPFullAWSAccess can't be detached.",
                    ControlType::Service => {
                        "You can't detach the last service control policy of a target: attach another one first."
                    }
                },
            ));
        }
        attached.remove(name);
        Ok(())
    }

    /// Switches a type of control policies on or off; while it is off, what is attached does not count
    /// (PE-SCP-07).
    pub fn enable_control_type(
        &mut self,
        organization: OrganizationId,
        control: ControlType,
        enabled: bool,
    ) -> Result<(), ModelError> {
        let disabled = &mut self.organization_mut(organization)?.disabled;
        if enabled {
            disabled.remove(&control);
        } else {
            disabled.insert(control);
        }
        Ok(())
    }

    /// `RegisterDelegatedAdministrator` for IAM.
    pub fn delegate_administration(
        &mut self,
        organization: OrganizationId,
        account: AccountId,
    ) -> Result<(), ModelError> {
        self.check_target(organization, Target::Account(account))?;
        self.organization_mut(organization)?.delegated.insert(account);
        Ok(())
    }

    /// `EnableOrganizationsRootSessions` and its opposite (FED-09).
    pub fn enable_root_sessions(
        &mut self,
        organization: OrganizationId,
        enabled: bool,
    ) -> Result<(), ModelError> {
        self.organization_mut(organization)?.root_sessions = enabled;
        Ok(())
    }

    /// Whether principals of one account may call AssumeRoot for a member, as far as the organization goes
    /// (STS-04, FED-09).
    pub fn may_take_root(&self, caller: AccountId, member: AccountId) -> bool {
        let Some(organization) = self.state().organization_of(caller) else { return false };
        organization.root_sessions
            && organization.members.contains_key(&member)
            && member != organization.management
            && (caller == organization.management || organization.delegated.contains(&caller))
    }

    fn check_target(&self, organization: OrganizationId, target: Target) -> Result<(), ModelError> {
        match target {
            Target::Account(account) if self.organization_of(account) != Some(organization) => {
                Err(no_member(account))
            }
            Target::Account(_) | Target::Unit(_) => Ok(()),
        }
    }
}

fn in_organization(account: AccountId) -> ModelError {
    ModelError::new(
        ErrorCode::AlreadyInOrganizationException,
        format!("The account {account} is already a member of an organization."),
    )
}

fn no_member(account: AccountId) -> ModelError {
    ModelError::new(
        ErrorCode::AccountNotFoundException,
        format!("The account {account} is not a member of the organization."),
    )
}
