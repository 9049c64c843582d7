//! A world made from scenario files: chain, dataset, database file.

#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]

pub mod small;

use std::ops::Range;
use std::time::Duration;

use seedbed::verify::Verified;
use seedbed::{Database, Scaling, Sqlite, Target};
use seedbed_core::dataset::Dataset;
use seedbed_core::diagnostic::render;
use seedbed_core::generate::{Finding, Parameters, generate};
use seedbed_core::scale::Scaled;
use seedbed_core::scenario::{Chain, Files, read};
use seedbed_core::schema::Schema;
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use super::support::server::server;
use super::support::{Engine, Own, for_postgres, open};

/// 2026-11-22 00:00 UTC.
pub const TODAY: i64 = 1_795_305_600;
pub const HOUR: i64 = 3_600;

/// Scenario files and the tables they are for.
pub struct Project {
    pub files: Files,
    pub ddl: String,
}

pub fn pockitflyer() -> Project {
    pockitflyer_on(crate::ENGINE)
}

pub fn pockitflyer_on(engine: Engine) -> Project {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pockitflyer_backend");
    let text = |path: String| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let fixture = |name: &str| Source { path: name.into(), text: text(format!("{root}/users/fixtures/{name}")) };
    let scenarios = ["m01_discovery_scenarios.json", "m02_test_users.json", "m03_engagement_scenarios.json"];
    let lists = ["e2e_addresses.json", "e2e_flyer_templates.json", "e2e_names.json", "e2e_bios.json"];
    let tables = match engine {
        Engine::Sqlite => "pockitflyer.sql",
        Engine::Postgres => "pockitflyer.postgresql.sql",
    };
    let files = Files {
        sources: scenarios.iter().chain(&lists).map(|name| fixture(name)).collect(),
        scenarios: vec![0, 1, 2],
        lists: lists.iter().zip(3..).map(|(name, source)| (0, (*name).to_owned(), source)).collect(),
    };
    Project { files, ddl: text(format!("{root}/{tables}")) }
}

/// The example of this name, with its tables as the engine under test has them.
pub fn example(name: &str) -> Project {
    let root = format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = |path: String| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let scenario = format!("{name}.yaml");
    let mut files = Files { scenarios: vec![0], ..Files::default() };
    let names = std::fs::read_dir(&root).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut lists: Vec<String> =
        names.filter(|file| *file != scenario && file.rsplit_once('.').is_some_and(|(_, end)| end == "yaml")).collect();
    lists.sort();
    files.lists = lists.iter().zip(1..).map(|(list, source)| (0, list.clone(), source)).collect();
    let paths = std::iter::once(scenario).chain(lists);
    files.sources = paths.map(|path| Source { text: text(format!("{root}/{path}")), path }).collect();
    let tables = match crate::ENGINE {
        Engine::Sqlite => "schema.sqlite.sql",
        Engine::Postgres => "schema.postgresql.sql",
    };
    Project { files, ddl: text(format!("{root}/{tables}")) }
}

/// A chain, its dataset and a database.
pub struct World {
    pub chain: Chain,
    pub dataset: Dataset,
    pub findings: Vec<Finding>,
    pub database: Box<dyn Database>,
    pub own: Own,
    pub now: i64,
    pub as_of: Option<i64>,
    pub folder: tempfile::TempDir,
    /// The further blocks that verbs are asked for.
    pub scaled: Option<Scaled>,
    /// The further blocks that stand, where those are others.
    pub standing: Option<Scaled>,
    /// Indexes are taken away while they are loaded.
    pub rebuild: bool,
}

impl World {
    pub fn new(project: &Project, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, mut database) = match crate::ENGINE {
            Engine::Sqlite => {
                let path = folder.path().join("test.db");
                let own = rusqlite::Connection::open(&path).unwrap();
                own.execute_batch("PRAGMA synchronous = OFF").unwrap();
                own.execute_batch(&project.ddl).unwrap();
                let database = Sqlite::open(&path).unwrap();
                database.connection().execute_batch("PRAGMA synchronous = OFF").unwrap();
                (Own::Sqlite(own), Box::new(database) as Box<dyn Database>)
            }
            Engine::Postgres => {
                let place = server().database(&for_postgres(&project.ddl));
                let database = open(&place.address());
                (Own::postgres(place), database)
            }
        };
        let chain = read(&project.files, None)
            .unwrap_or_else(|problems| panic!("{}", render(&problems, &project.files.sources, false)));
        let schema: std::sync::Arc<Schema> = database.schema().unwrap();
        let generated = generate(&chain, Some(&schema), Parameters { seed, worker: 0, as_of: TODAY })
            .unwrap_or_else(|problems| panic!("{}", render(&problems, &project.files.sources, false)));
        let (dataset, findings) = (generated.dataset, generated.findings);
        Self {
            chain,
            dataset,
            findings,
            database,
            own,
            now: TODAY + HOUR,
            as_of: None,
            folder,
            scaled: None,
            standing: None,
            rebuild: false,
        }
    }

    /// Returns the dataset with passwords as plain texts: hashing them is no matter here and slow.
    pub fn unhashed(&self) -> Dataset {
        let mut dataset = self.dataset.clone();
        for value in dataset.blocks.iter_mut().flat_map(|block| &mut block.rows).flat_map(|row| &mut row.values) {
            if let Value::Password(password) = value {
                *value = Value::Text(password.plain.clone());
            }
        }
        dataset
    }

    pub fn with<T>(&mut self, levels: Range<usize>, verb: impl FnOnce(&mut Target<'_>, &Chain) -> T) -> T {
        self.with_dataset(&self.dataset.clone(), levels, verb)
    }

    pub fn with_dataset<T>(
        &mut self,
        dataset: &Dataset,
        levels: Range<usize>,
        verb: impl FnOnce(&mut Target<'_>, &Chain) -> T,
    ) -> T {
        let mut target = Target {
            scale: self.scaled.as_ref().map(|scaled| Scaling {
                scaled,
                standing: self.standing.as_ref(),
                rebuild: self.rebuild,
            }),
            database: &mut *self.database,
            dataset,
            levels,
            media: None,
            now: self.now,
            as_of: self.as_of,
            lock_timeout: Duration::from_secs(5),
            bookkeeping: &[],
            program: "seedbed",
            notice: &mut |_| {},
        };
        verb(&mut target, &self.chain)
    }

    pub fn seed(&mut self, levels: Range<usize>) {
        let dataset = self.unhashed();
        self.with_dataset(&dataset, levels, |target, _| seedbed::seed(target)).unwrap();
    }

    pub fn reset(&mut self, levels: Range<usize>) {
        let dataset = self.unhashed();
        self.with_dataset(&dataset, levels, |target, _| seedbed::reset(target, None)).unwrap();
    }

    pub fn cleanup(&mut self, levels: Range<usize>) {
        let dataset = self.unhashed();
        self.with_dataset(&dataset, levels, |target, _| seedbed::cleanup(target)).unwrap();
    }

    pub fn verify(&mut self, levels: Range<usize>) -> Verified {
        let dataset = self.unhashed();
        self.with_dataset(&dataset, levels, seedbed::verify).unwrap()
    }

    pub fn sql(&self, text: &str) {
        self.own.sql(text);
    }

    /// From now on the test's own statements may leave references that lead nowhere.
    pub fn without_foreign_keys(&self) {
        self.sql(match crate::ENGINE {
            Engine::Sqlite => "PRAGMA foreign_keys = OFF",
            Engine::Postgres => "SET session_replication_role = replica",
        });
    }

    pub fn number(&self, query: &str) -> i64 {
        self.own.number(query)
    }

    /// Puts somebody into the users of PockitFlyer.
    pub fn real_person(&self, id: i64, email: &str) {
        self.sql(&format!(
            "INSERT INTO users_user (id, password, is_superuser, username, first_name, last_name, is_staff, is_active, \
             date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at) VALUES \
             ({id}, 'x', FALSE, '{email}', 'A', 'B', FALSE, TRUE, '2020-01-01 00:00:00', FALSE, '{email}', TRUE, \
             '2020-01-01 00:00:00', '2020-01-01 00:00:00')"
        ));
    }
}
