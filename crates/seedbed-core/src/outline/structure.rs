//! Structure: which tables get rows, how they hang together, and how their rows stay different.
//!
//! A table is left out where no row of it can be made, or where a row needs one of a table that is
//! left out; each with the reason. A reference that may be missing is, where it would close a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::{Understood, understand};
use super::expression::words;
use super::value::is_telling;
use super::{Catalogue, Lessons, yaml};
use crate::keys::TEXT_KEY_LENGTH;
use crate::plan::Cell;
use crate::schema::{Column, ColumnKind, ForeignKey, Rules, Table, TableKind, Unique};

/// The shortest text column that takes a number and `{copy}`.
pub(super) const SHORTEST_UNIQUE: u32 = 8;

/// A table that gets rows.
#[derive(Clone, Debug)]
pub(super) struct Drawn<'a> {
    pub(super) table: &'a Table,
    /// The population's name.
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) links: Vec<Link>,
    /// References by a type and an id column.
    pub(super) choices: Vec<Choice>,
    /// Columns that refer to rows that stand there already, with their keys.
    pub(super) borrowed: BTreeMap<String, Vec<Cell>>,
    /// References that are left missing, with the reason.
    pub(super) missing: BTreeMap<String, String>,
    /// Columns whose values differ from row to row.
    pub(super) unique: BTreeSet<String>,
    /// Columns that count the rows of a link: its name.
    pub(super) positions: BTreeMap<String, String>,
    /// Yes/no column that marks seeded rows.
    pub(super) tag: Option<String>,
    /// How many steps from a table that refers to nothing.
    pub(super) depth: usize,
    /// How many rows.
    pub(super) rows: usize,
    pub(super) understood: Understood,
    /// Whether its rows are people that a test logs in as.
    pub(super) people: bool,
}

/// Which rows there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// So many.
    Counted,
    /// One for each row that a link refers to: its name.
    OnePer(String),
    /// Pairs of the rows of its two links.
    Pairs,
}

/// A reference to another table's rows.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) column: String,
    /// Name of the table.
    pub(super) to: String,
    pub(super) back: String,
    /// Some rows have none.
    pub(super) optional: bool,
    /// At most one row refers to each.
    pub(super) single: bool,
}

/// A reference by a type and an id column.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) to: Vec<String>,
    pub(super) back: String,
}

/// What was found.
pub(super) struct Structure<'a> {
    /// In an order in which each refers to those before it.
    pub(super) drawn: Vec<Drawn<'a>>,
    /// Tables without rows, each with the reason.
    pub(super) left_out: BTreeMap<String, String>,
}

/// Why a table has to be left out: its name and the reason.
type Obstacle = (String, String);

pub(super) fn structure<'a>(catalogue: &Catalogue<'a>, lessons: &Lessons) -> Structure<'a> {
    let mut left_out: BTreeMap<String, String> = catalogue
        .schema
        .tables
        .values()
        .filter_map(|table| Some((table.name.clone(), unfit(catalogue, table)?)))
        .collect();
    for (table, reason) in &lessons.without {
        left_out.entry(table.clone()).or_insert_with(|| reason.clone());
    }
    loop {
        match draw(catalogue, lessons, &left_out) {
            Ok(drawn) => return Structure { drawn, left_out },
            Err((table, reason)) => left_out.insert(table, reason),
        };
    }
}

/// Returns why no row of a table can be ours, whatever it refers to.
fn unfit(catalogue: &Catalogue<'_>, table: &Table) -> Option<String> {
    match table.kind {
        TableKind::Base => {}
        TableKind::View => return Some("a view".into()),
        TableKind::Virtual => return Some("not an ordinary table".into()),
        TableKind::Entwined => return Some("tables that are not seen here inherit from it or refer to it".into()),
    }
    if catalogue.bookkeeping.contains(&table.name) {
        return Some("bookkeeping of a framework".into());
    }
    if table.primary_key.is_empty() {
        return Some("it has no primary key, so its rows can't be told from other people's".into());
    }
    None
}

/// How a foreign key is filled.
enum Filling<'a> {
    Link(&'a ForeignKey),
    Borrowed(&'a ForeignKey, Vec<Cell>),
    Missing(String, String),
}

fn draw<'a>(
    catalogue: &Catalogue<'a>,
    lessons: &Lessons,
    left_out: &BTreeMap<String, String>,
) -> Result<Vec<Drawn<'a>>, Obstacle> {
    let tables: Vec<&'a Table> =
        catalogue.schema.tables.values().filter(|table| !left_out.contains_key(&table.name)).collect();
    let mut drawn: BTreeMap<&str, Drawn<'a>> = BTreeMap::new();
    let mut optional: Vec<(&'a Table, &'a ForeignKey)> = Vec::new();
    for &table in &tables {
        let mut one = blank(catalogue, table);
        for key in &table.foreign_keys {
            if key.columns.iter().any(|column| one.refers_by(column)) {
                continue;
            }
            match filling(catalogue, lessons, left_out, table, key)? {
                Filling::Link(key) if may_be_missing(table, key, lessons) => optional.push((table, key)),
                Filling::Link(key) => one.link(key, false),
                Filling::Borrowed(key, keys) => {
                    one.borrowed.insert(key.columns[0].clone(), keys);
                }
                Filling::Missing(column, reason) => {
                    one.missing.insert(column, reason);
                }
            }
        }
        drawn.insert(&table.name, one);
    }
    no_circle(&drawn)?;
    for (table, key) in optional {
        let column = &key.columns[0];
        let own = key.to == table.name;
        let alone = own && drawn[table.name.as_str()].links.iter().any(|link| link.to == table.name);
        let one = |drawn: &mut BTreeMap<&str, Drawn<'a>>, reason: String| {
            let one = drawn.get_mut(table.name.as_str()).expect("every table is drawn");
            one.missing.insert(column.clone(), reason);
        };
        if lessons.plain.contains(&(table.name.clone(), column.clone())) {
            one(&mut drawn, "a check wants it so".into());
        } else if alone {
            one(&mut drawn, "another column refers to rows of this table already".into());
        } else if !own && reaches(&drawn, &key.to, &table.name) {
            one(&mut drawn, format!("a row of `{}` would need one of `{}` in turn", key.to, table.name));
        } else {
            let filled = lessons.filled.contains(&(table.name.clone(), column.clone()));
            drawn.get_mut(table.name.as_str()).expect("every table is drawn").link(key, !filled || own);
        }
    }
    let order = order(&drawn);
    for (place, name) in order.iter().enumerate() {
        let mut one = drawn.remove(name.as_str()).expect("every table is drawn once");
        keyed(&mut one)?;
        choices(&mut one, &order[..place].iter().filter_map(|name| drawn.get(name.as_str())));
        different(catalogue, lessons, &mut one)?;
        drawn.insert(&one.table.name, one);
    }
    count(&order, &mut drawn);
    let mut drawn: Vec<Drawn<'a>> = order.iter().filter_map(|name| drawn.remove(name.as_str())).collect();
    name_all(&mut drawn);
    Ok(drawn)
}

fn blank<'a>(catalogue: &Catalogue<'a>, table: &'a Table) -> Drawn<'a> {
    static NONE: Rules =
        Rules { checks: Vec::new(), enums: BTreeMap::new(), unique_indexes: BTreeMap::new(), others: Vec::new() };
    let rules = catalogue.rules.get(&table.name).unwrap_or(&NONE);
    let marks = |column: &&Column| {
        let name = column.name.to_ascii_lowercase();
        column.kind == ColumnKind::Boolean
            && (["test_data", "seed_data", "is_seeded"].iter().any(|word| name.contains(word)) || name == "is_test")
    };
    Drawn {
        table,
        name: String::new(),
        form: Form::Counted,
        links: Vec::new(),
        choices: Vec::new(),
        borrowed: BTreeMap::new(),
        missing: BTreeMap::new(),
        unique: BTreeSet::new(),
        positions: BTreeMap::new(),
        tag: table.columns.iter().find(marks).map(|column| column.name.clone()),
        depth: 0,
        rows: 0,
        understood: understand(table, rules),
        people: false,
    }
}

fn filling<'a>(
    catalogue: &Catalogue<'a>,
    lessons: &Lessons,
    left_out: &BTreeMap<String, String>,
    table: &'a Table,
    key: &'a ForeignKey,
) -> Result<Filling<'a>, Obstacle> {
    let target = catalogue.schema.tables.get(&key.to).filter(|target| !left_out.contains_key(&target.name));
    let single = key.columns.len() == 1;
    let problem = match target {
        None => format!("`{}` gets no rows here", key.to),
        Some(target) if !single || target.primary_key.len() != 1 => {
            format!("a reference to `{}` takes several columns", key.to)
        }
        Some(target) if key.to_columns != target.primary_key => {
            format!("it refers to `{}` of `{}`, which is not the key", key.to_columns.join("`, `"), key.to)
        }
        Some(_) if key.to == table.name && !may_be_missing(table, key, lessons) => {
            return Err((table.name.clone(), "each row needs another one of the same table".into()));
        }
        Some(_) => return Ok(Filling::Link(key)),
    };
    let nullable = key.columns.iter().find(|column| {
        table.column(column).is_some_and(|column| column.nullable) && !table.primary_key.contains(column)
    });
    let held = catalogue.held.get(&key.to).filter(|held| single && !held.keys.is_empty());
    match (nullable, held) {
        (Some(column), _) => Ok(Filling::Missing(column.clone(), problem)),
        (None, Some(held)) if key.to != table.name && held.by == key.to_columns => {
            Ok(Filling::Borrowed(key, held.keys.clone()))
        }
        (None, _) => Err((table.name.clone(), format!("every row needs `{}`: {problem}", key.columns.join("`, `")))),
    }
}

/// Whether rows can do without the reference.
fn may_be_missing(table: &Table, key: &ForeignKey, lessons: &Lessons) -> bool {
    let column = &key.columns[0];
    let nullable = table.column(column).is_some_and(|column| column.nullable);
    let filled = lessons.filled.contains(&(table.name.clone(), column.clone())) && key.to != table.name;
    nullable && !filled && !table.primary_key.contains(column)
}

impl Drawn<'_> {
    fn refers_by(&self, column: &str) -> bool {
        self.links.iter().any(|link| link.column == *column)
            || self.borrowed.contains_key(column)
            || self.missing.contains_key(column)
    }

    fn link(&mut self, key: &ForeignKey, optional: bool) {
        let column = key.columns[0].clone();
        if self.links.iter().any(|link| link.column == column) {
            return;
        }
        self.links.push(Link {
            name: column.clone(),
            column,
            to: key.to.clone(),
            back: String::new(),
            optional,
            single: false,
        });
    }

    pub(super) fn link_of(&self, column: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.column == column)
    }

    /// Whether a text column takes a different text in each row.
    fn takes_unique_text(&self, column: &Column) -> bool {
        let bounds = self.understood.bounds.get(&column.name);
        let free =
            bounds.is_none_or(|b| b.one_of.is_none() && b.longest.is_none_or(|most| most >= SHORTEST_UNIQUE as usize));
        matches!(column.kind, ColumnKind::Text { limit } if limit.is_none_or(|limit| limit >= SHORTEST_UNIQUE))
            && free
            && !column.generated
            && !self.refers_by(&column.name)
    }

    /// Whether its key is one number or UUID that Seedbed picks.
    pub(super) fn own_key(&self) -> Option<&ColumnKind> {
        let [key] = &self.table.primary_key[..] else { return None };
        if self.refers_by(key) || self.unique.contains(key) {
            return None;
        }
        self.table.column(key).map(|column| &column.kind)
    }
}

/// Finds a circle of tables whose rows need each other.
fn no_circle(drawn: &BTreeMap<&str, Drawn<'_>>) -> Result<(), Obstacle> {
    for name in drawn.keys() {
        let next = |one: &Drawn<'_>| one.links.iter().map(|link| link.to.clone()).collect::<Vec<_>>();
        if next(&drawn[name]).iter().any(|to| reaches(drawn, to, name)) {
            return Err(((*name).to_owned(), "its rows and those of other tables need each other in a circle".into()));
        }
    }
    Ok(())
}

/// Whether one leads from a table to another, or is that table.
fn reaches(drawn: &BTreeMap<&str, Drawn<'_>>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name)
            && let Some(one) = drawn.get(name)
        {
            open.extend(one.links.iter().map(|link| link.to.as_str()));
        }
    }
    false
}

fn order(drawn: &BTreeMap<&str, Drawn<'_>>) -> Vec<String> {
    let mut waiting: Vec<&str> = drawn.keys().copied().collect();
    let mut order: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let ready = |name: &&str| {
            let mut links = drawn[name].links.iter();
            links.all(|link| link.to == **name || order.contains(&link.to))
        };
        // What may refer to any table comes behind those it can refer to.
        let chooses = |name: &&str| pairs(&drawn[name]).next().is_some();
        let next = waiting.iter().position(|name| ready(name) && !chooses(name));
        let next = next.or_else(|| waiting.iter().position(ready));
        order.push(waiting.remove(next.expect("the references go in no circle")).to_owned());
    }
    order
}

/// Decides how the key of a table is made.
fn keyed(one: &mut Drawn<'_>) -> Result<(), Obstacle> {
    let table = one.table;
    let no = |reason: String| Err((table.name.clone(), reason));
    let keys: Vec<&Column> = table.primary_key.iter().filter_map(|name| table.column(name)).collect();
    if let Some(computed) = keys.iter().find(|key| key.generated) {
        return no(format!("the database computes its key `{}`", computed.name));
    }
    if let [key] = keys[..] {
        if one.link_of(&key.name).is_some() {
            return different_by(one, std::slice::from_ref(&key.name));
        }
        return match key.kind {
            _ if one.borrowed.contains_key(&key.name) => no(format!("its key `{}` refers to rows of others", key.name)),
            ColumnKind::Integer { bits: 32 | 64 } if table.autoincrement || one.tag.is_some() => Ok(()),
            ColumnKind::Integer { bits: 32 | 64 } => no(format!(
                "nothing but the application picks its key `{}`, so a row of its could take one of ours; a yes/no \
                 column `is_test_data` would tell them apart, or keys that are never given twice (AUTOINCREMENT, \
                 identity)",
                key.name
            )),
            ColumnKind::Integer { .. } => no(format!("its key `{}` is too small for keys apart", key.name)),
            ColumnKind::Uuid => Ok(()),
            ColumnKind::Text { limit } if limit.is_none_or(|limit| limit >= TEXT_KEY_LENGTH) && one.free(key) => Ok(()),
            ColumnKind::Text { .. } if one.takes_unique_text(key) => {
                one.unique.insert(key.name.clone());
                Ok(())
            }
            ColumnKind::Text { .. } => no(format!("its key `{}` has no room for texts of ours", key.name)),
            _ => no(format!("keys of type {} can't be made", key.declared)),
        };
    }
    for key in &keys {
        let known = matches!(key.kind, ColumnKind::Integer { .. } | ColumnKind::Text { .. } | ColumnKind::Uuid);
        if !known && one.link_of(&key.name).is_none() {
            return no(format!("`{}` in its key is of type {}, and such keys can't be made", key.name, key.declared));
        }
    }
    different_by(one, &table.primary_key)
}

impl Drawn<'_> {
    fn free(&self, column: &Column) -> bool {
        self.understood.bounds.get(&column.name).is_none_or(|bounds| *bounds == super::bounds::Bounds::default())
    }
}

/// Decides how rows stay different where a unique index asks for it.
fn different(catalogue: &Catalogue<'_>, lessons: &Lessons, one: &mut Drawn<'_>) -> Result<(), Obstacle> {
    let definitions = catalogue.rules.get(&one.table.name).map(|rules| &rules.unique_indexes);
    let table = one.table;
    for unique in &table.uniques {
        let definition = definitions.and_then(|definitions| definitions.get(&unique.name));
        let columns = columns_of(one.table, unique, definition);
        let strict = definition.is_some_and(|text| text.to_ascii_uppercase().contains("NULLS NOT DISTINCT"));
        if columns.is_empty() {
            return Err((one.table.name.clone(), format!("its unique index `{}` is over an expression", unique.name)));
        }
        let whole_key = one.table.primary_key.iter().all(|key| columns.contains(key));
        let absent = |name: &String| {
            let Some(column) = table.column(name).filter(|column| column.nullable) else { return false };
            let asked = lessons.filled.contains(&(table.name.clone(), name.clone()));
            let left = column.default.is_none() && one.link_of(name).is_none() && !is_telling(column);
            (one.missing.contains_key(name) || left) && !asked
        };
        // What the database hands out itself is never given twice.
        let handed_out = |name: &String| {
            let default = table.column(name).and_then(|column| column.default.as_deref()).unwrap_or_default();
            ["nextval", "IDENTITY", "uuid"].iter().any(|word| default.contains(word))
        };
        if whole_key || columns.iter().any(handed_out) || (!strict && columns.iter().any(absent)) {
            continue;
        }
        different_by(one, &columns)?;
    }
    Ok(())
}

/// Returns the columns of a unique index, also those inside its expressions.
fn columns_of(table: &Table, unique: &Unique, definition: Option<&String>) -> Vec<String> {
    if !unique.columns.is_empty() {
        return unique.columns.clone();
    }
    let text = definition.map(String::as_str).unwrap_or_default();
    // Behind the name of the table come the columns and expressions, then the condition.
    let inside = text.find('(').map_or("", |at| &text[at..]);
    let end = inside.to_ascii_uppercase().find(" WHERE ").unwrap_or(inside.len());
    let inside = &inside[..end];
    let found = words(inside);
    table.columns.iter().filter(|column| found.contains(&column.name)).map(|column| column.name.clone()).collect()
}

fn different_by(one: &mut Drawn<'_>, columns: &[String]) -> Result<(), Obstacle> {
    let table = one.table;
    let own = |name: &&String| {
        let column = table.column(name).expect("an index is over columns");
        (!one.refers_by(name) && !column.generated && one.tag.as_ref() != Some(*name)).then_some(column)
    };
    let by_key = matches!(one.own_key(), Some(ColumnKind::Integer { .. }));
    let known =
        |name: &String| one.unique.contains(name) || one.links.iter().any(|link| link.column == *name && link.single);
    if columns.iter().any(known) || matches!(&one.form, Form::OnePer(link) if columns.contains(link)) {
        return Ok(());
    }
    let free = |column: &&Column| one.free(column);
    let candidates: Vec<&Column> = columns.iter().filter_map(|name| own(&name)).collect();
    let links: Vec<&String> = columns.iter().filter(|name| one.link_of(name).is_some()).collect();
    let text = candidates.iter().find(|column| one.takes_unique_text(column));
    let number = || {
        let wide = |column: &&&Column| matches!(column.kind, ColumnKind::Integer { bits: 32 | 64 });
        candidates.iter().filter(wide).find(|column| by_key && free(column))
    };
    let uuid = || {
        let alike =
            |column: &&&Column| column.kind == ColumnKind::Uuid && (by_key || one.own_key() == Some(&ColumnKind::Uuid));
        candidates.iter().find(alike)
    };
    let in_key = columns == table.primary_key;
    // A part of the key that is a number or a UUID is given by Seedbed itself.
    let made_number = in_key
        && links.is_empty()
        && candidates.iter().any(|c| matches!(c.kind, ColumnKind::Integer { bits: 32 | 64 } | ColumnKind::Uuid));
    let made_uuid = in_key && candidates.iter().any(|column| column.kind == ColumnKind::Uuid);
    let counted =
        candidates.iter().find(|c| matches!(c.kind, ColumnKind::Integer { .. })).filter(|_| !links.is_empty());
    let required = |name: &&&String| one.link_of(name).is_some_and(|link| !link.optional && link.to != table.name);
    let pair = columns.len() == 2
        && links.len() == 2
        && one.links.len() == 2
        && one.choices.is_empty()
        && one.form == Form::Counted
        && one.links.iter().all(|link| !link.optional);
    let given = text.or_else(|| number().or_else(uuid).filter(|_| !in_key));
    if given.is_none() && (made_number || made_uuid) {
        return Ok(());
    }
    if let Some(column) = given {
        one.unique.insert(column.name.clone());
    } else if let Some(column) = counted.filter(|column| free(column)) {
        let link = links.iter().find(required).or(links.first()).expect("there is one");
        one.positions.insert(column.name.clone(), (*link).clone());
    } else if pair {
        one.form = Form::Pairs;
    } else if let Some(link) = links.iter().find(required) {
        let link = (*link).clone();
        if one.form == Form::Counted && !one.links.iter().any(|link| link.single) {
            one.form = Form::OnePer(link);
        } else {
            one.links.iter_mut().filter(|other| other.column == link).for_each(|link| link.single = true);
        }
    } else if let Some(link) = links.first() {
        let column = (*link).clone();
        one.links.retain(|link| link.column != column);
        one.missing.insert(column, "each may be referred to once".into());
    } else if let Some(column) = candidates.iter().find(|column| column.nullable && !in_key) {
        one.missing.insert(column.name.clone(), "it is unique, and no different values can be made".into());
    } else {
        let columns = columns.join("`, `");
        return Err((table.name.clone(), format!("`{columns}` must differ from row to row, and nothing makes it so")));
    }
    Ok(())
}

/// Returns the pairs of columns that say which table's row they mean: `subject_type`, `subject_id`.
fn pairs<'d>(one: &'d Drawn<'_>) -> impl Iterator<Item = (&'d str, &'d Column, &'d Column)> {
    one.table.columns.iter().filter_map(|kind| {
        let stem = ["_type", "Type"].iter().find_map(|end| kind.name.strip_suffix(end))?;
        let ends = ["_id", "Id", "_uuid", "_key"];
        let is_id = |column: &&Column| ends.iter().any(|end| column.name.strip_suffix(end) == Some(stem));
        let id = one.table.columns.iter().find(is_id)?;
        let apart = |column: &Column| {
            !one.refers_by(&column.name)
                && !one.table.primary_key.contains(&column.name)
                && !one.table.foreign_keys.iter().any(|key| key.columns.contains(&column.name))
        };
        let stands = !stem.is_empty() && matches!(kind.kind, ColumnKind::Text { .. }) && apart(kind) && apart(id);
        stands.then_some((stem, kind, id))
    })
}

/// Fills pairs of a type and an id column with tables that are `made` before.
fn choices<'d, 'a: 'd>(one: &mut Drawn<'a>, made: &(impl Iterator<Item = &'d Drawn<'a>> + Clone)) {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (stem, kind, id) in pairs(one) {
        if id.nullable && kind.nullable {
            let reason = format!("nothing says which tables `{}` and `{}` refer to", kind.name, id.name);
            unknown.extend([(id.name.clone(), reason.clone()), (kind.name.clone(), reason)]);
            continue;
        }
        let named = one.understood.bounds.get(&kind.name).and_then(|bounds| bounds.one_of.as_ref());
        let whole = |kind: &ColumnKind| matches!(kind, ColumnKind::Integer { .. });
        let text = matches!(id.kind, ColumnKind::Text { limit } if limit.is_none_or(|limit| limit >= 36));
        let fits = |other: &&Drawn<'_>| {
            other.form == Form::Counted
                && other.own_key().is_some_and(|key| text || *key == id.kind || (whole(key) && whole(&id.kind)))
                && !one.links.iter().any(|link| link.to == other.table.name)
                && named.is_none_or(|named| named.contains(&class_name(&other.table.name)))
        };
        // What hangs on much is what people talk about, more likely than what all hangs on.
        let mut to: Vec<&Drawn<'_>> = made.clone().filter(fits).collect();
        let hangs_on = |other: &Drawn<'_>| other.links.iter().filter(|link| link.to != other.table.name).count();
        to.sort_by_key(|other| std::cmp::Reverse(hangs_on(other)));
        let to: Vec<String> = to.into_iter().take(2).map(|other| other.table.name.clone()).collect();
        if !to.is_empty() {
            let (name, kind, id) = (stem.to_owned(), kind.name.clone(), id.name.clone());
            found.push(Choice { name, kind, id, to, back: String::new() });
        }
    }
    one.missing.extend(unknown);
    one.choices = found;
}

/// Returns what frameworks call the rows of a table: `Post` of `blog_posts` is `BlogPost`.
pub(super) fn class_name(table: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    singular(table).split('_').map(capital).collect()
}

/// Returns the name of one row of a table: `story` of `stories`.
pub(super) fn singular(table: &str) -> String {
    let ends = |end: &str| table.len() > end.len() + 1 && table.to_ascii_lowercase().ends_with(end);
    let without = |count: usize| table[..table.len() - count].to_owned();
    if ends("ies") {
        without(3) + "y"
    } else if ["sses", "xes", "ches", "shes"].iter().any(|end| ends(end)) {
        without(2)
    } else if ends("s") && !["ss", "us", "is"].iter().any(|end| ends(end)) {
        without(1)
    } else {
        table.to_owned()
    }
}

/// Says how many rows each table gets: a few, more the further it is from those that refer to nothing.
fn count(order: &[String], drawn: &mut BTreeMap<&str, Drawn<'_>>) {
    for name in order {
        let one = &drawn[name.as_str()];
        let targets =
            || one.links.iter().filter(|link| link.to != *name).filter_map(|link| drawn.get(link.to.as_str()));
        let chosen = one.choices.iter().flat_map(|choice| &choice.to).filter_map(|to| drawn.get(to.as_str()));
        let depth = targets().chain(chosen).map(|target| target.depth + 1).max().unwrap_or(0);
        let of_link =
            |column: &str| one.link_of(column).and_then(|link| drawn.get(link.to.as_str())).map_or(1, |to| to.rows);
        let rows = match &one.form {
            Form::OnePer(link) => of_link(link),
            Form::Pairs => {
                let [left, right] = [0, 1].map(|end| one.links[end].column.as_str());
                let same = one.links[0].to == one.links[1].to;
                let most =
                    if same { of_link(left) * of_link(left).saturating_sub(1) } else { of_link(left) * of_link(right) };
                most.min(8)
            }
            Form::Counted => {
                let few = [5, 8, 12][depth.min(2)];
                let singles = one.links.iter().filter(|link| link.single && !link.optional);
                singles.map(|link| of_link(&link.column)).chain([few]).min().unwrap_or(few)
            }
        };
        let one = drawn.get_mut(name.as_str()).expect("it was just looked at");
        (one.depth, one.rows) = (depth, rows);
    }
}

/// Gives every population, link and way back a name of its own.
fn name_all(drawn: &mut [Drawn<'_>]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for one in drawn.iter_mut() {
        let name: String =
            one.table.name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
        one.name = another(&mut taken, name);
    }
    let names: BTreeMap<String, usize> =
        drawn.iter().enumerate().map(|(index, one)| (one.table.name.clone(), index)).collect();
    // What can stand in a path from a row must be told apart there.
    let mut inside: Vec<BTreeSet<String>> = Vec::new();
    for one in drawn.iter_mut() {
        let linked: Vec<String> = one.links.iter().map(|link| link.column.clone()).collect();
        let columns = one.table.columns.iter().map(|column| column.name.clone());
        let mut own: BTreeSet<String> = columns.filter(|name| !linked.contains(name)).collect();
        own.insert("self".into());
        for link in &mut one.links {
            let stem = stem(&link.column);
            let before = std::mem::replace(&mut link.name, another(&mut own, stem));
            if let Form::OnePer(per) = &mut one.form
                && *per == before
            {
                per.clone_from(&link.name);
            }
            one.positions.values_mut().filter(|of| **of == before).for_each(|of| of.clone_from(&link.name));
        }
        for choice in &mut one.choices {
            choice.name = another(&mut own, choice.name.clone());
        }
        inside.push(own);
    }
    for child in 0..drawn.len() {
        let name = drawn[child].name.clone();
        for link in 0..drawn[child].links.len() {
            let target = names[&drawn[child].links[link].to];
            let back = if inside[target].contains(&name) || target == child {
                format!("{name}_of_{}", drawn[child].links[link].name)
            } else {
                name.clone()
            };
            drawn[child].links[link].back = another(&mut inside[target], back);
        }
        for choice in 0..drawn[child].choices.len() {
            let targets: Vec<usize> = drawn[child].choices[choice].to.iter().map(|to| names[to]).collect();
            let mut back = name.clone();
            while targets.iter().any(|target| inside[*target].contains(&back)) {
                back.push('_');
            }
            for target in targets {
                inside[target].insert(back.clone());
            }
            drawn[child].choices[choice].back = back;
        }
    }
    let mut first = true;
    for one in drawn.iter_mut() {
        one.people = first && one.form == Form::Counted && is_people(one.table);
        first &= !one.people;
    }
}

/// Returns what a link is called by its column: `author` of `author_id` or `authorId`.
fn stem(column: &str) -> String {
    let stem = ["_uuid", "_id", "Id", "_fk", "ID"].iter().find_map(|end| column.strip_suffix(end));
    let stem = stem.filter(|stem| !stem.is_empty()).unwrap_or(column);
    stem.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

fn another(taken: &mut BTreeSet<String>, mut name: String) -> String {
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// Whether the rows of a table are people that log in.
fn is_people(table: &Table) -> bool {
    let has = |word: &str| table.columns.iter().any(|column| column.name.to_ascii_lowercase().contains(word));
    let name = singular(&table.name).to_ascii_lowercase();
    has("email")
        && (has("password") || ["user", "account", "person", "people", "member"].iter().any(|n| name.ends_with(n)))
}

/// Returns keys of rows that stand there, as values of a scenario.
pub(super) fn cells(cells: &[Cell]) -> Vec<String> {
    cells
        .iter()
        .map(|cell| cell.as_integer().map_or_else(|| yaml::text(cell.as_text().unwrap_or_default()), |n| n.to_string()))
        .collect()
}
