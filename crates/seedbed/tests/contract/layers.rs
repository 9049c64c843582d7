//! Layers, workers and overlays.

use super::support;
use super::support::{DAY, World, user};

const OWNER: &str = "SELECT owner_id FROM items WHERE id = 1100000001";

#[test]
fn an_overlay_counts_while_its_layer_is_seeded_and_reverts() {
    let mut world = World::new();
    let whole = world.dataset.clone();
    world.dataset = support::dataset_up_to(1);
    world.seed().unwrap();
    assert_eq!(world.number(OWNER), user(1, 2));
    let below = (world.dump(), world.files());
    world.dataset = whole;
    let receipt = world.seed().unwrap();
    assert_eq!((receipt.plan.inserts(), receipt.plan.updates()), (11, 6));
    assert_eq!(world.number(OWNER), user(2, 2));
    let receipt = world.cleanup(1).unwrap();
    assert_eq!((receipt.plan.deletes(), receipt.plan.updates()), (11, 6));
    assert_eq!((world.dump(), world.files()), below);
}

/// References that would take our rows along, were they not turned first.
fn cascading() -> World {
    let tables = support::DDL.replace("REFERENCES users (id)", "REFERENCES users (id) ON DELETE CASCADE");
    World::with_tables(&tables.replace("ON DELETE CASCADE ON DELETE", "ON DELETE"))
}

#[test]
fn an_overlay_is_taken_back_before_the_row_it_points_at_goes() {
    let mut world = cascading();
    let whole = world.dataset.clone();
    world.dataset = support::dataset_up_to(1);
    world.seed().unwrap();
    let below = (world.dump(), world.files());
    world.dataset = whole;
    world.seed().unwrap();
    world.cleanup(1).unwrap();
    assert_eq!((world.dump(), world.files()), below);
}

#[test]
fn our_row_is_turned_back_before_the_debris_it_points_at_goes() {
    let mut world = cascading();
    world.seed().unwrap();
    world.sql(
        "INSERT INTO users VALUES (2000000005, 'e2e_9@seed.test', NULL, '2020-01-01 00:00:00', NULL, TRUE, FALSE);
         UPDATE items SET owner_id = 2000000005 WHERE id = 1100000005;",
    );
    let undone = world.reset().unwrap().plan;
    assert_eq!((undone.inserts(), undone.updates(), undone.debris.len()), (0, 1, 1));
    assert!(world.plan().is_empty());
}

#[test]
fn a_verb_on_a_lower_layer_leaves_the_rows_above_alone() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "UPDATE pairs SET created = '2001-01-01 00:00:00'; UPDATE items SET title = 'x', owner_id = 1100000001 WHERE id = 1100000002",
    );
    let receipt = world.seed_levels(0..1).unwrap();
    assert_eq!(receipt.plan.updates(), 1);
    assert_eq!(world.number("SELECT count(*) FROM pairs WHERE created = '2001-01-01 00:00:00'"), 4);
    assert_eq!(world.number("SELECT owner_id FROM items WHERE id = 1100000002"), user(2, 3), "the overlay is in force");
    assert_eq!(world.reset().unwrap().plan.updates(), 4);
}

#[test]
fn cleanup_of_a_layer_leaves_debris_of_other_layers() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "INSERT INTO pairs (user_id, item_id, created, tag) VALUES (1200000001, 1100000005, '2020-01-01 00:00:00', FALSE);
         INSERT INTO notes (user_id, body) VALUES (1200000001, 'left');",
    );
    let receipt = world.cleanup(2).unwrap();
    assert_eq!((receipt.plan.deletes(), receipt.plan.debris.len()), (8, 1));
    assert_eq!(world.number("SELECT count(*) FROM pairs"), 0);
    assert_eq!(world.number("SELECT count(*) FROM notes"), 1);
    world.dataset = support::dataset_up_to(2);
    assert_eq!(world.cleanup(1).unwrap().plan.debris.len(), 1);
    assert_eq!(world.number("SELECT count(*) FROM notes"), 0);
}

#[test]
fn a_layer_goes_after_those_above_it() {
    let mut world = World::new();
    world.seed().unwrap();
    let media = world.media();
    let error = seedbed::cleanup(&mut seedbed::Target {
        scale: None,
        database: &mut *world.database,
        dataset: &world.dataset,
        levels: 0..1,
        media: Some(seedbed::Media { folder: &media, render: &support::render }),
        now: world.now,
        as_of: None,
        lock_timeout: world.timeout,
        bookkeeping: &[],
        program: "seedbed",
        notice: &mut |_| {},
    });
    assert_eq!(error.unwrap_err().rule, "layers-above");
}

#[test]
fn another_family_on_the_same_layer_is_refused() {
    let mut world = World::new();
    world.seed().unwrap();
    world.dataset.scenarios[2].name = "other".into();
    let error = world.seed().unwrap_err();
    assert_eq!((error.rule, error.exit_code()), ("layer-taken", 2));
}

#[test]
fn two_workers_do_not_see_each_other() {
    let mut world = World::new();
    let first = world.dataset.clone();
    world.seed().unwrap();
    let rows = world.dump();
    world.dataset = support::of_worker(first.clone(), 3);
    assert_eq!(world.seed().unwrap().plan.inserts(), 21);
    assert_eq!(world.plan().rows_as_declared, 21);
    world.dataset = first.clone();
    assert!(world.plan().is_empty());
    world.dataset.worker = 3;
    world.dataset = first;
    world.cleanup(0).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM users"), 5);
    assert_eq!(world.counter("users"), Some(1_999_999_999));
    world.seed().unwrap();
    assert_ne!(world.dump(), rows);
}

#[test]
fn layers_with_different_clocks_meet_at_the_newest() {
    let mut world = World::new();
    world.seed().unwrap();
    world.now += 9 * DAY;
    world.seed_levels(0..1).unwrap();
    world.now += 3600;
    let receipt = world.seed().unwrap();
    assert!(receipt.written);
    assert!(world.plan().is_empty());
    assert_eq!(world.number("SELECT count(DISTINCT as_of) FROM seedbed_state"), 1);
}
