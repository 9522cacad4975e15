//! A document near its quota, or over it.

use iamsim_policy::{PolicyKind, PolicyQuota, ResourceService, Span};

use crate::facts::Facts;
use crate::finding::Level;
use crate::rule::{Rule, Sink};

pub(super) const RULE: Rule = Rule {
    code: "policy-size",
    level: Level::Warning,
    summary: "a document that nearly fills its quota, or exceeds it",
    check,
};

/// Of a hundred: how full a quota is when it is worth a word.
const NEAR: usize = 90;

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    // AWS's own policies are longer than a customer's may be.
    let Some(quota) = quota(facts.kind()).filter(|_| !facts.aws_owned) else { return };
    let span = facts.policy.span();
    let size = quota.measure(facts.policy.source().text_of(span));
    let limit = quota.default_limit();
    if size * 100 < limit * NEAR {
        return;
    }
    let percent = size * 100 / limit;
    let what = facts.kind();
    let opening = Span::new(span.start, span.end.min(span.start + 1));
    let finding = sink.report_document(
        opening,
        format!("this {what} takes {size} of the {limit} {} AWS allows ({percent} %)", unit(quota)),
    );
    if size > limit {
        finding.help_with("split it, or use wildcards; some quotas can be raised");
    } else {
        finding.lowered_to_note().help_with("split it before it is full");
    }
}

fn unit(quota: PolicyQuota) -> &'static str {
    match quota {
        PolicyQuota::ManagedPolicy | PolicyQuota::RoleTrust => "characters without white space",
        PolicyQuota::Bucket | PolicyQuota::Key | PolicyQuota::Function => "bytes",
        _ => "characters",
    }
}

fn quota(kind: PolicyKind) -> Option<PolicyQuota> {
    match kind {
        PolicyKind::Identity | PolicyKind::PermissionsBoundary => Some(PolicyQuota::ManagedPolicy),
        PolicyKind::Session => Some(PolicyQuota::Session),
        PolicyKind::RoleTrust => Some(PolicyQuota::RoleTrust),
        PolicyKind::ServiceControl => Some(PolicyQuota::ServiceControl),
        PolicyKind::ResourceControl => Some(PolicyQuota::ResourceControl),
        PolicyKind::VpcEndpoint => Some(PolicyQuota::VpcEndpoint),
        PolicyKind::Resource(ResourceService::S3) => Some(PolicyQuota::Bucket),
        PolicyKind::Resource(ResourceService::Kms) => Some(PolicyQuota::Key),
        PolicyKind::Resource(ResourceService::Lambda) => Some(PolicyQuota::Function),
        _ => None,
    }
}
