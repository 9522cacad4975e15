//! Whether one statement applies to a request: action, principal, resource and conditions must all match.

use iamsim_policy::{PolicyKind, Statement};

use crate::condition::{ConditionReason, condition};
use crate::principal::{Reach, Setting, reach};
use crate::program::CompiledStatement;
use crate::request::Request;
use crate::resource::covers;
use crate::tracer::{Clause, Event, Tracer};
use crate::truth::Truth;

/// What statements are judged against.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) request: &'a Request,
    pub(crate) has_boundary: bool,
}

/// Whether the statement's action covers the one asked for is known before it is looked at, or not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionIs {
    Covered,
    NotLookedAt,
}

/// Whether the statement matches, by grade; in layers without principal elements everyone is reached.
#[inline]
pub(crate) fn matches<T: Tracer>(
    statement: &Statement,
    compiled: &CompiledStatement,
    kind: PolicyKind,
    subject: Subject<'_>,
    action_is: ActionIs,
    tracer: &mut T,
) -> Reach {
    let request = subject.request;
    let action = match tracer.supposed(Clause::Action) {
        Some(supposed) => supposed.into(),
        None if action_is == ActionIs::Covered => Truth::True,
        None => action(statement, request, tracer),
    };
    if action.is_false() && !T::EXHAUSTIVE {
        return Reach::EVERYONE.and(Truth::False);
    }
    let reached = if !has_principals(kind) {
        Reach::EVERYONE
    } else if let Some(supposed) = tracer.supposed(Clause::Principal) {
        if supposed { Reach::as_if_named(request, kind) } else { Reach::as_if_not_reached() }
    } else {
        let setting = Setting { kind, effect: statement.effect(), has_boundary: subject.has_boundary };
        let reached = reach(statement.principal(), request, setting);
        tracer.event(Event::Principal(reached.any(), reached.reason, reached.entry));
        reached
    };
    if reached.any().is_false() && !T::EXHAUSTIVE {
        return reached;
    }
    let matched = reached.and(rest(statement, compiled, request, action, tracer));
    tracer.event(Event::Matched(matched.grants()));
    matched
}

/// Whether resource and conditions match as well, once the action does and the caller is reached.
#[inline]
pub(crate) fn rest<T: Tracer>(
    statement: &Statement,
    compiled: &CompiledStatement,
    request: &Request,
    action: Truth,
    tracer: &mut T,
) -> Truth {
    let mut rest = action;
    if tracer.supposed(Clause::Resource) != Some(true) {
        let (target, context) = (request.target(), request.context());
        let covered = covers(statement.resource(), &compiled.resource, target, context, T::EXHAUSTIVE);
        tracer.event(Event::Resource(covered));
        rest = rest & covered.truth;
    }
    if rest.is_false() && !T::EXHAUSTIVE {
        return Truth::False;
    }
    conditions(statement, compiled, request, rest, tracer)
}

/// Whether the conditions hold as well.
#[inline]
pub(crate) fn conditions<T: Tracer>(
    statement: &Statement,
    compiled: &CompiledStatement,
    request: &Request,
    mut rest: Truth,
    tracer: &mut T,
) -> Truth {
    let conditions = statement.conditions().iter().zip(&compiled.conditions).enumerate();
    for (index, (written, compiled)) in conditions {
        let index = index_of(index);
        let (truth, reason) = match tracer.supposed(Clause::Condition(index)) {
            Some(supposed) => (supposed.into(), ConditionReason::Listed),
            None => condition(written, compiled, request.context()),
        };
        tracer.event(Event::Condition(index, truth, reason));
        rest = rest & truth;
        if rest.is_false() && !T::EXHAUSTIVE {
            break;
        }
    }
    rest
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

/// Places are counted in 32 bits: a document of [`MAX_SOURCE_BYTES`](iamsim_policy::MAX_SOURCE_BYTES) has
/// fewer of anything.
pub(crate) fn index_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
