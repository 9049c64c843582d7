//! How long it takes to undo a test, in a process that stays, beside what scripts do instead:
//! `cargo bench -p benches --bench reset`, with a number of rounds behind `--` where 50 are too few.
//!
//! The whole chain m01, m02, m03 with its pictures. Every round damages nine rows in three tables over a
//! connection of its own and undoes it, each way in a database of its own; the commit is measured, the
//! damage is not. SQLite is in WAL and syncs as `NORMAL` says, for all ways alike; PostgreSQL
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

fn on_sqlite(rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder for databases");
    let file = |name: &str| folder.path().join(name);
    let (ours, media) = (file("ours.db"), file("media"));
    let mut warm = open(&format!("sqlite:{}", ours.display()), &media);
    reset(&mut warm);
    let copies = Copies::of(&ours, folder.path());
    let rows = Rows::of_sqlite(&ours);
    let beside = Connection::open(&ours).expect("the database");
    let names = [
        "reset: nine rows",
        "reset: nine rows and two that a test left",
        "reset: in sync, since another connection wrote",
        "reset: in sync, since nobody wrote",
        "by hand: delete all rows and insert them",
        "by hand: copy the file (nobody has it open)",
        "by hand: the backup API",
    ];
    let mut lines = names.map(|name| Line { name, times: Vec::new() });
    for round in 0..rounds + 5 {
        let mut note = |line: usize, time: Duration| {
            // The first rounds warm caches up, the files' times among them.
            if round >= 5 {
                lines[line].times.push(time);
            }
        };
        beside.execute_batch(DAMAGE).expect("damage");
        let (receipt, time) = timed(|| reset(&mut warm));
        expect_nine(&receipt);
        note(0, time);
        beside.execute_batch(&format!("{DAMAGE}{LEFT}")).expect("damage");
        let (receipt, time) = timed(|| reset(&mut warm));
        expect_nine(&receipt);
        assert_eq!(receipt.plan.debris.len(), 2);
        note(1, time);
        beside.execute_batch("PRAGMA user_version = 1").expect("a write");
        note(2, timed(|| assert!(!reset(&mut warm).written)).1);
        note(3, timed(|| assert!(!reset(&mut warm).written)).1);
        copies.damage_hand();
        note(4, timed(|| rows.put_back(&copies.hand)).1);
        copies.damage_copied();
        note(5, timed(|| copies.copy_file()).1);
        copies.damage_backed_up();
        note(6, timed(|| copies.back_up()).1);
        if round == 5 {
            copies.are_equal(&ours);
        }
    }
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
    let mut beside = ours.client();
    let mut admin = ours.client();
    let mut by_hand = hand.client();
    let names = [
        "reset: nine rows",
        "reset: nine rows and two that a test left",
        "reset: in sync, since another connection wrote",
        "reset: in sync, since nobody wrote",
        "by hand: delete all rows and COPY them",
        "by hand: CREATE DATABASE .. TEMPLATE",
        "by hand: and DROP of the one before",
    ];
    let mut lines = names.map(|name| Line { name, times: Vec::new() });
    for round in 0..rounds + 5 {
        let mut note = |line: usize, time: Duration| {
            if round >= 5 {
                lines[line].times.push(time);
            }
        };
        beside.batch_execute(DAMAGE).expect("damage");
        let (receipt, time) = timed(|| reset(&mut warm));
        expect_nine(&receipt);
        note(0, time);
        beside.batch_execute(&format!("{DAMAGE}{LEFT}")).expect("damage");
        let (receipt, time) = timed(|| reset(&mut warm));
        expect_nine(&receipt);
        assert_eq!(receipt.plan.debris.len(), 2);
        note(1, time);
        beside.batch_execute("CREATE TABLE IF NOT EXISTS written (); DROP TABLE written").expect("a write");
        assert!(!reset(&mut warm).written);
        beside.batch_execute("SELECT pg_current_xact_id()").expect("a transaction");
        note(2, timed(|| assert!(!reset(&mut warm).written)).1);
        note(3, timed(|| assert!(!reset(&mut warm).written)).1);
        by_hand.batch_execute(DAMAGE).expect("damage");
        note(4, timed(|| rows.put_back_copied(&mut by_hand)).1);
        if round < 15 {
            let made = timed(|| by_hand::from_template(&mut admin, &template.name)).1;
            let dropped = timed(|| by_hand::drop_made(&mut admin)).1;
            note(5, made);
            note(6, dropped);
        }
    }
    let version: String = beside.query_one("SHOW server_version", &[]).expect("a version").get(0);
    by_hand::report(&format!("PostgreSQL {version}"), &lines, rows.count());
}
