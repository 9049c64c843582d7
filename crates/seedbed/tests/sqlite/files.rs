//! What is SQLite's own: files that are copied, full, locked or made, and databases in memory.

use std::time::Duration;

use seedbed::{Sqlite, Target};

use crate::contract::support;
use crate::contract::support::{Own, TODAY, World};

#[test]
fn a_copied_database_is_refused_until_it_is_allowed() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    let copy = world.folder.path().join("copy.db");
    std::fs::copy(world.path(), &copy).unwrap();
    world.database = Box::new(seedbed::Sqlite::open(&copy).unwrap());
    let mut world = World { own: Own::Sqlite(rusqlite::Connection::open(&copy).unwrap()), ..world };
    world.sql("DELETE FROM pairs");
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (3, "copied-database"));
    assert!(error.message.contains("was copied from"), "{error}");
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    world.reset().unwrap();
    world.cleanup(0).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM users"), 0);
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let mut world = World::new();
    let database = Sqlite::open(&world.path()).unwrap();
    let pages: i64 = database.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    database.connection().query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(())).unwrap();
    world.database = Box::new(database);
    let before = (world.dump(), world.files());
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "disk-full"), "{error}");
    assert_eq!((world.dump(), world.files()), before);
}

#[test]
fn a_database_that_cannot_be_written_says_so() {
    let mut world = World::new();
    let database = Sqlite::open(&world.path()).unwrap();
    database.connection().execute_batch("PRAGMA query_only = ON").unwrap();
    world.database = Box::new(database);
    let before = (world.dump(), world.files());
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "read-only"), "{error}");
    assert_eq!((world.dump(), world.files()), before);
}

#[test]
fn a_second_run_waits_says_so_and_gives_up() {
    let mut world = World::new();
    world.timeout = Duration::from_millis(60);
    world.sql("BEGIN IMMEDIATE");
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (5, "busy"));
    assert!(world.notices[0].starts_with("waiting for another program that writes to sqlite:"), "{:?}", world.notices);
    world.sql("ROLLBACK");
    assert!(world.seed().unwrap().written);
}

#[test]
fn a_new_database_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    assert!(Sqlite::open_or_create(&path, "CREATE TABLE a (id integer); CREATE TABLE a (id integer);").is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let made = Sqlite::open_or_create(&path, support::DDL).unwrap().1;
    assert_eq!(made, seedbed::database::sqlite::Created::Yes);
    let found = Sqlite::open_or_create(&path, support::DDL).unwrap().1;
    assert_eq!(found, seedbed::database::sqlite::Created::No);
}

#[test]
fn a_database_in_memory_is_always_one_for_tests() {
    let mut database = Sqlite::in_memory(support::DDL).unwrap();
    database
        .connection()
        .execute_batch("INSERT INTO users VALUES (1, 'a', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE)")
        .unwrap();
    let dataset = support::dataset();
    let mut target = Target {
        scale: None,
        database: &mut database,
        dataset: &dataset,
        levels: 0..3,
        media: None,
        now: TODAY,
        as_of: None,
        lock_timeout: Duration::from_secs(1),
        bookkeeping: &[],
        program: "seedbed",
        notice: &mut |_| {},
    };
    assert!(seedbed::seed(&mut target).unwrap().written);
    assert!(seedbed::cleanup(&mut target).unwrap().written);
    let left: i64 = database.connection().query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1);
}
