//! The verb `init`: a database is read, and a first project is written for it.
//!
//! Nothing is written to the database. The scenario is tried before it is written: read back,
//! generated, and its rows held against every check of the catalogue by the engine itself, so that
//! also a check that nobody here understands is kept. What does not hold is made plainer, or left out
//! and named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::outline::{Catalogue, Held, Lessons, Outline, columns_of_check, outline};
use seedbed_core::plan::desired::{DesiredBlock, Encoding, desired};
use seedbed_core::scenario::{self, Files};
use seedbed_core::schema::{Check, Column, ColumnKind, Rules, Schema, Table, TableKind};
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use crate::database::postgres;
use crate::database::rules::rules;
use crate::database::{Access, Database, Failure, FailureKind};
use crate::error::{Closing, Error, Exit, Result, While};
use crate::guard::{self, BOOKKEEPING};
use crate::project::{self, Place};
use crate::run;
use crate::sql;
use crate::sql::Dialect;
use crate::state;

/// The folder of the scenarios of a new project.
const FOLDER: &str = "seedbed";
/// The name of its first scenario.
const SCENARIO: &str = "base";
/// Texts that are tried where a check is not understood: letters, digits, what hashes look like.
const SHAPES: [&str; 6] = [
    "EXAMPLEEXAMPLE",
    "exampleexample",
    "1234567890",
    "+41445550101",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "https://example.test/",
];
/// How long somebody else's write is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A project that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The database.
    pub database: String,
    /// The name of the scenario.
    pub scenario: String,
    /// The files that were written, as a person here would type them.
    pub files: Vec<String>,
    /// What was made, left out and not understood.
    pub outline: Outline,
    /// Tests may write into the database as it is.
    pub may_write: bool,
    /// The address had a password, which is written nowhere.
    pub password: bool,
}

/// Refuses where a file of a new project is there already.
pub fn refuse_existing(settings: &Path, here: &Path) -> Result<()> {
    for path in [settings.to_path_buf(), scenario_file(settings)] {
        if fs::symlink_metadata(&path).is_ok() {
            let message = format!("there is {} already, and nothing is overwritten", project::shown(&path, here));
            return Err(Error::new(Exit::Usage, "file-exists", message)
                .help("go to another folder, or move it away")
                .help("to see what it says of this database: seedbed check"));
        }
    }
    Ok(())
}

fn scenario_file(settings: &Path) -> PathBuf {
    let folder = settings.parent().unwrap_or(Path::new(""));
    folder.join(FOLDER).join(format!("{SCENARIO}.yaml"))
}

/// Begins a project for the database in `place`, which a person calls `address`: writes `settings`
/// and a scenario beside it.
pub fn init(place: &mut Place, address: &str, settings: &Path, here: &Path, now: i64) -> Result<Begun> {
    refuse_existing(settings, here)?;
    let (outline, may_write) = look(&mut *place.database, &place.name, now)?;
    if outline.tables.is_empty() {
        let mut error = Error::new(
            Exit::CouldNotRun,
            "no-tables",
            format!("{} has no table that rows can be made for", place.name),
        );
        for (table, reason) in &outline.left_out {
            error = error.detail(format!("{table}: {reason}"));
        }
        let error = error.help("apply your migrations to this database, then try again");
        return Err(match place.database.dialect() {
            Dialect::Postgres => error.help(
                "or name the schema that the tables are in: `?options=-csearch_path%3DSCHEMA` at the end of the address",
            ),
            Dialect::Sqlite => error,
        });
    }
    let (kept, password) = kept_address(address, &place.name, settings, here);
    let scenario = scenario_file(settings);
    let text = settings_text(&kept);
    write_new(&scenario, &outline.text, here)?;
    if let Err(error) = write_new(settings, &text, here) {
        let _ = fs::remove_file(&scenario);
        return Err(error);
    }
    let files = [settings, &scenario].map(|path| project::shown(path, here)).into();
    let (database, scenario) = (place.name.clone(), SCENARIO.to_owned());
    Ok(Begun { database, scenario, files, outline, may_write, password })
}

/// Returns a scenario that holds for the database, and whether tests may write there as it is.
fn look(database: &mut dyn Database, name: &str, now: i64) -> Result<(Outline, bool)> {
    let read = Read::of(database)?;
    let catalogue = Catalogue {
        schema: &read.schema,
        rules: &read.rules,
        held: &read.held,
        bookkeeping: &read.bookkeeping,
        typed: database.dialect() == Dialect::Postgres,
    };
    let mut trial =
        Trial { catalogue, as_of: now - now.rem_euclid(86_400), lessons: Lessons::default(), tried: BTreeMap::new() };
    loop {
        let outline = outline(&catalogue, &trial.lessons, SCENARIO, name);
        if trial.teaches_nothing(database, &outline)? {
            return Ok((outline, read.may_write));
        }
    }
}

/// What was read of a database.
struct Read {
    schema: Schema,
    rules: BTreeMap<String, Rules>,
    held: BTreeMap<String, Held>,
    bookkeeping: BTreeSet<String>,
    may_write: bool,
}

impl Read {
    fn of(database: &mut dyn Database) -> Result<Self> {
        let mut transaction = run::begin(database, Access::Read, PATIENCE, &mut |_| {})?;
        let whole = transaction.schema().during(|| "reading the catalogue".into())?;
        let state = state::read(&mut *transaction, &whole).during(|| "reading what was seeded".into())?;
        if let Some(seeded) = state.seeded.first() {
            let message =
                format!("scenario `{}` is seeded here, so there is a project for it already", seeded.scenario);
            return Err(Error::new(Exit::Usage, "seeded-already", message)
                .help("go to its folder, or take its rows out there: seedbed cleanup"));
        }
        let mut schema = (*whole).clone();
        schema.tables.retain(|name, _| !name.starts_with("seedbed_"));
        let rules = rules(&mut *transaction, &schema).during(|| "reading the rules of the tables".into())?;
        let all: BTreeSet<String> = schema.tables.keys().cloned().collect();
        let standing = guard::standing(&mut *transaction, &schema, state.marker.as_ref(), &all, &[])
            .during(|| "looking whether tests may write here".into())?;
        let held = held(&mut *transaction, &schema).during(|| "looking at the rows that are there".into())?;
        let bookkeeping = BOOKKEEPING.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self { schema, rules, held, bookkeeping, may_write: standing.allows() })
    }
}

/// Returns how many rows each table holds, and the first of their keys.
fn held(database: &mut dyn Database, schema: &Schema) -> std::result::Result<BTreeMap<String, Held>, Failure> {
    let dialect = database.dialect();
    let tables: Vec<&Table> = schema.tables.values().filter(|table| table.kind == TableKind::Base).collect();
    let mut all = BTreeMap::new();
    for some in tables.chunks(100) {
        let statement =
            sql::count(dialect, some.iter().map(|table| sql::Counted::All(&table.name)), std::iter::empty());
        let counts = database.query(&statement.sql, &statement.values)?.into_iter().next().unwrap_or_default();
        for (table, count) in some.iter().zip(counts) {
            let count = count.as_integer().unwrap_or_default() as u64;
            let mut keys = Vec::new();
            if let ([key], 1..) = (&table.primary_key[..], count) {
                let statement = sql::rules::select_first(dialect, table, key);
                keys = database.query(&statement.sql, &statement.values)?.into_iter().flatten().collect();
            }
            all.insert(table.name.clone(), Held { count, by: table.primary_key.clone(), keys });
        }
    }
    Ok(all)
}

/// A scenario being tried.
struct Trial<'a> {
    catalogue: Catalogue<'a>,
    as_of: i64,
    lessons: Lessons,
    /// What was tried to make a check hold: (table, expression), how often.
    tried: BTreeMap<(String, String), usize>,
}

impl Trial<'_> {
    /// Tries an outline; true where it is good. Otherwise the next one heeds what was seen.
    fn teaches_nothing(&mut self, database: &mut dyn Database, outline: &Outline) -> Result<bool> {
        if outline.tables.is_empty() {
            return Ok(true);
        }
        let schema = self.catalogue.schema;
        let path = format!("{FOLDER}/{SCENARIO}.yaml");
        let source = Source { path, text: outline.text.clone() };
        let files = Files { sources: vec![source], scenarios: vec![0], lists: Vec::new() };
        let parameters = Parameters { seed: 1, worker: 0, as_of: self.as_of };
        let made = scenario::read(&files, Some(schema)).and_then(|chain| generate(&chain, Some(schema), parameters));
        let dataset = match made {
            Ok(made) => made.dataset,
            Err(problems) if problems.iter().any(|problem| problem.code == "unreadable") => {
                // This is a mistake of ours, and its place shows what it is.
                let sources = files.sources.clone();
                return Err(Error::from_diagnostics(Exit::CouldNotRun, problems, sources, Closing::NothingWritten));
            }
            Err(problems) => return self.leave_out(outline, &problems).map(|()| false),
        };
        // No check asks what a hash is; how long it is, one might.
        let values = dataset.blocks.iter().flat_map(|block| &block.rows).flat_map(|row| &row.values);
        let plain = values.filter_map(|value| if let Value::Password(plain) = value { Some(plain) } else { None });
        let passwords = plain.map(|plain| (Arc::clone(plain), Arc::from("x".repeat(88)))).collect();
        let encoding = Encoding { as_of: self.as_of, passwords: &passwords };
        let in_force = BTreeSet::from([0]);
        let known = self.lessons.holding.len();
        let mut good = true;
        for block in 0..dataset.blocks.len() {
            let rows = desired(&dataset, block, schema, &in_force, &BTreeSet::new(), encoding);
            let table = &schema.tables[&rows.table];
            good &= self.differ(table, &rows) && self.hold_checks(database, table, &rows)?;
        }
        // What was found to hold is said in the file.
        Ok(good && self.lessons.holding.len() == known)
    }

    /// Leaves the tables out whose populations the problems are in.
    fn leave_out(&mut self, outline: &Outline, problems: &[Diagnostic]) -> Result<()> {
        let mut found = false;
        for problem in problems {
            let places = problem.places.iter().map(|place| place.span.start);
            let at = |start: usize| outline.tables.iter().find(|one| (one.place.0..one.place.1).contains(&start));
            if let Some(one) = places.filter_map(at).next_back() {
                self.lessons.without.entry(one.table.clone()).or_insert_with(|| problem.message.clone());
                found = true;
            }
        }
        if found {
            return Ok(());
        }
        // What stands in no population is of the links that go once only; their tables go.
        let message = problems.first().map_or_else(String::new, |problem| problem.message.clone());
        match outline.tables.last() {
            Some(last) => {
                self.lessons.without.insert(last.table.clone(), message);
                Ok(())
            }
            None => Err(Error::new(Exit::CouldNotRun, "no-tables", message)),
        }
    }

    /// Whether rows differ where a unique index asks for it; else their table is left out.
    fn differ(&mut self, table: &Table, rows: &DesiredBlock) -> bool {
        for unique in table.uniques.iter().filter(|unique| !unique.columns.is_empty()) {
            let places: Option<Vec<usize>> =
                unique.columns.iter().map(|name| rows.columns.iter().position(|column| column == name)).collect();
            let Some(places) = places else { continue };
            let mut seen = BTreeSet::new();
            for row in &rows.rows {
                let values: Vec<_> = places.iter().map(|&place| row.cells[place].clone()).collect();
                if !values.iter().any(seedbed_core::plan::Cell::is_null) && !seen.insert(values) {
                    let reason = format!("its rows would not differ in `{}`", unique.columns.join("`, `"));
                    self.lessons.without.insert(table.name.clone(), reason);
                    return false;
                }
            }
        }
        true
    }

    /// Whether rows hold every check of their table, as the engine itself sees it.
    fn hold_checks(&mut self, database: &mut dyn Database, table: &Table, rows: &DesiredBlock) -> Result<bool> {
        let Some(rules) = self.catalogue.rules.get(&table.name) else { return Ok(true) };
        let mut good = true;
        for check in &rules.checks {
            let failing = failing(database, table, rows, check)?;
            if failing == Some(0) {
                self.lessons.holding.insert((table.name.clone(), check.expression.clone()));
            } else {
                good = false;
                self.make_plainer(table, check);
            }
        }
        Ok(good)
    }

    /// Changes what a check is about: one value in place of several, some columns filled; and when all
    /// of that was tried, leaves the table out.
    fn make_plainer(&mut self, table: &Table, check: &Check) {
        let tried = self.tried.entry((table.name.clone(), check.expression.clone())).or_default();
        let about = columns_of(table, check);
        let place = |column: &str| (table.name.clone(), column.to_owned());
        let nullable: Vec<&str> = about.iter().filter(|c| c.nullable).map(|c| c.name.as_str()).collect();
        let attempt = *tried;
        *tried += 1;
        let texts = about.iter().filter(|column| matches!(column.kind, ColumnKind::Text { .. }));
        let texts: Vec<_> = texts.map(|column| place(&column.name)).collect();
        for column in &about {
            self.lessons.plain.insert(place(&column.name));
            self.lessons.filled.remove(&place(&column.name));
        }
        self.lessons.shapes.retain(|column, _| !texts.contains(column));
        match attempt {
            0 => {}
            1 => self.lessons.filled.extend(nullable.iter().map(|column| place(column))),
            n if n - 2 < nullable.len() => {
                self.lessons.filled.insert(place(nullable[n - 2]));
            }
            n if !texts.is_empty() && n - 2 - nullable.len() < SHAPES.len() => {
                let shape = SHAPES[n - 2 - nullable.len()];
                self.lessons.shapes.extend(texts.into_iter().map(|text| (text, shape)));
            }
            _ => {
                let name = if check.name.is_empty() { String::new() } else { format!("`{}` ", check.name) };
                let reason = format!("no row was found that holds its check {name}({})", check.expression);
                self.lessons.without.insert(table.name.clone(), reason);
            }
        }
    }
}

/// Returns the columns that a check is about.
fn columns_of<'t>(table: &'t Table, check: &Check) -> Vec<&'t Column> {
    match &check.column {
        Some(name) => table.column(name).into_iter().collect(),
        None => columns_of_check(table, &check.expression),
    }
}

/// Returns how many rows do not hold a check; nothing where the engine can't say.
fn failing(database: &mut dyn Database, table: &Table, rows: &DesiredBlock, check: &Check) -> Result<Option<i64>> {
    let columns = columns_of(table, check);
    // A value that is cast to its domain is held against the domain's checks by that.
    let expression = check.column.is_none().then_some(check.expression.as_str());
    if columns.is_empty() || rows.rows.is_empty() {
        return Ok(Some(0));
    }
    let places: Vec<Option<usize>> =
        columns.iter().map(|column| rows.columns.iter().position(|name| *name == column.name)).collect();
    let dialect = database.dialect();
    let mut count = 0;
    for some in rows.rows.chunks((900 / columns.len()).clamp(1, 100)) {
        let cells = some.iter().map(|row| places.iter().map(|place| place.map(|at| row.cells[at].clone())).collect());
        let cells: Vec<Vec<_>> = cells.collect();
        let statement = sql::rules::count_failing(dialect, table, &columns, &cells, expression);
        // What fails must not take the other questions with it.
        let mut transaction = run::begin(database, Access::Read, PATIENCE, &mut |_| {})?;
        match transaction.query(&statement.sql, &statement.values) {
            Ok(answer) => count += answer.first().and_then(|row| row[0].as_integer()).unwrap_or_default(),
            Err(failure) if failure.kind == FailureKind::Connection => {
                return Err(Error::from_failure("trying a check", &failure));
            }
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(count))
}

/// Returns the address as the settings keep it, and whether a password was taken out of it.
fn kept_address(address: &str, name: &str, settings: &Path, here: &Path) -> (String, bool) {
    if postgres::Address::is_one(address) {
        return postgres::Address::without_password(address);
    }
    let path = name.strip_prefix("sqlite:").unwrap_or(name);
    let folder = settings.parent().unwrap_or(here);
    (format!("sqlite:{}", project::shown(&here.join(path), folder)), false)
}

fn settings_text(address: &str) -> String {
    let mut text = String::from("# What `seedbed` works with here: the database, and the folder of its scenarios.\n");
    let quoted = toml_text(address);
    text.push_str(&format!("database = {quoted}\nscenarios = [\"{FOLDER}\"]\n"));
    if postgres::Address::is_one(address) {
        text.push_str(
            "# No password stands here. It comes from PGPASSWORD, from ~/.pgpass or from a service\n\
             # (postgres:///?service=NAME), as for psql. Another database: --db \"$DATABASE_URL\".\n",
        );
    } else {
        text.push_str("# Another database: --db sqlite:PATH.\n");
    }
    text
}

fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// Writes a file that is not there yet, and its folder.
fn write_new(path: &Path, text: &str, here: &Path) -> Result<()> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(text.as_bytes())
    });
    written.map_err(|error| {
        let message = format!("while writing {}: {error}", project::shown(path, here));
        Error::new(Exit::CouldNotRun, "no-file", message).help("go to a folder that files can be made in")
    })
}
