//! The command line over PostgreSQL: the same words, numbers and exit codes.

#[path = "../../../seedbed/tests/contract/support/server.rs"]
pub mod server;

use crate::support::{Project, repository};

fn tables() -> String {
    std::fs::read_to_string(repository().join("pockitflyer_backend/pockitflyer.postgresql.sql")).unwrap()
}

#[test]
fn the_main_job_is_done_and_undone() {
    let (project, place) = (Project::new(), server::server().database(&tables()));
    let before = place.dump();
    let db = place.address();
    let call = |args: &[&str]| project.call(&[args, &["--db", &db]].concat());
    let seeded = call(&["seed", "m03"]);
    assert_eq!((seeded.code, seeded.err.as_str()), (0, ""), "{}", seeded.out);
    assert!(seeded.out.starts_with("database  postgres://postgres@/test_"), "{}", seeded.out);
    assert!(seeded.out.contains("134 of 134"), "{}", seeded.out);
    let again = call(&["seed", "m03"]);
    assert_eq!(again.code, 0);
    let plan = project.json(&["plan", "m03", "--db", &db]);
    assert_eq!(plan["plan"]["tables"], serde_json::json!([]), "{plan}");
    place.client().batch_execute("DELETE FROM flyers_favorite WHERE id % 2 = 0").unwrap();
    assert_eq!(call(&["verify", "m03"]).code, 1);
    assert_eq!(call(&["reset", "m03"]).code, 0);
    assert_eq!(call(&["verify", "m03"]).code, 0);
    let on_sqlite = project.json(&["seed", "m03"]);
    let on_postgres = project.json(&["plan", "m03", "--db", &db]);
    assert_eq!(on_postgres["digest"], on_sqlite["digest"]);
    assert_eq!(call(&["cleanup", "m01"]).code, 0);
    place.client().batch_execute("TRUNCATE seedbed_marker").unwrap();
    assert_eq!(place.dump(), before);
}

#[test]
fn a_database_that_is_somebodys_is_refused_and_allowed_by_its_name() {
    let (project, place) = (Project::new(), server::server().database(&tables()));
    let db = place.address();
    let person = "INSERT INTO users_user (password, is_superuser, username, first_name, last_name, is_staff, is_active, \
                  date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at) VALUES \
                  ('x', FALSE, 'anna', '', '', FALSE, TRUE, now(), FALSE, 'anna@example.org', TRUE, now(), now())";
    place.client().batch_execute(person).unwrap();
    let refused = project.call(&["seed", "m01", "--db", &db]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    let allow = refused.err.lines().find_map(|line| line.split_once("say so once: seedbed ")).unwrap().1;
    let allowed = project.call(&allow.split(' ').map(|word| word.trim_matches('\'')).collect::<Vec<_>>());
    assert_eq!(allowed.code, 0, "{}", allowed.err);
    assert_eq!(project.call(&["seed", "m01", "--db", &db]).code, 0);
    assert_eq!(project.call(&["allow", &place.name, "--db", &db]).code, 0);
}

#[test]
fn an_address_that_leads_nowhere_or_to_no_tables_is_said_without_the_password() {
    let (project, place) = (Project::new(), server::server().database(""));
    let empty = project.call(&["seed", "m01", "--db", &place.address()]);
    assert_eq!(empty.code, 6, "{}", empty.err);
    assert!(empty.err.contains("help: apply your migrations to this database"), "{}", empty.err);
    let nowhere = project.call(&["seed", "m01", "--db", "postgres://bob:secret@127.0.0.1:1/shop"]);
    assert_eq!(nowhere.code, 6, "{}", nowhere.err);
    assert!(
        nowhere.err.contains("postgres://bob@127.0.0.1:1/shop") && !nowhere.err.contains("secret"),
        "{}",
        nowhere.err
    );
    for wrong in [
        "postgres://bob:secret@db/shop?sslmode=secret",
        "postgres://bob:secret@db/shop?pool=5",
        "postgres://bob:sec/ret@db/shop",
        "postgre://bob:secret@db/shop",
        "my_sql://bob:secret@db/shop",
    ] {
        let refused = project.call(&["seed", "m01", "--db", wrong]);
        assert_eq!(refused.code, 2, "{}", refused.err);
        assert!(!refused.err.contains("secret") && !refused.err.contains("sec/"), "{}", refused.err);
    }
}
