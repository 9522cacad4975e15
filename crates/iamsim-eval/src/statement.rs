//! Whether one statement applies to a request: action, principal, resource and conditions must all match.

use iamsim_policy::{Arn, Effect, PolicyKind, Statement};

use crate::condition::condition;
use crate::principal::{Reach, Setting, reach};
use crate::program::CompiledStatement;
use crate::request::Request;
use crate::resource::covers;
use crate::tracer::{Event, Tracer};
use crate::truth::Truth;

/// What statements are judged against.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) request: &'a Request,
    /// What an action without resource types is authorized against, if not `*` (PE-RES-14).
    pub(crate) effective_resource: Option<&'a Arn>,
    pub(crate) has_boundary: bool,
}

/// Whether the statement matches, by grade; in layers without principal elements everyone is reached.
pub(crate) fn matches<T: Tracer>(
    statement: &Statement,
    compiled: &CompiledStatement,
    kind: PolicyKind,
    subject: Subject<'_>,
    tracer: &mut T,
) -> Reach {
    let request = subject.request;
    let action = action(statement, request, tracer);
    if action.is_false() && !T::EXHAUSTIVE {
        return Reach::EVERYONE.and(Truth::False);
    }
    let reached = if has_principals(kind) {
        let setting = Setting { kind, effect: statement.effect(), has_boundary: subject.has_boundary };
        let reached = reach(statement.principal(), request, setting);
        tracer.event(Event::Principal(reached.any(), reached.reason, reached.entry));
        reached
    } else {
        Reach::EVERYONE
    };
    let mut rest = action;
    if reached.any().is_false() && !T::EXHAUSTIVE {
        return reached;
    }
    let covered = covers(statement.resource(), kind, request, subject.effective_resource);
    tracer.event(Event::Resource(covered));
    rest = rest & covered.truth;
    if rest.is_false() && !T::EXHAUSTIVE {
        return reached.and(Truth::False);
    }
    let conditions = statement.conditions().iter().zip(&compiled.conditions).enumerate();
    for (index, (written, operands)) in conditions {
        let (truth, reason) = condition(written, operands, request.context());
        tracer.event(Event::Condition(index_of(index), truth, reason));
        rest = rest & truth;
        if rest.is_false() && !T::EXHAUSTIVE {
            break;
        }
    }
    let matched = reached.and(rest);
    let grade =
        (statement.effect() == Effect::Allow && has_principals(kind)).then(|| matched.grade()).flatten();
    tracer.event(Event::Matched(matched.any(), grade));
    matched
}

fn action<T: Tracer>(statement: &Statement, request: &Request, tracer: &mut T) -> Truth {
    let clause = statement.action();
    if !T::EXHAUSTIVE {
        return clause.matches(request.action()).into();
    }
    let entry = clause.patterns().iter().position(|pattern| pattern.value.matches(request.action()));
    let matches = clause.matches(request.action());
    tracer.event(Event::Action(matches, entry.map(index_of)));
    matches.into()
}

/// Whether policies of a kind say whom they speak of.
pub(crate) fn has_principals(kind: PolicyKind) -> bool {
    matches!(
        kind,
        PolicyKind::Resource(_)
            | PolicyKind::RoleTrust
            | PolicyKind::ResourceControl
            | PolicyKind::VpcEndpoint
    )
}

pub(crate) fn index_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
