//! `seedbed init` on schemas it has never seen: what it writes seeds, verifies and cleans up at once,
//! and the database is as before.

#[path = "../../seedbed/tests/contract/support/server.rs"]
mod server;
mod support;

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::Value as Json;
use support::{Answer, repository};
use tempfile::TempDir;

/// A folder without a project.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn call(&self, args: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_seedbed")).args(args).current_dir(self.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Begins a project; returns what was answered.
    fn init(&self, address: &str) -> Json {
        let answer = self.call(&["init", address, "--format", "json"]);
        assert_eq!(answer.code, 0, "{}", answer.out);
        serde_json::from_str(&answer.out).unwrap()
    }

    /// Does what the answer says comes next, and the rest of a day's work.
    fn whole_day(&self, begun: &Json) {
        let file = || std::fs::read_to_string(self.path().join("seedbed/base.yaml")).unwrap();
        let done = |args: &[&str]| {
            let answer = self.call(args);
            assert_eq!(answer.code, 0, "{args:?}\n{}{}\n{}", answer.out, answer.err, file());
            answer.out
        };
        done(&["check"]);
        for step in begun["next"].as_array().unwrap() {
            done(&step.as_str().unwrap().split(' ').skip(1).collect::<Vec<_>>());
        }
        let seeded = done(&["plan", "base", "--check"]);
        assert!(seeded.starts_with("in sync"), "{seeded}");
        done(&["seed", "base", "--worker", "3"]);
        done(&["verify", "base", "--worker", "3"]);
        done(&["personas", "base"]);
        done(&["reset", "base"]);
        done(&["cleanup", "base", "--worker", "3"]);
        done(&["cleanup", "base"]);
    }

    fn database(&self, ddl: &str) -> Connection {
        let connection = Connection::open(self.path().join("app.db")).unwrap();
        connection.execute_batch(ddl).unwrap();
        connection
    }
}

fn read(file: &str) -> String {
    let path = repository().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema(name: &str) -> String {
    read(&format!("crates/seedbed-cli/tests/schemas/{name}.sql"))
}

/// Every row of the application, and its counters.
fn dump(connection: &Connection) -> Vec<(String, Vec<Vec<Value>>)> {
    let mut tables = connection
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let ours = |name: &String| name.starts_with("seedbed_") || name == "sqlite_schema";
    let rows = |name: String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY 1, 2")).unwrap();
        let width = statement.column_count();
        let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect()).unwrap();
        (name, rows.map(Result::unwrap).collect())
    };
    tables.into_iter().filter(|name| !ours(name)).map(rows).collect()
}

fn on_sqlite(ddl: &str) -> Json {
    let folder = Folder::new();
    let application = folder.database(ddl);
    let before = dump(&application);
    let begun = folder.init("app.db");
    folder.whole_day(&begun);
    assert_eq!(dump(&application), before);
    begun
}

fn on_postgres(ddl: &str) -> Json {
    let (folder, place) = (Folder::new(), server::server().database(ddl));
    let before = place.dump();
    let begun = folder.init(&place.address());
    assert_eq!(place.dump(), before);
    folder.whole_day(&begun);
    if ddl.contains("seedbed_marker") {
        place.client().batch_execute("TRUNCATE seedbed_marker").unwrap();
    }
    // A sequence that is no key's hands out what it hands out.
    let kept =
        |dump: &str| dump.lines().filter(|line| !line.contains("Order_number_seq")).collect::<Vec<_>>().join("\n");
    assert_eq!(kept(&place.dump()), kept(&before));
    begun
}

/// The tables that get rows, in alphabetical order.
fn tables(begun: &Json) -> Vec<&str> {
    let mut tables: Vec<&str> =
        begun["tables"].as_array().unwrap().iter().map(|t| t["table"].as_str().unwrap()).collect();
    tables.sort_unstable();
    tables
}

fn reason<'a>(begun: &'a Json, table: &str) -> &'a str {
    begun["without_rows"][table].as_str().unwrap_or_else(|| panic!("{table} has rows: {begun:#}"))
}

/// What was said of a table.
fn remarks(begun: &Json, table: &str) -> String {
    let all = begun["remarks"].as_array().unwrap().iter().filter(|remark| remark["table"] == table);
    all.flat_map(|remark| [remark["remark"].as_str().unwrap(), "\n"]).collect()
}

#[test]
fn a_rails_application_on_postgresql() {
    let begun = on_postgres(&schema("rails.postgresql"));
    let wanted =
        ["articles", "audits", "categories", "comments", "follows", "photos", "profiles", "taggings", "tags", "users"];
    assert_eq!(tables(&begun), wanted);
    assert_eq!(reason(&begun, "schema_migrations"), "bookkeeping of a framework");
    assert_eq!(reason(&begun, "published_articles"), "a view");
    assert!(remarks(&begun, "comments").contains("a guess"), "{begun:#}");
    assert!(remarks(&begun, "audits").contains("`auditable_type` and `auditable_id`"), "{begun:#}");
}

#[test]
fn a_node_application_on_postgresql() {
    let begun = on_postgres(&schema("node.postgresql"));
    let wanted = ["Membership", "Order", "OrderItem", "Organization", "Product", "Session", "Tag", "User"];
    assert_eq!(tables(&begun), wanted);
    assert!(reason(&begun, "_ProductToTag").contains("no primary key"));
    assert!(reason(&begun, "Shipment").contains("several columns"));
    assert!(remarks(&begun, "Order").contains("these rows hold it: paid_when_paid"), "{begun:#}");
}

#[test]
fn a_schema_that_has_grown_for_twenty_years() {
    let begun = on_postgres(&schema("legacy.postgresql"));
    let wanted = ["a table", "bookings", "departments", "desks", "employees", "order", "positions", "rooms"];
    assert_eq!(tables(&begun), wanted, "{begun:#}");
    for (table, wanted) in [
        ("codes", "too small"),
        ("country", "no room for texts"),
        ("egg", "in a circle"),
        ("hen", "`egg` gets no rows here"),
        ("log", "no primary key"),
        ("odd", "no row was found that holds its check `odd_check`"),
        ("parcels", "several columns"),
        ("readings", "timestamp with time zone"),
    ] {
        assert!(reason(&begun, table).contains(wanted), "{table}: {}", reason(&begun, table));
    }
    assert!(remarks(&begun, "employees").contains("`department` is left empty"), "{begun:#}");
    assert!(remarks(&begun, "bookings").contains("EXCLUDE"), "{begun:#}");
}

#[test]
fn values_of_domains_hold_what_the_domains_check() {
    let begun = on_postgres(
        "CREATE DOMAIN plate AS varchar(12) CHECK (VALUE ~ '^[A-Z]{2}[0-9]+$');
         CREATE DOMAIN grade AS int CHECK (VALUE BETWEEN 1 AND 6);
         CREATE DOMAIN code AS text CHECK (lower(VALUE) = VALUE);
         CREATE TABLE cars (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, plate plate NOT NULL);
         CREATE TABLE marks (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, mark grade NOT NULL,
             car_id bigint REFERENCES cars);
         CREATE TABLE tags (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, code code NOT NULL)",
    );
    assert_eq!(tables(&begun), ["marks", "tags"], "{begun:#}");
    assert!(reason(&begun, "cars").contains("no row was found that holds its check `plate_check`"), "{begun:#}");
}

#[test]
fn the_pockitflyer_backend_on_both() {
    let on = [
        on_sqlite(&read("pockitflyer_backend/pockitflyer.sql")),
        on_postgres(&read("pockitflyer_backend/pockitflyer.postgresql.sql")),
    ];
    for begun in &on {
        for table in ["users_user", "flyers_flyer", "flyers_flyerimage", "flyers_favorite", "users_follow"] {
            assert!(tables(begun).contains(&table), "{table}: {begun:#}");
        }
        assert_eq!(reason(begun, "django_content_type"), "bookkeeping of a framework");
    }
    assert_eq!(tables(&on[0]), tables(&on[1]));
}

#[test]
fn a_shop_and_a_tracker_on_both() {
    for name in ["shop", "tracker"] {
        let ddl = |engine: &str| read(&format!("examples/{name}/schema.{engine}.sql"));
        let on = [on_sqlite(&ddl("sqlite")), on_postgres(&ddl("postgresql"))];
        for begun in &on {
            assert_eq!(begun["without_rows"], serde_json::json!({}), "{name}: {begun:#}");
        }
    }
}

#[test]
fn sqlite_tables_made_by_hand() {
    let begun = on_sqlite(&schema("rooms.sqlite"));
    assert_eq!(tables(&begun), ["amenities", "ratings", "room_amenities", "rooms", "stays", "users"], "{begun:#}");
    assert!(reason(&begun, "counters").contains("AUTOINCREMENT"));
}

#[test]
fn a_part_of_a_key_that_refers_to_a_table_without_rows_takes_those_that_stand_there() {
    let begun = on_sqlite(
        "CREATE TABLE tenants (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE);
         CREATE TABLE tags (tenant_id INTEGER NOT NULL REFERENCES tenants, name TEXT NOT NULL, PRIMARY KEY (tenant_id, name));
         CREATE TABLE visits (tenant_id INTEGER NOT NULL REFERENCES tenants, number INTEGER NOT NULL, note TEXT,
             PRIMARY KEY (tenant_id, number));
         INSERT INTO tenants VALUES (1, 'acme'), (2, 'other');",
    );
    assert_eq!(tables(&begun), ["tags", "visits"], "{begun:#}");
    assert!(reason(&begun, "tenants").contains("AUTOINCREMENT"));
}

#[test]
fn rows_that_stand_there_stay_and_are_said_and_the_guard_is_heeded() {
    let place = server::server().database(&schema("rails.postgresql"));
    let folder = Folder::new();
    place
        .client()
        .batch_execute("INSERT INTO tags (name, created_at, updated_at) VALUES ('rust', now(), now())")
        .unwrap();
    let before = place.dump();
    let begun = folder.init(&place.address());
    assert_eq!(begun["next"][0], format!("seedbed allow {}", place.name));
    assert_eq!(folder.call(&["seed", "base"]).code, 3);
    folder.whole_day(&begun);
    assert_eq!(place.dump(), before);
    let text = std::fs::read_to_string(folder.path().join("seedbed/base.yaml")).unwrap();
    assert!(text.contains("# 1 row stands here already"), "{text}");
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let folder = Folder::new();
    folder.database("CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT, a text NOT NULL)");
    std::fs::create_dir(folder.path().join("seedbed")).unwrap();
    for file in ["seedbed/base.yaml", "seedbed.toml"] {
        std::fs::write(folder.path().join(file), "mine").unwrap();
        let refused = folder.call(&["init", "app.db"]).failed(2);
        assert!(refused.starts_with(&format!("error[file-exists]: there is {file} already")), "{refused}");
        assert_eq!(std::fs::read_to_string(folder.path().join(file)).unwrap(), "mine");
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    std::fs::remove_dir(folder.path().join("seedbed")).unwrap();
    std::fs::write(folder.path().join("seedbed"), "a file").unwrap();
    folder.call(&["init", "app.db"]).failed(6);
    assert!(!folder.path().join("seedbed.toml").exists());
}

#[test]
fn what_cannot_be_begun_is_said_and_nothing_is_made() {
    let folder = Folder::new();
    assert!(folder.call(&["init"]).failed(2).contains("help: seedbed init postgres://"));
    let missing = folder.call(&["init", "sqlite:none.db"]).failed(6);
    assert!(missing.contains("there is no database file none.db"), "{missing}");
    assert!(!folder.path().join("none.db").exists());
    folder.database("CREATE TABLE log (line text)");
    let empty = folder.call(&["init", "app.db"]).failed(6);
    assert!(empty.contains("log: it has no primary key"), "{empty}");
    folder.database("CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT, a text NOT NULL)");
    let begun = folder.init("app.db");
    folder.call(&["seed", "base"]).done();
    std::fs::rename(folder.path().join("seedbed.toml"), folder.path().join("other.toml")).unwrap();
    std::fs::remove_dir_all(folder.path().join("seedbed")).unwrap();
    let seeded = folder.call(&["init", "app.db"]).failed(2);
    assert!(seeded.contains("scenario `base` is seeded here"), "{seeded}");
    assert_eq!(begun["scenario"], "base");
}

#[test]
fn it_only_reads_and_keeps_no_password() {
    let place = server::server().database(&schema("node.postgresql"));
    let folder = Folder::new();
    let (user, host) = place.address().split_once('@').map(|(user, host)| (user.to_owned(), host.to_owned())).unwrap();
    let address = format!("{user}:se-cret@{host}&options=-c%20default_transaction_read_only%3Don");
    let answer = folder.call(&["init", &address]);
    let out = answer.done();
    assert!(out.contains("the password was not written down"), "{out}");
    let settings = std::fs::read_to_string(folder.path().join("seedbed.toml")).unwrap();
    assert!(settings.contains("default_transaction_read_only"), "{settings}");
    let text = std::fs::read_to_string(folder.path().join("seedbed/base.yaml")).unwrap();
    assert!(!format!("{out}{settings}{text}").contains("se-cret"));
}
