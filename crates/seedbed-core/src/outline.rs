//! Outline: a first scenario for a schema that nobody has written one for.
//!
//! It is text for a person to go on with: a few rows of every table, values by type, name and
//! check, and comments where something was left out, guessed or not understood. It is made of what
//! the catalogue says and of nothing else. Whether it holds is for others to see; what they find goes
//! into [`Lessons`], and the next outline heeds them.

mod bounds;
mod expression;
mod structure;
mod value;
mod writing;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Cell;
use crate::schema::{Rules, Schema};

/// What a database says about itself.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'a> {
    /// Its tables.
    pub schema: &'a Schema,
    /// What its tables say of their values.
    pub rules: &'a BTreeMap<String, Rules>,
    /// The rows that stand there, by table.
    pub held: &'a BTreeMap<String, Held>,
    /// Tables that frameworks keep for themselves.
    pub bookkeeping: &'a BTreeSet<String>,
    /// Its engine has types for moments and days.
    pub typed: bool,
}

/// Rows that stand in a table already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub count: u64,
    /// The columns of their key.
    pub by: Vec<String>,
    /// The first keys, where the key is one column.
    pub keys: Vec<Cell>,
}

/// What trying an outline has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lessons {
    /// Tables whose rows can't be made, each with the reason.
    pub without: BTreeMap<String, String>,
    /// Columns (table, column) that get one value or none, so that a check holds.
    pub plain: BTreeSet<(String, String)>,
    /// Columns that get a value though they may do without.
    pub filled: BTreeSet<(String, String)>,
    /// Columns that get this text, cut to their length, since others did not hold a check.
    pub shapes: BTreeMap<(String, String), &'static str>,
    /// Checks that were not understood and hold all the same: (table, name or text).
    pub holding: BTreeSet<(String, String)>,
}

/// A first scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The scenario file.
    pub text: String,
    /// The tables that get rows, in the order of the file.
    pub tables: Vec<Outlined>,
    /// Tables that get none, each with the reason.
    pub left_out: BTreeMap<String, String>,
    /// What a person should look at: a table, and a sentence.
    pub remarks: Vec<(String, String)>,
}

/// A table that gets rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlined {
    /// The table.
    pub table: String,
    /// The population.
    pub population: String,
    /// How many rows.
    pub rows: usize,
    /// Where the population begins in the text, and where it ends.
    pub place: (usize, usize),
}

/// Returns a first scenario of that name; `database` is what a person calls the database.
pub fn outline(catalogue: &Catalogue<'_>, lessons: &Lessons, scenario: &str, database: &str) -> Outline {
    let mut lessons = lessons.clone();
    loop {
        let structure = structure::structure(catalogue, &lessons);
        match writing::write(catalogue, &lessons, structure, scenario, database) {
            Ok(outline) => return outline,
            // A table without a value for a column that needs one is left out, with all that needs it.
            Err((table, reason)) => lessons.without.insert(table, reason),
        };
    }
}

/// Returns the columns of a table that a check is about, whether it is understood or not.
pub fn columns_of_check<'a>(table: &'a crate::schema::Table, expression: &str) -> Vec<&'a crate::schema::Column> {
    let words = expression::words(expression);
    table.columns.iter().filter(|column| words.iter().any(|word| word.eq_ignore_ascii_case(&column.name))).collect()
}
