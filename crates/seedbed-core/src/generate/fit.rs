//! Fit: what the schema says against the values that were generated.
//!
//! Every value of the dataset is looked at as the cell that it would be, so that the database is not
//! the first to refuse it. Rows of further blocks are not here.

use std::collections::BTreeMap;

use super::draw::case_of;
use super::world::World;
use crate::dataset::{Block, Row};
use crate::diagnostic::Diagnostic;
use crate::plan::Cell;
use crate::plan::desired::{Encoding, encode};
use crate::scenario::PopulationId;
use crate::schema::{Column, Table, Takes};
use crate::source::Span;
use crate::value::Value;

/// How much of a text is shown.
const SHOWN: usize = 40;

/// Returns the values that the database would refuse: a problem for each place that makes such.
///
/// `blocks` are the populations of the chain, in its order.
pub(super) fn refused(world: &World<'_>, blocks: &[Block], as_of: i64) -> Vec<Diagnostic> {
    let Some(schema) = world.schema else { return Vec::new() };
    let mut problems = Vec::new();
    for (id, block) in blocks.iter().enumerate() {
        let Some(table) = schema.tables.get(&block.table) else { continue };
        for (position, name) in block.columns.iter().enumerate() {
            if let Some(column) = table.column(name) {
                problems.extend(misfits(world, (id, block), (position, column), table, as_of));
            }
        }
    }
    problems
}

/// A value that does not fit: the row that it is of, and how many other rows have one of the same place.
struct Misfit<'a> {
    row: &'a Row,
    cell: Cell,
    others: usize,
}

fn misfits(
    world: &World<'_>,
    (id, block): (PopulationId, &Block),
    (position, column): (usize, &Column),
    table: &Table,
    as_of: i64,
) -> Vec<Diagnostic> {
    let takes = table.takes.get(&column.name);
    // A trigger may know a value where none is given.
    let takes_null = column.nullable || !table.triggers.is_empty();
    if takes.is_none() && takes_null {
        return Vec::new();
    }
    let misfit = |cell: &Cell| match cell {
        Cell::Null => !takes_null,
        cell => takes.is_some_and(|takes| !takes.takes(cell)),
    };
    let passwords = BTreeMap::new();
    let encoding = Encoding { as_of, passwords: &passwords };
    let mut found: BTreeMap<(usize, usize, usize), Misfit<'_>> = BTreeMap::new();
    for (index, row) in block.rows.iter().enumerate() {
        let overlays = row.overlays.iter().filter(|(at, ..)| *at == position).map(|(_, _, value)| value);
        // What a password is stored as is made later.
        let values = overlays.chain([&row.values[position]]).filter(|value| !matches!(value, Value::Password(_)));
        let mut cells = values.map(|value| encode(value, column, encoding));
        if let Some(cell) = cells.find(misfit) {
            let span = span(world, id, &column.name, index);
            found
                .entry((span.source, span.start, span.end))
                .and_modify(|misfit| misfit.others += 1)
                .or_insert(Misfit { row, cell, others: 0 });
        }
    }
    let problem = |((source, start, end), misfit): (_, Misfit<'_>)| {
        let others = match misfit.others {
            0 => String::new(),
            1 => " and of one more row".into(),
            others => format!(" and of {others} more rows"),
        };
        let problem = Diagnostic::new(
            "value-does-not-fit",
            format!("{} does not fit `{}` of `{}`", shown(&misfit.cell), column.name, table.name),
        )
        .at(Span { source, start, end }, format!("the value of `{}`{others}", misfit.row.name));
        match (takes, &misfit.cell) {
            (_, Cell::Null) => problem.help("the column takes no null"),
            (Some(Takes::OneOf(values)), Cell::Text(text)) => problem.suggest(text, values.iter().map(String::as_str)),
            (Some(takes), _) => {
                problem.help(format!("a column of type {} takes {}", column.declared, takes.describe()))
            }
            (None, _) => problem,
        }
    };
    found.into_iter().map(problem).collect()
}

/// Returns what a person reads of a cell.
fn shown(cell: &Cell) -> String {
    match cell.as_text() {
        Some(text) if text.chars().count() > SHOWN => {
            let start: String = text.chars().take(SHOWN).collect();
            format!("a text of {} characters, \"{start}...\",", text.chars().count())
        }
        _ => format!("`{cell}`"),
    }
}

/// Returns what says the value of a column in a row.
fn span(world: &World<'_>, id: PopulationId, name: &str, row: usize) -> Span {
    let population = &world.chain.populations[id];
    if let Some(index) = population.columns.iter().position(|column| !column.handle && column.name == name) {
        return case_of(world, id, index, row).map_or(population.columns[index].span, |(_, span)| span);
    }
    match population.links.iter().find(|link| link.column == name) {
        Some(link) => link.column_span,
        None if population.tag.as_deref() == Some(name) => population.tag_span,
        None => population.table_span,
    }
}
