//! Tuples: rows in the binary form that COPY reads.

use std::cell::OnceCell;
use std::sync::Arc;

use seedbed_core::plan::Encoding;
use seedbed_core::plan::desired::encode;
use seedbed_core::scale::Encoder;
use seedbed_core::schema::Column;
use seedbed_core::value::{Decimal, Value};

use super::outbox::Outbox;
use super::wire::{Wire, field};
use super::{moment, numeric};
use crate::database::{Failure, FailureKind, Lent};
use crate::load::Load;

/// What every copy begins with: a mark, no flags, nothing more.
const BEGIN: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Stands where the next row would begin.
const END: [u8; 2] = (-1i16).to_be_bytes();

struct Tuples<'a> {
    columns: Vec<(Wire, &'a Column)>,
    encoding: Encoding<'a>,
    outbox: Outbox,
    /// The first value that only the server can read.
    unfit: OnceCell<String>,
}

/// Whether rows can be written in binary form: all types are known, and their values in the first block are.
/// The other blocks make theirs in the same ways.
pub(super) fn fit(load: &Load<'_>) -> Result<bool, Failure> {
    let Some(mut encoder) = Tuples::new(load, Outbox::to_nobody())? else { return Ok(false) };
    let mut stream = load.stream(&encoder);
    if encoder.unfit.get().is_none() {
        stream.block(load.blocks.start, &mut encoder);
    }
    Ok(encoder.unfit.get().is_none())
}

/// Writes the rows of a load that fits.
pub(super) fn write(load: &Load<'_>, outbox: Outbox) {
    let Ok(Some(mut encoder)) = Tuples::new(load, outbox) else { unreachable!("it was looked at before") };
    encoder.outbox.bytes.extend_from_slice(BEGIN);
    let mut stream = load.stream(&encoder);
    for block in load.blocks.clone() {
        stream.block(block, &mut encoder);
        if !encoder.outbox.is_open() {
            return;
        }
    }
    encoder.outbox.bytes.extend_from_slice(&END);
    encoder.outbox.close();
}

impl<'a> Tuples<'a> {
    /// Returns what writes rows to an outbox; none where a type is not known.
    fn new(load: &Load<'a>, outbox: Outbox) -> Result<Option<Self>, Failure> {
        let columns = load.columns()?.into_iter().map(|column| Some((Wire::of(column)?, column)));
        let Some(columns) = columns.collect::<Option<Vec<_>>>() else { return Ok(None) };
        Ok(Some(Self { columns, encoding: load.encoding(), outbox, unfit: OnceCell::new() }))
    }

    /// Appends a value that is not written down in place.
    fn encoded(&mut self, column: usize, value: &Value) {
        let (wire, declared) = self.columns[column];
        let cell = encode(value, declared, self.encoding);
        if wire.put(&mut self.outbox.bytes, Lent::of(&cell)).is_none() {
            self.refuse(column, &cell.to_string());
        }
    }

    fn refuse(&mut self, column: usize, value: &str) {
        let message = self.unfit(column, value);
        let row = self.outbox.rows() as usize + 1;
        self.outbox.fail(Failure { row: Some(row), ..Failure::new(FailureKind::Other, message) });
    }

    fn unfit(&self, column: usize, value: &str) -> String {
        let Column { name, declared, .. } = self.columns[column].1;
        self.unfit.get_or_init(|| format!("{value} is no value for `{name}`, which is {declared}")).clone()
    }
}

impl Encoder for Tuples<'_> {
    type Fixed = Arc<[u8]>;

    fn fix(&self, column: usize, value: &Value) -> Arc<[u8]> {
        let (wire, declared) = self.columns[column];
        let cell = encode(value, declared, self.encoding);
        let mut bytes = Vec::new();
        if wire.put(&mut bytes, Lent::of(&cell)).is_none() {
            self.unfit(column, &cell.to_string());
        }
        bytes.into()
    }

    fn begin(&mut self) {
        self.outbox.bytes.extend_from_slice(&(self.columns.len() as i16).to_be_bytes());
    }

    fn fixed(&mut self, _: usize, value: &Arc<[u8]>) {
        self.outbox.bytes.extend_from_slice(value);
    }

    fn integer(&mut self, column: usize, value: i64) {
        match self.columns[column].0 {
            Wire::Int8 => field(&mut self.outbox.bytes, &value.to_be_bytes()),
            _ => self.encoded(column, &Value::Integer(value)),
        }
    }

    fn decimal(&mut self, column: usize, value: Decimal) {
        let written = match self.columns[column].0 {
            Wire::Numeric => numeric::of_decimal(value),
            _ => None,
        };
        match written {
            Some((units, scale)) => numeric::put(&mut self.outbox.bytes, units, scale),
            None => self.encoded(column, &Value::Decimal(value)),
        }
    }

    fn moment(&mut self, column: usize, value: i64) {
        let out = &mut self.outbox.bytes;
        let written = match self.columns[column].0 {
            Wire::Timestamp => moment::microseconds(value).map(|moment| field(out, &moment.to_be_bytes())),
            Wire::Date => moment::day(value).map(|day| field(out, &day.to_be_bytes())),
            _ => None,
        };
        if written.is_none() {
            self.encoded(column, &Value::Time(value - self.encoding.as_of));
        }
    }

    fn text(&mut self, column: usize, value: &str) {
        match self.columns[column].0 {
            Wire::Text => field(&mut self.outbox.bytes, value.as_bytes()),
            _ => self.encoded(column, &Value::text(value)),
        }
    }

    fn end(&mut self) {
        self.outbox.end_row();
    }
}
