//! `run`: a command with seeded workers and a service beside it.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::client::signal;
use crate::support::Project;

/// Waits for a file that a command makes.
fn await_file(path: &std::path::Path) -> String {
    for _ in 0..600 {
        if let Ok(text) = fs::read_to_string(path)
            && text.ends_with('\n')
        {
            return text;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{} was not made", path.display());
}

#[test]
fn the_command_finds_seeded_workers_and_its_code_is_returned() {
    let project = Project::new();
    let script = "echo $SEEDBED_SCENARIO $SEEDBED_WORKERS ${#SEEDBED_TOKEN} >said; \
                  test \"$SEEDBED_URL\" = \"$MAESTRO_SEEDBED_URL\" && test \"$SEEDBED_TOKEN\" = \"$MAESTRO_SEEDBED_TOKEN\" \
                  && echo from the command && exit 7";

    let answer = project.call(&["run", "m03", "--workers", "2", "--", "sh", "-c", script]);

    assert_eq!(answer.code, 7, "{}", answer.err);
    assert_eq!(answer.out, "from the command\n");
    assert_eq!(project.read("said"), "m03 2 64\n");
    assert_eq!(project.number("SELECT count(*) FROM users_user"), 2 * 54);
    assert!(answer.err.contains("134 of 134 checks hold"), "{}", answer.err);
    assert!(answer.err.contains("the command ended with 7"), "{}", answer.err);
    let reports = ["index.html", "junit.xml", "summary.md"].map(|file| project.read(&format!("seedbed-report/{file}")));
    assert!(reports.iter().all(|report| !report.contains("TestPass123!")));
    let left: Vec<_> = fs::read_dir(project.path().join(".seedbed")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "the token file is gone: {left:?}");
}

#[test]
fn worker_0_is_seeded_at_a_scale_and_the_others_beside_it() {
    let project = Project::new();
    let answer = project.call(&["run", "m03", "--workers", "2", "--scale", "20", "--rebuild", "--", "true"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.err.contains("scale 20") && answer.err.contains("worker 1: verified"), "{}", answer.err);
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 21 * 50);
    let scale =
        |worker: &str| project.json(&["plan", "m03", "--worker", worker, "--check"])["dataset"]["scale"].clone();
    assert_eq!((scale("0"), scale("1")), (20.into(), 1.into()));
    assert!(project.read("seedbed-report/summary.md").contains("134"));

    let wrong = project.call(&["run", "m03", "--scale", "0", "--", "touch", "begun"]).failed(2);
    assert!(wrong.contains("as users=100000"), "{wrong}");
}

#[test]
fn a_request_to_end_ends_a_long_load_at_once() {
    let project = Project::seeded("m03");
    let mut child = Command::new(env!("CARGO_BIN_EXE_seedbed"))
        .args(["run", "m03", "--scale", "20000", "--", "touch", "begun"])
        .current_dir(project.path())
        .stderr(fs::File::create(project.path().join("told")).unwrap())
        .spawn()
        .unwrap();
    // A line is told after five seconds, so it is in the middle then.
    await_file(&project.path().join("told"));

    // Ctrl-C does the same where it is heard: a shell has what runs behind it not hear it.
    signal(&child, Signal::TERM);

    assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 50);
    assert!(!project.path().join("begun").exists() && !project.path().join(".seedbed").exists());
}

#[test]
fn a_command_that_dies_is_told_as_a_shell_does() {
    let project = Project::seeded("m03");
    let answer = project.call(&["run", "m03", "--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(answer.code, 128 + 9, "{}", answer.err);
}

#[test]
fn a_command_that_is_not_there_is_said() {
    let project = Project::seeded("m03");
    let answer = project.call(&["run", "m03", "--", "no-such-command"]);
    assert_eq!(answer.code, 6);
    assert!(answer.err.contains("error[no-command]: while starting `no-such-command`"), "{}", answer.err);
}

#[test]
fn a_command_or_a_report_that_cannot_be_is_said_before_anything_is_written() {
    let project = Project::new();
    fs::write(project.path().join("no-script"), "not executable").unwrap();
    for (args, rule) in [
        (["run", "m03", "--", "no-such-command"].as_slice(), "no-command"),
        (&["run", "m03", "--", "./no-script"], "no-command"),
        (&["run", "m03", "--", "./seedbed.toml/x"], "no-command"),
        (&["run", "m03", "--report", "seedbed.toml/out", "--", "true"], "report-not-written"),
        (&["run", "m03", "--report", "/proc/nope", "--", "true"], "report-not-written"),
    ] {
        let error = project.call(args).failed(6);
        assert!(error.starts_with(&format!("error[{rule}]")) && error.contains("nothing was written"), "{error}");
        assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists(), "{args:?}");
        assert!(!project.path().join("seedbed-report").exists(), "{args:?}");
    }
}

#[test]
fn what_fails_after_seeding_does_not_say_that_nothing_was_written() {
    let project = Project::new();
    // Executable, and no program: only starting it shows that.
    let file = project.path().join("odd");
    fs::write(&file, "\u{7f}ELF, but not really").unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    let error = project.call(&["run", "m03", "--", "./odd"]);

    assert_eq!(error.code, 8, "{}", error.err);
    assert!(error.err.contains("error[no-command]") && !error.err.contains("nothing was written"), "{}", error.err);
    assert_eq!(project.number("SELECT count(*) FROM flyers_favorite"), 50);
    // Where all stood before, nothing was written this time.
    assert_eq!(project.call(&["run", "m03", "--", "./odd"]).code, 6);
}

#[test]
fn the_command_does_not_begin_where_seeding_fails() {
    let project = Project::new();
    let answer = project.call(&["run", "m99", "--", "touch", "begun"]);
    assert_eq!(answer.code, 2);
    assert!(!project.path().join("begun").exists());
}

#[test]
fn ctrl_c_goes_to_the_command_and_its_end_is_waited_for() {
    for (sent, name) in [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::HUP, "HUP")] {
        let project = Project::seeded("m03");
        let script = format!("trap 'echo told >told; exit 3' {name}; echo begun >begun; while :; do sleep 0.1; done");
        let mut child = Command::new(env!("CARGO_BIN_EXE_seedbed"))
            .args(["run", "m03", "--", "sh", "-c", &script])
            .current_dir(project.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        await_file(&project.path().join("begun"));

        signal(&child, sent);

        assert_eq!(child.wait().unwrap().code(), Some(3), "{name}");
        assert_eq!(project.read("told"), "told\n");
        assert_eq!(fs::read_dir(project.path().join(".seedbed")).unwrap().count(), 1, "the token file is gone");
    }
}
