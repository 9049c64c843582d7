//! The verb `reset`: the last test is undone, and told.

use crate::apply::Debris;
use crate::error::{Exit, Result};
use crate::run::{self, Intent, Receipt};
use crate::session::Target;
use crate::settle;
use crate::survey::{ANOTHER_GROUND, Aim, Memory};

/// Makes the levels as declared, and removes what tests left behind in their tables.
///
/// `state` names a declared variant to start from instead.
pub fn reset(target: &mut Target<'_>, state: Option<&str>) -> Result<Receipt> {
    run::run(target, Intent { aim: Aim::Declared, debris: Debris::Goes, variant: state })
}

/// Does the same with what an earlier reset of the same dataset has left in `memory`; from the start where
/// anything comes in its way.
pub(crate) fn reset_again(target: &mut Target<'_>, state: Option<&str>, memory: &mut Memory) -> Result<Receipt> {
    let intent = Intent { aim: Aim::Declared, debris: Debris::Goes, variant: state };
    match run::run_once(target, intent, memory) {
        // Somebody waited as long as was asked for, or part of it is done, or there is nothing to be tried again.
        Err(error) if !error.nothing_written || error.exit == Exit::Busy || error.rule == ANOTHER_GROUND => Err(error),
        Err(_) => {
            // A connection that works stays as it is.
            let _ = settle::reopen(&mut *target.database, target.lock_timeout);
            run::run_until_done(target, intent, memory)
        }
        done => done,
    }
}
