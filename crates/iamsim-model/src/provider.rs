//! Identity providers: OIDC and SAML (IAM-80 to IAM-84).

use iamsim_policy::AccountId;

use crate::error::{ErrorCode, ModelError};
use crate::name::check_length;
use crate::quota::Quota;
use crate::world::World;

#[derive(Clone, Debug)]
pub(crate) struct OidcProvider {
    /// Without scheme and trailing slash.
    pub(crate) host_and_path: Box<str>,
    pub(crate) client_ids: Vec<Box<str>>,
}

impl World {
    /// `CreateOpenIDConnectProvider`; the answer is the ARN (ID-15).
    pub fn add_oidc_provider(
        &mut self,
        account: AccountId,
        url: &str,
        client_ids: &[&str],
    ) -> Result<String, ModelError> {
        let host_and_path = url.strip_prefix("https://").map(|rest| rest.trim_end_matches('/'));
        let Some(host_and_path) = host_and_path.filter(|rest| !rest.is_empty() && !rest.contains(['?', '#']))
        else {
            return Err(ModelError::invalid("Invalid Open ID Connect Provider URL")); // IAM-84
        };
        check_length("url", url, 1, 255)?;
        for client in client_ids {
            check_length("clientIDList", client, 1, 255)?;
        }
        let arn = format!("arn:{}:iam::{account}:oidc-provider/{host_and_path}", self.partition());
        let account = self.account_mut(account)?;
        if account.oidc_providers.contains_key(&*arn) {
            return Err(ModelError::taken(format!("Provider with url {url} already exists."))); // ERR-14
        }
        let quotas = &account.quotas;
        if let Some(limit) = quotas.exceeded(Quota::ClientIdsPerOidcProvider, client_ids.len()) {
            return Err(ModelError::quota(Quota::ClientIdsPerOidcProvider, limit)); // QUO-16
        }
        let count = account.oidc_providers.len() + 1;
        if let Some(limit) = quotas.exceeded(Quota::OidcProvidersPerAccount, count) {
            return Err(ModelError::quota(Quota::OidcProvidersPerAccount, limit)); // QUO-15
        }
        let client_ids = client_ids.iter().map(|client| Box::from(*client)).collect();
        let provider = OidcProvider { host_and_path: host_and_path.into(), client_ids };
        account.oidc_providers.insert(arn.as_str().into(), provider);
        Ok(arn)
    }

    /// `DeleteOpenIDConnectProvider`: twice is an error (ERR-09); roles that trust it are left as they are.
    pub fn delete_oidc_provider(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        match self.account_mut(account)?.oidc_providers.remove(arn) {
            Some(_) => Ok(()),
            None => Err(ModelError::missing(format!("OpenId connect Provider {arn} cannot be found."))),
        }
    }

    /// The ARN and client ids of the account's provider for an issuer, given without scheme.
    pub fn oidc_provider(&self, account: AccountId, issuer: &str) -> Option<(&str, Vec<&str>)> {
        let issuer = issuer.trim_end_matches('/');
        let providers = &self.account_ref(account).ok()?.oidc_providers;
        let (arn, provider) = providers.iter().find(|(_, provider)| &*provider.host_and_path == issuer)?;
        Some((arn, provider.client_ids.iter().map(|client| &**client).collect()))
    }

    /// `CreateSAMLProvider`; the answer is the ARN (ID-14). The metadata document plays no part offline.
    pub fn add_saml_provider(&mut self, account: AccountId, name: &str) -> Result<String, ModelError> {
        check_length("name", name, 1, 128)?;
        if !name.chars().all(|char| char.is_ascii_alphanumeric() || "._-".contains(char)) {
            // VAL-12
            return Err(ModelError::constraints(&[
                "Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: \
                 [\\w._-]+"
                    .into(),
            ]));
        }
        let arn = format!("arn:{}:iam::{account}:saml-provider/{name}", self.partition());
        let account = self.account_mut(account)?;
        if account.saml_providers.contains(&*arn) {
            return Err(ModelError::taken(format!("SAML provider {name} already exists.")));
        }
        let count = account.saml_providers.len() + 1;
        if let Some(limit) = account.quotas.exceeded(Quota::SamlProvidersPerAccount, count) {
            return Err(ModelError::quota(Quota::SamlProvidersPerAccount, limit)); // QUO-15
        }
        account.saml_providers.insert(arn.as_str().into());
        Ok(arn)
    }

    /// `DeleteSAMLProvider` (ERR-09).
    pub fn delete_saml_provider(&mut self, account: AccountId, arn: &str) -> Result<(), ModelError> {
        if self.account_mut(account)?.saml_providers.remove(arn) {
            return Ok(());
        }
        Err(ModelError::new(ErrorCode::NoSuchEntity, format!("Manifest not found for arn {arn}")))
    }

    /// Whether the account has the SAML provider with this ARN.
    pub fn has_saml_provider(&self, account: AccountId, arn: &str) -> bool {
        self.account_ref(account).is_ok_and(|account| account.saml_providers.contains(arn))
    }
}
