//! Every policy that stands in a scenario's texts: what coverage counts and what a mutation changes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use iamsim::Policy;
use iamsim_policy::{AccountId, PolicyKind, Source, Span};

use crate::file::{
    Account, Act, Body, Boundary, Guardrails, Identity, Organization, Part, Resource, ResourcePolicy, Step,
    Trust, Unit, With,
};
use crate::names::Entity;
use crate::reader::{Document, Text};

/// A policy that stands in a scenario, in a world it includes, or in a file of its own.
///
/// The trust policies that the console's wizard writes stand in no text, and are not here; nor are AWS's
/// managed policies, but for those whose text the scenario sets.
///
/// ```
/// use iamsim_scenario::{Scenario, Source, no_files};
///
/// let text = r#"{ "scenario": "One policy", "accounts": { "111122223333": { "users": { "dev": {
///   "policies": { "read": { "Statement": { "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" } } } } } } },
///   "steps": [] }"#;
/// let scenario = Scenario::parse(&Source::new("story.json", text), &mut no_files).unwrap();
/// let [policy] = scenario.policies() else { panic!() };
/// assert_eq!((policy.name(), policy.uses()), ("read", &["user/dev of 111122223333".to_owned()][..]));
/// assert!(policy.text().starts_with(r#"{ "Statement""#));
/// ```
#[derive(Clone, Debug)]
pub struct PolicyText {
    name: String,
    uses: Vec<String>,
    policy: Policy,
    span: Span,
}

impl PolicyText {
    /// The name it is attached under; where it has several, the first.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is attached to: `user/dev of 111122223333`, `step 4`.
    pub fn uses(&self) -> &[String] {
        &self.uses
    }

    /// What kind of policy it is.
    pub fn kind(&self) -> PolicyKind {
        self.policy.kind()
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The text it stands in.
    pub fn source(&self) -> &Source {
        self.policy.source()
    }

    /// Where it stands in that text.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The policy as it is written.
    pub fn text(&self) -> &str {
        self.source().text_of(self.span)
    }
}

/// A text with another text in the place of a part of it: for trying a policy that is changed.
///
/// ```
/// use iamsim_scenario::{Source, Span, splice};
///
/// let source = Source::new("p.json", r#"{ "Effect": "Allow" }"#);
/// let changed = splice(&source, Span::new(12, 19), r#""Deny""#);
/// assert_eq!((changed.name(), changed.text()), ("p.json", r#"{ "Effect": "Deny" }"#));
/// ```
pub fn splice(source: &Source, span: Span, text: &str) -> Source {
    let end = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
    let before = source.text_of(Span::new(0, span.start));
    let after = source.text_of(Span::new(span.end, end));
    Source::new(source.name(), format!("{before}{text}{after}"))
}

/// The policies of a world and of the steps taken in it, in the order of their texts.
pub(crate) fn collect(parts: &[Part], steps: &[Step]) -> Vec<PolicyText> {
    let mut found = Found::default();
    for part in parts {
        for (arn, document) in &part.managed {
            let name = arn.value.rsplit('/').next().unwrap_or(&arn.value);
            found.add(name, document, || "AWS".to_owned());
        }
        for account in &part.accounts {
            found.account(account);
        }
        part.organization.iter().for_each(|organization| found.organization(organization));
    }
    for (index, step) in steps.iter().enumerate() {
        found.act(&step.act, index + 1);
    }
    found.policies.into_values().collect()
}

#[derive(Default)]
struct Found {
    /// By text and place: a policy that is used twice is one.
    policies: BTreeMap<(String, Span), PolicyText>,
}

impl Found {
    fn add(&mut self, name: &str, document: &Document, used_by: impl FnOnce() -> String) {
        let Document::Valid(policy) = document else { return };
        let key = (policy.source().name().to_owned(), policy.span());
        match self.policies.entry(key) {
            Entry::Occupied(mut known) => {
                let (used_by, uses) = (used_by(), &mut known.get_mut().uses);
                if !uses.contains(&used_by) {
                    uses.push(used_by);
                }
            }
            Entry::Vacant(free) => {
                free.insert(PolicyText {
                    name: name.to_owned(),
                    uses: vec![used_by()],
                    policy: policy.clone(),
                    span: policy.span(),
                });
            }
        }
    }

    fn named(&mut self, policies: &[(Text, Option<Document>)], used_by: &str) {
        for (name, document) in policies {
            if let Some(document) = document {
                self.add(&name.value, document, || used_by.to_owned());
            }
        }
    }

    fn account(&mut self, account: &Account) {
        let of = |thing: &str| format!("{thing} of {}", account.id);
        for (name, document) in &account.policies {
            if let Some(document) = document {
                self.add(&name.value, document, || of(&format!("policy/{}", name.value)));
            }
        }
        for identity in account.users.iter().chain(&account.groups).chain(&account.roles) {
            self.identity(identity);
        }
        for (arn, resource) in &account.resources {
            self.resource(account.id, &arn.value, resource);
        }
        for endpoint in &account.vpc_endpoints {
            if let Some(document) = &endpoint.policy {
                self.add("endpoint policy", document, || of(&endpoint.id.value));
            }
        }
        self.guardrails(&account.guardrails, &format!("account {}", account.id));
    }

    fn identity(&mut self, identity: &Identity) {
        let Entity { account, kind, name, .. } = &identity.entity;
        let of = format!("{}/{name} of {account}", kind.word());
        self.named(&identity.policies, &of);
        if let Some(Boundary::Document(document)) = &identity.boundary {
            self.add("permissions boundary", document, || of.clone());
        }
        if let Some(Trust::Document(document)) = &identity.trust {
            self.add("trust", document, || of.clone());
        }
    }

    fn resource(&mut self, account: AccountId, arn: &str, resource: &Resource) {
        if let ResourcePolicy::Set(document) = &resource.policy {
            self.add("resource policy", document, || format!("{arn} of {account}"));
        }
    }

    fn organization(&mut self, organization: &Organization) {
        organization.root.iter().for_each(|root| self.unit(root, "Root"));
    }

    fn unit(&mut self, unit: &Unit, path: &str) {
        self.guardrails(&unit.guardrails, path);
        for (name, inner) in &unit.units {
            self.unit(inner, &format!("{path}/{}", name.value));
        }
    }

    fn guardrails(&mut self, guardrails: &Guardrails, at: &str) {
        self.named(&guardrails.scps, at);
        self.named(&guardrails.rcps, at);
    }

    fn act(&mut self, act: &Act, number: usize) {
        let session_policy = match act {
            Act::Assume(assume) => assume.policy.as_ref(),
            Act::FederationToken(token) => token.policy.as_ref(),
            Act::Change(change) => {
                match &change.body {
                    Body::Identity(identity) => self.identity(identity),
                    Body::Resource(account, arn, resource) => self.resource(*account, arn, resource),
                    Body::Account(account) => self.account(account),
                    Body::Organization(organization) => self.organization(organization),
                }
                None
            }
            Act::Compare(compare) => {
                if let With::Changed(acts) = &compare.with {
                    for act in acts {
                        self.act(act, number);
                    }
                }
                None
            }
            _ => None,
        };
        if let Some(document) = session_policy {
            self.add("session policy", document, || format!("step {number}"));
        }
    }
}
