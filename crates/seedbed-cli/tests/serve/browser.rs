//! A browser gets in by a key that works once, and its cookie by itself is not enough to write.

use crate::client::{Service, request};

fn cookie_for(service: &Service) -> String {
    let key = service.json("POST", "/v1/key", "{}")["key"].as_str().unwrap().to_owned();
    let headers =
        [("Host".to_owned(), service.host.clone()), ("Content-Type".to_owned(), "application/json".to_owned())];
    let exchange = || service.send(&request("POST", "/session", &headers, &format!("{{\"key\":\"{key}\"}}")));
    let reply = exchange();
    assert_eq!(reply.status, 200, "{reply:?}");
    let cookie = reply.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().to_owned();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    assert!(!cookie.contains(&service.token));
    // Whoever finds the key afterwards, in a history or a log, is too late.
    assert_eq!(exchange().status, 401);
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn a_key_lets_one_browser_in_once() {
    let service = Service::start();
    let cookie = cookie_for(&service);
    let host = ("Host".to_owned(), service.host.clone());
    let shown = ("Cookie".to_owned(), format!("other=1; {cookie}"));

    let reply = service.send(&request("GET", "/v1/plan", &[host, shown], ""));

    assert_eq!(reply.status, 200, "{reply:?}");
}

#[test]
fn a_cookie_writes_from_our_own_page_only() {
    let service = Service::start();
    let cookie = cookie_for(&service);
    let reset = |origin: Option<&str>| {
        let mut headers = service.usual_headers();
        headers.retain(|(name, _)| name != "Authorization");
        headers.push(("Cookie".to_owned(), cookie.clone()));
        headers.extend(origin.map(|origin| ("Origin".to_owned(), origin.to_owned())));
        service.send(&request("POST", "/v1/reset", &headers, "{}")).status
    };

    assert_eq!(reset(None), 403);
    assert_eq!(reset(Some("http://evil.example")), 403);
    assert_eq!(reset(Some(&format!("http://{}", service.host))), 200);
}

#[test]
fn the_page_is_for_who_is_in_and_everybody_else_finds_a_door() {
    let service = Service::start();
    let host = ("Host".to_owned(), service.host.clone());
    let page = |cookie: &str| {
        let shown = ("Cookie".to_owned(), cookie.to_owned());
        service.send(&request("GET", "/", &[host.clone(), shown], ""))
    };
    let (inside, outside) = (page(&cookie_for(&service)), page("seedbed_session=0"));

    assert_eq!((inside.status, outside.status), (200, 401));
    assert!(inside.body.contains("IN SYNC") && inside.body.contains("test_user_power@pockitflyer.test"));
    assert!(!outside.body.contains("pockitflyer"), "{outside:?}");
    for asset in ["/assets/page.css", "/assets/page.js"] {
        assert_eq!(service.send(&request("GET", asset, std::slice::from_ref(&host), "")).status, 200);
    }
    assert!(inside.head.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{inside:?}");
}

#[test]
fn the_page_compares_with_the_state_that_a_test_starts_from() {
    let service = Service::start();
    let state = || {
        let page = service.ask("GET", "/", "").body;
        let (_, state) = page.split_once("id=\"state\"").unwrap();
        let (_, state) = state.split_once('>').unwrap();
        state.split_once("<span class=\"tally\"").unwrap().0.replace("<strong>", "").replace("</strong>", "")
    };
    let reset = |body: &str| assert_eq!(service.ask("POST", "/v1/reset", body).status, 200);

    reset("{\"state\":\"empty\"}");
    assert!(state().starts_with("IN SYNC <span>with the state empty; beside the whole dataset: "), "{}", state());

    reset("{\"state\":\"no_engagement\"}");
    let whole = "with the state no_engagement; beside the whole dataset: 80 to insert";
    assert_eq!(state(), format!("IN SYNC <span>{whole}</span>"));
    service.project.sql("UPDATE users_user SET bio = 'hello' WHERE email = 'test_user_power@pockitflyer.test'");
    assert_eq!(state(), "CHANGED <span>beside the state no_engagement: 1 to change</span>");

    reset("{}");
    assert!(state().starts_with("IN SYNC <span>737 rows"), "{}", state());
}
