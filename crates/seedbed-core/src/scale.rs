//! Scale: the same scenario many times over.
//!
//! A scaled dataset has blocks. Block 0 is the dataset of [`crate::dataset`], byte for byte. Every
//! further block plays it again with other values: its rows have the same parts, so its quotas,
//! degrees and facts hold without being solved again, and each of its values costs a few operations.
//! Nothing of it is kept in memory but the parts; any range of blocks can be made anywhere.

mod make;
mod reach;
mod stream;
mod turn;

use std::fmt;
use std::ops::Range;

use crate::keys::KeySpace;
use crate::schema::ColumnKind;
use crate::value::{Decimal, Value};

pub use stream::Stream;

pub(crate) use make::{Made, Moments, Piece, RowOf, Source};
pub(crate) use reach::Reach;
pub(crate) use turn::Turn;

/// The largest number of blocks.
pub const MOST_BLOCKS: u64 = 99_999_999;

/// How large a dataset is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Block 0 only.
    #[default]
    One,
    /// So many blocks.
    Blocks(u64),
    /// At least so many rows of each of these populations, in whole blocks.
    Rows(Vec<(String, u64)>),
}

impl Scale {
    /// Reads `1000`, or `users=100000,flyers=500000`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.replace('_', "").parse::<u64>().ok().filter(|number| *number > 0);
        if let Some(blocks) = number(text) {
            return Some(if blocks == 1 { Self::One } else { Self::Blocks(blocks) });
        }
        let part = |part: &str| {
            let (population, rows) = part.split_once('=')?;
            Some((population.trim().to_owned(), number(rows.trim())?))
        };
        text.split(',').map(part).collect::<Option<_>>().map(Self::Rows)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("1"),
            Self::Blocks(blocks) => write!(f, "{blocks}"),
            Self::Rows(parts) => {
                let parts: Vec<String> = parts.iter().map(|(name, rows)| format!("{name}={rows}")).collect();
                f.write_str(&parts.join(","))
            }
        }
    }
}

/// The further blocks of a dataset.
#[derive(Clone, Debug)]
pub struct Scaled {
    /// How many blocks there are, block 0 among them.
    pub blocks: u64,
    /// As-of, in seconds since 1970-01-01 00:00 UTC.
    pub as_of: i64,
    /// The rows of each population, in the order of the dataset's blocks.
    pub rows: Vec<Rows>,
    pub(crate) worker: u8,
    pub(crate) moments: Moments,
    pub(crate) units: Vec<Reach>,
    /// Values that rows choose from.
    pub(crate) choices: Vec<Vec<Value>>,
}

/// Values of a column that rows of further blocks have, and no others: from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Position of the column.
    pub column: usize,
    /// The first value.
    pub first: Value,
    /// The last value.
    pub last: Value,
}

/// The rows of a population in the further blocks.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Index of the scenario that declares the population.
    pub scenario: usize,
    /// Name of the population.
    pub population: String,
    /// The table.
    pub table: String,
    /// Columns that are written, in the order of the dataset's.
    pub columns: Vec<String>,
    /// Position of the key in `columns`, where it is one column and rises from row to row.
    pub key: Option<usize>,
    /// How many rows a block has; 0 for a population that does not grow.
    pub per_block: u64,
    pub(crate) space: KeySpace,
    pub(crate) key_kind: ColumnKind,
    /// The number of the first row of block 1.
    pub(crate) first: u64,
    pub(crate) turn: Turn,
    /// Name and number by row, as block 0 has them.
    pub(crate) names: Vec<(String, u64)>,
    /// How each column is made, by part.
    pub(crate) made: Vec<Vec<Made>>,
}

impl Scaled {
    /// Returns the further blocks: 1 to the last.
    pub fn further(&self) -> Range<u64> {
        1..self.blocks
    }

    /// Returns how many rows of a population stand in further blocks.
    pub fn count(&self, population: usize) -> u64 {
        self.rows[population].per_block * (self.blocks - 1)
    }

    /// Returns where the rows of a population in these further blocks stand: a column and the first and the
    /// last of its values, which nobody else's rows of the table have.
    ///
    /// It is the key, or, where keys follow from other columns, the row of the same block that each row
    /// refers to. None where there are no rows, or nothing of the kind.
    pub fn run(&self, population: usize, blocks: Range<u64>) -> Option<Run> {
        let rows = &self.rows[population];
        if rows.per_block == 0 || blocks.is_empty() {
            return None;
        }
        let own = |place: &usize| {
            let mut to = rows.made[*place].iter().map(|made| match made {
                Made::Key(row) if row.from == Source::Own => Some(row.population),
                _ => None,
            });
            let first = to.next()??;
            to.all(|to| to == Some(first)).then_some((*place, first))
        };
        let (place, to) = rows.key.iter().find_map(own).or_else(|| (0..rows.columns.len()).find_map(|at| own(&at)))?;
        let to = &self.rows[to];
        let key = |number| to.space.further_key(number, &to.key_kind);
        let (first, end) = ((blocks.start - 1) * to.per_block, (blocks.end - 1) * to.per_block);
        Some(Run { column: place, first: key(to.first + first), last: key(to.first + end - 1) })
    }

    /// Returns the first and the last key that Seedbed made up for a population's rows in further blocks;
    /// none where it has no rows there or where its keys follow from other columns.
    pub fn keys(&self, population: usize) -> Option<(Value, Value)> {
        let (rows, count) = (&self.rows[population], self.count(population));
        let made_up = rows.key.is_some_and(|key| {
            rows.made[key].iter().all(|made| matches!(made, Made::Key(row) if row.population == population))
        });
        let key = |number| rows.space.further_key(number, &rows.key_kind);
        (made_up && count > 0).then(|| (key(rows.first), key(rows.first + count - 1)))
    }

    /// Returns a stream that writes the rows of a population with this encoder.
    pub fn stream<E: Encoder>(&self, population: usize, encoder: &E) -> Stream<'_, E> {
        Stream::new(self, population, encoder)
    }

    /// Returns these blocks at another as-of: times only are others.
    #[must_use]
    pub fn at(&self, as_of: i64) -> Self {
        Self { as_of, ..self.clone() }
    }

    /// Returns a part of the further blocks: part `part` of `parts`, counted from 1.
    ///
    /// The parts in their order are all the blocks, and no two of them share one.
    pub fn part(&self, part: u64, parts: u64) -> Range<u64> {
        let further = u128::from(self.blocks - 1);
        let edge = |part: u64| 1 + (further * u128::from(part) / u128::from(parts)) as u64;
        edge(part - 1)..edge(part)
    }
}

/// What writes rows down: bytes for a database, lines of a file, bound values.
///
/// A row is `begin`, one call per column in their order, `end`.
pub trait Encoder {
    /// A value that many rows share, as it is written.
    type Fixed: Clone;

    /// Prepares a value that many rows share; never a time.
    fn fix(&self, column: usize, value: &Value) -> Self::Fixed;

    /// Begins a row.
    fn begin(&mut self);

    /// Writes a prepared value.
    fn fixed(&mut self, column: usize, value: &Self::Fixed);

    /// Writes a whole number, or a key.
    fn integer(&mut self, column: usize, value: i64);

    /// Writes an exact number.
    fn decimal(&mut self, column: usize, value: Decimal);

    /// Writes a moment, in seconds since 1970-01-01 00:00 UTC.
    fn moment(&mut self, column: usize, value: i64);

    /// Writes a text.
    fn text(&mut self, column: usize, value: &str);

    /// Ends a row.
    fn end(&mut self);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_number_of_blocks_or_numbers_of_rows() {
        assert_eq!(Scale::parse("1"), Some(Scale::One));
        assert_eq!(Scale::parse("20_000"), Some(Scale::Blocks(20_000)));
        let rows = Scale::Rows(vec![("users".into(), 100_000), ("flyers".into(), 5)]);
        assert_eq!(Scale::parse("users=100_000, flyers=5"), Some(rows.clone()));
        assert_eq!(rows.to_string(), "users=100000,flyers=5");
        for wrong in ["", "0", "-1", "users", "users=", "users=0", "users=1,,", "1.5"] {
            assert_eq!(Scale::parse(wrong), None, "{wrong}");
        }
    }
}
