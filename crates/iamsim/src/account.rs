//! An account, for editing.

use iamsim_model::{
    Caller, ErrorCode, GroupId, IdentityId, MfaSecret, PolicyDocument, PolicyId, ProfileId, Quota, RoleId,
    UserId,
};
use iamsim_policy::AccountId;

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::identity::{Group, IdentityMut, Role, User};
use crate::resource::{InstanceProfileMut, PolicyMut, ResourceMut, VpcEndpointMut};

/// An account and what is in it.
///
/// Names of users, groups, roles and policies may carry a path: `/ci/deployer`, or `ci/deployer`.
#[derive(Debug)]
pub struct AccountMut<'c> {
    cloud: &'c mut Cloud,
    id: AccountId,
}

impl<'c> AccountMut<'c> {
    pub(crate) fn new(cloud: &'c mut Cloud, id: AccountId) -> Self {
        Self { cloud, id }
    }

    /// The account's id.
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// `CreateAccountAlias`: an account has one alias, and it is unique (SIG-02).
    pub fn alias(&mut self, alias: &str) -> Result<&mut Self> {
        self.cloud.world.set_alias(self.id, alias)?;
        Ok(self)
    }

    /// Raises or lowers a quota, as AWS does on request (QUO-34).
    ///
    /// ```
    /// use iamsim::{Cloud, Quota};
    ///
    /// let mut cloud = Cloud::new();
    /// let mut account = cloud.account("111122223333")?;
    /// account.quota(Quota::UsersPerAccount, 1)?.add_user("alice")?;
    /// let refused = account.add_user("bob").unwrap_err();
    /// assert_eq!(refused.code(), "LimitExceeded");
    /// assert_eq!(refused.message(), "Cannot exceed quota for UsersPerAccount: 1");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn quota(&mut self, quota: Quota, limit: u32) -> Result<&mut Self> {
        self.cloud.world.set_quota(self.id, quota, limit)?;
        Ok(self)
    }

    /// Switches all quotas off.
    pub fn without_quotas(&mut self) -> Result<&mut Self> {
        self.cloud.world.switch_quotas_off(self.id)?;
        Ok(self)
    }

    /// `CreateUser`.
    pub fn add_user(&mut self, name: &str) -> Result<IdentityMut<'_, User>> {
        let id = UserId::new(self.cloud.mint.unique_id(UserId::PREFIX, self.id, last(name)));
        self.cloud.world.add_user(self.id, name, id.clone(), self.cloud.clock.now())?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::User(id)))
    }

    /// `CreateGroup`.
    pub fn add_group(&mut self, name: &str) -> Result<IdentityMut<'_, Group>> {
        let id = GroupId::new(self.cloud.mint.unique_id(GroupId::PREFIX, self.id, last(name)));
        self.cloud.world.add_group(self.id, name, id.clone(), self.cloud.clock.now())?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::Group(id)))
    }

    /// `CreateRole`, with its trust policy. [`trust`](crate::trust) writes the ones the console writes.
    pub fn add_role(
        &mut self,
        name: &str,
        trust: impl Into<PolicyDocument>,
    ) -> Result<IdentityMut<'_, Role>> {
        let id = RoleId::new(self.cloud.mint.unique_id(RoleId::PREFIX, self.id, last(name)));
        let now = self.cloud.clock.now();
        self.cloud.world.add_role(self.id, name, &trust.into(), id.clone(), now)?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::Role(id)))
    }

    /// `CreateServiceLinkedRole`: a role that only the service can assume and only AWS can change (IAM-85).
    /// Which managed policy AWS attaches to it is not known, so it may do nothing until
    /// [`add_service_linked_role_with`](Self::add_service_linked_role_with) says.
    pub fn add_service_linked_role(&mut self, service: &str) -> Result<IdentityMut<'_, Role>> {
        let name = service_role_name(service);
        let id = RoleId::new(self.cloud.mint.unique_id(RoleId::PREFIX, self.id, &name));
        let now = self.cloud.clock.now();
        self.cloud.world.add_service_linked_role(self.id, service, &name, id.clone(), now)?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::Role(id)))
    }

    /// `CreateServiceLinkedRole`, with the managed policy that AWS attaches to it.
    ///
    /// ```
    /// let mut cloud = iamsim::Cloud::new();
    /// let session = cloud.account("111122223333")?
    ///     .add_service_linked_role_with(
    ///         "autoscaling.amazonaws.com",
    ///         "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy",
    ///     )?
    ///     .session("autoscaling")?;
    /// cloud.assert_allows(&session, "ec2:DescribeInstances", "*");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn add_service_linked_role_with(
        &mut self,
        service: &str,
        policy_arn: &str,
    ) -> Result<IdentityMut<'_, Role>> {
        let mut after = self.cloud.clone();
        let role = AccountMut::new(&mut after, self.id).add_service_linked_role(service)?.unique_id();
        after.world.attach_service_policy(self.id, &RoleId::new(role.as_str()), policy_arn)?;
        // Both or nothing: a refused policy leaves no role behind.
        (self.cloud.world, self.cloud.mint) = (after.world, after.mint);
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::Role(RoleId::new(role.as_str()))))
    }

    /// `CreatePolicy`: a customer managed policy.
    pub fn add_policy(&mut self, name: &str, document: impl Into<PolicyDocument>) -> Result<PolicyMut<'_>> {
        let id = PolicyId::new(self.cloud.mint.unique_id(PolicyId::PREFIX, self.id, last(name)));
        let now = self.cloud.clock.now();
        let arn = self.cloud.world.add_policy(self.id, name, &document.into(), id, now)?;
        Ok(PolicyMut::new(self.cloud, self.id, arn))
    }

    /// Adds a resource of this account. An ARN without account, such as a bucket's, is this account's from now
    /// on. A KMS key gets the policy that the API gives it (PE-KMS-08).
    pub fn add_resource(&mut self, arn: &str) -> Result<ResourceMut<'_>> {
        self.cloud.world.add_resource(self.id, arn)?;
        Ok(ResourceMut::new(self.cloud, self.id, arn))
    }

    /// `CreateOpenIDConnectProvider`; the answer is the ARN.
    pub fn add_oidc_provider(&mut self, url: &str, client_ids: &[&str]) -> Result<String> {
        Ok(self.cloud.world.add_oidc_provider(self.id, url, client_ids)?)
    }

    /// `DeleteOpenIDConnectProvider`.
    pub fn delete_oidc_provider(&mut self, arn: &str) -> Result {
        Ok(self.cloud.world.delete_oidc_provider(self.id, arn)?)
    }

    /// `CreateSAMLProvider`; the answer is the ARN.
    pub fn add_saml_provider(&mut self, name: &str) -> Result<String> {
        Ok(self.cloud.world.add_saml_provider(self.id, name)?)
    }

    /// `DeleteSAMLProvider`.
    pub fn delete_saml_provider(&mut self, arn: &str) -> Result {
        Ok(self.cloud.world.delete_saml_provider(self.id, arn)?)
    }

    /// `CreateInstanceProfile`.
    pub fn add_instance_profile(&mut self, name: &str) -> Result<InstanceProfileMut<'_>> {
        let id = ProfileId::new(self.cloud.mint.unique_id(ProfileId::PREFIX, self.id, last(name)));
        self.cloud.world.add_instance_profile(self.id, name, id)?;
        Ok(InstanceProfileMut::new(self.cloud, self.id, last(name)))
    }

    /// Adds a VPC endpoint, `vpce-…` of `vpc-…`, with the policy that allows everything (PE-VPCE-01).
    pub fn add_vpc_endpoint(&mut self, id: &str, vpc: &str) -> Result<VpcEndpointMut<'_>> {
        self.cloud.world.add_vpc_endpoint(self.id, id, vpc)?;
        Ok(VpcEndpointMut::new(self.cloud, self.id, id))
    }

    /// A user that exists, by name.
    pub fn user(&mut self, name: &str) -> Result<IdentityMut<'_, User>> {
        let id = self.cloud.world.user_id(self.id, name)?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::User(id)))
    }

    /// A group that exists, by name.
    pub fn group(&mut self, name: &str) -> Result<IdentityMut<'_, Group>> {
        let id = self.cloud.world.group_id(self.id, name)?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::Group(id)))
    }

    /// A role that exists, by name.
    pub fn role(&mut self, name: &str) -> Result<IdentityMut<'_, Role>> {
        let id = self.cloud.world.role_id(self.id, name)?;
        Ok(IdentityMut::of(self.cloud, self.id, IdentityId::Role(id)))
    }

    /// A customer managed policy that exists, by name or ARN.
    pub fn policy(&mut self, name_or_arn: &str) -> Result<PolicyMut<'_>> {
        let arn = self.cloud.world.policy_arn(self.id, name_or_arn)?;
        Ok(PolicyMut::new(self.cloud, self.id, arn))
    }

    /// A resource that exists, by ARN.
    pub fn resource(&mut self, arn: &str) -> Result<ResourceMut<'_>> {
        self.cloud.world.resource_policy_text(self.id, arn)?;
        Ok(ResourceMut::new(self.cloud, self.id, arn))
    }

    /// An instance profile that exists, by name.
    pub fn instance_profile(&mut self, name: &str) -> Result<InstanceProfileMut<'_>> {
        self.cloud.world.profile_arn(self.id, name)?;
        Ok(InstanceProfileMut::new(self.cloud, self.id, name))
    }

    /// Gives the account's root user a virtual MFA device (QUO-10), `arn:aws:iam::ACCOUNT:mfa/NAME`;
    /// [`Cloud::mfa_code`] is what it shows.
    ///
    /// ```
    /// let mut cloud = iamsim::Cloud::new();
    /// let mut account = cloud.account("111122223333")?;
    /// let root = account.root_mfa_device("root-phone")?.root();
    /// let phone = "arn:aws:iam::111122223333:mfa/root-phone";
    /// let code = cloud.mfa_code(phone)?;
    /// let session = cloud.console().sign_in_with_mfa(&root, phone, &code)?;
    /// cloud.assert_allows(session.caller(), "s3:ListAllMyBuckets", "*");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn root_mfa_device(&mut self, name: &str) -> Result<&mut Self> {
        let secret = MfaSecret::Totp(self.cloud.mint.bytes(&format!("{}/root/{name}", self.id)).into());
        self.cloud.world.add_mfa_device(self.id, None, name, secret)?;
        Ok(self)
    }

    /// Takes the root user's MFA device away, by its serial number.
    pub fn delete_root_mfa_device(&mut self, serial: &str) -> Result<&mut Self> {
        let (_, account, user) = self.cloud.world.mfa_device(serial)?;
        if account != self.id || user.is_some() {
            return Err(Error::new(
                ErrorCode::NoSuchEntity,
                format!("MFA Device with serial number {serial} does not exist."),
            )
            .with_reason("it is not a device of the account's root user"));
        }
        self.cloud.world.delete_mfa_device(self.id, serial)?;
        Ok(self)
    }

    /// The account's root user.
    pub fn root(&self) -> Caller {
        self.cloud.world.root(self.id)
    }
}

/// The name behind a path.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `AWSServiceRoleFor…`: AWS picks the ending for each service; here it is the service's first word.
fn service_role_name(service: &str) -> String {
    let word = service.split('.').next().unwrap_or_default();
    let mut letters = word.chars().filter(char::is_ascii_alphanumeric);
    let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
    format!("AWSServiceRoleFor{}", first.chain(letters).collect::<String>())
}
