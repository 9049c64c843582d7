//! `manifest` and `token` in a terminal, and what their page says of them.

mod support;

use std::fs;

use support::{Project, repository};

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let page = fs::read_to_string(repository().join("docs/manifest.md")).unwrap();
    let project = Project::seeded("m03");
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    $ seedbed ")).collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        project.call(&command.split(' ').collect::<Vec<_>>()).done();
    }
    assert!(project.path().join("seedbed_m03.py").exists());
    let settings = fs::read_to_string(repository().join("seedbed.toml")).unwrap();
    assert!(settings.contains(r#"claims = {token_type = "access", user_id = "{key}", email = "{email}"}"#));
}

#[test]
fn the_digest_is_that_of_the_seeded_rows_and_no_database_is_made() {
    let project = Project::new();
    let manifest = project.json(&["manifest", "m03", "--worker", "2"]);
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());

    let seeded = project.json(&["seed", "m03", "--worker", "2"]);

    assert_eq!(manifest["digest"], seeded["dataset"]["digest"]);
    assert_eq!(manifest["expected"]["power"]["favorites_feed"]["scope"], "persona");
    assert_eq!(manifest["personas"]["power"]["email"], "test_user_power+w2@pockitflyer.test");
    let live = project.json(&["personas", "m03", "--worker", "2"]);
    for persona in live["personas"].as_array().unwrap() {
        let declared = &manifest["personas"][persona["name"].as_str().unwrap()];
        assert_eq!(declared["absent"], persona["absent"]);
        if persona["absent"] == false {
            assert_eq!(declared["id"], persona["key"][0]);
            assert_eq!(declared["counts"], persona["counts"]);
        }
    }
}

#[test]
fn what_verify_names_is_what_the_manifest_names() {
    let project = Project::seeded("m03");
    let manifest = project.json(&["manifest", "m03"]);
    let verified = project.json(&["verify", "m03"]);
    let checks = verified["report"]["checks"].as_array().unwrap();
    let mut named = 0;
    for check in checks.iter().filter(|check| !check["as"].is_null() && !check["witness"].is_null()) {
        let name = check["as"].as_str().unwrap();
        let witness = [&manifest["edges"][name], &manifest["rows"][name]].into_iter().find(|row| !row.is_null());
        let witness = witness.unwrap_or_else(|| panic!("`{name}` is not in the manifest"));
        assert_eq!((&witness["id"], &witness["name"]), (&check["witness"]["key"][0], &check["witness"]["label"]));
        named += 1;
    }
    let all = ["rows", "edges"].map(|part| manifest[part].as_object().unwrap().len());
    assert_eq!(named, all[0] + all[1]);
    assert!(named > 3);
}

#[test]
fn code_is_a_format_of_the_manifest_alone() {
    let answer = Project::new().call(&["plan", "m03", "--format", "ts"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("only `manifest` is written as code"), "{}", answer.err);
}

#[test]
fn a_token_is_for_a_seeded_row_that_is_there_and_the_secret_is_shown_nowhere() {
    let project = Project::new();
    let secret = "a secret of this test that nobody is to see";
    let key = project.path().join("pockitflyer_backend/development-only-secret-key");
    fs::write(&key, secret).unwrap();
    let refused = |says: &str, args: &[&str]| {
        for format in ["text", "json"] {
            let answer = project.call(&[args, &["--format", format]].concat());
            assert_eq!(answer.code, 2, "{}", answer.err);
            let said = answer.out + &answer.err;
            assert!(said.contains(says), "{said}");
            assert!(!said.contains("nobody is to see"), "{said}");
        }
    };
    refused("not-seeded", &["token", "power"]);
    project.call(&["seed", "m03"]).done();
    let token = project.call(&["token", "power"]).done();
    assert_eq!((token.lines().count(), token.split('.').count()), (1, 3));
    assert!(!token.contains("secret"));
    refused("absent-persona", &["token", "anonymous"]);
    refused("not-seeded", &["token", "power", "--worker", "3"]);
    project.sql("UPDATE users_user SET is_e2e_test_data = 0 WHERE username = 'test_user_power'");
    refused("seedbed reset m03", &["token", "power"]);
    fs::write(&key, "\n").unwrap();
    refused("no-secret", &["token", "active"]);
}
