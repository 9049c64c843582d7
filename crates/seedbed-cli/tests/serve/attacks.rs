//! The table of attacks: each is refused with its status, and nothing has changed.

use crate::client::{Service, request};

const RESET: &str = "/v1/reset";
const DAMAGE: &str = "DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3)";

/// What the attacks must not have changed: the damage is still there, and so is everything else.
fn standing(service: &Service) -> (i64, i64, i64) {
    let count = |table: &str| service.project.number(&format!("SELECT count(*) FROM {table}"));
    (count("flyers_favorite"), count("users_user"), count("seedbed_state"))
}

type Headers = Vec<(String, String)>;

/// Returns the usual headers without one, and with these.
fn with(service: &Service, without: &str, more: &[(&str, &str)]) -> Headers {
    let mut headers = service.usual_headers();
    headers.retain(|(name, _)| name != without);
    headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    headers
}

#[test]
fn attacks_are_refused_and_change_nothing() {
    let service = Service::start();
    service.project.sql(DAMAGE);
    let before = standing(&service);
    assert_eq!(before.0, 47);

    let token = service.token.clone();
    let host = service.host.clone();
    let port = host.rsplit_once(':').unwrap().1.to_owned();
    let bearer = |token: &str| format!("Bearer {token}");
    let wrong: String = token.chars().rev().collect();
    let own_origin = format!("http://{host}");

    let mut attacks: Vec<(&str, u16, String, Headers, &str)> = Vec::new();
    let mut attack = |name, status, target: &str, headers, body| {
        attacks.push((name, status, target.to_owned(), headers, body));
    };

    // Who it is.
    attack("no token", 401, RESET, with(&service, "Authorization", &[]), "{}");
    attack("a wrong token", 401, RESET, with(&service, "Authorization", &[("Authorization", &bearer(&wrong))]), "{}");
    attack(
        "a short token",
        401,
        RESET,
        with(&service, "Authorization", &[("Authorization", &bearer(&token[..32]))]),
        "{}",
    );
    attack("an empty token", 401, RESET, with(&service, "Authorization", &[("Authorization", "Bearer ")]), "{}");
    attack(
        "a longer token",
        401,
        RESET,
        with(&service, "Authorization", &[("Authorization", &bearer(&format!("{token}0")))]),
        "{}",
    );
    attack(
        "another scheme",
        401,
        RESET,
        with(&service, "Authorization", &[("Authorization", &format!("Basic {token}"))]),
        "{}",
    );
    attack("two tokens", 401, RESET, with(&service, "", &[("Authorization", &bearer(&token))]), "{}");
    attack(
        "the token in the query",
        401,
        &format!("{RESET}?token={token}"),
        with(&service, "Authorization", &[]),
        "{}",
    );
    attack(
        "the token in a cookie",
        401,
        RESET,
        with(&service, "Authorization", &[("Cookie", &format!("seedbed_session={token}"))]),
        "{}",
    );
    attack("the token in the body", 401, RESET, with(&service, "Authorization", &[]), "{\"token\":\"x\"}");
    attack("a key that was never handed out", 401, "/session", with(&service, "Authorization", &[]), "{\"key\":\"0\"}");

    // Whom it is meant for.
    attack("no host", 403, RESET, with(&service, "Host", &[]), "{}");
    attack("a wrong host", 403, RESET, with(&service, "Host", &[("Host", "evil.example")]), "{}");
    attack(
        "a host that is bound again to here",
        403,
        RESET,
        with(&service, "Host", &[("Host", &format!("evil.example:{port}"))]),
        "{}",
    );
    attack("another port", 403, RESET, with(&service, "Host", &[("Host", "127.0.0.1:1")]), "{}");
    attack("no port", 403, RESET, with(&service, "Host", &[("Host", "127.0.0.1")]), "{}");
    attack("any address", 403, RESET, with(&service, "Host", &[("Host", &format!("0.0.0.0:{port}"))]), "{}");
    attack("two hosts", 403, RESET, with(&service, "", &[("Host", &host)]), "{}");
    attack("two hosts, one of them wrong", 403, RESET, with(&service, "", &[("Host", "evil.example")]), "{}");
    attack("another host in the target", 403, "http://evil.example/v1/reset", with(&service, "", &[]), "{}");

    // Where it comes from.
    attack("a foreign origin", 403, RESET, with(&service, "", &[("Origin", "http://evil.example")]), "{}");
    attack("an opaque origin", 403, RESET, with(&service, "", &[("Origin", "null")]), "{}");
    attack("another port's origin", 403, RESET, with(&service, "", &[("Origin", "http://127.0.0.1:1")]), "{}");
    attack("our origin over TLS", 403, RESET, with(&service, "", &[("Origin", &format!("https://{host}"))]), "{}");
    attack(
        "two origins",
        403,
        RESET,
        with(&service, "", &[("Origin", &own_origin), ("Origin", "http://evil.example")]),
        "{}",
    );

    // What it says.
    attack(
        "a form",
        415,
        RESET,
        with(&service, "Content-Type", &[("Content-Type", "application/x-www-form-urlencoded")]),
        "worker=0",
    );
    attack("a text", 415, RESET, with(&service, "Content-Type", &[("Content-Type", "text/plain")]), "{}");
    attack("no type", 415, RESET, with(&service, "Content-Type", &[]), "{}");
    for (name, body) in [
        ("no body", ""),
        ("half an object", "{\"worker\":"),
        ("two objects", "{}{}"),
        ("a list", "[]"),
        ("a text as body", "\"reset\""),
        ("an unknown name", "{\"workers\":0}"),
        ("a flag", "{\"--db\":\"sqlite:other.sqlite3\"}"),
        ("a text as worker", "{\"worker\":\"0\"}"),
        ("a negative worker", "{\"worker\":-1}"),
        ("a broken worker", "{\"worker\":0.5}"),
        ("a worker too many", "{\"worker\":50}"),
        ("a huge worker", "{\"worker\":1e300}"),
        ("a number as scenario", "{\"scenario\":3}"),
        ("an unknown scenario", "{\"scenario\":\"m99\"}"),
        ("a flag as scenario", "{\"scenario\":\"--help\"}"),
        ("a path as scenario", "{\"scenario\":\"../../etc/passwd\"}"),
        ("an unknown state", "{\"state\":\"nowhere\"}"),
        ("a flag as state", "{\"state\":\"--quiet\"}"),
        ("an end of text in a state", "{\"state\":\"empty\\u0000\"}"),
        ("SQL as state", "{\"state\":\"empty'; DROP TABLE users_user; --\"}"),
    ] {
        attack(name, 400, RESET, with(&service, "", &[]), body);
    }
    let deep = Box::leak(format!("{{\"state\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000)).into_boxed_str());
    attack("a deep body", 400, RESET, with(&service, "", &[]), deep);
    let long = Box::leak(format!("{{\"state\":\"{}\"}}", "x".repeat(70_000)).into_boxed_str());
    attack("a long body", 413, RESET, with(&service, "", &[]), long);

    // Where to.
    for (target, status) in [
        ("/v1/nothing", 404),
        ("/v1/reset/", 404),
        ("//v1/reset", 404),
        ("/v1/../v1/reset", 404),
        ("/v1/%72eset", 404),
        ("/V1/RESET", 404),
        ("/v1/plan", 405),
        ("/v1/verify", 405),
        ("/v1/personas", 405),
    ] {
        attack(target, status, target, with(&service, "", &[]), "{}");
    }

    for (name, status, target, headers, body) in &attacks {
        let reply = service.send(&request("POST", target, headers, body));
        assert_eq!(reply.status, *status, "{name}: {reply:?}");
        assert_eq!(standing(&service), before, "{name}");
        assert!(!reply.head.to_lowercase().contains("access-control-allow"), "{name}: {reply:?}");
        let said: serde_json::Value = serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{name}: {reply:?}"));
        assert!(said["exit_code"].as_i64().is_some_and(|code| code >= 2), "{name}: {said}");
    }
    for target in ["/v1/reset", "/v1/seed", "/v1/cleanup", "/v1/key", "/session"] {
        for method in ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
            let reply = service.ask(method, target, "");
            assert_eq!(reply.status, 405, "{method} {target}: {reply:?}");
            assert!(reply.head.contains("allow: POST"), "{reply:?}");
        }
        assert_eq!(standing(&service), before, "{target}");
    }
    assert_eq!(service.ask("GET", "/v1/plan?worker=0&worker=1", "").status, 400);
    assert_eq!(service.ask("GET", "/v1/personas?state=empty", "").status, 400);

    // The one that may does.
    assert_eq!(service.json("POST", RESET, "{}")["plan"]["tables"][0]["inserts"].as_array().unwrap().len(), 3);
    assert_eq!(standing(&service).0, 50);
    let log = service.log();
    for secret in [token.as_str(), "TestPass123!", "pockitflyer.test"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn half_a_request_keeps_nobody_else_waiting() {
    use std::io::Write;

    let service = Service::start();
    let mut halves: Vec<_> = (0..20).map(|_| std::net::TcpStream::connect(&service.host).unwrap()).collect();
    for half in &mut halves {
        half.write_all(b"POST /v1/reset HTTP/1.1\r\nHost: ").unwrap();
    }
    let answer = service.json("GET", "/v1/plan", "");
    assert_eq!(answer["in_sync"], true);
}
