//! `report`: what `verify` found, as files. Each is read by somebody else's reader.

use roxmltree::{Document, Node};
use serde_json::json;

use crate::support::{Project, called_in, repository};

const DAMAGE: &str = "DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3);
    UPDATE flyers_flyer SET title = 'a | b & <c>' || char(7) WHERE id = 1100000017;";

fn read(project: &Project, file: &str) -> String {
    std::fs::read_to_string(project.path().join(file)).unwrap()
}

fn number(node: Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).unwrap().parse().unwrap()
}

/// Reads the XML as a CI server does, and compares the numbers that it says with what is in there.
fn suites(text: &str) -> (usize, usize, usize) {
    let document = Document::parse(text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for suite in root.children().filter(Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        let cases: Vec<Node<'_, '_>> = suite.children().filter(Node::is_element).collect();
        let with = |name: &str| cases.iter().filter(|case| case.children().any(|node| node.has_tag_name(name))).count();
        for case in &cases {
            assert_eq!((case.tag_name().name(), case.attribute("classname")), ("testcase", suite.attribute("name")));
            assert!(case.attribute("name").is_some_and(|name| !name.is_empty()));
        }
        assert_eq!(number(suite, "tests"), cases.len());
        assert_eq!((number(suite, "failures"), number(suite, "skipped")), (with("failure"), with("skipped")));
        tests += cases.len();
        failures += with("failure");
        skipped += with("skipped");
    }
    assert_eq!((number(root, "tests"), number(root, "failures")), (tests, failures));
    (tests, failures, skipped)
}

#[test]
fn a_report_has_a_case_per_check_and_fails_where_verify_does() {
    let project = Project::seeded("m03");
    let checks = |answer: &serde_json::Value| answer["report"]["checks"].as_array().unwrap().len();
    let answer = project.json(&["report", "m03", "--junit", "out/junit.xml"]);
    assert_eq!((&answer["exit_code"], &answer["files"]), (&json!(0), &json!(["out/junit.xml"])));
    let (tests, failures, skipped) = suites(&read(&project, "out/junit.xml"));
    // Rows and files as a whole are a case of their own.
    assert_eq!((tests, failures, skipped), (checks(&answer) + 1, 0, 4));

    project.sql(DAMAGE);
    let answer = project.json(&["report", "m03", "--junit", "out/junit.xml"]);
    assert_eq!(answer["exit_code"], 1);
    let failing = answer["report"]["checks"].as_array().unwrap().iter().filter(|one| one["verdict"] == "fails").count();
    let text = read(&project, "out/junit.xml");
    assert!(failing > 0);
    assert_eq!(suites(&text).1, failing + 1);
    let document = Document::parse(&text).unwrap();
    let said = |message: &str| document.descendants().find(|node| node.attribute("message") == Some(message));
    let favorites = said("declared 50, counted 47").unwrap();
    assert!(favorites.text().unwrap().contains("is no longer there"), "{favorites:?}");
    let rows = said("3 to insert, 1 to change").unwrap();
    assert!(rows.text().unwrap().contains("a | b & <c>"), "{rows:?}");
}

#[test]
fn markdown_says_the_state_first_then_what_fails_then_the_rows() {
    let project = Project::seeded("m03");
    project.call(&["report", "m03", "--markdown", "summary.md"]).done();
    let text = read(&project, "summary.md");
    assert!(text.starts_with("### Seedbed: m03 is IN SYNC\n\n737 rows and 382 files as declared."), "{text}");
    assert!(text.contains("\n| m03 engagement | "), "{text}");
    assert!(text.len() < 1_000);

    project.sql(DAMAGE);
    assert_eq!(project.call(&["report", "m03", "--markdown", "summary.md"]).code, 1);
    let text = read(&project, "summary.md");
    assert!(text.starts_with("### Seedbed: m03 is CHANGED\n\n3 to insert, 1 to change."), "{text}");
    let places = [
        "| what does not hold |",
        "| C3 50 favorites | 50 | 47 |",
        "| scenario | checks |",
        "```text\n",
        "+ flyers\\_favorite",
    ];
    let found: Vec<Option<usize>> = places[..4].iter().map(|part| text.find(part)).collect();
    assert!(found.is_sorted() && found.iter().all(Option::is_some), "{found:?} {text}");
    assert!(text.contains("  + flyers_favorite  3  insert"), "{text}");
}

#[test]
fn the_page_is_one_file_without_a_password_a_token_or_anything_that_fetches() {
    let project = Project::seeded("m03");
    project.sql("UPDATE users_user SET password = 'pbkdf2_sha256$1$somebody' WHERE username = 'test_user_power'");
    assert_eq!(project.call(&["report", "m03", "--html", "page.html"]).code, 1);
    let text = read(&project, "page.html");
    assert!(text.contains("differs; it is not shown"));
    for secret in ["TestPass123!", "pbkdf2", "eyJ", "<script", "<button", "http://127", "https://"] {
        assert!(!text.contains(secret), "{secret}");
    }
    // An icon is data; an address of SVG is a name.
    let fetched = ["src=\"", "url(http", "@import"].iter().filter(|part| text.contains(**part)).count();
    assert_eq!(fetched, 0);
    for section in
        ["id=\"state\"", "id=\"changes\"", "id=\"checks\"", "id=\"lists\"", "id=\"special\"", "id=\"pictures\""]
    {
        assert!(text.contains(section), "{section}");
    }
}

/// Three people with a stored password, a token and a name, seeded and damaged.
fn people_with_secrets() -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("seedbed.toml", "database = \"sqlite:db.sqlite3\"\nschema = \"schema.sql\"\nscenarios = [\"people.yaml\"]\n");
    put(
        "schema.sql",
        "CREATE TABLE people (id integer PRIMARY KEY AUTOINCREMENT, name text, pass text, \"accessToken\" text UNIQUE);",
    );
    put(
        "people.yaml",
        "scenario: people\nabout: people who log in\nlayer: 1\npopulations:\n  people:\n    table: people\n    rows: [anna, ben, cora]\n    \
         columns: {name: \"{row}\", accessToken: \"DECLARED-token-{row}{copy}\", pass: {password: TestPass123!, hash: bcrypt, cost: 4}}\n",
    );
    called_in(folder.path(), &["seed", "people"]).done();
    let database = rusqlite::Connection::open(folder.path().join("db.sqlite3")).unwrap();
    let damage = "UPDATE people SET pass = 'plain-live-pw', \"accessToken\" = 'LIVE-token-' || id, name = 'seen' \
                  WHERE id = (SELECT min(id) FROM people); DELETE FROM people WHERE id = (SELECT max(id) FROM people);";
    database.execute_batch(damage).unwrap();
    folder
}

#[test]
fn no_report_no_plan_and_no_answer_tells_a_password_or_a_token_that_differs() {
    let folder = people_with_secrets();
    let call = |args: &[&str]| called_in(folder.path(), args);
    let report = call(&["report", "people", "--html", "a.html", "--junit", "a.xml", "--markdown", "a.md"]);
    assert_eq!(report.code, 1, "{}", report.err);
    let file = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let mut told = vec![file("a.html"), file("a.xml"), file("a.md"), report.out];
    let json = |args: &[&str]| call(&[args, &["--format", "json"]].concat()).out;
    let plan = json(&["plan", "people"]);
    told.extend([
        call(&["plan", "people", "--rows"]).out,
        call(&["verify", "people"]).out,
        json(&["verify", "people"]),
    ]);
    told.extend([json(&["report", "people", "--html", "b.html"]), plan.clone()]);
    told.push(json(&["reset", "people"]));
    told.push(json(&["cleanup", "people"]));
    told.push(json(&["seed", "people"]));
    for text in &told {
        assert!(
            !["plain-live-pw", "LIVE-token", "DECLARED-token", "$2b$"].iter().any(|secret| text.contains(secret)),
            "{text}"
        );
    }
    // It is said that they differ, and what else differs is told as ever.
    for text in &told[1..3] {
        assert!(
            text.replace("&quot;", "\"").replace("&gt;", ">").contains("accessToken differs (not shown)"),
            "{text}"
        );
    }
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let table = &plan["plan"]["tables"][0];
    let update = &table["updates"][0];
    assert_eq!(update["not_shown"], json!(["accessToken", "pass"]), "{update}");
    let hidden = json!({ "column": "pass", "before": null, "after": null });
    assert!(update["changes"].as_array().unwrap().contains(&hidden), "{update}");
    assert_eq!(table["inserts"][0]["not_shown"], json!(["accessToken", "pass"]), "{table}");
    assert_eq!(table["inserts"][0]["columns"].as_array().unwrap().len(), 4, "{table}");
}

#[test]
fn a_key_that_is_a_token_is_told_nowhere() {
    let folder = people_with_secrets();
    let database = rusqlite::Connection::open(folder.path().join("db.sqlite3")).unwrap();
    let sessions = "CREATE TABLE sessions (token TEXT PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people ON DELETE CASCADE);
                    INSERT INTO sessions SELECT 'LEAKED-' || id, id FROM people;";
    database.execute_batch(sessions).unwrap();
    let call = |args: &[&str]| called_in(folder.path(), args);
    let report = call(&["report", "people", "--html", "a.html", "--junit", "a.xml", "--markdown", "a.md"]);
    let file = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let plan = call(&["plan", "people", "--format", "json"]).out;
    let mut told = vec![file("a.html"), file("a.xml"), file("a.md"), report.out, plan.clone()];
    told.push(call(&["plan", "people", "--rows"]).out);
    told.push(call(&["verify", "people", "--format", "json"]).out);
    told.push(call(&["seed", "people", "--dry-run", "--format", "json"]).out);
    told.push(call(&["reset", "people", "--format", "json"]).out);
    for text in &told {
        assert!(!text.contains("LEAKED"), "{text}");
    }
    assert!(told[0].contains("(not shown)"), "{}", told[0]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let left = &plan["plan"]["debris"][0];
    assert_eq!((&left["key"], &left["not_shown"]), (&json!([null]), &json!(["token"])), "{left}");

    // A row of somebody else whose key is one hangs on what a cleanup removes.
    let kept = "INSERT INTO people VALUES (7, 'real', 'x', 'y');
                CREATE TABLE tokens (token TEXT PRIMARY KEY, person_id INTEGER REFERENCES people, owner_id INTEGER REFERENCES people);
                INSERT INTO tokens SELECT 'LEAKED', (SELECT max(id) FROM people), 7;";
    database.execute_batch(kept).unwrap();
    let refused = call(&["cleanup", "people"]);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("tokens (not shown)") && !refused.err.contains("LEAKED"), "{}", refused.err);
}

#[test]
fn a_declared_row_whose_key_is_a_token_is_told_by_its_name() {
    let folder = people_with_secrets();
    let database = rusqlite::Connection::open(folder.path().join("db.sqlite3")).unwrap();
    let sessions = "CREATE TABLE sessions (token TEXT PRIMARY KEY, person_id INTEGER REFERENCES people, device TEXT);";
    database.execute_batch(sessions).unwrap();
    let mut more = std::fs::OpenOptions::new().append(true).open(folder.path().join("people.yaml")).unwrap();
    let text = "  sessions:\n    table: sessions\n    rows: [phone, tablet]\n    \
                links: {person: {column: person_id, to: people, back: sessions}}\n    \
                columns: {token: \"LEAKED-{row}{copy}\", device: \"{row}\"}\n\
                ensure:\n  - {id: S1, fact: a phone, count: sessions, where: {device: phone}, at_least: 1, as: on_phone}\n  \
                - {id: S2, fact: no more than two, count: sessions, where: {device: {in: [phone, tablet]}}, exactly: 2}\n";
    std::io::Write::write_all(&mut more, text.as_bytes()).unwrap();
    let call = |args: &[&str]| called_in(folder.path(), args);
    call(&["reset", "people"]).done();
    database.execute_batch("UPDATE sessions SET device = 'watch' WHERE device = 'tablet'").unwrap();

    let files = ["--html", "a.html", "--junit", "a.xml", "--markdown", "a.md"];
    call(&[&["report", "people"][..], &files].concat());
    let file = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let json = call(&["verify", "people", "--format", "json"]).out;
    let all = call(&["verify", "people", "--all"]).out;
    for text in [&file("a.html"), &file("a.xml"), &file("a.md"), &json, &all] {
        assert!(!text.contains("LEAKED"), "{text}");
    }
    assert!(all.contains("on_phone: phone (not shown)\n"), "{all}");
    assert!(all.contains("missing: tablet (not shown) was changed\n"), "{all}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let checks = &json["report"]["checks"];
    let hidden = json!({
        "table": "sessions", "population": "sessions", "label": "phone", "key": [null], "not_shown": ["token"],
    });
    assert_eq!(checks[0]["witness"], hidden);
    assert_eq!(checks[1]["offenders"][0]["key"], json!([null]), "{checks}");
}

#[test]
fn other_schemas_have_a_report_too_and_a_database_that_is_missing_is_said() {
    for name in ["shop", "tracker"] {
        let folder = tempfile::TempDir::new().unwrap();
        let here = repository().join("examples").join(name);
        let database = format!("--db=sqlite:{}", folder.path().join("db.sqlite3").display());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (html, junit) = (file("page.html"), file("junit.xml"));
        let report = || called_in(&here, &["report", name, "--html", &html, "--junit", &junit, &database]);
        assert_eq!(report().code, 1);
        assert!(std::fs::read_to_string(&html).unwrap().contains("NO DATABASE"));
        called_in(&here, &["seed", name, &database]).done();
        report().done();
        assert_eq!(suites(&std::fs::read_to_string(&junit).unwrap()).1, 0);
    }
}

#[test]
fn a_report_names_at_least_one_file_and_says_where_it_could_not_write() {
    let project = Project::seeded("m03");
    assert!(project.call(&["report", "m03"]).failed(2).contains("--html"));
    let error = project.call(&["report", "m03", "--html", "seedbed.toml/page.html"]).failed(6);
    assert!(error.starts_with("error[report-not-written]"), "{error}");
}
