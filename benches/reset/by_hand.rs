//! What scripts do instead of a reset, and the rows that they do it with.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::Client;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use rusqlite::types::Value as Stored;

use super::measure::{DAMAGE, Line, PARENTS_FIRST};

/// The rows of the dataset, as an engine hands them over and takes them.
pub(crate) struct Rows {
    tables: Vec<Table>,
}

struct Table {
    name: &'static str,
    width: usize,
    rows: Vec<Vec<Stored>>,
    copied: Vec<u8>,
    count: usize,
}

impl Rows {
    pub(crate) fn of_sqlite(path: &Path) -> Self {
        let database = Connection::open(path).expect("a seeded database");
        let table = |name: &'static str| -> rusqlite::Result<Table> {
            let mut statement = database.prepare(&format!("SELECT * FROM {name} ORDER BY id"))?;
            let width = statement.column_count();
            let row = |row: &rusqlite::Row<'_>| (0..width).map(|position| row.get(position)).collect();
            let rows = statement.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(Table { name, width, count: rows.len(), rows, copied: Vec::new() })
        };
        Self { tables: PARENTS_FIRST.map(|name| table(name).expect("a table that was seeded")).into() }
    }

    pub(crate) fn of_postgres(client: &mut Client) -> Self {
        let mut table = |name: &'static str| {
            let mut copied = Vec::new();
            let mut rows =
                client.copy_out(&format!("COPY (SELECT * FROM {name} ORDER BY id) TO STDOUT")).expect("rows");
            rows.read_to_end(&mut copied).expect("rows of the server");
            let count = copied.split(|byte| *byte == b'\n').count() - 1;
            Table { name, width: 0, rows: Vec::new(), copied, count }
        };
        Self { tables: PARENTS_FIRST.into_iter().map(&mut table).collect() }
    }

    pub(crate) fn count(&self) -> usize {
        self.tables.iter().map(|table| table.count).sum()
    }

    /// Deletes the rows and inserts them, 50 to a statement, in one transaction.
    pub(crate) fn put_back(&self, database: &Connection) {
        let write = || -> rusqlite::Result<()> {
            database.execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON")?;
            for table in self.tables.iter().rev() {
                database.execute_batch(&format!("DELETE FROM {}", table.name))?;
            }
            for table in &self.tables {
                let one = format!("({})", vec!["?"; table.width].join(", "));
                for rows in table.rows.chunks(50) {
                    let values = vec![one.as_str(); rows.len()].join(", ");
                    let mut insert = database.prepare_cached(&format!("INSERT INTO {} VALUES {values}", table.name))?;
                    insert.execute(rusqlite::params_from_iter(rows.iter().flatten()))?;
                }
            }
            database.execute_batch("COMMIT")
        };
        write().expect("rows that were there before");
    }

    /// Deletes the rows and copies them in, in one transaction.
    pub(crate) fn put_back_copied(&self, client: &mut Client) {
        self.write_copied(client, true).expect("rows that were there before");
    }

    pub(crate) fn insert_all(&self, client: &mut Client) {
        self.write_copied(client, false).expect("rows that are there elsewhere");
    }

    fn write_copied(&self, client: &mut Client, delete: bool) -> Result<(), postgres::Error> {
        let mut transaction = client.transaction()?;
        if delete {
            let deletes: Vec<String> =
                self.tables.iter().rev().map(|table| format!("DELETE FROM {}", table.name)).collect();
            transaction.batch_execute(&deletes.join("; "))?;
        }
        for table in &self.tables {
            let mut writer = transaction.copy_in(&format!("COPY {} FROM STDIN", table.name))?;
            writer.write_all(&table.copied).expect("a buffer takes all");
            writer.finish()?;
        }
        transaction.commit()
    }
}

/// Copies of a seeded file, one for each way, and one that stays as it is.
pub(crate) struct Copies {
    pub(crate) hand: Connection,
    whole: PathBuf,
    copied: PathBuf,
    source: Connection,
    backed_up: std::cell::RefCell<Connection>,
}

impl Copies {
    pub(crate) fn of(seeded: &Path, folder: &Path) -> Self {
        let file = |name: &str| folder.join(name);
        let from = Connection::open(seeded).expect("a seeded database");
        let make = |name: &str| {
            let mut to = Connection::open(file(name)).expect("a new database");
            Backup::new(&from, &mut to)
                .and_then(|backup| backup.run_to_completion(i32::MAX, Duration::ZERO, None))
                .expect("a copy");
            to.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
                .expect("settings");
            to
        };
        let (hand, backed_up, source) = (make("hand.db"), make("backed.db").into(), make("source.db"));
        // Closed, so that all of it is in the file.
        for name in ["whole.db", "copied.db"] {
            make(name).close().expect("a closed file");
        }
        Self { hand, whole: file("whole.db"), copied: file("copied.db"), source, backed_up }
    }

    pub(crate) fn damage_hand(&self) {
        self.hand.execute_batch(DAMAGE).expect("damage");
    }

    pub(crate) fn damage_copied(&self) {
        Connection::open(&self.copied).and_then(|database| database.execute_batch(DAMAGE)).expect("damage");
    }

    pub(crate) fn damage_backed_up(&self) {
        self.backed_up.borrow().execute_batch(DAMAGE).expect("damage");
    }

    pub(crate) fn copy_file(&self) {
        std::fs::copy(&self.whole, &self.copied).expect("a copy");
    }

    pub(crate) fn back_up(&self) {
        let mut to = self.backed_up.borrow_mut();
        let backup = Backup::new(&self.source, &mut to).expect("a backup");
        backup.run_to_completion(i32::MAX, Duration::ZERO, None).expect("a backup");
    }

    /// All ways end in the same rows.
    pub(crate) fn are_equal(&self, seeded: &Path) {
        let rows = |database: &Connection| -> Vec<Vec<Vec<Stored>>> {
            let table = |name: &&str| -> rusqlite::Result<Vec<Vec<Stored>>> {
                let mut statement = database.prepare(&format!("SELECT * FROM {name} ORDER BY id"))?;
                let width = statement.column_count();
                statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect())?.collect()
            };
            PARENTS_FIRST.iter().map(|name| table(name).expect("a table")).collect()
        };
        let open = |path: &Path| Connection::open(path).expect("a database");
        let wanted = rows(&open(seeded));
        let (backed_up, copied) = (self.backed_up.borrow(), open(&self.copied));
        for (way, other) in [("by hand", &self.hand), ("copied", &copied), ("backed up", &backed_up)] {
            let ended = rows(other);
            for (name, (ended, wanted)) in PARENTS_FIRST.iter().zip(ended.iter().zip(&wanted)) {
                assert!(ended == wanted, "{way} ended in other rows of {name}");
            }
        }
    }
}

pub(crate) fn from_template(client: &mut Client, template: &str) {
    client.batch_execute(&format!("CREATE DATABASE seedbed_bench_copy TEMPLATE {template}")).expect("a copy");
}

pub(crate) fn drop_made(client: &mut Client) {
    client.batch_execute("DROP DATABASE seedbed_bench_copy").expect("nobody has it open");
}

/// Tells the times, each beside the first.
pub(crate) fn report(engine: &str, lines: &[Line], rows: usize) {
    let median = |line: &Line, at: usize| {
        let mut times = line.times.clone();
        times.sort();
        times.get(times.len() * at / 100).copied().unwrap_or_default()
    };
    let first = median(&lines[0], 50);
    let rounds = lines[0].times.len();
    println!("m01 m02 m03 on {engine}: {rows} rows, {rounds} rounds, median and 95th of a hundred, beside the first");
    for line in lines {
        let (middle, late) = (median(line, 50), median(line, 95));
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
        println!(
            "  {:48} {:>10}  {:>10}  x {:.1}",
            line.name,
            ms(middle),
            ms(late),
            middle.as_secs_f64() / first.as_secs_f64()
        );
    }
}
