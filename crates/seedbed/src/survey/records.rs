//! What the state is to hold after a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seedbed_core::password::Hashes;
use seedbed_core::plan::diff::Wanted;
use seedbed_core::plan::{desired, digest};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;

use super::{Aim, Clock, Known, Question};
use crate::password;
use crate::state::{FileMark, Seeded, TableKeys, Tag, TagValue};

/// The state that was worked out last, and what from.
pub(super) struct Recorded {
    wanted: Arc<Vec<Wanted>>,
    kept: Arc<BTreeMap<String, FileMark>>,
    clock: Clock,
    records: Vec<Seeded>,
}

/// Returns the state of every level; files that are still to be written are added later. `recorded` is
/// what was worked out last.
pub(super) fn to_write(
    question: &Question<'_>,
    known: &Known,
    schema: &Schema,
    clock: &Clock,
    passwords: &Hashes,
    (wanted, kept): (&Arc<Vec<Wanted>>, &Arc<BTreeMap<String, FileMark>>),
    recorded: &mut Option<Recorded>,
) -> Vec<Seeded> {
    if question.aim == Aim::Gone {
        return Vec::new();
    }
    if let Some(last) = recorded
        && Arc::ptr_eq(&last.wanted, wanted)
        && Arc::ptr_eq(&last.kept, kept)
        && last.clock == *clock
    {
        let stored = &known.seeded[question.levels.clone()];
        for (record, stored) in last.records.iter_mut().zip(stored) {
            if let Some(stored) = stored {
                share(record, stored);
            }
        }
        let now = |record: &Seeded| Seeded { seeded_at: question.now, ..record.clone() };
        return last.records.iter().map(now).collect();
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
                // Those that stand stay recorded; what becomes of them is noted when they are looked at.
                further: before
                    .and_then(|before| before.keys.get(&block.table))
                    .map(|keys| keys.further.clone())
                    .unwrap_or_default(),
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
            None => before.map(|before| (*before.files).clone()).unwrap_or_default(),
        };
        let hashes = hashes.into_iter();
        let hashes = hashes.map(|(password, hash)| (password::cache_key(dataset.seed, password), hash.to_string()));
        let mut record = Seeded {
            scenario: scenario.name.clone(),
            worker: dataset.worker,
            layer: scenario.layer,
            seed: dataset.seed,
            as_of: clock.as_of,
            pinned: clock.pinned,
            holds_for: dataset.holds_for,
            digest: digest(dataset, |of| of == index),
            variant: question.variant.map(str::to_owned),
            keys: Arc::new(keys),
            files: Arc::new(files),
            passwords: Arc::new(hashes.collect()),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            seeded_at: question.now,
        };
        if let Some(before) = before {
            share(&mut record, before);
        }
        record
    };
    let records: Vec<Seeded> = question.levels.clone().map(record).collect();
    let (wanted, kept) = (Arc::clone(wanted), Arc::clone(kept));
    *recorded = Some(Recorded { wanted, kept, clock: *clock, records: records.clone() });
    records
}

/// Lets a record share what it has in common with the one that is stored, so that the next comparison of
/// the two is a short one.
fn share(record: &mut Seeded, stored: &Seeded) {
    if record.keys == stored.keys {
        record.keys = Arc::clone(&stored.keys);
    }
    if record.files == stored.files {
        record.files = Arc::clone(&stored.files);
    }
    if record.passwords == stored.passwords {
        record.passwords = Arc::clone(&stored.passwords);
    }
}

/// Whether a record says something that the stored one does not, the time of writing aside.
pub(crate) fn differs(record: &Seeded, stored: Option<&Seeded>) -> bool {
    stored.is_none_or(|stored| {
        *record != Seeded { seeded_at: record.seeded_at, tool: record.tool.clone(), ..stored.clone() }
    })
}
