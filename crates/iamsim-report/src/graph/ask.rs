//! Asks the simulator whether a role can be taken: the call is made, with what the trust policy's conditions
//! ask for, and STS answers.
//!
//! What is sent is an example. When STS refuses it, the question is put once more with everything left unknown
//! that may vary from call to call or from session to session, so that a bad example is never taken for a
//! refusal.

use std::collections::BTreeSet;

use iamsim::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, Caller, Cloud, Error, Explanation, RoleEntry,
    SamlAssertion, Snapshot, WebIdentityToken,
};
use iamsim_policy::{
    Comparison, Condition, ContextKey, Effect, ResourceClause, ResourcePattern, Statement, Template,
};

use super::Sides;

/// The code of an answer that depends on what nobody has said.
const UNDETERMINED: &str = "Undetermined";

/// What is known of an edge's other side.
pub(super) struct Answer {
    pub(super) sides: Sides,
    pub(super) why: Option<String>,
}

impl Answer {
    pub(super) const BOTH: Self = Self { sides: Sides::Both, why: None };

    pub(super) fn trust_only(why: impl Into<String>) -> Self {
        Self { sides: Sides::TrustOnly, why: Some(why.into()) }
    }

    pub(super) fn undetermined(why: impl Into<String>) -> Self {
        Self { sides: Sides::Undetermined, why: Some(why.into()) }
    }
}

/// A cloud that is asked and may change on the way: a role remembers when it was used last.
pub(super) struct Asker {
    cloud: Cloud,
    snapshot: Snapshot,
}

/// A name for sessions, where no condition asks for another.
pub(super) const SESSION: &str = "graph";

/// What the network adds to a request.
const FROM_OUTSIDE: &[&str] = &[
    "aws:referer",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:useragent",
    "aws:vpcsourceip",
];

impl Asker {
    pub(super) fn new(cloud: &Cloud) -> Self {
        Self { cloud: cloud.clone(), snapshot: cloud.snapshot() }
    }

    /// Whether a user, a session or a service may assume a role.
    pub(super) fn assume(&mut self, caller: &Caller, role: &RoleEntry, statement: &Statement) -> Answer {
        let mut caller = caller.clone();
        let is_user = caller.user_id().is_some();
        let wishes = Wishes::of(role, statement);
        let session = wishes.get("sts:rolesessionname").unwrap_or(SESSION);
        let mut call = AssumeRole::new(role.arn(), session);
        for (key, value) in &wishes.0 {
            call = match key.folded() {
                "sts:externalid" => call.external_id(value),
                "sts:sourceidentity" => call.source_identity(value),
                "aws:multifactorauthpresent" | "aws:multifactorauthage" if is_user => {
                    call.context(key.as_str(), value)
                }
                "aws:sourcearn" => {
                    caller = caller.clone().on_behalf_of(value).unwrap_or(caller);
                    call
                }
                "aws:sourceaccount" => {
                    caller = caller.clone().source_account(value).unwrap_or(caller);
                    call
                }
                outside if FROM_OUTSIDE.contains(&outside) => call.context(key.as_str(), value),
                _ => match tag_of(key) {
                    Some(tag) => call.tag(tag, value),
                    None => call,
                },
            };
        }
        let refused = self.cloud.sts().assume_role(&caller, call).err();
        let is_session = caller.as_session().is_some();
        let is_service = caller.is_service();
        let varies = |key: &str| match key {
            "sts:externalid" => true,
            "aws:multifactorauthpresent" | "aws:multifactorauthage" => is_user,
            "aws:sourcearn" | "aws:sourceaccount" => is_service,
            // How a session was opened is nobody's choice any more, and not known here.
            "aws:federatedprovider" | "aws:sourceidentity" | "aws:tokenissuetime" | "aws:userid" => {
                is_session
            }
            key => is_session && key.starts_with("aws:principaltag/"),
        };
        self.judge(refused, &caller, "sts:AssumeRole", role, varies)
    }

    /// Whether somebody with a token of a provider may.
    pub(super) fn web_identity(&mut self, provider: &str, role: &RoleEntry, statement: &Statement) -> Answer {
        let host = host(provider);
        let prefix = format!("{}:", host.to_lowercase());
        let wishes = Wishes::of(role, statement);
        let claim = |name: &str| wishes.get(&format!("{prefix}{name}"));
        let clients = self.cloud.client_ids(role.account(), host).unwrap_or_default();
        let audience = claim("aud").or(clients.first().map(String::as_str)).unwrap_or("example");
        let subject = claim("sub").unwrap_or("example");
        let mut token = WebIdentityToken::new(&format!("https://{host}"), subject, audience);
        for (key, value) in &wishes.0 {
            let own = key.folded().strip_prefix(&prefix).filter(|name| !matches!(*name, "aud" | "sub"));
            if let Some(name) = own {
                token = token.claim(name, value);
            } else if let Some(tag) = tag_of(key) {
                token = token.tag(tag, value);
            } else if key.folded() == "sts:sourceidentity" {
                token = token.source_identity(value);
            }
        }
        let session = wishes.get("sts:rolesessionname").unwrap_or(SESSION);
        let call = AssumeRoleWithWebIdentity::new(role.arn(), session, &token);
        let refused = self.cloud.sts().assume_role_with_web_identity(call).err();
        let caller = Caller::federated(provider);
        self.judge(refused, &caller, "sts:AssumeRoleWithWebIdentity", role, |key| key.starts_with(&prefix))
    }

    /// Whether somebody with an assertion of a SAML provider may.
    pub(super) fn saml(&mut self, provider: &str, role: &RoleEntry, statement: &Statement) -> Answer {
        let wishes = Wishes::of(role, statement);
        let session = wishes.get("sts:rolesessionname").unwrap_or(SESSION);
        let subject = wishes.get("saml:sub").unwrap_or("example");
        let mut assertion = SamlAssertion::new(provider, subject, session);
        for (key, value) in &wishes.0 {
            assertion = match key.folded() {
                "saml:sub" => assertion,
                "saml:aud" => assertion.recipient(value),
                "saml:iss" => assertion.issuer(value),
                "saml:sub_type" => assertion.subject_type(value),
                "sts:sourceidentity" => assertion.source_identity(value),
                _ => match (key.as_str().split_once(':'), tag_of(key)) {
                    (_, Some(tag)) => assertion.tag(tag, value),
                    (Some((prefix, name)), None) if prefix.eq_ignore_ascii_case("saml") => {
                        assertion.attribute(name, value)
                    }
                    _ => assertion,
                },
            };
        }
        let call = AssumeRoleWithSaml::new(role.arn(), &assertion);
        let refused = self.cloud.sts().assume_role_with_saml(call).err();
        let caller = Caller::federated(provider);
        self.judge(refused, &caller, "sts:AssumeRoleWithSAML", role, |key| key.starts_with("saml:"))
    }

    /// What an answer says. A refusal is one only when no other value would do of any key that may vary:
    /// those that every call chooses, and those that `varies` says.
    fn judge(
        &self,
        refused: Option<Error>,
        caller: &Caller,
        action: &str,
        role: &RoleEntry,
        varies: impl Fn(&str) -> bool,
    ) -> Answer {
        let Some(error) = refused else { return Answer::BOTH };
        let why = error.reason().unwrap_or_else(|| error.message()).trim_end().to_owned();
        if error.code() == UNDETERMINED {
            return Answer::undetermined(why);
        }
        let Some(explanation) = error.explanation() else {
            // Refused before any policy was asked: a provider that is not there, a caller that may never.
            return Answer::trust_only(why);
        };
        let mut request = self.snapshot.request(caller, action, role.arn().as_str());
        for key in keys(explanation) {
            let folded = key.folded();
            let is_chosen = matches!(
                folded,
                "aws:tagkeys" | "sts:rolesessionname" | "sts:sourceidentity" | "sts:transitivetagkeys"
            );
            if is_chosen
                || folded.starts_with("aws:requesttag/")
                || FROM_OUTSIDE.contains(&folded)
                || varies(folded)
            {
                request = request.unknown(key.as_str());
            }
        }
        match request.explain() {
            Ok(explanation) if explanation.is_denied() => Answer::trust_only(why),
            Ok(explanation) => match explanation.unknown_keys().join("`, `").as_str() {
                "" => Answer::undetermined(why),
                keys => Answer::undetermined(format!("it depends on `{keys}`")),
            },
            Err(error) => Answer::undetermined(error.message().trim_end()),
        }
    }
}

/// Every key that any policy of a decision asks for, in its conditions or as a variable.
fn keys(explanation: &Explanation) -> BTreeSet<ContextKey> {
    let mut keys = BTreeSet::new();
    let layers = explanation.layers();
    let levels = layers.iter().flat_map(|layer| &layer.levels);
    for policy in levels.flat_map(|level| &level.policies) {
        for statement in policy.policy.statements() {
            for condition in statement.conditions() {
                keys.insert(condition.key().clone());
                let values = condition.values().iter().filter_map(|listed| listed.value.template());
                keys.extend(values.flat_map(Template::variables).cloned());
            }
            let resources = statement.resource().map(ResourceClause::patterns).unwrap_or_default();
            for pattern in resources {
                if let ResourcePattern::Arn(pattern) = &pattern.value {
                    keys.extend(pattern.resource().variables().cloned());
                }
            }
        }
    }
    keys
}

/// What a call should carry, by key: what the statement asks for, and what the denials of the trust policy let
/// through.
struct Wishes(Vec<(ContextKey, String)>);

impl Wishes {
    fn of(role: &RoleEntry, statement: &Statement) -> Self {
        let denials = role.trust().statements().iter().filter(|own| own.effect() == Effect::Deny);
        let asked = statement.conditions().iter().filter_map(|own| Some((own.key().clone(), accepted(own)?)));
        let spared = denials
            .flat_map(Statement::conditions)
            .filter_map(|own| Some((own.key().clone(), declined(own)?)));
        let mut wishes = Self(Vec::new());
        for (key, value) in asked.chain(spared) {
            if wishes.get(key.folded()).is_none() {
                wishes.0.push((key, value));
            }
        }
        wishes
    }

    fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(own, _)| own.folded() == key)?;
        Some(value)
    }
}

/// The host and path behind `oidc-provider/`, or the name of a provider that AWS knows.
pub(super) fn host(provider: &str) -> &str {
    provider.split_once(":oidc-provider/").map_or(provider, |(_, host)| host)
}

/// The tag that `aws:RequestTag/…` speaks of.
fn tag_of(key: &ContextKey) -> Option<&str> {
    key.folded().starts_with("aws:requesttag/").then(|| key.as_str().split_once('/'))?.map(|(_, tag)| tag)
}

/// A value with which a condition holds.
fn accepted(condition: &Condition) -> Option<String> {
    use Comparison as C;
    let listed = condition.values().first()?;
    if listed.value.template().is_some_and(Template::has_variables) {
        return None;
    }
    let text = listed.value.as_str();
    let beside = |by: i64| text.parse::<i64>().ok()?.checked_add(by).map(|number| number.to_string());
    match condition.operator().comparison {
        C::StringLike | C::ArnLike | C::ArnEquals => Some(text.replace('*', "example").replace('?', "x")),
        C::NumericLessThan | C::DateLessThan => beside(-1),
        C::NumericGreaterThan | C::DateGreaterThan => beside(1),
        C::IpAddress => text.split('/').next().map(str::to_owned),
        C::NotIpAddress => Some("192.0.2.1".to_owned()),
        C::Null => text.eq_ignore_ascii_case("false").then(|| "example".to_owned()),
        comparison if comparison.is_negated() => None,
        _ => Some(text.to_owned()),
    }
}

/// A value with which a condition does not hold, where there is a plain one.
fn declined(condition: &Condition) -> Option<String> {
    use Comparison as C;
    let listed = condition.values().first()?;
    if listed.value.template().is_some_and(Template::has_variables) {
        return None;
    }
    let text = listed.value.as_str();
    match condition.operator().comparison {
        C::Bool if text.eq_ignore_ascii_case("true") => Some("false".to_owned()),
        C::Bool => Some("true".to_owned()),
        C::Null => text.eq_ignore_ascii_case("true").then(|| "example".to_owned()),
        C::StringNotLike | C::ArnNotLike | C::ArnNotEquals => {
            Some(text.replace('*', "example").replace('?', "x"))
        }
        C::NotIpAddress => text.split('/').next().map(str::to_owned),
        C::NumericGreaterThan | C::NumericLessThan | C::DateGreaterThan | C::DateLessThan => {
            Some(text.to_owned())
        }
        comparison if comparison.is_negated() => Some(text.to_owned()),
        _ => None,
    }
}
