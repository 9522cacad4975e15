//! How decisions grow, as a plot: `docs/growth.svg`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::table::{self, Measured, time};
use super::{Outcome, aligned};

/// Measure how a decision grows with policies, statements and roles, and plot it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Short measurements, and no world of 100,000 roles: a minute, where all takes three.
    #[arg(long)]
    quick: bool,

    /// Write the plot to docs/growth.svg.
    #[arg(long)]
    write: bool,
}

/// The committed plot.
pub(crate) const PLOT: &str = "docs/growth.svg";

/// Everything but the largest world.
const ALL_BUT_THE_LARGEST: &str = "^growth/.*/[0-9]{1,5}$";

/// A curve has many points, and it is the curve that is looked at.
const FULL: &[&str] = &["--warm-up-time", "0.5", "--measurement-time", "2", "--nresamples", "10000"];

/// A line of a panel: points of a number and the nanoseconds it takes.
type Lines = BTreeMap<String, Vec<(f64, f64)>>;

pub(crate) fn run(options: &Options, root: &Path, say: &mut dyn FnMut(&str)) -> Outcome {
    let panels = measure(options.quick, root, say)?;
    say(aligned(&rows(&panels)).trim_end());
    if options.write {
        super::write(root, PLOT, &plot(&panels))?;
        say(&format!("wrote {PLOT}"));
    }
    Ok(())
}

/// The panels, by what grows.
pub(crate) fn measure(
    quick: bool,
    root: &Path,
    say: &mut dyn FnMut(&str),
) -> Outcome<BTreeMap<String, Lines>> {
    let options = table::Options::of(quick.then(|| ALL_BUT_THE_LARGEST.to_owned()), quick);
    let effort = if quick { table::QUICK } else { FULL };
    let measured = table::measure_all(&["growth"], effort, &options, root, say)?;
    let mut panels: BTreeMap<String, Lines> = BTreeMap::new();
    for Measured { group, function, value, nanoseconds, .. } in measured {
        let panel = group.trim_start_matches("growth/").to_owned();
        let line = panels.entry(panel).or_default().entry(function).or_default();
        line.extend(value.map(|value| (value, nanoseconds)));
        line.sort_by(|first, second| first.0.total_cmp(&second.0));
    }
    Ok(panels)
}

/// One row for each line: the numbers, and how many times the first the last takes.
pub(crate) fn rows(panels: &BTreeMap<String, Lines>) -> Vec<Vec<String>> {
    let mut rows = vec![["", "from", "to", "× in all"].map(str::to_owned).to_vec()];
    for (panel, lines) in panels {
        for (line, points) in lines {
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            let shown = |(number, nanoseconds): &(f64, f64)| format!("{} at {number:.0}", time(*nanoseconds));
            rows.push(vec![
                format!("{panel}: {line}"),
                shown(first),
                shown(last),
                format!("{:.1}", last.1 / first.1),
            ]);
        }
    }
    rows
}

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 34.0;
/// Names of lines, and room between panels.
const BELOW: f64 = 110.0;
const BETWEEN: f64 = 24.0;

/// Both scales are logarithmic: a line that rises to the right by one decade a decade grows with its number.
/// The picture brings its colours for a dark page, and lines differ by their dashes too.
pub(crate) fn plot(panels: &BTreeMap<String, Lines>) -> String {
    let count = f64::from(u32::try_from(panels.len()).unwrap_or(1));
    let width = count * (LEFT + WIDTH + BETWEEN);
    let height = TOP + HEIGHT + BELOW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-label=\"Nanoseconds of a decision by policies, statements, roles and units\">\n\
         <style>\n\
         text{{font:12px sans-serif;fill:#24292f}}.title{{font-weight:bold}}.grid{{stroke:#d0d7de}}\n\
         .line{{fill:none;stroke-width:2}}.l0{{stroke:#0550ae}}.l1{{stroke:#bc4c00;stroke-dasharray:6 3}}\n\
         .l2{{stroke:#1a7f37;stroke-dasharray:2 2}}.l3{{stroke:#8250df;stroke-dasharray:8 3 2 3}}\n\
         @media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.grid{{stroke:#444c56}}.l0{{stroke:#79c0ff}}\n\
         .l1{{stroke:#ffa657}}.l2{{stroke:#7ee787}}.l3{{stroke:#d2a8ff}}}}\n\
         </style>\n"
    );
    let every = || panels.values().flat_map(BTreeMap::values).flatten();
    let most = every().map(|(_, nanoseconds)| *nanoseconds).fold(10.0, f64::max).log10().ceil();
    let least =
        every().map(|(_, nanoseconds)| *nanoseconds).fold(f64::MAX, f64::min).log10().floor().min(most - 1.0);
    let mut at = LEFT;
    for (title, lines) in panels {
        panel(&mut svg, at, title, lines, (least, most));
        at += LEFT + WIDTH + BETWEEN;
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, left: f64, title: &str, lines: &Lines, (bottom, top): (f64, f64)) {
    let numbers = || lines.values().flatten().map(|(number, _)| *number);
    let first = numbers().fold(f64::MAX, f64::min).log10().floor();
    let last = numbers().fold(10.0, f64::max).log10().ceil().max(first + 1.0);
    let x = |number: f64| left + (number.log10() - first) / (last - first) * WIDTH;
    let y = |nanoseconds: f64| TOP + HEIGHT - (nanoseconds.log10() - bottom) / (top - bottom) * HEIGHT;
    let _ = writeln!(svg, "<text class=\"title\" x=\"{left:.1}\" y=\"18\">{title}</text>");
    let decades = |from: f64, to: f64| {
        std::iter::successors(Some(from), |decade| Some(decade + 1.0)).take_while(move |decade| *decade <= to)
    };
    for decade in decades(first, last) {
        let (at, ground) = (x(10_f64.powf(decade)), TOP + HEIGHT);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{ground}\"/><text x=\"{at:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{}</text>",
            ground + 18.0,
            with_commas(10_f64.powf(decade))
        );
    }
    for decade in decades(bottom, top) {
        let (at, right) = (y(10_f64.powf(decade)), left + WIDTH);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{left:.1} {at:.1}H{right:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            left - 6.0,
            at + 4.0,
            short(10_f64.powf(decade))
        );
    }
    for (index, (name, points)) in lines.iter().enumerate() {
        let class = format!("l{}", index % 4);
        let mut path = String::new();
        for (at, (number, nanoseconds)) in points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", x(*number), y(*nanoseconds));
        }
        let row = TOP + HEIGHT + 42.0 + 18.0 * f64::from(u32::try_from(index).unwrap_or_default());
        let _ = writeln!(
            svg,
            "<path class=\"line {class}\" d=\"{path}\"/><path class=\"line {class}\" d=\"M{left:.1} \
             {:.1}h28\"/><text x=\"{:.1}\" y=\"{row:.1}\">{name}</text>",
            row - 4.0,
            left + 36.0
        );
    }
}

fn short(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.0} ns"),
        ..1e6 => format!("{:.0} µs", nanoseconds / 1e3),
        _ => format!("{:.0} ms", nanoseconds / 1e6),
    }
}

fn with_commas(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_a_line_for_each_engine_and_grids_of_decades() {
        let lines: Lines = BTreeMap::from([
            ("iamsim".to_owned(), vec![(1.0, 20.0), (100.0, 200.0)]),
            ("lower bound".to_owned(), vec![(1.0, 10.0), (100.0, 15.0)]),
        ]);
        let svg = plot(&BTreeMap::from([("policies".to_owned(), lines)]));
        assert_eq!(svg.matches("<path class=\"line").count(), 4);
        // From 10 to 1,000 ns the upper line rises by a decade, which is half of the panel.
        assert!(
            svg.contains(&format!(
                "M58.0 {:.1}L398.0 {:.1}",
                274.0 - 20.0_f64.log10().fract() * 120.0,
                274.0 - (200.0_f64.log10() - 1.0) * 120.0
            )),
            "{svg}"
        );
        assert!(svg.contains(">100 ns<") && svg.contains(">1 µs<"), "{svg}");
    }

    #[test]
    fn large_numbers_have_commas() {
        assert_eq!(with_commas(1.0), "1");
        assert_eq!(with_commas(100_000.0), "100,000");
    }
}
