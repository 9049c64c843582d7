//! A small world in which every test of the language is asked, and a slow second opinion.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::civil;
use seedbed_core::scenario::{
    Chain, Comparison, End, Ensure, Files, Operand, Path, PopulationId, Step, Subject, Term, Test, Where,
};
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use super::{Own, Project, TODAY, World};

const DDL: &str = r"
CREATE TABLE people (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(50) NULL, city varchar(50) NULL,
    active bool NULL, score decimal(6,2) NULL, spent decimal(8,2) NULL, joined datetime NULL, seen datetime NULL, tag bool NOT NULL);
CREATE TABLE cards (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, person_id bigint NULL REFERENCES people (id),
    label varchar(50) NULL, joined datetime NULL, tag bool NOT NULL);
CREATE TABLE items (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, owner_id bigint NULL REFERENCES people (id),
    second_id bigint NULL REFERENCES people (id), title varchar(50) NULL, kind varchar(10) NULL,
    price decimal(8,2) NULL, made datetime NULL, lat decimal(9,6) NULL, lng decimal(9,6) NULL, tag bool NOT NULL);
CREATE TABLE likes (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, person_id bigint NULL REFERENCES people (id),
    item_id bigint NULL REFERENCES items (id), at datetime NULL, tag bool NOT NULL);
";

const SCENARIO: &str = r#"{
  "scenario": "small", "about": "everything that can be asked", "layer": 1, "holds_for": "48h",
  "points": {"centre": [47.3769, 8.5417]},
  "conditions": {"items": {"cheap": {"price": {"max": 2}}, "fresh": {"made": {"after": "10d ago"}, "owner.active": true}},
                 "people": {"busy": {"items": {"some": {"cheap": true}}}}},
  "measures": {"items": {"km": {"distance": ["lat", "lng"], "to": "centre"}}},
  "populations": {
    "people": {"table": "people", "tag": "tag", "rows": ["p_1..p_8"], "columns": {
      "name": "{row}", "city": {"even": ["ZÜRICH", "Zürich Öst", "Ärau", "basel"]}, "active": {"even": [true, false]},
      "score": {"even": [0.1, 0.2, 1.5, 3]}, "spent": {"sum_of": "items.price"}, "joined": {"time": ["30d ago", "5d ago"]}, "seen": {"time": ["20d ago", "1d ago"]}}},
    "cards": {"table": "cards", "tag": "tag", "rows": {"one_per": "person"},
      "links": {"person": {"column": "person_id", "to": "people", "back": "card", "owner": true}},
      "columns": {"label": {"copy": "person.name"}, "joined": {"copy": "person.joined"}}},
    "items": {"table": "items", "tag": "tag", "rows": ["i_1..i_14"],
      "links": {"owner": {"column": "owner_id", "to": "people", "back": "items", "owner": true},
                "second": {"column": "second_id", "to": "people", "back": "seconded"}},
      "columns": {"title": {"even": ["Café & Bar", "50% OFF_sale", "a*b", "ÄÖÜ größe"]}, "kind": {"even": ["x", "y", "z"]},
        "price": {"even": [0.1, 0.2, 0.3, 2, 7.25]}, "made": {"time": ["25d ago", "1d ago"]},
        "lat": {"even": [47.3769, 47.4, 47.5]}, "lng": {"even": [8.5417, 8.6]}}}
  },
  "relations": {"likes": {"table": "likes", "tag": "tag", "total": 20,
    "links": {"person": {"column": "person_id", "to": "people", "back": "likes", "owner": true},
              "item": {"column": "item_id", "to": "items", "back": "fans"}},
    "columns": {"at": {"time": ["20d ago", "1h ago"]}}}},
  "groups": {"people": {"likers": {"any": {"rows": 8, "has": {"likes": [0, 6]}}}},
             "items": {"liked": {"any": {"rows": 14, "has": {"fans": [0, 6]}}}}},
  "ensure": [ENSURES]
}"#;

/// What is asked: (what, where or more).
const ASKED: &[&str] = &[
    r#""count": "people""#,
    r#""count": "people", "where": {"city": {"contains": "zÜrich"}}"#,
    r#""count": "people", "where": {"city": {"contains": "ö"}}"#,
    r#""count": "people", "where": {"city": {"not": {"contains": "ä"}}}"#,
    r#""count": "items", "where": {"title": {"matches": "*É*"}}"#,
    r#""count": "items", "where": {"title": {"matches": "50%*_sale"}}"#,
    r#""count": "items", "where": {"title": {"matches": "Caf* & *r"}}"#,
    r#""count": "items", "where": {"title": {"contains": "grÖße"}}"#,
    r#""count": "people", "where": {"active": true}"#,
    r#""count": "people", "where": {"active": {"not": true}}"#,
    r#""count": "people", "where": {"score": null}"#,
    r#""count": "people", "where": {"score": {"not": null}}"#,
    r#""count": "people", "where": {"score": [0.2, 1.5]}"#,
    r#""count": "people", "where": {"score": {"in": [0.1, 3]}}"#,
    r#""count": "people", "where": {"score": {"not_in": [0.1, 3]}}"#,
    r#""count": "people", "where": {"score": {"min": 0.2, "max": 2}}"#,
    r#""count": "people", "where": {"name": "p_3"}"#,
    r#""count": "people", "where": {"self": {"in": ["p_1", "p_2"]}}"#,
    r#""count": "people", "where": {"joined": {"before": "seen"}}"#,
    r#""count": "people", "where": {"joined": {"since": "20d ago", "until": "6d ago"}}"#,
    r#""count": "people", "where": {"card.joined": {"same_as": "joined"}}"#,
    r#""count": "people", "where": {"card.label": {"not": null}}"#,
    r#""count": "people", "where": {"card": {"count": 1}}"#,
    r#""count": "people", "where": {"name": {"same_as": "city"}}"#,
    r#""count": "items", "where": {"owner": {"same_as": "second"}}"#,
    r#""count": "items", "where": {"owner": {"not": {"same_as": "second"}}}"#,
    r#""count": "items", "where": {"owner": null}"#,
    r#""count": "items", "where": {"owner": {"in": "people"}}"#,
    r#""count": "items", "where": {"owner": "p_2"}"#,
    r#""count": "items", "where": {"owner.active": false}"#,
    r#""count": "items", "where": {"owner.busy": false}"#,
    r#""count": "items", "where": {"owner.busy": {"not": true}}"#,
    r#""count": "items", "where": {"fresh": true}"#,
    r#""count": "items", "where": {"fresh": false}"#,
    r#""count": "items", "where": {"made": {"after": "owner.joined"}}"#,
    r#""count": "items", "where": {"any": [{"kind": "x", "cheap": true}, {"owner.city": {"contains": "basel"}}, {"price": null}]}"#,
    r#""count": "items", "per": "kind""#,
    r#""count": "items", "per": "kind", "where": {"price": {"min": 0.2}}"#,
    r#""count": "items", "distinct": "owner""#,
    r#""count": "items", "distinct": "owner.city", "where": {"price": {"not": null}}"#,
    r#""count": "items", "where": {"km": {"max": 2.569}}"#,
    r#""count": "items", "where": {"km": [2.569, 100]}"#,
    r#""count": "people", "where": {"items": {"some": {}}}"#,
    r#""count": "people", "where": {"items": {"some": {"cheap": true}, "none": {"kind": "z"}}}"#,
    r#""count": "people", "where": {"items": {"all": {"fans": {"some": {"person.active": true}}}}}"#,
    r#""count": "people", "where": {"items": {"count": [1, 2]}}"#,
    r#""count": "people", "where": {"items.kind": {"distinct": {"min": 2}}}"#,
    r#""count": "people", "where": {"items.price": {"sum": {"min": 0.3, "max": 7.55}}}"#,
    r#""count": "people", "where": {"items.price": {"sum": 0.3}}"#,
    r#""count": "people", "where": {"spent": {"sum_of": "items.price"}}"#,
    r#""count": "people", "where": {"spent": {"not": {"sum_of": "likes.item.price"}}}"#,
    r#""count": "people", "where": {"likes.item.owner": {"some": {"active": false}}}"#,
    r#""count": "people", "where": {"likes.item.fans.person": {"count": {"min": 4}}}"#,
    r#""count": "likes", "where": {"item.owner": {"same_as": "person"}}"#,
    r#""count": "likes", "where": {"item.owner": {"in": "person.likes.item.owner"}}"#,
    r#""count": "likes", "where": {"person": {"not_in": "item.fans.person"}}"#,
    r#""count": "likes", "where": {"item.owner": {"in": "item.second.items.owner"}}"#,
    r#""count": "likes", "where": {"at": {"before": "item.made"}}"#,
    r#""count": "likes", "where": {"person": {"in": ["p_1", "p_4"]}, "item": {"not": "i_3"}}"#,
    r#""for_each": {"people": ["p_1", "p_5"]}, "count": "likes.item""#,
    r#""for_each": {"people": ["p_1", "p_5"]}, "count": "likes.item", "distinct": "kind""#,
    r#""for_each": {"people": ["p_2", "p_3"]}, "count": "likes.item.owner.items", "where": {"cheap": true}"#,
    r#""for_each": {"people": ["p_2", "p_3"]}, "count": "items", "per": "kind""#,
];

/// The small project.
pub fn small() -> Project {
    let ensures: Vec<String> = ASKED
        .iter()
        .enumerate()
        .map(|(number, asked)| format!(r#"{{"id": "Q{number}", "fact": "question {number}", {asked}, "at_least": 0}}"#))
        .collect();
    let text = SCENARIO.replace("ENSURES", &ensures.join(",\n"));
    let sources = vec![Source { path: "small.json".into(), text }];
    Project { files: Files { sources, scenarios: vec![0], ..Files::default() }, ddl: DDL.into() }
}

/// A live value.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum Live {
    Number(f64),
    Text(String),
}

pub type Row = BTreeMap<String, Option<Live>>;

/// The rows of the database, read whole, and the questions asked of them by loops.
pub struct Loops<'a> {
    chain: &'a Chain,
    tables: BTreeMap<String, BTreeMap<i64, Row>>,
    /// Keys by population.
    keys: Vec<Vec<i64>>,
}

impl<'a> Loops<'a> {
    pub fn read(world: &'a World) -> Self {
        let mut tables = BTreeMap::new();
        for population in &world.chain.populations {
            let rows = match &world.own {
                Own::Sqlite(own) => rows(own, &population.table),
                Own::Postgres(own, _) => rows_of_postgres(&mut own.borrow_mut(), &population.table),
            };
            tables.insert(population.table.clone(), rows);
        }
        let key = |value: &Value| if let Value::Integer(key) = value { *key } else { panic!("an integer key") };
        let keys = world
            .dataset
            .blocks
            .iter()
            .map(|b| b.rows.iter().map(|row| key(&row.values[b.key[0]])).collect())
            .collect();
        Self { chain: &world.chain, tables, keys }
    }

    /// Returns what each case of an ensure counts, and of how many.
    pub fn counts(&self, ensure: &Ensure) -> Vec<(i64, i64)> {
        let starts: Vec<(PopulationId, Vec<i64>)> = match &ensure.subject {
            Subject::Population(p) => {
                vec![(*p, self.keys[*p].iter().copied().filter(|key| self.row(*p, *key).is_some()).collect())]
            }
            Subject::ForEach(p, rows, path) => rows
                .iter()
                .map(|row| {
                    let key = self.keys[*p][*row];
                    (path.to, if self.row(*p, key).is_some() { self.walk(*p, key, &path.steps) } else { Vec::new() })
                })
                .collect(),
        };
        let values: Vec<Option<&Value>> = match &ensure.per {
            None => vec![None],
            Some((_, values)) => values.iter().map(Some).collect(),
        };
        let mut counts = Vec::new();
        for (p, rows) in &starts {
            for value in &values {
                let counted: Vec<i64> = (rows.iter().copied())
                    .filter(|key| {
                        let of_value = value.is_none_or(|value| {
                            let path = &ensure.per.as_ref().unwrap().0;
                            self.value(*p, *key, path).is_some_and(|found| found == live(value))
                        });
                        of_value && self.holds(*p, *key, &ensure.condition)
                    })
                    .collect();
                let number = match &ensure.distinct {
                    None => counted.len(),
                    Some(path) => different(counted.iter().filter_map(|key| self.value(*p, *key, path))),
                };
                counts.push((number as i64, rows.len() as i64));
            }
        }
        counts
    }

    fn row(&self, p: PopulationId, key: i64) -> Option<&Row> {
        self.tables[&self.chain.populations[p].table].get(&key)
    }

    fn step(&self, p: PopulationId, key: i64, step: Step) -> (PopulationId, Vec<i64>) {
        let number = |cell: &Option<Live>| if let Some(Live::Number(n)) = cell { Some(*n as i64) } else { None };
        match step {
            Step::Link(link) => {
                let link = &self.chain.populations[p].links[link];
                let to = number(&self.row(p, key).unwrap()[&link.column]);
                (link.to, to.filter(|to| self.row(link.to, *to).is_some()).into_iter().collect())
            }
            Step::Back(child, link) => {
                let column = &self.chain.populations[child].links[link].column;
                let points = |k: &i64| self.row(child, *k).is_some_and(|row| number(&row[column]) == Some(key));
                (child, self.keys[child].iter().copied().filter(points).collect())
            }
        }
    }

    fn walk(&self, p: PopulationId, key: i64, steps: &[Step]) -> Vec<i64> {
        let Some((first, rest)) = steps.split_first() else { return vec![key] };
        let (next, rows) = self.step(p, key, *first);
        rows.into_iter().flat_map(|key| self.walk(next, key, rest)).collect()
    }

    fn value(&self, p: PopulationId, key: i64, path: &Path) -> Option<Live> {
        let (mut p, mut key) = (p, key);
        for step in &path.steps {
            let (next, rows) = self.step(p, key, *step);
            let [one] = rows[..] else { return None };
            (p, key) = (next, one);
        }
        self.end(p, key, path.end)
    }

    fn end(&self, p: PopulationId, key: i64, end: End) -> Option<Live> {
        match end {
            End::Row => Some(Live::Number(key as f64)),
            End::Column(column) => self.row(p, key)?[&self.chain.populations[p].columns[column].name].clone(),
            End::Condition(c) => {
                Some(Live::Number(f64::from(u8::from(self.holds(p, key, &self.chain.conditions[c].meaning)))))
            }
            End::Measure(m) => {
                let m = &self.chain.measures[m];
                let (Live::Number(lat), Live::Number(lng)) =
                    (self.value(p, key, &m.latitude)?, self.value(p, key, &m.longitude)?)
                else {
                    return None;
                };
                // The spherical law of cosines, by vectors: another road to the same metre.
                let vector = |lat: f64, lng: f64| {
                    let (lat, lng) = (lat.to_radians(), lng.to_radians());
                    [lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin()]
                };
                let (a, b) = (vector(lat, lng), vector(m.point.0.to_f64(), m.point.1.to_f64()));
                let chord = (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt();
                Some(Live::Number((2.0 * (chord / 2.0).asin() * 6_371_000.0).round() / 1000.0))
            }
            End::Field(_) => None,
        }
    }

    fn holds(&self, p: PopulationId, key: i64, condition: &Where) -> bool {
        condition.0.iter().all(|term| match term {
            Term::Any(any) => any.iter().any(|condition| self.holds(p, key, condition)),
            Term::Test(path, test) => self.test(p, key, path, test),
        })
    }

    fn test(&self, p: PopulationId, key: i64, path: &Path, test: &Test) -> bool {
        let rows = || self.walk(p, key, &path.steps);
        let value = || self.value(p, key, path);
        let is_row = |row: &usize| value() == Some(Live::Number(self.keys[path.to][*row] as f64));
        let words = || match value() {
            Some(Live::Number(number)) => Some(number.to_string()),
            Some(Live::Text(words)) => Some(words),
            None => None,
        };
        let compares = |comparison, other: Option<Live>| match (value(), other) {
            (Some(a), Some(b)) => match comparison {
                Comparison::AtLeast => a >= b,
                Comparison::AtMost => a <= b,
                Comparison::Below => a < b,
                Comparison::Above => a > b,
            },
            _ => false,
        };
        match test {
            Test::All(tests) => tests.iter().all(|test| self.test(p, key, path, test)),
            Test::Not(test) => !self.test(p, key, path, test),
            Test::Some(inner) => rows().iter().any(|key| self.holds(path.to, *key, inner)),
            Test::Every(inner) => rows().iter().all(|key| self.holds(path.to, *key, inner)),
            Test::None(inner) => !rows().iter().any(|key| self.holds(path.to, *key, inner)),
            Test::Count(lo, hi) => (*lo..=*hi).contains(&(rows().len() as i64)),
            Test::Distinct(lo, hi) => {
                let number = different(rows().iter().filter_map(|key| self.end(path.to, *key, path.end)));
                (*lo..=*hi).contains(&(number as i64))
            }
            Test::SumOf(sum) => {
                let cents = |number: f64| (number * 100.0).round() as i64;
                let number = |cell| if let Some(Live::Number(number)) = cell { cents(number) } else { 0 };
                let rows = self.walk(p, key, &sum.steps);
                let sum: i64 = rows.iter().map(|key| number(self.end(sum.to, *key, sum.end))).sum();
                matches!(value(), Some(Live::Number(value)) if cents(value) == sum)
            }
            Test::Sum(lo, hi) => {
                let cents = |number: f64| (number * 100.0).round() as i64;
                let number = |key: &i64| match self.end(path.to, *key, path.end) {
                    Some(Live::Number(number)) => cents(number),
                    _ => 0,
                };
                let sum: i64 = rows().iter().map(number).sum();
                lo.is_none_or(|lo| sum >= cents(lo.to_f64())) && hi.is_none_or(|hi| sum <= cents(hi.to_f64()))
            }
            Test::Is(Value::Null) => value().is_none(),
            Test::Is(wanted) => value() == Some(live(wanted)),
            Test::IsRow(row) => is_row(row),
            Test::OneOfRows(rows) => rows.iter().any(is_row),
            Test::Between(lo, hi) => {
                compares(Comparison::AtLeast, Some(live(lo))) && compares(Comparison::AtMost, Some(live(hi)))
            }
            Test::OneOf(values) => value().is_some_and(|value| values.iter().any(|other| live(other) == value)),
            Test::Population(population) => {
                self.keys[*population].iter().any(|key| value() == Some(Live::Number(*key as f64)))
            }
            Test::Within(set) => {
                let set: BTreeSet<i64> = self.walk(p, key, &set.steps).into_iter().collect();
                set.iter().any(|key| value() == Some(Live::Number(*key as f64)))
            }
            Test::Compare(comparison, Operand::Value(other)) => compares(*comparison, Some(live(other))),
            Test::Compare(comparison, Operand::Path(other)) => compares(*comparison, self.value(p, key, other)),
            Test::Contains(part) => words().is_some_and(|words| words.to_lowercase().contains(part)),
            Test::Matches(pattern) => words().is_some_and(|words| matches(&words, pattern)),
            Test::SameAs(other) => value() == self.value(p, key, other),
        }
    }
}

/// Returns the rows of a table by key.
pub fn rows(own: &rusqlite::Connection, table: &str) -> BTreeMap<i64, Row> {
    let mut statement = own.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let cell = |at: usize| -> rusqlite::Result<Option<Live>> {
            Ok(match row.get_ref(at)? {
                rusqlite::types::ValueRef::Null => None,
                rusqlite::types::ValueRef::Integer(n) => Some(Live::Number(n as f64)),
                rusqlite::types::ValueRef::Real(n) => Some(Live::Number(n)),
                other => Some(Live::Text(other.as_str()?.to_owned())),
            })
        };
        let cells: rusqlite::Result<Row> =
            names.iter().enumerate().map(|(at, name)| Ok((name.clone(), cell(at)?))).collect();
        Ok((row.get::<_, i64>("id")?, cells?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Returns the rows of a table by key, as SQLite would hold them.
pub fn rows_of_postgres(own: &mut postgres::Client, table: &str) -> BTreeMap<i64, Row> {
    use postgres::types::Type;

    own.batch_execute("SET timezone = 'UTC'").unwrap();
    let columns = own.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let texts: Vec<String> = columns.columns().iter().map(|column| format!("\"{}\"::text", column.name())).collect();
    let rows = own.query(&format!("SELECT {} FROM {table}", texts.join(", ")), &[]).unwrap();
    let cell = |kind: &Type, text: String| match *kind {
        Type::BOOL => Live::Number(f64::from(u8::from(text == "true"))),
        Type::INT4 | Type::INT8 | Type::NUMERIC => Live::Number(text.parse().unwrap()),
        // The zone goes, and half a second has six digits.
        Type::TIMESTAMPTZ => match text.trim_end_matches("+00").split_once('.') {
            Some((whole, part)) => Live::Text(format!("{whole}.{part:0<6}")),
            None => Live::Text(text.trim_end_matches("+00").to_owned()),
        },
        _ => Live::Text(text),
    };
    let row = |row: postgres::Row| -> Row {
        let cells = columns.columns().iter().enumerate();
        cells
            .map(|(at, c)| (c.name().to_owned(), row.get::<_, Option<String>>(at).map(|text| cell(c.type_(), text))))
            .collect()
    };
    let key = |row: Row| match row["id"] {
        Some(Live::Number(id)) => (id as i64, row),
        _ => panic!("a key that is a number"),
    };
    rows.into_iter().map(row).map(key).collect()
}

fn live(value: &Value) -> Live {
    match value {
        Value::Bool(yes) => Live::Number(f64::from(u8::from(*yes))),
        Value::Time(offset) => Live::Text(civil::timestamp(TODAY + offset)),
        Value::Text(text) => Live::Text(text.to_string()),
        other => Live::Number(other.number().expect("a number").to_f64()),
    }
}

fn different(values: impl Iterator<Item = Live>) -> usize {
    values.map(|value| format!("{value:?}")).collect::<BTreeSet<_>>().len()
}

/// The pattern by recursion.
fn matches(text: &str, pattern: &str) -> bool {
    match pattern.split_at_checked(1) {
        Some(("*", rest)) => {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(&text[at..], rest))
        }
        _ => match (text.chars().next(), pattern.chars().next()) {
            (None, None) => true,
            (Some(a), Some(b)) if a == b => matches(&text[a.len_utf8()..], &pattern[b.len_utf8()..]),
            _ => false,
        },
    }
}

/// One random statement that does damage.
pub fn damage(chance: &mut impl FnMut(u64) -> u64) -> String {
    let mut one = |of: &[&'static str]| of[chance(of.len() as u64) as usize];
    let times = ["NULL", "'2026-11-01 00:00:00'", "'2026-11-12 00:00:00'", "'2026-11-12 00:00:00.5'"];
    let (table, changes): (_, Vec<(&str, &[&'static str])>) = match one(&["people", "items", "likes", "cards"]) {
        "people" => (
            "people",
            vec![
                ("name", &["NULL", "'p_3'", "'basel'"]),
                ("city", &["NULL", "'basel'", "'züRICH'", "'ÖÖ'"]),
                ("active", &["NULL", "FALSE", "TRUE"]),
                ("score", &["NULL", "0.1", "0.2", "1.5", "3"]),
                ("joined", &times),
                ("seen", &times),
            ],
        ),
        "items" => (
            "items",
            vec![
                ("owner_id", &["NULL", "7", "PERSON"]),
                ("second_id", &["NULL", "7", "PERSON", "owner_id"]),
                ("title", &["NULL", "'CAFÉ & x & Bar'", "'50%_sale'", "'GRÖßE'"]),
                ("kind", &["NULL", "'x'", "'w'"]),
                ("price", &["NULL", "0.1", "0.2", "2", "2.01"]),
                ("made", &times),
                ("lat", &["NULL", "47.4", "47.399999"]),
            ],
        ),
        "likes" => (
            "likes",
            vec![("person_id", &["NULL", "7", "PERSON"]), ("item_id", &["NULL", "8", "ITEM"]), ("at", &times)],
        ),
        _ => ("cards", vec![("person_id", &["NULL", "7", "PERSON"]), ("label", &["NULL", "'x'"]), ("joined", &times)]),
    };
    let rows = chance(3) + 1;
    let which = format!("id IN (SELECT id FROM {table} ORDER BY (id * 7919 + {}) % 101 LIMIT {rows})", chance(101));
    if chance(8) == 0 {
        return format!("DELETE FROM {table} WHERE {which}");
    }
    let (column, values) = &changes[chance(changes.len() as u64) as usize];
    let person = format!("(SELECT id FROM people ORDER BY (id * 7919 + {}) % 101 LIMIT 1)", chance(101));
    let item = format!("(SELECT id FROM items ORDER BY (id * 7919 + {}) % 101 LIMIT 1)", chance(101));
    let value = values[chance(values.len() as u64) as usize].replace("PERSON", &person).replace("ITEM", &item);
    format!("UPDATE {table} SET {column} = {value} WHERE {which}")
}
