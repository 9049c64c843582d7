//! Secrets: which columns hold what is nobody's business, and a plan without their values.
//!
//! One rule for everything that is shown of a difference: stored passwords, and columns that are called
//! so, are told to differ, and neither what stands nor what is declared is told.

use std::collections::BTreeSet;

use seedbed::project::Work;
use seedbed::secret;
use seedbed::verify::{Offender, Report, Why};
use seedbed_core::plan::{How, Insert, Key, Plan, Update};
use seedbed_core::value::Value as Declared;
use serde_json::{Value, json};

/// The columns of a dataset whose values are told to nobody.
pub(crate) struct Secrets<'a> {
    work: &'a Work,
    /// Table and column of every password that is stored.
    passwords: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Secrets<'a> {
    /// Returns those of a dataset.
    pub(crate) fn of(work: &'a Work) -> Self {
        let mut passwords = BTreeSet::new();
        for block in &work.generated.dataset.blocks {
            for (at, column) in block.columns.iter().enumerate() {
                if block.rows.iter().any(|row| matches!(row.values[at], Declared::Password(_))) {
                    passwords.insert((block.table.as_str(), column.as_str()));
                }
            }
        }
        Self { work, passwords }
    }

    /// Whether the values of a column are not shown.
    pub(crate) fn hides(&self, table: &str, column: &str) -> bool {
        secret::is_one(column) || self.passwords.contains(&(table, column))
    }

    /// Returns a key as a person reads it.
    pub(crate) fn key(&self, table: &str, key: &Key) -> String {
        secret::key_without(&self.work.key_columns(table), key)
    }

    /// Returns what is wrong with a row that makes a check fail, as a person reads it.
    pub(crate) fn offence(&self, offender: &Offender) -> String {
        let Offender { label, why, .. } = offender;
        let key = self.key(&offender.table, &offender.key);
        match why {
            Why::Counts => format!("too many: {label} {key}"),
            Why::Gone => format!("missing: {label} {key} is no longer there"),
            Why::Changed => format!("missing: {label} {key} was changed"),
        }
    }

    /// Returns a plan as an object. Values that are not shown are null in it, and their columns stand in
    /// the row's `not_shown`.
    pub(crate) fn plan(&self, plan: &Plan) -> Value {
        let mut shown = json!(plan);
        for (part, shown) in plan.tables.iter().zip(items(&mut shown["tables"])) {
            let mut layout = Layout { table: &part.table, secrets: self, columns: &[], hidden: Vec::new() };
            for (insert, shown) in part.inserts.iter().zip(items(&mut shown["inserts"])) {
                layout.hide(insert, shown);
            }
            for (update, shown) in part.updates.iter().zip(items(&mut shown["updates"])) {
                layout.hide_changes(update, shown);
            }
            for rows in ["inserts", "updates", "deletes"] {
                items(&mut shown[rows]).for_each(|row| self.hide_key(&part.table, row));
            }
        }
        for rows in ["debris", "entangled", "obstacles"] {
            items(&mut shown[rows]).for_each(|row| self.hide_key_of(row));
        }
        for row in items(&mut shown["entangled"]) {
            for on in items(&mut row["hangs_on"]) {
                let table = on[0].as_str().unwrap_or_default().to_owned();
                self.hide_cells(&table, &mut on[1]);
            }
        }
        shown
    }

    /// Returns what the ensures count as an object. What is not shown of a key is null in it, and its columns
    /// stand in the row's `not_shown`.
    pub(crate) fn report(&self, report: &Report) -> Value {
        let mut shown = json!(report);
        for check in items(&mut shown["checks"]) {
            let witness = check["witness"].is_object().then(|| check["witness"].take());
            if let Some(mut witness) = witness {
                self.hide_key_of(&mut witness);
                check["witness"] = witness;
            }
            items(&mut check["offenders"]).for_each(|row| self.hide_key_of(row));
        }
        shown
    }
}

impl Secrets<'_> {
    /// Hides what is nobody's business in the key of a row that names its table.
    fn hide_key_of(&self, row: &mut Value) {
        let table = row["table"].as_str().unwrap_or_default().to_owned();
        self.hide_key(&table, row);
    }

    /// Hides what is nobody's business in the key of a row.
    fn hide_key(&self, table: &str, row: &mut Value) {
        let hidden = self.hide_cells(table, &mut row["key"]);
        let named = row["not_shown"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut columns: Vec<String> = named.map(str::to_owned).collect();
        columns.extend(hidden.into_iter().filter(|column| !columns.contains(column)).collect::<Vec<_>>());
        name(row, columns.iter().map(String::as_str));
    }

    /// Returns the columns of a key that were hidden in it.
    fn hide_cells(&self, table: &str, key: &mut Value) -> Vec<String> {
        let columns = self.work.key_columns(table).into_iter().enumerate();
        let hidden = columns.filter(|(at, column)| self.hides(table, column) && !key[at].is_null());
        let hidden: Vec<(usize, String)> = hidden.collect();
        for (at, _) in &hidden {
            key[at] = Value::Null;
        }
        hidden.into_iter().map(|(_, column)| column).collect()
    }
}

/// The columns of a table that neighbouring rows have in common.
struct Layout<'a> {
    table: &'a str,
    secrets: &'a Secrets<'a>,
    columns: &'a [String],
    /// Where those stand that are not shown.
    hidden: Vec<usize>,
}

impl<'a> Layout<'a> {
    /// Hides values of a row that is to be inserted.
    fn hide(&mut self, insert: &'a Insert, shown: &mut Value) {
        if *self.columns != *insert.columns {
            self.columns = &insert.columns;
            let hides = |at: &usize| self.secrets.hides(self.table, &self.columns[*at]);
            self.hidden = (0..self.columns.len()).filter(hides).collect();
        }
        for &at in &self.hidden {
            shown["values"][at] = Value::Null;
        }
        name(shown, self.hidden.iter().map(|&at| self.columns[at].as_str()));
    }

    /// Hides values of a row that differs.
    fn hide_changes(&mut self, update: &'a Update, shown: &mut Value) {
        let hides = |column: &str| self.secrets.hides(self.table, column);
        for (change, shown) in update.changes.iter().zip(items(&mut shown["changes"])) {
            if hides(&change.column) {
                shown["before"] = Value::Null;
                shown["after"] = Value::Null;
            }
        }
        name(shown, update.changes.iter().map(|change| change.column.as_str()).filter(|column| hides(column)));
        match &update.how {
            How::InPlace => {}
            How::Replace(insert) => self.hide(insert, &mut shown["how"]["replace"]),
            How::Aside(first) => {
                for ((column, _), shown) in first.iter().zip(items(&mut shown["how"]["aside"])) {
                    if hides(column) {
                        shown[1] = Value::Null;
                    }
                }
            }
        }
    }
}

/// Names the columns of a row that are not shown, where there are some.
fn name<'a>(shown: &mut Value, columns: impl Iterator<Item = &'a str>) {
    let columns: Vec<&str> = columns.collect();
    if !columns.is_empty() {
        shown["not_shown"] = json!(columns);
    }
}

fn items(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}
