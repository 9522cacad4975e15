//! Questions: matrices of callers, actions, resources and contexts, and what is compared by them.

use std::collections::BTreeSet;
use std::sync::Arc;

use iamsim_catalog::{ActionEntry, Catalog};
use iamsim_policy::json::{Node, Value};
use iamsim_policy::suggest::nearest;
use iamsim_policy::{Action, ActionPattern, Arn, Spanned};

use super::Here;
use crate::file::{Act, Ask, Caller, Cell, Changes, Compare, ContextEntry, Invariant, Target, With};
use crate::finding::{Code, Finding};
use crate::format::{CELL, CHANGE, CHANGES, DELETE, INVARIANT, NO_CHANGE, Object, RENAME};
use crate::names::Names;
use crate::outcome::StepKind;
use crate::read::{value, values};
use crate::reader::{Fields, Reader, Text};

/// How a request without a resource is written.
const NO_RESOURCE: &str = "*";

/// A context and its name in the file.
type NamedContext = (String, Vec<(String, ContextEntry)>);

impl Reader<'_, '_> {
    /// A matrix; with `refusable` its words may be such as AWS refuses.
    pub(super) fn ask(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Ask> {
        let mut callers = Vec::new();
        for text in self.one_or_many(fields.get("as"), "`as`") {
            callers.extend(self.who(&text, here));
        }
        let targets = self.targets(fields, here);
        let owner = self.text(fields.get("owner"), "`owner`");
        let owner = owner.and_then(|text| self.account_of(&text, here.names)).map(|id| id.to_string());
        let ask = Ask {
            callers,
            targets,
            contexts: self.contexts(fields),
            circumstances: self.circumstances(fields, true),
            tags: self.tags(fields.get("tags")),
            via: self.some_text(fields.get("via"), "`via`").map(value),
            through: self.some_text(fields.get("through"), "`through`").map(value),
            owner,
            behalf: self.behalf(fields, here),
        };
        (!ask.callers.is_empty() && !ask.targets.is_empty()).then_some(ask)
    }

    /// What is asked of each resource.
    fn targets(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Vec<Target> {
        let actions = self.one_or_many(fields.get("do"), "`do`");
        let actions: Vec<Text> =
            actions.into_iter().filter(|action| here.refusable || self.is_action(action)).collect();
        if actions.is_empty() {
            return Vec::new();
        }
        let mut resources = Vec::new();
        for text in &self.one_or_many(fields.get("on"), "`on`") {
            if let Some(arn) = self.resolved(text.span, here.names.resource(&text.value)) {
                let readable = arn == NO_RESOURCE || here.refusable;
                if readable || self.arn(&Spanned::new(arn.clone(), text.span)).is_some() {
                    resources.push((Spanned::new(arn, text.span), text.value.clone()));
                }
            }
        }
        if fields.get("on").is_none() {
            resources
                .push((Spanned::new(NO_RESOURCE.to_owned(), fields.key_span("do")), NO_RESOURCE.to_owned()));
        }
        let mut targets: Vec<Target> = Vec::new();
        let mut is_of_use = vec![false; actions.len()];
        for (arn, written) in resources {
            let expanded = expanded(&actions, &mut is_of_use, &arn.value);
            if expanded.is_empty() {
                let (message, help) = if arn.value == NO_RESOURCE {
                    let message = "nothing that is asked can be asked without a resource".to_owned();
                    (message, "say of which, with `on`")
                } else {
                    let message = format!("nothing that is asked applies to `{written}`");
                    (message, "name an action itself to ask it all the same")
                };
                self.error_with_help(Code::InvalidAction, arn.span, message, help);
                continue;
            }
            // The same actions are held once, however many resources they are asked of.
            let actions: Arc<[String]> = match targets.iter().find(|target| *target.actions == *expanded) {
                Some(target) => target.actions.clone(),
                None => expanded.into(),
            };
            targets.push(Target { arn: arn.value, written, actions });
        }
        for (action, is_of_use) in actions.iter().zip(is_of_use) {
            if !is_of_use && !targets.is_empty() {
                self.error_with_help(
                    Code::InvalidAction,
                    action.span,
                    format!("no action that `{}` names applies to what is asked about", action.value),
                    "name the action itself to ask all the same, or ask this of another resource",
                );
            }
        }
        targets
    }

    /// Whether it is an action, or a pattern that the catalog knows actions for.
    fn is_action(&mut self, text: &Text) -> bool {
        if !is_pattern(&text.value) {
            return self.action(text);
        }
        if matching(&text.value).next().is_some() {
            return true;
        }
        let service = text.value.split_once(':').map(|(service, _)| service);
        let help = match service {
            None => "a pattern is `service:Get*`, or `*` for every action there is".to_owned(),
            Some(service) => match Catalog::embedded().service(service) {
                Some(service) => format!("the service `{}` has no such action", service.prefix()),
                None => match Catalog::embedded().nearest_service(service) {
                    Some(meant) => format!("did you mean the service `{}`?", meant.prefix()),
                    None => format!("no service is called `{service}`"),
                },
            },
        };
        let message = format!("no action is called `{}`", text.value);
        self.error_with_help(Code::InvalidAction, text.span, message, help);
        false
    }

    /// One action, as a request has it.
    pub(crate) fn action(&mut self, text: &Text) -> bool {
        let is_action = text.value.parse::<Action>().is_ok() && !is_pattern(&text.value);
        if !is_action {
            let help = if is_pattern(&text.value) {
                "one action has to stand here, and this is a pattern"
            } else {
                "an action is `service:Name`, such as `lambda:InvokeFunction`"
            };
            let message = format!("`{}` is not an action", text.value);
            self.error_with_help(Code::InvalidAction, text.span, message, help);
            return false;
        }
        let catalog = Catalog::embedded();
        if catalog.action(&text.value).is_none() {
            let service = text.value.split_once(':').map_or("", |(service, _)| service);
            let meant = match catalog.service(service) {
                Some(_) => catalog.nearest_action(&text.value).map(|action| format!("`{action}`")),
                None => {
                    catalog.nearest_service(service).map(|known| format!("the service `{}`", known.prefix()))
                }
            };
            let message = format!("no action `{}` is known of", text.value);
            let finding = Finding::warning(self.source, Code::UnknownAction, text.span, message);
            self.findings.push(match meant {
                Some(meant) => finding.with_help(format!("did you mean {meant}?")),
                None => finding
                    .with_help("it is asked as it is written; the catalog may be older than the action"),
            });
        }
        true
    }

    fn contexts(&mut self, fields: &Fields<'_, '_>) -> Vec<NamedContext> {
        let mut contexts = Vec::new();
        for member in self.map(fields.get("contexts"), "`contexts`") {
            if member.key.is_empty() {
                self.error(Code::InvalidValue, member.key_span, "the name of a context is empty");
            }
            contexts.push((member.key.clone().into_owned(), self.context(Some(&member.value))));
        }
        if let (Some(node), true) = (fields.get("contexts"), contexts.is_empty())
            && matches!(node.value, Value::Object(_))
        {
            self.error(Code::InvalidValue, node.span, "`contexts` is empty, so that nothing would be asked");
        }
        contexts
    }

    pub(crate) fn invariants(
        &mut self,
        node: Option<&Node<'_>>,
        kind: StepKind,
        names: &Names,
    ) -> Vec<Invariant> {
        let mut invariants = Vec::new();
        for node in self.list(node, &format!("`{}`", kind.as_str())) {
            let Some(fields) = self.object(node, &INVARIANT) else { continue };
            // Sessions count from when they are opened: an invariant may speak of any of them.
            let here = Here { names, index: usize::MAX, refusable: false };
            let name = self.some_text(fields.get("name"), "`name`").map(value);
            let labels = values(self.texts(fields.get("labels"), "`labels`"));
            let skip = self.some_text(fields.get("skip"), "`skip`").map(value);
            let Some(ask) = self.ask(&fields, here) else { continue };
            self.check_resources(&fields, &ask, kind);
            invariants.push(Invariant { span: node.span, name, labels, skip, kind, ask });
        }
        invariants
    }

    /// What is said of an action for ever is meant of what it acts on: asked without a resource it would hold, or
    /// fail, for a request that AWS never sees.
    fn check_resources(&mut self, fields: &Fields<'_, '_>, ask: &Ask, kind: StepKind) {
        let mut actions =
            ask.targets.iter().filter(|target| target.arn == NO_RESOURCE).flat_map(|target| &*target.actions);
        let needing = actions
            .find(|action| Catalog::embedded().action(action).is_some_and(ActionEntry::has_resource_types));
        if let Some(action) = needing {
            self.error_with_help(
                Code::MissingField,
                fields.key_span("do"),
                format!("`{action}` acts on a resource, and `{}` names none", kind.as_str()),
                "say on which, with `on`",
            );
        }
    }

    pub(super) fn compare(&mut self, fields: &Fields<'_, '_>, here: Here<'_>) -> Option<Act> {
        let with = if fields.has_field("whatIf") {
            With::Changed(self.what_if(fields.get("whatIf"), here))
        } else {
            let name = self.some_text(fields.get("compare"), "`compare`")?;
            self.resolved(name.span, here.names.remembers(&name.value, here.index))?;
            With::Remembered(name.value)
        };
        let ask = self.ask(fields, here);
        let expect = fields.get("expect").map(|node| self.changes(node, ask.as_ref()));
        Some(Act::Compare(Box::new(Compare { with, ask: ask?, expect: expect.flatten() })))
    }

    fn what_if(&mut self, node: Option<&Node<'_>>, here: Here<'_>) -> Vec<Act> {
        const KINDS: [&Object; 3] = [&CHANGE, &DELETE, &RENAME];
        let items = self.list(node, "`whatIf`");
        if let (Some(node), []) = (node, items)
            && matches!(node.value, Value::Array(_))
        {
            self.error(Code::InvalidValue, node.span, "`whatIf` is empty, so that nothing would change");
        }
        let mut acts = Vec::new();
        for item in items {
            let Some(object) = self.step_object(item) else { continue };
            if !KINDS.iter().any(|kind| kind.id == object.id) {
                self.error_with_help(
                    Code::InvalidValue,
                    item.span,
                    format!("{} is no change of the world", object.name),
                    "in `whatIf` stand `change`, `delete` and `rename`",
                );
                continue;
            }
            let Some(fields) = self.object(item, object) else { continue };
            for name in ["expect", "skip", "only"] {
                if fields.get(name).is_some() {
                    let message = format!("`{name}` has no place in `whatIf`");
                    let help = "write it of the whole step";
                    self.error_with_help(Code::ConflictingFields, fields.key_span(name), message, help);
                }
            }
            acts.extend(self.edit(&fields, here, object));
        }
        acts
    }

    /// What is expected of a comparison.
    fn changes(&mut self, node: &Node<'_>, ask: Option<&Ask>) -> Option<Changes> {
        if let Value::String(_) = &node.value {
            let text = self.text(Some(node), "`expect`")?;
            self.word(&text, &[NO_CHANGE], "what can be expected of a comparison")?;
            return Some(Changes::default());
        }
        if !matches!(node.value, Value::Object(_)) {
            self.wrong_type(node, "`expect`", "an object, or `no change`");
            return None;
        }
        let fields = self.object(node, &CHANGES)?;
        let mut cells = |name: &'static str| {
            let mut cells = Vec::new();
            for item in self.list(fields.get(name), &format!("`{name}`")) {
                cells.extend(self.cell(item, ask));
            }
            cells
        };
        Some(Changes {
            allowed: cells("newlyAllowed"),
            denied: cells("newlyDenied"),
            undetermined: cells("newlyUndetermined"),
        })
    }

    fn cell(&mut self, node: &Node<'_>, ask: Option<&Ask>) -> Option<Cell> {
        let fields = self.object(node, &CELL)?;
        let cell = Cell {
            actions: values(self.one_or_many(fields.get("do"), "`do`")),
            callers: values(self.one_or_many(fields.get("as"), "`as`")),
            resources: values(self.one_or_many(fields.get("on"), "`on`")),
            contexts: values(self.one_or_many(fields.get("context"), "`context`")),
        };
        let ask = ask?;
        let of_matrix: [(&str, &[String], Vec<&str>); 3] = [
            (
                "as",
                &cell.callers,
                ask.callers.iter().map(|caller: &Caller| caller.written.as_str()).collect(),
            ),
            ("on", &cell.resources, ask.targets.iter().map(|target| target.written.as_str()).collect()),
            ("context", &cell.contexts, ask.contexts.iter().map(|(name, _)| name.as_str()).collect()),
        ];
        for (field, written, known) in of_matrix {
            let span = fields.get(field).map_or(node.span, |node| node.span);
            for text in written.iter().filter(|text| !known.contains(&text.as_str())) {
                self.not_in_the_matrix(span, text, field, &known);
            }
        }
        for action in &cell.actions {
            let asked = ask.targets.iter().flat_map(|target| target.actions.iter());
            let pattern = ActionPattern::new(action);
            let mut parsed = asked.clone().filter_map(|asked| asked.parse::<Action>().ok());
            if !parsed.any(|asked| pattern.matches(&asked)) {
                let span = fields.get("do").map_or(node.span, |node| node.span);
                let known: Vec<&str> = asked.map(String::as_str).collect();
                self.not_in_the_matrix(span, action, "do", &known);
            }
        }
        Some(cell)
    }

    fn not_in_the_matrix(&mut self, span: iamsim_policy::Span, text: &str, field: &str, known: &[&str]) {
        let help = match nearest(text, known.iter().copied()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("write it as the comparison does, in its `{field}`"),
        };
        let message = format!("the comparison does not ask for `{text}`");
        self.error_with_help(Code::UnknownName, span, message, help);
    }
}

/// The actions that a resource is asked for, once each: patterns are what the catalog knows to apply to it.
/// `is_of_use` tells of each entry whether it named any.
fn expanded(actions: &[Text], is_of_use: &mut [bool], arn: &str) -> Vec<String> {
    let types = arn.parse::<Arn>().map(|arn| Catalog::embedded().resource_types(&arn)).unwrap_or_default();
    let applies = |action: &ActionEntry<'_>| {
        if arn == NO_RESOURCE {
            return !action.has_resource_types();
        }
        // Of a resource that the catalog does not know it can't be said what applies.
        types.is_empty()
            || action.resources().any(|on| {
                let of = on.resource_type();
                types.iter().any(|known| known.name() == of.name() && known.service() == of.service())
            })
    };
    let mut expanded: Vec<String> = Vec::new();
    let mut known = BTreeSet::new();
    for (action, is_of_use) in actions.iter().zip(is_of_use) {
        let is_named = !is_pattern(&action.value);
        let named = is_named.then(|| action.value.clone());
        let fitting = (!is_named).then(|| matching(&action.value).filter(applies));
        let fitting = fitting.into_iter().flatten().map(|entry| entry.to_string());
        for name in named.into_iter().chain(fitting) {
            *is_of_use = true;
            if known.insert(name.clone()) {
                expanded.push(name);
            }
        }
    }
    expanded
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The actions of the catalog that a pattern names.
pub(crate) fn matching(pattern: &str) -> impl Iterator<Item = ActionEntry<'static>> {
    let pattern = ActionPattern::new(pattern);
    let catalog = Catalog::embedded();
    let any = pattern.is_any().then(|| catalog.actions());
    let some = (!pattern.is_any()).then(|| catalog.expand(&pattern));
    any.into_iter().flatten().chain(some.into_iter().flatten())
}
