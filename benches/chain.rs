//! How long the chain m01, m02, m03 takes on SQLite, beside a hand-made loop of the same rows:
//! `cargo bench -p benches`, with a number of rounds behind `--` where 15 are too few.
//!
//! Every round does everything once, so that what else the machine does hits all alike. Pictures are
//! left out and the password is hashed beforehand; both are measured apart. Every way begins with a
//! new file that has the tables, on the same journal and with foreign keys checked.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use seedbed::media::picture;
use seedbed::{Project, Receipt, Sqlite, Target, password};
use seedbed_core::dataset::Dataset;
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::value::Value;

/// 2026-11-22 00:00 UTC.
const TODAY: i64 = 1_795_305_600;
const PARENTS_FIRST: [&str; 7] = [
    "users_user",
    "users_profile",
    "users_privacysettings",
    "users_follow",
    "flyers_flyer",
    "flyers_flyerimage",
    "flyers_favorite",
];
/// Nine rows in three tables.
const DAMAGE: &str = "
    UPDATE flyers_flyer SET title = 'x' WHERE id IN (SELECT id FROM flyers_flyer ORDER BY id LIMIT 3);
    UPDATE users_user SET bio = 'x' WHERE id IN (SELECT id FROM users_user ORDER BY id LIMIT 3);
    DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3);";

/// A table's rows as they are stored.
struct Table {
    name: &'static str,
    width: usize,
    rows: Vec<Vec<Stored>>,
}

/// Times of one thing, a round each.
struct Line {
    name: &'static str,
    times: Vec<Duration>,
}

fn main() {
    let rounds = std::env::args().filter_map(|argument| argument.parse().ok()).next_back().unwrap_or(15);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there");
    let ddl = std::fs::read_to_string(repository.join("pockitflyer_backend/pockitflyer.sql")).expect("the schema");
    let folder = tempfile::tempdir().expect("a folder for databases");

    let (_, mut dataset) = make(&repository);
    let (hashed, hashing) = timed(|| hash_passwords(&mut dataset));
    let ((), drawing) = timed(|| dataset.files.iter().for_each(|file| drop(picture::render(&file.picture))));
    let like = folder.path().join("like.db");
    let (mut database, _) = Sqlite::open_or_create(&like, &ddl).expect("a new database");
    let rows = seed(&mut database, &dataset).plan.inserts();
    let tables = read(&Connection::open(&like).expect("a seeded database"));
    assert_eq!(tables.iter().map(|table| table.rows.len()).sum::<usize>(), rows);

    let names = [
        "read the scenario files",
        "generate and solve",
        "make the file with its tables",
        "seed: plan, write, read back, record",
        "by hand, a row at a time",
        "by hand, 50 rows a statement",
        "in sync again",
        "reset of 9 rows",
        "cleanup",
    ];
    let mut lines = names.map(|name| Line { name, times: Vec::new() });
    for round in 0..rounds {
        let mut note = |line: usize, time: Duration| lines[line].times.push(time);
        let ((reading, generating), _) = make(&repository);
        note(0, reading);
        note(1, generating);
        let new = |name: &str| folder.path().join(format!("{round}-{name}.db"));
        let (path, hand, fifty) = (new("ours"), new("hand"), new("fifty"));
        let ((mut database, _), making) = timed(|| Sqlite::open_or_create(&path, &ddl).expect("a new database"));
        note(2, making);
        let (receipt, seeding) = timed(|| seed(&mut database, &dataset));
        assert_eq!(receipt.plan.inserts(), rows);
        note(3, seeding);
        note(4, write_by_hand(&hand, &ddl, &tables, 1));
        note(5, write_by_hand(&fifty, &ddl, &tables, 50));
        let (receipt, again) = timed(|| seed(&mut database, &dataset));
        assert!(!receipt.written);
        note(6, again);
        Connection::open(&path).and_then(|other| other.execute_batch(DAMAGE)).expect("damage");
        let (receipt, resetting) = timed(|| with(&mut database, &dataset, |target| seedbed::reset(target, None)));
        assert_eq!(receipt.plan.inserts() + receipt.plan.updates(), 9);
        note(7, resetting);
        let (receipt, cleaning) = timed(|| with(&mut database, &dataset, seedbed::cleanup));
        assert_eq!(receipt.plan.deletes(), rows);
        note(8, cleaning);
        for path in [path, hand, fifty] {
            std::fs::remove_file(path).expect("the database of this round");
        }
    }
    report(&lines, rows, rounds);
    println!(
        "once: {hashed} password hashed in {}, {} pictures drawn in {}",
        ms(hashing),
        dataset.files.len(),
        ms(drawing)
    );
}

/// Returns the dataset, with the time for reading the files and for generating.
fn make(repository: &Path) -> ((Duration, Duration), Dataset) {
    let ((chain, schema), reading) = timed(|| {
        let project = Project::find(repository).expect("the project of this repository");
        let schema = project.declared_schema().expect("a schema that SQLite takes").expect("a schema");
        let files = project.files(&["m03"]).expect("m03 and what it requires");
        (project.chain(&files, Some(&schema)).expect("valid scenarios"), schema)
    });
    let parameters = Parameters { seed: 1, worker: 0, as_of: TODAY };
    let (generated, generating) = timed(|| generate(&chain, Some(&schema), parameters).expect("a dataset"));
    ((reading, generating), generated.dataset)
}

/// Puts the stored form in place of every password; returns how many there were.
fn hash_passwords(dataset: &mut Dataset) -> usize {
    let mut known = std::collections::BTreeMap::new();
    let seed = dataset.seed;
    let rows = dataset.blocks.iter_mut().flat_map(|block| &mut block.rows);
    for value in rows.flat_map(|row| &mut row.values) {
        if let Value::Password(plain) = value {
            let hash = known.entry(plain.clone()).or_insert_with_key(|plain| password::hash(seed, plain));
            *value = Value::text(hash);
        }
    }
    known.len()
}

fn with(
    database: &mut Sqlite,
    dataset: &Dataset,
    verb: impl FnOnce(&mut Target<'_>) -> seedbed::Result<Receipt>,
) -> Receipt {
    let mut target = Target {
        database,
        dataset,
        levels: 0..dataset.scenarios.len(),
        media: None,
        now: TODAY,
        as_of: Some(TODAY),
        lock_timeout: Duration::from_secs(5),
        bookkeeping: &[],
        program: "seedbed",
        notice: &mut |_| {},
    };
    verb(&mut target).unwrap_or_else(|error| panic!("{error}"))
}

fn seed(database: &mut Sqlite, dataset: &Dataset) -> Receipt {
    with(database, dataset, seedbed::seed)
}

fn read(database: &Connection) -> Vec<Table> {
    let table = |name: &'static str| -> rusqlite::Result<Table> {
        let mut statement = database.prepare(&format!("SELECT * FROM {name} ORDER BY id"))?;
        let width = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..width).map(|position| row.get(position)).collect();
        let rows = statement.query_map([], row)?.collect::<rusqlite::Result<_>>()?;
        Ok(Table { name, width, rows })
    };
    PARENTS_FIRST.map(|name| table(name).expect("a table that was seeded")).into()
}

/// Writes the rows as a script does: one transaction, a prepared INSERT per table.
fn write_by_hand(path: &Path, ddl: &str, tables: &[Table], at_once: usize) -> Duration {
    drop(Sqlite::open_or_create(path, ddl).expect("a new database"));
    let database = Connection::open(path).expect("the database that was made");
    let write = || -> rusqlite::Result<()> {
        database.execute_batch("PRAGMA foreign_keys = ON; BEGIN")?;
        for table in tables {
            let one = format!("({})", vec!["?"; table.width].join(", "));
            for rows in table.rows.chunks(at_once) {
                let values = vec![one.as_str(); rows.len()].join(", ");
                let mut insert = database.prepare_cached(&format!("INSERT INTO {} VALUES {values}", table.name))?;
                insert.execute(rusqlite::params_from_iter(rows.iter().flatten()))?;
            }
        }
        database.execute_batch("COMMIT")
    };
    let (written, time) = timed(write);
    written.expect("rows that were seeded before");
    time
}

fn report(lines: &[Line], rows: usize, rounds: usize) {
    let by_hand = median(&lines[4].times);
    println!("m01 m02 m03 on SQLite: {rows} rows, {rounds} rounds, median (fastest, slowest), beside the loop by hand");
    for Line { name, times } in lines {
        let (fastest, slowest) = (times.iter().min().copied(), times.iter().max().copied());
        let (middle, fastest, slowest) = (median(times), fastest.unwrap_or_default(), slowest.unwrap_or_default());
        let ratio = middle.as_secs_f64() / by_hand.as_secs_f64();
        println!("  {name:38} {:>9}  ({:>9} {:>9})  x {ratio:.2}", ms(middle), ms(fastest), ms(slowest));
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let answer = work();
    (answer, started.elapsed())
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
