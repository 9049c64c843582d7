//! What the verbs do inside a transaction that somebody else opened and may undo.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::contract::support::failing::Failing;
use crate::contract::support::guest::Guest;
use crate::contract::support::own::dump;
use crate::contract::support::{TODAY, World, user};
use seedbed::Sqlite;
use seedbed::database::{Access, Database, FailureKind, Lasting, Scope, Writing, sqlite};

/// A world whose verbs work on the connection of a host, which opens transactions of its own.
struct Inside {
    world: World,
    host: Rc<RefCell<Sqlite>>,
}

impl Inside {
    /// The tables of Seedbed are there, as `migrate` makes them.
    fn new() -> Self {
        let mut inside = Self::not_migrated();
        seedbed::allow(&mut *inside.world.database, TODAY, inside.world.timeout, &mut |_| {}).unwrap();
        inside
    }

    fn not_migrated() -> Self {
        let mut world = World::new();
        let host = Rc::new(RefCell::new(Sqlite::open(&world.path()).unwrap()));
        world.database = Box::new(Guest::of(&host));
        Self { world, host }
    }

    fn sql(&self, text: &str) {
        self.host.borrow().connection().execute_batch(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    fn all(&self) -> BTreeMap<String, Vec<String>> {
        dump(self.host.borrow().connection(), true)
    }
}

const ANNA: &str = "INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '', NULL, 1, 0);";
const BEN: &str = "INSERT INTO users VALUES (12, 'ben@example.org', 'ben', '', NULL, 1, 0);";

#[test]
fn every_writing_verb_works_and_the_hosts_rollback_undoes_them_all() {
    let mut inside = Inside::new();
    let before = inside.all();
    inside.sql("BEGIN");
    inside.sql(ANNA);
    let with_anna = inside.all();
    let seeded = inside.world.seed().unwrap();
    assert!(seeded.written && !seeded.committed);
    assert_eq!(inside.world.number("SELECT count(*) FROM users"), 0, "nobody else sees it yet");
    assert!(inside.world.plan().is_empty());
    let again = inside.world.seed().unwrap();
    assert!(!again.written && again.committed);
    let whole = inside.all();
    inside.sql("UPDATE items SET title = 'x'; DELETE FROM pairs; INSERT INTO badges VALUES (1200000001, 1100000006);");
    let restored = inside.world.reset().unwrap();
    assert!(restored.written && !restored.committed);
    assert_eq!(inside.all(), whole);
    let removed = inside.world.cleanup(0).unwrap();
    assert!(removed.written && !removed.committed);
    let without_marker = |mut all: BTreeMap<_, _>| (all.remove("seedbed_marker"), all).1;
    assert_eq!(without_marker(inside.all()), without_marker(with_anna));
    inside.sql("ROLLBACK");
    assert_eq!(inside.all(), before);
}

#[test]
fn the_hosts_commit_makes_it_last_and_a_guest_on_its_own_commits_by_itself() {
    let mut inside = Inside::new();
    inside.sql("BEGIN");
    inside.world.seed().unwrap();
    inside.sql("COMMIT");
    assert_eq!(inside.world.number("SELECT count(*) FROM pairs"), 4);
    let removed = inside.world.cleanup(0).unwrap();
    assert!(removed.written && removed.committed);
    assert_eq!(inside.world.number("SELECT count(*) FROM users"), 0);
}

#[test]
fn reading_verbs_answer_what_they_answer_outside() {
    let mut world = crate::contract::verify_support::World::new(&crate::contract::verify_support::pockitflyer(), 1);
    world.seed(0..3);
    let ask = |world: &mut crate::contract::verify_support::World| {
        let report = world.verify(1..3).report;
        let personas = world.with(0..3, seedbed::personas).unwrap();
        let favorites = world.with(0..3, |target, chain| seedbed::show(target, chain, "power", "favorites")).unwrap();
        (report, personas, favorites)
    };
    let outside = ask(&mut world);
    let host = Rc::new(RefCell::new(Sqlite::open(&world.folder.path().join("test.db")).unwrap()));
    world.database = Box::new(Guest::of(&host));
    host.borrow().connection().execute_batch("BEGIN").unwrap();
    assert_eq!(ask(&mut world), outside);
    host.borrow().connection().execute_batch("DELETE FROM flyers_favorite").unwrap();
    let damaged = world.verify(1..3).report;
    assert!(damaged.failing().any(|check| !check.offenders.is_empty()), "offenders are read as well");
}

#[test]
fn a_run_that_fails_leaves_nothing_and_the_hosts_transaction_goes_on() {
    let mut inside = Inside::new();
    inside.sql("CREATE TRIGGER full BEFORE INSERT ON badges BEGIN SELECT RAISE(ABORT, 'no more badges'); END");
    inside.sql("BEGIN");
    inside.sql(ANNA);
    let (before, files) = (inside.all(), inside.world.files());
    let error = inside.world.seed().unwrap_err();
    assert!(error.message.contains("no more badges"), "{error}");
    assert_eq!((inside.all(), inside.world.files()), (before, files));
    inside.sql(BEN);
    inside.sql("COMMIT");
    assert_eq!(inside.world.number("SELECT count(*) FROM users"), 2);
}

#[test]
fn a_run_that_fails_at_any_statement_leaves_nothing() {
    let mut inside = Inside::new();
    let left = Arc::new(AtomicUsize::new(0));
    inside.world.database = Box::new(Failing { inner: Box::new(Guest::of(&inside.host)), left: Arc::clone(&left) });
    inside.sql("BEGIN");
    inside.sql(ANNA);
    let (before, files) = (inside.all(), inside.world.files());
    let mut statements = 1;
    left.store(statements, Ordering::Relaxed);
    while let Err(error) = inside.world.seed() {
        assert!(error.nothing_written);
        assert_eq!((inside.all(), inside.world.files()), (before.clone(), files.clone()), "{statements}: {error}");
        statements += 1;
        left.store(statements, Ordering::Relaxed);
    }
    assert!(statements > 40, "{statements}");
    assert_ne!(inside.all(), before);
}

#[test]
fn no_table_is_made_inside() {
    let mut inside = Inside::not_migrated();
    inside.sql("BEGIN");
    let before = (inside.all(), inside.world.files());
    let error = inside.world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "not-migrated"));
    assert!(error.nothing_written && error.help[0].contains("`migrate`"), "{error}");
    assert_eq!(
        error.help[1],
        format!("or, outside of the transaction: seedbed allow {}", inside.world.path().display())
    );
    let error = seedbed::allow(&mut *inside.world.database, TODAY, inside.world.timeout, &mut |_| {}).unwrap_err();
    assert_eq!(error.rule, "not-migrated");
    assert_eq!((inside.all(), inside.world.files()), before);
    inside.sql("ROLLBACK");
    assert!(inside.world.seed().unwrap().committed, "on its own it makes them");
}

/// Lets the first item belong to a user that is never there.
fn point_nowhere(world: &mut World) {
    let item = &mut world.dataset.blocks[2].rows[0];
    item.values[2] = seedbed_core::value::Value::Integer(user(1, 999));
    item.overlays.clear();
}

#[test]
fn a_reference_that_leads_nowhere_is_found_before_the_hosts_commit() {
    let mut inside = Inside::new();
    point_nowhere(&mut inside.world);
    inside.sql("BEGIN");
    let before = inside.all();
    let error = inside.world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "foreign-key"));
    assert_eq!(error.message, "1 row refers to a row that is not there");
    assert_eq!(error.details[0], "items 1100000001 -> users");
    assert_eq!(inside.all(), before);
    inside.sql("COMMIT");
}

#[test]
fn a_reference_to_a_row_that_goes_is_found_before_the_hosts_commit() {
    let mut inside = Inside::new();
    inside.sql(
        "CREATE TABLE farewells (id integer PRIMARY KEY, user_id bigint REFERENCES users DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER bye AFTER DELETE ON users BEGIN INSERT INTO farewells (user_id) VALUES (old.id); END",
    );
    inside.world.seed().unwrap();
    inside.sql("BEGIN");
    let before = inside.all();
    let error = inside.world.cleanup(0).unwrap_err();
    assert_eq!(error.rule, "foreign-key");
    assert_eq!(error.message, "5 rows refer to a row that is not there");
    assert_eq!(error.details[0], "farewells 1 -> users");
    assert_eq!(inside.all(), before);
}

#[test]
fn a_reference_of_other_people_that_led_nowhere_before_is_not_our_business() {
    let mut inside = Inside::new();
    inside.sql("PRAGMA foreign_keys = OFF; INSERT INTO items VALUES (21, 'lost', 4242, 1, NULL, 0)");
    inside.sql("PRAGMA foreign_keys = ON; BEGIN");
    assert!(inside.world.seed().unwrap().written);
    inside.sql("COMMIT");
}

#[test]
fn files_that_are_no_longer_ours_stay_until_a_run_that_is_on_its_own() {
    let mut inside = Inside::new();
    inside.world.seed().unwrap();
    let files = inside.world.files();
    inside.sql("BEGIN");
    assert!(inside.world.cleanup(0).unwrap().written);
    assert_eq!(inside.world.files(), files, "the host may still undo it");
    assert!(!inside.world.cleanup(0).unwrap().written, "there is nothing to do inside");
    inside.sql("COMMIT");
    assert_eq!(inside.world.files(), files);
    assert!(inside.world.cleanup(0).unwrap().written);
    assert!(inside.world.files().is_empty());
    assert!(!inside.world.cleanup(0).unwrap().written);
}

#[test]
fn files_that_are_ours_again_are_not_removed_later() {
    let mut inside = Inside::new();
    inside.world.seed().unwrap();
    let files = inside.world.files();
    inside.sql("BEGIN");
    inside.world.cleanup(0).unwrap();
    inside.world.seed().unwrap();
    inside.sql("COMMIT");
    inside.sql("UPDATE users SET name = 'x'");
    assert!(inside.world.seed_levels(0..1).unwrap().committed);
    assert_eq!(inside.world.files(), files);
}

#[test]
fn a_guest_that_writes_keeps_other_writers_out_from_its_first_statement() {
    let inside = Inside::new();
    let mut guest = Guest::of(&inside.host);
    let other = rusqlite::Connection::open(inside.world.path()).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    inside.sql("BEGIN");
    guest.begin(Access::Read).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").unwrap();
    guest.rollback().unwrap();
    let (scope, lasting) = (Scope::Worker(0), Lasting::AtOnce);
    guest.begin(Access::Write(Writing { scope, patience: Duration::ZERO, lasting })).unwrap();
    assert!(other.execute_batch("BEGIN IMMEDIATE").is_err());
    inside.sql("ROLLBACK");
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    inside.host.borrow().connection().busy_timeout(std::time::Duration::ZERO).unwrap();
    inside.sql("BEGIN");
    assert_eq!(sqlite::lock(&mut guest).unwrap_err().kind, FailureKind::Busy);
}

#[test]
fn an_engine_that_is_too_old_is_named() {
    let mut database = Sqlite::in_memory("").unwrap();
    sqlite::require_version(&mut database).unwrap();
    for (version, fits) in [("3.36.0", false), ("3.37.0", true), ("3.100.1", true), ("2.99", false), ("4.0", true)] {
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        database.connection().create_scalar_function("sqlite_version", 0, flags, move |_| Ok(version)).unwrap();
        let answer = sqlite::require_version(&mut database).map_err(|failure| failure.message);
        let too_old = format!("SQLite {version} is too old: 3.37 or newer is needed");
        assert_eq!(answer, if fits { Ok(()) } else { Err(too_old) });
    }
}
