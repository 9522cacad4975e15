//! Why a role could not be assumed, in plain words: AWS gives one answer for every cause (TRU-40).

use iamsim_eval::{ClauseTrace, ContextValue, Explanation, Layer, LayerTrace, Reason, StatementTrace};
use iamsim_policy::Effect;

/// Context keys that a switch in the console can't supply (SIG-08).
const NOT_FROM_CONSOLE: &[(&str, &str)] = &[
    ("sts:externalid", "an ExternalId"),
    ("sts:sourceidentity", "a source identity"),
    ("aws:requesttag/", "session tags"),
    ("aws:tagkeys", "session tags"),
    ("sts:transitivetagkeys", "transitive session tags"),
];

/// Where the call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Api,
    Console,
}

/// Why a denied call was denied; `action` is `sts:AssumeRole` or a companion.
pub(crate) fn why(explanation: &Explanation, action: &str, door: Door) -> String {
    match explanation.reason() {
        Reason::ExplicitDeny(layer) => {
            let deciding = explanation.deciding();
            let statement = deciding.iter().find(|statement| statement.layer == layer);
            let place = statement.map(|statement| format!(" at {}", statement.place())).unwrap_or_default();
            let trace = explanation.layers().into_iter().find(|trace| trace.layer == layer);
            let asked = match trace {
                Some(trace) if layer == Layer::Resource => denied_by_trust(&trace, explanation, door),
                _ => None,
            };
            asked.unwrap_or_else(|| format!("{} denies {action}{place}", words(layer)))
        }
        Reason::ImplicitDeny(Layer::Resource) => {
            let layers = explanation.layers();
            let trace = layers.iter().find(|trace| trace.layer == Layer::Resource);
            trace.map_or_else(
                || "the role does not exist".into(),
                |trace| missing_from_trust(trace, explanation, action, door),
            )
        }
        Reason::ImplicitDeny(Layer::Identity) => {
            format!("no identity-based policy of the caller allows {action} on the role")
        }
        Reason::ImplicitDeny(layer) => format!("{} does not allow {action}", words(layer)),
        Reason::Fixed(rule) => rule.to_string(),
        _ => explanation.message(),
    }
}

fn words(layer: Layer) -> &'static str {
    match layer {
        Layer::ResourceControl => "a resource control policy of the role's account",
        Layer::ServiceControl => "a service control policy of the caller's account",
        Layer::VpcEndpoint => "the policy of the VPC endpoint",
        Layer::Resource => "the role's trust policy",
        Layer::PermissionsBoundary => "the caller's permissions boundary",
        Layer::Session => "the caller's session policy",
        _ => "an identity-based policy of the caller",
    }
}

/// The trust policy does not allow: nobody of the statements for this action is the caller, or a condition
/// fails.
fn missing_from_trust(trace: &LayerTrace<'_>, explanation: &Explanation, action: &str, door: Door) -> String {
    let statements = statements(trace, Effect::Allow);
    if trace.levels.iter().all(|level| level.policies.is_empty()) {
        return "the role does not exist: its path and the case of its name count".into();
    }
    let for_action: Vec<_> = statements
        .into_iter()
        .filter(|statement| statement.clauses.iter().all(|clause| !is_failed_action(clause)))
        .collect();
    if for_action.is_empty() {
        return format!("the role's trust policy does not list {action}");
    }
    let trusts = |statement: &&&StatementTrace<'_>| {
        !statement
            .clauses
            .iter()
            .any(|clause| matches!(clause, ClauseTrace::Principal { matches, .. } if !matches.is_true()))
    };
    let caller = explanation.request().caller();
    let Some(statement) = for_action.iter().find(trusts) else {
        return match caller.account() {
            Some(account) => {
                format!("the role's trust policy trusts neither {caller} nor its account {account}")
            }
            None => format!("the role's trust policy does not trust {caller}"),
        };
    };
    let failed = statement.clauses.iter().find_map(|clause| match clause {
        ClauseTrace::Condition { condition, holds, .. } if !holds.is_true() => Some(condition.key()),
        _ => None,
    });
    match failed {
        Some(key) => condition_failed(key.as_str(), explanation, door),
        None => format!("the role's trust policy does not allow {action}"),
    }
}

/// A Deny of the trust policy that asks for something, such as MFA.
fn denied_by_trust(trace: &LayerTrace<'_>, explanation: &Explanation, door: Door) -> Option<String> {
    let denying =
        statements(trace, Effect::Deny).into_iter().find(|statement| statement.matches.is_true())?;
    let key = denying.clauses.iter().find_map(|clause| match clause {
        ClauseTrace::Condition { condition, .. } => Some(condition.key().as_str().to_owned()),
        _ => None,
    })?;
    let supplied = NOT_FROM_CONSOLE.iter().any(|(prefix, _)| key.to_lowercase().starts_with(prefix));
    (supplied || key.to_lowercase().starts_with("aws:multifactorauth"))
        .then(|| condition_failed(&key, explanation, door))
}

fn statements<'t, 'e>(trace: &'t LayerTrace<'e>, effect: Effect) -> Vec<&'t StatementTrace<'e>> {
    let policies = trace.levels.iter().flat_map(|level| &level.policies);
    policies
        .flat_map(|policy| &policy.statements)
        .filter(|statement| statement.statement.effect() == effect)
        .collect()
}

fn is_failed_action(clause: &ClauseTrace<'_>) -> bool {
    matches!(clause, ClauseTrace::Action { matches: false, .. })
}

fn condition_failed(key: &str, explanation: &Explanation, door: Door) -> String {
    let folded = key.to_lowercase();
    if door == Door::Console
        && let Some((_, what)) = NOT_FROM_CONSOLE.iter().find(|(prefix, _)| folded.starts_with(prefix))
    {
        return format!(
            "the role's trust policy asks for {what} (`{key}`), which a switch in the console can't supply: the \
             role can't be reached from the console"
        );
    }
    let request = explanation.request();
    let given = request.context().get(&key.into());
    let is_role_session = request.caller().role().is_some();
    match (folded.as_str(), given) {
        ("sts:externalid", ContextValue::Absent) => {
            "the role's trust policy asks for an ExternalId, and none was given".into()
        }
        ("sts:externalid", _) => {
            "the ExternalId is not the one the role's trust policy asks for; its case counts".into()
        }
        ("aws:multifactorauthpresent" | "aws:multifactorauthage", _) if door == Door::Console => {
            "the role's trust policy asks for MFA: sign in with MFA, a switch can't add it".into()
        }
        ("aws:multifactorauthpresent", _) if is_role_session => {
            "the role's trust policy asks for MFA, which a role session never carries".into()
        }
        ("aws:multifactorauthpresent", _) => {
            "the role's trust policy asks for MFA, and the call came without".into()
        }
        ("aws:multifactorauthage", ContextValue::One(age)) => {
            format!("MFA was given {age} seconds ago, and the role's trust policy asks for another age")
        }
        (_, ContextValue::Absent) => {
            format!("the role's trust policy has a condition on `{key}`, which the call does not carry")
        }
        (_, ContextValue::One(value)) => {
            format!("the role's trust policy has a condition on `{key}`, and `{value}` does not meet it")
        }
        _ => format!("the role's trust policy has a condition on `{key}` that is not met"),
    }
}
