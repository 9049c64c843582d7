//! What the application does meanwhile, and what it finds afterwards.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use seedbed::database::{Access, Dangling, Failure};
use seedbed::sql::{Dialect, Sql};
use seedbed::{Database, Sqlite};
use seedbed_core::dataset::Dataset;
use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;

use crate::contract::support;
use crate::contract::support::{Own, TODAY, World};
use crate::contract::verify_support;
use crate::contract::verify_support::small;

/// The database of a world as `pg_dump` writes it down.
fn dump(own: &Own) -> String {
    let Own::Postgres(_, place) = own else { unreachable!("this is a test of PostgreSQL") };
    place.dump()
}

/// An adapter beside which the application does something before the n-th statement.
pub(crate) struct Beside {
    pub inner: Box<dyn Database>,
    pub left: usize,
    pub act: Rc<RefCell<dyn FnMut()>>,
}

impl Beside {
    fn count(&mut self) {
        self.left = self.left.wrapping_sub(1);
        if self.left == 0 {
            self.act.borrow_mut()();
        }
    }
}

impl Database for Beside {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
    fn identity(&mut self) -> Result<Option<String>, Failure> {
        self.inner.identity()
    }
    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
        self.count();
        self.inner.schema()
    }
    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        self.count();
        self.inner.begin(access)
    }
    fn commit(&mut self) -> Result<(), Failure> {
        self.count();
        self.inner.commit()
    }
    fn rollback(&mut self) -> Result<(), Failure> {
        self.inner.rollback()
    }
    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        self.count();
        self.inner.query(sql, values)
    }
    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure> {
        self.count();
        self.inner.execute(sql, values)
    }
    fn copy(&mut self, sql: &Sql, rows: &str) -> Result<Option<usize>, Failure> {
        self.count();
        self.inner.copy(sql, rows)
    }
    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure> {
        self.inner.counters()
    }
    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure> {
        self.inner.set_counter(table, to)
    }
    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        self.inner.dangling(tables)
    }
}

#[test]
fn a_row_that_the_application_commits_at_any_moment_of_a_cleanup_is_never_lost() {
    let tables = support::DDL.replace("REFERENCES items (id)", "REFERENCES items (id) ON DELETE CASCADE");
    let mut ends = [0, 0, 0];
    for n in 1.. {
        let mut world = World::with_tables(&tables);
        world
            .sql("INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01 00:00:00', NULL, TRUE, FALSE)");
        seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
        world.seed().unwrap();
        let Own::Postgres(_, place) = &world.own else { unreachable!("this is a test of PostgreSQL") };
        let mut anna = place.client();
        // Where our row is locked she would wait for us, who are waiting for her here.
        anna.batch_execute("SET lock_timeout = '30ms'").unwrap();
        let written = Rc::new(RefCell::new(None));
        let wrote = Rc::clone(&written);
        let act = move || {
            let pair = "INSERT INTO pairs VALUES (87, 11, 1100000005, '2020-01-01 00:00:00', FALSE)";
            *wrote.borrow_mut() = Some(anna.batch_execute(pair).is_ok());
        };
        let inner = world.open();
        world.database = Box::new(Beside { inner, left: n, act: Rc::new(RefCell::new(act)) });
        let cleaned = world.cleanup(0);
        let kept = world.number("SELECT count(*) FROM pairs WHERE id = 87");
        match *written.borrow() {
            Some(true) => {
                assert_eq!(kept, 1, "before statement {n}");
                assert_eq!(cleaned.unwrap_err().exit_code(), 4, "before statement {n}");
                assert_eq!(world.number("SELECT count(*) FROM items"), 6);
                ends[0] += 1;
            }
            // The application was told that it could not, and our rows are gone.
            Some(false) => {
                assert_eq!((kept, cleaned.unwrap().plan.deletes()), (0, 21), "before statement {n}");
                ends[1] += 1;
            }
            None => {
                cleaned.unwrap();
                ends[2] += 1;
                break;
            }
        }
    }
    assert!(ends[0] > 15 && ends[1] > 5, "{ends:?}");
}

#[test]
fn only_a_reset_does_not_wait_for_the_disk() {
    let mut world = World::new();
    world.sql(
        "CREATE TABLE waited (verb text, how text); \
         CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \
         INSERT INTO waited VALUES (tg_op, current_setting('synchronous_commit')); RETURN NULL; END$$; \
         CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON items EXECUTE FUNCTION told()",
    );
    world.database = support::open(&format!("{}&options=-csynchronous_commit%3Don", world.own.address().unwrap()));
    world.seed().unwrap();
    world.sql(
        "DELETE FROM waited; UPDATE items SET title = 'x' WHERE id = 1100000003; DELETE FROM waited WHERE how = 'off'",
    );
    let waited = |world: &World| world.text("SELECT string_agg(DISTINCT verb || ' ' || how, ', ') FROM waited");
    world.reset().unwrap();
    assert_eq!(waited(&world), "UPDATE off");
    world.cleanup(0).unwrap();
    assert_eq!(waited(&world), "DELETE on, UPDATE off");
}

#[test]
fn cleanup_gives_pg_dump_the_same_bytes_as_before() {
    let mut world = verify_support::World::new(&verify_support::pockitflyer(), 1);
    world.real_person(77, "anna@example.org");
    world.sql(
        "INSERT INTO flyers_flyer (id, is_e2e_test_data, title, description, category, location_address, latitude, \
         longitude, is_active, valid_from, valid_until, created_at, updated_at, creator_id) VALUES (5, TRUE, 'mine', '', \
         'events', 'x', 47.1, 8.1, TRUE, now(), now(), now(), now(), 77)",
    );
    seedbed::allow(&mut *world.database, TODAY, Duration::from_secs(5), &mut |_| {}).unwrap();
    // The tables of Seedbed came with the migrations here, and hold its marker now.
    world.sql("CREATE TABLE kept AS SELECT * FROM seedbed_marker; TRUNCATE seedbed_marker");
    let before = dump(&world.own);
    world.sql("INSERT INTO seedbed_marker SELECT * FROM kept");
    world.seed(0..3);
    assert_ne!(dump(&world.own), before);
    world.sql("DELETE FROM flyers_favorite WHERE id % 3 = 0; UPDATE flyers_flyer SET title = 'x' WHERE id > 5");
    world.sql(
        "INSERT INTO users_follow (is_e2e_test_data, created_at, follower_id, followed_id) \
         SELECT FALSE, now(), max(id), 77 FROM users_user",
    );
    world.cleanup(0..3);
    world.sql("TRUNCATE seedbed_marker");
    assert_eq!(dump(&world.own), before);
}

#[test]
fn the_rows_are_those_of_sqlite_value_for_value() {
    let on = verify_support::pockitflyer_on;
    for seed in [1, 7] {
        let mut world = verify_support::World::new(&on(support::Engine::Postgres), seed);
        world.seed(0..3);
        let Own::Postgres(own, _) = &world.own else { unreachable!("this is a test of PostgreSQL") };
        let mut sqlite = Sqlite::in_memory(&on(support::Engine::Sqlite).ddl).unwrap();
        let dataset = world.unhashed();
        let mut target = seedbed::Target {
            scale: None,
            database: &mut sqlite,
            dataset: &dataset,
            levels: 0..3,
            media: None,
            now: world.now,
            as_of: None,
            lock_timeout: Duration::from_secs(5),
            bookkeeping: &[],
            program: "seedbed",
            notice: &mut |_| {},
        };
        let receipt = seedbed::seed(&mut target).unwrap();
        let mut compared = 0;
        for table in dataset.blocks.iter().map(|block| &block.table).collect::<std::collections::BTreeSet<_>>() {
            let ours = small::rows_of_postgres(&mut own.borrow_mut(), table);
            assert_eq!(ours, small::rows(sqlite.connection(), table), "{table}");
            compared += ours.len();
        }
        assert_eq!(compared, dataset.blocks.iter().map(|block| block.rows.len()).sum::<usize>());
        let verified = world.verify(0..3);
        assert_eq!(verified.receipt.digest, receipt.digest);
        assert!(verified.holds() && verified.receipt.plan.is_empty());
    }
}

/// The dataset of the contract for another worker, as generating makes it.
fn of_worker(worker: u8) -> Dataset {
    let mut dataset = support::dataset();
    dataset.worker = worker;
    for row in dataset.blocks.iter_mut().flat_map(|block| &mut block.rows) {
        let overlays = row.overlays.iter_mut().map(|(_, _, value)| value);
        for value in row.values.iter_mut().chain(overlays) {
            match value {
                Value::Integer(n) if *n > 1_000_000_000 => *n += i64::from(worker) * 1_000_000,
                Value::Text(text) => *text = text.replace('@', &format!("+w{worker}@")).into(),
                _ => {}
            }
        }
    }
    dataset
}

fn run(
    open: &(impl Fn() -> Box<dyn Database> + Sync),
    dataset: &Dataset,
    verb: fn(&mut seedbed::Target<'_>) -> seedbed::Result<seedbed::Receipt>,
) -> seedbed::Result<seedbed::Receipt> {
    verb(&mut seedbed::Target {
        scale: None,
        database: &mut *open(),
        dataset,
        levels: 0..3,
        media: None,
        now: TODAY,
        as_of: None,
        lock_timeout: Duration::from_secs(20),
        bookkeeping: &[],
        program: "seedbed",
        notice: &mut |_| {},
    })
}

#[test]
fn workers_run_at_once() {
    let world = World::new();
    let before = dump(&world.own);
    let open = world.opener();
    for verb in [seedbed::seed, seedbed::cleanup] {
        std::thread::scope(|scope| {
            let open = &open;
            let start = |worker| scope.spawn(move || run(open, &of_worker(worker), verb));
            let runs: Vec<_> = (0..4).map(start).collect();
            for run in runs {
                assert!(run.join().unwrap().unwrap().written);
            }
        });
        let rows = world.number("SELECT count(*) FROM users");
        assert!(rows == 20 || rows == 0, "{rows}");
    }
    assert_eq!(dump(&world.own), before);
}

#[test]
fn a_row_that_the_application_has_locked_is_waited_for_and_given_up() {
    let mut world = World::new();
    world.seed().unwrap();
    world.timeout = Duration::from_millis(100);
    world.sql("UPDATE items SET title = 'x'");
    let rows = world.dump();
    world.sql("BEGIN; SELECT * FROM items FOR UPDATE");
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (5, "busy"), "{error}");
    world.sql("COMMIT");
    assert_eq!(world.dump(), rows);
    assert!(world.reset().unwrap().written);
}

#[test]
fn a_commit_that_gives_up_waiting_is_no_success() {
    let tables = support::DDL.replace("REFERENCES items (id)", "REFERENCES items (id) DEFERRABLE INITIALLY DEFERRED");
    let mut world = World::with_tables(&tables);
    world.seed().unwrap();
    world.sql("DELETE FROM pairs");
    // Not to wait at all is not to wait for ever, which is what a server takes 0 for.
    world.timeout = Duration::ZERO;
    world.sql("BEGIN; SELECT * FROM items FOR UPDATE");
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (5, "write-conflict"), "{error}");
    assert!(error.message.starts_with("while committing"), "{error}");
    world.sql("COMMIT");
    assert_eq!(world.number("SELECT count(*) FROM pairs"), 0);
    assert!(world.reset().unwrap().written);
}

#[test]
fn a_run_of_the_same_worker_is_waited_for_and_given_up() {
    let mut world = World::new();
    world.timeout = Duration::from_millis(60);
    world.sql(&format!("SELECT pg_advisory_lock({}, 1)", 0x5eed_bed0));
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (5, "busy"));
    assert!(
        world.notices[0].starts_with("waiting for another program that writes to postgres://"),
        "{:?}",
        world.notices
    );
    world.sql("SELECT pg_advisory_unlock_all()");
    assert!(world.seed().unwrap().written);
}

#[test]
fn a_copied_database_is_refused_until_it_is_allowed() {
    let mut world = World::new();
    world.seed().unwrap();
    let address = world.own.address().unwrap();
    let (name, copy) = (world.text("SELECT current_database()"), world.text("SELECT current_database() || '_copy'"));
    let mut server = postgres::Client::connect(&address.replace(&name, "postgres"), postgres::NoTls).unwrap();
    world.database = Box::new(Sqlite::in_memory("").unwrap());
    server
        .batch_execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        .unwrap();
    // A terminated session takes a moment to end.
    while server.batch_execute(&format!("CREATE DATABASE {copy} TEMPLATE {name}")).is_err() {}
    world.database = support::open(&address.replace(&name, &copy));
    let mut copied = postgres::Client::connect(&address.replace(&name, &copy), postgres::NoTls).unwrap();
    copied.batch_execute("DELETE FROM pairs").unwrap();
    drop(copied);
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (3, "copied-database"), "{error}");
    assert!(error.message.contains("was copied from"), "{error}");
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    assert!(world.cleanup(0).unwrap().written);
    world.database = Box::new(Sqlite::in_memory("").unwrap());
    server.batch_execute(&format!("DROP DATABASE {copy}")).unwrap();
}
