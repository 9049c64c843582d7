//! What hangs on further rows that go: ours goes with them, a test's is named or removed, anybody else's stays.

use std::time::Duration;

use seedbed::{Error, Receipt, Result};
use seedbed_core::plan::key_text;
use seedbed_core::scale::Scale;
use seedbed_core::scenario::Files;
use seedbed_core::source::Source;

use super::scale::{Large, counted};
use super::verify_support::{Project, TODAY, pockitflyer};

const WARD: &str = r#"{"scenario": "ward", "layer": 1, "populations": {
  "doctors": {"table": "doctors", "rows": 2, "columns": {"name": "d {number}"}},
  "patients": {"table": "patients", "rows": 2, "columns": {"name": "p {number}"}},
  "stays": {"table": "stays", "rows": 4, "columns": {"seq": {"position_in": "patient", "start": 1}}, "links": {
    "patient": {"column": "patient_id", "to": "patients", "back": "stays"},
    "doctor": {"column": "doctor_id", "to": "doctors", "back": "stays"}}}}}"#;

const WARD_TABLES: &str = "
CREATE TABLE doctors (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text NOT NULL);
CREATE TABLE patients (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text NOT NULL);
CREATE TABLE stays (patient_id bigint NOT NULL REFERENCES patients (id), seq integer NOT NULL,
    doctor_id bigint NOT NULL REFERENCES doctors (id), PRIMARY KEY (patient_id, seq));
CREATE TABLE letters (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, patient_id bigint NOT NULL, seq integer NOT NULL,
    doctor_id bigint NOT NULL REFERENCES doctors (id),
    FOREIGN KEY (patient_id, seq) REFERENCES stays (patient_id, seq) ON DELETE CASCADE);
INSERT INTO doctors (name) VALUES ('Real');
";

const BASE: &str = r#"{"scenario": "base", "layer": 1, "populations": {
  "people": {"table": "people", "rows": ["amy", "bob"], "columns": {"name": "{row}"}},
  "orders": {"table": "orders", "rows": 4, "links": {"person": {"column": "person_id", "to": "people", "back": "orders"}}},
  "items": {"table": "items", "rows": 8, "links": {"order": {"column": "order_id", "to": "orders", "back": "items"}}}}}"#;

const UP: &str = r#"{"scenario": "up", "requires": ["base"], "layer": 2,
  "populations": {"testers": {"table": "people", "rows": ["tom"], "columns": {"name": "{row}"}}},
  "overlay": {"orders": {"person": {"to": "testers"}}}}"#;

const SHOP_TABLES: &str = "
CREATE TABLE people (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text);
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, person_id bigint NOT NULL REFERENCES people (id));
CREATE TABLE items (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE);
CREATE TABLE reviews (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, author_id bigint NOT NULL REFERENCES people (id),
    item_id bigint NOT NULL REFERENCES items (id) ON DELETE CASCADE);
INSERT INTO people (name) VALUES ('real');
";

fn large(texts: &[&str], tables: &str, blocks: u64) -> Large {
    let source = |(at, text): (usize, &&str)| Source { path: format!("{at}.json"), text: (*text).to_owned() };
    let sources: Vec<Source> = texts.iter().enumerate().map(source).collect();
    let files = Files { scenarios: (0..sources.len()).collect(), sources, ..Files::default() };
    let mut large = Large::new(&Project { files, ddl: tables.to_owned() }, &Scale::Blocks(blocks));
    seedbed::allow(&mut *large.world.database, TODAY, Duration::from_secs(5), &mut |_| {}).unwrap();
    large
}

fn refused(answer: Result<Receipt>, rule: &str, row: &str) -> Error {
    let error = answer.unwrap_err();
    assert_eq!((error.exit as u8, error.rule), (4, rule), "{error:?}");
    assert!(error.details.iter().any(|detail| detail.contains(row)), "{row}: {error:?}");
    error
}

/// Neither cleaning up nor another scale touches this row, or any.
fn refused_at_any_scale(large: &mut Large, row: &str) {
    let rows = large.dump();
    refused(large.cleanup(), "rows-not-ours", row);
    for scale in [Scale::One, Scale::Blocks(4)] {
        large.at(&scale);
        refused(large.seed(), "rows-not-ours", row);
        large.at(&Scale::Blocks(3));
    }
    assert_eq!(large.dump(), rows);
}

#[test]
fn a_row_of_other_people_among_further_rows_with_a_key_of_two_columns_is_named() {
    let mut large = large(&[WARD], WARD_TABLES, 3);
    large.seed().unwrap();
    let patient = large.world.number("SELECT max(id) FROM patients");
    large.world.sql(&format!("INSERT INTO stays VALUES ({patient}, 77, 1)"));
    let stay = format!("stays {patient} 77");
    refused_at_any_scale(&mut large, &stay);
    large.world.sql(&format!("INSERT INTO letters (patient_id, seq, doctor_id) VALUES ({patient}, 77, 1)"));
    refused_at_any_scale(&mut large, "letters 1");
    large.world.sql("DELETE FROM letters");
    refused_at_any_scale(&mut large, &stay);
    large.world.sql("DELETE FROM stays WHERE seq = 77");
    large.cleanup().unwrap();
    assert_eq!(
        large.world.number("SELECT count(*) FROM patients") + large.world.number("SELECT count(*) FROM stays"),
        0
    );
}

#[test]
fn a_row_of_other_people_that_refers_to_both_columns_of_a_further_row_is_named() {
    let mut large = large(&[WARD], WARD_TABLES, 3);
    large.seed().unwrap();
    large.world.sql("INSERT INTO letters SELECT 1, patient_id, seq, 1 FROM stays ORDER BY patient_id DESC LIMIT 1");
    refused_at_any_scale(&mut large, "letters 1");
}

#[test]
fn which_further_rows_are_ours_is_not_guessed_from_another_scenario() {
    let mut large = large(&[WARD], WARD_TABLES, 3);
    large.seed().unwrap();
    let patient = large.world.number("SELECT max(id) FROM patients");
    large.world.sql(&format!("INSERT INTO stays VALUES ({patient}, 77, 1)"));
    let rows = large.dump();
    large.at(&Scale::One);
    large.world.standing = None;
    let error = large.seed().unwrap_err();
    assert_eq!((error.exit as u8, error.rule), (4, "rows-not-ours"));
    assert!(error.message.contains("9 rows of `stays` stand where 8"), "{error:?}");
    assert_eq!(large.dump(), rows);
    large.world.sql("DELETE FROM stays WHERE seq = 77");
    large.seed().unwrap();
    assert_eq!(large.world.number("SELECT count(*) FROM stays"), 4);
}

#[test]
fn what_hangs_on_further_rows_that_a_layer_takes_along_goes_counted() {
    let mut large = large(&[BASE, UP], SHOP_TABLES, 3);
    let before = large.dump();
    large.seed().unwrap();
    large.world.sql("INSERT INTO reviews SELECT 1, 1, max(id) FROM items");
    let rows = large.dump();
    refused(large.on(1..2, |target, _| seedbed::cleanup(target)), "rows-not-ours", "reviews 1");
    assert_eq!(large.dump(), rows);
    large.world.sql("DELETE FROM reviews");
    let receipt = large.on(1..2, |target, _| seedbed::cleanup(target)).unwrap();
    // Two testers, eight orders and sixteen items.
    assert_eq!(counted(&receipt), (0, 0, 26));
    assert_eq!(large.world.number("SELECT count(*) FROM items"), 8);
    assert_eq!(large.world.number("SELECT count(*) FROM people"), 7);
    large.cleanup().unwrap();
    assert_eq!(large.dump()["people"], before["people"]);
    assert_eq!(large.world.number("SELECT count(*) FROM orders") + large.world.number("SELECT count(*) FROM items"), 0);
}

#[test]
fn further_rows_are_loaded_anew_with_those_that_hang_on_them() {
    let tables = SHOP_TABLES.replace("ON DELETE CASCADE", "");
    for tables in [SHOP_TABLES, &tables] {
        let mut large = large(&[BASE, UP], tables, 3);
        large.seed().unwrap();
        let rows = large.dump();
        let receipt = large.on(1..2, |target, _| seedbed::cleanup(target)).unwrap();
        assert_eq!(counted(&receipt), (0, 0, 26));
        assert_eq!(counted(&large.seed().unwrap()), (26, 0, 0));
        assert_eq!(large.dump(), rows);
    }
}

/// Puts a favorite of an application's user there; returns how it is named.
fn favorite(large: &Large, user: i64, flyer: i64) -> String {
    large.world.sql(&format!(
        "INSERT INTO flyers_favorite (id, user_id, flyer_id, created_at, is_e2e_test_data) \
         VALUES (9, {user}, {flyer}, '2026-11-22 10:00:00', FALSE)"
    ));
    "flyers_favorite 9".to_owned()
}

/// Returns what a receipt says that tests left behind.
fn left(receipt: &Receipt) -> String {
    let left = receipt.plan.debris.iter().map(|left| format!("{} {}", left.table, key_text(&left.key)));
    left.collect::<Vec<_>>().join(", ")
}

#[test]
fn what_tests_left_on_further_rows_is_planned_reset_and_cleaned_up_as_any_other() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(3));
    let before = large.dump();
    large.seed().unwrap();
    let rows = large.dump();
    let number = |large: &Large, query: &str| large.world.number(query);
    let persona = number(&large, "SELECT id FROM users_user WHERE username = 'test_user_new'");
    let user = number(&large, "SELECT max(id) FROM users_user WHERE id < 7999999999999999");
    let flyer = number(&large, "SELECT max(id) FROM flyers_flyer");
    for (user, flyer) in [(persona, flyer), (user, flyer), (user, 1_100_000_001)] {
        let row = favorite(&large, user, flyer);
        let plan = large.run(|target, _| seedbed::plan(target, None)).unwrap();
        assert_eq!(left(&plan), row);
        assert!(plan.plan.debris[0].why.starts_with("user_id is "), "{:?}", plan.plan.debris);
        large.at(&Scale::One);
        let error = refused(large.seed(), "debris-in-the-way", &row);
        assert_eq!(error.help, ["seedbed reset m03"]);
        large.at(&Scale::Blocks(3));
        let reset = large.run(|target, _| seedbed::reset(target, None)).unwrap();
        assert_eq!(left(&reset), row);
        assert_eq!(large.dump(), rows);
        favorite(&large, user, flyer);
        let cleanup = large.cleanup().unwrap();
        assert_eq!(left(&cleanup), row);
        assert_eq!(large.dump(), before);
        large.seed().unwrap();
        assert_eq!(large.dump(), rows);
    }
}

#[test]
fn rows_of_others_are_counted_as_they_are_where_further_rows_are_missing() {
    let mut large = large(&[WARD], WARD_TABLES, 3);
    large.seed().unwrap();
    large.world.sql("INSERT INTO patients (id, name) VALUES (1, 'Real')");
    large.world.sql("INSERT INTO stays VALUES (1, 1, 1), (1, 2, 1), (1, 3, 1)");
    let others = |large: &mut Large| large.run(|target, _| seedbed::plan(target, None)).unwrap().plan.rows_of_others;
    assert_eq!(others(&mut large), 5);
    large.world.sql("DELETE FROM stays WHERE patient_id > 7000000000000000 AND seq = 2");
    assert_eq!(others(&mut large), 5);
    large.seed().unwrap();
    let patient = large.world.number("SELECT max(id) FROM patients");
    large.world.sql(&format!("INSERT INTO stays VALUES ({patient}, 77, 1)"));
    assert_eq!(others(&mut large), 6);
}
