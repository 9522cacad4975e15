//! One question with its context.

use iamsim_eval::{ContextValue, Decision, Explanation, Layer, Resource};
use iamsim_model::{Caller, Overrides, Question};
use iamsim_policy::{AccountId, Action};

use crate::assert::{self, Asked};
use crate::error::{Error, account_id};
use crate::{Result, Snapshot, Warning, warning};

/// A question that says more of the request than who, what and on what.
///
/// What AWS would set for the caller is set; what only a real network call would know is unknown until it is
/// said here ([`global_keys`](crate::global_keys) lists every key). The last word on a key counts.
///
/// ```
/// use iamsim::{Cloud, Decision};
///
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?
///     .attach("from-office", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
///         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#)?
///     .caller();
///
/// cloud.assert_undetermined(&dev, "s3:ListAllMyBuckets", "*");
/// let ask = || cloud.request(&dev, "s3:ListAllMyBuckets", "*");
/// ask().source_ip("203.0.113.9").assert_allows();
/// assert_eq!(ask().source_ip("198.51.100.1").authorize()?, Decision::ImplicitDeny);
/// ask().absent("aws:SourceIp").assert_denies();
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request asks nothing until `authorize`, `explain` or an assertion is called"]
pub struct RequestBuilder {
    snapshot: Snapshot,
    caller: Caller,
    action: Result<Action>,
    resource: Resource,
    overrides: Overrides,
    tag_keys: Vec<Box<str>>,
    owner: Option<AccountId>,
    endpoint: Option<Box<str>>,
    /// What was wrong with the words so far.
    error: Option<Error>,
}

/// What the world gathers of what bears on a question.
type Assembled = Result<(iamsim_eval::Layers, iamsim_eval::Request), iamsim_model::ModelError>;

impl RequestBuilder {
    pub(crate) fn new(snapshot: Snapshot, caller: &Caller, action: &str, resource: &str) -> Self {
        let mut error = None;
        let resource = match resource {
            "*" => Resource::None,
            arn => match arn.parse() {
                Ok(arn) => Resource::Arn(arn),
                Err(invalid) => {
                    error = Some(Error::from(invalid));
                    Resource::None
                }
            },
        };
        Self {
            snapshot,
            caller: caller.clone(),
            action: action.parse::<Action>().map_err(Error::from),
            resource,
            overrides: Overrides::new(),
            tag_keys: Vec::new(),
            owner: None,
            endpoint: None,
            error,
        }
    }

    /// Sets a single-valued context key.
    pub fn context(mut self, key: &str, value: &str) -> Self {
        self.overrides.set(key, ContextValue::One(value.into()));
        self
    }

    /// Sets a multivalued context key.
    pub fn context_many(mut self, key: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values = values.into_iter().map(|value| value.into().into());
        self.overrides.set(key, ContextValue::Many(values.collect()));
        self
    }

    /// Says that nothing is known of a key.
    pub fn unknown(mut self, key: &str) -> Self {
        self.overrides.set(key, ContextValue::Unknown);
        self
    }

    /// Says that nothing is known of a key, unless something was said of it before.
    pub fn unknown_unless_said(self, key: &str) -> Self {
        if self.overrides.get(key).is_some() { self } else { self.unknown(key) }
    }

    /// Says that the request does not carry a key.
    pub fn absent(mut self, key: &str) -> Self {
        self.overrides.set(key, ContextValue::Absent);
        self
    }

    /// Says that the request carries no key that begins so, unless it is set: `s3:`, `aws:RequestTag/`.
    pub fn absent_prefix(mut self, prefix: &str) -> Self {
        self.overrides.set_absent_prefix(prefix);
        self
    }

    /// Says that every key that is neither set here nor known to the world is absent. What every request
    /// carries, such as an address and a region, stays unknown until it is said.
    pub fn complete(mut self) -> Self {
        self.overrides.set_complete();
        self
    }

    /// The address the request comes from; with it, that it does not come through a VPC endpoint (PE-KEY-17).
    pub fn source_ip(self, ip: &str) -> Self {
        self.context("aws:SourceIp", ip)
    }

    /// The region the request is sent to (PE-KEY-26).
    pub fn region(self, region: &str) -> Self {
        self.context("aws:RequestedRegion", region)
    }

    /// A tag that is passed in the request: `aws:RequestTag/key`, and one of `aws:TagKeys`.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tag_keys.push(key.into());
        self.overrides.set_absent_prefix("aws:RequestTag/");
        self.overrides.set("aws:TagKeys", ContextValue::Many(self.tag_keys.clone().into()));
        self.context(&format!("aws:RequestTag/{key}"), value)
    }

    /// Says that the request passes no tags (PE-KEY-31).
    pub fn no_tags(mut self) -> Self {
        self.overrides.set_absent_prefix("aws:RequestTag/");
        self.absent("aws:TagKeys")
    }

    /// A service forwards the request with the caller's own credentials, such as CloudFormation or Athena
    /// (PE-KEY-14 to PE-KEY-16, PE-MFA-04). Called again, each names the next in the chain.
    pub fn via_service(mut self, service: &str) -> Self {
        let chain = match self.overrides.get("aws:CalledVia") {
            Some(ContextValue::Many(chain)) => [&**chain, &[service.into()]].concat(),
            _ => vec![service.into()],
        };
        let first = chain.first().cloned().unwrap_or_default();
        for (key, value) in [
            ("aws:CalledViaFirst", ContextValue::One(first)),
            ("aws:CalledViaLast", ContextValue::One(service.into())),
            ("aws:CalledVia", ContextValue::Many(chain.into())),
            ("aws:ViaAWSService", ContextValue::One("true".into())),
        ] {
            self.overrides.set(key, value);
        }
        if self.caller.as_session().is_none() {
            self.overrides.set("aws:MultiFactorAuthPresent", ContextValue::One("false".into()));
            self.overrides.set("aws:TokenIssueTime", ContextValue::Unknown);
        }
        self
    }

    /// The request comes through a VPC endpoint of the world, `vpce-…`: its policy counts, and
    /// `aws:SourceVpce` and `aws:SourceVpc` are set (PE-VPCE-01, PE-KEY-19).
    pub fn through_endpoint(mut self, id: &str) -> Self {
        self.endpoint = Some(id.into());
        self
    }

    /// Whose the resource is, when its ARN names no account and no account has added it: without it that is not
    /// known, and the answer may be undetermined (PE-RES-19).
    pub fn owner(mut self, account: &str) -> Self {
        match account_id(account) {
            Ok(id) => self.owner = Some(id),
            Err(error) => drop(self.error.get_or_insert(error)),
        }
        self
    }

    /// What is probably not meant so: names that the catalog does not know, each with the nearest one, and what
    /// can't go together. Nothing of it is an error, and an assertion that fails shows it.
    ///
    /// ```
    /// let mut cloud = iamsim::Cloud::new();
    /// let dev = cloud.account("111122223333")?.add_user("dev")?.caller();
    /// let warnings = cloud.request(&dev, "s3:GetObjct", "arn:aws:s3:::b/k").warnings();
    /// assert_eq!(warnings[0].to_string(), "the catalog knows no action `s3:GetObjct`: did you mean `s3:GetObject`?");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn warnings(&self) -> Vec<Warning> {
        match &self.action {
            Ok(action) => {
                let catalog = self.snapshot.model().catalog();
                warning::of_question(catalog, &self.caller, action, &self.resource, &self.overrides)
            }
            Err(_) => Vec::new(),
        }
    }

    /// The cloud that is asked.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Decides. [`Snapshot::authorize_all`] decides many requests.
    pub fn authorize(self) -> Result<Decision> {
        let (layers, request) = self.assemble(iamsim_model::Snapshot::assemble_to_decide)?;
        Ok(iamsim_eval::authorize(&layers, &request))
    }

    /// Decides, and says why.
    pub fn explain(self) -> Result<Explanation> {
        let (layers, request) = self.assemble(|world, question| world.assemble(&question))?;
        Ok(iamsim_eval::explain(&layers, &request))
    }

    /// Fails unless the request is allowed.
    ///
    /// # Panics
    ///
    /// With the explanation when it is not allowed, or with the error when it can't be asked.
    #[track_caller]
    pub fn assert_allows(self) {
        assert::allows(&self.asked());
    }

    /// Fails unless the request is denied.
    ///
    /// # Panics
    ///
    /// With the explanation when it is not denied, or with the error when it can't be asked.
    #[track_caller]
    pub fn assert_denies(self) {
        assert::denies(&self.asked());
    }

    /// Fails unless the request is denied because of policies of this layer.
    ///
    /// # Panics
    ///
    /// With the explanation when it is not denied there, or with the error when it can't be asked.
    #[track_caller]
    pub fn assert_denied_by(self, layer: Layer) {
        assert::denied_by(&self.asked(), layer);
    }

    /// Fails unless the answer depends on something that is not known.
    ///
    /// # Panics
    ///
    /// With the explanation when the answer is known, or with the error when it can't be asked.
    #[track_caller]
    pub fn assert_undetermined(self) {
        assert::undetermined(&self.asked());
    }

    fn asked(self) -> Asked {
        let warnings = self.warnings();
        Asked { answer: self.explain(), warnings }
    }

    fn assemble(
        self,
        assemble: impl FnOnce(&iamsim_model::Snapshot, Question<'_>) -> Assembled,
    ) -> Result<(iamsim_eval::Layers, iamsim_eval::Request)> {
        let (who, what) = self.split()?;
        Ok(assemble(who.snapshot.model(), who.question(what))?)
    }

    /// Who asks, and what.
    pub(crate) fn split(self) -> Result<(Who, What)> {
        let Self { snapshot, caller, action, resource, overrides, owner, endpoint, error, .. } = self;
        let action = action?;
        if let Some(error) = error {
            return Err(error);
        }
        // An ARN that no request of the action would name must not match an entry that names it.
        let resource = match resource {
            Resource::Arn(_) if snapshot.model().is_asked_without_resource(&action) => Resource::None,
            resource => resource,
        };
        Ok((Who { snapshot, caller, endpoint }, What { action, resource, overrides, owner }))
    }
}

/// Who asks whom, and which way: what a question borrows.
pub(crate) struct Who {
    snapshot: Snapshot,
    caller: Caller,
    endpoint: Option<Box<str>>,
}

/// What is asked.
pub(crate) struct What {
    action: Action,
    resource: Resource,
    overrides: Overrides,
    owner: Option<AccountId>,
}

impl Who {
    pub(crate) fn question(&self, what: What) -> Question<'_> {
        let What { action, resource, overrides, owner } = what;
        let endpoint = self.endpoint.as_deref();
        Question {
            caller: &self.caller,
            action,
            resource,
            now: self.snapshot.now(),
            overrides,
            owner,
            endpoint,
        }
    }
}

#[cfg(test)]
mod tests;
