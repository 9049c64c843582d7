//! The exact keys of seeded rows, as run-lengths where they are numbers.

use std::collections::BTreeSet;

use seedbed_core::plan::{Cell, Key};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The exact keys of seeded rows in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableKeys {
    /// Names of the key columns.
    pub key: Vec<String>,
    /// The tag column and its value.
    pub tag: Option<Tag>,
    /// The keys.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub keys: BTreeSet<Key>,
    /// The rows of further blocks, where the scenario was seeded at a scale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<FurtherKeys>,
}

/// The exact keys of a population's rows in further blocks: one run, from the first to the last.
///
/// Where a table's keys follow from its references, the run is that of the row each one belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FurtherKeys {
    /// The population.
    pub population: String,
    /// The column whose values are the run.
    pub column: String,
    /// The first value.
    pub first: TagValue,
    /// The last value.
    pub last: TagValue,
    /// How many rows there are.
    pub rows: u64,
    /// How many blocks the dataset has, block 0 among them.
    pub blocks: u64,
    /// Digest of what the rows hold.
    pub digest: String,
}

/// The tag column and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The column.
    pub column: String,
    /// The value in rows of ours: 1 for yes, or a text.
    pub value: TagValue,
}

/// The value of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TagValue {
    /// A yes, or a number.
    Number(i64),
    /// A text.
    Text(String),
}

impl TagValue {
    /// Returns the tag value in a cell; only numbers and texts can be tags.
    pub fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Integer(n) => Some(Self::Number(*n)),
            Cell::Text(text) => Some(Self::Text(text.to_string())),
            Cell::Null | Cell::Real(_) | Cell::Blob(_) => None,
        }
    }

    /// Returns the value as the database holds it.
    pub fn to_cell(&self) -> Cell {
        match self {
            Self::Number(n) => Cell::Integer(*n),
            Self::Text(text) => Cell::text(text),
        }
    }
}

/// Either `[first, how many]` pairs or whole keys.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Runs { runs: Vec<(i64, i64)> },
    Keys { rows: Vec<Vec<Part>> },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Part {
    Integer(i64),
    Text(String),
}

fn write<S: Serializer>(keys: &BTreeSet<Key>, serializer: S) -> Result<S::Ok, S::Error> {
    let numbers: Option<Vec<i64>> = keys
        .iter()
        .map(|key| match key[..] {
            [Cell::Integer(n)] => Some(n),
            _ => None,
        })
        .collect();
    let form = if let Some(numbers) = numbers {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((first, count)) if *first + *count == number => *count += 1,
                _ => runs.push((number, 1)),
            }
        }
        Form::Runs { runs }
    } else {
        let part = |cell: &Cell| match cell {
            Cell::Integer(n) => Part::Integer(*n),
            cell => Part::Text(cell.as_text().unwrap_or_default().to_owned()),
        };
        Form::Keys { rows: keys.iter().map(|key| key.iter().map(part).collect()).collect() }
    };
    form.serialize(serializer)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Key>, D::Error> {
    Ok(match Form::deserialize(deserializer)? {
        Form::Runs { runs } => runs
            .into_iter()
            .flat_map(|(first, count)| (first..first + count).map(|number| vec![Cell::Integer(number)]))
            .collect(),
        Form::Keys { rows } => rows
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|part| match part {
                        Part::Integer(n) => Cell::Integer(n),
                        Part::Text(text) => Cell::text(text),
                    })
                    .collect()
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_keys_are_kept_as_runs_and_others_whole() {
        let numbers = [5, 6, 7, 9].map(|n| vec![Cell::Integer(n)]);
        let keys = TableKeys { key: vec!["id".into()], tag: None, keys: numbers.into(), further: Vec::new() };
        let text = serde_json::to_string(&keys).unwrap();
        assert!(text.contains(r#""runs":[[5,3],[9,1]]"#), "{text}");
        assert_eq!(serde_json::from_str::<TableKeys>(&text).unwrap(), keys);
        let pairs = TableKeys { keys: [vec![Cell::Integer(1), Cell::text("x")]].into(), ..keys };
        let text = serde_json::to_string(&pairs).unwrap();
        assert_eq!(serde_json::from_str::<TableKeys>(&text).unwrap(), pairs);
    }
}
