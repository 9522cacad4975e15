//! What came, written into the expectations of a file: only the values that do not hold are replaced, and
//! every other byte stays.

use iamsim_policy::Span;
use iamsim_policy::json::{self, Member, Node, Value};

use crate::file::{Expected, StatementName};
use crate::finding::{Code, Finding};
use crate::format::NO_CHANGE;
use crate::json::Json;
use crate::names::session_name;
use crate::outcome::{Actual, Outcome, StepKind, StepOutcome, Verdict};

/// A file's text with what came in the place of what was expected.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Blessed {
    /// The new text; none when there is nothing to write.
    pub text: Option<String>,
    /// How many steps have another expectation in it.
    pub steps: usize,
    /// What can't be written, each at its place and with the reason.
    pub left: Vec<Finding>,
}

/// Writes what came into the expectations of the steps that failed or could not be told.
///
/// Nothing is written where one expectation would have to say several things, where a step could not be taken
/// at all, and into `never` and `always`, which say what has to hold and not what came.
///
/// ```
/// use iamsim_scenario::{Scenario, Source, bless, no_files};
///
/// let text = r#"{ "scenario": "Expected wrongly", "accounts": { "111122223333": { "users": { "dev": {} } } },
///   "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "allow" }] }"#;
/// let run = |text: &str| {
///     Scenario::parse(&Source::new("story.json", text), &mut no_files).unwrap().run().unwrap()
/// };
/// let blessed = bless(&run(text));
/// let text = blessed.text.unwrap();
/// assert!(text.contains(r#""expect": "implicit deny" }"#));
/// assert_eq!(run(&text).totals().failed, 0);
/// ```
pub fn bless(outcome: &Outcome) -> Blessed {
    let mut blessing = Blessing { outcome, edits: Vec::new(), left: Vec::new() };
    let mut steps = 0;
    if let Ok(node) = json::parse(outcome.source()) {
        let nodes = member(&node, "steps").map(|steps| match &steps.value.value {
            Value::Array(items) => items.as_slice(),
            _ => &[],
        });
        for (index, node) in nodes.unwrap_or_default().iter().enumerate() {
            let of_step = outcome.steps().iter().filter(|step| step.number() == index + 1);
            let lines: Vec<&StepOutcome> = of_step.collect();
            if lines.iter().any(|line| is_wrong(line)) {
                let before = blessing.edits.len();
                if let Err(why) = blessing.step(node, &lines) {
                    blessing.edits.truncate(before);
                    blessing.leave(node.span, why);
                }
                steps += usize::from(blessing.edits.len() > before);
            }
        }
    }
    for line in outcome.steps().iter().filter(|step| step.number() == 0 && is_wrong(step)) {
        let (what, span) = (line.kind().as_str(), line.place().span);
        if !blessing.left.iter().any(|known| known.span() == span) {
            let why =
                Why(format!("what `{what}` says has to hold, and is not changed to what came"), RESOLVE);
            blessing.leave(span, why);
        }
    }
    Blessed { text: blessing.text(), steps, left: blessing.left }
}

const RESOLVE: &str = "change the policies, or what is expected, by hand";

fn is_wrong(step: &StepOutcome) -> bool {
    matches!(step.verdict(), Verdict::Failed | Verdict::Undetermined)
}

/// Why a step is left as it is, and what to do.
struct Why(String, &'static str);

struct Edit {
    span: Span,
    text: String,
}

struct Blessing<'o> {
    outcome: &'o Outcome,
    edits: Vec<Edit>,
    left: Vec<Finding>,
}

impl Blessing<'_> {
    fn leave(&mut self, span: Span, Why(message, help): Why) {
        let finding = Finding::error(self.outcome.source(), Code::NotBlessed, span, message);
        self.left.push(finding.with_help(help));
    }

    /// The text with all edits made.
    fn text(&mut self) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let source = self.outcome.source();
        let mut text = String::new();
        let mut at = 0;
        for Edit { span, text: new } in &self.edits {
            text.push_str(source.text_of(Span::new(at, span.start)));
            text.push_str(new);
            at = span.end;
        }
        let end = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
        text.push_str(source.text_of(Span::new(at, end)));
        Some(text)
    }

    fn step(&mut self, node: &Node<'_>, lines: &[&StepOutcome]) -> Result<(), Why> {
        let expect = member(node, "expect");
        if lines.iter().all(|line| line.kind() == StepKind::Comparison) {
            return self.comparison(node, expect, lines);
        }
        let actuals: Option<Vec<&Actual>> = lines.iter().map(|line| line.judged.actual.as_ref()).collect();
        let Some(actuals) = actuals else {
            let why = "this step could not be taken, and so nothing came of it";
            return Err(Why(why.to_owned(), "mend the steps before it"));
        };
        self.check_session(node, lines, &actuals)?;
        match expect {
            None => {
                let value = Json::from(common_outcome(&actuals)?);
                self.insert(node, "expect", &value);
            }
            Some(Member { value: Node { value: Value::Object(_), .. }, .. }) => {
                let Some(expect) = expect else { return Ok(()) };
                self.details(&expect.value, lines, &actuals)?;
            }
            Some(expect) => {
                let value = Json::from(common_outcome(&actuals)?);
                self.replace(expect.value.span, &value);
            }
        }
        Ok(())
    }

    /// A step that opens a session is more than its own expectation: others act as that session.
    fn check_session(&self, node: &Node<'_>, lines: &[&StepOutcome], actuals: &[&Actual]) -> Result<(), Why> {
        if !lines.iter().any(|line| matches!(line.kind(), StepKind::Session | StepKind::Console)) {
            return Ok(());
        }
        let is_refused = actuals.iter().any(|actual| actual.outcome != Some(Expected::Allow));
        match session_name(node) {
            None if !is_refused => Err(Why(
                "it was refused before and now opens a session, which has no name".to_owned(),
                "give it one with `becomes`",
            )),
            Some(name) if is_refused => {
                let number = lines.first().map_or(0, |line| line.number());
                let mut later = self.outcome.steps().iter().filter(|line| line.number() > number);
                if later.any(|line| line.who() == Some(name)) {
                    let why = format!("it was refused, and later steps act as `{name}`");
                    return Err(Why(why, "mend the policies, or the steps that need the session"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The fields of an expectation that did not hold.
    fn details(&mut self, expect: &Node<'_>, lines: &[&StepOutcome], actuals: &[&Actual]) -> Result<(), Why> {
        let Value::Object(members) = &expect.value else { return Ok(()) };
        let differs = |what: &str| {
            lines.iter().any(|line| line.differences().iter().any(|difference| difference.what == what))
        };
        let mut gone = vec![false; members.len()];
        for (member, gone) in members.iter().zip(&mut gone) {
            // Policy and statement are told of together.
            let what = if member.key == "policy" { "statement" } else { &member.key };
            if differs(what) && !["decision", "error"].contains(&what) {
                match common(actuals.iter().map(|actual| detail(actual, &member.key)))? {
                    Json::Null => *gone = true,
                    value => self.replace(member.value.span, &value),
                }
            }
        }
        let is_open = lines.iter().any(|line| line.verdict() == Verdict::Undetermined);
        if is_open || differs("decision") || differs("error") || differs("step") {
            let came = Json::from(common_outcome(actuals)?);
            let is_error = actuals.iter().any(|actual| matches!(actual.outcome, Some(Expected::Error(_))));
            let key = if is_error { "error" } else { "decision" };
            match member(expect, "decision").or_else(|| member(expect, "error")) {
                Some(member) => {
                    if member.key != key {
                        self.replace(member.key_span, &Json::from(key));
                    }
                    self.replace(member.value.span, &came);
                }
                None if gone.iter().all(|gone| *gone) => {
                    self.replace(expect.span, &came);
                    return Ok(());
                }
                None => self.insert_first(expect, key, &came),
            }
        }
        self.remove(members, &gone);
        Ok(())
    }

    /// What two worlds decide differently, in as few words as the matrix allows.
    fn comparison(
        &mut self,
        node: &Node<'_>,
        expect: Option<&Member<'_>>,
        lines: &[&StepOutcome],
    ) -> Result<(), Why> {
        if lines.iter().any(|line| line.what() == "comparison" && line.came() != NO_CHANGE) {
            let why = "the worlds could not be compared";
            return Err(Why(why.to_owned(), "mend the changes, or the steps before this one"));
        }
        if lines.iter().any(|line| line.came() == "can't be asked") {
            let why = "some of these questions can't be asked in both worlds";
            return Err(Why(why.to_owned(), "ask them of callers who are there in both"));
        }
        let kinds = [
            ("newlyAllowed", "newly allowed"),
            ("newlyDenied", "newly denied"),
            ("newlyUndetermined", "newly undetermined"),
        ];
        let mut members = Vec::new();
        for (field, came) in kinds {
            let cells = cells(node, lines.iter().filter(|line| line.came() == came));
            if !cells.is_empty() {
                members.push((field, Json::List(cells)));
            }
        }
        let value = if members.is_empty() { Json::from(NO_CHANGE) } else { Json::object(members) };
        match expect {
            Some(expect) => self.replace(expect.value.span, &value),
            None => self.insert(node, "expect", &value),
        }
        Ok(())
    }

    fn replace(&mut self, span: Span, value: &Json) {
        let text = self.written(value, span.start);
        self.edits.push(Edit { span, text });
    }

    /// A value as it is written at a place: on one line, or on several that are indented like those around.
    fn written(&self, value: &Json, at: u32) -> String {
        let short = value.on_one_line();
        let before = self.outcome.source().text_of(Span::new(0, at));
        let line = before.rsplit('\n').next().unwrap_or_default();
        if line.chars().count() + short.chars().count() <= WIDTH {
            return short;
        }
        let indent: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
        let line_break = if before.contains("\r\n") { "\r\n" } else { "\n" };
        let long = value.to_string();
        long.split('\n').collect::<Vec<_>>().join(&format!("{line_break}{indent}"))
    }

    /// Adds a member at the end of an object, in the object's own shape.
    fn insert(&mut self, object: &Node<'_>, key: &str, value: &Json) {
        let Value::Object(members) = &object.value else { return };
        let source = self.outcome.source();
        let after_brace = object.span.start.saturating_add(1);
        let (at, gap) = match (members.first(), members.last()) {
            (Some(first), Some(last)) => {
                let gap = source.text_of(Span::new(after_brace, first.key_span.start));
                // Members that stand on lines of their own are followed by one that does.
                let is_on_its_own = gap.contains('\n');
                (last.value.span.end, if is_on_its_own { format!(",{gap}") } else { ", ".to_owned() })
            }
            _ => (after_brace, " ".to_owned()),
        };
        let value = self.written(value, at);
        let end = if members.is_empty() { " " } else { "" };
        let text = format!("{gap}{}: {value}{end}", Json::from(key));
        self.edits.push(Edit { span: Span::new(at, at), text });
    }

    /// Adds a member at the beginning of an object that has others.
    fn insert_first(&mut self, object: &Node<'_>, key: &str, value: &Json) {
        let Value::Object(members) = &object.value else { return };
        let Some(first) = members.first() else { return };
        let at = first.key_span.start;
        let gap = self.outcome.source().text_of(Span::new(object.span.start.saturating_add(1), at));
        let gap = if gap.contains('\n') { gap } else { " " };
        let text = format!("{}: {},{gap}", Json::from(key), self.written(value, at));
        self.edits.push(Edit { span: Span::new(at, at), text });
    }

    /// Takes members out of an object, with the commas that part them from their neighbours.
    fn remove(&mut self, members: &[Member<'_>], gone: &[bool]) {
        let mut index = 0;
        while let Some(first) = members.get(index) {
            let run = gone.iter().skip(index).take_while(|gone| **gone).count();
            if run == 0 {
                index += 1;
                continue;
            }
            let next = members.get(index + run);
            let before = index.checked_sub(1).and_then(|before| members.get(before));
            let last = members.get(index + run - 1).unwrap_or(first);
            let span = match (next, before) {
                (Some(next), _) => Span::new(first.key_span.start, next.key_span.start),
                (None, Some(before)) => Span::new(before.value.span.end, last.value.span.end),
                (None, None) => Span::new(first.key_span.start, last.value.span.end),
            };
            self.edits.push(Edit { span, text: String::new() });
            index += run;
        }
    }
}

/// A line longer than this is broken.
const WIDTH: usize = 120;

fn member<'n, 's>(node: &'n Node<'s>, key: &str) -> Option<&'n Member<'s>> {
    match &node.value {
        Value::Object(members) => members.iter().find(|member| member.key == key),
        _ => None,
    }
}

/// What all lines of a step came to: one word for all.
fn common_outcome(actuals: &[&Actual]) -> Result<&'static str, Why> {
    let mut words: Vec<&'static str> =
        actuals.iter().map(|actual| actual.outcome.as_ref().map_or("allow", Expected::as_str)).collect();
    words.sort_unstable();
    words.dedup();
    match words.as_slice() {
        [word] => Ok(word),
        ["explicit deny", "implicit deny"] => Ok("deny"),
        words => Err(Why(
            format!("its questions come out differently: {}", words.join(", ")),
            "make a step for each answer",
        )),
    }
}

fn common(mut values: impl Iterator<Item = Json>) -> Result<Json, Why> {
    let first = values.next().unwrap_or(Json::Null);
    if values.all(|value| value == first) {
        return Ok(first);
    }
    let why = "its questions come out alike, and not for the same reason";
    Err(Why(why.to_owned(), "make a step for each reason, or expect less of it"))
}

/// What came, as the field of an expectation says it; null where it has nothing to say.
fn detail(actual: &Actual, field: &str) -> Json {
    match field {
        "layer" => Json::from(actual.layer.as_ref()),
        "policy" => Json::from(actual.policy.as_ref()),
        "statement" => match &actual.statement {
            Some(StatementName::Sid(sid)) => Json::from(sid),
            Some(StatementName::Number(number)) => Json::from(*number),
            None => Json::Null,
        },
        "reason" => Json::from(actual.reason.as_deref().map(lasting)),
        "message" => Json::from(actual.message.as_ref()),
        "unknown" => actual.unknown.as_ref().map_or(Json::Null, Json::list),
        "arn" => Json::from(actual.arn.as_ref()),
        "lasts" => Json::from(actual.lasts.as_ref()),
        "link" => Json::from(actual.link.as_ref()),
        _ => Json::Null,
    }
}

/// A reason without the places and near misses in it, which other changes of the file move.
fn lasting(reason: &str) -> &str {
    let end = [": ", "; "].iter().filter_map(|mark| reason.find(mark)).min();
    reason.get(..end.unwrap_or(reason.len())).unwrap_or(reason)
}

/// Changed answers as parts of a matrix: the actions that change for the same caller, resource and context go
/// together, and what has one value only is not said.
fn cells<'l>(node: &Node<'_>, lines: impl Iterator<Item = &'l &'l StepOutcome>) -> Vec<Json> {
    let is_list = |key: &str| {
        member(node, key)
            .is_some_and(|member| matches!(&member.value.value, Value::Array(items) if items.len() > 1))
    };
    let (many_callers, many_resources) = (is_list("as"), is_list("on"));
    let mut cells: Vec<([Option<&str>; 3], Vec<&str>)> = Vec::new();
    for line in lines {
        let who = line.who().filter(|_| many_callers);
        let on = many_resources.then(|| line.on().unwrap_or("*"));
        let part = [who, on, line.context()];
        match cells.iter_mut().find(|(known, _)| *known == part) {
            Some((_, actions)) => actions.push(line.what()),
            None => cells.push((part, vec![line.what()])),
        }
    }
    let cell = |([who, on, context], actions): ([Option<&str>; 3], Vec<&str>)| {
        let actions = match actions.as_slice() {
            [action] => Json::from(*action),
            actions => Json::list(actions.iter().copied()),
        };
        let said = [("as", who), ("on", on), ("context", context)];
        let said = said.into_iter().map(|(key, value)| (key, Json::from(value)));
        Json::object(std::iter::once(("do", actions)).chain(said)).without_nulls()
    };
    cells.into_iter().map(cell).collect()
}
