//! Users, groups and roles: what they are and hold. Their edits are in `edit.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::document::Document;
use crate::id::{GroupId, RoleId, UserId};
use crate::table::Entity;
use crate::tag::Tags;

/// A user, group or role of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "policies hang on users, groups and roles")]
pub enum IdentityId {
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
    /// A role.
    Role(RoleId),
}

impl IdentityId {
    /// The word AWS's messages use.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::Role(_) => "role",
        }
    }

    /// The unique id as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
            Self::Role(id) => id.as_str(),
        }
    }
}

/// What all identities have.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) name: Arc<str>,
    pub(crate) path: Arc<str>,
    pub(crate) created: DateTime<Utc>,
    /// Inline policies by name.
    pub(crate) inline: BTreeMap<Arc<str>, Document>,
    /// ARNs of the attached managed policies.
    pub(crate) attached: BTreeSet<Arc<str>>,
}

impl Identity {
    pub(crate) fn new(path: &str, name: &str, created: DateTime<Utc>) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            created,
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
        }
    }

    pub(crate) fn has_policies(&self) -> bool {
        !self.inline.is_empty() || !self.attached.is_empty()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) identity: Identity,
    pub(crate) tags: Tags,
    /// ARN of the managed policy.
    pub(crate) boundary: Option<Arc<str>>,
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) has_login_profile: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) identity: Identity,
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) id: RoleId,
    pub(crate) identity: Identity,
    pub(crate) tags: Tags,
    /// ARN of the managed policy.
    pub(crate) boundary: Option<Arc<str>>,
    pub(crate) trust: Document,
    pub(crate) description: Option<Box<str>>,
    pub(crate) max_session: TimeDelta,
    pub(crate) last_used: Option<DateTime<Utc>>,
}

/// MaxSessionDuration of a new role (VAL-22).
pub(crate) const DEFAULT_MAX_SESSION: TimeDelta = TimeDelta::hours(1);

impl Role {
    /// Whether only AWS may change it: service-linked roles and those of Identity Center (ERR-19).
    pub(crate) fn is_protected(&self) -> bool {
        let path = &self.identity.path;
        path.starts_with("/aws-service-role/") || path.starts_with("/aws-reserved/")
    }
}

macro_rules! entity {
    ($type:ident, $id:ident) => {
        impl Entity for $type {
            type Id = $id;

            fn id(&self) -> &$id {
                &self.id
            }

            fn name(&self) -> &str {
                &self.identity.name
            }
        }
    };
}

entity!(User, UserId);
entity!(Group, GroupId);
entity!(Role, RoleId);
