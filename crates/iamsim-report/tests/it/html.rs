//! The page: what its markup holds, and what a browser makes of it.
//!
//! A browser is looked for under its usual names. Where there is none, the tests that need one say so in one
//! visible line each and check nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use iamsim_report::{Format, Report};
use iamsim_scenario::Detail;

use crate::stories;

fn page(report: &Report) -> String {
    report.render(Format::Html, Detail::Reason)
}

/// The page without its style and its scripts.
fn markup(page: &str) -> String {
    let mut kept = String::new();
    for (index, part) in page.split("<style>").enumerate() {
        let part = if index == 0 { part } else { after(part, "</style>") };
        for (index, part) in part.split("<script").enumerate() {
            kept.push_str(if index == 0 { part } else { after(part, "</script>") });
        }
    }
    kept
}

#[track_caller]
fn after<'t>(text: &'t str, mark: &str) -> &'t str {
    text.split_once(mark).unwrap_or_else(|| panic!("{mark} is missing")).1
}

/// What stands between two marks, the first one's first time.
#[track_caller]
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    after(text, from).split_once(to).unwrap_or_else(|| panic!("{to} is missing")).0
}

#[test]
fn the_page_refers_to_nothing_outside_itself() {
    let page = page(&stories::everything());
    let markup = markup(&page);
    assert!(page.contains("default-src 'none'"));
    for reference in
        ["src=\"", "href=\"http", "href=\"/", "url(", "@import", "<link", "<iframe", "<object", "<img"]
    {
        assert!(!markup.contains(reference), "{reference}");
    }
    for link in markup.split("href=\"").skip(1) {
        assert!(link.starts_with('#'), "{link}");
    }
}

#[test]
fn every_link_has_its_place_and_every_id_is_one() {
    let page = page(&stories::everything());
    let markup = markup(&page);
    let attribute = |name: &str| -> Vec<String> {
        let before = format!(" {name}=\"");
        let parts = markup.split(&before).skip(1);
        parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = attribute("id");
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "an id twice");
    let references = attribute("href").into_iter().map(|link| link.trim_start_matches('#').to_owned());
    let labels = attribute("aria-labelledby").into_iter().chain(attribute("for"));
    for place in references.chain(labels) {
        assert!(ids.contains(&place), "{place}");
    }
}

#[test]
fn nothing_of_a_users_text_is_markup() {
    let mut report = Report::new();
    report.add(&stories::run("stories/hostile <b>.json", stories::HOSTILE));
    let page = page(&report);
    // The page's own two scripts and its one style, and no third, whatever the texts hold.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("<style>").count(), 1);
    for element in ["<b ", "<img", "<svg onload", "<textarea", "<!--", "<i>because"] {
        assert!(!page.contains(element), "{element}");
    }
    assert!(page.contains("&lt;script&gt;document.title=&#39;broken&#39;&lt;/script&gt;"));
}

#[test]
fn the_parts_of_the_page_are_named_for_those_who_do_not_see_it() {
    let markup = markup(&page(&stories::everything()));
    for part in [
        "<html lang=\"en\">",
        "<main id=\"main\"",
        "<nav aria-label=",
        "<header class=\"top\">",
        "<footer>",
        "class=\"skip\" href=\"#main\"",
        "<label class=\"far\" for=\"filter\">",
        "<th scope=\"col\">dana-develops</th>",
        "<th scope=\"row\"><code>lambda:DeleteFunction</code></th>",
        "aria-label=\"dana-develops lambda:DeleteFunction on checkout: explicit deny, not as expected, step 3\"",
    ] {
        assert!(markup.contains(part), "{part}");
    }
    assert_eq!(markup.matches("<h1").count(), 1);
}

#[test]
fn a_run_of_nothing_is_a_page_too() {
    let page = page(&Report::new());
    assert!(page.contains("Nothing was expected"), "{page}");
    assert!(page.contains("No scenario was run."));
}

#[test]
fn what_a_change_newly_denies_and_what_may_never_be_is_shown_by_its_decision() {
    let text = r#"{ "scenario": "Before and after",
      "accounts": { "111122223333": { "users": { "rosa": { "policies": { "all": { "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "iam:*", "Resource": "*" } } } } } } },
      "never": [{ "as": "rosa", "do": "iam:DeleteUser", "on": "user/rosa" }],
      "steps": [
        { "remember": "before" },
        { "change": "rosa", "policies": { "all": null } },
        { "compare": "before", "as": "rosa", "do": "iam:GetUser", "on": "user/rosa" }] }"#;
    let mut report = Report::new();
    report.add(&stories::run("review.json", text));
    let page = page(&report);
    let newly = "<span class=\"dec implicit-deny\" aria-hidden=\"true\">I</span><b>newly denied</b>";
    assert!(page.contains(newly), "{page}");
    // The statement is marked in a line that holds a whole world.
    let marked = "<mark class=\"this\">{ &quot;Effect&quot;: &quot;Allow&quot;, &quot;Action&quot;: &quot;iam:*&quot;, \
                  &quot;Resource&quot;: &quot;*&quot; }</mark>";
    assert!(page.contains(marked), "{page}");
    assert!(!page.contains("<table class=\"matrix\""), "nobody was asked about alone");
}

#[test]
fn the_same_world_is_drawn_once() {
    let mut report = Report::new();
    for name in ["one.json", "two.json"] {
        report.add(&stories::run(name, stories::MIXED));
    }
    let page = page(&report);
    assert_eq!(page.matches("<svg").count(), 1);
    assert!(page.contains("<a href=\"#g1\">another scenario</a>"));
}

// ── in a browser ────────────────────────────────────────────────────────────────────────────────────────────

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

fn browser() -> Option<&'static str> {
    let runs = |name: &&&str| {
        let version =
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    BROWSERS.iter().find(runs).copied()
}

/// The document as the browser has it after the page's script has run, at a fragment of its address; none
/// without a browser.
fn opened(test: &str, page: &str, fragment: &str) -> Option<String> {
    let Some(browser) = browser() else {
        // Past the harness, which keeps what tests print to itself.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no chromium is installed, so {test} was not opened in a browser"
        );
        return None;
    };
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("report.html");
    fs::write(&file, page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("file://{}{fragment}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    assert!(dom.contains("</html>"), "{}", String::from_utf8_lossy(&output.stderr));
    Some(dom)
}

#[test]
fn the_script_runs_and_draws_the_trace_that_the_address_names() {
    let page = page(&stories::everything());
    assert!(!page.contains("data-rendered="), "traces are drawn by the script alone");
    // Step 3 of the second scenario asks about invoking the billing function third.
    let Some(dom) = opened("trace", &page, "#s2-6") else { return };
    let trace = between(&dom, "data-rendered=\"s2-6\"", "</ol>");
    for part in [
        "statement 1 Invoke: would allow, does not match",
        "<span class=\"far\">not met: </span>Resource: `arn:aws:lambda:eu-west-1:444455556666:function:billing-prod` \
         is not among `arn:aws:lambda:*:444455556666:function:*-dev`",
        "<mark class=\"miss\">\"arn:aws:lambda:*:444455556666:function:*-dev\"</mark>",
        "<div class=\"row in\"><span class=\"no\">78</span>",
        "service control policy",
    ] {
        assert!(trace.contains(part), "{part}\n{trace}");
    }
    // What is closed is not drawn.
    assert!(!dom.contains("data-rendered=\"s2-5\""));
    assert!(dom.contains("data-theme=\"auto\"") && dom.contains("◐ auto"), "the theme's button is set");
}

#[test]
fn a_deciding_statement_is_marked_in_its_policy() {
    let page = page(&stories::everything());
    let Some(dom) = opened("deciding", &page, "#s2-5") else { return };
    for part in [
        "<span class=\"chip no\">decided</span>",
        "<div class=\"row in deny\"><span class=\"no\">85</span><span class=\"code\">      \"Sid\": \"KeepTheRest\",</span></div>",
    ] {
        assert!(dom.contains(part), "{part}");
    }
}

#[test]
fn hostile_texts_are_shown_and_do_nothing() {
    let mut report = Report::new();
    report.add(&stories::run("stories/hostile <b>.json", stories::HOSTILE));
    let page = page(&report);
    let Some(dom) = opened("hostile", &page, "#s1-1") else { return };
    assert!(dom.contains("<title>1 of 1 expectations fails · iamsim</title>"), "no text has run");
    let trace = between(&dom, "data-rendered=\"s1-1\"", "<script type");
    assert!(trace.contains("&lt;svg onload=alert(1)&gt;"), "{trace}");
    assert!(!trace.contains("<svg onload"));
}

#[test]
fn the_graph_can_be_walked_by_keyboard() {
    let page = page(&stories::everything());
    let Some(dom) = opened("graph", &page, "#g2") else { return };
    let label = "role=\"img\" aria-label=\"role developer of 444455556666\"";
    assert!(dom.contains("tabindex=\"0\"") && dom.contains(label), "{label}");
}

// ── colours ─────────────────────────────────────────────────────────────────────────────────────────────────

/// The colours of a rule of the style sheet, by name.
fn palette(rule: &str) -> BTreeMap<String, [f64; 3]> {
    let style = include_str!("../../assets/report.css");
    let body = between(style, rule, "}");
    let colour = |line: &str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
        let number = u32::from_str_radix(value.trim_end_matches(';'), 16).unwrap();
        let channel = |shift: u32| f64::from((number >> shift) & 0xff) / 255.0;
        Some((name.to_owned(), [channel(16), channel(8), channel(0)]))
    };
    body.lines().filter_map(colour).collect()
}

/// The contrast of two colours, as WCAG 2 reckons it.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let light = |colour: [f64; 3]| -> f64 {
        let linear = colour
            .map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_can_be_read_in_light_and_in_dark() {
    let light = palette(":root {");
    let dark = palette(":root:not([data-theme=\"light\"]) {");
    assert_eq!(dark, palette(":root[data-theme=\"dark\"] {"), "dark by choice is dark by preference");
    let grounds = ["ground", "sunk", "card", "rise", "mark", "yes-ground", "no-ground", "maybe-ground"];
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for text in ["ink", "faint"] {
        pairs.extend(grounds.map(|ground| (text, ground)));
    }
    for text in ["link", "yes", "no", "maybe"] {
        pairs.extend(["ground", "card", "rise"].map(|ground| (text, ground)));
    }
    for own in ["yes", "no", "maybe", "none"] {
        pairs.push((
            own,
            match own {
                "yes" => "yes-ground",
                "no" => "no-ground",
                "maybe" => "maybe-ground",
                _ => "none-ground",
            },
        ));
    }
    pairs.push(("ground", "no"));
    for (name, colours) in [("light", &light), ("dark", &dark)] {
        for (text, ground) in &pairs {
            let found = contrast(colours[*text], colours[*ground]);
            assert!(found >= 4.5, "{name}: {text} on {ground} has {found:.2}");
        }
        for ground in ["ground", "rise"] {
            for line in ["focus", "edge"] {
                assert!(contrast(colours[line], colours[ground]) >= 3.0, "{name}: {line} on {ground}");
            }
        }
    }
}

/// A page whose own rules let one more script in, which plays the person at the keyboard.
fn played(page: &str, play: &str) -> String {
    let open = page.replace("script-src 'sha256-", "script-src 'unsafe-inline' 'none-");
    assert_ne!(open, page);
    let driver = format!(
        "<script>const key = (key, on = document.body) => on.dispatchEvent(new KeyboardEvent('keydown', \
         {{ key, bubbles: true, cancelable: true }}));\nconst say = (text) => {{ const line = \
         document.createElement('p'); line.className = 'said'; line.textContent = text; document.body.append(line); }};\n\
         {play}</script>\n</body>"
    );
    open.replace("</body>", &driver)
}

/// What the person said, line by line.
fn said(dom: &str) -> Vec<&str> {
    dom.split("<p class=\"said\">").skip(1).map(|part| part.split("</p>").next().unwrap()).collect()
}

#[test]
fn the_page_is_used_by_keyboard() {
    let page = played(
        &page(&stories::everything()),
        r"
        const active = () => document.activeElement;
        key('n'); key('n');
        say(active().className);
        key('p');
        say(active().querySelector('h3').textContent);
        key('/');
        say(active().id);
        const filter = active();
        filter.value = 'GetFunction billing';
        filter.dispatchEvent(new Event('input'));
        say(document.querySelectorAll('.steps > li:not([hidden])').length + ' steps');
        say(document.getElementById('shown').textContent);
        key('Escape', filter);
        say(document.querySelectorAll('.steps > li[hidden]').length + ' hidden');
        key('t'); say(document.documentElement.dataset.theme);
        key('t'); say(document.documentElement.dataset.theme);
        key('t'); say(String(document.documentElement.dataset.theme));
        document.getElementById('unfold').click();
        say([...document.querySelectorAll('.scenario')].every((node) => node.open) + '');
        const cell = document.querySelector('a[href=\'#s2-6\'].dec');
        cell.focus(); key('ArrowDown', cell); say(active().getAttribute('href'));
        key('ArrowRight', active()); say(active().getAttribute('aria-label'));
        key('ArrowUp', active()); key('ArrowLeft', active()); say(active().getAttribute('href'));
        active().click();
        setTimeout(() => say(document.querySelector('[data-rendered]') ? 'drawn' : 'not drawn'), 100);
        ",
    );
    let Some(dom) = opened("keyboard", &page, "") else { return };
    assert_eq!(
        said(&dom),
        [
            "card failed",
            "a scenario has no field `stops`",
            "filter",
            "2 steps",
            "2 steps speak of it",
            "0 hidden",
            "light",
            "dark",
            "undefined",
            "true",
            "#s2-7",
            "omar lambda:GetFunction on billing: implicit deny, not as expected, step 3",
            "#s2-6",
            "drawn",
        ]
    );
}

#[test]
fn a_page_of_very_many_decisions_says_what_it_leaves_out() {
    let actions: Vec<String> = (0..21).map(|number| format!("\"lambda:Action{number}\"")).collect();
    let users: Vec<String> = (0..100).map(|number| format!("\"user{number}\"")).collect();
    let world: Vec<String> = users.iter().map(|user| format!("{user}: {{}}")).collect();
    let text = format!(
        r#"{{ "scenario": "Many", "accounts": {{ "111122223333": {{ "users": {{ {} }} }} }}, "steps": [
            {{ "as": [{}], "do": [{}], "expect": "deny" }},
            {{ "as": "user7", "do": "lambda:Last", "expect": "allow" }}] }}"#,
        world.join(", "),
        users.join(", "),
        actions.join(", ")
    );
    let mut report = Report::new();
    report.add(&stories::run("many.json", &text));
    let page = page(&report);
    assert!(page.contains("101 more are left out"), "{}", page.len());
    // What failed is there, however late it stands.
    assert!(page.contains("data-trace=\"s1-2101\""));
    assert!(page.contains("left out of a page of so many decisions"));
}
