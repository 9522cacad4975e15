//! iam-rs. It has no request without a resource: where the workload has `*`, an ARN stands that nobody names.

use iam_rs::{
    Arn, Context, ContextValue, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId,
};
use iamsim_benches::Asked;
use iamsim_policy::PolicyKind;

use crate::Engine;

pub(crate) struct IamRs(PolicyEvaluator);

impl Engine for IamRs {
    const NAME: &'static str = "iam-rs 0.8";
    type Request = IAMRequest;

    fn load(texts: &[(PolicyKind, String)], _: &[Asked]) -> Result<Self, String> {
        let mut policies = Vec::new();
        for (_, text) in texts {
            let policy: IAMPolicy = serde_json::from_str(text).map_err(|error| error.to_string())?;
            policies.push(policy);
        }
        Ok(Self(PolicyEvaluator::with_policies(policies)))
    }

    fn prepare(&self, asked: &Asked) -> Result<IAMRequest, String> {
        let service = asked.action.split(':').next().unwrap_or_default();
        let resource = match asked.resource.as_str() {
            "*" => format!("arn:aws:{service}:::none"),
            arn => arn.to_owned(),
        };
        let mut context = Context::new();
        for (key, value) in &asked.context {
            let value = match value.as_str() {
                "true" => ContextValue::Boolean(true),
                "false" => ContextValue::Boolean(false),
                text => ContextValue::String(text.to_owned()),
            };
            context.insert(key.clone(), value);
        }
        Ok(IAMRequest::new_with_context(
            Principal::Aws(PrincipalId::String(asked.principal.clone())),
            asked.action.clone(),
            Arn::parse(&resource).map_err(|error| error.to_string())?,
            context,
        ))
    }

    fn decide(&self, request: &IAMRequest) -> char {
        match self.0.evaluate(request).map(|result| result.decision) {
            Ok(Decision::Allow) => 'A',
            Ok(Decision::Deny) => 'D',
            Ok(Decision::NotApplicable) => 'I',
            Err(_) => '!',
        }
    }
}
