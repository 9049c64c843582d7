//! Cells: what a database holds in a column, and the one place that decides when two are the same.
//!
//! A database may hand back `47`, `47.0` or `1` for what was declared as a decimal, a float or a
//! yes. `canonical` maps all forms of a value in a column of some kind to one cell, so that
//! everything behind it compares by plain equality.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::schema::ColumnKind;
use crate::value::Decimal;

/// The key of a row: a cell per key column.
pub type Key = Vec<Cell>;

/// A raw value of a database.
#[derive(Clone, Debug)]
pub enum Cell {
    /// NULL.
    Null,
    /// A whole number; yes is 1, no is 0.
    Integer(i64),
    /// A float, compared by its total order.
    Real(f64),
    /// A text.
    Text(Arc<str>),
    /// Bytes.
    Blob(Arc<[u8]>),
}

impl Cell {
    /// Returns a text cell.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// Returns the text of a text cell.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number of an integer cell.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the form under which all equal values of a column of this kind compare equal.
    #[must_use]
    pub fn canonical(self, kind: &ColumnKind) -> Self {
        match (kind, self) {
            (ColumnKind::Text { .. } | ColumnKind::Json | ColumnKind::Bytes | ColumnKind::Uuid, cell) => cell,
            // An exact number of an engine comes as its digits.
            (ColumnKind::Decimal { .. }, Self::Text(text)) => match (Decimal::parse(&text), text.parse()) {
                (Some(number), _) => number.to_integer().map_or_else(|| Self::Real(number.to_f64()), Self::Integer),
                (None, Ok(number)) => Self::Real(number).canonical(kind),
                (None, Err(_)) => Self::Text(text),
            },
            (_, Self::Real(x)) if x.fract() == 0.0 && x.abs() <= MAX_EXACT => Self::Integer(x as i64),
            (_, cell) => cell,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Integer(_) => 1,
            Self::Real(_) => 2,
            Self::Text(_) => 3,
            Self::Blob(_) => 4,
        }
    }
}

/// Up to here every whole number is a float of its own.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Real(a), Self::Real(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Blob(a), Self::Blob(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl fmt::Display for Cell {
    /// Writes the cell as a person reads it in a plan: `null`, `17`, `"a text"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Real(x) => write!(f, "{x}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Blob(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Integer(n) => serializer.serialize_i64(*n),
            Self::Real(x) => serializer.serialize_f64(*x),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Blob(bytes) => serializer.collect_seq(bytes.iter()),
        }
    }
}

/// Returns a key as a person reads it: `17`, or `1 2` for a key of two columns.
pub fn key_text(key: &[Cell]) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) => text.to_string(),
            cell => cell.to_string(),
        })
        .collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_float_is_the_integer_in_a_number_column_and_not_in_a_text_column() {
        let decimal = ColumnKind::Decimal { scale: None };
        assert_eq!(Cell::Real(47.0).canonical(&decimal), Cell::Integer(47));
        assert_eq!(Cell::Real(47.5).canonical(&decimal), Cell::Real(47.5));
        assert_eq!(Cell::Real(-0.0).canonical(&ColumnKind::Real), Cell::Integer(0));
        assert_eq!(Cell::Real(47.0).canonical(&ColumnKind::Text { limit: None }), Cell::Real(47.0));
        assert_ne!(Cell::text("47"), Cell::Integer(47));
        for (text, cell) in [
            ("47.000000", Cell::Integer(47)),
            ("47.376900", Cell::Real(47.3769)),
            ("1152921504606846976", Cell::Integer(1 << 60)),
            ("0.1234567890123456789012", Cell::Real(0.123_456_789_012_345_68)),
            ("no number", Cell::text("no number")),
        ] {
            assert_eq!(Cell::text(text).canonical(&decimal), cell);
        }
    }
}
