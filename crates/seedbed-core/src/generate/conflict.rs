//! Conflicts: why a decision cannot be made, in the words of the scenario file.
//!
//! Three verdicts, never mixed up: a contradiction of what is declared, something that only a lower
//! layer could give, and a search that came to its limit.

use std::collections::BTreeSet;

use super::clauses::Origin;
use super::decision::{Agenda, Decision};
use super::judge::Finding;
use super::problem::{self, Posed};
use super::world::{World, has};
use crate::diagnostic::{Diagnostic, enumerate};
use crate::scenario::{Chain, Column, Generator, Group, Has, Rows};
use crate::solve::{Conflict, Part, Proof};
use crate::source::Span;

/// Why a decision cannot be made.
#[derive(Clone)]
pub(super) struct Failure {
    position: usize,
    reasons: Vec<Reason>,
    proof: Option<Proof>,
    /// How the solver's parts map to reasons.
    parts: Vec<Part>,
    kind: FailureKind,
    told: Option<Told>,
}

/// A failure in the user's words, which need the rows as they were when it happened.
#[derive(Clone)]
struct Told {
    places: Vec<(Span, String)>,
    sum: Option<String>,
    /// The whole of it, where it is about what groups have.
    total: Option<Diagnostic>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FailureKind {
    /// The solver proved it.
    Contradiction,
    /// The solver came to its limit.
    Undecided,
    /// The values drawn do not hold a fact.
    Judged,
}

/// A demand that takes part in a failure.
#[derive(Clone, Debug, PartialEq)]
enum Reason {
    Demand(Origin, i64, i64),
    Left(usize),
    Candidates(usize),
    Right(usize),
    Total,
}

impl Failure {
    pub(super) fn new(position: usize, posed: &Posed<'_>, conflict: Option<Conflict>) -> Self {
        let demand = |index: usize| {
            let clause = &posed.problem.clauses[index];
            Reason::Demand(posed.origins[index].clone(), clause.lo, clause.hi)
        };
        let Some(conflict) = conflict else {
            let reasons = (0..posed.origins.len()).map(demand).collect();
            return Self {
                position,
                reasons,
                proof: None,
                parts: Vec::new(),
                kind: FailureKind::Undecided,
                told: None,
            };
        };
        let reasons = conflict
            .parts
            .iter()
            .map(|part| match part {
                Part::Clause(index) => demand(*index),
                Part::Left(row) => Reason::Left(*row),
                Part::Candidates(row) => Reason::Candidates(*row),
                Part::Right(row) => Reason::Right(*row),
                Part::Total => Reason::Total,
            })
            .collect();
        Self {
            position,
            reasons,
            proof: conflict.sum,
            parts: conflict.parts,
            kind: FailureKind::Contradiction,
            told: None,
        }
    }

    pub(super) fn judged(position: usize, finding: Finding) -> Self {
        let origin = Origin::Ensure { index: finding.ensure, row: None, value: finding.value };
        let reasons = vec![Reason::Demand(origin, finding.lo, finding.hi)];
        Self { position, reasons, proof: None, parts: Vec::new(), kind: FailureKind::Judged, told: None }
    }

    pub(super) fn is_proven(&self) -> bool {
        // A fact that fails and depends on no choice fails for good.
        self.kind != FailureKind::Undecided
    }

    pub(super) fn says_tried(&self) -> bool {
        self.reasons.iter().any(|reason| matches!(reason, Reason::Demand(Origin::Tried, ..)))
    }

    /// Returns the positions of the decisions of this layer that the failure depends on; a fact
    /// that drawn values do not hold depends on the drawing too.
    pub(super) fn blamed(&self, chain: &Chain, agenda: &Agenda) -> BTreeSet<usize> {
        let decision = agenda.decisions[self.position];
        let layer = decision.layer(chain);
        let mut positions: BTreeSet<usize> = BTreeSet::new();
        let mut needs_too = false;
        for reason in &self.reasons {
            match reason {
                Reason::Demand(Origin::Ensure { index, .. }, ..) => positions.extend(&agenda.mentions[*index]),
                // What was tried is all there is only for what could be chosen at all.
                _ => needs_too = true,
            }
        }
        if needs_too {
            let before = agenda.before(decision);
            positions.extend((0..self.position).filter(|p| before.contains(&agenda.decisions[*p])));
        }
        let again = self.kind == FailureKind::Judged;
        positions.retain(|p| *p < self.position || (again && *p == self.position));
        positions.retain(|p| agenda.open[*p] && agenda.decisions[*p].layer(chain) == layer);
        positions
    }

    /// Finds the words for it, once, while the rows it is about are there.
    pub(super) fn tell(&mut self, world: &World<'_>, agenda: &Agenda) {
        if self.told.is_some() {
            return;
        }
        let decision = agenda.decisions[self.position];
        let mut places: Vec<(Span, String)> = Vec::new();
        for reason in &self.reasons {
            for (span, label) in Self::place(world, decision, reason) {
                if !places.iter().any(|(known, _)| *known == span) {
                    places.push((span, label));
                }
            }
        }
        let sum = self.proof.as_ref().map(|proof| self.sum(world, decision, proof));
        self.told = Some(Told { places, sum, total: self.explain_total(world, decision) });
    }

    /// Says what is wrong, as it was told; `proven` when no earlier decision is left to be made
    /// otherwise, which happened in so many `ways`.
    pub(super) fn explain(self, chain: &Chain, agenda: &Agenda, proven: bool, ways: usize) -> Diagnostic {
        let decision = agenda.decisions[self.position];
        let lower = self.lower_layer(chain, agenda);
        let Told { places, sum, total } = self.told.expect("it is told before it is explained");
        if let Some(total) = total.filter(|_| proven) {
            return total;
        }
        let name = decision.name(chain);
        let (code, mut message) = match (proven, lower) {
            (true, Some(lower)) => {
                ("lower-layer-lacks", format!("`{}` lacks what `{name}` needs", chain.layers[lower].name))
            }
            (true, None) if places.len() <= 1 => ("unsatisfiable", "nothing can satisfy this".to_owned()),
            (true, None) => ("unsatisfiable", format!("these {} clauses cannot hold together", number(places.len()))),
            (false, _) => ("undecided", format!("no way was found to make `{name}`, and none was proven not to exist")),
        };
        // Of several ways that all led nowhere, one sum proves nothing.
        if let Some(sum) = sum.filter(|_| proven && ways == 1) {
            message.push_str(": ");
            message.push_str(&sum);
        }
        let problem = placed(Diagnostic::new(code, message), places);
        match (code, lower) {
            ("lower-layer-lacks", Some(lower)) => {
                let layer = &chain.layers[lower].name;
                problem.help(format!(
                    "add an `ensure` to `{layer}` that asks for it; with other seeds it may be there by chance"
                ))
            }
            ("undecided", _) => problem.help("try another --seed, or ask for a little less in one of these"),
            _ => problem.help("change one of these"),
        }
    }

    /// Says that what groups have does not come to the number of rows that point at them, where
    /// that alone is the contradiction.
    fn explain_total(&self, world: &World<'_>, decision: Decision) -> Option<Diagnostic> {
        let Decision::Partition(index) = decision else { return None };
        let mut demands = self.reasons.iter().filter(|reason| matches!(reason, Reason::Demand(..)));
        let Some(Reason::Demand(Origin::Total { child, link, at_least }, lo, hi)) = demands.next() else { return None };
        if demands.next().is_some() {
            return None;
        }
        let total = if *at_least { *hi } else { *lo };
        let sizes = problem::sizes(world, index, 1).ok()?;
        let groups = &world.chain.partitions[index].groups;
        let count = world.rows(world.chain.partitions[index].population).len() as u32;
        let mut sums = if *at_least {
            least(groups, &sizes, (*child, *link), total)
        } else {
            most(groups, &sizes, (*child, *link), count)
        }?;
        let sum: i64 = sums.iter().map(|(_, rows, each)| rows * each).sum();
        let fails = if *at_least { sum > total } else { sum < total };
        if !fails {
            return None;
        }
        let population = &world.chain.populations[*child];
        let name = &population.name;
        let bound = if *at_least { "at least" } else { "at most" };
        let parts: Vec<String> = sums
            .iter()
            .map(|(_, rows, each)| if *rows == 1 { each.to_string() } else { format!("{rows} * {each}") })
            .collect();
        let shown =
            if sums.len() > 1 || sums[0].1 > 1 { format!(" ({} = {sum})", parts.join(" + ")) } else { String::new() };
        let span = if let Rows::Pairs { total: Some((_, span)) } = population.rows { span } else { population.span };
        let mut places = vec![(span, format!("{total} `{name}` in all"))];
        sums.sort_by_key(|(has, ..)| has.span);
        for (has, rows, each) in &sums {
            let each_of = if *rows == 1 { String::new() } else { format!(" for each of {rows}") };
            places.push((has.span, format!("{bound} {each}{each_of}")));
        }
        let message = format!(
            "these {} clauses cannot hold together: {bound} {sum} `{name}` are asked for{shown}, {total} are given",
            number(places.len())
        );
        let (change, others) = if *at_least { ("raise", "lower") } else { ("lower", "raise") };
        let whole = match population.rows {
            Rows::Pairs { .. } => format!("{change} `total` to {sum}"),
            _ => format!("{change} the rows of `{name}` to {sum}"),
        };
        let others = if sums.len() == 1 {
            format!("{others} the other")
        } else {
            format!("{others} one of the other {}", number(sums.len()))
        };
        Some(placed(Diagnostic::new("unsatisfiable", message), places).help(format!("{whole}, or {others}")))
    }

    /// The lower layer whose rows the failure depends on, when this layer has no other choice.
    fn lower_layer(&self, chain: &Chain, agenda: &Agenda) -> Option<usize> {
        let own = agenda.decisions[self.position].layer(chain);
        let mut lowest = None;
        for reason in &self.reasons {
            if let Reason::Demand(Origin::Ensure { index, .. }, ..) = reason {
                for position in &agenda.mentions[*index] {
                    let layer = agenda.decisions[*position].layer(chain);
                    if layer < own {
                        lowest = Some(lowest.map_or(layer, |known: usize| known.max(layer)));
                    }
                }
            }
        }
        lowest
    }

    /// The inequality that fails, in the user's numbers.
    fn sum(&self, world: &World<'_>, decision: Decision, proof: &Proof) -> String {
        let least: Vec<i64> =
            proof.terms.iter().filter(|t| t.at_least && t.bound != 0).map(|t| t.multiplier * t.bound).collect();
        let noun = match decision {
            Decision::Rows(id) | Decision::Link(id, _) | Decision::Column(id, _) => &world.chain.populations[id].name,
            Decision::Partition(index) => &world.chain.populations[world.chain.partitions[index].population].name,
        };
        let sum = if least.len() > 1 && least.len() <= 8 {
            let parts: Vec<String> = least.iter().map(ToString::to_string).collect();
            format!(" ({} = {})", parts.join(" + "), proof.needed)
        } else {
            String::new()
        };
        let are = if proof.needed == 1 { "is" } else { "are" };
        let can_be = if proof.available == 0 { "none".into() } else { format!("at most {}", proof.available) };
        debug_assert!(!self.parts.is_empty(), "a proof is about parts");
        format!("at least {} `{noun}` {are} asked for{sum}, {can_be} can be", proof.needed)
    }

    fn place(world: &World<'_>, decision: Decision, reason: &Reason) -> Vec<(Span, String)> {
        let chain = world.chain;
        match reason {
            Reason::Demand(Origin::Ensure { index, row, value }, lo, hi) => {
                let ensure = &chain.ensures[*index];
                let span = if *lo > i64::MIN { ensure.bounds.0 } else { ensure.bounds.1 };
                let mut label = bounds(*lo, *hi);
                if let Some(row) = row
                    && let crate::scenario::Subject::ForEach(id, ..) = &ensure.subject
                {
                    label.push_str(&format!(" for `{}`", world.rows(*id)[*row].name));
                }
                if let Some(value) = value {
                    label.push_str(&format!(" of `{value}`"));
                }
                label.push_str(&format!(" ({})", ensure.fact));
                vec![(span.unwrap_or(ensure.span), label)]
            }
            Reason::Demand(Origin::Total { child, link, .. }, ..) => Self::has_places(world, *child, *link),
            Reason::Demand(Origin::Capability { population, column, .. }, lo, _) => {
                let column = &chain.populations[*population].columns[*column];
                vec![(column.span, format!("{lo} of them need rows that are old enough"))]
            }
            Reason::Demand(Origin::Share { population, column }, ..) => {
                vec![(chain.populations[*population].columns[*column].span, "the shares".into())]
            }
            Reason::Demand(Origin::Tree { population, link }, ..) => {
                let tree = chain.populations[*population].links[*link].tree.expect("only a tree is cut");
                vec![(tree.span, "a tree".into())]
            }
            Reason::Demand(Origin::Tried, ..) => Vec::new(),
            Reason::Left(row) => Self::left_place(world, decision, *row),
            Reason::Candidates(row) => Self::candidates_place(world, decision, *row),
            Reason::Right(row) => Self::right_place(world, decision, *row),
            Reason::Total => match decision {
                Decision::Rows(id) => match chain.populations[id].rows {
                    Rows::Pairs { total: Some((total, span)) } => vec![(span, format!("{total} in all"))],
                    _ => vec![(chain.populations[id].span, "all of them".into())],
                },
                Decision::Link(id, link) => {
                    vec![(chain.populations[id].links[link].span, "each row refers to one".into())]
                }
                _ => Vec::new(),
            },
        }
    }

    /// Where it is said how many rows point by a link, and how many there are.
    fn has_places(world: &World<'_>, child: usize, link: usize) -> Vec<(Span, String)> {
        let chain = world.chain;
        let population = &chain.populations[child];
        let target = population.links[link].to;
        let mut places = match population.rows {
            Rows::Pairs { total: Some((total, span)) } => vec![(span, format!("{total} in all"))],
            _ => vec![(population.span, format!("{} in all", population.row_names().map_or(0, <[_]>::len)))],
        };
        for partition in chain.partitions.iter().filter(|partition| partition.population == target) {
            for entry in partition.groups.iter().flat_map(|group| &group.has) {
                if (entry.child, entry.link) == (child, link) && entry.hi > 0 {
                    places.push((entry.span, bounds(i64::from(entry.lo), i64::from(entry.hi))));
                }
            }
        }
        places
    }

    fn left_place(world: &World<'_>, decision: Decision, row: usize) -> Vec<(Span, String)> {
        let chain = world.chain;
        match decision {
            Decision::Rows(id) => Self::degree_place(world, id, 0, row),
            Decision::Link(id, link) => {
                let name = world.rows(id)[row].name.clone();
                vec![(chain.populations[id].links[link].span, format!("`{name}` refers to one"))]
            }
            Decision::Partition(index) => {
                let partition = &chain.partitions[index];
                let name = world.rows(partition.population)[row].name.clone();
                vec![(partition.span, format!("`{name}` is in one group"))]
            }
            Decision::Column(id, column) => {
                let name = world.rows(id)[row].name.clone();
                let span = super::draw::case_of(world, id, column, row)
                    .map_or(chain.populations[id].columns[column].span, |(_, span)| span);
                vec![(span, format!("`{name}` has one value"))]
            }
        }
    }

    /// Where a row finds nothing that it may have.
    fn candidates_place(world: &World<'_>, decision: Decision, row: usize) -> Vec<(Span, String)> {
        let chain = world.chain;
        let places = Self::left_place(world, decision, row);
        match decision {
            Decision::Rows(_) => {
                places.into_iter().map(|(span, label)| (span, format!("{label}, fewer can be"))).collect()
            }
            Decision::Link(id, link) => {
                let (name, to) =
                    (&world.rows(id)[row].name, &chain.populations[chain.populations[id].links[link].to].name);
                places.into_iter().map(|(span, _)| (span, format!("no row of `{to}` fits `{name}`"))).collect()
            }
            Decision::Partition(index) => {
                let name = &world.rows(chain.partitions[index].population)[row].name;
                places.into_iter().map(|(span, _)| (span, format!("no group fits `{name}`"))).collect()
            }
            Decision::Column(id, column) => {
                let name = &world.rows(id)[row].name;
                let what = match super::draw::case_of(world, id, column, row) {
                    Some((Generator::Pick { list, .. }, _)) => format!("no entry of `{}`", chain.lists[*list].name),
                    _ => "no value".to_owned(),
                };
                places.into_iter().map(|(span, _)| (span, format!("{what} fits `{name}`"))).collect()
            }
        }
    }

    fn right_place(world: &World<'_>, decision: Decision, row: usize) -> Vec<(Span, String)> {
        let chain = world.chain;
        match decision {
            Decision::Rows(id) if matches!(chain.populations[id].rows, Rows::Pairs { .. }) => {
                Self::degree_place(world, id, 1, row)
            }
            Decision::Link(id, link) => Self::degree_place(world, id, link, row),
            Decision::Partition(index) => {
                let group = &chain.partitions[index].groups[row];
                let only = if group.condition.is_some() { ", of rows that hold its `where`" } else { "" };
                vec![(group.span, format!("the size of `{}`{only}", group.name))]
            }
            Decision::Column(id, column) => share_place(chain, &chain.populations[id].columns[column], row),
            Decision::Rows(_) => Vec::new(),
        }
    }

    /// Where it is said how many rows point at this row.
    fn degree_place(world: &World<'_>, child: usize, link: usize, row: usize) -> Vec<(Span, String)> {
        let target = world.chain.populations[child].links[link].to;
        let mut places = Vec::new();
        for (index, partition) in world.chain.partitions.iter().enumerate().filter(|(_, p)| p.population == target) {
            let Some(members) = &world.members[index] else { continue };
            let group = &partition.groups[members[row]];
            if let Some((lo, hi)) = has(group, child, link) {
                let entry = group.has.iter().find(|has| has.child == child && has.link == link).expect("it was found");
                let name = &world.rows(target)[row].name;
                places.push((entry.span, format!("{} for `{name}`", bounds(i64::from(lo), i64::from(hi)))));
            }
        }
        places
    }
}

fn placed(problem: Diagnostic, places: Vec<(Span, String)>) -> Diagnostic {
    let mut places = places.into_iter();
    let problem = match places.next() {
        Some((span, label)) => problem.at(span, label),
        None => problem,
    };
    places.fold(problem, |problem, (span, label)| problem.also(span, label))
}

/// The place of a column's option: a line of shares, or the pick whose entry it is.
fn share_place(chain: &Chain, column: &Column, option: usize) -> Vec<(Span, String)> {
    let (mut first, mut lists) = (0, Vec::new());
    for case in &column.cases {
        let width = match &case.generator {
            Generator::Alternatives(lines) => {
                if let Some(line) = option.checked_sub(first).and_then(|option| lines.get(option)) {
                    return vec![(line.span, "this share".into())];
                }
                lines.len()
            }
            Generator::Pick { list, .. } if !lists.contains(list) => {
                lists.push(*list);
                let width = chain.lists[*list].entries.len();
                if (first..first + width).contains(&option) {
                    return vec![(case.span, "each entry at most once".into())];
                }
                width
            }
            _ => 0,
        };
        first += width;
    }
    vec![(column.span, "these values".into())]
}

/// A line of `has` with the number of rows it is for and what each has.
type Line<'a> = (&'a Has, i64, i64);

/// What groups have at least: the lines that exceed the total, and none that are not needed for it.
fn least<'a>(groups: &'a [Group], sizes: &[(u32, u32)], of: (usize, usize), total: i64) -> Option<Vec<Line<'a>>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for (group, (size, _)) in groups.iter().zip(sizes) {
        let line = group.has.iter().find(|has| (has.child, has.link) == of);
        lines.extend(line.map(|has| (has, i64::from(*size), i64::from(has.lo))).filter(|line| line.1 * line.2 > 0));
    }
    let mut sum: i64 = lines.iter().map(|(_, rows, each)| rows * each).sum();
    lines.sort_by_key(|(_, rows, each)| rows * each);
    lines.retain(|(_, rows, each)| {
        let needed = sum - rows * each <= total;
        sum -= if needed { 0 } else { rows * each };
        needed
    });
    lines.sort_by_key(|(has, ..)| has.span);
    (!lines.is_empty()).then_some(lines)
}

/// What groups have at most, each group as large as helps; nothing where one has any number.
fn most<'a>(groups: &'a [Group], sizes: &[(u32, u32)], of: (usize, usize), count: u32) -> Option<Vec<Line<'a>>> {
    let mut lines: Vec<(Line<'a>, u32)> = Vec::new();
    for (group, (lo, hi)) in groups.iter().zip(sizes) {
        let has = group.has.iter().find(|has| (has.child, has.link) == of)?;
        lines.push(((has, i64::from(*lo), i64::from(has.hi)), hi - lo));
    }
    let mut left = i64::from(count) - lines.iter().map(|((_, rows, _), _)| rows).sum::<i64>();
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|line| -lines[*line].0.2);
    for line in order {
        let more = left.clamp(0, i64::from(lines[line].1));
        lines[line].0.1 += more;
        left -= more;
    }
    Some(lines.into_iter().map(|(line, _)| line).filter(|(_, rows, _)| *rows > 0).collect())
}

/// Columns and rows that wait for each other.
pub(super) fn waiting(chain: &Chain, waiting: &[Decision]) -> Diagnostic {
    let names: Vec<String> = waiting.iter().map(|decision| format!("`{}`", decision.name(chain))).collect();
    let message = match &names[..] {
        [name] => format!("{name} waits for itself"),
        names => format!("{} wait for each other", enumerate(names)),
    };
    let mut problem = Diagnostic::new("cyclic-columns", message);
    for decision in waiting {
        let span = match decision {
            Decision::Column(id, column) => chain.populations[*id].columns[*column].span,
            Decision::Link(id, link) => chain.populations[*id].links[*link].span,
            Decision::Rows(id) => chain.populations[*id].span,
            Decision::Partition(index) => chain.partitions[*index].span,
        };
        problem = problem.also(span, "waits");
    }
    problem.help("let one of them not read the others")
}

fn bounds(lo: i64, hi: i64) -> String {
    match (lo, hi) {
        (i64::MIN, hi) => format!("at most {hi}"),
        (lo, i64::MAX) => format!("at least {lo}"),
        (lo, hi) if lo == hi => format!("exactly {lo}"),
        (lo, hi) => format!("{lo} to {hi}"),
    }
}

fn number(n: usize) -> String {
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        .get(n)
        .map_or_else(|| n.to_string(), |word| (*word).to_owned())
}
