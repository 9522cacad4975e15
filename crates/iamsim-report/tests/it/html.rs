//! The page: what its markup holds, and what a browser makes of it.
//!
//! A browser is looked for under its usual names. Where there is none, the tests that need one say so in one
//! visible line each and check nothing.

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
