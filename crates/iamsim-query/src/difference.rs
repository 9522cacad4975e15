//! What two worlds answer differently, over callers × actions × resources.

use std::num::NonZeroUsize;

use iamsim::{Decision, Error, Explanation};
use iamsim_catalog::Catalog;
use iamsim_policy::Arn;

use crate::{Ask, Named, parallel};

/// An action and what it is asked on, an ARN or `*`.
pub type Question = (String, String);

/// Every action on every resource that it can be asked on, as far as the catalog knows: an action without resource
/// types on none, and one that the catalog does not know on all.
///
/// ```
/// use iamsim_catalog::Catalog;
/// use iamsim_query::fitting;
///
/// let actions = ["sqs:ListQueues".to_owned(), "sqs:SendMessage".to_owned()];
/// let resources = ["arn:aws:sqs:eu-west-1:111122223333:orders".to_owned(), "arn:aws:s3:::orders".to_owned()];
/// let questions = fitting(Catalog::embedded(), &actions, &resources);
/// assert_eq!(questions.len(), 2);
/// assert_eq!(questions[0].1, "*");
/// assert_eq!(questions[1].1, "arn:aws:sqs:eu-west-1:111122223333:orders");
/// ```
pub fn fitting(catalog: &Catalog, actions: &[String], resources: &[String]) -> Vec<Question> {
    let arns: Vec<(&String, Arn)> =
        resources.iter().filter_map(|text| Some((text, text.parse().ok()?))).collect();
    let mut questions = Vec::new();
    for action in actions {
        let mut ask = |on: &str| questions.push((action.clone(), on.to_owned()));
        match catalog.action(action) {
            Some(entry) if !entry.has_resource_types() => ask("*"),
            Some(entry) => {
                let fits = |arn: &Arn| entry.resources().any(|on| on.resource_type().matches(arn));
                for (text, _) in arns.iter().filter(|(_, arn)| fits(arn)) {
                    ask(text);
                }
            }
            None => {
                for (text, _) in &arns {
                    ask(text);
                }
                ask("*");
            }
        }
    }
    questions
}

/// One question that two worlds answer differently.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Changed {
    /// The name the caller goes by.
    pub name: String,
    /// For which action.
    pub action: String,
    /// On which resource.
    pub resource: String,
    /// What came before; none when there was no such caller.
    pub before: Option<Result<Explanation, Error>>,
    /// What comes after; none when there is no such caller any more.
    pub after: Option<Result<Explanation, Error>>,
}

/// The answers that count as different. That somebody is not there, or that a request can't be made, is a denial:
/// it certainly does not go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Allowed,
    Denied,
    Open,
}

impl Changed {
    /// `allowed`, `denied` or `undetermined`: what it has become.
    pub fn becomes(&self) -> Decision {
        match kind(self.after.as_ref()) {
            Kind::Allowed => Decision::Allow,
            Kind::Open => Decision::Undetermined,
            Kind::Denied => match &self.after {
                Some(Ok(explanation)) if explanation.decision() == Decision::ExplicitDeny => {
                    Decision::ExplicitDeny
                }
                _ => Decision::ImplicitDeny,
            },
        }
    }
}

fn kind(answer: Option<&Result<Explanation, Error>>) -> Kind {
    match answer {
        Some(Ok(explanation)) if explanation.decision() == Decision::Allow => Kind::Allowed,
        Some(Ok(explanation)) if !explanation.is_denied() => Kind::Open,
        _ => Kind::Denied,
    }
}

/// Every question that two worlds answer differently, in the order of callers and questions. Callers are the same
/// when their names are.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use iamsim::{Cloud, Decision};
/// use iamsim_query::differences;
///
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?.caller();
/// let before = cloud.snapshot();
/// cloud.account("111122223333")?.user("dev")?.attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")?;
/// let after = cloud.snapshot();
///
/// let callers = [("dev".to_owned(), dev)];
/// let questions = [("sqs:ListQueues".to_owned(), "*".to_owned())];
/// let changes = differences(
///     (&|who, action, on| before.request(who, action, on), &callers),
///     (&|who, action, on| after.request(who, action, on), &callers),
///     &questions,
///     NonZeroUsize::MIN,
/// );
/// assert_eq!(changes[0].becomes(), Decision::Allow);
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn differences(
    before: (&Ask<'_>, &[Named]),
    after: (&Ask<'_>, &[Named]),
    questions: &[Question],
    jobs: NonZeroUsize,
) -> Vec<Changed> {
    let mut names: Vec<&str> = before.1.iter().map(|(name, _)| name.as_str()).collect();
    for (name, _) in after.1 {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let all: Vec<(&str, &Question)> =
        names.iter().flat_map(|name| questions.iter().map(move |question| (*name, question))).collect();
    let changed = parallel::map(&all, jobs, |(name, (action, resource))| {
        let answer = |(ask, callers): (&Ask<'_>, &[Named])| {
            let (_, caller) = callers.iter().find(|(other, _)| other == name)?;
            Some(ask(caller, action, resource).explain())
        };
        let (before, after) = (answer(before), answer(after));
        (kind(before.as_ref()) != kind(after.as_ref())).then(|| Changed {
            name: (*name).to_owned(),
            action: action.clone(),
            resource: resource.clone(),
            before,
            after,
        })
    });
    changed.into_iter().flatten().collect()
}
