//! Labels: what a person knows a row by.
//!
//! A row of ours has its declared name. Any other is known by a text of its own, as an email or a
//! title, or else by the rows it joins: `anna@example.org -> flyer_017`.

use std::collections::BTreeMap;

use seedbed_core::dataset::Dataset;
use seedbed_core::plan::{Cell, Key, desired, key_text};
use seedbed_core::schema::{ColumnKind, Schema};

use crate::database::Database;
use crate::debris::Link;
use crate::live::{self, Shape, Shapes};
use crate::secret;
use crate::sql::{self, Hold, Rows};

type Names<'a> = BTreeMap<&'a str, BTreeMap<Key, &'a str>>;

/// What labels are made from.
pub(crate) struct Labels<'a> {
    schema: &'a Schema,
    shapes: &'a Shapes,
    links: &'a [Link],
    dataset: &'a Dataset,
    /// Names of declared rows by table and key, made when the first one is asked for.
    names: Option<Names<'a>>,
    /// Labels of other rows that were looked up.
    looked_up: BTreeMap<(String, Key), String>,
}

impl<'a> Labels<'a> {
    pub(crate) fn new(dataset: &'a Dataset, schema: &'a Schema, shapes: &'a Shapes, links: &'a [Link]) -> Self {
        Self { schema, shapes, links, dataset, names: None, looked_up: BTreeMap::new() }
    }

    /// Returns the declared name of a row of ours.
    pub(crate) fn name(&mut self, table: &str, key: &Key) -> Option<String> {
        let names = self.names.get_or_insert_with(|| names(self.dataset, self.schema));
        names.get(table)?.get(key).map(|name| (*name).to_owned())
    }

    /// Returns the label of a row of somebody else.
    pub(crate) fn row(&mut self, database: &mut dyn Database, table: &str, key: &Key, row: &[Cell]) -> String {
        let Some(shape) = self.shapes.get(table) else { return key_text(key) };
        if let Some(text) = self.own_text(shape, row) {
            return text;
        }
        let (links, shapes) = (self.links, self.shapes);
        let mut parts = Vec::new();
        for link in links.iter().filter(|link| link.from == table) {
            let to_key = shapes.get(&link.to).is_some_and(|to| to.key == link.to_columns);
            if let Some(tuple) = link.tuple(shape, row).filter(|_| to_key) {
                let position = shape.columns.iter().position(|column| *column == link.columns[0]);
                // Whose row it is stands first: `power -> flyer_017`.
                parts.push((!link.owner, position, self.referred(database, &link.to, &tuple)));
            }
        }
        parts.sort();
        let parts: Vec<String> = parts.into_iter().map(|(_, _, part)| part).collect();
        if parts.is_empty() { shape.key_text(key) } else { parts.join(" -> ") }
    }

    fn referred(&mut self, database: &mut dyn Database, table: &str, key: &Key) -> String {
        if let Some(name) = self.name(table, key) {
            return name;
        }
        let place = (table.to_owned(), key.clone());
        if let Some(label) = self.looked_up.get(&place) {
            return label.clone();
        }
        let label = self.shapes.get(table).and_then(|shape| {
            let row = Rows { table: &shape.table, columns: &shape.key, tuples: &[key] };
            let statements = sql::select(database.dialect(), &shape.columns, row, Hold::No);
            let rows = live::rows(database, shape, &statements).ok()?;
            self.own_text(shape, rows.values().next()?)
        });
        let label = label.unwrap_or_else(|| format!("{table} {}", self.shapes.key_text(table, key)));
        self.looked_up.insert(place, label.clone());
        label
    }

    /// Returns a unique text of the row, or its first short text that is no secret.
    fn own_text(&self, shape: &Shape, row: &[Cell]) -> Option<String> {
        let table = self.schema.tables.get(&shape.table.name)?;
        let hidden = |name: &str| secret::is_one(name) || name.contains("key");
        let text = |name: &str| {
            let position = shape.columns.iter().position(|column| column == name)?;
            row[position].as_text().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let readable = |name: &str| {
            let kind = table.column(name).map(|column| &column.kind);
            matches!(kind, Some(ColumnKind::Text { .. })) && !hidden(name)
        };
        let unique =
            || table.uniques.iter().filter(|unique| unique.columns.len() == 1).map(|unique| &unique.columns[0]);
        let telling = unique().filter(|name| name.contains("mail")).chain(unique());
        telling.chain(&shape.columns).filter(|name| readable(name)).find_map(|name| text(name))
    }
}

fn names<'a>(dataset: &'a Dataset, schema: &Schema) -> Names<'a> {
    let mut names = Names::new();
    for block in &dataset.blocks {
        let Some(table) = schema.tables.get(&block.table) else { continue };
        if block.key.iter().any(|&position| table.column(&block.columns[position]).is_none()) {
            continue;
        }
        let keys = desired::keys_in_order(block, table);
        names.entry(&block.table).or_default().extend(keys.zip(block.rows.iter().map(|row| row.name.as_str())));
    }
    names
}
