//! VPC endpoints and their policies (PE-VPCE).

use iamsim_policy::{AccountId, PolicyKind};

use crate::document::{Document, PolicyDocument};
use crate::error::{ErrorCode, ModelError};
use crate::world::{State, World};

#[derive(Clone, Debug)]
pub(crate) struct VpcEndpoint {
    pub(crate) vpc: Box<str>,
    /// None: the default policy, which allows everything (PE-VPCE-01).
    pub(crate) policy: Option<Document>,
}

impl World {
    /// Adds an endpoint of a VPC, `vpce-…` of `vpc-…`, with the default policy.
    pub fn add_vpc_endpoint(&mut self, account: AccountId, id: &str, vpc: &str) -> Result<(), ModelError> {
        for (text, prefix) in [(id, "vpce-"), (vpc, "vpc-")] {
            if text.strip_prefix(prefix).is_none_or(str::is_empty) {
                return Err(ModelError::new(
                    ErrorCode::ValidationError,
                    format!("The id {text} is not valid: it must begin with {prefix}"),
                ));
            }
        }
        if self.state().endpoints.contains_key(id) {
            return Err(ModelError::taken(format!("The endpoint {id} already exists.")));
        }
        let endpoint = VpcEndpoint { vpc: vpc.into(), policy: None };
        self.account_mut(account)?.endpoints.insert(id.into(), endpoint);
        self.edit().endpoints.insert(id.into(), account);
        Ok(())
    }

    /// Sets an endpoint's policy.
    pub fn set_endpoint_policy(
        &mut self,
        account: AccountId,
        id: &str,
        document: &PolicyDocument,
    ) -> Result<(), ModelError> {
        let document = self.documents.write(PolicyKind::VpcEndpoint, id, document)?;
        let endpoint = self.account_mut(account)?.endpoints.get_mut(id);
        match endpoint {
            Some(endpoint) => {
                endpoint.policy = Some(document);
                Ok(())
            }
            None => Err(ModelError::missing(format!("The endpoint {id} does not exist."))),
        }
    }
}

impl State {
    /// An endpoint of any account.
    pub(crate) fn endpoint<'w>(&'w self, id: &str) -> Result<(&'w str, &'w VpcEndpoint), ModelError> {
        let owner = self.endpoints.get(id).and_then(|owner| self.accounts.get(owner));
        let found = owner.and_then(|account| account.endpoints.get_key_value(id));
        let (id, endpoint) =
            found.ok_or_else(|| ModelError::missing(format!("The endpoint {id} does not exist.")))?;
        Ok((id, endpoint))
    }
}
