//! How fast further blocks are made and loaded: `cargo bench -p benches --bench scale`, with a scale behind `--`
//! where 4000 (200,000 favorites) is not wanted, and `--apart` where favorites are to be loaded without the rows that
//! they refer to and without foreign keys, once: at scale 200,000 those rows take more than a disk.
//!
//! Favorites are made as PostgreSQL's binary COPY and as CSV and written nowhere, beside the orders of TPC-H; then they are loaded into PostgreSQL beside psql
//! with a file of the same rows, in place and with indexes made anew behind them, and into SQLite beside a loop by
//! hand whose values are ready. Every way does the same in a turn of its own, three rounds.

#[path = "../crates/seedbed/tests/contract/support/server.rs"]
mod server;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use postgres::Client;
use seedbed::database::postgres::{Address, Environment, write_binary};
use seedbed::database::{Access, Lasting, Scope, Writing};
use seedbed::load::Load;
use seedbed::rebuild::{Candidate, put_back, set_aside};
use seedbed::{Database, Postgres, Project, Scaling, Sqlite, Target};
use seedbed_core::generate::{Generated, Parameters, generate_scaled};
use seedbed_core::password::Hashes;
use seedbed_core::scale::{Scale, Scaled};
use seedbed_core::schema::Schema;
use server::{Server, TestDatabase};

/// 2026-11-22 00:00 UTC.
const TODAY: i64 = 1_795_305_600;
const TABLE: &str = "flyers_favorite";
const ROUNDS: usize = 3;
/// What a bench that was asked for memory prints.
const ALONE: &str = "--alone";
/// Favorites are loaded without what they refer to.
const APART: &str = "--apart";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let scale = arguments.iter().filter_map(|argument| argument.parse().ok()).next_back().unwrap_or(4_000);
    let server = Server::start(None, server::DURABLE);
    let repository = repository();
    let tables = repository.join("pockitflyer_backend/pockitflyer.postgresql.sql");
    let ddl = std::fs::read_to_string(tables).expect("the schema");
    let place = server.database(&ddl);
    let mut database = open(&place);
    let schema = database.schema().expect("a catalogue");
    if arguments.iter().any(|argument| argument == ALONE) {
        let (_, scaled) = make(&repository, &schema, scale);
        nowhere(&scaled, &schema);
        println!("{}", peak());
        return;
    }
    if arguments.iter().any(|argument| argument == APART) {
        postgres(&repository, &server, &place, &mut database, scale, true);
        return;
    }
    generation(&repository, &schema, scale);
    as_csv(&repository, &schema);
    postgres(&repository, &server, &place, &mut database, scale, false);
    sqlite(&repository, scale);
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there")
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let answer = work();
    (answer, started.elapsed())
}

fn make(repository: &Path, schema: &Schema, scale: u64) -> (Generated, Scaled) {
    let project = Project::find(repository).expect("the project of this repository");
    let files = project.files(&["m03"]).expect("m03 and what it requires");
    let chain = project.chain(&files, Some(schema)).expect("valid scenarios");
    let parameters = Parameters { seed: 1, worker: 0, as_of: TODAY };
    generate_scaled(&chain, Some(schema), parameters, &Scale::Blocks(scale)).expect("a dataset")
}

fn load<'a>(scaled: &'a Scaled, schema: &'a Schema, passwords: &'a Hashes) -> Load<'a> {
    let population = scaled.rows.iter().position(|rows| rows.table == TABLE).expect("m03 has favorites");
    Load { scaled, population, table: &schema.tables[TABLE], passwords, blocks: scaled.further() }
}

/// Counts bytes.
struct Nowhere(u64);

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes all further favorites and writes them nowhere; returns rows, bytes and the time.
fn nowhere(scaled: &Scaled, schema: &Schema) -> (u64, u64, Duration) {
    let mut nowhere = Nowhere(0);
    let passwords = Hashes::new();
    let (rows, time) = timed(|| write_binary(&load(scaled, schema, &passwords), &mut nowhere).expect("rows"));
    (rows.expect("known types"), nowhere.0, time)
}

/// The most memory that this process has had, in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn generation(repository: &Path, schema: &Schema, scale: u64) {
    println!("favorites as binary COPY to nowhere, one thread makes them, the fastest of {ROUNDS}");
    let mut first = None;
    for scale in [scale, 20_000, 2_000_000] {
        let (_, scaled) = make(repository, schema, scale);
        let rounds = (0..ROUNDS).map(|_| nowhere(&scaled, schema));
        let (rows, bytes, time) = rounds.min_by_key(|(_, _, time)| *time).expect("a round");
        let seconds = time.as_secs_f64();
        let (each, rate) = (seconds * 1e9 / rows as f64, rows as f64 / seconds / 1e6);
        let ratio = each / *first.get_or_insert(each);
        println!(
            "  scale {scale:>9}: {rows:>11} rows, {rate:>6.1} million rows/s, {:>6.0} MB/s, {each:.1} ns a row  x {ratio:.2}",
            bytes as f64 / seconds / 1e6
        );
    }
    for scale in [20_000, 200_000] {
        let myself = std::env::current_exe().expect("a bench is a file");
        let told = Command::new(myself).args([ALONE, &scale.to_string()]).output().expect("a bench that runs");
        let told = String::from_utf8_lossy(&told.stdout);
        println!("  peak memory at scale {scale:>7}: {} kB", told.trim());
    }
}

/// Makes favorites and the orders of TPC-H as CSV and writes them nowhere, on one thread.
fn as_csv(repository: &Path, schema: &Schema) {
    println!("CSV to nowhere, one thread, the fastest of {ROUNDS}");
    let (generated, scaled) = make(repository, schema, 20_000);
    let (scale, passwords) = (Scale::Blocks(20_000), Hashes::new());
    let request = seedbed_export::Request {
        scenario: "m03",
        dataset: &generated.dataset,
        scaled: &scaled,
        scale: &scale,
        schema,
        passwords: &passwords,
        form: seedbed_export::Form::Csv,
        part: None,
        threads: 1,
    };
    let favorites = |to: &mut Nowhere| seedbed_export::write_csv(&request, TABLE, to).expect("rows");
    let orders = |to: &mut Nowhere| {
        let orders = tpchgen::generators::OrderGenerator::new(1.0, 1, 1);
        let csv = orders.iter().map(tpchgen::csv::OrderCsv::new);
        csv.map(|order| writeln!(to, "{order}").expect("it takes all")).count() as u64
    };
    csv_told("favorites", favorites);
    csv_told("orders of tpchgen", orders);
}

fn csv_told(name: &str, make: impl Fn(&mut Nowhere) -> u64) {
    let rounds = (0..ROUNDS).map(|_| {
        let mut nowhere = Nowhere(0);
        let (rows, time) = timed(|| make(&mut nowhere));
        (rows, nowhere.0, time)
    });
    let (rows, bytes, time) = rounds.min_by_key(|(_, _, time)| *time).expect("a round");
    let seconds = time.as_secs_f64();
    let (rate, bytes) = (rows as f64 / seconds / 1e6, bytes as f64 / seconds / 1e6);
    println!("  {name:20} {rows:>9} rows, {rate:>6.1} million rows/s, {bytes:>6.0} MB/s");
}

fn open(place: &TestDatabase) -> Postgres {
    let address = Address::read(&place.address(), &Environment::default()).expect("an address");
    Postgres::open(&address).expect("a database that was made")
}

fn write(database: &mut dyn Database, work: impl FnOnce(&mut dyn Database)) -> Duration {
    let writing = Writing { scope: Scope::Database, patience: Duration::from_secs(5), lasting: Lasting::AtOnce };
    let ((), time) = timed(|| {
        database.begin(Access::Write(writing)).expect("nobody else writes");
        work(database);
        database.commit().expect("a commit");
    });
    time
}

/// Seeds everything at a scale, indexes made anew behind it.
fn seed(database: &mut dyn Database, generated: &Generated, scaled: &Scaled) -> Duration {
    let dataset = &generated.dataset;
    let mut target = Target {
        database,
        dataset,
        levels: 0..dataset.scenarios.len(),
        media: None,
        now: TODAY,
        as_of: Some(TODAY),
        scale: Some(Scaling { scaled, standing: None, rebuild: true }),
        lock_timeout: Duration::from_secs(5),
        bookkeeping: &[],
        program: "seedbed",
        notice: &mut |_| {},
    };
    let (receipt, time) = timed(|| seedbed::seed(&mut target).unwrap_or_else(|error| panic!("{error}")));
    assert!(receipt.written);
    time
}

/// What drops the indexes and constraints of the table, and what makes them again, as a person looks them up.
fn by_hand(client: &mut Client) -> (String, String) {
    let constraints = client.query(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype <> 'p' \
         ORDER BY contype DESC",
        &[&TABLE],
    );
    let indexes = client.query(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::text::regclass \
         AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)",
        &[&TABLE],
    );
    let (mut drop, mut make) = (String::new(), String::new());
    for row in constraints.expect("a catalogue") {
        let (name, text): (String, String) = (row.get(0), row.get(1));
        drop += &format!("ALTER TABLE {TABLE} DROP CONSTRAINT {name};\n");
        make += &format!("ALTER TABLE {TABLE} ADD CONSTRAINT {name} {text};\n");
    }
    for row in indexes.expect("a catalogue") {
        let (name, text): (String, String) = (row.get(0), row.get(1));
        drop += &format!("DROP INDEX {name};\n");
        make += &format!("{text};\n");
    }
    (drop, make)
}

/// Drops the foreign keys of the table.
fn drop_foreign_keys(client: &mut Client) {
    let names = client
        .query("SELECT conname FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'f'", &[&TABLE]);
    for row in names.expect("a catalogue") {
        let name: String = row.get(0);
        client.batch_execute(&format!("ALTER TABLE {TABLE} DROP CONSTRAINT {name}")).expect("a table of ours");
    }
}

fn postgres(
    repository: &Path,
    server: &Server,
    place: &TestDatabase,
    database: &mut Postgres,
    scale: u64,
    apart: bool,
) {
    let mut client = place.client();
    if apart {
        drop_foreign_keys(&mut client);
    }
    let schema = database.schema().expect("a catalogue");
    let (generated, scaled) = make(repository, &schema, scale);
    let version: String = client.query_one("SHOW server_version", &[]).expect("a version").get(0);
    if apart {
        println!("PostgreSQL {version}, its own settings: favorites at scale {scale} without foreign keys, once");
    } else {
        let all: u64 = (0..scaled.rows.len()).map(|population| scaled.count(population)).sum();
        let time = seed(database, &generated, &scaled);
        let rate = all as f64 / time.as_secs_f64();
        println!(
            "PostgreSQL {version}, its own settings: all of m03 at scale {scale} with --rebuild: {all} rows in {:.1} s, {rate:.0} rows/s",
            time.as_secs_f64()
        );
    }
    let passwords = Hashes::new();
    let load = load(&scaled, &schema, &passwords);
    let file = server.folder.join("favorites.bin");
    write_binary(&load, &mut io::BufWriter::new(std::fs::File::create(&file).expect("a folder"))).expect("rows");
    let columns = load.scaled.rows[load.population].columns.join(", ");
    let copy = format!("\\copy {TABLE} ({columns}) FROM '{}' WITH (FORMAT BINARY)\n", file.display());
    let (dropped, made) = by_hand(&mut client);
    let script = |text: &str| {
        client_script(&server.folder, text);
        let ((), time) = timed(|| psql(place, &server.folder.join("script.sql")));
        time
    };
    let mut empty = place.client();
    let mut clear = || empty.batch_execute(&format!("TRUNCATE {TABLE}; CHECKPOINT")).expect("a table of ours");
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..if apart { 1 } else { ROUNDS } {
        clear();
        times[0].push(write(database, |database| {
            assert_eq!(database.load(&load, &mut |_| {}).expect("rows"), load.count());
        }));
        clear();
        times[1].push(script(&format!("BEGIN;\n{copy}COMMIT;\n")));
        clear();
        times[2].push(write(database, |database| {
            let aside = set_aside(database, &[Candidate { table: TABLE, rows_of_others: 0 }]).expect("a catalogue");
            assert!(aside.prospect.refusals.is_empty(), "{:?}", aside.prospect.refusals);
            database.load(&load, &mut |_| {}).expect("rows");
            put_back(database, aside).expect("indexes");
        }));
        clear();
        times[3].push(script(&format!("BEGIN;\n{dropped}{copy}{made}COMMIT;\n")));
    }
    let [in_place, by_psql, rebuilt, rebuilt_by_psql] = times.map(|times| median(&times));
    let rows = load.count();
    tell("load in place", rows, in_place, by_psql);
    tell("psql \\copy of a binary file, in place", rows, by_psql, by_psql);
    tell("load, indexes made anew behind it", rows, rebuilt, rebuilt_by_psql);
    tell("psql \\copy, indexes dropped and made by hand", rows, rebuilt_by_psql, rebuilt_by_psql);
    println!("  rebuild is {:.1} times as fast as in place", in_place.as_secs_f64() / rebuilt.as_secs_f64());
}

fn client_script(folder: &Path, text: &str) {
    std::fs::write(folder.join("script.sql"), text).expect("a folder");
}

fn psql(place: &TestDatabase, script: &Path) {
    let done = Command::new("psql")
        .args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(script)
        .arg(place.address())
        .output();
    let done = done.expect("psql, which comes with the server");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

fn tell(name: &str, rows: u64, time: Duration, beside: Duration) {
    let (seconds, ratio) = (time.as_secs_f64(), beside.as_secs_f64() / time.as_secs_f64());
    println!("  {name:46} {rows} rows in {seconds:>6.2} s, {:>9.0} rows/s  x {ratio:.2}", rows as f64 / seconds);
}

fn sqlite(repository: &Path, scale: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let ddl = std::fs::read_to_string(repository.join("pockitflyer_backend/pockitflyer.sql")).expect("the schema");
    let path = folder.path().join("scale.sqlite3");
    let (mut database, _) = Sqlite::open_or_create(&path, &ddl).expect("a new file");
    let schema = database.schema().expect("a catalogue");
    let (generated, scaled) = make(repository, &schema, scale);
    let all: u64 = (0..scaled.rows.len()).map(|population| scaled.count(population)).sum();
    let time = seed(&mut database, &generated, &scaled);
    let rate = all as f64 / time.as_secs_f64();
    println!(
        "SQLite {}: all of m03 at scale {scale} with --rebuild: {all} rows in {:.1} s, {rate:.0} rows/s",
        rusqlite::version(),
        time.as_secs_f64()
    );
    let passwords = Hashes::new();
    let load = load(&scaled, &schema, &passwords);
    let connection = rusqlite::Connection::open(&path).expect("the file");
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA cache_size = -49152").expect("settings");
    let columns = load.scaled.rows[load.population].columns.clone();
    let select = format!("SELECT {} FROM {TABLE} WHERE id > 7000000000000000 ORDER BY id", columns.join(", "));
    let values: Vec<Vec<rusqlite::types::Value>> = {
        let mut statement = connection.prepare(&select).expect("a table of ours");
        let rows = statement.query_map((), |row| (0..columns.len()).map(|at| row.get(at)).collect());
        rows.expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    let clear = || connection.execute(&format!("DELETE FROM {TABLE} WHERE id > 7000000000000000"), ()).expect("rows");
    let mut times: [Vec<Duration>; 2] = Default::default();
    for _ in 0..ROUNDS {
        clear();
        times[0].push(write(&mut database, |database| {
            assert_eq!(database.load(&load, &mut |_| {}).expect("rows"), load.count());
        }));
        clear();
        let ((), time) = timed(|| loop_by_hand(&connection, &columns, &values));
        times[1].push(time);
    }
    let [ours, by_hand] = times.map(|times| median(&times));
    tell("load in place", load.count(), ours, by_hand);
    tell("a prepared statement of 50 rows, values ready", load.count(), by_hand, by_hand);
}

fn loop_by_hand(connection: &rusqlite::Connection, columns: &[String], values: &[Vec<rusqlite::types::Value>]) {
    connection.execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON").expect("nobody else writes");
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    for chunk in values.chunks(50) {
        let rows = vec![row.as_str(); chunk.len()].join(", ");
        let text = format!("INSERT INTO {TABLE} ({}) VALUES {rows}", columns.join(", "));
        let mut statement = connection.prepare_cached(&text).expect("a statement");
        statement.execute(rusqlite::params_from_iter(chunk.iter().flatten())).expect("rows");
    }
    connection.execute_batch("COMMIT").expect("a commit");
}
