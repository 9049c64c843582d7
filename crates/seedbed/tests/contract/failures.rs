//! A write happens whole or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::support;
use super::support::failing::Failing;
use super::support::{Engine, World};

fn failing() -> (World, Arc<AtomicUsize>) {
    let mut world = World::new();
    let left = Arc::new(AtomicUsize::new(0));
    let inner = world.open();
    world.database = Box::new(Failing { inner, left: Arc::clone(&left) });
    (world, left)
}

/// Runs `verb` with every statement failing in turn; the database must be as before each time.
fn fails_whole(
    mut world: World,
    left: &AtomicUsize,
    verb: impl Fn(&mut World) -> seedbed::Result<seedbed::Receipt>,
) -> usize {
    let all = |world: &World| (world.dump_all(), world.files());
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
         INSERT INTO notes (user_id, body) VALUES (1200000001, 'left');",
    );
    world.set_counter("pairs", 5);
    assert!(fails_whole(world, &left, World::reset) > 20);
}

#[test]
fn a_cleanup_that_fails_at_any_statement_leaves_everything_as_it_was_or_ends_when_run_again() {
    let (mut world, left) = failing();
    world.seed().unwrap();
    let path = world.media();
    assert!(fails_whole(world, &left, |world| world.cleanup(0)) > 25);
    assert!(!path.join("faces").exists());
}

#[test]
fn two_runs_at_once_end_in_one_dataset() {
    let world = World::new();
    let folder = world.media();
    let open = world.opener();
    let receipts: Vec<bool> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut database = open();
                    let receipt = seedbed::seed(&mut seedbed::Target {
                        scale: None,
                        database: &mut *database,
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
    world.sql(match crate::ENGINE {
        Engine::Sqlite => {
            "CREATE TRIGGER shout AFTER INSERT ON items \
             BEGIN UPDATE items SET title = upper(title) WHERE id = new.id; END"
        }
        Engine::Postgres => {
            "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN new.title := upper(new.title); \
             RETURN new; END$$; CREATE TRIGGER shout BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION shout()"
        }
    });
    let before = (world.dump(), world.files());
    assert_eq!(world.plan().triggers[0].trigger, "shout");
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "read-back"));
    assert!(error.message.starts_with("`items`.`title` of row 1100000001 was written as \"Item 1\""), "{error}");
    assert!(error.details.contains(&"triggers on `items`: shout".to_owned()), "{error}");
    assert_eq!((world.dump(), world.files()), before);
}

#[test]
fn a_trigger_that_touches_an_update_or_swallows_a_delete_is_named_and_rolled_back() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql("UPDATE items SET title = 'x' WHERE id = 1100000003");
    world.sql(match crate::ENGINE {
        Engine::Sqlite => {
            "CREATE TRIGGER touch AFTER UPDATE ON items WHEN new.place = old.place \
             BEGIN UPDATE items SET place = old.place + 100 WHERE id = new.id; END; \
             CREATE TRIGGER keep BEFORE DELETE ON pairs BEGIN SELECT RAISE(IGNORE); END"
        }
        Engine::Postgres => {
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN new.place := old.place + 100; \
             RETURN new; END$$; CREATE TRIGGER touch BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION touch(); \
             CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$; \
             CREATE TRIGGER keep BEFORE DELETE ON pairs FOR EACH ROW EXECUTE FUNCTION keep()"
        }
    });
    let before = (world.dump_all(), world.files());
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule, error.nothing_written), (6, "read-back", true), "{error}");
    assert!(error.details.contains(&"triggers on `items`: touch".to_owned()), "{error}");
    let error = world.cleanup(2).unwrap_err();
    assert_eq!((error.exit_code(), error.rule, error.nothing_written), (6, "count-differs", true), "{error}");
    assert!(error.details.contains(&"triggers on `pairs`: keep".to_owned()), "{error}");
    assert_eq!((world.dump_all(), world.files()), before);
}

#[test]
fn a_column_or_a_table_that_goes_between_plan_and_seed_is_named() {
    let mut world = World::new();
    for (change, message) in [
        ("ALTER TABLE users DROP COLUMN lat", "table `users` has no column `lat`"),
        ("ALTER TABLE users ADD COLUMN lat decimal(9,6) NULL; DROP TABLE badges", "there is no table `badges`"),
    ] {
        assert!(change.contains("badges") || world.plan().inserts() > 0);
        world.sql(change);
        let before = (world.dump_all(), world.files());
        let error = world.seed().unwrap_err();
        assert_eq!((error.exit_code(), error.message.as_str(), error.nothing_written), (6, message, true));
        assert_eq!((world.dump_all(), world.files()), before);
    }
}

#[test]
fn a_write_that_the_application_holds_is_waited_for_and_given_up() {
    let mut world = World::new();
    world.seed().unwrap();
    world.timeout = Duration::from_millis(100);
    world.sql("UPDATE items SET title = 'x'");
    let before = (world.dump_all(), world.files());
    world.sql("BEGIN; UPDATE items SET title = 'y' WHERE id = 1100000003");
    for verb in [World::seed, World::reset, |world: &mut World| world.cleanup(0)] {
        let error = verb(&mut world).unwrap_err();
        assert_eq!((error.exit_code(), error.rule, error.nothing_written), (5, "busy", true), "{error}");
    }
    world.sql("ROLLBACK");
    assert_eq!((world.dump_all(), world.files()), before);
    assert!(world.reset().unwrap().written);
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
