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

#[test]
fn a_verb_tells_its_own_formats() {
    let project = Project::new();
    let formats = |args: &[&str]| {
        let told = project.call(args);
        let text = told.out + &told.err;
        text.split("[possible values: ").nth(1).unwrap_or(&text).split(']').next().unwrap().to_owned()
    };
    let wrong = |verb: &str| formats(&[verb, "m03", "--format", "xx"]);
    assert_eq!(wrong("manifest"), "text, json, ts, py, dart");
    assert!(wrong("export").starts_with("csv, jsonl, sql"), "{}", wrong("export"));
    assert_eq!(wrong("seed"), "text, json");
    assert!(project.call(&["manifest", "-h"]).done().contains("[possible values: text, json, ts, py, dart]"));
    assert!(!project.call(&["export", "-h"]).done().contains("text, json"));
    assert!(project.call(&["manifest", "m03", "--format", "ts"]).done().contains("export function"));
    assert!(project.call(&["--format", "ts", "manifest", "m03"]).done().contains("export function"));
}

#[test]
fn a_verb_that_is_not_about_one_worker_refuses_to_be_told_one() {
    let project = Project::new();
    for (args, instead) in [
        (["status", "--worker", "3"].as_slice(), "it tells of all"),
        (&["--worker", "0", "status"], "it tells of all"),
        (&["serve", "m03", "--worker", "3"], "a request says its `worker`"),
        (&["run", "m03", "--worker", "3", "--", "true"], "--workers says how many are seeded"),
    ] {
        let error = project.call(args).failed(2);
        assert!(error.contains("does not understand --worker") && error.contains(instead), "{error}");
        let verb = args.iter().find(|word| ["status", "serve", "run"].contains(word)).unwrap();
        assert!(!project.call(&[verb, "-h"]).done().contains("--worker "), "{verb}");
    }
    project.call(&["status"]).done();
}

#[test]
fn a_failing_fact_without_an_id_is_named_by_its_words() {
    let project = Project::new();
    let file = "pockitflyer_backend/users/fixtures/m03_engagement_scenarios.json";
    let text = project.read(file);
    let at = text.find("\"id\": \"C3\"").expect("there is a fact C3");
    let end = at + text[at..].find(',').unwrap() + 1;
    std::fs::write(project.path().join(file), text[..at].to_owned() + text[end..].trim_start()).unwrap();
    project.call(&["seed", "m03"]).done();
    project.sql("DELETE FROM flyers_favorite WHERE id = (SELECT max(id) FROM flyers_favorite)");
    let told = project.call(&["verify", "m03"]).out;
    let reasons = told.lines().rev().nth(1).unwrap();
    assert!(reasons.contains("`50 favorites`") && !reasons.starts_with(' ') && !reasons.contains(", ,"), "{told}");
    assert_eq!(project.call(&["report", "m03", "--junit", "a.xml"]).code, 1);
    assert!(project.read("a.xml").contains("name=\"50 favorites\""));
}

#[test]
fn status_knows_the_scale_and_all_rows_that_stand() {
    let project = Project::new();
    project.call(&["seed", "m03", "--scale", "3"]).done();
    let status = project.json(&["status"]);
    let seeded = &status["seeded"][2];
    assert_eq!((&seeded["scenario"], &seeded["scale"]), (&"m03".into(), &3.into()));
    let rows: i64 = status["seeded"].as_array().unwrap().iter().map(|one| one["rows"].as_i64().unwrap()).sum();
    let stand = ["users_user", "users_profile", "users_privacysettings", "flyers_flyer", "flyers_flyerimage"]
        .iter()
        .chain(&["flyers_favorite", "users_follow"])
        .map(|table| project.number(&format!("SELECT count(*) FROM {table}")))
        .sum::<i64>();
    assert_eq!(rows, stand);
    let text = project.call(&["status"]).done();
    assert!(text.contains("seed 1   scale 3   240 rows"), "{text}");
}
