//! Whether further blocks fit a schema: room for keys, unique values, the lengths of texts.

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::generate::world::World;
use crate::scale::{Made, Piece, Reach, Scaled, Source};
use crate::scenario::PopulationId;
use crate::schema::{ColumnKind, Table};
use crate::value::Value;

/// Returns the blocks where they fit the schema.
pub(super) fn fit(world: &World<'_>, dataset: &Dataset, scaled: Scaled) -> Result<Scaled, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    for (id, rows) in scaled.rows.iter().enumerate().filter(|(_, rows)| rows.per_block > 0 && scaled.blocks > 1) {
        let population = &world.chain.populations[id];
        let count = scaled.count(id);
        let highest = rows.names.iter().map(|(_, number)| *number).max().unwrap_or(0);
        let room = world.spaces[id].further(highest, &rows.key_kind).room;
        if scaled.keys(id).is_some() && count > room {
            let most = room / rows.per_block + 1;
            problems.push(
                Diagnostic::new("no-room-for-keys", format!("`{}` has no room for {count} more rows", rows.population))
                    .at(population.span, format!("its keys have room for a scale of {most}"))
                    .help(format!("take a scale of {most} at most, or widen its key column to 64 bits")),
            );
        }
        if scaled.run(id, scaled.further()).is_none() {
            let message =
                format!("`{}` can't grow: nothing would tell its further rows from those of others", rows.population);
            problems.push(
                Diagnostic::new("does-not-grow", message)
                    .at(population.span, "its keys are declared, and it refers to no row of its own block")
                    .help("mark it as `fixed`, or let Seedbed make its keys"),
            );
        }
        let Some(table) = world.schema.and_then(|schema| schema.tables.get(&rows.table)) else { continue };
        problems
            .extend(not_unique(&scaled, id, table).map(|problem| problem.at(population.span, "in its further blocks")));
        problems
            .extend(too_long(&scaled, dataset, id, table).map(|problem| problem.at(population.span, "declared here")));
    }
    if problems.is_empty() { Ok(scaled) } else { Err(problems) }
}

/// A unique key all of whose columns may hold the same in two blocks.
fn not_unique(scaled: &Scaled, id: PopulationId, table: &Table) -> Option<Diagnostic> {
    let rows = &scaled.rows[id];
    let place = |name: &String| rows.columns.iter().position(|column| column == name);
    let differs = |name: &String| {
        place(name).is_some_and(|place| rows.made[place].iter().all(|made| tells_blocks_apart(scaled, made)))
    };
    let uniques = table.uniques.iter().map(|unique| &unique.columns).chain([&table.primary_key]);
    let mut uniques = uniques.filter(|columns| !columns.is_empty() && columns.iter().any(|name| place(name).is_some()));
    let columns = uniques.find(|columns| {
        // What is null is never the same.
        let null = |name: &String| {
            place(name).is_some_and(|place| {
                rows.made[place]
                    .iter()
                    .all(|made| matches!(made, Made::Same(Value::Null)) || tells_blocks_apart(scaled, made))
            })
        };
        !columns.iter().any(|name| differs(name) || null(name))
    })?;
    Some(
        Diagnostic::new(
            "no-copy",
            format!("`{}` of `{}` is unique, and the same in every block", columns.join("`, `"), rows.table),
        )
        .help("put {copy} or {key} into it, or mark the population as `fixed`"),
    )
}

/// Whether something never has the same value in two blocks.
fn tells_blocks_apart(scaled: &Scaled, made: &Made) -> bool {
    match made {
        Made::Key(row) => match row.from {
            Source::Own => true,
            Source::Unit(unit) => matches!(scaled.units[unit as usize], Reach::Even { .. }),
        },
        Made::Text(pieces) => pieces.iter().any(|piece| match piece {
            Piece::Copy(Source::Own) => true,
            Piece::Made(made) => matches!(made, Made::Key(_)) && tells_blocks_apart(scaled, made),
            _ => false,
        }),
        _ => false,
    }
}

/// A text that gets longer than its column as the numbers of the blocks grow.
fn too_long(scaled: &Scaled, dataset: &Dataset, id: PopulationId, table: &Table) -> Option<Diagnostic> {
    let rows = &scaled.rows[id];
    let last = scaled.blocks - 1;
    for (place, name) in rows.columns.iter().enumerate() {
        let Some(ColumnKind::Text { limit: Some(limit) }) = table.column(name).map(|column| &column.kind) else {
            continue;
        };
        let texts = rows.made[place].iter().filter(|made| matches!(made, Made::Text(_)));
        let long =
            texts.map(|made| scaled.value(made, last).to_string()).find(|text| text.chars().count() > *limit as usize);
        if let Some(text) = long {
            let fits = dataset.blocks[id]
                .rows
                .iter()
                .all(|row| row.values[place].to_string().chars().count() <= *limit as usize);
            let why = if fits { "in the last block" } else { "in block 0 already" };
            let message = format!("`{name}` of `{}` gets longer than {limit} characters {why}: {text:?}", rows.table);
            return Some(Diagnostic::new("text-too-long", message).help("make the text around {copy} shorter"));
        }
    }
    None
}
