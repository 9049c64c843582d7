//! The verb `manifest`: a scenario is generated for workers, and told as tests know it.
//!
//! It needs no database. Types of keys come from the project's DDL; where there is none, or another
//! database is named, from that database's catalogue.

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use seedbed_core::generate::Parameters;
use seedbed_core::scale::Scale;
use seedbed_core::scenario::{Chain, Files};
use seedbed_core::schema::Schema;

use super::work::{DAY, SEED, generated};
use super::{Call, Place, Project};
use crate::database::Access;
use crate::error::{Result, While};
use crate::manifest::{Manifest, manifest};
use crate::run;
use crate::state::{self, State};

impl Project {
    /// Returns the manifests of `scenario` for these workers.
    ///
    /// `place` is a database that the caller has open; its catalogue says what keys are like, and the
    /// seed is the one it was seeded with, unless the call says another.
    pub fn manifests(
        &self,
        scenario: &str,
        place: Option<Place>,
        call: &Call<'_>,
        workers: Range<u8>,
    ) -> Result<Vec<Manifest>> {
        let files = self.files(&[scenario])?;
        let (schema, state) = self.shape(place, call)?;
        let chain = self.chain(&files, Some(&schema))?;
        let mut seeded = chain.layers.iter().rev().filter_map(|layer| state.find(&layer.name, call.worker));
        let seed = call.seed.or_else(|| Some(seeded.next()?.seed)).unwrap_or(SEED);
        let as_of = call.as_of.unwrap_or_else(|| call.now - call.now.rem_euclid(DAY));
        let of = |worker| of_worker(&chain, &files, &schema, Parameters { seed, worker, as_of });
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let all: Vec<u8> = workers.collect();
        thread::scope(|scope| {
            let parts = all.chunks(all.len().div_ceil(threads).max(1));
            let parts: Vec<_> = parts
                .map(|part| scope.spawn(|| part.iter().map(|worker| of(*worker)).collect::<Result<Vec<_>>>()))
                .collect();
            let mut manifests = Vec::with_capacity(all.len());
            for part in parts {
                manifests.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(manifests)
        })
    }

    /// Returns what the tables are like, and what is seeded in the database that was asked.
    pub(super) fn shape(&self, place: Option<Place>, call: &Call<'_>) -> Result<(Arc<Schema>, State)> {
        let place = match (place, call.database) {
            (None, None) => match self.declared_schema()? {
                Some(schema) => return Ok((schema, State::default())),
                None => self.look(None)?,
            },
            (None, named) => self.look(named)?,
            (Some(place), _) => place,
        };
        let mut database = place.database;
        let mut transaction = run::begin(&mut *database, Access::Read, self.config.lock_timeout, &mut |_| {})?;
        let schema = transaction.schema().during(|| "reading the catalogue".into())?;
        let state = state::read(&mut *transaction, &schema).during(|| "reading what was seeded".into())?;
        Ok((schema, state))
    }
}

fn of_worker(chain: &Chain, files: &Files, schema: &Schema, parameters: Parameters) -> Result<Manifest> {
    let dataset = generated(chain, files, Some(schema), parameters, &Scale::One)?.0.dataset;
    Ok(manifest(chain, &dataset, schema, 0..chain.layers.len()))
}
