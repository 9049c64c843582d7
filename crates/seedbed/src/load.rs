//! Load: the rows of further blocks go into the database in bulk.
//!
//! They are made while they are written, so memory does not grow with them. Whichever way an adapter loads, what
//! is stored is what inserting their cells would have stored.

pub(crate) mod lending;
pub(crate) mod statements;

use std::ops::Range;

use seedbed_core::password::Hashes;
use seedbed_core::plan::Encoding;
use seedbed_core::scale::{Encoder, Rows, Scaled, Stream};
use seedbed_core::schema::{Column, Table};

use crate::database::{Failure, FailureKind};

/// The rows of a population in some of the further blocks, to be written into a table that has none of them.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// The further blocks.
    pub scaled: &'a Scaled,
    /// Index of the population.
    pub population: usize,
    /// Its table, as the catalogue has it.
    pub table: &'a Table,
    /// The stored form of every password.
    pub passwords: &'a Hashes,
    /// The blocks that are written.
    pub blocks: Range<u64>,
}

impl<'a> Load<'a> {
    /// Returns how many rows it writes.
    pub fn count(&self) -> u64 {
        self.rows().per_block * self.blocks.end.saturating_sub(self.blocks.start)
    }

    pub(crate) fn rows(&self) -> &'a Rows {
        &self.scaled.rows[self.population]
    }

    /// Returns the columns that are written.
    pub(crate) fn columns(&self) -> Result<Vec<&'a Column>, Failure> {
        let column = |name: &String| {
            let missing = || format!("table `{}` has no column `{name}`", self.table.name);
            self.table.column(name).ok_or_else(|| Failure::new(FailureKind::Other, missing()))
        };
        self.rows().columns.iter().map(column).collect()
    }

    pub(crate) fn encoding(&self) -> Encoding<'a> {
        Encoding { as_of: self.scaled.as_of, passwords: self.passwords }
    }

    pub(crate) fn stream<E: Encoder>(&self, encoder: &E) -> Stream<'a, E> {
        self.scaled.stream(self.population, encoder)
    }

    /// Returns the same load in parts of about so many rows, whole blocks each.
    pub(crate) fn parts(&self, rows: u64) -> impl Iterator<Item = Load<'a>> {
        let (step, all) = ((rows / self.rows().per_block.max(1)).max(1), self.clone());
        let starts = (self.blocks.clone()).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        starts.map(move |start| Load { blocks: start..all.blocks.end.min(start + step), ..all.clone() })
    }

    /// Adds to a failure which of the rows it is about, where the engine tells it; `done` of them were written
    /// before those that the engine counts.
    pub(crate) fn failed(&self, done: u64, failure: &Failure) -> Failure {
        let (table, all) = (&self.table.name, self.count());
        match failure.row {
            Some(row) => {
                let row = done + row as u64;
                let message = format!("row {row} of {all} into `{table}`: {}", failure.message);
                Failure { row: Some(row as usize), message, ..*failure }
            }
            None => Failure { message: format!("{all} rows into `{table}`: {}", failure.message), ..*failure },
        }
    }

    /// Adds to a failure between which rows it came about.
    pub(crate) fn failed_between(&self, (from, to): (u64, u64), failure: &Failure) -> Failure {
        let (table, all) = (&self.table.name, self.count());
        let message = format!("rows {from} to {to} of {all} into `{table}`: {}", failure.message);
        Failure { message, ..*failure }
    }
}

/// Returns the failure of a statement that wrote other rows than it was given.
pub(crate) fn miscounted(given: u64, written: u64) -> Failure {
    Failure::new(FailureKind::Other, format!("{written} were written where {given} were given"))
}
