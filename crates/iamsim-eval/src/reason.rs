//! Why a request came out as it did: one reason of a closed list, and AWS's sentence for it (PE-MSG).

use std::fmt;

use crate::combine::{Effects, Grants, Relation, Verdicts, granted};
use crate::decide::{Decision, Evaluation, Inputs, Stand};
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
        Decision::ExplicitDeny => Reason::ExplicitDeny(denying_layer(&evaluation.inputs.verdicts)),
        Decision::ImplicitDeny => Reason::ImplicitDeny(missing_layer(evaluation)),
        Decision::Undetermined if evaluation.outcome.allow.is_false() => Reason::DeniedInAnyCase,
        Decision::Undetermined => Reason::Undetermined,
    }
}

fn allowed(evaluation: &Evaluation) -> Reason {
    let verdicts = &evaluation.inputs.verdicts;
    let relation = evaluation.stand.relation;
    match relation {
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
            if granted(&without_identity, relation).is_true() {
                Reason::AllowedByResource
            } else if granted(&without_resource, relation).is_true() {
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
    let denies = |layer: &Layer| verdicts.deny_of(*layer).is_true();
    Layer::ALL.into_iter().find(denies).unwrap_or(Layer::Identity)
}

/// The first layer that would have to allow and certainly does not (PE-MSG-08).
pub(crate) fn missing_layer(evaluation: &Evaluation) -> Layer {
    let verdicts = &evaluation.inputs.verdicts;
    let guardrails = [
        (verdicts.rcp.allow, Layer::ResourceControl),
        (verdicts.scp.allow, Layer::ServiceControl),
        (verdicts.endpoint.allow, Layer::VpcEndpoint),
    ];
    let first_false = |layers: &[(Truth, Layer)]| {
        layers.iter().find_map(|(allow, layer)| allow.is_false().then_some(*layer))
    };
    if let Some(layer) = first_false(&guardrails) {
        return layer;
    }
    let grants = verdicts.grants;
    let session = (verdicts.session.allow, Layer::Session);
    let own_side = [
        (verdicts.identity.allow, Layer::Identity),
        (verdicts.boundary.allow, Layer::PermissionsBoundary),
        session,
    ];
    let missing = match evaluation.stand.relation {
        Relation::WithoutAccount => None,
        Relation::CrossAccount { .. } if grants.any().is_false() => None,
        // Neither a root user nor the grantee of a KMS grant needs more of its own side than the session.
        Relation::CrossAccount { own_side_granted: true } => first_false(&[session]),
        Relation::CrossAccount { own_side_granted: false } => first_false(&own_side),
        Relation::SameAccount(same) if same.demands_delegation && grants.any().is_false() => None,
        Relation::SameAccount(same) if same.root => first_false(&[session]),
        Relation::SameAccount(_) => {
            // Who is named by more than the account needs no identity policy, but perhaps the rest.
            let named = (grants.limited | grants.strong | grants.session).is_true();
            match own_side {
                [_, rest @ ..] if named && !verdicts.needs_own_side.is_true() => first_false(&rest),
                _ => first_false(&own_side),
            }
        }
    };
    missing.unwrap_or(Layer::Resource)
}

/// What an allowed request rests on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Support {
    stand: Stand,
    /// The verdicts, without the side that the reason does not name.
    inputs: Inputs<Truth>,
}

impl Support {
    pub(crate) fn of(evaluation: &Evaluation) -> Self {
        let mut inputs = evaluation.inputs;
        match of(evaluation) {
            Reason::AllowedByResource => inputs.verdicts.identity.allow = Truth::False,
            Reason::AllowedByIdentity | Reason::AllowedAsRoot
                if suffices(evaluation.stand, &without_grants(inputs)) =>
            {
                inputs = without_grants(inputs);
            }
            _ => {}
        }
        Self { stand: evaluation.stand, inputs }
    }

    /// Whether the request would not be allowed without what the layer allows; for the policy on the
    /// resource, whether a statement of these grades is enough.
    pub(crate) fn on(&self, layer: Layer, grants: Grants<Truth>) -> bool {
        let mut without = self.inputs;
        let verdicts = &mut without.verdicts;
        match layer {
            Layer::ResourceControl => verdicts.rcp.allow = Truth::False,
            Layer::ServiceControl => verdicts.scp.allow = Truth::False,
            Layer::VpcEndpoint => verdicts.endpoint.allow = Truth::False,
            Layer::Identity => verdicts.identity.allow = Truth::False,
            Layer::PermissionsBoundary => verdicts.boundary.allow = Truth::False,
            Layer::Session => verdicts.session.allow = Truth::False,
            Layer::Resource => {
                let all = verdicts.grants;
                let mut with = self.inputs;
                with.verdicts.grants = Grants {
                    delegating: all.delegating & grants.delegating,
                    limited: all.limited & grants.limited,
                    strong: all.strong & grants.strong,
                    session: all.session & grants.session,
                };
                return self.suffices(&with) && !self.suffices(&without_grants(self.inputs));
            }
        }
        !self.suffices(&without)
    }

    fn suffices(&self, inputs: &Inputs<Truth>) -> bool {
        suffices(self.stand, inputs)
    }
}

fn suffices(stand: Stand, inputs: &Inputs<Truth>) -> bool {
    inputs.outcome(stand).allow.is_true()
}

fn without_grants(mut inputs: Inputs<Truth>) -> Inputs<Truth> {
    inputs.verdicts.grants = Grants::NONE;
    inputs
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

/// The article before a layer's [`policy_type`]; a role has but one trust policy.
pub(crate) fn article(layer: Layer, request: &Request) -> &'static str {
    match layer {
        Layer::Resource if services::is_role_assumption(request) => "the",
        Layer::Identity => "an",
        _ => "a",
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
                write!(f, "with an explicit deny in {} {kind}", article(layer, request))
            }
            Reason::ImplicitDeny(layer) => {
                let kind = policy_type(layer, request);
                write!(f, "because no {kind} allows the {} action", request.action())
            }
            Reason::Undetermined => f.write_str("because the answer depends on what is not known"),
            Reason::DeniedInAnyCase => {
                let kind = policy_type(missing_layer(self.0.evaluation()), request);
                write!(
                    f,
                    "because no {kind} allows the {} action; whether a policy denies it depends on what is not known",
                    request.action()
                )
            }
        }
    }
}

/// Whether AWS's message calls it an explicit deny when no service control policy allows (PE-MSG-04).
const SCP_WITHOUT_ALLOW_IS_CALLED_EXPLICIT: bool = true;

pub(crate) fn message(explanation: &Explanation) -> String {
    let request = explanation.request();
    let because = match explanation.reason() {
        Reason::ImplicitDeny(Layer::ServiceControl) if SCP_WITHOUT_ALLOW_IS_CALLED_EXPLICIT => {
            format!("with an explicit deny in a {}", policy_type(Layer::ServiceControl, request))
        }
        _ => Because(explanation).to_string(),
    };
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
