//! What single services add to the common rules, as data: which have resource control policies, which calls
//! cross accounts, which buckets count as public.

use iamsim_policy::{Action, Comparison, Effect, Family, Piece, Policy, PrincipalPattern, Statement};

use crate::layers::Layers;
use crate::plan::{Sort, Traits};
use crate::program::Program;
use crate::request::{Request, Resource};

/// The services whose resources resource control policies bind (PE-RCP-02). The list grows with AWS's
/// announcements.
const RCP_SERVICES: &[&str] = &[
    "aoss",
    "cognito-identity",
    "cognito-idp",
    "cognito-sync",
    "dynamodb",
    "ecr",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
];

/// Whether resource control policies bind the resources of an action's service.
pub(crate) fn has_resource_control(action: &Action) -> bool {
    // PE-RCP-03: retiring a grant is out of their reach.
    RCP_SERVICES.contains(&action.service()) && action.folded() != "kms:retiregrant"
}

/// KMS operations that a key's policy can open to other accounts; others never cross (PE-KMS-09).
const KMS_CROSS_ACCOUNT: &[&str] = &[
    "creategrant",
    "decrypt",
    "derivesharedsecret",
    "describekey",
    "encrypt",
    "generatedatakey",
    "generatedatakeypair",
    "generatedatakeypairwithoutplaintext",
    "generatedatakeywithoutplaintext",
    "generatemac",
    "getkeyrotationstatus",
    "getpublickey",
    "listgrants",
    "reencryptfrom",
    "reencryptto",
    "retiregrant",
    "revokegrant",
    "sign",
    "verify",
    "verifymac",
];

/// SQS actions that can't be granted to other accounts (PE-SQS-03).
const SQS_OWN_ACCOUNT_ONLY: &[&str] = &[
    "addpermission",
    "cancelmessagemovetask",
    "createqueue",
    "deletequeue",
    "listmessagemovetasks",
    "listqueues",
    "listqueuetags",
    "removepermission",
    "setqueueattributes",
    "startmessagemovetask",
    "tagqueue",
    "untagqueue",
];

/// Whether an action can never be used on another account's resource, whatever the policies say.
pub(crate) fn stays_in_account(action: &Action) -> bool {
    match action.service() {
        "kms" => !KMS_CROSS_ACCOUNT.contains(&action.name()),
        "sqs" => SQS_OWN_ACCOUNT_ONLY.contains(&action.name()),
        _ => false,
    }
}

/// Whether a request assumes a role, or is authorized beside that on the same role (PE-TRU-03).
pub(crate) fn is_role_assumption(request: &Request) -> bool {
    request.plan.traits.has(Traits::ASSUMES_ROLE)
}

/// Whether an action assumes a role, or is authorized beside that on the same role (PE-TRU-03).
pub(crate) fn assumes_role(action: &Action, resource: &Resource) -> bool {
    const ACTIONS: &[&str] = &[
        "assumerole",
        "assumerolewithsaml",
        "assumerolewithwebidentity",
        "setcontext",
        "setsourceidentity",
        "tagsession",
    ];
    let Resource::Arn(arn) = resource else { return false };
    action.service() == "sts"
        && ACTIONS.contains(&action.name())
        && arn.service() == "iam"
        && arn.resource().starts_with("role/")
}

/// Whether a KMS operation is asked on a key, whose policy must be satisfied for every use (PE-KMS-01). Other
/// services' actions that name a key, such as `kinesis:StopStreamEncryption`, are no use of it.
pub(crate) fn uses_key(action: &Action, resource: &Resource) -> bool {
    let Resource::Arn(arn) = resource else { return false };
    action.service() == "kms" && arn.service() == "kms" && arn.resource().starts_with("key/")
}

/// Condition keys that, compared with fixed values, keep a bucket policy from counting as public (PE-S3-03).
const FIXING_KEYS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// The bucket owner's root user may always read and replace the bucket's policy (PE-ROOT-02).
pub(crate) fn may_repair_bucket_policy(caller: Sort, traits: Traits) -> bool {
    traits.has(Traits::REPAIRS_BUCKET_POLICY) && caller == Sort::Root
}

/// Whether an action reads or replaces the bucket's policy itself (PE-ROOT-02).
pub(crate) fn repairs_bucket_policy(action: &Action) -> bool {
    matches!(action.folded(), "s3:getbucketpolicy" | "s3:putbucketpolicy" | "s3:deletebucketpolicy")
}

/// Whether Block Public Access shuts a bucket policy to anonymous callers and other accounts (PE-S3-03).
pub(crate) fn restricts_public_access(
    layers: &Layers,
    caller: Sort,
    traits: Traits,
    policy: &Program,
) -> bool {
    layers.restrict_public_buckets && traits.has(Traits::S3) && caller != Sort::Service && policy.is_public()
}

/// Whether a bucket policy counts as public: some Allow to everyone without a condition on fixed values.
pub(crate) fn is_public(policy: &Policy) -> bool {
    policy.statements().iter().any(is_public_statement)
}

fn is_public_statement(statement: &Statement) -> bool {
    let to_everyone = statement.principal().is_some_and(|clause| {
        clause.is_negated() || clause.entries().iter().any(|entry| entry.value == PrincipalPattern::Everyone)
    });
    let fixed = |condition: &iamsim_policy::Condition| {
        let operator = condition.operator();
        let positive = !operator.comparison.is_negated()
            && !operator.if_exists
            && operator.qualifier != Some(iamsim_policy::SetQualifier::ForAllValues)
            && matches!(operator.comparison.family(), Family::String | Family::Arn | Family::Ip);
        positive
            && FIXING_KEYS.contains(&condition.key().folded())
            && condition.values().iter().all(|listed| is_fixed(operator.comparison, &listed.value))
    };
    statement.effect() == Effect::Allow && to_everyone && !statement.conditions().iter().any(fixed)
}

/// Whether a listed value holds neither wildcards nor variables, and is no range of all addresses.
fn is_fixed(comparison: Comparison, listed: &iamsim_policy::ConditionValue) -> bool {
    if comparison.family() == Family::Ip {
        return !listed.as_str().ends_with("/0");
    }
    listed
        .template()
        .is_none_or(|template| template.pieces().iter().all(|piece| matches!(piece, Piece::Text(_))))
}
