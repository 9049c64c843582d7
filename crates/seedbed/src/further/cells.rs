//! Rows of further blocks as cells.

use seedbed_core::plan::Cell;
use seedbed_core::plan::desired::{Encoding, encode};
use seedbed_core::scale::Encoder;
use seedbed_core::schema::{Column, ColumnKind, Table};
use seedbed_core::value::{Decimal, Value};

/// Collects rows as the ordinary path stores them.
pub(crate) struct Cells<'a> {
    columns: Vec<&'a Column>,
    encoding: Encoding<'a>,
    row: Vec<Cell>,
    /// The rows that were written.
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl<'a> Cells<'a> {
    /// Returns a collection of rows with these columns of a table, which has them.
    pub(crate) fn new(table: &'a Table, columns: &[String], encoding: Encoding<'a>) -> Self {
        let columns = columns.iter().map(|name| table.column(name).expect("the schema fits")).collect();
        Self { columns, encoding, row: Vec::new(), rows: Vec::new() }
    }

    fn value(&mut self, column: usize, value: &Value) {
        self.row.push(encode(value, self.columns[column], self.encoding));
    }
}

impl Encoder for Cells<'_> {
    type Fixed = Cell;

    fn fix(&self, column: usize, value: &Value) -> Cell {
        encode(value, self.columns[column], self.encoding)
    }

    fn begin(&mut self) {
        self.row = Vec::with_capacity(self.columns.len());
    }

    fn fixed(&mut self, _: usize, value: &Cell) {
        self.row.push(value.clone());
    }

    fn integer(&mut self, column: usize, value: i64) {
        match self.columns[column].kind {
            ColumnKind::Integer { .. } => self.row.push(Cell::Integer(value)),
            _ => self.value(column, &Value::Integer(value)),
        }
    }

    fn decimal(&mut self, column: usize, value: Decimal) {
        self.value(column, &Value::Decimal(value));
    }

    fn moment(&mut self, column: usize, value: i64) {
        self.value(column, &Value::Time(value - self.encoding.as_of));
    }

    fn text(&mut self, column: usize, value: &str) {
        self.value(column, &Value::text(value));
    }

    fn end(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }
}
