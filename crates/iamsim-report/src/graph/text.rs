//! The graph as Mermaid and in Graphviz' language.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use iamsim::AccountId;

use super::{Edge, Graph, Node, NodeKind, Sides};

/// How many edges Mermaid draws as it comes.
const MERMAID_EDGES: usize = 500;

/// The places of nodes by their account; those without one last.
fn by_account(graph: &Graph) -> Vec<(Option<AccountId>, Vec<usize>)> {
    let mut groups: BTreeMap<(bool, Option<AccountId>), Vec<usize>> = BTreeMap::new();
    for (place, node) in graph.nodes.iter().enumerate() {
        groups.entry((node.account.is_none(), node.account)).or_default().push(place);
    }
    groups.into_iter().map(|((_, account), places)| (account, places)).collect()
}

fn heading(graph: &Graph, account: AccountId, places: &[usize]) -> String {
    let alias = places.iter().find_map(|place| graph.nodes.get(*place)?.alias.clone());
    alias.map_or_else(|| account.to_string(), |alias| format!("{alias} ({account})"))
}

/// What is written on an edge.
fn label(edge: &Edge, newline: &str, escape: fn(&str) -> String) -> String {
    let mut lines: Vec<String> = Vec::new();
    match edge.sides {
        Sides::Both => {}
        Sides::TrustOnly => lines.push("trust only".to_owned()),
        Sides::Undetermined => lines.push("undetermined".to_owned()),
    }
    lines.extend(edge.conditions.iter().cloned());
    if let Some(through) = &edge.through {
        lines.push(format!("through {through}"));
    }
    lines.iter().map(|line| escape(line)).collect::<Vec<_>>().join(newline)
}

pub(super) fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for note in &graph.notes {
        let _ = writeln!(text, "  %% {}", note.replace(['\n', '{', '}'], " "));
    }
    if graph.edges.len() > MERMAID_EDGES {
        let _ = writeln!(
            text,
            "  %% more than {MERMAID_EDGES} edges: Mermaid draws them only where `maxEdges` is raised"
        );
    }
    for (group, (account, places)) in by_account(graph).into_iter().enumerate() {
        let indent = if let Some(account) = account {
            let heading = mermaid_text(&heading(graph, account, &places));
            let _ = writeln!(text, "  subgraph a{group}[\"{heading}\"]");
            "    "
        } else {
            "  "
        };
        for place in places {
            let Some(node) = graph.nodes.get(place) else { continue };
            let (open, close) = match node.kind {
                NodeKind::Everyone => ("((", "))"),
                NodeKind::Service => ("{{", "}}"),
                NodeKind::Provider => ("[/", "/]"),
                NodeKind::Account => ("[[", "]]"),
                NodeKind::User => ("([", "])"),
                NodeKind::Role => ("[", "]"),
                NodeKind::Unknown => (">", "]"),
            };
            let name = mermaid_text(&name(node));
            let _ = writeln!(text, "{indent}n{place}{open}\"{name}\"{close}");
        }
        if account.is_some() {
            text.push_str("  end\n");
        }
    }
    for edge in &graph.edges {
        let arrow = match edge.sides {
            Sides::Both => "-->",
            Sides::TrustOnly => "-.-x",
            Sides::Undetermined => "-.->",
        };
        let label = label(edge, "<br>", mermaid_text);
        let label = if label.is_empty() { String::new() } else { format!("|\"{label}\"|") };
        let _ = writeln!(text, "  n{} {arrow}{label} n{}", edge.from, edge.to);
    }
    text
}

/// Kind and name, for pictures where the account is the frame.
fn name(node: &Node) -> String {
    match node.kind {
        NodeKind::Everyone | NodeKind::Unknown => node.name.clone(),
        NodeKind::Account => format!("anyone {} lets", node.name),
        kind => format!("{} {}", kind.as_str(), node.name),
    }
}

/// Text inside the quotes of Mermaid, which knows characters by their numbers.
fn mermaid_text(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '"' | '#' | '<' | '>' | '&' | '`' | ';' | '\\' | '|' | '[' | ']' | '{' | '}' => {
                let _ = write!(escaped, "#{};", u32::from(char));
            }
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}

pub(super) fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph trust {\n  rankdir=LR\n  node [fontname=\"sans-serif\" fontsize=11]\n  \
         edge [fontname=\"sans-serif\" fontsize=9]\n",
    );
    for note in &graph.notes {
        let _ = writeln!(text, "  // {}", note.replace('\n', " "));
    }
    for (group, (account, places)) in by_account(graph).into_iter().enumerate() {
        let indent = if let Some(account) = account {
            let heading = dot_text(&heading(graph, account, &places));
            let _ = writeln!(text, "  subgraph cluster_{group} {{\n    label=\"{heading}\"");
            "    "
        } else {
            "  "
        };
        for place in places {
            let Some(node) = graph.nodes.get(place) else { continue };
            let shape = match node.kind {
                NodeKind::Everyone => "doublecircle",
                NodeKind::Service => "hexagon",
                NodeKind::Provider => "parallelogram",
                NodeKind::Account => "tab",
                NodeKind::User => "ellipse",
                NodeKind::Role => "box",
                NodeKind::Unknown => "plaintext",
            };
            let (name, tip) = (dot_text(&name(node)), dot_text(&node.members.join(", ")));
            let _ = writeln!(text, "{indent}n{place} [label=\"{name}\" shape={shape} tooltip=\"{tip}\"]");
        }
        if account.is_some() {
            text.push_str("  }\n");
        }
    }
    for edge in &graph.edges {
        let style = match edge.sides {
            Sides::Both => "style=solid",
            Sides::TrustOnly => "style=dashed arrowhead=tee",
            Sides::Undetermined => "style=dotted arrowhead=odot",
        };
        let (label, tip) = (label(edge, "\\n", dot_text), dot_text(&graph.sentence(edge)));
        let _ =
            writeln!(text, "  n{} -> n{} [label=\"{label}\" {style} tooltip=\"{tip}\"]", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

fn dot_text(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '"' | '\\' => escaped.extend(['\\', char]),
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}
