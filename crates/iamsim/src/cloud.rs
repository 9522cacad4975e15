//! The cloud: a world, its clock, and what it mints.

use chrono::{DateTime, Utc};
use iamsim_catalog::{Catalog, ManagedPolicies};
use iamsim_eval::{Decision, Explanation, Layer};
use iamsim_model::{Caller, PolicyDocument, World};
use iamsim_policy::AccountId;

use crate::Result;
use crate::account::AccountMut;
use crate::clock::ManualClock;
use crate::console::Console;
use crate::keyring::Keyring;
use crate::mfa;
use crate::mint::Mint;
use crate::organization::OrganizationMut;
use crate::request::RequestBuilder;
use crate::snapshot::Snapshot;
use crate::sts::Sts;

/// Accounts, identities, resources and sessions, and an STS and a console to go with them.
///
/// It is empty at first, its clock stands at 2030-01-01T09:00:00Z, and its ids come from a fixed seed: two
/// runs are alike to the byte. Cloning it is cheap; the clone goes its own way.
///
/// ```
/// use iamsim::Cloud;
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// account.alias("example-users")?;
/// let dev = account.add_user("dev")?
///     .attach("invoke", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}}"#)?
///     .caller();
///
/// let function = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";
/// cloud.assert_allows(&dev, "lambda:InvokeFunction", function);
/// cloud.assert_denies(&dev, "lambda:DeleteFunction", function);
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cloud {
    pub(crate) world: World,
    pub(crate) clock: ManualClock,
    pub(crate) mint: Mint,
    pub(crate) keyring: Keyring,
}

impl Default for Cloud {
    fn default() -> Self {
        Self::new()
    }
}

impl Cloud {
    /// An empty cloud in the partition `aws`.
    pub fn new() -> Self {
        Self::in_partition("aws")
    }

    /// An empty cloud in another partition, such as `aws-cn` or `aws-us-gov`.
    pub fn in_partition(partition: &str) -> Self {
        Self {
            world: World::new(partition),
            clock: ManualClock::default(),
            mint: Mint::default(),
            keyring: Keyring::default(),
        }
    }

    /// Mints ids from another seed. For a cloud that is still empty: ids that were minted stay.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.mint = Mint::with_seed(seed);
        self
    }

    /// An account, by id or alias. An id that was not seen before opens the account; an alias must exist.
    pub fn account(&mut self, id_or_alias: &str) -> Result<AccountMut<'_>> {
        let id = match id_or_alias.parse::<AccountId>() {
            Ok(id) => {
                self.world.open_account(id);
                id
            }
            Err(_) => self.world.account_id(id_or_alias)?,
        };
        Ok(AccountMut::new(self, id))
    }

    /// The id of an account of this cloud, by id or alias.
    pub fn account_id(&self, id_or_alias: &str) -> Result<AccountId> {
        Ok(self.world.account_id(id_or_alias)?)
    }

    /// The accounts of this cloud, in order.
    pub fn account_ids(&self) -> Vec<AccountId> {
        self.world.accounts().collect()
    }

    /// The organization that an account manages; the account founds it when it is in none yet.
    pub fn organization(&mut self, management_account: &str) -> Result<OrganizationMut<'_>> {
        let management = self.account(management_account)?.id();
        let organization = match self.world.organization_of(management) {
            Some(organization) if self.world.management_account(organization) == Some(management) => {
                organization
            }
            _ => {
                let name = format!("organization/{management}");
                let (id, root) = (self.mint.lower(&name, 10), self.mint.lower(&name, 4));
                self.world.found_organization(management, &format!("o-{id}"), &format!("r-{root}"))?
            }
        };
        Ok(OrganizationMut::new(self, organization))
    }

    /// Takes another catalog for what services define, such as a newer one read from a file: which actions there
    /// are, what they are asked on, and which context keys their requests can hold.
    pub fn set_catalog(&mut self, catalog: Catalog) {
        self.world.set_catalog(catalog);
    }

    /// Takes other documents for AWS's managed policies; those that were attached already stay as they are.
    pub fn set_managed_policies(&mut self, policies: ManagedPolicies) {
        self.world.set_managed_policies(policies);
    }

    /// Adds, or replaces, an AWS managed policy, `arn:aws:iam::aws:policy/…`: one that is newer than the
    /// catalog, or of another partition. Those of the catalog are attached by their ARN with no further step.
    pub fn add_managed_policy(&mut self, arn: &str, document: impl Into<PolicyDocument>) -> Result {
        Ok(self.world.add_aws_policy(arn, &document.into())?)
    }

    /// STS.
    pub fn sts(&mut self) -> Sts<'_> {
        Sts::new(self)
    }

    /// The console.
    pub fn console(&mut self) -> Console<'_> {
        Console::new(self)
    }

    /// The clock.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The code that an MFA device shows now, by its serial number.
    pub fn mfa_code(&self, serial: &str) -> Result<String> {
        let (secret, ..) = self.world.mfa_device(serial)?;
        Ok(mfa::code(secret, self.clock.now()))
    }

    /// The cloud as it is now, for many questions on many threads.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.world.freeze(), self.now())
    }

    /// From now on policies may name users and roles that do not exist yet, until
    /// [`check_principals`](Self::check_principals). For a world that is described in an order of its own.
    pub fn defer_principal_checks(&mut self) {
        self.world.defer_principal_checks();
    }

    /// Checks the principals of all policies written since
    /// [`defer_principal_checks`](Self::defer_principal_checks); from now on they are checked at once again.
    pub fn check_principals(&mut self) -> Result {
        Ok(self.world.check_principals()?)
    }

    /// Decides whether a caller may do an action on a resource, given as ARN; `*` when the action has none.
    ///
    /// An error means that the question can't be asked: the action or ARN is not one (`ValidationError`), the
    /// session is over (`ExpiredToken`), or the credentials are gone (`InvalidClientTokenId`).
    pub fn authorize(&self, who: &Caller, action: &str, resource: &str) -> Result<Decision> {
        self.snapshot().authorize(who, action, resource)
    }

    /// Decides, and says why. The text of the [`Explanation`] is the same on every run.
    pub fn explain(&self, who: &Caller, action: &str, resource: &str) -> Result<Explanation> {
        self.snapshot().explain(who, action, resource)
    }

    /// A question that says more of the request.
    pub fn request(&self, who: &Caller, action: &str, resource: &str) -> RequestBuilder {
        self.snapshot().request(who, action, resource)
    }

    /// Fails unless the caller may.
    ///
    /// # Panics
    ///
    /// With the explanation when it may not or when that is not known.
    #[track_caller]
    pub fn assert_allows(&self, who: &Caller, action: &str, resource: &str) {
        self.request(who, action, resource).assert_allows();
    }

    /// Fails unless the caller certainly may not.
    ///
    /// # Panics
    ///
    /// With the explanation when it may or when that is not known.
    #[track_caller]
    pub fn assert_denies(&self, who: &Caller, action: &str, resource: &str) {
        self.request(who, action, resource).assert_denies();
    }

    /// Fails unless the caller may not because of policies of this layer.
    ///
    /// # Panics
    ///
    /// With the explanation when it may, or may not for another reason.
    #[track_caller]
    pub fn assert_denied_by(&self, who: &Caller, action: &str, resource: &str, layer: Layer) {
        self.request(who, action, resource).assert_denied_by(layer);
    }

    /// Fails unless the answer depends on something that is not known.
    ///
    /// # Panics
    ///
    /// With the explanation when the answer is known.
    #[track_caller]
    pub fn assert_undetermined(&self, who: &Caller, action: &str, resource: &str) {
        self.request(who, action, resource).assert_undetermined();
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}
