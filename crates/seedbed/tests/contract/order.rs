//! The order in which rows are written and removed, where references are checked at once.

use seedbed_core::value::Value;

use super::support::{DDL, TODAY, World, user};

/// Seeds and cleans up; nothing may be left.
fn in_and_out(world: &mut World) {
    let before = world.dump();
    world.seed().unwrap();
    assert!(world.plan().is_empty(), "{:?}", world.plan());
    world.cleanup(0).unwrap();
    assert_eq!(world.dump(), before);
}

#[test]
fn a_row_is_put_back_before_the_row_that_is_to_refer_to_it() {
    let mut world = World::new();
    world.seed().unwrap();
    let rows = world.dump();
    world.sql(
        "DELETE FROM badges WHERE item_id = 1100000001; UPDATE pairs SET item_id = 1100000006 WHERE id = 1300000001; \
         DELETE FROM items WHERE id = 1100000001",
    );
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
}

#[test]
fn rows_that_refer_to_each_other_are_written_and_removed() {
    let circle = "ALTER TABLE users ADD COLUMN best_id bigint NULL REFERENCES items (id) ON DELETE RESTRICT;";
    let mut world = World::with_tables(&format!("{DDL}{circle}"));
    let makers = &mut world.dataset.blocks[0];
    makers.columns.push("best_id".into());
    for (number, row) in makers.rows.iter_mut().enumerate() {
        row.values.push(Value::Integer(user(1, 1 + number as i64)));
    }
    in_and_out(&mut world);
}

#[test]
fn a_tree_whose_deletes_cascade_is_removed_leaf_by_leaf() {
    let parent = "memo text NULL, parent_id bigint NULL REFERENCES items (id) ON DELETE CASCADE";
    let mut world = World::with_tables(&DDL.replace("memo text NULL", parent));
    let items = &mut world.dataset.blocks[2];
    items.columns.push("parent_id".into());
    for (number, row) in items.rows.iter_mut().enumerate() {
        row.values.push(if number == 0 { Value::Null } else { Value::Integer(user(1, number as i64)) });
    }
    in_and_out(&mut world);
}

#[test]
fn a_row_whose_key_was_changed_gives_its_unique_value_back() {
    let item = "item_id bigint NOT NULL REFERENCES items (id)";
    let mut world = World::with_tables(&DDL.replace(item, &format!("{item} ON UPDATE CASCADE")));
    world.seed().unwrap();
    let rows = world.dump();
    world.sql("UPDATE items SET id = 77 WHERE id = 1100000001");
    world.reset().unwrap();
    assert_eq!(world.dump(), rows);
}

#[test]
fn a_real_visit_stays_also_when_no_seeded_user_is_left() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01', NULL, TRUE, FALSE); \
         UPDATE items SET owner_id = 11; DELETE FROM badges; DELETE FROM pairs; DELETE FROM profiles; \
         DELETE FROM users WHERE id > 1000000000; INSERT INTO visits VALUES (21, 11, 1100000001)",
    );
    world.reset().unwrap();
    assert_eq!(world.number("SELECT count(*) FROM visits WHERE id = 21"), 1);
}

#[test]
fn a_row_that_refers_to_ours_by_what_is_to_change_is_named() {
    let by_email = "CREATE TABLE letters (id bigint NOT NULL PRIMARY KEY, email varchar(254) NULL REFERENCES users (email) \
                    ON UPDATE CASCADE, item_id bigint NOT NULL REFERENCES items (id));";
    let mut world = World::with_tables(&format!("{DDL}{by_email}"));
    world.seed().unwrap();
    world.sql(
        "INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01', NULL, TRUE, FALSE); \
         INSERT INTO items (id, title, owner_id, place, tag) VALUES (12, 'hers', 11, 1, FALSE); \
         UPDATE users SET email = 'other@seed.test' WHERE id = 1100000001; \
         INSERT INTO letters VALUES (13, 'other@seed.test', 12)",
    );
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    let rows = world.dump_all();
    let error = world.reset().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "rows-not-ours"));
    assert!(error.details[0].starts_with("letters 13 "), "{error}");
    assert_eq!(world.dump_all(), rows);
}
