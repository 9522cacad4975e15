//! What scenarios exercised of policies, as a report shows it. Counted elsewhere.

use iamsim_policy::{Effect, Source, Span};

/// What was exercised of each policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a list of policies, nothing else")]
pub struct Coverage {
    /// The policies, in the order in which they are shown.
    pub policies: Vec<CoveredPolicy>,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredPolicy {
    /// Its name.
    pub name: String,
    /// The text it stands in.
    pub source: Source,
    /// Where it stands in that text.
    pub span: Span,
    /// Its statements, in the order written.
    pub statements: Vec<CoveredStatement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredStatement {
    /// Where it stands.
    pub span: Span,
    /// Its id.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// How many requests it matched.
    pub matched: u64,
    /// How many requests it was held against.
    pub judged: u64,
    /// Its conditions.
    pub conditions: Vec<CoveredCondition>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredCondition {
    /// The key.
    pub key: String,
    /// The operator.
    pub operator: String,
    /// Where it stands.
    pub span: Span,
    /// How many times it held.
    pub held: u64,
    /// How many times it did not.
    pub failed: u64,
}

impl CoveredPolicy {
    /// A policy and what was exercised of it.
    pub fn new(
        name: impl Into<String>,
        source: Source,
        span: Span,
        statements: Vec<CoveredStatement>,
    ) -> Self {
        Self { name: name.into(), source, span, statements }
    }
}

impl CoveredStatement {
    /// A statement, what it matched and what it was held against.
    pub fn new(
        span: Span,
        sid: Option<String>,
        effect: Effect,
        (matched, judged): (u64, u64),
        conditions: Vec<CoveredCondition>,
    ) -> Self {
        Self { span, sid, effect, matched, judged, conditions }
    }

    /// Whether some request was matched.
    pub fn is_covered(&self) -> bool {
        self.matched > 0
    }
}

impl CoveredCondition {
    /// A condition, and how many times it held and did not.
    pub fn new(
        key: impl Into<String>,
        operator: impl Into<String>,
        span: Span,
        (held, failed): (u64, u64),
    ) -> Self {
        Self { key: key.into(), operator: operator.into(), span, held, failed }
    }

    /// Whether both its outcomes were seen.
    pub fn is_covered(&self) -> bool {
        self.held > 0 && self.failed > 0
    }
}

impl Coverage {
    /// How many statements were matched, and how many there are.
    pub fn statements(&self) -> (usize, usize) {
        let all = self.policies.iter().flat_map(|policy| &policy.statements);
        (all.clone().filter(|statement| statement.is_covered()).count(), all.count())
    }

    /// How many conditions came out both ways, and how many there are.
    pub fn conditions(&self) -> (usize, usize) {
        let statements = self.policies.iter().flat_map(|policy| &policy.statements);
        let all = statements.flat_map(|statement| &statement.conditions);
        (all.clone().filter(|condition| condition.is_covered()).count(), all.count())
    }
}
