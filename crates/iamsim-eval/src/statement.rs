//! Whether one statement applies to a request: action, principal, resource and conditions must all match.

use iamsim_policy::{Effect, PolicyKind, Statement};

use crate::condition::{ConditionReason, condition};
use crate::decide::Tally;
use crate::principal::{Grades, Setting, grades, reach};
use crate::program::{CompiledStatement, Ready};
use crate::request::Request;
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
    statement: Ready<'_>,
    kind: PolicyKind,
    subject: Subject<'_>,
    action_is: ActionIs,
    beside: &Tally,
    tracer: &mut T,
) -> Grades {
    let request = subject.request;
    let written = statement.written;
    let action = match tracer.supposed(Clause::Action) {
        Some(supposed) => supposed.into(),
        None if action_is == ActionIs::Covered => Truth::True,
        None => action(written, request, tracer),
    };
    if action.is_false() && !T::EXHAUSTIVE {
        return Grades::NONE;
    }
    // In whatever order the clauses are looked at, all must match; who watches sees them as they are judged.
    let mut rest = action;
    if !T::EXHAUSTIVE {
        rest = rest & covers(statement.parts, request, tracer);
        if rest.is_false() {
            return Grades::NONE;
        }
    }
    let reached = if !has_principals(kind) {
        Grades::EVERYONE
    } else if let Some(supposed) = tracer.supposed(Clause::Principal) {
        if supposed { Grades::as_if_named(request, kind) } else { Grades::NONE }
    } else {
        let setting = Setting { kind, effect: written.effect(), has_boundary: subject.has_boundary };
        reached(written, request, setting, tracer)
    };
    let is_enough = T::STOPS && written.effect() == Effect::Allow && !reached.adds_to(beside.grants);
    if !T::EXHAUSTIVE && (is_enough || reached.any().is_false()) {
        return Grades::NONE;
    }
    if T::EXHAUSTIVE {
        rest = rest & covers(statement.parts, request, tracer);
    }
    let matched = reached.and(conditions(statement, request, rest, tracer));
    tracer.event(Event::Matched(matched));
    matched
}

/// How the caller is reached, and for whoever wants to know everything also why.
#[inline]
fn reached<T: Tracer>(statement: &Statement, request: &Request, setting: Setting, tracer: &mut T) -> Grades {
    if !T::EXHAUSTIVE {
        return grades(statement.principal(), request, setting);
    }
    let reached = reach(statement.principal(), request, setting);
    tracer.event(Event::Principal(reached.grades.any(), reached.reason, reached.entry));
    reached.grades
}

/// Whether a statement that covers the action matches, in a layer without principal elements.
#[inline]
pub(crate) fn holds<T: Tracer>(statement: Ready<'_>, request: &Request, tracer: &mut T) -> Truth {
    let covered = covers(statement.parts, request, tracer);
    let truth = if covered.is_false() { covered } else { conditions(statement, request, covered, tracer) };
    tracer.event(Event::Matched(Grades::EVERYONE.and(truth)));
    truth
}

/// Whether the resource is covered, and for whoever wants to know everything also why.
#[inline]
fn covers<T: Tracer>(parts: &CompiledStatement, request: &Request, tracer: &mut T) -> Truth {
    if tracer.supposed(Clause::Resource) == Some(true) {
        return Truth::True;
    }
    let (target, context) = (request.target(), request.context());
    if !T::EXHAUSTIVE {
        return parts.resource.covers(target, context);
    }
    let covered = parts.resource.covers_and_why(target, context);
    tracer.event(Event::Resource(covered));
    covered.truth
}

/// Whether the conditions hold as well.
#[inline]
pub(crate) fn conditions<T: Tracer>(
    statement: Ready<'_>,
    request: &Request,
    mut rest: Truth,
    tracer: &mut T,
) -> Truth {
    let conditions = statement.written.conditions().iter().zip(&statement.parts.conditions).enumerate();
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
