//! The verb `show`: the live rows that a path leads to from a persona, ours and other people's.

use std::collections::BTreeMap;

use seedbed_core::plan::{Cell, Key};
use seedbed_core::scenario::{Chain, End, Path, PopulationId, Step};
use serde::Serialize;

use crate::database::Access;
use crate::debris;
use crate::error::{Error, Exit, Result, While};
use crate::label::Labels;
use crate::live::Shapes;
use crate::personas::declared_key;
use crate::run;
use crate::session::Target;
use crate::sql::fact::{self, Expression};
use crate::verify::{Backs, Compiler};

/// The live rows that a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The row the path starts from.
    pub persona: String,
    /// The path.
    pub path: String,
    /// The table it leads to.
    pub table: String,
    /// The rows, by key; a row that the path reaches twice is there twice.
    pub rows: Vec<ShownRow>,
}

/// A live row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownRow {
    /// Its key.
    pub key: Key,
    /// Its declared name, or what a person knows it by.
    pub label: String,
    /// Whether its key is one of ours.
    pub ours: bool,
}

/// Returns the live rows that `path` (`favorites`, `following.followed`) leads to from `persona`.
pub fn show(target: &mut Target<'_>, chain: &Chain, persona: &str, path: &str) -> Result<Shown> {
    let dataset = target.dataset;
    let top = target.levels.end.saturating_sub(1);
    let (start, row) = find_row(chain, dataset, top, persona)?;
    let steps = read_path(chain, start, top, path)?;
    let mut transaction = run::begin(&mut *target.database, Access::Read, target.lock_timeout, target.notice)?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    let blocks = dataset.blocks.iter().filter(|block| schema.tables.contains_key(&block.table));
    let keys: BTreeMap<String, Vec<String>> = blocks
        .map(|block| (block.table.clone(), block.key.iter().map(|&at| block.columns[at].clone()).collect()))
        .collect();
    let shapes = Shapes::new(&schema, &keys);
    let links = debris::links(&schema, dataset);
    let table = chain.populations[steps.to].table.clone();
    let missing = || Error::new(Exit::CouldNotRun, "missing-table", format!("there is no table `{table}`"));
    let shape = shapes.get(&table).ok_or_else(missing)?;
    let key = declared_key(dataset, &schema, start, &row).ok_or_else(missing)?;

    let mut compiler = Compiler::new(chain, dataset, &schema, 0);
    compiler.backs = Backs::All;
    let (from, end) = compiler.leading(&steps, &key);
    let columns = shape.columns.iter().filter_map(|name| shape.table.column(name).cloned());
    let columns: Vec<Expression> = columns.map(|column| Expression::Column(end, column)).collect();
    let statement = fact::select_from(transaction.dialect(), &columns, &from);
    let found = transaction.query(&statement.sql, &statement.values).during(|| format!("reading `{path}`"))?;
    let mut found: Vec<(Key, Vec<Cell>)> = found.into_iter().map(|row| shape.keyed(row)).collect();
    found.sort();
    let mut labels = Labels::new(dataset, &schema, &shapes, &links);
    let mut rows = Vec::with_capacity(found.len());
    for (key, row) in found {
        let name = labels.name(&table, &key);
        let ours = name.is_some();
        let label = name.unwrap_or_else(|| labels.row(&mut *transaction, &table, &key, &row));
        rows.push(ShownRow { key, label, ours });
    }
    Ok(Shown { persona: persona.to_owned(), path: path.to_owned(), table, rows })
}

/// Finds a persona, or else a named row, of the layers up to `top`: its population and its name.
pub(crate) fn find_row(
    chain: &Chain,
    dataset: &seedbed_core::dataset::Dataset,
    top: usize,
    name: &str,
) -> Result<(PopulationId, String)> {
    let known = || chain.populations.iter().enumerate().filter(|(_, population)| population.layer <= top);
    let personas = || {
        known().flat_map(|(id, population)| {
            population.personas.iter().filter(|p| !p.absent).map(move |persona| (id, persona.name.as_str()))
        })
    };
    let rows = || {
        known()
            .filter_map(|(id, _)| Some((id, dataset.blocks.get(id)?)))
            .flat_map(|(id, block)| block.rows.iter().map(move |row| (id, row.name.as_str())))
    };
    let found = personas().chain(rows()).find(|(_, other)| *other == name);
    found.map(|(id, name)| (id, name.to_owned())).ok_or_else(|| {
        let names: Vec<&str> = personas().map(|(_, name)| name).collect();
        Error::new(Exit::Usage, "unknown-row", format!("no persona or row `{name}` is declared"))
            .help(format!("personas are: {}", names.join(", ")))
    })
}

/// Reads a path of links and ways back, as the layer `top` knows them.
fn read_path(chain: &Chain, from: PopulationId, top: usize, text: &str) -> Result<Path> {
    let span = chain.populations[from].span;
    let mut path = Path { from, steps: Vec::new(), end: End::Row, to: from, many: true, span };
    for name in text.split('.') {
        let population = &chain.populations[path.to];
        let backs = chain.backs(path.to, top);
        if let Some(link) = population.newest_link(name, top) {
            path.steps.push(Step::Link(link));
            path.to = population.links[link].to;
        } else if let Some((_, child, link)) = backs.iter().find(|(back, _, _)| *back == name) {
            path.steps.push(Step::Back(*child, *link));
            path.to = *child;
        } else {
            let mut known: Vec<&str> = population.links.iter().map(|link| link.name.as_str()).collect();
            known.extend(backs.iter().map(|(back, _, _)| *back));
            known.dedup();
            let message = format!("`{}` has no link or way back `{name}`", population.name);
            return Err(Error::new(Exit::Usage, "unknown-name", message).help(format!("it has: {}", known.join(", "))));
        }
    }
    Ok(path)
}
