//! Lines: rows as text, in any style of it.
//!
//! Values that rows share are prepared once. Where a population has its columns in another order than
//! its file, or lacks some, a row is gathered before it is written.

use std::sync::Arc;

use seedbed_core::password::Hashes;
use seedbed_core::scale::Encoder;
use seedbed_core::value::{Decimal, Value};

use crate::column::{Column, Datum};
use crate::days::{self, Days};
use crate::layout::Layout;
use crate::make::Sheet;

/// How a text file writes its rows.
pub(crate) trait Style {
    /// Returns what stands before the value of the column at a place of the file.
    fn lead(&self, place: usize, column: &Column) -> Vec<u8>;

    /// Writes what stands before a row.
    fn begin(&mut self, bytes: &mut Vec<u8>);

    /// Writes a value.
    fn put(&self, column: &Column, datum: Datum<'_>, days: &mut Days, bytes: &mut Vec<u8>);

    /// Writes what stands behind a row.
    fn end(&mut self, bytes: &mut Vec<u8>);

    /// Writes what stands behind the rows of a block.
    fn end_block(&mut self, bytes: &mut Vec<u8>);
}

/// Writes rows of a population as text.
pub(crate) struct Lines<'a, S> {
    style: S,
    layout: &'a Layout,
    /// What stands before each value, by place in the file.
    leads: Vec<Vec<u8>>,
    as_of: i64,
    passwords: &'a Hashes,
    days: Days,
    space: String,
    bytes: Vec<u8>,
    gathered: Option<Gathered>,
}

/// A row whose values come in another order than they are written in.
struct Gathered {
    values: Vec<u8>,
    /// Where the value of each place stands in `values`.
    spans: Vec<(usize, usize)>,
    /// What is written where the population has no column, by place.
    fills: Vec<Option<Vec<u8>>>,
}

impl<'a, S: Style> Lines<'a, S> {
    pub(crate) fn new(style: S, layout: &'a Layout, as_of: i64, passwords: &'a Hashes) -> Self {
        let columns = &layout.columns;
        let leads = columns.iter().enumerate().map(|(place, column)| style.lead(place, column)).collect();
        let (days, space, bytes) = (Days::new(days::ROOM), String::new(), Vec::new());
        let mut lines = Self { style, layout, leads, as_of, passwords, days, space, bytes, gathered: None };
        if !layout.is_straight() {
            let mut fills = vec![None; columns.len()];
            for (place, value) in &layout.fills {
                fills[*place] = Some(lines.prepared(*place, value));
            }
            lines.gathered = Some(Gathered { values: Vec::new(), spans: vec![(0, 0); columns.len()], fills });
        }
        lines
    }

    /// Returns the value at a place of the file, with what stands before it.
    fn prepared(&self, place: usize, value: &Value) -> Vec<u8> {
        let (column, mut space) = (&self.layout.columns[place], String::new());
        let mut bytes = self.leads[place].clone();
        let datum = column.datum(value, self.as_of, self.passwords, &mut space);
        self.style.put(column, datum, &mut Days::new(1), &mut bytes);
        bytes
    }

    #[inline]
    fn put(&mut self, column: usize, datum: Datum<'_>) {
        let Self { style, layout, leads, days, bytes, gathered, .. } = self;
        let place = layout.places[column];
        let bytes = gathered.as_mut().map_or(bytes, |gathered| &mut gathered.values);
        let from = bytes.len();
        match leads[place][..] {
            [lead] => bytes.push(lead),
            ref lead => bytes.extend_from_slice(lead),
        }
        style.put(&layout.columns[place], datum, days, bytes);
        let to = bytes.len();
        if let Some(gathered) = gathered {
            gathered.spans[place] = (from, to);
        }
    }

    /// Writes what a column makes of a value, with room for a text.
    #[inline]
    fn made(&mut self, column: usize, datum: impl for<'v> FnOnce(&Column, &'v mut String) -> Datum<'v>) {
        let mut space = std::mem::take(&mut self.space);
        let datum = datum(&self.layout.columns[self.layout.places[column]], &mut space);
        self.put(column, datum);
        self.space = space;
    }
}

impl<S: Style> Encoder for Lines<'_, S> {
    type Fixed = Arc<[u8]>;

    fn fix(&self, column: usize, value: &Value) -> Self::Fixed {
        self.prepared(self.layout.places[column], value).into()
    }

    #[inline]
    fn begin(&mut self) {
        self.style.begin(&mut self.bytes);
    }

    #[inline]
    fn fixed(&mut self, column: usize, value: &Self::Fixed) {
        match &mut self.gathered {
            None => self.bytes.extend_from_slice(value),
            Some(Gathered { values, spans, .. }) => {
                let from = values.len();
                values.extend_from_slice(value);
                spans[self.layout.places[column]] = (from, values.len());
            }
        }
    }

    #[inline]
    fn integer(&mut self, column: usize, value: i64) {
        self.made(column, |column, space| column.integer(value, space));
    }

    #[inline]
    fn decimal(&mut self, column: usize, value: Decimal) {
        self.made(column, |column, space| column.decimal(value, space));
    }

    #[inline]
    fn moment(&mut self, column: usize, value: i64) {
        self.made(column, |column, space| column.moment(value, space));
    }

    #[inline]
    fn text(&mut self, column: usize, value: &str) {
        let mut space = std::mem::take(&mut self.space);
        let datum = self.layout.columns[self.layout.places[column]].text(value, &mut space);
        self.put(column, datum);
        self.space = space;
    }

    #[inline]
    fn end(&mut self) {
        if let Some(Gathered { values, spans, fills }) = &mut self.gathered {
            for ((from, to), fill) in spans.iter().zip(fills) {
                self.bytes.extend_from_slice(fill.as_deref().unwrap_or(&values[*from..*to]));
            }
            values.clear();
        }
        self.style.end(&mut self.bytes);
    }
}

impl<S: Style> Sheet for Lines<'_, S> {
    type Chunk = Vec<u8>;

    fn chunk(&self, like: usize) -> Vec<u8> {
        Vec::with_capacity(like + like / 8)
    }

    fn size(chunk: &Vec<u8>) -> usize {
        chunk.len()
    }

    fn swap(&mut self, chunk: &mut Vec<u8>) {
        std::mem::swap(&mut self.bytes, chunk);
    }

    fn end_block(&mut self) {
        self.style.end_block(&mut self.bytes);
    }
}
