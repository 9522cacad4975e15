//! What every rule needs to know of a policy, found out once.

use std::cell::Cell;

use iamsim_catalog::{ActionEntry, Catalog};
use iamsim_policy::{
    AccountId, Action, ActionPattern, ArnPattern, Effect, Policy, PolicyKind, ResourcePattern, Span, Spanned,
    Statement,
};

/// A policy and what the catalog knows of it.
pub(crate) struct Facts<'p> {
    pub(crate) policy: &'p Policy,
    pub(crate) catalog: &'p Catalog,
    /// The accounts the author calls their own.
    pub(crate) accounts: &'p [AccountId],
    /// Whether AWS wrote it: quotas of customers don't bind it.
    pub(crate) aws_owned: bool,
    pub(crate) statements: Vec<StatementFacts<'p>>,
    /// How many comparisons the rules that compare everything with everything may still make.
    budget: Cell<usize>,
}

/// Comparisons for one policy: far more than AWS's largest policies need, and little enough to wait for.
const BUDGET: usize = 40_000_000;

/// A statement and the actions it names.
pub(crate) struct StatementFacts<'p> {
    pub(crate) statement: &'p Statement,
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) actions: Vec<ActionFacts<'p>>,
}

/// One entry of `Action` or `NotAction`.
pub(crate) struct ActionFacts<'p> {
    pub(crate) pattern: &'p ActionPattern,
    pub(crate) span: Span,
    /// The actions it names; none for `*`.
    pub(crate) entries: Vec<ActionEntry<'p>>,
}

impl<'p> Facts<'p> {
    pub(crate) fn new(
        policy: &'p Policy,
        catalog: &'p Catalog,
        accounts: &'p [AccountId],
        aws_owned: bool,
    ) -> Self {
        let entry = |entry: &'p Spanned<ActionPattern>| {
            let pattern = &entry.value;
            let entries =
                if pattern.is_any() { Vec::new() } else { catalog.expand(pattern).collect::<Vec<_>>() };
            ActionFacts { pattern, span: entry.span, entries }
        };
        let statement = |(index, statement): (usize, &'p Statement)| StatementFacts {
            statement,
            number: index + 1,
            actions: statement.action().patterns().iter().map(entry).collect(),
        };
        let statements = policy.statements().iter().enumerate().map(statement).collect();
        Self { policy, catalog, accounts, aws_owned, statements, budget: Cell::new(BUDGET) }
    }

    /// Whether `one` things may be compared with `other` things; they are then counted.
    pub(crate) fn affords(&self, one: usize, other: usize) -> bool {
        let cost = one.saturating_mul(other);
        let left = self.budget.get().checked_sub(cost);
        self.budget.set(left.unwrap_or_else(|| self.budget.get()));
        left.is_some()
    }

    /// Whether the statements may be compared with each other.
    pub(crate) fn affords_statements(&self) -> bool {
        let entries: usize = self.statements.iter().map(|statement| statement.actions.len() + 1).sum();
        self.statements.len() > 1 && self.affords(entries, entries)
    }

    pub(crate) fn kind(&self) -> PolicyKind {
        self.policy.kind()
    }

    /// The statements that allow.
    pub(crate) fn allowing(&self) -> impl Iterator<Item = &StatementFacts<'p>> {
        self.statements.iter().filter(|facts| facts.allows())
    }

    /// Whether the policy grants something to whoever it is attached to.
    pub(crate) fn is_identity(&self) -> bool {
        self.kind() == PolicyKind::Identity
    }

    /// Whether some statement denies an action whatever the request.
    pub(crate) fn always_denies(&self, action: &Action) -> bool {
        self.statements.iter().any(|facts| {
            !facts.allows()
                && facts.statement.conditions().is_empty()
                && facts.statement.action().matches(action)
                && facts.names_any_resource()
        })
    }
}

impl<'p> StatementFacts<'p> {
    pub(crate) fn allows(&self) -> bool {
        self.statement.effect() == Effect::Allow
    }

    pub(crate) fn is_not_action(&self) -> bool {
        self.statement.action().is_negated()
    }

    /// Whether the actions are all known: an `Action` element each of whose entries names some, and none is `*`.
    /// Only then can be said what the statement can never do.
    pub(crate) fn is_closed(&self) -> bool {
        !self.is_not_action()
            && !self.actions.is_empty()
            && self.actions.iter().all(|action| !action.pattern.is_any() && !action.entries.is_empty())
    }

    /// Every action the entries name; one that several name comes several times.
    pub(crate) fn entries(&self) -> impl Iterator<Item = ActionEntry<'p>> {
        self.actions.iter().flat_map(|action| action.entries.iter().copied())
    }

    /// The ARNs of `Resource`, when it names nothing else: no `*`, nothing that is inert.
    pub(crate) fn only_arns(&self) -> Option<Vec<(&'p ArnPattern, Span)>> {
        let clause = self.statement.resource().filter(|clause| !clause.is_negated())?;
        let arn = |entry: &'p Spanned<ResourcePattern>| match &entry.value {
            ResourcePattern::Arn(pattern) => Some((pattern, entry.span)),
            _ => None,
        };
        let arns = clause.patterns().iter().map(arn).collect::<Option<Vec<_>>>()?;
        (!arns.is_empty()).then_some(arns)
    }

    /// Whether `Resource` has `*`, or is not there.
    pub(crate) fn names_any_resource(&self) -> bool {
        match self.statement.resource() {
            None => true,
            Some(clause) => {
                !clause.is_negated()
                    && clause.patterns().iter().any(|entry| matches!(entry.value, ResourcePattern::Any))
            }
        }
    }

    /// Whether `Resource` reaches every resource of a service and type, in some account at least: `*`, or an ARN
    /// whose name is all wildcard, such as `arn:aws:iam::*:role/*`.
    pub(crate) fn names_every_resource_of(&self, service: &str, kind: &str) -> Option<Span> {
        let Some(clause) = self.statement.resource() else { return Some(self.statement.action().span()) };
        if clause.is_negated() {
            return Some(clause.span());
        }
        let reaches = |entry: &&Spanned<ResourcePattern>| match &entry.value {
            ResourcePattern::Any => true,
            ResourcePattern::Arn(pattern) => {
                let name = pattern.as_str().splitn(6, ':').nth(5).unwrap_or("*");
                let name = name.strip_prefix(kind).map_or(name, |name| name.trim_start_matches(['/', ':']));
                iamsim_policy::wildcard::matches(pattern.part(2), service)
                    && !name.is_empty()
                    && name.chars().all(|character| character == '*')
            }
            _ => false,
        };
        clause.patterns().iter().find(reaches).map(|entry| entry.span)
    }

    /// The entry of `Action` through which the statement names an action; the whole element of a `NotAction`.
    pub(crate) fn naming(&self, action: &Action) -> Option<(&'p str, Span)> {
        if self.is_not_action() {
            let clause = self.statement.action();
            return clause.matches(action).then(|| ("NotAction", clause.span()));
        }
        let found = self.actions.iter().find(|entry| entry.pattern.matches(action))?;
        Some((found.pattern.as_str(), found.span))
    }
}
