//! The inputs of the benches: four workloads, each with the answers an engine must give.
//!
//! | workload | policies | requests |
//! |---|---|---|
//! | W1 | one policy with one statement: the Lambda developer | 3 |
//! | W2 | ten policies, 81 statements, 307 action entries, 39 conditions, 13 Denies | 200 |
//! | W3 | one bucket policy of 200 statements with principals, 107 of them with conditions | 200 |
//! | W4 | 200 roles, each with 10 of a pool of 200 policies | 1,000 actions: 200,000 decisions |
//!
//! Every function panics on a workload that does not have its form: the files are committed beside it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::missing_panics_doc,
    reason = "inputs are committed with it"
)]

pub mod cpu;
pub mod lower_bound;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use iamsim::{Cloud, RequestBuilder, Snapshot};
use iamsim_catalog::Catalog;
use iamsim_eval::{
    Asking, Attached, Caller, Context, Decision, Layers, Matrix, Program, Request, Resource, ResourcePolicy,
};
use iamsim_generate::{Corpus, Organization, Settings, Size, Tier};
use iamsim_policy::{Policy, PolicyKind, ResourceService};
use iamsim_query::{Answered, Can, Explained, Named, what_can, who_can};
use serde_json::Value;
use serde_json::value::RawValue;

/// One set of policies and the requests asked of it.
#[derive(Debug)]
pub struct Workload {
    /// The texts of the policies, identity policies first.
    pub texts: Vec<(PolicyKind, String)>,
    /// The compiled layers, ready to be asked many times.
    pub layers: Layers,
    /// The requests as they come: as texts.
    pub asked: Vec<Asked>,
    /// The same requests, made ready.
    pub requests: Vec<Request>,
    /// The answer to each request.
    pub expected: Vec<Decision>,
}

/// One request as its texts.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The caller's ARN.
    pub principal: String,
    /// The action, as somebody writes it.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// The account that owns the resource.
    pub owner: String,
    /// The context's keys with their one value.
    pub context: Vec<(String, String)>,
}

impl Asked {
    /// Reads the texts.
    pub fn request(&self) -> Request {
        Request::of(asking(&self.principal, &self.context), self.column())
    }

    /// Reads what is asked, whoever asks.
    pub fn column(&self) -> iamsim_eval::Asked {
        let resource = match self.resource.as_str() {
            "*" => Resource::None,
            arn => Resource::Arn(arn.parse().unwrap()),
        };
        let owner = self.owner.parse().unwrap();
        iamsim_eval::Asked::new(self.action.parse().unwrap(), resource).with_owner(owner)
    }

    fn read(json: &Value) -> Self {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        Self {
            principal: text("principal"),
            action: text("action"),
            resource: text("resource"),
            owner: text("resourceAccount"),
            context: context(&json["context"]),
        }
    }

    /// The request as somebody asks it of a world.
    pub fn ask(&self, snapshot: &Snapshot, caller: &iamsim::Caller) -> RequestBuilder {
        let asked = snapshot.request(caller, &self.action, &self.resource).complete();
        let asked = if self.resource == "*" { asked } else { asked.owner(&self.owner) };
        // Every request has an address, and the world leaves it unknown; the workloads say all there is.
        let asked = asked.absent("aws:SourceIp");
        self.context.iter().fold(asked, |asked, (key, value)| asked.context(key, value))
    }

    /// The request as the lower bound takes it.
    pub fn prepare(
        &self,
        actions: &lower_bound::Actions,
        index: &lower_bound::Index,
    ) -> lower_bound::Prepared {
        let context = self.context.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        index.prepare(actions, &self.principal, &self.action, &self.resource, context)
    }
}

/// Who asks, in which context.
fn asking<'t>(principal: &str, context: impl IntoIterator<Item = &'t (String, String)>) -> Asking {
    let caller = Caller::user(principal.parse().unwrap())
        .or_else(|_| Caller::any_session_of(principal.parse().unwrap()));
    let context = context.into_iter();
    let context =
        context.fold(Context::complete(), |context, (key, value)| context.with(key.as_str(), value.as_str()));
    Asking::new(caller.unwrap(), context)
}

fn context(json: &Value) -> Vec<(String, String)> {
    let pairs = json.as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// The workload that is called `W1`, `W2` or `W3`.
pub fn workload(name: &str) -> Workload {
    let json: Value = serde_json::from_str(text(name)).unwrap();
    let mut texts = Vec::new();
    for policy in json["policies"]["identity"].as_array().unwrap() {
        texts.push((PolicyKind::Identity, policy.to_string()));
    }
    if json["policies"]["resource"].is_object() {
        let kind = PolicyKind::Resource(ResourceService::S3);
        texts.push((kind, json["policies"]["resource"].to_string()));
    }
    let layers = layers(&texts).prepared();
    let asked: Vec<Asked> = json["requests"].as_array().unwrap().iter().map(Asked::read).collect();
    let requests = asked.iter().map(Asked::request).collect();
    let expected = json["expected"].as_array().unwrap();
    let expected = expected.iter().map(|letter| decision(letter.as_str().unwrap())).collect();
    Workload { texts, layers, asked, requests, expected }
}

/// The world of `W2`: one user with the ten policies.
pub fn world(workload: &Workload) -> (Cloud, iamsim::Caller) {
    let mut cloud = Cloud::new();
    let mut account = cloud.account("111122223333").unwrap();
    account.without_quotas().unwrap();
    let mut user = account.add_user("alice").unwrap();
    for (index, (_, text)) in workload.texts.iter().enumerate() {
        user = user.attach(&format!("policy-{index}"), text.as_str()).unwrap();
    }
    let caller = user.caller();
    (cloud, caller)
}

/// How many requests [`organization`] asks.
pub const ORGANIZATION_REQUESTS: usize = 500;

/// How many units lie above the caller's account where only something else is to differ.
pub const UNITS: usize = 3;

/// A world of as many roles as a tier has, and requests of the ten roles that lie in every one. Above them are
/// so many units, one below another, in every world: each has policies of its own that are asked.
pub fn organization(
    corpus: &Corpus,
    tier: Tier,
    units: usize,
) -> (Snapshot, Vec<(iamsim::Caller, iamsim_generate::Request)>) {
    let under_units = |tier: Tier| {
        let size = Size { units, depth: units, ..tier.size() };
        let mut organization = Organization::generate(corpus, &Settings::sized(size, 1));
        // The account that has the ten roles; the last unit is the lowest.
        organization.accounts[0].unit = units - 1;
        organization
    };
    let organization = under_units(tier);
    let mut cloud = organization.build().unwrap();
    let requests = under_units(Tier::S).requests(corpus, ORGANIZATION_REQUESTS);
    assert_eq!(requests.len(), ORGANIZATION_REQUESTS);
    let asked =
        requests.into_iter().map(|request| (organization.caller(&mut cloud, &request).unwrap(), request));
    let asked = asked.collect();
    (cloud.snapshot(), asked)
}

/// A world of a size, every role's session, and two questions over it.
#[derive(Debug)]
pub struct Queries {
    snapshot: Snapshot,
    roles: Vec<Named>,
    /// An object in a bucket that has a policy.
    object: String,
}

impl Queries {
    /// Builds the world.
    pub fn of(corpus: &Corpus, tier: Tier) -> Self {
        let organization = Organization::generate(corpus, &Settings::new(tier, 1));
        let mut cloud = organization.build().unwrap();
        let mut roles = Vec::new();
        for account in &organization.accounts {
            let mut inside = cloud.account(&account.id).unwrap();
            for role in &account.roles {
                let name = role.name.rsplit('/').next().unwrap_or_default();
                let session = inside.role(name).unwrap().session("work").unwrap();
                roles.push((format!("{}/{}", account.id, role.name), session));
            }
        }
        let mut resources = organization.accounts.iter().flat_map(|account| &account.resources);
        let is_open = |resource: &&iamsim_generate::Resource| {
            resource.policy.is_some() && resource.arn.starts_with("arn:aws:s3:::")
        };
        let object = format!("{}/report.csv", resources.find(is_open).unwrap().arn);
        Self { snapshot: cloud.snapshot(), roles, object }
    }

    /// What the first role may do, over the whole catalog; `see` is shown each request.
    pub fn what_can(&self, see: impl Fn(&RequestBuilder) + Sync) -> Can {
        let ask = |who: &iamsim::Caller, action: &str, on: &str| {
            let request = self.request(who, action, on);
            see(&request);
            request
        };
        what_can(&ask, &self.roles[0].1, Catalog::embedded(), &[], &[], NonZeroUsize::MIN)
    }

    /// Who may read one object.
    pub fn who_can(&self) -> Vec<Answered> {
        let ask = |who: &iamsim::Caller, action: &str, on: &str| self.request(who, action, on);
        who_can(&ask, &self.roles, (READ, &self.object), Explained::WhoMay, NonZeroUsize::MIN)
    }

    /// What [`who_can`](Self::who_can) asks, one request for each role.
    pub fn reads(&self) -> impl Iterator<Item = RequestBuilder> {
        self.roles.iter().map(|(_, who)| self.request(who, READ, &self.object))
    }

    fn request(&self, who: &iamsim::Caller, action: &str, on: &str) -> RequestBuilder {
        self.snapshot.request(who, action, on).complete()
    }
}

const READ: &str = "s3:GetObject";

/// `W4`: every role may use ten policies of a pool, and all are asked the same questions.
#[derive(Debug)]
pub struct Roles {
    /// The texts of the pool's policies, where they stand in the workload's.
    pub pool: Vec<&'static str>,
    /// The questions; the caller and the team's tag are the role's.
    pub columns: Vec<Asked>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The context that all requests have.
    pub shared: Vec<(String, String)>,
}

/// A role of [`Roles`].
#[derive(Debug)]
pub struct Role {
    /// The role's ARN.
    pub arn: String,
    /// Which policies of the pool it has.
    pub policies: Vec<usize>,
    /// What the context of all its requests has besides that of the columns.
    pub context: Vec<(String, String)>,
    /// The answers, a letter for each column.
    pub expected: String,
}

impl Roles {
    /// Reads the workload from its text.
    pub fn read() -> Self {
        let parts: BTreeMap<&str, &'static RawValue> = serde_json::from_str(text("W4")).unwrap();
        let pool: Vec<&'static RawValue> = serde_json::from_str(parts["pool"].get()).unwrap();
        let json = |part: &str| -> Value { serde_json::from_str(parts[part].get()).unwrap() };
        let shared = context(&json("context"));
        let index = |index: &Value| usize::try_from(index.as_u64().unwrap()).unwrap();
        let role = |(role, expected): (&Value, String)| Role {
            arn: role["arn"].as_str().unwrap().to_owned(),
            policies: role["policies"].as_array().unwrap().iter().map(index).collect(),
            context: context(&role["context"]),
            expected,
        };
        let expected: Vec<String> = serde_json::from_str(parts["expected"].get()).unwrap();
        Self {
            columns: json("requests").as_array().unwrap().iter().map(Asked::read).collect(),
            roles: json("roles").as_array().unwrap().iter().zip(expected).map(role).collect(),
            pool: pool.into_iter().map(RawValue::get).collect(),
            shared,
        }
    }

    /// Answers everything in columns, a letter a cell, and as many threads as there are parts.
    pub fn matrix(&self, threads: usize) -> Vec<String> {
        let pool = self.compile();
        let mut matrix = Matrix::new(self.columns.iter().map(Asked::column));
        for role in &self.roles {
            matrix.prepare(&role.layers(&pool));
        }
        let answer = |role: &Role| -> String {
            let row = matrix.row(&role.layers(&pool), &role.asking(&self.shared));
            row.decisions().map(letter).collect()
        };
        let answer_all = |roles: &[Role]| -> Vec<String> { roles.iter().map(answer).collect() };
        if threads < 2 {
            return answer_all(&self.roles);
        }
        std::thread::scope(|scope| {
            let parts = self.roles.chunks(self.roles.len().div_ceil(threads));
            let running: Vec<_> = parts.map(|part| scope.spawn(|| answer_all(part))).collect();
            running.into_iter().flat_map(|part| part.join().unwrap()).collect()
        })
    }

    /// One role in ten with the questions it asks, made ready: the whole takes as long as ten of these, and says
    /// no more.
    pub fn prepared(&self) -> Vec<(Layers, Vec<Request>)> {
        let pool = self.compile();
        let columns: Vec<_> = self.columns.iter().map(Asked::column).collect();
        let prepared = |role: &Role| {
            let asking = role.asking(&self.shared);
            let requests = columns.iter().map(|column| Request::of(asking.clone(), column.clone()));
            (role.layers(&pool).prepared(), requests.collect())
        };
        self.roles.iter().step_by(10).map(prepared).collect()
    }

    /// The same for the lower bound.
    pub fn prepared_for_lower_bound(
        &self,
        actions: &lower_bound::Actions,
    ) -> Vec<(lower_bound::Index, Vec<lower_bound::Prepared>)> {
        let prepared = |role: &Role| {
            let index = lower_bound::Index::compile(actions, role.texts(&self.pool));
            let requests = role.asked(self).map(|asked| asked.prepare(actions, &index)).collect();
            (index, requests)
        };
        self.roles.iter().step_by(10).map(prepared).collect()
    }

    /// The pool, each policy compiled once and ready to be attached to many roles.
    pub fn compile(&self) -> Vec<Attached> {
        let parsed = self.pool.iter().map(|text| Policy::parse(PolicyKind::Identity, *text).unwrap());
        let compiled = parsed.map(|policy| Program::compile(&policy));
        compiled
            .enumerate()
            .map(|(index, program)| Attached::new(format!("policy {index}"), program))
            .collect()
    }
}

impl Role {
    /// The role's layers over the compiled pool.
    pub fn layers(&self, pool: &[Attached]) -> Layers {
        let attached = self.policies.iter().map(|index| pool[*index].clone());
        attached.fold(Layers::new(), Layers::with_identity)
    }

    /// The role's session, with the context that all requests have.
    pub fn asking(&self, shared: &[(String, String)]) -> Asking {
        asking(&self.arn, shared.iter().chain(&self.context))
    }

    /// The role's texts over the pool.
    pub fn texts(&self, pool: &[&'static str]) -> impl Iterator<Item = &'static str> {
        self.policies.iter().map(|index| pool[*index])
    }

    /// The questions of the workload as this role asks them.
    pub fn asked(&self, input: &Roles) -> impl Iterator<Item = Asked> {
        input.columns.iter().map(|column| Asked {
            principal: self.arn.clone(),
            context: input.shared.iter().chain(&self.context).cloned().collect(),
            ..column.clone()
        })
    }
}

/// The workload's file.
pub fn text(name: &str) -> &'static str {
    match name {
        "W1" => include_str!("workloads/W1.json"),
        "W2" => include_str!("workloads/W2.json"),
        "W3" => include_str!("workloads/W3.json"),
        "W4" => include_str!("workloads/W4.json"),
        other => panic!("there is no workload {other}"),
    }
}

/// The layers that a list of texts makes; identity policies are called `policy 1` and so on.
pub fn layers(texts: &[(PolicyKind, String)]) -> Layers {
    let mut layers = Layers::new();
    for (index, (kind, text)) in texts.iter().enumerate() {
        let program = Program::compile(&Policy::parse(*kind, text.as_str()).unwrap());
        let policy = Attached::new(format!("policy {}", index + 1), program);
        layers = match kind {
            PolicyKind::Identity => layers.with_identity(policy),
            _ => layers.with_resource(ResourcePolicy::Attached(policy)),
        };
    }
    layers
}

/// The letter of a decision in the workloads' files.
pub fn letter(decision: Decision) -> char {
    match decision {
        Decision::Allow => 'A',
        Decision::ExplicitDeny => 'D',
        Decision::ImplicitDeny => 'I',
        Decision::Undetermined => '?',
    }
}

fn decision(letter: &str) -> Decision {
    match letter {
        "A" => Decision::Allow,
        "D" => Decision::ExplicitDeny,
        "I" => Decision::ImplicitDeny,
        other => panic!("there is no answer {other}"),
    }
}
