//! Grants with which one can give oneself more.

use iamsim_policy::{Action, Span};

use crate::facts::{Facts, StatementFacts};
use crate::finding::Level;
use crate::rule::{Rule, Sink, listed};

pub(super) const RULE: Rule = Rule {
    code: "privilege-escalation",
    level: Level::Warning,
    summary: "a grant with which its holder can gain more than it was given",
    check,
};

/// The actions of a way up, the telling one first; on which type of resource the first must be granted.
struct Way {
    actions: &'static [&'static str],
    on: (&'static str, &'static str),
}

const fn way(actions: &'static [&'static str], service: &'static str, kind: &'static str) -> Way {
    Way { actions, on: (service, kind) }
}

const WAYS: &[Way] = &[
    way(&["iam:AddUserToGroup"], "iam", "group"),
    way(&["iam:AttachGroupPolicy"], "iam", "group"),
    way(&["iam:AttachRolePolicy"], "iam", "role"),
    way(&["iam:AttachUserPolicy"], "iam", "user"),
    way(&["iam:CreateAccessKey"], "iam", "user"),
    way(&["iam:CreateLoginProfile"], "iam", "user"),
    way(&["iam:CreatePolicyVersion"], "iam", "policy"),
    way(&["iam:PutGroupPolicy"], "iam", "group"),
    way(&["iam:PutRolePolicy"], "iam", "role"),
    way(&["iam:PutUserPolicy"], "iam", "user"),
    way(&["iam:SetDefaultPolicyVersion"], "iam", "policy"),
    way(&["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"], "iam", "role"),
    way(&["iam:UpdateLoginProfile"], "iam", "user"),
    way(&["lambda:UpdateFunctionCode"], "lambda", "function"),
    way(&["iam:PassRole", "apprunner:CreateService"], "iam", "role"),
    way(&["iam:PassRole", "cloudformation:CreateStack"], "iam", "role"),
    way(&["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"], "iam", "role"),
    way(&["iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"], "iam", "role"),
    way(&["iam:PassRole", "ec2:RunInstances"], "iam", "role"),
    way(&["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"], "iam", "role"),
    way(&["iam:PassRole", "glue:CreateDevEndpoint"], "iam", "role"),
    way(&["iam:PassRole", "glue:CreateJob", "glue:StartJobRun"], "iam", "role"),
    way(&["iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"], "iam", "role"),
    way(&["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"], "iam", "role"),
    way(&["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "iam", "role"),
    way(&["iam:PassRole", "sagemaker:CreateNotebookInstance"], "iam", "role"),
    way(&["iam:PassRole", "states:CreateStateMachine", "states:StartExecution"], "iam", "role"),
];

/// What one entry opens.
struct Opened<'f, 'p> {
    statement: &'f StatementFacts<'p>,
    span: Span,
    written: &'p str,
    ways: Vec<String>,
}

fn check(facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if !facts.is_identity() || super::admin_access::is_admin(facts) {
        return;
    }
    let mut opened: Vec<Opened<'_, '_>> = Vec::new();
    for way in WAYS {
        let Some((statement, written, span)) = granted(facts, way) else { continue };
        let name = way.actions.join(" + ");
        match opened.iter_mut().find(|open| open.span == span) {
            Some(open) => open.ways.push(name),
            None => opened.push(Opened { statement, span, written, ways: vec![name] }),
        }
    }
    for open in opened {
        let ways = listed(open.ways.iter().map(String::as_str));
        sink.report(
            open.statement,
            open.span,
            format!("through `{}` its holder can gain further permissions, with {ways}", open.written),
        )
        .help_with("restrict the resources, demand a permissions boundary, or leave this to administrators");
    }
}

/// The statement and entry that grant the first action of a way on every resource, when the others are granted as well.
fn granted<'f, 'p>(facts: &'f Facts<'p>, way: &Way) -> Option<(&'f StatementFacts<'p>, &'p str, Span)> {
    let actions: Vec<Action> = way.actions.iter().map(|name| name.parse()).collect::<Result<_, _>>().ok()?;
    if actions.iter().any(|action| facts.always_denies(action)) {
        return None;
    }
    let (first, others) = actions.split_first()?;
    let (service, kind) = way.on;
    let found = facts.allowing().find_map(|statement| {
        let open = is_open(statement, first) && statement.names_every_resource_of(service, kind).is_some();
        let (written, span) = statement.naming(first).filter(|_| open)?;
        Some((statement, written, span))
    })?;
    let granted = |action: &Action| facts.allowing().any(|statement| statement.naming(action).is_some());
    others.iter().all(granted).then_some(found)
}

/// Whether no condition stands in the way; the service that a role is passed to does not.
fn is_open(statement: &StatementFacts<'_>, action: &Action) -> bool {
    let passing = action.folded() == "iam:passrole";
    statement
        .statement
        .conditions()
        .iter()
        .all(|condition| passing && condition.key().folded() == "iam:passedtoservice")
}
