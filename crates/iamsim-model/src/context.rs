//! Which context keys a request carries, key by key: the one place that says what AWS would set, what it never
//! sets for a caller, and what only a real network call would know (PE-KEY-01 to PE-KEY-44).
//!
//! [`GLOBAL_KEYS`] is both the table that is read and the code that runs. A test's own words
//! ([`Overrides`]) come on top.

use std::cell::OnceCell;
use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};
use iamsim_catalog::{ActionEntry, Applicability};
use iamsim_eval::{Context, ContextValue, ReadyKey};
use iamsim_policy::{AccountId, Action, Arn, ContextKey};

use crate::asks::Asked;
use crate::facts::{Facts, ResourceFacts, Who};
use crate::session::SessionOrigin;
use crate::tag::Tags;

/// What a request says of one key, or of a family of keys such as `aws:PrincipalTag/…`.
#[derive(Debug)]
pub struct KeyRule {
    /// The key as AWS spells it; a family ends in `/`.
    pub key: &'static str,
    /// The rule it comes from.
    pub rule: &'static str,
    /// When it is set, when it is absent, when it is unknown, and why.
    pub when: &'static str,
    pub(crate) fill: Fill,
    /// Whether it depends on the action, the resource or its owner; else on caller and call alone, and all
    /// questions of one caller have the same.
    pub(crate) by_question: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Fill {
    Key(fn(&Facts<'_>) -> ContextValue),
    Family(Family),
    /// One family for each issuer.
    Issuers,
}

impl std::fmt::Debug for Fill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key",
            Self::Family(_) => "Family",
            Self::Issuers => "Issuers",
        })
    }
}

/// What is known of a family of keys: it hands each member with its value to the function, the last first where
/// names that differ in case are one key; the answer is whether there are no others. Otherwise nothing is known.
pub(crate) type Family = fn(&Facts<'_>, &mut dyn FnMut(&str, &str)) -> bool;

use ContextValue::{Absent, Unknown};

fn one(value: impl Into<Box<str>>) -> ContextValue {
    ContextValue::One(value.into())
}

fn many<const N: usize>(values: [Box<str>; N]) -> ContextValue {
    ContextValue::Many(values.into())
}

fn flag(value: bool) -> ContextValue {
    one(if value { "true" } else { "false" })
}

fn or_absent(value: Option<impl Into<Box<str>>>) -> ContextValue {
    value.map_or(Absent, one)
}

macro_rules! keys {
    ($($key:literal $rule:literal $when:literal $fill:expr $(, $by:ident)?;)+) => {
        &[$(KeyRule { key: $key, rule: $rule, when: $when, fill: $fill, by_question: keys!(@ $($by)?) },)+]
    };
    (@) => { false };
    (@ ByQuestion) => { true };
}

use Fill::{Family as F, Key as K};

/// The table: every global key, and the service keys that the world itself knows.
pub const GLOBAL_KEYS: &[KeyRule] = keys! {
    // ── the caller ──────────────────────────────────────────────────────────────────────────────────────────
    "aws:PrincipalArn" "PE-KEY-01" "set for signed callers, to the role's ARN for its sessions; absent otherwise"
        K(|facts| or_absent(facts.found.principal_arn()));
    "aws:PrincipalAccount" "PE-KEY-02" "set; `anonymous` for unsigned requests; unknown for services and identity providers, of which AWS does not say"
        K(|facts| match facts.who() {
            Who::Anonymous => one("anonymous"),
            Who::Service | Who::Federated => Unknown,
            _ => facts.account().map_or(Unknown, |account| one(account.to_string())),
        });
    "aws:PrincipalOrgID" "PE-KEY-03" "set when the caller's account is in an organization; absent otherwise, and for services, identity providers and anonymous callers"
        K(|facts| or_absent(facts.caller_organization().map(super::organization::Organization::id)));
    "aws:PrincipalOrgPaths" "PE-KEY-04" "as aws:PrincipalOrgID, a list of one path"
        K(|facts| facts.account().and_then(|account| facts.org_path(account)).map_or(Absent, |path| many([path])));
    "aws:PrincipalTag/" "PE-KEY-05" "the caller's tags: a user's, or a role's overlaid by session tags (PE-TAG-01); others absent"
        F(|facts, member| known(&facts.found.tags(), member));
    "aws:PrincipalType" "PE-KEY-06" "set; unknown for services and identity providers, of which AWS does not say"
        K(|facts| match facts.who() {
            Who::User => one("User"),
            Who::RoleSession => one("AssumedRole"),
            Who::FederatedUser => one("FederatedUser"),
            Who::Root => one("Account"),
            Who::Anonymous => one("Anonymous"),
            Who::Service | Who::Federated => Unknown,
        });
    "aws:userid" "PE-KEY-07" "set (ID-37); unknown for services and identity providers, of which AWS does not say"
        K(|facts| facts.found.user_id().map_or(Unknown, one));
    "aws:username" "PE-KEY-08" "set for IAM users; absent for everyone else"
        K(|facts| or_absent(facts.found.user.filter(|_| facts.who() == Who::User).map(|user| &*user.identity.name)));
    "aws:PrincipalIsAWSService" "PE-KEY-09" "set for signed callers: true for a service that calls for itself; absent for anonymous callers"
        K(|facts| match facts.who() {
            Who::Anonymous => Absent,
            who => flag(who == Who::Service),
        });
    "aws:PrincipalServiceName" "PE-KEY-10" "set for services; absent otherwise"
        K(|facts| if facts.who() == Who::Service { one(facts.service()) } else { Absent });
    "aws:PrincipalServiceNamesList" "PE-KEY-11" "unknown for services, which have more names than the one they call by; absent otherwise"
        K(|facts| if facts.who() == Who::Service { Unknown } else { Absent });
    "aws:SourceArn" "PE-KEY-12" "for services what the test says it acts for, else unknown; absent for other callers"
        K(|facts| for_service(facts, facts.source_arn().map(|arn| arn.as_str().to_owned())));
    "aws:SourceAccount" "PE-KEY-12" "as aws:SourceArn"
        K(|facts| for_service(facts, facts.source_account().map(|account| account.to_string())));
    "aws:SourceOrgID" "PE-KEY-13" "as aws:SourceArn, when that account is in an organization of the world"
        K(|facts| source_org(facts, |facts, account| facts.state.organization_of(account).map(|organization| one(organization.id()))));
    "aws:SourceOrgPaths" "PE-KEY-13" "as aws:SourceOrgID, a list of one path"
        K(|facts| source_org(facts, |facts, account| facts.org_path(account).map(|path| many([path]))));
    "aws:SourceOwner" "PE-KEY-43" "unknown: an older name in policies that SNS writes, of which AWS says nothing else"
        K(|_| Unknown);
    "aws:AssumedRoot" "PE-KEY-37" "true for sessions of AssumeRoot; absent otherwise"
        K(|facts| if facts.found.is_assumed_root() { flag(true) } else { Absent });
    // ── the session ─────────────────────────────────────────────────────────────────────────────────────────
    "aws:MultiFactorAuthPresent" "PE-KEY-22" "set with temporary credentials, true only for a user's own session with MFA (PE-MFA-01 to 07); absent with long-term keys"
        K(|facts| facts.session().map_or(Absent, |session| flag(session.mfa_at().is_some())));
    "aws:MultiFactorAuthAge" "PE-KEY-23" "seconds since MFA, when MFA was used; absent otherwise"
        K(|facts| or_absent(facts.session().and_then(super::session::Session::mfa_at).map(|at| (facts.now - at).num_seconds().to_string())));
    "aws:TokenIssueTime" "PE-KEY-24" "set with temporary credentials; absent with long-term keys"
        K(|facts| or_absent(facts.session().map(|session| instant(session.issued_at()))));
    "aws:SourceIdentity" "PE-KEY-35" "set when the session has one; absent otherwise"
        K(|facts| or_absent(facts.session().and_then(|session| session.source_identity())));
    "aws:FederatedProvider" "PE-KEY-36" "set for sessions of web identity and SAML; absent otherwise"
        K(|facts| or_absent(facts.session().and_then(|session| session.provider.as_deref())));
    "aws:Ec2InstanceSourceVpc" "PE-KEY-21" "unknown for credentials delivered to an EC2 instance, whose network is not modelled; absent otherwise"
        K(from_instance);
    "aws:Ec2InstanceSourcePrivateIPv4" "PE-KEY-21" "as aws:Ec2InstanceSourceVpc"
        K(from_instance);
    "aws:ChatbotSourceArn" "PE-KEY-38" "unknown for role sessions, which a chat application may drive; absent otherwise"
        K(from_role);
    "ec2:SourceInstanceArn" "PE-KEY-40" "unknown for credentials delivered to an EC2 instance, which is not modelled; absent otherwise"
        K(from_instance);
    "ec2:RoleDelivery" "PE-KEY-40" "as ec2:SourceInstanceArn"
        K(from_instance);
    "ssm:SourceInstanceArn" "PE-KEY-40" "unknown for role sessions, which may be a managed instance's; absent otherwise"
        K(from_role);
    "lambda:SourceFunctionArn" "PE-KEY-40" "unknown for role sessions, which may be a function's; absent otherwise"
        K(from_role);
    "glue:RoleAssumedBy" "PE-KEY-40" "unknown for role sessions, which may be a Glue job's; absent otherwise"
        K(from_role);
    "glue:CredentialIssuingService" "PE-KEY-40" "as glue:RoleAssumedBy"
        K(from_role);
    "identitystore:UserId" "PE-KEY-40" "unknown for role sessions, which Identity Center may have made; absent otherwise"
        K(from_role);
    // ── the call ────────────────────────────────────────────────────────────────────────────────────────────
    "aws:CurrentTime" "PE-KEY-25" "the world's clock"
        K(|facts| one(instant(facts.now)));
    "aws:EpochTime" "PE-KEY-25" "the world's clock, the same instant"
        K(|facts| one(facts.now.timestamp().to_string()));
    "aws:RequestedRegion" "PE-KEY-26" "the region in the resource's ARN; the home region for services that have only one; unknown otherwise"
        K(region), ByQuestion;
    "aws:SecureTransport" "PE-KEY-27" "true: AWS's clients use TLS; a test for plain HTTP says false"
        K(|_| flag(true));
    "aws:ViaAWSService" "PE-KEY-14" "false: a question is about a direct call; `via_service` makes it true"
        K(|_| flag(false));
    "aws:CalledVia" "PE-KEY-15" "absent in a direct call"
        K(|_| Absent);
    "aws:CalledViaFirst" "PE-KEY-16" "absent in a direct call"
        K(|_| Absent);
    "aws:CalledViaLast" "PE-KEY-16" "absent in a direct call"
        K(|_| Absent);
    "aws:ViaAWSMCPService" "PE-KEY-40" "unknown: newer than our reference"
        K(|_| Unknown);
    "aws:CalledViaAWSMCP" "PE-KEY-40" "unknown: newer than our reference"
        K(|_| Unknown);
    "aws:IsMcpServiceAction" "PE-KEY-40" "unknown: newer than our reference"
        K(|_| Unknown);
    "aws:SourceIp" "PE-KEY-17" "unknown: only a network call has an address; absent through a VPC endpoint"
        K(|facts| if facts.endpoint.is_some() { Absent } else { Unknown });
    "aws:VpcSourceIp" "PE-KEY-18" "unknown: only a network call has an address"
        K(|_| Unknown);
    "aws:SourceVpc" "PE-KEY-19" "set through a VPC endpoint of the world; unknown otherwise"
        K(|facts| facts.endpoint.map_or(Unknown, |(_, endpoint)| one(endpoint.vpc.clone())));
    "aws:SourceVpce" "PE-KEY-19" "set through a VPC endpoint of the world; unknown otherwise"
        K(|facts| facts.endpoint.map_or(Unknown, |(id, _)| one(id)));
    "aws:SourceVpcArn" "PE-KEY-20" "unknown: only some services support it"
        K(|_| Unknown);
    "aws:VpceAccount" "PE-KEY-20" "unknown: only some services support it"
        K(|_| Unknown);
    "aws:VpceOrgID" "PE-KEY-20" "unknown: only some services support it"
        K(|_| Unknown);
    "aws:VpceOrgPaths" "PE-KEY-20" "unknown: only some services support it"
        K(|_| Unknown);
    "aws:UserAgent" "PE-KEY-28" "unknown: the client chooses it"
        K(|_| Unknown);
    "aws:referer" "PE-KEY-29" "unknown: the client chooses it"
        K(|_| Unknown);
    "aws:RequestTag/" "PE-KEY-30" "unknown: they are arguments of the call; absent where the catalog knows that the action takes no tags; known in a call of STS that is made here"
        F(|_, _| false);
    "aws:TagKeys" "PE-KEY-31" "unknown, as aws:RequestTag"
        K(|_| Unknown);
    // ── the resource ────────────────────────────────────────────────────────────────────────────────────────
    "aws:ResourceAccount" "PE-KEY-33" "the owner; the caller's account for requests without resource (PE-KEY-44); unknown for the services AWS excepts"
        K(|facts| if facts.is_excepted() { Unknown } else { facts.owner.map_or(Unknown, |owner| one(owner.to_string())) }), ByQuestion;
    "aws:ResourceOrgID" "PE-KEY-34" "set when the owner is in an organization, absent when it is in none; unknown when the owner is"
        K(|facts| resource_org(facts, |facts, owner| facts.state.organization_of(owner).map(|organization| one(organization.id())))), ByQuestion;
    "aws:ResourceOrgPaths" "PE-KEY-34" "as aws:ResourceOrgID, a list of one path"
        K(|facts| resource_org(facts, |facts, owner| facts.org_path(owner).map(|path| many([path])))), ByQuestion;
    "aws:ResourceTag/" "PE-KEY-32" "the tags of the resource; of a bucket only with attribute-based control (PE-S3-05); unknown for resources of accounts the world does not know"
        F(resource_tags), ByQuestion;
    "iam:ResourceTag/" "PE-IAK-03" "the tags of users and roles in IAM and STS; absent for other services"
        F(|facts, member| !matches!(facts.action.service(), "iam" | "sts") || resource_tags(facts, member)), ByQuestion;
    // ── keys of services the world knows ────────────────────────────────────────────────────────────────────
    "sts:" "PE-STK-03" "unknown in STS calls that are only asked about, where the catalog lists the key for the action; known in those that are made here; absent for other services"
        F(|facts, _| facts.action.service() != "sts"), ByQuestion;
    "{issuer}:" "PE-STK-04" "claims of web identity: what a session of web identity keeps (TRU-97); others absent, for the issuers AWS knows by name and the account's own; unknown while a role is being assumed"
        Fill::Issuers;
    "saml:" "PE-STK-04" "what a SAML session keeps (TRU-97); others absent"
        F(|facts, member| claims(facts, "saml:", member));
};

/// Web identity providers that AWS knows by name (TRU-85).
pub const BUILT_IN_ISSUERS: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// Keys that a request need not carry.
const OPTIONAL: &[&str] = &[
    "aws:CalledViaAWSMCP",
    "aws:ChatbotSourceArn",
    "aws:IsMcpServiceAction",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:ViaAWSMCPService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:referer",
    "ec2:RoleDelivery",
    "ec2:SourceInstanceArn",
    "glue:CredentialIssuingService",
    "glue:RoleAssumedBy",
    "identitystore:UserId",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceArn",
];

/// RFC 3339 with whole seconds, as AWS writes instants.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn known(tags: &Tags, member: &mut dyn FnMut(&str, &str)) -> bool {
    tags.iter().rev().for_each(|(key, value)| member(key, value));
    true
}

fn for_service(facts: &Facts<'_>, value: Option<String>) -> ContextValue {
    if facts.who() == Who::Service { value.map_or(Unknown, one) } else { Absent }
}

fn source_org(facts: &Facts<'_>, value: fn(&Facts<'_>, AccountId) -> Option<ContextValue>) -> ContextValue {
    if facts.who() != Who::Service {
        return Absent;
    }
    match facts.source_account() {
        Some(account) if facts.state.accounts.contains_key(&account) => {
            value(facts, account).unwrap_or(Absent)
        }
        _ => Unknown,
    }
}

fn resource_org(facts: &Facts<'_>, value: fn(&Facts<'_>, AccountId) -> Option<ContextValue>) -> ContextValue {
    match facts.owner {
        Some(owner) if !facts.is_excepted() && facts.state.accounts.contains_key(&owner) => {
            value(facts, owner).unwrap_or(Absent)
        }
        _ => Unknown,
    }
}

fn from_instance(facts: &Facts<'_>) -> ContextValue {
    match facts.session() {
        Some(session) if session.origin() == SessionOrigin::Ec2 => Unknown,
        _ => Absent,
    }
}

fn from_role(facts: &Facts<'_>) -> ContextValue {
    if facts.who() == Who::RoleSession { Unknown } else { Absent }
}

fn resource_tags(facts: &Facts<'_>, member: &mut dyn FnMut(&str, &str)) -> bool {
    match facts.resource() {
        ResourceFacts::Tags(tags) => known(tags, member),
        ResourceFacts::NoTags => true,
        ResourceFacts::Unknown => false,
    }
}

fn claims(facts: &Facts<'_>, prefix: &str, member: &mut dyn FnMut(&str, &str)) -> bool {
    for (key, value) in facts.session().into_iter().flat_map(|session| session.claims.iter().rev()) {
        if let (Some(key), Some(value)) = (key.strip_prefix(prefix), value.as_one()) {
            member(key, value);
        }
    }
    true
}

/// Services with one endpoint, and the region it lies in (PE-KEY-26). STS has regional ones.
const GLOBAL_SERVICES: &[&str] = &[
    "account",
    "budgets",
    "ce",
    "cloudfront",
    "health",
    "iam",
    "organizations",
    "route53",
    "support",
    "waf",
];

fn region(facts: &Facts<'_>) -> ContextValue {
    if GLOBAL_SERVICES.contains(&facts.action.service()) {
        return one(match &*facts.state.partition {
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        });
    }
    match facts.arn.map(Arn::region) {
        Some(region) if !region.is_empty() => one(region),
        _ => Unknown,
    }
}

/// A test's own words on the context of one request; the last word on a key counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overrides {
    said: Context,
    /// The keys as they were first written, one behind the other, and where each ends.
    written: String,
    ends: Vec<usize>,
}

impl Default for Overrides {
    fn default() -> Self {
        Self { said: Context::partial(), written: String::new(), ends: Vec::new() }
    }
}

/// How many keys a test speaks of, at most, most often.
const USUALLY: usize = 12;
/// How many letters those have.
const USUAL_LETTERS: usize = 20 * USUALLY;

impl Overrides {
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what a key holds.
    pub fn set(&mut self, key: &str, value: ContextValue) {
        let known = self.said.values().len();
        self.said.set(key, value);
        if self.said.values().len() > known {
            if known == 0 {
                self.written.reserve(USUAL_LETTERS);
                self.ends.reserve(USUALLY);
            }
            self.written.push_str(key);
            self.ends.push(self.written.len());
        }
    }

    /// Says that keys that begin so are absent unless they are set.
    pub fn set_absent_prefix(&mut self, prefix: &str) {
        self.said.set_absent_prefix(prefix);
    }

    /// Says that every key nobody spoke of is absent, and of those the table calls unknown the ones that a
    /// request need not carry. What every request carries, such as an address and a region, stays unknown.
    pub fn set_complete(&mut self) {
        self.said.set_complete();
    }

    /// The keys that were spoken of one by one, as they were first written and in that order, with what was said
    /// of each last.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        let mut start = 0;
        let written = self.ends.iter().map(move |end| {
            let key = self.written.get(start..*end).unwrap_or_default();
            start = *end;
            key
        });
        written.zip(self.said.values())
    }

    /// What was said of a key last.
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        self.said.said(key)
    }
}

/// A set of rows of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows(u128);

const _: () = assert!(GLOBAL_KEYS.len() <= 128, "every row has its bit");

impl Rows {
    pub(crate) const ALL: Self = Self(u128::MAX);

    /// The rows that fill these keys.
    pub(crate) fn of<'k>(keys: impl IntoIterator<Item = &'k ContextKey>) -> Self {
        keys.into_iter()
            .map(|key| Self::that_fill(key.folded()))
            .fold(Self::default(), |all, rows| all | rows)
    }

    /// The rows that fill a key: its own, and else all that may.
    fn that_fill(folded: &str) -> Self {
        let begins =
            |start: &str| folded.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        let rows = Self::where_it_holds(|rule| match rule.fill {
            Fill::Key(_) => folded.eq_ignore_ascii_case(rule.key),
            Fill::Family(_) => begins(rule.key),
            Fill::Issuers => false,
        });
        if Self::where_it_holds(|rule| matches!(rule.fill, Fill::Key(_))).and(rows) == rows
            && rows != Self::default()
        {
            return rows;
        }
        // Which claims there may be depends on the issuers of the caller's account.
        rows | Self::where_it_holds(|rule| matches!(rule.fill, Fill::Issuers))
    }

    fn where_it_holds(holds: impl Fn(&KeyRule) -> bool) -> Self {
        let rows = GLOBAL_KEYS.iter().enumerate().filter(|(_, rule)| holds(rule));
        rows.fold(Self::default(), |rows, (index, _)| rows | Self(1 << index))
    }

    /// Those of the rows that depend on the question: where they say the same, so do all others, and the contexts
    /// of one caller are the same.
    pub(crate) fn by_question(self) -> impl Iterator<Item = &'static KeyRule> {
        self.and(*BY_QUESTION).rules().map(|(_, rule, _)| rule)
    }

    /// The row that the evaluator looks at although no policy asks for it (PE-TRU-07).
    pub(crate) fn evaluators_own() -> Self {
        *EVALUATORS_OWN
    }

    /// The rows in both sets.
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The rows, each with the name of its key.
    fn rules(self) -> impl Iterator<Item = (Self, &'static KeyRule, &'static ReadyKey)> {
        let names: &[ReadyKey] = &NAMES;
        let mut left = self.0;
        std::iter::from_fn(move || {
            let row = left.trailing_zeros();
            let (rule, name) = GLOBAL_KEYS.get(row as usize).zip(names.get(row as usize))?;
            left &= left - 1;
            Some((Self(1 << row), rule, name))
        })
    }
}

impl std::ops::BitOr for Rows {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The names of the table's keys.
static NAMES: LazyLock<Vec<ReadyKey>> =
    LazyLock::new(|| GLOBAL_KEYS.iter().map(|rule| ReadyKey::new(rule.key)).collect());
/// The row that the evaluator looks at although no policy asks for it (PE-TRU-07).
static EVALUATORS_OWN: LazyLock<Rows> =
    LazyLock::new(|| Rows::where_it_holds(|rule| rule.key == "aws:SourceIdentity"));
/// The rows of what a request holds through a VPC endpoint only.
static OF_ENDPOINTS: LazyLock<Rows> = LazyLock::new(|| {
    Rows::where_it_holds(|rule| matches!(rule.rule, "PE-KEY-18" | "PE-KEY-19" | "PE-KEY-20"))
});
/// The rows that depend on the question.
static BY_QUESTION: LazyLock<Rows> = LazyLock::new(|| Rows::where_it_holds(|rule| rule.by_question));
/// The rows of keys that a request need not carry.
static OPTIONAL_ROWS: LazyLock<Rows> =
    LazyLock::new(|| Rows::where_it_holds(|rule| OPTIONAL.contains(&rule.key)));

/// Fills a context from the table and the test's words: whole for whoever looks at it, and for a decision alone
/// with what the policies ask for.
///
/// Then it settles keys that the policies ask for and nobody has spoken of: a request never holds a key that the
/// catalog knows and does not list for its action (PE-KEY-40). Of what the catalog does not know, an action or
/// a key, nothing follows.
pub(crate) fn fill(facts: &Facts<'_>, overrides: Overrides, asked: &Asked<'_>, to_decide: bool) -> Context {
    let wanted = if to_decide { asked.rows_to_decide() } else { Rows::ALL };
    let mut filled = Filled::new(facts, overrides, wanted);
    let held = Held::new(facts);
    for key in filled.to_settle(asked) {
        if filled.is_open(key) && held.never(key) {
            filled.context.set(key, Absent);
        }
    }
    filled.context
}

/// A context before the catalog has settled what no request of the action holds.
pub(crate) struct Filled {
    pub(crate) context: Context,
    /// So many of its first keys are the test's own words, which stay.
    said: usize,
    /// The rows that are unknown.
    unknown: Rows,
    /// Whether a key that is in no row may be unknown.
    others_unknown: bool,
}

impl Filled {
    /// What is said first holds: the test's own words, what follows from them, what a session keeps, the table.
    pub(crate) fn new(facts: &Facts<'_>, overrides: Overrides, wanted: Rows) -> Self {
        let mut context = overrides.said;
        let said = context.values().len();
        infer(&mut context, wanted);
        for (key, value) in facts.session().into_iter().flat_map(|session| session.claims.iter().rev()) {
            context.set_if_new(&**key, || value.clone());
        }
        let unknown = fill_rows(&mut context, facts, wanted);
        let has_claims = facts.session().is_some_and(|session| !session.claims.is_empty());
        let others_unknown = context.is_partial() || has_claims;
        Self { context, said, unknown, others_unknown }
    }

    /// The keys that the catalog may settle. Where others are not unknown, nothing is left to settle of a key that
    /// is not spoken of: it is absent.
    pub(crate) fn to_settle<'a, 'k>(
        &self,
        asked: &'a Asked<'k>,
    ) -> impl Iterator<Item = &'k str> + use<'a, 'k> {
        let rows = if self.others_unknown { Rows::default() } else { self.unknown.and(asked.rows) };
        let keys = self.others_unknown.then(|| asked.keys()).into_iter().flatten();
        keys.map(ContextKey::folded).chain(rows.rules().map(|(_, rule, _)| rule.key))
    }

    /// Whether a key is unknown, and nobody has said that it shall be.
    pub(crate) fn is_open(&self, key: &str) -> bool {
        self.context.is_open(key, self.said)
    }
}

impl KeyRule {
    /// What it says of a request; nothing of issuers, of whom more than a value is said.
    pub(crate) fn say(&self, facts: &Facts<'_>) -> Option<Said> {
        match self.fill {
            Fill::Key(fill) => Some(Said::Key(fill(facts))),
            Fill::Family(fill) => {
                let mut members = Vec::new();
                let are_all = fill(facts, &mut |key, value| members.push((key.into(), value.into())));
                Some(Said::Family(members, are_all))
            }
            Fill::Issuers => None,
        }
    }
}

/// What a row of the table says.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    Key(ContextValue),
    /// The members of a family, and whether there are no others.
    Family(Vec<(Box<str>, Box<str>)>, bool),
}

/// Fills in rows of the table; the answer is which of them are unknown.
fn fill_rows(context: &mut Context, facts: &Facts<'_>, wanted: Rows) -> Rows {
    let mut unknown = Rows::default();
    let is_partial = context.is_partial();
    let mut text = String::new();
    for (row, rule, name) in wanted.rules() {
        match rule.fill {
            Fill::Key(fill) => {
                context.set_ready_if_new(name, || match fill(facts) {
                    Unknown if !is_partial && OPTIONAL_ROWS.and(row) == row => Absent,
                    Unknown => {
                        unknown = unknown | row;
                        Unknown
                    }
                    value => value,
                });
            }
            Fill::Family(fill) => {
                let mut member = |key: &str, value: &str| {
                    text.clear();
                    text.push_str(rule.key);
                    text.push_str(key);
                    context.set_if_new(&text, || one(value));
                };
                if fill(facts, &mut member) {
                    context.set_absent_prefix(rule.key);
                }
            }
            Fill::Issuers if !is_partial || facts.who() == Who::Federated => {}
            Fill::Issuers => {
                let own = facts.found.account.into_iter().flat_map(|account| account.oidc_providers.values());
                let own = own.map(|provider| &*provider.host_and_path);
                for issuer in BUILT_IN_ISSUERS.iter().copied().chain(own) {
                    context.set_absent_prefix(&[issuer, ":"].concat());
                }
            }
        }
    }
    unknown
}

/// Which keys a request of an action on a resource can hold.
pub(crate) struct Held<'f> {
    facts: &'f Facts<'f>,
    /// What the catalog knows of the action, once asked.
    action: OnceCell<Option<ActionEntry<'f>>>,
}

impl<'f> Held<'f> {
    pub(crate) fn new(facts: &'f Facts<'f>) -> Self {
        Self { facts, action: OnceCell::new() }
    }

    /// Whether it certainly never holds this one.
    pub(crate) fn never(&self, key: &str) -> bool {
        let Facts { state, action, arn, .. } = self.facts;
        let catalog = &state.catalog;
        let Some(entry) = *self.action.get_or_init(|| catalog.action(action.folded())) else { return false };
        // An ARN that fits no resource type of the action says nothing of which keys go with it.
        let fits = |arn: &&Arn| entry.resources().any(|on| on.resource_type().matches(arn));
        // The keys of all resource types first, which is the quicker question: what none of them has, no ARN adds.
        match catalog.applicability(entry, None, key) {
            Applicability::Listed => arn
                .filter(fits)
                .is_some_and(|arn| catalog.applicability(entry, Some(arn), key) == Applicability::Never),
            without => without == Applicability::Never,
        }
    }
}

/// What follows from the test's words for keys it did not speak of.
fn infer(context: &mut Context, wanted: Rows) {
    let present = |key: &str| matches!(context.said(key), Some(ContextValue::One(_) | ContextValue::Many(_)));
    // PE-KEY-17 to 20: an address of its own means that the request came through no endpoint, and the reverse.
    if present("aws:SourceIp") {
        for (_, _, name) in OF_ENDPOINTS.and(wanted).rules() {
            context.set_ready_if_new(name, || Absent);
        }
    } else if present("aws:SourceVpce") || present("aws:SourceVpc") || present("aws:VpcSourceIp") {
        context.set_if_new("aws:SourceIp", || Absent);
    }
}

/// Actions that the guide excepts from `aws:ResourceAccount` and its kin (PE-KEY-33).
pub(crate) fn is_excepted(action: &Action) -> bool {
    const EC2: &[&str] = &[
        "acceptvpcpeeringconnection",
        "copyimage",
        "copysnapshot",
        "createvolume",
        "createvpcendpoint",
        "createvpcpeeringconnection",
        "deletevpcpeeringconnection",
        "rejectvpcpeeringconnection",
    ];
    match action.service() {
        "ebs" | "events" | "workspaces" => true,
        "route53" => action.name().contains("vpc"),
        "ec2" => EC2.contains(&action.name()) || action.name().contains("transitgatewaypeering"),
        _ => false,
    }
}
