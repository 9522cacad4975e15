//! The markup of the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use iamsim_eval::Explanation;
use iamsim_policy::{Effect, Source, Span};
use iamsim_scenario::{Finding, Outcome, Severity, StepKind, StepOutcome, Totals, Verdict};

use super::text::Lines;
use super::trace::Traces;
use super::{SCRIPT, SCRIPT_HASH, STYLE};
use crate::Report;
use crate::coverage::{Coverage, CoveredPolicy};
use crate::escape::{html, json_in_html};
use crate::graph::{Graph, Sides, drawing, looks};
use crate::step::{self, Came, Telling};

/// Lines of a statement that are shown.
const EXCERPT: usize = 30;
/// Questions of one step with one answer that are shown unfolded.
const ALIKE: usize = 6;
/// Decisions whose traces the page holds; those that need an eye first.
const TRACES: usize = 2_000;
/// Rows and columns of a matrix.
const MATRIX: usize = 200;

pub(super) fn page(report: &Report) -> String {
    let (traces, left) = traces(&report.outcomes);
    let totals = report.totals();
    let failed: Vec<_> = step::with_verdict(&report.outcomes, Verdict::Failed).collect();
    let open: Vec<_> = step::with_verdict(&report.outcomes, Verdict::Undetermined).collect();
    let mut text = String::new();
    head(&mut text, &headline(report, totals));
    top(&mut text, report, totals);
    text.push_str("<main id=\"main\" tabindex=\"-1\">\n");
    verdict(&mut text, report, totals);
    inputs(&mut text, &report.findings);
    cards(&mut text, ("failed", "What failed"), &failed, &traces);
    cards(&mut text, ("undetermined", "What can’t be told"), &open, &traces);
    scenarios(&mut text, &report.outcomes, (&traces, left));
    if let Some(coverage) = &report.coverage {
        self::coverage(&mut text, coverage);
    }
    text.push_str("</main>\n");
    foot(&mut text);
    let _ = writeln!(
        text,
        "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>",
        json_in_html(&traces.to_json())
    );
    text
}

/// The traces that the page holds, and how many it leaves out.
fn traces(outcomes: &[Outcome]) -> (Traces, usize) {
    let mut all: Vec<(bool, String, &Explanation)> = Vec::new();
    for (story, outcome) in outcomes.iter().enumerate() {
        for (place, step) in outcome.steps().iter().enumerate() {
            if let Some(explanation) = step.explanation() {
                let is_quiet = !matches!(step.verdict(), Verdict::Failed | Verdict::Undetermined);
                all.push((is_quiet, step_id(story, place), explanation));
            }
        }
    }
    all.sort_by_key(|(is_quiet, _, _)| *is_quiet);
    let mut traces = Traces::default();
    for (_, id, explanation) in all.iter().take(TRACES) {
        traces.add(id, explanation);
    }
    (traces, all.len().saturating_sub(TRACES))
}

fn head(text: &mut String, title: &str) {
    let _ = writeln!(
        text,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · iamsim</title>\n\
         <style>\n{STYLE}{}\n</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to what came</a>",
        html(title),
        looks()
    );
}

/// `3 of 186 expectations fail`.
fn headline(report: &Report, totals: Totals) -> String {
    let all = totals.passed + totals.failed + totals.undetermined;
    let unusable = report.errors().count();
    match (totals.failed, totals.undetermined) {
        (0, 0) if unusable == 1 => "1 input can’t be used".to_owned(),
        (0, 0) if unusable > 0 => format!("{unusable} inputs can’t be used"),
        (0, 0) if all == 0 => "Nothing was expected".to_owned(),
        (0, 0) => format!("All {all} expectations hold"),
        (0, 1) => format!("1 of {all} answers can’t be told"),
        (0, open) => format!("{open} of {all} answers can’t be told"),
        (1, _) => format!("1 of {all} expectations fails"),
        (failed, _) => format!("{failed} of {all} expectations fail"),
    }
}

fn top(text: &mut String, report: &Report, totals: Totals) {
    text.push_str("<header class=\"top\">\n<div class=\"brand\">iamsim <span>report</span></div>\n<nav aria-label=\"Parts of this page\">");
    let unusable = report.findings.len();
    for (id, name, count) in [
        ("inputs", "Inputs", unusable),
        ("failed", "Failed", totals.failed),
        ("undetermined", "Undetermined", totals.undetermined),
        ("scenarios", "Scenarios", report.outcomes.len()),
    ] {
        if count > 0 || id == "scenarios" {
            let _ = write!(text, "<a href=\"#{id}\">{name} <span class=\"count\">{count}</span></a>");
        }
    }
    if report.coverage.is_some() {
        text.push_str("<a href=\"#coverage\">Coverage</a>");
    }
    text.push_str(
        "</nav>\n<div class=\"tools\"><label class=\"far\" for=\"filter\">Show only what speaks of</label>\
         <input id=\"filter\" type=\"search\" placeholder=\"Filter ( / )\" autocomplete=\"off\" spellcheck=\"false\">\
         <button id=\"theme\" type=\"button\">◐ auto</button></div>\n</header>\n",
    );
}

fn verdict(text: &mut String, report: &Report, totals: Totals) {
    let unusable = report.errors().count();
    let (class, came, letter) = match (totals.failed + unusable, totals.undetermined) {
        (0, 0) => ("passed", "passed", "✓"),
        (0, _) => ("undetermined", "undetermined", "?"),
        _ => ("failed", "failed", "✕"),
    };
    let _ = writeln!(
        text,
        "<section class=\"verdict {class}\" aria-labelledby=\"verdict\">\n<h1 id=\"verdict\">\
         <span class=\"dec {came}\" aria-hidden=\"true\">{letter}</span>{}</h1>",
        html(&headline(report, totals))
    );
    let counts = [
        ("passed", "passed", "✓", totals.passed),
        ("failed", "failed", "✕", totals.failed),
        ("undetermined", "undetermined", "?", totals.undetermined),
        ("skipped", "skipped", "–", totals.skipped),
    ];
    let _ = write!(text, "<div class=\"bar\" role=\"img\" aria-label=\"{totals}\">");
    for (class, _, _, count) in counts {
        if count > 0 {
            let _ = write!(text, "<i class=\"{class}\" style=\"flex:{count}\"></i>");
        }
    }
    text.push_str("</div>\n<dl class=\"totals\">");
    for (class, name, letter, count) in counts {
        if count > 0 || matches!(class, "passed" | "failed") {
            let _ = write!(
                text,
                "<div><dt>{name} <span class=\"dec {class}\" aria-hidden=\"true\">{letter}</span></dt><dd>{count}</dd></div>"
            );
        }
    }
    let (stories, word) = plural(report.outcomes.len(), "scenario");
    let _ = write!(text, "<div><dt>{word}</dt><dd>{stories}</dd></div>");
    if unusable > 0 {
        let (count, word) = plural(unusable, "input");
        let _ = write!(text, "<div><dt>{word} can’t be used</dt><dd>{count}</dd></div>");
    }
    text.push_str("</dl>\n</section>\n");
}

fn plural(count: usize, word: &str) -> (usize, String) {
    (count, if count == 1 { word.to_owned() } else { format!("{word}s") })
}

fn inputs(text: &mut String, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    text.push_str("<section id=\"inputs\" aria-labelledby=\"inputs-title\">\n<h2 id=\"inputs-title\">What the inputs get wrong</h2>\n<div class=\"cards\">\n");
    for finding in findings {
        let class = match finding.severity() {
            Severity::Error => "failed",
            Severity::Warning => "undetermined",
        };
        let place = match finding.position() {
            Some(_) => finding.source().place(finding.span()).to_string(),
            None => finding.source().name().to_owned(),
        };
        let (place, message) = (html(&place), html(finding.message()));
        let _ = write!(
            text,
            "<article class=\"card {class}\" data-words=\"{place} {message}\"><header><h3>{message}</h3>\
             <p class=\"mono\">{} {} · {place}</p></header><div class=\"inside\">",
            finding.severity(),
            html(finding.code())
        );
        if let Some(help) = finding.help() {
            let _ = write!(text, "<p class=\"near\"><b>What to do</b> {}</p>", html(help));
        }
        if finding.position().is_some() && !finding.source().text().is_empty() {
            excerpt(text, finding.source(), finding.span(), ("", &place), &[finding.span()]);
        }
        text.push_str("</div></article>\n");
    }
    text.push_str("</div>\n</section>\n");
}

fn cards(text: &mut String, (id, title): (&str, &str), steps: &[step::Found<'_>], traces: &Traces) {
    if steps.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n<div class=\"cards\">"
    );
    for group in step::alike(steps) {
        card(text, &group, traces);
    }
    text.push_str("</div>\n</section>\n");
}

fn card(text: &mut String, group: &[step::Found<'_>], traces: &Traces) {
    let Some((story, outcome, place, step)) = group.first().copied() else { return };
    let id = step_id(story, place);
    let all: Vec<String> = group.iter().map(|(_, outcome, _, step)| words(outcome, step)).collect();
    let _ = write!(
        text,
        "<article class=\"card {}\" data-words=\"{}\" aria-labelledby=\"c-{id}\"><header><h3 id=\"c-{id}\" class=\"asked\">",
        step.verdict(),
        html(&all.join(" "))
    );
    asked(text, step);
    let name = step.name().map(|name| format!(" · {}", html(name))).unwrap_or_default();
    let _ = write!(
        text,
        "</h3><p>{} · <a href=\"#{id}\">{}</a>{name} · <span class=\"mono\">{}</span></p></header><div class=\"inside\">",
        html(outcome.title()),
        html(&step::number(step)),
        html(&step.place().to_string())
    );
    told(text, step);
    for telling in step::telling(step) {
        excerpt_of(text, &telling);
    }
    if let [_, others @ ..] = group
        && !others.is_empty()
    {
        let (count, word) = plural(others.len(), "more question");
        let open = if count <= ALIKE { " open" } else { "" };
        let _ = write!(
            text,
            "<details class=\"fold\"{open}><summary>{count} {word} of this step, for the same reason</summary><ul class=\"asks\">"
        );
        for (story, _, place, step) in others {
            let _ = write!(text, "<li><a href=\"#{}\" class=\"asked\">", step_id(*story, *place));
            asked(text, step);
            text.push_str("</a></li>");
        }
        text.push_str("</ul></details>");
    }
    if traces.has(&id) {
        let _ = write!(
            text,
            "<details class=\"fold\"><summary>How it was decided</summary><div class=\"place\" data-trace=\"{id}\"></div></details>"
        );
    }
    text.push_str("</div></article>\n");
}

/// Who, what and on what.
fn asked(text: &mut String, step: &StepOutcome) {
    if let Some(who) = step.who() {
        let _ = write!(text, "<span>{}</span> <span class=\"verb\">does</span> ", html(who));
    }
    let _ = write!(text, "<code>{}</code>", html(step.what()));
    if let Some(on) = step.on() {
        let _ = write!(text, " <span class=\"verb\">on</span> <span>{}</span>", html(on));
    }
    if let Some(context) = step.context() {
        let _ = write!(text, " <span class=\"verb\">with</span> <span>{}</span>", html(context));
    }
}

/// What was expected, what came, and why.
fn told(text: &mut String, step: &StepOutcome) {
    text.push_str("<div class=\"diffs\">");
    for difference in step.differences() {
        let _ = write!(
            text,
            "<p class=\"diff\"><span class=\"what\">{}</span><span><span class=\"label\">expected</span> {}</span>\
             <span><span class=\"label\">got</span> {}</span></p>",
            html(difference.what),
            word(&difference.expected),
            word(&difference.came)
        );
    }
    if step.differences().is_empty() && step.verdict() == Verdict::Undetermined {
        let _ = write!(
            text,
            "<p class=\"diff\"><span class=\"label\">expected</span> {} <span class=\"label\">got</span> {}</p>",
            word(step.expected().unwrap_or("a decision")),
            word("undetermined")
        );
    }
    text.push_str("</div>");
    if let Some(because) = step.because() {
        let _ = write!(text, "<p class=\"why\">{}</p>", html(because));
    }
    if let Some(message) = step.message()
        && step.because() != Some(message)
    {
        let _ = write!(text, "<p class=\"why quiet\">{}</p>", html(message));
    }
}

/// A decision with its sign, or any other word as code.
fn word(text: &str) -> String {
    let came = match text {
        "allow" => Came::Allow,
        "implicit deny" => Came::ImplicitDeny,
        "explicit deny" => Came::ExplicitDeny,
        "undetermined" => Came::Undetermined,
        _ => return format!("<code>{}</code>", html(text)),
    };
    decided(came, text)
}

fn decided(came: Came, text: &str) -> String {
    format!(
        "<span class=\"decided\"><span class=\"dec {}\" aria-hidden=\"true\">{}</span><b>{}</b></span>",
        came.as_str(),
        came.letter(),
        html(text)
    )
}

fn excerpt_of(text: &mut String, telling: &Telling) {
    let class = match telling.effect {
        Some(Effect::Allow) => "allow",
        Some(Effect::Deny) => "deny",
        None => "",
    };
    let what = html(&telling.what);
    let caption = match telling.effect {
        Some(_) => format!("decided by {what}"),
        None => what,
    };
    excerpt(text, &telling.source, telling.span, (class, &caption), &telling.misfits);
}

/// The whole lines of a range, with what did not fit marked.
fn excerpt(text: &mut String, source: &Source, span: Span, (class, caption): (&str, &str), misfits: &[Span]) {
    let lines = Lines::of(source, span);
    // Of a line that holds more, what is meant is marked.
    let is_part = misfits.is_empty()
        && !lines.text.contains('\n')
        && source.text_of(span).trim() != lines.text.trim().trim_end_matches(',');
    let (marked, mark) = if is_part { (std::slice::from_ref(&span), "this") } else { (misfits, "miss") };
    let rows = lines.rows(marked);
    let wide = lines.text.lines().any(|line| line.chars().count() > 160);
    let _ = write!(
        text,
        "<figure class=\"excerpt\"><figcaption>{caption}</figcaption><div class=\"text mono{}\" tabindex=\"0\" \
         role=\"group\" aria-label=\"{}\">",
        if wide { " wide" } else { "" },
        html(&format!("lines of {}", source.name()))
    );
    for (number, pieces) in rows.iter().take(EXCERPT) {
        let _ = write!(
            text,
            "<div class=\"row in {class}\"><span class=\"no\">{number}</span><span class=\"code\">"
        );
        for (piece, is_marked) in pieces {
            let piece = html(piece);
            let _ = match is_marked {
                true => write!(text, "<mark class=\"{mark}\">{piece}</mark>"),
                false => write!(text, "{piece}"),
            };
        }
        text.push_str("</span></div>");
    }
    if rows.len() > EXCERPT {
        let _ = write!(text, "<div class=\"cut\">… {} more lines</div>", rows.len() - EXCERPT);
    }
    text.push_str("</div></figure>");
}

fn step_id(story: usize, place: usize) -> String {
    format!("s{}-{}", story + 1, place + 1)
}

/// What a filter looks at.
fn words(outcome: &Outcome, step: &StepOutcome) -> String {
    let parts = [
        Some(outcome.title()),
        Some(outcome.file()),
        step.name(),
        step.who(),
        Some(step.what()),
        step.on(),
        step.context(),
        Some(step.came()),
        Some(step.verdict().as_str()),
        step.because(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn scenarios(text: &mut String, outcomes: &[Outcome], (traces, left): (&Traces, usize)) {
    text.push_str(
        "<section id=\"scenarios\" aria-labelledby=\"scenarios-title\">\n<h2 id=\"scenarios-title\">Scenarios</h2>\n\
         <div class=\"bar-buttons\"><button type=\"button\" id=\"unfold\">Open all</button>\
         <button type=\"button\" id=\"fold\">Close all</button><span id=\"shown\" class=\"quiet\" role=\"status\"></span>",
    );
    legend(text);
    text.push_str("</div>\n");
    if left > 0 {
        let _ = writeln!(
            text,
            "<p class=\"quiet\">The page holds how {TRACES} of the decisions came about, those that need an eye first; \
             {left} more are left out: a filter makes a report of fewer.</p>"
        );
    }
    if outcomes.is_empty() {
        text.push_str("<p class=\"empty\">No scenario was run.</p>\n");
    }
    // Worlds that are the same are drawn once.
    let mut graphs: BTreeMap<String, usize> = BTreeMap::new();
    for (story, outcome) in outcomes.iter().enumerate() {
        scenario(text, story, outcome, traces, &mut graphs);
    }
    text.push_str("</section>\n");
}

fn legend(text: &mut String) {
    text.push_str("<div class=\"legend\" role=\"group\" aria-label=\"Legend\">");
    for (came, name) in [
        (Came::Allow, "allow"),
        (Came::ExplicitDeny, "explicit deny"),
        (Came::ImplicitDeny, "implicit deny"),
        (Came::Undetermined, "undetermined"),
        (Came::Refused, "refused with an error"),
        (Came::Done, "done"),
    ] {
        let _ = write!(
            text,
            "<span><span class=\"dec {}\" aria-hidden=\"true\">{}</span>{name}</span>",
            came.as_str(),
            came.letter()
        );
    }
    text.push_str("</div>");
}

fn scenario(
    text: &mut String,
    story: usize,
    outcome: &Outcome,
    traces: &Traces,
    graphs: &mut BTreeMap<String, usize>,
) {
    let totals = outcome.totals();
    let (class, letter) = match (totals.failed, totals.undetermined) {
        _ if outcome.skipped().is_some() => ("skipped", "–"),
        (0, 0) => ("passed", "✓"),
        (0, _) => ("undetermined", "?"),
        _ => ("failed", "✕"),
    };
    let open = if matches!(class, "failed" | "undetermined") { " open" } else { "" };
    let tags = outcome.tags().iter().fold(String::new(), |mut tags, tag| {
        let _ = write!(tags, " <span class=\"chip\">{}</span>", html(tag));
        tags
    });
    let (title, file) = (html(outcome.title()), html(outcome.file()));
    let _ = writeln!(
        text,
        "<details class=\"scenario\" id=\"s{}\" data-words=\"{title} {file}\"{open}>\n<summary>\
         <span class=\"dec {class}\" aria-hidden=\"true\">{letter}</span><h3 class=\"titles\">{title}{tags}\
         <span class=\"file mono\">{file}</span></h3><span class=\"tally\">{totals}</span></summary>\n<div class=\"inside\">",
        story + 1,
    );
    if let Some(reason) = outcome.skipped() {
        let _ = writeln!(text, "<p class=\"empty\">Left out: {}</p>", html(reason));
    }
    matrix(text, story, outcome);
    steps(text, story, outcome, traces);
    graph(text, story, outcome, graphs);
    text.push_str("</div>\n</details>\n");
}

/// Callers × actions. Steps of which somebody is the subject and that were answered.
fn matrix(text: &mut String, story: usize, outcome: &Outcome) {
    let mut callers: Vec<&str> = Vec::new();
    let mut resources: Vec<Option<&str>> = Vec::new();
    let mut rows: Vec<(Option<&str>, &str)> = Vec::new();
    let mut cells: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (place, step) in outcome.steps().iter().enumerate() {
        let Some(who) = step.who() else { continue };
        // What is expected over many callers at once has no one caller.
        if !matches!(step.kind(), StepKind::Question | StepKind::Session | StepKind::Console) {
            continue;
        }
        let column = position(&mut callers, who);
        position(&mut resources, step.on());
        let row = position(&mut rows, (step.on(), step.what()));
        cells.entry((row, column)).or_default().push(place);
    }
    if rows.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "<div><h4 id=\"m{0}\">Who may do what</h4>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"m{0}\">\
         <table class=\"matrix\"><caption class=\"far\">{1}: callers across, actions and resources down</caption>\
         <thead><tr><td></td>",
        story + 1,
        html(outcome.title())
    );
    for caller in callers.iter().take(MATRIX) {
        let _ = write!(text, "<th scope=\"col\">{}</th>", html(caller));
    }
    text.push_str("</tr></thead>");
    let mut shown = 0;
    let has_resources = resources.iter().any(Option::is_some);
    for resource in resources {
        text.push_str("<tbody>");
        if has_resources {
            let on = resource
                .map_or_else(|| "without a resource".to_owned(), |resource| format!("on {}", html(resource)));
            let width = callers.len().min(MATRIX) + 1;
            let _ = write!(text, "<tr><th scope=\"rowgroup\" colspan=\"{width}\">{on}</th></tr>");
        }
        for (row, (_, action)) in rows.iter().enumerate().filter(|(_, (on, _))| *on == resource) {
            if shown >= MATRIX {
                break;
            }
            shown += 1;
            let _ = write!(text, "<tr><th scope=\"row\"><code>{}</code></th>", html(action));
            for (column, _) in callers.iter().enumerate().take(MATRIX) {
                text.push_str("<td>");
                if let Some(places) = cells.get(&(row, column)) {
                    text.push_str("<span class=\"cell\">");
                    for place in places {
                        if let Some(step) = outcome.steps().get(*place) {
                            cell(text, &step_id(story, *place), step);
                        }
                    }
                    text.push_str("</span>");
                }
                text.push_str("</td>");
            }
            text.push_str("</tr>");
        }
        text.push_str("</tbody>\n");
    }
    text.push_str("</table></div>");
    let left = rows.len().saturating_sub(MATRIX) + callers.len().saturating_sub(MATRIX);
    if left > 0 {
        let _ = write!(text, "<p class=\"quiet\">{left} more rows and columns: see the steps below.</p>");
    }
    text.push_str("</div>\n");
}

fn cell(text: &mut String, id: &str, step: &StepOutcome) {
    let came = Came::of(step);
    let held = match step.verdict() {
        Verdict::Passed => ", as expected",
        Verdict::Failed => ", not as expected",
        Verdict::Undetermined => ", and a decision was needed",
        Verdict::Skipped | Verdict::Done => "",
    };
    let label = html(&format!("{}: {}{held}, {}", step::title(step), step.came(), step::number(step)));
    let (before, after) = match step.verdict() {
        Verdict::Failed | Verdict::Undetermined => ("<span class=\"wrong\">", "</span>"),
        _ => ("", ""),
    };
    let _ = write!(
        text,
        "{before}<a class=\"dec {}\" href=\"#{id}\" title=\"{label}\" aria-label=\"{label}\">{}</a>{after}",
        came.as_str(),
        came.letter()
    );
}

fn position<T: Copy + PartialEq>(all: &mut Vec<T>, one: T) -> usize {
    all.iter().position(|own| *own == one).unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    })
}

fn steps(text: &mut String, story: usize, outcome: &Outcome, traces: &Traces) {
    if outcome.steps().is_empty() {
        return;
    }
    text.push_str("<div><h4>Steps</h4>\n<ol class=\"steps\">\n");
    let mut last = None;
    for (place, step) in outcome.steps().iter().enumerate() {
        let id = step_id(story, place);
        let is_first = last != Some(step.number());
        last = Some(step.number());
        let _ = write!(
            text,
            "<li id=\"{id}\" class=\"{}\" data-words=\"{}\">",
            step.verdict(),
            html(&words(outcome, step))
        );
        if let (true, Some(name)) = (is_first, step.name()) {
            let _ = write!(text, "<p class=\"named\">{}</p>", html(name));
        }
        let number = if is_first && step.number() > 0 { step.number().to_string() } else { String::new() };
        if step::is_note(step) {
            let what = html(&step::title(step));
            let _ = writeln!(
                text,
                "<p class=\"plain\"><span></span><span class=\"no\">{number}</span><span>{what}</span></p></li>"
            );
            continue;
        }
        let held = match step.verdict() {
            Verdict::Passed => "<span class=\"held quiet\">as expected</span>".to_owned(),
            Verdict::Failed => "<span class=\"held chip no\">✕ failed</span>".to_owned(),
            Verdict::Undetermined => "<span class=\"held chip\">? undetermined</span>".to_owned(),
            Verdict::Skipped => "<span class=\"held chip\">– skipped</span>".to_owned(),
            Verdict::Done => "<span class=\"held\"></span>".to_owned(),
        };
        let context = step.context().map(|context| format!(" <span class=\"chip\">{}</span>", html(context)));
        let _ = write!(
            text,
            "<details class=\"step\"><summary><span class=\"no\">{number}</span><span class=\"who\">{}</span>\
             <span class=\"what\"><code>{}</code>{}</span><span class=\"on\">{}</span><span class=\"came\">{}</span>{held}</summary>\
             <div class=\"inside\">",
            html(step.who().unwrap_or_default()),
            html(step.what()),
            context.unwrap_or_default(),
            html(step.on().unwrap_or_default()),
            decided(Came::of(step), step.came())
        );
        told(text, step);
        let _ = write!(text, "<p class=\"quiet mono\">{}</p>", html(&step.place().to_string()));
        if traces.has(&id) {
            let _ = write!(text, "<div class=\"place\" data-trace=\"{id}\"></div>");
        } else if step.explanation().is_some() {
            text.push_str(
                "<p class=\"quiet\">How it was decided is left out of a page of so many decisions.</p>",
            );
        }
        text.push_str("</div></details></li>\n");
    }
    text.push_str("</ol></div>\n");
}

fn graph(text: &mut String, story: usize, outcome: &Outcome, graphs: &mut BTreeMap<String, usize>) {
    let graph = Graph::of(outcome.cloud());
    if graph.edges().is_empty() {
        return;
    }
    let picture = drawing(&graph);
    let first = *graphs.entry(picture.clone()).or_insert(story);
    text.push_str("<details class=\"fold\"><summary>Who may assume what</summary>");
    if first != story {
        let _ = writeln!(
            text,
            "<p class=\"quiet\">The world is the one of <a href=\"#g{0}\">another scenario</a>, and so is its graph.</p></details>",
            first + 1
        );
        return;
    }
    for note in graph.notes() {
        let _ = write!(text, "<p class=\"quiet\">{}</p>", html(note));
    }
    let _ = write!(
        text,
        "<p class=\"legend\"><span>━ ▶ both sides permit, once the conditions are met</span><span>╌ ✕ only the role trusts</span>\
         <span>┄ ? undetermined</span></p><div class=\"graph\" id=\"g{}\">{picture}</div>",
        story + 1
    );
    text.push_str(
        "<details class=\"fold\"><summary>The same as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"group\" \
         aria-label=\"Who may assume what, as a table\"><table class=\"table\"><thead><tr><th scope=\"col\">who</th>\
         <th scope=\"col\">role</th><th scope=\"col\">conditions</th><th scope=\"col\">permitted</th><th scope=\"col\">why not</th>\
         <th scope=\"col\">statement</th></tr></thead><tbody>",
    );
    for edge in graph.edges() {
        let name = |place| html(&graph.node(place).map(crate::graph::Node::title).unwrap_or_default());
        let conditions: Vec<String> = edge.conditions.iter().map(|condition| html(condition)).collect();
        let sides = match edge.sides {
            Sides::Both => "✓ by both sides",
            Sides::TrustOnly => "✕ trust only",
            Sides::Undetermined => "? undetermined",
        };
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{sides}</td><td>{}</td><td class=\"mono\">{}</td></tr>",
            name(edge.from),
            name(edge.to),
            conditions.join("<br>"),
            html(edge.why.as_deref().unwrap_or_default()),
            html(&edge.place)
        );
    }
    text.push_str("</tbody></table></div></details></details>\n");
}

fn coverage(text: &mut String, coverage: &Coverage) {
    let ((matched, statements), (both, conditions)) = (coverage.statements(), coverage.conditions());
    let _ = writeln!(
        text,
        "<section id=\"coverage\" aria-labelledby=\"coverage-title\">\n<h2 id=\"coverage-title\">What the scenarios exercised</h2>\n\
         <p>{matched} of {statements} statements matched a request; {both} of {conditions} conditions came out both ways.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"coverage-title\"><table class=\"table\"><thead><tr>\
         <th scope=\"col\">policy</th><th scope=\"col\">statements</th><th scope=\"col\"><span class=\"far\">share</span></th>\
         <th scope=\"col\">conditions both ways</th><th scope=\"col\">not exercised</th></tr></thead><tbody>"
    );
    for policy in &coverage.policies {
        covered(text, policy);
    }
    text.push_str("</tbody></table></div>\n</section>\n");
}

fn covered(text: &mut String, policy: &CoveredPolicy) {
    let all = policy.statements.len();
    let matched = policy.statements.iter().filter(|statement| statement.is_covered()).count();
    let conditions = policy.statements.iter().flat_map(|statement| &statement.conditions);
    let both = conditions.clone().filter(|condition| condition.is_covered()).count();
    let place = policy.source.place(policy.span).to_string();
    let named = if policy.name == place {
        format!("<span class=\"mono\">{}</span>", html(&place))
    } else {
        format!("{}<br><span class=\"quiet mono\">{}</span>", html(&policy.name), html(&place))
    };
    let share = (matched * 100).checked_div(all).unwrap_or(100);
    let _ = write!(
        text,
        "<tr><th scope=\"row\">{named}</th><td class=\"number\">{matched} of {all}</td>\
         <td><span class=\"meter\" role=\"img\" aria-label=\"{share} %\"><i style=\"width:{share}%\"></i></span></td>\
         <td class=\"number\">{both} of {}</td><td>",
        conditions.count()
    );
    for (index, statement) in policy.statements.iter().enumerate() {
        let name = match &statement.sid {
            Some(sid) => format!("statement {} {sid}", index + 1),
            None => format!("statement {}", index + 1),
        };
        if !statement.is_covered() {
            let (name, place) = (html(&name), html(&policy.source.place(statement.span).to_string()));
            let judged = match statement.judged {
                0 => "never held against a request",
                _ => "held against requests, never matched",
            };
            let _ = write!(text, "<details class=\"fold\"><summary><span>{name}: {judged}</span></summary>");
            excerpt(text, &policy.source, statement.span, ("", &place), &[]);
            text.push_str("</details>");
        }
        for condition in statement.conditions.iter().filter(|condition| !condition.is_covered()) {
            let seen = match (condition.held, condition.failed) {
                (0, 0) => "never asked",
                (0, _) => "never held",
                _ => "never failed",
            };
            let _ = write!(
                text,
                "<p>{}: {} {} {seen}</p>",
                html(&name),
                html(&condition.operator),
                html(&condition.key)
            );
        }
    }
    text.push_str("</td></tr>\n");
}

fn foot(text: &mut String) {
    let _ = writeln!(
        text,
        "<footer><p>Keys: <kbd>/</kbd> filter · <kbd>n</kbd> and <kbd>p</kbd> next and previous finding · <kbd>t</kbd> light or dark · \
         arrows move in a matrix, <kbd>Enter</kbd> opens the step.</p>\
         <p>iamsim {}. This file holds everything it shows, and loads nothing.</p>\
         <noscript><p>The traces of decisions are drawn by this page’s script, which does not run here; everything else is complete.</p></noscript></footer>",
        env!("CARGO_PKG_VERSION")
    );
}
