//! What two worlds answer differently, over callers × actions × resources.

use std::num::NonZeroUsize;

use iamsim::{Decision, Error, Explanation};
use iamsim_catalog::Catalog;
use iamsim_policy::Arn;

use crate::{Ask, Named, authorize_all, parallel};

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
    let all: Vec<(&str, &[Question])> =
        names.iter().flat_map(|name| questions.chunks(TOGETHER).map(move |part| (*name, part))).collect();
    let changed = parallel::map(&all, jobs, |(name, questions)| of_caller(name, questions, before, after));
    changed.into_iter().flatten().collect()
}

/// How many questions of a caller are asked at once.
const TOGETHER: usize = 512;

/// The callers of a world, and how it is asked.
type Side<'a> = (&'a Ask<'a>, &'a [Named]);

/// What changes for one caller.
fn of_caller(name: &str, questions: &[Question], before: Side<'_>, after: Side<'_>) -> Vec<Changed> {
    let answers = |(ask, callers): Side<'_>| -> Vec<Option<Kind>> {
        let Some((_, caller)) = callers.iter().find(|(other, _)| other == name) else {
            return vec![Some(Kind::Denied); questions.len()];
        };
        let requests = questions.iter().map(|(action, resource)| ask(caller, action, resource));
        authorize_all(requests).iter().map(certain).collect()
    };
    let explained = |(ask, callers): Side<'_>, (action, resource): &Question| {
        let (_, caller) = callers.iter().find(|(other, _)| other == name)?;
        Some(ask(caller, action, resource).explain())
    };
    let mut changes = Vec::new();
    for (question, answers) in questions.iter().zip(answers(before).into_iter().zip(answers(after))) {
        if matches!(answers, (Some(before), Some(after)) if before == after) {
            continue;
        }
        let (before, after) = (explained(before, question), explained(after, question));
        if kind(before.as_ref()) != kind(after.as_ref()) {
            let (action, resource) = question.clone();
            changes.push(Changed { name: name.to_owned(), action, resource, before, after });
        }
    }
    changes
}

/// What a decision counts as; of one that is undetermined only its explanation tells.
fn certain(decision: &Result<Decision, Error>) -> Option<Kind> {
    match decision {
        Ok(Decision::Allow) => Some(Kind::Allowed),
        Ok(Decision::Undetermined) => None,
        Ok(_) | Err(_) => Some(Kind::Denied),
    }
}

#[cfg(test)]
mod tests {
    use iamsim::Cloud;

    use super::*;

    const HOME: &str = "111122223333";

    fn statement(effect: &str, action: &str, more: &str) -> String {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{
                "Effect": "{effect}", "Action": "{action}", "Resource": "*"{more}}}}}"#
        )
    }

    #[test]
    fn what_changes_is_what_the_explanations_of_both_worlds_say() {
        let office = r#", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#;
        let policies = [
            statement("Allow", "sqs:*", ""),
            statement("Allow", "sqs:List*", office),
            statement("Deny", "sqs:*", ""),
            statement("Deny", "sqs:Delete*", office),
            statement("Allow", "sns:*", ""),
        ];
        let world = |given: usize| {
            let mut cloud = Cloud::new();
            let mut account = cloud.account(HOME).unwrap();
            let mut named: Vec<Named> = Vec::new();
            for number in 0..policies.len() {
                // In each world another user is not there.
                if number == given {
                    continue;
                }
                let policy = &policies[(number + given) % policies.len()];
                let user = account.add_user(&format!("user-{number}")).unwrap();
                named.push((format!("user-{number}"), user.attach("p", policy.as_str()).unwrap().caller()));
            }
            (cloud.snapshot(), named)
        };
        let actions =
            ["sqs:ListQueues", "sqs:DeleteQueue", "sqs:GetQueueUrl", "sns:ListTopics", "iam:ListUsers"];
        let questions: Vec<Question> = actions.map(|action| (action.to_owned(), "*".to_owned())).into();
        let worlds: Vec<_> = (0..policies.len()).map(world).collect();
        let mut counts = [0; 3];
        for (before, callers) in &worlds {
            for (after, others) in &worlds {
                let changed = differences(
                    (&|who, action, on| before.request(who, action, on), callers),
                    (&|who, action, on| after.request(who, action, on), others),
                    &questions,
                    NonZeroUsize::MIN,
                );
                let told = |name: &str, (action, on): &Question| {
                    let answer = |snapshot: &iamsim::Snapshot, callers: &[Named]| {
                        let (_, caller) = callers.iter().find(|(other, _)| other == name)?;
                        Some(snapshot.explain(caller, action, on))
                    };
                    (kind(answer(before, callers).as_ref()), kind(answer(after, others).as_ref()))
                };
                let names: std::collections::BTreeSet<&str> =
                    callers.iter().chain(others).map(|(name, _)| name.as_str()).collect();
                let mut expected: Vec<(&str, &str)> = Vec::new();
                for name in names {
                    for question in &questions {
                        let (before, after) = told(name, question);
                        if before != after {
                            expected.push((name, &question.0));
                            counts[after as usize] += 1;
                        }
                    }
                }
                let mut found: Vec<(&str, &str)> =
                    changed.iter().map(|change| (change.name.as_str(), change.action.as_str())).collect();
                found.sort_by_key(|(name, _)| *name);
                assert_eq!(found, expected);
            }
        }
        assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
    }
}
