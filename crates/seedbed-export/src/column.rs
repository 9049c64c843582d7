//! Columns of a file, and what a value is in one.
//!
//! The rules are those by which the ordinary path makes a cell of a value: what is written here and
//! loaded is what `seed` would have stored.

use seedbed_core::password::Hashes;
use seedbed_core::plan::civil;
use seedbed_core::schema::{self, ColumnKind};
use seedbed_core::value::{Decimal, Value};

/// A column of a file.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    /// The declared type, in lower case.
    pub(crate) declared: String,
    pub(crate) nullable: bool,
    pub(crate) zone: Zone,
    /// The database takes no value of anybody else's, unless told to.
    pub(crate) guarded: bool,
}

/// What a declared type says of time zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Nothing, as those of SQLite.
    Unsaid,
    /// It has one.
    With,
    /// It has none.
    Without,
}

/// What a value is in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    Null,
    Yes(bool),
    Integer(i64),
    Decimal(Decimal),
    /// In unix seconds.
    Moment(i64),
    /// A moment of the day, in unix seconds.
    Day(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl Column {
    pub(crate) fn of(column: &schema::Column) -> Self {
        let declared = column.declared.to_lowercase();
        let zone = if declared.contains("without time zone") {
            Zone::Without
        } else if declared.contains("with time zone") {
            Zone::With
        } else {
            Zone::Unsaid
        };
        let guarded = column.default.as_deref() == Some(schema::ALWAYS_IDENTITY);
        Self {
            name: column.name.clone(),
            kind: column.kind.clone(),
            declared,
            nullable: column.nullable,
            zone,
            guarded,
        }
    }

    /// Returns what a value is here; `space` may hold its text.
    pub(crate) fn datum<'v>(
        &self,
        value: &'v Value,
        as_of: i64,
        passwords: &'v Hashes,
        space: &'v mut String,
    ) -> Datum<'v> {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(yes) if self.kind == ColumnKind::Boolean => Datum::Yes(*yes),
            Value::Bool(yes) => self.integer(i64::from(*yes), space),
            Value::Integer(number) => self.integer(*number, space),
            Value::Decimal(number) => self.decimal(*number, space),
            Value::Time(offset) => self.moment(as_of + offset, space),
            Value::Text(text) => self.text(text, space),
            Value::Password(password) => {
                Datum::Text(passwords.get(password).expect("every password is hashed before rows are written"))
            }
        }
    }

    pub(crate) fn integer<'v>(&self, number: i64, space: &'v mut String) -> Datum<'v> {
        match self.kind {
            ColumnKind::Boolean => Datum::Yes(number != 0),
            ColumnKind::Text { .. } | ColumnKind::Json | ColumnKind::Uuid => said(number.to_string(), space),
            _ => Datum::Integer(number),
        }
    }

    pub(crate) fn decimal<'v>(&self, number: Decimal, space: &'v mut String) -> Datum<'v> {
        match self.kind {
            ColumnKind::Text { .. } | ColumnKind::Json | ColumnKind::Uuid => said(number.to_string(), space),
            _ => number.to_integer().map_or(Datum::Decimal(number), Datum::Integer),
        }
    }

    pub(crate) fn moment<'v>(&self, seconds: i64, space: &'v mut String) -> Datum<'v> {
        match self.kind {
            ColumnKind::Integer { .. } | ColumnKind::Real => Datum::Integer(seconds),
            ColumnKind::Date => Datum::Day(seconds),
            ColumnKind::Timestamp => Datum::Moment(seconds),
            _ => said(civil::timestamp(seconds), space),
        }
    }

    pub(crate) fn text<'v>(&self, text: &'v str, space: &'v mut String) -> Datum<'v> {
        match self.kind {
            ColumnKind::Uuid if self.declared.contains("32") => said(text.replace('-', ""), space),
            ColumnKind::Bytes => Datum::Bytes(text.as_bytes()),
            ColumnKind::Integer { .. } => text.parse().map_or(Datum::Text(text), Datum::Integer),
            ColumnKind::Decimal { .. } | ColumnKind::Real => match Decimal::parse(text) {
                Some(number) => number.to_integer().map_or(Datum::Decimal(number), Datum::Integer),
                None => Datum::Text(text),
            },
            _ => Datum::Text(text),
        }
    }
}

fn said(text: String, space: &mut String) -> Datum<'_> {
    *space = text;
    Datum::Text(space)
}

/// Appends a whole number.
pub(crate) fn integer(number: i64, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends an exact number: `-0.05`.
pub(crate) fn decimal(number: Decimal, bytes: &mut Vec<u8>) {
    let (units, places) = (number.units(), usize::from(number.places()));
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(units.unsigned_abs());
    if units < 0 {
        bytes.push(b'-');
    }
    let whole = digits.len().saturating_sub(places);
    bytes.extend_from_slice(if whole == 0 { b"0" } else { &digits.as_bytes()[..whole] });
    if places > 0 {
        bytes.push(b'.');
        bytes.extend(std::iter::repeat_n(b'0', places.saturating_sub(digits.len())));
        bytes.extend_from_slice(&digits.as_bytes()[whole..]);
    }
}

/// Appends bytes as hex digits.
pub(crate) fn hex(from: &[u8], bytes: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.extend(from.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(declared: &str, kind: ColumnKind) -> Column {
        let (name, default) = ("c".to_owned(), None);
        Column::of(&schema::Column { name, declared: declared.into(), kind, nullable: true, default, generated: false })
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for text in ["0", "-1", "47.3769", "-0.05", "0.000001", "12.5", "-9223372036854775808"] {
            let mut bytes = Vec::new();
            decimal(Decimal::parse(text).expect("a number"), &mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_value_is_what_the_ordinary_path_stores() {
        let (mut space, passwords) = (String::new(), Hashes::new());
        let mut is = |column: &Column, value: &Value, datum: Datum<'_>| {
            assert_eq!(column.datum(value, 1_795_305_600, &passwords, &mut space), datum, "{value:?} in {column:?}");
        };
        let text = column("text", ColumnKind::Text { limit: None });
        let integer = column("bigint", ColumnKind::Integer { bits: 64 });
        is(&text, &Value::Integer(5), Datum::Text("5"));
        is(&text, &Value::Time(0), Datum::Text("2026-11-22 00:00:00"));
        is(&integer, &Value::Bool(true), Datum::Integer(1));
        is(&integer, &Value::Time(60), Datum::Integer(1_795_305_660));
        is(&integer, &Value::text("1100000005"), Datum::Integer(1_100_000_005));
        is(&column("bool", ColumnKind::Boolean), &Value::Integer(0), Datum::Yes(false));
        is(&column("date", ColumnKind::Date), &Value::Time(-1), Datum::Day(1_795_305_599));
        is(&column("char(32)", ColumnKind::Uuid), &Value::text("5eed-01"), Datum::Text("5eed01"));
        is(&column("blob", ColumnKind::Bytes), &Value::text("ab"), Datum::Bytes(b"ab"));
        let number = Decimal::parse("1.5").expect("a number");
        is(&column("decimal", ColumnKind::Decimal { scale: None }), &Value::text("1.50"), Datum::Decimal(number));
    }
}
