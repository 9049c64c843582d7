//! A small world for the contract tests: users, items, pairs, and tables that hang on them.

#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]

pub mod crowd;
pub mod failing;
pub mod guest;
pub mod own;
pub mod server;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use seedbed::{Database, Media, Receipt, Result, Sqlite, Target};
use seedbed_core::dataset::{Block, Claim, Dataset, File, Picture, PictureKind, Reference, Row, ScenarioName, State};
use seedbed_core::plan::Plan;
use seedbed_core::value::{Decimal, Value};

pub use own::{COUNTERS, Engine, Own, for_postgres, open};

pub const DDL: &str = "
CREATE TABLE users (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email varchar(254) NOT NULL UNIQUE,
    name varchar(100) NULL, joined datetime NOT NULL, lat decimal(9,6) NULL, active bool NOT NULL, tag bool NOT NULL);
CREATE TABLE profiles (user_id bigint NOT NULL PRIMARY KEY REFERENCES users (id), bio text NULL, tag bool NOT NULL);
CREATE TABLE items (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL,
    owner_id bigint NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED, place integer NOT NULL,
    memo text NULL, tag bool NOT NULL, UNIQUE (owner_id, place));
CREATE INDEX items_owner ON items (owner_id);
CREATE TABLE pairs (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, user_id bigint NOT NULL REFERENCES users (id),
    item_id bigint NOT NULL REFERENCES items (id), created datetime NOT NULL, tag bool NOT NULL);
CREATE UNIQUE INDEX pairs_once ON pairs (user_id, item_id);
CREATE TABLE badges (user_id bigint NOT NULL REFERENCES users (id), item_id bigint NOT NULL REFERENCES items (id),
    PRIMARY KEY (user_id, item_id));
CREATE TABLE notes (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE, body text NOT NULL);
CREATE TABLE visits (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id bigint NULL REFERENCES users (id) ON DELETE SET NULL, item_id bigint NULL REFERENCES items (id));
CREATE TABLE marks (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, visit_id bigint NOT NULL REFERENCES visits (id));
";

/// 2026-11-22 00:00 UTC.
pub const TODAY: i64 = 1_795_305_600;
pub const DAY: i64 = 86_400;

pub fn user(layer: i64, row: i64) -> i64 {
    1_000_000_000 + layer * 100_000_000 + row
}

fn scenario(name: &str, layer: u8, requires: &[&str]) -> ScenarioName {
    let requires = requires.iter().map(ToString::to_string).collect();
    ScenarioName { name: name.into(), layer, requires, about: String::new() }
}

fn block(scenario: usize, population: &str, table: &str, columns: &[&str], key: &[usize], tag: Option<usize>) -> Block {
    Block {
        scenario,
        population: population.into(),
        table: table.into(),
        columns: columns.iter().map(ToString::to_string).collect(),
        key: key.to_vec(),
        tag,
        references: Vec::new(),
        rows: Vec::new(),
    }
}

fn link(name: &str, column: usize, to: &str, owner: bool) -> Reference {
    Reference { name: name.into(), columns: vec![column], to: to.into(), owner, when: None }
}

fn row(name: impl Into<String>, values: Vec<Value>) -> Row {
    Row { name: name.into(), values, overlays: Vec::new() }
}

fn user_row(name: &str, id: i64, number: i64) -> Row {
    row(
        name,
        vec![
            Value::Integer(id),
            Value::text(format!("{name}@seed.test")),
            Value::text(name),
            Value::Time(-number * 3600),
            Value::Decimal(Decimal::new(47_000_000 + number * 500_000, 6)),
            Value::Bool(true),
            Value::Bool(true),
        ],
    )
}

/// Three layers: `one` has two users with profiles and items, `two` three users who take the items
/// over, `three` pairs of users and items, and badges.
pub fn dataset() -> Dataset {
    let user_columns = ["id", "email", "name", "joined", "lat", "active", "tag"];
    let mut makers = block(0, "makers", "users", &user_columns, &[0], Some(6));
    makers.rows = vec![user_row("ada", user(1, 1), 1), user_row("bob", user(1, 2), 2)];
    let mut profiles = block(0, "profiles", "profiles", &["user_id", "bio", "tag"], &[0], Some(2));
    profiles.references = vec![link("user", 0, "users", true)];
    profiles.rows = [("ada", user(1, 1)), ("bob", user(1, 2))]
        .map(|(name, id)| {
            let values = vec![Value::Integer(id), Value::text(format!("I am {name}")), Value::Bool(true)];
            row(name, values)
        })
        .into();
    let mut items = block(0, "items", "items", &["id", "title", "owner_id", "place", "tag"], &[0], Some(4));
    items.references = vec![link("owner", 2, "users", true)];
    for number in 1..=6 {
        let owner = user(1, 1 + number % 2);
        let mut item = row(
            format!("item_{number}"),
            vec![
                Value::Integer(user(1, number)),
                Value::text(format!("Item {number}")),
                Value::Integer(owner),
                Value::Integer(number),
                Value::Bool(true),
            ],
        );
        item.overlays = vec![(2, 1, Value::Integer(user(2, 1 + number % 3)))];
        items.rows.push(item);
    }
    let mut people = block(1, "people", "users", &user_columns, &[0], Some(6));
    people.rows = ["new", "active", "power"]
        .iter()
        .enumerate()
        .map(|(index, name)| user_row(name, user(2, 1 + index as i64), 10 + index as i64))
        .collect();
    let mut pairs = block(2, "pairs", "pairs", &["id", "user_id", "item_id", "created", "tag"], &[0], Some(4));
    pairs.references = vec![link("user", 1, "users", true), link("item", 2, "items", false)];
    let mut badges = block(2, "badges", "badges", &["user_id", "item_id"], &[0, 1], None);
    badges.references = vec![link("user", 0, "users", true), link("item", 1, "items", false)];
    for number in 1..=4 {
        let (who, item) = (user(2, 2 + number % 2), user(1, number));
        let name = format!("{}>item_{number}", if number % 2 == 0 { "active" } else { "power" });
        let values = vec![
            Value::Integer(user(3, number)),
            Value::Integer(who),
            Value::Integer(item),
            Value::Time(-number * 60),
            Value::Bool(true),
        ];
        pairs.rows.push(row(name.clone(), values));
        badges.rows.push(row(name, vec![Value::Integer(who), Value::Integer(item)]));
    }
    let picture =
        |caption: &str| Picture { kind: PictureKind::Avatar, width: 8, height: 8, caption: caption.into(), tint: 7 };
    let file = |scenario, path: &str, caption: &str| File { scenario, path: path.into(), picture: picture(caption) };
    Dataset {
        scenarios: vec![scenario("one", 1, &[]), scenario("two", 2, &["one"]), scenario("three", 3, &["two"])],
        seed: 1,
        worker: 0,
        as_of: 0,
        holds_for: 2 * DAY,
        blocks: vec![makers, profiles, items, people, pairs, badges],
        files: vec![file(0, "faces/ada.png", "A"), file(0, "faces/bob.png", "B"), file(1, "faces/deep/new.png", "N")],
        claims: vec![Claim {
            scenario: 2,
            table: "users".into(),
            column: "email".into(),
            pattern: "e2e_*@seed.test".into(),
        }],
        states: vec![State { scenario: 2, name: "no_pairs".into(), without: (0..4).map(|row| (4, row)).collect() }],
        expected: Vec::new(),
        witnesses: Vec::new(),
    }
}

/// The dataset without the layers above; for a verb on a lower layer when only that is seeded.
pub fn dataset_up_to(layers: usize) -> Dataset {
    let mut dataset = dataset();
    dataset.scenarios.truncate(layers);
    dataset.blocks.retain(|block| block.scenario < layers);
    for row in dataset.blocks.iter_mut().flat_map(|block| &mut block.rows) {
        row.overlays.retain(|(_, scenario, _)| *scenario < layers);
    }
    dataset.files.retain(|file| file.scenario < layers);
    dataset.claims.retain(|claim| claim.scenario < layers);
    dataset.states.retain(|state| state.scenario < layers);
    dataset
}

/// The dataset as another worker has it: other keys, other addresses, no pictures.
pub fn of_worker(mut dataset: Dataset, worker: u8) -> Dataset {
    dataset.worker = worker;
    for row in dataset.blocks.iter_mut().flat_map(|block| &mut block.rows) {
        let overlays = row.overlays.iter_mut().map(|(_, _, value)| value);
        for value in row.values.iter_mut().chain(overlays) {
            match value {
                Value::Integer(key) if *key > 1_000_000_000 => *key += 1_000_000 * i64::from(worker),
                Value::Text(text) => *text = text.replace('@', &format!("+w{worker}@")).into(),
                _ => {}
            }
        }
    }
    dataset.files.clear();
    dataset
}

pub fn render(picture: &Picture) -> Vec<u8> {
    format!("picture {} {}x{}", picture.caption, picture.width, picture.height).into_bytes()
}

/// A database, a dataset and a media folder.
pub struct World {
    pub database: Box<dyn Database>,
    /// A connection of somebody else, to the same database.
    pub own: Own,
    pub dataset: Dataset,
    pub folder: tempfile::TempDir,
    pub now: i64,
    pub as_of: Option<i64>,
    pub timeout: Duration,
    pub notices: Vec<String>,
}

impl World {
    /// A database; the tests' own statements go over a second connection.
    pub fn new() -> Self {
        Self::with_tables(DDL)
    }

    pub fn with_tables(ddl: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, database) = match crate::ENGINE {
            Engine::Sqlite => {
                let path = folder.path().join("test.db");
                let (database, _) = Sqlite::open_or_create(&path, ddl).unwrap();
                let own = rusqlite::Connection::open(&path).unwrap();
                own.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF").unwrap();
                (Own::Sqlite(own), Box::new(database) as Box<dyn Database>)
            }
            Engine::Postgres => {
                let place = server::server().database(&own::for_postgres(ddl));
                let database = own::open(&place.address());
                (Own::postgres(place), database)
            }
        };
        Self {
            database,
            own,
            dataset: dataset(),
            folder,
            now: TODAY + 3600,
            as_of: None,
            timeout: Duration::from_secs(5),
            notices: Vec::new(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    pub fn media(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    fn with<T>(&mut self, levels: std::ops::Range<usize>, verb: impl FnOnce(&mut Target<'_>) -> T) -> T {
        let media = self.folder.path().join("media");
        let notices = &mut self.notices;
        verb(&mut Target {
            scale: None,
            database: &mut *self.database,
            dataset: &self.dataset,
            levels,
            media: Some(Media { folder: &media, render: &render }),
            now: self.now,
            as_of: self.as_of,
            lock_timeout: self.timeout,
            bookkeeping: &[],
            program: "seedbed",
            notice: &mut |notice| notices.push(notice.to_string()),
        })
    }

    pub fn all(&self) -> std::ops::Range<usize> {
        0..self.dataset.scenarios.len()
    }

    pub fn plan(&mut self) -> Plan {
        self.with(self.all(), |target| seedbed::plan(target, None)).unwrap().plan
    }

    pub fn seed(&mut self) -> Result<Receipt> {
        self.with(self.all(), seedbed::seed)
    }

    pub fn seed_levels(&mut self, levels: std::ops::Range<usize>) -> Result<Receipt> {
        self.with(levels, seedbed::seed)
    }

    pub fn reset(&mut self) -> Result<Receipt> {
        self.with(self.all(), |target| seedbed::reset(target, None))
    }

    pub fn reset_to(&mut self, state: &str) -> Result<Receipt> {
        self.with(self.all(), |target| seedbed::reset(target, Some(state)))
    }

    pub fn cleanup(&mut self, from: usize) -> Result<Receipt> {
        let to = self.dataset.scenarios.len();
        self.with(from..to, seedbed::cleanup)
    }

    pub fn sql(&self, text: &str) {
        self.own.sql(text);
    }

    pub fn number(&self, query: &str) -> i64 {
        self.own.number(query)
    }

    pub fn text(&self, query: &str) -> String {
        self.own.text(query)
    }

    /// The last key that the engine handed out for a table.
    pub fn counter(&self, table: &str) -> Option<i64> {
        self.own.counter(table)
    }

    pub fn set_counter(&self, table: &str, to: i64) {
        self.own.set_counter(table, to);
    }

    /// How many tables of Seedbed there are.
    pub fn own_tables(&self) -> i64 {
        self.number(match crate::ENGINE {
            Engine::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'seedbed%'",
            Engine::Postgres => "SELECT count(*) FROM pg_class WHERE relname LIKE 'seedbed%'",
        })
    }

    /// The name of the index that keeps emails apart.
    pub fn unique_email() -> &'static str {
        match crate::ENGINE {
            Engine::Sqlite => "sqlite_autoindex_users_1",
            Engine::Postgres => "users_email_key",
        }
    }

    /// The database, opened once more.
    pub fn open(&self) -> Box<dyn Database> {
        self.opener()()
    }

    /// What opens the database once more, in any thread.
    pub fn opener(&self) -> impl Fn() -> Box<dyn Database> + Sync + use<> {
        let (path, address) = (self.path(), self.own.address());
        move || match &address {
            None => Box::new(Sqlite::open(&path).unwrap()),
            Some(address) => own::open(address),
        }
    }

    /// All rows of all tables but ours, and the counters.
    pub fn dump(&self) -> BTreeMap<String, Vec<String>> {
        self.own.dump(false)
    }

    /// All rows of all tables, and the counters.
    pub fn dump_all(&self) -> BTreeMap<String, Vec<String>> {
        self.own.dump(true)
    }

    /// Files below the media folder with their contents.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.media()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    found.insert(path.strip_prefix(self.media()).unwrap().display().to_string(), Vec::new());
                    open.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path.strip_prefix(self.media()).unwrap().display().to_string(), bytes);
                }
            }
        }
        found
    }
}
