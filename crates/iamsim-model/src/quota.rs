//! Quotas of an account, by AWS's names for them (QUO).
//!
//! The defaults are those of 2.3; AWS raises some of them on request, and did raise defaults since (CONF-08).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

macro_rules! quotas {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $default:literal;)+) => {
        /// A quota of an account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Quota {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Quota {
            /// Every quota.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name AWS's messages use.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What an account starts with.
            pub const fn default_limit(self) -> u32 {
                match self {
                    $(Self::$variant => $default,)+
                }
            }
        }
    };
}

quotas! {
    /// Roles in the account (QUO-01).
    RolesPerAccount = "RolesPerAccount", 1000;
    /// Users in the account (QUO-02).
    UsersPerAccount = "UsersPerAccount", 5000;
    /// Groups in the account (QUO-03).
    GroupsPerAccount = "GroupsPerAccount", 300;
    /// Customer managed policies in the account (QUO-04).
    PoliciesPerAccount = "PoliciesPerAccount", 1500;
    /// Instance profiles in the account (QUO-05).
    InstanceProfilesPerAccount = "InstanceProfilesPerAccount", 1000;
    /// Managed policies attached to a role (QUO-06).
    PoliciesPerRole = "PoliciesPerRole", 10;
    /// Managed policies attached to a user (QUO-06).
    PoliciesPerUser = "PoliciesPerUser", 10;
    /// Managed policies attached to a group (QUO-06).
    PoliciesPerGroup = "PoliciesPerGroup", 10;
    /// Roles in an instance profile (QUO-07).
    InstanceSessionsPerInstanceProfile = "InstanceSessionsPerInstanceProfile", 1;
    /// Access keys of a user, inactive ones included (QUO-08).
    AccessKeysPerUser = "AccessKeysPerUser", 2;
    /// Groups a user is in (QUO-09).
    GroupsPerUser = "GroupsPerUser", 10;
    /// MFA devices of a user (QUO-10).
    MfaDevicesPerUser = "MFADevicesPerUser", 8;
    /// Versions of a managed policy (QUO-14).
    VersionsPerPolicy = "VersionsPerPolicy", 5;
    /// SAML providers in the account (QUO-15).
    SamlProvidersPerAccount = "SAMLProvidersPerAccount", 100;
    /// OIDC providers in the account (QUO-15).
    OidcProvidersPerAccount = "OpenIdConnectProvidersPerAccount", 100;
    /// Client ids of an OIDC provider (QUO-16).
    ClientIdsPerOidcProvider = "ClientIdsPerOpenIdConnectProvider", 100;
    /// Characters of a managed policy without white space (QUO-20).
    PolicySize = "PolicySize", 6144;
    /// Characters of a trust policy without white space (QUO-21).
    AclSizePerRole = "ACLSizePerRole", 2048;
    /// Characters of all inline policies of a user (QUO-22).
    InlineSizePerUser = "InlinePolicySizePerUser", 2048;
    /// Characters of all inline policies of a group (QUO-22).
    InlineSizePerGroup = "InlinePolicySizePerGroup", 5120;
    /// Characters of all inline policies of a role (QUO-22).
    InlineSizePerRole = "InlinePolicySizePerRole", 10240;
    /// Tags of one user, role, policy or provider (VAL-50).
    TagsPerEntity = "TagsPerEntity", 50;
}

/// There is no quota of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no quota `{0}`")]
pub struct UnknownQuota(Box<str>);

impl FromStr for Quota {
    type Err = UnknownQuota;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|quota| quota.as_str() == name)
            .ok_or_else(|| UnknownQuota(name.into()))
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An account's limits: AWS's defaults, some raised, or none at all (QUO-34).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quotas {
    raised: BTreeMap<Quota, u32>,
    off: bool,
}

impl Quotas {
    pub(crate) fn set(&mut self, quota: Quota, limit: u32) {
        self.raised.insert(quota, limit);
    }

    pub(crate) fn switch_off(&mut self) {
        self.off = true;
    }

    pub(crate) fn limit(&self, quota: Quota) -> u32 {
        if self.off {
            return u32::MAX;
        }
        self.raised.get(&quota).copied().unwrap_or(quota.default_limit())
    }

    /// The limit, when `count` is above it.
    pub(crate) fn exceeded(&self, quota: Quota, count: usize) -> Option<u32> {
        let limit = self.limit(quota);
        (count > usize::try_from(limit).unwrap_or(usize::MAX)).then_some(limit)
    }
}
