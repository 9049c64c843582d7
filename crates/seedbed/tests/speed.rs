//! How long 800 rows in 8 tables take: `cargo test --release -p seedbed --test speed -- --ignored --nocapture`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use seedbed::{Receipt, Sqlite, Target};
use seedbed_core::dataset::{Block, Dataset, Reference, Row, ScenarioName};
use seedbed_core::value::Value;

const TABLES: i64 = 8;
const ROWS: i64 = 100;

fn ddl() -> String {
    let mut ddl = String::from("PRAGMA user_version = 1;");
    for table in 0..TABLES {
        let parent = (table - 1).max(0);
        write!(
            ddl,
            "CREATE TABLE t{table} (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, parent_id bigint NULL \
             REFERENCES t{parent} (id) DEFERRABLE INITIALLY DEFERRED, a varchar(100) NOT NULL UNIQUE, b text NOT NULL, \
             c decimal(9,6) NULL, d datetime NOT NULL, e datetime NOT NULL, f bool NOT NULL, g bool NOT NULL, \
             tag bool NOT NULL); CREATE INDEX t{table}_parent ON t{table} (parent_id);"
        )
        .unwrap();
    }
    // The tables around, as an application has them.
    for table in 0..12 {
        write!(
            ddl,
            "CREATE TABLE x{table} (id integer PRIMARY KEY, t_id bigint REFERENCES t{} (id), z text);",
            table % TABLES
        )
        .unwrap();
        write!(ddl, "CREATE INDEX x{table}_t ON x{table} (t_id);").unwrap();
    }
    ddl
}

fn dataset() -> Dataset {
    let columns = ["id", "parent_id", "a", "b", "c", "d", "e", "f", "g", "tag"];
    let block = |table: i64| {
        let key = |table: i64, row: i64| Value::Integer(1_100_000_000 + table * 100_000 + row);
        let row = |row: i64| Row {
            name: format!("row_{row}"),
            values: vec![
                key(table, row),
                if table == 0 { Value::Null } else { key(table - 1, row) },
                Value::text(format!("unique text {row}")),
                Value::text("some longer text that says what this row is about ".repeat(3)),
                Value::Integer(row),
                Value::Time(-row * 3600),
                Value::Time(row * 3600),
                Value::Bool(true),
                Value::Bool(false),
                Value::Bool(true),
            ],
            overlays: Vec::new(),
        };
        let to = format!("t{}", (table - 1).max(0));
        Block {
            scenario: 0,
            population: format!("p{table}"),
            table: format!("t{table}"),
            columns: columns.iter().map(ToString::to_string).collect(),
            key: vec![0],
            tag: Some(9),
            references: vec![Reference { name: "parent".into(), columns: vec![1], to, owner: true }],
            rows: (1..=ROWS).map(row).collect(),
        }
    };
    Dataset {
        scenarios: vec![ScenarioName { name: "s".into(), layer: 1, requires: Vec::new(), about: String::new() }],
        seed: 1,
        worker: 0,
        as_of: 0,
        holds_for: 1 << 40,
        blocks: (0..TABLES).map(block).collect(),
        files: Vec::new(),
        claims: Vec::new(),
        states: Vec::new(),
    }
}

#[test]
#[ignore = "figures, not facts"]
fn eight_hundred_rows() {
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    let (mut seeds, mut checks, mut resets, mut cold) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..15 {
        let path = folder.path().join(format!("{round}.db"));
        let (mut database, _) = Sqlite::open_or_create(&path, &ddl()).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        let timed = |database: &mut Sqlite, times: &mut Vec<Duration>, verb: &dyn Fn(&mut Target<'_>) -> Receipt| {
            let mut target = Target {
                database,
                dataset: &dataset,
                levels: 0..1,
                media: None,
                now: 1_795_305_600,
                as_of: None,
                lock_timeout: Duration::from_secs(5),
                bookkeeping: &[],
                program: "seedbed",
                notice: &mut |_| {},
            };
            let start = Instant::now();
            let receipt = verb(&mut target);
            times.push(start.elapsed());
            receipt
        };
        let seed = |target: &mut Target<'_>| seedbed::seed(target).unwrap();
        let reset = |target: &mut Target<'_>| seedbed::reset(target, None).unwrap();
        assert!(timed(&mut database, &mut seeds, &seed).written);
        let mut fresh = Sqlite::open(&path).unwrap();
        assert!(!timed(&mut fresh, &mut cold, &seed).written);
        for _ in 0..10 {
            assert!(!timed(&mut database, &mut checks, &seed).written);
        }
        other.execute_batch("UPDATE t3 SET b = 'x' WHERE id % 20 = 1; DELETE FROM t7 WHERE id % 30 = 1").unwrap();
        assert!(timed(&mut database, &mut resets, &reset).written);
    }
    for (name, times) in
        [("seed", seeds), ("in sync, cold", cold), ("in sync, warm", checks), ("reset of 9 rows", resets)]
    {
        let mut times = times;
        times.sort();
        println!("{name}: median {:?}, 95 % {:?}", times[times.len() / 2], times[times.len() * 95 / 100]);
    }
}
