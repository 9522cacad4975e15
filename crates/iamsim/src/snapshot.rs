//! The cloud as it was at one moment, for many questions on many threads.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iamsim_eval::{Decision, Explanation, Layer};
use iamsim_model::Caller;

use crate::Result;
use crate::error::Error;
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

    /// Decides many requests; the answers come in their order, and each is what
    /// [`RequestBuilder::authorize`] answers.
    ///
    /// For requests of one caller that follow each other, what is found for the caller serves all of them, and each
    /// policy is compared with all their actions and resources once. That helps where there are thousands;
    /// `queries` among the benches tells how much. A request that was begun with another cloud, or before the last
    /// edit of this one, is decided there.
    ///
    /// ```
    /// use iamsim::{Cloud, Decision};
    ///
    /// let mut cloud = Cloud::new();
    /// let dev = cloud.account("111122223333")?.add_user("dev")?
    ///     .attach("queues", r#"{"Version": "2012-10-17", "Statement": {
    ///         "Effect": "Allow", "Action": "sqs:List*", "Resource": "*"}}"#)?
    ///     .caller();
    ///
    /// let snapshot = cloud.snapshot();
    /// let actions = ["sqs:ListQueues", "sqs:CreateQueue", "sns:ListTopics"];
    /// let requests = actions.map(|action| snapshot.request(&dev, action, "*").complete());
    /// let decisions = snapshot.authorize_all(requests).into_iter().collect::<iamsim::Result<Vec<_>>>()?;
    /// assert_eq!(decisions, [Decision::Allow, Decision::ImplicitDeny, Decision::ImplicitDeny]);
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn authorize_all(&self, requests: impl IntoIterator<Item = RequestBuilder>) -> Vec<Result<Decision>> {
        let mut answers = Vec::new();
        let (mut callers, mut asked, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (place, request) in requests.into_iter().enumerate() {
            if !request.snapshot().model.is(&self.model) {
                answers.push(request.authorize());
                continue;
            }
            answers.push(request.split().map(|(who, what)| {
                callers.push(who);
                asked.push(what);
                places.push(place);
                Decision::Undetermined
            }));
        }
        let questions = callers.iter().zip(asked).map(|(who, what)| who.question(what));
        let decisions = self.model.decide_all(questions.collect());
        for (place, decision) in places.into_iter().zip(decisions) {
            if let Some(answer) = answers.get_mut(place) {
                *answer = decision.map_err(Error::from);
            }
        }
        answers
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
