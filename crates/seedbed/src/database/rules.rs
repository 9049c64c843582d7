//! Rules: what a database says of the values of its tables, over any adapter. Read for `init`.

use std::collections::BTreeMap;

use seedbed_core::schema::{Check, Rules, Schema};

use super::row::Row;
use super::{Database, Failure};
use crate::sql::rules as sql;
use crate::sql::{Dialect, Sql};

/// Returns what the catalogue says of the values of each table.
pub(crate) fn rules(database: &mut dyn Database, schema: &Schema) -> Result<BTreeMap<String, Rules>, Failure> {
    let mut rules: BTreeMap<String, Rules> =
        schema.tables.keys().map(|table| (table.clone(), Rules::default())).collect();
    match database.dialect() {
        Dialect::Sqlite => of_sqlite(database, &mut rules)?,
        Dialect::Postgres => of_postgres(database, &mut rules)?,
    }
    Ok(rules)
}

fn rows(database: &mut dyn Database, sql: &Sql) -> Result<Vec<Row>, Failure> {
    let rows = database.query(sql, &[])?;
    Ok(rows.into_iter().map(|row| Row::of("the catalogue", row)).collect())
}

fn of_postgres(database: &mut dyn Database, rules: &mut BTreeMap<String, Rules>) -> Result<(), Failure> {
    for mut row in rows(database, &sql::select_checks())? {
        let Some(table) = rules.get_mut(&row.text()?) else { continue };
        let (name, is_check) = (row.text()?, row.flag()?);
        let check = Check { name, expression: row.text()?, column: None };
        if is_check { table.checks.push(check) } else { table.others.push(check) }
    }
    for mut row in rows(database, &sql::select_domain_checks())? {
        let Some(table) = rules.get_mut(&row.text()?) else { continue };
        let (column, name) = (Some(row.text()?), row.text()?);
        table.checks.push(Check { name, expression: row.text()?, column });
    }
    for mut row in rows(database, &sql::select_enums())? {
        let Some(table) = rules.get_mut(&row.text()?) else { continue };
        let column = row.text()?;
        table.enums.entry(column).or_default().push(row.text()?);
    }
    for mut row in rows(database, &sql::select_unique_definitions())? {
        let Some(table) = rules.get_mut(&row.text()?) else { continue };
        let name = row.text()?;
        table.unique_indexes.insert(name, row.text()?);
    }
    Ok(())
}

fn of_sqlite(database: &mut dyn Database, rules: &mut BTreeMap<String, Rules>) -> Result<(), Failure> {
    for mut row in rows(database, &sql::select_ddl())? {
        let Some(table) = rules.get_mut(&row.text()?) else { continue };
        let ddl = row.text()?;
        let check = |expression: String| Check { name: String::new(), expression, column: None };
        table.checks.extend(checks(&ddl).into_iter().map(check));
    }
    for mut row in rows(database, &sql::select_indexes())? {
        let Some(table) = rules.get_mut(&row.text()?) else { continue };
        let name = row.text()?;
        table.unique_indexes.insert(name, row.text()?);
    }
    Ok(())
}

/// Returns what stands in the parentheses behind every CHECK of a table's DDL.
fn checks(ddl: &str) -> Vec<String> {
    let (mut found, mut word, mut at) = (Vec::new(), String::new(), 0);
    while let Some(letter) = ddl[at..].chars().next() {
        let length = skipped(&ddl[at..]);
        if letter == '(' && word.eq_ignore_ascii_case("check") {
            let inside = inside(&ddl[at..]);
            found.push(inside.trim().to_owned());
            at += inside.len();
        } else if length == letter.len_utf8() && (letter.is_alphanumeric() || letter == '_') {
            if at == 0 || !ddl[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                word.clear();
            }
            word.push(letter);
        } else if !letter.is_whitespace() {
            word.clear();
        }
        at += length;
    }
    found
}

/// Returns how many bytes a letter, or the text, quoted name or comment that begins there, takes.
fn skipped(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let to = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    match text.as_bytes()[0] {
        b'\'' => to(1, "'"),
        b'"' => to(1, "\""),
        b'`' => to(1, "`"),
        b'[' => to(1, "]"),
        b'-' if text.starts_with("--") => to(2, "\n"),
        b'/' if text.starts_with("/*") => to(2, "*/"),
        _ => first,
    }
}

/// Returns what stands between a parenthesis and the one that closes it.
fn inside(text: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match text.as_bytes()[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[1..at];
        }
        at += skipped(&text[at..]);
    }
    text.get(1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_outside_of_texts_names_and_comments() {
        let ddl = "CREATE TABLE t (a int CHECK (a IN (1, 2)), \"check (x)\" text DEFAULT 'check (y)', -- check (z)\n\
                   /* CHECK (w) */ b text, CONSTRAINT c check\n( b <> ')' AND length(b) < 9 ), recheck (5))";
        assert_eq!(checks(ddl), ["a IN (1, 2)", "b <> ')' AND length(b) < 9"]);
        for text in ["CHECK", "CHECK (", "CHECK ((a)", "'", "ä (", ""] {
            let _ = checks(text);
        }
    }
}
