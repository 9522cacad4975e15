//! From JSON to a [`File`]: the world and the defaults; steps are read in `steps`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, TimeDelta, Utc};
use iamsim::Quota;
use iamsim_catalog::{Catalog, KeyEntry};
use iamsim_policy::json::{self, Node, Value};
use iamsim_policy::keys::misspelt_global_key;
use iamsim_policy::suggest::nearest;
use iamsim_policy::{AccountId, Arn, PolicyKind, ResourceService, Source, Span, Spanned};

use crate::file::{
    Account, Boundary, Circumstances, ContextEntry, File, Grant, Guardrails, Identity, Invariant,
    Organization, Part, Quotas, Resource, ResourcePolicy, Step, Trust, Unit, VpcEndpoint, WebProvider,
};
use crate::finding::{Code, Finding};
use crate::format::{
    ACCOUNT, DEFAULTS, FILE, GRANT, GROUP, ORGANIZATION, Object, RESOURCE, ROLE, SCENARIO, TRUST_ACCOUNT,
    TRUST_SAML, TRUST_SERVICE, TRUST_WEB_IDENTITY, UNIT, USER, VPC_ENDPOINT, WORLD,
};
use crate::include;
use crate::names::{Entity, Kind, Names, Unresolved};
use crate::outcome::StepKind;
use crate::policies;
use crate::reader::{Document, Fields, Loader, Reader, Text, key_of, listed, meant};
use crate::time;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Scenario,
    /// Something to be included: without steps.
    World,
}

/// Reads a scenario or world file and what it includes. The error holds every finding, at least one of them
/// an error.
pub(crate) fn read(source: &Source, load: &mut Loader<'_>) -> Result<(FileKind, File), Vec<Finding>> {
    let mut findings = Vec::new();
    let inputs = include::gather(source, load, &mut findings);
    let mut nodes = Vec::new();
    for input in &inputs {
        match json::parse(&input.source) {
            Ok(node) => nodes.push(node),
            Err(error) => findings.push(error.into()),
        }
    }
    let mut read = None;
    if nodes.len() == inputs.len() {
        let names = Names::collect(&nodes);
        let mut parts = Vec::new();
        let mut defaults = Circumstances::default();
        // The file's own text comes last.
        let mut sources: Vec<Source> = inputs.iter().rev().map(|input| input.source.clone()).collect();
        for (input, node) in inputs.iter().zip(&nodes) {
            let mut reader = Reader::new(input, load);
            let kind = kind_of(node);
            let is_own = input.source == *source;
            let body = match (is_own, kind) {
                (false, FileKind::Scenario) => {
                    reader.not_a_world(node);
                    None
                }
                (_, FileKind::World) => reader.object(node, &WORLD).map(|fields| (fields, None)),
                (true, FileKind::Scenario) => reader.object(node, &SCENARIO).map(|fields| {
                    let story = reader.story(&fields, &names);
                    (fields, Some(story))
                }),
            };
            if let Some((fields, story)) = body {
                let title = reader.title(&fields);
                let about = reader.one_or_many(fields.get("about"), "`about`");
                parts.push(reader.part(&fields, &names));
                if let Some(own) = reader.defaults(&fields) {
                    defaults = own.over(defaults);
                }
                if is_own {
                    read = title.map(|title| (kind, title, values(about), story.unwrap_or_default()));
                }
            }
            for file in reader.files {
                if !sources.contains(&file) {
                    sources.push(file);
                }
            }
            findings.extend(reader.findings);
        }
        findings.extend(described_twice(&parts));
        if let Some((kind, title, about, story)) = read {
            let policies = policies::collect(&parts, &story.steps);
            let file = File {
                source: source.clone(),
                title,
                about,
                rules: story.rules,
                tags: story.tags,
                only: story.only,
                skip: story.skip,
                now: story.now,
                names,
                parts,
                defaults,
                invariants: story.invariants,
                steps: story.steps,
                warnings: Vec::new(),
                sources: sources.into(),
                policies: policies.into(),
            };
            return finished(source, findings, Some((kind, file)));
        }
    }
    finished(source, findings, None)
}

fn finished(
    source: &Source,
    mut findings: Vec<Finding>,
    file: Option<(FileKind, File)>,
) -> Result<(FileKind, File), Vec<Finding>> {
    // In the order of the text, the scenario's own first; a file that is referred to twice is told of once.
    findings.sort_by_cached_key(|finding| {
        let span = finding.span();
        let elsewhere = if finding.source() == source { "" } else { finding.source().name() };
        (elsewhere.to_owned(), span.start, span.end, finding.code(), finding.message().to_owned())
    });
    findings.dedup();
    match file {
        Some((kind, file)) if !findings.iter().any(Finding::is_error) => {
            Ok((kind, File { warnings: findings, ..file }))
        }
        _ => Err(findings),
    }
}

/// A world file says so with its title.
fn kind_of(node: &Node<'_>) -> FileKind {
    let has = |key: &str| match &node.value {
        Value::Object(members) => members.iter().any(|member| member.key == key),
        _ => false,
    };
    if has("world") && !has("scenario") && !has("steps") { FileKind::World } else { FileKind::Scenario }
}

/// What there is to say of a world file where a scenario is wanted.
pub(crate) fn no_story(source: &Source) -> Finding {
    Finding::error(source, Code::WrongType, Span::new(0, 1), "this is a world, and no step is taken in it")
        .with_help("include it in a scenario, which has `scenario` for its title, and `steps`")
}

/// Whether a scenario says that only it is to be run.
pub(crate) fn says_only(source: &Source) -> bool {
    let Ok(Node { value: Value::Object(members), .. }) = json::parse(source) else { return false };
    members.iter().any(|member| member.key == "only" && member.value.value == Value::Bool(true))
}

/// What two files describe: AWS has each thing once.
fn described_twice(parts: &[Part]) -> Vec<Finding> {
    let mut known: BTreeMap<String, (&Source, Span)> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut meet =
        |what: String, source, span| match known.entry(what) {
            Entry::Vacant(free) => {
                free.insert((source, span));
            }
            Entry::Occupied(first) => {
                let (elsewhere, place) = *first.get();
                // Within one file a key that occurs twice has been told.
                if elsewhere != source {
                    let message = format!("`{}` describes `{}` already", elsewhere.place(place), first.key());
                    findings.push(Finding::error(source, Code::DescribedTwice, span, message).with_help(
                        "describe it in one of the files, and let a `change` step make it different",
                    ));
                }
            }
        };
    for part in parts {
        let source = &part.source;
        for account in &part.accounts {
            let Account { id, .. } = account;
            for identity in account.users.iter().chain(&account.groups).chain(&account.roles) {
                let Entity { kind, name, .. } = &identity.entity;
                meet(format!("{id}:{}/{name}", kind.word()), source, identity.span);
            }
            for (name, _) in &account.policies {
                meet(format!("{id}:policy/{}", name.value), source, name.span);
            }
            for (arn, _) in &account.resources {
                meet(arn.value.clone(), source, arn.span);
            }
        }
        for (arn, _) in &part.managed {
            meet(arn.value.clone(), source, arn.span);
        }
        if let Some(organization) = &part.organization {
            meet("organization".to_owned(), source, organization.span);
        }
    }
    findings
}

/// What only a scenario has.
#[derive(Default)]
struct Story {
    rules: Vec<String>,
    tags: Vec<String>,
    only: bool,
    skip: Option<String>,
    now: Option<DateTime<Utc>>,
    invariants: Vec<Invariant>,
    steps: Vec<Step>,
}

/// What a thing is read for: the world as it is at first, or a change of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    World,
    /// A change; with `refusable` AWS is asked about policies that have findings.
    Change {
        refusable: bool,
    },
}

impl Reading {
    pub(crate) const fn refusable(self) -> bool {
        matches!(self, Self::Change { refusable: true })
    }
}

impl Reader<'_, '_> {
    fn not_a_world(&mut self, node: &Node<'_>) {
        let start = Span::new(node.span.start, node.span.start.saturating_add(1));
        self.error_with_help(
            Code::WrongType,
            start,
            "only a world can be included, and this is none",
            "a world has the field `world`, its title, and neither `scenario` nor `steps`",
        );
    }

    fn title(&mut self, fields: &Fields<'_, '_>) -> Option<String> {
        let field = if fields.has_field("scenario") { "scenario" } else { "world" };
        self.some_text(fields.get(field), &format!("the title of a {field}")).map(value)
    }

    /// What a scenario and a world have in common.
    fn part(&mut self, fields: &Fields<'_, '_>, names: &Names) -> Part {
        self.text(fields.get("$schema"), "`$schema`");
        self.format_version(fields);
        // What they hold has been read already.
        for path in self.texts(fields.get("include"), "`include`") {
            if path.value.is_empty() {
                self.error(Code::InvalidValue, path.span, "the path of a file is empty");
            }
        }
        self.partition(fields);
        self.short_names(fields, names);
        let mut managed = Vec::new();
        for member in self.map(fields.get("managedPolicies"), "`managedPolicies`") {
            self.managed_policy_arn(&key_of(member));
            if let Some(document) = self.document(PolicyKind::Identity, &member.value, false) {
                managed.push((key_of(member), document));
            }
        }
        let organization =
            fields.get("organization").and_then(|node| self.organization(node, names, Reading::World));
        let mut accounts = Vec::new();
        for member in self.map(fields.get("accounts"), "`accounts`") {
            let id = self.account_id(&key_of(member));
            let (Some(id), Some(body)) = (id, self.object(&member.value, &ACCOUNT)) else { continue };
            accounts.push(self.account(id, member.key_span, &body, names, Reading::World));
        }
        Part { source: self.source.clone(), managed, organization, accounts }
    }

    fn defaults(&mut self, fields: &Fields<'_, '_>) -> Option<Circumstances> {
        let node = fields.get("defaults")?;
        self.object(node, &DEFAULTS).map(|fields| self.circumstances(&fields, false))
    }

    fn story(&mut self, fields: &Fields<'_, '_>, names: &Names) -> Story {
        let now = self.instant(fields.get("now"), "`now`");
        let rules = self.texts(fields.get("rules"), "`rules`");
        let tags = self.texts(fields.get("tags"), "`tags`");
        let mut invariants = self.invariants(fields.get("never"), StepKind::Never, names);
        invariants.extend(self.invariants(fields.get("always"), StepKind::Always, names));
        Story {
            rules: values(rules),
            tags: values(tags),
            only: self.flag(fields.get("only"), "`only`").unwrap_or_default(),
            skip: self.some_text(fields.get("skip"), "`skip`").map(value),
            now,
            invariants,
            steps: self.steps(fields.get("steps"), names, now),
        }
    }

    fn format_version(&mut self, fields: &Fields<'_, '_>) {
        let Some(node) = fields.get("format") else { return };
        if let Some(version) = self.count(node, "`format`")
            && version != 1
        {
            self.error_with_help(
                Code::InvalidValue,
                node.span,
                format!("this is a scenario of format {version}"),
                "the only format there is so far is 1; a newer iamsim may read this file",
            );
        }
    }

    fn partition(&mut self, fields: &Fields<'_, '_>) {
        if let Some(partition) = self.text(fields.get("partition"), "`partition`") {
            self.word(&partition, crate::format::PARTITIONS, "a partition");
        }
    }

    fn short_names(&mut self, fields: &Fields<'_, '_>, names: &Names) {
        for member in self.map(fields.get("names"), "`names`") {
            if let Some(arn) = self.text(Some(&member.value), &format!("`{}` of `names`", member.key)) {
                self.arn(&arn);
                if let Some(other) = names.short_name_elsewhere(&member.key, &arn.value) {
                    let message = format!("`{}` is a name of `{other}` already", member.key);
                    self.error_with_help(
                        Code::DescribedTwice,
                        member.key_span,
                        message,
                        "choose another name; an included file has given this one",
                    );
                }
            }
            if member.key.contains(['*', ':', '/']) || member.key.is_empty() {
                self.error_with_help(
                    Code::InvalidValue,
                    member.key_span,
                    format!("`{}` can't be a short name", member.key),
                    "a short name has none of the characters `*`, `:` and `/`, so that it is never taken for \
                     something else",
                );
            }
        }
    }

    pub(crate) fn account_id(&mut self, text: &Text) -> Option<AccountId> {
        match text.value.parse() {
            Ok(id) => Some(id),
            Err(error) => {
                self.error_with_help(
                    Code::InvalidAccount,
                    text.span,
                    error.to_string(),
                    "write the id; an alias is given inside the account, as `alias`",
                );
                None
            }
        }
    }

    /// An account by id or alias.
    pub(crate) fn account_of(&mut self, text: &Text, names: &Names) -> Option<AccountId> {
        self.resolved(text.span, names.account(&text.value))
    }

    pub(crate) fn resolved<T>(&mut self, span: Span, result: Result<T, Unresolved>) -> Option<T> {
        match result {
            Ok(found) => Some(found),
            Err(Unresolved { code, message, help }) => {
                self.error_with_help(code, span, message, help);
                None
            }
        }
    }

    pub(crate) fn arn(&mut self, text: &Text) -> Option<Arn> {
        let arn = text.value.parse().ok();
        if arn.is_none() {
            self.error_with_help(
                Code::InvalidArn,
                text.span,
                format!("`{}` is not an ARN", text.value),
                "an ARN is `arn:partition:service:region:account:resource`; region and account may be empty",
            );
        }
        arn
    }

    fn managed_policy_arn(&mut self, text: &Text) {
        let Some(arn) = self.arn(text) else { return };
        if arn.service() != "iam" || arn.part(4) != "aws" || !arn.resource().starts_with("policy/") {
            self.error_with_help(
                Code::InvalidArn,
                text.span,
                format!("`{}` is not the ARN of an AWS managed policy", text.value),
                "it is `arn:aws:iam::aws:policy/Name`; an account's own policies stand in `policies` of the account",
            );
        }
    }

    pub(crate) fn duration(&mut self, node: Option<&Node<'_>>, what: &str) -> Option<TimeDelta> {
        let text = self.text(node, what)?;
        let length = time::duration(&text.value);
        if length.is_none() {
            self.error_with_help(
                Code::InvalidTime,
                text.span,
                format!("`{}` is not a length of time", text.value),
                "write whole numbers with `d`, `h`, `m` or `s`: `30m`, `1h30m`, `2d`",
            );
        }
        length
    }

    pub(crate) fn instant(&mut self, node: Option<&Node<'_>>, what: &str) -> Option<DateTime<Utc>> {
        let text = self.text(node, what)?;
        let instant = time::instant(&text.value);
        if instant.is_none() {
            self.error_with_help(
                Code::InvalidTime,
                text.span,
                format!("`{}` is not an instant", text.value),
                "write it as AWS does: `2030-01-01T09:00:00Z`",
            );
        }
        instant
    }

    /// Policies by name; null where one is taken away.
    fn policies(
        &mut self,
        kind: PolicyKind,
        node: Option<&Node<'_>>,
        what: &str,
        reading: Reading,
    ) -> Vec<(Text, Option<Document>)> {
        let mut policies = Vec::new();
        for member in self.map(node, what) {
            if member.key.is_empty() {
                self.error(Code::InvalidValue, member.key_span, format!("a name in {what} is empty"));
            }
            if matches!(member.value.value, Value::Null) {
                policies.push((key_of(member), None));
            } else if let Some(document) = self.document(kind, &member.value, reading.refusable()) {
                policies.push((key_of(member), Some(document)));
            }
        }
        policies
    }

    fn guardrails(&mut self, fields: &Fields<'_, '_>, reading: Reading) -> Guardrails {
        Guardrails {
            scps: self.policies(PolicyKind::ServiceControl, fields.get("scps"), "`scps`", reading),
            rcps: self.policies(PolicyKind::ResourceControl, fields.get("rcps"), "`rcps`", reading),
        }
    }

    fn organization(&mut self, node: &Node<'_>, names: &Names, reading: Reading) -> Option<Organization> {
        let fields = self.object(node, &ORGANIZATION)?;
        let management = self.text(fields.get("management"), "`management`");
        let management =
            management.and_then(|text| Some(Spanned::new(self.account_of(&text, names)?, text.span)));
        Some(self.organization_body(node.span, management, &fields, names, reading))
    }

    /// The fields that the world's organization and a change of it share.
    pub(crate) fn organization_body(
        &mut self,
        span: Span,
        management: Option<Spanned<AccountId>>,
        fields: &Fields<'_, '_>,
        names: &Names,
        reading: Reading,
    ) -> Organization {
        let root = fields.get("root").and_then(|node| self.unit(node, names, reading));
        let root_sessions = if fields.has_field("rootSessions") { fields.get("rootSessions") } else { None };
        let root_sessions = self.flag(root_sessions, "`rootSessions`").unwrap_or_default();
        Organization { span, management, root, root_sessions }
    }

    fn unit(&mut self, node: &Node<'_>, names: &Names, reading: Reading) -> Option<Unit> {
        let fields = self.object(node, &UNIT)?;
        let guardrails = self.guardrails(&fields, reading);
        let accounts = self.texts(fields.get("accounts"), "`accounts`");
        let accounts = accounts
            .into_iter()
            .filter_map(|text| Some(Spanned::new(self.account_of(&text, names)?, text.span)))
            .collect();
        let mut units = Vec::new();
        for member in self.map(fields.get("units"), "`units`") {
            if member.key.contains('/') || member.key.is_empty() {
                let message = format!("`{}` can't be the name of an organizational unit", member.key);
                self.error_with_help(
                    Code::InvalidValue,
                    member.key_span,
                    message,
                    "units inside units stand in the outer one's `units`",
                );
                continue;
            }
            if let Some(unit) = self.unit(&member.value, names, reading) {
                units.push((key_of(member), unit));
            }
        }
        Some(Unit { guardrails, accounts, units })
    }

    /// An account, or what a change says of one.
    pub(crate) fn account(
        &mut self,
        id: AccountId,
        span: Span,
        fields: &Fields<'_, '_>,
        names: &Names,
        reading: Reading,
    ) -> Account {
        let alias = self.some_text(fields.get("alias"), "`alias`");
        let quotas = self.quotas(fields);
        let users = self.identities(id, Kind::User, fields.get("users"), names, reading);
        let groups = self.identities(id, Kind::Group, fields.get("groups"), names, reading);
        let roles = self.identities(id, Kind::Role, fields.get("roles"), names, reading);
        let policies = self.policies(PolicyKind::Identity, fields.get("policies"), "`policies`", reading);
        let mut resources = Vec::new();
        for member in self.map(fields.get("resources"), "`resources`") {
            let arn = self.arn(&key_of(member));
            let (Some(arn), Some(body)) = (arn, self.object(&member.value, &RESOURCE)) else { continue };
            resources.push((key_of(member), self.resource(&arn, &body, names, reading)));
        }
        let mut oidc_providers = Vec::new();
        for member in self.map(fields.get("oidcProviders"), "`oidcProviders`") {
            let audiences = self.texts(Some(&member.value), "the audiences of an OIDC provider");
            oidc_providers.push((key_of(member), audiences));
        }
        let saml_providers = self.texts(fields.get("samlProviders"), "`samlProviders`");
        let mut vpc_endpoints = Vec::new();
        for member in self.map(fields.get("vpcEndpoints"), "`vpcEndpoints`") {
            let Some(body) = self.object(&member.value, &VPC_ENDPOINT) else { continue };
            let vpc = self.some_text(body.get("vpc"), "`vpc`");
            let policy = body
                .get("policy")
                .and_then(|node| self.document(PolicyKind::VpcEndpoint, node, reading.refusable()));
            if let Some(vpc) = vpc {
                vpc_endpoints.push(VpcEndpoint { id: key_of(member), vpc: vpc.value, policy });
            }
        }
        let service_linked_roles = self.texts(fields.get("serviceLinkedRoles"), "`serviceLinkedRoles`");
        let guardrails = self.guardrails(fields, reading);
        for name in ["scps", "rcps"] {
            if fields.get(name).is_some() && !names.has_organization {
                self.error_with_help(
                    Code::ConflictingFields,
                    fields.key_span(name),
                    format!("`{name}` needs an organization, and this file has none"),
                    "describe it in `organization`; only members of one have such policies",
                );
            }
        }
        Account {
            id,
            span,
            alias,
            quotas,
            users,
            groups,
            roles,
            policies,
            resources,
            oidc_providers,
            saml_providers,
            vpc_endpoints,
            service_linked_roles,
            guardrails,
        }
    }

    fn quotas(&mut self, fields: &Fields<'_, '_>) -> Quotas {
        let node = fields.get("quotas");
        if let Some(Node { value: Value::String(_), .. }) = node {
            if let Some(text) = self.text(node, "`quotas`") {
                self.word(&text, &["off"], "a choice of quotas");
            }
            return Quotas::Off;
        }
        let mut set = Vec::new();
        for member in self.map(node, "`quotas`") {
            let name = key_of(member);
            self.quota_name(&name);
            if let Some(count) = self.count(&member.value, &format!("the quota `{}`", member.key)) {
                set.push((name, count));
            }
        }
        Quotas::Set(set)
    }

    fn quota_name(&mut self, name: &Text) {
        if name.value.parse::<Quota>().is_err() {
            let names = Quota::ALL.iter().map(|quota| quota.as_str());
            let help = match nearest(&name.value, names.clone()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("the quotas are {}", listed(names)),
            };
            let message = format!("`{}` is not a quota", name.value);
            self.error_with_help(Code::InvalidValue, name.span, message, help);
        }
    }

    fn identities(
        &mut self,
        account: AccountId,
        kind: Kind,
        node: Option<&Node<'_>>,
        names: &Names,
        reading: Reading,
    ) -> Vec<Identity> {
        let (object, what): (&'static Object, _) = match kind {
            Kind::User => (&USER, "`users`"),
            Kind::Group => (&GROUP, "`groups`"),
            Kind::Role | Kind::Policy => (&ROLE, "`roles`"),
        };
        let mut identities = Vec::new();
        for member in self.map(node, what) {
            if member.key.is_empty() {
                self.error(Code::InvalidValue, member.key_span, format!("a name in {what} is empty"));
            }
            let entity = Entity::new(account, kind, &member.key);
            let Some(fields) = self.object(&member.value, object) else { continue };
            if kind == Kind::Role && fields.get("trust").is_none() && reading == Reading::World {
                self.error_with_help(
                    Code::MissingField,
                    member.key_span,
                    format!("the role `{}` needs the field `trust`", member.key),
                    "write the trust policy, or what the console's wizard asks: `{\"account\": \"111122223333\"}`, \
                     `{\"service\": \"lambda.amazonaws.com\"}`",
                );
            }
            identities.push(self.identity(entity, member.key_span, &fields, names, reading));
        }
        identities
    }

    /// A user, group or role, or what a change says of one; the fields are those its kind has.
    pub(crate) fn identity(
        &mut self,
        entity: Entity,
        span: Span,
        fields: &Fields<'_, '_>,
        names: &Names,
        reading: Reading,
    ) -> Identity {
        const TAGGED: &[Kind] = &[Kind::User, Kind::Role];
        let kind = entity.kind;
        let account = entity.account;
        let is = |kinds: &[Kind]| kinds.contains(&kind);
        let of = |kinds: &[Kind], name: &'static str| is(kinds).then(|| fields.get(name)).flatten();
        let trust = of(&[Kind::Role], "trust").and_then(|node| self.trust(account, node, names, reading));
        let policies = self.policies(PolicyKind::Identity, fields.get("policies"), "`policies`", reading);
        let attached = self.policy_arns(Some(account), fields.get("attached"), "`attached`", names);
        let is_change = reading != Reading::World && fields.has_field("detached");
        let detached = if is_change {
            self.policy_arns(Some(account), fields.get("detached"), "`detached`", names)
        } else {
            Vec::new()
        };
        let boundary = of(TAGGED, "boundary").and_then(|node| self.boundary(account, node, names, reading));
        let tags = self.tags_or_null(of(TAGGED, "tags"));
        let groups = self.texts(of(&[Kind::User], "groups"), "`groups`");
        for group in &groups {
            let reference = format!("{account}:group/{}", group.value);
            self.resolved(
                group.span,
                names.entity(&reference, &[Kind::Group]).map_err(|unresolved| Unresolved {
                    message: format!("there is no group `{}` in this account", group.value),
                    ..unresolved
                }),
            );
        }
        let leaves = if is_change { self.texts(of(&[Kind::User], "leaves"), "`leaves`") } else { Vec::new() };
        let mfa_devices = self.texts(of(&[Kind::User], "mfaDevices"), "`mfaDevices`");
        let max_session = of(&[Kind::Role], "maxSession");
        let max_session = max_session
            .and_then(|node| Some(Spanned::new(self.duration(Some(node), "`maxSession`")?, node.span)));
        let description = self.text(of(&[Kind::Role], "description"), "`description`");
        Identity {
            entity,
            span,
            trust,
            policies,
            attached,
            detached,
            boundary,
            tags,
            groups,
            leaves,
            mfa_devices,
            max_session,
            description,
        }
    }

    /// ARNs of managed policies, given by ARN or by the account's own names.
    pub(crate) fn policy_arns(
        &mut self,
        account: Option<AccountId>,
        node: Option<&Node<'_>>,
        what: &str,
        names: &Names,
    ) -> Vec<Text> {
        let texts = self.texts(node, what);
        let resolved = texts.into_iter().filter_map(|text| {
            let arn = self.resolved(text.span, names.policy_arn(account, &text.value))?;
            Some(Spanned::new(arn, text.span))
        });
        resolved.collect()
    }

    fn boundary(
        &mut self,
        account: AccountId,
        node: &Node<'_>,
        names: &Names,
        reading: Reading,
    ) -> Option<Boundary> {
        match &node.value {
            Value::Null => Some(Boundary::None),
            Value::String(_) => {
                let text = self.text(Some(node), "`boundary`")?;
                let arn = self.resolved(text.span, names.policy_arn(Some(account), &text.value))?;
                Some(Boundary::Arn(Spanned::new(arn, text.span)))
            }
            _ => self.document(PolicyKind::Identity, node, reading.refusable()).map(Boundary::Document),
        }
    }

    fn tags_or_null(&mut self, node: Option<&Node<'_>>) -> Vec<(Text, Option<Text>)> {
        let mut tags = Vec::new();
        for member in self.map(node, "`tags`") {
            if matches!(member.value.value, Value::Null) {
                tags.push((key_of(member), None));
            } else if let Some(value) = self.text(Some(&member.value), &format!("the tag `{}`", member.key)) {
                tags.push((key_of(member), Some(value)));
            }
        }
        tags
    }

    /// Tags whose values are text; none where the field is not there at all.
    pub(crate) fn tags(&mut self, node: Option<&Node<'_>>) -> Option<Vec<(Text, Text)>> {
        node.map(|node| self.text_map(Some(node), "`tags`"))
    }

    pub(crate) fn trust(
        &mut self,
        account: AccountId,
        node: &Node<'_>,
        names: &Names,
        reading: Reading,
    ) -> Option<Trust> {
        let has = |name: &str| match &node.value {
            Value::Object(members) => members.iter().any(|member| member.key == name),
            _ => false,
        };
        let partition = &names.partition;
        if has("service") {
            let fields = self.object(node, &TRUST_SERVICE)?;
            let service = self.some_text(fields.get("service"), "`service`")?;
            if !service.value.contains('.') {
                self.error_with_help(
                    Code::InvalidValue,
                    service.span,
                    format!("`{}` is not the name of a service principal", service.value),
                    format!("did you mean `{}.amazonaws.com`?", service.value),
                );
            }
            return Some(Trust::Service { service: service.value, actions: self.extra_actions(&fields) });
        }
        if has("account") {
            let fields = self.object(node, &TRUST_ACCOUNT)?;
            let trusted = self.text(fields.get("account"), "`account`")?;
            let trusted = self.account_of(&trusted, names)?;
            return Some(Trust::Account {
                account: trusted.to_string(),
                external_id: self.text(fields.get("requireExternalId"), "`requireExternalId`").map(value),
                mfa: self.flag(fields.get("requireMfa"), "`requireMfa`").unwrap_or_default(),
                actions: self.extra_actions(&fields),
            });
        }
        if has("webIdentity") {
            let fields = self.object(node, &TRUST_WEB_IDENTITY)?;
            let provider = self.web_provider(account, &fields, partition)?;
            return Some(Trust::WebIdentity { provider, actions: self.extra_actions(&fields) });
        }
        if has("saml") {
            let fields = self.object(node, &TRUST_SAML)?;
            let name = self.some_text(fields.get("saml"), "`saml`")?.value;
            let attribute = self.some_text(fields.get("attribute"), "`attribute`").map(value);
            let wanted = self.text(fields.get("value"), "`value`").map(value);
            if fields.get("attribute").is_some() != fields.get("value").is_some() {
                self.error_with_help(
                    Code::ConflictingFields,
                    fields.span,
                    "`attribute` and `value` go together",
                    "write both for programmatic access only, or neither for console access as well",
                );
            }
            let actions = self.extra_actions(&fields);
            let provider = format!("arn:{partition}:iam::{account}:saml-provider/{name}");
            return Some(Trust::Saml { provider, attribute: attribute.zip(wanted), actions });
        }
        let is_document =
            has("Statement") || has("Version") || has(FILE.fields.first().map_or("", |f| f.name));
        if !is_document && !reading.refusable() {
            let members = match &node.value {
                Value::Object(members) => members.as_slice(),
                _ => &[],
            };
            let keys = ["service", "account", "webIdentity", "saml", "file", "Statement"];
            let help = meant(members, &keys).unwrap_or_else(|| {
                "write the policy as it stands in AWS, `{\"file\": \"policies/trust.json\"}`, or an object with \
                 `service`, `account`, `webIdentity` or `saml`"
                    .to_owned()
            });
            let message = "this is neither a trust policy nor one of the wizard's trusted entities";
            self.error_with_help(Code::WrongType, node.span, message, help);
            return None;
        }
        self.document(PolicyKind::RoleTrust, node, reading.refusable()).map(Trust::Document)
    }

    fn extra_actions(&mut self, fields: &Fields<'_, '_>) -> Vec<Text> {
        let actions = self.texts(fields.get("actions"), "`actions`");
        for action in &actions {
            self.action(action);
        }
        actions
    }

    fn web_provider(
        &mut self,
        account: AccountId,
        fields: &Fields<'_, '_>,
        partition: &str,
    ) -> Option<WebProvider> {
        let name = self.some_text(fields.get("webIdentity"), "`webIdentity`")?;
        let audience = self.some_text(fields.get("audience"), "`audience`").map(value);
        let organization = self.some_text(fields.get("organization"), "`organization`").map(value);
        let repository = self.some_text(fields.get("repository"), "`repository`").map(value);
        let branch = self.some_text(fields.get("branch"), "`branch`").map(value);
        let authenticated = self.flag(fields.get("authenticated"), "`authenticated`");
        let mut only = |names: &[&str], of: &str| {
            for name in names {
                if fields.get(name).is_some() {
                    let message = format!("`{name}` is asked for {of} only");
                    self.error_with_help(
                        Code::ConflictingFields,
                        fields.key_span(name),
                        message,
                        "remove it, or write the trust policy itself",
                    );
                }
            }
        };
        if name.value != "cognito" {
            only(&["authenticated"], "`cognito`");
        }
        let is_github = name.value == "https://token.actions.githubusercontent.com";
        if !is_github {
            only(&["organization", "repository", "branch"], "GitHub Actions");
        }
        if is_github {
            if organization.is_none() {
                self.error_with_help(
                    Code::MissingField,
                    fields.key_span("webIdentity"),
                    "trust in GitHub Actions needs the field `organization`",
                    "AWS refuses a trust policy that would trust every repository there is",
                );
            }
            if branch.is_some() && repository.is_none() {
                self.error_with_help(
                    Code::ConflictingFields,
                    fields.key_span("branch"),
                    "`branch` needs the field `repository`",
                    "name the repository the branch belongs to",
                );
            }
            let arn =
                format!("arn:{partition}:iam::{account}:oidc-provider/token.actions.githubusercontent.com");
            return Some(WebProvider::GitHub { arn, organization: organization?, repository, branch });
        }
        if audience.is_none() && fields.get("audience").is_none() {
            self.error_with_help(
                Code::MissingField,
                fields.key_span("webIdentity"),
                "trust in a web identity needs the field `audience`",
                "without one every app of the provider would be trusted",
            );
        }
        let audience = audience?;
        match name.value.as_str() {
            "google" => Some(WebProvider::Google { audience }),
            "amazon" => Some(WebProvider::Amazon { audience }),
            "facebook" => Some(WebProvider::Facebook { audience }),
            "cognito" => {
                Some(WebProvider::Cognito { audience, authenticated: authenticated.unwrap_or(true) })
            }
            url => {
                let host = url.strip_prefix("https://").map(|host| host.trim_end_matches('/'));
                if host.is_none() {
                    self.error_with_help(
                        Code::InvalidValue,
                        name.span,
                        format!("`{url}` is not a web identity provider"),
                        "write the provider's URL, which begins with `https://`, or one of `google`, `amazon`, \
                         `facebook` and `cognito`",
                    );
                }
                let arn = format!("arn:{partition}:iam::{account}:oidc-provider/{}", host?);
                Some(WebProvider::Other { arn, audience })
            }
        }
    }

    pub(crate) fn resource(
        &mut self,
        arn: &Arn,
        fields: &Fields<'_, '_>,
        names: &Names,
        reading: Reading,
    ) -> Resource {
        let kind = PolicyKind::Resource(service_of(arn));
        let policy = match fields.get("policy") {
            None => ResourcePolicy::Unsaid,
            Some(Node { value: Value::Null, .. }) => ResourcePolicy::Removed,
            Some(node) => {
                let document = self.document(kind, node, reading.refusable());
                document.map_or(ResourcePolicy::Unsaid, ResourcePolicy::Set)
            }
        };
        let tags = self.tags_or_null(fields.get("tags"));
        let mut grants = Vec::new();
        for member in self.map(fields.get("grants"), "`grants`") {
            let Some(body) = self.object(&member.value, &GRANT) else { continue };
            let grantee = self.some_text(body.get("grantee"), "`grantee`");
            let operations = self.texts(body.get("operations"), "`operations`");
            let Some(grantee) = grantee else { continue };
            let Some(grantee) = self.resolved(grantee.span, names.resource(&grantee.value)) else { continue };
            grants.push(Grant { name: key_of(member), grantee, operations });
        }
        let mut flag =
            |name: &'static str| self.flag(fields.get(name), &format!("`{name}`")).unwrap_or_default();
        Resource {
            policy,
            tags,
            grants,
            restrict_public_buckets: flag("restrictPublicBuckets"),
            attribute_based_control: flag("attributeBasedControl"),
        }
    }

    /// The context that `fields` speaks of; only a question has `unknown`.
    pub(crate) fn circumstances(&mut self, fields: &Fields<'_, '_>, is_question: bool) -> Circumstances {
        let unknown = if is_question { self.texts(fields.get("unknown"), "`unknown`") } else { Vec::new() };
        let absent = self.texts(fields.get("absent"), "`absent`");
        for key in unknown.iter().chain(&absent) {
            self.context_key(key);
        }
        Circumstances {
            region: self.some_text(fields.get("region"), "`region`").map(value),
            context: self.context(fields.get("context")),
            unknown: values(unknown),
            absent: values(absent),
            complete: self.flag(fields.get("complete"), "`complete`"),
        }
    }

    pub(crate) fn context(&mut self, node: Option<&Node<'_>>) -> Vec<(String, ContextEntry)> {
        let mut context = Vec::new();
        for member in self.map(node, "`context`") {
            let key = key_of(member);
            self.context_key(&key);
            if let Some(entry) = self.context_entry(&member.value, &member.key) {
                context.push((key.value, entry));
            }
        }
        context
    }

    pub(crate) fn context_entry(&mut self, node: &Node<'_>, key: &str) -> Option<ContextEntry> {
        let what = format!("the value of `{key}`");
        match &node.value {
            Value::Array(items) => {
                let many = items.iter().filter_map(|item| self.scalar(item, &what)).collect();
                Some(ContextEntry::Many(many))
            }
            Value::Null => Some(ContextEntry::Absent),
            _ => self.scalar(node, &what).map(ContextEntry::One),
        }
    }

    /// Text, or a number or boolean as its text, as policies read them (PE-DOC-08).
    fn scalar(&mut self, node: &Node<'_>, what: &str) -> Option<String> {
        match &node.value {
            Value::String(text) => Some(text.clone().into_owned()),
            Value::Number(text) => Some((*text).to_owned()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => {
                self.wrong_type(node, what, "a string, a number, true, false, null, or an array of texts");
                None
            }
        }
    }

    /// A context key has a service before its colon.
    fn context_key(&mut self, key: &Text) {
        let (prefix, name) = key.value.split_once(':').unwrap_or(("", ""));
        if prefix.is_empty() || name.is_empty() {
            self.error_with_help(
                Code::InvalidValue,
                key.span,
                format!("`{}` is not a context key", key.value),
                "a key is `service:name`, such as `aws:SourceIp` or `sts:ExternalId`",
            );
        } else if let Some(known) = misspelt_global_key(&key.value) {
            self.error_with_help(
                Code::InvalidValue,
                key.span,
                format!("AWS has no context key `{}`", key.value),
                match known {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "keys that begin with `aws:` are AWS's own, and this is none of them".to_owned(),
                },
            );
        } else if !key.value.ends_with('/') {
            self.key_of_service(key, prefix);
        }
    }
}

impl Reader<'_, '_> {
    /// A key of a service whose keys are known, and this is none of them.
    fn key_of_service(&mut self, key: &Text, service: &str) {
        let catalog = Catalog::embedded();
        let of_service = |known: &KeyEntry<'_>| {
            known.name().split_once(':').is_some_and(|(own, _)| own.eq_ignore_ascii_case(service))
        };
        if catalog.key(&key.value).is_some() || catalog.service(service).is_none() {
            return;
        }
        let message = format!("no context key `{}` is known of", key.value);
        let finding = Finding::warning(self.source, Code::UnknownKey, key.span, message);
        let meant = catalog.nearest_key(&key.value).filter(of_service);
        self.findings.push(match meant {
            Some(known) => finding.with_help(format!("did you mean `{}`?", known.name())),
            None => finding.with_help("it is set as it is written; the catalog may be older than the key"),
        });
    }
}

/// Whose rules a policy on a resource follows.
fn service_of(arn: &Arn) -> ResourceService {
    match arn.service() {
        "s3" => ResourceService::S3,
        "sqs" => ResourceService::Sqs,
        "sns" => ResourceService::Sns,
        "lambda" => ResourceService::Lambda,
        "kms" => ResourceService::Kms,
        _ => ResourceService::Other,
    }
}

pub(crate) fn value(text: Text) -> String {
    text.value
}

pub(crate) fn values(texts: Vec<Text>) -> Vec<String> {
    texts.into_iter().map(value).collect()
}
