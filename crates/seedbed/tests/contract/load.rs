//! Loading the rows of further blocks.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use seedbed::database::FailureKind;

use super::support::crowd::{Crowd, tables};
use super::support::failing::Failing;
use super::support::{Engine, World};

fn world() -> World {
    World::with_tables(&tables())
}

/// Loads by statements, whatever the adapter can.
fn by_statements(world: &World) -> Failing {
    Failing { inner: world.open(), left: Arc::new(AtomicUsize::new(0)) }
}

#[test]
fn what_is_loaded_is_what_statements_would_have_inserted() {
    let mut world = world();
    let crowd = Crowd::of(&world.database.schema().unwrap(), 60);
    let loaded = crowd.load(&mut *world.database).unwrap();
    assert_eq!(loaded, [59 * 30, 59 * 50, 59 * 70]);
    let rows = world.dump();
    world.sql("DELETE FROM likes; DELETE FROM texts; DELETE FROM people");
    assert_eq!(crowd.load(&mut by_statements(&world)).unwrap(), loaded);
    assert_eq!(world.dump(), rows);
    assert_eq!(world.number("SELECT count(DISTINCT email) FROM people"), 59 * 30);
    assert_eq!(world.number("SELECT count(*) FROM people WHERE name IS NULL"), 59 * 5);
}

#[test]
fn any_number_of_blocks_is_loaded_to_the_last_row() {
    for blocks in [1, 2, 3, 12] {
        let mut world = world();
        let crowd = Crowd::of(&world.database.schema().unwrap(), blocks);
        let loaded = crowd.load(&mut *world.database).unwrap();
        assert_eq!(loaded, [30, 50, 70].map(|rows| rows * (blocks - 1)));
        assert_eq!(world.number("SELECT count(*) FROM likes"), 70 * (blocks as i64 - 1));
    }
}

#[test]
fn a_value_that_is_taken_names_the_table_and_undoes_all() {
    let mut world = world();
    let crowd = Crowd::of(&world.database.schema().unwrap(), 40);
    crowd.load(&mut *world.database).unwrap();
    world.sql("DELETE FROM likes; DELETE FROM texts; DELETE FROM people WHERE email NOT LIKE 'bob+b21@%'");
    world.sql("UPDATE people SET id = 5");
    let rows = world.dump();
    let failure = crowd.load(&mut *world.database).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unique, "{failure:?}");
    let told = match crate::ENGINE {
        Engine::Sqlite => "rows 601 to 650 of 1170 into `people`: UNIQUE constraint failed: people.email",
        Engine::Postgres => "row 630 of 1170 into `people`: duplicate key value violates unique constraint",
    };
    assert!(failure.message.starts_with(told), "{failure:?}");
    assert_eq!(world.dump(), rows);
}
