//! `iamsim who-can`: everybody in a world who may do an action on a resource.

use std::fmt::Write as _;

use clap::Args;
use iamsim::{Decision, RequestBuilder};
use iamsim_query::{Answered, Explained, who_can};

use crate::Global;
use crate::arguments::{self, Circumstances, Format, Jobs};
use crate::can::{answer, depends_on};
use crate::exit::Exit;
use crate::failure::{Failure, print};
use crate::json::{Object, document};
use crate::world::WorldFile;

/// Find everybody in a world who may do an action on a resource, and on which conditions.
///
/// Asked for every user, for a session of every role, and for every root user of the world. A user may give MFA
/// or not, so what hangs on it is a condition of the answer.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim who-can --world world.json s3:DeleteObject arn:aws:s3:::reports/q1.csv
  iamsim who-can -w world.json iam:PassRole deployer --format json | jq -r '.answers[].caller'
  iamsim who-can -w world.json sts:AssumeRole role/admin --all

`if` says what an answer waits for: context keys of which nothing is known. `with` says what it rests on.

Exit status: 0 somebody may, 1 nobody may, 2 the question can't be asked, 4 nobody certainly may and somebody
perhaps.")]
pub(crate) struct WhoCan {
    #[command(flatten)]
    world: WorldFile,
    /// Which action.
    action: String,
    /// On which resource.
    #[arg(default_value = "*", hide_default_value = true)]
    resource: String,
    /// Show those who may not as well.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    circumstances: Circumstances,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    jobs: Jobs,
}

impl WhoCan {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        arguments::action(&self.action)?;
        let world = self.world.read()?;
        let resource = world.resource(&self.resource)?;
        let ask = |who: &iamsim::Caller, action: &str, on: &str| {
            self.circumstances.apply(with_or_without_mfa(who, world.request(who, action, on)))
        };
        let explained = if self.all { Explained::Everybody } else { Explained::WhoMay };
        let question = (self.action.as_str(), resource.as_str());
        let answers = who_can(&ask, &world.callers(), question, explained, self.jobs.get());
        let count = |decision| answers.iter().filter(|answer| decision_of(answer) == decision).count();
        let exit = match (count(Decision::Allow), count(Decision::Undetermined)) {
            (0, 0) => Exit::No,
            (0, _) => Exit::Undetermined,
            _ => Exit::Yes,
        };
        if global.quiet {
            return Ok(exit);
        }
        let shown: Vec<&Answered> =
            answers.iter().filter(|answer| self.all || is_open(decision_of(answer))).collect();
        match self.format {
            Format::Json => print(&json(&shown))?,
            Format::Text => {
                let mut text = text(&shown);
                if shown.is_empty() {
                    text = format!("nobody: none of {} callers may\n", answers.len());
                }
                print(&text)?;
            }
        }
        Ok(exit)
    }
}

/// The question is who may, not which of a user's credentials: with long-term keys alone, nobody would be found
/// who may with MFA.
fn with_or_without_mfa(who: &iamsim::Caller, request: RequestBuilder) -> RequestBuilder {
    if who.user_id().is_none() && !who.is_root() {
        return request;
    }
    let keys = ["aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"];
    keys.into_iter().fold(request, RequestBuilder::unknown_unless_said)
}

fn is_open(decision: Decision) -> bool {
    matches!(decision, Decision::Allow | Decision::Undetermined)
}

/// Credentials that are not accepted are a denial; so is what is certainly not allowed.
fn decision_of(answer: &Answered) -> Decision {
    match (&answer.decision, &answer.explanation) {
        (Ok(Decision::Undetermined), Some(explanation)) if explanation.is_denied() => Decision::ImplicitDeny,
        (Ok(decision), _) => *decision,
        (Err(_), _) => Decision::ImplicitDeny,
    }
}

fn text(answers: &[&Answered]) -> String {
    let widest = answers.iter().map(|answer| answer.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for answer in answers {
        let decision = decision_of(answer).to_string();
        text.push_str(format!("{:<widest$}  {decision:<13}  {}", answer.name, answer.arn).trim_end());
        text.push('\n');
        for term in &answer.terms {
            let word = if term.is_met { "with" } else { "if" };
            let _ = writeln!(text, "  {word} {term} ({})", term.place);
        }
        if let Some(explanation) = &answer.explanation
            && answer.terms.is_empty()
        {
            for key in depends_on(explanation) {
                let _ = writeln!(text, "  depends on {key}");
            }
        }
    }
    text
}

fn json(answers: &[&Answered]) -> String {
    let objects: Vec<Object> = answers
        .iter()
        .map(|answered| {
            let terms: Vec<_> = answered
                .terms
                .iter()
                .map(|term| {
                    serde_json::json!({
                        "operator": term.operator, "key": term.key, "values": term.values,
                        "effect": term.effect.to_string(), "met": term.is_met, "place": term.place,
                    })
                })
                .collect();
            let object = Object::new().text("caller", &*answered.name).text("arn", &*answered.arn);
            match (&answered.decision, &answered.explanation) {
                (Err(error), _) => object.text("decision", error.code()),
                (Ok(_), explanation) => {
                    let why = explanation.as_ref().map(|explanation| answer(explanation).to_string());
                    let why = why.and_then(|why| serde_json::from_str(&why).ok());
                    object
                        .text("decision", decision_of(answered).as_str())
                        .value("terms", terms.into())
                        .value("why", why.unwrap_or_default())
                }
            }
        })
        .collect();
    document("answers", &objects, &Object::new())
}
