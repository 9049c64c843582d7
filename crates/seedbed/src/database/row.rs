//! Rows of known columns, read cell by cell.

use seedbed_core::plan::Cell;

use super::{Failure, FailureKind};

/// What is said of a row that is not as it should be.
pub(crate) const UNREADABLE: &str = "holds a row that this version cannot read";

/// The cells of a row that are not read yet.
pub(crate) struct Row {
    table: &'static str,
    cells: std::vec::IntoIter<Cell>,
}

impl Row {
    /// Returns a row of a table that this version knows.
    pub(crate) fn of(table: &'static str, cells: Vec<Cell>) -> Self {
        Self { table, cells: cells.into_iter() }
    }

    pub(crate) fn skip(&mut self) {
        self.cells.next();
    }

    pub(crate) fn optional_text(&mut self) -> Option<String> {
        self.cells.next().and_then(|cell| cell.as_text().map(str::to_owned))
    }

    pub(crate) fn text(&mut self) -> Result<String, Failure> {
        self.optional_text().ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_integer(&mut self) -> Option<i64> {
        self.cells.next().and_then(|cell| cell.as_integer())
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Failure> {
        self.optional_integer().ok_or_else(|| self.unreadable())
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Failure> {
        self.integer().map(|number| number != 0)
    }

    pub(crate) fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, Failure> {
        self.text()?.parse().map_err(|_| self.unreadable())
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Failure> {
        serde_json::from_str(&self.text()?).map_err(|_| self.unreadable())
    }

    fn unreadable(&self) -> Failure {
        Failure::new(FailureKind::Other, format!("`{}` {UNREADABLE}", self.table))
    }
}
