//! The verb `status`: what is seeded here, and whether tests may write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::database::{Access, Database};
use crate::error::{Result, While};
use crate::guard::{self, Standing};
use crate::run;
use crate::session::Notice;
use crate::state::{self, State};

/// What is seeded in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The database's name.
    pub database: String,
    /// Whether tests may write into it. Without marker every table counts.
    pub standing: Standing,
    /// The marker and the seeded scenarios of all workers.
    pub state: State,
    /// Tables that hold rows, with their counts.
    pub tables: BTreeMap<String, u64>,
}

/// Returns what is seeded in `database`, without looking at any dataset.
pub fn status(database: &mut dyn Database, lock_timeout: Duration, notice: &mut dyn FnMut(Notice)) -> Result<Status> {
    let name = database.describe();
    let mut transaction = run::begin(database, Access::Read, lock_timeout, notice)?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    let state = state::read(&mut *transaction, &schema).during(|| "reading what was seeded".into())?;
    let all: BTreeSet<String> = schema.tables.keys().cloned().collect();
    let standing = guard::standing(&mut *transaction, &schema, state.marker.as_ref(), &all, &[])
        .during(|| "looking whether tests may write here".into())?;
    let tables = guard::rows_held(&mut *transaction, &schema, &all, &[])
        .during(|| "counting rows".into())?
        .into_iter()
        .collect();
    Ok(Status { database: name, standing, state, tables })
}
