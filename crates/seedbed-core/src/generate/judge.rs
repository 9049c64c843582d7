//! Judging: what an ensure counts in rows that are decided.

use super::conflict::Failure;
use super::decision::{Agenda, changed_above, walked_by_ensure};
use super::evaluate::{Evaluator, Known, RowRef, same_value};
use super::world::World;
use crate::dataset::Witness;
use crate::scenario::{Ensure, PopulationId, Subject};
use crate::value::Value;

/// What an ensure counts, for a row of `for_each` and a value of `per`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Index of the ensure in its chain.
    pub ensure: usize,
    /// The row of `for_each`.
    pub row: Option<String>,
    /// The value of `per`.
    pub value: Option<Value>,
    /// Lower bound; `i64::MIN` when open.
    pub lo: i64,
    /// Upper bound; `i64::MAX` when open.
    pub hi: i64,
    /// What was counted.
    pub counted: i64,
    /// The first row that counts, in the order of its population: (population, row).
    pub witness: Option<(PopulationId, usize)>,
}

impl Finding {
    /// Whether the count lies within the bounds.
    pub fn verdict(&self) -> Verdict {
        if (self.lo..=self.hi).contains(&self.counted) { Verdict::Holds } else { Verdict::Fails }
    }
}

/// Whether a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
}

/// Returns the failure of an ensure that became complete with this decision and does not hold.
pub(super) fn after(world: &World<'_>, agenda: &Agenda, position: usize) -> Option<Failure> {
    for index in agenda.asked[position].iter().filter(|index| agenda.completes(position, **index)) {
        for finding in judge(world, *index) {
            if finding.verdict() == Verdict::Fails {
                return Some(Failure::judged(position, finding));
            }
        }
    }
    None
}

/// Returns the failure of an ensure that depends on no decision of its own layer.
pub(super) fn given(world: &World<'_>, agenda: &Agenda) -> Option<Failure> {
    let chain = world.chain;
    let own = |index: usize| {
        agenda.mentions[index].iter().any(|at| agenda.decisions[*at].layer(chain) == chain.ensures[index].layer)
    };
    let given = (0..chain.ensures.len()).filter(|index| !own(*index));
    let failing = given.flat_map(|index| judge(world, index)).find(|finding| finding.verdict() == Verdict::Fails)?;
    let position = agenda.mentions[failing.ensure].last().copied().unwrap_or(0);
    Some(Failure::judged(position, failing))
}

/// Returns the rows that the scenarios name, in the order of the files: for each named fact the first
/// row that counts, of the first case that has one.
pub(super) fn witnesses(world: &World<'_>, findings: &[Finding]) -> Vec<Witness> {
    let chain = world.chain;
    let named =
        chain.ensures.iter().enumerate().filter_map(|(index, ensure)| Some((index, ensure, ensure.witness.as_ref()?)));
    named
        .filter_map(|(index, ensure, name)| {
            let mut own = findings.iter().filter(|finding| finding.ensure == index);
            let (block, row) = own.find_map(|finding| finding.witness)?;
            let until = changed_above(chain, &walked_by_ensure(chain, ensure), ensure.layer);
            Some(Witness { scenario: ensure.layer, name: name.clone(), block, row, until })
        })
        .collect()
}

/// Returns what an ensure counts.
pub(super) fn judge(world: &World<'_>, index: usize) -> Vec<Finding> {
    let ensure = &world.chain.ensures[index];
    let values: Vec<Option<&Value>> = match &ensure.per {
        Some((_, values)) => values.iter().map(Some).collect(),
        None => vec![None],
    };
    let subjects: Vec<(Option<String>, Vec<RowRef>)> = match &ensure.subject {
        Subject::Population(id) => {
            let rows = (0..world.rows(*id).len()).map(|row| RowRef { population: *id, row, pair: None });
            vec![(None, rows.collect())]
        }
        Subject::ForEach(id, rows, path) => {
            let evaluator = Evaluator::new(world, None);
            rows.iter()
                .map(|row| {
                    let at = RowRef { population: *id, row: *row, pair: None };
                    let name = world.rows(*id)[*row].name.to_string();
                    (Some(name), evaluator.rows(at, &path.steps).unwrap_or_default())
                })
                .collect()
        }
    };
    let mut findings = Vec::new();
    for (row, rows) in &subjects {
        for value in &values {
            findings.push(count(world, index, ensure, row.clone(), rows, *value));
        }
    }
    findings
}

fn count(
    world: &World<'_>,
    index: usize,
    ensure: &Ensure,
    row: Option<String>,
    rows: &[RowRef],
    value: Option<&Value>,
) -> Finding {
    let evaluator = Evaluator::new(world, None);
    let counts = |at: &&RowRef| {
        let of_value = match (&ensure.per, value) {
            (Some((path, _)), Some(value)) => {
                matches!(evaluator.value(**at, path), Known::Value(found) if same_value(&found, value))
            }
            _ => true,
        };
        of_value && evaluator.holds(**at, &ensure.condition) == Some(true)
    };
    let counted: Vec<&RowRef> = rows.iter().filter(counts).collect();
    // A path may come to the rows in an order of its own; the first is that of the population.
    let first = counted.iter().min_by_key(|at| at.row);
    let witness = first.map(|at| (at.population, at.row));
    let number = match &ensure.distinct {
        None => counted.len(),
        Some(path) => {
            let mut seen: Vec<Known> = counted.iter().map(|at| evaluator.value(**at, path)).collect();
            seen.retain(|value| *value != Known::Value(Value::Null));
            let mut different: Vec<Known> = Vec::new();
            for value in seen {
                if !different.contains(&value) {
                    different.push(value);
                }
            }
            different.len()
        }
    };
    Finding {
        ensure: index,
        row,
        value: value.cloned(),
        lo: ensure.lo.map_or(i64::MIN, |bound| bound.of(rows.len())),
        hi: ensure.hi.map_or(i64::MAX, |bound| bound.of(rows.len())),
        counted: number as i64,
        witness,
    }
}
