//! One account and everything in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use iamsim_policy::AccountId;

use crate::endpoint::VpcEndpoint;
use crate::identity::{Group, Role, User};
use crate::managed::ManagedPolicy;
use crate::mfa::{AccessKeyState, MfaDevice};
use crate::organization::OrganizationId;
use crate::profile::InstanceProfile;
use crate::provider::OidcProvider;
use crate::quota::Quotas;
use crate::resource::StoredResource;
use crate::table::Table;

/// An account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) alias: Option<Box<str>>,
    pub(crate) quotas: Quotas,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) users: Table<User>,
    pub(crate) groups: Table<Group>,
    pub(crate) roles: Table<Role>,
    pub(crate) policies: Table<ManagedPolicy>,
    pub(crate) profiles: Table<InstanceProfile>,
    /// By ARN. Accounts have many: an edit elsewhere in the account copies none of them.
    pub(crate) resources: Arc<BTreeMap<Box<str>, Arc<StoredResource>>>,
    /// By serial number.
    pub(crate) mfa_devices: BTreeMap<Box<str>, MfaDevice>,
    /// By key id.
    pub(crate) access_keys: BTreeMap<Box<str>, AccessKeyState>,
    /// By ARN.
    pub(crate) oidc_providers: BTreeMap<Box<str>, OidcProvider>,
    /// By ARN.
    pub(crate) saml_providers: BTreeSet<Box<str>>,
    /// By id.
    pub(crate) endpoints: BTreeMap<Box<str>, VpcEndpoint>,
}

impl Account {
    pub(crate) fn new(id: AccountId) -> Self {
        Self {
            id,
            alias: None,
            quotas: Quotas::default(),
            organization: None,
            users: Table::default(),
            groups: Table::default(),
            roles: Table::default(),
            policies: Table::default(),
            profiles: Table::default(),
            resources: Arc::default(),
            mfa_devices: BTreeMap::new(),
            access_keys: BTreeMap::new(),
            oidc_providers: BTreeMap::new(),
            saml_providers: BTreeSet::new(),
            endpoints: BTreeMap::new(),
        }
    }
}
