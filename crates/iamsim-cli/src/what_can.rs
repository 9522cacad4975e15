//! `iamsim what-can`: everything a caller may do, by service.

use std::fmt::Write as _;

use clap::Args;
use iamsim_catalog::Catalog;
use iamsim_query::{Can, On, what_can};

use crate::Global;
use crate::arguments::{Circumstances, Format, Jobs};
use crate::exit::Exit;
use crate::failure::{Failure, print};
use crate::json::{Object, document};
use crate::world::WorldFile;

/// List what a caller may do, action by action of the catalog, folded to patterns that name exactly these actions.
///
/// Without `--on`, an action on resources is asked on one of the caller's account that nothing names (`any`), and
/// on an example of every resource that the caller's policies name.
#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim what-can --world world.json dev
  iamsim what-can -w world.json dev --service s3 --on arn:aws:s3:::reports/q1.csv
  iamsim what-can -w world.json dev --format json | jq -r '.granted[].actions[]'

Exit status: 0 the caller may do something, 1 nothing, 2 the question can't be asked, 4 nothing certainly.")]
pub(crate) struct WhatCan {
    #[command(flatten)]
    world: WorldFile,
    /// Who asks.
    caller: String,
    /// Only this service, by its prefix; may be given again.
    #[arg(long, value_name = "PREFIX")]
    service: Vec<String>,
    /// Only on this resource; may be given again.
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

impl WhatCan {
    pub(crate) fn execute(&self, global: Global) -> Result<Exit, Failure> {
        let catalog = Catalog::embedded();
        for prefix in &self.service {
            if catalog.service(prefix).is_none() {
                let failure = Failure::new(format!("the catalog knows no service `{prefix}`"));
                return Err(match catalog.nearest_service(prefix) {
                    Some(near) => failure.with_help(format!("did you mean `{}`?", near.prefix())),
                    None => failure,
                });
            }
        }
        let world = self.world.read()?;
        let caller = world.caller(&self.caller)?;
        let resources = self.on.iter().map(|on| world.resource(on)).collect::<Result<Vec<_>, _>>()?;
        let ask = |who: &iamsim::Caller, action: &str, on: &str| {
            self.circumstances.apply(world.request(who, action, on))
        };
        let can = what_can(&ask, &caller, catalog, &self.service, &resources, self.jobs.get());
        let exit = match (can.granted.is_empty(), can.undecided.is_empty()) {
            (false, _) => Exit::Yes,
            (true, false) => Exit::Undetermined,
            (true, true) => Exit::No,
        };
        if !global.quiet {
            print(&match self.format {
                Format::Json => json(&can),
                Format::Text => text(&can),
            })?;
        }
        Ok(exit)
    }
}

fn on(on: &On) -> &str {
    match on {
        On::Any => "any",
        On::Arn(arn) => arn,
    }
}

fn text(can: &Can) -> String {
    let mut text = String::new();
    for grant in &can.granted {
        let _ = writeln!(text, "{}  on {}", grant.service, on(&grant.on));
        for action in &grant.actions {
            let _ = writeln!(text, "  {action}");
        }
    }
    for open in &can.undecided {
        let keys = open.depends_on.join(", ");
        let _ = writeln!(text, "{}  on {}, undetermined: depends on {keys}", open.service, on(&open.on));
        for action in &open.actions {
            let _ = writeln!(text, "  {action}");
        }
    }
    if text.is_empty() {
        text.push_str("nothing\n");
    }
    text
}

fn json(can: &Can) -> String {
    let granted: Vec<Object> = can
        .granted
        .iter()
        .map(|grant| {
            Object::new()
                .text("service", &*grant.service)
                .text("on", on(&grant.on))
                .texts("actions", grant.actions.iter().map(String::as_str))
        })
        .collect();
    let undecided: Vec<_> = can
        .undecided
        .iter()
        .map(|open| {
            serde_json::json!({
                "service": open.service, "on": on(&open.on), "actions": open.actions,
                "dependsOn": open.depends_on,
            })
        })
        .collect();
    let rest = Object::new().value("undecided", undecided.into()).number("asked", Some(can.asked as u64));
    document("granted", &granted, &rest)
}
