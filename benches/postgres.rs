//! How long the chain m01, m02, m03 takes on PostgreSQL, beside hand-made loops of the same rows:
//! `cargo bench -p benches --bench postgres`, with a number of rounds behind `--` where 15 are too few.
//!
//! The server is one of its own that writes to disk as servers do, spoken to over a socket. Every round
//! does everything once, each way in a new database that has the tables; making it is not measured.

mod measure;
#[path = "../crates/seedbed/tests/contract/support/server.rs"]
mod server;

use std::io::{Read, Write};
use std::time::Duration;

use measure::{DAMAGE, Line, PARENTS_FIRST, hash_passwords, make, report, seed, timed, with};
use postgres::{Client, Error};
use seedbed::Postgres;
use seedbed::database::postgres::{Address, Environment};
use server::{Server, TestDatabase};

/// A table's rows as statements and as COPY gives them.
struct Table {
    name: &'static str,
    inserts: Vec<String>,
    copied: Vec<u8>,
}

/// A trigger on every table that nothing here fires, so that rows go in by INSERT.
const NEVER: &str = "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
    DO $$DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP EXECUTE format('CREATE TRIGGER never BEFORE TRUNCATE ON %s EXECUTE FUNCTION never()', t); END LOOP; END$$";

fn main() {
    let repository = measure::repository();
    let tables = repository.join("pockitflyer_backend/pockitflyer.postgresql.sql");
    let ddl = std::fs::read_to_string(tables).expect("the schema");
    let with_triggers = format!("{ddl}; {NEVER}");
    let server = Server::start(None, server::DURABLE);
    let (_, mut dataset) = make(&repository);
    hash_passwords(&mut dataset);
    let like = server.database(&ddl);
    let rows = seed(&mut open(&like), &dataset).plan.inserts();
    let tables = PARENTS_FIRST.map(|name| read(&mut like.client(), name).expect("a table that was seeded"));
    assert_eq!(tables.iter().map(|table| table.inserts.len()).sum::<usize>(), rows);

    let names = [
        "seed: plan, write, read back, record",
        "seed by INSERT, as where triggers stand",
        "by hand, a row at a time",
        "by hand, a COPY for each table",
        "in sync again",
        "reset of 9 rows",
        "cleanup",
    ];
    let mut lines = names.map(|name| Line { name, times: Vec::new() });
    for _ in 0..measure::rounds() {
        let mut note = |line: usize, time: Duration| lines[line].times.push(time);
        let (ours, hand, copied) = (server.database(&ddl), server.database(&ddl), server.database(&ddl));
        let triggered = server.database(&with_triggers);
        let (mut database, mut inserting) = (open(&ours), open(&triggered));
        let (receipt, seeding) = timed(|| seed(&mut database, &dataset));
        assert_eq!(receipt.plan.inserts(), rows);
        note(0, seeding);
        let (receipt, seeding) = timed(|| seed(&mut inserting, &dataset));
        assert_eq!(receipt.plan.inserts(), rows);
        note(1, seeding);
        let mut client = hand.client();
        let (written, writing) = timed(|| insert_by_hand(&mut client, &tables));
        written.expect("rows that were seeded before");
        note(2, writing);
        let mut client = copied.client();
        let (written, writing) = timed(|| copy_by_hand(&mut client, &tables));
        written.expect("rows that were seeded before");
        note(3, writing);
        let (receipt, again) = timed(|| seed(&mut database, &dataset));
        assert!(!receipt.written);
        note(4, again);
        ours.client().batch_execute(DAMAGE).expect("damage");
        let (receipt, resetting) = timed(|| with(&mut database, &dataset, |target| seedbed::reset(target, None)));
        assert_eq!(receipt.plan.inserts() + receipt.plan.updates(), 9);
        note(5, resetting);
        let (receipt, cleaning) = timed(|| with(&mut database, &dataset, seedbed::cleanup));
        assert_eq!(receipt.plan.deletes(), rows);
        note(6, cleaning);
    }
    let version: String = like.client().query_one("SHOW server_version", &[]).expect("a version").get(0);
    report(&format!("PostgreSQL {version}"), &lines, 2, rows);
}

fn open(place: &TestDatabase) -> Postgres {
    let address = Address::read(&place.address(), &Environment::default()).expect("an address");
    Postgres::open(&address).expect("a database that was made")
}

fn read(client: &mut Client, name: &'static str) -> Result<Table, Error> {
    let columns = client.query_one(
        "SELECT string_agg(format('quote_nullable(%I::text)', column_name), ', ' ORDER BY ordinal_position) \
         FROM information_schema.columns WHERE table_name = $1",
        &[&name],
    )?;
    let columns: String = columns.get(0);
    let values = client.query(&format!("SELECT concat_ws(', ', {columns}) FROM {name} ORDER BY id"), &[])?;
    let inserts = values.iter().map(|row| format!("INSERT INTO {name} VALUES ({})", row.get::<_, &str>(0))).collect();
    let mut copied = Vec::new();
    let mut rows = client.copy_out(&format!("COPY (SELECT * FROM {name} ORDER BY id) TO STDOUT"))?;
    rows.read_to_end(&mut copied).expect("rows of the server");
    drop(rows);
    Ok(Table { name, inserts, copied })
}

/// Writes the rows as a script does: one transaction, an INSERT for each.
fn insert_by_hand(client: &mut Client, tables: &[Table]) -> Result<(), Error> {
    let mut transaction = client.transaction()?;
    for insert in tables.iter().flat_map(|table| &table.inserts) {
        transaction.batch_execute(insert)?;
    }
    transaction.commit()
}

/// Writes the rows as the fastest script does.
fn copy_by_hand(client: &mut Client, tables: &[Table]) -> Result<(), Error> {
    let mut transaction = client.transaction()?;
    for table in tables {
        let mut writer = transaction.copy_in(&format!("COPY {} FROM STDIN", table.name))?;
        writer.write_all(&table.copied).expect("a buffer takes all");
        writer.finish()?;
    }
    transaction.commit()
}
