//! scratchstack-aspen. A request without a resource has an empty list of them.

use iamsim_benches::Asked;
use iamsim_policy::PolicyKind;
use scratchstack_arn::Arn;
use scratchstack_aspen::{Context, Decision, Policy, PolicySet, PolicySource};
use scratchstack_aws_principal::{
    AssumedRole, Principal, PrincipalIdentity, SessionData, SessionValue, User,
};

use crate::Engine;

pub(crate) struct Aspen(PolicySet);

impl Engine for Aspen {
    const NAME: &'static str = "scratchstack-aspen 0.3";
    type Request = Context;

    fn load(texts: &[(PolicyKind, String)], _: &[Asked]) -> Result<Self, String> {
        let mut policies = PolicySet::new();
        for (index, (kind, text)) in texts.iter().enumerate() {
            let policy: Policy = serde_json::from_str(text).map_err(|error| error.to_string())?;
            let source = match kind {
                PolicyKind::Identity => {
                    let arn = format!("arn:aws:iam::111122223333:policy/policy-{index}");
                    PolicySource::new_entity_attached_policy(arn, format!("ANPA{index}"), "v1")
                }
                _ => PolicySource::new_resource("arn:aws:s3:::central-logs", None::<String>),
            };
            policies.add_policy(source, policy);
        }
        Ok(Self(policies))
    }

    fn prepare(&self, asked: &Asked) -> Result<Context, String> {
        let parts: Vec<&str> = asked.principal.splitn(6, ':').collect();
        let [_, _, _, _, account, name] = parts.as_slice() else {
            return Err(format!("{} is no ARN", asked.principal));
        };
        let identity: PrincipalIdentity = match name.split_once('/') {
            Some(("user", name)) => {
                User::new("aws", account, "/", name).map_err(|error| error.to_string())?.into()
            }
            Some((_, name)) => {
                AssumedRole::new("aws", account, name, "work").map_err(|error| error.to_string())?.into()
            }
            None => return Err(format!("{} is nobody", asked.principal)),
        };
        let mut data = SessionData::new();
        for (key, value) in &asked.context {
            let value = if let Ok(address) = value.parse() {
                SessionValue::IpAddr(address)
            } else if let Ok(time) = value.parse() {
                SessionValue::Timestamp(time)
            } else if let Ok(truth) = value.parse() {
                SessionValue::Bool(truth)
            } else {
                SessionValue::String(value.clone())
            };
            data.insert(key, value);
        }
        let mut resources: Vec<Arn> = Vec::new();
        if asked.resource != "*" {
            resources.push(asked.resource.parse().map_err(|error| format!("{error}"))?);
        }
        let (service, api) = asked.action.split_once(':').unwrap_or_default();
        Context::builder()
            .service(service)
            .api(api)
            .actor(Principal::from(vec![identity]))
            .resources(resources)
            .session_data(data)
            .build()
            .map_err(|error| error.to_string())
    }

    fn decide(&self, request: &Context) -> char {
        match self.0.evaluate(request).map(|(decision, _)| decision) {
            Ok(Decision::Allow) => 'A',
            Ok(Decision::Deny) => 'D',
            Ok(Decision::DefaultDeny) => 'I',
            Err(_) => '!',
        }
    }
}
