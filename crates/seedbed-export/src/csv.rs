//! CSV: RFC 4180 in the way of PostgreSQL's COPY: NULL is nothing, an empty text is `""`.

use crate::column::{Column, Datum, Zone, decimal, hex, integer};
use crate::days::Days;
use crate::layout::Columns;
use crate::lines::Style;

/// Writes rows as CSV.
#[derive(Clone, Debug)]
pub(crate) struct Csv;

/// Returns the line of names.
pub(crate) fn header(columns: &Columns) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            bytes.push(b',');
        }
        text(&column.name, &mut bytes);
    }
    bytes.push(b'\n');
    bytes
}

impl Style for Csv {
    fn lead(&self, place: usize, _: &Column) -> Vec<u8> {
        if place == 0 { Vec::new() } else { b",".to_vec() }
    }

    fn begin(&mut self, _: &mut Vec<u8>) {}

    fn put(&self, column: &Column, datum: Datum<'_>, days: &mut Days, bytes: &mut Vec<u8>) {
        match datum {
            Datum::Null => {}
            Datum::Yes(yes) => bytes.extend_from_slice(if yes { b"true" } else { b"false" }),
            Datum::Integer(number) => integer(number, bytes),
            Datum::Decimal(number) => decimal(number, bytes),
            Datum::Day(seconds) => bytes.extend_from_slice(days.day(seconds).as_bytes()),
            Datum::Moment(seconds) => {
                days.moment(seconds, b' ', bytes);
                if column.zone != Zone::Without {
                    bytes.extend_from_slice(b"+00");
                }
            }
            Datum::Text(value) => text(value, bytes),
            Datum::Bytes(value) => {
                bytes.extend_from_slice(b"\\x");
                hex(value, bytes);
            }
        }
    }

    fn end(&mut self, bytes: &mut Vec<u8>) {
        bytes.push(b'\n');
    }

    fn end_block(&mut self, _: &mut Vec<u8>) {}
}

/// Appends a text, in quotes where a reader would take it for something else.
fn text(text: &str, bytes: &mut Vec<u8>) {
    let special = |byte| matches!(byte, b'"' | b',' | b'\n' | b'\r');
    // A line of `\.` ends the data for some readers.
    if !text.is_empty() && text != "\\." && !text.bytes().any(special) {
        bytes.extend_from_slice(text.as_bytes());
        return;
    }
    bytes.push(b'"');
    for part in text.split_inclusive('"') {
        bytes.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            bytes.push(b'"');
        }
    }
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_it_must_be() {
        for (plain, written) in [
            ("a b", "a b"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("\"", "\"\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("\\.", "\"\\.\""),
        ] {
            let mut bytes = Vec::new();
            text(plain, &mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), written);
        }
    }
}
