//! What SQLite's indexes are after they were set aside, and which tables keep theirs.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed::Sqlite;
use seedbed::rebuild::{Candidate, Reason, prospect, put_back, set_aside};

use crate::contract::support::crowd::begin;
use crate::contract::support::guest::Guest;

const TABLES: &str = "
CREATE TABLE shops (id integer PRIMARY KEY, region text, number int);
CREATE UNIQUE INDEX shops_place ON shops (region, number);
CREATE TABLE goods (id integer PRIMARY KEY, title text UNIQUE, price int, region text, number int,
    FOREIGN KEY (number, region) REFERENCES shops (number, region));
CREATE INDEX  goods_cheap on goods (price DESC, title COLLATE NOCASE) WHERE price < 5 -- of all shops
;
CREATE UNIQUE INDEX \"goods \"\"of\"\" region\" ON goods (lower(title), region);
CREATE INDEX goods_place ON goods (region, number);";

fn candidates() -> [Candidate<'static>; 2] {
    ["goods", "shops"].map(|table| Candidate { table, rows_of_others: 0 })
}

/// The indexes in their order, as they are written down.
fn indexes(database: &Sqlite) -> Vec<String> {
    let query = "SELECT concat_ws(' ', tbl_name, name, sql) FROM sqlite_schema WHERE type = 'index' ORDER BY rowid";
    let mut statement = database.connection().prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn indexes_are_made_again_by_the_same_words_in_the_same_order() {
    let mut database = Sqlite::in_memory(TABLES).unwrap();
    let before = indexes(&database);
    begin(&mut database).unwrap();
    let aside = set_aside(&mut database, &candidates()).unwrap();
    assert_eq!((&aside.prospect.refusals[..], &aside.prospect.closed[..]), (&[][..], &[][..]));
    let names: Vec<&str> = aside.prospect.parts.iter().map(|part| part.name.as_str()).collect();
    // A foreign key leads to `shops_place`, and the table itself has made the index of titles.
    assert_eq!(names, ["goods_place", "goods \"of\" region", "goods_cheap"]);
    assert_eq!(indexes(&database).len(), 2);
    put_back(&mut database, aside).unwrap();
    seedbed::Database::commit(&mut database).unwrap();
    assert_eq!(indexes(&database), before);
}

#[test]
fn statistics_that_would_go_with_an_index_keep_it() {
    let mut database = Sqlite::in_memory(TABLES).unwrap();
    database.connection().execute_batch("INSERT INTO goods (price) VALUES (1); ANALYZE goods_place").unwrap();
    let told = prospect(&mut database, &candidates()).unwrap();
    assert_eq!((told.refusals.len(), &told.refusals[0].table[..]), (1, "goods"));
    assert_eq!(told.refusals[0].reason, Reason::Statistics("goods_place".into()));
    assert_eq!(told.parts, []);
}

#[test]
fn nothing_is_set_aside_in_a_transaction_of_somebody_else() {
    let host = Rc::new(RefCell::new(Sqlite::in_memory(TABLES).unwrap()));
    host.borrow().connection().execute_batch("BEGIN").unwrap();
    let told = prospect(&mut Guest::of(&host), &candidates()).unwrap();
    let reasons: Vec<&Reason> = told.refusals.iter().map(|refusal| &refusal.reason).collect();
    assert_eq!(reasons, [&Reason::InsideATransaction; 2]);
    assert_eq!(told.parts, []);
}
