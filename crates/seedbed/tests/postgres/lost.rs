//! The connection is lost at any moment: the database is as it was or as planned, and the exit code
//! says which, or that nobody can know.
//!
//! With `PROVE` it is cut after every single byte of a run, each way.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use seedbed::database::postgres::{Address, Environment};
use seedbed::{Exit, Postgres, Receipt, Result};

use crate::contract::support::{COUNTERS, Own, TODAY, World};
use crate::proxy::{Cut, Next, Proxy};

type Verb = fn(&mut World) -> Result<Receipt>;
type Rows = BTreeMap<String, Vec<String>>;

/// A verb in a world that it is run in again and again.
struct Course {
    world: World,
    proxy: Proxy,
    verb: Verb,
    /// Brings the world back to where the verb begins.
    back: fn(&mut World),
    before: Rows,
    after: Rows,
    counts: Counts,
}

#[derive(Debug, Default)]
#[allow(dead_code, reason = "they are printed")]
struct Counts {
    cuts: usize,
    before: usize,
    after: usize,
    /// Ended well although the connection was cut.
    found_out: usize,
    unclear: usize,
    unfinished: usize,
}

const PEOPLE: &str = "INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01', NULL, TRUE, FALSE);
    INSERT INTO items VALUES (21, 'a chair', 11, 1, NULL, FALSE);";

const DAMAGE: &str = "UPDATE items SET title = 'x' WHERE id > 1000000000; DELETE FROM pairs;
    INSERT INTO notes (id, user_id, body) VALUES (900, 1200000001, 'left');
    INSERT INTO pairs VALUES (901, 1200000001, 21, '2020-01-01', FALSE);";

fn course(verb: Verb, back: fn(&mut World)) -> Course {
    let mut world = World::new();
    world.timeout = Duration::from_millis(300);
    world.sql(PEOPLE);
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    back(&mut world);
    let before = world.dump_all();
    verb(&mut world).unwrap();
    let after = world.dump_all();
    back(&mut world);
    assert_eq!(world.dump_all(), before);
    let Own::Postgres(_, place) = &world.own else { unreachable!("this is a test of PostgreSQL") };
    let proxy = Proxy::new(place.socket());
    Course { world, proxy, verb, back, before, after, counts: Counts::default() }
}

fn seed() -> Course {
    course(World::seed, |world| {
        world.cleanup(0).unwrap();
    })
}

fn reset() -> Course {
    course(World::reset, |world| {
        world.reset().unwrap();
        world.seed().unwrap();
        world.sql(DAMAGE);
    })
}

fn cleanup() -> Course {
    course(
        |world| world.cleanup(0),
        |world| {
            world.seed().unwrap();
        },
    )
}

impl Course {
    /// Runs the verb over a connection that is cut there.
    fn run(&mut self, cut: Cut, next: Next) -> Result<Receipt> {
        self.proxy.cut(cut, next);
        let Own::Postgres(_, place) = &self.world.own else { unreachable!("this is a test of PostgreSQL") };
        let address = format!("postgres://postgres@127.0.0.1:{}/{}?application_name=cut", self.proxy.port, place.name);
        let address = Address::read(&address, &Environment::default()).unwrap();
        let direct = std::mem::replace(&mut self.world.database, Box::new(Postgres::open(&address)?));
        let answer = (self.verb)(&mut self.world);
        self.world.database = direct;
        answer
    }

    /// Cuts there, and compares what the answer says with what stands in the database.
    fn cut(&mut self, cut: Cut, next: Next) -> Option<Exit> {
        let answer = self.run(cut, next);
        while self.world.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cut'") > 0 {
            thread::yield_now();
        }
        let rows = self.world.dump_all();
        let place = format!("{cut:?}, then {next:?}: {answer:?}");
        let lasted = rows_of(&rows) == rows_of(&self.after);
        assert!(lasted || rows_of(&rows) == rows_of(&self.before), "{place}: neither before nor after: {rows:?}");
        for counter in &rows[COUNTERS] {
            let known = [&self.before, &self.after].iter().any(|known| known[COUNTERS].contains(counter));
            assert!(known, "{place}: {counter}");
        }
        let exit = answer.as_ref().err().map(|error| {
            let nothing = !matches!(error.exit, Exit::Unclear | Exit::Unfinished);
            assert_eq!(error.nothing_written, nothing, "{place}");
            error.exit
        });
        match exit {
            None => assert_eq!(rows, self.after, "{place}"),
            Some(Exit::CouldNotRun) => assert!(!lasted, "{place}"),
            Some(Exit::Unfinished) => assert!(lasted, "{place}"),
            // Who can ask again knows.
            Some(Exit::Unclear) => assert_eq!(next, Next::Refused, "{place}"),
            Some(_) => panic!("{place}"),
        }
        self.counts.cuts += 1;
        *(if lasted { &mut self.counts.after } else { &mut self.counts.before }) += 1;
        self.counts.found_out += usize::from(exit.is_none() && self.proxy.passed().cut);
        self.counts.unclear += usize::from(exit == Some(Exit::Unclear));
        self.counts.unfinished += usize::from(exit == Some(Exit::Unfinished));
        if lasted || rows != self.before || self.counts.cuts.is_multiple_of(8) {
            (self.verb)(&mut self.world).unwrap();
            assert_eq!(self.world.dump_all(), self.after, "{place}: run again");
            (self.back)(&mut self.world);
            assert_eq!(self.world.dump_all(), self.before, "{place}: taken back");
        }
        exit
    }

    /// Cuts after every byte, or after some of them and every one about the commit.
    fn cut_everywhere(mut self, name: &str) {
        self.run(Cut::Nowhere, Next::HandedOn).unwrap();
        let passed = self.proxy.passed();
        (self.back)(&mut self.world);
        let (to, from) = passed.before_commit.unwrap();
        let every = std::env::var_os("PROVE").is_some();
        let points = |all: usize, commit: usize| -> Vec<usize> {
            let near = commit - 2..commit + 40;
            (1..=all).filter(|k| every || near.contains(k) && k % 3 == 0 || k % (all / 12) == 0).collect()
        };
        for (number, k) in points(passed.to, to).into_iter().enumerate() {
            self.cut(Cut::To(k), if number % 2 == 0 { Next::HandedOn } else { Next::Refused });
        }
        for (number, k) in points(passed.from, from).into_iter().enumerate() {
            self.cut(Cut::From(k), if number % 2 == 0 { Next::HandedOn } else { Next::Refused });
        }
        println!("{name}: {} bytes to the server, {} from it; {:?}", passed.to, passed.from, self.counts);
        assert!(self.counts.before > 0 && self.counts.after > 0 && self.counts.found_out > 0, "{:?}", self.counts);
    }

    /// Loses the commit, and the answer to it.
    fn lose_the_commit(mut self) {
        let asked = Next::HandedOn;
        assert_eq!(self.cut(Cut::BeforeCommit, asked), Some(Exit::CouldNotRun));
        assert_eq!(self.cut(Cut::AfterCommit, asked), None);
        assert_eq!(self.cut(Cut::BeforeCommit, Next::Refused), Some(Exit::Unclear));
        assert_eq!(self.cut(Cut::AfterCommit, Next::Refused), Some(Exit::Unclear));
        // Nobody refuses here, so there is time to ask.
        self.world.timeout = Duration::from_secs(20);
        for _ in 0..4 {
            // The server may find us gone before it reads the commit, or after.
            assert!(matches!(self.cut(Cut::InCommit, asked), None | Some(Exit::CouldNotRun)));
        }
        assert!(self.counts.before >= 2 && self.counts.after >= 2, "{:?}", self.counts);
    }
}

/// The rows without the counters, which no transaction takes back, and without the files that are still
/// to be removed, the last column of the marker.
fn rows_of(dump: &Rows) -> Rows {
    let mut rows = dump.clone();
    rows.remove(COUNTERS);
    for line in rows.get_mut("seedbed_marker").into_iter().flatten() {
        line.truncate(line.rfind('[').unwrap());
        line.truncate(line.trim_end_matches('"').len());
    }
    rows
}

#[test]
fn a_seed_whose_commit_is_lost_says_what_became_of_it() {
    seed().lose_the_commit();
}

#[test]
fn a_reset_whose_commit_is_lost_says_what_became_of_it() {
    reset().lose_the_commit();
}

#[test]
fn a_cleanup_whose_commit_is_lost_says_what_became_of_it() {
    cleanup().lose_the_commit();
}

#[test]
fn a_seed_cut_after_any_byte_is_whole_or_nothing_and_says_which() {
    seed().cut_everywhere("seed");
}

#[test]
fn a_reset_cut_after_any_byte_is_whole_or_nothing_and_says_which() {
    reset().cut_everywhere("reset");
}

#[test]
fn a_cleanup_cut_after_any_byte_is_whole_or_nothing_and_says_which() {
    cleanup().cut_everywhere("cleanup");
}

#[test]
fn an_unclear_end_is_said_with_what_to_do() {
    let mut course = seed();
    let error = course.run(Cut::AfterCommit, Next::Refused).unwrap_err();
    let text = error.to_string();
    assert_eq!((error.exit_code(), error.rule), (7, "commit-unclear"), "{text}");
    assert!(text.starts_with("error[commit-unclear]: while committing: "), "{text}");
    assert!(text.contains("either all of it was, or nothing") && !text.contains("nothing was written"), "{text}");
    assert_eq!(course.world.seed().unwrap().plan.inserts(), 0);
    (course.back)(&mut course.world);
    let error = course.run(Cut::To(4000), Next::HandedOn).unwrap_err();
    assert_eq!((error.exit_code(), error.rule, error.nothing_written), (6, "connection", true), "{error}");
}
