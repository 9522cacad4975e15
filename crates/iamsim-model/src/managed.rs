//! Managed policies: the account's own, with versions, and AWS's (IAM-31 to IAM-40).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_policy::{AccountId, PolicyKind};

use crate::attach::{check_tags, set_tags};
use crate::document::{Document, PolicyDocument};
use crate::error::{ErrorCode, ModelError};
use crate::id::PolicyId;
use crate::name::{POLICY_NAME, check_name, check_path, split_path};
use crate::quota::Quota;
use crate::table::Entity;
use crate::tag::{TagCase, Tags};
use crate::world::World;

/// A managed policy. Only the default version plays a part in decisions (PE-APP-07).
#[derive(Clone, Debug)]
pub(crate) struct ManagedPolicy {
    id: PolicyId,
    name: Arc<str>,
    arn: Arc<str>,
    created: DateTime<Utc>,
    versions: BTreeMap<u32, Document>,
    default: u32,
    /// Never goes back (ID-39).
    last: u32,
    tags: Tags,
}

impl Entity for ManagedPolicy {
    type Id = PolicyId;

    fn id(&self) -> &PolicyId {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl ManagedPolicy {
    fn new(id: PolicyId, name: &str, arn: &str, created: DateTime<Utc>, document: Document) -> Self {
        Self {
            id,
            name: name.into(),
            arn: arn.into(),
            created,
            versions: [(1, document)].into(),
            default: 1,
            last: 1,
            tags: Tags::new(),
        }
    }

    /// One of AWS's, of which only the default version is known; it has no id that anyone could see.
    pub(crate) fn of_aws(
        name: &str,
        arn: &str,
        document: Document,
        version: u32,
        created: DateTime<Utc>,
    ) -> Self {
        Self {
            versions: [(version, document.clone())].into(),
            default: version,
            last: version,
            ..Self::new(PolicyId::new(arn), name, arn, created, document)
        }
    }

    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub(crate) fn tags(&self) -> &Tags {
        &self.tags
    }

    pub(crate) fn document(&self) -> Option<&Document> {
        self.versions.get(&self.default)
    }
}

/// AWS managed policies whose whole text follows from what AWS says they are for, so that they are the same in
/// partitions of which the catalog knows none.
pub(crate) fn built_in() -> [(&'static str, &'static str); 2] {
    [
        (
            "AdministratorAccess",
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
        ),
        (
            "AWSDenyAll",
            r#"{"Version": "2012-10-17", "Statement": [{"Sid": "DenyAll", "Effect": "Deny", "Action": ["*"], "Resource": "*"}]}"#,
        ),
    ]
}

impl World {
    /// `CreatePolicy`; the name may carry a path. The answer is the ARN (ID-07).
    pub fn add_policy(
        &mut self,
        account: AccountId,
        path_and_name: &str,
        document: &PolicyDocument,
        id: PolicyId,
        at: DateTime<Utc>,
    ) -> Result<String, ModelError> {
        let (path, name) = split_path(path_and_name);
        check_name(POLICY_NAME, name)?;
        check_path(&path, true)?;
        let document = self.policy_document(account, name, document)?;
        let arn = format!("arn:{}:iam::{account}:policy{path}{name}", self.partition());
        let account = self.account_mut(account)?;
        if account.policies.by_name(name).is_some() {
            // ERR-13
            return Err(ModelError::taken(format!(
                "A policy called {name} already exists. Duplicate names are not allowed."
            )));
        }
        if let Some(limit) = account.quotas.exceeded(Quota::PoliciesPerAccount, account.policies.len() + 1) {
            return Err(ModelError::quota(Quota::PoliciesPerAccount, limit));
        }
        account.policies.insert(ManagedPolicy::new(id, name, &arn, at, document));
        Ok(arn)
    }

    fn policy_document(
        &self,
        account: AccountId,
        name: &str,
        document: &PolicyDocument,
    ) -> Result<Document, ModelError> {
        let document = self.documents.write(PolicyKind::Identity, name, document)?;
        let quotas = &self.account_ref(account)?.quotas;
        match quotas.exceeded(Quota::PolicySize, document.counted_size()) {
            Some(limit) => Err(ModelError::quota(Quota::PolicySize, limit)), // QUO-20
            None => Ok(document),
        }
    }

    /// The ARN of a managed policy of the account, by name or ARN.
    pub fn policy_arn(&self, account: AccountId, name_or_arn: &str) -> Result<String, ModelError> {
        let own = &self.account_ref(account)?.policies;
        let found = own.by_name(name_or_arn.rsplit('/').next().unwrap_or_default());
        let found = found.filter(|policy| policy.arn() == name_or_arn || !name_or_arn.contains('/'));
        found.map(|policy| policy.arn().to_owned()).ok_or_else(|| ModelError::policy_not_found(name_or_arn))
    }

    /// `CreatePolicyVersion`; the answer is the version's id, such as `v2`.
    pub fn add_policy_version(
        &mut self,
        account: AccountId,
        arn: &str,
        document: &PolicyDocument,
        as_default: bool,
    ) -> Result<String, ModelError> {
        self.outside(arn, "Cannot update policies outside your own account.")?;
        let name = arn.rsplit('/').next().unwrap_or_default();
        let document = self.policy_document(account, name, document)?;
        let limit = self.account_ref(account)?.quotas.limit(Quota::VersionsPerPolicy);
        let policy = self.policy_mut(account, arn)?;
        if policy.versions.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            // QUO-30
            return Err(ModelError::new(
                ErrorCode::LimitExceeded,
                format!(
                    "A managed policy can have up to {limit} versions. Before you create a new version, you must \
                     delete an existing version."
                ),
            ));
        }
        policy.last += 1;
        policy.versions.insert(policy.last, document);
        if as_default {
            policy.default = policy.last;
        }
        Ok(format!("v{}", policy.last))
    }

    /// `SetDefaultPolicyVersion`.
    pub fn set_default_policy_version(
        &mut self,
        account: AccountId,
        arn: &str,
        version: &str,
    ) -> Result<(), ModelError> {
        self.outside(arn, "Cannot update policies outside your own account.")?;
        let number = self.policy_version(account, arn, version)?;
        self.policy_mut(account, arn)?.default = number;
        Ok(())
    }

    /// `DeletePolicyVersion` (ERR-17).
    pub fn delete_policy_version(
        &mut self,
        account: AccountId,
        arn: &str,
        version: &str,
    ) -> Result<(), ModelError> {
        self.outside(arn, "Cannot delete policy versions for policies outside your own account.")?;
        let number = self.policy_version(account, arn, version)?;
        let policy = self.policy_mut(account, arn)?;
        if policy.default == number {
            return Err(ModelError::conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.remove(&number);
        Ok(())
    }

    /// The versions of a managed policy, newest first, and which one is the default.
    pub fn policy_versions(&self, account: AccountId, arn: &str) -> Result<Vec<(String, bool)>, ModelError> {
        let policy = self.state().managed_policy(account, arn);
        let policy = policy.ok_or_else(|| ModelError::policy_not_found(arn))?;
        let versions = policy.versions.keys().rev();
        Ok(versions.map(|number| (format!("v{number}"), *number == policy.default)).collect())
    }

    /// `GetPolicyVersion`: the text of a version.
    pub fn policy_version_text(
        &self,
        account: AccountId,
        arn: &str,
        version: &str,
    ) -> Result<&str, ModelError> {
        let number = self.policy_version(account, arn, version)?;
        let policy = self.state().managed_policy(account, arn);
        let document = policy.and_then(|policy| policy.versions.get(&number));
        document.map(Document::text).ok_or_else(|| ModelError::version_not_attachable(arn, version))
    }

    /// When a managed policy was made.
    pub fn policy_created(&self, account: AccountId, arn: &str) -> Result<DateTime<Utc>, ModelError> {
        let policy = self.state().managed_policy(account, arn);
        policy.map(|policy| policy.created).ok_or_else(|| ModelError::policy_not_found(arn))
    }

    /// How often a managed policy is attached, and how often it is a boundary (IAM-31).
    pub fn policy_usage(&self, account: AccountId, arn: &str) -> Result<(usize, usize), ModelError> {
        let account = self.account_ref(account)?;
        let (mut attached, mut bounds) = (0, 0);
        for user in account.users.iter() {
            attached += usize::from(user.identity.attached.contains(arn));
            bounds += usize::from(user.boundary.as_deref() == Some(arn));
        }
        for role in account.roles.iter() {
            attached += usize::from(role.identity.attached.contains(arn));
            bounds += usize::from(role.boundary.as_deref() == Some(arn));
        }
        attached += account.groups.iter().filter(|group| group.identity.attached.contains(arn)).count();
        Ok((attached, bounds))
    }

    /// `DeletePolicy`: not while it is attached, bounds somebody, or has several versions (IAM-36).
    pub fn delete_policy(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        self.outside(arn, "Cannot delete policies outside your own account.")?;
        let id = self.policy_mut(account, arn)?.id.clone();
        let (attached, bounds) = self.policy_usage(account, arn)?;
        if attached + bounds > 0 {
            return Err(ModelError::conflict("Cannot delete a policy attached to entities."));
        }
        if self.policy_mut(account, arn)?.versions.len() > 1 {
            return Err(ModelError::conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        self.account_mut(account)?.policies.remove(&id);
        Ok(())
    }

    /// `TagPolicy`: keys count with their case (VAL-52).
    pub fn tag_policy(
        &mut self,
        account: AccountId,
        arn: &str,
        tags: &[(&str, &str)],
    ) -> Result<(), ModelError> {
        check_tags(tags, TagCase::Sensitive)?;
        let quota = self.account_ref(account)?.quotas.limit(Quota::TagsPerEntity);
        set_tags(&mut self.policy_mut(account, arn)?.tags, TagCase::Sensitive, tags, quota)
    }

    /// `UntagPolicy`.
    pub fn untag_policy(&mut self, account: AccountId, arn: &str, keys: &[&str]) -> Result<(), ModelError> {
        crate::attach::check_tag_count("tagKeys", keys.len())?;
        let tags = &mut self.policy_mut(account, arn)?.tags;
        for key in keys {
            tags.remove(TagCase::Sensitive, key);
        }
        Ok(())
    }

    /// The tags of a managed policy.
    pub fn policy_tags(&self, account: AccountId, arn: &str) -> Result<&Tags, ModelError> {
        let policy = self.state().managed_policy(account, arn);
        policy.map(|policy| &policy.tags).ok_or_else(|| ModelError::policy_not_found(arn))
    }

    /// The document and name of a managed policy that can be attached here, such as to a session.
    pub fn policy_document_of(
        &self,
        account: AccountId,
        arn: &str,
    ) -> Result<(Arc<str>, Document), ModelError> {
        let named = |policy: &ManagedPolicy| Some((policy.shared_name(), policy.document()?.clone()));
        if let Some(found) = self.state().managed_policy(account, arn).and_then(named) {
            return Ok(found);
        }
        let not_attachable = || ModelError::policy_not_attachable(arn);
        if arn.contains(":iam::aws:policy/") {
            return named(&self.aws_policy_of_catalog(arn)?).ok_or_else(not_attachable);
        }
        Err(not_attachable())
    }

    fn policy_mut(&mut self, account: AccountId, arn: &str) -> Result<&mut ManagedPolicy, ModelError> {
        let id = self.state().managed_policy(account, arn).map(|policy| policy.id.clone());
        let policy = id.and_then(|id| self.account_mut(account).ok()?.policies.by_id_mut(&id));
        policy.ok_or_else(|| ModelError::policy_not_found(arn))
    }

    /// ERR-18.
    fn outside(&self, arn: &str, message: &str) -> Result<(), ModelError> {
        if self.state().aws_policies.contains_key(arn) || arn.contains(":iam::aws:policy/") {
            return Err(ModelError::new(ErrorCode::AccessDenied, message));
        }
        Ok(())
    }

    /// The number of a version that exists (IAM-35, ERR-06).
    fn policy_version(&self, account: AccountId, arn: &str, version: &str) -> Result<u32, ModelError> {
        let digits = version.strip_prefix('v').filter(|digits| !digits.starts_with('0'));
        let number: Option<u32> = digits.and_then(|digits| digits.parse().ok());
        let number = number.ok_or_else(|| {
            ModelError::constraints(&[
                "Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: \
                 v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"
                    .into(),
            ])
        })?;
        let policy = self.state().managed_policy(account, arn);
        match policy {
            Some(policy) if policy.versions.contains_key(&number) => Ok(number),
            _ => Err(ModelError::version_not_attachable(arn, version)),
        }
    }
}
