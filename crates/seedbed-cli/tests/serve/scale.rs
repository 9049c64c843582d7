//! Further blocks over HTTP: asked for, told of while they are loaded, bounded, and left alone by resets.

use serde_json::{Value, json};

use crate::client::{Service, request};
use crate::support::Project;

const FAVORITES: &str = "SELECT count(*) FROM flyers_favorite";
/// The rows of m03 in a further block.
const BLOCK: u64 = 737;

/// Returns the lines of an answer as they came, the answer last.
fn lines(service: &Service, method: &str, target: &str, body: &str) -> Vec<Value> {
    let mut headers = service.usual_headers();
    headers.push(("Accept".to_owned(), "application/x-ndjson".to_owned()));
    let reply = service.send(&request(method, target, &headers, body));
    // A chunk begins with its length.
    reply.body.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object).collect()
}

#[test]
fn a_reset_leaves_further_rows_alone() {
    let service = Service::start();
    service.json("POST", "/v1/reset", "{}");
    assert_eq!(service.json("POST", "/v1/seed", r#"{"scale":"20"}"#)["dataset"]["scale"], 20);
    service.project.sql("DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3)");

    let undone = service.json("POST", "/v1/reset", "{}");

    assert_eq!((&undone["written"], &undone["dataset"]["scale"]), (&json!(true), &json!(20)));
    assert_eq!(service.project.number(FAVORITES), 20 * 50);
    let verified = service.project.call(&["verify", "m03"]).done();
    assert!(verified.contains("134 of 134 checks hold"), "{verified}");
    let plan = service.json("GET", "/v1/plan", "");
    assert_eq!((&plan["in_sync"], &plan["dataset"]["scale"]), (&json!(true), &json!(20)));
    assert!(service.ask("GET", "/", "").body.contains("IN SYNC"));
    // What is not asked for stays as it is.
    let again = service.json("POST", "/v1/seed", "{}");
    assert_eq!((&again["written"], &again["dataset"]["scale"]), (&json!(false), &json!(20)));

    service.project.sql("UPDATE users_user SET bio = 'x' WHERE username = 'test_user_power+b7'");
    service.json("POST", "/v1/reset", "{}");
    assert_eq!(service.json("GET", "/v1/plan", "")["in_sync"], false);
    service.json("POST", "/v1/seed", "{}");
    assert_eq!(service.json("GET", "/v1/plan", "")["in_sync"], true);
    assert_eq!(service.json("POST", "/v1/seed", r#"{"scale":"1"}"#)["dataset"]["scale"], 1);
    assert_eq!(service.project.number(FAVORITES), 50);
}

#[test]
fn long_work_tells_how_far_it_has_come() {
    let service = Service::start();
    let told = |method, target, body, doing: &str| {
        let mut lines = lines(&service, method, target, body);
        assert_eq!(lines.pop().unwrap()["exit_code"], 0);
        assert!(!lines.is_empty() && lines.len() < 100, "{lines:?}");
        for line in lines {
            let step = &line["progress"];
            assert_eq!((&step["doing"], &step["of"]), (&json!(doing), &json!(29 * BLOCK)), "{line}");
            assert!(step["table"].is_string() && step["done"].as_u64() <= step["of"].as_u64(), "{line}");
            for guess in ["rows_per_second", "seconds_left"] {
                assert!(step[guess].is_null() || step[guess].is_u64(), "{line}");
            }
        }
    };

    told("POST", "/v1/seed", r#"{"scale":"users=1000"}"#, "loading");
    told("GET", "/v1/plan", "", "comparing");
    // It is for programs: a terminal hears nothing of work that is quick.
    assert!(!service.log().contains("loading"), "{}", service.log());
}

#[test]
fn a_wrong_scale_is_said_as_in_a_terminal() {
    let service = Service::over(Project::new(), &["m03"]);
    let typed = |scale: &str| {
        let answer = service.project.call(&["seed", "m03", &format!("--scale={scale}"), "--format", "json"]);
        assert_eq!(answer.code, 2, "{}", answer.out);
        serde_json::from_str::<Value>(&answer.out).map_or(Value::Null, |error| error["error"]["message"].clone())
    };
    for (scale, rule) in [
        ("0", "wrong-call"),
        ("many", "wrong-call"),
        ("--help", "wrong-call"),
        ("users=", "wrong-call"),
        ("readers=5", "no-population"),
        ("999999999", "too-many-blocks"),
        ("1001", "scale-limit"),
        ("users=99999", "scale-limit"),
    ] {
        let body = json!({ "scale": scale }).to_string();
        let reply = service.ask("POST", "/v1/seed", &body);
        assert_eq!(reply.status, 400, "{scale}: {reply:?}");
        let error = &serde_json::from_str::<Value>(&reply.body).unwrap()["error"];
        assert_eq!(error["rule"], rule, "{scale}");
        if rule == "wrong-call" {
            assert!(error["message"].as_str().unwrap().contains("as users=100000"), "{error}");
        } else if rule != "scale-limit" {
            assert_eq!(error["message"], typed(scale));
        }
    }
    assert_eq!(service.ask("POST", "/v1/seed", r#"{"scale":3}"#).status, 400);
    assert_eq!(service.ask("GET", "/v1/plan?scale=0", "").status, 400);
    assert!(!service.project.path().join("pockitflyer_backend/db.sqlite3").exists());
    // A plan writes nothing, so it has no limit.
    let plan = service.json("GET", "/v1/plan?scale=2_000", "");
    let inserts = plan["plan"]["further"].as_array().unwrap().iter().map(|part| part["inserts"].as_u64().unwrap());
    assert_eq!(inserts.sum::<u64>(), 1_999 * BLOCK);
}

#[test]
fn a_service_seeds_as_much_as_it_is_told_at_its_start() {
    let service = Service::over(Project::seeded("m03"), &["--scale-limit", "3"]);

    let reply = service.ask("POST", "/v1/seed", r#"{"scale":"4"}"#);

    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("a scale of 4 is asked for, and this service seeds at most 3"), "{reply:?}");
    assert!(reply.body.contains("start it with `--scale-limit 4`"), "{reply:?}");
    assert_eq!(service.json("POST", "/v1/seed", r#"{"scale":"3"}"#)["dataset"]["scale"], 3);
    // What stands may be larger.
    service.project.call(&["seed", "m03", "--scale", "5"]).done();
    assert_eq!(service.json("POST", "/v1/seed", "{}")["dataset"]["scale"], 5);
}

#[test]
fn indexes_are_taken_away_where_it_is_true() {
    let service = Service::start();
    let parts = |answer: &Value| answer["plan"]["rebuild"]["parts"].as_array().map_or(0, Vec::len);

    assert!(parts(&service.json("GET", "/v1/plan?scale=2&rebuild=true", "")) > 0);
    assert_eq!(parts(&service.json("GET", "/v1/plan?scale=2&rebuild=false", "")), 0);
    assert!(parts(&service.json("POST", "/v1/seed", r#"{"scale":"2","rebuild":true}"#)) > 0);
    assert_eq!(parts(&service.json("POST", "/v1/seed", r#"{"scale":"3","rebuild":null}"#)), 0);

    for (method, target, body) in [
        ("POST", "/v1/seed", r#"{"rebuild":"true"}"#),
        ("POST", "/v1/seed", r#"{"rebuild":1}"#),
        ("GET", "/v1/plan?rebuild=1", ""),
        ("GET", "/v1/plan?rebuild", ""),
    ] {
        let reply = service.ask(method, target, body);
        assert!(reply.status == 400 && reply.body.contains("`rebuild` is true or false"), "{target}: {reply:?}");
    }
    let paths = &service.json("GET", "/v1/openapi.json", "")["paths"];
    let body = &paths["/v1/seed"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["properties"]["rebuild"]["type"], json!(["boolean", "null"]));
    let query = paths["/v1/plan"]["get"]["parameters"].as_array().unwrap();
    let rebuild = query.iter().find(|field| field["name"] == "rebuild").unwrap();
    assert_eq!(rebuild["schema"]["type"], "boolean");
}
