//! Users, groups and roles, for editing.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use iamsim_model::{
    Caller, ErrorCode, IdentityId, MfaSecret, PolicyDocument, PolicyId, RoleId, SessionPrincipal, UserId,
};
use iamsim_policy::{AccountId, Arn};

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::keyring::Key;
use crate::sts::check_session_name;

/// A user: [`IdentityMut`]`<User>`.
#[derive(Debug)]
#[non_exhaustive]
pub struct User;

/// A group: [`IdentityMut`]`<Group>`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Group;

/// A role: [`IdentityMut`]`<Role>`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Role;

/// A user, group or role, for editing. Edits are chained; each is refused as AWS refuses it.
///
/// ```
/// use iamsim::{Cloud, TimeDelta, trust};
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let deployer = account.add_role("ci/deployer", trust::service("codebuild.amazonaws.com"))?
///     .attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?
///     .tag("team", "payments")?
///     .max_session_duration(TimeDelta::hours(4))?
///     .arn();
/// assert_eq!(deployer.to_string(), "arn:aws:iam::111122223333:role/ci/deployer");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Debug)]
pub struct IdentityMut<'c, K> {
    cloud: &'c mut Cloud,
    account: AccountId,
    id: IdentityId,
    kind: PhantomData<K>,
}

impl<'c, K> IdentityMut<'c, K> {
    pub(crate) fn of(cloud: &'c mut Cloud, account: AccountId, id: IdentityId) -> Self {
        Self { cloud, account, id, kind: PhantomData }
    }

    /// The name, without path.
    pub fn name(&self) -> String {
        self.cloud
            .world
            .identity_name(self.account, &self.id)
            .map(|name| name.to_string())
            .unwrap_or_default()
    }

    /// The ARN as text.
    pub fn arn_text(&self) -> String {
        self.cloud.world.identity_arn(self.account, &self.id).unwrap_or_default()
    }

    /// The unique id: `AIDA…`, `AGPA…`, `AROA…`.
    pub fn unique_id(&self) -> String {
        self.id.as_str().to_owned()
    }

    /// `Put{User,Group,Role}Policy`: an inline policy.
    pub fn attach(self, name: &str, policy: impl Into<PolicyDocument>) -> Result<Self> {
        self.cloud.world.put_inline_policy(self.account, &self.id, name, &policy.into())?;
        Ok(self)
    }

    /// `Delete{User,Group,Role}Policy`: removes an inline policy.
    pub fn detach(self, name: &str) -> Result<Self> {
        self.cloud.world.delete_inline_policy(self.account, &self.id, name)?;
        Ok(self)
    }

    /// `Attach{User,Group,Role}Policy`: a managed policy, by ARN.
    pub fn attach_policy(self, arn: &str) -> Result<Self> {
        self.cloud.world.attach_policy(self.account, &self.id, arn)?;
        Ok(self)
    }

    /// `Detach{User,Group,Role}Policy`.
    pub fn detach_policy(self, arn: &str) -> Result<Self> {
        self.cloud.world.detach_policy(self.account, &self.id, arn)?;
        Ok(self)
    }

    /// The names of the inline policies.
    pub fn inline_policies(&self) -> Vec<String> {
        let names = self.cloud.world.inline_policies(self.account, &self.id).unwrap_or_default();
        names.into_iter().map(Into::into).collect()
    }

    /// The ARNs of the attached managed policies.
    pub fn attached_policies(&self) -> Vec<String> {
        let arns = self.cloud.world.attached_policies(self.account, &self.id).unwrap_or_default();
        arns.into_iter().map(Into::into).collect()
    }

    /// `DeleteUser`, `DeleteGroup`, `DeleteRole`: refused while something hangs on it (ERR-15, ERR-16). Trust
    /// policies that name it keep its dead id (TRU-31).
    pub fn delete(self) -> Result {
        Ok(self.cloud.world.delete_identity(self.account, &self.id)?)
    }

    fn set_tags(self, tags: &[(&str, &str)]) -> Result<Self> {
        self.cloud.world.tag_identity(self.account, &self.id, tags)?;
        Ok(self)
    }

    fn remove_tags(self, keys: &[&str]) -> Result<Self> {
        self.cloud.world.untag_identity(self.account, &self.id, keys)?;
        Ok(self)
    }

    fn bound_by(self, document: &PolicyDocument) -> Result<Self> {
        let name = format!("{}-boundary", self.name());
        let (account, cloud) = (self.account, self.cloud);
        if let Ok(before) = cloud.world.policy_arn(account, &name) {
            cloud.world.clear_boundary(account, &self.id)?;
            cloud.world.delete_policy(account, &before)?;
        }
        let id = PolicyId::new(cloud.mint.unique_id(PolicyId::PREFIX, account, &name));
        let arn = cloud.world.add_policy(account, &name, document, id, cloud.clock.now())?;
        cloud.world.set_boundary(account, &self.id, &arn)?;
        Ok(Self::of(cloud, account, self.id))
    }

    fn set_boundary(self, arn: &str) -> Result<Self> {
        self.cloud.world.set_boundary(self.account, &self.id, arn)?;
        Ok(self)
    }

    fn clear_boundary(self) -> Result<Self> {
        self.cloud.world.clear_boundary(self.account, &self.id)?;
        Ok(self)
    }

    fn renamed(self, name: Option<&str>, path: Option<&str>) -> Result<Self> {
        self.cloud.world.rename(self.account, &self.id, name, path)?;
        Ok(self)
    }
}

/// What users and roles have, and groups have not.
macro_rules! tagged_and_bounded {
    ($kind:ident, $tag:literal, $untag:literal, $put:literal, $delete:literal) => {
        impl IdentityMut<'_, $kind> {
            #[doc = $tag]
            pub fn tag(self, key: &str, value: &str) -> Result<Self> {
                self.set_tags(&[(key, value)])
            }

            #[doc = $tag]
            /// Several at once.
            pub fn tags(self, tags: &[(&str, &str)]) -> Result<Self> {
                self.set_tags(tags)
            }

            #[doc = $untag]
            pub fn untag(self, key: &str) -> Result<Self> {
                self.remove_tags(&[key])
            }

            #[doc = $untag]
            /// Several at once.
            pub fn untag_all(self, keys: &[&str]) -> Result<Self> {
                self.remove_tags(keys)
            }

            #[doc = $put]
            /// A managed policy named `{name}-boundary` is made for it.
            pub fn boundary(self, policy: impl Into<PolicyDocument>) -> Result<Self> {
                self.bound_by(&policy.into())
            }

            #[doc = $put]
            /// The managed policy with this ARN.
            pub fn boundary_policy(self, arn: &str) -> Result<Self> {
                self.set_boundary(arn)
            }

            #[doc = $delete]
            pub fn without_boundary(self) -> Result<Self> {
                self.clear_boundary()
            }
        }
    };
}

tagged_and_bounded!(
    User,
    "`TagUser`: the case of keys does not count (VAL-52).",
    "`UntagUser`; an absent key is no error (VAL-56).",
    "`PutUserPermissionsBoundary`.",
    "`DeleteUserPermissionsBoundary`."
);
tagged_and_bounded!(
    Role,
    "`TagRole`: the case of keys does not count (VAL-52).",
    "`UntagRole`; an absent key is no error (VAL-56).",
    "`PutRolePermissionsBoundary`.",
    "`DeleteRolePermissionsBoundary`."
);

impl IdentityMut<'_, User> {
    /// The user as a caller, with long-term credentials.
    pub fn caller(&self) -> Caller {
        Caller::user(self.account, self.user_id(), &self.arn_text())
    }

    /// `UpdateUser`: another path. The id stays, and so does the trust others put in it (TRU-31).
    pub fn path(self, path: &str) -> Result<Self> {
        self.renamed(None, Some(path))
    }

    /// `UpdateUser`: another name. The id stays, and so does the trust others put in it (TRU-31).
    pub fn rename(self, name: &str) -> Result<Self> {
        self.renamed(Some(name), None)
    }

    /// `AddUserToGroup`.
    pub fn join(self, group: &str) -> Result<Self> {
        self.cloud.world.join_group(self.account, &self.user_id(), group)?;
        Ok(self)
    }

    /// `RemoveUserFromGroup`; a user that is not in the group is no error (IAM-12).
    pub fn leave(self, group: &str) -> Result<Self> {
        self.cloud.world.leave_group(self.account, &self.user_id(), group)?;
        Ok(self)
    }

    /// `CreateLoginProfile`: a password for the console. It has to go before the user can (ERR-16).
    pub fn login_profile(self) -> Result<Self> {
        self.cloud.world.set_login_profile(self.account, &self.user_id(), true)?;
        Ok(self)
    }

    /// `DeleteLoginProfile`.
    pub fn without_login_profile(self) -> Result<Self> {
        self.cloud.world.set_login_profile(self.account, &self.user_id(), false)?;
        Ok(self)
    }

    /// Gives the user a virtual MFA device, whose serial number is `arn:aws:iam::ACCOUNT:mfa/NAME`;
    /// [`Cloud::mfa_code`] is what it shows. A code can be used once (STS-31).
    pub fn mfa_device(self, name: &str) -> Result<Self> {
        let secret = self.cloud.mint.bytes(&format!("{}/{name}", self.account));
        self.add_mfa(name, MfaSecret::Totp(secret.into()))
    }

    /// Gives the user an MFA device that always shows this code, which may be used again and again.
    pub fn mfa_device_with_code(self, name: &str, code: &str) -> Result<Self> {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::new(
                ErrorCode::ValidationError,
                format!("`{code}` is no code: a code has six digits"),
            ));
        }
        self.add_mfa(name, MfaSecret::Fixed(code.into()))
    }

    /// Gives the user a hardware MFA device, by the serial number on it, such as `GAHT12345678` (ID-11);
    /// [`Cloud::mfa_code`] is what it shows. A code can be used once (STS-31).
    ///
    /// ```
    /// use iamsim::{Cloud, GetSessionToken};
    ///
    /// let mut cloud = Cloud::new();
    /// let dev = cloud.account("111122223333")?.add_user("dev")?.hardware_mfa_device("GAHT12345678")?.caller();
    /// let code = cloud.mfa_code("GAHT12345678")?;
    /// cloud.sts().get_session_token(&dev, GetSessionToken::new().mfa("GAHT12345678", &code))?;
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn hardware_mfa_device(self, serial: &str) -> Result<Self> {
        let secret = MfaSecret::Totp(self.cloud.mint.bytes(serial).into());
        self.cloud.world.add_hardware_mfa_device(self.account, Some(&self.user_id()), serial, secret)?;
        Ok(self)
    }

    fn add_mfa(self, name: &str, secret: MfaSecret) -> Result<Self> {
        self.cloud.world.add_mfa_device(self.account, Some(&self.user_id()), name, secret)?;
        Ok(self)
    }

    /// Takes an MFA device away, by its serial number.
    pub fn delete_mfa_device(self, serial: &str) -> Result<Self> {
        self.cloud.world.delete_mfa_device(self.account, serial)?;
        Ok(self)
    }

    /// The serial numbers of the user's MFA devices.
    pub fn mfa_serials(&self) -> Vec<String> {
        self.cloud.world.mfa_serials(self.account, Some(&self.user_id()))
    }

    /// `CreateAccessKey`.
    pub fn access_key(&mut self) -> Result<AccessKey> {
        let (account, user) = (self.account, self.user_id());
        let key = self.cloud.mint.access_key_id("AKIA", account, user.as_str());
        let secret = self.cloud.mint.secret(&key);
        let now = self.cloud.clock.now();
        self.cloud.world.add_access_key(account, &user, &key, now)?;
        let caller = self.caller().with_access_key(&key);
        let kept = Key { secret: secret.as_str().into(), token: None, caller: caller.clone() };
        Arc::make_mut(&mut self.cloud.keyring).insert(key.as_str().into(), kept);
        Ok(AccessKey { id: key, secret, caller })
    }

    /// The ids of the user's access keys, inactive ones included.
    pub fn access_keys(&self) -> Vec<String> {
        let keys = self.cloud.world.access_keys(self.account, &self.user_id());
        keys.into_iter().map(|(id, ..)| id).collect()
    }

    /// `UpdateAccessKey`: makes a key inactive.
    pub fn deactivate_access_key(self, key_id: &str) -> Result<Self> {
        self.cloud.world.set_access_key_active(self.account, key_id, false)?;
        Ok(self)
    }

    /// `UpdateAccessKey`: makes a key active again.
    pub fn activate_access_key(self, key_id: &str) -> Result<Self> {
        self.cloud.world.set_access_key_active(self.account, key_id, true)?;
        Ok(self)
    }

    /// `DeleteAccessKey`.
    pub fn delete_access_key(self, key_id: &str) -> Result<Self> {
        self.cloud.world.delete_access_key(self.account, key_id)?;
        Ok(self)
    }

    fn user_id(&self) -> UserId {
        UserId::new(self.id.as_str())
    }
}

/// An access key of a user; its secret is shown once, and is visibly fake.
#[derive(Clone, Debug)]
pub struct AccessKey {
    id: String,
    secret: String,
    caller: Caller,
}

impl AccessKey {
    /// `AKIA…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Forty characters.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The user, signing with this key: an inactive or deleted key is refused (ERR-24).
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl IdentityMut<'_, Group> {
    /// `UpdateGroup`: another path.
    pub fn path(self, path: &str) -> Result<Self> {
        self.renamed(None, Some(path))
    }

    /// `UpdateGroup`: another name.
    pub fn rename(self, name: &str) -> Result<Self> {
        self.renamed(Some(name), None)
    }
}

impl IdentityMut<'_, Role> {
    /// The role's ARN. A role does not call: it is assumed, and its session calls.
    pub fn arn(&self) -> RoleArn {
        RoleArn(self.arn_text().into())
    }

    /// A session of the role that nobody had to assume, one hour long, without tags.
    pub fn session(&self, name: &str) -> Result<Caller> {
        let role = SessionOf {
            partition: self.cloud.world.partition(),
            account: self.account,
            id: self.role_id(),
            name: &self.name(),
        };
        role.session(name, self.cloud.clock.now())
    }

    /// `UpdateRole`: the longest session that may be asked for, one to twelve hours.
    pub fn max_session_duration(self, duration: TimeDelta) -> Result<Self> {
        self.cloud.world.set_max_session(self.account, &self.role_id(), duration)?;
        Ok(self)
    }

    /// `UpdateRole`: the description.
    pub fn description(self, text: &str) -> Result<Self> {
        self.cloud.world.set_description(self.account, &self.role_id(), text)?;
        Ok(self)
    }

    /// The description; none when it has none.
    pub fn description_text(&self) -> Option<String> {
        let text = self.cloud.world.description(self.account, &self.role_id()).unwrap_or_default();
        text.map(Into::into)
    }

    /// The longest session that may be asked for.
    pub fn max_session(&self) -> TimeDelta {
        self.cloud.world.max_session(self.account, &self.role_id()).unwrap_or_default()
    }

    /// `UpdateAssumeRolePolicy`: another trust policy.
    pub fn trust(self, document: impl Into<PolicyDocument>) -> Result<Self> {
        self.cloud.world.set_trust(self.account, &self.role_id(), &document.into())?;
        Ok(self)
    }

    /// When a session of the role last called STS; questions that are only asked do not count (IAM-29).
    pub fn last_used(&self) -> Option<DateTime<Utc>> {
        self.cloud.world.role_last_used(self.account, &self.role_id()).unwrap_or_default()
    }

    /// The trust policy's text as `GetRole` shows it: with dead ids where deleted principals were named
    /// (TRU-31).
    pub fn trust_text(&self) -> String {
        self.cloud.world.trust_text(self.account, &self.role_id()).unwrap_or_default().to_owned()
    }

    fn role_id(&self) -> RoleId {
        RoleId::new(self.id.as_str())
    }
}

/// A role of which a session is wanted that nobody had to open.
pub(crate) struct SessionOf<'r> {
    pub(crate) partition: &'r str,
    pub(crate) account: AccountId,
    pub(crate) id: RoleId,
    pub(crate) name: &'r str,
}

impl SessionOf<'_> {
    pub(crate) fn session(self, name: &str, now: DateTime<Utc>) -> Result<Caller> {
        check_session_name(name)?;
        let principal = SessionPrincipal::Role {
            account: self.account,
            role: self.id,
            role_name: self.name.into(),
            name: name.into(),
        };
        let session = iamsim_model::Session::new(principal, now, now + TimeDelta::hours(1));
        let Self { partition, account, name: role, .. } = self;
        let arn = format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}"); // ID-16
        Ok(Caller::session(Arc::new(session), &arn))
    }
}

/// The ARN of a role. It is not a [`Caller`]: a role is assumed first.
///
/// ```
/// use iamsim::RoleArn;
///
/// let role: RoleArn = "arn:aws:iam::111122223333:role/ci/deployer".parse()?;
/// assert_eq!(role.to_string(), "arn:aws:iam::111122223333:role/ci/deployer");
/// assert!("arn:aws:iam::111122223333:user/dev".parse::<RoleArn>().is_err());
/// # Ok::<(), iamsim::Error>(())
/// ```
///
/// A role can't be used where a caller is asked for:
///
/// ```compile_fail
/// let mut cloud = iamsim::Cloud::new();
/// let role = cloud.account("111122223333").unwrap()
///     .add_role("deployer", iamsim::trust::service("lambda.amazonaws.com")).unwrap().arn();
/// cloud.assert_allows(&role, "s3:ListAllMyBuckets", "*");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn(Box<str>);

impl RoleArn {
    /// Any text, for AWS to judge (STS-20).
    pub fn new_unchecked(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleArn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let arn: Arn = text.parse()?;
        if arn.service() == "iam" && arn.resource().starts_with("role/") {
            return Ok(Self(text.into()));
        }
        Err(Error::new(
            ErrorCode::ValidationError,
            format!("`{text}` is not the ARN of a role: it is written `arn:aws:iam::111122223333:role/name`"),
        ))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
