//! Resources with an owner, tags and a policy: buckets, functions, keys, queues, any ARN.

use std::sync::Arc;

use iamsim_policy::{AccountId, Arn, PolicyKind, PrincipalPattern, ResourceService, WriteChecks};

use crate::document::{Document, PolicyDocument};
use crate::error::{ErrorCode, ModelError};
use crate::principal;
use crate::tag::{TagCase, Tags, check_tag};
use crate::world::{State, World};

/// A resource as the world stores it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredResource {
    pub(crate) policy: Option<Document>,
    pub(crate) tags: Tags,
    pub(crate) grants: Vec<Grant>,
    pub(crate) restrict_public_buckets: bool,
    /// Whether a bucket's tags are condition keys (PE-S3-05).
    pub(crate) attribute_based_control: bool,
}

/// A KMS grant (PE-KMS-07).
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) name: Arc<str>,
    /// ARN of a user, a role (any session of it), or a session; the dead id of one that was deleted.
    pub(crate) grantee: Box<str>,
    pub(crate) operations: Vec<Box<str>>,
}

/// The service whose rules the policy of a resource is read by.
pub(crate) fn resource_kind(arn: &Arn) -> PolicyKind {
    PolicyKind::Resource(match arn.service() {
        "s3" => ResourceService::S3,
        "sqs" => ResourceService::Sqs,
        "sns" => ResourceService::Sns,
        "lambda" => ResourceService::Lambda,
        "kms" => ResourceService::Kms,
        _ => ResourceService::Other,
    })
}

impl World {
    /// Adds a resource. Its ARN names the account, or none at all, as a bucket's does; then it is this
    /// account's from now on. A KMS key gets the policy that the API gives it (PE-KMS-08).
    pub fn add_resource(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        let parsed = parse(arn)?;
        self.account_ref(account)?;
        let owner = self.state().owners.get(arn).copied();
        let known = self.account_ref(account)?.resources.contains_key(arn);
        let wrong = match parsed.account() {
            Some(named) if named != account => {
                Some(format!("{arn} belongs to account {named}, not to {account}"))
            }
            None if !parsed.part(4).is_empty() => Some(format!("{arn} names no account by its id")),
            _ => None,
        };
        if let Some(message) = wrong {
            return Err(ModelError::new(ErrorCode::ValidationError, message));
        }
        if owner.is_some() || known {
            return Err(if parsed.service() == "s3" {
                ModelError::new(
                    ErrorCode::BucketAlreadyExists,
                    "The requested bucket name is not available. The bucket namespace is shared by all users of \
                     the system. Please select a different name and try again.",
                )
            } else {
                ModelError::taken(format!("{arn} already exists."))
            });
        }
        let mut resource = StoredResource::default();
        if is_key(&parsed) {
            let text = format!(
                "{{\"Version\": \"2012-10-17\", \"Statement\": [{{\"Effect\": \"Allow\", \"Principal\": {{\"AWS\": \
                 \"arn:{}:iam::{account}:root\"}}, \"Action\": \"kms:*\", \"Resource\": \"*\"}}]}}",
                self.partition()
            );
            let kind = resource_kind(&parsed);
            resource.policy = Some(self.documents.read(kind, "default key policy", &text.into())?);
        }
        if parsed.account().is_none() {
            Arc::make_mut(&mut self.edit().owners).insert(arn.into(), account);
        }
        Arc::make_mut(&mut self.account_mut(account)?.resources).insert(arn.into(), Arc::new(resource));
        Ok(())
    }

    /// Whether the account has this resource.
    pub fn has_resource(&self, account: AccountId, arn: &str) -> bool {
        self.account_ref(account).is_ok_and(|account| account.resources.contains_key(arn))
    }

    /// Sets the policy on a resource. Whom it names must exist, as far as the world can tell (PE-PRN-09).
    pub fn set_resource_policy(
        &mut self,
        account: AccountId,
        arn: &str,
        document: &PolicyDocument,
    ) -> Result<(), ModelError> {
        let name = policy_name(arn);
        let target = parse(arn)?;
        let kind = resource_kind(&target);
        let document = self.documents.read(kind, name, document)?;
        let deferred = self.state().unchecked.is_some();
        let exists = |principal: &PrincipalPattern| deferred || principal::exists(self.state(), principal);
        let checks = WriteChecks::default().with_target(target);
        if let Err(refusal) = checks.check_principals(kind, &document.source(), exists) {
            let place = principal::check(self.state(), &document).err();
            let places =
                place.as_ref().filter(|_| !deferred).map(ModelError::diagnostics).unwrap_or_default();
            return Err(ModelError::refused(&refusal).with_diagnostics([refusal.findings(), places].concat()));
        }
        self.check_or_defer(&document)?;
        self.resource_mut(account, arn)?.policy = Some(document);
        Ok(())
    }

    /// Removes the policy from a resource. A KMS key always has one.
    pub fn clear_resource_policy(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        if is_key(&parse(arn)?) {
            return Err(ModelError::invalid(format!("{arn} can't be without a key policy.")));
        }
        self.resource_mut(account, arn)?.policy = None;
        Ok(())
    }

    /// The text of the policy on a resource, with dead ids where deleted principals were named.
    pub fn resource_policy_text(&self, account: AccountId, arn: &str) -> Result<Option<&str>, ModelError> {
        let resource = self.account_ref(account)?.resources.get(arn).ok_or_else(|| no_resource(arn))?;
        Ok(resource.policy.as_ref().map(Document::text))
    }

    /// Sets a tag of a resource.
    pub fn tag_resource(
        &mut self,
        account: AccountId,
        arn: &str,
        key: &str,
        value: &str,
    ) -> Result<(), ModelError> {
        check_tag(1, key, value)?;
        self.resource_mut(account, arn)?.tags.set(TagCase::Sensitive, key, value);
        Ok(())
    }

    /// Removes a tag of a resource; an absent key is no error.
    pub fn untag_resource(&mut self, account: AccountId, arn: &str, key: &str) -> Result<(), ModelError> {
        self.resource_mut(account, arn)?.tags.remove(TagCase::Sensitive, key);
        Ok(())
    }

    /// Switches `RestrictPublicBuckets` of a bucket's Block Public Access on (PE-S3-03).
    pub fn restrict_public_buckets(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        self.resource_mut(account, arn)?.restrict_public_buckets = true;
        Ok(())
    }

    /// Makes a bucket's tags condition keys (PE-S3-05).
    pub fn enable_attribute_based_control(
        &mut self,
        account: AccountId,
        arn: &str,
    ) -> Result<(), ModelError> {
        self.resource_mut(account, arn)?.attribute_based_control = true;
        Ok(())
    }

    /// Gives a user, role or session operations of a KMS key by a grant (PE-KMS-07).
    pub fn add_grant(
        &mut self,
        account: AccountId,
        arn: &str,
        name: &str,
        grantee: &Arn,
        operations: &[&str],
    ) -> Result<(), ModelError> {
        if !is_key(&parse(arn)?) {
            return Err(ModelError::invalid(format!("{arn} is not a KMS key: only keys have grants.")));
        }
        let grant = Grant {
            name: name.into(),
            grantee: grantee.as_str().into(),
            operations: operations.iter().map(|operation| Box::from(*operation)).collect(),
        };
        self.resource_mut(account, arn)?.grants.push(grant);
        Ok(())
    }

    /// Takes a grant back.
    pub fn retire_grant(&mut self, account: AccountId, arn: &str, name: &str) -> Result<(), ModelError> {
        let grants = &mut self.resource_mut(account, arn)?.grants;
        let before = grants.len();
        grants.retain(|grant| &*grant.name != name);
        if grants.len() < before {
            return Ok(());
        }
        Err(ModelError::missing(format!("The grant {name} on {arn} does not exist.")))
    }

    /// Deletes a resource, with its policy and tags.
    pub fn delete_resource(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        self.resource_mut(account, arn)?;
        Arc::make_mut(&mut self.account_mut(account)?.resources).remove(arn);
        Arc::make_mut(&mut self.edit().owners).remove(arn);
        Ok(())
    }

    fn resource_mut(&mut self, account: AccountId, arn: &str) -> Result<&mut StoredResource, ModelError> {
        let resource = Arc::make_mut(&mut self.account_mut(account)?.resources).get_mut(arn);
        resource.map(Arc::make_mut).ok_or_else(|| no_resource(arn))
    }
}

impl State {
    /// The owner of an ARN that names no account, when the world has it.
    pub(crate) fn owner(&self, arn: &Arn) -> Option<AccountId> {
        self.owners.get(carrier(arn)).copied()
    }

    /// The resource whose policy and tags count for requests on an ARN.
    pub(crate) fn resource(&self, owner: AccountId, arn: &Arn) -> Option<&StoredResource> {
        let resources = &self.accounts.get(&owner)?.resources;
        resources.get(arn.as_str()).or_else(|| resources.get(carrier(arn))).map(|resource| &**resource)
    }
}

/// The ARN of the thing that carries the policy: the bucket of an object (PE-S3-01), the access point of what
/// is read through it, the table of an index. A Lambda qualifier carries its own (PE-LAM-01).
fn carrier(arn: &Arn) -> &str {
    let text = arn.as_str();
    let before = |marker: &str, parts: usize| {
        let head = text.len() - arn.resource().len();
        let mut cuts = arn.resource().match_indices(marker);
        cuts.nth(parts - 1).and_then(|(at, _)| text.get(..head + at)).unwrap_or(text)
    };
    match arn.service() {
        "s3" if is_access_point(arn) => before("/", 2),
        "s3" => before("/", 1),
        "dynamodb" if arn.resource().starts_with("table/") => before("/", 2),
        _ => text,
    }
}

/// Resources without account in their ARN that are AWS's own and there for everybody, by service and what the
/// resource begins with. A call is asked of the caller's side alone.
const AWSS_OWN: &[(&str, &str)] = &[
    ("bedrock", "foundation-model/"),
    ("controlcatalog", ""),
    ("controltower", "baseline/"),
    ("devicefarm", "device:"),
    ("elasticbeanstalk", "platform/"),
    ("elasticbeanstalk", "solutionstack/"),
    ("forecast", "algorithm/"),
    ("geo-maps", "provider/"),
    ("geo-places", "provider/"),
    ("geo-routes", "provider/"),
    ("health", "event/"),
    ("personalize", "algorithm/"),
    ("personalize", "feature-transformation/"),
    ("personalize", "recipe/"),
];

/// Services whose calls find what they name in the caller's account only, so that an ARN without account can
/// be of no other: the management calls of API Gateway.
const WITHIN_THE_CALLERS_ACCOUNT: &[&str] = &["apigateway"];

/// Whether a resource is AWS's own, such as `arn:aws:iam::aws:policy/…` or a foundation model.
pub(crate) fn is_awss_own(arn: &Arn) -> bool {
    let listed =
        |(service, prefix): &(&str, &str)| arn.service() == *service && arn.resource().starts_with(prefix);
    arn.part(4) == "aws" || arn.part(4).is_empty() && AWSS_OWN.iter().any(listed)
}

/// Whether a resource without account in its ARN can be no other account's than the caller's.
pub(crate) fn is_nobody_elses(arn: &Arn) -> bool {
    is_awss_own(arn) || arn.part(4).is_empty() && WITHIN_THE_CALLERS_ACCOUNT.contains(&arn.service())
}

pub(crate) fn is_key(arn: &Arn) -> bool {
    arn.service() == "kms" && arn.resource().starts_with("key/")
}

/// An S3 access point, or an object that is read through one.
pub(crate) fn is_access_point(arn: &Arn) -> bool {
    arn.service() == "s3" && arn.resource().starts_with("accesspoint/")
}

/// The name by which places in a resource's policy are printed.
fn policy_name(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}

fn parse(arn: &str) -> Result<Arn, ModelError> {
    arn.parse().map_err(|_| ModelError::arn_not_valid(arn))
}

fn no_resource(arn: &str) -> ModelError {
    ModelError::missing(format!("The resource {arn} does not exist."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_an_object_lies_on_its_bucket() {
        let check = |arn: &str, expected: &str| assert_eq!(carrier(&arn.parse().unwrap()), expected, "{arn}");
        check("arn:aws:s3:::b", "arn:aws:s3:::b");
        check("arn:aws:s3:::b/a/k", "arn:aws:s3:::b");
        check(
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/a/k",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap",
        );
        check(
            "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
        );
        let function = "arn:aws:lambda:eu-west-1:111122223333:function:f:7";
        check(function, function); // PE-LAM-01
    }
}
