//! How long the chain m01, m02, m03 takes on SQLite, beside a hand-made loop of the same rows:
//! `cargo bench -p benches`, with a number of rounds behind `--` where 15 are too few.
//!
//! Every round does everything once, so that what else the machine does hits all alike. Pictures are
//! left out and the password is hashed beforehand; both are measured apart. Every way begins with a
//! new file that has the tables, on the same journal and with foreign keys checked.

mod measure;

use std::path::Path;
use std::time::Duration;

use measure::{DAMAGE, Line, PARENTS_FIRST, hash_passwords, make, ms, report, seed, timed, with};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use seedbed::Sqlite;
use seedbed_render::picture;

/// A table's rows as they are stored.
struct Table {
    name: &'static str,
    width: usize,
    rows: Vec<Vec<Stored>>,
}

fn main() {
    let repository = measure::repository();
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
    for round in 0..measure::rounds() {
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
    report("SQLite", &lines, 4, rows);
    println!(
        "once: {hashed} password hashed in {}, {} pictures drawn in {}",
        ms(hashing),
        dataset.files.len(),
        ms(drawing)
    );
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
