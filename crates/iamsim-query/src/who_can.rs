//! From an action and a resource to everybody who may.

use std::num::NonZeroUsize;

use iamsim::{Decision, Explanation, Result};

use crate::{Ask, Named, Term, authorize_all, parallel, terms};

/// What one caller is answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The name the caller goes by.
    pub name: String,
    /// The caller's ARN, or what stands for it.
    pub arn: String,
    /// The decision; an error when the caller's credentials are no longer good.
    pub decision: Result<Decision>,
    /// The decision and why, for whom it was wanted.
    pub explanation: Option<Explanation>,
    /// The conditions on which the caller may, or may perhaps.
    pub terms: Vec<Term>,
}

/// Whose answers are explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "those who may, or all who were asked for")]
pub enum Explained {
    /// Those who may, and those who perhaps may: a denial is had for much less than its explanation.
    WhoMay,
    /// Everybody.
    Everybody,
}

/// Asks one action on one resource for each of some callers; the answers come in their order.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use iamsim::{Cloud, Decision};
/// use iamsim_query::{Explained, who_can};
///
/// let mut cloud = Cloud::new();
/// let mut account = cloud.account("111122223333")?;
/// let dev = account.add_user("dev")?.caller();
/// let root = account.root();
/// let snapshot = cloud.snapshot();
/// let callers = [("dev".to_owned(), dev), ("root".to_owned(), root)];
/// let answers = who_can(
///     &|who, action, resource| snapshot.request(who, action, resource),
///     &callers,
///     ("iam:ListUsers", "*"),
///     Explained::WhoMay,
///     NonZeroUsize::MIN,
/// );
/// let decisions: Vec<_> = answers.iter().map(|answer| answer.decision.clone().unwrap()).collect();
/// assert_eq!(decisions, [Decision::ImplicitDeny, Decision::Allow]);
/// assert!(answers[0].explanation.is_none());
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn who_can(
    ask: &Ask<'_>,
    callers: &[Named],
    (action, resource): (&str, &str),
    explained: Explained,
    jobs: NonZeroUsize,
) -> Vec<Answered> {
    let parts: Vec<&[Named]> =
        callers.chunks(callers.len().div_ceil(jobs.get()).clamp(1, TOGETHER)).collect();
    let answered = parallel::map(&parts, jobs, |callers| {
        let requests = callers.iter().map(|(_, caller)| ask(caller, action, resource));
        let decisions = authorize_all(requests);
        let answers = callers.iter().zip(decisions).map(|((name, caller), decision)| {
            let explanation = match (&decision, explained) {
                (Ok(_), Explained::Everybody)
                | (Ok(Decision::Allow | Decision::Undetermined), Explained::WhoMay) => {
                    ask(caller, action, resource).explain().ok()
                }
                _ => None,
            };
            let terms = explanation.as_ref().map(terms).unwrap_or_default();
            Answered { name: name.clone(), arn: caller.to_string(), decision, explanation, terms }
        });
        answers.collect::<Vec<_>>()
    });
    answered.into_iter().flatten().collect()
}

/// How many callers are asked for at once, at most.
const TOGETHER: usize = 64;
