//! Where the nodes and edges of a graph go: layers from left to right, each edge ending in a row of its own
//! at its target, so that no two labels meet. Whole numbers only, and no chance: two runs are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Graph, Sides};

/// Pixels a character takes in the large and the small type, which are both of fixed width.
pub(super) const LARGE: i32 = 8;
pub(super) const SMALL: i32 = 7;
/// Height of a line of a label.
pub(super) const LINE: i32 = 15;

const NODE_HEIGHT: i32 = 46;
const NODE_GAP: i32 = 16;
const CURVE: i32 = 64;
const MARGIN: i32 = 12;
/// Between the tracks of edges that run back.
const TRACK: i32 = 14;

/// Texts are cut at this many characters; the whole text is in the title.
pub(super) const NAME: usize = 30;
pub(super) const LABEL: usize = 46;
/// Lines of a label.
pub(super) const LINES: usize = 4;

#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    /// One for each node.
    pub(super) boxes: Vec<Frame>,
    /// One for each edge.
    pub(super) routes: Vec<Route>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    /// As `d` of an SVG path; it ends at `end`.
    pub(super) path: String,
    /// Where the label begins, and the line that it stands on.
    pub(super) label: (i32, i32),
    /// Where the edge meets its target.
    pub(super) end: (i32, i32),
}

/// The lines that are written on an edge.
pub(super) fn lines(conditions: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = conditions.iter().map(|text| cut(&short(text), LABEL)).collect();
    if lines.len() > LINES {
        let more = lines.len() - LINES + 1;
        lines.truncate(LINES - 1);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// Leaves out what goes without saying: the prefix of well-known keys.
fn short(condition: &str) -> String {
    if condition.eq_ignore_ascii_case("aws:MultiFactorAuthPresent = true") {
        return "MFA".to_owned();
    }
    for prefix in ["sts:", "aws:", "saml:", "SAML:"] {
        if let Some(rest) = condition.strip_prefix(prefix) {
            return rest.to_owned();
        }
    }
    // An issuer stands at the other end of the edge already.
    match condition.split_once(' ') {
        Some((key, rest)) if key.contains('.') => {
            let name = key.rsplit_once(':').map_or(key, |(_, name)| name);
            format!("{name} {rest}")
        }
        _ => condition.to_owned(),
    }
}

pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn width(text: &str, each: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX / 64).saturating_mul(each)
}

/// What is placed in a layer: a node, or the way of a long edge through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Node(usize),
    Way(usize),
}

#[derive(Clone, Debug)]
struct Placed {
    thing: Thing,
    y: i32,
    height: i32,
}

pub(super) fn layout(graph: &Graph) -> Layout {
    let plan = Plan::of(graph);
    let mut layers = plan.fill();
    plan.order(&mut layers);
    plan.place(&mut layers);
    plan.draw(&layers)
}

/// What is known before anything has its place.
struct Plan<'g> {
    graph: &'g Graph,
    /// Which edges close a circle: they run back below the rest.
    is_back: Vec<bool>,
    /// The layer of each node.
    rank: Vec<usize>,
    /// The rows of each edge's label, in pixels.
    rows: Vec<i32>,
    /// The edges that end at each node.
    incoming: Vec<Vec<usize>>,
    columns: Vec<Column>,
}

/// Where the nodes of a layer stand, and the room that the labels in front of them need.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    x: i32,
    width: i32,
    room: i32,
}

impl<'g> Plan<'g> {
    fn of(graph: &'g Graph) -> Self {
        let is_back = back_edges(graph);
        let rank = ranks(graph, &is_back);
        let labels: Vec<Vec<String>> = graph.edges.iter().map(|edge| lines(&edge.conditions)).collect();
        let rows = labels.iter().map(|lines| i32::try_from(lines.len().max(1)).unwrap_or(1) * LINE + 6);
        let rows = rows.collect();
        let mut incoming = vec![Vec::new(); graph.nodes.len()];
        for (place, edge) in graph.edges.iter().enumerate() {
            if let Some(incoming) = incoming.get_mut(edge.to) {
                incoming.push(place);
            }
        }
        let mut plan = Self { graph, is_back, rank, rows, incoming, columns: Vec::new() };
        plan.columns = plan.columns(&labels);
        plan
    }

    fn columns(&self, labels: &[Vec<String>]) -> Vec<Column> {
        let last = self.rank.iter().copied().max().unwrap_or_default();
        let mut columns = vec![Column::default(); last + 1];
        for (place, node) in self.graph.nodes.iter().enumerate() {
            let own = width(&cut(&node.name, NAME), LARGE).max(width(&subtitle(node), SMALL)) + 44;
            if let Some(column) = columns.get_mut(self.rank(place)) {
                column.width = column.width.max(own);
            }
        }
        for (edge, lines) in self.graph.edges.iter().zip(labels) {
            let own = lines.iter().map(|line| width(line, SMALL)).max().unwrap_or_default() + 34;
            if let Some(column) = columns.get_mut(self.rank(edge.to)) {
                column.room = column.room.max(own);
            }
        }
        let mut x = MARGIN;
        for (index, column) in columns.iter_mut().enumerate() {
            // Edges that run back may end in the first column too.
            if index > 0 || column.room > 0 {
                x += CURVE + column.room;
            }
            column.x = x;
            x += column.width;
        }
        columns
    }

    fn rank(&self, node: usize) -> usize {
        self.rank.get(node).copied().unwrap_or_default()
    }

    fn column(&self, layer: usize) -> Column {
        self.columns.get(layer).copied().unwrap_or_default()
    }

    fn is_back(&self, edge: usize) -> bool {
        self.is_back.get(edge).copied().unwrap_or_default()
    }

    fn row(&self, edge: usize) -> i32 {
        self.rows.get(edge).copied().unwrap_or(LINE)
    }

    fn incoming(&self, node: usize) -> &[usize] {
        self.incoming.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// Room for a row for each edge that ends here.
    fn height(&self, node: usize) -> i32 {
        self.incoming(node).iter().map(|edge| self.row(*edge)).sum::<i32>().max(NODE_HEIGHT)
    }

    fn fill(&self) -> Vec<Vec<Placed>> {
        let mut layers: Vec<Vec<Placed>> = vec![Vec::new(); self.columns.len()];
        let mut places: Vec<usize> = (0..self.graph.nodes.len()).collect();
        places.sort_by_key(|place| {
            let node = self.graph.nodes.get(*place);
            (node.map(|node| (node.account, node.kind, node.name.clone())), *place)
        });
        for place in places {
            if let Some(layer) = layers.get_mut(self.rank(place)) {
                layer.push(Placed { thing: Thing::Node(place), y: 0, height: self.height(place) });
            }
        }
        for (place, edge) in self.graph.edges.iter().enumerate().filter(|(place, _)| !self.is_back(*place)) {
            let between = self.rank(edge.from) + 1..self.rank(edge.to);
            for layer in layers.get_mut(between).into_iter().flatten() {
                layer.push(Placed { thing: Thing::Way(place), y: 0, height: 10 });
            }
        }
        layers
    }

    /// The things that a thing is joined to in the layer before it, or in the one behind it.
    fn neighbours(&self, thing: Thing, side: Side) -> Vec<Thing> {
        let edges = &self.graph.edges;
        match thing {
            Thing::Node(node) => {
                let beside = match side {
                    Side::Before => self.rank(node).checked_sub(1),
                    Side::Behind => Some(self.rank(node) + 1),
                };
                let forward = edges.iter().enumerate().filter(|(place, _)| !self.is_back(*place));
                let joined = forward.filter_map(|(place, edge)| {
                    let (own, other) = match side {
                        Side::Before => (edge.to, edge.from),
                        Side::Behind => (edge.from, edge.to),
                    };
                    let is_next = Some(self.rank(other)) == beside;
                    (own == node).then_some(if is_next { Thing::Node(other) } else { Thing::Way(place) })
                });
                joined.collect()
            }
            // Whichever of the two stands in the layer beside.
            Thing::Way(edge) => edges.get(edge).map_or_else(Vec::new, |own| {
                let end = match side {
                    Side::Before => own.from,
                    Side::Behind => own.to,
                };
                vec![Thing::Node(end), Thing::Way(edge)]
            }),
        }
    }

    /// Brings each layer into the order of what it is joined to, to and fro.
    fn order(&self, layers: &mut [Vec<Placed>]) {
        for round in 0..6 {
            let side = if round % 2 == 0 { Side::Before } else { Side::Behind };
            let mut indices: Vec<usize> = (0..layers.len()).collect();
            if side == Side::Behind {
                indices.reverse();
            }
            for index in indices {
                let beside = match side {
                    Side::Before => index.checked_sub(1),
                    Side::Behind => index.checked_add(1),
                };
                let other = beside.and_then(|beside| layers.get(beside)).map(|other| positions(other));
                let (Some(other), Some(layer)) = (other, layers.get_mut(index)) else { continue };
                let mut keyed: Vec<(usize, usize, Placed)> = Vec::new();
                for (own, placed) in layer.iter().enumerate() {
                    let found: Vec<usize> = self
                        .neighbours(placed.thing, side)
                        .iter()
                        .filter_map(|thing| other.get(thing).copied())
                        .collect();
                    // What is joined to nothing stays where it is among the others.
                    let middle = (found.iter().sum::<usize>() * 1000).checked_div(found.len());
                    keyed.push((middle.unwrap_or(own * 1000), own, placed.clone()));
                }
                keyed.sort_by_key(|(middle, own, _)| (*middle, *own));
                *layer = keyed.into_iter().map(|(_, _, placed)| placed).collect();
            }
        }
    }

    /// Gives each thing its height on the page: as near as the order allows to what it is joined to, first to
    /// the left and then to the right.
    fn place(&self, layers: &mut [Vec<Placed>]) {
        let mut beside: Vec<Placed> = Vec::new();
        for layer in layers.iter_mut() {
            self.settle(layer, &beside, Side::Before);
            beside.clone_from(layer);
        }
        beside.clear();
        for layer in layers.iter_mut().rev() {
            self.settle(layer, &beside, Side::Behind);
            beside.clone_from(layer);
        }
    }

    fn settle(&self, layer: &mut [Placed], beside: &[Placed], side: Side) {
        let other = positions(beside);
        let mut y = MARGIN;
        for placed in layer {
            let found: Vec<i32> = self
                .neighbours(placed.thing, side)
                .iter()
                .filter_map(|thing| beside.get(*other.get(thing)?))
                .map(|placed| placed.y + placed.height / 2)
                .collect();
            let count = i32::try_from(found.len()).unwrap_or(i32::MAX);
            let wanted = match found.iter().sum::<i32>().checked_div(count) {
                Some(middle) => middle - placed.height / 2,
                // What is joined to nothing there stays where it is.
                None => placed.y,
            };
            placed.y = wanted.max(y);
            y = placed.y + placed.height + NODE_GAP;
        }
    }

    fn draw(&self, layers: &[Vec<Placed>]) -> Layout {
        let mut boxes = vec![Frame::default(); self.graph.nodes.len()];
        let mut ways: Vec<Vec<(usize, i32)>> = vec![Vec::new(); self.graph.edges.len()];
        let mut bottom = MARGIN;
        for (index, layer) in layers.iter().enumerate() {
            let Column { x, width, .. } = self.column(index);
            for Placed { thing, y, height } in layer {
                bottom = bottom.max(y + height);
                match *thing {
                    Thing::Node(node) => {
                        if let Some(frame) = boxes.get_mut(node) {
                            *frame = Frame { x, y: *y, width, height: *height };
                        }
                    }
                    Thing::Way(edge) => {
                        if let Some(ways) = ways.get_mut(edge) {
                            ways.push((index, y + height / 2));
                        }
                    }
                }
            }
        }
        let mut routes = vec![Route::default(); self.graph.edges.len()];
        let mut tracks = 0;
        for (node, frame) in boxes.iter().enumerate() {
            for (edge, line) in self.rows(node, *frame, &boxes, &ways) {
                let Some(from) = self.graph.edges.get(edge).and_then(|edge| boxes.get(edge.from)) else {
                    continue;
                };
                let start = (from.x + from.width, from.y + from.height / 2);
                let tail = frame.x - self.column(self.rank(node)).room;
                let mut path = format!("M{} {}", start.0, start.1);
                if self.is_back(edge) {
                    tracks += 1;
                    around(&mut path, start, bottom + TRACK * tracks, (tail, line), tracks);
                } else {
                    self.through(&mut path, start, ways.get(edge).map(Vec::as_slice), (tail, line));
                }
                let _ = write!(path, "H{}", frame.x - 9);
                if let Some(route) = routes.get_mut(edge) {
                    *route = Route { path, label: (tail + 6, line - 4), end: (frame.x, line) };
                }
            }
        }
        let right = self.columns.last().map_or(0, |column| column.x + column.width);
        let (beside, below) = if tracks > 0 { (TRACK * 4, TRACK * (tracks + 1)) } else { (0, 0) };
        Layout { width: right + MARGIN + beside, height: bottom + MARGIN + below, boxes, routes }
    }

    /// The edges that end at a node and the line of each, in the order in which they come in, so that they
    /// cross little.
    fn rows(
        &self,
        node: usize,
        frame: Frame,
        boxes: &[Frame],
        ways: &[Vec<(usize, i32)>],
    ) -> Vec<(usize, i32)> {
        let mut edges = self.incoming(node).to_vec();
        edges.sort_by_key(|edge| {
            let from = self.graph.edges.get(*edge).and_then(|edge| boxes.get(edge.from));
            let last = ways.get(*edge).and_then(|ways| ways.last()).map(|(_, y)| *y);
            let y = last.or_else(|| from.map(|frame| frame.y + frame.height / 2));
            (self.is_back(*edge), y, *edge)
        });
        let used: i32 = edges.iter().map(|edge| self.row(*edge)).sum();
        let mut y = frame.y + (frame.height - used) / 2;
        edges
            .into_iter()
            .map(|edge| {
                y += self.row(edge);
                (edge, y - 6)
            })
            .collect()
    }

    /// To the right, by the ways kept free for it.
    fn through(&self, path: &mut String, start: (i32, i32), ways: Option<&[(usize, i32)]>, end: (i32, i32)) {
        let mut here = start;
        for (layer, y) in ways.unwrap_or_default() {
            let Column { x, width, room } = self.column(*layer);
            curve(path, here, (x - room, *y));
            let _ = write!(path, "H{}", x + width);
            here = (x + width, *y);
        }
        curve(path, here, end);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

fn positions(layer: &[Placed]) -> BTreeMap<Thing, usize> {
    layer.iter().enumerate().map(|(position, placed)| (placed.thing, position)).collect()
}

/// Back below everything, on a track of its own, with round corners.
fn around(path: &mut String, (x, y): (i32, i32), low: i32, (tail, line): (i32, i32), track: i32) {
    const ROUND: i32 = 6;
    let aside = 12 + TRACK * (track % 3);
    let (out, back) = (x + aside, tail - aside);
    let _ = write!(
        path,
        "H{}Q{out} {y} {out} {}V{}Q{out} {low} {} {low}H{}Q{back} {low} {back} {}V{}Q{back} {line} {} {line}",
        out - ROUND,
        y + ROUND,
        low - ROUND,
        out - ROUND,
        back + ROUND,
        low - ROUND,
        line + ROUND,
        back + ROUND,
    );
}

/// The line under a node's name.
pub(super) fn subtitle(node: &super::Node) -> String {
    let kind = node.kind.as_str();
    let many =
        if node.members.len() > 1 { format!("{} {kind}s", node.members.len()) } else { kind.to_owned() };
    let text = match (node.account, &node.alias) {
        (Some(_), Some(alias)) => format!("{many} · {alias}"),
        (Some(account), None) if account.to_string() != node.name => format!("{many} · {account}"),
        _ => many,
    };
    cut(&text, NAME)
}

fn curve(path: &mut String, (from_x, from_y): (i32, i32), (to_x, to_y): (i32, i32)) {
    let middle = i32::midpoint(from_x, to_x);
    let _ = write!(path, "C{middle} {from_y} {middle} {to_y} {to_x} {to_y}");
}

/// Which edges close a circle. Those that can be used are laid first, so that it is rather one of the others
/// that runs back.
fn back_edges(graph: &Graph) -> Vec<bool> {
    let mut laid: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    let mut is_back = vec![false; graph.edges.len()];
    let mut order: Vec<usize> = (0..graph.edges.len()).collect();
    order.sort_by_key(|place| {
        let sides = graph.edges.get(*place).map(|edge| edge.sides);
        (sides == Some(Sides::TrustOnly), sides == Some(Sides::Undetermined), *place)
    });
    for place in order {
        let Some(edge) = graph.edges.get(place) else { continue };
        if reaches(&laid, edge.to, edge.from) {
            if let Some(is_back) = is_back.get_mut(place) {
                *is_back = true;
            }
        } else if let Some(laid) = laid.get_mut(edge.from) {
            laid.push(edge.to);
        }
    }
    is_back
}

fn reaches(laid: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        open.extend(laid.get(node).into_iter().flatten().copied().filter(|next| seen.insert(*next)));
    }
    false
}

/// The length of the longest way to each node, by as many rounds as it takes.
fn ranks(graph: &Graph, is_back: &[bool]) -> Vec<usize> {
    let mut rank = vec![0_usize; graph.nodes.len()];
    for _ in 0..=graph.nodes.len() {
        let mut changed = false;
        for (edge, is_back) in graph.edges.iter().zip(is_back) {
            let wanted = rank.get(edge.from).copied().unwrap_or_default() + 1;
            if let Some(own) = rank.get_mut(edge.to)
                && !is_back
                && *own < wanted
            {
                *own = wanted;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    rank
}
