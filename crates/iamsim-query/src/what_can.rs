//! From a caller to everything it may do.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use iamsim::{Caller, ContextValue, Decision, Explanation, RequestBuilder, Result};
use iamsim_catalog::{ActionEntry, Catalog, Service};
use iamsim_policy::{Arn, ContextKey, Effect};

use crate::resources::{instance_arn, sample};
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
    let named = if resources.is_empty() { named_by_policies(ask, caller) } else { Vec::new() };
    let services: Vec<&[Service<'_>]> = services.chunks(TOGETHER).collect();
    let answers =
        parallel::map(&services, jobs, |services| of_services(ask, caller, services, resources, &named));
    let mut can = Can::default();
    for answer in answers.into_iter().flatten() {
        can.granted.extend(answer.granted);
        can.undecided.extend(answer.undecided);
        can.asked += answer.asked;
    }
    can
}

/// How many services are asked for at once: enough to make good use of what is found for the caller, and few enough
/// to share the work between threads.
const TOGETHER: usize = 32;

/// One question about an action.
struct Question<'c> {
    action: ActionEntry<'c>,
    on: On,
    request: RequestBuilder,
}

fn of_services(
    ask: &Ask<'_>,
    caller: &Caller,
    services: &[Service<'_>],
    given: &[String],
    named: &[Arn],
) -> Vec<Can> {
    let mut questions: Vec<Vec<Question<'_>>> =
        services.iter().map(|service| questions(ask, caller, *service, given, named)).collect();
    let requests = questions.iter().flatten().map(|question| question.request.clone());
    let mut decisions = authorize_all(requests).into_iter();
    let of_service = |(service, questions): (&Service<'_>, &mut Vec<Question<'_>>)| {
        let count = questions.len();
        let answered = questions.drain(..).zip(decisions.by_ref().take(count));
        of_service(*service, answered, given.is_empty())
    };
    services.iter().zip(&mut questions).map(of_service).collect()
}

/// What is asked about the actions of a service.
fn questions<'c>(
    ask: &Ask<'_>,
    caller: &Caller,
    service: Service<'c>,
    given: &[String],
    named: &[Arn],
) -> Vec<Question<'c>> {
    let account = caller.account().map(|id| id.to_string()).unwrap_or_default();
    let partition = partition(caller);
    let mut questions = Vec::new();
    for action in service.actions() {
        let name = action.to_string();
        for (on, resource) in targets(action, given, named, (&partition, &account)) {
            let mut request = ask(caller, &name, &resource);
            if on == On::Any && !account.is_empty() {
                // Whose a bucket of any name is, its ARN does not say.
                request = request.owner(&account);
            }
            questions.push(Question { action, on, request });
        }
    }
    questions
}

fn of_service<'c>(
    service: Service<'c>,
    answered: impl Iterator<Item = (Question<'c>, Result<Decision>)>,
    anywhere: bool,
) -> Can {
    let mut granted: BTreeMap<On, BTreeSet<&str>> = BTreeMap::new();
    let mut open: BTreeMap<(On, Vec<String>), BTreeSet<&str>> = BTreeMap::new();
    let mut asked = 0;
    for (Question { action, on, request }, decision) in answered {
        asked += 1;
        match decision {
            Ok(Decision::Allow) => {
                granted.entry(on).or_default().insert(action.name());
            }
            Ok(Decision::Undetermined) => {
                // What the policy of a resource that nobody has named might add is nobody's question.
                if let Ok(explanation) = request.explain()
                    && !explanation.is_denied()
                    && (on != On::Any || !explanation.unknown_keys().is_empty())
                {
                    open.entry((on, depends_on(&explanation))).or_default().insert(action.name());
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
        if matches!(on, On::Arn(_)) && anywhere {
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

/// On what an action is asked.
fn targets(
    action: ActionEntry<'_>,
    given: &[String],
    named: &[Arn],
    (partition, account): (&str, &str),
) -> Vec<(On, String)> {
    if !action.has_resource_types() {
        return vec![(On::Any, "*".to_owned())];
    }
    let fits = |arn: &Arn| action.resources().any(|on| on.resource_type().matches(arn));
    if !given.is_empty() {
        let given = given.iter().filter(|arn| arn.parse().is_ok_and(|arn| fits(&arn)));
        return given.map(|arn| (On::Arn(arn.clone()), arn.clone())).collect();
    }
    // Of every type that the action can be asked on: an object behind an access point is one thing, an object
    // in its bucket another.
    let any = action.resources().filter_map(|on| sample(on.resource_type(), partition, account));
    let mut targets: Vec<_> = any.map(|arn| (On::Any, arn.to_string())).collect();
    targets.sort();
    targets.dedup();
    targets
        .extend(named.iter().filter(|arn| fits(arn)).map(|arn| (On::Arn(arn.to_string()), arn.to_string())));
    targets
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
