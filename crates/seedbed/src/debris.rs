//! Debris: rows that tests left behind, and rows of real people that must not be mistaken for them.
//!
//! The smallest set of rows not ours such that a row is in it when
//! (a) its declared owner is ours or debris; or
//! (b) no owner is declared, it refers to ours or debris by a reference that the schema does not let it
//!     outlive (SET NULL, SET DEFAULT), and every other reference of it into a table with seeded rows does too; or
//! (c) it matches a claim, names this worker, and was born after seeding.
//! Every other row that refers to ours or to debris is entangled: it is named and it stays.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::dataset::{Block, Claim, Dataset, Reference, is_reserved, worker_of};
use seedbed_core::plan::desired::{self, Encoding};
use seedbed_core::plan::diff::Keys;
use seedbed_core::plan::{Cell, Key, LiveTable};
use seedbed_core::schema::{Column, ColumnKind, OnDelete, Schema};
use seedbed_core::value::Value;

use crate::counters;
use crate::database::{Database, Failure};
use crate::further;
use crate::live::{self, Shape, Shapes};
use crate::sql::{self, Dialect, Hold, Rows, Span};
use crate::state::FurtherKeys;

/// A reference from one table to another, from the catalogue or from the dataset.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) from: String,
    pub(crate) columns: Vec<String>,
    pub(crate) to: String,
    pub(crate) to_columns: Vec<String>,
    /// The row referred to owns the row that refers.
    pub(crate) owner: bool,
    /// A type column chooses the table: `columns` are the type column and the id column.
    pub(crate) loose: Option<Loose>,
}

/// A reference by a type column and an id column, which no foreign key knows of.
#[derive(Clone, Debug)]
pub(crate) struct Loose {
    /// What the type column holds.
    value: Cell,
    /// The id column and the key column.
    id: Column,
    key: Column,
}

impl Link {
    /// Returns what a row refers to by this link, as the table referred to holds it.
    pub(crate) fn tuple(&self, shape: &Shape, row: &[Cell]) -> Option<Key> {
        let tuple = shape.tuple(row, &self.columns)?;
        let Some(loose) = &self.loose else { return Some(tuple) };
        (tuple[0] == loose.value).then(|| converted(&tuple[1], &loose.id, &loose.key))?.map(|key| vec![key])
    }

    /// Returns how a row that refers to this tuple holds it.
    fn held_as(&self, tuple: &Key) -> Option<Key> {
        let Some(loose) = &self.loose else { return Some(tuple.clone()) };
        Some(vec![loose.value.clone(), converted(tuple.first()?, &loose.key, &loose.id)?])
    }
}

/// Returns the cell that stands in one column for the key that stands in another so.
fn converted(cell: &Cell, from: &Column, to: &Column) -> Option<Cell> {
    let is_short = |column: &Column| column.kind == ColumnKind::Uuid && column.declared.contains("32");
    let text = match cell {
        Cell::Integer(number) => number.to_string(),
        Cell::Text(text) if is_short(from) && text.len() == 32 => {
            [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| text.get(part).unwrap_or_default()).join("-")
        }
        Cell::Text(text) => text.to_string(),
        _ => return None,
    };
    match to.kind {
        ColumnKind::Integer { .. } => text.parse().ok().map(Cell::Integer),
        _ if is_short(to) => Some(Cell::text(text.replace('-', ""))),
        _ => Some(Cell::text(text)),
    }
}

/// Returns the references of the catalogue and of the dataset, each once.
pub(crate) fn links(schema: &Schema, dataset: &Dataset) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for table in schema.tables.values() {
        for key in table.foreign_keys.iter().filter(|key| schema.tables.contains_key(&key.to)) {
            links.push(Link {
                from: table.name.clone(),
                columns: key.columns.clone(),
                to: key.to.clone(),
                to_columns: key.to_columns.clone(),
                owner: false,
                loose: None,
            });
        }
    }
    for block in &dataset.blocks {
        for reference in &block.references {
            if let Some((at, value)) = &reference.when {
                links.extend(loose(schema, block, reference, &block.columns[*at], value));
                continue;
            }
            let columns: Vec<String> = reference.columns.iter().map(|&at| block.columns[at].clone()).collect();
            let known = links
                .iter_mut()
                .find(|link| link.from == block.table && link.columns == columns && link.to == reference.to);
            if let Some(link) = known {
                link.owner |= reference.owner;
            } else if let Some(to) = schema.tables.get(&reference.to) {
                let to_columns = to.primary_key.clone();
                let (from, to) = (block.table.clone(), reference.to.clone());
                links.push(Link { from, columns, to, to_columns, owner: reference.owner, loose: None });
            }
        }
    }
    links
}

/// Returns a reference by type and id; none where the schema has not its columns.
fn loose(schema: &Schema, block: &Block, reference: &Reference, kind: &str, value: &Value) -> Option<Link> {
    let (from, to) = (schema.tables.get(&block.table)?, schema.tables.get(&reference.to)?);
    let [key] = &to.primary_key[..] else { return None };
    let id = from.column(&block.columns[reference.columns[0]])?;
    let encoding = Encoding { as_of: 0, passwords: &BTreeMap::new() };
    let value = desired::encode(value, from.column(kind)?, encoding);
    Some(Link {
        from: block.table.clone(),
        columns: vec![kind.to_owned(), id.name.clone()],
        to: reference.to.clone(),
        to_columns: to.primary_key.clone(),
        owner: reference.owner,
        loose: Some(Loose { value, id: id.clone(), key: to.column(key)?.clone() }),
    })
}

/// Further rows of ours whose run proves whose they are: it is the whole key, and nothing else gives it its values.
#[derive(Clone, Debug)]
pub(crate) struct OwnRun {
    /// Index of the scenario.
    pub(crate) scenario: usize,
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) cells: (Cell, Cell),
}

impl OwnRun {
    /// Whether this tuple of a link leads into the run.
    pub(crate) fn holds(&self, link: &Link, tuple: &Key) -> bool {
        let place = || link.to_columns.iter().position(|column| *column == self.column);
        let (first, last) = &self.cells;
        link.to == self.table && place().is_some_and(|place| (first..=last).contains(&&tuple[place]))
    }
}

/// Rows by table and key.
pub(crate) type RowsByTable = BTreeMap<String, BTreeMap<Key, Vec<Cell>>>;

/// The rows around ours.
#[derive(Default)]
pub(crate) struct Found {
    /// Rows left by tests.
    pub(crate) debris: RowsByTable,
    /// Why each of them is debris.
    pub(crate) why: BTreeMap<(String, Key), Why>,
    /// Rows of other people that refer to ours or to debris.
    pub(crate) entangled: RowsByTable,
}

/// Why a row is debris.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// This column refers to a row of ours or to debris.
    Column(String),
    /// It matches the claim of that index.
    Claim(usize),
}

/// What the search looks at.
pub(crate) struct Around<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) shapes: &'a Shapes,
    pub(crate) links: &'a [Link],
    pub(crate) live: &'a BTreeMap<String, LiveTable>,
    pub(crate) ours: &'a Keys,
    /// The tables that hold no rows but ours.
    pub(crate) ours_alone: &'a BTreeSet<String>,
    /// Spans of numbers that hold the keys of a table and little else.
    pub(crate) spans: &'a BTreeMap<String, Vec<Span>>,
    /// Seeded rows of other scenarios and workers: neither ours nor debris.
    pub(crate) protected: &'a Keys,
    /// The keys that were seeded, also of rows that are gone since.
    pub(crate) recorded: &'a Keys,
    /// The rows of further blocks, by table: seeded too, and none of them a test's.
    pub(crate) further: &'a BTreeMap<String, Vec<FurtherKeys>>,
    /// Those of this worker that are told by their keys.
    pub(crate) own_runs: &'a [OwnRun],
    /// Whether what hangs on further rows only is looked for, too.
    pub(crate) looks_further: bool,
    /// The worker that looks: what the tests of another have made is that worker's to remove.
    pub(crate) worker: u8,
    /// Claims in force with their index.
    pub(crate) claims: Vec<(usize, &'a Claim)>,
    /// Whether debris is locked before the rows that refer to it are read, as rows of ours were.
    pub(crate) hold: Hold,
}

impl Around<'_> {
    /// Returns the debris and the entangled rows.
    pub(crate) fn find(&self, database: &mut dyn Database) -> Result<Found, Failure> {
        let mut search =
            Search { around: self, candidates: RowsByTable::new(), found: Found::default(), held: Held::new() };
        if self.looks_further {
            search.look_further(database)?;
        }
        let mut frontier: BTreeMap<String, BTreeSet<Key>> = BTreeMap::new();
        for &(index, claim) in &self.claims {
            for key in search.claimed(database, index, claim)? {
                frontier.entry(claim.table.clone()).or_default().insert(key);
            }
        }
        let mut among_themselves = BTreeSet::new();
        if frontier.is_empty() {
            among_themselves = self.referred_to_by_ours_alone(database)?;
            if among_themselves.len() == self.links.len() && search.candidates.is_empty() {
                return Ok(search.found);
            }
        }
        let open = self.links.iter().enumerate().filter(|(index, _)| !among_themselves.contains(index));
        let referred_to: BTreeSet<&str> = open.map(|(_, link)| link.to.as_str()).collect();
        for (table, keys) in self.ours {
            let Some(live) = self.live.get(table) else { continue };
            search.hold(table, keys.iter().map(|key| (key, live.rows[key].as_slice())));
            if referred_to.contains(table.as_str()) {
                frontier.entry(table.clone()).or_default().extend(keys.iter().cloned());
            }
        }
        let claimed = search.found.debris.iter().map(|(table, rows)| (table.clone(), rows.keys().cloned().collect()));
        search.lock(database, &claimed.collect())?;
        loop {
            search.look_around(database, &frontier, &std::mem::take(&mut among_themselves))?;
            frontier = search.spread();
            if frontier.is_empty() {
                break;
            }
            search.lock(database, &frontier)?;
        }
        search.found.entangled = search.candidates;
        search.found.entangled.retain(|_, rows| !rows.is_empty());
        Ok(search.found)
    }

    /// Returns the links by which nobody but rows of ours refers to rows of ours, as indexes: there are no other
    /// rows, or as many rows refer to numbers in the spans of our keys as rows of ours do.
    fn referred_to_by_ours_alone(&self, database: &mut dyn Database) -> Result<BTreeSet<usize>, Failure> {
        let mut counted = Vec::new();
        let mut ours_count = Vec::new();
        let mut alone = BTreeSet::new();
        for (index, link) in self.links.iter().enumerate() {
            if self.ours_alone.contains(&link.from) || !self.ours.contains_key(&link.to) {
                alone.insert(index);
                continue;
            }
            let (Some(table), Some(to), Some(spans)) =
                (self.schema.tables.get(&link.from), self.shapes.get(&link.to), self.spans.get(&link.to))
            else {
                continue;
            };
            let ([column], None) = (&link.columns[..], &link.loose) else { continue };
            let is_number = |column: &Column| matches!(column.kind, ColumnKind::Integer { .. });
            if link.to_columns != to.key || !table.column(column).is_some_and(is_number) {
                continue;
            }
            counted.push((table, column.as_str(), spans.as_slice()));
            ours_count.push((index, self.ours_that_refer(link, column, spans)));
        }
        if counted.is_empty() {
            return Ok(alone);
        }
        let statement = sql::count_between(database.dialect(), &counted);
        let rows = database.query(&statement.sql, &statement.values)?;
        let counts = rows.first().into_iter().flatten();
        let alike = ours_count.into_iter().zip(counts).filter(|((_, ours), count)| count.as_integer() == Some(*ours));
        alone.extend(alike.map(|((index, _), _)| index));
        Ok(alone)
    }

    fn ours_that_refer(&self, link: &Link, column: &str, spans: &[Span]) -> i64 {
        let (Some(keys), Some(live)) = (self.ours.get(&link.from), self.live.get(&link.from)) else { return 0 };
        let Some(position) = live.position(column) else { return 0 };
        let refers = |row: &Vec<Cell>| {
            let number = row[position].as_integer();
            number.is_some_and(|number| spans.iter().any(|(from, to)| (*from..=*to).contains(&number)))
        };
        if keys.len() == live.rows.len() {
            return live.rows.values().filter(|row| refers(row)).count() as i64;
        }
        keys.iter().filter(|key| refers(&live.rows[*key])).count() as i64
    }
}

/// Tuples that rows of ours and debris can be referred to by, but for their keys: (table, columns) to tuples.
type Held = BTreeMap<(String, Vec<String>), BTreeSet<Key>>;

struct Search<'a> {
    around: &'a Around<'a>,
    candidates: RowsByTable,
    found: Found,
    held: Held,
}

impl Search<'_> {
    fn hold<'r>(&mut self, table: &str, rows: impl Iterator<Item = (&'r Key, &'r [Cell])>) {
        let Some(shape) = self.around.shapes.get(table) else { return };
        let ways = self.around.links.iter().filter(|link| link.to == table).map(|link| &link.to_columns);
        let ways: BTreeSet<&Vec<String>> = ways.filter(|columns| **columns != shape.key).collect();
        if ways.is_empty() {
            return;
        }
        let rows: Vec<&[Cell]> = rows.map(|(_, row)| row).collect();
        for columns in ways {
            let tuples = self.held.entry((table.to_owned(), columns.clone())).or_default();
            tuples.extend(rows.iter().filter_map(|row| shape.tuple(row, columns)));
        }
    }

    /// Reads the rows that a claim matches, that this worker's tests made, and that were born after
    /// seeding.
    fn claimed(&mut self, database: &mut dyn Database, index: usize, claim: &Claim) -> Result<Vec<Key>, Failure> {
        let around = self.around;
        let (Some(shape), Some(table)) = (around.shapes.get(&claim.table), around.schema.tables.get(&claim.table))
        else {
            return Ok(Vec::new());
        };
        let nobody_else = around.ours_alone.contains(&claim.table);
        if nobody_else || table.column(&claim.column).is_none() || shape.key.is_empty() {
            return Ok(Vec::new());
        }
        let end = around.ours.get(&claim.table).and_then(counters::end_of_range);
        let above = match &shape.key[..] {
            [key] if table.autoincrement => end.map(|end| (key.as_str(), end)),
            _ => None,
        };
        let (columns, dialect) = (&shape.columns, database.dialect());
        let statement = sql::select_matching(dialect, columns, table, &claim.column, &claim.pattern, above);
        let mut keys = Vec::new();
        for (key, row) in live::rows(database, shape, &[statement])? {
            let born_after = match (&key[..], end) {
                ([Cell::Integer(number)], Some(end)) if table.autoincrement => *number > end,
                _ => is_reserved(&claim.pattern),
            };
            let worker = match shape.tuple(&row, std::slice::from_ref(&claim.column)).as_deref() {
                Some([Cell::Text(text)]) => worker_of(text),
                _ => 0,
            };
            if !born_after || worker != around.worker || self.known(&claim.table, &key) {
                continue;
            }
            self.add(&claim.table, &key, row, Why::Claim(index));
            keys.push(key);
        }
        Ok(keys)
    }

    fn known(&self, table: &str, key: &Key) -> bool {
        let among = |keys: &Keys| keys.get(table).is_some_and(|keys| keys.contains(key));
        among(self.around.ours)
            || among(self.around.protected)
            || self.found.debris.get(table).is_some_and(|rows| rows.contains_key(key))
    }

    fn add(&mut self, table: &str, key: &Key, row: Vec<Cell>, why: Why) {
        self.hold(table, std::iter::once((key, row.as_slice())));
        self.found.why.insert((table.to_owned(), key.clone()), why);
        self.found.debris.entry(table.to_owned()).or_default().insert(key.clone(), row);
    }

    /// Locks debris that was just found, in the order of tables and keys: from then on nobody refers to it.
    fn lock(&mut self, database: &mut dyn Database, found: &Keys) -> Result<(), Failure> {
        if self.around.hold == Hold::No || database.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        for (table, keys) in found {
            let shape = self.around.shapes.get(table).expect("debris lies in tables of the schema");
            if shape.key.is_empty() {
                continue;
            }
            // Where the transaction sees what others commit, the row may be another by now.
            let rows = live::by_key(database, shape, keys, self.around.hold)?.rows;
            self.found.debris.entry(table.clone()).or_default().extend(rows);
        }
        Ok(())
    }

    /// Reads the rows that refer to the frontier, but for some links.
    fn look_around(
        &mut self,
        database: &mut dyn Database,
        frontier: &Keys,
        but: &BTreeSet<usize>,
    ) -> Result<(), Failure> {
        for (index, link) in self.around.links.iter().enumerate() {
            if but.contains(&index) || self.around.ours_alone.contains(&link.from) {
                continue;
            }
            let Some(keys) = frontier.get(&link.to) else { continue };
            let (Some(shape), Some(to)) = (self.around.shapes.get(&link.from), self.around.shapes.get(&link.to)) else {
                continue;
            };
            let tuples: Vec<Key> = if link.to_columns == to.key {
                keys.iter().cloned().collect()
            } else {
                keys.iter().filter_map(|key| to.tuple(self.row(&link.to, key)?, &link.to_columns)).collect()
            };
            let tuples: Vec<Key> = tuples.iter().filter_map(|tuple| link.held_as(tuple)).collect();
            if tuples.first().is_none_or(|tuple| tuple.len() != link.columns.len()) {
                continue;
            }
            let tuples: Vec<&Key> = tuples.iter().collect();
            let referring = Rows { table: &shape.table, columns: &link.columns, tuples: &tuples };
            let known = self.around.ours.get(&link.from);
            let further = self.around.further.get(&link.from).map(Vec::as_slice).unwrap_or_default();
            let cells: Vec<_> = further.iter().map(FurtherKeys::cells).collect();
            let further = further::runs(further, &cells);
            let statements =
                sql::select_referring(database.dialect(), &shape.columns, referring, &shape.key, known, &further);
            for (key, row) in live::rows(database, shape, &statements)? {
                let ours = known.is_some_and(|known| known.contains(&key));
                let debris = self.found.debris.get(&link.from).is_some_and(|rows| rows.contains_key(&key));
                if !ours && !debris {
                    self.candidates.entry(link.from.clone()).or_default().insert(key, row);
                }
            }
        }
        Ok(())
    }

    /// Reads the rows that refer to further rows of ours.
    fn look_further(&mut self, database: &mut dyn Database) -> Result<(), Failure> {
        let around = self.around;
        for (link, run) in around.links.iter().flat_map(|link| around.own_runs.iter().map(move |run| (link, run))) {
            let (Some(shape), Some(to)) = (around.shapes.get(&link.from), around.schema.tables.get(&link.to)) else {
                continue;
            };
            if link.to != run.table || link.loose.is_some() || around.ours_alone.contains(&link.from) {
                continue;
            }
            let further = around.further.get(&link.from).map(Vec::as_slice).unwrap_or_default();
            let cells: Vec<_> = further.iter().map(FurtherKeys::cells).collect();
            let further = further::runs(further, &cells);
            let (first, last) = &run.cells;
            let run = sql::run::Run { column: &run.column, first, last };
            let (columns, to_columns) = (&link.columns, &link.to_columns);
            let referring = sql::run::Referring { columns, to, to_columns, run };
            let statement =
                sql::run::hanging(database.dialect(), &shape.columns, &shape.table, referring, &further, None);
            for (key, row) in live::rows(database, shape, &[statement])? {
                if !self.known(&link.from, &key) {
                    self.candidates.entry(link.from.clone()).or_default().insert(key, row);
                }
            }
        }
        Ok(())
    }

    fn row(&self, table: &str, key: &Key) -> Option<&[Cell]> {
        let debris = self.found.debris.get(table).and_then(|rows| rows.get(key));
        let live = || self.around.live.get(table).and_then(|live| live.rows.get(key));
        debris.or_else(live).map(Vec::as_slice)
    }

    /// Turns candidates into debris until nothing changes; returns what was added.
    fn spread(&mut self) -> Keys {
        let mut added = Keys::new();
        loop {
            let mut next = Vec::new();
            for (table, rows) in &self.candidates {
                for (key, row) in rows {
                    if let Some(column) = self.hangs(table, key, row) {
                        next.push((table.clone(), key.clone(), column));
                    }
                }
            }
            if next.is_empty() {
                return added;
            }
            for (table, key, column) in next {
                let rows = self.candidates.get_mut(&table).expect("the candidate was found in this table");
                let row = rows.remove(&key).expect("the candidate was found under this key");
                self.add(&table, &key, row, Why::Column(column));
                added.entry(table).or_default().insert(key);
            }
        }
    }

    /// Returns the column that makes this row debris.
    fn hangs(&self, table: &str, key: &Key, row: &[Cell]) -> Option<String> {
        let shape = self.around.shapes.get(table)?;
        let protected = self.around.protected.get(table).is_some_and(|keys| keys.contains(key));
        if protected || shape.key.is_empty() {
            return None;
        }
        let links: Vec<&Link> = self.around.links.iter().filter(|link| link.from == table).collect();
        let into = |link: &Link| {
            let tuple = link.tuple(shape, row)?;
            if self.around.own_runs.iter().any(|run| run.holds(link, &tuple)) {
                return Some(true);
            }
            if self.around.shapes.get(&link.to).is_some_and(|to| link.to_columns == to.key) {
                let ours = self.around.ours.get(&link.to).is_some_and(|keys| keys.contains(&tuple));
                return Some(ours || self.found.debris.get(&link.to).is_some_and(|rows| rows.contains_key(&tuple)));
            }
            let held = self.held.get(&(link.to.clone(), link.to_columns.clone()));
            Some(held.is_some_and(|held| held.contains(&tuple)))
        };
        if links.iter().any(|link| link.owner) {
            let owner = links.iter().find(|link| link.owner && into(link) == Some(true))?;
            return Some(owner.columns.join(", "));
        }
        let seeded = |link: &Link| {
            [self.around.recorded, self.around.protected]
                .iter()
                .any(|keys| keys.get(&link.to).is_some_and(|k| !k.is_empty()))
        };
        let first = links.iter().find(|link| into(link) == Some(true) && !self.outlives(link))?;
        let elsewhere = links.iter().any(|link| seeded(link) && into(link) == Some(false));
        (!elsewhere).then(|| first.columns.join(", "))
    }

    /// Whether the schema has rows outlive the row that they refer to by this link.
    fn outlives(&self, link: &Link) -> bool {
        let keys = self.around.schema.tables.get(&link.from).into_iter().flat_map(|table| &table.foreign_keys);
        keys.filter(|key| key.to == link.to && key.columns == link.columns)
            .any(|key| matches!(key.on_delete, OnDelete::SetNull | OnDelete::SetDefault))
    }
}

/// Keys of rows by what they are referred to by; that may be the key itself.
type ByTuple<'a> = BTreeMap<Cow<'a, Key>, &'a Key>;

/// Which rows a row refers to, among rows that are at hand.
pub(crate) struct References<'a> {
    links: &'a [Link],
    shapes: &'a Shapes,
    /// (table, columns) and tuple to key.
    index: BTreeMap<(&'a str, &'a [String]), ByTuple<'a>>,
}

impl<'a> References<'a> {
    /// Returns an index over these rows.
    pub(crate) fn new(
        links: &'a [Link],
        shapes: &'a Shapes,
        rows: impl Iterator<Item = (&'a str, &'a Key, &'a [Cell])>,
    ) -> Self {
        let mut index: BTreeMap<(&str, &[String]), ByTuple<'_>> = BTreeMap::new();
        let mut ways: BTreeMap<&str, BTreeSet<&[String]>> = BTreeMap::new();
        for link in links {
            ways.entry(&link.to).or_default().insert(&link.to_columns);
        }
        for (table, key, row) in rows {
            let Some(shape) = shapes.get(table) else { continue };
            for columns in ways.get(table).into_iter().flatten() {
                let tuple = if **columns == *shape.key {
                    Some(Cow::Borrowed(key))
                } else {
                    shape.tuple(row, columns).map(Cow::Owned)
                };
                if let Some(tuple) = tuple {
                    index.entry((table, columns)).or_default().insert(tuple, key);
                }
            }
        }
        Self { links, shapes, index }
    }

    /// Returns the links of a row into the indexed rows, each with the key of the row referred to.
    pub(crate) fn of<'r>(&'r self, table: &'r str, row: &'r [Cell]) -> impl Iterator<Item = (&'a Link, &'a Key)> + 'r {
        self.links.iter().filter(move |link| link.from == table).filter_map(move |link| {
            let index = self.index.get(&(link.to.as_str(), link.to_columns.as_slice()))?;
            let tuple = link.tuple(self.shapes.get(table)?, row)?;
            Some((link, *index.get(&tuple)?))
        })
    }
}
