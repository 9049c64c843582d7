//! Further blocks: loaded, compared, repaired and removed, beside rows of other people.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use seedbed::verify::Verified;
use seedbed::{Receipt, Result, Target};
use seedbed_core::generate::{Parameters, generate_scaled};
use seedbed_core::scale::{Scale, Scaled};
use seedbed_core::scenario::Chain;

use super::support::COUNTERS;
use super::verify_support::{Project, TODAY, World, example, pockitflyer};

/// A world with its further blocks.
pub(super) struct Large {
    pub(super) world: World,
    scaled: Scaled,
}

impl Large {
    pub(super) fn new(project: &Project, scale: &Scale) -> Self {
        let mut world = World::new(project, 1);
        let scaled = blocks(&mut world, scale);
        Self { world, scaled }
    }

    pub(super) fn at(&mut self, scale: &Scale) {
        let standing = std::mem::replace(&mut self.scaled, blocks(&mut self.world, scale));
        self.world.standing = Some(standing);
    }

    pub(super) fn run<T>(&mut self, verb: impl FnOnce(&mut Target<'_>, &Chain) -> Result<T>) -> Result<T> {
        self.on(0..self.world.dataset.scenarios.len(), verb)
    }

    /// Runs a verb on some of the levels.
    pub(super) fn on<T>(
        &mut self,
        levels: Range<usize>,
        verb: impl FnOnce(&mut Target<'_>, &Chain) -> Result<T>,
    ) -> Result<T> {
        let dataset = self.world.dataset.clone();
        self.world.scaled = Some(self.scaled.clone());
        self.world.with_dataset(&dataset, levels, verb)
    }

    pub(super) fn seed(&mut self) -> Result<Receipt> {
        self.run(|target, _| seedbed::seed(target))
    }

    pub(super) fn cleanup(&mut self) -> Result<Receipt> {
        self.run(|target, _| seedbed::cleanup(target))
    }

    pub(super) fn verify(&mut self) -> Verified {
        self.run(seedbed::verify).unwrap()
    }

    pub(super) fn dump(&self) -> BTreeMap<String, Vec<String>> {
        self.world.own.dump(false)
    }

    /// How many further rows of a population are declared.
    fn further(&self, population: &str) -> i64 {
        let at = self.scaled.rows.iter().position(|rows| rows.population == population).unwrap();
        self.scaled.count(at) as i64
    }
}

fn blocks(world: &mut World, scale: &Scale) -> Scaled {
    let schema = world.database.schema().unwrap();
    let parameters = Parameters { seed: 1, worker: 0, as_of: TODAY };
    generate_scaled(&world.chain, Some(&schema), parameters, scale).unwrap().1
}

pub(super) fn counted(receipt: &Receipt) -> (u64, u64, u64) {
    let sum = |of: fn(&seedbed_core::plan::FurtherPlan) -> u64| receipt.plan.further.iter().map(of).sum();
    (sum(|further| further.inserts), sum(|further| further.updates), sum(|further| further.deletes))
}

#[test]
fn a_dataset_at_scale_is_seeded_once_and_goes_without_a_trace() {
    for project in [pockitflyer(), example("shop"), example("tracker")] {
        let mut large = Large::new(&project, &Scale::Blocks(12));
        let all: u64 = (0..large.scaled.rows.len()).map(|population| large.scaled.count(population)).sum();
        let (before, small) = (large.dump(), Large::new(&project, &Scale::One));
        let receipt = large.seed().unwrap();
        assert_eq!(counted(&receipt), (all, 0, 0));
        let verified = large.verify();
        assert!(verified.holds(), "{:#?} {:#?}", verified.receipt.plan.further, verified.report.failing().next());
        let rows = large.dump();
        let again = large.seed().unwrap();
        assert!(!again.written && again.plan.is_empty());
        let large_rows = large.dump();
        assert_eq!(large_rows, rows);
        // Block 0 is the dataset without a scale.
        let mut small = small;
        small.seed().unwrap();
        for (table, rows) in small.dump().iter().filter(|(table, _)| *table != COUNTERS) {
            let all: BTreeSet<&String> = large_rows[table].iter().collect();
            let missing = rows.iter().find(|row| !all.contains(row));
            assert_eq!(missing, None, "{table}");
        }
        let receipt = large.cleanup().unwrap();
        assert_eq!(counted(&receipt), (0, 0, all));
        assert_eq!(large.dump(), before);
    }
}

#[test]
fn indexes_that_were_taken_away_stand_as_they_did() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(30));
    large.seed().unwrap();
    let rows = large.dump();
    let before = large.world.database.schema().unwrap();
    large.at(&Scale::One);
    large.seed().unwrap();
    large.at(&Scale::Blocks(30));
    large.world.rebuild = true;
    let plan = large.run(|target, _| seedbed::plan(target, None)).unwrap().plan;
    let rebuild = plan.rebuild.expect("it was asked for");
    assert!(rebuild.refusals.is_empty() && rebuild.parts.len() > 5, "{rebuild:?}");
    large.seed().unwrap();
    assert_eq!(large.dump(), rows);
    assert_eq!(*large.world.database.schema().unwrap(), *before);
    assert!(large.verify().holds());
}

#[test]
fn another_scale_removes_what_stands_and_loads_what_is_asked_for() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(5));
    large.seed().unwrap();
    large.at(&Scale::Rows(vec![("users".into(), 100)]));
    assert_eq!(large.scaled.blocks, 3);
    large.seed().unwrap();
    assert!(large.verify().holds());
    assert_eq!(large.world.number("SELECT count(*) FROM flyers_favorite"), 150);
    large.at(&Scale::One);
    large.seed().unwrap();
    assert!(large.verify().holds());
    assert_eq!(large.world.number("SELECT count(*) FROM flyers_favorite"), 50);
}

#[test]
fn damage_in_further_blocks_is_counted_and_mended() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(40));
    large.seed().unwrap();
    let rows = large.dump();
    let (first, user) = (7_300_000_000_000_000_i64, 7_200_000_000_000_000_i64);
    large.world.sql(&format!("DELETE FROM flyers_favorite WHERE id > {first} AND id % 7 = 0"));
    large.world.sql(&format!("UPDATE users_user SET first_name = 'Mallory' WHERE id > {user} AND id % 100 = 3"));
    let plan = large.run(|target, _| seedbed::plan(target, None)).unwrap();
    let (inserts, updates, deletes) = counted(&plan);
    let gone = large.further("favorites")
        - large.world.number(&format!("SELECT count(*) FROM flyers_favorite WHERE id > {first}"));
    assert_eq!((inserts, deletes), (gone as u64, 0));
    assert!(gone > 200 && updates > 10, "{gone} {updates}");
    assert!(!large.verify().holds());
    assert_eq!(counted(&large.seed().unwrap()), (inserts, updates, 0));
    assert_eq!(large.dump(), rows);
}

#[test]
fn a_further_row_that_lost_its_tag_is_somebody_elses() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(4));
    large.seed().unwrap();
    let taken = large.world.number("SELECT max(id) FROM users_user");
    large.world.sql(&format!("UPDATE users_user SET is_e2e_test_data = FALSE, bio = 'mine' WHERE id = {taken}"));
    large.world.sql(&format!("DELETE FROM flyers_favorite WHERE id > {taken}"));
    let rows = large.dump();
    let plan = large.run(|target, _| seedbed::plan(target, None)).unwrap();
    assert_eq!(plan.plan.obstacles.len(), 1);
    assert!(!large.verify().holds());
    for refused in [large.seed(), large.cleanup()] {
        let error = refused.unwrap_err();
        assert_eq!((error.exit as u8, error.rule), (4, "rows-not-ours"));
        assert!(error.details.iter().any(|detail| detail.contains(&format!("users_user {taken}"))), "{error:?}");
        assert_eq!(large.dump(), rows);
    }
}

#[test]
fn rows_of_other_people_stay_and_are_named() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(4));
    large.world.real_person(7, "real@example.org");
    seedbed::allow(&mut *large.world.database, TODAY, Duration::from_secs(5), &mut |_| {}).unwrap();
    large.seed().unwrap();
    // Somebody's favorite of a flyer in a further block.
    let flyer = large.world.number("SELECT max(id) FROM flyers_flyer");
    large.world.sql(&format!(
        "INSERT INTO flyers_favorite (id, user_id, flyer_id, created_at, is_e2e_test_data) \
         VALUES (9, 7, {flyer}, '2026-11-22 10:00:00', FALSE)"
    ));
    let rows = large.dump();
    let error = large.cleanup().unwrap_err();
    assert_eq!((error.exit as u8, error.rule), (4, "rows-not-ours"));
    assert!(error.details.iter().any(|detail| detail.contains("flyers_favorite 9")), "{error:?}");
    large.at(&Scale::One);
    assert_eq!(large.seed().unwrap_err().exit as u8, 4);
    assert_eq!(large.dump(), rows);
    large.world.sql("DELETE FROM flyers_favorite WHERE id = 9");
    large.cleanup().unwrap();
    assert_eq!(large.world.own.text("SELECT email FROM users_user"), "real@example.org");
}

#[test]
fn a_row_of_other_people_where_further_rows_belong_is_refused() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(4));
    large.at(&Scale::One);
    large.seed().unwrap();
    large.world.real_person(7_200_000_000_010_005, "real@example.org");
    let rows = large.dump();
    large.at(&Scale::Blocks(4));
    let error = large.seed().unwrap_err();
    assert_eq!(error.exit as u8, 4);
    assert!(error.details.iter().any(|detail| detail.contains("7200000000010005")), "{error:?}");
    assert_eq!(large.dump(), rows);
}

#[test]
fn what_tests_left_on_further_rows_goes_with_them() {
    let mut large = Large::new(&pockitflyer(), &Scale::Blocks(4));
    let before = large.dump();
    large.seed().unwrap();
    let user = large.world.number("SELECT max(id) FROM users_user WHERE id < 7999999999999999");
    large.world.sql(&format!(
        "INSERT INTO flyers_favorite (id, user_id, flyer_id, created_at, is_e2e_test_data) \
         VALUES (9, {user}, 1100000001, '2026-11-22 10:00:00', FALSE)"
    ));
    large.cleanup().unwrap();
    assert_eq!(large.dump(), before);
}
