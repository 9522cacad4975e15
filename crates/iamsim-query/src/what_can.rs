//! From a caller to everything it may do.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use iamsim::{Caller, ContextValue, Decision, Explanation, RequestBuilder, Result};
use iamsim_catalog::{ActionEntry, Catalog, Service};
use iamsim_policy::{Arn, ContextKey, Effect};

use crate::resources::instance_arn;
use crate::targets::{Scope, Target, Targets};
use crate::{Ask, authorize_all, fold, parallel};

/// What a caller can do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Can {
    /// What is allowed, by service, then by the resource it was asked on.
    pub granted: Vec<Grant>,
    /// What depends on something that is not known.
    pub undecided: Vec<Undecided>,
    /// How many questions were asked.
    pub asked: usize,
}

/// Actions of one service that are allowed on the same resources.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The service's prefix.
    pub service: String,
    /// On what it was asked.
    pub on: On,
    /// Patterns that name exactly these actions.
    pub actions: Vec<String>,
}

/// Actions of one service whose answer waits for the same keys and facts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undecided {
    /// The service's prefix.
    pub service: String,
    /// On what it was asked.
    pub on: On,
    /// Patterns that name exactly these actions.
    pub actions: Vec<String>,
    /// The context keys and facts that the answers wait for.
    pub depends_on: Vec<String>,
}

/// What an action was asked on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "any resource or a certain one")]
pub enum On {
    /// No resource, or one of the caller's account that nothing names, `any`, of one of the action's types.
    Any,
    /// This one.
    Arn(String),
}

/// Asks for every action of the catalog what a caller may do: on resources that are named, or else on one of the
/// caller's account that nothing names and on an example of every resource its policies name. What the policy of
/// a resource without name might add is not asked.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use iamsim::Cloud;
/// use iamsim_catalog::Catalog;
/// use iamsim_query::what_can;
///
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?
///     .attach("queues", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": ["sqs:List*", "sqs:GetQueueUrl"], "Resource": "*"}}"#)?
///     .caller();
/// let snapshot = cloud.snapshot();
/// let can = what_can(
///     &|who, action, resource| snapshot.request(who, action, resource),
///     &dev,
///     Catalog::embedded(),
///     &["sqs".to_owned()],
///     &[],
///     NonZeroUsize::MIN,
/// );
/// assert_eq!(can.granted[0].actions, ["sqs:GetQueueUrl", "sqs:List*"]);
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn what_can(
    ask: &Ask<'_>,
    caller: &Caller,
    catalog: &Catalog,
    services: &[String],
    resources: &[String],
    jobs: NonZeroUsize,
) -> Can {
    let services: Vec<Service<'_>> = catalog
        .services()
        .filter(|service| {
            services.is_empty() || services.iter().any(|name| name.eq_ignore_ascii_case(service.prefix()))
        })
        .collect();
    let account = caller.account().map(|id| id.to_string()).unwrap_or_default();
    let with_any = resources.is_empty();
    let named = if with_any {
        named_by_policies(ask, caller)
    } else {
        resources.iter().filter_map(|arn| arn.parse().ok()).collect()
    };
    let scope = Scope { partition: partition(caller), account, named, with_any };
    let services: Vec<&[Service<'_>]> = services.chunks(TOGETHER).collect();
    let answers = parallel::map(&services, jobs, |services| of_services(ask, caller, services, &scope));
    let mut can = Can::default();
    for answer in answers.into_iter().flatten() {
        can.granted.extend(answer.granted);
        can.undecided.extend(answer.undecided);
        can.asked += answer.asked;
    }
    can
}

/// How many services are asked for at once: enough to make good use of what is found for the caller, and few enough
/// to share the work between threads and to keep the questions near the processor.
const TOGETHER: usize = 8;

/// A service, and what is asked about its actions.
struct Inquiry<'c, 'a> {
    service: Service<'c>,
    targets: Targets<'c, 'a>,
    /// Each action with the place of what it is asked on.
    questions: Vec<(ActionEntry<'c>, usize)>,
}

impl<'c, 'a> Inquiry<'c, 'a> {
    fn new(service: Service<'c>, scope: &'a Scope) -> Self {
        let mut targets = Targets::new(scope);
        let mut questions = Vec::new();
        for action in service.actions() {
            questions.extend(targets.of(action).into_iter().map(|target| (action, target)));
        }
        Self { service, targets, questions }
    }

    /// Its questions in order.
    fn questions(&self) -> impl Iterator<Item = (ActionEntry<'c>, &Target)> {
        self.questions.iter().filter_map(|(action, target)| Some((*action, self.targets.get(*target)?)))
    }
}

fn of_services(ask: &Ask<'_>, caller: &Caller, services: &[Service<'_>], scope: &Scope) -> Vec<Can> {
    let request = |action: ActionEntry<'_>, target: &Target| {
        let request = ask(caller, &action.to_string(), &target.resource);
        if target.on == On::Any && !scope.account.is_empty() {
            // Whose a bucket of any name is, its ARN does not say.
            return request.owner(&scope.account);
        }
        request
    };
    let inquiries: Vec<Inquiry<'_, '_>> =
        services.iter().map(|service| Inquiry::new(*service, scope)).collect();
    let questions = inquiries.iter().flat_map(Inquiry::questions);
    let mut decisions = authorize_all(questions.map(|(action, target)| request(action, target))).into_iter();
    let mut of_service = |inquiry: &Inquiry<'_, '_>| of_service(inquiry, &mut decisions, &request, scope);
    inquiries.iter().map(&mut of_service).collect()
}

fn of_service(
    inquiry: &Inquiry<'_, '_>,
    decisions: &mut impl Iterator<Item = Result<Decision>>,
    request: &dyn Fn(ActionEntry<'_>, &Target) -> RequestBuilder,
    scope: &Scope,
) -> Can {
    let service = inquiry.service;
    let mut granted: BTreeMap<On, BTreeSet<&str>> = BTreeMap::new();
    let mut open: BTreeMap<(On, Vec<String>), BTreeSet<&str>> = BTreeMap::new();
    let mut asked = 0;
    for ((action, target), decision) in inquiry.questions().zip(decisions) {
        asked += 1;
        let on = &target.on;
        match decision {
            Ok(Decision::Allow) => {
                granted.entry(on.clone()).or_default().insert(action.name());
            }
            Ok(Decision::Undetermined) => {
                // What the policy of a resource that nobody has named might add is nobody's question.
                if let Ok(explanation) = request(action, target).explain()
                    && !explanation.is_denied()
                    && (*on != On::Any || !explanation.unknown_keys().is_empty())
                {
                    open.entry((on.clone(), depends_on(&explanation))).or_default().insert(action.name());
                }
            }
            _ => {}
        }
    }
    // What may be done anywhere need not be told again of a certain resource, nor that it is open of another type.
    let everywhere = granted.get(&On::Any).cloned().unwrap_or_default();
    for ((on, _), actions) in &mut open {
        if let Some(granted) = granted.get(on) {
            actions.retain(|action| !granted.contains(action));
        }
    }
    open.retain(|_, actions| !actions.is_empty());
    for (on, actions) in &mut granted {
        if matches!(on, On::Arn(_)) && scope.with_any {
            actions.retain(|action| !everywhere.contains(action));
        }
    }
    let patterns = |actions: &BTreeSet<&str>| fold(service, |action| actions.contains(action.name()));
    let prefix = service.prefix().to_owned();
    Can {
        granted: granted
            .iter()
            .filter(|(_, actions)| !actions.is_empty())
            .map(|(on, actions)| Grant {
                service: prefix.clone(),
                on: on.clone(),
                actions: patterns(actions),
            })
            .collect(),
        undecided: open
            .iter()
            .map(|((on, depends_on), actions)| Undecided {
                service: prefix.clone(),
                on: on.clone(),
                actions: patterns(actions),
                depends_on: depends_on.clone(),
            })
            .collect(),
        asked,
    }
}

/// An example of every resource that the Allows of the caller's own policies name.
fn named_by_policies(ask: &Ask<'_>, caller: &Caller) -> Vec<Arn> {
    let account = caller.account().map(|id| id.to_string()).unwrap_or_default();
    let partition = partition(caller);
    // Any action whose answer the policies give will do: all of them are explained.
    let Ok(explanation) = ask(caller, "s3:ListAllMyBuckets", "*").explain() else { return Vec::new() };
    let context = explanation.request().context();
    let value = |key: &ContextKey| match context.get(key) {
        ContextValue::One(value) => Some(value.to_string()),
        _ => None,
    };
    let mut named = BTreeSet::new();
    for layer in explanation.layers() {
        let policies = layer.levels.iter().flat_map(|level| &level.policies);
        for statement in policies.flat_map(|policy| &policy.statements) {
            if let Some(clause) = statement.statement.resource()
                && statement.statement.effect() == Effect::Allow
                && !clause.is_negated()
            {
                let texts = clause.patterns().iter().map(|pattern| pattern.value.as_str());
                named.extend(texts.filter_map(|text| instance_arn(text, &partition, &account, &value)));
            }
        }
    }
    named.into_iter().collect()
}

/// The partition a caller is in; services and strangers are taken for AWS's own.
fn partition(caller: &Caller) -> String {
    let arn = caller.to_string();
    arn.strip_prefix("arn:").and_then(|rest| rest.split(':').next()).unwrap_or("aws").to_owned()
}

fn depends_on(explanation: &Explanation) -> Vec<String> {
    let mut keys = explanation.unknown_keys();
    keys.extend(explanation.unknown_facts().iter().map(ToString::to_string));
    keys
}
