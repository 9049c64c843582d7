//! Secrets: which columns hold what is nobody's business, and a plan without their values.
//!
//! One rule for everything that is shown of a difference: stored passwords, and columns that are called
//! so, are told to differ, and neither what stands nor what is declared is told.

use std::collections::BTreeSet;

use seedbed::project::Work;
use seedbed_core::plan::{How, Insert, Plan, Update};
use seedbed_core::value::Value as Declared;
use serde_json::{Value, json};

/// What a column is called whose values are nobody's business, in any case of letters.
const WORDS: [&str; 5] = ["password", "token", "secret", "hash", "jti"];

/// The columns of a dataset whose values are told to nobody.
pub(crate) struct Secrets<'a> {
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
        Self { passwords }
    }

    /// Whether the values of a column are not shown.
    pub(crate) fn hides(&self, table: &str, column: &str) -> bool {
        let name = column.to_lowercase();
        WORDS.iter().any(|word| name.contains(word)) || self.passwords.contains(&(table, column))
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
        }
        shown
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
