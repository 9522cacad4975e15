//! What of the policies was exercised, counted from explanations.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use iamsim::Explanation;
use iamsim_eval::{ClauseTrace, StatementTrace, Truth};
use iamsim_policy::{Effect, Policy, PolicyKind, Source, Span};

/// What of some policies a run of scenarios exercised.
///
/// A statement is covered when it matched a request. A condition has two outcomes, and each is covered when the
/// condition came to it in a request that the rest of the statement speaks of: its action, principal and
/// resource.
///
/// ```
/// use iamsim::Cloud;
/// use iamsim_coverage::Coverage;
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": [
///         {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
///         {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}]}"#,
/// )?;
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?.attach("queues", &policy)?.caller();
///
/// let mut coverage = Coverage::new();
/// coverage.declare(&policy);
/// coverage.observe(&cloud.explain(&dev, "sqs:ListQueues", "*")?);
/// assert_eq!(coverage.totals().statements.to_string(), "1 of 2 (50.0 %)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// By file and place.
    policies: BTreeMap<Key, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    policy: PolicyCoverage,
    /// Whether it counts: what was seen of a policy is kept in case that it is declared later.
    is_declared: bool,
}

/// A policy's place: the name of its file, and where in it it begins.
type Key = (Box<str>, Span);

/// One policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyCoverage {
    /// The text it stands in: its own file, or a scenario.
    pub source: Source,
    /// Where in the text it stands.
    pub span: Span,
    /// What it is used as, where it was met first.
    pub kind: PolicyKind,
    /// Its statements in the order written.
    pub statements: Vec<StatementCoverage>,
}

/// One statement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatementCoverage {
    /// Its place in the policy, from 0.
    pub index: usize,
    /// Its id.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Where it stands.
    pub span: Span,
    /// How many requests it matched.
    pub matched: u64,
    /// How many requests of one of its actions it was judged against.
    pub judged: u64,
    /// Its conditions in the order written.
    pub conditions: Vec<ConditionCoverage>,
}

/// One key under one operator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConditionCoverage {
    /// The operator's full name.
    pub operator: String,
    /// The key, as written.
    pub key: String,
    /// Where the key's name stands.
    pub span: Span,
    /// In how many requests it held.
    pub held: u64,
    /// In how many requests it did not hold.
    pub failed: u64,
}

/// How many of some things are covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "some of all")]
pub struct Count {
    /// How many are covered.
    pub covered: usize,
    /// How many there are.
    pub all: usize,
}

/// Coverage in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoverageTotals {
    /// Statements that matched a request.
    pub statements: Count,
    /// Outcomes of conditions, two for each.
    pub outcomes: Count,
}

impl Coverage {
    /// Nothing declared and nothing seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// A policy that counts, whether or not a request ever meets it. One that was declared before keeps what
    /// was seen of it.
    pub fn declare(&mut self, policy: &Policy) {
        self.entry(policy).is_declared = true;
    }

    /// What a decision exercised. Policies that nobody declares, before or after, don't count.
    pub fn observe(&mut self, explanation: &Explanation) {
        for layer in explanation.layers() {
            for policy in layer.levels.iter().flat_map(|level| &level.policies) {
                let entry = self.entry(policy.policy);
                for trace in &policy.statements {
                    if let Some(statement) = entry.policy.statements.get_mut(trace.index) {
                        statement.observe(trace);
                    }
                }
            }
        }
    }

    fn entry(&mut self, policy: &Policy) -> &mut Entry {
        let new = || Entry { policy: PolicyCoverage::new(policy), is_declared: false };
        self.policies.entry(key(policy)).or_insert_with(new)
    }

    /// Takes over what another run saw, such as that of another thread.
    pub fn merge(&mut self, other: Self) {
        for (key, theirs) in other.policies {
            match self.policies.get_mut(&key) {
                None => drop(self.policies.insert(key, theirs)),
                Some(ours) => {
                    ours.is_declared |= theirs.is_declared;
                    ours.policy.merge(&theirs.policy);
                }
            }
        }
    }

    /// The declared policies, by file and place.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyCoverage> {
        self.policies.values().filter(|entry| entry.is_declared).map(|entry| &entry.policy)
    }

    /// The figures.
    pub fn totals(&self) -> CoverageTotals {
        self.policies().map(PolicyCoverage::totals).fold(CoverageTotals::default(), CoverageTotals::and)
    }

    /// A table for people: a line for each file, below it what is missing, and the totals. It ends with a line
    /// break, and is the same on every run.
    ///
    /// ```
    /// let text = iamsim_coverage::Coverage::new().to_text();
    /// assert_eq!(text, "coverage: 0 of 0 statements (100.0 %), 0 of 0 outcomes of conditions (100.0 %)\n");
    /// ```
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let files = self.files();
        let widest = files.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, policies) in files {
            let totals = policies
                .iter()
                .map(|policy| policy.totals())
                .fold(CoverageTotals::default(), CoverageTotals::and);
            let CoverageTotals { statements, outcomes } = totals;
            // Writing to a string does not fail.
            let _ = write!(text, "{name:<widest$}  statements {}/{}", statements.covered, statements.all);
            if outcomes.all > 0 {
                let _ = write!(text, "  conditions {}/{}", outcomes.covered, outcomes.all);
            }
            text.push('\n');
            for missing in policies.iter().flat_map(|policy| policy.missing()) {
                let _ = writeln!(text, "  {missing}");
            }
        }
        let CoverageTotals { statements, outcomes } = self.totals();
        let _ = writeln!(
            text,
            "coverage: {} of {} statements ({}), {} of {} outcomes of conditions ({})",
            statements.covered,
            statements.all,
            statements.share(),
            outcomes.covered,
            outcomes.all,
            outcomes.share(),
        );
        text
    }

    /// The lines and branches of the policy files in lcov's format: a line is hit as often as a statement on it
    /// matched, and each condition is a branch with two ways.
    pub fn to_lcov(&self) -> String {
        crate::lcov::write(&self.files())
    }

    /// The policies of each file.
    pub(crate) fn files(&self) -> Vec<(&str, Vec<&PolicyCoverage>)> {
        let mut files: Vec<(&str, Vec<&PolicyCoverage>)> = Vec::new();
        for policy in self.policies() {
            let name = policy.source.name();
            match files.last_mut() {
                Some((last, policies)) if *last == name => policies.push(policy),
                _ => files.push((name, vec![policy])),
            }
        }
        files
    }
}

impl PolicyCoverage {
    fn new(policy: &Policy) -> Self {
        let statements = policy.statements().iter().enumerate();
        Self {
            source: policy.source().clone(),
            span: policy.span(),
            kind: policy.kind(),
            statements: statements
                .map(|(index, statement)| StatementCoverage {
                    index,
                    sid: statement.sid().map(str::to_owned),
                    effect: statement.effect(),
                    span: statement.span(),
                    matched: 0,
                    judged: 0,
                    conditions: statement
                        .conditions()
                        .iter()
                        .map(|condition| ConditionCoverage {
                            operator: condition.operator().to_string(),
                            key: condition.key().to_string(),
                            span: condition.key_span(),
                            held: 0,
                            failed: 0,
                        })
                        .collect(),
                })
                .collect(),
        }
    }

    fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.statements.iter_mut().zip(&other.statements) {
            ours.matched += theirs.matched;
            ours.judged += theirs.judged;
            for (ours, theirs) in ours.conditions.iter_mut().zip(&theirs.conditions) {
                ours.held += theirs.held;
                ours.failed += theirs.failed;
            }
        }
    }

    /// The figures of this policy.
    pub fn totals(&self) -> CoverageTotals {
        let mut totals = CoverageTotals::default();
        for statement in &self.statements {
            totals.statements.count(statement.is_covered());
            for condition in &statement.conditions {
                totals.outcomes.count(condition.held > 0);
                totals.outcomes.count(condition.failed > 0);
            }
        }
        totals
    }

    /// What no request exercised, a line for each.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for statement in &self.statements {
            let number = statement.index + 1;
            let sid = statement.sid.as_ref().map(|sid| format!(" `{sid}`")).unwrap_or_default();
            let place = self.source.place(statement.span);
            if !statement.is_covered() {
                let why = if statement.judged == 0 {
                    "no request was for one of its actions"
                } else {
                    "it matched no request"
                };
                missing.push(format!("{place}: statement {number}{sid}: {why}"));
            }
            for condition in &statement.conditions {
                let never = match (condition.held, condition.failed) {
                    (0, 0) => "was never judged",
                    (0, _) => "never held",
                    (_, 0) => "always held",
                    _ => continue,
                };
                let place = self.source.place(condition.span);
                let ConditionCoverage { operator, key, .. } = condition;
                missing.push(format!("{place}: statement {number}{sid}: {operator} of `{key}` {never}"));
            }
        }
        missing
    }
}

impl StatementCoverage {
    /// Whether it matched a request.
    pub fn is_covered(&self) -> bool {
        self.matched > 0
    }

    fn observe(&mut self, trace: &StatementTrace<'_>) {
        self.matched += u64::from(trace.matches.is_true());
        let gates = |clause: &ClauseTrace<'_>| !matches!(clause, ClauseTrace::Condition { .. });
        let is_about =
            trace.clauses.iter().all(|clause| !matches!(clause, ClauseTrace::Action { matches: false, .. }));
        self.judged += u64::from(is_about);
        // A condition is judged for its own sake only where nothing before it has decided.
        if !trace.clauses.iter().filter(|clause| gates(clause)).all(|clause| clause.outcome().is_true()) {
            return;
        }
        for clause in &trace.clauses {
            if let ClauseTrace::Condition { holds, index, .. } = clause
                && let Some(condition) = self.conditions.get_mut(*index)
            {
                match holds {
                    Truth::True => condition.held += 1,
                    Truth::False => condition.failed += 1,
                    Truth::Unknown => {}
                }
            }
        }
    }
}

impl CoverageTotals {
    fn and(self, other: Self) -> Self {
        let both =
            |one: Count, two: Count| Count { covered: one.covered + two.covered, all: one.all + two.all };
        Self {
            statements: both(self.statements, other.statements),
            outcomes: both(self.outcomes, other.outcomes),
        }
    }
}

impl Count {
    fn count(&mut self, covered: bool) {
        self.all += 1;
        self.covered += usize::from(covered);
    }

    /// Covered out of all in tenths of a percent, rounded down so that only all is 100 %; nothing at all is
    /// covered in full.
    ///
    /// ```
    /// use iamsim_coverage::Count;
    ///
    /// assert_eq!(Count { covered: 1999, all: 2000 }.permille(), 999);
    /// assert_eq!(Count::default().permille(), 1000);
    /// ```
    pub fn permille(self) -> u32 {
        if self.all == 0 {
            return 1000;
        }
        u32::try_from(self.covered * 1000 / self.all).unwrap_or(1000)
    }

    /// As people write it: `99.9 %`.
    pub fn share(self) -> String {
        let permille = self.permille();
        format!("{}.{} %", permille / 10, permille % 10)
    }
}

/// `3 of 4 (75.0 %)`
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({})", self.covered, self.all, self.share())
    }
}

fn key(policy: &Policy) -> Key {
    (policy.source().name().into(), policy.span())
}
