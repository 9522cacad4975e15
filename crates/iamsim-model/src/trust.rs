//! What a role's trust policy asks of web identities.

use iamsim_policy::{Arn, Statement};

use crate::world::World;

impl World {
    /// The issuers whose claims a role's trust policy asks for, by their host and path.
    pub fn trusted_issuers(&self, role: &Arn) -> Vec<String> {
        let Some((_, role)) = self.state().role_by_arn(role) else { return Vec::new() };
        let conditions = role.trust.policy().statements().iter().flat_map(Statement::conditions);
        let prefixes = conditions.filter_map(|condition| condition.key().folded().rsplit_once(':'));
        // No prefix of AWS's own has a dot.
        prefixes.map(|(issuer, _)| issuer.to_owned()).filter(|issuer| issuer.contains('.')).collect()
    }
}
