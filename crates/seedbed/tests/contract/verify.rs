//! Contract tests of `verify`, `personas` and `show`, on the scenario files of PockitFlyer.

use super::verify_support::{HOUR, TODAY, World, pockitflyer, small};
use seedbed::verify::{Check, Verdict, Why};

fn bounds(check: &Check) -> (i64, i64) {
    (check.at_least.unwrap_or(i64::MIN), check.at_most.unwrap_or(i64::MAX))
}

#[test]
fn sql_counts_what_the_generator_found_for_every_ensure_and_twenty_seeds() {
    for seed in 1..=20 {
        let mut world = World::new(&pockitflyer(), seed);
        for levels in [0..1, 1..2, 2..3] {
            world.seed(0..levels.end);
            let verified = world.verify(levels.clone());
            assert!(verified.holds(), "seed {seed}: {:#?}", verified.report.failing().collect::<Vec<_>>());
            assert_eq!(verified.receipt.plan.rows_as_declared, verified.rows);
        }
        // All facts of m02 and m03, which nothing above changes, against the findings.
        let verified = world.verify(1..3);
        let mut compared = 0;
        let findings = world.findings.iter().filter(|finding| world.chain.ensures[finding.ensure].layer > 0);
        let mut checks = verified.report.checks.iter();
        for finding in findings {
            let check = checks.next().expect("a check for each finding");
            assert_eq!(check.verdict, Verdict::Holds);
            assert_eq!(check.counted, Some(finding.counted), "seed {seed}: {}", check.fact);
            assert_eq!((check.ensure, bounds(check)), (finding.ensure, (finding.lo, finding.hi)));
            assert_eq!((&check.row, &check.value), (&finding.row, &finding.value.as_ref().map(ToString::to_string)));
            let witness = check.witness.as_ref().map(|row| (row.population.clone(), row.label.clone()));
            let made = finding.witness.map(|(population, row)| {
                let block = &world.dataset.blocks[population];
                (block.population.clone(), block.rows[row].name.clone())
            });
            assert_eq!(witness, made, "seed {seed}: {}", check.fact);
            compared += 1;
        }
        assert!(checks.next().is_none() && compared > 60);
        // What the manifest names is what SQL finds; nothing above changes the one that m01 names.
        let whole = world.verify(0..3);
        let named = whole.report.checks.iter().filter_map(|check| Some((check.name.clone()?, check.witness.clone()?)));
        let named: Vec<_> = named.map(|(name, row)| (name, row.population, row.label)).collect();
        let made = world.dataset.witnesses.iter().map(|witness| {
            let block = &world.dataset.blocks[witness.block];
            (witness.name.clone(), block.population.clone(), block.rows[witness.row].name.clone())
        });
        assert_eq!(named, made.collect::<Vec<_>>(), "seed {seed}");
        assert!(named.len() > 3 && world.dataset.witnesses.iter().all(|witness| witness.until.is_none()));
    }
}

#[test]
fn facts_of_a_lower_layer_are_counted_before_and_not_asked_after_an_upper_layer_changes_their_links() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..1);
    let before = world.verify(0..1);
    let findings: Vec<_> = world.findings.iter().filter(|f| world.chain.ensures[f.ensure].layer == 0).collect();
    assert_eq!(before.report.checks.len(), findings.len());
    for (check, finding) in before.report.checks.iter().zip(findings) {
        assert_eq!(check.counted, Some(finding.counted), "{}", check.fact);
    }
    let broken = before.report.checks.iter().find(|check| check.name.as_deref() == Some("broken_image")).unwrap();
    assert_eq!(broken.witness.as_ref().unwrap().label, "flyer_013.0");

    world.seed(0..3);
    let after = world.verify(0..1);
    let not_asked: Vec<_> = after.report.checks.iter().filter(|c| matches!(c.verdict, Verdict::NotAsked(_))).collect();
    assert_eq!(not_asked.len(), 4);
    assert!(not_asked.iter().all(|check| check.id == "B10" && check.counted.is_none()));
    let reason = Verdict::NotAsked("`m02` changes `flyers.creator`; asked before it is seeded".into());
    assert!(not_asked.iter().all(|check| check.verdict == reason));
    assert!(after.holds());
}

#[test]
fn a_deleted_favorite_fails_the_checks_that_count_it_and_is_named() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    let whole = world.verify(0..3);
    let of_gone = |check: &&Check| check.fact == "favorites of deactivated flyers";
    let key = whole.report.checks.iter().find(of_gone).unwrap().witness.clone().unwrap();
    world.sql(&format!("DELETE FROM flyers_favorite WHERE id = {}", seedbed_core::plan::key_text(&key.key)));
    let damaged = world.verify(0..3);
    assert!(!damaged.holds());
    assert_eq!(damaged.receipt.plan.inserts(), 1);
    assert_eq!((damaged.receipt.plan.rows_as_declared, damaged.rows), (whole.rows - 1, whole.rows));
    let total = damaged.report.failing().find(|check| check.fact == "50 favorites").expect("one is missing");
    assert_eq!((total.counted, total.offenders.len()), (Some(49), 1));
    assert_eq!((&total.offenders[0].label, total.offenders[0].why), (&key.label, Why::Gone));
    for check in damaged.report.failing() {
        let before = whole
            .report
            .checks
            .iter()
            .find(|c| (c.ensure, &c.row, &c.value) == (check.ensure, &check.row, &check.value));
        assert_eq!(before.unwrap().counted, check.counted.map(|n| n + 1), "{}", check.fact);
    }
}

#[test]
fn a_deactivated_flyer_and_a_changed_title_fail_exactly_their_checks() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    let whole = world.verify(0..3);
    let flyer = world.number(
        "SELECT f.id FROM flyers_flyer f JOIN users_user u ON u.id = f.creator_id WHERE u.username = 'test_user_016'",
    );
    world.sql(&format!("UPDATE flyers_flyer SET title = 'XYZABC123noMatch', is_active = FALSE WHERE id = {flyer}"));
    let damaged = world.verify(0..3);
    let miss = damaged.report.failing().find(|check| check.fact == "the guaranteed miss").expect("it is found now");
    assert_eq!((miss.counted, miss.offenders[0].why), (Some(1), Why::Counts));
    let one = damaged.report.failing().find(|check| check.fact == "user_016 shows one flyer").expect("it shows none");
    assert_eq!((one.counted, one.row.as_deref(), one.offenders[0].why), (Some(0), Some("user_016"), Why::Changed));
    assert_eq!(one.offenders[0].key, vec![seedbed_core::plan::Cell::Integer(flyer)]);
    for (check, before) in damaged.report.checks.iter().zip(&whole.report.checks) {
        let out = |check: &Check| check.counted.is_some_and(|n| n < bounds(check).0 || n > bounds(check).1);
        assert_eq!(check.verdict == Verdict::Fails, out(check), "{}", check.fact);
        assert!(check.counted.unwrap_or(0).abs_diff(before.counted.unwrap_or(0)) <= 7, "{}", check.fact);
    }
}

#[test]
fn a_title_that_nothing_asks_for_changes_the_plan_and_no_check() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    let whole = world.verify(0..3);
    world.sql("UPDATE users_user SET first_name = 'Somebody' WHERE username = 'test_user_new'");
    let damaged = world.verify(0..3);
    assert_eq!((damaged.report, damaged.receipt.plan.updates()), (whole.report, 1));
}

#[test]
fn other_peoples_rows_change_no_count() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    let whole = world.verify(0..3);
    let flyer = world.number("SELECT min(id) FROM flyers_flyer");
    world.real_person(77, "anna@example.org");
    world.sql(&format!(
        "INSERT INTO flyers_favorite (id, is_e2e_test_data, created_at, user_id, flyer_id) VALUES (88, FALSE, '2026-11-22 09:00:00', 77, {flyer})"
    ));
    let persons = world.verify(0..3);
    assert_eq!(persons.report, whole.report);
    assert!(persons.holds());
}

#[test]
fn an_aged_dataset_fails_and_says_until_when_it_held() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    world.now = TODAY + 48 * HOUR;
    let verified = world.verify(0..3);
    let aged = verified.aged.expect("two days have passed");
    assert_eq!((aged.as_of, aged.held_until, aged.now), (TODAY, TODAY + 48 * HOUR, world.now));
    assert_eq!(aged.to_string(), "the dataset is as of 2026-11-22 and held until 2026-11-24 00:00:00 UTC");
    assert!(!verified.holds() && verified.receipt.plan.is_empty());
    assert_eq!(verified.report.failing().count(), 0);
    world.as_of = Some(TODAY);
    assert!(world.verify(0..3).holds());
}

#[test]
fn a_report_is_json() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..1);
    let json = serde_json::to_value(world.verify(0..1)).unwrap();
    assert_eq!(json["report"]["checks"][0]["fact"], "150 flyers");
    assert_eq!(json["report"]["checks"][0]["verdict"], "holds");
    assert_eq!(json["report"]["checks"][0]["counted"], 150);
}

#[test]
fn personas_say_how_to_log_in_and_what_hangs_on_them() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    let personas = world.with(0..3, seedbed::personas).unwrap();
    let of = |name: &str| personas.iter().find(|persona| persona.name == name).unwrap();
    let power = of("power");
    assert_eq!(power.texts["email"], "test_user_power@pockitflyer.test");
    assert_eq!((power.password.as_deref(), power.population.as_str()), (Some("TestPass123!"), "users"));
    assert!((20..=22).contains(&power.counts["favorites"]) && (10..=11).contains(&power.counts["following"]));
    assert_eq!((power.counts["profile"], power.counts["privacy"]), (1, 1));
    assert!(of("anonymous").absent && of("anonymous").key.is_none());
    let flyer = world.number("SELECT min(id) FROM flyers_flyer WHERE id NOT IN (SELECT flyer_id FROM flyers_favorite)");
    let id = world.number("SELECT id FROM users_user WHERE username = 'test_user_new'");
    world.sql(&format!("INSERT INTO flyers_favorite (id, is_e2e_test_data, created_at, user_id, flyer_id) VALUES (88, FALSE, '2026-11-22 09:00:00', {id}, {flyer})"));
    let personas = world.with(0..3, seedbed::personas).unwrap();
    assert_eq!(personas.iter().find(|persona| persona.name == "new").unwrap().counts["favorites"], 1);
}

#[test]
fn show_lists_live_rows_and_says_which_are_ours() {
    let mut world = World::new(&pockitflyer(), 1);
    world.seed(0..3);
    let show = |world: &mut World, persona: &str, path: &str| {
        world.with(0..3, |target, chain| seedbed::show(target, chain, persona, path))
    };
    let favorites = show(&mut world, "power", "favorites").unwrap();
    assert!((20..=22).contains(&favorites.rows.len()) && favorites.rows.iter().all(|row| row.ours));
    assert!(favorites.rows[0].label.starts_with("power>flyer_"));
    world.real_person(77, "anna@example.org");
    let id = world.number("SELECT id FROM users_user WHERE username = 'test_user_power'");
    world.sql(&format!("INSERT INTO users_follow (id, is_e2e_test_data, created_at, follower_id, followed_id) VALUES (88, FALSE, '2026-11-22 09:00:00', {id}, 77)"));
    let followed = show(&mut world, "power", "following.followed").unwrap();
    let strangers: Vec<_> = followed.rows.iter().filter(|row| !row.ours).collect();
    assert_eq!((strangers.len(), strangers[0].label.as_str()), (1, "anna@example.org"));
    assert_eq!(followed.table, "users_user");
    let error = show(&mut world, "power", "followed").unwrap_err();
    assert_eq!((error.rule, error.exit_code()), ("unknown-name", 2));
    assert_eq!(show(&mut world, "powr", "favorites").unwrap_err().rule, "unknown-row");
}

#[test]
fn every_question_of_the_language_has_the_answer_that_loops_give_on_damaged_rows() {
    for seed in 1..=12 {
        let mut world = World::new(&small::small(), seed);
        world.seed(0..1);
        let verified = world.verify(0..1);
        assert!(verified.holds());
        for (check, finding) in verified.report.checks.iter().zip(&world.findings) {
            assert_eq!((check.ensure, check.counted), (finding.ensure, Some(finding.counted)), "{}", check.fact);
        }
        world.without_foreign_keys();
        // Rows of other people, which point at ours and are pointed at.
        world.sql(
            "INSERT INTO people (id, name, active, tag) VALUES (7, 'anna', TRUE, FALSE); \
             INSERT INTO items (id, owner_id, kind, price, tag) SELECT 8, min(id), 'x', 1, FALSE FROM people WHERE id > 7; \
             INSERT INTO likes (person_id, item_id, tag) SELECT max(people.id), 8, FALSE FROM people",
        );
        let mut state = seed;
        let mut chance = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..12 {
            let mut done = Vec::new();
            for _ in 0..=chance(3) {
                done.push(small::damage(&mut chance));
                world.sql(done.last().unwrap());
            }
            let report = world.verify(0..1).report;
            let loops = small::Loops::read(&world);
            let mut checks = report.checks.iter();
            for ensure in &world.chain.ensures {
                for (counted, of) in loops.counts(ensure) {
                    let check = checks.next().expect("a check for each case");
                    assert_eq!((check.counted, check.of), (Some(counted), of), "seed {seed}, {}: {done:?}", check.fact);
                }
            }
            assert!(checks.next().is_none());
        }
    }
}
