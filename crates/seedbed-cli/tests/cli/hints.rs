//! What a text says is typed next reaches the database, the worker and the rows that it was about.

use crate::support::{Answer, Project, called_in};

const ELSEWHERE: [&str; 10] =
    ["--db", "sqlite:o'ther.db", "--media", "my media", "--worker", "3", "--seed", "7", "--as-of", "2026-11-22"];
const TYPED: &str = r"--db 'sqlite:o'\''ther.db' --media 'my media' --worker 3 --seed 7 --as-of 2026-11-22";

/// Returns what a shell runs when somebody types this.
fn typed(project: &Project, line: &str) -> Answer {
    let program = env!("CARGO_BIN_EXE_seedbed");
    let shell = std::process::Command::new("sh")
        .args(["-c", &line.replacen("seedbed", program, 1)])
        .current_dir(project.path())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code: shell.status.code().unwrap(), out: text(shell.stdout), err: text(shell.stderr) }
}

#[test]
fn what_a_plan_says_to_type_goes_to_the_same_place() {
    let project = Project::new();
    let call = |args: &[&str]| project.call(&[args, &ELSEWHERE].concat());
    let told = call(&["plan", "m03"]).done();
    let seed = format!("seedbed seed m03 {TYPED}");
    assert!(told.ends_with(&format!("`{seed}` does it\n")), "{told}");

    typed(&project, &seed).done();
    assert!(call(&["plan", "m03", "--check"]).done().starts_with("in sync"));
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());

    let told = call(&["plan", "m03", "--state", "active_follows_nobody"]).done();
    let reset = format!("seedbed reset m03 --state active_follows_nobody {TYPED}");
    assert!(told.ends_with(&format!("`{reset}` does it\n")), "{told}");
    typed(&project, &reset).done();
    assert!(call(&["plan", "m03", "--state", "active_follows_nobody", "--check"]).done().starts_with("in sync"));
}

#[test]
fn the_help_of_a_check_and_of_an_error_names_the_worker() {
    let project = Project::seeded("m03");
    project.call(&["seed", "m03", "--worker", "2"]).done();
    project.sql("DELETE FROM flyers_favorite WHERE id > (SELECT max(id) - 3 FROM flyers_favorite)");
    let told = project.call(&["verify", "m03", "--worker", "2"]);
    assert!(told.out.ends_with("`seedbed reset m03 --worker 2` restores it\n"), "{}", told.out);
    let error = project.call(&["token", "power", "--worker", "9"]).failed(2);
    assert!(error.ends_with("help: seedbed seed m03 --worker 9\n"), "{error}");
    // Who may write is asked of the whole database.
    std::fs::rename(project.path().join("seedbed.toml"), project.path().join("my project.toml")).unwrap();
    project.sql("DELETE FROM seedbed_marker");
    let error = project.call(&["reset", "m03", "--config", "my project.toml", "--worker", "2"]).failed(3);
    let allow = "seedbed --config 'my project.toml' allow pockitflyer_backend/db.sqlite3";
    assert!(error.contains(&format!("say so once: {allow}\n")), "{error}");
    typed(&project, allow).done();
    let told = called_in(project.path(), &["plan", "m03", "--config", "my project.toml", "--worker", "2"]).done();
    assert!(told.ends_with("`seedbed --config 'my project.toml' seed m03 --worker 2` does it\n"), "{told}");
}
