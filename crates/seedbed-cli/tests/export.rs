//! `export` of the built binary: what is loaded from its files is what `seed` would have stored.

#[path = "../../seedbed/tests/contract/support/server.rs"]
mod server;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::Value as Json;

use server::TestDatabase;
use support::{Project, repository};

const CLOCK: [&str; 2] = ["--as-of", "2026-11-22"];

/// Exports m03; returns the folder and the manifest.
fn exported(project: &Project, args: &[&str]) -> (PathBuf, Json) {
    let folder = format!("out-{}", args.join("-").replace([':', '/', '?'], "_"));
    let base = ["export", "m03", "--out", &folder, "--json"];
    let answer = project.call(&[&base[..], &CLOCK, args].concat());
    (project.path().join(&folder), serde_json::from_str(&answer.done()).unwrap())
}

/// Returns the text of all files in the order of their names.
fn together(folder: &Path) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

fn tables(manifest: &Json) -> Vec<String> {
    manifest["tables"].as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap().to_owned()).collect()
}

fn sqlite_rows(database: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut rows = database.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY id")).unwrap();
    let width = rows.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..width).map(|column| row.get(column)).collect();
    rows.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn server_rows(place: &TestDatabase, table: &str) -> Vec<String> {
    let query = format!("SELECT row_to_json(t)::text FROM \"{table}\" AS t ORDER BY id");
    let mut client = place.client();
    client.batch_execute("SET TIME ZONE 'UTC'").unwrap();
    let rows: Vec<String> = client.query(&query, &[]).unwrap().iter().map(|row| row.get(0)).collect();
    assert!(!rows.is_empty(), "{table}");
    rows
}

/// Runs a script in psql, whose clock stands in UTC wherever the server is.
fn psql(place: &TestDatabase, script: &str) {
    let folder = place.socket().parent().unwrap().to_owned();
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", &place.name, "-h"]).arg(folder);
    let mut child = command.env("PGTZ", "UTC").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn server_tables() -> String {
    fs::read_to_string(repository().join("pockitflyer_backend/pockitflyer.postgresql.sql")).unwrap()
}

/// Returns a database whose clock stands elsewhere, and one that was seeded.
fn servers(project: &Project) -> (TestDatabase, TestDatabase) {
    let (loaded, seeded) = (server::server().database(&server_tables()), server::server().database(&server_tables()));
    let elsewhere = format!("ALTER DATABASE {} SET timezone TO 'America/New_York'", loaded.name);
    loaded.client().batch_execute(&elsewhere).unwrap();
    project.call(&[&["seed", "m03", "--db", &seeded.address()][..], &CLOCK].concat()).done();
    (loaded, seeded)
}

#[test]
fn sqlite_loads_the_sql_and_has_what_seed_stores() {
    let project = Project::new();
    let (folder, manifest) = exported(&project, &["--format", "sql"]);
    assert!(!project.path().join("pockitflyer_backend/db.sqlite3").exists());
    project.call(&[&["seed", "m03"][..], &CLOCK].concat()).done();
    let loaded = Connection::open_in_memory().unwrap();
    loaded.execute_batch(&project.read("pockitflyer_backend/pockitflyer.sql")).unwrap();
    loaded.execute_batch(&together(&folder)).unwrap();
    let mut rows = 0;
    for table in tables(&manifest) {
        let loaded = sqlite_rows(&loaded, &table);
        rows += loaded.len();
        assert!(loaded == sqlite_rows(&project.database(), &table), "{table}");
    }
    assert_eq!(rows, 737);
}

#[test]
fn further_blocks_load_whole_and_keep_every_rule_of_the_tables() {
    let project = Project::new();
    let (folder, manifest) = exported(&project, &["--format", "sql", "--scale", "40"]);
    let loaded = Connection::open_in_memory().unwrap();
    loaded.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    loaded.execute_batch(&project.read("pockitflyer_backend/pockitflyer.sql")).unwrap();
    loaded.execute_batch(&together(&folder)).unwrap();
    for table in manifest["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        let count: i64 = loaded.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0)).unwrap();
        assert_eq!(Some(count), table["rows"].as_i64(), "{name}");
    }
    let orphans: i64 = loaded.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(orphans, 0);
    let per_user: i64 = loaded
        .query_row("SELECT max(n) FROM (SELECT count(*) AS n FROM flyers_favorite GROUP BY user_id)", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!((20..=22).contains(&per_user), "the power users have most favorites: {per_user}");
}

#[test]
fn psql_loads_the_same_sql_and_has_what_seed_stores() {
    let project = Project::new();
    let (loaded, seeded) = servers(&project);
    let (folder, manifest) = exported(&project, &["--format", "sql"]);
    psql(&loaded, &together(&folder));
    for table in tables(&manifest) {
        assert!(server_rows(&loaded, &table) == server_rows(&seeded, &table), "{table}");
    }
}

#[test]
fn psql_loads_keys_that_the_server_would_always_make_itself() {
    let project = Project::new();
    let [loaded, seeded] = [(); 2].map(|()| {
        let place = server::server().database(&server_tables());
        for table in ["users_user", "flyers_flyer", "flyers_favorite"] {
            let always = format!("ALTER TABLE {table} ALTER id SET GENERATED ALWAYS");
            place.client().batch_execute(&always).unwrap();
        }
        place
    });
    project.call(&[&["seed", "m03", "--db", &seeded.address()][..], &CLOCK].concat()).done();
    let (folder, manifest) = exported(&project, &["--format", "sql", "--db", &seeded.address()]);
    psql(&loaded, &together(&folder));
    for table in tables(&manifest) {
        assert!(server_rows(&loaded, &table) == server_rows(&seeded, &table), "{table}");
    }
}

#[test]
fn psql_copies_the_csv_and_has_what_seed_stores() {
    let project = Project::new();
    let (loaded, seeded) = servers(&project);
    let db = seeded.address();
    for (args, place) in [
        (vec!["--format", "csv"], &loaded),
        (vec!["--format", "csv", "--db", &db], &server::server().database(&server_tables())),
    ] {
        let (folder, manifest) = exported(&project, &args);
        let mut script = String::from("BEGIN;\n");
        for table in manifest["tables"].as_array().unwrap() {
            let columns: Vec<String> = table["columns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|column| format!("\"{}\"", column.as_str().unwrap()))
                .collect();
            let file = folder.join(table["file"].as_str().unwrap());
            let name = table["table"].as_str().unwrap();
            script += &format!("\\copy \"{name}\" ({}) FROM '{}' CSV HEADER\n", columns.join(", "), file.display());
        }
        psql(place, &(script + "COMMIT;\n"));
        for table in tables(&manifest) {
            assert!(server_rows(place, &table) == server_rows(&seeded, &table), "{table}");
        }
    }
}

#[test]
fn lines_of_json_are_objects_with_numbers_and_moments() {
    let project = Project::new();
    let (folder, manifest) = exported(&project, &["--format", "jsonl", "--scale", "users=100"]);
    // A block has 34 users.
    assert_eq!(manifest["blocks"], 3);
    assert_eq!(manifest["scale"], "users=100");
    let text = fs::read_to_string(folder.join("flyers_flyer.jsonl")).unwrap();
    let rows: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 450);
    for row in &rows {
        assert!(row["id"].is_u64() && row["latitude"].is_number() && row["is_active"].is_boolean(), "{row}");
        let moment = row["created_at"].as_str().unwrap();
        assert!(moment.len() == 20 && moment.ends_with('Z') && &moment[10..11] == "T", "{row}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_the_rows_of_the_csv_in_types_of_its_own() {
    use parquet::basic::{LogicalType, Type};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use seedbed_core::value::Decimal;

    let number = |text: &str| Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"));
    let project = Project::new();
    let place = server::server().database(&server_tables());
    let db = place.address();
    let (folder, manifest) = exported(&project, &["--format", "parquet", "--scale", "30", "--db", &db]);
    let (lines, _) = exported(&project, &["--format", "jsonl", "--scale", "30", "--db", &db]);
    for table in manifest["tables"].as_array().unwrap() {
        let file = fs::File::open(folder.join(table["file"].as_str().unwrap())).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows() as u64, table["rows"].as_u64().unwrap());
        let text = fs::read_to_string(lines.join(format!("{}.jsonl", table["table"].as_str().unwrap()))).unwrap();
        let mut lines = text.lines();
        for row in reader.get_row_iter(None).unwrap() {
            let line: Json = serde_json::from_str(lines.next().unwrap()).unwrap();
            for (name, field) in row.unwrap().get_column_iter() {
                let said = &line[name];
                match field {
                    Field::Null => assert!(said.is_null(), "{name}: {said}"),
                    Field::Bool(yes) => assert_eq!(said, yes),
                    Field::Int(number) => assert_eq!(said, number),
                    Field::Long(number) => assert_eq!(said, number),
                    Field::Str(text) => assert_eq!(said, text),
                    Field::Decimal(_) => assert_eq!(number(&field.to_string()), number(&said.to_string())),
                    Field::TimestampMicros(moment) => {
                        let moment = jiff::Timestamp::from_microsecond(*moment).unwrap().to_string();
                        assert_eq!(said, &moment);
                    }
                    other => panic!("{name} is {other:?}"),
                }
            }
        }
        assert_eq!(lines.next(), None);
    }
    let file = fs::File::open(folder.join("flyers_flyer.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let column = |name: &str| schema.columns().iter().find(|column| column.name() == name).unwrap().clone();
    assert_eq!(column("latitude").logical_type_ref(), Some(&LogicalType::decimal(6, 9)));
    assert_eq!(column("id").physical_type(), Type::INT64);
    assert_eq!(column("is_active").physical_type(), Type::BOOLEAN);
}

#[test]
fn the_answer_names_every_file_and_says_where_the_manifest_is() {
    let project = Project::new();
    let out = ["--format", "csv", "--scale", "10", "--out", "files", "--part", "2/3"];
    let said = project.call(&[&["export", "m03"][..], &out, &CLOCK].concat()).done();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0].split("   digest").next(), Some("dataset   m01 m02 m03   as of 2026-11-22   seed 1"));
    assert_eq!(lines[1], "scale     10: 10 blocks   part 2 of 3");
    assert!(lines[3].starts_with("  users_user.2-of-3.csv "), "{said}");
    let last = lines.last().unwrap();
    assert!(last.starts_with("written   2,211 rows, 373.3 kB in "), "{said}");
    assert!(last.ends_with("   files/manifest.2-of-3.json"), "{said}");
    let text = project.read("files/users_user.2-of-3.csv");
    assert!(!text.starts_with("id,"), "the header stands in the first part");
}

#[test]
fn what_is_killed_leaves_nothing_that_looks_whole_and_can_be_done_again() {
    let project = Project::new();
    let out = project.path().join("files");
    let args = ["export", "m03", "--format", "csv", "--out", "files", "--scale", "20000"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_seedbed")).args(args).current_dir(project.path()).spawn().unwrap();
    let begun = out.join("users_user.csv.partial");
    while fs::metadata(&begun).map_or(0, |file| file.len()) == 0 {
        assert_eq!(child.try_wait().unwrap(), None, "it wrote nothing");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut left: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["manifest.json.partial", "users_user.csv.partial"]);
    project.call(&["export", "m03", "--format", "csv", "--out", "files"]).done();
    assert!(out.join("manifest.json").is_file() && !begun.exists());
}

#[test]
fn what_stands_beside_an_earlier_export_is_named_and_stays() {
    let project = Project::new();
    let export = || project.call(&["export", "m03", "--out", "files", "--format", "csv"]);
    export().done();
    export().done();
    let folder = project.path().join("files");
    fs::write(folder.join("precious.csv"), "mine").unwrap();
    let error = export().failed(2);
    assert!(
        error.starts_with("error[folder-in-use]: the folder files holds something else: precious.csv\n"),
        "{error}"
    );
    assert!(folder.join("manifest.json").exists() && folder.join("users_user.csv").exists());
    fs::remove_file(folder.join("precious.csv")).unwrap();
    fs::create_dir(folder.join("sub")).unwrap();
    assert!(export().failed(2).contains("holds something else: sub\n"));
    fs::remove_dir(folder.join("sub")).unwrap();
    export().done();
}

#[test]
fn a_wrong_call_is_2_and_says_what_is_right() {
    let project = Project::new();
    let export = |args: &[&str]| project.call(&[&["export", "m03", "--out", "files"][..], args].concat()).failed(2);
    assert!(export(&[]).contains("`export` wants --format csv, jsonl, sql or parquet"));
    assert!(export(&["--format", "json"]).contains("--json"));
    assert!(export(&["--format", "csv", "--part", "8/7"]).contains("2/7"));
    assert!(export(&["--format", "csv", "--scale", "many"]).contains("users=100000"));
    assert!(export(&["--format", "csv", "--scale", "cats=5"]).contains("there is no population `cats` to scale"));
    assert!(project.call(&["seed", "m03", "--format", "csv"]).failed(2).contains("only `export` writes files"));
    let here = project.call(&["export", "m03", "--out", ".", "--format", "csv"]).failed(2);
    assert!(here.starts_with("error[folder-in-use]: the folder . holds something else: "), "{here}");
    fs::create_dir(project.path().join("files")).unwrap();
    fs::write(project.path().join("files/notes.txt"), "").unwrap();
    let error = export(&["--format", "csv"]);
    assert!(error.starts_with("error[folder-in-use]: the folder files holds something else: notes.txt\n"), "{error}");
    assert!(error.contains("help: name a new or an empty folder with --out"), "{error}");
}
