//! Requests that may tell a policy and its mutant apart: who, what, on what and in which context, drawn from the
//! scenario and from the two policies.

use std::collections::BTreeSet;

use iamsim_catalog::Catalog;
use iamsim_policy::json::{self, Node, Value};
use iamsim_policy::{ActionPattern, Condition, Family, Policy, PrincipalPattern, Source, Statement};

use crate::edit::quoted;
use crate::mutation::{Mutation, items, member, members};
use crate::story::{Body, Story, list};

/// How many of each kind are tried; a few well-chosen ones tell most mutants apart.
const ACTIONS: usize = 8;
const RESOURCES: usize = 10;
const CALLERS: usize = 16;
const CONTEXTS: usize = 24;
/// How many of each are tried in every context.
const FEW: usize = 3;

/// Members of a step that ask nothing.
const NOT_ASKED: [&str; 5] = ["name", "expect", "labels", "only", "skip"];

/// Steps to be tried after the first `after` steps of a story.
pub(crate) struct Probe {
    pub(crate) after: usize,
    pub(crate) bodies: Vec<Body>,
}

/// Everything there is to try for a mutation in a story. `sources` are the texts that the story is made of.
pub(crate) fn probes(mutation: &Mutation, story: &Story, sources: &[Source]) -> Vec<Probe> {
    let words = Words::of(mutation, story, sources);
    let mut probes = Vec::new();
    // What the story asks already, with one thing otherwise, where it asks.
    for (index, step) in story.steps.iter().enumerate() {
        let bodies = if step.body.get("do").is_some() {
            words.questions_like(&step.body)
        } else if step.body.get("assume").is_some() {
            words.assumptions_like(&step.body)
        } else {
            continue;
        };
        probes.push(Probe { after: index, bodies });
    }
    // What it does not ask, wherever the world is about to change.
    for after in story.turns() {
        let bodies = words.questions();
        if !bodies.is_empty() {
            probes.push(Probe { after, bodies });
        }
    }
    probes
}

/// What requests are made of.
struct Words {
    callers: Vec<String>,
    actions: Vec<String>,
    resources: Vec<String>,
    /// An account that may own what nobody has described.
    owner: Option<String>,
    /// Alternatives of circumstances, each as members of a step.
    contexts: Vec<Vec<(String, String)>>,
    /// The same for the call of an assumption.
    calls: Vec<Vec<(String, String)>>,
}

impl Words {
    fn of(mutation: &Mutation, story: &Story, sources: &[Source]) -> Self {
        let statements: Vec<&Statement> = [mutation.original(), mutation.mutant()]
            .into_iter()
            .flat_map(Policy::statements)
            .filter(|statement| differs(mutation, statement))
            .collect();
        let conditions = conditions(&statements);
        let alternatives: Vec<Vec<Set>> = conditions.iter().map(|condition| values(condition)).collect();
        let combined = combine(&alternatives);
        Self {
            callers: callers(story, sources, &statements),
            actions: actions(story, &statements),
            resources: resources(story, sources, &statements),
            owner: owner(sources),
            contexts: combined.iter().map(|sets| as_question(sets)).collect(),
            calls: combined.iter().map(|sets| as_call(sets)).collect(),
        }
    }

    /// A question of the story with other callers, actions, resources or circumstances.
    fn questions_like(&self, step: &Body) -> Vec<Body> {
        let plain = step.without(&NOT_ASKED);
        let mut bodies = vec![plain.clone()];
        if !self.actions.is_empty() {
            bodies.push(plain.with("do", list(&self.actions)));
        }
        if !self.resources.is_empty() {
            bodies.push(plain.with("on", list(&self.resources)));
        }
        if !self.callers.is_empty() {
            bodies.push(plain.with("as", list(&self.callers)));
        }
        for context in &self.contexts {
            bodies.push(with_circumstances(&plain, context));
            if !self.actions.is_empty() {
                let few = list(first(&self.actions, FEW));
                bodies.push(with_circumstances(&plain.with("do", few), context));
            }
        }
        bodies
    }

    /// Questions of everything with everything.
    fn questions(&self) -> Vec<Body> {
        if self.callers.is_empty() || self.actions.is_empty() {
            return Vec::new();
        }
        let mut question =
            Body(vec![("as".to_owned(), list(&self.callers)), ("do".to_owned(), list(&self.actions))]);
        if !self.resources.is_empty() {
            question.set("on", list(&self.resources));
        }
        let mut bodies = vec![question.clone(), question.with("complete", "true")];
        if let Some(owner) = &self.owner {
            // Whose a bucket is that nobody has described, its ARN does not say.
            bodies.push(question.with("owner", quoted(owner)).with("complete", "true"));
        }
        let mut fewer = question
            .with("as", list(first(&self.callers, 2 * FEW)))
            .with("do", list(first(&self.actions, FEW)))
            .with("complete", "true");
        if !self.resources.is_empty() {
            fewer.set("on", list(first(&self.resources, FEW + 1)));
        }
        bodies.extend(self.contexts.iter().map(|context| with_circumstances(&fewer, context)));
        bodies
    }

    /// An assumption of the story by somebody else or with other parameters.
    fn assumptions_like(&self, step: &Body) -> Vec<Body> {
        let plain = step.without(&NOT_ASKED);
        let mut bodies = vec![plain.clone()];
        for (key, value) in &plain.0 {
            if !matches!(key.as_str(), "assume" | "as" | "session" | "becomes") {
                bodies.push(plain.without(&[key]));
            }
            if !matches!(key.as_str(), "assume" | "as" | "becomes" | "for" | "policy" | "policyArns") {
                bodies.extend(other_leaves(value).into_iter().map(|value| plain.with(key, value)));
            }
        }
        if plain.get("webIdentity").is_none() && plain.get("saml").is_none() {
            bodies.extend(self.callers.iter().map(|caller| plain.with("as", quoted(caller))));
            bodies.push(plain.with("externalId", quoted("probe")));
            bodies.push(plain.with("sourceIdentity", quoted("probe")));
            bodies.push(plain.with("tags", r#"{ "probe": "probe" }"#));
            bodies.push(plain.without(&["externalId", "mfa", "tags", "transitiveTags", "sourceIdentity"]));
        }
        for call in &self.calls {
            bodies.push(with_circumstances(&plain, call));
        }
        bodies
    }
}

/// Whether a statement of one of the two policies is not in the other as it is.
fn differs(mutation: &Mutation, statement: &Statement) -> bool {
    let same = |policy: &Policy| policy.statements().iter().any(|other| says_the_same(other, statement));
    !(same(mutation.original()) && same(mutation.mutant()))
}

pub(crate) fn says_the_same(one: &Statement, other: &Statement) -> bool {
    one.effect() == other.effect()
        && one.sid() == other.sid()
        && one.action().is_negated() == other.action().is_negated()
        && texts_of(one.action().patterns(), ActionPattern::as_str)
            == texts_of(other.action().patterns(), ActionPattern::as_str)
        && one.resource().map(|clause| (clause.is_negated(), texts_of(clause.patterns(), |p| p.as_str())))
            == other
                .resource()
                .map(|clause| (clause.is_negated(), texts_of(clause.patterns(), |p| p.as_str())))
        && one.principal().map(|clause| (clause.is_negated(), values_of(clause.entries())))
            == other.principal().map(|clause| (clause.is_negated(), values_of(clause.entries())))
        && one.conditions().len() == other.conditions().len()
        && one.conditions().iter().zip(other.conditions()).all(|(one, other)| {
            one.operator() == other.operator()
                && one.key() == other.key()
                && values_of(one.values()) == values_of(other.values())
        })
}

fn texts_of<T>(items: &[iamsim_policy::Spanned<T>], text: impl Fn(&T) -> &str) -> Vec<&str> {
    items.iter().map(|item| text(&item.value)).collect()
}

fn values_of<T>(items: &[iamsim_policy::Spanned<T>]) -> Vec<&T> {
    items.iter().map(|item| &item.value).collect()
}

/// Keeps the first of each, as many as are tried.
fn few(texts: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        if kept.len() == most {
            break;
        }
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}

fn first(texts: &[String], most: usize) -> &[String] {
    texts.get(..most).unwrap_or(texts)
}

fn actions(story: &Story, statements: &[&Statement]) -> Vec<String> {
    let catalog = Catalog::embedded();
    let mut found: Vec<String> = Vec::new();
    let patterns: Vec<&ActionPattern> = statements
        .iter()
        .flat_map(|statement| statement.action().patterns())
        .map(|entry| &entry.value)
        .collect();
    // First the actions that only one of the two names; of all there are, those that everybody knows.
    for pattern in &patterns {
        if pattern.is_any() {
            found
                .extend(["s3:ListAllMyBuckets", "ec2:DescribeInstances", "iam:ListUsers"].map(str::to_owned));
            continue;
        }
        let mut only = catalog.expand(pattern).filter(|action| {
            let Ok(asked) = action.to_string().parse() else { return false };
            let naming = statements.iter().filter(|statement| statement.action().matches(&asked)).count();
            naming < statements.len()
        });
        found.extend(only.by_ref().take(2).map(|action| action.to_string()));
        if catalog.expand(pattern).next().is_none() {
            // The catalog does not know it; the pattern still names something.
            found.push(pattern.as_str().replace(['*', '?'], "Probe"));
        }
    }
    for pattern in &patterns {
        found.extend(catalog.expand(pattern).take(1).map(|action| action.to_string()));
    }
    let asked: Vec<String> = story.steps.iter().flat_map(|step| step.body.texts("do")).collect();
    let named = |action: &String| {
        let Ok(parsed) = action.parse() else { return false };
        statements.iter().any(|statement| statement.action().matches(&parsed))
    };
    let mut first: Vec<String> = asked.iter().filter(|action| named(action)).take(3).cloned().collect();
    first.extend(found);
    first.extend(asked);
    first.retain(|action| action.parse::<iamsim_policy::Action>().is_ok() && !action.contains(['*', '?']));
    few(first, ACTIONS)
}

fn resources(story: &Story, sources: &[Source], statements: &[&Statement]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for clause in statements.iter().filter_map(|statement| statement.resource()) {
        for pattern in clause.patterns() {
            found.extend(instances(pattern.value.as_str()));
        }
    }
    let asked: Vec<String> = story.steps.iter().flat_map(|step| step.body.texts("on")).collect();
    let mut all: Vec<String> = asked.iter().take(4).cloned().collect();
    all.extend(found);
    all.push("*".to_owned());
    all.extend(asked);
    for source in sources {
        walk(source, &mut |key, node| {
            if key == "resources" {
                all.extend(members(node).iter().map(|member| member.key.clone().into_owned()));
            }
        });
    }
    few(all, RESOURCES)
}

/// Texts that an entry of `Resource` matches: with something and with nothing for its wildcards.
fn instances(pattern: &str) -> Vec<String> {
    if pattern == "*" || pattern.contains("${") || !pattern.starts_with("arn:") {
        return Vec::new();
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else { return Vec::new() };
    let head =
        |part: &str, value: &str| if part == "*" { value.to_owned() } else { part.replace(['*', '?'], "x") };
    let partition = head(partition, "aws");
    let (region, account) = match *service {
        "s3" => (head(region, ""), head(account, "")),
        _ => (head(region, "eu-west-1"), head(account, "111122223333")),
    };
    let mut found: Vec<String> = ["probe", ""]
        .iter()
        .map(|filled| resource.replace('*', filled).replace('?', "x"))
        .filter(|resource| !resource.is_empty())
        .map(|resource| format!("{arn}:{partition}:{service}:{region}:{account}:{resource}"))
        .collect();
    found.dedup();
    found
}

fn callers(story: &Story, sources: &[Source], statements: &[&Statement]) -> Vec<String> {
    let mut found: Vec<String> = story.steps.iter().flat_map(|step| step.body.texts("as")).collect();
    let mut names: Vec<String> = Vec::new();
    for source in sources {
        walk(source, &mut |key, node| {
            if key != "accounts" {
                return;
            }
            let of = |account: &Node<'_>, kind: &str| -> Vec<String> {
                let entities = member(account, kind).map(|all| members(&all.value)).unwrap_or_default();
                entities.iter().map(|member| member.key.clone().into_owned()).collect()
            };
            for account in members(node) {
                let users = of(&account.value, "users").into_iter();
                names.extend(users.map(|user| format!("{}:user/{user}", account.key)));
                let roles = of(&account.value, "roles").into_iter();
                names.extend(roles.map(|role| format!("{}:{role}/probe", account.key)));
                names.push(format!("{}:root", account.key));
            }
        });
    }
    for clause in statements.iter().filter_map(|statement| statement.principal()) {
        for entry in clause.entries() {
            if let PrincipalPattern::Service(name) = &entry.value {
                found.push(name.to_string());
            }
        }
    }
    found.extend(names);
    found.push("anonymous".to_owned());
    few(found, CALLERS)
}

/// The first account of the world.
fn owner(sources: &[Source]) -> Option<String> {
    let mut first = None;
    for source in sources {
        walk(source, &mut |key, node| {
            if key == "accounts" && first.is_none() {
                first = members(node).first().map(|account| account.key.clone().into_owned());
            }
        });
    }
    first
}

/// Looks at every member of a text.
fn walk(source: &Source, look: &mut dyn FnMut(&str, &Node<'_>)) {
    if let Ok(node) = json::parse(source) {
        walk_node(&node, look);
    }
}

fn walk_node(node: &Node<'_>, look: &mut dyn FnMut(&str, &Node<'_>)) {
    match &node.value {
        Value::Object(members) => {
            for member in members {
                look(&member.key, &member.value);
                walk_node(&member.value, look);
            }
        }
        Value::Array(_) => items(node).iter().for_each(|item| walk_node(item, look)),
        _ => {}
    }
}

/// One thing said of one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    One(String, String),
    Many(String, Vec<String>),
    Absent(String),
}

/// The conditions of statements, each key and operator once.
fn conditions<'s>(statements: &[&'s Statement]) -> Vec<&'s Condition> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let all = statements.iter().flat_map(|statement| statement.conditions());
    all.filter(|condition| known.insert(condition.key().folded().to_owned())).collect()
}

/// What a key may hold so that a condition holds, and so that it does not.
fn values(condition: &Condition) -> Vec<Set> {
    let key = condition.key().to_string();
    let comparison = condition.operator().comparison;
    let written: Vec<&str> = condition.values().iter().map(|value| value.value.as_str()).collect();
    let mut texts: Vec<String> = Vec::new();
    let plain = |text: &str| text.replace('*', "probe").replace('?', "x");
    match comparison.family() {
        Family::Bool => texts.extend(["true".to_owned(), "false".to_owned()]),
        Family::Null => texts.push("probe".to_owned()),
        Family::Numeric => {
            for value in &written {
                let number: f64 = value.parse().unwrap_or_default();
                texts.extend([(*value).to_owned(), (number - 1.0).to_string(), (number + 1.0).to_string()]);
            }
        }
        Family::Date => {
            texts.extend(written.iter().map(|value| (*value).to_owned()));
            texts.extend(["2001-01-01T00:00:00Z".to_owned(), "2099-01-01T00:00:00Z".to_owned()]);
        }
        Family::Ip => {
            texts.extend(written.iter().filter_map(|value| value.split('/').next()).map(str::to_owned));
            texts.extend(["192.0.2.200".to_owned(), "2001:db8:ffff::1".to_owned()]);
        }
        Family::Binary => texts.extend(["cHJvYmU=".to_owned(), written.first().unwrap_or(&"").to_string()]),
        Family::Arn => {
            texts.extend(written.iter().map(|value| plain(value)));
            texts.push("arn:aws:iam::999999999999:role/probe".to_owned());
        }
        Family::String => {
            texts.extend(written.iter().filter(|value| !value.contains("${")).map(|value| plain(value)));
            texts.push("probe".to_owned());
            texts.extend(written.iter().take(1).map(|value| value.to_ascii_uppercase()));
        }
    }
    let texts = few(texts, 6);
    let mut sets: Vec<Set> = Vec::new();
    if condition.operator().qualifier.is_some() {
        sets.extend(texts.iter().map(|text| Set::Many(key.clone(), vec![text.clone()])));
        sets.push(Set::Many(key.clone(), texts));
    } else {
        sets.extend(texts.into_iter().map(|text| Set::One(key.clone(), text)));
    }
    sets.push(Set::Absent(key));
    sets
}

/// Every key held to its first value but one, which takes each of its values; and then everything with
/// everything, as far as there is room.
fn combine(alternatives: &[Vec<Set>]) -> Vec<Vec<Set>> {
    let first: Vec<Set> = alternatives.iter().filter_map(|sets| sets.first().cloned()).collect();
    let mut combined: Vec<Vec<Set>> = Vec::new();
    for (index, sets) in alternatives.iter().enumerate() {
        for set in sets {
            // Alone, so that the story's own circumstances stay, and with the others.
            combined.push(vec![set.clone()]);
            if alternatives.len() > 1 {
                let mut all = first.clone();
                if let Some(own) = all.get_mut(index) {
                    *own = set.clone();
                }
                combined.push(all);
            }
        }
    }
    let mut known = BTreeSet::new();
    combined.retain(|sets| known.insert(sets.clone()));
    combined.truncate(CONTEXTS);
    combined
}

/// Circumstances of a question.
fn as_question(sets: &[Set]) -> Vec<(String, String)> {
    let mut context: Vec<String> = Vec::new();
    let mut absent: Vec<String> = Vec::new();
    for set in sets {
        match set {
            Set::One(key, value) => context.push(format!("{}: {}", quoted(key), quoted(value))),
            Set::Many(key, values) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                context.push(format!("{}: [{}]", quoted(key), values.join(", ")));
            }
            Set::Absent(key) => absent.push(key.clone()),
        }
    }
    circumstances(&context, &absent)
}

fn circumstances(context: &[String], absent: &[String]) -> Vec<(String, String)> {
    let mut members = Vec::new();
    if !context.is_empty() {
        members.push(("context".to_owned(), format!("{{ {} }}", context.join(", "))));
    }
    if !absent.is_empty() {
        let absent: Vec<String> = absent.iter().map(|key| quoted(key)).collect();
        members.push(("absent".to_owned(), format!("[{}]", absent.join(", "))));
    }
    members
}

/// Parameters of an assumption: keys that the call itself sets are said by its parameters.
fn as_call(sets: &[Set]) -> Vec<(String, String)> {
    let mut members = Vec::new();
    let mut rest = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    for set in sets {
        let (key, value) = match set {
            Set::One(key, value) => (key, value.clone()),
            Set::Many(key, values) => (key, values.first().cloned().unwrap_or_default()),
            Set::Absent(key) => {
                rest.push(Set::Absent(key.clone()));
                continue;
            }
        };
        let folded = key.to_ascii_lowercase();
        match folded.as_str() {
            "sts:externalid" => members.push(("externalId".to_owned(), quoted(&value))),
            "sts:rolesessionname" => members.push(("session".to_owned(), quoted(&value))),
            "sts:sourceidentity" => members.push(("sourceIdentity".to_owned(), quoted(&value))),
            _ => match folded.strip_prefix("aws:requesttag/") {
                Some(_) => {
                    let tag = key.split_once('/').map_or("", |(_, tag)| tag);
                    tags.push(format!("{}: {}", quoted(tag), quoted(&value)));
                }
                None => rest.push(set.clone()),
            },
        }
    }
    if !tags.is_empty() {
        members.push(("tags".to_owned(), format!("{{ {} }}", tags.join(", "))));
    }
    members.extend(as_question(&rest));
    members
}

/// A step with circumstances beside its own; its own words on other keys stay.
fn with_circumstances(body: &Body, members_added: &[(String, String)]) -> Body {
    let mut body = body.clone();
    for (key, value) in members_added {
        let merged = match (key.as_str(), body.get(key)) {
            ("context" | "tags", Some(own)) => merged_object(own, value),
            ("absent", Some(own)) => merged_list(own, value),
            _ => value.clone(),
        };
        body.set(key, merged);
    }
    body
}

fn merged_object(own: &str, added: &str) -> String {
    let (own, added) = (Source::new("", own), Source::new("", added));
    let (Ok(own_node), Ok(added_node)) = (json::parse(&own), json::parse(&added)) else {
        return added.text().to_owned();
    };
    let new = members(&added_node);
    let is_new = |key: &str| new.iter().any(|member| member.key.eq_ignore_ascii_case(key));
    let kept = members(&own_node).iter().filter(|member| !is_new(&member.key)).map(|member| (&own, member));
    let all = kept.chain(new.iter().map(|member| (&added, member)));
    let texts: Vec<String> = all
        .map(|(source, member)| format!("{}: {}", quoted(&member.key), source.text_of(member.value.span)))
        .collect();
    format!("{{ {} }}", texts.join(", "))
}

fn merged_list(own: &str, added: &str) -> String {
    let mut all = crate::story::texts(own);
    all.extend(crate::story::texts(added));
    let all = few(all, usize::MAX);
    format!("[{}]", all.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// A JSON text with one of its strings otherwise, each in turn; and with one of its members gone.
fn other_leaves(json: &str) -> Vec<String> {
    let source = Source::new("", json);
    let Ok(node) = json::parse(&source) else { return Vec::new() };
    let mut found = Vec::new();
    leaves(&source, &node, &mut found);
    found
}

fn leaves(source: &Source, node: &Node<'_>, found: &mut Vec<String>) {
    match &node.value {
        Value::String(text) => {
            let edit = crate::edit::Edit::replace(node.span, quoted(&format!("{text}-other")));
            found.push(crate::edit::apply(source.text(), [&edit]));
        }
        Value::Array(_) => items(node).iter().for_each(|item| leaves(source, item, found)),
        Value::Object(all) => {
            let spans: Vec<_> = all
                .iter()
                .map(|member| iamsim_policy::Span::new(member.key_span.start, member.value.span.end))
                .collect();
            for (index, member) in all.iter().enumerate() {
                leaves(source, &member.value, found);
                if let Some(span) = crate::edit::item(&spans, index) {
                    found.push(crate::edit::apply(source.text(), [&crate::edit::Edit::remove(span)]));
                }
            }
        }
        _ => {}
    }
}
