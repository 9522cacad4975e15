//! Hanging policies, boundaries and tags on users, groups and roles (IAM-30 to IAM-40, VAL-50 to VAL-57).

use std::sync::Arc;

use iamsim_policy::{AccountId, Arn, PolicyKind};

use crate::document::PolicyDocument;
use crate::error::{ErrorCode, ModelError};
use crate::id::RoleId;
use crate::identity::IdentityId;
use crate::lookup::not_taggable;
use crate::name::{POLICY_NAME, check_length, check_name};
use crate::quota::Quota;
use crate::tag::{TagCase, Tags, check_tag};
use crate::world::World;

impl World {
    /// `Put{User,Group,Role}Policy`: creates or replaces an inline policy.
    pub fn put_inline_policy(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        name: &str,
        document: &PolicyDocument,
    ) -> Result<(), ModelError> {
        check_name(POLICY_NAME, name)?;
        self.changeable(account, identity)?;
        let document = self.documents.write(PolicyKind::Identity, name, document)?;
        let quota = match identity {
            IdentityId::User(_) => Quota::InlineSizePerUser,
            IdentityId::Group(_) => Quota::InlineSizePerGroup,
            IdentityId::Role(_) => Quota::InlineSizePerRole,
        };
        let own = self.identity(account, identity)?;
        let others = own.inline.iter().filter(|(other, _)| &***other != name);
        let size = others.map(|(_, other)| other.counted_size()).sum::<usize>() + document.counted_size();
        if let Some(limit) = self.account_ref(account)?.quotas.exceeded(quota, size) {
            // QUO-31: a replacement counts with its new size only.
            let (kind, name) = (identity.kind(), &own.name);
            return Err(ModelError::new(
                ErrorCode::LimitExceeded,
                format!("Maximum policy size of {limit} bytes exceeded for {kind} {name}"),
            ));
        }
        self.identity_mut(account, identity)?.inline.insert(name.into(), document);
        Ok(())
    }

    /// `Delete{User,Group,Role}Policy` (ERR-03).
    pub fn delete_inline_policy(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        name: &str,
    ) -> Result<(), ModelError> {
        self.changeable(account, identity)?;
        match self.identity_mut(account, identity)?.inline.remove(name) {
            Some(_) => Ok(()),
            None => Err(ModelError::no_such_inline(identity.kind(), name)),
        }
    }

    /// The text of an inline policy.
    pub fn inline_policy_text(
        &self,
        account: AccountId,
        identity: &IdentityId,
        name: &str,
    ) -> Result<&str, ModelError> {
        let document = self.identity(account, identity)?.inline.get(name);
        document
            .map(super::document::Document::text)
            .ok_or_else(|| ModelError::no_such_inline(identity.kind(), name))
    }

    /// `Attach{User,Group,Role}Policy`: twice is once (IAM-12).
    pub fn attach_policy(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        arn: &str,
    ) -> Result<(), ModelError> {
        check_policy_arn(arn)?;
        self.changeable(account, identity)?;
        if is_service_policy(arn) {
            // ERR-27; the words for users and groups are not recorded.
            return Err(ModelError::new(
                ErrorCode::PolicyNotAttachable,
                format!(
                    "Cannot attach a Service Role Policy to a Customer {}.",
                    capitalized(identity.kind())
                ),
            ));
        }
        self.open_aws_policy(arn)?;
        if self.state().managed_policy(account, arn).is_none() {
            return Err(ModelError::policy_not_attachable(arn));
        }
        let quota = match identity {
            IdentityId::User(_) => Quota::PoliciesPerUser,
            IdentityId::Group(_) => Quota::PoliciesPerGroup,
            IdentityId::Role(_) => Quota::PoliciesPerRole,
        };
        let own = self.identity(account, identity)?;
        if own.attached.contains(arn) {
            return Ok(());
        }
        if let Some(limit) = self.account_ref(account)?.quotas.exceeded(quota, own.attached.len() + 1) {
            return Err(ModelError::quota(quota, limit));
        }
        self.identity_mut(account, identity)?.attached.insert(arn.into());
        Ok(())
    }

    /// Gives a service-linked role the managed policy that AWS made for it, `…:policy/aws-service-role/…`
    /// (IAM-85). Nobody but AWS does this, and to no other role.
    pub fn attach_service_policy(
        &mut self,
        account: AccountId,
        role: &RoleId,
        arn: &str,
    ) -> Result<(), ModelError> {
        check_policy_arn(arn)?;
        if !is_service_policy(arn) || self.unprotected(account, role).is_ok() {
            return Err(ModelError::invalid(format!(
                "{arn} is not AWS's policy for a service-linked role, or the role is none: such a policy is \
                 arn:aws:iam::aws:policy/aws-service-role/…"
            )));
        }
        self.open_aws_policy(arn)?;
        self.role_mut(account, role)?.identity.attached.insert(arn.into());
        Ok(())
    }

    /// `Detach{User,Group,Role}Policy`: what is not attached can't be detached (IAM-13).
    pub fn detach_policy(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        arn: &str,
    ) -> Result<(), ModelError> {
        check_policy_arn(arn)?;
        self.changeable(account, identity)?;
        if self.identity_mut(account, identity)?.attached.remove(arn) {
            Ok(())
        } else {
            Err(ModelError::policy_not_found(arn))
        }
    }

    /// `Put{User,Role}PermissionsBoundary` (VAL-44, ERR-07).
    pub fn set_boundary(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        arn: &str,
    ) -> Result<(), ModelError> {
        check_length("permissionsBoundary", arn, 20, 2048)?;
        let parsed: Arn = arn.parse().map_err(|_| ModelError::arn_not_valid(arn))?;
        if parsed.service() != "iam" || !parsed.resource().starts_with("policy/") {
            return Err(ModelError::new(ErrorCode::InvalidInput, format!("ARN {arn} is not valid.")));
        }
        self.changeable(account, identity)?;
        if let Err(error) = self.open_aws_policy(arn) {
            let reason = error.reason().unwrap_or_default();
            return Err(ModelError::scope_not_attachable(arn).with_reason(reason));
        }
        if self.state().managed_policy(account, arn).is_none() {
            return Err(ModelError::scope_not_attachable(arn));
        }
        *self.boundary_mut(account, identity)? = Some(arn.into());
        Ok(())
    }

    /// `Delete{User,Role}PermissionsBoundary`; none is no error (IAM-13, inferred).
    pub fn clear_boundary(&mut self, account: AccountId, identity: &IdentityId) -> Result<(), ModelError> {
        self.changeable(account, identity)?;
        *self.boundary_mut(account, identity)? = None;
        Ok(())
    }

    fn boundary_mut(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
    ) -> Result<&mut Option<Arc<str>>, ModelError> {
        Ok(match identity {
            IdentityId::User(id) => &mut self.user_mut(account, id)?.boundary,
            IdentityId::Role(id) => &mut self.role_mut(account, id)?.boundary,
            IdentityId::Group(id) => {
                return Err(ModelError::invalid(format!("{id} is a group, and a group has no boundary.")));
            }
        })
    }

    /// `TagUser` or `TagRole`: all of one call, so that duplicates are seen (VAL-53).
    pub fn tag_identity(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        tags: &[(&str, &str)],
    ) -> Result<(), ModelError> {
        check_tags(tags, TagCase::Insensitive)?;
        self.changeable(account, identity)?;
        let quota = self.account_ref(account)?.quotas.limit(Quota::TagsPerEntity);
        let own = match identity {
            IdentityId::User(id) => &mut self.user_mut(account, id)?.tags,
            IdentityId::Role(id) => &mut self.role_mut(account, id)?.tags,
            IdentityId::Group(id) => return Err(not_taggable(id.as_str())),
        };
        set_tags(own, TagCase::Insensitive, tags, quota)
    }

    /// `UntagUser` or `UntagRole`; an absent key is no error (VAL-56).
    pub fn untag_identity(
        &mut self,
        account: AccountId,
        identity: &IdentityId,
        keys: &[&str],
    ) -> Result<(), ModelError> {
        check_tag_count("tagKeys", keys.len())?;
        self.changeable(account, identity)?;
        let own = match identity {
            IdentityId::User(id) => &mut self.user_mut(account, id)?.tags,
            IdentityId::Role(id) => &mut self.role_mut(account, id)?.tags,
            IdentityId::Group(id) => return Err(not_taggable(id.as_str())),
        };
        for key in keys {
            own.remove(TagCase::Insensitive, key);
        }
        Ok(())
    }

    /// Whether customers may change it at all (ERR-19).
    fn changeable(&self, account: AccountId, identity: &IdentityId) -> Result<(), ModelError> {
        match identity {
            IdentityId::Role(role) => self.unprotected(account, role),
            IdentityId::User(_) | IdentityId::Group(_) => self.identity(account, identity).map(|_| ()),
        }
    }
}

/// Whether a managed policy is AWS's own for a service-linked role.
fn is_service_policy(arn: &str) -> bool {
    arn.contains(":iam::aws:policy/aws-service-role/")
}

/// `Role` for `role`.
fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The shape of the ARN of a managed policy (VAL-23, VAL-43).
fn check_policy_arn(arn: &str) -> Result<(), ModelError> {
    check_length("policyArn", arn, 20, 2048)?;
    match arn.parse::<Arn>() {
        Ok(_) => Ok(()),
        Err(_) => Err(ModelError::arn_not_valid(arn)),
    }
}

/// VAL-54.
pub(crate) fn check_tag_count(param: &str, count: usize) -> Result<(), ModelError> {
    if count <= 50 {
        return Ok(());
    }
    Err(ModelError::constraints(&[format!(
        "Value at '{param}' failed to satisfy constraint: Member must have length less than or equal to 50"
    )]))
}

/// The shape of all tags of one call, and that no key occurs twice (VAL-50, VAL-53, VAL-54).
pub(crate) fn check_tags(tags: &[(&str, &str)], case: TagCase) -> Result<(), ModelError> {
    check_tag_count("tags", tags.len())?;
    let mut seen = Tags::new();
    for (index, (key, value)) in tags.iter().enumerate() {
        check_tag(index + 1, key, value)?;
        seen.set(case, key, value);
    }
    if seen.len() == tags.len() {
        return Ok(());
    }
    Err(ModelError::new(
        ErrorCode::InvalidInput,
        match case {
            TagCase::Insensitive => {
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            }
            TagCase::Sensitive => "Duplicate tag keys found.",
        },
    ))
}

/// Sets tags if all of them fit (VAL-55).
pub(crate) fn set_tags(
    own: &mut Tags,
    case: TagCase,
    tags: &[(&str, &str)],
    quota: u32,
) -> Result<(), ModelError> {
    let mut changed = own.clone();
    for (key, value) in tags {
        changed.set(case, key, value);
    }
    if changed.len() > usize::try_from(quota).unwrap_or(usize::MAX) {
        return Err(ModelError::new(
            ErrorCode::LimitExceeded,
            "The number of tags has reached the maximum limit.",
        ));
    }
    *own = changed;
    Ok(())
}
