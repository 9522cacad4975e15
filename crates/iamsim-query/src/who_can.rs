//! From an action and a resource to everybody who may.

use std::num::NonZeroUsize;

use iamsim::{Explanation, Result};

use crate::{Ask, Named, Term, parallel, terms};

/// What one caller is answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The name the caller goes by.
    pub name: String,
    /// The caller's ARN, or what stands for it.
    pub arn: String,
    /// The decision and why; an error when the caller's credentials are no longer good.
    pub explanation: Result<Explanation>,
    /// The conditions on which the caller may, or may perhaps.
    pub terms: Vec<Term>,
}

/// Asks one action on one resource for each of some callers; the answers come in their order.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use iamsim::{Cloud, Decision};
/// use iamsim_query::who_can;
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
///     "iam:ListUsers",
///     "*",
///     NonZeroUsize::MIN,
/// );
/// let decisions: Vec<_> = answers.iter().map(|answer| answer.explanation.as_ref().unwrap().decision()).collect();
/// assert_eq!(decisions, [Decision::ImplicitDeny, Decision::Allow]);
/// # Ok::<(), iamsim::Error>(())
/// ```
pub fn who_can(
    ask: &Ask<'_>,
    callers: &[Named],
    action: &str,
    resource: &str,
    jobs: NonZeroUsize,
) -> Vec<Answered> {
    parallel::map(callers, jobs, |(name, caller)| {
        let explanation = ask(caller, action, resource).explain();
        let terms = explanation.as_ref().map(terms).unwrap_or_default();
        Answered { name: name.clone(), arn: caller.to_string(), explanation, terms }
    })
}
