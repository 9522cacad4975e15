//! Questions over a whole world: who can do an action ([`who_can`]), what a caller can do ([`what_can`]), and
//! what two worlds answer differently ([`differences`]).
//!
//! Every answer is the simulator's own; this crate decides nothing. It knows no files and no
//! terminal: whoever asks hands in how a request is made ([`Ask`]), so that the defaults of a file count.

mod difference;
mod fold;
mod parallel;
mod resources;
mod targets;
mod terms;
mod what_can;
mod who_can;

use iamsim::{Caller, Decision, RequestBuilder, Result};

pub use difference::{Changed, Question, differences, fitting};
pub use fold::fold;
pub use resources::sample;
pub use terms::{Term, terms};
pub use what_can::{Can, Grant, On, Undecided, what_can};
pub use who_can::{Answered, Explained, who_can};

/// Decides requests of one cloud.
fn authorize_all(requests: impl IntoIterator<Item = RequestBuilder>) -> Vec<Result<Decision>> {
    let requests: Vec<RequestBuilder> = requests.into_iter().collect();
    match requests.first() {
        Some(first) => first.snapshot().clone().authorize_all(requests),
        None => Vec::new(),
    }
}

/// Makes a request of who, what and on what.
pub type Ask<'a> = dyn Fn(&Caller, &str, &str) -> RequestBuilder + Sync + 'a;

/// A caller, and the name it goes by.
pub type Named = (String, Caller);
