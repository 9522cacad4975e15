//! `iamsim diff`: what two worlds answer differently.

use std::fmt::Write as _;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use iamsim::{Decision, Error, Explanation};
use iamsim_catalog::Catalog;
use iamsim_query::{Changed, Named, Question, differences, fitting};

use crate::Global;
use crate::arguments::{Circumstances, Format, Jobs};
use crate::can::{answer, depends_on};
use crate::exit::Exit;
use crate::failure::{Failure, print};
use crate::json::{Object, document};
use crate::world::{World, open};

/// Compare two worlds: what is newly allowed and newly denied, over callers × actions × resources, and why.
///
/// Without `--action`, every action that a policy of either world names is asked for; without `--on`, on every
/// resource of either world that the action can be asked on; without `--caller`, every user, a session of every role, and every
/// root user.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim diff before.json after.json
  iamsim diff main/world.json world.json --action 's3:*' --caller dev
  iamsim diff before.json after.json --format json | jq '.changes[] | select(.becomes == \"Allowed\")'

Exit status: 0 nothing differs, 1 something does, 2 a world can't be read.")]
pub(crate) struct Diff {
    /// The world before.
    before: String,
    /// The world after.
    after: String,
    /// Only this caller; may be given again.
    #[arg(long, value_name = "CALLER")]
    caller: Vec<String>,
    /// Only this action or pattern of actions; may be given again.
    #[arg(long, value_name = "PATTERN")]
    action: Vec<String>,
    /// Only this resource; may be given again.
    #[arg(long, value_name = "RESOURCE")]
    on: Vec<String>,
    #[command(flatten)]
    circumstances: Circumstances,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    jobs: Jobs,
}

impl Diff {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let (before, after) = (open(&self.before)?, open(&self.after)?);
        let callers = (self.callers(&before), self.callers(&after));
        if callers.0.is_empty() && callers.1.is_empty() {
            let names = self.caller.join("`, `");
            return Err(Failure::new(format!("neither world has a caller `{names}`")));
        }
        let actions = self.actions(&before, &after)?;
        let questions = self.questions(&before, &after, &actions)?;
        let ask = |world: &World, who: &iamsim::Caller, action: &str, on: &str| {
            self.circumstances.apply(world.request(who, action, on))
        };
        let changes = differences(
            (&|who, action, on| ask(&before, who, action, on), &callers.0),
            (&|who, action, on| ask(&after, who, action, on), &callers.1),
            &questions,
            self.jobs.get(),
        );
        let exit = if changes.is_empty() { Exit::Yes } else { Exit::No };
        if !(global.quiet && changes.is_empty()) {
            print(&match self.format {
                Format::Json => json(&changes),
                Format::Text => text(&changes),
            })?;
        }
        Ok(exit)
    }

    /// The callers of a world, or those that were asked for and are in it.
    fn callers(&self, world: &World) -> Vec<Named> {
        if self.caller.is_empty() {
            return world.callers();
        }
        let named = self.caller.iter().filter_map(|name| Some((name.clone(), world.caller(name).ok()?)));
        named.collect()
    }

    fn actions(&self, before: &World, after: &World) -> Result<Vec<String>, Failure> {
        let catalog = Catalog::embedded();
        let mut actions = BTreeSet::new();
        for pattern in &self.action {
            actions.extend(before.actions(pattern)?);
        }
        if self.action.is_empty() {
            for policy in before.policies().iter().chain(after.policies()) {
                let statements = policy.policy().statements();
                for entry in statements.iter().flat_map(|statement| statement.action().patterns()) {
                    let known = catalog.expand(&entry.value).map(|action| action.to_string());
                    actions.extend(known.chain(entry.value.exact().map(|_| entry.value.as_str().to_owned())));
                }
            }
        }
        // One spelling of each.
        let mut known = BTreeSet::new();
        actions.retain(|action| known.insert(action.to_ascii_lowercase()));
        Ok(actions.into_iter().collect())
    }

    /// What is asked: on resources that were named whatever the action, and else where the action fits.
    fn questions(&self, before: &World, after: &World, actions: &[String]) -> Result<Vec<Question>, Failure> {
        if self.on.is_empty() {
            let mut resources: BTreeSet<String> = before.resources().into_iter().collect();
            resources.extend(after.resources());
            let resources: Vec<String> = resources.into_iter().collect();
            return Ok(fitting(Catalog::embedded(), actions, &resources));
        }
        let either = |on: &String| before.resource(on).or_else(|_| after.resource(on));
        let resources = self.on.iter().map(either).collect::<Result<Vec<_>, _>>()?;
        let on_each = |action: &String| -> Vec<Question> {
            resources.iter().map(|resource| (action.clone(), resource.clone())).collect()
        };
        Ok(actions.iter().flat_map(on_each).collect())
    }
}

/// Changes that differ in nothing but the action are told of together.
fn text(changes: &[Changed]) -> String {
    let mut groups: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for change in changes {
        let word = match change.becomes() {
            Decision::Allow => "newly allowed",
            Decision::Undetermined => "newly undetermined",
            _ => "newly denied",
        };
        let (before, after) = (told(change.before.as_ref()), told(change.after.as_ref()));
        let head = format!("{word}: {} on {}", change.name, change.resource);
        let group = format!("{head}\n  before: {before}\n  after: {after}\n");
        let place = order.iter().position(|known| *known == group).unwrap_or_else(|| {
            order.push(group.clone());
            order.len() - 1
        });
        groups.entry((place, group)).or_default().push(&change.action);
    }
    let mut text = String::new();
    for ((_, group), actions) in &groups {
        let (head, rest) = group.split_once('\n').unwrap_or((group, ""));
        // Writing to a string does not fail.
        let _ = write!(text, "{head}\n  {}\n{rest}", actions.join("\n  "));
    }
    let count =
        |wanted: fn(Decision) -> bool| changes.iter().filter(|change| wanted(change.becomes())).count();
    let allowed = count(|decision| decision == Decision::Allow);
    let open = count(|decision| decision == Decision::Undetermined);
    let denied = changes.len() - allowed - open;
    let _ = writeln!(text, "{allowed} newly allowed, {denied} newly denied, {open} newly undetermined");
    text
}

/// An answer in one line: the decision, and the statements that gave it or what it waits for.
fn told(answer: Option<&Result<Explanation, Error>>) -> String {
    let explanation = match answer {
        None => return "there is no such caller".to_owned(),
        Some(Err(error)) => return format!("{}: {}", error.code(), error.message()),
        Some(Ok(explanation)) => explanation,
    };
    let mut why: Vec<String> = explanation.deciding().iter().map(ToString::to_string).collect();
    let waits = depends_on(explanation);
    if !waits.is_empty() {
        why.push(format!("depends on {}", waits.join(", ")));
    }
    if why.is_empty()
        && let Some(layer) = explanation.deciding_layer()
    {
        why.push(format!("no Allow in the {layer} layer"));
    }
    match why.as_slice() {
        [] => explanation.decision().to_string(),
        why => format!("{}: {}", explanation.decision(), why.join("; ")),
    }
}

fn json(changes: &[Changed]) -> String {
    let side = |answer: Option<&Result<Explanation, Error>>| match answer {
        None => serde_json::Value::Null,
        Some(Err(error)) => serde_json::json!({ "error": error.code(), "message": error.message() }),
        Some(Ok(explanation)) => serde_json::from_str(&answer_text(explanation)).unwrap_or_default(),
    };
    let objects: Vec<Object> = changes
        .iter()
        .map(|change| {
            Object::new()
                .text("caller", &*change.name)
                .text("action", &*change.action)
                .text("resource", &*change.resource)
                .text("becomes", change.becomes().as_str())
                .value("before", side(change.before.as_ref()))
                .value("after", side(change.after.as_ref()))
        })
        .collect();
    document("changes", &objects, &Object::new())
}

fn answer_text(explanation: &Explanation) -> String {
    answer(explanation).to_string()
}
