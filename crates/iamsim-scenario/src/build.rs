//! Edits of a `Cloud`: the world of a scenario, and every later change of it, through the same functions.

use iamsim::trust::{self, CognitoUsers, TrustPolicy};
use iamsim::{
    Cloud, Error, IdentityMut, PolicyDocument, PolicyMut, Quota, ResourceMut, Role, TargetMut, User,
};
use iamsim_policy::{AccountId, Source, Span};

use crate::file::{
    Account, Body, Boundary, Deletable, File, Guardrails, Identity, Organization, Quotas, Resource,
    ResourcePolicy, Trust, Unit, WebProvider,
};
use crate::finding::{Code, Finding};
use crate::names::{Entity, Kind};
use crate::reader::{Document, Text};

/// Something of the world that AWS refuses, and where it stands in its file.
#[derive(Debug)]
struct Refused {
    span: Span,
    error: Error,
}

type Edited<T = ()> = Result<T, Refused>;

/// Gives an error of the simulator its place in the file.
trait At<T> {
    fn at(self, span: Span) -> Edited<T>;
}

impl<T> At<T> for Result<T, Error> {
    fn at(self, span: Span) -> Edited<T> {
        self.map_err(|error| Refused { span, error })
    }
}

/// Whether things are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A world is built: everything is new.
    Build,
    /// A world is changed: what is there is edited, the rest is added.
    Change,
}

/// Builds a world. Of everything that AWS refuses, the first thing of each part is told.
pub(crate) fn build(file: &File) -> Result<Cloud, Vec<Finding>> {
    let mut cloud = Cloud::in_partition(&file.names.partition);
    if let Some(now) = file.now {
        cloud.clock().set(now);
    }
    let mut refused = Vec::new();
    for part in &file.parts {
        let mut keep = |result: Edited| refused.extend(result.err().map(|refused| (&part.source, refused)));
        for (arn, document) in &part.managed {
            keep(cloud.add_managed_policy(&arn.value, policy(document)).at(arn.span));
        }
        for account in &part.accounts {
            keep(open(&mut cloud, account));
        }
    }
    cloud.defer_principal_checks();
    for part in &file.parts {
        let mut keep = |result: Edited| refused.extend(result.err().map(|refused| (&part.source, refused)));
        for account in &part.accounts {
            fill(&mut cloud, account, Mode::Build, &mut keep);
        }
    }
    let management = management(file);
    for part in &file.parts {
        let mut keep = |result: Edited| refused.extend(result.err().map(|refused| (&part.source, refused)));
        if let (Some(organization), Some(management)) = (&part.organization, management) {
            keep(found(&mut cloud, management, organization));
        }
    }
    for part in &file.parts {
        let mut keep = |result: Edited| refused.extend(result.err().map(|refused| (&part.source, refused)));
        for account in management.iter().flat_map(|_| &part.accounts) {
            keep(management.map_or(Ok(()), |management| account_guardrails(&mut cloud, management, account)));
        }
    }
    // Names that are missing because their owner was refused are not told a second time.
    if refused.is_empty() {
        let checked = cloud.check_principals().at(Span::default());
        refused.extend(checked.err().map(|refused| (&file.source, refused)));
    }
    if refused.is_empty() {
        return Ok(cloud);
    }
    Err(refused.iter().map(|(source, refused)| refusal(source, refused)).collect())
}

/// The account that manages the organization, if there is one.
pub(crate) fn management(file: &File) -> Option<AccountId> {
    let mut organizations = file.parts.iter().filter_map(|part| part.organization.as_ref());
    organizations.find_map(|organization| organization.management).map(|management| management.value)
}

fn refusal(source: &Source, refused: &Refused) -> Finding {
    let error = &refused.error;
    if let [diagnostic] = error.diagnostics() {
        return Finding::from(diagnostic);
    }
    let message = format!("AWS would refuse this: {}: {}", error.code(), error.message());
    let finding = Finding::error(source, Code::Refused, refused.span, message);
    match error.reason() {
        Some(reason) => finding.with_help(reason),
        None => finding.with_help("a scenario begins in a world that AWS would allow"),
    }
}

/// Changes a world. Stops at the first thing AWS refuses.
pub(crate) fn change(cloud: &mut Cloud, management: Option<AccountId>, body: &Body) -> Result<(), Error> {
    edit(cloud, management, body).map_err(|refused| refused.error)
}

fn edit(cloud: &mut Cloud, management: Option<AccountId>, body: &Body) -> Edited {
    match body {
        Body::Identity(identity) => self::identity(cloud, identity, Mode::Change),
        Body::Resource(account, arn, resource) => {
            let nowhere = Span::default();
            let mut account = cloud.account(&account.to_string()).at(nowhere)?;
            edit_resource(account.resource(arn).at(nowhere)?, nowhere, resource)
        }
        Body::Account(account) => {
            open(cloud, account)?;
            let mut first = Ok(());
            fill(cloud, account, Mode::Change, &mut |result: Edited| {
                if first.is_ok() {
                    first = result;
                }
            });
            first?;
            management.map_or(Ok(()), |management| account_guardrails(cloud, management, account))
        }
        Body::Organization(organization) => {
            management.map_or(Ok(()), |management| found(cloud, management, organization))
        }
    }
}

/// Deletes a thing.
pub(crate) fn delete(cloud: &mut Cloud, what: &Deletable) -> Result<(), Error> {
    match what {
        Deletable::Resource(account, arn) => cloud.account(&account.to_string())?.resource(arn)?.delete(),
        Deletable::Entity(Entity { account, kind, name, .. }) => {
            let mut account = cloud.account(&account.to_string())?;
            match kind {
                Kind::User => account.user(name)?.delete(),
                Kind::Group => account.group(name)?.delete(),
                Kind::Role => account.role(name)?.delete(),
                Kind::Policy => account.policy(name)?.delete(),
            }
        }
    }
}

/// Gives a user or group another name or path.
pub(crate) fn rename(cloud: &mut Cloud, entity: &Entity, to: &str) -> Result<(), Error> {
    let renamed = Entity::new(entity.account, entity.kind, to);
    let mut account = cloud.account(&entity.account.to_string())?;
    if entity.kind == Kind::Group {
        account.group(&entity.name)?.path(&renamed.path)?.rename(&renamed.name)?;
    } else {
        account.user(&entity.name)?.path(&renamed.path)?.rename(&renamed.name)?;
    }
    Ok(())
}

pub(crate) fn policy(document: &Document) -> PolicyDocument {
    match document {
        Document::Valid(policy) => policy.into(),
        Document::Refusable(source) => source.into(),
    }
}

/// What does not depend on anything else in the account.
fn open(cloud: &mut Cloud, account: &Account) -> Edited {
    let mut handle = cloud.account(&account.id.to_string()).at(account.span)?;
    if let Some(alias) = &account.alias {
        handle.alias(&alias.value).at(alias.span)?;
    }
    match &account.quotas {
        Quotas::Off => {
            handle.without_quotas().at(account.span)?;
        }
        Quotas::Set(quotas) => {
            for (name, limit) in quotas {
                // The reader has refused names that are no quota's.
                if let Ok(quota) = name.value.parse::<Quota>() {
                    handle.quota(quota, *limit).at(name.span)?;
                }
            }
        }
    }
    for (url, audiences) in &account.oidc_providers {
        handle.add_oidc_provider(&url.value, &texts(audiences)).at(url.span)?;
    }
    for name in &account.saml_providers {
        handle.add_saml_provider(&name.value).at(name.span)?;
    }
    for endpoint in &account.vpc_endpoints {
        let span = endpoint.id.span;
        let added = handle.add_vpc_endpoint(&endpoint.id.value, &endpoint.vpc).at(span)?;
        if let Some(document) = &endpoint.policy {
            added.policy(policy(document)).at(span)?;
        }
    }
    Ok(())
}

/// What is in the account, in an order in which each thing finds what it needs.
fn fill(cloud: &mut Cloud, account: &Account, mode: Mode, keep: &mut impl FnMut(Edited)) {
    for (name, document) in &account.policies {
        keep(managed(cloud, account, name, document.as_ref(), mode));
    }
    for identity in account.groups.iter().chain(&account.roles).chain(&account.users) {
        keep(self::identity(cloud, identity, mode));
    }
    for service in &account.service_linked_roles {
        keep(service_linked_role(cloud, account, service));
    }
    for (arn, body) in &account.resources {
        keep(resource(cloud, account, arn, body, mode));
    }
}

fn managed(
    cloud: &mut Cloud,
    account: &Account,
    name: &Text,
    document: Option<&Document>,
    mode: Mode,
) -> Edited {
    let bare = Entity::new(account.id, Kind::Policy, &name.value).name;
    let mut account = cloud.account(&account.id.to_string()).at(account.span)?;
    match document {
        None => account.policy(&bare).and_then(PolicyMut::delete).at(name.span),
        Some(document) if mode == Mode::Change && account.policy(&bare).is_ok() => {
            let existing = account.policy(&bare).at(name.span)?;
            existing.add_version(policy(document)).at(name.span).map(drop)
        }
        Some(document) => account.add_policy(&name.value, policy(document)).at(name.span).map(drop),
    }
}

fn service_linked_role(cloud: &mut Cloud, account: &Account, service: &Text) -> Edited {
    let mut account = cloud.account(&account.id.to_string()).at(account.span)?;
    account.add_service_linked_role(&service.value).at(service.span).map(drop)
}

fn resource(cloud: &mut Cloud, account: &Account, arn: &Text, body: &Resource, mode: Mode) -> Edited {
    let mut account = cloud.account(&account.id.to_string()).at(account.span)?;
    let is_there = mode == Mode::Change && account.resource(&arn.value).is_ok();
    let handle =
        if is_there { account.resource(&arn.value) } else { account.add_resource(&arn.value) }.at(arn.span)?;
    edit_resource(handle, arn.span, body)
}

/// Puts, attaches and detaches what users, groups and roles have in common.
fn policies<'c, K>(mut identity: IdentityMut<'c, K>, body: &Identity) -> Edited<IdentityMut<'c, K>> {
    // First what goes, so that a change at the limit of a quota works.
    for arn in &body.detached {
        identity = identity.detach_policy(&arn.value).at(arn.span)?;
    }
    for (name, document) in &body.policies {
        identity = match document {
            Some(document) => identity.attach(&name.value, policy(document)),
            None => identity.detach(&name.value),
        }
        .at(name.span)?;
    }
    for arn in &body.attached {
        identity = identity.attach_policy(&arn.value).at(arn.span)?;
    }
    Ok(identity)
}

/// Tags and boundary, which users and roles have in common and groups have not.
macro_rules! tags_and_boundary {
    ($identity:expr, $body:expr) => {{
        let (mut identity, body): (_, &Identity) = ($identity, $body);
        let set = body.tags.iter().filter_map(|(key, value)| {
            value.as_ref().map(|value| (key.value.as_str(), value.value.as_str()))
        });
        let set: Vec<(&str, &str)> = set.collect();
        let removed = body.tags.iter().filter(|(_, value)| value.is_none());
        let removed: Vec<&str> = removed.map(|(key, _)| key.value.as_str()).collect();
        let span = body.tags.first().map_or(body.span, |(key, _)| key.span);
        if !set.is_empty() {
            identity = identity.tags(&set).at(span)?;
        }
        if !removed.is_empty() {
            identity = identity.untag_all(&removed).at(span)?;
        }
        match &body.boundary {
            None => Ok(identity),
            Some(Boundary::None) => identity.without_boundary().at(body.span),
            Some(Boundary::Document(document)) => identity.boundary(policy(document)).at(body.span),
            Some(Boundary::Arn(arn)) => identity.boundary_policy(&arn.value).at(arn.span),
        }
    }};
}

fn identity(cloud: &mut Cloud, body: &Identity, mode: Mode) -> Edited {
    let Entity { account, kind, path, name } = &body.entity;
    let written = format!("{path}{name}");
    let mut account = cloud.account(&account.to_string()).at(body.span)?;
    match kind {
        Kind::User => {
            let is_there = mode == Mode::Change && account.user(name).is_ok();
            let user = if is_there { account.user(name) } else { account.add_user(&written) };
            edit_user(user.at(body.span)?, body)
        }
        Kind::Group => {
            let is_there = mode == Mode::Change && account.group(name).is_ok();
            let group = if is_there { account.group(name) } else { account.add_group(&written) };
            policies(group.at(body.span)?, body).map(drop)
        }
        Kind::Role | Kind::Policy => {
            let is_there = mode == Mode::Change && account.role(name).is_ok();
            let role = match &body.trust {
                Some(trust) if !is_there => account.add_role(&written, trust_policy(trust)),
                Some(trust) => account.role(name).and_then(|role| role.trust(trust_policy(trust))),
                None => account.role(name),
            };
            edit_role(role.at(body.span)?, body)
        }
    }
}

fn edit_user(user: IdentityMut<'_, User>, body: &Identity) -> Edited {
    let mut user = policies(user, body)?;
    for device in &body.mfa_devices {
        user = user.mfa_device(&device.value).at(device.span)?;
    }
    for group in &body.leaves {
        user = user.leave(&group.value).at(group.span)?;
    }
    for group in &body.groups {
        user = user.join(&group.value).at(group.span)?;
    }
    tags_and_boundary!(user, body).map(drop)
}

fn edit_role(role: IdentityMut<'_, Role>, body: &Identity) -> Edited {
    let mut role = policies(role, body)?;
    if let Some(longest) = body.max_session {
        role = role.max_session_duration(longest.value).at(longest.span)?;
    }
    if let Some(text) = &body.description {
        role = role.description(&text.value).at(text.span)?;
    }
    tags_and_boundary!(role, body).map(drop)
}

fn edit_resource(mut resource: ResourceMut<'_>, span: Span, body: &Resource) -> Edited {
    match &body.policy {
        ResourcePolicy::Unsaid => {}
        ResourcePolicy::Removed => resource = resource.without_policy().at(span)?,
        ResourcePolicy::Set(document) => resource = resource.policy(policy(document)).at(span)?,
    }
    for (key, value) in &body.tags {
        resource = match value {
            Some(value) => resource.tag(&key.value, &value.value),
            None => resource.untag(&key.value),
        }
        .at(key.span)?;
    }
    for grant in &body.grants {
        let operations = texts(&grant.operations);
        resource = resource.grant(&grant.name.value, &grant.grantee, &operations).at(grant.name.span)?;
    }
    if body.restrict_public_buckets {
        resource = resource.restrict_public_buckets().at(span)?;
    }
    if body.attribute_based_control {
        resource.attribute_based_control().at(span)?;
    }
    Ok(())
}

fn trust_policy(trust: &Trust) -> PolicyDocument {
    let (written, actions): (TrustPolicy, &[Text]) = match trust {
        Trust::Document(document) => return policy(document),
        Trust::Service { service, actions } => (trust::service(service), actions),
        Trust::Account { account, external_id, mfa, actions } => {
            let mut written = trust::account(account);
            if let Some(id) = external_id {
                written = written.require_external_id(id);
            }
            if *mfa {
                written = written.require_mfa();
            }
            (written, actions)
        }
        Trust::WebIdentity { provider, actions } => (web_identity(provider), actions),
        Trust::Saml { provider, attribute: None, actions } => (trust::saml(provider), actions),
        Trust::Saml { provider, attribute: Some((attribute, value)), actions } => {
            (trust::saml_programmatic(provider, attribute, value), actions)
        }
    };
    let with_actions = actions.iter().fold(written, |policy, action| policy.with_action(&action.value));
    with_actions.into()
}

fn web_identity(provider: &WebProvider) -> TrustPolicy {
    match provider {
        WebProvider::Google { audience } => trust::google(audience),
        WebProvider::Amazon { audience } => trust::amazon(audience),
        WebProvider::Facebook { audience } => trust::facebook(audience),
        WebProvider::Cognito { audience, authenticated: true } => {
            trust::cognito(audience, CognitoUsers::Authenticated)
        }
        WebProvider::Cognito { audience, authenticated: false } => {
            trust::cognito(audience, CognitoUsers::Unauthenticated)
        }
        WebProvider::GitHub { arn, organization, repository, branch } => {
            let mut github = trust::github(arn, organization);
            if let Some(repository) = repository {
                github = github.repository(repository);
            }
            if let Some(branch) = branch {
                github = github.branch(branch);
            }
            github.build()
        }
        WebProvider::Other { arn, audience } => trust::web_identity(arn, audience),
    }
}

/// Founds an organization, or changes it.
fn found(cloud: &mut Cloud, management: AccountId, organization: &Organization) -> Edited {
    let mut handle = cloud.organization(&management.to_string()).at(organization.span)?;
    if organization.root_sessions {
        handle.enable_root_sessions().at(organization.span)?;
    }
    match &organization.root {
        Some(root) => unit(cloud, management, (None, organization.span), root),
        None => Ok(()),
    }
}

fn unit(cloud: &mut Cloud, management: AccountId, (path, span): (Option<&str>, Span), body: &Unit) -> Edited {
    let mut organization = cloud.organization(&management.to_string()).at(span)?;
    let mut target = match path {
        None => organization.root(),
        Some(path) => organization.unit(path).at(span)?,
    };
    for account in &body.accounts {
        // The management account is in the root already.
        if account.value != management || path.is_some() {
            target = target.add_account(&account.value.to_string()).at(account.span)?;
        }
    }
    guardrails(target, &body.guardrails)?;
    for (name, inner) in &body.units {
        let path = path.map_or_else(|| name.value.clone(), |outer| format!("{outer}/{}", name.value));
        unit(cloud, management, (Some(&path), name.span), inner)?;
    }
    Ok(())
}

fn account_guardrails(cloud: &mut Cloud, management: AccountId, account: &Account) -> Edited {
    let body = &account.guardrails;
    if body.scps.is_empty() && body.rcps.is_empty() {
        return Ok(());
    }
    let mut organization = cloud.organization(&management.to_string()).at(account.span)?;
    guardrails(organization.account(&account.id.to_string()).at(account.span)?, body)
}

fn guardrails(mut target: TargetMut<'_>, body: &Guardrails) -> Edited {
    for (name, document) in &body.scps {
        target = match document {
            Some(document) => target.attach_scp(&name.value, policy(document)),
            None => target.detach_scp(&name.value),
        }
        .at(name.span)?;
    }
    for (name, document) in &body.rcps {
        target = match document {
            Some(document) => target.attach_rcp(&name.value, policy(document)),
            None => target.detach_rcp(&name.value),
        }
        .at(name.span)?;
    }
    Ok(())
}

fn texts(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}
