//! The verb `plan`: what would change; nothing is written.

use crate::apply::Debris;
use crate::error::Result;
use crate::run::{self, Intent, Receipt};
use crate::session::Target;
use crate::survey::Aim;

/// Returns the difference between the levels' rows and files and the database.
///
/// `state` names a declared variant to compare with instead.
pub fn plan(target: &mut Target<'_>, state: Option<&str>) -> Result<Receipt> {
    run::look(target, Intent { aim: Aim::Declared, debris: Debris::Goes, variant: state })
}

/// Returns what `cleanup` would remove.
pub fn plan_cleanup(target: &mut Target<'_>) -> Result<Receipt> {
    run::look(target, Intent { aim: Aim::Gone, debris: Debris::Goes, variant: None })
}
