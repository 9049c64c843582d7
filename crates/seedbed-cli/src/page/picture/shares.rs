//! Quotas, even values, mixes and groups as bars: how many are declared, and how many are counted.

use maud::{Markup, html};
use seedbed_core::scenario::{Alternative, Case, CaseRows, Generator, PopulationId, Share, Size};
use seedbed_core::value::Value;

use super::super::rows::{Live, Rows};
use super::ages::away;
use super::{Figure, px, texts};

const WIDTH: f64 = 360.0;
const LEFT: f64 = 132.0;
const RIGHT: f64 = 64.0;
const LINE: f64 = 17.0;
/// Divisions into more parts than these have a picture of their own.
const SMALL: usize = 7;

/// A population divided into parts.
pub(super) struct Division {
    pub(super) population: PopulationId,
    /// The column or the partition.
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
}

/// A part of a division.
pub(super) struct Part {
    pub(super) name: String,
    /// As the scenario says it: `40 %`, `12`, `the rest`.
    share: String,
    pub(super) declared: usize,
    pub(super) counted: usize,
}

pub(super) fn figures(rows: &Rows<'_>) -> Vec<Figure> {
    let divisions = divisions(rows);
    let mut figures = Vec::new();
    for id in rows.populations() {
        let own = divisions.iter().filter(|division| division.population == id);
        let (small, large): (Vec<&Division>, Vec<&Division>) = own.partition(|division| division.parts.len() <= SMALL);
        let name = &rows.chain.populations[id].name;
        if !small.is_empty() {
            figures.push(figure(format!("shares of {name}"), &small));
        }
        for division in large {
            figures.push(figure(format!("{} of {name}", division.name), &[division]));
        }
    }
    figures
}

/// Returns every quota, even, mix and partition of the levels.
pub(super) fn divisions(rows: &Rows<'_>) -> Vec<Division> {
    let mut divisions = Vec::new();
    for id in rows.populations() {
        for (at, column) in rows.chain.populations[id].columns.iter().enumerate().filter(|(_, column)| !column.handle) {
            for (index, case) in column.cases.iter().enumerate() {
                if let Generator::Alternatives(lines) = &case.generator {
                    divisions.extend(quota(rows, id, at, index, lines));
                }
            }
        }
        for (index, partition) in rows.chain.partitions.iter().enumerate() {
            if partition.population == id && partition.layer <= rows.top() {
                divisions.push(partitioned(rows, index));
            }
        }
    }
    divisions
}

/// Returns how a column's alternatives come out, for the rows whose values they make.
fn quota(rows: &Rows<'_>, id: PopulationId, column: usize, case: usize, lines: &[Alternative]) -> Option<Division> {
    let declared = &rows.chain.populations[id].columns[column];
    let place = rows.block(id).columns.iter().position(|name| *name == declared.name)?;
    let told = lines.iter().filter(|line| can_be_told(line)).count();
    if lines.len() < 2 || told + 1 < lines.len() {
        return None;
    }
    let mut parts: Vec<Part> =
        lines.iter().map(|line| Part { name: said(line), share: share(line.share), declared: 0, counted: 0 }).collect();
    let which = |live: Live<'_>| {
        let exact = lines.iter().position(|line| can_be_told(line) && makes(rows, line, live));
        exact.or_else(|| lines.iter().position(|line| !can_be_told(line)).filter(|_| !live.is_null()))
    };
    let made = |row: usize| deciding(rows, id, &declared.cases, row) == Some(case);
    for row in (0..rows.block(id).rows.len()).filter(|row| made(*row)) {
        if let Some(part) = which(Live::Declared(rows.declared(id, row, place))) {
            parts[part].declared += 1;
        }
        if rows.is_there(id, row)
            && let Some(part) = which(rows.value(id, row, place))
        {
            parts[part].counted += 1;
        }
    }
    // A value may have two lines; they are one part.
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match joined.iter_mut().find(|other| other.name == part.name) {
            Some(other) => {
                (other.declared, other.counted) = (other.declared + part.declared, other.counted + part.counted);
            }
            None => joined.push(part),
        }
    }
    Some(Division { population: id, name: declared.name.clone(), parts: joined })
}

/// Returns the index of the case that makes the value of a row: the last that it is in.
fn deciding(rows: &Rows<'_>, id: PopulationId, cases: &[Case], row: usize) -> Option<usize> {
    cases.iter().rposition(|case| match &case.rows {
        CaseRows::All => true,
        CaseRows::Row(name) => rows.name(id, row) == name,
        CaseRows::Group(partition, group) => rows.work.generated.groups[*partition].get(row) == Some(group),
    })
}

/// Whether a value says that this line made it.
fn can_be_told(line: &Alternative) -> bool {
    matches!(line.generator, Generator::Constant(_) | Generator::Time { base: None, .. })
}

fn makes(rows: &Rows<'_>, line: &Alternative, live: Live<'_>) -> bool {
    match &line.generator {
        Generator::Constant(value) => live.is(value),
        Generator::Time { from, to, .. } => rows.offset(live).is_some_and(|at| (*from..=*to).contains(&at)),
        _ => false,
    }
}

fn said(line: &Alternative) -> String {
    match &line.generator {
        Generator::Constant(Value::Null) => "none".to_owned(),
        Generator::Constant(value) => value.to_string(),
        Generator::Time { from, to, .. } => format!("{} to {}", away(*from), away(*to)),
        Generator::Image(_) => "a picture".to_owned(),
        _ => "some".to_owned(),
    }
}

fn share(share: Share) -> String {
    match share {
        Share::Count(rows) => rows.to_string(),
        Share::Percent(hundredths) => format!("{} %", f64::from(hundredths) / 100.0),
        Share::Rest => "the rest".to_owned(),
    }
}

/// Returns the groups of a partition; a row counts where it is there with every value as declared.
fn partitioned(rows: &Rows<'_>, index: usize) -> Division {
    let partition = &rows.chain.partitions[index];
    let members = &rows.work.generated.groups[index];
    let parts = partition.groups.iter().enumerate().map(|(at, group)| {
        let own = || members.iter().enumerate().filter(move |(_, member)| **member == at).map(|(row, _)| row);
        Part {
            name: group.name.clone(),
            share: match group.size {
                Size::Share(one) => share(one),
                Size::Range(lo, hi) => format!("{lo} to {hi}"),
            },
            declared: own().count(),
            counted: own().filter(|row| rows.is_as_declared(partition.population, *row)).count(),
        }
    });
    Division { population: partition.population, name: partition.name.clone(), parts: parts.collect() }
}

fn figure(title: String, divisions: &[&Division]) -> Figure {
    let parts = || divisions.iter().flat_map(|division| &division.parts);
    let off = parts().filter(|part| part.declared != part.counted).count();
    let about = match off {
        0 => format!("{} shares, each as declared.", parts().count()),
        off => format!("{} shares, {off} of them not as declared.", parts().count()),
    };
    let body = divisions.iter().flat_map(|division| {
        division.parts.iter().map(|part| {
            let name = format!("{}: {}", division.name, part.name);
            vec![name, part.share.clone(), part.declared.to_string(), part.counted.to_string()]
        })
    });
    let body = body.collect();
    let lines = divisions.iter().map(|division| division.parts.len() + 1).sum::<usize>();
    Figure {
        title,
        about,
        size: (WIDTH, LINE * lines as f64 + 6.0 * divisions.len() as f64),
        drawing: Some(drawing(divisions)),
        head: texts(["part", "share", "declared", "counted"]),
        body,
    }
}

fn drawing(divisions: &[&Division]) -> Markup {
    let lines = |division: &Division| LINE * (division.parts.len() + 1) as f64 + 6.0;
    let tops = divisions.iter().scan(0.0, |below, division| {
        let top = *below;
        *below += lines(division);
        Some(top)
    });
    html! { @for (division, top) in divisions.iter().zip(tops) { (bars(division, top)) } }
}

/// Draws a division; its heading stands at `top`.
fn bars(division: &Division, top: f64) -> Markup {
    let whole = division.parts.iter().map(|part| part.declared.max(part.counted)).max().unwrap_or(1).max(1) as f64;
    let length = |rows: usize| (WIDTH - LEFT - RIGHT) * rows as f64 / whole;
    html! {
        text.heading x="0" y=(px(top + 12.0)) { (division.name) }
        @for (at, part) in division.parts.iter().enumerate() {
            @let (y, off) = (top + LINE * (at as f64 + 1.0), part.declared != part.counted);
            text.label x=(px(LEFT - 8.0)) y=(px(y + 11.5)) text-anchor="end" { (short(&part.name)) }
            rect.bed x=(px(LEFT)) y=(px(y + 2.5)) width=(px(length(part.declared).max(1.0))) height="11" rx="2" {}
            rect.bar.off[off] x=(px(LEFT)) y=(px(y + 2.5)) width=(px(length(part.counted))) height="11" rx="2" {}
            text.value.off[off] x=(px(WIDTH - 2.0)) y=(px(y + 11.5)) text-anchor="end" {
                (part.counted) @if off { " of " (part.declared) }
            }
        }
    }
}

fn short(name: &str) -> String {
    crate::output::cut(name, 24)
}
