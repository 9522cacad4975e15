//! The trust graph of a cloud: who may assume which role, and on what conditions.
//!
//! Edges come from the trust policies as written. For each of them the simulator is asked whether the call
//! would go through, so that an edge says whether the other side permits it too. Nothing is judged here.

mod ask;
mod build;
mod layout;
mod svg;
mod text;
mod words;

use std::fmt;
use std::str::FromStr;

use iamsim::{AccountId, Cloud};

pub(crate) use svg::{drawing, looks};

/// Who may assume what, as nodes and edges.
///
/// ```
/// use iamsim::{Cloud, trust};
/// use iamsim_report::{Graph, Sides};
///
/// let mut cloud = Cloud::new();
/// let mut users = cloud.account("111122223333")?;
/// users.add_user("dev")?.attach("assume", r#"{"Version": "2012-10-17", "Statement": {
///     "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}"#)?;
/// users.add_user("guest")?;
/// cloud.account("444455556666")?
///     .add_role("deployer", trust::account("111122223333").require_external_id("Unique-7"))?;
///
/// let graph = Graph::of(&cloud);
/// let edges: Vec<String> = graph.edges().iter().map(|edge| graph.sentence(edge)).collect();
/// assert_eq!(edges, [
///     "account 111122223333 may assume role deployer of 444455556666 if sts:ExternalId = Unique-7",
///     "user dev of 111122223333 may assume role deployer of 444455556666 if sts:ExternalId = Unique-7",
/// ]);
/// assert!(graph.edges().iter().all(|edge| edge.sides == Sides::Both));
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    notes: Vec<String>,
}

/// Somebody who assumes roles, or a role that is assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// A short name: a user's or role's name, an account's id, the name of a service, a provider's host.
    pub name: String,
    /// The account it is in.
    pub account: Option<AccountId>,
    /// The alias of that account.
    pub alias: Option<String>,
    /// What policies call it: an ARN, an account id, the name of a service. Several where nodes that have the
    /// same neighbours were folded into one.
    pub members: Vec<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// Everyone, or everyone but some.
    Everyone,
    /// An AWS service.
    Service,
    /// An identity provider.
    Provider,
    /// Whoever an account lets.
    Account,
    /// A user.
    User,
    /// A role.
    Role,
    /// Somebody of whom nothing is known here, or who is gone.
    Unknown,
}

/// One who may assume a role, as one statement of its trust policy has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// Who assumes: a place in [`Graph::nodes`].
    pub from: usize,
    /// The role: a place in [`Graph::nodes`].
    pub to: usize,
    /// The action: `sts:AssumeRole`, or the one of a federated caller.
    pub action: &'static str,
    /// What the statement asks for, one condition each, and what the trust policy denies.
    pub conditions: Vec<String>,
    /// Whether the other side permits it too.
    pub sides: Sides,
    /// Why not, or why it can't be told.
    pub why: Option<String>,
    /// The account that the trust policy names, where the edge is one of its identities'.
    pub through: Option<String>,
    /// `file:line:column` of the statement.
    pub place: String,
    /// The statement's id.
    pub sid: Option<String>,
}

/// Whether a role can be taken, or is only offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a call goes through, does not, or can't be told")]
pub enum Sides {
    /// The role trusts, and nothing on the caller's side stands in the way, once the conditions are met.
    Both,
    /// The role trusts, and something else refuses the call whatever is sent with it.
    TrustOnly,
    /// It depends on what is not known, such as an account that nobody has described.
    Undetermined,
}

impl Sides {
    /// A stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::TrustOnly => "trust-only",
            Self::Undetermined => "undetermined",
        }
    }
}

impl NodeKind {
    /// A word for people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Service => "service",
            Self::Provider => "provider",
            Self::Account => "account",
            Self::User => "user",
            Self::Role => "role",
            Self::Unknown => "unknown",
        }
    }
}

/// How much of a large graph is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphOptions {
    pub(crate) fold_above: usize,
    pub(crate) most_nodes: usize,
    pub(crate) most_questions: usize,
    pub(crate) accounts: Vec<AccountId>,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self { fold_above: 40, most_nodes: 400, most_questions: 20_000, accounts: Vec::new() }
    }
}

impl GraphOptions {
    /// Folds above 40 nodes, keeps 400, asks 20,000 questions.
    pub fn new() -> Self {
        Self::default()
    }

    /// With more nodes than this, those of one kind and account that have the same neighbours on the same
    /// conditions become one.
    pub fn fold_above(mut self, nodes: usize) -> Self {
        self.fold_above = nodes;
        self
    }

    /// With more nodes than this after folding, the rest is left out, roles that only services assume first.
    pub fn most_nodes(mut self, nodes: usize) -> Self {
        self.most_nodes = nodes;
        self
    }

    /// How many pairs of an identity and a role that trusts its account are asked about.
    pub fn most_questions(mut self, questions: usize) -> Self {
        self.most_questions = questions;
        self
    }

    /// Only roles of this account; called again, of these accounts.
    pub fn account(mut self, account: AccountId) -> Self {
        self.accounts.push(account);
        self
    }
}

/// A form a graph is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GraphFormat {
    /// A Mermaid flowchart, which GitHub and GitLab draw inside Markdown.
    Mermaid,
    /// Graphviz' language.
    Dot,
    /// A picture.
    Svg,
}

impl GraphFormat {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Mermaid, Self::Dot, Self::Svg];

    /// The name on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
            Self::Svg => "svg",
        }
    }
}

impl fmt::Display for GraphFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for GraphFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|format| format.as_str() == name);
        found.ok_or_else(|| format!("`{name}` is not a format of a graph: these are mermaid, dot and svg"))
    }
}

impl Graph {
    /// The graph of all roles of a cloud.
    pub fn of(cloud: &Cloud) -> Self {
        Self::with(cloud, &GraphOptions::default())
    }

    /// The graph, as far as the options want it.
    pub fn with(cloud: &Cloud, options: &GraphOptions) -> Self {
        build::build(cloud, options)
    }

    /// Who assumes and what is assumed: by account, in the order of the roles.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Who may assume what, in the order of the roles and of their statements.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// What was folded or left out, in words; empty when nothing was.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The node at a place of [`nodes`](Self::nodes).
    pub fn node(&self, place: usize) -> Option<&Node> {
        self.nodes.get(place)
    }

    /// An edge as a sentence without full stop.
    pub fn sentence(&self, edge: &Edge) -> String {
        let who = |place| self.node(place).map(Node::title).unwrap_or_default();
        let verb = match edge.sides {
            Sides::Both => "may assume",
            Sides::TrustOnly => "is trusted by, and may not assume,",
            Sides::Undetermined => "is trusted by, and perhaps may assume,",
        };
        let mut text = format!("{} {verb} {}", who(edge.from), who(edge.to));
        if !edge.conditions.is_empty() {
            text.push_str(" if ");
            text.push_str(&edge.conditions.join(" and "));
        }
        if let Some(why) = &edge.why {
            text.push_str("; ");
            text.push_str(why);
        }
        text
    }

    /// The graph in a format.
    pub fn render(&self, format: GraphFormat) -> String {
        match format {
            GraphFormat::Mermaid => self.to_mermaid(),
            GraphFormat::Dot => self.to_dot(),
            GraphFormat::Svg => self.to_svg(),
        }
    }

    /// The graph as a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        text::mermaid(self)
    }

    /// The graph in Graphviz' language.
    pub fn to_dot(&self) -> String {
        text::dot(self)
    }

    /// The graph as a picture, in light or dark as the viewer has it.
    pub fn to_svg(&self) -> String {
        svg::document(self)
    }
}

impl Node {
    /// Kind, name and account: `role deployer of 444455556666`.
    pub fn title(&self) -> String {
        let name = match (self.kind, self.members.len()) {
            (NodeKind::Everyone | NodeKind::Unknown, _) => self.name.clone(),
            (kind, 0 | 1) => format!("{} {}", kind.as_str(), self.name),
            (kind, many) => format!("{many} {}s: {}", kind.as_str(), self.name),
        };
        match self.account {
            Some(account) if self.kind != NodeKind::Account => format!("{name} of {account}"),
            _ => name,
        }
    }
}
