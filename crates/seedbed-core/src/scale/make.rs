//! Making: how the values of further blocks come about.

use super::{Rows, Scaled};
use crate::address::Address;
use crate::value::{Decimal, Value};

/// Whose block a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The row's own.
    Own,
    /// The one that a unit of a relation leads to.
    Unit(u32),
}

/// A row of a further block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowOf {
    pub(crate) population: usize,
    pub(crate) part: u32,
    pub(crate) from: Source,
}

/// How a value is made.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    /// As in block 0.
    Same(Value),
    /// The key of a row.
    Key(RowOf),
    /// A moment near that of block 0, on the same side of everything it is compared with.
    Moment { offset: i64, class: u32, from: Source },
    /// A text of pieces.
    Text(Vec<Piece>),
    /// A number of a range: units of ten to the minus places.
    Number { lo: i64, hi: i64, places: Option<u8>, address: Address, from: Source },
    /// One of these values.
    Choice { choices: u32, address: Address, from: Source },
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Literal(String),
    /// What tells workers and blocks apart: `+w3+b17`.
    Copy(Source),
    /// The name of the row that plays this part.
    Name(RowOf),
    /// Its number, with at least so many digits.
    Number(RowOf, usize),
    Made(Made),
}

/// How far moments of a block lie before those of block 0.
///
/// Moments that are equal, or that stand in a declared distance, move together; none moves past
/// another or past a constant of a test, so every comparison has the answer it has in block 0.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) address: Address,
    /// The room of each class, in seconds.
    pub(crate) room: Vec<u64>,
}

impl Moments {
    /// Returns a moment of a block, as an offset from as-of.
    pub(crate) fn of(&self, offset: i64, class: u32, block: u64) -> i64 {
        match self.room[class as usize] {
            0 | 1 => offset,
            room => offset - self.address.number(u64::from(class)).number(block).below(room) as i64,
        }
    }
}

impl Scaled {
    /// Returns a digest of what a population's further rows hold at this as-of: of their number and of the
    /// values of the first and the last block.
    pub fn digest(&self, population: usize, as_of: i64) -> String {
        let mut hash = blake3::Hasher::new();
        let rows = &self.rows[population];
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(&format!("{as_of} {} {}", self.blocks, rows.per_block));
        for block in [1, self.blocks - 1].into_iter().filter(|block| *block > 0) {
            for (name, made) in rows.columns.iter().zip(&rows.made) {
                add(name);
                for made in made {
                    add(&self.value(made, block).to_string());
                }
            }
        }
        hash.finalize().to_hex().as_str()[..32].to_owned()
    }

    /// Returns about how many bytes a population's further rows hold: numbers and times with eight each, texts
    /// with their length in the first further block.
    pub fn bytes(&self, population: usize) -> u64 {
        if self.count(population) == 0 {
            return 0;
        }
        let size = |value: &Value| match value {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Integer(_) | Value::Decimal(_) | Value::Time(_) => 8,
            Value::Text(text) => text.len() as u64,
            // The longest of the hashes that are known.
            Value::Password(_) => 100,
        };
        let block: u64 = self.rows[population].made.iter().flatten().map(|made| size(&self.value(made, 1))).sum();
        block * (self.blocks - 1)
    }

    pub(crate) fn block_of(&self, from: Source, block: u64) -> u64 {
        match from {
            Source::Own => block,
            Source::Unit(unit) => self.units[unit as usize].to(block, self.blocks - 1),
        }
    }

    /// Returns the row and the number of what plays this part.
    fn find(&self, row: RowOf, block: u64) -> (&Rows, u32, u64) {
        let (rows, block) = (&self.rows[row.population], self.block_of(row.from, block));
        let place = rows.turn.row(row.part, rows.turn.shift(block));
        (rows, place, rows.first + (block - 1) * rows.per_block + u64::from(place))
    }

    /// Returns the value that something makes in a block.
    pub(crate) fn value(&self, made: &Made, block: u64) -> Value {
        match made {
            Made::Same(value) => value.clone(),
            Made::Key(row) => {
                let (rows, _, number) = self.find(*row, block);
                rows.space.further_key(number, &rows.key_kind)
            }
            Made::Moment { offset, class, from } => {
                Value::Time(self.moments.of(*offset, *class, self.block_of(*from, block)))
            }
            Made::Text(pieces) => {
                let mut text = String::new();
                self.write(pieces, block, &mut text);
                Value::text(text)
            }
            Made::Number { lo, hi, places, address, from } => {
                let units = address.number(self.block_of(*from, block)).between(*lo, *hi);
                places.map_or(Value::Integer(units), |places| Value::Decimal(Decimal::new(units, places)))
            }
            Made::Choice { choices, address, from } => {
                let entries = &self.choices[*choices as usize];
                entries[self.chosen(entries.len(), *address, *from, block)].clone()
            }
        }
    }

    /// Returns which of so many entries is chosen.
    pub(crate) fn chosen(&self, entries: usize, address: Address, from: Source, block: u64) -> usize {
        address.number(self.block_of(from, block)).below(entries as u64) as usize
    }

    /// Appends a text of pieces.
    pub(crate) fn write(&self, pieces: &[Piece], block: u64, text: &mut String) {
        use std::fmt::Write as _;

        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Copy(from) => {
                    if self.worker > 0 {
                        let _ = write!(text, "+w{}", self.worker);
                    }
                    let _ = write!(text, "+b{}", self.block_of(*from, block));
                }
                Piece::Name(row) => {
                    let (rows, place, _) = self.find(*row, block);
                    text.push_str(&rows.names[place as usize].0);
                }
                Piece::Number(row, width) => {
                    let (rows, place, _) = self.find(*row, block);
                    let _ = write!(text, "{:0width$}", rows.names[place as usize].1, width = *width);
                }
                Piece::Made(Made::Text(inner)) => self.write(inner, block, text),
                Piece::Made(made) => {
                    let _ = write!(text, "{}", self.value(made, block));
                }
            }
        }
    }
}
