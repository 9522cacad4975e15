//! AssumeRoot: a member account's root user, for one task (STS-04, FED-09).

use std::sync::Arc;

use chrono::TimeDelta;
use iamsim_eval::{ContextValue, Decision, Resource};
use iamsim_model::{Caller, ErrorCode, Overrides, Question, SessionPrincipal};
use iamsim_policy::AccountId;

use super::arguments::Arguments;
use super::assume_role::denied;
use super::session::Session;
use super::{Sts, not_barred, undetermined};
use crate::Result;
use crate::error::Error;

/// A call of AssumeRoot.
///
/// ```
/// use iamsim::{AssumeRoot, Cloud};
///
/// let mut cloud = Cloud::new();
/// let operator = cloud.account("999999999999")?.add_user("operator")?
///     .attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?
///     .caller();
/// cloud.organization("999999999999")?.enable_root_sessions()?.root().add_account("111122223333")?;
/// cloud.account("111122223333")?.add_resource("arn:aws:s3:::locked")?;
///
/// let call = AssumeRoot::new("111122223333", "S3UnlockBucketPolicy");
/// let root = cloud.sts().assume_root(&operator, call)?;
/// cloud.assert_allows(root.caller(), "s3:DeleteBucketPolicy", "arn:aws:s3:::locked");
/// cloud.assert_denies(root.caller(), "s3:GetObject", "arn:aws:s3:::locked/key");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until `Sts::assume_root` makes it"]
pub struct AssumeRoot {
    target: String,
    task: String,
    duration: Option<TimeDelta>,
}

impl AssumeRoot {
    /// The root user of a member, by account id or root ARN, for a task: the name of one of AWS's task policies,
    /// such as `S3UnlockBucketPolicy`, or its ARN.
    pub fn new(target: &str, task_policy: &str) -> Self {
        Self { target: target.into(), task: task_policy.into(), duration: None }
    }

    /// How long the session lasts; fifteen minutes when nothing is said, and never longer.
    pub fn duration(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }
}

/// What each task is about: actions, and the resources they are about. AWS's own texts deny everything else;
/// here the task is what is allowed, which decides the same.
const TASKS: &[(&str, &str)] = &[
    (
        "IAMAuditRootUserCredentials",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "arn:*:iam::*:root", "Action": [
                "iam:GetAccessKeyLastUsed", "iam:GetLoginProfile", "iam:GetUser", "iam:ListAccessKeys",
                "iam:ListMFADevices", "iam:ListSigningCertificates"]},
            {"Effect": "Allow", "Resource": "*", "Action": "iam:GetAccountSummary"}]}"#,
    ),
    (
        "IAMCreateRootUserPassword",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "arn:*:iam::*:root",
             "Action": ["iam:CreateLoginProfile", "iam:GetLoginProfile"]}]}"#,
    ),
    (
        "IAMDeleteRootUserCredentials",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "arn:*:iam::*:root", "Action": [
                "iam:DeactivateMFADevice", "iam:DeleteAccessKey", "iam:DeleteLoginProfile",
                "iam:DeleteSigningCertificate", "iam:DeleteVirtualMFADevice", "iam:GetAccessKeyLastUsed",
                "iam:GetLoginProfile", "iam:GetUser", "iam:ListAccessKeys", "iam:ListMFADevices",
                "iam:ListSigningCertificates"]}]}"#,
    ),
    (
        "S3UnlockBucketPolicy",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "*", "Action": [
                "s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets", "s3:PutBucketPolicy"]}]}"#,
    ),
    (
        "SQSUnlockQueuePolicy",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "*", "Action": [
                "sqs:GetQueueUrl", "sqs:ListQueues", "sqs:SetQueueAttributes"]},
            {"Effect": "Allow", "Resource": "*", "Action": "sqs:GetQueueAttributes",
             "Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}}]}"#,
    ),
];

const LONGEST: TimeDelta = TimeDelta::seconds(900);

#[expect(clippy::needless_pass_by_value, reason = "a call is built, made, and gone")]
impl Sts<'_> {
    /// `AssumeRoot`: for principals, but not root users, of the management account or of a member that
    /// administers IAM; root sessions must be enabled in the organization.
    pub fn assume_root(mut self, who: &Caller, call: AssumeRoot) -> Result<Session> {
        self.signed(who)?;
        let mut arguments = Arguments::default();
        arguments.length("targetPrincipal", &call.target, 12, 2048);
        if let Some(duration) = call.duration {
            arguments.range("durationSeconds", duration.num_seconds(), 0, LONGEST.num_seconds());
        }
        arguments.finish()?;
        let partition = self.cloud.world.partition().to_owned();
        let member = call
            .target
            .strip_prefix(&format!("arn:{partition}:iam::"))
            .map_or(call.target.as_str(), |rest| rest.strip_suffix(":root").unwrap_or(rest));
        let member: AccountId = member
            .parse()
            .map_err(|_| Error::new(ErrorCode::ValidationError, format!("{} is invalid", call.target)))?;
        let task = call.task.rsplit('/').next().unwrap_or_default();
        let Some((name, text)) = TASKS.iter().find(|(name, _)| *name == task) else {
            let known: Vec<&str> = TASKS.iter().map(|(name, _)| *name).collect();
            return Err(Error::new(ErrorCode::ValidationError, format!("{} is invalid", call.task))
                .with_reason(format!("the tasks of AssumeRoot are {}", known.join(", "))));
        };
        not_barred(who, "AssumeRoot")?;
        let root = format!("arn:{partition}:iam::{member}:root");
        let refused = |reason: &str| denied(who, "sts:AssumeRoot", &root).with_reason(reason);
        let Some(account) = who.account().filter(|_| !who.is_root()) else {
            return Err(refused("root users and services can't call AssumeRoot"));
        };
        self.authorize_root(who, account, &root, name)?;
        if !self.cloud.world.may_take_root(account, member) {
            return Err(refused(
                "AssumeRoot is for the management account or a delegated administrator, for a member of its \
                 organization, with root sessions enabled",
            ));
        }
        let document = self.cloud.world.session_policy(&(*text).into())?;
        let now = self.now();
        let credentials = self.cloud.credentials(member, "assumed-root");
        let mut session = iamsim_model::Session::new(
            SessionPrincipal::AssumedRoot { account: member },
            now,
            now + call.duration.unwrap_or(LONGEST),
        )
        .with_policies(vec![((*name).into(), document)])
        .with_access_key(credentials.access_key_id());
        if let Some(identity) = who.as_session().and_then(iamsim_model::Session::source_identity) {
            session = session.with_source_identity(identity);
        }
        let session = Arc::new(session);
        let arn = format!("arn:{partition}:sts::{member}:assumed-root"); // ID-18
        Ok(self.cloud.keep(Session {
            caller: Caller::session(session.clone(), &arn),
            inner: session,
            assumed_role_id: None,
            credentials,
            packed_policy_size: None,
            decisions: self.decisions.take().into(),
        }))
    }

    /// `sts:AssumeRoot` on the member's root user: the caller's own side decides, the member has no policy that
    /// could say more (STS-04).
    fn authorize_root(&self, who: &Caller, account: AccountId, root: &str, task: &str) -> Result {
        let mut overrides = Overrides::new();
        overrides.set_absent_prefix("sts:");
        let task = format!("arn:{}:iam::aws:policy/root-task/{task}", self.cloud.world.partition());
        overrides.set("sts:TaskPolicyArn", ContextValue::One(task.into()));
        let question = Question {
            caller: who,
            action: "sts:AssumeRoot".parse()?,
            resource: Resource::Arn(root.parse()?),
            now: self.now(),
            overrides,
            owner: Some(account),
            endpoint: None,
        };
        let (layers, request) = self.cloud.world.freeze().assemble(&question)?;
        let explanation = iamsim_eval::explain(&layers, &request);
        self.decisions.borrow_mut().push(explanation.clone());
        match explanation.decision() {
            Decision::Allow => Ok(()),
            Decision::Undetermined if !explanation.is_denied() => Err(undetermined(explanation)),
            _ => {
                let reason = explanation.message();
                Err(denied(who, "sts:AssumeRoot", root).with_reason(reason).with_explanation(explanation))
            }
        }
    }
}
