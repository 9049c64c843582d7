//! Assembling: from a decided world to a dataset.

use std::collections::BTreeMap;

use super::draw::case_of;
use super::evaluate::{Evaluator, RowRef};
use super::expect::expected;
use super::fit::refused;
use super::judge::{Finding, judge, witnesses};
use super::world::World;
use super::{Generated, Parameters, Search};
use crate::dataset::{Block, Claim, Dataset, File, Picture, Reference, Row, ScenarioName, State};
use crate::diagnostic::Diagnostic;
use crate::scenario::{Chain, PopulationId};
use crate::schema::{Column, ColumnKind};
use crate::value::Value;

/// Returns the dataset of a world in which everything is decided.
pub(super) fn assemble(search: &Search<'_>, parameters: Parameters) -> Result<Generated, Vec<Diagnostic>> {
    let (world, chain) = (&search.world, search.chain);
    let problems: Vec<Diagnostic> = (0..chain.populations.len())
        .flat_map(|id| too_many(world, id).into_iter().chain(same_key(world, id)).chain(no_value(world, id)))
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let blocks: Vec<Block> = (0..chain.populations.len()).map(|id| block(world, id)).collect();
    let problems = refused(world, &blocks, parameters.as_of);
    if !problems.is_empty() {
        return Err(problems);
    }
    let findings: Vec<Finding> = (0..chain.ensures.len()).flat_map(|index| judge(world, index)).collect();
    let dataset = Dataset {
        scenarios: chain
            .layers
            .iter()
            .map(|layer| ScenarioName {
                name: layer.name.clone(),
                layer: layer.number,
                requires: layer.requires.clone(),
                about: layer.about.clone(),
            })
            .collect(),
        seed: parameters.seed,
        worker: parameters.worker,
        as_of: parameters.as_of,
        holds_for: chain.holds_for,
        blocks,
        files: files(world),
        claims: claims(chain),
        states: states(world),
        expected: expected(world),
        witnesses: witnesses(world, &findings),
    };
    let groups = world.members.iter().map(|members| members.clone().unwrap_or_default()).collect();
    let (went_back, steps, exact) = (search.went_back, search.steps, search.exact);
    Ok(Generated { dataset, findings, groups, went_back, steps, exact })
}

/// Keys that would leave their range.
fn too_many(world: &World<'_>, id: PopulationId) -> Option<Diagnostic> {
    let (population, space) = (&world.chain.populations[id], &world.spaces[id]);
    let table = world.schema?.tables.get(&population.table)?;
    let given = |name: &String| {
        population.links.iter().any(|link| link.column == *name)
            || population.columns.iter().any(|column| !column.handle && column.name == *name)
    };
    let made = table.primary_key.iter().filter(|name| !given(name)).filter_map(|name| table.column(name));
    let narrow = |key: &&Column| matches!(key.kind, ColumnKind::Integer { bits } if bits < 64);
    let key = made.filter(narrow).find(|_| !space.is_short());
    key.map(|key| {
        Diagnostic::new(
            "no-room-for-keys",
            format!("`{}` may have more rows than there are keys in `{}`", population.name, key.name),
        )
        .at(population.span, format!("the numbers of its rows go up to {}", space.capacity))
        .help("lower what its groups say it `has`, or widen the key column to 64 bits")
    })
}

/// Rows for which nothing says what a column holds, where the database would have said something.
fn no_value(world: &World<'_>, id: PopulationId) -> Option<Diagnostic> {
    let population = &world.chain.populations[id];
    let table = world.schema?.tables.get(&population.table)?;
    let stored = population.columns.iter().enumerate().filter(|(_, column)| !column.handle);
    let told = stored.filter_map(|(index, declared)| Some((index, declared, table.column(&declared.name)?)));
    let mut asked = told.filter(|(_, _, column)| !column.nullable || column.default.is_some());
    asked.find_map(|(index, declared, column)| {
        let (_, named) =
            world.rows(id).iter().enumerate().find(|(row, _)| case_of(world, id, index, *row).is_none())?;
        let message = format!("nothing says what `{}` of `{}` in `{}` is", column.name, named.name, population.name);
        let span = declared.cases.first().map_or(declared.span, |case| case.span);
        let instead = column.default.as_ref().map_or_else(String::new, |default| format!("; the default is {default}"));
        Some(
            Diagnostic::new("missing-value", message)
                .at(span, "this is for other rows alone")
                .help(format!("add it to `columns`, for the rows that nothing else is said of{instead}")),
        )
    })
}

/// Rows whose declared keys are the same, or missing.
fn same_key(world: &World<'_>, id: PopulationId) -> Option<Diagnostic> {
    let population = &world.chain.populations[id];
    let table = world.schema?.tables.get(&population.table)?;
    let own = population.columns.iter().find(|column| !column.handle && table.primary_key.contains(&column.name))?;
    let mut rows: BTreeMap<Vec<Value>, &str> = BTreeMap::new();
    let span = own.cases.first().map_or(own.span, |case| case.span);
    for (row, named) in world.rows(id).iter().enumerate() {
        let key = world.key(id, row);
        if key.contains(&Value::Null) {
            let message = format!("`{}` of `{}` would have no key", named.name, population.name);
            return Some(Diagnostic::new("no-key", message).at(span, "a key is never null"));
        }
        if let Some(other) = rows.insert(key, &named.name) {
            let message = format!("`{other}` and `{}` of `{}` would have the same key", named.name, population.name);
            return Some(
                Diagnostic::new("duplicate-key", message)
                    .at(span, format!("the key is `{}`", table.primary_key.join("`, `")))
                    .help("let something in it differ: {row}, {number}, or `position_in` a link"),
            );
        }
    }
    None
}

fn block(world: &World<'_>, id: PopulationId) -> Block {
    let population = &world.chain.populations[id];
    let table = world.schema.and_then(|schema| schema.tables.get(&population.table));
    let key_names: Vec<String> = table.map_or_else(|| vec!["id".into()], |table| table.primary_key.clone());
    let base_links: Vec<usize> =
        (0..population.links.len()).filter(|l| population.links[*l].overlays.is_none()).collect();
    let mut columns: Vec<String> = key_names.clone();
    let mut place = |name: &str| {
        columns.iter().position(|column| column == name).unwrap_or_else(|| {
            columns.push(name.to_owned());
            columns.len() - 1
        })
    };
    let link_places: Vec<usize> = base_links.iter().map(|link| place(&population.links[*link].column)).collect();
    let stored: Vec<usize> = (0..population.columns.len()).filter(|c| !population.columns[*c].handle).collect();
    let column_places: Vec<usize> = stored.iter().map(|column| place(&population.columns[*column].name)).collect();
    let tag = population.tag.as_ref().map(|tag| place(tag));
    let references = base_links
        .iter()
        .zip(&link_places)
        .map(|(link, place)| {
            let link = &population.links[*link];
            Reference {
                name: link.name.clone(),
                columns: vec![*place],
                to: world.chain.populations[link.to].table.clone(),
                owner: link.owner,
                when: link.when.as_ref().map(|when| {
                    let name = &population.columns[when.column].name;
                    let place = columns.iter().position(|column| column == name).expect("every column has a place");
                    (place, when.value.clone())
                }),
            }
        })
        .collect();
    let referred = |link: usize, row: usize| {
        let to = world.sets[id].links[link].as_ref().and_then(|links| links[row]);
        to.map_or(Value::Null, |to| world.key(population.links[link].to, to as usize).swap_remove(0))
    };
    let rows = (0..world.rows(id).len())
        .map(|row| {
            let mut values = vec![Value::Null; columns.len()];
            for (place, value) in world.key(id, row).into_iter().enumerate() {
                values[place] = value;
            }
            for (link, place) in base_links.iter().zip(&link_places) {
                // Of links that a type column chooses between, one has the row's key.
                let value = referred(*link, row);
                if value != Value::Null || population.links[*link].when.is_none() {
                    values[*place] = value;
                }
            }
            for (column, place) in stored.iter().zip(&column_places) {
                values[*place] =
                    world.sets[id].columns[*column].as_ref().expect("every column is decided")[row].clone();
            }
            if let Some(tag) = tag {
                values[tag] = Value::Bool(true);
            }
            let overlays = population.links.iter().enumerate().filter_map(|(index, link)| {
                let base = root_link(population, link.overlays?);
                let place = link_places[base_links.iter().position(|l| *l == base)?];
                Some((place, link.layer, referred(index, row)))
            });
            Row { name: world.rows(id)[row].name.to_string(), overlays: overlays.collect(), values }
        })
        .collect();
    Block {
        scenario: population.layer,
        population: population.name.clone(),
        table: population.table.clone(),
        key: (0..key_names.len()).collect(),
        tag,
        references,
        rows,
        columns,
    }
}

/// The link that overlays started from.
fn root_link(population: &crate::scenario::Population, mut link: usize) -> usize {
    while let Some(below) = population.links[link].overlays {
        link = below;
    }
    link
}

fn files(world: &World<'_>) -> Vec<File> {
    let mut files: Vec<File> = world
        .pictures
        .iter()
        .map(|drawn| {
            let hash = world.rows(drawn.population)[drawn.row].hash;
            File {
                scenario: world.chain.populations[drawn.population].layer,
                path: drawn.path.clone(),
                picture: Picture {
                    kind: drawn.image.kind,
                    width: drawn.image.width,
                    height: drawn.image.height,
                    caption: drawn.caption.clone(),
                    tint: world.address(drawn.population).text("tint").number(hash).bits(),
                },
            }
        })
        .collect();
    files.sort_by(|a, b| (a.scenario, &a.path).cmp(&(b.scenario, &b.path)));
    files.dedup_by(|a, b| a.path == b.path);
    files
}

fn claims(chain: &Chain) -> Vec<Claim> {
    chain
        .claims
        .iter()
        .map(|claim| Claim {
            scenario: claim.layer,
            table: chain.populations[claim.population].table.clone(),
            column: claim.column.clone(),
            pattern: claim.pattern.clone(),
        })
        .collect()
}

fn states(world: &World<'_>) -> Vec<State> {
    let evaluator = Evaluator::new(world, None);
    let rows_of = |population: PopulationId| {
        (0..world.rows(population).len()).map(move |row| RowRef { population, row, pair: None })
    };
    world
        .chain
        .states
        .iter()
        .map(|rule| {
            let without = match &rule.without {
                None => {
                    let own = (0..world.chain.populations.len())
                        .filter(|id| world.chain.populations[*id].layer <= rule.layer);
                    own.flat_map(rows_of).map(|at| (at.population, at.row)).collect()
                }
                Some(parts) => parts
                    .iter()
                    .flat_map(|(population, condition)| rows_of(*population).map(move |at| (at, condition)))
                    .filter(|(at, condition)| evaluator.holds(*at, condition) == Some(true))
                    .map(|(at, _)| (at.population, at.row))
                    .collect(),
            };
            State { scenario: rule.layer, name: rule.name.clone(), without }
        })
        .collect()
}
