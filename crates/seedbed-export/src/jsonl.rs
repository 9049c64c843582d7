//! JSON Lines: an object per row; numbers are numbers, moments are RFC 3339.

use seedbed_core::schema::ColumnKind;
use serde::de::IgnoredAny;

use crate::column::{Column, Datum, Zone, decimal, hex, integer};
use crate::days::Days;
use crate::lines::Style;

/// Writes rows as objects.
#[derive(Clone, Debug)]
pub(crate) struct Jsonl;

impl Style for Jsonl {
    fn lead(&self, place: usize, column: &Column) -> Vec<u8> {
        let mut bytes = vec![if place == 0 { b'{' } else { b',' }];
        text(&column.name, &mut bytes);
        bytes.push(b':');
        bytes
    }

    fn begin(&mut self, _: &mut Vec<u8>) {}

    fn put(&self, column: &Column, datum: Datum<'_>, days: &mut Days, bytes: &mut Vec<u8>) {
        match datum {
            Datum::Null => bytes.extend_from_slice(b"null"),
            Datum::Yes(yes) => bytes.extend_from_slice(if yes { b"true" } else { b"false" }),
            Datum::Integer(number) => integer(number, bytes),
            Datum::Decimal(number) => decimal(number, bytes),
            Datum::Day(seconds) => {
                bytes.push(b'"');
                bytes.extend_from_slice(days.day(seconds).as_bytes());
                bytes.push(b'"');
            }
            Datum::Moment(seconds) => {
                bytes.push(b'"');
                days.moment(seconds, b'T', bytes);
                bytes.extend_from_slice(if column.zone == Zone::Without { b"\"" } else { b"Z\"" });
            }
            Datum::Text(value) if column.kind == ColumnKind::Json && is_document(value) => {
                // A line break in a document stands between its words, never in one.
                bytes.extend(value.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
            }
            Datum::Text(value) => text(value, bytes),
            Datum::Bytes(value) => {
                bytes.extend_from_slice(b"\"\\\\x");
                hex(value, bytes);
                bytes.push(b'"');
            }
        }
    }

    fn end(&mut self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(b"}\n");
    }

    fn end_block(&mut self, _: &mut Vec<u8>) {}
}

fn is_document(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, text).expect("a text is JSON");
}
