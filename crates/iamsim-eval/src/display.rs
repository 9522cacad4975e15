//! The canonical text of an explanation: what people read and snapshots hold. ASCII but for the user's own
//! text, no colour, no time of day, the same on every run and platform.

use std::fmt::{self, Write as _};

use iamsim_policy::{Effect, Statement};

use crate::condition::ConditionReason;
use crate::context::ContextValue;
use crate::layers::Layer;
use crate::principal::PrincipalReason;
use crate::reason::{Because, policy_type};
use crate::request::Request;
use crate::resource::ResourceReason;
use crate::trace::{ClauseTrace, Explanation, LayerTrace, PolicyTrace, StatementTrace};
use crate::tracer::Standing;
use crate::truth::Truth;

/// How many entries of a list are written before `and N more`.
const SHOWN_ENTRIES: usize = 3;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.request();
        writeln!(f, "{}: {}", self.decision(), request.action())?;
        writeln!(f, "  by {}", request.caller())?;
        writeln!(f, "  on {}", request.resource())?;
        writeln!(f, "  {}", Because(self))?;
        for near_miss in self.near_misses() {
            writeln!(f, "  near miss: {near_miss}")?;
        }
        if !self.unknown_keys().is_empty() {
            writeln!(f, "  depends on {}", self.unknown_keys().join(", "))?;
        }
        for layer in self.layers() {
            write_layer(f, &layer, request)?;
        }
        Ok(())
    }
}

fn write_layer(f: &mut fmt::Formatter<'_>, layer: &LayerTrace<'_>, request: &Request) -> fmt::Result {
    // What is not there has no line, except where its absence decides.
    if layer.standing == Standing::None && layer.layer != Layer::Identity {
        return Ok(());
    }
    let kind = policy_type(layer.layer, request);
    writeln!(f)?;
    match standing_text(layer.standing) {
        Some(text) => return writeln!(f, "  {kind}: {text}"),
        None => writeln!(f, "  {kind}: {}", effect_text(layer.allow, layer.deny))?,
    }
    for level in &layer.levels {
        let indent = match level.name {
            None => 4,
            Some(name) => {
                writeln!(f, "    {name}")?;
                if level.policies.is_empty() {
                    writeln!(f, "      nothing is attached, so nothing is allowed")?;
                }
                6
            }
        };
        for policy in &level.policies {
            write_policy(f, policy, request, indent)?;
        }
    }
    Ok(())
}

fn standing_text(standing: Standing) -> Option<&'static str> {
    Some(match standing {
        Standing::Applies => return None,
        Standing::None => "none",
        Standing::Unknown => "not known",
        Standing::CallerWithoutAccount => "not looked at, the caller has no account",
        Standing::ServicePrincipal => "not looked at, a service acts for itself",
        Standing::ServiceLinkedRole => "not looked at, the caller's role is service-linked",
        Standing::ServiceNotSupported => "not looked at, the service has no such policies",
        Standing::RootUser => "not looked at, the caller is a root user",
        Standing::FederatedWithoutSessionPolicy => {
            "none, so the session from GetFederationToken has no permissions of its own"
        }
        Standing::NotForAction => "not looked at, no resource policy takes part in this action",
    })
}

fn effect_text(allow: Truth, deny: Truth) -> &'static str {
    match (deny, allow) {
        (Truth::True, _) => "denies",
        (Truth::Unknown, _) => "may deny",
        (Truth::False, Truth::True) => "allows",
        (Truth::False, Truth::Unknown) => "may allow",
        (Truth::False, Truth::False) => "does not allow",
    }
}

fn write_policy(
    f: &mut fmt::Formatter<'_>,
    policy: &PolicyTrace<'_>,
    request: &Request,
    indent: usize,
) -> fmt::Result {
    writeln!(f, "{:indent$}{}", "", policy.name)?;
    for statement in &policy.statements {
        let place = policy.policy.source().place(statement.statement.span());
        let name = match statement.statement.sid() {
            Some(sid) => format!("statement {} {sid}", statement.index + 1),
            None => format!("statement {}", statement.index + 1),
        };
        let outcome = statement_text(statement);
        writeln!(f, "{:indent$}  {name}: {outcome} ({place})", "")?;
        for clause in shown_clauses(statement) {
            let mut text = String::new();
            write_clause(&mut text, clause, statement.statement, request)?;
            writeln!(f, "{:indent$}    {text}", "")?;
        }
    }
    Ok(())
}

fn statement_text(statement: &StatementTrace<'_>) -> &'static str {
    match (statement.statement.effect(), statement.matches) {
        (Effect::Allow, Truth::True) => "allows",
        (Effect::Deny, Truth::True) => "denies",
        (Effect::Allow, Truth::Unknown) => "may allow",
        (Effect::Deny, Truth::Unknown) => "may deny",
        (Effect::Allow, Truth::False) => "would allow, does not apply",
        (Effect::Deny, Truth::False) => "would deny, does not apply",
    }
}

/// A statement about other actions says so in one line; of any other all clauses are of interest.
fn shown_clauses<'t, 'e>(statement: &'t StatementTrace<'e>) -> impl Iterator<Item = &'t ClauseTrace<'e>> {
    let other_action =
        statement.clauses.iter().any(|clause| matches!(clause, ClauseTrace::Action { matches: false, .. }));
    statement
        .clauses
        .iter()
        .filter(move |clause| !other_action || matches!(clause, ClauseTrace::Action { .. }))
}

fn mark(outcome: Truth) -> &'static str {
    match outcome {
        Truth::True => "yes",
        Truth::False => "no ",
        Truth::Unknown => "?  ",
    }
}

fn write_clause(
    f: &mut String,
    clause: &ClauseTrace<'_>,
    statement: &Statement,
    request: &Request,
) -> fmt::Result {
    write!(f, "{} ", mark(clause.outcome()))?;
    match clause {
        ClauseTrace::Action { entry, .. } => {
            let written = statement.action();
            let element = if written.is_negated() { "NotAction" } else { "Action" };
            if let Some(entry) = entry {
                write!(f, "{element}: {} covers {}", entry.as_str(), request.action())
            } else {
                let entries = written.patterns().iter().map(|entry| entry.value.as_str());
                write!(f, "{element}: {} is not among {}", request.action(), listed(entries))
            }
        }
        ClauseTrace::Principal { reason, entry, .. } => write_principal(f, *reason, *entry, statement),
        ClauseTrace::Resource { reason, entry, .. } => {
            let Some(written) = statement.resource() else {
                return f.write_str("Resource: the policy's own");
            };
            let element = if written.is_negated() { "NotResource" } else { "Resource" };
            let entries = || listed(written.patterns().iter().map(|entry| entry.value.as_str()));
            let on = request.resource();
            match (reason, entry) {
                (ResourceReason::VariableUnknown, Some(entry)) => {
                    write!(f, "{element}: {} holds a variable that is not known", entry.as_str())
                }
                (_, Some(entry)) => write!(f, "{element}: {} covers {on}", entry.as_str()),
                (ResourceReason::VariableWithoutValue, None) => {
                    write!(f, "{element}: a variable in {} has no value", entries())
                }
                (ResourceReason::NoResource, None) => {
                    write!(f, "{element}: the request names no resource, and * is not among {}", entries())
                }
                (ResourceReason::InertEntry, None) => {
                    write!(
                        f,
                        "{element}: an entry of {} names no whole ARN, so the statement is inert",
                        entries()
                    )
                }
                (ResourceReason::EmptyList, None) => write!(f, "{element}: the list is empty"),
                _ => write!(f, "{element}: {on} is not among {}", entries()),
            }
        }
        ClauseTrace::Condition { condition, reason, .. } => {
            let values = listed(condition.values().iter().map(|listed| listed.value.as_str()));
            write!(f, "{} {} {values}: ", condition.operator(), condition.key())?;
            write_condition_reason(f, *reason, request.context().get(condition.key()))
        }
    }
}

fn write_principal(
    f: &mut String,
    reason: PrincipalReason,
    entry: Option<&iamsim_policy::PrincipalPattern>,
    statement: &Statement,
) -> fmt::Result {
    let clause = statement.principal();
    let element = if clause.is_some_and(iamsim_policy::PrincipalClause::is_negated) {
        "NotPrincipal"
    } else {
        "Principal"
    };
    let entries = || {
        let texts: Vec<String> = clause
            .map(|clause| clause.entries().iter().map(|entry| entry.value.to_string()).collect())
            .unwrap_or_default();
        listed(texts.iter().map(String::as_str))
    };
    match reason {
        PrincipalReason::Named => match entry {
            Some(entry) => write!(f, "{element}: {entry} names the caller"),
            None => write!(f, "{element}: names the caller"),
        },
        PrincipalReason::NotNamed => write!(f, "{element}: the caller is not among {}", entries()),
        PrincipalReason::NoElement => f.write_str("Principal: missing, so the statement names nobody"),
        PrincipalReason::Exempt => write!(f, "{element}: {} exempts the caller", entries()),
        PrincipalReason::NotExempt => {
            write!(f, "{element}: the caller, or an identity behind it, is not among {}", entries())
        }
        PrincipalReason::BoundaryVoidsExemption => {
            write!(f, "{element}: exempts nobody who has a permissions boundary")
        }
        PrincipalReason::CallerNotKnown => {
            write!(f, "{element}: too little is known of the caller to compare it with {}", entries())
        }
    }
}

fn write_condition_reason(f: &mut String, reason: ConditionReason, found: &ContextValue) -> fmt::Result {
    let value = match found {
        ContextValue::One(value) => format!("`{value}`"),
        ContextValue::Many(values) => {
            let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("[{}]", quoted.join(", "))
        }
        ContextValue::Absent => "absent".to_owned(),
        ContextValue::Unknown => "not known".to_owned(),
    };
    match reason {
        ConditionReason::Listed | ConditionReason::NotListed => write!(f, "the request has {value}"),
        ConditionReason::KeyAbsent => f.write_str("the request does not carry the key"),
        ConditionReason::AbsentIfExists => {
            f.write_str("the request does not carry the key, which satisfies IfExists")
        }
        ConditionReason::KeyPresent => write!(f, "the request carries the key, {value}"),
        ConditionReason::NeedsSetQualifier => {
            write!(f, "the key has several values, {value}, and needs ForAllValues or ForAnyValue")
        }
        ConditionReason::NoValuesForAll => {
            f.write_str("the request has no values, which satisfies ForAllValues")
        }
        ConditionReason::NoValuesForAny => f.write_str("the request has no values, which fails ForAnyValue"),
        ConditionReason::AllValuesPass => write!(f, "all of {value} pass"),
        ConditionReason::SomeValueFails => write!(f, "not all of {value} pass"),
        ConditionReason::SomeValuePasses => write!(f, "one of {value} passes"),
        ConditionReason::AllValuesFail => write!(f, "none of {value} passes"),
        ConditionReason::NothingListed => f.write_str("the policy lists no value that could match"),
        ConditionReason::NotOfType => write!(f, "{value} can't be compared by this operator"),
        ConditionReason::NullWithQualifier => {
            f.write_str("with this qualifier, Null is the same for every request")
        }
        ConditionReason::KeyUnknown => f.write_str("whether the request carries the key is not known"),
        ConditionReason::VariableUnknown => f.write_str("the value of a variable is not known"),
    }
}

/// `a, b, c and 4 more`; `nothing` for an empty list.
fn listed<'t>(entries: impl ExactSizeIterator<Item = &'t str>) -> String {
    let count = entries.len();
    let shown: Vec<&str> = entries.take(SHOWN_ENTRIES).collect();
    match count.saturating_sub(SHOWN_ENTRIES) {
        _ if count == 0 => "nothing".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
