//! World: the rows of a chain as far as they are decided.

use std::sync::Arc;

use crate::address::Address;
use crate::keys::KeySpace;
use crate::scenario::{Chain, Generator, Image, PopulationId, Rows};
use crate::schema::{ColumnKind, Schema};
use crate::value::Value;

/// A row's name, the number its key is made of, and the hash of its name.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: Arc<str>,
    pub(super) number: u64,
    pub(super) hash: u64,
}

/// A population's rows, as far as they are decided.
#[derive(Clone, Debug, Default)]
pub(super) struct RowSet {
    pub(super) rows: Option<Vec<Named>>,
    /// A value per row, by column.
    pub(super) columns: Vec<Option<Vec<Value>>>,
    /// The index of the row referred to per row, by link.
    pub(super) links: Vec<Option<Vec<Option<u32>>>>,
    /// The rows that point at each row referred to, by link.
    pub(super) children: Vec<Option<Vec<Vec<u32>>>>,
}

/// A picture of a row: (population, row, the declaration, its path, its caption).
#[derive(Clone, Debug)]
pub(super) struct Drawn<'a> {
    pub(super) population: PopulationId,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) image: &'a Image,
    pub(super) path: String,
    pub(super) caption: String,
}

/// The rows of a chain as far as they are decided.
pub(super) struct World<'a> {
    pub(super) chain: &'a Chain,
    pub(super) schema: Option<&'a Schema>,
    pub(super) seed: u64,
    pub(super) worker: u8,
    pub(super) sets: Vec<RowSet>,
    /// The group of each row, by partition.
    pub(super) members: Vec<Option<Vec<usize>>>,
    /// For columns that pick with `fills`: the entry of each row, by (population, column).
    pub(super) picked: Vec<Vec<Option<Vec<u32>>>>,
    /// What made each value, by (population, column).
    pub(super) made_by: Vec<Vec<Vec<Option<&'a Generator>>>>,
    pub(super) spaces: Vec<KeySpace>,
    pub(super) pictures: Vec<Drawn<'a>>,
}

impl<'a> World<'a> {
    pub(super) fn new(chain: &'a Chain, schema: Option<&'a Schema>, seed: u64, worker: u8) -> Self {
        let sets = chain
            .populations
            .iter()
            .map(|population| RowSet {
                rows: None,
                columns: vec![None; population.columns.len()],
                links: vec![None; population.links.len()],
                children: vec![None; population.links.len()],
            })
            .collect();
        let picked = chain.populations.iter().map(|population| vec![None; population.columns.len()]).collect();
        let mut world = Self {
            chain,
            schema,
            seed,
            worker,
            sets,
            members: vec![None; chain.partitions.len()],
            made_by: chain.populations.iter().map(|population| vec![Vec::new(); population.columns.len()]).collect(),
            picked,
            spaces: Vec::new(),
            pictures: Vec::new(),
        };
        world.spaces = (0..chain.populations.len()).map(|id| world.space(id)).collect();
        for (id, population) in chain.populations.iter().enumerate() {
            if let Rows::Named(names) = &population.rows {
                let rows = names.iter().map(|row| world.named(id, &row.name, u64::from(row.number))).collect();
                world.sets[id].rows = Some(rows);
            }
        }
        world
    }

    /// Returns the address of a population's values.
    pub(super) fn address(&self, population: PopulationId) -> Address {
        let population = &self.chain.populations[population];
        let scenario = &self.chain.layers[population.layer].name;
        Address::root(self.seed).text(scenario).text(&population.name)
    }

    pub(super) fn named(&self, population: PopulationId, name: &str, number: u64) -> Named {
        let hash = self.address(population).text(name).bits();
        Named { name: Arc::from(name), number, hash }
    }

    /// Returns the rows of a population that is decided.
    pub(super) fn rows(&self, population: PopulationId) -> &[Named] {
        self.sets[population].rows.as_deref().unwrap_or_default()
    }

    /// Records a decided link and the way back.
    pub(super) fn set_link(&mut self, population: PopulationId, link: usize, to: Vec<Option<u32>>) {
        let target = self.chain.populations[population].links[link].to;
        let mut children = vec![Vec::new(); self.rows(target).len()];
        for (row, to) in to.iter().enumerate() {
            if let Some(to) = to {
                children[*to as usize].push(row as u32);
            }
        }
        self.sets[population].links[link] = Some(to);
        self.sets[population].children[link] = Some(children);
    }

    /// Returns how many rows of `child` may point by `link` at each row of the population referred
    /// to, as `has` says: the range of a row whose groups are known, the widest else.
    pub(super) fn degrees(&self, child: PopulationId, link: usize, row: usize) -> (u32, u32) {
        let target = self.chain.populations[child].links[link].to;
        let (mut lo, mut hi) = (0, u32::MAX);
        for (index, partition) in self.chain.partitions.iter().enumerate() {
            if partition.population != target || !partition.groups.iter().any(|g| has(g, child, link).is_some()) {
                continue;
            }
            let ranges = partition
                .groups
                .iter()
                .enumerate()
                .filter(|(group, _)| self.members[index].as_ref().is_none_or(|members| members[row] == *group));
            let ranges: Vec<(u32, u32)> = ranges.map(|(_, g)| has(g, child, link).unwrap_or((0, u32::MAX))).collect();
            lo = lo.max(ranges.iter().map(|r| r.0).min().unwrap_or(0));
            hi = hi.min(ranges.iter().map(|r| r.1).max().unwrap_or(u32::MAX));
        }
        (lo, hi)
    }

    /// Returns the most rows of `child` that may point by `link` at one row, as declared.
    pub(super) fn most(&self, child: PopulationId, link: usize) -> u64 {
        let target = self.chain.populations[child].links[link].to;
        let groups = self.chain.partitions.iter().filter(|p| p.population == target).map(|partition| {
            partition
                .groups
                .iter()
                .map(|g| has(g, child, link).map_or(u32::MAX, |range| range.1))
                .max()
                .unwrap_or(u32::MAX)
        });
        let declared = groups.min().unwrap_or(u32::MAX);
        if declared < u32::MAX {
            return u64::from(declared);
        }
        // Nothing limits it but the number of rows on the other side.
        match &self.chain.populations[child].rows {
            Rows::Pairs { .. } => {
                let other = self.chain.populations[child].links[1 - link.min(1)].to;
                self.capacity(other).1
            }
            _ => 999,
        }
    }

    fn space(&self, id: PopulationId) -> KeySpace {
        let population = &self.chain.populations[id];
        let alone = self
            .chain
            .populations
            .iter()
            .enumerate()
            .all(|(other, p)| other == id || p.layer != population.layer || p.table != population.table);
        let (capacity, _) = self.capacity(id);
        KeySpace {
            layer: self.chain.layers[population.layer].number,
            worker: self.worker,
            slot: population.slot,
            alone,
            capacity,
        }
    }

    /// Returns the largest number a row can have, and the largest count of rows, as declared.
    fn capacity(&self, id: PopulationId) -> (u64, u64) {
        let population = &self.chain.populations[id];
        match &population.rows {
            Rows::Named(rows) => {
                (rows.iter().map(|row| u64::from(row.number)).max().unwrap_or(0).max(9_999), rows.len() as u64)
            }
            Rows::OnePer(link) => self.capacity(population.links[*link].to),
            Rows::Children(link) => {
                let (number, count) = self.capacity(population.links[*link].to);
                let most = self.most(id, *link);
                (number.saturating_mul(step(most)).saturating_add(most), count.saturating_mul(most))
            }
            Rows::Pairs { .. } => {
                let (number, count) = self.capacity(population.links[0].to);
                let most = self.most(id, 0);
                (number.saturating_mul(step(most)).saturating_add(step(most) - 1), count.saturating_mul(most))
            }
        }
    }

    /// Returns the factor between the number of a row and the numbers of rows that hang on it.
    pub(super) fn step_of(&self, child: PopulationId, link: usize) -> u64 {
        step(self.most(child, link))
    }

    /// Returns the key of a row, a value per key column.
    pub(super) fn key(&self, id: PopulationId, row: usize) -> Vec<Value> {
        let population = &self.chain.populations[id];
        let number = self.rows(id)[row].number;
        let table = self.schema.and_then(|schema| schema.tables.get(&population.table));
        let Some(table) = table else { return vec![Value::Integer(self.spaces[id].integer(number))] };
        let column_key = |name: &String| {
            if let Some(link) =
                population.links.iter().position(|l| l.column == *name && l.overlays.is_none() && l.when.is_none())
            {
                let to = self.sets[id].links[link].as_ref().and_then(|to| to[row]);
                return to.map_or(Value::Null, |to| self.key(population.links[link].to, to as usize).swap_remove(0));
            }
            if let Some(column) = population.columns.iter().position(|c| c.name == *name && !c.handle) {
                return self.sets[id].columns[column].as_ref().map_or(Value::Null, |values| values[row].clone());
            }
            let kind = table.column(name).map_or(ColumnKind::Integer { bits: 64 }, |column| column.kind.clone());
            self.spaces[id].key(number, &kind)
        };
        table.primary_key.iter().map(column_key).collect()
    }
}

/// Returns what a group says about the rows that point by a link.
pub(super) fn has(group: &crate::scenario::Group, child: PopulationId, link: usize) -> Option<(u32, u32)> {
    group.has.iter().find(|has| has.child == child && has.link == link).map(|has| (has.lo, has.hi))
}

/// The power of ten above the most rows that hang on one.
fn step(most: u64) -> u64 {
    10u64.saturating_pow(most.max(1).ilog10() + 1)
}
