//! The verb `allow`: tests may write here, said once by somebody who names the database.

use std::time::Duration;

use crate::database::{Access, Database, Lasting, Scope, Writing};
use crate::error::{Result, While};
use crate::run;
use crate::session::Notice;
use crate::settle::{Trace, settle};
use crate::state::{self, Marker};

/// Marks the database for tests, also when it is a copy of a marked one; returns the marker.
pub fn allow(
    database: &mut dyn Database,
    now: i64,
    lock_timeout: Duration,
    notice: &mut dyn FnMut(Notice),
) -> Result<Marker> {
    let mut transaction = run::begin(
        database,
        Access::Write(Writing { scope: Scope::Database, patience: lock_timeout, lasting: Lasting::AtOnce }),
        lock_timeout,
        notice,
    )?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    let before = state::read(&mut *transaction, &schema).during(|| "reading what was seeded".into())?.marker;
    let identity = transaction.identity().during(|| "reading which database this is".into())?;
    let fresh = run::marker(identity, "allowed", now);
    // Counters and files of a copied database are still to be put back.
    let marker = match before {
        Some(before) => Marker { counters: before.counters, stale_files: before.stale_files, ..fresh },
        None => fresh,
    };
    let recorded = run::recorded(&mut *transaction, &schema)?;
    state::create_tables(&mut *transaction, &schema, "allow it again")?;
    state::put_marker(&mut *transaction, &marker).during(|| "recording that tests may write here".into())?;
    let trace = Trace::between(recorded, run::versions(&mut *transaction)?);
    let answer = run::commit(transaction, lock_timeout);
    settle(database, answer, &trace, lock_timeout)?;
    Ok(marker)
}
