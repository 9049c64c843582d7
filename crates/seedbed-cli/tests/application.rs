//! The application goes on working beside the seeded rows, and its own rows are left alone.

mod support;

use std::process::{Command, Stdio};

use support::Project;

/// A real person, with a profile, settings and a flyer that the application wrote.
const ANNA: &str = "
    INSERT INTO users_user (password, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined,
        is_e2e_test_data, email, email_verified, created_at, updated_at)
    VALUES ('', 0, 'anna', '', '', 0, 1, '2020-01-01', 0, 'anna@example.org', 0, '2020-01-01', '2020-01-01');
    INSERT INTO users_profile (is_e2e_test_data, created_at, updated_at, user_id)
        SELECT 0, '2020', '2020', id FROM users_user WHERE username = 'anna';
    INSERT INTO users_privacysettings (is_e2e_test_data, allow_email_contact, created_at, updated_at, user_id)
        SELECT 0, 0, '2020', '2020', id FROM users_user WHERE username = 'anna';
    INSERT INTO flyers_flyer (is_e2e_test_data, title, description, category, location_address, latitude, longitude,
        is_active, valid_from, valid_until, created_at, updated_at, creator_id)
        SELECT 0, 'Flat to let', '', 'event', 'Bern', 46.9, 7.4, 1, '2020', '2030', '2020', '2020', id
        FROM users_user WHERE username = 'anna';
    INSERT INTO flyers_flyerimage (is_e2e_test_data, image, \"order\", created_at, flyer_id)
        SELECT 0, 'anna.png', 0, '2020', id FROM flyers_flyer WHERE title = 'Flat to let';
    INSERT INTO flyers_favorite (is_e2e_test_data, created_at, user_id, flyer_id)
        SELECT 0, '2020', creator_id, id FROM flyers_flyer WHERE title = 'Flat to let';";

const BEN_FOLLOWS_ANNA: &str = "
    INSERT INTO users_user (password, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined,
        is_e2e_test_data, email, email_verified, created_at, updated_at)
    VALUES ('', 0, 'ben', '', '', 0, 1, '2020-01-01', 0, 'ben@example.org', 0, '2020-01-01', '2020-01-01');
    INSERT INTO users_follow (is_e2e_test_data, created_at, follower_id, followed_id)
        SELECT 0, '2020', ben.id, anna.id FROM users_user AS ben, users_user AS anna
        WHERE ben.username = 'ben' AND anna.username = 'anna';";

const LIKES: &str = "INSERT INTO flyers_favorite (is_e2e_test_data, created_at, user_id, flyer_id)
    SELECT 0, '2026-11-22 10:00:00', user.id, flyer.id FROM users_user AS user, flyers_flyer AS flyer";

const TABLES: [&str; 7] = [
    "users_user",
    "users_profile",
    "users_privacysettings",
    "users_follow",
    "flyers_flyer",
    "flyers_flyerimage",
    "flyers_favorite",
];

fn of_others(project: &Project) -> Vec<(&'static str, i64, i64)> {
    let number = |what: &str, table| project.number(&format!("SELECT {what} FROM {table} WHERE is_e2e_test_data = 0"));
    TABLES.map(|table| (table, number("count(*)", table), number("ifnull(min(id), 0)", table))).into()
}

#[test]
fn rows_of_the_application_land_outside_our_keys_and_survive_every_cleanup() {
    let project = Project::seeded("m03");
    project.sql(ANNA);
    project.sql(BEN_FOLLOWS_ANNA);
    let rows = of_others(&project);
    for (table, count, first) in &rows {
        let expected = if *table == "users_user" { 2 } else { 1 };
        assert_eq!((*count, *first), (expected, 2_000_000_000), "{table}");
    }
    project.call(&["reset", "m03"]).done();
    project.call(&["cleanup", "m03"]).done();
    project.call(&["cleanup", "m01"]).done();
    assert_eq!(of_others(&project), rows);
    project.call(&["seed", "m03"]).done();
    assert_eq!(of_others(&project), rows);
}

#[test]
fn counters_are_back_after_a_full_cleanup() {
    let project = Project::new();
    project.migrate();
    project.sql(ANNA);
    project.call(&["allow", "db.sqlite3"]).done();
    let counters = "SELECT group_concat(name || ' ' || seq ORDER BY name) FROM sqlite_sequence";
    let read = || project.database().query_row(counters, [], |row| row.get::<_, String>(0)).unwrap();
    let before = read();
    project.call(&["seed", "m03"]).done();
    for table in TABLES {
        let counter = format!("SELECT seq FROM sqlite_sequence WHERE name = '{table}'");
        assert_eq!(project.number(&counter), 1_999_999_999, "{table}");
    }
    project.call(&["cleanup", "m01"]).done();
    assert_eq!(read(), before);
}

#[test]
fn a_real_persons_favorite_on_a_seeded_flyer_survives_and_blocks_only_the_cleanup_of_that_flyer() {
    let project = Project::seeded("m03");
    project.sql(ANNA);
    project.sql(&format!("{LIKES} WHERE user.username = 'anna' AND flyer.id = 1100000020"));
    let theirs = "SELECT count(*) FROM flyers_favorite WHERE flyer_id = 1100000020 AND is_e2e_test_data = 0";
    for verb in ["seed", "reset"] {
        project.sql("UPDATE flyers_flyer SET title = 'x' WHERE id = 1100000020");
        project.call(&[verb, "m03"]).done();
        assert_eq!(project.number(theirs), 1, "{verb}");
    }
    let error = project.call(&["cleanup", "m01"]).failed(4);
    assert!(error.starts_with("error[rows-not-ours]: 1 row of other people hangs on rows that would go\n"), "{error}");
    assert!(error.contains("\n  flyers_favorite 2000000001   anna"), "{error}");
    assert!(error.contains("\nnothing was written\n"), "{error}");
    assert_eq!(project.number("SELECT count(*) FROM flyers_flyer WHERE is_e2e_test_data = 1"), 150);
    project.call(&["cleanup", "m03"]).done();
    assert_eq!(project.number(theirs), 1);
    project.sql("DELETE FROM flyers_favorite WHERE flyer_id = 1100000020");
    project.call(&["cleanup", "m01"]).done();
    assert_eq!(project.number("SELECT count(*) FROM flyers_flyer"), 1);
}

#[test]
fn what_a_persona_did_in_the_application_is_told_and_undone() {
    let project = Project::seeded("m03");
    project.sql(&format!("{LIKES} WHERE user.username = 'test_user_new' AND flyer.id IN (1100000007, 1100000008)"));
    let told = "\n  - flyers_favorite  2  left by tests:   new -> flyer_007, new -> flyer_008\n";
    let plan = project.call(&["plan", "m03"]).done();
    assert!(format!("\n{plan}").contains(told), "{plan}");
    let reset = project.call(&["reset", "m03"]).done();
    assert!(format!("\n{reset}").contains(told), "{reset}");
    assert!(reset.contains("\nreset  2 removed ("), "{reset}");
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 50);
}

#[test]
fn exactly_what_differs_is_planned_and_mended() {
    let project = Project::seeded("m03");
    let whole = project.database();
    let title: String =
        whole.query_row("SELECT title FROM flyers_flyer WHERE id = 1100000003", [], |row| row.get(0)).unwrap();
    let media = project.path().join("pockitflyer_backend/media");
    let image: String = whole.query_row("SELECT image FROM flyers_flyerimage LIMIT 1", [], |row| row.get(0)).unwrap();
    let picture = std::fs::read(media.join(&image)).unwrap();
    drop(whole);

    project.sql(
        "UPDATE flyers_flyer SET title = 'Rubbish' WHERE id = 1100000003;
         UPDATE users_user SET last_login = '2026-11-22 12:00:00' WHERE username = 'test_user_power';
         DELETE FROM users_follow WHERE id = (SELECT min(id) FROM users_follow);
         DELETE FROM flyers_flyerimage WHERE flyer_id = (SELECT max(flyer_id) FROM flyers_flyerimage);",
    );
    let images = 345 - project.number("SELECT count(*) FROM flyers_flyerimage");
    std::fs::remove_file(media.join(&image)).unwrap();
    let plan = project.json(&["plan", "m03"])["plan"].clone();
    let mut found = Vec::new();
    for part in plan["tables"].as_array().unwrap() {
        let length = |kind: &str| part[kind].as_array().unwrap().len();
        let changes =
            part["updates"].as_array().unwrap().iter().flat_map(|update| update["changes"].as_array().unwrap());
        let columns: Vec<&str> = changes.map(|change| change["column"].as_str().unwrap()).collect();
        let counts = (length("inserts"), length("updates"), length("deletes"));
        if counts != (0, 0, 0) {
            found.push((part["table"].as_str().unwrap().to_owned(), counts, columns.join(",")));
        }
    }
    found.sort();
    let expected = [
        ("flyers_flyer", (0, 1, 0), "title"),
        ("flyers_flyerimage", (images as usize, 0, 0), ""),
        ("users_follow", (1, 0, 0), ""),
        ("users_user", (0, 1, 0), "last_login"),
    ];
    assert_eq!(found, expected.map(|(table, counts, columns)| (table.to_owned(), counts, columns.to_owned())));
    assert_eq!(plan["files"]["write"], serde_json::json!([image]));
    assert_eq!(plan["debris"], serde_json::json!([]));

    project.call(&["reset", "m03"]).done();
    assert_eq!(project.call(&["plan", "m03", "--check"]).code, 0);
    let mended: String = project
        .database()
        .query_row("SELECT title FROM flyers_flyer WHERE id = 1100000003", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mended, title);
    assert_eq!(project.number("SELECT count(last_login) FROM users_user WHERE username = 'test_user_power'"), 0);
    assert_eq!(std::fs::read(media.join(&image)).unwrap(), picture);
}

#[test]
fn several_seeds_at_once_end_in_one_dataset() {
    let project = Project::new();
    let start = |_| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(["seed", "m03"]).current_dir(project.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..3).map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(project.call(&["plan", "m03", "--check"]).code, 0);
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 50);
}
