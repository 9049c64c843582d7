//! What the verbs promise about rows of ours.

use std::sync::Arc;

use super::support::{DAY, Engine, TODAY, World, user};
use seedbed_core::password::{Form, Password};
use seedbed_core::plan::{Cell, How};
use seedbed_core::value::Value;

#[test]
fn seeding_twice_changes_nothing() {
    let mut world = World::new();
    let first = world.seed().unwrap();
    assert!(first.written);
    assert_eq!(first.plan.inserts(), 2 + 2 + 6 + 3 + 4 + 4);
    assert_eq!(first.plan.files.write.len(), 3);
    let (rows, files) = (world.dump(), world.files());
    let second = world.seed().unwrap();
    assert!(!second.written && second.plan.is_empty());
    assert_eq!(second.plan.rows_as_declared, 21);
    assert_eq!(second.plan.files.as_declared, 3);
    assert_eq!((world.dump(), world.files()), (rows, files));
    assert!(world.plan().is_empty());
}

#[test]
fn values_are_stored_as_django_stores_them() {
    let mut world = World::new();
    world.seed().unwrap();
    let (query, stored) = match crate::ENGINE {
        Engine::Sqlite => (
            "SELECT joined || ' ' || typeof(joined) || ' ' || lat || ' ' || typeof(lat) || ' ' || typeof(active) \
             FROM users WHERE email = 'ada@seed.test'",
            "2026-11-21 23:00:00 text 47.5 real integer",
        ),
        Engine::Postgres => (
            "SELECT joined AT TIME ZONE 'UTC' || ' ' || lat || ' ' || active FROM users WHERE email = 'ada@seed.test'",
            "2026-11-21 23:00:00 47.500000 true",
        ),
    };
    assert_eq!(world.text(query), stored);
    assert_eq!(world.number("SELECT owner_id FROM items WHERE title = 'Item 1'"), user(2, 2));
}

#[test]
fn a_changed_value_is_named_and_mended() {
    let mut world = World::new();
    world.seed().unwrap();
    let rows = world.dump();
    world.sql("UPDATE items SET title = 'damaged', memo = 'not declared' WHERE id = 1100000003");
    let plan = world.plan();
    assert_eq!((plan.inserts(), plan.updates(), plan.deletes()), (0, 1, 0));
    let update = &plan.tables[0].updates[0];
    assert_eq!((plan.tables[0].table.as_str(), update.row.as_str(), update.changes.len()), ("items", "item_3", 1));
    assert_eq!(update.changes[0].before, Cell::text("damaged"));
    assert_eq!(update.changes[0].after, Cell::text("Item 3"));
    assert!(!update.clock_only);
    let undone = world.reset().unwrap().plan;
    assert_eq!(undone.tables, plan.tables);
    world.sql("UPDATE items SET memo = NULL");
    assert_eq!(world.dump(), rows);
}

#[test]
fn a_removed_row_is_named_and_comes_back() {
    let mut world = World::new();
    world.seed().unwrap();
    let rows = world.dump();
    world.sql("DELETE FROM pairs WHERE id = 1300000002; DELETE FROM badges WHERE item_id = 1100000002");
    let plan = world.plan();
    assert_eq!((plan.inserts(), plan.updates(), plan.deletes()), (2, 0, 0));
    assert!(plan.tables.iter().all(|table| table.inserts[0].row == "active>item_2"));
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
}

#[test]
fn a_changed_type_or_a_null_is_drift_and_an_equal_number_is_not() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql("UPDATE users SET lat = 48 WHERE email = 'bob@seed.test'");
    assert!(world.plan().is_empty(), "48 and 48.0 are one number");
    // The text of a moment is another value, and the moment of another text is not.
    let joined = match crate::ENGINE {
        Engine::Sqlite => "2026-11-21T22:00:00Z",
        Engine::Postgres => "2026-11-21 22:00:00.000001Z",
    };
    world.sql(&format!(
        "UPDATE users SET lat = NULL, active = FALSE, joined = '{joined}' WHERE email = 'bob@seed.test'"
    ));
    let plan = world.plan();
    let columns: Vec<&str> = plan.tables[0].updates[0].changes.iter().map(|change| change.column.as_str()).collect();
    assert_eq!(columns, ["joined", "lat", "active"]);
    world.reset().unwrap();
    assert!(world.plan().is_empty());
}

#[test]
fn swapped_unique_values_are_put_back() {
    let mut world = World::new();
    world.seed().unwrap();
    let rows = world.dump();
    // Two items that nothing refers to, and two that pairs refer to, of one owner each.
    world.sql(
        "DELETE FROM pairs WHERE item_id IN (1100000001, 1100000004);
         DELETE FROM badges WHERE item_id IN (1100000001, 1100000004);
         UPDATE items SET place = 100 WHERE id = 1100000003;
         UPDATE items SET place = 3 WHERE id = 1100000006;
         UPDATE items SET place = 6 WHERE id = 1100000003;
         UPDATE users SET email = 'x' WHERE id = 1200000002;
         UPDATE users SET email = 'active@seed.test' WHERE id = 1200000003;
         UPDATE users SET email = 'power@seed.test' WHERE id = 1200000002;",
    );
    let plan = world.plan();
    let ways: Vec<&How> = plan.tables.iter().flat_map(|table| &table.updates).map(|update| &update.how).collect();
    assert!(ways.iter().any(|how| matches!(how, How::Aside(_))), "{ways:?}");
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
}

#[test]
fn swapped_unique_pairs_that_nothing_refers_to_are_replaced() {
    let mut world = World::new();
    world.seed().unwrap();
    let rows = world.dump();
    world.sql(
        "UPDATE pairs SET item_id = 1100000005 WHERE id = 1300000002;
         UPDATE pairs SET item_id = 1100000002 WHERE id = 1300000004;
         UPDATE pairs SET item_id = 1100000004 WHERE id = 1300000002;",
    );
    let plan = world.plan();
    let ways: Vec<&How> = plan.tables.iter().flat_map(|table| &table.updates).map(|update| &update.how).collect();
    assert!(ways.iter().all(|how| matches!(how, How::Replace(_))) && ways.len() == 2, "{ways:?}");
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
}

#[test]
fn a_row_that_is_no_longer_declared_goes() {
    let mut world = World::new();
    world.seed().unwrap();
    world.dataset.blocks[4].rows.pop();
    world.dataset.blocks[5].rows.pop();
    let plan = world.plan();
    assert_eq!((plan.inserts(), plan.updates(), plan.deletes()), (0, 0, 2));
    assert!(world.seed().unwrap().written);
    assert_eq!(world.number("SELECT count(*) FROM pairs"), 3);
    assert!(world.plan().is_empty());
    // It is not ours any more, so a row on that key is somebody's.
    world.sql("INSERT INTO pairs VALUES (1300000004, 1100000001, 1100000001, '2020-01-01 00:00:00', TRUE)");
    assert!(world.plan().is_empty() || !world.plan().debris.is_empty());
}

#[test]
fn cleanup_gives_the_database_and_the_folder_back_as_they_were() {
    let mut world = World::new();
    world.sql("INSERT INTO users VALUES (41, 'early@example.org', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE)");
    world.sql("DELETE FROM users");
    let (rows, files) = (world.dump(), world.files());
    world.seed().unwrap();
    assert_ne!(world.dump(), rows);
    let receipt = world.cleanup(0).unwrap();
    assert!(receipt.written);
    assert_eq!(receipt.plan.deletes(), 21);
    assert_eq!((world.dump(), world.files()), (rows, files));
    assert_eq!(world.counter("users"), Some(41));
    assert_eq!(world.counter("pairs"), None);
    let again = world.cleanup(0).unwrap();
    assert!(!again.written);
}

#[test]
fn rows_of_the_application_land_outside_and_survive() {
    let mut world = World::new();
    world.sql("INSERT INTO users VALUES (3, 'early@example.org', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE)");
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    world.seed().unwrap();
    world.sql("INSERT INTO users (email, joined, active, tag) VALUES ('late@example.org', '2020-01-01 00:00:00', TRUE, FALSE)");
    assert_eq!(world.number("SELECT id FROM users WHERE email = 'late@example.org'"), 2_000_000_000);
    world.set_counter("items", 3);
    let counters = world.plan().counters;
    assert_eq!((counters.len(), counters[0].table.as_str(), counters[0].to), (1, "items", Some(1_999_999_999)));
    world.reset().unwrap();
    world.cleanup(0).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM users"), 2);
    assert_eq!(world.counter("users"), Some(2_000_000_000));
    assert_eq!(world.counter("items"), None);
}

#[test]
fn an_aged_dataset_moves_in_time_and_says_so() {
    let mut world = World::new();
    world.seed().unwrap();
    world.now += DAY;
    assert!(!world.seed().unwrap().written, "it still holds");
    world.now += 6 * DAY;
    let receipt = world.seed().unwrap();
    assert_eq!(receipt.as_of, TODAY + 7 * DAY);
    assert_eq!((receipt.plan.inserts(), receipt.plan.updates(), receipt.plan.deletes()), (0, 9, 0));
    assert!(receipt.plan.tables.iter().flat_map(|table| &table.updates).all(|update| update.clock_only));
    assert_eq!(receipt.plan.clock.unwrap().times, 9);
    assert_eq!(world.notices, ["the dataset moves by 7 days to 2026-11-29: 9 times change, no id, no pair"]);
    assert!(world.plan().is_empty());
}

#[test]
fn a_pinned_as_of_is_never_judged_by_todays_date() {
    let mut world = World::new();
    world.as_of = Some(TODAY - 100 * DAY);
    world.seed().unwrap();
    world.as_of = None;
    let receipt = world.seed().unwrap();
    assert!(!receipt.written && receipt.pinned);
    assert_eq!(receipt.as_of, TODAY - 100 * DAY);
}

#[test]
fn a_named_state_leaves_rows_out_and_reset_brings_them_back() {
    let mut world = World::new();
    world.seed().unwrap();
    world.reset_to("no_pairs").unwrap();
    assert_eq!(world.number("SELECT count(*) FROM pairs"), 0);
    assert_eq!(world.plan().inserts(), 4);
    world.reset().unwrap();
    assert!(world.plan().is_empty());
    let error = world.reset_to("nothing").unwrap_err();
    assert_eq!((error.rule, error.exit_code()), ("unknown-state", 2));
}

fn password(form: Form) -> Value {
    Value::Password(Arc::new(Password { plain: "TestPass123!".into(), form }))
}

#[test]
fn one_password_is_stored_in_each_form_that_is_asked_for() {
    let mut world = World::new();
    let bcrypt = |cost| Form::named("bcrypt").and_then(|form| form.costing(&Value::Integer(cost))).unwrap();
    for (row, cost) in [(0, 4), (1, 5)] {
        world.dataset.blocks[0].rows[row].values[2] = password(bcrypt(cost));
    }
    world.seed().unwrap();
    let stored = |cost| format!("SELECT count(*) FROM users WHERE name LIKE '$2b$0{cost}$%' AND length(name) = 60");
    assert_eq!((world.number(&stored(4)), world.number(&stored(5))), (1, 1));
    assert_eq!(world.notices[0], "hashing 2 passwords");
    world.dataset.blocks[0].rows[0].values[2] = password(bcrypt(5));
    assert_eq!(world.seed().unwrap().plan.updates(), 1);
    assert_eq!((world.number(&stored(4)), world.number(&stored(5))), (0, 2));
    assert_eq!(world.number("SELECT count(DISTINCT name) FROM users WHERE name LIKE '$2b$%'"), 1);
    assert_eq!(world.notices.len(), 2, "the hash of cost 5 is known");
}

#[test]
fn a_password_is_hashed_once_and_stays_as_it_is() {
    let mut world = World::new();
    for row in 0..2 {
        world.dataset.blocks[0].rows[row].values[2] = password(Form::USUAL);
    }
    world.seed().unwrap();
    let hashes =
        "SELECT count(DISTINCT name) FROM users WHERE name LIKE 'pbkdf2_sha256$1000000$%' AND length(name) = 89";
    assert_eq!(world.number(hashes), 1);
    assert!(!world.seed().unwrap().written);
    let [hashing, hashed] = &world.notices[..] else { panic!("two notices, not {:?}", world.notices) };
    assert_eq!(hashing, "hashing one password");
    assert!(hashed.starts_with("hashed 1 in "), "{hashed}");
    world.sql("UPDATE users SET name = 'x'");
    world.reset().unwrap();
    assert_eq!(world.number(hashes), 1);
    assert_eq!(world.notices.len(), 2, "it is hashed once");
}
