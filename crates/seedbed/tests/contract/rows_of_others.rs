//! Rows of other people are never changed or removed; what tests leave behind goes.

use std::collections::BTreeMap;

use super::support;
use super::support::{TODAY, World, user};

/// A world with real people's rows of every kind in it, seeded.
fn with_canaries() -> (World, BTreeMap<String, Vec<String>>) {
    let mut world = World::new();
    world.sql(
        "INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         INSERT INTO users VALUES (12, 'ben@example.org', 'ben', '2020-01-01 00:00:00', NULL, TRUE, TRUE);
         INSERT INTO profiles VALUES (11, 'real', FALSE);
         INSERT INTO items VALUES (21, 'real item', 11, 1, NULL, FALSE), (22, 'other', 12, 1, 'x', TRUE);
         INSERT INTO pairs VALUES (31, 11, 21, '2020-01-01 00:00:00', FALSE);
         INSERT INTO badges VALUES (11, 21);
         INSERT INTO notes VALUES (41, 11, 'a note');
         INSERT INTO visits VALUES (51, 11, 21), (52, NULL, NULL);
         INSERT INTO marks VALUES (61, 51);",
    );
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    let before = canaries(&world);
    assert_eq!(before.values().map(Vec::len).sum::<usize>(), 11);
    world.seed().unwrap();
    assert_eq!(canaries(&world), before);
    (world, before)
}

/// The rows with small keys, which nobody but real people made.
fn canaries(world: &World) -> BTreeMap<String, Vec<String>> {
    let small = |row: &String| {
        let number: String = row.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        number.parse::<i64>().unwrap() < 1_000_000
    };
    let mut tables = world.dump();
    tables.remove(support::COUNTERS);
    for rows in tables.values_mut() {
        rows.retain(small);
    }
    tables
}

#[test]
fn a_database_with_rows_is_refused_until_it_is_allowed() {
    let mut world = World::new();
    world.sql("INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01 00:00:00', NULL, TRUE, FALSE)");
    let rows = world.dump();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (3, "not-for-tests"));
    assert!(error.details.contains(&"users 1".to_owned()), "{error}");
    assert!(error.to_string().contains("help: if tests may write here, say so once: seedbed allow"), "{error}");
    assert_eq!(world.dump(), rows);
    assert_eq!(world.own_tables(), 0);
    assert_eq!(world.plan().inserts(), 21, "planning only reads");
}

#[test]
fn rows_of_bookkeeping_do_not_make_a_database_somebodys() {
    let mut world = World::new();
    world.sql("CREATE TABLE django_migrations (id integer PRIMARY KEY, user_id bigint REFERENCES users (id)); INSERT INTO django_migrations VALUES (1, NULL)");
    assert!(world.seed().unwrap().written);
}

#[test]
fn real_peoples_rows_are_the_same_after_every_verb() {
    let (mut world, canary) = with_canaries();
    world.sql("UPDATE items SET title = 'x' WHERE id = 1100000001; DELETE FROM pairs WHERE id = 1300000001");
    world.reset().unwrap();
    assert_eq!(canaries(&world), canary);
    assert_eq!(world.plan().rows_of_others, 7);
    world.cleanup(2).unwrap();
    assert_eq!(canaries(&world), canary);
    world.dataset = support::dataset_up_to(2);
    world.cleanup(0).unwrap();
    assert_eq!(canaries(&world), canary);
    assert_eq!(world.number("SELECT count(*) FROM users"), 2);
}

#[test]
fn what_tests_leave_behind_goes_with_what_hangs_on_it() {
    let (mut world, canary) = with_canaries();
    let rows = world.dump();
    world.sql(
        "INSERT INTO pairs (user_id, item_id, created, tag) VALUES (1200000001, 1100000005, '2020-01-01 00:00:00', FALSE);
         INSERT INTO pairs (user_id, item_id, created, tag) VALUES (1200000001, 21, '2020-01-01 00:00:00', TRUE);
         INSERT INTO badges VALUES (1200000001, 1100000006);
         INSERT INTO notes (user_id, body) VALUES (1200000001, 'left');
         INSERT INTO items (title, owner_id, place, tag) VALUES ('made by a test', 1200000002, 77, FALSE);
         INSERT INTO visits (user_id, item_id) VALUES (1200000002, (SELECT max(id) FROM items));
         INSERT INTO marks (visit_id) SELECT max(id) FROM visits;
         INSERT INTO users (email, joined, active, tag) VALUES ('e2e_17@seed.test', '2020-01-01 00:00:00', TRUE, FALSE);
         INSERT INTO pairs (user_id, item_id, created, tag) SELECT max(id), 1100000001, '2020-01-01 00:00:00', FALSE FROM users;",
    );
    let plan = world.plan();
    let debris: Vec<String> =
        plan.debris.iter().map(|left| format!("{}: {} ({})", left.table, left.label, left.why)).collect();
    assert_eq!(
        debris,
        [
            "badges: new -> item_6 (user_id is new)",
            "items: made by a test (owner_id is active)",
            "marks: visits 53 (visit_id is active -> made by a test)",
            "notes: left (user_id is new)",
            "pairs: new -> item_5 (user_id is new)",
            "pairs: new -> real item (user_id is new)",
            "pairs: e2e_17@seed.test -> item_1 (user_id is e2e_17@seed.test)",
            "users: e2e_17@seed.test (email matches e2e_*@seed.test)",
            "visits: active -> made by a test (item_id is made by a test)",
        ]
    );
    assert_eq!((plan.inserts(), plan.updates(), plan.deletes()), (0, 0, 0));
    let seeded = world.seed().unwrap();
    assert!(!seeded.written && seeded.plan.debris.len() == 9, "seed leaves debris");
    let undone = world.reset().unwrap().plan;
    assert_eq!(undone.debris, plan.debris);
    let mut left = canaries(&world);
    left.retain(|table, _| canary.contains_key(table));
    assert_eq!(left, canary);
    let mut now = world.dump();
    let mut before = rows;
    now.remove(support::COUNTERS);
    before.remove(support::COUNTERS);
    assert_eq!(now, before);
}

#[test]
fn a_real_persons_rows_on_ours_stay_and_block_only_the_cleanup_of_what_they_hang_on() {
    let (mut world, _) = with_canaries();
    world.sql(
        "INSERT INTO pairs VALUES (87, 11, 1100000005, '2020-01-01 00:00:00', FALSE);
         INSERT INTO notes VALUES (88, 12, 'about nothing');
         INSERT INTO visits VALUES (89, 11, 1100000003);",
    );
    let rows = world.dump();
    let plan = world.plan();
    assert!(plan.debris.is_empty(), "{:?}", plan.debris);
    let entangled: Vec<String> = plan.entangled.iter().map(|row| format!("{}: {}", row.table, row.label)).collect();
    assert_eq!(entangled, ["pairs: anna@example.org -> item_5", "visits: anna@example.org -> item_3"]);
    assert!(plan.is_empty());
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
    let error = world.cleanup(0).unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "rows-not-ours"));
    assert_eq!(
        error.to_string(),
        "error[rows-not-ours]: 2 rows of other people hang on rows that would go\n  \
         pairs 87   anna@example.org -> item_5\n  visits 89   anna@example.org -> item_3\nnothing was written\n\
         help: remove these in the application, then run it again\n\
         help: `seedbed cleanup two` is not blocked"
    );
    assert_eq!(world.dump(), rows);
    world.cleanup(2).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM pairs"), 2);
}

#[test]
fn debris_that_a_real_person_uses_stays() {
    let (mut world, _) = with_canaries();
    world.sql(
        "INSERT INTO items VALUES (2000000009, 'made by a test', 1200000002, 77, NULL, FALSE);
         INSERT INTO pairs VALUES (87, 11, 2000000009, '2020-01-01 00:00:00', FALSE);",
    );
    let rows = world.dump();
    let plan = world.plan();
    assert!(plan.debris.is_empty());
    assert_eq!(plan.entangled.len(), 2);
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
    assert_eq!(world.cleanup(1).unwrap_err().exit_code(), 4);
    assert_eq!(world.dump(), rows);
}

#[test]
fn a_row_on_our_key_without_our_tag_blocks_unless_a_test_left_it() {
    let (mut world, _) = with_canaries();
    let rows = world.dump();
    // The application made ada's profile again: it hangs on ada.
    world.sql("UPDATE profiles SET bio = 'again', tag = FALSE WHERE user_id = 1100000001");
    let plan = world.plan();
    assert_eq!((plan.inserts(), plan.debris.len(), plan.obstacles.len()), (1, 1, 1));
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "debris-in-the-way"));
    assert_eq!(error.help, ["seedbed reset three"]);
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
    // Somebody took ada over.
    world.sql("UPDATE users SET tag = FALSE WHERE id = 1100000001");
    let taken = world.dump();
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "rows-not-ours"));
    assert_eq!(error.details, ["users 1100000001   ada@seed.test   holds primary key of ada"]);
    assert_eq!(world.dump(), taken);
}

#[test]
fn a_copied_tag_does_not_make_a_row_ours() {
    let (mut world, _) = with_canaries();
    world.sql("INSERT INTO items VALUES (1100000777, 'a copy', 11, 9, NULL, TRUE)");
    assert!(world.plan().is_empty());
    world.cleanup(0).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM items WHERE id = 1100000777"), 1);
}

#[test]
fn a_unique_value_of_a_real_person_is_named_with_its_index() {
    let mut world = World::new();
    world.sql("INSERT INTO users VALUES (11, 'power@seed.test', 'anna', '2020-01-01 00:00:00', NULL, TRUE, FALSE)");
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    let rows = world.dump();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "rows-not-ours"));
    assert_eq!(error.details, [format!("users 11   power@seed.test   holds {} of power", World::unique_email())]);
    assert_eq!(world.dump(), rows);
}

#[test]
fn a_unique_pair_that_a_test_took_is_free_after_reset() {
    let (mut world, _) = with_canaries();
    world.sql(
        "DELETE FROM pairs WHERE id = 1300000001;
         INSERT INTO pairs (user_id, item_id, created, tag) VALUES (1200000003, 1100000001, '2020-01-01 00:00:00', FALSE);",
    );
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "debris-in-the-way"), "{error}");
    world.reset().unwrap();
    assert!(world.plan().is_empty());
}

#[test]
fn our_row_that_points_at_what_a_test_made_is_turned_back_before_that_goes() {
    let (mut world, _) = with_canaries();
    world.sql(
        "INSERT INTO users VALUES (2000000005, 'e2e_9@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         UPDATE items SET owner_id = 2000000005 WHERE id = 1100000001;",
    );
    world.reset().unwrap();
    assert!(world.plan().is_empty());
    assert_eq!(world.number("SELECT count(*) FROM users WHERE id = 2000000005"), 0);
    assert_eq!(world.number("SELECT owner_id FROM items WHERE id = 1100000001"), user(2, 2));
}

#[test]
fn cleanup_takes_what_a_claim_matches_and_what_it_owns() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "INSERT INTO users VALUES (2000000007, 'e2e_new@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         INSERT INTO pairs VALUES (2000000008, 2000000007, 1100000001, '2020-01-01 00:00:00', FALSE);",
    );
    world.cleanup(0).unwrap();
    let mut left = world.dump();
    left.remove(support::COUNTERS);
    left.retain(|_, rows| !rows.is_empty());
    assert_eq!(left, BTreeMap::new());
}

#[test]
fn a_reset_leaves_what_the_tests_of_other_workers_are_using() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "INSERT INTO users VALUES (2000000007, 'e2e_new@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         INSERT INTO users VALUES (2000000008, 'e2e_new+w2@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         INSERT INTO users VALUES (2000000009, 'e2e_new+w22@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         INSERT INTO pairs VALUES (2000000008, 2000000008, 1100000001, '2020-01-01 00:00:00', FALSE);",
    );
    let accounts = |world: &World| world.number("SELECT sum(id - 2000000000) FROM users WHERE id > 2000000000");

    world.reset().unwrap();
    assert_eq!(accounts(&world), 8 + 9);
    assert_eq!(world.number("SELECT count(*) FROM pairs WHERE id = 2000000008"), 1);
    assert!(world.plan().debris.is_empty());

    world.dataset = support::of_worker(world.dataset, 2);
    world.seed().unwrap();
    world.reset().unwrap();
    assert_eq!(accounts(&world), 9);
    assert_eq!(world.number("SELECT count(*) FROM pairs WHERE id = 2000000008"), 0);
}

#[test]
fn a_claim_needs_a_birth_after_seeding() {
    let mut world = World::new();
    world.sql("INSERT INTO users VALUES (11, 'e2e_old@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE)");
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    world.seed().unwrap();
    assert!(world.plan().debris.is_empty());
    world.cleanup(0).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM users"), 1);
}

#[test]
fn seed_does_not_remove_a_row_that_debris_hangs_on() {
    let (mut world, _) = with_canaries();
    world.dataset.blocks[3].rows.remove(0);
    world.dataset.blocks[0].rows[0].values[2] = seedbed_core::value::Value::text("changed");
    world.sql("UPDATE items SET owner_id = 1200000002 WHERE id > 1000000000; INSERT INTO notes (user_id, body) VALUES (1200000001, 'left')");
    for item in &mut world.dataset.blocks[2].rows {
        item.overlays[0].2 = seedbed_core::value::Value::Integer(user(2, 2));
    }
    let rows = world.dump();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "debris-in-the-way"), "{error}");
    assert_eq!(world.dump(), rows);
    world.reset().unwrap();
    assert!(world.plan().is_empty());
}

#[test]
fn a_tagged_row_on_a_key_that_was_never_recorded_is_somebodys() {
    let mut world = World::new();
    world.sql(
        "INSERT INTO users VALUES (11, 'anna@example.org', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         INSERT INTO items VALUES (1100000003, 'Item 3', 11, 3, NULL, TRUE);
         INSERT INTO badges VALUES (11, 1100000003);",
    );
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    let rows = world.dump();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "rows-not-ours"));
    assert_eq!(error.details, ["items 1100000003   Item 3   holds primary key of item_3"]);
    assert_eq!(world.reset().unwrap_err().details, error.details);
    assert!(!world.cleanup(0).unwrap().written);
    assert_eq!(world.dump(), rows);
}
