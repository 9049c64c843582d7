//! How long it takes to undo a test, in a process that stays, beside what scripts do instead:
//! `cargo bench -p benches --bench reset`, with a number of rounds behind `--` where 50 are too few.
//!
//! The whole chain m01, m02, m03 with its pictures. Every round damages nine rows in three tables over a
//! connection of its own and undoes it, each way in a database of its own and its rounds one after the other;
//! the commit is measured, the damage is not. SQLite is in WAL and syncs as `NORMAL` says, for all ways alike; PostgreSQL
//! writes to disk as servers do, spoken to over a socket.

#[path = "reset/by_hand.rs"]
mod by_hand;
#[allow(dead_code, reason = "every bench uses its own part")]
mod measure;
#[path = "../crates/seedbed/tests/contract/support/server.rs"]
mod server;

use std::path::Path;
use std::time::Duration;

use by_hand::{Copies, Rows};
use measure::{DAMAGE, Line, TODAY, timed};
use rusqlite::Connection;
use seedbed::project::Call;
use seedbed::{Project, Receipt, Warm};
use server::{Server, TestDatabase};

/// What a test leaves behind: an account's favorite more, and a follow.
const LEFT: &str = "
    INSERT INTO flyers_favorite (user_id, flyer_id, created_at, is_e2e_test_data)
    SELECT u.id, f.id, f.created_at, false FROM users_user AS u, flyers_flyer AS f
    WHERE NOT EXISTS (SELECT 1 FROM flyers_favorite AS x WHERE x.user_id = u.id AND x.flyer_id = f.id)
    ORDER BY u.id, f.id LIMIT 2;";

/// So many rounds of every way are not told.
const WARM_UP: usize = 5;

fn main() {
    // Paths of a project count from the folder that the program runs in.
    std::env::set_current_dir(measure::repository()).expect("the repository is there");
    let rounds = std::env::args().filter_map(|argument| argument.parse().ok()).next_back().unwrap_or(50);
    on_sqlite(rounds);
    on_postgres(rounds);
}

fn open(database: &str, media: &Path) -> Warm {
    let project = Project::find(&measure::repository()).expect("the project of this repository");
    let call = Call {
        scale: None,
        database: Some(database),
        media: Some(media),
        seed: Some(1),
        as_of: None,
        worker: 0,
        now: TODAY,
        program: "seedbed",
        migrate: "migrate",
    };
    Warm::open(&project, "m03", &call).expect("the whole chain")
}

fn reset(warm: &mut Warm) -> Receipt {
    warm.reset(None, TODAY, &mut |_| {}).unwrap_or_else(|error| panic!("{error}")).0
}

fn expect_nine(receipt: &Receipt) {
    assert_eq!(receipt.plan.inserts() + receipt.plan.updates(), 9);
    assert!(receipt.written);
}

/// Returns the times of one way, whose rounds follow each other as those of a test run do.
fn way(name: &'static str, rounds: usize, mut round: impl FnMut() -> Duration) -> Line {
    // The first rounds warm caches up, the files' times among them.
    (0..WARM_UP).for_each(|_| {
        round();
    });
    Line { name, times: (0..rounds).map(|_| round()).collect() }
}

/// Returns the times of our own ways; `write` runs SQL over another connection, `commit` is SQL that commits and
/// touches no row.
fn ours_alone(warm: &mut Warm, rounds: usize, mut write: impl FnMut(&str), commit: &str) -> [Line; 4] {
    let nine = way("reset: nine rows", rounds, || {
        write(DAMAGE);
        let (receipt, time) = timed(|| reset(warm));
        expect_nine(&receipt);
        time
    });
    let left = way("reset: nine rows and two that a test left", rounds, || {
        write(&format!("{DAMAGE}{LEFT}"));
        let (receipt, time) = timed(|| reset(warm));
        expect_nine(&receipt);
        assert_eq!(receipt.plan.debris.len(), 2);
        time
    });
    let written = way("reset: in sync, since another connection wrote", rounds, || {
        write(commit);
        timed(|| assert!(!reset(warm).written)).1
    });
    let still = way("reset: in sync, since nobody wrote", rounds, || timed(|| assert!(!reset(warm).written)).1);
    [nine, left, written, still]
}

fn on_sqlite(rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder for databases");
    let file = |name: &str| folder.path().join(name);
    let (ours, media) = (file("ours.db"), file("media"));
    let mut warm = open(&format!("sqlite:{}", ours.display()), &media);
    reset(&mut warm);
    let copies = Copies::of(&ours, folder.path());
    let rows = Rows::of_sqlite(&ours);
    let beside = Connection::open(&ours).expect("the database");
    let beside = |sql: &str| beside.execute_batch(sql).expect("a write beside us");
    let mut lines = Vec::from(ours_alone(&mut warm, rounds, beside, "PRAGMA user_version = 1"));
    lines.push(way("by hand: delete all rows and insert them", rounds, || {
        copies.damage_hand();
        timed(|| rows.put_back(&copies.hand)).1
    }));
    lines.push(way("by hand: copy the file (nobody has it open)", rounds, || {
        copies.damage_copied();
        timed(|| copies.copy_file()).1
    }));
    lines.push(way("by hand: the backup API", rounds, || {
        copies.damage_backed_up();
        timed(|| copies.back_up()).1
    }));
    copies.are_equal(&ours);
    by_hand::report("SQLite", &lines, rows.count());
}

fn on_postgres(rounds: usize) {
    let ddl = measure::repository().join("pockitflyer_backend/pockitflyer.postgresql.sql");
    let ddl = std::fs::read_to_string(ddl).expect("the schema");
    let server = Server::start(None, server::DURABLE);
    let ours: TestDatabase = server.database(&ddl);
    let media = tempfile::tempdir().expect("a folder for pictures");
    let mut warm = open(&ours.address(), media.path());
    reset(&mut warm);
    let rows = Rows::of_postgres(&mut ours.client());
    let hand = server.database(&ddl);
    rows.insert_all(&mut hand.client());
    let template = server.database(&ddl);
    rows.insert_all(&mut template.client());
    let (mut beside, mut admin, mut by_hand) = (ours.client(), ours.client(), hand.client());
    let write = |sql: &str| beside.batch_execute(sql).expect("a write beside us");
    let mut lines = Vec::from(ours_alone(&mut warm, rounds, write, "SELECT pg_current_xact_id()"));
    lines.push(way("by hand: delete all rows and COPY them", rounds, || {
        by_hand.batch_execute(DAMAGE).expect("damage");
        timed(|| rows.put_back_copied(&mut by_hand)).1
    }));
    let mut dropped = Vec::new();
    lines.push(way("by hand: CREATE DATABASE .. TEMPLATE", rounds.min(15), || {
        let made = timed(|| by_hand::from_template(&mut admin, &template.name)).1;
        dropped.push(timed(|| by_hand::drop_made(&mut admin)).1);
        made
    }));
    lines.push(Line { name: "by hand: and DROP of the one before", times: dropped.split_off(WARM_UP) });
    let version: String = admin.query_one("SHOW server_version", &[]).expect("a version").get(0);
    by_hand::report(&format!("PostgreSQL {version}"), &lines, rows.count());
}
