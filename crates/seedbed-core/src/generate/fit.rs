//! Fit: what the schema says against the values that were generated.
//!
//! Every value of the dataset is looked at as the cell that it would be, so that the database is not
//! the first to refuse it. Rows of further blocks are not here.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::case_of;
use super::world::World;
use crate::dataset::{Block, Row, is_reserved};
use crate::diagnostic::Diagnostic;
use crate::plan::Cell;
use crate::plan::desired::{Encoding, encode, in_force_value};
use crate::scenario::{ClaimRule, PopulationId};
use crate::schema::{Column, Table, Takes};
use crate::source::Span;
use crate::value::Value;

/// How much of a text is shown.
const SHOWN: usize = 40;

/// Returns the values that the database would refuse: a problem for each place that makes such, and for
/// each index in which two rows would stand at one place.
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
    for table in schema.tables.values() {
        let of_table: Vec<(PopulationId, &Block)> =
            blocks.iter().enumerate().filter(|(_, block)| block.table == table.name).collect();
        if !of_table.is_empty() {
            let key = (table.primary_key.as_slice(), "key");
            let uniques = table.uniques.iter().filter(|unique| !unique.partial);
            let uniques = uniques.map(|unique| (unique.columns.as_slice(), "unique value"));
            let asked = uniques.chain([key]).filter(|(columns, _)| !columns.is_empty());
            problems.extend(asked.filter_map(|(columns, what)| twice(world, &of_table, table, (columns, what), as_of)));
        }
    }
    problems.extend(world.chain.claims.iter().filter_map(|claim| idle(world, claim)));
    problems
}

/// Returns the problem of a claim that takes no row: nothing but a key that counts on, or a text that no
/// real person has, tells a row of a test from one that was there before.
fn idle(world: &World<'_>, claim: &ClaimRule) -> Option<Diagnostic> {
    let table = world.schema?.tables.get(&world.chain.populations[claim.population].table)?;
    let counts_on = table.autoincrement && table.primary_key.len() == 1;
    if counts_on || claim.pattern.is_empty() || is_reserved(&claim.pattern) {
        return None;
    }
    let problem =
        Diagnostic::new("matches-nobody", format!("rows of `{}` are never taken for those of tests", table.name))
            .at(claim.span, "a real person may have such a text, and the keys of the table do not tell who came later");
    Some(problem.help("end it in a domain that nobody has: .test, .example or .invalid"))
}

/// Returns two rows of a table that would have the same values in columns that no two rows share.
///
/// Links are as they are while every scenario of the chain is seeded.
fn twice(
    world: &World<'_>,
    blocks: &[(PopulationId, &Block)],
    table: &Table,
    (names, what): (&[String], &str),
    as_of: i64,
) -> Option<Diagnostic> {
    let passwords = BTreeMap::new();
    let encoding = Encoding { as_of, passwords: &passwords };
    let in_force: BTreeSet<usize> = (0..world.chain.layers.len()).collect();
    let columns: Vec<&Column> = names.iter().map(|name| table.column(name)).collect::<Option<_>>()?;
    let mut rows: BTreeMap<Vec<Cell>, (PopulationId, usize)> = BTreeMap::new();
    for (id, block) in blocks {
        let place = |name: &String| block.columns.iter().position(|column| column == name);
        // What a population does not declare, the database makes.
        let Some(places) = names.iter().map(place).collect::<Option<Vec<usize>>>() else { continue };
        for (index, row) in block.rows.iter().enumerate() {
            let values: Vec<&Value> = places.iter().map(|place| in_force_value(row, *place, &in_force)).collect();
            if values.iter().any(|value| matches!(value, Value::Null | Value::Password(_))) {
                continue;
            }
            let cells = values.into_iter().zip(&columns).map(|(value, column)| encode(value, column, encoding));
            let cells: Vec<Cell> = cells.collect();
            if let Some(first) = rows.insert(cells.clone(), (*id, index)) {
                return Some(same_value(world, table, (names, what), first, (*id, index), &cells));
            }
        }
    }
    None
}

fn same_value(
    world: &World<'_>,
    table: &Table,
    (names, what): (&[String], &str),
    first: (PopulationId, usize),
    second: (PopulationId, usize),
    cells: &[Cell],
) -> Diagnostic {
    let populations = &world.chain.populations;
    let row = |(id, row): (PopulationId, usize)| format!("`{}`", world.rows(id)[row].name);
    let of = |(id, _): (PopulationId, usize)| format!(" of `{}`", populations[id].name);
    let place = |(id, row): (PopulationId, usize)| {
        // A column with values of its own is what can be changed; a link is what is left.
        let own = |name: &&String| populations[id].columns.iter().any(|column| column.name == **name);
        span(world, id, names.iter().find(own).unwrap_or(&names[0]), row)
    };
    let of_first = if first.0 == second.0 { String::new() } else { of(first) };
    let (one, other) = (format!("{}{of_first}", row(first)), format!("{}{}", row(second), of(second)));
    let value = cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let problem = Diagnostic::new("duplicate-value", format!("{one} and {other} would have the same {what}: {value}"))
        .at(place(second), format!("no two rows of `{}` share `{}`", table.name, names.join("`, `")));
    let problem = if place(first) == place(second) { problem } else { problem.also(place(first), "made here too") };
    problem.help("let something in it differ: {row}, {number}, or `position_in` a link")
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
