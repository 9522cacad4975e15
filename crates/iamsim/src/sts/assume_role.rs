//! AssumeRole: arguments, authorization of the call and its companions, and the session (STS-20 to STS-47).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use iamsim_eval::{ContextValue, Decision};
use iamsim_model::{
    Caller, ErrorCode, IdentityId, Overrides, PolicyDocument, RoleId, SessionOrigin, SessionPrincipal,
};
use iamsim_policy::{AccountId, Arn};

use super::arguments::Arguments;
use super::refusal::{Door, why};
use super::session::{Credentials, Session};
use super::{Sts, not_barred, undetermined};
use crate::Result;
use crate::error::Error;
use crate::identity::RoleArn;

/// A call of AssumeRole.
///
/// ```
/// use iamsim::{AssumeRole, Cloud, TimeDelta, trust};
///
/// let mut cloud = Cloud::new();
/// let ci = cloud.account("444455556666")?.add_user("ci")?
///     .attach("assume", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}"#)?
///     .caller();
/// let role = cloud.account("111122223333")?
///     .add_role("deployer", trust::account("444455556666").require_external_id("Unique-7"))?.arn();
///
/// let call = AssumeRole::new(&role, "build-42").duration(TimeDelta::minutes(30));
/// let refused = cloud.sts().assume_role(&ci, call.clone()).unwrap_err();
/// assert_eq!(refused.code(), "AccessDenied");
/// assert_eq!(refused.reason(), Some("the role's trust policy asks for an ExternalId, and none was given"));
///
/// let session = cloud.sts().assume_role(&ci, call.external_id("Unique-7"))?;
/// assert_eq!(session.arn(), "arn:aws:sts::111122223333:assumed-role/deployer/build-42");
/// cloud.clock().advance(TimeDelta::minutes(30));
/// let late = cloud.authorize(session.caller(), "s3:ListAllMyBuckets", "*").unwrap_err();
/// assert_eq!(late.code(), "ExpiredToken");
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until `Sts::assume_role` makes it"]
pub struct AssumeRole {
    pub(crate) role: RoleArn,
    pub(crate) session_name: String,
    pub(crate) duration: Option<TimeDelta>,
    pub(crate) external_id: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) transitive: Vec<String>,
    pub(crate) policy: Option<PolicyDocument>,
    pub(crate) policy_arns: Vec<String>,
    pub(crate) contexts: Vec<ProvidedContext>,
    pub(crate) overrides: Overrides,
}

/// What a context provider vouches for in a call of AssumeRole: a member of `ProvidedContexts` (STS-46).
///
/// AWS has one provider, Identity Center. Its assertion is a token that only it can make; here it is what it
/// says, and becomes `sts:RequestContext/…` (TRU-74). The call needs `sts:SetContext` on both sides (TRU-52).
///
/// ```
/// use iamsim::{AssumeRole, Cloud, ProvidedContext};
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let portal = account.add_user("portal")?.attach("enter", r#"{"Version": "2012-10-17", "Statement": {
///     "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetContext"], "Resource": "*"}}"#)?.caller();
/// let role = account.add_role("analyst", r#"{"Version": "2012-10-17", "Statement": [
///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"},
///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:SetContext", "Condition": {
///         "ForAllValues:ArnEquals": {"sts:RequestContextProviders":
///             "arn:aws:iam::aws:contextProvider/IdentityCenter"},
///         "StringEquals": {"sts:RequestContext/identitystore:UserId": "u-7"}}}]}"#)?.arn();
///
/// let call = |user: &str| {
///     let context = ProvidedContext::identity_center().with("identitystore:UserId", user);
///     AssumeRole::new(&role, "query").provided_context(context)
/// };
/// cloud.sts().assume_role(&portal, call("u-7"))?;
/// let refused = cloud.sts().assume_role(&portal, call("u-8")).unwrap_err();
/// assert!(refused.message().contains("not authorized to perform: sts:SetContext"));
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvidedContext {
    provider: String,
    values: Vec<(String, String)>,
}

/// The one context provider there is.
const IDENTITY_CENTER: &str = "contextProvider/IdentityCenter";
/// How many contexts a call may carry.
const MOST_CONTEXTS: usize = 5;

impl ProvidedContext {
    /// A context that Identity Center vouches for, so far without a word.
    pub fn identity_center() -> Self {
        Self::new(&format!("arn:aws:iam::aws:{IDENTITY_CENTER}"))
    }

    /// A context of a provider, by its ARN, for AWS to judge.
    pub fn new(provider_arn: &str) -> Self {
        Self { provider: provider_arn.into(), values: Vec::new() }
    }

    /// Adds what the provider says: `sts:RequestContext/{key}`.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.values.push((key.into(), value.into()));
        self
    }

    /// What stands for the token: as long as the claims in it.
    fn assertion(&self) -> String {
        let claims: Vec<String> = self.values.iter().map(|(key, value)| format!("{key}={value}")).collect();
        claims.join(";")
    }
}

impl AssumeRole {
    /// Assumes a role, under a name for the session.
    pub fn new(role: &RoleArn, session_name: &str) -> Self {
        Self {
            role: role.clone(),
            session_name: session_name.into(),
            duration: None,
            external_id: None,
            serial: None,
            code: None,
            source_identity: None,
            tags: Vec::new(),
            transitive: Vec::new(),
            policy: None,
            policy_arns: Vec::new(),
            contexts: Vec::new(),
            overrides: Overrides::new(),
        }
    }

    /// One of ProvidedContexts; the call needs `sts:SetContext` then (STS-46, TRU-52).
    pub fn provided_context(mut self, context: ProvidedContext) -> Self {
        self.contexts.push(context);
        self
    }

    /// The ExternalId (TRU-60).
    pub fn external_id(mut self, id: &str) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// SerialNumber and TokenCode of an MFA device of the caller (STS-29 to STS-32).
    pub fn mfa(self, serial: &str, code: &str) -> Self {
        self.mfa_serial(serial).mfa_code(code)
    }

    /// SerialNumber alone, which AWS refuses without a code (STS-29).
    pub fn mfa_serial(mut self, serial: &str) -> Self {
        self.serial = Some(serial.into());
        self
    }

    /// TokenCode alone, which AWS refuses without a serial number (STS-29).
    pub fn mfa_code(mut self, code: &str) -> Self {
        self.code = Some(code.into());
        self
    }

    /// A session tag; the call needs `sts:TagSession` then (TRU-50).
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// A session tag that goes on to the next session of a chain (SES-03).
    pub fn transitive_tag(self, key: &str, value: &str) -> Self {
        self.tag(key, value).transitive_key(key)
    }

    /// A key for TransitiveTagKeys; it must name a tag of this call (STS-40).
    pub fn transitive_key(mut self, key: &str) -> Self {
        self.transitive.push(key.into());
        self
    }

    /// The source identity; the call needs `sts:SetSourceIdentity` then (TRU-51).
    pub fn source_identity(mut self, identity: &str) -> Self {
        self.source_identity = Some(identity.into());
        self
    }

    /// A session policy: the session may do what the role may and this policy allows.
    pub fn policy(mut self, policy: impl Into<PolicyDocument>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// A managed policy of the role's account, or AWS's, as session policy (STS-34).
    pub fn policy_arn(mut self, arn: &str) -> Self {
        self.policy_arns.push(arn.into());
        self
    }

    /// How long the session lasts; one hour when nothing is said (STS-24).
    pub fn duration(mut self, duration: TimeDelta) -> Self {
        self.duration = Some(duration);
        self
    }

    /// A context key of this call that only the network would know, such as `aws:SourceIp`.
    pub fn context(mut self, key: &str, value: &str) -> Self {
        self.overrides.set(key, ContextValue::One(value.into()));
        self
    }

    /// Says that the call does not carry a context key.
    pub fn absent(mut self, key: &str) -> Self {
        self.overrides.set(key, ContextValue::Absent);
        self
    }

    fn check(&self) -> Result {
        let mut arguments = Arguments::default();
        arguments.length("roleArn", self.role.as_str(), 20, 2048);
        arguments.session_name("roleSessionName", &self.session_name);
        arguments.session_policies(self.policy.as_ref().map(PolicyDocument::text), &self.policy_arns);
        if let Some(duration) = self.duration {
            arguments.range("durationSeconds", duration.num_seconds(), 900, 43200);
        }
        arguments.tags(self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        if let Some(id) = &self.external_id {
            arguments.length("externalId", id, 2, 1224);
            arguments.letters("externalId", id, "+=,.@:/-", r"[\w+=,.@:\/-]*");
        }
        arguments.mfa(self.serial.as_deref(), self.code.as_deref());
        if let Some(identity) = &self.source_identity {
            arguments.source_identity(identity);
        }
        let contexts = self.contexts.iter().map(|context| (&*context.provider, context.assertion()));
        arguments.provided_contexts(contexts, MOST_CONTEXTS);
        arguments.finish()?;
        let known =
            |arn: &str| arn.starts_with("arn:") && arn.ends_with(&format!(":iam::aws:{IDENTITY_CENTER}"));
        match self.contexts.iter().find(|context| !known(&context.provider)) {
            // STS-46; the code is not recorded.
            Some(context) => {
                Err(Error::new(ErrorCode::ValidationError, format!("{} is invalid", context.provider))
                    .with_reason("the one context provider there is is Identity Center's"))
            }
            None => Ok(()),
        }
    }
}

/// Everything about a session but who asked for it; shared by the three ways of assuming a role.
#[derive(Debug)]
pub(super) struct NewSession<'s> {
    pub(super) account: AccountId,
    pub(super) role: RoleId,
    pub(super) name: &'s str,
    pub(super) duration: TimeDelta,
    pub(super) tags: Vec<(String, String, bool)>,
    pub(super) source_identity: Option<String>,
    pub(super) policy: Option<&'s PolicyDocument>,
    pub(super) policy_arns: &'s [String],
    pub(super) provider: Option<String>,
    pub(super) claims: Vec<(Box<str>, ContextValue)>,
    pub(super) origin: SessionOrigin,
}

/// A session policy and its name.
type SessionPolicy = (Arc<str>, iamsim_model::Document);

#[expect(clippy::needless_pass_by_value, reason = "a call is built, made, and gone")]
impl Sts<'_> {
    /// `AssumeRole`.
    ///
    /// The caller may be a user, a session, or a service ([`Caller::service`]). Errors are checked in AWS's
    /// order: credentials, shape, tags, MFA, authorization, duration.
    pub fn assume_role(self, who: &Caller, call: AssumeRole) -> Result<Session> {
        self.assume(who, &call, Door::Api, None)
    }

    /// `AssumeRole` by an AWS service for itself, as Lambda and EC2 take the roles of functions and instances.
    pub fn assume_as_service(self, service: &str, call: AssumeRole) -> Result<Session> {
        self.assume(&Caller::service(service), &call, Door::Api, None)
    }

    /// A switch in the console; `left` is what is left of the sign-in (SIG-10).
    pub(crate) fn assume_from_console(
        self,
        who: &Caller,
        call: &AssumeRole,
        left: TimeDelta,
    ) -> Result<Session> {
        self.assume(who, call, Door::Console, Some(left))
    }

    fn assume(
        mut self,
        who: &Caller,
        call: &AssumeRole,
        door: Door,
        left: Option<TimeDelta>,
    ) -> Result<Session> {
        self.signed(who)?;
        call.check()?;
        let arn: Arn = call.role.as_str().parse().map_err(|_| {
            Error::new(ErrorCode::ValidationError, format!("{} is invalid", call.role)) // STS-20
        })?;
        if who.is_root() {
            return Err(Error::new(ErrorCode::AccessDenied, "Roles may not be assumed by root accounts.")
                .with_reason("a root user can't assume roles: use a user or a role session (TRU-11)"));
        }
        not_barred(who, "AssumeRole")?;
        let inherited = inherited_tags(who);
        check_tags(call, &inherited)?;
        let policy = self.read_session_policy(call.policy.as_ref())?;
        let mut overrides = call.overrides.clone();
        let passed_mfa = match (&call.serial, &call.code) {
            (None, None) => false,
            (Some(serial), Some(code)) => {
                self = self.check_mfa(who, serial, code)?;
                true
            }
            _ => {
                return Err(Error::new(
                    ErrorCode::AccessDenied,
                    "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
                ));
            }
        };
        let source_identity = source_identity(who, call, &arn)?;
        let role = self.cloud.world.role_by_arn(&arn);
        call.fill(&mut overrides, passed_mfa, source_identity.as_deref(), &inherited);
        if let Some((account, role)) = &role {
            let tags = self.cloud.world.identity_tags(*account, &IdentityId::Role(role.clone()))?;
            for (key, value) in inherited.values() {
                // TRU-69: an inherited tag takes the place of the role's own.
                if tags.get(key).is_some() {
                    for prefix in ["aws:ResourceTag/", "iam:ResourceTag/"] {
                        overrides.set(&format!("{prefix}{key}"), ContextValue::One(value.as_str().into()));
                    }
                }
            }
        }
        let mut actions = vec!["sts:AssumeRole"];
        if !call.tags.is_empty() || !inherited.is_empty() {
            actions.push("sts:TagSession"); // TRU-50
        }
        if source_identity.is_some() {
            actions.push("sts:SetSourceIdentity"); // TRU-51
        }
        if !call.contexts.is_empty() {
            actions.push("sts:SetContext"); // TRU-52
        }
        for action in actions {
            self.authorize_on_role(who, action, &arn, &overrides, door)?;
        }
        let Some((account, role)) = role else {
            // Allowed on both sides, as far as is known, and still no role to assume.
            return Err(denied(who, "sts:AssumeRole", arn.as_str()).with_reason("the role does not exist"));
        };
        let duration = self.duration(who, call, (account, &role), left)?;
        let mut tags: Vec<(String, String, bool)> =
            inherited.into_values().map(|(key, value)| (key, value, true)).collect();
        let is_transitive = |key: &str| call.transitive.iter().any(|own| own.eq_ignore_ascii_case(key));
        tags.extend(call.tags.iter().map(|(key, value)| (key.clone(), value.clone(), is_transitive(key))));
        let from_ec2 = who.is_service() && who.to_string().starts_with("ec2.amazonaws.com");
        self.make_session(
            NewSession {
                account,
                role,
                name: &call.session_name,
                duration,
                tags,
                source_identity,
                policy: call.policy.as_ref(),
                policy_arns: &call.policy_arns,
                provider: None,
                claims: Vec::new(),
                origin: if from_ec2 { SessionOrigin::Ec2 } else { SessionOrigin::Sts },
            },
            policy,
        )
    }

    fn authorize_on_role(
        &self,
        who: &Caller,
        action: &str,
        arn: &Arn,
        overrides: &Overrides,
        door: Door,
    ) -> Result {
        let explanation = self.ask(who, action, arn, overrides)?;
        match explanation.decision() {
            Decision::Allow => Ok(()),
            Decision::Undetermined if !explanation.is_denied() => Err(undetermined(explanation)),
            _ => {
                let reason = why(&explanation, action, door);
                Err(denied(who, action, arn.as_str()).with_reason(reason).with_explanation(explanation))
            }
        }
    }

    /// STS-23 to STS-27, SIG-10.
    fn duration(
        &self,
        who: &Caller,
        call: &AssumeRole,
        role: (AccountId, &RoleId),
        left: Option<TimeDelta>,
    ) -> Result<TimeDelta> {
        let longest = self.cloud.world.max_session(role.0, role.1)?;
        if let Some(left) = left {
            return Ok(longest.min(left));
        }
        let hour = TimeDelta::hours(1);
        let Some(duration) = call.duration else { return Ok(hour) };
        let chained = who.as_session().is_some_and(|session| session.origin() != SessionOrigin::Console);
        let message = if chained && duration > hour {
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        } else if duration > longest {
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        } else {
            return Ok(duration);
        };
        Err(Error::new(ErrorCode::ValidationError, message))
    }

    /// Makes the session of a role; what may be checked without the role has been.
    pub(super) fn make_session(
        self,
        new: NewSession<'_>,
        policy: Option<iamsim_model::Document>,
    ) -> Result<Session> {
        let world = &self.cloud.world;
        let role = IdentityId::Role(new.role.clone());
        let role_name = world.identity_name(new.account, &role)?;
        let policies = self.session_policies(new.account, policy, new.policy_arns)?;
        let transitive_and_passed = new.tags.iter().map(|(key, value, _)| (key.as_str(), value.as_str()));
        let packed =
            packed_size(new.policy.map(PolicyDocument::text), new.policy_arns, transitive_and_passed)?;
        let now = self.now();
        let principal = SessionPrincipal::Role {
            account: new.account,
            role: new.role.clone(),
            role_name: role_name.clone(),
            name: new.name.into(),
        };
        let credentials = self.cloud.credentials(new.account, &format!("{role_name}/{}", new.name));
        let mut session = iamsim_model::Session::new(principal, now, now + new.duration)
            .with_claims(new.claims)
            .with_origin(new.origin)
            .with_access_key(credentials.access_key_id());
        for (key, value, transitive) in &new.tags {
            session = session.with_tag(key, value, *transitive);
        }
        if let Some(identity) = &new.source_identity {
            session = session.with_source_identity(identity.as_str());
        }
        if let Some(provider) = new.provider {
            session = session.with_provider(provider);
        }
        if let Some(policies) = policies {
            session = session.with_policies(policies);
        }
        let session = Arc::new(session);
        let (partition, account, name) = (self.cloud.world.partition(), new.account, new.name);
        let arn = format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{name}"); // ID-16
        Ok(self.cloud.keep(Session {
            caller: Caller::session(session.clone(), &arn),
            inner: session,
            assumed_role_id: Some(format!("{}:{name}", new.role)), // ID-35
            credentials,
            packed_policy_size: packed,
            decisions: self.decisions.take().into(),
        }))
    }

    /// Reads an inline session policy (STS-35).
    pub(super) fn read_session_policy(
        &self,
        policy: Option<&PolicyDocument>,
    ) -> Result<Option<iamsim_model::Document>> {
        Ok(policy.map(|policy| self.cloud.world.session_policy(policy)).transpose()?)
    }

    /// The inline policy and the managed ones, with their names; none when there are none (PE-SES-01).
    pub(super) fn session_policies(
        &self,
        account: AccountId,
        inline: Option<iamsim_model::Document>,
        arns: &[String],
    ) -> Result<Option<Vec<SessionPolicy>>> {
        if inline.is_none() && arns.is_empty() {
            return Ok(None);
        }
        let mut policies: Vec<SessionPolicy> =
            inline.into_iter().map(|document| ("session policy".into(), document)).collect();
        for arn in arns {
            policies.push(self.cloud.world.policy_document_of(account, arn).map_err(|_| {
                // STS-34; the code is not recorded.
                Error::new(ErrorCode::ValidationError, format!("ARN {arn} is not valid.")).with_reason(format!(
                    "`{arn}` is neither a managed policy of account {account} nor one of AWS's that this cloud \
                     knows"
                ))
            })?);
        }
        Ok(Some(policies))
    }
}

impl AssumeRole {
    /// The context keys of the call (TRU-60 to TRU-67).
    fn fill(
        &self,
        overrides: &mut Overrides,
        passed_mfa: bool,
        source_identity: Option<&str>,
        inherited: &BTreeMap<String, (String, String)>,
    ) {
        overrides.set_absent_prefix("sts:");
        overrides.set("sts:RoleSessionName", ContextValue::One(self.session_name.as_str().into()));
        if let Some(id) = &self.external_id {
            overrides.set("sts:ExternalId", ContextValue::One(id.as_str().into()));
        }
        if let Some(identity) = source_identity {
            overrides.set("sts:SourceIdentity", ContextValue::One(identity.into()));
        }
        if passed_mfa {
            overrides.set("aws:MultiFactorAuthPresent", ContextValue::One("true".into()));
            overrides.set("aws:MultiFactorAuthAge", ContextValue::One("0".into()));
        }
        let own = self.transitive.iter().map(String::as_str);
        let transitive: Vec<Box<str>> =
            inherited.values().map(|(key, _)| key.as_str()).chain(own).map(Box::from).collect();
        if !transitive.is_empty() {
            overrides.set("sts:TransitiveTagKeys", ContextValue::Many(transitive.into()));
        }
        if !self.contexts.is_empty() {
            // TRU-74
            let providers = self.contexts.iter().map(|context| Box::from(context.provider.as_str()));
            overrides.set("sts:RequestContextProviders", ContextValue::Many(providers.collect()));
        }
        for (key, value) in self.contexts.iter().flat_map(|context| &context.values) {
            let key = format!("sts:RequestContext/{key}");
            overrides.set(&key, ContextValue::One(value.as_str().into()));
        }
        let tags: Vec<(&str, &str)> =
            self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        fill_tags(overrides, &tags);
    }
}

/// `aws:RequestTag/…` and `aws:TagKeys` of the session tags in a call (TRU-64, TRU-65).
pub(super) fn fill_tags(overrides: &mut Overrides, tags: &[(&str, &str)]) {
    overrides.set_absent_prefix("aws:RequestTag/");
    for (key, value) in tags {
        overrides.set(&format!("aws:RequestTag/{key}"), ContextValue::One((*value).into()));
    }
    let keys = match tags {
        [] => ContextValue::Absent,
        tags => ContextValue::Many(tags.iter().map(|(key, _)| Box::from(*key)).collect()),
    };
    overrides.set("aws:TagKeys", keys);
}

/// The source identity of the new session: given, or inherited; a session can't change its own (STS-45).
fn source_identity(who: &Caller, call: &AssumeRole, arn: &Arn) -> Result<Option<String>> {
    let own = who.as_session().and_then(|session| session.source_identity());
    match (own, &call.source_identity) {
        (Some(own), Some(given)) if own != given => Err(denied(who, "sts:SetSourceIdentity", arn.as_str())
            .with_reason(format!(
                "the session carries the source identity `{own}`, which can't be changed to `{given}`"
            ))),
        (Some(own), _) => Ok(Some(own.to_owned())),
        (None, given) => Ok(given.clone()),
    }
}

/// The transitive tags of the calling session, by folded key.
fn inherited_tags(who: &Caller) -> BTreeMap<String, (String, String)> {
    let Some(session) = who.as_session() else { return BTreeMap::new() };
    let tags = session.transitive_tags();
    tags.map(|(key, value)| (key.to_lowercase(), (key.into(), value.into()))).collect()
}

/// STS-39 to STS-41, in the order of the recordings.
fn check_tags(call: &AssumeRole, inherited: &BTreeMap<String, (String, String)>) -> Result {
    let refuse = |message: &str| Err(Error::new(ErrorCode::InvalidParameterValue, message));
    let keys: Vec<String> = call.tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    if has_duplicates(&keys) {
        return refuse("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    if call.transitive.iter().any(|key| !keys.contains(&key.to_lowercase())) {
        return refuse("The specified transitive tag key must be included in the requested tags.");
    }
    if keys.iter().any(|key| inherited.contains_key(key)) {
        return refuse(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
             from the calling session.",
        );
    }
    Ok(())
}

pub(super) fn has_duplicates(keys: &[String]) -> bool {
    keys.iter().enumerate().any(|(index, key)| keys.iter().skip(index + 1).any(|other| other == key))
}

/// What AWS packs session policies and tags into, in bytes, as far as can be told from outside (STS-38). Never
/// rest a test on the exact percentage.
const PACKED_BUDGET: usize = 4096;

/// The packed size in percent; none without policies and tags (STS-36, STS-37).
pub(super) fn packed_size<'t>(
    policy: Option<&str>,
    arns: &[String],
    tags: impl Iterator<Item = (&'t str, &'t str)>,
) -> Result<Option<u32>> {
    let policies = policy.map_or(0, |text| text.split_whitespace().map(str::len).sum::<usize>())
        + arns.iter().map(String::len).sum::<usize>();
    let tags: usize = tags.map(|(key, value)| key.len() + value.len() + 2).sum();
    if policy.is_none() && arns.is_empty() && tags == 0 {
        return Ok(None);
    }
    let percent = ((policies + tags) * 100).div_ceil(PACKED_BUDGET);
    if percent > 100 {
        let message = if policies == 0 {
            format!("Packed size of session tags consumes {percent}% of allotted space.")
        } else {
            format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
        };
        return Err(Error::new(ErrorCode::PackedPolicyTooLarge, message));
    }
    Ok(u32::try_from(percent).ok())
}

/// The one answer for every cause, without a suffix (TRU-40, TRU-42).
pub(super) fn denied(who: &Caller, action: &str, resource: &str) -> Error {
    Error::new(
        ErrorCode::AccessDenied,
        format!("User: {who} is not authorized to perform: {action} on resource: {resource}"),
    )
}

impl crate::Cloud {
    /// Temporary credentials for a session.
    pub(super) fn credentials(&mut self, account: AccountId, name: &str) -> Credentials {
        let access_key_id = self.mint.access_key_id("ASIA", account, name);
        let secret_access_key = self.mint.secret(&access_key_id);
        let session_token = self.mint.token(&access_key_id);
        Credentials { access_key_id, secret_access_key, session_token }
    }
}
