//! How many rows of a relation each row of a population has: a histogram for each of its links.

use std::collections::BTreeMap;

use maud::{Markup, html};
use seedbed_core::scenario::{self, PopulationId};

use super::super::rows::Rows;
use super::{Figure, px, texts};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 8.0;
/// Bars stand on this line.
const FLOOR: f64 = 112.0;
/// More bars than these are put together.
const BARS: usize = 60;
/// So many rows are named in a line of the table.
const NAMED: usize = 4;

/// How many rows of a population point at each row of another.
#[derive(Debug)]
pub(super) struct Degrees {
    /// The population that points.
    pub(super) child: PopulationId,
    /// Its link.
    pub(super) link: usize,
    /// The population referred to.
    pub(super) to: PopulationId,
    /// The rows referred to, by how many point at them.
    pub(super) rows: BTreeMap<usize, Vec<usize>>,
}

pub(super) fn figures(rows: &Rows<'_>) -> Vec<Figure> {
    links(rows).into_iter().map(|(child, link)| figure(rows, &degrees(rows, child, link))).collect()
}

/// Returns the links whose degrees the scenario decides: those of relations, and those of which
/// groups say how many a row has; upper layers first, owners first.
pub(super) fn links(rows: &Rows<'_>) -> Vec<(PopulationId, usize)> {
    let (chain, top) = (rows.chain, rows.top());
    let groups = chain.partitions.iter().filter(|partition| partition.layer <= top).flat_map(|one| &one.groups);
    let declared: Vec<(PopulationId, usize)> =
        groups.flat_map(|group| &group.has).map(|has| (has.child, has.link)).collect();
    let mut links = Vec::new();
    for id in rows.populations() {
        let population = &chain.populations[id];
        for (at, link) in population.links.iter().enumerate() {
            let newest = population.newest_link(&link.name, top) == Some(at);
            let pairs = matches!(population.rows, scenario::Rows::Pairs { .. });
            if newest && (pairs || declared.contains(&(id, at))) {
                links.push((id, at));
            }
        }
    }
    links.sort_by_key(|(id, at)| {
        let population = &chain.populations[*id];
        let pairs = matches!(population.rows, scenario::Rows::Pairs { .. });
        (!pairs, std::cmp::Reverse(population.layer), *id, !population.links[*at].owner, *at)
    });
    links
}

/// Counts the rows of `child` by the row that their link refers to.
pub(super) fn degrees(rows: &Rows<'_>, child: PopulationId, link: usize) -> Degrees {
    let to = rows.chain.populations[child].links[link].to;
    let mut each: BTreeMap<usize, usize> = rows.there(to).map(|row| (row, 0)).collect();
    for target in rows.there(child).filter_map(|row| rows.target(child, row, link)) {
        *each.entry(target).or_default() += 1;
    }
    let mut found = Degrees { child, link, to, rows: BTreeMap::new() };
    for (row, degree) in each {
        found.rows.entry(degree).or_default().push(row);
    }
    found
}

fn figure(rows: &Rows<'_>, degrees: &Degrees) -> Figure {
    let chain = rows.chain;
    let (child, to) = (&chain.populations[degrees.child], &chain.populations[degrees.to]);
    let link = &child.links[degrees.link];
    let all: usize = degrees.rows.iter().map(|(degree, held)| degree * held.len()).sum();
    let holders: usize = degrees.rows.values().map(Vec::len).sum();
    let none = degrees.rows.get(&0).map_or(0, Vec::len);
    let most = degrees.rows.last_key_value().map_or(String::new(), |(degree, held)| match held.as_slice() {
        [one] => format!("; the most, {degree}, has {}", rows.name(degrees.to, *one)),
        several => format!("; {} have the most, {degree}", several.len()),
    });
    let body = degrees
        .rows
        .iter()
        .map(|(degree, held)| vec![degree.to_string(), held.len().to_string(), among(rows, degrees.to, held)]);
    Figure {
        title: format!("{} per {}", child.name, link.name),
        about: format!("{all} {} of {holders} {}; {none} have none{most}.", child.name, to.name),
        size: (WIDTH, HEIGHT),
        drawing: Some(drawing(rows, degrees)),
        head: texts(["so many", "have them", "among them"]),
        body: body.collect(),
    }
}

fn among(rows: &Rows<'_>, population: PopulationId, held: &[usize]) -> String {
    let personas = |row: &&usize| is_persona(rows, population, **row);
    let (known, rest): (Vec<&usize>, Vec<&usize>) = held.iter().partition(personas);
    let names: Vec<&str> = known.into_iter().chain(rest).take(NAMED).map(|row| rows.name(population, *row)).collect();
    let more = if held.len() > NAMED { ", ..." } else { "" };
    names.join(", ") + more
}

pub(super) fn is_persona(rows: &Rows<'_>, population: PopulationId, row: usize) -> bool {
    let name = rows.name(population, row);
    rows.chain.populations[population]
        .personas
        .iter()
        .any(|persona| persona.name == name && persona.layer <= rows.top())
}

fn drawing(rows: &Rows<'_>, degrees: &Degrees) -> Markup {
    let last = degrees.rows.last_key_value().map_or(0, |(degree, _)| *degree);
    let width = (last + 1).div_ceil(BARS);
    let mut bars: BTreeMap<usize, usize> = BTreeMap::new();
    for (degree, held) in &degrees.rows {
        *bars.entry(degree / width).or_default() += held.len();
    }
    let highest = bars.values().copied().max().unwrap_or(1).max(1) as f64;
    let slots = (last / width + 1).max(6) as f64;
    let step = ((WIDTH - 2.0 * LEFT) / slots).min(36.0);
    let x = |bar: usize| LEFT + step * bar as f64;
    let every = [1, 2, 5, 10, 20, 50, 100].into_iter().find(|every| step * *every as f64 >= 22.0).unwrap_or(200);
    html! {
        line.axis x1=(px(LEFT)) y1=(px(FLOOR)) x2=(px(WIDTH - LEFT)) y2=(px(FLOOR)) {}
        @for (bar, held) in &bars {
            @let height = (88.0 * *held as f64 / highest).max(2.0);
            rect.bar x=(px(x(*bar) + step * 0.1)) y=(px(FLOOR - height)) width=(px(step * 0.8)) height=(px(height)) rx="1.5" {}
            @if step >= 11.0 || *held > 1 {
                text.value x=(px(x(*bar) + step / 2.0)) y=(px(FLOOR - height - 4.0)) text-anchor="middle" { (held) }
            }
        }
        @for bar in (0..=last / width).step_by(every) {
            text.tick x=(px(x(bar) + step / 2.0)) y=(px(FLOOR + 12.0)) text-anchor="middle" { (bar * width) }
        }
        (names(rows, degrees, &|degree| x(degree / width) + step / 2.0))
    }
}

/// Names the personas with the highest degrees below the axis, as far as there is room.
fn names(rows: &Rows<'_>, degrees: &Degrees, x: &dyn Fn(usize) -> f64) -> Markup {
    let mut room = WIDTH;
    let mut named = Vec::new();
    for (degree, held) in degrees.rows.iter().rev().filter(|(degree, _)| **degree > 0) {
        let Some(row) = held.iter().find(|row| is_persona(rows, degrees.to, **row)) else { continue };
        let name = rows.name(degrees.to, *row);
        let half = name.chars().count() as f64 * 2.9 + 4.0;
        let centre = x(*degree).min(WIDTH - half).max(half);
        if centre + half <= room {
            room = centre - half;
            named.push((x(*degree), centre, name));
        }
    }
    html! {
        @for (at, centre, name) in &named {
            line.lead x1=(px(*at)) y1=(px(FLOOR + 15.0)) x2=(px(*centre)) y2=(px(FLOOR + 22.0)) {}
            text.name x=(px(*centre)) y=(px(FLOOR + 32.0)) text-anchor="middle" { (name) }
        }
    }
}
