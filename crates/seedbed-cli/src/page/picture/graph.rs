//! A relation from a population to itself, as a graph: rows are dots, pairs are arrows.
//!
//! Dots are placed by attraction and repulsion (Fruchterman and Reingold, 1991) from a spiral that
//! depends on nothing but the rows, so the same dataset always gives the same picture.

use std::f64::consts::TAU;

use maud::{Markup, html};
use seedbed_core::scenario::{self, PopulationId};

use super::super::rows::Rows;
use super::degrees::is_persona;
use super::{Figure, px, slug, texts};
use crate::output::count;

/// With more dots nothing could be seen.
const DOTS: usize = 150;
const SIZE: f64 = 360.0;
const EDGE: f64 = 16.0;
const STEPS: usize = 240;
/// How strongly dots are pulled to the middle; the spring between two is 1.
const GRAVITY: f64 = 2.5;
/// Rows without any pair stand in lines of so many.
const LONELY: usize = 40;

/// Pairs of rows of one population.
pub(super) struct Graph {
    title: String,
    population: PopulationId,
    /// The rows that are there.
    rows: Vec<usize>,
    /// From, to, as indexes into `rows`.
    pub(super) pairs: Vec<(usize, usize)>,
}

pub(super) fn figures(rows: &Rows<'_>) -> Vec<Figure> {
    graphs(rows).iter().filter(|graph| !graph.pairs.is_empty()).map(|graph| figure(rows, graph)).collect()
}

/// Returns every relation, and every link, from a population to itself.
pub(super) fn graphs(rows: &Rows<'_>) -> Vec<Graph> {
    let (chain, top) = (rows.chain, rows.top());
    let mut graphs = Vec::new();
    for id in rows.populations() {
        let population = &chain.populations[id];
        let newest = |at: &usize| population.newest_link(&population.links[*at].name, top) == Some(*at);
        let links: Vec<usize> = (0..population.links.len()).filter(newest).collect();
        if let (scenario::Rows::Pairs { .. }, [from, to]) = (&population.rows, links.as_slice()) {
            let (actor, other) = (population.links[*from].to, population.links[*to].to);
            if actor == other {
                let ends =
                    rows.there(id).filter_map(|row| Some((rows.target(id, row, *from)?, rows.target(id, row, *to)?)));
                graphs.push(graph(rows, population.name.clone(), actor, ends.collect()));
            }
            continue;
        }
        for at in links.into_iter().filter(|at| population.links[*at].to == id) {
            let ends = rows.there(id).filter_map(|row| Some((row, rows.target(id, row, at)?)));
            graphs.push(graph(
                rows,
                format!("{} of {}", population.links[at].name, population.name),
                id,
                ends.collect(),
            ));
        }
    }
    graphs
}

fn graph(rows: &Rows<'_>, title: String, population: PopulationId, ends: Vec<(usize, usize)>) -> Graph {
    let there: Vec<usize> = rows.there(population).collect();
    let place = |row: usize| there.binary_search(&row).ok();
    let pairs = ends.into_iter().filter_map(|(from, to)| Some((place(from)?, place(to)?))).collect();
    Graph { title, population, rows: there, pairs }
}

fn figure(rows: &Rows<'_>, graph: &Graph) -> Figure {
    let degree = |at: usize| graph.pairs.iter().filter(|(from, to)| *from == at || *to == at).count();
    let degrees: Vec<usize> = (0..graph.rows.len()).map(degree).collect();
    let lonely = degrees.iter().filter(|degree| **degree == 0).count();
    let drawn = graph.rows.len() <= DOTS;
    let name = &rows.chain.populations[graph.population].name;
    let many = if drawn { "" } else { " That is more than a picture can show; see the histograms." };
    let alone = count(lonely, "stands alone", "stand alone");
    let mut order: Vec<usize> = (0..graph.rows.len()).filter(|at| degrees[*at] > 0).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(degrees[*at]), *at));
    let body = order.iter().map(|at| {
        let out = graph.pairs.iter().filter(|(from, _)| from == at).count();
        let into = graph.pairs.iter().filter(|(_, to)| to == at).count();
        vec![rows.name(graph.population, graph.rows[*at]).to_owned(), out.to_string(), into.to_string()]
    });
    let body = body.collect();
    let (height, drawing) = if drawn { draw(rows, graph, &degrees) } else { (0.0, html! {}) };
    Figure {
        title: format!("{} among {name}", graph.title),
        about: format!("{} pairs of {} {name}; {alone}.{many}", graph.pairs.len(), graph.rows.len()),
        size: (SIZE, height),
        drawing: drawn.then_some(drawing),
        head: texts(["row", "arrows out", "arrows in"]),
        body,
    }
}

/// Returns the height of the picture and the picture.
fn draw(rows: &Rows<'_>, graph: &Graph, degrees: &[usize]) -> (f64, Markup) {
    let linked: Vec<usize> = (0..degrees.len()).filter(|at| degrees[*at] > 0).collect();
    let lonely: Vec<usize> = (0..degrees.len()).filter(|at| degrees[*at] == 0).collect();
    let place = |at: usize| linked.binary_search(&at).expect("only rows with pairs are placed");
    let pairs: Vec<(usize, usize)> = graph.pairs.iter().map(|(from, to)| (place(*from), place(*to))).collect();
    let (points, height) = layout(linked.len(), &pairs);
    let radius = |at: usize| 2.6 + (degrees[linked[at]] as f64).sqrt();
    let step = (SIZE - 2.0 * EDGE) / LONELY as f64;
    let persona = |at: usize| is_persona(rows, graph.population, graph.rows[at]);
    let all = height + if lonely.is_empty() { 0.0 } else { 12.0 + 9.0 * lonely.len().div_ceil(LONELY) as f64 };
    let arrow = format!("arrow-{}", slug(&graph.title));
    let drawing = html! {
        defs { marker id=(arrow) viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="5" markerHeight="5" orient="auto" {
            path.head d="M0 0 6 3 0 6z" {} } }
        @for (from, to) in &pairs {
            @let ((x1, y1), (x2, y2)) = (points[*from], points[*to]);
            @let length = (x2 - x1).hypot(y2 - y1).max(0.1);
            @let (dx, dy) = ((x2 - x1) / length, (y2 - y1) / length);
            line.pair x1=(px(x1 + dx * radius(*from))) y1=(px(y1 + dy * radius(*from)))
                x2=(px(x2 - dx * (radius(*to) + 1.0))) y2=(px(y2 - dy * (radius(*to) + 1.0))) marker-end=(format!("url(#{arrow})")) {}
        }
        @for (at, (x, y)) in points.iter().enumerate() {
            circle.dot.known[persona(linked[at])] cx=(px(*x)) cy=(px(*y)) r=(px(radius(at))) {
                title { (rows.name(graph.population, graph.rows[linked[at]])) } }
        }
        @for (at, (x, y)) in points.iter().enumerate().filter(|(at, _)| persona(linked[*at])) {
            @let name = rows.name(graph.population, graph.rows[linked[at]]);
            @let half = name.chars().count() as f64 * 2.9;
            text.name x=(px(x.clamp(half + 2.0, SIZE - half - 2.0))) y=(px(y - radius(at) - 3.0)) text-anchor="middle" { (name) }
        }
        @for (at, row) in lonely.iter().enumerate() {
            circle.dot.alone.known[persona(*row)] cx=(px(EDGE + step * ((at % LONELY) as f64 + 0.5)))
                cy=(px(height + 8.0 + 9.0 * (at / LONELY) as f64)) r="2.6" { title { (rows.name(graph.population, graph.rows[*row])) } }
        }
    };
    (all, drawing)
}

/// Returns a place for each of `dots`, and the height of all.
fn layout(dots: usize, pairs: &[(usize, usize)]) -> (Vec<(f64, f64)>, f64) {
    let mut points: Vec<(f64, f64)> = (0..dots)
        .map(|at| {
            // The golden angle spreads them evenly.
            let (radius, angle) = ((at as f64 + 0.5).sqrt(), at as f64 * TAU * 0.381_966);
            (radius * angle.cos(), radius * angle.sin())
        })
        .collect();
    for step in 0..STEPS {
        let heat = 0.6 * (1.0 - step as f64 / STEPS as f64) + 0.01;
        let mut moves = vec![(0.0, 0.0); dots];
        for a in 0..dots {
            for b in 0..a {
                let (dx, dy) = (points[a].0 - points[b].0, points[a].1 - points[b].1);
                let square = (dx * dx + dy * dy).max(0.01);
                let push = 1.0 / square;
                moves[a] = (moves[a].0 + dx * push, moves[a].1 + dy * push);
                moves[b] = (moves[b].0 - dx * push, moves[b].1 - dy * push);
            }
            // What hangs together with nothing else does not drift away.
            moves[a] = (moves[a].0 - points[a].0 * GRAVITY, moves[a].1 - points[a].1 * GRAVITY);
        }
        for (from, to) in pairs.iter().filter(|(from, to)| from != to) {
            let (dx, dy) = (points[*to].0 - points[*from].0, points[*to].1 - points[*from].1);
            let pull = dx.hypot(dy);
            moves[*from] = (moves[*from].0 + dx * pull, moves[*from].1 + dy * pull);
            moves[*to] = (moves[*to].0 - dx * pull, moves[*to].1 - dy * pull);
        }
        for (point, (dx, dy)) in points.iter_mut().zip(moves) {
            let length = dx.hypot(dy).max(1e-9);
            let far = length.min(heat);
            *point = (point.0 + dx / length * far, point.1 + dy / length * far);
        }
    }
    fit(points)
}

/// Stretches points to the width of a picture; returns its height too.
fn fit(points: Vec<(f64, f64)>) -> (Vec<(f64, f64)>, f64) {
    let least = points.iter().fold((f64::MAX, f64::MAX), |least, at| (least.0.min(at.0), least.1.min(at.1)));
    let most = points.iter().fold((f64::MIN, f64::MIN), |most, at| (most.0.max(at.0), most.1.max(at.1)));
    let (width, height) = ((most.0 - least.0).max(0.1), (most.1 - least.1).max(0.1));
    let (across, down) = ((SIZE - 2.0 * EDGE) / width, (SIZE * 0.75 - 2.0 * EDGE) / height);
    let high = SIZE * 0.75;
    let placed = points.into_iter().map(|(x, y)| (EDGE + (x - least.0) * across, EDGE + (y - least.1) * down));
    (placed.collect(), high)
}
