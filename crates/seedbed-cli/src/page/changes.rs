//! What has changed: the plan, row by row, with what a value was and what it should be.
//!
//! A value that may be a secret is not shown.

use maud::{Markup, html};
use seedbed::project::Work;
use seedbed_core::plan::{Cell, Key, Plan};

use super::View;
use crate::output::secrets::Secrets;
use crate::output::{as_of, count, headline};

/// So many rows of a kind and a table are listed.
const LISTED: usize = 40;
/// A longer text is cut.
const LONGEST: usize = 60;

/// What happens to the rows of a table, in one way.
struct Kind<'a> {
    sign: &'static str,
    word: &'static str,
    table: &'a str,
    rows: Vec<Line<'a>>,
}

/// A row or file that a plan speaks of.
struct Line<'a> {
    label: &'a str,
    key: Option<String>,
    more: Markup,
}

pub(super) fn section(view: &View<'_>) -> Markup {
    let plan = view.plan();
    let rest = rest(view);
    html! {
        @if view.live.is_some() || !plan.is_empty() {
            section #changes aria-labelledby="changes-title" {
                h2 #changes-title { "What has changed" }
                @if plan.is_empty() {
                    p.calm { strong { "Nothing." }
                        @if let Some(state) = view.in_state() { " Compared with the state " code { (state.name) } "." }
                        @if view.live.is_some() { " Leave this open while a test runs." } }
                } @else {
                    (table(plan, view.work))
                }
                p.quiet { (rest) }
            }
        }
    }
}

/// Returns what a plan says, a block per table and kind.
pub(super) fn table(plan: &Plan, work: &Work) -> Markup {
    let kinds = kinds(plan, work);
    html! {
        ul.changes {
            @for kind in &kinds {
                li {
                    details open[kind.rows.len() <= 6] {
                        summary {
                            span.sign aria-hidden="true" { (kind.sign) } " "
                            span.number { (kind.rows.len()) } " " (kind.word) " " code { (kind.table) }
                        }
                        ul { @for line in kind.rows.iter().take(LISTED) { (row(line)) }
                            @if kind.rows.len() > LISTED { li.quiet { "and " (kind.rows.len() - LISTED) " more" } } }
                    }
                }
            }
            @if let Some(clock) = plan.clock {
                li { span.sign aria-hidden="true" { "~" } " the clock moves from " (as_of(clock.from)) " to " (as_of(clock.to)) ": "
                    (count(clock.times, "time changes", "times change")) }
            }
        }
    }
}

fn row(line: &Line<'_>) -> Markup {
    html! {
        li {
            span.label { (line.label) }
            @if let Some(key) = &line.key { " " code.key { (key) } }
            (line.more)
        }
    }
}

fn kinds<'a>(plan: &'a Plan, work: &Work) -> Vec<Kind<'a>> {
    let secrets = Secrets::of(work);
    let mut kinds = Vec::new();
    let mut add = |sign, word, table, rows: Vec<Line<'a>>| {
        if !rows.is_empty() {
            kinds.push(Kind { sign, word, table, rows });
        }
    };
    let key = |(table, key): (&String, &Key)| secrets.key(table, key);
    let line = |label, of: Option<(&String, &Key)>, more| Line { label, key: of.map(key), more };
    for part in &plan.tables {
        let rows = part.inserts.iter().map(|insert| line(&*insert.row, Some((&part.table, &insert.key)), html! {}));
        add("+", "to insert into", &*part.table, rows.collect());
    }
    for part in &plan.tables {
        let own = part.updates.iter().filter(|update| !update.clock_only);
        let rows = own.map(|update| {
            let more = html! {
                dl { @for change in &update.changes {
                    dt { (change.column) }
                    dd {
                        @if secrets.hides(&part.table, &change.column) { span.quiet { "differs; it is not shown" } }
                        @else { del { (text(&change.before)) } " \u{2192} " ins { (text(&change.after)) } }
                    }
                } }
            };
            line(&update.row, Some((&part.table, &update.key)), more)
        });
        add("~", "to change in", &part.table, rows.collect());
    }
    let files = |paths: &'a [String]| paths.iter().map(|path| line(path, None, html! {})).collect::<Vec<_>>();
    add("+", "to write among", "media", files(&plan.files.write));
    for part in plan.tables.iter().rev() {
        let rows = part.deletes.iter().map(|delete| line(&delete.label, Some((&part.table, &delete.key)), html! {}));
        add("\u{2212}", "to remove from", &part.table, rows.collect());
    }
    add("\u{2212}", "to remove from", "media", files(&plan.files.remove));
    let mut tables: Vec<&str> = plan.debris.iter().map(|left| left.table.as_str()).collect();
    tables.dedup();
    for table in tables {
        let left = plan.debris.iter().filter(|left| left.table == table);
        let rows =
            left.map(|left| line(&left.label, Some((&left.table, &left.key)), html! { span.quiet { " " (left.why) } }));
        add("\u{2212}", "left by tests in", table, rows.collect());
    }
    for row in &plan.obstacles {
        let more = html! { span.quiet { " holds " (row.index) " of " (row.wanted_by) } };
        add("!", "in the way in", &row.table, vec![line(&row.label, Some((&row.table, &row.key)), more)]);
    }
    add("!", "in the way among", "media", files(&plan.files.obstacles));
    for row in plan.entangled.iter().filter(|row| row.blocks) {
        let more = html! { span.quiet { " hangs on " (row.on) } };
        add("!", "in the way in", &row.table, vec![line(&row.label, Some((&row.table, &row.key)), more)]);
    }
    kinds
}

fn rest(view: &View<'_>) -> String {
    let plan = view.plan();
    let rows = count(plan.rows_as_declared, "row", "rows");
    let files = count(plan.files.as_declared, "file", "files");
    let others = headline::others(view.work, &view.reading.verified.receipt);
    match others {
        0 => format!("{rows} and {files} as declared"),
        others => {
            let others = count(others, "row of other people", "rows of other people");
            format!("{rows} and {files} as declared; {others}, not ours, not touched")
        }
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.chars().count() > LONGEST => {
            let cut: String = text.chars().take(LONGEST - 3).collect();
            format!("\"{cut}...\"")
        }
        Cell::Text(text) => format!("\"{text}\""),
        cell => cell.to_string(),
    }
}
