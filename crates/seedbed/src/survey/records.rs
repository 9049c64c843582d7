//! What the state is to hold after a run.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::password::Hashes;
use seedbed_core::plan::{desired, digest};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;

use super::{Aim, Clock, Known, Question};
use crate::password;
use crate::state::{FileMark, Seeded, State, TableKeys, Tag, TagValue};

/// Returns the state of every level; files that are still to be written are added later.
pub(super) fn to_write(
    question: &Question<'_>,
    known: &Known,
    schema: &Schema,
    clock: &Clock,
    passwords: &Hashes,
    kept: &BTreeMap<String, FileMark>,
) -> Vec<Seeded> {
    if question.aim == Aim::Gone {
        return Vec::new();
    }
    let dataset = question.dataset;
    let record = |index: usize| {
        let scenario = &dataset.scenarios[index];
        let before = known.seeded[index].as_ref();
        let mut keys: BTreeMap<String, TableKeys> = BTreeMap::new();
        let mut hashes = BTreeMap::new();
        for block in dataset.blocks.iter().filter(|block| block.scenario == index) {
            let table = &schema.tables[&block.table];
            let entry = keys.entry(block.table.clone()).or_insert_with(|| TableKeys {
                key: block.key.iter().map(|&position| block.columns[position].clone()).collect(),
                tag: desired::tag(block, table)
                    .and_then(|(column, value)| Some(Tag { column, value: TagValue::from_cell(&value)? })),
                keys: BTreeSet::new(),
            });
            entry.keys.extend(desired::keys_in_order(block, table));
            for value in block.rows.iter().flat_map(|row| &row.values) {
                if let Value::Password(password) = value
                    && let Some(hash) = passwords.get(password)
                {
                    hashes.entry(password).or_insert(hash);
                }
            }
        }
        let files = dataset.files.iter().filter(|file| file.scenario == index);
        let files = match question.media {
            Some(_) => files.filter_map(|file| Some((file.path.clone(), kept.get(&file.path)?.clone()))).collect(),
            // Without a media folder nothing is known about the files but what was recorded.
            None => before.map(|before| before.files.clone()).unwrap_or_default(),
        };
        Seeded {
            scenario: scenario.name.clone(),
            worker: dataset.worker,
            layer: scenario.layer,
            seed: dataset.seed,
            as_of: clock.as_of,
            pinned: clock.pinned,
            holds_for: dataset.holds_for,
            digest: digest(dataset, |of| of == index),
            variant: question.variant.map(str::to_owned),
            keys,
            files,
            passwords: hashes
                .into_iter()
                .map(|(password, hash)| (password::cache_key(dataset.seed, password), hash.to_string()))
                .collect(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            seeded_at: question.now,
        }
    };
    question.levels.clone().map(record).collect()
}

/// Whether the records say something that the state does not.
pub(super) fn changed(records: &[Seeded], state: &State) -> bool {
    records.iter().any(|record| {
        state.find(&record.scenario, record.worker).is_none_or(|stored| {
            *record != Seeded { seeded_at: record.seeded_at, tool: record.tool.clone(), ..stored.clone() }
        })
    })
}
