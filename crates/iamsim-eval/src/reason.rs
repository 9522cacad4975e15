//! Why a request came out as it did: one reason of a closed list, and AWS's sentence for it (PE-MSG).

use std::fmt;

use crate::combine::{Effects, Grants, Relation, Verdicts, combine, granted};
use crate::decide::{Decision, Evaluation};
use crate::fixed::FixedRule;
use crate::layers::Layer;
use crate::request::{CallerKind, Request, Resource};
use crate::services;
use crate::trace::Explanation;
use crate::truth::Truth;

/// Why a request came out as it did. The closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A rule that no policy can change.
    Fixed(FixedRule),
    /// The caller's own side allows, and whatever else must.
    AllowedByIdentity,
    /// The policy on the resource allows; the caller's identity policies are not needed.
    AllowedByResource,
    /// The caller's own side and the policy on the resource both allow.
    AllowedByBoth,
    /// The account's root user needs no policy (PE-ROOT-01).
    AllowedAsRoot,
    /// A policy of the layer denies.
    ExplicitDeny(Layer),
    /// Nothing in the layer allows, and it would have to.
    ImplicitDeny(Layer),
    /// The answer depends on what is not known; the request can still come out allowed.
    Undetermined,
    /// The request is denied in any case; whether explicitly depends on what is not known.
    DeniedInAnyCase,
}

impl Reason {
    /// The layer that decided.
    pub fn layer(self) -> Option<Layer> {
        match self {
            Self::ExplicitDeny(layer) | Self::ImplicitDeny(layer) => Some(layer),
            _ => None,
        }
    }

    /// A stable name, in kebab case, without the layer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed(rule) => rule.as_str(),
            Self::AllowedByIdentity => "allowed-by-identity",
            Self::AllowedByResource => "allowed-by-resource",
            Self::AllowedByBoth => "allowed-by-both",
            Self::AllowedAsRoot => "allowed-as-root",
            Self::ExplicitDeny(_) => "explicit-deny",
            Self::ImplicitDeny(_) => "implicit-deny",
            Self::Undetermined => "undetermined",
            Self::DeniedInAnyCase => "denied-in-any-case",
        }
    }
}

/// The reason of an evaluation.
pub(crate) fn of(evaluation: &Evaluation) -> Reason {
    if let Some(rule) = evaluation.fixed {
        return Reason::Fixed(rule);
    }
    match evaluation.decision {
        Decision::Allow => allowed(evaluation),
        Decision::ExplicitDeny => Reason::ExplicitDeny(denying_layer(&evaluation.verdicts)),
        Decision::ImplicitDeny => {
            Reason::ImplicitDeny(missing_layer(&evaluation.verdicts, evaluation.relation))
        }
        Decision::Undetermined if evaluation.outcome.allow.is_false() => Reason::DeniedInAnyCase,
        Decision::Undetermined => Reason::Undetermined,
    }
}

fn allowed(evaluation: &Evaluation) -> Reason {
    let verdicts = &evaluation.verdicts;
    match evaluation.relation {
        Relation::WithoutAccount => Reason::AllowedByResource,
        Relation::CrossAccount { own_side_granted } => {
            if own_side_granted {
                Reason::AllowedByResource
            } else {
                Reason::AllowedByBoth
            }
        }
        Relation::SameAccount(same) if same.root => Reason::AllowedAsRoot,
        Relation::SameAccount(_) => {
            let without_identity = Verdicts { identity: Effects::SILENT, ..*verdicts };
            let without_resource = Verdicts { grants: Grants::NONE, ..*verdicts };
            if granted(&without_identity, evaluation.relation).is_true() {
                Reason::AllowedByResource
            } else if granted(&without_resource, evaluation.relation).is_true() {
                Reason::AllowedByIdentity
            } else {
                Reason::AllowedByBoth
            }
        }
    }
}

/// The layer of an explicit denial that is named: the first in the order of [`Layer::ALL`] (PE-MSG-05,
/// PE-MSG-08).
fn denying_layer(verdicts: &Verdicts<Truth>) -> Layer {
    let denies = |layer: &Layer| {
        let deny = match layer {
            Layer::ResourceControl => verdicts.rcp.deny,
            Layer::ServiceControl => verdicts.scp.deny,
            Layer::VpcEndpoint => verdicts.endpoint.deny,
            Layer::Resource => verdicts.resource_deny,
            Layer::Identity => verdicts.identity.deny,
            Layer::PermissionsBoundary => verdicts.boundary.deny,
            Layer::Session => verdicts.session.deny,
        };
        deny.is_true()
    };
    Layer::ALL.into_iter().find(denies).unwrap_or(Layer::Identity)
}

/// The first layer that would have to allow and does not (PE-MSG-08).
fn missing_layer(verdicts: &Verdicts<Truth>, relation: Relation) -> Layer {
    let guardrails = [
        (verdicts.rcp.allow, Layer::ResourceControl),
        (verdicts.scp.allow, Layer::ServiceControl),
        (verdicts.endpoint.allow, Layer::VpcEndpoint),
    ];
    if let Some((_, layer)) = guardrails.into_iter().find(|(allow, _)| !allow.is_true()) {
        return layer;
    }
    let grants = verdicts.grants;
    let own_side = |identity: bool| {
        let missing = [
            (identity && !verdicts.identity.allow.is_true(), Layer::Identity),
            (!verdicts.boundary.allow.is_true(), Layer::PermissionsBoundary),
            (!verdicts.session.allow.is_true(), Layer::Session),
        ];
        missing
            .into_iter()
            .find_map(|(is_missing, layer)| is_missing.then_some(layer))
            .unwrap_or(Layer::Resource)
    };
    match relation {
        Relation::WithoutAccount => Layer::Resource,
        Relation::CrossAccount { .. } if !grants.any().is_true() => Layer::Resource,
        Relation::CrossAccount { .. } => own_side(true),
        Relation::SameAccount(same) => {
            if same.demands_delegation && !grants.any().is_true() {
                return Layer::Resource;
            }
            let named = (grants.limited | grants.strong | grants.session).is_true();
            own_side(!named || verdicts.needs_own_side.is_true())
        }
    }
}

/// Whether what a layer comes to can still change an undetermined decision.
pub(crate) fn matters(evaluation: &Evaluation, layer: Layer) -> bool {
    let with = |truth: Truth| combine(&forced(&evaluation.verdicts, layer, truth), evaluation.relation);
    let (low, high) = (with(Truth::False), with(Truth::True));
    low != high || low != evaluation.outcome || high != evaluation.outcome
}

/// The verdicts with everything unknown of one layer replaced.
fn forced(verdicts: &Verdicts<Truth>, layer: Layer, truth: Truth) -> Verdicts<Truth> {
    let mut forced = *verdicts;
    let replace = |slot: &mut Truth| {
        if slot.is_unknown() {
            *slot = truth;
        }
    };
    let effects = match layer {
        Layer::ResourceControl => &mut forced.rcp,
        Layer::ServiceControl => &mut forced.scp,
        Layer::VpcEndpoint => &mut forced.endpoint,
        Layer::Identity => &mut forced.identity,
        Layer::PermissionsBoundary => &mut forced.boundary,
        Layer::Session => &mut forced.session,
        Layer::Resource => {
            replace(&mut forced.resource_deny);
            replace(&mut forced.grants.delegating);
            replace(&mut forced.grants.limited);
            replace(&mut forced.grants.strong);
            replace(&mut forced.grants.session);
            return forced;
        }
    };
    replace(&mut effects.allow);
    replace(&mut effects.deny);
    forced
}

/// AWS's words for a layer's policies (PE-MSG-02, PE-MSG-03).
pub(crate) fn policy_type(layer: Layer, request: &Request) -> &'static str {
    match layer {
        Layer::ResourceControl => "resource control policy",
        Layer::ServiceControl => "service control policy",
        Layer::VpcEndpoint => "VPC endpoint policy",
        Layer::Resource if services::is_role_assumption(request) => "role trust policy",
        Layer::Resource => "resource-based policy",
        Layer::Identity => "identity-based policy",
        Layer::PermissionsBoundary => "permissions boundary",
        Layer::Session => "session policy",
    }
}

/// Why, without naming caller, action and resource: `because no identity-based policy allows the s3:GetObject
/// action`.
pub(crate) struct Because<'e>(pub(crate) &'e Explanation);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.0.request();
        match self.0.reason() {
            Reason::Fixed(rule) => write!(f, "because {rule}"),
            Reason::AllowedByIdentity => {
                write!(f, "because an identity-based policy allows the {} action", request.action())
            }
            Reason::AllowedByResource => {
                let kind = policy_type(Layer::Resource, request);
                write!(f, "because the {kind} allows the {} action", request.action())
            }
            Reason::AllowedByBoth => {
                let kind = policy_type(Layer::Resource, request);
                let action = request.action();
                write!(f, "because an identity-based policy and the {kind} allow the {action} action")
            }
            Reason::AllowedAsRoot => f.write_str("because the root user of an account needs no policy"),
            Reason::ExplicitDeny(layer) => {
                let kind = policy_type(layer, request);
                let article = match layer {
                    Layer::Resource if services::is_role_assumption(request) => "the",
                    Layer::Identity => "an",
                    _ => "a",
                };
                write!(f, "with an explicit deny in {article} {kind}")
            }
            Reason::ImplicitDeny(layer) => {
                let kind = policy_type(layer, request);
                write!(f, "because no {kind} allows the {} action", request.action())
            }
            Reason::Undetermined => f.write_str("because the answer depends on what is not known"),
            Reason::DeniedInAnyCase => f.write_str(
                "because nothing allows it; whether a policy denies it depends on what is not known",
            ),
        }
    }
}

pub(crate) fn message(explanation: &Explanation) -> String {
    let request = explanation.request();
    let because = Because(explanation);
    let who = match request.caller().kind() {
        CallerKind::Anonymous => "anonymous".to_owned(),
        _ => request.caller().to_string(),
    };
    let action = request.action();
    let on = match request.resource() {
        Resource::Arn(arn) => format!(" on resource: {arn}"),
        Resource::None => String::new(),
    };
    match explanation.decision() {
        Decision::Allow => format!("User: {who} is authorized to perform: {action}{on} {because}"),
        Decision::ImplicitDeny | Decision::ExplicitDeny => {
            format!("User: {who} is not authorized to perform: {action}{on} {because}")
        }
        Decision::Undetermined => {
            format!("whether User: {who} is authorized to perform: {action}{on} is undetermined {because}")
        }
    }
}
