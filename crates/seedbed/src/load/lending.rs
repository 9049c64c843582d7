//! Lending: the values of rows as they are stored, lent one by one to what takes them.
//!
//! What they are is said by [`encode`] alone; what it would copy is written here in place.

use seedbed_core::plan::desired::encode;
use seedbed_core::plan::{Cell, Encoding, civil};
use seedbed_core::scale::Encoder;
use seedbed_core::schema::{Column, ColumnKind};
use seedbed_core::value::{Decimal, Value};

use super::Load;
use crate::database::{Failure, Lent};

/// What takes the values of rows, one row after the other.
pub(crate) trait Sink {
    /// Takes the value of a column; the columns come in their order.
    fn take(&mut self, column: usize, value: Lent<'_>);

    /// The row has all its values.
    fn end(&mut self);
}

/// Lends values to a sink.
pub(crate) struct Lending<'a, S> {
    columns: Vec<&'a Column>,
    encoding: Encoding<'a>,
    text: String,
    pub(crate) sink: S,
}

impl<'a, S: Sink> Lending<'a, S> {
    pub(crate) fn new(load: &Load<'a>, sink: S) -> Result<Self, Failure> {
        Ok(Self { columns: load.columns()?, encoding: load.encoding(), text: String::new(), sink })
    }

    fn encoded(&mut self, column: usize, value: &Value) {
        let cell = encode(value, self.columns[column], self.encoding);
        self.sink.take(column, Lent::of(&cell));
    }
}

impl<S: Sink> Encoder for Lending<'_, S> {
    type Fixed = Cell;

    fn fix(&self, column: usize, value: &Value) -> Cell {
        encode(value, self.columns[column], self.encoding)
    }

    fn begin(&mut self) {}

    fn fixed(&mut self, column: usize, value: &Cell) {
        self.sink.take(column, Lent::of(value));
    }

    fn integer(&mut self, column: usize, value: i64) {
        match self.columns[column].kind {
            ColumnKind::Integer { .. } => self.sink.take(column, Lent::Integer(value)),
            _ => self.encoded(column, &Value::Integer(value)),
        }
    }

    fn decimal(&mut self, column: usize, value: Decimal) {
        self.encoded(column, &Value::Decimal(value));
    }

    fn moment(&mut self, column: usize, value: i64) {
        self.text.clear();
        match self.columns[column].kind {
            ColumnKind::Date => civil::push_date(&mut self.text, value),
            ColumnKind::Timestamp | ColumnKind::Text { .. } => civil::push_timestamp(&mut self.text, value),
            _ => return self.encoded(column, &Value::Time(value - self.encoding.as_of)),
        }
        self.sink.take(column, Lent::Text(&self.text));
    }

    fn text(&mut self, column: usize, value: &str) {
        match self.columns[column].kind {
            ColumnKind::Text { .. } | ColumnKind::Json => self.sink.take(column, Lent::Text(value)),
            _ => self.encoded(column, &Value::text(value)),
        }
    }

    fn end(&mut self) {
        self.sink.end();
    }
}
