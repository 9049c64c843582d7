//! Forms of answers: objects, quiet, colour, `check`, `status`, `schema`.

use crate::support::{Project, masked};

#[test]
fn every_verb_answers_with_an_object() {
    let project = Project::new();
    let plan = project.json(&["plan", "m03"]);
    assert_eq!(plan["in_sync"], false);
    assert_eq!(plan["database"]["exists"], false);
    let seed = project.json(&["seed", "m03"]);
    assert_eq!(seed["dataset"]["scenarios"], serde_json::json!(["m01", "m02", "m03"]));
    assert_eq!((&seed["written"], &seed["database"]["new"]), (&true.into(), &true.into()));
    assert_eq!(project.json(&["seed", "m03"])["written"], false);
    assert_eq!(project.json(&["status"])["seeded"][2]["scenario"], "m03");
    assert_eq!(project.json(&["check"])["scenarios"][0]["failed"], serde_json::json!([]));
    assert_eq!(project.json(&["reset", "m03"])["plan"]["rows_as_declared"], 737);
    assert_eq!(project.json(&["cleanup", "m03"])["dataset"]["scenarios"], serde_json::json!(["m03"]));
    assert_eq!(project.json(&["allow", "db.sqlite3"])["database"]["may_write"], true);
    let schema: serde_json::Value = serde_json::from_str(&project.call(&["schema", "--project"]).done()).unwrap();
    assert!(schema.to_string().contains("\"power\""));
}

#[test]
fn an_error_is_an_object_with_its_places() {
    let project = Project::new();
    let file = "pockitflyer_backend/users/fixtures/m03_engagement_scenarios.json";
    let line = project.replace(file, "{\"users\": [\"power\"]}", "{\"users\": [\"powr\"]}");
    let answer = project.json(&["check", "m03"]);
    assert_eq!(answer["exit_code"], 2);
    assert_eq!(answer["error"]["rule"], "unknown-row");
    assert_eq!(answer["error"]["problems"][0]["places"][0]["line"], line);
    assert_eq!(answer["error"]["problems"][0]["help"][0], "did you mean `power`?");
}

#[test]
fn quiet_prints_errors_only() {
    let project = Project::new();
    assert_eq!(project.call(&["seed", "m01", "--quiet"]).done(), "");
    assert!(project.call(&["seed", "m9", "--quiet"]).failed(2).starts_with("error[unknown-scenario]"));
}

#[test]
fn colour_is_used_where_it_is_asked_for() {
    let project = Project::new();
    assert!(!project.call(&["check", "m01"]).done().contains('\u{1b}'));
    assert!(project.call(&["check", "m01", "--color", "always"]).done().contains('\u{1b}'));
    assert!(project.call(&["seed", "m9", "--color", "always"]).failed(2).contains('\u{1b}'));
}

#[test]
fn check_opens_no_database_and_counts_seeds() {
    let project = Project::new();
    let answer = masked(&project.call(&["check", "m03", "--seeds", "5"]).done());
    assert_eq!(
        answer,
        "m03  engagement     80 rows    0 files  44 facts   5 of 5 seeds solved in <time>\n\
         1 scenario; no database was opened\n"
    );
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());
}

#[test]
fn paths_are_shown_from_where_the_command_was_typed() {
    let project = Project::seeded("m01");
    let folder = project.path().join("pockitflyer_backend/users");
    let call = std::process::Command::new(env!("CARGO_BIN_EXE_seedbed")).arg("status").current_dir(folder).output();
    let answer = String::from_utf8(call.unwrap().stdout).unwrap();
    assert!(answer.starts_with("database  sqlite:../db.sqlite3   marked for tests when it was empty"), "{answer}");
}

#[test]
fn a_dry_run_is_the_plan() {
    let project = Project::new();
    let dry = masked(&project.call(&["seed", "m03", "--dry-run"]).done());
    assert_eq!(dry, masked(&project.call(&["plan", "m03"]).done()));
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());
}

#[test]
fn personas_and_what_they_lead_to_are_shown() {
    let project = Project::seeded("m03");
    let personas = project.call(&["personas", "m03"]).done();
    assert!(personas.contains("\npower        many favorites, many follows\n"), "{personas}");
    assert!(personas.contains("test_user_power@pockitflyer.test  password TestPass123!  id 1200009003"), "{personas}");
    assert!(personas.contains("\nanonymous    no account, no token\n"), "{personas}");
    let shown = project.call(&["show", "prolific", "favorites.flyer"]).done();
    assert!(shown.starts_with("prolific favorites.flyer: 2 rows of flyers_flyer\n  11000"), "{shown}");
    assert_eq!(project.json(&["show", "new", "favorites"])["shown"]["rows"], serde_json::json!([]));
    assert!(project.call(&["show", "powr", "favorites"]).failed(2).contains("no persona or row `powr`"));
    assert_eq!(project.json(&["verify", "m03"])["holds"], true);
}
