//! Dataset: the rows and files that a scenario declares, with their keys.
//!
//! A dataset is a pure function of (scenario files, seed, worker, as-of). It holds everything the
//! engine needs to plan, so that planning never looks at a scenario again.

use crate::value::Value;

/// The rows and files of a chain of scenarios, lower layers first.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The scenarios of the chain, lower layers first; `Block::scenario` is an index in here.
    pub scenarios: Vec<ScenarioName>,
    /// The seed.
    pub seed: u64,
    /// The worker.
    pub worker: u8,
    /// As-of, in seconds since 1970-01-01 00:00 UTC.
    pub as_of: i64,
    /// For how many seconds past as-of no declared answer changes.
    pub holds_for: i64,
    /// Rows, a block per population, in declaration order.
    pub blocks: Vec<Block>,
    /// Media files.
    pub files: Vec<File>,
    /// Rows that tests leave behind, recognised by a column's value.
    pub claims: Vec<Claim>,
    /// Named variants of the dataset.
    pub states: Vec<State>,
    /// Lists that the application should show.
    pub expected: Vec<Expected>,
    /// Rows that show a fact and that the scenario gives a name for it, in the order of the files.
    pub witnesses: Vec<Witness>,
}

/// A scenario of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioName {
    /// Its name: `m03`.
    pub name: String,
    /// Its layer, 0 to 9.
    pub layer: u8,
    /// The scenarios it needs.
    pub requires: Vec<String>,
    /// What it is, in a sentence.
    pub about: String,
}

/// The rows of one population.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Index of the scenario that declares the population.
    pub scenario: usize,
    /// Name of the population: `favorites`.
    pub population: String,
    /// Table the rows stand in.
    pub table: String,
    /// Columns that are written, keys and links included.
    pub columns: Vec<String>,
    /// Positions in `columns` of the key.
    pub key: Vec<usize>,
    /// Position in `columns` of the tag, where the schema has one.
    pub tag: Option<usize>,
    /// Links: which columns refer to which table.
    pub references: Vec<Reference>,
    /// The rows, in the order of their names.
    pub rows: Vec<Row>,
}

/// A link of a population: columns that refer to rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Name of the link: `user`.
    pub name: String,
    /// Positions in `Block::columns`.
    pub columns: Vec<usize>,
    /// Table referred to.
    pub to: String,
    /// The row referred to owns this one: what a test leaves behind here is the owner's debris.
    pub owner: bool,
    /// Only rows whose column at this position has this value refer there.
    pub when: Option<(usize, Value)>,
}

/// A row of a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name inside the population: `power`, or `power>flyer_042` for a pair.
    pub name: String,
    /// A value per column of the block.
    pub values: Vec<Value>,
    /// Columns whose value an upper layer changes: (position, index of that scenario, its value).
    pub overlays: Vec<(usize, usize, Value)>,
}

/// A media file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Index of the scenario that declares it.
    pub scenario: usize,
    /// Path below the media folder, `/` between parts.
    pub path: String,
    /// What it shows.
    pub picture: Picture,
}

/// What a picture shows; equal pictures give equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// How it is drawn.
    pub kind: PictureKind,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The text on it.
    pub caption: String,
    /// Bits that choose colours and shapes.
    pub tint: u64,
}

/// How a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureKind {
    /// A sheet with a text.
    Poster,
    /// Initials on a disc.
    Avatar,
}

/// Rows that tests leave behind, recognised by a column's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Index of the scenario that declares it.
    pub scenario: usize,
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// Text with `*` for any run of characters. A row is claimed by the worker that its value names.
    pub pattern: String,
}

/// Whether no real person has a text that matches this: it ends in a domain that is reserved for tests
/// ([RFC 2606](https://www.rfc-editor.org/rfc/rfc2606)).
pub fn is_reserved(pattern: &str) -> bool {
    [".test", ".example", ".invalid"].iter().any(|end| pattern.ends_with(end))
}

/// Returns the worker whose tests made what has this text: the number of its last `+wK`, as `{copy}`
/// writes it, and worker 0 where there is none.
pub fn worker_of(text: &str) -> u8 {
    let number = |rest: &str| {
        let digits = rest.find(|other: char| !other.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok().filter(|worker| (1..50).contains(worker))
    };
    text.split("+w").skip(1).filter_map(number).last().unwrap_or(0)
}

/// A named variant of the dataset: some rows are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Index of the scenario that declares it.
    pub scenario: usize,
    /// Its name.
    pub name: String,
    /// Rows left out: (index of the block, index of the row).
    pub without: Vec<(usize, usize)>,
}

/// A list that the application should show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Index of the scenario that declares it.
    pub scenario: usize,
    /// Its name: `favorites_feed`.
    pub name: String,
    /// The row it is for: (index of the block, index of the row); none where it is for everybody.
    pub subject: Option<(usize, usize)>,
    /// Index of the block that the listed rows are of.
    pub block: usize,
    /// The rows, as indexes into the block, in the order they are to be shown in.
    pub rows: Vec<usize>,
    /// Rows of other workers change nothing about it.
    pub same_for_any_workers: bool,
    /// The rows by a value, where the scenario groups them, with the path it is the value of.
    pub groups: Option<Groups>,
    /// Index of the lowest scenario that changes a link which the list walks; from there on it is
    /// no longer what is shown.
    pub until: Option<usize>,
}

/// Listed rows by a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// What they are grouped by, as the scenario says it: `category`, `flyer.category`.
    pub by: String,
    /// Every value there is, with its rows in the order of the list; by value.
    pub rows: Vec<(Value, Vec<usize>)>,
}

/// A row that shows a fact and has a name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Index of the scenario that declares it.
    pub scenario: usize,
    /// Its name: `gone`.
    pub name: String,
    /// Index of its block.
    pub block: usize,
    /// Index of its row.
    pub row: usize,
    /// Index of the lowest scenario that changes a link which the fact walks; from there on it
    /// shows nothing.
    pub until: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_the_worker_whose_tests_made_it() {
        for (text, worker) in [
            ("e04_1700000000@seed.test", 0),
            ("e04_1700000000+w7@seed.test", 7),
            ("e04+w7_again+w49@seed.test", 49),
            ("e04+w50@seed.test", 0),
            ("a+wide+w@seed.test", 0),
            ("+w2", 2),
        ] {
            assert_eq!(worker_of(text), worker, "{text}");
        }
    }
}
