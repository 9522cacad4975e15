//! awsim-iam-policy: parsed documents and borrowed requests. Its parser keeps what it read, by the text: loading
//! the same policy a second time costs a look-up.

use std::collections::HashMap;

use awsim_iam_policy::{AuthzRequest, ContextValue, Decision, EvalContext, PolicyDocument, evaluate, parse};
use iamsim_benches::Asked;
use iamsim_policy::PolicyKind;

use crate::Engine;

pub(crate) struct Awsim {
    identity: Vec<PolicyDocument>,
    resource: Option<PolicyDocument>,
}

pub(crate) struct Ready {
    asked: Asked,
    context: HashMap<String, ContextValue>,
}

impl Engine for Awsim {
    const NAME: &'static str = "awsim-iam-policy 0.8";
    type Request = Ready;

    fn load(texts: &[(PolicyKind, String)], _: &[Asked]) -> Result<Self, String> {
        let mut engine = Self { identity: Vec::new(), resource: None };
        for (kind, text) in texts {
            let policy = parse(text).map_err(|error| error.to_string())?;
            match kind {
                PolicyKind::Identity => engine.identity.push(policy),
                _ => engine.resource = Some(policy),
            }
        }
        Ok(engine)
    }

    fn prepare(&self, asked: &Asked) -> Result<Ready, String> {
        let context = asked.context.iter();
        let context =
            context.map(|(key, value)| (key.clone(), ContextValue::String(value.clone()))).collect();
        Ok(Ready { asked: asked.clone(), context })
    }

    fn decide(&self, request: &Ready) -> char {
        let context = EvalContext {
            identity_policies: &self.identity,
            resource_policy: self.resource.as_ref(),
            ..EvalContext::default()
        };
        let request = AuthzRequest {
            principal_arn: &request.asked.principal,
            principal_account: request.asked.principal.split(':').nth(4).unwrap_or_default(),
            action: &request.asked.action,
            resource_arn: &request.asked.resource,
            context: &request.context,
        };
        match evaluate(&request, &context) {
            Decision::Allow => 'A',
            Decision::ExplicitDeny => 'D',
            Decision::ImplicitDeny => 'I',
        }
    }
}
