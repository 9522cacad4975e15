//! The cloud as it was at one moment, for many questions on many threads.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_eval::{Decision, Explanation, Layer};
use iamsim_model::Caller;

use crate::Result;
use crate::request::RequestBuilder;

/// A cloud that no longer changes, at the instant it was taken. Cloning is a reference count.
///
/// ```
/// use iamsim::Cloud;
///
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?.caller();
/// let before = cloud.snapshot();
/// cloud.account("111122223333")?.user("dev")?
///     .attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?;
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| before.assert_denies(&dev, "s3:ListAllMyBuckets", "*"));
/// });
/// cloud.assert_allows(&dev, "s3:ListAllMyBuckets", "*");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    model: Arc<iamsim_model::Snapshot>,
    now: DateTime<Utc>,
}

impl Snapshot {
    pub(crate) fn new(model: iamsim_model::Snapshot, now: DateTime<Utc>) -> Self {
        Self { model: Arc::new(model), now }
    }

    pub(crate) fn model(&self) -> &iamsim_model::Snapshot {
        &self.model
    }

    /// The instant it was taken.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Decides whether a caller may do an action on a resource, given as ARN; `*` when the action has none.
    pub fn authorize(&self, who: &Caller, action: &str, resource: &str) -> Result<Decision> {
        self.request(who, action, resource).authorize()
    }

    /// Decides, and says why.
    pub fn explain(&self, who: &Caller, action: &str, resource: &str) -> Result<Explanation> {
        self.request(who, action, resource).explain()
    }

    /// A question that says more of the request.
    pub fn request(&self, who: &Caller, action: &str, resource: &str) -> RequestBuilder {
        RequestBuilder::new(self.clone(), who, action, resource)
    }

    /// Fails unless the caller may.
    ///
    /// # Panics
    ///
    /// As [`RequestBuilder::assert_allows`].
    #[track_caller]
    pub fn assert_allows(&self, who: &Caller, action: &str, resource: &str) {
        self.request(who, action, resource).assert_allows();
    }

    /// Fails unless the caller certainly may not.
    ///
    /// # Panics
    ///
    /// As [`RequestBuilder::assert_denies`].
    #[track_caller]
    pub fn assert_denies(&self, who: &Caller, action: &str, resource: &str) {
        self.request(who, action, resource).assert_denies();
    }

    /// Fails unless the caller may not because of policies of this layer.
    ///
    /// # Panics
    ///
    /// As [`RequestBuilder::assert_denied_by`].
    #[track_caller]
    pub fn assert_denied_by(&self, who: &Caller, action: &str, resource: &str, layer: Layer) {
        self.request(who, action, resource).assert_denied_by(layer);
    }

    /// Fails unless the answer depends on something that is not known.
    ///
    /// # Panics
    ///
    /// As [`RequestBuilder::assert_undetermined`].
    #[track_caller]
    pub fn assert_undetermined(&self, who: &Caller, action: &str, resource: &str) {
        self.request(who, action, resource).assert_undetermined();
    }
}
