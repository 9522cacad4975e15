//! What if: a cloud with a change, and what the change comes to.

use std::fmt;

use iamsim_eval::{Decision, Explanation};
use iamsim_model::Caller;

use crate::Result;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::matrix;
use crate::snapshot::Snapshot;

impl Cloud {
    /// This cloud with a change. It stays as it is; unchanged parts are shared.
    ///
    /// ```
    /// use iamsim::Cloud;
    ///
    /// let mut cloud = Cloud::new();
    /// let dev = cloud.account("111122223333")?.add_user("dev")?.caller();
    /// let after = cloud.with(|cloud| {
    ///     let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    ///     cloud.account("111122223333")?.user("dev")?.attach_policy(policy)?;
    ///     Ok(())
    /// })?;
    /// cloud.assert_denies(&dev, "s3:ListAllMyBuckets", "*");
    /// after.assert_allows(&dev, "s3:ListAllMyBuckets", "*");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn with(&self, change: impl FnOnce(&mut Self) -> Result) -> Result<Self> {
        let mut changed = self.clone();
        change(&mut changed)?;
        Ok(changed)
    }

    /// This cloud without a policy, wherever it hangs: a managed policy by its ARN (attached, or as boundary), a
    /// service or resource control policy by its name.
    ///
    /// ```
    /// use iamsim::Cloud;
    ///
    /// let mut cloud = Cloud::new();
    /// let mut account = cloud.account("111122223333")?;
    /// let policy = account.add_policy("read", r#"{"Version": "2012-10-17", "Statement": {
    ///     "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}"#)?.arn();
    /// let dev = account.add_user("dev")?.attach_policy(&policy)?.caller();
    /// cloud.without(&policy)?.assert_denies(&dev, "s3:ListAllMyBuckets", "*");
    /// cloud.assert_allows(&dev, "s3:ListAllMyBuckets", "*");
    /// assert_eq!(cloud.without("no-such-policy").unwrap_err().code(), "NoSuchEntity");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn without(&self, policy: &str) -> Result<Self> {
        let mut changed = self.clone();
        changed.world.remove_policy_everywhere(policy)?;
        Ok(changed)
    }
}

impl Snapshot {
    /// What changes from this snapshot to another one, for every caller, action and resource of the lists. An action
    /// may be a pattern, such as `s3:Get*`, and stands then for all actions of the catalog that it matches, as in a
    /// [`Matrix`](crate::Matrix). A caller that is gone in one of the snapshots can do nothing there.
    ///
    /// ```
    /// use iamsim::Cloud;
    ///
    /// let mut cloud = Cloud::new();
    /// let mut account = cloud.account("111122223333")?;
    /// let dev = account.add_user("dev")?
    ///     .attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?.caller();
    /// let after = cloud.with(|cloud| {
    ///     cloud.account("111122223333")?.user("dev")?.attach("no-s3", r#"{"Version": "2012-10-17",
    ///         "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#)?;
    ///     Ok(())
    /// })?;
    /// let difference = cloud.snapshot().difference(
    ///     &after.snapshot(),
    ///     &[&dev],
    ///     &["s3:ListAllMyBuckets", "ec2:DescribeInstances"],
    ///     &["*"],
    /// )?;
    /// assert_eq!(difference.to_string(), "\
    /// newly denied: s3:ListAllMyBuckets on * by arn:aws:iam::111122223333:user/dev
    ///   with an explicit deny in an identity-based policy
    /// ");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn difference(
        &self,
        after: &Self,
        callers: &[&Caller],
        actions: &[&str],
        resources: &[&str],
    ) -> Result<Difference> {
        let mut changes = Vec::new();
        let cells = matrix::cells(self.model().catalog(), actions, resources)?;
        for who in callers {
            for (action, resource) in &cells {
                let (before, after) =
                    (answer(self, who, action, resource)?, answer(after, who, action, resource)?);
                if before.kind() != after.kind() {
                    let (action, resource) = (action.clone(), resource.clone());
                    changes.push(Change { caller: (*who).clone(), action, resource, before, after });
                }
            }
        }
        Ok(Difference { changes })
    }
}

/// Decides; credentials that are not good any more are an answer too.
fn answer(snapshot: &Snapshot, who: &Caller, action: &str, resource: &str) -> Result<Answer> {
    match snapshot.explain(who, action, resource) {
        Ok(explanation) => Ok(Answer::Decided(Box::new(explanation))),
        Err(error) if matches!(error.code(), "InvalidClientTokenId" | "ExpiredToken") => {
            Ok(Answer::Refused(error))
        }
        Err(error) => Err(error),
    }
}

/// What two snapshots answer differently.
#[derive(Clone, Debug)]
pub struct Difference {
    changes: Vec<Change>,
}

/// One question that two snapshots answer differently.
#[derive(Clone, Debug)]
pub struct Change {
    caller: Caller,
    action: String,
    resource: String,
    before: Answer,
    after: Answer,
}

/// What a snapshot says to a question.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// It was decided.
    Decided(Box<Explanation>),
    /// The caller's credentials were not accepted.
    Refused(Error),
}

/// The kinds of answers that count as different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Allowed,
    Denied,
    Open,
}

impl Answer {
    fn kind(&self) -> Kind {
        match self {
            Self::Decided(explanation) if explanation.decision() == Decision::Allow => Kind::Allowed,
            Self::Decided(explanation) if !explanation.is_denied() => Kind::Open,
            Self::Decided(_) | Self::Refused(_) => Kind::Denied,
        }
    }

    /// The trace, when the question was decided.
    pub fn explanation(&self) -> Option<&Explanation> {
        match self {
            Self::Decided(explanation) => Some(explanation),
            Self::Refused(_) => None,
        }
    }

    /// Why, in one line.
    pub fn because(&self) -> String {
        match self {
            Self::Refused(error) => format!("because {}", error.message()),
            Self::Decided(explanation) => {
                // AWS's sentence ends with the reason; who, what and on what stand before it.
                let message = explanation.message();
                let reason = ["because ", "with an explicit deny"].iter().find_map(|word| message.find(word));
                message.get(reason.unwrap_or_default()..).unwrap_or_default().to_owned()
            }
        }
    }
}

impl Difference {
    /// Every change, in the order asked.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What was not certainly allowed before and is now.
    pub fn newly_allowed(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.after.kind() == Kind::Allowed)
    }

    /// What was not certainly denied before and is now.
    pub fn newly_denied(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.after.kind() == Kind::Denied)
    }

    /// What was certain before and now depends on something that is not known.
    pub fn newly_undetermined(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.after.kind() == Kind::Open)
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Change {
    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// For which action.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// On which resource.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The answer before.
    pub fn before(&self) -> &Answer {
        &self.before
    }

    /// The answer after.
    pub fn after(&self) -> &Answer {
        &self.after
    }
}

/// A line for each change, and one for why.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            let kind = match change.after.kind() {
                Kind::Allowed => "allowed",
                Kind::Denied => "denied",
                Kind::Open => "undetermined",
            };
            let Change { caller, action, resource, after, .. } = change;
            writeln!(f, "newly {kind}: {action} on {resource} by {caller}\n  {}", after.because())?;
        }
        Ok(())
    }
}
