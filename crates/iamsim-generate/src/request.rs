//! The requests asked of an organization: what is asked matters as much as who could.

use std::sync::Arc;

use iamsim::{AssumeRoleWithWebIdentity, Caller, Cloud, RequestBuilder, Result, Snapshot, WebIdentityToken};
use iamsim_policy::ActionPattern;

use crate::corpus::{Corpus, Place, Statement, instance, statements};
use crate::document::OIDC_HOST;
use crate::draw::Draw;
use crate::organization::{Account, Organization, Role};
use crate::shape::{Archetype, POPULAR_ACTIONS};

/// What a request was drawn as. Whether it is that, only a decision says: a guardrail may deny what a statement
/// allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// A statement names the action.
    Exact,
    /// A statement has a pattern for the action.
    Wildcard,
    /// No policy of the caller speaks of the action's service.
    Implicit,
    /// A guardrail or boundary denies it.
    Explicit,
    /// The one statement that speaks of it asks for a key that the request does not carry.
    MissingKey,
}

impl RequestKind {
    /// In kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Wildcard => "wildcard",
            Self::Implicit => "implicit",
            Self::Explicit => "explicit",
            Self::MissingKey => "missing-key",
        }
    }
}

/// Shares of the kinds, in percent.
const KINDS: &[(RequestKind, u32)] = &[
    (RequestKind::Exact, 60),
    (RequestKind::Wildcard, 15),
    (RequestKind::Implicit, 15),
    (RequestKind::Explicit, 5),
    (RequestKind::MissingKey, 5),
];

/// Requests of sessions with a session policy, in percent.
const SESSION_POLICIES: usize = 3;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The account of the role whose session asks.
    pub account: String,
    /// The role's name, with its path.
    pub role: String,
    /// The repository, where the session comes from a pipeline and has a session policy.
    pub session_policy: Option<(String, Arc<str>)>,
    /// The action.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// The account that owns the resource, where its ARN does not say.
    pub owner: Option<String>,
    /// The context that the world does not know by itself; everything else is absent.
    pub context: Vec<(&'static str, &'static str)>,
    /// What it was drawn as.
    pub kind: RequestKind,
}

/// How many callers are tried until one suits.
const TRIES: usize = 60;

impl Organization {
    /// The requests with the numbers `0..count`. Callers follow Zipf's law: few ask most.
    pub fn requests(&self, corpus: &Corpus, count: usize) -> Vec<Request> {
        (0..count).filter_map(|number| self.request(corpus, number)).collect()
    }

    fn request(&self, corpus: &Corpus, number: usize) -> Option<Request> {
        let mut draw = Draw::new(self.seed, "request", number);
        let mut kind = draw.weighted(KINDS).copied()?;
        let with_session_policy = draw.percent(SESSION_POLICIES);
        let mut first = None;
        for attempt in 0..TRIES {
            let rank = draw.zipf(self.size.roles);
            let Some((account, role)) = self.role_of_rank(rank) else { continue };
            if with_session_policy && role.archetype != Archetype::Pipeline && attempt < TRIES / 2 {
                continue;
            }
            first = first.or(Some((account, role)));
            if let Some(request) = self.asked(corpus, &mut draw, account, role, kind, with_session_policy) {
                return Some(request);
            }
        }
        // Small organizations may have nobody who could ask for that; everybody can ask for what is not theirs.
        kind = RequestKind::Implicit;
        let (account, role) = first?;
        self.asked(corpus, &mut draw, account, role, kind, false)
    }

    /// Ranks are spread over all accounts, so that the busiest roles are not neighbours.
    fn role_of_rank(&self, rank: usize) -> Option<(&Account, &Role)> {
        let accounts = self.accounts.len().max(1);
        let account = self.accounts.get(rank % accounts)?;
        account.roles.get((rank / accounts) % account.roles.len().max(1)).map(|role| (account, role))
    }

    fn asked(
        &self,
        corpus: &Corpus,
        draw: &mut Draw,
        account: &Account,
        role: &Role,
        kind: RequestKind,
        with_session_policy: bool,
    ) -> Option<Request> {
        let place = Place { account: &account.id, region: "eu-west-1" };
        let held: Vec<Statement> = self.texts(account, role).flat_map(statements).collect();
        let (action, resource) = match kind {
            RequestKind::Exact | RequestKind::Wildcard | RequestKind::MissingKey => {
                let conditional = kind == RequestKind::MissingKey;
                let wild = kind == RequestKind::Wildcard;
                let suits = |statement: &&Statement| {
                    !statement.denies
                        && !statement.not_action
                        && !statement.not_resource
                        && statement.condition.is_null() != conditional
                        && statement.resources.iter().all(|resource| !resource.contains('$'))
                        && statement.actions.iter().any(|action| is_pattern(action) == wild)
                };
                let may: Vec<&Statement> = held.iter().filter(suits).collect();
                let statement = *draw.one_of(&may)?;
                let actions: Vec<&String> =
                    statement.actions.iter().filter(|action| is_pattern(action) == wild).collect();
                let action = one_of_pattern(corpus, draw.one_of(&actions)?, draw)?;
                if conditional && spoken_of(&held, &action) > 1 {
                    return None;
                }
                let resource = draw.one_of(&statement.resources)?;
                let resource = if resource == "*" {
                    corpus.resource_of(&action, draw, place)
                } else {
                    instance(resource, draw)
                };
                (action, resource)
            }
            RequestKind::Implicit => {
                let action = if draw.percent(50) {
                    (*draw.weighted(POPULAR_ACTIONS)?).to_owned()
                } else {
                    let services = corpus.catalog.services();
                    let count = services.len();
                    let service = corpus.catalog.services().nth(draw.below(count))?.prefix();
                    format!("{service}:{}", corpus.action_of(service, draw)?.name())
                };
                if spoken_of(&held, &action) > 0 {
                    return None;
                }
                let resource = corpus.resource_of(&action, draw, place);
                (action, resource)
            }
            RequestKind::Explicit => {
                let mut denied: Vec<&str> =
                    self.units_of(account).flat_map(|unit| unit.denied.iter().copied()).collect();
                if role.boundary.is_some() {
                    denied = vec!["iam:CreateUser"];
                }
                let action = (*draw.one_of(&denied)?).to_owned();
                let resource = corpus.resource_of(&action, draw, place);
                (action, resource)
            }
        };
        // An ARN somebody left a wildcard or variable in names nothing that could be asked for.
        if resource != "*" && (resource.contains(['*', '$', '?']) || resource.splitn(6, ':').count() < 6) {
            return None;
        }
        let session_policy = match &role.repository {
            Some(repository) if with_session_policy => {
                let text = format!(
                    "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"{action}\",\
                     \"Resource\":\"*\"}}]}}"
                );
                Some((repository.clone(), text.into()))
            }
            _ => None,
        };
        let owned = resource.split(':').nth(4) == Some("");
        Some(Request {
            owner: owned.then(|| account.id.clone()),
            account: account.id.clone(),
            role: role.name.clone(),
            session_policy,
            action,
            resource,
            context: vec![
                ("aws:SourceIp", "203.0.113.7"),
                ("aws:RequestedRegion", "eu-west-1"),
                ("aws:SecureTransport", "true"),
                ("aws:UserAgent", "aws-cli/2"),
            ],
            kind,
        })
    }

    /// The documents that speak for a role.
    fn texts<'o>(&'o self, account: &'o Account, role: &'o Role) -> impl Iterator<Item = &'o str> {
        let own = |arn: &str| {
            let name = arn.rsplit('/').next()?;
            account.policies.iter().find(|policy| policy.name == name).map(|policy| &policy.text)
        };
        let attached = role.attached.iter().filter_map(move |arn| self.aws.get(arn).or_else(|| own(arn)));
        let attached = attached.map(|text| &**text);
        role.inline.iter().map(|policy| &*policy.text).chain(attached)
    }

    /// The session that asks.
    ///
    /// # Errors
    ///
    /// When the cloud was not built from this organization.
    pub fn caller(&self, cloud: &mut Cloud, request: &Request) -> Result<Caller> {
        let mut account = cloud.account(&request.account)?;
        let name = request.role.rsplit('/').next().unwrap_or_default();
        let role = account.role(name)?;
        let Some((repository, policy)) = &request.session_policy else { return role.session("work") };
        let arn = role.arn();
        let subject = format!("repo:example/{repository}:ref:refs/heads/main");
        let token = WebIdentityToken::new(&format!("https://{OIDC_HOST}"), &subject, "sts.amazonaws.com");
        let call = AssumeRoleWithWebIdentity::new(&arn, "work", &token).policy(&**policy);
        Ok(cloud.sts().assume_role_with_web_identity(call)?.caller().clone())
    }
}

impl Request {
    /// The request, ready to be decided or explained.
    pub fn ask(&self, snapshot: &Snapshot, caller: &Caller) -> RequestBuilder {
        let asked = snapshot.request(caller, &self.action, &self.resource).complete();
        let asked = self.context.iter().fold(asked, |asked, (key, value)| asked.context(key, value));
        match &self.owner {
            Some(owner) => asked.owner(owner),
            None => asked,
        }
    }
}

fn is_pattern(action: &str) -> bool {
    action.contains(['*', '?'])
}

/// How many statements speak of the action's service; a bare star speaks of all.
fn spoken_of(held: &[Statement], action: &str) -> usize {
    let service = action.split(':').next().unwrap_or_default();
    let speaks = |statement: &&Statement| {
        statement.not_action
            || statement.actions.iter().any(|pattern| {
                let of = pattern.split(':').next().unwrap_or_default();
                of.eq_ignore_ascii_case(service) || is_pattern(of)
            })
    };
    held.iter().filter(speaks).count()
}

/// An action that a pattern names: half of the time one of those that are called most, if it names any.
fn one_of_pattern(corpus: &Corpus, pattern: &str, draw: &mut Draw) -> Option<String> {
    if !is_pattern(pattern) {
        return Some(pattern.to_owned());
    }
    let matcher = ActionPattern::new(pattern);
    let named = |action: &str| action.parse().is_ok_and(|action| matcher.matches(&action));
    let popular: Vec<_> = POPULAR_ACTIONS.iter().copied().filter(|(action, _)| named(action)).collect();
    if !popular.is_empty() && draw.percent(50) {
        return draw.weighted(&popular).map(|action| (*action).to_owned());
    }
    let actions: Vec<_> = corpus.catalog.expand(&matcher).collect();
    let action = draw.one_of(&actions)?;
    Some(format!("{}:{}", action.service().prefix(), action.name()))
}
