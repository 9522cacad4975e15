//! The graph as a picture. Colours are variables with a value of their own each, so that a page around the
//! picture can give it its own; nothing is told by colour alone.

use std::fmt::Write as _;

use super::layout::{Frame, LINE, NAME, Route, cut, layout, lines, subtitle};
use super::{Edge, Graph, Node, NodeKind, Sides};
use crate::escape::html;

/// What a picture that stands alone brings with it.
const STYLE: &str = "\
:root{--ground:#fff;--ink:#1b1f24;--faint:#57606a;--card:#f6f8fa;--edge:#8c959f;--yes:#116329;--no:#a40e26;\
--maybe:#7d4e00}\
@media(prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#e6edf3;--faint:#9198a1;--card:#161b22;\
--edge:#6e7681;--yes:#56d364;--no:#ff7b72;--maybe:#e3b341}}\
svg{background:var(--ground)}";

const LOOKS: &str = "\
.tg text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;fill:var(--ink)}\
.tg .name{font-size:13px;font-weight:600}.tg .sub{font-size:11.5px;fill:var(--faint)}\
.tg .label{font-size:11.5px}\
.tg .frame{fill:var(--card);stroke:var(--edge);stroke-width:1.2}\
.tg .icon{fill:none;stroke:var(--ink);stroke-width:1.6;stroke-linejoin:round}\
.tg .line{fill:none;stroke:var(--edge);stroke-width:1.6}\
.tg .both .line{stroke:var(--yes)}.tg .trust-only .line{stroke:var(--no);stroke-dasharray:7 4}\
.tg .undetermined .line{stroke:var(--maybe);stroke-dasharray:2 4}\
.tg .both .tip{fill:var(--yes)}.tg .trust-only .tip{fill:none;stroke:var(--no);stroke-width:2}\
.tg .undetermined .tip{fill:var(--ground);stroke:var(--maybe);stroke-width:1.6}\
.tg .undetermined .mark{fill:var(--maybe);font-size:11px;font-weight:700}";

/// A file of its own.
pub(super) fn document(graph: &Graph) -> String {
    let (width, height, body) = body(graph);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" class=\"tg\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}{LOOKS}</style>\n{body}\
         </svg>\n",
        html(&summary(graph))
    )
}

/// The picture inside a page, which brings the colours.
pub(crate) fn drawing(graph: &Graph) -> String {
    let (width, height, body) = body(graph);
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" class=\"tg\" role=\"group\" \
         aria-label=\"{}\">\n{body}</svg>\n",
        html(&summary(graph))
    )
}

/// The rules for the classes of a picture inside a page.
pub(crate) const fn looks() -> &'static str {
    LOOKS
}

fn summary(graph: &Graph) -> String {
    let roles: usize =
        graph.nodes().iter().filter(|node| node.kind == NodeKind::Role).map(|node| node.members.len()).sum();
    let of = |sides| graph.edges().iter().filter(|edge| edge.sides == sides).count();
    format!(
        "trust graph: {roles} roles; {} ways in that both sides permit, {} that only the role trusts, {} undetermined",
        of(Sides::Both),
        of(Sides::TrustOnly),
        of(Sides::Undetermined)
    )
}

fn body(graph: &Graph) -> (i32, i32, String) {
    let layout = layout(graph);
    let mut text = String::new();
    // Lines first, so that boxes lie on them.
    for (place, (edge, route)) in graph.edges().iter().zip(&layout.routes).enumerate() {
        write_edge(&mut text, graph, edge, route, place);
    }
    for (place, (node, frame)) in graph.nodes().iter().zip(&layout.boxes).enumerate() {
        write_node(&mut text, node, *frame, place);
    }
    (layout.width, layout.height, text)
}

fn write_edge(text: &mut String, graph: &Graph, edge: &Edge, route: &Route, place: usize) {
    let (x, y) = route.end;
    let title = html(&graph.sentence(edge));
    let (class, from, to) = (edge.sides.as_str(), edge.from, edge.to);
    let _ = writeln!(
        text,
        "<g class=\"edge {class}\" data-edge=\"{place}\" data-from=\"{from}\" data-to=\"{to}\"><title>{title}</title>\
         <path class=\"line\" d=\"{}\"/>",
        route.path
    );
    let _ = match edge.sides {
        Sides::Both => write!(
            text,
            "<path class=\"tip\" d=\"M{} {}L{} {y}L{} {}Z\"/>",
            x - 10,
            y - 5,
            x - 1,
            x - 10,
            y + 5
        ),
        Sides::TrustOnly => write!(
            text,
            "<path class=\"tip\" d=\"M{} {}L{} {}M{} {}L{} {}\"/>",
            x - 11,
            y - 4,
            x - 3,
            y + 4,
            x - 11,
            y + 4,
            x - 3,
            y - 4
        ),
        Sides::Undetermined => write!(
            text,
            "<circle class=\"tip\" cx=\"{}\" cy=\"{y}\" r=\"7\"/><text class=\"mark\" x=\"{}\" y=\"{}\" \
             text-anchor=\"middle\">?</text>",
            x - 8,
            x - 8,
            y + 4
        ),
    };
    let lines = lines(&edge.conditions);
    let (label_x, label_y) = route.label;
    for (index, line) in lines.iter().enumerate() {
        let above = i32::try_from(lines.len() - 1 - index).unwrap_or_default() * LINE;
        let _ = write!(
            text,
            "<text class=\"label\" x=\"{label_x}\" y=\"{}\">{}</text>",
            label_y - above,
            html(line)
        );
    }
    text.push_str("</g>\n");
}

fn write_node(text: &mut String, node: &Node, frame: Frame, place: usize) {
    let Frame { x, y, width, height } = frame;
    let middle = y + height / 2;
    let title = html(&match node.members.as_slice() {
        [only] => format!("{}\n{only}", node.title()),
        many => format!("{}\n{}", node.title(), many.join("\n")),
    });
    let (kind, radius) = (node.kind.as_str(), if node.kind == NodeKind::User { 18 } else { 6 });
    let _ = writeln!(
        text,
        "<g class=\"node {kind}\" data-node=\"{place}\"><title>{title}</title>\
         <rect class=\"frame\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>{}\
         <text class=\"name\" x=\"{}\" y=\"{}\">{}</text><text class=\"sub\" x=\"{}\" y=\"{}\">{}</text></g>",
        icon(node.kind, x + 19, middle),
        x + 36,
        middle - 3,
        html(&cut(&node.name, NAME)),
        x + 36,
        middle + 14,
        html(&subtitle(node)),
    );
}

/// A shape for each kind, so that kinds are told without reading.
fn icon(kind: NodeKind, x: i32, y: i32) -> String {
    let path = match kind {
        NodeKind::User => {
            format!("M{} {}a4 4 0 1 0 0.1 0M{} {}c0 -9 14 -9 14 0", x, y - 8, x - 7, y + 8)
        }
        NodeKind::Role => format!("M{} {}l8 4v5c0 5 -4 7 -8 9c-4 -2 -8 -4 -8 -9v-5Z", x, y - 9),
        NodeKind::Service => format!("M{} {}l7 4v8l-7 4l-7 -4v-8Z", x, y - 8),
        NodeKind::Provider => {
            format!("M{} {}a5 5 0 1 0 0.1 0M{} {}h8M{} {}v4", x - 4, y - 5, x + 1, y, x + 8, y)
        }
        NodeKind::Account => format!("M{} {}h14v12h-14ZM{} {}h14", x - 7, y - 6, x - 7, y - 2),
        NodeKind::Everyone => {
            format!("M{} {}v14M{} {}l12 7M{} {}l12 -7", x, y - 7, x - 6, y - 4, x - 6, y + 4)
        }
        NodeKind::Unknown => {
            format!("M{} {}c0 -6 8 -6 8 -1c0 4 -4 3 -4 7M{} {}v0.5", x - 4, y - 3, x, y + 7)
        }
    };
    format!("<path class=\"icon\" d=\"{path}\"/>")
}
