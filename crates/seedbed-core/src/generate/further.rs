//! Further blocks: how every value of block 0 is made in the others.
//!
//! Each row of block 0 is a part that a row of every further block plays. What decided it (groups,
//! links, quotas, whatever a fact reads) is the same there; keys, names and texts say which block it
//! is; what no fact reads is drawn again. Relations lead into other blocks as far as the facts allow.

mod fit;
mod moments;
mod named;
#[cfg(test)]
mod tests;
mod watched;

use std::collections::BTreeMap;

use super::draw::allowed_entries;
use super::evaluate::{Evaluator, Known, RowRef};
use super::world::World;
use crate::address::Address;
use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::scale::{Made, Piece, Reach, RowOf, Rows as Further, Scale, Scaled, Source, Turn};
use crate::scenario::{Chain, End, Generator, Path, PopulationId, Rows, Segment, Step};
use crate::schema::{ColumnKind, Table};
use crate::value::Value;
use moments::Classes;
use named::named;
use watched::{Mode, Watched, is_relation};

/// Returns the further blocks of a decided world.
///
/// Errors say which columns could not be unique, where keys have no room, or which text gets too long.
pub(super) fn further(world: &World<'_>, dataset: &Dataset, scale: &Scale) -> Result<Scaled, Vec<Diagnostic>> {
    let blocks = blocks(world, scale).map_err(|problem| vec![*problem])?;
    let mut watched = Watched::of(world.chain);
    let problems = skew_and_degrees(world.chain, &watched);
    if !problems.is_empty() {
        return Err(problems);
    }
    loop {
        match Maker::new(world, dataset, &watched, blocks).all() {
            Err(relation) => watched.keep(relation),
            Ok(scaled) => return fit::fit(world, dataset, scaled),
        }
    }
}

/// Returns how many blocks a scale asks for.
fn blocks(world: &World<'_>, scale: &Scale) -> Result<u64, Box<Diagnostic>> {
    let blocks = match scale {
        Scale::One => 1,
        Scale::Blocks(blocks) => *blocks,
        Scale::Rows(parts) => {
            let mut blocks = 1;
            for (name, rows) in parts {
                let Some(id) = world.chain.population(name) else {
                    let names: Vec<&str> = world.chain.populations.iter().map(|p| p.name.as_str()).collect();
                    return Err(Box::new(
                        Diagnostic::new("no-population", format!("there is no population `{name}` to scale"))
                            .help(format!("there are: {}", names.join(", "))),
                    ));
                };
                let per_block = if grows(world.chain, id) { world.rows(id).len() as u64 } else { 0 };
                if per_block == 0 {
                    return Err(Box::new(
                        Diagnostic::new("does-not-grow", format!("`{name}` does not grow with the scale"))
                            .at(world.chain.populations[id].span, "declared here")
                            .help("name a population that does, or give a number of blocks"),
                    ));
                }
                blocks = blocks.max(rows.div_ceil(per_block));
            }
            blocks
        }
    };
    if blocks > crate::scale::MOST_BLOCKS {
        let most = crate::scale::MOST_BLOCKS;
        return Err(Box::new(Diagnostic::new("too-many-blocks", format!("{blocks} blocks are more than {most}"))));
    }
    Ok(blocks)
}

/// Whether a population has rows in further blocks.
fn grows(chain: &Chain, id: PopulationId) -> bool {
    let population = &chain.populations[id];
    !population.fixed
        && match population.rows {
            Rows::Named(_) => true,
            Rows::OnePer(link) | Rows::Children(link) => grows(chain, population.links[link].to),
            Rows::Pairs { .. } => population.links.iter().any(|link| grows(chain, link.to)),
        }
}

/// Facts about how many edges lead to a row, where a skew says otherwise.
fn skew_and_degrees(chain: &Chain, watched: &Watched<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (id, population) in chain.populations.iter().enumerate() {
        let Some((_, span)) = population.skew else { continue };
        let problem = |text: String| Diagnostic::new("skew-and-facts", text).at(span, "skewed here");
        let groups = chain.partitions.iter().flat_map(|partition| &partition.groups);
        if let Some(has) = groups.flat_map(|group| &group.has).find(|has| has.child == id && has.link == 1) {
            problems.push(
                problem(format!("`{}` can't be skewed: how many lead to a row is declared", population.name))
                    .at(has.span, "and here it is said how many lead to each row")
                    .help("leave `skew` out, or the `has` of the way back"),
            );
        } else if let Some(path) = watched.counted(id) {
            problems.push(
                problem(format!("`{}` can't be skewed: a fact follows it backwards", population.name))
                    .at(path.span, "this fact would not hold in every block")
                    .help("leave `skew` out, or state the fact from the side that acts"),
            );
        } else if watched.mode(id) != Mode::Edges {
            problems.push(
                problem(format!("`{}` can't be skewed: a fact compares the rows it leads to", population.name))
                    .help("leave `skew` out"),
            );
        }
    }
    problems
}

/// A relation that has to stay in its own block.
type Kept<T> = Result<T, PopulationId>;

struct Maker<'w, 'a> {
    world: &'w World<'a>,
    chain: &'a Chain,
    dataset: &'w Dataset,
    watched: &'w Watched<'a>,
    blocks: u64,
    grows: Vec<bool>,
    classes: Classes,
    /// Units by relation and edge, or by the population and the row that edges leave from.
    unit_of: BTreeMap<(PopulationId, u32), u32>,
    units: Vec<Reach>,
    choices: Vec<Vec<Value>>,
    choice_of: BTreeMap<(PopulationId, usize, usize, usize, Vec<bool>), u32>,
}

impl<'w, 'a> Maker<'w, 'a> {
    fn new(world: &'w World<'a>, dataset: &'w Dataset, watched: &'w Watched<'a>, blocks: u64) -> Self {
        let chain = world.chain;
        Self {
            world,
            chain,
            dataset,
            watched,
            blocks,
            // Of one block there is nothing to be made.
            grows: (0..chain.populations.len()).map(|id| blocks > 1 && grows(chain, id)).collect(),
            classes: Classes::of(world),
            unit_of: BTreeMap::new(),
            units: Vec::new(),
            choices: Vec::new(),
            choice_of: BTreeMap::new(),
        }
    }

    fn all(mut self) -> Kept<Scaled> {
        let rows = (0..self.chain.populations.len()).map(|id| self.rows(id)).collect::<Kept<Vec<Further>>>()?;
        Ok(Scaled {
            blocks: self.blocks,
            as_of: self.dataset.as_of,
            worker: self.world.worker,
            moments: self.classes.moments,
            units: self.units,
            choices: self.choices,
            rows,
        })
    }

    fn table(&self, id: PopulationId) -> Option<&'w Table> {
        self.world.schema.and_then(|schema| schema.tables.get(&self.chain.populations[id].table))
    }

    fn rows(&mut self, id: PopulationId) -> Kept<Further> {
        let (world, population) = (self.world, &self.chain.populations[id]);
        let block = &self.dataset.blocks[id];
        let count = world.rows(id).len();
        let made = if self.grows[id] {
            (0..block.columns.len())
                .map(|place| (0..count).map(|row| self.cell(id, place, row)).collect::<Kept<Vec<Made>>>())
                .collect::<Kept<_>>()?
        } else {
            vec![Vec::new(); block.columns.len()]
        };
        let names: Vec<(String, u64)> = world.rows(id).iter().map(|row| (row.name.to_string(), row.number)).collect();
        let key_kind = self.made_up_key(id).unwrap_or(ColumnKind::Integer { bits: 64 });
        let highest = names.iter().map(|(_, number)| *number).max().unwrap_or(0);
        let key = match block.key[..] {
            [place] => made[place].first().is_none_or(|made| matches!(made, Made::Key(_))).then_some(place),
            _ => None,
        };
        Ok(Further {
            scenario: population.layer,
            population: population.name.clone(),
            table: population.table.clone(),
            columns: block.columns.clone(),
            key,
            per_block: if self.grows[id] { count as u64 } else { 0 },
            space: world.spaces[id],
            first: world.spaces[id].further(highest, &key_kind).first,
            key_kind,
            turn: self.turn(id),
            names,
            made,
        })
    }

    /// Returns the kind of the key column that Seedbed makes up.
    fn made_up_key(&self, id: PopulationId) -> Option<ColumnKind> {
        let population = &self.chain.populations[id];
        let Some(table) = self.table(id) else { return Some(ColumnKind::Integer { bits: 64 }) };
        let given = |name: &String| {
            population.links.iter().any(|link| link.column == *name)
                || population.columns.iter().any(|column| !column.handle && column.name == *name)
        };
        let name = table.primary_key.iter().find(|name| !given(name))?;
        table.column(name).map(|column| column.kind.clone())
    }

    /// Which rows swap their parts: those that nothing names, of a population that stands on its own. What
    /// there is one of per row swaps along.
    fn turn(&self, id: PopulationId) -> Turn {
        let (world, population) = (self.world, &self.chain.populations[id]);
        let count = world.rows(id).len();
        match population.rows {
            Rows::OnePer(link) if world.rows(population.links[link].to).len() == count => {
                self.turn(population.links[link].to)
            }
            Rows::Named(_) if self.grows[id] && population.links.iter().all(|link| link.to != id) => {
                let named = named(self.chain, id);
                let free = (0..count as u32).filter(|row| !named.contains(&(*row as usize)));
                Turn::new(count, free.collect(), world.address(id))
            }
            _ => Turn::new(count, Vec::new(), world.address(id)),
        }
    }

    /// Returns how a column of a row is made.
    fn cell(&mut self, id: PopulationId, place: usize, row: usize) -> Kept<Made> {
        let (chain, block) = (self.chain, &self.dataset.blocks[id]);
        let (population, name) = (&chain.populations[id], &block.columns[place]);
        let here = RowOf { population: id, part: row as u32, from: Source::Own };
        if let Some(column) = population.columns.iter().position(|column| !column.handle && column.name == *name) {
            return self.value(here, column);
        }
        for (link, declared) in population.links.iter().enumerate() {
            // The newest link of each name counts; of those a type column chooses between, the one that leads somewhere.
            let newest = population.newest_link(&declared.name, chain.layers.len()) == Some(link);
            if declared.column != *name || !newest {
                continue;
            }
            if let Some(to) = self.follow(here, link)? {
                return self.key(to, 0);
            }
        }
        if block.key.contains(&place) && population.links.iter().all(|link| link.column != *name) {
            return Ok(Made::Key(here));
        }
        Ok(Made::Same(block.rows[row].values[place].clone()))
    }

    /// Returns how a key column of a row is made.
    fn key(&mut self, at: RowOf, part: usize) -> Kept<Made> {
        let (id, row) = (at.population, at.part as usize);
        if !self.grows[id] {
            return Ok(Made::Same(self.world.key(id, row).swap_remove(part)));
        }
        let place = self.dataset.blocks[id].key[part];
        let made = self.cell(id, place, row)?;
        self.seen_from(made, at.from)
    }

    /// Returns how the value of a declared column of a row is made.
    fn value(&mut self, at: RowOf, column: usize) -> Kept<Made> {
        let (world, id, row) = (self.world, at.population, at.part as usize);
        let value = world.sets[id].columns[column].as_ref().map_or(Value::Null, |values| values[row].clone());
        if !self.grows[id] {
            return Ok(Made::Same(value));
        }
        let Some(generator) = world.made_by[id][column].get(row).copied().flatten() else {
            return Ok(Made::Same(value));
        };
        let own = RowOf { from: Source::Own, ..at };
        let made = match generator {
            Generator::Copy(path) => self.at(own, path)?,
            _ if matches!(value, Value::Time(_)) => self.moment(&value),
            Generator::Template(template) => Made::Text(
                template.0.iter().map(|segment| self.piece(own, segment)).collect::<Kept<Vec<Vec<Piece>>>>()?.concat(),
            ),
            Generator::Integer(lo, hi) if self.is_free(id, &[column]) => self.number(own, column, (*lo, *hi), None),
            Generator::Decimal(lo, hi, places) if self.is_free(id, &[column]) => {
                self.number(own, column, (*lo, *hi), Some(*places))
            }
            Generator::Pick { .. } => self.choice(own, column, column, 0).unwrap_or(Made::Same(value)),
            Generator::Filled(handle, field) => self.choice(own, column, *handle, *field).unwrap_or(Made::Same(value)),
            _ => Made::Same(value),
        };
        self.seen_from(made, at.from)
    }

    fn moment(&self, value: &Value) -> Made {
        let Value::Time(offset) = *value else { return Made::Same(value.clone()) };
        Made::Moment { offset, class: self.classes.class(offset), from: Source::Own }
    }

    fn number(&self, at: RowOf, column: usize, (lo, hi): (i64, i64), places: Option<u8>) -> Made {
        Made::Number { lo, hi, places, address: self.address(at, column), from: Source::Own }
    }

    /// Returns the address of a value, to which the block is added.
    fn address(&self, at: RowOf, column: usize) -> Address {
        let name = &self.chain.populations[at.population].columns[column].name;
        let hash = self.world.rows(at.population)[at.part as usize].hash;
        self.world.address(at.population).text(name).number(hash).text("block")
    }

    /// Returns the choice between the entries that a row may pick, where no fact asks which it is.
    fn choice(&mut self, at: RowOf, column: usize, handle: usize, field: usize) -> Option<Made> {
        let (world, id, row) = (self.world, at.population, at.part as usize);
        let Some(Generator::Pick { list, entries, fills }) = world.made_by[id][handle].get(row).copied().flatten()
        else {
            return None;
        };
        let columns: Vec<usize> = fills.iter().map(|(column, _)| *column).chain([handle]).collect();
        if !self.is_free(id, &columns) {
            return None;
        }
        let allowed = allowed_entries(world, (id, handle), &[row], *list, entries.as_ref());
        let values = &self.chain.lists[*list].entries;
        let known = self.choice_of.get(&(id, column, *list, field, allowed.clone())).copied();
        let choices = if let Some(known) = known {
            known
        } else {
            let entries = values.iter().zip(&allowed).filter(|(_, allowed)| **allowed);
            let entries: Vec<Value> = entries.map(|(entry, _)| entry[field].clone()).collect();
            // A time in a list moves with its block like any other.
            if entries.is_empty() || entries.iter().any(|value| matches!(value, Value::Time(_))) {
                return None;
            }
            self.choices.push(entries);
            let index = self.choices.len() as u32 - 1;
            self.choice_of.insert((id, column, *list, field, allowed), index);
            index
        };
        Some(Made::Choice { choices, address: self.address(at, handle), from: Source::Own })
    }

    /// Whether no fact reads these columns and nothing in them must be unique.
    fn is_free(&self, id: PopulationId, columns: &[usize]) -> bool {
        let population = &self.chain.populations[id];
        let unique = |name: &String| {
            self.table(id).is_some_and(|table| {
                table.primary_key.contains(name) || table.uniques.iter().any(|unique| unique.uses.contains(name))
            })
        };
        let copied = |column: &usize| self.is_copied_into_a_fact(id, *column, 0);
        columns.iter().all(|column| !copied(column) && !unique(&population.columns[*column].name))
    }

    /// Whether a fact reads a column, or one that copies it.
    fn is_copied_into_a_fact(&self, id: PopulationId, column: usize, depth: usize) -> bool {
        if depth > 8 || self.watched.reads(id, column) {
            return true;
        }
        let reads = |path: &Path| path.to == id && path.end == End::Column(column);
        self.chain.populations.iter().enumerate().any(|(other, population)| {
            population.columns.iter().enumerate().any(|(at, declared)| {
                (other, at) != (id, column)
                    && declared.cases.iter().any(|case| reads_path(&case.generator, &reads))
                    && (self.is_copied_into_a_fact(other, at, depth + 1) || self.is_unique(other, at))
            })
        })
    }

    fn is_unique(&self, id: PopulationId, column: usize) -> bool {
        let name = &self.chain.populations[id].columns[column].name;
        self.table(id).is_some_and(|table| table.uniques.iter().any(|unique| unique.uses.contains(name)))
    }

    fn piece(&mut self, at: RowOf, segment: &'a Segment) -> Kept<Vec<Piece>> {
        let stands_alone = matches!(self.chain.populations[at.population].rows, Rows::Named(_) | Rows::OnePer(_));
        Ok(vec![match segment {
            Segment::Literal(literal) => Piece::Literal(literal.clone()),
            Segment::Copy => Piece::Copy(Source::Own),
            Segment::Row if stands_alone => Piece::Name(at),
            Segment::Row => Piece::Literal(self.world.rows(at.population)[at.part as usize].name.to_string()),
            Segment::Number(width) => Piece::Number(at, *width),
            Segment::Key => Piece::Made(self.key(at, 0)?),
            Segment::Value(path) => match self.at(at, path)? {
                Made::Text(pieces) => return Ok(pieces),
                Made::Same(value) => Piece::Literal(value.to_string()),
                made => Piece::Made(made),
            },
        }])
    }

    /// Returns how the value at the end of a path is made.
    fn at(&mut self, at: RowOf, path: &'a Path) -> Kept<Made> {
        if let End::Column(column) = path.end {
            return match self.walk(at, path)? {
                Some(end) => self.value(end, column),
                None => Ok(Made::Same(Value::Null)),
            };
        }
        let row = RowRef { population: at.population, row: at.part as usize, pair: None };
        Ok(Made::Same(match Evaluator::new(self.world, None).value(row, path) {
            Known::Value(value) => value,
            _ => Value::Null,
        }))
    }

    /// Returns the row that a path leads to.
    fn walk(&mut self, mut at: RowOf, path: &Path) -> Kept<Option<RowOf>> {
        for step in &path.steps {
            let next = match step {
                Step::Link(link) => self.follow(at, *link)?,
                Step::Back(child, link) => {
                    let set = &self.world.sets[*child];
                    let rows = set.children[*link].as_ref().map(|children| &children[at.part as usize]);
                    if is_relation(self.chain, *child) && *link != 0 && self.watched.mode(*child) != Mode::Stays {
                        return Err(*child);
                    }
                    rows.and_then(|rows| rows.first()).map(|row| RowOf {
                        population: *child,
                        part: *row,
                        from: at.from,
                    })
                }
            };
            match next {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Returns the row that a link leads to.
    fn follow(&mut self, at: RowOf, link: usize) -> Kept<Option<RowOf>> {
        let (id, row) = (at.population, at.part as usize);
        let Some(Some(part)) = self.world.sets[id].links[link].as_ref().map(|links| links[row]) else {
            return Ok(None);
        };
        let to = RowOf { population: self.chain.populations[id].links[link].to, part, from: at.from };
        let crosses = is_relation(self.chain, id)
            && link == 1
            && self.grows[id]
            && self.chain.populations[id].links.iter().all(|link| self.grows[link.to])
            && self.watched.mode(id) != Mode::Stays;
        if !crosses {
            return Ok(Some(to));
        }
        if at.from != Source::Own {
            return Err(id);
        }
        Ok(Some(RowOf { from: Source::Unit(self.unit(id, row)), ..to }))
    }

    fn unit(&mut self, relation: PopulationId, edge: usize) -> u32 {
        let (world, population) = (self.world, &self.chain.populations[relation]);
        let (owner, row) = if self.watched.mode(relation) == Mode::Edges {
            (relation, edge as u32)
        } else {
            let left = world.sets[relation].links[0].as_ref().and_then(|links| links[edge]);
            (population.links[0].to, left.expect("an edge has two ends"))
        };
        let further = self.blocks - 1;
        *self.unit_of.entry((owner, row)).or_insert_with(|| {
            let address = world.address(owner).text("reach").number(world.rows(owner)[row as usize].hash);
            self.units.push(match population.skew {
                Some((skew, _)) => Reach::Skewed { address, skew },
                None => Reach::even(address, further),
            });
            self.units.len() as u32 - 1
        })
    }

    /// Returns how something is made that stands in another block.
    fn seen_from(&self, mut made: Made, from: Source) -> Kept<Made> {
        if from != Source::Own {
            move_to(&mut made, from, self)?;
        }
        Ok(made)
    }
}

/// Moves what is made in a row's own block to another one; an edge out of there can't be followed.
fn move_to(made: &mut Made, to: Source, maker: &Maker<'_, '_>) -> Kept<()> {
    let shift = |from: &mut Source| match *from {
        Source::Own => {
            *from = to;
            Ok(())
        }
        // Nothing says which relation it was, so all that cross stay.
        Source::Unit(_) => Err((0..maker.chain.populations.len())
            .find(|id| is_relation(maker.chain, *id) && maker.watched.mode(*id) != Mode::Stays)
            .expect("a unit belongs to a relation that crosses")),
    };
    match made {
        Made::Same(_) => Ok(()),
        Made::Key(row) => shift(&mut row.from),
        Made::Moment { from, .. } | Made::Number { from, .. } | Made::Choice { from, .. } => shift(from),
        Made::Text(pieces) => pieces.iter_mut().try_for_each(|piece| match piece {
            Piece::Literal(_) => Ok(()),
            Piece::Copy(from) => shift(from),
            Piece::Name(row) | Piece::Number(row, _) => shift(&mut row.from),
            Piece::Made(made) => move_to(made, to, maker),
        }),
    }
}

/// Whether a generator repeats the value at the end of such a path.
fn reads_path(generator: &Generator, is: &dyn Fn(&Path) -> bool) -> bool {
    match generator {
        Generator::Copy(path) => is(path),
        Generator::Template(template) => {
            template.0.iter().any(|segment| matches!(segment, Segment::Value(path) if is(path)))
        }
        Generator::Alternatives(lines) => lines.iter().any(|line| reads_path(&line.generator, is)),
        _ => false,
    }
}
