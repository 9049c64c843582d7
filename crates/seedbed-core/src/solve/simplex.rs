//! Linear feasibility in exact integers.
//!
//! The general simplex method with bounded variables (Dutertre and de Moura, "A fast
//! linear-arithmetic solver for DPLL(T)", 2006). Every tableau line is kept as integers
//! over one positive scale, so nothing is rounded; when numbers or work grow too large
//! it gives up instead of guessing. If no solution exists, one line of the tableau says
//! why (Farkas).

use super::degrees::mix;

/// No number: the side is unbounded.
pub(super) const FREE: (i64, i64) = (i64::MIN, i64::MAX);

/// A weighted sum of variables, and the bounds it must keep.
pub(super) struct Row<'a> {
    pub terms: &'a [(usize, i64)],
    pub bounds: (i64, i64),
}

/// The search reached a limit: nothing is known.
#[derive(Debug)]
pub(super) struct GaveUp;

/// Bounds that cannot hold together: adding them up, each `multiplier` times, the lower
/// ones exceed the upper ones by `gap`.
#[derive(Debug)]
pub(super) struct Certificate {
    pub terms: Vec<Term>,
    pub gap: i128,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub variable: usize,
    pub multiplier: i128,
    pub at_least: bool,
}

/// How a pivot is chosen.
#[derive(Clone, Copy)]
enum Rule {
    /// The line furthest out; fast, but may go round in circles.
    Furthest,
    /// Any, by a hash of the step; leaves most circles.
    Scattered(u64),
    /// The smallest variables (Bland 1977); slow, but always ends.
    Bland,
}

/// Variables with bounds, and lines that express some of them by the others.
pub(super) struct Tableau {
    lines: Vec<Line>,
    /// The variable of each column.
    columns: Vec<usize>,
    place: Vec<Place>,
    /// Values of the variables in columns; always integers.
    value: Vec<i64>,
    bounds: Vec<(i64, i64)>,
    work: u64,
    pivots: usize,
}

#[derive(Clone, Copy)]
enum Place {
    Column(usize),
    Line(usize),
}

/// `scale * variable = sum of entries times columns = total`.
struct Line {
    variable: usize,
    scale: i128,
    entries: Vec<i128>,
    total: i128,
    /// No entry nor the scale is larger.
    largest: i128,
}

impl Line {
    /// The integer part of the value towards minus infinity, and whether that is all.
    fn floor(&self) -> (i128, bool) {
        (self.total.div_euclid(self.scale), self.total % self.scale == 0)
    }

    fn reduce(&mut self) {
        let mut common = self.scale;
        for &entry in &self.entries {
            if common == 1 {
                break;
            }
            if entry != 0 {
                common = gcd(common, entry.abs());
            }
        }
        if common > 1 {
            self.scale /= common;
            self.total /= common;
            for entry in &mut self.entries {
                *entry /= common;
            }
        }
        self.largest = self.entries.iter().fold(self.scale, |most, entry| most.max(entry.abs()));
    }
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Tableau {
    /// Variables `0..bounds.len()` with finite bounds, and one more for every row: the
    /// weighted sum of the row's terms, within the row's bounds.
    pub(super) fn new(bounds: &[(i64, i64)], rows: &[Row<'_>], work: u64) -> Self {
        let variables = bounds.len();
        let mut lines = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let mut entries = vec![0; variables];
            for &(variable, weight) in row.terms {
                entries[variable] += i128::from(weight);
            }
            let largest = entries.iter().fold(1, |most, entry: &i128| most.max(entry.abs()));
            let total = entries.iter().zip(bounds).map(|(entry, bound)| entry * i128::from(bound.0)).sum();
            lines.push(Line { variable: variables + index, scale: 1, entries, total, largest });
        }
        let places = (0..variables).map(Place::Column).chain((0..rows.len()).map(Place::Line));
        Self {
            lines,
            columns: (0..variables).collect(),
            place: places.collect(),
            value: bounds.iter().map(|bound| bound.0).chain(rows.iter().map(|_| 0)).collect(),
            bounds: bounds.iter().copied().chain(rows.iter().map(|row| row.bounds)).collect(),
            work,
            pivots: 0,
        }
    }

    pub(super) fn bounds(&self, variable: usize) -> (i64, i64) {
        self.bounds[variable]
    }

    /// Changes a variable's bounds; the next `check` takes them into account.
    pub(super) fn set_bounds(&mut self, variable: usize, bounds: (i64, i64)) -> Result<(), GaveUp> {
        self.bounds[variable] = bounds;
        let Place::Column(column) = self.place[variable] else { return Ok(()) };
        let value = self.value[variable].max(bounds.0).min(bounds.1);
        let step = i128::from(value) - i128::from(self.value[variable]);
        if step != 0 {
            self.value[variable] = value;
            for line in &mut self.lines {
                let by = line.entries[column].checked_mul(step).ok_or(GaveUp)?;
                line.total = line.total.checked_add(by).ok_or(GaveUp)?;
            }
        }
        Ok(())
    }

    /// The value as an integer part towards minus infinity, and whether that is all.
    pub(super) fn floor(&self, variable: usize) -> (i128, bool) {
        match self.place[variable] {
            Place::Column(_) => (i128::from(self.value[variable]), true),
            Place::Line(line) => self.lines[line].floor(),
        }
    }

    /// Looks for values within all bounds; a certificate if there are none.
    pub(super) fn check(&mut self) -> Result<Option<Certificate>, GaveUp> {
        if let Some(variable) = self.bounds.iter().position(|bounds| bounds.0 > bounds.1) {
            let term = |at_least| Term { variable, multiplier: 1, at_least };
            let (lo, hi) = self.bounds[variable];
            let gap = i128::from(lo) - i128::from(hi);
            return Ok(Some(Certificate { terms: vec![term(true), term(false)], gap }));
        }
        let start = self.pivots;
        let size = self.lines.len() + 16;
        loop {
            let rule = match (self.pivots - start) / size {
                0..4 => Rule::Furthest,
                4..40 => Rule::Scattered(self.pivots as u64),
                _ => Rule::Bland,
            };
            let Some((line, below)) = self.violated(rule) else { return Ok(None) };
            let Some(column) = self.entering(line, below, rule) else {
                return self.certificate(line, below).map(Some);
            };
            self.pivot(line, column, below)?;
            self.pivots += 1;
        }
    }

    /// A line outside its bounds, and whether it is below them.
    fn violated(&self, rule: Rule) -> Option<(usize, bool)> {
        let mut best: Option<(i128, usize, bool)> = None;
        for (index, line) in self.lines.iter().enumerate() {
            let (lo, hi) = self.bounds[line.variable];
            let (floor, whole) = line.floor();
            let below = i128::from(lo) - floor;
            let above = floor + i128::from(!whole) - i128::from(hi);
            let out = if lo == i64::MIN {
                above
            } else if hi == i64::MAX {
                below
            } else {
                below.max(above)
            };
            if out <= 0 || (lo, hi) == FREE {
                continue;
            }
            let key = match rule {
                Rule::Furthest => out,
                Rule::Scattered(step) => i128::from(mix(step ^ mix(line.variable as u64))),
                Rule::Bland => -(line.variable as i128),
            };
            if best.is_none_or(|best| (key, best.1) > (best.0, index)) {
                best = Some((key, index, out == below && lo != i64::MIN));
            }
        }
        best.map(|(_, index, below)| (index, below))
    }

    /// A column that can still move the line towards its bounds.
    fn entering(&self, line: usize, below: bool, rule: Rule) -> Option<usize> {
        let mut best: Option<(i128, u64)> = None;
        let mut chosen = None;
        for (column, &entry) in self.lines[line].entries.iter().enumerate() {
            if entry == 0 {
                continue;
            }
            let variable = self.columns[column];
            let (lo, hi) = self.bounds[variable];
            let up = (entry > 0) == below;
            let movable = if up { self.value[variable] < hi } else { self.value[variable] > lo };
            let key = match rule {
                Rule::Furthest => (entry.abs(), variable as u64),
                Rule::Scattered(step) => (entry.abs(), mix(step ^ mix(variable as u64))),
                Rule::Bland => (0, variable as u64),
            };
            if movable && best.is_none_or(|best| key < best) {
                best = Some(key);
                chosen = Some(column);
            }
        }
        chosen
    }

    /// Puts the line's variable at its bound and the column's into the line.
    fn pivot(&mut self, index: usize, column: usize, below: bool) -> Result<(), GaveUp> {
        let (leaving, entering) = (self.lines[index].variable, self.columns[column]);
        let (lo, hi) = self.bounds[leaving];
        self.value[leaving] = if below { lo } else { hi };
        self.columns[column] = leaving;
        self.place[leaving] = Place::Column(column);
        self.place[entering] = Place::Line(index);
        let mut line = std::mem::replace(
            &mut self.lines[index],
            Line { variable: entering, scale: 1, entries: Vec::new(), total: 0, largest: 0 },
        );
        solve_for(&mut line, column);
        line.variable = entering;
        let support: Vec<usize> = (0..line.entries.len()).filter(|&at| line.entries[at] != 0).collect();
        line.total = self.total(&line)?;
        let mut work = line.entries.len() as u64;
        for other in 0..self.lines.len() {
            if other != index && self.lines[other].entries[column] != 0 {
                substitute(&mut self.lines[other], &line, column, &support)?;
                self.lines[other].total = self.total(&self.lines[other])?;
                // Fractions are reduced, which costs far more than adding.
                let effort = if self.lines[other].scale == 1 { 1 } else { 8 };
                work += effort * line.entries.len() as u64;
            }
        }
        self.lines[index] = line;
        self.work = self.work.checked_sub(work).ok_or(GaveUp)?;
        Ok(())
    }

    fn total(&self, line: &Line) -> Result<i128, GaveUp> {
        let mut total: i128 = 0;
        for (&entry, &variable) in line.entries.iter().zip(&self.columns) {
            let value = self.value[variable];
            if entry != 0 && value != 0 {
                let part = entry.checked_mul(i128::from(value)).ok_or(GaveUp)?;
                total = total.checked_add(part).ok_or(GaveUp)?;
            }
        }
        Ok(total)
    }

    fn certificate(&self, index: usize, below: bool) -> Result<Certificate, GaveUp> {
        let line = &self.lines[index];
        let mut terms = vec![Term { variable: line.variable, multiplier: line.scale, at_least: below }];
        for (&entry, &variable) in line.entries.iter().zip(&self.columns) {
            if entry != 0 {
                terms.push(Term { variable, multiplier: entry.abs(), at_least: (entry > 0) != below });
            }
        }
        let mut gap: i128 = 0;
        for term in &terms {
            let (lo, hi) = self.bounds[term.variable];
            let bound = i128::from(if term.at_least { lo } else { hi });
            let part = term.multiplier.checked_mul(bound).ok_or(GaveUp)?;
            gap = if term.at_least { gap.checked_add(part) } else { gap.checked_sub(part) }.ok_or(GaveUp)?;
        }
        // A certificate without a gap would be a mistake of ours, never a proof.
        if gap > 0 { Ok(Certificate { terms, gap }) } else { Err(GaveUp) }
    }
}

/// Solves a line for the variable of `column`; the column then stands for the old one.
fn solve_for(line: &mut Line, column: usize) {
    let pivot = line.entries[column];
    line.entries[column] = -line.scale;
    line.scale = pivot.abs();
    if pivot > 0 {
        for entry in &mut line.entries {
            *entry = -*entry;
        }
    }
    line.reduce();
}

/// Replaces a column by the line that was solved for it.
fn substitute(target: &mut Line, source: &Line, column: usize, support: &[usize]) -> Result<(), GaveUp> {
    let entry = target.entries[column];
    let common = gcd(source.scale, entry.abs());
    let (keep, take) = (source.scale / common, entry / common);
    let bound = target.largest.checked_mul(keep).zip(source.largest.checked_mul(take.abs()));
    let bound = bound.and_then(|(a, b)| a.checked_add(b)).ok_or(GaveUp)?;
    target.entries[column] = 0;
    if keep != 1 {
        target.scale *= keep;
        for entry in &mut target.entries {
            *entry *= keep;
        }
    }
    for &at in support {
        target.entries[at] += take * source.entries[at];
    }
    if target.scale == 1 {
        // Already reduced; the bound is good enough until it grows.
        target.largest = bound;
        if bound > 1 << 40 {
            target.reduce();
        }
    } else {
        target.reduce();
    }
    Ok(())
}
