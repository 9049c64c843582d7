//! Seed, break, plan, reset, clean up.

use crate::support::{Project, masked};

const ROWS: &str = "SELECT (SELECT count(*) FROM users_user) + (SELECT count(*) FROM flyers_favorite)";

#[test]
fn a_fresh_database_is_made_and_seeded() {
    let project = Project::new();
    let answer = masked(&project.call(&["seed", "m03"]).done());
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], "database  sqlite:pockitflyer_backend/db.sqlite3   new, schema from pockitflyer.sql");
    assert!(lines[1].starts_with("dataset   m01 m02 m03   as of <day>   good until <day> 00:00 UTC   digest "));
    assert!(answer.contains("  m02  test users    + 34 users  + 34 profiles  + 34 privacy  ~ 150 flyers (creator)\n"));
    assert!(answer.contains("  m03  engagement    + 30 follows  + 50 favorites\n"));
    let seeded = lines.iter().find(|line| line.starts_with("seeded")).unwrap();
    assert!(seeded.ends_with(" rows in <time> , 382 pictures in <time> , one password hash in <time>"), "{seeded}");
    assert!(answer.contains("\nverified  134 of 134 checks hold, 4 not asked\n"), "{answer}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{answer}");
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 50);
    assert_eq!(project.number("SELECT count(*) FROM users_follow"), 30);
}

#[test]
fn seeding_again_says_in_one_line_that_nothing_is_to_do() {
    let project = Project::seeded("m03");
    let again = project.call(&["seed", "m03"]);
    assert_eq!(masked(&again.done()), "in sync: 737 rows and 382 files as declared (<time> )\n");
    assert_eq!(project.call(&["plan", "m03", "--check"]).code, 0);
}

#[test]
fn pictures_of_a_database_that_is_gone_are_in_nobodys_way() {
    let project = Project::seeded("m03");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(project.path().join(format!("pockitflyer_backend/db.sqlite3{end}")));
    }
    assert!(project.call(&["seed", "m03", "--seed", "2"]).done().contains("verified"));
}

#[test]
fn layers_seeded_one_by_one_give_the_dataset_seeded_at_once() {
    let project = Project::seeded("m01");
    project.call(&["seed", "m02"]).done();
    project.call(&["seed", "m03"]).done();
    let once = Project::seeded("m03");
    let digest = |project: &Project| project.json(&["plan", "m03"])["dataset"]["digest"].clone();
    assert_eq!(digest(&project), digest(&once));
    assert!(masked(&project.call(&["plan", "m01"]).done()).starts_with("in sync: 555 rows"));
}

#[test]
fn damage_is_planned_and_reset() {
    let project = Project::seeded("m03");
    project.sql(
        "DELETE FROM flyers_favorite WHERE id = (SELECT min(id) FROM flyers_favorite);
         UPDATE users_user SET bio = 'damaged' WHERE username = 'test_user_power';
         INSERT INTO flyers_favorite (is_e2e_test_data, created_at, user_id, flyer_id)
         SELECT 0, '2026-11-22 10:00:00', (SELECT id FROM users_user WHERE username = 'test_user_new'), id
         FROM flyers_flyer LIMIT 3;",
    );
    let plan = project.call(&["plan", "m03", "--check"]);
    assert_eq!(plan.code, 1);
    let text = plan.out;
    assert!(text.contains("\n  + flyers_favorite  1  insert   "), "{text}");
    assert!(text.contains("\n  ~ users_user       1  change   power bio \"damaged\" -> "), "{text}");
    assert!(text.contains("\n  - flyers_favorite  3  left by tests:   new -> flyer_"), "{text}");
    assert!(text.contains("\n  = 735 rows and 382 files as declared\n"), "{text}");
    assert!(text.contains("\nplan: 1 to insert, 1 to change, 3 to remove\n"), "{text}");
    assert_eq!(project.call(&["plan", "m03"]).code, 0);

    let reset = masked(&project.call(&["reset", "m03"]).done());
    assert!(reset.ends_with("\nreset  1 inserted, 1 changed, 3 removed (<time> )\n"), "{reset}");
    assert!(project.call(&["reset", "m03"]).done().starts_with("in sync: 737 rows"));
}

#[test]
fn seeding_leaves_what_tests_left_and_says_so() {
    let project = Project::seeded("m03");
    project.sql(
        "INSERT INTO flyers_favorite (is_e2e_test_data, created_at, user_id, flyer_id)
         SELECT 0, '2026-11-22 10:00:00', (SELECT id FROM users_user WHERE username = 'test_user_new'), id
         FROM flyers_flyer LIMIT 1;",
    );
    let answer = project.call(&["seed", "m03"]).done();
    assert!(answer.starts_with("in sync: 737 rows"), "{answer}");
    let told = "1 row that tests left behind stays; `seedbed reset m03` removes what tests left\n";
    assert!(answer.ends_with(told), "{answer}");
}

#[test]
fn a_named_state_is_established_and_taken_back() {
    let project = Project::seeded("m03");
    let answer = masked(&project.call(&["reset", "m03", "--state", "no_engagement"]).done());
    assert!(answer.ends_with("\nreset to `no_engagement`  80 removed (<time> )\n"), "{answer}");
    assert_eq!(project.number("SELECT count(*) FROM users_follow"), 0);
    let error = project.call(&["reset", "m03", "--state", "full"]).failed(2);
    assert!(error.contains("error[unknown-state]: no state `full` is declared"), "{error}");
    project.call(&["seed", "m03"]).done();
    assert_eq!(project.number("SELECT count(*) FROM users_follow"), 30);
}

#[test]
fn a_layer_goes_after_those_above_it() {
    let project = Project::seeded("m03");
    let answer = project.call(&["cleanup", "m02"]).done();
    assert!(answer.contains("; m03 went first, since it stands on it ("), "{answer}");
    assert!(project.call(&["plan", "m01"]).done().starts_with("in sync: 555 rows"));
    project.call(&["cleanup", "m01"]).done();
    assert_eq!(project.number(ROWS), 0);
    let nothing = project.call(&["cleanup", "m01"]).done();
    assert!(nothing.starts_with("nothing to remove: m01 is not seeded here"), "{nothing}");
}

#[test]
fn workers_stand_side_by_side() {
    let project = Project::seeded("m03");
    let third = project.call(&["seed", "m03", "--worker", "3"]).done();
    assert!(third.contains("   worker 3   digest "), "{third}");
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 100);
    for worker in ["0", "3"] {
        let answer = project.call(&["plan", "m03", "--worker", worker]).done();
        assert!(answer.starts_with("in sync: 737 rows"), "{answer}");
    }
    project.call(&["cleanup", "m01"]).done();
    let answer = project.call(&["plan", "m03", "--worker", "3"]).done();
    assert!(answer.starts_with("in sync: 737 rows"), "{answer}");
}

#[test]
fn a_leap_day_can_be_pinned_and_stays() {
    let project = Project::new();
    let answer = project.call(&["seed", "m03", "--as-of", "2028-02-29"]).done();
    assert!(answer.contains("as of 2028-02-29 (pinned)   good until 2028-03-02 00:00 UTC"), "{answer}");
    assert!(project.call(&["seed", "m03"]).done().starts_with("in sync: 737 rows"));
}

#[test]
fn another_seed_is_planned_and_kept() {
    let project = Project::seeded("m03");
    assert_eq!(project.call(&["plan", "m03", "--seed", "2", "--check"]).code, 1);
    project.call(&["seed", "m03", "--seed", "2"]).done();
    assert!(project.call(&["seed", "m03"]).done().starts_with("in sync"));
    assert_eq!(project.json(&["plan", "m03"])["dataset"]["seed"], 2);
}

#[test]
fn facts_are_verified_and_a_missing_row_is_named() {
    let project = Project::seeded("m03");
    let answer = masked(&project.call(&["verify", "m03"]).done());
    assert!(answer.lines().all(|line| line.chars().count() <= 100), "{answer}");
    assert!(
        answer.contains("\n  ok  C3     50 favorites                                        50                  50\n")
    );
    assert!(
        answer.contains("\nm02 test users                                                   36 of 36 checks hold\n")
    );
    assert!(answer.ends_with("\n\nverified  134 of 134 checks hold, 4 not asked (<time> )\n"), "{answer}");
    assert!(project.call(&["verify", "m01"]).done().contains("  --  B10  "));

    project
        .sql("DELETE FROM flyers_favorite WHERE user_id = (SELECT id FROM users_user WHERE username LIKE '%prolific')");
    let no = project.call(&["verify", "m03"]);
    assert_eq!(no.code, 1);
    assert!(
        no.out.contains("\n  NO  C3     50 favorites                                        50                  48\n")
    );
    assert_eq!(no.out.matches("  NO  C21    favorites of prolific").count(), 2, "in its place and at the end");
    assert!(no.out.contains(" is no longer there\n"), "{}", no.out);
    assert!(no.out.contains(" do not hold; 2 rows are not as declared\n"), "{}", no.out);
    project.call(&["reset", "m03"]).done();
    project.call(&["verify", "m03"]).done();
}
