//! Settle: what became of a commit whose answer was lost.
//!
//! A run that writes leaves its mark in Seedbed's own tables: it writes some of their rows or removes
//! them, and the server knows which transaction made each version of a row. Read again over a new
//! connection, when the lost session is over, they tell whether the run lasted; after a crash of the
//! server too, when its numbers for transactions may have been given out again.

use std::thread;
use std::time::{Duration, Instant};

use crate::database::{Access, Database, Failure, FailureKind};
use crate::error::{Error, Exit, Result};
use crate::state::{self, Versions};

/// The pause between two attempts to ask.
const PAUSE: Duration = Duration::from_millis(50);

/// A run that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Committed {
    /// The connection is as it was.
    Wholly,
    /// What comes with a commit, the counters for one, may not have come.
    Barely,
}

/// The versions of rows of ours before and after a run; a row that is not there has none.
#[derive(Debug)]
pub(crate) struct Trace(Vec<(state::Place, Option<String>, Option<String>)>);

impl Trace {
    /// Returns what a transaction has changed of what was `before`; `after` was read last in it.
    pub(crate) fn between(before: Versions, mut after: Versions) -> Self {
        let mut changed: Vec<_> = (before.into_iter())
            .map(|(place, version)| {
                let after = after.remove(&place);
                (place, Some(version), after)
            })
            .collect();
        changed.extend(after.into_iter().map(|(place, version)| (place, None, Some(version))));
        changed.retain(|(_, before, after)| before != after);
        Self(changed)
    }

    /// Whether the run lasted; none where others have written since.
    fn lasted(&self, now: &Versions) -> Option<bool> {
        let stands = |place, version: &Option<String>| now.get(place) == version.as_ref();
        if self.0.iter().any(|(place, _, after)| after.is_some() && stands(place, after)) {
            return Some(true);
        }
        if !self.0.is_empty() && self.0.iter().all(|(place, before, _)| stands(place, before)) {
            return Some(false);
        }
        let mut removed = self.0.iter().filter(|(_, _, after)| after.is_none()).peekable();
        (removed.peek().is_some() && removed.all(|(place, _, after)| stands(place, after))).then_some(true)
    }
}

/// Returns whether a run is committed, from what its commit answered; where that was lost, asks until
/// the server answers or `patience` ends.
pub(crate) fn settle(
    database: &mut dyn Database,
    commit: std::result::Result<(), Failure>,
    trace: &Trace,
    patience: Duration,
) -> Result<Committed> {
    let failure = match commit {
        Ok(()) => return Ok(Committed::Wholly),
        Err(failure) => failure,
    };
    match failure.kind {
        // Somebody else's commits are theirs to find out about.
        FailureKind::Unclear if !database.owns_transactions() => Err(unclear(&failure)),
        FailureKind::Unclear => match ask(database, trace, patience) {
            Some(true) => Ok(Committed::Barely),
            Some(false) => {
                let _ = database.rollback();
                let message = format!("{}; asked again, the server had not committed it", failure.message);
                Err(Error::from_failure("committing", &Failure::new(FailureKind::Connection, message)))
            }
            None => Err(unclear(&failure)),
        },
        FailureKind::Unfinished => Ok(Committed::Barely),
        _ => Err(Error::from_failure("committing", &failure)),
    }
}

/// Returns the error for what failed after a run was committed.
pub(crate) fn unfinished(mut error: Error) -> Error {
    error.exit = Exit::Unfinished;
    error.nothing_written = false;
    error.help("the rows are as planned; run it again to finish")
}

fn unclear(failure: &Failure) -> Error {
    let mut error = Error::from_failure("committing", failure);
    error.nothing_written = false;
    error
        .detail("the server could not be asked whether it was committed: either all of it was, or nothing")
        .help("run it again when the database can be reached: it ends in the same rows either way")
}

fn ask(database: &mut dyn Database, trace: &Trace, patience: Duration) -> Option<bool> {
    let started = Instant::now();
    loop {
        match versions_anew(database) {
            Ok(versions) => return trace.lasted(&versions),
            Err(_) if started.elapsed() >= patience => return None,
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Makes the connection work again; a session that was lost has until `patience` ends to be over.
pub(crate) fn reopen(database: &mut dyn Database, patience: Duration) -> std::result::Result<(), Failure> {
    let started = Instant::now();
    loop {
        match database.reopen() {
            Err(failure) if failure.kind == FailureKind::Busy && started.elapsed() < patience => thread::sleep(PAUSE),
            answer => return answer,
        }
    }
}

fn versions_anew(database: &mut dyn Database) -> std::result::Result<Versions, Failure> {
    database.reopen()?;
    database.begin(Access::Read)?;
    let schema = database.schema()?;
    let versions = if state::has_tables(&schema) { state::versions(database)? } else { Versions::new() };
    database.rollback()?;
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(rows: &[(&str, &str)]) -> Versions {
        rows.iter().map(|(scenario, version)| (((*scenario).to_owned(), 0), (*version).to_owned())).collect()
    }

    fn trace(before: &[(&str, &str)], after: &[(&str, &str)]) -> Trace {
        let (before, after) = (versions(before), versions(after));
        let places = before.keys().chain(after.keys()).cloned().collect::<std::collections::BTreeSet<_>>();
        let changed = places.into_iter().map(|place| (before.get(&place).cloned(), after.get(&place).cloned(), place));
        Trace(changed.filter(|(b, a, _)| b != a).map(|(b, a, place)| (place, b, a)).collect())
    }

    #[test]
    fn a_row_in_our_version_means_that_the_run_lasted_and_all_as_before_that_it_did_not() {
        let seed = trace(&[("", "5"), ("m02", "5")], &[("", "9"), ("m01", "9"), ("m02", "5")]);
        assert_eq!(seed.lasted(&versions(&[("", "9"), ("m01", "9"), ("m02", "5")])), Some(true));
        assert_eq!(seed.lasted(&versions(&[("", "5"), ("m02", "5")])), Some(false));
        // Another worker wrote the marker since.
        assert_eq!(seed.lasted(&versions(&[("", "12"), ("m01", "9"), ("m02", "5")])), Some(true));
        assert_eq!(seed.lasted(&versions(&[("", "12"), ("m02", "5")])), None);
    }

    #[test]
    fn rows_that_are_gone_mean_that_a_removal_lasted() {
        let cleanup = trace(&[("", "5"), ("m01", "5")], &[("", "9")]);
        assert_eq!(cleanup.lasted(&versions(&[("", "9")])), Some(true));
        assert_eq!(cleanup.lasted(&versions(&[("", "12")])), Some(true));
        assert_eq!(cleanup.lasted(&versions(&[("", "5"), ("m01", "5")])), Some(false));
        assert_eq!(cleanup.lasted(&versions(&[("", "12"), ("m01", "12")])), None);
        assert_eq!(trace(&[], &[]).lasted(&versions(&[])), None);
    }
}
