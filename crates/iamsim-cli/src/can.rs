//! `iamsim can` and `iamsim why`: one question over a world.

use std::fmt::Write as _;

use clap::Args;
use iamsim::{Decision, Explanation};

use crate::Global;
use crate::arguments::{self, Circumstances, Format};
use crate::exit::Exit;
use crate::failure::{Failure, print};
use crate::json::Object;
use crate::world::WorldFile;

/// Ask whether a caller may do an action on a resource.
#[derive(Args)]
#[command(after_help = concat!("\
Examples:
  iamsim can --world world.json dev s3:GetObject arn:aws:s3:::reports/q1.csv
  iamsim can --world world.json deployer/build-42 lambda:UpdateFunctionCode checkout
  iamsim can -w world.json dev s3:ListBucket reports --source-ip 203.0.113.9 && deploy

A caller is a user, `role/session`, `account:root`, a service such as `lambda.amazonaws.com`, an ARN, or
`anonymous`. A resource is an ARN or a name of the world's file; without one the action has none.

Exit status: 0 allowed, 1 denied, 2 the question can't be asked, 4 undetermined."))]
pub(crate) struct Can {
    #[command(flatten)]
    question: Question,
}

/// Ask as `can` does, and say exactly why.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim why --world world.json dev s3:DeleteObject arn:aws:s3:::reports/q1.csv
  iamsim why -w world.json dev s3:DeleteObject reports --format json | jq .reason

Exit status: 0 allowed, 1 denied, 2 the question can't be asked, 4 undetermined.")]
pub(crate) struct Why {
    #[command(flatten)]
    question: Question,
}

#[derive(Args)]
struct Question {
    #[command(flatten)]
    world: WorldFile,
    /// Who asks.
    caller: String,
    /// For which action.
    action: String,
    /// On which resource.
    #[arg(default_value = "*", hide_default_value = true)]
    resource: String,
    #[command(flatten)]
    circumstances: Circumstances,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Can {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let explanation = self.question.ask()?;
        let exit = exit(&explanation);
        if global.quiet {
            return Ok(exit);
        }
        match self.question.format {
            Format::Json => print(&format!("{}\n", answer(&explanation)))?,
            Format::Text => print(&in_short(&explanation))?,
        }
        Ok(exit)
    }
}

impl Why {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let explanation = self.question.ask()?;
        let exit = exit(&explanation);
        if global.quiet && exit == Exit::Yes {
            return Ok(exit);
        }
        match self.question.format {
            Format::Json => print(&format!("{:#}\n", explanation.to_json()))?,
            Format::Text => print(&format!("{}\n", explanation.to_string().trim_end()))?,
        }
        Ok(exit)
    }
}

impl Question {
    fn ask(&self) -> Result<Explanation, Failure> {
        arguments::action(&self.action)?;
        let world = self.world.read()?;
        let caller = world.caller(&self.caller)?;
        let resource = world.resource(&self.resource)?;
        let request = self.circumstances.apply(world.request(&caller, &self.action, &resource));
        request.explain().map_err(|error| {
            let failure = Failure::new(format!("{}: {}", error.code(), error.message()));
            match error.reason() {
                Some(reason) => failure.with_help(reason),
                None => failure,
            }
        })
    }
}

/// How a question ends.
pub(crate) fn exit(explanation: &Explanation) -> Exit {
    match explanation.decision() {
        Decision::Allow => Exit::Yes,
        Decision::Undetermined if !explanation.is_denied() => Exit::Undetermined,
        _ => Exit::No,
    }
}

/// The decision, AWS's sentence, and the statements that decided or still could.
pub(crate) fn in_short(explanation: &Explanation) -> String {
    let mut text = format!("{}\n  {}\n", explanation.decision(), explanation.message());
    for statement in explanation.deciding() {
        let _ = writeln!(text, "  {statement}");
    }
    for key in depends_on(explanation) {
        let _ = writeln!(text, "  depends on {key}");
    }
    if let (Exit::No, Some(near_miss)) = (exit(explanation), explanation.near_misses().first()) {
        let _ = writeln!(text, "  near miss: {near_miss}");
    }
    text
}

/// The context keys and facts an undetermined answer waits for.
pub(crate) fn depends_on(explanation: &Explanation) -> Vec<String> {
    let mut keys = explanation.unknown_keys();
    keys.extend(explanation.unknown_facts().iter().map(|fact| fact.as_str().to_owned()));
    keys
}

/// An answer for programs.
pub(crate) fn answer(explanation: &Explanation) -> Object {
    let deciding: Vec<_> = explanation
        .deciding()
        .iter()
        .map(|statement| {
            let position = statement.policy.source().position(statement.span().start);
            serde_json::json!({
                "layer": statement.layer.as_str(),
                "policy": statement.policy_name,
                "statement": statement.index + 1,
                "sid": statement.sid(),
                "file": statement.policy.source().name(),
                "line": position.line,
                "column": position.column,
            })
        })
        .collect();
    Object::new()
        .number("version", Some(1))
        .text("decision", explanation.decision().as_str())
        .text("reason", explanation.reason().as_str())
        .text("message", explanation.message())
        .value("deciding", deciding.into())
        .texts("dependsOn", depends_on(explanation))
}
