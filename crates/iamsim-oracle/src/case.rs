//! One case of the case format, read into plain fields.
//!
//! It does not judge: it knows what a case must hold and which kind each document is, not what
//! any of it leads to. `expected`, `rule` and `why` are never looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::{Document, Kind};
use crate::matching::{Arn, Target, action_matches};
use crate::principal::Caller;

/// A question with everything needed to answer it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) caller: Caller,
    pub(crate) action: String,
    pub(crate) resource: Option<Arn>,
    pub(crate) resource_account: String,
    pub(crate) wildcard_only: bool,
    pub(crate) context: Context,
    pub(crate) identity: Vec<Document>,
    pub(crate) boundary: Option<Document>,
    pub(crate) session: Option<Document>,
    pub(crate) resource_policy: Option<Document>,
    pub(crate) scps: Vec<Vec<Document>>,
    pub(crate) rcps: Vec<Vec<Document>>,
    pub(crate) endpoint: Vec<Document>,
    /// S3 Block Public Access, of which RestrictPublicBuckets decides here (PE-S3-03).
    pub(crate) s3_blocks_public_access: bool,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    ///
    /// The first thing found that makes the case `InvalidInput`.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or("a case is an object")?;
        text(fields, "id")?;
        let caller = Caller::read(text(fields, "principal")?, text(fields, "principal_kind")?)?;
        let action = text(fields, "action")?.to_owned();
        if !action
            .split_once(':')
            .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty() && !name.contains(':'))
        {
            return Err(format!("action `{action}` is not `service:Name`"));
        }
        let resource = match text(fields, "resource")? {
            "*" => None,
            arn => Some(Arn::read(arn).ok_or_else(|| format!("resource `{arn}` is neither an ARN nor `*`"))?),
        };
        let resource_account = text(fields, "resource_account")?.to_owned();
        if !is_account_id(&resource_account) {
            return Err(format!("resource_account `{resource_account}` is not 12 digits"));
        }
        let wildcard_only = match fields.get("wildcard_only_action") {
            None => false,
            Some(value) => value.as_bool().ok_or("wildcard_only_action must be a boolean")?,
        };
        let context = Context::read(field(fields, "context")?, fields.get("unknown_context"))?;
        let resource_kind = resource_policy_kind(&action, resource.as_ref());
        Ok(Self {
            identity: documents(field(fields, "identity_policies")?, Kind::Identity)?,
            boundary: one(field(fields, "permissions_boundary")?, Kind::Boundary)?,
            session: one(field(fields, "session_policy")?, Kind::Session)?,
            resource_policy: one(field(fields, "resource_policy")?, resource_kind)?,
            scps: levels(field(fields, "scps")?, Kind::Scp)?,
            rcps: levels(field(fields, "rcps")?, Kind::Rcp)?,
            endpoint: documents(field(fields, "vpc_endpoint_policies")?, Kind::Endpoint)?,
            s3_blocks_public_access: s3_blocks_public_access(fields.get("service_settings"))?,
            caller,
            action,
            resource,
            resource_account,
            wildcard_only,
            context,
        })
    }

    /// The service prefix of the action, in lower case.
    pub(crate) fn service(&self) -> String {
        self.action.split(':').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Tells whether the action is one of these, without regard to case (PE-ACT-02).
    pub(crate) fn action_is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| action_matches(name, &self.action))
    }

    /// What `Resource` elements are compared with.
    pub(crate) fn target(&self) -> Target {
        match &self.resource {
            Some(arn) if !self.wildcard_only => Target::Arn(arn.clone()),
            // The list actions whose stand-in ARN is documented (PE-RES-14, PE-RES-20).
            _ if self.action_is(&["s3:ListAllMyBuckets"]) => {
                let buckets = format!("arn:{}:s3:::*", self.caller.partition());
                Arn::read(&buckets).map_or(Target::Nothing, Target::Arn)
            }
            _ if self.action_is(&["iam:ListRoles"]) => {
                let roles = format!("arn:{}:iam::{}:role/*", self.caller.partition(), self.owner());
                Arn::read(&roles).map_or(Target::Nothing, Target::Arn)
            }
            _ => Target::Nothing,
        }
    }

    /// The owner of the resource; for a request without resource the caller's account (5.2).
    pub(crate) fn owner(&self) -> &str {
        match (&self.resource, self.caller.account()) {
            (None, Some(account)) => account,
            _ => &self.resource_account,
        }
    }

    /// Tells whether this asks to assume a role, or for a side action of doing so (PE-TRU-03).
    pub(crate) fn asks_for_trust(&self) -> bool {
        asks_for_trust(&self.action, self.resource.as_ref())
    }

    /// Tells whether the resource is a KMS key, whose policy must take part (PE-KMS-01, PE-KMS-05).
    pub(crate) fn asks_for_key(&self) -> bool {
        self.service() == "kms"
            && self
                .resource
                .as_ref()
                .is_some_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"))
    }
}

/// The actions that need a role's trust, besides the side actions.
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];
/// The side actions of assuming a role (PE-TRU-03).
pub(crate) const SIDE: [&str; 3] = ["sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"];

fn is_role(resource: Option<&Arn>) -> bool {
    resource.is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"))
}

fn asks_for_trust(action: &str, resource: Option<&Arn>) -> bool {
    let among = |names: &[&str]| names.iter().any(|name| action_matches(name, action));
    among(&ASSUME) || (among(&SIDE) && is_role(resource))
}

/// What kind of document the case's resource policy is.
fn resource_policy_kind(action: &str, resource: Option<&Arn>) -> Kind {
    let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if asks_for_trust(action, resource) {
        Kind::Trust
    } else if service == "kms" {
        Kind::Key
    } else {
        Kind::Resource
    }
}

/// The request context: keys without regard to case (PE-CND-03).
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    values: BTreeMap<String, Value>,
    unknown: BTreeSet<String>,
}

/// What the request holds for one key.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Absent,
    One(String),
    Many(Vec<String>),
    /// Present or not, and with what value, is not known.
    Unknown,
}

impl Context {
    /// Reads `context` and `unknown_context`.
    ///
    /// # Errors
    ///
    /// The first key with a value that is neither a string nor a list of strings.
    pub(crate) fn read(context: &Value, unknown: Option<&Value>) -> Result<Self, String> {
        let mut result = Self::default();
        for (key, value) in context.as_object().ok_or("context must be an object")? {
            if !value.is_string() && strings(value).is_none() {
                return Err(format!("context key `{key}` must hold a string or a list of strings"));
            }
            // Two spellings of one key are one key with several values (PE-CND-04).
            let merged = match result.values.remove(&key.to_lowercase()) {
                Some(earlier) => {
                    let mut all = strings_or_one(&earlier);
                    all.extend(strings_or_one(value));
                    Value::from(all)
                }
                None => value.clone(),
            };
            result.values.insert(key.to_lowercase(), merged);
        }
        if let Some(unknown) = unknown {
            let keys = strings(unknown).ok_or("unknown_context must be a list of strings")?;
            result.unknown = keys.iter().map(|key| key.to_lowercase()).collect();
        }
        Ok(result)
    }

    /// Returns what the request holds for a key; a key listed as unknown is unknown, whatever else
    /// the case says about it.
    pub(crate) fn get(&self, key: &str) -> Held {
        let key = key.to_lowercase();
        if self.unknown.contains(&key) {
            return Held::Unknown;
        }
        match self.values.get(&key) {
            None => Held::Absent,
            Some(Value::String(text)) => Held::One(text.clone()),
            Some(list) => Held::Many(strings(list).unwrap_or_default()),
        }
    }
}

/// A list of strings, or nothing if it is not one.
pub(crate) fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// A string as a list of one, or a list of strings.
fn strings_or_one(value: &Value) -> Vec<String> {
    value.as_str().map_or_else(|| strings(value).unwrap_or_default(), |text| vec![text.to_owned()])
}

/// Tells whether the text is an account id.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a Value, String> {
    fields.get(name).ok_or_else(|| format!("the case lacks `{name}`"))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    field(fields, name)?.as_str().ok_or_else(|| format!("`{name}` must be a string"))
}

fn document(value: &Value, kind: Kind) -> Result<Document, String> {
    let fields = value.as_object().ok_or("a policy is an object of `name` and `document`")?;
    let name = text(fields, "name")?;
    Document::read(field(fields, "document")?, kind, name)
        .map_err(|error| format!("policy `{name}`: {error}"))
}

fn one(value: &Value, kind: Kind) -> Result<Option<Document>, String> {
    if value.is_null() { Ok(None) } else { document(value, kind).map(Some) }
}

fn documents(value: &Value, kind: Kind) -> Result<Vec<Document>, String> {
    value.as_array().ok_or("policies must be a list")?.iter().map(|item| document(item, kind)).collect()
}

fn levels(value: &Value, kind: Kind) -> Result<Vec<Vec<Document>>, String> {
    value.as_array().ok_or("levels must be a list")?.iter().map(|level| documents(level, kind)).collect()
}

fn s3_blocks_public_access(settings: Option<&Value>) -> Result<bool, String> {
    let Some(settings) = settings else { return Ok(false) };
    let services = settings.as_object().ok_or("service_settings must be an object")?;
    let Some(s3) = services.get("s3") else { return Ok(false) };
    match s3.as_object().ok_or("service_settings of a service must be an object")?.get("blockPublicAccess") {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| "blockPublicAccess must be a boolean".to_owned()),
    }
}
