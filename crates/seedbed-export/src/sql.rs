//! SQL: INSERT statements that PostgreSQL and SQLite read alike.
//!
//! Statements end with their block, so that parts put together are the whole. The transaction around
//! all tables stands in files of its own, the first and the last by name.

use crate::column::{Column, Datum, Zone, decimal, hex, integer};
use crate::days::Days;
use crate::layout::Columns;
use crate::lines::Style;
use crate::manifest::Part;

/// At most so many rows are inserted by a statement.
const ROWS: usize = 500;

/// Writes rows as INSERT statements.
#[derive(Clone, Debug)]
pub(crate) struct Insert {
    /// What stands before the rows of a statement.
    head: Vec<u8>,
    /// How many rows the open statement has.
    rows: usize,
}

impl Insert {
    pub(crate) fn new(table: &str, columns: &Columns) -> Self {
        let mut head = b"INSERT INTO ".to_vec();
        quoted(table, b'"', &mut head);
        for (place, column) in columns.iter().enumerate() {
            head.extend_from_slice(if place == 0 { b" (" } else { b", " });
            quoted(&column.name, b'"', &mut head);
        }
        // Only PostgreSQL has such columns, and only there these words are known.
        let guarded = columns.iter().any(|column| column.guarded);
        head.extend_from_slice(if guarded { b") OVERRIDING SYSTEM VALUE VALUES\n" } else { b") VALUES\n" });
        Self { head, rows: 0 }
    }

    fn end_statement(&mut self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(b";\n");
        self.rows = 0;
    }
}

impl Style for Insert {
    fn lead(&self, place: usize, _: &Column) -> Vec<u8> {
        if place == 0 { b"(".to_vec() } else { b",".to_vec() }
    }

    fn begin(&mut self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(if self.rows == 0 { &self.head } else { b",\n" });
        self.rows += 1;
    }

    fn put(&self, column: &Column, datum: Datum<'_>, days: &mut Days, bytes: &mut Vec<u8>) {
        match datum {
            Datum::Null => bytes.extend_from_slice(b"NULL"),
            Datum::Yes(yes) => bytes.extend_from_slice(if yes { b"TRUE" } else { b"FALSE" }),
            Datum::Integer(number) => integer(number, bytes),
            Datum::Decimal(number) => decimal(number, bytes),
            Datum::Day(seconds) => {
                bytes.push(b'\'');
                bytes.extend_from_slice(days.day(seconds).as_bytes());
                bytes.push(b'\'');
            }
            Datum::Moment(seconds) => {
                bytes.push(b'\'');
                days.moment(seconds, b' ', bytes);
                // SQLite's own form of a moment has no zone; it is in UTC.
                bytes.extend_from_slice(if column.zone == Zone::With { b"+00'" } else { b"'" });
            }
            Datum::Text(value) => quoted(value, b'\'', bytes),
            Datum::Bytes(value) => {
                bytes.extend_from_slice(if column.declared == "bytea" { b"'\\x" } else { b"X'" });
                hex(value, bytes);
                bytes.push(b'\'');
            }
        }
    }

    fn end(&mut self, bytes: &mut Vec<u8>) {
        bytes.push(b')');
        if self.rows == ROWS {
            self.end_statement(bytes);
        }
    }

    fn end_block(&mut self, bytes: &mut Vec<u8>) {
        if self.rows > 0 {
            self.end_statement(bytes);
        }
    }
}

/// Returns the files around those of the tables: the first part begins the transaction, the last one ends it.
pub(crate) fn frames(tables: usize, part: Option<Part>) -> Vec<(String, &'static str)> {
    let width = digits(tables);
    let begin = (format!("{:0width$}_begin.sql", 0), "BEGIN;\n");
    let commit = (format!("{}_commit.sql", "9".repeat(width)), "COMMIT;\n");
    let first = part.is_none_or(|part| part.number == 1);
    let last = part.is_none_or(|part| part.number == part.of);
    [first.then_some(begin), last.then_some(commit)].into_iter().flatten().collect()
}

/// Returns how many digits the numbers of so many tables have, so that all nines stand behind them.
pub(crate) fn digits(tables: usize) -> usize {
    (tables + 1).to_string().len().max(2)
}

/// Appends a text between these marks.
fn quoted(text: &str, mark: u8, bytes: &mut Vec<u8>) {
    bytes.push(mark);
    for part in text.as_bytes().split_inclusive(|byte| *byte == mark) {
        bytes.extend_from_slice(part);
        if part.ends_with(&[mark]) {
            bytes.push(mark);
        }
    }
    bytes.push(mark);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transaction_stands_around_all_tables_by_name() {
        for tables in [1, 9, 98, 99, 100, 998, 999] {
            let width = digits(tables);
            let frames = frames(tables, None);
            assert!(frames[0].0 < format!("{:0width$}_a.sql", 1));
            assert!(format!("{tables:0width$}_z.sql") < frames[1].0, "{tables}");
        }
        assert_eq!(frames(3, Some(Part { number: 2, of: 3 })), []);
    }

    #[test]
    fn quotes_are_doubled() {
        let mut bytes = Vec::new();
        quoted("it's '", b'\'', &mut bytes);
        assert_eq!(String::from_utf8(bytes).unwrap(), "'it''s '''");
    }
}
