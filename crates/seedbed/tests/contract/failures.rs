//! A write happens whole or not at all.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seedbed::Sqlite;
use support::World;
use support::failing::Failing;

fn failing() -> (World, Arc<AtomicUsize>) {
    let mut world = World::new();
    let left = Arc::new(AtomicUsize::new(0));
    let inner = Sqlite::open(&world.path()).unwrap();
    world.database = Box::new(Failing { inner, left: Arc::clone(&left) });
    (world, left)
}

/// Runs `verb` with every statement failing in turn; the database must be as before each time.
fn fails_whole(
    mut world: World,
    left: &AtomicUsize,
    verb: impl Fn(&mut World) -> seedbed::Result<seedbed::Receipt>,
) -> usize {
    let all = |world: &World| (support::dump(world.sqlite.as_ref().unwrap(), true), world.files());
    let before = all(&world);
    for n in 1.. {
        left.store(n, Ordering::Relaxed);
        match verb(&mut world) {
            Err(error) => {
                if error.nothing_written {
                    assert_eq!(all(&world), before, "statement {n}: {error}");
                } else {
                    // Only the removal of files comes after the commit; running again ends it.
                    left.store(0, Ordering::Relaxed);
                    verb(&mut world).unwrap();
                    return n;
                }
            }
            Ok(receipt) => {
                assert!(receipt.written);
                return n;
            }
        }
    }
    unreachable!("some run has fewer statements")
}

#[test]
fn a_first_seed_that_fails_at_any_statement_leaves_everything_as_it_was() {
    let (world, left) = failing();
    assert!(fails_whole(world, &left, World::seed) > 40);
}

#[test]
fn a_reset_that_fails_at_any_statement_leaves_everything_as_it_was() {
    let (mut world, left) = failing();
    world.seed().unwrap();
    world.sql(
        "UPDATE items SET title = 'x'; DELETE FROM pairs WHERE id = 1300000001;
         INSERT INTO notes (user_id, body) VALUES (1200000001, 'left');
         UPDATE sqlite_sequence SET seq = 5 WHERE name = 'pairs';",
    );
    assert!(fails_whole(world, &left, World::reset) > 40);
}

#[test]
fn a_cleanup_that_fails_at_any_statement_leaves_everything_as_it_was_or_ends_when_run_again() {
    let (mut world, left) = failing();
    world.seed().unwrap();
    let path = world.media();
    assert!(fails_whole(world, &left, |world| world.cleanup(0)) > 40);
    assert!(!path.join("faces").exists());
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
fn two_runs_at_once_end_in_one_dataset() {
    let world = World::new();
    let (path, folder) = (world.path(), world.media());
    let receipts: Vec<bool> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut database = Sqlite::open(&path).unwrap();
                    let receipt = seedbed::seed(&mut seedbed::Target {
                        database: &mut database,
                        dataset: &support::dataset(),
                        levels: 0..3,
                        media: Some(seedbed::Media { folder: &folder, render: &support::render }),
                        now: support::TODAY,
                        as_of: None,
                        lock_timeout: Duration::from_secs(20),
                        bookkeeping: &[],
                        program: "seedbed",
                        notice: &mut |_| {},
                    });
                    receipt.unwrap().written
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(receipts.iter().filter(|written| **written).count(), 1);
    assert_eq!(world.number("SELECT count(*) FROM pairs"), 4);
}

#[test]
fn a_trigger_that_changes_a_value_is_named_and_rolled_back() {
    let mut world = World::new();
    world.sql(
        "CREATE TRIGGER shout AFTER INSERT ON items BEGIN UPDATE items SET title = upper(title) WHERE id = new.id; END",
    );
    let before = (world.dump(), world.files());
    assert_eq!(world.plan().triggers[0].trigger, "shout");
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "read-back"));
    assert!(error.message.starts_with("`items`.`title` of row 1100000001 was written as \"Item 1\""), "{error}");
    assert!(error.details.contains(&"triggers on `items`: shout".to_owned()), "{error}");
    assert_eq!((world.dump(), world.files()), before);
}

#[test]
fn a_schema_that_does_not_fit_is_named() {
    let mut world = World::new();
    world.sql("ALTER TABLE users DROP COLUMN lat");
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "missing-column"));
    assert_eq!(error.message, "table `users` has no column `lat`");
    world.sql("DROP TABLE badges");
    assert!(world.seed().unwrap_err().details.contains(&"there is no table `badges`".to_owned()));
}

#[test]
fn a_table_without_autoincrement_and_tag_is_refused() {
    let mut world = World::new();
    world.sql("DROP TABLE badges; CREATE TABLE badges (user_id integer PRIMARY KEY, item_id bigint)");
    let badges = &mut world.dataset.blocks[5];
    badges.key = vec![0];
    badges.references.clear();
    assert_eq!(world.seed().unwrap_err().rule, "keys-may-collide");
}

#[test]
fn files_are_compared_restored_and_never_taken_from_others() {
    let mut world = World::new();
    std::fs::create_dir_all(world.media().join("faces")).unwrap();
    std::fs::write(world.media().join("faces/bob.png"), "somebody's").unwrap();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "files-not-ours"));
    assert_eq!(error.details, ["media faces/bob.png"]);
    std::fs::remove_file(world.media().join("faces/bob.png")).unwrap();
    std::fs::write(world.media().join("faces/mine.png"), "mine").unwrap();
    world.seed().unwrap();
    let files = world.files();
    std::fs::write(world.media().join("faces/bob.png"), "damaged").unwrap();
    std::fs::remove_file(world.media().join("faces/ada.png")).unwrap();
    assert_eq!(world.plan().files.write, ["faces/ada.png", "faces/bob.png"]);
    assert!(world.reset().unwrap().written);
    assert_eq!(world.files(), files);
    world.cleanup(0).unwrap();
    assert_eq!(world.files().into_keys().collect::<Vec<_>>(), ["faces", "faces/mine.png"]);
}

#[test]
fn a_file_that_is_no_longer_declared_goes() {
    let mut world = World::new();
    world.seed().unwrap();
    world.dataset.files.pop();
    assert_eq!(world.plan().files.remove, ["faces/deep/new.png"]);
    world.seed().unwrap();
    assert!(!world.files().contains_key("faces/deep/new.png"));
    assert!(world.plan().is_empty());
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
