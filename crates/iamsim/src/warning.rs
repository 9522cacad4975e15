//! What is probably a slip in a question: names that the catalog does not know, and what can't go together.
//!
//! Nothing here changes an answer: AWS's own policies name actions that its reference does not.

use std::fmt;

use iamsim_catalog::{ActionEntry, ActionResource, Applicability, Catalog};
use iamsim_eval::{ContextValue, Resource};
use iamsim_model::{Caller, Overrides};
use iamsim_policy::{Action, Arn, suggest};

/// Something in a question that is probably not meant so, from
/// [`RequestBuilder::warnings`](crate::RequestBuilder::warnings). Displays as a sentence, with the nearest name
/// where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    kind: WarningKind,
    message: String,
    nearest: Option<String>,
}

/// The kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// The catalog knows no service with this prefix.
    UnknownService,
    /// The service has no such action, as far as the catalog knows.
    UnknownAction,
    /// The action has no resource types: it is asked with `*`, whatever ARN was given.
    NoResourceTypes,
    /// A request of this action always names a resource, and none was given.
    ResourceRequired,
    /// No resource type of the action has such an ARN.
    OtherResourceType,
    /// The catalog does not know the condition key.
    UnknownKey,
    /// A request of this action never holds the condition key.
    KeyNeverHeld,
    /// The catalog knows no service that calls by this name.
    UnknownServicePrincipal,
}

impl WarningKind {
    /// A stable name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownService => "unknown-service",
            Self::UnknownAction => "unknown-action",
            Self::NoResourceTypes => "no-resource-types",
            Self::ResourceRequired => "resource-required",
            Self::OtherResourceType => "other-resource-type",
            Self::UnknownKey => "unknown-key",
            Self::KeyNeverHeld => "key-never-held",
            Self::UnknownServicePrincipal => "unknown-service-principal",
        }
    }
}

impl Warning {
    fn new(kind: WarningKind, message: String) -> Self {
        Self { kind, message, nearest: None }
    }

    fn meant(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> WarningKind {
        self.kind
    }

    /// What is odd.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The name that was probably meant.
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(nearest) => write!(f, ": did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// What is odd about a question.
pub(crate) fn of_question(
    catalog: &Catalog,
    caller: &Caller,
    action: &Action,
    resource: &Resource,
    overrides: &Overrides,
) -> Vec<Warning> {
    let mut found = Vec::new();
    found.extend(unknown_service(catalog, caller));
    let entry = catalog.action(action.folded());
    match entry {
        None => found.push(unknown_action(catalog, action)),
        Some(entry) => found.extend(odd_resource(entry, resource)),
    }
    let arn = match resource {
        Resource::Arn(arn) => Some(arn),
        Resource::None => None,
    };
    for (key, value) in overrides.keys() {
        found.extend(odd_key(catalog, entry, arn, key, value));
    }
    found
}

fn unknown_service(catalog: &Catalog, caller: &Caller) -> Option<Warning> {
    let name = caller.to_string();
    if !caller.is_service() || catalog.has_service_principal(&name) {
        return None;
    }
    let meant = suggest::nearest(&name, catalog.service_principals()).map(str::to_owned);
    let message = format!("the catalog knows no service that calls as `{name}`");
    Some(Warning::new(WarningKind::UnknownServicePrincipal, message).meant(meant))
}

fn unknown_action(catalog: &Catalog, action: &Action) -> Warning {
    let service = action.service();
    if catalog.service(service).is_none() {
        let meant = catalog.nearest_service(service).map(|service| service.prefix().to_owned());
        let message = format!("the catalog knows no service `{service}`");
        return Warning::new(WarningKind::UnknownService, message).meant(meant);
    }
    let meant = catalog.nearest_action(action.folded()).map(|action| action.to_string());
    Warning::new(WarningKind::UnknownAction, format!("the catalog knows no action `{action}`")).meant(meant)
}

fn odd_resource(entry: ActionEntry<'_>, resource: &Resource) -> Option<Warning> {
    let types = || {
        let names: Vec<_> =
            entry.resources().map(|on| format!("`{}`", on.resource_type().arn_format())).collect();
        names.join(", ")
    };
    match resource {
        Resource::Arn(arn) if !entry.has_resource_types() => Some(Warning::new(
            WarningKind::NoResourceTypes,
            format!("`{entry}` has no resource types: it is asked with `*`, not with `{arn}`"),
        )),
        Resource::Arn(arn) if !fits(entry, arn) => Some(Warning::new(
            WarningKind::OtherResourceType,
            format!("`{entry}` is not asked on `{arn}`: its resources are {}", types()),
        )),
        Resource::None if entry.resources().any(ActionResource::is_required) => Some(Warning::new(
            WarningKind::ResourceRequired,
            format!("a request of `{entry}` always names a resource: {}", types()),
        )),
        _ => None,
    }
}

/// Whether an action is asked on such an ARN.
pub(crate) fn fits(entry: ActionEntry<'_>, arn: &Arn) -> bool {
    entry.resources().any(|on| on.resource_type().matches(arn))
}

fn odd_key(
    catalog: &Catalog,
    entry: Option<ActionEntry<'_>>,
    arn: Option<&Arn>,
    key: &str,
    value: &ContextValue,
) -> Option<Warning> {
    if catalog.key(key).is_none() {
        // Claims of a provider are keys of any name: `oidc.example.com/id/7:sub`.
        let (prefix, _) = key.split_once(':').unwrap_or((key, ""));
        if prefix.contains('.') {
            return None;
        }
        let meant = catalog.nearest_key(key).map(|key| key.name().to_owned());
        let message = format!("the catalog knows no condition key `{key}`");
        return Some(Warning::new(WarningKind::UnknownKey, message).meant(meant));
    }
    let entry = entry?;
    let given = matches!(value, ContextValue::One(_) | ContextValue::Many(_));
    let arn = arn.filter(|arn| fits(entry, arn));
    (given && catalog.applicability(entry, arn, key) == Applicability::Never).then(|| {
        let message = format!("a request of `{entry}` never holds the condition key `{key}`");
        Warning::new(WarningKind::KeyNeverHeld, message)
    })
}
