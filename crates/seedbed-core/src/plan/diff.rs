//! Diff: desired rows against live rows.
//!
//! Ownership is decided before: `ours` holds the rows whose key was recorded at seeding and whose
//! tag says so. Whatever else stands on a key of ours belongs to somebody.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cell::{Cell, Key};
use super::civil;
use super::desired::{DesiredBlock, DesiredRow};
use super::{Change, ClockMove, Delete, How, Insert, Obstacle, Plan, TablePlan, Update};
use crate::dataset::Dataset;
use crate::schema::{Column, ColumnKind, ForeignKey, Schema, Table, Unique};

/// Keys by table.
pub type Keys = BTreeMap<String, BTreeSet<Key>>;

/// Rows of a table as the database holds them.
#[derive(Clone, Debug, Default)]
pub struct LiveTable {
    /// Columns, in the order of the cells.
    pub columns: Vec<String>,
    /// Rows by key, cells in canonical form.
    pub rows: BTreeMap<Key, Vec<Cell>>,
}

impl LiveTable {
    /// Returns the position of a column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// Returns the cells of these columns of a row, or none when a column was not read.
    pub fn tuple(&self, row: &[Cell], columns: &[String]) -> Option<Key> {
        columns.iter().map(|column| Some(row[self.position(column)?].clone())).collect()
    }
}

/// A block to compare, and how.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The rows.
    pub rows: DesiredBlock,
    /// Only some columns of rows that are there are put back; nothing is inserted.
    pub partial: bool,
}

/// What a diff looks at.
pub struct Comparison<'a> {
    /// The dataset, for the names of rows.
    pub dataset: &'a Dataset,
    /// The schema, for unique indexes and the order of tables.
    pub schema: &'a Schema,
    /// The rows that should be there.
    pub wanted: &'a [Wanted],
    /// The rows that are there, on our keys.
    pub live: &'a BTreeMap<String, LiveTable>,
    /// The live rows that are ours.
    pub ours: &'a Keys,
    /// The rows of ours that go unless they are wanted.
    pub removable: &'a Keys,
    /// Rows left by tests.
    pub debris: &'a Keys,
    /// The move of the clock, its times not yet counted.
    pub clock: Option<ClockMove>,
    /// Returns what a column held under the clock that is stored, where the clock moves.
    pub earlier: &'a dyn Fn(&DesiredBlock, &DesiredRow, usize) -> Option<Cell>,
    /// Whether a row that is there refers to this one.
    pub referenced: &'a dyn Fn(&str, &Key) -> bool,
}

/// Returns what would make the live rows the desired rows.
pub fn diff(comparison: &Comparison<'_>) -> Plan {
    let mut tables: BTreeMap<String, TablePlan> = BTreeMap::new();
    let mut plan = Plan { clock: comparison.clock, ..Plan::default() };
    for wanted in comparison.wanted {
        let table = tables.entry(wanted.rows.table.clone()).or_default();
        compare_block(comparison, wanted, table, &mut plan);
    }
    let wanted = wanted_keys(comparison);
    let inserted = inserted_tuples(comparison.schema, &tables);
    for (name, keys) in comparison.removable {
        let (ours, wanted) = (comparison.ours.get(name), wanted.get(name.as_str()));
        let gone = keys.iter().filter(|key| {
            ours.is_some_and(|ours| ours.contains(*key)) && !wanted.is_some_and(|wanted| wanted.contains(*key))
        });
        let deletes = gone.map(|key| Delete { key: key.clone(), label: super::key_text(key) });
        tables.entry(name.clone()).or_default().deletes.extend(deletes);
    }
    for name in parents_first(comparison.schema, tables.keys().map(String::as_str)) {
        let mut table = tables.remove(&name).expect("the order holds the same tables");
        if !table.is_empty() {
            settle_unique_values(comparison, &name, &mut table, &inserted);
            if let Some(described) = comparison.schema.tables.get(&name) {
                insert_parents_first(described, &mut table.inserts);
            }
            table.table = name;
            plan.tables.push(table);
        }
    }
    plan
}

fn wanted_keys<'a>(comparison: &Comparison<'a>) -> BTreeMap<&'a str, BTreeSet<&'a Key>> {
    let mut keys: BTreeMap<&str, BTreeSet<&Key>> = BTreeMap::new();
    for wanted in comparison.wanted {
        keys.entry(&wanted.rows.table).or_default().extend(wanted.rows.rows.iter().map(|row| &row.key));
    }
    keys
}

fn compare_block(comparison: &Comparison<'_>, wanted: &Wanted, table: &mut TablePlan, plan: &mut Plan) {
    let block = &wanted.rows;
    let empty = LiveTable::default();
    let live = comparison.live.get(&block.table).unwrap_or(&empty);
    let positions: Vec<Option<usize>> = block.columns.iter().map(|column| live.position(column)).collect();
    let ours = comparison.ours.get(&block.table);
    let name = |row: &DesiredRow| comparison.dataset.blocks[block.block].rows[row.row].name.clone();
    for row in &block.rows {
        let is_ours = ours.is_some_and(|ours| ours.contains(&row.key));
        match live.rows.get(&row.key) {
            Some(cells) if is_ours => {
                let mut changes = Vec::new();
                let mut by_the_clock = 0;
                for (position, after) in row.cells.iter().enumerate() {
                    let before = positions[position].map_or(&Cell::Null, |at| &cells[at]);
                    if before != after {
                        let earlier = (comparison.earlier)(block, row, position);
                        by_the_clock += usize::from(earlier.as_ref() == Some(before));
                        let column = block.columns[position].clone();
                        changes.push(Change { column, before: before.clone(), after: after.clone() });
                    }
                }
                if let Some(clock) = &mut plan.clock {
                    clock.times += by_the_clock;
                }
                if changes.is_empty() {
                    plan.rows_as_declared += usize::from(!wanted.partial);
                } else {
                    table.updates.push(Update {
                        scenario: Arc::clone(&block.scenario),
                        row: name(row),
                        key: row.key.clone(),
                        clock_only: by_the_clock == changes.len(),
                        changes,
                        how: How::InPlace,
                    });
                }
            }
            _ if wanted.partial => {}
            found => {
                if found.is_some() {
                    plan.obstacles.push(Obstacle {
                        table: block.table.clone(),
                        index: "primary key".into(),
                        key: row.key.clone(),
                        label: super::key_text(&row.key),
                        wanted_by: name(row),
                        debris: comparison.debris.get(&block.table).is_some_and(|keys| keys.contains(&row.key)),
                    });
                }
                table.inserts.push(Insert {
                    scenario: Arc::clone(&block.scenario),
                    row: name(row),
                    key: row.key.clone(),
                    columns: Arc::clone(&block.columns),
                    values: row.cells.clone(),
                });
            }
        }
    }
}

/// What rows that are to be inserted can be referred to by: (table, columns) to tuples.
type Tuples<'a> = BTreeMap<(&'a str, &'a [String]), BTreeSet<Key>>;

fn inserted_tuples<'a>(schema: &'a Schema, tables: &BTreeMap<String, TablePlan>) -> Tuples<'a> {
    let mut tuples = Tuples::new();
    for key in schema.tables.values().flat_map(|table| &table.foreign_keys) {
        let place = (key.to.as_str(), key.to_columns.as_slice());
        let Some(inserts) = tables.get(&key.to).map(|table| &table.inserts).filter(|inserts| !inserts.is_empty())
        else {
            continue;
        };
        tuples.entry(place).or_insert_with(|| inserts.iter().filter_map(|insert| cells_of(insert, place.1)).collect());
    }
    tuples
}

/// Returns the cells of these columns of a row to be inserted, or none when it says nothing of one.
fn cells_of(insert: &Insert, columns: &[String]) -> Option<Key> {
    let place = |column: &String| insert.columns.iter().position(|name| name == column);
    columns.iter().map(|column| Some(insert.values[place(column)?].clone())).collect()
}

/// Updates whose new unique value is held by another row that is updated go by way of a delete and
/// an insert, or of values in between where the row is referred to. So do updates that can only be
/// made after an insert which wants the value they hold.
fn settle_unique_values(comparison: &Comparison<'_>, name: &str, plan: &mut TablePlan, inserted: &Tuples<'_>) {
    let Some(table) = comparison.schema.tables.get(name) else { return };
    let Some(live) = comparison.live.get(name) else { return };
    let mut crossed: BTreeSet<usize> = BTreeSet::new();
    for unique in &table.uniques {
        let touching = || plan.updates.iter().enumerate().filter(|(_, update)| touches(update, &unique.uses));
        if unique.columns.is_empty() {
            // Nobody knows what an expression makes of its columns.
            if touching().count() + plan.inserts.len() > 1 {
                crossed.extend(touching().map(|(index, _)| index));
            }
            continue;
        }
        // Where the index binds some rows only, several may hold a value.
        let mut holders: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (index, update) in touching() {
            if let Some(held) = live.tuple(&live.rows[&update.key], &unique.columns) {
                holders.entry(held).or_default().push(index);
            }
        }
        let waiting = |held: &[usize], but: Option<usize>| -> Vec<usize> {
            let others = held.iter().copied().filter(|index| Some(*index) != but);
            others.filter(|index| waits(table, live, &plan.updates[*index], inserted)).collect()
        };
        for (index, update) in touching() {
            let after = after(live, update);
            let Some(value) = live.tuple(&after, &unique.columns) else { continue };
            let held = holders.get(&value).filter(|held| **held != [index] && !value.iter().any(Cell::is_null));
            if let Some(held) = held {
                crossed.insert(index);
                crossed.extend(waiting(held, Some(index)));
            }
        }
        for insert in plan.inserts.iter().filter(|_| !holders.is_empty()) {
            if let Some(held) = cells_of(insert, &unique.columns).and_then(|value| holders.get(&value)) {
                crossed.extend(waiting(held, None));
            }
        }
    }
    for index in crossed {
        let update = &mut plan.updates[index];
        update.how = if (comparison.referenced)(name, &update.key) {
            How::Aside(aside(table, live, Some(update), index))
        } else {
            How::Replace(Insert {
                scenario: Arc::clone(&update.scenario),
                row: update.row.clone(),
                key: update.key.clone(),
                columns: live.columns.clone().into(),
                values: after(live, update),
            })
        };
    }
}

/// Whether an update turns a reference to a row that is to be inserted.
fn waits(table: &Table, live: &LiveTable, update: &Update, inserted: &Tuples<'_>) -> bool {
    table.foreign_keys.iter().filter(|key| touches(update, &key.columns)).any(|key| {
        let tuples = inserted.get(&(key.to.as_str(), key.to_columns.as_slice()));
        let after = live.tuple(&after(live, update), &key.columns);
        tuples.zip(after).is_some_and(|(tuples, after)| tuples.contains(&after))
    })
}

fn touches(update: &Update, columns: &[String]) -> bool {
    update.changes.iter().any(|change| columns.contains(&change.column))
}

fn after(live: &LiveTable, update: &Update) -> Vec<Cell> {
    let mut cells = live.rows[&update.key].clone();
    for change in &update.changes {
        if let Some(position) = live.position(&change.column) {
            cells[position] = change.after.clone();
        }
    }
    cells
}

/// Returns values that no row has, for unique columns of a row that makes room for others: of all
/// unique indexes, or of those that `changed` columns decide. Where an index has several columns, one
/// will do, and best one that may be null, or one that differs from row to row: a check may know the
/// values of the others.
pub fn aside(table: &Table, live: &LiveTable, changed: Option<&Update>, index: usize) -> Vec<(String, Cell)> {
    let mut values: BTreeMap<String, Cell> = BTreeMap::new();
    let decided = |unique: &&Unique| changed.is_none_or(|update| touches(update, &unique.uses));
    for unique in table.uniques.iter().filter(decided) {
        if unique.uses.iter().any(|column| values.contains_key(column)) {
            continue;
        }
        let columns = unique.uses.iter().filter_map(|name| table.column(name));
        let columns = columns.filter(|column| !column.generated && !table.primary_key.contains(&column.name));
        let best =
            columns.filter_map(|column| Some((rank(table, live, column)?, column))).min_by_key(|(rank, _)| *rank);
        if let Some((_, column)) = best
            && let Some(value) = in_between(column, index)
        {
            values.insert(column.name.clone(), value);
        }
    }
    values.into_iter().collect()
}

/// Returns how well a column can be moved aside, the best first; none where it can't.
fn rank(table: &Table, live: &LiveTable, column: &Column) -> Option<(u8, Reverse<usize>)> {
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    let sort = match column.kind {
        _ if column.nullable => 0,
        _ if refers => return None,
        ColumnKind::Text { .. } | ColumnKind::Uuid => 1,
        ColumnKind::Integer { .. } | ColumnKind::Decimal { .. } | ColumnKind::Real => 2,
        ColumnKind::Timestamp | ColumnKind::Date => 3,
        ColumnKind::Boolean | ColumnKind::Json | ColumnKind::Bytes | ColumnKind::Other => return None,
    };
    let different: BTreeSet<&Cell> =
        live.position(&column.name).into_iter().flat_map(|at| live.rows.values().map(move |row| &row[at])).collect();
    Some((sort, Reverse(different.len())))
}

/// Returns a value that no row has, by the number of the row.
fn in_between(column: &Column, index: usize) -> Option<Cell> {
    Some(match column.kind {
        _ if column.nullable => Cell::Null,
        ColumnKind::Text { .. } => Cell::text(format!("~{index}")),
        ColumnKind::Uuid if column.declared.contains("32") => Cell::text(format!("5eedbed0ffff4fff8fff{index:012}")),
        ColumnKind::Uuid => Cell::text(format!("5eedbed0-ffff-4fff-8fff-{index:012}")),
        // Above what others have: many a check says that a number is not below zero.
        ColumnKind::Integer { bits: 16 } => Cell::Integer(32_767 - index as i64),
        ColumnKind::Integer { .. } => Cell::Integer(2_147_483_647 - index as i64),
        ColumnKind::Decimal { .. } | ColumnKind::Real => Cell::Integer(900_000 + index as i64),
        ColumnKind::Timestamp => Cell::text(civil::timestamp(-50_000_000_000 - index as i64)),
        ColumnKind::Date => Cell::text(civil::date(-50_000_000_000 - 86_400 * index as i64)),
        ColumnKind::Boolean | ColumnKind::Json | ColumnKind::Bytes | ColumnKind::Other => return None,
    })
}

/// Returns these tables, those that are referred to before those that refer. Where tables refer to
/// each other in a circle, references inside of it that may be null come after those that may not.
pub fn parents_first<'a>(schema: &Schema, tables: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: BTreeSet<&str> = tables.collect();
    let keys = |name: &str| {
        schema.tables.get(name).into_iter().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)))
    };
    let mut order = Vec::new();
    for name in &names {
        visit(schema, &names, name, &mut BTreeSet::new(), &mut order);
    }
    let needs = |name: &str, open: &[String]| {
        keys(name).any(|(table, key)| is_never_null(table, key) && key.to != name && open.contains(&key.to))
    };
    if !order.iter().enumerate().any(|(at, name)| needs(name, &order[at + 1..])) {
        return order;
    }
    let (mut open, mut placed) = (order, Vec::new());
    while !open.is_empty() {
        let reached = |from: &String| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(name) = next.pop() {
                let parents = keys(&name).map(|(_, key)| &key.to).filter(|parent| open.contains(parent));
                next.extend(parents.filter(|parent| reached.insert((*parent).clone())).cloned().collect::<Vec<_>>());
            }
            reached
        };
        // Nothing that is still to come is needed for it but what needs it too.
        let first =
            |name: &&String| reached(name).iter().all(|parent| parent == *name || reached(parent).contains(*name));
        let next = open.iter().filter(first).min_by_key(|name| needs(name, &open)).expect("a circle has a beginning");
        let at = open.iter().position(|name| name == next).expect("it is one of them");
        placed.push(open.remove(at));
    }
    placed
}

fn is_never_null(table: &Table, key: &ForeignKey) -> bool {
    !key.columns.iter().any(|name| table.column(name).is_some_and(|column| column.nullable))
}

fn visit<'a>(
    schema: &'a Schema,
    names: &BTreeSet<&'a str>,
    name: &'a str,
    open: &mut BTreeSet<&'a str>,
    order: &mut Vec<String>,
) {
    if order.iter().any(|done| done == name) || !open.insert(name) {
        return;
    }
    for key in schema.tables.get(name).into_iter().flat_map(|table| &table.foreign_keys) {
        if let Some(parent) = names.get(key.to.as_str()) {
            visit(schema, names, parent, open, order);
        }
    }
    order.push(name.to_owned());
}

/// Puts rows before the rows of the same table that refer to them, for foreign keys that are checked
/// at once; an order that stands is kept, and rows that refer to each other in a circle come last.
fn insert_parents_first(table: &Table, inserts: &mut Vec<Insert>) {
    let own: Vec<_> = table.foreign_keys.iter().filter(|key| key.to == table.name).collect();
    if own.is_empty() {
        return;
    }
    let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut parents = vec![0_usize; inserts.len()];
    for key in own {
        let by_key: BTreeMap<Key, usize> = inserts
            .iter()
            .enumerate()
            .filter_map(|(at, insert)| Some((cells_of(insert, &key.to_columns)?, at)))
            .collect();
        for (at, insert) in inserts.iter().enumerate() {
            let parent = cells_of(insert, &key.columns).and_then(|tuple| by_key.get(&tuple).copied());
            if let Some(parent) = parent.filter(|parent| *parent != at) {
                waiting.entry(parent).or_default().push(at);
                parents[at] += 1;
            }
        }
    }
    let mut free: BTreeSet<usize> = (0..inserts.len()).filter(|at| parents[*at] == 0).collect();
    let mut order = Vec::with_capacity(inserts.len());
    while let Some(at) = free.pop_first() {
        order.push(at);
        for child in waiting.remove(&at).unwrap_or_default() {
            parents[child] -= 1;
            if parents[child] == 0 {
                free.insert(child);
            }
        }
    }
    order.extend((0..inserts.len()).filter(|at| parents[*at] > 0));
    let mut rows: Vec<Option<Insert>> = inserts.drain(..).map(Some).collect();
    inserts.extend(order.into_iter().map(|at| rows[at].take().expect("each row has one place")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ColumnKind, OnDelete};

    /// Returns the order of tables, each with the tables that it refers to; a question mark says that the
    /// reference may be null.
    fn order(tables: &[(&str, &[&str])]) -> Vec<String> {
        let table = |(name, to): &(&str, &[&str])| {
            let mut table = Table { name: (*name).to_owned(), ..Table::default() };
            for to in *to {
                let (to, nullable) = (to.trim_end_matches('?').to_owned(), to.ends_with('?'));
                let (name, kind, declared) = (format!("{to}_id"), ColumnKind::Integer { bits: 64 }, String::new());
                table.columns.push(Column { name, kind, declared, nullable, default: None, generated: false });
                table.foreign_keys.push(ForeignKey {
                    columns: vec![format!("{to}_id")],
                    to,
                    to_columns: vec!["id".to_owned()],
                    on_delete: OnDelete::NoAction,
                });
            }
            (table.name.clone(), table)
        };
        let schema = Schema { tables: tables.iter().map(table).collect() };
        parents_first(&schema, tables.iter().map(|(name, _)| *name))
    }

    #[test]
    fn those_referred_to_come_first_and_a_circle_costs_only_its_own_references() {
        assert_eq!(order(&[("a", &["b"]), ("b", &["c?"]), ("c", &[])]), ["c", "b", "a"]);
        assert_eq!(order(&[("a", &["b?"]), ("b", &["a?"])]), ["b", "a"]);
        // What may be null comes late, though its name begins with an a.
        assert_eq!(order(&[("areas", &["doctors?"]), ("doctors", &["areas"])]), ["areas", "doctors"]);
        // What hangs on a circle comes after it, and what the circle hangs on before.
        let hospital: [(&str, &[&str]); 4] = [
            ("areas", &["doctors?", "houses?"]),
            ("bookings", &["doctors?"]),
            ("doctors", &["areas"]),
            ("houses", &[]),
        ];
        assert_eq!(order(&hospital), ["houses", "areas", "doctors", "bookings"]);
        let two: [(&str, &[&str]); 4] = [("a", &["b"]), ("b", &["a?", "d?"]), ("c", &["d"]), ("d", &["c?"])];
        assert_eq!(order(&two), ["d", "c", "b", "a"]);
    }
}
