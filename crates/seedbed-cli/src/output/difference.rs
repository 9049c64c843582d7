//! A plan, line by line: `  + flyers_favorite    2  insert   power>flyer_042, active>flyer_007`.

use std::fmt::Write;

use seedbed_core::plan::{Cell, FurtherPlan, Plan, Update};

use super::secrets::Secrets;
use super::{WIDTH, as_of, count, fitted, number};

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A line per table and kind.
    Brief,
    /// A line per row too.
    EveryRow,
}

struct Line {
    sign: char,
    table: String,
    word: &'static str,
    /// How many rows or files.
    count: usize,
    /// As a person knows them.
    items: Vec<String>,
}

/// Returns the lines of a plan, without the values of secrets.
pub(crate) fn lines(plan: &Plan, secrets: &Secrets<'_>, detail: Detail) -> String {
    let lines = collect(plan, secrets);
    let table_width = lines.iter().map(|line| line.table.chars().count()).max().unwrap_or(0);
    let count_width = lines.iter().map(|line| number(line.count).len()).max().unwrap_or(0);
    let mut text = String::new();
    for Line { sign, table, word, count, items } in &lines {
        let head = format!("  {sign} {table:table_width$}  {:>count_width$}  {word:<6}   ", number(*count));
        let rest = match detail {
            Detail::Brief => fitted(items, ", ", WIDTH.saturating_sub(head.chars().count())),
            Detail::EveryRow => items.iter().flat_map(|item| ["\n        ", item]).collect(),
        };
        let line = format!("{head}{rest}");
        text.push_str(line.trim_end_matches(' '));
        text.push('\n');
    }
    if let Some(clock) = plan.clock {
        let (from, to) = (as_of(clock.from), as_of(clock.to));
        let _ = writeln!(text, "  ~ the clock moves from {from} to {to}: {} times change", clock.times);
    }
    text
}

/// Returns the line about what stays as it is.
pub(crate) fn rest(plan: &Plan, others: usize) -> String {
    let rows = count(plan.rows_as_declared, "row", "rows");
    let files = count(plan.files.as_declared, "file", "files");
    let mut line = format!("  = {rows} and {files} as declared");
    if others > 0 {
        let others = count(others, "row of other people", "rows of other people");
        let _ = write!(line, "; {others}, not ours, not touched");
    }
    line + "\n"
}

fn collect(plan: &Plan, secrets: &Secrets<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add_some = |sign, table: &str, word, count, items: Vec<String>| {
        if count > 0 {
            lines.push(Line { sign, table: table.to_owned(), word, count, items });
        }
    };
    let mut add = |sign, table: &str, word, items: Vec<String>| add_some(sign, table, word, items.len(), items);
    for part in &plan.tables {
        add('+', &part.table, "insert", part.inserts.iter().map(|insert| insert.row.clone()).collect());
    }
    for part in &plan.tables {
        let changes = part.updates.iter().filter(|update| !update.clock_only);
        let changes = changes.map(|update| change(&part.table, update, secrets));
        add('~', &part.table, "change", changes.collect());
    }
    add('+', "media", "write", plan.files.write.clone());
    for part in plan.tables.iter().rev() {
        add('-', &part.table, "remove", part.deletes.iter().map(|delete| delete.label.clone()).collect());
    }
    add('-', "media", "remove", plan.files.remove.clone());
    let mut tables: Vec<&str> = plan.debris.iter().map(|left| left.table.as_str()).collect();
    tables.dedup();
    for table in tables {
        let left = plan.debris.iter().filter(|left| left.table == table).map(|left| left.label.clone());
        add('-', table, "left by tests:", left.collect());
    }
    for row in &plan.obstacles {
        let what = format!("{} holds {} of {}", row.label, row.index, row.wanted_by);
        add('!', &row.table, "in the way:", vec![what]);
    }
    add('!', "media", "in the way:", plan.files.obstacles.clone());
    for row in plan.entangled.iter().filter(|row| row.blocks) {
        add('!', &row.table, "in the way:", vec![format!("{} {}", secrets.key(&row.table, &row.key), row.label)]);
    }
    let mut further = |sign, word, of: fn(&FurtherPlan) -> u64| {
        for plan in &plan.further {
            let what = format!("further rows of {}", plan.population);
            add_some(sign, &plan.table, word, of(plan) as usize, vec![what]);
        }
    };
    further('-', "remove", |plan| plan.deletes);
    further('+', "insert", |plan| plan.inserts);
    further('~', "change", |plan| plan.updates);
    lines
}

fn change(table: &str, update: &Update, secrets: &Secrets<'_>) -> String {
    let columns: Vec<String> = update
        .changes
        .iter()
        .map(|change| match &change.column {
            column if secrets.hides(table, column) => format!("{column} differs (not shown)"),
            column => format!("{column} {} -> {}", cell(&change.before), cell(&change.after)),
        })
        .collect();
    format!("{} {}", update.row, columns.join(", "))
}

/// Returns a value as a person reads it, long texts cut.
fn cell(cell: &Cell) -> String {
    const LONGEST: usize = 32;
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) if text.chars().count() > LONGEST => {
            let cut: String = text.chars().take(LONGEST - 3).collect();
            format!("\"{}...\"", escaped(&cut))
        }
        Cell::Text(text) => format!("\"{}\"", escaped(text)),
        Cell::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// Returns a text with what a terminal would not show as itself escaped.
fn escaped(text: &str) -> String {
    // An apostrophe stands between double quotes as it is.
    text.split('\'').map(|part| part.escape_debug().to_string()).collect::<Vec<_>>().join("'")
}

/// Returns `2 to insert, 2 to change, 1 file to write, 4 to remove`, with the words given.
pub(crate) fn summary(plan: &Plan, words: [&str; 4]) -> String {
    let [insert, change, write, remove] = words;
    let mut parts = Vec::new();
    let mut add = |number: usize, text: String| {
        if number > 0 {
            parts.push(text);
        }
    };
    let (files, gone) = (plan.files.write.len(), plan.files.remove.len());
    let removed = plan.deletes() + plan.debris.len();
    add(plan.inserts(), format!("{} {insert}", plan.inserts()));
    add(plan.updates(), format!("{} {change}", plan.updates()));
    add(files, format!("{} {write}", count(files, "file", "files")));
    add(removed, format!("{removed} {remove}"));
    add(gone, format!("{} {remove}", count(gone, "file", "files")));
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}
