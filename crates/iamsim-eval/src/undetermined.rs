//! What an undetermined answer depends on: which statements, context keys and facts it waits for.

use iamsim_policy::{Effect, PrincipalClause, ResourcePattern, Template};

use crate::condition;
use crate::context::ContextValue;
use crate::dependence::{Awaited, Part};
use crate::layers::{Layer, ResourcePolicy};
use crate::principal::{self, Setting};
use crate::request::{CallerKind, Credentials, Request};
use crate::resource;
use crate::services;
use crate::trace::{ClauseTrace, Explanation, LayerTrace, LevelTrace, PolicyTrace, StatementTrace};
use crate::truth::Truth;
use crate::unknown::UnknownFact;
use crate::variable;

/// The statements that an undetermined answer waits for, with where they are attached.
pub(crate) fn statements<'t, 'e>(
    layers: &'t [LayerTrace<'e>],
    awaited: &Awaited,
) -> impl Iterator<Item = (Layer, &'t LevelTrace<'e>, &'t PolicyTrace<'e>, &'t StatementTrace<'e>)> {
    layers.iter().flat_map(move |layer| {
        layer.levels.iter().flat_map(move |level| {
            let allows = level
                .policies
                .iter()
                .flat_map(|policy| &policy.statements)
                .filter(|trace| trace.statement.effect() == Effect::Allow);
            // A level of control policies that certainly allows waits for nothing.
            let allowed = Truth::any(allows.map(|trace| trace.matches)).is_true();
            level.policies.iter().flat_map(move |policy| {
                let statements = policy.statements.iter();
                statements
                    .filter(move |trace| is_awaited(layer.layer, allowed, trace, awaited))
                    .map(move |trace| (layer.layer, level, policy, trace))
            })
        })
    })
}

fn is_awaited(layer: Layer, level_allows: bool, trace: &StatementTrace<'_>, awaited: &Awaited) -> bool {
    let part = match (layer, trace.statement.effect()) {
        (Layer::Resource, Effect::Allow) => {
            let grants = trace.grants;
            return [
                (grants.delegating, Part::Delegating),
                (grants.limited, Part::Limited),
                (grants.strong, Part::Strong),
                (grants.session, Part::NamedSession),
            ]
            .into_iter()
            .any(|(truth, part)| truth.is_unknown() && awaited.contains(part));
        }
        // Their Allow is implied at every level (PE-RCP-04).
        (Layer::ResourceControl, Effect::Allow) => return false,
        (Layer::ServiceControl, Effect::Allow) if level_allows => return false,
        (Layer::ServiceControl, Effect::Allow) => Part::ServiceControlAllow,
        (Layer::ServiceControl, Effect::Deny) => Part::ServiceControlDeny,
        (Layer::ResourceControl, Effect::Deny) => Part::ResourceControlDeny,
        (Layer::VpcEndpoint, Effect::Allow) => Part::EndpointAllow,
        (Layer::VpcEndpoint, Effect::Deny) => Part::EndpointDeny,
        (Layer::Identity, Effect::Allow) => Part::IdentityAllow,
        (Layer::Identity, Effect::Deny) => Part::IdentityDeny,
        (Layer::PermissionsBoundary, Effect::Allow) => Part::BoundaryAllow,
        (Layer::PermissionsBoundary, Effect::Deny) => Part::BoundaryDeny,
        (Layer::Session, Effect::Allow) => Part::SessionAllow,
        (Layer::Session, Effect::Deny) => Part::SessionDeny,
        (Layer::Resource, Effect::Deny) => Part::ResourceDeny,
    };
    trace.matches.is_unknown() && awaited.contains(part)
}

/// The context keys, in lower case, and the facts that an undetermined answer depends on, each sorted. A fact
/// that an unknown key would tell is told by the key.
pub(crate) fn dependence(
    explanation: &Explanation,
    layers: &[LayerTrace<'_>],
    awaited: &Awaited,
) -> (Vec<String>, Vec<UnknownFact>) {
    let request = explanation.request();
    let mut found = Found { request, keys: Vec::new(), facts: Vec::new() };
    let has_boundary = explanation.policies().boundary.is_some();
    for (_, _, policy, trace) in statements(layers, awaited) {
        for clause in trace.clauses.iter().filter(|clause| clause.outcome().is_unknown()) {
            match clause {
                ClauseTrace::Condition { condition, index, .. } => {
                    let operands = policy.program.operands(trace.index, *index);
                    found.condition(condition, operands);
                }
                ClauseTrace::Resource { .. } => {
                    let patterns = trace.statement.resource().map(iamsim_policy::ResourceClause::patterns);
                    for pattern in patterns.unwrap_or_default() {
                        if let ResourcePattern::Arn(arn) = &pattern.value
                            && resource::is_open(arn, request)
                        {
                            found.variables(arn.resource());
                        }
                    }
                }
                ClauseTrace::Principal { .. } => {
                    let kind = policy.policy.kind();
                    let setting = Setting { kind, effect: trace.statement.effect(), has_boundary };
                    let clause = trace.statement.principal();
                    let negated = clause.is_some_and(PrincipalClause::is_negated);
                    for entry in clause.map(PrincipalClause::entries).unwrap_or_default() {
                        if principal::is_unknown(&entry.value, negated, request, setting) {
                            found.fact(principal::unknown_fact(&entry.value));
                        }
                    }
                }
                ClauseTrace::Action { .. } => {}
            }
        }
    }
    let resource_parts =
        [Part::ResourceDeny, Part::Delegating, Part::Limited, Part::Strong, Part::NamedSession];
    let waits_for_resource = resource_parts.into_iter().any(|part| awaited.contains(part));
    if waits_for_resource && matches!(explanation.policies().resource, ResourcePolicy::Unknown) {
        found.fact(UnknownFact::ResourcePolicy);
    }
    if awaited.contains(Part::NeedsOwnSide) {
        found.key("aws:sourceidentity");
    }
    if awaited.contains(Part::Linked) {
        found.fact(UnknownFact::RolePath);
    }
    if awaited.contains(Part::Refused) {
        found.credentials();
    }
    let owner_matters = awaited.contains(Part::Foreign)
        || (waits_for_resource && depends_on_owner(explanation))
        || (awaited.contains(Part::Refused) && services::stays_in_account(request.action()));
    if owner_matters && request.owner().is_none() {
        found.fact(UnknownFact::Owner);
    }
    found.keys.sort();
    found.keys.dedup();
    found.facts.sort();
    found.facts.dedup();
    (found.keys, found.facts)
}

/// Whether what the policy on the resource comes to depends on whose the resource is.
fn depends_on_owner(explanation: &Explanation) -> bool {
    let request = explanation.request();
    let restricted = match &explanation.policies().resource {
        ResourcePolicy::Attached(policy) => services::restricts_public_access(
            explanation.policies(),
            request.plan.caller,
            request.plan.traits,
            policy.program(),
        ),
        ResourcePolicy::None | ResourcePolicy::Unknown => false,
    };
    restricted || services::may_repair_bucket_policy(request.plan.caller, request.plan.traits)
}

struct Found<'e> {
    request: &'e Request,
    keys: Vec<String>,
    facts: Vec<UnknownFact>,
}

impl Found<'_> {
    fn key(&mut self, folded: &str) {
        self.keys.push(folded.to_owned());
    }

    /// Adds those of the keys that are unknown; whether there were any.
    fn unknown_among(&mut self, keys: &[&str]) -> bool {
        let context = self.request.context();
        let unknown = keys.iter().filter(|key| *context.get(&(**key).into()) == ContextValue::Unknown);
        let before = self.keys.len();
        self.keys.extend(unknown.map(|key| (*key).to_owned()));
        self.keys.len() > before
    }

    fn fact(&mut self, fact: UnknownFact) {
        let told = match fact {
            UnknownFact::UniqueId => self.unknown_among(&["aws:userid"]),
            UnknownFact::RolePath => self.unknown_among(&["aws:principalarn"]),
            _ => false,
        };
        if !told {
            self.facts.push(fact);
        }
    }

    /// What tells credentials of `GetSessionToken` from access keys, and whether MFA was given (PE-SES-07).
    fn credentials(&mut self) {
        let (CallerKind::User { credentials, .. } | CallerKind::Root { credentials, .. }) =
            self.request.caller().kind()
        else {
            return;
        };
        let mfa_matters = self.request.action().service() == "iam";
        let mut told = false;
        let (kind_unknown, mfa) = match credentials {
            Credentials::LongTerm => return,
            Credentials::SessionToken { mfa } => (false, *mfa),
            Credentials::Unknown { mfa } => (true, *mfa),
        };
        if kind_unknown {
            told |= self.unknown_among(&["aws:tokenissuetime", "aws:viaawsservice"]);
        }
        if mfa_matters && mfa.is_unknown() {
            told |= self.unknown_among(&["aws:multifactorauthpresent"]);
        }
        if !told {
            self.facts.push(UnknownFact::Credentials);
        }
    }

    fn condition(&mut self, condition: &iamsim_policy::Condition, operands: &[crate::program::Operand]) {
        let context = self.request.context();
        let key_unknown = *context.get(condition.key()) == ContextValue::Unknown;
        if key_unknown {
            self.key(condition.key().folded());
        }
        let open = condition::open_values(condition, operands, context);
        for (listed, operand) in condition.values().iter().zip(operands) {
            let is_open = |value: &&str| condition::is_open(condition, operand, value, context);
            if let Some(template) = listed.value.template()
                && (key_unknown || open.iter().any(is_open))
            {
                self.variables(template);
            }
        }
    }

    fn variables(&mut self, template: &Template) {
        let unknown = variable::unknown_keys(template.pieces(), self.request.context());
        self.keys.extend(unknown.map(|key| key.folded().to_owned()));
    }
}
