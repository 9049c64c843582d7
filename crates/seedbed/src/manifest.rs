//! The manifest: what a test may know of a dataset before it looks at anything.
//!
//! Personas, named rows and expected answers, a pure function of the scenario files, the seed and
//! the worker, as the dataset is. Its digest is that of `seed` and `reset`, so that a test can tell
//! whether it was written for the rows that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use seedbed_core::dataset::{Block, Dataset, Expected, Row};
use seedbed_core::plan::{Key, desired, digest};
use seedbed_core::scenario::{Chain, PopulationId, Rows};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// The name under which lists stand that are for nobody in particular.
const EVERYBODY: &str = "everybody";

/// What a test may know of a dataset; maps are by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    /// The form of this object: 1.
    pub seedbed: u8,
    /// The scenario that was asked for.
    pub scenario: String,
    /// It and all that it requires, lower layers first.
    pub scenarios: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// The worker.
    pub worker: u8,
    /// The dataset's digest, 64 hex digits.
    pub digest: String,
    /// For how many seconds past as-of the expected answers hold.
    pub holds_for: i64,
    /// The states that a reset can start from.
    pub states: Vec<String>,
    /// Rows that tests know by name.
    pub personas: BTreeMap<String, Persona>,
    /// Rows that show a fact: `id` or `key`, `name`, `population`, and what they refer to in `links`.
    pub rows: BTreeMap<String, Json>,
    /// Pairs that show a fact: `id` or `key`, `name`, `relation`, and each link by its name.
    pub edges: BTreeMap<String, Json>,
    /// What the application should show: by whom it is shown to, by the name of the list.
    pub expected: BTreeMap<String, BTreeMap<String, List>>,
}

/// A row that tests know by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Persona {
    /// What tests use it for.
    pub purpose: String,
    /// It stands for nobody: there is no row, and nothing below.
    pub absent: bool,
    /// Its population.
    pub population: String,
    /// `id`, or `key` where the key has several columns.
    #[serde(flatten)]
    pub key: Map<String, Json>,
    /// What is declared of it, by column: texts, numbers, yes and no, and null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<BTreeMap<String, Json>>,
    /// What it logs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What it logs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// How many declared rows refer to it, by way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<BTreeMap<String, usize>>,
}

/// A list that the application should show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct List {
    /// The table of its rows.
    pub table: String,
    /// `persona`, or `database` where rows of other workers are among them.
    pub scope: &'static str,
    /// How many rows.
    pub total: usize,
    /// Their keys, in the order they are to be shown in.
    pub ids: Vec<Json>,
    /// The same by a value: by what, then by the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<BTreeMap<String, BTreeMap<String, Part>>>,
}

/// The rows of a list that have a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// How many rows.
    pub total: usize,
    /// Their keys, in the order of the list.
    pub ids: Vec<Json>,
}

/// Returns the manifest of these levels of a dataset, which was generated from `chain` for `schema`.
pub fn manifest(chain: &Chain, dataset: &Dataset, schema: &Schema, levels: Range<usize>) -> Manifest {
    let top = levels.end.saturating_sub(1);
    let view = View::new(chain, dataset, schema, top);
    let names: Vec<String> = dataset.scenarios[levels.clone()].iter().map(|scenario| scenario.name.clone()).collect();
    let (mut rows, mut edges) = (BTreeMap::new(), BTreeMap::new());
    for witness in dataset.witnesses.iter().filter(|witness| view.holds(witness.scenario, witness.until)) {
        match chain.populations[witness.block].rows {
            Rows::Pairs { .. } => edges.insert(witness.name.clone(), view.edge(witness.block, witness.row)),
            _ => rows.insert(witness.name.clone(), view.row(witness.block, witness.row)),
        };
    }
    Manifest {
        seedbed: 1,
        scenario: names.last().cloned().unwrap_or_default(),
        scenarios: names,
        seed: dataset.seed,
        worker: dataset.worker,
        digest: digest(dataset, |scenario| levels.contains(&scenario)),
        holds_for: dataset.holds_for,
        states: dataset.states.iter().filter(|state| state.scenario <= top).map(|state| state.name.clone()).collect(),
        personas: view.personas(),
        rows,
        edges,
        expected: view.expected(),
    }
}

/// A dataset as the layers up to `top` see it.
struct View<'a> {
    chain: &'a Chain,
    dataset: &'a Dataset,
    top: usize,
    in_force: BTreeSet<usize>,
    /// The keys of every block, in the order of its rows.
    keys: Vec<Vec<Key>>,
    /// Where the row stands that a link of this value refers to: (block, row), by table.
    places: BTreeMap<(&'a str, &'a Value), (usize, usize)>,
}

impl<'a> View<'a> {
    fn new(chain: &'a Chain, dataset: &'a Dataset, schema: &Schema, top: usize) -> Self {
        let keys = (dataset.blocks.iter())
            .map(|block| desired::keys_in_order(block, &schema.tables[&block.table]).collect())
            .collect();
        let mut places = BTreeMap::new();
        for (index, block) in dataset.blocks.iter().enumerate() {
            for (at, row) in block.rows.iter().enumerate() {
                places.insert((block.table.as_str(), &row.values[block.key[0]]), (index, at));
            }
        }
        Self { chain, dataset, top, in_force: (0..=top).collect(), keys, places }
    }

    /// Whether what a scenario says is said here, and still true.
    fn holds(&self, scenario: usize, until: Option<usize>) -> bool {
        scenario <= self.top && until.is_none_or(|changing| changing > self.top)
    }

    fn personas(&self) -> BTreeMap<String, Persona> {
        let populations = self.chain.populations.iter().enumerate().filter(|(_, p)| p.layer <= self.top);
        let personas = populations.flat_map(|(id, population)| {
            let known = population.personas.iter().filter(|persona| persona.layer <= self.top);
            known.map(move |persona| (id, persona))
        });
        personas
            .map(|(id, declared)| {
                let block = &self.dataset.blocks[id];
                let row = block.rows.iter().position(|row| row.name == declared.name).filter(|_| !declared.absent);
                let columns = row.map(|row| self.columns(id, row));
                let persona = Persona {
                    purpose: declared.purpose.clone(),
                    absent: declared.absent,
                    population: block.population.clone(),
                    key: row.map(|row| self.key(id, row)).unwrap_or_default(),
                    email: columns.as_ref().and_then(|columns| Some(columns.get("email")?.as_str()?.to_owned())),
                    columns,
                    password: row.and_then(|row| {
                        block.rows[row].values.iter().find_map(|value| match value {
                            Value::Password(password) => Some(password.plain.to_string()),
                            _ => None,
                        })
                    }),
                    counts: row.map(|row| self.counts(id, row)),
                };
                (declared.name.clone(), persona)
            })
            .collect()
    }

    /// Returns what is declared of a row besides its key, its links and its tag. Times move with
    /// as-of, and hashes say nothing, so both are left out.
    fn columns(&self, id: PopulationId, row: usize) -> BTreeMap<String, Json> {
        let block = &self.dataset.blocks[id];
        let linked = |at: &usize| block.references.iter().any(|reference| reference.columns.contains(at));
        let own =
            (0..block.columns.len()).filter(|at| !block.key.contains(at) && !linked(at) && block.tag != Some(*at));
        own.filter_map(|at| {
            let value = match &block.rows[row].values[at] {
                Value::Null => Json::Null,
                Value::Bool(yes) => json!(yes),
                Value::Integer(number) => json!(number),
                Value::Decimal(number) => number.to_integer().map_or_else(|| json!(number.to_f64()), Json::from),
                Value::Text(text) => json!(text),
                Value::Time(_) | Value::Password(_) => return None,
            };
            Some((block.columns[at].clone(), value))
        })
        .collect()
    }

    fn counts(&self, id: PopulationId, row: usize) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (way, child, link) in self.chain.backs(id, self.top) {
            let block = &self.dataset.blocks[child];
            let name = &self.chain.populations[child].links[link].name;
            let refer = |other: &&Row| self.linked(block, other, name) == Some((id, row));
            *counts.entry(way.to_owned()).or_default() += block.rows.iter().filter(refer).count();
        }
        counts
    }

    /// Returns the row that a link leads to: (block, row).
    fn linked(&self, block: &Block, row: &Row, link: &str) -> Option<(usize, usize)> {
        let reference = block.references.iter().find(|reference| reference.name == link)?;
        let applies = reference.when.as_ref().is_none_or(|(at, kind)| row.values[*at] == *kind);
        let value = desired::in_force_value(row, *reference.columns.first()?, &self.in_force);
        self.places.get(&(reference.to.as_str(), value)).copied().filter(|_| applies)
    }

    fn row(&self, id: usize, row: usize) -> Json {
        let mut about = self.key(id, row);
        about.insert("name".into(), json!(self.dataset.blocks[id].rows[row].name));
        about.insert("population".into(), json!(self.dataset.blocks[id].population));
        about.insert("links".into(), Json::Object(self.links(id, row)));
        Json::Object(about)
    }

    fn edge(&self, id: usize, row: usize) -> Json {
        let mut about = self.links(id, row);
        about.extend(self.key(id, row));
        about.insert("name".into(), json!(self.dataset.blocks[id].rows[row].name));
        about.insert("relation".into(), json!(self.dataset.blocks[id].population));
        Json::Object(about)
    }

    /// Returns what each link of a row leads to, with its name; null where it leads nowhere.
    fn links(&self, id: usize, row: usize) -> Map<String, Json> {
        let block = &self.dataset.blocks[id];
        let of_link = |name: &String| match self.linked(block, &block.rows[row], name) {
            Some((to, at)) => {
                let mut about = self.key(to, at);
                about.insert("name".into(), json!(self.dataset.blocks[to].rows[at].name));
                Json::Object(about)
            }
            None => Json::Null,
        };
        block.references.iter().map(|reference| (reference.name.clone(), of_link(&reference.name))).collect()
    }

    /// Returns `id`, or `key` for a key of several columns.
    fn key(&self, id: usize, row: usize) -> Map<String, Json> {
        let name = if self.dataset.blocks[id].key.len() == 1 { "id" } else { "key" };
        [(name.to_owned(), self.id(id, row))].into_iter().collect()
    }

    /// Returns the key of a row: its only column, or a list of its columns.
    fn id(&self, id: usize, row: usize) -> Json {
        match &self.keys[id][row][..] {
            [only] => json!(only),
            several => json!(several),
        }
    }

    /// Returns the lists of personas, and of every row of a population that has none.
    fn expected(&self) -> BTreeMap<String, BTreeMap<String, List>> {
        let mut lists: BTreeMap<String, BTreeMap<String, List>> = BTreeMap::new();
        for list in self.dataset.expected.iter().filter(|list| self.holds(list.scenario, list.until)) {
            let who = match list.subject {
                None => EVERYBODY,
                Some((id, row)) => {
                    let name = self.dataset.blocks[id].rows[row].name.as_str();
                    let mut personas = self.chain.populations[id].personas.iter().filter(|p| p.layer <= self.top);
                    let first = personas.next();
                    if first.is_some_and(|first| first.name != name && personas.all(|other| other.name != name)) {
                        continue;
                    }
                    name
                }
            };
            lists.entry(who.to_owned()).or_default().insert(list.name.clone(), self.list(list));
        }
        lists
    }

    fn list(&self, list: &Expected) -> List {
        let ids = |rows: &[usize]| rows.iter().map(|row| self.id(list.block, *row)).collect();
        let part = |(value, rows): &(Value, Vec<usize>)| {
            let value = if *value == Value::Null { "null".to_owned() } else { value.to_string() };
            (value, Part { total: rows.len(), ids: ids(rows) })
        };
        List {
            table: self.dataset.blocks[list.block].table.clone(),
            scope: if list.same_for_any_workers { "persona" } else { "database" },
            total: list.rows.len(),
            ids: ids(&list.rows),
            by: (list.groups.as_ref())
                .map(|groups| [(groups.by.clone(), groups.rows.iter().map(part).collect())].into_iter().collect()),
        }
    }
}
