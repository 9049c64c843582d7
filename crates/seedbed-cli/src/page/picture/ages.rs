//! Generated times as strips: how the rows lie before and after as-of.
//!
//! Days grow with the logarithm, so that an hour ago and a year ago both have room.

use maud::{Markup, html};
use seedbed_core::scenario::{Generator, PopulationId};

use super::super::rows::Rows;
use super::{Figure, px, texts};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 12.0;
const HIGH: f64 = 30.0;
const BIN: f64 = 5.0;
const DAY: f64 = 86_400.0;
/// More strips than these tell nobody anything.
const STRIPS: usize = 12;

/// The moments of a column, in seconds from as-of, in order.
pub(super) struct Strip {
    pub(super) population: PopulationId,
    pub(super) column: String,
    pub(super) moments: Vec<i64>,
}

pub(super) fn figures(rows: &Rows<'_>) -> Vec<Figure> {
    let strips = strips(rows);
    if strips.is_empty() {
        return Vec::new();
    }
    let all: usize = strips.iter().map(|strip| strip.moments.len()).sum();
    let past: usize = strips.iter().map(|strip| strip.moments.partition_point(|at| *at <= 0)).sum();
    let body = strips.iter().map(|strip| line(rows, strip));
    let body = body.collect();
    vec![Figure {
        title: "times around as-of".to_owned(),
        about: format!("{all} times in {} columns: {past} up to as-of, {} after it.", strips.len(), all - past),
        size: (WIDTH, HIGH * strips.len() as f64 + 24.0),
        drawing: Some(drawing(rows, &strips)),
        head: texts(["column", "rows", "first", "median", "last", "before as-of"]),
        body,
    }]
}

/// Returns the columns whose times are made, not copied; upper layers and large populations first.
pub(super) fn strips(rows: &Rows<'_>) -> Vec<Strip> {
    let mut strips = Vec::new();
    for id in rows.populations() {
        for column in rows.chain.populations[id].columns.iter().filter(|column| !column.handle) {
            let made = column.cases.iter().any(|case| is_time(&case.generator));
            let Some(place) = rows.block(id).columns.iter().position(|name| made && *name == column.name) else {
                continue;
            };
            let mut moments: Vec<i64> =
                rows.there(id).filter_map(|row| rows.offset(rows.value(id, row, place))).collect();
            moments.sort_unstable();
            if !moments.is_empty() {
                strips.push(Strip { population: id, column: column.name.clone(), moments });
            }
        }
    }
    strips
        .sort_by_key(|strip| std::cmp::Reverse((rows.chain.populations[strip.population].layer, strip.moments.len())));
    strips.truncate(STRIPS);
    strips
}

fn is_time(generator: &Generator) -> bool {
    match generator {
        Generator::Time { .. } => true,
        Generator::Alternatives(lines) => lines.iter().any(|line| is_time(&line.generator)),
        _ => false,
    }
}

fn line(rows: &Rows<'_>, strip: &Strip) -> Vec<String> {
    let moments = &strip.moments;
    let last = moments.len() - 1;
    let before = moments.partition_point(|at| *at <= 0);
    let times = [0, last / 2, last].map(|at| away(moments[at]));
    let [first, middle, last] = times;
    vec![name(rows, strip), moments.len().to_string(), first, middle, last, before.to_string()]
}

fn name(rows: &Rows<'_>, strip: &Strip) -> String {
    format!("{} {}", rows.chain.populations[strip.population].name, strip.column)
}

/// Returns `3 d ago`, `in 5 h`.
pub(super) fn away(seconds: i64) -> String {
    let length = seconds.unsigned_abs();
    let text = match length {
        0 => return "as of".to_owned(),
        1..3_600 => format!("{} min", length.div_ceil(60)),
        3_600..172_800 => format!("{} h", (length + 1_800) / 3_600),
        _ => format!("{} d", (length + 43_200) / 86_400),
    };
    if seconds < 0 { format!("{text} ago") } else { format!("in {text}") }
}

fn drawing(rows: &Rows<'_>, strips: &[Strip]) -> Markup {
    let ends = strips.iter().flat_map(|strip| [strip.moments[0], strip.moments[strip.moments.len() - 1]]);
    let (least, most) = ends.fold((0, 0), |(least, most), at| (at.min(least), at.max(most)));
    let stretched = |seconds: i64| {
        let days = seconds as f64 / DAY;
        days.signum() * days.abs().ln_1p()
    };
    let (from, to) = (stretched(least), stretched(most));
    let x = move |seconds: i64| LEFT + (WIDTH - LEFT - RIGHT) * (stretched(seconds) - from) / (to - from).max(0.01);
    let bottom = HIGH * strips.len() as f64;
    let mut ticks = vec![(0, x(0))];
    for days in [-365, 365, -90, 90, -30, 30, -7, 7, -1, 1_i64] {
        let at = days * 86_400;
        if (least..=most).contains(&at) && ticks.iter().all(|(_, other)| (x(at) - other).abs() > 40.0) {
            ticks.push((days, x(at)));
        }
    }
    html! {
        @for (days, x) in &ticks {
            line.rule.now[*days == 0] x1=(px(*x)) y1="0" x2=(px(*x)) y2=(px(bottom)) {}
            text.tick x=(px(*x)) y=(px(bottom + 14.0)) text-anchor="middle" { (away(days * 86_400)) }
        }
        @for (at, strip) in strips.iter().enumerate() {
            @let floor = HIGH * (at as f64 + 1.0) - 4.0;
            text.label x=(px(LEFT - 10.0)) y=(px(floor - 2.0)) text-anchor="end" { (name(rows, strip)) }
            line.axis x1=(px(LEFT)) y1=(px(floor)) x2=(px(WIDTH - RIGHT)) y2=(px(floor)) {}
            @for (bin, height) in bins(strip, &x) {
                rect.bar x=(px(bin)) y=(px(floor - height)) width=(px(BIN - 1.0)) height=(px(height)) {}
            }
        }
    }
}

/// Returns the bars of a strip: where each begins, and how high it is.
fn bins(strip: &Strip, x: &dyn Fn(i64) -> f64) -> Vec<(f64, f64)> {
    let mut bins = std::collections::BTreeMap::new();
    for moment in &strip.moments {
        *bins.entry(((x(*moment) - LEFT) / BIN).floor() as i64).or_insert(0_u32) += 1;
    }
    let highest = bins.values().copied().max().unwrap_or(1);
    let bars = bins.into_iter().map(|(bin, rows)| {
        let height = (HIGH - 9.0) * f64::from(rows) / f64::from(highest);
        (LEFT + BIN * bin as f64, height.max(2.0))
    });
    bars.collect()
}
