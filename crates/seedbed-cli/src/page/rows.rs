//! Rows: the populations as the database holds them, for what is drawn and listed.
//!
//! A plan is the whole difference between what is declared and what is there, so what is there is
//! the dataset with the plan taken back: rows to be inserted are gone, changes show what was before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use seedbed::project::Work;
use seedbed_core::dataset::{Block, Row};
use seedbed_core::plan::{Cell, Key, Plan};
use seedbed_core::scenario::{Chain, End, Path, PopulationId, Step};
use seedbed_core::value::{Decimal, Value};

use super::View;

/// The populations of the levels, as the database holds them.
pub(super) struct Rows<'a> {
    pub(super) chain: &'a Chain,
    pub(super) work: &'a Work,
    /// As-of of what is stored, in unix seconds.
    as_of: i64,
    /// The highest layer that is shown.
    top: usize,
    /// Layers whose overlays count.
    in_force: BTreeSet<usize>,
    populations: Vec<Held<'a>>,
}

/// How a population is held.
struct Held<'a> {
    block: &'a Block,
    places: BTreeMap<Key, usize>,
    gone: BTreeSet<usize>,
    changed: BTreeMap<(usize, usize), &'a Cell>,
}

/// What a link of a row refers to.
pub(super) struct Linked<'a> {
    /// The link.
    pub(super) name: &'a str,
    /// The table of the row that it refers to.
    pub(super) table: &'a str,
    /// That row's name.
    pub(super) label: &'a str,
    /// That row's key.
    pub(super) key: Key,
}

/// A value as the database holds it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Live<'a> {
    /// As it is declared.
    Declared(&'a Value),
    /// Something else.
    Changed(&'a Cell),
}

impl<'a> Rows<'a> {
    pub(super) fn of(view: &View<'a>) -> Self {
        let verified = &view.reading.verified;
        Self::new(view.work, &verified.receipt.plan, verified.receipt.as_of)
    }

    /// Returns what is there when `plan` is what differs.
    pub(super) fn new(work: &'a Work, plan: &'a Plan, as_of: i64) -> Self {
        let dataset = &work.generated.dataset;
        let seeded = |layer: &usize| work.state.find(&dataset.scenarios[*layer].name, dataset.worker).is_some();
        let in_force = (0..dataset.scenarios.len()).filter(|layer| work.levels.contains(layer) || seeded(layer));
        let populations = dataset.blocks.iter().map(|block| held(block, plan)).collect();
        let top = work.levels.end.saturating_sub(1);
        Self { chain: &work.chain, work, as_of, top, in_force: in_force.collect(), populations }
    }

    /// Returns the populations that the levels declare.
    pub(super) fn populations(&self) -> impl Iterator<Item = PopulationId> + '_ {
        (0..self.populations.len()).filter(|id| self.chain.populations[*id].layer <= self.top)
    }

    /// Returns the highest layer that is shown.
    pub(super) fn top(&self) -> usize {
        self.top
    }

    pub(super) fn block(&self, population: PopulationId) -> &'a Block {
        self.populations[population].block
    }

    /// Returns the row's declared name.
    pub(super) fn name(&self, population: PopulationId, row: usize) -> &'a str {
        &self.block(population).rows[row].name
    }

    pub(super) fn key(&self, population: PopulationId, row: usize) -> Key {
        let block = self.block(population);
        key(block, &block.rows[row])
    }

    pub(super) fn is_there(&self, population: PopulationId, row: usize) -> bool {
        !self.populations[population].gone.contains(&row)
    }

    /// Whether the row is there and has no value that differs.
    pub(super) fn is_as_declared(&self, population: PopulationId, row: usize) -> bool {
        let held = &self.populations[population];
        self.is_there(population, row) && held.changed.range((row, 0)..=(row, usize::MAX)).next().is_none()
    }

    /// Returns the rows that are there.
    pub(super) fn there(&self, population: PopulationId) -> impl Iterator<Item = usize> + '_ {
        (0..self.block(population).rows.len()).filter(move |row| self.is_there(population, *row))
    }

    /// Returns what is declared in a column, overlays that are in force among it.
    pub(super) fn declared(&self, population: PopulationId, row: usize, column: usize) -> &'a Value {
        let row = &self.block(population).rows[row];
        let over = row.overlays.iter().rev().find(|(at, by, _)| *at == column && self.in_force.contains(by));
        over.map_or(&row.values[column], |(_, _, value)| value)
    }

    /// Returns what a column of a row that is there holds.
    pub(super) fn value(&self, population: PopulationId, row: usize, column: usize) -> Live<'a> {
        match self.populations[population].changed.get(&(row, column)) {
            Some(cell) => Live::Changed(cell),
            None => Live::Declared(self.declared(population, row, column)),
        }
    }

    /// Returns the seconds from as-of to a moment.
    pub(super) fn offset(&self, live: Live<'_>) -> Option<i64> {
        match live {
            Live::Declared(Value::Time(seconds)) => Some(*seconds),
            Live::Declared(_) => None,
            Live::Changed(cell) => Some(moment(cell)? - self.as_of),
        }
    }

    /// Returns the row that the link of one that is there refers to, where that is there too and of
    /// the population that the scenario says.
    pub(super) fn target(&self, population: PopulationId, row: usize, link: usize) -> Option<usize> {
        let declared = &self.chain.populations[population].links[link];
        let block = self.block(population);
        let place = block.columns.iter().position(|column| *column == declared.column)?;
        if let Some(when) = &declared.when {
            let kind = &self.chain.populations[population].columns[when.column].name;
            let kind = block.columns.iter().position(|column| column == kind)?;
            if !self.value(population, row, kind).is(&when.value) {
                return None;
            }
        }
        let to = vec![self.value(population, row, place).cell()?];
        let found = self.populations[declared.to].places.get(&to).copied()?;
        self.is_there(declared.to, found).then_some(found)
    }

    /// Returns what each link of a row refers to.
    pub(super) fn links_of(&self, population: &str, row: &str) -> Vec<Linked<'a>> {
        let chain = self.chain;
        let Some(id) = chain.population(population) else { return Vec::new() };
        let Some(row) = self.block(id).rows.iter().position(|other| other.name == row) else { return Vec::new() };
        let links = chain.populations[id].links.iter().enumerate();
        let newest = links.filter(|(at, link)| chain.populations[id].newest_link(&link.name, self.top) == Some(*at));
        let found = newest.filter_map(|(at, link)| {
            let to = self.target(id, row, at)?;
            let (table, label, key) = (&self.block(link.to).table, self.name(link.to, to), self.key(link.to, to));
            Some(Linked { name: &link.name, table, label, key })
        });
        found.collect()
    }

    /// Returns what a path that goes along links leads to, as a person reads it; nothing where it
    /// goes other ways.
    pub(super) fn read(&self, path: &Path, row: usize) -> Option<Seen> {
        let (mut population, mut row) = (path.from, row);
        for step in &path.steps {
            let Step::Link(link) = step else { return None };
            let to = self.chain.populations[population].links[*link].to;
            row = self.target(population, row, *link)?;
            population = to;
        }
        match path.end {
            End::Row => Some(Seen::Text(self.name(population, row).to_owned())),
            End::Column(column) => {
                let name = &self.chain.populations[population].columns[column].name;
                let place = self.block(population).columns.iter().position(|other| other == name)?;
                let live = self.value(population, row, place);
                Some(match (self.offset(live), live.number()) {
                    (Some(seconds), _) if live.is_time() => Seen::Moment(self.as_of + seconds),
                    (_, Some(number)) => Seen::Number(number),
                    _ => Seen::Text(live.text()),
                })
            }
            End::Measure(measure) => {
                let measure = &self.chain.measures[measure];
                let number = |path: &Path| self.read(path, row)?.number();
                let at = (number(&measure.latitude)?, number(&measure.longitude)?);
                Some(Seen::Kilometres(seedbed_core::generate::kilometres(at, measure.point)))
            }
            End::Condition(_) | End::Field(_) => None,
        }
    }
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Text(String),
    Number(Decimal),
    Kilometres(Decimal),
    /// In unix seconds.
    Moment(i64),
}

impl Seen {
    pub(super) fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) | Self::Kilometres(number) => Some(*number),
            Self::Text(_) | Self::Moment(_) => None,
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Kilometres(number) => write!(f, "{:.1} km", number.to_f64()),
            Self::Moment(seconds) => f.write_str(&seedbed_core::plan::civil::timestamp(*seconds)[..16]),
        }
    }
}

impl Live<'_> {
    /// Whether it is this value.
    pub(super) fn is(self, value: &Value) -> bool {
        match self {
            Self::Declared(own) => own == value || (own.number().is_some() && own.number() == value.number()),
            Self::Changed(cell) => as_cell(value).is_some_and(|own| own == *cell),
        }
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self, Self::Declared(Value::Null) | Self::Changed(Cell::Null))
    }

    fn is_time(self) -> bool {
        matches!(self, Self::Declared(Value::Time(_)) | Self::Changed(Cell::Text(_)))
    }

    fn cell(self) -> Option<Cell> {
        match self {
            Self::Declared(value) => as_cell(value).filter(|cell| !cell.is_null()),
            Self::Changed(cell) => Some(cell.clone()).filter(|cell| !cell.is_null()),
        }
    }

    pub(super) fn number(self) -> Option<Decimal> {
        match self {
            Self::Declared(value) => value.number(),
            Self::Changed(Cell::Integer(number)) => Some(Decimal::whole(*number)),
            Self::Changed(Cell::Real(number)) => Decimal::parse(&number.to_string()),
            Self::Changed(_) => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Declared(value) => value.to_string(),
            Self::Changed(Cell::Text(text)) => text.to_string(),
            Self::Changed(cell) => cell.to_string(),
        }
    }
}

/// Returns the key of a declared row.
pub(super) fn key(block: &Block, row: &Row) -> Key {
    block.key.iter().map(|at| as_cell(&row.values[*at]).unwrap_or(Cell::Null)).collect()
}

fn held<'a>(block: &'a Block, plan: &'a Plan) -> Held<'a> {
    let places: BTreeMap<Key, usize> = block.rows.iter().enumerate().map(|(at, row)| (key(block, row), at)).collect();
    let (mut gone, mut changed) = (BTreeSet::new(), BTreeMap::new());
    for part in plan.tables.iter().filter(|part| part.table == block.table) {
        gone.extend(part.inserts.iter().filter_map(|insert| places.get(&insert.key)));
        for update in part.updates.iter().filter(|update| !update.clock_only) {
            let Some(row) = places.get(&update.key) else { continue };
            for change in &update.changes {
                if let Some(column) = block.columns.iter().position(|name| *name == change.column) {
                    changed.insert((*row, column), &change.before);
                }
            }
        }
    }
    Held { block, places, gone, changed }
}

/// Returns a declared value as a database holds it; times and passwords depend on more than the value.
fn as_cell(value: &Value) -> Option<Cell> {
    match value {
        Value::Null => Some(Cell::Null),
        Value::Bool(yes) => Some(Cell::Integer(i64::from(*yes))),
        Value::Integer(number) => Some(Cell::Integer(*number)),
        Value::Decimal(number) => Some(number.to_integer().map_or(Cell::Real(number.to_f64()), Cell::Integer)),
        Value::Text(text) => Some(Cell::Text(text.clone())),
        Value::Time(_) | Value::Password(_) => None,
    }
}

/// Returns a stored moment, in unix seconds.
fn moment(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(seconds) => Some(*seconds),
        Cell::Text(text) => {
            let stored: DateTime = text.get(..19).unwrap_or(text).parse().ok()?;
            Some(stored.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
        }
        _ => None,
    }
}
