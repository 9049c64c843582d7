//! Schemas of another shape: the shop and the tracker of `examples/`, without a tag column, with foreign
//! keys that are checked at once, uuid and text keys, keys of several columns, enums and jsonb.

use seedbed_core::plan::Cell;
use seedbed_core::scenario::Files;
use seedbed_core::source::Source;

use super::support::COUNTERS;
use super::verify_support::{Project, World, example};

/// How many rows each table holds.
fn counts(world: &World) -> Vec<(String, usize)> {
    let tables = world.own.dump(false).into_iter().filter(|(name, _)| name != COUNTERS);
    tables.map(|(name, rows)| (name, rows.len())).collect()
}

fn whole(name: &str, damage: &[&str]) {
    for seed in 1..=3 {
        let mut world = World::new(&example(name), seed);
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
            world.reset(0..1);
            assert!(world.verify(0..1).holds(), "{damage}");
        }
        world.cleanup(0..1);
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
            "INSERT INTO items SELECT order_id, 99, product_id, 1, price, price FROM items WHERE line = 1 LIMIT 1",
            "UPDATE items SET price = 0.05 WHERE line = 1",
            "UPDATE stock SET shelf = shelf + 50",
            "UPDATE orders SET coupon_code = NULL, state = 'cart' WHERE state = 'shipped'",
        ],
    );
}

#[test]
fn a_tracker_is_seeded_verified_reset_and_cleaned() {
    whole(
        "tracker",
        &[
            "UPDATE issues SET parent_id = NULL",
            "DELETE FROM memberships WHERE role = 'reporter'",
            "UPDATE people SET settings = '{\"theme\": \"neon\"}'",
            "UPDATE issues SET state = 'done', closed_at = created_at WHERE state = 'todo'",
            "UPDATE issues SET parent_id = NULL; DELETE FROM comments; DELETE FROM issue_labels; \
             DELETE FROM issues WHERE id IN (SELECT id FROM issues ORDER BY id LIMIT 20)",
        ],
    );
}

#[test]
fn a_comment_on_ours_by_type_and_id_is_left_by_a_test_and_one_on_something_else_stays() {
    const ANNA: &str = "'0a0a0a0a-0000-4000-8000-000000000001'";
    let mut world = World::new(&example("tracker"), 1);
    world.seed(0..1);
    // Anna is not ours, so nothing but the type and the id says whose rows her comments are.
    world.sql(&format!(
        "INSERT INTO people (id, email, name, password, settings, joined_at) \
         VALUES ({ANNA}, 'anna@example.org', 'Anna', 'x', '{{}}', '2026-11-01')"
    ));
    let comment = |id: u32, kind: &str, subject: &str| {
        world.sql(&format!(
            "INSERT INTO comments (id, author_id, subject_type, subject_id, body, created_at) \
             VALUES ({id}, {ANNA}, '{kind}', {subject}, 'a comment', '2026-11-22')"
        ));
    };
    let one_of = |table: &str| format!("(SELECT CAST(id AS varchar(40)) FROM {table} ORDER BY id LIMIT 1)");
    comment(1, "Milestone", &one_of("milestones"));
    comment(2, "Project", &one_of("projects"));
    comment(3, "Project", &one_of("milestones"));
    comment(4, "Issue", "'5eedbed0-0000-4000-8000-000000000000'");
    comment(5, "Wiki", &one_of("projects"));
    // An issue of hers that one of ours is to work on: no owner says that it is ours.
    world.sql(&format!(
        "INSERT INTO projects (id, slug, created_at) VALUES ({ANNA}, 'anna', '2026-11-01'); \
         INSERT INTO issues (id, project_id, number, reporter_id, assignee_id, title, state, created_at) \
         SELECT {ANNA}, {ANNA}, 1, {ANNA}, id, 'Hers', 'todo', '2026-11-01' FROM people WHERE name = 'Ben'"
    ));
    let plan = world.verify(0..1).receipt.plan;
    let keys = |keys: Vec<&Vec<Cell>>| keys.iter().map(|key| key[0].as_integer()).collect::<Vec<_>>();
    assert_eq!(keys(plan.debris.iter().map(|row| &row.key).collect()), [Some(1), Some(2)], "{plan:#?}");
    assert_eq!(plan.debris[1].why, "subject_type, subject_id is atlas");
    let entangled: Vec<&str> = plan.entangled.iter().map(|row| row.table.as_str()).collect();
    assert_eq!(entangled, ["issues"], "{plan:#?}");
    world.reset(0..1);
    assert_eq!(world.number("SELECT sum(id) FROM comments WHERE id < 10"), 3 + 4 + 5);
    let dataset = world.unhashed();
    let refused = world.with_dataset(&dataset, 0..1, |target, _| seedbed::cleanup(target)).unwrap_err();
    assert_eq!(refused.rule, "rows-not-ours");
}

fn project(ddl: &str, texts: &[&str]) -> Project {
    let source = |(at, text): (usize, &&str)| Source { path: format!("{at}.yaml"), text: (*text).to_owned() };
    let files = Files {
        sources: texts.iter().enumerate().map(source).collect(),
        scenarios: (0..texts.len()).collect(),
        ..Files::default()
    };
    Project { files, ddl: ddl.to_owned() }
}

#[test]
fn a_row_that_the_schema_has_outlive_ours_is_no_tests() {
    let ddl = "CREATE TABLE teams (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text NOT NULL);
        CREATE TABLE accounts (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email text NOT NULL,
            team_id integer REFERENCES teams (id) ON DELETE SET NULL);
        CREATE TABLE notes (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
            team_id integer NOT NULL REFERENCES teams (id) ON DELETE CASCADE);";
    let text = "
scenario: clubs
layer: 1
populations: {teams: {table: teams, rows: 2, columns: {name: \"team {number}\"}}}
";
    let mut world = World::new(&project(ddl, &[text]), 1);
    world.seed(0..1);
    world.sql("INSERT INTO accounts (email, team_id) SELECT 'anna@example.org', min(id) FROM teams");
    world.sql("INSERT INTO notes (team_id) SELECT min(id) FROM teams");
    let dataset = world.unhashed();
    world.reset(0..1);
    assert_eq!(world.number("SELECT count(*) FROM notes"), 0);
    let cleaned = world.with_dataset(&dataset, 0..1, |target, _| seedbed::cleanup(target));
    let error = cleaned.expect_err("Anna's account hangs on a row that goes");
    assert_eq!((error.rule, error.exit_code()), ("rows-not-ours", 4));
    assert!(error.to_string().contains("anna@example.org"), "{error}");
    assert_eq!(world.number("SELECT count(*) FROM accounts WHERE team_id IS NOT NULL"), 1);
}

#[test]
fn a_state_leaves_out_what_refers_to_rows_that_it_leaves_out() {
    let ddl = "CREATE TABLE people (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text NOT NULL);
        CREATE TABLE orders (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
            person_id integer NOT NULL REFERENCES people (id) ON DELETE CASCADE);
        CREATE TABLE items (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
            order_id integer NOT NULL REFERENCES orders (id) ON DELETE CASCADE);
        CREATE TABLE strangers (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text NOT NULL);
        CREATE TABLE reviews (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, item_id integer NOT NULL REFERENCES items (id) ON DELETE CASCADE,
            stranger_id integer REFERENCES people (id));";
    let base = "
scenario: base
layer: 1
populations:
  people: {table: people, rows: [amy, bob], columns: {name: \"{row}\"}}
  orders: {table: orders, rows: 4, links: {person: {column: person_id, to: people, back: orders}}}
  items: {table: items, rows: 8, links: {order: {column: order_id, to: orders, back: items}}}
groups:
  people: {o: {amy: {who: [amy], has: {orders: 2}}, bob: {who: [bob], has: {orders: 2}}}}
  orders: {i: {all: {rows: rest, has: {items: 2}}}}
states: {no_orders: {without: {orders: {person: amy}}}}
";
    let above = "
scenario: above
requires: [base]
layer: 2
populations: {notes: {table: strangers, rows: 1, columns: {name: \"x\"}}}
states: {nobody: {without: all}}
";
    let mut world = World::new(&project(ddl, &[base, above]), 1);
    world.seed(0..2);
    let dataset = world.unhashed();
    let reset = |world: &mut World, levels, state| {
        world.with_dataset(&dataset, levels, |target, _| seedbed::reset(target, Some(state)))
    };
    let receipt = reset(&mut world, 0..2, "no_orders").unwrap();
    assert_eq!(receipt.plan.deletes(), 6);
    let counts = |world: &World| ["orders", "items"].map(|name| world.number(&format!("SELECT count(*) FROM {name}")));
    assert_eq!(counts(&world), [2, 4]);
    assert!(!reset(&mut world, 0..2, "no_orders").unwrap().written);
    world.reset(0..2);
    assert_eq!(counts(&world), [4, 8]);
    // A state of a layer above is none of the layer below.
    assert_eq!(reset(&mut world, 0..1, "nobody").unwrap_err().rule, "unknown-state");
    // A person's row on what would go is named, and stays.
    world.sql(
        "INSERT INTO people (id, name) VALUES (7, 'Anna'); \
         INSERT INTO reviews (item_id, stranger_id) SELECT i.id, 7 FROM items AS i JOIN orders AS o ON o.id = i.order_id \
         JOIN people AS p ON p.id = o.person_id WHERE p.name = 'amy' ORDER BY i.id LIMIT 1",
    );
    let error = reset(&mut world, 0..2, "no_orders").unwrap_err();
    assert_eq!(error.rule, "rows-not-ours", "{error}");
    assert_eq!(world.number("SELECT count(*) FROM reviews"), 1);
}
