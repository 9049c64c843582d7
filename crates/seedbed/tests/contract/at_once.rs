//! Sixteen workers in one database at once, and an application that writes meanwhile.
//!
//! Every worker damages its data as a test does, resets it and verifies it; two workers clean up and
//! seed again instead. Real people favor flyers of all workers, in transactions of several rows. The
//! result must be that of some serial order: every dataset whole, every committed row of real people
//! there with its values, and nothing else.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seedbed::{Database, Sqlite, Target};
use seedbed_core::dataset::Dataset;
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::scenario::Chain;
use seedbed_core::value::Value;

use super::support::{COUNTERS, Engine, open};
use super::verify_support::{TODAY, World, pockitflyer};

const WORKERS: u8 = 16;
/// These go and come again; nobody favors their flyers, or they could not go.
const COMING_AND_GOING: std::ops::Range<u8> = 14..16;
/// Real people, each with a thread of their own.
const PEOPLE: std::ops::Range<i64> = 71..74;

/// How to reach the database, from any thread.
enum Way {
    Sqlite(std::path::PathBuf),
    Postgres(String),
}

impl Way {
    fn seedbed(&self) -> Box<dyn Database> {
        match self {
            Self::Sqlite(path) => {
                let database = Sqlite::open(path).unwrap();
                database.connection().execute_batch("PRAGMA synchronous = OFF").unwrap();
                Box::new(database)
            }
            Self::Postgres(address) => open(address),
        }
    }

    fn application(&self) -> Application {
        match self {
            Self::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.busy_timeout(Duration::from_mins(1)).unwrap();
                connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF").unwrap();
                Application::Sqlite(connection)
            }
            Self::Postgres(address) => {
                Application::Postgres(Box::new(postgres::Client::connect(address, postgres::NoTls).unwrap()))
            }
        }
    }
}

/// A connection of the application.
enum Application {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Client>),
}

impl Application {
    /// Runs the statements in one transaction, again where the database asks for that; returns how often it did.
    fn commit(&mut self, statements: &str) -> usize {
        let mut again = 0;
        loop {
            let failed = match self {
                Self::Sqlite(own) => match own.execute_batch(&format!("BEGIN IMMEDIATE; {statements}; COMMIT")) {
                    Ok(()) => return again,
                    Err(error) => {
                        let busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
                        if !own.is_autocommit() {
                            own.execute_batch("ROLLBACK").unwrap();
                        }
                        (busy, error.to_string())
                    }
                },
                Self::Postgres(own) => match own.batch_execute(&format!("BEGIN; {statements}; COMMIT")) {
                    Ok(()) => return again,
                    Err(error) => {
                        let deadlock = error.code() == Some(&postgres::error::SqlState::T_R_DEADLOCK_DETECTED);
                        own.batch_execute("ROLLBACK").unwrap();
                        (deadlock, format!("{error:?}"))
                    }
                },
            };
            assert!(failed.0, "{statements}: {}", failed.1);
            again += 1;
        }
    }
}

/// A worker's dataset, and what of it the tests touch.
struct Worker {
    dataset: Dataset,
    users: Vec<i64>,
    flyers: Vec<i64>,
    favorites: Vec<i64>,
}

impl Worker {
    fn new(world: &World, worker: u8) -> Self {
        let mut dataset = generate(&world.chain, None, Parameters { seed: 1, worker, as_of: TODAY })
            .unwrap_or_else(|_| panic!())
            .dataset;
        for value in dataset.blocks.iter_mut().flat_map(|block| &mut block.rows).flat_map(|row| &mut row.values) {
            if let Value::Password(password) = value {
                *value = Value::Text(password.plain.clone());
            }
        }
        let keys = |table: &str| -> Vec<i64> {
            let blocks = dataset.blocks.iter().filter(|block| block.table == table);
            blocks.flat_map(|block| block.rows.iter().map(|row| number(&row.values[block.key[0]]))).collect()
        };
        Self { users: keys("users_user"), flyers: keys("flyers_flyer"), favorites: keys("flyers_favorite"), dataset }
    }

    /// Who favors what in its dataset.
    fn pairs(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let blocks = self.dataset.blocks.iter().filter(|block| block.table == "flyers_favorite");
        blocks.flat_map(|block| {
            let at = |name: &str| block.columns.iter().position(|column| column == name).unwrap();
            let (user, flyer) = (at("user_id"), at("flyer_id"));
            block.rows.iter().map(move |row| (number(&row.values[user]), number(&row.values[flyer])))
        })
    }

    fn with<T>(&self, database: &mut dyn Database, verb: impl FnOnce(&mut Target<'_>) -> seedbed::Result<T>) -> T {
        self.ask(database, verb).unwrap_or_else(|error| panic!("worker {}: {error:?}", self.dataset.worker))
    }

    fn ask<T>(
        &self,
        database: &mut dyn Database,
        verb: impl FnOnce(&mut Target<'_>) -> seedbed::Result<T>,
    ) -> seedbed::Result<T> {
        verb(&mut Target {
            scale: None,
            database,
            dataset: &self.dataset,
            levels: 0..3,
            media: None,
            now: TODAY,
            as_of: None,
            lock_timeout: Duration::from_mins(1),
            bookkeeping: &[],
            program: "seedbed",
            notice: &mut |_| {},
        })
    }

    /// Everything is as declared.
    fn is_whole(&self, database: &mut dyn Database, chain: &Chain) {
        let verified = self.with(database, |target| seedbed::verify(target, chain));
        let failing: Vec<_> = verified.report.failing().collect();
        assert!(verified.holds(), "worker {}: {failing:#?}\n{:#?}", self.dataset.worker, verified.receipt.plan);
    }

    /// What a test leaves behind: rows gone, rows changed, and two favorites of flyers of another worker.
    fn damage(&self, round: usize, other: &Self) -> String {
        let pick = |list: &[i64], step: usize| list[(round + step) % list.len()];
        let user = pick(&self.users, 0);
        format!(
            "DELETE FROM flyers_favorite WHERE id IN ({}, {}); \
             UPDATE flyers_flyer SET title = 'changed in round {round}' WHERE id = {}; \
             UPDATE users_user SET bio = 'changed in round {round}' WHERE id = {user}; {}; {}",
            pick(&self.favorites, 0),
            pick(&self.favorites, 3),
            pick(&self.flyers, 0),
            favor(user, pick(&other.flyers, 0)),
            favor(user, pick(&other.flyers, 1)),
        )
    }
}

fn number(value: &Value) -> i64 {
    let Value::Integer(number) = value else { panic!("{value:?}") };
    *number
}

fn favor(user: i64, flyer: i64) -> String {
    format!(
        "INSERT INTO flyers_favorite (is_e2e_test_data, created_at, user_id, flyer_id) \
         VALUES (FALSE, '2026-11-22 00:00:00', {user}, {flyer})"
    )
}

/// The favorites of a database: who favors what.
fn favorites(world: &World) -> BTreeSet<(i64, i64)> {
    let text = match crate::ENGINE {
        Engine::Sqlite => "SELECT group_concat(user_id || ' ' || flyer_id, ',') FROM flyers_favorite",
        Engine::Postgres => "SELECT string_agg(user_id || ' ' || flyer_id, ',') FROM flyers_favorite",
    };
    let pair = |pair: &str| pair.split_once(' ').map(|(user, flyer)| (user.parse().unwrap(), flyer.parse().unwrap()));
    world.own.text(text).split(',').filter_map(pair).collect()
}

/// A flyer of a real person, under whatever key the database hands out.
fn flyer(person: i64, number: usize) -> String {
    format!(
        "INSERT INTO flyers_flyer (is_e2e_test_data, title, description, category, location_address, latitude, \
         longitude, is_active, valid_from, valid_until, created_at, updated_at, creator_id) VALUES (FALSE, \
         'flyer {number} of {person}', '', 'events', 'x', 47.1, 8.1, TRUE, '2020-01-01 00:00:00', \
         '2030-01-01 00:00:00', '2020-01-01 00:00:00', '2020-01-01 00:00:00', {person})"
    )
}

/// Lets every worker do something at once while every real person does something again and again.
fn at_once(
    way: &Way,
    workers: &[Worker],
    work: impl Fn(&Worker, &mut dyn Database) + Sync,
    live: impl Fn(i64, usize) -> Option<String> + Sync,
) -> Vec<Done> {
    let working = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let (working, live, work) = (&working, &live, &work);
        let alive = move |person: i64| {
            let mut application = way.application();
            let mut done = Done::default();
            while let Some(statements) = working.load(Ordering::Relaxed).then(|| live(person, done.committed)).flatten()
            {
                done.again += application.commit(&statements);
                done.committed += 1;
                // People are slower than tests.
                std::thread::sleep(Duration::from_millis(10));
            }
            done
        };
        let people: Vec<_> = PEOPLE.map(|person| scope.spawn(move || alive(person))).collect();
        let runs: Vec<_> =
            workers.iter().map(|worker| scope.spawn(move || work(worker, &mut *way.seedbed()))).collect();
        let failed = runs.into_iter().filter_map(|run| run.join().err()).count();
        working.store(false, Ordering::Relaxed);
        let done = people.into_iter().map(|person| person.join().unwrap()).collect();
        assert_eq!(failed, 0, "workers failed");
        done
    })
}

/// What a real person did.
#[derive(Clone, Copy, Default)]
struct Done {
    /// Transactions committed.
    committed: usize,
    /// How often one was run again because the database asked for it.
    again: usize,
}

fn sum(done: &[Done], what: impl Fn(&Done) -> usize) -> usize {
    done.iter().map(what).sum()
}

fn rounds() -> usize {
    std::env::var("PROVE").map_or(3, |count| (count.parse::<usize>().expect("PROVE is a number") / 20).max(3))
}

#[test]
fn sixteen_workers_and_an_application_at_once() {
    let world = World::new(&pockitflyer(), 1);
    let way = match crate::ENGINE {
        Engine::Sqlite => {
            world.own.text("PRAGMA journal_mode = WAL");
            Way::Sqlite(world.folder.path().join("test.db"))
        }
        Engine::Postgres => Way::Postgres(world.own.address().unwrap()),
    };
    for person in PEOPLE {
        world.real_person(person, &format!("person{person}@example.org"));
    }
    seedbed::allow(&mut *way.seedbed(), TODAY, Duration::from_secs(5), &mut |_| {}).unwrap();
    let workers: Vec<Worker> = (0..WORKERS).map(|worker| Worker::new(&world, worker)).collect();
    let coming_and_going = |worker: &Worker| COMING_AND_GOING.contains(&worker.dataset.worker);
    let before = world.own.dump(false);

    let seeded = at_once(
        &way,
        &workers,
        |worker, database| assert!(worker.with(database, seedbed::seed).written),
        |person, number| Some(flyer(person, number)),
    );
    for worker in &workers {
        worker.is_whole(&mut *way.seedbed(), &world.chain);
    }

    let staying: Vec<i64> = workers
        .iter()
        .filter(|worker| !coming_and_going(worker))
        .flat_map(|worker| worker.flyers.iter().copied())
        .collect();
    // Three flyers of three workers in every transaction, in any order.
    let favored = |person: i64, number: usize| -> Vec<i64> {
        let start = (number * 3 + person as usize * 5) * 61;
        (0..3).map(|step| staying[(start + step * 61) % staying.len()]).collect()
    };
    let damaged = at_once(
        &way,
        &workers,
        |worker, database| {
            let mut application = way.application();
            for round in 0..rounds() {
                let other = &workers
                    [(usize::from(worker.dataset.worker) + 1 + round * 5) % usize::from(COMING_AND_GOING.start)];
                application.commit(&worker.damage(round, other));
                if coming_and_going(worker) {
                    worker.with(database, |target| seedbed::reset(target, None));
                    worker.with(database, seedbed::cleanup);
                    assert!(worker.with(database, seedbed::seed).written);
                } else {
                    let receipt = worker.with(database, |target| seedbed::reset(target, None));
                    assert_eq!(receipt.plan.debris.len(), 2, "worker {} in round {round}", worker.dataset.worker);
                }
                worker.is_whole(database, &world.chain);
            }
        },
        |person, number| {
            (number * 3 + 3 < staying.len()).then(|| {
                favored(person, number).into_iter().map(|flyer| favor(person, flyer)).collect::<Vec<_>>().join("; ")
            })
        },
    );
    let mut expected: BTreeSet<(i64, i64)> = workers.iter().flat_map(Worker::pairs).collect();
    for (person, done) in PEOPLE.zip(&damaged) {
        expected.extend((0..done.committed).flat_map(|number| favored(person, number)).map(|flyer| (person, flyer)));
    }
    assert_eq!(favorites(&world), expected);
    for (person, done) in PEOPLE.zip(&seeded) {
        let theirs = format!(
            "SELECT count(*) FROM flyers_flyer WHERE title LIKE 'flyer % of {person}' AND creator_id = {person}"
        );
        assert_eq!(world.number(&theirs), done.committed as i64);
    }

    // As long as people hang on rows of ours nobody takes them away, whoever asks first.
    at_once(
        &way,
        &workers,
        |worker, database| match worker.ask(database, seedbed::cleanup) {
            Ok(receipt) => assert!(receipt.written && coming_and_going(worker)),
            Err(error) => assert!(error.exit_code() == 4 && !coming_and_going(worker), "{error:?}"),
        },
        |_, _| None,
    );
    let people = format!("({}, {}, {})", PEOPLE.start, PEOPLE.start + 1, PEOPLE.start + 2);
    world.sql(&format!("DELETE FROM flyers_favorite WHERE user_id IN {people}"));
    let flyers = at_once(
        &way,
        &workers,
        |worker, database| assert_eq!(worker.with(database, seedbed::cleanup).written, !coming_and_going(worker)),
        |person, number| Some(flyer(person, 100_000 + number)),
    );
    let of_people = world.number("SELECT count(*) FROM flyers_flyer");
    assert_eq!(of_people, sum(&[&seeded[..], &flyers].concat(), |done| done.committed) as i64);
    world.sql(&format!("DELETE FROM flyers_flyer WHERE creator_id IN {people}"));
    let mut after = world.own.dump(false);
    let mut before = before;
    // The application's own rows went above ours, and so did its counter.
    for dump in [&mut before, &mut after] {
        dump.remove(COUNTERS);
    }
    assert_eq!(after, before);
    println!(
        "16 workers, {} rounds; meanwhile real people made {} flyers and {} favorites and went back {} times",
        rounds(),
        of_people,
        sum(&damaged, |done| done.committed) * 3,
        sum(&[seeded, damaged.clone(), flyers].concat(), |done| done.again)
    );
    assert!(damaged.iter().all(|done| done.committed > 0));
}
