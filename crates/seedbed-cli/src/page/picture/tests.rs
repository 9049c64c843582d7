//! What is drawn is what SQL counts, before and after damage, in schemas of any shape.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use seedbed::Project;
use seedbed::project::{Call, Purpose, Work};
use seedbed::verify::Verified;
use seedbed_core::plan::key_text;
use tempfile::TempDir;

use super::super::rows::Rows;
use super::{ages, degrees, graph, rings, shares};

const NOW: i64 = 1_795_305_600;

/// A project's highest scenario, seeded into a database of its own.
struct Seeded {
    folder: TempDir,
    work: Work,
}

impl Seeded {
    fn new(project: &str, scenario: &str) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = TempDir::new().unwrap();
        let project = Project::read(&repository.join(project).join("seedbed.toml"), &repository).unwrap();
        let database = format!("sqlite:{}", folder.path().join("db.sqlite3").display());
        let media = folder.path().join("media");
        let call = Call {
            scale: None,
            database: Some(&database),
            media: Some(&media),
            seed: None,
            as_of: Some(NOW),
            worker: 0,
            now: NOW,
            program: "seedbed",
            migrate: "",
        };
        let mut work = Work::open(&project, scenario, &call, Purpose::Write).unwrap();
        work.run(&mut |_| {}, |target, _| seedbed::seed(target)).unwrap();
        Self { folder, work }
    }

    fn database(&self) -> Connection {
        Connection::open(self.folder.path().join("db.sqlite3")).unwrap()
    }

    fn sql(&self, text: &str) {
        let database = self.database();
        database.execute_batch(text).unwrap();
    }

    fn count(&self, text: &str) -> usize {
        self.database().query_row(text, [], |row| row.get::<_, u32>(0)).unwrap() as usize
    }

    fn verified(&mut self) -> Verified {
        self.work.run(&mut |_| {}, seedbed::verify).unwrap().0
    }

    /// Looks at the rows as they are now.
    fn look<T>(&mut self, ask: impl FnOnce(&Rows<'_>, &Connection) -> T) -> T {
        let verified = self.verified();
        let receipt = &verified.receipt;
        ask(&Rows::new(&self.work, &receipt.plan, receipt.as_of), &self.database())
    }
}

/// Asks SQL how many rows of a population have how many others that refer to them.
fn tally(rows: &Rows<'_>, database: &Connection, child: usize, link: usize) -> BTreeMap<usize, usize> {
    let link = &rows.chain.populations[child].links[link];
    let (to, from) = (rows.block(link.to), rows.block(child));
    let [key] = to.key.as_slice() else { panic!("{} has a key of one column", to.population) };
    let keys: Vec<String> = (0..to.rows.len()).map(|row| format!("'{}'", key_text(&rows.key(link.to, row)))).collect();
    let kind = link.when.as_ref().map_or(String::new(), |when| {
        format!(" AND c.{} = '{}'", rows.chain.populations[child].columns[when.column].name, when.value)
    });
    let text = format!(
        "SELECT n, count(*) FROM (SELECT (SELECT count(*) FROM {} c WHERE c.{} = p.{key}{kind}) AS n
         FROM {} p WHERE CAST(p.{key} AS TEXT) IN ({})) GROUP BY n",
        from.table,
        link.column,
        to.table,
        keys.join(", "),
        key = to.columns[*key],
    );
    let mut statement = database.prepare(&text).unwrap();
    let found =
        statement.query_map([], |row| Ok((row.get::<_, u32>(0)? as usize, row.get::<_, u32>(1)? as usize))).unwrap();
    found.map(Result::unwrap).collect()
}

fn histograms_are_what_sql_counts(seeded: &mut Seeded) -> usize {
    seeded.look(|rows, database| {
        let links = degrees::links(rows);
        for (child, link) in &links {
            let drawn = degrees::degrees(rows, *child, *link).rows;
            let drawn: BTreeMap<usize, usize> = drawn.into_iter().map(|(degree, held)| (degree, held.len())).collect();
            assert_eq!(drawn, tally(rows, database, *child, *link), "{}", rows.chain.populations[*child].name);
        }
        links.len()
    })
}

#[test]
fn a_histogram_is_what_sql_counts_before_and_after_damage() {
    let mut seeded = Seeded::new(".", "m03");
    assert_eq!(histograms_are_what_sql_counts(&mut seeded), 6);
    seeded.sql(
        "DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 7);
         UPDATE users_follow SET followed_id = (SELECT id FROM users_user WHERE username = 'test_user_new')
             WHERE id = (SELECT min(id) FROM users_follow WHERE follower_id <>
                 (SELECT id FROM users_user WHERE username = 'test_user_new'));
         UPDATE flyers_flyer SET creator_id = (SELECT id FROM users_user WHERE username = 'test_user_power')
             WHERE id IN (SELECT id FROM flyers_flyer ORDER BY id LIMIT 5);
         DELETE FROM flyers_flyerimage WHERE id IN (SELECT id FROM flyers_flyerimage ORDER BY id DESC LIMIT 9);",
    );
    histograms_are_what_sql_counts(&mut seeded);
}

#[test]
fn histograms_of_other_schemas_are_what_sql_counts() {
    assert!(histograms_are_what_sql_counts(&mut Seeded::new("examples/shop", "shop")) > 2);
    let mut tracker = Seeded::new("examples/tracker", "tracker");
    assert!(histograms_are_what_sql_counts(&mut tracker) > 4);
    tracker.sql("DELETE FROM issue_labels WHERE rowid IN (SELECT rowid FROM issue_labels LIMIT 4)");
    histograms_are_what_sql_counts(&mut tracker);
}

#[test]
fn shares_are_declared_as_the_scenario_says_and_counted_as_they_are() {
    let mut seeded = Seeded::new(".", "m03");
    let active = |seeded: &mut Seeded| {
        seeded.look(|rows, _| {
            let users = rows.chain.population("users").unwrap();
            let all = shares::divisions(rows);
            let found = all.into_iter().find(|one| one.population == users && one.name == "is_active").unwrap();
            let part = found.parts.into_iter().find(|part| part.name == "false").unwrap();
            (part.declared, part.counted)
        })
    };
    let inactive = "SELECT count(*) FROM users_user WHERE NOT is_active AND is_e2e_test_data";
    assert_eq!(active(&mut seeded), (5, 5));
    seeded.sql(
        "UPDATE users_user SET is_active = 0 WHERE id IN (SELECT id FROM users_user
             WHERE is_active AND is_e2e_test_data AND username LIKE 'test_user_0%'
             AND username NOT IN ('test_user_001', 'test_user_002', 'test_user_005', 'test_user_011',
                 'test_user_016', 'test_user_017', 'test_user_019') LIMIT 2)",
    );
    assert_eq!(active(&mut seeded), (5, seeded.count(inactive)));
    assert_eq!(seeded.count(inactive), 7);
}

#[test]
fn every_share_of_every_schema_is_as_declared_after_seeding() {
    for (project, scenario) in [(".", "m03"), ("examples/shop", "shop"), ("examples/tracker", "tracker")] {
        Seeded::new(project, scenario).look(|rows, _| {
            let divisions = shares::divisions(rows);
            assert!(!divisions.is_empty());
            for division in divisions {
                for part in division.parts {
                    assert_eq!(part.declared, part.counted, "{scenario} {} {}", division.name, part.name);
                }
            }
        });
    }
}

#[test]
fn strips_hold_every_time_and_a_moved_one_where_it_is() {
    let mut seeded = Seeded::new(".", "m03");
    seeded.sql("UPDATE flyers_favorite SET created_at = '2030-01-01 00:00:00' WHERE id = (SELECT min(id) FROM flyers_favorite)");
    let text = "SELECT count(*) FROM flyers_favorite WHERE created_at <= '2026-11-22 00:00:00'";
    let (past, all) = (seeded.count(text), seeded.count("SELECT count(*) FROM flyers_favorite"));
    seeded.look(|rows, _| {
        let favorites = rows.chain.population("favorites").unwrap();
        let strips = ages::strips(rows);
        let strip = strips.iter().find(|strip| strip.population == favorites).unwrap();
        assert_eq!((strip.column.as_str(), strip.moments.len()), ("created_at", all));
        assert_eq!(strip.moments.partition_point(|at| *at <= 0), past);
        assert!(*strip.moments.last().unwrap() > 3 * 365 * 86_400);
        // A copied time is no time of its own.
        assert!(!strips.iter().any(|strip| strip.column == "updated_at"));
    });
}

#[test]
fn rings_hold_every_place_and_a_moved_one_where_it_is() {
    let mut seeded = Seeded::new(".", "m01");
    seeded.sql("UPDATE flyers_flyer SET latitude = 47.3769, longitude = 8.5417 WHERE id = 1100000001");
    seeded.look(|rows, _| {
        let around = rings::around(rows);
        // The second measure is of the same places.
        assert_eq!(around.len(), 1);
        assert_eq!((around[0].measure.name.as_str(), around[0].rows.len()), ("km", 150));
        assert!(around[0].rows[0].0 < 0.001);
    });
}

#[test]
fn a_graph_has_an_arrow_for_every_pair_and_is_the_same_each_time() {
    let mut seeded = Seeded::new(".", "m03");
    let pairs = seeded.count("SELECT count(*) FROM users_follow");
    let titles = seeded.look(|rows, _| {
        let graphs = graph::graphs(rows);
        assert_eq!(graphs.iter().map(|graph| graph.pairs.len()).collect::<Vec<_>>(), [pairs]);
        let drawn = || graph::figures(rows)[0].markup().into_string();
        assert_eq!(drawn(), drawn());
        assert_eq!(drawn().matches("marker-end").count(), pairs);
        graph::figures(rows).into_iter().map(|figure| figure.title).collect::<Vec<_>>()
    });
    assert_eq!(titles, ["follows among users"]);
    let mut tracker = Seeded::new("examples/tracker", "tracker");
    let pairs = tracker.count("SELECT count(*) FROM issues WHERE parent_id IS NOT NULL");
    tracker.look(|rows, _| assert_eq!(graph::graphs(rows)[0].pairs.len(), pairs));
}

#[test]
fn a_construct_that_is_not_there_has_no_picture() {
    Seeded::new("examples/shop", "shop").look(|rows, _| {
        assert!(graph::figures(rows).is_empty());
        assert!(rings::figures(rows).is_empty());
    });
}
