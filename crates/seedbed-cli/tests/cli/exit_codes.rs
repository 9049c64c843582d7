//! One test for each exit code, with the whole error.

use std::time::Instant;

use crate::support::Project;

const M03: &str = "pockitflyer_backend/users/fixtures/m03_engagement_scenarios.json";

#[test]
fn a_typing_error_is_2_and_names_the_nearest() {
    let project = Project::new();
    let line = project.replace(M03, "{\"users\": [\"power\"]}", "{\"users\": [\"powr\"]}");
    for call in [&["check", "m03"][..], &["check"], &["seed", "m03"]] {
        let error = project.call(call).failed(2);
        assert!(error.starts_with("error[unknown-row]: no row `powr` in population `users`\n"), "{error}");
        assert!(error.contains(&format!("--> {M03}:{line}:")), "{error}");
        assert!(error.contains("help: did you mean `power`?"), "{error}");
        assert!(error.ends_with("\n1 error; no database was opened\n"), "{error}");
    }
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());
}

#[test]
fn a_value_that_only_a_strict_table_refuses_is_2_there() {
    let project = Project::new();
    let file = "pockitflyer_backend/users/fixtures/m04.yaml";
    let text =
        "scenario: m04\nlayer: 4\npopulations:\n  people: {table: people, rows: 2, columns: {age: \"old {row}\"}}\n";
    std::fs::write(project.path().join(file), text).unwrap();
    for (strict, code) in [("", 0), ("STRICT", 2)] {
        let schema = format!("CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, age INTEGER) {strict};");
        std::fs::write(project.path().join("pockitflyer_backend/pockitflyer.sql"), schema).unwrap();
        let answer = project.call(&["check", "m04"]);
        assert_eq!(answer.code, code, "{}", answer.err);
        let told = format!("error[value-does-not-fit]: `\"old 1\"` does not fit `age` of `people`\n --> {file}:4:51\n");
        assert_eq!(answer.err.contains(&told), code == 2, "{}", answer.err);
    }
}

#[test]
fn rows_of_the_scenario_that_contradict_each_other_are_2_and_not_rows_of_others() {
    let project = Project::new();
    let schema = "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE);";
    std::fs::write(project.path().join("pockitflyer_backend/pockitflyer.sql"), schema).unwrap();
    let text =
        "scenario: m04\nlayer: 4\npopulations:\n  people: {table: people, rows: 2, columns: {email: \"x{copy}\"}}\n";
    std::fs::write(project.path().join("pockitflyer_backend/users/fixtures/m04.yaml"), text).unwrap();
    for verb in ["check", "plan", "seed"] {
        let error = project.call(&[verb, "m04"]).failed(2);
        let told = "error[duplicate-value]: `1` and `2` of `people` would have the same unique value: \"x\"\n";
        assert!(error.starts_with(told), "{error}");
        assert!(error.ends_with("\n1 error; no database was opened\n"), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_2_though_it_has_no_name_yet() {
    let project = Project::new();
    let file = "pockitflyer_backend/users/fixtures/m04.yaml";
    std::fs::write(project.path().join(file), "scenario: m04\nlayer: [\n").unwrap();
    let error = project.call(&["check"]).failed(2);
    assert!(error.starts_with("error[unreadable]: this is neither JSON nor YAML: "), "{error}");
    assert!(error.contains(&format!("--> {file}:")), "{error}");
    project.call(&["check", "m01"]).done();
}

#[test]
fn a_file_that_misspells_its_name_is_2() {
    let project = Project::new();
    let file = "pockitflyer_backend/users/fixtures/m04.yaml";
    std::fs::write(project.path().join(file), "scenaro: m04\nabout: friends\nlayer: 4\n").unwrap();
    for call in [&["check"][..], &["seed", "m04"]] {
        let error = project.call(call).failed(2);
        assert!(error.contains("`scenaro`") && error.contains("help: did you mean `scenario`?"), "{error}");
        assert!(error.contains(&format!("--> {file}:1:1\n")), "{error}");
    }
    // What is beside scenarios and is none is left alone.
    std::fs::write(project.path().join(file), "about: something else\n").unwrap();
    project.call(&["check"]).done();
}

#[test]
fn an_unknown_setting_is_2_and_names_the_nearest() {
    let project = Project::new();
    project.prepend("seedbed.toml", "lock_time = \"3s\"\nscenario = []\n");
    let error = project.call(&["status"]).failed(2);
    assert!(error.contains("error[unknown-name]: there is no setting `lock_time`\n --> seedbed.toml:1:1\n"), "{error}");
    assert!(error.contains("help: did you mean `lock_timeout`?"), "{error}");
    assert!(error.contains("help: did you mean `scenarios`?"), "{error}");
    assert!(error.ends_with("\n2 errors; no database was opened\n"), "{error}");
}

#[test]
fn a_wrong_call_is_2() {
    let project = Project::new();
    assert!(project.call(&["sed", "m03"]).failed(2).contains("'seed'"));
    assert!(project.call(&["seed", "m04"]).failed(2).contains("there is no scenario `m04`"));
    assert!(project.call(&["seed", "m03", "--as-of", "2027-02-29"]).failed(2).contains("a day that exists"));
    assert!(project.call(&["seed", "m03", "--worker", "50"]).failed(2).contains("0..=49"));
    assert!(project.call(&["plan", "m03", "--db", "mysql:x"]).failed(2).contains("no adapter for `mysql`"));
}

#[test]
fn a_database_with_rows_and_no_mark_is_3_until_it_is_allowed() {
    let project = Project::new();
    project.migrate();
    project.sql(USER);
    let error = project.call(&["seed", "m03"]).failed(3);
    assert_eq!(
        error,
        "error[not-for-tests]: database `sqlite:pockitflyer_backend/db.sqlite3` is not marked for tests and is not \
         empty\n  users_user 1\nnothing was written\n\
         help: if tests may write here, say so once: seedbed allow pockitflyer_backend/db.sqlite3\n\
         help: or seed an empty database\n"
    );
    assert!(project.call(&["allow"]).failed(2).contains("help: seedbed allow pockitflyer_backend/db.sqlite3"));
    assert!(project.call(&["allow", "other.sqlite3"]).failed(2).contains("is not the name of this database"));
    project.call(&["allow", "db.sqlite3"]).done();
    let answer = project.call(&["seed", "m03"]).done();
    assert!(
        answer
            .starts_with("database  sqlite:pockitflyer_backend/db.sqlite3   marked for tests, 1 row of other people\n")
    );
    project.call(&["cleanup", "m01"]).done();
    assert_eq!(project.number("SELECT count(*) FROM users_user"), 1);
}

#[test]
fn the_help_of_a_refusal_can_be_typed_for_another_database_too() {
    let project = Project::new();
    project.migrate();
    project.sql(USER);
    std::fs::rename(project.path().join("pockitflyer_backend/db.sqlite3"), project.path().join("other.db")).unwrap();
    let error = project.call(&["seed", "m01", "--db", "other.db"]).failed(3);
    assert!(error.contains("say so once: seedbed allow other.db\n"), "{error}");
    assert_eq!(project.call(&["allow", "other.db"]).done(), "tests may write into sqlite:other.db\n");
    project.call(&["seed", "m01", "--db", "sqlite:other.db"]).done();
}

#[test]
fn somebody_with_a_personas_email_is_4() {
    let project = Project::new();
    project.migrate();
    project.sql(&USER.replace("anna@example.org", "test_user_power@pockitflyer.test"));
    project.call(&["allow", "db.sqlite3"]).done();
    let error = project.call(&["seed", "m03"]).failed(4);
    assert!(error.starts_with("error[rows-not-ours]: 1 row"), "{error}");
    // No reset would restore it.
    let told = project.call(&["verify", "m03"]).out;
    let names = "rows or files of other people are in the way, which `seedbed reset m03` names\n";
    assert!(told.ends_with(names), "{told}");
    assert!(error.contains("test_user_power@pockitflyer.test"), "{error}");
    assert!(error.contains("\nnothing was written\n"), "{error}");
}

#[test]
fn a_database_that_somebody_writes_to_is_5_after_the_time_that_was_set() {
    let project = Project::seeded("m01");
    project.prepend("seedbed.toml", "lock_timeout = \"1s\"\n");
    let other = project.database();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let error = project.call(&["seed", "m02"]).failed(5);
    assert!((1..10).contains(&started.elapsed().as_secs()));
    assert!(error.starts_with("waiting for another program that writes to sqlite:pockitflyer_backend/db"), "{error}");
    assert!(error.contains("\nerror[busy]: another program has been writing"), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    project.call(&["seed", "m02"]).done();
}

#[test]
fn a_missing_table_is_6() {
    let project = Project::new();
    project.migrate();
    project.sql("DROP TABLE flyers_favorite");
    let error = project.call(&["seed", "m03"]).failed(6);
    assert!(error.contains("there is no table `flyers_favorite`"), "{error}");
    assert!(error.contains(&format!("--> {M03}:")), "{error}");
    let end = "\n1 error; nothing was written\nhelp: apply your migrations to this database\n";
    assert!(error.ends_with(end), "{error}");
    project.call(&["seed", "m02"]).done();
}

#[test]
fn a_file_that_is_no_database_is_6() {
    let project = Project::new();
    std::fs::write(project.path().join("notes.txt"), "not a database, just some text that is long enough").unwrap();
    assert!(project.call(&["plan", "m01", "--db", "notes.txt"]).failed(6).contains("not a database"));
}

const USER: &str = "INSERT INTO users_user (password, is_superuser, username, first_name, last_name, is_staff, \
    is_active, date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at) VALUES ('', 0, 'anna', \
    '', '', 0, 1, '2020-01-01 00:00:00', 0, 'anna@example.org', 0, '2020-01-01 00:00:00', '2020-01-01 00:00:00');";
