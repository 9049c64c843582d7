//! Known: what the state says about this dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use seedbed_core::dataset::{Block, Dataset};
use seedbed_core::password::{Hashes, Password};
use seedbed_core::plan::diff::Keys;
use seedbed_core::value::Value;

use super::{Aim, Question};
use crate::error::{Error, Exit, Result};
use crate::password;
use crate::session::Notice;
use crate::state::{FileMark, Seeded, State};

/// What the state says about this dataset.
#[derive(Clone)]
pub(crate) struct Known {
    /// State per scenario of the dataset, where it is seeded.
    pub(crate) seeded: Vec<Option<Arc<Seeded>>>,
    /// What is seeded by other scenarios and for other workers.
    pub(crate) others: Vec<Arc<Seeded>>,
    /// Scenarios that are seeded or about to be, and not about to go.
    pub(crate) in_force: BTreeSet<usize>,
    /// Where counters stood before.
    pub(crate) counters_before: BTreeMap<String, Option<i64>>,
}

impl Known {
    pub(super) fn new(question: &Question<'_>, state: &State) -> Result<Self> {
        let dataset = question.dataset;
        let find = |name: &str| {
            let of_worker = |seeded: &&Arc<Seeded>| seeded.worker == dataset.worker && seeded.scenario == name;
            state.seeded.iter().find(of_worker).cloned()
        };
        let seeded: Vec<_> = dataset.scenarios.iter().map(|scenario| find(&scenario.name)).collect();
        let mut in_force: BTreeSet<usize> = (0..seeded.len()).filter(|&index| seeded[index].is_some()).collect();
        match question.aim {
            Aim::Declared => in_force.extend(question.levels.clone()),
            Aim::Gone => in_force.retain(|index| !question.levels.contains(index)),
        }
        let mut others = Vec::new();
        for other in &state.seeded {
            let of_dataset = dataset.scenarios.iter().any(|scenario| scenario.name == other.scenario);
            if other.worker == dataset.worker && of_dataset {
                continue;
            }
            let layer_taken = other.worker == dataset.worker
                && question.aim == Aim::Declared
                && dataset.scenarios[question.levels.clone()].iter().any(|scenario| scenario.layer == other.layer);
            if layer_taken {
                let message = format!("layer {} is taken: scenario `{}` is seeded there", other.layer, other.scenario);
                return Err(Error::new(Exit::Usage, "layer-taken", message)
                    .help("give one of them another `layer`")
                    .help(format!(
                        "or, where it was called `{0}` before: call it so again, clean `{0}` up, then rename it",
                        other.scenario
                    )));
            }
            others.push(Arc::clone(other));
        }
        let counters_before = state.marker.as_ref().map(|marker| marker.counters.clone()).unwrap_or_default();
        Ok(Self { seeded, others, in_force, counters_before })
    }

    /// Whether the state says of rows, files and passwords what this one says.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let alike = |a: &Arc<Seeded>, b: &Arc<Seeded>| {
            a.keys == b.keys && a.files == b.files && a.passwords == b.passwords && a.worker == b.worker
        };
        let both = |(a, b): (&Option<Arc<Seeded>>, &Option<Arc<Seeded>>)| match (a, b) {
            (Some(a), Some(b)) => alike(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.in_force == other.in_force
            && self.seeded.len() == other.seeded.len()
            && self.seeded.iter().zip(&other.seeded).all(both)
            && self.others.len() == other.others.len()
            && self.others.iter().zip(&other.others).all(|(a, b)| a.scenario == b.scenario && alike(a, b))
    }

    /// Whether a scenario of the dataset is seeded, also when it is about to go.
    pub(super) fn is_seeded(&self, scenario: usize) -> bool {
        self.seeded[scenario].is_some()
    }

    pub(super) fn seeded_in(&self, levels: &Range<usize>) -> impl Iterator<Item = &Seeded> {
        self.seeded[levels.clone()].iter().flatten().map(|seeded| &**seeded)
    }

    /// Returns the blocks whose tables must be there.
    pub(super) fn blocks<'a>(
        &'a self,
        dataset: &'a Dataset,
        levels: &'a Range<usize>,
        aim: Aim,
    ) -> impl Iterator<Item = &'a Block> {
        dataset.blocks.iter().filter(move |block| {
            self.seeded[block.scenario].is_some() || (aim == Aim::Declared && levels.contains(&block.scenario))
        })
    }

    /// Returns the keys that these scenarios recorded.
    pub(super) fn recorded_by(&self, levels: &Range<usize>) -> Keys {
        keys_of(self.seeded_in(levels))
    }

    /// Returns the keys of other scenarios and workers.
    pub(super) fn protected(&self) -> Keys {
        keys_of(self.others.iter().map(|seeded| &**seeded))
    }

    /// Returns the files that were recorded.
    pub(super) fn files(&self) -> BTreeMap<String, FileMark> {
        let files = self.seeded.iter().flatten().flat_map(|seeded| seeded.files.iter());
        files.map(|(path, mark)| (path.clone(), mark.clone())).collect()
    }

    /// Runs `work` while the passwords that are not known yet are hashed.
    pub(super) fn hashing<T>(
        &self,
        question: &Question<'_>,
        known: &mut Hashes,
        notice: &mut dyn FnMut(Notice),
        work: impl FnOnce() -> T,
    ) -> T {
        let seed = question.dataset.seed;
        let mut missing = BTreeSet::new();
        for password in passwords(question) {
            if known.contains_key(password) || missing.contains(password) {
                continue;
            }
            let name = password::cache_key(seed, password);
            match self.seeded.iter().flatten().find_map(|seeded| seeded.passwords.get(&name)) {
                Some(hash) => drop(known.insert(Arc::clone(password), Arc::from(hash.as_str()))),
                None => drop(missing.insert(Arc::clone(password))),
            }
        }
        if missing.is_empty() {
            return work();
        }
        notice(Notice::Hashing(missing.len()));
        let started = std::time::Instant::now();
        std::thread::scope(|scope| {
            let hashing = scope.spawn(|| password::hash_all(seed, &missing));
            let result = work();
            known.extend(hashing.join().expect("hashing does not panic"));
            notice(Notice::Hashed { count: missing.len(), took: started.elapsed() });
            result
        })
    }
}

fn keys_of<'a>(seeded: impl Iterator<Item = &'a Seeded>) -> Keys {
    let mut recorded = Keys::new();
    for (table, keys) in seeded.flat_map(|seeded| seeded.keys.iter()) {
        recorded.entry(table.clone()).or_default().extend(keys.keys.iter().cloned());
    }
    recorded
}

fn passwords<'a>(question: &'a Question<'_>) -> impl Iterator<Item = &'a Arc<Password>> {
    let blocks = question.dataset.blocks.iter().filter(|block| {
        // Overlays of other layers may touch a block, so a removal needs the hashes below it as well.
        question.aim == Aim::Gone || question.levels.contains(&block.scenario)
    });
    blocks.flat_map(|block| &block.rows).flat_map(|row| {
        row.values.iter().chain(row.overlays.iter().map(|(_, _, value)| value)).filter_map(|value| match value {
            Value::Password(password) => Some(password),
            _ => None,
        })
    })
}
