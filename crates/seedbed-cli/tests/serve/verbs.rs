//! The verbs over HTTP answer what they answer in a terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::thread;

use serde_json::Value;

use crate::client::{Service, reply, request};
use crate::support::{Project, repository};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_token_is_in_a_file_for_its_owner_alone_and_goes_with_the_service() {
    let mut service = Service::start();
    assert_eq!(service.token.len(), 64);
    assert_eq!(mode(&service.token_file), 0o600);
    assert!(service.token_file.starts_with(service.project.path().join(".seedbed")));
    assert_eq!(service.project.read(".seedbed/.gitignore"), "*\n");

    assert_eq!(service.interrupt(), Some(0));

    assert!(!service.token_file.exists());
}

#[test]
fn answers_are_those_of_the_command_line() {
    let service = Service::start();
    let same = |verb: &str, args: &[&str], target: &str| {
        let mut typed = service.project.json(args);
        let mut asked = service.json("GET", target, "");
        for answer in [&mut typed, &mut asked] {
            answer.as_object_mut().unwrap().remove("milliseconds");
        }
        assert_eq!(typed, asked, "{verb}");
    };

    same("status", &["status"], "/v1/status");
    same("plan", &["plan", "m03"], "/v1/plan");
    same("plan", &["plan", "m02"], "/v1/plan?scenario=m02");
    same("verify", &["verify", "m03"], "/v1/verify");
    same("personas", &["personas", "m03"], "/v1/personas");
    same("manifest", &["manifest", "m03", "--worker", "3"], "/v1/manifest?worker=3");
    same("show", &["show", "power", "favorites"], "/v1/show?persona=power&relation=favorites");
}

#[test]
fn a_token_is_handed_out_for_a_seeded_persona_only() {
    let service = Service::start();
    let asked = |body: &str| service.json("POST", "/v1/token", body);
    let token = asked(r#"{"persona":"power","ttl":60}"#);
    assert_eq!((&token["persona"], &token["kind"], &token["exit_code"]), (&"power".into(), &"valid".into(), &0.into()));
    assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(asked(r#"{"persona":"power","kind":"malformed"}"#)["expires_at"], Value::Null);

    let handed_out = token["token"].as_str().unwrap();
    assert!(!service.log().contains(handed_out));
    for (body, rule) in [
        (r#"{"persona":"anonymous"}"#, "absent-persona"),
        (r#"{"persona":"power","worker":9}"#, "not-seeded"),
        (r#"{"persona":"power","kind":"stolen"}"#, "wrong-call"),
        (r#"{"persona":"power","ttl":0}"#, "wrong-call"),
        ("{}", "wrong-call"),
    ] {
        let reply = service.ask("POST", "/v1/token", body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.body.contains(&format!("\"rule\":\"{rule}\"")), "{}", reply.body);
    }
}

#[test]
fn every_operation_of_the_document_is_there() {
    let service = Service::start();
    let document = service.json("GET", "/v1/openapi.json", "");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 10, "{paths:?}");

    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            // An unknown name is refused by what is there, before anything is done.
            let method = method.to_uppercase();
            let target = if method == "GET" { format!("{path}?nobody=knows") } else { path.clone() };
            let reply = service.ask(&method, &target, if method == "GET" { "" } else { "{\"nobody\":\"knows\"}" });
            let wanted = if path == "/v1/openapi.json" { 200 } else { 400 };
            assert_eq!(reply.status, wanted, "{method} {path}: {reply:?}");
        }
    }
}

#[test]
fn the_documentation_lists_every_operation() {
    let service = Service::start();
    let document = service.json("GET", "/v1/openapi.json", "");
    let mut documented: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        documented
            .extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    documented.sort();

    let page = fs::read_to_string(repository().join("docs/serve.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")).map(|row| row.split('`').next().unwrap());
    let mut listed: Vec<String> =
        rows.filter(|row| row.starts_with("GET ") || row.starts_with("POST ")).map(str::to_owned).collect();
    listed.sort();
    assert_eq!(documented, listed);
}

#[test]
fn a_reset_returns_what_it_undid() {
    let service = Service::start();
    service.project.sql("UPDATE flyers_flyer SET title = 'damaged' WHERE id = (SELECT min(id) FROM flyers_flyer)");

    let undone = service.json("POST", "/v1/reset", "{}");

    assert_eq!(undone["written"], true);
    assert_eq!(undone["plan"]["tables"][0]["updates"][0]["changes"][0]["before"], "damaged");
    assert_eq!(service.json("GET", "/v1/plan", "")["in_sync"], true);
    assert_eq!(service.json("POST", "/v1/reset", "{}")["written"], false);
}

#[test]
fn a_state_is_started_from_and_left_again() {
    let service = Service::start();
    let follows = || service.project.number("SELECT count(*) FROM users_follow");
    service.json("POST", "/v1/reset", "{\"state\":\"no_engagement\"}");
    assert_eq!(follows(), 0);
    assert_eq!(service.json("GET", "/v1/plan?state=no_engagement", "")["in_sync"], true);
    assert_eq!(service.json("GET", "/v1/plan", "")["in_sync"], false);

    service.json("POST", "/v1/reset", "{}");
    assert_eq!(follows(), 30);
    assert_eq!(service.json("GET", "/v1/plan", "")["in_sync"], true);
}

#[test]
fn a_missing_worker_is_seeded_on_its_first_reset() {
    let service = Service::start();
    let answer = service.json("POST", "/v1/reset", "{\"worker\":7}");

    assert_eq!(answer["dataset"]["worker"], 7);
    assert_eq!(service.project.number("SELECT count(*) FROM users_user"), 2 * 54);
    assert_eq!(service.json("GET", "/v1/plan?worker=7", "")["in_sync"], true);
    assert_eq!(service.json("GET", "/v1/plan", "")["in_sync"], true);
}

#[test]
fn workers_reset_at_once_and_a_worker_one_after_the_other() {
    let service = Service::start();
    thread::scope(|scope| {
        for worker in [0, 1, 2, 3, 0, 1, 2, 3] {
            let service = &service;
            scope.spawn(move || service.json("POST", "/v1/reset", &format!("{{\"worker\":{worker}}}")));
        }
    });
    for worker in 0..4 {
        assert_eq!(service.json("GET", &format!("/v1/plan?worker={worker}"), "")["in_sync"], true);
    }
}

#[test]
fn what_is_told_meanwhile_comes_as_lines() {
    let service = Service::over(Project::new(), &["m03"]);
    let mut headers = service.usual_headers();
    headers.push(("Accept".to_owned(), "application/x-ndjson".to_owned()));

    let reply = service.send(&request("POST", "/v1/seed", &headers, "{\"scenario\":\"m01\"}"));

    assert!(reply.head.contains("content-type: application/x-ndjson"), "{reply:?}");
    // A chunk begins with its length.
    let lines: Vec<Value> = reply.body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let last = lines.iter().rfind(|line| line.is_object()).unwrap();
    assert_eq!(last["dataset"]["scenarios"][0], "m01");
    assert_eq!(last["exit_code"], 0);
}

#[test]
fn a_database_that_is_not_for_tests_is_refused() {
    let project = Project::new();
    project.migrate();
    project.sql(
        "INSERT INTO users_user (id, password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, \
         username, email, email_verified, created_at, updated_at, is_e2e_test_data) VALUES (1, '', 0, '', '', 0, 1, \
         '2026-01-01', 'anna', 'anna@example.org', 0, '2026-01-01', '2026-01-01', 0)",
    );
    let service = Service::over(project, &[]);

    let reply = service.ask("POST", "/v1/seed", "{}");

    assert_eq!(reply.status, 403, "{reply:?}");
    assert!(reply.body.contains("not-for-tests"), "{reply:?}");
    assert_eq!(service.project.number("SELECT count(*) FROM users_user"), 1);
}

#[test]
fn a_socket_is_for_its_owner_alone() {
    use std::io::Write;

    let project = Project::seeded("m03");
    let path = project.path().join("service.sock");
    let mut service = Service::over(project, &["--socket", "service.sock"]);
    assert_eq!(service.host, path.display().to_string());
    assert_eq!(mode(&path), 0o600);
    let plan = |host: &str| {
        let mut headers = service.usual_headers();
        headers.retain(|(name, _)| name != "Host");
        headers.push(("Host".to_owned(), host.to_owned()));
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(&request("GET", "/v1/plan", &headers, "")).unwrap();
        reply(stream).status
    };

    assert_eq!(plan("localhost"), 200);
    assert_eq!(plan("evil.example"), 403);

    assert_eq!(service.interrupt(), Some(0));
    assert!(!path.exists());
}

#[test]
fn a_port_that_is_taken_is_said() {
    let service = Service::start();
    let port = service.host.rsplit_once(':').unwrap().1;

    let answer = service.project.call(&["serve", "--port", port]);

    assert_eq!(answer.code, 6);
    assert!(answer.err.starts_with("error[cannot-listen]: while listening at 127.0.0.1:"), "{}", answer.err);
}

#[test]
fn what_an_answer_says_to_type_names_the_database_and_the_worker() {
    let service = Service::over(Project::new(), &["--db", "sqlite:other.db"]);
    let reply = service.ask("POST", "/v1/token", r#"{"persona": "power", "worker": 2}"#);
    let error: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(error["error"]["help"][0], "seedbed seed m03 --db sqlite:other.db --worker 2", "{error}");
}

#[test]
fn a_name_that_stands_twice_in_a_body_is_refused() {
    let service = Service::start();
    let reply = service.ask("POST", "/v1/cleanup", r#"{"worker": 1, "worker": 0}"#);
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(reply.body.contains("`worker` is said twice"), "{reply:?}");
}

#[test]
fn a_file_of_somebody_else_is_no_place_for_a_token_or_a_socket() {
    let project = Project::seeded("m03");
    let env = project.path().join(".env");
    // Others may read it; it has another text; it has another length.
    for (text, rights) in [("a".repeat(64), 0o644), ("KEY=value".to_owned(), 0o600), ("g".repeat(64), 0o600)] {
        fs::write(&env, text.clone() + "\n").unwrap();
        fs::set_permissions(&env, fs::Permissions::from_mode(rights)).unwrap();
        for (flag, wanted) in [("--token-file", "is no token of an earlier start"), ("--socket", "is no socket")] {
            let error = project.call(&["serve", "m03", flag, ".env"]).failed(6);
            assert!(error.contains(wanted) && error.contains("help: name another"), "{error}");
            assert_eq!(fs::read_to_string(&env).unwrap(), text.clone() + "\n");
        }
    }
    // What an earlier start left is replaced, and what came in its place since stays.
    fs::write(&env, "a".repeat(64) + "\n").unwrap();
    let mut service = Service::over(project, &["--token-file", ".env"]);
    assert_ne!(service.token, "a".repeat(64));
    fs::write(&env, "KEY=value\n").unwrap();
    service.interrupt();
    assert_eq!(fs::read_to_string(&env).unwrap(), "KEY=value\n");
}
