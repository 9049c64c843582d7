//! A full disk, and an application that changes its tables while we work.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::symlink;
use std::rc::Rc;

use crate::beside_the_application::Beside;
use crate::contract::support::server::TestDatabase;
use crate::contract::support::{DDL, Own, World};

fn place(world: &World) -> &TestDatabase {
    let Own::Postgres(_, place) = &world.own else { unreachable!("this is a test of PostgreSQL") };
    place
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let mut world = World::new();
    let before = (world.dump_all(), world.files());
    let file = place(&world).data().join(world.text("SELECT pg_relation_filepath('items')"));
    // There is never room behind this name; no row is in the table, so nothing else is read from it.
    fs::remove_file(&file).unwrap();
    symlink("/dev/full", &file).unwrap();
    world.database = world.open();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule, error.nothing_written), (6, "disk-full", true), "{error}");
    assert!(error.help.contains(&"make room, then run it again".to_owned()), "{error}");
    fs::remove_file(&file).unwrap();
    fs::write(&file, "").unwrap();
    place(&world).give(&file);
    world.database = world.open();
    assert_eq!((world.dump_all(), world.files()), before);
    assert!(world.seed().unwrap().written);
    assert!(world.plan().is_empty());
}

#[test]
fn a_column_or_a_table_that_goes_before_any_statement_is_an_error_and_nothing_is_written() {
    for change in ["ALTER TABLE items DROP COLUMN place CASCADE", "DROP TABLE badges"] {
        let (mut refused, mut seeded) = (0, 0);
        for n in 1.. {
            let mut world = World::with_tables(DDL);
            let mut application = place(&world).client();
            // What we have read from is kept from such changes until we are done.
            application.batch_execute("SET lock_timeout = '20ms'").unwrap();
            let changed = Rc::new(RefCell::new(None));
            let did = Rc::clone(&changed);
            let act = move || *did.borrow_mut() = Some(application.batch_execute(change).is_ok());
            world.database = Box::new(Beside { inner: world.open(), left: n, act: Rc::new(RefCell::new(act)) });
            let answer = world.seed();
            let rows = world.number("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM items)");
            match *changed.borrow() {
                Some(true) if answer.is_err() => {
                    let error = answer.unwrap_err();
                    assert_eq!((error.exit_code(), error.nothing_written, rows), (6, true, 0), "before {n}: {error}");
                    assert!(
                        error.to_string().contains(if change.contains("place") { "place" } else { "badges" }),
                        "{error}"
                    );
                    refused += 1;
                }
                Some(_) => {
                    assert!(answer.unwrap().written, "before statement {n}");
                    assert_eq!(rows, 11, "before statement {n}");
                    seeded += 1;
                }
                None => break,
            }
        }
        assert!(refused > 5 && seeded > 5, "{change}: {refused} refused, {seeded} seeded");
    }
}

#[test]
fn a_trigger_that_takes_its_own_keys_is_named_and_rolled_back() {
    let mut world = World::new();
    world.sql(
        "CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \
         new.id := nextval(pg_get_serial_sequence('pairs', 'id')); RETURN new; END$$; \
         CREATE TRIGGER number BEFORE INSERT ON pairs FOR EACH ROW EXECUTE FUNCTION number()",
    );
    let rows = |world: &World| world.number("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM pairs)");
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.nothing_written, rows(&world)), (6, true, 0), "{error}");
    assert!(error.details.contains(&"triggers on `pairs`: number".to_owned()), "{error}");
}
