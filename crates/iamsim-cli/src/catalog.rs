//! `iamsim catalog`: what AWS's services define, looked up by name; and where that is known from.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use iamsim_catalog::{
    ActionEntry, Catalog, InvalidCatalog, KeyEntry, ManagedPolicies, ManagedPolicy, ResourceControl, Service,
};
use iamsim_policy::{ActionPattern, Arn};
use serde_json::{Value, json};

#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim catalog                              where the data comes from, and how much there is
  iamsim catalog lambda                       a service
  iamsim catalog s3:GetObject 's3:*Tagging'   an action, and the actions of a pattern
  iamsim catalog aws:PrincipalOrgID           a condition key
  iamsim catalog arn:aws:s3:::reports/q1.csv  what an ARN may be
  iamsim catalog --document ReadOnlyAccess    an AWS managed policy

Exit status: 0 when every name is known; 1 when one is not; 2 when a file can't be read.")]
pub(crate) struct Lookup {
    /// Services, actions, patterns of actions, condition keys, ARNs, service principals, managed policies.
    names: Vec<String>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
    /// Print the document of a managed policy, and nothing else.
    #[arg(long)]
    document: bool,
    /// A catalog to look into, instead of the embedded one: made by `cargo xtask catalog build`, or its text.
    #[arg(long)]
    catalog: Option<PathBuf>,
    /// Managed policies to look into, instead of the embedded ones.
    #[arg(long)]
    managed_policies: Option<PathBuf>,
}

/// Reads a catalog file, in either form.
pub(crate) fn load(file: &Path) -> anyhow::Result<Catalog> {
    let name = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("can't read `{name}`"))?;
    match Catalog::from_bytes(bytes.clone()) {
        Ok(catalog) => Ok(catalog),
        Err(InvalidCatalog::NotACatalog) => {
            let text = String::from_utf8(bytes).ok().with_context(|| format!("`{name}` is no catalog"))?;
            Catalog::from_text(&text).with_context(|| format!("`{name}` is no catalog"))
        }
        Err(error) => Err(error).with_context(|| format!("can't use `{name}`")),
    }
}

/// What a name was found to be.
enum Found<'c> {
    Service(Service<'c>),
    Action(ActionEntry<'c>),
    Actions(Vec<ActionEntry<'c>>),
    Key(Vec<KeyEntry<'c>>),
    Arn(Vec<iamsim_catalog::ResourceType<'c>>),
    Principal(String),
    Policy(ManagedPolicy<'c>),
    /// Nothing; with what may have been meant.
    Nothing(Option<String>),
}

impl Lookup {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let catalog = match &self.catalog {
            Some(file) => load(file)?,
            None => Catalog::embedded().clone(),
        };
        let policies = match &self.managed_policies {
            Some(file) => {
                let name = file.display();
                let bytes = std::fs::read(file).with_context(|| format!("can't read `{name}`"))?;
                ManagedPolicies::from_bytes(bytes).with_context(|| format!("can't use `{name}`"))?
            }
            None => ManagedPolicies::embedded().clone(),
        };
        let mut out = io::stdout().lock();
        if self.names.is_empty() {
            if self.json {
                writeln!(out, "{:#}", about_json(&catalog, &policies))?;
            } else {
                out.write_all(about(&catalog, &policies).as_bytes())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let found: Vec<_> = self.names.iter().map(|name| (name, find(&catalog, &policies, name))).collect();
        let all_known = !found.iter().any(|(_, found)| matches!(found, Found::Nothing(_)));
        if self.json {
            let values: Vec<Value> = found.iter().map(|(name, found)| to_json(name, found)).collect();
            writeln!(out, "{:#}", Value::Array(values))?;
        } else {
            for (index, (name, found)) in found.iter().enumerate() {
                if self.document
                    && let Found::Policy(policy) = found
                {
                    writeln!(out, "{}", policy.document())?;
                    continue;
                }
                if index > 0 {
                    writeln!(out)?;
                }
                out.write_all(to_text(name, found).as_bytes())?;
            }
        }
        Ok(ExitCode::from(u8::from(!all_known)))
    }
}

fn find<'c>(catalog: &'c Catalog, policies: &'c ManagedPolicies, name: &str) -> Found<'c> {
    if let Some(policy) = policies.get(name).or_else(|| policies.by_name(name)) {
        return Found::Policy(policy);
    }
    if let Ok(arn) = name.parse::<Arn>() {
        let types = catalog.resource_types(&arn);
        return if types.is_empty() { Found::Nothing(None) } else { Found::Arn(types) };
    }
    if let Some(service) = catalog.service(name) {
        return Found::Service(service);
    }
    if let Some(action) = catalog.action(name) {
        return Found::Action(action);
    }
    let keys = catalog.keys_named(name);
    if !keys.is_empty() {
        return Found::Key(keys);
    }
    let pattern = ActionPattern::new(name);
    if name.contains(['*', '?']) {
        let actions: Vec<_> = catalog.expand(&pattern).collect();
        return if actions.is_empty() { Found::Nothing(None) } else { Found::Actions(actions) };
    }
    if name.contains(".amazon") && catalog.has_service_principal(name) {
        return Found::Principal(name.to_owned());
    }
    let near = if name.contains(':') {
        let action = catalog.nearest_action(name).map(|near| near.to_string());
        action.or_else(|| catalog.nearest_key(name).map(|near| near.to_string()))
    } else {
        let service = catalog.nearest_service(name).map(|near| near.to_string());
        service.or_else(|| policies.nearest(name).map(|near| near.name().to_owned()))
    };
    Found::Nothing(near)
}

fn counts(catalog: &Catalog, policies: &ManagedPolicies) -> [(&'static str, usize); 8] {
    [
        ("services", catalog.services().len()),
        ("actions", catalog.actions().len()),
        ("resource types", catalog.services().map(|service| service.resource_types().len()).sum()),
        ("condition keys", catalog.keys().len()),
        ("global condition keys", catalog.keys().filter(|key| key.is_global()).count()),
        ("service principals", catalog.service_principals().len()),
        (
            "services with resource control policies",
            catalog.services().filter(|service| service.resource_control().is_bound()).count(),
        ),
        ("AWS managed policies", policies.len()),
    ]
}

fn about(catalog: &Catalog, policies: &ManagedPolicies) -> String {
    let mut text = String::from("What AWS's services define, taken from these packages:\n\n");
    for source in catalog.sources() {
        let _ = writeln!(
            text,
            "{} {} ({})\n  licence {}, {}\n  data of {}: {}\n  {} sha256:{}",
            source.package(),
            source.version(),
            source.registry(),
            source.licence(),
            source.author(),
            source.date(),
            source.taken(),
            source.file(),
            source.sha256(),
        );
    }
    text.push('\n');
    for (name, count) in counts(catalog, policies) {
        let _ = writeln!(text, "{count:>7} {name}");
    }
    if let Some(newest) = policies.iter().map(ManagedPolicy::updated).max() {
        let _ = writeln!(text, "\nThe newest managed policy is of {}.", date(newest));
    }
    text
}

fn about_json(catalog: &Catalog, policies: &ManagedPolicies) -> Value {
    let source = |source: iamsim_catalog::SourceEntry<'_>| {
        json!({
            "registry": source.registry(), "package": source.package(), "version": source.version(),
            "licence": source.licence(), "author": source.author(), "date": source.date(),
            "file": source.file(), "sha256": source.sha256(), "taken": source.taken(),
        })
    };
    let counts: serde_json::Map<String, Value> =
        counts(catalog, policies).into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    json!({"sources": catalog.sources().map(source).collect::<Vec<_>>(), "counts": counts})
}

fn date(seconds: u32) -> String {
    chrono::DateTime::from_timestamp(i64::from(seconds), 0)
        .map_or_else(String::new, |instant| instant.format("%Y-%m-%d").to_string())
}

fn control(service: Service<'_>) -> &'static str {
    match service.resource_control() {
        ResourceControl::Announced => "resource control policies bind it",
        ResourceControl::Listed => "resource control policies bind it, as one source says",
        ResourceControl::None => "resource control policies do not bind it",
    }
}

fn to_text(name: &str, found: &Found<'_>) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = match found {
        Found::Service(service) => service_text(&mut text, *service),
        Found::Action(action) => action_text(&mut text, *action),
        Found::Actions(actions) => {
            let _ = writeln!(text, "{name}: {} actions", actions.len());
            actions.iter().try_for_each(|action| writeln!(text, "  {action}  ({})", levels(*action)))
        }
        Found::Key(keys) => keys.iter().try_for_each(|key| {
            let global = if key.is_global() { ", global" } else { "" };
            writeln!(text, "{key}: condition key of type {}{global}", key.value_type())
        }),
        Found::Arn(types) => types.iter().try_for_each(|kind| {
            writeln!(text, "{name}: {kind} of {}, {}", kind.service(), kind.arn_format())
        }),
        Found::Principal(principal) => writeln!(text, "{principal}: service principal"),
        Found::Policy(policy) => writeln!(
            text,
            "{policy}\n  version v{}, created {}, updated {}",
            policy.version(),
            date(policy.created()),
            date(policy.updated()),
        ),
        Found::Nothing(near) => {
            let near = near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            writeln!(text, "{name}: not known{near}")
        }
    };
    text
}

fn levels(action: ActionEntry<'_>) -> String {
    action.levels().map(iamsim_catalog::AccessLevel::as_str).collect::<Vec<_>>().join(", ")
}

fn service_text(text: &mut String, service: Service<'_>) -> std::fmt::Result {
    writeln!(text, "{service}: {}, {}", service.name(), control(service))?;
    if service.has_several_pages() {
        writeln!(text, "  AWS documents it on several pages: what is said of its actions is not complete")?;
    }
    writeln!(text, "  resource types:")?;
    for kind in service.resource_types() {
        for format in kind.arn_formats() {
            writeln!(text, "    {kind}  {format}")?;
        }
    }
    writeln!(text, "  condition keys:")?;
    for key in service.keys() {
        writeln!(text, "    {key}  {}", key.value_type())?;
    }
    writeln!(text, "  actions:")?;
    service.actions().try_for_each(|action| writeln!(text, "    {}  ({})", action.name(), levels(action)))
}

fn action_text(text: &mut String, action: ActionEntry<'_>) -> std::fmt::Result {
    writeln!(text, "{action}: {}", levels(action))?;
    if action.has_resource_types() {
        writeln!(text, "  asked on:")?;
    } else {
        writeln!(text, "  asked with {}", action.asked_with().unwrap_or("*"))?;
    }
    for on in action.resources() {
        let kind = on.resource_type();
        let required = if on.is_required() { " (required)" } else { "" };
        for format in kind.arn_formats() {
            writeln!(text, "    {kind}{required}  {format}")?;
        }
        for key in on.keys().chain(kind.keys()) {
            writeln!(text, "      {key}  {}", key.value_type())?;
        }
    }
    if action.keys().next().is_some() {
        writeln!(text, "  condition keys:")?;
    }
    for key in action.keys() {
        writeln!(text, "    {key}  {}", key.value_type())?;
    }
    if action.dependent_actions().next().is_some() {
        writeln!(text, "  most likely needs:")?;
    }
    action.dependent_actions().try_for_each(|needed| writeln!(text, "    {needed}"))
}

fn to_json(name: &str, found: &Found<'_>) -> Value {
    let key = |key: KeyEntry<'_>| json!({"name": key.name(), "type": key.value_type().to_string(), "global": key.is_global()});
    let mut value = match found {
        Found::Service(service) => json!({
            "service": service.prefix(),
            "title": service.name(),
            "resource_control": service.resource_control().is_bound(),
            "resource_types": service.resource_types().map(type_json).collect::<Vec<_>>(),
            "keys": service.keys().map(key).collect::<Vec<_>>(),
            "actions": service.actions().map(|action| action.to_string()).collect::<Vec<_>>(),
        }),
        Found::Action(action) => {
            let on: Vec<Value> = action
                .resources()
                .map(|on| {
                    json!({
                        "type": type_json(on.resource_type()),
                        "required": on.is_required(),
                        "keys": on.keys().chain(on.resource_type().keys()).map(key).collect::<Vec<_>>(),
                    })
                })
                .collect();
            json!({
                "action": action.to_string(),
                "levels": action.levels().map(iamsim_catalog::AccessLevel::as_str).collect::<Vec<_>>(),
                "asked_with": if action.has_resource_types() { None } else { Some(action.asked_with().unwrap_or("*")) },
                "resources": on,
                "keys": action.keys().map(key).collect::<Vec<_>>(),
                "dependent_actions": action.dependent_actions().map(|action| action.to_string()).collect::<Vec<_>>(),
            })
        }
        Found::Actions(actions) => {
            json!({"actions": actions.iter().map(ToString::to_string).collect::<Vec<_>>()})
        }
        Found::Key(keys) => json!({"keys": keys.iter().map(|found| key(*found)).collect::<Vec<_>>()}),
        Found::Arn(types) => {
            json!({"resource_types": types.iter().map(|kind| type_json(*kind)).collect::<Vec<_>>()})
        }
        Found::Principal(principal) => json!({"service_principal": principal}),
        Found::Policy(policy) => json!({
            "policy": policy.to_string(),
            "version": policy.version(),
            "created": date(policy.created()),
            "updated": date(policy.updated()),
            "document": serde_json::from_str::<Value>(&policy.document()).ok(),
        }),
        Found::Nothing(near) => json!({"known": false, "nearest": near}),
    };
    if let Some(members) = value.as_object_mut() {
        members.insert("name".to_owned(), name.into());
    }
    value
}

fn type_json(kind: iamsim_catalog::ResourceType<'_>) -> Value {
    json!({
        "name": kind.name(),
        "service": kind.service().prefix(),
        "arns": kind.arn_formats().collect::<Vec<_>>(),
    })
}
