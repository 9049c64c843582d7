//! What `status` says, and databases in memory.

mod support;

use std::time::Duration;

use seedbed::guard::Standing;
use seedbed::{Sqlite, Target};
use support::{TODAY, World};

#[test]
fn status_tells_what_is_seeded_and_whether_tests_may_write() {
    let mut world = World::new();
    let wait = Duration::from_secs(1);
    let before = seedbed::status(&mut *world.database, wait, &mut |_| {}).unwrap();
    assert_eq!((before.standing, before.state.seeded.len()), (Standing::Empty, 0));
    world.seed().unwrap();
    let after = seedbed::status(&mut *world.database, wait, &mut |_| {}).unwrap();
    assert_eq!(after.standing, Standing::Marked);
    let names: Vec<&str> = after.state.seeded.iter().map(|seeded| seeded.scenario.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert_eq!(after.tables["pairs"], 4);
    assert_eq!(after.state.seeded[0].as_of, TODAY);
}

#[test]
fn a_database_in_memory_is_always_one_for_tests() {
    let mut database = Sqlite::in_memory(support::DDL).unwrap();
    database.connection().execute_batch("INSERT INTO users VALUES (1, 'a', NULL, '', NULL, 1, 0)").unwrap();
    let dataset = support::dataset();
    let mut target = Target {
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
