//! What is done with the rows around ours: which debris goes, which rows stay and are named.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::diff::Keys;
use seedbed_core::plan::{Cell, Entangled, How, Key, Leftover, LiveTable, Obstacle, Plan, Update};
use seedbed_core::schema::Schema;

use super::{Aim, Question};
use crate::database::{Database, Failure};
use crate::debris::{Found, Link, OwnRun, References, RowsByTable, Why};
use crate::label::Labels;
use crate::live::{self, Shapes};
use crate::sql::{self, Hold, Rows};

type Live = BTreeMap<String, LiveTable>;
type Row<'a> = (&'a str, &'a Key, &'a [Cell]);

/// Returns our live rows in some tables.
pub(super) fn our_rows<'a>(
    live: &'a Live,
    ours: &'a Keys,
    tables: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Row<'a>> {
    ours.iter().filter(move |(table, _)| tables(table)).flat_map(move |(table, keys)| {
        keys.iter().map(move |key| (table.as_str(), key, live[table].rows[key].as_slice()))
    })
}

fn rows_of(rows: &RowsByTable) -> impl Iterator<Item = Row<'_>> {
    rows.iter().flat_map(|(table, rows)| rows.iter().map(move |(key, row)| (table.as_str(), key, row.as_slice())))
}

/// Moves debris that a row which stays refers to over to the entangled rows.
pub(super) fn keep_what_is_needed(
    links: &[Link],
    shapes: &Shapes,
    live: &Live,
    ours: &Keys,
    plan: &Plan,
    found: &mut Found,
) {
    if found.debris.is_empty() {
        return;
    }
    let mut kept: BTreeSet<(String, Key)> = BTreeSet::new();
    {
        let references = References::new(links, shapes, rows_of(&found.debris));
        let mut open: Vec<(String, Key)> = Vec::new();
        for (table, _, row) in rows_of(&found.entangled) {
            open.extend(references.of(table, row).map(|(link, key)| (link.to.clone(), key.clone())));
        }
        let into: BTreeSet<&str> =
            links.iter().filter(|link| found.debris.contains_key(&link.to)).map(|link| link.from.as_str()).collect();
        for (table, key, row) in our_rows(live, ours, |table| into.contains(table)) {
            for (link, to) in references.of(table, row) {
                if !leaves(plan, table, key, &link.columns) {
                    open.push((link.to.clone(), to.clone()));
                }
            }
        }
        while let Some((table, key)) = open.pop() {
            let row = &found.debris[&table][&key];
            open.extend(
                (references.of(&table, row).map(|(link, key)| (link.to.clone(), key.clone())))
                    .filter(|place| !kept.contains(place) && *place != (table.clone(), key.clone())),
            );
            kept.insert((table, key));
        }
    }
    for (table, key) in kept {
        if let Some(row) = found.debris.get_mut(&table).and_then(|rows| rows.remove(&key)) {
            found.entangled.entry(table).or_default().insert(key, row);
        }
    }
}

/// Whether the plan removes our row or turns this reference of it elsewhere.
fn leaves(plan: &Plan, table: &str, key: &Key, columns: &[String]) -> bool {
    let Some(part) = plan.tables.iter().find(|part| part.table == table) else { return false };
    let turned = part
        .updates
        .iter()
        .any(|update| update.key == *key && update.changes.iter().any(|change| columns.contains(&change.column)));
    turned || part.deletes.iter().any(|delete| delete.key == *key)
}

/// Drops debris that is none of these levels' business.
pub(super) fn limit_to_levels(
    question: &Question<'_>,
    links: &[Link],
    shapes: &Shapes,
    rows: &super::Rows,
    removable: &Keys,
    own_runs: &[OwnRun],
    found: &mut Found,
) {
    if found.debris.is_empty() {
        return;
    }
    let tables: BTreeSet<&str> = (question.dataset.blocks.iter())
        .filter(|block| question.levels.contains(&block.scenario))
        .map(|block| block.table.as_str())
        .collect();
    let of_a_claim = |place: &(String, Key)| {
        matches!(found.why.get(place), Some(Why::Claim(index))
            if question.levels.contains(&question.dataset.claims[*index].scenario))
    };
    let of_levels = |table: &str, key: &Key| tables.contains(table) || of_a_claim(&(table.to_owned(), key.clone()));
    if rows_of(&found.debris).all(|(table, key, _)| of_levels(table, key)) {
        return;
    }
    let live = &rows.live;
    let base = &intersection(removable, &rows.ours);
    let mut inside: BTreeSet<(String, Key)> = BTreeSet::new();
    {
        let references = References::new(links, shapes, our_rows(live, base, |_| true).chain(rows_of(&found.debris)));
        loop {
            let before = inside.len();
            for (table, key, row) in rows_of(&found.debris) {
                let place = (table.to_owned(), key.clone());
                if inside.contains(&place) {
                    continue;
                }
                let hangs = || {
                    references.of(table, row).any(|(link, key)| {
                        base.get(&link.to).is_some_and(|keys| keys.contains(key))
                            || inside.contains(&(link.to.clone(), key.clone()))
                    }) || into_runs(links, shapes, own_runs, table, row)
                        .any(|(run, ..)| question.levels.contains(&run.scenario))
                };
                if of_levels(table, key) || hangs() {
                    inside.insert(place);
                }
            }
            if inside.len() == before {
                break;
            }
        }
    }
    for (table, rows) in &mut found.debris {
        rows.retain(|key, _| inside.contains(&(table.clone(), key.clone())));
    }
    found.debris.retain(|_, rows| !rows.is_empty());
}

/// Returns the references of a row into further rows of ours.
fn into_runs<'a>(
    links: &'a [Link],
    shapes: &'a Shapes,
    own_runs: &'a [OwnRun],
    table: &'a str,
    row: &'a [Cell],
) -> impl Iterator<Item = (&'a OwnRun, &'a Link, Key)> {
    links.iter().filter(move |link| link.from == table).filter_map(move |link| {
        let tuple = link.tuple(shapes.get(table)?, row)?;
        let run = own_runs.iter().find(|run| run.holds(link, &tuple))?;
        Some((run, link, tuple))
    })
}

fn intersection(some: &Keys, others: &Keys) -> Keys {
    let both = |(table, keys): (&String, &BTreeSet<Key>)| {
        let others = others.get(table)?;
        Some((table.clone(), keys.intersection(others).cloned().collect()))
    };
    some.iter().filter_map(both).collect()
}

/// What reporting looks at.
pub(super) struct Scene<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) schema: &'a Schema,
    pub(super) shapes: &'a Shapes,
    pub(super) links: &'a [Link],
    pub(super) live: &'a Live,
    pub(super) ours: &'a Keys,
    pub(super) own_runs: &'a [OwnRun],
    pub(super) found: &'a Found,
}

impl Scene<'_> {
    /// Writes debris and entangled rows into the plan, and labels where only keys stand.
    pub(super) fn report(&self, database: &mut dyn Database, labels: &mut Labels<'_>, plan: &mut Plan) {
        let found = self.found;
        let around = || rows_of(&found.debris).chain(rows_of(&found.entangled));
        if around().next().is_some() {
            let from: BTreeSet<&str> = around().map(|(table, ..)| table).collect();
            let to = self.links.iter().filter(|link| from.contains(link.from.as_str())).map(|link| link.to.as_str());
            let to: BTreeSet<&str> = to.collect();
            let ours = our_rows(self.live, self.ours, |table| to.contains(table));
            let references = References::new(self.links, self.shapes, ours.chain(around()));
            for (table, key, row) in rows_of(&found.debris) {
                let label = labels.row(database, table, key, row);
                let why = match &found.why[&(table.to_owned(), key.clone())] {
                    Why::Claim(index) => {
                        let claim = &self.question.dataset.claims[*index];
                        format!("{} matches {}", claim.column, claim.pattern)
                    }
                    Why::Column(columns) => {
                        let link = references.of(table, row).find(|(link, _)| link.columns.join(", ") == *columns);
                        let on = link.map(|(link, key)| self.known_as(database, labels, &link.to, key));
                        let mut further = into_runs(self.links, self.shapes, self.own_runs, table, row);
                        let on = on.or_else(|| {
                            let (_, link, tuple) = further.find(|(_, link, _)| link.columns.join(", ") == *columns)?;
                            Some(format!("{} {}", link.to, self.shapes.key_text(&link.to, &tuple)))
                        });
                        format!("{columns} is {}", on.unwrap_or_default())
                    }
                };
                let blocks = references.of(table, row).any(|(link, key)| lets_go(plan, link, key));
                plan.debris.push(Leftover { blocks, table: table.to_owned(), key: key.clone(), label, why });
            }
            for (table, key, row) in rows_of(&found.entangled) {
                let further = into_runs(self.links, self.shapes, self.own_runs, table, row);
                let further = further.map(|(_, link, tuple)| (link.to.clone(), tuple));
                let hangs_on = references.of(table, row).map(|(link, key)| (link.to.clone(), key.clone()));
                let hangs_on: Vec<(String, Key)> = hangs_on.chain(further).collect();
                let blocks = references.of(table, row).any(|(link, key)| lets_go(plan, link, key));
                if self.question.aim == Aim::Gone && !blocks {
                    continue;
                }
                let on: Vec<String> =
                    hangs_on.iter().map(|(table, key)| self.known_as(database, labels, table, key)).collect();
                plan.entangled.push(Entangled {
                    table: table.to_owned(),
                    key: key.clone(),
                    label: labels.row(database, table, key, row),
                    on: on.join(", "),
                    hangs_on,
                    blocks,
                });
            }
        }
        for obstacle in &mut plan.obstacles {
            let row = self.live.get(&obstacle.table).and_then(|live| live.rows.get(&obstacle.key));
            if let Some(row) = row {
                obstacle.label = labels.row(database, &obstacle.table, &obstacle.key, row);
            }
            obstacle.debris = self.is_debris(&obstacle.table, &obstacle.key);
        }
        for part in &mut plan.tables {
            for delete in &mut part.deletes {
                let row = &self.live[&part.table].rows[&delete.key];
                delete.label = match labels.name(&part.table, &delete.key) {
                    Some(name) => name,
                    None => labels.row(database, &part.table, &delete.key, row),
                };
            }
        }
    }

    fn is_debris(&self, table: &str, key: &Key) -> bool {
        self.found.debris.get(table).is_some_and(|rows| rows.contains_key(key))
    }

    fn known_as(&self, database: &mut dyn Database, labels: &mut Labels<'_>, table: &str, key: &Key) -> String {
        if let Some(name) = labels.name(table, key) {
            return name;
        }
        let row = |rows: &RowsByTable| rows.get(table).and_then(|rows| rows.get(key)).cloned();
        let row = row(&self.found.debris).or_else(|| row(&self.found.entangled));
        row.map_or_else(|| self.shapes.key_text(table, key), |row| labels.row(database, table, key, &row))
    }

    /// Adds the rows of other people that hold a unique value which one of our rows is to have.
    pub(super) fn unique_values_taken(
        &self,
        database: &mut dyn Database,
        labels: &mut Labels<'_>,
        plan: &mut Plan,
    ) -> Result<(), Failure> {
        let mut obstacles = Vec::new();
        for part in &plan.tables {
            let (Some(table), Some(shape)) = (self.schema.tables.get(&part.table), self.shapes.get(&part.table)) else {
                continue;
            };
            let ours = self.ours.get(&part.table);
            for unique in table.uniques.iter().filter(|unique| !unique.partial && !unique.columns.is_empty()) {
                let mut wanted: BTreeMap<Key, &str> = BTreeMap::new();
                for insert in &part.inserts {
                    wanted.extend(
                        tuple(&insert.columns, &insert.values, &unique.columns).map(|tuple| (tuple, &*insert.row)),
                    );
                }
                for update in &part.updates {
                    if update.changes.iter().any(|change| unique.columns.contains(&change.column)) {
                        let mut row = self.live[&part.table].rows[&update.key].clone();
                        for change in &update.changes {
                            if let Some(position) = shape.columns.iter().position(|column| *column == change.column) {
                                row[position] = change.after.clone();
                            }
                        }
                        wanted.extend(tuple(&shape.columns, &row, &unique.columns).map(|tuple| (tuple, &*update.row)));
                    }
                }
                if wanted.is_empty() {
                    continue;
                }
                let tuples: Vec<&Key> = wanted.keys().collect();
                let rows = Rows { table, columns: &unique.columns, tuples: &tuples };
                let statements = sql::select(database.dialect(), &shape.columns, rows, Hold::No);
                for (key, row) in live::rows(database, shape, &statements)? {
                    let mut others = plan.obstacles.iter().chain(&obstacles);
                    let known = others.any(|known| known.table == part.table && known.key == key);
                    if known || ours.is_some_and(|ours| ours.contains(&key)) {
                        continue;
                    }
                    let wanted_by = shape.tuple(&row, &unique.columns).and_then(|tuple| wanted.get(&tuple).copied());
                    obstacles.push(Obstacle {
                        table: part.table.clone(),
                        index: unique.name.clone(),
                        label: labels.row(database, &part.table, &key, &row),
                        wanted_by: wanted_by.unwrap_or_default().to_owned(),
                        debris: self.is_debris(&part.table, &key),
                        key,
                    });
                }
            }
        }
        plan.obstacles.extend(obstacles);
        Ok(())
    }
}

/// Whether the plan removes the row that a reference leads to, or changes what it is referred to by.
fn lets_go(plan: &Plan, link: &Link, key: &Key) -> bool {
    plan.tables.iter().filter(|part| part.table == link.to).any(|part| {
        let turned = |update: &Update| update.changes.iter().any(|change| link.to_columns.contains(&change.column));
        part.deletes.iter().any(|delete| delete.key == *key)
            || (part.updates.iter().filter(|update| update.key == *key))
                .any(|update| matches!(update.how, How::Replace(_)) || turned(update))
    })
}

fn tuple(columns: &[String], cells: &[Cell], wanted: &[String]) -> Option<Key> {
    let cell = |name: &String| {
        let position = columns.iter().position(|column| column == name)?;
        Some(cells[position].clone()).filter(|cell| !cell.is_null())
    };
    wanted.iter().map(cell).collect()
}
