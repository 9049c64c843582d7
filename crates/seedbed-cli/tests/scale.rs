//! `--scale` of the built binary: planned, kept, taken back, and killed in the middle.

#[path = "../../seedbed/tests/contract/support/server.rs"]
mod server;
mod support;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use server::TestDatabase;
use support::{Project, repository};

const FAVORITES: &str = "SELECT count(*) FROM flyers_favorite";

#[test]
fn a_scale_is_planned_kept_and_taken_back() {
    let project = Project::new();
    let plan = project.call(&["plan", "m03", "--scale", "users=1000"]).done();
    for told in [
        "  + flyers_favorite         1,450  insert   further rows of favorites\n",
        "scale     30: 21,373 further rows, about 2 MB",
        "plan: 22110 to insert, 382 files to write\n",
        "seed m03 --scale users=1000` does it\n",
    ] {
        assert!(plan.contains(told), "{told}: {plan}");
    }
    let seeded = project.call(&["seed", "m03", "--scale", "users=1000"]).done();
    assert!(seeded.contains("scale 30") && seeded.contains("22110 rows"), "{seeded}");
    assert_eq!(project.number(FAVORITES), 1_500);
    // What is not asked for stays as it is.
    let again = project.call(&["seed", "m03"]).done();
    assert!(again.starts_with("in sync: 22110 rows"), "{again}");
    assert!(project.call(&["verify", "m03"]).done().contains("134 of 134 checks hold"));
    let json = project.json(&["plan", "m03", "--scale", "2"]);
    assert_eq!(json["dataset"]["scale"], 2);
    let of = |name: &str| {
        json["plan"]["further"].as_array().unwrap().iter().map(|part| part[name].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((of("inserts"), of("updates"), of("deletes")), (737, 0, 21_373));
    let small = project.call(&["seed", "m03", "--scale", "1"]).done();
    assert!(small.contains("21373 rows removed"), "{small}");
    assert_eq!(project.number(FAVORITES), 50);
    project.call(&["seed", "m03", "--scale", "2"]).done();
    let gone = project.call(&["cleanup", "m01"]).done();
    assert!(gone.contains("  - flyers_favorite") && gone.contains("remove   further rows of favorites\n"), "{gone}");
    assert!(gone.contains("m01: 1474 removed, 382 files removed"), "{gone}");
}

#[test]
fn further_rows_that_are_not_as_declared_are_told() {
    let project = Project::new();
    project.call(&["seed", "m03", "--scale", "5"]).done();
    project.sql("UPDATE users_user SET bio = 'x' WHERE id IN (SELECT id FROM users_user ORDER BY id DESC LIMIT 2)");
    project.sql("DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id DESC LIMIT 3)");
    let drift = project.call(&["verify", "m03"]);
    assert_eq!(drift.code, 1);
    assert!(drift.out.contains("\n5 rows are not as declared\n"), "{}", drift.out);
    project.sql("UPDATE users_user SET is_e2e_test_data = 0 WHERE id = (SELECT max(id) FROM users_user)");
    let plan = project.call(&["plan", "m03"]).done();
    assert!(plan.contains("holds primary key of a further row of users\n"), "{plan}");
    assert!(plan.contains("plan: 3 to insert, 1 to change\n") && plan.contains("seed m03` refuses while"), "{plan}");
    assert!(project.call(&["verify", "m03"]).out.contains("\n5 rows are not as declared\n"));
    project.call(&["seed", "m03"]).failed(4);
}

#[test]
fn personas_and_resets_are_what_they_are_without_a_scale() {
    let (small, large) = (Project::seeded("m03"), Project::new());
    large.call(&["seed", "m03", "--scale", "40"]).done();
    let personas = |project: &Project| project.json(&["personas", "m03"])["personas"].clone();
    assert_eq!(personas(&small), personas(&large));
    large.sql("UPDATE users_user SET bio = 'x' WHERE username IN ('test_user_power', 'test_user_power+b7')");
    let plan = large.call(&["plan", "m03", "--check"]);
    assert_eq!(plan.code, 1);
    let reset = large.call(&["reset", "m03"]).done();
    assert!(reset.contains("users_user"), "{reset}");
    assert!(large.call(&["plan", "m03", "--check"]).done().starts_with("in sync"));
}

#[test]
fn what_is_no_scale_or_does_not_fit_is_a_wrong_call() {
    let project = Project::new();
    for wrong in ["0", "-3", "many", "users=", "users=0"] {
        let error = project.call(&["seed", "m03", &format!("--scale={wrong}")]).failed(2);
        assert!(error.contains("users=100000"), "{error}");
    }
    let error = project.call(&["seed", "m03", "--scale", "readers=5"]).failed(2);
    assert!(error.contains("there is no population `readers`") && error.contains("favorites"), "{error}");
    let error = project.call(&["seed", "m03", "--scale", "999999999999"]).failed(2);
    assert!(error.contains("too-many-blocks"), "{error}");
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());
    // A name that is the same in every block.
    project.replace("pockitflyer_backend/users/fixtures/m02_test_users.json", "test_{row}{copy}", "test_{row}");
    let error = project.call(&["seed", "m03", "--scale", "3"]).failed(2);
    assert!(error.contains("no-copy"), "{error}");
}

/// What stands in a database: how many rows, and what the catalogue says of its tables.
type Stand = BTreeMap<String, String>;

trait Place {
    fn address(&self) -> String;
    fn stand(&self) -> Stand;
}

impl Place for Project {
    fn address(&self) -> String {
        "sqlite:pockitflyer_backend/db.sqlite3".to_owned()
    }

    fn stand(&self) -> Stand {
        let database = self.database();
        let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        let mut schema = database.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema").unwrap();
        let entry = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let mut stand: Stand = schema.query_map([], entry).unwrap().map(Result::unwrap).collect();
        stand.insert(FAVORITES.to_owned(), self.number(FAVORITES).to_string());
        stand
    }
}

impl Place for TestDatabase {
    fn address(&self) -> String {
        TestDatabase::address(self)
    }

    fn stand(&self) -> Stand {
        let mut client = self.client();
        // A server goes on for a moment with what its client has begun.
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let until = Instant::now() + Duration::from_secs(30);
        while client.query_one(others, &[]).unwrap().get::<_, i64>(0) > 0 {
            assert!(Instant::now() < until, "the session of a killed program goes on");
            thread::sleep(Duration::from_millis(20));
        }
        let rows = client.query(
            "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL \
             SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace",
            &[],
        );
        let mut stand: Stand = rows.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
        let count: i64 = client.query_one(FAVORITES, &[]).unwrap().get(0);
        stand.insert(FAVORITES.to_owned(), count.to_string());
        stand
    }
}

/// Kills a load with indexes taken away at 10, 50 and 99 % of the time that a whole one takes.
fn killed(project: &Project, place: &dyn Place, scale: &str) {
    let address = place.address();
    let seed = |scale: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(["seed", "m03", "--rebuild", "--scale", scale, "--db", &address]).current_dir(project.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    assert!(seed("1").wait().unwrap().success());
    let before = place.stand();
    let started = Instant::now();
    assert!(seed(scale).wait().unwrap().success());
    let (whole, after) = (started.elapsed(), place.stand());
    assert!(seed("1").wait().unwrap().success());
    assert_eq!(place.stand(), before);
    let mut undone = 0;
    for percent in [10, 50, 99] {
        let mut child = seed(scale);
        thread::sleep(whole * percent / 100);
        child.kill().unwrap();
        child.wait().unwrap();
        let stand = place.stand();
        // Near the end it may have been quicker than the one that was measured.
        assert!(stand == before || stand == after, "{percent} %: {stand:?}");
        undone += u32::from(stand == before);
        if stand == after {
            assert!(seed("1").wait().unwrap().success());
        }
    }
    assert!(undone >= 2, "{undone}");
    let answer = project.call(&["seed", "m03", "--scale", scale, "--db", &address]);
    answer.done();
    assert_eq!(place.stand(), after);
}

#[test]
fn a_load_that_is_killed_leaves_sqlite_as_it_was() {
    let project = Project::new();
    killed(&project, &project, "200");
}

#[test]
fn a_load_that_is_killed_leaves_postgres_as_it_was() {
    let tables = repository().join("pockitflyer_backend/pockitflyer.postgresql.sql");
    let place = server::server().database(&std::fs::read_to_string(tables).unwrap());
    killed(&Project::new(), &place, "200");
}
