//! A scaled world with values of every kind: people, what they write, and what they like.

use seedbed::Database;
use std::time::Duration;

use seedbed::database::{Access, Failure, Lasting, Scope, Writing};
use seedbed::load::Load;
use seedbed_core::diagnostic::render;
use seedbed_core::generate::{Parameters, generate_scaled};
use seedbed_core::password::Hashes;
use seedbed_core::scale::{Scale, Scaled};
use seedbed_core::scenario::{Files, read};
use seedbed_core::schema::Schema;
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use super::{Engine, TODAY};

pub const CROWD: &str = "
CREATE TABLE people (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email varchar(254) NOT NULL UNIQUE,
    name text NULL, nick varchar(40) NULL, joined datetime NOT NULL, seen bigint NOT NULL, born date NULL,
    due date NOT NULL, lat decimal(9,6) NULL, wide numeric NOT NULL, rate double precision NOT NULL,
    active bool NOT NULL, ref uuid NOT NULL, doc json NOT NULL, photo blob NULL, small smallint NOT NULL,
    code varchar(9) NOT NULL, password varchar(128) NOT NULL, tag bool NOT NULL);
CREATE TABLE texts (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, body text NOT NULL, stars integer NOT NULL,
    person_id bigint NOT NULL REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE likes (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, at datetime NOT NULL,
    person_id bigint NOT NULL REFERENCES people (id), text_id bigint NOT NULL REFERENCES texts (id));
CREATE UNIQUE INDEX likes_once ON likes (person_id, text_id);
CREATE INDEX likes_text ON likes (text_id);
";

/// Its tables with the types of the engine that is tested.
pub fn tables() -> String {
    match crate::ENGINE {
        Engine::Sqlite => CROWD.to_owned(),
        Engine::Postgres => with_types_of_a_server(CROWD),
    }
}

/// The same with types that only a server has.
pub fn with_types_of_a_server(ddl: &str) -> String {
    let tables = ddl
        .replace(" blob", " bytea")
        .replace("name text", "name mood")
        .replace("nick varchar(40)", "nick short")
        .replace("joined datetime", "joined timestamp(0)")
        .replace("doc json", "doc jsonb")
        .replace("rate double precision", "rate real")
        .replace("stars integer", "stars small");
    format!(
        "CREATE TYPE mood AS ENUM ('Zoë 😀', 'back\\slash', 'tab\there', '', '\\N');
         CREATE DOMAIN short AS varchar(40); CREATE DOMAIN small AS int4; {tables}"
    )
}

const SCENARIO: &str = r#"
scenario: crowd
about: people, what they write, what they like
layer: 1
lists: {words: words.yaml}
populations:
  people:
    table: people
    tag: tag
    rows: [ada, bob, person_01..person_28]
    columns:
      email: "{row}{copy}@crowd.test"
      name: {even: ["Zoë 😀", "back\\slash", "tab\there", "", "\\N", null]}
      nick: {pick: words.names}
      joined: {time: [300d ago, 1d ago]}
      seen: {time: [30d ago, 1d ago]}
      born: {even: ["1990-05-04", "2024-02-29", null]}
      due: {time: [300d ago, in 300d]}
      lat: {decimal: [-47.5, 47.9], places: 6, null: 20%}
      wide: {decimal: [-900000.5, 900000.5], places: 11}
      rate: {decimal: [0, 9.9], places: 3}
      active: {even: [true, false]}
      ref: "5eedbed0-0000-4000-8000-{number:012}"
      doc: {even: ['{"a": [1, 2], "b": "50%"}', '[]', '7']}
      photo: {text: "bytes of {row}{copy}", null: 10%}
      small: {integer: [-5, 5]}
      code: {integer: [1, 99]}
      password: {password: TestPass123!, hash: bcrypt, cost: 4}
  texts:
    table: texts
    rows: 50
    links:
      person: {column: person_id, to: people, back: texts, owner: true}
    columns:
      body: "text {number} of {person.email}: \\ 50% ' \""
      stars: {integer: [0, 5]}
relations:
  likes:
    table: likes
    total: 70
    links:
      person: {column: person_id, to: people, back: liked, owner: true}
      text: {column: text_id, to: texts, back: likers}
    columns:
      at: {time: [20d ago, 1d ago]}
"#;

const WORDS: &str = "names: [Mara, Nils, 'Åsa\u{301}', 李, \"O'Neil\", '50%', '{x}']\n";

/// Opens a transaction that writes.
pub fn begin(database: &mut dyn Database) -> Result<(), Failure> {
    let writing = Writing { scope: Scope::Database, patience: Duration::from_secs(5), lasting: Lasting::AtOnce };
    database.begin(Access::Write(writing))
}

/// The further blocks, and what their passwords are stored as.
pub struct Crowd {
    pub scaled: Scaled,
    pub passwords: Hashes,
}

impl Crowd {
    pub fn of(schema: &Schema, blocks: u64) -> Self {
        let sources = vec![
            Source { path: "crowd.yaml".into(), text: SCENARIO.into() },
            Source { path: "words.yaml".into(), text: WORDS.into() },
        ];
        let files = Files { sources, scenarios: vec![0], lists: vec![(0, "words.yaml".into(), 1)] };
        let told = |problems: Vec<_>| render(&problems, &files.sources, false);
        let chain = read(&files, Some(schema)).map_err(told).unwrap_or_else(|told| panic!("{told}"));
        let parameters = Parameters { seed: 1, worker: 0, as_of: TODAY };
        let scale = Scale::Blocks(blocks);
        let made = generate_scaled(&chain, Some(schema), parameters, &scale).map_err(told);
        let (generated, scaled) = made.unwrap_or_else(|told| panic!("{told}"));
        let rows = generated.dataset.blocks.iter().flat_map(|block| &block.rows);
        let passwords = (rows.flat_map(|row| &row.values))
            .filter_map(|value| if let Value::Password(password) = value { Some(password.clone()) } else { None })
            .map(|password| (password, "$2b$04$stored".into()))
            .collect();
        Self { scaled, passwords }
    }

    /// Loads all populations, or fails and undoes it; returns how many rows of each.
    pub fn load(&self, database: &mut dyn Database) -> Result<Vec<u64>, Failure> {
        begin(database)?;
        let loaded = self.write(database);
        match loaded {
            Ok(_) => database.commit()?,
            // With a lost connection there is nothing to undo.
            Err(_) => database.rollback().unwrap_or_default(),
        }
        loaded
    }

    /// Loads all populations in the open transaction.
    pub fn write(&self, database: &mut dyn Database) -> Result<Vec<u64>, Failure> {
        (0..self.scaled.rows.len()).map(|population| self.write_one(database, population)).collect()
    }

    /// Loads a population in the open transaction.
    pub fn write_one(&self, database: &mut dyn Database, population: usize) -> Result<u64, Failure> {
        let schema = database.schema()?;
        let load = Load {
            scaled: &self.scaled,
            population,
            table: &schema.tables[&self.scaled.rows[population].table],
            passwords: &self.passwords,
            blocks: self.scaled.further(),
        };
        let mut told = Vec::new();
        let written = database.load(&load, &mut |rows| told.push(rows))?;
        assert_eq!(written, load.count());
        assert!(told.is_sorted() && (written == 0 || told.last() == Some(&written)), "{told:?}");
        Ok(written)
    }
}
