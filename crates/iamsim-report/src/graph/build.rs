//! Reads the trust policies of a cloud and makes the graph; folds it where it is large.

use std::collections::{BTreeMap, BTreeSet};

use iamsim::{AccountId, Caller, Cloud, RoleEntry, UserEntry};
use iamsim_policy::{Action, Arn, Effect, PrincipalClause, PrincipalPattern, Statement};

use super::ask::{Answer, Asker, SESSION, host};
use super::{Edge, Graph, GraphOptions, Node, NodeKind, Sides, words};

pub(super) fn build(cloud: &Cloud, options: &GraphOptions) -> Graph {
    let mut builder = Builder {
        cloud,
        options,
        asker: Asker::new(cloud),
        users: by_account(cloud.users(), UserEntry::account),
        roles: by_account(cloud.roles(), RoleEntry::account),
        accounts: cloud.account_ids().into_iter().collect(),
        graph: Graph::default(),
        places: BTreeMap::new(),
        asked: 0,
        not_asked: 0,
    };
    let wanted =
        |role: &&RoleEntry| options.accounts.is_empty() || options.accounts.contains(&role.account());
    for role in cloud.roles().iter().filter(wanted) {
        builder.role(role);
    }
    builder.finish()
}

fn by_account<T>(all: Vec<T>, account: fn(&T) -> AccountId) -> BTreeMap<AccountId, Vec<T>> {
    let mut groups: BTreeMap<AccountId, Vec<T>> = BTreeMap::new();
    for one in all {
        groups.entry(account(&one)).or_default().push(one);
    }
    groups
}

struct Builder<'c> {
    cloud: &'c Cloud,
    options: &'c GraphOptions,
    asker: Asker,
    users: BTreeMap<AccountId, Vec<UserEntry>>,
    roles: BTreeMap<AccountId, Vec<RoleEntry>>,
    accounts: BTreeSet<AccountId>,
    graph: Graph,
    /// Where a node is, by kind and by what policies call it.
    places: BTreeMap<(NodeKind, String), usize>,
    asked: usize,
    not_asked: usize,
}

/// One entry of a trust policy: who is named, in which statement, for which action.
#[derive(Clone, Copy)]
struct Trust<'t> {
    role: &'t RoleEntry,
    to: usize,
    statement: &'t Statement,
    action: &'static str,
    conditions: &'t [String],
}

const ASSUME: &str = "sts:AssumeRole";
const WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";
const SAML: &str = "sts:AssumeRoleWithSAML";

impl Builder<'_> {
    fn role(&mut self, role: &RoleEntry) {
        let to = self.role_node(role);
        let statements = role.trust().statements();
        let denials: Vec<&Statement> =
            statements.iter().filter(|statement| statement.effect() == Effect::Deny).collect();
        for statement in statements.iter().filter(|statement| statement.effect() == Effect::Allow) {
            let Some(clause) = statement.principal() else { continue };
            for action in [ASSUME, WEB_IDENTITY, SAML] {
                if !covers(statement, action) {
                    continue;
                }
                let mut conditions = words::conditions(statement);
                conditions.extend(
                    denials
                        .iter()
                        .filter(|denial| covers(denial, action))
                        .filter_map(|denial| words::denial(denial)),
                );
                let trust = Trust { role, to, statement, action, conditions: &conditions };
                self.clause(trust, clause);
            }
        }
    }

    fn clause(&mut self, trust: Trust<'_>, clause: &PrincipalClause) {
        if clause.is_negated() {
            let name = words::all_but(clause);
            let from = self.node(NodeKind::Everyone, &name, &name, None);
            let why = "whom a NotPrincipal element leaves over is not listed";
            return self.edge(trust, from, Answer::undetermined(why), None, Vec::new());
        }
        for entry in clause.entries() {
            self.principal(trust, &entry.value);
        }
    }

    fn principal(&mut self, trust: Trust<'_>, principal: &PrincipalPattern) {
        use PrincipalPattern as P;
        let name = principal.to_string();
        let direct = trust.action == ASSUME;
        match principal {
            P::Everyone if direct => {
                let from = self.node(NodeKind::Everyone, "*", "everyone", None);
                let why = "in the role's own account nothing more is needed; from elsewhere a policy of the \
                           caller's that allows it";
                self.edge(trust, from, Answer::undetermined(why), None, Vec::new());
                for account in self.accounts.clone() {
                    self.members(trust, account, "everyone");
                }
            }
            P::Account { id, .. } if direct => self.account(trust, *id),
            P::User(arn) if direct => self.user(trust, arn),
            P::Role(arn) if direct => {
                match self.role_where(arn.account(), |role| role.arn().as_str() == arn.as_str()) {
                    Some(own) => self.session(trust, &own, None),
                    None => self.stranger(trust, arn.as_str(), arn.account()),
                }
            }
            P::RoleSession(arn) if direct => {
                let named =
                    arn.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
                match named {
                    Some((role, session)) => {
                        let named = |own: &RoleEntry| own.name().eq_ignore_ascii_case(role);
                        match self.role_where(arn.account(), named) {
                            Some(own) => self.session(trust, &own, Some(session)),
                            None => self.stranger(trust, &name, arn.account()),
                        }
                    }
                    None => self.stranger(trust, &name, arn.account()),
                }
            }
            P::FederatedSession(arn) if direct => {
                let from = self.node(NodeKind::Unknown, &name, &name, arn.account());
                let why = "a session from GetFederationToken may not call AssumeRole";
                self.edge(trust, from, Answer::trust_only(why), None, Vec::new());
            }
            P::Service(service) if direct => {
                let from = self.node(NodeKind::Service, service, service, None);
                let answer = self.asker.assume(&Caller::service(service), trust.role, trust.statement);
                self.edge(trust, from, answer, None, Vec::new());
            }
            P::Federated(provider) => self.provider(trust, provider),
            P::UniqueId(id) if direct => {
                let from = self.node(NodeKind::Unknown, id, id, None);
                let why = "whom the policy named was deleted, and nobody has this id again";
                self.edge(trust, from, Answer::trust_only(why), None, Vec::new());
            }
            P::CanonicalUser(_) | P::Nobody(_) if direct => self.stranger(trust, &name, None),
            _ => {}
        }
    }

    fn user(&mut self, trust: Trust<'_>, arn: &Arn) {
        let users = arn.account().and_then(|account| self.users.get(&account));
        let found =
            users.into_iter().flatten().find(|user| user.caller().to_string() == arn.as_str()).cloned();
        match found {
            Some(user) => {
                let from = self.user_node(&user);
                let answer = self.asker.assume(user.caller(), trust.role, trust.statement);
                self.edge(trust, from, answer, None, Vec::new());
            }
            None => self.stranger(trust, arn.as_str(), arn.account()),
        }
    }

    /// An edge from a role, by one of its sessions.
    fn session(&mut self, trust: Trust<'_>, own: &RoleEntry, named: Option<&str>) {
        let from = self.role_node(own);
        let answer = match own.session(named.unwrap_or(SESSION)) {
            Ok(caller) => self.asker.assume(&caller, trust.role, trust.statement),
            Err(error) => Answer::trust_only(error.message()),
        };
        let more = named.map(|name| format!("session named {name}"));
        self.edge(trust, from, answer, None, more.into_iter().collect());
    }

    fn role_where(
        &self,
        account: Option<AccountId>,
        is_it: impl Fn(&RoleEntry) -> bool,
    ) -> Option<RoleEntry> {
        self.roles.get(&account?)?.iter().find(|role| is_it(role)).cloned()
    }

    /// Somebody of whom nothing is known here.
    fn stranger(&mut self, trust: Trust<'_>, name: &str, account: Option<AccountId>) {
        let short = name.rsplit_once(":user/").or_else(|| name.rsplit_once(":role/"));
        let short = short.map_or(name, |(_, short)| short);
        let from = self.node(NodeKind::Unknown, name, short, account);
        let answer = match account {
            Some(account) if !self.accounts.contains(&account) => {
                Answer::undetermined(format!("account {account} is not described here"))
            }
            _ => Answer::undetermined("nothing is known here of whom the policy names"),
        };
        self.edge(trust, from, answer, None, Vec::new());
    }

    fn provider(&mut self, trust: Trust<'_>, provider: &str) {
        let arn: Option<Arn> = provider.parse().ok();
        let is_saml = arn.as_ref().is_some_and(|arn| arn.resource().starts_with("saml-provider/"));
        let wanted = if is_saml { SAML } else { WEB_IDENTITY };
        if trust.action != wanted {
            return;
        }
        let short = if is_saml { provider.rsplit('/').next().unwrap_or(provider) } else { host(provider) };
        let account = arn.and_then(|arn| arn.account());
        let from = self.node(NodeKind::Provider, provider, short, account);
        let answer = if is_saml {
            self.asker.saml(provider, trust.role, trust.statement)
        } else {
            self.asker.web_identity(provider, trust.role, trust.statement)
        };
        self.edge(trust, from, answer, None, Vec::new());
    }

    /// An account as a whole, and those of its identities that may.
    fn account(&mut self, trust: Trust<'_>, id: AccountId) {
        let from = self.node(NodeKind::Account, &id.to_string(), &id.to_string(), Some(id));
        if !self.accounts.contains(&id) {
            let why = format!("account {id} is not described here");
            return self.edge(trust, from, Answer::undetermined(why), None, Vec::new());
        }
        let place = self.graph.edges.len();
        self.edge(trust, from, Answer::BOTH, None, Vec::new());
        let found = self.members(trust, id, &format!("account {id}"));
        let answer = if found.both > 0 {
            Answer::BOTH
        } else if found.undetermined > 0 || found.not_asked > 0 {
            Answer::undetermined("whether any of its users and roles may is not known")
        } else {
            Answer::trust_only("no user and no role of the account has a policy that lets it")
        };
        if let Some(edge) = self.graph.edges.get_mut(place) {
            (edge.sides, edge.why) = (answer.sides, answer.why);
        }
    }

    /// Edges from the users and roles of an account that may.
    fn members(&mut self, trust: Trust<'_>, id: AccountId, through: &str) -> Members {
        let mut found = Members::default();
        let users = self.users.get(&id).cloned().unwrap_or_default();
        let roles = self.roles.get(&id).cloned().unwrap_or_default();
        let more = users.len() + roles.len();
        if self.asked + more > self.options.most_questions {
            self.not_asked += more;
            found.not_asked = more;
            return found;
        }
        self.asked += more;
        for user in &users {
            let answer = self.asker.assume(user.caller(), trust.role, trust.statement);
            if found.counts(&answer) {
                let from = self.user_node(user);
                self.edge(trust, from, answer, Some(through), Vec::new());
            }
        }
        for role in &roles {
            let Ok(caller) = role.session(SESSION) else { continue };
            let answer = self.asker.assume(&caller, trust.role, trust.statement);
            if found.counts(&answer) {
                let from = self.role_node(role);
                self.edge(trust, from, answer, Some(through), Vec::new());
            }
        }
        found
    }

    fn edge(
        &mut self,
        trust: Trust<'_>,
        from: usize,
        answer: Answer,
        through: Option<&str>,
        more: Vec<String>,
    ) {
        let mut conditions = more;
        conditions.extend_from_slice(trust.conditions);
        self.graph.edges.push(Edge {
            from,
            to: trust.to,
            action: trust.action,
            conditions,
            sides: answer.sides,
            why: answer.why,
            through: through.map(str::to_owned),
            place: trust.role.trust().source().place(trust.statement.span()).to_string(),
            sid: trust.statement.sid().map(str::to_owned),
        });
    }

    fn user_node(&mut self, user: &UserEntry) -> usize {
        self.node(NodeKind::User, &user.caller().to_string(), user.name(), Some(user.account()))
    }

    fn role_node(&mut self, role: &RoleEntry) -> usize {
        self.node(NodeKind::Role, role.arn().as_str(), role.name(), Some(role.account()))
    }

    fn node(&mut self, kind: NodeKind, id: &str, name: &str, account: Option<AccountId>) -> usize {
        let nodes = &mut self.graph.nodes;
        *self.places.entry((kind, id.to_owned())).or_insert_with(|| {
            nodes.push(Node {
                kind,
                name: name.to_owned(),
                account,
                alias: account.and_then(|account| self.cloud.alias(account)).map(str::to_owned),
                members: vec![id.to_owned()],
            });
            nodes.len() - 1
        })
    }

    fn finish(self) -> Graph {
        let mut graph = self.graph;
        if self.not_asked > 0 {
            graph.notes.push(format!(
                "{} pairs of an identity and a role that trusts its account were not asked about, after {} that \
                 were",
                self.not_asked, self.asked
            ));
        }
        if graph.nodes.len() > self.options.fold_above {
            graph = folded(&graph);
        }
        if graph.nodes.len() > self.options.most_nodes {
            graph = cut(&graph, self.options.most_nodes);
        }
        graph
    }
}

/// What came of asking about the members of an account.
#[derive(Default)]
struct Members {
    both: usize,
    undetermined: usize,
    not_asked: usize,
}

impl Members {
    fn counts(&mut self, answer: &Answer) -> bool {
        match answer.sides {
            Sides::Both => self.both += 1,
            Sides::Undetermined => self.undetermined += 1,
            Sides::TrustOnly => return false,
        }
        true
    }
}

fn covers(statement: &Statement, action: &str) -> bool {
    action.parse::<Action>().is_ok_and(|action| statement.action().matches(&action))
}

/// An edge as its far end sees it, to compare neighbours by.
type Seen<'g> = (usize, &'static str, &'g [String], Sides, Option<&'g str>, Option<&'g str>);

/// Makes one node of those that have the same kind, account and neighbours on the same conditions.
fn folded(graph: &Graph) -> Graph {
    let mut incoming: Vec<BTreeSet<Seen<'_>>> = vec![BTreeSet::new(); graph.nodes.len()];
    let mut outgoing = incoming.clone();
    for edge in &graph.edges {
        if let Some(set) = incoming.get_mut(edge.to) {
            set.insert(seen(edge, edge.from));
        }
        if let Some(set) = outgoing.get_mut(edge.from) {
            set.insert(seen(edge, edge.to));
        }
    }
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, node) in graph.nodes.iter().enumerate() {
        let alike = (node.kind, node.account, incoming.get(place), outgoing.get(place));
        let can_fold = matches!(node.kind, NodeKind::User | NodeKind::Role | NodeKind::Unknown);
        groups.entry((alike, if can_fold { 0 } else { place + 1 })).or_default().push(place);
    }
    let mut leader: BTreeMap<usize, usize> = BTreeMap::new();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for group in groups.into_values() {
        let Some(first) = group.first().copied() else { continue };
        leader.extend(group.iter().map(|place| (*place, first)));
        members.insert(first, group);
    }
    let mut notes = graph.notes.clone();
    let mut kept = BTreeMap::new();
    let mut kept_nodes = Vec::new();
    let (mut many, mut gone) = (0, 0);
    for (first, group) in &members {
        let Some(node) = graph.nodes.get(*first) else { continue };
        let mut node = node.clone();
        if group.len() > 1 {
            let all = group.iter().filter_map(|place| graph.nodes.get(*place));
            node.name = shortened(&all.clone().map(|node| node.name.as_str()).collect::<Vec<_>>());
            node.members = all.flat_map(|node| node.members.clone()).collect();
            many += 1;
            gone += group.len();
        }
        kept.insert(*first, kept_nodes.len());
        kept_nodes.push(node);
    }
    if many > 0 {
        notes.push(format!("{gone} users and roles that have the same neighbours are drawn as {many}"));
    }
    let at = |place: usize| leader.get(&place).and_then(|first| kept.get(first)).copied();
    let mut edges: Vec<Edge> = Vec::new();
    let mut known = BTreeSet::new();
    for edge in &graph.edges {
        if let (Some(from), Some(to)) = (at(edge.from), at(edge.to))
            && known.insert((from, to, seen(edge, 0)))
        {
            edges.push(Edge { from, to, ..edge.clone() });
        }
    }
    Graph { nodes: kept_nodes, edges, notes }
}

fn seen(edge: &Edge, far: usize) -> Seen<'_> {
    (far, edge.action, &edge.conditions, edge.sides, edge.why.as_deref(), edge.through.as_deref())
}

/// A few names, and how many more there are.
fn shortened(names: &[&str]) -> String {
    match names {
        [first, second, rest @ ..] if rest.len() > 1 => format!("{first}, {second} and {} more", rest.len()),
        names => names.join(", "),
    }
}

/// Leaves nodes out: first roles that nobody but services assumes, then whatever comes last.
fn cut(graph: &Graph, most: usize) -> Graph {
    let only_services = |place: usize, node: &Node| {
        let is_service =
            |from: usize| graph.nodes.get(from).is_some_and(|node| node.kind == NodeKind::Service);
        node.kind == NodeKind::Role
            && graph
                .edges
                .iter()
                .all(|edge| edge.from != place && (edge.to != place || is_service(edge.from)))
    };
    let is_dull = |place: &usize| graph.nodes.get(*place).is_some_and(|node| only_services(*place, node));
    let (dull, telling): (Vec<usize>, Vec<usize>) = (0..graph.nodes.len()).partition(is_dull);
    let mut keep: Vec<usize> = telling.iter().chain(&dull).copied().take(most).collect();
    keep.sort_unstable();
    let size = |places: &[usize]| -> usize {
        let nodes = places.iter().filter(|place| keep.binary_search(place).is_err());
        nodes.filter_map(|place| graph.nodes.get(*place)).map(|node| node.members.len()).sum()
    };
    let (dull, telling) = (size(&dull), size(&telling));
    let mut notes = graph.notes.clone();
    if dull > 0 {
        notes.push(format!("{dull} roles that only AWS services assume are left out"));
    }
    if telling > 0 {
        notes.push(format!("{telling} further users, roles and others are left out: ask for one account"));
    }
    let at = |place: usize| keep.binary_search(&place).ok();
    let edges: Vec<Edge> = graph
        .edges
        .iter()
        .filter_map(|edge| Some(Edge { from: at(edge.from)?, to: at(edge.to)?, ..edge.clone() }))
        .collect();
    let kept = keep.iter().filter_map(|place| graph.nodes.get(*place).cloned()).collect();
    Graph { nodes: kept, edges, notes }
}
