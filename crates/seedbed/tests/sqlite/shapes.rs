//! Contract tests on schemas of another shape: a shop and a tracker, without a tag column, with
//! foreign keys that are checked at once.

use seedbed_core::plan::Cell;
use seedbed_core::scenario::Files;
use seedbed_core::source::Source;

use crate::contract::support::COUNTERS;
use crate::contract::verify_support::{Project, World};

fn project(name: &str) -> Project {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../seedbed-core/tests/shapes/");
    let text = |path: String| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let source = Source { path: format!("{name}.yaml"), text: text(format!("{root}{name}.yaml")) };
    let files = Files { sources: vec![source], scenarios: vec![0], lists: Vec::new() };
    Project { files, ddl: text(format!("{root}{name}.sql")) }
}

/// How many rows each table holds.
fn counts(world: &World) -> Vec<(String, usize)> {
    let tables = world.own.dump(false).into_iter().filter(|(name, _)| name != COUNTERS);
    tables.map(|(name, rows)| (name, rows.len())).collect()
}

fn whole(name: &str, damage: &[&str]) {
    for seed in 1..=5 {
        let mut world = World::new(&project(name), seed);
        let before = counts(&world);
        world.seed(0..1);
        let verified = world.verify(0..1);
        assert!(verified.holds(), "seed {seed}: {:#?} {:#?}", verified.receipt.plan, verified.report.failing().next());
        assert_eq!(verified.receipt.plan.rows_as_declared, verified.rows);
        for (check, finding) in verified.report.checks.iter().zip(&world.findings) {
            assert_eq!((check.ensure, check.counted), (finding.ensure, Some(finding.counted)), "{}", check.fact);
        }
        for damage in damage {
            world.sql(damage);
            assert!(!world.verify(0..1).receipt.plan.is_empty(), "{damage}");
            world.with(0..1, |target, _| seedbed::reset(target, None)).unwrap();
            assert!(world.verify(0..1).holds(), "{damage}");
        }
        world.with(0..1, |target, _| seedbed::cleanup(target)).unwrap();
        assert_eq!(counts(&world), before);
    }
}

#[test]
fn a_shop_is_seeded_verified_reset_and_cleaned() {
    whole(
        "shop",
        &[
            "UPDATE orders SET total = total + 0.01 WHERE total > 0",
            "DELETE FROM items",
            "UPDATE items SET quantity = quantity + 1",
            "INSERT INTO order_notes SELECT order_id, 99, 'of a test' FROM order_notes LIMIT 1",
            "UPDATE order_notes SET note = 'changed' WHERE line = 1",
            "UPDATE shelves SET number = number + 50",
        ],
    );
}

#[test]
fn a_tracker_is_seeded_verified_reset_and_cleaned() {
    whole(
        "tracker",
        &[
            "UPDATE issues SET parent_id = NULL",
            "DELETE FROM memberships WHERE role = 'member'",
            "UPDATE issues SET parent_id = NULL; DELETE FROM comments; DELETE FROM issue_labels; \
             DELETE FROM issues WHERE id IN (SELECT id FROM issues ORDER BY id LIMIT 20)",
        ],
    );
}

#[test]
fn a_comment_on_ours_by_type_and_id_is_left_by_a_test_and_one_on_something_else_stays() {
    let mut world = World::new(&project("tracker"), 1);
    world.seed(0..1);
    // Anna is not ours, so nothing but the type and the id says whose rows her comments are.
    world.sql("INSERT INTO people (id, email, settings) VALUES ('anna', 'anna@example.org', '{}')");
    let comment = |id: u32, author: &str, kind: &str, subject: &str| {
        world.sql(&format!(
            "INSERT INTO comments (id, author_id, subject_type, subject_id, body, made_at) \
             VALUES ({id}, {author}, '{kind}', {subject}, 'a comment', '2026-11-22')"
        ));
    };
    let ours = "(SELECT max(id) FROM people WHERE id <> 'anna')";
    comment(1, "'anna'", "label", "(SELECT CAST(min(id) AS TEXT) FROM labels)");
    comment(2, "'anna'", "Project", "(SELECT min(id) FROM projects)");
    comment(3, "'anna'", "Project", "(SELECT min(id) FROM labels)");
    comment(4, "'anna'", "issue", "'5eedbed0-0000-4000-8000-000000000000'");
    comment(5, "'anna'", "wiki", "(SELECT min(id) FROM projects)");
    comment(6, ours, "label", "'7'");
    let plan = world.verify(0..1).receipt.plan;
    let keys = |keys: Vec<&Vec<Cell>>| keys.iter().map(|key| key[0].as_integer().unwrap()).collect::<Vec<_>>();
    assert_eq!(keys(plan.debris.iter().map(|row| &row.key).collect()), [1, 2], "{plan:#?}");
    assert_eq!(plan.debris[0].why, "subject_type, subject_id is bug");
    assert_eq!(keys(plan.entangled.iter().map(|row| &row.key).collect()), [6], "{plan:#?}");
    world.with(0..1, |target, _| seedbed::reset(target, None)).unwrap();
    assert_eq!(world.number("SELECT sum(id) FROM comments WHERE id < 10"), 3 + 4 + 5 + 6);
    let refused = world.with(0..1, |target, _| seedbed::cleanup(target)).unwrap_err();
    assert_eq!(refused.rule, "rows-not-ours");
}
