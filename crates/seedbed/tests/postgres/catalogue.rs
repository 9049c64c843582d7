//! Tables and types that SQLite does not have.

use seedbed_core::plan::Cell;

use crate::contract::support;
use crate::contract::support::{DDL, TODAY, World, for_postgres};

/// Seeds, looks, damages, resets and cleans up; every step must find what the one before left.
fn round(world: &mut World, damage: &str) {
    let before = world.dump();
    assert!(world.seed().unwrap().written);
    assert!(world.plan().is_empty(), "{:?}", world.plan());
    world.sql(damage);
    assert_eq!(world.plan().updates(), 1, "{damage}");
    world.reset().unwrap();
    assert!(world.plan().is_empty());
    world.cleanup(0).unwrap();
    assert_eq!(world.dump(), before);
}

#[test]
fn types_of_every_kind_are_written_and_read_back() {
    let tables = for_postgres(DDL)
        .replace("lat decimal(9,6)", "lat real")
        .replace("joined timestamptz", "joined timestamp(0)")
        .replace("name varchar(100)", "name short")
        .replace("email varchar(254)", "email text COLLATE loose")
        .replace("created timestamptz", "created date")
        .replace("title varchar(200)", "title mood");
    let types = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                 CREATE DOMAIN short AS varchar(20);
                 CREATE TYPE mood AS ENUM ('Item 1', 'Item 2', 'Item 3', 'Item 4', 'Item 5', 'Item 6', '50% (x)');";
    let mut world = World::with_tables(&format!("{types}{tables}"));
    round(&mut world, "UPDATE items SET title = '50% (x)' WHERE id = 1100000003");
    round(&mut world, "UPDATE users SET lat = 47.1 WHERE id = 1100000001");
    round(&mut world, "UPDATE users SET email = 'ADA@seed.test' WHERE id = 1100000001");
    round(&mut world, "UPDATE users SET joined = 'infinity' WHERE id = 1100000001");
    round(&mut world, "UPDATE pairs SET created = '2001-01-01' WHERE id = 1300000001");
}

#[test]
fn bytes_json_numbers_and_uuids_are_the_same_cells_as_anywhere() {
    let tables =
        DDL.replace("memo text NULL", "memo text NULL, price numeric(30,10), ref uuid, data json, small smallint");
    let mut world = World::with_tables(&tables);
    let items = &mut world.dataset.blocks[2];
    items.columns.extend(["price", "ref", "data", "small"].map(str::to_owned));
    for (number, row) in items.rows.iter_mut().enumerate() {
        use seedbed_core::value::{Decimal, Value};
        row.values.push(Value::Decimal(Decimal::parse("-0.125").unwrap()));
        row.values.push(Value::text(format!("5eedbed0-0300-4000-8000-00000000000{number}")));
        row.values.push(Value::text(r#"{"b": [1,  2], "a": "50%"}"#));
        row.values.push(Value::Integer(number as i64));
    }
    round(&mut world, "UPDATE items SET price = 1152921504606846976.5 WHERE id = 1100000003");
    round(&mut world, "UPDATE items SET data = '{}' WHERE id = 1100000003");
    round(&mut world, "UPDATE items SET ref = NULL, small = -1 WHERE id = 1100000003");
}

#[test]
fn what_a_column_is_said_to_refuse_the_server_refuses() {
    let mut world = World::with_tables(
        "CREATE TYPE mood AS ENUM ('calm', 'glad'); CREATE DOMAIN spirits AS mood; CREATE DOMAIN short AS varchar(4);
         CREATE TABLE all_types (b boolean, i2 smallint, i4 integer, i8 bigint, n numeric(5,2), f numeric(2,2),
             d double precision, v varchar(4), c char(4), s short, e mood, m spirits, at timestamptz, day date, u uuid,
             j json, jb jsonb)",
    );
    let schema = world.database.schema().unwrap();
    let table = &schema.tables["all_types"];
    assert_eq!(table.takes.len(), table.columns.len());
    let texts = [
        "",
        " ",
        "1",
        "0",
        "2",
        "t",
        "fals",
        "o",
        " off ",
        "maybe",
        "old 1",
        "1.5",
        ".5",
        "0.995",
        "999.994",
        "999.995",
        "1000",
        "-32769",
        "2147483648",
        "9223372036854775808",
        "1e3",
        "NaN",
        "inf",
        "ten",
        "grüß",
        "12345",
        "1234  ",
        "calm",
        "Calm",
        "{}",
        "{\"a\": 1}",
        "{'a'}",
        "\"a\"",
        "null",
        "2026-11-22",
        "2026-02-32",
        "2026-13-01",
        "soon",
        "today",
        "infinity",
        "20261122",
        "5",
        "Nov 22 2026",
        "2026-11-22T09:30:00Z",
        "1-1-1",
        "5eedbed0-0300-4000-8000-000000000001",
        "{5EEDBED0030040008000000000000001}",
        "5eedbed0",
    ];
    let mut refused = 0;
    for column in &table.columns {
        for text in texts.iter().filter(|text| !table.takes[&column.name].takes(&Cell::text(text))) {
            let cast = if ["v", "c", "s"].contains(&&*column.name) { "" } else { &*column.declared };
            let cast = if cast.is_empty() { String::new() } else { format!("::{}", cast.replace("(5,2)", "")) };
            let sql = format!("INSERT INTO all_types ({}) VALUES ('{}'{cast})", column.name, text.replace('\'', "''"));
            let support::Own::Postgres(client, _) = &world.own else { unreachable!("the engine is PostgreSQL") };
            assert!(client.borrow_mut().batch_execute(&sql).is_err(), "{sql}");
            refused += 1;
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn identities_that_are_always_made_and_serials_take_our_keys_and_generated_columns_are_left_out() {
    let tables = for_postgres(DDL)
        .replace(
            "CREATE TABLE users (id bigint GENERATED BY DEFAULT AS IDENTITY",
            "CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY",
        )
        .replace("CREATE TABLE items (id bigint GENERATED BY DEFAULT AS IDENTITY", "CREATE TABLE items (id serial")
        .replace("memo text NULL", "memo text NULL, loud text GENERATED ALWAYS AS (upper(title)) STORED");
    let mut world = World::with_tables(&tables);
    round(&mut world, "UPDATE items SET title = 'x' WHERE id = 1100000003");
    world.seed().unwrap();
    world.sql("INSERT INTO users (email, joined, active, tag) VALUES ('late@example.org', now(), TRUE, FALSE)");
    assert_eq!(world.number("SELECT id FROM users WHERE email = 'late@example.org'"), 2_000_000_000);
    world.sql("INSERT INTO items (title, owner_id, place, tag) VALUES ('late', 2000000000, 1, FALSE)");
    assert_eq!(world.number("SELECT id FROM items WHERE title = 'late'"), 2_000_000_000);
    world.cleanup(0).unwrap();
    assert_eq!((world.counter("users"), world.counter("items")), (Some(2_000_000_000), Some(2_000_000_000)));
}

#[test]
fn what_is_no_table_of_its_own_is_refused() {
    let refused = |change: &str| {
        let mut world = World::new();
        world.sql(change);
        let rows = world.dump();
        let error = world.seed().unwrap_err();
        assert_eq!((error.exit_code(), error.rule), (6, "not-a-table"), "{error}");
        assert_eq!(error.message, "`badges` is not an ordinary table");
        assert_eq!(world.dump(), rows);
    };
    refused("ALTER TABLE badges RENAME TO all_badges; CREATE VIEW badges AS SELECT * FROM all_badges");
    refused("CREATE TABLE old_badges () INHERITS (badges)");
    refused(
        "CREATE SCHEMA other; CREATE TABLE other.log (user_id bigint, item_id bigint, \
         FOREIGN KEY (user_id, item_id) REFERENCES badges ON DELETE CASCADE)",
    );
}

#[test]
fn a_partitioned_table_is_one_table() {
    let parted = "PRIMARY KEY (user_id, item_id)) PARTITION BY RANGE (user_id); CREATE TABLE badges_1 PARTITION OF badges \
                  FOR VALUES FROM (MINVALUE) TO (1200000003); CREATE TABLE badges_2 PARTITION OF badges DEFAULT;";
    let mut world = World::with_tables(&DDL.replace("PRIMARY KEY (user_id, item_id));", parted));
    round(&mut world, "UPDATE items SET title = 'x' WHERE id = 1100000003");
    world.seed().unwrap();
    assert_eq!(world.number("SELECT count(*) FROM badges_1"), 2);
}

#[test]
fn rows_that_a_policy_hides_are_an_error_and_not_rows_that_are_missing() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "CREATE ROLE narrow LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO narrow; \
         GRANT ALL ON SCHEMA seedbed TO narrow; GRANT ALL ON ALL TABLES IN SCHEMA seedbed TO narrow; \
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO narrow; \
         ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY even ON users USING (id % 2 = 0)",
    );
    let rows = world.dump();
    world.database = support::open(&world.own.address().unwrap().replace("postgres@", "narrow@"));
    let error = world.reset().unwrap_err();
    assert_eq!(error.exit_code(), 6, "{error}");
    assert!(error.message.contains("row-level security"), "{error}");
    assert_eq!(world.dump(), rows);
    world.sql("ALTER TABLE users DISABLE ROW LEVEL SECURITY");
    assert!(!world.reset().unwrap().written);
    world.sql("DROP OWNED BY narrow; DROP ROLE narrow");
}

#[test]
fn another_schema_is_named_by_the_search_path() {
    let mut world = World::with_tables(&format!(
        "CREATE SCHEMA shop; SET search_path = shop; {}; RESET search_path; CREATE TABLE users (id int PRIMARY KEY)",
        for_postgres(DDL)
    ));
    let address = world.own.address().unwrap();
    world.database = support::open(&format!("{address}&options=-csearch_path%3Dshop"));
    assert!(world.seed().unwrap().written);
    assert_eq!(world.number("SELECT count(*) FROM shop.users WHERE id > 1000000000"), 5);
    assert_eq!(world.number("SELECT count(*) FROM public.users"), 0);
    assert!(world.plan().is_empty());
    world.cleanup(0).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM shop.users"), 0);
}

#[test]
fn a_trigger_that_swallows_a_delete_is_noticed() {
    let mut world = World::new();
    world.seed().unwrap();
    world.sql(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$; \
         CREATE TRIGGER keep BEFORE DELETE ON pairs FOR EACH ROW EXECUTE FUNCTION keep()",
    );
    let rows = world.dump_all();
    let error = world.cleanup(0).unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (6, "count-differs"));
    assert!(error.details.contains(&"triggers on `pairs`: keep".to_owned()), "{error}");
    assert_eq!(world.dump_all(), rows);
}

#[test]
fn a_conflict_names_the_index_and_the_row() {
    let mut world = World::new();
    world.sql(
        "CREATE UNIQUE INDEX one_title ON items (lower(title)); \
         INSERT INTO users VALUES (11, 'anna@example.org', 'anna', '2020-01-01', NULL, TRUE, FALSE); \
         INSERT INTO items VALUES (21, 'ITEM 4', 11, 1, NULL, FALSE)",
    );
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    let rows = world.dump();
    let error = world.seed().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (4, "unique-value-taken"));
    assert_eq!(
        error.message,
        "while inserting row 4 of 6 into `items`: duplicate key value violates unique constraint \"one_title\": \
         Key (lower(title::text))=(item 4) already exists."
    );
    assert_eq!(world.dump(), rows);
}

#[test]
fn rows_go_by_statements_where_a_rule_waits_for_one() {
    let mut world = World::new();
    world.sql(
        "CREATE TABLE log (title text); \
         CREATE RULE told AS ON INSERT TO items DO ALSO INSERT INTO log VALUES (new.title)",
    );
    assert_eq!(world.plan().triggers[0].trigger, "told");
    world.seed().unwrap();
    assert_eq!(
        world.text("SELECT string_agg(title, ', ' ORDER BY title) FROM log WHERE title < 'Item 3'"),
        "Item 1, Item 2"
    );
}

#[test]
fn what_newer_servers_have_is_no_obstacle() {
    let mut world = World::new();
    if world.number("SELECT current_setting('server_version_num')::int / 10000") < 18 {
        world.sql("ALTER TABLE items ADD loud text GENERATED ALWAYS AS (upper(title)) STORED");
    } else {
        world.sql(
            "ALTER TABLE items ADD loud text GENERATED ALWAYS AS (upper(title)) VIRTUAL, ADD ref uuid DEFAULT uuidv7(), \
             ADD CONSTRAINT unlike CHECK (title <> 'Item 1') NOT ENFORCED; \
             ALTER TABLE notes ADD item_id bigint REFERENCES items NOT ENFORCED; \
             CREATE TABLE stays (room int4range, during daterange, PRIMARY KEY (room, during WITHOUT OVERLAPS)); \
             CREATE TABLE meals (room int4range, during daterange, \
             FOREIGN KEY (room, PERIOD during) REFERENCES stays (room, PERIOD during)); \
             INSERT INTO stays VALUES ('[1,2)', '[2026-01-01,2026-02-01)'); \
             INSERT INTO meals VALUES ('[1,2)', '[2026-01-03,2026-01-04)')",
        );
    }
    round(&mut world, "UPDATE items SET title = 'x' WHERE id = 1100000003");
    world.seed().unwrap();
    assert_eq!(world.text("SELECT loud FROM items WHERE id = 1100000001"), "ITEM 1");
}

#[test]
fn every_letter_of_a_text_comes_back() {
    let mut world = World::new();
    let texts = ["\\", "\\N", "\\.", "\t a\tb\n\r\n", "\\\\t'\"", "", "ä€😀 \u{1}\u{7f}"];
    for (row, text) in world.dataset.blocks[2].rows.iter_mut().zip(texts) {
        row.values[1] = seedbed_core::value::Value::text(text);
    }
    world.seed().unwrap();
    assert!(world.plan().is_empty());
    for (position, text) in texts.iter().take(6).enumerate() {
        assert_eq!(world.text(&format!("SELECT title FROM items WHERE place = {}", position + 1)), *text);
    }
}

#[test]
fn an_error_of_a_copy_names_the_row_and_keeps_its_values_to_itself() {
    for (change, told) in [
        ("ADD CHECK (place <> 5)", "row 5 of 6 into `items`: new row for relation \"items\" violates check constraint"),
        ("ALTER memo SET NOT NULL", "row 1 of 6 into `items`: null value in column \"memo\""),
        ("ALTER title TYPE varchar(5)", "row 1 of 6 into `items`: value too long for type character varying(5)"),
    ] {
        let mut world = World::new();
        world.sql(&format!("ALTER TABLE items {change}"));
        let error = world.seed().unwrap_err().to_string();
        assert!(error.contains(&format!("while inserting {told}")), "{error}");
        assert!(!error.contains("COPY") && !error.contains("Item"), "{error}");
        assert_eq!(world.number("SELECT count(*) FROM users"), 0);
    }
}

#[test]
fn keys_that_are_uuids_and_texts_are_found_by_their_bytes() {
    let mut world = World::with_tables(
        &DDL.replace(
            "CREATE TABLE badges (user_id bigint NOT NULL REFERENCES users (id), item_id bigint NOT NULL REFERENCES items (id),\n    PRIMARY KEY (user_id, item_id))",
            "CREATE TABLE badges (user_id text COLLATE \"und-x-icu\" PRIMARY KEY, item_id uuid UNIQUE)",
        ),
    );
    let badges = &mut world.dataset.blocks[5];
    badges.references.clear();
    badges.key = vec![0];
    for (number, row) in badges.rows.iter_mut().enumerate() {
        use seedbed_core::value::Value;
        row.values = vec![
            Value::text(format!("seedbed-{number}")),
            Value::text(format!("5eedbed0-0300-4000-8000-00000000000{number}")),
        ];
    }
    world.sql("INSERT INTO badges VALUES ('SEEDBED-1', NULL)");
    seedbed::allow(&mut *world.database, TODAY, world.timeout, &mut |_| {}).unwrap();
    world.seed().unwrap();
    assert!(world.plan().is_empty());
    let removed = world.cleanup(0).unwrap().plan;
    let badges = removed.tables.iter().find(|table| table.table == "badges").unwrap();
    assert_eq!(badges.deletes[1].key, [Cell::text("seedbed-1")]);
    assert_eq!(world.text("SELECT string_agg(user_id, ' ') FROM badges"), "SEEDBED-1");
}
