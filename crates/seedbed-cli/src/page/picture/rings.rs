//! A measure as a map: rows around the point that distances are measured to, with rings.
//!
//! Distances grow with the square root, so that what is near can be told apart.

use std::f64::consts::TAU;

use maud::{Markup, html};
use seedbed_core::scenario::{Measure, Path};
use seedbed_core::value::Decimal;

use super::super::rows::Rows;
use super::{Figure, px, texts};

const SIZE: f64 = 320.0;
const MIDDLE: f64 = SIZE / 2.0;
const RADIUS: f64 = MIDDLE - 14.0;

/// The rows of a measure's population: distance in kilometres, and the angle, north is up.
pub(super) struct Around<'a> {
    pub(super) measure: &'a Measure,
    pub(super) rows: Vec<(f64, f64)>,
}

pub(super) fn figures(rows: &Rows<'_>) -> Vec<Figure> {
    around(rows).iter().filter(|around| !around.rows.is_empty()).map(|around| figure(rows, around)).collect()
}

/// Returns the rows around the point of each measure; a place that has several measures is drawn once.
pub(super) fn around<'a>(rows: &Rows<'a>) -> Vec<Around<'a>> {
    let measures = &rows.chain.measures;
    let shown = measures.iter().filter(|measure| rows.chain.populations[measure.population].layer <= rows.top());
    let first = shown.filter(|measure| {
        let same = |other: &&Measure| other.population == measure.population && same_place(other, measure);
        measures.iter().find(same).is_some_and(|first| std::ptr::eq(first, *measure))
    });
    first.map(|measure| Around { measure, rows: places(rows, measure) }).collect()
}

fn same_place(a: &Measure, b: &Measure) -> bool {
    let same = |a: &Path, b: &Path| a.steps == b.steps && a.end == b.end;
    same(&a.latitude, &b.latitude) && same(&a.longitude, &b.longitude)
}

fn places(rows: &Rows<'_>, measure: &Measure) -> Vec<(f64, f64)> {
    let number = |path: &Path, row: usize| -> Option<Decimal> { rows.read(path, row)?.number() };
    let (latitude, longitude) = (measure.point.0.to_f64(), measure.point.1.to_f64());
    let there = rows.there(measure.population).filter_map(|row| {
        let at = (number(&measure.latitude, row)?, number(&measure.longitude, row)?);
        let kilometres = seedbed_core::generate::kilometres(at, measure.point).to_f64();
        let east = (at.1.to_f64() - longitude) * (latitude * TAU / 360.0).cos();
        Some((kilometres, (at.0.to_f64() - latitude).atan2(east)))
    });
    there.collect()
}

fn figure(rows: &Rows<'_>, around: &Around<'_>) -> Figure {
    let name = &rows.chain.populations[around.measure.population].name;
    let farthest = around.rows.iter().map(|(kilometres, _)| *kilometres).fold(0.0, f64::max);
    let rings = rings(farthest);
    let (mut body, mut from) = (Vec::new(), 0.0);
    for ring in &rings {
        let inside = around.rows.iter().filter(|(far, _)| *far <= *ring && (*far > from || from == 0.0)).count();
        body.push(vec![format!("{from} to {ring} km"), inside.to_string()]);
        from = *ring;
    }
    let near = around.rows.iter().filter(|(far, _)| *far <= rings[0]).count();
    Figure {
        title: format!("{name} by {}", around.measure.name),
        about: format!(
            "{} {name} around {}, {}: {near} within {} km, the farthest at {farthest:.1} km.",
            around.rows.len(),
            around.measure.point.0,
            around.measure.point.1,
            rings[0]
        ),
        size: (SIZE, SIZE),
        drawing: Some(drawing(&around.rows, &rings)),
        head: texts(["distance", "rows"]),
        body,
    }
}

/// Returns up to four round distances, the last of which is not below `farthest`.
fn rings(farthest: f64) -> Vec<f64> {
    let round: Vec<f64> = (-2..6).flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * 10f64.powi(power))).collect();
    let last = round.iter().position(|ring| *ring >= farthest).unwrap_or(round.len() - 1).max(5);
    [last - 5, last - 3, last - 2, last].map(|at| (round[at] * 1000.0).round() / 1000.0).to_vec()
}

fn drawing(places: &[(f64, f64)], rings: &[f64]) -> Markup {
    let most = rings.last().copied().unwrap_or(1.0);
    let far = |kilometres: f64| RADIUS * (kilometres / most).sqrt().min(1.0);
    html! {
        @for ring in rings.iter().rev() { circle.ring cx=(px(MIDDLE)) cy=(px(MIDDLE)) r=(px(far(*ring))) {} }
        @for (kilometres, angle) in places {
            circle.place cx=(px(MIDDLE + far(*kilometres) * angle.cos())) cy=(px(MIDDLE - far(*kilometres) * angle.sin())) r="2.6" {}
        }
        path.centre d=(format!("M{0} {1}v10M{2} {3}h10", MIDDLE, MIDDLE - 5.0, MIDDLE - 5.0, MIDDLE)) {}
        @for ring in rings {
            text.tick x=(px(MIDDLE)) y=(px(MIDDLE - far(*ring) - 2.5)) text-anchor="middle" { (ring) " km" }
        }
    }
}
