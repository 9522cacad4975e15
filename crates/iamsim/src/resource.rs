//! Managed policies, resources, endpoints and instance profiles, for editing.

use iamsim_model::PolicyDocument;
use iamsim_policy::AccountId;

use crate::Result;
use crate::cloud::Cloud;

/// A customer managed policy, for editing.
///
/// ```
/// use iamsim::Cloud;
///
/// let allow = |action: &str| format!(
///     r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
/// );
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let policy = account.add_policy("team/developer", allow("lambda:Invoke*"))?.arn();
/// let dev = account.add_user("dev")?.attach_policy(&policy)?.caller();
/// account.policy("developer")?.add_version(allow("lambda:List*"))?;
///
/// cloud.assert_denies(&dev, "lambda:InvokeAsync", "*");
/// cloud.assert_allows(&dev, "lambda:ListFunctions", "*");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Debug)]
pub struct PolicyMut<'c> {
    cloud: &'c mut Cloud,
    account: AccountId,
    arn: String,
}

impl<'c> PolicyMut<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud, account: AccountId, arn: String) -> Self {
        Self { cloud, account, arn }
    }

    /// The policy's ARN.
    pub fn arn(&self) -> String {
        self.arn.clone()
    }

    /// `CreatePolicyVersion`, as the default version.
    pub fn add_version(self, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.cloud.world.add_policy_version(self.account, &self.arn, &document.into(), true)?;
        Ok(self)
    }

    /// `CreatePolicyVersion`; the default stays what it is.
    pub fn add_version_without_default(self, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.cloud.world.add_policy_version(self.account, &self.arn, &document.into(), false)?;
        Ok(self)
    }

    /// `SetDefaultPolicyVersion`.
    pub fn set_default_version(self, version: &str) -> Result<Self> {
        self.cloud.world.set_default_policy_version(self.account, &self.arn, version)?;
        Ok(self)
    }

    /// `DeletePolicyVersion`.
    pub fn delete_version(self, version: &str) -> Result<Self> {
        self.cloud.world.delete_policy_version(self.account, &self.arn, version)?;
        Ok(self)
    }

    /// The versions, newest first, and which one is the default.
    pub fn versions(&self) -> Vec<(String, bool)> {
        self.cloud.world.policy_versions(self.account, &self.arn).unwrap_or_default()
    }

    /// `GetPolicyVersion`: the text of a version.
    pub fn version_text(&self, version: &str) -> Result<String> {
        Ok(self.cloud.world.policy_version_text(self.account, &self.arn, version)?.to_owned())
    }

    /// `TagPolicy`: the case of keys counts (VAL-52).
    pub fn tag(self, key: &str, value: &str) -> Result<Self> {
        self.tags(&[(key, value)])
    }

    /// `TagPolicy`, several at once.
    pub fn tags(self, tags: &[(&str, &str)]) -> Result<Self> {
        self.cloud.world.tag_policy(self.account, &self.arn, tags)?;
        Ok(self)
    }

    /// `UntagPolicy`.
    pub fn untag(self, key: &str) -> Result<Self> {
        self.cloud.world.untag_policy(self.account, &self.arn, &[key])?;
        Ok(self)
    }

    /// `DeletePolicy`: not while it is attached or has several versions (ERR-17).
    pub fn delete(self) -> Result {
        Ok(self.cloud.world.delete_policy(self.account, &self.arn)?)
    }
}

/// A resource, for editing: its policy, tags and what its service adds.
///
/// ```
/// use iamsim::Cloud;
///
/// let mut cloud = Cloud::new();
/// let partner = cloud.account("444455556666")?.add_user("reader")?
///     .attach("read", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#)?
///     .caller();
/// let mut account = cloud.account("111122223333")?;
/// let bucket = account.add_resource("arn:aws:s3:::reports")?.arn();
/// cloud.assert_denies(&partner, "s3:GetObject", "arn:aws:s3:::reports/2029.csv");
///
/// cloud.account("111122223333")?.resource(&bucket)?
///     .policy(r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Principal": {"AWS": "444455556666"},
///         "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#)?;
/// cloud.assert_allows(&partner, "s3:GetObject", "arn:aws:s3:::reports/2029.csv");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Debug)]
pub struct ResourceMut<'c> {
    cloud: &'c mut Cloud,
    account: AccountId,
    arn: String,
}

impl<'c> ResourceMut<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud, account: AccountId, arn: &str) -> Self {
        Self { cloud, account, arn: arn.into() }
    }

    /// The resource's ARN.
    pub fn arn(&self) -> String {
        self.arn.clone()
    }

    /// Sets the resource's policy: a bucket policy, key policy, queue policy …
    pub fn policy(self, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.cloud.world.set_resource_policy(self.account, &self.arn, &document.into())?;
        Ok(self)
    }

    /// Removes the resource's policy. A KMS key always has one.
    pub fn without_policy(self) -> Result<Self> {
        self.cloud.world.clear_resource_policy(self.account, &self.arn)?;
        Ok(self)
    }

    /// The policy's text, with dead ids where deleted principals were named.
    pub fn policy_text(&self) -> Option<String> {
        let text = self.cloud.world.resource_policy_text(self.account, &self.arn).ok()?;
        text.map(Into::into)
    }

    /// Sets a tag. Tags of a bucket are condition keys only with
    /// [`attribute_based_control`](Self::attribute_based_control).
    pub fn tag(self, key: &str, value: &str) -> Result<Self> {
        self.cloud.world.tag_resource(self.account, &self.arn, key, value)?;
        Ok(self)
    }

    /// Removes a tag; an absent key is no error.
    pub fn untag(self, key: &str) -> Result<Self> {
        self.cloud.world.untag_resource(self.account, &self.arn, key)?;
        Ok(self)
    }

    /// Gives a user, role or session, by ARN, operations of a KMS key (PE-KMS-07).
    pub fn grant(self, name: &str, grantee_arn: &str, operations: &[&str]) -> Result<Self> {
        let grantee = grantee_arn.parse()?;
        self.cloud.world.add_grant(self.account, &self.arn, name, &grantee, operations)?;
        Ok(self)
    }

    /// Takes a grant back.
    pub fn retire_grant(self, name: &str) -> Result<Self> {
        self.cloud.world.retire_grant(self.account, &self.arn, name)?;
        Ok(self)
    }

    /// Switches `RestrictPublicBuckets` of a bucket's Block Public Access on (PE-S3-03).
    pub fn restrict_public_buckets(self) -> Result<Self> {
        self.cloud.world.restrict_public_buckets(self.account, &self.arn)?;
        Ok(self)
    }

    /// Makes a bucket's tags condition keys (PE-S3-05).
    pub fn attribute_based_control(self) -> Result<Self> {
        self.cloud.world.enable_attribute_based_control(self.account, &self.arn)?;
        Ok(self)
    }

    /// Deletes the resource.
    pub fn delete(self) -> Result {
        Ok(self.cloud.world.delete_resource(self.account, &self.arn)?)
    }
}

/// A VPC endpoint, for editing.
#[derive(Debug)]
pub struct VpcEndpointMut<'c> {
    cloud: &'c mut Cloud,
    account: AccountId,
    id: String,
}

impl<'c> VpcEndpointMut<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud, account: AccountId, id: &str) -> Self {
        Self { cloud, account, id: id.into() }
    }

    /// Sets the endpoint's policy.
    pub fn policy(self, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.cloud.world.set_endpoint_policy(self.account, &self.id, &document.into())?;
        Ok(self)
    }
}

/// An instance profile, for editing.
#[derive(Debug)]
pub struct InstanceProfileMut<'c> {
    cloud: &'c mut Cloud,
    account: AccountId,
    name: String,
}

impl<'c> InstanceProfileMut<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud, account: AccountId, name: &str) -> Self {
        Self { cloud, account, name: name.into() }
    }

    /// The profile's ARN.
    pub fn arn(&self) -> String {
        self.cloud.world.profile_arn(self.account, &self.name).unwrap_or_default()
    }

    /// `AddRoleToInstanceProfile`: one role (QUO-07).
    pub fn add_role(self, role: &str) -> Result<Self> {
        self.cloud.world.add_role_to_profile(self.account, &self.name, role)?;
        Ok(self)
    }

    /// `RemoveRoleFromInstanceProfile`.
    pub fn remove_role(self, role: &str) -> Result<Self> {
        self.cloud.world.remove_role_from_profile(self.account, &self.name, role)?;
        Ok(self)
    }

    /// `DeleteInstanceProfile`: not while it has a role (ERR-15).
    pub fn delete(self) -> Result {
        Ok(self.cloud.world.delete_instance_profile(self.account, &self.name)?)
    }
}
