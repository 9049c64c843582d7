//! The manifest of an export: what was written, and what it depends on.

use std::fmt;

use seedbed_core::plan::civil;
use serde::{Deserialize, Serialize};

use crate::{Request, dataset_digest};

/// A part of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number, from 1.
    pub number: u64,
    /// How many parts there are.
    pub of: u64,
}

impl Part {
    /// Reads `2/7`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let part = Self { number: number.parse().ok()?, of: of.parse().ok()? };
        (1..=part.of).contains(&part.number).then_some(part)
    }
}

impl fmt::Display for Part {
    /// Writes it as names of files have it: `2-of-7`, `02-of-12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.of.to_string().len();
        write!(f, "{:0width$}-of-{}", self.number, self.of)
    }
}

/// What was written, and what it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this object: 1.
    pub seedbed_export: u8,
    /// What files are like: `csv`.
    pub format: String,
    /// The scenario that was asked for.
    pub scenario: String,
    /// It and all that it requires, lower layers first.
    pub scenarios: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// The worker.
    pub worker: u8,
    /// As-of, in UTC.
    pub as_of: String,
    /// The scale that was asked for.
    pub scale: String,
    /// How many blocks there are in all parts.
    pub blocks: u64,
    /// Which part this is; none where it is the whole.
    pub part: Option<Part>,
    /// The digest of block 0, as `seed` says it, 64 hex digits.
    pub digest: String,
    /// Files around those of the tables: of SQL, the begin and the end of the transaction.
    pub frames: Vec<String>,
    /// Tables, those that are referred to before those that refer.
    pub tables: Vec<Written>,
}

/// The file of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The table.
    pub table: String,
    /// Name of the file.
    pub file: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// The BLAKE3 digest of its bytes, 64 hex digits.
    pub blake3: String,
}

impl Manifest {
    /// Returns the name of its file.
    pub fn file(&self) -> String {
        self.part.map_or("manifest.json".to_owned(), |part| format!("manifest.{part}.json"))
    }

    /// Whether both are of the same export, parts of it or not.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        let parts = |manifest: &Self| manifest.part.map(|part| part.of);
        let bare = |manifest: &Self| Self { part: None, frames: Vec::new(), tables: Vec::new(), ..manifest.clone() };
        parts(self) == parts(other) && bare(self) == bare(other)
    }

    /// Returns the names of all files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &String> {
        self.frames.iter().chain(self.tables.iter().map(|written| &written.file))
    }
}

/// Returns the manifest of an export of which nothing is written.
pub(crate) fn begun(request: &Request<'_>) -> Manifest {
    let dataset = request.dataset;
    Manifest {
        seedbed_export: 1,
        format: request.form.name().to_owned(),
        scenario: request.scenario.to_owned(),
        scenarios: dataset.scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
        seed: dataset.seed,
        worker: dataset.worker,
        as_of: civil::timestamp(dataset.as_of).replace(' ', "T") + "Z",
        scale: request.scale.to_string(),
        blocks: request.scaled.blocks,
        part: request.part,
        digest: dataset_digest(request),
        frames: Vec::new(),
        tables: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_number_of_a_number() {
        assert_eq!(Part::parse("2/7"), Some(Part { number: 2, of: 7 }));
        for wrong in ["", "2", "0/7", "8/7", "2/0", "a/b", "-1/2", "1/2/3"] {
            assert_eq!(Part::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Part { number: 2, of: 12 }.to_string(), "02-of-12");
    }
}
