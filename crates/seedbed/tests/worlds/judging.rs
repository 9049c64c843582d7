//! Judging: which rows are ours, which were left by tests, which belong to somebody, and what must
//! have become of each. From dumps and the documented rules; the engine is not asked.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::dataset::Dataset;
use seedbed_core::value::Value;

use super::application::{Cells, Dump, Rows, plain};
use super::making::{Action, CHOICE, Engine, How, Key, Kind, Unique, World};

/// A row: the table and the key.
pub(crate) type Place = (usize, Cells);

/// What is declared of a row: position of the column, and its text.
pub(crate) type Declared = Vec<(usize, Option<String>)>;

/// The last key of the range that ours lie in.
const END: i64 = 1_999_999_999;

pub(crate) struct Judge<'a> {
    world: &'a World,
    as_of: i64,
    /// Our rows by their keys, each with what is declared: position of the column, and its text.
    pub(crate) declared: Vec<BTreeMap<Cells, Declared>>,
    ways: Vec<Way>,
}

/// A reference from table to table, of whatever sort.
struct Way {
    from: usize,
    columns: Vec<usize>,
    to: usize,
    to_columns: Vec<usize>,
    owner: bool,
    /// The schema has the row that refers outlive the row referred to.
    outlives: bool,
    /// Counts where the column holds this text.
    only: Option<(usize, String)>,
    /// Counts where the column holds a number.
    numbers: bool,
}

/// The rows around ours.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// What tests left behind and nobody needs.
    pub(crate) debris: BTreeSet<Place>,
    /// Rows of other people that refer to ours or to what tests left.
    pub(crate) entangled: BTreeSet<Place>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(world: &'a World, dataset: &Dataset) -> Self {
        let mut judge = Self {
            world,
            as_of: dataset.as_of,
            declared: vec![BTreeMap::new(); world.tables.len()],
            ways: ways(world),
        };
        for block in &dataset.blocks {
            let index =
                world.tables.iter().position(|table| table.name == block.table).expect("tables are the world's");
            let table = &world.tables[index];
            let places: Vec<usize> = block.columns.iter().map(|name| table.position(name)).collect();
            for row in &block.rows {
                let texts =
                    places.iter().zip(&row.values).map(|(&at, value)| judge.text(value, table.columns[at].kind));
                let cells: Vec<(usize, Option<String>)> = places.iter().copied().zip(texts).collect();
                let of = |name: &String| {
                    cells.iter().find(|(at, _)| *at == table.position(name)).expect("keys are declared")
                };
                let key: Cells = table.keys.iter().map(|name| of(name).1.clone()).collect();
                judge.declared[index].insert(key, cells);
            }
        }
        judge
    }

    /// Returns the text of a value as a dump shows it, numbers and times in the one form that [`normal`] gives.
    fn text(&self, value: &Value, kind: Kind) -> Option<String> {
        let sqlite = self.world.engine == Engine::Sqlite;
        let whole = |number: i64| if sqlite { format!("i{number}") } else { format!("t{number}") };
        Some(match (value, kind) {
            (Value::Null, _) => return None,
            (Value::Bool(yes), _) if sqlite => format!("i{}", i64::from(*yes)),
            (Value::Bool(yes), _) => if *yes { "tt" } else { "tf" }.to_owned(),
            (Value::Integer(number), Kind::Text) => format!("t{number}"),
            (Value::Integer(number), Kind::Decimal) => (*number as f64).to_string(),
            (Value::Integer(number), _) => whole(*number),
            (Value::Decimal(decimal), _) => decimal.to_f64().to_string(),
            (Value::Time(offset), _) => (self.as_of + offset).to_string(),
            (Value::Text(text), Kind::Uuid32) if sqlite => format!("t{}", text.replace('-', "")),
            (value, _) => format!("t{value}"),
        })
    }

    /// Returns the rows that are ours: on an exact key of ours, with the tag where there is one.
    pub(crate) fn ours(&self, dump: &Dump) -> BTreeSet<Place> {
        let mut ours = BTreeSet::new();
        for (index, declared) in self.declared.iter().enumerate() {
            for key in declared.keys() {
                if dump.tables[index].get(key).is_some_and(|cells| self.tagged(index, cells)) {
                    ours.insert((index, key.clone()));
                }
            }
        }
        ours
    }

    fn tagged(&self, table: usize, cells: &Cells) -> bool {
        let table = &self.world.tables[table];
        !table.tag || matches!(plain(&cells[table.position("tag")]), Some("1" | "t" | "true"))
    }

    /// Returns the first of our rows that is not as declared.
    pub(crate) fn difference(&self, dump: &Dump) -> Option<String> {
        for (index, declared) in self.declared.iter().enumerate() {
            let table = &self.world.tables[index];
            for (key, columns) in declared {
                let Some(cells) = dump.tables[index].get(key) else {
                    return Some(format!("{} {key:?} is not there", table.name));
                };
                for (at, wanted) in columns {
                    let (column, found) = (&table.columns[*at], &cells[*at]);
                    if normal(found, column.kind) != *wanted {
                        let name = &table.name;
                        return Some(format!("{name} {key:?}: {} is {found:?}, declared {wanted:?}", column.name));
                    }
                }
            }
        }
        None
    }

    /// Returns the rows that are not ours.
    pub(crate) fn others(&self, dump: &Dump) -> Vec<Rows> {
        let ours = self.ours(dump);
        let mut tables = dump.tables.clone();
        for (table, key) in ours {
            tables[table].remove(&key);
        }
        tables
    }

    fn tuple(way: &Way, cells: &Cells) -> Option<Vec<String>> {
        if let Some((at, text)) = &way.only
            && plain(&cells[*at]) != Some(text)
        {
            return None;
        }
        // A text that is no number is no key where keys are numbers.
        if way.numbers && plain(&cells[way.columns[0]]).is_none_or(|text| text.parse::<i64>().is_err()) {
            return None;
        }
        let text = |at: &usize| {
            plain(&cells[*at]).map(|text| if way.only.is_some() { text.replace('-', "") } else { text.into() })
        };
        way.columns.iter().map(text).collect()
    }

    /// Returns, for each way, the row that each tuple of its target stands for.
    fn targets(&self, dump: &Dump) -> Vec<BTreeMap<Vec<String>, Place>> {
        let of = |way: &Way| {
            let rows = dump.tables[way.to].iter();
            let text = |cell: &Option<String>| {
                plain(cell).map(|text| if way.only.is_some() { text.replace('-', "") } else { text.to_owned() })
            };
            let tuple =
                |cells: &Cells| way.to_columns.iter().map(|at| text(&cells[*at])).collect::<Option<Vec<String>>>();
            rows.filter_map(|(key, cells)| Some((tuple(cells)?, (way.to, key.clone())))).collect()
        };
        self.ways.iter().map(of).collect()
    }

    /// Returns what tests left behind, and whose rows are entangled with ours. While our rows stay, so
    /// does what they refer to and are declared to.
    pub(crate) fn around(&self, dump: &Dump, ours_stay: bool) -> Around {
        let ours = self.ours(dump);
        let targets = self.targets(dump);
        let seeded = |table: usize| !self.declared[table].is_empty();
        let mut held = ours.clone();
        let mut around = Around::default();
        let rows = || {
            dump.tables
                .iter()
                .enumerate()
                .flat_map(|(table, rows)| rows.iter().map(move |(key, cells)| (table, key, cells)))
        };
        // What a row refers to: by which way, whether it exists and is held.
        let into = |table: usize, cells: &Cells, held: &BTreeSet<Place>| -> Vec<(usize, bool)> {
            let ways = self.ways.iter().enumerate().filter(|(_, way)| way.from == table);
            let ways = ways.filter_map(|(at, way)| Some((at, Self::tuple(way, cells)?)));
            ways.map(|(at, tuple)| (at, targets[at].get(&tuple).is_some_and(|place| held.contains(place)))).collect()
        };
        loop {
            let mut more = Vec::new();
            for (table, key, cells) in rows() {
                let place = (table, key.clone());
                if held.contains(&place) || self.world.tables[table].keys.is_empty() {
                    continue;
                }
                let into = into(table, cells, &held);
                let owned = self.ways.iter().any(|way| way.from == table && way.owner);
                let left = if owned {
                    into.iter().any(|(way, held)| self.ways[*way].owner && *held)
                } else {
                    into.iter().any(|(way, held)| *held && !self.ways[*way].outlives)
                        && into.iter().all(|(way, held)| *held || !seeded(self.ways[*way].to))
                };
                if left {
                    more.push(place);
                }
            }
            if more.is_empty() {
                break;
            }
            held.extend(more.iter().cloned());
            around.debris.extend(more);
        }
        for (table, key, cells) in rows() {
            let place = (table, key.clone());
            if !held.contains(&place) && into(table, cells, &held).iter().any(|(_, held)| *held) {
                around.entangled.insert(place);
            }
        }
        // What a row that stays refers to stays.
        let mut open: Vec<Place> = around.entangled.iter().cloned().collect();
        if ours_stay {
            open.extend(ours.iter().cloned());
        }
        while let Some((table, key)) = open.pop() {
            let cells = &dump.tables[table][&key];
            let as_declared = |at: &usize| {
                let wanted = self.declared[table].get(&key).and_then(|cells| cells.iter().find(|(of, _)| of == at));
                wanted.is_none_or(|(_, text)| *text == normal(&cells[*at], self.world.tables[table].columns[*at].kind))
            };
            let is_ours = ours.contains(&(table, key.clone()));
            for (at, way) in self.ways.iter().enumerate().filter(|(_, way)| way.from == table) {
                if is_ours && !way.columns.iter().all(as_declared) {
                    continue;
                }
                let to = Self::tuple(way, cells).and_then(|tuple| targets[at].get(&tuple).cloned());
                if let Some(to) = to.filter(|to| around.debris.remove(to)) {
                    around.entangled.insert(to.clone());
                    open.push(to);
                }
            }
        }
        // What hangs on nothing but rows that stay is nobody's business in a table of the application.
        loop {
            let hangs = |(table, key): &Place| {
                let goes = |(at, way): (usize, &Way)| {
                    let to = Self::tuple(way, &dump.tables[*table][key]).and_then(|tuple| targets[at].get(&tuple));
                    to.is_some_and(|to| ours.contains(to) || around.debris.contains(to))
                };
                let mut ways = self.ways.iter().enumerate().filter(|(_, way)| way.from == *table);
                seeded(*table) || ways.any(goes)
            };
            let free: Vec<Place> = around.debris.iter().filter(|place| !hangs(place)).cloned().collect();
            if free.is_empty() {
                return around;
            }
            around.debris.retain(|place| !free.contains(place));
        }
    }

    /// Returns the rows of other people that hold a key or a unique value which a row of ours is to have.
    pub(crate) fn in_the_way(&self, dump: &Dump, around: &Around) -> BTreeSet<Place> {
        let mut found = BTreeSet::new();
        for (index, rows) in self.others(dump).iter().enumerate() {
            let table = &self.world.tables[index];
            for (key, cells) in rows.iter().filter(|(key, _)| !around.debris.contains(&(index, (*key).clone()))) {
                let normal = |at: usize| normal(&cells[at], table.columns[at].kind);
                let taken = |unique: &Unique| {
                    let held = self.value(index, unique, &normal);
                    held.is_some()
                        && self.declared[index].values().any(|declared| {
                            let text = |at: usize| {
                                declared.iter().find(|(of, _)| *of == at).and_then(|(_, text)| text.clone())
                            };
                            self.value(index, unique, &text) == held
                        })
                };
                if self.declared[index].contains_key(key)
                    || table.uniques.iter().any(taken)
                    || self.refers_by_what_changes(dump, index, cells)
                {
                    found.insert((index, key.clone()));
                }
            }
        }
        found
    }

    /// Whether a row refers to one of ours by a column, not its key, that is not as declared.
    fn refers_by_what_changes(&self, dump: &Dump, table: usize, cells: &Cells) -> bool {
        self.ways.iter().filter(|way| way.from == table).any(|way| {
            let tuple = Self::tuple(way, cells);
            let columns = &self.world.tables[way.to].columns;
            let changing = |(key, declared): (&Cells, &Vec<(usize, Option<String>)>)| {
                let Some(row) = dump.tables[way.to].get(key) else { return false };
                let held: Option<Vec<String>> =
                    way.to_columns.iter().map(|at| plain(&row[*at]).map(str::to_owned)).collect();
                let changes = |at: &usize| {
                    let wanted = declared.iter().find(|(of, _)| of == at);
                    wanted.is_some_and(|(_, text)| *text != normal(&row[*at], columns[*at].kind))
                };
                held == tuple && way.to_columns.iter().any(changes)
            };
            tuple.is_some() && self.declared[way.to].iter().any(changing)
        })
    }

    /// Returns what a row holds in a unique index; none where the index does not bind it.
    fn value(&self, table: usize, unique: &Unique, text: &dyn Fn(usize) -> Option<String>) -> Option<Vec<String>> {
        let table = &self.world.tables[table];
        if unique.how == How::Partial && !matches!(plain(&text(table.position("flag"))), Some("1" | "t" | "true")) {
            return None;
        }
        let mut values: Vec<String> =
            unique.columns.iter().map(|name| text(table.position(name))).collect::<Option<_>>()?;
        if unique.how == How::Small {
            let last = values.last_mut().expect("an index has columns");
            *last = last.to_lowercase();
        }
        Some(values)
    }

    /// Returns where the counters must stand after the last of our rows has gone: as before the first
    /// came, unless keys that stay say otherwise.
    pub(crate) fn counters(&self, start: &Dump, before: &Dump, after: &Dump) -> BTreeMap<usize, Option<i64>> {
        let put_back = |(&table, stood): (&usize, &Option<i64>)| {
            let keys = after.tables[table].keys();
            let largest = keys.filter_map(|key| plain(&key[0])?.parse::<i64>().ok()).max();
            let to = match self.world.engine {
                _ if self.declared[table].is_empty() => before.counters[&table],
                Engine::Sqlite => (*stood).max(largest),
                Engine::Postgres if largest > Some(END) => before.counters[&table],
                Engine::Postgres => *stood,
            };
            (table, to)
        };
        start.counters.iter().map(put_back).collect()
    }

    /// Returns the first counter that the application would draw a key of ours from.
    pub(crate) fn counter_inside(&self, dump: &Dump) -> Option<String> {
        let inside = |(table, at): &(&usize, &Option<i64>)| {
            let ours = self.world.tables[**table].key == Key::Counter && !self.declared[**table].is_empty();
            ours && at.is_none_or(|at| at < END)
        };
        let found = dump.counters.iter().find(inside);
        found.map(|(table, at)| format!("the counter of {} stands at {at:?}", self.world.tables[*table].name))
    }

    /// Returns a row as the engine names it: table and key.
    pub(crate) fn name(&self, (table, key): &Place) -> String {
        let table = &self.world.tables[*table];
        // Where there is no key, all cells are named; the last of ours is a number of our own.
        let cells = if table.keys.is_empty() { &key[..key.len() - 1] } else { key };
        let texts: Vec<&str> = cells.iter().map(|cell| plain(cell).unwrap_or("null")).collect();
        format!("{} {}", table.name, texts.join(" "))
    }
}

fn ways(world: &World) -> Vec<Way> {
    let mut ways = Vec::new();
    for (from, table) in world.tables.iter().enumerate() {
        for reference in &table.references {
            let of = &world.tables[reference.to];
            ways.push(Way {
                from,
                columns: reference.columns.iter().map(|name| table.position(name)).collect(),
                to: reference.to,
                to_columns: reference.to_columns.iter().map(|name| of.position(name)).collect(),
                owner: reference.owner,
                outlives: !reference.undeclared && matches!(reference.action, Action::SetNull | Action::SetDefault),
                only: None,
                numbers: false,
            });
        }
        for (at, &to) in table.choice.iter().flat_map(|choice| &choice.of).enumerate() {
            let (kind, id) = CHOICE;
            ways.push(Way {
                from,
                columns: vec![table.position(id)],
                to,
                to_columns: vec![world.tables[to].position(&world.tables[to].keys[0])],
                owner: false,
                outlives: false,
                only: Some((table.position(kind), format!("k{at}"))),
                numbers: world.tables[to].column(&world.tables[to].keys[0]).kind.is_number(),
            });
        }
    }
    ways
}

/// Returns a cell in the one form that equal numbers and times have.
fn normal(cell: &Option<String>, kind: Kind) -> Option<String> {
    let text = plain(cell)?;
    Some(match kind {
        Kind::Decimal => text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string()),
        Kind::Time => seconds(text).map_or_else(|| text.to_owned(), |seconds| seconds.to_string()),
        _ => cell.clone()?,
    })
}

/// Returns `2026-11-22 00:00:00` in seconds since 1970, by the days of the civil calendar (Hinnant).
fn seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let year = year - i64::from(month <= 2);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?)
}

/// Returns the first difference between two sets of rows.
pub(crate) fn first_difference(world: &World, before: &[Rows], after: &[Rows]) -> Option<String> {
    for (index, (before, after)) in before.iter().zip(after).enumerate() {
        let name = &world.tables[index].name;
        for (key, cells) in before {
            match after.get(key) {
                None => return Some(format!("{name} {key:?} is gone: {cells:?}")),
                Some(other) if other != cells => {
                    return Some(format!("{name} {key:?} was changed: {cells:?} became {other:?}"));
                }
                Some(_) => {}
            }
        }
        if let Some((key, cells)) = after.iter().find(|(key, _)| !before.contains_key(*key)) {
            return Some(format!("{name} {key:?} was added: {cells:?}"));
        }
    }
    None
}
