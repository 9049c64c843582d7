//! Conflicts: why a decision cannot be made, in the words of the scenario file.
//!
//! Three verdicts, never mixed up: a contradiction of what is declared, something that only a lower
//! layer could give, and a search that came to its limit.

use std::collections::BTreeSet;

use super::clauses::Origin;
use super::decision::{Agenda, Decision};
use super::judge::Finding;
use super::problem::Posed;
use super::world::{World, has};
use crate::diagnostic::Diagnostic;
use crate::scenario::{Chain, Rows};
use crate::solve::{Conflict, Part, Proof};
use crate::source::Span;

/// Why a decision cannot be made.
pub(super) struct Failure {
    position: usize,
    reasons: Vec<Reason>,
    proof: Option<Proof>,
    /// How the solver's parts map to reasons.
    parts: Vec<Part>,
    kind: FailureKind,
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
            return Self { position, reasons, proof: None, parts: Vec::new(), kind: FailureKind::Undecided };
        };
        let reasons = conflict
            .parts
            .iter()
            .map(|part| match part {
                Part::Clause(index) => demand(*index),
                Part::Left(row) | Part::Candidates(row) => Reason::Left(*row),
                Part::Right(row) => Reason::Right(*row),
                Part::Total => Reason::Total,
            })
            .collect();
        Self { position, reasons, proof: conflict.sum, parts: conflict.parts, kind: FailureKind::Contradiction }
    }

    pub(super) fn judged(position: usize, finding: Finding) -> Self {
        let origin = Origin::Ensure { index: finding.ensure, row: None, value: finding.value };
        let reasons = vec![Reason::Demand(origin, finding.lo, finding.hi)];
        Self { position, reasons, proof: None, parts: Vec::new(), kind: FailureKind::Judged }
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

    /// Says what is wrong; `proven` when no earlier decision is left to be made otherwise.
    pub(super) fn explain(&self, world: &World<'_>, agenda: &Agenda, proven: bool) -> Diagnostic {
        let chain = world.chain;
        let decision = agenda.decisions[self.position];
        let mut places: Vec<(Span, String)> = Vec::new();
        for reason in &self.reasons {
            for (span, label) in self.place(world, decision, reason) {
                if !places.iter().any(|(known, _)| *known == span) {
                    places.push((span, label));
                }
            }
        }
        let name = decision.name(chain);
        let lower = self.lower_layer(chain, agenda);
        let (code, mut message) = match (proven, lower) {
            (true, Some(lower)) => {
                ("lower-layer-lacks", format!("`{}` lacks what `{name}` needs", chain.layers[lower].name))
            }
            (true, None) if places.len() <= 1 => ("unsatisfiable", "nothing can satisfy this".to_owned()),
            (true, None) => ("unsatisfiable", format!("these {} clauses cannot hold together", number(places.len()))),
            (false, _) => ("undecided", format!("no way was found to make `{name}`, and none was proven not to exist")),
        };
        if proven && let Some(proof) = &self.proof {
            message.push_str(&format!(": {}", self.sum(world, decision, proof)));
        }
        let mut problem = Diagnostic::new(code, message);
        for (index, (span, label)) in places.into_iter().enumerate() {
            problem = if index == 0 { problem.at(span, label) } else { problem.also(span, label) };
        }
        match (code, lower) {
            ("lower-layer-lacks", Some(lower)) => {
                let layer = &chain.layers[lower].name;
                problem.help(format!(
                    "add an `ensure` to `{layer}` that asks for it; with other seeds it may be there by chance"
                ))
            }
            ("undecided", _) => problem.help("try another --seed, or ask for a little less in one of these"),
            _ => problem.help("every other clause can be met; change one of these"),
        }
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
            Decision::Rows(id) | Decision::Link(id, _) => world.chain.populations[id].name.clone(),
            Decision::Partition(index) => {
                world.chain.populations[world.chain.partitions[index].population].name.clone()
            }
            Decision::Column(id, _) => world.chain.populations[id].name.clone(),
        };
        let sum = if least.len() > 1 && least.len() <= 8 {
            let parts: Vec<String> = least.iter().map(ToString::to_string).collect();
            format!(" ({} = {})", parts.join(" + "), proof.needed)
        } else {
            String::new()
        };
        debug_assert!(!self.parts.is_empty(), "a proof is about parts");
        format!("at least {} of `{noun}` are asked for{sum}, at most {} can be", proof.needed, proof.available)
    }

    fn place(&self, world: &World<'_>, decision: Decision, reason: &Reason) -> Vec<(Span, String)> {
        let chain = world.chain;
        match reason {
            Reason::Demand(Origin::Ensure { index, row, value }, lo, hi) => {
                let ensure = &chain.ensures[*index];
                let mut label = bounds(*lo, *hi);
                if let Some(row) = row
                    && let crate::scenario::Subject::ForEach(id, ..) = &ensure.subject
                {
                    label.push_str(&format!(" for `{}`", world.rows(*id)[*row].name));
                }
                if let Some(value) = value {
                    label.push_str(&format!(" of `{value}`"));
                }
                vec![(ensure.span, label)]
            }
            Reason::Demand(Origin::Total { child, link, .. }, ..) => self.has_places(world, *child, *link),
            Reason::Demand(Origin::Capability { population, column, .. }, lo, _) => {
                let column = &chain.populations[*population].columns[*column];
                vec![(column.span, format!("{lo} of them need rows that are old enough"))]
            }
            Reason::Demand(Origin::Share { population, column }, ..) => {
                vec![(chain.populations[*population].columns[*column].span, "the shares".into())]
            }
            Reason::Demand(Origin::Tried, ..) => Vec::new(),
            Reason::Left(row) => self.left_place(world, decision, *row),
            Reason::Right(row) => self.right_place(world, decision, *row),
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
    fn has_places(&self, world: &World<'_>, child: usize, link: usize) -> Vec<(Span, String)> {
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

    fn left_place(&self, world: &World<'_>, decision: Decision, row: usize) -> Vec<(Span, String)> {
        let chain = world.chain;
        match decision {
            Decision::Rows(id) => self.degree_place(world, id, 0, row),
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

    fn right_place(&self, world: &World<'_>, decision: Decision, row: usize) -> Vec<(Span, String)> {
        let chain = world.chain;
        match decision {
            Decision::Rows(id) if matches!(chain.populations[id].rows, Rows::Pairs { .. }) => {
                self.degree_place(world, id, 1, row)
            }
            Decision::Link(id, link) => self.degree_place(world, id, link, row),
            Decision::Partition(index) => {
                let group = &chain.partitions[index].groups[row];
                vec![(group.span, format!("the size of `{}`", group.name))]
            }
            Decision::Column(id, column) => vec![(chain.populations[id].columns[column].span, "the shares".into())],
            Decision::Rows(_) => Vec::new(),
        }
    }

    /// Where it is said how many rows point at this row.
    fn degree_place(&self, world: &World<'_>, child: usize, link: usize, row: usize) -> Vec<(Span, String)> {
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

/// Columns and rows that wait for each other.
pub(super) fn waiting(chain: &Chain, waiting: &[Decision]) -> Diagnostic {
    let names: Vec<String> = waiting.iter().map(|decision| format!("`{}`", decision.name(chain))).collect();
    let mut problem = Diagnostic::new("cyclic-columns", format!("these wait for each other: {}", names.join(", ")));
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
