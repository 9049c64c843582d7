//! The verb `export`: a scenario is generated at a scale, and its rows become files.
//!
//! It needs no database. What tables are like comes from the project's DDL; where there is none, or
//! another database is named, from that database's catalogue.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use seedbed_core::dataset::Dataset;
use seedbed_core::generate::Parameters;
use seedbed_core::password::Password;
use seedbed_core::scale::Scale;
use seedbed_core::value::Value;
use seedbed_export::{Failure, Form, Manifest, Part, Request};

use super::work::{DAY, SEED, generated};
use super::{Call, Place, Project};
use crate::error::{Error, Exit, Result};
use crate::password;

/// What is to be exported.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// What files are like.
    pub form: Form,
    /// The folder they are written into.
    pub folder: &'a Path,
    /// Which part of it; none for all of it.
    pub part: Option<Part>,
    /// How many threads make rows; as many as can run at once unless said.
    pub threads: Option<usize>,
}

impl Project {
    /// Writes the rows of `scenario` and of all that it requires as files, and returns their manifest.
    ///
    /// `place` is a database that the caller has open; its catalogue says what tables are like. Rows
    /// written and all there are go to `progress`, with the table that is written.
    pub fn export(
        &self,
        scenario: &str,
        place: Option<Place>,
        call: &Call<'_>,
        export: &Export<'_>,
        progress: &mut dyn FnMut(&str, u64, u64),
    ) -> Result<Manifest> {
        let files = self.files(&[scenario])?;
        let (schema, state) = self.shape(place, call)?;
        let chain = self.chain(&files, Some(&schema))?;
        let mut seeded = chain.layers.iter().rev().filter_map(|layer| state.find(&layer.name, call.worker));
        let seed = call.seed.or_else(|| Some(seeded.next()?.seed)).unwrap_or(SEED);
        let as_of = call.as_of.unwrap_or_else(|| call.now - call.now.rem_euclid(DAY));
        let parameters = Parameters { seed, worker: call.worker, as_of };
        let scale = call.scale.unwrap_or(&Scale::One);
        let (generated, scaled) = generated(&chain, &files, Some(&schema), parameters, scale)?;
        let dataset = &generated.dataset;
        let request = Request {
            scenario,
            dataset,
            scaled: &scaled,
            scale,
            schema: &schema,
            passwords: &password::hash_all(seed, &passwords(dataset)),
            form: export.form,
            part: export.part,
            threads: export.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)),
        };
        let folder = self.here.join(export.folder);
        seedbed_export::export(&request, &folder, &self.shown(&folder), progress).map_err(failed)
    }
}

/// Returns all passwords of a dataset; its further blocks have no others.
fn passwords(dataset: &Dataset) -> BTreeSet<Arc<Password>> {
    let rows = dataset.blocks.iter().flat_map(|block| &block.rows);
    let values = rows.flat_map(|row| row.values.iter().chain(row.overlays.iter().map(|(_, _, value)| value)));
    let passwords =
        values.filter_map(|value| if let Value::Password(password) = value { Some(password) } else { None });
    passwords.cloned().collect()
}

fn failed(failure: Failure) -> Error {
    let message = failure.to_string();
    match failure {
        Failure::Folder { help, .. } => Error::new(Exit::Usage, "folder-in-use", message).help(help),
        Failure::Value(_) => Error {
            nothing_written: false,
            ..Error::new(Exit::Usage, "no-place-for-value", message)
                .help("declare a value that fits the column, or choose another --format")
        },
        Failure::Disk(_) => Error { nothing_written: false, ..Error::new(Exit::CouldNotRun, "not-written", message) },
    }
}
