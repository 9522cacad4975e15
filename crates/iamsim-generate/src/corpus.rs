//! Whole statements to draw from: those of AWS's managed policies, so that actions, resources and conditions go
//! together as they do in life.

use iamsim_catalog::{ActionEntry, Catalog, ManagedPolicies};
use serde_json::Value;

use crate::draw::Draw;
use crate::shape::{REGIONS, STAGES, TEAMS, THINGS};

/// A statement as its parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) denies: bool,
    pub(crate) not_action: bool,
    pub(crate) actions: Vec<String>,
    pub(crate) not_resource: bool,
    pub(crate) resources: Vec<String>,
    /// Null where there is none.
    pub(crate) condition: Value,
}

impl Statement {
    pub(crate) fn read(json: &Value) -> Option<Self> {
        let list = |key: &str| match json.get(key) {
            Some(Value::String(text)) => Some(vec![text.clone()]),
            Some(Value::Array(texts)) => {
                Some(texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
            }
            _ => None,
        };
        let not_action = json.get("NotAction").is_some();
        let not_resource = json.get("NotResource").is_some();
        Some(Self {
            denies: json.get("Effect")? == "Deny",
            not_action,
            actions: list(if not_action { "NotAction" } else { "Action" })?,
            not_resource,
            resources: list(if not_resource { "NotResource" } else { "Resource" })?,
            condition: json.get("Condition").cloned().unwrap_or_default(),
        })
    }

    /// Its text; keys of objects are in order whatever JSON library is linked.
    pub(crate) fn write(&self, sid: Option<&str>, into: &mut String) {
        into.push('{');
        if let Some(sid) = sid {
            into.push_str("\"Sid\":");
            quoted(sid, into);
            into.push(',');
        }
        into.push_str(if self.denies { "\"Effect\":\"Deny\"," } else { "\"Effect\":\"Allow\"," });
        into.push_str(if self.not_action { "\"NotAction\":" } else { "\"Action\":" });
        texts(&self.actions, into);
        into.push_str(if self.not_resource { ",\"NotResource\":" } else { ",\"Resource\":" });
        texts(&self.resources, into);
        if !self.condition.is_null() {
            into.push_str(",\"Condition\":");
            canonical(&self.condition, into);
        }
        into.push('}');
    }
}

fn texts(texts: &[String], into: &mut String) {
    if let [only] = texts {
        return quoted(only, into);
    }
    into.push('[');
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            into.push(',');
        }
        quoted(text, into);
    }
    into.push(']');
}

pub(crate) fn quoted(text: &str, into: &mut String) {
    into.push_str(&Value::from(text).to_string());
}

fn canonical(value: &Value, into: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            into.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                quoted(key, into);
                into.push(':');
                canonical(value, into);
            }
            into.push('}');
        }
        Value::Array(values) => {
            into.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                canonical(value, into);
            }
            into.push(']');
        }
        scalar => into.push_str(&scalar.to_string()),
    }
}

/// The statements of a document.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    match json.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().filter_map(Statement::read).collect(),
        Some(statement) => Statement::read(statement).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Where things are made: what stands for the account and the region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    pub(crate) account: &'p str,
    pub(crate) region: &'p str,
}

/// What is drawn from. Reading it takes longer than a small organization: make one and keep it.
#[derive(Debug)]
pub struct Corpus {
    /// Statements of the policies customers attach, those that any policy may have.
    statements: Vec<Statement>,
    pub(crate) catalog: &'static Catalog,
    pub(crate) managed: &'static ManagedPolicies,
    /// Services that can have a linked role.
    pub(crate) linked: Vec<String>,
}

/// Longer statements leave no room for another.
const LONGEST_STATEMENT: usize = 5_000;

impl Corpus {
    /// Reads the embedded catalog and AWS's managed policies.
    #[expect(clippy::new_without_default, reason = "it is work, not a default")]
    pub fn new() -> Self {
        let managed = ManagedPolicies::embedded();
        let catalog = Catalog::embedded();
        let mut found = Vec::new();
        for (policy, text) in managed.documents() {
            if policy.path().starts_with("/aws-service-role/") {
                continue;
            }
            found.extend(statements(&text).into_iter().filter(|statement| {
                let mut text = String::new();
                statement.write(None, &mut text);
                text.len() <= LONGEST_STATEMENT
            }));
        }
        let plain = |name: &&str| name.ends_with(".amazonaws.com") && name.matches('.').count() == 2;
        let linked = catalog.service_principals().filter(plain).map(str::to_owned).collect();
        Self { statements: found, catalog, managed, linked }
    }

    /// A statement as somebody copied it: of a place, or of every place.
    pub(crate) fn statement(&self, draw: &mut Draw, place: Option<Place<'_>>) -> Option<Statement> {
        let mut statement = draw.one_of(&self.statements)?.clone();
        for resource in &mut statement.resources {
            *resource = concrete(resource, draw, place);
        }
        statement.resources.dedup();
        Some(statement)
    }

    /// An action of a service.
    pub(crate) fn action_of(&self, service: &str, draw: &mut Draw) -> Option<ActionEntry<'static>> {
        let mut actions = self.catalog.service(service)?.actions();
        let count = actions.len();
        actions.nth(draw.below(count))
    }

    /// A resource an action is asked of; `*` where it has none.
    pub(crate) fn resource_of(&self, action: &str, draw: &mut Draw, place: Place<'_>) -> String {
        let types: Vec<_> = match self.catalog.action(action) {
            Some(action) => {
                action.resources().map(|resource| resource.resource_type().arn_format()).collect()
            }
            None => Vec::new(),
        };
        draw.one_of(&types).map_or_else(|| "*".to_owned(), |format| filled(format, draw, place))
    }

    /// The ARN of an AWS managed policy.
    pub(crate) fn managed_arn(&self, name: &str) -> Option<String> {
        let policy = self.managed.by_name(name)?;
        Some(format!("arn:aws:iam::aws:policy{}{}", policy.path(), policy.name()))
    }
}

/// How often, in percent, what a policy leaves open is narrowed to one name.
const EXACT: usize = 40;

fn concrete(resource: &str, draw: &mut Draw, place: Option<Place<'_>>) -> String {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let [arn @ "arn", partition, service, region, account, name] = parts.as_slice() else {
        return resource.to_owned();
    };
    let region = match place {
        Some(place) if *region == "*" && draw.percent(50) => place.region,
        _ => region,
    };
    let account = match place {
        Some(place) if *account == "*" => place.account,
        _ => account,
    };
    let mut exact = (*name).to_owned();
    if name.ends_with('*') && draw.percent(EXACT) {
        exact.truncate(name.trim_end_matches('*').len());
        exact.push_str(&a_name(draw));
    }
    // IAM wants to know what kind of thing a name is of: everything there stays everything.
    let exact = if *service == "iam" && *name == "*" { name } else { exact.as_str() };
    [arn, *partition, service, region, account, exact].join(":")
}

/// A name somebody gives a thing.
pub(crate) fn a_name(draw: &mut Draw) -> String {
    [draw.word(TEAMS), draw.word(THINGS), draw.word(STAGES)].join("-")
}

pub(crate) fn a_region(draw: &mut Draw) -> &'static str {
    draw.word(REGIONS)
}

/// An ARN format with every `${…}` replaced.
pub(crate) fn filled(format: &str, draw: &mut Draw, place: Place<'_>) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        match name {
            "Partition" => text.push_str("aws"),
            "Region" => text.push_str(place.region),
            "Account" => text.push_str(place.account),
            _ => text.push_str(&a_name(draw)),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// What a pattern stands for: every star a name, every question mark a letter.
pub(crate) fn instance(pattern: &str, draw: &mut Draw) -> String {
    let mut text = String::new();
    for letter in pattern.chars() {
        match letter {
            '*' => text.push_str(&a_name(draw)),
            '?' => text.push('x'),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use iamsim_policy::{PolicyKind, check_write};

    use super::*;

    const PLACE: Place<'_> = Place { account: "111122223333", region: "eu-west-1" };

    #[test]
    fn the_corpus_is_what_customers_attach() {
        let corpus = Corpus::new();
        assert!((6_000..9_000).contains(&corpus.statements.len()), "{}", corpus.statements.len());
        assert!(corpus.linked.len() > 100);
    }

    #[test]
    fn a_format_is_filled() {
        let text =
            filled("arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", &mut Draw::new(1, "", 0), PLACE);
        assert!(text.starts_with("arn:aws:sqs:eu-west-1:111122223333:") && !text.contains('$'), "{text}");
    }

    #[test]
    fn wildcards_of_accounts_become_the_account() {
        for number in 0..50 {
            let mut draw = Draw::new(1, "", number);
            let text = concrete("arn:aws:sqs:*:*:jobs-*", &mut draw, Some(PLACE));
            assert!(text.contains(":111122223333:jobs-"), "{text}");
            assert_eq!(concrete("*", &mut draw, Some(PLACE)), "*");
        }
    }

    #[test]
    fn whatever_is_made_concrete_iam_takes() {
        let corpus = Corpus::new();
        let resources: BTreeSet<&String> =
            corpus.statements.iter().flat_map(|statement| &statement.resources).collect();
        for resource in resources {
            let mut draw = Draw::new(1, "", 0);
            let drawn: BTreeSet<String> =
                (0..10).map(|_| concrete(resource, &mut draw, Some(PLACE))).collect();
            let statement = Statement {
                denies: false,
                not_action: false,
                actions: vec!["s3:Get*".to_owned()],
                not_resource: false,
                resources: drawn.into_iter().collect(),
                condition: Value::Null,
            };
            let mut text = String::from("{\"Version\":\"2012-10-17\",\"Statement\":");
            statement.write(None, &mut text);
            text.push('}');
            let written = check_write(PolicyKind::Identity, &text.as_str().into());
            assert!(written.is_ok(), "{resource}: {written:?}");
        }
    }

    #[test]
    fn a_statement_is_written_as_it_was_read() {
        let text = r#"{"Effect":"Deny","NotAction":["s3:Get*","sqs:*"],"Resource":"*","Condition":{"Bool":{"a:b":"true"}}}"#;
        let statement = Statement::read(&serde_json::from_str(text).unwrap()).unwrap();
        let mut written = String::new();
        statement.write(None, &mut written);
        assert_eq!(written, text);
    }
}
