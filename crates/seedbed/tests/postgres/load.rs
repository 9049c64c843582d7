//! Loading by COPY: types without a known binary form, rules, and a connection that is lost.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Instant;

use seedbed::Postgres;
use seedbed::database::FailureKind;
use seedbed::database::postgres::{Address, Environment};

use crate::contract::support::crowd::{CROWD, Crowd, begin, with_types_of_a_server};
use crate::contract::support::failing::Failing;
use crate::contract::support::{Own, World};
use crate::proxy::{Cut, Next, Proxy};

fn world(change: impl Fn(String) -> String) -> World {
    World::with_tables(&change(with_types_of_a_server(CROWD)))
}

/// Loads by COPY in this form, then by statements, and compares.
fn both_ways(world: &mut World, form: &str) {
    let crowd = Crowd::of(&world.database.schema().unwrap(), 20);
    begin(&mut *world.database).unwrap();
    crowd.write_one(&mut *world.database, 0).unwrap();
    let statement = world.text(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    );
    assert!(statement.starts_with("COPY \"people\" (") && statement.ends_with(form), "{statement}");
    world.database.rollback().unwrap();
    crowd.load(&mut *world.database).unwrap();
    let rows = world.dump();
    world.sql("DELETE FROM likes; DELETE FROM texts; DELETE FROM people");
    crowd.load(&mut Failing { inner: world.open(), left: Arc::new(AtomicUsize::new(0)) }).unwrap();
    assert_eq!(world.dump(), rows);
}

#[test]
fn types_whose_binary_form_is_known_are_copied_in_it() {
    both_ways(&mut world(|ddl| ddl), "FROM STDIN (FORMAT binary)");
    both_ways(&mut World::with_tables(&CROWD.replace(" blob", " bytea")), "FROM STDIN (FORMAT binary)");
}

#[test]
fn types_whose_binary_form_is_not_known_are_copied_as_text() {
    let ratio = |ddl: String| format!("CREATE DOMAIN ratio AS real; {}", ddl.replace("rate real", "rate ratio"));
    both_ways(&mut world(ratio), "FROM STDIN");
    both_ways(&mut world(|ddl| ddl.replace("code varchar(9)", "code oid")), "FROM STDIN");
}

#[test]
fn a_value_that_only_the_server_can_read_is_copied_as_text() {
    // A number is no bytes of ours, and a name is cut off in one form only.
    both_ways(&mut world(|ddl| ddl.replace("code varchar(9)", "code bytea")), "FROM STDIN");
    both_ways(&mut world(|ddl| ddl.replace("nick short", "nick name")), "FROM STDIN");
}

#[test]
fn rows_are_inserted_where_a_rule_waits_for_it() {
    let mut world = world(|ddl| {
        format!(
            "{ddl}; CREATE TABLE log (id int8); CREATE RULE told AS ON INSERT TO texts DO ALSO INSERT INTO log VALUES (new.id)"
        )
    });
    let crowd = Crowd::of(&world.database.schema().unwrap(), 5);
    crowd.load(&mut *world.database).unwrap();
    assert_eq!(world.number("SELECT count(DISTINCT id) FROM log"), 4 * 50);
}

#[test]
fn nothing_stays_of_a_copy_whose_connection_is_lost() {
    let mut world = world(|ddl| ddl);
    let crowd = Crowd::of(&world.database.schema().unwrap(), 400);
    let Own::Postgres(_, place) = &world.own else { unreachable!("this is a test of PostgreSQL") };
    let proxy = Proxy::new(place.socket());
    let address = format!("postgres://postgres@127.0.0.1:{}/{}?application_name=cut", proxy.port, place.name);
    let address = Address::read(&address, &Environment::default()).unwrap();
    for cut in [Cut::To(200_000), Cut::To(1_500_000)] {
        proxy.cut(cut, Next::Refused);
        let failure = crowd.load(&mut Postgres::open(&address).unwrap()).unwrap_err();
        assert!(proxy.passed().cut);
        assert_eq!(failure.kind, FailureKind::Connection, "{failure:?}");
        assert!(failure.message.contains("into `people`"), "{failure:?}");
        while world.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cut'") > 0 {
            thread::yield_now();
        }
        assert_eq!(world.number("SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM texts)"), 0);
    }
    assert_eq!(crowd.load(&mut *world.database).unwrap(), [399 * 30, 399 * 50, 399 * 70]);
}

#[test]
fn rows_of_several_copies_are_all_there_and_counted_through() {
    let alone = "person_id bigint NOT NULL REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED";
    let mut world = world(|ddl| ddl.replace(alone, "person_id bigint NOT NULL"));
    let crowd = Crowd::of(&world.database.schema().unwrap(), 20_003);
    begin(&mut *world.database).unwrap();
    let began = Instant::now();
    assert_eq!(crowd.write_one(&mut *world.database, 1).unwrap(), 1_000_100);
    println!("{:.0} rows a second", 1_000_100.0 / began.elapsed().as_secs_f64());
    world.database.commit().unwrap();
    assert_eq!(world.number("SELECT count(DISTINCT id) FROM texts"), 1_000_100);
    world.sql("DELETE FROM texts WHERE id < (SELECT max(id) FROM texts)");
    begin(&mut *world.database).unwrap();
    let failure = crowd.write_one(&mut *world.database, 1).unwrap_err();
    world.database.rollback().unwrap();
    assert_eq!((failure.kind, failure.row), (FailureKind::Unique, Some(1_000_100)), "{failure:?}");
}
