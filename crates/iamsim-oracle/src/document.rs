//! Policy documents: what may be stored as a policy of each kind, and the parts evaluation needs.
//!
//! It does not evaluate anything. Documents are read *as stored*: an older `Version`, an `Id` in an
//! identity policy, unknown services and actions are legal. It cannot see names that occur twice in
//! one JSON object, and it does not count characters against quotas.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::condition::{Operator, is_stored_date};
use crate::principal::Named;
use crate::variable::pieces;

/// The kinds of policies, each with its own rules (1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Identity,
    Boundary,
    Session,
    Resource,
    Key,
    Trust,
    Scp,
    Rcp,
    Endpoint,
}

impl Kind {
    /// Policies of a principal: no Principal element, full checks of IAM.
    fn is_identity_like(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Session)
    }

    /// Documents that IAM and STS themselves check when they are written (PE-VAL-02).
    fn is_checked_by_iam(self) -> bool {
        self.is_identity_like() || self == Self::Trust
    }
}

/// A policy that could be stored.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Whether `${…}` is a variable: only under version 2012-10-17 (PE-VAR-04, PE-DOC-10).
    pub(crate) variables: bool,
    pub(crate) statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) who: Who,
    pub(crate) actions: Scope,
    /// Nothing where the statement applies to the resource it sits on (PE-TRU-01).
    pub(crate) resources: Option<Scope>,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// The `Principal` part of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// No such element: everybody the policy applies to, or in a resource policy nobody (PE-TYP-11).
    Unsaid,
    Principal(Named),
    NotPrincipal(Named),
}

/// An element or its negation, with its entries.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) negated: bool,
    pub(crate) entries: Vec<String>,
}

/// One key under one operator.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) operator: Operator,
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
}

impl Document {
    /// Reads a document as a policy of the given kind.
    ///
    /// # Errors
    ///
    /// The first reason found why it could not be stored as one.
    pub(crate) fn read(value: &Value, kind: Kind, name: &str) -> Result<Self, String> {
        let fields = value.as_object().ok_or("the document is not an object")?; // PE-DOC-01
        only(fields, &["Version", "Id", "Statement"])?;
        if kind.is_checked_by_iam() && has_foreign_character(value) {
            return Err("a character beyond U+00FF".to_owned()); // PE-DOC-09
        }
        let variables = version(fields, kind)?;
        match fields.get("Id") {
            Some(_) if matches!(kind, Kind::Session | Kind::Scp | Kind::Rcp) => {
                return Err("`Id` is forbidden here".to_owned()); // PE-TYP-03, -07, -13
            }
            Some(id) if !id.is_string() => return Err("`Id` must be a string".to_owned()), // PE-DOC-12
            _ => {}
        }
        let statements: Vec<&Value> = match fields.get("Statement") {
            Some(Value::Array(items)) if !items.is_empty() => items.iter().collect(),
            Some(item @ Value::Object(_)) => vec![item],
            _ => return Err("`Statement` must be an object or a list with at least one".to_owned()), // POL-10
        };
        let reader = Reader { kind, variables, full_access: name == "RCPFullAWSAccess" };
        let mut sids = BTreeSet::new();
        let statements = statements
            .into_iter()
            .map(|statement| reader.statement(statement, &mut sids))
            .collect::<Result<_, _>>()?;
        Ok(Self { variables, statements })
    }
}

/// Tells whether the document holds a character that IAM's own documents may not (PE-DOC-09). Control
/// characters are no question here: inside a string JSON writes them as escapes.
fn has_foreign_character(value: &Value) -> bool {
    let foreign = |text: &str| text.chars().any(|c| c > '\u{ff}');
    match value {
        Value::String(text) => foreign(text),
        Value::Array(items) => items.iter().any(has_foreign_character),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| foreign(name) || has_foreign_character(value))
        }
        _ => false,
    }
}

/// Reads `Version`; tells whether variables work.
fn version(fields: &Map<String, Value>, kind: Kind) -> Result<bool, String> {
    match fields.get("Version").map(Value::as_str) {
        Some(Some("2012-10-17")) => Ok(true),
        None | Some(Some("2008-10-17")) if kind == Kind::Rcp => {
            Err("an RCP must be version 2012-10-17".to_owned()) // PE-TYP-13
        }
        None if kind == Kind::Scp => Err("an SCP needs a version".to_owned()), // PE-TYP-07
        None | Some(Some("2008-10-17")) => Ok(false),                          // PE-DOC-10
        Some(_) => Err("`Version` must be 2012-10-17 or 2008-10-17".to_owned()),
    }
}

/// Fails on a name that is not in the list (PE-DOC-01, PE-DOC-04).
fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("unknown element `{name}`")),
        None => Ok(()),
    }
}

struct Reader {
    kind: Kind,
    variables: bool,
    /// Whether this RCP is the one AWS wrote, which alone may allow (PE-RCP-04).
    full_access: bool,
}

impl Reader {
    fn statement(&self, value: &Value, sids: &mut BTreeSet<String>) -> Result<Statement, String> {
        let fields = value.as_object().ok_or("a statement is an object")?;
        only(
            fields,
            &[
                "Sid",
                "Effect",
                "Principal",
                "NotPrincipal",
                "Action",
                "NotAction",
                "Resource",
                "NotResource",
                "Condition",
            ],
        )?;
        self.sid(fields, sids)?;
        let effect = match fields.get("Effect").map(Value::as_str) {
            Some(Some("Allow")) => Effect::Allow,
            Some(Some("Deny")) => Effect::Deny,
            _ => return Err("`Effect` must be Allow or Deny".to_owned()), // PE-DOC-04
        };
        if self.kind == Kind::Rcp && effect == Effect::Allow && !self.full_access {
            return Err("an RCP may only deny".to_owned()); // PE-TYP-09
        }
        Ok(Statement {
            effect,
            who: self.who(fields)?,
            actions: self.actions(fields)?,
            resources: self.resources(fields)?,
            conditions: self.conditions(fields.get("Condition"))?,
        })
    }

    fn sid(&self, fields: &Map<String, Value>, sids: &mut BTreeSet<String>) -> Result<(), String> {
        let Some(sid) = fields.get("Sid") else { return Ok(()) };
        let sid = sid.as_str().ok_or("`Sid` must be a string")?;
        if !self.kind.is_checked_by_iam() {
            return Ok(()); // PE-DOC-14
        }
        if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("Sid `{sid}` is not alphanumeric")); // POL-23
        }
        if !sid.is_empty() && !sids.insert(sid.to_owned()) {
            return Err(format!("Sid `{sid}` is not unique")); // PE-DOC-13
        }
        Ok(())
    }

    fn who(&self, fields: &Map<String, Value>) -> Result<Who, String> {
        let who = match (fields.get("Principal"), fields.get("NotPrincipal")) {
            (None, None) => Who::Unsaid,
            (Some(value), None) => Who::Principal(Named::read(value)?),
            (None, Some(value)) => Who::NotPrincipal(Named::read(value)?),
            (Some(_), Some(_)) => return Err("both Principal and NotPrincipal".to_owned()), // PE-DOC-03
        };
        match (self.kind, &who) {
            // PE-TYP-01, -02, -03, -07
            (Kind::Identity | Kind::Boundary | Kind::Session | Kind::Scp, Who::Unsaid)
            // PE-TYP-05, -06, -14; without the element a statement matches nobody (PE-TYP-11)
            | (Kind::Resource | Kind::Key | Kind::Endpoint, _)
            | (Kind::Rcp, Who::Principal(Named::Everyone)) => Ok(who), // PE-TYP-09
            (Kind::Identity | Kind::Boundary | Kind::Session | Kind::Scp, _) => {
                Err("a principal is forbidden here".to_owned())
            }
            (Kind::Rcp, _) => Err("an RCP's Principal must be `*`".to_owned()),
            (Kind::Trust, Who::Principal(named)) => match named.untrustable() {
                Some(reason) => Err(reason), // PE-TRU-02, PE-PRN-05, PE-PRN-12
                None => Ok(who),
            },
            (Kind::Trust, _) => Err("a trust policy needs Principal in each statement".to_owned()), // TRU-23
        }
    }

    fn actions(&self, fields: &Map<String, Value>) -> Result<Scope, String> {
        let scope = pair(fields, "Action", "NotAction")?.ok_or("no Action and no NotAction")?; // POL-14
        if scope.entries.is_empty() && self.kind.is_checked_by_iam() {
            return Err("an empty list of actions".to_owned()); // PE-TYP-12
        }
        if self.kind == Kind::Rcp && scope.negated {
            return Err("an RCP may not use NotAction".to_owned()); // PE-TYP-09
        }
        for entry in &scope.entries {
            if entry == "*" && self.kind != Kind::Trust {
                continue;
            }
            let Some((vendor, name)) = entry.split_once(':') else {
                return Err(format!("action `{entry}` has no vendor")); // POL-16
            };
            if self.kind.is_checked_by_iam() {
                if name.contains(':') {
                    return Err(format!("action `{entry}` has more than one colon")); // POL-17
                }
                // A wildcard in the vendor is refused today, yet stored ones match nothing (PE-ACT-05).
                let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '*' | '?');
                if vendor.is_empty() || !vendor.chars().all(legal) {
                    return Err(format!("vendor `{vendor}` is not valid")); // POL-18
                }
            }
            if self.kind == Kind::Trust && !vendor.eq_ignore_ascii_case("sts") {
                return Err(format!("action `{entry}` in a trust policy")); // TRU-21
            }
        }
        Ok(scope)
    }

    fn resources(&self, fields: &Map<String, Value>) -> Result<Option<Scope>, String> {
        let Some(scope) = pair(fields, "Resource", "NotResource")? else {
            return match self.kind {
                Kind::Trust | Kind::Resource => Ok(None), // PE-TRU-01, PE-TYP-05
                _ => Err("no Resource and no NotResource".to_owned()), // POL-15
            };
        };
        if self.kind == Kind::Trust {
            return Err("a trust policy has no resource".to_owned()); // PE-TYP-04
        }
        if scope.entries.is_empty() && self.kind.is_identity_like() {
            return Err("an empty list of resources".to_owned()); // PE-TYP-12
        }
        for entry in &scope.entries {
            if self.kind.is_identity_like() {
                iam_resource(entry)?;
            } else if entry != "*" && !entry.starts_with("arn:") {
                return Err(format!("resource `{entry}` is neither an ARN nor `*`"));
            }
            self.variables_in(entry)?;
        }
        Ok(Some(scope))
    }

    fn conditions(&self, value: Option<&Value>) -> Result<Vec<Condition>, String> {
        let Some(value) = value else { return Ok(Vec::new()) };
        let mut conditions = Vec::new();
        for (name, block) in value.as_object().ok_or("`Condition` must be an object")? {
            let block = block.as_object().ok_or_else(|| format!("`{name}` must hold an object"))?;
            if block.is_empty() {
                continue; // also under an unknown operator (PE-CND-05)
            }
            let operator = Operator::read(name).ok_or_else(|| format!("unknown operator `{name}`"))?;
            let mut keys = BTreeSet::new();
            for (key, value) in block {
                if !keys.insert(key.to_lowercase()) {
                    return Err(format!("condition key `{key}` twice in one operator")); // PE-DOC-06
                }
                let values = texts(value).ok_or_else(|| format!("bad values of condition key `{key}`"))?;
                for value in &values {
                    if operator.takes_variables() {
                        self.variables_in(value)?;
                    }
                    if operator.takes_dates() && self.kind.is_checked_by_iam() && !is_stored_date(value) {
                        return Err(format!("`{value}` is no date")); // PE-DAT-06
                    }
                }
                conditions.push(Condition { operator, key: key.clone(), values });
            }
        }
        Ok(conditions)
    }

    /// Checks the variable syntax of a text in which variables work (PE-VAR-01).
    fn variables_in(&self, text: &str) -> Result<(), String> {
        if self.variables { pieces(text).map(|_| ()) } else { Ok(()) }
    }
}

/// Reads an element or its negation; both together are an error (PE-DOC-03).
fn pair(fields: &Map<String, Value>, plain: &str, negated: &str) -> Result<Option<Scope>, String> {
    let (negated, name, value) = match (fields.get(plain), fields.get(negated)) {
        (None, None) => return Ok(None),
        (Some(value), None) => (false, plain, value),
        (None, Some(value)) => (true, negated, value),
        (Some(_), Some(_)) => return Err(format!("both {plain} and {negated}")),
    };
    let entries =
        one_or_more(value).ok_or_else(|| format!("`{name}` must be a string or a list of strings"))?;
    Ok(Some(Scope { negated, entries }))
}

/// A string or a list of strings (PE-DOC-07).
pub(crate) fn one_or_more(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        list => crate::case::strings(list),
    }
}

/// Condition values: strings, numbers and booleans, alone or in a list, as text (PE-DOC-08).
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

/// The partitions IAM knows; any other is refused (POL-20).
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// What an `iam` resource may begin with (POL-35).
const IAM_TYPES: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Checks a resource as IAM checks the policies it stores: by position, missing parts as `*`
/// (PE-VAL-11).
fn iam_resource(entry: &str) -> Result<(), String> {
    if entry == "*" {
        return Ok(());
    }
    let parts: Vec<&str> = entry.splitn(6, ':').collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or("*");
    let (partition, vendor, region, account, resource) = (part(1), part(2), part(3), part(4), part(5));
    let has_wildcard = |text: &str| text.contains(['*', '?']);
    if parts.len() < 2 {
        return Err(format!("resource `{entry}` is neither an ARN nor `*`")); // POL-19
    }
    if !has_wildcard(partition) && !PARTITIONS.contains(&partition) {
        return Err(format!("unknown partition in `{entry}`")); // POL-20
    }
    if parts.len() == 2 && !has_wildcard(partition) {
        return Err(format!("no vendor in `{entry}`")); // POL-21
    }
    if vendor.is_empty() || (parts.len() < 6 && parts.contains(&"")) {
        return Err(format!("empty part in `{entry}`")); // POL-12
    }
    let has_region = !region.is_empty() && !has_wildcard(region);
    if has_region && (vendor == "iam" || (vendor == "s3" && account.is_empty())) {
        return Err(format!("region in `{entry}`")); // POL-22
    }
    let known =
        ["*", "root"].contains(&resource) || IAM_TYPES.iter().any(|start| resource.starts_with(start));
    if vendor == "iam" && !known {
        return Err(format!("no such IAM resource as `{entry}`")); // POL-35
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kind: Kind, change: &Value, legal: bool) {
        let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject"});
        if !matches!(kind, Kind::Trust) {
            statement["Resource"] = json!("*");
        }
        if !kind.is_identity_like() && kind != Kind::Scp {
            statement["Principal"] = json!({"AWS": "111111111111"});
        }
        if kind == Kind::Trust {
            statement["Action"] = json!("sts:AssumeRole");
        }
        if kind == Kind::Rcp {
            statement["Principal"] = json!("*");
            statement["Effect"] = json!("Deny");
        }
        let mut document = json!({"Version": "2012-10-17", "Statement": [statement]});
        for (key, value) in change.as_object().unwrap() {
            let place = if ["Version", "Id"].contains(&key.as_str()) {
                &mut document
            } else {
                &mut document["Statement"][0]
            };
            if value.is_null() {
                place.as_object_mut().unwrap().remove(key);
            } else {
                place[key] = value.clone();
            }
        }
        let got = Document::read(&document, kind, "p");
        assert_eq!(got.is_ok(), legal, "{kind:?} {document}: {got:?}");
    }

    #[test]
    fn each_kind_is_legal_as_the_tests_start_from_it() {
        for kind in [
            Kind::Identity,
            Kind::Boundary,
            Kind::Session,
            Kind::Resource,
            Kind::Key,
            Kind::Trust,
            Kind::Scp,
            Kind::Rcp,
            Kind::Endpoint,
        ] {
            check(kind, &json!({}), true);
            check(kind, &json!({"effect": "Allow"}), false); // PE-DOC-04
            check(kind, &json!({"Effect": "allow"}), false); // PE-DOC-04
            check(kind, &json!({"Version": "2020-01-01"}), false); // PE-DOC-10
        }
    }

    #[test]
    fn elements_are_forbidden_by_kind() {
        check(Kind::Identity, &json!({"Principal": "*"}), false); // PE-TYP-01
        check(Kind::Scp, &json!({"NotPrincipal": "*"}), false); // PE-TYP-07
        check(Kind::Trust, &json!({"Resource": "*"}), false); // PE-TYP-04
        check(Kind::Trust, &json!({"Principal": "*"}), false); // PE-TRU-02
        check(Kind::Trust, &json!({"Principal": {"AWS": "*"}}), true); // PE-TRU-02
        check(Kind::Trust, &json!({"Principal": {"AWS": "arn:aws:iam::111111111111:role/a-*"}}), false); // PE-PRN-05
        check(Kind::Rcp, &json!({"Principal": {"AWS": "*"}}), false); // PE-TYP-09
        check(Kind::Rcp, &json!({"Effect": "Allow"}), false); // PE-TYP-09
        check(Kind::Rcp, &json!({"Resource": null, "NotResource": "*"}), true); // PE-TYP-09
        check(Kind::Session, &json!({"Id": "x"}), false); // PE-TYP-03
        check(Kind::Identity, &json!({"Id": "x"}), true); // PE-DOC-12
        check(Kind::Resource, &json!({"Principal": null}), true); // PE-TYP-11
    }

    #[test]
    fn older_versions_are_stored_documents() {
        check(Kind::Identity, &json!({"Version": null}), true); // PE-DOC-10
        check(Kind::Trust, &json!({"Version": "2008-10-17"}), true); // TRU-24
        check(Kind::Rcp, &json!({"Version": "2008-10-17"}), false); // PE-TYP-13
    }

    #[test]
    fn sids_are_checked_where_iam_checks_them() {
        check(Kind::Identity, &json!({"Sid": "my-sid"}), false); // POL-23
        check(Kind::Identity, &json!({"Sid": ""}), true); // PE-DOC-13
        check(Kind::Resource, &json!({"Sid": "any text"}), true); // PE-DOC-14
    }

    #[test]
    fn actions_and_resources_have_a_form() {
        check(Kind::Identity, &json!({"Action": "invalid"}), false); // POL-16
        check(Kind::Identity, &json!({"Action": "s3:a:b"}), false); // POL-17
        check(Kind::Resource, &json!({"Action": "s3:a:b"}), true); // PE-ACT-06
        check(Kind::Identity, &json!({"Action": "s*:Get*"}), true); // PE-ACT-05
        check(Kind::Identity, &json!({"Action": "s3:${aws:username}"}), false); // POL-17
        check(Kind::Identity, &json!({"Action": "iam: asdf safdsf af "}), true); // POL-40
        check(Kind::Identity, &json!({"Action": []}), false); // PE-TYP-12
        check(Kind::Resource, &json!({"Action": []}), true); // PE-TYP-12
        check(Kind::Identity, &json!({"Resource": "bucket"}), false); // POL-19
        check(Kind::Identity, &json!({"Resource": "arn:aws"}), false); // POL-21
        check(Kind::Identity, &json!({"Resource": "arn:aws:fdsasf"}), true); // POL-40
        check(Kind::Identity, &json!({"Resource": "arn:aws:s3::b"}), false); // POL-12
        check(Kind::Identity, &json!({"Resource": "arn:aws:iam::111111111111:u*"}), false); // POL-35
        check(Kind::Identity, &json!({"Resource": "arn:aws:iam:::user/x"}), true); // POL-40
    }

    #[test]
    fn conditions_have_known_operators_and_well_formed_values() {
        let with = |operator: &str, value: Value| json!({"Condition": {operator: {"k": value}}});
        let k = Kind::Identity;
        check(k, &with("NullIfExists", json!("true")), false); // PE-CND-06
        check(k, &with("ForAnyValue:StringEqualsIfExists", json!("a")), true); // PE-VAL-10
        check(k, &with("ForAnyValue::StringEquals", json!("a")), false); // POL-10
        check(k, &with("Foo", json!("a")), false); // PE-CND-05
        check(k, &with("stringequals", json!("a")), true); // PE-CND-05
        check(k, &json!({"Condition": {"Foo": {}}}), true); // PE-CND-05
        check(k, &json!({"Condition": {"StringEquals": {"k": "a", "K": "b"}}}), false); // PE-DOC-06
        check(k, &with("StringEquals", json!([])), true); // PE-VAL-10
        check(k, &with("StringEquals", json!([["a"]])), false); // PE-DOC-07
        check(k, &with("StringEquals", json!("${a b}")), false); // PE-VAR-01
        check(k, &with("NumericEquals", json!("${a b}")), true); // PE-VAR-02
        check(k, &with("DateEquals", json!("yesterday")), false); // POL-12
        check(Kind::Resource, &with("StringEquals", json!("${")), false); // PE-VAR-01
    }
}
