//! Moments: how far the times of a block may lie before those of block 0.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::generate::evaluate::{Evaluator, Known, RowRef};
use crate::generate::world::World;
use crate::scale;
use crate::scenario::{Alternative, Generator, Operand, Term, Test, Where};
use crate::value::Value;

/// The classes of the times of block 0.
pub(super) struct Classes {
    pub(super) moments: scale::Moments,
    class: BTreeMap<i64, u32>,
}

impl Classes {
    pub(super) fn of(world: &World<'_>) -> Self {
        let mut fixed: Vec<i64> = constants(world);
        fixed.extend([0, world.chain.holds_for]);
        let mut times: Vec<i64> = Vec::new();
        for value in world.sets.iter().flat_map(|set| set.columns.iter().flatten().flatten()) {
            if let Value::Time(offset) = value {
                times.push(*offset);
            }
        }
        times.sort_unstable();
        times.dedup();
        fixed.sort_unstable();
        let room = |index: usize| {
            let time = times[index];
            let below = fixed.partition_point(|fixed| *fixed < time);
            if fixed.get(below) == Some(&time) {
                return 1;
            }
            let constant = below.checked_sub(1).map(|place| fixed[place]);
            let other = index.checked_sub(1).map(|index| times[index]);
            constant.max(other).map_or(86_400, |floor| (time - floor) as u64)
        };
        let mut groups = Groups((0..times.len()).collect());
        let place = |time: i64| times.binary_search(&time).ok();
        for (time, base) in distances(world) {
            if let (Some(a), Some(b)) = (place(time), place(base)) {
                groups.join(a, b);
            }
        }
        let (mut classes, mut rooms): (BTreeMap<usize, u32>, Vec<u64>) = (BTreeMap::new(), Vec::new());
        let mut class = BTreeMap::new();
        for (index, time) in times.iter().enumerate() {
            let id = *classes.entry(groups.root(index)).or_insert_with(|| {
                rooms.push(u64::MAX);
                rooms.len() as u32 - 1
            });
            rooms[id as usize] = rooms[id as usize].min(room(index));
            class.insert(*time, id);
        }
        let address = Address::root(world.seed).text("moments");
        Self { moments: scale::Moments { address, room: rooms }, class }
    }

    pub(super) fn class(&self, offset: i64) -> u32 {
        self.class[&offset]
    }
}

/// Sets that are joined (union by path halving).
struct Groups(Vec<usize>);

impl Groups {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Returns the times that stand in a declared distance from another: (it, the other).
fn distances(world: &World<'_>) -> Vec<(i64, i64)> {
    let evaluator = Evaluator::new(world, None);
    let mut pairs = Vec::new();
    for (population, set) in world.sets.iter().enumerate() {
        for (column, values) in set.columns.iter().enumerate() {
            for (row, made_by) in world.made_by[population][column].iter().enumerate() {
                // Of alternatives among drawn candidates, each that counts from another time may be the one.
                let bases = made_by.iter().flat_map(|generator| bases(generator));
                let Some(Value::Time(time)) = values.as_ref().map(|values| &values[row]) else { continue };
                for base in bases {
                    if let Known::Value(Value::Time(base)) =
                        evaluator.value(RowRef { population, row, pair: None }, base)
                    {
                        pairs.push((*time, base));
                    }
                }
            }
        }
    }
    pairs
}

fn bases(generator: &Generator) -> Vec<&crate::scenario::Path> {
    match generator {
        Generator::Time { base, .. } => base.iter().collect(),
        Generator::Alternatives(lines) => lines.iter().flat_map(|line| bases(&line.generator)).collect(),
        _ => Vec::new(),
    }
}

/// Returns the times that facts and ranges name.
fn constants(world: &World<'_>) -> Vec<i64> {
    let chain = world.chain;
    let mut found = Vec::new();
    chain.conditions.iter().for_each(|condition| in_where(&condition.meaning, &mut found));
    chain.ensures.iter().for_each(|ensure| in_where(&ensure.condition, &mut found));
    for group in chain.partitions.iter().flat_map(|partition| &partition.groups) {
        group.condition.iter().for_each(|condition| in_where(condition, &mut found));
    }
    for population in &chain.populations {
        let allowed = population.links.iter().filter_map(|link| link.allowed.as_ref());
        allowed.for_each(|condition| in_where(condition, &mut found));
        for case in population.columns.iter().flat_map(|column| &column.cases) {
            in_generator(&case.generator, &mut found);
        }
    }
    found
}

fn in_where(conditions: &Where, found: &mut Vec<i64>) {
    for term in &conditions.0 {
        match term {
            Term::Any(any) => any.iter().for_each(|conditions| in_where(conditions, found)),
            Term::Test(_, test) => in_test(test, found),
        }
    }
}

fn in_test(test: &Test, found: &mut Vec<i64>) {
    let mut time = |value: &Value| {
        if let Value::Time(offset) = value {
            found.push(*offset);
        }
    };
    match test {
        Test::Is(value) | Test::Compare(_, Operand::Value(value)) => time(value),
        Test::Between(lo, hi) => [lo, hi].into_iter().for_each(time),
        Test::OneOf(values) => values.iter().for_each(time),
        Test::Not(test) => in_test(test, found),
        Test::All(tests) => tests.iter().for_each(|test| in_test(test, found)),
        Test::Some(inner) | Test::Every(inner) | Test::None(inner) => in_where(inner, found),
        _ => {}
    }
}

fn in_generator(generator: &Generator, found: &mut Vec<i64>) {
    match generator {
        Generator::Constant(Value::Time(offset)) => found.push(*offset),
        Generator::Time { from, to, base: None, .. } => found.extend([*from, *to]),
        Generator::Alternatives(lines) => {
            for Alternative { generator, .. } in lines {
                in_generator(generator, found);
            }
        }
        _ => {}
    }
}
