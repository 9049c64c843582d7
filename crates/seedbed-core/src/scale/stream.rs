//! Stream: the rows of a population, block by block, into an encoder.
//!
//! What a column needs is worked out once; columns whose rows are all made the same way run in a
//! loop of their own kind.

use std::collections::BTreeMap;

use super::make::{Made, RowOf, Source};
use super::reach::Walk;
use super::{Encoder, Rows, Scaled};
use crate::schema::ColumnKind;
use crate::value::Value;

/// Writes the rows of a population.
#[derive(Debug)]
pub struct Stream<'a, E: Encoder> {
    scaled: &'a Scaled,
    rows: &'a Rows,
    columns: Vec<Column<'a, E::Fixed>>,
    choices: Choices<E::Fixed>,
    walk: Walk,
    text: String,
}

/// A column: one way for all parts, or a way per part.
#[derive(Debug)]
enum Column<'a, F> {
    All(F),
    Each(Vec<F>),
    /// The key of the row itself.
    OwnKey(i64),
    /// A key of the same block: by part, the part referred to.
    Near(Numbers<'a>, Vec<u32>),
    /// A key of the block that a unit leads to: by part, the part referred to and the unit.
    Far(Numbers<'a>, Vec<(u32, u32)>),
    Moments(Vec<(i64, u32)>),
    Mixed(Vec<Way<'a, F>>),
}

/// A way to make a value.
#[derive(Debug)]
enum Way<'a, F> {
    Fixed(F),
    Choice(&'a Made, u32),
    Other(&'a Made),
}

/// Entries that rows choose from, each as its column writes it.
#[derive(Debug)]
struct Choices<F> {
    all: Vec<Vec<F>>,
    places: BTreeMap<(usize, u32), u32>,
}

/// The units that the rows of a population need.
#[derive(Default)]
struct Units {
    all: Vec<u32>,
    places: BTreeMap<u32, u32>,
}

impl Units {
    fn place(&mut self, unit: u32) -> u32 {
        *self.places.entry(unit).or_insert_with(|| {
            self.all.push(unit);
            self.all.len() as u32 - 1
        })
    }
}

/// Keys that are numbers.
#[derive(Clone, Copy, Debug)]
struct Numbers<'a> {
    rows: &'a Rows,
    /// The key of the first row of block 1.
    first: i64,
    per_block: i64,
}

impl<'a> Numbers<'a> {
    fn of(rows: &'a Rows) -> Option<Self> {
        match rows.space.further_key(rows.first, &rows.key_kind) {
            Value::Integer(first) => Some(Self { rows, first, per_block: rows.per_block as i64 }),
            _ => None,
        }
    }

    fn key(&self, block: u64, part: u32, shift: u32) -> i64 {
        self.first + (block as i64 - 1) * self.per_block + i64::from(self.rows.turn.row(part, shift))
    }
}

impl<'a, E: Encoder> Stream<'a, E> {
    pub(super) fn new(scaled: &'a Scaled, population: usize, encoder: &E) -> Self {
        let rows = &scaled.rows[population];
        let mut units = Units::default();
        let mut choices = Choices { all: Vec::new(), places: BTreeMap::new() };
        let columns = (rows.made.iter().enumerate())
            .map(|(place, made)| column(scaled, population, place, made, encoder, &mut units, &mut choices))
            .collect();
        let reaches = units.all.iter().map(|unit| scaled.units[*unit as usize]).collect();
        let walk = Walk::new(reaches, scaled.blocks - 1);
        Self { scaled, rows, columns, choices, walk, text: String::new() }
    }

    /// Writes the rows of a further block, in the order of their keys.
    pub fn block(&mut self, block: u64, encoder: &mut E) {
        let Self { scaled, rows, columns, choices, walk, text } = self;
        let to = walk.go(block);
        let shift = rows.turn.shift(block);
        let first = (block as i64 - 1) * rows.per_block as i64;
        for row in 0..rows.per_block as u32 {
            let part = rows.turn.part(row, shift) as usize;
            encoder.begin();
            for (place, column) in columns.iter().enumerate() {
                match column {
                    Column::All(fixed) => encoder.fixed(place, fixed),
                    Column::Each(fixed) => encoder.fixed(place, &fixed[part]),
                    Column::OwnKey(key) => encoder.integer(place, key + first + i64::from(row)),
                    Column::Near(numbers, parts) => {
                        let shift = numbers.rows.turn.shift(block);
                        encoder.integer(place, numbers.key(block, parts[part], shift));
                    }
                    Column::Far(numbers, parts) => {
                        let (part, unit) = parts[part];
                        let block = to[unit as usize];
                        encoder.integer(place, numbers.key(block, part, numbers.rows.turn.shift(block)));
                    }
                    Column::Moments(moments) => {
                        let (offset, class) = moments[part];
                        encoder.moment(place, scaled.as_of + scaled.moments.of(offset, class, block));
                    }
                    Column::Mixed(ways) => match &ways[part] {
                        Way::Fixed(fixed) => encoder.fixed(place, fixed),
                        Way::Choice(Made::Choice { address, from, .. }, index) => {
                            let entries = &choices.all[*index as usize];
                            encoder.fixed(place, &entries[scaled.chosen(entries.len(), *address, *from, block)]);
                        }
                        Way::Other(Made::Text(pieces)) => {
                            text.clear();
                            scaled.write(pieces, block, text);
                            encoder.text(place, text);
                        }
                        Way::Choice(made, _) | Way::Other(made) => match scaled.value(made, block) {
                            Value::Integer(number) => encoder.integer(place, number),
                            Value::Decimal(number) => encoder.decimal(place, number),
                            Value::Time(offset) => encoder.moment(place, scaled.as_of + offset),
                            Value::Text(text) => encoder.text(place, &text),
                            value => {
                                let fixed = encoder.fix(place, &value);
                                encoder.fixed(place, &fixed);
                            }
                        },
                    },
                }
            }
            encoder.end();
        }
    }
}

fn column<'a, E: Encoder>(
    scaled: &'a Scaled,
    population: usize,
    place: usize,
    made: &'a [Made],
    encoder: &E,
    units: &mut Units,
    choices: &mut Choices<E::Fixed>,
) -> Column<'a, E::Fixed> {
    let every = |test: fn(&Made) -> bool| made.iter().all(test);
    if every(|made| matches!(made, Made::Same(_))) {
        let values = || made.iter().filter_map(|made| if let Made::Same(value) = made { Some(value) } else { None });
        return match values().next() {
            Some(first) if values().all(|value| value == first) => Column::All(encoder.fix(place, first)),
            _ => Column::Each(values().map(|value| encoder.fix(place, value)).collect()),
        };
    }
    if every(|made| matches!(made, Made::Moment { from: Source::Own, .. })) {
        let moment =
            |made: &Made| if let Made::Moment { offset, class, .. } = made { (*offset, *class) } else { (0, 0) };
        return Column::Moments(made.iter().map(moment).collect());
    }
    keys(scaled, population, made, units).unwrap_or_else(|| {
        let mut entries_of = |choice: u32| {
            *choices.places.entry((place, choice)).or_insert_with(|| {
                let entries = scaled.choices[choice as usize].iter();
                choices.all.push(entries.map(|value| encoder.fix(place, value)).collect());
                choices.all.len() as u32 - 1
            })
        };
        let way = |made: &'a Made| match made {
            Made::Same(value) => Way::Fixed(encoder.fix(place, value)),
            Made::Choice { choices: choice, .. } => Way::Choice(made, entries_of(*choice)),
            made => Way::Other(made),
        };
        Column::Mixed(made.iter().map(way).collect())
    })
}

/// Returns a column of keys that are numbers of one population.
fn keys<'a, F>(scaled: &'a Scaled, population: usize, made: &[Made], units: &mut Units) -> Option<Column<'a, F>> {
    let rows: Vec<RowOf> =
        made.iter().map(|made| if let Made::Key(row) = made { Some(*row) } else { None }).collect::<Option<_>>()?;
    let to = rows.first()?.population;
    if rows.iter().any(|row| row.population != to) || !matches!(scaled.rows[to].key_kind, ColumnKind::Integer { .. }) {
        return None;
    }
    let numbers = Numbers::of(&scaled.rows[to])?;
    let own = |(part, row): (usize, &RowOf)| row.from == Source::Own && row.part as usize == part;
    if to == population && rows.iter().enumerate().all(own) {
        return Some(Column::OwnKey(numbers.first));
    }
    if rows.iter().all(|row| row.from == Source::Own) {
        return Some(Column::Near(numbers, rows.iter().map(|row| row.part).collect()));
    }
    let mut far = Vec::with_capacity(rows.len());
    for row in rows {
        let Source::Unit(unit) = row.from else { return None };
        far.push((row.part, units.place(unit)));
    }
    Some(Column::Far(numbers, far))
}
