//! What is set aside before many rows are loaded, and put back behind them.

use seedbed::database::FailureKind;
use seedbed::rebuild::{Candidate, Prospect, put_back, set_aside};

use super::support::World;
use super::support::crowd::{Crowd, begin, tables};

const TABLES: [Candidate<'static>; 3] = [
    Candidate { table: "people", rows_of_others: 0 },
    Candidate { table: "texts", rows_of_others: 0 },
    Candidate { table: "likes", rows_of_others: 0 },
];

/// Loads with what can be set aside set aside.
fn rebuilt(world: &mut World, crowd: &Crowd) -> Result<Prospect, seedbed::database::Failure> {
    let database = &mut *world.database;
    begin(database).unwrap();
    let mut work = || {
        let aside = set_aside(database, &TABLES)?;
        let prospect = aside.prospect.clone();
        crowd.write(database)?;
        put_back(database, aside)?;
        Ok(prospect)
    };
    match work() {
        Ok(prospect) => {
            world.database.commit().unwrap();
            Ok(prospect)
        }
        Err(failure) => {
            world.database.rollback().unwrap();
            Err(failure)
        }
    }
}

#[test]
fn the_rows_are_the_same_whether_indexes_were_set_aside_or_not() {
    let (mut one, mut other) = (World::with_tables(&tables()), World::with_tables(&tables()));
    let crowd = Crowd::of(&one.database.schema().unwrap(), 30);
    let schema = one.database.schema().unwrap();
    let prospect = rebuilt(&mut one, &crowd).unwrap();
    assert_eq!(prospect.refusals, []);
    let names: Vec<&str> = prospect.parts.iter().map(|part| part.name.as_str()).collect();
    assert!(names.contains(&"likes_text") && names.contains(&"likes_once"), "{names:?}");
    assert_eq!(one.database.schema().unwrap(), schema);
    crowd.load(&mut *other.database).unwrap();
    assert_eq!(one.dump(), other.dump());
}

#[test]
fn an_index_that_does_not_hold_for_the_rows_undoes_all_of_it() {
    let mut world = World::with_tables(&format!("{} CREATE UNIQUE INDEX stars_once ON texts (stars);", tables()));
    // The scenario was made for the tables without it.
    let crowd = Crowd::of(&World::with_tables(&tables()).database.schema().unwrap(), 5);
    let (rows, schema) = (world.dump(), world.database.schema().unwrap());
    let failure = rebuilt(&mut world, &crowd).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unique, "{failure:?}");
    assert!(failure.message.starts_with("making again `stars_once` of `texts`: "), "{failure:?}");
    assert_eq!((world.dump(), world.database.schema().unwrap()), (rows, schema));
}

#[test]
fn a_table_with_rows_of_others_keeps_its_indexes() {
    let mut world = World::with_tables(&tables());
    let candidates = [Candidate { table: "likes", rows_of_others: 3 }, TABLES[1]];
    begin(&mut *world.database).unwrap();
    let aside = set_aside(&mut *world.database, &candidates).unwrap();
    let told: Vec<String> = aside.prospect.refusals.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["the indexes of `likes` stay: 3 rows of others stand in it"]);
    assert!(aside.prospect.parts.iter().all(|part| part.table == "texts"), "{:?}", aside.prospect);
    put_back(&mut *world.database, aside).unwrap();
    world.database.commit().unwrap();
}
